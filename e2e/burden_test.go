package e2e

import (
	"testing"

	"qianshao/internal/burden"
	"qianshao/internal/id"
)

// TestStoppedByTheCap: the city asks something of two townships for which nearly all of the month is taken. It is stopped with
// the sum and the other asks shown, what was typed is kept, and the county's chief lets it through for a reason. The township
// reads it on its account, reports what is not on it, and the county puts that on the account.
func TestStoppedByTheCap(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	day := c.App.DB.Today()
	_, err := c.App.Burden.Enter(t.Context(), c.As("supervision"), c.Units["county"].ID.City, burden.NewAsk{What: "报送节前检查台账", Basis: "云纪办〔2026〕12号", Minutes: 900, Due: day.AddDays(3), Towns: []id.Key{c.Units["full"].ID.Key}})
	if err != nil {
		t.Fatal(err)
	}
	p := c.person("cityoffice")
	p.open("/")
	p.sees("基层负担账", "负担最重：石桥镇，900/960分钟")
	p.open("/burden")
	p.sees("云渡县", "白河县")
	p.open("/burden/new?county=" + c.Units["county"].ID.String())
	p.fill(pairs{"what", "填报监督检查统计表", "basis", "市纪办〔2026〕7号", "minutes", "120", "due", string(day.AddDays(7)), "towns", "石桥镇", "towns", "柏岭乡"})
	p.refused().click(`main button[value="ask"]`)
	p.sees("石桥镇本月已有900分钟，加上本次120分钟，超出上限960分钟", "石桥镇本月已有的要求", "报送节前检查台账")
	p.keeps("what", "填报监督检查统计表")
	p.keeps("minutes", "120")
	p.fill(pairs{"why", "省里要求本周报送"})
	p.click(`main button[value="hold"]`)
	p.sees("待县主要负责人决定", "省里要求本周报送")

	o := c.person("officer")
	o.open("/burden")
	o.sees("900", "尚余60分钟", "云纪办〔2026〕12号")
	o.seesNot("填报监督检查统计表")

	q := c.person("principal")
	q.open("/")
	q.sees("有超出上限的要求待您决定")
	q.open("/burden/asks?view=held")
	q.click("main tr[data-row] a[data-open]")
	q.fill(pairs{"why", "确属紧急，下月相应减少"})
	q.click(`main button[value="through"]`)
	q.sees("已同意提出", "确属紧急，下月相应减少")
	q.open("/burden")
	q.sees("1\u202f020", "超限")

	o.open("/burden")
	o.sees("1\u202f020", "超出上限60分钟", "填报监督检查统计表")
	o.click(`main a[href="/burden/unlisted/new"]`)
	o.fill(pairs{"asker", "县某局", "what", "补报走访照片", "minutes", "45", "on", string(day)})
	o.click("main [data-submit]")
	o.sees("待县答复", "县某局")
	m := c.only("unlisted")
	d := c.person("deputy")
	d.open("/")
	d.sees("补报走访照片")
	d.move(m, "enter", "basis", "电话通知，无文号", "minutes", "45")
	d.sees("已入账")
	o.open("/burden")
	o.sees("1\u202f065", "补报走访照片", "县某局")
}
