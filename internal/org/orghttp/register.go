package orghttp

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/org/roll"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

const (
	registerRows = 60
	filedShown   = 8
	filingsPath  = "/filings"
)

// RegisterRoutes are the addresses of a unit's register of officials.
func (p *Pages) RegisterRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/units/{id}/officials", Perm: access.OrgRead, Do: func(c *web.Ctx) error { return p.register(c, http.StatusOK, nil, nil) }},
		{Method: http.MethodPost, Path: "/units/{id}/officials", Perm: access.RegisterFile, Do: p.fileChange},
	}
}

// registerView is who is in a unit's register, with the changes it files itself.
type registerView struct {
	Frame    ui.Frame
	Key      string
	Wrong    string
	Self     string
	Unit     string
	UnitURL  string
	Facts    []Fact
	Query    string
	Kind     string
	Kinds    []ui.OptionView
	Under    bool
	CanUnder bool
	Active   bool
	Rows     []officialView
	Next     string
	First    string
	Files    bool
	Open     bool
	Title    string // of the form
	What     string
	Who      string // whom the form is about
	Change   []ui.FieldView
	Filed    []filedView
	On       calendar.Date // the day it is shown of, where that is an earlier one; nothing is filed then
}

type officialView struct {
	Name, Post, Kind, Unit, Since, Waits, Change, Leave string
	Chief                                               bool
}

type filedView struct{ Text, State, Href, By string }

func (p *Pages) register(c *web.Ctx, status int, form url.Values, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	if !inCities(c.Who, key.City) {
		return fault.Hidden()
	}
	u, err := access.GetUnit(c.Context(), c.In(key), key.Key)
	if err != nil {
		return err
	}
	on, err := c.Day("on")
	if err != nil {
		return err
	}
	past, then := calendar.Date(""), ""
	if on < c.Today {
		past, then = on, "?on="+string(on)
		if u, err = org.UnitThen(c.Context(), c.In(key), u, on); err != nil {
			return err
		}
	}
	f := c.R.URL.Query()
	q := roll.Query{On: past, Unit: u, Category: f.Get("kind"), Part: strings.TrimSpace(f.Get("q")), Under: f.Get("under") != "", Limit: registerRows + 1}
	if after := f.Get("after"); id.ValidKey(after) {
		q.After = after
	}
	if _, ok := p.Rules.Term("official_category", q.Category); q.Category != "" && !ok {
		return fault.InvalidField("kind", "filter.unknown")
	}
	list, err := p.Roll.Register(c.Context(), c.Who, q)
	if err != nil {
		return err
	}
	v := registerView{Frame: c.Frame(c.T("register.title", u.Name)), Key: web.NewKey(), Self: "/units/" + key.String() + "/officials", Unit: u.Name, UnitURL: "/units/" + key.String() + then, On: past, Query: q.Part, Kind: q.Category,
		Under: q.Under, CanUnder: u.Kind == "township", Active: q.Part != "" || q.Category != "" || q.Under || past != "", Files: past == "" && roll.Files(c.Who, u) && u.County != ""}
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	to := func(after string) string {
		x := url.Values{}
		for k, s := range map[string]string{"q": q.Part, "kind": q.Category, "under": map[bool]string{true: "1"}[q.Under], "after": after, "on": string(past)} {
			if s != "" {
				x.Set(k, s)
			}
		}
		return v.Self + "?" + x.Encode()
	}
	if len(list) > registerRows {
		list = list[:registerRows]
		v.Next = to(list[registerRows-1].ID.Key)
	}
	if q.After != "" {
		v.First = to("")
	}
	for _, t := range p.Rules.Terms("official_category", c.Today) {
		v.Kinds = append(v.Kinds, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
	}
	for _, x := range list {
		v.Rows = append(v.Rows, p.official(c, x, u, v.Files, v.Self))
	}
	if err := p.registerFacts(c, u, on, &v); err != nil {
		return err
	}
	if v.Files {
		if err := p.filing(c, u, &v, form, problem); err != nil {
			return err
		}
	}
	return c.Render(status, registerPage(v))
}

func (p *Pages) official(c *web.Ctx, x roll.Entry, u access.Unit, files bool, self string) officialView {
	o := officialView{Name: x.Name, Post: x.Post, Kind: p.Rules.Name("official_category", x.Category, c.Lang), Since: ui.LongDay(c.Lang, calendar.Date(x.From)), Chief: x.Chief}
	if x.Unit != u.ID.Key {
		o.Unit = x.UnitName
		return o
	}
	switch {
	case x.Waits != "":
		o.Waits = c.T("register.waits." + x.Waits)
	case files:
		link := func(what string) string {
			return self + "?" + url.Values{"what": {what}, "official": {x.ID.Key}}.Encode() + "#file"
		}
		o.Change, o.Leave = link(roll.Post), link(roll.Leave)
	}
	return o
}

// registerFacts are the register's numbers: how many, how it has grown, how many there are to a full-time officer.
func (p *Pages) registerFacts(c *web.Ctx, u access.Unit, on calendar.Date, v *registerView) error {
	if !c.Who.Can(access.MeasureRead) || u.Kind != "township" && u.Kind != "county" && u.Kind != "city" {
		return nil
	}
	then := ""
	if v.On != "" {
		then = "?on=" + string(v.On)
	}
	add := func(label string, text ...ui.Segment) { v.Facts = append(v.Facts, Fact{c.T(label), text}) }
	n, err := p.count(c.Context(), c, "officials.count", u, on)
	if err != nil {
		return err
	}
	add("register.all", ui.Segment{Text: ui.Thousands(n.Numerator), Href: rowsLink("officials.count", u.ID, on)})
	if g, err := p.count(c.Context(), c, "officials.growth", u, on); err != nil {
		return err
	} else if g.Known {
		add("register.growth", ui.Segment{Text: ui.Percent(g.Float(measure.Growth)), Href: rowsLink("officials.growth", u.ID, on)}, ui.Segment{Text: c.T("register.base", ui.Thousands(g.Denominator)), Dim: true})
	}
	if c.Who.Can(access.CheckRead) {
		x, err := p.count(c.Context(), c, "officials.covered_share", u, on)
		if err != nil {
			return err
		}
		if x.Known {
			add("register.covered", ui.Segment{Text: ui.Fraction(x.Numerator, x.Denominator), Href: "/checks/" + u.ID.String() + then}, ui.Segment{Text: c.T("check.reached", ui.Thousands(x.Numerator), ui.Thousands(x.Denominator)), Dim: true})
		}
	}
	f, err := org.LoadFacts(c.Context(), c.In(u.ID), measure.Query{Unit: u, From: on, To: on}, org.NeedDuties)
	if err != nil {
		return err
	}
	full, held := int64(0), int64(0)
	for _, s := range f.Seats {
		if s.Held() {
			held++
			if f.FullTime(s) {
				full++
			}
		}
	}
	said := []ui.Segment{{Text: c.T("register.load.none")}}
	if full > 0 {
		said = []ui.Segment{{Text: c.T("register.load.each", strconv.FormatInt((n.Numerator+full/2)/full, 10))}}
	}
	add("register.load", append(said, ui.Segment{Text: c.T("register.load.of", strconv.FormatInt(full, 10), strconv.FormatInt(held, 10)), Href: rowsLink("staff.held", u.ID, on), Dim: true})...)
	return nil
}

// filing is the form that files a change, and what was filed lately.
func (p *Pages) filing(c *web.Ctx, u access.Unit, v *registerView, form url.Values, problem error) error {
	if form == nil {
		form = c.R.URL.Query()
	}
	texts := web.Texts(c.Lang, problem)
	v.What = form.Get("what")
	if v.What != roll.Post && v.What != roll.Leave {
		v.What = roll.Add
	}
	field := func(name, kind string, value string) ui.FieldView {
		return ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("register.field." + name), Kind: kind, Must: true, Value: value, Error: texts[name], Max: map[string]string{"name": "30", "post": "60", "on": string(c.Today)}[name]}
	}
	post, rank, category, party := form.Get("post"), form.Get("rank"), form.Get("category"), form.Get("party")
	official := ""
	if key := form.Get("official"); v.What != roll.Add && id.ValidKey(key) {
		o, err := org.GetOfficial(c.Context(), c.In(u.ID), key)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if err == nil && o.Unit == u.ID.Key && o.To == "" {
			v.Who, official = o.Name, key
			if problem == nil {
				post, rank, category, party = o.Post, o.Rank, o.Category, yesNo(o.PartyMember)
			}
		}
	}
	if official == "" {
		v.What = roll.Add
	}
	v.Open = problem != nil || official != ""
	v.Title = c.T("register.file." + v.What)
	hidden := func(name, value string) ui.FieldView { return ui.FieldView{Kind: "hidden", Name: name, Value: value} }
	v.Change = []ui.FieldView{hidden("what", v.What), hidden("official", official)}
	if v.What == roll.Add {
		v.Change = append(v.Change, field("name", "line", form.Get("name")))
	}
	if v.What != roll.Leave {
		ranks, kinds, member := field("rank", "select", rank), field("category", "select", category), field("party", "choice", party)
		for _, x := range p.Rules.Ranks() {
			if x.Code != "none" {
				ranks.Options = append(ranks.Options, ui.OptionView{Code: x.Code, Name: x.Name.In(c.Lang)})
			}
		}
		kinds.Options = v.Kinds
		member.Options = []ui.OptionView{{Code: "yes", Name: c.T("choice.yes")}, {Code: "no", Name: c.T("choice.no")}}
		v.Change = append(v.Change, field("post", "line", post), ranks, kinds, member)
	}
	on := form.Get("on")
	if on == "" {
		on = string(c.Today)
	}
	v.Change = append(v.Change, field("on", "day", on))
	filed, err := p.Roll.Recent(c.Context(), c.Who, u, filedShown)
	for _, x := range filed {
		y := filedView{Text: c.T("register.filed."+x.What, x.Name), By: x.ByName, Href: "/m/" + id.ID{City: u.ID.City, Key: x.ID}.String(), State: c.T("register.open")}
		if x.Closed != "" {
			y.State = c.T("register.closed", ui.LongDay(c.Lang, x.Closed))
		}
		v.Filed = append(v.Filed, y)
	}
	return err
}

func (p *Pages) fileChange(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	if key.City != c.Who.City {
		return fault.Hidden()
	}
	if what := f.Get("what"); (what == roll.Add || what == roll.Post) && f.Get("party") != "yes" && f.Get("party") != "no" {
		return p.register(c, http.StatusUnprocessableEntity, f, fault.InvalidField("party", "required"))
	}
	_, err = p.Roll.File(c.Context(), c.Who, roll.Change{What: f.Get("what"), Unit: key.Key, Official: f.Get("official"), Name: f.Get("name"), Post: f.Get("post"), Rank: f.Get("rank"), Category: f.Get("category"),
		Party: f.Get("party") == "yes", On: calendar.Date(f.Get("on"))})
	if sentBack(err) {
		return p.register(c, web.Status(err), f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/units/" + key.String() + "/officials?done=filed")
}

// filingDetail says what was filed, and by whom.
func (p *Pages) filingDetail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	d := flowhttp.Detail{}
	f, err := roll.Of(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return d, err
	}
	add := func(label, text string) {
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T(label), Text: ui.Segments{{Text: text}}})
	}
	add("filing.what", c.T("register.file."+f.What))
	add("register.field.name", f.Name)
	if f.What == roll.Post {
		o, err := org.GetOfficial(c.Context(), c.In(m.ID), f.Official)
		if err != nil {
			return d, err
		}
		if m.Open {
			add("filing.was", o.Post+" "+p.Rules.Name("official_category", o.Category, c.Lang))
		}
	}
	if r, ok := p.Rules.Rank(f.Rank); ok {
		add("register.field.post", f.Post+" "+r.Name.In(c.Lang))
	}
	add("register.field.category", p.Rules.Name("official_category", f.Category, c.Lang))
	add("register.field.on", ui.LongDay(c.Lang, f.On))
	add("filing.by", f.ByName)
	d.Do = &ui.Segment{Text: c.T("filing.register"), Href: "/units/" + id.ID{City: m.ID.City, Key: f.Unit}.String() + "/officials"}
	return d, nil
}
