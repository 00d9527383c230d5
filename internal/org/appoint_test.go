package org_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/org/staffing"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// openPost sets up a post that nobody holds.
func openPost(t *testing.T, w *apptest.World, unit, kind string) id.Key {
	t.Helper()
	var post id.Key
	u := w.Units[unit]
	_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(u.ID.City), u.ID.City, func(tx *ledger.Tx) (_ ledger.Act, err error) {
		post, err = org.OpenPost(apptest.Ctx, tx, u, kind, kind, true, "2020-01-01")
		return ledger.Act{Action: "unit.open", Organ: u.OrganID()}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return post
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	got := fault.Code(err)
	if fs := fault.Fields(err); len(fs) > 0 {
		got = fs[0].Name + " " + fs[0].Code
	}
	if err == nil || got != want {
		t.Errorf("got %v (%s), want %s", err, got, want)
	}
}

// TestAppointment: nobody makes an authority alone, nor for themselves, nor beyond their reach.
func TestAppointment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("citysec", "卜安", "secadmin", "city")
		w.Hire("othersec", "岑安", "secadmin", "other")
		s := w.App.Org
		post := openPost(t, w, "single", "officer")
		ask := org.Proposal{Post: post, Person: w.Who["hlofficer"].Person, From: "2026-10-12", FullTime: true, Paper: "组〔2026〕1号"}
		for _, who := range []string{"sysadmin", "auditor", "principal", "secretary", "othersec"} {
			_, err := s.Propose(apptest.Ctx, w.As(who), ask)
			code(t, err, "not_found")
		}
		for _, bad := range []struct {
			change func(*org.Proposal)
			want   string
		}{
			{func(p *org.Proposal) { p.From = "2026-13-01" }, "from day.invalid"},
			{func(p *org.Proposal) { p.From = "2028-01-01" }, "from appoint.far"},
			{func(p *org.Proposal) { p.From = "2019-01-01" }, "from day.before"},
			{func(p *org.Proposal) { p.Person = "" }, "born appoint.born"},
			{func(p *org.Proposal) { p.Person, p.Born = "", "1990-05" }, "name name.invalid"},
			{func(p *org.Proposal) { p.Person, p.Name, p.Born = "", "新来", "2099-05" }, "born person.young"},
			{func(p *org.Proposal) { p.Person, p.Name, p.Born = "", "新来", "0001-01" }, "born person.old"},
			{func(p *org.Proposal) { p.Person, p.Name, p.Born, p.From = "", "新来", "2005-02", "2020-01-01" }, "born person.began_young"},
			{func(p *org.Proposal) { p.Person = w.Who["secadmin"].Person }, "appoint.self"},
			{func(p *org.Proposal) { p.Person = w.Who["auditor"].Person }, "appoint.admin_apart"},
		} {
			in := ask
			bad.change(&in)
			_, err := s.Propose(apptest.Ctx, w.As("secadmin"), in)
			code(t, err, bad.want)
		}
		a, err := s.Propose(apptest.Ctx, w.As("secadmin"), ask)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Propose(apptest.Ctx, w.As("cityorg"), ask)
		code(t, err, "appoint.waiting")
		// Put forward is no authority yet, and the one who did can't confirm it.
		code(t, s.Decide(apptest.Ctx, w.As("secadmin"), a, 1, true, ""), "appoint.two_hands")
		code(t, s.Decide(apptest.Ctx, w.As("othersec"), a, 1, true, ""), "not_found")
		code(t, s.Decide(apptest.Ctx, w.As("sysadmin"), a, 1, true, ""), "not_found")
		code(t, s.Decide(apptest.Ctx, w.As("cityorg"), a, 2, true, ""), "stale")
		code(t, s.Decide(apptest.Ctx, w.As("cityorg"), a, 1, false, ""), "note required")
		// The county commission agrees before anybody comes into a township's establishment.
		code(t, s.Decide(apptest.Ctx, w.As("cityorg"), a, 1, true, ""), "appoint.no_consent")
		m, open, err := staffing.OpenMatter(apptest.Ctx, d.In(apptest.City), post)
		if err != nil || !open {
			t.Fatalf("nobody was asked: %v", err)
		}
		w.Do("principal", id.ID{City: apptest.City, Key: m}, "consent", flow.Values{"paper": {"县纪干〔2026〕1号"}})
		// Nobody holds two posts of townships' establishment at once.
		code(t, s.Decide(apptest.Ctx, w.As("cityorg"), a, 1, true, ""), "appoint.elsewhere")
		if err := s.LeavePost(apptest.Ctx, w.As("secadmin"), id.ID{City: apptest.City, Key: w.Who["hlofficer"].Holding}, org.Leaving{On: "2026-10-12", Reason: "transferred"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Decide(apptest.Ctx, w.As("cityorg"), a, 1, true, ""); err != nil {
			t.Fatal(err)
		}
		code(t, s.Decide(apptest.Ctx, w.As("citysec"), a, 2, true, ""), "stale")
		f, err := s.PlaceOf(apptest.Ctx, w.As("secadmin"), post)
		if err != nil || f.Person != ask.Person || len(f.Asked) != 1 || f.Asked[0].State != org.AppointGranted || f.Asked[0].DecidedName != "秦组" {
			t.Errorf("%+v %v", f, err)
		}
		es, err := ledger.Entries(apptest.Ctx, d.In(apptest.City), access.ByProgram(apptest.City), ledger.Query{Log: w.Units["county"].ID.Key, Limit: 1})
		if err != nil || es[0].Action != "holding.begin" || es[0].Params["asked_by"] != w.Who["secadmin"].Person {
			t.Errorf("%+v %v", es, err)
		}
		_, err = s.Propose(apptest.Ctx, w.As("secadmin"), org.Proposal{Post: post, Person: w.Who["officer"].Person, From: "2026-10-12"})
		code(t, err, "post.held")
		// Taking authority away takes one, at once.
		if err := s.LeavePost(apptest.Ctx, w.As("secadmin"), id.ID{City: apptest.City, Key: f.Holding}, org.Leaving{On: "2026-10-12", Reason: "transferred"}); err != nil {
			t.Fatal(err)
		}
		code(t, s.LeavePost(apptest.Ctx, w.As("othersec"), id.ID{City: apptest.City, Key: w.Who["officer"].Holding}, org.Leaving{On: "2026-10-12", Reason: "transferred"}), "not_found")
		w.Verify()
	})
}

// TestTwoHands: two personnel clerks are not enough, one of the two keeps the security of the deployment; the three
// administrators stay apart.
func TestTwoHands(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("personnel", "皮组", "personnel_clerk", "county")
		s := w.App.Org
		post := openPost(t, w, "county", "sysadmin")
		_, err := s.Propose(apptest.Ctx, w.As("personnel"), org.Proposal{Post: post, Person: w.Who["auditor"].Person, From: "2026-10-12"})
		code(t, err, "appoint.two_admins")
		_, err = s.Propose(apptest.Ctx, w.As("personnel"), org.Proposal{Post: post, Person: w.Who["handler"].Person, From: "2026-10-12"})
		code(t, err, "appoint.admin_apart")
		a, err := s.Propose(apptest.Ctx, w.As("personnel"), org.Proposal{Post: post, Name: "巫新", Born: "1991-02", From: "2026-10-12", FullTime: true})
		if err != nil {
			t.Fatal(err)
		}
		code(t, s.Decide(apptest.Ctx, w.As("cityorg"), a, 1, true, ""), "appoint.no_security")
		if err := s.Decide(apptest.Ctx, w.As("secadmin"), a, 1, true, ""); err != nil {
			t.Fatal(err)
		}
		found, err := s.FindPeople(apptest.Ctx, w.As("secadmin"), "巫", 10)
		if err != nil || len(found) != 1 || found[0].Post != "sysadmin" || found[0].Unit != "云渡县" {
			t.Errorf("%+v %v", found, err)
		}
		if _, err := s.FindPeople(apptest.Ctx, w.As("auditor"), "巫", 10); fault.KindOf(err) != fault.Forbidden {
			t.Error(err)
		}
		// Put forward and taken back, put forward and refused.
		other := openPost(t, w, "single", "deputy")
		states := map[string]int{}
		for _, who := range []string{"personnel", "secadmin"} {
			a, err := s.Propose(apptest.Ctx, w.As("personnel"), org.Proposal{Post: other, Person: w.Who["hlofficer"].Person, From: "2026-10-12"})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Decide(apptest.Ctx, w.As(who), a, 1, false, "另有安排"); err != nil {
				t.Fatal(err)
			}
		}
		f, err := s.PlaceOf(apptest.Ctx, w.As("secadmin"), other)
		for _, x := range f.Asked {
			states[x.State]++
		}
		if err != nil || f.Holding != "" || states[org.AppointWithdrawn] != 1 || states[org.AppointRefused] != 1 {
			t.Errorf("%+v %v", f, err)
		}
		w.Verify()
	})
}

// TestPlaces walks the list page by page and meets every post once.
func TestPlaces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		openPost(t, w, "single", "deputy")
		seen := map[id.Key]bool{}
		q := org.PlaceQuery{Limit: 5}
		for {
			list, err := w.App.Org.Places(apptest.Ctx, w.As("cityorg"), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range list {
				if seen[p.Post] {
					t.Errorf("%s twice", p.Title)
				}
				seen[p.Post] = true
			}
			if len(list) < q.Limit {
				break
			}
			q.After = list[len(list)-1].Post
		}
		all, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT o.id FROM posts o WHERE o.city_id = $1`)
		if err != nil || len(all) != len(seen) {
			t.Errorf("%d of %d posts, %v", len(seen), len(all), err)
		}
		for _, c := range []struct {
			who string
			q   org.PlaceQuery
			n   int
		}{
			{"cityorg", org.PlaceQuery{Only: "vacant"}, 1}, {"cityorg", org.PlaceQuery{Only: "asked"}, 0}, {"cityorg", org.PlaceQuery{Part: "潘"}, 1},
			{"secadmin", org.PlaceQuery{Part: "马书"}, 0}, {"cityorg", org.PlaceQuery{Kind: "auditor"}, 1}, {"cityorg", org.PlaceQuery{Part: "100%_"}, 0},
		} {
			c.q.Limit = 50
			list, err := w.App.Org.Places(apptest.Ctx, w.As(c.who), c.q)
			if err != nil || len(list) != c.n {
				t.Errorf("%s %+v: %d, %v", c.who, c.q, len(list), err)
			}
		}
	})
}
