package demo

import (
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/envelope"
)

// written are letters that were handed in on the public side and that nobody has opened yet: by how many working days ago.
var written = []struct {
	ago           int
	post, rank    string
	text, only    string
	name, contact string
}{
	{3, "村会计", "village", "我们村前年修机耕路，公示的是每户凑三百元，实际每户收了五百，收据只写三百。问过会计，说上面有人打了招呼。收据还在我家里。", "第三组只有我家还留着收据", "", ""},
	{1, "农业综合服务中心主任", "staff", "去年的高标准农田管护，名单上有八个人领钱，其中三个常年在外打工，没有干过活。名单在服务中心墙上贴过两天就揭了。", "", "高某某", "13900000000，晚上八点以后"},
	{0, "分管后勤的副镇长", "deputy_section", "镇上的食堂承包给了他的连襟，没有招标。中午开票的人都知道。", "", "", ""},
}

// letters hands in what the first county's intake office finds sealed on its desk. Their receipts are nobody's.
func (b *builder) letters() error {
	if err := b.toCheck(); err != nil {
		return err
	}
	c := b.counties[0]
	dir, err := b.app.Directory(b.ctx, b.today())
	if err != nil {
		return err
	}
	organ, _ := dir.Organ(c.unit.ID)
	for i, x := range written {
		r, err := envelope.NewReceipt(envelope.NewToken())
		if err != nil {
			return err
		}
		day := b.today()
		if x.ago > 0 {
			day, _ = b.app.Clocks.Calendar().AddWorking(b.today(), -x.ago) // behind us, where every notice is known
		}
		at := c.townships[i%len(c.townships)].unit
		l := envelope.Letter{Unit: at.Name, UnitID: at.ID, Post: x.post, Rank: x.rank, Text: x.text, Only: x.only, Named: x.name != "", Name: x.name, Contact: x.contact}
		e, err := envelope.Seal(l, r.Secrets(), dir.Address(organ), day)
		if err != nil {
			return err
		}
		if _, err := b.app.Intake.TakeIn(b.ctx, e, 0); err != nil {
			return err
		}
	}
	return nil
}

// toCheck leaves a text for below with the first county's clerk who signs in: the other clerk of the office has written it.
func (b *builder) toCheck() error {
	c := b.counties[0]
	var writes *worker
	for _, w := range b.hands(access.Intake, c.unit.ID.Key) {
		if !slices.ContainsFunc(b.logins, func(l login) bool { return l.person == w.seat.Person }) {
			writes = w
		}
	}
	waiting, err := db.Column[id.Key](b.ctx, b.app.DB.In(City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.kind = 'tipoff' AND m.state = 'received' AND m.organ_id = $2 ORDER BY m.id`, c.unit.ID.Key)
	if err != nil {
		return err
	}
	for _, k := range waiting {
		m := id.ID{City: City, Key: k}
		x, err := b.matter(m)
		if err != nil {
			return err
		}
		for _, t := range c.townships {
			if !strings.Contains(x.Title, t.unit.Name) {
				continue
			}
			in := flow.Values{"target": {t.unit.ID.Key}}
			if err := b.down(m, in); err != nil {
				return err
			}
			return b.run(writes, m, "forward", in, func() error { return nil })
		}
	}
	return nil
}
