package org_test

import (
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestStations: a county opens and fills the posts of all of a township's villages in two steps by two people; what is
// wrong stands beside its village and nothing is half done.
func TestStations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("clerk", "秦人", "personnel_clerk", "county")
		w.Hire("othersec", "岑安", "secadmin", "other")
		s, town := w.App.Org, w.Units["full"]
		up := w.Units["village"]
		var low access.Unit
		_, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			us, err := org.OpenUnits(apptest.Ctx, tx, []org.NewUnit{{Kind: "village", Code: "990101001202", Name: "下塘村", Superior: town, Opened: "2020-01-01"}})
			if err != nil {
				return ledger.Act{}, err
			}
			low = us[0]
			_, err = org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{{Unit: low, Name: "唐书记", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true, Chief: true, From: "2022-01-01"}})
			return ledger.Act{Action: "unit.open", Organ: town.OrganID()}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		in := func(kind string, all bool, names map[id.Key]org.Newcomer) org.Stationed {
			return org.Stationed{Township: town.ID.Key, Kind: kind, From: d.Today(), All: all, Names: names}
		}
		for _, who := range []string{"othersec", "secretary", "principal"} {
			if _, _, err := s.SetStations(apptest.Ctx, w.As(who), in("station_chief", true, nil)); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s: %v", who, err)
			}
			if _, err := s.Stations(apptest.Ctx, w.As(who), town.ID.Key, "station_chief"); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s reads: %v", who, err)
			}
		}
		for _, c := range []struct {
			in   org.Stationed
			want string
		}{
			{in("officer", true, nil), "kind choice.unknown"},
			{in("station_chief", false, nil), "names station.nothing"},
			{in("station_chief", false, map[id.Key]org.Newcomer{up.ID.Key: {"滕站", "1980"}}), "born-" + up.ID.Key + " appoint.born"},
			{in("station_chief", false, map[id.Key]org.Newcomer{up.ID.Key: {"", "1980-01"}}), "name-" + up.ID.Key + " name.invalid"},
			{in("station_chief", true, map[id.Key]org.Newcomer{up.ID.Key: {"滕站", "1980-01"}, low.ID.Key: {"唐 书记", "1980-01"}}), "name-" + low.ID.Key + " station.village_chief"},
		} {
			_, _, err := s.SetStations(apptest.Ctx, w.As("clerk"), c.in)
			code(t, err, c.want)
		}
		if opened, asked, err := s.SetStations(apptest.Ctx, w.As("clerk"), in("station_chief", true, map[id.Key]org.Newcomer{up.ID.Key: {"滕　站", "1980-01"}})); err != nil || opened != 2 || asked != 1 {
			t.Fatalf("opened %d, asked %d: %v", opened, asked, err)
		}
		// What waits is not filled again, and what was left empty is.
		_, _, err = s.SetStations(apptest.Ctx, w.As("clerk"), in("station_chief", false, map[id.Key]org.Newcomer{up.ID.Key: {"盛站", "1981-01"}}))
		code(t, err, "name-"+up.ID.Key+" post.held")
		if opened, asked, err := s.SetStations(apptest.Ctx, w.As("clerk"), in("station_chief", true, map[id.Key]org.Newcomer{low.ID.Key: {"盛站", "1981-01"}})); err != nil || opened != 0 || asked != 1 {
			t.Fatalf("opened %d, asked %d: %v", opened, asked, err)
		}
		if n, err := s.ConfirmStations(apptest.Ctx, w.As("clerk"), town.ID.Key, "station_chief"); err != nil || n != 0 {
			t.Errorf("who asked confirms %d: %v", n, err)
		}
		if _, err := s.ConfirmStations(apptest.Ctx, w.As("othersec"), town.ID.Key, "station_chief"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another county confirms: %v", err)
		}
		if n, err := s.ConfirmStations(apptest.Ctx, w.As("secadmin"), town.ID.Key, "station_chief"); err != nil || n != 2 {
			t.Fatalf("confirmed %d: %v", n, err)
		}
		list, err := s.Stations(apptest.Ctx, w.As("secadmin"), town.ID.Key, "station_chief")
		if err != nil || len(list) != 2 || list[0].Posts[0].Name == "" || list[1].Posts[0].Name != "盛站" || list[0].Takes("station_chief") {
			t.Fatalf("%+v %v", list, err)
		}
		chief, err := access.Load(apptest.Ctx, d.In(apptest.City), list[1].Posts[0].Person, list[1].Posts[0].Holding, d.Today())
		if err != nil || chief.Can(access.TipoffRead) || chief.Can(access.ClueRead) || chief.Can(access.CaseRead) || !chief.Can(access.OrgRead) {
			t.Errorf("what a chief may: %v", err)
		}
		// A second correspondent gets a second post.
		for i, name := range []string{"甲信", "乙信"} {
			opened, asked, err := s.SetStations(apptest.Ctx, w.As("secadmin"), in("correspondent", false, map[id.Key]org.Newcomer{up.ID.Key: {name, "1990-01"}}))
			if err != nil || opened != 1 || asked != 1 {
				t.Errorf("correspondent %d: %d %d %v", i, opened, asked, err)
			}
		}
		w.Verify()
	})
}
