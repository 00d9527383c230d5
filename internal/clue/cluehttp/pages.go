// Package cluehttp shows the pool of clues and the form for a clue that no tip-off is behind; everything else about a
// clue is shown as of any matter (package flowhttp).
package cluehttp

import (
	"net/http"
	"net/url"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/clue"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/org/orghttp"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Clues *clue.Service
	Rules *rulebook.Book
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/clues/new", Perm: access.ClueEnter, Do: p.form},
		{Method: http.MethodPost, Path: "/clues", Perm: access.ClueEnter, Do: p.enter},
	}
}

// Kinds are the lists and details of this room's matters.
func (p *Pages) Kinds() []flowhttp.Kind {
	return []flowhttp.Kind{{Name: clue.Kind, Path: "/clues", New: "/clues/new", NewFor: access.ClueEnter, Bulk: true,
		Views: []string{clue.Pool, flow.ViewSoon, flow.ViewLate, flow.ViewWaiting, clue.Shelved, flow.ViewEnded}, Detail: p.detail, Stages: stages}}
}

// stages shows an inquiry or a verification only where there is one.
func stages(m flow.Matter, visited map[string]bool, all []string) []string {
	var out []string
	for _, s := range all {
		if (s == "inquiry" || s == "verify") && !visited[s] {
			continue
		}
		if s == "settle" && !visited[s] && !m.Open {
			continue
		}
		out = append(out, s)
	}
	return out
}

func (p *Pages) detail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	k, err := clue.Get(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	d := flowhttp.Detail{Summary: k.Summary}
	add := func(key, text string) {
		if text != "" {
			d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T(key), Text: ui.Segments{{Text: text}}})
		}
	}
	add("field.discipline", p.Rules.Name("discipline", k.Discipline, c.Lang))
	add("field.verify_note", k.VerifyNote)
	above := c.Who.Unit().Level <= m.Level && c.Who.Unit().Kind != "office"
	if above && k.FromKind != "" {
		add("field.from_kind", p.Rules.Name("transfer_from", k.FromKind, c.Lang)+" "+k.FromText)
	} else if above {
		add("field.from_text", k.FromText)
	}
	if k.Disposal != "" {
		add("clue.disposal", p.Rules.Name("disposal", k.Disposal, c.Lang)+c.T("punct.open")+ui.DayIn(c.Lang, k.Disposed, c.Today)+c.T("punct.close"))
	}
	if k.InquiryForm != "" {
		add("field.inquiry_form", p.Rules.Name("inquiry_form", k.InquiryForm, c.Lang))
	}
	if k.CloseGround != "" {
		add("field.close_ground", p.Rules.Name("close_ground", k.CloseGround, c.Lang))
	}
	if k.ClearAnswer != "" {
		add("field.clear_answer", p.Rules.Name("clear_answer", k.ClearAnswer, c.Lang))
	}
	if m.State == clue.Arrived {
		d.Alert = c.T("clue.arrived.note")
	}
	return d, nil
}

type entryView struct {
	Frame   ui.Frame
	Key     string
	Subject orghttp.SubjectView
	Fields  []ui.FieldView
	More    []ui.FieldView
	Wrong   string
	All     []ui.FieldView
}

func (p *Pages) form(c *web.Ctx) error { return p.render(c, c.R.URL.Query(), nil) }

func (p *Pages) render(c *web.Ctx, f url.Values, problem error) error {
	v := entryView{Frame: c.Frame(c.T("clue.new")), Key: web.NewKey()}
	texts := web.Texts(c.Lang, problem)
	in := entryOf(f)
	var err error
	if v.Subject, err = orghttp.Subject(c, p.Rules, in.Subject, f, texts, "", ""); err != nil {
		return err
	}
	field := func(name, kind, value string, must bool, list string) ui.FieldView {
		fv := ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("field." + name), Kind: kind, Value: value, Must: must, Error: texts[name]}
		if k := "field." + name + ".help"; c.T(k) != k {
			fv.Help = c.T(k)
		}
		if list != "" {
			for _, t := range p.Rules.Terms(list, c.Today) {
				if list != "clue_source" || t.Code != "tipoff" {
					fv.Options = append(fv.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
				}
			}
		}
		return fv
	}
	received := field("received", "day", string(in.Received), true, "")
	received.Max = string(c.Today)
	if received.Value == "" {
		received.Value = string(c.Today)
	}
	title, summary := field("title", "line", in.Title, true, ""), field("summary", "para", in.Summary, true, "")
	title.Max, summary.Max, summary.Rows = "80", "4000", 6
	fromKind := field("from_kind", "select", in.FromKind, true, "transfer_from")
	fromKind.When, fromKind.Hint = "source=transfer|inspection", c.T("clue.transfer.hint")
	v.Fields = []ui.FieldView{field("source", "choice", in.Source, true, "clue_source"), fromKind, received, title, summary, field("discipline", "choice", in.Discipline, true, "discipline")}
	v.More = []ui.FieldView{field("from_text", "line", in.FromText, false, ""), field("verify_note", "para", in.VerifyNote, false, "")}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
		v.All = append(append(v.Subject.Fields(), v.Fields...), v.More...)
	}
	return c.Render(status, entryPage(v))
}

func entryOf(f url.Values) clue.Entry {
	return clue.Entry{Subject: orghttp.SubjectOf(f), Source: f.Get("source"), FromKind: f.Get("from_kind"), FromText: f.Get("from_text"), Received: calendar.Date(strings.TrimSpace(f.Get("received"))),
		Title: f.Get("title"), Summary: f.Get("summary"), Discipline: f.Get("discipline"), VerifyNote: f.Get("verify_note")}
}

func (p *Pages) enter(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	e, err := p.Clues.Enter(c.Context(), c.Who, entryOf(f))
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.render(c, f, err)
		}
		return err
	}
	if e.Gone {
		return c.Redirect("/clues?done=gone")
	}
	return c.Redirect("/m/" + e.ID.String() + "?done=entered")
}
