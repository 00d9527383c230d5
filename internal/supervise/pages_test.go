package supervise_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

// mostStatements is how many statements a page may take.
const mostStatements = 12

// Every page is there for those whom it is for, with few statements; a form that is sent back keeps what was typed.
func TestPages(t *testing.T) {
	t.Parallel()
	w := build(t, dbtest.SQLite(t))
	mux := w.Mux()
	var took int64
	mux.Observe = func(_ web.Route, _ int, _ time.Duration, n int64) { took = n }
	h := mux.Handler()
	ask := func(who, path string, f url.Values) *httptest.ResponseRecorder {
		req := httptest.NewRequest(map[bool]string{true: "POST", false: "GET"}[f != nil], path, strings.NewReader(f.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept-Language", "zh-CN")
		req.AddCookie(&http.Cookie{Name: "qs", Value: who})
		res := httptest.NewRecorder()
		h.ServeHTTP(res, req)
		return res
	}
	at := func(unit string) string { return "/checks/" + w.Units[unit].ID.String() }
	enter(t, w, "officer", visit(w, "village", w.App.DB.Today().AddDays(-3), "c5"))
	for _, c := range []struct {
		who, path string
		code      int
		says      string
	}{
		{"officer", at("full"), 200, "近一年检查到1名，在册4名。"},
		{"officer", at("village"), 200, "三季度集体收支凭证"},
		{"officer", at("village") + "/new", 200, "具体看了什么"},
		{"officer", at("county"), 404, ""},
		{"supervision", at("county"), 200, "石桥镇"},
		{"principal", at("county"), 200, "石桥镇"},
		{"principal", at("full") + "/new", 403, ""},
		{"supervision", at("headless") + "/new", 200, "名册里没有监察对象"},
		{"cityoffice", at("city"), 200, "云渡县"},
		{"province", "/checks", 200, "XX市"},
		{"province", at("city"), 200, "云渡县"},
		{"reviewer", "/checks", 403, ""},
		{"officer", "/units/" + w.Units["full"].ID.String() + "/officials", 200, "近一年检查覆盖"},
	} {
		res := ask(c.who, c.path, nil)
		if body := res.Body.String(); res.Code != c.code || !strings.Contains(body, c.says) {
			t.Errorf("%s by %s: %d, without %q\n%.300s", c.path, c.who, res.Code, c.says, body)
		}
		if took > mostStatements {
			t.Errorf("%s by %s takes %d statements", c.path, c.who, took)
		}
	}
	for who, to := range map[string]string{"officer": at("full"), "handler": at("county"), "cityoffice": at("city")} {
		if res := ask(who, "/checks", nil); res.Header().Get("Location") != to {
			t.Errorf("%s is led to %q", who, res.Header().Get("Location"))
		}
	}
	f := url.Values{"_key": {web.NewKey()}, "on": {string(w.App.DB.Today())}, "kind": {"special"}, "field": {"benefits"}, "looked": {"低保公示"}, "checkers": {"奚某、葛某"}, "result": {"mended"}}
	if res := ask("officer", at("full")+"/new", f); res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), "低保公示") {
		t.Errorf("%d\n%.300s", res.Code, res.Body)
	}
	f["reached"], f["_key"] = []string{"c1", "c2"}, []string{web.NewKey()}
	if res := ask("officer", at("full")+"/new", f); res.Header().Get("Location") != at("full")+"?done=checked" {
		t.Errorf("%d %q\n%.300s", res.Code, res.Header().Get("Location"), res.Body)
	}
	if res := ask("officer", at("full"), nil); !strings.Contains(res.Body.String(), "发现问题，当场改正") {
		t.Errorf("%.300s", res.Body)
	}
}
