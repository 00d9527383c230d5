package intakehttp

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/intake"
	"qianshao/internal/intake/telltale"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// goesBelow are the moves whose words go below.
var goesBelow = []string{"forward", "assign", "prepare_below"}

// prefill begins the text for below with what the organ itself wrote, or with what was given back to its writer.
func (p *Pages) prefill(c *web.Ctx, m flow.Matter, move string) (flow.Values, error) {
	if !slices.Contains(goesBelow, move) {
		return flow.Values{}, nil
	}
	ps, err := flow.Proposals(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return nil, err
	}
	for _, x := range ps {
		if slices.Contains(goesBelow, x.Move) && x.State != "open" {
			return x.In, nil
		}
	}
	t, err := intake.Get(c.Context(), c.In(m.ID), m.ID.Key)
	return flow.Values{"below_title": {m.Title}, "below_text": {t.Summary}}, err
}

// besideView is what a text for below is held against.
type besideView struct {
	Lang     string
	Marks    []markView
	Looked   string // what was looked for
	Now      []pieceView
	Down     []pieceView
	Checks   bool // on the page of whoever checks
	Action   string
	Key      string
	Reason   ui.FieldView
	Locked   bool
	Nothing  bool // no original is sealed
	Opened   bool
	Original string
	Only     string
}

type markView struct{ Text, Why string }

// pieceView is a clause, and whether the other text lacks it.
type pieceView struct {
	Text  string
	Alone bool
}

func (p *Pages) beside(c *web.Ctx, m flow.Matter, move string, in flow.Values, x *flow.Proposal) (templ.Component, error) {
	if !slices.Contains(goesBelow, move) {
		return nil, nil
	}
	v, err := p.besideView(c, m, in, x, telltale.Known{})
	if err != nil {
		return nil, err
	}
	return besideBox(v), nil
}

func (p *Pages) besideView(c *web.Ctx, m flow.Matter, in flow.Values, x *flow.Proposal, known telltale.Known) (besideView, error) {
	v := besideView{Lang: c.Lang, Looked: c.T("below.looked")}
	for _, name := range []string{"below_title", "below_text", "verify_note"} {
		for _, k := range telltale.Look(in.Str(name), known) {
			v.Marks = append(v.Marks, markView{k.Text, c.T("below.mark." + k.Why)})
		}
	}
	if x == nil {
		return v, nil
	}
	t, err := intake.Get(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return v, err
	}
	v.Checks = true
	v.Now, v.Down = clauses(t.Summary, in.Str("below_text")), clauses(in.Str("below_text"), t.Summary)
	if x.State != "open" || !c.Who.Can(access.ReporterOpen) || !c.Who.Is(access.Intake, m.Organ) {
		return v, nil
	}
	has, err := custody.Has(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return v, err
	}
	v.Nothing = !has[custody.Original] && !m.Is(flow.FlagLetter)
	v.Action, v.Key, v.Locked = "/p/"+x.ID.String()+"/beside", web.NewKey(), !p.Intake.Custody.Ring.Unlocked(m.Organ.String())
	v.Reason = ui.FieldView{Lang: c.Lang, ID: "f-beside", Name: "reason", Label: c.T("sealed.reason"), Kind: "line", Must: true, Max: "120", Value: c.T("below.reason")}
	return v, nil
}

// compare opens the original beside the text, for a reason.
func (p *Pages) compare(c *web.Ctx, m flow.Matter, x *flow.Proposal, reason string) (templ.Component, error) {
	if !slices.Contains(goesBelow, x.Move) {
		return nil, fault.New(fault.Conflict, "move.not_now")
	}
	c.Who.Request = access.Request{} // what is read is never replayed
	b, problem := p.Intake.OpenBeside(c.Context(), c.Who, m.ID, reason)
	if k := fault.KindOf(problem); problem != nil && k != fault.Invalid && k != fault.Conflict {
		return nil, problem
	}
	v, err := p.besideView(c, m, x.In, x, telltale.Known{Name: b.Reporter.Name, Contact: b.Reporter.Contact + " " + b.Reporter.When, Only: b.Only, Original: b.Original})
	if err != nil {
		return nil, err
	}
	if problem != nil {
		v.Reason.Value, v.Reason.Error = reason, web.Texts(c.Lang, problem)["reason"]
		if v.Reason.Error == "" {
			v.Reason.Error = web.ProblemOf(c.Lang, problem).Title
		}
		return besideBox(v), nil
	}
	v.Opened, v.Original, v.Only, v.Looked = true, b.Original, b.Only, c.T("below.looked.original")
	if b.Reporter.Name != "" {
		v.Looked = c.T("below.looked.all")
	}
	return besideBox(v), nil
}

// clauses cuts a text at its punctuation, and says of each piece whether another text lacks it.
func clauses(text, other string) []pieceView {
	const ends = "，。；：！？、,.;:!?\n"
	bare := func(s string) string { return strings.Trim(strings.TrimSpace(s), ends) }
	have := map[string]bool{}
	for _, s := range strings.FieldsFunc(other, func(r rune) bool { return strings.ContainsRune(ends, r) }) {
		have[bare(s)] = true
	}
	var out []pieceView
	for rest := text; rest != ""; {
		i := strings.IndexAny(rest, ends)
		end := len(rest)
		if i >= 0 {
			end = i + len(string([]rune(rest[i:])[:1]))
		}
		s := rest[:end]
		rest = rest[end:]
		alone := bare(s) != "" && !have[bare(s)]
		if n := len(out); n > 0 && out[n-1].Alone == alone {
			out[n-1].Text += s
			continue
		}
		out = append(out, pieceView{s, alone})
	}
	return out
}
