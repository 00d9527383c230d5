package flow_test

import (
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func clueWith(t *testing.T, w *apptest.World, unit string) id.ID {
	t.Helper()
	d, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "李某", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true},
		Source: "found", FromKind: "audit", Received: "2026-10-12", Title: "反映上塘村集体资产出租未公开", Summary: "监督检查发现。", Discipline: "work"})
	if err != nil {
		t.Fatal(err)
	}
	w.Do("supervision", d.ID, "hand_out", flow.Values{"target": {w.Units[unit].ID.Key}, "back": {"no"}})
	return d.ID
}

func sees(w *apptest.World, who string, m id.ID) bool {
	_, err := flow.Get(apptest.Ctx, w.App.DB.In(m.City), w.As(who), m.Key)
	return err == nil
}

// A handler declares a tie: until it is decided they work on; once granted they find no trace, and the rest of the
// office goes on.
func TestRecusalDeclaredAndGranted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := clueWith(t, w, "county.office1")
		e := w.App.Engine
		x, err := e.Recuse(apptest.Ctx, w.As("handler"), m, flow.NewRecusal{Ground: "kin", Relation: "系被反映人表弟。"})
		if err != nil {
			t.Fatal(err)
		}
		if !sees(w, "handler", m) {
			t.Error("blind before it is decided")
		}
		if _, err := e.Recuse(apptest.Ctx, w.As("handler"), m, flow.NewRecusal{Ground: "kin"}); fault.Code(err) != "recusal.asked" {
			t.Errorf("twice: %v", err)
		}
		for who, want := range map[string]string{"handler": "系被反映人表弟。", "principal": "系被反映人表弟。", "handler2": "", "deputy": ""} {
			xs, err := e.Recusals(apptest.Ctx, d.In(m.City), w.As(who), w.Matter(m))
			if err != nil || len(xs) != 1 || xs[0].Relation != want || xs[0].Mine != (who == "principal") {
				t.Errorf("%s reads %+v %v", who, xs, err)
			}
		}
		duties, err := e.Desk(apptest.Ctx, w.As("principal"), 20)
		if err != nil || len(duties) != 1 || duties[0].Clock.Rule != flow.RuleRecusal || duties[0].Clock.Length != 3 {
			t.Fatalf("the chief's desk: %+v %v", duties, err)
		}
		for _, who := range []string{"handler", "deputy", "head"} {
			if _, err := e.DecideRecusal(apptest.Ctx, w.As(who), x.ID, true, ""); fault.Code(err) != "recusal.not_yours" {
				t.Errorf("%s decides: %v", who, err)
			}
		}
		if _, err := e.DecideRecusal(apptest.Ctx, w.As("othersupervision"), x.ID, true, ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another county decides: %v", err)
		}
		if _, err := e.DecideRecusal(apptest.Ctx, w.As("principal"), x.ID, true, ""); err != nil {
			t.Fatal(err)
		}
		if sees(w, "handler", m) || !sees(w, "handler2", m) {
			t.Error("the bar acts on the wrong person")
		}
		if ds, _ := e.Desk(apptest.Ctx, w.As("handler"), 20); len(ds) != 0 {
			t.Errorf("still on the desk: %+v", ds)
		}
		if l, err := e.List(apptest.Ctx, w.As("handler"), flow.Filter{Kind: "clue", Limit: 10}); err != nil || len(l.Matters) != 0 {
			t.Errorf("still in the list: %+v %v", l, err)
		}
		if _, err := e.DecideRecusal(apptest.Ctx, w.As("principal"), x.ID, false, "否"); fault.Code(err) != "recusal.decided" {
			t.Errorf("decided twice: %v", err)
		}
		w.Do("handler2", m, "propose", flow.Values{"disposal": {"verification"}, "reason": {"可查。"}, "studied_on": {"2026-10-12"}, "studied_by": {"姜、谢"}})
		w.Verify()
	})
}

// Refusing needs its reason and changes nothing; a tie of the chief is decided one level up.
func TestRecusalRefusedAndOfTheChief(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := clueWith(t, w, "county.office1")
		e := w.App.Engine
		x, err := e.Recuse(apptest.Ctx, w.As("supervision"), m, flow.NewRecusal{Person: w.Who["head"].Person, Ground: "interest", Asker: "subject"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.DecideRecusal(apptest.Ctx, w.As("principal"), x.ID, false, " "); len(fault.Fields(err)) != 1 {
			t.Errorf("refused without a reason: %v", err)
		}
		if _, err := e.DecideRecusal(apptest.Ctx, w.As("principal"), x.ID, false, "没有利害关系。"); err != nil {
			t.Fatal(err)
		}
		if !sees(w, "head", m) {
			t.Error("a refusal blinds")
		}
		own, err := e.Recuse(apptest.Ctx, w.As("principal"), m, flow.NewRecusal{Ground: "kin"})
		if err != nil || own.Moved != "no_principal" {
			t.Fatalf("the chief's own: %+v %v", own, err)
		}
		if _, err := e.DecideRecusal(apptest.Ctx, w.As("principal"), own.ID, true, ""); fault.Code(err) != "recusal.not_yours" {
			t.Errorf("the chief decides on themselves: %v", err)
		}
		if _, err := e.DecideRecusal(apptest.Ctx, w.As("cityleader"), own.ID, true, ""); err != nil {
			t.Fatal(err)
		}
		if sees(w, "principal", m) {
			t.Error("the chief still sees it")
		}
		for name, in := range map[string]flow.NewRecusal{"ground": {Ground: "whim"}, "person": {Person: w.Who["othersecretary"].Person, Ground: "kin", Asker: "other"}, "asker": {Person: w.Who["head"].Person, Ground: "kin", Asker: "zhaoliu"}} {
			if _, err := e.Recuse(apptest.Ctx, w.As("supervision"), m, in); len(fault.Fields(err)) != 1 || fault.Fields(err)[0].Name != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.Verify()
	})
}

// In a township with one person, the order of the chief brings the work back to case supervision at once; a signature
// that only the recused could give climbs a rung.
func TestRecusalOrderedLeavesNobodyBehind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		e := w.App.Engine
		m := clueWith(t, w, "single")
		w.Do("lone", m, "receive", nil)
		if _, err := e.Recuse(apptest.Ctx, w.As("deputy"), m, flow.NewRecusal{Person: w.Who["lone"].Person, Ground: "kin", Order: true}); fault.Code(err) != "recusal.not_yours" {
			t.Errorf("a deputy orders: %v", err)
		}
		if _, err := e.Recuse(apptest.Ctx, w.As("principal"), m, flow.NewRecusal{Person: w.Who["lone"].Person, Ground: "kin", Order: true}); err != nil {
			t.Fatal(err)
		}
		if sees(w, "lone", m) {
			t.Error("still seen")
		}
		cs, err := deadline.Running(apptest.Ctx, d.In(m.City), m.Key)
		if err != nil || len(cs) == 0 {
			t.Fatal(err)
		}
		for _, c := range cs {
			if c.OwedBy != w.Units["county"].ID || string(c.OwedRole) != "supervision" {
				t.Errorf("%s is owed by %s %s", c.Rule, c.OwedBy, c.OwedRole)
			}
		}
		w.Do("supervision", m, "reassign", flow.Values{"target": {w.Units["county.office2"].ID.Key}, "reason": {"原承办人回避。"}})
		w.Do("handler3", m, "propose", flow.Values{"disposal": {"verification"}, "reason": {"可查。"}, "studied_on": {"2026-10-12"}, "studied_by": {"邹、喻"}})
		if _, err := e.Recuse(apptest.Ctx, w.As("principal"), m, flow.NewRecusal{Person: w.Who["head2"].Person, Ground: "witness", Order: true}); err != nil {
			t.Fatal(err)
		}
		ps, err := flow.Proposals(apptest.Ctx, d.In(m.City), m.Key)
		if err != nil || ps[0].Steps[0].Moved == "" || string(ps[0].Steps[0].Seat) != "deputy" {
			t.Errorf("the signature stays with the recused: %+v %v", ps[0].Steps, err)
		}
		w.Approve("deputy", m)
		w.Verify()
	})
}

func TestRecusalPage(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	srv := w.Serve()
	m := clueWith(t, w, "county.office1")
	if _, err := w.App.Engine.Recuse(apptest.Ctx, w.As("handler"), m, flow.NewRecusal{Ground: "kin", Relation: "表兄弟"}); err != nil {
		t.Fatal(err)
	}
	path := "/m/" + m.String() + "/recusal"
	for who, want := range map[string]bool{"principal": true, "head": false, "handler": true} {
		code, body := w.Get(srv, who, path)
		if code != 200 || strings.Contains(body, "表兄弟") != want {
			t.Errorf("%s: %d, relation shown %v", who, code, !want)
		}
	}
	if code, body := w.Get(srv, "principal", "/"); code != 200 || !strings.Contains(body, path) {
		t.Errorf("the desk does not lead there: %d", code)
	}
	if code, _ := w.Get(srv, "othersupervision", path); code != 404 {
		t.Errorf("another county: %d", code)
	}
	if _, body := w.Get(srv, "head", "/m/"+m.String()); strings.Contains(body, "表兄弟") || !strings.Contains(body, "申报回避") {
		t.Error("the history says too much or too little")
	}
}
