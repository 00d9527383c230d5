package flow_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// many enters clues that one word finds, a minute apart, and gives their keys, the newest first.
func many(t *testing.T, w *apptest.World, n int) []id.Key {
	t.Helper()
	var keys []id.Key
	for i := range n {
		w.Now = w.Now.Add(1e9)
		d, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "李某", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true},
			Source: "found", FromKind: "audit", Received: "2026-10-12", Title: fmt.Sprintf("反映第%d件虚报管护费问题", i), Summary: "监督检查发现。", Discipline: "work"})
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, d.ID.Key)
	}
	slices.Reverse(keys)
	return keys
}

// Every hit can be reached, page by page; whoever is barred from some gets pages as full as anybody's, and none of those.
func TestSearchPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		all := many(t, w, 130)
		var open []id.Key
		for i, k := range all {
			if i < 105 && i%5 != 0 {
				if _, err := d.Raw().Exec(`INSERT INTO bars (city_id, person_id, root_id, why) VALUES ($1, $2, $3, 'named')`, int64(apptest.City), w.Who["principal"].Person, k); err != nil {
					t.Fatal(err)
				}
				continue
			}
			open = append(open, k)
		}
		for who, want := range map[string][]id.Key{"supervision": all, "principal": open, "handler": nil, "province": all} {
			var got []id.Key
			after := ""
			for page := 0; ; page++ {
				ms, err := w.App.Engine.Search(apptest.Ctx, w.As(who), "clue", "管护", after, 20)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range ms {
					got = append(got, m.ID.Key)
				}
				if full := min(20, len(want)-20*page); len(ms) != full {
					t.Errorf("%s: page %d has %d rows, want %d", who, page+1, len(ms), full)
				}
				if len(ms) < 20 {
					break
				}
				after = got[len(got)-1]
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s finds %d, want %d", who, len(got), len(want))
			}
		}
	})
}

var reHref = regexp.MustCompile(`href="(/search[^"]*)"`)

// The search page shows some of each kind, then one kind page by page up to the last.
func TestSearchPage(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	all := many(t, w, 64)
	srv := w.Serve()
	path := "/search?q=" + url.QueryEscape("管护")
	for i, want := range []struct {
		rows int
		says string
		ends bool
	}{{20, "找到20件以上", false}, {50, "找到50件以上", false}, {14, "回到第一页", true}} {
		code, body := w.Get(srv, "supervision", path)
		if n := strings.Count(body, "data-row"); code != 200 || n != want.rows || !strings.Contains(body, want.says) {
			t.Fatalf("%s: %d, %d rows, want %d", path, code, n, want.rows)
		}
		if want.ends && !strings.Contains(body, "/m/"+(id.ID{City: apptest.City, Key: all[63]}).String()) {
			t.Error("the oldest is not on the last page")
		}
		links := reHref.FindAllStringSubmatch(body, -1)
		if len(links) != 1 {
			t.Fatalf("page %d leads to %v", i+1, links)
		}
		path = html.UnescapeString(links[0][1])
	}
	for _, bad := range []string{"&kind=slip", "&kind=x", "&kind=clue&after=x", "&after=" + all[0]} {
		if code, _ := w.Get(srv, "supervision", "/search?q=x"+bad); code < 400 || code >= 500 {
			t.Errorf("%s: %d", bad, code)
		}
	}
	if code, _ := w.Get(srv, "handler", "/search?q=x&kind=tipoff"); code < 400 {
		t.Errorf("a kind that is not the reader's: %d", code)
	}
}
