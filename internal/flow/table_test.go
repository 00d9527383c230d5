package flow_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/flow"
	"qianshao/internal/rulebook"
	rules "qianshao/rulebook"
)

func shippedRules(t *testing.T) *rulebook.Book {
	t.Helper()
	b, err := rulebook.Load(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sound is a small table with everything Check looks at and nothing wrong.
func sound() *flow.Table {
	handler := []flow.By{flow.ByHandler}
	basis := []rulebook.Basis{{Reg: "JD", Art: "21"}}
	return &flow.Table{Kind: "thing",
		States: []flow.State{
			{Name: "open", Rules: []flow.Use{{Rule: "clue.opinion", By: flow.ByHandler}}},
			{Name: "review", Waits: true, NoClock: "signature_only"},
			{Name: "aside", NoClock: "signature_only"},
			{Name: "done", End: true},
		},
		Moves: []flow.Move{
			{Name: "choose", From: []string{"open"}, Via: "review", Chain: "clue.disposal", By: handler, Basis: basis,
				Fields: []flow.Field{{Name: "disposal", Kind: flow.Choice, Must: true, List: "disposal"}},
				Fork:   &flow.Fork{Field: "disposal", To: map[string]string{"inquiry": "done", "verification": "done", "shelve": "aside", "close": "done"}}},
			{Name: "rest", From: []string{"open"}, To: "aside", By: handler, Basis: basis},
			{Name: "end", From: []string{"aside"}, To: "done", By: handler, Basis: basis},
		}}
}

func TestCheckFindsWhatIsBroken(t *testing.T) {
	t.Parallel()
	book := shippedRules(t)
	if bad := sound().Check(book); len(bad) > 0 {
		t.Fatalf("the sound table is found broken: %v", bad)
	}
	for _, c := range []struct {
		name  string
		spoil func(*flow.Table)
		want  string
	}{
		{"dead end", func(x *flow.Table) { x.Moves = x.Moves[:2] }, "state aside is a dead end"},
		{"only a retired move leads out", func(x *flow.Table) { x.Moves[2].Retired = true }, "state aside is a dead end"},
		{"a retired state without a way out", func(x *flow.Table) { x.States[2].Retired, x.Moves[2].Retired = true, true }, "state aside is a dead end"},
		{"nothing leads to it", func(x *flow.Table) {
			x.States = append(x.States, flow.State{Name: "lost", NoClock: "signature_only"})
			x.Moves[2].From = append(x.Moves[2].From, "lost")
		}, "nothing leads to state lost"},
		{"leaves an unknown state", func(x *flow.Table) { x.Moves[1].From = []string{"opne"} }, "leaves opne, which is no state"},
		{"leads to an unknown state", func(x *flow.Table) { x.Moves[1].To = "asdie" }, "leads to asdie, which is no state"},
		{"forks to an unknown state", func(x *flow.Table) { x.Moves[0].Fork.To["close"] = "doen" }, "leads to doen, which is no state"},
		{"may also lead to an unknown state", func(x *flow.Table) { x.Moves[1].Also = []string{"elsewhere"} }, "leads to elsewhere, which is no state"},
		{"waits in an unknown state", func(x *flow.Table) { x.Moves[0].Via = "reveiw" }, "leads to reveiw, which is no state"},
		{"open state without clock or reason", func(x *flow.Table) { x.States[2].NoClock = "" }, "open state aside has no clock and no reason"},
		{"a clock for some matters only", func(x *flow.Table) { x.States[0].Rules[0].If = flow.FlagNamed }, "open state open has no clock and no reason"},
		{"unknown timer", func(x *flow.Table) { x.States[0].Rules[0].Rule = "clue.opnion" }, "the rulebook has no timer clue.opnion"},
		{"unknown chain", func(x *flow.Table) { x.Moves[0].Chain = "clue.disposla" }, "the rulebook has no approval clue.disposla"},
		{"approval without a state to wait in", func(x *flow.Table) { x.Moves[0].Via = "" }, "needs approval but has no state to wait in"},
		{"unknown list", func(x *flow.Table) { x.Moves[0].Fields[0].List = "dispoal" }, "the rulebook has no list dispoal"},
		{"fork misses a choice", func(x *flow.Table) { delete(x.Moves[0].Fork.To, "close") }, "leads nowhere for close"},
		{"forks on what it does not ask", func(x *flow.Table) { x.Moves[0].Fork.Field = "outcome" }, "forks on outcome, which it does not ask for"},
		{"nobody may make it", func(x *flow.Table) { x.Moves[1].By = nil }, "nobody may make move rest"},
		{"no article", func(x *flow.Table) { x.Moves[1].Basis = nil }, "move rest names no article"},
		{"unknown regulation", func(x *flow.Table) { x.Moves[1].Basis = []rulebook.Basis{{Reg: "JDD", Art: "21"}} }, "no regulation JDD"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := sound()
			c.spoil(x)
			bad := x.Check(book)
			if !slices.ContainsFunc(bad, func(s string) bool { return strings.HasPrefix(s, "thing: ") && strings.Contains(s, c.want) }) {
				t.Errorf("found %q, want something with %q", bad, c.want)
			}
		})
	}
}

// The tables as they are: clean, every state within reach of the first one, and an end within reach of every state.
func TestTablesLeadToAnEnd(t *testing.T) {
	t.Parallel()
	a := built(t)
	for _, tab := range tables(a) {
		if bad := tab.Check(a.Rules); len(bad) > 0 {
			t.Errorf("%s: %v", tab.Kind, bad)
		}
		on, back := map[string][]string{}, map[string][]string{}
		for _, e := range edges(tab) {
			if !e.move.Retired && e.to != e.from {
				on[e.from], back[e.to] = append(on[e.from], e.to), append(back[e.to], e.from)
			}
		}
		var ends []string
		for _, s := range tab.States {
			if s.End {
				ends = append(ends, s.Name)
			} else if len(on[s.Name]) == 0 {
				t.Errorf("%s: state %s is a dead end", tab.Kind, s.Name)
			}
		}
		from, to := walk([]string{tab.States[0].Name}, on), walk(ends, back)
		for _, s := range tab.States {
			if !from[s.Name] && !s.Retired {
				t.Errorf("%s: nothing leads from the first state to %s", tab.Kind, s.Name)
			}
			if !to[s.Name] {
				t.Errorf("%s: from state %s no end can be reached", tab.Kind, s.Name)
			}
		}
	}
}

func walk(start []string, ways map[string][]string) map[string]bool {
	seen := map[string]bool{}
	for todo := start; len(todo) > 0; todo = todo[1:] {
		if !seen[todo[0]] {
			seen[todo[0]] = true
			todo = append(todo, ways[todo[0]]...)
		}
	}
	return seen
}

// firstActions are the moves that may stop a clock for a first action (D24), and what each of them is.
var firstActions = map[string]string{
	"tipoff accept":  "acceptance",
	"tipoff forward": "acceptance, handed to a lower unit",
	"tipoff assign":  "acceptance, handed to a lower unit to report back",
	"tipoff pass_on": "forwarding to another organ",
	"tipoff merge":   "merge with what was accepted before",
	"tipoff decline": "refusal",
	"slip send":      "forwarding to the level above",

	"letter enter":       "none: it runs on with the tip-off, from the same day",
	"letter enter_above": "acceptance by the level above, late",
	"letter lay_aside":   "refusal, in the superior's list",
	"clue receive":       "acceptance",
	"clue give_back":     "refusal, given back",
	"clue reassign":      "forwarding to another unit",
}

func TestFirstActionsStopTheirClock(t *testing.T) {
	t.Parallel()
	a := built(t)
	used := map[string]bool{}
	for _, tab := range tables(a) {
		for _, e := range edges(tab) {
			for _, rule := range clocksIn(tab, e.from) {
				tm, _ := a.Rules.Timer(rule, drawnOn) // Table.Check knows it
				stops := !slices.Contains(clocksIn(tab, e.to), rule) || slices.Contains(e.move.Ends, rule) || slices.Contains(e.move.Drops, rule)
				if !tm.First || !stops {
					continue
				}
				name := tab.Kind + " " + e.move.Name
				used[name] = true
				if firstActions[name] == "" {
					t.Errorf("%s stops %s in %s, and is neither acceptance nor refusal, forwarding or merge", name, rule, e.from)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(firstActions)) {
		if !used[name] {
			t.Errorf("%s is listed as a first action and stops no such clock", name)
		}
	}
}

func clocksIn(tab *flow.Table, state string) []string {
	s, _ := tab.State(state)
	var out []string
	for _, u := range s.Rules {
		out = append(out, u.Rule)
	}
	return out
}

// neverThere are clocks that a state has only for matters the move is shut for.
var neverThere = map[string]bool{
	"case propose_close delivered case.announce": true, "case propose_close delivered case.execute_post": true, "case propose_close delivered case.execution_report": true,
	"case propose_close delivered case.announce_office": true, "case propose_close delivered case.execution_office": true,
}

// A proposal meets nothing: what is owed where it was made stays owed while it waits.
func TestAskingStopsNoClock(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, tab := range tables(built(t)) {
		for _, e := range edges(tab) {
			if s, _ := tab.State(e.from); e.how != "propose" || s.End {
				continue
			}
			for _, rule := range clocksIn(tab, e.from) {
				if slices.Contains(clocksIn(tab, e.to), rule) {
					continue
				}
				name := tab.Kind + " " + e.move.Name + " " + e.from + " " + rule
				found[name] = true
				if !neverThere[name] {
					t.Errorf("%s: waiting for approval stops it", name)
				}
			}
		}
	}
	for name := range neverThere {
		if !found[name] {
			t.Errorf("%s is gone; take it off the list", name)
		}
	}
}

// What Check does not look at: that the parts of a table speak of each other's things.
func TestTablesHoldTogether(t *testing.T) {
	t.Parallel()
	a := built(t)
	for _, tab := range tables(a) {
		say := func(format string, args ...any) { t.Errorf(tab.Kind+": "+format, args...) }
		via := map[string]bool{}
		for i := range tab.Moves {
			m := &tab.Moves[i]
			if m.Via != "" {
				via[m.Via] = true
				if m.Chain == "" {
					say("move %s waits in %s, for no approval", m.Name, m.Via)
				}
			}
			for _, rule := range slices.Concat(m.Drops, m.Ends, m.Restart, slices.Collect(maps.Keys(m.Starts))) {
				if _, ok := a.Rules.Timer(rule, drawnOn); !ok {
					say("move %s: the rulebook has no timer %s", m.Name, rule)
				}
			}
			for rule, day := range m.Starts {
				if f, ok := field(m, day); !ok || f.Kind != flow.Day || !f.Must {
					say("move %s starts %s on %s, which is no day it must be given", m.Name, rule, day)
				}
			}
			checkFields(m, say)
			if m.Fork != nil {
				f, _ := field(m, m.Fork.Field)
				if !f.Must || f.When != nil {
					say("move %s forks on %s, which may be left out", m.Name, f.Name)
				}
				if m.To != "" {
					say("move %s forks and leads to %s", m.Name, m.To)
				}
				for c := range m.Fork.To {
					if f.List == "" && slices.Contains(f.Codes, c) {
						continue
					}
					if _, ok := a.Rules.Term(f.List, c); !ok {
						say("move %s forks for %s, which the list %s does not have", m.Name, c, f.List)
					}
				}
			}
			for _, c := range m.Refusal {
				if c != "*" && (m.Fork == nil || m.Fork.To[c] == "") {
					say("move %s refuses by %s, which it does not fork on", m.Name, c)
				}
			}
		}
		for _, s := range tab.States {
			if s.Waits != via[s.Name] && !s.Retired {
				say("state %s waits: %v, and a move waits in it: %v", s.Name, s.Waits, via[s.Name])
			}
			if s.Stage == "" {
				say("state %s belongs to no step of the header", s.Name)
			}
		}
	}
}

func checkFields(m *flow.Move, say func(string, ...any)) {
	seen := map[string]bool{}
	for _, f := range m.Fields {
		if seen[f.Name] {
			say("move %s asks twice for %s", m.Name, f.Name)
		}
		seen[f.Name] = true
		if w := f.When; w != nil && !strings.HasPrefix(w.Field, "@") && !seen[w.Field] {
			say("move %s asks for %s depending on %s, which it does not ask for before", m.Name, f.Name, w.Field)
		}
		switch f.Kind {
		case flow.Choice, flow.Choices, flow.Person, flow.People, flow.UnitRef:
			if f.List == "" && len(f.Codes) == 0 && f.Of == "" {
				say("move %s: %s has nothing to choose from", m.Name, f.Name)
			}
		}
	}
}
