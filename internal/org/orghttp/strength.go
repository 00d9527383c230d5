package orghttp

import (
	"net/http"
	"net/url"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/org/staffing"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

const strengthPath = "/force/establishment"

// StrengthRoutes are the page of how many posts each township of a county should have, and what is set for it.
func (p *Pages) StrengthRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: strengthPath, Perm: access.MeasureRead, Do: func(c *web.Ctx) error { return p.strength(c, http.StatusOK, nil, "", nil) }},
		{Method: http.MethodPost, Path: strengthPath + "/rule", Perm: access.RuleSet, Do: p.adopt},
		{Method: http.MethodPost, Path: strengthPath + "/people", Perm: access.OrgWrite, Do: p.countPeople},
	}
}

// strengthView is the establishment of a county, township by township: should have, set up, held, and the organ beside it.
type strengthView struct {
	Frame  ui.Frame
	Key    string
	Wrong  string
	All    []ui.FieldView
	Line   string
	Unit   string
	To     string
	Units  []ui.OptionView
	Rows   []strengthRow
	Total  strengthRow
	Rules  []ruleView
	Adopt  []ui.FieldView // nil for whoever can't
	People []ui.FieldView
	Open   string // the form that came back
	Force  string
}

type strengthRow struct {
	Name, Href, Should, Posts, Held, Short, Villages, People, Organ, OrganShort, Why string
	Lack                                                                             bool
}

type ruleView struct{ Name, Help, State string }

func (p *Pages) strength(c *web.Ctx, status int, form url.Values, which string, problem error) error {
	unit, on, err := boardOf(c)
	if err != nil {
		return err
	}
	r := c.In(unit.ID)
	v := strengthView{Frame: c.Frame(c.T("strength.title")), Key: web.NewKey(), To: string(on), Open: which, Force: pageOf("/force", unit.ID, on)}
	if v.Units, err = countyChoices(c, &unit); err != nil {
		return err
	}
	v.Unit, v.Line = unit.ID.String(), c.T("strength.line", unit.Name, ui.LongDay(c.Lang, on))
	texts := web.Texts(c.Lang, problem)
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	if unit.Kind != "county" {
		return c.Render(status, strengthPage(v))
	}
	all, rules, err := p.Staffing.LoadStrength(c.Context(), r, unit, on)
	if err != nil {
		return err
	}
	p.strengthRows(c, &v, unit, all)
	for _, x := range rules {
		t, _ := p.Rules.Term("establishment_rule", x.Code)
		state := c.T("strength.off")
		if x.On {
			state = c.T("strength.on", ui.LongDay(c.Lang, x.From))
		}
		v.Rules = append(v.Rules, ruleView{t.Name.In(c.Lang), t.Help.In(c.Lang), state})
	}
	p.strengthForms(c, &v, unit, all, form, which, texts)
	return c.Render(status, strengthPage(v))
}

// countyChoices are the counties there are to choose from; where none was chosen, the first.
func countyChoices(c *web.Ctx, unit *access.Unit) ([]ui.OptionView, error) {
	if unit.Kind == "county" && c.Who.Unit().Level > access.City {
		return nil, nil
	}
	ks, err := access.UnitsOf(c.Context(), c.In(unit.ID), "", "county")
	if err != nil {
		return nil, err
	}
	var out []ui.OptionView
	for _, k := range ks {
		out = append(out, ui.OptionView{Code: k.ID.String(), Name: k.Name})
	}
	if unit.Kind != "county" && len(ks) > 0 {
		*unit = ks[0]
	}
	return out, nil
}

func (p *Pages) strengthRows(c *web.Ctx, v *strengthView, unit access.Unit, all []staffing.Strength) {
	var sum staffing.Strength
	short, organShort := 0, 0
	for _, x := range all {
		row := strengthRow{Name: x.Name, Href: "/units/" + id.ID{City: unit.ID.City, Key: x.Unit}.String(), Should: strconv.Itoa(x.Should), Posts: strconv.Itoa(x.Posts), Held: strconv.Itoa(x.Held), Short: strconv.Itoa(x.Short()),
			Villages: strconv.Itoa(x.Villages), People: "—", Organ: "—", OrganShort: "—", Lack: x.Short() > 0}
		if x.People > 0 {
			row.People = ui.Thousands(int64(x.People))
		}
		if x.Counted != "" {
			row.Organ, row.OrganShort = strconv.Itoa(x.Actual)+"/"+strconv.Itoa(x.Authorised), strconv.Itoa(max(0, x.Authorised-x.Actual))
			organShort += max(0, x.Authorised-x.Actual)
		}
		for i, code := range x.Further {
			if i > 0 {
				row.Why += c.T("list.comma")
			}
			row.Why += p.Rules.Name("establishment_rule", code, c.Lang)
		}
		v.Rows = append(v.Rows, row)
		sum.Should, sum.Posts, sum.Held, sum.Villages, sum.Actual, sum.Authorised = sum.Should+x.Should, sum.Posts+x.Posts, sum.Held+x.Held, sum.Villages+x.Villages, sum.Actual+x.Actual, sum.Authorised+x.Authorised
		short += x.Short()
	}
	v.Total = strengthRow{Name: c.T("force.total"), Should: strconv.Itoa(sum.Should), Posts: strconv.Itoa(sum.Posts), Held: strconv.Itoa(sum.Held), Short: strconv.Itoa(short), Villages: strconv.Itoa(sum.Villages),
		Organ: strconv.Itoa(sum.Actual) + "/" + strconv.Itoa(sum.Authorised), OrganShort: strconv.Itoa(organShort)}
}

func (p *Pages) strengthForms(c *web.Ctx, v *strengthView, unit access.Unit, all []staffing.Strength, form url.Values, which string, texts map[string]string) {
	field := func(of, name, kind, value string) ui.FieldView {
		f := ui.FieldView{Lang: c.Lang, ID: "f-" + of + "-" + name, Name: name, Label: c.T("strength.field." + name), Kind: kind, Must: true, Value: value}
		if which == of {
			f.Value, f.Error = form.Get(name), texts[name]
		}
		return f
	}
	if c.Who.Is(access.Principal, unit.ID) && c.Who.Unit().Organ == unit.ID.Key {
		rule, on, from := field("rule", "rule", "select", ""), field("rule", "on", "choice", "yes"), field("rule", "from", "day", string(c.Today))
		for _, t := range p.Rules.Terms("establishment_rule", c.Today) {
			rule.Options = append(rule.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
		}
		on.Options = []ui.OptionView{{Code: "yes", Name: c.T("strength.adopt")}, {Code: "no", Name: c.T("strength.drop")}}
		v.Adopt = []ui.FieldView{rule, on, from}
	}
	if org.Oversees(c.Who, unit) == access.Personnel {
		town, people, from := field("people", "township", "select", ""), field("people", "people", "line", ""), field("people", "from", "day", string(c.Today))
		from.Max = string(c.Today)
		for _, x := range all {
			town.Options = append(town.Options, ui.OptionView{Code: x.Unit, Name: x.Name})
		}
		v.People = []ui.FieldView{town, people, from}
	}
	v.All = append(append(v.All, v.Adopt...), v.People...)
}

func (p *Pages) adopt(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	err = p.Staffing.Adopt(c.Context(), c.Who, f.Get("rule"), f.Get("on") == "yes", calendar.Date(f.Get("from")))
	return p.strengthAnswered(c, f, "rule", err)
}

func (p *Pages) countPeople(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	err = p.Staffing.CountPeople(c.Context(), c.Who, f.Get("township"), f.Get("people"), calendar.Date(f.Get("from")))
	return p.strengthAnswered(c, f, "people", err)
}

func (p *Pages) strengthAnswered(c *web.Ctx, f url.Values, which string, err error) error {
	if fault.KindOf(err) == fault.Invalid || fault.KindOf(err) == fault.Conflict {
		return p.strength(c, web.Status(err), f, which, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(strengthPath + "?" + url.Values{"unit": {c.R.URL.Query().Get("unit")}, "done": {"strength_" + which}}.Encode())
}
