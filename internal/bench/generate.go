package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/demo"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/text"
)

// Size is how large a deployment is. The model city is part of each; what a county or city has is the model's own.
type Size struct {
	Provinces, Cities, Counties, Townships, Villages int
	Clues                                            int
	one                                              bool // all in one county
}

// Sizes by name. A province's is practice.md 9.4; its work is three years'. A nation's is its 2,844 counties.
var Sizes = map[string]Size{
	"county":   {1, 1, 11, 160, 1920, 10_000, true},
	"city":     {1, 1, 11, 160, 1920, 100_000, false},
	"province": {1, 10, 100, 1_500, 30_000, 1_000_000, false},
	"nation":   {31, 300, 2_844, 39_000, 600_000, 10_000_000, false},
}

const memoryLimit = 2500 << 20

// modelVolume is how much of the demonstration the model is: some 1,000 families.
const modelVolume = 0.3

// Options say what to generate.
type Options struct {
	DB       string
	Size     string
	Clues    int // 0: the size's own
	Open     int // deadlines that run, at least: further families than the clues ask for are cloned until there are so many
	Today    calendar.Date
	Seed     uint64
	Volume   float64 // of the model; 0: modelVolume
	Progress func(stage string, done, total int64)
}

// Made says what there is.
type Made struct {
	Units, People                        int64
	Tipoffs, Clues, Cases, Slips         int64
	Clocks, Open, Rows, Acts, Real, Logs int64
	Cities                               int
	Logins                               []string
	Password                             string
	Took                                 time.Duration
}

// Generate makes the model and clones it into an empty place: a file that is not there yet, or a database without tables.
func Generate(ctx context.Context, o Options) (Made, error) {
	size, ok := Sizes[o.Size]
	if !ok {
		return Made{}, fault.New(fault.Invalid, "bench.size", o.Size)
	}
	if o.Clues > 0 {
		size.Clues = o.Clues
	}
	if o.Volume == 0 {
		o.Volume = modelVolume
	}
	// What is held of two cities at a time is some gigabytes in a province: beyond, memory is given back sooner.
	defer debug.SetGCPercent(debug.SetGCPercent(300))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit))
	begun := time.Now()
	path, lite := strings.CutPrefix(o.DB, "sqlite:")
	if !lite {
		dir, err := os.MkdirTemp("", "qianshao-bench")
		if err != nil {
			return Made{}, err
		}
		defer os.RemoveAll(dir)
		path = filepath.Join(dir, demo.File)
	}
	if _, err := os.Stat(path); err == nil {
		return Made{}, fault.New(fault.Conflict, "bench.there", path)
	}
	aside := path + ".generating" // its own, for another one may be made beside
	if err := os.RemoveAll(aside); err != nil {
		return Made{}, err
	}
	defer os.RemoveAll(aside)
	err := demo.Build(ctx, demo.Options{Dir: aside, Today: o.Today, Volume: o.Volume, Progress: func(_ string, done, total int) { o.Progress("bench.model", int64(done), int64(total)) }})
	if err != nil {
		return Made{}, err
	}
	file := filepath.Join(aside, demo.File)
	address := "sqlite:" + file
	if !lite {
		o.Progress("bench.carry", 0, 0)
		if err := carry(ctx, address, o.DB); err != nil {
			return Made{}, err
		}
		address = o.DB
	}
	made, err := grow(ctx, address, size, o)
	if err == nil && lite {
		err = os.Rename(file, path)
	}
	made.Took = time.Since(begun)
	return made, err
}

// carry brings the model to another database, as a backup does.
func carry(ctx context.Context, from, to string) (err error) {
	src, err := db.Open(ctx, from, db.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dst, err := db.Open(ctx, to, db.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if _, err := migrate.Up(ctx, dst, nil, nil); err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := app.Backup(ctx, src, &b, seal.Deployment{}, backup.Options{}); err != nil {
		return err
	}
	_, err = app.Restore(ctx, dst, &b, backup.Into{})
	return err
}

// grower fills one database.
type grower struct {
	ctx   context.Context
	o     Options
	size  Size
	app   *app.App
	d     *db.DB
	r     *rand.Rand
	forms []form
	fams  []family
	kinds map[string][]int // families by what they hold: t, tc, tck, c, ck, s
	open  []int            // families in which a deadline runs
	model *place
	made  Made
	keys  *id.Maker
}

func grow(ctx context.Context, address string, size Size, o Options) (made Made, err error) {
	d, err := db.Open(ctx, address, db.Options{Relaxed: true})
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	a, err := app.Build(ctx, d)
	if err != nil {
		return made, err
	}
	var seed [32]byte
	copy(seed[:], fmt.Sprintf("bench %d", o.Seed))
	chance := rand.NewChaCha8(seed)
	g := &grower{ctx: ctx, o: o, size: size, app: a, d: d, r: rand.New(chance), keys: id.From(rand.NewChaCha8(seed)), forms: forms(), kinds: map[string][]int{}}
	if d.Engine == db.SQLite {
		if err := d.Pragma(ctx, "cache_size=-64000"); err != nil {
			return made, err
		}
	}
	if err := g.places(); err != nil {
		return g.made, fmt.Errorf("places: %w", err)
	}
	if err := g.read(); err != nil {
		return g.made, fmt.Errorf("the model: %w", err)
	}
	var names []string
	for _, f := range g.forms {
		names = append(names, f.Name)
	}
	dress, err := d.Bare(ctx, append(names, "texts"))
	if err != nil {
		return g.made, err
	}
	if err := g.index((*text.Filling).Gather); err != nil {
		return g.made, err
	}
	if err := g.fill(); err != nil {
		return g.made, err
	}
	o.Progress("bench.words", 0, 0)
	if err := g.index((*text.Filling).Settle); err != nil {
		return g.made, err
	}
	if err := dress(ctx, func(done, total int) { o.Progress("bench.indexes", int64(done), int64(total)) }); err != nil {
		return g.made, err
	}
	o.Progress("bench.close", 0, 0)
	return g.made, g.close()
}

// index does something with the whole search index.
func (g *grower) index(do func(*text.Filling) error) error {
	return g.d.Fill(g.ctx, func(f *db.Filler) error { return do(&text.Filling{F: f, Engine: g.d.Engine}) })
}

// places makes the cities beside the model's.
func (g *grower) places() error {
	s := g.size
	like, err := readPlace(g.ctx, g.d.In(demo.City))
	if err != nil {
		return err
	}
	g.model = like
	pat, err := readPattern(g.ctx, g.d.In(demo.City), like)
	if err != nil {
		return err
	}
	m := &maker{ctx: g.ctx, app: g.app, r: g.r, like: pat, since: g.o.Today.AddMonths(-40), hash: account.Demonstration().Cost.Hash(account.DemoPassword)}
	province, next := demo.Province, demo.City+1
	cities, counties, townships, villages := s.Cities-1, s.Counties-11, s.Townships-160, s.Villages-1920
	for i := range cities {
		g.o.Progress("bench.places", int64(i), int64(cities))
		if p := id.City(1 + (i+1)*s.Provinces/s.Cities); p != province && p > 1 {
			province = 10_000 + p
			if i == 0 || (i)*s.Provinces/s.Cities != (i+1)*s.Provinces/s.Cities {
				if _, err := m.tenant(app.Tenant{City: province, Kind: "province", Name: fmt.Sprintf("XX省（%d）", p), Code: fmt.Sprintf("99%010d", province)}); err != nil {
					return err
				}
			}
		}
		n := cities - i
		do := func() error { return m.city(next, province, counties/n, townships/n, villages/n) }
		if g.d.Engine == db.SQLite {
			err = g.d.Grouped(g.ctx, do)
		} else {
			err = do()
		}
		if err != nil {
			return err
		}
		next, counties, townships, villages = next+1, counties-counties/n, townships-townships/n, villages-villages/n
	}
	g.made.Logins, g.made.Password, g.made.Cities = append(append([]string{}, account.DemoLogins...), m.logins...), account.DemoPassword, s.Cities
	return nil
}

// read reads the model's families and sorts them by what they hold.
func (g *grower) read() error {
	r, err := newReader(g.ctx, g.d, g.model)
	if err != nil {
		return err
	}
	if g.fams, err = r.readFamilies(g.forms); err != nil {
		return err
	}
	for i, f := range g.fams {
		k := ""
		for j, n := range f.vec {
			if n > 0 {
				k += string("tcks"[j])
			}
		}
		g.kinds[k] = append(g.kinds[k], i)
		if f.clocks > 0 {
			g.open = append(g.open, i)
		}
	}
	for _, k := range []string{"t", "tc", "tck", "c", "ck"} {
		if len(g.kinds[k]) == 0 {
			return fmt.Errorf("bench: the model has no family %q", k)
		}
	}
	return nil
}

// want is what is still to be cloned: the ratios of practice.md 9.4, three years of a province's work.
type want struct{ tipoffs, clues, cases, slips, open int }

func wanted(clues, open int) want {
	return want{clues * 7 / 10, clues, clues / 2, clues / 50, open}
}

// next chooses a family that brings the sums nearer; nil when there is nothing left to clone.
func (g *grower) next(w *want) *family {
	pick := func(kinds ...string) *family {
		k := kinds[0]
		if len(kinds) > 1 && g.r.IntN(5) > 1 {
			k = kinds[1]
		}
		return &g.fams[g.kinds[k][g.r.IntN(len(g.kinds[k]))]]
	}
	var f *family
	switch {
	case w.cases > 0:
		f = pick("tck", "ck")
	case w.clues > 0:
		f = pick("tc", "c")
	case w.tipoffs > 0:
		f = pick("t")
	case w.slips > 0 && len(g.kinds["s"]) > 0:
		f = pick("s")
	case w.open > 0 && len(g.open) > 0:
		f = &g.fams[g.open[g.r.IntN(len(g.open))]]
	default:
		return nil
	}
	w.tipoffs, w.clues, w.cases, w.slips = w.tipoffs-f.vec[0], w.clues-f.vec[1], w.cases-f.vec[2], w.slips-f.vec[3]
	w.open -= f.clocks
	return f
}

// fill clones city by city.
func (g *grower) fill() error {
	cities, err := app.Tenants(g.ctx, g.d)
	if err != nil {
		return err
	}
	left, open := g.size.Clues, g.o.Open
	var here []*place
	for _, c := range cities {
		top, err := access.Top(g.ctx, g.d.In(c))
		if err != nil {
			return err
		}
		if top.Kind != "city" { // a province has no matters of its own to clone
			continue
		}
		p, err := readPlace(g.ctx, g.d.In(c))
		if err != nil {
			return err
		}
		here = append(here, p)
	}
	ctx, stop := context.WithCancel(g.ctx)
	defer stop()
	used := make(chan []any, 16)
	next := make(chan *work)
	go func() {
		defer close(next)
		for i, p := range here {
			n, m := left/(len(here)-i), open/(len(here)-i)
			left, open = left-n, open-m
			x := &work{into: p, lots: make(chan lot, 16), digests: map[*county]*ledger.Digests{}, sums: map[sum]int64{}}
			select {
			case next <- x:
			case <-ctx.Done():
				return
			}
			g.make(ctx, p, wanted(n, m), x, used)
		}
	}()
	for x := range next {
		if err := g.write(x, used); err != nil {
			return fmt.Errorf("city %d: %w", x.into.city, err)
		}
	}
	return g.ctx.Err()
}

// close leaves the database as one that has been worked in for long, and counts.
func (g *grower) close() error {
	settle := "VACUUM (ANALYZE)"
	if g.d.Engine == db.SQLite {
		settle = "PRAGMA wal_checkpoint(TRUNCATE)"
	}
	if _, err := g.d.Raw().ExecContext(g.ctx, settle); err != nil {
		return err
	}
	if err := migrate.Prime(g.ctx, g.d); err != nil {
		return err
	}
	cities, err := app.Tenants(g.ctx, g.d)
	if err != nil {
		return err
	}
	for _, c := range cities {
		// The shares' cells ask each row for another one: now there are indexes to find it by.
		if err := g.d.Write(g.ctx, c, func(tx *db.Tx) error { return measure.Recount(g.ctx, tx, app.Splits()) }); err != nil {
			return err
		}
		r := g.d.In(c)
		for _, q := range []struct {
			into *int64
			text string
		}{
			{&g.made.Units, `SELECT COUNT(u.id) FROM units u WHERE u.city_id = $1`}, {&g.made.People, `SELECT COUNT(p.id) FROM people p WHERE p.city_id = $1`},
			{&g.made.Real, `SELECT COUNT(a.seq) FROM acts a WHERE a.city_id = $1 AND a.action <> 'bench.generate'`}, {&g.made.Logs, `SELECT COUNT(l.log_id) FROM logs l WHERE l.city_id = $1`},
		} {
			var n int64
			if err := r.Row(g.ctx, q.text).Scan(&n); err != nil {
				return err
			}
			*q.into += n
		}
	}
	runtime.GC()
	return nil
}
