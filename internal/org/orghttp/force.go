package orghttp

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// ForceRoutes are the pages of who there is: the establishment at a glance, and one unit.
func (p *Pages) ForceRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/force", Perm: access.MeasureRead, Do: p.force},
		{Method: http.MethodGet, Path: "/units", Perm: access.OrgRead, Do: p.tree},
		{Method: http.MethodGet, Path: "/units/{id}", Perm: access.OrgRead, Do: p.unit},
	}
}

// forceView is the establishment under a city or a county, looked at for one thing.
type forceView struct {
	Frame    ui.Frame
	Line     string
	Look     string
	Unit     string
	To       string
	Units    []ui.OptionView
	Looks    []ui.ViewLink
	Short    string
	Of       string
	Link     string
	Sums     []figure
	Legend   []legendView
	Tiles    []countyTiles
	Table    string
	Columns  []string
	Lines    []countyLine
	Total    countyLine
	Vacant   []vacancyView
	Board    string
	Bench    string
	Strength string
}

// figure is a number that opens to its rows.
type figure struct {
	Name, N, Href string
	Zero          bool
}

type legendView struct{ Mark, Name string }

type countyTiles struct {
	Name, Note string
	Tiles      []tileView
}

type tileView struct {
	Name, Mark, Say, Href string
	Lack                  bool
}

type countyLine struct {
	Name, Href string
	Figures    []figure
}

type vacancyView struct {
	Unit, Href, Post, Since, Days, Left string
}

// look is a way to look at the establishment: what a tile shows of a township, and which measures the table compares.
type look struct {
	code     string
	measures []string
	need     org.Need
	mark     func(w force, seats []org.Seat) (mark, say string, lack bool)
}

const shortMeasure = "staff.townships_short"

var looks = []look{
	{"short", []string{"staff.posts", "staff.held", "staff.vacant.secretary", "staff.vacant.deputy", "staff.vacant.officer", shortMeasure}, 0, markShort},
	{"full", []string{"staff.full_time_share.secretary", "staff.full_time_share.deputy", "staff.full_time_share.officer", "staff.stationed_share"}, org.NeedDuties, markFull},
	{"tenure", []string{"staff.secretary.age_mean", "staff.secretary.tenure_2y_share", "staff.secretary.new_1y_share", "staff.tenure_2y_share"}, org.NeedService, markTenure},
}

// force holds what the tiles are made from.
type force struct {
	c *web.Ctx
	f *org.Facts
}

// markShort shows which posts a township lacks, a sign each.
func markShort(w force, seats []org.Seat) (mark, say string, lack bool) {
	for _, s := range seats {
		if s.Held() {
			continue
		}
		if say != "" {
			say += w.c.T("list.comma")
		}
		mark, say, lack = mark+w.c.T("force.sign."+s.Kind), say+w.c.T("force.lacks", w.c.T("post."+s.Kind)), true
	}
	return mark, say, lack
}

// markFull shows how many of those in post are full-time in fact.
func markFull(w force, seats []org.Seat) (mark, say string, lack bool) {
	full, held := 0, 0
	for _, s := range seats {
		if !s.Held() {
			continue
		}
		held++
		if w.f.FullTime(s) {
			full++
		}
	}
	mark = strconv.Itoa(full) + "/" + strconv.Itoa(held)
	return mark, w.c.T("force.full_of", strconv.Itoa(full), strconv.Itoa(held)), full < held
}

// markTenure shows the secretary's years in discipline work, and who is quite new.
func markTenure(w force, seats []org.Seat) (mark, say string, lack bool) {
	for _, s := range seats {
		if s.Kind != org.Establishment[0] || !s.Held() {
			continue
		}
		if w.f.Newcomer(s) {
			return w.c.T("force.sign.new"), w.c.T("force.new"), true
		}
		n := w.f.Served(s)
		return w.c.T("force.sign.years", strconv.Itoa(n/12)), w.c.T("force.years", strconv.Itoa(n/12), strconv.Itoa(n%12)), n < 24
	}
	return "", w.c.T("force.lacks", w.c.T("post."+org.Establishment[0])), false
}

func (p *Pages) force(c *web.Ctx) error {
	q := c.R.URL.Query()
	on, err := c.Day("to")
	if err != nil {
		return err
	}
	unit, err := forceUnit(c, q.Get("unit"))
	if err != nil {
		return err
	}
	kind := looks[0]
	for _, l := range looks {
		if l.code == q.Get("look") {
			kind = l
		}
	}
	r := c.In(unit.ID)
	f, err := org.LoadFacts(c.Context(), r, measure.Query{Unit: unit, From: on, To: on}, kind.need)
	if err != nil {
		return err
	}
	v := forceView{Frame: c.Frame(c.T("force.title")), Line: c.T("force.line", unit.Name, ui.LongDay(c.Lang, on)), Look: kind.code, Unit: unit.ID.String(), To: string(on), Table: c.T("force.table." + kind.code), Board: pageOf(boardPath, unit.ID, on), Bench: pageOf(benchPath, unit.ID, on), Strength: pageOf(strengthPath, unit.ID, on)}
	for _, l := range looks {
		v.Looks = append(v.Looks, ui.ViewLink{Name: c.T("force.look." + l.code), Href: "/force?" + url.Values{"look": {l.code}, "unit": {v.Unit}, "to": {v.To}}.Encode(), Current: l.code == kind.code})
	}
	counties := []access.Unit{unit}
	if unit.Kind != "county" {
		if counties, err = access.UnitsOf(c.Context(), r, "", "county"); err != nil {
			return err
		}
	}
	if v.Units, err = forceChoices(c, unit); err != nil {
		return err
	}
	// Whatever the look, the head of the page counts who is missing.
	short, _ := f.Value(shortMeasure, nil)
	v.Short, v.Of, v.Link = ui.Thousands(short.Numerator), c.T("force.of", strconv.Itoa(townships(f.Seats))), rowsLink(shortMeasure, unit.ID, on)
	for _, name := range looks[0].measures {
		if name != shortMeasure {
			v.Sums = append(v.Sums, newFigure(c, f, name, unit.ID, on, nil))
		}
	}
	compare(c, &v, f, kind, counties, unit, on)
	for _, s := range f.Seats {
		if kind.code == "short" && !s.Held() {
			v.Vacant = append(v.Vacant, p.vacancy(c, r.City(), s, on))
		}
	}
	return c.Render(http.StatusOK, forcePage(v))
}

// compare lays out the counties, or the one county, beside each other: tiles above, measures below.
func compare(c *web.Ctx, v *forceView, f *org.Facts, kind look, counties []access.Unit, unit access.Unit, on calendar.Date) {
	for _, m := range kind.measures {
		v.Columns = append(v.Columns, c.T("force.col."+m))
	}
	if kind.code == "short" {
		for _, k := range org.Establishment {
			v.Legend = append(v.Legend, legendView{c.T("force.sign." + k), c.T("force.lacks", c.T("post."+k))})
		}
	} else {
		v.Legend = []legendView{{c.T("force.legend." + kind.code + ".sign"), c.T("force.legend." + kind.code)}}
	}
	line := func(name, href string, of id.ID, keep func(org.Seat) bool) countyLine {
		l := countyLine{Name: name, Href: href}
		for _, m := range kind.measures {
			l.Figures = append(l.Figures, newFigure(c, f, m, of, on, keep))
		}
		return l
	}
	for _, k := range counties {
		if t := tilesOf(force{c, f}, kind, k); len(t.Tiles) > 0 {
			v.Tiles = append(v.Tiles, t)
			v.Lines = append(v.Lines, line(k.Name, "/units/"+k.ID.String(), k.ID, func(s org.Seat) bool { return s.County == k.ID.Key }))
		}
	}
	if len(counties) > 1 {
		v.Total = line(c.T("force.total"), "", unit.ID, nil)
	}
}

// tilesOf makes a tile of each township of a county. Seats come township by township.
func tilesOf(w force, kind look, county access.Unit) countyTiles {
	t := countyTiles{Name: county.Name}
	lacking := 0
	for i := 0; i < len(w.f.Seats); {
		j := i
		for j < len(w.f.Seats) && w.f.Seats[j].Unit == w.f.Seats[i].Unit {
			j++
		}
		seats := w.f.Seats[i:j]
		i = j
		if seats[0].County != county.ID.Key {
			continue
		}
		x := tileView{Name: seats[0].UnitShort, Href: "/units/" + id.ID{City: county.ID.City, Key: seats[0].Unit}.String()}
		if x.Mark, x.Say, x.Lack = kind.mark(w, seats); x.Lack {
			lacking++
		}
		t.Tiles = append(t.Tiles, x)
	}
	t.Note = w.c.T("force.note."+kind.code, strconv.Itoa(len(t.Tiles)), strconv.Itoa(lacking))
	return t
}

func townships(seats []org.Seat) int {
	n := 0
	for i, s := range seats {
		if i == 0 || seats[i-1].Unit != s.Unit {
			n++
		}
	}
	return n
}

// newFigure is a measure of one county, or of all, among facts that were read once.
func newFigure(c *web.Ctx, f *org.Facts, name string, unit id.ID, on calendar.Date, keep func(org.Seat) bool) figure {
	v, _ := f.Value(name, keep)
	out := figure{Name: c.T("force.col." + name), N: ui.Thousands(v.Numerator), Href: rowsLink(name, unit, on), Zero: v.Numerator == 0}
	switch {
	case !v.Known:
		out.N, out.Zero = "—", true
	case name == "staff.secretary.age_mean":
		out.N = strconv.FormatFloat(v.Float(measure.Years), 'f', 1, 64)
	case v.Denominator > 0:
		out.N = ui.Fraction(v.Numerator, v.Denominator)
	}
	return out
}

func rowsLink(name string, unit id.ID, on calendar.Date) string {
	return "/measures/" + name + "?" + url.Values{"unit": {unit.String()}, "to": {string(on)}}.Encode()
}

func (p *Pages) vacancy(c *web.Ctx, city id.City, s org.Seat, on calendar.Date) vacancyView {
	v := vacancyView{Unit: s.UnitName, Href: "/units/" + id.ID{City: city, Key: s.Unit}.String(), Post: c.T("post." + s.Kind), Since: ui.DayIn(c.Lang, s.Vacant, c.Today),
		Days: strconv.Itoa(on.Sub(s.Vacant)), Left: c.T("force.never_held")}
	if s.LeaveReason != "" {
		v.Left = p.Rules.Name("leaving_reason", s.LeaveReason, c.Lang)
		if s.LeaveTo != "" {
			v.Left += c.T("punct.colon") + s.LeaveTo
		}
	}
	return v
}

// forceUnit is the unit whose townships are compared: the one asked for, or the reader's county or city. A township's
// reader sees its county; a province's, the first of its cities.
func forceUnit(c *web.Ctx, asked string) (access.Unit, error) {
	u := c.Who.Unit()
	if asked != "" {
		x, err := id.Parse(asked)
		if err != nil || !inCities(c.Who, x.City) {
			return u, fault.InvalidField("unit", "choice.unknown")
		}
		if u, err = access.GetUnit(c.Context(), c.In(x), x.Key); err != nil {
			return u, err
		}
	}
	switch {
	case u.Level < access.City:
		for _, city := range c.Who.Cities {
			if city != u.ID.City {
				return access.Top(c.Context(), c.Mux.DB.In(city))
			}
		}
	case u.County != "" && u.Kind != "county":
		return access.GetUnit(c.Context(), c.In(u.ID), u.County)
	case u.Kind == "office":
		return access.GetUnit(c.Context(), c.In(u.ID), u.Organ)
	}
	return u, nil
}

func inCities(who access.Actor, city id.City) bool {
	for _, x := range who.Cities {
		if x == city {
			return true
		}
	}
	return false
}

// forceChoices are the cities the reader may turn to, with the counties of the one at hand.
func forceChoices(c *web.Ctx, at access.Unit) ([]ui.OptionView, error) {
	var out []ui.OptionView
	for _, city := range c.Who.Cities {
		top, err := access.Top(c.Context(), c.Mux.DB.In(city))
		if err != nil {
			return nil, err
		}
		if top.Level < access.City {
			continue
		}
		out = append(out, ui.OptionView{Code: top.ID.String(), Name: top.Name})
		if city != at.ID.City {
			continue
		}
		ks, err := access.UnitsOf(c.Context(), c.Mux.DB.In(city), "", "county")
		if err != nil {
			return nil, err
		}
		for _, k := range ks {
			out = append(out, ui.OptionView{Code: k.ID.String(), Name: "　" + k.Name})
		}
	}
	return out, nil
}

func currentLook(yes bool) templ.Attributes {
	if yes {
		return templ.Attributes{"aria-current": "true"}
	}
	return nil
}
