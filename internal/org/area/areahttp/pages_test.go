package areahttp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/org/area"
	"qianshao/internal/org/callup"
	"qianshao/internal/org/formula"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

// desk is somebody at the pages, with how many statements the last one took.
type desk struct {
	t *testing.T
	h http.Handler
	n int64
}

func newDesk(t *testing.T, w *apptest.World) *desk {
	d := &desk{t: t}
	m := w.Mux()
	m.Observe = func(_ web.Route, _ int, _ time.Duration, n int64) { d.n = n }
	d.h = m.Handler()
	return d
}

func (d *desk) asks(who string, req *http.Request) (int, string, http.Header) {
	req.AddCookie(&http.Cookie{Name: "qs", Value: who})
	req.AddCookie(&http.Cookie{Name: "lang", Value: "zh-CN"})
	res := httptest.NewRecorder()
	d.h.ServeHTTP(res, req)
	return res.Code, res.Body.String(), res.Result().Header
}

// sees opens a page, which has what is named and takes no more statements than a page may.
func (d *desk) sees(who, path string, code int, has ...string) string {
	d.t.Helper()
	got, body, _ := d.asks(who, httptest.NewRequest(http.MethodGet, path, nil))
	if got != code {
		d.t.Errorf("%s by %s: %d", path, who, got)
	}
	for _, s := range has {
		if !strings.Contains(body, s) {
			d.t.Errorf("%s by %s: without %q", path, who, s)
		}
	}
	if d.n > 12 {
		d.t.Errorf("%s by %s takes %d statements", path, who, d.n)
	}
	return body
}

// sends posts a form.
func (d *desk) sends(who, path string, f url.Values, code int, has ...string) (string, string) {
	d.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(f.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got, body, head := d.asks(who, req)
	if got != code {
		d.t.Errorf("%s by %s with %v: %d", path, who, f, got)
	}
	for _, s := range has {
		if !strings.Contains(body, s) {
			d.t.Errorf("%s by %s: without %q", path, who, s)
		}
	}
	return body, head.Get("Location")
}

func values(pairs ...string) url.Values {
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}

// The planner: three proposals, one taken up, a township moved by hand and looked at, a plan that lacks a name refused with what
// was typed kept, and adopted.
func TestPlanner(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	d := newDesk(t, w)
	county := w.Units["county"].ID
	unit := county.String()
	d.sees("secretary", "/areas", 200, "还没有划分片区", "石桥镇", "未划入片区")
	d.sees("cityoffice", "/areas", 200, "云渡县", "白河县")
	d.sees("province", "/areas", 200, "云渡县")
	d.sees("otherprincipal", "/areas?unit="+unit, 404)
	d.sees("secretary", "/areas/plan", 403)
	d.sees("otherprincipal", "/areas/plan?unit="+unit, 404)
	d.sees("cityleader", "/areas/plan?unit="+unit, 403)
	d.sees("deputy", "/areas/plan?groups=9", 422)
	body := d.sees("deputy", "/areas/plan?groups=2", 200, "负担均衡", "就近相连", "交集最少", "还没有填写相邻关系", "way=near")
	if n := strings.Count(body, `class="way"`); n != 3 {
		t.Errorf("%d proposals", n)
	}
	d.sees("deputy", "/areas/plan?size=2", 200, "第2片区")
	d.sees("deputy", "/areas/plan?way=level&groups=2&unit="+unit, 200, `name="name_1"`, "石桥镇", "采用这个方案")
	full, headless, single := w.Units["full"].ID.Key, w.Units["headless"].ID.Key, w.Units["single"].ID.Key
	f := values("unit", unit, "groups", "2", "way", "level", "seen", "", "from", "2026-10-12", "paper", "", "t_"+full, "0", "t_"+headless, "1", "t_"+single, "0", "name_0", "东片", "name_1", "西片",
		"leader_0", w.Who["deputy"].Person, "leader_1", w.Who["head"].Person, "office_0", w.Units["county.office1"].ID.Key, "office_1", "", "do", "look")
	d.sends("deputy", "/areas/plan", f, 200, "东片", "看看变化")
	f.Set("do", "adopt")
	f.Set("name_1", "")
	d.sends("deputy", "/areas/plan", f, 422, "东片", "已填写的内容")
	f.Set("name_1", "西片")
	d.sends("secretary", "/areas/plan", f, 403)
	if _, to := d.sends("deputy", "/areas/plan", f, 303); !strings.Contains(to, "done=area_adopted") {
		t.Errorf("led to %s", to)
	}
	if as, err := area.Areas(apptest.Ctx, w.App.DB.In(county.City), county.Key, "2026-10-12"); err != nil || len(as) != 2 || len(as[0].Townships) != 2 {
		t.Errorf("%+v, %v", as, err)
	}
	d.sees("secretary", "/areas", 200, "东片", "西片", "组长华副", "现有2个片区")
	d.sends("deputy", "/areas/plan", f, 409) // the same draft, which somebody has adopted since
	d.sees("deputy", "/areas/plan?way=now&groups=2", 200, `value="东片"`)
	d.sees("deputy", "/areas/borders", 200, "石桥镇")
	if _, to := d.sends("deputy", "/areas/borders", values("unit", unit, "at", full, "next", headless), 303); !strings.Contains(to, "area_borders") {
		t.Errorf("led to %s", to)
	}
	d.sees("deputy", "/areas/plan", 200, "还有1个乡镇没有填写相邻关系")
}

// The force formula: a slot set up, filled, short, somebody taking over, left and ended.
func TestFormulaPages(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	d := newDesk(t, w)
	county := w.Units["county"].ID
	d.sees("deputy", "/formula", 200, "还没有设置力量配置", "/formula/new")
	if body := d.sees("secretary", "/formula", 200); strings.Contains(body, "/formula/new") {
		t.Error("a township's secretary is offered the county's form")
	}
	d.sees("otherprincipal", "/formula?unit="+county.String(), 404)
	d.sees("deputy", "/formula/new?unit="+county.String(), 200, "派驻机构")
	f := values("unit", county.String(), "zh", "片区轮换", "source", "township", "least", "2", "most", "1", "rotating", "yes", "from", "2026-10-12")
	d.sends("deputy", "/formula/new", f, 422, "片区轮换")
	f.Set("most", "3")
	d.sends("deputy", "/formula/new", f, 303)
	slots, err := formula.On(apptest.Ctx, w.App.DB.In(county.City), county.Key, "2026-10-12")
	if err != nil || len(slots) != 1 {
		t.Fatalf("%+v, %v", slots, err)
	}
	slot := slots[0].ID.String()
	d.sees("deputy", "/formula/fill?slot="+slot, 200, "奚干", "专职干事")
	d.sees("secretary", "/formula/fill?slot="+slot, 403)
	d.sees("otherprincipal", "/formula/fill?slot="+slot, 404)
	d.sends("deputy", "/formula/fill", values("slot", slot, "person", "", "from", "2026-10-12"), 422)
	d.sends("deputy", "/formula/fill", values("slot", slot, "person", w.Who["officer"].Person, "from", "2026-10-12"), 303)
	d.sees("secretary", "/formula", 200, "片区轮换", "奚干", "缺1人", "2–3")
	slots, _ = formula.On(apptest.Ctx, w.App.DB.In(county.City), county.Key, "2026-10-12")
	place := slots[0].Places[0].ID.Key
	d.sees("deputy", "/formula/fill?slot="+slot+"&for="+place, 200, "接替奚干")
	d.sends("deputy", "/formula/fill", values("slot", slot, "for", place, "person", w.Who["twpdeputy"].Person, "from", "2026-10-12"), 303)
	slots, _ = formula.On(apptest.Ctx, w.App.DB.In(county.City), county.Key, "2026-10-12")
	d.sends("deputy", "/formula/leave", values("slot", slot, "place", slots[0].Places[0].ID.Key), 303)
	d.sends("deputy", "/formula/end", values("slot", slot), 303)
	d.sees("deputy", "/formula", 200, "还没有设置力量配置")
}

// Asking for somebody, choosing with the reasons shown, and what each of those concerned finds on their pages.
func TestCallupPages(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	d := newDesk(t, w)
	d.sees("handler", "/callups/new", 403)
	d.sees("cityleader", "/callups/new", 403)
	d.sees("supervision", "/callups/new", 200, "第一纪检监察室", "石桥镇纪委", "财务会计")
	f := values("reason", "核对三个村的账目。", "skills", "finance", "from", "2026-10-12", "until", "2026-10-20", "hours", "x")
	f.Set("to", w.Units["single"].ID.Key)
	d.sends("lone", "/callups/new", f, 422, "核对三个村的账目。")
	f.Set("hours", "40")
	_, to := d.sends("lone", "/callups/new", f, 303)
	m := regexp.MustCompile(`/m/([^?]+)`).FindStringSubmatch(to)
	if m == nil {
		t.Fatalf("led to %s", to)
	}
	d.sees("lone", "/callups", 200, "抽调财务会计人员协助柳湾乡纪委")
	d.sees("supervision", "/callups", 200, "抽调财务会计人员协助柳湾乡纪委", "待选定人员")
	d.sees("supervision", "/", 200, m[1])
	d.sees("supervision", "/m/"+m[1], 200, "核对三个村的账目。", "同一任务再调一人", "40小时")
	d.sees("supervision", "/m/"+m[1]+"/do/pick", 200, "奚干", "石桥镇纪委，缺财务会计，统计期内抽调0天")
	d.sees("supervision", "/callups/new?like="+m[1], 200, "核对三个村的账目。")
	d.sees("othersupervision", "/callups/new?like="+m[1], 404)
	d.sees("secretary", "/m/"+m[1], 404)
	d.sends("supervision", "/m/"+m[1]+"/do/pick", values("_version", "1", "lead", w.Who["officer"].Person), 303)
	d.sees("secretary", "/", 200, m[1])
	d.sees("secretary", "/m/"+m[1], 200, "同意派出", "不同意派出", "奚干")
	d.sees("secretary", "/m/"+m[1]+"/do/consent", 200, `value="2026-10-20"`)
	d.sees("deputy", "/m/"+m[1], 200, "派出单位答复的期限还没有过")
	d.sends("secretary", "/m/"+m[1]+"/do/consent", values("_version", "2", "until", "2026-10-20"), 303)
	d.sees("officer", "/m/"+m[1], 200, "抽调中")
	d.sees("lone", "/m/"+m[1], 200, "抽调中")
	if x := w.Matter(parse(t, m[1])); x.State != callup.Serving {
		t.Errorf("%+v", x)
	}
	d.sees("deputy", "/measures/callup.away", 200, "奚干")
}

func parse(t *testing.T, s string) id.ID {
	t.Helper()
	x, err := id.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
