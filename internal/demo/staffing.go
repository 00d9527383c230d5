package demo

import (
	"qianshao/internal/access"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/org/roll"
	"qianshao/internal/org/staffing"
	"qianshao/internal/platform/db"
)

// What people of the first county's townships did before, and what they can do.
var (
	earlier = []string{"镇党政综合办公室干部", "县农业农村局科员", "镇财政所会计", "乡镇中学教师", "村党支部副书记", "县信访局科员"}
	skills  = []string{"finance", "audit", "law", "engineering", "writing", "talks", "farming", "data"}
)

// staffing is what the first county's personnel department has on its desk on the last day: people's earlier work and skills,
// somebody put forward for a vacancy, a change of the register that a township filed.
func (b *builder) staffing() error {
	c := b.counties[0]
	b.app.Org.Seats = b.app.Staffing
	clerk := b.as(b.find(access.Personnel, c.unit.ID.Key))
	for _, t := range c.townships {
		for _, w := range b.staff[t.unit.ID.Key] {
			who := id.ID{City: City, Key: w.seat.Person}
			version := int64(1)
			if b.r.IntN(2) == 0 {
				work := org.Work{From: w.from.AddMonths(-30 - b.r.IntN(40)), To: w.from.AddMonths(-5), What: pick(b.r, earlier)}
				if err := b.app.Org.AddWork(b.ctx, clerk, who, version, work); err != nil {
					return err
				}
				version++
			}
			if b.r.IntN(3) == 0 {
				if err := b.app.Org.SetSkills(b.ctx, clerk, who, version, []string{pick(b.r, skills), pick(b.r, skills)}); err != nil {
					return err
				}
			}
		}
	}
	if err := b.app.Staffing.Sweep(b.ctx, City); err != nil {
		return err
	}
	if err := b.putForward(c, clerk); err != nil {
		return err
	}
	return b.files(c, clerk)
}

// putForward puts somebody forward for the first two vacancies of a county; the chief agrees to one of them.
func (b *builder) putForward(c *county, clerk access.Actor) error {
	r := b.app.DB.In(City)
	posts, err := db.Column[id.Key](b.ctx, r, `SELECT v.post_id FROM vacancies v JOIN matters m ON m.city_id = v.city_id AND m.id = v.id WHERE v.city_id = $1 AND v.closed_on = '' AND m.county_id = $2 ORDER BY v.since_on, v.id LIMIT 2`, c.unit.ID.Key)
	if err != nil {
		return err
	}
	chief := b.find(access.Principal, c.unit.ID.Key)
	for i, post := range posts {
		p := b.newPerson(340+b.r.IntN(120), 0)
		if _, err := b.app.Org.Propose(b.ctx, clerk, org.Proposal{Post: post, Name: p.Name, Born: p.Born, From: b.o.Today.AddDays(14), FullTime: true, Paper: "组〔" + string(b.o.Today)[:4] + "〕12号"}); err != nil {
			return err
		}
		m, open, err := staffing.OpenMatter(b.ctx, r, post)
		if err != nil || !open || i > 0 {
			return err
		}
		x, err := b.matter(id.ID{City: City, Key: m})
		if err != nil {
			return err
		}
		if _, err := b.app.Engine.Do(b.ctx, b.as(chief), x.ID, x.Version, "consent", flow.Values{"paper": {"县纪干〔" + string(b.o.Today)[:4] + "〕21号"}}); err != nil {
			return err
		}
	}
	return nil
}

// files has a township file two changes of its register, one of which is confirmed.
func (b *builder) files(c *county, clerk access.Actor) error {
	for _, t := range c.townships {
		staff := b.staff[t.unit.ID.Key]
		if len(staff) == 0 {
			continue
		}
		listed, err := org.Officials(b.ctx, b.app.DB.In(City), t.unit.ID.Key, "", 3)
		if err != nil || len(listed) < 3 {
			return err
		}
		who := b.as(staff[0])
		m, err := b.app.Roll.File(b.ctx, who, roll.Change{What: roll.Leave, Unit: t.unit.ID.Key, Official: listed[2].ID.Key, On: b.o.Today.AddDays(-12)})
		if err != nil {
			return err
		}
		x, err := b.matter(m)
		if err != nil {
			return err
		}
		if _, err := b.app.Engine.Do(b.ctx, clerk, m, x.Version, "confirm", nil); err != nil {
			return err
		}
		_, err = b.app.Roll.File(b.ctx, who, roll.Change{What: roll.Add, Unit: t.unit.ID.Key, Name: personName(b.r), Post: "民政办公室干部", Rank: "staff", Category: "c1", On: b.o.Today.AddDays(-3)})
		return err
	}
	return nil
}
