package measure

import (
	"cmp"
	"context"
	"slices"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// Split is a number whose parts are known when they are written: the matters that a flow counts, parted by what they are
// or by the day from which they count. Its cells are kept beside the rollups, by day and by month, so that a period is
// read from them however many matters there are.
type Split struct {
	Name  string
	Tally string // the flow that counts its matters; "" for what is added by itself (clocks)
	// Cause is what else makes a matter's part another one: a flow that is counted about the matter, or about a child of it
	// if Child; or CauseReturned, CauseHandler.
	Cause string
	Child bool
	// Rows selects city_id, name, county_id, unit_id, on_day, dim, mark and n of everything it counts in tenant $1; Of is
	// the matter's key there. A mark is the day from which a row counts: Always, or "" as long as it does not.
	Rows string
	Of   string
	Mark string // the expression of the mark, over the tally t and its matter x
}

// Always is the mark of what counts from the beginning.
const Always = "0"

// The causes beside flows: a proposal on the matter was returned, the matter was given to another unit.
const (
	CauseReturned = "@returned"
	CauseHandler  = "@handler"
)

// Portion is one row of a share, or with N many alike.
type Portion struct {
	Name, County, Unit, On, Dim, Mark string
	N                                 int64
}

func (p Portion) less(q Portion) int {
	return cmp.Or(cmp.Compare(p.Name, q.Name), cmp.Compare(p.On, q.On), cmp.Compare(p.County, q.County), cmp.Compare(p.Unit, q.Unit), cmp.Compare(p.Dim, q.Dim), cmp.Compare(p.Mark, q.Mark))
}

// portions reads what one matter adds to shares.
func portions(ctx context.Context, r db.Reader, matter id.Key, shares []Split) ([]Portion, error) {
	b := db.Build(``)
	for i, s := range shares {
		b.If(i > 0, ` UNION ALL `).Add(`SELECT y.name, y.county_id, y.unit_id, y.on_day, y.dim, y.mark, y.n FROM (`+s.Rows+` AND `+s.Of+` = ?) y`, matter)
	}
	text, args := b.SQL()
	return db.All(ctx, r, func(rows *db.Rows) (p Portion, err error) {
		return p, rows.Scan(&p.Name, &p.County, &p.Unit, &p.On, &p.Dim, &p.Mark, &p.N)
	}, text, args...)
}

// About is a matter and the shares that something to be written may change its part of.
type About struct {
	Matter id.Key
	Shares []Split
}

// Recast makes a write that changes what matters add to shares, and brings the cells up to it.
func Recast(ctx context.Context, tx *ledger.Tx, about []About, do func() error) error {
	about = slices.DeleteFunc(about, func(a About) bool { return a.Matter == "" || len(a.Shares) == 0 })
	if len(about) == 0 {
		return do()
	}
	diff := map[Portion]int64{}
	add := func(sign int64) (err error) {
		for _, a := range about {
			ps, err := portions(ctx, tx, a.Matter, a.Shares)
			if err != nil {
				return err
			}
			times := map[string]int{}
			for _, p := range ps {
				if times[p.Name]++; sign > 0 && times[p.Name] == 2 {
					if _, err := tx.Exec(ctx, `INSERT INTO recounts (city_id, name, matter_id) VALUES ($1, $2, $3) ON CONFLICT (city_id, name, matter_id) DO NOTHING`, p.Name, a.Matter); err != nil {
						return err
					}
				}
				n := p.N
				p.N = 0
				diff[p] += sign * n
			}
		}
		return nil
	}
	if err := add(-1); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	if err := add(1); err != nil {
		return err
	}
	var changed []Portion
	for p, n := range diff {
		if p.N = n; n != 0 {
			changed = append(changed, p)
		}
	}
	slices.SortFunc(changed, Portion.less) // the same order everywhere, so that nobody waits crosswise
	for _, p := range changed {
		if err := Tell(ctx, tx, p); err != nil {
			return err
		}
	}
	return nil
}

// Tell adds a portion to its day's and its month's cell.
func Tell(ctx context.Context, tx *ledger.Tx, p Portion) error {
	month := calendar.Date(p.On).MonthKey()
	if tx.Engine() == db.SQLite { // a statement of several rows makes its text index write out what it has gathered
		for _, span := range [2][2]string{{"day", p.On}, {"month", month}} {
			if _, err := tx.Exec(ctx, `INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
				ON CONFLICT (city_id, name, grain, span, county_id, unit_id, dim, mark) DO UPDATE SET n = splits.n + excluded.n`,
				p.Name, span[0], span[1], p.County, p.Unit, p.Dim, p.Mark, p.N); err != nil {
				return err
			}
		}
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
		VALUES ($1, $2, 'day', $3, $5, $6, $7, $8, $9), ($1, $2, 'month', $4, $5, $6, $7, $8, $9)
		ON CONFLICT (city_id, name, grain, span, county_id, unit_id, dim, mark) DO UPDATE SET n = splits.n + excluded.n`,
		p.Name, p.On, month, p.County, p.Unit, p.Dim, p.Mark, p.N)
	return err
}

// Cells says what a measure is read from. County: the cells know the county they belong to, which for an obligation is
// the one that owes it; else it is their unit's.
type Cells struct {
	Name   string
	County bool
}

// cellSum is what cells come to, of one kind: how many there are, and how many count by the query's last day.
type cellSum struct {
	name, dim     string
	all, counting int64
}

// SplitSums adds up cells over a period: for each kind how many there are, and how many count by the query's last day.
func SplitSums(ctx context.Context, r db.Reader, of Cells, q Query) (all, counting map[string]int64, err error) {
	sums, err := Once(q, "cells", func() ([]cellSum, error) {
		b := db.Build(`SELECT y.name, y.dim, SUM(y.n), SUM(y.counting) FROM (`)
		first := true
		for _, county := range []bool{false, true} {
			var names []string
			for _, c := range q.cells(of) {
				if c.County == county {
					names = append(names, c.Name)
				}
			}
			if len(names) == 0 {
				continue
			}
			for _, s := range stretches(q.From, q.To, r.Now().Date()) {
				b.If(!first, ` UNION ALL `)
				first = false
				b.Add(`SELECT s.name, s.dim, `+s.sign()+`SUM(s.n) AS n, `+s.sign()+`SUM(CASE WHEN s.mark <> '' AND s.mark <= ? THEN s.n ELSE 0 END) AS counting FROM splits s WHERE s.city_id = $1`, q.To)
				b.In(` AND `, "s.name", names).Add(` AND s.grain = ? AND s.span >= ? AND s.span <= ?`, s.grain(), s.from, s.to)
				if county {
					q.Under(b, "s.county_id", "s.unit_id", "s.unit_id")
				} else {
					q.Owned(b, "s.unit_id")
				}
				b.Add(` GROUP BY s.name, s.dim`)
			}
		}
		text, args := b.Add(`) y GROUP BY y.name, y.dim`).SQL()
		return db.All(ctx, r, func(rows *db.Rows) (x cellSum, err error) { return x, rows.Scan(&x.name, &x.dim, &x.all, &x.counting) }, text, args...)
	})
	all, counting = map[string]int64{}, map[string]int64{}
	for _, x := range sums {
		if x.name == of.Name {
			all[x.dim], counting[x.dim] = x.all, x.counting
		}
	}
	return all, counting, err
}

// Recount makes the cells of a tenant anew from the rows: for what writes rows straight to the tables.
func Recount(ctx context.Context, tx *db.Tx, shares []Split) error {
	for _, text := range []string{`DELETE FROM splits WHERE city_id = $1`, `DELETE FROM recounts WHERE city_id = $1`} {
		if _, err := tx.Exec(ctx, text); err != nil {
			return err
		}
	}
	for _, s := range shares {
		if _, err := tx.Exec(ctx, `INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
			SELECT y.city_id, y.name, 'day', y.on_day, y.county_id, y.unit_id, y.dim, y.mark, SUM(y.n) FROM (`+s.Rows+`) y
			GROUP BY y.city_id, y.name, y.on_day, y.county_id, y.unit_id, y.dim, y.mark`); err != nil {
			return err
		}
		if s.Tally == "" {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO recounts (city_id, name, matter_id) SELECT t.city_id, $3, t.matter_id FROM tallies t WHERE t.city_id = $1 AND t.measure = $2 AND t.n <> 0
			GROUP BY t.city_id, t.matter_id HAVING COUNT(t.id) > 1`, s.Tally, s.Name); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
		SELECT s.city_id, s.name, 'month', substr(s.span, 1, 7), s.county_id, s.unit_id, s.dim, s.mark, SUM(s.n) FROM splits s WHERE s.city_id = $1 AND s.grain = 'day'
		GROUP BY s.city_id, s.name, substr(s.span, 1, 7), s.county_id, s.unit_id, s.dim, s.mark`)
	return err
}

// CheckSplits holds every cell of a tenant against the rows behind it and lists those that differ.
func CheckSplits(ctx context.Context, r db.Reader, shares []Split) ([]string, error) {
	b := db.Build(`SELECT x.k FROM (SELECT s.grain || ' ' || s.name || ' ' || s.span || ' ' || s.county_id || ' ' || s.unit_id || ' ' || s.dim || ' ' || s.mark AS k, -s.n AS n FROM splits s WHERE s.city_id = $1`)
	for _, s := range shares {
		for _, grain := range [][2]string{{"day", "y.on_day"}, {"month", "substr(y.on_day, 1, 7)"}} {
			b.Add(` UNION ALL SELECT '` + grain[0] + ` ' || y.name || ' ' || ` + grain[1] + ` || ' ' || y.county_id || ' ' || y.unit_id || ' ' || y.dim || ' ' || y.mark, y.n FROM (` + s.Rows + `) y`)
		}
	}
	text, args := b.Add(`) x GROUP BY x.k HAVING SUM(x.n) <> 0 ORDER BY x.k`).SQL()
	return db.Column[string](ctx, r, text, args...)
}

// SumDef declares a flow measure whose number is what cells hold, by kind; rows makes the rows.
func SumDef(of Cells, by By, neverScored bool, dims []string, rows RowsFunc) Def {
	return Def{Name: of.Name, Unit: Number, Kind: Flow, By: by, NeverScored: neverScored, Dims: dims, Rows: rows, Cells: of,
		Value: func(ctx context.Context, r db.Reader, q Query) (Value, error) {
			v := Value{Known: true}
			all, _, err := SplitSums(ctx, r, of, q)
			for _, n := range all {
				v.Numerator += n
			}
			v.By = parts(all)
			return v, err
		}}
}
