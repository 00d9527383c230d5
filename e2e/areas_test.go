package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"

	"qianshao/internal/id"
	"qianshao/internal/org/area"
	"qianshao/internal/org/callup"
	"qianshao/internal/platform/db"
)

// TestAreas is a leader of the county who looks at three proposals, takes one, moves a township by hand, sees what that changes
// and adopts the plan; and a township that asks for somebody who knows accounts: the county chooses, the unit lets them go, and
// they come back.
func TestAreas(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	at := c.staff()
	county := c.Units["county"].ID
	d := at("deputy")
	d.open("/areas")
	d.sees("还没有划分片区。")
	d.tapped("main", "划分方案")
	d.sees("负担均衡", "就近相连", "交集最少", "还没有填写相邻关系")
	d.fill(pairs{"groups", "2"})
	d.tapped("main .bar", "测算方案")
	d.tapped("#way-near", "以此为基础调整")
	town := "t_" + c.Units["headless"].ID.Key
	d.fill(pairs{"name_0", "东片", "name_1", "西片"})
	var before string
	d.do(chromedp.Evaluate(`document.querySelector('main form [name=`+quote(town)+`]').value`, &before))
	d.fill(pairs{town, map[string]string{"0": "1", "1": "0"}[before]})
	d.click(`[name="do"][value="look"]`)
	d.sees("已调整1个乡镇", "原为")
	d.fill(pairs{town, before})
	d.click(`[name="do"][value="adopt"]`)
	d.sees("方案已采用。", "东片", "西片")
	if as, err := area.Areas(t.Context(), c.App.DB.In(county.City), county.Key, c.App.DB.Today()); err != nil || len(as) != 2 {
		t.Fatalf("%+v, %v", as, err)
	}

	l := at("lone")
	l.open("/callups")
	l.tapped("main", "申请抽调")
	l.fill(pairs{"reason", "核对三个村的账目。", "skills", "财务会计", "from", "2026-10-13", "until", "2026-10-20"})
	l.submit()
	l.sees("申请已提交县纪委案管室。", "核对三个村的账目。")
	keys, err := db.Column[id.Key](t.Context(), c.App.DB.In(county.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = 'callup'`)
	if err != nil || len(keys) != 1 {
		t.Fatalf("%v, %v", keys, err)
	}
	m := id.ID{City: county.City, Key: keys[0]}
	at("supervision").move(m, "pick", "lead", "奚干")
	c.in(m, callup.Asked)
	at("secretary").open("/")
	at("secretary").sees("答复是否同意派出")
	at("secretary").move(m, "consent")
	c.in(m, callup.Serving)
	c.day("2026-10-22")
	c.night()
	s := at("supervision")
	s.signIn()
	s.open("/")
	s.sees("抽调人员归还派出单位")
	s.move(m, "give_back", "hours", "30")
	c.in(m, callup.Returned)
}
