package access

import (
	"context"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// A bar keeps a person from a whole family of matters: they are named in it, have been recused from it, or have the name
// of somebody named in it and nobody has answered yet whether they are the same.

// Unbarred appends that no bar keeps a person from the matters under an alias.
func Unbarred(b *db.Builder, alias string, person id.Key) *db.Builder {
	return b.Add(` AND NOT EXISTS (SELECT 1 FROM bars x WHERE x.city_id = `+alias+`.city_id AND x.person_id = ? AND x.root_id = `+alias+`.root_id)
		AND NOT EXISTS (SELECT 1 FROM namesakes n WHERE n.city_id = `+alias+`.city_id AND n.person_id = ? AND n.root_id = `+alias+`.root_id AND n.state = 'open')`, person, person)
}

// Barred lists who is barred from a family of matters.
func Barred(ctx context.Context, r db.Reader, root id.Key) ([]id.Key, error) {
	return db.Column[id.Key](ctx, r, `SELECT x.person_id FROM bars x WHERE x.city_id = $1 AND x.root_id = $2
		UNION SELECT n.person_id FROM namesakes n WHERE n.city_id = $1 AND n.root_id = $2 AND n.state = 'open'`, root)
}

// BarredMatters lists the matters of all tenants that some bar keeps a person from.
func BarredMatters(ctx context.Context, r db.Reader, person id.Key) ([]id.Key, error) {
	q, args := db.BuildShared(`SELECT m.id FROM tenants c JOIN bars x ON x.city_id = c.city_id JOIN matters m ON m.city_id = x.city_id AND m.root_id = x.root_id
		WHERE x.person_id = ?`, person).Add(`
		UNION SELECT m.id FROM tenants c JOIN namesakes x ON x.city_id = c.city_id JOIN matters m ON m.city_id = x.city_id AND m.root_id = x.root_id
		WHERE x.person_id = ? AND x.state = 'open'`, person).SQL()
	return db.Column[id.Key](ctx, r.Shared(), q, args...)
}
