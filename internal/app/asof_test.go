package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/duty"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/org/roll"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/supervise"
)

// TestAsOfADay: a township with duties, tasks, checks and a register has a village renamed and is then merged into another. Every page
// of it asked for the day before shows what was then, by the names of then, lets nobody do anything, and its links stay on that day.
func TestAsOfADay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("personnel", "孟组", "personnel_clerk", "county")
		full, single, village := w.Units["full"], w.Units["single"], w.Units["village"]
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			_, err := org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{{Unit: village, Name: "丙某", Post: "村主任", Rank: "village", Category: "c5", From: "2021-01-01"},
				{Unit: full, Name: "丁某", Post: "财政所所长", Rank: "staff", Category: "c1", From: "2021-01-01"}})
			return ledger.Act{Action: "rows.import", Organ: w.Units["county"].ID}, err
		})
		must(err)
		f, err := w.App.Duties.File(apptest.Ctx, w.As("supervision"), duty.Filing{Unit: full.ID.Key, Holding: w.Who["officer"].Holding, Kind: "other", What: "便民大厅值班", Part: duty.PartMain, AssignedBy: "石桥镇党委", Paper: "石党发〔2026〕3号", PaperOn: "2026-09-01", Hours: 10, From: "2026-09-01"})
		must(err)
		_, err = w.App.Duties.Enter(apptest.Ctx, w.As("officer"), duty.Entry{Unit: full.ID.Key, Name: "村级资金专项监督", Work: "performance", Part: duty.PartMain, Department: "农业农村局", GivenBy: "县纪委监委", From: "2026-10-12"})
		must(err)
		look := func(who, unit, what string) {
			t.Helper()
			_, err := w.App.Supervise.Enter(apptest.Ctx, w.As(who), supervise.Check{Unit: w.Units[unit].ID.Key, On: d.Today(), Kind: "daily", Field: "assets", Looked: what, Checkers: "方某", Result: "none", Reached: []string{"c5"}})
			must(err)
		}
		look("officer", "village", "三季度集体收支")
		reorganise := func(in org.Reorganisation) {
			t.Helper()
			in.Paper = "县政函〔2026〕8号"
			key, err := w.App.Org.Reorganise(apptest.Ctx, w.As("personnel"), in)
			must(err)
			w.On(in.On)
			must(w.App.Org.DecideReorganisation(apptest.Ctx, w.As("cityorg"), key, 1, true, ""))
		}
		w.On("2026-10-13")
		reorganise(org.Reorganisation{Kind: org.UnitRename, Unit: village.ID.Key, Name: "新塘村", On: "2026-10-14"})
		look("supervision", "village", "低保发放名册")
		must(w.App.Duties.End(apptest.Ctx, w.As("supervision"), f.Duty, "2026-10-13"))
		reorganise(org.Reorganisation{Kind: org.UnitMerge, Unit: full.ID.Key, Into: single.ID.Key, On: "2026-10-15"})
		w.On("2026-10-20")

		c := count(w)
		at := func(who, path string, has, lacks []string) {
			t.Helper()
			if n := c.get(t, who, path); n > mostStatements {
				t.Errorf("%s by %s takes %d statements", path, who, n)
			}
			_, text := w.Get(w.Serve(), who, path)
			for _, s := range has {
				if !strings.Contains(text, s) {
					t.Errorf("%s by %s lacks %q", path, who, s)
				}
			}
			for _, s := range lacks {
				if strings.Contains(text, s) {
					t.Errorf("%s by %s shows %q", path, who, s)
				}
			}
		}
		a, b := full.ID.String(), single.ID.String()
		old := village.Name
		open := "/units?open=" + a
		// The tree and the search: a merged township and a former name are reached in the past alone.
		at("cityorg", "/units?open="+b, []string{">新塘村<"}, []string{">" + full.Name + "<", ">" + old + "<"})
		at("cityorg", open+"&on=2026-10-13", []string{">" + full.Name + "<", ">" + old + "<", "/units/" + a + "?on=2026-10-13", "on=2026-10-13&amp;open="}, []string{">新塘村<"})
		at("cityorg", open+"&on=2026-10-14", []string{">" + full.Name + "<", ">新塘村<"}, []string{">" + old + "<"})
		at("cityorg", open+"&on=2026-10-15", []string{"没有这个单位"}, []string{">" + full.Name + "<"})
		at("cityorg", "/units?q="+full.Name, []string{"没有"}, []string{"/units/" + a})
		at("cityorg", "/units?q="+full.Name+"&on=2026-10-14", []string{`/units/` + a + `?on=2026-10-14`}, nil)
		at("cityorg", "/units?q="+old+"&on=2026-10-13", []string{`/units/` + village.ID.String() + `?on=2026-10-13`, w.Units["county"].Name}, nil)
		at("cityorg", "/units?q=新塘&on=2026-10-13", nil, []string{`/units/` + village.ID.String() + `?on`})
		// From the past unit page its links stay on the day.
		at("supervision", "/units/"+a+"?on=2026-10-13", []string{"/duties/" + a + "?on=2026-10-13", "/units/" + a + "/officials?on=2026-10-13", "/units/" + w.Units["county"].ID.String() + "?on=2026-10-13", "to=2026-10-13"}, nil)
		// Duties and tasks.
		do := []string{"/duties/" + a + "/new", "/duties/" + a + "/task", "/duties/" + a + "/inspect", "/tasks/", "/confirmations/"}
		at("supervision", "/duties/"+a+"?on=2026-10-13", []string{"便民大厅值班", "村级资金专项监督", "10月13日", "/units/" + a + "?on=2026-10-13", `name="on"`}, do)
		at("supervision", "/duties/"+a+"?on=2026-10-14", []string{"村级资金专项监督"}, append(do, "便民大厅值班"))
		at("supervision", "/duties/"+a+"?on=2026-10-15", []string{"没有这个单位"}, append(do, "村级资金专项监督"))
		at("supervision", "/duties?on=2026-10-13", []string{full.Name, "/duties/" + a + "?on=2026-10-13", "/handbacks/board?on=2026-10-13", `name="on"`}, []string{`href="/orders"`})
		at("cityorg", "/duties?on=2026-10-14&county="+w.Units["county"].ID.Key, []string{full.Name, "10月14日"}, nil)
		at("supervision", "/duties", nil, []string{full.Name, "?on="})
		at("supervision", "/areas?to=2026-10-13", []string{full.Name, "/units/" + a + "?on=2026-10-13"}, nil)
		at("supervision", "/areas", nil, []string{full.Name, "?on="})
		// Checks and coverage.
		at("supervision", "/checks/"+w.Units["county"].ID.String()+"?on=2026-10-13", []string{"三季度集体收支"}, []string{"低保发放名册", "/new"})
		at("supervision", "/checks/"+w.Units["county"].ID.String()+"?on=2026-10-14", []string{"三季度集体收支", "低保发放名册", "?on=2026-10-14", "to=2026-10-14"}, nil)
		at("supervision", "/checks/"+village.ID.String()+"?on=2026-10-13", []string{old}, []string{"新塘村"})
		// The register: whose unit was merged stands where they stood then.
		at("supervision", "/units/"+a+"/officials?on=2026-10-13", []string{"丁某", "/units/" + a + "?on=2026-10-13"}, []string{`id="file"`})
		at("supervision", "/units/"+b+"/officials?on=2026-10-13", []string{"/units/" + b + "?on=2026-10-13"}, []string{"丁某", `id="file"`})
		at("supervision", "/units/"+b+"/officials?on=2026-10-15", []string{"丁某"}, nil)
		at("supervision", "/units/"+a+"/officials?on=2026-10-13&under=1", []string{"丙某", old}, []string{"新塘村"})
		at("supervision", "/units/"+b+"/officials?on=2026-10-13&under=1", nil, []string{"丙某"})
		at("supervision", "/units/"+b+"/officials?on=2020-10-13", nil, []string{"丁某"})
		srv := w.Serve()
		for _, path := range []string{"/units", "/units/" + a + "/officials", "/duties", "/duties/" + a, "/checks/" + a} {
			for _, bad := range []string{"2026-02-30", "2026-12-01", "x"} {
				if code, _ := w.Get(srv, "supervision", fmt.Sprint(path, "?on=", bad)); code != 422 && code != 400 {
					t.Errorf("%s on %s: %d", path, bad, code)
				}
			}
		}
	})
}

// TestAsOfPlans: what was on an earlier day is found in an index, never by reading all units' names or all officials.
func TestAsOfPlans(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	r, full := w.App.DB.In(apptest.City), w.Units["full"]
	if _, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		_, err := org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{{Unit: full, Name: "丁某", Post: "所长", Rank: "staff", Category: "c1", From: "2021-01-01"}})
		if err == nil {
			err = org.SetBases(apptest.Ctx, tx, []org.Base{{Unit: full.ID.Key, On: "2017-12-31", N: 1}})
		}
		return ledger.Act{Action: "rows.import", Organ: w.Units["county"].ID}, err
	}); err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]func(ctx context.Context) error{
		"SEARCH a USING PRIMARY KEY (city_id=? AND unit_id=? AND from_on=?)": func(ctx context.Context) error {
			_, _, err := org.KinThen(ctx, r, full.ID.Key, "2026-06-01")
			return err
		},
		"SEARCH a USING INDEX unit_attrs_superior (city_id=? AND superior_id=? AND from_on<?)": func(ctx context.Context) error {
			_, _, err := org.KinThen(ctx, r, full.ID.Key, "2026-06-01")
			return err
		},
		"SEARCH u USING": func(ctx context.Context) error {
			_, err := org.SearchUnitsThen(ctx, r, full.Name, "2026-06-01", 10)
			return err
		},
		"SEARCH o USING INDEX officials_kind (city_id=? AND unit_id=?)": func(ctx context.Context) error {
			_, err := w.App.Roll.Register(ctx, w.As("secretary"), roll.Query{Unit: full, Under: true, On: "2026-06-01", Limit: 10})
			return err
		},
		"SEARCH c USING INDEX clocks_matter (city_id=? AND matter_id=?)": func(ctx context.Context) error {
			_, err := w.App.Duties.BoardOn(ctx, w.As("supervision"), "2026-06-01", 10)
			return err
		},
		"SEARCH x USING INDEX have_rounds_county": func(ctx context.Context) error {
			if _, _, err := w.App.Haves.LatestOn(ctx, r, w.Units["county"].ID.Key, "2026-06-01"); err != nil {
				return err
			}
			_, err := w.App.Duties.County(ctx, r, w.Units["county"].ID.Key, "2026-06-01")
			return err
		},
		"SEARCH k USING INDEX": func(ctx context.Context) error {
			_, _, err := w.App.Supervise.Checks(ctx, r, w.As("cityoffice"), w.Units["city"], "2026-06-01", "", 10)
			return err
		},
		"SEARCH s USING COVERING INDEX official_stays_unit (city_id=? AND unit_id=?)": func(ctx context.Context) error {
			for _, name := range []string{"officials.count", "officials.growth", "officials.covered_share"} {
				for _, unit := range []string{"full", "county", "village"} {
					q := measure.Query{Unit: w.Units[unit], From: "2026-01-01", To: "2026-06-01", Who: w.As("supervision")}
					if _, err := def(t, w, name).Value(ctx, r, q); err != nil {
						return err
					}
					if _, err := def(t, w, name).Rows(ctx, r, q, q.Who, measure.Turn{Limit: 10}); err != nil {
						return err
					}
				}
			}
			_, err := w.App.Supervise.Parts(ctx, r, w.Units["county"], "2026-06-01")
			return err
		},
	} {
		plan := planned(t, w, do)
		read := strings.ReplaceAll(plan, "SCAN CONSTANT ROW", "")
		for _, sub := range []string{"g", "o", "x", "y", "z"} { // what a statement has just made itself
			if strings.Contains(plan, "CO-ROUTINE "+sub+";") || strings.Contains(plan, "MATERIALIZE "+sub+";") {
				read = strings.ReplaceAll(read, "SCAN "+sub+";", "")
			}
		}
		if !strings.Contains(plan, what) || strings.Contains(read, "SCAN ") {
			t.Errorf("%s: %s", what, plan)
		}
	}
}
