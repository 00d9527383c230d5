package app_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/web"
)

var reValue = regexp.MustCompile(`\{([a-z]+)\.*\}`)

// fill puts something in the place of a pattern's values: the id of a thing, else a code that some rooms know.
func fill(path string, thing id.ID) string {
	path = strings.TrimSuffix(path, "{$}")
	return reValue.ReplaceAllStringFunc(path, func(v string) string {
		switch v {
		case "{id}":
			return thing.String()
		case "{kind}":
			return "clue"
		case "{move}":
			return "assign"
		}
		return thing.Key
	})
}

// TestEveryRouteByEveryPost walks every route as a holder of every kind of post: whoever lacks the route's permission is
// refused at the door, whoever has it never meets a defect, and a thing of another county reads exactly as one that
// does not exist. A route without a policy stops the program at start (web.Mux.Add).
func TestEveryRouteByEveryPost(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	h := w.Mux()
	at := map[string]string{"office": "county.office1", "township": "full", "county": "county", "city": "city", "village": "village"}
	for _, k := range access.PostKinds {
		for _, u := range []string{"township", "office", "county", "village", "city"} {
			if contains(k.At, u) {
				w.Hire("a "+k.Kind, "甲"+k.Kind, k.Kind, at[u])
				break
			}
		}
	}
	foreign, err := w.App.Clues.Enter(apptest.Ctx, w.As("othersupervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["othertown"].ID.Key, Name: "吴某", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true},
		Source: "found", Received: "2026-10-12", Title: "别县的线索", Summary: "别县的线索。", Discipline: "work"})
	if err != nil {
		t.Fatal(err)
	}
	absent := id.ID{City: foreign.ID.City, Key: "01ARZ3NDEKTSV4RRFFQ69G5FAV"}
	serve := func(r web.Route, who, path string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(r.Method, path, nil)
		if who != "" {
			req.AddCookie(&http.Cookie{Name: "qs", Value: who})
		}
		res := httptest.NewRecorder()
		h.Handler().ServeHTTP(res, req)
		return res
	}
	for _, r := range h.Routes() {
		if r.Open {
			continue
		}
		name := r.Method + " " + r.Path
		if res := serve(r, "", fill(r.Path, absent)); r.API && res.Code != http.StatusUnauthorized || !r.API && (res.Code != http.StatusSeeOther || !strings.HasPrefix(res.Header().Get("Location"), "/sign-in")) {
			t.Errorf("%s as nobody: %d %s", name, res.Code, res.Header().Get("Location"))
		}
		for _, k := range access.PostKinds {
			who := "a " + k.Kind
			a := w.As(who)
			res := serve(r, who, fill(r.Path, absent))
			switch {
			case !a.Can(r.Perm):
				if res.Code != http.StatusForbidden {
					t.Errorf("%s (%s) by %s: %d, want 403", name, r.Perm, k.Kind, res.Code)
				}
				continue
			case res.Code >= 500 && res.Code != http.StatusServiceUnavailable:
				t.Errorf("%s by %s: %d", name, k.Kind, res.Code)
			case r.Method == http.MethodGet && strings.Contains(r.Path, "{id}") && res.Code != http.StatusNotFound:
				t.Errorf("%s of something that does not exist, by %s: %d", name, k.Kind, res.Code)
			}
			if !strings.Contains(r.Path, "{id}") || a.Unit().Level < access.County {
				continue
			}
			if other := serve(r, who, fill(r.Path, foreign.ID)); other.Code != res.Code {
				t.Errorf("%s by %s: %d for another county's, %d for what does not exist", name, k.Kind, other.Code, res.Code)
			}
		}
	}
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

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
