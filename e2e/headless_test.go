package e2e

import "testing"

// TestHeadless is a township without a secretary: what is proposed there goes to the county's office for a signature,
// the page says so beforehand and afterwards, and the office's head signs it.
func TestHeadless(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	at := c.staff()
	m := c.found("headless", "反映柏岭乡村级集体资产出租未公开")
	s := at("supervision")
	s.matter(m)
	s.click(`[data-move="move-hand_out"]`)
	s.fill(pairs{"target", c.Units["headless"].ID.Key, "back", "no"})
	s.submit()
	d := at("hldeputy")
	d.open("/")
	d.sees("反映柏岭乡村级集体资产出租未公开")
	d.move(m, "receive")
	d.matter(m)
	d.sees("第一纪检监察室")
	d.move(m, "propose", "disposal", "close", "close_ground", "vague", "reason", "反映的问题过于笼统，没有可查线索。", "studied_on", "2026-10-12", "studied_by", "范、彭")
	c.in(m, "opinion_review")
	d.sees("第一纪检监察室")
	head := at("head")
	head.open("/")
	head.sees("反映柏岭乡村级集体资产出租未公开")
	head.opensPaper(c.Matter(m))
	head.sees("本单位没有可以签批的负责人，改由上一级承办")
	c.decide(head, m, "approve")
	c.signed(at, m)
	x := c.in(m, "settling")
	if x.Handler != c.Units["headless"].ID {
		t.Errorf("the clue moved to %s", x.Handler)
	}
	d.open("/")
	d.sees("反映柏岭乡村级集体资产出租未公开")
}
