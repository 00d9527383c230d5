package app_test

import (
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/casework"
	"qianshao/internal/clue"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// clock is the newest clock of a matter under a rule.
func (d *driver) clock(m id.ID, rule string) deadline.Clock {
	d.t.Helper()
	c, ok, err := deadline.Last(apptest.Ctx, d.read(m), m.Key, rule)
	d.must(err)
	if !ok {
		d.t.Fatalf("%s never ran on %s", rule, d.Matter(m).No)
	}
	return c
}

// stands checks a clock's state and the day it is due.
func (d *driver) stands(m id.ID, rule, state string, due calendar.Date) {
	d.t.Helper()
	if c := d.clock(m, rule); c.State != state || c.Due != due {
		d.t.Errorf("%s is %s and due %s, want %s and %s", rule, c.State, c.Due, state, due)
	}
}

// runs checks which rules have a running clock on a matter.
func (d *driver) runs(m id.ID, want ...string) {
	d.t.Helper()
	cs, err := deadline.Running(apptest.Ctx, d.read(m), m.Key)
	d.must(err)
	var got []string
	for _, c := range cs {
		got = append(got, c.Rule)
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		d.t.Errorf("%s is %s, and %v run, want %v", d.Matter(m).No, d.Matter(m).State, got, want)
	}
}

// is checks where a matter stands.
func (d *driver) is(m id.ID, state string) {
	d.t.Helper()
	if x := d.Matter(m); x.State != state {
		d.t.Errorf("%s is %s, want %s", x.No, x.State, state)
	}
}

// refused checks that something was refused with a code, of the whole or of a field.
func (d *driver) refused(what string, err error, code string) {
	d.t.Helper()
	if fault.Code(err) != code && !slices.ContainsFunc(fault.Fields(err), func(f fault.Field) bool { return f.Code == code }) {
		d.t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// ask asks for more time, or for a pause, on a clock.
func (d *driver) ask(who string, m id.ID, rule, move string) error {
	d.t.Helper()
	cm := flow.ClockMove{Clock: d.clock(m, rule).ID.Key, Version: d.Matter(m).Version, Reason: "等待审计结论。"}
	f := d.App.Engine.Extend
	if move == flow.MovePause {
		f, cm.Ground = d.App.Engine.Pause, "appraisal"
	}
	_, err := f(apptest.Ctx, d.actors[who], m, cm)
	return err
}

// asked asks for it, and it must be taken.
func (d *driver) asked(who string, m id.ID, rule, move string) flow.Proposal {
	d.t.Helper()
	d.must(d.ask(who, m, rule, move))
	ps, err := flow.Proposals(apptest.Ctx, d.read(m), m.Key)
	d.must(err)
	i := slices.IndexFunc(ps, func(p flow.Proposal) bool {
		return p.State == "open" && p.Move == move && p.In.Str("clock") == d.clock(m, rule).ID.Key
	})
	if i < 0 {
		d.t.Fatalf("%s was asked for on %s, and nothing waits", move, rule)
	}
	return ps[i]
}

func (d *driver) resume(who string, m id.ID, rule string) error {
	d.t.Helper()
	_, err := d.App.Engine.Resume(apptest.Ctx, d.actors[who], m, flow.ClockMove{Clock: d.clock(m, rule).ID.Key, Version: d.Matter(m).Version, Reason: "结论已到。"})
	return err
}

// proposal reads a proposal as it stands now.
func (d *driver) proposal(m id.ID, p flow.Proposal) flow.Proposal {
	d.t.Helper()
	ps, err := flow.Proposals(apptest.Ctx, d.read(m), m.Key)
	d.must(err)
	for _, x := range ps {
		if x.ID == p.ID {
			return x
		}
	}
	d.t.Fatalf("proposal %s is gone", p.ID)
	return p
}

// office is a walk for an office of the county, with a clue that two people verify.
func office(t *testing.T, d *db.DB) (*walk, id.ID) {
	w := &walk{drive(t, d), "county.office1"}
	m := w.found(org.SubjectInput{Unit: w.Units["full"].ID.Key})
	w.make(m, "propose", vals{"disposal": {"verification"}})
	w.make(m, "submit_plan", nil)
	return w, m
}

const work = "verify.work"

// TestFlowsExtend: whoever owes a clock asks, whoever the rule names grants or refuses; only what is granted moves the
// day, and no oftener than the rule lets it.
func TestFlowsExtend(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, m := office(t, d)
		w.stands(m, work, deadline.StateOpen, "2026-12-14") // two months are a Saturday
		for _, who := range []string{"supervision", "deputy", "principal"} {
			w.refused(who+" asks for what others owe", w.ask(who, m, work, flow.MoveExtend), "move.not_yours")
		}
		w.refused("somebody of another office asks", w.ask("handler3", m, work, flow.MoveExtend), "not_found")
		w.refused("more time where the rule gives none", w.ask("handler", m, "clue.opinion", flow.MoveExtend), "clock.ended")

		form := "/m/" + m.String() + "/clock/" + w.clock(m, work).ID.Key + "/extend"
		if code, text := w.Get(w.Serve(), "handler", form); code != 200 || !strings.Contains(text, locale.T(locale.Zh, "role.deputy")) {
			t.Errorf("the form for more time does not say who decides: %d", code)
		}
		p := w.asked("handler", m, work, flow.MoveExtend)
		w.is(m, clue.Verifying) // the work goes on meanwhile
		w.runs(m, work, "approve.deputy")
		w.stands(m, work, deadline.StateOpen, "2026-12-14")
		if p.State != "open" || len(p.Steps) != 1 || p.Steps[0].Seat != access.Deputy || !w.Matter(m).Is(flow.FlagAsked) {
			t.Errorf("asked for as %+v", p)
		}
		w.refused("asked for twice", w.ask("handler2", m, work, flow.MoveExtend), "clock.asked_already")
		w.refused("a pause beside it", w.ask("handler2", m, work, flow.MovePause), "clock.asked_already")
		for _, who := range []string{"handler", "handler2", "head", "supervision"} {
			if _, err := w.Decide(who, m, flow.Decision{Approve: true}); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s grants more time: %v", who, err)
			}
		}

		_, err := w.Decide("deputy", m, flow.Decision{})
		w.refused("refused without a word", err, "return.reason")
		_, err = w.Decide("deputy", m, flow.Decision{Note: "抓紧办理。"})
		w.must(err)
		if got := w.proposal(m, p); got.State != "returned" || got.Steps[0].Decision != "returned" || got.Steps[0].Person != w.Who["deputy"].Person {
			t.Errorf("refused: %+v", got)
		}
		w.is(m, clue.Verifying)
		w.runs(m, work)
		w.stands(m, work, deadline.StateOpen, "2026-12-14")

		p = w.asked("handler2", m, work, flow.MoveExtend) // a refusal uses nothing up
		w.Approve("deputy", m)
		if got := w.proposal(m, p); got.State != "approved" {
			t.Errorf("granted: %+v", got)
		}
		w.is(m, clue.Verifying)
		w.runs(m, work)
		w.stands(m, work, deadline.StateOpen, "2027-01-12") // one period of three months from the start
		if due := w.Matter(m).Due; due != "2027-01-12" {
			t.Errorf("the matter is due %s", due)
		}
		w.refused("a second time where the rule allows one", w.ask("handler", m, work, flow.MoveExtend), "clock.extended_enough")
		w.runs(m, work)
		w.Verify()
	})
}

// TestFlowsExtendAssigned: the chief of the commission that handles an assigned matter lengthens its period once; after
// that the organ that assigned it does.
func TestFlowsExtendAssigned(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "full"}
		tip := w.letter(true)
		w.make(tip, "assign", w.to())
		m := child(t, w.World, tip, "clue")
		const rule = "tipoff.assigned"
		w.stands(m, rule, deadline.StateOpen, "2027-01-12")
		for _, grants := range []struct {
			by  string
			not []string
			due calendar.Date
		}{{"secretary", []string{"officer", "supervision"}, "2027-04-12"}, {"principal", []string{"officer", "secretary", "deputy", "supervision"}, "2027-07-12"}} {
			w.asked("officer", m, rule, flow.MoveExtend)
			for _, who := range grants.not {
				if _, err := w.Decide(who, m, flow.Decision{Approve: true, Note: "同意", On: "2026-10-12"}); fault.KindOf(err) != fault.Forbidden {
					t.Errorf("%s grants what %s has to: %v", who, grants.by, err)
				}
			}
			w.Approve(grants.by, m)
			w.stands(m, rule, deadline.StateOpen, grants.due)
		}
		w.is(m, clue.Arrived)
		w.Verify()
	})
}

// TestFlowsAnswerAbove: what an organ above assigned is answered to it in three months from the day it came in, whatever
// becomes of it here. The organ's chief lengthens that once; after that the organ above does, for as long as it says, and
// here its paper is recorded. The disposal goes to the chief.
func TestFlowsAnswerAbove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "single"}
		tip := w.letter(true)
		const rule = intake.RuleAnswer
		w.make(tip, "note_assigned", vals{"assigned_by": {"city"}, "on": {"2026-10-12"}})
		w.stands(tip, rule, deadline.StateOpen, "2027-01-12")
		if _, err := w.App.Engine.Do(apptest.Ctx, w.actors["intake"], tip, w.Matter(tip).Version, "note_assigned", vals{}); fault.Code(err) != "matter.assigned_already" {
			t.Errorf("noted twice: %v", err)
		}
		w.asked("intake", tip, rule, flow.MoveExtend)
		w.Approve("principal", tip)
		w.stands(tip, rule, deadline.StateOpen, "2027-04-12")

		ask := flow.ClockMove{Clock: w.clock(tip, rule).ID.Key, Version: w.Matter(tip).Version, Reason: "案情复杂。"}
		_, err := w.App.Engine.Extend(apptest.Ctx, w.actors["intake"], tip, ask)
		w.refused("a further one of no length", err, "required")
		ask.Length = 2
		_, err = w.App.Engine.Extend(apptest.Ctx, w.actors["intake"], tip, ask)
		w.must(err)
		if _, err := w.Decide("principal", tip, flow.Decision{Approve: true, Note: "同意", On: "2026-10-12"}); fault.Code(err) != "approve.not_yours" {
			t.Errorf("the chief grants the second: %v", err)
		}
		_, err = w.Decide("deputy", tip, flow.Decision{Approve: true, On: "2026-10-12"})
		w.refused("recorded without its paper", err, "required")
		_, err = w.Decide("deputy", tip, flow.Decision{Approve: true, Note: "市纪委批复1号"})
		w.refused("recorded without its day", err, "required")
		_, err = w.Decide("deputy", tip, flow.Decision{Approve: true, Note: "市纪委批复1号", On: "2026-10-12"})
		w.must(err)
		w.stands(tip, rule, deadline.StateOpen, "2027-06-14") // eight months, and the twelfth is a Saturday

		w.make(tip, "accept", nil)
		c := child(t, w.World, tip, "clue")
		if x := w.Matter(c); !x.Is(flow.FlagAbove) || x.Is(flow.FlagAnswer) {
			t.Errorf("its clue is %q", x.Flags)
		}
		w.make(c, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}})
		w.propose(c, "propose", vals{"disposal": {"close"}})
		if ss := open(t, w.World, c).Steps; ss[len(ss)-1].Seat != access.Principal {
			t.Errorf("its disposal ends with %s", ss[len(ss)-1].Seat)
		}
		w.sign(c)
		w.make(c, "settle", nil)
		w.make(tip, "tell_result", nil)
		w.runs(tip, rule) // the reporter's answer is not that of the organ above
		w.make(tip, "answer_above", nil)
		if c, ok, err := deadline.Last(apptest.Ctx, w.read(tip), tip.Key, rule); err != nil || !ok || c.Running() {
			t.Errorf("answered, and it is %s (%v)", c.State, err)
		}
		w.Verify()
	})
}

// TestFlowsBackToIntake: what case supervision gives back is looked at anew by the intake office, with its own days; a
// repeat that had joined it is told when it is refused, and goes along when it is taken up after all. What it counted as
// accepted is taken back.
func TestFlowsBackToIntake(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "single"}
		tip := w.letter(true)
		w.make(tip, "accept", nil)
		again := w.letter(true)
		w.make(again, "merge", vals{"main": {tip.Key}})
		c := child(t, w.World, tip, "clue")
		w.On("2026-10-14")
		w.make(c, "to_intake", nil)
		w.is(c, clue.Returned)
		w.runs(c, flow.RuleSuperior) // sent to and fro it would never be late: the superior sees each time
		w.is(tip, intake.Received)
		w.stands(tip, "tipoff.first_action", deadline.StateOpen, "2026-10-21")
		n, err := db.Column[int64](apptest.Ctx, w.read(tip), `SELECT SUM(t.n) FROM tallies t WHERE t.city_id = $1 AND t.measure = 'tipoff.accepted' AND t.matter_id = $2`, tip.Key)
		w.must(err)
		if n[0] != 0 {
			t.Errorf("it counts as accepted %d times", n[0])
		}
		w.make(tip, "decline", nil)
		w.is(again, intake.ResultDue)
		w.make(tip, "reconsider", nil)
		w.make(tip, "accept", nil)
		w.is(again, intake.InHand)
		c = child(t, w.World, tip, "clue")
		w.make(c, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}})
		w.make(c, "propose", vals{"disposal": {"close"}})
		w.make(c, "settle", nil)
		w.is(again, intake.ResultDue)
		w.is(tip, intake.ResultDue)

		p := w.pooled(org.SubjectInput{PartyMember: true})
		if _, err := w.App.Engine.Do(apptest.Ctx, w.actors["supervision"], p, w.Matter(p).Version, "to_intake", vals{"reason": {"无实质内容。"}}); fault.Code(err) != "clue.no_tipoff" {
			t.Errorf("a clue without a report goes back to the intake office: %v", err)
		}
		w.Verify()
	})
}

// TestFlowsPause: a pause takes its days out of the period, from the day it was granted up to the one before it ends; it
// is granted by whoever may lengthen, and ended by whoever owes the work.
func TestFlowsPause(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, m := office(t, d)
		w.refused("resumed while it runs", w.resume("handler", m, work), "clock.not_paused")
		_, err := w.App.Engine.Pause(apptest.Ctx, w.actors["handler"], m, flow.ClockMove{Clock: w.clock(m, work).ID.Key, Version: w.Matter(m).Version, Reason: "忙。", Ground: "busy"})
		w.refused("a pause on no lawful ground", err, "choice.unknown")
		_, err = w.App.Engine.Pause(apptest.Ctx, w.actors["handler"], m, flow.ClockMove{Clock: w.clock(m, work).ID.Key, Version: w.Matter(m).Version, Ground: "illness"})
		w.refused("a pause without a word", err, "required")
		w.On("2026-10-20")
		w.asked("handler", m, work, flow.MovePause)
		w.stands(m, work, deadline.StateOpen, "2026-12-14")
		w.On("2026-10-21")
		w.Approve("deputy", m)
		w.stands(m, work, deadline.StatePaused, "2026-12-14")
		w.is(m, clue.Verifying)
		w.asked("handler", m, work, flow.MoveExtend) // more time may be granted while it stands
		w.Approve("deputy", m)
		w.stands(m, work, deadline.StatePaused, "2027-01-12")

		w.On("2027-02-01") // long past: what stands is not late
		if n := (superior{t, w.World, nil}).pass(); n != 0 {
			for _, rule := range []string{"late", "rise"} {
				fired, err := db.Column[string](apptest.Ctx, w.read(m), `SELECT f.clock_id FROM fires f WHERE f.city_id = $1 AND f.kind = $2`, rule)
				w.must(err)
				if slices.Contains(fired, w.clock(m, work).ID.Key) {
					t.Errorf("%s fired on a clock that stands", rule)
				}
			}
		}
		for _, who := range []string{"deputy", "supervision"} {
			w.refused(who+" ends what others owe", w.resume(who, m, work), "move.not_yours")
		}
		w.must(w.resume("handler2", m, work))
		// Of 2026-10-21 to 2027-01-31 are 103 days: 2027-01-12 and 103 days are 2027-04-25, a Sunday.
		w.stands(m, work, deadline.StateOpen, "2027-04-26")
		w.refused("resumed twice", w.resume("handler", m, work), "clock.not_paused")
		w.make(m, "write_report", nil)
		w.runs(m, work)
		w.Verify()
	})
}

// TestFlowsLapse: what was asked for on a clock ends with the clock, and nobody can grant it any more.
func TestFlowsLapse(t *testing.T) {
	t.Parallel()
	for _, move := range []string{flow.MoveExtend, flow.MovePause} {
		t.Run(move, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w, m := office(t, d)
				w.make(m, "write_report", nil)
				w.make(m, "sign", nil)
				p := w.asked("handler", m, work, move)
				if !w.Matter(m).Is(flow.FlagAsked) {
					t.Error("it isn't known that something was asked for")
				}
				w.runs(m, work, "approve.deputy")
				w.make(m, "sign", nil) // the last one: the work is done
				w.is(m, clue.Verified)
				w.runs(m, "verify.result")
				w.stands(m, work, deadline.StateDone, "2026-12-14")
				if got := w.proposal(m, p); got.State != "withdrawn" || got.Steps[0].Decision != "" || got.Ended == 0 || w.Matter(m).Is(flow.FlagAsked) {
					t.Errorf("what was asked for: %+v, flags %s", got, w.Matter(m).Flags)
				}
				_, err := w.App.Engine.Decide(apptest.Ctx, w.actors["deputy"], p.ID, w.Matter(m).Version, flow.Decision{Approve: true})
				w.refused("granted after all", err, "proposal.ended")
				w.make(m, "propose_result", vals{"outcome": {"remind"}})
				w.is(m, clue.Settling)
				w.Verify()
			})
		})
	}
}

// TestFlowsLapseOne: of two clocks on which more time was asked for, what was asked for the one that runs on stands.
func TestFlowsLapseOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "county.office1"}
		tip := w.letter(true)
		w.make(tip, "accept", nil)
		m := child(t, w.World, tip, "clue")
		w.make(m, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"yes"}})
		w.make(m, "propose", vals{"disposal": {"verification"}})
		w.make(m, "submit_plan", nil)
		ended := w.asked("handler", m, work, flow.MoveExtend)
		kept := w.asked("handler", m, "tipoff.assigned", flow.MoveExtend)
		w.reported(m, nil)
		w.runs(m, "verify.result", "tipoff.assigned", "approve.principal")
		if a, b := w.proposal(m, ended), w.proposal(m, kept); a.State != "withdrawn" || b.State != "open" || !w.Matter(m).Is(flow.FlagAsked) {
			t.Errorf("the one that ended: %s, the other: %s", a.State, b.State)
		}
		w.Approve("principal", m)
		w.stands(m, "tipoff.assigned", deadline.StateOpen, "2027-04-12")
		w.Verify()
	})
}

// TestFlowsWithdraw: only the author takes a proposal back, and the matter is where it was: state, clocks and days.
func TestFlowsWithdraw(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "county.office1"}
		back := func(m id.ID, who, move string, in vals, rules ...string) {
			t.Helper()
			state := w.Matter(m).State
			var before []deadline.Clock
			for _, rule := range rules {
				before = append(before, w.clock(m, rule))
			}
			w.runs(m, rules...)
			w.propose(m, move, in)
			p := open(t, w.World, m)
			withdraw := func(who string, version int64) error {
				_, err := w.App.Engine.Withdraw(apptest.Ctx, w.actors[who], p.ID, version)
				return err
			}
			v := w.Matter(m).Version
			w.refused("withdrawn by the principal", withdraw("principal", v), "proposal.not_yours")
			w.refused("withdrawn on an old version", withdraw(who, v-1), "stale")
			w.refused("moved on while it waits", func() error { _, err := w.Try(who, m, move, in); return err }(), "move.not_now")
			w.must(withdraw(who, v))
			w.is(m, state)
			w.runs(m, rules...)
			for i, rule := range rules {
				if c := w.clock(m, rule); c.ID != before[i].ID || c.Due != before[i].Due || c.State != deadline.StateOpen {
					t.Errorf("%s was due %s, and is %s and due %s", rule, before[i].Due, c.State, c.Due)
				}
			}
			if got := w.proposal(m, p); got.State != "withdrawn" || got.Ended == 0 {
				t.Errorf("it is %s", got.State)
			}
			w.refused("withdrawn twice", withdraw(who, w.Matter(m).Version), "proposal.ended")
			_, err := w.App.Engine.Decide(apptest.Ctx, w.actors["principal"], p.ID, w.Matter(m).Version, flow.Decision{Approve: true})
			w.refused("signed after all", err, "proposal.ended")
			w.alive(w.Matter(m))
			w.made = map[string]bool{} // offered once more below
		}
		tip := w.letter(true)
		back(tip, "intake", "decline", nil, "tipoff.first_action", "tipoff.notice")
		w.make(tip, "accept", nil)
		m := child(t, w.World, tip, "clue")
		w.make(m, "hand_out", vals{"target": {w.Units["county.office1"].ID.Key}, "back": {"yes"}})
		w.On("2026-10-14")
		back(m, "handler", "give_back", nil, "clue.opinion", "tipoff.assigned")
		back(m, "handler", "propose", vals{"disposal": {"verification"}}, "clue.opinion", "tipoff.assigned")
		w.stands(m, "clue.opinion", deadline.StateOpen, "2026-11-12")
		w.make(m, "propose", vals{"disposal": {"shelve"}})
		up := "superior.review"
		back(m, "supervision", "revive", nil, "clue.shelve_review", "tipoff.assigned", up)
		w.make(m, "reconsider", nil)
		w.make(m, "propose", vals{"disposal": {"verification"}})
		back(m, "handler", "submit_plan", nil, "verify.plan", "tipoff.assigned")
		w.make(m, "submit_plan", nil)
		back(m, "head", "change_team", nil, work, "tipoff.assigned")
		w.make(m, "write_report", nil)
		w.make(m, "sign", nil)
		back(m, "head", "change_team", nil, work, "tipoff.assigned") // the signature that was given stands
		w.make(m, "sign", nil)
		w.is(m, clue.Verified)
		back(m, "handler", "propose_result", vals{"outcome": {"file"}}, "verify.result", "tipoff.assigned")
		w.make(m, "propose_result", vals{"outcome": {"file"}})
		k := child(t, w.World, m, "case")
		back(k, "handler", "submit_filing", nil, "case.filing")
		back(k, "handler", "drop_filing", nil, "case.filing")
		w.is(k, casework.Filing)
		w.Verify()
	})
}
