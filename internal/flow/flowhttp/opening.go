package flowhttp

import (
	"net/http"
	"net/url"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

type openView struct {
	Frame   ui.Frame
	No      string
	Title   string
	What    string
	Back    string
	Action  string
	Key     string
	Locked  bool
	Field   ui.FieldView
	Wrong   string
	Content string
	Two     bool   // it takes a second person's consent
	State   string // how the consent stands, in words
	Waits   *openingLine
	Given   *openingLine // the consent that opens it now
	Last    string       // what became of the reader's last request
	Second  string       // where consents stand
}

// openForm asks for the reason before an envelope is opened; openDo shows what was in it, once, and keeps nothing.
func (p *Pages) openForm(c *web.Ctx) error { return p.renderOpen(c, "", "", nil) }

func (p *Pages) renderOpen(c *web.Ctx, reason, content string, problem error) error {
	m, what, err := p.sealed(c)
	if err != nil {
		return err
	}
	base := "/m/" + m.ID.String()
	v := openView{Frame: c.Frame(c.T("sealed." + what)), No: m.No, Title: m.Title, What: what, Back: base, Action: base + "/open/" + what, Second: base + "/open/" + what + "/second", Key: web.NewKey(),
		Locked: !p.Custody.Ring.Unlocked(m.Organ.String()), Content: content}
	v.Field = ui.FieldView{Lang: c.Lang, ID: "f-reason", Name: "reason", Label: c.T("sealed.reason"), Help: c.T("sealed.reason.help"), Kind: "line", Must: true, Max: "120", Value: reason, Error: web.Texts(c.Lang, problem)["reason"], Focus: true}
	if content == "" {
		if err := p.consent(c, m, &v); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
		status = web.Status(problem)
	}
	return c.Render(status, openPage(v))
}

// sealed reads the matter of an address and what of it is meant.
func (p *Pages) sealed(c *web.Ctx) (m flow.Matter, what string, err error) {
	key, err := c.ID("id")
	if err != nil {
		return m, "", err
	}
	if what = c.R.PathValue("what"); what != custody.Identity && what != custody.Original {
		return m, "", fault.Hidden()
	}
	m, err = flow.Get(c.Context(), c.In(key), c.Who, key.Key)
	return m, what, err
}

// reporter is sealed where who reported lies in an envelope of its own.
func (p *Pages) reporter(c *web.Ctx) (flow.Matter, string, error) {
	m, what, err := p.sealed(c)
	if err == nil && (what != custody.Identity || m.Kind == custody.Letter || !m.Is(flow.FlagNamed)) {
		err = fault.Hidden()
	}
	return m, what, err
}

// consent fills in how a second person's consent stands, where it takes one.
func (p *Pages) consent(c *web.Ctx, m flow.Matter, v *openView) error {
	var err error
	if v.Two, err = p.Custody.TakesTwo(c.Context(), c.In(m.ID), m, v.What); err != nil || !v.Two {
		return err
	}
	os, err := p.Custody.Openings(c.Context(), c.In(m.ID), c.Who, m)
	if err != nil {
		return err
	}
	now := c.In(m.ID).Now()
	v.State, v.Field.Help = c.T("consent.takes_two"), c.T("consent.reason.help")
	for i := len(os) - 1; i >= 0; i-- { // the newest last
		o := os[i]
		l := p.openingLine(c, o, now)
		switch {
		case o.State == custody.OpeningAsked:
			v.Waits, v.State = &l, c.T("consent.waits")
		case o.Asker != c.Who.Person:
		case o.Holds(now):
			v.Given, v.Last, v.State = &l, "", c.T("consent.given")
		default:
			v.Last = l.Said
		}
	}
	if v.Given != nil {
		v.Waits = nil // somebody else's, and no concern of what may be opened now
	}
	return nil
}

func (p *Pages) openDo(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	what := c.R.PathValue("what")
	if f.Get("do") == "ask" && what == custody.Identity {
		if err = p.Custody.AskOpening(c.Context(), c.Who, key, f.Get("reason")); err == nil {
			return c.Redirect("/m/" + key.String() + "/open/" + what + "?done=consent_asked")
		}
	} else {
		// What is read is shown once and never replayed: opening again is reading again, and an act of its own.
		c.Who.Request = access.Request{}
		var b []byte
		if b, err = p.Custody.Open(c.Context(), c.Who, key, what, f.Get("reason")); err == nil {
			return p.renderOpen(c, "", string(b), nil)
		}
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict:
		return p.renderOpen(c, f.Get("reason"), "", err)
	}
	return err
}

// openingLine is one request as a line, with what the reader may do about it.
type openingLine struct {
	Day, Small string
	What       string
	State      string // in a word
	Said       string // the same in a sentence, for the asker
	Reason     string
	Of         ui.Segments
	Note       string
	Decide     bool // the reader may consent or refuse
	Withdraw   bool
	Opening    string
	Version    string
	Key        string
	Field      ui.FieldView
}

func (p *Pages) openingLine(c *web.Ctx, o custody.Opening, now calendar.Instant) openingLine {
	at := func(i calendar.Instant) string { return ui.DayIn(c.Lang, i.Date(), c.Today) + " " + ui.Clock(i) }
	state := o.State
	if state == custody.OpeningGranted && !o.Holds(now) {
		state = "lapsed"
	}
	l := openingLine{Day: ui.DayIn(c.Lang, o.Asked.Date(), c.Today), Small: ui.Weekday(c.Lang, o.Asked.Date()) + " " + ui.Clock(o.Asked), What: c.T("consent.what", o.AskerName), State: c.T("consent.state." + state),
		Reason: o.Reason, Note: o.Note, Opening: o.ID.Key, Version: strconv.FormatInt(o.Version, 10), Key: web.NewKey()}
	switch state {
	case custody.OpeningAsked:
		desk := "consent.with"
		if o.Moved != "" {
			desk = "moved." + o.Moved
		}
		l.Of = ui.Segments{{Text: c.T(desk), Dim: true}}
	case custody.OpeningWithdrawn:
	default:
		l.Of = ui.Segments{{Text: c.T("consent.by", at(o.Decided), o.DeciderName), Dim: true}}
	}
	switch state {
	case custody.OpeningGranted:
		l.Of = append(l.Of, ui.Segment{Text: c.T("consent.until", at(o.Until()))})
	case custody.OpeningUsed:
		l.Of = append(l.Of, ui.Segment{Text: c.T("consent.used", at(o.Used))})
		l.Said = c.T("consent.said.used", at(o.Used))
	case custody.OpeningRefused:
		l.Said = c.T("consent.said.refused", o.DeciderName, o.Note)
	case "lapsed":
		l.Said = c.T("consent.said.lapsed", at(o.Until()))
	}
	if o.State == custody.OpeningAsked {
		l.Decide, l.Withdraw = o.Mine, o.Asker == c.Who.Person
		l.Field = ui.FieldView{Lang: c.Lang, ID: "f-note", Name: "note", Kind: "line", Label: c.T("consent.note"), Help: c.T("consent.note.help"), Max: "120"}
	}
	return l
}

// secondView is the page on which a second person consents, and where it stands who asked for what.
type secondView struct {
	Frame  ui.Frame
	No     string
	Title  string
	Back   string
	Action string
	Lines  []openingLine
	Wrong  string
	Bad    []ui.FieldView
}

func (p *Pages) second(c *web.Ctx) error { return p.renderSecond(c, url.Values{}, nil) }

func (p *Pages) renderSecond(c *web.Ctx, in url.Values, problem error) error {
	m, what, err := p.reporter(c)
	if err != nil {
		return err
	}
	os, err := p.Custody.Openings(c.Context(), c.In(m.ID), c.Who, m)
	if err != nil {
		return err
	}
	base := "/m/" + m.ID.String()
	v := secondView{Frame: c.Frame(c.T("consent.page")), No: m.No, Title: m.Title, Back: base, Action: base + "/open/" + what + "/second"}
	for _, o := range os {
		l := p.openingLine(c, o, c.In(m.ID).Now())
		if l.Decide && l.Opening == in.Get("opening") {
			l.Field.Value, l.Field.Error = in.Get("note"), web.Texts(c.Lang, problem)["note"]
			v.Bad = append(v.Bad, l.Field)
		}
		v.Lines = append(v.Lines, l)
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, secondPage(v))
}

func (p *Pages) secondDo(c *web.Ctx) error {
	m, what, err := p.reporter(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	opening, do := f.Get("opening"), f.Get("do")
	version, err := strconv.ParseInt(f.Get("version"), 10, 64)
	if err != nil || !id.ValidKey(opening) {
		do, err = "", fault.Stale()
	}
	switch do {
	case "":
	case "grant", "refuse":
		err = p.Custody.DecideOpening(c.Context(), c.Who, m.ID, opening, version, do == "grant", f.Get("note"))
	case "withdraw":
		err = p.Custody.WithdrawOpening(c.Context(), c.Who, m.ID, opening, version)
	default:
		err = fault.InvalidField("do", "choice.unknown")
	}
	switch {
	case err == nil && do == "withdraw":
		return c.Redirect("/m/" + m.ID.String() + "/open/" + what + "?done=withdrawn")
	case err == nil:
		return c.Redirect("/m/" + m.ID.String() + "/open/" + what + "/second?done=consent_" + do)
	case fault.KindOf(err) == fault.Invalid, fault.KindOf(err) == fault.Conflict:
		return p.renderSecond(c, f, err)
	}
	return err
}
