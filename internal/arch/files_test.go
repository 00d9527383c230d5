package arch

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	maxFile = 500
	maxRoom = 5000
)

// each calls fn with every Go file that a person wrote, by its path from the top.
func each(t *testing.T, fn func(path string, text []byte)) {
	t.Helper()
	for _, top := range []string{"internal", "cmd", "rulebook"} {
		err := filepath.WalkDir(filepath.Join("../..", top), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_templ.go") {
				return err
			}
			b, err := os.ReadFile(path)
			if err == nil {
				fn(filepath.ToSlash(strings.TrimPrefix(path, "../../")), b)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSizes(t *testing.T) {
	of := map[string]int{}
	each(t, func(path string, text []byte) {
		n := bytes.Count(text, []byte("\n"))
		if n > maxFile {
			t.Errorf("%s has %d lines; the limit is %d: split it by use case", path, n, maxFile)
		}
		if !strings.HasSuffix(path, "_test.go") {
			of[filepath.Dir(path)] += n
		}
	})
	for dir, n := range of {
		if n > maxRoom {
			t.Errorf("%s has %d lines; a room is split past %d", dir, n, maxRoom)
		}
	}
}

// Rooms print nothing and register nothing by being imported, and every package says what it is for.
func TestManners(t *testing.T) {
	each(t, func(path string, text []byte) {
		f, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			t.Error(err)
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.FuncDecl:
				if x.Name.Name == "init" && x.Recv == nil {
					t.Errorf("%s: init() registers by being imported; say it where the program is put together", path)
				}
			case *ast.CallExpr:
				if s, ok := x.Fun.(*ast.SelectorExpr); ok && strings.HasPrefix(path, "internal/") && !strings.HasSuffix(path, "_test.go") {
					if id, ok := s.X.(*ast.Ident); ok && (id.Name == "fmt" && strings.HasPrefix(s.Sel.Name, "Print") || id.Name == "log" && id.Obj == nil && strings.HasPrefix(s.Sel.Name, "Print")) {
						t.Errorf("%s prints; what is to be said goes to the log, or back to the caller", path)
					}
				}
			}
			return true
		})
	})
	for _, p := range packages(t) {
		if p.Doc == "" && len(p.GoFiles) > 0 {
			t.Errorf("%s does not say what it is for", p.name())
		}
	}
}

// docs/map.md knows every room: a reader finds the place for a change from there.
func TestMapKnowsEveryRoom(t *testing.T) {
	b, err := os.ReadFile("../../docs/map.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages(t) {
		if name := p.name(); !bytes.Contains(b, []byte("`"+name+"`")) && name != "arch" {
			t.Errorf("docs/map.md does not name `%s`", name)
		}
	}
}
