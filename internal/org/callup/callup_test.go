package callup_test

import (
	"context"
	"slices"
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
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/org/callup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

var ctx = context.Background()

type vals = flow.Values

func code(t *testing.T, err error, want string) {
	t.Helper()
	got := fault.Code(err)
	if fs := fault.Fields(err); len(fs) > 0 {
		got = fs[0].Name + " " + fs[0].Code
	}
	if err == nil || got != want {
		t.Errorf("got %v (%s), want %s", err, got, want)
	}
}

func ask(t *testing.T, w *apptest.World, who string, to string, skills ...string) id.ID {
	t.Helper()
	today := w.App.DB.Today()
	m, err := w.App.Callups.Ask(ctx, w.As(who), callup.Request{To: w.Units[to].ID.Key, Reason: "核对三个村的账目。", Skills: skills, From: today, Until: today.AddDays(9), Hours: 40})
	if err != nil {
		t.Fatal(err)
	}
	return m.ID
}

// offered are those who could go, in order.
func offered(t *testing.T, w *apptest.World, m id.ID) []callup.Candidate {
	t.Helper()
	c, err := callup.Get(ctx, w.App.DB.In(m.City), m.Key)
	if err != nil {
		t.Fatal(err)
	}
	cs, err := w.App.Callups.Candidates(ctx, w.App.DB.In(m.City), c, w.App.DB.Today())
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

func find(cs []callup.Candidate, w *apptest.World, who string) int {
	return slices.IndexFunc(cs, func(c callup.Candidate) bool { return c.Person == w.Who[who].Person })
}

// skilled gives people skills, as the roster has them.
func skilled(t *testing.T, w *apptest.World, who, skills string) {
	t.Helper()
	_, err := w.App.Ledger.Write(ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "roster.import", Organ: w.Units["county"].ID}, org.AmendPerson(ctx, tx, w.Who[who].Person, map[string]any{"skills": skills})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// From a township's wish to somebody back in their unit: the county chooses from those who could go, the ones with the skills
// first, the releasing unit's head says yes, and each of them sees it while it is theirs.
func TestCallup(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		skilled(t, w, "handler3", "audit,finance")
		skilled(t, w, "officer", "finance")
		for who, want := range map[string]string{"handler": "move.not_yours", "cityleader": "move.not_yours"} {
			_, err := w.App.Callups.Ask(ctx, w.As(who), callup.Request{To: w.Units["county.office1"].ID.Key, Reason: "协助", From: "2026-10-12", Until: "2026-10-13"})
			code(t, err, want)
		}
		good := callup.Request{To: w.Units["single"].ID.Key, Reason: "核对账目", From: "2026-10-12", Until: "2026-10-20"}
		for want, spoil := range map[string]func(*callup.Request){
			"to choice.unknown": func(x *callup.Request) { x.To = w.Units["full"].ID.Key }, "reason required": func(x *callup.Request) { x.Reason = " " }, "skills choice.unknown": func(x *callup.Request) { x.Skills = []string{"cooking"} },
			"from day.past": func(x *callup.Request) { x.From = "2026-10-11" }, "until delegate.backwards": func(x *callup.Request) { x.Until = "2026-10-11" }, "until callup.long": func(x *callup.Request) { x.Until = "2028-10-11" },
			"hours count.range": func(x *callup.Request) { x.Hours = -1 }, "for callup.no_matter": func(x *callup.Request) { x.For = "云渡纪线〔2026〕0001号" },
		} {
			x := good
			spoil(&x)
			_, err := w.App.Callups.Ask(ctx, w.As("lone"), x)
			code(t, err, want)
		}
		m := ask(t, w, "lone", "single", "finance", "audit")
		x := w.Matter(m)
		if x.State != callup.Wanted || x.Title != "抽调审计、财务会计人员协助柳湾乡纪委" || x.Subject != "" || x.Among() != "" {
			t.Errorf("%+v", x)
		}
		for _, who := range []string{"otherprincipal", "othersecretary", "secretary", "intake", "sysadmin"} {
			if _, err := w.Try(who, m, "cancel", vals{"reason": {"不要了"}}); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s: %v", who, err)
			}
		}
		cs := offered(t, w, m)
		if cs[0].Person != w.Who["handler3"].Person || len(cs[0].Lacks) != 0 || cs[1].Person != w.Who["officer"].Person || !slices.Equal(cs[1].Lacks, []string{"audit"}) {
			t.Errorf("%+v", cs[:2])
		}
		for _, who := range []string{"lone", "principal", "deputy", "sysadmin", "othersecretary"} {
			if find(cs, w, who) >= 0 {
				t.Errorf("%s is offered", who)
			}
		}
		if _, err := w.Try("lone", m, "pick", vals{"lead": {w.Who["officer"].Person}}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("who asks chooses: %v", err)
		}
		_, err := w.Try("supervision", m, "pick", vals{"lead": {w.Who["principal"].Person}})
		code(t, err, "lead choice.unknown")
		if _, err := w.App.Engine.Do(ctx, w.As("supervision"), m, 1<<20, "pick", vals{"lead": {w.Who["officer"].Person}}); fault.Code(err) != "stale" {
			t.Errorf("an old version: %v", err)
		}
		w.Do("supervision", m, "pick", vals{"lead": {w.Who["officer"].Person}})
		if x = w.Matter(m); x.State != callup.Asked || x.Handler != w.Units["full"].ID || x.Title != "抽调审计、财务会计人员协助柳湾乡纪委（奚干）" {
			t.Errorf("%+v", x)
		}
		if i := find(offered(t, w, ask(t, w, "supervision", "county.office2")), w, "officer"); i >= 0 {
			t.Error("who is asked for is offered to others")
		}
		for who, want := range map[string]string{"head": "not_found", "officer": "move.not_yours", "deputy": "move.not_yours"} {
			_, err := w.Try(who, m, "consent", nil)
			code(t, err, want)
		}
		if _, err := w.Try("deputy", m, "order", vals{"reason": {"急"}}); fault.Code(err) != "callup.not_yet" {
			t.Errorf("ordered before the unit could answer: %v", err)
		}
		if ds, err := w.App.Engine.Desk(ctx, w.As("secretary"), 50); err != nil || len(ds) != 1 || ds[0].Clock.Rule != callup.RuleConsent {
			t.Errorf("the releasing unit's desk: %+v, %v", ds, err)
		}
		_, err = w.Try("secretary", m, "consent", vals{"until": {"2026-10-22"}})
		code(t, err, "until callup.until")
		w.Do("secretary", m, "consent", vals{"until": {"2026-10-21"}, "note": {"注意安全"}})
		_, err = w.Try("secretary", m, "extend", vals{"until": {"2026-10-21"}, "reason": {"账目没有核完。"}})
		code(t, err, "until day.after")
		c, err := callup.Get(ctx, d.In(m.City), m.Key)
		if err != nil || c.Began != "2026-10-12" || c.Ordered || c.Unit != w.Units["full"].ID.Key {
			t.Errorf("%+v, %v", c, err)
		}
		if _, err := flow.Get(ctx, d.In(m.City), w.As("lone"), m.Key); err != nil {
			t.Errorf("who asked sees it no more: %v", err)
		}
		if _, err := flow.Get(ctx, d.In(m.City), w.As("officer"), m.Key); err != nil {
			t.Errorf("who is called up does not see it: %v", err)
		}
		count := func(name, unit string, want int64) {
			t.Helper()
			def, err := w.App.Measures.Get(name)
			if err != nil {
				t.Fatal(err)
			}
			q := measure.Query{Unit: w.Units[unit], From: "2026-10-01", To: d.Today(), Who: w.As("deputy")}
			v, err := def.Value(ctx, d.In(apptest.City), q)
			rows, err2 := def.Rows(ctx, d.In(apptest.City), q, w.As("deputy"), measure.Turn{Limit: 10})
			if err != nil || err2 != nil || v.Numerator != want || int64(len(rows.Rows)) != want || !def.NeverScored {
				t.Errorf("%s of %s: %+v %+v, %v %v", name, unit, v, rows, err, err2)
			}
		}
		count("callup.away", "full", 1)
		count("callup.away", "county", 1)
		count("callup.away", "single", 0)
		count("callup.overdue", "county", 0)
		// Its last day is the 21st; it is owed back on the next working day, and stays on the county's desk.
		w.On("2026-10-23")
		if _, err := w.App.Clocks.Pass(ctx, w.App.Ledger, apptest.City, d.Today(), w.App.Engine.Effects()); err != nil {
			t.Fatal(err)
		}
		ds, err := w.App.Engine.Desk(ctx, w.As("supervision"), 50)
		i := slices.IndexFunc(ds, func(d flow.Duty) bool { return d.Matter.ID == m && d.Clock.Rule == callup.RuleReturn })
		if err != nil || i < 0 || ds[i].Clock.Due != "2026-10-22" {
			t.Errorf("%+v, %v", ds, err)
		}
		count("callup.overdue", "county", 1)
		for _, x := range [][2]string{{"2026-10-22", "until day.past"}, {"2027-10-20", "until callup.long"}} {
			_, err = w.Try("secretary", m, "extend", vals{"until": {x[0]}, "reason": {"账目没有核完。"}})
			code(t, err, x[1])
		}
		for who, want := range map[string]string{"supervision": "move.not_yours", "officer": "move.not_yours", "lone": "move.not_yours"} {
			_, err = w.Try(who, m, "extend", vals{"until": {"2026-10-30"}, "reason": {"账目没有核完。"}})
			code(t, err, want)
		}
		w.Do("secretary", m, "extend", vals{"until": {"2026-10-30"}, "reason": {"账目没有核完。"}})
		if c, _ = callup.Get(ctx, d.In(m.City), m.Key); c.Until != "2026-10-30" || w.Matter(m).State != callup.Serving || w.Matter(m).Due != "2026-11-02" {
			t.Errorf("%+v, due %s", c, w.Matter(m).Due)
		}
		count("callup.overdue", "county", 0)
		count("callup.away", "county", 1)
		_, err = w.Try("supervision", m, "give_back", vals{"on": {"2026-10-11"}})
		code(t, err, "on day.before_receipt")
		w.Do("secretary", m, "give_back", vals{"on": {"2026-10-23"}, "hours": {"36"}})
		count("callup.away", "county", 0)
		c, _ = callup.Get(ctx, d.In(m.City), m.Key)
		if x = w.Matter(m); x.Open || c.Back != "2026-10-23" || c.Spent != 36 {
			t.Errorf("%+v %+v", x, c)
		}
		// Who is called up does not make it longer, though they head their unit.
		own := ask(t, w, "supervision", "county.office2")
		w.Do("supervision", own, "pick", vals{"lead": {w.Who["secretary"].Person}})
		w.Do("head", own, "consent", vals{"until": {"2026-10-30"}})
		_, err = w.Try("secretary", own, "extend", vals{"until": {"2026-11-05"}, "reason": {"没有办完。"}})
		code(t, err, "callup.oneself")
		w.Do("deputy", own, "extend", vals{"until": {"2026-11-05"}, "reason": {"没有办完。"}})
		// Twelve days of load put them behind a colleague who has the same skills.
		skilled(t, w, "twpdeputy", "finance")
		cs = offered(t, w, ask(t, w, "supervision", "county.office2", "finance"))
		if a, b := find(cs, w, "twpdeputy"), find(cs, w, "officer"); a < 0 || b < a || cs[b].Days != 12 || cs[a].Days != 0 {
			t.Errorf("%+v", cs)
		}
		w.Verify()
	})
}

// What a unit does not want is not done silently: it says no, or lets its day pass; then a leader of the county may order it and
// says why.
func TestOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := ask(t, w, "supervision", "county.office2")
		w.Do("supervision", m, "pick", vals{"lead": {w.Who["officer"].Person}})
		_, err := w.Try("secretary", m, "refuse", nil)
		code(t, err, "reason required")
		w.Do("secretary", m, "refuse", vals{"reason": {"秋季换届走不开。"}})
		if x := w.Matter(m); x.State != callup.Refused || x.Handler != w.Units["county.office2"].ID {
			t.Errorf("%+v", x)
		}
		for who, want := range map[string]string{"supervision": "move.not_yours", "secretary": "not_found", "otherprincipal": "not_found"} {
			_, err := w.Try(who, m, "order", vals{"reason": {"县里急用。"}})
			code(t, err, want)
		}
		_, err = w.Try("deputy", m, "order", nil)
		code(t, err, "reason required")
		elsewhere := ask(t, w, "supervision", "county.office1")
		w.Do("supervision", elsewhere, "pick", vals{"lead": {w.Who["officer"].Person}})
		_, err = w.Try("deputy", m, "order", vals{"reason": {"案情紧急，别无他人。"}, "until": {"2026-10-21"}})
		code(t, err, "callup.elsewhere")
		w.Do("secretary", elsewhere, "refuse", vals{"reason": {"秋季换届走不开。"}})
		w.Do("deputy", m, "order", vals{"reason": {"案情紧急，别无他人。"}, "until": {"2026-10-21"}})
		if c, err := callup.Get(ctx, d.In(m.City), m.Key); err != nil || !c.Ordered || w.Matter(m).Handler != w.Units["full"].ID {
			t.Errorf("%+v, %v", c, err)
		}
		late := ask(t, w, "supervision", "county.office2")
		w.Do("supervision", late, "pick", vals{"lead": {w.Who["hlofficer"].Person}}) // of a township without a head: its county office is asked
		if x := w.Matter(late); x.Handler != w.Units["county.office1"].ID {
			t.Errorf("%+v", x)
		}
		w.On("2026-10-16")
		w.Do("deputy", late, "order", vals{"reason": {"逾期未答复。"}, "until": {"2026-10-20"}})
		// The only one in a township does not answer for themselves; of the county's own people its leader answers.
		lone := ask(t, w, "supervision", "county.office2")
		cs := offered(t, w, lone)
		if i := find(cs, w, "lone"); i < 0 || !cs[i].Alone || i < len(cs)-3 {
			t.Errorf("the only one of a township: %d of %+v", i, cs)
		}
		w.Do("supervision", lone, "pick", vals{"lead": {w.Who["lone"].Person}})
		if x := w.Matter(lone); x.Handler != w.Units["county.office1"].ID {
			t.Errorf("%+v", x)
		}
		w.Do("supervision", lone, "take_back", vals{"reason": {"另选。"}})
		w.Do("supervision", lone, "pick", vals{"lead": {w.Who["reviewer"].Person}})
		_, err = w.Try("head2", lone, "consent", nil)
		if err == nil {
			t.Error("the using unit answers for the releasing one")
		}
		w.Do("deputy", lone, "answer", vals{"until": {"2026-10-20"}})
		w.Do("supervision", lone, "give_back", vals{"on": {string(d.Today())}})
		over := ask(t, w, "supervision", "county.office2")
		w.Do("supervision", over, "pick", vals{"lead": {w.Who["twpdeputy"].Person}})
		w.On("2026-11-20")
		_, err = w.Try("secretary", over, "consent", vals{"until": {"2026-11-25"}})
		code(t, err, "callup.over")
		w.Verify()
	})
}

// Whoever is kept from what the task serves is not among those offered for it. Of anything else that somebody is named in or kept
// from there is no trace: for any other task they are offered like everybody (D22).
func TestNotFree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		e, err := w.App.Clues.Enter(ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "负责人", Rank: "staff", Category: "c2", PartyMember: true},
			Source: "found", Received: "2026-10-12", Title: "线索", Summary: "反映虚报费用。", Discipline: "integrity"})
		if err != nil {
			t.Fatal(err)
		}
		set := func(who string, why string, root id.Key) {
			_, err := w.App.Ledger.Write(ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
				return ledger.Act{Action: "clue.enter", Organ: w.Units["county"].ID}, bar.Set(ctx, tx, w.Who[who].Person, root, why)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		root := w.Matter(e.ID).Root
		set("twpdeputy", "named", root)
		set("officer", "recused", root)
		plain := ask(t, w, "supervision", "county.office2")
		if cs := offered(t, w, plain); find(cs, w, "twpdeputy") < 0 || find(cs, w, "officer") < 0 {
			t.Errorf("%+v", cs)
		}
		today := d.Today()
		served, err := w.App.Callups.Ask(ctx, w.As("supervision"), callup.Request{To: w.Units["county.office2"].ID.Key, Reason: "协助", From: today, Until: today.AddDays(3), For: w.Matter(e.ID).No})
		if err != nil {
			t.Fatal(err)
		}
		if cs := offered(t, w, served.ID); find(cs, w, "twpdeputy") >= 0 || find(cs, w, "officer") >= 0 || find(cs, w, "secretary") < 0 {
			t.Errorf("%+v", cs)
		}
		_, err = w.Try("supervision", served.ID, "pick", vals{"lead": {w.Who["officer"].Person}})
		code(t, err, "lead choice.unknown")
		w.Verify()
	})
}

// Whose call-ups somebody may read they find on the page of the person: where to, until when, and when they were given back.
func TestOfPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("personnel", "皮组", "personnel_clerk", "county")
		officer := id.ID{City: apptest.City, Key: w.Who["officer"].Person}
		of := func(who string) []callup.Spell {
			t.Helper()
			out, err := callup.Of(ctx, d.In(apptest.City), w.As(who), officer.Key)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		m := ask(t, w, "supervision", "county.office1")
		if len(of("supervision")) != 0 {
			t.Error("nobody was chosen yet")
		}
		w.Do("supervision", m, "pick", vals{"lead": {officer.Key}})
		if x := of("supervision"); len(x) != 1 || x[0].State != callup.Asked || x[0].Began != "" {
			t.Errorf("%+v", x)
		}
		w.Do("secretary", m, "consent", vals{"until": {"2026-10-20"}})
		srv := w.Serve()
		for who, want := range map[string]bool{"supervision": true, "deputy": true, "officer": true, "personnel": false, "lone": false, "cityorg": false, "otherprincipal": false} {
			x := of(who)
			if (len(x) == 1) != want || want && (x[0].ID != m || x[0].State != callup.Serving || x[0].From != "2026-10-12" || x[0].Until != "2026-10-20" || x[0].Back != "") {
				t.Errorf("%s reads %+v", who, x)
			}
			if _, page := w.Get(srv, who, "/people/"+officer.String()); strings.Contains(page, "/m/"+m.String()) != want || strings.Contains(page, "抽调中") != want {
				t.Errorf("the page for %s shows it otherwise", who)
			}
		}
		w.On("2026-10-19")
		w.Do("supervision", m, "give_back", vals{"on": {"2026-10-19"}, "hours": {"30"}})
		if x := of("supervision"); len(x) != 1 || x[0].State != callup.Returned || x[0].Back != "2026-10-19" {
			t.Errorf("%+v", x)
		}
		if _, page := w.Get(w.Serve(), "supervision", "/people/"+officer.String()); !strings.Contains(page, "2026年10月19日归还") || strings.Contains(page, "抽调中") {
			t.Error("the page does not say when they were given back")
		}
		w.Verify()
	})
}

// TestBurden: being asked for somebody stands on the account of the township that answers, once for every time it is asked, by the
// county that asks; a repeated request adds nothing. Where somebody of the county answers, the township is asked nothing.
func TestBurden(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		rule, ok := w.App.Rules.Ask("callup.consent", d.Today())
		if !ok {
			t.Fatal("no rule")
		}
		on := func(unit string, times int) {
			t.Helper()
			a, err := w.App.Burden.Account(ctx, d.In(apptest.City), w.As("principal"), w.Units[unit].ID.Key, d.Today().MonthKey())
			if err != nil || len(a.Asks) != times || a.Months[len(a.Months)-1].Minutes != int64(times*rule.Minutes) {
				t.Fatalf("%s: %+v, %v", unit, a, err)
			}
			for _, x := range a.Asks {
				if x.By != w.Units["county"].ID || x.Rule != rule.ID || x.UsedOn == "" {
					t.Errorf("%+v", x)
				}
			}
		}
		m := ask(t, w, "supervision", "county.office2")
		who, version := w.As("supervision"), w.Matter(m).Version
		who.Request = access.Request{Key: "k", Digest: "d"}
		for range 2 {
			if _, err := w.App.Engine.Do(ctx, who, m, version, "pick", vals{"lead": {w.Who["officer"].Person}}); err != nil {
				t.Fatal(err)
			}
		}
		on("full", 1)
		w.Do("secretary", m, "refuse", vals{"reason": {"秋季换届走不开。"}})
		w.Do("supervision", m, "pick", vals{"lead": {w.Who["twpdeputy"].Person}})
		w.Do("secretary", m, "consent", vals{"until": {string(d.Today().AddDays(9))}})
		on("full", 2)
		other := ask(t, w, "supervision", "county.office2")
		w.Do("supervision", other, "pick", vals{"lead": {w.Who["hlofficer"].Person}})
		on("headless", 0)
		w.Verify()
	})
}
