package flowhttp

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// formView is the form of one move: what it is, why, who signs, the article on the side; what must be filled in.
type formView struct {
	Frame   ui.Frame
	Crumb   string
	Back    string
	Title   string
	What    string
	About   ui.Segments
	Fields  []ui.FieldView
	Wrong   string
	Action  string
	Version string
	Key     string
	Button  string
	Red     bool
	Side    *ui.MoveView
	Waiting []Fact
	Hidden  []ui.FieldView
	Beside  templ.Component
}

func (p *Pages) moveForm(c *web.Ctx) error { return p.renderForm(c, flow.Values{}, nil) }

// renderForm shows a move's form, empty or with what was typed and what is wrong with it.
func (p *Pages) renderForm(c *web.Ctx, in flow.Values, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	r := c.In(key)
	m, err := flow.Get(c.Context(), r, c.Who, key.Key)
	if err != nil {
		return err
	}
	offers, err := p.Engine.Offers(c.Context(), r, c.Who, m, c.Today)
	if err != nil {
		return err
	}
	name := c.R.PathValue("move")
	for _, o := range offers {
		if o.Move.Name != name {
			continue
		}
		if !o.Open {
			kind := fault.Conflict
			if !o.Mine {
				kind = fault.Forbidden
			}
			return fault.New(kind, o.Why, o.Args...)
		}
		v, err := p.formView(c, r, m, o, in, problem)
		if err != nil {
			return err
		}
		status := http.StatusOK
		if problem != nil {
			status = web.Status(problem)
		}
		return c.Render(status, movePage(*v))
	}
	if t, ok := p.Engine.Table(m.Kind); ok {
		if mv, ok := t.Move(name); ok && !mv.Quiet {
			return fault.New(fault.Conflict, "move.not_now")
		}
	}
	return fault.Hidden()
}

func (p *Pages) formView(c *web.Ctx, r db.Reader, m flow.Matter, o flow.Offer, in flow.Values, problem error) (*formView, error) {
	l := p.look(c)
	units := []string{m.Handler.Key, m.Organ.Key}
	for _, s := range o.Steps {
		units = append(units, s.Unit.Key)
	}
	if err := l.load(c.Context(), r, units, nil); err != nil {
		return nil, err
	}
	key := "move." + m.Kind + "." + o.Move.Name
	v := &formView{Frame: c.Frame(c.T(key)), Crumb: m.No, Back: "/m/" + m.ID.String(), Title: c.T(key), What: c.T(key + ".what"), Action: "/m/" + m.ID.String() + "/do/" + o.Move.Name,
		Version: itoa(int(m.Version)), Key: web.NewKey(), Button: c.T(key)}
	if o.Move.Chain != "" {
		v.Button = c.T("form.propose")
	}
	v.About = ui.Segments{{Text: m.Title}}
	if m.SubjectPost != "" {
		v.About = append(v.About, ui.Segment{Text: c.T("subject."+stageWord(m)) + c.T("punct.colon") + m.SubjectPost + " " + m.Subject})
	}
	fields, err := p.Engine.Asked(c.Context(), r, &m, o.Fields)
	if err != nil {
		return nil, err
	}
	k := p.kinds[m.Kind]
	if k.Prefill != nil && problem == nil && len(in) == 0 {
		if in, err = k.Prefill(c, m, o.Move.Name); err != nil {
			return nil, err
		}
	}
	if k.Beside != nil {
		if v.Beside, err = k.Beside(c, m, o.Move.Name, in, nil); err != nil {
			return nil, err
		}
	}
	texts := web.Texts(c.Lang, problem)
	for i, f := range fields {
		fv, err := p.fieldView(c, r, m, o.Move.Name, f, in, texts)
		if err != nil {
			return nil, err
		}
		fv.Focus = i == 0 && problem == nil
		if v.Beside != nil && (f.Kind == flow.Line || f.Kind == flow.Para) {
			fv.Post, fv.Target = v.Action+"/beside", "#beside"
		}
		v.Fields = append(v.Fields, fv)
	}
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	sides := p.moves(c, l, m, []flow.Offer{o})
	if len(sides) > 0 {
		v.Side = &sides[0]
	}
	return v, nil
}

// besideForm is what stands beside a move's form, for what is filled in by now. It is posted: what somebody writes may name who
// reported, and an address is kept by proxies.
func (p *Pages) besideForm(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	m, err := flow.Get(c.Context(), c.In(key), c.Who, key.Key)
	if err != nil {
		return err
	}
	k := p.kinds[m.Kind]
	if k.Beside == nil {
		return fault.New(fault.Conflict, "move.not_now")
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	b, err := k.Beside(c, m, c.R.PathValue("move"), values(f), nil)
	if err != nil {
		return err
	}
	if b == nil {
		return fault.New(fault.Conflict, "move.not_now")
	}
	return c.Render(http.StatusOK, b)
}

// fieldView is a move's field with its words, its choices and what was typed.
func (p *Pages) fieldView(c *web.Ctx, r db.Reader, m flow.Matter, move string, f flow.Field, in flow.Values, texts map[string]string) (ui.FieldView, error) {
	v := ui.FieldView{Lang: c.Lang, ID: "f-" + f.Name, Name: f.Name, Label: p.label(c.Lang, m.Kind, move, f.Name), Help: help(c.Lang, m.Kind, move, f.Name), Kind: string(f.Kind), Value: in.Str(f.Name),
		Values: in.List(f.Name), Must: f.Must, Error: texts[f.Name]}
	switch f.Kind {
	case flow.Para:
		v.Max, v.Rows = itoa(orInt(f.Max, 4000)), 3
		if f.Max == 0 || f.Max >= 2000 {
			v.Rows = 6
		}
	case flow.Line:
		v.Max = itoa(orInt(f.Max, 120))
	case flow.Count:
		v.Min, v.Max = itoa(f.Min), itoa(f.Max)
	case flow.Day:
		if !f.Future {
			v.Max = string(c.Today)
		} else {
			v.Min = string(c.Today)
		}
		if f.Since == "received" {
			v.Min = string(m.Received)
		}
		if v.Value == "" && f.Must && !f.Future {
			v.Value = string(c.Today)
		}
	default:
		opts, err := p.Engine.Options(c.Context(), r, c.Who, &m, f, c.Today)
		if err != nil {
			return v, err
		}
		for _, o := range opts {
			x := p.option(c, f, o)
			if choice := p.kinds[m.Kind].Choice; choice != nil {
				x = choice(c, f, o, x)
			}
			v.Options = append(v.Options, x)
		}
		if f.Kind == flow.UnitRef || f.Kind == flow.Person && len(v.Options) > 12 || len(v.Options) > 14 && f.Kind == flow.Choice {
			v.Kind = "select"
		}
		if f.Kind == flow.Clock {
			v.Kind = "choice"
		}
	}
	if f.When != nil {
		v.When = f.When.Field + "=" + strings.Join(f.When.In, "|")
		v.Hint = c.T("form.when", p.label(c.Lang, m.Kind, move, f.When.Field), p.words(c, m, move, f.When))
	}
	return v, nil
}

// words are the values a field depends on, as people read them.
func (p *Pages) words(c *web.Ctx, m flow.Matter, move string, w *flow.When) string {
	var out []string
	for _, f := range p.fieldsOf(m.Kind, move) {
		if f.Name == w.Field {
			for _, code := range w.In {
				out = append(out, p.value(c, p.look(c), f, code))
			}
		}
	}
	if len(w.In) == 0 {
		return c.T("form.when.any")
	}
	return strings.Join(out, c.T("list.comma"))
}

func (p *Pages) option(c *web.Ctx, f flow.Field, o flow.Option) ui.OptionView {
	v := ui.OptionView{Code: o.Code, Name: o.Name, Note: o.Note}
	switch {
	case f.List != "":
		v.Name = p.Rules.Name(f.List, o.Code, c.Lang)
		if t, ok := p.Rules.Term(f.List, o.Code); ok {
			v.Note = t.Help.In(c.Lang)
		}
	case len(f.Codes) > 0:
		v.Name = c.T("choice." + f.Name + "." + o.Code)
	case f.Of == "below":
		v.Note = ""
	case f.Of == "party_sanctions" || f.Of == "admin_sanctions":
		if s, ok := p.Rules.Sanction(o.Code); ok {
			v.Name, v.Note = s.Name.In(c.Lang), ""
		}
	}
	return v
}

func orInt(n, other int) int {
	if n == 0 {
		return other
	}
	return n
}

// values takes the posted fields as a move's input.
func values(f url.Values) flow.Values {
	in := flow.Values{}
	for k, v := range f {
		if k != "" && k[0] != '_' {
			in[k] = v
		}
	}
	return in
}

func (p *Pages) moveDo(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := values(f)
	done, err := p.Engine.Do(c.Context(), c.Who, key, versionOf(f), c.R.PathValue("move"), in)
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			if e := p.renderForm(c, in, err); e == nil || fault.KindOf(e) == fault.NotFound {
				return e
			}
		}
		return err
	}
	return p.onward(c, done.ID, "/", doneCode(done))
}

// onward leads back to the matter that was acted on, or, where that was the last the reader had to do with it (a head who
// signed for a township without one, say), to the list they take the next from.
func (p *Pages) onward(c *web.Ctx, m id.ID, list, code string) error {
	to := "/m/" + m.String()
	switch _, err := flow.Get(c.Context(), c.In(m), c.Who, m.Key); {
	case fault.KindOf(err) == fault.NotFound:
		to = list
	case err != nil:
		return err
	}
	return c.Redirect(to + "?done=" + code)
}

func doneCode(d flow.Done) string {
	if d.Proposal != "" {
		return "proposed"
	}
	return "moved"
}

func versionOf(f url.Values) int64 {
	n := int64(0)
	for _, ch := range f.Get("_version") {
		if ch < '0' || ch > '9' || n > 1<<40 {
			return -1
		}
		n = n*10 + int64(ch-'0')
	}
	return n
}

func (p *Pages) clockForm(c *web.Ctx) error { return p.renderClock(c, flow.Values{}, nil) }

func (p *Pages) renderClock(c *web.Ctx, in flow.Values, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	act := c.R.PathValue("act")
	if !slices.Contains(flow.ClockMoves, act) {
		return fault.Hidden()
	}
	r := c.In(key)
	m, err := flow.Get(c.Context(), r, c.Who, key.Key)
	if err != nil {
		return err
	}
	k, err := deadline.Get(c.Context(), r, c.R.PathValue("clock"))
	if err != nil {
		return err
	}
	if k.Matter != m.ID.Key {
		return fault.Hidden()
	}
	d, err := flow.ClockFile(c.Context(), r, m, k)
	if err != nil {
		return err
	}
	x, err := p.Engine.ClockStand(c.Context(), r, c.Who, d, k)
	if err != nil {
		return err
	}
	if shut := x.Shut(act); shut != nil {
		return shut
	}
	v := &formView{Frame: c.Frame(c.T("move.clock." + act)), Crumb: m.No, Back: "/m/" + m.ID.String(), Title: c.T("move.clock." + act), What: c.T("move.clock." + act + ".what"),
		Action: "/m/" + m.ID.String() + "/clock/" + k.ID.Key + "/" + act, Version: itoa(int(m.Version)), Key: web.NewKey(), Button: c.T("move.clock." + act)}
	t := x.Timer
	v.About = ui.Segments{{Text: m.Title}, {Text: p.clockName(c.Lang, k)}, {Text: c.T("due.on", ui.DayIn(c.Lang, k.Due, c.Today))}}
	if act == flow.MoveExtend && t.Extend != nil && x.Longer() > 0 {
		v.About = append(v.About, ui.Segment{Text: c.T("clock.extend_by", lengthText(c.Lang, x.Longer(), t.Extend.Unit))})
	}
	if act == flow.MoveExtend || act == flow.MovePause {
		v.Button = c.T("form.propose")
		if v.Side, err = p.clockSide(c, r, m, x, act); err != nil {
			return err
		}
	}
	texts := web.Texts(c.Lang, problem)
	for _, f := range p.Engine.ClockFields(x, act, c.Today) {
		fv, err := p.fieldView(c, r, m, act, f, in, texts)
		if err != nil {
			return err
		}
		v.Fields = append(v.Fields, fv)
	}
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	status := http.StatusOK
	if problem != nil {
		status = web.Status(problem)
	}
	return c.Render(status, movePage(*v))
}

// clockSide says beside the form who decides on it, and why them.
func (p *Pages) clockSide(c *web.Ctx, r db.Reader, m flow.Matter, x flow.ClockStand, act string) (*ui.MoveView, error) {
	kase, steps, err := p.Engine.ClockSigners(c.Context(), r, &x, act, c.Today)
	if err != nil {
		return nil, err
	}
	l := p.look(c)
	units := []string{m.Handler.Key, m.Organ.Key}
	for _, s := range steps {
		units = append(units, s.Unit.Key)
	}
	if err := l.load(c.Context(), r, units, nil); err != nil {
		return nil, err
	}
	return &ui.MoveView{Why: c.T("move.clock." + act + ".why"), Signers: p.signers(c, l, steps), Reason: kase.Why.In(c.Lang), UpWord: p.upWord(c, l, m, flow.Offer{Steps: steps})}, nil
}

func (p *Pages) clockDo(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := values(f)
	cm := flow.ClockMove{Clock: c.R.PathValue("clock"), Version: versionOf(f), Length: in.Int("length"), Reason: in.Str("reason"), Ground: in.Str("ground")}
	if !id.ValidKey(cm.Clock) {
		return fault.Hidden()
	}
	var done flow.Done
	act := c.R.PathValue("act")
	switch act {
	case flow.MoveExtend:
		done, err = p.Engine.Extend(c.Context(), c.Who, key, cm)
	case flow.MovePause:
		done, err = p.Engine.Pause(c.Context(), c.Who, key, cm)
	case flow.MoveResume:
		done, err = p.Engine.Resume(c.Context(), c.Who, key, cm)
	case flow.MoveUrge:
		done, err = p.Engine.Urge(c.Context(), c.Who, key, cm)
	case flow.MoveSeen:
		done, err = p.Engine.Seen(c.Context(), c.Who, key, cm)
	default:
		return fault.Hidden()
	}
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			if e := p.renderClock(c, in, err); e == nil {
				return nil
			}
		}
		return err
	}
	if act == flow.MoveUrge {
		return c.Redirect("/m/" + done.ID.String() + "/papers/new/urge_slip?clock=" + cm.Clock)
	}
	return p.onward(c, done.ID, "/", doneCode(done))
}
