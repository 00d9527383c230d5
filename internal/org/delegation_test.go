package org_test

import (
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/clue"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func clueAt(t *testing.T, w *apptest.World, unit string) id.ID {
	t.Helper()
	d, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "李某", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true},
		Source: "found", FromKind: "audit", Received: "2026-10-12", Title: "反映上塘村集体资产出租未公开", Summary: "监督检查发现。", Discipline: "work"})
	if err != nil {
		t.Fatal(err)
	}
	w.Do("supervision", d.ID, "hand_out", flow.Values{"target": {w.Units[unit].ID.Key}, "back": {"no"}})
	return d.ID
}

func propose(w *apptest.World, who string, m id.ID) {
	w.Do(who, m, "propose", flow.Values{"disposal": {"verification"}, "reason": {"问题具体，可查。"}, "studied_on": {"2026-10-12"}, "studied_by": {"姜、戚"}})
}

func give(w *apptest.World, from, to string, begins, ends string) (id.ID, error) {
	return w.App.Org.Delegate(apptest.Ctx, w.As(from), org.NewDelegation{To: w.Who[to].Person, Begins: calendar.Date(begins), Ends: calendar.Date(ends), Reason: "外出学习"})
}

// A leader goes away; the other signs for them from the first day to the last, every signature says for whom, and it
// ends at once when it is taken back.
func TestDelegationWhileAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := clueAt(t, w, "county.office1")
		propose(w, "handler", m)
		if _, err := w.Decide("head2", m, flow.Decision{Approve: true}); fault.Code(err) != "not_found" {
			t.Fatalf("the head of another office signs without a delegation: %v", err)
		}
		made, err := give(w, "head", "head2", "2026-10-13", "2026-10-20")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide("head2", m, flow.Decision{Approve: true}); err == nil {
			t.Error("a delegation acts before its first day")
		}
		w.On("2026-10-13")
		w.Approve("head2", m)
		ps, err := flow.Proposals(apptest.Ctx, d.In(apptest.City), m.Key)
		if err != nil || ps[0].Steps[0].Person != w.Who["head2"].Person || ps[0].Steps[0].For != w.Who["head"].Person {
			t.Errorf("the signature does not say for whom: %+v %v", ps[0].Steps[0], err)
		}
		ds, err := org.Delegations(apptest.Ctx, d.In(apptest.City), w.As("head"), 10)
		if err != nil || len(ds) != 1 || ds[0].ToName != "邹主任" || !ds[0].Holds("2026-10-13") {
			t.Fatalf("listed: %+v %v", ds, err)
		}
		acts, err := org.SignedUnder(apptest.Ctx, d.In(apptest.City), w.As("head"), ds[0], 10)
		if err != nil || len(acts) != 1 || acts[0].Matter != m || acts[0].Action != "clue.propose.approve" {
			t.Errorf("done under it: %+v %v", acts, err)
		}
		second := clueAt(t, w, "county.office1")
		propose(w, "handler", second)
		if err := w.App.Org.EndDelegation(apptest.Ctx, w.As("deputy"), made); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a third person ends it: %v", err)
		}
		if err := w.App.Org.EndDelegation(apptest.Ctx, w.As("head2"), made); fault.Code(err) != "delegate.not_yours" {
			t.Errorf("the delegate ends it: %v", err)
		}
		if err := w.App.Org.EndDelegation(apptest.Ctx, w.As("head"), made); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide("head2", second, flow.Decision{Approve: true}); err == nil {
			t.Error("a delegation that was taken back still acts")
		}
		if err := w.App.Org.EndDelegation(apptest.Ctx, w.As("principal"), made); fault.Code(err) != "delegate.ended" {
			t.Errorf("ended twice: %v", err)
		}
		w.Verify()
	})
}

// Nobody gets a leader's authority who may not hold it: not an administrator, not a plain investigator, nobody of
// another organ, nobody whose own paper waits for that very signature; and nobody passes on what was lent to them.
func TestWhoMayNotStandIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		for _, x := range []struct{ from, to, code string }{
			{"head", "sysadmin", "delegate.may_not"}, {"head", "handler", "delegate.may_not"}, {"deputy", "head", "delegate.may_not"}, {"principal", "auditor", "delegate.may_not"},
			{"principal", "otherprincipal", "delegate.may_not"}, {"principal", "cityleader", "delegate.may_not"}, {"secretary", "officer", "delegate.may_not"}, {"secretary", "hldeputy", "delegate.may_not"},
			{"head", "head", "delegate.may_not"},
		} {
			if _, err := give(w, x.from, x.to, "2026-10-12", "2026-10-16"); codeOf(err, "to") != x.code {
				t.Errorf("%s to %s: %v", x.from, x.to, err)
			}
		}
		if _, err := give(w, "handler", "head2", "2026-10-12", "2026-10-16"); fault.Code(err) != "delegate.nothing" {
			t.Errorf("somebody without authority delegates: %v", err)
		}
		m := clueAt(t, w, "full")
		w.Do("twpdeputy", m, "receive", nil)
		propose(w, "twpdeputy", m)
		if _, err := give(w, "secretary", "twpdeputy", "2026-10-12", "2026-10-16"); codeOf(err, "to") != "delegate.waits" {
			t.Errorf("the author of a waiting paper: %v", err)
		}
		for name, in := range map[string][2]string{"begins": {"2026-10-11", "2026-10-16"}, "ends": {"2026-10-14", "2026-10-13"}} {
			if _, err := give(w, "secretary", "head", in[0], in[1]); codeOf(err, name) == "" {
				t.Errorf("%v is taken: %v", in, err)
			}
		}
		if _, err := give(w, "secretary", "head", "2026-10-12", "2026-10-16"); err != nil {
			t.Fatal(err)
		}
		if _, err := give(w, "secretary", "head2", "2026-10-16", "2026-10-18"); codeOf(err, "begins") != "delegate.overlap" {
			t.Errorf("two at once: %v", err)
		}
		if cs, _ := org.Delegates(apptest.Ctx, d.In(apptest.City), w.As("head"), "2026-10-12"); len(cs) == 0 || cs[0].Name == "" {
			t.Error("the head of an office has nobody")
		}
		// What was lent is not among what the head of office can hand on: it is their own post that goes.
		made, err := give(w, "head", "head2", "2026-10-12", "2026-10-12")
		if err != nil {
			t.Fatal(err)
		}
		ds, err := org.Delegations(apptest.Ctx, d.In(apptest.City), w.As("head2"), 10)
		if err != nil || len(ds) != 1 || ds[0].ID != made || ds[0].Post != "office_head" {
			t.Errorf("%+v %v", ds, err)
		}
		w.Verify()
	})
}

// Whoever stands in never signs what they wrote themselves, in whatever hat.
func TestDelegateNeverSignsOwnPaper(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		if _, err := give(w, "secretary", "twpdeputy", "2026-10-12", "2026-10-16"); err != nil {
			t.Fatal(err)
		}
		m := clueAt(t, w, "full")
		w.Do("twpdeputy", m, "receive", nil)
		propose(w, "twpdeputy", m)
		if _, err := w.Decide("twpdeputy", m, flow.Decision{Approve: true}); fault.Code(err) != "approve.own" {
			t.Errorf("own paper signed through a delegation: %v", err)
		}
	})
}

func codeOf(err error, field string) string {
	for _, f := range fault.Fields(err) {
		if f.Name == field {
			return f.Code
		}
	}
	return ""
}

func TestDelegationsPage(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	srv := w.Serve()
	if _, err := give(w, "head", "head2", "2026-10-12", "2026-10-16"); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]string{"head": "您的签批由邹主任代办", "head2": "您代姜主任签批", "principal": "邹主任代姜主任签批"} {
		if code, body := w.Get(srv, who, "/delegations"); code != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d, without %q", who, code, want)
		}
	}
	if code, _ := w.Get(srv, "handler", "/delegations"); code != 403 {
		t.Errorf("an investigator sees the page: %d", code)
	}
}
