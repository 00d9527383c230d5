package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/spool"
	"qianshao/internal/portal"
)

// TestOwnPeopleOnBothSides: whatever the counter of a county would pass up because of what a post says, the public side does
// not offer to that county; and what it takes in at the counter, the public side lets the county read, unless the words name
// its commission or the one above all the same: of a clerk, a driver, or of a post in two bodies.
func TestOwnPeopleOnBothSides(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		dir, err := w.App.Directory(apptest.Ctx, d.Today())
		if err != nil {
			t.Fatal(err)
		}
		s, err := spool.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		skey, _, err := note.GenerateKey(nil, "portal")
		if err != nil {
			t.Fatal(err)
		}
		signer, err := note.NewSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		public := (&portal.Portal{Directory: func() *envelope.Directory { return &dir }, Spool: s, Calendar: calendar.Shipped(), Now: time.Now, Signer: signer}).Handler()
		// reads is the lowest organ that the public side offers.
		reads := func(unit, post string) string {
			b, err := json.Marshal(map[string]any{"unit": unit, "subject": map[string]string{"post": post}, "text": "x"}) // no level: it says which there are
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodPost, "/portal/api/v1/tipoffs", strings.NewReader(string(b)))
			r.Header.Set("Content-Type", "application/json")
			rec := httptest.NewRecorder()
			public.ServeHTTP(rec, r)
			var out struct{ Organs []struct{ Name string } }
			if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || len(out.Organs) == 0 {
				t.Fatalf("%s %s: %d %s", unit, post, rec.Code, rec.Body)
			}
			return out.Organs[0].Name
		}
		seen := map[bool]int{}
		for _, unit := range []string{"county", "full", "village"} {
			for _, body := range []string{"", "县纪委监委", "县委", "教育局", "云渡县纪委"} {
				for _, post := range []string{"县纪委书记", "纪委书记", "纪 委　书 记", "云渡县纪委监委主要负责人", "县委常委、县纪委书记、县监委主任", "书记", "主任", "一把手", "监察委员会主任", "县纪委副书记、县监委副主任", "副书记",
					"市纪委副书记", "县纪委书记（副处级，2020—2024年）", "县纪委书记的司机", "镇纪委书记", "石桥镇纪委副书记", "县委书记", "局长", "县教育局纪委书记", "第一纪检监察室主任", "机关党支部书记", "乡长"} {
					st, _, err := w.App.Intake.Stand(apptest.Ctx, d.In(apptest.City), w.As("intake"), org.SubjectInput{Unit: w.Units[unit].ID.Key, UnitText: body, Post: post, Rank: "section", Category: "c1", PartyMember: true})
					if err != nil {
						t.Fatal(err)
					}
					here := reads(w.Units[unit].Name+body, post) == w.Units["county"].Commission()
					people := strings.Contains(body+post, "县纪") || strings.Contains(body+post, "市纪") || strings.Contains(body+post, "纪检监察室") // whoever they are
					if seen[st.Slip]++; st.Slip && here || !st.Slip && !here && !people {
						t.Errorf("%s %s %s: at the counter it goes up: %v (%s); on the public side the county reads it: %v", w.Units[unit].Name, body, post, st.Slip, st.Reason, here)
					}
				}
			}
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("%v", seen)
		}
	})
}
