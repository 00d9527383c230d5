package insighthttp_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func get(t *testing.T, w *apptest.World, srv *httptest.Server, who, path string, want int) string {
	t.Helper()
	status, body := w.Get(srv, who, path)
	if status != want {
		t.Errorf("%s: GET %s is %d, want %d", who, path, status, want)
	}
	return body
}

// TestPage reads the report as those who may and those who may not, and opens every number of it.
func TestPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		srv := w.Serve()
		page := get(t, w, srv, "principal", "/report", http.StatusOK)
		for _, want := range []string{"云渡县乡镇纪委“有作为”工作情况调研报告", "一、存在的主要问题", "（一）深化“三转”不到位", "二、对策和进展", "（六）压实工作责任", "三、与上期相比的变化", "附件1", "/measures/staff.townships_short?"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
		for _, banned := range []string{"style=\"", "<script>", "潘书", "葛副"} { // no person is named
			if strings.Contains(page, banned) {
				t.Errorf("the page has %s", banned)
			}
		}
		opened := 0
		for _, m := range regexp.MustCompile(`href="(/[^"]*)"`).FindAllStringSubmatch(page, -1) {
			if path := strings.ReplaceAll(m[1], "&amp;", "&"); strings.HasPrefix(path, "/measures/") || strings.HasPrefix(path, "/units/") {
				opened++
				get(t, w, srv, "principal", path, http.StatusOK)
			}
		}
		if opened < 30 {
			t.Errorf("only %d numbers open", opened)
		}
		other := w.Units["other"].ID.String()
		for _, path := range []string{"/report?unit=" + other, "/api/v1/report?unit=" + other, "/report?unit=990102000000", "/report?unit=nowhere", "/report?unit=2.01AAAAAAAAAAAAAAAAAAAAAAAA"} {
			get(t, w, srv, "principal", path, http.StatusNotFound)
		}
		get(t, w, srv, "cityoffice", "/report?unit=990102000000&from=2026-01-01&to=2026-06-30", http.StatusOK)
		get(t, w, srv, "province", "/report", http.StatusOK)
		for _, who := range []string{"secretary", "handler", "intake", "sysadmin", "auditor"} {
			get(t, w, srv, who, "/report", http.StatusForbidden)
		}
		wrong := get(t, w, srv, "principal", "/report?from=2026-03-01&to=2027-01-01", http.StatusUnprocessableEntity)
		if !strings.Contains(wrong, "不能晚于今天") || !strings.Contains(wrong, `value="2026-03-01"`) || !strings.Contains(wrong, `value="2027-01-01"`) {
			t.Error("a day to come is not said beside the field, or what was typed is lost")
		}
		get(t, w, srv, "principal", "/report?from=x&to=y", http.StatusUnprocessableEntity)
	})
}

// TestProgram asks for the report as a program does.
func TestProgram(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, dbtest.SQLite(t))
	srv := w.Serve()
	var rep struct {
		Unit     struct{ Name string }
		From, To string
		Figures  []struct{ Name, Rows string }
		Problems []struct{ Code, Verdict string }
		Remedies []struct{ Code string }
	}
	body := get(t, w, srv, "supervision", "/api/v1/report?unit=990101000000&from=2026-01-01&to=2026-09-30", http.StatusOK)
	if err := json.Unmarshal([]byte(body), &rep); err != nil {
		t.Fatal(err)
	}
	if rep.Unit.Name != "云渡县" || rep.From != "2026-01-01" || rep.To != "2026-09-30" || len(rep.Problems) != 5 || len(rep.Remedies) != 6 || len(rep.Figures) < 20 {
		t.Errorf("%+v", rep)
	}
	for _, f := range rep.Figures {
		get(t, w, srv, "supervision", f.Rows, http.StatusOK)
	}
	if body := get(t, w, srv, "supervision", "/api/v1/report?to=2027-01-01", http.StatusUnprocessableEntity); !strings.Contains(body, `"field":"to"`) {
		t.Errorf("the problem names no field: %s", body)
	}
}

// TestFileIsAnAct hands the report out: a file of the right kind, and an act that says to whom and what.
func TestFileIsAnAct(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		srv := w.Serve()
		post := func(who, as string) *http.Response {
			req, err := http.NewRequest(http.MethodPost, srv.URL+"/report/export", strings.NewReader(url.Values{"as": {as}, "from": {"2026-01-01"}, "to": {"2026-09-30"}}.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.AddCookie(&http.Cookie{Name: "qs", Value: who})
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { res.Body.Close() })
			return res
		}
		acts := func() (n int) {
			if err := d.In(apptest.City).Row(apptest.Ctx, `SELECT COUNT(a.seq) FROM acts a WHERE a.city_id = $1 AND a.action = 'report.export'`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		res := post("principal", "docx")
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusOK || !strings.HasPrefix(string(b), "PK") || !strings.Contains(res.Header.Get("Content-Type"), "wordprocessingml") || !strings.Contains(res.Header.Get("Content-Disposition"), ".docx") {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
		if n := acts(); n != 1 {
			t.Errorf("%d acts, want one", n)
		}
		for who, as := range map[string]string{"secretary": "docx", "principal": "exe"} {
			if res := post(who, as); res.StatusCode < 400 {
				t.Errorf("%s takes the report as %s: %d", who, as, res.StatusCode)
			}
		}
		if n := acts(); n != 1 {
			t.Errorf("a refusal left an act: %d", n)
		}
		w.Verify()
	})
}
