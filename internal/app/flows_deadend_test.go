package app_test

import (
	"slices"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/casework"
	"qianshao/internal/clue"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// step is one on a matter's way, and the state it comes to.
type step struct {
	state string
	take  func(w *walk, m id.ID)
}

func by(name string, in vals) func(w *walk, m id.ID) {
	return func(w *walk, m id.ID) { w.make(m, name, in) }
}

func everybodySigns(w *walk, m id.ID) {
	w.make(m, "sign", nil)
	w.make(m, "sign", nil)
}

var wayOf = map[string][]step{
	"clue": {{clue.Opinion, func(*walk, id.ID) {}}, {clue.LetterReady, by("propose", vals{"disposal": {"inquiry"}, "inquiry_form": {"letter"}})}, {clue.LetterSent, by("send_letter", nil)},
		{clue.Awaiting, by("deliver_letter", nil)}, {clue.InquiryReport, by("record_answer", nil)}, {clue.VerifyPlan, by("propose_outcome", vals{"outcome": {"verify"}})},
		{clue.Verifying, by("submit_plan", nil)}, {clue.Signing, by("write_report", nil)}, {clue.Verified, everybodySigns}, {clue.Settling, by("propose_result", vals{"outcome": {"remind"}})}},
	"case": {{casework.Filing, func(*walk, id.ID) {}}, {casework.Filed, by("submit_filing", nil)}, {casework.Investigating, by("announce_filing", nil)}, {casework.FactsShown, by("show_facts", nil)},
		{casework.Signing, by("write_report", nil)}, {casework.Signed, everybodySigns}, {casework.ReviewAccept, by("submit_review", nil)}, {casework.Reviewing, by("accept_review", nil)},
		{casework.Deciding, by("review_report", nil)}, {casework.Decided, by("decide", vals{"decision": {"sanction"}, "party_sanction": {"party_warning"}, "party_body": {"county_commission"}})},
		{casework.Delivered, by("deliver", nil)}, {casework.Executing, by("announce", nil)}, {casework.Executed, by("report_execution", nil)}},
}

// bring brings a new matter of a kind to a state.
func (w *walk) bring(kind, state string) id.ID {
	w.t.Helper()
	m := w.found(org.SubjectInput{Unit: w.Units["full"].ID.Key})
	if kind == casework.Kind {
		m = w.filed(m, "party")
	}
	for _, s := range wayOf[kind] {
		s.take(w, m)
		w.is(m, s.state)
		if s.state == state {
			break
		}
	}
	return m
}

// leaves ends somebody's post today.
func (d *driver) leaves(who string) {
	d.t.Helper()
	p := d.Who[who]
	_, err := d.App.Ledger.Write(apptest.Ctx, access.ByOperator(p.City), p.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "holding.end", Organ: d.Units["county"].ID}, d.App.Org.Leave(apptest.Ctx, tx, p.Holding, d.App.DB.Today(), "promoted_county", "县里")
	})
	d.must(err)
	_, err = d.App.Engine.Reroute(apptest.Ctx, p.City)
	d.must(err)
	d.people = slices.DeleteFunc(d.people, func(k string) bool { return k == who })
}

// can says whether anybody is offered a move that leads on, or gives the matter to others.
func (d *driver) can(x flow.Matter) bool {
	d.t.Helper()
	for _, k := range d.people {
		if _, err := flow.Get(apptest.Ctx, d.read(x.ID), d.actors[k], x.ID.Key); err != nil {
			continue
		}
		os, err := d.App.Engine.Offers(apptest.Ctx, d.read(x.ID), d.actors[k], x, d.App.DB.Today())
		d.must(err)
		for _, o := range os {
			if o.Open && (o.Move.To != "" || o.Move.Fork != nil || len(o.Move.Also) > 0 || o.Move.Name == "change_team" || o.Move.Name == "reassign") {
				return true
			}
		}
	}
	return false
}

// TestFlowsNobodyIsLeft is D23: whoever works on a matter leaves their post, or steps aside, and somebody can go on.
func TestFlowsNobodyIsLeft(t *testing.T) {
	for kind, way := range wayOf {
		for _, s := range way {
			for _, how := range []string{"leaves", "the team steps aside"} {
				t.Run(kind+" in "+s.state+", "+how, func(t *testing.T) {
					t.Parallel()
					w := &walk{drive(t, dbtest.SQLite(t)), "single"}
					m := w.bring(kind, s.state)
					switch how {
					case "leaves":
						w.leaves("lone")
					default:
						for _, k := range w.team(w.Matter(m)) {
							stepAside(t, w.World, m, k)
						}
					}
					for _, k := range w.people {
						w.actors[k] = w.As(k)
					}
					if !w.can(w.Matter(m)) {
						t.Error("it sticks")
					}
				})
			}
		}
	}
}

// TestFlowsPanelStepsAside: a review of which one of two steps aside gets a panel of two again.
func TestFlowsPanelStepsAside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "county.office1"}
		k := w.bring("case", casework.Reviewing)
		ms, err := flow.Team(apptest.Ctx, w.read(k), k.Key)
		w.must(err)
		for _, x := range ms {
			if x.Stage == flow.StageReview && x.Person != w.Who["reviewer"].Person {
				for _, n := range w.people {
					if w.Who[n].Person == x.Person {
						stepAside(t, w.World, k, n)
					}
				}
			}
		}
		done := false
		for _, n := range w.people {
			w.actors[n] = w.As(n)
			x := w.Matter(k)
			if _, err := flow.Get(apptest.Ctx, w.read(k), w.actors[n], k.Key); err != nil {
				continue
			}
			os, err := w.App.Engine.Offers(apptest.Ctx, w.read(k), w.actors[n], x, d.Today())
			w.must(err)
			for _, o := range os {
				if o.Open && !done {
					in, _ := w.fill(x, n, o.Move, nil)
					_, err := w.Try(n, k, o.Move.Name, in)
					done = err == nil
					if err != nil {
						t.Logf("%s is offered %s and refused it: %v", n, o.Move.Name, err)
					}
				}
			}
		}
		if !done {
			t.Error("the review sticks")
		}
	})
}

// TestFlowsReviewersDontInvestigate: when a case was sent back, its reviewers make none of the investigators' moves.
func TestFlowsReviewersDontInvestigate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "county.office1"}
		k := w.bring("case", casework.Reviewing)
		w.make(k, "return_case", nil)
		for _, name := range []string{"show_facts", "write_report", "back_to_investigate"} {
			x := w.Matter(k)
			in, _ := w.fill(x, "reviewer", w.move(x, name), nil)
			if _, err := w.Try("reviewer", k, name, in); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("a reviewer makes %s: %v", name, err)
			} else if name == "show_facts" {
				w.make(k, name, nil)
			}
		}
		if err := w.ask("reviewer", k, "case.investigate", flow.MoveExtend); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a reviewer asks for more time to investigate: %v", err)
		}
	})
}

// TestFlowsClocksOfTheEnd: a case that was carried out is closed within its days; one that was never filed owes nothing of
// the kind; an answer that nobody gave was not given.
func TestFlowsClocksOfTheEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "county.office1"}
		k := w.bring("case", casework.Executed)
		w.runs(k, "case.close")
		w.stands(k, "case.close", deadline.StateOpen, "2026-11-12")

		w.unit = "full"
		tip, m := told(w, "no")
		w.make(m, "propose", vals{"disposal": {"close"}})
		w.make(m, "settle", nil)
		w.make(m, "reopen", nil)
		w.stands(tip, "tipoff.result", deadline.StateDropped, "2026-11-02")
		k = w.filed(m, "party")
		w.make(k, "drop_filing", vals{"clear_answer": {"wanted"}})
		w.propose(k, "propose_close", nil)
		w.runs(k, "approve.head", "clue.settle", flow.RuleSuperior)
	})
}
