package reprisal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/dbtest"
)

// post sends a form as somebody.
func post(w *apptest.World, who, path string, pairs ...string) (int, string) {
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(f.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: "qs", Value: who})
	res := httptest.NewRecorder()
	w.Mux().Handler().ServeHTTP(res, req)
	return res.Code, res.Body.String()
}

// The page that the desk leads to: a reason is asked for, what was noticed is shown once; and nobody else finds any of it.
func TestPages(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	w.Hire("province2", "齐访", "intake_clerk", "province")
	enter(t, w, entry(w, "奚干", "石桥镇纪委"))
	w.Unlock("city")
	leave(t, w, "officer")
	compare(t, w)
	m := alerts(t, w)[0]
	srv := w.Serve()
	see := func(who, path string, code int, has ...string) string {
		t.Helper()
		got, body := w.Get(srv, who, path)
		if got != code {
			t.Errorf("%s by %s: %d", path, who, got)
		}
		for _, s := range has {
			if !strings.Contains(body, s) {
				t.Errorf("%s by %s: without %q", path, who, s)
			}
		}
		if strings.Contains(body, "奚干") && strings.HasPrefix(path, "/alerts") {
			t.Errorf("%s shows %s who it is about", path, who)
		}
		return body
	}
	no := w.Matter(m).No
	see("cityintake", "/", 200, m.String())
	see("cityintake", "/alerts", 200, m.String())
	see("cityintake", "/m/"+m.String(), 200, "/alerts/"+m.String())
	see("cityintake", "/alerts/"+m.String(), 200, `name="reason"`)
	see("cityintake", "/watches", 200, "正在监测1人")
	see("cityintake", "/keys", 200, "有1条打击报复提醒")
	if code, body := post(w, "cityintake", "/alerts/"+m.String(), "reason", "核看提醒"); code != 200 || !strings.Contains(body, "奚干") || !strings.Contains(body, "调任其他岗位") || !strings.Contains(body, "单位相符") {
		t.Errorf("opened: %d", code)
	}
	for _, who := range []string{"intake", "principal", "deputy", "supervision", "handler", "secretary", "otherintake", "citychief", "cityleader", "sysadmin", "secadmin", "auditor"} {
		for _, path := range []string{"/", "/tipoffs?view=all", "/letters?view=all", "/slips?view=all", "/clues?view=all", "/cases?view=all", "/watch", "/superior", "/search?q=" + "打击报复", "/keys", "/alerts?view=all", "/watches", "/admin/audit", "/force", "/report"} {
			_, body := w.Get(srv, who, path)
			for _, trace := range traces(path, m.Key, no, "护〔") {
				if strings.Contains(body, trace) {
					t.Errorf("%s shows %s that there is one", path, who)
				}
			}
		}
		for _, path := range []string{"/m/" + m.String(), "/alerts/" + m.String()} {
			if code, body := w.Get(srv, who, path); code == 200 || strings.Contains(body, no) {
				t.Errorf("%s by %s: %d", path, who, code)
			}
		}
	}
	if code, _ := post(w, "cityintake", "/watches/end", "name", "奚干", "unit", "石桥镇"); code != 303 {
		t.Errorf("ended: %d", code)
	}
	see("cityintake", "/watches", 200, "正在监测0人")
	// The counter's form asks, where there is an organ above.
	see("intake", "/tipoffs/new", 200, `name="works_unit"`)
	if body := see("province2", "/tipoffs/new", 200); strings.Contains(body, "works_unit") {
		t.Error("the uppermost organ offers what nobody above could do")
	}
}

// traces are what must stand on no page; that there may be watching at all stands on the pages that are about it.
func traces(path string, of ...string) []string {
	if strings.HasPrefix(path, "/alerts") || path == "/watches" {
		return of
	}
	return append(of, "监测", "打击报复提醒")
}
