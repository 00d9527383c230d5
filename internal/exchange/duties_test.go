package exchange_test

import (
	"bytes"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/exchange"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/sheet"
)

const dutyHead = "乡镇,姓名,分工类别,分工内容,承担方式,作出分工的党委,文号,文件日期,每月小时,起,止\n"

const dutyRows = `石桥镇,葛副,领导小组（议事协调机构）,安全生产领导小组成员,参与,石桥镇党委,石党发〔2026〕3号,2026-03-01,4,2026-03-01,
石桥镇,奚干,驻点村（联系村）,上塘村,参与,石桥镇党委,石党发〔2026〕3号,2026-03-01,12,2026-03-01,
石桥镇,葛副,分管其他工作,统战工作,牵头,石桥镇党委,石党发〔2026〕3号,2026-03-01,30,2026-03-01,
`

// TestDutiesFromAPaper files what a committee's paper says as a table: each row is judged, what is to be left goes into one order
// to the committee, a second time changes nothing, a last day ends a duty, and what was filed otherwise is said beside its column.
func TestDutiesFromAPaper(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		clerk := w.As("supervision")
		orders := func() (n int) {
			t.Helper()
			if err := d.In(apptest.City).Row(apptest.Ctx, `SELECT COUNT(x.duty_id) FROM order_duties x JOIN matters m ON m.city_id = x.city_id AND m.id = x.order_id WHERE x.city_id = $1 AND m.open = TRUE`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		rep := bring(t, w, clerk, "duties", dutyHead+dutyRows, true)
		for i, verdict := range []string{"允许", "待核", "需退出"} {
			if !strings.HasSuffix(rep.Lines[i].Name, "　"+verdict) {
				t.Errorf("row %d is said to be %q, want %s", i, rep.Lines[i].Name, verdict)
			}
		}
		before := acts(t, w)
		right(t, w, clerk, "duties", dutyHead+dutyRows, map[string]int{exchange.New: 3})
		if n := acts(t, w) - before; n != 1 || orders() != 1 {
			t.Errorf("%d acts and %d duties in an order", n, orders())
		}
		bringing := func(text string, want map[string]int) {
			t.Helper()
			rep := bring(t, w, clerk, "duties", text, false)
			for _, what := range []string{exchange.New, exchange.Change, exchange.Same, exchange.Wrong} {
				if rep.Counts[what] != want[what] {
					t.Errorf("%d rows %s, want %d: %+v", rep.Counts[what], what, want[what], rep.Lines)
				}
			}
		}
		bringing(dutyHead+dutyRows, map[string]int{exchange.Same: 3})
		var out bytes.Buffer
		if n, err := w.App.Exchange.Export(apptest.Ctx, clerk, "duties", &out, sheet.CSV, locale.Zh); err != nil || n != 3 {
			t.Fatalf("%v: %d rows given out", err, n)
		}
		bringing(out.String(), map[string]int{exchange.Same: 3})
		// The committee took the portfolio back: it ends, and so does what was asked because of it.
		bringing(dutyHead+strings.Replace(strings.SplitN(dutyRows, "\n", 3)[2], "2026-03-01,\n", "2026-03-01,2026-10-01\n", 1), map[string]int{exchange.Change: 1})
		if orders() != 0 {
			t.Errorf("%d duties are still in an order", orders())
		}
		// What a roster brought knows neither paper nor part: the committee's paper says them, and since when.
		bring(t, w, w.As("cityorg"), "people", "单位,职务,姓名,驻点村\n石桥镇,书记,潘书,上塘村\n石桥镇,副书记,葛副,\n石桥镇,专职干事,奚干,上塘村\n", false)
		told := dutyHead + "石桥镇,潘书,驻点村（联系村）,上塘村,参与,石桥镇党委,石党发〔2026〕3号,2026-03-01,8,2026-03-01,\n"
		bringing(told, map[string]int{exchange.Change: 1})
		bringing(told, map[string]int{exchange.Same: 1})
		// A paper of the past orders nobody to end what has ended.
		before = orders()
		bringing(dutyHead+"石桥镇,葛副,分管其他工作,城建,牵头,石桥镇党委,石党发〔2025〕3号,2025-03-01,30,2025-03-01,2025-12-31\n", map[string]int{exchange.New: 1})
		if orders() != before {
			t.Errorf("%d duties in orders, %d before", orders(), before)
		}
		// The year's new paper: one table ends what was and files it anew, whichever comes first in it.
		row := "石桥镇,葛副,领导小组（议事协调机构）,安全生产领导小组成员,参与,石桥镇党委,石党发〔2026〕3号,2026-03-01,4,2026-03-01,2026-10-10\n"
		anew := "石桥镇,葛副,领导小组（议事协调机构）,安全生产领导小组成员,参与,石桥镇党委,石党发〔2026〕9号,2026-10-10,6,2026-10-11,\n"
		bringing(dutyHead+anew, map[string]int{exchange.Wrong: 1})
		bringing(dutyHead+anew+row, map[string]int{exchange.New: 1, exchange.Change: 1})
		bringing(dutyHead+anew+row, map[string]int{exchange.Same: 2})
		w.Verify()
	})
}

// TestDutiesRefused are rows that nobody may file.
func TestDutiesRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		for who, may := range map[string]bool{"cityorg": false, "cityoffice": false, "supervision": true, "secretary": false, "deputy": false} {
			if w.App.Exchange.MayImport(w.As(who), "duties") != may {
				t.Errorf("%s may: %v", who, !may)
			}
		}
		const good = "石桥镇,葛副,领导小组（议事协调机构）,河长制领导小组成员,参与,石桥镇党委,石党发〔2026〕3号,2026-03-01,4,2026-03-01,"
		bring(t, w, w.As("supervision"), "duties", dutyHead+good, false)
		for _, c := range []struct {
			what, who, was, now, column, code string
		}{
			{"nobody of that name", "supervision", "葛副", "没人", "name", "sheet.no_holder"},
			{"before the post", "supervision", "4,2026-03-01", "4,2021-03-01", "name", "sheet.no_holder"},
			{"no village of the township", "supervision", "领导小组（议事协调机构）,河长制领导小组成员", "驻点村（联系村）,不存在村", "duty_what", "sheet.village"},
			{"no such kind", "supervision", "领导小组（议事协调机构）", "扫地", "duty_kind", "sheet.choice"},
			{"a paper of tomorrow", "supervision", "2026-03-01,4", "2027-03-01,4", "duty_paper_on", "day.future"},
			{"more hours than a month has", "supervision", "河长制领导小组成员,参与,石桥镇党委,石党发〔2026〕3号,2026-03-01,4", "林长制领导小组成员,参与,石桥镇党委,石党发〔2026〕3号,2026-03-01,5000", "duty_hours", "count.range"},
			{"another county's", "othersupervision", "", "", "unit", "sheet.unit_unknown"},
			{"otherwise than filed", "supervision", ",4,", ",5,", "duty_hours", "sheet.filed_otherwise"},
			{"days that overlap", "supervision", "4,2026-03-01", "4,2026-04-01", "duty_what", "duty.overlap"},
			{"no word of hours", "supervision", ",4,", ",,", "duty_hours", "required"},
			{"a month no year has", "supervision", "4,2026-03-01", "4,2026-13-01", "duty_from", "day.invalid"},
			{"over before it began", "supervision", "4,2026-03-01,", "4,2026-05-01,2026-04-01", "duty_last", "day.before"},
		} {
			row := good
			if c.was != "" {
				row = strings.Replace(good, c.was, c.now, 1)
			}
			rep := bring(t, w, w.As(c.who), "duties", dutyHead+row, false)
			if rep.Done || len(rep.Lines) != 1 || len(rep.Lines[0].Problems) == 0 {
				t.Errorf("%s: %+v", c.what, rep)
				continue
			}
			if p := rep.Lines[0].Problems[0]; p.Column != c.column || p.Code != c.code {
				t.Errorf("%s: %s at %s, want %s at %s", c.what, p.Code, p.Column, c.code, c.column)
			}
		}
		over := strings.ReplaceAll(good, "河长制", "林长制")
		rep := bring(t, w, access.ByOperator(apptest.City), "duties", dutyHead+strings.Replace(over, "4,2026-03-01,", "4,2026-03-01,2026-06-30", 1)+"\n"+strings.Replace(over, "4,2026-03-01,", "4,2026-06-30,", 1), true)
		if rep.Counts[exchange.Wrong] != 1 || rep.Lines[1].Problems[0].Code != "sheet.twice" {
			t.Errorf("rows that overlap: %+v", rep.Lines)
		}
		rep = bring(t, w, access.ByOperator(apptest.City), "duties", dutyHead+strings.ReplaceAll(good, "河长制", "林长制")+"\n"+strings.ReplaceAll(good, "河长制", "林长制"), false)
		if rep.Counts[exchange.Wrong] != 1 || rep.Lines[1].Problems[0].Code != "sheet.twice" {
			t.Errorf("a row twice: %+v", rep.Lines)
		}
	})
}

// TestDutiesInPortions: what a table ends is ended in an act before the one that files what follows it, wherever they stand.
func TestDutiesInPortions(t *testing.T) {
	exchange.InPortionsOf(t, 1)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		row := func(paper, hours, from, last string) string {
			return "石桥镇,葛副,领导小组（议事协调机构）,河长制领导小组成员,参与,石桥镇党委," + paper + ",2026-03-01," + hours + "," + from + "," + last + "\n"
		}
		bring(t, w, w.As("supervision"), "duties", dutyHead+row("石党发〔2026〕3号", "4", "2026-03-01", ""), false)
		before := acts(t, w)
		rep := bring(t, w, w.As("supervision"), "duties", dutyHead+row("石党发〔2026〕9号", "6", "2026-10-11", "2026-12-31")+row("石党发〔2026〕3号", "4", "2026-03-01", "2026/10/10"), false)
		if !rep.Done || rep.Written != 2 || acts(t, w)-before != 2 {
			t.Errorf("%d rows in %d acts: %+v", rep.Written, acts(t, w)-before, rep)
		}
	})
}
