package duty

import (
	"cmp"
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// A hand-back stands where one of its clocks runs, and is out of hand where none does: a clock's entries say when it began and ended, and
// to which day it was held. So where it stood on an earlier day is known without a row for each day.

// Stood is a hand-back as it stood at the end of an earlier day: its state and due day are those of then.
type Stood struct {
	flow.Matter
	Town string // what the township that hands it back was called
}

// ran is the condition on clocks c that they ran at an instant: their last entry y before it did not end them. It has the instant twice.
const ran = ` c.city_id = m.city_id AND c.matter_id = m.id AND y.city_id = c.city_id AND y.clock_id = c.id AND y.at < ?
	AND y.n = (SELECT MAX(z.n) FROM clock_entries z WHERE z.city_id = c.city_id AND z.clock_id = c.id AND z.at < ?) AND y.kind NOT IN ('fulfilled', 'dropped')`

// of joins to hand-backs b the name a of their township on a day; whose task it was does not change with who follows it up since.
const of = ` JOIN handbacks b ON b.city_id = m.city_id AND b.id = m.id JOIN unit_attrs a ON a.city_id = b.city_id AND a.unit_id = b.unit_id
	AND a.from_on = (SELECT MAX(n.from_on) FROM unit_attrs n WHERE n.city_id = b.city_id AND n.unit_id = b.unit_id AND n.from_on <= ?)`

// BoardOn reads the hand-backs that the actor may see by the state that each stood in at the end of an earlier day, the newest first: all
// that were on their way, and of those that stayed back as many as asked for and one more.
func (s *Service) BoardOn(ctx context.Context, who access.Actor, on calendar.Date, limit int) (map[string][]Stood, error) {
	byRule := map[string]string{}
	for _, st := range s.handbacks().States {
		for _, u := range st.Rules {
			byRule[u.Rule] = st.Name
		}
	}
	end := int64(calendar.StartOf(on.AddDays(1)))
	scope := who.Scope(access.DutyRead)
	var all []Stood
	for _, city := range scope.Cities() {
		r := s.Ledger.DB.In(city)
		for _, b := range []*db.Builder{
			scope.Within(db.Build(`SELECT `+flow.Columns+`, c.rule, y.to_on, a.name FROM matters m`+of+` JOIN clocks c ON c.city_id = m.city_id AND c.matter_id = m.id JOIN clock_entries y ON y.city_id = c.city_id AND y.clock_id = c.id
				WHERE m.city_id = $1 AND m.kind = '`+KindHandBack+`' AND m.opened_on <= ? AND (m.ended_on = '' OR m.ended_on > ?) AND`+ran, on, on, on, end, end), "m"),
			scope.Within(db.Build(`SELECT `+flow.Columns+`, '', '', a.name FROM matters m`+of+` WHERE m.city_id = $1 AND m.kind = '`+KindHandBack+`' AND m.opened_on <= ?
				AND (m.state = '`+Verified+`' OR m.ended_on = '' OR m.ended_on > ?) AND NOT EXISTS (SELECT 1 FROM clocks c CROSS JOIN clock_entries y WHERE`+ran+`)`, on, on, on, end, end), "m").
				Add(` ORDER BY m.received_on DESC, m.id DESC LIMIT ?`, limit+1),
		} {
			text, args := b.SQL()
			some, err := db.All(ctx, r, func(rows *db.Rows) (Stood, error) {
				x := Stood{Matter: flow.Matter{ID: id.ID{City: city}}}
				var rule string
				var due calendar.Date
				err := rows.Scan(append(x.Dest(), &rule, &due, &x.Town)...)
				x.State, x.Due = cmp.Or(byRule[rule], Verified), due
				return x, err
			}, text, args...)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
	}
	slices.SortStableFunc(all, func(a, b Stood) int {
		return cmp.Or(cmp.Compare(b.Received, a.Received), cmp.Compare(b.ID.Key, a.ID.Key))
	})
	out := map[string][]Stood{}
	for _, x := range all {
		out[x.State] = append(out[x.State], x)
	}
	return out, nil
}
