package areahttp

import (
	"net/http"
	"net/url"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/org/area"
	"qianshao/internal/org/formula"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// formulaView is a county's force formula on a day.
type formulaView struct {
	Frame  ui.Frame
	Choose chooser
	Line   string
	Says   string // the formula as a sum: 3 + 2–4 + 5
	Sums   []sumView
	Slots  []slotView
	New    string // address of the form for a slot; "" for who only reads
	Unit   string
	Key    string
	Today  string
}

type slotView struct {
	ID, Label, Source, Range string
	Rotating, Edit           bool
	Short                    string
	Places                   []placeView
	Free                     []string // places that the slot takes and nobody fills
	Fill                     string
}

type placeView struct {
	Key, Name, Post, Unit, Since string
	Away                         bool
	Rotate                       string
}

func (p *Pages) formula(c *web.Ctx) error {
	x, err := choose(c, "/formula")
	if err != nil {
		return err
	}
	r := c.In(x.county.ID)
	slots, err := formula.On(c.Context(), r, x.county.ID.Key, x.on)
	if err != nil {
		return err
	}
	var people []id.Key
	for _, s := range slots {
		for _, pl := range s.Places {
			if pl.Person != c.Who.Person {
				people = append(people, pl.Person)
			}
		}
	}
	away, err := p.Callups.Away(c.Context(), r, x.county.ID.Key, c.Today)
	if err != nil {
		return err
	}
	edit := area.Arranges(c.Who, x.county) && c.Who.Can(access.AreaWrite) && x.on == c.Today
	v := formulaView{Frame: c.Frame(c.T("formula.title")), Choose: x, Line: c.T("area.line", x.county.Name, ui.LongDay(c.Lang, x.on)), Unit: x.Unit, Key: web.NewKey(), Today: string(c.Today)}
	held, short, gone := 0, 0, 0
	for i, s := range slots {
		sv := slotView{ID: s.ID.String(), Label: s.Label(c.Lang), Source: p.Rules.Name("slot_source", s.Source, c.Lang), Range: span(s), Rotating: s.Rotating, Edit: edit}
		if i > 0 {
			v.Says += " + "
		}
		v.Says += sv.Range
		for _, pl := range s.Places {
			pv := placeView{Key: pl.ID.Key, Name: pl.Name, Unit: pl.Unit, Post: c.T("formula.no_post"), Since: c.T("unit.since", ui.DayIn(c.Lang, pl.From, c.Today)), Away: x.on == c.Today && away[pl.Person]}
			if pl.Kind != "" {
				pv.Post = c.T("post." + pl.Kind)
			}
			if pv.Away {
				gone++
			}
			if edit && s.Rotating {
				pv.Rotate = "/formula/fill?" + url.Values{"slot": {sv.ID}, "for": {pl.ID.Key}}.Encode()
			}
			sv.Places = append(sv.Places, pv)
		}
		if n := s.Short(); n > 0 {
			sv.Short = c.T("formula.short", itoa(n))
			for range n {
				sv.Free = append(sv.Free, c.T("formula.free"))
			}
		}
		if edit && len(s.Places) < s.Most {
			sv.Fill = "/formula/fill?" + url.Values{"slot": {sv.ID}}.Encode()
		}
		held, short = held+len(s.Places), short+s.Short()
		v.Slots = append(v.Slots, sv)
	}
	v.Sums = []sumView{{Name: c.T("formula.held"), N: itoa(held)}, {Name: c.T("formula.lacking"), N: itoa(short)}, {Name: c.T("formula.away"), N: itoa(gone)}}
	if edit {
		v.New = "/formula/new?" + url.Values{"unit": {x.Unit}}.Encode()
	}
	return c.Render(http.StatusOK, formulaPage(v))
}

// span is how many a slot takes: 3, or 2–4.
func span(s formula.Slot) string {
	if s.Least == s.Most {
		return itoa(s.Least)
	}
	return itoa(s.Least) + "–" + itoa(s.Most)
}

// slotForm is a form of this room: for a slot, or for who fills one.
type slotForm struct {
	Frame  ui.Frame
	Back   string
	Title  string
	Line   string
	Action string
	Key    string
	Hidden [][2]string
	Fields []ui.FieldView
	Wrong  string
	Button string
}

func (v *slotForm) show(c *web.Ctx, problem error) error {
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, slotFormPage(*v))
}

// fielder makes fields with what was typed and what is wrong.
func fielder(c *web.Ctx, f url.Values, problem error) func(name, kind, label string) ui.FieldView {
	texts := web.Texts(c.Lang, problem)
	return func(name, kind, label string) ui.FieldView {
		return ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Kind: kind, Label: c.T(label), Value: f.Get(name), Values: f[name], Error: texts[name], Must: true}
	}
}

func (p *Pages) newSlot(c *web.Ctx) error { return p.slotForm(c, c.R.URL.Query(), nil) }

func (p *Pages) slotForm(c *web.Ctx, f url.Values, problem error) error {
	county, err := ofForm(f)
	if err != nil {
		return err
	}
	u, err := area.County(c.Context(), c.In(county), c.Who, county.Key)
	if err != nil {
		return err
	}
	if !area.Arranges(c.Who, u) {
		return notYours()
	}
	v := &slotForm{Frame: c.Frame(c.T("formula.new")), Back: "/formula?" + url.Values{"unit": {county.String()}}.Encode(), Title: c.T("formula.new"), Line: c.T("formula.new.line"), Action: "/formula/new", Key: web.NewKey(), Button: c.T("formula.add"),
		Hidden: [][2]string{{"unit", county.String()}}}
	field := fielder(c, f, problem)
	zh, en, source, least, most, turns, from := field("zh", "line", "formula.zh"), field("en", "line", "formula.en"), field("source", "choice", "formula.source"), field("least", "count", "formula.least"), field("most", "count", "formula.most"), field("rotating", "choice", "formula.rotating"), field("from", "day", "formula.from")
	zh.Max, en.Max, en.Must, zh.Help = "24", "24", false, c.T("formula.zh.help")
	for _, t := range p.Rules.Terms("slot_source", c.Today) {
		source.Options = append(source.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
	}
	least.Min, least.Max, most.Min, most.Max = "0", "200", "1", "200"
	turns.Options = []ui.OptionView{{Code: "no", Name: c.T("formula.rotating.no")}, {Code: "yes", Name: c.T("formula.rotating.yes")}}
	if turns.Value == "" {
		turns.Value = "no"
	}
	if from.Value == "" {
		from.Value = string(c.Today)
	}
	from.Max = string(c.Today)
	v.Fields = []ui.FieldView{zh, en, source, least, most, turns, from}
	return v.show(c, problem)
}

func (p *Pages) addSlot(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	county, err := ofForm(f)
	if err != nil {
		return err
	}
	n := func(name string) int {
		x, err := strconv.Atoi(f.Get(name))
		if err != nil {
			return -1 // refused as out of range
		}
		return x
	}
	_, err = p.Formula.AddSlot(c.Context(), c.Who, formula.NewSlot{County: county.Key, Zh: f.Get("zh"), En: f.Get("en"), Source: f.Get("source"), Least: n("least"), Most: n("most"), Rotating: f.Get("rotating") == "yes", From: calendar.Date(f.Get("from"))})
	if err != nil {
		if again(err) {
			return p.slotForm(c, f, err)
		}
		return err
	}
	return c.Redirect("/formula?" + url.Values{"unit": {county.String()}, "done": {"slot_added"}}.Encode())
}

func (p *Pages) fillForm(c *web.Ctx) error { return p.fillFields(c, c.R.URL.Query(), nil) }

// slotOf is the slot that a form is about, among those of its county today.
func (p *Pages) slotOf(c *web.Ctx, f url.Values) (formula.Slot, access.Unit, error) {
	key, err := id.Parse(f.Get("slot"))
	if err != nil {
		return formula.Slot{}, access.Unit{}, fault.Hidden()
	}
	s, county, err := p.Formula.Slot(c.Context(), c.In(key), c.Who, key.Key)
	return s, county, err
}

func (p *Pages) fillFields(c *web.Ctx, f url.Values, problem error) error {
	s, county, err := p.slotOf(c, f)
	if err != nil {
		return err
	}
	r := c.In(s.ID)
	people, err := formula.People(c.Context(), r, s.County, s.Source, c.Today)
	if err != nil {
		return err
	}
	slots, err := formula.On(c.Context(), r, s.County, c.Today)
	if err != nil {
		return err
	}
	taken := map[id.Key]string{}
	out := ""
	for _, x := range slots {
		for _, pl := range x.Places {
			taken[pl.Person] = x.Label(c.Lang)
			if pl.ID.Key == f.Get("for") {
				out = pl.Name
			}
		}
	}
	title, button := c.T("formula.fill"), c.T("formula.fill.do")
	if out != "" {
		title, button = c.T("formula.rotate", out), c.T("formula.rotate.do")
	}
	v := &slotForm{Frame: c.Frame(title), Back: "/formula?" + url.Values{"unit": {county.ID.String()}}.Encode(), Title: title, Line: s.Label(c.Lang) + c.T("punct.open") + p.Rules.Name("slot_source", s.Source, c.Lang) + c.T("punct.close"), Action: "/formula/fill", Key: web.NewKey(), Button: button,
		Hidden: [][2]string{{"slot", s.ID.String()}, {"for", f.Get("for")}}}
	field := fielder(c, f, problem)
	who, from := field("person", "select", "formula.person"), field("from", "day", "formula.from")
	for _, x := range people {
		o := ui.OptionView{Code: x.Person, Name: x.Name, Note: x.Unit + " " + c.T("post."+x.Kind)}
		if at := taken[x.Person]; at != "" {
			o.Off, o.Note = true, o.Note+c.T("list.comma_in")+c.T("formula.in_slot", at)
		}
		who.Options = append(who.Options, o)
	}
	if from.Value == "" {
		from.Value = string(c.Today)
	}
	from.Max = string(c.Today)
	v.Fields = []ui.FieldView{who, from}
	return v.show(c, problem)
}

func (p *Pages) fill(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	s, county, err := p.slotOf(c, f)
	if err != nil {
		return err
	}
	if err := p.Formula.Fill(c.Context(), c.Who, formula.Filling{Slot: s.ID, Person: f.Get("person"), From: calendar.Date(f.Get("from")), For: f.Get("for")}); err != nil {
		if again(err) {
			return p.fillFields(c, f, err)
		}
		return err
	}
	return p.onward(c, county, "slot_filled")
}

func (p *Pages) onward(c *web.Ctx, county access.Unit, done string) error {
	return c.Redirect("/formula?" + url.Values{"unit": {county.ID.String()}, "done": {done}}.Encode())
}

func (p *Pages) leave(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	s, county, err := p.slotOf(c, f)
	if err != nil {
		return err
	}
	if err := p.Formula.Leave(c.Context(), c.Who, s.ID, f.Get("place"), c.Today); err != nil {
		return err
	}
	return p.onward(c, county, "slot_left")
}

func (p *Pages) endSlot(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	s, county, err := p.slotOf(c, f)
	if err != nil {
		return err
	}
	if err := p.Formula.EndSlot(c.Context(), c.Who, s.ID); err != nil {
		return err
	}
	return p.onward(c, county, "slot_ended")
}
