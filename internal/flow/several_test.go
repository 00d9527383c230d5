package flow_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/text"
)

// scattered are clues in four cities below the province, some on one day, some that the province's person is barred from.
func scattered(t *testing.T, w *apptest.World) (all []flow.Matter, barred map[id.ID]bool) {
	t.Helper()
	d := w.App.DB
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := d.Raw().Exec(text, args...); err != nil {
			t.Fatal(err)
		}
	}
	barred = map[id.ID]bool{}
	cities := []id.City{apptest.City, 3, 4, 5}
	for _, c := range cities[1:] {
		if err := app.AddTenant(apptest.Ctx, d, app.Tenant{City: c, Kind: "city", Name: "市", Above: apptest.Province, Code: fmt.Sprintf("9902%02d000000", c)}); err != nil {
			t.Fatal(err)
		}
	}
	first := calendar.Date("2026-09-01")
	for i := range 120 {
		m := flow.Matter{ID: id.ID{City: cities[i*i%11%len(cities)], Key: d.Keys.New(int64(i+1) * 1e6)}, Kind: "clue", State: []string{"pool", "opinion_review", "shelved"}[i%3],
			Open: i%4 > 0, Source: []string{"tipoff", "inspection"}[i%2], Received: first.AddDays(i * 7 % 20), Title: fmt.Sprintf("反映虚报管护费%d", i)}
		if i%5 > 0 {
			m.Due = calendar.Date("2026-10-12").AddDays(i%9 - 4)
		}
		exec(`INSERT INTO matters (city_id, id, kind, state, open, version, level, organ_city, organ_id, root_id, title, source, received_on, opened_on, due_on) VALUES ($1, $2, $3, $4, $5, 1, 3, $1, 'o', $2, $6, $7, $8, $8, $9)`,
			int64(m.ID.City), m.ID.Key, m.Kind, m.State, m.Open, m.Title, m.Source, string(m.Received), string(m.Due))
		if err := d.Write(apptest.Ctx, m.ID.City, func(tx *db.Tx) error {
			return text.Put(apptest.Ctx, tx, m.ID.Key, []string{flow.KindTerm("clue"), "zzl1"}, m.Title)
		}); err != nil {
			t.Fatal(err)
		}
		if m.Due != "" { // which the province owes
			owes := w.As("province").Keys()[0]
			exec(`INSERT INTO clocks (city_id, id, matter_id, root_id, rule, version, hash, length, unit, legal, start_on, due_on, state, owed_city, owed_id, owed_role, organ_city, organ_id) VALUES ($1, $2, $2, $2, $3, 'v', 'h', 5, 'day', FALSE, $4, $5, 'open', $6, $7, $8, $1, 'o')`,
				int64(m.ID.City), m.ID.Key, flow.RuleRisen, string(m.Received), string(m.Due), int64(apptest.Province), owes.Unit.Key, string(owes.Role))
		}
		if i%13 == 0 && m.ID.City != apptest.City {
			exec(`INSERT INTO bars (city_id, person_id, root_id, why) VALUES ($1, $2, $3, 'named')`, int64(m.ID.City), w.Who["province"].Person, m.ID.Key)
			barred[m.ID] = true
		}
		all = append(all, m)
	}
	return all, barred
}

// A province's list and search are one order over all its cities, page by page, without what its people are barred from,
// and one statement a page, however many cities there are.
func TestSeveralCities(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		all, barred := scattered(t, w)
		who := w.As("province")
		today := calendar.Date("2026-10-12")
		byDay := func(a, b flow.Matter) int {
			return -cmp.Or(cmp.Compare(a.Received, b.Received), cmp.Compare(a.ID.Key, b.ID.Key))
		}
		byDue := func(a, b flow.Matter) int {
			return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.ID.Key, b.ID.Key))
		}
		check := func(what string, order func(a, b flow.Matter) int, in func(m flow.Matter) bool, next func(last flow.Matter) ([]flow.Matter, bool, error)) {
			t.Helper()
			var want, got []id.ID
			sorted := slices.Clone(all)
			slices.SortFunc(sorted, order)
			for _, m := range sorted {
				if in(m) && !barred[m.ID] {
					want = append(want, m.ID)
				}
			}
			var last flow.Matter
			for more := true; more && len(got) <= len(want); {
				var ms []flow.Matter
				var err error
				if ms, more, err = next(last); err != nil {
					t.Fatal(err)
				}
				for _, m := range ms {
					got = append(got, m.ID)
					last = m
				}
			}
			if !slices.Equal(got, want) || len(want) < 10 {
				t.Errorf("%s: %d rows, want %d\n%v\n%v", what, len(got), len(want), got, want)
			}
		}
		for _, c := range []struct {
			f     flow.Filter
			order func(a, b flow.Matter) int
			in    func(m flow.Matter) bool
		}{
			{flow.Filter{View: flow.ViewAll}, byDay, func(flow.Matter) bool { return true }},
			{flow.Filter{View: flow.ViewOpen}, byDay, func(m flow.Matter) bool { return m.Open }},
			{flow.Filter{View: flow.ViewEnded}, byDay, func(m flow.Matter) bool { return !m.Open }},
			{flow.Filter{View: flow.ViewWaiting}, byDay, func(m flow.Matter) bool { return m.Open && m.State == "opinion_review" }},
			{flow.Filter{View: "pool"}, byDay, func(m flow.Matter) bool { return m.State == "pool" }},
			{flow.Filter{View: flow.ViewLate}, byDue, func(m flow.Matter) bool { return m.Due != "" && m.Due < today }},
			{flow.Filter{View: flow.ViewSoon}, byDue, func(m flow.Matter) bool { return m.Due >= today && m.Due <= today.AddDays(3) }},
			{flow.Filter{View: flow.ViewAll, Source: "inspection", From: "2026-09-05", To: "2026-09-15"}, byDay,
				func(m flow.Matter) bool {
					return m.Source == "inspection" && m.Received >= "2026-09-05" && m.Received <= "2026-09-15"
				}},
		} {
			c.f.Kind, c.f.Limit = "clue", 7
			check(fmt.Sprintf("%+v", c.f), c.order, c.in, func(flow.Matter) ([]flow.Matter, bool, error) {
				stats := &db.Stats{}
				p, err := w.App.Engine.List(db.WithStats(apptest.Ctx, stats), who, c.f)
				if n := stats.Statements.Load(); n != 1 {
					t.Errorf("%+v takes %d statements", c.f, n)
				}
				c.f.After = p.Next
				return p.Matters, p.Next.Key != "", err
			})
		}
		matters := func(ds []flow.Duty, err error) (ms []flow.Matter, _ error) {
			for _, d := range ds {
				if d.Clock.ID != d.Matter.ID {
					t.Errorf("%v is the clock of %v", d.Clock.ID, d.Matter.ID)
				}
				ms = append(ms, d.Matter)
			}
			return ms, err
		}
		check("what is due", byDue, func(m flow.Matter) bool { return m.Due != "" && m.Due <= "2026-10-14" }, func(last flow.Matter) ([]flow.Matter, bool, error) {
			stats := &db.Stats{}
			ms, err := matters(w.App.Engine.Watched(db.WithStats(apptest.Ctx, stats), who, flow.Watch{Until: "2026-10-14", Limit: 7, After: flow.Cursor{Day: last.Due, Key: last.ID.Key}}))
			if n := stats.Statements.Load(); n != 1 {
				t.Errorf("what is due takes %d statements", n)
			}
			return ms, len(ms) == 7, err
		})
		owed := func(m flow.Matter) bool { return m.Due != "" }
		check("the superior's list", byDue, owed, func(flow.Matter) ([]flow.Matter, bool, error) {
			ms, err := matters(w.App.Engine.OwedUp(apptest.Ctx, who, flow.RuleRisen, 200))
			return ms, false, err
		})
		check("the desk", byDue, owed, func(flow.Matter) ([]flow.Matter, bool, error) {
			ms, err := matters(w.App.Engine.Desk(apptest.Ctx, who, 200))
			return ms, false, err
		})
		check("search", func(a, b flow.Matter) int { return -cmp.Compare(a.ID.Key, b.ID.Key) }, func(flow.Matter) bool { return true }, func(last flow.Matter) ([]flow.Matter, bool, error) {
			ms, err := w.App.Engine.Search(apptest.Ctx, who, "clue", "管护", last.ID.Key, 7)
			return ms, len(ms) == 7, err
		})
	})
}

// PostgreSQL takes the first rows of each city from an index in the order of the list.
func TestPostgresListPlans(t *testing.T) {
	d := dbtest.Postgres(t)
	w := apptest.New(t, d)
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := d.Raw().Exec(text, args...); err != nil {
			t.Fatal(err)
		}
	}
	for c := id.City(3); c <= 11; c++ {
		exec(`INSERT INTO tenants (city_id, kind, name, above_id) VALUES ($1, 'city', '市', $2)`, int64(c), int64(apptest.Province))
	}
	exec(`INSERT INTO matters (city_id, id, kind, state, open, version, level, organ_city, organ_id, root_id, title, source, received_on, opened_on, due_on)
		SELECT 2 + i % 10, 'm' || i, 'clue', CASE WHEN i % 10 > 3 THEN 'settled' ELSE 'opinion' END, i % 10 <= 3, 1, 3, 2 + i % 10, 'o', 'm' || i, '反映', CASE WHEN i % 3 = 0 THEN 'inspection' ELSE 'tipoff' END,
		CAST(DATE '2024-01-01' + i % 900 AS TEXT), '2024-01-01', CASE WHEN i % 10 > 3 THEN '' ELSE CAST(DATE '2026-09-01' + i % 90 AS TEXT) END FROM generate_series(1, 12000) i`)
	exec(`ANALYZE`)
	for _, c := range []struct {
		f     flow.Filter
		index string
	}{
		{flow.Filter{View: flow.ViewAll}, "matters_city"}, {flow.Filter{View: flow.ViewOpen}, "matters_city_open"},
		{flow.Filter{View: flow.ViewAll, Source: "inspection"}, "matters_city_source"}, {flow.Filter{View: flow.ViewLate}, "matters_due"},
	} {
		c.f.Kind = "clue"
		plan := ""
		ctx := db.WithStats(apptest.Ctx, &db.Stats{Seen: func(text string, args []any) {
			lines, err := db.Column[string](apptest.Ctx, d.Shared(), "/*engine*/ EXPLAIN "+text, args...)
			if err != nil {
				t.Fatal(err)
			}
			plan += strings.Join(lines, "\n")
		}})
		if _, err := w.App.Engine.List(ctx, w.As("province"), c.f); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan, "using "+c.index+" on matters") || strings.Contains(plan, "Seq Scan on matters") {
			t.Errorf("%+v: %s", c.f, plan)
		}
	}
}
