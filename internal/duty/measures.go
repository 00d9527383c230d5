package duty

import (
	"context"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// turns are the measures, by the duty list of a rulebook.
type turns struct{ book *rulebook.Book }

// Measures are one for each of the three turns, and what became of hand-backs. Each is of rows that somebody entered; where there are
// none it is unknown.
func Measures(book *rulebook.Book) []measure.Def {
	x := turns{book}
	return []measure.Def{
		{Name: "duty.function_share", Unit: measure.Share, Kind: measure.Flow, By: measure.Place, Value: x.share(sideCore), Reads: access.DutyRead, Rows: coreRows},
		{Name: "duty.method_share", Unit: measure.Share, Kind: measure.Stock, By: measure.Place, Value: x.share(sideCheck), Reads: access.DutyRead, Rows: x.recheckRows},
		{Name: "duty.style", Unit: measure.Number, Dims: []string{"duty_reach"}, Kind: measure.Flow, By: measure.Place, Value: x.contacts, Reads: access.DutyRead, Rows: contactRows},
		{Name: "duty.stayed_share", Unit: measure.Share, Kind: measure.Flow, By: measure.Place, Value: x.share(sideStayed), Reads: access.DutyRead, Rows: stayedRows},
	}
}

// under is the condition on townships u that they lie under the query's unit.
func under(b *db.Builder, q measure.Query) *db.Builder {
	return q.Under(b, "u.county_id", "u.township_id", "u.id")
}

// months is the condition that a month, YYYY-MM, lies in the query's period whole or in part.
func months(b *db.Builder, q measure.Query) *db.Builder {
	return b.Add(` AND x.month >= ? AND x.month <= ?`, q.From.MonthKey(), q.To.MonthKey())
}

// The sides of what this room counts: what counts and all. A number has no whole.
const (
	sideCore   = "core"
	sideCheck  = "recheck"
	sideStayed = "stayed"
	sideReach  = "reach"
)

func (x turns) sides() map[string]func(b *db.Builder, q measure.Query) {
	return map[string]func(b *db.Builder, q measure.Query){
		sideCore: func(b *db.Builder, q measure.Query) {
			b.Add(`SELECT 'core' AS what, COALESCE(SUM(x.working - x.besides), 0) AS n, COALESCE(SUM(x.working), 0) AS whole FROM post_months x JOIN units u ON u.city_id = x.city_id AND u.id = x.unit_id WHERE x.city_id = $1`)
			under(months(b, q), q)
		},
		sideCheck: func(b *db.Builder, q measure.Query) {
			x.shared(b.Add(`SELECT 'recheck' AS what, COALESCE(SUM(CASE WHEN `+rechecks+` THEN 1 ELSE 0 END), 0) AS n, COUNT(g.id) AS whole`), q)
		},
		sideStayed: func(b *db.Builder, q measure.Query) {
			taken(b.Add(`SELECT 'stayed' AS what, COALESCE(SUM(CASE WHEN b.crept_on = '' OR b.crept_on > ? THEN 1 ELSE 0 END), 0) AS n, COUNT(b.id) AS whole`, q.To), q)
		},
		sideReach: func(b *db.Builder, q measure.Query) {
			reaching(b.Add(`SELECT y.kind AS what, COUNT(y.kind) AS n, 0 AS whole`), q).Add(` GROUP BY y.kind`)
		},
	}
}

// figures reads one side; for an answer of many measures all of them at once.
func (x turns) figures(ctx context.Context, r db.Reader, q measure.Query, side string) (map[string]measure.Value, error) {
	wanted := []string{side}
	if q.Read.Many() {
		wanted, side = []string{sideCore, sideCheck, sideStayed, sideReach}, ""
	}
	return measure.Once(q, "duty "+side, func() (map[string]measure.Value, error) {
		b, sides := db.Build(``), x.sides()
		for i, w := range wanted {
			sides[w](b.If(i > 0, ` UNION ALL `), q)
		}
		text, args := b.SQL()
		out := map[string]measure.Value{}
		_, err := db.All(ctx, r, func(rows *db.Rows) (v measure.Value, err error) {
			var what string
			err = rows.Scan(&what, &v.Numerator, &v.Denominator)
			v.Known = v.Denominator > 0
			out[what] = v
			return v, err
		}, text, args...)
		return out, err
	})
}

// share is the value of a measure that is one side.
func (x turns) share(side string) func(context.Context, db.Reader, measure.Query) (measure.Value, error) {
	return func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
		all, err := x.figures(ctx, r, q, side)
		return all[side], err
	}
}

func coreRows(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
	b := db.Build(`SELECT u.id, x.month, u.name, p.kind, x.working, x.besides FROM post_months x JOIN units u ON u.city_id = x.city_id AND u.id = x.unit_id
		JOIN posts p ON p.city_id = x.city_id AND p.id = x.post_id WHERE x.city_id = $1`)
	text, args := under(months(b, q), q).Add(` ORDER BY x.month DESC, u.code, u.id, p.kind DESC, x.post_id`).SQL()
	all, err := db.All(ctx, r, func(rows *db.Rows) (out [2]measure.Line, err error) {
		var unit id.Key
		var working, besides int64
		c := make([]string, 3)
		err = rows.Scan(&unit, &c[0], &c[1], &c[2], &working, &besides)
		out[0] = measure.Line{Cells: append([]string{c[0], c[1], c[2]}, "core", strconv.FormatInt(working-besides, 10)), Link: link(r, unit), Counts: true, N: working - besides}
		out[1] = measure.Line{Cells: append([]string{c[0], c[1], c[2]}, "besides", strconv.FormatInt(besides, 10)), Link: link(r, unit), N: besides}
		return out, err
	}, text, args...)
	var lines []measure.Line
	for _, x := range all {
		lines = append(lines, x[0], x[1])
	}
	return measure.Cut([]string{"month", "unit", "post", "what", "hours"}, lines, at), err
}

func link(r db.Reader, unit id.Key) string {
	return "/duties/" + id.ID{City: r.City(), Key: unit}.String()
}

// rechecks is what makes a task one where the commission re-checks the department instead of doing its work: it supervises a
// department that is named, and heads nothing.
const rechecks = `g.role IN ('main', 'part') AND g.responsible <> '' AND g.head_holding = ''`

// both adds the condition on groups g, with their tasks t, that the commission does something there that is not its own work alone.
func (x turns) both(b *db.Builder, on calendar.Date) *db.Builder {
	var own []string
	for _, t := range x.book.Terms("duty_work", on) {
		if t.Attrs["class"] == "core" {
			own = append(own, t.Code)
		}
	}
	return b.Add(` AND g.role <> 'outside' AND NOT (g.role = 'lead'`).In(` AND `, "COALESCE(t.work, '')", own).Add(`)`)
}

// shared is the condition on groups g that the commission does something there that is not its own work alone.
func (x turns) shared(b *db.Builder, q measure.Query) *db.Builder {
	b.Add(` FROM workgroups g JOIN units u ON u.city_id = g.city_id AND u.id = g.unit_id LEFT JOIN tasks t ON t.city_id = g.city_id AND t.id = g.id
		WHERE g.city_id = $1 AND g.from_on <= ? AND (g.to_on = '' OR g.to_on > ?)`, q.To, q.To)
	return under(x.both(b, q.To), q)
}

func (x turns) recheckRows(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
	text, args := x.shared(db.Build(`SELECT u.id, u.name, g.name, g.role, g.responsible, g.from_on, CASE WHEN `+rechecks+` THEN 1 ELSE 0 END`), q).Add(` ORDER BY u.code, u.id, g.name, g.id`).SQL()
	lines, err := db.All(ctx, r, func(rows *db.Rows) (measure.Line, error) {
		var unit id.Key
		var counts int64
		c := make([]string, 5)
		err := rows.Scan(&unit, &c[0], &c[1], &c[2], &c[3], &c[4], &counts)
		return measure.Line{Cells: c, Link: link(r, unit), Counts: counts == 1, N: 1}, err
	}, text, args...)
	return measure.Cut([]string{"unit", "group", "role", "responsible", "since"}, lines, at), err
}

// contact is one way the county reached a township on a day: an ask, a paper, or a day on the spot.
type contact struct {
	unit, name, kind, what string
	on                     calendar.Date
}

// reaching is how the county reached townships in the period, y with units u: what it asked them to confirm or explain, the papers it
// issued about their duties, and its days on the spot. What it asked for stands in this room's rows alone.
func reaching(b *db.Builder, q measure.Query) *db.Builder {
	at := func(county, town string) { q.Under(b, county, town, town) }
	b.Add(` FROM (SELECT m.township_id AS unit_id, 'ask' AS kind, m.kind AS what, m.received_on AS on_day, m.id FROM matters m WHERE m.city_id = $1 AND m.kind IN ('confirmation', 'deviation') AND m.received_on >= ? AND m.received_on <= ?`, q.From, q.To)
	at("m.county_id", "m.township_id")
	b.Add(` UNION ALL SELECT m.township_id, 'paper', q.code, q.made_on, q.id FROM matters m JOIN papers q ON q.city_id = m.city_id AND q.matter_id = m.id WHERE m.city_id = $1 AND m.kind IN ('confirmation', 'handback', 'order', 'deviation') AND q.made_on >= ? AND q.made_on <= ?`, q.From, q.To)
	at("m.county_id", "m.township_id")
	b.Add(` UNION ALL SELECT i.unit_id, 'day', 'inspection', i.on_day, MIN(i.id) FROM inspections i JOIN units w ON w.city_id = i.city_id AND w.id = i.unit_id WHERE i.city_id = $1 AND i.on_day >= ? AND i.on_day <= ?`, q.From, q.To)
	at("w.county_id", "i.unit_id")
	return b.Add(` GROUP BY i.unit_id, i.on_day) y JOIN units u ON u.city_id = $1 AND u.id = y.unit_id WHERE u.kind = 'township'`)
}

// reached lists it, the latest first.
func reached(ctx context.Context, r db.Reader, q measure.Query) ([]contact, error) {
	text, args := reaching(db.Build(`SELECT u.id, u.name, y.kind, y.what, y.on_day`), q).Add(` ORDER BY y.on_day DESC, u.code, y.id`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (x contact, err error) {
		return x, rows.Scan(&x.unit, &x.name, &x.kind, &x.what, &x.on)
	}, text, args...)
}

// contacts is a number by its kinds; where there is nothing it is unknown, for nobody may have entered anything.
func (x turns) contacts(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
	all, err := x.figures(ctx, r, q, sideReach)
	var v measure.Value
	for _, kind := range []string{"ask", "paper", "day"} {
		if n := all[kind].Numerator; n > 0 {
			v.Known, v.Numerator, v.By = true, v.Numerator+n, append(v.By, measure.Part{Dim: kind, N: n})
		}
	}
	return v, err
}

func contactRows(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
	all, err := reached(ctx, r, q)
	var lines []measure.Line
	for _, x := range all {
		lines = append(lines, measure.Line{Cells: []string{string(x.on), x.name, x.kind, x.what}, Link: link(r, x.unit), Counts: true, N: 1})
	}
	return measure.Cut([]string{"day", "unit", "what", "which"}, lines, at), err
}

// taken is the condition on hand-backs b that a department signed for them in the period.
func taken(b *db.Builder, q measure.Query) *db.Builder {
	b.Add(` FROM handbacks b JOIN units u ON u.city_id = b.city_id AND u.id = b.unit_id WHERE b.city_id = $1 AND b.received_on >= ? AND b.received_on <= ?`, q.From, q.To)
	return under(b, q)
}

func stayedRows(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
	text, args := taken(db.Build(`SELECT u.id, b.received_on, u.name, b.what, b.department, CASE WHEN b.crept_on = '' OR b.crept_on > ? THEN 1 ELSE 0 END`, q.To), q).Add(` ORDER BY b.received_on DESC, u.code, b.id`).SQL()
	lines, err := db.All(ctx, r, func(rows *db.Rows) (measure.Line, error) {
		var unit id.Key
		var counts int64
		c := make([]string, 4)
		err := rows.Scan(&unit, &c[0], &c[1], &c[2], &c[3], &counts)
		return measure.Line{Cells: c, Link: link(r, unit), Counts: counts == 1, N: 1}, err
	}, text, args...)
	return measure.Cut([]string{"day", "unit", "group", "responsible"}, lines, at), err
}

// Trend is a township's three turns in one month. A share whose Denominator is 0 is unknown.
type Trend struct {
	Month  string
	Core   measure.Value
	Check  measure.Value
	Asks   int64
	Papers int64
	Days   int64
}

// Trends are the three turns of a unit in the months up to a day, the latest first.
func (s *Service) Trends(ctx context.Context, r db.Reader, u access.Unit, to calendar.Date, n int) ([]Trend, error) {
	first := calendar.MakeDate(to.Year(), to.Month(), 1).AddMonths(1 - n)
	q := measure.Query{Unit: u, From: first, To: to}
	type month struct {
		key         string
		core, whole int64
	}
	b := db.Build(`SELECT x.month, SUM(x.working - x.besides), SUM(x.working) FROM post_months x JOIN units u ON u.city_id = x.city_id AND u.id = x.unit_id WHERE x.city_id = $1`)
	text, args := under(months(b, q), q).Add(` GROUP BY x.month`).SQL()
	cores, err := db.All(ctx, r, func(rows *db.Rows) (m month, err error) { return m, rows.Scan(&m.key, &m.core, &m.whole) }, text, args...)
	if err != nil {
		return nil, err
	}
	type span struct {
		from, to calendar.Date
		counts   int64
	}
	bg := db.Build(`SELECT g.from_on, g.to_on, CASE WHEN ` + rechecks + ` THEN 1 ELSE 0 END FROM workgroups g JOIN units u ON u.city_id = g.city_id AND u.id = g.unit_id LEFT JOIN tasks t ON t.city_id = g.city_id AND t.id = g.id
		WHERE g.city_id = $1`)
	text, args = under(turns{s.Rules}.both(bg, to), q).SQL()
	groups, err := db.All(ctx, r, func(rows *db.Rows) (s span, err error) { return s, rows.Scan(&s.from, &s.to, &s.counts) }, text, args...)
	if err != nil {
		return nil, err
	}
	reach, err := reached(ctx, r, measure.Query{Unit: u, From: first, To: to})
	if err != nil {
		return nil, err
	}
	out := make([]Trend, n)
	for i := range out {
		t := Trend{Month: calendar.MakeDate(to.Year(), to.Month(), 1).AddMonths(-i).MonthKey()}
		for _, c := range cores {
			if c.key == t.Month {
				t.Core = measure.Value{Numerator: c.core, Denominator: c.whole, Known: c.whole > 0}
			}
		}
		end := min(firstOf(t.Month).EndOfMonth(), to)
		for _, g := range groups {
			if g.from <= end && (g.to == "" || g.to > end) {
				t.Check.Numerator, t.Check.Denominator, t.Check.Known = t.Check.Numerator+g.counts, t.Check.Denominator+1, true
			}
		}
		for _, x := range reach {
			if x.on.MonthKey() != t.Month {
				continue
			}
			switch x.kind {
			case "ask":
				t.Asks++
			case "paper":
				t.Papers++
			case "day":
				t.Days++
			}
		}
		out[i] = t
	}
	return out, nil
}
