package e2e

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/ledger"
)

// TestWatchedOver: on a phone without script somebody who works at the township asks with the report that the level above watch
// over them. The county's clerk opens and enters the report and sees nothing of it; the post of whoever reported ends; the city's
// clerk is told, reads whom it is about, and judges it; the reporter reads that it was noticed and what came of it, and takes it back.
func TestWatchedOver(t *testing.T) {
	t.Parallel()
	s := newSides(t)
	r := reporterAt(t, s.public)
	r.finds()
	r.press("label[for=a2]")
	r.press("label[for=w1]")
	r.lodges(pairs{"post", "林业站站长", "text", "管护费发放表上的签字不是本人签的。", "works", "石桥镇", "office", "纪检干部"}, "奚干", "13900000000，晚上八点以后")
	r.press("details.after summary")
	r.sees("已请上一级留意", "只封给XX市纪委监委")
	m := s.letterIn()
	s.looks(r)
	r.sees("防打击报复", "XX市纪委监委正在留意")

	p := s.person("intake")
	p.unlocks()
	p.opensLetter(m, "启封并登记")
	p.sees("奚干", "管护费发放表")
	p.seesNot("纪检干部", "监测", "留意")

	_, err := s.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "holding.end", Organ: s.Units["county"].ID}, s.App.Org.Leave(apptest.Ctx, tx, s.Who["officer"].Holding, tx.Today(), "transferred", "某村")
	})
	if err != nil {
		t.Fatal(err)
	}
	c := s.person("cityintake")
	c.open("/")
	c.seesNot("打击报复提醒待")
	c.unlocks()
	if _, err := s.App.Reprisal.Compare(apptest.Ctx, s.Units["city"]); err != nil {
		t.Fatal(err)
	}
	c.open("/keys")
	c.sees("有1条打击报复提醒待核看")
	a := s.only("alert")
	c.matter(a)
	c.seesNot("奚干")
	c.tapped("main", "打开核看")
	c.click("main [data-submit]")
	c.sees("奚干", "离岗：调任其他岗位", "单位相符", "云渡县纪委监委", "13900000000")
	c.move(a, "set_aside", "ground", "ordinary")
	c.sees("与举报无关")
	p.open("/")
	p.seesNot("打击报复")

	s.looks(r)
	r.sees("岗位变动", "或者与您的举报无关")
	r.click(`[name="do"][value="end"]`)
	r.sees("撤回了", "撤回已经交出")
	s.looks(r)
	r.sees("XX市纪委监委已经不再留意", "按您的要求停止")
	r.press("summary")
	r.sees("您在哪个单位")
}
