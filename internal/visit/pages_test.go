package visit_test

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/seal"
	"qianshao/internal/visit"
)

// What somebody signed in is shown goes to the log, in the tenant of the thing, without what was searched for; what
// they are not shown does not. The request itself writes nothing.
func TestPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := entered(t, w)
		tables := func() map[string]backup.Sum {
			s, err := backup.Write(apptest.Ctx, d, io.Discard, backup.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return s.Tables
		}
		before := tables()
		srv := w.Serve()
		for _, g := range []struct {
			who, path string
			status    int
		}{
			{"supervision", "/m/" + m.String(), 200}, {"province", "/m/" + m.String(), 200}, {"supervision", "/clues?q=张三", 200}, {"supervision", "/", 200},
			{"othersecretary", "/m/" + m.String(), 404}, {"supervision", "/admin/audit", 403}, {"nobody", "/sign-in", 200}, {"supervision", "/assets/absent", 404},
		} {
			if code, _ := w.Get(srv, g.who, g.path); code != g.status {
				t.Errorf("%s by %s: %d", g.path, g.who, code)
			}
		}
		if !reflect.DeepEqual(tables(), before) {
			t.Error("reading a page wrote something")
		}
		if err := w.App.Visits.Flush(apptest.Ctx); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(append(stored(t, d, apptest.City), stored(t, d, apptest.Province)...), ", ")
		for who, p := range w.Who {
			got = strings.ReplaceAll(got, p.Person, who)
		}
		if got = strings.ReplaceAll(got, m.Key, "M"); got != "supervision /m/{id} M, province /m/{id} M, supervision /clues, supervision /{$}" {
			t.Error(got)
		}
	})
}

// What waits when the program is asked to stop is written before it has stopped; in time housekeeping forgets it.
func TestStopAndHousekeeping(t *testing.T) {
	d := dbtest.SQLite(t)
	w := apptest.New(t, d)
	ctx, stop := context.WithCancel(apptest.Ctx)
	defer stop()
	key, err := seal.NewDeployment(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	err = w.App.Serve(ctx, app.Serving{Listen: "127.0.0.1:0", Key: key, Log: log, Up: func(string, string, string) {
		w.App.Visits.Add(visit.Visit{At: d.Now(), Person: w.As("handler").PersonID(), Route: "/clues"})
		stop()
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := stored(t, d, apptest.City); len(got) != 1 {
		t.Errorf("the last visit was lost: %v", got)
	}
	for i, day := range []calendar.Date{"2027-04-01", "2027-05-01"} {
		w.On(day)
		q := w.App.NewWorkers(log, key).Queue
		for did := true; did; {
			if did, err = q.Due(apptest.Ctx); err != nil {
				t.Fatal(err)
			}
		}
		if got := stored(t, d, apptest.City); len(got) != 1-i {
			t.Errorf("on %s: %v", day, got)
		}
	}
}
