package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// said are the only things a log line may say beside its message, none of which is about a person: no name, no login, no
// address, no title, nothing that was typed. route is the pattern, never the address that was asked for.
var said = []string{"attempt", "bytes", "database", "error", "incident", "kind", "listen", "metrics", "route", "statements", "status", "took"}

// loud are slog's ways of logging that take loose pairs: with them nobody can see here what is said.
var loud = []string{"Debug", "Info", "Warn", "Error", "DebugContext", "InfoContext", "WarnContext", "ErrorContext", "Log", "With", "WithGroup"}

func TestLogsSayNothingOfPeople(t *testing.T) {
	attrs := []string{"String", "Int", "Int64", "Uint64", "Float64", "Bool", "Time", "Duration", "Any", "Group", "Attr"}
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
			x := last(sel.X)
			switch {
			case x == "slog" && slices.Contains(attrs, sel.Sel.Name):
				lit, ok := call.Args[0].(*ast.BasicLit)
				if !ok {
					t.Errorf("%s: a log attribute whose name is not written there", path)
					return true
				}
				if name, _ := strconv.Unquote(lit.Value); !slices.Contains(said, name) || sel.Sel.Name == "Any" || sel.Sel.Name == "Group" {
					t.Errorf("%s: log lines may not say %s with slog.%s", path, lit.Value, sel.Sel.Name)
				}
			case (strings.EqualFold(x, "log") || strings.EqualFold(x, "logger") || x == "slog") && slices.Contains(loud, sel.Sel.Name):
				t.Errorf("%s: %s.%s takes loose pairs; use LogAttrs", path, x, sel.Sel.Name)
			case sel.Sel.Name == "LogAttrs" && len(call.Args) > 2:
				if _, ok := call.Args[2].(*ast.BasicLit); !ok && path != "internal/app/workers.go" {
					t.Errorf("%s: a log message is written in the code, not put together", path)
				}
			}
			return true
		})
	})
}

// last is the last name of an expression: Log of q.Log.
func last(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}
