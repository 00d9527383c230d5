package e2e

import (
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
)

// letter is a named letter that lies before the county's intake.
func (c *city) letter(title, reporter string) id.ID {
	c.t.Helper()
	e, err := c.App.Intake.Enter(apptest.Ctx, c.As("intake"), intake.Entry{
		Subject: org.SubjectInput{Unit: c.Units["full"].ID.Key, Name: "吴某", Post: "农业综合服务中心主任", Rank: "staff", Category: "c2", PartyMember: true},
		Channel: "letter", Received: c.App.DB.Today(), Named: true, Reporter: intake.Reporter{Name: reporter, Contact: "13900000000"}, Original: "来信原文", Title: title,
		Summary: "来信反映该主任虚报高标准农田管护费，数额不详。", Discipline: "integrity"})
	if err != nil {
		c.t.Fatal(err)
	}
	return e.ID
}

// TestDecline is a transfer from another organ, entered with its kind and number and refused on one of the three lawful
// grounds, both by the keys alone: the leader in charge approves, and the organ above finds the refusal in its list.
func TestDecline(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	p := c.person("intake")
	p.open("/tipoffs/new")
	p.about("transfer")
	p.tab("from_kind")
	p.dials("from_kind", "audit")
	p.tab("from_no")
	p.writes("云审移〔2026〕3号")
	p.tab("title")
	p.writes("审计移送石桥镇一宗土地权属争议")
	p.tab("summary")
	p.writes("审计中发现当事人对土地确权不服，已向法院起诉。")
	p.tab("discipline")
	p.dials("discipline", "integrity")
	p.sends()
	p.sees("审计机关", "云审移〔2026〕3号")
	m := c.in(c.only("tipoff"), "received")

	p.chooses("decline")
	p.tab("ground")
	p.dials("ground", "litigation")
	p.tab("reason")
	p.writes("当事人已经提起诉讼，应由法院处理。")
	p.refused().sends() // it does not say yet where the reporter was sent
	p.keeps("reason", "当事人已经提起诉讼，应由法院处理。")
	p.tab("told_where")
	p.writes("云渡县人民法院")
	p.sends()
	c.in(m.ID, "decline_review")
	d := c.person("deputy")
	d.open("/approvals")
	d.sees(m.No, "不予受理", "当事人已经提起诉讼，应由法院处理。")
	d.keys("j")
	d.goes(keyed("y"))
	c.in(m.ID, "declined")
	p.matter(m.ID)
	p.sees("云渡县人民法院", "华副")
	above := c.person("cityintake")
	above.open("/superior")
	above.sees(m.No, "不予受理")
}

// TestAssign is 交办 to a township, with a report owed back, and a repeat that joins what was assigned: each of the two
// reporters keeps a due of their own, for the notice and for the result.
func TestAssign(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	first := c.letter("反映石桥镇农业综合服务中心主任虚报管护费", "赵六")
	p := c.person("intake")
	p.matter(first)
	p.chooses("assign")
	p.tab("target")
	p.dials("target", c.Units["full"].ID.Key)
	p.tab("left_out")
	p.keys(" ") // the text begins with the summary; what was left out of it, and how to verify it, are the clerk's to say
	p.tab("verify_note")
	p.writes("结合年度财务检查调阅凭证。")
	p.sends()
	p.there(".flash")
	c.in(first, "below_check")
	d := c.person("deputy") // the intake office has no second clerk
	d.open("/approvals")
	d.sees("交办")
	d.keys("j")
	d.goes(keyed("y"))
	clue := c.child(first, "clue")

	c.day("2026-10-13")
	p.signIn()
	p.open("/tipoffs/new")
	p.about("letter")
	p.tab("title")
	p.writes("再次反映石桥镇农业综合服务中心主任虚报管护费")
	p.tab("summary")
	p.writes("来信反映该主任虚报高标准农田管护费，另附银行流水。")
	p.waits("#repeats li")
	if s := p.textOf("#repeats li"); s[:len("云渡纪信〔2026〕0001号")] != "云渡纪信〔2026〕0001号" {
		p.fail("beside the form stands %q", s)
	}
	p.tab("discipline")
	p.dials("discipline", "integrity")
	p.tab("named")
	p.dials("named", "yes")
	p.tab("reporter_name")
	p.writes("孙七")
	p.tab("reporter_contact")
	p.keys("13800000000")
	p.sends()
	p.chooses("merge")
	p.tab("main")
	p.dials("main", first.Key)
	p.tab("new_facts")
	p.writes("补充了银行流水。")
	p.sends()
	p.there(".flash")
	again := id.ID{City: first.City, Key: c.rowsOf(`SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = 'tipoff' AND m.state = 'merged'`)[0]}
	one, two := c.Matter(first), c.Matter(again)
	if one.Due != "2026-11-02" || two.Due != "2026-11-03" { // fifteen working days each
		t.Errorf("the reporters are owed word by %s and %s", one.Due, two.Due)
	}
	p.open("/")
	p.sees(one.No, two.No, "11月2日", "11月3日")

	o := c.person("officer")
	o.matter(clue)
	o.sees("报告交办件办理结果", "2027年1月12日") // three months from the assignment
	c.Do("officer", clue, "receive", nil)
	c.Do("officer", clue, "propose", flow.Values{"disposal": {"close"}, "close_ground": {"vague"}, "reason": {"反映的问题过于笼统。"}, "studied_on": {"2026-10-13"}, "studied_by": {"潘、葛、奚"}})
	for _, who := range c.seats(clue) {
		c.Approve(who, clue)
	}
	c.Do("officer", clue, "settle", flow.Values{"on": {"2026-10-13"}})
	o.move(clue, "report_back", "on", "2026-10-13", "paper_no", "石纪报〔2026〕1号", "gist", "经核实，没有可查线索，已了结。")
	o.sees("石纪报〔2026〕1号")
	for _, m := range []id.ID{first, again} {
		c.in(m, "result_due")
	}
	for _, m := range []id.ID{first, again} { // each is told for themselves
		p.move(m, "notify", "on", "2026-10-13", "way", "call", "reached", "yes")
		p.move(m, "tell_result", "on", "2026-10-13", "way", "call", "reached", "yes", "objects", "no")
		c.in(m, "closed")
	}
	c.Verify()
}
