package app_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

var update = flag.Bool("update", false, "write the goldens anew")

// post is somebody who walks: a kind of post at a level.
type post struct{ kind, at string }

func (p post) String() string { return p.kind + "@" + p.at }

// levels are the units that the walkers' posts stand in, by the kind of unit.
var levels = map[string]string{"province": "province", "city": "city", "county": "county", "office": "county.office1", "township": "full", "village": "village"}

// walkers hires one holder of every kind of post at every level it may stand at.
func (w *furnished) walkers() []post {
	var out []post
	for _, k := range access.PostKinds {
		for _, at := range k.At {
			p := post{k.Kind, at}
			w.Hire(p.String(), "甲"+fmt.Sprint(len(out)), k.Kind, levels[at])
			out = append(out, p)
		}
	}
	return out
}

// The readers of each kind of thing, said again by hand: what the program holds about it is what is being tested.
var (
	readersOf = map[string][]string{
		"tipoff":  {"principal", "vice", "intake_clerk"},
		"letter":  {"intake_clerk"},
		"alert":   {"intake_clerk"},
		"vacancy": {"principal", "vice", "personnel_clerk"}, "rotation": {"principal", "vice", "personnel_clerk"}, "filing": {"principal", "vice", "personnel_clerk"},
		"clue": {"principal", "vice", "supervision_clerk", "observer"},
		"case": {"principal", "vice", "supervision_clerk", "observer", "review_head", "reviewer"},

		"ask":      {"principal", "vice", "supervision_clerk", "observer", "intake_clerk", "personnel_clerk"},
		"unlisted": {"principal", "vice", "supervision_clerk", "observer", "intake_clerk", "personnel_clerk"},
		"gap":      {"principal", "vice", "supervision_clerk", "observer", "personnel_clerk"},
		"rating":   {"principal", "vice", "supervision_clerk", "observer", "personnel_clerk"},
		"round":    {"principal", "vice", "supervision_clerk", "observer", "personnel_clerk"},
		"list":     {"principal", "vice", "supervision_clerk", "observer", "personnel_clerk"},
		"callup":   {"principal", "vice", "supervision_clerk"},
	}
	dutyReaders = []string{"principal", "vice", "supervision_clerk", "observer", "personnel_clerk"}
	workers     = map[string][]string{"office": {"office_head", "investigator"}, "township": {"secretary", "deputy", "officer"}}
	// reach is which places an organ's people see: a county its own, the city and the province all there are below them.
	reach = map[string][]string{"county": {"office", "township", "neighbour"}, "city": {"office", "township", "neighbour", "elsewhere", "above"}, "province": {"office", "township", "neighbour", "elsewhere", "above"}}
)

// sees says whether a holder of a post may know that a thing of a place is there.
func (p post) sees(thing, place string) bool {
	switch thing {
	case "town", "duty", "task", "inspection", "confirmation", "handback", "order", "deviation":
		// The township's own, but what goes to its Party committee; and the organs above it.
		own := p.at == "township" && (place == "office" || place == "township") && thing != "order"
		return own && slices.Contains(workers["township"], p.kind) || slices.Contains(dutyReaders, p.kind) && slices.Contains(reach[p.at], place)
	case "checked": // a township's own, an office's what its county has
		if p.at == "township" || p.at == "office" {
			return slices.Contains(workers[p.at], p.kind) && (place == "office" || place == "township" || p.at == "office" && place == "neighbour")
		}
		return slices.Contains(dutyReaders, p.kind) && slices.Contains(reach[p.at], place)
	case "slip":
		thing = "tipoff"
	case "proposal":
		thing = "clue"
		if place == "above" {
			thing = "tipoff"
		}
	case "post", "account", "ward":
		// Of the tenant they stand in: a county's administrators the county's, a city's all; a province has its own.
		admins := map[string][]string{"post": {"secadmin", "personnel_clerk"}, "ward": {"secadmin", "personnel_clerk"}, "account": {"sysadmin"}}[thing]
		return slices.Contains(admins, p.kind) && p.at != "province" && slices.Contains(reach[p.at], place)
	case "delegation":
		// Whoever gave or was given it, none of whom walks, and the chief of the organ it was given in.
		return p.kind == "principal" && (p.at == "county" && slices.Contains(reach["county"], place) || p.at == "city" && place == "above")
	case "register": // of the county's units; a village reads its own
		return p.at == "city" || p.at == "province" || p.at != "village" && slices.Contains(reach["county"], place)
	case "unit", "person": // nobody of another county walks
		return true
	case "round": // of a county: each of its townships' people see their own part of it
		if p.at == "township" && (place == "township" || place == "neighbour") {
			return slices.Contains(workers["township"], p.kind)
		}
	case "list": // what a county issued is read in it
		if p.at == "township" || p.at == "office" {
			return slices.Contains(workers[p.at], p.kind) && place != "elsewhere"
		}
	}
	if thing != "tipoff" && thing != "letter" && thing != "alert" && thing != "vacancy" && thing != "rotation" && p.at == place {
		return slices.Contains(workers[place], p.kind)
	}
	return slices.Contains(readersOf[thing], p.kind) && slices.Contains(reach[p.at], place)
}

// TestEveryRouteByEveryPost walks every route as a holder of every kind of post at every level, with real things of their
// own unit, of the one beside it, of another county and of the register above. What comes of it is kept (routes.golden):
// a route that is not in there fails, and so does any answer that is another one now. Whatever is kept: a thing that
// somebody may not know of reads in status and in every word as one that does not exist, and takes as many statements;
// one that they may know of never does; nothing is a defect.
func TestEveryRouteByEveryPost(t *testing.T) {
	t.Parallel()
	w := furnish(t, dbtest.SQLite(t))
	mux := w.Mux()
	mux.Sessions = remembered{mux.Sessions, map[string]access.Actor{}}
	walk := &walker{furnished: w, routes: mux.Routes()}
	mux.Observe = func(_ web.Route, _ int, _ time.Duration, n int64) { walk.statements = n }
	walk.h = mux.Handler()
	posts := w.walkers()
	var out strings.Builder
	for _, r := range walk.routes {
		if r.Open {
			continue
		}
		walk.nobody(visits(r)[0])
		for _, v := range visits(r) {
			line := out.Len()
			fmt.Fprintf(&out, "%s\n", v)
			if v.about() == "" {
				out.WriteString(tell("", posts, func(p post) int { return walk.anywhere(p, v) }))
				continue
			}
			some, nothing, work := false, map[post]answer{}, map[post]int64{}
			for _, at := range places {
				ts := w.things[at.name]
				if _, ok := v.address(ts); !ok {
					continue
				}
				some = true
				out.WriteString(tell(at.name, posts, func(p post) int {
					n, asked := nothing[p]
					if !asked {
						n, _ = walk.goes(p.String(), v, ts.none())
						nothing[p], work[p] = n, walk.statements
					} else if n.code == http.StatusForbidden {
						return n.code // turned away from the route itself, as the first place has shown
					}
					code := walk.there(p, v, at.name, n)
					if code == http.StatusNotFound && walk.statements != work[p] && slices.Contains(familial, v.about()) {
						t.Errorf("%s by %s takes %d statements in %s, where nothing is %d", v, p, walk.statements, at.name, work[p])
					}
					return code
				}))
			}
			if !some {
				kept := out.String()[:line]
				out.Reset()
				out.WriteString(kept)
			}
		}
	}
	golden(t, "routes.golden", out.String())
}

// nobody checks that whoever is not signed in is sent to sign in.
func (w *walker) nobody(v visit) {
	w.t.Helper()
	a, ok := w.goes("", v, w.things["office"])
	for _, at := range []string{"above", "township"} { // there are alerts with the city alone, and some things in townships alone, and vacancies in townships
		if !ok {
			if !ok {
				a, ok = w.goes("", v, w.things[at])
			}
		}
	}
	if v.API && a.code != http.StatusUnauthorized || !v.API && (a.code != http.StatusSeeOther || !strings.HasPrefix(a.head.Get("Location"), "/sign-in")) {
		w.t.Errorf("%s as nobody: %d %s", v, a.code, a.head.Get("Location"))
	}
}

// whole refuses an answer that is a defect.
func (w *walker) whole(p post, v visit, a answer) int {
	w.t.Helper()
	if a.code >= 500 {
		w.t.Errorf("%s by %s: %d", v, p, a.code)
	}
	if v.Path == "/keys/lock" {
		w.unlock()
	}
	return a.code
}

// familial are the things of a matter: what takes longer to be refused than where there is none would tell of it.
var familial = []string{"tipoff", "clue", "case", "proposal"}

// widest are the addresses at which lists show the most.
var widest = map[string][]string{
	"/tipoffs": {"?view=all"}, "/slips": {"?view=all"}, "/clues": {"?view=all"}, "/cases": {"?view=all"}, "/callups": {"?view=all"}, "/confirmations": {"?view=all"}, "/handbacks": {"?view=all"}, "/orders": {"?view=all"}, "/deviations": {"?view=all"}, "/search": {"?q=" + url.QueryEscape("反映"), "?q=" + url.QueryEscape("线索")},
	"/api/v1/tipoffs": {"?view=all&limit=200"}, "/api/v1/slips": {"?view=all&limit=200"}, "/api/v1/clues": {"?view=all&limit=200"}, "/api/v1/cases": {"?view=all&limit=200"},
	"/unlisted": {"?view=all"}, "/burden/asks": {"?view=all"}, "/gaps": {"?view=all"}, "/ratings": {"?view=all"}, "/api/v1/callups": {"?view=all&limit=200"},
}

// anywhere makes a visit to what is no one thing: a list, a figure, a form. It holds no id of what the reader may not know
// of, however wide they ask.
func (w *walker) anywhere(p post, v visit) int {
	w.t.Helper()
	a, _ := w.goes(p.String(), v, things{})
	if v.Method == http.MethodGet && a.code == http.StatusOK {
		path, _ := v.address(nil)
		w.silent(p, path, a)
		for _, wide := range widest[path] {
			w.silent(p, path+wide, w.get(p.String(), path+wide))
		}
	}
	return w.whole(p, v, a)
}

func (w *walker) silent(p post, path string, a answer) {
	w.t.Helper()
	for place, ts := range w.things {
		for name, x := range ts {
			thing, _, _ := strings.Cut(name, ".")
			switch thing {
			case "waiting":
				thing = "proposal"
			case "appointment":
				thing = "post"
			}
			if thing == "register" {
				continue // the unit, which is everybody's to see
			}
			if thing == "ward" || thing == "post" && !strings.HasPrefix(path, "/admin/") || thing == "town" || thing == "checked" {
				continue // that there is a unit, and a post of it, is said to everybody
			}
			if !p.sees(thing, place) && strings.Contains(a.body, x.Key) {
				w.t.Errorf("%s shows %s the %s of %s", path, p, name, place)
			}
		}
	}
}

// there makes a visit in a place, and holds it against what the same visit to nothing gave.
func (w *walker) there(p post, v visit, place string, nothing answer) int {
	w.t.Helper()
	ts := w.things[place]
	a, _ := w.goes(p.String(), v, ts)
	sees := p.sees(v.about(), place)
	switch {
	case !sees && a.same(ts) != nothing.same(ts):
		w.t.Errorf("%s (%s) by %s: %d, and %d for what does not exist", v, place, p, a.code, nothing.code)
	case sees && nothing.code != http.StatusForbidden && a.code == http.StatusNotFound && (v.kind == "tipoff" || !strings.Contains(v.Path, "/open/")): // nothing but a report has anything sealed
		w.t.Errorf("%s (%s) by %s: their own is not there", v, place, p)
	}
	if v.Method != http.MethodGet && a.code < 400 && strings.HasPrefix(v.Path, "/delegations/") {
		w.delegated(place) // it was ended: the next one finds it as it was
	}
	return w.whole(p, v, a)
}

// TestThingsOfAnotherMatter: a file, paper, deadline or recusal is there under its own matter only, for whoever may see
// both.
func TestThingsOfAnotherMatter(t *testing.T) {
	t.Parallel()
	w := furnish(t, dbtest.SQLite(t))
	walk := w.walker()
	w.Hire("citysupervision", "岑管", "supervision_clerk", "city")
	n := 0
	for _, r := range walk.routes {
		for _, v := range visits(r) {
			if v.kind == "" || strings.Count(v.Path, "{") < 2 || strings.Contains(v.Path, "/do/") || strings.Contains(v.Path, "/open/") || strings.Contains(v.Path, "/new/") || strings.Contains(v.Path, "{recusal}") || strings.Contains(v.Path, "{person}") {
				continue
			}
			if _, there := w.things["office"][v.kind]; !there {
				continue // of its kind there is one alone
			}
			for _, from := range []string{"township", "elsewhere"} {
				if from == "township" && slices.Contains(dutyKinds, v.kind) {
					continue // the same as the office's
				}
				mixed := maps.Clone(w.things[from])
				mixed[v.kind] = w.things["office"][v.kind]
				lost := mixed.none()
				lost[v.kind] = mixed[v.kind]
				for _, who := range []string{"intake", "supervision", "principal", "citychief", "citysupervision", "cityintake"} {
					a, ok := walk.goes(who, v, mixed)
					nothing, _ := walk.goes(who, v, lost)
					if n++; ok && a.same(mixed) != nothing.same(mixed) {
						t.Errorf("%s of the matter beside it, by %s: %d, and %d for what does not exist", v, who, a.code, nothing.code)
					}
				}
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d visits", n)
	}
}

// tell writes down who was answered how, a line for each answer, the kinds of post by the levels where they differ. Who
// was turned away most often is everybody else.
func tell(place string, posts []post, answer func(post) int) string {
	by := map[int][]post{}
	for _, p := range posts {
		code := answer(p)
		by[code] = append(by[code], p)
	}
	rest := 0
	for _, code := range []int{http.StatusForbidden, http.StatusNotFound} {
		if len(by[code]) > len(by[rest]) {
			rest = code
		}
	}
	var out strings.Builder
	for _, code := range slices.Sorted(func(yield func(int) bool) {
		for c := range by {
			if !yield(c) {
				return
			}
		}
	}) {
		names := "everybody else"
		if code != rest {
			names = named(by[code], posts)
		}
		fmt.Fprintf(&out, "  %-10s %d %s\n", place, code, names)
	}
	return out.String()
}

// named lists posts, by their kind alone where every level of it is among them.
func named(some, all []post) string {
	of := func(ps []post, kind string) (n int) {
		for _, p := range ps {
			if p.kind == kind {
				n++
			}
		}
		return n
	}
	var out []string
	for _, p := range some {
		name := p.String()
		if of(some, p.kind) == of(all, p.kind) {
			name = p.kind
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return strings.Join(out, " ")
}

// golden holds a text against the one that is kept; -update keeps it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := string(b)
	if got == want {
		return
	}
	g, k := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(k) || g[i] != k[i] {
			kept := ""
			if i < len(k) {
				kept = k[i]
			}
			t.Fatalf("%s, line %d:\n got %s\nkept %s\nIf that is meant, run the test with -update.", path, i+1, g[i], kept)
		}
	}
	t.Fatalf("%s is longer than what came of it", path)
}

// TestAdministratorsApart: no route is open to two of the three administrators but what everybody may open.
func TestAdministratorsApart(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	for _, r := range w.Mux().Routes() {
		if r.Open || r.Perm == access.Signed || r.Perm == access.RuleRead {
			continue
		}
		n := 0
		for _, role := range []access.Role{access.SysAdmin, access.SecAdmin, access.Auditor} {
			if role.May(r.Perm) {
				n++
			}
		}
		if n > 1 {
			t.Errorf("%s %s (%s) is open to %d administrators", r.Method, r.Path, r.Perm, n)
		}
	}
}

// TestCorrespondent: a post that gives no role signs in, and sees nothing but its own account and the rules.
func TestCorrespondent(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	w.Hire("correspondent", "庞信", "correspondent", "village")
	a := w.As("correspondent")
	if !a.Can(access.Signed) || a.Can(access.OrgRead) || a.Can(access.ClueRead) || !a.Scope(access.ClueRead).Empty() {
		t.Errorf("%+v", a)
	}
	var nobody access.Actor
	if nobody.Can(access.Signed) {
		t.Error("an actor without a post is let in")
	}
}
