package measure

import (
	"context"

	"qianshao/internal/platform/db"
)

// sumOf is what a flow or cells come to, of one kind: how many there are, and how many count by the query's last day.
type sumOf struct {
	name, dim     string
	all, counting int64
}

// wanted is what one statement adds up: flows, cells, and of the shares among these what they counted more than once.
type wanted struct {
	flows  []string
	cells  []Cells
	shares []Split
}

// has says whether all that is asked for is among what is wanted.
func (w wanted) has(name string) bool {
	for _, f := range w.flows {
		if f == name {
			return true
		}
	}
	for _, c := range w.cells {
		if c.Name == name {
			return true
		}
	}
	return false
}

// sums adds up what is wanted for one number, and for an answer of many measures everything that any of them wants.
func sums(ctx context.Context, r db.Reader, q Query, name string, one wanted) (all, counting map[string]int64, err error) {
	called := "sums of " + name
	if q.Read != nil && q.Read.has(name) {
		called, one = "sums", q.Read.wanted
	}
	out, err := Once(q, called, func() ([]sumOf, error) { return one.read(ctx, r, q) })
	all, counting = map[string]int64{}, map[string]int64{}
	for _, x := range out {
		if x.name == name {
			all[x.dim], counting[x.dim] = x.all, x.counting
		}
	}
	return all, counting, err
}

// read groups by the span as well: that is the order in which the sums are kept, so that nothing is sorted.
func (w wanted) read(ctx context.Context, r db.Reader, q Query) ([]sumOf, error) {
	b := db.Build(`SELECT y.name, y.dim, SUM(y.n), SUM(y.counting) FROM (`)
	first, today := true, r.Now().Date()
	next := func() *db.Builder {
		b.If(!first, ` UNION ALL `)
		first = false
		return b
	}
	if len(w.flows) > 0 {
		for _, s := range stretches(q.From, q.To, today) {
			if s.grain == month {
				next().Add(`SELECT t.measure AS name, t.dim, SUM(t.n) AS n, 0 AS counting FROM rollups t WHERE t.city_id = $1`).In(` AND `, "t.measure", w.flows).Add(` AND t.month >= ? AND t.month <= ?`, s.from, s.to)
				q.Owned(b, "t.unit_id").Add(` GROUP BY t.measure, t.month, t.dim`)
			} else {
				next().Add(`SELECT t.measure AS name, t.dim, `+s.sign()+`SUM(t.n) AS n, 0 AS counting FROM tallies t WHERE t.city_id = $1`).In(` AND `, "t.measure", w.flows).Add(` AND t.on_day >= ? AND t.on_day <= ?`, s.from, s.to)
				q.Owned(b, "t.unit_id").Add(` GROUP BY t.measure, t.dim`)
			}
		}
	}
	for _, county := range []bool{false, true} {
		var names []string
		for _, c := range w.cells {
			if c.County == county && !c.Stands {
				names = append(names, c.Name)
			}
		}
		if len(names) == 0 {
			continue
		}
		for _, s := range inYears(stretches(q.From, q.To, today), today) {
			next().Add(`SELECT s.name, s.dim, `+s.sign()+`SUM(s.n) AS n, `+s.sign()+`SUM(CASE WHEN s.mark <> '' AND s.mark <= ? THEN s.n ELSE 0 END) AS counting FROM splits s WHERE s.city_id = $1`, q.To)
			b.In(` AND `, "s.name", names).Add(` AND s.grain = ? AND s.span >= ? AND s.span <= ?`, s.grain, s.from, s.to)
			if county {
				q.Under(b, "s.county_id", "s.unit_id", "s.unit_id")
			} else {
				q.Owned(b, "s.unit_id")
			}
			b.Add(` GROUP BY s.name, s.span, s.dim`)
		}
	}
	for _, c := range w.cells {
		if c.Stands && q.To >= today {
			next().Add(`SELECT s.name, s.dim, SUM(s.n) AS n, SUM(CASE WHEN s.mark = '' AND s.span >= ? AND s.span <= ? THEN s.n ELSE 0 END) AS counting FROM splits s WHERE s.city_id = $1 AND s.name = ? AND s.grain = 'now'`, q.To, q.To.AddDays(c.Ahead), c.Name)
			q.Under(b, "s.county_id", "s.unit_id", "s.unit_id").Add(` GROUP BY s.name, s.span, s.dim`)
		}
	}
	for _, s := range w.shares {
		s.recounted(next(), q)
	}
	if first {
		return nil, nil
	}
	text, args := b.Add(`) y GROUP BY y.name, y.dim`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (x sumOf, err error) { return x, rows.Scan(&x.name, &x.dim, &x.all, &x.counting) }, text, args...)
}

// recounted adds by how much the cells of a share come to more (as less than nothing) than there are matters, which were
// counted more than once. CROSS JOIN keeps the order: the few such matters first, instead of all that were counted.
func (s Split) recounted(b *db.Builder, q Query) {
	b.Add(`SELECT '` + s.Name + `' AS name, '' AS dim, COUNT(DISTINCT t.matter_id) - COUNT(t.id) AS n, COUNT(DISTINCT `)
	s.marked(s.marked(b, q).Add(` THEN t.matter_id END) - COUNT(`), q).Add(` THEN t.id END) AS counting FROM recounts y
		CROSS JOIN tallies t CROSS JOIN matters x WHERE y.city_id = $1 AND y.name = ? AND t.city_id = y.city_id AND t.matter_id = y.matter_id
		AND x.city_id = t.city_id AND x.id = t.matter_id AND t.measure = ? AND t.on_day >= ? AND t.on_day <= ? AND t.n <> 0`, s.Name, s.Tally, q.From, q.To)
	q.Owned(b, "t.unit_id")
}

// CellSums adds up cells over a period: for each kind how many there are, and how many count by the query's last day.
func CellSums(ctx context.Context, r db.Reader, of Cells, q Query) (all, counting map[string]int64, err error) {
	return sums(ctx, r, q, of.Name, wanted{cells: []Cells{of}})
}

// Standing adds up cells of what stands now, and those of them that are for one of the days ahead; ok is false for a query
// about the past, of which they know nothing.
func Standing(ctx context.Context, r db.Reader, of Cells, q Query) (all, ahead map[string]int64, ok bool, err error) {
	if q.To < r.Now().Date() {
		return nil, nil, false, nil
	}
	all, ahead, err = CellSums(ctx, r, of, q)
	return all, ahead, true, err
}

// ofKinds is a number by its kinds.
func ofKinds(sums map[string]int64) Value {
	v := Value{Known: true, By: parts(sums)}
	for _, n := range sums {
		v.Numerator += n
	}
	return v
}
