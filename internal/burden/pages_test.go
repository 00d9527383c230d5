package burden_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

// mostStatements is how many statements a page may take.
const mostStatements = 12

// Every page is there for those whom it is for, in both languages, with few statements, and for nobody else.
func TestPages(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, dbtest.SQLite(t))
	one := enter(t, w, "supervision", ask(w, 900, "full", "headless"))[0]
	in := ask(w, 100, "full")
	in.Hold, in.Why = true, "上级当日要结果"
	held := enter(t, w, "cityoffice", in)[0]
	mux := w.Mux()
	var took int64
	mux.Observe = func(_ web.Route, _ int, _ time.Duration, n int64) { took = n }
	srv := httptest.NewServer(mux.Handler())
	t.Cleanup(srv.Close)
	full := w.Units["full"].ID.String()
	for _, c := range []struct {
		who, path string
		code      int
		says      string
	}{
		{"officer", "/burden", 200, "尚余60分钟"},
		{"officer", "/burden?month=2026-09", 200, "这个月没有要求"},
		{"officer", "/burden?town=" + w.Units["headless"].ID.String(), 404, ""},
		{"officer", "/burden/asks/" + one.String(), 200, "云纪办〔2026〕12号"},
		{"officer", "/burden/asks/" + held.String(), 404, ""},
		{"officer", "/burden/unlisted/new", 200, "谁提出的"},
		{"officer", "/burden/new", 403, ""},
		{"officer", "/burden/asks", 403, ""},
		{"supervision", "/burden", 200, "柏岭乡"},
		{"supervision", "/burden?town=" + full, 200, "石桥镇"},
		{"supervision", "/burden/unlisted/new", 403, ""},
		{"supervision", "/burden/new?again=" + one.String(), 200, "报送节前检查情况"},
		{"principal", "/burden", 200, "本县月上限"},
		{"principal", "/burden/asks?view=held", 200, "XX市纪委监委"},
		{"principal", "/burden/asks/" + held.String(), 200, "是否同意超出上限提出"},
		{"principal", "/", 200, "有超出上限的要求待您决定"},
		{"cityoffice", "/burden", 200, "云渡县"},
		{"cityoffice", "/burden?county=" + w.Units["county"].ID.String(), 200, "石桥镇"},
		{"cityoffice", "/burden/new", 200, "白河县"},
		{"province", "/burden", 200, "云渡县"},
		{"province", "/burden/asks?view=all", 200, "报送节前检查情况"},
		{"province", "/burden/new", 200, "云渡县"},
		{"othersupervision", "/burden?town=" + full, 404, ""},
		{"othersupervision", "/burden/asks/" + one.String(), 404, ""},
		{"head", "/burden", 200, "没有可以查看的乡镇"},
		{"sysadmin", "/burden", 403, ""},
	} {
		code, text := w.Get(srv, c.who, c.path)
		if code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("%s by %s: %d, without %q", c.path, c.who, code, c.says)
		}
		if took > mostStatements {
			t.Errorf("%s by %s takes %d statements", c.path, c.who, took)
		}
		if code == http.StatusOK && strings.Contains(text, "burden.") {
			t.Errorf("%s by %s shows the name of a text", c.path, c.who)
		}
	}
}
