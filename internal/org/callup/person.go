package callup

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Spell is one call-up of somebody: where to, from when until when, and when they were given back. What it was for is left to the
// matter.
type Spell struct {
	ID          id.ID
	State       string
	To          access.Unit // the using unit: id, kind, name
	From, Until calendar.Date
	Began, Back calendar.Date
}

// mostSpells is how many of somebody's call-ups are listed.
const mostSpells = 50

// Of lists the call-ups of somebody that the actor may read, the newest first.
func Of(ctx context.Context, r db.Reader, who access.Actor, person id.Key) ([]Spell, error) {
	if !who.Can(access.CallupRead) {
		return nil, nil
	}
	b := db.Build(`SELECT c.id, m.state, t.id, t.kind, t.name, c.from_on, c.until_on, c.began_on, c.back_on FROM callups c JOIN matters m ON m.city_id = c.city_id AND m.id = c.id JOIN units t ON t.city_id = c.city_id AND t.id = c.to_id
		WHERE c.city_id = $1 AND c.person_id = ? AND c.person_id <> '' AND m.state <> '`+Cancelled+`' AND m.state <> '`+Refused+`'`, person)
	q, args := who.Scope(access.CallupRead).One(b, "m", r.City()).Add(` ORDER BY c.from_on DESC, c.id DESC LIMIT ?`, mostSpells).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (x Spell, err error) {
		x.ID.City, x.To.ID.City = r.City(), r.City()
		return x, rows.Scan(&x.ID.Key, &x.State, &x.To.ID.Key, &x.To.Kind, &x.To.Name, &x.From, &x.Until, &x.Began, &x.Back)
	}, q, args...)
}
