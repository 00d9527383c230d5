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

// outgoing are those who may open a connection, and to what.
var outgoing = map[string]string{
	"internal/platform/db": "the database's server",
	"internal/witness":     "the deployment that its command names, and a witness for verify",
	"internal/bench":       "the program that it measures",
}

// calls are the ways out of a program that the standard library has.
var calls = map[string][]string{
	"http": {"Client", "DefaultClient", "DefaultTransport", "Transport", "Get", "Head", "Post", "PostForm", "NewRequest", "NewRequestWithContext"},
	"net":  {"Dial", "DialTimeout", "Dialer", "DialTCP", "DialUDP", "DialUnix", "DialIP", "DefaultResolver", "Resolver", "LookupHost", "LookupIP", "LookupAddr"},
	"tls":  {"Dial", "Dialer", "DialWithDialer"},
	"smtp": {"SendMail", "Dial"},
	"rpc":  {"Dial", "DialHTTP"},
	"exec": {"Command", "CommandContext"},
}

// TestNobodyCallsOut is T39 as structure: nothing that somebody enters can make this program ask anybody for anything, since no
// page, and no room behind one, has a way out. An address in a report stays text.
func TestNobodyCallsOut(t *testing.T) {
	seen := map[string]bool{}
	each(t, func(path string, text []byte) {
		dir := filepath.ToSlash(filepath.Dir(path))
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(dir, "test") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			t.Error(err)
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if from, ok := sel.X.(*ast.Ident); ok && slices.Contains(calls[from.Name], sel.Sel.Name) {
				seen[dir] = true
				if outgoing[dir] == "" {
					t.Errorf("%s uses %s.%s: nothing but what stands in outgoing may leave the program", path, from.Name, sel.Sel.Name)
				}
			}
			return true
		})
	})
	for dir := range outgoing {
		if !seen[dir] {
			t.Errorf("%s opens no connection any more", dir)
		}
	}
}
