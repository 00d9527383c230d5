package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// signer tries to decide proposals by every way there is.
type signer struct {
	*walker
	d *db.DB
}

// refused tries every way as somebody: the paper's own page, the list of approvals, the interface for programs, both
// decisions. Each is turned away with the reason, and no row anywhere changes.
func (s *signer) refused(what, who string, p id.ID, m id.ID) {
	s.t.Helper()
	before := everything(s.t, s.d)
	reason := locale.T("zh-CN", "fault.approve.own")
	version := fmt.Sprint(s.Matter(m).Version)
	for _, decision := range []string{"approve", "return"} {
		for _, from := range []string{"", "list"} {
			f := url.Values{"decision": {decision}, "_version": {version}, "note": {"同意。"}, "from": {from}, "on": {string(s.App.DB.Today())}}
			a := s.send(who, "/p/"+p.String()+"/decide", formKind, strings.NewReader(f.Encode()), -1)
			if a.code != http.StatusForbidden || !strings.Contains(a.body, reason) {
				s.t.Errorf("%s: %s from %q: %d, or without the reason", what, decision, from, a.code)
			}
		}
		in, err := json.Marshal(map[string]any{"decision": decision, "version": s.Matter(m).Version, "note": "同意。"})
		s.must(err)
		req := httptest.NewRequest(http.MethodPost, "/api/v1/approvals/"+p.String(), strings.NewReader(string(in)))
		req.Header.Set("Content-Type", "application/json")
		if a := s.serve(who, req); a.code != http.StatusForbidden || !strings.Contains(a.body, `"approve.own"`) {
			s.t.Errorf("%s: %s through the interface: %d %s", what, decision, a.code, a.body)
		}
	}
	// Nor is it offered: neither on the paper nor in the lists of what waits for them.
	if a := s.get(who, "/p/"+p.String()); a.code != http.StatusOK && a.code != http.StatusNotFound || strings.Contains(a.body, `value="approve"`) {
		s.t.Errorf("%s: the paper is offered to its author: %d", what, a.code)
	}
	if s.As(who).Can(access.Approve) {
		_, row, _ := strings.Cut(s.get(who, "/approvals").body, "/p/"+p.String()+"/decide")
		if row, _, _ = strings.Cut(row, "</form>"); strings.Contains(row, `value="approve"`) {
			s.t.Errorf("%s: the list of approvals offers it to its author", what)
		}
	}
	if a := s.get(who, "/api/v1/approvals"); strings.Contains(a.body, p.String()) && strings.Contains(a.body, `"yours":true`) {
		s.t.Errorf("%s: programs are told that its author may sign it", what)
	}
	untouched(s.t, what, s.d, before)
	if got := open(s.t, s.World, m); got.ID != p || got.Step != 0 && got.Steps[0].Person == s.Who[who].Person {
		s.t.Errorf("%s: it went on: %+v", what, got)
	}
}

// TestNobodySignsTheirOwn is T45: whoever wrote a paper decides it by no way, in no post of theirs, in nobody's stead
// and through nobody who stands in for them.
func TestNobodySignsTheirOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		s := &signer{(&furnished{w, t, nil}).walker(), d}
		paper := func(unit, who string) (id.ID, id.ID) {
			m := handed(t, w, unit, unit)
			if w.Units[unit].Kind == "township" {
				w.Do(who, m, "receive", nil)
			}
			w.Do(who, m, "propose", disposal("verification"))
			return open(t, w, m).ID, m
		}
		inOffice := func(who string) (id.ID, id.ID) {
			m := handed(t, w, "full", "county.office1")
			w.Do(who, m, "propose", disposal("verification"))
			return open(t, w, m).ID, m
		}

		p, m := inOffice("handler")
		s.refused("the author", "handler", p, m)

		// A person of two posts: in the one they propose, in the other they would sign; and whoever rises to it meanwhile.
		w.Again("handler as head", "handler", "office_head", "county.office1")
		w.Again("handler as leader", "handler", "vice", "county")
		w.Again("handler as chief", "handler", "principal", "county")
		for _, post := range []string{"handler as head", "handler as leader", "handler as chief"} {
			s.refused("the author in another post, "+post, post, p, m)
		}

		// In somebody's stead: the authority was handed over before the paper was written, or would be after.
		_, err := w.App.Org.Delegate(apptest.Ctx, w.As("secretary"), org.NewDelegation{To: w.Who["twpdeputy"].Person, Begins: d.Today(), Ends: d.Today().AddDays(30)})
		if err != nil {
			t.Fatal(err)
		}
		p, m = paper("full", "twpdeputy")
		s.refused("in the secretary's stead", "twpdeputy", p, m)
		// A plan that waits for the chief, whose author is a leader besides: the chief can't hand that over to them.
		m = handed(t, w, "full", "county.office1")
		w.Do("handler", m, "propose", disposal("verification"))
		w.Approve("head", m)
		w.Approve("deputy", m)
		team := []string{w.Who["handler"].Person, w.Who["handler2"].Person}
		w.Do("handler", m, "submit_plan", vals{"team": team, "lead": team[:1], "questions": {"去向"}, "steps": {"调账"}, "measures": {"talk"}, "safety": {"预案"}})
		p = open(t, w, m).ID
		_, err = w.App.Org.Delegate(apptest.Ctx, w.As("principal"), org.NewDelegation{To: w.Who["handler"].Person, Begins: d.Today(), Ends: d.Today().AddDays(30)})
		if fs := fault.Fields(err); len(fs) != 1 || fs[0].Name != "to" || fs[0].Code != "delegate.waits" {
			t.Errorf("the chief hands on to the author of a paper that waits for them: %v", err)
		}
		s.refused("the plan's author", "handler", p, m)

		// Through somebody who stands in for the author: the head's signature is owed, and the author heads the office too.
		if _, err := w.App.Org.Delegate(apptest.Ctx, w.As("handler as head"), org.NewDelegation{To: w.Who["head2"].Person, Begins: d.Today(), Ends: d.Today().AddDays(30)}); err != nil {
			t.Fatal(err)
		}
		p, m = inOffice("handler")
		s.refused("through who stands in for the author", "head2", p, m)

		// What somebody else's approval answered is not given to the author for the same key.
		p, m = inOffice("handler2")
		body := url.Values{"decision": {"approve"}, "_version": {fmt.Sprint(w.Matter(m).Version)}, "_key": {"one key"}}.Encode()
		if a := s.send("head", "/p/"+p.String()+"/decide", formKind, strings.NewReader(body), -1); a.code != http.StatusSeeOther {
			t.Fatalf("the head signs: %d", a.code)
		}
		before := everything(t, d)
		if a := s.send("handler2", "/p/"+p.String()+"/decide", formKind, strings.NewReader(body), -1); a.code < 400 {
			t.Errorf("the author sends what the head sent: %d", a.code)
		}
		untouched(t, "what the head sent, sent again by the author", d, before)

		// One person, one account.
		a := w.App.Accounts
		if _, err := a.Create(apptest.Ctx, w.As("sysadmin"), account.NewAccount{Person: w.Who["handler"].Person, Login: "handler", Password: password}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Create(apptest.Ctx, w.As("sysadmin"), account.NewAccount{Person: w.Who["handler"].Person, Login: "handler.second", Password: password}); fault.Code(err) != "account.exists" {
			t.Errorf("a second account for one person: %v", err)
		}
		w.Verify()
	})
}
