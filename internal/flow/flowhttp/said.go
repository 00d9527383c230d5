package flowhttp

import (
	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/flow/record"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Words says of matters what this room's pages say, in the reader's language and as far as the reader may know, for a
// room that answers programs. Units and people are named once Load has read them.
type Words struct {
	p *Pages
	l *look
}

// Words begins an answer to one request.
func (p *Pages) Words(c *web.Ctx) *Words { return &Words{p, p.look(c)} }

// Load reads names of units and people of one tenant, in one query each.
func (w *Words) Load(r db.Reader, units, people []string) error {
	return w.l.load(w.l.c.Context(), r, units, people)
}

// LoadDossier reads every name that a matter's page would show.
func (w *Words) LoadDossier(r db.Reader, d *flow.Dossier, offers []flow.Offer, events []record.Event) error {
	units, people := namesIn(d, offers, events)
	for _, p := range d.Proposals {
		units = append(units, p.AuthorUnit)
	}
	return w.Load(r, units, people)
}

// Unit is a unit as the body that acts, "" when it was not read.
func (w *Words) Unit(key id.Key) string { return w.l.unit(key) }

// Place is a unit as where somebody works, "" when it was not read.
func (w *Words) Place(key id.Key) string { return w.l.place(key) }

// Person is a person's name, "" when it was not read.
func (w *Words) Person(key id.Key) string { return w.l.person(key) }

// Seat is a unit and a role there.
func (w *Words) Seat(unit id.Key, role access.Role) string { return w.l.seat(unit, role) }

// Clock is what an obligation is called, why its day is that day, and its articles.
func (w *Words) Clock(k deadline.Clock, es []deadline.Entry) (name, why, basis string) {
	c := w.l.c
	t, _ := w.p.Rules.TimerVersion(k.Rule, k.Version)
	return w.p.clockName(c.Lang, k), w.p.whyOf(c.Lang, c.Today, k, es).Text, w.p.basisText(c.Lang, t)
}

// Basis are articles as people cite them.
func (w *Words) Basis(bs []rulebook.Basis) []string {
	out := make([]string, len(bs))
	for i, b := range bs {
		out[i] = w.p.article(w.l.c.Lang, b)
	}
	return out
}

// Move is what a move is called.
func (w *Words) Move(kind, move string) string { return w.p.moveName(w.l.c.Lang, kind, move) }

// Label is a field's name and its help, "" when it needs none.
func (w *Words) Label(kind, move, field string) (label, hint string) {
	return w.p.label(w.l.c.Lang, kind, move, field), help(w.l.c.Lang, kind, move, field)
}

// Option is what a choice is called and what stands beside it.
func (w *Words) Option(f flow.Field, o flow.Option) (name, note string) {
	v := w.p.option(w.l.c, f, o)
	return v.Name, v.Note
}

// Says lists what a proposal says, field by field.
func (w *Words) Says(kind, move string, in flow.Values) []Fact {
	return w.p.inputFacts(w.l.c, w.l, kind, move, in)
}

// Asked is the choice that a proposal asks for.
func (w *Words) Asked(m flow.Matter, x flow.Proposal) string { return w.p.asked(w.l.c, m, x) }

// Log is what happened to a matter, line for line with the dossier's events.
func (w *Words) Log(d *flow.Dossier, events []record.Event) []ui.LogView {
	return w.p.log(w.l.c, w.l, d, events)
}

// Source is where a clue or case came from, "" for somebody below the organ: they do not learn that there was a report.
func (w *Words) Source(m flow.Matter) string {
	if m.Kind == "tipoff" || !organLevel(w.l.c.Who, m) {
		return ""
	}
	return m.Source
}

// Marks are the flags that lists show beside a matter.
func (w *Words) Marks(m flow.Matter) []string {
	out := []string{}
	for _, f := range []string{flow.FlagNamed, flow.FlagRepeat, flow.FlagRisen, flow.FlagAssigned, flow.FlagAbove} {
		if m.Is(f) && (f != flow.FlagNamed || organLevel(w.l.c.Who, m)) && (f != flow.FlagRisen || m.Open) {
			out = append(out, f)
		}
	}
	return out
}

// Detail is what the area of a matter knows beyond it. The reader has been checked.
func (w *Words) Detail(m flow.Matter) (Detail, error) {
	k := w.p.kinds[m.Kind]
	if k.Detail == nil {
		return Detail{}, nil
	}
	return k.Detail(w.l.c, m)
}

// Label is a field's name in a language, the move's own word before the general one.
func Label(lang, kind, move, field string) string {
	return locale.First(lang, "field."+kind+"."+move+"."+field, "field."+move+"."+field, "field."+field)
}
