package app

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/courier"
	"qianshao/internal/id"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
	"qianshao/internal/web"
)

// What the program measures of itself is what docs/operations.md explains, on both databases; no label says more than it
// may, and a page's speed is shown only once many have opened it.
func TestMetricsAreThoseExplained(t *testing.T) {
	doc, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(qianshao_[a-z0-9_]+)` \\|").FindAllStringSubmatch(string(doc), -1) {
		told = append(told, m[1])
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, err := Build(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if a.Custody.Files, err = blob.Open(filepath.Join(dir, "files")); err != nil {
			t.Fatal(err)
		}
		// A backup's name is all that its age is read from.
		if err := os.WriteFile(filepath.Join(dir, "qianshao-"+time.Now().In(calendar.Zone).Format("20060102-150405")+".backup"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if a.Spool, err = spool.Open(filepath.Join(dir, "spool")); err != nil {
			t.Fatal(err)
		}
		line, _, err := courier.Init(a.Spool, courier.Work)
		if err != nil {
			t.Fatal(err)
		}
		other, err := spool.Open(filepath.Join(dir, "other"))
		if err != nil {
			t.Fatal(err)
		}
		theirs, _, err := courier.Init(other, courier.Portal)
		if err == nil {
			err = errors.Join(courier.Pair(a.Spool, theirs, false), courier.Pair(other, line, false))
		}
		if err != nil {
			t.Fatal(err)
		}
		a.Shelf = &backup.Shelf{Dir: dir, Every: time.Hour, Keep: 1, Zone: calendar.Zone, Now: time.Now}
		if err := AddTenant(t.Context(), d, Tenant{City: id.City(41), Kind: "city", Name: "某市", Code: "990900000000"}); err != nil {
			t.Fatal(err)
		}
		mux := web.NewMux()
		m := a.metrics(mux, a.NewWorkers(slog.New(slog.NewJSONHandler(io.Discard, nil)), seal.Deployment{}), "9.9")
		h := m.Handler()
		scrape := func() string {
			res := httptest.NewRecorder()
			h.ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			if res.Code != http.StatusOK {
				t.Fatalf("%d %s", res.Code, res.Body)
			}
			return res.Body.String()
		}
		page, post := web.Route{Method: http.MethodGet, Path: "/m/{id}"}, web.Route{Method: http.MethodPost, Path: "/tipoffs/new"}
		for range 255 {
			mux.Observe(page, http.StatusOK, 20*time.Millisecond, 5)
			mux.Observe(post, http.StatusSeeOther, 20*time.Millisecond, 5)
		}
		if err := d.Write(t.Context(), 0, func(tx *db.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if s := scrape(); strings.Contains(s, "qianshao_route_p95_seconds{") {
			t.Error("a page's speed is shown before many have opened it")
		}
		mux.Observe(page, http.StatusOK, 20*time.Millisecond, 5)
		mux.Observe(post, http.StatusSeeOther, 20*time.Millisecond, 5)
		s := scrape()
		if !strings.Contains(s, `qianshao_route_p95_seconds{route="GET /m/{id}"} 0.02`) || strings.Contains(s, "tipoffs") {
			t.Errorf("a page's speed is not shown, or a form is named:\n%s", s)
		}
		var have []string
		for _, l := range regexp.MustCompile(`(?m)^# TYPE (qianshao_\S+)`).FindAllStringSubmatch(s, -1) {
			have = append(have, l[1])
		}
		for _, n := range have {
			if !slices.Contains(told, n) {
				t.Errorf("docs/operations.md does not explain %s", n)
			}
		}
		for _, n := range told {
			if !slices.Contains(have, n) {
				t.Errorf("docs/operations.md explains %s, which is not measured", n)
			}
		}
		labels := []string{"kind", "status", "le", "pool", "of", "route", "version", "go"}
		for _, l := range regexp.MustCompile(`(?m)^qianshao_[^{\n]*\{([^\n]*)\} `).FindAllStringSubmatch(s, -1) {
			for _, x := range regexp.MustCompile(`([a-z]+)="`).FindAllStringSubmatch(l[1], -1) {
				if !slices.Contains(labels, x[1]) {
					t.Errorf("a label that nobody agreed to: %s", l[0])
				}
			}
		}
	})
}

// The lag of clocks and of signatures is told from rows: the oldest counts.
func TestLagsAreRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, err := Build(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		const city = id.City(41)
		if err := AddTenant(t.Context(), d, Tenant{City: city, Kind: "city", Name: "某市", Code: "990900000000"}); err != nil {
			t.Fatal(err)
		}
		if newest, unsigned, err := a.logAges(t.Context()); err != nil || newest != 0 || unsigned != 0 {
			t.Error(newest, unsigned, err)
		}
		now := d.Now()
		at := func(ago time.Duration) int64 { return int64(now) - ago.Microseconds() }
		raw := func(text string, args ...any) {
			t.Helper()
			if _, err := d.Raw().ExecContext(t.Context(), text, args...); err != nil {
				t.Fatal(err)
			}
		}
		raw(`INSERT INTO logs (city_id, log_id, size, frontier, last_at) VALUES ($1, 'A', 2, $2, $3)`, int64(city), []byte{}, at(time.Minute))
		raw(`INSERT INTO checkpoints (city_id, log_id, size, at, note) VALUES ($1, 'A', 2, $2, '')`, int64(city), at(time.Minute))
		newest, unsigned, err := a.logAges(t.Context())
		if err != nil || newest < time.Minute || newest > 5*time.Minute || unsigned != 0 {
			t.Error(newest, unsigned, err)
		}
		// Another log has grown by two acts since its checkpoint: the older of them counts.
		raw(`INSERT INTO logs (city_id, log_id, size, frontier, last_at) VALUES ($1, 'B', 3, $2, $3)`, int64(city), []byte{}, at(2*time.Hour))
		raw(`INSERT INTO checkpoints (city_id, log_id, size, at, note) VALUES ($1, 'B', 1, $2, '')`, int64(city), at(5*time.Hour))
		for seq, ago := range []time.Duration{6 * time.Hour, 3 * time.Hour, 2 * time.Hour} {
			raw(`INSERT INTO acts (city_id, log_id, seq, at, action) VALUES ($1, 'B', $2, $3, 'x')`, int64(city), seq, at(ago))
		}
		if newest, unsigned, err = a.logAges(t.Context()); err != nil || newest > 5*time.Minute || unsigned.Round(time.Hour) != 3*time.Hour {
			t.Error(newest, unsigned, err)
		}

		if lag, err := a.clockLag(t.Context()); err != nil || lag != 0 {
			t.Error(lag, err)
		}
		for i, day := range []calendar.Date{d.Today().AddDays(-2), d.Today().AddDays(-1), d.Today().AddDays(1), ""} {
			raw(`INSERT INTO clocks (city_id, id, matter_id, root_id, rule, version, hash, length, unit, legal, start_on, due_on, state, owed_city, owed_id, owed_role, organ_city, organ_id, fire_on)
				VALUES ($1, $2, '', '', '', '', '', 1, 'day', TRUE, '', '', 'open', 0, '', '', 0, '', $3)`, int64(city), string(rune('a'+i)), string(day))
		}
		lag, err := a.clockLag(t.Context())
		if days := lag / (24 * 3600); err != nil || days < 2 || days >= 3 {
			t.Error(lag, err)
		}
		if n, err := a.unfired(t.Context()); err != nil || n != 2 {
			t.Error(n, err)
		}
	})
}
