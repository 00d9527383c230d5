package app_test

import (
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/intake"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestNeverInClear is T51 for the work side: where what a reporter said can't be sealed, nothing is entered, whoever enters
// it is told why, and not a word of it is in the database.
func TestNeverInClear(t *testing.T) {
	for organ, spoil := range map[string]string{
		"county": `DELETE FROM organ_keys WHERE organ_id = $1`,
		"city":   `UPDATE organ_keys SET public = 'age1pq1qqqq' WHERE organ_id = $1`,
	} {
		t.Run(organ, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := apptest.New(t, d)
				if _, err := d.Raw().ExecContext(apptest.Ctx, spoil, string(w.Units[organ].ID.Key)); err != nil {
					t.Fatal(err)
				}
				e := entry(w)
				e.Named, e.Reporter, e.Original = true, intake.Reporter{Name: "王某某", Contact: "傍晚打电话到小卖部"}, "原信：签字不是本人签的"
				if _, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), e); err == nil {
					t.Error("it is entered")
				}
				if n, err := db.Column[int64](apptest.Ctx, d.In(apptest.City), `SELECT COUNT(m.id) FROM matters m WHERE m.city_id = $1`); err != nil || n[0] != 0 {
					t.Errorf("%v matters, %v", n, err)
				}
				unreadable(t, d, e.Reporter.Name, e.Reporter.Contact, e.Original)
			})
		})
	}
}
