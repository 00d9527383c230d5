package burdenhttp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

type askForm struct {
	Frame  ui.Frame
	Key    string
	Wrong  string
	Fields []ui.FieldView
	Towns  ui.FieldView
	Pick   []ui.FieldView // which county, for those above
	City   string
	County string
	Over   []overTown
	Others []askRow // what else was asked this month of the first township that it would pass the cap of
	Of     string
	Why    ui.FieldView
	All    []ui.FieldView
	Month  string
}

type overTown struct{ Name, Sum, Minutes, Cap string }

// newAsk is the form; with again=ID it begins with what was asked before.
func (p *Pages) newAsk(c *web.Ctx) error {
	f := url.Values{}
	if x, err := id.Parse(c.R.URL.Query().Get("again")); err == nil && sees(c, x.City) {
		a, err := p.Burden.Get(c.Context(), c.In(x), c.Who, x.Key)
		if err != nil {
			return err
		}
		f.Set("what", a.What)
		f.Set("basis", a.Basis)
		f.Set("minutes", n(a.Minutes))
		us, err := p.Burden.Towns(c.Context(), c.In(x), x.Key)
		if err != nil {
			return err
		}
		for _, u := range us {
			f.Add("towns", u.ID.Key)
		}
		f.Set("county", id.ID{City: x.City, Key: a.County}.String())
	}
	return p.askForm(c, http.StatusOK, f, nil)
}

// askForm asks what, of whom, on which basis, for how long and by when: for a county's own townships, for those of one county,
// or for whole counties.
func (p *Pages) askForm(c *web.Ctx, status int, f url.Values, problem error) error {
	r, tops, err := p.tenant(c)
	if err != nil {
		return err
	}
	v := askForm{Frame: c.Frame(c.T("burden.new")), Key: web.NewKey(), Month: c.Today.MonthKey()}
	texts := web.Texts(c.Lang, problem)
	county := c.Who.Unit().County
	if c.Who.Unit().Level <= access.City {
		ov := overView{}
		if county, err = p.selects(c, &ov, r.City(), tops); err != nil {
			return err
		}
		v.Pick = ov.Selects
		if x, err := id.Parse(f.Get("county")); err == nil && x.City == r.City() {
			county = x.Key
			v.Pick[len(v.Pick)-1].Value = x.String()
		}
	}
	if county != "" {
		v.County = id.ID{City: r.City(), Key: county}.String()
	}
	v.City = c.R.FormValue("city")
	add := func(name, kind string, must bool) *ui.FieldView {
		v.Fields = append(v.Fields, ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Kind: kind, Must: must, Label: c.T("burden.field." + name), Help: help(c, "burden.field."+name+".help"), Value: f.Get(name), Error: texts[name], Max: "120"})
		return &v.Fields[len(v.Fields)-1]
	}
	add("what", "line", true).Focus = true
	add("basis", "line", true)
	m := add("minutes", "count", true)
	m.Min, m.Max = "1", ""
	d := add("due", "day", true)
	d.Min, d.Max = string(c.Today), ""
	if err := p.townField(c, r.City(), county, f, &v); err != nil {
		return err
	}
	v.Towns.Error = texts["towns"]
	v.All = append(append([]ui.FieldView{}, v.Fields...), v.Towns)
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
		if err := p.overTowns(c, r.City(), county, &v, problem, f); err != nil {
			return err
		}
		if v.Why.Name != "" {
			v.Why.Error = texts["why"]
			v.All = append(v.All, v.Why)
		}
	}
	return c.Render(status, askFormPage(v))
}

func help(c *web.Ctx, key string) string {
	if t := c.T(key); t != key {
		return t
	}
	return ""
}

// townField is whom it is asked of: townships of one county or, where none is chosen, whole counties.
func (p *Pages) townField(c *web.Ctx, city id.City, county id.Key, f url.Values, v *askForm) error {
	kind, name := "township", "towns"
	if county == "" {
		kind, name = "county", "counties"
	}
	v.Towns = ui.FieldView{Lang: c.Lang, ID: "f-towns", Name: name, Kind: "choices", Must: true, Label: c.T("burden.field." + name), Values: f[name]}
	us, err := access.UnitsOf(c.Context(), p.DB.In(city), county, kind)
	for _, u := range us {
		v.Towns.Options = append(v.Towns.Options, ui.OptionView{Code: u.ID.Key, Name: u.Name})
	}
	return err
}

// overTowns lays out what a refused ask would pass, with what else was asked this month, and the way to the chief.
func (p *Pages) overTowns(c *web.Ctx, city id.City, county id.Key, v *askForm, problem error, f url.Values) error {
	for _, x := range fault.Fields(problem) {
		if x.Code == "burden.over" {
			v.Over = append(v.Over, overTown{x.Args[0], x.Args[1], x.Args[2], x.Args[3]})
		}
	}
	missing := slices.ContainsFunc(fault.Fields(problem), func(x fault.Field) bool { return x.Name == "why" })
	if len(v.Over) == 0 && !missing {
		return nil
	}
	v.Why = ui.FieldView{Lang: c.Lang, ID: "f-why", Name: "why", Kind: "para", Must: true, Label: c.T("burden.field.why"), Help: c.T("burden.field.why.help"), Value: f.Get("why"), Max: "500", Rows: 3}
	if len(v.Over) == 0 {
		return nil
	}
	us, err := access.UnitsOf(c.Context(), p.DB.In(city), county, "township")
	if err != nil {
		return err
	}
	for _, u := range us {
		if u.Name != v.Over[0].Name {
			continue
		}
		a, err := p.Burden.Account(c.Context(), p.DB.In(city), c.Who, u.ID.Key, v.Month)
		if err != nil {
			return err
		}
		v.Of = u.Name
		for _, x := range a.Asks {
			v.Others = append(v.Others, p.row(c, x))
		}
		break
	}
	return nil
}

func (p *Pages) enter(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	r, _, err := p.tenant(c)
	if err != nil {
		return err
	}
	in := burden.NewAsk{What: f.Get("what"), Basis: f.Get("basis"), Due: calendar.Date(f.Get("due")), Towns: f["towns"], Hold: f.Get("do") == "hold", Why: f.Get("why")}
	in.Minutes, _ = strconv.ParseInt(f.Get("minutes"), 10, 64) // what is no number is none that may be asked
	for _, k := range f["counties"] {
		if !id.ValidKey(k) {
			continue
		}
		us, err := access.UnitsOf(c.Context(), r, k, "township")
		if err != nil {
			return err
		}
		for _, u := range us {
			in.Towns = append(in.Towns, u.ID.Key)
		}
	}
	asks, err := p.Burden.Enter(c.Context(), c.Who, r.City(), in)
	if sentBack(err) {
		return p.askForm(c, web.Status(err), f, err)
	}
	if err != nil {
		return err
	}
	done := "burden_asked"
	if in.Hold {
		done = "burden_held"
	}
	if len(asks) == 1 {
		return c.Redirect("/burden/asks/" + asks[0].String() + "?done=" + done)
	}
	return c.Redirect("/burden/asks?done=" + done + "&city=" + url.QueryEscape(f.Get("city")))
}

type askView struct {
	Frame   ui.Frame
	Key     string
	What    string
	State   string
	Late    bool
	Facts   []flowhttp.Fact
	Towns   []ui.Segment
	Action  string
	Version string
	Wrong   string
	Use     *ui.FieldView
	End     *ui.FieldView
	Decide  *ui.FieldView
	Again   string
	List    string
}

// ask is the page of one ask, with what the reader may do about it.
func (p *Pages) ask(c *web.Ctx, f url.Values, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	r := c.In(key)
	a, err := p.Burden.Get(c.Context(), r, c.Who, key.Key)
	if err != nil {
		return err
	}
	v := askView{Frame: c.Frame(p.what(c, a)), Key: web.NewKey(), What: p.what(c, a), Action: "/burden/asks/" + a.ID.String(), Version: n(a.Version), List: "/burden/asks"}
	if !c.Who.Can(access.BurdenAsk) {
		v.List = "/burden"
	}
	v.State, v.Late = p.state(c, a)
	fact := func(label, text string) {
		if text != "" {
			v.Facts = append(v.Facts, flowhttp.Fact{Label: c.T(label), Text: ui.Segments{{Text: text}}})
		}
	}
	fact("burden.by", p.by(c, a))
	fact("burden.field.basis", p.basis(c, a))
	fact("burden.minutes", c.T("length.minute", n(a.Minutes)))
	fact("burden.asked", ui.DayIn(c.Lang, a.Asked, c.Today))
	fact("burden.field.due", ui.DayIn(c.Lang, a.Due, c.Today))
	fact("burden.field.why", a.OverWhy)
	if a.Decided != "" {
		fact("burden.decided."+a.State, c.T("burden.decided.line", a.DecidedName, ui.DayIn(c.Lang, a.Decided, c.Today), a.DecidedWhy))
	}
	if x, ok := p.Rules.Ask(a.Rule, a.Asked); ok {
		fact("burden.used", x.Use.In(c.Lang))
	} else if a.UsedOn != "" {
		fact("burden.used", a.Used)
	}
	if a.Ended != "" {
		fact("burden.ended", c.T("burden.ended.line", ui.DayIn(c.Lang, a.Ended, c.Today), a.EndedWhy))
	}
	if c.Who.Unit().Kind != "township" {
		us, err := p.Burden.Towns(c.Context(), r, key.Key)
		if err != nil {
			return err
		}
		for _, u := range us {
			v.Towns = append(v.Towns, ui.Segment{Text: u.Name, Href: townHref(u)})
		}
	}
	texts := web.Texts(c.Lang, problem)
	para := func(name, label, do string) *ui.FieldView {
		x := &ui.FieldView{Lang: c.Lang, ID: "f-" + do, Name: name, Kind: "para", Must: true, Label: c.T(label), Max: "500", Rows: 3}
		if f.Get("do") == do || do == "through" && f.Get("do") == "refuse" {
			x.Value, x.Error = f.Get(name), texts[name]
		}
		return x
	}
	if p.Burden.Asked(c.Who, a) && a.State == burden.Standing && a.UsedOn == "" && a.Due <= c.Today && a.Ended == "" {
		v.Use = para("used", "burden.use.field", "use")
	}
	if p.Burden.MayEnd(c.Who, a) {
		v.End = para("why", "burden.end.field", "end")
	}
	if p.Burden.Decides(c.Who, a) {
		v.Decide = para("why", "burden.decide.field", "through")
	}
	if p.Burden.Asked(c.Who, a) && a.Ended == "" && a.Rule == "" {
		v.Again = "/burden/new?again=" + a.ID.String()
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, askPage(v))
}

func (p *Pages) change(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	if _, err := p.Burden.Get(c.Context(), c.In(key), c.Who, key.Key); err != nil {
		return err
	}
	version, _ := strconv.ParseInt(f.Get("version"), 10, 64) // what is no number is no version there was
	done := f.Get("do")
	switch done {
	case "use":
		err = p.Burden.Use(c.Context(), c.Who, key, version, f.Get("used"))
	case "end":
		err = p.Burden.End(c.Context(), c.Who, key, version, f.Get("why"))
	case "through", "refuse":
		err = p.Burden.Decide(c.Context(), c.Who, key, version, done == "through", f.Get("why"))
	default:
		return fault.New(fault.BadRequest, "request.malformed")
	}
	if sentBack(err) {
		return p.ask(c, f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/burden/asks/" + key.String() + "?done=burden_" + done)
}

type reportView struct {
	Frame  ui.Frame
	Key    string
	Wrong  string
	Fields []ui.FieldView
}

// reportForm takes down an ask that is not on the township's account.
func (p *Pages) reportForm(c *web.Ctx, f url.Values, problem error) error {
	if c.Who.Unit().Kind != "township" {
		return fault.New(fault.Forbidden, "page.not_yours")
	}
	v := reportView{Frame: c.Frame(c.T("unlisted.new")), Key: web.NewKey()}
	texts := web.Texts(c.Lang, problem)
	for _, x := range []struct{ name, kind, max string }{{"asker", "line", "120"}, {"what", "line", "120"}, {"minutes", "count", ""}, {"on", "day", ""}} {
		v.Fields = append(v.Fields, ui.FieldView{Lang: c.Lang, ID: "f-" + x.name, Name: x.name, Kind: x.kind, Must: true, Label: c.T("unlisted.field." + x.name), Help: help(c, "unlisted.field."+x.name+".help"), Value: f.Get(x.name), Error: texts[x.name], Max: x.max})
	}
	v.Fields[0].Focus, v.Fields[2].Min, v.Fields[3].Max = true, "1", string(c.Today)
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, reportPage(v))
}

func (p *Pages) report(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := burden.Unlisted{Asker: f.Get("asker"), What: f.Get("what"), On: calendar.Date(f.Get("on"))}
	in.Minutes, _ = strconv.ParseInt(f.Get("minutes"), 10, 64) // what is no number takes no time
	m, err := p.Burden.Report(c.Context(), c.Who, in)
	if sentBack(err) {
		return p.reportForm(c, f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/m/" + m.String() + "?done=unlisted")
}
