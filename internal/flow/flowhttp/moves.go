package flowhttp

import (
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/flow"
	"qianshao/internal/locale"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

func tr(lang, key string, args ...string) string { return locale.T(lang, key, args...) }

// moves turns what is offered into what stands beside the matter.
func (p *Pages) moves(c *web.Ctx, l *look, m flow.Matter, offers []flow.Offer) []ui.MoveView {
	var out []ui.MoveView
	primary := true
	for _, o := range offers {
		if o.Why == "move.not_yours" {
			continue // other people's moves: the steps above say whose turn it is
		}
		key := "move." + m.Kind + "." + o.Move.Name
		v := ui.MoveView{ID: "move-" + o.Move.Name, Name: c.T(key), Button: c.T(key), Href: p.moveAt(m, o.Move.Name), Alone: o.Alone, Up: !o.Alone}
		v.Basis, v.Hats = p.basisOf(c.Lang, o.Move.Basis, p.sureOf(o)), p.hats(c, m, o.Move.Name)
		if !o.Open {
			v.Shut = c.T("fault."+o.Why, o.Args...)
			if !o.Mine {
				v.Shut += c.T("punct.em") + o.Power.Why.In(c.Lang)
			}
			out = append(out, v)
			continue
		}
		v.What, v.Why = c.T(key+".what"), c.T(key+".why")
		if len(o.Steps) > 0 {
			v.Signers = p.signers(c, l, o.Steps)
			v.Reason = o.Case.Why.In(c.Lang)
			v.UpWord = p.upWord(c, l, m, o)
		} else if o.Power.Move != "" {
			v.Reason, v.UpWord = o.Power.Why.In(c.Lang), c.T("move.up.county")
		}
		for _, f := range o.Fields {
			if f.Must && f.When == nil {
				n := ui.NeedView{Text: p.label(c.Lang, m.Kind, o.Move.Name, f.Name)}
				if f.Kind == flow.People && f.Min > 1 {
					n.Note = c.T("need.people", itoa(f.Min))
				}
				v.Needs = append(v.Needs, n)
			}
		}
		if len(v.Needs) > 6 {
			rest := len(v.Needs) - 5
			v.Needs = append(v.Needs[:5], ui.NeedView{Text: c.T("need.more", itoa(rest))})
		}
		for _, t := range o.Starts {
			if v.Starts != "" {
				v.Starts += c.T("list.comma")
			}
			v.Starts += t.Name.In(c.Lang) + c.T("punct.open") + lengthText(c.Lang, t.Length, t.Unit) + c.T("punct.close")
		}
		if v.Starts != "" {
			starts := "move.starts"
			if o.Move.Fork != nil && len(o.Starts) > 1 {
				starts = "move.starts.one" // what is chosen and approved decides which
			}
			v.Starts = c.T(starts, v.Starts)
		}
		for _, doc := range o.Papers {
			if doc.Body != "" {
				v.Papers = append(v.Papers, ui.Segment{Text: c.T("move.sample", doc.Name.In(c.Lang)), Href: "/rules/papers/" + doc.Code})
			}
		}
		if primary && !sideways[o.Move.Name] {
			v.Primary, primary = true, false
		}
		out = append(out, v)
	}
	return out
}

// hats says of a move of a matter that a township handles what the list of powers lets it do under each of its two hats, that of this
// matter first.
func (p *Pages) hats(c *web.Ctx, m flow.Matter, move string) string {
	if !m.Is(flow.FlagTownship) {
		return ""
	}
	var says []string
	for _, hat := range m.Hats() {
		if x, ok := p.Rules.Power(m.Kind+"."+move, hat, c.Today); ok {
			says = append(says, c.T("move.hat", c.T("rules.hat."+hat), c.T("rules.may."+x.May)))
		}
	}
	if len(says) == 0 {
		return ""
	}
	return c.T("move.hats", strings.Join(says, c.T("list.comma_in")))
}

// sideways are moves that take a matter no further: they are offered, and never urged.
var sideways = map[string]bool{"reassign": true, "change_team": true, "change_panel": true, "give_back": true, "note_assigned": true}

// sureOf is how sure a move's procedure is: that of its approval, where it has one.
func (p *Pages) sureOf(o flow.Offer) rulebook.Sure {
	if o.Case.Sure != "" {
		return o.Case.Sure
	}
	return o.Chain.Sure
}

// signers names the seats a proposal would travel, and why one is not where the rule puts it.
func (p *Pages) signers(c *web.Ctx, l *look, steps []flow.Step) string {
	var names []string
	for _, s := range steps {
		n := l.seat(s.Unit.Key, s.Seat)
		if what := recorded(c, s); what != "" {
			n += c.T("punct.open") + what + c.T("punct.close")
		}
		if s.Moved != "" {
			n += c.T("punct.open") + c.T("moved."+s.Moved) + c.T("punct.close")
		}
		names = append(names, n)
	}
	return strings.Join(names, " → ")
}

// upWord says where a move has to go when it can't be decided in the handling unit: 须报县, 须报批.
func (p *Pages) upWord(c *web.Ctx, l *look, m flow.Matter, o flow.Offer) string {
	handler := l.units[m.Handler.Key]
	for _, s := range o.Steps {
		u := l.units[s.Unit.Key]
		if u.Level < m.Level {
			return c.T("move.up.higher")
		}
		if handler.Kind == "township" && u.Level <= access.County {
			return c.T("move.up.county")
		}
	}
	return c.T("move.up.organ")
}

// label is a field's name, the move's own word before the general one.
func (p *Pages) label(lang, kind, move, field string) string {
	return locale.First(lang, "field."+kind+"."+move+"."+field, "field."+move+"."+field, "field."+field)
}

func help(lang, kind, move, field string) string {
	for _, k := range []string{"field." + kind + "." + move + "." + field + ".help", "field." + move + "." + field + ".help", "field." + field + ".help"} {
		if locale.Has(k) {
			return locale.T(lang, k)
		}
	}
	return ""
}

// value is what was filled in, as people read it.
func (p *Pages) value(c *web.Ctx, l *look, f flow.Field, v string) string {
	switch {
	case f.List != "":
		return p.Rules.Name(f.List, v, c.Lang)
	case len(f.Codes) > 0:
		return c.T("choice." + f.Name + "." + v)
	case f.Kind == flow.Day:
		return ui.DayIn(c.Lang, day(v), c.Today)
	case f.Kind == flow.People || f.Kind == flow.Person:
		if n := l.person(v); n != "" {
			return n
		}
	case f.Kind == flow.UnitRef:
		if n := l.unit(v); n != "" {
			return n
		}
	case l.others[v] != "":
		return l.others[v]
	case f.Of == "party_sanctions" || f.Of == "admin_sanctions":
		if s, ok := p.Rules.Sanction(v); ok {
			return s.Name.In(c.Lang)
		}
	}
	return v
}

// inputFacts lists what a proposal says, field by field.
func (p *Pages) inputFacts(c *web.Ctx, l *look, kind, move string, in flow.Values) []Fact {
	var out []Fact
	for _, f := range p.fieldsOf(kind, move) {
		vals := in[f.Name]
		if len(vals) == 0 {
			continue
		}
		var words []string
		for _, v := range vals {
			words = append(words, p.value(c, l, f, v))
		}
		out = append(out, Fact{p.label(c.Lang, kind, move, f.Name), ui.Segments{{Text: strings.Join(words, c.T("list.comma"))}}})
	}
	return out
}

// fieldsOf are a move's fields, those of the clock moves included.
func (p *Pages) fieldsOf(kind, move string) []flow.Field {
	if t, ok := p.Engine.Table(kind); ok {
		if mv, ok := t.Move(move); ok {
			return mv.Fields
		}
	}
	return []flow.Field{{Name: "rule", Kind: flow.Line}, {Name: "length", Kind: flow.Count}, {Name: "ground", Kind: flow.Choice, List: "pause_reason"}, {Name: "reason", Kind: flow.Para}, {Name: "note", Kind: flow.Para}}
}
