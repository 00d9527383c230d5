package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/org/area"
	"qianshao/internal/org/roll"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/supervise"
)

// TestOfficialsOnAnEarlierDay: a village comes to another township, its old township is merged twice over, and a part is split off.
// Asked as of any day, each township has the officials, the growth and the coverage that it had then, and each county what it always had.
func TestOfficialsOnAnEarlierDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("personnel", "孟组", "personnel_clerk", "county")
		r := d.In(apptest.City)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		full, single, headless, village := w.Units["full"], w.Units["single"], w.Units["headless"], w.Units["village"]
		var keys []id.Key
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			var err error
			keys, err = org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{
				{Unit: full, Name: "甲某", Post: "财政所所长", Rank: "staff", Category: "c1", From: "2021-01-01"},
				{Unit: full, Name: "乙某", Post: "民政办主任", Rank: "staff", Category: "c1", From: "2021-01-01"},
				{Unit: full, Name: "丙某", Post: "站长", Rank: "staff", Category: "c2", From: "2026-10-17"}, // came after the day, before anybody confirmed it
				{Unit: village, Name: "丁某", Post: "村主任", Rank: "village", Category: "c5", From: "2021-01-01"},
				{Unit: village, Name: "戊某", Post: "村会计", Rank: "village", Category: "c5", From: "2021-01-01"},
				{Unit: single, Name: "己某", Post: "财政所所长", Rank: "staff", Category: "c1", From: "2021-01-01"}})
			if err != nil {
				return ledger.Act{}, err
			}
			return ledger.Act{Action: "rows.import", Organ: w.Units["county"].ID}, org.SetBases(apptest.Ctx, tx, []org.Base{{Unit: full.ID.Key, On: "2017-12-31", N: 2}, {Unit: single.ID.Key, On: "2017-12-31", N: 1}})
		})
		must(err)
		look := func(who, unit, kind string) {
			t.Helper()
			_, err := w.App.Supervise.Enter(apptest.Ctx, w.As(who), supervise.Check{Unit: w.Units[unit].ID.Key, On: d.Today(), Kind: "daily", Field: "assets", Looked: "三季度收支", Checkers: "方某", Result: "none", Reached: []string{kind}})
			must(err)
		}
		look("supervision", "full", "c1")
		look("supervision", "village", "c5")
		reorganise := func(decided calendar.Date, in org.Reorganisation) {
			t.Helper()
			in.Paper = "县政函〔2026〕8号"
			key, err := w.App.Org.Reorganise(apptest.Ctx, w.As("personnel"), in)
			must(err)
			w.On(decided)
			must(w.App.Org.DecideReorganisation(apptest.Ctx, w.As("cityorg"), key, 1, true, ""))
		}
		reorganise("2026-10-14", org.Reorganisation{Kind: org.UnitMove, Unit: village.ID.Key, Into: headless.ID.Key, On: "2026-10-14"})
		w.On("2026-10-17")
		_, err = w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "rows.import", Organ: w.Units["county"].ID}, org.AmendOfficial(apptest.Ctx, tx, keys[1], map[string]any{"to_on": "2026-10-17"}) // left after the day, before anybody confirmed it
		})
		must(err)
		reorganise("2026-10-18", org.Reorganisation{Kind: org.UnitMerge, Unit: full.ID.Key, Into: single.ID.Key, On: "2026-10-16"})
		reorganise("2026-10-20", org.Reorganisation{Kind: org.UnitMerge, Unit: single.ID.Key, Into: headless.ID.Key, On: "2026-10-20"})
		_, err = w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			us, err := org.OpenUnits(apptest.Ctx, tx, []org.NewUnit{{Kind: "village", Code: "990101002209", Name: "岭下村", Superior: headless, Opened: "2020-01-01"}})
			w.Units["stays"] = us[0]
			return ledger.Act{Action: "rows.import", Organ: w.Units["county"].ID}, err
		})
		must(err)
		reorganise("2026-10-22", org.Reorganisation{Kind: org.UnitSplit, Unit: headless.ID.Key, Name: "下塘镇", Code: "990101077000", Parts: []id.Key{village.ID.Key}, On: "2026-10-22"})
		made, err := w.App.Org.Reorganisations(apptest.Ctx, r, headless.ID.Key)
		must(err)
		split, err := access.GetUnit(apptest.Ctx, r, made[0].Into)
		must(err)
		w.Units["split"] = split
		w.On("2026-10-25")

		counted, grown, covered := def(t, w, "officials.count"), def(t, w, "officials.growth"), def(t, w, "officials.covered_share")
		for _, c := range []struct {
			on   calendar.Date
			has  map[string][]string // who stood where
			grew map[string]string   // now / base; "" for not known
			seen map[string]string   // reached / all
		}{
			{"2026-10-13", map[string][]string{"full": {"甲某", "乙某", "丁某", "戊某"}, "single": {"己某"}, "headless": nil, "village": {"丁某", "戊某"}},
				map[string]string{"full": "4/2", "single": "1/1", "headless": "", "county": "5/3"}, map[string]string{"full": "4/4", "single": "0/1", "village": "2/2", "county": "4/5"}},
			{"2026-10-14", map[string][]string{"full": {"甲某", "乙某"}, "single": {"己某"}, "headless": {"丁某", "戊某"}, "village": {"丁某", "戊某"}},
				map[string]string{"full": "2/2", "single": "1/1", "headless": "", "county": "3/3"}, map[string]string{"full": "2/2", "headless": "2/2", "county": "4/5"}},
			{"2026-10-16", map[string][]string{"full": nil, "single": {"己某", "甲某", "乙某"}, "headless": {"丁某", "戊某"}},
				map[string]string{"full": "", "single": "3/3", "headless": "", "county": "3/3"}, map[string]string{"single": "0/3", "headless": "2/2", "county": "2/5"}},
			{"2026-10-17", map[string][]string{"full": nil, "single": {"己某", "甲某", "丙某"}, "headless": {"丁某", "戊某"}},
				map[string]string{"single": "3/3", "headless": "", "county": "3/3"}, map[string]string{"single": "0/3", "county": "2/5"}},
			{"2026-10-21", map[string][]string{"full": nil, "single": nil, "headless": {"丁某", "戊某", "己某", "甲某", "丙某"}},
				map[string]string{"full": "", "single": "", "headless": "5/3", "county": "5/3"}, map[string]string{"headless": "2/5", "county": "2/5"}},
			{"2026-10-22", map[string][]string{"headless": {"己某", "甲某", "丙某"}, "split": {"丁某", "戊某"}},
				map[string]string{"headless": "3/3", "split": "", "county": "3/3"}, map[string]string{"headless": "0/3", "split": "2/2", "county": "2/5"}},
			{"2026-10-25", map[string][]string{"full": nil, "single": nil, "headless": {"己某", "甲某", "丙某"}, "split": {"丁某", "戊某"}},
				map[string]string{"headless": "3/3", "split": "", "county": "3/3"}, map[string]string{"headless": "0/3", "split": "2/2", "county": "2/5"}},
		} {
			for unit, names := range c.has {
				q := measure.Query{Unit: w.Units[unit], From: "2026-01-01", To: c.on, Who: w.As("supervision")}
				slices.Sort(names)
				var listed, rows []string
				es, err := w.App.Roll.Register(apptest.Ctx, w.As("supervision"), roll.Query{Unit: q.Unit, Under: true, On: map[bool]calendar.Date{true: c.on}[c.on < d.Today()], Limit: 50})
				must(err)
				for _, e := range es {
					listed = append(listed, e.Name)
				}
				for _, l := range everyRow(t, d, counted, q, w.As("supervision")).Rows {
					rows = append(rows, l.Cells[1])
				}
				slices.Sort(listed)
				slices.Sort(rows)
				v, err := counted.Value(apptest.Ctx, r, q)
				must(err)
				if !slices.Equal(listed, names) || !slices.Equal(rows, names) || v.Numerator != int64(len(names)) {
					t.Errorf("%s on %s: %d, rows %v, register %v; want %v", unit, c.on, v.Numerator, rows, listed, names)
				}
			}
			ratio := func(def measure.Def, unit string) string {
				v, err := def.Value(apptest.Ctx, r, measure.Query{Unit: w.Units[unit], From: "2026-01-01", To: c.on, Who: w.As("supervision")})
				must(err)
				if !v.Known {
					return ""
				}
				return fmt.Sprintf("%d/%d", v.Numerator, v.Denominator)
			}
			for unit, want := range c.grew {
				if got := ratio(grown, unit); got != want {
					t.Errorf("growth of %s on %s is %q, want %q", unit, c.on, got, want)
				}
			}
			for unit, want := range c.seen {
				if got := ratio(covered, unit); got != want {
					t.Errorf("coverage of %s on %s is %q, want %q", unit, c.on, got, want)
				}
				reached, all := int64(0), int64(0)
				for _, l := range everyRow(t, d, covered, measure.Query{Unit: w.Units[unit], From: "2026-01-01", To: c.on, Who: w.As("supervision")}, w.As("supervision")).Rows {
					if all += l.N; l.Counts {
						reached += l.N
					}
				}
				if got := fmt.Sprintf("%d/%d", reached, all); got != want {
					t.Errorf("rows of the coverage of %s on %s are %s, want %s", unit, c.on, got, want)
				}
			}
			parts, err := w.App.Supervise.Parts(apptest.Ctx, r, w.Units["county"], c.on)
			must(err)
			for _, p := range parts {
				for unit, names := range c.has {
					if w.Units[unit].ID == p.Unit.ID && int(p.Officials) != len(names) {
						t.Errorf("the county's page of checks has %d officials of %s on %s", p.Officials, unit, c.on)
					}
					if want := c.seen[unit]; w.Units[unit].ID == p.Unit.ID && want != "" && fmt.Sprintf("%d/%d", p.Reached, p.Officials) != want {
						t.Errorf("the county's page of checks reached %d/%d of %s on %s, want %s", p.Reached, p.Officials, unit, c.on, want)
					}
				}
			}
		}
		ts, err := area.Townships(apptest.Ctx, r, w.Units["county"], "2026-10-19")
		must(err)
		for _, x := range ts {
			if x.Unit.ID == headless.ID && x.Officials != 2 {
				t.Errorf("the areas of the 19th have %d officials of it", x.Officials)
			}
		}
		// Whose register it is not finds as little of it in the past, also of a township that is no more.
		for _, on := range []calendar.Date{"", "2026-10-13"} {
			if _, err := w.App.Roll.Register(apptest.Ctx, w.As("othersecretary"), roll.Query{Unit: full, On: on, Limit: 5}); fault.KindOf(err) != fault.NotFound {
				t.Errorf("another county's secretary reads it on %q: %v", on, err)
			}
		}
		srv := w.Serve()
		at := func(path, has string) {
			t.Helper()
			if code, text := w.Get(srv, "supervision", path); code != 200 || !strings.Contains(text, has) {
				t.Errorf("%s (%d) lacks %s", path, code, has)
			}
		}
		old := full.ID.String()
		at("/units/"+old+"/officials?on=2026-10-13&under=1", "丁某")
		at("/units/"+old+"/officials?on=2026-10-13", `<a href="/measures/officials.count?`)
		at("/measures/officials.count?of=place&to=2026-10-13&unit="+old, "甲某")
		w.Verify()
	})
}

func def(t *testing.T, w *apptest.World, name string) measure.Def {
	t.Helper()
	d, err := w.App.Measures.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestMergersThatMeet: a township's heir is merged on the very day on which it became one, or on an earlier one that is confirmed
// later. Its officials still stood where they stood.
func TestMergersThatMeet(t *testing.T) {
	for name, second := range map[string]calendar.Date{"same day": "2026-10-16", "earlier day": "2026-10-14"} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := apptest.New(t, d)
				w.Hire("personnel", "孟组", "personnel_clerk", "county")
				full, single, headless := w.Units["full"], w.Units["single"], w.Units["headless"]
				_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
					_, err := org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{{Unit: full, Name: "甲某", Post: "所长", Rank: "staff", Category: "c1", From: "2021-01-01"}, {Unit: single, Name: "己某", Post: "所长", Rank: "staff", Category: "c1", From: "2021-01-01"}})
					return ledger.Act{Action: "rows.import", Organ: w.Units["county"].ID}, err
				})
				if err != nil {
					t.Fatal(err)
				}
				w.On("2026-10-18")
				for _, in := range []org.Reorganisation{{Unit: full.ID.Key, Into: single.ID.Key, On: "2026-10-16"}, {Unit: single.ID.Key, Into: headless.ID.Key, On: second}} {
					in.Kind, in.Paper = org.UnitMerge, "县政函〔2026〕8号"
					key, err := w.App.Org.Reorganise(apptest.Ctx, w.As("personnel"), in)
					if err == nil {
						err = w.App.Org.DecideReorganisation(apptest.Ctx, w.As("cityorg"), key, 1, true, "")
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				counted := def(t, w, "officials.count")
				for _, c := range []struct {
					on             calendar.Date
					full, headless int64
				}{{"2026-10-13", 1, 0}, {"2026-10-15", 1, 0}, {"2026-10-17", 0, 2}} {
					for unit, want := range map[string]int64{"full": c.full, "headless": c.headless} {
						if unit == "headless" && second < c.on && c.on < "2026-10-16" {
							want = 1 // 己某 had come, 甲某 had not
						}
						v, err := counted.Value(apptest.Ctx, d.In(apptest.City), measure.Query{Unit: w.Units[unit], From: "2026-01-01", To: c.on, Who: access.ByProgram(apptest.City)})
						if err != nil || v.Numerator != want {
							t.Errorf("%s on %s: %v %d, want %d", unit, c.on, err, v.Numerator, want)
						}
					}
				}
				w.Verify()
			})
		})
	}
}
