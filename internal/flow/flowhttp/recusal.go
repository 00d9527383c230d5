package flowhttp

import (
	"net/http"
	"net/url"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// RecusalRoutes are the addresses of the page on which somebody steps aside from a matter.
func (p *Pages) RecusalRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/m/{id}/recusal", Perm: access.Signed, Do: p.recusal},
		{Method: http.MethodPost, Path: "/m/{id}/recusal", Perm: access.Signed, Do: p.recuse},
		{Method: http.MethodPost, Path: "/m/{id}/recusal/{recusal}", Perm: access.Signed, Do: p.decideRecusal},
		{Method: http.MethodPost, Path: "/m/{id}/namesake/{person}", Perm: access.Signed, Do: p.answerNamesake},
	}
}

type recusalView struct {
	Frame  ui.Frame
	No     string
	Title  string
	Back   string
	Action string
	Key    string
	Fields []ui.FieldView // empty when the matter has ended
	Order  bool           // the reader may order it at once
	Wrong  string
	List   []recusalLine
	Alike  []recusalLine // who has the name of somebody named
}

type recusalLine struct {
	Day, Small string
	What       string
	State      string
	Of         ui.Segments
	Relation   string
	Note       string
	Action     string // where it is decided; "" when it is not the reader's
	Key        string
	Field      ui.FieldView
}

func (p *Pages) recusal(c *web.Ctx) error { return p.renderRecusal(c, url.Values{}, "", nil) }

// renderRecusal shows the page; decided names the recusal, or the namesake, whose answer was sent back, "" for the form above.
func (p *Pages) renderRecusal(c *web.Ctx, in url.Values, decided string, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	r := c.In(key)
	m, err := flow.Get(c.Context(), r, c.Who, key.Key)
	if err != nil {
		return err
	}
	base := "/m/" + m.ID.String()
	v := recusalView{Frame: c.Frame(c.T("recusal.title")), No: m.No, Title: m.Title, Back: base, Action: base + "/recusal", Key: web.NewKey(), Order: c.Who.Is(access.Principal, m.Organ)}
	texts := web.Texts(c.Lang, problem)
	if m.Open {
		if v.Fields, err = p.recusalFields(c, m, in, texts); err != nil {
			return err
		}
	}
	xs, err := p.Engine.Recusals(c.Context(), r, c.Who, m)
	if err != nil {
		return err
	}
	for _, x := range xs {
		l := p.recusalLine(c, x)
		if l.Action != "" && decided == x.ID.String() {
			l.Field.Value, l.Field.Error = in.Get("note"), texts["note"]
		}
		v.List = append(v.List, l)
	}
	if v.Alike, err = p.namesakeLines(c, m); err != nil {
		return err
	}
	for i, l := range v.Alike {
		if l.Action != "" && strings.HasSuffix(l.Action, "/"+decided) {
			v.Alike[i].Field.Value, v.Alike[i].Field.Error = in.Get("note"), texts["note"]
		}
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, recusalPage(v))
}

func (p *Pages) recusalFields(c *web.Ctx, m flow.Matter, in url.Values, texts map[string]string) ([]ui.FieldView, error) {
	field := func(name, kind string, must bool) ui.FieldView {
		return ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Kind: kind, Label: c.T("recusal." + name), Must: must, Value: in.Get(name), Error: texts[name]}
	}
	person, ground, asker, relation := field("person", "choice", true), field("ground", "choice", true), field("asker", "choice", false), field("relation", "para", false)
	person.Options = []ui.OptionView{{Code: c.Who.Person, Name: c.T("recusal.self", c.Who.Name)}}
	if person.Value == "" {
		person.Value = c.Who.Person
	}
	for _, t := range p.Rules.Terms("recusal_ground", c.Today) {
		ground.Options = append(ground.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
	}
	relation.Help, relation.Max, relation.Rows = c.T("recusal.relation.help"), "500", 3
	if !c.Who.Can(access.MatterMove) {
		return []ui.FieldView{person, ground, relation}, nil
	}
	people, err := p.Engine.Involved(c.Context(), c.In(m.ID), m, c.Today)
	if err != nil {
		return nil, err
	}
	for _, o := range people {
		if o.Code != c.Who.Person {
			person.Options = append(person.Options, ui.OptionView{Code: o.Code, Name: o.Name, Note: o.Note})
		}
	}
	asker.Help = c.T("recusal.asker.help")
	for _, a := range flow.Askers {
		asker.Options = append(asker.Options, ui.OptionView{Code: a, Name: c.T("recusal.asker." + a)})
	}
	return []ui.FieldView{person, ground, asker, relation}, nil
}

func (p *Pages) recusalLine(c *web.Ctx, x flow.Recusal) recusalLine {
	l := recusalLine{Day: ui.DayIn(c.Lang, x.Declared, c.Today), Small: ui.Weekday(c.Lang, x.Declared), What: c.T("recusal.what."+x.Raised, x.Name), State: c.T("recusal.state." + x.State), Relation: x.Relation, Note: x.Note}
	l.Of = ui.Segments{{Text: p.Rules.Name("recusal_ground", x.Ground, c.Lang)}}
	if x.Asker != "" {
		l.Of = append(l.Of, ui.Segment{Text: c.T("recusal.asker") + c.T("punct.colon") + c.T("recusal.asker."+x.Asker)})
	}
	if x.Raised == flow.RaisedAsked {
		l.Of = append(l.Of, ui.Segment{Text: c.T("recusal.declared", l.Day, x.DeclarantName), Dim: true})
	}
	if x.Decided != "" {
		l.Of = append(l.Of, ui.Segment{Text: c.T("recusal.by", ui.DayIn(c.Lang, x.Decided, c.Today), x.DeciderName), Dim: true})
	} else if x.Moved != "" {
		l.Of = append(l.Of, ui.Segment{Text: c.T("moved." + x.Moved), Dim: true})
	}
	if x.Mine {
		key := x.ID.String()
		l.Action, l.Key = c.R.URL.Path+"/"+key, web.NewKey()
		if base, err := c.ID("id"); err == nil {
			l.Action = "/m/" + base.String() + "/recusal/" + key
		}
		l.Field = ui.FieldView{Lang: c.Lang, ID: "f-note-" + x.ID.Key, Name: "note", Kind: "para", Label: c.T("recusal.note"), Help: c.T("recusal.note.help"), Max: "500", Rows: 2}
	}
	return l
}

// namesakeLines lists who has the name of somebody named here, with the question to whoever may answer it.
func (p *Pages) namesakeLines(c *web.Ctx, m flow.Matter) ([]recusalLine, error) {
	ns, err := p.Namesakes.Of(c.Context(), c.In(m.ID), c.Who, m)
	if err != nil {
		return nil, err
	}
	var out []recusalLine
	for _, n := range ns {
		l := recusalLine{Day: ui.DayIn(c.Lang, n.Since, c.Today), Small: ui.Weekday(c.Lang, n.Since), What: c.T("namesake.what", n.Name), State: c.T("namesake.state." + n.State), Note: n.Note}
		l.Of = ui.Segments{{Text: c.T("namesake.came." + n.Came)}}
		posts, err := access.Holdings(c.Context(), c.In(m.ID), n.Person.Key, c.Today)
		if err != nil {
			return nil, err
		}
		for _, h := range posts {
			if h.For == "" {
				l.Of = append(l.Of, ui.Segment{Text: h.Unit.Commission() + " " + c.T("post."+h.Kind)})
			}
		}
		if n.Decided != "" {
			l.Of = append(l.Of, ui.Segment{Text: c.T("recusal.by", ui.DayIn(c.Lang, n.Decided, c.Today), n.DeciderName), Dim: true})
		}
		if n.Mine {
			l.Action, l.Key = "/m/"+m.ID.String()+"/namesake/"+n.Person.String(), web.NewKey()
			l.Field = ui.FieldView{Lang: c.Lang, ID: "f-note-" + n.Person.Key, Name: "note", Kind: "para", Label: c.T("namesake.note"), Help: c.T("namesake.note.help"), Must: true, Max: "500", Rows: 2}
		}
		out = append(out, l)
	}
	return out, nil
}

func (p *Pages) answerNamesake(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	person, err := c.ID("person")
	if err != nil || person.City != key.City {
		return fault.Hidden()
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	same := f.Get("do") == "same"
	if !same && f.Get("do") != "other" {
		err = fault.InvalidField("do", "choice.unknown")
	} else {
		err = p.Namesakes.Answer(c.Context(), c.Who, key, person.Key, same, f.Get("note"))
	}
	switch {
	case err == nil:
		return c.Redirect("/m/" + key.String() + "/recusal?done=namesake_" + f.Get("do"))
	case fault.KindOf(err) == fault.Invalid, fault.KindOf(err) == fault.Conflict:
		return p.renderRecusal(c, f, person.String(), err)
	}
	return err
}

func (p *Pages) recuse(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := flow.NewRecusal{Person: f.Get("person"), Ground: f.Get("ground"), Asker: f.Get("asker"), Relation: f.Get("relation"), Order: f.Get("do") == "order"}
	x, err := p.Engine.Recuse(c.Context(), c.Who, key, in)
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.renderRecusal(c, f, "", err)
		}
		return err
	}
	if x.State == flow.RecusalGranted {
		return c.Redirect("/m/" + key.String() + "?done=recusal_granted")
	}
	return c.Redirect("/m/" + key.String() + "/recusal?done=recusal_asked")
}

func (p *Pages) decideRecusal(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	which, err := c.ID("recusal")
	if err != nil || which.City != key.City {
		return fault.Hidden()
	}
	if _, err := flow.Get(c.Context(), c.In(key), c.Who, key.Key); err != nil {
		return err // before the recusal, so that time does not tell of one that may not be seen
	}
	if of, err := flow.RecusalOf(c.Context(), c.In(key), which.Key); err != nil || of != key.Key {
		return fault.Hidden()
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	x, err := p.Engine.DecideRecusal(c.Context(), c.Who, which, f.Get("do") == "grant", f.Get("note"))
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.renderRecusal(c, f, which.String(), err)
		}
		return err
	}
	return c.Redirect("/m/" + key.String() + "?done=recusal_" + x.State)
}
