// Package casehttp lists cases and adds to a matter's page what only a case has; the rest is shown as of any matter.
package casehttp

import (
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/casework"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Rules *rulebook.Book
}

// Kinds are the lists and details of this room's matters.
func (p *Pages) Kinds() []flowhttp.Kind {
	return []flowhttp.Kind{{Name: casework.Kind, Path: "/cases", Views: []string{casework.Investigating, casework.Reviewing, casework.Deciding, casework.Executing, flow.ViewSoon, flow.ViewLate, flow.ViewWaiting, flow.ViewEnded},
		Detail: p.detail}}
}

func (p *Pages) detail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	k, err := casework.Get(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	d := flowhttp.Detail{Summary: k.Summary}
	add := func(key, text string) {
		if text != "" {
			d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T(key), Text: ui.Segments{{Text: text}}})
		}
	}
	add("field.track", p.Rules.Name("track", k.Track, c.Lang))
	add("field.discipline", p.Rules.Name("discipline", k.Discipline, c.Lang))
	add("case.filed", ui.DayIn(c.Lang, k.Filed, c.Today))
	if k.Decision != "" && k.Decision != "not_filed" {
		add("field.decision", p.Rules.Name("decision", k.Decision, c.Lang))
	}
	var names []string
	for _, s := range strings.Fields(k.Sanctions) {
		if x, ok := p.Rules.Sanction(s); ok {
			names = append(names, x.Name.In(c.Lang))
		}
	}
	add("case.sanctions", strings.Join(names, c.T("list.comma")))
	add("field.body", strings.Join(bodies(p.Rules, k.Body, c.Lang), c.T("list.comma")))
	for _, f := range []struct {
		key string
		day calendar.Date
	}{{"field.decided_on", k.Decided}, {"case.delivered", k.Delivered}, {"case.announced", k.Announced}, {"case.executed", k.Executed}, {"case.effect_until", k.EffectUntil}} {
		add(f.key, ui.DayIn(c.Lang, f.day, c.Today))
	}
	if k.Form != "" {
		add("field.form", p.Rules.Name("four_form", k.Form, c.Lang))
	}
	return d, nil
}

// bodies are those who decided, by name: two of them where a Party and an administrative sanction were given together.
func bodies(rules *rulebook.Book, codes, lang string) []string {
	var names []string
	for _, code := range strings.Fields(codes) {
		names = append(names, rules.Name("deciding_body", code, lang))
	}
	return names
}
