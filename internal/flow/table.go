package flow

import (
	"fmt"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/rulebook"
)

// By says who, in relation to the matter, may make a move or owes a clock.
type By string

// The relations.
const (
	ByIntake      By = "intake"      // the intake office of the organ whose register it is
	BySupervision By = "supervision" // its case supervision office
	ByHandler     By = "handler"     // whoever works in the unit that handles it
	ByHead        By = "head"        // the head of that unit
	ByTeam        By = "team"        // a member of the matter's team who has yet to sign
	ByReview      By = "review"      // the case review office
	ByDeputy      By = "deputy"      // the leader in charge
	ByPrincipal   By = "principal"   // the organ's chief
	ByPersonnel   By = "personnel"   // whoever sees to its people
	BySuperior    By = "superior"    // the organ one level up
	BySystem      By = "system"      // the program, when something else makes it so
)

// Role is the role that the relation asks for.
func (b By) Role() access.Role {
	switch b {
	case ByIntake:
		return access.Intake
	case BySupervision:
		return access.Supervision
	case ByHandler, ByTeam:
		return access.Handler
	case ByHead:
		return access.Head
	case ByReview:
		return access.Review
	case ByDeputy:
		return access.Deputy
	case ByPrincipal:
		return access.Principal
	case ByPersonnel:
		return access.Personnel
	case BySuperior:
		return access.Observer
	}
	return access.System
}

// Table is the lifecycle of one kind of matter.
type Table struct {
	Kind   string
	Mark   string // in its number: 信, 线, 案
	States []State
	Moves  []Move
	Hooks  Hooks
	Timed  bool // the days its matters take at each step are counted
	// NoRecusal: nobody is recused from it; who should not deal with it leaves it to a colleague, or to its day.
	NoRecusal bool
	// SeenBy is the act by which whoever reads it for the level above must have read it; "" where its page says it all.
	SeenBy string
}

// State is where a matter can stand.
type State struct {
	Name    string
	Stage   string // the step of the page's header it belongs to
	End     bool
	Rules   []Use  // the clocks that run while it stands here
	NoClock string // code of the reason why none runs, for an open state without one
	Waits   bool   // a proposal waits here for approval
	Retired bool
	Basis   []rulebook.Basis
}

// Use is a clock in a state and who owes it.
type Use struct {
	Rule string
	By   By
	// If and Unless make it run only for matters with, or without, a flag.
	If     string
	Unless string
	// For is the move it waits for: whoever makes that owes it, which is the county where a township may not.
	For string
	// Keep lets a clock that ran in the state before run on; it never begins here.
	Keep bool
}

// holds says whether the clock runs for a matter at all.
func (u Use) holds(m *Matter) bool {
	return (u.If == "" || m.Is(u.If)) && (u.Unless == "" || !m.Is(u.Unless))
}

// Move leads from one state to another, or back to the same.
type Move struct {
	Name    string
	From    []string
	To      string            // "" with a Fork, or when it stays
	Fork    *Fork             // where it leads depends on a choice
	Also    []string          // further states that its effect may lead to instead
	By      []By              // any of these may make it
	Fields  []Field           // what must be said
	Chain   string            // approval it needs; "": none
	Via     string            // the state in which it waits for approval
	Starts  map[string]string // rule → field of the day it runs from; otherwise the day of the move
	Drops   []string          // rules that are no longer owed through this move, rather than met
	Ends    []string          // rules that are met though the next state keeps them
	Counts  []Tally
	Basis   []rulebook.Basis
	Key     bool     // decisive: the log marks it
	Refusal []string // choices of the fork that stand in the superior's list (D24); "*" for the move itself
	Restart []string // rules whose clock begins anew though the state stays
	Fresh   []string // rules that count from this move even if they ran before; any other goes on from where it began
	Many    bool     // may be made for many matters at once
	Quiet   bool     // made by the program or by another move; not offered on pages
	Retired bool
}

// Fork leads to a state by the value of a field.
type Fork struct {
	Field string
	To    map[string]string
}

// Tally is a flow measure that the move adds to.
type Tally struct {
	Measure string
	Dim     string // field or "@attribute" of the matter that gives the kind
	At      string // "organ", "handler" or "place"; whose number it is
}

// FieldKind is how a field is filled in.
type FieldKind string

// The kinds of field.
const (
	Line    FieldKind = "line"
	Para    FieldKind = "para"
	Day     FieldKind = "day"
	Choice  FieldKind = "choice"
	Choices FieldKind = "choices"
	Person  FieldKind = "person"
	People  FieldKind = "people"
	UnitRef FieldKind = "unit"
	Count   FieldKind = "count"
	Clock   FieldKind = "clock"
)

// Field is one thing a move asks for. Its words are in locale under field.<kind>.<move>.<name>, or field.<name>.
type Field struct {
	Name  string
	Kind  FieldKind
	Must  bool
	List  string   // closed list of the rulebook that a choice comes from
	Not   []string // entries of the list that are not offered here
	Of    string   // where persons or units come from: handlers, reviewers, targets …
	Codes []string // choices when they are no rulebook list; words in locale under choice.<name>.<code>
	When  *When    // asked only then
	If    string   // asked only for matters with this flag
	// Unless: not asked for matters with this flag. Apart: the act does not say it; it stands in the proposal, for those who
	// read the matter, and no log carries it on.
	Unless string
	Apart  bool
	Min    int    // at least so many persons
	Least  string // the limit of the rulebook that Min is
	Max    int    // at most so many characters
	// Days: a day may not lie in the future, nor before what Since names (received, opened).
	Since  string
	Future bool // a day that may lie ahead
}

// When makes a field depend on another's value, or on an attribute of the matter when Field begins with "@".
type When struct {
	Field string
	In    []string // empty: any value at all
}

func (w When) holds(value string) bool {
	return len(w.In) == 0 && value != "" || slices.Contains(w.In, value)
}

// State finds a state.
func (t *Table) State(name string) (State, bool) {
	for _, s := range t.States {
		if s.Name == name {
			return s, true
		}
	}
	return State{}, false
}

// Move finds a move.
func (t *Table) Move(name string) (*Move, bool) {
	for i := range t.Moves {
		if t.Moves[i].Name == name {
			return &t.Moves[i], true
		}
	}
	return nil, false
}

// Stages lists the header's steps in order.
func (t *Table) Stages() []string {
	var out []string
	for _, s := range t.States {
		if s.Stage != "" && (len(out) == 0 || !slices.Contains(out, s.Stage)) {
			out = append(out, s.Stage)
		}
	}
	return out
}

// leads lists every state a move can end in.
func (m *Move) leads() []string {
	var out []string
	if m.To != "" {
		out = append(out, m.To)
	}
	if m.Fork != nil {
		for _, s := range m.Fork.To {
			out = append(out, s)
		}
	}
	if m.To == "" && m.Fork == nil {
		out = append(out, m.From...)
	}
	return append(out, m.Also...)
}

// Check says what is wrong with a table: unknown states, dead ends, open states with neither clock nor reason, clocks
// and chains the rulebook lacks, moves without an article.
func (t *Table) Check(rules *rulebook.Book) []string {
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, t.Kind+": "+fmt.Sprintf(format, args...)) }
	out := map[string]bool{}
	in := map[string]bool{t.States[0].Name: true}
	for i := range t.Moves {
		m := &t.Moves[i]
		for _, f := range m.From {
			if _, ok := t.State(f); !ok {
				say("move %s leaves %s, which is no state", m.Name, f)
			}
			if !m.Retired {
				out[f] = true
			}
		}
		for _, s := range append(m.leads(), m.Via) {
			if s == "" {
				continue
			}
			if _, ok := t.State(s); !ok {
				say("move %s leads to %s, which is no state", m.Name, s)
			}
			in[s] = true
		}
		if len(m.By) == 0 {
			say("nobody may make move %s", m.Name)
		}
		if m.Chain != "" {
			switch {
			case m.Via != "":
				out[m.Via] = true
			case m.To != "" || m.Fork != nil || len(m.Also) > 0:
				say("move %s needs approval but has no state to wait in", m.Name)
			}
			if _, _, ok := rules.Chain(m.Chain, "2026-01-01", nil); !ok {
				say("move %s: the rulebook has no approval %s", m.Name, m.Chain)
			}
		}
		if len(m.Basis) == 0 {
			say("move %s names no article", m.Name)
		}
		for _, b := range m.Basis {
			if _, ok := rules.Regulation(b.Reg); !ok {
				say("move %s: no regulation %s", m.Name, b.Reg)
			}
		}
		for _, f := range m.Fields {
			if (f.Kind == Choice || f.Kind == Choices) && f.List != "" && len(rules.Terms(f.List, "2026-01-01")) == 0 {
				say("move %s: the rulebook has no list %s", m.Name, f.List)
			}
		}
		if m.Fork != nil {
			f, ok := m.field(m.Fork.Field)
			if !ok {
				say("move %s forks on %s, which it does not ask for", m.Name, m.Fork.Field)
			} else if f.List != "" {
				for _, term := range rules.Terms(f.List, "2026-01-01") {
					if m.Fork.To[term.Code] == "" && !slices.Contains(f.Not, term.Code) {
						say("move %s leads nowhere for %s", m.Name, term.Code)
					}
				}
			}
		}
	}
	for _, s := range t.States {
		if !s.End && !out[s.Name] {
			say("state %s is a dead end", s.Name)
		}
		if !in[s.Name] && !s.Retired {
			say("nothing leads to state %s", s.Name)
		}
		always := false
		for _, u := range s.Rules {
			always = always || u.If == "" && u.Unless == "" && !u.Keep
		}
		for _, u := range s.Rules {
			for _, v := range s.Rules {
				// Two clocks of which one or the other runs are as good as one that always does.
				always = always || u.If != "" && u.If == v.Unless && !u.Keep && !v.Keep
			}
		}
		if !s.End && !always && s.NoClock == "" {
			say("open state %s has no clock and no reason for none", s.Name)
		}
		for _, u := range s.Rules {
			if mv, ok := t.Move(u.For); u.For != "" && (!ok || mv.By[0] != u.By) {
				say("state %s: clock %s waits for %s, which is not made by %s", s.Name, u.Rule, u.For, u.By)
			}
			if _, ok := rules.Timer(u.Rule, "2026-01-01"); !ok {
				say("state %s: the rulebook has no timer %s", s.Name, u.Rule)
			}
		}
	}
	return bad
}

func (m *Move) field(name string) (Field, bool) {
	for _, f := range m.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}
