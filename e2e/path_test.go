package e2e

import (
	"testing"

	"qianshao/internal/calendar"
	"qianshao/internal/flow"
)

// TestPath carries one clue from the plan of its verification to the closed case, by the forms of its page, with every
// signature given by another person than the one who asks for it.
func TestPath(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	at := c.staff()
	c.day("2026-10-14")
	clue := c.found("full", "反映石桥镇农业综合服务中心主任虚报管护费")
	c.Do("supervision", clue, "hand_out", flow.Values{"target": {c.Units["county.office1"].ID.Key}, "back": {"no"}})
	c.Do("handler", clue, "propose", flow.Values{"disposal": {"verification"}, "reason": {"问题具体，可查。"}, "studied_on": {"2026-10-14"}, "studied_by": {"姜、戚、谢"}})
	for _, who := range c.seats(clue) {
		c.Approve(who, clue)
	}

	h, h2 := at("handler"), at("handler2")
	h.move(clue, "submit_plan", "team", "戚办", "team", "谢办", "lead", "戚办", "questions", "管护费发给了谁，差额在哪里。", "steps", "调取账册，核对发放表，入户走访。", "measures", "talk", "safety", "谈话安全预案已备。")
	if n := c.signed(at, clue); n == 0 {
		t.Error("nobody signed the plan")
	}
	c.in(clue, "verifying")
	h.move(clue, "write_report", "facts", "虚报管护费三万元，已核清去向。", "finding", "true", "record_no", "云渡核〔2026〕1号")
	h.move(clue, "sign")
	c.in(clue, "signing")
	h2.move(clue, "sign")
	h.move(clue, "propose_result", "outcome", "file", "track", "party", "reason", "涉嫌违反廉洁纪律，应予立案。")
	c.signed(at, clue)
	c.in(clue, "to_case")

	kase := c.child(clue, "case")
	h.move(kase, "submit_filing", "team", "戚办", "team", "谢办", "lead", "戚办", "facts", "虚报管护费三万元。", "reason", "符合立案条件。", "track", "party", "filing_no", "云渡立〔2026〕1号")
	if n := c.signed(at, kase); n == 0 {
		t.Error("nobody signed the filing")
	}
	c.in(kase, "filed")
	h.move(kase, "announce_filing", "on", "2026-10-14", "announced_by", "戚办、谢办", "unit_told", "石桥镇党委", "rights_told", "yes")
	c.day("2026-11-18")
	for _, who := range []*person{h, h2} {
		who.signIn()
	}
	at = c.staff() // a month later everybody signs in again
	h.move(kase, "show_facts", "on", "2026-11-18", "person_says", "agrees", "defence_checked", "none", "record_no", "云渡见〔2026〕1号")
	h.move(kase, "write_report", "facts", "事实清楚，证据确凿。", "suggestion", "建议给予党内警告处分。", "record_no", "云渡报〔2026〕1号")
	h.move(kase, "sign")
	h2.move(kase, "sign")
	h.move(kase, "submit_review", "volumes", "一卷")
	c.signed(at, kase)
	r := at("reviewer")
	r.move(kase, "accept_review", "on", "2026-11-18", "panel", "水审", "panel", "窦审", "lead", "水审")
	r.move(kase, "review_report", "talk", "held", "talk_on", "2026-11-18", "facts", "事实清楚。", "qualification", "违反廉洁纪律。", "decision", "sanction", "record_no", "云渡审〔2026〕1号")
	c.signed(at, kase)
	c.in(kase, "deciding")
	r.move(kase, "decide", "decision", "sanction", "decided_on", "2026-11-18", "minutes_no", "纪要〔2026〕1号", "party_sanction", "party_warning", "party_body", "county_commission",
		"branch", "held", "branch_on", "2026-11-18", "form", "f2", "decision_no", "云渡处〔2026〕1号", "reason", "经集体研究决定。")
	c.signed(at, kase)
	c.in(kase, "decided")
	h.move(kase, "deliver", "on", "2026-11-18", "service", "in_person", "receipt_no", "云渡回〔2026〕1号", "person_says", "agrees")
	h.move(kase, "announce", "on", "2026-11-18", "place", "镇会议室", "attended", "支部党员")
	h.move(kase, "report_execution", "on", "2026-11-18", "archived", "yes", "property", "done", "what", "处分材料已归档，违纪款已上缴。", "record_no", "云渡执〔2026〕1号")
	h.move(kase, "propose_close", "volumes", "两卷")
	c.signed(at, kase)
	if m := c.in(kase, "closed"); m.Open || m.Ended != calendar.Date("2026-11-18") {
		t.Errorf("the case is open: %v, ended %s", m.Open, m.Ended)
	}
	h.matter(kase)
	h.sees("党内警告", "云渡处〔2026〕1号")
	if pps := c.ownSignatures(); len(pps) > 0 {
		t.Errorf("signed by whoever asked for it: %v", pps)
	}
	c.Verify()
}

// ownSignatures are the proposals that their author signed.
func (c *city) ownSignatures() []string {
	c.t.Helper()
	return c.rowsOf(`SELECT p.id FROM proposals p JOIN proposal_steps s ON s.city_id = p.city_id AND s.proposal_id = p.id WHERE p.city_id = $1 AND s.person_id = p.author_id`)
}
