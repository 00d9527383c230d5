package flowhttp

import (
	"net/http"

	"github.com/a-h/templ"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// briefView is a proposal in three lines: what is asked, about whom and what, why; with the paper under it.
type briefView struct {
	ID      string
	Title   string
	Ask     string
	About   string
	Reason  string
	Author  string
	Due     ui.DueView
	Href    string
	Matter  string
	Version string
	Key     string
	Moved   string
	Mine    bool
	Record  string // what is recorded here of a decision taken outside; "" where the actor signs
	Passes  string // signatures that signing now passes over
}

type approvalsView struct {
	Frame ui.Frame
	Mine  []briefView
	Below []briefView
	More  bool
}

// approvals lists what waits for the reader's signature, and what waits for others in the organ that the organ's chief
// may sign directly.
func (p *Pages) approvals(c *web.Ctx) error {
	duties, err := p.Engine.Desk(c.Context(), c.Who, deskRows)
	if err != nil {
		return err
	}
	v := approvalsView{Frame: c.Frame(c.T("nav.approvals"))}
	mine := map[id.Key]bool{}
	var list []flow.Duty
	for _, d := range duties {
		if isApproval(d.Clock.Rule) {
			list = append(list, d)
			mine[d.Clock.About] = true
		}
	}
	if v.Mine, err = p.briefs(c, list); err != nil {
		return err
	}
	if c.Who.Is(access.Principal, c.Who.Unit().OrganID()) {
		others, err := p.Engine.Watched(c.Context(), c.Who, flow.Watch{Approve: true, Limit: 50})
		if err != nil {
			return err
		}
		var rest []flow.Duty
		for _, d := range others {
			if !mine[d.Clock.About] && d.Clock.Organ == c.Who.Unit().OrganID() {
				rest = append(rest, d)
			}
		}
		if v.Below, err = p.briefs(c, rest); err != nil {
			return err
		}
	}
	return c.Render(http.StatusOK, approvalsPage(v))
}

// briefs reads the proposals of a list of signatures at once.
func (p *Pages) briefs(c *web.Ctx, duties []flow.Duty) ([]briefView, error) {
	byCity := map[id.City][]string{}
	for _, d := range duties {
		byCity[d.Matter.ID.City] = append(byCity[d.Matter.ID.City], d.Clock.About)
	}
	props := map[id.Key]flow.Proposal{}
	l := p.look(c)
	for city, keys := range byCity {
		ps, err := flow.ProposalsByKey(c.Context(), p.DB.In(city), keys)
		if err != nil {
			return nil, err
		}
		var units, people []string
		for _, x := range ps {
			props[x.ID.Key] = x
			people = append(people, x.Author)
			units = append(units, x.AuthorUnit)
			for _, s := range x.Steps {
				units = append(units, s.Unit.Key)
			}
		}
		if err := l.load(c.Context(), p.DB.In(city), units, people); err != nil {
			return nil, err
		}
	}
	var out []briefView
	for _, d := range duties {
		if x, ok := props[d.Clock.About]; ok && x.Author != c.Who.Person { // one's own waits for others, whatever post one comes in
			out = append(out, p.brief(c, l, d, x))
		}
	}
	return out, nil
}

func (p *Pages) brief(c *web.Ctx, l *look, d flow.Duty, x flow.Proposal) briefView {
	m := d.Matter
	b := briefView{ID: x.ID.Key, Title: p.moveName(c.Lang, m.Kind, x.Move), Href: "/p/" + x.ID.String(), Matter: m.No, Version: itoa(int(m.Version)), Key: web.NewKey(),
		Due: ui.DueOf(c.Lang, d.Clock.Due, c.Today, d.Clock.State == deadline.StatePaused, "")}
	b.Ask = p.asked(c, m, x)
	b.About = m.Title
	if m.SubjectPost != "" {
		b.About += c.T("punct.open") + m.SubjectPost + " " + m.Subject + c.T("punct.close")
	}
	for _, f := range []string{"reason", "facts", "questions", "note"} {
		if b.Reason = ui.ClampText(x.In.Str(f), 120); b.Reason != "" {
			break
		}
	}
	b.Author = l.unit(x.AuthorUnit) + " " + l.person(x.Author)
	s := x.Steps[x.Step]
	if s.Moved != "" {
		b.Moved = c.T("moved." + s.Moved)
	}
	b.Record = recorded(c, s)
	if signed, err := p.Engine.CanSign(c.Context(), p.DB.In(m.ID.City), c.Who, m, x); err == nil {
		b.Mine = true
		b.Record = recorded(c, signed)
		if signed.N > x.Step {
			b.Passes = c.T("approve.passes", l.seat(s.Unit.Key, s.Seat))
		}
	}
	return b
}

// recorded says what a step records of a decision that is taken outside this system.
func recorded(c *web.Ctx, s flow.Step) string {
	if !flow.Records(s.Role) {
		return ""
	}
	return c.T("role." + s.Role)
}

// asked is the choice a proposal asks for: 谈话函询, 立案, 延长一个月.
func (p *Pages) asked(c *web.Ctx, m flow.Matter, x flow.Proposal) string {
	l := p.look(c)
	if x.Move == flow.MoveExtend {
		name := x.In.Str("rule")
		if t, ok := p.Rules.Timer(name, c.Today); ok {
			name = t.Name.In(c.Lang)
		}
		return name + c.T("list.comma_in") + c.T("clock.extend_by", lengthText(c.Lang, x.In.Int("length"), rulebook.Unit(x.In.Str("unit"))))
	}
	for _, f := range p.fieldsOf(m.Kind, x.Move) {
		if f.Kind == flow.Choice && x.In.Str(f.Name) != "" {
			switch f.Name {
			case "disposal", "outcome", "decision", "ground", "return_kind", "track", "party_sanction":
				return p.value(c, l, f, x.In.Str(f.Name))
			}
		}
	}
	return ""
}

// head is what the paper is called: the move, and what it asks for if there is a choice in it.
func (b briefView) head(colon string) string {
	if b.Ask == "" {
		return b.Title
	}
	return b.Title + colon + b.Ask
}

type proposalView struct {
	Frame   ui.Frame
	Brief   briefView
	Steps   []ui.StepView
	Back    string
	Body    []Fact
	Summary string
	Facts   []Fact
	Basis   []ui.BasisView
	Why     string
	Clock   *ui.WhyView
	Open    bool
	Own     bool
	Result  string
	Note    ui.FieldView
	On      ui.FieldView // the day of a decision taken outside; without a name when this is none
	Wrong   string
	Action  string
	Beside  templ.Component // in place of the summary
}

// fields are what is filled in on the page.
func (v proposalView) fields() []ui.FieldView {
	if v.On.Name == "" {
		return []ui.FieldView{v.Note}
	}
	return []ui.FieldView{v.On, v.Note}
}

func (p *Pages) proposal(c *web.Ctx) error { return p.renderProposal(c, "", "", nil, nil) }

// compare shows a proposal with what is sealed beside it: an act, with a reason.
func (p *Pages) compare(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	x, m, err := p.Engine.Proposal(c.Context(), c.In(key), c.Who, key.Key)
	if err != nil {
		return err
	}
	k := p.kinds[m.Kind]
	if k.Compare == nil || x.State != "open" {
		return fault.New(fault.Conflict, "move.not_now")
	}
	b, err := k.Compare(c, m, &x, f.Get("reason"))
	if err != nil {
		return err
	}
	return p.renderProposal(c, "", "", nil, b)
}

func (p *Pages) renderProposal(c *web.Ctx, note, on string, problem error, beside templ.Component) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	r := c.In(key)
	x, m, err := p.Engine.Proposal(c.Context(), r, c.Who, key.Key)
	if err != nil {
		return err
	}
	d := &flow.Dossier{Matter: m, Proposals: []flow.Proposal{x}}
	l := p.look(c)
	units, people := namesIn(d, nil, nil)
	if err := l.load(c.Context(), r, append(units, x.AuthorUnit), people); err != nil {
		return err
	}
	var detail Detail
	if k := p.kinds[m.Kind]; k.Detail != nil {
		if detail, err = k.Detail(c, m); err != nil {
			return err
		}
	}
	k := deadline.Clock{}
	if x.Clock != "" {
		if k, err = deadline.Get(c.Context(), r, x.Clock); err != nil {
			return err
		}
	}
	v := proposalView{Frame: c.Frame(p.moveName(c.Lang, m.Kind, x.Move)), Back: "/m/" + m.ID.String(), Open: x.State == "open", Own: x.Author == c.Who.Person, Summary: detail.Summary, Facts: detail.Facts,
		Body: p.inputFacts(c, l, m.Kind, x.Move, x.In), Action: "/p/" + x.ID.String() + "/decide"}
	if k := p.kinds[m.Kind]; k.Beside != nil && beside == nil {
		if beside, err = k.Beside(c, m, x.Move, x.In, &x); err != nil {
			return err
		}
	}
	v.Beside = beside
	v.Brief = p.brief(c, l, flow.Duty{Clock: k, Matter: m}, x)
	if w := p.waiting(c, l, d); w != nil {
		v.Steps = w.Steps
	}
	if !v.Open {
		v.Result = c.T("proposal." + x.State)
	}
	if t, ok := p.Engine.Table(m.Kind); ok {
		if mv, ok := t.Move(x.Move); ok {
			v.Basis = p.basisOf(c.Lang, mv.Basis, "")
			if _, kase, _, err := p.Engine.ChainNow(c.Context(), r, c.Who, m, mv, x.In, c.Today); err == nil && mv.Chain != "" {
				v.Why = kase.Why.In(c.Lang)
			}
		}
	}
	texts := web.Texts(c.Lang, problem)
	v.Note = ui.FieldView{Lang: c.Lang, ID: "f-note", Name: "note", Label: c.T("approve.note"), Help: c.T("approve.note.help"), Kind: "para", Rows: 3, Max: "1000", Value: note, Error: texts["note"]}
	v.Note.Must = v.Note.Error != "" // it is wanted only where it was missed, or of a return
	if v.Brief.Record != "" {
		v.Note.Label, v.Note.Help, v.Note.Must = c.T("approve.record"), c.T("approve.record.help"), true
		v.On = ui.FieldView{Lang: c.Lang, ID: "f-on", Name: "on", Label: c.T("approve.record_on"), Help: c.T("approve.record_on.help"), Kind: "day", Max: string(c.Today), Value: on, Error: texts["on"], Must: true}
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, proposalPage(v))
}

func (p *Pages) decide(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	approve := f.Get("decision") == "approve"
	if !approve && f.Get("decision") != "return" {
		return fault.New(fault.BadRequest, "request.malformed")
	}
	done, err := p.Engine.Decide(c.Context(), c.Who, key, versionOf(f), flow.Decision{Approve: approve, Note: f.Get("note"), On: calendar.Date(f.Get("on"))})
	if err != nil {
		if k := fault.KindOf(err); k == fault.Invalid || k == fault.Conflict {
			if e := p.renderProposal(c, f.Get("note"), f.Get("on"), err, nil); e == nil {
				return nil
			}
		}
		return err
	}
	code := "returned"
	if approve {
		code = "approved"
	}
	if f.Get("from") == "list" {
		return c.Redirect("/approvals?done=" + code)
	}
	return p.onward(c, done.ID, "/approvals", code)
}

func (p *Pages) withdraw(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	done, err := p.Engine.Withdraw(c.Context(), c.Who, key, versionOf(f))
	if err != nil {
		return err
	}
	return p.onward(c, done.ID, "/", "withdrawn")
}
