package app_test

import (
	"testing"
	"time"

	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestComparedWhileUnlocked: what reporters asked to be watched over is compared soon after the key is unlocked, then every ten minutes,
// and not while it is locked.
func TestComparedWhileUnlocked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		in := entry(w)
		in.Named, in.Reporter, in.Watch, in.Works = true, intake.Reporter{Name: "奚干", Contact: "139"}, true, intake.Works{Unit: "石桥镇", Post: "干部"}
		if _, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in); err != nil {
			t.Fatal(err)
		}
		w.Work()
		done, now := app.Last{}, time.Now()
		looks := func(after time.Duration, want int) {
			t.Helper()
			now = now.Add(after)
			if err := w.App.CompareTurns(apptest.Ctx, done, now); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := d.In(apptest.City).Row(apptest.Ctx, `SELECT COUNT(a.seq) FROM acts a WHERE a.city_id = $1 AND a.action IN ('watch.look', 'watch.alert')`).Scan(&n); err != nil || n != want {
				t.Errorf("compared with %d changes, want %d, %v", n, want, err)
			}
		}
		looks(0, 0)
		w.Unlock("county")
		looks(time.Second, 0)
		w.Unlock("city")
		looks(time.Second, 1) // what the register says of them is remembered
		w.Hire("late", "奚干", "correspondent", "village")
		if err := w.App.Org.LeavePost(apptest.Ctx, w.As("secadmin"), id.ID{City: apptest.City, Key: w.Who["late"].Holding}, org.Leaving{On: w.App.DB.Today(), Reason: "other"}); err != nil {
			t.Fatal(err)
		}
		looks(9*time.Minute, 1)
		looks(time.Minute, 2)
		w.App.Custody.Ring.Lock(w.Units["city"].ID.String())
		looks(time.Second, 2)
		if len(done) != 1 { // the county's
			t.Errorf("%v", done)
		}
	})
}
