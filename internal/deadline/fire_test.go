package deadline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// 15 working days from Monday 2026-10-12 end on Monday 2026-11-02.
const notice, noticeDue = "tipoff.notice", date("2026-11-02")

// Each warning, lateness and rise comes on its day and once, however often a pass looks. A warning whose day is off
// comes on the last working day before it. D24, T62
func TestEachFallsDueOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head)
		if c.Due != noticeDue || c.FireOn != "2026-10-26" {
			t.Fatalf("due %s, wakes on %s", c.Due, c.FireOn)
		}
		// A Sunday is no day to be warned on: the last day before comes on the Friday.
		want := map[date]string{"2026-10-26": "warn7", "2026-10-30": "warn1, warn3", "2026-11-03": "late, rise"}
		before := ""
		for day := date("2026-10-13"); day <= "2026-11-12"; day = day.AddDays(1) {
			w.On(day)
			n := w.pass()
			if again := w.pass(); again != 0 {
				t.Errorf("%s: a second pass let %d things fall due", day, again)
			}
			var now []string
			for _, f := range strings.Split(w.fired(c), ", ") {
				if kind, _, _ := strings.Cut(f, " "); f != "" && !strings.Contains(before, f) {
					now = append(now, kind)
				}
			}
			before = w.fired(c)
			if got := strings.Join(now, ", "); got != want[day] {
				t.Errorf("%s: %q fell due, want %q (%d in all)", day, got, want[day], n)
			}
		}
		w.exactlyOnce()
	})
}

// Warnings begin with the first minute of their day. T62, T63
func TestFallsDueToTheMinute(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	c := w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head)
	w.On("2026-10-26")
	midnight := w.Now.Add(-9 * 3600e9)
	w.Now = midnight.Add(-1e3) // a microsecond before
	if w.pass(); w.fired(c) != "" {
		t.Errorf("before midnight: %s", w.fired(c))
	}
	w.Now = midnight
	if w.pass(); w.fired(c) != "warn7 11-02" {
		t.Errorf("at midnight: %s", w.fired(c))
	}
}

// A legal clock rises to where D24 sends it; the duty below stays open and late.
func TestRisesOneLevel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		cases := []struct {
			name, register, unit string
			role                 access.Role
			to                   id.ID
			toRole               access.Role
		}{
			{"a township's", "county", "full", access.Head, w.Units["county"].ID, access.Deputy},
			{"an office's", "county", "county.office1", access.Handler, w.Units["city"].ID, access.Intake},
			{"the county's own", "county", "county", access.Intake, w.Units["city"].ID, access.Intake},
			{"the city's own", "city", "city", access.Intake, w.Units["province"].ID, access.Intake},
		}
		var cs []deadline.Clock
		for _, c := range cases {
			cs = append(cs, w.clock(w.matter(c.register), notice, "2026-10-12", c.unit, c.role))
		}
		local := w.clock(w.matter("county"), "clue.assign", "2026-10-12", "county", access.Supervision)
		w.On("2026-11-03")
		w.pass()
		for i, c := range cases {
			up := w.risen(cs[i])
			if len(up) != 1 || up[0].OwedBy != c.to || up[0].OwedRole != c.toRole || up[0].Start != "2026-11-03" {
				t.Errorf("%s rose to %+v, want %s %s", c.name, up, c.toRole, c.to)
			}
			if low := w.get(cs[i]); low.State != deadline.StateOpen || !low.Late("2026-11-03") || low.OwedBy != w.Units[c.unit].ID {
				t.Errorf("%s: the duty below is %+v", c.name, low)
			}
			if m := w.Matter(id.ID{City: apptest.City, Key: cs[i].Matter}); !m.Is(flow.FlagRisen) || m.Due != noticeDue {
				t.Errorf("%s: flags %q, due %s", c.name, m.Flags, m.Due)
			}
		}
		if up, fired := w.risen(local), w.fired(local); len(up) != 0 || fired != "late 10-19, warn1 10-19" {
			t.Errorf("a local clock: %v rose, %s", up, fired)
		}
		// What rose is itself only local: it never rises further.
		w.On("2027-03-01")
		w.pass()
		for i, c := range cases {
			if up := w.risen(cs[i]); len(up) != 1 || len(w.risen(up[0])) != 0 || !strings.Contains(w.fired(up[0]), "late") {
				t.Errorf("%s: later %+v, %s", c.name, up, w.fired(up[0]))
			}
		}
		w.exactlyOnce()
	})
}

func letter(w *world) id.ID {
	w.t.Helper()
	e, err := w.App.Intake.Enter(ctx, w.As("intake"), intake.Entry{
		Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "主任", Rank: "staff", Category: "c2", PartyMember: true},
		Channel: "letter", Received: w.App.DB.Today(), Original: "来信原文", Title: "反映虚报管护费", Summary: "来信反映虚报管护费，数额不详。", Discipline: "integrity",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return e.ID
}

// Meeting the duty, or urging it, is what the level above was called for.
func TestMeetingOrUrgingEndsTheRise(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		met, urged, read := letter(w), letter(w), letter(w)
		w.On("2026-10-20") // five working days have gone by
		w.pass()
		first := func(m id.ID) deadline.Clock {
			cs, err := deadline.OfMatter(ctx, w.reader(), m.Key)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cs {
				if c.Rule == "tipoff.first_action" {
					return c
				}
			}
			t.Fatal("no first action")
			return deadline.Clock{}
		}
		for _, m := range []id.ID{met, urged, read} {
			if up := w.risen(first(m)); len(up) != 1 || !up[0].Running() {
				t.Fatalf("rose: %+v", up)
			}
		}
		w.Do("intake", met, "accept", nil)
		if low, up := first(met), w.risen(first(met)); low.State != deadline.StateDone || low.Ended != "2026-10-20" || low.Due != "2026-10-19" || up[0].State != deadline.StateDone {
			t.Errorf("accepted: %+v, above %+v", low, up)
		}
		if _, err := w.App.Engine.Urge(ctx, w.As("cityintake"), urged, flow.ClockMove{Clock: first(urged).ID.Key, Version: w.Matter(urged).Version, Reason: "请抓紧"}); err != nil {
			t.Fatal(err)
		}
		if low, up := first(urged), w.risen(first(urged)); low.State != deadline.StateOpen || !low.Late("2026-10-20") || up[0].State != deadline.StateDone {
			t.Errorf("urged: %+v, above %+v", low, up)
		}
		if _, err := w.App.Engine.Seen(ctx, w.As("citychief"), read, flow.ClockMove{Clock: w.risen(first(read))[0].ID.Key, Version: w.Matter(read).Version, Reason: "已责令办理。"}); err != nil {
			t.Fatal(err)
		}
		if up := w.risen(first(read)); up[0].State != deadline.StateDone {
			t.Errorf("read: above %+v", up)
		}
		w.On("2026-11-20")
		w.pass()
		for _, m := range []id.ID{urged, read} {
			if up := w.risen(first(m)); len(up) != 1 {
				t.Errorf("rose again: %+v", up)
			}
		}
		w.exactlyOnce()
	})
}

// A clock that stands lets nothing fall due; resumed, it warns for its new day.
func TestPausedFiresNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head)
		w.On("2026-10-20")
		if c = w.mustAdd(c, deadline.Entry{Kind: deadline.Paused, Reason: "illness"}); c.State != deadline.StatePaused || c.FireOn != "" || c.Due != noticeDue {
			t.Fatalf("paused: %+v", c)
		}
		if _, err := w.add(c, deadline.Entry{Kind: deadline.Paused}); fault.Code(err) != "clock.paused_already" {
			t.Errorf("paused twice: %v", err)
		}
		w.On("2026-12-01")
		w.pass()
		if w.fired(c) != "" || w.Matter(id.ID{City: apptest.City, Key: c.Matter}).Due != "" {
			t.Errorf("paused, and %s fell due", w.fired(c))
		}
		// 5 days were counted, 10 are left: 1 to 11 December, and the 14th.
		if c = w.mustAdd(c, deadline.Entry{Kind: deadline.Resumed}); c.Due != "2026-12-14" || c.FireOn != "2026-12-07" {
			t.Fatalf("resumed: due %s, wakes %s", c.Due, c.FireOn)
		}
		if _, err := w.add(c, deadline.Entry{Kind: deadline.Resumed}); fault.Code(err) != "clock.not_paused" {
			t.Errorf("resumed twice: %v", err)
		}
		if _, err := w.add(c, deadline.Entry{Kind: deadline.Paused, On: "2026-11-20"}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a pause inside the pause before: %v", err)
		}
		w.On("2026-12-31")
		w.pass()
		if got := w.fired(c); got != "late 12-14, rise 12-14, warn1 12-14, warn3 12-14, warn7 12-14" {
			t.Errorf("after the pause: %s", got)
		}
		w.exactlyOnce()
	})
}

// An extension moves the warnings; they come for the new day, never twice for the same.
func TestExtensionWarnsAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		moved := w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head)
		back := w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head)
		same := w.clock(w.matter("county"), "clue.opinion", "2026-10-14", "full", access.Head) // 14 November is a Saturday: the 16th
		w.On("2026-10-27")
		w.pass()
		moved = w.mustAdd(moved, extended("", 5, wd))
		if moved.Due != "2026-11-09" || moved.FireOn != "2026-11-02" {
			t.Errorf("extended: due %s, wakes %s", moved.Due, moved.FireOn)
		}
		back = w.mustAdd(back, extended("", 5, wd))
		back = w.mustAdd(back, retargeted("", 15, wd))
		if back.Due != noticeDue || back.FireOn != "2026-10-30" {
			t.Errorf("back: due %s, wakes %s", back.Due, back.FireOn)
		}
		for day := date("2026-10-28"); day < "2026-11-10"; day = day.AddDays(1) {
			w.On(day)
			w.pass()
		}
		w.On("2026-11-10")
		if same = w.mustAdd(same, extended("", 1, dd)); same.Due != "2026-11-16" || same.FireOn != "2026-11-13" {
			t.Errorf("extended by a Sunday: due %s, wakes %s", same.Due, same.FireOn)
		}
		for day := date("2026-11-10"); day < "2026-11-20"; day = day.AddDays(1) {
			w.On(day)
			w.pass()
		}
		for _, x := range []struct {
			name string
			c    deadline.Clock
			want string
		}{
			{"moved", moved, "late 11-09, rise 11-09, warn1 11-09, warn3 11-09, warn7 11-02, warn7 11-09"},
			{"moved and moved back", back, "late 11-02, rise 11-02, warn1 11-02, warn3 11-02, warn7 11-02"},
			{"extended to the same day", same, "late 11-16, rise 11-16, warn1 11-16, warn3 11-16, warn7 11-16"},
		} {
			if got := w.fired(x.c); got != x.want {
				t.Errorf("%s: %s\nwant %s", x.name, got, x.want)
			}
		}
		w.exactlyOnce()
	})
}

// A pass after a month catches up with everything once, and what happens to a clock meanwhile loses no warning.
func TestMissedDaysLoseNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head)
		handed := w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head)
		stood := w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head)
		w.On("2026-10-28") // the first warning was due two days ago and no pass ran
		w.write(func(tx *ledger.Tx) error {
			m, err := flow.Lock(ctx, tx, handed.Matter)
			if err != nil {
				return err
			}
			if handed, err = w.k.Reowe(ctx, tx, handed, w.Units["single"].ID, access.Head, ""); err != nil {
				return err
			}
			return flow.Save(ctx, tx, &m)
		})
		stood = w.mustAdd(stood, paused(""))
		stood = w.mustAdd(stood, resumed(""))
		w.On("2026-12-02")
		if n := w.pass(); n != 15 {
			t.Errorf("%d fell due, want 15", n)
		}
		if n := w.pass(); n != 0 {
			t.Errorf("%d fell due again", n)
		}
		for _, c := range []deadline.Clock{c, handed, stood} {
			if got := w.fired(c); got != "late 11-02, rise 11-02, warn1 11-02, warn3 11-02, warn7 11-02" {
				t.Errorf("after a month: %s", got)
			}
		}
		w.exactlyOnce()
	})
}

// many opens clocks that have run out, a few a matter, spread over organs and offices.
func (w *world) many(matters, each int) []deadline.Clock {
	w.t.Helper()
	var out []deadline.Clock
	for i := range matters {
		m := w.matter([]string{"county", "other", "city"}[i%3])
		for range each {
			out = append(out, w.clock(m, notice, "2026-10-12", "full", access.Head))
		}
	}
	return out
}

const allOfNotice = "late 11-02, rise 11-02, warn1 11-02, warn3 11-02, warn7 11-02"

// Passes side by side, and people at work meanwhile: everything once, nothing overwritten.
func TestPassesSideBySide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.k.SetBatch(7)
		cs := w.many(20, 2)
		w.On("2026-11-05")
		today := w.App.DB.Today()
		var wg sync.WaitGroup
		errs := make([]error, 6)
		fired := make([]int, 4)
		for i := range fired {
			wg.Add(1)
			go func() {
				defer wg.Done()
				fired[i], errs[i] = w.k.Pass(ctx, w.App.Ledger, apptest.City, today, w.App.Engine.Effects())
			}()
		}
		for i := range 2 { // people who extend what just runs out
			wg.Add(1)
			go func() {
				defer wg.Done()
				for j := i; j < len(cs); j += 8 {
					if _, err := w.add(cs[j], extended("2026-11-05", 10, wd)); err != nil {
						errs[4+i] = err
					}
				}
			}()
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		w.pass()
		for i, c := range cs {
			now := w.get(c)
			switch changed := i%8 < 2; {
			case changed && (now.Due != "2026-11-16" || now.Entries != 2 || now.FireOn != "2026-11-09"):
				t.Errorf("an extension was lost: %+v", now)
			case changed && w.fired(c) != "" && w.fired(c) != allOfNotice:
				t.Errorf("half of it fell due: %s", w.fired(c))
			case !changed && w.fired(c) != allOfNotice:
				t.Errorf("fell due: %s", w.fired(c))
			}
		}
		w.exactlyOnce()
	})
}

// failing wraps effects so that rising goes wrong for some clocks.
func failing(fx deadline.Effects, wrong func(c deadline.Clock) error) deadline.Effects {
	rise := fx.Rise
	fx.Rise = func(ctx context.Context, tx *ledger.Tx, c deadline.Clock) error {
		if err := rise(ctx, tx, c); err != nil {
			return err
		}
		return wrong(c)
	}
	return fx
}

// An error between the fire and its record leaves nothing half done, and one clock that can't be handled keeps nobody
// else from being warned. T20
func TestErrorLeavesNothingHalfDone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.k.SetBatch(5)
		cs := w.many(9, 2)
		bad := cs[7]
		w.On("2026-11-05")
		fx := w.App.Engine.Effects()
		today := w.App.DB.Today()
		n, err := w.k.Pass(ctx, w.App.Ledger, apptest.City, today, failing(fx, func(c deadline.Clock) error {
			if c.ID == bad.ID {
				return errors.New("no such organ")
			}
			return nil
		}))
		if err == nil || !strings.Contains(err.Error(), bad.ID.String()) || n != 5*(len(cs)-1) {
			t.Errorf("%d fell due, %v", n, err)
		}
		if w.fired(bad) != "" || len(w.risen(bad)) != 0 || w.get(bad).FireOn != "2026-10-26" {
			t.Errorf("half done: %s, %+v", w.fired(bad), w.risen(bad))
		}
		w.exactlyOnce()
		if n := w.pass(); n != 5 {
			t.Errorf("then %d fell due", n)
		}
		for _, c := range cs {
			if w.fired(c) != allOfNotice || len(w.risen(c)) != 1 {
				t.Errorf("fell due: %s", w.fired(c))
			}
		}
		w.exactlyOnce()
	})
}

// A panic in the middle of a batch likewise. T20
func TestPanicLeavesNothingHalfDone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.k.SetBatch(5)
		cs := w.many(6, 2)
		w.On("2026-11-05")
		for round, rises := range []int{0, 3, 5, 1} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("round %d: no panic", round)
					}
				}()
				left := rises
				_, _ = w.k.Pass(ctx, w.App.Ledger, apptest.City, w.App.DB.Today(), failing(w.App.Engine.Effects(), func(deadline.Clock) error {
					if left--; left < 0 {
						panic("killed")
					}
					return nil
				})) // it panics
			}()
			w.exactlyOnce()
		}
		w.pass()
		for _, c := range cs {
			if w.fired(c) != allOfNotice || len(w.risen(c)) != 1 {
				t.Errorf("fell due: %s", w.fired(c))
			}
		}
		w.exactlyOnce()
	})
}

// T19, without a watch: whatever the clock does between passes, nothing falls due twice and nothing is lost.
func TestClockJumpsLoseNothing(t *testing.T) {
	const h = time.Hour
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for _, c := range []struct {
			name       string
			start, due date
			jumps      []time.Duration // from noon of the day before the due day, one after another
		}{
			{"an hour and back", "2026-10-12", noticeDue, []time.Duration{h, -h, h, -h}},
			{"a day forward and back", "2026-10-12", noticeDue, []time.Duration{24 * h, -24 * h, 48 * h, -48 * h}},
			{"a day back and forward", "2026-10-12", noticeDue, []time.Duration{-24 * h, 24 * h, -24 * h, 24 * h}},
			{"over midnight by an hour", "2026-10-12", noticeDue, []time.Duration{11*h + h/2, h, -h, h, -h}},
			{"over the end of the year", "2026-12-10", "2026-12-31", []time.Duration{24 * h, 24 * h, -48 * h, -24 * h, 48 * h, -24 * h}},
			{"onto the leap day and back", "2028-02-08", "2028-02-29", []time.Duration{-24 * h, 24 * h, 24 * h, -24 * h, 24 * h}},
			{"over the leap day and back", "2028-02-09", "2028-03-01", []time.Duration{-24 * h, 24 * h, 24 * h, -48 * h, 24 * h}},
		} {
			w.On(c.start)
			k := w.clock(w.matter("county"), notice, c.start, "full", access.Head)
			if k.Due != c.due {
				t.Fatalf("%s: due %s", c.name, k.Due)
			}
			w.On(c.due.AddDays(-1))
			w.Now = w.Now.Add(3 * h)
			w.pass()
			for _, j := range c.jumps {
				w.Now = w.Now.Add(j)
				w.pass()
			}
			w.On(c.due.AddDays(9))
			w.pass()
			due := string(c.due)[5:]
			if got, want := w.fired(k), fmt.Sprintf("late %[1]s, rise %[1]s, warn1 %[1]s, warn3 %[1]s, warn7 %[1]s", due); got != want {
				t.Errorf("%s: fell due: %s\nwant %s", c.name, got, want)
			}
			if len(w.risen(k)) != 1 {
				t.Errorf("%s: rose %d times", c.name, len(w.risen(k)))
			}
		}
		w.exactlyOnce()
	})
}
