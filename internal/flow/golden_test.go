package flow_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/app"
	"qianshao/internal/flow"
	"qianshao/internal/platform/dbtest"
)

var update = flag.Bool("update", false, "write docs/flows.md anew and append new names to testdata/names.golden")

// docs/flows.md says what the tables and the rulebook say, and nothing else: whoever knows the procedure reads it there.
func TestFlowsAreDrawn(t *testing.T) {
	t.Parallel()
	want := draw(built(t))
	file := filepath.Join("..", "..", "docs", "flows.md")
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) == want {
		return
	}
	h, w := strings.Split(string(have), "\n"), strings.Split(want, "\n")
	n := 0
	for n < len(h) && n < len(w) && h[n] == w[n] {
		n++
	}
	at := func(lines []string) string {
		if n < len(lines) {
			return lines[n]
		}
		return "(the end)"
	}
	t.Errorf("docs/flows.md is not what the tables say; write it anew with -update. It differs first in line %d:\n  have %s\n  want %s", n+1, at(h), at(w))
}

// A name that was ever listed stays: stored matters, acts and drafts name it (D19). It may be retired, and a retired
// state keeps a way out. -update only ever appends.
func TestNamesNeverVanish(t *testing.T) {
	t.Parallel()
	file := filepath.Join("testdata", "names.golden")
	raw, err := os.ReadFile(file)
	if err != nil && !(*update && os.IsNotExist(err)) {
		t.Fatal(err)
	}
	a := built(t)
	names := map[string]bool{}
	var order []string
	add := func(parts ...string) {
		n := strings.Join(parts, " ")
		if names[n] {
			t.Errorf("%s stands twice", n)
		}
		names[n] = true
		order = append(order, n)
	}
	for _, tab := range tables(a) {
		add("kind", tab.Kind)
		for _, s := range tab.States {
			add("state", tab.Kind, s.Name)
			if s.Retired && !s.End && !leaves(tab, s.Name) {
				t.Errorf("state %s %s is retired and whatever stands in it has no way out", tab.Kind, s.Name)
			}
		}
		for _, m := range tab.Moves {
			add("move", tab.Kind, m.Name)
		}
	}
	listed := map[string]bool{}
	for _, l := range strings.Split(string(raw), "\n") {
		if l = strings.TrimSpace(l); l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		listed[l] = true
		if !names[l] {
			t.Errorf("%s has gone; retire it instead, matters and acts still name it", l)
		}
	}
	var added strings.Builder
	for _, n := range order {
		if !listed[n] {
			fmt.Fprintln(&added, n)
		}
	}
	switch {
	case added.Len() == 0:
	case !*update:
		t.Errorf("new names; list them with -update:\n%s", added.String())
	case !t.Failed():
		if len(raw) == 0 {
			raw = []byte("# Every kind of matter, state and move there ever was. Lines are only ever added.\n")
		}
		if err := os.WriteFile(file, append(raw, added.String()...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// leaves says whether a move that is not retired leads from a state to another.
func leaves(t *flow.Table, state string) bool {
	for _, e := range edges(t) {
		if e.from == state && e.to != state && !e.move.Retired {
			return true
		}
	}
	return false
}

func built(t *testing.T) *app.App {
	t.Helper()
	a, err := app.Build(context.Background(), dbtest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func tables(a *app.App) []*flow.Table {
	var out []*flow.Table
	for _, k := range a.Engine.Kinds() {
		tab, _ := a.Engine.Table(k) // the engine named it
		out = append(out, tab)
	}
	return out
}

// edge is one way from a state to another: by a move, by proposing it, or by its approval or return.
type edge struct {
	from, to string
	move     *flow.Move
	how      string // "", propose, approve, return
	choice   string // of the fork
}

// edges lists every way a table declares.
func edges(t *flow.Table) []edge {
	var out []edge
	for i := range t.Moves {
		m := &t.Moves[i]
		lead := func(from, how string) {
			if m.To != "" {
				out = append(out, edge{from, m.To, m, how, ""})
			}
			if m.Fork != nil {
				for _, c := range slices.Sorted(maps.Keys(m.Fork.To)) {
					out = append(out, edge{from, m.Fork.To[c], m, how, c})
				}
			}
			for _, s := range m.Also {
				out = append(out, edge{from, s, m, how, ""})
			}
		}
		if m.Via != "" {
			for _, f := range m.From {
				out = append(out, edge{f, m.Via, m, "propose", ""}, edge{m.Via, f, m, "return", ""})
			}
			lead(m.Via, "approve")
			continue
		}
		for _, f := range m.From {
			lead(f, "")
			if m.To == "" && m.Fork == nil {
				out = append(out, edge{f, f, m, "", ""})
			}
		}
	}
	return out
}

func field(m *flow.Move, name string) (flow.Field, bool) {
	for _, f := range m.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return flow.Field{}, false
}
