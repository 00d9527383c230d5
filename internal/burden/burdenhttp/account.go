package burdenhttp

import (
	"net/http"
	"net/url"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// overMonths is how many months an overview shows.
const overMonths = 6

type accountView struct {
	Frame  ui.Frame
	Up     string // the overview it is part of, "" for a township's own people
	Name   string
	Month  string
	Said   string
	Sum    string
	Cap    string
	Left   string
	Over   bool
	Chart  ui.BarsView
	Months []monthRow
	Rows   []askRow
	Report bool
}

type monthRow struct {
	Name, Href, Minutes, Asks string
	Over, Now                 bool
}

// home is a township's account for those who work there, and the overview for those above.
func (p *Pages) home(c *web.Ctx) error {
	u := c.Who.Unit()
	if town := c.R.URL.Query().Get("town"); town != "" {
		x, err := id.Parse(town)
		if err != nil || !sees(c, x.City) {
			return fault.Hidden()
		}
		return p.account(c, x)
	}
	if u.Kind == "township" {
		return p.account(c, u.ID)
	}
	return p.overview(c, url.Values{}, nil)
}

func sees(c *web.Ctx, city id.City) bool {
	for _, x := range c.Who.Cities {
		if x == city {
			return true
		}
	}
	return false
}

func (p *Pages) account(c *web.Ctx, town id.ID) error {
	m := month(c)
	a, err := p.Burden.Account(c.Context(), c.In(town), c.Who, town.Key, m)
	if err != nil {
		return err
	}
	v := accountView{Frame: c.Frame(c.T("burden.title")), Name: a.Town.Name, Month: monthName(c, m), Cap: ui.Thousands(a.Cap)}
	if c.Who.Unit().ID != town {
		v.Up = "/burden?county=" + id.ID{City: town.City, Key: a.Town.County}.String()
	} else {
		v.Report = true
	}
	sum := a.Months[len(a.Months)-1].Minutes
	v.Sum, v.Over = ui.Thousands(sum), sum > a.Cap
	if v.Left = c.T("burden.left", ui.Thousands(a.Cap-sum)); v.Over {
		v.Left = c.T("burden.past", ui.Thousands(sum-a.Cap))
	}
	v.Chart = ui.BarsView{Label: c.T("burden.chart", a.Town.Name), Line: a.Cap, Note: c.T("burden.chart.cap", ui.Thousands(a.Cap))}
	for i, x := range a.Months {
		v.Chart.Bars = append(v.Chart.Bars, ui.BarView{Label: shortMonth(c, x.Key), N: x.Minutes, Over: x.Minutes > x.Cap})
		row := monthRow{Name: monthName(c, x.Key), Href: "/burden?town=" + town.String() + "&month=" + x.Key, Minutes: ui.Thousands(x.Minutes), Asks: n(x.Asks), Over: x.Minutes > x.Cap, Now: i == len(a.Months)-1}
		v.Months = append([]monthRow{row}, v.Months...)
	}
	for _, x := range a.Asks {
		v.Rows = append(v.Rows, p.row(c, x))
	}
	v.Said = c.T("burden.account.line")
	return c.Render(http.StatusOK, accountPage(v))
}

type overView struct {
	Frame    ui.Frame
	Month    string
	Key      string
	Selects  []ui.FieldView // which city, which county
	Heads    []string
	Rows     []overRow
	Counties bool // the rows are counties
	Asks     bool // the reader may ask
	CapForm  bool
	Cap      []ui.FieldView
	CapNow   string
	County   string
	Wrong    string
	Line     string
}

type overRow struct {
	Name, Href, Cap, Towns string
	Cells                  []overCell
}

type overCell struct {
	Minutes string
	Over    string // in words, "" if it is not over
}

// overview lists townships, or counties, by month.
func (p *Pages) overview(c *web.Ctx, f url.Values, problem error) error {
	r, tops, err := p.tenant(c)
	if err != nil {
		return err
	}
	v := overView{Frame: c.Frame(c.T("burden.title")), Key: month(c), Asks: c.Who.Can(access.BurdenAsk), Line: c.T("burden.over.line")}
	v.Month = monthName(c, v.Key)
	county := c.Who.Unit().County
	if c.Who.Unit().Level <= access.City {
		if county, err = p.selects(c, &v, r.City(), tops); err != nil {
			return err
		}
	}
	lines, err := p.Burden.Overview(c.Context(), r, c.Who, county, v.Key, overMonths)
	if err != nil {
		return err
	}
	v.Counties = county == ""
	for _, l := range lines {
		if v.Heads == nil {
			for _, m := range l.Months {
				v.Heads = append(v.Heads, shortMonth(c, m))
			}
		}
		v.Rows = append(v.Rows, p.overRow(c, l, v.Counties, v.Key))
	}
	if at := (id.ID{City: r.City(), Key: county}); county != "" && c.Who.Is(access.Principal, at) {
		top, err := p.Burden.Cap(c.Context(), r, county, c.Today)
		if err != nil {
			return err
		}
		v.CapForm, v.CapNow, v.County = true, ui.Thousands(top), at.String()
		texts := web.Texts(c.Lang, problem)
		v.Cap = []ui.FieldView{
			{Lang: c.Lang, ID: "f-cap", Name: "cap", Kind: "count", Must: true, Label: c.T("burden.cap.field"), Value: f.Get("cap"), Error: texts["cap"], Min: "1"},
			{Lang: c.Lang, ID: "f-from", Name: "from", Kind: "day", Must: true, Label: c.T("burden.cap.from"), Value: or(f.Get("from"), string(c.Today)), Error: texts["from"], Min: string(c.Today)},
		}
		if v.Cap[0].Value == "" {
			v.Cap[0].Value = n(top)
		}
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, overviewPage(v))
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// selects are the city and the county that somebody above looks at; it returns the county, "" for all of the city.
func (p *Pages) selects(c *web.Ctx, v *overView, city id.City, tops []access.Unit) (id.Key, error) {
	if len(tops) > 1 {
		f := ui.FieldView{Name: "city", Label: c.T("burden.city")}
		for _, t := range tops {
			f.Options = append(f.Options, ui.OptionView{Code: t.ID.String(), Name: t.Name})
			if t.ID.City == city {
				f.Value = t.ID.String()
			}
		}
		v.Selects = append(v.Selects, f)
	}
	us, err := access.UnitsOf(c.Context(), p.DB.In(city), "", "county")
	if err != nil {
		return "", err
	}
	f := ui.FieldView{Name: "county", Label: c.T("filter.county"), Options: []ui.OptionView{{Name: c.T("burden.counties")}}}
	var at id.Key
	for _, u := range us {
		f.Options = append(f.Options, ui.OptionView{Code: u.ID.String(), Name: u.Name})
		if u.ID.String() == c.R.URL.Query().Get("county") {
			at, f.Value = u.ID.Key, u.ID.String()
		}
	}
	v.Selects = append(v.Selects, f)
	return at, nil
}

func (p *Pages) overRow(c *web.Ctx, l burden.Line, counties bool, month string) overRow {
	r := overRow{Name: l.Unit.Name, Cap: ui.Thousands(l.Cap), Towns: strconv.Itoa(l.Towns)}
	r.Href = townHref(l.Unit) + "&month=" + month
	if counties {
		r.Href = "/burden?county=" + l.Unit.ID.String() + "&month=" + month
	}
	for i, x := range l.Sums {
		cell := overCell{Minutes: ui.Thousands(x)}
		switch {
		case counties && l.Over[i] > 0:
			cell.Over = c.T("burden.over.towns", strconv.Itoa(l.Over[i]))
		case !counties && x > l.Caps[i]:
			cell.Over = c.T("burden.over.mark")
		}
		r.Cells = append(r.Cells, cell)
	}
	return r
}

func (p *Pages) setCap(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	county, err := id.Parse(f.Get("county"))
	if err != nil || !sees(c, county.City) {
		return fault.Hidden()
	}
	minutes, _ := strconv.ParseInt(f.Get("cap"), 10, 64) // what is no number is none that may be set
	if err := p.Burden.SetCap(c.Context(), c.Who, county, minutes, calendar.Date(f.Get("from"))); err != nil {
		if sentBack(err) {
			return p.overview(c, f, err)
		}
		return err
	}
	return c.Redirect("/burden?done=burden_cap")
}
