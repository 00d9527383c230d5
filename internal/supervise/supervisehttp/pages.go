// Package supervisehttp shows whom checks have reached and takes in new ones.
//
// Invariants: a page opens with who has not been reached, not with how much was done; nobody's name stands on it but those of the people
// who went; the form keeps what was typed.
package supervisehttp

import (
	"net/http"
	"net/url"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/rulebook"
	"qianshao/internal/supervise"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Supervise *supervise.Service
	Rules     *rulebook.Book
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/checks", Perm: access.CheckRead, Do: p.home},
		{Method: http.MethodGet, Path: "/checks/{id}", Perm: access.CheckRead, Do: p.unit},
		{Method: http.MethodGet, Path: "/checks/{id}/new", Perm: access.CheckEnter, Do: func(c *web.Ctx) error { return p.form(c, http.StatusOK, nil, nil) }},
		{Method: http.MethodPost, Path: "/checks/{id}/new", Perm: access.CheckEnter, Do: p.enter},
	}
}

func at(u access.Unit) string { return "/checks/" + u.ID.String() }

// home leads to the reader's own place; a province chooses one of its cities.
func (p *Pages) home(c *web.Ctx) error {
	u := c.Who.Unit()
	if u.Level >= access.City {
		key := u.ID
		if u.Kind == "office" { // what its organ answers for
			key.Key = u.Organ
		}
		return c.Redirect("/checks/" + key.String())
	}
	var below []id.City
	for _, x := range c.Who.Cities {
		if x != c.Who.City {
			below = append(below, x)
		}
	}
	tops, err := access.Tops(c.Context(), c.Home(), below)
	if err != nil {
		return err
	}
	v := homeView{Frame: c.Frame(c.T("check.title"))}
	for _, t := range tops {
		v.Cities = append(v.Cities, ui.Segment{Text: t.Name, Href: at(t)})
	}
	return c.Render(http.StatusOK, homePage(v))
}

type homeView struct {
	Frame  ui.Frame
	Cities []ui.Segment
}

// listRows is how many checks a page lists.
const listRows = 30

type unitView struct {
	Frame       ui.Frame
	Up          ui.Segment // the unit above, as far as the reader sees it
	Name        string
	Home        string // the unit's own page
	New         string // the form, "" for whoever enters none here
	Said        string
	Share       string
	Behind      string // the units and kinds behind the share
	Of          string
	PartHead    string
	Parts       []partView
	Rows        []checkView
	Next, First string
	Self        string
	On          calendar.Date // the day it is shown of, where that is an earlier one; nothing is entered then
}

type partView struct {
	Name, Href, New  string
	Officials, Share string
	Behind           string // the kinds behind the share
	Last             string
	None             bool // nobody of it was reached
}

type checkView struct {
	Day, Unit, Kind, Field, Looked, Who, Result string
	Found                                       bool
}

func (p *Pages) of(c *web.Ctx) (access.Unit, error) {
	x, err := c.ID("id")
	if err != nil {
		return access.Unit{}, err
	}
	return p.Supervise.Unit(c.Context(), c.In(x), c.Who, x.Key)
}

// unit shows whom checks have reached in a unit and what lies under it, and the checks themselves.
func (p *Pages) unit(c *web.Ctx) error {
	u, err := p.of(c)
	if err != nil {
		return err
	}
	r := c.In(u.ID)
	on, err := c.Day("on")
	if err != nil {
		return err
	}
	v := unitView{Self: at(u), PartHead: c.T("check.part." + partOf(u))}
	if on < c.Today {
		v.On = on
		if u, err = org.UnitThen(c.Context(), r, u, on); err != nil {
			return err
		}
	}
	v.Frame, v.Name, v.Home = c.Frame(c.T("check.of", u.Name)), u.Name, dated("/units/"+u.ID.String(), v.On)
	if v.On == "" && supervise.Enters(c.Who, u) {
		v.New = at(u) + "/new"
	}
	if v.Up, err = p.up(c, u); err != nil {
		return err
	}
	v.Up.Href = dated(v.Up.Href, v.On)
	parts, err := p.Supervise.Parts(c.Context(), r, u, on)
	if err != nil {
		return err
	}
	officials, reached := int64(0), int64(0)
	for _, x := range parts {
		officials, reached = officials+x.Officials, reached+x.Reached
		v.Parts = append(v.Parts, p.part(c, x, u, v.On))
	}
	if v.Said = c.T("check.nobody"); officials > 0 {
		v.Share, v.Of, v.Said = ui.Fraction(reached, officials), c.T("check.reached", ui.Thousands(reached), ui.Thousands(officials)), c.T("check.line")
	}
	if c.Who.Can(access.MeasureRead) {
		v.Behind = behind(u, v.On)
	}
	after := c.R.URL.Query().Get("after")
	list, next, err := p.Supervise.Checks(c.Context(), r, c.Who, u, on, after, listRows)
	if err != nil {
		return err
	}
	for _, x := range list {
		t, _ := p.Rules.Term("check_result", x.Result)
		v.Rows = append(v.Rows, checkView{Day: ui.DayIn(c.Lang, x.On, c.Today), Unit: x.UnitName, Kind: p.Rules.Name("supervision_kind", x.Kind, c.Lang), Field: p.Rules.Name("check_field", x.Field, c.Lang),
			Looked: x.Looked, Who: x.ByName + c.T("list.comma") + x.Checkers, Result: t.Name.In(c.Lang), Found: t.Attrs["found"] == "yes"})
	}
	if next != "" {
		q := url.Values{"after": {next}}
		if v.On != "" {
			q.Set("on", string(v.On))
		}
		v.Next = at(u) + "?" + q.Encode()
	}
	if after != "" {
		v.First = dated(at(u), v.On)
	}
	return c.Render(http.StatusOK, unitPage(v))
}

// dated is an address as of an earlier day, where there is one.
func dated(href string, on calendar.Date) string {
	if on == "" || href == "" {
		return href
	}
	return href + "?on=" + string(on)
}

// behind are the rows of the share of a unit.
func behind(u access.Unit, on calendar.Date) string {
	q := url.Values{"unit": {u.ID.String()}}
	if on != "" {
		q.Set("to", string(on))
	}
	return "/measures/" + supervise.Covered + "?" + q.Encode()
}

func partOf(u access.Unit) string {
	switch {
	case u.Level <= access.City:
		return "county"
	case u.Kind == "county":
		return "township"
	}
	return "unit"
}

func (p *Pages) part(c *web.Ctx, x supervise.Part, of access.Unit, on calendar.Date) partView {
	v := partView{Name: x.Unit.Name, Officials: ui.Thousands(x.Officials), Share: ui.Fraction(x.Reached, x.Officials), Last: c.T("check.never"), None: x.Reached == 0}
	if x.Last != "" {
		v.Last = ui.DayIn(c.Lang, x.Last, c.Today)
	}
	if c.Who.Can(access.MeasureRead) && x.Unit.Level >= access.City {
		v.Behind = behind(x.Unit, on)
	}
	if x.Unit.ID == of.ID {
		v.Behind = "" // the page's own heading has them
		if of.Kind == "township" || of.Kind == "county" {
			v.Name = c.T("check.itself", x.Unit.Name)
		}
	} else {
		v.Href = dated(at(x.Unit), on)
	}
	if on == "" && (x.Unit.Kind != "township" || x.Unit.ID == of.ID) && x.Unit.Kind != "county" && supervise.Enters(c.Who, x.Unit) {
		v.New = at(x.Unit) + "/new"
	}
	return v
}

// up is the way to the unit above, where the reader sees it.
func (p *Pages) up(c *web.Ctx, u access.Unit) (ui.Segment, error) {
	above := u.Township
	switch {
	case u.Level <= access.City:
		if c.Who.Unit().Level < u.Level {
			return ui.Segment{Text: c.T("check.title"), Href: "/checks"}, nil
		}
		return ui.Segment{}, nil
	case u.Kind == "county":
		above = u.Superior
	case u.Kind == "township" || above == "":
		above = u.County
	}
	x, err := access.GetUnit(c.Context(), c.In(u.ID), above)
	if fault.KindOf(err) == fault.NotFound {
		return ui.Segment{}, nil
	}
	if err != nil || !supervise.Sees(c.Who, x) {
		return ui.Segment{}, err
	}
	return ui.Segment{Text: x.Name, Href: at(x)}, nil
}

type formView struct {
	Frame  ui.Frame
	Unit   string
	Back   string
	Self   string
	Key    string
	Wrong  string
	Fields []ui.FieldView
	Empty  bool // the unit has nobody in its register
}

// form is what is entered of a check: what mostly holds stands there already.
func (p *Pages) form(c *web.Ctx, status int, f url.Values, problem error) error {
	u, err := p.of(c)
	if err == nil && !supervise.Enters(c.Who, u) {
		err = fault.New(fault.Forbidden, "move.not_yours")
	}
	if err != nil {
		return err
	}
	kinds, err := supervise.Kinds(c.Context(), c.In(u.ID), u)
	if err != nil {
		return err
	}
	if f == nil {
		f = url.Values{"on": {string(c.Today)}, "kind": {"daily"}, "checkers": {c.Who.Name}}
		if len(kinds) == 1 { // of several nobody is taken for reached whom nobody ticked
			f.Set("reached", kinds[0].Dim)
		}
	}
	v := formView{Frame: c.Frame(c.T("check.enter")), Unit: u.Name, Back: at(u), Self: at(u) + "/new", Key: web.NewKey(), Empty: len(kinds) == 0}
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	texts := web.Texts(c.Lang, problem)
	add := func(name, kind string, set func(*ui.FieldView)) {
		fv := ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("check.field." + name), Kind: kind, Must: true, Value: f.Get(name), Error: texts[name]}
		set(&fv)
		v.Fields = append(v.Fields, fv)
	}
	list := func(name string) func(*ui.FieldView) {
		return func(fv *ui.FieldView) {
			for _, t := range p.Rules.Terms(name, c.Today) {
				fv.Options = append(fv.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
			}
		}
	}
	add("on", "day", func(fv *ui.FieldView) { fv.Max = string(c.Today) })
	add("kind", "choice", list("supervision_kind"))
	add("field", "select", list("check_field"))
	add("looked", "line", func(fv *ui.FieldView) { fv.Max, fv.Help = "120", c.T("check.field.looked.help") })
	add("reached", "choices", func(fv *ui.FieldView) {
		fv.Values, fv.Help = f["reached"], c.T("check.field.reached.help")
		for _, k := range kinds {
			fv.Options = append(fv.Options, ui.OptionView{Code: k.Dim, Name: p.Rules.Name("official_category", k.Dim, c.Lang), Note: c.T("check.people", strconv.FormatInt(k.N, 10))})
		}
	})
	add("checkers", "line", func(fv *ui.FieldView) { fv.Max = "60" })
	add("result", "choice", list("check_result"))
	return c.Render(status, formPage(v))
}

func (p *Pages) enter(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	u, err := p.of(c)
	if err == nil && !supervise.Enters(c.Who, u) {
		err = fault.New(fault.Forbidden, "move.not_yours")
	}
	if err != nil {
		return err
	}
	_, err = p.Supervise.Enter(c.Context(), c.Who, supervise.Check{Unit: u.ID.Key, On: calendar.Date(f.Get("on")), Kind: f.Get("kind"), Field: f.Get("field"), Looked: f.Get("looked"), Checkers: f.Get("checkers"),
		Result: f.Get("result"), Reached: f["reached"]})
	if k := fault.KindOf(err); err != nil && (k == fault.Invalid || k == fault.Conflict) {
		return p.form(c, web.Status(err), f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(at(u) + "?done=checked")
}
