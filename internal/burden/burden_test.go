package burden_test

import (
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// ask is something the county asks of its three townships.
func ask(w *apptest.World, minutes int64, towns ...string) burden.NewAsk {
	in := burden.NewAsk{What: "报送节前检查情况", Basis: "云纪办〔2026〕12号", Minutes: minutes, Due: w.App.DB.Today().AddDays(5)}
	for _, t := range towns {
		in.Towns = append(in.Towns, w.Units[t].ID.Key)
	}
	return in
}

func enter(t *testing.T, w *apptest.World, who string, in burden.NewAsk) []id.ID {
	t.Helper()
	out, err := w.App.Burden.Enter(apptest.Ctx, w.As(who), apptest.City, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func get(t *testing.T, w *apptest.World, who string, ask id.ID) burden.Ask {
	t.Helper()
	a, err := w.App.Burden.Get(apptest.Ctx, w.App.DB.In(ask.City), w.As(who), ask.Key)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sum(t *testing.T, w *apptest.World, town string) int64 {
	t.Helper()
	a, err := w.App.Burden.Account(apptest.Ctx, w.App.DB.In(apptest.City), access.ByProgram(apptest.City), w.Units[town].ID.Key, w.App.DB.Today().MonthKey())
	if err != nil {
		t.Fatal(err)
	}
	return a.Months[len(a.Months)-1].Minutes
}

// said is what the acts of a kind say.
func said(t *testing.T, w *apptest.World, action string) string {
	t.Helper()
	out, err := db.Column[string](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT a.body FROM acts a WHERE a.city_id = $1 AND a.action = $2`, action)
	if err != nil || len(out) == 0 {
		t.Fatalf("no act %s: %v", action, err)
	}
	return strings.Join(out, "\n")
}

// At the cap an ask stands; past it nobody is asked, and the chief alone, who is not whoever asked, lets it through.
func TestCap(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s := w.App.Burden
		top, err := s.Cap(apptest.Ctx, d.In(apptest.City), w.Units["county"].ID.Key, d.Today())
		if err != nil || top != int64(w.App.Rules.Limit("burden.cap", d.Today())) {
			t.Fatalf("cap %d, %v", top, err)
		}
		enter(t, w, "supervision", ask(w, top-10, "full"))
		enter(t, w, "cityoffice", ask(w, 10, "full", "headless", "othertown"))
		if sum(t, w, "full") != top || sum(t, w, "headless") != 10 || sum(t, w, "single") != 0 {
			t.Errorf("%d %d %d", sum(t, w, "full"), sum(t, w, "headless"), sum(t, w, "single"))
		}
		if b := said(t, w, "burden.ask"); !strings.Contains(b, "云纪办") || !strings.Contains(b, `"towns":3`) {
			t.Error(b)
		}
		_, err = s.Enter(apptest.Ctx, w.As("supervision"), apptest.City, ask(w, 1, "full", "single"))
		fs := fault.Fields(err)
		if len(fs) != 1 || fs[0].Code != "burden.over" || strings.Join(fs[0].Args, " ") != "石桥镇 960 1 960" || sum(t, w, "single") != 0 {
			t.Fatalf("past the cap: %v", err)
		}
		in := ask(w, 30, "full", "single")
		in.Hold = true
		if _, err := s.Enter(apptest.Ctx, w.As("supervision"), apptest.City, in); fault.Fields(err)[0].Name != "why" {
			t.Errorf("held without a reason: %v", err)
		}
		in.Why = "上级当日要结果"
		held := enter(t, w, "principal", in)[0]
		if a := get(t, w, "supervision", held); a.State != burden.Held || a.Towns != 2 || sum(t, w, "full") != top || sum(t, w, "single") != 0 {
			t.Errorf("%+v", a)
		}
		if _, err := s.Get(apptest.Ctx, d.In(apptest.City), w.As("officer"), held.Key); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a township sees what nobody has let through: %v", err)
		}
		if err := s.Decide(apptest.Ctx, w.As("principal"), held, 1, true, "同意"); fault.Code(err) != "burden.own" {
			t.Errorf("by whoever asked: %v", err)
		}
		held = enter(t, w, "supervision", in)[0]
		if _, err := w.App.Org.Delegate(apptest.Ctx, w.As("principal"), org.NewDelegation{To: w.Who["deputy"].Person, Begins: "2026-10-12", Ends: "2026-10-12", Reason: "外出"}); err != nil {
			t.Fatal(err)
		}
		own := enter(t, w, "principal", in)[0]
		if err := s.Decide(apptest.Ctx, w.As("deputy"), own, 1, true, "同意"); fault.Code(err) != "burden.own" {
			t.Errorf("in the stead of whoever asked: %v", err)
		}
		if err := s.Decide(apptest.Ctx, w.As("deputy"), own, 1, false, "不急"); fault.Code(err) != "burden.own" {
			t.Errorf("in the stead of whoever asked: %v", err)
		}
		other := enter(t, w, "supervision", in)[0]
		if err := s.Decide(apptest.Ctx, w.As("deputy"), other, 1, false, "不急"); err != nil || !strings.Contains(said(t, w, "burden.refuse"), "严主任") {
			t.Errorf("in the chief's stead: %v, %s", err, said(t, w, "burden.refuse"))
		}
		w.On("2026-10-13")
		for who, want := range map[string]fault.Kind{"deputy": fault.Forbidden, "othersecretary": fault.NotFound, "otherprincipal": fault.NotFound, "citychief": fault.Forbidden} {
			if err := s.Decide(apptest.Ctx, w.As(who), held, 1, true, "同意"); fault.KindOf(err) != want {
				t.Errorf("%s lets it through: %v", who, err)
			}
		}
		if err := s.Decide(apptest.Ctx, w.As("principal"), held, 1, true, ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("without a reason: %v", err)
		}
		if err := s.Decide(apptest.Ctx, w.As("principal"), held, 2, true, "同意"); fault.Code(err) != "stale" {
			t.Errorf("stale: %v", err)
		}
		if err := s.Decide(apptest.Ctx, w.As("principal"), held, 1, true, "确属紧急"); err != nil {
			t.Fatal(err)
		}
		if a := get(t, w, "officer", held); a.State != burden.Standing || a.Asked != "2026-10-13" || a.DecidedName != "严主任" || sum(t, w, "full") != top+30 || sum(t, w, "single") != 30 {
			t.Errorf("%+v", a)
		}
		if b := said(t, w, "burden.let_through"); !strings.Contains(b, "确属紧急") {
			t.Error(b)
		}
		if err := s.Decide(apptest.Ctx, w.As("principal"), held, 2, false, "不同意"); fault.Code(err) != "burden.decided" {
			t.Errorf("twice: %v", err)
		}
		if err := s.SetCap(apptest.Ctx, w.As("principal"), w.Units["county"].ID, 2000, "2026-10-13"); err != nil {
			t.Fatal(err)
		}
		for who, want := range map[string]fault.Kind{"deputy": fault.Forbidden, "citychief": fault.Forbidden, "otherprincipal": fault.NotFound} {
			if err := s.SetCap(apptest.Ctx, w.As(who), w.Units["county"].ID, 99, "2026-10-13"); fault.KindOf(err) != want {
				t.Errorf("%s sets the cap: %v", who, err)
			}
		}
		ls, err := s.Overview(apptest.Ctx, d.In(apptest.City), w.As("principal"), w.Units["county"].ID.Key, "2026-10", 2)
		if err != nil || len(ls) != 3 || !slices.Equal(ls[0].Caps, []int64{top, 2000}) || ls[0].Cap != 2000 {
			t.Errorf("caps of a county by month: %+v %v", ls, err)
		}
		ls, err = s.Overview(apptest.Ctx, d.In(apptest.City), w.As("cityoffice"), "", "2026-10", 2)
		if err != nil || len(ls) != 2 || !slices.Equal(ls[0].Caps, []int64{top, 2000}) || !slices.Equal(ls[0].Over, []int{0, 0}) || !slices.Equal(ls[1].Caps, []int64{top, top}) {
			t.Errorf("caps of a city's counties by month: %+v %v", ls, err)
		}
		enter(t, w, "supervision", ask(w, 500, "full"))
		w.Verify()
		if bad, err := measure.Check(apptest.Ctx, d.In(apptest.City)); err != nil || len(bad) > 0 {
			t.Errorf("rollups: %v %v", bad, err)
		}
	})
}

// Who may ask of whom, and what is wrong with an ask.
func TestEnter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s := w.App.Burden
		if _, err := s.Enter(apptest.Ctx, w.As("officer"), apptest.City, ask(w, 10, "full")); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a township asks: %v", err)
		}
		for who, town := range map[string]string{"supervision": "othertown", "cityoffice": "county"} {
			if _, err := s.Enter(apptest.Ctx, w.As(who), apptest.City, ask(w, 10, town)); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Code != "choice.unknown" {
				t.Errorf("%s asks of %s: %v", who, town, err)
			}
		}
		_, err := s.Enter(apptest.Ctx, w.As("supervision"), apptest.City, burden.NewAsk{Due: "2026-10-01"})
		var names []string
		for _, f := range fault.Fields(err) {
			names = append(names, f.Name+":"+f.Code)
		}
		if strings.Join(names, " ") != "what:required basis:required minutes:burden.minutes due:day.past towns:required" {
			t.Errorf("%v", names)
		}
		one := enter(t, w, "province", ask(w, 10, "full"))[0] // from the tenant above
		if a := get(t, w, "officer", one); a.ByName != "某省纪委监委" || a.By.City != apptest.Province {
			t.Errorf("%+v", a)
		}
		who := w.As("supervision")
		who.Request = access.Request{Key: "k", Digest: "d"}
		first, err := s.Enter(apptest.Ctx, who, apptest.City, ask(w, 10, "full"))
		again, err2 := s.Enter(apptest.Ctx, who, apptest.City, ask(w, 10, "full"))
		if err != nil || err2 != nil || len(again) != 1 || first[0] != again[0] || sum(t, w, "full") != 20 {
			t.Errorf("sent twice: %v %v, %v %v, %d", first, again, err, err2, sum(t, w, "full"))
		}
		for who, want := range map[string]bool{"supervision": true, "officer": true, "hlofficer": false, "othersupervision": false, "cityoffice": true, "head": false} {
			_, err := s.Get(apptest.Ctx, d.In(apptest.City), w.As(who), first[0].Key)
			if (err == nil) != want {
				t.Errorf("%s sees it: %v", who, err)
			}
		}
		for who, want := range map[string]bool{"supervision": true, "officer": true, "hlofficer": false, "othersupervision": false, "cityoffice": true, "province": true} {
			_, err := s.Account(apptest.Ctx, d.In(apptest.City), w.As(who), w.Units["full"].ID.Key, "2026-10")
			if (err == nil) != want {
				t.Errorf("%s sees the account: %v", who, err)
			}
		}
		w.Verify()
	})
}

// What an ask was used for is said once it is due; what nobody used is listed for ending, and what is ended is not asked again.
func TestUseAndEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s := w.App.Burden
		used, idle := enter(t, w, "supervision", ask(w, 10, "full"))[0], id.ID{}
		in := ask(w, 20, "full", "headless")
		in.What = "报送月度台账"
		idle = enter(t, w, "supervision", in)[0]
		if err := s.Use(apptest.Ctx, w.As("supervision"), used, 1, "写入节前通报"); fault.Code(err) != "burden.not_due" {
			t.Errorf("before its day: %v", err)
		}
		w.On("2026-10-17")
		for who, want := range map[string]fault.Kind{"officer": fault.Forbidden, "cityoffice": fault.Forbidden, "othersupervision": fault.NotFound} {
			if err := s.Use(apptest.Ctx, w.As(who), used, 1, "写入节前通报"); fault.KindOf(err) != want {
				t.Errorf("%s says so: %v", who, err)
			}
		}
		if err := s.Use(apptest.Ctx, w.As("deputy"), used, 1, "写入节前通报"); err != nil {
			t.Fatal(err)
		}
		share := func(unit string) measure.Value {
			m, err := w.App.Measures.Get("burden.unused_share")
			if err != nil {
				t.Fatal(err)
			}
			v, err := m.Value(apptest.Ctx, d.In(apptest.City), measure.Query{Unit: w.Units[unit], From: "2026-10-01", To: d.Today(), Who: access.ByProgram(apptest.City)})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		w.On("2026-10-18")
		for unit, want := range map[string][2]int64{"county": {1, 2}, "headless": {1, 1}, "full": {1, 2}, "city": {1, 2}} {
			if v := share(unit); v.Numerator != want[0] || v.Denominator != want[1] {
				t.Errorf("%s: %d/%d", unit, v.Numerator, v.Denominator)
			}
		}
		list := func(view string) int {
			as, _, err := s.List(apptest.Ctx, d.In(apptest.City), w.As("deputy"), view, measure.Turn{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			return len(as)
		}
		if list(burden.ViewUnused) != 0 {
			t.Error("listed for ending too early")
		}
		w.On("2026-11-17")
		if list(burden.ViewUnused) != 1 || list(burden.ViewMine) != 2 {
			t.Errorf("%d listed", list(burden.ViewUnused))
		}
		if err := s.End(apptest.Ctx, w.As("cityoffice"), idle, 1, "无人使用"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("by another: %v", err)
		}
		if err := s.End(apptest.Ctx, w.As("deputy"), idle, 1, "无人使用"); err != nil {
			t.Fatal(err)
		}
		if b := said(t, w, "burden.end"); !strings.Contains(b, "无人使用") || list(burden.ViewUnused) != 0 || list(burden.ViewEnded) != 1 {
			t.Error(b)
		}
		in.Due = "2026-12-01"
		if _, err := s.Enter(apptest.Ctx, w.As("intake"), apptest.City, in); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Code != "burden.ended" {
			t.Errorf("asked again: %v", err)
		}
		w.Verify()
	})
}

// What the program asks by itself rests on a rule, once for what it is asked for, and is no one's to end.
func TestByRule(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		do := func() {
			_, err := w.App.Ledger.Write(apptest.Ctx, access.ByProgram(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
				return ledger.Act{Action: "round.open", Organ: w.Units["county"].ID}, w.App.Burden.ByRule(apptest.Ctx, tx, "haves.rate", "x", w.Units["county"].ID.Key, []access.Unit{w.Units["full"]}, "")
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		do()
		do()
		x, _ := w.App.Rules.Ask("haves.rate", d.Today())
		if sum(t, w, "full") != int64(x.Minutes) {
			t.Errorf("%d minutes", sum(t, w, "full"))
		}
		as, _, err := w.App.Burden.List(apptest.Ctx, d.In(apptest.City), w.As("principal"), burden.ViewAll, measure.Turn{Limit: 10})
		if err != nil || len(as) != 1 || as[0].UsedOn == "" || as[0].Due != d.Today().AddDays(x.Days) || w.App.Burden.MayEnd(w.As("principal"), as[0]) {
			t.Errorf("%+v %v", as, err)
		}
		w.Verify()
	})
}

// A township reports what is not on its account; the county answers by a day, and what it denies is read above.
func TestUnlisted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s := w.App.Burden
		report := func(who string) id.ID {
			m, err := s.Report(apptest.Ctx, w.As(who), burden.Unlisted{Asker: "某局", What: "报送照片台账", Minutes: 90, On: d.Today()})
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		m := report("officer")
		x := w.Matter(m)
		if x.Due != calendar.Date("2026-10-26") || x.Organ != w.Units["county"].ID || x.Handler != w.Units["full"].ID {
			t.Errorf("%+v", x)
		}
		if _, err := s.Report(apptest.Ctx, w.As("supervision"), burden.Unlisted{Asker: "某局", What: "台账", Minutes: 1, On: d.Today()}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a county reports: %v", err)
		}
		if _, err := s.Report(apptest.Ctx, w.As("officer"), burden.Unlisted{On: "2026-10-13"}); len(fault.Fields(err)) != 4 {
			t.Errorf("%v", err)
		}
		desk, err := w.App.Engine.Desk(apptest.Ctx, w.As("deputy"), 10)
		if err != nil || len(desk) != 1 || desk[0].Clock.Rule != burden.RuleAnswer {
			t.Errorf("%+v %v", desk, err)
		}
		for who, want := range map[string]fault.Kind{"officer": fault.Forbidden, "hlofficer": fault.NotFound, "otherprincipal": fault.NotFound} {
			if _, err := w.Try(who, m, "stop", flow.Values{"told": {"已告知"}}); fault.KindOf(err) != want {
				t.Errorf("%s answers: %v", who, err)
			}
		}
		if _, err := w.App.Engine.Do(apptest.Ctx, w.As("deputy"), m, x.Version-1, "stop", flow.Values{"told": {"已告知"}}); fault.Code(err) != "stale" {
			t.Errorf("stale: %v", err)
		}
		if _, err := w.Try("deputy", m, "enter", flow.Values{"basis": {"无文号"}, "minutes": {"99999"}}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v", err)
		}
		w.Do("deputy", m, "enter", flow.Values{"basis": {"口头"}, "minutes": {"1000"}})
		if sum(t, w, "full") != 1000 { // past the cap: it was asked all the same
			t.Errorf("%d", sum(t, w, "full"))
		}
		m = report("hlofficer")
		w.Do("supervision", m, "deny", flow.Values{"reason": {"属本乡镇自行安排"}})
		above, err := w.App.Engine.OwedUp(apptest.Ctx, w.As("cityoffice"), flow.RuleSuperior, 10)
		if err != nil || len(above) != 1 {
			t.Errorf("%+v %v", above, err)
		}
		w.Do("cityoffice", m, "reconsider", flow.Values{"reason": {"请核实"}})
		w.Do("deputy", m, "stop", flow.Values{"told": {"已电话告知"}})
		if !strings.Contains(said(t, w, "unlisted.stop"), "已电话告知") || w.Matter(m).State != burden.Stopped {
			t.Error(w.Matter(m).State)
		}
		w.Verify()
	})
}
