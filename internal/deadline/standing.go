package deadline

import (
	"context"
	"slices"

	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// duty is how many legal clocks of a rule, of a kind of matter, stand how on the last day of a question.
type duty struct {
	kind, rule string
	open, near int64 // begun, and not ended by the day; those of them that end soon
	late       int64 // past their day on the day
	overdue    int64 // due in the period, past their day now, and still running
}

// NearDays is how many days ahead what ends soon is looked for.
const NearDays = 7

// now reads the clocks that are past their day today. kind narrows them to one kind of matter, unless the answer is one of
// many measures. CROSS JOIN keeps the order: the few clocks first.
func now(ctx context.Context, r db.Reader, q measure.Query, kind string) ([]duty, error) {
	return measure.Once(q, "overdue", func() ([]duty, error) {
		b := db.Build(`SELECT x.kind, c.rule, 0, 0, SUM(CASE WHEN c.start_on <= ? THEN 1 ELSE 0 END), SUM(CASE WHEN c.due_on >= ? AND c.due_on < ? THEN 1 ELSE 0 END)
			FROM clocks c CROSS JOIN matters x WHERE c.city_id = $1 AND c.legal = TRUE AND c.state IN ('open', 'paused') AND c.state = 'open' AND c.due_on < ? AND x.city_id = c.city_id AND x.id = c.matter_id`,
			q.To, q.From, r.Now().Date(), q.To)
		b.If(kind != "", ` AND x.kind = ?`, kind)
		return duties(ctx, r, q.Under(b, "c.county_id", "c.owed_id", "c.owed_id").Add(` GROUP BY x.kind, c.rule`))
	})
}

// running reads the clocks begun by the query's last day that still run or ended after it. Each of the two has an index of
// its own. CROSS JOIN keeps the order.
func running(ctx context.Context, r db.Reader, q measure.Query) ([]duty, error) {
	return measure.Once(q, "running", func() ([]duty, error) {
		b := db.Build(`SELECT '', y.rule, SUM(y.opened), SUM(y.near), 0, 0 FROM (`)
		side := func() *db.Builder {
			return b.Add(`SELECT c.rule, COUNT(c.rule) AS opened, SUM(CASE WHEN c.state <> 'paused' AND c.due_on >= ? AND c.due_on <= ? THEN 1 ELSE 0 END) AS near
				FROM clocks c WHERE c.city_id = $1 AND c.legal = TRUE AND c.start_on <= ?`, q.To, q.To.AddDays(NearDays), q.To)
		}
		q.Under(side().Add(` AND c.state IN ('open', 'paused')`), "c.county_id", "c.owed_id", "c.owed_id").Add(` GROUP BY c.rule UNION ALL `)
		q.Under(side().Add(` AND c.state = 'done' AND c.ended_on > ?`, q.To), "c.county_id", "c.owed_id", "c.owed_id").Add(` GROUP BY c.rule`)
		return duties(ctx, r, b.Add(`) y GROUP BY y.rule`))
	})
}

// overdue reads the clocks that stood past their day on the query's last day, and those that are past it now.
func overdue(ctx context.Context, r db.Reader, q measure.Query, kind string) ([]duty, error) {
	if q.Read.Many() {
		kind = ""
	}
	today := r.Now().Date()
	if q.To >= today {
		return now(ctx, r, q, kind)
	}
	return measure.Once(q, "overdue", func() ([]duty, error) {
		b := db.Build(`SELECT y.kind, y.rule, 0, 0, SUM(y.late), SUM(y.overdue) FROM (`)
		side := func(counts string, args ...any) *db.Builder {
			b.Add(`SELECT x.kind, c.rule, `+counts+` FROM clocks c CROSS JOIN matters x WHERE c.city_id = $1 AND x.city_id = c.city_id AND x.id = c.matter_id AND c.legal = TRUE`, args...)
			b.If(kind != "", ` AND x.kind = ?`, kind)
			return q.Under(b, "c.county_id", "c.owed_id", "c.owed_id")
		}
		side(`SUM(CASE WHEN c.start_on <= ? AND c.due_on < ? THEN 1 ELSE 0 END) AS late, SUM(CASE WHEN c.due_on >= ? AND c.due_on <= ? THEN 1 ELSE 0 END) AS overdue`, q.To, q.To, q.From, q.To).
			Add(` AND c.state IN ('open', 'paused') AND c.state = 'open' AND c.due_on < ? GROUP BY x.kind, c.rule UNION ALL `, today)
		side(`COUNT(c.id) AS late, 0 AS overdue`).Add(` AND c.start_on <= ? AND c.state = 'done' AND c.ended_on > ? AND c.ended_on > c.due_on AND c.due_on < ? GROUP BY x.kind, c.rule`, q.To, q.To, q.To)
		return duties(ctx, r, b.Add(`) y GROUP BY y.kind, y.rule`))
	})
}

func duties(ctx context.Context, r db.Reader, b *db.Builder) ([]duty, error) {
	text, args := b.SQL()
	return db.All(ctx, r, func(rows *db.Rows) (d duty, err error) {
		return d, rows.Scan(&d.kind, &d.rule, &d.open, &d.near, &d.late, &d.overdue)
	}, text, args...)
}

// Value computes a measure.
type Value = func(context.Context, db.Reader, measure.Query) (measure.Value, error)

func byRule(read func(context.Context, db.Reader, measure.Query) ([]duty, error), n func(duty) int64) Value {
	return func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
		ds, err := read(ctx, r, q)
		sums := map[string]int64{}
		for _, d := range ds {
			sums[d.rule] += n(d)
		}
		return measure.ByKind(sums), err
	}
}

// Standing counts the legal clocks that run on the last day; Near those of them that end within NearDays.
func Standing(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
	n, _, ok, err := measure.Standing(ctx, r, UnderwayCells, q)
	if ok || err != nil {
		return measure.ByKind(n), err
	}
	return byRule(running, func(d duty) int64 { return d.open })(ctx, r, q)
}

// Near: see Standing.
func Near(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
	_, n, ok, err := measure.Standing(ctx, r, UnderwayCells, q)
	if ok || err != nil {
		return measure.ByKind(n), err
	}
	return byRule(running, func(d duty) int64 { return d.near })(ctx, r, q)
}

// Late counts the legal clocks past their day on the last day, of a kind of matter or, "", of all.
func Late(kind string) Value {
	return byRule(func(ctx context.Context, r db.Reader, q measure.Query) ([]duty, error) {
		return overdue(ctx, r, q, kind)
	}, func(d duty) int64 {
		if kind != "" && d.kind != kind {
			return 0
		}
		return d.late
	})
}

// Overdue is how many legal clocks under rules, all of them if none is named, of a kind of matter fell due in the period
// and are past their day now.
func Overdue(ctx context.Context, r db.Reader, q measure.Query, kind string, rules []string) (n int64, err error) {
	ds, err := overdue(ctx, r, q, kind)
	for _, d := range ds {
		if d.kind == kind && (len(rules) == 0 || slices.Contains(rules, d.rule)) {
			n += d.overdue
		}
	}
	return n, err
}
