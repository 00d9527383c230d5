// Package areahttp shows how a county's force is put together: its areas and the planner that proposes them, its force formula,
// and people called up for a task.
//
// Everything works without a script: a township is put into another area by choosing it and looking again.
package areahttp

import (
	"net/http"
	"net/url"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/org/area"
	"qianshao/internal/org/callup"
	"qianshao/internal/org/formula"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Areas   *area.Service
	Formula *formula.Service
	Callups *callup.Service
	Rules   *rulebook.Book
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/areas", Perm: access.MeasureRead, Do: p.areas},
		{Method: http.MethodGet, Path: "/areas/plan", Perm: access.AreaWrite, Do: p.plan},
		{Method: http.MethodPost, Path: "/areas/plan", Perm: access.AreaWrite, Do: p.planned},
		{Method: http.MethodGet, Path: "/areas/borders", Perm: access.AreaWrite, Do: p.borders},
		{Method: http.MethodPost, Path: "/areas/borders", Perm: access.AreaWrite, Do: p.setBorders},
		{Method: http.MethodGet, Path: "/formula", Perm: access.MeasureRead, Do: p.formula},
		{Method: http.MethodGet, Path: "/formula/new", Perm: access.AreaWrite, Do: p.newSlot},
		{Method: http.MethodPost, Path: "/formula/new", Perm: access.AreaWrite, Do: p.addSlot},
		{Method: http.MethodGet, Path: "/formula/fill", Perm: access.AreaWrite, Do: p.fillForm},
		{Method: http.MethodPost, Path: "/formula/fill", Perm: access.AreaWrite, Do: p.fill},
		{Method: http.MethodPost, Path: "/formula/leave", Perm: access.AreaWrite, Do: p.leave},
		{Method: http.MethodPost, Path: "/formula/end", Perm: access.AreaWrite, Do: p.endSlot},
		{Method: http.MethodGet, Path: "/callups/new", Perm: access.CallupAsk, Do: p.newCallup},
		{Method: http.MethodPost, Path: "/callups/new", Perm: access.CallupAsk, Do: p.ask},
	}
}

// Kinds are the lists and details of this room's matters.
func (p *Pages) Kinds() []flowhttp.Kind {
	return []flowhttp.Kind{{Name: callup.Kind, Path: "/callups", New: "/callups/new", NewFor: access.CallupAsk, Views: []string{callup.Wanted, callup.Asked, callup.Serving, flow.ViewLate, callup.Returned}, Detail: p.detail, Choice: p.choice, Prefill: prefill}}
}

// chooser is the county that a page is about, and the counties that its reader may turn to.
type chooser struct {
	Action string
	Unit   string
	Units  []ui.OptionView
	To     string
	county access.Unit
	on     calendar.Date
}

// choose reads the county and the day of an address: the reader's own county, or the first of those below.
func choose(c *web.Ctx, action string) (chooser, error) {
	q := c.R.URL.Query()
	x := chooser{Action: action, on: calendar.Date(q.Get("to"))}
	if x.on == "" {
		x.on = c.Today
	}
	if !x.on.Valid() {
		return x, fault.InvalidField("to", "day.invalid")
	}
	u := c.Who.Unit()
	at := id.ID{City: u.ID.City, Key: u.County}
	if u.Level <= access.City {
		_, counties, err := access.Heads(c.Context(), c.Mux.DB.Shared(), c.Who.Cities)
		if err != nil {
			return x, err
		}
		for _, k := range counties {
			x.Units = append(x.Units, ui.OptionView{Code: k.ID.String(), Name: k.Name})
		}
		if len(counties) > 0 {
			at = counties[0].ID
		}
	}
	if asked := q.Get("unit"); asked != "" {
		var err error
		if at, err = id.Parse(asked); err != nil {
			return x, fault.InvalidField("unit", "choice.unknown")
		}
	}
	var err error
	x.county, err = area.County(c.Context(), c.In(at), c.Who, at.Key)
	x.Unit, x.To = at.String(), string(x.on)
	return x, err
}

// ofForm is the county of a posted form.
func ofForm(f url.Values) (id.ID, error) {
	x, err := id.Parse(f.Get("unit"))
	if err != nil {
		return x, fault.Hidden()
	}
	return x, nil
}

// again says whether a form is to be shown once more with what is wrong in it.
func again(err error) bool {
	k := fault.KindOf(err)
	return k == fault.Invalid || k == fault.Conflict && fault.Code(err) != "stale"
}

func itoa(n int) string { return strconv.Itoa(n) }

func num(n int64) string { return ui.Thousands(n) }
