package deadline_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/deadline"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestClocksAreCovered: a clock that stands still, or is due later, without an act that says so is found out, each by its row.
// T54
func TestClocksAreCovered(t *testing.T) {
	drills := []struct {
		name, row, what string
		do              func(w *world, c deadline.Clock)
	}{
		{"paused without an act", "clocks/", "row_changed", func(w *world, c deadline.Clock) {
			w.raw(`UPDATE clocks SET state = 'paused' WHERE id = $1`, c.ID.Key)
		}},
		{"a pause put in", "clock_entries/", "row_unknown", func(w *world, c deadline.Clock) {
			w.raw(`INSERT INTO clock_entries (city_id, clock_id, n, kind, on_day, at, reason) VALUES ($1, $2, 1, 'paused', '2026-10-12', 0, 'x')`, int64(apptest.City), c.ID.Key)
		}},
		{"due later", "clocks/", "row_changed", func(w *world, c deadline.Clock) {
			w.raw(`UPDATE clocks SET due_on = '2027-01-04' WHERE id = $1`, c.ID.Key)
		}},
		{"begun later", "clock_entries/", "row_changed", func(w *world, c deadline.Clock) {
			w.raw(`UPDATE clock_entries SET on_day = '2026-10-19' WHERE clock_id = $1`, c.ID.Key)
		}},
		{"gone", "clocks/", "row_missing", func(w *world, c deadline.Clock) {
			w.raw(`DELETE FROM clock_entries WHERE clock_id = $1`, c.ID.Key)
			w.raw(`DELETE FROM clocks WHERE id = $1`, c.ID.Key)
		}},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var cs []deadline.Clock
		for range drills {
			cs = append(cs, w.clock(w.matter("county"), notice, "2026-10-12", "full", access.Head))
		}
		found := func() map[string]string {
			rep, err := ledger.Verify(ctx, w.reader(), app.Covered(), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]string{}
			for _, f := range rep.Findings {
				out[f.Row] = f.What
			}
			return out
		}
		if before := found(); len(before) > 0 {
			t.Fatalf("before anything was done: %v", before)
		}
		for i, x := range drills {
			x.do(w, cs[i])
		}
		after := found()
		for i, x := range drills {
			row := x.row + cs[i].ID.Key
			if x.row == "clock_entries/" {
				row += map[string]string{"row_unknown": "/1", "row_changed": "/0"}[x.what]
			}
			if after[row] != x.what {
				t.Errorf("%s: %q, want %s; all: %v", x.name, after[row], x.what, after)
			}
		}
	})
}
