package app_test

import (
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// TestDirectory: every organ of the deployment with the one above it, every place somebody may work at with the organ that
// its reports belong to; a letter sealed by it is opened with the organ's own key and with the one above; nobody is named.
func TestDirectory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		dir, err := w.App.Directory(apptest.Ctx, d.Today())
		if err != nil {
			t.Fatal(err)
		}
		county, ok := dir.Organ(w.Units["county"].ID)
		if !ok || county.Above != w.Units["city"].ID || county.Key.Public == "" {
			t.Fatalf("the county is %+v", county)
		}
		city, ok := dir.Organ(county.Above)
		if top, _ := dir.Organ(city.Above); !ok || top.Level != access.Province || !top.Above.Zero() {
			t.Errorf("above the county stand %+v and %+v", city, top)
		}
		at := map[id.ID]envelope.Unit{}
		for _, u := range dir.Units {
			at[u.ID] = u
		}
		town := at[w.Units["full"].ID]
		if town.Name != w.Units["full"].Name || town.Organ != county.ID || town.In != county.ID {
			t.Errorf("a township is %+v", town)
		}
		for name, u := range w.Units {
			if _, listed := at[u.ID]; listed == (u.Kind == "office") {
				t.Errorf("%s, of kind %s, is listed: %v", name, u.Kind, listed)
			}
		}
		levels := map[string]int{}
		for _, r := range dir.Ranks {
			levels[r.Code] = r.Managed
			if r.Name[locale.Zh] == "" || r.Name[locale.En] == "" {
				t.Errorf("a rank without a name: %+v", r)
			}
		}
		if levels["deputy_county"] != access.City {
			t.Errorf("deputy county leaders are managed at level %d", levels["deputy_county"])
		}
		if readers := dir.Readers(town.Organ, levels["deputy_county"], id.ID{}); len(readers) == 0 || readers[0].ID != city.ID {
			t.Errorf("reports about them go to %+v", readers)
		}
		if len(dir.Terms) != 3 || dir.Terms[0].What != "first_action" || dir.Terms[0].Length == 0 || dir.Terms[0].Unit != calendar.Workdays || dir.Terms[0].Article == "" {
			t.Errorf("reporters are promised %+v", dir.Terms)
		}

		// What the public side promises is the day that the work side's deadline has.
		for i, term := range dir.Terms {
			timer, _ := w.App.Rules.Timer([]string{"tipoff.first_action", "tipoff.notice", "tipoff.result"}[i], d.Today())
			for day := calendar.Date("2025-01-01"); day < "2027-12-01"; day = day.AddDays(1) {
				for _, roll := range []bool{false, true} {
					for _, unit := range []calendar.Unit{term.Unit, calendar.Days, calendar.Months} {
						term.Unit, term.Roll = unit, roll
						want := deadline.Compute(deadline.Rule{Length: timer.Length, Unit: unit, Roll: roll}, []deadline.Entry{{Kind: deadline.Opened, On: day}}, w.App.Clocks.Calendar())
						if by, may := term.By(day, w.App.Clocks.Calendar()); by != want.Due || may != want.Provisional {
							t.Fatalf("%s from %s, %s, rolls %v: %s %v, the deadline ends %s %v", term.What, day, unit, roll, by, may, want.Due, want.Provisional)
						}
					}
				}
			}
		}

		receipt, err := envelope.NewReceipt(envelope.NewToken())
		if err != nil {
			t.Fatal(err)
		}
		e, err := envelope.Seal(envelope.Letter{Text: "虚报管护费"}, receipt.Secrets(), dir.Address(county), d.Today())
		if err != nil {
			t.Fatal(err)
		}
		for _, organ := range []envelope.Organ{county, city} {
			ks, err := custody.Keys(apptest.Ctx, d.In(organ.ID.City), organ.ID)
			if err != nil || len(ks) == 0 {
				t.Fatal(err)
			}
			private, err := seal.Unwrap(ks[0].Wrapped, apptest.Secret)
			if err != nil {
				t.Fatal(err)
			}
			if l, _, err := e.Open(private); err != nil || l.Text != "虚报管护费" {
				t.Errorf("%s reads %+v, %v", organ.Name, l, err)
			}
		}

		// A notice that this deployment took in goes along, in a directory that is newer than the one before.
		const text = "年 2027\n通知 试〔2026〕1号 2026-11-04\n放假 元旦 01-01..01-03\n"
		if _, err := w.App.Clocks.ImportYear(apptest.Ctx, w.App.Ledger, access.ByOperator(city.ID.City), text, w.App.Engine.Effects()); err != nil {
			t.Fatal(err)
		}
		w.Now = w.Now.Add(time.Second)
		next, err := w.App.Directory(apptest.Ctx, d.Today())
		if err != nil || next.Serial <= dir.Serial || dir.Book(calendar.Shipped()).Has(2027) || !next.Book(calendar.Shipped()).Has(2027) {
			t.Errorf("%q; %d, then %d; %v", next.Holidays, dir.Serial, next.Serial, err)
		}
	})
}
