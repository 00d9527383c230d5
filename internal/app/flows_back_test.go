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
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// told is a named tip-off and its clue, which an office of the county works on.
func told(w *walk, back string) (tip, m id.ID) {
	w.t.Helper()
	tip = w.letter(true)
	w.make(tip, "accept", nil)
	m = child(w.t, w.World, tip, "clue")
	w.make(m, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {back}})
	return tip, m
}

// no checks that none of the people may make a move, for whatever reason.
func (d *driver) no(m id.ID, move string, in vals, people ...string) {
	d.t.Helper()
	for _, who := range people {
		if _, err := d.Try(who, m, move, in); fault.KindOf(err) != fault.Forbidden && fault.KindOf(err) != fault.NotFound {
			d.t.Errorf("%s makes %s of a matter in %s: %v", who, move, d.Matter(m).State, err)
		}
	}
}

// county are some of those who may not have a matter considered again: that is for the level above.
var county = []string{"principal", "deputy", "supervision", "intake", "head", "handler", "otherprincipal", "province"}

// TestFlowsReconsiderTipoff: the level above has a refusal or a passing on looked at again; the first action is owed anew,
// the notice is owed as it was.
func TestFlowsReconsiderTipoff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "full"}
		again := vals{"reason": {"应当受理。"}}
		for _, c := range []struct{ move, state string }{{"decline", intake.Declined}, {"pass_on", intake.PassedOn}} {
			w.On("2026-10-12")
			tip := w.letter(true)
			w.make(tip, c.move, nil)
			w.is(tip, c.state)
			w.runs(tip, "tipoff.notice", flow.RuleSuperior)
			if c := w.clock(tip, flow.RuleSuperior); c.OwedBy != w.Units["city"].ID || c.OwedRole != access.Intake {
				t.Errorf("who reads it above: %+v", c)
			}
			w.On("2026-10-14")
			w.no(tip, "reconsider", again, county...)
			if _, err := w.Try("cityintake", tip, "reconsider", nil); fault.KindOf(err) != fault.Invalid {
				t.Errorf("without a reason: %v", err)
			}
			w.Do("cityintake", tip, "reconsider", again)
			w.is(tip, intake.Received)
			w.runs(tip, "tipoff.first_action", "tipoff.notice")
			w.stands(tip, "tipoff.first_action", deadline.StateOpen, "2026-10-21")
			w.stands(tip, "tipoff.notice", deadline.StateOpen, "2026-11-02")
			w.stands(tip, flow.RuleSuperior, deadline.StateDone, w.clock(tip, flow.RuleSuperior).Due)
			if x := w.Matter(tip); !x.Open || x.Outcome != "" || x.Ended != "" {
				t.Errorf("it is %+v", x)
			}
			w.make(tip, "accept", nil)
		}
		w.Verify()
	})
}

// TestFlowsReconsiderClue: the level above has a clue disposed of again, wherever its closing or shelving stands; what was
// said of it before counts no more, and its reporter is answered when it ends anew.
func TestFlowsReconsiderClue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "full"}
		for state, c := range map[string]struct {
			disposal, rule, ends string
			settle               bool
		}{
			clue.Settling: {"close", "clue.settle", deadline.StateDropped, false},
			clue.Closed:   {"close", "clue.settle", deadline.StateDone, true},
			clue.Shelved:  {"shelve", "clue.shelve_review", deadline.StateDropped, false},
		} {
			w.On("2026-10-12")
			tip, m := told(w, "no")
			w.make(m, "propose", vals{"disposal": {c.disposal}})
			if c.settle {
				w.make(m, "settle", nil)
				w.is(tip, intake.ResultDue)
			}
			w.is(m, state)
			w.On("2026-10-20")
			w.no(m, "reconsider", vals{"reason": {"重新办理。"}}, county...)
			w.Do("cityoffice", m, "reconsider", vals{"reason": {"重新办理。"}})
			w.is(m, clue.Opinion)
			w.runs(m, "clue.opinion")
			w.stands(m, "clue.opinion", deadline.StateOpen, "2026-11-20")
			w.stands(m, c.rule, c.ends, w.clock(m, c.rule).Due)
			w.is(tip, intake.InHand)
			x, err := clue.Get(apptest.Ctx, w.read(m), m.Key)
			w.must(err)
			if x.Disposal != "" || x.CloseKind != "" || x.CloseGround != "" || x.Disposed != "" || w.Matter(m).Outcome != "" || w.Matter(tip).Outcome != "" {
				t.Errorf("from %s it still says %+v", state, x)
			}
			w.make(m, "propose", vals{"disposal": {"close"}})
			w.make(m, "settle", nil)
			w.is(tip, intake.ResultDue)
			w.stands(tip, "tipoff.result", deadline.StateOpen, "2026-11-10")
		}
		w.Verify()
	})
}

// TestFlowsReviveAndReopen: what was shelved, closed or handed over is taken up again with the leader in charge's word; the
// days to dispose of it begin anew, and until then nothing changes.
func TestFlowsReviveAndReopen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "full"}
		for name, c := range map[string]struct {
			move, state string
			waits       []string // what runs before
			finished    bool
			bring       func(m id.ID)
		}{
			"shelved": {"revive", clue.Shelved, []string{"clue.shelve_review", flow.RuleSuperior}, false, func(m id.ID) { w.make(m, "propose", vals{"disposal": {"shelve"}}) }},
			"closed": {"reopen", clue.Closed, []string{flow.RuleSuperior}, true, func(m id.ID) {
				w.make(m, "propose", vals{"disposal": {"close"}})
				w.make(m, "settle", nil)
			}},
			"handed": {"reopen", clue.Handed, nil, true, func(m id.ID) {
				w.verified(m, "partly")
				w.make(m, "propose_result", vals{"outcome": {"hand_party"}})
			}},
		} {
			w.On("2026-10-12")
			tip, m := told(w, "no")
			c.bring(m)
			w.is(m, c.state)
			w.runs(m, c.waits...)
			other := map[string]string{"revive": "reopen", "reopen": "revive"}[c.move]
			if _, err := w.Try("supervision", m, other, vals{"reason": {"有新情况。"}}); fault.Code(err) != "move.not_now" {
				t.Errorf("%s: %s: %v", name, other, err)
			}
			w.no(m, c.move, vals{"reason": {"有新情况。"}}, "handler", "head", "deputy", "principal", "cityoffice", "othersupervision")
			w.On("2026-10-20")
			w.propose(m, c.move, nil)
			w.is(m, clue.ReopenReview)
			w.runs(m, append([]string{"approve.deputy"}, c.waits...)...)
			if c.finished {
				w.is(tip, intake.ResultDue) // not yet
			}
			if _, err := w.Decide("deputy", m, flow.Decision{Note: "没有新情况。"}); err != nil {
				t.Fatal(err)
			}
			w.is(m, c.state)
			w.runs(m, c.waits...)
			if x := w.Matter(m); x.Open != (c.state == clue.Shelved) || (x.Ended == "") != x.Open {
				t.Errorf("%s, refused: open %v, ended %s", name, x.Open, x.Ended)
			}
			w.make(m, c.move, nil)
			w.is(m, clue.Opinion)
			w.is(tip, intake.InHand)
			w.stands(m, "clue.opinion", deadline.StateOpen, "2026-11-20")
			if x := w.Matter(m); !x.Open || x.Ended != "" || x.Outcome != "" || x.Handler != w.Units["county.office1"].ID {
				t.Errorf("%s: %+v", name, x)
			}
			if c.move == "revive" {
				w.stands(m, "clue.shelve_review", deadline.StateDone, w.clock(m, "clue.shelve_review").Due)
			}
		}
		w.Verify()
	})
}

// TestFlowsMerge: a repeat joins the tip-off it repeats, one family and one clue; to each reporter their own notice and
// their own answer.
func TestFlowsMerge(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "full"}
		first, m := told(w, "no")
		second, nameless := w.letter(true), w.letter(false)
		merge := vals{"main": {first.Key}, "new_facts": {"补充了时间。"}}
		w.no(second, "merge", merge, "supervision", "deputy", "principal", "cityintake", "otherintake")
		for _, x := range []id.ID{second, nameless} {
			w.make(x, "merge", merge)
			w.is(x, intake.Merged)
			got := w.Matter(x)
			tip, err := intake.Get(apptest.Ctx, w.read(x), x.Key)
			w.must(err)
			if got.Root != w.Matter(first).Root || !got.Is(flow.FlagRepeat) || !got.Open || tip.Main != first.Key || tip.Clue != m.Key {
				t.Errorf("joined as %+v, %+v", got, tip)
			}
			if _, err := w.Try("intake", x, "merge", merge); fault.Code(err) != "move.not_now" {
				t.Errorf("joined twice: %v", err)
			}
		}
		third := w.letter(true)
		if _, err := w.Try("intake", third, "merge", vals{"main": {second.Key}, "new_facts": {"无。"}}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("joined to one that joined another: %v", err)
		}
		w.runs(second, "tipoff.notice")
		w.runs(nameless)
		w.stands(second, "tipoff.notice", deadline.StateOpen, "2026-11-02")
		w.make(second, "notify", nil)
		w.runs(second)
		w.runs(first, "tipoff.notice") // theirs is still owed
		if _, err := w.Try("intake", nameless, "notify", vals{"on": {"2026-10-12"}, "way": {"call"}, "reached": {"yes"}}); fault.Code(err) != "tipoff.anonymous" {
			t.Errorf("nobody is there to be told: %v", err)
		}
		w.make(m, "propose", vals{"disposal": {"close"}})
		w.make(m, "settle", nil)
		w.is(first, intake.ResultDue)
		w.is(second, intake.ResultDue)
		w.is(nameless, intake.Closed)
		w.make(second, "tell_result", nil)
		w.is(second, intake.Closed)
		w.is(first, intake.ResultDue)
		w.runs(first, "tipoff.notice", "tipoff.result")
		w.Verify()
	})
}

// TestFlowsGiveBackAndReport: a clue that is given back takes the report along that was owed on it, and is handed out again
// only with the report; the report is owed until it is made, wherever the clue stands.
func TestFlowsGiveBackAndReport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "headless"}
		tip := w.letter(true)
		w.make(tip, "assign", w.to())
		m := child(t, w.World, tip, "clue")
		const rule = "tipoff.assigned"
		w.runs(m, "clue.opinion", rule, "tipoff.accept_forwarded")
		w.propose(m, "give_back", nil)
		w.runs(m, "approve.deputy", "clue.opinion", rule, "tipoff.accept_forwarded") // asking is no answer
		w.Approve("deputy", m)
		w.is(m, clue.Pool)
		w.runs(m, "clue.assign", "clue.opinion")
		w.stands(m, rule, deadline.StateDropped, "2027-01-12")
		if x := w.Matter(m); !x.Handler.Zero() || x.Is(flow.FlagAssigned) || x.Is(flow.FlagTownship) {
			t.Errorf("given back: %+v", x)
		}
		w.On("2026-10-14")
		_, err := w.Try("supervision", m, "hand_out", vals{"target": {w.Units["single"].ID.Key}, "back": {"no"}})
		w.refused("the report is forgotten", err, "clue.back_owed")
		w.make(m, "hand_out", vals{"target": {w.Units["headless"].ID.Key}, "back": {"yes"}})
		w.stands(m, rule, deadline.StateOpen, "2027-01-14") // the unit has what any unit has
		w.received(m)
		report := vals{"on": {"2026-10-14"}, "paper_no": {"报〔2026〕1号"}, "gist": {"查否。"}}
		_, err = w.Try("hldeputy", m, "report_back", report)
		w.refused("reported before anything was decided", err, "move.not_now")
		w.make(m, "propose", vals{"disposal": {"close"}})
		w.make(m, "settle", nil)
		w.is(m, clue.Closed)
		w.runs(m, rule, flow.RuleSuperior)
		w.no(m, "report_back", report, "handler", "officer", "deputy", "cityoffice")
		w.Do("hldeputy", m, "report_back", report)
		w.is(m, clue.Closed)
		w.runs(m, flow.RuleSuperior)
		w.stands(m, rule, deadline.StateDone, "2027-01-14")
		_, err = w.Try("supervision", m, "report_back", report)
		w.refused("reported twice", err, "clue.no_report_owed")
		w.Verify()
	})
}

// TestFlowsAmendReport: a report that is changed is signed anew by everybody, and its days go on where they stood.
func TestFlowsAmendReport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, m := office(t, d)
		signed := func() (n int) {
			ms, err := flow.Team(apptest.Ctx, w.read(m), m.Key)
			w.must(err)
			for _, x := range ms {
				if x.Signed != 0 {
					n++
				}
			}
			return n
		}
		amend := vals{"reason": {"补充一笔。"}}
		w.make(m, "write_report", nil)
		w.make(m, "sign", nil)
		w.no(m, "amend_report", amend, "handler2", "handler3", "supervision", "principal")
		w.make(m, "amend_report", nil)
		w.is(m, clue.Verifying)
		if n := signed(); n != 0 {
			t.Errorf("%d signatures stand under what was changed", n)
		}
		w.stands(m, work, deadline.StateOpen, "2026-12-14")
		w.On("2026-11-02")
		w.reported(m, nil)
		w.is(m, clue.Verified)
		w.stands(m, work, deadline.StateDone, "2026-12-14")
		w.stands(m, "verify.result", deadline.StateOpen, "2026-11-16")
		w.On("2026-11-09")
		w.make(m, "amend_report", nil)
		w.is(m, clue.Verifying)
		w.runs(m, work)
		w.stands(m, work, deadline.StateOpen, "2026-12-21") // a week lay between: 2026-12-19 is a Saturday
		w.stands(m, "verify.result", deadline.StateDropped, "2026-11-16")
		w.On("2026-11-10")
		w.reported(m, nil)
		w.stands(m, "verify.result", deadline.StateOpen, "2026-11-24") // a new opinion has its own days
		w.Verify()
	})
}

// TestFlowsChangeTeamOfClue: another team takes the chief's word, signs anew, and whoever left does nothing more.
func TestFlowsChangeTeamOfClue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, m := office(t, d)
		w.make(m, "write_report", nil)
		w.make(m, "sign", nil)
		team := []string{w.Who["handler2"].Person, w.Who["handler3"].Person}
		change := vals{"team": team, "lead": team[:1], "reason": {"工作调整。"}}
		w.no(m, "change_team", change, "handler", "handler2", "handler3", "deputy", "principal")
		outside := vals{"team": team, "lead": {w.Who["handler"].Person}, "reason": {"工作调整。"}}
		_, err := w.Try("head", m, "change_team", outside)
		w.refused("led from outside", err, "team.lead_outside")
		w.make(m, "change_team", change)
		w.is(m, clue.Verifying)
		w.runs(m, work)
		w.stands(m, work, deadline.StateOpen, "2026-12-14")
		ms, err := flow.Team(apptest.Ctx, w.read(m), m.Key)
		w.must(err)
		for _, x := range ms {
			if on := slices.Contains(team, x.Person); (x.To == "") != on || x.Signed != 0 || x.Lead != (x.Person == team[0]) {
				t.Errorf("%+v", x)
			}
		}
		w.no(m, "write_report", vals{"facts": {"情况。"}, "finding": {"true"}, "record_no": {"1号"}}, "handler")
		w.reported(m, nil)
		w.is(m, clue.Verified)
		w.Verify()
	})
}

// TestFlowsDropFiling: a case that isn't filed is settled like anything untrue: the level above reads of it, the person and
// the unit are told before it is closed, and the reporter is answered.
func TestFlowsDropFiling(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "full"}
		tip, m := told(w, "no")
		k := w.filed(m, "party")
		_, err := w.Try("handler", k, "drop_filing", vals{"reason": {"证据不足。"}, "clear_answer": {"not_needed"}})
		w.refused("nobody needs clearing, and no word why", err, "required")
		w.make(k, "drop_filing", vals{"clear_answer": {"not_needed"}})
		w.is(k, casework.Settling)
		w.runs(k, "clue.settle", flow.RuleSuperior)
		w.stands(k, "clue.settle", deadline.StateOpen, "2026-11-02")
		if c := w.clock(k, flow.RuleSuperior); c.OwedBy != w.Units["city"].ID || c.OwedRole != access.Observer || c.About != "drop_filing" {
			t.Errorf("who reads it above: %+v", c)
		}
		_, err = w.Try("handler", k, "propose_close", vals{"volumes": {"一卷"}})
		w.refused("closed before anybody was told", err, "required")
		w.make(k, "propose_close", nil)
		w.is(k, casework.Closed)
		w.runs(k, flow.RuleSuperior)
		for _, x := range []id.ID{m, tip, k} {
			if got := w.Matter(x); got.Kind != casework.Kind && got.Outcome != "not_filed" {
				t.Errorf("the %s says %q", got.Kind, got.Outcome)
			}
		}
		w.is(tip, intake.ResultDue)
		w.Verify()
	})
}

// TestFlowsReturnCase: the review sends a case back with the word of whoever the way of it asks for; the investigation goes
// on with the days it had left, is signed anew, and the review that follows has its own days.
func TestFlowsReturnCase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "county.office1"}
		k := w.filed(w.found(org.SubjectInput{Unit: w.Units["full"].ID.Key}), "party")
		w.make(k, "submit_filing", nil)
		w.make(k, "announce_filing", nil)
		w.stands(k, "case.investigate", deadline.StateOpen, "2027-01-12")
		panel := []string{w.Who["reviewer"].Person, w.Who["reviewer2"].Person}
		accept := vals{"panel": panel, "lead": panel[:1]}
		reviewing := func() {
			t.Helper()
			w.make(k, "show_facts", nil)
			w.reported(k, nil)
			w.make(k, "submit_review", nil)
			w.make(k, "accept_review", accept)
			w.is(k, casework.Reviewing)
			w.runs(k, "case.review")
		}
		w.On("2026-10-19")
		reviewing()
		w.stands(k, "case.investigate", deadline.StateDone, "2027-01-12")
		w.stands(k, "case.review", deadline.StateOpen, "2026-11-19")
		w.On("2026-10-26")
		back := vals{"return_kind": {"supplement"}, "reason": {"一笔款项去向不明。"}}
		w.no(k, "return_case", back, "handler", "head", "supervision", "deputy", "reviewhead") // not of this review
		for kind, seat := range map[string]access.Role{"supplement": access.Deputy, "investigation": access.Principal} {
			back["return_kind"] = []string{kind}
			w.propose(k, "return_case", back)
			w.is(k, casework.ReturnReview)
			p := open(t, w.World, k)
			w.runs(k, "case.review", "approve."+string(seat))
			if len(p.Steps) != 1 || p.Steps[0].Seat != seat {
				t.Errorf("%s is signed by %+v", kind, p.Steps)
			}
			_, err := w.App.Engine.Withdraw(apptest.Ctx, w.actors["reviewer"], p.ID, w.Matter(k).Version)
			w.must(err)
			w.is(k, casework.Reviewing)
			w.stands(k, "case.review", deadline.StateOpen, "2026-11-19")
		}
		back["return_kind"] = []string{"supplement"}
		w.make(k, "return_case", back)
		w.is(k, casework.Investigating)
		w.runs(k, "case.investigate")
		w.stands(k, "case.review", deadline.StateDropped, "2026-11-19")
		w.stands(k, "case.investigate", deadline.StateOpen, "2027-01-19") // it lay a week with the review
		ms, err := flow.Team(apptest.Ctx, w.read(k), k.Key)
		w.must(err)
		for _, x := range ms {
			if x.Signed != 0 {
				t.Errorf("%s's signature stands under what was sent back", x.Name)
			}
		}
		w.On("2026-11-02")
		w.made = map[string]bool{}
		reviewing()
		w.stands(k, "case.review", deadline.StateOpen, "2026-12-02")
		w.make(k, "review_report", nil)
		w.is(k, casework.Deciding)
		w.Verify()
	})
}

// TestFlowsChangeTeamOfCase: another team needs nobody's word but the head's or case supervision's; the case stays where it
// is, and whoever left does nothing more.
func TestFlowsChangeTeamOfCase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "county.office1"}
		k := w.filed(w.found(org.SubjectInput{Unit: w.Units["full"].ID.Key}), "party")
		w.make(k, "submit_filing", nil)
		w.make(k, "announce_filing", nil)
		for _, c := range []struct {
			state, who string
			team       [2]string
		}{{casework.Investigating, "supervision", [2]string{"handler2", "handler3"}}, {casework.FactsShown, "head", [2]string{"handler", "handler3"}}} {
			w.is(k, c.state)
			team := []string{w.Who[c.team[0]].Person, w.Who[c.team[1]].Person}
			change := vals{"team": team, "lead": team[:1], "reason": {"工作调整。"}}
			w.no(k, "change_team", change, "handler", "handler2", "deputy", "principal", "reviewer")
			w.Do(c.who, k, "change_team", change)
			w.is(k, c.state)
			w.runs(k, "case.investigate")
			w.stands(k, "case.investigate", deadline.StateOpen, "2027-01-12")
			if c.state == casework.Investigating {
				w.no(k, "show_facts", vals{"on": {"2026-10-12"}, "person_says": {"agrees"}, "defence_checked": {"none"}, "record_no": {"1号"}}, "handler", "head")
				w.make(k, "show_facts", nil)
			}
		}
		w.no(k, "write_report", vals{"facts": {"清楚"}, "suggestion": {"警告"}, "record_no": {"1号"}}, "handler2", "head")
		w.reported(k, nil)
		w.is(k, casework.Signed)
		w.Verify()
	})
}
