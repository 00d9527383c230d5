package demo

import (
	"qianshao/internal/access"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/org/area"
	"qianshao/internal/org/callup"
	"qianshao/internal/org/formula"
)

// skilled are skills of people of the first county's townships, by where the township stands and what post they hold.
var skilled = []struct {
	township int
	kind     string
	skills   string
}{{0, "officer", "finance,audit"}, {2, "deputy", "law"}, {3, "officer", "finance"}, {5, "deputy", "engineering"}, {7, "officer", "writing,talks"}, {9, "deputy", "audit"}}

// How many townships of the first county lie beside each other, and what its areas are called.
const abreast = 4

var areaNames = []string{"城关片区", "东片区", "南片区", "西片区"}

// force puts the first county's force together: its townships in areas, its formula with people in it, somebody called up.
func (b *builder) force() error {
	c := b.counties[0]
	leader := b.find(access.Deputy, c.unit.ID.Key)
	if leader == nil {
		return nil
	}
	who := b.as(leader)
	err := b.act(City, "roster.import", c.unit, map[string]any{"skills": len(skilled)}, func(tx *ledger.Tx) error {
		for _, s := range skilled {
			for _, w := range b.staff[c.townships[s.township].unit.ID.Key] {
				if w.kind != s.kind {
					continue
				}
				if err := org.AmendPerson(b.ctx, tx, w.seat.Person, map[string]any{"skills": s.skills}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.areas(c, who); err != nil {
		return err
	}
	if err := b.formula(c, who); err != nil {
		return err
	}
	return b.callup(c)
}

// areas enters who borders on whom and adopts a plan: as many areas as there are names, townships in the order of their codes.
func (b *builder) areas(c *county, who access.Actor) error {
	key := func(i int) id.Key { return c.townships[i].unit.ID.Key }
	for i := range c.townships {
		var next []id.Key
		for _, k := range []int{i - abreast, i + abreast} {
			if k >= 0 && k < len(c.townships) {
				next = append(next, key(k))
			}
		}
		if i%abreast > 0 {
			next = append(next, key(i-1))
		}
		if i%abreast < abreast-1 && i+1 < len(c.townships) {
			next = append(next, key(i+1))
		}
		if err := b.app.Areas.SetBorders(b.ctx, who, c.unit.ID.Key, key(i), next); err != nil {
			return err
		}
		b.out.Acts++
	}
	heads, err := area.Leaders(b.ctx, b.app.DB.In(City), c.unit, b.today())
	if err != nil {
		return err
	}
	d := area.Draft{County: c.unit.ID.Key, From: b.today(), Paper: "云纪发〔2026〕12号"}
	for i, name := range areaNames {
		a := area.DraftArea{Name: name, Leader: heads[i%len(heads)].Person, Office: c.offices[i%len(c.offices)].ID.Key}
		for t := range c.townships {
			if t*len(areaNames)/len(c.townships) == i {
				a.Townships = append(a.Townships, key(t))
			}
		}
		d.Areas = append(d.Areas, a)
	}
	b.out.Acts++
	return b.app.Areas.Adopt(b.ctx, who, d)
}

// formula sets up three slots and fills them, one of them short.
func (b *builder) formula(c *county, who access.Actor) error {
	day := b.today().AddMonths(-2)
	for _, s := range []struct {
		formula.NewSlot
		filled int
	}{
		{formula.NewSlot{Zh: "县纪委专职力量", En: "Full-time staff", Source: "own", Least: 3, Most: 3}, 3},
		{formula.NewSlot{Zh: "派驻整合力量", En: "Resident staff", Source: "resident", Least: 2, Most: 4}, 3},
		{formula.NewSlot{Zh: "乡镇轮换力量", En: "Township turns", Source: "township", Least: 5, Most: 6, Rotating: true}, 4},
	} {
		s.County, s.From = c.unit.ID.Key, day
		slot, err := b.app.Formula.AddSlot(b.ctx, who, s.NewSlot)
		if err != nil {
			return err
		}
		b.out.Acts++
		people, err := formula.People(b.ctx, b.app.DB.In(City), s.County, s.Source, b.today())
		if err != nil {
			return err
		}
		slots, err := formula.On(b.ctx, b.app.DB.In(City), s.County, b.today())
		if err != nil {
			return err
		}
		taken := map[id.Key]bool{}
		for _, x := range slots {
			for _, p := range x.Places {
				taken[p.Person] = true
			}
		}
		left := s.filled
		for i := 2; i < len(people) && left > 0; i += 3 {
			if p := people[i]; !taken[p.Person] {
				taken[p.Person] = true
				if err := b.app.Formula.Fill(b.ctx, who, formula.Filling{Slot: slot, Person: p.Person, From: day}); err != nil {
					return err
				}
				b.out.Acts++
				left--
			}
		}
	}
	return nil
}

// callup lets an office ask for somebody who knows accounts, the county choose, and the unit let them go.
func (b *builder) callup(c *county) error {
	office := c.offices[0].ID.Key
	head, clerk := b.find(access.Head, office), b.find(access.Supervision, c.unit.ID.Key)
	if head == nil || clerk == nil {
		return nil
	}
	today := b.today()
	made, err := b.app.Callups.Ask(b.ctx, b.as(head), callup.Request{To: office, Reason: "核对四个村三年来的惠农资金账目，需要会看账的同志一起查。", Skills: []string{"finance", "audit"}, From: today, Until: today.AddDays(19), Hours: 80})
	if err != nil {
		return err
	}
	x, err := callup.Get(b.ctx, b.app.DB.In(City), made.ID.Key)
	if err != nil {
		return err
	}
	cs, err := b.app.Callups.Candidates(b.ctx, b.app.DB.In(City), x, today)
	if err != nil || len(cs) == 0 {
		return err
	}
	if _, err := b.app.Engine.Do(b.ctx, b.as(clerk), made.ID, 1, "pick", flow.Values{"lead": {cs[0].Person}}); err != nil {
		return err
	}
	b.out.Acts += 2
	m, err := b.matter(made.ID)
	if err != nil {
		return err
	}
	yes := b.find(access.Head, m.Handler.Key, cs[0].Person)
	if yes == nil {
		return nil
	}
	b.out.Acts++
	_, err = b.app.Engine.Do(b.ctx, b.as(yes), made.ID, m.Version, "consent", flow.Values{"until": {string(x.Until)}, "note": {"同意，请注意保密。"}})
	return err
}
