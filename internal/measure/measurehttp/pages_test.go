package measurehttp_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

type answer struct {
	Name        string   `json:"name"`
	Value       *float64 `json:"value"`
	Numerator   int64    `json:"numerator"`
	Denominator *int64   `json:"denominator"`
	Meaning     string   `json:"meaning"`
	NeverScored bool     `json:"never_scored"`
	Rows        string   `json:"rows"`
}

func ask(t *testing.T, w *apptest.World, who, query string) map[string]answer {
	t.Helper()
	code, body := w.Get(w.Serve(), who, "/api/v1/measures"+query)
	if code != 200 {
		t.Fatalf("%s: %d %s", query, code, body)
	}
	var list []answer
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]answer{}
	for _, a := range list {
		out[a.Name] = a
	}
	return out
}

// TestMeasuresForPrograms asks by code and by id, as a city, a county, a township and the province above.
func TestMeasuresForPrograms(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		enter(t, w)
		for _, c := range []struct {
			who, query string
			held       int64
		}{{"cityorg", "", 7}, {"province", "", 7}, {"cityorg", "?unit=990101000000", 6}, {"secretary", "", 3}, {"cityorg", "?unit=" + w.Units["single"].ID.String(), 1}, {"head", "", 6}, {"cityorg", "?to=2022-06-01&from=2022-01-01", 0}} {
			a := ask(t, w, c.who, c.query)
			if a["staff.held"].Numerator != c.held {
				t.Errorf("%s %s: %d in post, want %d", c.who, c.query, a["staff.held"].Numerator, c.held)
			}
		}
		a := ask(t, w, "cityorg", "")
		if x := a["staff.secretary.tenure_2y_share"]; x.Value == nil || x.Denominator == nil || *x.Denominator != 3 || *x.Value != 1 {
			t.Errorf("a share reads %+v", x)
		}
		if x := a["officials.growth"]; x.Value != nil {
			t.Errorf("growth without a base reads %v", *x.Value)
		}
		if x := ask(t, w, "citychief", "")["clue.opened"]; !x.NeverScored || x.Numerator != 1 || x.Denominator != nil || x.Meaning == "" {
			t.Errorf("clues read %+v", x)
		}
		srv := w.Serve()
		for _, x := range a { // every number leads to a page
			if code, body := w.Get(srv, "cityorg", x.Rows); code != 200 || strings.Contains(body, "measure.") && !strings.Contains(body, x.Name) {
				t.Errorf("%s: %d", x.Rows, code)
			}
		}
		for _, bad := range []string{"?unit=999999999999", "?unit=2.x", "?unit=' OR 1=1", "?to=2027-01-01", "?from=2026-10-01&to=2026-09-01", "?to=x"} {
			if code, _ := w.Get(srv, "cityorg", "/api/v1/measures"+strings.ReplaceAll(bad, "' OR 1=1", url.QueryEscape("' OR 1=1"))); code != 422 {
				t.Errorf("%s: %d", bad, code)
			}
		}
		if code, _ := w.Get(srv, "cityorg", "/measures/no.such"); code != 404 {
			t.Errorf("an unknown measure: %d", code)
		}
		if code, _ := w.Get(srv, "sysadmin", "/api/v1/measures"); code != 403 {
			t.Errorf("an administrator: %d", code)
		}
	})
}

// TestRowsUnderTheReadersScope shows a clue to those who may see it, and to others only that it counts.
func TestRowsUnderTheReadersScope(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		enter(t, w)
		srv := w.Serve()
		for who, sees := range map[string]bool{"supervision": true, "deputy": true, "cityoffice": true, "cityorg": false, "othersupervision": false, "secretary": false} {
			_, page := w.Get(srv, who, "/measures/clue.opened?unit="+w.Units["county"].ID.String())
			if strings.Contains(page, "反映公车私用") != sees {
				t.Errorf("%s sees the clue: %v, want %v", who, !sees, sees)
			}
			if strings.Contains(page, "不在您的查看范围") == sees {
				t.Errorf("%s is not told right what is hidden", who)
			}
		}
		for _, p := range []string{"/force", "/force?look=full", "/force?look=tenure", "/units/" + w.Units["full"].ID.String(), "/units/" + w.Units["county"].ID.String(), "/measures"} {
			for _, who := range []string{"province", "cityorg", "deputy", "secretary"} {
				code, page := w.Get(srv, who, p)
				if code != 200 {
					t.Errorf("%s %s: %d", who, p, code)
				}
				if strings.Contains(page, "反映公车私用") {
					t.Errorf("%s %s lists a matter", who, p)
				}
			}
		}
	})
}

func enter(t *testing.T, w *apptest.World) {
	t.Helper()
	_, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["headless"].ID.Key, Name: "李某", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true},
		Source: "found", Received: "2026-10-12", Title: "反映公车私用", Summary: "监督检查发现。", Discipline: "work"})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEveryMeasureHasItsPlace holds that a new measure stands on the page of all, and its columns have names.
func TestEveryMeasureHasItsPlace(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	srv := w.Serve()
	_, page := w.Get(srv, "cityorg", "/measures")
	_, place := w.Get(srv, "cityorg", "/measures?of=place")
	for _, d := range w.App.Measures.All() {
		if of := map[measure.By]string{measure.Hand: page, measure.Place: place}; !strings.Contains(of[d.By], "/measures/"+d.Name+"?") {
			t.Errorf("%s stands on no page", d.Name)
		}
		q := measure.Query{Unit: w.Units["city"], From: "2026-01-01", To: "2026-10-12"}
		rows, err := d.Rows(apptest.Ctx, w.App.DB.In(apptest.City), q, w.As("cityorg"), measure.Turn{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, col := range rows.Columns {
			if !locale.Has("measure.col." + col) {
				t.Errorf("%s: column %s has no name", d.Name, col)
			}
		}
	}
}

// TestKeptRowsSayWhatIsLate: a share of what was done in time calls the rest late, not “not counted”.
func TestKeptRowsSayWhatIsLate(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	enter(t, w)
	w.On("2026-12-01")
	_, page := w.Get(w.Serve(), "supervision", "/measures/clue.opinion_on_time?from=2026-01-01&to=2026-12-01&unit="+w.Units["county"].ID.String())
	if !strings.Contains(page, locale.T(locale.Zh, "measure.kept.no")) || strings.Contains(page, locale.T(locale.Zh, "measure.counts")) {
		t.Error("an opinion past its day is not called late")
	}
}
