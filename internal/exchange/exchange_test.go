package exchange_test

import (
	"bytes"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/sheet"
)

func bring(t *testing.T, w *apptest.World, who access.Actor, kind, text string, dry bool) exchange.Report {
	t.Helper()
	rep, err := w.App.Exchange.Import(apptest.Ctx, who, kind, strings.NewReader(text), int64(len(text)), exchange.Options{DryRun: dry})
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return rep
}

// right imports a text that must be right, first dry, and checks what its rows do.
func right(t *testing.T, w *apptest.World, who access.Actor, kind, text string, want map[string]int) {
	t.Helper()
	for _, dry := range []bool{true, false} {
		rep := bring(t, w, who, kind, text, dry)
		for _, l := range rep.Lines {
			for _, p := range l.Problems {
				t.Errorf("%s row %d: %s", kind, l.Row, p.Text(locale.Zh))
			}
		}
		for _, what := range []string{exchange.New, exchange.Change, exchange.Same, exchange.End, exchange.Wrong} {
			if rep.Counts[what] != want[what] {
				t.Errorf("%s dry=%v: %d rows %s, want %d", kind, dry, rep.Counts[what], what, want[what])
			}
		}
		if rep.Done == dry {
			t.Errorf("%s dry=%v: done=%v", kind, dry, rep.Done)
		}
	}
}

func count(t *testing.T, w *apptest.World, name, unit string) (int64, int64) {
	t.Helper()
	d, err := w.App.Measures.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	q := measure.Query{Unit: w.Units[unit], From: "2026-01-01", To: w.App.DB.Today(), Who: access.ByProgram(apptest.City)}
	v, err := d.Value(apptest.Ctx, w.App.DB.In(apptest.City), q)
	if err != nil {
		t.Fatal(err)
	}
	return v.Numerator, v.Denominator
}

func acts(t *testing.T, w *apptest.World) int {
	t.Helper()
	var n int
	if err := w.App.DB.In(apptest.City).Row(apptest.Ctx, `SELECT COUNT(seq) FROM acts WHERE city_id = $1`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const roster = `云渡县乡镇纪委名册,,,,,,,,
单位,职务,姓名,出生年月,任现职日期,是否专职,此前从事纪检工作月数,驻点村,任组长的工作专班,其他分工
石桥镇,纪委书记,潘书,1985-03,2023-01-01,是,6,上塘村,河长制工作专班、征迁专班,
石桥镇,纪委副书记,左新,1995.6,2026-09-01,否,0,,,分管统战
石桥镇,专职干事,空缺,,,,,,,
柏岭乡,纪委书记,岑来,1994年8月,2026年9月20日,是,0,,,
柏岭乡,纪委副书记,范副,1985-03,2023-01-01,是,0,,,
柏岭乡,专职干事,彭干,1985-03,2023-01-01,是,0,,,
`

// TestRosterReplacesHolders imports a roster: one secretary stays and is given a village and groups, a deputy is
// replaced, an officer leaves, a secretary comes to a township that had none; and every measure follows.
func TestRosterReplacesHolders(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		who := w.As("cityorg")
		before := acts(t, w)
		right(t, w, who, "people", roster, map[string]int{exchange.New: 1, exchange.Change: 3, exchange.Same: 2})
		if n := acts(t, w); n != before+1 {
			t.Errorf("an import made %d acts", n-before)
		}
		right(t, w, who, "statistics", "单位,统计日期,核定编制,实有人数\n石桥镇,2026-06-30,40,36\n柏岭乡,2026-06-30,31,29\n柏岭乡,2026-09-30,31,30\n", map[string]int{exchange.New: 3})
		type figure struct {
			name, unit string
			num, den   int64
		}
		held := func(fs ...figure) {
			t.Helper()
			for _, c := range fs {
				if num, den := count(t, w, c.name, c.unit); num != c.num || den != c.den {
					t.Errorf("%s of %s is %d/%d, want %d/%d", c.name, c.unit, num, den, c.num, c.den)
				}
			}
		}
		held([]figure{
			{"staff.posts", "county", 7, 0}, {"staff.held", "county", 6, 0}, {"staff.vacant.officer", "full", 1, 0}, {"staff.townships_short", "county", 1, 0},
			{"staff.secretary.new_1y_share", "county", 1, 3}, {"staff.secretary.tenure_2y_share", "county", 2, 3}, {"staff.full_time_share.deputy", "county", 1, 2},
			{"staff.stationed_share", "full", 1, 2}, {"duty.groups_headed_share", "full", 2, 2}, {"staff.held", "single", 1, 0},
			{"staff.vacant.secretary", "county", 0, 0}, {"staff.vacant.deputy", "county", 0, 0},
			// In months on 12 October 2026: 潘书 and 郎书, of March 1985, 41 years and 7 months, 499 each; 岑来, of August 1994, 32 years and 2, 386.
			{"staff.secretary.age_mean", "county", 499 + 499 + 386, 3},
			// Of six, 潘书, 范副, 彭干 and 郎书 since January 2023; 左新 and 岑来 since this September, with nothing before.
			{"staff.tenure_2y_share", "county", 4, 6},
			{"staff.full_time_share.officer", "county", 1, 1}, {"staff.full_time_share.officer", "full", 0, 0}, // 彭干
			{"staff.organ_size", "county", 36 + 30, 2}, // the later count of 柏岭乡
		}...)
		if _, err := access.Load(apptest.Ctx, d.In(apptest.City), w.Who["officer"].Person, w.Who["officer"].Holding, d.Today()); fault.Code(err) != "session.post_ended" {
			t.Errorf("the officer who left may still act: %v", err)
		}
		after := acts(t, w)
		right(t, w, who, "people", roster, map[string]int{exchange.Same: 6})
		if n := acts(t, w); n != after {
			t.Errorf("importing the same again made %d acts", n-after)
		}
		// Whoever is missing from a township that the roster names has left; other townships stay.
		right(t, w, who, "people", "单位,职务,姓名\n柏岭乡,书记,岑来\n柏岭乡,副书记,范副\n", map[string]int{exchange.Same: 2, exchange.End: 1})
		if n, _ := count(t, w, "staff.vacant.officer", "headless"); n != 1 {
			t.Errorf("%d officers are missing, want 1", n)
		}
		// A deputy and a secretary leave: vacant are one secretary (柳湾乡), one deputy (石桥镇), both officers.
		right(t, w, who, "people", "单位,职务,姓名\n石桥镇,书记,潘书\n石桥镇,副书记,空缺\n石桥镇,干事,空缺\n柳湾乡,书记,空缺\n", map[string]int{exchange.Same: 2, exchange.Change: 2})
		held(figure{"staff.vacant.secretary", "county", 1, 0}, figure{"staff.vacant.deputy", "county", 1, 0}, figure{"staff.vacant.officer", "county", 2, 0},
			figure{"staff.secretary.age_mean", "county", 499 + 386, 2}, // 潘书, 岑来
			figure{"staff.tenure_2y_share", "county", 2, 3},            // 潘书 and 范副, not 岑来
			figure{"staff.full_time_share.officer", "county", 0, 0})
		w.Verify()
	})
}

// TestNothingOrAll holds that one wrong row keeps the whole table out, and says where and why.
func TestNothingOrAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		before := acts(t, w)
		bad := "单位,职务,姓名,出生年月,任现职日期,驻点村\n" +
			"石桥镇,纪委书记,新来,1990-13,2026-09-01,无此村\n" + // 2
			"石桥,书记,甲,,,\n" + // 3
			"石桥镇,主任,乙,,,\n" + // 4
			"柏岭乡,副书记,丙,,2022-01-01,\n" + // 5
			"柏岭乡,干事,丁,,2027-01-01,\n" + // 6
			"柳湾乡,书记,戊,,,\n" // 7: right, and not written
		rep := bring(t, w, w.As("cityorg"), "people", bad, false)
		if rep.Done || rep.Clean() {
			t.Fatal("a wrong table was taken")
		}
		got := map[int]string{}
		for _, l := range rep.Lines {
			for _, p := range l.Problems {
				got[l.Row] += p.Column + ":" + p.Code + " "
				if strings.Contains(p.Text(locale.Zh), "fault.") || strings.Contains(p.Text(locale.En), "sheet.") {
					t.Errorf("no words for %+v", p)
				}
			}
		}
		for row, want := range map[int]string{2: "born:sheet.month villages:sheet.village ", 3: "unit:sheet.unit_unknown ", 4: "post:sheet.choice ", 5: "since:sheet.before_holder ", 6: "since:day.future ", 7: ""} {
			if !strings.HasPrefix(got[row], want) || want == "" && got[row] != "" {
				t.Errorf("row %d: %q, want %q", row, got[row], want)
			}
		}
		if n := acts(t, w); n != before {
			t.Errorf("a wrong table made %d acts", n-before)
		}
		var out bytes.Buffer
		if err := w.App.Exchange.Annotate(strings.NewReader(bad), int64(len(bad)), rep, &out, sheet.CSV, locale.Zh); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "需要修改") || !strings.Contains(out.String(), "没有“石桥”这个单位") {
			t.Errorf("the annotated table reads %s", out.String())
		}
	})
}

func TestWhoMayImport(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	for _, c := range []struct{ who, kind, code string }{{"supervision", "people", "page.not_yours"}, {"cityorg", "clues", "page.not_yours"}, {"handler", "officials", "page.not_yours"}, {"cityorg", "nonsense", "choice.unknown"}} {
		_, err := w.App.Exchange.Import(apptest.Ctx, w.As(c.who), c.kind, strings.NewReader("a,b\n"), 4, exchange.Options{})
		if got := fault.Code(err); got != c.code && len(fault.Fields(err)) == 0 {
			t.Errorf("%s imports %s: %v", c.who, c.kind, err)
		}
	}
	// A county's case supervision enters no clue of another county.
	rep := bring(t, w, w.As("supervision"), "clues", clueRows("东坪镇"), true)
	if l := rep.Lines[1]; len(l.Problems) == 0 || l.Problems[0].Code != "sheet.unit_unknown" {
		t.Errorf("another county's clue: %+v", rep.Lines)
	}
	if _, err := w.App.Exchange.Import(apptest.Ctx, w.As("cityorg"), "people", strings.NewReader("甲,乙\n1,2\n"), 20, exchange.Options{}); fault.Code(err) != "sheet.head" {
		t.Errorf("a table without a head: %v", err)
	}
}

func clueRows(unit string) string {
	return strings.ReplaceAll("编号,收到日期,反映问题,摘要,单位,被反映人,被反映人职务,职级,是否党员,问题类别,办理阶段,办结日期,线索来源,处置方式,处置日期,了结方式\n"+
		"云线〔2024〕17号,2024-03-05,反映虚报管护费,虚报三个村的管护费,石桥镇,吴某,农业综合服务中心主任,科员及以下,是,违反廉洁纪律,已办结,2024-06-01,监督执纪中发现,初步核实,2024-04-02,直接了结\n"+
		"云线〔2026〕3号,2026-10-09,反映公车私用,用公车接送,UNIT,李某,办公室主任,科员及以下,是,违反廉洁纪律,待分办,,监督执纪中发现,,,\n", "UNIT", unit)
}

// TestMattersOfThePast imports clues with their numbers, states and days: measures count them on those days, an open one
// runs from the day it was received, and importing them again changes nothing.
func TestMattersOfThePast(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		names := map[string]string{}
		for _, l := range []struct{ list, code string }{{"discipline", "integrity"}, {"close_kind", "direct"}} {
			names[l.code] = w.App.Rules.Name(l.list, l.code, locale.Zh)
		}
		rows := strings.NewReplacer("违反廉洁纪律", names["integrity"], "直接了结", names["direct"], "已办结", locale.T(locale.Zh, "state.clue.closed"), "待分办", locale.T(locale.Zh, "state.clue.pool")).Replace(clueRows("柏岭乡"))
		right(t, w, w.As("supervision"), "clues", rows, map[string]int{exchange.New: 2})
		right(t, w, w.As("supervision"), "clues", rows, map[string]int{exchange.Same: 2})
		if n, _ := count(t, w, "clue.opened", "county"); n != 1 {
			t.Errorf("%d clues of 2026, want 1", n)
		}
		key, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.no = $2`, "云线〔2026〕3号")
		if err != nil || len(key) != 1 {
			t.Fatal(key, err)
		}
		if m := w.Matter(id.ID{City: apptest.City, Key: key[0]}); m.State != "pool" || !m.Open || m.Due == "" || m.Received != "2026-10-09" {
			t.Errorf("the open clue is %+v", m)
		}
		w.Do("supervision", id.ID{City: apptest.City, Key: key[0]}, "hand_out", map[string][]string{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
		// Somebody whom the city manages may not be kept in the county at all.
		high := strings.NewReplacer("3号", "4号", "17号", "18号", "科员及以下", "副处级").Replace(rows)
		if rep := bring(t, w, w.As("supervision"), "clues", high, false); rep.Done || len(rep.Lines[0].Problems) == 0 || rep.Lines[0].Problems[0].Code != "sheet.higher" {
			t.Errorf("a clue on somebody managed higher up: %+v", rep.Lines)
		}
		if bad, err := measure.Check(apptest.Ctx, d.In(apptest.City)); err != nil || len(bad) > 0 {
			t.Errorf("rollups: %v %v", bad, err)
		}
		w.Verify()
	})
}

// TestExportImportIsIdentity gives every kind out in both forms and takes it in again: nothing changes.
func TestExportImportIsIdentity(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		op := access.ByOperator(apptest.City)
		right(t, w, op, "divisions", "区划代码,名称\n990101004000,新圩镇\n990101004201,一村\n990101001000,石桥街道\n", map[string]int{exchange.New: 2, exchange.Change: 1})
		right(t, w, op, "people", strings.ReplaceAll(roster, "石桥镇", "石桥街道"), map[string]int{exchange.New: 1, exchange.Change: 3, exchange.Same: 2})
		right(t, w, op, "officials", "单位,姓名,职务,职级,监察对象类别,是否党员,纳入日期,对象编号\n柏岭乡,=cmd|'x',副乡长,副科级,c1,中共党员,2024/1/1,A-1\n一村,王二,村党组织书记,村（社区）干部,c5,是,2024-01-01,\n", map[string]int{exchange.New: 2})
		right(t, w, op, "statistics", "单位,统计日期,核定编制,实有人数,改革前监察对象数,数据依据\n柏岭乡,2026-06-30,40,36,,\n云渡县,2017-12-31,,,1200,改革前台账\n", map[string]int{exchange.New: 2})
		if n, den := count(t, w, "officials.growth", "county"); n != 2 || den != 1200 {
			t.Errorf("growth is %d against %d", n, den)
		}
		for _, p := range past {
			right(t, w, op, p.kind, strings.ReplaceAll(p.text, "石桥镇", "石桥街道"), map[string]int{exchange.New: p.n})
		}
		for _, kind := range []string{"divisions", "people", "officials", "statistics", "tipoffs", "clues", "cases"} {
			for _, f := range []sheet.Format{sheet.XLSX, sheet.CSV} {
				for _, lang := range []string{locale.Zh, locale.En} {
					var b bytes.Buffer
					n, err := w.App.Exchange.Export(apptest.Ctx, op, kind, &b, f, lang)
					if err != nil {
						t.Fatalf("%s: %v", kind, err)
					}
					rep := bring(t, w, op, kind, b.String(), false)
					if n == 0 || rep.Counts[exchange.Same] != n || rep.Changes() || !rep.Clean() {
						t.Errorf("%s %s %s: %d rows out, in: %v %+v", kind, f, lang, n, rep.Counts, firstOdd(rep))
					}
				}
			}
		}
		w.Verify()
	})
}

func firstOdd(r exchange.Report) any {
	for _, l := range r.Lines {
		if l.What != exchange.Same {
			return l
		}
	}
	return nil
}

// TestEveryColumnHasNames reads each kind's template: its head is understood in both languages, so every column has a
// name in both.
func TestEveryColumnHasNames(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	for _, kind := range exchange.Kinds {
		if !locale.Has("sheet.kind."+kind) || !locale.Has("sheet.kind."+kind+".what") {
			t.Errorf("%s has no name", kind)
		}
		if kind == "holidays" {
			continue
		}
		for _, lang := range []string{locale.Zh, locale.En} {
			var b bytes.Buffer
			if err := w.App.Exchange.Template(kind, &b, sheet.CSV, lang); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(b.String(), "sheet.col.") {
				t.Errorf("%s in %s: %s", kind, lang, b.String())
			}
			if rep := bring(t, w, access.ByOperator(apptest.City), kind, b.String(), true); rep.Rows != 0 {
				t.Errorf("%s: an empty template has %d rows", kind, rep.Rows)
			}
		}
	}
}
