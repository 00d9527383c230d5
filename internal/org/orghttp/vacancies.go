package orghttp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/org/roll"
	"qianshao/internal/org/staffing"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

const (
	boardPath    = "/force/vacancies"
	benchPath    = "/force/bench"
	boardMonths  = 36
	couldShown   = 4
	vacancyPath  = "/vacancies"
	rotationPath = "/rotations"
)

// StaffRoutes are the pages of what is vacant and who could follow.
func (p *Pages) StaffRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: boardPath, Perm: access.MeasureRead, Do: p.board},
		{Method: http.MethodGet, Path: benchPath, Perm: access.MeasureRead, Do: p.bench},
	}
}

// Kinds are the lists and details of vacancies, rotations and filings.
func (p *Pages) Kinds() []flowhttp.Kind {
	return []flowhttp.Kind{
		{Name: staffing.KindVacancy, Path: vacancyPath, Views: []string{staffing.Asked, flow.ViewLate, staffing.Filled}, Detail: p.vacancyDetail},
		{Name: staffing.KindRotation, Path: rotationPath, Views: []string{staffing.Planned, flow.ViewLate, staffing.Moved, staffing.Kept}, Detail: p.rotationDetail},
		{Name: roll.Kind, Path: filingsPath, Views: []string{flow.ViewLate, roll.Confirmed, roll.Returned}, Detail: p.filingDetail},
	}
}

// vacancyDetail says which post it is, who held it last, who is put forward, what the county commission answered.
func (p *Pages) vacancyDetail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	d := flowhttp.Detail{}
	f, err := p.Staffing.File(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return d, err
	}
	add := func(label string, text ...ui.Segment) {
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T(label), Text: text})
	}
	add("vacancy.post", ui.Segment{Text: f.Place.Unit.Commission() + " " + c.T("post."+f.Place.Kind), Href: "/units/" + f.Place.Unit.ID.String() + "#p-" + f.Place.Post})
	add("vacancy.since", ui.Segment{Text: ui.DayIn(c.Lang, f.Since, c.Today)}, ui.Segment{Text: c.T("length.day", strconv.Itoa(max(0, c.Today.Sub(f.Since)))), Dim: true})
	if f.Asked.ID != "" {
		add("vacancy.asked", ui.Segment{Text: f.Asked.Name, Href: personLink(m.ID.City, f.Asked.Person)}, ui.Segment{Text: c.T("grant.from_day", ui.LongDay(c.Lang, f.Asked.From))})
		add("vacancy.by", ui.Segment{Text: c.T("grant.asked_by", f.Asked.AskedName, c.T("role."+string(f.Asked.AskedAs)), ui.LongDay(c.Lang, f.Asked.AskedOn))})
	}
	for _, x := range f.Consents {
		add("vacancy.consent", consentLine(c, x)...)
	}
	if m.Open && c.Who.Can(access.Appoint) {
		word := "vacancy.fill"
		switch m.State {
		case staffing.Asked:
			word = "vacancy.open_post"
		case staffing.Agreed:
			word = "vacancy.confirm"
		}
		d.Do = &ui.Segment{Text: c.T(word), Href: grantsPath + "/" + f.Place.Post}
	}
	return d, nil
}

func consentLine(c *web.Ctx, x staffing.Consent) ui.Segments {
	said := c.T("vacancy.consent.no", x.Note)
	if x.Given {
		said = c.T("vacancy.consent.yes", x.Paper)
	}
	return ui.Segments{{Text: said}, {Text: x.By + " " + ui.LongDay(c.Lang, x.On), Dim: true}}
}

// rotationDetail says whose years come to an end.
func (p *Pages) rotationDetail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	d := flowhttp.Detail{}
	f, err := p.Staffing.RotationFile(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return d, err
	}
	add := func(label string, text ...ui.Segment) {
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T(label), Text: text})
	}
	add("rotation.who", ui.Segment{Text: f.Name, Href: personLink(m.ID.City, f.Person)}, ui.Segment{Text: f.Held.Unit.Commission() + " " + c.T("post."+f.Held.Kind), Dim: true})
	add("rotation.since", ui.Segment{Text: ui.LongDay(c.Lang, f.Held.From)}, ui.Segment{Text: length(c, f.Held.Months(c.Today)), Dim: true})
	for _, x := range f.Consents {
		add("vacancy.consent", consentLine(c, x)...)
	}
	if m.State == staffing.Approved && c.Who.Can(access.Appoint) {
		d.Do = &ui.Segment{Text: c.T("rotation.leave"), Href: grantsPath + "/" + f.Held.Post}
	}
	return d, nil
}

// boardView is what is vacant under a city or a county: by post and county, month by month, each vacancy with who could fill it.
type boardView struct {
	Frame  ui.Frame
	Line   string
	Unit   string
	To     string
	Units  []ui.OptionView
	N      string
	Of     string
	Kinds  []string
	Lines  []countyLine
	Total  countyLine
	Months []monthView
	Alt    string
	Scale  int
	Rows   []vacantView
	Left   []leftView
	Force  string
	Bench  string
}

// monthView is one bar of the chart and one row of the table below it.
type monthView struct {
	Name, Href string
	X          string
	Bars       []barView
	Figures    []figure
}

type barView struct{ Class, Y, H string }

type vacantView struct {
	Unit, Href, Post, Since, Days, Left string
	Late                                bool
	StandIn, State, StateHref, Plan     string
	Could                               []ui.Segment
	More                                string
	Ask                                 string
}

type leftView struct{ Reason, N, Months string }

// boardOf reads the unit and day that a page of the force asks for.
func boardOf(c *web.Ctx) (access.Unit, calendar.Date, error) {
	on, err := c.Day("to")
	if err != nil {
		return access.Unit{}, on, err
	}
	u, err := forceUnit(c, c.R.URL.Query().Get("unit"))
	return u, on, err
}

func pageOf(path string, unit id.ID, on calendar.Date) string {
	return path + "?" + url.Values{"unit": {unit.String()}, "to": {string(on)}}.Encode()
}

func (p *Pages) board(c *web.Ctx) error {
	unit, on, err := boardOf(c)
	if err != nil {
		return err
	}
	r := c.In(unit.ID)
	b, err := p.Staffing.LoadBoard(c.Context(), r, measure.Query{Unit: unit, From: on, To: on, Who: c.Who}, boardMonths)
	if err != nil {
		return err
	}
	v := boardView{Frame: c.Frame(c.T("board.title")), Line: c.T("board.line", unit.Name, ui.LongDay(c.Lang, on)), Unit: unit.ID.String(), To: string(on), Force: pageOf("/force", unit.ID, on), Bench: pageOf(benchPath, unit.ID, on)}
	if v.Units, err = forceChoices(c, unit); err != nil {
		return err
	}
	counties := []access.Unit{unit}
	if unit.Kind != "county" {
		if counties, err = access.UnitsOf(c.Context(), r, "", "county"); err != nil {
			return err
		}
	}
	vacant := 0
	for _, s := range b.Facts.Seats {
		if !s.Held() {
			vacant++
			v.Rows = append(v.Rows, p.vacant(c, r.City(), b, s, on))
		}
	}
	v.N, v.Of = strconv.Itoa(vacant), c.T("board.big", strconv.Itoa(len(b.Facts.Seats)))
	for _, k := range org.Establishment {
		v.Kinds = append(v.Kinds, c.T("post."+k))
	}
	line := func(name, href string, of id.ID, keep func(org.Seat) bool) countyLine {
		l := countyLine{Name: name, Href: href}
		for _, k := range org.Establishment {
			l.Figures = append(l.Figures, newFigure(c, b.Facts, "staff.vacant."+k, of, on, keep))
		}
		l.Figures = append(l.Figures, newFigure(c, b.Facts, shortMeasure, of, on, keep))
		return l
	}
	for _, k := range counties {
		if slices.ContainsFunc(b.Facts.Seats, func(s org.Seat) bool { return s.County == k.ID.Key }) {
			v.Lines = append(v.Lines, line(k.Name, pageOf(boardPath, k.ID, on), k.ID, func(s org.Seat) bool { return s.County == k.ID.Key }))
		}
	}
	if len(counties) > 1 {
		v.Total = line(c.T("force.total"), "", unit.ID, nil)
	}
	months(c, &v, b, unit)
	for _, l := range b.Left {
		x := leftView{Reason: c.T("board.none_reason"), N: strconv.Itoa(l.N), Months: length(c, l.Months/l.N)}
		if l.Reason != "" {
			x.Reason = p.Rules.Name("leaving_reason", l.Reason, c.Lang)
		}
		v.Left = append(v.Left, x)
	}
	return c.Render(http.StatusOK, boardPage(v))
}

// The chart's measures: a column's width, the height of all of it.
const (
	barWide = 10
	barHigh = 80
)

// months lays out the history as bars, and as the table below them whose every number opens to its rows.
func months(c *web.Ctx, v *boardView, b staffing.Board, unit access.Unit) {
	most := 1
	for _, m := range b.Months {
		most = max(most, m.All())
	}
	v.Scale = most
	for i, m := range b.Months {
		x := monthView{Name: string(m.On)[:7], Href: pageOf(boardPath, unit.ID, m.On), X: strconv.Itoa(i * barWide)}
		top := 0
		for _, k := range org.Establishment {
			n := m.Vacant[k]
			h := n * barHigh / most
			x.Figures = append(x.Figures, figure{N: strconv.Itoa(n), Href: rowsLink("staff.vacant."+k, unit.ID, m.On), Zero: n == 0})
			if h > 0 {
				top += h
				x.Bars = append(x.Bars, barView{"b-" + k, strconv.Itoa(barHigh - top), strconv.Itoa(h)})
			}
		}
		v.Months = append(v.Months, x)
	}
	if n := len(b.Months); n > 0 {
		v.Alt = c.T("board.history.alt", v.Months[0].Name, v.Months[n-1].Name, strconv.Itoa(most), strconv.Itoa(b.Months[n-1].All()))
	}
}

// vacant is one vacancy in words: since when, why, who stands in, what is under way, who could follow.
func (p *Pages) vacant(c *web.Ctx, city id.City, b staffing.Board, s org.Seat, on calendar.Date) vacantView {
	base := p.vacancy(c, city, s, on)
	v := vacantView{Unit: base.Unit, Href: base.Href + "#p-" + s.Post, Post: base.Post, Since: base.Since, Days: base.Days, Left: base.Left}
	if who := b.StandIn[s.Post]; who != "" {
		v.StandIn = c.T("board.standin", who)
	}
	plan, sees := b.Plans[s.Post]
	if !sees {
		return v
	}
	v.State, v.StateHref, v.Late = c.T("state.vacancy."+plan.State), "/m/"+plan.Matter.String(), plan.Due != "" && plan.Due < c.Today
	if plan.Name != "" {
		v.Plan = c.T("board.plan", plan.Name, ui.LongDay(c.Lang, plan.From))
		return v
	}
	could, known := p.Staffing.Bench(b.Facts, s)
	appoints := c.Who.Can(access.Appoint)
	post := grantsPath + "/" + s.Post
	for i, x := range could {
		if i == couldShown {
			break
		}
		unit := x.Unit
		if x.Own {
			unit = c.T("board.could.own")
		}
		v.Could = append(v.Could, ui.Segment{Text: c.T("board.could.say", x.Name, unit, c.T("post."+x.Kind), length(c, x.Months)), Href: map[bool]string{true: post + "?person=" + x.Person + "#ask", false: personLink(city, x.Person)}[appoints]})
	}
	switch {
	case !known:
		v.More = c.T("board.could.new")
	case len(could) == 0:
		v.More = c.T("board.could.none")
	case len(could) > couldShown:
		v.More = c.T("bench.else", strconv.Itoa(len(could)-couldShown))
	}
	if appoints {
		v.Ask = post + "#ask"
	}
	return v
}

// benchView is who could follow, post by post, and where nobody could.
type benchView struct {
	Frame ui.Frame
	Line  string
	Unit  string
	To    string
	Units []ui.OptionView
	N     string
	Of    string
	Link  string
	Cols  []string
	Lines []countyLine
	Total countyLine
	Rules []string
	Rows  []benchRow
	One   bool // one county: post by post
	Board string
}

type benchRow struct {
	Unit, Href, Post, Holder, HolderHref, More string
	Own                                        []ui.Segment
	None                                       bool
}

func (p *Pages) bench(c *web.Ctx) error {
	unit, on, err := boardOf(c)
	if err != nil {
		return err
	}
	r := c.In(unit.ID)
	f, err := org.LoadFacts(c.Context(), r, measure.Query{Unit: unit, From: on, To: on}, org.NeedService)
	if err != nil {
		return err
	}
	v := benchView{Frame: c.Frame(c.T("bench.title")), Line: c.T("bench.line", unit.Name, ui.LongDay(c.Lang, on)), Unit: unit.ID.String(), To: string(on), One: unit.Kind == "county", Board: pageOf(boardPath, unit.ID, on), Link: rowsLink(staffing.NoneMeasure, unit.ID, on)}
	if v.Units, err = forceChoices(c, unit); err != nil {
		return err
	}
	counties := []access.Unit{unit}
	if !v.One {
		if counties, err = access.UnitsOf(c.Context(), r, "", "county"); err != nil {
			return err
		}
	}
	t := newBenchTally(c, p, f)
	for _, k := range counties {
		if l, ok := t.line(c, k.Name, pageOf(benchPath, k.ID, on), rowsLink(staffing.NoneMeasure, k.ID, on), k.ID.Key); ok {
			v.Lines = append(v.Lines, l)
		}
	}
	if len(counties) > 1 {
		v.Total, _ = t.line(c, c.T("force.total"), "", v.Link, "")
	}
	v.Cols, v.Rules, v.N, v.Of = t.cols, t.rules, strconv.Itoa(t.none), c.T("bench.big", strconv.Itoa(t.posts))
	if v.One {
		v.Rows = p.benchRows(c, r.City(), f, t)
	}
	return c.Render(http.StatusOK, benchPage(v))
}

// benchTally is who could follow into each seat, found once.
type benchTally struct {
	kinds       []string // of post that somebody follows into from below
	cols, rules []string
	seats       []org.Seat
	could       [][]staffing.Could
	none, posts int
}

func newBenchTally(c *web.Ctx, p *Pages, f *org.Facts) *benchTally {
	t := &benchTally{}
	for _, k := range p.Rules.Terms("bench", f.To) {
		t.kinds = append(t.kinds, k.Code)
		t.cols = append(t.cols, c.T("bench.col.posts", k.Name.In(c.Lang)), c.T("bench.col.none"))
		var from []string
		for _, x := range strings.Fields(k.Attrs["from"]) {
			from = append(from, c.T("post."+x))
		}
		t.rules = append(t.rules, c.T("bench.rule", k.Name.In(c.Lang), strings.Join(from, c.T("list.comma")), k.Attrs["months"]))
	}
	for _, s := range f.Seats {
		could, known := p.Staffing.Bench(f, s)
		if !known {
			continue
		}
		t.seats, t.could = append(t.seats, s), append(t.could, could)
		t.posts++
		if !staffing.Own(could) {
			t.none++
		}
	}
	return t
}

// line counts the posts of a county, or of all, and those that nobody of the township could follow into.
func (t *benchTally) line(_ *web.Ctx, name, href, rows string, county id.Key) (countyLine, bool) {
	l := countyLine{Name: name, Href: href}
	any := false
	for _, k := range t.kinds {
		posts, none := 0, 0
		for i, s := range t.seats {
			if s.Kind != k || county != "" && s.County != county {
				continue
			}
			posts++
			if !staffing.Own(t.could[i]) {
				none++
			}
		}
		any = any || posts > 0
		l.Figures = append(l.Figures, figure{N: strconv.Itoa(posts), Href: strings.Replace(rows, staffing.NoneMeasure, "staff.posts", 1), Zero: posts == 0}, figure{N: strconv.Itoa(none), Href: rows, Zero: none == 0})
	}
	return l, any
}

func (p *Pages) benchRows(c *web.Ctx, city id.City, f *org.Facts, t *benchTally) (out []benchRow) {
	for i, s := range t.seats {
		row := benchRow{Unit: s.UnitName, Href: "/units/" + id.ID{City: city, Key: s.Unit}.String() + "#p-" + s.Post, Post: c.T("post." + s.Kind), Holder: c.T("bench.vacant"), None: !staffing.Own(t.could[i])}
		if s.Held() {
			row.Holder, row.HolderHref = s.Name, personLink(city, s.Person)
		}
		other := 0
		for _, x := range t.could[i] {
			if !x.Own {
				other++
				continue
			}
			row.Own = append(row.Own, ui.Segment{Text: x.Name + " " + c.T("post."+x.Kind) + " " + length(c, x.Months), Href: personLink(city, x.Person)})
		}
		if other > 0 {
			row.More = c.T("bench.else", strconv.Itoa(other))
		}
		out = append(out, row)
	}
	return out
}
