package duty_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/duty"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

type vals = flow.Values

// filing is a duty of the complete township's deputy that the rules allow.
func filing(w *apptest.World) duty.Filing {
	return duty.Filing{Unit: w.Units["full"].ID.Key, Holding: w.Who["twpdeputy"].Holding, Kind: "leading_group", What: "安全生产领导小组成员", Part: duty.PartPart, AssignedBy: "石桥镇党委", Paper: "石党发〔2026〕3号",
		PaperOn: "2026-09-01", Hours: 10, From: "2026-09-01"}
}

// village is one that is to be left: the secretary's.
func village(w *apptest.World) duty.Filing {
	in := filing(w)
	in.Holding, in.Kind, in.What, in.Village, in.Part, in.Hours = w.Who["secretary"].Holding, "village", "", w.Units["village"].ID.Key, duty.PartMain, 16
	return in
}

func file(t *testing.T, w *apptest.World, in duty.Filing) duty.Filed {
	t.Helper()
	f, err := w.App.Duties.File(apptest.Ctx, w.As("supervision"), in)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func tend(t *testing.T, w *apptest.World) {
	t.Helper()
	if err := w.App.Duties.Tend(apptest.Ctx, apptest.City); err != nil {
		t.Fatal(err)
	}
}

// said is the last act of a name, as it stands in the log.
func said(t *testing.T, w *apptest.World, action string) map[string]any {
	t.Helper()
	bs, err := db.Column[[]byte](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT a.body FROM acts a WHERE a.city_id = $1 AND a.action = $2 ORDER BY a.seq DESC LIMIT 1`, action)
	if err != nil || len(bs) == 0 {
		t.Fatalf("no act %s: %v", action, err)
	}
	var x struct {
		Params map[string]any `json:"params"`
	}
	if err := json.Unmarshal(bs[0], &x); err != nil {
		t.Fatal(err)
	}
	return x.Params
}

// all are the matters of a kind, the oldest first.
func all(t *testing.T, w *apptest.World, kind string) (out []flow.Matter) {
	t.Helper()
	ks, err := db.Column[id.Key](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = $2 ORDER BY m.id`, kind)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range ks {
		out = append(out, w.Matter(id.ID{City: apptest.City, Key: k}))
	}
	return out
}

// From the paper to the order and out of it: the county files, the rules judge, the committee is asked, and the order ends by itself
// when the duty does. No matter names the holder.
func TestFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		if f := file(t, w, filing(w)); f.Judge.Verdict != duty.Allowed || !f.Order.Zero() {
			t.Errorf("%+v", f)
		}
		f := file(t, w, village(w))
		if f.Judge.Verdict != duty.Leave || f.Judge.Rule.Code != "village" {
			t.Errorf("%+v", f)
		}
		if p := said(t, w, "duty.file"); p["verdict"] != duty.Leave || p["paper"] != "石党发〔2026〕3号" {
			t.Errorf("%v", p)
		}
		o := w.Matter(f.Order)
		if o.State != duty.Found || o.Organ != w.Units["county"].ID || !o.Handler.Zero() || o.Due == "" || o.Subject != "" || strings.Contains(o.Title, "潘书") {
			t.Errorf("%+v", o)
		}
		in := village(w)
		in.Holding, in.Kind, in.Village, in.What = w.Who["officer"].Holding, "project", "", "园区征地协调"
		if g := file(t, w, in); g.Order != f.Order {
			t.Error("another order for the same committee")
		}
		if x, err := duty.GetOrder(apptest.Ctx, d.In(apptest.City), f.Order.Key); err != nil || len(x.Duties) != 2 || x.Committee != "石桥镇党委" {
			t.Fatalf("%+v, %v", x, err)
		}
		// Out of scope, and in scope without the right.
		for who, want := range map[string]fault.Kind{"othersupervision": fault.NotFound, "secretary": fault.Forbidden, "deputy": fault.Forbidden, "handler": fault.NotFound, "lone": fault.NotFound} {
			if _, err := w.App.Duties.File(apptest.Ctx, w.As(who), in); fault.KindOf(err) != want {
				t.Errorf("%s files: %v", who, err)
			}
		}
		// The township does not see the order: it is the committee's.
		if _, err := flow.Get(apptest.Ctx, d.In(apptest.City), w.As("secretary"), f.Order.Key); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the secretary opens the order: %v", err)
		}
		for _, x := range mustDuties(t, w, "full") {
			if x.Kind == "project" {
				if err := w.App.Duties.End(apptest.Ctx, w.As("supervision"), x.ID, "2026-10-11"); err != nil {
					t.Fatal(err)
				}
			}
		}
		if w.Matter(f.Order).State != duty.Found {
			t.Error("ended with a duty left")
		}
		if err := w.App.Duties.End(apptest.Ctx, w.As("supervision"), f.Duty, "2026-10-12"); err != nil {
			t.Fatal(err)
		}
		if o := w.Matter(f.Order); o.State != duty.Corrected || o.Open || o.Due != "" {
			t.Errorf("%+v", o)
		}
		if err := w.App.Duties.End(apptest.Ctx, w.As("supervision"), f.Duty, "2026-08-31"); fault.Fields(err)[0].Code != "day.before" {
			t.Errorf("ended before it began: %v", err)
		}
		w.Verify()
	})
}

func mustDuties(t *testing.T, w *apptest.World, unit string) []duty.Duty {
	t.Helper()
	ds, err := duty.Duties(apptest.Ctx, w.App.DB.In(apptest.City), w.Units[unit].ID.Key, w.App.DB.Today(), w.App.DB.Today())
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// What is wrong stands beside its field, and nothing of it is kept.
func TestFileBadInput(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	file(t, w, filing(w))
	ended := filing(w)
	ended.What, ended.To = "已到期的工作", "2026-09-20"
	file(t, w, ended)
	for name, x := range map[string]struct {
		set         func(*duty.Filing)
		field, code string
	}{
		"kind":            {func(f *duty.Filing) { f.Kind = "own" }, "kind", "choice.unknown"},
		"no kind":         {func(f *duty.Filing) { f.Kind = "" }, "kind", "required"},
		"part":            {func(f *duty.Filing) { f.Part = "boss" }, "part", "choice.unknown"},
		"paper":           {func(f *duty.Filing) { f.Paper = " " }, "paper", "required"},
		"control":         {func(f *duty.Filing) { f.What = "甲\x00乙" }, "what", "text.control"},
		"long":            {func(f *duty.Filing) { f.What = strings.Repeat("长", 61) }, "what", "text.long"},
		"impossible day":  {func(f *duty.Filing) { f.PaperOn = "2026-02-30" }, "paper_on", "day.invalid"},
		"paper to come":   {func(f *duty.Filing) { f.PaperOn = "2026-10-13" }, "paper_on", "day.future"},
		"before the post": {func(f *duty.Filing) { f.From = "2022-12-31" }, "from", "day.before"},
		"ends first":      {func(f *duty.Filing) { f.To = "2026-08-31" }, "to", "day.before"},
		"no end":          {func(f *duty.Filing) { f.To = "明天" }, "to", "day.invalid"},
		"hours":           {func(f *duty.Filing) { f.Hours = 201 }, "hours", "count.range"},
		"no hours":        {func(f *duty.Filing) { f.Hours = -1 }, "hours", "count.range"},
		"somebody else":   {func(f *duty.Filing) { f.Holding = w.Who["hldeputy"].Holding }, "holding", "choice.unknown"},
		"village":         {func(f *duty.Filing) { f.Kind = "village" }, "village", "required"},
		"no village":      {func(f *duty.Filing) { f.Kind, f.Village = "village", w.Units["single"].ID.Key }, "village", "choice.unknown"},
		"twice":           {func(*duty.Filing) {}, "what", "duty.overlap"},
		"overlaps":        {func(f *duty.Filing) { f.From, f.To = "2026-09-15", "2026-12-31" }, "what", "duty.overlap"},
		"overlaps an end": {func(f *duty.Filing) { f.What, f.From = ended.What, "2026-09-20" }, "what", "duty.overlap"},
	} {
		in := filing(w)
		if name != "twice" && !strings.HasPrefix(name, "overlaps") {
			in.What = "另一项工作"
		}
		x.set(&in)
		_, err := w.App.Duties.File(apptest.Ctx, w.As("supervision"), in)
		if fs := fault.Fields(err); len(fs) == 0 || fs[0].Name != x.field || fs[0].Code != x.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(mustDuties(t, w, "full")); n != 1 {
		t.Errorf("%d duties were kept", n)
	}
	again := filing(w)
	again.What, again.From = ended.What, "2026-09-21"
	file(t, w, again) // from the day after
}

// What the rules leave open a person decides, once and with a reason; what they have judged nobody does.
func TestDecide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		in := filing(w)
		in.Kind, in.What, in.Part = "secondment", "抽调县委巡察办", duty.PartMain
		f := file(t, w, in)
		if f.Judge.Verdict != duty.Look {
			t.Fatalf("%+v", f)
		}
		decide := func(who, verdict, why string, version int64) (id.ID, error) {
			return w.App.Duties.Decide(apptest.Ctx, w.As(who), f.Duty, version, verdict, why)
		}
		if _, err := decide("deputy", "look", "", 1); len(fault.Fields(err)) != 2 {
			t.Errorf("%v", err)
		}
		if _, err := decide("secretary", duty.Allowed, "同意", 1); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%v", err)
		}
		if _, err := decide("supervision", duty.Allowed, "同意", 1); fault.Code(err) != "duty.two_hands" {
			t.Errorf("who filed it decides: %v", err)
		}
		if _, err := decide("othersupervision", duty.Allowed, "同意", 1); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v", err)
		}
		if _, err := decide("deputy", duty.Allowed, "同意", 2); fault.Code(err) != "stale" {
			t.Errorf("%v", err)
		}
		order, err := decide("deputy", duty.Leave, "没有县纪委书面同意。", 1)
		if err != nil || w.Matter(order).State != duty.Found {
			t.Fatalf("%v", err)
		}
		if p := said(t, w, "duty.decide"); p["verdict"] != duty.Leave || p["why"] != "没有县纪委书面同意。" {
			t.Errorf("%v", p)
		}
		if _, err := decide("deputy", duty.Allowed, "补办了书面同意。", 2); err != nil {
			t.Fatal(err)
		}
		if w.Matter(order).State != duty.Corrected {
			t.Error("the order stands though the duty is allowed now")
		}
		g := file(t, w, filing(w))
		if _, err := w.App.Duties.Decide(apptest.Ctx, w.As("deputy"), g.Duty, 1, duty.Leave, "不宜"); fault.Code(err) != "duty.by_rule" {
			t.Errorf("decided against the rule: %v", err)
		}
		w.Verify()
	})
}

// A duty that a table brought is judged as it stands, gets its filing later, and is ordered once somebody has read it.
func TestImported(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		imported(t, w)
		ds := mustDuties(t, w, "full")
		if len(ds) != 1 || ds[0].Filed || ds[0].Judged(w.App.Rules, w.App.DB.Today()).Verdict != duty.Leave {
			t.Fatalf("%+v", ds)
		}
		if h, ok := ds[0].MonthHours(20); !ok || h != 20 {
			t.Errorf("five hours a week are %d a month", h)
		}
		if _, err := w.App.Duties.Order(apptest.Ctx, w.As("secretary"), w.Units["full"].ID.Key); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%v", err)
		}
		m, err := w.App.Duties.Order(apptest.Ctx, w.As("supervision"), w.Units["full"].ID.Key)
		if err != nil || w.Matter(m).State != duty.Found {
			t.Fatal(err)
		}
		if _, err := w.App.Duties.Order(apptest.Ctx, w.As("supervision"), w.Units["full"].ID.Key); fault.Code(err) != "order.nothing" {
			t.Errorf("ordered twice: %v", err)
		}
		if _, err := w.App.Duties.Order(apptest.Ctx, w.As("supervision"), w.Units["single"].ID.Key); fault.Code(err) != "order.nothing" {
			t.Errorf("%v", err)
		}
		if _, err := w.App.Duties.Complete(apptest.Ctx, w.As("supervision"), ds[0].ID, "boss", "2026-13-01", 500); len(fault.Fields(err)) != 3 {
			t.Errorf("%v", err)
		}
		if _, err := w.App.Duties.Complete(apptest.Ctx, w.As("supervision"), ds[0].ID, duty.PartMain, "2026-09-01", 12); err != nil {
			t.Fatal(err)
		}
		if _, err := w.App.Duties.Complete(apptest.Ctx, w.As("supervision"), ds[0].ID, duty.PartMain, "2026-09-01", 12); fault.Code(err) != "duty.filed" {
			t.Errorf("filed twice: %v", err)
		}
		w.Verify()
	})
}

// imported puts a duty there as a table does.
func imported(t *testing.T, w *apptest.World) {
	t.Helper()
	act(t, w, func(tx *tx) error {
		return org.AddDuties(apptest.Ctx, tx, []org.NewDuty{{Unit: w.Units["full"].ID.Key, Holding: w.Who["secretary"].Holding, Kind: "village", What: "驻点联系上塘村", AssignedBy: "乡镇党委", Hours: 5, Village: w.Units["village"].ID.Key, From: "2025-01-01"}})
	})
}

// An order that passes its day leads to a talk with the committee's secretary, and ends when its answer has come; it can be lifted
// before.
func TestOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		f := file(t, w, village(w))
		if _, err := w.Try("supervision", f.Order, "issue", vals{"on": {"2026-10-12"}}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a clerk issues it: %v", err)
		}
		if _, err := w.Try("deputy", f.Order, "issue", vals{"on": {"2026-10-13"}}); fault.Fields(err)[0].Code != "day.future" {
			t.Errorf("%v", err)
		}
		w.Do("deputy", f.Order, "issue", vals{"on": {"2026-10-12"}, "requirement": {"附调整后的分工文件。"}})
		if o := w.Matter(f.Order); o.State != duty.Ordered || o.Due != "2026-11-12" {
			t.Errorf("%+v", o)
		}
		w.On("2026-11-12")
		tend(t, w)
		if w.Matter(f.Order).State != duty.Ordered {
			t.Error("overdue on its last day")
		}
		w.On("2026-11-13")
		tend(t, w)
		tend(t, w)
		if w.Matter(f.Order).State != duty.Overdue {
			t.Fatal("its day has passed")
		}
		w.Do("deputy", f.Order, "talk", vals{"on": {"2026-11-13"}, "said": {"要求一周内调整。"}})
		w.Do("supervision", f.Order, "correct", vals{"answer_no": {"石党函〔2026〕8号"}, "on": {"2026-11-13"}})
		if o := w.Matter(f.Order); o.State != duty.Corrected || o.Outcome != duty.Corrected {
			t.Errorf("%+v", o)
		}
		w.On("2026-11-16")
		if ds := mustDuties(t, w, "full"); len(ds) != 0 {
			t.Errorf("the duty goes on: %+v", ds)
		}
		anew := village(w)
		anew.From = "2026-11-16"
		g := file(t, w, anew)
		w.Do("deputy", g.Order, "lift", vals{"reason": {"县委统一安排，期限两个月。"}})
		if w.Matter(g.Order).State != duty.Lifted {
			t.Error("not lifted")
		}
		w.Verify()
	})
}

// A month opens as it was filed and is confirmed at one stroke, or by exception; who did not is asked anew and the month is unknown.
func TestMonth(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		tend(t, w)
		if len(all(t, w, duty.KindConfirmation)) != 0 {
			t.Fatal("a county that files nothing is asked for nothing")
		}
		f := file(t, w, filing(w))
		w.On("2026-11-02")
		tend(t, w)
		tend(t, w)
		ms := all(t, w, duty.KindConfirmation)
		if len(ms) != 3 { // the county's three townships, not the other county's
			t.Fatalf("%d months", len(ms))
		}
		m := ms[slices.IndexFunc(ms, func(x flow.Matter) bool { return x.Handler == w.Units["full"].ID })]
		if m.Handler != w.Units["full"].ID || m.State != duty.Open || m.Due != "2026-11-09" || m.Title != "石桥镇2026年10月职责备案确认" {
			t.Errorf("%+v", m)
		}
		if n := core(t, w, "full", "2026-10-01", "2026-10-31"); n.Known {
			t.Errorf("known before it was confirmed: %+v", n)
		}
		// It stands on the township's account, once.
		onAccount := func(want int64) {
			t.Helper()
			key := w.Units["full"].ID.Key
			if got, err := measure.ByUnit(apptest.Ctx, d.In(apptest.City), "burden.minutes", []id.Key{key}, "2026-11", "2026-11"); err != nil || got[key]["2026-11"] != want {
				t.Errorf("on the account %v, %v; want %d", got, err, want)
			}
		}
		rule, _ := w.App.Rules.Ask("duty.confirm", d.Today())
		onAccount(int64(rule.Minutes))
		confirm := func(who string, version int64, cs ...duty.Change) error {
			return w.App.Duties.Confirm(apptest.Ctx, w.As(who), m.ID, version, cs)
		}
		for who, want := range map[string]fault.Kind{"supervision": fault.Forbidden, "lone": fault.NotFound, "othersupervision": fault.NotFound, "handler": fault.NotFound} {
			if err := confirm(who, m.Version); fault.KindOf(err) != want {
				t.Errorf("%s confirms: %v", who, err)
			}
		}
		if err := confirm("officer", m.Version+1); fault.Code(err) != "stale" {
			t.Errorf("%v", err)
		}
		if err := confirm("officer", m.Version, duty.Change{Duty: f.Duty, Hours: 300}, duty.Change{Duty: f.Duty, Hours: -1, Ended: "2026-08-01"}); len(fault.Fields(err)) != 2 {
			t.Errorf("%v", err)
		}
		if err := confirm("officer", m.Version, duty.Change{Duty: m.ID.Key, Hours: 3}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v", err)
		}
		bad := filing(w)
		bad.Kind, bad.What, bad.Part, bad.From = "secondment", "抽调县委巡察办", duty.PartMain, "2026-10-01"
		g := file(t, w, bad)
		if _, err := w.App.Duties.Decide(apptest.Ctx, w.As("deputy"), g.Duty, 1, duty.Leave, "没有书面同意。"); err != nil {
			t.Fatal(err)
		}
		if err := confirm("officer", m.Version, duty.Change{Duty: g.Duty, Hours: -1, Ended: "2026-10-30"}); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Code != "duty.asked" {
			t.Errorf("ended in the month while the county asks for it: %v", err)
		}
		if err := w.App.Duties.End(apptest.Ctx, w.As("supervision"), g.Duty, "2026-10-01"); err != nil {
			t.Fatal(err)
		}
		if err := confirm("officer", m.Version); err != nil {
			t.Fatal(err)
		}
		if p := said(t, w, "confirmation.confirm"); p["changes"] != float64(0) || p["state"] != duty.Confirmed {
			t.Errorf("%v", p)
		}
		// October 2026 has 18 working days: three posts, and ten hours of one of them.
		days := int64(w.App.Clocks.Calendar().CountWorking("2026-09-30", "2026-10-31"))
		if n := core(t, w, "full", "2026-10-01", "2026-10-31"); n.Denominator != 3*8*days || n.Numerator != n.Denominator-10 {
			t.Errorf("%+v of %d days", n, days)
		}
		w.On("2026-12-01")
		tend(t, w)
		ms = all(t, w, duty.KindConfirmation)
		missed := 0
		for _, x := range ms {
			if x.State == duty.Missed {
				missed++
			}
		}
		if len(ms) != 6 || missed != 2 {
			t.Fatalf("%d months, %d missed", len(ms), missed)
		}
		open, ok, err := duty.ToConfirm(apptest.Ctx, d.In(apptest.City), w.Units["full"].ID.Key)
		if err != nil || !ok || open.Month != "2026-11" {
			t.Fatalf("%+v %v", open, err)
		}
		m = w.Matter(open.Matter.ID)
		if err := confirm("secretary", m.Version, duty.Change{Duty: f.Duty, Hours: 25}); err != nil {
			t.Fatal(err)
		}
		x, err := w.App.Duties.OpenMonth(apptest.Ctx, d.In(apptest.City), w.As("secretary"), m.ID.Key)
		if err != nil || len(x.Rows) != 1 || x.Rows[0].Hours != 25 || !x.Rows[0].Last {
			t.Errorf("%+v, %v", x.Rows, err)
		}
		// One that was missed is made up for.
		for _, y := range ms {
			if y.State == duty.Missed && y.Handler == w.Units["single"].ID {
				if err := w.App.Duties.Confirm(apptest.Ctx, w.As("lone"), y.ID, y.Version, nil); err != nil {
					t.Error(err)
				}
			}
		}
		if n := core(t, w, "county", "2026-10-01", "2026-11-30"); !n.Known || n.Numerator != n.Denominator-35 {
			t.Errorf("%+v", n)
		}
		sums(t, w, "duty.function_share", "county")
		w.Verify()
	})
}

func core(t *testing.T, w *apptest.World, unit string, from, to calendar.Date) measure.Value {
	t.Helper()
	return value(t, w, "duty.function_share", unit, from, to)
}

func value(t *testing.T, w *apptest.World, name, unit string, from, to calendar.Date) measure.Value {
	t.Helper()
	def, err := w.App.Measures.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	v, err := def.Value(apptest.Ctx, w.App.DB.In(apptest.City), measure.Query{Unit: w.Units[unit], From: from, To: to, Who: access.ByProgram(apptest.City)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sums holds a measure against the rows behind it.
func sums(t *testing.T, w *apptest.World, name, unit string) {
	t.Helper()
	def, err := w.App.Measures.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	q := measure.Query{Unit: w.Units[unit], From: "2026-01-01", To: w.App.DB.Today(), Who: access.ByProgram(apptest.City)}
	v, err := def.Value(apptest.Ctx, w.App.DB.In(apptest.City), q)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := def.Rows(apptest.Ctx, w.App.DB.In(apptest.City), q, q.Who, measure.Turn{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var counts, whole int64
	for _, l := range rows.Rows {
		whole += l.N
		if l.Counts {
			counts += l.N
		}
	}
	if counts != v.Numerator || def.Unit == measure.Share && whole != v.Denominator {
		t.Errorf("%s: %+v, its rows make %d of %d", name, v, counts, whole)
	}
}
