package measure

import (
	"context"
	"maps"
	"slices"
	"strings"

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
	// Stands: its rows are what stands now, each on the day it is for, "" if for none: a cell is added to as something begins
	// and ends.
	Stands bool
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
	Stands                            bool
	N                                 int64
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
	for p, n := range diff {
		p.N = n
		Tell(ctx, tx, p)
	}
	return nil
}

// Move tells that one portion became another one; of nothing N is 0.
func Move(ctx context.Context, tx *ledger.Tx, before, after Portion) {
	before.N = -before.N
	Tell(ctx, tx, before)
	Tell(ctx, tx, after)
}

// Tell adds a portion to its cells, at the end of the transaction.
func Tell(ctx context.Context, tx *ledger.Tx, p Portion) {
	for _, at := range p.cells() {
		tx.Add(strings.Join([]string{"splits", p.Name, at.grain, at.span, p.Dim, p.County, p.Unit, p.Mark}, "\n"), p.N, func(n int64) error {
			_, err := tx.Exec(ctx, `INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
				ON CONFLICT (city_id, name, grain, span, dim, county_id, unit_id, mark) DO UPDATE SET n = splits.n + excluded.n`,
				p.Name, at.grain, at.span, p.County, p.Unit, p.Dim, p.Mark, n)
			return err
		})
	}
}

// grains are the spans of time that a cell is kept for, each as an expression over a row's day.
var grains = []struct{ name, of string }{{day, "y.on_day"}, {month, "substr(y.on_day, 1, 7)"}, {year, "substr(y.on_day, 1, 4)"}}

type cell struct{ grain, span string }

// cells are where a portion is counted.
func (p Portion) cells() []cell {
	switch {
	case p.N == 0:
		return nil
	case p.Stands:
		return []cell{{now, p.On}}
	}
	return []cell{{day, p.On}, {month, p.On[:7]}, {year, p.On[:4]}}
}

// Cells says what a measure is read from. County: the cells know the county they belong to, which for an obligation is
// the one that owes it; else it is their unit's. Stands: they are of what stands now; those whose day is one of the Ahead days
// after the query's last day, or that day, and that have no mark, are the ones that count.
type Cells struct {
	Name           string
	County, Stands bool
	Ahead          int
}

// Recount makes the cells of a tenant anew from the rows: for what writes rows straight to the tables.
func Recount(ctx context.Context, tx *db.Tx, shares []Split) error {
	for _, text := range []string{`DELETE FROM splits WHERE city_id = $1`, `DELETE FROM recounts WHERE city_id = $1`} {
		if _, err := tx.Exec(ctx, text); err != nil {
			return err
		}
	}
	for _, s := range shares {
		if s.Stands {
			if _, err := tx.Exec(ctx, `INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
				SELECT y.city_id, y.name, 'now', y.on_day, y.county_id, y.unit_id, y.dim, y.mark, SUM(y.n) FROM (`+s.Rows+`) y GROUP BY y.city_id, y.name, y.on_day, y.county_id, y.unit_id, y.dim, y.mark`); err != nil {
				return err
			}
			continue
		}
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
	for _, g := range grains[1:] {
		if _, err := tx.Exec(ctx, `INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n)
			SELECT y.city_id, y.name, '`+g.name+`', `+g.of+`, y.county_id, y.unit_id, y.dim, y.mark, SUM(y.n)
			FROM (SELECT s.city_id, s.name, s.span AS on_day, s.county_id, s.unit_id, s.dim, s.mark, s.n FROM splits s WHERE s.city_id = $1 AND s.grain = 'day') y
			GROUP BY y.city_id, y.name, `+g.of+`, y.county_id, y.unit_id, y.dim, y.mark`); err != nil {
			return err
		}
	}
	return nil
}

// CheckSplits holds every cell of a tenant against the rows behind it and lists those that differ, as "grain name span
// county unit dim mark". One share's cells are held in memory at a time: all of them in one statement took a minute where
// this takes seconds.
func CheckSplits(ctx context.Context, r db.Reader, shares []Split) ([]string, error) {
	var bad []string
	names, err := db.Column[string](ctx, r, `SELECT s.name FROM splits s WHERE s.city_id = $1 GROUP BY s.name ORDER BY s.name`)
	if err != nil {
		return nil, err
	}
	left := map[string]bool{}
	for _, name := range names {
		left[name] = true
	}
	for _, s := range shares {
		differ := map[string]int64{}
		seen := map[string]bool{}
		rows, err := r.Query(ctx, `SELECT y.name, y.county_id, y.unit_id, y.on_day, y.dim, y.mark, SUM(y.n) FROM (`+s.Rows+`) y
			GROUP BY y.name, y.county_id, y.unit_id, y.on_day, y.dim, y.mark`)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			p := Portion{Stands: s.Stands}
			if err := rows.Scan(&p.Name, &p.County, &p.Unit, &p.On, &p.Dim, &p.Mark, &p.N); err != nil {
				rows.Close()
				return nil, err
			}
			seen[p.Name] = true
			for _, at := range p.cells() {
				differ[at.key(p)] += p.N
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return nil, err
		}
		for name := range seen {
			delete(left, name)
			if err := subtract(ctx, r, name, differ); err != nil {
				return nil, err
			}
		}
		bad = slices.AppendSeq(bad, maps.Keys(differ))
	}
	for name := range left { // no row makes them
		differ := map[string]int64{}
		if err := subtract(ctx, r, name, differ); err != nil {
			return nil, err
		}
		bad = slices.AppendSeq(bad, maps.Keys(differ))
	}
	slices.Sort(bad)
	return bad, nil
}

// subtract takes the cells of a name from what they should be; where nothing remains they agree.
func subtract(ctx context.Context, r db.Reader, name string, differ map[string]int64) error {
	rows, err := r.Query(ctx, `SELECT s.grain, s.span, s.county_id, s.unit_id, s.dim, s.mark, s.n FROM splits s WHERE s.city_id = $1 AND s.name = $2`, name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		p := Portion{Name: name}
		var at cell
		if err := rows.Scan(&at.grain, &at.span, &p.County, &p.Unit, &p.Dim, &p.Mark, &p.N); err != nil {
			return err
		}
		k := at.key(p)
		if differ[k] -= p.N; differ[k] == 0 {
			delete(differ, k)
		}
	}
	return rows.Err()
}

func (c cell) key(p Portion) string {
	return strings.Join([]string{c.grain, p.Name, c.span, p.County, p.Unit, p.Dim, p.Mark}, " ")
}

// SumDef declares a flow measure whose number is what cells hold, by kind; rows makes the rows.
func SumDef(of Cells, by By, neverScored bool, dims []string, rows RowsFunc) Def {
	return Def{Name: of.Name, Unit: Number, Kind: Flow, By: by, NeverScored: neverScored, Dims: dims, Rows: rows, Cells: of,
		Value: func(ctx context.Context, r db.Reader, q Query) (Value, error) {
			all, _, err := CellSums(ctx, r, of, q)
			return ofKinds(all), err
		}}
}
