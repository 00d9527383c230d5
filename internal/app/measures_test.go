package app_test

import (
	"reflect"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

var checkRollups = measure.Check

// year asks for a unit's measures of 2026 as of its middle of October.
func year(u access.Unit) measure.Query {
	return measure.Query{Unit: u, From: "2026-01-01", To: "2026-12-31", Who: access.ByProgram(u.ID.City)}
}

func value(t *testing.T, w *apptest.World, name, unit string, to calendar.Date) measure.Value {
	t.Helper()
	d, err := w.App.Measures.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	q := year(w.Units[unit])
	q.To = to
	v, err := d.Value(apptest.Ctx, w.App.DB.In(q.Unit.ID.City), q)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// TestStaffMeasures computes the establishment of the small city from its rows, lets somebody leave, and asks again
// about the day before.
func TestStaffMeasures(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		for _, c := range []struct {
			name, unit string
			num, den   int64
		}{
			{"staff.posts", "city", 7, 0}, // vacancies are posts; a township that was never given one lacks nothing
			{"staff.held", "city", 7, 0},
			{"staff.held", "full", 3, 0},
			{"staff.townships_short", "city", 0, 0},
			{"staff.secretary.age_mean", "city", 3 * (41*12 + 9), 3},
			{"staff.secretary.tenure_2y_share", "county", 2, 2},
			{"staff.full_time_share.secretary", "county", 2, 2},
			{"staff.stationed_share", "county", 0, 4},
		} {
			v := value(t, w, c.name, c.unit, "2026-12-31")
			if v.Numerator != c.num || v.Denominator != c.den {
				t.Errorf("%s of %s is %d/%d, want %d/%d", c.name, c.unit, v.Numerator, v.Denominator, c.num, c.den)
			}
		}
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "holding.end", Organ: w.Units["county"].ID}, w.App.Org.Leave(apptest.Ctx, tx, w.Who["lone"].Holding, "2026-10-01", "promoted_county", "县纪委监委")
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			to  calendar.Date
			num int64
		}{{"2026-09-30", 0}, {"2026-10-01", 1}} {
			if v := value(t, w, "staff.vacant.secretary", "county", c.to); v.Numerator != c.num {
				t.Errorf("on %s %d secretaries are missing, want %d", c.to, v.Numerator, c.num)
			}
			if v := value(t, w, "staff.townships_short", "city", c.to); v.Numerator != c.num {
				t.Errorf("on %s %d townships are short, want %d", c.to, v.Numerator, c.num)
			}
		}
		w.Verify()
	})
}

// everyRow reads the rows behind a measure from page to page, few at a time.
func everyRow(t *testing.T, d *db.DB, def measure.Def, q measure.Query, who access.Actor) (all measure.RowList) {
	t.Helper()
	at := measure.Turn{Limit: 5}
	for range 200 {
		l, err := def.Rows(apptest.Ctx, d.In(apptest.City), q, who, at)
		if err != nil {
			t.Fatalf("rows of %s of %s: %v", def.Name, q.Unit.Name, err)
		}
		if len(l.Rows) > at.Limit {
			t.Fatalf("%s: %d rows on a page of %d", def.Name, len(l.Rows), at.Limit)
		}
		all.Columns, all.Rows = l.Columns, append(all.Rows, l.Rows...)
		if l.Next == (measure.Cursor{}) {
			return all
		}
		again, err := measure.ParseCursor(l.Next.String())
		if err != nil || again != l.Next {
			t.Fatalf("%s: the next page begins after %q, read back as %+v: %v", def.Name, l.Next, again, err)
		}
		at.After = again
	}
	t.Fatalf("the pages of %s have no end", def.Name)
	return all
}

// TestRowsAreTheValue holds every measure against the rows behind it, at every level, after a letter went all the way
// and others stand open, late or merged (T65).
func TestRowsAreTheValue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		worked(t, w)
		shared := map[string]*measure.Read{}
		for _, unit := range []string{"city", "county", "full", "county.office1", "other"} {
			shared[unit] = w.App.Measures.Read()
		}
		for _, def := range w.App.Measures.All() {
			for unit := range shared {
				q := year(w.Units[unit])
				v, err := def.Value(apptest.Ctx, d.In(apptest.City), q)
				if err != nil {
					t.Fatalf("%s of %s: %v", def.Name, unit, err)
				}
				many := q
				many.Read = shared[unit]
				if x, err := def.Value(apptest.Ctx, d.In(apptest.City), many); err != nil || !reflect.DeepEqual(x, v) {
					t.Errorf("%s of %s is %v by itself and %v among all (%v)", def.Name, unit, v, x, err)
				}
				rows := everyRow(t, d, def, q, q.Who)
				var num, rest, n int64
				for _, l := range rows.Rows {
					if len(l.Cells) != len(rows.Columns) {
						t.Fatalf("%s: a row has %d cells for %d columns", def.Name, len(l.Cells), len(rows.Columns))
					}
					if l.Counts {
						num, n = num+l.N, n+1
					} else {
						rest += l.N
					}
				}
				den := map[measure.Unit]int64{measure.Number: 0, measure.Share: num + rest, measure.Mean: n, measure.Days: n, measure.Years: n, measure.Growth: rest}[def.Unit]
				if num != v.Numerator || den != v.Denominator {
					t.Errorf("%s of %s is %d/%d, its rows %d/%d", def.Name, unit, v.Numerator, v.Denominator, num, den)
				}
				var parts int64
				for _, p := range v.By {
					parts += p.N
				}
				if len(v.By) > 0 && parts != v.Numerator {
					t.Errorf("%s of %s: its kinds make %d of %d", def.Name, unit, parts, v.Numerator)
				}
			}
		}
		if v := value(t, w, "clue.opened", "county", "2026-12-31"); v.Numerator == 0 {
			t.Error("nothing was counted at all")
		}
	})
}

// worked lets some work happen in the small city.
func worked(t *testing.T, w *apptest.World) {
	t.Helper()
	for i, day := range []calendar.Date{"2026-10-12", "2026-10-12", "2026-10-13"} {
		w.On(day)
		in := entry(w)
		in.Received, in.Named = day, i == 0
		in.Channel = []string{"letter", "call", "letter"}[i]
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			continue // stays on the counter and becomes late
		}
		w.Do("intake", e.ID, "accept", nil)
		if i == 0 {
			c := child(t, w, e.ID, "clue")
			w.Do("supervision", c, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
			w.Do("handler", c, "propose", vals{"disposal": {"close"}, "close_ground": {"vague"}, "reason": {"笼统，无可查线索。"}, "studied_on": {"2026-10-12"}, "studied_by": {"姜、戚、谢三人"}})
			w.Approve("head", c)
			w.Approve("deputy", c)
		}
	}
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "holding.end", Organ: w.Units["county"].ID}, w.App.Org.Leave(apptest.Ctx, tx, w.Who["twpdeputy"].Holding, "2026-10-12", "transferred", "")
	})
	if err != nil {
		t.Fatal(err)
	}
	w.On("2026-12-30")
}
