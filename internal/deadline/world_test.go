package deadline_test

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

var ctx = apptest.Ctx

// world is the small test city with matters that have no clock of their own.
type world struct {
	*apptest.World
	t testing.TB
	k *deadline.Keeper
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := apptest.New(t, d)
	return &world{w, t, w.App.Clocks}
}

func (w *world) reader() db.Reader { return w.App.DB.In(apptest.City) }

// write does something as the program, in one act of the county's log.
func (w *world) write(do func(tx *ledger.Tx) error) {
	w.t.Helper()
	if err := w.try(do); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) try(do func(tx *ledger.Tx) error) error {
	_, err := w.App.Ledger.Write(ctx, access.ByProgram(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "test.step", Organ: w.Units["county"].ID}, do(tx)
	})
	return err
}

// matter opens a tip-off in the register of an organ, in a state in which no clock runs by itself.
func (w *world) matter(organ string) id.ID {
	w.t.Helper()
	m := flow.Matter{Kind: "tipoff", State: "in_hand", Organ: w.Units[organ].ID, Title: "测试", Received: w.App.DB.Today()}
	w.write(func(tx *ledger.Tx) error { return w.App.Engine.Create(ctx, tx, &m, nil, nil) })
	return m.ID
}

// clock opens a clock of a matter under its lock.
func (w *world) clock(matter id.ID, rule string, start date, unit string, role access.Role) deadline.Clock {
	w.t.Helper()
	var c deadline.Clock
	w.write(func(tx *ledger.Tx) error {
		m, err := flow.Lock(ctx, tx, matter.Key)
		if err != nil {
			return err
		}
		c, err = w.k.Open(ctx, tx, deadline.Opening{Matter: m.ID.Key, Root: m.Root, Rule: rule, Start: start, OwedBy: w.Units[unit].ID, OwedRole: role, Organ: m.Organ, County: m.County})
		if err != nil {
			return err
		}
		return flow.Save(ctx, tx, &m)
	})
	return c
}

// add puts an entry on a clock under its matter's lock.
func (w *world) add(c deadline.Clock, e deadline.Entry) (deadline.Clock, error) {
	w.t.Helper()
	return c, w.try(func(tx *ledger.Tx) error {
		m, err := flow.Lock(ctx, tx, c.Matter)
		if err != nil {
			return err
		}
		if c, err = deadline.Get(ctx, tx, c.ID.Key); err != nil {
			return err
		}
		if e.On == "" {
			e.On = tx.Today()
		}
		if c, err = w.k.Add(ctx, tx, c, e); err != nil {
			return err
		}
		return flow.Save(ctx, tx, &m)
	})
}

func (w *world) mustAdd(c deadline.Clock, e deadline.Entry) deadline.Clock {
	w.t.Helper()
	c, err := w.add(c, e)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) get(c deadline.Clock) deadline.Clock {
	w.t.Helper()
	c, err := deadline.Get(ctx, w.reader(), c.ID.Key)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// pass lets fall due what has, by the clock on the wall.
func (w *world) pass() int {
	w.t.Helper()
	n, err := w.k.Pass(ctx, w.App.Ledger, apptest.City, w.App.DB.Today(), w.App.Engine.Effects())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// fired lists "kind due" of a clock in the order of kind.
func (w *world) fired(c deadline.Clock) string {
	w.t.Helper()
	fs, err := deadline.FiresOf(ctx, w.reader(), c.Matter)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, f := range fs {
		if f.Clock == c.ID.Key {
			out = append(out, f.Kind+" "+string(f.Due)[5:])
		}
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

// risen lists the clocks that rose from one.
func (w *world) risen(c deadline.Clock) []deadline.Clock {
	w.t.Helper()
	all, err := deadline.OfMatter(ctx, w.reader(), c.Matter)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []deadline.Clock
	for _, x := range all {
		if x.Rule == flow.RuleRisen && x.About == c.ID.Key {
			out = append(out, x)
		}
	}
	return out
}

// exactlyOnce holds the rows against the logs: every fire stands in one act and no act names another, every rise opened
// one clock above, and the ledger verifies.
func (w *world) exactlyOnce() {
	w.t.Helper()
	for _, bad := range contradictions(w.t, w.App.DB, apptest.City) {
		w.t.Error(bad)
	}
}

func contradictions(t testing.TB, d *db.DB, city id.City) (bad []string) {
	t.Helper()
	r := d.In(city)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	said := map[string]int{}
	bodies, err := db.Column[[]byte](ctx, r, `SELECT body FROM acts WHERE city_id = $1 AND action = 'clock.fire'`)
	must(err)
	for _, b := range bodies {
		var act struct {
			Params struct{ Fires []string }
		}
		must(json.Unmarshal(b, &act))
		for _, f := range act.Params.Fires {
			said[f]++
		}
	}
	rows, err := db.Column[string](ctx, r, `SELECT clock_id || ' ' || kind FROM fires WHERE city_id = $1`)
	must(err)
	for _, f := range rows {
		said[f]--
	}
	for f, n := range said {
		if n != 0 {
			bad = append(bad, fmt.Sprintf("%s: %d acts too many", f, n))
		}
	}
	rises := map[string]int{}
	abouts, err := db.Column[string](ctx, r, `SELECT about FROM clocks WHERE city_id = $1 AND rule = 'risen.act'`)
	must(err)
	for _, a := range abouts {
		rises[a]++
	}
	from, err := db.Column[string](ctx, r, `SELECT clock_id FROM fires WHERE city_id = $1 AND kind = 'rise'`)
	must(err)
	for _, c := range from {
		rises[c]--
	}
	for c, n := range rises {
		if n != 0 {
			bad = append(bad, fmt.Sprintf("clock %s opened %d clocks above too many", c, n))
		}
	}
	rep, err := ledger.Verify(ctx, r, app.Covered(), nil, nil)
	must(err)
	for _, f := range rep.Findings {
		bad = append(bad, fmt.Sprintf("verify: %+v", f))
	}
	return bad
}
