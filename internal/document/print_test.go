package document_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// printed lists who printed what of a matter, in the log's order.
func printed(t *testing.T, w *apptest.World, m string) []string {
	t.Helper()
	out, err := db.Column[string](apptest.Ctx, w.App.DB.In(apptest.City), `SELECT p.name FROM acts a JOIN people p ON p.city_id = a.city_id AND p.id = a.actor_id
		WHERE a.city_id = $1 AND a.matter_id = $2 AND a.action = 'paper.print' ORDER BY a.seq`, m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// That a paper was printed is an act, once for each time and not for who may not read it.
func TestPrint(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		m := planned(t, w)
		p, letter := w.App.Papers(), issue(t, w, "handler", m, "inquiry_letter")
		who := w.As("handler")
		who.Request = access.Request{Key: "k1", Digest: "d"}
		for range 2 { // the page loaded again
			if x, of, err := p.Print(apptest.Ctx, who, m, letter.ID.Key); err != nil || x.Body != letter.Body || of.ID != m {
				t.Errorf("%+v, %v", x, err)
			}
		}
		if _, _, err := p.Print(apptest.Ctx, w.As("principal"), m, letter.ID.Key); err != nil {
			t.Error(err)
		}
		for _, out := range []string{"othersupervision", "secretary", "sysadmin"} {
			if _, _, err := p.Print(apptest.Ctx, w.As(out), m, letter.ID.Key); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s prints: %v", out, err)
			}
		}
		if got := strings.Join(printed(t, w, m.Key), " "); got != "戚办 严主任" {
			t.Errorf("printed by %s", got)
		}
		w.Verify()
	})
}

// The page of a paper keeps it from the printer; what prints is the page that comes after its act.
func TestPrintPage(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	m := planned(t, w)
	srv := w.Serve()
	page := "/m/" + m.String() + "/papers/" + issue(t, w, "handler", m, "inquiry_letter").ID.Key
	code, text := w.Get(srv, "handler", page)
	if code != http.StatusOK || !strings.Contains(text, `action="`+page+`"`) || !strings.Contains(text, `<div class="no-print"><article`) || strings.Contains(text, `data-act="print"`) {
		t.Errorf("%d %s", code, text)
	}
	if got := printed(t, w, m.Key); len(got) != 0 {
		t.Errorf("reading is printing: %v", got)
	}
	req, err := http.NewRequest(http.MethodPost, srv.URL+page, strings.NewReader(url.Values{"_key": {"k"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: "qs", Value: "handler"})
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b := new(strings.Builder)
	if err := res.Write(b); err != nil || res.StatusCode != http.StatusOK || !strings.Contains(b.String(), "data-now") || strings.Contains(b.String(), `<div class="no-print"><article`) {
		t.Errorf("%d %v %s", res.StatusCode, err, b)
	}
	if got := printed(t, w, m.Key); len(got) != 1 {
		t.Errorf("printed by %v", got)
	}
}
