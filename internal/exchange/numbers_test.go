package exchange_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/exchange"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestNumbersThatCameInAreNotGivenAgain: a register goes on after the highest of its own numbers that came in, in
// whatever brackets; numbers of another form, year or register change nothing.
func TestNumbersThatCameInAreNotGivenAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		ours := w.As("supervision")
		enter := func() string {
			t.Helper()
			x, err := w.App.Clues.Enter(apptest.Ctx, ours, clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "主任", Rank: "staff", PartyMember: true},
				Source: "found", Received: "2026-10-12", Title: "虚报管护费", Summary: "日常监督发现。", Discipline: "integrity"})
			if err != nil {
				t.Fatal(err)
			}
			return w.Matter(x.ID).No
		}
		table := func(nos ...string) string {
			s := clueHead
			for i, no := range nos {
				s += common(no, "2026-10-08", "石桥镇", fmt.Sprintf("吴%d", i)) + "pool,,found,,,,\n"
			}
			return s
		}
		if no := enter(); no != "云渡纪线〔2026〕0001号" {
			t.Fatalf("the first is %s", no)
		}
		right(t, w, ours, "clues", table("云渡纪线〔2026〕0007号", "云渡纪线[2026]9号", "云渡纪线〔2025〕0030号", "云渡纪信〔2026〕0040号", "白河纪线〔2026〕0050号", "线〔2026〕60号", "云渡纪线〔2026〕0005号"), map[string]int{exchange.New: 7})
		for _, want := range []string{"云渡纪线〔2026〕0010号", "云渡纪线〔2026〕0011号"} {
			if no := enter(); no != want {
				t.Errorf("the next is %s, want %s", no, want)
			}
		}
		right(t, w, ours, "clues", table("云渡纪线〔2026〕0002号"), map[string]int{exchange.New: 1})
		if no := enter(); no != "云渡纪线〔2026〕0012号" {
			t.Errorf("after a lower one it is %s", no)
		}
		// What came in before numbers were reserved is passed over.
		right(t, w, ours, "clues", table("云渡纪线〔2026〕0013号", "云渡纪线〔2026〕14号"), map[string]int{exchange.New: 2})
		if _, err := d.Raw().Exec(`UPDATE counters SET n = 12 WHERE kind = 'clue' AND organ_id = $1`, w.Units["county"].ID.Key); err != nil {
			t.Fatal(err)
		}
		if no := enter(); no != "云渡纪线〔2026〕0015号" {
			t.Errorf("past what came in before it is %s", no)
		}
		w.Verify()
	})
}

// TestNumbersWhileTheyComeIn gives numbers while others come in: none stands twice, whoever was first.
func TestNumbersWhileTheyComeIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		ours := w.As("supervision")
		for round := range 4 {
			var s strings.Builder
			s.WriteString(clueHead)
			for i := range 12 {
				s.WriteString(common(fmt.Sprintf("云渡纪线〔2026〕%04d号", round*20+i+1), "2026-10-08", "石桥镇", fmt.Sprintf("吴%d", i)) + "pool,,found,,,,\n")
			}
			var wg sync.WaitGroup
			var mu sync.Mutex
			var given []id.ID
			for range 3 {
				wg.Go(func() {
					for range 4 {
						x, err := w.App.Clues.Enter(apptest.Ctx, ours, clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "郑某", Post: "主任", Rank: "staff", PartyMember: true},
							Source: "found", Received: "2026-10-12", Title: "虚报管护费", Summary: "日常监督发现。", Discipline: "integrity"})
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						given = append(given, x.ID)
						mu.Unlock()
					}
				})
			}
			if _, err := w.App.Exchange.Import(apptest.Ctx, ours, "clues", strings.NewReader(s.String()), int64(s.Len()), exchange.Options{}); err != nil {
				t.Error(err)
			}
			wg.Wait()
			if len(given) != 12 {
				t.Fatalf("%d were given a number", len(given))
			}
		}
		twice, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT m.no FROM matters m WHERE m.city_id = $1 GROUP BY m.no HAVING COUNT(m.id) > 1`)
		if err != nil || len(twice) != 0 {
			t.Errorf("these stand twice: %v %v", twice, err)
		}
	})
}
