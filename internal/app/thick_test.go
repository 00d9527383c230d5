package app_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/flow/record"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestThickMatter is T11: nine thousand acts about one matter neither hide what happened first nor slow its page, and what
// is drafted from it still finds what was said. (The other half, a text of 300 MB, is refused: TestHugeBodies.)
func TestThickMatter(t *testing.T) {
	const more = 9000
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := handed(t, w, "full", "county.office1")
		w.Do("handler", m, "propose", disposal("verification"))
		table, _ := w.App.Engine.Table("clue")
		events := func(before string) ([]record.Event, string) {
			es, older, err := record.Page(apptest.Ctx, d.In(m.City), table, w.Matter(m), before)
			if err != nil {
				t.Fatal(err)
			}
			return es, older
		}
		first, older := events("")
		if older != "" {
			t.Fatalf("%d events make more than a page", len(first))
		}
		// Straight into the table: what is asked is how it reads. Two at a time have the same instant.
		if _, err := d.Raw().Exec(`INSERT INTO acts (city_id, log_id, seq, at, action, matter_id, actor_id, salt, body)
			SELECT a.city_id, a.log_id, a.seq + 1000000 + s.n, a.at + 1 + s.n / 2, 'clue.urge', a.matter_id, a.actor_id, a.salt, a.body
			FROM acts a CROSS JOIN (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ` + fmt.Sprint(more) + `) SELECT n FROM c) s
			WHERE a.city_id = 2 AND a.matter_id = '` + m.Key + `' AND a.action = 'clue.propose.propose'`); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		var last record.Event
		for before := ""; ; {
			es, older := events(before)
			for i, e := range es {
				if i > 0 && (e.At > es[i-1].At || e.At == es[i-1].At && e.Seq > es[i-1].Seq) {
					t.Fatalf("%d/%d stands after %d/%d", e.At, e.Seq, es[i-1].At, es[i-1].Seq)
				}
				key := fmt.Sprint(e.At, e.Seq, e.Fire)
				if seen[key] {
					t.Fatalf("%s is told twice", key)
				}
				seen[key], last = true, e
			}
			if before = older; older == "" {
				break
			}
		}
		if len(seen) != len(first)+more || last.Seq != first[len(first)-1].Seq {
			t.Errorf("%d of %d events were read, down to %d", len(seen), len(first)+more, last.Seq)
		}

		srv := w.Serve()
		path := "/m/" + m.String()
		var page string
		best := time.Hour
		for range 3 { // the others in the gate have their turns too
			began := time.Now()
			var code int
			if code, page = w.Get(srv, "handler", path); code != http.StatusOK {
				t.Fatal(code)
			}
			best = min(best, time.Since(began))
		}
		if best > time.Second {
			t.Errorf("its page takes %v", best)
		}
		link := regexp.MustCompile(`/m/[^"]*\?before=[0-9_]+`).FindString(page)
		if link == "" {
			t.Fatal("no way to what happened before")
		}
		code, page := w.Get(srv, "handler", link)
		if code != http.StatusOK || !strings.Contains(page, `href="`+path+`#record"`) {
			t.Errorf("the page before: %d", code)
		}
		if code, _ = w.Get(srv, "handler", path+"?before=x"); code != http.StatusUnprocessableEntity && code != http.StatusBadRequest {
			t.Errorf("a mark that is none: %d", code)
		}
		latest, err := record.Latest(apptest.Ctx, d.In(m.City), table, w.Matter(m))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, e := range latest {
			found = found || e.Action == "clue.propose.propose"
		}
		if !found || len(latest) > len(first)+1 {
			t.Errorf("%d acts are the last of their kind; the proposal among them: %t", len(latest), found)
		}
	})
}
