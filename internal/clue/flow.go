package clue

import (
	"context"

	"qianshao/internal/flow"
	"qianshao/internal/intake"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Kind is this room's kind of matter.
const Kind = "clue"

// The states of a clue.
const (
	Pool          = "pool"
	PoolReview    = "pool_review"
	Arrived       = "arrived"
	Opinion       = "opinion"
	ReturnReview  = "return_review"
	OpinionReview = "opinion_review"
	InquiryReady  = "inquiry_ready"
	LetterReady   = "letter_ready"
	LetterSent    = "letter_sent"
	Awaiting      = "awaiting_answer"
	InquiryReport = "inquiry_report"
	InquiryReview = "inquiry_review"
	VerifyPlan    = "verify_plan"
	PlanReview    = "plan_review"
	Verifying     = "verifying"
	Signing       = "signing"
	Verified      = "verified"
	ResultReview  = "result_review"
	Settling      = "settling"
	Shelved       = "shelved"
	ReopenReview  = "reopen_review"
	Closed        = "closed"
	ToCase        = "to_case"
	Handed        = "handed"
	Returned      = "returned"
	PassedOn      = "passed_on"
)

func basis(pairs ...string) []rulebook.Basis {
	var out []rulebook.Basis
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, rulebook.Basis{Reg: pairs[i], Art: pairs[i+1]})
	}
	return out
}

func use(rule string, by flow.By) flow.Use { return flow.Use{Rule: rule, By: by} }

// back is the report owed on a clue assigned with report-back. It is owed whatever state the clue is in, until the move
// report_back is made: nothing that is decided on the clue answers the organ that asked.
var back = flow.Use{Rule: "tipoff.assigned", By: flow.ByHandler, If: flow.FlagAssigned}

// answer is what an organ above is owed on a clue that it assigned; where there is a report behind the clue, its intake
// office owes it there.
var answer = flow.Use{Rule: intake.RuleAnswer, By: flow.BySupervision, If: flow.FlagAnswer}

// acceptKept is the answer a township owes to what was forwarded; asking to give it back does not stop it.
var acceptKept = flow.Use{Rule: "tipoff.accept_forwarded", By: flow.ByHandler, Keep: true}

var (
	handler    = []flow.By{flow.ByHandler}
	supervisor = []flow.By{flow.BySupervision}
)

func para(name string, must bool, limit int) flow.Field {
	return flow.Field{Name: name, Kind: flow.Para, Must: must, Max: limit}
}

func line(name string, must bool) flow.Field {
	return flow.Field{Name: name, Kind: flow.Line, Must: must}
}

func choice(name, list string) flow.Field {
	return flow.Field{Name: name, Kind: flow.Choice, Must: true, List: list}
}

func yesNo(name string) flow.Field {
	return flow.Field{Name: name, Kind: flow.Choice, Must: true, Codes: []string{"yes", "no"}}
}

func day(name string) flow.Field {
	return flow.Field{Name: name, Kind: flow.Day, Must: true, Since: "received"}
}

func when(f flow.Field, field string, in ...string) flow.Field {
	f.When = &flow.When{Field: field, In: in}
	return f
}

func onlyIf(f flow.Field, flag string) flow.Field {
	f.If = flag
	return f
}

func unless(f flow.Field, flag string) flow.Field {
	f.Unless = flag
	return f
}

// clearing is the question every untrue closing answers: does the name need clearing, was the person asked, how.
func clearing(field string, in ...string) []flow.Field {
	return []flow.Field{when(choice("clear_answer", "clear_answer"), field, in...), when(line("clear_reason", false), "clear_answer", "not_needed", "declined")}
}

// Table is the life of a clue.
func (s *Service) Table() *flow.Table {
	target := flow.Field{Name: "target", Kind: flow.UnitRef, Must: true, Of: "below"}
	team := []flow.Field{{Name: "team", Kind: flow.People, Must: true, Of: "handlers", Least: "team.verify"}, {Name: "lead", Kind: flow.Person, Must: true, Of: "handlers"}}
	return &flow.Table{Kind: Kind, Mark: "线", Timed: true,
		States: []flow.State{
			{Name: Pool, Stage: "pool", Rules: []flow.Use{use("clue.assign", flow.BySupervision), use("clue.opinion", flow.BySupervision), answer}, Basis: basis("JK", "14–18")},
			{Name: PoolReview, Stage: "pool", Waits: true, Rules: []flow.Use{use("clue.assign", flow.BySupervision), use("clue.opinion", flow.BySupervision), answer}, Basis: basis("JK", "14–18", "TL", "171")},
			{Name: Arrived, Stage: "opinion", Rules: []flow.Use{use("tipoff.accept_forwarded", flow.ByHandler), use("clue.opinion", flow.ByHandler), back, answer}, Basis: basis("JK", "14–18")},
			{Name: Opinion, Stage: "opinion", Rules: []flow.Use{use("clue.opinion", flow.ByHandler), back, answer}, Basis: basis("JD", "21")},
			{Name: ReturnReview, Stage: "opinion", Waits: true, Rules: []flow.Use{use("clue.opinion", flow.ByHandler), acceptKept, back, answer}, Basis: basis("JK", "14–18")},
			{Name: OpinionReview, Stage: "opinion", Waits: true, Rules: []flow.Use{use("clue.opinion", flow.ByHandler), back, answer}, Basis: basis("JK", "17")},
			{Name: InquiryReady, Stage: "inquiry", Rules: []flow.Use{use("inquiry.start", flow.ByHandler), back, answer}, Basis: basis("JD", "27")},
			{Name: LetterReady, Stage: "inquiry", Rules: []flow.Use{{Rule: "inquiry.start", By: flow.ByHandler, For: "send_letter"}, back, answer}, Basis: basis("JD", "29")},
			{Name: LetterSent, Stage: "inquiry", Rules: []flow.Use{use("inquiry.start", flow.ByHandler), back, answer}, Basis: basis("JD", "29")},
			{Name: Awaiting, Stage: "inquiry", Rules: []flow.Use{use("inquiry.answer", flow.ByHandler), back, answer}, Basis: basis("JD", "29")},
			{Name: InquiryReport, Stage: "inquiry", Rules: []flow.Use{use("inquiry.report", flow.ByHandler), back, answer}, Basis: basis("JD", "30")},
			{Name: InquiryReview, Stage: "inquiry", Waits: true, Rules: []flow.Use{use("inquiry.report", flow.ByHandler), back, answer}, Basis: basis("JD", "30")},
			{Name: VerifyPlan, Stage: "verify", Rules: []flow.Use{use("verify.plan", flow.ByHandler), back, answer}, Basis: basis("JD", "33")},
			{Name: PlanReview, Stage: "verify", Waits: true, Rules: []flow.Use{use("verify.plan", flow.ByHandler), {Rule: "verify.work", By: flow.ByHandler, Keep: true}, back, answer}, Basis: basis("JD", "33")},
			{Name: Verifying, Stage: "verify", Rules: []flow.Use{use("verify.work", flow.ByHandler), back, answer}, Basis: basis("JD", "34")},
			{Name: Signing, Stage: "verify", Rules: []flow.Use{use("verify.work", flow.ByTeam), back, answer}, Basis: basis("JCF", "41")},
			{Name: Verified, Stage: "verify", Rules: []flow.Use{use("verify.result", flow.ByHandler), back, answer}, Basis: basis("JD", "35")},
			{Name: ResultReview, Stage: "verify", Waits: true, Rules: []flow.Use{use("verify.result", flow.ByHandler), back, answer}, Basis: basis("JCF", "41")},
			{Name: Settling, Stage: "settle", Rules: []flow.Use{use("clue.settle", flow.ByHandler), back, answer}, Basis: basis("JD", "30", "ZW", "53")},
			{Name: Shelved, Stage: "settle", Rules: []flow.Use{use("clue.shelve_review", flow.BySupervision), back, answer}, Basis: basis("JK", "17")},
			{Name: ReopenReview, Stage: "closed", Waits: true, Rules: []flow.Use{{Rule: "clue.shelve_review", By: flow.BySupervision, Keep: true}, back, answer}, NoClock: "signature_only", Basis: basis("JD", "21")},
			{Name: Closed, Stage: "closed", End: true, Rules: []flow.Use{back, answer}},
			{Name: ToCase, Stage: "closed", End: true, Rules: []flow.Use{back, answer}},
			{Name: Handed, Stage: "closed", End: true, Rules: []flow.Use{back, answer}},
			{Name: Returned, Stage: "closed", End: true, Basis: basis("JK", "14–18")},
			{Name: PassedOn, Stage: "closed", End: true, Rules: []flow.Use{answer}, Basis: basis("TL", "171")},
		},
		Moves: []flow.Move{
			{Name: "hand_out", From: []string{Pool}, To: Opinion, Also: []string{Arrived}, By: supervisor, Many: true,
				Fields: []flow.Field{target, {Name: "back", Kind: flow.Choice, Must: true, Codes: []string{"no", "yes"}}, unless(para("verify_note", false, 1000), flow.FlagReport)}, Fresh: []string{"tipoff.accept_forwarded", "tipoff.assigned"},
				Basis: basis("JK", "14–18"), Key: true},
			{Name: "ask_below", From: []string{Pool, Opinion, InquiryReady, LetterReady, LetterSent, Awaiting, InquiryReport, VerifyPlan, Verifying, Signing, Verified, Settling}, By: supervisor, Basis: basis("JK", "14–18")},
			{Name: "to_intake", From: []string{Pool}, To: Returned, Via: PoolReview, Chain: "clue.return", By: supervisor, Fields: []flow.Field{para("reason", true, 1000)},
				Drops: []string{"clue.assign", "clue.opinion"}, Basis: basis("JK", "14–18"), Key: true, Refusal: []string{"*"}},
			{Name: "pass_on", From: []string{Pool}, To: PassedOn, Via: PoolReview, Chain: "clue.pass_on", By: supervisor,
				Fields: []flow.Field{{Name: "forward_reason", Kind: flow.Choice, Must: true, List: "forward_reason", Not: []string{"lower_managed"}}, line("organ_name", true), line("paper_no", true), para("reason", true, 1000)},
				Counts: []flow.Tally{{Measure: "clue.passed_on", Dim: "forward_reason"}}, Drops: []string{"clue.opinion"}, Basis: basis("TL", "171"), Key: true, Refusal: []string{"*"}},
			{Name: "reassign", From: []string{Arrived, Opinion, InquiryReady, LetterReady, LetterSent, Awaiting, InquiryReport, VerifyPlan, Verifying, Signing, Verified, Settling}, Also: []string{Arrived, Opinion}, By: supervisor, Fresh: []string{"tipoff.accept_forwarded"},
				Fields: []flow.Field{target, para("reason", true, 500)}, Basis: basis("JK", "14–18")},
			{Name: "receive", From: []string{Arrived}, To: Opinion, By: handler, Many: true, Basis: basis("JK", "14–18")},
			{Name: "propose", From: []string{Opinion}, Via: OpinionReview, Chain: "clue.disposal", By: handler,
				Fork: &flow.Fork{Field: "disposal", To: map[string]string{"inquiry": InquiryReady, "verification": VerifyPlan, "shelve": Shelved, "close": Settling}}, Also: []string{LetterReady},
				Fields: []flow.Field{choice("disposal", "disposal"), para("reason", true, 2000), day("studied_on"), line("studied_by", true),
					when(choice("inquiry_form", "inquiry_form"), "disposal", "inquiry"), when(choice("talk_by", "talk_by"), "inquiry_form", "talk"),
					onlyIf(when(yesNo("party_secretary"), "disposal", "inquiry"), flow.FlagChief), when(para("inquiry_plan", true, 2000), "disposal", "inquiry"), when(choice("close_ground", "close_ground"), "disposal", "close")},
				Fresh:  []string{"inquiry.start", "verify.plan", "clue.settle", "clue.shelve_review"},
				Counts: []flow.Tally{{Measure: "clue.disposed", Dim: "disposal"}}, Basis: basis("JK", "17", "JD", "21"), Key: true, Refusal: []string{"shelve", "close"}},
			{Name: "give_back", From: []string{Arrived, Opinion}, To: Pool, Via: ReturnReview, Chain: "clue.return", By: handler, Fields: []flow.Field{para("reason", true, 1000)},
				Basis: basis("JK", "14–18"), Drops: []string{"tipoff.assigned"}},
			{Name: "send_letter", From: []string{LetterReady}, To: LetterSent, By: handler, Fields: []flow.Field{day("on"), line("letter_no", true), line("copied_to", true)}, Basis: basis("JD", "29")},
			{Name: "deliver_letter", From: []string{LetterSent}, To: Awaiting, By: handler, Fields: []flow.Field{day("on"), choice("service", "service_way")},
				Starts: map[string]string{"inquiry.answer": "on"}, Basis: basis("JD", "29"), Key: true},
			{Name: "record_answer", From: []string{Awaiting}, To: InquiryReport, By: handler,
				Fields: []flow.Field{day("on"), {Name: "chief_signed", Kind: flow.Choice, Must: true, Codes: []string{"signed", "is_chief"}}, line("record_no", true), para("gist", true, 2000)},
				Starts: map[string]string{"inquiry.report": "on"}, Basis: basis("JD", "29"), Key: true},
			{Name: "no_answer", From: []string{Awaiting}, To: InquiryReport, By: handler, Fields: []flow.Field{para("reason", true, 1000)}, Drops: []string{"inquiry.answer"},
				Fresh: []string{"inquiry.report"}, Basis: basis("JD", "30")},
			{Name: "hold_talk", From: []string{InquiryReady}, To: InquiryReport, By: handler,
				Fields: []flow.Field{day("on"), line("talkers", true), line("place", true), line("record_no", true), para("gist", true, 2000)},
				Starts: map[string]string{"inquiry.report": "on"}, Basis: basis("JD", "28"), Key: true},
			{Name: "propose_outcome", From: []string{InquiryReport}, Via: InquiryReview, Chain: "inquiry.outcome", By: handler,
				Fork: &flow.Fork{Field: "outcome", To: map[string]string{"accept": Settling, "first_form": Settling, "again": InquiryReady, "verify": VerifyPlan, "false_report": Settling}}, Also: []string{LetterReady},
				Fields: append([]flow.Field{choice("outcome", "inquiry_outcome"), para("reason", true, 2000), when(choice("measure", "first_form"), "outcome", "first_form"),
					when(choice("inquiry_form", "inquiry_form"), "outcome", "again")}, clearing("outcome", "accept", "false_report")...),
				Fresh:  []string{"inquiry.start", "verify.plan", "clue.settle"},
				Counts: []flow.Tally{{Measure: "clue.inquired", Dim: "outcome"}}, Basis: basis("JD", "30"), Key: true, Refusal: []string{"false_report"}},
			{Name: "submit_plan", From: []string{VerifyPlan}, To: Verifying, Via: PlanReview, Chain: "verify.plan", By: handler,
				Fields: append(append([]flow.Field{}, team...), para("questions", true, 2000), para("steps", true, 2000),
					flow.Field{Name: "measures", Kind: flow.Choices, Must: true, List: "verify_measure"}, para("safety", true, 1000)),
				Fresh: []string{"verify.work"}, Basis: basis("JD", "33"), Key: true},
			{Name: "change_team", From: []string{Verifying, Signing}, To: Verifying, Via: PlanReview, Chain: "verify.plan", By: []flow.By{flow.ByHead, flow.BySupervision}, Fresh: []string{"verify.plan"}, Fields: append(append([]flow.Field{}, team...), para("reason", true, 500)), Basis: basis("JD", "33")},
			{Name: "write_report", From: []string{Verifying}, To: Signing, By: []flow.By{flow.ByTeam},
				Fields: []flow.Field{para("facts", true, 4000), {Name: "finding", Kind: flow.Choice, Must: true, Codes: []string{"true", "partly", "untrue"}}, line("record_no", true)}, Basis: basis("JCF", "41")},
			{Name: "sign", From: []string{Signing}, Also: []string{Verified}, By: []flow.By{flow.ByTeam}, Fresh: []string{"verify.result"}, Basis: basis("JCF", "41")},
			{Name: "propose_result", From: []string{Verified}, Via: ResultReview, Chain: "verify.result", By: handler,
				Fork: &flow.Fork{Field: "outcome", To: map[string]string{"file": ToCase, "close": Settling, "remind": Settling, "shelve": Shelved, "hand_party": Handed}},
				Fields: append([]flow.Field{choice("outcome", "verification_outcome"), para("reason", true, 2000), when(choice("track", "track"), "outcome", "file"),
					when(choice("measure", "first_form"), "outcome", "remind"), when(line("party_org", true), "outcome", "hand_party")}, clearing("outcome", "close")...),
				Fresh:  []string{"clue.settle", "clue.shelve_review"},
				Counts: []flow.Tally{{Measure: "clue.verified", Dim: "outcome"}}, Basis: basis("JD", "35", "JCF", "41"), Key: true, Refusal: []string{"shelve"}},
			{Name: "amend_report", From: []string{Signing, Verified}, To: Verifying, By: []flow.By{flow.ByTeam}, Fields: []flow.Field{para("reason", true, 500)}, Basis: basis("JCF", "41"), Drops: []string{"verify.result"}},
			{Name: "settle", From: []string{Settling}, To: Closed, By: handler,
				Fields: []flow.Field{day("on"), when(line("letter_no", true), "@close_kind", "accepted"), when(line("recognised_no", true), "@close_kind", "false_report"), when(yesNo("party_org_told"), "@close_kind", "disproved"),
					when(choice("clear_way", "clear_way"), "@clear_answer", "wanted"), when(line("clear_place", true), "@clear_answer", "wanted"),
					when(line("measure_no", true), "@close_kind", "measure"), para("note", false, 500)},
				Counts: []flow.Tally{{Measure: "clue.closed", Dim: "@close_kind"}}, Basis: basis("JD", "30", "JD", "35", "ZW", "53"), Key: true},
			{Name: "keep_shelved", From: []string{Shelved}, By: supervisor, Fields: []flow.Field{para("reason", true, 1000)}, Restart: []string{"clue.shelve_review"}, Basis: basis("JK", "17"), Refusal: []string{"*"}},
			{Name: "revive", From: []string{Shelved}, To: Opinion, Also: []string{Pool}, Via: ReopenReview, Chain: "clue.reopen", By: supervisor, Fields: []flow.Field{para("reason", true, 1000)},
				Fresh: []string{"clue.opinion", "clue.assign"}, Basis: basis("JK", "17")},
			{Name: "reopen", From: []string{Closed, Handed}, To: Opinion, Also: []string{Pool}, Via: ReopenReview, Chain: "clue.reopen", By: supervisor, Fields: []flow.Field{para("reason", true, 1000)},
				Fresh: []string{"clue.opinion", "clue.assign"}, Basis: basis("JD", "21"), Key: true},
			{Name: "reconsider", From: []string{Closed, Shelved, Settling, PassedOn}, To: Opinion, Also: []string{Pool}, By: []flow.By{flow.BySuperior}, Fields: []flow.Field{para("reason", true, 1000)},
				Fresh: []string{"clue.opinion", "clue.assign"}, Ends: []string{flow.RuleSuperior}, Drops: []string{"clue.settle", "clue.shelve_review"}, Basis: basis("JCF", "17"), Key: true},
			{Name: "report_back", From: []string{Settling, Shelved, Closed, ToCase, Handed}, By: []flow.By{flow.ByHandler, flow.BySupervision}, Ends: []string{"tipoff.assigned"},
				Fields: []flow.Field{day("on"), line("paper_no", true), para("gist", true, 2000)}, Basis: basis("JK", "21")},
			{Name: "note_assigned", From: []string{Pool, Arrived, Opinion}, By: supervisor, Fields: intake.AssignedFields(), Starts: map[string]string{intake.RuleAnswer: "on"}, Restart: []string{intake.RuleAnswer},
				Basis: basis("JK", "21"), Key: true},
			{Name: "answer_above", From: []string{Settling, Shelved, Closed, ToCase, Handed, PassedOn}, By: supervisor, Fields: intake.AnswerFields(), Ends: []string{intake.RuleAnswer}, Basis: basis("JK", "21"), Key: true},
			{Name: "case_ended", From: []string{ToCase}, By: []flow.By{flow.BySystem}, Quiet: true, Basis: basis("JD", "21")},
		},
		Hooks: flow.Hooks{
			Facts: s.facts,
			Attr:  s.attr,
			Shut: map[string]func(context.Context, db.Reader, *flow.Matter) (string, error){
				"no_answer": s.shutNoAnswer, "report_back": s.shutReport, "to_intake": s.shutToIntake, "ask_below": s.shutAskBelow, "pass_on": s.shutPassOn, "note_assigned": s.shutAssigned, "answer_above": intake.ShutAnswer,
			},
			Check: map[string]func(context.Context, *flow.Op) error{
				"submit_plan": s.checkTeam, "change_team": s.checkTeam, "write_report": s.checkEnough, "sign": s.checkEnough, "propose_outcome": s.checkClearing, "propose_result": s.checkResult, "settle": s.checkSettle, "hand_out": s.checkHandOut, "reassign": s.checkBelow,
			},
			Apply: map[string]func(context.Context, *flow.Op) error{
				"hand_out": s.applyHandOut, "reassign": s.applyReassign, "give_back": s.applyGiveBack, "propose": s.applyDisposal, "propose_outcome": s.applyOutcome,
				"submit_plan": s.applyTeam, "change_team": s.applyTeam, "write_report": s.applyReport, "sign": s.applySign, "amend_report": s.applyAmend,
				"propose_result": s.applyResult, "settle": s.applySettle, "revive": s.applyReopen, "reopen": s.applyReopen, "reconsider": s.applyReopen,
				"to_intake": s.applyToIntake, "ask_below": s.applyAskBelow, "pass_on": s.applyPassOn, "note_assigned": intake.ApplyAssigned,
			},
		},
	}
}
