package visit_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/visit"
)

// stored is what stands in a tenant's log, oldest first.
func stored(t *testing.T, d *db.DB, city id.City) []string {
	t.Helper()
	out, err := db.All(apptest.Ctx, d.In(city), func(rows *db.Rows) (string, error) {
		var person, route, thing string
		err := rows.Scan(&person, &route, &thing)
		return strings.TrimSpace(person + " " + route + " " + thing), err
	}, `SELECT v.person_id, v.route, v.thing FROM access_log v WHERE v.city_id = $1 ORDER BY v.at, v.n`)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// entered is a clue in the county's pool.
func entered(t *testing.T, w *apptest.World) id.ID {
	t.Helper()
	e, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "委员", Rank: "staff", Category: "c2", PartyMember: true},
		Source: "found", Received: "2026-10-12", Title: "反映虚报", Summary: "虚报费用。", Discipline: "integrity"})
	if err != nil {
		t.Fatal(err)
	}
	return e.ID
}

// Visits wait in memory, are written together in the tenants of their things, and are forgotten when they are old.
func TestWrittenTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 10, 12, 9, 0, 0, 0, time.UTC)
		d.SetClock(func() time.Time { return now })
		l := visit.NewLog(d)
		who := id.ID{City: 1, Key: "P"}
		for range 450 { // more than one statement takes
			l.Add(visit.Visit{At: d.Now(), Person: who, Route: "/clues"})
		}
		now = now.Add(time.Hour)
		l.Add(visit.Visit{At: d.Now(), Person: who, Route: "/m/{id}", Thing: id.ID{City: 2, Key: "M"}})
		if n := len(stored(t, d, 1)) + len(stored(t, d, 2)); n != 0 {
			t.Fatalf("%d written before the batch", n)
		}
		for range 2 { // the second has nothing to do
			if err := l.Flush(apptest.Ctx); err != nil {
				t.Fatal(err)
			}
		}
		if own, there := stored(t, d, 1), stored(t, d, 2); len(own) != 450 || own[0] != "P /clues" || len(there) != 1 || there[0] != "P /m/{id} M" {
			t.Errorf("%d, %v", len(own), there)
		}
		if err := visit.Forget(apptest.Ctx, d, 1, time.Minute); err != nil {
			t.Fatal(err)
		}
		if n := len(stored(t, d, 1)); n != 0 || len(stored(t, d, 2)) != 1 {
			t.Errorf("%d are left after their time", n)
		}
	})
}

// While the database takes nothing, visits wait on; when too many wait the oldest give way and are counted.
func TestOldestGiveWay(t *testing.T) {
	d := dbtest.SQLite(t)
	l := visit.NewLog(d)
	visit.SetMost(l, 3)
	who := id.ID{City: 1, Key: "P"}
	gone, cancel := context.WithCancel(apptest.Ctx)
	cancel()
	for i, route := range []string{"/a", "/b", "/c", "/d", "/e"} {
		l.Add(visit.Visit{At: d.Now(), Person: who, Route: route})
		if i == 1 {
			if l.Flush(gone) == nil {
				t.Error("nothing failed")
			}
		}
	}
	if err := l.Flush(apptest.Ctx); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(stored(t, d, 1), ", "); got != "P /c, P /d, P /e" || l.Dropped() != 2 {
		t.Errorf("%s; %d dropped", got, l.Dropped())
	}
}

// Who opened a matter is found by its number, however its brackets are typed, for whoever reads the log of its organ.
func TestOf(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := entered(t, w)
		l := w.App.Visits
		for i, who := range []string{"supervision", "principal", "province"} {
			w.Now = w.Now.Add(time.Minute)
			l.Add(visit.Visit{At: d.Now(), Person: w.As(who).PersonID(), Route: []string{"/m/{id}", "/m/{id}/papers", "/m/{id}"}[i], Thing: m})
		}
		l.Add(visit.Visit{At: d.Now(), Person: w.As("head").PersonID(), Route: "/clues"})
		if err := l.Flush(apptest.Ctx); err != nil {
			t.Fatal(err)
		}
		of := func(no, reader, organ string, after visit.Mark, limit int) []visit.Visit {
			t.Helper()
			vs, err := visit.Of(apptest.Ctx, d.In(apptest.City), w.Who[reader].Person, []id.Key{w.Units[organ].ID.Key}, no, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			return vs
		}
		no := w.Matter(m).No
		vs := of(no, "auditor", "county", visit.Mark{}, 2)
		if len(vs) != 2 || vs[0].Person != w.As("province").PersonID() || vs[1].Person != w.As("principal").PersonID() || vs[1].Route != "/m/{id}/papers" || vs[1].Thing != m {
			t.Errorf("%+v", vs)
		}
		if rest := of(no, "auditor", "county", vs[1].Mark(), 2); len(rest) != 1 || rest[0].Person != w.As("supervision").PersonID() {
			t.Errorf("%+v", rest)
		}
		if vs := of(strings.NewReplacer("〔", "[ ", "〕", "] ").Replace(no), "auditor", "county", visit.Mark{}, 9); len(vs) != 3 {
			t.Errorf("other brackets: %+v", vs)
		}
		for _, none := range [][]visit.Visit{of(no, "auditor", "other", visit.Mark{}, 9), of("", "auditor", "county", visit.Mark{}, 9), of("没有", "auditor", "county", visit.Mark{}, 9)} {
			if len(none) != 0 {
				t.Errorf("%+v", none)
			}
		}
	})
}
