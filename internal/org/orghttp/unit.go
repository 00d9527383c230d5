package orghttp

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/org/roll"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// unitView is one unit: where it stands, who is in it, what they do besides. Matters are never listed here.
type unitView struct {
	Frame    ui.Frame
	Title    string
	Kind     string
	Up       []ui.Segment // the units above, from the top down
	Facts    []Fact
	Posts    []postView
	Groups   []org.Group
	Headed   string // how many of the groups the secretary heads
	Below    []belowView
	Rules    func(list, code string) string
	Days     func(d calendar.Date) string
	Township bool
	Self     string
	On       calendar.Date // the day it is shown of, where that is an earlier one
	NotThen  string        // it was not there on that day
	Change   string        // where whoever sees to it merges, moves or renames it
}

type postView struct {
	ID       string
	Post     string
	Name     string
	Href     string // of whoever holds it
	Since    string
	Age      string
	Served   string
	FullTime string
	Part     bool // appointed part-time, or with other duties
	Villages []string
	Others   []string
	Vacant   string // since when, for a vacant post
	Acting   bool
}

type belowView struct {
	Title string
	Units []ui.Segment
}

func (p *Pages) unit(c *web.Ctx) error {
	x, err := c.ID("id")
	if err != nil {
		return err
	}
	if !inCities(c.Who, x.City) {
		return fault.Hidden()
	}
	r := c.In(x)
	u, above, under, err := access.Kin(c.Context(), r, x.Key)
	if err != nil {
		return err
	}
	on, err := c.Day("on")
	if err != nil {
		return err
	}
	day, err := org.UnitAt(c.Context(), r, u.ID.Key, on)
	if err != nil {
		return err
	}
	past := on < c.Today
	if past {
		u = org.AsOf(u, day.Names, on)
		if under, err = org.Below(c.Context(), r, u.ID.Key, on); err != nil {
			return err
		}
	}
	v := unitView{Frame: c.Frame(u.Name), Title: u.Name, Self: "/units/" + x.String(), Kind: c.T("unitkind." + u.Kind), Township: u.Kind == "township",
		Rules: func(list, code string) string { return p.Rules.Name(list, code, c.Lang) },
		Days:  func(d calendar.Date) string { return ui.LongDay(c.Lang, d) }}
	then := ""
	if past {
		v.On, then = on, "?on="+string(on)
		if on < u.Opened || u.Closed != "" && u.Closed <= on {
			v.NotThen = c.T("unit.not_then", ui.LongDay(c.Lang, on))
		}
	}
	if !past && x.City == c.Who.City && c.Who.Can(access.Appoint) && org.MayReorganise(c.Who, u) {
		v.Change = changePath + u.ID.String()
	}
	if u.Commission() != u.Name {
		v.Kind += "　" + u.Commission()
	}
	if err := p.above(c, u, above, &v); err != nil {
		return err
	}
	if err := p.unitFacts(c, u, above, on, day, &v); err != nil {
		return err
	}
	if err := p.posts(c, u, on, day.Duties, &v); err != nil {
		return err
	}
	v.Groups = day.Groups
	headed := int64(0)
	for _, g := range v.Groups {
		if g.HeadPost == org.Establishment[0] {
			headed++
		}
	}
	if len(v.Groups) > 0 {
		v.Headed = c.T("unit.headed", ui.Fraction(headed, int64(len(v.Groups))))
	}
	for _, kind := range []string{"county", "office", "township", "village"} {
		var below []access.Unit
		for _, w := range under {
			if w.Kind == kind {
				below = append(below, w)
			}
		}
		b := belowView{Title: c.T("unit.below."+kind, strconv.Itoa(len(below)))}
		for _, w := range below {
			b.Units = append(b.Units, ui.Segment{Text: w.Name, Href: "/units/" + w.ID.String() + then})
		}
		if len(b.Units) > 0 {
			v.Below = append(v.Below, b)
		}
	}
	return c.Render(http.StatusOK, unitPage(v))
}

func (p *Pages) above(c *web.Ctx, u access.Unit, near map[id.Key]access.Unit, v *unitView) error {
	for up := u.Superior; up != ""; {
		s, ok := near[up]
		if !ok {
			var err error
			if s, err = access.GetUnit(c.Context(), c.In(u.ID), up); err != nil {
				return err
			}
		}
		v.Up = append([]ui.Segment{{Text: s.Name, Href: unitOn(s.ID, v.On)}}, v.Up...)
		up = s.Superior
	}
	return nil
}

// unitFacts are what is said of the unit itself; every number leads to its rows.
func (p *Pages) unitFacts(c *web.Ctx, u access.Unit, near map[id.Key]access.Unit, on calendar.Date, day org.UnitDay, v *unitView) error {
	add := func(label string, text ...ui.Segment) {
		v.Facts = append(v.Facts, Fact{c.T("unit." + label), text})
	}
	then, shown := "", url.Values{"of": {"place"}, "unit": {u.ID.String()}}
	if v.On != "" {
		then = "?on=" + string(v.On)
		shown.Set("to", string(v.On))
	}
	if u.Code != "" {
		add("code", ui.Segment{Text: u.Code})
	}
	if o, ok := near[u.Office]; ok {
		add("office", ui.Segment{Text: o.Name, Href: unitOn(o.ID, v.On)})
	}
	if sc := c.Who.Scope(access.DutyRead); u.Kind == "township" && (sc.Covers(u) || sc.Handles(u.ID)) {
		add("duties", ui.Segment{Text: c.T("unit.duties.open"), Href: "/duties/" + u.ID.String() + then})
	}
	if u.Kind == "township" && on == c.Today {
		for _, of := range p.OfTown {
			f, err := of(c, u)
			if err != nil {
				return err
			}
			if f != nil {
				v.Facts = append(v.Facts, *f)
			}
		}
	}
	names := day.Names
	for i := 1; i < len(names); i++ {
		if names[i-1].From <= on && names[i].Name != names[i-1].Name {
			add("formerly", ui.Segment{Text: c.T("unit.until", names[i].Name, ui.LongDay(c.Lang, names[i-1].From))})
		}
	}
	if s := day.Size; s != nil {
		text := c.T("unit.size.of", strconv.Itoa(s.Actual), strconv.Itoa(s.Authorised))
		if s.Actual < s.Authorised {
			text += c.T("list.comma") + c.T("unit.size.short", strconv.Itoa(s.Authorised-s.Actual))
		}
		add("size", ui.Segment{Text: text, Href: rowsLink("staff.organ_size", u.ID, on)}, ui.Segment{Text: c.T("unit.counted", ui.LongDay(c.Lang, s.On)), Dim: true})
	}
	if u.Kind != "office" && u.Kind != "province" && roll.Sees(c.Who, u) {
		add("register", ui.Segment{Text: c.T("unit.register.open"), Href: "/units/" + u.ID.String() + "/officials" + then})
	}
	if u.Level <= access.Township && u.Kind != "office" && c.Who.Can(access.MeasureRead) {
		add("measures", ui.Segment{Text: c.T("unit.measures.open"), Href: "/measures?" + shown.Encode()})
	}
	for _, m := range []string{"officials.count", "deadline.open", "deadline.late"} {
		if !c.Who.Can(access.MeasureRead) || m != "officials.count" && u.Level < access.County {
			continue
		}
		n, err := p.count(c.Context(), c, m, u, on)
		if err != nil {
			return err
		}
		if n.Veil == nil {
			add(m, ui.Segment{Text: ui.Thousands(n.Numerator), Href: rowsLink(m, u.ID, on)})
		}
	}
	return nil
}

func (p *Pages) count(ctx context.Context, c *web.Ctx, name string, u access.Unit, on calendar.Date) (measure.Value, error) {
	d, err := p.Measures.Get(name)
	if err != nil {
		return measure.Value{}, err
	}
	return d.Value(ctx, c.In(u.ID), measure.Query{Unit: u, From: calendar.MakeDate(on.Year(), 1, 1), To: on, Who: c.Who})
}

// posts are the unit's posts and who is in them, with what each does besides.
func (p *Pages) posts(c *web.Ctx, u access.Unit, on calendar.Date, duties []org.Duty, v *unitView) error {
	r := c.In(u.ID)
	posts, err := org.PostsAt(c.Context(), r, u.ID.Key, on)
	if err != nil {
		return err
	}
	f := &org.Facts{}
	if u.Kind == "township" {
		if f, err = org.LoadFacts(c.Context(), r, measure.Query{Unit: u, From: on, To: on}, org.NeedService|org.NeedDuties); err != nil {
			return err
		}
	}
	seats := map[id.Key]org.Seat{}
	for _, s := range f.Seats {
		seats[s.Post] = s
	}
	for _, x := range posts {
		pv := postView{ID: "p-" + x.Post, Post: c.T("post." + x.Kind), Name: x.Name, Href: personLink(u.ID.City, x.Person), Since: ui.LongDay(c.Lang, x.Since), Acting: x.Acting}
		s, established := seats[x.Post]
		switch {
		case x.Holding == "" && established:
			pv.Vacant = c.T("unit.vacant", ui.LongDay(c.Lang, s.Vacant), strconv.Itoa(on.Sub(s.Vacant)))
		case x.Holding == "":
			pv.Vacant = c.T("unit.nobody")
		}
		if y, ok := org.AgeOn(x.Born, on); ok && x.Name != "" {
			pv.Age = c.T("unit.age", strconv.Itoa(y))
		}
		if established && x.Holding == s.Holding && s.Held() {
			n := f.Served(s)
			pv.Served = c.T("unit.served", strconv.Itoa(n/12), strconv.Itoa(n%12))
			pv.Part = !f.FullTime(s)
			pv.FullTime = c.T("unit.full." + fullness(s.FullTime, f.Others(s)))
		}
		for _, d := range duties {
			switch {
			case d.Holding != x.Holding || x.Holding == "":
			case d.Kind == "village" && d.Village != "":
				pv.Villages = append(pv.Villages, d.Village)
			case d.Kind == "village":
				pv.Villages = append(pv.Villages, d.What)
			default:
				pv.Others = append(pv.Others, p.duty(c, d))
			}
		}
		v.Posts = append(v.Posts, pv)
	}
	return nil
}

// fullness says whether somebody is full-time: by appointment, and in fact.
func fullness(appointed bool, others int64) string {
	switch {
	case !appointed:
		return "no"
	case others > 0:
		return "others"
	}
	return "yes"
}

// duty is one other duty in words: what, who gave it, by which paper.
func (p *Pages) duty(c *web.Ctx, d org.Duty) string {
	t := d.What
	if d.AssignedBy != "" {
		t += c.T("unit.duty.by", d.AssignedBy)
	}
	if d.Paper != "" {
		t += c.T("unit.duty.paper", d.Paper)
	}
	return t
}

func joined(f ui.Frame, list []string) string { return strings.Join(list, f.T("list.comma")) }
