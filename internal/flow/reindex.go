package flow

import (
	"context"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// Reindex makes the search index of a tenant anew, from the texts and from who may see the matters now.
func Reindex(ctx context.Context, d *db.DB, city id.City) error {
	return text.Rebuild(ctx, d, city, func(r db.Reader, matters []id.Key) (map[id.Key][]string, error) {
		out := map[id.Key][]string{}
		if len(matters) == 0 {
			return out, nil
		}
		q, args := db.Build(`SELECT `+Columns+` FROM matters m WHERE m.city_id = $1`).In(` AND `, "m.id", matters).SQL()
		ms, err := db.All(ctx, r, scanMatter(city), q, args...)
		for i := range ms {
			out[ms[i].ID.Key] = SearchTerms(&ms[i])
		}
		return out, err
	})
}
