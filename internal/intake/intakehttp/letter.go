package intakehttp

import (
	"net/http"
	"net/url"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// letterDetail is what may be known of a letter while it is sealed.
func (p *Pages) letterDetail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	l, err := intake.GetLetter(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	d := flowhttp.Detail{Alert: c.T("letter.sealed.note")}
	below := !c.Who.Is(access.Intake, m.Organ) // it stands with the organ below the reader's
	switch {
	case m.State == intake.LetterEntered:
		d.Alert = ""
	case m.State == intake.LetterAside && below:
		d.Alert = c.T("letter.aside.above")
	case m.State == intake.LetterAside:
		d.Alert = c.T("letter.aside.note")
	case l.Stray:
		d.Alert = c.T("letter.stray")
	case m.Is(flow.FlagRisen) && below:
		d.Alert = c.T("letter.risen.above")
	case m.Is(flow.FlagRisen):
		d.Alert = c.T("letter.risen.note")
	}
	who := "tipoff.anonymous"
	if l.Outside.Named {
		who = "tipoff.named"
	}
	add := func(key, text string) {
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T(key), Text: ui.Segments{{Text: text}}})
	}
	add("letter.received", ui.DayIn(c.Lang, l.Outside.Day, c.Today))
	add("tipoff.who", c.T(who))
	if len(l.Files) > 0 {
		add("letter.files", strconv.Itoa(len(l.Files)))
	}
	at, err := custody.Opener(c.Context(), c.In(m.ID), c.Who, m)
	if err != nil {
		return d, err
	}
	said, err := p.words(c, m.ID, !at.Zero())
	d.Facts = append(d.Facts, said...)
	if err == nil && !at.Zero() {
		err = p.likes(c, at, m.ID, &d)
		d.Do = &ui.Segment{Text: c.T("letter.open." + m.State), Href: "/letters/" + m.ID.String()}
	}
	return d, err
}

// likes adds which letters are known to be like one, while the key is unlocked that opens them.
func (p *Pages) likes(c *web.Ctx, organ, letter id.ID, d *flowhttp.Detail) error {
	if p.Likes == nil {
		return nil
	}
	found, err := p.Likes.Of(c.Context(), c.Who, organ, []id.ID{letter})
	if err != nil || len(found[letter]) == 0 {
		return err
	}
	f := flowhttp.Fact{Label: c.T("likeness.label")}
	for _, x := range found[letter] {
		f.Text = append(f.Text, ui.Segment{Text: c.T("likeness.one", x.No, c.T("state.letter."+x.State)), Href: "/m/" + x.ID.String()})
	}
	f.Text = append(f.Text, ui.Segment{Text: c.T("likeness.how"), Dim: true})
	d.Facts = append(d.Facts, f)
	return nil
}

// letterView is a letter's page: a reason is asked for, then it stands beside the form it is entered with.
type letterView struct {
	Frame   ui.Frame
	Title   string
	No      string
	Meta    ui.Segments // what is known of it from outside
	Back    string
	Action  string
	Locked  bool
	Reason  ui.FieldView
	Wrong   string
	Opened  bool
	Altered bool
	Enter   bool // it may be entered
	Aside   string
	Parts   []letterPart
	Files   []letterFile
	Entry   entryView
	Of      string     // the tenant that whom it is about is looked for in
	Why     string     // the reason it was opened for
	Kept    url.Values // what was filled in when the key was found locked
}

// The parts of a letter that are laid out otherwise than the rest.
const (
	partText = "text" // what happened
	partOnly = "only" // what gives the reporter away
)

type letterPart struct{ Kind, Label, Text, Note string }

type letterFile struct{ Name, Note, Href string }

func (p *Pages) letter(c *web.Ctx) error { return p.askReason(c, nil, nil) }

// askReason asks why a letter is to be opened. Where the key is locked it keeps what was filled in until it is not.
func (p *Pages) askReason(c *web.Ctx, f url.Values, problem error) error {
	reason := f.Get("reason")
	key, m, at, err := p.opener(c)
	if err != nil {
		return err
	}
	if reason == "" && problem == nil && m.State == intake.LetterSealed {
		reason = c.T("letter.reason.usual")
	}
	return p.reason(c, m, at, "/letters/"+key.String(), c.T("letter.asks"), reason, f, problem)
}

// reason is the page that asks why something sealed is to be opened; f is what was filled in of an entry, to be kept.
func (p *Pages) reason(c *web.Ctx, m flow.Matter, at id.ID, action, title, reason string, f url.Values, problem error) error {
	v := letterView{Frame: c.Frame(title), Title: title, No: m.No, Meta: outside(c, m), Back: p.back(c, m), Action: action, Locked: !p.Intake.Custody.Ring.Unlocked(at.String())}
	v.Reason = ui.FieldView{Lang: c.Lang, ID: "f-reason", Name: "reason", Label: c.T("sealed.reason"), Kind: "line", Must: true, Max: "120", Value: reason, Help: c.T("letter.reason.help"), Error: web.Texts(c.Lang, problem)["reason"], Focus: true}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	if f.Get("_entry") != "" {
		v.Kept = f
	}
	return c.Render(status, letterPage(v))
}

// opener reads the letter of an address for somebody who may open it.
func (p *Pages) opener(c *web.Ctx) (key id.ID, m flow.Matter, at id.ID, err error) {
	if key, err = c.ID("id"); err != nil {
		return key, m, at, err
	}
	if m, err = flow.Get(c.Context(), c.In(key), c.Who, key.Key); err != nil {
		return key, m, at, err
	}
	if m.Kind != intake.KindLetter {
		return key, m, at, fault.Hidden()
	}
	if at, err = custody.Opener(c.Context(), c.In(key), c.Who, m); err == nil && at.Zero() {
		err = fault.New(fault.Forbidden, "move.not_yours")
	}
	return key, m, at, err
}

// readLetter opens a letter and shows it, once, beside the form.
func (p *Pages) readLetter(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	return p.show(c, f, nil)
}

// show opens a letter, which is an act each time, and puts the form beside it: as filled in, with what is wrong with it.
func (p *Pages) show(c *web.Ctx, f url.Values, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	c.Who.Request = access.Request{} // what is read is never replayed
	o, err := p.Intake.OpenLetter(c.Context(), c.Who, key, f.Get("reason"))
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.askReason(c, f, err)
		}
		return err
	}
	base := "/letters/" + key.String()
	v := letterView{Frame: c.Frame(c.T("letter.page")), Title: c.T("letter.page"), No: o.Matter.No, Meta: outside(c, o.Matter), Back: p.back(c, o.Matter), Action: base + "/enter", Opened: true, Altered: o.Altered, Why: f.Get("reason"),
		Enter: o.Matter.State == intake.LetterSealed || o.Matter.State == intake.LetterAside && !c.Who.Is(access.Intake, o.Matter.Organ)}
	if o.Matter.State == intake.LetterSealed && c.Who.Is(access.Intake, o.Matter.Organ) {
		v.Aside = "/m/" + key.String() + "/do/lay_aside"
	}
	v.Parts = parts(c, o.Text, o.Matter.State == intake.LetterSealed)
	for i, x := range o.Text.Files {
		v.Files = append(v.Files, letterFile{x.Name, ui.Bytes(x.Size), base + "/files/" + strconv.Itoa(i)})
	}
	status := http.StatusOK
	if v.Enter {
		if f.Get("_entry") == "" {
			f = p.known(c, key, o.Text)
		}
		f.Set("of", strconv.Itoa(int(key.City)))
		f.Set("received", string(o.Matter.Received))
		f.Set("channel", "web")
		v.Of = f.Get("of")
		if v.Entry, status, err = p.entry(c, f, problem); err != nil {
			return err
		}
		v.Wrong = v.Entry.Wrong
	}
	return c.Render(status, letterPage(v))
}

// what are the fields of the form that are the clerk's to fill in for a letter: how it came and who wrote it is known.
func (v entryView) what() (out []ui.FieldView) {
	for _, f := range v.Fields {
		if f.Name != "from_kind" && f.Name != "from_no" {
			out = append(out, f)
		}
	}
	return out
}

// outside is what is known of a letter without opening it.
func outside(c *web.Ctx, m flow.Matter) ui.Segments {
	who := "tipoff.anonymous"
	if m.Is(flow.FlagNamed) {
		who = "tipoff.named"
	}
	return ui.Segments{{Text: c.T("letter.received") + " " + ui.DayIn(c.Lang, m.Received, c.Today)}, {Text: c.T(who)}}
}

// parts are what a letter says, as it says it. Who wrote it stands there until it is entered.
func parts(c *web.Ctx, l envelope.Letter, sealed bool) (out []letterPart) {
	add := func(kind, key, text, note string) {
		if text != "" {
			out = append(out, letterPart{kind, c.T(key), text, note})
		}
	}
	add("", "letter.unit", l.Unit, "")
	add("", "letter.post", l.Post, "")
	add("", "letter.subject", l.Subject, "")
	add("", "letter.when", l.When, "")
	add(partText, "letter.text", l.Text, "")
	add(partOnly, "letter.only", l.Only, "")
	if sealed && l.Named {
		add("", "letter.name", l.Name, "")
		add("", "letter.contact", l.Contact, c.T("letter.name.note"))
	} else if sealed {
		add("", "letter.name", c.T("tipoff.anonymous"), "")
	}
	return out
}

// known fills the form with what the letter says whom it is about; the words of the summary are the clerk's.
func (p *Pages) known(c *web.Ctx, letter id.ID, l envelope.Letter) url.Values {
	f := url.Values{"post": {l.Post}, "subject_name": {l.Subject}, "rank": {l.Rank}, "named": {"no"}}
	if l.UnitID.City == letter.City {
		f.Set("unit", l.UnitID.Key)
	} else {
		f.Set("unit_typed", l.Unit)
	}
	return f
}

// enterLetter enters what the clerk made of a letter.
func (p *Pages) enterLetter(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := entryOf(f)
	in.Letter = key
	e, err := p.Intake.Enter(c.Context(), c.Who, in)
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			f.Set("_entry", "yes")
			return p.show(c, f, err)
		}
		return err
	}
	if e.Gone {
		return c.Redirect("/letters?done=gone")
	}
	done := "entered"
	if e.Slip {
		done = "passed_up"
	}
	return c.Redirect("/m/" + e.ID.String() + "?done=" + done)
}

// letterFile sends a file that came with a letter.
func (p *Pages) letterFile(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.R.PathValue("n"))
	if err != nil {
		return fault.Hidden()
	}
	f, content, err := p.Intake.ReadContent(c.Context(), c.Who, key, n)
	if err != nil {
		if fault.Code(err) == "key.locked" {
			return p.askReason(c, nil, err)
		}
		return err
	}
	defer content.Close()
	return c.Attach(f.Name, f.Type, f.Size, content)
}
