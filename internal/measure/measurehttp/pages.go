package measurehttp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Measures *measure.Registry
	Rules    *rulebook.Book
	DB       *db.DB
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/api/v1/measures", Perm: access.MeasureRead, API: true, Do: p.api},
		{Method: http.MethodGet, Path: "/measures", Perm: access.MeasureRead, Do: p.index},
		{Method: http.MethodGet, Path: "/measures/{name}", Perm: access.MeasureRead, Do: p.one},
	}
}

// answer is one measure as a program gets it. Value is null where there is nothing to compute it from, and all three
// numbers are where it is withheld. A mean of years has its numerator in months.
type answer struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Value       *float64 `json:"value"`
	Numerator   *int64   `json:"numerator"`
	Denominator *int64   `json:"denominator"`
	Unit        string   `json:"unit"`
	Meaning     string   `json:"meaning"`
	Kind        string   `json:"kind"`
	By          string   `json:"by"`
	NeverScored bool     `json:"never_scored"`
	Parts       []part   `json:"parts,omitempty"`
	Withheld    *veil    `json:"withheld,omitempty"`
	Rows        string   `json:"rows"`
}

// veil says why a number is withheld from this reader, and what is known of it: that from the one day to the other there
// were at least so many, rounded down to a step in each span and organ.
type veil struct {
	Reason  string `json:"reason"` // small, at_least, running or rows
	Why     string `json:"why"`
	AtLeast int64  `json:"at_least"`
	Step    int64  `json:"step"`
	From    string `json:"from"`
	To      string `json:"to"`
}

type part struct {
	Code string `json:"code"`
	Name string `json:"name"`
	N    int64  `json:"n"`
	Of   int64  `json:"of,omitempty"`
}

func (p *Pages) api(c *web.Ctx) error {
	a, err := p.ask(c)
	if err != nil {
		return err
	}
	w := p.words(c)
	out := []answer{}
	vals, err := a.values(c.Context(), p.Measures, halves...)
	if err != nil {
		return err
	}
	for i, d := range p.Measures.All() {
		v := vals[i]
		x := answer{Name: d.Name, Title: w.t("measure." + d.Name), Unit: string(d.Unit), Meaning: w.t("measure." + d.Name + ".meaning"), Kind: string(d.Kind), By: string(d.By),
			NeverScored: d.NeverScored, Rows: "/measures/" + d.Name + "?" + a.query()}
		if y := v.Veil; y != nil {
			x.Withheld = &veil{y.Why, w.why(y), y.Floor, y.Steps.Least, string(y.From), string(y.To)}
		} else {
			x.Numerator = &v.Numerator
		}
		if d.Unit != measure.Number && v.Veil == nil {
			x.Denominator = &v.Denominator
		}
		if v.Known {
			f := v.Float(d.Unit)
			x.Value = &f
		}
		for _, b := range v.By {
			x.Parts = append(x.Parts, part{b.Dim, w.dim(d.Dims, b.Dim), b.N, b.Of})
		}
		out = append(out, x)
	}
	return c.JSON(http.StatusOK, out)
}

func (p *Pages) words(c *web.Ctx) words { return words{c.Lang, c.Today, p.Rules} }

// askView is the form above the numbers: which unit, from when to when.
type askView struct {
	Frame    ui.Frame
	Path     string
	Unit     string
	Units    []ui.OptionView
	Of       string // the half of the numbers; "" for one of them
	From, To string
	Stock    bool // only the last day matters
	Line     string
}

func (p *Pages) askForm(c *web.Ctx, f ui.Frame, a ask, path string, stock bool) (askView, error) {
	v := askView{Frame: f, Path: path, Unit: a.unit.ID.String(), From: string(a.from), To: string(a.to), Stock: stock}
	units, err := p.choices(c, a.unit)
	if err != nil {
		return v, err
	}
	v.Units = units
	if stock {
		v.Line = c.T("measure.as_of", a.unit.Name, ui.LongDay(c.Lang, a.to))
	} else {
		v.Line = c.T("measure.during", a.unit.Name, ui.LongDay(c.Lang, a.from), ui.LongDay(c.Lang, a.to))
	}
	return v, nil
}

// choices are the units one may turn to: the top, the cities or counties under it, and the townships beside or below
// the unit at hand.
func (p *Pages) choices(c *web.Ctx, at access.Unit) ([]ui.OptionView, error) {
	var units []access.Unit
	if c.Who.Unit().Level < access.City {
		tops, err := access.Tops(c.Context(), c.Home(), c.Who.Cities)
		if err != nil {
			return nil, err
		}
		units = tops
	}
	if len(units) == 0 || at.Level >= access.City {
		around, err := access.Around(c.Context(), p.DB.In(at.ID.City), at.County)
		if err != nil {
			return nil, err
		}
		if len(units) > 0 && len(around) > 0 { // the head is among them
			around = around[1:]
		}
		units = append(units, around...)
	}
	var out []ui.OptionView
	for _, u := range units {
		note := ""
		switch {
		case u.Kind == "township":
			note = "　　"
		case u.Superior != "":
			note = "　"
		}
		out = append(out, ui.OptionView{Code: u.ID.String(), Name: note + u.Name})
	}
	return out, nil
}

type indexView struct {
	Ask    askView
	Tabs   []ui.ViewLink
	Notes  []string // why some are withheld
	Groups []indexGroup
}

type indexGroup struct {
	Title string
	Rows  []indexRow
}

type indexRow struct {
	Name, Href, Number, Beside, Meaning string
	NeverScored                         bool
}

// groupOrder is how the measures' areas, the first words of their names, follow each other on the page.
var groupOrder = []string{"staff", "officials", "duty", "force", "callup", "burden", "gap", "tipoff", "clue", "case", "deadline"}

// index shows the numbers of one half, the other being a tab away: a page asks few statements, and shows what belongs together.
func (p *Pages) index(c *web.Ctx) error {
	a, err := p.ask(c)
	if err != nil {
		return err
	}
	w, half := p.words(c), measure.By(c.R.URL.Query().Get("of"))
	if !slices.Contains(halves, half) {
		half = halves[0]
	}
	v := indexView{}
	for _, h := range halves {
		v.Tabs = append(v.Tabs, ui.ViewLink{Name: w.t("measure.of." + string(h)), Href: "/measures?of=" + string(h) + "&" + a.query(), Current: h == half})
	}
	if v.Ask, err = p.askForm(c, c.Frame(c.T("measure.index")), a, "/measures", false); err != nil {
		return err
	}
	v.Ask.Of = string(half)
	rows := map[string][]indexRow{}
	var veil *measure.Veil
	vals, err := a.values(c.Context(), p.Measures, half)
	if err != nil {
		return err
	}
	for i, d := range p.Measures.All() {
		if d.By != half {
			continue
		}
		val := vals[i]
		area, _, _ := strings.Cut(d.Name, ".")
		rows[area] = append(rows[area], indexRow{Name: w.t("measure." + d.Name), Href: "/measures/" + d.Name + "?" + a.query(), Number: w.number(d.Unit, val), Beside: w.beside(d.Unit, val),
			Meaning: w.t("measure." + d.Name + ".meaning"), NeverScored: d.NeverScored})
		if x := val.Veil; x != nil && (veil == nil || veil.Why == measure.Rows) {
			veil = x
		}
	}
	switch {
	case veil == nil:
	case veil.Why == measure.Rows:
		v.Notes = []string{w.why(veil)}
	default: // what is in steps, and what is not given at all, in one sentence
		v.Notes = []string{w.t("measure.veil.why.several", strconv.FormatInt(veil.Steps.Least, 10), strconv.Itoa(veil.Steps.Months))}
	}
	for _, g := range groupOrder {
		if len(rows[g]) > 0 {
			v.Groups = append(v.Groups, indexGroup{w.t("measure.group." + g), rows[g]})
		}
	}
	return c.Render(http.StatusOK, indexPage(v))
}

type oneView struct {
	Ask         askView
	Name        string
	Code        string
	Meaning     string
	Number      string
	Beside      string
	NeverScored bool
	Parts       []partView
	Columns     []columnView
	Mark        bool // some rows count and some do not
	Kept        bool // those that count were done by their day, the others were not
	Rows        []rowView
	Why         string // it is withheld
	Notes       []string
	First, Next string // other pages of the rows
}

type partView struct {
	Name   string
	N      string
	Beside string
	Of     int64 // how long its bar is
	Max    int64
}

type columnView struct {
	Name string
	Num  bool
	Long bool // may be broken over lines
}

type rowView struct {
	Cells  []string
	Href   string
	Counts bool
}

// shownRows is how many rows stand on a page.
const shownRows = 50

func (p *Pages) one(c *web.Ctx) error {
	d, err := p.Measures.Get(c.R.PathValue("name"))
	if err != nil {
		return err
	}
	a, err := p.ask(c)
	if err != nil {
		return err
	}
	val, err := a.value(c.Context(), d)
	if err != nil {
		return err
	}
	after := c.R.URL.Query().Get("after")
	list, next, err := a.rows(c.Context(), d, c.Who, after, shownRows)
	if err != nil {
		return err
	}
	w := p.words(c)
	name := w.t("measure." + d.Name)
	v := oneView{Name: name, Code: d.Name, Meaning: w.t("measure." + d.Name + ".meaning"), Number: w.number(d.Unit, val), Beside: w.beside(d.Unit, val), NeverScored: d.NeverScored, Mark: d.Unit == measure.Share, Kept: d.Kept}
	if v.Ask, err = p.askForm(c, c.Frame(name), a, "/measures/"+d.Name, d.Kind == measure.Stock); err != nil {
		return err
	}
	for _, b := range val.By {
		v.Parts = append(v.Parts, w.part(d, b, val.By[0]))
	}
	skip := w.columns(d, list, &v)
	for _, l := range list.Rows {
		r := rowView{Href: l.Link, Counts: l.Counts}
		for i, x := range l.Cells {
			if !skip[i] {
				r.Cells = append(r.Cells, w.cell(d, list.Columns[i], x))
			}
		}
		v.Rows = append(v.Rows, r)
	}
	here := "/measures/" + d.Name + "?" + a.query()
	if after != "" {
		v.First = here
	}
	if next != "" {
		v.Next = here + "&after=" + url.QueryEscape(next)
	}
	if list.Veiled {
		v.Notes = append(v.Notes, c.T("measure.hidden"))
	}
	if val.Veil != nil {
		v.Why = w.why(val.Veil)
	}
	return c.Render(http.StatusOK, onePage(v))
}

// columns names the columns, leaving out the one for kinds where the measure has none.
func (w words) columns(d measure.Def, list measure.RowList, v *oneView) map[int]bool {
	skip := map[int]bool{}
	for i, col := range list.Columns {
		if col == "kind" {
			some := false
			for _, l := range list.Rows {
				some = some || l.Cells[i] != ""
			}
			if !some {
				skip[i] = true
				continue
			}
		}
		v.Columns = append(v.Columns, columnView{w.t("measure.col." + col), isNumber(col), isLong(col)})
	}
	return skip
}

// link is the cell that leads to the row's page: the number of a matter, else the first.
func (r rowView) link() int {
	if strings.HasPrefix(r.Href, "/m/") {
		return 1
	}
	return 0
}
