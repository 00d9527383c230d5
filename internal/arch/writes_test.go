package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The doors past the ledger, and who may use them. Everybody else writes an act.
var doors = map[string][]string{
	// Write: the ledger itself; jobs; what is derived from facts (the search index, a generated database's sums); the clock's
	// mark; making a tenant.
	"Write": {"internal/ledger", "internal/jobs", "internal/platform/text", "internal/deadline", "internal/app", "internal/bench"},
	// Raw: migrations; the builder of the demonstration, which makes its file ready to be copied; plans and bare rows measured.
	"Raw": {"internal/platform/migrate", "internal/platform/dbtest", "internal/demo", "internal/bench"},
	// Fill and Bare: a database that is generated; Bare: one that is built.
	"Fill": {"internal/bench"}, "Bare": {"internal/bench", "internal/demo"},
	// Load: a restore.
	"Load": {"internal/platform/backup"},
}

// A database is called DB, d or tx.d wherever it is held; the ledger's own Write is called on a Ledger or l.
func TestWhoWritesPastTheLedger(t *testing.T) {
	each(t, func(path string, text []byte) {
		dir := filepath.ToSlash(filepath.Dir(path))
		if strings.HasSuffix(path, "_test.go") || dir == "internal/platform/db" || strings.HasSuffix(dir, "test") && dir != "internal/platform/dbtest" {
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
			who, known := doors[sel.Sel.Name]
			if x := last(sel.X); known && (x == "DB" || x == "d") && len(call.Args) != 1 && !slices.Contains(who, dir) {
				t.Errorf("%s calls %s.%s: only %s may; a business write goes through the ledger", path, x, sel.Sel.Name, strings.Join(who, ", "))
			}
			return true
		})
	})
}
