package exchangehttp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/exchange"
	"qianshao/internal/exchange/exchangehttp"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// awaited follows to the page that says how far an import is, until it has ended.
func awaited(t *testing.T, w *apptest.World, srv *httptest.Server, code int, page string) string {
	t.Helper()
	for range 600 {
		if code != http.StatusSeeOther && !strings.Contains(page, "<progress") {
			return page
		}
		time.Sleep(50 * time.Millisecond)
		code, page = w.Get(srv, "cityorg", "/import/running")
	}
	t.Fatal("it does not end")
	return ""
}

// TestImportGoesOn leaves the page while a table of many rows is looked at and written: it goes on, says how far it is, lets
// nobody begin another beside it, and shows what it came to once.
func TestImportGoesOn(t *testing.T) {
	exchangehttp.Impatient(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		srv := w.Serve()
		rows := exchange.Portion*2 + 1
		register := func() string {
			var b strings.Builder
			b.WriteString("单位,姓名,职务,职级,监察对象类别,纳入日期,编号\n")
			for i := range rows {
				fmt.Fprintf(&b, "柳湾乡,甲某,办事员,staff,c2,2021-01-01,BH%d\n", i)
			}
			return b.String()
		}
		code, page := upload(t, srv, "cityorg", "officials", register())
		page = awaited(t, w, srv, code, page)
		if !strings.Contains(page, "确认写入") {
			t.Fatalf("looked at: %s", page)
		}
		sum := sumOf(t, page)
		code, page = confirm(t, srv, sum, "k1")
		if code == http.StatusSeeOther {
			if _, page := w.Get(srv, "cityorg", "/import"); !strings.Contains(page, "查看进度和结果") {
				t.Error("the first page does not lead to the import under way")
			}
			if again, _ := confirm(t, srv, sum, "k2"); again != http.StatusSeeOther && again != http.StatusConflict {
				t.Errorf("confirmed once more: %d", again)
			}
			if drop, _ := send(t, srv, "cityorg", "/import/drop", "application/x-www-form-urlencoded", strings.NewReader("_key=k3")); drop != http.StatusSeeOther {
				t.Errorf("dropped meanwhile: %d", drop)
			}
			if _, page := upload(t, srv, "cityorg", "officials", register()); !strings.Contains(page, "上一个导入还在进行") {
				t.Errorf("another meanwhile: %s", page)
			}
		}
		page = awaited(t, w, srv, code, page)
		if !strings.Contains(page, "已经写入") {
			t.Errorf("written: %s", page)
		}
		if code, _ := w.Get(srv, "cityorg", "/import/running"); code != http.StatusSeeOther {
			t.Errorf("shown once more: %d", code)
		}
		var n int
		if err := d.In(apptest.City).Row(apptest.Ctx, `SELECT COUNT(o.id) FROM officials o WHERE o.city_id = $1 AND o.outside_no >= 'BH' AND o.outside_no < 'BI'`).Scan(&n); err != nil || n != rows {
			t.Errorf("%v: %d entries, want %d", err, n, rows)
		}
		acts, err := ledger.Of(apptest.Ctx, d.In(apptest.City), w.As("cityorg").Person, "rows.import", 0)
		if err != nil || len(acts) != 3 {
			t.Errorf("%v: written by %d acts", err, len(acts))
		}
		// What is wrong with the file itself is said at the form, however late it is found.
		code, page = upload(t, srv, "cityorg", "officials", "甲,乙\n1,2\n")
		if page = awaited(t, w, srv, code, page); !strings.Contains(page, "没有找到表头") {
			t.Errorf("no head: %s", page)
		}
		w.Verify()
	})
}
