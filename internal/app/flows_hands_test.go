package app_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestFlowsTheOnlyOneStepsAside: where the one person of a township steps aside, what they owed is case supervision's at
// once and says why, and case supervision gives it to somebody who goes on with it.
func TestFlowsTheOnlyOneStepsAside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "single"}
		for state, c := range map[string]struct {
			bring func(m id.ID)
			rule  string
			after string // where it is once it was given to another township
			on    func(m id.ID)
		}{
			clue.Opinion:      {func(id.ID) {}, "clue.opinion", clue.Arrived, func(m id.ID) { w.make(m, "receive", nil); w.make(m, "propose", vals{"disposal": {"shelve"}}) }},
			clue.InquiryReady: {func(m id.ID) { w.make(m, "propose", vals{"disposal": {"inquiry"}, "inquiry_form": {"talk"}}) }, "inquiry.start", clue.InquiryReady, func(m id.ID) { w.make(m, "hold_talk", nil) }},
			clue.VerifyPlan:   {func(m id.ID) { w.make(m, "propose", vals{"disposal": {"verification"}}) }, "verify.plan", clue.VerifyPlan, func(m id.ID) { w.make(m, "submit_plan", nil) }},
		} {
			m := w.found(org.SubjectInput{})
			c.bring(m)
			w.is(m, state)
			due := w.clock(m, c.rule).Due
			stepAside(t, w.World, m, "lone")
			w.actors["lone"] = w.As("lone")
			w.is(m, state)
			w.stands(m, c.rule, deadline.StateOpen, due)
			if got := w.clock(m, c.rule); got.OwedBy != w.Units["county"].ID || got.OwedRole != access.Supervision {
				t.Errorf("%s is owed by %s as %s", c.rule, got.OwedBy, got.OwedRole)
			}
			es, err := deadline.Entries(apptest.Ctx, w.read(m), w.clock(m, c.rule).ID.Key)
			w.must(err)
			if last := es[len(es)-1]; last.Kind != deadline.Reowed || last.Reason != "recused" {
				t.Errorf("it says %+v", last)
			}
			w.make(m, "reassign", vals{"target": {w.Units["headless"].ID.Key}})
			w.is(m, c.after)
			w.stands(m, c.rule, deadline.StateOpen, due) // whoever gets it has what was left
			if got := w.clock(m, c.rule); got.OwedBy != w.Units["headless"].ID || got.OwedRole != access.Handler {
				t.Errorf("%s is now owed by %s as %s", c.rule, got.OwedBy, got.OwedRole)
			}
			c.on(m)
		}
		w.Verify()
	})
}

// TestFlowsTheTeamStepsAside: case supervision puts another team together where nobody of the first is left.
func TestFlowsTheTeamStepsAside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "headless"}
		m := w.found(org.SubjectInput{})
		w.make(m, "propose", vals{"disposal": {"verification"}})
		w.make(m, "submit_plan", nil)
		w.make(m, "write_report", nil)
		for _, who := range w.team(w.Matter(m)) {
			stepAside(t, w.World, m, who)
			w.actors[who] = w.As(who)
		}
		w.is(m, clue.Signing)
		if left := w.team(w.Matter(m)); len(left) != 0 {
			t.Errorf("%v are on the team", left)
		}
		team := []string{w.Who["handler"].Person, w.Who["handler2"].Person} // of the county's office
		w.make(m, "change_team", vals{"team": team, "lead": team[:1]})
		w.is(m, clue.Verifying)
		w.runs(m, work)
		w.make(m, "write_report", nil)
		w.make(m, "sign", nil)
		w.make(m, "sign", nil)
		w.is(m, clue.Verified)
		ms, err := flow.Team(apptest.Ctx, w.read(m), m.Key)
		w.must(err)
		for _, x := range ms {
			if on := x.Person == team[0] || x.Person == team[1]; on != (x.To == "") || on != (x.Signed != 0) {
				t.Errorf("%+v", x)
			}
		}
	})
}
