package duty_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/duty"
	"qianshao/internal/id"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

// mostStatements is how many a page may take, signing in aside.
const mostStatements = 12

// site is the application as several people see it.
type site struct {
	*apptest.World
	t *testing.T
	h http.Handler
	n int64 // statements of the last page
}

func newSite(t *testing.T, w *apptest.World) *site {
	s := &site{World: w, t: t}
	mux := w.Mux()
	mux.Observe = func(_ web.Route, _ int, _ time.Duration, n int64) { s.n = n }
	s.h = mux.Handler()
	return s
}

func (s *site) ask(who, method, path string, f url.Values) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, strings.NewReader(f.Encode()))
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept-Language", "zh-CN")
	req.AddCookie(&http.Cookie{Name: "qs", Value: who})
	res := httptest.NewRecorder()
	s.h.ServeHTTP(res, req)
	return res
}

// sees opens a page that must be there and say all of these, in few statements.
func (s *site) sees(who, path string, words ...string) string {
	s.t.Helper()
	res := s.ask(who, http.MethodGet, path, nil)
	body := res.Body.String()
	if res.Code != http.StatusOK {
		s.t.Fatalf("%s by %s: %d\n%.600s", path, who, res.Code, body)
	}
	for _, x := range words {
		if !strings.Contains(body, x) {
			s.t.Errorf("%s by %s: without %q", path, who, x)
		}
	}
	if s.n > mostStatements {
		s.t.Errorf("%s by %s takes %d statements", path, who, s.n)
	}
	return body
}

// sends posts a form that must be taken, and says where it leads.
func (s *site) sends(who, path string, pairs ...string) string {
	s.t.Helper()
	res := s.ask(who, http.MethodPost, path, form(pairs))
	if res.Code != http.StatusSeeOther {
		s.t.Fatalf("%s by %s: %d\n%s", path, who, res.Code, res.Body.String())
	}
	return res.Header().Get("Location")
}

// back posts a form that must come back with a message and with what was typed.
func (s *site) back(who, path, message string, pairs ...string) {
	s.t.Helper()
	res := s.ask(who, http.MethodPost, path, form(pairs))
	body := res.Body.String()
	if res.Code != http.StatusUnprocessableEntity && res.Code != http.StatusConflict || !strings.Contains(body, message) {
		s.t.Errorf("%s by %s: %d, without %q", path, who, res.Code, message)
	}
	for i := 1; i < len(pairs); i += 2 {
		if pairs[i] != "" && !strings.Contains(body, pairs[i]) {
			s.t.Errorf("%s by %s: %q was not kept", path, who, pairs[i])
		}
	}
}

func form(pairs []string) url.Values {
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// Every page of the room, as those who work with it open it.
func TestPages(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	s := newSite(t, w)
	town := "/duties/" + w.Units["full"].ID.String()
	if res := s.ask("officer", http.MethodGet, "/duties", nil); res.Header().Get("Location") != town {
		t.Errorf("the township is led to %s", res.Header().Get("Location"))
	}
	s.sees("supervision", "/duties", "石桥镇", "尚未开始")
	s.sees("cityorg", "/duties", "云渡县", "白河县")
	s.sees("supervision", town+"/new", `name="holding"`, "石桥镇党委")
	s.back("supervision", town+"/new", "请填写", "what", "园区征地协调", "hours", "10", "paper", "石党发3号")
	one := s.sends("supervision", town+"/new", "holding", w.Who["secretary"].Holding, "kind", "project", "what", "园区征地协调", "part", "main", "assigned_by", "石桥镇党委", "paper", "石党发〔2026〕3号", "paper_on", "2026-09-01", "hours", "10", "from", "2026-09-01")
	s.sees("supervision", one, "需退出", "园区征地协调")
	s.back("supervision", one, "不能早于2026-09-01", "do", "end", "on", "2026-08-01")
	imported(t, w)
	body := s.sees("supervision", town, "园区征地协调", "未补录备案", "岗位职责清单", "责令党委纠正", "三转逐月")
	s.sees("officer", town, "园区征地协调")
	if strings.Contains(s.sees("officer", town), "/new") {
		t.Error("the township is offered to file")
	}
	at := strings.Index(body, "上塘村")
	other := body[strings.LastIndex(body[:at], "/filed-duties/"):at]
	other, _, _ = strings.Cut(other, `"`)
	s.sees("supervision", other, "补录备案")
	order := s.sends("supervision", town+"/order")
	s.back("supervision", other, "请填0至200的整数", "do", "complete", "part", "part", "paper_on", "2026-09-01", "hours", "千")
	s.sends("supervision", other, "do", "complete", "part", "part", "paper_on", "2026-09-01", "hours", "8")
	s.sees("deputy", strings.TrimSuffix(order, "?done=order_found"), "石桥镇党委", "如实报备的干部不因此追究")

	s.sees("officer", town+"/task", `name="work"`)
	s.back("officer", town+"/task", "请填写", "name", "招标见证", "work", "procurement", "part", "lead", "given_by", "石桥镇党委", "from", "2026-10-12")
	m := s.sends("officer", town+"/task", "name", "招标见证", "work", "procurement", "part", "lead", "department", "公共资源交易站", "given_by", "石桥镇党委", "from", "2026-10-12")
	if !strings.HasSuffix(m, "?done=task_lead") {
		t.Errorf("refused and led to %s", m)
	}
	m = strings.TrimSuffix(m, "?done=task_lead")
	s.sees("officer", m, "公共资源交易站", "打印交还函")
	s.sees("supervision", m+"/papers/new/handback_letter", "公共资源交易站", "错位")
	if x := s.sends("officer", town+"/task", "name", "专项监督", "work", "special", "part", "main", "department", "财政所", "given_by", "石桥镇党委", "from", "2026-10-12"); x != town+"?done=task_entered" {
		t.Errorf("entered and led to %s", x)
	}
	ts := tasks(t, w)
	ask := "/tasks/" + id.ID{City: apptest.City, Key: ts[0].ID}.String()
	s.sees("officer", ask, "专项监督", "财政所")
	s.back("officer", ask, "请填写", "department", "财政所")
	s.sends("officer", ask, "department", "财政所", "reason", "absence")
	s.sees("supervision", "/handbacks/board", "招标见证", "专项监督", "拟交还", "回头转")
	for _, path := range []string{"/confirmations", "/handbacks?view=proposed", "/orders", "/deviations", "/inspections"} {
		s.sees("supervision", path)
		s.sees("officer", path)
	}

	w.On("2026-11-02")
	tend(t, w)
	open, _, err := duty.ToConfirm(apptest.Ctx, w.App.DB.In(apptest.City), w.Units["full"].ID.Key)
	if err != nil {
		t.Fatal(err)
	}
	month := "/confirmations/" + open.Matter.ID.String()
	s.sees("officer", "/", month)
	s.sees("officer", "/m/"+open.Matter.ID.String(), month)
	s.sees("officer", month, "每月10小时", "与上月一致，确认")
	if strings.Contains(s.sees("supervision", month), "与上月一致，确认") {
		t.Error("the county is offered to confirm")
	}
	ds := mustDuties(t, w, "full")
	version := strconv.FormatInt(w.Matter(open.Matter.ID).Version, 10)
	s.back("officer", month, "请填0至200的整数", "do", "change", "version", version, "hours-"+ds[0].ID, "千")
	if res := s.ask("officer", http.MethodPost, month, form([]string{"do", "confirm", "version", "99"})); res.Code != http.StatusConflict || !strings.Contains(res.Body.String(), "没有保存") {
		t.Errorf("an old version is taken: %d", res.Code)
	}
	s.sends("officer", month, "do", "change", "version", version, "hours-"+ds[0].ID, "12")
	s.sees("officer", month, "已确认", "每月12小时")
	s.sees("supervision", "/duties", "已确认", "2026年10月")
	s.sees("supervision", "/measures/duty.function_share?unit="+w.Units["county"].ID.String(), "石桥镇")

	s.sees("supervision", town+"/inspect", "园区征地协调", `name="unfiled-1"`)
	s.back("supervision", town+"/inspect", "请填写", "on", "2026-11-02", "undisclosed", "yes", "looked", "值班表", "unfiled-1", "承担统计报表")
	x := s.sends("supervision", town+"/inspect", "on", "2026-11-02", "undisclosed", "yes", "inspectors", "钟某", "looked", "值班表", "found-"+ds[0].ID, "more", "unfiled-1", "承担统计报表")
	s.sees("supervision", x, "承担的多于备案", "没有备案", "待说明")
	s.sees("officer", x, "承担统计报表")
	s.sees("officer", "/inspections", "2项与备案不一致（待核）")
	vs := all(t, w, duty.KindDeviation)
	if strings.Contains(vs[0].Title, "统计报表") {
		vs[0], vs[1] = vs[1], vs[0]
	}
	s.sees("officer", "/m/"+vs[0].ID.String(), "只是待核的情况")
	s.sees("supervision", "/m/"+vs[1].ID.String(), "按党委文件补录备案")
	s.sees("supervision", town+"/new?deviation="+vs[1].ID.Key+"&what="+url.QueryEscape("承担统计报表"), "承担统计报表", vs[1].ID.Key)
}
