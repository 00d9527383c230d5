package org_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func (p personOf) id(who string) id.ID { return id.ID{City: p.Who[who].City, Key: p.Who[who].Person} }

type personOf struct{ *apptest.World }

// TestPerson: posts over time are everybody's to see within reach, and what staff administration may see is theirs.
func TestPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := personOf{apptest.New(t, d)}
		w.Hire("personnel", "皮组", "personnel_clerk", "county")
		w.Hire("otherpersonnel", "邬组", "personnel_clerk", "other")
		s := w.App.Org
		for _, c := range []struct {
			who   string
			sees  bool
			staff bool
		}{{"personnel", true, true}, {"secadmin", true, true}, {"principal", true, true}, {"cityorg", true, true}, {"secretary", true, false}, {"lone", true, false}, {"supervision", true, false},
			{"cityoffice", true, false}, {"otherpersonnel", false, false}, {"othersecretary", false, false}} {
			f, err := s.PersonOf(apptest.Ctx, w.As(c.who), w.id("officer"))
			if !c.sees {
				code(t, err, "not_found")
				continue
			}
			if err != nil || f.Staff != c.staff || (f.Born == "1985-03") != c.staff || len(f.Posts) != 1 || f.Posts[0].Kind != "officer" || f.Posts[0].Months("2026-10-12") != 45 || f.Served != 45 {
				t.Errorf("%s: %+v %v", c.who, f, err)
			}
		}
		_, err := s.PersonOf(apptest.Ctx, w.As("personnel"), id.ID{City: apptest.City, Key: "01ARZ3NDEKTSV4RRFFQ69G5FAV"})
		code(t, err, "not_found")

		// Skills are codes of the list, and nobody but staff administration enters them.
		officer := w.id("officer")
		code(t, s.SetSkills(apptest.Ctx, w.As("otherpersonnel"), officer, 1, nil), "not_found")
		code(t, s.SetSkills(apptest.Ctx, w.As("secretary"), officer, 1, nil), "move.not_yours")
		code(t, s.SetSkills(apptest.Ctx, w.As("personnel"), officer, 7, nil), "stale")
		code(t, s.SetSkills(apptest.Ctx, w.As("personnel"), officer, 1, []string{"magic"}), "skills choice.unknown")
		if err := s.SetSkills(apptest.Ctx, w.As("personnel"), officer, 1, []string{"law", "audit", "law"}); err != nil {
			t.Fatal(err)
		}
		f, err := s.PersonOf(apptest.Ctx, w.As("secretary"), officer)
		if err != nil || len(f.Skills) != 2 || f.Skills[0] != "audit" || f.Skills[1] != "law" || f.Version != 2 {
			t.Errorf("%+v %v", f, err)
		}
		es, err := ledger.Entries(apptest.Ctx, d.In(apptest.City), access.ByProgram(apptest.City), ledger.Query{Log: w.Units["county"].ID.Key, Limit: 1})
		if err != nil || es[0].Action != "person.skills" || es[0].Params["skills"] != "audit law" {
			t.Errorf("%+v %v", es, err)
		}
		w.Verify()
	})
}

// TestEarlierWork: what somebody did before is dated, overlaps nothing, and is counted once.
func TestEarlierWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := personOf{apptest.New(t, d)}
		w.Hire("personnel", "皮组", "personnel_clerk", "county")
		s, officer := w.App.Org, w.id("officer")
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "roster.import", Organ: w.Units["county"].ID}, org.AmendPerson(apptest.Ctx, tx, officer.Key, map[string]any{"discipline_months": 30})
		})
		if err != nil {
			t.Fatal(err)
		}
		good := org.Work{From: "2019-01-01", To: "2021-01-01", Discipline: true, What: "县纪委监委跟案"}
		for _, bad := range []struct {
			change func(*org.Work)
			want   string
		}{
			{func(x *org.Work) { x.From = "" }, "from required"},
			{func(x *org.Work) { x.From = "2019-02-30" }, "from day.invalid"},
			{func(x *org.Work) { x.From, x.To = "2027-01-01", "2027-02-01" }, "from day.future"},
			{func(x *org.Work) { x.From = "1985-01-01" }, "from work.before_birth"},
			{func(x *org.Work) { x.From = "0085-01-01" }, "from day.invalid"},
			{func(x *org.Work) { x.To = "" }, "to required"},
			{func(x *org.Work) { x.To = "2019-01-01" }, "to day.before"},
			{func(x *org.Work) { x.To = "2030-01-01" }, "to day.future"},
			{func(x *org.Work) { x.To = "2023-06-01" }, "to work.holding"},
			{func(x *org.Work) { x.What = " " }, "what required"},
			{func(x *org.Work) { x.What = "甲\x01" }, "what text.control"},
		} {
			in := good
			bad.change(&in)
			code(t, s.AddWork(apptest.Ctx, w.As("personnel"), officer, 2, in), bad.want)
		}
		code(t, s.AddWork(apptest.Ctx, w.As("personnel"), officer, 1, good), "stale")
		code(t, s.AddWork(apptest.Ctx, w.As("secretary"), officer, 2, good), "move.not_yours")
		if err := s.AddWork(apptest.Ctx, w.As("personnel"), officer, 2, good); err != nil {
			t.Fatal(err)
		}
		f, err := s.PersonOf(apptest.Ctx, w.As("personnel"), officer)
		if err != nil || f.Before != 6 || f.Served != 45+24+6 || len(f.Works) != 1 || f.Version != 3 {
			t.Fatalf("%+v %v", f, err)
		}
		again := good
		again.From, again.To = "2020-12-01", "2021-05-01"
		code(t, s.AddWork(apptest.Ctx, w.As("personnel"), officer, 3, again), "from work.overlap")
		mend := f.Works[0]
		mend.To, mend.Discipline = "2020-01-01", false
		if err := s.MendWork(apptest.Ctx, w.As("personnel"), officer, 3, mend); err != nil {
			t.Fatal(err)
		}
		mend.ID = w.Who["lone"].Person
		code(t, s.MendWork(apptest.Ctx, w.As("personnel"), officer, 4, mend), "not_found")
		if f, err = s.PersonOf(apptest.Ctx, w.As("personnel"), officer); err != nil || f.Served != 45+30 || f.Works[0].To != "2020-01-01" {
			t.Errorf("%+v %v", f, err)
		}
		w.Verify()
	})
}
