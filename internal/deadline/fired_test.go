package deadline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"qianshao/internal/calendar"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestDayInSQL: the day of an instant is the same for a statement as for the calendar, on both engines, from 1992 to 2099.
func TestDayInSQL(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first, last := int64(calendar.StartOf("1992-01-01")), int64(calendar.StartOf("2099-12-31"))
		at := []int64{first, last}
		for _, day := range []calendar.Date{"1992-02-29", "2000-02-29", "2000-03-01", "2026-12-31", "2028-02-28", "2028-02-29", "2028-03-01", "2096-02-29"} {
			at = append(at, int64(calendar.StartOf(day))-1, int64(calendar.StartOf(day)), int64(calendar.StartOf(day))+1)
		}
		for range 400 {
			at = append(at, first+rand.Int64N(last-first))
		}
		for len(at) > 0 {
			some := at[:min(50, len(at))]
			at = at[len(some):]
			var cols []string
			for _, x := range some {
				cols = append(cols, sqlDay(fmt.Sprintf("CAST(%d AS BIGINT)", x)))
			}
			got := make([]string, len(some))
			into := make([]any, len(some))
			for i := range got {
				into[i] = &got[i]
			}
			if err := d.Shared().Row(context.Background(), `/*engine*/ SELECT `+strings.Join(cols, ", ")).Scan(into...); err != nil {
				t.Fatal(err)
			}
			for i, x := range some {
				if want := string(calendar.Instant(x).Date()); got[i] != want {
					t.Errorf("%d: %s, want %s", x, got[i], want)
				}
			}
		}
	})
}
