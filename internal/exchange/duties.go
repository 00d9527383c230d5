package exchange

import (
	"context"
	"slices"
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
	have     []duty.Duty // with what rows make of them
	villages map[string]access.Unit
	once     map[id.Key]bool // duties that a row spoke of
}

// entering is a row that is right as far as it goes alone.
type entering struct {
	f     *form
	unit  access.Unit
	town  *town
	label string
	in    duty.Filing
	was   *duty.Duty // what it speaks of: filed, or brought by a roster; nil for what is new
}

func (s *Service) planDuties(ctx context.Context, p *pass) (func(context.Context, *ledger.Tx) error, error) {
	kinds, parts := s.terms("duty_kind", p.on), s.terms("duty_role", p.on)
	villages, towns := p.units.under("village"), map[id.Key]*town{}
	var all []*entering
	for _, rec := range p.rows {
		f := &form{p: p, rec: rec}
		x := &entering{f: f, unit: f.unit("unit", true, "township")}
		all = append(all, x)
		x.in = duty.Filing{Unit: x.unit.ID.Key, Kind: f.choice("duty_kind", true, kinds), Part: f.choice("duty_part", true, parts), What: f.text("duty_what", true, 60), AssignedBy: f.text("duty_by", true, 60),
			Paper: f.text("duty_paper", true, 60), PaperOn: f.day("duty_paper_on", true), Hours: f.number("duty_hours"), From: f.date("duty_from", true), To: f.date("duty_last", false)}
		if rec.get("duty_hours") == "" {
			f.say("duty_hours", "required") // nothing filed is not no hours
		}
		name := f.text("name", true, 30)
		x.label = x.unit.Name + "　" + name + "　" + x.in.What
		if len(f.bad) > 0 {
			continue
		}
		if !duty.Files(p.who, x.unit) {
			f.say("unit", "unit.elsewhere")
			continue
		}
		var err error
		if x.town, err = s.town(ctx, p.r, towns, villages, x.unit, p.today); err != nil {
			return nil, err
		}
		switch held := x.town.holders(name, x.in.From); len(held) {
		case 0:
			f.say("name", "sheet.no_holder", name, x.unit.Name, string(x.in.From))
			continue
		case 1:
			x.in.Holding = held[0]
		default:
			f.say("name", "sheet.holders", name)
			continue
		}
		if x.was = x.town.known(x.in); x.was != nil && x.was.Filed {
			s.filed(f, x.was, x.in)
			continue
		}
		if x.in.Kind == "village" {
			v, ok := x.town.villages[text.Name(x.in.What)]
			if !ok {
				f.say("duty_what", "sheet.village", x.in.What)
			}
			x.in.Village, x.in.What = v.ID.Key, v.Name
		}
	}
	return s.enter(ctx, p, all)
}

// enter holds rows against one another and against what is filed: what a row ends makes room for another.
func (s *Service) enter(ctx context.Context, p *pass, all []*entering) (func(context.Context, *ledger.Tx) error, error) {
	for _, x := range all {
		if x.was != nil && len(x.f.bad) == 0 {
			if x.town.once[x.was.ID] {
				x.f.say("duty_what", "sheet.twice")
			}
			x.town.once[x.was.ID] = true
			d := &x.town.have[slices.IndexFunc(x.town.have, func(d duty.Duty) bool { return d.ID == x.was.ID })]
			if d.From = x.in.From; x.in.To != "" {
				d.To = x.in.To.AddDays(1)
			}
		}
	}
	var ends, fresh []*entering
	for _, x := range all {
		switch {
		case len(x.f.bad) > 0:
			x.f.done(Wrong, x.label, nil)
		case x.was != nil && x.was.Filed:
			var ch []Changed
			if x.was.Last() == "" && x.in.To != "" {
				differ(&ch, "duty_last", "", string(x.in.To))
				ends = append(ends, x)
			}
			x.f.done(what(ch), x.label, ch)
		default:
			j, err := s.Duties.Check(ctx, p.r, &x.in, p.today)
			if bad, ok := fault.As(err); ok && len(bad.Fields) > 0 {
				for _, y := range bad.Fields {
					x.f.say(dutyFields[y.Name], y.Code, y.Args...)
				}
			} else if err != nil {
				return nil, err
			}
			does, ch, but := New, []Changed(nil), id.Key("")
			if x.was != nil {
				does, but = Change, x.was.ID
				differ(&ch, "duty_part", "", s.Rules.Name("duty_role", x.in.Part, p.lang))
				differ(&ch, "duty_paper", x.was.Paper, x.in.Paper)
				differ(&ch, "duty_from", string(x.was.From), string(x.in.From))
			}
			switch d := duty.Twice(x.town.have, x.in, but); {
			case d != nil && d.ID == "": // of a row before
				x.f.say("duty_what", "sheet.twice")
			case d != nil:
				x.f.say("duty_what", "duty.overlap", string(d.From))
			}
			if x.f.done(does, x.label+"　"+s.Rules.Name("duty_verdict", j.Verdict, p.lang), ch) {
				fresh = append(fresh, x)
			}
			row := duty.Duty{Holding: x.in.Holding, Kind: x.in.Kind, What: x.in.What, Place: x.in.Village, From: x.in.From}
			if x.in.To != "" {
				row.To = x.in.To.AddDays(1)
			}
			x.town.have = append(x.town.have, row)
		}
	}
	return func(ctx context.Context, tx *ledger.Tx) error {
		for _, x := range ends {
			if err := s.Duties.EndIn(ctx, tx, *x.was, x.in.To); err != nil {
				return err
			}
		}
		for _, x := range fresh {
			var err error
			if x.was != nil {
				_, err = s.Duties.CompleteIn(ctx, tx, p.who, x.unit, *x.was, x.in)
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
	t = &town{villages: villages[u.ID.Key], once: map[id.Key]bool{}}
	towns[u.ID.Key] = t
	var err error
	if t.seats, err = duty.Seats(ctx, r, u.ID.Key, typed.Oldest, duty.Ahead(today)); err != nil {
		return nil, err
	}
	t.have, err = duty.Duties(ctx, r, u.ID.Key, typed.Oldest, duty.Ahead(today))
	return t, err
}

// holders are those of a name who held a post on a day.
func (t *town) holders(name string, on calendar.Date) (out []id.Key) {
	for _, x := range t.seats {
		if text.Name(x.Name) == text.Name(name) && x.From <= on && (x.To == "" || x.To > on) {
			out = append(out, x.Holding)
		}
	}
	return out
}

// known is the duty that a row speaks of: one filed from that day on, or one that a roster brought, which knows no day of its own; nil
// if there is none.
func (t *town) known(in duty.Filing) *duty.Duty {
	for _, d := range t.have {
		if d.Holding == in.Holding && d.Kind == in.Kind && text.Name(d.Does()) == text.Name(in.What) && (d.Filed && d.From == in.From || !d.Filed && (d.To == "" || d.To > in.From)) {
			return &d
		}
	}
	return nil
}

// filed says what a row has otherwise than it was filed. A last day may come later; anything else is mended on the page.
func (s *Service) filed(f *form, was *duty.Duty, in duty.Filing) {
	for _, x := range []struct{ col, was, now string }{
		{"duty_part", s.Rules.Name("duty_role", was.Part, f.p.lang), s.Rules.Name("duty_role", in.Part, f.p.lang)}, {"duty_by", was.AssignedBy, in.AssignedBy}, {"duty_paper", was.Paper, in.Paper},
		{"duty_paper_on", string(was.PaperOn), string(in.PaperOn)}, {"duty_hours", strconv.FormatInt(was.Hours, 10), strconv.Itoa(in.Hours)},
	} {
		if x.was != x.now {
			f.say(x.col, "sheet.filed_otherwise", x.was)
		}
	}
	switch last := was.Last(); {
	case in.To == "" || in.To == last:
	case last != "":
		f.say("duty_last", "sheet.filed_otherwise", string(last))
	case in.To > f.p.today:
		f.say("duty_last", "day.future")
	case in.To < in.From:
		f.say("duty_last", "day.before", string(in.From))
	}
}

func (s *Service) exportDuties(ctx context.Context, r db.Reader, who access.Actor, lang string, row func([]string) error) error {
	x, err := loadUnits(ctx, r, who)
	if err != nil {
		return err
	}
	scope := who.Scope(access.DutyRead)
	for _, u := range x.sorted("township") {
		if !scope.Covers(u) {
			continue
		}
		all, err := duty.Duties(ctx, r, u.ID.Key, typed.Oldest, duty.Ahead(r.Now().Date()))
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
