package flow

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// Measures are what the spine itself counts, over matters of every kind: duties past their day, and what fired.
func Measures() []measure.Def {
	return []measure.Def{
		LateDef("deadline.late", ""),
		openClocks("deadline.open"),
		nearDef("deadline.near"),
		firedDef("deadline.warned", "warn%"),
		firedDef("deadline.risen", deadline.FireRise),
	}
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
	const kept = `CASE WHEN c.state = 'done' AND c.ended_on <= c.due_on THEN 1 ELSE 0 END`
	return measure.Def{Name: name, Unit: measure.Share, Kind: measure.Flow, By: measure.Hand,
		Value: func(ctx context.Context, r db.Reader, q measure.Query) (v measure.Value, err error) {
			all, counting, err := measure.SplitSums(ctx, r, deadline.KeptName(kind), rules, q, func(b *db.Builder) { q.Under(b, "s.county_id", "s.unit_id", "s.unit_id") })
			if err != nil {
				return v, err
			}
			// CROSS JOIN keeps the order: the few clocks first.
			b := wanted(db.Build(`SELECT COUNT(c.id) FROM clocks c CROSS JOIN matters x WHERE c.city_id = $1 AND x.city_id = c.city_id AND x.id = c.matter_id`), q)
			text, args := b.Add(` AND c.state IN ('open', 'paused') AND c.state = 'open' AND c.due_on < ?`, r.Now().Date()).SQL()
			err = r.Row(ctx, text, args...).Scan(&v.Denominator)
			for rule, n := range all {
				v.Denominator, v.Numerator = v.Denominator+n, v.Numerator+counting[rule]
			}
			v.Known = v.Denominator > 0
			return v, err
		},
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, who access.Actor, limit int) (measure.RowList, error) {
			b := db.Build(clockRow + kept + clockFrom)
			measure.Visible(b, who, r.City()).Add(` WHERE c.city_id = $1`)
			wanted(b, q).Add(` AND (c.state = 'done' OR c.state = 'open' AND c.due_on < ?) ORDER BY 7, c.due_on DESC, c.id LIMIT ?`, r.Now().Date(), limit+1)
			return measure.MatterRows(ctx, r, b, limit)
		}}
}

// What a row that stands for a clock is read from: its day, its rule as the kind, and the matter if it may be seen.
const (
	clockRow  = `SELECT c.due_on, c.rule, 1, COALESCE(m.id, ''), COALESCE(m.no, ''), COALESCE(m.title, ''), `
	clockFrom = ` FROM clocks c JOIN matters x ON x.city_id = c.city_id AND x.id = c.matter_id LEFT JOIN matters m ON m.city_id = x.city_id AND m.id = x.id`
)

// LateDef declares how many legal clocks stood past their day on the query's last day, of one kind of matter or, "", of
// all. Only legal clocks are counted: the others are the office's own.
func LateDef(name, kind string) measure.Def {
	return clockStock(name, func(b *db.Builder, q measure.Query) {
		// Each side has an index of its own, of what is open and of what ended late: its conditions are said in full.
		b.Add(` AND (c.state IN ('open', 'paused') AND c.state = 'open' AND c.due_on < ? OR c.legal = TRUE AND c.state = 'done' AND c.ended_on > c.due_on AND c.due_on < ? AND c.ended_on > ?)`,
			q.To, q.To, q.To).If(kind != "", ` AND x.kind = ?`, kind)
	})
}

// clockStock declares a number of legal clocks begun by the query's last day, by rule.
func clockStock(name string, which Condition) measure.Def {
	from := func(b *db.Builder, q measure.Query) *db.Builder {
		which(b.Add(` AND c.legal = TRUE AND c.start_on <= ?`, q.To), q)
		return q.Under(b, "c.county_id", "c.owed_id", "c.owed_id")
	}
	return measure.Def{Name: name, Unit: measure.Number, Kind: measure.Stock, By: measure.Hand, Dims: []string{measure.DimRule},
		Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
			b := db.Build(`SELECT c.rule, COUNT(c.id) FROM clocks c CROSS JOIN matters x WHERE c.city_id = $1 AND x.city_id = c.city_id AND x.id = c.matter_id`)
			return measure.ByDim(ctx, r, from(b, q).Add(` GROUP BY c.rule`))
		},
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, who access.Actor, limit int) (measure.RowList, error) {
			b := measure.Visible(db.Build(clockRow+`1`+clockFrom), who, r.City()).Add(` WHERE c.city_id = $1`)
			from(b, q).Add(` ORDER BY c.due_on, c.id LIMIT ?`, limit+1)
			return measure.MatterRows(ctx, r, b, limit)
		}}
}

// nearDef declares how many running legal clocks end within a week of the query's last day, that day included.
func nearDef(name string) measure.Def {
	return clockStock(name, func(b *db.Builder, q measure.Query) {
		b.Add(` AND c.due_on >= ? AND c.due_on <= ? AND (c.state = 'open' OR c.state = 'done' AND c.ended_on > ?)`, q.To, q.To.AddDays(nearDays), q.To)
	})
}

// openClocks declares how many legal clocks were running on the query's last day, late or not, by rule.
func openClocks(name string) measure.Def {
	return clockStock(name, func(b *db.Builder, q measure.Query) {
		b.Add(` AND (c.state IN ('open', 'paused') OR c.state = 'done' AND c.ended_on > ?)`, q.To)
	})
}

// firedDef declares how many fires of a kind there were in the period, by rule.
func firedDef(name, like string) measure.Def {
	from := func(b *db.Builder, q measure.Query) *db.Builder {
		b.Add(` WHERE c.city_id = $1 AND f.kind LIKE ? /*han*/ AND f.at >= ? AND f.at < ?`, like, int64(calendar.StartOf(q.From)), int64(calendar.StartOf(q.To.AddDays(1))))
		return q.Under(b, "c.county_id", "c.owed_id", "c.owed_id")
	}
	const fires = ` JOIN fires f ON f.city_id = c.city_id AND f.clock_id = c.id`
	return measure.Def{Name: name, Unit: measure.Number, Kind: measure.Flow, By: measure.Hand, Dims: []string{measure.DimRule},
		Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
			return measure.ByDim(ctx, r, from(db.Build(`SELECT c.rule, COUNT(f.clock_id) FROM clocks c`+fires), q).Add(` GROUP BY c.rule`))
		},
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, who access.Actor, limit int) (measure.RowList, error) {
			b := measure.Visible(db.Build(clockRow+`1`+clockFrom), who, r.City()).Add(fires)
			from(b, q).Add(` ORDER BY f.at DESC, c.id LIMIT ?`, limit+1)
			return measure.MatterRows(ctx, r, b, limit)
		}}
}

// OpenDef declares how many matters of a kind stood open on the query's last day, by source.
func OpenDef(name, kind string, dims ...string) measure.Def {
	from := func(b *db.Builder, q measure.Query) *db.Builder {
		b.Add(` WHERE x.city_id = $1 AND x.kind = ? AND x.opened_on <= ? AND (x.ended_on = '' OR x.ended_on > ?)`, kind, q.To, q.To)
		return q.Under(b, "x.county_id", "x.handler_id", "x.handler_id")
	}
	return measure.Def{Name: name, Unit: measure.Number, Kind: measure.Stock, By: measure.Hand, NeverScored: true, Dims: dims,
		Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
			return measure.ByDim(ctx, r, from(db.Build(`SELECT x.source, COUNT(x.id) FROM matters x`), q).Add(` GROUP BY x.source`))
		},
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, who access.Actor, limit int) (measure.RowList, error) {
			b := db.Build(`SELECT x.received_on, x.source, 1, COALESCE(m.id, ''), COALESCE(m.no, ''), COALESCE(m.title, ''), 1 FROM matters x LEFT JOIN matters m ON m.city_id = x.city_id AND m.id = x.id`)
			measure.Visible(b, who, r.City())
			from(b, q).Add(` ORDER BY x.received_on DESC, x.id DESC LIMIT ?`, limit+1)
			return measure.MatterRows(ctx, r, b, limit)
		}}
}
