// Package insighthttp shows the report (/report), answers programs (GET /api/v1/report) and hands it out as a file.
//
// The words: a reader chooses a unit of their own organ or under it and a span of days; presets are links, other days a
// form. Handing a file out is a POST, because it is an act; looking is none.
//
// Invariants: what the page shows, what the file holds and what a program gets are made from one insight.Report; a span
// that can't be is said beside the form and nothing else is shown.
//
// Start at Pages.Routes.
package insighthttp

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/insight"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Insight *insight.Service
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/report", Perm: access.ReportRead, Do: p.page},
		{Method: http.MethodPost, Path: "/report/export", Perm: access.ReportRead, Do: p.export},
		{Method: http.MethodGet, Path: "/api/v1/report", Perm: access.ReportRead, API: true, Do: p.api},
	}
}

// view is the report with what stands around it. Doc is nil when the span asked for can't be.
type view struct {
	Frame    ui.Frame
	Unit     string
	Units    []ui.OptionView
	From, To string
	Presets  []preset
	Wrong    map[string]string
	Doc      *insight.Document
}

type preset struct {
	Name, Href string
	Current    bool
}

// compute makes the report that an address or a form asks for.
func (p *Pages) compute(c *web.Ctx, q url.Values) (*insight.Report, error) {
	unit, err := p.Insight.Resolve(c.Context(), c.Who, q.Get("unit"))
	if err != nil {
		return nil, err
	}
	return p.Insight.Report(c.Context(), c.Who, unit, p.Insight.ParsePeriod(q.Get("from"), q.Get("to")))
}

func (p *Pages) page(c *web.Ctx) error {
	q := c.R.URL.Query()
	period := p.Insight.ParsePeriod(q.Get("from"), q.Get("to"))
	v := view{Frame: c.Frame(c.T("nav.report")), From: string(period.From), To: string(period.To)}
	rep, err := p.compute(c, q)
	status := http.StatusOK
	switch {
	case fault.KindOf(err) == fault.Invalid:
		v.Wrong, status = web.Texts(c.Lang, err), http.StatusUnprocessableEntity
	case err != nil:
		return err
	default:
		doc := insight.Compose(rep, c.Lang)
		v.Doc, v.Unit = &doc, rep.Unit.ID.String()
	}
	units, err := p.Insight.Units(c.Context(), c.Who)
	if err != nil {
		return err
	}
	own := ""
	for _, u := range units {
		v.Units = append(v.Units, ui.OptionView{Code: u.ID.String(), Name: u.Name})
		if own == "" {
			own = u.ID.String()
		}
	}
	if v.Unit == "" {
		v.Unit = own
	}
	for _, x := range presets(c.Today) {
		v.Presets = append(v.Presets, preset{Name: c.T(x.key), Current: x.period == period,
			Href: "/report?" + url.Values{"unit": {v.Unit}, "from": {string(x.period.From)}, "to": {string(x.period.To)}}.Encode()})
	}
	return c.Render(status, reportPage(v))
}

type span struct {
	key    string
	period insight.Period
}

// presets are the spans people ask for.
func presets(today calendar.Date) []span {
	quarter := calendar.MakeDate(today.Year(), (today.Month()-1)/3*3+1, 1)
	return []span{
		{"report.preset.year", insight.Year(today)},
		{"report.preset.since_new_year", insight.Period{From: calendar.MakeDate(today.Year(), 1, 1), To: today}},
		{"report.preset.quarter", insight.Period{From: quarter.AddMonths(-3), To: quarter.AddDays(-1)}},
	}
}

func (p *Pages) export(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	rep, err := p.compute(c, f)
	if err != nil {
		return err
	}
	format := f.Get("as")
	b, err := p.Insight.Export(c.Context(), c.Who, rep, format, c.Lang)
	if err != nil {
		return err
	}
	h := c.W.Header()
	h.Set("Content-Type", insight.ContentType(format))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": c.T("report.title", rep.Unit.Name) + "." + format}))
	h.Set("Cache-Control", "no-store")
	_, _ = c.W.Write(b) // the reader may have gone
	return nil
}

func (p *Pages) api(c *web.Ctx) error {
	rep, err := p.compute(c, c.R.URL.Query())
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := insight.Write(&b, "json", rep, c.Lang); err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", insight.ContentType("json"))
	c.W.Header().Set("Cache-Control", "no-store")
	_, _ = c.W.Write(b.Bytes()) // the reader may have gone
	return nil
}
