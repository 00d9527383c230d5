package app_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/burden"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
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
		long := strings.Repeat("a", 70_000) // an engine refuses a pattern of that length
		for _, path := range []string{"/units?q=", "/admin/posts?q=", "/pick/units?unit_typed=", "/api/v1/units?find="} {
			if code, _ := w.Get(srv, "cityorg", path+long); code != 200 {
				t.Errorf("%s with %d letters: %d", path, len(long), code)
			}
		}
		for _, bad := range []string{"x", "9.01ARZ3NDEKTSV4RRFFQ69G5FAV", "2.01ARZ3NDEKTSV4RRFFQ69G5FAV"} {
			if code, _ := w.Get(srv, "supervision", "/units?open="+bad); code != 404 {
				t.Errorf("open=%s: %d", bad, code)
			}
		}
	})
}

// TestRowsOfTownshipsAreGuarded: who asked, who went where and what was found stands in rows that only those over the unit read.
func TestRowsOfTownshipsAreGuarded(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	if _, err := w.App.Burden.Enter(apptest.Ctx, w.As("supervision"), apptest.City, burden.NewAsk{Towns: []id.Key{w.Units["full"].ID.Key}, What: "报送台账", Basis: "云纪办〔2026〕3号", Minutes: 30, Due: "2026-10-20"}); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, d := range w.App.Measures.All() {
		room, _, _ := strings.Cut(d.Name, ".")
		if d.By != measure.Place || !slices.Contains([]string{"burden", "duty", "callup"}, room) || strings.HasPrefix(d.Name, "duty.groups") {
			continue
		}
		seen++
		rows := func(who string) measure.RowList {
			t.Helper()
			x, err := d.Rows(apptest.Ctx, w.App.DB.In(apptest.City), measure.Query{Unit: w.Units["county"], From: "2026-01-01", To: "2026-10-12", Who: w.As(who)}, w.As(who), measure.Turn{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		for _, who := range []string{"othersecretary", "otherprincipal", "handler"} {
			if x := rows(who); !x.Veiled || len(x.Rows) > 0 {
				t.Errorf("%s: %s reads %d rows, veiled %t", d.Name, who, len(x.Rows), x.Veiled)
			}
		}
		if x := rows("principal"); x.Veiled || d.Name == "burden.asks" && len(x.Rows) != 1 {
			t.Errorf("%s: the chief reads %d rows, veiled %t", d.Name, len(x.Rows), x.Veiled)
		}
	}
	code, text := w.Get(w.Serve(), "handler", "/measures/burden.minutes?unit="+w.Units["county"].ID.String())
	if code != 200 || !strings.Contains(text, locale.T(locale.Zh, "measure.hidden")) || strings.Contains(text, "报送台账") {
		t.Errorf("the page does not say that rows are not shown: %d", code)
	}
	if seen < 8 {
		t.Errorf("%d measures", seen)
	}
}
