package duty_test

import (
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/burden"
	"qianshao/internal/duty"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

type tx = ledger.Tx

// act writes something as the host's command line does.
func act(t *testing.T, w *apptest.World, do func(tx *tx) error) {
	t.Helper()
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "staffing.import", Organ: w.Units["county"].ID}, do(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// entry is a task of the complete township that its commission may take part in.
func entry(w *apptest.World) duty.Entry {
	return duty.Entry{Unit: w.Units["full"].ID.Key, Name: "惠农补贴专项监督", Work: "special", Part: duty.PartMain, Department: "财政所", GivenBy: "石桥镇党委", From: "2026-10-12"}
}

// refused is one that the county refuses.
func refused(w *apptest.World) duty.Entry {
	in := entry(w)
	in.Name, in.Work, in.Part, in.Department = "工程招标现场见证", "procurement", duty.PartLead, "公共资源交易站"
	return in
}

func enter(t *testing.T, w *apptest.World, in duty.Entry) duty.Entered {
	t.Helper()
	x, err := w.App.Duties.Enter(apptest.Ctx, w.As("officer"), in)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func tasks(t *testing.T, w *apptest.World) []duty.Task {
	t.Helper()
	ts, err := duty.TasksAt(apptest.Ctx, w.App.DB.In(apptest.City), w.Units["full"].ID.Key, w.App.DB.Today())
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// A task outside the remit is refused in the county's name: it is in no list, its letter can be printed at once and is the county's.
func TestRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		if x := enter(t, w, entry(w)); x.Refusal != nil || x.Task == "" {
			t.Fatalf("%+v", x)
		}
		x := enter(t, w, refused(w))
		if x.Refusal == nil || x.Refusal.Code != "task.lead" || x.Task != "" {
			t.Fatalf("%+v", x)
		}
		if p := said(t, w, "task.refuse"); p["why"] != "task.lead" || p["part"] != duty.PartLead {
			t.Errorf("%v", p)
		}
		if ts := tasks(t, w); len(ts) != 1 || ts[0].Name != "惠农补贴专项监督" || ts[0].Work != "special" {
			t.Errorf("%+v", ts)
		}
		m := w.Matter(x.HandBack)
		if m.State != duty.Proposed || m.Organ != w.Units["county"].ID || m.Handler != w.Units["full"].ID {
			t.Errorf("%+v", m)
		}
		p, err := w.App.Papers().Draft(apptest.Ctx, d.In(apptest.City), w.As("supervision"), x.HandBack.Key, "handback_letter", nil)
		if err != nil || p.Issuer.ID != w.Units["county"].ID || p.Addressee != "公共资源交易站" || !has(p.Body, "工程招标现场见证", "石桥镇党委", "错位") {
			t.Errorf("%+v, %v", p, err)
		}
		for name, set := range map[string]func(*duty.Entry){
			"name": func(e *duty.Entry) { e.Name = "" }, "work": func(e *duty.Entry) { e.Work = "magic" }, "part": func(e *duty.Entry) { e.Part = "" }, "department": func(e *duty.Entry) { e.Department = "" },
			"from": func(e *duty.Entry) { e.From = "2026-10-13" }, "head": func(e *duty.Entry) { e.Head = w.Who["lone"].Holding },
		} {
			in := entry(w)
			in.Name = "另一项任务"
			set(&in)
			_, err := w.App.Duties.Enter(apptest.Ctx, w.As("officer"), in)
			if fs := fault.Fields(err); len(fs) != 1 || fs[0].Name != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, in := range []duty.Entry{entry(w), refused(w)} {
			if _, err := w.App.Duties.Enter(apptest.Ctx, w.As("officer"), in); len(fault.Fields(err)) == 0 || fault.Fields(err)[0].Code != "task.twice" {
				t.Errorf("entered twice: %v", err)
			}
		}
		for who, want := range map[string]fault.Kind{"lone": fault.NotFound, "othersupervision": fault.NotFound, "deputy": fault.Forbidden} {
			if _, err := w.App.Duties.Enter(apptest.Ctx, w.As(who), entry(w)); fault.KindOf(err) != want {
				t.Errorf("%s: %v", who, err)
			}
		}
		w.Verify()
	})
}

func has(text string, words ...string) bool {
	for _, x := range words {
		if !strings.Contains(text, x) {
			return false
		}
	}
	return true
}

// A task in the list goes back: letter, signature, check; it leaves the list on the day of the signature, and comes back to it when
// it creeps back, and goes round again.
func TestHandBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		x := enter(t, w, entry(w))
		propose := func(who, department, reason string) (id.ID, error) {
			return w.App.Duties.Propose(apptest.Ctx, w.As(who), x.Task, department, reason)
		}
		if _, err := propose("officer", "", "whim"); len(fault.Fields(err)) != 2 {
			t.Errorf("%v", err)
		}
		if _, err := propose("lone", "财政所", "overreach"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v", err)
		}
		m, err := propose("officer", "财政所", "overreach")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := propose("officer", "财政所", "overreach"); fault.Code(err) != "handback.under_way" {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.Try("secretary", m, "send", vals{"on": {"2026-10-12"}}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("the township sends it: %v", err)
		}
		w.Do("supervision", m, "send", vals{"on": {"2026-10-12"}})
		w.On("2026-10-20")
		w.Do("officer", m, "receive", vals{"signed_by": {"财政所钱所长"}, "on": {"2026-10-19"}})
		if ts := tasks(t, w); len(ts) != 0 || w.Matter(m).State != duty.Received || w.Matter(m).Due != "2026-12-21" {
			t.Errorf("%+v %+v", ts, w.Matter(m))
		}
		if v := value(t, w, "duty.stayed_share", "full", "2026-10-01", "2026-12-31"); v.Numerator != 1 || v.Denominator != 1 {
			t.Errorf("%+v", v)
		}
		w.On("2026-12-01")
		w.Do("supervision", m, "verify", vals{"result": {"stays"}, "on": {"2026-12-01"}, "note": {"现场核看。"}})
		w.On("2026-12-20")
		w.Do("supervision", m, "creep", vals{"on": {"2026-12-20"}, "note": {"镇里会议纪要仍由纪委牵头。"}})
		y := w.Matter(m)
		if y.State != duty.Crept || !y.Open || y.Due == "" {
			t.Errorf("%+v", y)
		}
		if ts := tasks(t, w); len(ts) != 1 || ts[0].From != "2026-12-20" || ts[0].HandBack != m.Key {
			t.Errorf("%+v", ts)
		}
		if v := value(t, w, "duty.stayed_share", "full", "2026-10-01", "2026-12-31"); v.Numerator != 0 || v.Denominator != 1 {
			t.Errorf("%+v", v)
		}
		w.Do("supervision", m, "send", vals{"on": {"2026-12-20"}})
		w.Do("supervision", m, "receive", vals{"signed_by": {"财政所"}, "on": {"2026-12-20"}})
		w.On("2026-12-21")
		if _, err := w.Try("supervision", m, "verify", vals{"result": {"stays"}, "on": {"2026-12-21"}, "note": {"现场核看。"}}); fault.Code(err) != "move.other_hands" {
			t.Errorf("who entered the signature checks it: %v", err)
		}
		if ts := tasks(t, w); len(ts) != 0 {
			t.Errorf("%+v", ts)
		}
		for _, name := range []string{"duty.stayed_share", "duty.method_share", "duty.style"} {
			sums(t, w, name, "county")
		}
		w.Verify()
	})
}

// What a department refuses, or leaves lying, comes to the county by itself; the county insists or keeps it.
func TestCountyDecides(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := enter(t, w, refused(w)).HandBack
		w.Do("supervision", m, "send", vals{"on": {"2026-10-12"}})
		w.On("2026-10-26")
		tend(t, w)
		if w.Matter(m).State != duty.Sent {
			t.Error("risen before its day")
		}
		w.On("2026-10-27")
		tend(t, w)
		tend(t, w)
		if x := w.Matter(m); x.State != duty.County || x.Due == "" {
			t.Fatalf("%+v", x)
		}
		if p := said(t, w, "handback.rise"); p["state"] != duty.County {
			t.Errorf("%v", p)
		}
		if _, err := w.Try("supervision", m, "decide", vals{"decision": {"insist"}, "reason": {"属于交易站职责。"}}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%v", err)
		}
		w.Do("deputy", m, "decide", vals{"decision": {"insist"}, "reason": {"属于交易站职责。"}})
		if x := w.Matter(m); x.State != duty.Sent || x.Due != "2026-11-10" {
			t.Errorf("%+v", x)
		}
		w.Do("officer", m, "refuse", vals{"reason": {"人手不够。"}, "on": {"2026-10-27"}})
		w.Do("principal", m, "decide", vals{"decision": {"keep"}, "reason": {"阶段性由纪委监督。"}})
		if x := w.Matter(m); x.State != duty.Kept || x.Open {
			t.Errorf("%+v", x)
		}
		n := enter(t, w, func() duty.Entry {
			in := refused(w)
			in.Name, in.From = "收费专项整治牵头", "2026-10-27"
			in.Work = "collection"
			return in
		}()).HandBack
		w.Do("supervision", n, "withdraw", vals{"reason": {"登记有误。"}})
		if w.Matter(n).State != duty.Withdrawn {
			t.Error("not withdrawn")
		}
		w.Verify()
	})
}

// An inspection puts what was found beside the filing: a task found again creeps back; what differs is asked about, answered and
// judged, and ends by itself when the filing is mended.
func TestInspect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		f := file(t, w, filing(w))
		m := enter(t, w, refused(w)).HandBack
		w.Do("supervision", m, "send", vals{"on": {"2026-10-12"}})
		w.Do("officer", m, "receive", vals{"signed_by": {"交易站"}, "on": {"2026-10-12"}})
		w.On("2026-11-20")
		in := duty.Inspection{Unit: w.Units["full"].ID.Key, On: "2026-11-20", Undisclosed: true, Inspectors: "钟某、方某", Looked: "值班表、招标见证记录",
			Findings: []duty.Finding{{Duty: f.Duty, Found: "more", Note: "每周三天。"}, {HandBack: m.Key, Found: "back", Note: "两次招标仍由纪委见证。"}, {Found: "unfiled", Note: "承担统计报表"}}}
		for who, want := range map[string]fault.Kind{"secretary": fault.Forbidden, "othersupervision": fault.NotFound, "handler": fault.NotFound} {
			if _, err := w.App.Duties.Inspect(apptest.Ctx, w.As(who), in); fault.KindOf(err) != want {
				t.Errorf("%s: %v", who, err)
			}
		}
		bad := in
		bad.On, bad.Inspectors = "2026-11-21", ""
		bad.Findings = []duty.Finding{{Duty: f.Duty, Found: "back"}, {Duty: f.Duty, Found: "as_filed"}, {Found: "unfiled"}}
		if _, err := w.App.Duties.Inspect(apptest.Ctx, w.As("supervision"), bad); len(fault.Fields(err)) < 5 {
			t.Errorf("%v", err)
		}
		early := in
		early.On, early.Findings = "2026-08-01", in.Findings[:1]
		if _, err := w.App.Duties.Inspect(apptest.Ctx, w.As("supervision"), early); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Code != "inspection.not_then" {
			t.Errorf("%v", err)
		}
		again := w.As("supervision")
		again.Request = access.Request{Key: "k", Digest: "d"}
		var key id.Key
		for range 2 { // a repeated request is one inspection
			var err error
			if key, err = w.App.Duties.Inspect(apptest.Ctx, again, in); err != nil {
				t.Fatal(err)
			}
		}
		inspect, _ := w.App.Rules.Ask("duty.inspect", d.Today())
		explain, _ := w.App.Rules.Ask("duty.explain", d.Today())
		a, err := w.App.Burden.Account(apptest.Ctx, d.In(apptest.City), w.As("officer"), in.Unit, d.Today().MonthKey())
		if err != nil || len(a.Asks) != 3 || a.Months[len(a.Months)-1].Minutes != int64(inspect.Minutes+2*explain.Minutes) {
			t.Errorf("on the account: %+v, %v", a, err)
		}
		if i := slices.IndexFunc(a.Asks, func(x burden.Ask) bool {
			return x.Rule == "duty.inspect" && x.By == w.Units["county"].ID && x.UsedOn != ""
		}); i < 0 {
			t.Errorf("%+v", a.Asks)
		}
		if p := said(t, w, "inspection.enter"); p["differs"] != float64(3) || p["undisclosed"] != true {
			t.Errorf("%v", p)
		}
		if w.Matter(m).State != duty.Crept {
			t.Error("not crept back")
		}
		if _, err := w.App.Duties.Inspect(apptest.Ctx, w.As("supervision"), in); len(fault.Fields(err)) == 0 {
			t.Errorf("entered twice: %v", err)
		}
		x, town, err := w.App.Duties.GetInspection(apptest.Ctx, d.In(apptest.City), w.As("secretary"), key)
		if err != nil || town.ID != w.Units["full"].ID || len(x.Findings) != 3 {
			t.Fatalf("%+v, %v", x, err)
		}
		vs := all(t, w, duty.KindDeviation)
		if len(vs) == 2 && !strings.Contains(vs[0].Title, "安全生产") {
			vs[0], vs[1] = vs[1], vs[0]
		}
		if len(vs) != 2 || vs[0].Handler != w.Units["full"].ID || vs[0].State != duty.Raised {
			t.Fatalf("%+v", vs)
		}
		// Answered by the township, judged by the county: the order goes to the committee.
		w.Do("secretary", vs[0].ID, "answer", vals{"answered_by": {"township"}, "said": {"党委临时安排，未行文。"}})
		if _, err := w.Try("secretary", vs[0].ID, "judge", vals{"holds": {"explained"}, "reason": {"已说明。"}}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("the township judges itself: %v", err)
		}
		w.Do("supervision", vs[0].ID, "judge", vals{"holds": {"order"}, "reason": {"超出备案。"}})
		if os := all(t, w, duty.KindOrder); w.Matter(vs[0].ID).State != duty.Ordered || len(os) != 1 || os[0].Handler.Key != "" {
			t.Errorf("%+v", os)
		}
		// What is in no filing is filed, and the question ends.
		w.Do("supervision", vs[1].ID, "answer", vals{"answered_by": {"committee"}, "said": {"分工文件已补发。"}})
		if _, err := w.Try("supervision", vs[1].ID, "judge", vals{"holds": {"explained"}, "reason": {"已说明。"}}); fault.Code(err) != "move.other_hands" {
			t.Errorf("who answered judges the answer: %v", err)
		}
		if _, err := w.Try("deputy", vs[1].ID, "judge", vals{"holds": {"order"}, "reason": {"安排不当。"}}); len(fault.Fields(err)) == 0 || fault.Fields(err)[0].Code != "deviation.file_first" {
			t.Errorf("%v", err)
		}
		late := filing(w)
		late.Kind, late.What, late.Part, late.Deviation = "other", "承担统计报表", duty.PartMain, vs[1].ID.Key
		file(t, w, late)
		if y := w.Matter(vs[1].ID); y.State != duty.Mended || y.Open {
			t.Errorf("%+v", y)
		}
		list, next, err := w.App.Duties.Inspections(apptest.Ctx, d.In(apptest.City), w.As("supervision"), "", 10)
		if err != nil || len(list) != 1 || list[0].Differs != 3 || next != "" {
			t.Errorf("%+v %s %v", list, next, err)
		}
		if list, _, err := w.App.Duties.Inspections(apptest.Ctx, d.In(apptest.City), w.As("lone"), "", 10); err != nil || len(list) != 0 {
			t.Errorf("%+v %v", list, err)
		}
		if v := value(t, w, "duty.style", "full", "2026-11-01", "2026-11-30"); v.Numerator != 3 { // two asks, one day
			t.Errorf("%+v", v)
		}
		sums(t, w, "duty.style", "county")
		w.Verify()
	})
}
