package orghttp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

const changePath = "/admin/units/"

type changeView struct {
	Frame  ui.Frame
	Name   string
	Back   string
	Self   string
	Key    string
	Wrong  string
	All    []ui.FieldView
	Kinds  []ui.ViewLink // what can become of it, as links
	Kind   string
	Line   string
	Fields []ui.FieldView
	Open   *changedView
	Past   []changedView
}

// changedView is something that was put forward.
type changedView struct {
	ID, Version, What, By, State, Hindrance string
	Mine, Confirm                           bool
	Note                                    ui.FieldView
}

func (p *Pages) unitToChange(c *web.Ctx) (access.Unit, error) {
	x, err := c.ID("id")
	if err != nil {
		return access.Unit{}, err
	}
	if x.City != c.Who.City {
		return access.Unit{}, fault.Hidden()
	}
	u, err := access.GetUnit(c.Context(), c.In(x), x.Key)
	if err == nil && !org.MayReorganise(c.Who, u) {
		err = fault.Hidden()
	}
	return u, err
}

func (p *Pages) change(c *web.Ctx) error {
	return p.changeForm(c, http.StatusOK, c.R.URL.Query(), nil)
}

func (p *Pages) changeForm(c *web.Ctx, status int, f url.Values, problem error) error {
	u, err := p.unitToChange(c)
	if err != nil {
		return err
	}
	r := c.In(u.ID)
	v := changeView{Frame: c.Frame(c.T("reorganise.title")), Name: u.Name, Back: "/units/" + u.ID.String(), Key: web.NewKey(), Kind: f.Get("kind")}
	v.Self = changePath + u.ID.String()
	texts := web.Texts(c.Lang, problem)
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	past, err := p.Org.Reorganisations(c.Context(), r, u.ID.Key)
	if err != nil {
		return err
	}
	var near []string
	for _, x := range past {
		near = append(append(near, x.Unit, x.Into), x.Parts...)
	}
	names, err := access.Units(c.Context(), r, near)
	if err != nil {
		return err
	}
	for _, x := range past {
		w := p.changed(c, x, names, texts)
		if x.State == org.AppointOpen && x.Unit == u.ID.Key {
			w.Note.Value = f.Get("note")
			v.Open = &w
			v.All = append(v.All, w.Note)
			continue
		}
		v.Past = append(v.Past, w)
	}
	kinds := org.CanBecome(u)
	if v.Open == nil && len(kinds) > 0 {
		if !slices.Contains(kinds, v.Kind) {
			v.Kind = kinds[0]
		}
		for _, k := range kinds {
			v.Kinds = append(v.Kinds, ui.ViewLink{Name: c.T("reorganise." + k), Href: v.Self + "?kind=" + k, Current: k == v.Kind})
		}
		v.Line = c.T("reorganise." + v.Kind + ".line")
		if v.Fields, err = p.changeFields(c, u, v.Kind, f, texts); err != nil {
			return err
		}
		v.All = append(v.All, v.Fields...)
	}
	return c.Render(status, changePage(v))
}

func (p *Pages) changeFields(c *web.Ctx, u access.Unit, kind string, f url.Values, texts map[string]string) ([]ui.FieldView, error) {
	field := func(name, kind string) ui.FieldView {
		x := ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("reorganise.field." + name), Kind: kind, Must: true, Error: texts[name], Max: "60", Value: f.Get(name)}
		if k := "reorganise.field." + name + ".help"; locale.Has(k) {
			x.Help = c.T(k)
		}
		return x
	}
	on, paper := field("on", "day"), field("paper", "line")
	if kind == org.UnitRename {
		return []ui.FieldView{field("name", "line"), on, paper}, nil
	}
	if kind == org.UnitSplit {
		name, code, parts := field("name", "line"), field("code", "line"), field("parts", "choices")
		name.Label, code.Max = c.T("reorganise.field.name.split"), "12"
		vs, err := org.Parts(c.Context(), c.In(u.ID), u)
		if err != nil || len(vs) == 0 {
			return []ui.FieldView{name, code, on, paper}, err
		}
		parts.Values = f["parts"]
		for _, v := range vs {
			parts.Options = append(parts.Options, ui.OptionView{Code: v.ID.Key, Name: v.Name})
		}
		return []ui.FieldView{name, code, parts, on, paper}, nil
	}
	into := field("into", "select")
	into.Label = c.T("reorganise.field.into." + kind)
	us, err := org.Heirs(c.Context(), c.In(u.ID), u, kind)
	for _, x := range us {
		into.Options = append(into.Options, ui.OptionView{Code: x.ID.Key, Name: x.Name})
	}
	return []ui.FieldView{into, on, paper}, err
}

// whatChanges says what was put forward in a sentence.
func whatChanges(c *web.Ctx, x org.Reorganisation, names map[string]access.Unit) string {
	what := []string{names[x.Unit].Name, names[x.Into].Name, ui.LongDay(c.Lang, x.On), x.Paper}
	switch {
	case x.Kind == org.UnitRename:
		what[1] = x.Name
	case x.Kind == org.UnitSplit:
		what[1] = x.Name
		var villages []string
		for _, k := range x.Parts {
			villages = append(villages, names[k].Name)
		}
		if what = append(what, strings.Join(villages, c.T("punct.and"))); len(x.Parts) > 0 {
			return c.T("reorganise.what.split.with", what...)
		}
	}
	return c.T("reorganise.what."+x.Kind, what...)
}

func (p *Pages) changed(c *web.Ctx, x org.Reorganisation, names map[string]access.Unit, texts map[string]string) changedView {
	w := changedView{ID: x.ID, Version: strconv.FormatInt(x.Version, 10), What: whatChanges(c, x, names),
		By: c.T("reorganise.by", x.AskedName, ui.LongDay(c.Lang, x.AskedOn)), State: c.T("grant.state." + x.State)}
	if x.DecidedName != "" {
		w.State += c.T("punct.em") + x.DecidedName + " " + ui.LongDay(c.Lang, x.DecidedOn)
		if x.Note != "" {
			w.State += c.T("punct.em") + x.Note
		}
	}
	w.Mine = x.AskedBy == c.Who.Person
	switch {
	case w.Mine:
		w.Hindrance = c.T("grant.mine")
	case x.On > c.Today:
		w.Hindrance = c.T("fault.reorganise.early", ui.LongDay(c.Lang, x.On))
	default:
		w.Confirm = true
	}
	w.Note = grantField(c, "note", "line", false, texts)
	w.Note.Max = "100"
	return w
}

// waitingChanges are the changes of units that wait to be confirmed, each with its page.
func (p *Pages) waitingChanges(c *web.Ctx) ([]ui.ViewLink, error) {
	list, err := p.Org.WaitingChanges(c.Context(), c.Who)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var near []string
	for _, x := range list {
		near = append(append(near, x.Unit, x.Into), x.Parts...)
	}
	names, err := access.Units(c.Context(), c.Home(), near)
	var out []ui.ViewLink
	for _, x := range list {
		out = append(out, ui.ViewLink{Name: whatChanges(c, x, names), Href: changePath + names[x.Unit].ID.String()})
	}
	return out, err
}

func (p *Pages) proposeChange(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	u, err := p.unitToChange(c)
	if err != nil {
		return err
	}
	_, err = p.Org.Reorganise(c.Context(), c.Who, org.Reorganisation{Kind: f.Get("kind"), Unit: u.ID.Key, Into: f.Get("into"), Name: f.Get("name"), On: calendar.Date(f.Get("on")), Paper: f.Get("paper"),
		Code: f.Get("code"), Parts: f["parts"]})
	return p.changeAnswered(c, u.ID, f, err, "reorganise_asked")
}

func (p *Pages) decideChange(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	u, err := p.unitToChange(c)
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.Get("version"), 10, 64)
	if err != nil {
		return fault.Stale()
	}
	grant := f.Get("do") == "grant"
	err = p.Org.DecideReorganisation(c.Context(), c.Who, f.Get("reorganisation"), version, grant, strings.TrimSpace(f.Get("note")))
	done := "reorganise_refused"
	if grant {
		done = "reorganise_done"
	}
	return p.changeAnswered(c, u.ID, f, err, done)
}

func (p *Pages) changeAnswered(c *web.Ctx, unit id.ID, f url.Values, err error, done string) error {
	if sentBack(err) {
		return p.changeForm(c, web.Status(err), f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(changePath + unit.String() + "?done=" + done)
}
