// Package burdenhttp shows the account of what is asked of townships: a township its own, whoever asks what they have asked
// and the form for more, the county and those above it all townships against the cap, and what is listed for ending.
//
// Invariants: what is not the reader's to see reads as not there; whatever was typed is kept when a form comes back; a number
// over the cap says so in words and not in colour alone.
package burdenhttp

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
	"qianshao/internal/org/orghttp"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Burden *burden.Service
	Rules  *rulebook.Book
	DB     *db.DB
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/burden", Perm: access.BurdenRead, Do: p.home},
		{Method: http.MethodPost, Path: "/burden/cap", Perm: access.BurdenAsk, Do: p.setCap},
		{Method: http.MethodGet, Path: "/burden/asks", Perm: access.BurdenAsk, Do: p.asks},
		{Method: http.MethodGet, Path: "/burden/new", Perm: access.BurdenAsk, Do: p.newAsk},
		{Method: http.MethodPost, Path: "/burden/asks", Perm: access.BurdenAsk, Do: p.enter},
		{Method: http.MethodGet, Path: "/burden/asks/{id}", Perm: access.BurdenRead, Do: func(c *web.Ctx) error { return p.ask(c, nil, nil) }},
		{Method: http.MethodPost, Path: "/burden/asks/{id}", Perm: access.BurdenAsk, Do: p.change},
		{Method: http.MethodGet, Path: "/burden/unlisted/new", Perm: access.BurdenRead, Do: func(c *web.Ctx) error {
			return p.reportForm(c, url.Values{"on": {string(c.Today)}}, nil)
		}},
		{Method: http.MethodPost, Path: "/burden/unlisted", Perm: access.BurdenRead, Do: p.report},
	}
}

// Kinds are the lists and details of this room's matters.
func (p *Pages) Kinds() []flowhttp.Kind {
	return []flowhttp.Kind{{Name: burden.Kind, Path: "/unlisted", Views: []string{burden.Raised, flow.ViewLate, burden.Entered, burden.Stopped}, Detail: p.detail}}
}

// detail is what a township said of an ask that is not on its account.
func (p *Pages) detail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	u, err := p.Burden.Unlisted(c.Context(), c.In(m.ID), m)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	d := flowhttp.Detail{Summary: u.What, Facts: []flowhttp.Fact{
		{Label: c.T("unlisted.asker"), Text: ui.Segments{{Text: u.Asker}}},
		{Label: c.T("burden.minutes"), Text: ui.Segments{{Text: c.T("length.minute", n(u.Minutes))}}},
		{Label: c.T("unlisted.on"), Text: ui.Segments{{Text: ui.DayIn(c.Lang, u.On, c.Today)}}},
	}}
	if u.Ask != "" {
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T("unlisted.entered"), Text: ui.Segments{{Text: c.T("unlisted.entered.open"), Href: "/burden/asks/" + id.ID{City: m.ID.City, Key: u.Ask}.String()}}})
	}
	return d, nil
}

func n(x int64) string { return strconv.FormatInt(x, 10) }

// sentBack are the faults that a form is shown again with.
func sentBack(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict:
		return true
	}
	return err != nil && fault.Code(err) == "burden.own"
}

// tenant is the reader of the city that a page is about: the reader's own or, for those above, the one that is named.
func (p *Pages) tenant(c *web.Ctx) (db.Reader, []access.Unit, error) {
	u := c.Who.Unit()
	if u.Level >= access.City {
		return c.Home(), nil, nil
	}
	var below []id.City
	for _, x := range c.Who.Cities {
		if x != c.Who.City {
			below = append(below, x)
		}
	}
	tops, err := access.Tops(c.Context(), c.Home(), below)
	if err != nil || len(tops) == 0 {
		return c.Home(), nil, err
	}
	at := tops[0]
	for _, t := range tops {
		if t.ID.String() == c.R.FormValue("city") {
			at = t
		}
	}
	return p.DB.In(at.ID.City), tops, nil
}

// month is the month that an address names, the current one if it names none.
func month(c *web.Ctx) string {
	m := c.R.URL.Query().Get("month")
	if d := calendar.Date(m + "-01"); !d.Valid() || d > c.Today {
		return c.Today.MonthKey()
	}
	return m
}

// monthName is a month as a heading says it.
func monthName(c *web.Ctx, key string) string {
	d := calendar.Date(key + "-01")
	return c.T("burden.month", strconv.Itoa(d.Year()), strconv.Itoa(d.Month()))
}

// shortMonth is a month as a column says it.
func shortMonth(c *web.Ctx, key string) string {
	if c.Lang == locale.En {
		return time.Month(calendar.Date(key + "-01").Month()).String()[:3]
	}
	return c.T("burden.month.short", strconv.Itoa(calendar.Date(key+"-01").Month()))
}

// Note is what stands on somebody's first page.
func (p *Pages) Note(c *web.Ctx) (*flowhttp.Note, error) {
	if !c.Who.Can(access.BurdenRead) {
		return nil, nil
	}
	x, ok, err := p.Burden.NoteFor(c.Context(), c.Who)
	if err != nil || !ok {
		return nil, err
	}
	out := &flowhttp.Note{Title: c.T("burden.title"), Href: "/burden", More: c.T("burden.open")}
	if c.Who.Unit().Kind == "township" {
		out.Lines = append(out.Lines, ui.Segments{{Text: c.T("burden.note.town", n(x.Sum), n(x.Cap))}})
		return out, nil
	}
	out.Lines = append(out.Lines, ui.Segments{{Text: c.T("burden.note.asked", n(x.Asks), n(x.Minutes)), Href: "/burden/asks"}})
	if !x.Town.ID.Zero() {
		out.Lines = append(out.Lines, ui.Segments{{Text: c.T("burden.note.most", x.Town.Name, n(x.Sum), n(x.Cap)), Href: townHref(x.Town)}})
	}
	if x.HeldForMe {
		out.Lines = append(out.Lines, ui.Segments{{Text: c.T("burden.note.held"), Href: "/burden/asks?view=held"}})
	}
	return out, nil
}

// OfUnit is what stands of this room on the page of a township.
func (p *Pages) OfUnit(c *web.Ctx, u access.Unit) (*orghttp.Fact, error) {
	x, ok, err := p.Burden.OfTown(c.Context(), c.In(u.ID), c.Who, u)
	if err != nil || !ok {
		return nil, err
	}
	return &orghttp.Fact{Label: c.T("burden.title"), Text: ui.Segments{{Text: c.T("burden.note.town", n(x.Sum), n(x.Cap)), Href: townHref(u)}}}, nil
}

func townHref(u access.Unit) string { return "/burden?town=" + u.ID.String() }

// askRow is an ask in a list.
type askRow struct {
	Href, What, By, Basis, Minutes, Day, Due, State, Towns string
	Late                                                   bool
}

func (p *Pages) row(c *web.Ctx, a burden.Ask) askRow {
	r := askRow{Href: "/burden/asks/" + a.ID.String(), What: p.what(c, a), By: p.by(c, a), Basis: p.basis(c, a), Minutes: n(a.Minutes), Day: ui.DayIn(c.Lang, a.Asked, c.Today), Due: ui.DayIn(c.Lang, a.Due, c.Today), Towns: n(a.Towns)}
	r.State, r.Late = p.state(c, a)
	return r
}

// state is how an ask stands, and whether something is owed on it.
func (p *Pages) state(c *web.Ctx, a burden.Ask) (string, bool) {
	switch {
	case a.State == burden.Held:
		return c.T("burden.state.held"), true
	case a.State == burden.Refused:
		return c.T("burden.state.refused"), false
	case a.Ended != "":
		return c.T("burden.state.ended"), false
	case a.UsedOn != "":
		return c.T("burden.state.used"), false
	case a.Due < c.Today:
		return c.T("burden.state.unused"), true
	}
	return c.T("burden.state.standing"), false
}

// what and basis are those of the rule, for what the program asks.
func (p *Pages) what(c *web.Ctx, a burden.Ask) string {
	if x, ok := p.Rules.Ask(a.Rule, a.Asked); ok {
		return x.Name.In(c.Lang)
	}
	return a.What
}

func (p *Pages) basis(c *web.Ctx, a burden.Ask) string {
	if x, ok := p.Rules.Ask(a.Rule, a.Asked); ok {
		if x.Measured {
			return c.T("burden.basis.measured", x.Version)
		}
		return c.T("burden.basis.estimate", x.Version)
	}
	return a.Basis
}

func (p *Pages) by(c *web.Ctx, a burden.Ask) string {
	if a.ByLevel == burden.ByProgram {
		return c.T("burden.by.program")
	}
	return a.ByName
}

type asksView struct {
	Frame ui.Frame
	Views []viewTab
	View  string
	Rows  []askRow
	Next  string
	First string
	New   string
	City  string
}

type viewTab struct {
	Name, Href string
	Current    bool
}

// asks lists asks: the organ's own, those that wait for a chief, those listed for ending.
func (p *Pages) asks(c *web.Ctx) error {
	r, tops, err := p.tenant(c)
	if err != nil {
		return err
	}
	q := c.R.URL.Query()
	at, err := measure.ParseCursor(q.Get("after"))
	if err != nil {
		return err
	}
	v := asksView{Frame: c.Frame(c.T("burden.asks")), View: q.Get("view"), New: "/burden/new"}
	if len(tops) > 0 {
		v.City = "&city=" + url.QueryEscape(q.Get("city"))
	}
	known := false
	for _, x := range burden.Views {
		known = known || x == v.View
	}
	if !known {
		v.View = burden.ViewMine
	}
	for _, x := range burden.Views {
		v.Views = append(v.Views, viewTab{Name: c.T("burden.view." + x), Href: "/burden/asks?view=" + x + v.City, Current: x == v.View})
	}
	as, next, err := p.Burden.List(c.Context(), r, c.Who, v.View, measure.Turn{After: at, Limit: burden.Rows})
	if err != nil {
		return err
	}
	for _, a := range as {
		v.Rows = append(v.Rows, p.row(c, a))
	}
	if next.Key != "" {
		v.Next = "/burden/asks?view=" + v.View + v.City + "&after=" + url.QueryEscape(next.String())
	}
	if q.Get("after") != "" {
		v.First = "/burden/asks?view=" + v.View + v.City
	}
	return c.Render(http.StatusOK, asksPage(v))
}
