package app_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// downward is what a clerk fills in for a township: the text, and what was left out of it.
func downward(w *apptest.World, text string) vals {
	return vals{"target": {w.Units["full"].ID.Key}, "below_title": {"农业综合服务中心管护费管理问题"}, "below_text": {text}, "left_out": {"names", "only"}, "left_why": {"摘要写到会计亲戚，只有其家人知道"},
		"verify_note": {"结合年度财务检查调阅凭证。"}}
}

// telling is a report whose every part would tell somebody something.
func telling(w *apptest.World) intake.Entry {
	in := entry(w)
	in.Channel, in.Title, in.Summary = "call", "会计亲戚来电反映中心主任虚报管护费", "中心会计的亲戚来电称，主任虚报管护费，账本藏在东屋柜子。"
	in.Original = "我是会计的妹夫，亲眼看见主任把两本账藏进东屋的柜子里，管护费是他虚报的。"
	in.Reporter = intake.Reporter{Name: "赵六", Contact: "13900000000"}
	return in
}

// tells are the words of it that nobody below reads.
var tells = []string{"会计", "亲戚", "来电", "东屋", "妹夫", "赵六", "13900000000", "举报件", "实名", "：信访举报", "纪信〔"}

// TestBelowTakesTwo: what is reported goes to a township only as the text that a second person of the intake office held
// against the original; the days of the first action run on meanwhile. The township finds nothing else of it anywhere.
func TestBelowTakesTwo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("checker", "周核", "intake_clerk", "county")
		b := browse(t, w)
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), telling(w))
		if err != nil {
			t.Fatal(err)
		}
		form := "/m/" + e.ID.String() + "/do/forward"
		if _, text := b.get("intake", form); !strings.Contains(text, "账本藏在东屋柜子") || !strings.Contains(text, "看得出有人举报") {
			t.Error("the form does not begin with the summary, and says nothing beside it")
		}
		if _, text := b.post("intake", form+"/beside", url.Values{"below_text": {"可打13912345678问。"}}); !strings.Contains(text, "电话号码") {
			t.Errorf("a telephone number is not pointed at: %.300s", text)
		}

		w.Do("intake", e.ID, "forward", downward(w, "主任虚报管护费，可向赵六了解。"))
		stands := func(state string) {
			t.Helper()
			m := w.Matter(e.ID)
			c, _, err := deadline.Last(apptest.Ctx, d.In(apptest.City), e.ID.Key, "tipoff.first_action")
			if err != nil || m.State != state || !c.Running() || c.Due != "2026-10-19" {
				t.Errorf("%s, its first action %s by %s, %v", m.State, c.State, c.Due, err)
			}
		}
		stands(intake.BelowCheck)
		if n := kindCount(t, w, "clue"); n != 0 {
			t.Fatalf("%d clues before anybody checked", n)
		}
		if _, err := w.Decide("intake", e.ID, flow.Decision{Approve: true}); fault.Code(err) != "approve.own" {
			t.Errorf("the writer checks it: %v", err)
		}
		for _, who := range []string{"supervision", "secretary", "officer", "cityintake"} {
			if _, err := w.Decide(who, e.ID, flow.Decision{Approve: true}); err == nil {
				t.Errorf("%s checks it", who)
			}
		}

		p := open(t, w, e.ID)
		page := "/p/" + p.ID.String()
		w.App.Custody.Ring.Lock(w.Units["county"].ID.String())
		if _, text := b.get("checker", page); !strings.Contains(text, "密钥没有开启") || strings.Contains(text, "妹夫") || !strings.Contains(text, "<del>中心会计的亲戚来电称，</del>") {
			t.Error("with the key locked the summary is compared, and the original is closed")
		}
		w.Unlock("county")
		if code, text := b.post("checker", page+"/beside", url.Values{"reason": {""}}); code != 200 || strings.Contains(text, "妹夫") || !strings.Contains(text, "请填写") {
			t.Errorf("opened without a reason: %d %s", code, text[strings.Index(text, "id=\"original\""):][:900])
		}
		before := openings(t, w)
		if code, text := b.post("checker", page+"/beside", url.Values{"reason": {"核对下发文本"}}); code != 200 || !strings.Contains(text, "妹夫") || !strings.Contains(text, "<mark>赵六</mark>") {
			t.Errorf("the original does not stand beside it: %d %s", code, text[strings.Index(text, "id=\"original\""):][:900])
		}
		if got := openings(t, w); got["envelope.open"] != before["envelope.open"]+1 || got["identity.compare"] != before["identity.compare"]+1 {
			t.Errorf("opening it is %v, was %v", got, before)
		}
		for _, who := range []string{"deputy", "principal", "officer"} {
			if code, text := b.post(who, page+"/beside", url.Values{"reason": {"核对"}}); code == 200 || strings.Contains(text, "妹夫") {
				t.Errorf("%s opens the original: %d", who, code)
			}
		}
		if _, err := w.Decide("checker", e.ID, flow.Decision{Note: "把赵六去掉。"}); err != nil {
			t.Fatal(err)
		}
		stands(intake.Received)
		if _, text := b.get("intake", form); !strings.Contains(text, "可向赵六了解") {
			t.Error("what was given back is lost")
		}

		w.Do("intake", e.ID, "forward", downward(w, "主任虚报管护费，数额不详。"))
		w.Approve("checker", e.ID)
		if m := w.Matter(e.ID); m.State != intake.InHand {
			t.Fatalf("checked, and %s", m.State)
		}
		c := child(t, w, e.ID, "clue")
		below(t, b, c, "主任虚报管护费，数额不详。")
		w.Verify()
		// No log carries what was left out, and why.
		bodies, err := db.Column[[]byte](apptest.Ctx, d.In(apptest.City), `SELECT a.body FROM acts a WHERE a.city_id = $1 AND a.matter_id IN ($2, $3)`, e.ID.Key, c.Key)
		if err != nil || len(bodies) < 6 {
			t.Fatalf("%d acts, %v", len(bodies), err)
		}
		for _, s := range []string{"只有其家人知道", "妹夫", "数额不详"} {
			if slices.ContainsFunc(bodies, func(b []byte) bool { return strings.Contains(string(b), s) }) {
				t.Errorf("an act says %s", s)
			}
		}
	})
}

// TestBelowFromThePool: a clue with a report behind it goes to a township with a checked text alone; case supervision asks
// for it and the intake office owes it. An office of the organ itself gets the clue as it is.
func TestBelowFromThePool(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		b := browse(t, w)
		w.Unlock("county")
		in := telling(w)
		in.Original = ""
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in)
		if err != nil {
			t.Fatal(err)
		}
		w.Do("intake", e.ID, "accept", vals{"verify_note": {"找会计的亲戚核实"}})
		c := child(t, w, e.ID, "clue")
		to := vals{"target": {w.Units["full"].ID.Key}, "back": {"no"}}
		if _, err := w.Try("supervision", c, "hand_out", to); !says(err, "clue.below_unchecked") {
			t.Fatalf("unchecked to a township: %v", err)
		}
		w.Do("supervision", c, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
		if _, err := w.Try("supervision", c, "reassign", vals{"target": {w.Units["full"].ID.Key}, "reason": {"就近"}}); !says(err, "clue.below_unchecked") {
			t.Fatalf("unchecked from an office to a township: %v", err)
		}
		w.Do("supervision", c, "ask_below", nil)
		if _, err := w.Try("supervision", c, "ask_below", nil); fault.Code(err) != "clue.below_asked" {
			t.Errorf("asked twice: %v", err)
		}
		if _, text := b.get("intake", "/"); !strings.Contains(text, "拟写下发文本") {
			t.Error("the intake office does not owe it")
		}
		// A text full of names is no way round the second person: once the notice is given nothing is compared with who reported.
		beside, err := w.App.Intake.OpenBeside(apptest.Ctx, w.As("intake"), e.ID, "核对下发文本")
		if err != nil || beside.Reporter.Name != "赵六" {
			t.Errorf("before the notice: %+v %v", beside, err)
		}
		w.Do("intake", e.ID, "notify", vals{"on": {"2026-10-12"}, "way": {"call"}, "reached": {"yes"}})
		if beside, err = w.App.Intake.OpenBeside(apptest.Ctx, w.As("intake"), e.ID, "核对下发文本"); err != nil || beside.Reporter != (intake.Reporter{}) {
			t.Errorf("after the notice: %+v %v", beside, err)
		}
		in2 := downward(w, "主任虚报管护费，数额不详。")
		delete(in2, "target")
		w.Do("intake", e.ID, "prepare_below", in2)
		if _, err := w.Try("intake", e.ID, "prepare_below", in2); fault.Code(err) != "tipoff.below_waits" {
			t.Errorf("written twice at once: %v", err)
		}
		if _, err := w.Try("supervision", c, "reassign", vals{"target": {w.Units["full"].ID.Key}, "reason": {"就近"}}); !says(err, "clue.below_unchecked") {
			t.Errorf("before it is checked: %v", err)
		}
		w.Approve("deputy", e.ID) // there is no second clerk
		if k, _, err := deadline.Last(apptest.Ctx, d.In(apptest.City), e.ID.Key, intake.RulePrepare); err != nil || k.State != deadline.StateDone {
			t.Errorf("the text is owed still: %s %v", k.State, err)
		}
		if m := w.Matter(c); m.Title != in.Title {
			t.Errorf("the organ's own words are gone before anything went below: %s", m.Title)
		}
		w.Do("supervision", c, "reassign", vals{"target": {w.Units["full"].ID.Key}, "reason": {"就近"}})
		below(t, b, c, "主任虚报管护费，数额不详。")
		if _, err := w.Try("intake", e.ID, "prepare_below", in2); fault.Code(err) != "tipoff.below_gone" {
			t.Errorf("written anew once it went: %v", err)
		}
		w.Verify()
	})
}

// below checks what a township reads of a clue: the checked text, and nothing of what would tell.
func below(t *testing.T, b *browser, c id.ID, text string) {
	t.Helper()
	m := "/m/" + c.String()
	seen := false
	for _, path := range []string{"/", m, "/clues", "/clues?q=" + url.QueryEscape("管护费"), "/search?q=" + url.QueryEscape("管护费"), "/api/v1/clues", "/api/v1/clues/" + c.String(), "/api/v1/clues/" + c.String() + "/moves", "/api/v1/clues/" + c.String() + "/log",
		"/api/v1/search?q=" + url.QueryEscape("管护费"), "/api/v1/desk", m + "/do/propose", m + "/papers/new"} {
		code, page := b.get("officer", path)
		seen = seen || code == http.StatusOK && strings.Contains(page, text)
		for _, s := range tells {
			if strings.Contains(page, s) {
				at := strings.Index(page, s)
				t.Errorf("below, %s says %s: …%s…", path, s, page[max(0, at-90):min(len(page), at+90)])
			}
		}
	}
	if !seen {
		t.Error("the township does not read the checked text")
	}
	for _, s := range []string{"东屋", "会计", "亲戚"} { // found by nothing that only the organ's words hold
		if _, page := b.get("officer", "/search?q="+url.QueryEscape(s)); strings.Contains(page, m) {
			t.Errorf("the township finds the clue by %s", s)
		}
	}
	for _, path := range []string{"/tipoffs", "/export?kind=tipoff", "/export?kind=clue"} {
		if code, _ := b.get("officer", path); code == http.StatusOK {
			t.Errorf("the township reads %s", path)
		}
	}
}

// says is whether what is wrong with a field is of that code.
func says(err error, code string) bool { return err != nil && strings.Contains(err.Error(), code) }

func kindCount(t *testing.T, w *apptest.World, kind string) (n int) {
	t.Helper()
	if err := w.App.DB.In(apptest.City).Row(apptest.Ctx, `SELECT COUNT(m.id) FROM matters m WHERE m.city_id = $1 AND m.kind = $2`, kind).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// openings counts the acts that opened something sealed.
func openings(t *testing.T, w *apptest.World) map[string]int {
	t.Helper()
	as, err := db.Column[string](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT a.action FROM acts a WHERE a.city_id = $1 AND a.action IN ('envelope.open', 'identity.compare')`)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, a := range as {
		out[a]++
	}
	return out
}

func (b *browser) get(who, path string) (int, string) {
	b.t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	req.Header.Set("Accept-Language", "zh-CN")
	req.AddCookie(&http.Cookie{Name: "qs", Value: who})
	res := httptest.NewRecorder()
	b.h.ServeHTTP(res, req)
	return res.Code, res.Body.String()
}
