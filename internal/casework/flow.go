package casework

import (
	"context"

	"qianshao/internal/flow"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Kind is this room's kind of matter.
const Kind = "case"

// The states of a case.
const (
	Filing         = "filing"
	FilingReview   = "filing_review"
	Filed          = "filed"
	Investigating  = "investigating"
	FactsShown     = "facts_shown"
	Signing        = "signing"
	Signed         = "signed"
	TransferReview = "transfer_review"
	ReviewAccept   = "review_accept"
	Reviewing      = "reviewing"
	ReturnReview   = "return_review"
	OpinionReview  = "opinion_review"
	Deciding       = "deciding"
	DecideReview   = "decide_review"
	Decided        = "decided"
	Delivered      = "delivered"
	Executing      = "executing"
	Executed       = "executed"
	Settling       = "settling"
	CloseReview    = "close_review"
	Closed         = "closed"
)

func basis(pairs ...string) []rulebook.Basis {
	var out []rulebook.Basis
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, rulebook.Basis{Reg: pairs[i], Art: pairs[i+1]})
	}
	return out
}

func use(rule string, by flow.By) flow.Use { return flow.Use{Rule: rule, By: by} }

var (
	handler = []flow.By{flow.ByHandler}
	team    = []flow.By{flow.ByTeam}
	review  = []flow.By{flow.ByReview}
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

func codes(name string, list ...string) flow.Field {
	return flow.Field{Name: name, Kind: flow.Choice, Must: true, Codes: list}
}

func day(name string) flow.Field {
	return flow.Field{Name: name, Kind: flow.Day, Must: true, Since: "received"}
}

func when(f flow.Field, field string, in ...string) flow.Field {
	f.When = &flow.When{Field: field, In: in}
	return f
}

// Table is the life of a case.
func (s *Service) Table() *flow.Table {
	invest := use("case.investigate", flow.ByHandler)
	announce := flow.Use{Rule: "case.announce", By: flow.ByHandler, If: flow.FlagPunished, Unless: flow.FlagOffice}
	announceOffice := flow.Use{Rule: "case.announce_office", By: flow.ByHandler, If: flow.FlagOffice}
	report := flow.Use{Rule: "case.execution_report", By: flow.ByHandler, If: flow.FlagPunished, Unless: flow.FlagOffice}
	reportOffice := flow.Use{Rule: "case.execution_office", By: flow.ByHandler, If: flow.FlagOffice}
	unpunished := flow.Use{Rule: "case.close", By: flow.ByHandler, Unless: flow.FlagPunished}
	reviewed := []flow.Use{{Rule: "case.review", By: flow.ByReview, Unless: flow.FlagTownship}, {Rule: "case.county_review", By: flow.ByReview, If: flow.FlagTownship}}
	post := flow.Use{Rule: "case.execute_post", By: flow.ByHandler, If: flow.FlagPost}
	members := []flow.Field{{Name: "team", Kind: flow.People, Must: true, Of: "handlers", Least: "team.investigate"}, {Name: "lead", Kind: flow.Person, Must: true, Of: "handlers"}}
	return &flow.Table{Kind: Kind, Mark: "案", Timed: true,
		States: []flow.State{
			{Name: Filing, Stage: "filing", Rules: []flow.Use{use("case.filing", flow.ByHandler)}, Basis: basis("JD", "38")},
			{Name: FilingReview, Stage: "filing", Waits: true, Rules: []flow.Use{use("case.filing", flow.ByHandler)}, Basis: basis("JD", "38")},
			{Name: Filed, Stage: "investigate", Rules: []flow.Use{use("case.announce_filing", flow.ByHandler), invest}, Basis: basis("JD", "38", "TL", "184")},
			{Name: Investigating, Stage: "investigate", Rules: []flow.Use{invest}, Basis: basis("JD", "39", "JCF", "44")},
			{Name: FactsShown, Stage: "investigate", Rules: []flow.Use{invest}, Basis: basis("JD", "51", "ZW", "43")},
			{Name: Signing, Stage: "investigate", Rules: []flow.Use{use("case.investigate", flow.ByTeam)}, Basis: basis("JD", "51")},
			{Name: Signed, Stage: "investigate", Rules: []flow.Use{invest}, Basis: basis("JD", "51")},
			{Name: TransferReview, Stage: "investigate", Waits: true, Rules: []flow.Use{invest}, Basis: basis("JD", "51")},
			{Name: ReviewAccept, Stage: "review", Rules: []flow.Use{use("case.review_accept", flow.ByReview)}, Basis: basis("JD", "55")},
			{Name: Reviewing, Stage: "review", Rules: reviewed, Basis: basis("JD", "55")},
			{Name: ReturnReview, Stage: "review", Waits: true, Rules: reviewed, Basis: basis("JD", "55")},
			{Name: OpinionReview, Stage: "review", Waits: true, Rules: reviewed, Basis: basis("JD", "55")},
			{Name: Deciding, Stage: "decide", Rules: []flow.Use{use("case.decide", flow.ByReview)}, Basis: basis("JD", "56", "PZ", "4")},
			{Name: DecideReview, Stage: "decide", Waits: true, Rules: []flow.Use{use("case.decide", flow.ByReview)}, Basis: basis("PZ", "4")},
			{Name: Decided, Stage: "execute", Rules: []flow.Use{use("case.deliver", flow.ByHandler), announce, announceOffice, post, report, reportOffice}, Basis: basis("CF", "44", "ZW", "46")},
			{Name: Delivered, Stage: "execute", Rules: []flow.Use{announce, announceOffice, post, report, reportOffice, unpunished}, Basis: basis("CF", "44")},
			{Name: Executing, Stage: "execute", Rules: []flow.Use{post, report, reportOffice, unpunished}, Basis: basis("CF", "45")},
			{Name: Executed, Stage: "close", Rules: []flow.Use{use("case.close", flow.ByHandler)}, Basis: basis("JD", "56")},
			{Name: Settling, Stage: "settle", Rules: []flow.Use{use("clue.settle", flow.ByHandler)}, Basis: basis("JCF", "52", "ZW", "53")},
			{Name: CloseReview, Stage: "close", Waits: true, Rules: []flow.Use{{Rule: "case.close", By: flow.ByHandler, Keep: true}, {Rule: "clue.settle", By: flow.ByHandler, Keep: true}}, NoClock: "signature_only", Basis: basis("JD", "56")},
			{Name: Closed, Stage: "close", End: true},
		},
		Moves: []flow.Move{
			{Name: "submit_filing", From: []string{Filing}, To: Filed, Via: FilingReview, Chain: "case.file", By: handler,
				Fields: append(append([]flow.Field{}, members...), para("facts", true, 3000), para("reason", true, 2000), choice("track", "track"), line("filing_no", true)),
				Counts: []flow.Tally{{Measure: "case.filed", Dim: "track"}}, Basis: basis("JD", "37", "JD", "38"), Key: true},
			{Name: "drop_filing", From: []string{Filing}, To: Settling, Via: FilingReview, Chain: "case.file", By: handler, Refusal: []string{"*"},
				Fields: []flow.Field{para("reason", true, 1000), choice("clear_answer", "clear_answer"), when(line("clear_reason", true), "clear_answer", "not_needed", "declined")}, Basis: basis("JD", "37"), Key: true},
			{Name: "announce_filing", From: []string{Filed}, To: Investigating, By: team,
				Fields: []flow.Field{day("on"), line("announced_by", true), line("unit_told", true), codes("rights_told", "yes", "no")}, Basis: basis("JD", "38", "TL", "184"), Key: true},
			{Name: "change_team", From: []string{Filed, Investigating, FactsShown, Signing, Signed}, Also: []string{Signing}, By: []flow.By{flow.ByHead, flow.BySupervision}, Fields: append(append([]flow.Field{}, members...), para("reason", true, 500)), Basis: basis("JD", "39")},
			{Name: "reassign", From: []string{Filing, Filed, Investigating, FactsShown, Signing, Signed, Decided, Delivered, Executing, Executed, Settling}, By: []flow.By{flow.BySupervision},
				Fields: []flow.Field{{Name: "target", Kind: flow.UnitRef, Must: true, Of: "below"}, para("reason", true, 500)}, Basis: basis("JD", "39")},
			{Name: "show_facts", From: []string{Investigating}, To: FactsShown, By: team,
				Fields: []flow.Field{day("on"), codes("person_says", "agrees", "partly", "disagrees", "refuses"), para("defence", false, 2000), codes("defence_checked", "yes", "none"), line("record_no", true)},
				Basis:  basis("JD", "51", "ZW", "43"), Key: true},
			{Name: "write_report", From: []string{FactsShown}, To: Signing, By: team, Fields: []flow.Field{para("facts", true, 4000), para("suggestion", true, 1000), line("record_no", true)}, Basis: basis("JD", "51")},
			{Name: "sign", From: []string{Signing}, Also: []string{Signed}, By: team, Basis: basis("JD", "51")},
			{Name: "submit_review", From: []string{Signed}, To: ReviewAccept, Via: TransferReview, Chain: "case.transfer", By: handler,
				Fields: []flow.Field{line("volumes", true), para("note", false, 500)}, Fresh: []string{"case.review_accept"}, Basis: basis("JD", "51", "JD", "55"), Key: true},
			{Name: "back_to_investigate", From: []string{FactsShown, Signing, Signed}, To: Investigating, By: team, Fields: []flow.Field{para("reason", true, 500)}, Basis: basis("JD", "51")},
			{Name: "accept_review", From: []string{ReviewAccept}, To: Reviewing, By: review,
				Fields: []flow.Field{day("on"), {Name: "panel", Kind: flow.People, Must: true, Of: "reviewers", Least: "team.review"}, {Name: "lead", Kind: flow.Person, Must: true, Of: "reviewers"}},
				Starts: map[string]string{"case.review": "on", "case.county_review": "on"}, Basis: basis("JD", "54", "JD", "55"), Key: true},
			{Name: "change_panel", From: []string{Reviewing}, By: review,
				Fields: []flow.Field{{Name: "panel", Kind: flow.People, Must: true, Of: "reviewers", Least: "team.review"}, {Name: "lead", Kind: flow.Person, Must: true, Of: "reviewers"}, para("reason", true, 500)}, Basis: basis("JD", "54")},
			{Name: "return_case", From: []string{Reviewing}, To: Investigating, Via: ReturnReview, Chain: "case.return", By: review,
				Fields: []flow.Field{choice("return_kind", "return_kind"), para("reason", true, 2000)}, Counts: []flow.Tally{{Measure: "case.returned", Dim: "return_kind"}},
				Drops: []string{"case.review", "case.county_review"}, Basis: basis("JD", "55")},
			{Name: "review_report", From: []string{Reviewing}, To: Deciding, Via: OpinionReview, Chain: "case.review_report", By: review,
				Fields: []flow.Field{codes("talk", "held", "not_held"), when(day("talk_on"), "talk", "held"), when(line("no_talk_reason", true), "talk", "not_held"),
					para("facts", true, 4000), para("qualification", true, 2000), choice("decision", "decision"), line("record_no", true)}, Fresh: []string{"case.decide"}, Basis: basis("JD", "55", "TL", "195"), Key: true},
			{Name: "decide", From: []string{Deciding}, Via: DecideReview, Chain: "case.decide", By: review,
				Fork: &flow.Fork{Field: "decision", To: map[string]string{"sanction": Decided, "exempt": Decided, "transfer": Decided, "none": Settling, "dismiss": Settling}},
				Fields: []flow.Field{choice("decision", "decision"), day("decided_on"), line("minutes_no", true), when(choice("body", "deciding_body"), "decision", "exempt", "transfer", "none", "dismiss"),
					when(flow.Field{Name: "party_sanction", Kind: flow.Choice, Of: "party_sanctions"}, "decision", "sanction"),
					when(choice("party_body", "deciding_body"), "party_sanction"), when(flow.Field{Name: "admin_sanction", Kind: flow.Choice, Of: "admin_sanctions"}, "decision", "sanction"),
					when(choice("admin_body", "deciding_body"), "admin_sanction"),
					when(codes("consulted", "yes"), "party_body", "township_party_committee", "county_party_committee", "city_party_committee"),
					when(flow.Field{Name: "probation", Kind: flow.Choice, Must: true, Codes: []string{"12", "24"}}, "party_sanction", "party_probation"),
					when(codes("branch", "held", "direct"), "party_sanction"), when(day("branch_on"), "branch", "held"), when(choice("direct_ground", "direct_ground"), "branch", "direct"), when(line("direct_reason", true), "direct_ground", "other"),
					when(choice("form", "four_form"), "decision", "sanction", "exempt", "transfer"), line("decision_no", true), para("reason", true, 2000),
					when(choice("clear_answer", "clear_answer"), "decision", "none", "dismiss"), when(line("clear_reason", false), "clear_answer", "not_needed", "declined")},
				Starts: map[string]string{"case.announce": "decided_on", "case.announce_office": "decided_on", "case.execution_report": "decided_on", "case.execution_office": "decided_on", "case.execute_post": "decided_on", "case.deliver": "decided_on"},
				Counts: []flow.Tally{{Measure: "case.decided", Dim: "decision"}, {Measure: "case.forms", Dim: "form"}}, Basis: basis("PZ", "4", "PZ", "6", "GZ", "37", "ZW", "44"), Key: true},
			{Name: "deliver", From: []string{Decided}, To: Delivered, By: handler,
				Fields: []flow.Field{day("on"), choice("service", "service_way"), line("receipt_no", true), codes("person_says", "agrees", "partly", "disagrees", "refuses"), para("opinion", false, 1000)},
				Basis:  basis("ZW", "45", "ZW", "46"), Key: true},
			{Name: "announce", From: []string{Delivered}, To: Executing, By: handler, Fields: []flow.Field{day("on"), line("place", true), line("attended", true)}, Basis: basis("CF", "44", "JD", "56"), Key: true},
			{Name: "execute_post", From: []string{Decided, Delivered, Executing}, By: handler, Ends: []string{"case.execute_post"}, Fields: []flow.Field{day("on"), para("what", true, 1000), line("record_no", true)}, Basis: basis("CF", "44", "ZW", "54")},
			{Name: "report_execution", From: []string{Executing}, To: Executed, By: handler,
				Fields: []flow.Field{day("on"), codes("archived", "yes", "no"), codes("property", "none", "done", "open"), para("what", true, 2000), line("record_no", true)}, Basis: basis("CF", "45", "ZW", "54"), Key: true},
			{Name: "propose_close", From: []string{Delivered, Executed, Settling}, To: Closed, Via: CloseReview, Chain: "case.close", By: handler,
				Fields: []flow.Field{line("volumes", true), para("note", false, 1000), when(codes("unit_told", "yes"), "@untrue", "yes"), when(codes("person_told", "yes"), "@untrue", "yes"),
					when(choice("clear_way", "clear_way"), "@clear_answer", "wanted"), when(line("clear_place", true), "@clear_answer", "wanted")},
				Counts: []flow.Tally{{Measure: "case.closed", Dim: "@decision"}}, Basis: basis("JD", "56", "ZW", "53"), Key: true},
		},
		Hooks: flow.Hooks{
			Facts: s.facts,
			Attr:  s.attr,
			Shut:  map[string]func(context.Context, db.Reader, *flow.Matter) (string, error){"execute_post": s.shutPost, "report_execution": s.shutReport, "announce": s.shutAnnounce, "propose_close": s.shutClose, "review_report": s.shutFew, "return_case": s.shutFew},
			Check: map[string]func(context.Context, *flow.Op) error{
				"submit_filing": s.checkTeam, "change_team": s.checkTeam, "write_report": s.checkTeamEnough, "sign": s.checkTeamEnough, "accept_review": s.checkPanel, "change_panel": s.checkPanel, "decide": s.checkDecision, "announce_filing": s.checkRights,
				"review_report": s.checkPart, "return_case": s.checkPart, "report_execution": s.checkExecution,
			},
			Apply: map[string]func(context.Context, *flow.Op) error{
				"submit_filing": s.applyFiling, "drop_filing": s.applyDropFiling, "change_team": s.applyTeam, "write_report": s.applyReport, "sign": s.applySign,
				"back_to_investigate": s.applyUnsign, "accept_review": s.applyPanel, "change_panel": s.applyPanel, "reassign": s.applyReassign, "return_case": s.applyUnsign, "decide": s.applyDecision, "deliver": s.applyDeliver,
				"announce": s.applyAnnounce, "report_execution": s.applyExecuted, "propose_close": s.applyClose,
			},
		},
	}
}
