package namesake_test

import (
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/bar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func sees(w *apptest.World, who string, m id.ID) bool {
	_, err := flow.Get(apptest.Ctx, w.App.DB.In(m.City), w.As(who), m.Key)
	return err == nil
}

// naming enters a clue about somebody and hands it to the township.
func naming(t *testing.T, w *apptest.World, s org.SubjectInput) id.ID {
	t.Helper()
	if s.Unit == "" {
		s.Unit = w.Units["village"].ID.Key
	}
	if s.Official == "" {
		s.Post, s.Rank, s.Category, s.PartyMember = "村党组织书记", "village", "c5", true
	}
	d, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: s, Source: "found", FromKind: "audit", Received: "2026-10-12", Title: "反映上塘村集体资产出租未公开",
		Summary: "监督检查发现。", Discipline: "work"})
	if err != nil {
		t.Fatal(err)
	}
	w.Do("supervision", d.ID, "hand_out", flow.Values{"target": {w.Units["full"].ID.Key}, "back": {"no"}})
	return d.ID
}

func askNamesakes(t *testing.T, w *apptest.World, want int) {
	t.Helper()
	if n, err := w.App.Namesakes.Ask(apptest.Ctx, apptest.City); err != nil || n != want {
		t.Fatalf("%d questions asked, want %d: %v", n, want, err)
	}
}

// finds says where somebody comes upon a matter: its page, a list, the search, the desk, the acts of the organ.
func finds(t *testing.T, w *apptest.World, who string, m id.ID) string {
	t.Helper()
	var out []string
	if sees(w, who, m) {
		out = append(out, "page")
	}
	l, err := w.App.Engine.List(apptest.Ctx, w.As(who), flow.Filter{Kind: "clue", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Matters) > 0 {
		out = append(out, "list")
	}
	ds, err := w.App.Engine.Desk(apptest.Ctx, w.As(who), 20)
	if err != nil {
		t.Fatal(err)
	}
	if len(ds) > 0 {
		out = append(out, "desk")
	}
	return strings.Join(out, " ")
}

// Somebody named without a record gets a post of the commission: from that moment they find no trace of the matter, nobody
// who appointed them is told, and the organ above is asked whether they are the same.
func TestNamedAndThenAppointed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := naming(t, w, org.SubjectInput{Name: "李　强"})
		if w.Hire("other", "韩刚", "officer", "full"); finds(t, w, "other", m) != "page list desk" {
			t.Fatalf("a colleague finds it in %q", finds(t, w, "other", m))
		}
		w.Hire("elsewhere", "李强", "officer", "othertown") // another county: they never meet
		if w.As("elsewhere").Barred {
			t.Error("a namesake of another county is barred")
		}
		w.Hire("named", "李强", "officer", "full")
		if got := finds(t, w, "named", m); got != "" {
			t.Errorf("the person named finds it in %q", got)
		}
		es, err := ledger.Entries(apptest.Ctx, d.In(apptest.City), w.As("secadmin"), ledger.Query{Log: w.Units["county"].ID.Key, Limit: 5})
		if err != nil || len(es) == 0 || es[0].Action != "holding.begin" {
			t.Fatalf("the newest acts: %+v %v", es, err)
		}
		for _, e := range es {
			if strings.HasPrefix(e.Action, "namesake") {
				t.Errorf("the appointment says it: %+v", e)
			}
		}
		askNamesakes(t, w, 1)
		askNamesakes(t, w, 0)
		ds, err := w.App.Engine.Desk(apptest.Ctx, w.As("cityleader"), 10)
		if err != nil || len(ds) != 1 || ds[0].Clock.Rule != flow.RuleNamesake || ds[0].Matter.ID != m {
			t.Fatalf("the desk above: %+v %v", ds, err)
		}
		answer := func(who string, same bool, note string) error {
			return w.App.Namesakes.Answer(apptest.Ctx, w.As(who), m, w.Who["named"].Person, same, note)
		}
		for who, want := range map[string]string{"principal": "namesake.not_yours", "supervision": "namesake.not_yours", "cityoffice": "namesake.not_yours"} {
			if err := answer(who, false, "不是。"); fault.Code(err) != want {
				t.Errorf("%s answers: %v", who, err)
			}
		}
		if err := answer("named", false, "不是我。"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the person answers: %v", err)
		}
		if err := answer("cityleader", false, " "); len(fault.Fields(err)) != 1 {
			t.Errorf("without a reason: %v", err)
		}
		if err := answer("cityleader", false, "出生年月不同。"); err != nil {
			t.Fatal(err)
		}
		if got := finds(t, w, "named", m); got != "page list desk" {
			t.Errorf("after the answer they find it in %q", got)
		}
		if err := answer("cityleader", true, "再想想。"); fault.Code(err) != "namesake.answered" {
			t.Errorf("answered twice: %v", err)
		}
		w.Again("named2", "named", "investigator", "county.office1") // what was answered is not asked again
		if w.As("named").Barred {
			t.Error("barred anew")
		}
		ns, err := w.App.Namesakes.Of(apptest.Ctx, d.In(apptest.City), w.As("supervision"), w.Matter(m))
		if err != nil || len(ns) != 1 || ns[0].State != bar.Other || ns[0].Note != "出生年月不同。" || ns[0].Came != bar.CameAppointed {
			t.Errorf("what stands: %+v %v", ns, err)
		}
		if ds, _ := w.App.Engine.Desk(apptest.Ctx, w.As("cityleader"), 10); len(ds) != 0 {
			t.Errorf("still on the desk: %+v", ds)
		}
		w.Verify()
	})
}

// A namesake who is in post when a matter is entered is kept from that matter alone; confirmed, the bar is one like any
// other, and what comes of the matter knows who it is about.
func TestNamesakeInPostConfirmed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		free := naming(t, w, org.SubjectInput{Name: "周某"})
		m := naming(t, w, org.SubjectInput{Name: "戚办"}) // a handler of the county's office has this name
		w.Do("supervision", free, "reassign", flow.Values{"target": {w.Units["county.office1"].ID.Key}, "reason": {"改由县级办理。"}})
		if !sees(w, "handler", free) || sees(w, "handler", m) || !sees(w, "handler2", free) {
			t.Fatalf("the handler sees %v %v", sees(w, "handler", free), sees(w, "handler", m))
		}
		if ok, err := access.Barred(apptest.Ctx, d.In(apptest.City), m.Key); err != nil || len(ok) != 1 {
			t.Errorf("barred: %v %v", ok, err)
		}
		askNamesakes(t, w, 1)
		if err := w.App.Namesakes.Answer(apptest.Ctx, w.As("citychief"), m, w.Who["handler"].Person, true, "任职经历相符。"); err != nil {
			t.Fatal(err)
		}
		ss, err := flow.Subjects(apptest.Ctx, d.In(apptest.City), m.Key)
		if err != nil || ss[0].Person != w.Who["handler"].Person {
			t.Errorf("the subject: %+v %v", ss, err)
		}
		if sees(w, "handler", m) || !sees(w, "handler", free) {
			t.Error("the bar acts on the wrong matter")
		}
		w.Verify()
	})
}

// The register's record is certain: no question, and a bar at once; and whoever only has the name of somebody whom the
// register knows is asked about by nobody.
func TestAppointedOfTheRegister(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("mover", "冯某", "officer", "othertown")
		mover := w.Who["mover"].Person
		var keys []id.Key
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			one := org.NewOfficial{Unit: w.Units["village"], Name: "奚干", Post: "村委会委员", Rank: "village", Category: "c5", PartyMember: true, Person: mover, From: "2022-01-01"}
			two := one
			two.Name, two.Person = "奚幹", ""
			var err error
			keys, err = org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{one, two})
			return ledger.Act{Action: "official.add", Organ: w.Units["county"].OrganID()}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		m := naming(t, w, org.SubjectInput{Official: keys[0]})
		if !sees(w, "officer", m) { // has the name, but the register knows another
			t.Error("barred for a name that the register explains")
		}
		if sees(w, "mover", m) {
			t.Error("the register's own person sees it")
		}
		late := naming(t, w, org.SubjectInput{Official: keys[1]})
		// The register learns who it is, and then they come to the township.
		if _, err := d.Raw().Exec(`UPDATE officials SET person_id = $1 WHERE city_id = $2 AND id = $3`, mover, int64(apptest.City), keys[1]); err != nil {
			t.Fatal(err)
		}
		if err := w.App.Org.LeavePost(apptest.Ctx, access.ByOperator(apptest.City), id.ID{City: apptest.City, Key: w.Who["mover"].Holding}, org.Leaving{On: "2023-01-01", Reason: "transferred"}); err != nil {
			t.Fatal(err)
		}
		w.Again("moved", "mover", "deputy", "full")
		if sees(w, "moved", late) {
			t.Error("appointed, they see what names them")
		}
		if ns, err := w.App.Namesakes.Of(apptest.Ctx, d.In(apptest.City), w.As("supervision"), w.Matter(late)); err != nil || len(ns) != 0 {
			t.Errorf("asked about what is certain: %+v %v", ns, err)
		}
		askNamesakes(t, w, 0)
	})
}
