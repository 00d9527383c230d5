package demo

import (
	"strconv"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/haves"
	"qianshao/internal/id"
	"qianshao/internal/org"
)

// demand is something asked of the first county's townships every month, or of all counties' every other month.
type demand struct {
	day     int // of the month
	city    bool
	what    string
	basis   string
	minutes int64
	used    string // what it was used for; "" nobody said
}

var demands = []demand{
	{3, false, "报送监督检查情况", "云纪办发〔2026〕", 120, "写入当月监督检查通报"},
	{6, false, "报送月度工作台账", "县纪委办公室通知", 240, ""},
	{10, false, "参加警示教育并报送情况", "云纪发〔2026〕", 180, "汇总为全县警示教育情况报告"},
	{12, true, "填报监督检查统计表", "市纪办发〔2026〕", 150, "用于全市监督检查情况分析"},
}

// monthsBack is how many months of it there are: enough for the months side by side that an overview shows.
const monthsBack = 6

// townships plans what is asked of townships, and the six haves. None of it draws from the city's chance: what else happens is
// what it would be without.
func (b *builder) townships() {
	for ago := monthsBack - 1; ago >= 0; ago-- {
		first := b.o.Today.AddMonths(-ago)
		for _, x := range demands {
			day := b.workday(calendar.MakeDate(first.Year(), first.Month(), x.day))
			if x.city && first.Month()%2 == 1 {
				continue
			}
			b.on(day, 9, func() error { return b.demand(x) })
		}
	}
	b.on(b.workday(b.o.Today.AddDays(-3)), 10, b.pastTheCap)
	b.on(b.workday(b.o.Today.AddDays(-24)), 10, func() error { return b.unlisted(0, "县某局", "补报入户走访照片", 90, true) })
	b.on(b.workday(b.o.Today.AddDays(-4)), 10, func() error { return b.unlisted(1, "县某专班", "在另一个群里每日接龙", 60, false) })
	b.on(b.workday(b.o.Today.AddDays(-150)), 10, b.issueHaves)
	b.on(b.workday(b.o.Today.AddDays(-140)), 10, b.adoptHaves)
	b.on(b.workday(b.o.Today.AddDays(-75)), 9, b.rounds)
}

// on plans a step at an hour of a day; what would lie ahead does not happen.
func (b *builder) on(d calendar.Date, hour int, do func() error) {
	if d < b.o.Today {
		b.at(noon(d).Add(time.Duration(hour-12)*time.Hour), do)
	}
}

// oneAt is the first of those who have a role at a unit now, nil if nobody has.
func (b *builder) oneAt(role access.Role, unit access.Unit) *worker {
	if ws := b.hands(role, unit.ID.Key); len(ws) > 0 {
		return ws[0]
	}
	return nil
}

func keys(ts []*township) []id.Key {
	var out []id.Key
	for _, t := range ts {
		out = append(out, t.unit.ID.Key)
	}
	return out
}

// demand asks it, and plans that its use is said.
func (b *builder) demand(x demand) error {
	w, towns := b.oneAt(access.Supervision, b.counties[0].unit), keys(b.counties[0].townships)
	if x.city {
		w, towns = b.oneAt(access.Observer, b.city), nil
		for _, c := range b.counties {
			towns = append(towns, keys(c.townships)...)
		}
	}
	if w == nil {
		return nil
	}
	due := b.today().AddDays(8)
	asks, err := b.app.Burden.Enter(b.ctx, b.as(w), City, burden.NewAsk{What: x.what, Basis: x.basis, Minutes: x.minutes, Due: due, Towns: towns})
	if ok, err := b.took("burden.ask", err); !ok || x.used == "" {
		return err
	}
	b.on(due.AddDays(3), 10, func() error {
		for _, a := range asks {
			v := b.oneAt(access.Deputy, b.counties[0].unit)
			if x.city {
				v = b.oneAt(access.Observer, b.city)
			}
			if v == nil {
				return nil
			}
			if _, err := b.took("burden.use", b.app.Burden.Use(b.ctx, b.as(v), a, 1, x.used)); err != nil {
				return err
			}
		}
		return nil
	})
	return nil
}

// pastTheCap puts to the first county's chief what would pass the cap; it waits there on the last day.
func (b *builder) pastTheCap() error {
	w := b.oneAt(access.Deputy, b.counties[0].unit)
	if w == nil {
		return nil
	}
	in := burden.NewAsk{What: "逐户建立走访档案", Basis: "专班会议要求", Minutes: 900, Due: b.today().AddDays(60), Towns: keys(b.counties[0].townships), Hold: true, Why: "专班要求年底前全覆盖"}
	_, err := b.app.Burden.Enter(b.ctx, b.as(w), City, in)
	_, err = b.took("burden.hold", err)
	return err
}

// unlisted has a township of the first county report an ask; the county answers one of them.
func (b *builder) unlisted(town int, asker, what string, minutes int64, answered bool) error {
	t := b.counties[0].townships[town]
	w := b.oneAt(access.Handler, t.unit)
	if w == nil {
		return nil
	}
	m, err := b.app.Burden.Report(b.ctx, b.as(w), burden.Unlisted{Asker: asker, What: what, Minutes: minutes, On: b.today()})
	if ok, err := b.took("unlisted", err); !ok || !answered {
		return err
	}
	b.on(b.workday(b.today().AddDays(3)), 11, func() error {
		return b.run(b.oneAt(access.Deputy, b.counties[0].unit), m, "stop", flow.Values{"told": {"已告知该局：无文件依据，停止要求；确需了解的由其自行查阅系统数据。"}}, func() error { return nil })
	})
	return nil
}

// issueHaves is the province's list, and the city's, which is the province's as it is.
func (b *builder) issueHaves() error {
	p, c := b.oneAt(access.Observer, b.province), b.oneAt(access.Personnel, b.city)
	if p == nil || c == nil {
		return nil
	}
	l, err := b.app.Haves.Make(b.ctx, b.as(p), id.ID{}, "全省乡镇纪检监察组织六有标准（试行）", false)
	if err == nil {
		err = b.app.Haves.Issue(b.ctx, b.as(p), l, 1)
	}
	if err == nil {
		l, err = b.app.Haves.Make(b.ctx, b.as(c), l, "全市六有标准清单", true)
	}
	b.haves = l
	_, err = b.took("haves.issue", err)
	return err
}

// adoptHaves has every county but the last adopt the city's list; the second drops a line.
func (b *builder) adoptHaves() error {
	for i, c := range b.counties[:len(b.counties)-1] {
		w := b.oneAt(access.Personnel, c.unit)
		if w == nil || b.haves.Zero() {
			continue
		}
		l, err := b.app.Haves.Make(b.ctx, b.as(w), b.haves, c.unit.Name+"六有标准清单", i != 1)
		if err == nil && i == 1 {
			if err = b.app.Haves.DropLine(b.ctx, b.as(w), l, 1, "premises.files"); err == nil {
				err = b.app.Haves.Issue(b.ctx, b.as(w), l, 2)
			}
		}
		if _, err := b.took("haves.adopt", err); err != nil {
			return err
		}
	}
	return nil
}

// lacks are the lines of the list that one township in so many lacks.
var lacks = []struct {
	code  string
	every int
}{{"premises.talk_room", 3}, {"equipment.safe", 4}, {"funds.office", 5}, {"premises.office", 7}, {"equipment.recording", 6}}

// rounds opens a round in the first two counties: nearly all townships say how they stand, and the county checks most. The first
// closes its round and looks again: that one is still open, with something on every desk.
func (b *builder) rounds() error {
	for i, c := range b.counties[:2] {
		x, err := b.round(c, "六有自评", 20)
		if err != nil || x.Zero() {
			return err
		}
		b.on(b.workday(b.today().AddDays(12)), 10, func() error { return b.rate(c, x) })
		b.on(b.workday(b.today().AddDays(30)), 10, func() error { return b.check(c, x) })
		if i > 0 {
			continue
		}
		b.on(b.workday(b.today().AddDays(60)), 10, func() error {
			w := b.oneAt(access.Personnel, c.unit)
			if w == nil {
				return nil
			}
			if ok, err := b.took("haves.close", b.app.Haves.Close(b.ctx, b.as(w), x, 1)); err != nil || !ok {
				return err
			}
			again, err := b.round(c, "六有复评", 25)
			if err != nil || again.Zero() {
				return err
			}
			b.on(b.workday(b.today().AddDays(7)), 10, func() error { return b.again(c, again) })
			return nil
		})
	}
	return nil
}

// round opens a round of a county for some days; zero where it could not.
func (b *builder) round(c *county, name string, days int) (id.ID, error) {
	w := b.oneAt(access.Personnel, c.unit)
	if w == nil {
		return id.ID{}, nil
	}
	x, err := b.app.Haves.Open(b.ctx, b.as(w), strconv.Itoa(b.today().Year())+"年"+name, b.today().AddDays(days))
	_, err = b.took("haves.round", err)
	return x, err
}

// again has townships that are short of people say that nothing has changed, and the county check the first of them. The others have
// it before them yet.
func (b *builder) again(c *county, round id.ID) error {
	checked := false
	for _, t := range c.townships[:len(c.townships)-1] {
		w := b.oneAt(access.Handler, t.unit)
		if w == nil || len(b.staff[t.unit.ID.Key]) == len(org.Establishment) {
			continue
		}
		v, err := b.app.Haves.Town(b.ctx, b.app.DB.In(City), b.as(w), round.Key, t.unit.ID.Key)
		if err != nil {
			return err
		}
		if len(v.Before) == 0 { // it never said anything
			continue
		}
		nothing := func() error { return nil }
		if err := b.run(w, v.Part.ID, "say", flow.Values{"unchanged": {"yes"}}, nothing); err != nil {
			return err
		}
		if p := b.oneAt(access.Personnel, c.unit); p != nil && !checked {
			checked = true
			if err := b.run(p, v.Part.ID, "check", flow.Values{"agrees": {"yes"}}, nothing); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *builder) rate(c *county, round id.ID) error {
	for i, t := range c.townships {
		w := b.oneAt(access.Handler, t.unit)
		if w == nil || i == len(c.townships)-1 {
			continue
		}
		v, err := b.app.Haves.Town(b.ctx, b.app.DB.In(City), b.as(w), round.Key, t.unit.ID.Key)
		if err != nil {
			return err
		}
		in := map[string]haves.Said{}
		for _, l := range v.Lines {
			if l.Asked() {
				in[l.Code] = haves.Said{Value: map[string]string{"yes": "yes", "number": "30000", "date": "2024-06-18"}[l.Kind], Evidence: map[bool]string{true: "见文件"}[l.Evidence.Zh != ""]}
			}
		}
		in["rules.core"], in["equipment.computers"] = haves.Said{Value: "8", Evidence: "制度汇编"}, haves.Said{Value: "2"}
		for j, x := range lacks {
			if _, ok := in[x.code]; ok && (i+j)%x.every == 0 {
				in[x.code] = haves.Said{Value: map[string]string{"funds.office": "20000", "premises.talk_room": ""}[x.code]}
				if x.code != "funds.office" && x.code != "premises.talk_room" {
					in[x.code] = haves.Said{Value: "no"}
				}
			}
		}
		if _, err := b.took("haves.rate", b.app.Haves.Rate(b.ctx, b.as(w), v.Part.ID, v.Part.Version, in)); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) check(c *county, round id.ID) error {
	w := b.oneAt(access.Personnel, c.unit)
	if w == nil {
		return nil
	}
	for i, t := range c.townships[:len(c.townships)-3] {
		v, err := b.app.Haves.Town(b.ctx, b.app.DB.In(City), b.as(w), round.Key, t.unit.ID.Key)
		if err != nil {
			return err
		}
		in := map[string]haves.Judged{}
		for code := range v.Answers {
			in[code] = haves.Judged{Verdict: haves.Agrees}
		}
		if len(in) == 0 {
			continue
		}
		if i == 2 {
			in["equipment.computers"] = haves.Judged{Verdict: haves.Differs, Reason: "其中一台已报废，另一台与他人合用"}
		}
		if _, err := b.took("haves.check", b.app.Haves.Check(b.ctx, b.as(w), v.Part.ID, v.Part.Version, in)); err != nil {
			return err
		}
	}
	return nil
}
