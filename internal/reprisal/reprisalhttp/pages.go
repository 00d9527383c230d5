// Package reprisalhttp shows the organ that watches over reporters what was noticed, and ends a watch for somebody who turns to it.
//
// Invariants: what an alert says is shown once, for a reason, and stands on no other page; nobody is shown a list of those who
// are watched over.
package reprisalhttp

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/reprisal"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Reprisal *reprisal.Service
	Rules    *rulebook.Book
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/alerts/{id}", Perm: access.ReporterOpen, Do: p.ask},
		{Method: http.MethodPost, Path: "/alerts/{id}", Perm: access.ReporterOpen, Do: p.open},
		{Method: http.MethodGet, Path: "/watches", Perm: access.AlertRead, Do: func(c *web.Ctx) error { return p.watches(c, url.Values{}, nil) }},
		{Method: http.MethodPost, Path: "/watches/end", Perm: access.AlertRead, Do: p.end},
	}
}

// Kinds are the lists and details of this room's matters.
func (p *Pages) Kinds() []flowhttp.Kind {
	return []flowhttp.Kind{{Name: reprisal.Kind, Path: "/alerts", New: "/watches", NewFor: access.AlertRead, Views: []string{reprisal.Raised, flow.ViewLate, reprisal.Unrelated, reprisal.TakenUp}, Detail: p.detail}}
}

// detail is what may be known of an alert while it is sealed.
func (p *Pages) detail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	d := flowhttp.Detail{}
	if m.Open {
		d.Alert = c.T("alert.note")
	}
	at, err := custody.Opener(c.Context(), c.In(m.ID), c.Who, m)
	if err == nil && !at.Zero() && m.State != reprisal.Dropped {
		d.Do = &ui.Segment{Text: c.T("alert.open"), Href: "/alerts/" + m.ID.String()}
	}
	return d, err
}

type alertView struct {
	Frame  ui.Frame
	No     string
	Back   string
	Action string
	Locked bool
	Reason ui.FieldView
	Wrong  string
	Opened bool
	Facts  []fact
	Turns  []turn
}

type fact struct{ Label, Text string }

type turn struct{ Day, What, Who, Note string }

func (p *Pages) ask(c *web.Ctx) error { return p.askReason(c, c.T("alert.reason.usual"), nil) }

// alert reads the alert of an address for somebody who may open it.
func (p *Pages) alert(c *web.Ctx) (m flow.Matter, at id.ID, err error) {
	key, err := c.ID("id")
	if err != nil {
		return m, at, err
	}
	if m, err = flow.Get(c.Context(), c.In(key), c.Who, key.Key); err != nil {
		return m, at, err
	}
	if m.Kind != reprisal.Kind {
		return m, at, fault.Hidden()
	}
	if at, err = custody.Opener(c.Context(), c.In(key), c.Who, m); err == nil && at.Zero() {
		err = fault.New(fault.Forbidden, "move.not_yours")
	}
	return m, at, err
}

func (p *Pages) askReason(c *web.Ctx, reason string, problem error) error {
	m, at, err := p.alert(c)
	if err != nil {
		return err
	}
	v := alertView{Frame: c.Frame(c.T("alert.page")), No: m.No, Back: "/m/" + m.ID.String(), Action: "/alerts/" + m.ID.String(), Locked: !p.Reprisal.Custody.Ring.Unlocked(at.String())}
	v.Reason = ui.FieldView{Lang: c.Lang, ID: "f-reason", Name: "reason", Label: c.T("sealed.reason"), Kind: "line", Must: true, Max: "120", Value: reason, Help: c.T("letter.reason.help"), Error: web.Texts(c.Lang, problem)["reason"], Focus: true}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, alertPage(v))
}

// open opens an alert, which is an act each time, and shows it once.
func (p *Pages) open(c *web.Ctx) error {
	m, _, err := p.alert(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	c.Who.Request = access.Request{} // what is read is never replayed
	a, err := p.Reprisal.Open(c.Context(), c.Who, m.ID, f.Get("reason"))
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.askReason(c, f.Get("reason"), err)
		}
		return err
	}
	of, err := access.GetUnit(c.Context(), c.In(m.ID).For(a.Of.City), a.Of.Key)
	if err != nil {
		return err
	}
	v := alertView{Frame: c.Frame(c.T("alert.page")), No: m.No, Back: "/m/" + m.ID.String(), Opened: true}
	for _, x := range []fact{{"alert.name", a.Name}, {"alert.works", strings.TrimSpace(a.Unit + " " + a.Post)}, {"alert.contact", a.Contact}, {"alert.fear", a.Fear}, {"alert.of", of.Commission()}, {"alert.day", ui.DayIn(c.Lang, a.Day, c.Today)}} {
		if x.Text != "" {
			v.Facts = append(v.Facts, fact{c.T(x.Label), x.Text})
		}
	}
	for _, n := range a.Turns {
		t := turn{Day: ui.DayIn(c.Lang, n.Day, c.Today), What: c.T("alert.turn." + n.What), Who: n.UnitName + " " + n.Post + " " + n.Name, Note: c.T("alert.elsewhere")}
		switch {
		case n.Note == "":
		case n.What == org.TurnLeft:
			t.What += c.T("punct.colon") + p.Rules.Name("leaving_reason", n.Note, c.Lang)
		case n.What == org.TurnDuty:
			t.What += c.T("punct.colon") + p.Rules.Name("duty_kind", n.Note, c.Lang)
		case n.What == org.TurnChanged:
			t.What += c.T("punct.colon") + c.T("alert.was", n.Note)
		}
		if n.Same {
			t.Note = c.T("alert.same")
		}
		v.Turns = append(v.Turns, t)
	}
	return c.Render(http.StatusOK, alertPage(v))
}

type watchesView struct {
	Frame  ui.Frame
	On     string
	Locked bool
	Fields []ui.FieldView
	Wrong  string
	Key    string
}

// watches says how many people are watched over, and ends it for one who asks; who they are is on no page.
func (p *Pages) watches(c *web.Ctx, f url.Values, problem error) error {
	n, err := p.Reprisal.On(c.Context(), c.Who)
	if err != nil {
		return err
	}
	v := watchesView{Frame: c.Frame(c.T("watches.page")), On: strconv.FormatInt(n, 10), Locked: !p.Reprisal.Custody.Ring.Unlocked(c.Who.Unit().OrganID().String())}
	texts := web.Texts(c.Lang, problem)
	for _, name := range []string{"name", "unit"} {
		v.Fields = append(v.Fields, ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("watches." + name), Kind: "line", Must: true, Max: "120", Error: texts[name]})
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, watchesPage(v))
}

func (p *Pages) end(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	c.Who.Request = access.Request{} // a name is part of no digest that is stored
	if _, err := p.Reprisal.EndFor(c.Context(), c.Who, f.Get("name"), f.Get("unit")); err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.watches(c, f, err)
		}
		return err
	}
	return c.Redirect("/watches?done=watch_ended")
}
