package app_test

import (
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestKeysPageShowsWhatWaits: the custodian finds the letters that wait, soonest first, and how many are about to rise; after
// the day so does the custodian of the organ above. The page asks no more often for more letters.
func TestKeysPageShowsWhatWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		s := superior{t, w, w.Serve()}
		c := count(w)
		page := func(who string) string {
			t.Helper()
			code, body := w.Get(s.srv, who, "/keys")
			if code != 200 {
				t.Fatalf("%s: %d", who, code)
			}
			return body
		}
		if body := page("intake"); !strings.Contains(body, "没有等待启封的来信") {
			t.Error("letters wait where there are none")
		}
		early := w.Lodge(written(w), w.Units["county"], "2026-10-09", nil) // due on the 15th, a Thursday
		w.TakeIn(&early)
		c.get(t, "intake", "/keys") // the foot of pages is asked for once
		one := c.get(t, "intake", "/keys")
		late := w.Lodge(written(w), w.Units["county"], "2026-10-12", nil)
		elsewhere := w.Lodge(written(w), w.Units["other"], "2026-10-12", nil)
		w.TakeIn(&late, &elsewhere)
		if two := c.get(t, "intake", "/keys"); two != one || two > mostStatements {
			t.Errorf("%d statements for two letters, %d for one, at most %d", two, one, mostStatements)
		}
		body := page("intake")
		i, j := strings.Index(body, "/letters/"+early.Letter.String()), strings.Index(body, "/letters/"+late.Letter.String())
		if i < 0 || j < i || strings.Contains(body, elsewhere.Letter.String()) {
			t.Errorf("the letters stand at %d and %d", i, j)
		}
		if !strings.Contains(body, "1件三日内到期") || !strings.Contains(body, "XX市纪委监委") {
			t.Error("nobody says that one is about to rise")
		}
		if strings.Contains(page("cityintake"), early.Letter.String()) {
			t.Error("the organ above sees it before its day")
		}
		w.On("2026-10-19")
		s.pass()
		if body := page("intake"); !strings.Contains(body, "已逾期，XX市纪委监委可以启封") || !strings.Contains(body, early.Letter.String()) {
			t.Error("it is not said to be late")
		}
		if body := page("cityintake"); !strings.Contains(body, early.Letter.String()) || !strings.Contains(body, "可以启封") {
			t.Error("the organ above does not find what rose")
		}
	})
}
