// Package count declares the numbers that every kind of matter has: how many are open, how many legal duties are late, near
// or running, which share of them was met by its day, and what the clocks warned of or passed up.
//
// What always holds: only legal duties are counted, the others are the office's own; what has ended is read from cells
// (package deadline), what runs from the clocks; each number opens to rows of which none is counted that is not shown or
// said to be hidden.
//
// Start at Measures for those over all kinds; areas declare their own with OpenDef, KeptDef and LateDef.
package count

import (
	"context"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// Measures are what the spine itself counts, over matters of every kind: duties past their day, and what fired.
func Measures() []measure.Def {
	return measure.OfMatters([]string{"tipoff", "slip", "clue", "case"}, []measure.Def{
		LateDef("deadline.late", ""),
		openClocks("deadline.open"),
		nearDef("deadline.near"),
		firedDef("deadline.warned", deadline.Warned),
		firedDef("deadline.risen", deadline.Risen),
	})
}

// Condition adds to a statement, beginning with AND, what must hold of a matter x or a clock c for it to count.
type Condition func(b *db.Builder, q measure.Query)

// KeptDef declares the share of legal obligations under the rules that were met by their day, of those that fell due in
// the period. Without rules it is every legal clock of the kind of matter. Dropped and paused clocks are left out. What
// has ended is read from cells; only what is late and still open is counted here.
func KeptDef(name, kind string, rules ...string) measure.Def {
	wanted := func(b *db.Builder, q measure.Query) *db.Builder {
		b.Add(` AND x.kind = ? AND c.legal = TRUE AND c.due_on >= ? AND c.due_on <= ?`, kind, q.From, q.To)
		if len(rules) > 0 {
			b.In(` AND `, "c.rule", rules)
		}
		return q.Under(b, "c.county_id", "c.owed_id", "c.owed_id")
	}
	cells := measure.Cells{Name: deadline.KeptName(kind), County: true}
	const kept = `CASE WHEN c.state = 'done' AND c.ended_on <= c.due_on THEN 1 ELSE 0 END`
	return measure.Def{Name: name, Unit: measure.Share, Kind: measure.Flow, By: measure.Hand, Kept: true,
		Cells: cells,
		Value: func(ctx context.Context, r db.Reader, q measure.Query) (v measure.Value, err error) {
			all, counting, err := measure.CellSums(ctx, r, cells, q)
			if err != nil {
				return v, err
			}
			late, err := deadline.Overdue(ctx, r, q, kind, rules)
			v.Denominator = late
			for rule, n := range all {
				if len(rules) == 0 || slices.Contains(rules, rule) {
					v.Denominator, v.Numerator = v.Denominator+n, v.Numerator+counting[rule]
				}
			}
			v.Known = v.Denominator > 0
			return v, err
		},
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, who access.Actor, at measure.Turn) (measure.RowList, error) {
			b := db.Build(clockRow + kept + clockPlace + clockFrom)
			measure.Visible(b, who, r.City()).Add(` WHERE c.city_id = $1` + measure.Shown)
			wanted(b, q).Add(` AND (c.state = 'done' OR c.state = 'open' AND c.due_on < ?)`, r.Now().Date())
			return measure.MatterRows(ctx, r, at.Down(b, "c.due_on", "c.id"), at)
		}}
}

// What a row that stands for a clock is read from: its day, its rule as the kind, and the matter if it may be seen.
const (
	clockRow   = `SELECT c.due_on, c.rule, 1, ` + measure.MatterCells + `, `
	clockPlace = `, c.due_on, c.id`
	clockFrom  = ` FROM clocks c JOIN matters x ON x.city_id = c.city_id AND x.id = c.matter_id LEFT JOIN matters m ON m.city_id = x.city_id AND m.id = x.id`
)

// LateDef declares how many legal clocks stood past their day on the query's last day, of one kind of matter or, "", of
// all. Only legal clocks are counted: the others are the office's own.
func LateDef(name, kind string) measure.Def {
	return clockStock(name, kind, deadline.Late(kind),
		func(b *db.Builder, q measure.Query) { b.Add(` AND c.state = 'open' AND c.due_on < ?`, q.To) },
		func(b *db.Builder, q measure.Query) { b.Add(` AND c.ended_on > c.due_on AND c.due_on < ?`, q.To) })
}

// nearDef declares how many running legal clocks end within a week of the query's last day, that day included.
func nearDef(name string) measure.Def {
	return clockStock(name, "", deadline.Near,
		func(b *db.Builder, q measure.Query) {
			b.Add(` AND c.state = 'open' AND c.due_on >= ? AND c.due_on <= ?`, q.To, q.To.AddDays(flow.NearDays))
		},
		func(b *db.Builder, q measure.Query) {
			b.Add(` AND c.due_on >= ? AND c.due_on <= ?`, q.To, q.To.AddDays(flow.NearDays))
		})
}

// openClocks declares how many legal clocks were running on the query's last day, late or not, by rule.
func openClocks(name string) measure.Def {
	all := func(*db.Builder, measure.Query) {}
	def := clockStock(name, "", deadline.Standing, all, all)
	def.Cells = deadline.UnderwayCells
	return def
}

// hidden makes an order one that the planner finds in no index: of what ended since a day there is little, of what ended
// before it everything.
var hidden = []string{"", " || ''"}

// clockStock declares a number of legal clocks begun by the query's last day, by rule: of those that still run, running
// narrows which, and of those that ended after that day, since. Each has an index of its own, so that they are asked for
// apart: together every clock would be read. value is what the two come to.
func clockStock(name, kind string, value deadline.Value, running, since Condition) measure.Def {
	sides := func(b *db.Builder, q measure.Query, z, columns string, end func(hide string)) {
		for i, which := range []Condition{running, since} {
			b.If(i > 0, ` UNION ALL `).Add(`SELECT ` + z + ` FROM (SELECT ` + columns + ` FROM clocks c`)
			b.If(kind != "", ` CROSS JOIN matters x`).Add(` WHERE c.city_id = $1 AND c.legal = TRUE AND c.start_on <= ?`, q.To)
			b.If(i == 0, ` AND c.state IN ('open', 'paused')`).If(i > 0, ` AND c.state = 'done' AND c.ended_on > ?`, q.To)
			which(b, q)
			b.If(kind != "", ` AND x.city_id = c.city_id AND x.id = c.matter_id AND x.kind = ?`, kind)
			q.Under(b, "c.county_id", "c.owed_id", "c.owed_id")
			end(hidden[i])
			b.Add(`) z`)
		}
	}
	return measure.Def{Name: name, Unit: measure.Number, Kind: measure.Stock, By: measure.Hand, Dims: []string{measure.DimRule},
		Value: value,
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, who access.Actor, at measure.Turn) (measure.RowList, error) {
			b := db.Build(clockRow + `1` + clockPlace + ` FROM (`)
			sides(b, q, `z.id, z.due_on, z.rule, z.matter_id`, `c.id, c.due_on, c.rule, c.matter_id`, func(hide string) {
				at.Up(measure.Seen(b, "c.matter_id", who, r.City()), "c.due_on"+hide, "c.id")
			})
			b.Add(`) c LEFT JOIN matters m ON m.city_id = $1 AND m.id = c.matter_id`)
			measure.Visible(b, who, r.City()).Add(` WHERE 1 = 1` + measure.Shown)
			return measure.MatterRows(ctx, r, at.Up(b, "c.due_on", "c.id"), at)
		}}
}

// firedDef declares how many fires there were in the period, by rule: those whose cells have the name.
func firedDef(name string, fired deadline.Fires) measure.Def {
	cells := measure.Cells{Name: fired.Name, County: true}
	from := func(b *db.Builder, q measure.Query) *db.Builder {
		b.Add(` WHERE c.city_id = $1 AND f.kind >= ? AND f.kind <= ? AND f.at >= ? AND f.at < ?`, fired.First, fired.Last, int64(calendar.StartOf(q.From)), int64(calendar.StartOf(q.To.AddDays(1))))
		return q.Under(b, "c.county_id", "c.owed_id", "c.owed_id")
	}
	const fires = ` JOIN fires f ON f.city_id = c.city_id AND f.clock_id = c.id`
	return measure.Def{Name: name, Unit: measure.Number, Kind: measure.Flow, By: measure.Hand, Dims: []string{measure.DimRule}, Cells: cells,
		Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
			all, _, err := measure.CellSums(ctx, r, cells, q)
			return measure.ByKind(all), err
		},
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, who access.Actor, at measure.Turn) (measure.RowList, error) {
			b := db.Build(clockRow + `1, f.at, f.clock_id` + clockFrom)
			measure.Visible(b, who, r.City()).Add(fires)
			from(b, q).Add(measure.Shown)
			if at.After.Key != "" {
				n, err := strconv.ParseInt(at.After.By, 10, 64)
				if err != nil {
					return measure.RowList{}, fault.InvalidField("after", "cursor")
				}
				b.Add(` AND (f.at, f.clock_id) < (?, ?)`, n, at.After.Key)
			}
			return measure.MatterRows(ctx, r, b.Add(` ORDER BY f.at DESC, f.clock_id DESC LIMIT ?`, at.Limit+1), at)
		}}
}

// OpenDef declares how many matters of a kind stood open on the query's last day, by source: those that are open, and
// those that ended since.
func OpenDef(name, kind string, dims ...string) measure.Def {
	sides := func(b *db.Builder, q measure.Query, z, columns string, end func(hide string)) {
		for i, hide := range hidden {
			b.If(i > 0, ` UNION ALL `).Add(`SELECT `+z+` FROM (SELECT `+columns+` FROM matters x WHERE x.city_id = $1 AND x.kind = ?`, kind)
			b.If(i == 0, ` AND x.ended_on = ''`).If(i > 0, ` AND x.ended_on > ?`, q.To).Add(` AND x.opened_on <= ?`, q.To)
			q.Under(b, "x.county_id"+hide, "x.handler_id"+hide, "x.handler_id"+hide)
			end(hidden[i])
			b.Add(`) z`)
		}
	}
	cells := flow.OpenCells(kind)
	return measure.Def{Name: name, Unit: measure.Number, Kind: measure.Stock, By: measure.Hand, NeverScored: true, Dims: dims, Cells: cells,
		Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
			n, _, ok, err := measure.Standing(ctx, r, cells, q)
			if ok || err != nil {
				return measure.ByKind(n), err
			}
			b := db.Build(`SELECT y.source, SUM(y.n) FROM (`)
			sides(b, q, `z.source, z.n`, `x.source, 1 AS n`, func(string) {})
			text, args := b.Add(`) y GROUP BY y.source`).SQL()
			ps, err := db.All(ctx, r, func(rows *db.Rows) (x measure.Part, err error) { return x, rows.Scan(&x.Dim, &x.N) }, text, args...)
			sums := map[string]int64{}
			for _, x := range ps {
				sums[x.Dim] = x.N
			}
			return measure.ByKind(sums), err
		},
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, who access.Actor, at measure.Turn) (measure.RowList, error) {
			b := db.Build(`SELECT x.received_on, x.source, 1, ` + measure.MatterCells + `, 1, x.received_on, x.id FROM (`)
			sides(b, q, `z.id, z.received_on, z.source`, `x.id, x.received_on, x.source`, func(hide string) {
				at.Down(measure.Seen(b, "x.id", who, r.City()), "x.received_on"+hide, "x.id")
			})
			b.Add(`) x LEFT JOIN matters m ON m.city_id = $1 AND m.id = x.id`)
			measure.Visible(b, who, r.City()).Add(` WHERE 1 = 1` + measure.Shown)
			return measure.MatterRows(ctx, r, at.Down(b, "x.received_on", "x.id"), at)
		}}
}
