package app_test

import (
	"slices"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	opened "qianshao/internal/visit"
)

// TestAccessLogKept: what was opened is found for as long as the rulebook says, and not a day more.
func TestAccessLogKept(t *testing.T) {
	d := dbtest.SQLite(t)
	w, key := lived(t, d)
	kept := w.App.Rules.Limit("access_log.keep", d.Today())
	if kept < 184 { // no six months are longer
		t.Fatalf("the rulebook keeps it %d days", kept)
	}
	w.App.Visits.Add(opened.Visit{At: d.Now(), Person: w.As("handler").PersonID(), Route: "/first"})
	w.Now = w.Now.Add(24 * time.Hour)
	w.App.Visits.Add(opened.Visit{At: d.Now(), Person: w.As("handler").PersonID(), Route: "/second"})
	if err := w.App.Visits.Flush(apptest.Ctx); err != nil {
		t.Fatal(err)
	}
	k := w.App.NewWorkers(quiet(), key)
	for _, x := range []struct {
		on   calendar.Date
		want []string
	}{
		{"2026-10-13", []string{"/first", "/second"}},
		{calendar.Date("2026-10-12").AddDays(kept), []string{"/first", "/second"}},
		{calendar.Date("2026-10-13").AddDays(kept), []string{"/second"}},
		{calendar.Date("2026-10-14").AddDays(kept), nil},
	} {
		w.On(x.on)
		k.RunDue(apptest.Ctx)
		got, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT route FROM access_log WHERE city_id = $1 ORDER BY route`)
		if err != nil || !slices.Equal(got, x.want) {
			t.Errorf("on %s: %v, want %v, %v", x.on, got, x.want, err)
		}
	}
}

// TestInTime: the day from which on the form asks for no reason is the first that the use case asks none for, whatever
// festivals lie between.
func TestInTime(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	for today := calendar.Date("2026-01-01"); today < "2027-01-01"; today = today.AddDays(1) {
		d := w.App.Intake.InTime(today)
		if d > today || w.App.Intake.Late(d, today) || !w.App.Intake.Late(d.AddDays(-1), today) {
			t.Errorf("entered on %s, in time from %s", today, d)
		}
	}
}
