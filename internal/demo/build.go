package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
	"qianshao/internal/platform/text"
)

// The tenants of the demonstration.
const (
	Province = id.City(1)
	City     = id.City(2)
)

// Passphrase opens the organs' keys of the demonstration; it is no secret.
const Passphrase = "前哨演示环境的机关密钥口令 2026"

// File is the database's name in its folder.
const File = "qianshao.db"

// Options say what to build. Volume is how much work was done, 1 being the whole: some 2,000 reports, 3,000 clues and
// 1,000 cases; tests build less. The staffing is always whole.
type Options struct {
	Dir      string
	Today    calendar.Date
	Volume   float64 // 0 is 1
	Progress func(stage string, done, total int)
}

// Built says what came of it.
type Built struct {
	Acts, Tipoffs, Clues, Cases int
	Skipped                     map[string]int // steps that could not be taken, by the code of the reason
}

type builder struct {
	ctx   context.Context
	app   *app.App
	r     *rand.Rand
	o     Options
	now   time.Time
	start calendar.Date // the first day of work
	end   time.Time     // nothing happens after
	out   Built

	province, city access.Unit
	counties       []*county
	staff          map[id.Key][]*worker // who works where, now
	byPerson       map[id.Key]*worker
	left           bool                // somebody has left a post since the last night
	waiting        map[access.Role]int // papers left on the leaders' desks of the first county
	queue          queue
	planned        int
	logins         []login
	slow           slow
	haves          id.ID // the list of the six haves that the city issued
}

// Build makes the city in a folder, unless it is there already. An interrupted build leaves nothing under the file's
// name and is begun anew.
func Build(ctx context.Context, o Options) error {
	_, err := BuildCity(ctx, o)
	return err
}

// BuildCity is Build, and says what came of it.
func BuildCity(ctx context.Context, o Options) (Built, error) {
	if o.Volume == 0 {
		o.Volume = 1
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	if !o.Today.Valid() {
		return Built{}, fmt.Errorf("demo: %q is no day", o.Today)
	}
	target := filepath.Join(o.Dir, File)
	if _, err := os.Stat(target); err == nil {
		return Built{}, nil
	}
	aside := target + ".building"
	for _, f := range []string{aside, aside + "-wal", aside + "-shm"} {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return Built{}, err
		}
	}
	out, err := build(ctx, o, aside)
	if err != nil {
		return out, err
	}
	return out, os.Rename(aside, target)
}

func build(ctx context.Context, o Options, file string) (out Built, err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // nothing else runs; a bigger heap is quicker than a tidy one
	ready := beside()
	seed := [32]byte{'q', 'i', 'a', 'n', 's', 'h', 'a', 'o'}
	d, err := db.Open(ctx, "sqlite:"+file, db.Options{Relaxed: true, Keys: id.From(rand.NewChaCha8(seed))})
	if err != nil {
		return out, err
	}
	// What is committed is in the file. Giving back the page cache takes two seconds, and nobody waits for it.
	defer func() { go d.Close() }()
	if _, err := migrate.Up(ctx, d, func(int64, int64) error { return nil }, func(string, time.Duration) {}); err != nil {
		return out, err
	}
	if err := text.Prepare(ctx, d); err != nil {
		return out, err
	}
	a, err := app.Build(ctx, d)
	if err != nil {
		return out, err
	}
	dress, err := d.Bare(ctx, bare, asked...)
	if err != nil {
		return out, err
	}
	b := &builder{ctx: ctx, app: a, o: o, r: rand.New(rand.NewChaCha8(seed)), staff: map[id.Key][]*worker{}, byPerson: map[id.Key]*worker{}, waiting: map[access.Role]int{}, slow: ready}
	b.out.Skipped = map[string]int{}
	b.start = o.Today.AddMonths(-36)
	b.end = noon(o.Today).Add(-3*time.Hour - 40*time.Minute)
	b.now = noon(b.start.AddMonths(-2)).Add(-3 * time.Hour)
	d.SetClock(func() time.Time { return b.now })
	for _, s := range []struct {
		name string
		do   func() error
	}{{"places", b.places}, {"people", b.people}, {"register", b.register}, {"register", b.keys}} {
		o.Progress(s.name, 0, 0)
		if err := d.Grouped(ctx, s.do); err != nil {
			return b.out, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	b.plan()
	b.townships()
	if err := b.live(); err != nil {
		return b.out, err
	}
	o.Progress("close", 0, 0)
	b.now = b.end
	for _, do := range []func() error{b.finish, b.elsewhere, b.letters, b.staffing, b.force} {
		if err := d.Grouped(ctx, do); err != nil {
			return b.out, err
		}
	}
	if err := dress(ctx, func(int, int) {}); err != nil {
		return b.out, err
	}
	return b.out, migrate.Prime(ctx, d)
}

// bare are the tables that most is written to. While the city is built they have only the indexes that something asks for
// meanwhile; the others are for pages, and are made when all rows are there.
var (
	bare  = []string{"acts", "clocks", "matters", "fires", "officials", "people", "subjects", "clues", "cases", "tipoffs", "envelopes"}
	asked = []string{"acts_matter", "clocks_fire", "clocks_matter", "clocks_owed_rule", "clocks_running", "matters_county", "matters_no", "matters_parent", "matters_root", "officials_person", "officials_unit", "people_name", "subjects_name", "subjects_official", "tipoffs_clue", "tipoffs_main"}
)

func noon(d calendar.Date) time.Time {
	return time.Date(d.Year(), time.Month(d.Month()), d.Day(), 12, 0, 0, 0, calendar.Zone)
}

func (b *builder) today() calendar.Date { return calendar.InstantOf(b.now).Date() }

// live lets the stories take their steps in order of time, many in one transaction: what it has changed of a page is written
// once.
func (b *builder) live() error {
	const group, look = 8000, 500
	total := int(b.end.Sub(noon(b.start)).Hours() / 24)
	for len(b.queue) > 0 {
		err := b.app.DB.Grouped(b.ctx, func() error {
			for n := range group {
				e, ok := b.queue.next(b.end)
				if !ok {
					b.queue = nil
					return nil
				}
				b.now = e.at
				if err := e.do(); err != nil {
					return fmt.Errorf("%s: %w", b.now.Format(time.DateTime), err)
				}
				if n%look == 0 {
					b.o.Progress("work", min(total, int(b.now.Sub(noon(b.start)).Hours()/24)), total)
					if err := b.ctx.Err(); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// matter reads a matter as it is.
func (b *builder) matter(m id.ID) (flow.Matter, error) {
	return flow.Get(b.ctx, b.app.DB.In(m.City), access.ByProgram(m.City), m.Key)
}
