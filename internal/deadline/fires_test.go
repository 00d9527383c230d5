package deadline_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// Opened after its warnings would have come, a clock has none; the end itself still counts.
func TestOpenedLate(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.On("2026-10-29")
	c := w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head)
	gone := w.clock(w.matter("county"), notice, "2026-09-01", "full", access.Head)
	for day := date("2026-10-29"); day < "2026-11-10"; day = day.AddDays(1) {
		w.On(day)
		w.pass()
	}
	if got := w.fired(c); got != "late 11-02, rise 11-02, warn1 11-02, warn3 11-02" {
		t.Errorf("four days before the end: %s", got)
	}
	if got := w.fired(gone); got != "late 09-21, rise 09-21" {
		t.Errorf("after its end: %s", got)
	}
	if _, err := deadline.Get(ctx, w.reader(), "none"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no clock: %v", err)
	}
}

// Whoever keeps a clock from rising by a row of their own, or hides that it rose, is found out. D24, T54
func TestFiresAreCovered(t *testing.T) {
	put := func(w *world, c deadline.Clock) {
		w.raw(`INSERT INTO fires (city_id, clock_id, kind, due_on, at, matter_id, log_id) VALUES ($1, $2, 'rise', $3, 0, $4, $5)`,
			int64(apptest.City), c.ID.Key, string(c.Due), c.Matter, c.Organ.Key)
	}
	drills := []struct {
		name, what    string
		before, after func(w *world, c deadline.Clock)
	}{
		{"put in before the pass", "row_unknown", put, nil},
		{"deleted", "row_missing", nil, func(w *world, c deadline.Clock) {
			w.raw(`DELETE FROM fires WHERE clock_id = $1 AND kind = 'rise'`, c.ID.Key)
		}},
		{"back-dated", "row_changed", nil, func(w *world, c deadline.Clock) {
			w.raw(`UPDATE fires SET at = at - 1 WHERE clock_id = $1 AND kind = 'rise'`, c.ID.Key)
		}},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var cs []deadline.Clock
		for _, x := range drills {
			c := w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head)
			if x.before != nil {
				x.before(w, c)
			}
			cs = append(cs, c)
		}
		w.On("2026-11-03")
		w.pass()
		for i, x := range drills {
			if x.after != nil {
				x.after(w, cs[i])
			}
		}
		rep, err := ledger.Verify(ctx, w.reader(), app.Covered(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]ledger.Finding{}
		for _, f := range rep.Findings {
			found[f.Row] = f
		}
		for i, x := range drills {
			row := "fires/" + cs[i].ID.Key + "/rise/" + string(cs[i].Due)
			if f := found[row]; f.What != x.what || f.Seq < 0 != (x.what == "row_unknown") {
				t.Errorf("%s: found %+v, want %s", x.name, f, x.what)
			}
		}
		if len(found) != len(drills) {
			t.Errorf("found %+v", rep.Findings)
		}
	})
}

func (w *world) raw(text string, args ...any) {
	w.t.Helper()
	if _, err := w.App.DB.Raw().Exec(text, args...); err != nil {
		w.t.Fatal(err)
	}
}
