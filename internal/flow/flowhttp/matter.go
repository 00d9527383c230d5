package flowhttp

import (
	"net/http"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/flow/record"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// matterView is everything a matter's page shows.
type matterView struct {
	Frame    ui.Frame
	Matter   flow.Matter
	Crumb    string
	CrumbURL string
	Title    string
	Meta     ui.Segments
	Alert    string
	Do       *ui.Segment
	Steps    []ui.StepView
	Moves    []ui.MoveView
	Waiting  *waitingView
	Main     *clockView // the clock that counts now, as a calendar
	Clocks   []clockView
	Ended    []clockView // clocks that run no more
	Summary  string
	Facts    []Fact
	Sealed   []ui.Segment
	Log      []ui.LogView
	Older    string // where the record goes on
	Newest   string // where it begins, on its later pages
	People   []Fact
	Files    []flow.File
	Papers   []ui.Segment
	Family   ui.Segments
	FileURL  string
	CanAdd   bool
	Bare     bool // files and papers belong to what it becomes
}

// waitingView is a proposal on its way through its signatures.
type waitingView struct {
	Title string
	Steps []ui.StepView
	Href  string
	Mine  bool // the reader may sign now
	Own   bool // the reader proposed it
	Body  []Fact
}

// clockView is one clock on the page.
type clockView struct {
	Name    string
	Due     ui.DueView
	OwedBy  string
	Heading string
	Why     ui.WhyView
	Acts    []ui.Segment
	Ended   string
	Href    string
}

func (p *Pages) matter(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	r := c.In(key)
	d, err := p.Engine.Open(c.Context(), r, c.Who, key.Key)
	if err != nil {
		return err
	}
	before := c.R.URL.Query().Get("before")
	t, _ := p.Engine.Table(d.Matter.Kind)
	events, older, err := record.Page(c.Context(), r, t, d.Matter, before)
	if err != nil {
		return err
	}
	steps := events
	if before != "" || older != "" { // the page is not the whole of it: what the stages stand on is read beside it
		if steps, err = record.Latest(c.Context(), r, t, d.Matter); err != nil {
			return err
		}
	}
	v, err := p.matterView(c, d, events, steps)
	if err != nil {
		return err
	}
	base := "/m/" + key.String()
	if older != "" {
		v.Older = base + "?before=" + older + "#record"
	}
	if before != "" {
		v.Newest = base + "#record"
	}
	return c.Render(http.StatusOK, matterPage(*v))
}

func (p *Pages) matterView(c *web.Ctx, d *flow.Dossier, events, steps []record.Event) (*matterView, error) {
	m := d.Matter
	r := c.In(m.ID)
	k := p.kinds[m.Kind]
	l := p.look(c)
	offers, err := p.Engine.Offers(c.Context(), r, c.Who, m, c.Today)
	if err != nil {
		return nil, err
	}
	units, people := namesIn(d, offers, events)
	if err := l.load(c.Context(), r, units, people); err != nil {
		return nil, err
	}
	var detail Detail
	if k.Detail != nil {
		if detail, err = k.Detail(c, m); err != nil {
			return nil, err
		}
	}
	v := &matterView{Frame: c.Frame(m.Title), Matter: m, Crumb: p.listTitle(c, m.Kind), CrumbURL: k.Path, Title: m.Title, Summary: detail.Summary, Facts: detail.Facts, Alert: detail.Alert, Do: detail.Do}
	v.Meta = p.meta(c, l, d)
	v.Steps = p.steps(c, l, d, steps, k)
	v.Moves = p.moves(c, l, m, offers)
	v.Waiting = p.waiting(c, l, d)
	if err := p.clocks(c, l, d, v); err != nil {
		return nil, err
	}
	v.Log = p.log(c, l, d, events)
	v.People = append(p.people(c, l, d), detail.Below...)
	v.Files = d.Files
	for _, f := range d.Family {
		v.Family = append(v.Family, ui.Segment{Text: c.T("kind."+f.Kind) + " " + f.No + " " + c.T("state."+f.Kind+"."+f.State), Href: "/m/" + f.ID.String()})
	}
	for _, q := range d.Papers {
		v.Papers = append(v.Papers, ui.Segment{Text: q.Title + " " + q.No, Href: "/m/" + m.ID.String() + "/papers/" + q.Key})
	}
	for _, what := range []string{"identity", "original"} {
		if detail.Sealed[what] {
			s := ui.Segment{Text: c.T("sealed." + what)}
			if detail.CanOpen {
				s.Href = "/m/" + m.ID.String() + "/open/" + what
			}
			v.Sealed = append(v.Sealed, s)
		}
	}
	v.FileURL = "/m/" + m.ID.String() + "/files"
	v.CanAdd = m.Open && c.Who.Can(access.MatterMove)
	v.Bare = bare(m.Kind)
	return v, nil
}

// namesIn gathers the units and people a page names, to read them at once.
func namesIn(d *flow.Dossier, offers []flow.Offer, events []record.Event) (units, people []string) {
	m := d.Matter
	units = append(units, m.Organ.Key, m.Handler.Key, m.Township)
	for _, s := range d.Subjects {
		units = append(units, s.Unit)
	}
	for _, c := range d.Clocks {
		units = append(units, c.OwedBy.Key)
	}
	for _, p := range d.Proposals {
		people = append(people, p.Author)
		for _, s := range p.Steps {
			units, people = append(units, s.Unit.Key), append(people, s.Person, s.For)
		}
		people = append(people, p.In.List("team")...)
		people = append(people, p.In.List("panel")...)
		people = append(people, p.In.Str("lead"))
		units = append(units, p.In.Str("target"))
	}
	for _, o := range offers {
		for _, s := range o.Steps {
			units = append(units, s.Unit.Key)
		}
	}
	for _, e := range events {
		for _, f := range []string{"team", "panel", "lead", "target"} {
			switch x := e.Params[f].(type) {
			case string:
				units, people = append(units, x), append(people, x)
			case []any:
				for _, y := range x {
					if s, ok := y.(string); ok {
						people = append(people, s)
					}
				}
			}
		}
		if u, err := id.Parse(e.Actor.Unit); err == nil {
			units = append(units, u.Key)
		}
		if seat, ok := e.Params["seat"].(map[string]any); ok {
			if s, ok := seat["unit"].(string); ok {
				if u, err := id.Parse(s); err == nil {
					units = append(units, u.Key)
				}
			}
		}
	}
	return units, people
}

// meta is the line of facts under the title.
func (p *Pages) meta(c *web.Ctx, l *look, d *flow.Dossier) ui.Segments {
	m := d.Matter
	var out ui.Segments
	if len(d.Subjects) > 0 {
		s := d.Subjects[0]
		who := l.place(s.Unit)
		if s.UnitText != "" {
			who += s.UnitText
		}
		who += " " + s.Post
		if s.Name != "" {
			who += " " + s.Name
		}
		out = append(out, ui.Segment{Text: c.T("subject."+stageWord(m)) + c.T("punct.colon") + who})
	}
	if src := p.source(c, m); src != "" {
		out = append(out, ui.Segment{Text: c.T("matter.source") + c.T("punct.colon") + src})
	}
	if !m.Handler.Zero() && !inner(m.Kind) {
		out = append(out, ui.Segment{Text: c.T("matter.handler") + c.T("punct.colon") + l.unit(m.Handler.Key)})
	}
	out = append(out, ui.Segment{Text: c.T("matter.received") + " " + ui.DayIn(c.Lang, m.Received, c.Today)})
	if m.Is(flow.FlagNamed) && organLevel(c.Who, m) {
		out = append(out, ui.Segment{Text: c.T("matter.named")})
	}
	if m.Is(flow.FlagAbove) {
		out = append(out, ui.Segment{Text: c.T("matter.above")})
	}
	if m.Is(flow.FlagAssigned) {
		out = append(out, ui.Segment{Text: c.T("matter.assigned")})
	}
	return out
}

// source is where a matter came from, as far as the reader may know: below the organ nobody learns that there was a
// report at all.
func (p *Pages) source(c *web.Ctx, m flow.Matter) string {
	if m.Source == "" || m.Kind == "tipoff" {
		return ""
	}
	if !organLevel(c.Who, m) {
		return c.T("matter.from_county")
	}
	return p.Rules.Name("clue_source", m.Source, c.Lang)
}

// organLevel says whether the reader works for the organ that keeps the register or above, rather than below it.
func organLevel(who access.Actor, m flow.Matter) bool {
	u := who.Unit()
	return u.Level <= m.Level && u.Kind != "office" || who.Automatic()
}

// stageWord is what the person concerned is called by the state of the matter.
func stageWord(m flow.Matter) string { return flow.SubjectStage(m) }

// steps are the stages of the matter's life, with the day each was reached and whose turn it is.
func (p *Pages) steps(c *web.Ctx, l *look, d *flow.Dossier, events []record.Event, k Kind) []ui.StepView {
	m := d.Matter
	t, _ := p.Engine.Table(m.Kind)
	now, _ := t.State(m.State)
	reached := map[string]string{}
	visited := map[string]bool{}
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		name, _ := e.Params["state"].(string)
		if name == "" && i == len(events)-1 {
			name = t.States[0].Name
		}
		if s, ok := t.State(name); ok && !visited[s.Stage] {
			visited[s.Stage], reached[s.Stage] = true, ui.DayIn(c.Lang, e.At.Date(), c.Today)
		}
	}
	if first := t.States[0].Stage; !visited[first] { // of what no act of its own opened: many at once
		visited[first], reached[first] = true, ui.DayIn(c.Lang, m.Received, c.Today)
	}
	visited[now.Stage] = true
	stages := t.Stages()
	if k.Stages != nil {
		stages = k.Stages(m, visited, stages)
	}
	var out []ui.StepView
	past := true
	for _, s := range stages {
		v := ui.StepView{Name: c.T("stage." + m.Kind + "." + s)}
		switch {
		case s == now.Stage:
			past = false
			v.State = "now"
			if now.End {
				v.State = "done"
				v.Name = c.T("state." + m.Kind + "." + m.State)
				v.Lines = []ui.Segment{{Text: ui.DayIn(c.Lang, m.Ended, c.Today)}}
				break
			}
			v.Name = c.T("state." + m.Kind + "." + m.State)
			p.turn(c, l, d, &v)
		case past && visited[s]:
			v.State = "done"
			v.Lines = []ui.Segment{{Text: reached[s]}}
		default:
			v.State = "next"
		}
		out = append(out, v)
	}
	return out
}

// turn says whose turn it is and until when.
func (p *Pages) turn(c *web.Ctx, l *look, d *flow.Dossier, v *ui.StepView) {
	run := d.Running()
	if w, ok := d.Waiting(); ok {
		s := w.Steps[w.Step]
		v.Turn, v.Seat = c.T("matter.turn"), l.seat(s.Unit.Key, s.Seat)
		for _, k := range run {
			if k.About == w.ID.Key {
				text, late := dueText(c.Lang, c.Today, k)
				if late {
					v.Late = text
				} else {
					v.Lines = append(v.Lines, ui.Segment{Text: text})
				}
			}
		}
		return
	}
	for _, k := range run {
		if k.Rule == flow.RuleRisen || k.Rule == flow.RuleSuperior {
			continue
		}
		v.Turn, v.Seat = c.T("matter.turn"), l.seat(k.OwedBy.Key, k.OwedRole)
		text, late := dueText(c.Lang, c.Today, k)
		if late {
			v.Late = text
		} else {
			v.Lines = append(v.Lines, ui.Segment{Text: text})
		}
		return
	}
	t, _ := p.Engine.Table(d.Matter.Kind)
	if s, ok := t.State(d.Matter.State); ok && s.NoClock != "" {
		v.Lines = append(v.Lines, ui.Segment{Text: c.T("noclock." + s.NoClock)})
	}
}

// waiting shows the proposal that waits, signature by signature.
func (p *Pages) waiting(c *web.Ctx, l *look, d *flow.Dossier) *waitingView {
	for _, w := range d.Proposals {
		if w.State != "open" {
			continue
		}
		v := &waitingView{Title: p.moveName(c.Lang, d.Matter.Kind, w.Move), Href: "/p/" + w.ID.String(), Own: w.Author == c.Who.Person}
		for i, s := range w.Steps {
			sv := ui.StepView{Name: l.seat(s.Unit.Key, s.Seat), State: "next"}
			switch {
			case s.Decision != "":
				sv.State = "done"
				sv.Lines = []ui.Segment{{Text: c.T("decision." + s.Decision)}, {Text: l.person(s.Person)}}
			case i == w.Step:
				sv.State = "now"
				sv.Lines = []ui.Segment{{Text: c.T("matter.to_sign")}}
			}
			if what := recorded(c, s); what != "" {
				sv.Lines = append([]ui.Segment{{Text: what}}, sv.Lines...)
			}
			if s.Moved != "" {
				sv.Lines = append(sv.Lines, ui.Segment{Text: c.T("moved." + s.Moved)})
			}
			v.Steps = append(v.Steps, sv)
		}
		_, err := p.Engine.CanSign(c.Context(), c.In(d.Matter.ID), c.Who, d.Matter, w)
		v.Mine = err == nil
		v.Body = p.inputFacts(c, l, d.Matter.Kind, w.Move, w.In)
		return v
	}
	return nil
}

// clocks shows what runs: the one that counts now as a calendar, the others folded, the ended ones apart.
func (p *Pages) clocks(c *web.Ctx, l *look, d *flow.Dossier, v *matterView) error {
	run := d.Running()
	for _, k := range run {
		cv := clockView{Name: p.clockName(c.Lang, k), OwedBy: l.seat(k.OwedBy.Key, k.OwedRole), Due: ui.DueOf(c.Lang, k.Due, c.Today, k.State == deadline.StatePaused, ""), Href: "/why/" + k.ID.String()}
		var err error
		if cv.Acts, err = p.clockActs(c, d, k); err != nil {
			return err
		}
		if v.Main == nil && k.Rule != flow.RuleRecusal && k.Rule != custody.RuleSecond && k.Rule != custody.RuleConsent && k.State == deadline.StateOpen && p.shortEnough(k) {
			cv.Heading = c.T("why.heading", ui.DayIn(c.Lang, k.Due, c.Today))
			cv.Why = p.calendarOf(c.Lang, c.Today, k, d.Entries[k.ID.Key])
			v.Main = &cv
			continue
		}
		cv.Why = p.whyOf(c.Lang, c.Today, k, d.Entries[k.ID.Key])
		v.Clocks = append(v.Clocks, cv)
	}
	for _, k := range d.Clocks {
		if !k.Running() {
			cv := clockView{Name: p.clockName(c.Lang, k), Href: "/why/" + k.ID.String(), Ended: c.T("clock.ended."+k.State, ui.DayIn(c.Lang, k.Ended, c.Today), ui.DayIn(c.Lang, k.Due, c.Today))}
			v.Ended = append(v.Ended, cv)
		}
	}
	return nil
}

// shortEnough says whether a period fits a calendar of a few weeks.
func (p *Pages) shortEnough(c deadline.Clock) bool { return c.Due.Sub(c.Start) <= 45 }

// clockActs are what the reader may do about a clock: ask for more time, pause, resume, urge, confirm having read.
func (p *Pages) clockActs(c *web.Ctx, d *flow.Dossier, k deadline.Clock) ([]ui.Segment, error) {
	x, err := p.Engine.ClockStand(c.Context(), c.In(d.Matter.ID), c.Who, d, k)
	if err != nil {
		return nil, err
	}
	var out []ui.Segment
	for _, act := range flow.ClockMoves {
		if x.Shut(act) == nil {
			out = append(out, ui.Segment{Text: c.T("move.clock." + act), Href: "/m/" + d.Matter.ID.String() + "/clock/" + k.ID.Key + "/" + act})
		}
	}
	return out, nil
}

// people lists who has to do with the matter.
func (p *Pages) people(c *web.Ctx, l *look, d *flow.Dossier) []Fact {
	m := d.Matter
	var out []Fact
	for _, s := range d.Subjects {
		text := l.place(s.Unit) + s.UnitText + " " + s.Post
		if s.Name != "" {
			text += " " + s.Name
		}
		seg := ui.Segments{{Text: text}}
		if rk, ok := p.Rules.Rank(s.Rank); ok {
			seg = append(seg, ui.Segment{Text: rk.Name.In(c.Lang), Dim: true})
		}
		if s.Category != "" {
			seg = append(seg, ui.Segment{Text: p.Rules.Name("official_category", s.Category, c.Lang), Dim: true})
		}
		out = append(out, Fact{c.T("subject." + stageWord(m)), seg})
	}
	if !m.Handler.Zero() {
		out = append(out, Fact{c.T("matter.handler"), ui.Segments{{Text: l.unit(m.Handler.Key)}}})
	}
	for _, stage := range []string{flow.StageVerify, flow.StageInvestigate, flow.StageReview} {
		var segs ui.Segments
		for _, t := range d.Team {
			if t.Stage != stage || t.To != "" {
				continue
			}
			name := t.Name
			if t.Lead {
				name += c.T("team.lead")
			}
			if t.Signed != 0 {
				name += " " + c.T("team.signed")
			}
			segs = append(segs, ui.Segment{Text: name})
		}
		if len(segs) > 0 {
			out = append(out, Fact{c.T("team." + stage), segs})
		}
	}
	out = append(out, Fact{c.T("matter.organ"), ui.Segments{{Text: l.unit(m.Organ.Key)}}})
	if t, _ := p.Engine.Table(m.Kind); m.Open && !t.NoRecusal && m.Kind != "slip" {
		out = append(out, Fact{c.T("matter.recusal"), ui.Segments{{Text: c.T("matter.declare"), Href: "/m/" + m.ID.String() + "/recusal"}}})
	}
	return out
}

// moveName is what a move is called.
func (p *Pages) moveName(lang, kind, move string) string {
	if move == flow.MoveExtend || move == flow.MovePause {
		return tr(lang, "move.clock."+move)
	}
	return tr(lang, "move."+kind+"."+move)
}

func itoa(n int) string { return strconv.Itoa(n) }
