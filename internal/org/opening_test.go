package org_test

import (
	"sync"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestOpening: a county's posts and offices come to be through its own administrator; nobody gets anything by it.
func TestOpening(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("othersec", "岑安", "secadmin", "other")
		w.Hire("citysec", "卜安", "secadmin", "city")
		s := w.App.Org
		county := w.Units["county"]
		good := org.Opening{Organ: county.ID.Key, Office: "第九纪检监察室", Kind: "investigator", On: d.Today()}
		for _, who := range []string{"othersec", "principal", "sysadmin"} {
			if _, err := s.Open(apptest.Ctx, w.As(who), good); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s opened a post, or was not told why not: %v", who, err)
			}
		}
		for _, bad := range []struct {
			change func(*org.Opening)
			want   string
		}{
			{func(o *org.Opening) { o.Organ = "nowhere" }, "organ choice.unknown"},
			{func(o *org.Opening) { o.Organ = w.Units["full"].ID.Key }, "organ choice.unknown"},
			{func(o *org.Opening) { o.Organ = w.Units["county.office1"].ID.Key }, "organ choice.unknown"},
			{func(o *org.Opening) { o.Kind = "emperor" }, "kind choice.unknown"},
			{func(o *org.Opening) { o.Kind = "secretary" }, "kind choice.unknown"},
			{func(o *org.Opening) { o.Office = "" }, "office post.needs_office"},
			{func(o *org.Opening) { o.Office = "甲\x01室" }, "office text.control"},
			{func(o *org.Opening) { o.Kind = "vice" }, "office post.no_office"},
			{func(o *org.Opening) { o.Kind, o.Office = "observer", "" }, "kind post.kind"},
			{func(o *org.Opening) { o.Kind, o.Office = "principal", "" }, "kind post.one"},
			{func(o *org.Opening) { o.On = "2026-02-30" }, "on day.invalid"},
			{func(o *org.Opening) { o.On = d.Today().AddDays(1) }, "on day.future"},
		} {
			in := good
			bad.change(&in)
			_, err := s.Open(apptest.Ctx, w.As("secadmin"), in)
			code(t, err, bad.want)
		}
		first, err := s.Open(apptest.Ctx, w.As("secadmin"), good)
		if err != nil {
			t.Fatal(err)
		}
		good.Kind = "office_head"
		second, err := s.Open(apptest.Ctx, w.As("citysec"), good)
		if err != nil {
			t.Fatal(err)
		}
		// Both stand in one office, which was set up once, and nobody holds them until two people say who.
		var units []string
		for _, post := range []string{first, second} {
			f, err := s.PlaceOf(apptest.Ctx, w.As("secadmin"), post)
			if err != nil || f.Holding != "" || f.Unit.Name != good.Office || f.Unit.Organ != county.ID.Key {
				t.Fatalf("%+v %v", f, err)
			}
			units = append(units, f.Unit.ID.Key)
		}
		if units[0] != units[1] {
			t.Error("the office was set up twice")
		}
		person := w.Who["hlofficer"].Person
		a, err := s.Propose(apptest.Ctx, w.As("secadmin"), org.Proposal{Post: first, Person: person, From: d.Today(), FullTime: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Decide(apptest.Ctx, w.As("citysec"), a, 1, true, ""); err != nil {
			t.Fatal(err)
		}
		if f, err := s.PlaceOf(apptest.Ctx, w.As("secadmin"), first); err != nil || f.Person != person {
			t.Errorf("%+v %v", f, err)
		}
		// Several at once in a new office, round after round: it is set up once.
		who := w.As("citysec")
		for _, name := range []string{"第十一室", "第十二室", "第十三室", "第十四室", "第十五室", "第十六室"} {
			var wg sync.WaitGroup
			for range 12 {
				wg.Go(func() {
					in := org.Opening{Organ: w.Units["other"].ID.Key, Office: name, Kind: "investigator", On: d.Today()}
					if _, err := s.Open(apptest.Ctx, who, in); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			offices, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT u.id FROM units u WHERE u.city_id = $1 AND u.name = $2`, name)
			if err != nil || len(offices) != 1 {
				t.Errorf("%d offices of one name: %v", len(offices), err)
			}
		}
		organs, err := s.Organs(apptest.Ctx, w.As("secadmin"))
		if err != nil || len(organs) != 1 || organs[0].ID != county.ID {
			t.Errorf("a county's administrator sees %d organs: %v", len(organs), err)
		}
		if organs, err = s.Organs(apptest.Ctx, w.As("citysec")); err != nil || len(organs) < 3 || organs[0].Level != access.City {
			t.Errorf("a city's administrator sees %d organs: %v", len(organs), err)
		}
	})
}
