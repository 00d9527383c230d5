package app_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/account/accounthttp"
	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

// everything is what stands in every table of a database: how many rows, and a digest of them.
func everything(t *testing.T, d *db.DB) map[string]backup.Sum {
	t.Helper()
	s, err := backup.Write(apptest.Ctx, d, io.Discard, backup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Tables
}

// untouched checks that no row of any table is another one than before.
func untouched(t *testing.T, what string, d *db.DB, before map[string]backup.Sum) {
	t.Helper()
	for table, now := range everything(t, d) {
		if now != before[table] {
			t.Errorf("%s: %s had %d rows, now %d, or others", what, table, before[table].Rows, now.Rows)
		}
	}
}

// either are real sessions beside those of apptest: a token that is nobody's name is looked up as the program does.
type either struct{ named, real web.Sessions }

func (s either) Actor(ctx context.Context, token string) (access.Actor, web.Session, error) {
	if strings.Contains(token, ".") {
		return s.real.Actor(ctx, token)
	}
	return s.named.Actor(ctx, token)
}

// able is somebody who may do what a route does, so that only where the request comes from, or what is in it, stands in
// the way; whoever of many may where it is about no one thing.
func (w *walker) able(v visit) string {
	who := map[string]string{"tipoff": "intake", "slip": "intake", "letter": "intake", "alert": "cityintake", "clue": "handler", "case": "handler", "callup": "supervision", "post": "citysec", "ward": "citysec", "account": "sysadmin", "proposal": "principal", "delegation": "principal",
		"vacancy": "principal", "rotation": "personnel", "filing": "personnel", "person": "personnel", "unit": "secretary",
		"confirmation": "secretary", "handback": "supervision", "order": "principal", "deviation": "supervision", "town": "supervision", "checked": "supervision", "duty": "supervision", "task": "supervision"}[v.about()]
	if v.act == "urge" || v.act == "seen" {
		who = "principal"
	}
	if v.Open || v.Half || strings.HasPrefix(v.Path, "/me") {
		return "" // of an account of one's own
	}
	for _, other := range append([]string{who}, "principal", "supervision", "intake", "handler", "citysec", "sysadmin", "cityorg") {
		if other != "" && w.As(other).Can(v.Perm) {
			return other
		}
	}
	return ""
}

// TestCrossSite is T38: a request that another site sends is refused by every route that changes anything, whatever it
// says of where it comes from, and leaves every row of every table as it was.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := furnish(t, d)
	a := w.App.Accounts
	a.Policy = account.Demonstration()
	a.Policy.Cost = account.Cost{Memory: 64, Passes: 1, Lanes: 1}
	a.Key = []byte(strings.Repeat("deployment key ", 3))
	in, err := a.SignIn(apptest.Ctx, "handler2", password, "")
	w.must(err)
	mux := w.Mux()
	mux.Sessions = either{mux.Sessions, accounthttp.Sessions{Accounts: a}}
	walk := &walker{furnished: w, routes: mux.Routes(), h: mux.Handler()}

	foreign := map[string]http.Header{
		"cross-site":          {"Sec-Fetch-Site": {"cross-site"}},
		"same-site":           {"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://other.example.com"}},
		"cross-site, forged":  {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"http://example.com"}},
		"foreign origin":      {"Origin": {"https://evil.example"}},
		"null origin":         {"Origin": {"null"}},
		"the host in a label": {"Origin": {"https://example.com.evil.example"}},
		"the host as a user":  {"Origin": {"https://example.com@evil.example"}},
		"another port":        {"Origin": {"http://example.com:8443"}},
		"no host":             {"Origin": {"file://"}},
	}
	n := 0
	before := everything(t, d)
	for _, r := range walk.routes {
		if r.Method == http.MethodGet {
			continue
		}
		for _, v := range visits(r) {
			ts := w.things["office"]
			path, ok := v.address(ts)
			if !ok {
				continue
			}
			n++
			who := walk.able(v)
			if who == "" {
				who = in.Token // one's own account
			}
			for name, h := range foreign {
				kind, body := v.body(ts, walk.version(ts[v.about()]))
				if strings.HasPrefix(v.Path, "/sign-in") {
					kind, body = formKind, strings.NewReader(url.Values{"user": {"handler2"}, "password": {password}}.Encode())
				}
				req := httptest.NewRequest(v.Method, path, body)
				req.Header.Set("Content-Type", kind)
				for k, val := range h {
					req.Header[k] = val
				}
				got := walk.serve(who, req)
				if got.code != http.StatusForbidden || !strings.Contains(got.body, "request.cross_site") && !strings.Contains(got.body, "不是从本系统的页面发出的") {
					t.Errorf("%s, %s: %d", v, name, got.code)
				}
				if len(got.head.Values("Set-Cookie")) > 0 {
					t.Errorf("%s, %s: sets a cookie", v, name)
				}
			}
		}
	}
	untouched(t, "requests of other sites", d, before)
	if n < 40 {
		t.Errorf("only %d visits", n)
	}

	// What they would have done: from this site the same requests do it.
	for _, path := range []string{"/me/sessions/end", "/delegations/" + w.things["office"]["delegation"].String() + "/end"} {
		req := httptest.NewRequest(http.MethodPost, path, nil)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		who := "principal"
		if strings.HasPrefix(path, "/me/") {
			who = in.Token
		}
		if got := walk.serve(who, req); got.code != http.StatusSeeOther || strings.HasPrefix(got.head.Get("Location"), "/sign-in?next") {
			t.Errorf("%s from this site: %d %s", path, got.code, got.head.Get("Location"))
		}
	}
	changed := slices.DeleteFunc([]string{"acts", "sessions", "delegations"}, func(table string) bool { return everything(t, d)[table] == before[table] })
	if len(changed) != 3 {
		t.Errorf("from this site only %v changed", changed)
	}
}
