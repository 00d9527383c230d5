package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/clue"
	"qianshao/internal/demo"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/text"
	"qianshao/internal/sheet"
)

// moves measures handing out clues that have just been entered, one after another, each beside one bare row of the same
// engine: both wait for the same disk, whose flushes are most of the tail.
func (r *runner) moves() error {
	const most = 300
	s := r.who["supervision"]
	county := s.actor.Unit().County
	offices, err := access.UnitsOf(r.ctx, r.app.DB.In(demo.City), county, "office")
	if err != nil {
		return err
	}
	towns, err := access.UnitsOf(r.ctx, r.app.DB.In(demo.City), county, "township")
	if err != nil {
		return err
	}
	bare, stop, err := r.bareTable()
	if err != nil {
		return err
	}
	defer stop()
	took, alone := make([]time.Duration, most), make([]time.Duration, most)
	for i := range most {
		in := clue.Entry{Subject: official(towns[i%len(towns)].ID.Key), Source: "found", FromKind: "audit", Received: r.app.DB.Today(), Title: fmt.Sprintf("反映农业综合服务中心主任虚报管护费（巡查%d）", i),
			Summary: "监督检查发现，该主任虚报高标准农田管护费，数额不详。", Discipline: "integrity"}
		out, err := r.app.Clues.Enter(r.ctx, s.actor, in)
		if err != nil {
			return err
		}
		m, err := flow.Get(r.ctx, r.app.DB.In(out.ID.City), s.actor, out.ID.Key)
		if err != nil {
			return err
		}
		at := time.Now()
		if _, err := r.app.Engine.Do(r.ctx, s.actor, m.ID, m.Version, "hand_out", flow.Values{"target": {offices[0].ID.Key}, "back": {"no"}}); err != nil {
			return err
		}
		took[i] = time.Since(at)
		at = time.Now()
		if err := bare(r.ctx, 0, int64(i)); err != nil {
			return err
		}
		alone[i] = time.Since(at)
	}
	f := figure("A move", "hand out a clue", "county", took).asked(10)
	f.Bare = figure("", "", "", alone).P95
	r.add(f)
	return nil
}

// The mixed day. A province has 7,000 people who work in the system (practice.md 9.4). At some 20 pages each a working
// day and 15 % of them in the busiest hour that is 5.8 pages a second; its reports, clues and cases a year, at ten
// entries each, come to 2,000 entries in that hour, 0.6 a second. Measured is ten times both, from 200 sessions.
const (
	daySessions = 200
	dayPages    = 58.0
	dayEntries  = 5.6
	askedDay    = 50
)

func (r *runner) day() error {
	var all []*session
	logins := append([]string{}, people...)
	for i := range daySessions {
		s, err := r.open(logins[i%len(logins)])
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	// What they look at: their desk, lists, matters from those lists, searches.
	paths := make([][]string, len(all))
	for i, s := range all {
		paths[i] = []string{"/"}
		for _, k := range kinds {
			code, body, err := s.page(r.ctx, k.path)
			if err != nil {
				return err
			}
			if code != 200 {
				continue
			}
			paths[i] = append(paths[i], k.path, k.path+"?view=all", "/search?q="+marked[i%len(marked)].Word)
			for n, m := range reHref.FindAllStringSubmatch(body, -1) {
				if strings.HasPrefix(m[1], "/m/") && n%3 == 0 {
					paths[i] = append(paths[i], m[1])
				}
			}
		}
	}
	cs, err := r.clerks()
	if err != nil {
		return err
	}
	r.bad.Store(0)
	var odd atomic.Int64
	var wg sync.WaitGroup
	var pages, entries []time.Duration
	var memory []float64
	errs := make([]error, 2)
	ctx, stop := context.WithCancel(r.ctx)
	wg.Go(func() {
		pages, errs[0] = steady(ctx, dayPages, r.o.Duration, func(ctx context.Context, i int64) error {
			n := int(i) % len(all)
			code, err := all[n].get(ctx, paths[n][rand.IntN(len(paths[n]))])
			if code != 200 {
				odd.Add(1)
			}
			return err
		})
	})
	wg.Go(func() {
		entries, errs[1] = steady(ctx, dayEntries, r.o.Duration, func(ctx context.Context, i int64) error { return r.enter(ctx, cs[int(i)%len(cs)], -1_000_000-i) })
	})
	go func() {
		for ctx.Err() == nil {
			memory = append(memory, resident())
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}()
	wg.Wait()
	stop()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	quarter := max(1, len(memory)/4)
	note := fmt.Sprintf("%s; %d answers of 5xx, %d others than 200; memory %.0f MB in the first quarter, %.0f in the last", r.o.Duration, r.bad.Load(), odd.Load(), mean(memory[:quarter]), mean(memory[len(memory)-quarter:]))
	f := figure("Mixed day, 10 × a province's busiest hour", fmt.Sprintf("pages, %.0f a second, %d sessions", dayPages, daySessions), "", pages).asked(askedDay)
	f.Note, f.Fits = note, f.Fits && r.bad.Load() == 0
	r.add(f)
	r.add(figure("Mixed day, 10 × a province's busiest hour", fmt.Sprintf("tip-offs entered, %.1f a second", dayEntries), "", entries).asked(askedDay))
	return nil
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(max(1, len(xs)))
}

// resident is this process's memory in megabytes.
func resident() float64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	n, _ := strconv.ParseFloat(f[1], 64) // the kernel writes numbers
	return n * float64(os.Getpagesize()) / 1e6
}

// once measures something that is done once, asked to end within so many seconds.
func (r *runner) once(part, what string, asked float64, do func() (string, error)) error {
	at := time.Now()
	note, err := do()
	if err != nil {
		return err
	}
	f := figure(part, what, "", []time.Duration{time.Since(at)}).asked(asked * 1000)
	f.Note = note
	r.add(f)
	return nil
}

// peak runs something and says how far memory rose above what it was.
func peak(do func() error) (float64, error) {
	debug.FreeOSMemory() // what an earlier part left behind must not hide what this one takes
	was, top := resident(), atomic.Int64{}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			top.Store(max(top.Load(), int64(resident())))
			time.Sleep(20 * time.Millisecond)
		}
	})
	err := do()
	stop()
	wg.Wait()
	return max(0, float64(top.Load())-was), err
}

// report measures the report on a province, a city and a county.
func (r *runner) report() error {
	for _, login := range []string{"province", "cityoffice", "supervision"} {
		s := r.who[login]
		if s == nil {
			var err error
			if s, err = r.signIn(login); err != nil {
				return err
			}
		}
		u := s.actor.Unit()
		at := u.ID
		if u.County != "" {
			at = id.ID{City: u.ID.City, Key: u.County}
		}
		err := r.once("Report", "M41, "+login, 5, func() (string, error) {
			rep, err := r.app.Insight.Report(r.ctx, s.actor, at, r.app.Insight.ParsePeriod("", ""))
			_ = rep
			return "", err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// exportRows is how many rows of an export are asked for.
const exportRows = 100_000

// export measures a table of clues as xlsx: what the city's own case supervision sees, at most as many as the city has.
func (r *runner) export() error {
	rd := r.app.DB.In(demo.City)
	top, err := access.Top(r.ctx, rd)
	if err != nil {
		return err
	}
	who, err := r.holder(top.ID.Key, "supervision_clerk")
	if err != nil {
		return err
	}
	return r.once("Export", "clues as xlsx", 60, func() (string, error) {
		rows, size := 0, counter(0)
		rose, err := peak(func() (err error) {
			rows, err = r.app.Exchange.Export(r.ctx, who, "clues", &size, sheet.XLSX, "zh-CN")
			return err
		})
		return fmt.Sprintf("%d rows (asked for %d), %.1f MB, memory rose by %.0f MB (asked 256)", rows, exportRows, float64(size)/1e6, rose), err
	})
}

type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// pass measures the night: how late the first event is that falls due at midnight, and how long all of them take. It is the
// midnight of the next day on which anything falls due, which at a weekend is not tomorrow; the database's time moves on to it.
func (r *runner) pass() error {
	d := r.app.DB
	cities, err := app.Tenants(r.ctx, d)
	if err != nil {
		return err
	}
	var running, due int64
	tomorrow := calendar.Date("")
	for _, c := range cities {
		var on *calendar.Date
		if err := d.In(c).Row(r.ctx, `SELECT MIN(c.fire_on) FROM clocks c WHERE c.city_id = $1 AND c.fire_on > $2`, d.Today()).Scan(&on); err != nil {
			return err
		}
		if on != nil && (tomorrow == "" || *on < tomorrow) {
			tomorrow = *on
		}
	}
	if tomorrow == "" {
		return fault.New(fault.Invalid, "bench.none")
	}
	for _, c := range cities {
		var n, m int64
		if err := d.In(c).Row(r.ctx, `SELECT COUNT(c.id) FROM clocks c WHERE c.city_id = $1 AND c.state IN ('open', 'paused')`).Scan(&n); err != nil {
			return err
		}
		if err := d.In(c).Row(r.ctx, `SELECT COUNT(c.id) FROM clocks c WHERE c.city_id = $1 AND c.fire_on <> '' AND c.fire_on <= $2`, tomorrow).Scan(&m); err != nil {
			return err
		}
		running, due = running+n, due+m
	}
	lead := calendar.StartOf(tomorrow).Time().Add(-5 * time.Second).Sub(time.Now())
	d.SetClock(func() time.Time { return time.Now().Add(lead) })
	dir, err := os.MkdirTemp("", "qianshao-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	key, err := seal.NewDeployment(filepath.Join(dir, "key"))
	if err != nil {
		return err
	}
	w := r.app.NewWorkers(slog.New(slog.NewTextHandler(io.Discard, nil)), key)
	ctx, stop := context.WithCancel(r.ctx)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { w.Queue.Run(ctx) })
	midnight := int64(calendar.StartOf(tomorrow))
	var first int64
	begun := time.Now()
	for left := due; left > 0; time.Sleep(200 * time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if time.Since(begun) > 20*time.Minute {
			return fmt.Errorf("bench: %d of %d events have not fired after 20 minutes", left, due)
		}
		left = 0
		for _, c := range cities {
			var n, at int64
			if err := d.In(c).Row(ctx, `SELECT COUNT(c.id) FROM clocks c WHERE c.city_id = $1 AND c.fire_on <> '' AND c.fire_on <= $2`, tomorrow).Scan(&n); err != nil {
				return err
			}
			left += n
			if err := d.In(c).Row(ctx, `SELECT COALESCE(MIN(f.at), 0) FROM fires f WHERE f.city_id = $1 AND f.at >= $2`, midnight).Scan(&at); err != nil {
				return err
			}
			if at > 0 && (first == 0 || at < first) {
				first = at
			}
		}
	}
	whole := time.Since(begun) - 5*time.Second
	stop()
	wg.Wait()
	f := figure("Night", "all that falls due at midnight", "", []time.Duration{whole}).asked(60_000)
	f.Note = fmt.Sprintf("%d deadlines running, %d of them due", running, due)
	r.add(f)
	if first > 0 {
		r.add(figure("Night", "the first of them, after midnight", "", []time.Duration{time.Duration(first-midnight) * time.Microsecond}).asked(5000))
	}
	return nil
}

// reindex measures making the search index anew while somebody searches.
func (r *runner) reindex() error {
	cities, err := app.Tenants(r.ctx, r.app.DB)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(r.ctx)
	var took []time.Duration
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			at := time.Now()
			if _, err := r.who["supervision"].get(ctx, "/search?q="+marked[1].Word); err == nil {
				took = append(took, time.Since(at))
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	var n int64
	err = r.once("Search index", "made anew", 600, func() (string, error) {
		for _, c := range cities {
			var texts int64
			if err := r.app.DB.In(c).Row(ctx, `SELECT COUNT(t.matter_id) FROM texts t WHERE t.city_id = $1`).Scan(&texts); err != nil {
				return "", err
			}
			n += texts
		}
		if err := app.Reindex(ctx, r.app.DB, nil); err != nil {
			return "", err
		}
		return fmt.Sprintf("%d texts", n), text.Renew(ctx, r.app.DB)
	})
	stop()
	wg.Wait()
	if err == nil {
		r.add(figure("Search index", "searches meanwhile", "county", took).asked(askedSearch))
	}
	return err
}
