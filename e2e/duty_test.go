package e2e

import (
	"bytes"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/duty"
)

// effort is what a journey asked of somebody: what they clicked, and what they filled in.
type effort struct {
	*person
	clicks, fields int
	began          time.Time
}

func (p *person) counted() *effort { return &effort{person: p, began: time.Now()} }

func (e *effort) clicks1(sel string)       { e.t.Helper(); e.clicks++; e.click(sel) }
func (e *effort) taps(within, text string) { e.t.Helper(); e.clicks++; e.tapped(within, text) }
func (e *effort) fills(fields pairs)       { e.t.Helper(); e.fields += len(fields) / 2; e.fill(fields) }

// under holds a journey to what it may ask of somebody.
func (e *effort) under(clicks, fields int, took time.Duration) {
	e.t.Helper()
	if d := time.Since(e.began); e.clicks > clicks || e.fields > fields || d > took {
		e.fail("it takes %d clicks, %d fields and %s, and may take %d, %d and %s", e.clicks, e.fields, d, clicks, fields, took)
	}
}

func (e *effort) tells(what string) {
	e.t.Helper()
	e.t.Logf("%s: %d clicks, %d fields, %.1f s", what, e.clicks, e.fields, time.Since(e.began).Seconds())
}

// tend lets happen what happens by itself.
func (c *city) tend(d calendar.Date) {
	c.t.Helper()
	c.day(d)
	if err := c.App.Duties.Tend(apptest.Ctx, apptest.City); err != nil {
		c.t.Fatal(err)
	}
}

// tenMinutes is what this system may ask of a township in a month in which nothing happens.
const tenMinutes = 10

// asked holds what stands on a township's account of this month to less than some minutes.
func (c *city) asked(town string, minutes int64) {
	c.t.Helper()
	a, err := c.App.Burden.Account(apptest.Ctx, c.App.DB.In(apptest.City), c.As("officer"), c.Units[town].ID.Key, c.App.DB.Today().MonthKey())
	if err != nil {
		c.t.Fatal(err)
	}
	if got := a.Months[len(a.Months)-1].Minutes; got == 0 || got >= minutes {
		c.t.Errorf("%d minutes stand on the account of %s", got, a.Months[len(a.Months)-1].Key)
	}
}

// TestDutyMonth: the county's clerk files three duties from the committee's paper; a month later the township's officer finds the
// month on the desk and confirms it at one stroke, and the next by one exception. It takes a few clicks, no field but the exception, and
// seconds; and what this system asked of the township in either month is under ten minutes on its account.
func TestDutyMonth(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	town := "/duties/" + c.Units["full"].ID.String()
	s := c.person("supervision").counted()
	for _, x := range []struct{ holder, kind, what, part, verdict string }{
		{"secretary", "project", "园区征地协调", "main", "需退出"}, {"twpdeputy", "leading_group", "安全生产领导小组成员", "part", "允许"}, {"officer", "other", "便民大厅值班", "main", "待核"},
	} {
		s.open(town + "/new")
		if asked := s.count("main form .f"); asked > mostAsked {
			s.fail("the form asks for %d things before anything is opened", asked)
		}
		s.fills(pairs{"holding", c.Who[x.holder].Holding, "kind", x.kind, "what", x.what, "part", x.part, "paper", "石党发〔2026〕3号", "paper_on", "2026-09-01", "hours", "10", "from", "2026-09-01"})
		s.clicks++
		s.submit()
		s.there(".flash")
		s.sees(x.verdict, "石党发〔2026〕3号")
	}
	s.tells("filing three duties")
	s.open("/duties")
	s.sees("石桥镇")

	c.tend("2026-11-02")
	p := c.person("officer").counted()
	p.sees("确认上月备案", "石桥镇2026年10月职责备案确认")
	p.taps("main", "确认上月备案")
	p.sees("园区征地协调", "每月10小时")
	p.clicks1(`[name="do"][value="confirm"]`)
	p.sees("已确认")
	p.tells("a month that is as the one before")
	p.under(2, 0, time.Minute)
	c.asked("full", tenMinutes)
	p.open("/")
	p.seesNot("确认上月备案")

	c.tend("2026-12-01")
	p = c.person("officer").counted()
	p.taps("main", "确认上月备案")
	p.clicks++
	p.press("main details summary")
	f := c.rowsOf(`SELECT d.id FROM duties d WHERE d.city_id = $1 AND d.kind = 'other'`)[0]
	p.fills(pairs{"hours-" + f, "24"})
	p.clicks1(`[name="do"][value="change"]`)
	p.sees("已确认", "每月24小时")
	p.tells("a month by exception")
	p.under(3, 1, time.Minute)
	c.asked("full", tenMinutes)
	p.open(town)
	p.sees("三转逐月", "2026年11月")
}

// TestTaskHandedBack: a township is given a task that is none of its commission's. The officer enters it, and the county refuses it at
// once; the county's clerk finds the letter ready, prints it and sends it; the officer takes down who signed, and the board shows it.
func TestTaskHandedBack(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	town := "/duties/" + c.Units["full"].ID.String()
	p := c.person("officer").counted()
	p.open(town)
	p.taps("main", "登记任务")
	if asked := p.count("main form .f"); asked > mostAsked {
		p.fail("the form asks for %d things", asked)
	}
	p.fills(pairs{"name", "工程招标现场见证", "work", "procurement", "part", "lead", "department", "公共资源交易站"})
	p.clicks++
	p.submit()
	p.there(".flash")
	p.sees("县纪委监委不予登记", "公共资源交易站")
	m := c.only(duty.KindHandBack)
	p.open(town)
	p.seesNot("工程招标现场见证")

	s := c.person("supervision").counted()
	s.sees("工程招标现场见证")
	s.matter(m)
	s.taps("main", "打印交还函")
	s.clicks++
	s.submit()
	s.sees("云渡县纪委监委", "公共资源交易站")
	if pdf := s.print(); !bytes.HasPrefix(pdf, []byte("%PDF")) {
		s.fail("the letter does not print")
	}
	s.move(m, "send", "on", "2026-10-12")
	s.tells("the letter and its sending")
	p.open("/")
	p.sees("工程招标现场见证")
	p.move(m, "receive", "signed_by", "交易站负责人", "on", "2026-10-12")
	p.tells("a task refused and handed back, the township's part")
	c.in(m, duty.Received)
	s.open("/handbacks/board")
	s.sees("已接收", "工程招标现场见证", "回头转")
}

// TestCreepBack: an inspection that nobody was told of finds a task that had been handed back with the commission again, and more of
// a duty than was filed. The task creeps back and is on the clerk's desk; what differs is on the township's, which explains it.
func TestCreepBack(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	unit := c.Units["full"].ID
	f, err := c.App.Duties.File(apptest.Ctx, c.As("supervision"), duty.Filing{Unit: unit.Key, Holding: c.Who["officer"].Holding, Kind: "other", What: "便民大厅值班", Part: duty.PartMain, AssignedBy: "石桥镇党委", Paper: "石党发〔2026〕3号", PaperOn: "2026-09-01", Hours: 10, From: "2026-09-01"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.App.Duties.Enter(apptest.Ctx, c.As("officer"), duty.Entry{Unit: unit.Key, Name: "征地拆迁工作专班", Work: "land", Part: duty.PartLead, Department: "自然资源所", GivenBy: "石桥镇党委", From: "2026-10-12"})
	if err != nil {
		t.Fatal(err)
	}
	m := e.HandBack
	c.Do("supervision", m, "send", map[string][]string{"on": {"2026-10-12"}})
	c.Do("officer", m, "receive", map[string][]string{"signed_by": {"李所长"}, "on": {"2026-10-12"}})
	c.day("2026-11-20")

	s := c.person("supervision").counted()
	s.open("/duties/" + unit.String())
	s.taps("main", "登记明察暗访")
	s.sees("便民大厅值班", "征地拆迁工作专班")
	s.fills(pairs{"inspectors", "钟某、方某", "looked", "值班表、拆迁协调会记录", "found-" + f.Duty, "more", "note-" + f.Duty, "每周三天。", "found-" + m.Key, "back", "note-" + m.Key, "近两次协调会由纪委书记主持。"})
	s.clicks++
	s.submit()
	s.there(".flash")
	s.sees("便民大厅值班", "承担的多于备案", "待说明", "征地拆迁工作专班", "回头转")
	s.tells("an inspection with two findings")
	c.in(m, duty.Crept)
	s.open("/")
	s.sees("再次发函交还回头转事项", "征地拆迁工作专班")
	s.open("/handbacks/board")
	s.sees("征地拆迁工作专班")

	p := c.person("officer")
	p.sees("说明情况", "便民大厅值班")
	v := c.only(duty.KindDeviation)
	p.move(v, "answer", "answered_by", "township", "said", "党委临时安排，未行文，已报告。")
	c.in(v, duty.Answered)
	s.matter(v)
	s.sees("党委临时安排")
	s.move(v, "judge", "holds", "order", "reason", "超出备案，应由党委纠正。")
	c.in(v, duty.Ordered)
	if o := c.Matter(c.only(duty.KindOrder)); o.State != duty.Found || !o.Handler.Zero() {
		t.Errorf("%+v", o)
	}
	s.tells("the whole of it, the county's part")
}
