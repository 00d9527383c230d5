package duty

import (
	"context"

	"qianshao/internal/flow"
	"qianshao/internal/rulebook"
)

// The kinds of matter of this room.
const (
	KindConfirmation = "confirmation" // a township's yes to last month's filings
	KindHandBack     = "handback"     // a task on its way to the responsible department
	KindOrder        = "order"        // to the committee that assigned duties, to end them
	KindDeviation    = "deviation"    // what differs from what was filed
)

// The states.
const (
	Open      = "open"
	Confirmed = "confirmed"
	Missed    = "missed" // the next month came, and nobody had

	Proposed  = "proposed"
	Sent      = "sent"
	County    = "county" // the department refused it, or its day has passed: the county decides
	Received  = "received"
	Verified  = "verified"
	Crept     = "crept" // 回头转
	Kept      = "kept"
	Withdrawn = "withdrawn"

	Found     = "found"
	Ordered   = "ordered"
	Overdue   = "overdue"
	Talked    = "talked"
	Corrected = "corrected"
	Lifted    = "lifted"

	Raised    = "asked"
	Answered  = "answered"
	Explained = "explained"
	Mended    = "mended"
)

// The rules of this room's clocks.
const (
	RuleConfirm = "duty.confirm"
	RuleLetter  = "handback.letter"
	RuleReceive = "handback.receive"
	RuleDecide  = "handback.decide"
	RuleRecheck = "handback.recheck"
	RuleAgain   = "handback.again"
	RuleIssue   = "order.issue"
	RuleCorrect = "order.correct"
	RuleTalk    = "order.talk"
	RuleTalked  = "order.again"
	RuleAnswer  = "deviation.answer"
	RuleJudge   = "deviation.judge"
)

// No regulation says how any of this goes: it follows what several places published, and the county decides.
var practice = []rulebook.Basis{{Reg: "PRACTICE"}, {Reg: "LOCAL"}}

const maxNote = 500

func para(name string, must bool) flow.Field {
	return flow.Field{Name: name, Kind: flow.Para, Must: must, Max: maxNote}
}

func onDay(name string) flow.Field {
	return flow.Field{Name: name, Kind: flow.Day, Must: true, Since: "received"}
}

// Tables are the lifecycles of this room's matters. None of them names anybody.
func (s *Service) Tables() []*flow.Table {
	return []*flow.Table{s.confirmations(), s.handbacks(), s.orders(), s.deviations()}
}

type apply = map[string]func(context.Context, *flow.Op) error

func (s *Service) confirmations() *flow.Table {
	return &flow.Table{Kind: KindConfirmation, Mark: "备", NoRecusal: true,
		States: []flow.State{
			{Name: Open, Stage: "open", Rules: []flow.Use{{Rule: RuleConfirm, By: flow.ByHandler}}, Basis: practice},
			{Name: Confirmed, Stage: "done", End: true},
			{Name: Missed, Stage: "done", End: true},
		},
		Moves: []flow.Move{
			{Name: "confirm", From: []string{Open, Missed}, To: Confirmed, By: []flow.By{flow.ByHandler}, Fields: []flow.Field{{Name: "as_before", Kind: flow.Choice, Must: true, Codes: []string{"yes"}}}, Basis: practice},
			{Name: "miss", From: []string{Open}, To: Missed, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RuleConfirm}, Basis: practice},
		},
		Hooks: flow.Hooks{Apply: apply{"confirm": s.confirmed}},
	}
}

func (s *Service) handbacks() *flow.Table {
	county := []flow.By{flow.BySupervision, flow.ByDeputy}
	either := []flow.By{flow.ByHandler, flow.BySupervision}
	return &flow.Table{Kind: KindHandBack, Mark: "还", NoRecusal: true,
		States: []flow.State{
			{Name: Proposed, Stage: "proposed", Rules: []flow.Use{{Rule: RuleLetter, By: flow.BySupervision}}, Basis: practice},
			{Name: Sent, Stage: "sent", Rules: []flow.Use{{Rule: RuleReceive, By: flow.ByHandler}}, Basis: practice},
			{Name: County, Stage: "sent", Rules: []flow.Use{{Rule: RuleDecide, By: flow.ByDeputy}}, Basis: practice},
			{Name: Received, Stage: "received", Rules: []flow.Use{{Rule: RuleRecheck, By: flow.BySupervision}}, Basis: practice},
			{Name: Crept, Stage: "received", Rules: []flow.Use{{Rule: RuleAgain, By: flow.BySupervision}}, Basis: practice},
			{Name: Verified, Stage: "verified", End: true},
			{Name: Kept, Stage: "verified", End: true},
			{Name: Withdrawn, Stage: "verified", End: true},
		},
		Moves: []flow.Move{
			{Name: "send", From: []string{Proposed, Crept}, To: Sent, By: county, Fields: []flow.Field{onDay("on")}, Fresh: []string{RuleReceive}, Starts: map[string]string{RuleReceive: "on"}, Basis: practice},
			{Name: "receive", From: []string{Sent, County}, To: Received, By: either, Fields: []flow.Field{{Name: "signed_by", Kind: flow.Line, Must: true, Max: 40}, onDay("on")},
				Fresh: []string{RuleRecheck}, Starts: map[string]string{RuleRecheck: "on"}, Drops: []string{RuleDecide}, Basis: practice},
			{Name: "refuse", From: []string{Sent}, To: County, By: either, Fields: []flow.Field{para("reason", true), onDay("on")}, Fresh: []string{RuleDecide}, Basis: practice},
			{Name: "rise", From: []string{Sent}, To: County, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RuleReceive}, Fresh: []string{RuleDecide}, Basis: practice},
			{Name: "decide", From: []string{County}, By: []flow.By{flow.ByDeputy, flow.ByPrincipal}, Fork: &flow.Fork{Field: "decision", To: map[string]string{"insist": Sent, "keep": Kept}},
				Fields: []flow.Field{{Name: "decision", Kind: flow.Choice, Must: true, Codes: []string{"insist", "keep"}}, para("reason", true)}, Fresh: []string{RuleReceive}, Basis: practice, Key: true},
			{Name: "verify", From: []string{Received}, By: []flow.By{flow.BySupervision, flow.ByDeputy}, Fork: &flow.Fork{Field: "result", To: map[string]string{"stays": Verified, "back": Crept}},
				Fields: []flow.Field{{Name: "result", Kind: flow.Choice, Must: true, Codes: []string{"stays", "back"}}, onDay("on"), para("note", true)}, Fresh: []string{RuleAgain}, Basis: practice},
			{Name: "creep", From: []string{Received, Verified}, To: Crept, By: []flow.By{flow.BySupervision}, Fields: []flow.Field{onDay("on"), para("note", true)},
				Drops: []string{RuleRecheck}, Fresh: []string{RuleAgain}, Basis: practice, Key: true},
			{Name: "withdraw", From: []string{Proposed}, To: Withdrawn, By: []flow.By{flow.BySupervision}, Fields: []flow.Field{para("reason", true)}, Drops: []string{RuleLetter}, Basis: practice},
		},
		Hooks: flow.Hooks{Check: apply{"verify": flow.OtherHands("receive")}, Apply: apply{"receive": s.received, "verify": s.verified, "creep": s.crept, "decide": outcome("decision"), "withdraw": says(Withdrawn)}},
	}
}

func (s *Service) orders() *flow.Table {
	leader := []flow.By{flow.ByDeputy, flow.ByPrincipal}
	live := []string{Found, Ordered, Overdue, Talked}
	return &flow.Table{Kind: KindOrder, Mark: "令", NoRecusal: true,
		States: []flow.State{
			{Name: Found, Stage: "found", Rules: []flow.Use{{Rule: RuleIssue, By: flow.ByDeputy}}, Basis: practice},
			{Name: Ordered, Stage: "ordered", Rules: []flow.Use{{Rule: RuleCorrect, By: flow.BySupervision}}, Basis: practice},
			{Name: Overdue, Stage: "talk", Rules: []flow.Use{{Rule: RuleTalk, By: flow.ByDeputy}}, Basis: practice},
			{Name: Talked, Stage: "talk", Rules: []flow.Use{{Rule: RuleTalked, By: flow.BySupervision}}, Basis: practice},
			{Name: Corrected, Stage: "ended", End: true},
			{Name: Lifted, Stage: "ended", End: true},
		},
		Moves: []flow.Move{
			{Name: "issue", From: []string{Found}, To: Ordered, By: leader, Fields: []flow.Field{onDay("on"), para("requirement", false)}, Starts: map[string]string{RuleCorrect: "on"}, Basis: practice, Key: true},
			{Name: "correct", From: []string{Ordered, Overdue, Talked}, To: Corrected, By: []flow.By{flow.BySupervision},
				Fields: []flow.Field{{Name: "answer_no", Kind: flow.Line, Must: true, Max: 60}, onDay("on"), para("note", false)}, Drops: []string{RuleTalk}, Basis: practice},
			{Name: "overdue", From: []string{Ordered}, To: Overdue, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RuleCorrect}, Basis: practice},
			{Name: "talk", From: []string{Overdue}, To: Talked, By: leader, Fields: []flow.Field{onDay("on"), para("said", true)}, Basis: practice, Key: true},
			{Name: "lift", From: []string{Found, Ordered}, To: Lifted, By: leader, Fields: []flow.Field{para("reason", true)}, Drops: []string{RuleIssue, RuleCorrect}, Basis: practice, Key: true},
			{Name: "settle", From: live, To: Corrected, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RuleIssue, RuleCorrect, RuleTalk}, Basis: practice},
		},
		Hooks: flow.Hooks{Apply: apply{"correct": s.corrected, "lift": says(Lifted), "settle": says(Corrected)}},
	}
}

func (s *Service) deviations() *flow.Table {
	either := []flow.By{flow.ByHandler, flow.BySupervision}
	return &flow.Table{Kind: KindDeviation, Mark: "核", NoRecusal: true,
		States: []flow.State{
			{Name: Raised, Stage: "asked", Rules: []flow.Use{{Rule: RuleAnswer, By: flow.ByHandler}}, Basis: practice},
			{Name: Answered, Stage: "answered", Rules: []flow.Use{{Rule: RuleJudge, By: flow.BySupervision}}, Basis: practice},
			{Name: Explained, Stage: "judged", End: true},
			{Name: Mended, Stage: "judged", End: true},
			{Name: Ordered, Stage: "judged", End: true},
		},
		Moves: []flow.Move{
			{Name: "answer", From: []string{Raised}, To: Answered, By: either,
				Fields: []flow.Field{{Name: "answered_by", Kind: flow.Choice, Must: true, Codes: []string{"township", "committee"}}, para("said", true)}, Basis: practice},
			{Name: "judge", From: []string{Answered}, By: []flow.By{flow.BySupervision, flow.ByDeputy}, Fork: &flow.Fork{Field: "holds", To: map[string]string{"explained": Explained, "order": Ordered}},
				Fields: []flow.Field{{Name: "holds", Kind: flow.Choice, Must: true, Codes: []string{"explained", "order"}}, para("reason", true)}, Basis: practice, Key: true},
			{Name: "settle", From: []string{Raised, Answered}, To: Mended, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RuleAnswer}, Basis: practice},
		},
		Hooks: flow.Hooks{Check: apply{"judge": s.mayJudge}, Apply: apply{"judge": s.judged, "settle": says(Mended)}},
	}
}

// says gives a matter the outcome that a move always has.
func says(outcome string) func(context.Context, *flow.Op) error {
	return func(_ context.Context, op *flow.Op) error { op.M.Outcome = outcome; return nil }
}

// outcome gives a matter the outcome that was chosen.
func outcome(field string) func(context.Context, *flow.Op) error {
	return func(_ context.Context, op *flow.Op) error { op.M.Outcome = op.In.Str(field); return nil }
}
