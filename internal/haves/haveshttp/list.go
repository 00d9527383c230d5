package haveshttp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/haves"
	"qianshao/internal/id"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

type listView struct {
	Frame    ui.Frame
	Key      string
	Name     string
	Meta     string
	From     string // the list it was made from
	Version  string
	Action   string
	Edits    bool // a draft of the reader's own organ
	Groups   []listGroup
	Adopted  []adoptedRow
	Asks     string
	Form     *lineForm
	Wrong    string
	Add      string
	Adopts   bool // the reader may make a list from it
	ListID   string
	AdoptKey string
}

type listGroup struct {
	Name  string
	Lines []listLine
}

type listLine struct {
	Code, Name, Wants, Owes, Evidence, How, Edit string
	Dropped                                      bool
	Sure                                         string
}

type adoptedRow struct{ Unit, Href, Day, AsIs, Changed, Added, Dropped string }

type lineForm struct {
	Code   string
	Title  string
	Fields []ui.FieldView
	Drops  bool
}

// list is one list: its lines with what became of each, who adopted it, and for a draft the form of one line.
func (p *Pages) list(c *web.Ctx, f url.Values, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	l, err := p.Haves.Get(c.Context(), c.Who, key)
	if err != nil {
		return err
	}
	own := c.Who.Can(access.HaveRun) && c.Who.Unit().OrganID() == (id.ID{City: key.City, Key: l.Issuer})
	v := listView{Frame: c.Frame(l.Name), Key: web.NewKey(), Name: l.Name, Version: strconv.FormatInt(l.Version, 10), Action: "/haves/lists/" + key.String(), Edits: own && l.State == haves.Draft, ListID: key.String(), AdoptKey: web.NewKey()}
	v.Meta = c.T("haves.state."+l.State) + c.T("list.comma_in") + ui.DayIn(c.Lang, l.Made, c.Today)
	if l.Issued != "" {
		v.Meta = c.T("haves.state."+l.State) + c.T("list.comma_in") + ui.DayIn(c.Lang, l.Issued, c.Today)
	}
	if !l.From.Zero() {
		v.From = "/haves/lists/" + l.From.String()
	}
	v.Adopts = !own && l.State == haves.Issued && c.Who.Can(access.HaveRun) && c.Who.Unit().Level <= access.County && c.Who.Unit().Level > l.Level && c.Who.Unit().Kind != "office"
	p.listLines(c, &v, l)
	if own && l.State != haves.Draft && l.Level < access.County {
		as, err := p.Haves.Adoptions(c.Context(), c.Who, key)
		if err != nil {
			return err
		}
		for _, a := range as {
			v.Adopted = append(v.Adopted, adoptedRow{Unit: a.Unit.Name, Href: "/haves/lists/" + a.List.String(), Day: ui.DayIn(c.Lang, a.Issued, c.Today), AsIs: n(a.AsIs), Changed: n(a.Changed), Added: n(a.Added), Dropped: n(a.Dropped)})
		}
		v.Asks = c.T("haves.adopted", strconv.Itoa(len(as)))
	}
	code := c.R.URL.Query().Get("line")
	if f.Has("code") {
		code = f.Get("code")
		if code == "" {
			code = "new"
		}
	}
	if v.Edits && code != "" {
		p.lineForm(c, &v, l, code, f, problem)
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, listPage(v))
}

func n(x int64) string { return strconv.FormatInt(x, 10) }

func (p *Pages) listLines(c *web.Ctx, v *listView, l haves.List) {
	basis := map[string]rulebook.HaveLine{}
	for _, x := range p.Rules.HaveLines(c.Today) {
		basis[x.Code] = x
	}
	for _, h := range rulebook.Haves {
		g := listGroup{Name: c.T("have." + h)}
		for _, x := range l.Lines {
			if x.Have != h {
				continue
			}
			row := listLine{Code: x.Code, Name: x.Name.In(c.Lang), Wants: wants(c, x), Owes: c.T("haves.owes." + x.Owes), Evidence: x.Evidence.In(c.Lang), Dropped: x.How == haves.Dropped}
			if x.How != haves.AsIs {
				row.How = c.T("haves.how." + x.How)
			}
			if y, ok := basis[x.Code]; ok {
				row.Sure = string(y.Sure)
			}
			if v.Edits {
				row.Edit = v.Action + "?line=" + url.QueryEscape(x.Code) + "#line"
			}
			g.Lines = append(g.Lines, row)
		}
		v.Groups = append(v.Groups, g)
	}
}

// lineForm is the form of one line; "new" is one that is not there yet.
func (p *Pages) lineForm(c *web.Ctx, v *listView, l haves.List, code string, f url.Values, problem error) {
	texts := web.Texts(c.Lang, problem)
	i := slices.IndexFunc(l.Lines, func(x haves.Line) bool { return x.Code == code })
	x := haves.Line{Kind: "yes", Owes: "county"}
	form := &lineForm{Title: c.T("haves.line.new")}
	if i >= 0 {
		x = l.Lines[i]
		form.Code, form.Title, form.Drops = code, x.Name.In(c.Lang), x.How != haves.Dropped
	} else if code != "new" {
		return
	}
	add := func(name, kind, was string, must bool, options ...ui.OptionView) *ui.FieldView {
		y := ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Kind: kind, Must: must, Label: c.T("haves.field." + name), Value: was, Options: options, Error: texts[name], Max: "120"}
		if f.Has(name) {
			y.Value = f.Get(name)
		}
		form.Fields = append(form.Fields, y)
		return &form.Fields[len(form.Fields)-1]
	}
	if i < 0 {
		var hs []ui.OptionView
		for _, h := range rulebook.Haves {
			if h != "delivering" { // what delivering is, the system counts
				hs = append(hs, ui.OptionView{Code: h, Name: c.T("have." + h)})
			}
		}
		add("have", "choice", "", true, hs...)
	}
	add("zh", "line", x.Name.Zh, true).Focus = true
	add("en", "line", x.Name.En, false)
	if x.Kind == "yes" || x.Kind == "number" || x.Kind == "date" {
		var ks []ui.OptionView
		for _, k := range []string{"yes", "number", "date"} {
			ks = append(ks, ui.OptionView{Code: k, Name: c.T("haves.kind." + k)})
		}
		add("kind", "choice", x.Kind, true, ks...)
		add("evidence", "line", x.Evidence.Zh, false)
	}
	if x.Kind != "later" {
		least := ""
		if x.Least > 0 {
			least = n(x.Least)
		}
		y := add("least", "count", least, false)
		y.Min, y.Max = "1", ""
	}
	var os []ui.OptionView
	for _, o := range rulebook.HaveLevels {
		os = append(os, ui.OptionView{Code: o, Name: c.T("haves.owes." + o)})
	}
	add("owes", "choice", x.Owes, true, os...).Help = c.T("haves.field.owes.help")
	v.Form = form
}

func (p *Pages) changeList(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	if _, err := p.Haves.Get(c.Context(), c.Who, key); err != nil {
		return err
	}
	version, _ := strconv.ParseInt(f.Get("version"), 10, 64) // what is no number is no version there was
	do := f.Get("do")
	switch do {
	case "line":
		least := int64(0)
		if x := strings.TrimSpace(f.Get("least")); x != "" {
			if least, err = strconv.ParseInt(x, 10, 64); err != nil {
				least = -1 // no number is refused as one that can't be
			}
		}
		err = p.Haves.SetLine(c.Context(), c.Who, key, version, haves.Line{Code: f.Get("code"), Have: f.Get("have"), Name: rulebook.Text{Zh: f.Get("zh"), En: f.Get("en")}, Kind: f.Get("kind"), Least: least,
			Evidence: rulebook.Text{Zh: f.Get("evidence")}, Owes: f.Get("owes")})
	case "drop":
		err = p.Haves.DropLine(c.Context(), c.Who, key, version, f.Get("code"))
	case "issue":
		err = p.Haves.Issue(c.Context(), c.Who, key, version)
	default:
		return fault.New(fault.BadRequest, "request.malformed")
	}
	if sentBack(err) {
		return p.list(c, f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/haves/lists/" + key.String() + "?done=haves_" + do)
}
