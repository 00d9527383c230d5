package haves_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

// mostStatements is how many statements a page may take.
const mostStatements = 12

// Every page is there for those whom it is for, with few statements, and for nobody else.
func TestPages(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, dbtest.SQLite(t))
	s := w.App.Haves
	city := issued(t, w, "cityorg", id.ID{})
	county, err := s.Make(ctx, w.As("deputy"), city, "", true)
	must(t, err)
	draft, err := s.Make(ctx, w.As("deputy"), city, "另一份", false)
	must(t, err)
	l := list(t, w, "deputy", county)
	round, err := s.Open(ctx, w.As("deputy"), "2026年六有自评", "2026-10-30")
	must(t, err)
	must(t, rate(t, w, "officer", round, "full", rated(w, l, "premises.office")))
	full, headless := w.Units["full"].ID.Key, w.Units["headless"].ID.Key
	must(t, rate(t, w, "hlofficer", round, "headless", rated(w, l, "premises.office")))
	must(t, check(t, w, "deputy", round, "headless", judged(l)))
	mux := w.Mux()
	var took int64
	mux.Observe = func(_ web.Route, _ int, _ time.Duration, n int64) { took = n }
	srv := httptest.NewServer(mux.Handler())
	t.Cleanup(srv.Close)
	mine, theirs := rating(t, w, round, "full").ID.String(), rating(t, w, round, "headless").ID.String()
	at, unit := "/haves/rounds/"+round.String(), w.Units["full"].ID.String()
	for _, c := range []struct {
		who, path string
		code      int
		says      string
	}{
		{"officer", "/haves", 200, "提交自评"},
		{"officer", at, 200, "石桥镇"},
		{"officer", at + "?town=" + headless, 404, ""},
		{"hlofficer", "/haves", 200, "独立办公室"},
		{"officer", "/haves/lists", 200, "六有标准"},
		{"officer", "/haves/lists/" + county.String(), 200, "谈话室"},
		{"officer", "/haves/lists/" + city.String(), 200, "谈话室"},
		{"officer", "/haves/lists/" + draft.String(), 404, ""},
		{"deputy", "/haves/lists/" + draft.String(), 200, "印发"},
		{"deputy", "/haves/lists/" + draft.String() + "?line=funds.office", 200, "队伍、经费不得要求乡镇解决"},
		{"deputy", "/haves/lists/" + draft.String() + "?line=new", 200, "增加一项"},
		{"deputy", "/haves", 200, "最薄弱的是"},
		{"deputy", "/haves", 200, "10月30日"},
		{"deputy", at + "?town=" + full, 200, "提交核对结果"},
		{"supervision", at + "?town=" + full, 200, "待核对"},
		{"supervision", "/gaps", 200, "独立办公室"},
		{"officer", "/ratings/" + mine, 200, "提交自评"},
		{"officer", "/ratings/" + theirs, 404, ""},
		{"deputy", "/ratings/" + mine, 200, "提交核对结果"},
		{"deputy", "/ratings/" + theirs, 200, "已核对"},
		{"otherprincipal", "/ratings/" + mine, 404, ""},
		{"supervision", "/ratings", 200, "石桥镇：2026年六有自评"},
		{"officer", "/m/" + mine, 200, `href="/ratings/` + mine},
		{"supervision", "/m/" + mine, 200, "查看自评和核对"},
		{"deputy", "/m/" + mine, 200, "自评项目达到9／10项"},
		{"officer", "/m/" + theirs, 404, ""},
		{"cityorg", "/haves", 200, "云渡县"},
		{"cityorg", "/haves/lists/" + city.String(), 200, "1个单位采用"},
		{"cityorg", at, 200, "柏岭乡"},
		{"province", "/haves", 200, "白河县"},
		{"province", "/ratings/" + mine, 200, "待核对"},
		{"province", at + "?town=" + headless, 200, "柏岭乡"},
		{"otherprincipal", "/haves", 200, "开展一轮"},
		{"otherprincipal", at, 404, ""},
		{"otherprincipal", "/haves/lists/" + county.String(), 404, ""},
		{"othersecretary", at, 404, ""},
		{"officer", "/units/" + unit, 200, "自评项目达到9／10项"},
		{"officer", "/units/" + unit, 200, `href="` + at + "?town=" + full + `"`},
		{"officer", "/units/" + unit, 200, "本月已被要求40分钟，上限"},
		{"deputy", "/units/" + unit, 200, "自评项目达到9／10项"},
		{"deputy", "/units/" + w.Units["headless"].ID.String(), 200, "未补齐缺口"},
		{"deputy", "/units/" + w.Units["single"].ID.String(), 200, "本轮未自评"},
		{"cityorg", "/units/" + unit, 200, "自评项目达到9／10项"},
		{"province", "/units/" + unit, 200, "自评项目达到9／10项"},
		{"head", "/haves", 200, "还没有开展过"},
		{"intake", "/haves", 403, ""},
	} {
		code, text := w.Get(srv, c.who, c.path)
		if code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("%s by %s: %d, without %q", c.path, c.who, code, c.says)
		}
		if took > mostStatements {
			t.Errorf("%s by %s takes %d statements", c.path, c.who, took)
		}
		if code == 200 && (strings.Contains(text, "haves.") || strings.Contains(text, ">have.")) {
			t.Errorf("%s by %s shows the name of a text", c.path, c.who)
		}
	}
	// Those of another township see neither, those who may read only the account only that.
	for who, want := range map[string][2]bool{"officer": {true, true}, "hlofficer": {false, false}, "intake": {false, true}} {
		_, text := w.Get(srv, who, "/units/"+unit)
		if strings.Contains(text, "自评项目达到") != want[0] || strings.Contains(text, `href="/burden?town=`+unit) != want[1] {
			t.Errorf("the page of a unit shows %s something else", who)
		}
	}
}
