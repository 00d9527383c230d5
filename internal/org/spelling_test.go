package org_test

import (
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestNamesHoweverTyped: an official is found, and one of the system's own people is known, by what people see of a name.
func TestNamesHoweverTyped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		r, u := d.In(apptest.City), w.Units["full"]
		_, err := w.App.Ledger.Write(apptest.Ctx, w.As("cityorg"), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
			_, err := org.AddOfficials(apptest.Ctx, tx, []org.NewOfficial{
				{Unit: u, Name: "欧阳　Ａnna", Post: "副镇\u200d长", Rank: "deputy_section", Category: "c1", From: "2024-01-01"},
				{Unit: u, Name: "吴某", Post: "100%股东代表", Rank: "staff", Category: "c1", From: "2024-01-01"}})
			return ledger.Act{Action: "rows.import", Organ: u.OrganID()}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		for part, want := range map[string]int{"": 2, "欧阳Anna": 1, "ａｎｎａ": 1, "欧\u200d阳": 1, "欧　阳": 1, "副镇长": 1, "ouyang": 1, "Wu": 1, "%": 1, "_": 0, "甲": 0} {
			os, err := org.Officials(apptest.Ctx, r, u.ID.Key, part, 10)
			if err != nil || len(os) != want {
				t.Errorf("%q finds %d, want %d, %v", part, len(os), want, err)
			}
		}
		if os, err := org.Officials(apptest.Ctx, r, u.ID.Key, "", 1); err != nil || len(os) != 1 {
			t.Errorf("%d of one, %v", len(os), err)
		}
		for _, typed := range []string{"石桥\u200d", "石　桥"} {
			if us, err := org.FindUnits(apptest.Ctx, r, "", typed, []string{"township"}, 5); err != nil || len(us) != 1 || us[0].ID != u.ID {
				t.Errorf("%q finds %v, %v", typed, us, err)
			}
		}
		name := []rune(w.Who["secretary"].Name)
		for _, typed := range []string{string(name), string(name[:1]) + "　" + string(name[1:]), string(name[:1]) + "\u200d" + string(name[1:])} {
			s, err := org.Resolve(apptest.Ctx, r, w.App.Rules, org.SubjectInput{Unit: u.ID.Key, Name: typed, Post: "纪委书记", Rank: "deputy_section", PartyMember: true})
			if err != nil || s.Person != w.Who["secretary"].Person || s.Name != typed {
				t.Errorf("%q is %q %q, %v", typed, s.Person, s.Name, err)
			}
		}
	})
}
