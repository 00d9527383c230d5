// Package rulehttp shows the rules so that a township cadre can read them: deadlines, approvals, closed lists, sanctions,
// powers, papers and the laws they rest on, each with its article, version, days of force and how sure it is. An organ's
// chief sets here what the regulations leave open.
//
// The words: a chapter is one page of entries in groups; an entry is one rule. Every entry has an address of its own
// (its code as fragment), which moves and reasons for dates link to.
//
// Start at Pages.Routes; chapters.go turns the rulebook into entries.
package rulehttp

import (
	"net/http"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/org"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Rules *rulebook.Book
	Org   *org.Service
	// Article writes a regulation and its article as people do: 《监督执纪工作规则》第二十一条.
	Article func(lang string, b rulebook.Basis) string
}

// chapters are the pages in the order they are read; the first is the laws themselves.
var chapters = []string{"laws", "timers", "approvals", "lists", "sanctions", "powers", "papers"}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	rs := []web.Route{
		{Method: http.MethodGet, Path: "/rules/timers/{rule}/set", Perm: access.RuleSet, Do: p.setForm},
		{Method: http.MethodPost, Path: "/rules/timers/{rule}/set", Perm: access.RuleSet, Do: p.set},
	}
	for _, name := range chapters {
		path := "/rules/" + name
		if name == "laws" {
			path = "/rules"
		}
		rs = append(rs, web.Route{Method: http.MethodGet, Path: path, Perm: access.RuleRead, Do: func(c *web.Ctx) error { return p.chapter(c, name) }})
	}
	return rs
}

// entry is one rule.
type entry struct {
	ID     string
	Name   string
	Tag    string
	Lead   string // the rule itself, in one sentence
	Cases  []caseView
	Lines  []string
	Ours   string // what this county set instead
	Act    *ui.Segment
	Basis  []ui.BasisView
	Force  string // version and days of force
	Note   string
	Former []former
	Rests  []ui.Segment // what rests on a law
}

// caseView is one condition and what it comes to.
type caseView struct {
	When  string
	Then  string
	Why   string
	Basis []ui.BasisView
}

type former struct{ Text, Force string }

type group struct {
	ID, Name string
	Entries  []entry
}

type chapterView struct {
	Frame  ui.Frame
	Name   string
	Line   string
	Tabs   []tab
	Groups []group
	Laws   bool
}

type tab struct {
	Href, Name, N string
	Current       bool
}

func (p *Pages) chapter(c *web.Ctx, name string) error {
	v := chapterView{Frame: c.Frame(c.T("rules.title")), Name: name, Line: c.T("rules." + name + ".line"), Laws: name == "laws"}
	w := &writer{p: p, lang: c.Lang, today: c.Today}
	if name == "timers" {
		settings, err := org.TimerSettings(c.Context(), c.Home(), c.Who.Unit().OrganID().Key)
		if err != nil {
			return err
		}
		w.ours, w.maySet = settings, c.Who.Can(access.RuleSet)
	}
	counts := map[string]int{}
	for _, x := range chapters {
		gs := w.write(x)
		for _, g := range gs {
			counts[x] += len(g.Entries)
		}
		if x == name {
			v.Groups = gs
		}
		href := "/rules/" + x
		if x == "laws" {
			href = "/rules"
		}
		v.Tabs = append(v.Tabs, tab{Href: href, Name: c.T("rules." + x), N: strconv.Itoa(counts[x]), Current: x == name})
	}
	return c.Render(http.StatusOK, chapterPage(v))
}

type setView struct {
	Frame  ui.Frame
	Entry  entry
	Title  string
	Fields []ui.FieldView
	Wrong  string
	Action string
	Key    string
	Past   []ui.LogView
}

func (p *Pages) setForm(c *web.Ctx) error { return p.renderSet(c, "", "", nil) }

// renderSet shows the form on which the chief sets a length, empty or with what was typed.
func (p *Pages) renderSet(c *web.Ctx, length, from string, problem error) error {
	t, ok := p.Rules.Timer(c.R.PathValue("rule"), c.Today)
	if !ok || t.Allowed == (rulebook.Bounds{}) {
		return fault.Hidden()
	}
	settings, err := org.TimerSettings(c.Context(), c.Home(), c.Who.Unit().OrganID().Key)
	if err != nil {
		return err
	}
	w := &writer{p: p, lang: c.Lang, today: c.Today, ours: settings}
	e := w.timer(t, nil)
	title := c.T("rules.set.title", t.Name.In(c.Lang))
	v := setView{Frame: c.Frame(title), Entry: e, Title: title, Action: "/rules/timers/" + t.ID + "/set", Key: web.NewKey()}
	texts := web.Texts(c.Lang, problem)
	low, high := strconv.Itoa(t.Allowed.Min), strconv.Itoa(t.Allowed.Max)
	v.Fields = []ui.FieldView{
		{Lang: c.Lang, ID: "f-length", Name: "length", Kind: "count", Label: c.T("rules.set.length", c.T("rules.unit."+string(t.Unit))), Help: c.T("rules.set.length.help", low, high, strconv.Itoa(t.Length)), Must: true, Min: low, Max: high,
			Value: length, Error: texts["length"], Focus: true},
		{Lang: c.Lang, ID: "f-from", Name: "from", Kind: "day", Label: c.T("rules.set.from"), Must: true, Min: string(c.Today), Value: from, Error: texts["from"]},
	}
	if from == "" {
		v.Fields[1].Value = string(c.Today)
	}
	for _, s := range settings[t.ID] {
		v.Past = append(v.Past, ui.LogView{Day: ui.LongDay(c.Lang, s.From), Title: w.length(s.Length, t.Unit)})
	}
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	status := http.StatusOK
	if problem != nil {
		status = web.Status(problem)
	}
	return c.Render(status, setPage(v))
}

func (p *Pages) set(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(f.Get("length"))
	if err != nil {
		n = -1 // outside every bound
	}
	rule := c.R.PathValue("rule")
	if err := p.Org.SetTimer(c.Context(), c.Who, rule, n, calendar.Date(f.Get("from"))); err != nil {
		if fault.KindOf(err) == fault.Invalid {
			return p.renderSet(c, f.Get("length"), f.Get("from"), err)
		}
		return err
	}
	return c.Redirect("/rules/timers?done=rule_set#" + rule)
}
