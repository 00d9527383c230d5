package deadline_test

import (
	"encoding/json"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// clocks are the two clocks of a host that a test can set.
type clocks struct {
	*world
	watch *deadline.Watch
	mono  time.Duration
}

func newClocks(t testing.TB, d *db.DB) *clocks {
	c := &clocks{world: newWorld(t, d)}
	c.Hire("citysysadmin", "贝系", "sysadmin", "city")
	c.restart()
	c.look(false)
	return c
}

// restart begins a new process: it knows nothing but what is stored.
func (c *clocks) restart() {
	c.watch = deadline.NewWatch(c.App.Ledger)
	c.watch.Mono = func() time.Duration { return c.mono }
}

// tick lets time go by; jump sets the wall clock.
func (c *clocks) tick(d time.Duration) { c.Now, c.mono = c.Now.Add(d), c.mono+d }
func (c *clocks) jump(d time.Duration) { c.Now = c.Now.Add(d) }

func (c *clocks) look(want bool) {
	c.t.Helper()
	held, err := c.watch.Look(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	if held != want {
		c.t.Errorf("at %s: on hold %v, want %v", c.Now.Format(time.DateTime), held, want)
	}
}

// said counts the acts of an action in the head organ's log of each tenant, province first.
func (c *clocks) said(action string) (n [2]int) {
	c.t.Helper()
	for i, top := range []string{"province", "city"} {
		u := c.Units[top]
		seqs, err := db.Column[int64](ctx, c.App.DB.In(u.ID.City), `SELECT seq FROM acts WHERE city_id = $1 AND log_id = $2 AND action = $3`, u.ID.Key, action)
		if err != nil {
			c.t.Fatal(err)
		}
		n[i] = len(seqs)
	}
	return n
}

func (c *clocks) want(action string, n int) {
	c.t.Helper()
	if got := c.said(action); got != [2]int{n, n} {
		c.t.Errorf("%s stands %v times in the logs, want %d in each", action, got, n)
	}
}

func (c *clocks) watchedPass() (int, error) {
	return c.watch.Pass(ctx, c.k, apptest.City, c.App.Engine.Effects())
}

// A jump forward is an act and holds firing until somebody answers for the clock; intake and moves go on. D5
func TestJumpForwardHoldsFiring(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClocks(t, d)
		k := c.clock(c.matter("county"), notice, "2026-10-12", "full", access.Head)
		for range 30 {
			c.tick(time.Minute)
			c.jump(2 * time.Second) // a slow drift is no jump
			c.look(false)
		}
		c.jump(9 * time.Minute)
		c.look(false)
		before := c.Now
		c.jump(30 * 24 * time.Hour)
		c.look(true)
		c.want("clock.jump", 1)
		for range 3 {
			c.tick(time.Minute)
			c.look(true)
		}
		c.want("clock.jump", 1)
		if n, err := c.watchedPass(); n != 0 || fault.Code(err) != "clock.held" {
			t.Errorf("a watched pass: %d, %v", n, err)
		}
		if n, err := c.k.Pass(ctx, c.App.Ledger, apptest.City, d.Today(), c.App.Engine.Effects()); n != 0 || fault.Code(err) != "clock.held" {
			t.Errorf("a pass that does not know of the watch: %d, %v", n, err)
		}
		if c.fired(k) != "" {
			t.Errorf("fell due: %s", c.fired(k))
		}
		letter(c.world)
		c.mustAdd(k, extended("", 1, wd))
		var body []byte
		if err := c.reader().Row(ctx, `SELECT body FROM acts WHERE city_id = $1 AND action = 'clock.jump'`).Scan(&body); err != nil {
			t.Fatal(err)
		}
		var act struct {
			Params struct{ From, To calendar.Instant }
		}
		if err := json.Unmarshal(body, &act); err != nil || act.Params.From != calendar.InstantOf(before) || act.Params.To-act.Params.From != 30*24*3600e6 {
			t.Errorf("%v: %s", err, body)
		}
		if err := c.watch.Release(ctx, c.As("sysadmin"), "已核对"); fault.Code(err) != "clock.not_tender" {
			t.Errorf("a county's administrator: %v", err)
		}
		if err := c.watch.Release(ctx, c.As("principal"), "已核对"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a principal: %v", err)
		}
		if err := c.watch.Release(ctx, c.As("citysysadmin"), ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("without a word: %v", err)
		}
		c.look(true)
		if err := c.watch.Release(ctx, c.As("citysysadmin"), "已与授时核对，时间无误"); err != nil {
			t.Fatal(err)
		}
		c.want("clock.release", 1)
		if err := c.watch.Release(ctx, access.ByOperator(apptest.City), "again"); fault.Code(err) != "clock.not_held" {
			t.Errorf("released twice: %v", err)
		}
		c.look(false)
		if n, err := c.watchedPass(); n == 0 || err != nil {
			t.Errorf("after the release: %d, %v", n, err)
		}
		c.exactlyOnce()
		c.Verify()
	})
}

// After a jump backward firing waits until the clock shows again what it had shown, or until somebody releases it.
func TestJumpBackward(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClocks(t, d)
		c.tick(time.Minute)
		c.jump(-24 * time.Hour)
		c.look(true)
		c.tick(23 * time.Hour)
		c.look(true)
		c.restart() // what is on hold stays on hold
		c.look(true)
		c.tick(time.Hour)
		c.look(false)
		c.want("clock.jump", 1)
		c.want("clock.release", 1)
		c.tick(time.Minute)
		c.look(false)

		c.jump(-time.Hour)
		c.look(true)
		if err := c.watch.Release(ctx, access.ByOperator(apptest.City), "时间原先快了一小时"); err != nil {
			t.Fatal(err)
		}
		c.tick(time.Minute)
		c.look(false)
		c.restart()
		c.look(false) // what was seen before the release counts no more
		c.want("clock.jump", 2)
		c.want("clock.release", 2)
		c.Verify()
	})
}

// A jump that is taken back ends its own hold: nothing fired in between, and the clock is right again.
func TestJumpTakenBack(t *testing.T) {
	for name, by := range map[string]time.Duration{"forward": 24 * time.Hour, "backward": -3 * time.Hour} {
		for _, restarted := range []bool{false, true} {
			if restarted {
				name += " over a restart"
			}
			t.Run(name, func(t *testing.T) {
				c := newClocks(t, dbtest.SQLite(t))
				c.tick(time.Minute)
				c.jump(by)
				c.look(true)
				c.tick(7 * time.Minute)
				c.look(true)
				if restarted {
					c.restart()
					c.tick(time.Minute)
				}
				c.jump(-by)
				c.look(false)
				c.restart()
				c.look(false)
				n := 2
				if restarted && by < 0 {
					n = 1 // a jump forward while the program was down: the clock has caught up, that is all one can see
				}
				c.want("clock.jump", n)
				c.Verify()
			})
		}
	}
	c := newClocks(t, dbtest.SQLite(t))
	c.jump(time.Hour)
	c.look(true)
	c.jump(-5 * time.Hour) // further back than it came from
	c.look(true)
	c.tick(3*time.Hour + 30*time.Minute)
	c.look(true)
	c.tick(30 * time.Minute)
	c.look(false) // the truth before both jumps has come again
	c.want("clock.jump", 2)
	c.want("clock.release", 1)
}

// Time that went on while the program was down is downtime, however long; time that ran backward is a jump.
func TestAcrossRestarts(t *testing.T) {
	c := newClocks(t, dbtest.SQLite(t))
	c.restart()
	c.jump(40 * 24 * time.Hour)
	c.look(false)
	c.restart()
	c.jump(-9 * time.Minute)
	c.look(false)
	c.restart()
	c.jump(-2 * time.Minute)
	c.look(true)
	c.want("clock.jump", 1)
	// A process that is stopped and goes on has seen both clocks move.
	c.restart()
	c.tick(12 * time.Minute)
	c.look(false)
	c.tick(5 * time.Hour)
	c.look(false)
	c.want("clock.jump", 1)
}

// A crash after the first of several logs was told leaves the others owed, and each is told once.
func TestJumpToldToEveryLogOnce(t *testing.T) {
	d := dbtest.SQLite(t)
	c := newClocks(t, d)
	raw := func(text string) {
		t.Helper()
		if _, err := d.Raw().Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	raw(`CREATE TRIGGER crash BEFORE INSERT ON acts WHEN NEW.city_id = 2 AND NEW.action LIKE 'clock.%' BEGIN SELECT RAISE(ABORT, 'crash'); END`)
	c.jump(time.Hour)
	if _, err := c.watch.Look(ctx); err == nil {
		t.Fatal("no crash")
	}
	if got := c.said("clock.jump"); got != [2]int{1, 0} {
		t.Errorf("told %v", got)
	}
	if _, held, err := deadline.Held(ctx, c.reader()); err != nil || !held {
		t.Errorf("on hold %v, %v", held, err)
	}
	if err := c.watch.Release(ctx, c.As("citysysadmin"), "已核对"); err == nil {
		t.Error("no crash in the release")
	}
	raw(`DROP TRIGGER crash`)
	c.restart()
	for range 3 {
		c.look(false)
	}
	c.want("clock.jump", 1)
	c.want("clock.release", 1)
	c.Verify()
}

// Two processes on one host see the same jump and record it once.
func TestJumpSeenByTwo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClocks(t, d)
		first := c.watch
		c.restart()
		c.look(false)
		c.tick(time.Minute)
		c.jump(time.Hour)
		c.look(true)
		if err := c.watch.Release(ctx, access.ByOperator(apptest.City), "已核对"); err != nil {
			t.Fatal(err)
		}
		c.tick(20 * time.Second)
		if held, err := first.Look(ctx); held || err != nil {
			t.Errorf("the other process: %v, %v", held, err)
		}
		c.want("clock.jump", 1)
		c.Verify()
	})
}

// T19 with the watch: nothing falls due on a day that has not come, twice, or never.
func TestWatchedClockJumps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClocks(t, d)
		for _, x := range []struct{ start, due date }{{"2026-10-12", noticeDue}, {"2026-12-10", "2026-12-31"}, {"2028-02-08", "2028-02-29"}} {
			c.On(x.start)
			k := c.clock(c.matter("county"), notice, x.start, "full", access.Head)
			if k.Due != x.due {
				t.Fatalf("from %s: due %s", x.start, k.Due)
			}
			c.On(x.due.AddDays(-9))
			c.restart()
			for c.Now.Before(calendar.StartOf(x.due.AddDays(4)).Time()) {
				for _, j := range []time.Duration{0, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, 8 * time.Minute, -8 * time.Minute} {
					c.tick(time.Minute)
					c.jump(j)
					if _, err := c.watchedPass(); err != nil && fault.Code(err) != "clock.held" {
						t.Fatal(err)
					}
				}
				c.tick(11 * time.Hour) // every jump was taken back by the next
				if _, err := c.watchedPass(); err != nil {
					t.Fatal(err)
				}
			}
			fs, err := deadline.FiresOf(ctx, c.reader(), k.Matter)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, f := range fs {
				if f.Clock != k.ID.Key {
					continue
				}
				n++
				days := map[string]int{"warn7": -7, "warn3": -3, "warn1": -1, "late": 1, "rise": 1}[f.Kind]
				on := x.due.AddDays(days)
				for days < 0 && !c.k.Calendar().Working(on) {
					on = on.AddDays(-1)
				}
				if f.At.Date() != on {
					t.Errorf("%s for %s fell due on %s, want %s", f.Kind, x.due, f.At.Date(), on)
				}
			}
			if n != 5 {
				t.Errorf("%d fell due for %s", n, x.due)
			}
		}
		c.exactlyOnce()
	})
}
