package flow

import (
	"context"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Where matters stood on an earlier day, of a kind whose every open state has clocks of its own: a matter stood where one of its clocks
// ran at the end of that day. A clock's entries say when it began and ended, and to which day the matter was held.

// ranOn is the condition on clocks c that they ran at an instant: their last entry y before it did not end them. It has the instant twice.
const ranOn = ` AND y.at < ? AND y.n = (SELECT MAX(z.n) FROM clock_entries z WHERE z.city_id = c.city_id AND z.clock_id = c.id AND z.at < ?) AND y.kind NOT IN ('fulfilled', 'dropped')`

// runs begins a condition on matters m that a clock of theirs ran.
const runs = `EXISTS (SELECT 1 FROM clocks c JOIN clock_entries y ON y.city_id = c.city_id AND y.clock_id = c.id WHERE c.city_id = m.city_id AND c.matter_id = m.id`

// stood narrows a list to what stood in the filter's state at the end of its day.
func (e *Engine) stood(b *db.Builder, f Filter) {
	end := int64(calendar.StartOf(f.On.AddDays(1)))
	t := e.tables[f.Kind]
	s, _ := t.State(f.View)
	b.Add(` AND m.opened_on <= ?`, f.On)
	if !s.End {
		var rules []string
		for _, u := range s.Rules {
			rules = append(rules, u.Rule)
		}
		b.Add(` AND `+runs+ranOn, end, end).In(` AND `, "c.rule", rules).Add(`)`)
		return
	}
	b.Add(` AND NOT `+runs+ranOn+`)`, end, end)
	if !t.leaves(s.Name) { // it stands there still
		b.Add(` AND m.state = ? AND m.ended_on <= ?`, s.Name, f.On)
		return
	}
	b.Add(` AND (m.state = ? OR m.ended_on = '' OR m.ended_on > ?)`, s.Name, f.On)
}

// leaves says whether anything leads out of a state.
func (t *Table) leaves(state string) bool {
	for _, m := range t.Moves {
		for _, from := range m.From {
			if from == state {
				return true
			}
		}
	}
	return false
}

// DuesOn are the days that matters were held to at the end of an earlier day, the soonest of each.
func DuesOn(ctx context.Context, r db.Reader, keys []id.Key, on calendar.Date) (map[id.Key]calendar.Date, error) {
	out := map[id.Key]calendar.Date{}
	if len(keys) == 0 {
		return out, nil
	}
	end := int64(calendar.StartOf(on.AddDays(1)))
	text, args := db.Build(`SELECT c.matter_id, MIN(y.to_on) FROM clocks c JOIN clock_entries y ON y.city_id = c.city_id AND y.clock_id = c.id WHERE c.city_id = $1`).
		In(` AND `, "c.matter_id", keys).Add(ranOn+` GROUP BY c.matter_id`, end, end).SQL()
	_, err := db.All(ctx, r, func(rows *db.Rows) (struct{}, error) {
		var key id.Key
		var due calendar.Date
		err := rows.Scan(&key, &due)
		out[key] = due
		return struct{}{}, err
	}, text, args...)
	return out, err
}
