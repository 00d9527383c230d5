package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
)

// composed are the places whose statements can't be judged before they are put together, each with the reason. What
// they become is held to the same rules whenever a test runs it, but for backups.
var composed = map[string]string{
	"internal/ledger/table.go":                   "the one writer of covered tables: their names come from the areas, the tenant from here",
	"internal/org/amend.go amend":                "one of the covered tables",
	"internal/exchange/matters.go exportCases":   "the columns of a kind; the matters they are joined to bring the tenant",
	"internal/exchange/matters.go exportClues":   "the same",
	"internal/exchange/matters.go exportTipoffs": "the same",
	"internal/flow/count/measures.go clockStock": "what a side is read for; each side brings its tenant",
	"internal/measure/rows.go TallyRows":         "what a row's kind is read from; where comes from the measure's scope",
	"internal/app/apptest/same.go into":          "a test's city: the rows bring their tenant",
	"internal/bench/model.go rows":               "one of the covered tables, of the model city",
	"internal/platform/db/fill.go insertText":    "a generated database: the rows bring their tenant",
	"internal/platform/db/snapshot.go Count":     "a backup: every table of every tenant",
	"internal/platform/db/snapshot.go Each":      "a backup: every table of every tenant",
	"internal/platform/db/snapshot.go flush":     "a restore: the rows bring their tenant",
}

// hole stands in a statement for what only running tells.
const hole = "_hole_"

var (
	reCreate = regexp.MustCompile(`(?i)create\s+(?:virtual\s+)?table\s+([a-z_]+)`)
	reNames  = regexp.MustCompile(`\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_0-9]+)`)
	reSmall  = regexp.MustCompile(`^\s*(?:select\s.*\sfrom|insert\s+into|delete\s+from|update\s.*\sset)\s`)
)

// source is one file with what is needed to read its texts.
type source struct {
	path  string
	file  *ast.File
	named map[string]ast.Expr // what packages give a name, by "folder.name"
	from  map[string]string   // the folder of each import, by the name it has in the file
}

func parse(t *testing.T, file string, text []byte, named map[string]ast.Expr) source {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := source{file, f, named, map[string]string{}}
	for _, im := range f.Imports {
		p := strings.TrimPrefix(strings.Trim(im.Path.Value, `"`), module)
		s.from[path.Base(p)] = p
	}
	return s
}

// text is what an expression says; one that is put together is read whole, with holes for what is no constant.
func (s source) text(e ast.Expr) (string, bool) {
	switch v := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(v.Value)
		return text, err == nil && v.Kind == token.STRING
	case *ast.ParenExpr:
		return s.text(v.X)
	case *ast.BinaryExpr:
		a, left := s.text(v.X)
		b, right := s.text(v.Y)
		if !left {
			a = hole
		}
		if !right {
			b = hole
		}
		return a + b, v.Op == token.ADD && (left || right)
	case *ast.Ident:
		return s.constant(path.Dir(s.path), v.Name)
	case *ast.SelectorExpr:
		if p, ok := v.X.(*ast.Ident); ok && s.from[p.Name] != "" {
			return s.constant(s.from[p.Name], v.Sel.Name)
		}
	}
	return "", false
}

func (s source) constant(dir, name string) (string, bool) {
	c := s.named[dir+"."+name]
	if c == nil {
		return "", false
	}
	return source{path: dir + "/", named: s.named}.text(c)
}

// faults lists what is wrong with the statements of a file, and parts of statements, and how many there are.
func (s source) faults(tables map[string]bool) (bad []string, seen int) {
	for _, d := range s.file.Decls {
		where := s.path
		if fn, ok := d.(*ast.FuncDecl); ok {
			where += " " + fn.Name.Name
		}
		ast.Inspect(d, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if _, name := n.(*ast.Ident); !ok || name {
				return true
			}
			text, ok := s.text(e)
			if !ok {
				return true
			}
			if reSmall.MatchString(text) {
				bad = append(bad, where+": a statement is written in capitals: "+text)
			}
			if why := s.fault(text, tables, &seen); why != "" {
				bad = append(bad, where+": "+why+"\n"+text)
			}
			return false
		})
	}
	return bad, seen
}

func (s source) fault(text string, tables map[string]bool, seen *int) string {
	for _, m := range reNames.FindAllStringSubmatch(text, -1) {
		if m[1] == hole {
			return "which table is meant, only running tells"
		}
		if tables[m[1]] {
			*seen++
			if err := db.Lint(text); err != nil {
				return err.Error()
			}
			return ""
		}
	}
	return ""
}

// Whatever stands in the code as a statement, or as part of one, keeps to the tenant and to the words that both engines
// know: also what no test runs.
func TestStatements(t *testing.T) {
	tables := map[string]bool{}
	for _, e := range []db.Engine{db.SQLite, db.Postgres} {
		for _, n := range migrate.Names(e) {
			text, err := migrate.Text(e, n)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range reCreate.FindAllStringSubmatch(text, -1) {
				tables[m[1]] = true
			}
		}
	}
	named := map[string]ast.Expr{}
	var all []source
	each(t, func(file string, text []byte) {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "internal/platform/dbtest/") {
			return
		}
		s := parse(t, file, text, named)
		all = append(all, s)
		ast.Inspect(s.file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
				for i, name := range v.Names {
					named[path.Dir(file)+"."+name.Name] = v.Values[i]
				}
			}
			return true
		})
	})
	seen, needed := 0, map[string]bool{}
	for _, s := range all {
		bad, n := s.faults(tables)
		seen += n
		for _, b := range bad {
			where, _, _ := strings.Cut(b, ":")
			switch {
			case composed[where] != "":
				needed[where] = true
			case composed[s.path] != "":
				needed[s.path] = true
			default:
				t.Errorf("%.400s", b)
			}
		}
	}
	for where := range composed {
		if !needed[where] {
			t.Errorf("%s is excused, and needs no excuse", where)
		}
	}
	if seen < 250 {
		t.Errorf("only %d statements were found: they are looked for in the wrong way", seen)
	}
}

// The test above finds what it is there for.
func TestStatementsAreRead(t *testing.T) {
	const text = `package x
		import "qianshao/internal/flow"
		const here, there = " WHERE m.city_id = $1", " WHERE m.id = $1"
		func good() { run("SELECT m.id FROM matters m" + here) }
		func named() { run("SELECT m.id FROM matters m" + there) }
		func elsewhere() { run("SELECT "+flow.Columns+" FROM matters m WHERE m.id = $1") }
		func part() { b.Add(" AND EXISTS (SELECT 1 FROM bars x WHERE x.person_id = ?)", who) }
		func table() { run("DELETE FROM "+name+" WHERE city_id = $1") }
		func small() { run("select id from matters where id = $1") }
		func prose() { say("FROM HERE ON, matters UPDATE themselves") }`
	named := map[string]ast.Expr{}
	for name, value := range map[string]string{"internal/flow.Columns": "m.id", "internal/x.here": " WHERE m.city_id = $1", "internal/x.there": " WHERE m.id = $1"} {
		named[name] = &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(value)}
	}
	bad, seen := parse(t, "internal/x/x.go", []byte(text), named).faults(map[string]bool{"matters": true, "bars": true})
	var got []string
	for _, b := range bad {
		_, where, _ := strings.Cut(b, " ")
		where, _, _ = strings.Cut(where, ":")
		got = append(got, where)
	}
	if s := strings.Join(got, " "); s != "named elsewhere part table small" || seen != 4 {
		t.Errorf("found %s in %d statements: %q", s, seen, bad)
	}
}
