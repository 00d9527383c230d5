package demo

import (
	"time"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/duty"
	"qianshao/internal/flow"
	"qianshao/internal/id"
)

// boundary is how the first county began to file what the holders of its townships' posts are made to do, over the last months: some
// of everything. Nothing here takes from the numbers that the rest of the city is made by.
func (b *builder) boundary() {
	c := b.counties[0]
	given := map[string]id.ID{} // hand-backs by what they are
	day := func(ago, minutes int, do func() error) {
		b.at(noon(b.workday(b.o.Today.AddDays(-ago))).Add(time.Duration(minutes-150)*time.Minute), do)
	}
	day(130, 0, func() error { return b.fileDuties(c) })
	day(126, 0, func() error { return b.enterTasks(c, given) })
	day(124, 0, func() error {
		return b.moveAll(c, duty.KindHandBack, duty.Proposed, access.Supervision, "send", b.onDay, 50)
	})
	day(120, 0, func() error { return b.moveAll(c, duty.KindOrder, duty.Found, access.Deputy, "issue", b.onDay, 50) })
	day(117, 0, func() error { return b.signed(given["村级工程招标现场见证"], "张主任") })
	day(116, 0, func() error { return b.signed(given["征地拆迁工作专班"], "李所长") })
	day(100, 0, func() error {
		return b.moveAll(c, duty.KindOrder, duty.Ordered, access.Supervision, "correct", func() flow.Values { return flow.Values{"on": b.day(), "answer_no": {"党函〔2026〕21号"}} }, 1)
	})
	day(86, 0, func() error { return b.app.Duties.Tend(b.ctx, City) })
	day(85, 0, func() error {
		return b.moveAll(c, duty.KindHandBack, duty.County, access.Deputy, "decide", func() flow.Values {
			return flow.Values{"decision": {"insist"}, "reason": {"属于主责部门职责。"}}
		}, 50)
	})
	day(80, 0, func() error { return b.signed(given["秸秆禁烧巡查"], "生态环境办邓主任") })
	day(75, 0, func() error {
		return b.moveAll(c, duty.KindOrder, duty.Overdue, access.Deputy, "talk", func() flow.Values {
			return flow.Values{"on": b.day(), "said": {"要求本月内调整分工并书面报告。"}}
		}, 1)
	})
	day(52, 0, func() error {
		return b.one(c, given["征地拆迁工作专班"], access.Deputy, "verify", flow.Values{"result": {"stays"}, "on": nil, "note": {"到现场查看，征地拆迁由自然资源所牵头。"}})
	})
	day(30, 0, func() error { return b.inspectTowns(c, given) })
	day(6, 0, func() error { return b.enterLater(c) })
	for i := range 4 { // the first working days of the last months
		first := calendar.MakeDate(b.o.Today.Year(), b.o.Today.Month(), 1).AddMonths(i - 3)
		b.at(noon(b.workday(first)).Add(-200*time.Minute), func() error { return b.app.Duties.Tend(b.ctx, City) })
		b.at(noon(b.workday(first)).Add(-100*time.Minute), func() error { return b.confirmMonth(c) })
	}
}

// who is somebody with a role at a unit: the first, so that nothing is drawn.
func (b *builder) who(role access.Role, unit id.Key) (access.Actor, bool) {
	ws := b.hands(role, unit)
	if len(ws) == 0 {
		return access.Actor{}, false
	}
	return b.as(ws[0]), true
}

func (b *builder) onDay() flow.Values { return flow.Values{"on": b.day()} }

// filed are what the committees' papers say of the first townships' holders.
var filed = []struct {
	town                   int
	post, kind, part, what string
	hours                  int
}{
	{0, "deputy", "leading_group", "part", "安全生产工作领导小组成员", 6}, {0, "secretary", "village", "main", "", 16}, {0, "officer", "other", "main", "便民服务大厅值班", 24},
	{1, "secretary", "project", "main", "工业园区拆迁协调", 30}, {1, "deputy", "village", "main", "", 12}, {1, "officer", "secondment", "main", "抽调县委巡察办", 80},
	{2, "deputy", "portfolio", "main", "分管党政办", 40}, {2, "officer", "leading_group", "part", "防汛抗旱工作领导小组成员", 8}, {3, "deputy", "leading_group", "part", "人居环境整治工作领导小组成员", 10},
}

// fileDuties enters them from the papers and decides one that the rules leave open.
func (b *builder) fileDuties(c *county) error {
	clerk, ok := b.who(access.Supervision, c.unit.ID.Key)
	if !ok {
		return nil
	}
	for _, x := range filed {
		t := c.townships[x.town]
		for _, w := range b.staff[t.unit.ID.Key] {
			if w.kind != x.post {
				continue
			}
			in := duty.Filing{Unit: t.unit.ID.Key, Holding: w.seat.Holding, Kind: x.kind, What: x.what, Part: x.part, AssignedBy: duty.Committee(t.unit), Paper: short(t.unit.Name) + "党发〔" + b.today().MonthKey()[:4] + "〕12号",
				PaperOn: b.today().AddDays(-40), Hours: x.hours, From: max(w.from, b.today().AddDays(-40))}
			if x.kind == "village" {
				in.Village = t.villages[0].ID.Key
			}
			f, err := b.app.Duties.File(b.ctx, clerk, in)
			if done, err := b.took("file duty", err); !done || err != nil {
				return err
			}
			if x.kind != "secondment" {
				continue
			}
			leader, ok := b.who(access.Deputy, c.unit.ID.Key)
			if !ok {
				continue
			}
			_, err = b.app.Duties.Decide(b.ctx, leader, f.Duty, 1, duty.Allowed, "县纪委已书面同意，期限半年。")
			if _, err := b.took("decide duty", err); err != nil {
				return err
			}
		}
	}
	return nil
}

// enterTasks enters tasks as townships were given them: some are refused, one that is in the list is handed back.
func (b *builder) enterTasks(c *county, given map[string]id.ID) error {
	for _, x := range []struct {
		town                         int
		name, work, part, department string
		signs                        bool
	}{
		{0, "惠农补贴发放专项监督", "special", "main", "财政所", false}, {0, "村级工程招标现场见证", "procurement", "lead", "公共资源交易站", false}, {0, "集镇改造工程验收", "project", "part", "建设服务中心", true},
		{1, "违规吃喝专项检查", "conduct", "lead", "", false}, {1, "征地拆迁工作专班", "land", "lead", "自然资源所", false}, {2, "农村集体资产清查再检查", "performance", "lead", "农业农村办", false},
		{2, "秸秆禁烧巡查", "business", "lead", "生态环境办", false},
	} {
		t := c.townships[x.town]
		who, ok := b.who(access.Handler, t.unit.ID.Key)
		if !ok {
			continue
		}
		done, err := b.app.Duties.Enter(b.ctx, who, duty.Entry{Unit: t.unit.ID.Key, Name: x.name, Work: x.work, Part: x.part, Department: x.department, GivenBy: duty.Committee(t.unit), From: b.today(), Signs: x.signs})
		if ok, err := b.took("enter task", err); !ok || err != nil {
			return err
		}
		if done.Refusal != nil {
			given[x.name] = done.HandBack
		}
	}
	return nil
}

// moveAll makes a move of the matters of a kind that stand in a state, of so many at most.
func (b *builder) moveAll(c *county, kind, state string, role access.Role, move string, in func() flow.Values, most int) error {
	who, ok := b.who(role, c.unit.ID.Key)
	if !ok {
		return nil
	}
	page, err := b.app.Engine.List(b.ctx, who, flow.Filter{Kind: kind, View: state, Limit: most})
	if err != nil {
		return err
	}
	for _, m := range page.Matters {
		_, err := b.app.Engine.Do(b.ctx, who, m.ID, m.Version, move, in())
		if _, err := b.took(kind+"."+move, err); err != nil {
			return err
		}
	}
	return nil
}

// one makes a move of one matter; "on" is today where it is asked for.
func (b *builder) one(c *county, key id.ID, role access.Role, move string, in flow.Values) error {
	who, ok := b.who(role, c.unit.ID.Key)
	if !ok || key.Zero() {
		return nil
	}
	m, err := b.matter(key)
	if err != nil {
		return err
	}
	if _, asked := in["on"]; asked {
		in["on"] = b.day()
	}
	_, err = b.app.Engine.Do(b.ctx, who, key, m.Version, move, in)
	_, err = b.took("handback."+move, err)
	return err
}

func (b *builder) signed(key id.ID, by string) error {
	return b.one(b.counties[0], key, access.Supervision, "receive", flow.Values{"signed_by": {by}, "on": nil})
}

// inspectTowns goes to two townships unannounced: one task is back with the commission, one duty is more than was filed, one is in
// no filing.
func (b *builder) inspectTowns(c *county, given map[string]id.ID) error {
	who, ok := b.who(access.Supervision, c.unit.ID.Key)
	if !ok {
		return nil
	}
	for i, x := range []duty.Inspection{
		{Inspectors: "县纪委监委党风政风室 钟某、方某", Looked: "党政办值班表、招标见证记录，走访建设服务中心", Findings: []duty.Finding{{HandBack: given["村级工程招标现场见证"].Key, Found: "back", Note: "近两次招标仍由纪委干部签字见证。"}}},
		{Inspectors: "县纪委监委党风政风室 钟某、万某", Looked: "分工文件、工作群通知，走访村干部", Findings: []duty.Finding{{Found: "unfiled", Note: "由纪检干事承担统计报表"}}},
	} {
		t := c.townships[i].unit
		x.Unit, x.On, x.Undisclosed = t.ID.Key, b.today(), true
		ds, err := duty.Duties(b.ctx, b.app.DB.In(City), t.ID.Key, b.today(), b.today())
		if err != nil {
			return err
		}
		for n, d := range ds {
			f := duty.Finding{Duty: d.ID, Found: "as_filed"}
			if n == 0 {
				f.Found, f.Note = "more", "值班表上每周三天。"
			}
			x.Findings = append(x.Findings, f)
		}
		_, err = b.app.Duties.Inspect(b.ctx, who, x)
		if _, err := b.took("inspect", err); err != nil {
			return err
		}
	}
	return nil
}

// enterLater is a task of the last week: its letter waits on the county's desk.
func (b *builder) enterLater(c *county) error {
	t := c.townships[3]
	who, ok := b.who(access.Handler, t.unit.ID.Key)
	if !ok {
		return nil
	}
	_, err := b.app.Duties.Enter(b.ctx, who, duty.Entry{Unit: t.unit.ID.Key, Name: "耕地流转合同审核", Work: "approval", Part: duty.PartPart, Department: "农业农村办", GivenBy: duty.Committee(t.unit), From: b.today(), Signs: true})
	_, err = b.took("enter task", err)
	return err
}

// confirmMonth is what the townships make of the month that they are asked for: most have nothing to change, the last two let it lie.
func (b *builder) confirmMonth(c *county) error {
	for _, t := range c.townships[:len(c.townships)-2] {
		who, ok := b.who(access.Handler, t.unit.ID.Key)
		if !ok {
			continue
		}
		m, open, err := duty.ToConfirm(b.ctx, b.app.DB.In(City), t.unit.ID.Key)
		if err != nil {
			return err
		}
		if !open {
			continue
		}
		if t == c.townships[3] && b.o.Today.Sub(b.today()) < 40 {
			continue // one is late with the last month
		}
		x, err := b.matter(m.Matter.ID)
		if err != nil {
			return err
		}
		_, err = b.took("confirm", b.app.Duties.Confirm(b.ctx, who, x.ID, x.Version, nil))
		if err != nil {
			return err
		}
	}
	return nil
}
