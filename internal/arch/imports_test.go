package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the prefix of every package of ours.
const module = "qianshao/"

// pkg is a package as the go command lists it. Tests' imports are left out: a test may build a whole city.
type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	Doc        string
	GoFiles    []string
}

// name is the path below internal.
func (p pkg) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "internal/")
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,Doc,GoFiles", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(p.ImportPath, module+"tmp/") {
			all = append(all, p)
		}
	}
}

// room is a package and what of ours it may import beside the kernel; "platform" stands for every package of it that
// does not open a database, and "spine" for the five questions with their rules.
type room struct {
	name string
	may  []string
}

var (
	kernel = []string{"fault", "id", "calendar", "typed"}
	spine  = []string{"access", "ledger", "flow", "flow/record", "flow/count", "flow/bar", "flow/number", "deadline", "measure", "rulebook", "platform/db", "platform/text"}
)

// rooms is the one table of who may import whom. A package that is not in it has no place yet.
var rooms = []room{
	{"fault", nil}, {"id", nil}, {"calendar", nil}, {"typed", []string{"fault", "calendar"}},
	{"platform/db", nil}, {"platform/migrate", []string{"platform/db"}}, {"platform/dbtest", []string{"platform/db", "platform/migrate"}},
	{"platform/backup", []string{"platform/db", "platform/migrate"}}, {"platform/text", []string{"platform/db"}},
	{"platform/seal", nil}, {"platform/envelope", []string{"platform/seal"}}, {"platform/checkpoint", nil}, {"platform/blob", nil}, {"platform/spool", []string{"platform/blob", "platform/envelope"}}, {"platform/docx", nil}, {"platform/obs", nil}, {"platform/host", nil}, {"sheet", nil},

	{"access", []string{"platform/db"}},
	{"ledger", []string{"access", "platform/db", "platform/seal", "platform/checkpoint"}},
	{"rulebook", nil},
	{"measure", []string{"ledger", "access", "platform/db"}},
	{"deadline", []string{"measure", "ledger", "access", "rulebook", "platform/db"}},
	{"flow/bar", []string{"ledger", "platform/db", "platform/text"}},
	{"flow/number", []string{"access", "ledger", "platform/db"}},
	{"flow", []string{"flow/bar", "flow/number", "deadline", "measure", "ledger", "access", "rulebook", "platform/db", "platform/text"}},

	{"flow/namesake", []string{"flow", "flow/bar", "deadline", "ledger", "access", "platform/db"}},
	{"flow/heir", []string{"flow", "deadline", "ledger", "access", "platform/db"}},
	{"flow/record", []string{"flow", "deadline", "platform/db"}},
	{"flow/count", []string{"flow", "deadline", "measure", "access", "platform/db"}},
	{"jobs", []string{"platform/db"}},
	{"visit", []string{"platform/db"}},
	{"witness", []string{"platform/checkpoint", "platform/seal"}},
	{"proof", []string{"locale", "platform/checkpoint", "platform/envelope", "platform/seal"}},
	{"portal", []string{"commission", "locale", "web/ui", "platform/envelope", "platform/spool", "platform/seal", "platform/checkpoint", "proof"}}, // the public side: never a database, never an area
	{"courier", []string{"platform/spool", "platform/blob", "platform/envelope", "platform/seal"}},
	{"badday", nil}, // tests only
	{"account", []string{"ledger", "access", "platform/db", "platform/text"}},
	{"custody", []string{"flow", "deadline", "ledger", "access", "platform/db", "platform/seal", "platform/blob"}},

	{"commission", nil}, // words alone, for both sides
	{"org", append([]string{"commission"}, spine...)},
	{"org/area", append([]string{"org"}, spine...)}, {"org/formula", append([]string{"org", "org/area"}, spine...)}, {"org/callup", append([]string{"org", "burden", "locale"}, spine...)},
	{"org/staffing", append([]string{"org"}, spine...)}, {"org/roll", append([]string{"org"}, spine...)},
	{"intake", append([]string{"org", "custody", "jobs", "locale", "platform/envelope"}, spine...)},
	{"reprisal", append([]string{"intake", "org", "custody", "jobs", "platform/envelope", "platform/seal"}, spine...)},
	{"intake/telltale", nil}, // words alone
	{"intake/likeness", []string{"flow", "ledger", "access", "platform/db", "platform/envelope", "platform/seal", "platform/text"}},
	{"clue", append([]string{"intake", "org"}, spine...)},
	{"burden", append([]string{"org"}, spine...)},
	{"duty", append([]string{"org", "burden"}, spine...)},      // what it asks stands on the account
	{"haves", append([]string{"org", "burden"}, spine...)},     // a round's minutes stand on the account
	{"supervise", append([]string{"org", "burden"}, spine...)}, // and what a check from above takes a township
	{"casework", append([]string{"clue", "org"}, spine...)},
	{"document", append([]string{"locale"}, spine...)},
	{"insight", append([]string{"org", "locale", "platform/docx"}, spine...)}, // measures by name, no area but org
	{"exchange", append([]string{"org", "intake", "clue", "casework", "duty", "sheet", "locale"}, spine...)},

	// The interface for programs shows what every page shows, in another form.
	{"api", append([]string{"web", "locale", "org", "intake", "clue", "casework", "insight", "account/accounthttp", "flow/flowhttp", "measure/measurehttp"}, spine...)},

	{"locale", nil}, {"web/ui", []string{"locale"}}, {"web", []string{"web/ui", "locale", "access", "platform/db"}},
}

// pages are rooms that show another: xhttp may import x, the pickers of org, the matter's page, and the web.
func pages(name string) []string {
	own, _, _ := strings.Cut(name, "/")
	may := []string{own, "web", "web/ui", "locale", "access", "org", "org/orghttp", "flow", "flow/record", "flow/namesake", "flow/flowhttp", "deadline", "measure", "rulebook", "platform/db", "platform/text"}
	switch own {
	case "org": // what sees to people and to the register; areas, the force formula and call-ups have their pages in one room
		may = append(may, "org/staffing", "org/roll", "org/area", "org/formula", "org/callup")
	case "flow": // what is sealed is opened from the matter's page
		may = append(may, "custody")
	case "intake": // and sealed at the counter
		may = append(may, "custody", "platform/envelope", "intake/telltale", "intake/likeness")
	case "custody": // what keys are wrapped under, handed on as it was typed
		may = append(may, "platform/seal", "platform/envelope")
	case "reprisal": // what was noticed is sealed
		may = append(may, "custody")
	case "account": // the auditor's page reads the log
		may = append(may, "ledger", "visit")
	case "ledger": // those who watch the logs
		may = append(may, "ledger")
	case "exchange":
		may = append(may, "sheet")
	}
	return may
}

// everything may import everything: the composition root, the program, and what builds whole cities.
func everything(name string) bool {
	return name == "app" || name == "demo" || name == "bench" || name == "e2e" || strings.HasPrefix(name, "cmd/") || strings.HasSuffix(name, "test")
}

func TestWhoImportsWhom(t *testing.T) {
	may := map[string][]string{}
	for _, r := range rooms {
		may[r.name] = r.may
	}
	seen := map[string]bool{}
	for _, p := range packages(t) {
		name := p.name()
		seen[name] = true
		if everything(name) || name == "arch" || name == "rulebook" && !strings.Contains(p.ImportPath, "internal") {
			continue
		}
		allowed, known := may[name]
		if strings.HasSuffix(name, "http") {
			allowed, known = pages(name), true
		}
		if !known {
			t.Errorf("%s is in no row of the table: give the room its place, and say in docs/map.md what it is for", name)
			continue
		}
		for _, i := range p.Imports {
			if path, ok := strings.CutPrefix(i, module); ok {
				of := strings.TrimPrefix(path, "internal/")
				if !slices.Contains(kernel, of) && !slices.Contains(allowed, of) {
					t.Errorf("%s imports %s, which its row of the table does not allow", name, of)
				}
			}
		}
	}
	for _, r := range rooms {
		if !seen[r.name] {
			t.Errorf("the table has a row for %s, which is no package", r.name)
		}
	}
}

func TestOutsideImports(t *testing.T) {
	for _, p := range packages(t) {
		name := p.name()
		for _, i := range p.Imports {
			third := strings.Contains(strings.Split(i, "/")[0], ".")
			switch {
			case slices.Contains(kernel, name) && (third || i == "os" || i == "net/http" || i == "database/sql"):
				t.Errorf("%s is kernel: pure standard library, no I/O; it imports %s", name, i)
			case (i == "database/sql" || strings.Contains(i, "jackc/pgx") || strings.Contains(i, "sqlite")) && !strings.HasPrefix(name, "platform/"):
				t.Errorf("%s imports %s: databases are known to platform alone", name, i)
			case i == "net/http" && !mayHTTP(name):
				t.Errorf("%s imports net/http: a room knows no pages", name)
			case i == "html/template" && name != "proof": // whose one file goes out of the house, to be opened by whatever browser
				t.Errorf("%s imports %s: pages are templ", name, i)
			case strings.HasPrefix(i, "github.com/a-h/templ") && name != "web" && name != "web/ui" && name != "app" && name != "portal" && !strings.HasSuffix(name, "http"):
				t.Errorf("%s imports templ: a room knows no pages", name)
			}
		}
	}
}

// mayHTTP says who may know net/http. Custody asks it for one thing, what sort of content a file's first bytes are; a witness is a
// process of its own, and asks and answers over nothing else; so is the public side, which is pages and nothing else.
func mayHTTP(name string) bool {
	return name == "app" || name == "api" || name == "bench" || strings.HasPrefix(name, "web") || strings.HasSuffix(name, "http") || strings.HasSuffix(name, "test") || name == "platform/obs" || name == "custody" || name == "witness" || name == "portal"
}
