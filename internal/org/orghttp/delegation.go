package orghttp

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// DelegationRoutes are the addresses of the page on which a leader hands their authority on while away.
func (p *Pages) DelegationRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/delegations", Perm: access.Delegate, Do: p.delegations},
		{Method: http.MethodPost, Path: "/delegations", Perm: access.Delegate, Do: p.delegate},
		{Method: http.MethodPost, Path: "/delegations/{id}/end", Perm: access.Delegate, Do: p.endDelegation},
	}
}

// How many delegations the page lists, and how many acts under each.
const (
	shownDelegations = 30
	shownSigned      = 20
)

type delegationsView struct {
	Frame  ui.Frame
	Now    []string // what holds today, a sentence each
	Leads  bool     // whether the reader has anything to delegate
	Fields []ui.FieldView
	Wrong  string
	Key    string
	List   []delegationView
}

type delegationView struct {
	From, Until string
	What        string
	Of          ui.Segments
	State       string
	Live        bool
	End         string // address that takes it back; "" when the reader may not, or it is over
	Key         string
	Signed      string
	Acts        []ui.Segments
}

func (p *Pages) delegations(c *web.Ctx) error { return p.renderDelegations(c, url.Values{}, nil) }

func (p *Pages) renderDelegations(c *web.Ctx, in url.Values, problem error) error {
	v := delegationsView{Frame: c.Frame(c.T("delegate.title")), Key: web.NewKey(), Leads: org.Leads(c.Who)}
	cs, err := org.Delegates(c.Context(), c.Home(), c.Who, c.Today)
	if err != nil {
		return err
	}
	if len(cs) > 0 {
		v.Fields = delegateFields(c, cs, in, web.Texts(c.Lang, problem))
	}
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	ds, err := org.Delegations(c.Context(), c.Home(), c.Who, shownDelegations)
	if err != nil {
		return err
	}
	for _, d := range ds {
		if d.Holds(c.Today) {
			span := []string{ui.DayIn(c.Lang, d.Begins, c.Today), ui.DayIn(c.Lang, d.Ends, c.Today)}
			switch c.Who.Person {
			case d.From:
				v.Now = append(v.Now, c.T("delegate.now", append(span, d.ToName)...))
			case d.To:
				v.Now = append(v.Now, c.T("delegate.mine", append(span, d.FromName, c.T("post."+d.Post))...))
			}
		}
		x, err := p.delegationView(c, d)
		if err != nil {
			return err
		}
		v.List = append(v.List, x)
	}
	status := http.StatusOK
	if problem != nil {
		status = web.Status(problem)
	}
	return c.Render(status, delegationsPage(v))
}

func delegateFields(c *web.Ctx, cs []org.Candidate, in url.Values, texts map[string]string) []ui.FieldView {
	to := ui.FieldView{Lang: c.Lang, ID: "f-to", Name: "to", Kind: "choice", Label: c.T("delegate.to"), Help: c.T("delegate.to.help"), Must: true, Value: in.Get("to"), Error: texts["to"]}
	for _, x := range cs {
		o := ui.OptionView{Code: x.Person, Name: x.Name, Note: x.Unit.Commission() + " " + c.T("post."+x.Post)}
		if x.Waits {
			o.Off, o.Note = true, o.Note+c.T("list.comma_in")+c.T("delegate.waits_note")
		}
		to.Options = append(to.Options, o)
	}
	day := func(name, other string) ui.FieldView {
		f := ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Kind: "day", Label: c.T("delegate." + name), Must: true, Min: string(c.Today), Value: in.Get(name), Error: texts[name]}
		if f.Value == "" {
			f.Value = other
		}
		return f
	}
	begins, ends := day("begins", string(c.Today)), day("ends", "")
	reason := ui.FieldView{Lang: c.Lang, ID: "f-reason", Name: "reason", Kind: "line", Label: c.T("delegate.reason"), Help: c.T("delegate.reason.help"), Max: "60", Value: in.Get("reason"), Error: texts["reason"]}
	return []ui.FieldView{to, begins, ends, reason}
}

func (p *Pages) delegationView(c *web.Ctx, d org.Delegation) (delegationView, error) {
	v := delegationView{From: ui.DayIn(c.Lang, d.Begins, c.Today), Until: c.T("delegate.until", ui.DayIn(c.Lang, d.Ends, c.Today)), What: c.T("delegate.what", d.ToName, d.FromName), Key: web.NewKey()}
	if d.Begins == d.Ends {
		v.Until = c.T("delegate.one_day")
	}
	switch {
	case d.Revoked != "":
		v.State = c.T("delegate.state.revoked", ui.DayIn(c.Lang, d.Revoked, c.Today))
	case d.Holds(c.Today):
		v.State, v.Live = c.T("delegate.state.now"), true
	case d.Ahead(c.Today):
		v.State, v.Live = c.T("delegate.state.ahead"), true
	default:
		v.State = c.T("delegate.state.over")
	}
	chief := c.Who.Is(access.Principal, c.Who.Unit().OrganID())
	if v.Live && (c.Who.Person == d.From || chief) {
		v.End = "/delegations/" + d.ID.String() + "/end"
	}
	v.Of = ui.Segments{{Text: d.UnitName + " " + c.T("post."+d.Post)}, {Text: d.Reason}, {Text: c.T("delegate.made", ui.DayIn(c.Lang, d.Made, c.Today)), Dim: true}}
	acts, err := org.SignedUnder(c.Context(), c.Home(), c.Who, d, shownSigned)
	if err != nil {
		return v, err
	}
	for _, a := range acts {
		v.Acts = append(v.Acts, ui.Segments{{Text: ui.DayIn(c.Lang, a.At.Date(), c.Today) + " " + ui.Clock(a.At), Dim: true}, {Text: actName(c, a)},
			{Text: a.No, Href: "/m/" + a.Matter.String()}, {Text: a.Title}})
	}
	v.Signed = c.T("delegate.signed", strconv.Itoa(len(acts)))
	return v, nil
}

// actName is what an act is called: 批准：提出处置意见.
func actName(c *web.Ctx, a org.Signed) string {
	parts := strings.Split(a.Action, ".")
	if len(parts) < 2 {
		return c.T("action." + a.Action)
	}
	move := locale.First(c.Lang, "move."+a.Kind+"."+parts[1], "move.clock."+parts[1])
	if len(parts) == 3 {
		return c.T("act."+parts[2], move)
	}
	if parts[0] == a.Kind {
		return move
	}
	return c.T("action." + a.Action)
}

func (p *Pages) delegate(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := org.NewDelegation{To: f.Get("to"), Begins: calendar.Date(f.Get("begins")), Ends: calendar.Date(f.Get("ends")), Reason: f.Get("reason")}
	if _, err := p.Org.Delegate(c.Context(), c.Who, in); err != nil {
		if fault.KindOf(err) == fault.Invalid {
			return p.renderDelegations(c, f, err)
		}
		return err
	}
	return c.Redirect("/delegations?done=delegated")
}

func (p *Pages) endDelegation(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	if err := p.Org.EndDelegation(c.Context(), c.Who, key); err != nil {
		return err
	}
	return c.Redirect("/delegations?done=delegation_ended")
}
