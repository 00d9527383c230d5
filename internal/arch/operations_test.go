package arch

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// The operator's page, docs/operations.md, is held to the program: whoever adds a metric, an alarm or a line to the log
// says there what it means and what to do, and nothing stands there that the program no longer has.

// firstCells lists what stands in code in the first cell of the rows of one section.
func firstCells(t *testing.T, section string) []string {
	t.Helper()
	_, text, ok := strings.Cut(read(t, "docs/operations.md"), "\n## "+section+"\n")
	if !ok {
		t.Fatalf("docs/operations.md has no section %q", section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var out []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Fatalf("docs/operations.md: no rows under %q", section)
	}
	return out
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func sameNames(t *testing.T, what string, have, told []string) {
	t.Helper()
	for _, h := range have {
		if !slices.Contains(told, h) {
			t.Errorf("docs/operations.md does not say what the %s %q means and what to do", what, h)
		}
	}
	for _, o := range told {
		if !slices.Contains(have, o) {
			t.Errorf("docs/operations.md explains the %s %q, which there is not", what, o)
		}
	}
}

func TestOperatorKnowsEveryLogLine(t *testing.T) {
	lines := map[string]bool{}
	each(t, func(path string, text []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			t.Error(err)
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			at, known := map[string]int{"LogAttrs": 2, "trouble": 1}[sel.Sel.Name]
			if !known || len(call.Args) <= at {
				return true
			}
			if lit, ok := call.Args[at].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				msg, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Error(err)
				}
				lines[msg] = true
			}
			return true
		})
	})
	sameNames(t, "log line", slices.Collect(maps.Keys(lines)), firstCells(t, "What a log line means"))
}

// ofMetric is the metric behind a name in an expression: a histogram's three series are one.
var (
	reMetric = regexp.MustCompile(`\b(?:qianshao|go|process)_[a-z0-9_]+`)
	reSeries = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// asked are the metrics of ours that an expression asks for.
func asked(expr string) []string {
	var out []string
	for _, m := range reMetric.FindAllString(expr, -1) {
		if strings.HasPrefix(m, "qianshao_") {
			out = append(out, reSeries.ReplaceAllString(m, ""))
		}
	}
	return out
}

func TestAlarmsAreExplained(t *testing.T) {
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr, For string
				Labels           map[string]string
				Annotations      map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "packaging/monitoring/qianshao-alerts.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	metrics := firstCells(t, "Metrics")
	var names []string
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			names = append(names, r.Alert)
			for _, m := range asked(r.Expr) {
				if !slices.Contains(metrics, m) {
					t.Errorf("alarm %s asks for %s, which there is not", r.Alert, m)
				}
			}
			if s := r.Labels["severity"]; s != "page" && s != "look" || r.Annotations["summary"] == "" || r.Expr == "" || r.For == "" {
				t.Errorf("alarm %s lacks something", r.Alert)
			}
			if strings.Count(r.Expr, "(") != strings.Count(r.Expr, ")") || strings.Count(r.Expr, "{") != strings.Count(r.Expr, "}") {
				t.Errorf("alarm %s: its brackets do not match: %s", r.Alert, r.Expr)
			}
		}
	}
	sameNames(t, "alarm", names, firstCells(t, "Alarms"))
}

func TestDashboardShowsWhatThereIs(t *testing.T) {
	var board struct {
		UID    string
		Panels []struct {
			ID      int
			Type    string
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "packaging/monitoring/qianshao-grafana.json")), &board); err != nil {
		t.Fatal(err)
	}
	metrics := firstCells(t, "Metrics")
	shown, ids := map[string]bool{}, map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d %q: no title, nothing shown, or its number twice", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, x := range p.Targets {
			for _, m := range asked(x.Expr) {
				shown[m] = true
				if !slices.Contains(metrics, m) {
					t.Errorf("panel %q asks for %s, which there is not", p.Title, m)
				}
			}
		}
	}
	for _, m := range metrics {
		if !shown[m] {
			t.Errorf("no panel shows %s", m)
		}
	}
}
