package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/id"
	"qianshao/internal/web"
)

var reValue = regexp.MustCompile(`\{([a-z]+)\.*\}`)

// absent is a key that could be somebody's and is nobody's.
const absent = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

// none are things as those of a place that are not there at all.
func (ts things) none() things {
	out := things{}
	for name, x := range ts {
		out[name] = id.ID{City: x.City, Key: absent}
	}
	return out
}

var matterKinds = []string{"tipoff", "letter", "slip", "clue", "case", "alert", "unlisted", "gap", "rating", "callup", "vacancy", "rotation", "filing", "confirmation", "handback", "order", "deviation"}

// wholeOf is what stands for {id} in addresses that are not under a matter's own.
var wholeOf = []struct{ prefix, thing string }{
	{"/admin/units/", "ward"},
	{"/filed-duties/", "duty"}, {"/confirmations/", "confirmation"}, {"/duties/", "town"}, {"/tasks/", "task"}, {"/inspections/", "inspection"}, {"/checks/", "checked"},
	{"/api/v1/confirmations/", "confirmation"}, {"/api/v1/handbacks/", "handback"}, {"/api/v1/orders/", "order"}, {"/api/v1/deviations/", "deviation"},
	{"/p/", "proposal"}, {"/units/", "unit"}, {"/delegations/", "delegation"}, {"/api/v1/approvals/", "proposal"}, {"/api/v1/delegations/", "delegation"},
	{"/api/v1/tipoffs/", "tipoff"}, {"/api/v1/slips/", "slip"}, {"/letters/", "letter"}, {"/alerts/", "alert"}, {"/burden/asks/", "ask"}, {"/api/v1/unlisteds/", "unlisted"}, {"/haves/rounds/", "round"}, {"/haves/lists/", "list"}, {"/api/v1/gaps/", "gap"}, {"/ratings/", "rating"}, {"/api/v1/ratings/", "rating"}, {"/api/v1/alerts/", "alert"}, {"/api/v1/letters/", "letter"}, {"/api/v1/clues/", "clue"}, {"/api/v1/cases/", "case"}, {"/api/v1/callups/", "callup"},
	{"/people/", "person"}, {"/api/v1/vacancies/", "vacancy"}, {"/api/v1/rotations/", "rotation"}, {"/api/v1/filings/", "filing"},
}

// moveOf is a move of each kind that needs more than nothing filled in.
var moveOf = map[string]string{"tipoff": "decline", "slip": "send", "letter": "lay_aside", "clue": "propose", "case": "submit_filing", "alert": "set_aside", "unlisted": "stop", "gap": "mend", "rating": "check", "callup": "pick", "vacancy": "decline", "rotation": "plan", "filing": "return", "confirmation": "confirm", "handback": "send", "order": "issue", "deviation": "answer"}

// visit is one route with one kind of thing.
type visit struct {
	web.Route
	kind string // of the matter, where any of several may stand
	act  string // on a clock
}

func (v visit) String() string {
	return strings.TrimSpace(v.Method + " " + v.Path + " " + strings.TrimSpace(v.kind+" "+v.act))
}

// visits are a route's, one for every kind of thing that it may be about.
func visits(r web.Route) []visit {
	if !strings.HasPrefix(r.Path, "/m/") && !strings.HasPrefix(r.Path, "/why/") {
		return []visit{{r, "", ""}}
	}
	var out []visit
	for _, kind := range matterKinds {
		if !strings.Contains(r.Path, "{act}") {
			out = append(out, visit{r, kind, ""})
			continue
		}
		for _, act := range []string{"extend", "urge", "seen"} {
			if r.Method == http.MethodGet && act != "extend" {
				continue // one form, whatever is done with it
			}
			out = append(out, visit{r, kind, act})
		}
	}
	return out
}

// about is what a visit is about among the things of a place, "" for no one of them.
func (v visit) about() string {
	if v.kind != "" {
		return v.kind
	}
	if strings.HasSuffix(v.Path, "/officials") {
		return "register"
	}
	for _, w := range wholeOf {
		if strings.HasPrefix(v.Path, w.prefix) {
			return w.thing
		}
	}
	for _, name := range []string{"post", "account"} {
		if strings.Contains(v.Path, "{"+name+"}") {
			return name
		}
	}
	if strings.HasPrefix(v.Path, "/bulk/") {
		return "clue"
	}
	return ""
}

// address puts the things of a place into a route; false when the place lacks one. A value that nothing is known for is
// a defect of the test: a new route has to say here what stands in it.
func (v visit) address(ts things) (string, bool) {
	have := true
	one := func(name string) id.ID {
		x, ok := ts[name]
		have = have && ok
		return x
	}
	path := reValue.ReplaceAllStringFunc(strings.TrimSuffix(v.Path, "{$}"), func(value string) string {
		switch name := strings.Trim(value, "{}"); {
		case name == "id":
			return one(v.about()).String()
		case name == "clock" && strings.HasPrefix(v.Path, "/why/"):
			return one(v.kind + ".clock").String()
		case (name == "clock" || name == "recusal") && strings.HasPrefix(v.Path, "/api/"):
			return one(v.about() + "." + name).String()
		case name == "clock", name == "paper", name == "file":
			return one(v.kind + "." + name).Key
		case name == "recusal":
			return one(v.kind + ".recusal").String()
		case name == "word":
			return one("letter.word").Key
		case name == "log":
			return one("unit").String()
		case name == "person":
			return one(v.kind + ".namesake").String()
		case name == "post", name == "account":
			return one(name).Key
		case name == "move" && v.kind != "":
			return moveOf[v.kind]
		case name == "act" && v.kind != "":
			return v.act
		case name == "code" && v.kind != "":
			return paperOf[v.kind]
		default:
			if word, ok := map[string]string{"what": "identity", "for": "merge", "code": "disposal_form", "rule": "case.filing", "name": "clue.received", "kind": "clue", "move": "hand_out", "act": "enable", "n": "0"}[name]; ok {
				return word
			}
		}
		panic("nothing is known for " + value + " of " + v.Path)
	})
	return path, have
}

// answer is what came back.
type answer struct {
	code int
	body string
	head http.Header
}

// walker goes through routes as somebody.
type walker struct {
	*furnished
	routes     []web.Route
	h          http.Handler
	statements int64 // how many the last request took
}

func (w *furnished) walker() *walker {
	mux := w.Mux()
	out := &walker{furnished: w, routes: mux.Routes()}
	mux.Observe = func(_ web.Route, _ int, _ time.Duration, n int64) { out.statements = n }
	out.h = mux.Handler()
	return out
}

// remembered are sessions of people who stay in their posts while they walk: each is read once.
type remembered struct {
	web.Sessions
	who map[string]access.Actor
}

func (s remembered) Actor(ctx context.Context, token string) (access.Actor, web.Session, error) {
	if a, ok := s.who[token]; ok {
		return a, web.Session{Token: token, Full: true, Posts: 1}, nil
	}
	a, in, err := s.Sessions.Actor(ctx, token)
	if err == nil {
		s.who[token] = a
	}
	return a, in, err
}

func (w *walker) serve(who string, req *http.Request) answer {
	if who != "" {
		req.AddCookie(&http.Cookie{Name: "qs", Value: who})
	}
	res := httptest.NewRecorder()
	w.h.ServeHTTP(res, req)
	return answer{res.Code, res.Body.String(), res.Header()}
}

func (w *walker) get(who, path string) answer {
	return w.serve(who, httptest.NewRequest(http.MethodGet, path, nil))
}

// goes makes a visit to the things of a place. What it posts is right in everything but one missing thing, wherever
// that can be, so that nothing changes and an answer tells who may from who may not.
func (w *walker) goes(who string, v visit, ts things) (answer, bool) {
	w.t.Helper()
	path, ok := v.address(ts)
	if !ok {
		return answer{}, false
	}
	kind, body := v.body(ts, w.version(ts[v.about()]))
	req := httptest.NewRequest(v.Method, path, body)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return w.serve(who, req), true
}

// version is the version of a matter, of a proposal's matter, or of something that has none.
func (w *walker) version(x id.ID) int64 {
	var n int64 = 1
	if x.Key != "" && x.Key != absent {
		// No rows: it is no matter.
		_ = w.App.DB.In(x.City).Row(w.t.Context(), `SELECT m.version FROM matters m WHERE m.city_id = $1 AND (m.id = $2 OR m.id IN (SELECT p.matter_id FROM proposals p WHERE p.city_id = $1 AND p.id = $2))`, x.Key).Scan(&n)
	}
	return n
}

// body is what a visit sends.
func (v visit) body(ts things, version int64) (kind string, body io.Reader) {
	if v.Method == http.MethodGet || v.Method == http.MethodDelete {
		return "", nil
	}
	if v.API {
		in := map[string]any{}
		switch {
		case strings.HasSuffix(v.Path, "/moves"):
			in["move"], in["version"] = moveOf[v.about()], version
		case strings.HasPrefix(v.Path, "/api/v1/approvals/"):
			in["decision"], in["version"] = "return", version
		}
		b, _ := json.Marshal(in) // plain data
		return "application/json", bytes.NewReader(b)
	}
	f := url.Values{"_version": {fmt.Sprint(version)}}
	switch v.Path {
	case "/m/{id}/files":
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		_, _ = m.CreateFormFile("file", "空.pdf") // a buffer takes anything
		_ = m.Close()
		return m.FormDataContentType(), &b
	case "/m/{id}/open/{what}":
		f.Set("reason", "核对。")
	case "/m/{id}/recusal/{recusal}":
		f.Set("do", "refuse")
	case "/m/{id}/namesake/{person}":
		f.Set("do", "other")
	case "/p/{id}/decide":
		f.Set("decision", "return")
	case "/bulk/{kind}/{move}":
		f.Set("row", ts["clue"].String()+"@"+fmt.Sprint(version))
		f.Set("back", "no")
	case "/people/{id}/skills":
		f.Set("skills", "magic")
	case "/admin/posts/{post}/decide":
		f = url.Values{"appointment": {ts["appointment"].Key}, "version": {"1"}, "do": {"refuse"}}
	}
	return formKind, strings.NewReader(f.Encode())
}

var (
	reKeyFile  = regexp.MustCompile(`(?s)^qianshao-key-file-1 .*`)
	reToken    = regexp.MustCompile(`name="_key" value="[^"]*"`)
	reIncident = regexp.MustCompile(`"incident":"[^"]*"`)
)

// same is an answer without what differs between any two: keys of forms, and the ids that were asked for.
func (a answer) same(ts things) string {
	s := reKeyFile.ReplaceAllString(reIncident.ReplaceAllString(reToken.ReplaceAllString(a.body, ""), ""), "")
	for _, x := range ts {
		s = strings.ReplaceAll(s, x.Key, absent)
	}
	return fmt.Sprint(a.code, a.head.Get("Location"), "\n", s)
}
