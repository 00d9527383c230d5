package exchange

import (
	"context"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/duty"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/typed"
)

// Duties are what Party committees' papers give the holders of township posts to do besides, one row a duty, as the county files
// them. A duty is known by its holder, its kind, what or where it is and its first day.
var dutyColumns = []column{
	{"unit", true, []string{"乡镇", "乡镇代码", "单位代码", "单位名称"}},
	{"name", true, nil},
	{"duty_kind", true, []string{"类别", "分工类别"}},
	{"duty_what", true, []string{"分工", "内容", "分工内容或者驻点村", "驻点村"}},
	{"duty_part", true, []string{"承担", "角色"}},
	{"duty_by", true, []string{"分工党委", "作出分工的党委"}},
	{"duty_paper", true, []string{"文号"}},
	{"duty_paper_on", true, []string{"文件日期", "印发日期"}},
	{"duty_hours", true, []string{"每月小时", "月小时数"}},
	{"duty_from", true, []string{"起", "自", "开始日期"}},
	{"duty_last", false, []string{"止", "至", "截止日期"}},
}

// dutyFields are the columns of a filing's fields.
var dutyFields = map[string]string{"unit": "unit", "holding": "name", "kind": "duty_kind", "what": "duty_what", "village": "duty_what", "part": "duty_part", "assigned_by": "duty_by",
	"paper": "duty_paper", "paper_on": "duty_paper_on", "hours": "duty_hours", "from": "duty_from", "to": "duty_last"}

// town is what is known of a township whose duties a table names.
type town struct {
	seats    []duty.Seat
	filed    []duty.Duty
	villages map[string]access.Unit
}

// entering is a filing to enter, or one to end.
type entering struct {
	unit access.Unit
	in   duty.Filing
	was  *duty.Duty
}

func (s *Service) planDuties(ctx context.Context, p *pass) (func(context.Context, *ledger.Tx) error, error) {
	kinds, parts := s.terms("duty_kind", p.on), s.terms("duty_role", p.on)
	villages, towns := p.units.under("village"), map[id.Key]*town{}
	var todo []entering
	seen := map[string]bool{}
	for _, rec := range p.rows {
		f := &form{p: p, rec: rec}
		u := f.unit("unit", true, "township")
		in := duty.Filing{Unit: u.ID.Key, Kind: f.choice("duty_kind", true, kinds), Part: f.choice("duty_part", true, parts), What: f.text("duty_what", true, 60), AssignedBy: f.text("duty_by", true, 60),
			Paper: f.text("duty_paper", true, 60), PaperOn: f.day("duty_paper_on", true), Hours: f.number("duty_hours"), From: f.date("duty_from", true), To: f.date("duty_last", false)}
		name := f.text("name", true, 30)
		label := u.Name + "　" + name + "　" + in.What
		if len(f.bad) > 0 {
			f.done(Wrong, label, nil)
			continue
		}
		if !duty.Files(p.who, u) {
			f.say("unit", "unit.elsewhere", u.Name)
		}
		t, err := s.town(ctx, p.r, towns, villages, u, p.today)
		if err != nil {
			return nil, err
		}
		if in.Kind == "village" {
			v, ok := t.villages[text.Name(in.What)]
			if !ok {
				f.say("duty_what", "sheet.village", in.What)
			}
			in.Village, in.What = v.ID.Key, v.Name
		}
		in.Holding = t.holder(name, in.From)
		if in.Holding == "" {
			f.say("name", "sheet.no_holder", name, u.Name, string(in.From))
		}
		key := in.Holding + "\x00" + in.Kind + "\x00" + text.Name(in.What) + "\x00" + string(in.From)
		if seen[key] {
			f.say("duty_what", "sheet.twice")
		}
		seen[key] = true
		was := t.known(in)
		if was == nil && len(f.bad) == 0 {
			j, err := s.Duties.Check(ctx, p.r, &in, p.today)
			if bad, ok := fault.As(err); ok && len(bad.Fields) > 0 {
				for _, x := range bad.Fields {
					f.say(dutyFields[x.Name], x.Code, x.Args...)
				}
			} else if err != nil {
				return nil, err
			}
			if f.done(New, label+"　"+s.Rules.Name("duty_verdict", j.Verdict, p.lang), nil) {
				todo = append(todo, entering{u, in, nil})
			}
			continue
		}
		var ch []Changed
		if was != nil {
			ch = f.filed(s, was, in)
		}
		if f.done(what(ch), label, ch) && len(ch) > 0 {
			todo = append(todo, entering{u, in, was})
		}
	}
	return func(ctx context.Context, tx *ledger.Tx) error {
		for _, x := range todo {
			var err error
			if x.was != nil {
				err = s.Duties.EndIn(ctx, tx, *x.was, x.in.To)
			} else {
				_, err = s.Duties.FileIn(ctx, tx, p.who, x.unit, x.in)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// town reads a township once.
func (s *Service) town(ctx context.Context, r db.Reader, towns map[id.Key]*town, villages map[id.Key]map[string]access.Unit, u access.Unit, today calendar.Date) (*town, error) {
	t := towns[u.ID.Key]
	if t != nil {
		return t, nil
	}
	t = &town{villages: villages[u.ID.Key]}
	towns[u.ID.Key] = t
	var err error
	if t.seats, err = duty.Seats(ctx, r, u.ID.Key, typed.Oldest, today.AddMonths(12)); err != nil {
		return nil, err
	}
	t.filed, err = duty.Duties(ctx, r, u.ID.Key, typed.Oldest, today.AddMonths(12))
	return t, err
}

// holder is who of that name held a post on a day; "" for nobody.
func (t *town) holder(name string, on calendar.Date) id.Key {
	for _, x := range t.seats {
		if text.Name(x.Name) == text.Name(name) && x.From <= on && (x.To == "" || x.To > on) {
			return x.Holding
		}
	}
	return ""
}

// known is the duty that a filing speaks of; nil if there is none.
func (t *town) known(in duty.Filing) *duty.Duty {
	for i, d := range t.filed {
		if d.Holding == in.Holding && d.Kind == in.Kind && d.From == in.From && text.Name(d.Does()) == text.Name(in.What) && d.Filed {
			return &t.filed[i]
		}
	}
	return nil
}

// filed holds a row against what was filed. A last day may come later; anything else is mended on the page, by a decision.
func (f *form) filed(s *Service, was *duty.Duty, in duty.Filing) (ch []Changed) {
	for _, x := range []struct{ col, was, now string }{
		{"duty_part", s.Rules.Name("duty_role", was.Part, f.p.lang), s.Rules.Name("duty_role", in.Part, f.p.lang)}, {"duty_by", was.AssignedBy, in.AssignedBy}, {"duty_paper", was.Paper, in.Paper},
		{"duty_paper_on", string(was.PaperOn), string(in.PaperOn)}, {"duty_hours", strconv.FormatInt(was.Hours, 10), strconv.Itoa(in.Hours)},
	} {
		if x.was != x.now {
			f.say(x.col, "sheet.filed_otherwise", x.was)
		}
	}
	last := was.Last()
	switch {
	case in.To == "" || in.To == last:
	case last != "":
		f.say("duty_last", "sheet.filed_otherwise", string(last))
	case in.To > f.p.today:
		f.say("duty_last", "day.future")
	case in.To < in.From:
		f.say("duty_last", "day.before", string(in.From))
	default:
		differ(&ch, "duty_last", "", string(in.To))
	}
	return ch
}

func (s *Service) exportDuties(ctx context.Context, r db.Reader, who access.Actor, lang string, row func([]string) error) error {
	x, err := loadUnits(ctx, r, who)
	if err != nil {
		return err
	}
	for _, u := range x.sorted("township") {
		if !duty.Files(who, u) {
			continue
		}
		all, err := duty.Duties(ctx, r, u.ID.Key, typed.Oldest, r.Now().Date().AddMonths(12))
		if err != nil {
			return err
		}
		for _, d := range all {
			if !d.Filed {
				continue
			}
			if err := row([]string{x.label(u), d.Name, s.Rules.Name("duty_kind", d.Kind, lang), d.Does(), s.Rules.Name("duty_role", d.Part, lang), d.AssignedBy, d.Paper, string(d.PaperOn),
				strconv.FormatInt(d.Hours, 10), string(d.From), string(d.Last())}); err != nil {
				return err
			}
		}
	}
	return nil
}
