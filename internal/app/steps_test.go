package app_test

import (
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestDaysPerStep walks a letter and its clue through their steps on known days, takes the clue up again after it had been
// closed, and asks how long each step took, and whose days those are.
func TestDaysPerStep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.On("2026-10-12")
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entry(w))
		if err != nil {
			t.Fatal(err)
		}
		w.On("2026-10-14")
		w.Do("intake", e.ID, "accept", nil)
		c := child(t, w, e.ID, "clue")
		w.On("2026-10-19")
		w.Do("supervision", c, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
		propose := func() {
			w.Do("handler", c, "propose", vals{"disposal": {"close"}, "close_ground": {"vague"}, "reason": {"笼统，无可查线索。"}, "studied_on": {string(w.App.DB.Today())}, "studied_by": {"姜、戚、谢三人"}})
		}
		w.On("2026-10-23")
		propose()
		w.On("2026-10-28") // the wait for signatures is part of the step
		w.Approve("head", c)
		w.Approve("deputy", c)
		w.Do("handler", c, "settle", vals{"on": {"2026-10-28"}}) // on the day it came: a step of no days counts as well
		w.On("2026-12-20")
		m := w.Matter(c)
		if m.State != "closed" {
			t.Fatalf("the clue is %s", m.State)
		}
		w.Do("supervision", c, "reopen", vals{"reason": {"有新的具体情节，需要重新处置。"}})
		w.On("2026-12-22")
		w.Approve("deputy", c)
		for _, x := range []struct {
			name, unit string
			days, of   int64
			parts      []measure.Part
		}{
			// The letter waited to be answered until its clue was taken up again.
			{"tipoff.step_days", "county", 2 + 14 + 55, 3, []measure.Part{{Dim: "result", N: 55, Of: 1}, {Dim: "in_hand", N: 14, Of: 1}, {Dim: "received", N: 2, Of: 1}}},
			// The 53 days for which it was closed are no step; the two for which taking it up again waited for signatures are.
			{"clue.step_days", "county", 5 + 9 + 0 + 2, 4, []measure.Part{{Dim: "opinion", N: 9, Of: 1}, {Dim: "pool", N: 5, Of: 1}, {Dim: "closed", N: 2, Of: 1}, {Dim: "settle", N: 0, Of: 1}}},
			{"clue.step_days", "county.office1", 9 + 0 + 2, 3, []measure.Part{{Dim: "opinion", N: 9, Of: 1}, {Dim: "closed", N: 2, Of: 1}, {Dim: "settle", N: 0, Of: 1}}},
			{"clue.step_days", "other", 0, 0, nil},
		} {
			v := value(t, w, x.name, x.unit, "2026-12-31")
			if v.Numerator != x.days || v.Denominator != x.of || len(v.By) != len(x.parts) {
				t.Errorf("%s of %s is %+v, want %d days over %d", x.name, x.unit, v, x.days, x.of)
				continue
			}
			for i, p := range x.parts {
				if v.By[i] != p {
					t.Errorf("%s of %s: step %d is %+v, want %+v", x.name, x.unit, i, v.By[i], p)
				}
			}
		}
		twice := value(t, w, "clue.step_days", "county", "2026-12-31")
		if sum := twice.Add(twice); sum.Numerator != 32 || sum.Denominator != 8 || sum.By[0] != (measure.Part{Dim: "opinion", N: 18, Of: 2}) {
			t.Errorf("the sum over two tenants is %+v", sum)
		}
		def, err := w.App.Measures.Get("clue.step_days")
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range everyRow(t, d, def, year(w.Units["county"]), w.As("supervision")).Rows {
			if l.Link == "" || l.Cells[4] != map[string]string{"pool": "5", "opinion": "9", "settle": "0", "closed": "2"}[l.Cells[3]] {
				t.Errorf("a row is %+v", l)
			}
		}
		w.Verify()
	})
}
