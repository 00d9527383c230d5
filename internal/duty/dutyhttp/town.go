package dutyhttp

import (
	"net/http"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/duty"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// trendMonths is how many months of the three turns a page shows.
const trendMonths = 6

type townsView struct {
	Frame  ui.Frame
	Line   string
	County string
	Units  []ui.OptionView // counties, for whoever sees several
	Rows   []townRow
	Trend  []trendRow
	Links  []ui.Segment
	On     calendar.Date // the day it is shown of, where that is an earlier one
}

type townRow struct {
	Name, Href string
	Duties     string
	Leave      string
	Look       string
	Month      string
	Late       bool
}

type trendRow struct{ Month, Core, Check, Reach string }

// towns lists the townships of a county with what their filings are judged, as of a day; who works in a township is led to its own page.
func (p *Pages) towns(c *web.Ctx) error {
	on, err := c.Day("on")
	if err != nil {
		return err
	}
	v, then := townsView{Frame: c.Frame(c.T("duty.title")), Line: c.T("duty.line")}, ""
	if on < c.Today {
		v.On, then = on, "?on="+string(on)
	}
	if u := c.Who.Unit(); u.Kind == "township" {
		return c.Redirect(at(u) + then)
	}
	county, err := p.county(c, &v)
	if err != nil {
		return err
	}
	if county.ID.Zero() {
		return c.Render(http.StatusOK, townsPage(v))
	}
	sums, err := p.Duties.County(c.Context(), c.Home(), county.ID.Key, on)
	if err != nil {
		return err
	}
	for _, s := range sums {
		r := townRow{Name: s.Town.Name, Href: at(s.Town) + then, Duties: strconv.Itoa(s.Duties), Leave: number(s.Leave), Look: number(s.Look), Month: c.T("duty.month.none")}
		if s.State != "" {
			r.Month, r.Late = c.T("state.confirmation."+s.State), s.State == duty.Missed || s.Late
		}
		v.Rows = append(v.Rows, r)
	}
	if v.Trend, err = p.trend(c, county, on); err != nil {
		return err
	}
	for _, l := range [][2]string{{"duty.board", "/handbacks/board"}, {"list.order", "/orders"}, {"list.deviation", "/deviations"}, {"inspection.list", "/inspections"}, {"list.confirmation", "/confirmations"}} {
		if l[1] == "/handbacks/board" {
			l[1] += then
		} else if v.On != "" {
			continue // today's lists
		}
		v.Links = append(v.Links, ui.Segment{Text: c.T(l[0]), Href: l[1]})
	}
	if v.On == "" && c.Who.Can(access.ImportRows) && c.Who.Can(access.DutyFile) && county.ID == c.Who.Unit().OrganID() {
		v.Links = append(v.Links, ui.Segment{Text: c.T("duty.import"), Href: "/import?kind=duties"})
	}
	return c.Render(http.StatusOK, townsPage(v))
}

// number leaves nothing where there is none: what stands there is what somebody has to see to.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// county is the county whose townships are shown: the reader's own, or the one chosen of those below.
func (p *Pages) county(c *web.Ctx, v *townsView) (access.Unit, error) {
	u := c.Who.Unit()
	sc := c.Who.Scope(access.DutyRead)
	if u.Level >= access.County {
		own, err := access.GetUnit(c.Context(), c.Home(), u.Organ)
		if err != nil || !sc.Covers(own) {
			return access.Unit{}, err
		}
		return own, nil
	}
	below, err := access.UnitsOf(c.Context(), c.Home(), "", "county")
	if err != nil {
		return access.Unit{}, err
	}
	var chosen access.Unit
	v.County = c.R.URL.Query().Get("county")
	for _, x := range below {
		if !sc.Covers(x) {
			continue
		}
		v.Units = append(v.Units, ui.OptionView{Code: x.ID.Key, Name: x.Name})
		if x.ID.Key == v.County || chosen.ID.Zero() && v.County == "" {
			chosen = x
		}
	}
	v.County = chosen.ID.Key
	return chosen, nil
}

// trend is the three turns month by month.
func (p *Pages) trend(c *web.Ctx, u access.Unit, on calendar.Date) ([]trendRow, error) {
	ts, err := p.Duties.Trends(c.Context(), c.In(u.ID), u, on, trendMonths)
	var out []trendRow
	for _, t := range ts {
		r := trendRow{Month: monthWord(c, t.Month), Core: p.share(c, t.Core), Check: p.share(c, t.Check), Reach: c.T("measure.unknown")}
		if t.Asks+t.Papers+t.Days > 0 {
			r.Reach = c.T("duty.reach", strconv.FormatInt(t.Asks, 10), strconv.FormatInt(t.Papers, 10), strconv.FormatInt(t.Days, 10))
		}
		out = append(out, r)
	}
	return out, err
}

func (p *Pages) share(c *web.Ctx, v measure.Value) string {
	if !v.Known {
		return c.T("measure.unknown")
	}
	return ui.Fraction(v.Numerator, v.Denominator)
}

type townView struct {
	Frame   ui.Frame
	Town    string
	Unit    string // its own page
	Self    string
	Key     string
	Posts   []postView
	Tasks   []taskView
	Trend   []trendRow
	Month   *ui.Segment
	Files   bool
	Tasker  bool
	Inspect bool
	Orders  bool          // there are duties to be left that no order names
	On      calendar.Date // the day it is shown of, where that is an earlier one; nothing is done there then
	NotThen string        // the township was not there on that day
}

type postView struct {
	Post   string
	Core   []string
	Duties []dutyView
}

type dutyView struct {
	Kind, What, Href string
	By               string
	Hours            string
	Since            string
	Filed            bool
	Verdict          verdict
}

type taskView struct {
	Name, Part, Department, By, Head string
	Work                             string
	Href                             string // to hand it back; "" where it is on its way or not the reader's
	HandBack                         string // the hand-back it is on
}

// town is a township's duties and tasks, with the duty list of each post.
func (p *Pages) town(c *web.Ctx) error {
	u, err := p.townOf(c)
	if err != nil {
		return err
	}
	r := c.In(u.ID)
	on, err := c.Day("on")
	if err != nil {
		return err
	}
	v := townView{Self: at(u), Unit: "/units/" + u.ID.String(), Key: web.NewKey(), Files: duty.Files(c.Who, u), Tasker: duty.Tasks(c.Who, u), Inspect: duty.Inspects(c.Who, u)}
	if on < c.Today {
		v.On, v.Unit, v.Files, v.Tasker, v.Inspect = on, v.Unit+"?on="+string(on), false, false, false
		if u, err = org.UnitThen(c.Context(), r, u, on); err != nil {
			return err
		}
		if on < u.Opened || u.Closed != "" && u.Closed <= on {
			v.NotThen = c.T("unit.not_then", ui.LongDay(c.Lang, on))
		}
	}
	v.Frame, v.Town = c.Frame(c.T("duty.of", u.Name)), u.Name
	seats, err := duty.Seats(c.Context(), r, u.ID.Key, on, on)
	if err != nil {
		return err
	}
	ds, err := duty.Duties(c.Context(), r, u.ID.Key, on, on)
	if err != nil {
		return err
	}
	var ordered map[id.Key]bool
	if v.Files {
		if ordered, err = duty.UnderOrder(c.Context(), r, u.ID.Key); err != nil {
			return err
		}
	}
	for _, s := range seats {
		pv := postView{Post: p.person(c, s.Kind, s.Name)}
		for _, t := range duty.Core(p.Rules, s.Kind, on) {
			pv.Core = append(pv.Core, t.Name.In(c.Lang))
		}
		for _, d := range ds {
			if d.Holding != s.Holding {
				continue
			}
			x := p.dutyView(c, u.ID.City, d, on)
			v.Orders = v.Orders || x.Verdict.Code == duty.Leave && !ordered[d.ID]
			pv.Duties = append(pv.Duties, x)
		}
		v.Posts = append(v.Posts, pv)
	}
	v.Orders = v.Orders && v.Files
	tasks, err := duty.TasksAt(c.Context(), r, u.ID.Key, on)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		x := taskView{Name: t.Name, Part: p.Rules.Name("duty_role", t.Part, c.Lang), Department: t.Department, By: t.GivenBy, Work: p.Rules.Name("duty_work", t.Work, c.Lang)}
		if t.Work == "" {
			x.Work = ""
		}
		if t.Head != "" && t.HeadPost != "" {
			x.Head = p.person(c, t.HeadPost, t.HeadName)
		}
		switch {
		case v.On != "": // what is on its way is on its way today
		case t.HandBack != "":
			x.HandBack = "/m/" + id.ID{City: u.ID.City, Key: t.HandBack}.String()
		case v.Tasker:
			x.Href = "/tasks/" + id.ID{City: u.ID.City, Key: t.ID}.String()
		}
		v.Tasks = append(v.Tasks, x)
	}
	if v.Trend, err = p.trend(c, u, on); err != nil {
		return err
	}
	if v.On != "" {
		return c.Render(http.StatusOK, townPage(v))
	}
	open, ok, err := duty.ToConfirm(c.Context(), r, u.ID.Key)
	if ok {
		v.Month = &ui.Segment{Text: c.T("duty.month.due", monthWord(c, open.Month)), Href: "/confirmations/" + open.Matter.ID.String()}
	}
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, townPage(v))
}

func (p *Pages) dutyView(c *web.Ctx, city id.City, d duty.Duty, on calendar.Date) dutyView {
	if d.DecidedOn > on { // nobody had decided yet
		d.Decided = ""
	}
	x := dutyView{Kind: p.Rules.Name("duty_kind", d.Kind, c.Lang), What: d.What, Href: "/filed-duties/" + id.ID{City: city, Key: d.ID}.String(), Filed: d.Filed, Verdict: p.verdict(c, d, on), Since: ui.LongDay(c.Lang, d.From)}
	if d.Village != "" {
		x.What = d.Village
	}
	x.By = d.AssignedBy
	if d.Paper != "" {
		x.By += " " + d.Paper
	}
	switch {
	case d.Filed:
		x.Hours = c.T("duty.hours", strconv.FormatInt(d.Hours, 10))
	case d.Weekly > 0:
		x.Hours = c.T("duty.hours.week", strconv.FormatInt(d.Weekly, 10))
	}
	return x
}
