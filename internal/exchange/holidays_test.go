package exchange_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/sheet"
)

const notice = "年 2027\n通知 国办发明电〔2026〕9号 2026-11-01\n放假 元旦 01-01..01-03\n放假 春节 02-05..02-12\n上班 春节 02-14 02-20\n"

// TestHolidaysDryAndReal holds that a dry run says what the real one will: of a year that is known, of one whose notice
// was changed by a second, and of the same notice typed in another way.
func TestHolidaysDryAndReal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		op := access.ByOperator(apptest.City)
		changed := notice + "通知 国办发明电〔2027〕1号 2027-01-20\n说明 春节假期延长\n放假 春节 02-13\n上班 春节 02-21\n"
		typed := "\ufeff# 第二个通知\r\n年  2027\r\n" + strings.NewReplacer("年 2027\n", "", "02-14 02-20", "2027-02-14\n上班 春节 02-20", "通知 ", "通知\t", "\n", "  # 已核对\r\n").Replace(changed)
		right(t, w, op, "holidays", notice, map[string]int{exchange.New: 1})
		right(t, w, op, "holidays", notice, map[string]int{exchange.Same: 1})
		w.Now = w.Now.Add(time.Hour)
		right(t, w, op, "holidays", changed, map[string]int{exchange.New: 1})
		if k := w.App.Clocks.Calendar().Day("2027-02-13"); k.Kind != calendar.Holiday {
			t.Errorf("the second notice does not hold: %v", k)
		}
		before := acts(t, w)
		right(t, w, op, "holidays", typed, map[string]int{exchange.Same: 1})
		if n := acts(t, w); n != before {
			t.Errorf("the same notice made %d acts", n-before)
		}
		two := strings.ReplaceAll(strings.ReplaceAll(notice, "2026-11-01", "2027-11-01"), "年 2027", "年 2028")
		two = two[:strings.Index(two, "上班")]
		right(t, w, op, "holidays", changed+two, map[string]int{exchange.Same: 1, exchange.New: 1})
		right(t, w, op, "holidays", given(t, w, op, "holidays", sheet.CSV, locale.Zh), map[string]int{exchange.Same: 2})
		for _, dry := range []bool{true, false} {
			for who, code := range map[string]string{"cityorg": "page.not_yours", "sysadmin": "page.not_yours"} {
				if _, err := w.App.Exchange.Import(apptest.Ctx, w.As(who), "holidays", strings.NewReader(notice), int64(len(notice)), exchange.Options{DryRun: dry}); fault.Code(err) != code {
					t.Errorf("dry=%v: %s: %v", dry, who, err)
				}
			}
			if _, err := w.App.Exchange.Import(apptest.Ctx, op, "holidays", strings.NewReader("# 空\n"), 6, exchange.Options{DryRun: dry}); len(fault.Fields(err)) != 1 {
				t.Errorf("dry=%v: nothing in it: %v", dry, err)
			}
		}
		w.Verify()
	})
}

// TestHolidaysAsTable: notices go out as a workbook and as a text table and come back as nothing new, into another deployment
// as new; a wrong row is said of that row; and where nothing was imported no empty file is written.
func TestHolidaysAsTable(t *testing.T) {
	t.Parallel()
	w, other := apptest.New(t, dbtest.SQLite(t)), apptest.New(t, dbtest.SQLite(t))
	op := access.ByOperator(apptest.City)
	var out bytes.Buffer
	if _, err := w.App.Exchange.Export(apptest.Ctx, op, "holidays", &out, sheet.XLSX, locale.Zh); fault.Code(err) != "sheet.no_holidays" || out.Len() > 0 {
		t.Fatalf("nothing to give out: %v, %d bytes", err, out.Len())
	}
	right(t, w, op, "holidays", notice, map[string]int{exchange.New: 1})
	for _, f := range []sheet.Format{sheet.XLSX, sheet.CSV, exchange.Text} {
		for _, lang := range []string{locale.Zh, locale.En} {
			table := given(t, w, op, "holidays", f, lang)
			right(t, w, op, "holidays", table, map[string]int{exchange.Same: 1})
			if f == sheet.XLSX && lang == locale.En {
				right(t, other, op, "holidays", table, map[string]int{exchange.New: 1})
			}
		}
	}
	wrong := strings.Replace(given(t, w, op, "holidays", sheet.CSV, locale.Zh), "2027-02-12", "2027-02-31", 1)
	rep := bring(t, w, op, "holidays", wrong, false)
	if rep.Done || rep.Counts[exchange.Wrong] != 1 || rep.Lines[0].Row != 3 {
		t.Fatalf("%+v", rep)
	}
	var marked bytes.Buffer
	if err := w.App.Exchange.Annotate(strings.NewReader(wrong), int64(len(wrong)), rep, &marked, sheet.CSV, locale.Zh); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(marked.String(), "\n")
	if !strings.Contains(lines[0], locale.T(locale.Zh, "sheet.reason")) || !strings.Contains(lines[2], "2027-02-31") || strings.Count(lines[2], ",") <= strings.Count(lines[1], ",") {
		t.Errorf("the reason does not stand beside its row:\n%s", marked.String())
	}
	w.Verify()
}

// TestHolidaysWithReasons gives a wrong text back with what is wrong beside the line, as a comment: mended where it
// stands, it is taken.
func TestHolidaysWithReasons(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, dbtest.SQLite(t))
	op := access.ByOperator(apptest.City)
	wrong := strings.Replace(notice, "02-05..02-12", "02-05..02-31", 1)
	rep := bring(t, w, op, "holidays", wrong, false)
	if rep.Done || rep.Counts[exchange.Wrong] != 1 || rep.Lines[0].Row != 4 {
		t.Fatalf("%+v", rep)
	}
	var out bytes.Buffer
	if err := w.App.Exchange.Annotate(strings.NewReader(wrong), int64(len(wrong)), rep, &out, sheet.CSV, locale.Zh); err != nil {
		t.Fatal(err)
	}
	lines, before := strings.Split(out.String(), "\n"), strings.Split(wrong, "\n")
	for i := range before {
		if i != 3 && lines[i] != before[i] || i == 3 && !strings.HasPrefix(lines[i], before[i]+" # 需要修改：") {
			t.Errorf("line %d: %q", i+1, lines[i])
		}
	}
	right(t, w, op, "holidays", strings.Replace(out.String(), "02-31", "02-12", 1), map[string]int{exchange.New: 1})
}
