package app_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestBelow: what the city's and the province's desk say of the units below is what the measures say, and leads to
// their rows; a county's desk says nothing of the kind.
func TestBelow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("provincechief", "贺主", "principal", "province")
		srv := w.Serve()
		for _, title := range []string{"第一封来信", "第二封来信"} {
			in := entry(w)
			in.Title = title
			if _, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), in); err != nil {
				t.Fatal(err)
			}
		}
		if _, text := w.Get(srv, "citychief", "/"); !strings.Contains(text, "deadline.near") || strings.Contains(text, "/measures/deadline.late") {
			t.Error("the letters of today are late or not near")
		}
		late := regexp.MustCompile(`href="/measures/deadline\.late\?unit=([0-9A-Z.]+)">(\d+)<`)
		for _, day := range []calendar.Date{"2026-10-20", "2026-11-30"} {
			w.On(day)
			county, err := w.App.Engine.Below(apptest.Ctx, w.As("citychief"), []id.ID{w.Units["city"].ID}, day)
			if err != nil {
				t.Fatal(err)
			}
			got := county[w.Units["county"].ID]
			if got.Late == 0 {
				t.Fatalf("on %s nothing is late", day)
			}
			if want := value(t, w, "deadline.late", "county", day).Numerator; got.Late != want {
				t.Errorf("on %s %d are late, the measure says %d", day, got.Late, want)
			}
			if want := value(t, w, "deadline.near", "county", day).Numerator; got.Near != want {
				t.Errorf("on %s %d are near, the measure says %d", day, got.Near, want)
			}
			for who, units := range map[string][]string{"citychief": {"county"}, "cityoffice": nil, "province": nil, "provincechief": {"city", "county"}, "supervision": nil} {
				_, text := w.Get(srv, who, "/")
				found := late.FindAllStringSubmatch(text, -1)
				if len(found) != len(units) {
					t.Fatalf("%s reads of %d units, want %v", who, len(found), units)
				}
				for i, u := range units {
					if found[i][1] != w.Units[u].ID.String() {
						t.Errorf("%s reads of %s, want %s", who, found[i][1], u)
					}
					if want := strconv.FormatInt(value(t, w, "deadline.late", u, day).Numerator, 10); found[i][2] != want {
						t.Errorf("%s reads of %s late in %s, the measure says %s", who, found[i][2], u, want)
					}
				}
				for _, f := range found {
					if code, _ := w.Get(srv, who, "/measures/deadline.late?unit="+f[1]); code != 200 {
						t.Errorf("%s opens a number and gets %d", who, code)
					}
				}
			}
		}
		// A county that is closed is no row any more; what is late in it stays in its city's.
		if _, err := d.Raw().Exec(`UPDATE units SET closed_on = '2026-11-30' WHERE id = '` + w.Units["county"].ID.Key + `'`); err != nil {
			t.Fatal(err)
		}
		_, text := w.Get(srv, "provincechief", "/")
		want := strconv.FormatInt(value(t, w, "deadline.late", "city", "2026-11-30").Numerator, 10)
		if found := late.FindAllStringSubmatch(text, -1); len(found) != 1 || found[0][2] != want {
			t.Errorf("with its county closed the city's row says %v, want %s", found, want)
		}
	})
}
