package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/clue"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// How much is done in three years, after practice.md 9: the ratios of a prefecture that reports more than it looks for.
const (
	tipoffsAll   = 1840
	ownCluesAll  = 1400 // clues with no report behind them
	slipsAll     = 70
	buriedAll    = 5 // reports of the last weeks that nobody has touched
	buriedClues  = 6 // clues of the month before last that nobody has said anything on
	repeatsShare = 9 // in a hundred reports
)

// story is one clue with the reports behind it.
type story struct {
	c       *county
	subject subject
	clue    id.ID
	tipoffs []id.ID
	named   map[id.ID]bool
	back    bool // to be reported back
	bury    bool // whoever it is handed to lets it lie
	source  string
	merged  bool
}

// plan spreads the work over the working days of three years, and the days' own business with it.
func (b *builder) plan() {
	days := b.o.Today.Sub(b.start)
	var weight []float64
	sum := 0.0
	for _, c := range b.counties {
		sum += c.heat
		weight = append(weight, sum)
	}
	any := func() *county {
		x := b.r.Float64() * sum
		for i, w := range weight {
			if x < w {
				return b.counties[i]
			}
		}
		return b.counties[0]
	}
	spread := func(n int, do func(c *county) error) {
		for range int(float64(n)*b.o.Volume + 0.5) {
			c := any()
			b.at(b.hour(b.workday(b.start.AddDays(b.r.IntN(days)))), func() error { return do(c) })
		}
	}
	spread(tipoffsAll, func(c *county) error { return b.report(c, false) })
	spread(ownCluesAll, func(c *county) error { return b.ownClue(c, false) })
	spread(slipsAll, b.slip)
	for range buriedAll {
		c := b.counties[b.r.IntN(4)]
		b.at(b.hour(b.workday(b.o.Today.AddDays(-13-b.r.IntN(8)))), func() error { return b.report(c, true) })
	}
	for i := range buriedClues {
		c := b.counties[i%4]
		b.at(b.hour(b.workday(b.o.Today.AddDays(-39-b.r.IntN(9)))), func() error { return b.ownClue(c, true) })
	}
	b.boundary()
	b.checks()
	for d := b.start; d <= b.o.Today; d = d.AddDays(1) {
		b.at(noon(d).Add(-6*time.Hour), b.night)
		if d.Weekday() == 4 {
			b.at(noon(d).Add(4*time.Hour), b.cityReads)
		}
	}
}

// night lets everything happen that has fallen due.
func (b *builder) night() error {
	if b.left {
		b.left = false
		if _, err := b.app.Engine.Reroute(b.ctx, City); err != nil {
			return err
		}
	}
	for _, city := range []id.City{Province, City} {
		if _, err := b.app.Clocks.Pass(b.ctx, b.app.Ledger, city, b.today(), b.app.Engine.Effects()); err != nil {
			return err
		}
	}
	return nil
}

// cityReads is the city office going through what its counties refused, shelved or let rise.
func (b *builder) cityReads() error {
	for _, role := range []access.Role{access.Observer, access.Intake} {
		for _, rule := range []string{flow.RuleSuperior, flow.RuleRisen} {
			if err := b.reads(b.find(role, b.city.ID.Key), rule); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *builder) reads(w *worker, rule string) error {
	ds, err := b.app.Engine.OwedUp(b.ctx, b.as(w), rule, 50)
	if err != nil {
		return err
	}
	for _, d := range ds {
		if rule == flow.RuleRisen && b.o.Today.Sub(d.Clock.Start) < 25 { // still on the city's desk on the last day
			continue
		}
		if b.today().Sub(d.Clock.Start) < 4 || b.r.IntN(5) == 0 {
			continue
		}
		_, err := b.app.Engine.Seen(b.ctx, b.as(w), d.Matter.ID, flow.ClockMove{Clock: d.Clock.ID.Key, Version: d.Matter.Version, Reason: "已阅，理由成立。"})
		if _, err := b.took("seen", err); err != nil {
			return err
		}
	}
	return nil
}

// took counts a step. A step that the program refuses ends its story and is counted by the refusal's code; anything
// else that goes wrong ends the build.
func (b *builder) took(step string, err error) (bool, error) {
	if err == nil {
		b.out.Acts++
		return true, nil
	}
	if f, ok := fault.As(err); ok && (f.Kind == fault.Conflict || f.Kind == fault.Invalid || f.Kind == fault.Forbidden || f.Kind == fault.NotFound) {
		code := f.Code
		for _, x := range f.Fields {
			code += " " + x.Name + ":" + x.Code
		}
		b.out.Skipped[step+" "+code]++
		return false, nil
	}
	return false, err
}

// run makes a move, sees it through its signatures, and goes on with next.
func (b *builder) run(w *worker, m id.ID, move string, in flow.Values, next func() error) error {
	if w == nil {
		b.out.Skipped[move+" nobody"]++
		return nil
	}
	var version int64
	if err := b.app.DB.In(m.City).Row(b.ctx, `SELECT m.version FROM matters m WHERE m.city_id = $1 AND m.id = $2`, m.Key).Scan(&version); err != nil {
		return err
	}
	d, err := b.app.Engine.Do(b.ctx, b.as(w), m, version, move, in)
	ok, err := b.took(move, err)
	if !ok {
		return err
	}
	if d.Proposal == "" {
		return next()
	}
	again := func() error { return b.run(w, m, move, in, next) }
	b.after(0, b.patience(), func() error { return b.sign(m, again, next) })
	return nil
}

// patience is how many days a paper may lie before it is signed; in the last days some lie for the reader of the
// demonstration.
func (b *builder) patience() int {
	if b.end.Sub(b.now) < 7*24*time.Hour {
		return 4
	}
	return 1
}

// sign gives the signature that is due on a matter; now and then a paper goes back once.
func (b *builder) sign(m id.ID, again, next func() error) error {
	ps, err := flow.Proposals(b.ctx, b.app.DB.In(m.City), m.Key)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(ps, func(p flow.Proposal) bool { return p.State == "open" })
	if i < 0 {
		return nil
	}
	p := ps[i]
	x, err := b.matter(m)
	if err != nil {
		return err
	}
	s := p.Steps[p.Step]
	last := b.o.Today.Sub(b.today()) < 9 && x.Organ == b.counties[0].unit.ID // what the sign-ins of the demonstration look at
	if n := b.waiting[s.Seat]; last && (s.Seat == access.Principal || s.Seat == access.Deputy) && n < 4 {
		b.waiting[s.Seat] = n + 1
		return nil
	}
	out, err := access.Barred(b.ctx, b.app.DB.In(m.City), x.Root)
	if err != nil {
		return err
	}
	out = append(out, p.Author)
	w := b.find(s.Seat, s.Unit.Key, out...)
	if s.Seat == access.Head || s.Seat == access.Deputy {
		if chief := b.find(access.Principal, x.Organ.Key, out...); chief != nil && (w == nil || !last && b.r.IntN(10) < 9) {
			w = chief // the chief signs for those below
		}
	}
	if w == nil {
		b.out.Skipped["sign "+string(s.Seat)+" nobody "+s.Moved+" "+p.Move]++
		return nil
	}
	dec := flow.Decision{Approve: true}
	switch {
	case flow.Records(s.Role):
		dec.Note, dec.On = fmt.Sprintf("批复〔%d〕%d号", b.today().Year(), 1+b.r.IntN(200)), b.today()
	case len(ps) == 1 && b.r.IntN(40) == 0:
		dec = flow.Decision{Note: "理由不充分，请补充已经掌握的情况后再报。"}
	}
	d, err := b.app.Engine.Decide(b.ctx, b.as(w), p.ID, x.Version, dec)
	ok, err := b.took("decide "+p.Move+" as "+string(s.Role)+"/"+string(s.Seat)+" "+s.Moved+" by "+w.kind, err)
	switch {
	case !ok:
		return err
	case !dec.Approve:
		b.after(2, 5, again)
	case d.Proposal != "":
		b.after(0, b.patience()+1, func() error { return b.sign(m, again, next) })
	default:
		return next()
	}
	return nil
}

// anySubject is somebody a report in the county may be about.
func (b *builder) anySubject(c *county) subject {
	for {
		s := pick(b.r, c.subjects)
		keep := map[string]int{"village": 70, "staff": 40, "deputy_section": 60, "section": 35}[s.rank]
		if s.category == "c4" {
			keep = 6
		}
		if b.r.IntN(100) < keep {
			return s
		}
	}
}

func (s subject) input() org.SubjectInput {
	return org.SubjectInput{Unit: s.unit.ID.Key, Official: s.official, Name: s.name, Post: s.post, Rank: s.rank, Category: s.category, PartyMember: s.party, Chief: s.chief}
}

var channels = []string{"letter", "letter", "letter", "letter", "call", "call", "call", "visit", "visit", "web", "station"}

// report enters one report at a county's intake office.
func (b *builder) report(c *county, bury bool) error {
	w := b.find(access.Intake, c.unit.ID.Key)
	st := &story{c: c, subject: b.anySubject(c), source: "tipoff", named: map[id.ID]bool{}}
	topic, title, summary := b.words(st.subject)
	e := intake.Entry{Subject: st.subject.input(), Channel: pick(b.r, channels), Received: b.today(), Title: title, Summary: summary, Discipline: topic.discipline, Named: !bury && b.r.IntN(100) < 34}
	if b.r.IntN(12) == 0 {
		e.Received, e.LateReason = b.workday(b.today().AddDays(-6)), "visit_outside"
	}
	if e.Named {
		e.Reporter = intake.Reporter{Name: personName(b.r), Contact: fmt.Sprintf("100-%04d-%04d", b.r.IntN(10000), b.r.IntN(10000)), When: "工作日晚上七点以后"}
		e.Original = summary + "请求核查。"
	}
	got, err := b.app.Intake.Enter(b.ctx, b.as(w), e)
	ok, err := b.took("enter", err)
	if !ok {
		return err
	}
	b.out.Tipoffs++
	st.tipoffs, st.named[got.ID] = []id.ID{got.ID}, e.Named
	if got.Gone || bury {
		return nil
	}
	if e.Named {
		b.after(1, 9, func() error { return b.notify(c, got.ID) })
	}
	if b.r.IntN(100) < repeatsShare {
		b.after(4, 25, func() error { return b.repeat(st, e) })
	}
	b.after(0, 3, func() error { return b.firstAction(st, got.ID) })
	return nil
}

func (b *builder) spoke(next flow.Values) flow.Values {
	next["on"], next["way"], next["reached"] = []string{string(b.today())}, []string{pick(b.r, []string{"call", "call", "letter", "meeting"})}, []string{"yes"}
	return next
}

// notify tells a named reporter what became of the report, once that is decided.
func (b *builder) notify(c *county, m id.ID) error {
	x, err := b.matter(m)
	if err != nil {
		return err
	}
	if x.State == intake.Received || x.State == intake.BelowCheck || x.State == intake.DeclineReview {
		b.after(1, 2, func() error { return b.notify(c, m) })
		return nil
	}
	return b.run(b.find(access.Intake, c.unit.ID.Key), m, "notify", b.spoke(flow.Values{}), func() error { return nil })
}

// firstAction is what the intake office does with a report.
func (b *builder) firstAction(st *story, m id.ID) error {
	w := b.find(access.Intake, st.c.unit.ID.Key)
	on := flow.Values{}
	switch x := b.r.IntN(100); {
	case x < 7:
		on["ground"], on["reason"], on["told_where"] = []string{pick(b.r, []string{"litigation", "other_organ", "no_substance"})}, []string{"反映事项不属于纪检监察机关受理范围，已告知来信来访人。"}, []string{"县人民法院"}
		return b.run(w, m, "decline", on, func() error { return nil })
	case x < 10:
		on["forward_reason"], on["organ_name"], on["paper_no"] = []string{pick(b.r, []string{"other_organ", "other_place"})}, []string{"县信访局"}, []string{fmt.Sprintf("转〔%d〕%d号", b.today().Year(), 1+b.r.IntN(300))}
		return b.run(w, m, "pass_on", on, func() error { return nil })
	}
	move := "accept"
	if t := st.subject.town; t != nil && st.subject.rank != "section" && len(b.hands(access.Handler, t.unit.ID.Key)) > 0 {
		switch x := b.r.IntN(100); {
		case x < 40:
			move, on = "forward", flow.Values{"target": {t.unit.ID.Key}}
		case x < 48:
			move, on, st.back = "assign", flow.Values{"target": {t.unit.ID.Key}}, true
		}
	}
	if move != "accept" {
		if err := b.down(m, on); err != nil {
			return err
		}
	}
	return b.run(w, m, move, on, func() error {
		t, err := intake.Get(b.ctx, b.app.DB.In(City), m.Key)
		if err != nil {
			return err
		}
		st.clue = id.ID{City: City, Key: t.Clue}
		b.out.Clues++
		b.handedOut(st)
		return nil
	})
}

// down is the text that goes below of a report: what the summary says, and not that anybody said it.
func (b *builder) down(m id.ID, on flow.Values) error {
	x, err := b.matter(m)
	if err != nil {
		return err
	}
	t, err := intake.Get(b.ctx, b.app.DB.In(City), m.Key)
	on.Set("below_title", strings.TrimPrefix(x.Title, "反映"))
	on.Set("below_text", strings.ReplaceAll(strings.ReplaceAll(t.Summary, "反映该同志", "该同志"), "群众多次询问未获答复", "至今未发足"))
	on.Set("left_out", "report")
	on.Set("verify_note", pick(b.r, verifyNotes))
	return err
}

// repeat is the same person reported once more, in other words: it joins the report it repeats.
func (b *builder) repeat(st *story, first intake.Entry) error {
	w := b.find(access.Intake, st.c.unit.ID.Key)
	e := first
	e.Received, e.LateReason, e.Channel, e.Named, e.Reporter, e.Original = b.today(), "", pick(b.r, channels), false, intake.Reporter{}, ""
	e.Title = "再次" + e.Title
	got, err := b.app.Intake.Enter(b.ctx, b.as(w), e)
	ok, err := b.took("enter", err)
	if !ok {
		return err
	}
	b.out.Tipoffs++
	b.after(0, 2, func() error {
		main, err := b.matter(st.tipoffs[0])
		if err != nil {
			return err
		}
		if main.State != intake.InHand {
			return b.firstAction(&story{c: st.c, subject: st.subject, source: st.source, tipoffs: []id.ID{got.ID}}, got.ID)
		}
		return b.run(w, got.ID, "merge", flow.Values{"main": {st.tipoffs[0].Key}, "new_facts": {pick(b.r, []string{"无。", "补充了两名知情人和大致时间。", "称上次反映后仍在发生。"})}}, func() error { return nil })
	})
	return nil
}

// slip is a report about somebody the city manages: only its coming and going is kept.
func (b *builder) slip(c *county) error {
	w := b.find(access.Intake, c.unit.ID.Key)
	got, err := b.app.Intake.Enter(b.ctx, b.as(w), intake.Entry{Subject: org.SubjectInput{Unit: c.unit.ID.Key, Post: "副县长", Rank: "deputy_county", Category: "c1", PartyMember: true}, Channel: pick(b.r, channels), Received: b.today()})
	ok, err := b.took("enter slip", err)
	if !ok {
		return err
	}
	b.after(1, 3, func() error {
		return b.run(w, got.ID, "send", flow.Values{"on": {string(b.today())}}, func() error { return nil })
	})
	return nil
}

// ownClue enters a clue that no report is behind. One that is buried is handed out, and that is the last of it.
func (b *builder) ownClue(c *county, bury bool) error {
	st := &story{c: c, bury: bury, subject: b.anySubject(c), source: pick(b.r, []string{"found", "found", "found", "transfer", "transfer", "inspection"})}
	topic, title, summary := b.words(st.subject)
	e := clue.Entry{Subject: st.subject.input(), Source: st.source, Received: b.today(), Title: title, Summary: summary, Discipline: topic.discipline}
	switch st.source {
	case "found":
		e.FromText = pick(b.r, []string{"惠农补贴“一卡通”专项监督", "农村集体“三资”专项监督", "作风督查", "乡镇片区协作检查"})
	case "transfer":
		e.FromKind, e.FromText = pick(b.r, []string{"audit", "police", "administration", "court"}), fmt.Sprintf("移送函〔%d〕%d号", b.today().Year(), 1+b.r.IntN(90))
	case "inspection":
		e.FromKind, e.FromText = "inspection_office", "县委巡察办移交"
	}
	got, err := b.app.Clues.Enter(b.ctx, b.as(b.find(access.Supervision, c.unit.ID.Key)), e)
	ok, err := b.took("enter clue", err)
	if !ok || got.Gone {
		return err
	}
	b.out.Clues++
	st.clue = got.ID
	b.handedOut(st)
	return nil
}

// told is the reporters' answer, once the clue has ended.
func (b *builder) told(st *story) {
	for _, t := range st.tipoffs {
		if !st.named[t] {
			continue
		}
		b.after(2, 12, func() error {
			in := b.spoke(flow.Values{"objects": {"no"}})
			if b.r.IntN(12) == 0 {
				in["objects"], in["objection"] = []string{"yes"}, []string{"认为对补偿面积的核算仍有出入，要求复核。"}
			}
			return b.run(b.find(access.Intake, st.c.unit.ID.Key), t, "tell_result", in, func() error { return nil })
		})
	}
}

func (b *builder) child(of id.ID, kind string) (id.ID, error) {
	ks, err := db.Column[string](b.ctx, b.app.DB.In(of.City), `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.parent_id = $2 AND m.kind = $3`, of.Key, kind)
	if err != nil || len(ks) == 0 {
		return id.ID{}, err
	}
	return id.ID{City: of.City, Key: ks[0]}, nil
}

func (b *builder) day() []string { return []string{string(b.today())} }

func (b *builder) paper(mark string) []string {
	return []string{fmt.Sprintf("%s〔%d〕%d号", mark, b.today().Year(), 1+b.r.IntN(400))}
}
