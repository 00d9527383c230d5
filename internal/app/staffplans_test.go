package app_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/org/callup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestStaffPlans: the pages of posts, people and the register read no table that grows with the work as a whole, and keep to the
// bound of statements with something to show.
func TestStaffPlans(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Hire("personnel", "皮组", "personnel_clerk", "county")
		w.Hire("citysec", "卜安", "secadmin", "city")
		left := id.ID{City: apptest.City, Key: w.Who["officer"].Holding}
		if err := w.App.Org.LeavePost(apptest.Ctx, w.As("personnel"), left, org.Leaving{On: d.Today(), Reason: "rotated", Paper: "县纪干〔2026〕1号"}); err != nil {
			t.Fatal(err)
		}
		post, err := db.Column[id.Key](apptest.Ctx, d.In(apptest.City), `SELECT h.post_id FROM holdings h WHERE h.city_id = $1 AND h.id = $2`, left.Key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.App.Org.Propose(apptest.Ctx, w.As("personnel"), org.Proposal{Post: post[0], Person: w.Who["hlofficer"].Person, From: d.Today(), FullTime: true}); err != nil {
			t.Fatal(err)
		}
		vacancy, err := db.Column[id.Key](apptest.Ctx, d.In(apptest.City), `SELECT v.id FROM vacancies v WHERE v.city_id = $1 AND v.closed_on = ''`)
		if err != nil {
			t.Fatal(err)
		}
		m, err := w.App.Callups.Ask(apptest.Ctx, w.As("supervision"), callup.Request{To: w.Units["full"].ID.Key, Reason: "核对账目", From: d.Today(), Until: d.Today().AddDays(9)})
		if err != nil {
			t.Fatal(err)
		}
		w.Do("supervision", m.ID, "pick", map[string][]string{"lead": {w.Who["hlofficer"].Person}})
		full, srv := w.Units["full"].ID.String(), w.Serve()
		for _, who := range []string{"secretary", "personnel", "principal", "cityorg"} {
			for _, path := range []string{"/force/vacancies", "/force/bench", "/force/establishment", "/people/" + (id.ID{City: apptest.City, Key: w.Who["hlofficer"].Person}).String(), "/units/" + full,
				"/units/" + full + "/officials", "/units/" + full + "/officials?under=1&q=ding", "/vacancies", "/rotations", "/filings", "/m/" + (id.ID{City: apptest.City, Key: vacancy[0]}).String(), "/admin/posts/" + post[0], "/"} {
				if code, _ := w.Get(srv, who, path); code == http.StatusForbidden || code == http.StatusNotFound {
					continue
				}
				m := w.Mux()
				var mu sync.Mutex
				said := map[string][]any{}
				m.Heard = func(text string, args []any) {
					mu.Lock()
					defer mu.Unlock()
					if strings.HasPrefix(text, "SELECT") {
						said[text] = args
					}
				}
				c := &counted{w: w, h: m.Handler()}
				c.get(t, who, path)
				if len(said) > mostStatements {
					t.Errorf("%s by %s: %d statements", path, who, len(said))
				}
				for text, args := range said {
					for _, bad := range wide(t, d, text, args) {
						t.Errorf("%s by %s reads all of %s: %s", path, who, bad, text)
					}
				}
			}
		}
	})
}
