package locale_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/locale"
	"qianshao/internal/platform/dbtest"
)

// TestEveryCodeHasBothLanguages walks everything the program can show a code of: lifecycles, fields, choices, faults
// named in the source, roles, posts, actions, measures, and every key that a page asks for by name.
func TestEveryCodeHasBothLanguages(t *testing.T) {
	want := map[string]string{}
	need := func(key, where string) { want[key] = where }
	a, err := app.Build(context.Background(), dbtest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range a.Engine.Kinds() {
		tab, _ := a.Engine.Table(kind)
		need("kind."+kind, "kind")
		for _, s := range tab.States {
			need("state."+kind+"."+s.Name, "state")
			if s.Stage != "" {
				need("stage."+kind+"."+s.Stage, "stage")
			}
			if s.NoClock != "" {
				need("noclock."+s.NoClock, "state without a clock")
			}
		}
		for _, m := range tab.Moves {
			key := "move." + kind + "." + m.Name
			need(key, "move")
			if !m.Quiet {
				need(key+".what", "what a move is")
				need(key+".why", "why a move is made")
			}
			for _, f := range m.Fields {
				if !locale.Has("field." + kind + "." + m.Name + "." + f.Name) {
					need("field."+f.Name, "field of "+key)
				}
				for _, c := range f.Codes {
					need("choice."+f.Name+"."+c, "choice of "+key)
				}
			}
		}
	}
	for _, m := range []string{flow.MoveExtend, flow.MovePause, "resume", "urge", "seen"} {
		need("move.clock."+m, "clock move")
		need("move.clock."+m+".what", "clock move")
	}
	for _, r := range access.Roles() {
		need("role."+string(r), "role")
	}
	for _, k := range access.PostKinds {
		need("post."+k.Kind, "post")
		for _, u := range k.At {
			need("unitkind."+u, "kind of unit")
		}
	}
	for _, d := range a.Measures.All() {
		need("measure."+d.Name, "measure")
		need("measure."+d.Name+".meaning", "measure")
	}
	for _, k := range []string{deadline.FireLate, deadline.FireRise, "warn"} {
		need("fire."+k, "what falls due")
	}
	for _, k := range []deadline.EntryKind{deadline.Opened, deadline.Paused, deadline.Resumed, deadline.Extended, deadline.Retargeted, deadline.Recomputed, deadline.Reowed, deadline.Fulfilled, deadline.Dropped, deadline.Reopened} {
		need("entry."+string(k), "clock entry")
	}
	for _, r := range []string{"head", "deputy", "principal", "review_head"} {
		need("moved.no_"+r, "signature moved")
	}
	for _, r := range []string{"record_party_secretary", "record_party_committee", "record_higher"} {
		need("role."+r, "step")
	}
	fromSource(t, need)
	var missing []string
	for k, where := range want {
		// What ends so is put together with a code that has been asked for by name.
		if strings.HasSuffix(k, ".") || strings.HasSuffix(k, "_") || begun[k] {
			continue
		}
		if !locale.Has(k) {
			missing = append(missing, k+"   ("+where+")")
		} else if locale.T(locale.Zh, k) == "" || locale.T(locale.En, k) == "" {
			missing = append(missing, k+" is empty")
		}
	}
	sort.Strings(missing)
	if len(missing) > 0 {
		t.Errorf("%d texts are missing:\n%s", len(missing), strings.Join(missing, "\n"))
	}
}

// begun are the beginnings of keys that the source completes and that end in a letter.
var begun = map[string]bool{"fault.yes": true, "fault.no": true, "fault.year_empty": true}

var (
	reFault  = regexp.MustCompile(`fault\.New\(fault\.[A-Za-z]+, "([a-z_.0-9]+)"`)
	reField  = regexp.MustCompile(`InvalidField\("[^"]*", "([a-z_.0-9]+)"|Code: "([a-z][a-z_.0-9]*)"|\bsay\("[^"]*", "([a-z_.0-9]+)"`)
	reAction = regexp.MustCompile(`Action: "([a-z_.0-9]+)"`)
	reT      = regexp.MustCompile(`\b(?:[a-zA-Z.]+\.)?T\((?:[a-zA-Z.()]+, )?"([a-z_A-Z.0-9]+)"`)
	reReturn = regexp.MustCompile(`return "([a-z]+\.[a-z_]+)", (?:nil|err)`)
)

// fromSource finds codes that are written down in the program's text.
func fromSource(t *testing.T, need func(key, where string)) {
	t.Helper()
	err := filepath.Walk("..", func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") ||
			!strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".templ") || strings.Contains(path, "apptest") || strings.Contains(path, "dbtest") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range reFault.FindAllStringSubmatch(string(b), -1) {
			need("fault."+m[1], path)
		}
		for _, m := range reField.FindAllStringSubmatch(string(b), -1) {
			need("fault."+m[1]+m[2]+m[3], path)
		}
		for _, m := range reReturn.FindAllStringSubmatch(string(b), -1) {
			need("fault."+m[1], path)
		}
		for _, m := range reAction.FindAllStringSubmatch(string(b), -1) {
			need("action."+m[1], path)
		}
		for _, m := range reT.FindAllStringSubmatch(string(b), -1) {
			need(m[1], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNumber: an English text that holds a word for one and a word for many shows the one that goes with the count.
func TestNumber(t *testing.T) {
	for _, x := range []struct{ lang, key, count, want string }{
		{locale.En, "due.late", "1", "1 day late"}, {locale.En, "due.late", "12", "12 days late"}, {locale.En, "due.late", "0", "0 days late"},
		{locale.Zh, "due.late", "1", "逾期1天"}, {locale.En, "length.workday", "1", "1 working day"}, {locale.En, "length.workday", "5", "5 working days"},
	} {
		if got := locale.T(x.lang, x.key, x.count); got != x.want {
			t.Errorf("%s of %s in %s is %q, want %q", x.key, x.count, x.lang, got, x.want)
		}
	}
}
