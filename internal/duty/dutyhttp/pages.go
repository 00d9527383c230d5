// Package dutyhttp shows what post holders are made to do: a township's duties and tasks with what they are judged, the form of a
// month, the board of hand-backs, and inspections.
//
// A township's page and the board of hand-backs are asked as of an earlier day (?on=) and then only read: the board shows what was on its
// way and where it stood; what a hand-back went through day by day stands on its own page.
//
// Invariants: every form keeps what was typed; a duty's holder is shown by post and name only where the unit's own page shows them
// too, and never beside a deviation or an order.
package dutyhttp

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/duty"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Duties *duty.Service
	Rules  *rulebook.Book
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	get := func(path string, perm access.Perm, do web.Handler) web.Route {
		return web.Route{Method: http.MethodGet, Path: path, Perm: perm, Do: do}
	}
	post := func(path string, perm access.Perm, do web.Handler) web.Route {
		return web.Route{Method: http.MethodPost, Path: path, Perm: perm, Do: do}
	}
	return []web.Route{
		get("/duties", access.DutyRead, p.towns),
		get("/duties/{id}", access.DutyRead, p.town),
		get("/duties/{id}/new", access.DutyFile, p.fileForm), post("/duties/{id}/new", access.DutyFile, p.file),
		post("/duties/{id}/order", access.DutyFile, p.order),
		get("/duties/{id}/task", access.DutyTask, p.taskForm), post("/duties/{id}/task", access.DutyTask, p.enterTask),
		get("/duties/{id}/inspect", access.DutyInspect, p.inspectForm), post("/duties/{id}/inspect", access.DutyInspect, p.inspect),
		get("/filed-duties/{id}", access.DutyRead, p.one), post("/filed-duties/{id}", access.DutyRead, p.oneDo),
		get("/confirmations/{id}", access.DutyRead, p.month), post("/confirmations/{id}", access.MatterMove, p.confirm),
		get("/tasks/{id}", access.DutyTask, p.proposeForm), post("/tasks/{id}", access.DutyTask, p.propose),
		get("/handbacks/board", access.DutyRead, p.board),
		get("/inspections", access.DutyRead, p.inspections),
		get("/inspections/{id}", access.DutyRead, p.inspection),
	}
}

// Kinds are the lists and details of this room's matters.
func (p *Pages) Kinds() []flowhttp.Kind {
	return []flowhttp.Kind{
		{Name: duty.KindConfirmation, Path: "/confirmations", Views: []string{flow.ViewLate, duty.Confirmed, duty.Missed}, Detail: p.confirmationDetail, At: map[string]string{"confirm": "/confirmations/"}},
		{Name: duty.KindHandBack, Path: "/handbacks", Views: []string{duty.Proposed, duty.Sent, duty.County, duty.Received, duty.Crept, duty.Verified}, Detail: p.handBackDetail, Stages: stages},
		{Name: duty.KindOrder, Path: "/orders", Views: []string{duty.Found, duty.Ordered, duty.Overdue, flow.ViewEnded}, Detail: p.orderDetail},
		{Name: duty.KindDeviation, Path: "/deviations", Views: []string{duty.Raised, duty.Answered, flow.ViewEnded}, Detail: p.deviationDetail},
	}
}

// stages shows no step that a task which was kept or withdrawn never came to.
func stages(m flow.Matter, visited map[string]bool, all []string) []string {
	if m.Open || m.State == duty.Verified {
		return all
	}
	var out []string
	for _, s := range all {
		if visited[s] {
			out = append(out, s)
		}
	}
	return out
}

// form is one form of this room.
type form struct {
	c      *web.Ctx
	f      url.Values
	texts  map[string]string
	Fields []ui.FieldView
	Wrong  string
	Key    string
	status int
}

// formOf begins a form that was sent back with a problem, or a fresh one.
func formOf(c *web.Ctx, f url.Values, problem error) *form {
	x := &form{c: c, f: f, texts: web.Texts(c.Lang, problem), Key: web.NewKey(), status: http.StatusOK}
	if problem != nil {
		x.Wrong, x.status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return x
}

// add adds a field; its words are under duty.field.
func (x *form) add(name, kind string, must bool, set ...func(*ui.FieldView)) *ui.FieldView {
	fv := ui.FieldView{Lang: x.c.Lang, ID: "f-" + name, Name: name, Label: x.c.T("duty.field." + name), Kind: kind, Must: must, Value: x.f.Get(name), Error: x.texts[name]}
	if k := "duty.field." + name + ".help"; x.c.T(k) != k {
		fv.Help = x.c.T(k)
	}
	switch kind {
	case "line":
		fv.Max = "60"
	case "day":
		fv.Max = string(x.c.Today)
	}
	for _, f := range set {
		f(&fv)
	}
	x.Fields = append(x.Fields, fv)
	return &x.Fields[len(x.Fields)-1]
}

// options are a list of the rulebook as something to choose from.
func (p *Pages) options(c *web.Ctx, list string) func(*ui.FieldView) {
	return func(f *ui.FieldView) {
		for _, t := range p.Rules.Terms(list, c.Today) {
			f.Options = append(f.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang), Note: t.Help.In(c.Lang)})
		}
	}
}

// sentBack says whether a form goes back to be mended.
func sentBack(err error) bool {
	k := fault.KindOf(err)
	return err != nil && (k == fault.Invalid || k == fault.Conflict)
}

// townOf reads the township of an address.
func (p *Pages) townOf(c *web.Ctx) (access.Unit, error) {
	x, err := c.ID("id")
	if err != nil {
		return access.Unit{}, err
	}
	return p.Duties.Town(c.Context(), c.In(x), c.Who, x.Key)
}

// townFor is townOf for what only some of those who see it may do.
func (p *Pages) townFor(c *web.Ctx, may func(access.Actor, access.Unit) bool) (access.Unit, error) {
	u, err := p.townOf(c)
	if err == nil && !may(c.Who, u) {
		err = fault.New(fault.Forbidden, "move.not_yours")
	}
	return u, err
}

func at(u access.Unit) string { return "/duties/" + u.ID.String() }

func count(f url.Values, name string) int {
	n, err := strconv.Atoi(strings.TrimSpace(f.Get(name)))
	if err != nil {
		return -2 // no number at all: refused as out of range
	}
	return n
}

func dayOf(f url.Values, name string) calendar.Date {
	return calendar.Date(strings.TrimSpace(f.Get(name)))
}

// person is a post and whoever holds it, as people say it.
func (p *Pages) person(c *web.Ctx, post, name string) string { return c.T("post."+post) + " " + name }

// verdict is what a duty is judged on a day, in words, with the rule and how sure its basis is.
type verdict struct {
	Code, Name, Rule, Sure string
}

func (p *Pages) verdict(c *web.Ctx, d duty.Duty, on calendar.Date) verdict {
	j := d.Judged(p.Rules, on)
	v := verdict{Code: j.Verdict, Name: p.Rules.Name("duty_verdict", j.Verdict, c.Lang), Rule: j.Rule.Name.In(c.Lang), Sure: string(j.Rule.Sure)}
	if d.Decided != "" && j.Verdict == d.Decided && j.Rule.Attrs["verdict"] == duty.Look {
		v.Rule, v.Sure = c.T("duty.decided", ui.DayIn(c.Lang, d.DecidedOn, c.Today), d.Why), ""
	}
	return v
}

func (p *Pages) confirmationDetail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	x, err := p.Duties.OpenMonth(c.Context(), c.In(m.ID), c.Who, m.ID.Key)
	d := flowhttp.Detail{}
	if err != nil {
		return d, err
	}
	d.Facts = []flowhttp.Fact{{Label: c.T("duty.month"), Text: ui.Segments{{Text: monthWord(c, x.Month)}}}, {Label: c.T("duty.town"), Text: ui.Segments{{Text: x.Town.Name, Href: at(x.Town)}}}}
	d.Do = &ui.Segment{Text: c.T("duty.month.open"), Href: "/confirmations/" + m.ID.String()}
	return d, nil
}

func monthWord(c *web.Ctx, month string) string {
	d := calendar.Date(month + "-01")
	return c.T("measure.month", strconv.Itoa(d.Year()), strconv.Itoa(d.Month()))
}

func (p *Pages) handBackDetail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	h, err := duty.GetHandBack(c.Context(), c.In(m.ID), m.ID.Key)
	d := flowhttp.Detail{}
	if err != nil {
		return d, err
	}
	add := func(key, text string) {
		if text != "" {
			d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T(key), Text: ui.Segments{{Text: text}}})
		}
	}
	add("duty.field.department", h.Department)
	add("duty.field.reason", p.Rules.Name("hand_back_reason", h.Reason, c.Lang))
	add("duty.field.part", p.Rules.Name("duty_role", h.Part, c.Lang))
	add("duty.field.given_by", strings.TrimSpace(h.GivenBy+" "+h.Paper))
	found, err := duty.FoundOf(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return d, err
	}
	for _, f := range found {
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T("deviation.inspection"), Text: ui.Segments{{Text: ui.DayIn(c.Lang, f.On, c.Today), Href: "/inspections/" + id.ID{City: m.ID.City, Key: f.ID}.String()},
			{Text: p.Rules.Name("inspection_found", f.Findings[0].Found, c.Lang)}, {Text: f.Findings[0].Note, Dim: true}}})
	}
	if h.Refused && m.State == duty.Proposed {
		d.Alert = c.T("handback.refused.note")
	}
	if m.State == duty.Crept {
		d.Alert = c.T("handback.crept.note", ui.DayIn(c.Lang, h.Crept, c.Today))
	}
	if m.State == duty.Proposed || m.State == duty.Crept {
		d.Do = &ui.Segment{Text: c.T("handback.letter"), Href: "/m/" + m.ID.String() + "/papers/new/handback_letter"}
	}
	return d, nil
}

func (p *Pages) orderDetail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	o, err := duty.GetOrder(c.Context(), c.In(m.ID), m.ID.Key)
	d := flowhttp.Detail{Alert: c.T("order.note")}
	if err != nil {
		return d, err
	}
	d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T("order.committee"), Text: ui.Segments{{Text: o.Committee}}})
	for _, x := range o.Duties { // by the post: it is the committee that answers for them
		t := ui.Segment{Text: c.T("post."+x.PostKind) + c.T("punct.colon") + x.What, Href: "/filed-duties/" + id.ID{City: m.ID.City, Key: x.ID}.String()}
		more := ui.Segment{Text: strings.TrimSpace(p.Rules.Name("duty_kind", x.Kind, c.Lang) + " " + x.Paper), Dim: true}
		if x.To != "" && x.To <= c.Today.AddDays(1) {
			more.Text = c.T("duty.until", ui.DayIn(c.Lang, x.To.AddDays(-1), c.Today))
		}
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T("order.duty"), Text: ui.Segments{t, more}})
	}
	return d, nil
}

func (p *Pages) deviationDetail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	v, err := duty.GetDeviation(c.Context(), c.In(m.ID), m.ID.Key)
	d := flowhttp.Detail{Alert: c.T("deviation.note")}
	if err != nil {
		return d, err
	}
	city := m.ID.City
	d.Facts = []flowhttp.Fact{
		{Label: c.T("deviation.found"), Text: ui.Segments{{Text: p.Rules.Name("inspection_found", v.Found, c.Lang)}, {Text: v.Note, Dim: true}}},
		{Label: c.T("deviation.inspection"), Text: ui.Segments{{Text: ui.DayIn(c.Lang, v.On, c.Today), Href: "/inspections/" + id.ID{City: city, Key: v.Inspection}.String()}}},
	}
	if v.Duty != "" {
		x, err := duty.Get(c.Context(), c.In(m.ID), v.Duty)
		if err != nil {
			return d, err
		}
		filed := ui.Segment{Text: x.What + c.T("list.comma") + c.T("duty.hours", strconv.FormatInt(x.Hours, 10)), Href: "/filed-duties/" + id.ID{City: city, Key: v.Duty}.String()}
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T("deviation.filed"), Text: ui.Segments{filed}})
	} else if m.Open && c.Who.Can(access.DutyFile) {
		town := id.ID{City: city, Key: v.Unit}
		d.Do = &ui.Segment{Text: c.T("deviation.file"), Href: "/duties/" + town.String() + "/new?" + url.Values{"deviation": {m.ID.Key}, "what": {v.Note}}.Encode()}
	}
	return d, nil
}
