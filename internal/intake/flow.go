package intake

import (
	"context"

	"qianshao/internal/flow"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// The kinds of matter of this room.
const (
	Kind     = "tipoff"
	KindSlip = "slip"
)

// The states of a tip-off.
const (
	Received      = "received"
	BelowCheck    = "below_check"
	DeclineReview = "decline_review"
	InHand        = "in_hand"
	Merged        = "merged"
	ResultDue     = "result_due"
	Closed        = "closed"
	Declined      = "declined"
	PassedOn      = "passed_on"
)

func jk(art string) rulebook.Basis { return rulebook.Basis{Reg: "JK", Art: art} }

// The notice of acceptance is owed from the day a named report comes in, and stays owed wherever it goes until it is
// given; it is given once.
var (
	noticeDue  = flow.Use{Rule: "tipoff.notice", By: flow.ByIntake, If: flow.FlagNamed}
	noticeKept = flow.Use{Rule: "tipoff.notice", By: flow.ByIntake, If: flow.FlagNamed, Keep: true}
)

// Table is the life of a tip-off.
func (s *Service) Table() *flow.Table {
	first := flow.Use{Rule: "tipoff.first_action", By: flow.ByIntake}
	// What an organ above assigned is answered to it, whatever became of the report here.
	answer := flow.Use{Rule: "tipoff.answer_above", By: flow.ByIntake, If: flow.FlagAnswer}
	note := flow.Field{Name: "note", Kind: flow.Para, Max: 500}
	handOn := append([]flow.Field{{Name: "target", Kind: flow.UnitRef, Must: true, Of: "below"}}, downFields()...)
	return &flow.Table{Kind: Kind, Mark: "信", Timed: true,
		States: []flow.State{
			{Name: Received, Stage: "received", Rules: []flow.Use{first, noticeDue, answer}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: DeclineReview, Stage: "received", Waits: true, Rules: []flow.Use{first, noticeKept, answer}, Basis: []rulebook.Basis{jk("13")}},
			// What waits for its second person waits in its own days (D24).
			{Name: BelowCheck, Stage: "received", Waits: true, Rules: []flow.Use{first, noticeKept, answer}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: InHand, Stage: "in_hand", Rules: []flow.Use{noticeKept, answer, {Rule: RulePrepare, By: flow.ByIntake, If: flow.FlagBelow}}, NoClock: "waits_clue", Basis: []rulebook.Basis{jk("14–18")}},
			{Name: Merged, Stage: "in_hand", Rules: []flow.Use{noticeKept, answer}, NoClock: "waits_main", Basis: []rulebook.Basis{jk("14–18")}},
			{Name: ResultDue, Stage: "result", Rules: []flow.Use{{Rule: "tipoff.result", By: flow.ByIntake}, noticeKept, answer}, Basis: []rulebook.Basis{jk("ch. 4")}},
			{Name: Closed, Stage: "closed", End: true, Rules: []flow.Use{answer}},
			{Name: Declined, Stage: "closed", End: true, Rules: []flow.Use{noticeKept, answer}, Basis: []rulebook.Basis{jk("13")}},
			{Name: PassedOn, Stage: "closed", End: true, Rules: []flow.Use{noticeKept, answer}, Basis: []rulebook.Basis{jk("14–18")}},
		},
		Moves: []flow.Move{
			{Name: "accept", From: []string{Received}, To: InHand, By: []flow.By{flow.ByIntake}, Many: true,
				Fields: []flow.Field{{Name: "verify_note", Kind: flow.Para, Max: 1000}},
				Counts: []flow.Tally{{Measure: "tipoff.accepted", Dim: "@channel"}}, Basis: []rulebook.Basis{jk("4"), jk("14–18")}, Key: true},
			{Name: "forward", From: []string{Received}, To: InHand, Via: BelowCheck, Chain: "tipoff.below", By: []flow.By{flow.ByIntake}, Fields: handOn,
				Counts: []flow.Tally{{Measure: "tipoff.accepted", Dim: "@channel"}}, Basis: []rulebook.Basis{jk("14–18")}, Key: true},
			{Name: "assign", From: []string{Received}, To: InHand, Via: BelowCheck, Chain: "tipoff.below", By: []flow.By{flow.ByIntake}, Fields: handOn,
				Counts: []flow.Tally{{Measure: "tipoff.accepted", Dim: "@channel"}}, Basis: []rulebook.Basis{jk("21")}, Key: true},
			{Name: "prepare_below", From: []string{InHand}, Chain: "tipoff.below", By: []flow.By{flow.ByIntake}, Fields: downFields(), Ends: []string{RulePrepare}, Basis: []rulebook.Basis{jk("14–18")}, Key: true},
			{Name: "asked_below", From: []string{InHand}, By: []flow.By{flow.BySystem}, Quiet: true, Restart: []string{RulePrepare}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: "pass_on", From: []string{Received}, To: PassedOn, By: []flow.By{flow.ByIntake},
				Fields: []flow.Field{{Name: "forward_reason", Kind: flow.Choice, Must: true, List: "forward_reason", Not: []string{"lower_managed", "sender"}},
					{Name: "organ_name", Kind: flow.Line, Must: true}, {Name: "paper_no", Kind: flow.Line, Must: true}, note},
				Counts: []flow.Tally{{Measure: "tipoff.passed_on", Dim: "forward_reason"}}, Basis: []rulebook.Basis{jk("14–18"), {Reg: "TL", Art: "169"}}, Key: true, Refusal: []string{"*"}},
			{Name: "merge", From: []string{Received}, To: Merged, By: []flow.By{flow.ByIntake},
				Fields: []flow.Field{{Name: "main", Kind: flow.Choice, Must: true, Of: "repeats"}, {Name: "new_facts", Kind: flow.Para, Must: true, Max: 1000}},
				Counts: []flow.Tally{{Measure: "tipoff.repeats", Dim: "@channel"}}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: "decline", From: []string{Received}, To: Declined, Via: DeclineReview, Chain: "tipoff.decline", By: []flow.By{flow.ByIntake},
				Fields: []flow.Field{{Name: "ground", Kind: flow.Choice, Must: true, List: "decline_ground"}, {Name: "reason", Kind: flow.Para, Must: true, Max: 1000},
					{Name: "told_where", Kind: flow.Line, Must: true, When: &flow.When{Field: "ground", In: []string{"litigation", "other_organ"}}}},
				Counts: []flow.Tally{{Measure: "tipoff.declined", Dim: "ground"}}, Basis: []rulebook.Basis{jk("13")}, Key: true, Refusal: []string{"*"}},
			{Name: "notify", From: []string{InHand, Merged, ResultDue, Declined, PassedOn}, By: []flow.By{flow.ByIntake}, Ends: []string{"tipoff.notice"},
				Fields: []flow.Field{{Name: "on", Kind: flow.Day, Must: true, Since: "received"}, {Name: "way", Kind: flow.Choice, Must: true, Codes: []string{"call", "letter", "meeting", "web"}},
					{Name: "reached", Kind: flow.Choice, Must: true, Codes: []string{"yes", "no"}},
					{Name: "tried", Kind: flow.Para, Must: true, Max: 500, When: &flow.When{Field: "reached", In: []string{"no"}}}},
				Basis: []rulebook.Basis{jk("ch. 4")}},
			{Name: "tell_result", From: []string{ResultDue}, To: Closed, By: []flow.By{flow.ByIntake},
				Fields: []flow.Field{{Name: "on", Kind: flow.Day, Must: true, Since: "received"}, {Name: "way", Kind: flow.Choice, Must: true, Codes: []string{"call", "letter", "meeting", "web"}},
					{Name: "reached", Kind: flow.Choice, Must: true, Codes: []string{"yes", "no"}},
					{Name: "tried", Kind: flow.Para, Must: true, Max: 500, When: &flow.When{Field: "reached", In: []string{"no"}}},
					{Name: "objects", Kind: flow.Choice, Must: true, Codes: []string{"no", "yes"}, When: &flow.When{Field: "reached", In: []string{"yes"}}},
					{Name: "objection", Kind: flow.Para, Must: true, Max: 1000, When: &flow.When{Field: "objects", In: []string{"yes"}}}},
				Basis: []rulebook.Basis{jk("ch. 4")}, Key: true},
			{Name: "say", From: []string{Received, InHand, Merged, ResultDue, Closed, Declined, PassedOn}, By: []flow.By{flow.ByIntake},
				Fields: []flow.Field{{Name: "words", Kind: flow.Para, Must: true, Max: 2000}}, Basis: []rulebook.Basis{jk("ch. 4")}},
			{Name: "note_assigned", From: []string{Received}, By: []flow.By{flow.ByIntake}, Fields: AssignedFields(), Starts: map[string]string{"tipoff.answer_above": "on"}, Restart: []string{"tipoff.answer_above"},
				Basis: []rulebook.Basis{jk("21")}, Key: true},
			{Name: "answer_above", From: []string{ResultDue, Closed, Declined, PassedOn}, By: []flow.By{flow.ByIntake}, Fields: AnswerFields(), Ends: []string{"tipoff.answer_above"},
				Basis: []rulebook.Basis{jk("21")}, Key: true},
			{Name: "come_back", From: []string{InHand}, To: Received, By: []flow.By{flow.BySystem}, Quiet: true, Fresh: []string{"tipoff.first_action"}, Drops: []string{RulePrepare}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: "finish", From: []string{InHand, Merged}, To: ResultDue, By: []flow.By{flow.BySystem}, Quiet: true, Fresh: []string{"tipoff.result"}, Drops: []string{RulePrepare}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: "finish_anonymous", From: []string{InHand, Merged}, To: Closed, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RulePrepare}, Basis: []rulebook.Basis{jk("29")}},
			{Name: "again", From: []string{ResultDue, Closed}, To: InHand, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{"tipoff.result"}, Basis: []rulebook.Basis{jk("ch. 4")}},
			{Name: "reconsider", From: []string{Declined, PassedOn}, To: Received, By: []flow.By{flow.BySuperior},
				Fields: []flow.Field{{Name: "reason", Kind: flow.Para, Must: true, Max: 1000}}, Ends: []string{flow.RuleSuperior}, Fresh: []string{"tipoff.first_action"},
				Basis: []rulebook.Basis{{Reg: "JCF", Art: "17"}}, Key: true},
		},
		Hooks: flow.Hooks{
			Shut: map[string]func(context.Context, db.Reader, *flow.Matter) (string, error){"notify": s.shutNotify, "prepare_below": s.shutPrepare, "say": shutSay, "note_assigned": ShutAssigned, "answer_above": ShutAnswer},
			Apply: map[string]func(context.Context, *flow.Op) error{
				"accept": s.applyAccept, "forward": s.applyForward, "assign": s.applyAssign, "merge": s.applyMerge, "decline": s.applyDecline,
				"notify": s.applyNotify, "tell_result": s.applyTold, "pass_on": s.applyPassOn, "reconsider": s.applyReconsider, "come_back": s.applyComeBack, "note_assigned": ApplyAssigned,
				"prepare_below": applyPrepared, "asked_below": applyAskedBelow,
			},
			Attr: s.attr, Changed: TellLater,
		},
	}
}

// SlipTable is the life of a forward slip.
func (s *Service) SlipTable() *flow.Table {
	return &flow.Table{Kind: KindSlip, Mark: "直",
		States: []flow.State{
			{Name: "registered", Stage: "registered", Rules: []flow.Use{{Rule: "tipoff.up", By: flow.ByIntake}}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: "sent", Stage: "sent", End: true},
		},
		Moves: []flow.Move{
			{Name: "send", From: []string{"registered"}, To: "sent", By: []flow.By{flow.ByIntake}, Many: true,
				Fields: []flow.Field{{Name: "on", Kind: flow.Day, Must: true, Since: "received"}},
				Basis:  []rulebook.Basis{jk("14–18")}, Key: true},
		},
		Hooks: flow.Hooks{Apply: map[string]func(context.Context, *flow.Op) error{"send": s.applySend}},
	}
}
