package supervise_test

import (
	"slices"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/supervise"
)

// build is the city with a register: two of a kind and one of another in a township, one in its village, the county's own two. The
// officer of the township is on its register too.
func build(t *testing.T, d *db.DB) *apptest.World {
	t.Helper()
	w := apptest.New(t, d)
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		_, err := org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{
			{Unit: w.Units["full"], Name: "丁所", Post: "财政所所长", Rank: "staff", Category: "c1", From: "2020-01-01"},
			{Unit: w.Units["full"], Name: "奚干", Post: "纪委干部", Rank: "staff", Category: "c1", Person: w.Who["officer"].Person, From: "2020-01-01"},
			{Unit: w.Units["full"], Name: "阿站", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", From: "2020-01-01"},
			{Unit: w.Units["village"], Name: "蔡村", Post: "村会计", Rank: "village", Category: "c5", From: "2020-01-01"},
			{Unit: w.Units["county"], Name: "甘局", Post: "局长", Rank: "section", Category: "c1", From: "2020-01-01"},
			{Unit: w.Units["county"], Name: "戚办", Post: "纪委干部", Rank: "staff", Category: "c1", Person: w.Who["handler"].Person, From: "2020-01-01"},
		})
		return ledger.Act{Action: "register.import", Organ: w.Units["county"].ID}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func visit(w *apptest.World, unit string, on calendar.Date, reached ...string) supervise.Check {
	return supervise.Check{Unit: w.Units[unit].ID.Key, On: on, Kind: "daily", Field: "assets", Looked: "三季度集体收支凭证", Checkers: "奚某", Result: "none", Reached: reached}
}

func enter(t *testing.T, w *apptest.World, who string, c supervise.Check) {
	t.Helper()
	if _, err := w.App.Supervise.Enter(apptest.Ctx, w.As(who), c); err != nil {
		t.Fatalf("%s: %v", who, err)
	}
}

func covered(t *testing.T, w *apptest.World, unit string, on calendar.Date) [2]int64 {
	t.Helper()
	def, err := w.App.Measures.Get(supervise.Covered)
	if err != nil {
		t.Fatal(err)
	}
	v, err := def.Value(apptest.Ctx, w.App.DB.In(apptest.City), measure.Query{Unit: w.Units[unit], From: on, To: on})
	if err != nil {
		t.Fatal(err)
	}
	return [2]int64{v.Numerator, v.Denominator}
}

// TestCoverage: by hand, at every level and on several days. A commission covers its own people never, the organ above does.
func TestCoverage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		today := d.Today()
		say := func(what string, day calendar.Date, want map[string][2]int64) {
			t.Helper()
			for unit, n := range want {
				if got := covered(t, w, unit, day); got != n {
					t.Errorf("%s: %s has %v, want %v", what, unit, got, n)
				}
			}
		}
		say("nothing", today, map[string][2]int64{"village": {0, 1}, "full": {0, 4}, "county": {0, 6}, "city": {0, 6}, "other": {0, 0}})
		enter(t, w, "officer", visit(w, "village", today.AddDays(-3), "c5"))
		enter(t, w, "officer", visit(w, "full", today.AddDays(-2), "c1")) // the finance office, and its own people
		say("by the township", today, map[string][2]int64{"village": {1, 1}, "full": {2, 4}, "county": {2, 6}, "city": {2, 6}})
		say("before", today.AddDays(-3), map[string][2]int64{"village": {1, 1}, "full": {1, 4}})
		say("long after", today.AddMonths(13), map[string][2]int64{"full": {0, 4}})
		enter(t, w, "supervision", visit(w, "full", today.AddDays(-1), "c1"))
		say("by the county", today, map[string][2]int64{"full": {3, 4}, "county": {3, 6}})
		enter(t, w, "handler", visit(w, "county", today, "c1")) // an office is its organ's: its own people are not covered
		say("of the county", today, map[string][2]int64{"county": {4, 6}})
		enter(t, w, "cityoffice", visit(w, "county", today, "c1"))
		say("by the city", today, map[string][2]int64{"county": {5, 6}, "city": {5, 6}})

		parts, err := w.App.Supervise.Parts(apptest.Ctx, d.In(apptest.City), w.Units["county"], today)
		if err != nil || len(parts) != 2 || parts[0].Unit.ID != w.Units["county"].ID || parts[0].Reached != 2 || parts[1].Officials != 4 || parts[1].Reached != 3 || parts[1].Last != today.AddDays(-1) {
			t.Errorf("%+v, %v", parts, err)
		}
		parts, err = w.App.Supervise.Parts(apptest.Ctx, d.In(apptest.City), w.Units["full"], today)
		if err != nil || len(parts) != 2 || parts[0].Officials != 3 || parts[1].Reached != 1 {
			t.Errorf("%+v, %v", parts, err)
		}
		parts, err = w.App.Supervise.Parts(apptest.Ctx, d.In(apptest.City), w.Units["city"], today)
		if err != nil || len(parts) != 1 || parts[0].Officials != 6 || parts[0].Reached != 5 {
			t.Errorf("%+v, %v", parts, err)
		}
		for unit, want := range map[string]int{"city": 6, "full": 4, "village": 1, "other": 0} {
			for limit := 1; limit < 4; limit++ {
				var num, all int64
				n := 0
				for at := (measure.Turn{Limit: limit}); ; {
					l, err := rowsOf(t, w).Rows(apptest.Ctx, d.In(apptest.City), measure.Query{Unit: w.Units[unit], From: today, To: today}, w.As("cityoffice"), at)
					if err != nil || len(l.Rows) > limit {
						t.Fatalf("%s: %d rows, %v", unit, len(l.Rows), err)
					}
					for _, x := range l.Rows {
						n, all = n+1, all+x.N
						if x.Counts {
							num += x.N
						}
					}
					if at.After = l.Next; at.After == (measure.Cursor{}) {
						break
					}
				}
				if got := covered(t, w, unit, today); n != want || got != [2]int64{num, all} {
					t.Errorf("%s: %d rows by %d, %d of %d; the value is %v", unit, n, limit, num, all, got)
				}
			}
		}
		w.Verify()
	})
}

func rowsOf(t *testing.T, w *apptest.World) measure.Def {
	def, err := w.App.Measures.Get(supervise.Covered)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// TestChecks: each sees what lies under them, page by page, the latest first.
func TestChecks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		today := d.Today()
		enter(t, w, "officer", visit(w, "village", today.AddDays(-3), "c5"))
		enter(t, w, "supervision", visit(w, "full", today.AddDays(-1), "c1"))
		enter(t, w, "cityoffice", visit(w, "county", today.AddDays(-2), "c1"))
		for _, c := range []struct {
			who, unit string
			n         int
		}{{"officer", "village", 1}, {"officer", "full", 2}, {"supervision", "full", 2}, {"head", "county", 3}, {"cityoffice", "city", 3}, {"province", "city", 3}, {"officer", "county", -1}, {"lone", "full", -1}, {"othersupervision", "full", -1}, {"reviewer", "full", -1}, {"intake", "county", -1}} {
			list, _, err := w.App.Supervise.Checks(apptest.Ctx, d.In(apptest.City), w.As(c.who), w.Units[c.unit], d.Today(), "", 10)
			if c.n < 0 {
				if fault.KindOf(err) != fault.NotFound {
					t.Errorf("%s sees checks of %s: %v", c.who, c.unit, err)
				}
				continue
			}
			if err != nil || len(list) != c.n {
				t.Errorf("%s sees %d of %s: %v", c.who, len(list), c.unit, err)
			}
		}
		var seen []string
		for after := ""; ; {
			list, next, err := w.App.Supervise.Checks(apptest.Ctx, d.In(apptest.City), w.As("cityoffice"), w.Units["city"], d.Today(), after, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range list {
				seen = append(seen, x.UnitName)
			}
			if after = next; after == "" {
				break
			}
		}
		if len(seen) != 3 || seen[0] != "石桥镇" || seen[1] != "云渡县" || seen[2] != "上塘村" {
			t.Errorf("page by page: %v", seen)
		}
	})
}

// TestRefused: what is wrong is said beside its field, and nothing is kept of it.
func TestRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		today := d.Today()
		good := visit(w, "full", today, "c1")
		for name, c := range map[string]struct {
			who   string
			spoil func(*supervise.Check)
			want  string
		}{
			"tomorrow":     {"officer", func(c *supervise.Check) { c.On = today.AddDays(1) }, "on day.future"},
			"no day":       {"officer", func(c *supervise.Check) { c.On = "" }, "on required"},
			"kind":         {"officer", func(c *supervise.Check) { c.Kind = "x" }, "kind choice.unknown"},
			"field":        {"officer", func(c *supervise.Check) { c.Field = "" }, "field required"},
			"result":       {"officer", func(c *supervise.Check) { c.Result = "bad" }, "result choice.unknown"},
			"nobody":       {"officer", func(c *supervise.Check) { c.Reached = nil }, "reached required"},
			"no such kind": {"officer", func(c *supervise.Check) { c.Reached = []string{"c9"} }, "reached choice.unknown"},
			"empty":        {"officer", func(c *supervise.Check) { c.Looked = " " }, "looked required"},
			"elsewhere":    {"lone", func(*supervise.Check) {}, "not_found"},
			"other county": {"othersupervision", func(*supervise.Check) {}, "not_found"},
			"only reads":   {"principal", func(*supervise.Check) {}, "move.not_yours"},
			"an office":    {"supervision", func(c *supervise.Check) { c.Unit = w.Units["county.office1"].ID.Key }, "move.not_yours"},
		} {
			in := good
			c.spoil(&in)
			_, err := w.App.Supervise.Enter(apptest.Ctx, w.As(c.who), in)
			got := fault.Code(err)
			if fs := fault.Fields(err); len(fs) > 0 {
				got = fs[0].Name + " " + fs[0].Code
			}
			if err == nil || got != c.want {
				t.Errorf("%s: %v (%s), want %s", name, err, got, c.want)
			}
		}
		enter(t, w, "officer", good)
		if _, err := w.App.Supervise.Enter(apptest.Ctx, w.As("officer"), good); len(fault.Fields(err)) == 0 || fault.Fields(err)[0].Code != "check.same" {
			t.Errorf("twice: %v", err)
		}
		if list, _, err := w.App.Supervise.Checks(apptest.Ctx, d.In(apptest.City), w.As("officer"), w.Units["full"], d.Today(), "", 10); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		w.Verify()
	})
}

// TestBurden: a check from above stands on the account of the township it was in, or in a village of which it was: once, by the organ
// that came, and a repeated request adds nothing. A township's own check, and one of the county itself, cost nobody a minute.
func TestBurden(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		today := d.Today()
		rule, ok := w.App.Rules.Ask("check.host", today)
		if !ok {
			t.Fatal("no rule")
		}
		enter(t, w, "officer", visit(w, "village", today, "c5"))
		enter(t, w, "supervision", visit(w, "county", today, "c1"))
		who := w.As("supervision")
		who.Request = access.Request{Key: "k", Digest: "d"}
		for range 2 {
			if _, err := w.App.Supervise.Enter(apptest.Ctx, who, visit(w, "full", today.AddDays(-1), "c1")); err != nil {
				t.Fatal(err)
			}
		}
		enter(t, w, "cityoffice", visit(w, "village", today, "c5"))
		a, err := w.App.Burden.Account(apptest.Ctx, d.In(apptest.City), w.As("officer"), w.Units["full"].ID.Key, today.MonthKey())
		if err != nil || len(a.Asks) != 2 || a.Months[len(a.Months)-1].Minutes != 2*int64(rule.Minutes) {
			t.Fatalf("%+v, %v", a, err)
		}
		slices.SortFunc(a.Asks, func(x, y burden.Ask) int { return x.ByLevel - y.ByLevel })
		for i, by := range []string{"city", "county"} {
			if x := a.Asks[i]; x.By != w.Units[by].ID || x.ByName != w.Units[by].Commission() || x.Rule != rule.ID || x.Minutes != int64(rule.Minutes) || x.UsedOn == "" {
				t.Errorf("%+v", x)
			}
		}
		w.Verify()
	})
}
