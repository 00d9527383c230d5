package bench

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// work is one city on its way from the making of rows to the writing of them, which are two goroutines. What stands beside
// lots is ready when lots is closed.
type work struct {
	into    *place
	lots    chan lot
	digests map[*county]*ledger.Digests
	sums    map[sum]int64
	made    Made
}

// lot is rows of one table whose values follow one another; or texts, or words of the index for texts.
type lot struct {
	form  int
	n     int
	vals  []any
	texts []text.Ready
	index bool
}

// textLot is how many texts go in at a time.
const textLot = 500

// make places a city's clones and makes their rows, table by table in the order of their keys: rows that come in order are
// written to the end of the file and never touched again, and nothing but the clones themselves is held meanwhile.
func (g *grower) make(ctx context.Context, p *place, w want, x *work, used chan []any) {
	defer close(x.lots)
	c := &cloner{forms: g.forms, at: g.model.all, model: g.model, into: p, keys: g.keys, r: g.r, start: g.o.Today.AddMonths(-36), today: g.o.Today, stand: []string{"secretary", "deputy", "officer", "investigator", "reviewer", "vice", "supervision_clerk"}}
	counties := p.counties
	if g.size.one {
		counties = counties[:1]
	}
	var all []clone
	for f := g.next(&w); f != nil; f = g.next(&w) {
		for j, n := range f.vec {
			*[]*int64{&x.made.Tipoffs, &x.made.Clues, &x.made.Cases, &x.made.Slips}[j] += int64(n)
		}
		x.made.Open += int64(f.clocks)
		all = append(all, c.clone(f, counties[c.number%len(counties)]))
	}
	send := func(l lot) bool {
		select {
		case x.lots <- l:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for i := range g.forms {
		if !g.table(i, p, all, x, used, send) {
			return
		}
	}
	g.texts(p, all, send)
}

// ref is a row to be made: a line of a clone's family, by its key.
type ref struct {
	key   string
	clone int32
	line  int32
}

func (g *grower) table(i int, p *place, all []clone, x *work, used chan []any, send func(lot) bool) bool {
	f := g.forms[i]
	var refs []ref
	var key []byte
	for n := range all {
		c := &all[n]
		for _, at := range c.f.by[i] {
			l := &c.f.lines[at]
			if l.lean && !c.whole {
				continue
			}
			key = key[:0]
			for k := range f.Key {
				switch v := c.value(p, &l.cells[k+1]).(type) {
				case string:
					key = append(append(key, v...), 0)
				case int64:
					key = binary.BigEndian.AppendUint64(key, uint64(v))
				}
			}
			refs = append(refs, ref{string(key), int32(n), at})
		}
	}
	slices.SortFunc(refs, func(a, b ref) int { return cmp.Compare(a.key, b.key) })
	if f.Name == "clocks" {
		x.made.Clocks += int64(len(refs))
	}
	tally := f.Name == "tallies"
	for len(refs) > 0 {
		some := refs[:min(db.Lot, len(refs))]
		refs = refs[len(some):]
		var vals []any
		select {
		case vals = <-used:
		default:
		}
		vals = vals[:0]
		for _, r := range some {
			c := &all[r.clone]
			at := len(vals)
			for k := range c.f.lines[r.line].cells {
				vals = append(vals, c.value(p, &c.f.lines[r.line].cells[k]))
			}
			d := x.digests[c.county]
			if d == nil {
				d = &ledger.Digests{}
				x.digests[c.county] = d
			}
			row := vals[at:]
			d.Add(f.Table, row[1:])
			if tally {
				x.sums[sum{row[2].(string), row[3].(string)[:7], row[1].(string), row[5].(string)}] += row[7].(int64)
			}
		}
		if !send(lot{form: i, n: len(some), vals: vals}) {
			return false
		}
	}
	return true
}

// texts sends what is searched, and then, on SQLite, the words of its index.
func (g *grower) texts(p *place, all []clone, send func(lot) bool) {
	type at struct {
		matter id.Key
		clone  int32
		text   int32
	}
	var refs []at
	for n := range all {
		for i, t := range all[n].f.texts {
			refs = append(refs, at{all[n].gots[t.slot].key, int32(n), int32(i)})
		}
	}
	slices.SortFunc(refs, func(a, b at) int { return cmp.Compare(a.matter, b.matter) })
	for _, index := range []bool{false, true} {
		if index && g.d.Engine == db.Postgres {
			return
		}
		for some := range slices.Chunk(refs, textLot) {
			l := lot{index: index, texts: make([]text.Ready, len(some))}
			for i, r := range some {
				c := &all[r.clone]
				l.texts[i] = c.text(p.city, &c.f.texts[r.text])
				if index || g.d.Engine == db.Postgres {
					l.texts[i].Cut(g.d.Engine)
				}
			}
			if !send(l) {
				return
			}
		}
	}
}

// write takes in what is made of one city.
func (g *grower) write(x *work, used chan []any) error {
	err := g.d.Fill(g.ctx, func(f *db.Filler) error {
		to := text.Filling{F: f, Engine: g.d.Engine, City: x.into.city}
		for l := range x.lots {
			var err error
			switch {
			case l.index:
				err = to.Index(l.texts)
			case l.texts != nil:
				err = to.Texts(l.texts)
			default:
				err = f.AddMany(g.forms[l.form].Name, g.forms[l.form].cols, l.n, l.vals)
				select {
				case used <- l.vals:
				default:
				}
				g.made.Rows += int64(l.n)
			}
			if err != nil {
				return err
			}
			g.o.Progress("bench.rows", g.made.Rows, 0)
		}
		if err := g.ctx.Err(); err != nil { // what was sent may be cut off
			return err
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, g.ctx.Err())
	}
	g.made.Tipoffs, g.made.Clues, g.made.Cases, g.made.Slips = g.made.Tipoffs+x.made.Tipoffs, g.made.Clues+x.made.Clues, g.made.Cases+x.made.Cases, g.made.Slips+x.made.Slips
	g.made.Clocks, g.made.Open = g.made.Clocks+x.made.Clocks, g.made.Open+x.made.Open
	return g.cover(x)
}

// cover puts the digests of a city's clones into one bulk act a county, and adds their sums to what the model has.
func (g *grower) cover(x *work) error {
	city := x.into.city
	do := func() error {
		for _, c := range x.into.counties {
			d := x.digests[c]
			if d == nil {
				continue
			}
			_, err := g.app.Ledger.Write(g.ctx, access.ByOperator(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
				tx.Cover(d)
				return ledger.Act{Action: "bench.generate", Organ: c.OrganID(), Params: map[string]any{"rows": d.Rows}}, nil
			})
			if err != nil {
				return err
			}
			g.made.Acts++
			delete(x.digests, c)
		}
		return g.d.Write(g.ctx, city, func(tx *db.Tx) error {
			rows, err := tx.Query(g.ctx, `SELECT unit_id, month, measure, dim, n FROM rollups WHERE city_id = $1`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var s sum
				var n int64
				if err := rows.Scan(&s.unit, &s.month, &s.measure, &s.dim, &n); err != nil {
					return err
				}
				x.sums[s] += n
			}
			if err := rows.Err(); err != nil {
				return err
			}
			_, err = tx.Exec(g.ctx, `DELETE FROM rollups WHERE city_id = $1`)
			return err
		})
	}
	run := do
	if g.d.Engine == db.SQLite {
		run = func() error { return g.d.Grouped(g.ctx, do) }
	}
	if err := run(); err != nil {
		return err
	}
	keys := make([]sum, 0, len(x.sums))
	for s := range x.sums {
		keys = append(keys, s)
	}
	slices.SortFunc(keys, func(a, b sum) int {
		return cmp.Or(cmp.Compare(a.measure, b.measure), cmp.Compare(a.month, b.month), cmp.Compare(a.dim, b.dim), cmp.Compare(a.unit, b.unit))
	})
	return g.d.Fill(g.ctx, func(f *db.Filler) error {
		var vals []any
		for some := range slices.Chunk(keys, db.Lot) {
			vals = vals[:0]
			for _, s := range some {
				vals = append(vals, x.into.boxed, s.unit, s.month, s.measure, s.dim, x.sums[s])
			}
			if err := f.AddMany("rollups", rollupColumns, len(some), vals); err != nil {
				return err
			}
		}
		return nil
	})
}

var rollupColumns = []string{"city_id", "unit_id", "month", "measure", "dim", "n"}
