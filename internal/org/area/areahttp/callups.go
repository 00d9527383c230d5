package areahttp

import (
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/org/callup"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// newCallup begins with nothing, or with another call-up for the same task.
func (p *Pages) newCallup(c *web.Ctx) error {
	f := url.Values{}
	if like := c.R.URL.Query().Get("like"); like != "" {
		key, err := id.Parse(like)
		if err != nil {
			return fault.Hidden()
		}
		if _, err := flow.Get(c.Context(), c.In(key), c.Who, key.Key); err != nil {
			return err
		}
		x, err := callup.Get(c.Context(), c.In(key), key.Key)
		if err != nil {
			return err
		}
		f = url.Values{"to": {x.To}, "reason": {x.Reason}, "skills": x.Skills, "from": {string(max(x.From, c.Today))}, "until": {string(x.Until)}}
	}
	return p.callupForm(c, f, nil)
}

func (p *Pages) callupForm(c *web.Ctx, f url.Values, problem error) error {
	us, err := callup.Targets(c.Context(), c.Home(), c.Who)
	if err != nil {
		return err
	}
	if len(us) == 0 {
		return notYours()
	}
	v := &slotForm{Frame: c.Frame(c.T("callup.new")), Back: "/callups", Title: c.T("callup.new"), Line: c.T("callup.new.line"), Action: "/callups/new", Key: web.NewKey(), Button: c.T("callup.ask")}
	field := fielder(c, f, problem)
	to, reason, skills, from, until, hours, no := field("to", "select", "callup.to"), field("reason", "para", "callup.reason"), field("skills", "choices", "callup.skills"), field("from", "day", "callup.from"), field("until", "day", "callup.until"), field("hours", "count", "callup.hours"), field("for", "line", "callup.for")
	for _, u := range us {
		to.Options = append(to.Options, ui.OptionView{Code: u.ID.Key, Name: u.Commission()})
	}
	if len(us) == 1 {
		to.Kind, to.Value = "hidden", us[0].ID.Key
	}
	for _, t := range p.Rules.Terms(callup.ListSkill, c.Today) {
		skills.Options = append(skills.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
	}
	reason.Max, reason.Rows, reason.Help = "300", 3, c.T("callup.reason.help")
	from.Min, until.Min = string(c.Today), string(c.Today)
	skills.Must, hours.Must, no.Must = false, false, false
	hours.Min, hours.Max, no.Max, no.Help = "0", "5000", "60", c.T("callup.for.help")
	v.Fields = []ui.FieldView{to, reason, skills, from, until, hours, no}
	return v.show(c, problem)
}

func (p *Pages) ask(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := callup.Request{To: f.Get("to"), Reason: f.Get("reason"), Skills: f["skills"], From: calendar.Date(f.Get("from")), Until: calendar.Date(f.Get("until")), For: f.Get("for")}
	if h := strings.TrimSpace(f.Get("hours")); h != "" {
		if in.Hours, err = strconv.Atoi(h); err != nil {
			in.Hours = -1 // refused as out of range
		}
	}
	made, err := p.Callups.Ask(c.Context(), c.Who, in)
	if err != nil {
		if again(err) {
			return p.callupForm(c, f, err)
		}
		return err
	}
	return c.Redirect("/m/" + made.ID.String() + "?done=callup_asked")
}

// detail is what a call-up says beyond every matter.
func (p *Pages) detail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	x, err := callup.Get(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	d := flowhttp.Detail{Summary: x.Reason}
	add := func(key, text string) {
		if text != "" {
			d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T(key), Text: ui.Segments{{Text: text}}})
		}
	}
	day := func(d calendar.Date) string { return ui.DayIn(c.Lang, d, c.Today) }
	add("callup.to", x.ToUnit.Commission())
	add("callup.skills", p.skills(c, x.Skills))
	add("callup.span", c.T("callup.from_to", day(x.From), day(x.Until)))
	if x.Hours > 0 {
		add("callup.hours", c.T("callup.hours.n", itoa(x.Hours)))
	}
	if x.Name != "" {
		add("callup.person", x.Name)
		add("callup.unit", x.FromUnit.Commission())
	}
	if x.Ordered {
		add("callup.how", c.T("callup.ordered"))
	}
	if x.Began != "" {
		add("callup.began", day(x.Began))
	}
	if x.Back != "" {
		back := day(x.Back)
		if x.Spent > 0 {
			back += c.T("punct.open") + c.T("callup.hours.n", itoa(x.Spent)) + c.T("punct.close")
		}
		add("callup.back", back)
	}
	if us, err := callup.Targets(c.Context(), c.Home(), c.Who); err == nil && len(us) > 1 && m.Open {
		d.Do = &ui.Segment{Text: c.T("callup.another"), Href: "/callups/new?" + url.Values{"like": {m.ID.String()}}.Encode()}
	}
	return d, nil
}

// prefill begins with the last day that was asked for.
func prefill(c *web.Ctx, m flow.Matter, move string) (flow.Values, error) {
	switch move {
	case "consent", "answer", "order":
		x, err := callup.Get(c.Context(), c.In(m.ID), m.ID.Key)
		return flow.Values{"until": {string(x.Until)}}, err
	}
	return flow.Values{}, nil
}

func (p *Pages) skills(c *web.Ctx, codes []string) string {
	var out []string
	for _, code := range codes {
		out = append(out, p.Rules.Name(callup.ListSkill, code, c.Lang))
	}
	return strings.Join(out, c.T("list.comma"))
}

// choice puts into words why somebody stands where they do among those who could go.
func (p *Pages) choice(c *web.Ctx, f flow.Field, o flow.Option, v ui.OptionView) ui.OptionView {
	if f.Of != callup.People || len(o.Why) != 4 {
		return v
	}
	say := []string{o.Note}
	if has := strings.Fields(o.Why[0]); len(has) > 0 {
		say = append(say, c.T("callup.why.has", p.skills(c, has)))
	}
	if lacks := strings.Fields(o.Why[1]); len(lacks) > 0 {
		say = append(say, c.T("callup.why.lacks", p.skills(c, lacks)))
	}
	say = append(say, c.T("callup.why.days", o.Why[2]))
	if o.Why[3] != "" {
		say = append(say, c.T("callup.why.alone"))
	}
	v.Note = strings.Join(say, c.T("list.comma_in"))
	return v
}
