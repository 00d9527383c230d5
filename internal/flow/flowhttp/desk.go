package flowhttp

import (
	"net/http"
	"slices"
	"sort"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// deskView is the first page everybody sees: what is due, soonest first.
type deskView struct {
	Frame    ui.Frame
	Township bool
	Heading  string
	Line     string
	Strip    []stripView
	Groups   []groupView
	Things   []thingView
	Rest     []ui.DutyView
	Waits    []ui.Segments
	WaitsN   int
	Risen    []ui.Segments
	Warned   []ui.Segments
	Below    *belowView
	Notes    []Note
	Empty    bool
	Nothing  [2]string // what an empty desk says
	Ways     []ui.Segment
}

type stripView struct {
	N, Word, Href string
	Late          bool
}

type groupView struct {
	ID, Title, N, Icon string
	Late               bool
	Duties             []ui.DutyView
}

// thingView is one of the three things a township does today, led by the hand.
type thingView struct {
	Title   string
	Due     ui.Segments
	Leads   []Fact
	Button  string
	Href    string
	Second  *ui.Segment
	After   string
	WhyHref string
	Late    bool
}

// deskRows is how many duties a desk shows; whoever has more sees the soonest.
const deskRows = 100

func (p *Pages) desk(c *web.Ctx) error {
	duties, err := p.Engine.Desk(c.Context(), c.Who, deskRows)
	if err != nil {
		return err
	}
	v := deskView{Frame: c.Frame(c.T("nav.desk")), Heading: ui.Heading(c.Lang, c.Today)}
	l := p.look(c)
	if err := p.loadDuties(c, l, duties); err != nil {
		return err
	}
	var mine []flow.Duty
	for _, d := range duties {
		switch {
		case d.Waits:
			v.WaitsN++
			if len(v.Waits) < 8 {
				v.Waits = append(v.Waits, p.waitLine(c, l, d))
			}
		default:
			if d.Clock.Rule == flow.RuleRisen {
				v.Risen = append(v.Risen, p.risenLine(c, l, d))
			}
			mine = append(mine, d)
		}
	}
	switch c.Who.Post() {
	case "secretary", "deputy", "officer":
		v.Township = true
	}
	v.Empty = len(mine) == 0
	mine = oneEach(mine)
	p.fillDesk(c, l, &v, mine)
	if v.Warned, err = p.warned(c); err != nil {
		return err
	}
	if v.Below, err = p.below(c); err != nil {
		return err
	}
	if v.Below != nil {
		v.Below.Risen = len(v.Risen)
	}
	if v.Notes, err = p.notes(c); err != nil {
		return err
	}
	if v.Empty {
		p.emptyDesk(c, &v)
	}
	return c.Render(http.StatusOK, deskPage(v))
}

// warnedRows is how many warnings stand on a leader's desk; the page of what is due has them all.
const warnedRows = 6

// warned is what the leaders of an organ are warned of: legal days of others that come near.
func (p *Pages) warned(c *web.Ctx) ([]ui.Segments, error) {
	if !slices.ContainsFunc(c.Who.Hats, func(h access.Hat) bool { return h.Gives(access.Deputy) || h.Gives(access.Principal) }) {
		return nil, nil
	}
	ds, err := p.Engine.Watched(c.Context(), c.Who, flow.Watch{Warned: c.Today, Limit: warnedRows})
	if err != nil {
		return nil, err
	}
	l := p.look(c)
	if err := p.loadDuties(c, l, ds); err != nil {
		return nil, err
	}
	var out []ui.Segments
	for _, d := range ds {
		due := ui.DueOf(c.Lang, d.Clock.Due, c.Today, false, "")
		out = append(out, ui.Segments{{Text: shortNo(d.Matter.No), Href: "/m/" + d.Matter.ID.String()}, {Text: p.clockName(c.Lang, d.Clock)},
			{Text: c.T("desk.warned.line", due.Word, due.Beside, l.seat(d.Clock.OwedBy.Key, d.Clock.OwedRole)), Dim: true}})
	}
	return out, nil
}

// oneEach keeps the soonest of several duties about one matter: the desk says what to do next, the matter's page the
// rest.
func oneEach(ds []flow.Duty) []flow.Duty {
	seen := map[id.ID]bool{}
	var out []flow.Duty
	for _, d := range ds {
		if isApproval(d.Clock.Rule) || !seen[d.Matter.ID] {
			out = append(out, d)
		}
		seen[d.Matter.ID] = true
	}
	return out
}

// grouped folds duties that one series of keystrokes can do (a pool to hand out, letters to sign for) into one line.
func (p *Pages) grouped(ds []flow.Duty) (single []flow.Duty, groups map[string][]flow.Duty, order []string) {
	groups = map[string][]flow.Duty{}
	for _, d := range ds {
		mv := p.nextMove(d.Matter, d.Clock)
		if mv != nil && mv.Many && !isApproval(d.Clock.Rule) {
			k := d.Matter.Kind + "." + mv.Name
			if groups[k] == nil {
				order = append(order, k)
			}
			groups[k] = append(groups[k], d)
		} else {
			single = append(single, d)
		}
	}
	for k, g := range groups {
		if len(g) < 3 {
			single = append(single, g...)
			delete(groups, k)
		}
	}
	return single, groups, order
}

func (p *Pages) groupView(c *web.Ctx, ds []flow.Duty) ui.DutyView {
	first := ds[0]
	v := p.dutyView(c, p.look(c), first, false)
	m := first.Matter
	mv := p.nextMove(m, first.Clock)
	v.What = c.T("desk.group", c.T("move."+m.Kind+"."+mv.Name), itoa(len(ds)))
	v.Href, v.Button = p.kinds[m.Kind].Path+"?view="+m.State, c.T("desk.group.open")
	v.Of = ui.Segments{{Text: c.T("desk.group.of", m.No), Href: "/m/" + m.ID.String()}, {Text: m.Title}}
	return v
}

func (p *Pages) loadDuties(c *web.Ctx, l *look, duties []flow.Duty) error {
	var units []id.ID
	for _, d := range duties {
		units = append(units, d.Matter.Handler, d.Clock.OwedBy, d.Matter.Organ)
	}
	return l.loadUnits(c.Context(), p.DB.Shared(), units)
}

func (p *Pages) fillDesk(c *web.Ctx, l *look, v *deskView, mine []flow.Duty) {
	late, soon, week, rest := groupView{ID: "late", Icon: "late", Late: true}, groupView{ID: "soon", Icon: "soon"}, groupView{ID: "week", Icon: "ok"}, groupView{ID: "later", Icon: "ok"}
	overdue, near, thisWeek, month := 0, 0, 0, 0
	endWeek := c.Today.AddDays((7 - int(c.Today.Weekday())) % 7)
	single, groups, order := p.grouped(mine)
	if v.Township {
		single, groups = mine, nil
	}
	type line struct {
		d  flow.Duty
		dv ui.DutyView
	}
	var lines []line
	for _, d := range single {
		lines = append(lines, line{d, p.dutyView(c, l, d, false)})
	}
	for _, k := range order {
		if g := groups[k]; len(g) > 0 {
			lines = append(lines, line{g[0], p.groupView(c, g)})
		}
	}
	sort.SliceStable(lines, func(i, j int) bool { return lines[i].d.Clock.Due < lines[j].d.Clock.Due })
	if len(lines) > 0 {
		lines[0].dv.Primary = true
	}
	for _, d := range mine {
		if d.Clock.State == deadline.StatePaused {
			continue
		}
		switch due := d.Clock.Due; {
		case due < c.Today:
			overdue++
			continue // what is late stands in its own place
		case due <= c.Today.AddDays(3):
			near++
		}
		if d.Clock.Due <= endWeek {
			thisWeek++
		}
		if d.Clock.Due <= c.Today.EndOfMonth() {
			month++
		}
	}
	for _, x := range lines {
		d, dv := x.d, x.dv
		n := d.Clock.Due.Sub(c.Today)
		switch {
		case d.Clock.State == deadline.StatePaused:
			rest.Duties = append(rest.Duties, dv)
		case n < 0:
			late.Duties = append(late.Duties, dv)
		case n <= 3:
			soon.Duties = append(soon.Duties, dv)
		case d.Clock.Due <= endWeek:
			week.Duties = append(week.Duties, dv)
		default:
			rest.Duties = append(rest.Duties, dv)
		}
	}
	if v.Township {
		p.fillThings(c, l, v, mine)
		return
	}
	for _, g := range []groupView{late, soon, week, rest} {
		if len(g.Duties) > 0 {
			g.Title, g.N = c.T("desk."+g.ID), c.T("count.items", itoa(len(g.Duties)))
			v.Groups = append(v.Groups, g)
		}
	}
	v.Strip = []stripView{
		{N: itoa(overdue), Word: c.T("desk.late"), Href: "#late", Late: overdue > 0}, {N: itoa(near), Word: c.T("desk.soon"), Href: "#soon"},
		{N: itoa(thisWeek), Word: c.T("desk.thisweek"), Href: "#week"}, {N: itoa(month), Word: c.T("desk.month"), Href: "#later"},
	}
	v.Line = c.T("desk.line", itoa(len(mine)))
	if overdue > 0 {
		v.Line = c.T("desk.line.late", itoa(len(mine)), itoa(overdue))
	}
}

// fillThings makes a township's desk: at most three things, each led by the hand; the rest in a list.
func (p *Pages) fillThings(c *web.Ctx, l *look, v *deskView, mine []flow.Duty) {
	for i, d := range mine {
		if i >= 3 {
			v.Rest = append(v.Rest, p.dutyView(c, l, d, false))
			continue
		}
		v.Things = append(v.Things, p.thing(c, l, d))
	}
	switch n := len(v.Things); n {
	case 0:
		v.Heading = c.T("desk.none")
	case 1, 2, 3:
		v.Heading = c.T("desk.things." + itoa(n))
	}
	v.Line = c.T("desk.things.line", ui.Heading(c.Lang, c.Today))
	if len(mine) > 3 {
		v.Line = c.T("desk.things.more", ui.Heading(c.Lang, c.Today), itoa(len(mine)-3))
	}
}

func (p *Pages) thing(c *web.Ctx, l *look, d flow.Duty) thingView {
	dv := p.dutyView(c, l, d, true)
	m := d.Matter
	t := thingView{Title: dv.What, Button: dv.Button, Href: dv.Href, WhyHref: dv.WhyHref, Late: dv.Late}
	due := ui.DayIn(c.Lang, d.Clock.Due, c.Today)
	if dv.Word != due {
		due = dv.Word + c.T("punct.open") + due + c.T("punct.close")
	} else {
		due += c.T("punct.open") + ui.Weekday(c.Lang, d.Clock.Due) + c.T("punct.close")
	}
	t.Due = ui.Segments{{Text: c.T("desk.thing.due", due)}, {Text: m.No, Href: "/m/" + m.ID.String()}, {Text: m.Title}}
	if dv.Late {
		w, _ := ui.Near(c.Lang, d.Clock.Due, c.Today)
		t.Due[0].Text = c.T("desk.thing.late", w, itoa(c.Today.Sub(d.Clock.Due)))
	}
	if mv := p.nextMove(m, d.Clock); mv != nil {
		key := "move." + m.Kind + "." + mv.Name
		t.Title = c.T(key)
		t.Leads = []Fact{{c.T("lead.what"), ui.Segments{{Text: c.T(key + ".what")}}}, {c.T("lead.why"), ui.Segments{{Text: c.T(key + ".why")}}}}
		who := c.T("lead.you")
		if mv.Chain != "" {
			who = c.T("lead.you_then")
		}
		t.Leads = append(t.Leads, Fact{c.T("lead.who"), ui.Segments{{Text: who}}})
		var bs ui.Segments
		for _, b := range mv.Basis {
			bs = append(bs, ui.Segment{Text: p.article(c.Lang, b), Href: "/rules#" + b.Reg})
		}
		t.Leads = append(t.Leads, Fact{c.T("lead.basis"), bs})
	} else {
		t.Leads = p.ruleLeads(c, l, d)
	}
	t.Second = &ui.Segment{Text: c.T("desk.thing.open"), Href: "/m/" + m.ID.String()}
	return t
}

// ruleLeads is what a township is told where several steps share one deadline: which they are, how long, whose, on what.
func (p *Pages) ruleLeads(c *web.Ctx, l *look, d flow.Duty) []Fact {
	m, k := d.Matter, d.Clock
	t, _ := p.Rules.TimerVersion(k.Rule, k.Version)
	what := c.T("lead.rule.any")
	if names := p.stepsOf(c, m, k); len(names) > 0 {
		what = c.T("lead.rule.what", strings.Join(names, c.T("list.comma")))
	}
	why := "lead.rule.local"
	if t.Legal {
		why = "lead.rule.legal"
	}
	return []Fact{{c.T("lead.what"), ui.Segments{{Text: what}}},
		{c.T("lead.why"), ui.Segments{{Text: c.T(why, t.Start.In(c.Lang), lengthText(c.Lang, k.Length, k.Unit))}}},
		{c.T("lead.who"), ui.Segments{{Text: l.seat(k.OwedBy.Key, k.OwedRole)}}},
		{c.T("lead.basis"), ui.Segments{{Text: p.basisText(c.Lang, t), Href: "/rules/timers#" + t.ID}}}}
}

// stepsOf names the moves that whoever owes a deadline has from the matter's state.
func (p *Pages) stepsOf(c *web.Ctx, m flow.Matter, k deadline.Clock) []string {
	t, ok := p.Engine.Table(m.Kind)
	if !ok {
		return nil
	}
	var out []string
	for _, mv := range t.Moves {
		if mv.Quiet || mv.Retired || sideways[mv.Name] || !slices.Contains(mv.From, m.State) {
			continue
		}
		if slices.ContainsFunc(mv.By, func(b flow.By) bool { return b.Role() == k.OwedRole }) {
			out = append(out, c.T("move."+m.Kind+"."+mv.Name))
		}
	}
	return out
}

// nextMove is the move that would meet an obligation: the first one offered from the state to the role that owes it.
func (p *Pages) nextMove(m flow.Matter, k deadline.Clock) *flow.Move {
	t, ok := p.Engine.Table(m.Kind)
	if !ok {
		return nil
	}
	for i := range t.Moves {
		mv := &t.Moves[i]
		if mv.Quiet || mv.Retired {
			continue
		}
		for _, e := range mv.Ends {
			if e == k.Rule && slices.Contains(mv.From, m.State) {
				return mv
			}
		}
	}
	for i := range t.Moves {
		mv := &t.Moves[i]
		if mv.Quiet || mv.Retired || !slices.Contains(mv.From, m.State) || mv.To == "" && mv.Fork == nil && len(mv.Also) == 0 {
			continue
		}
		for _, b := range mv.By {
			if b.Role() == k.OwedRole || b == flow.ByTeam && k.OwedRole == access.Handler {
				if t.Hooks.Shut[mv.Name] != nil {
					return nil // which of several it is, the matter's page says
				}
				return mv
			}
		}
	}
	return nil
}

// dutyView is one obligation as a line with its one button.
func (p *Pages) dutyView(c *web.Ctx, l *look, d flow.Duty, primary bool) ui.DutyView {
	m, k := d.Matter, d.Clock
	v := ui.DutyView{ID: k.ID.String(), What: p.clockName(c.Lang, k), WhyHref: "/why/" + k.ID.String(), Primary: primary}
	v.Word, v.Beside = ui.Near(c.Lang, k.Due, c.Today)
	v.Late = k.Late(c.Today)
	if k.State == deadline.StatePaused {
		v.Word, v.Beside = c.T("due.paused"), ui.DayIn(c.Lang, k.Due, c.Today)
	}
	v.Of = ui.Segments{{Text: m.No, Href: "/m/" + m.ID.String()}, {Text: m.Title}}
	if !m.Handler.Zero() && m.Handler.Key != c.Who.Unit().ID.Key {
		v.Of = append(v.Of, ui.Segment{Text: c.T("matter.handler") + " " + l.unit(m.Handler.Key)})
	}
	if d.For != "" {
		v.Of = append(v.Of, ui.Segment{Text: c.T("desk.for", d.For)})
	}
	base := "/m/" + m.ID.String()
	v.Href, v.Button = base, locale.First(c.Lang, "desk.open."+m.Kind, "desk.open")
	switch {
	case isApproval(k.Rule):
		v.What = c.T("desk.sign")
		if t, ok := p.Engine.Table(m.Kind); ok && slices.ContainsFunc(t.Moves, func(mv flow.Move) bool { return mv.Via == m.State }) {
			v.What = c.T("state." + m.Kind + "." + m.State) // says what is to be signed; an extension or a pause leaves the state as it was
		}
		v.Href, v.Button = "/p/"+id.ID{City: m.ID.City, Key: k.About}.String(), c.T("approve.look")
	case k.Rule == flow.RuleRecusal, k.Rule == flow.RuleNamesake:
		v.Href = base + "/recusal"
	case k.Rule == custody.RuleConsent:
		v.Href = base + "/destroy"
	case k.Rule == custody.RuleSecond:
		v.Href = base + "/open/identity/second"
	case k.Rule == flow.RuleSuperior:
		v.Href, v.Button = base+"/clock/"+k.ID.Key+"/seen", c.T("move.clock.seen")
	case k.Rule == flow.RuleRisen:
		v.Href, v.Button = base, c.T("desk.risen.open")
		v.Of = append(v.Of, ui.Segment{Text: c.T("desk.risen.note")})
	default:
		if mv := p.nextMove(m, k); mv != nil {
			v.Button = c.T("move." + m.Kind + "." + mv.Name)
			v.Href = p.moveAt(m, mv.Name)
		}
	}
	return v
}
