package app_test

import (
	"net/url"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestTree: the tree is opened on the way to one unit alone, and any unit of the reader's is found by two characters of its name,
// the first letters of its pinyin or its code.
func TestTree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		srv := w.Serve()
		get := func(who, query string) string {
			t.Helper()
			code, text := w.Get(srv, who, "/units"+query)
			if code != 200 {
				t.Fatalf("%s %s: %d", who, query, code)
			}
			return text[strings.Index(text, "<main"):]
		}
		link := func(unit string) string { return `href="/units/` + w.Units[unit].ID.String() + `"` }
		for query, want := range map[string]struct{ has, lacks []string }{
			"":                                        {[]string{"city", "county", "other", "full"}, []string{"village", "othertown"}},
			"?open=" + w.Units["city"].ID.String():    {[]string{"county", "other"}, []string{"full", "village"}},
			"?open=" + w.Units["full"].ID.String():    {[]string{"county", "full", "village", "headless"}, []string{"othertown"}},
			"?open=" + w.Units["other"].ID.String():   {[]string{"county", "othertown"}, []string{"full", "village"}},
			"?open=" + w.Units["village"].ID.String(): {[]string{"full", "village"}, nil},
			"?q=" + url.QueryEscape("上塘"):             {[]string{"village"}, []string{"othertown"}},
			"?q=stc":                                  {[]string{"village"}, nil},
			"?q=" + w.Units["othertown"].Code:         {[]string{"othertown"}, []string{"village"}},
			"?q=" + url.QueryEscape("%"):              {[]string{"city"}, []string{"village"}},
			"?q=" + url.QueryEscape("<script>没有的"):    {[]string{"city"}, []string{"village"}},
		} {
			text := get("supervision", query)
			for _, u := range want.has {
				if !strings.Contains(text, link(u)) {
					t.Errorf("%q lacks %s", query, u)
				}
			}
			for _, u := range want.lacks {
				if strings.Contains(text, link(u)) {
					t.Errorf("%q shows %s", query, u)
				}
			}
		}
		if text := get("province", "?q="+url.QueryEscape("上塘")); !strings.Contains(text, link("village")) {
			t.Error("the province does not find a village")
		}
		for _, bad := range []string{"x", "9.01ARZ3NDEKTSV4RRFFQ69G5FAV", "2.01ARZ3NDEKTSV4RRFFQ69G5FAV"} {
			if code, _ := w.Get(srv, "supervision", "/units?open="+bad); code != 404 {
				t.Errorf("open=%s: %d", bad, code)
			}
		}
	})
}
