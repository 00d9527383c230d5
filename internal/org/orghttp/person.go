package orghttp

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/org/callup"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// PeopleRoutes are the addresses of one of the commission's own people.
func (p *Pages) PeopleRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/people/{id}", Perm: access.OrgRead, Do: p.person},
		{Method: http.MethodPost, Path: "/people/{id}/skills", Perm: access.Appoint, Do: p.setSkills},
		{Method: http.MethodPost, Path: "/people/{id}/work", Perm: access.Appoint, Do: p.setWork},
	}
}

// personView is one of the commission's own people: posts over time, earlier work, skills. What only staff administration may see
// is there for it alone; of matters there is nothing but the call-ups that the reader may read.
type personView struct {
	Frame   ui.Frame
	Key     string
	Wrong   string
	All     []ui.FieldView
	Self    string
	Version string
	Name    string
	Line    ui.Segments
	Facts   []Fact
	Posts   []heldView
	Works   []workView
	Loans   []ui.Segments
	Skills  []string
	Staff   bool
	Pick    ui.FieldView
	Work    []ui.FieldView
	WorkID  string // of the entry that is put right; "" for a new one
	Open    bool
}

type heldView struct {
	Unit, Href, Post, From, To, Months, How, Why string
}

type workView struct {
	ID, Span, What, Kind, Href string
}

func personLink(city id.City, person id.Key) string {
	if person == "" {
		return ""
	}
	return "/people/" + id.ID{City: city, Key: person}.String()
}

func (p *Pages) person(c *web.Ctx) error {
	return p.personPage(c, http.StatusOK, url.Values{}, "", nil)
}

// personPage shows somebody. form says which of the page's forms came back with a problem.
func (p *Pages) personPage(c *web.Ctx, status int, f url.Values, form string, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	x, err := p.Org.PersonOf(c.Context(), c.Who, key)
	if err != nil {
		return err
	}
	v := personView{Frame: c.Frame(x.Name), Key: web.NewKey(), Self: personLink(key.City, key.Key), Version: strconv.FormatInt(x.Version, 10), Name: x.Name, Staff: x.Staff, Open: form == "work"}
	texts := web.Texts(c.Lang, problem)
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	p.personFacts(c, x, &v)
	for _, h := range x.Posts {
		v.Posts = append(v.Posts, p.heldView(c, h))
	}
	for _, w := range x.Works {
		y := workView{ID: w.ID, Span: span(c, w.From, w.To), What: w.What, Kind: c.T("person.work." + yesNo(w.Discipline))}
		if x.Staff {
			y.Href = v.Self + "?work=" + w.ID + "#work"
		}
		v.Works = append(v.Works, y)
	}
	for _, l := range x.Loans {
		v.Loans = append(v.Loans, ui.Segments{{Text: l.What}, {Text: l.By, Dim: true}, {Text: span(c, l.From, l.To), Dim: true}})
	}
	spells, err := callup.Of(c.Context(), c.In(key), c.Who, key.Key)
	if err != nil {
		return err
	}
	for _, l := range spells {
		v.Loans = append(v.Loans, p.spell(c, l))
	}
	for _, s := range x.Skills {
		v.Skills = append(v.Skills, p.Rules.Name("skill", s, c.Lang))
	}
	if x.Staff && c.Who.Can(access.Appoint) {
		p.personForms(c, x, &v, f, form, texts)
	} else {
		v.Staff = false
	}
	return c.Render(status, personPage(v))
}

// spell is a call-up: where to, from when until when, and what became of it.
func (p *Pages) spell(c *web.Ctx, l callup.Spell) ui.Segments {
	out := ui.Segments{{Text: l.To.Commission(), Href: "/m/" + l.ID.String()}, {Text: span(c, l.From, l.Until), Dim: true}}
	if l.Back == "" {
		return append(out, ui.Segment{Text: c.T("state.callup." + l.State)})
	}
	return append(out, ui.Segment{Text: c.T("person.given_back", ui.LongDay(c.Lang, l.Back))})
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// span is from a day to another, or on.
func span(c *web.Ctx, from, to calendar.Date) string {
	if to == "" {
		return c.T("person.from_on", ui.LongDay(c.Lang, from))
	}
	return c.T("person.from_to", ui.LongDay(c.Lang, from), ui.LongDay(c.Lang, to))
}

// length is months as years and months.
func length(c *web.Ctx, months int) string {
	return c.T("person.months", strconv.Itoa(months/12), strconv.Itoa(months%12))
}

func (p *Pages) personFacts(c *web.Ctx, x org.PersonFile, v *personView) {
	add := func(label string, text ...ui.Segment) { v.Facts = append(v.Facts, Fact{c.T(label), text}) }
	for _, h := range x.Posts {
		if h.To == "" || h.To > c.Today {
			v.Line = append(v.Line, ui.Segment{Text: h.Unit.Commission() + " " + c.T("post."+h.Kind), Href: "/units/" + h.Unit.ID.String()})
			add("person.in_post", ui.Segment{Text: length(c, h.Months(c.Today))}, ui.Segment{Text: c.T("post." + h.Kind), Dim: true})
		}
	}
	if len(v.Line) == 0 {
		v.Line = ui.Segments{{Text: c.T("grant.no_post"), Dim: true}}
	}
	add("person.served", ui.Segment{Text: length(c, x.Served)})
	if x.Before > 0 {
		add("person.before", ui.Segment{Text: length(c, x.Before)})
	}
	if y, ok := org.AgeOn(x.Born, c.Today); ok {
		add("person.born", ui.Segment{Text: x.Born}, ui.Segment{Text: c.T("unit.age", strconv.Itoa(y)), Dim: true})
	}
	if x.OutsideNo != "" {
		add("person.outside_no", ui.Segment{Text: x.OutsideNo})
	}
	for _, a := range x.Asked {
		add("person.asked", ui.Segment{Text: c.T("grant.from_day", ui.LongDay(c.Lang, a.From))})
	}
}

func (p *Pages) heldView(c *web.Ctx, h org.Held) heldView {
	v := heldView{Unit: h.Unit.Commission(), Href: "/units/" + h.Unit.ID.String(), Post: c.T("post." + h.Kind), From: ui.LongDay(c.Lang, h.From), To: c.T("person.now"), Months: length(c, h.Months(c.Today)),
		How: c.T("person.full." + yesNo(h.FullTime))}
	if h.Acting {
		v.How = c.T("posts.acting")
	}
	if h.To != "" {
		v.To = ui.LongDay(c.Lang, h.To)
	}
	if h.Reason != "" {
		v.Why = p.Rules.Name("leaving_reason", h.Reason, c.Lang)
		if h.LeaveTo != "" {
			v.Why += c.T("punct.colon") + h.LeaveTo
		}
	}
	return v
}

func (p *Pages) personForms(c *web.Ctx, x org.PersonFile, v *personView, f url.Values, form string, texts map[string]string) {
	v.Pick = ui.FieldView{Lang: c.Lang, ID: "f-skills", Name: "skills", Label: c.T("person.skills"), Kind: "choices", Values: x.Skills}
	for _, t := range p.Rules.Terms("skill", c.Today) {
		v.Pick.Options = append(v.Pick.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
	}
	if form == "skills" {
		v.Pick.Values, v.Pick.Error = f["skills"], texts["skills"]
	}
	from, to, what, kind := personField(c, "from", "day", texts), personField(c, "to", "day", texts), personField(c, "what", "line", texts), personField(c, "discipline", "choice", texts)
	kind.Options = []ui.OptionView{{Code: "yes", Name: c.T("person.work.yes")}, {Code: "no", Name: c.T("person.work.no")}}
	kind.Value = "no"
	if id.ValidKey(c.R.URL.Query().Get("work")) && form == "" {
		for _, w := range x.Works {
			if w.ID == c.R.URL.Query().Get("work") {
				v.WorkID, v.Open = w.ID, true
				from.Value, to.Value, what.Value, kind.Value = string(w.From), string(w.To), w.What, yesNo(w.Discipline)
			}
		}
	}
	if form == "work" {
		v.WorkID = f.Get("work")
		from.Value, to.Value, what.Value, kind.Value = f.Get("from"), f.Get("to"), f.Get("what"), f.Get("discipline")
	}
	v.Work = []ui.FieldView{from, to, what, kind}
	v.All = append([]ui.FieldView{v.Pick}, v.Work...)
}

func personField(c *web.Ctx, name, kind string, texts map[string]string) ui.FieldView {
	return ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("person.field." + name), Kind: kind, Must: true, Error: texts[name], Max: map[string]string{"line": "120", "day": string(c.Today)}[kind]}
}

func (p *Pages) setSkills(c *web.Ctx) error {
	key, f, version, err := formOf(c)
	if err == nil {
		err = p.Org.SetSkills(c.Context(), c.Who, key, version, f["skills"])
	}
	return p.personAnswered(c, f, "skills", err)
}

func (p *Pages) setWork(c *web.Ctx) error {
	key, f, version, err := formOf(c)
	if err == nil {
		w := org.Work{ID: f.Get("work"), From: calendar.Date(f.Get("from")), To: calendar.Date(f.Get("to")), Discipline: f.Get("discipline") == "yes", What: strings.TrimSpace(f.Get("what"))}
		if w.ID == "" {
			err = p.Org.AddWork(c.Context(), c.Who, key, version, w)
		} else {
			err = p.Org.MendWork(c.Context(), c.Who, key, version, w)
		}
	}
	return p.personAnswered(c, f, "work", err)
}

// formOf reads a form about the thing of the address, with the version of it that was seen.
func formOf(c *web.Ctx) (key id.ID, f url.Values, version int64, err error) {
	if key, err = c.ID("id"); err != nil {
		return key, f, 0, err
	}
	if f, err = c.Form(); err != nil {
		return key, f, 0, err
	}
	version, err = strconv.ParseInt(f.Get("_version"), 10, 64)
	if err != nil {
		version, err = 0, nil // no version is the present one: the use case says so
	}
	return key, f, version, err
}

func (p *Pages) personAnswered(c *web.Ctx, f url.Values, form string, err error) error {
	if sentBack(err) {
		return p.personPage(c, web.Status(err), f, form, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/people/" + c.R.PathValue("id") + "?done=person_" + form)
}
