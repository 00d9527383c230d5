// Package intakehttp shows the counter: the form a report is taken in with, its likely repeats beside it, and what a
// tip-off's page adds to every matter's.
//
// The form asks who it is about first: unit, post and rank. Somebody managed above, or the organ's own chief, turns it
// into a slip with no text field at all. It works without script; with it, units and officials are offered as one types.
package intakehttp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/intake/likeness"
	"qianshao/internal/org"
	"qianshao/internal/org/orghttp"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Intake *intake.Service
	Rules  *rulebook.Book
	Flow   *flowhttp.Pages
	Likes  *likeness.Keeper
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/tipoffs/new", Perm: access.TipoffEnter, Do: p.form},
		{Method: http.MethodPost, Path: "/tipoffs", Perm: access.TipoffEnter, Do: p.enter},
		{Method: http.MethodGet, Path: "/tipoffs/repeats", Perm: access.TipoffEnter, Do: p.repeats},
		{Method: http.MethodGet, Path: "/tipoffs/standing", Perm: access.TipoffEnter, Do: p.standing},
		{Method: http.MethodGet, Path: "/letters/{id}", Perm: access.ReporterOpen, Do: p.letter},
		{Method: http.MethodPost, Path: "/letters/{id}", Perm: access.ReporterOpen, Do: p.readLetter},
		{Method: http.MethodPost, Path: "/letters/{id}/enter", Perm: access.TipoffEnter, Do: p.enterLetter},
		{Method: http.MethodGet, Path: "/letters/{id}/files/{n}", Perm: access.ReporterOpen, Do: p.letterFile},
		{Method: http.MethodGet, Path: "/letters/{id}/words/{word}", Perm: access.ReporterOpen, Do: p.word},
		{Method: http.MethodPost, Path: "/letters/{id}/words/{word}", Perm: access.ReporterOpen, Do: p.readWord},
		{Method: http.MethodGet, Path: "/letters/{id}/words/{word}/files/{n}", Perm: access.ReporterOpen, Do: p.wordFile},
	}
}

// Kinds are the lists and details of this room's matters.
func (p *Pages) Kinds() []flowhttp.Kind {
	return []flowhttp.Kind{
		{Name: intake.Kind, Path: "/tipoffs", New: "/tipoffs/new", NewFor: access.TipoffEnter, Views: []string{intake.Received, intake.BelowCheck, intake.DeclineReview, intake.InHand, intake.ResultDue, flow.ViewLate, intake.Declined},
			Detail: p.detail, Stages: stages, Prefill: p.prefill, Beside: p.beside, Compare: p.compare},
		{Name: intake.KindLetter, Path: "/letters", Views: []string{intake.LetterSealed, flow.ViewLate, intake.LetterEntered, intake.LetterAside}, Detail: p.letterDetail},
		{Name: intake.KindSlip, Path: "/slips", Views: []string{"registered", "sent"}, Detail: p.slipDetail},
	}
}

// stages leaves out the answer that an anonymous reporter can't be given.
func stages(m flow.Matter, visited map[string]bool, all []string) []string {
	var out []string
	for _, s := range all {
		if s == "result" && !visited[s] && !m.Is(flow.FlagNamed) || (s == "in_hand" || s == "result") && !visited[s] && !m.Open {
			continue
		}
		out = append(out, s)
	}
	return out
}

func (p *Pages) detail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	t, err := intake.Get(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	d := flowhttp.Detail{Summary: t.Summary, CanOpen: c.Who.Can(access.ReporterOpen) && c.Who.Is(access.Intake, m.Organ)}
	add := func(key, text string) {
		if text != "" {
			d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T(key), Text: ui.Segments{{Text: text}}})
		}
	}
	add("field.channel", p.Rules.Name("channel", t.Channel, c.Lang))
	named := "tipoff.anonymous"
	if t.Named {
		named = "tipoff.named"
	}
	add("tipoff.who", c.T(named))
	add("field.discipline", p.Rules.Name("discipline", t.Discipline, c.Lang))
	if t.FromKind != "" {
		add("field.from_kind", p.Rules.Name("transfer_from", t.FromKind, c.Lang)+" "+t.FromNo)
	}
	entered := ui.DayIn(c.Lang, t.Entered, c.Today)
	if t.LateReason != "" {
		entered += c.T("punct.open") + p.Rules.Name("late_entry_reason", t.LateReason, c.Lang) + c.T("punct.close")
	}
	add("tipoff.entered", entered)
	if t.Ground != "" {
		ground := p.Rules.Name("decline_ground", t.Ground, c.Lang)
		if m.Outcome == "passed_on" {
			ground = p.Rules.Name("forward_reason", t.Ground, c.Lang) + " " + t.Target
		}
		add("tipoff.ground", ground)
	}
	if t.Named {
		add("tipoff.noticed", orNot(c, t.Noticed))
		add("tipoff.told", orNot(c, t.Told))
	}
	if t.Main != "" {
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T("tipoff.main"), Text: ui.Segments{{Text: c.T("tipoff.main.open"), Href: "/m/" + id.ID{City: m.ID.City, Key: t.Main}.String()}}})
	}
	if d.Sealed, err = custody.Has(c.Context(), c.In(m.ID), m.ID.Key); err != nil || !m.Is(flow.FlagLetter) || !d.CanOpen {
		return d, err
	}
	l, ok, err := intake.OfTipoff(c.Context(), c.In(m.ID), m.ID.Key)
	if ok {
		if said, err := p.words(c, l.ID, true); err == nil {
			d.Facts = append(d.Facts, said...)
		}
		if err := p.likes(c, m.Organ, l.ID, &d); err != nil {
			return d, err
		}
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T("letter.original"), Text: ui.Segments{{Text: c.T("letter.read"), Href: "/letters/" + l.ID.String()}}})
	}
	return d, err
}

func orNot(c *web.Ctx, d calendar.Date) string {
	if d == "" {
		return c.T("tipoff.not_yet")
	}
	return ui.DayIn(c.Lang, d, c.Today)
}

func (p *Pages) slipDetail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	s, err := intake.GetSlip(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	to, err := access.GetUnit(c.Context(), c.In(m.ID).For(s.To.City), s.To.Key)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	d := flowhttp.Detail{Alert: c.T("slip.note")}
	facts := [][2]string{{"slip.to", to.Name}, {"slip.sent", orNot(c, s.Sent)}}
	if c.Who.Can(access.TipoffEnter) { // for others it is forwarded, and on which day (D13)
		facts = append([][2]string{{"field.channel", p.Rules.Name("channel", s.Channel, c.Lang)}, {"slip.reason", p.Rules.Name("slip_reason", s.Reason, c.Lang)}}, facts...)
	}
	for _, f := range facts {
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T(f[0]), Text: ui.Segments{{Text: f[1]}}})
	}
	return d, nil
}

// entryView is the counter's form.
type entryView struct {
	Frame    ui.Frame
	Key      string
	Subject  orghttp.SubjectView
	Standing standingView
	Fields   []ui.FieldView
	Reporter []ui.FieldView
	More     []ui.FieldView
	Channel  ui.FieldView
	Received ui.FieldView
	Dated    bool   // the day received stands open: it is another one than today, or something is wrong with it
	Today    string // the day received as long as nobody says another
	Late     ui.FieldView
	InTime   calendar.Date // received before this day, an entry today asks for a reason
	Wrong    string
	All      []ui.FieldView
	Repeats  repeatsView
}

type standingView struct {
	Known  bool
	Slip   bool
	Rank   string
	To     string
	Reason string
	Within string // how long there is to pass it on
	Lang   string
}

func (p *Pages) form(c *web.Ctx) error { return p.render(c, c.R.URL.Query(), nil) }

func (p *Pages) render(c *web.Ctx, f url.Values, problem error) error {
	v, status, err := p.entry(c, f, problem)
	if err != nil {
		return err
	}
	return c.Render(status, entryPage(v))
}

// entry is the counter's form with what was filled in and what is wrong with it.
func (p *Pages) entry(c *web.Ctx, f url.Values, problem error) (entryView, int, error) {
	v := entryView{Frame: c.Frame(c.T("tipoff.new")), Key: web.NewKey()}
	texts := web.Texts(c.Lang, problem)
	in := entryOf(f)
	var err error
	if v.Subject, err = orghttp.Subject(c, p.Rules, in.Subject, f, texts, "/tipoffs/standing", "#standing"); err != nil {
		return v, 0, err
	}
	if v.Standing, err = p.standOf(c, f, in.Subject); err != nil {
		return v, 0, err
	}
	field := func(name, kind string, value string, must bool) ui.FieldView {
		fv := ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("field." + name), Kind: kind, Value: value, Must: must, Error: texts[name]}
		if k := "field." + name + ".help"; c.T(k) != k {
			fv.Help = c.T(k)
		}
		return fv
	}
	terms := func(fv ui.FieldView, list string) ui.FieldView {
		for _, t := range p.Rules.Terms(list, c.Today) {
			fv.Options = append(fv.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
		}
		return fv
	}
	v.Channel = terms(field("channel", "choice", in.Channel, true), "channel")
	v.Received = field("received", "day", string(in.Received), true)
	v.Received.Max = string(c.Today)
	if v.Received.Value == "" {
		v.Received.Value = string(c.Today)
	}
	v.Late, v.InTime = terms(field("late_reason", "select", in.LateReason, true), "late_entry_reason"), p.Intake.InTime(c.Today)
	v.Late.Hint = c.T("tipoff.late.hint")
	v.Today, v.Dated = ui.DayIn(c.Lang, c.Today, c.Today), v.Received.Value != string(c.Today) || ui.AnyWrong([]ui.FieldView{v.Received, v.Late})
	title, summary := field("title", "line", in.Title, true), field("summary", "para", in.Summary, true)
	title.Max, summary.Max, summary.Rows = "80", "4000", 6
	for _, fv := range []*ui.FieldView{&title, &summary} {
		fv.Get, fv.Target = "/tipoffs/repeats", "#repeats"
	}
	discipline := terms(field("discipline", "choice", in.Discipline, true), "discipline")
	named := field("named", "choice", f.Get("named"), true)
	named.Options = []ui.OptionView{{Code: "no", Name: c.T("tipoff.anonymous")}, {Code: "yes", Name: c.T("tipoff.named")}}
	if named.Value == "" {
		named.Value = "no"
	}
	name, contact, when := field("reporter_name", "line", in.Reporter.Name, true), field("reporter_contact", "line", in.Reporter.Contact, true), field("reporter_when", "line", in.Reporter.When, false)
	for _, fv := range []*ui.FieldView{&name, &contact, &when} {
		fv.When, fv.Hint, fv.Max = "named=yes", c.T("tipoff.named.hint"), "120"
	}
	v.Reporter = []ui.FieldView{named, name, contact, when}
	if above, err := access.Above(c.Context(), c.Home(), c.Who.Unit()); err == nil && !above.ID.Zero() {
		watch := field("watch", "choice", f.Get("watch"), false)
		watch.Options = []ui.OptionView{{Code: "no", Name: c.T("tipoff.watch.no")}, {Code: "yes", Name: c.T("tipoff.watch.yes")}}
		if watch.Value == "" {
			watch.Value = "no"
		}
		watch.When, watch.Hint = "named=yes", c.T("tipoff.named.hint")
		unit, post, fear := field("works_unit", "line", in.Works.Unit, true), field("works_post", "line", in.Works.Post, true), field("works_fear", "para", in.Works.Fear, false)
		for _, fv := range []*ui.FieldView{&unit, &post, &fear} {
			fv.When, fv.Hint, fv.Max = "watch=yes", c.T("tipoff.watch.hint"), "120"
		}
		fear.Max, fear.Rows = "500", 2
		v.Reporter = append(v.Reporter, watch, unit, post, fear)
	}
	fromKind, fromNo := terms(field("from_kind", "select", in.FromKind, true), "transfer_from"), field("from_no", "line", in.FromNo, false)
	fromKind.When, fromKind.Hint, fromNo.When, fromNo.Hint = "channel=transfer", c.T("tipoff.transfer.hint"), "channel=transfer", c.T("tipoff.transfer.hint")
	v.Fields = []ui.FieldView{fromKind, fromNo, title, summary, discipline} // what a transfer must say is never folded away
	original := field("original", "para", in.Original, false)
	original.Max, original.Rows = "20000", 5
	v.More = []ui.FieldView{original}
	if v.Repeats, err = p.repeatsOf(c, f, in); err != nil {
		return v, 0, err
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
		v.All = slices.Concat(v.Subject.Fields(), []ui.FieldView{v.Channel, v.Received, v.Late}, v.Fields, v.Reporter, v.More)
	}
	return v, status, nil
}

func entryOf(f url.Values) intake.Entry {
	return intake.Entry{Subject: orghttp.SubjectOf(f), Channel: f.Get("channel"), Received: calendar.Date(strings.TrimSpace(f.Get("received"))), LateReason: f.Get("late_reason"), FromKind: f.Get("from_kind"),
		FromNo: f.Get("from_no"), Named: f.Get("named") == "yes", Reporter: intake.Reporter{Name: f.Get("reporter_name"), Contact: f.Get("reporter_contact"), When: f.Get("reporter_when")},
		Watch: f.Get("watch") == "yes", Works: intake.Works{Unit: f.Get("works_unit"), Post: f.Get("works_post"), Fear: f.Get("works_fear")},
		Original: f.Get("original"), Title: f.Get("title"), Summary: f.Get("summary"), Discipline: f.Get("discipline")}
}

func (p *Pages) enter(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := entryOf(f)
	if in.Received == c.Today && in.LateReason != "" {
		in.LateReason = ""
	}
	e, err := p.Intake.Enter(c.Context(), c.Who, in)
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.render(c, f, err)
		}
		return err
	}
	if e.Gone {
		return c.Redirect("/tipoffs?done=gone")
	}
	if f.Get("again") != "" {
		next := url.Values{"done": {"entered"}, "channel": {in.Channel}} // a pile of letters came the same way, on the same day
		if in.Received != c.Today {
			next.Set("received", string(in.Received))
		}
		return c.Redirect("/tipoffs/new?" + next.Encode())
	}
	return c.Redirect("/m/" + e.ID.String() + "?done=entered")
}

// standOf says what a report about the subject would be here, once enough is known of them.
func (p *Pages) standOf(c *web.Ctx, f url.Values, in org.SubjectInput) (standingView, error) {
	v := standingView{Lang: c.Lang}
	ranked := in.Rank != "" || in.Official != ""
	if in.Unit == "" || !ranked && in.Post == "" {
		return v, nil
	}
	if !ranked {
		in.Rank = "staff" // the words of the post may say it alone
	}
	if in.Post == "" {
		in.Post = "—"
	}
	if in.Category == "" {
		in.Category = "c1"
	}
	in.PartyMember = true
	st, _, err := p.Intake.Stand(c.Context(), orghttp.Tenant(c, f), c.Who, in)
	if fault.KindOf(err) == fault.Invalid {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	if !ranked && !st.Slip {
		return v, nil
	}
	v.Known, v.Slip, v.Rank, v.To = true, st.Slip, st.Rank.Name.In(c.Lang), st.To.Name
	if st.Slip {
		v.Reason = p.Rules.Name("slip_reason", st.Reason, c.Lang)
		if t, ok := p.Rules.Timer("tipoff.up", c.Today); ok {
			v.Within = c.T("length."+string(t.Unit), strconv.Itoa(t.Length))
		}
	}
	return v, nil
}

func (p *Pages) standing(c *web.Ctx) error {
	v, err := p.standOf(c, c.R.URL.Query(), orghttp.SubjectOf(c.R.URL.Query()))
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, standingBox(v))
}

type repeatsView struct {
	Lang  string
	Asked bool
	Rows  []repeatRow
}

type repeatRow struct {
	No, Title, Href, State, Received string
	Same, Named                      bool
	Alike                            string
}

func (p *Pages) repeatsOf(c *web.Ctx, f url.Values, in intake.Entry) (repeatsView, error) {
	v := repeatsView{Lang: c.Lang, Asked: in.Subject.Unit != ""}
	if !id.ValidKey(in.Subject.Unit) {
		return v, nil
	}
	rs, err := p.Intake.Repeats(c.Context(), orghttp.Tenant(c, f), c.Who, in.Subject.Unit, in.Subject.Official, in.Subject.Name, in.Title+in.Summary, "", 6)
	for _, r := range rs {
		v.Rows = append(v.Rows, repeatRow{No: r.Matter.No, Title: r.Matter.Title, Href: "/m/" + r.Matter.ID.String(), State: c.T("state.tipoff." + r.Matter.State), Received: ui.DayIn(c.Lang, r.Matter.Received, c.Today),
			Same: r.Same, Named: r.Named, Alike: ui.Percent(r.Alike)})
	}
	return v, err
}

func (p *Pages) repeats(c *web.Ctx) error {
	v, err := p.repeatsOf(c, c.R.URL.Query(), entryOf(c.R.URL.Query()))
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, repeatsBox(v))
}
