package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"qianshao/internal/id"
)

// TestPool is case supervision handing out the pool with one series of keys, a handler proposing what to do, the
// signatures up to the deputy, one of them returning it first, and the slip that urges what is late.
func TestPool(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	var clues []id.ID
	for i := range 20 {
		clues = append(clues, c.found("full", fmt.Sprintf("反映石桥镇第%d批管护费发放不实", i+1)))
	}
	at := c.staff()
	p := at("supervision")
	p.open("/clues?view=pool")
	for range clues {
		p.keys("jx")
	}
	p.sees("已选 20")
	p.keys("a")
	p.focused("target")
	p.dials("target", c.Units["county.office1"].ID.Key)
	p.keys(kb.Escape)
	p.goes(keyed("z"))
	for _, m := range clues {
		c.in(m, "opinion")
	}
	p.sees("没有问题线索。")

	m := clues[0]
	c.day("2026-10-14")
	at("handler").move(m, "propose", "disposal", "谈话函询", "inquiry_form", "函询", "inquiry_plan", "函询发放对象名单和发放标准。", "reason", "问题具体但数额不大。", "studied_on", "2026-10-14", "studied_by", "姜、戚、谢")
	c.in(m, "opinion_review")
	h := at("head")
	h.opensPaper(c.Matter(m))
	h.refused().click(`[name="decision"][value="return"]`) // no reason given
	h.sees("退回请写明理由")
	h.fill(pairs{"note", "先到三个村看发放表，再提意见。"})
	h.click(`[name="decision"][value="return"]`)
	c.in(m, "opinion")
	at("handler").matter(m)
	at("handler").sees("先到三个村看发放表，再提意见。")

	at("handler").move(m, "propose", "disposal", "初步核实", "reason", "三个村的发放表与走访情况都对不上，可查。", "studied_on", "2026-10-14", "studied_by", "姜、戚、谢")
	h.open("/approvals")
	h.press("body")
	h.keys("j")
	h.goes(keyed("y"))
	c.in(m, "opinion_review")
	d := at("deputy")
	d.open("/approvals")
	d.sees("初步核实", "三个村的发放表与走访情况都对不上，可查。", "戚办")
	c.decide(d, m, "approve")
	c.in(m, "verify_plan")
	if n := len(c.seats(m)); n > 0 {
		t.Errorf("%d signatures are still owed", n)
	}

	// Why the day is that day is one click away from the duty itself.
	at("handler").open("/")
	at("handler").press(".duty .why summary")
	at("handler").waits(".duty .why[open] .sm")
	at("handler").sees("次日起算")

	// Two months on somebody has not answered: the slip that urges says what is late and why that day.
	c.day("2026-12-14")
	c.night()
	p.signIn()
	p.open("/watch")
	p.tapped("main table", "催办")
	p.fill(pairs{"reason", "已经逾期，请于三日内报来处置意见。"})
	p.submit()
	p.submit()
	p.sees("催办单", "应于2026年10月28日前办结", "次日起算10个工作日")
	if pdf := p.print(); len(pdf) < 5000 || string(pdf[:5]) != "%PDF-" {
		t.Errorf("the slip prints as %d bytes", len(pdf))
	}
}
