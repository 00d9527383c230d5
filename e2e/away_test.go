package e2e

import (
	"testing"

	"qianshao/internal/flow"
	"qianshao/internal/id"
)

// verifying is a clue of the county's first office whose verification has begun.
func (c *city) verifying(title string) id.ID {
	c.t.Helper()
	m, team := c.found("full", title), []string{c.Who["handler"].Person, c.Who["handler2"].Person}
	c.Do("supervision", m, "hand_out", flow.Values{"target": {c.Units["county.office1"].ID.Key}, "back": {"no"}})
	c.Do("handler", m, "propose", flow.Values{"disposal": {"verification"}, "reason": {"问题具体，可查。"}, "studied_on": {"2026-10-12"}, "studied_by": {"姜、戚、谢"}})
	for _, who := range c.seats(m) {
		c.Approve(who, m)
	}
	c.Do("handler", m, "submit_plan", flow.Values{"team": team, "lead": team[:1], "questions": {"管护费发给了谁。"}, "steps": {"调取账册。"}, "measures": {"talk"}, "safety": {"谈话安全预案已备。"}})
	for _, who := range c.seats(m) {
		c.Approve(who, m)
	}
	return m
}

// TestAway is a deputy who refuses one request for more time, grants another, and hands the signatures on before going
// away: what is signed meanwhile says in whose stead.
func TestAway(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	m := c.verifying("反映石桥镇农业综合服务中心主任虚报管护费")
	c.day("2026-12-07")
	at := c.staff()
	h, d := at("handler"), at("deputy")
	asks := func(reason string) {
		t.Helper()
		h.matter(m)
		h.click(`main a[href$="/extend"]`)
		h.fill(pairs{"reason", reason})
		h.submit()
		h.there(".flash")
	}
	due := func(want string) {
		t.Helper()
		if x := c.Matter(m); string(x.Due) != want {
			t.Errorf("it is due on %s, want %s", x.Due, want)
		}
	}
	due("2026-12-14") // two months, of which the last day is a Saturday
	asks("账册调取较慢。")
	d.open("/approvals")
	d.sees("延长", "账册调取较慢。")
	c.decide(d, m, "return", "note", "账册已经到齐，按期办结。")
	due("2026-12-14")
	h.matter(m)
	h.sees("账册已经到齐，按期办结。")
	asks("两名关键证人住院，须延长一个月。")
	c.decide(d, m, "approve")
	due("2027-01-12")
	h.matter(m)
	h.sees("2027年1月12日")
	if n := h.count(`main a[href$="/extend"]`); n > 0 {
		h.fail("more time is offered again, though it is given once")
	}

	// The deputy goes away; the chief signs for them.
	d.open("/delegations")
	d.fill(pairs{"to", c.Who["principal"].Person, "begins", "2026-12-07", "ends", "2026-12-11", "reason", "赴市委党校学习"})
	d.submit()
	d.sees("严主任代华副签批", "代办中")
	other := c.found("full", "反映石桥镇民政工作人员优亲厚友")
	c.Do("supervision", other, "hand_out", flow.Values{"target": {c.Units["county.office1"].ID.Key}, "back": {"no"}})
	h.move(other, "propose", "disposal", "初步核实", "reason", "名单具体，可查。", "studied_on", "2026-12-07", "studied_by", "姜、戚、谢")
	c.Approve("head", other)
	p := at("principal")
	c.decide(p, other, "approve")
	c.in(other, "verify_plan")
	h.matter(other)
	h.sees("受华副委托")
	d.open("/delegations")
	d.press(".duty .why summary")
	d.sees("代办了1件", c.Matter(other).No)
	d.click(`form[action$="/end"] button`)
	d.sees("收回")
	c.Verify()
}
