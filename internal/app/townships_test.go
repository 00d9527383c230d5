package app_test

import (
	"net/http"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// handed is a clue about somebody of a unit, handed out to a unit to handle.
func handed(t testing.TB, w *apptest.World, about, to string) id.ID {
	t.Helper()
	e, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units[about].ID.Key, Name: "吴某", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", PartyMember: true},
		Source: "found", Received: w.App.DB.Today(), Title: "反映农业综合服务中心主任虚报管护费", Summary: "反映该主任虚报高标准农田管护费，数额不详。", Discipline: "integrity"})
	if err != nil {
		t.Fatal(err)
	}
	w.Do("supervision", e.ID, "hand_out", vals{"target": {w.Units[to].ID.Key}, "back": {"no"}})
	return e.ID
}

// disposal proposes to verify, or to shelve.
func disposal(code string) vals {
	return vals{"disposal": {code}, "reason": {"问题具体，可查。"}, "studied_on": {"2026-10-12"}, "studied_by": {"全体人员"}}
}

// open is the proposal of a matter that waits.
func open(t testing.TB, w *apptest.World, m id.ID) flow.Proposal {
	t.Helper()
	ps, err := flow.Proposals(apptest.Ctx, w.App.DB.In(m.City), m.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ps {
		if p.State == "open" {
			return p
		}
	}
	t.Fatalf("nothing waits on %s", m)
	return flow.Proposal{}
}

// TestTownshipsWithoutSecondHand is D23: where a township has nobody lawful to sign, the paper stands on the county
// office's desk at once and says why; whoever sits there sees it and signs; the author never does; nothing sticks.
func TestTownshipsWithoutSecondHand(t *testing.T) {
	type seat struct{ who, unit, moved string }
	for name, c := range map[string]struct {
		unit, author, move string
		in                 vals
		seats              []seat
		to                 string
	}{
		"a secretary signs":         {"full", "officer", "propose", disposal("verification"), []seat{{"secretary", "full", ""}, {"deputy", "county", ""}}, clue.VerifyPlan},
		"no secretary":              {"headless", "hldeputy", "propose", disposal("verification"), []seat{{"head", "county.office1", "no_head"}, {"deputy", "county", ""}}, clue.VerifyPlan},
		"no secretary, the officer": {"headless", "hlofficer", "propose", disposal("close"), []seat{{"head", "county.office1", "no_head"}, {"deputy", "county", ""}}, clue.Settling},
		// The only one is the secretary, whose own proposal carries the secretary's consent: the county signs, as the rule has it.
		"one person": {"single", "lone", "propose", disposal("verification"), []seat{{"deputy", "county", ""}}, clue.VerifyPlan},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := apptest.New(t, d)
				srv := w.Serve()
				m := handed(t, w, c.unit, c.unit)
				w.Do(c.author, m, "receive", nil)
				if c.in["disposal"][0] == "close" {
					c.in["close_ground"] = []string{w.App.Rules.Terms("close_ground", d.Today())[0].Code}
				}
				w.Do(c.author, m, c.move, c.in)
				p := open(t, w, m)
				if len(p.Steps) != len(c.seats) {
					t.Fatalf("%d signatures, want %d: %+v", len(p.Steps), len(c.seats), p.Steps)
				}
				page := "/p/" + p.ID.String()
				for i, s := range c.seats {
					step := open(t, w, m).Steps[i]
					if step.Unit != w.Units[s.unit].ID || step.Moved != s.moved {
						t.Errorf("signature %d is owed at %s (%q), want %s (%q)", i, step.Unit, step.Moved, w.Units[s.unit].ID, s.moved)
					}
					if _, err := w.Decide(c.author, m, flow.Decision{Approve: true}); fault.Code(err) != "approve.own" {
						t.Errorf("the author signs step %d: %v", i, err)
					}
					if code, text := w.Get(srv, s.who, page); code != http.StatusOK || !strings.Contains(text, `value="approve"`) {
						t.Errorf("%s opens the paper: %d, or can't sign it", s.who, code)
					} else if s.moved != "" && !strings.Contains(text, "本单位没有可以签批的负责人") {
						t.Errorf("%s isn't told why it came here", s.who)
					}
					if code, text := w.Get(srv, s.who, "/approvals"); code != http.StatusOK || !strings.Contains(text, p.ID.String()) {
						t.Errorf("it doesn't stand in the list of %s: %d", s.who, code)
					}
					w.Approve(s.who, m)
				}
				if got := w.Matter(m); got.State != c.to {
					t.Errorf("after every signature the clue is %s, want %s", got.State, c.to)
				}
				w.Verify()
			})
		})
	}
}

// TestNobodySignsInItsStead: whoever has no seat in an approval signs nothing, whatever post they hold elsewhere.
func TestNobodySignsInItsStead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := handed(t, w, "headless", "headless")
		w.Do("hldeputy", m, "receive", nil)
		w.Do("hldeputy", m, "propose", disposal("verification"))
		for _, who := range []string{"hlofficer", "secretary", "lone", "handler", "head2", "intake", "supervision", "othersupervision", "otherprincipal", "sysadmin"} {
			if _, err := w.Decide(who, m, flow.Decision{Approve: true}); err == nil {
				t.Fatalf("%s signed", who)
			}
		}
		if got := w.Matter(m); got.State != clue.OpinionReview {
			t.Errorf("the clue is %s", got.State)
		}
	})
}
