package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

// mark stands in every text that should stay a value: where it turns up, something was put into where it has no place.
const mark = "qsq7"

// hostile are texts that are something to a database, mark in each of them.
var hostile = []string{
	"(CASE WHEN (1=1) THEN title ELSE " + mark + " END)", mark + "' OR '1'='1", mark + "\" OR \"\"=\"", "0x717371/**/" + mark, mark + "/*", "*/" + mark + "--", "1;DROP TABLE acts;--" + mark,
	"-1 UNION ALL SELECT '" + mark + "',2,3", "received_on DESC," + mark, "$1" + mark, "?" + mark, `\` + mark + `\'`, "%" + mark + "%_", mark + "＇ＯＲ＇１＇＝＇１", "2026-01-01' OR '" + mark, "((((" + mark, mark + " AND NEAR(a b)*^\"-:{}",
}

// garbage are texts where a number, a day, a key or a place in a list is waited for.
var garbage = []string{
	"-1", "0", "99999999999999999999999999", "9223372036854775807", "-9223372036854775808", "1e309", "NaN", "Infinity", "0x10", "0b1", "1_000", "１２", "1.5", " 1", "1 ", "+1", "--1", "null", "undefined", "[object Object]", "true", "\t", "\r\nX: y", "\xff\xfe", "\x00", "1\x002",
	"9999-99-99", "0000-00-00", "2026-02-30", "-2026-01-01", "2026-10-12T00:00:00Z", "2026-10-12_", "_01ARZ3NDEKTSV4RRFFQ69G5FAV", "2026-10-12_01ARZ3NDEKTSV4RRFFQ69G5FAV", "9999-12-31_7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "2.01ARZ3NDEKTSV4RRFFQ69G5FAV",
	"999999999999999999.01ARZ3NDEKTSV4RRFFQ69G5FAV", "0.0", strings.Repeat("9", 8000), strings.Repeat("长", 3000), strings.Repeat("(", 2000), "\U0010ffff\ufffe", "\u202e", "../../../../etc/passwd", "${jndi:x}", "{{.}}", "{\"a\":[", "\"", "'", "<",
}

var reAsked = regexp.MustCompile(`(?:Get|Has|FormValue)\("([a-z_]+)"\)|number\(c, "([a-z_]+)"|dates\(c, "([a-z_]+)", "([a-z_]+)"`)

// parameters are what a route may ask of an address: every name that its room's source asks for, and some that no room
// does but others' programs are known by. Names that come from a table there stand here.
func parameters(t *testing.T, r web.Route, known map[string][]string) []string {
	t.Helper()
	fn := runtime.FuncForPC(reflect.ValueOf(r.Do).Pointer()).Name()
	room, _, _ := strings.Cut(strings.TrimPrefix(fn, "qianshao/internal/"), ".")
	if names, ok := known[room]; ok {
		return names
	}
	names := []string{"sort", "order", "page", "limit", "offset", "chunk", "size", "township", "county", "handler", "outcome"}
	rooms := []string{room}
	if strings.HasSuffix(room, "intakehttp") || strings.HasSuffix(room, "cluehttp") {
		rooms = append(rooms, "org/orghttp") // the part of a form that asks who it is about is lent from there
	}
	for _, dir := range rooms {
		files, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("the source of %s: %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "_templ.go") {
				continue
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range reAsked.FindAllStringSubmatch(string(b), -1) {
				for _, name := range m[1:] {
					if name != "" && !slices.Contains(names, name) {
						names = append(names, name)
					}
				}
			}
		}
	}
	known[room] = names
	return names
}

// listened is the application with every statement that its routes make heard.
func (w *furnished) listened(hear func(text string, args []any)) *walker {
	mux := w.Mux()
	mux.Heard = hear
	return &walker{furnished: w, routes: mux.Routes(), h: mux.Handler()}
}

// readers are people of whom one or another may open any page.
var readers = []string{"principal", "supervision", "intake", "handler", "citysec", "sysadmin", "auditor"}

// opens is a reader who gets to see what a visit is about.
func (w *walker) opens(v visit, path string) string {
	for _, who := range readers {
		if a := w.get(who, path); a.code != http.StatusForbidden && a.code != http.StatusNotFound {
			return who
		}
	}
	return readers[0]
}

// pages calls f for every address there is to read, each with somebody who may.
func (w *walker) pages(f func(v visit, who, path string)) {
	for _, r := range w.routes {
		if r.Method != http.MethodGet {
			continue
		}
		for i, v := range visits(r) {
			if path, ok := v.address(w.things["office"]); ok && (i == 0 || v.kind == "clue") {
				f(v, w.opens(v, path), path)
			}
		}
	}
}

// TestGarbage is T29 and T34: whatever stands in any parameter or place of any address that is read, nothing is a defect,
// and no statement that reaches the database holds a word of it. What a list shows then is what it shows without, or
// nothing.
func TestGarbage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := furnish(t, d)
		asked := ""
		walk := w.listened(func(text string, _ []any) {
			if strings.Contains(strings.ToLower(text), mark) {
				t.Errorf("%s reached a statement: %s", asked, text)
			}
		})
		known := map[string][]string{}
		n, turn := 0, &texts{}
		walk.pages(func(v visit, who, path string) {
			names := parameters(t, v.Route, known)
			plain := w.shown(walk.get(who, path))
			each := 2
			if lists[path] {
				each = 4
			}
			if d.Engine == db.Postgres {
				each /= 2 // slower, and there for what it alone refuses: NUL, broken UTF-8, numbers too large
			}
			for _, name := range names {
				for _, text := range turn.next(each) {
					asked = fmt.Sprintf("%s?%s=%.40q", path, name, text)
					a := walk.get(who, path+"?"+url.Values{name: {text}}.Encode())
					n++
					if a.code >= 500 {
						t.Errorf("%s by %s: %d", asked, who, a.code)
					}
					if now := w.shown(a); a.code == http.StatusOK && lists[path] && len(now) > 0 && !slices.Equal(now, plain) && !narrowed[name] {
						t.Errorf("%s by %s shows %v, without it %v", asked, who, now, plain)
					}
				}
			}
			walk.places(v, who, turn, &asked)
		})
		t.Logf("%d addresses", n)
		if n < 2000/(1+int(d.Engine)) {
			t.Errorf("only %d addresses", n)
		}
	})
}

// lists are the addresses that show a list of things; narrowed are the parameters that may rightly show fewer.
var (
	lists = map[string]bool{"/tipoffs": true, "/slips": true, "/clues": true, "/cases": true, "/watch": true, "/superior": true, "/approvals": true, "/delegations": true, "/admin/accounts": true, "/admin/posts": true, "/admin/audit": true,
		"/api/v1/tipoffs": true, "/api/v1/slips": true, "/api/v1/clues": true, "/api/v1/cases": true, "/api/v1/desk": true, "/api/v1/approvals": true, "/api/v1/units": true}
	narrowed = map[string]bool{"after": true, "from": true, "to": true, "limit": true}
)

// texts gives out hostile texts and garbage in turn.
type texts struct{ at int }

func (x *texts) next(n int) []string {
	all := slices.Concat(hostile, garbage)
	out := make([]string, n)
	for i := range out {
		out[i] = all[x.at%len(all)]
		x.at += 7 // shares no divisor with how many there are, so that every one comes round
	}
	return out
}

// everywhere are the things that are units, which filters offer to everybody.
var everywhere = []string{"unit", "ward", "register", "town", "checked"}

// shown are the things whose ids stand in an answer, in order; units stand in every form to choose from.
func (w *furnished) shown(a answer) []string {
	var out []string
	for _, ts := range w.things {
		for name, x := range ts {
			if !slices.Contains(everywhere, name) && strings.Contains(a.body, x.Key) && !slices.Contains(out, x.Key) {
				out = append(out, x.Key)
			}
		}
	}
	slices.Sort(out)
	return out
}

// places puts the texts into the places of an address: what is no id is as absent as an unknown one.
func (w *walker) places(v visit, who string, turn *texts, asked *string) {
	w.t.Helper()
	path, _ := v.address(w.things["office"])
	for _, value := range reValue.FindAllString(v.Path, -1) {
		i := slices.Index(strings.Split(v.Path, "/"), value)
		for _, text := range turn.next(12) {
			parts := strings.Split(path, "/")
			if text == parts[i] || strings.TrimSpace(text) == "" {
				continue
			}
			parts[i] = url.PathEscape(text)
			*asked = strings.Join(parts, "/")
			if a := w.get(who, *asked); a.code < 400 && a.code != http.StatusMovedPermanently && a.code != http.StatusTemporaryRedirect || a.code >= 500 {
				w.t.Errorf("%.80q by %s: %d", *asked, who, a.code)
			}
		}
	}
}
