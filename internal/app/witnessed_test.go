package app_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/witness"
)

func watching(t *testing.T, url string) *witness.Witness {
	t.Helper()
	k, err := checkpoint.NewSigning("city.watch")
	if err != nil {
		t.Fatal(err)
	}
	return &witness.Witness{Key: k, Dir: t.TempDir(), URL: url, Now: time.Now}
}

func watch(t *testing.T, w *witness.Witness) witness.Round {
	t.Helper()
	r, err := w.Round(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWitness is T55 on the way that it is found in a running deployment: logs are countersigned by a witness that is
// known, every page and verify say up to when; and a database whose past was taken back, by the one who holds its key,
// is refused.
func TestWitness(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, key := lived(t, d)
		srv := w.Serve()
		out := watching(t, srv.URL)
		foot := func(want string) {
			t.Helper()
			if _, page := w.Get(w.Serve(), "supervision", "/"); !strings.Contains(page, want) {
				t.Errorf("no page says %q", want)
			}
		}
		foot("记录尚未由上级见证")
		if _, err := out.Round(t.Context()); !errors.Is(err, witness.ErrStranger) {
			t.Fatalf("countersignatures of a stranger were taken: %v", err)
		}
		known := ledger.Known{Key: out.Key.Public(), Place: "市纪委监委"}
		if err := w.App.Ledger.Know(apptest.Ctx, access.ByOperator, known); err != nil {
			t.Fatal(err)
		}
		if r := watch(t, out); r.Logs == 0 || len(r.Errors)+len(r.Refused) > 0 {
			t.Fatalf("%+v", r)
		}
		// What was signed earlier, sent again, sets nothing back.
		county := w.Units["county"].ID
		text, err := ledger.Checkpointed(apptest.Ctx, d.In(county.City), county.Key)
		if err != nil {
			t.Fatal(err)
		}
		body, _, _ := strings.Cut(text, "\n\n")
		c, err := checkpoint.Parse(body + "\n")
		if err != nil {
			t.Fatal(err)
		}
		before, err := ledger.LoadNotary(apptest.Ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.App.Ledger.Countersigned(apptest.Ctx, before, county, c.Size, out.Key.Countersign(c, time.Now().Add(-48*time.Hour))); err != nil {
			t.Fatal(err)
		}
		foot("记录已由市纪委监委见证，至" + time.Now().In(time.FixedZone("", 8*3600)).Format("2006-01-02"))
		var backupThen bytes.Buffer
		if _, err := app.Backup(apptest.Ctx, d, &backupThen, key, backup.Options{}); err != nil {
			t.Fatal(err)
		}

		// It grows, is countersigned again, and verify finds the signatures over what is there.
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entry(w))
		if err != nil {
			t.Fatal(err)
		}
		w.Do("intake", e.ID, "accept", nil)
		n, err := w.App.Ledger.Adopt(apptest.Ctx, access.ByProgram, key, false)
		if err != nil {
			t.Fatal(err)
		}
		cities, err := app.Tenants(apptest.Ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cities {
			if _, err := w.App.Ledger.Issue(apptest.Ctx, n, c); err != nil {
				t.Fatal(err)
			}
		}
		if r := watch(t, out); r.Logs == 0 || len(r.Errors)+len(r.Refused) > 0 {
			t.Fatalf("%+v", r)
		}
		logs := 0
		for _, c := range cities {
			seen, bad, err := ledger.CheckWitnessed(apptest.Ctx, d.In(c), n, []ledger.Known{known})
			if err != nil || len(bad) > 0 {
				t.Fatalf("%v %v", bad, err)
			}
			logs += len(seen)
		}
		all, err := ledger.All(apptest.Ctx, d)
		if err != nil || logs != len(all) {
			t.Errorf("%d logs are countersigned of %d, %v", logs, len(all), err)
		}
		if _, err := d.Raw().ExecContext(apptest.Ctx, `UPDATE countersignatures SET size = 1`); err != nil {
			t.Fatal(err)
		}
		if _, bad, err := ledger.CheckWitnessed(apptest.Ctx, d.In(w.Units["county"].ID.City), n, []ledger.Known{known}); err != nil || len(bad) == 0 {
			t.Errorf("a countersignature over something else was not found: %v", err)
		}

		// The past is taken back: yesterday's database, with another act in it, signed with the right key.
		back := dbtest.SQLite(t)
		back.SetClock(d.Now().Time)
		if _, err := app.Restore(apptest.Ctx, back, bytes.NewReader(backupThen.Bytes()), backup.Into{}); err != nil {
			t.Fatal(err)
		}
		a, err := app.Build(apptest.Ctx, back)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Intake.Enter(apptest.Ctx, w.As("intake"), entry(w)); err != nil {
			t.Fatal(err)
		}
		for _, c := range cities {
			if _, err := a.Ledger.Issue(apptest.Ctx, n, c); err != nil {
				t.Fatal(err)
			}
		}
		other := httptest.NewServer(a.Mux(nil, quiet(), false).Handler())
		defer other.Close()
		out.URL = other.URL
		if r := watch(t, out); len(r.Refused) == 0 {
			t.Errorf("a past taken back was countersigned: %+v", r)
		}
	})
}

// What those who watch may ask says nothing of what is in a log, and what they ask wrongly is refused.
func TestWatchedLogs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, _ := lived(t, d)
		srv := w.Serve()
		log := w.Units["county"].ID.String()
		get := func(path string) (int, string) {
			res, err := http.Get(srv.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			return res.StatusCode, string(b)
		}
		code, text := get("/portal/logs/" + log + "/checkpoint")
		if code != http.StatusOK || !strings.HasPrefix(text, "qianshao/") {
			t.Fatalf("%d %s", code, text)
		}
		size, err := strconv.Atoi(strings.Split(text, "\n")[1])
		if err != nil || size < 2 {
			t.Fatalf("%d %v", size, err)
		}
		if code, text := get("/portal/logs/" + log + "/consistency?from=1&to=" + strconv.Itoa(size)); code != http.StatusOK || text == "" {
			t.Errorf("growth: %d %s", code, text)
		}
		for path, want := range map[string]int{
			"/portal/logs/" + log + "/consistency?from=0&to=1":      http.StatusUnprocessableEntity,
			"/portal/logs/" + log + "/consistency?from=1&to=999999": http.StatusUnprocessableEntity,
			"/portal/logs/" + log + "/consistency?from=x":           http.StatusUnprocessableEntity,
			"/portal/logs/2.00000000000000000000000000/checkpoint":  http.StatusNotFound,
			"/portal/logs/9.00000000000000000000000000/checkpoint":  http.StatusNotFound,
			"/portal/logs/x/checkpoint":                             http.StatusNotFound,
			"/portal/logs/9.x/consistency?from=1&to=1":              http.StatusNotFound,
		} {
			if code, text := get(path); code != want {
				t.Errorf("%s: %d, want %d: %s", path, code, want, text)
			}
		}
		for _, body := range []string{"", "x", strconv.Itoa(size) + "\n— city.watch AAAA\n", "1\n\n", strings.Repeat("9", 9000)} {
			res, err := http.Post(srv.URL+"/portal/logs/"+log+"/countersignature", "text/plain", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode < 400 || res.StatusCode >= 500 {
				t.Errorf("%.20q was answered %d", body, res.StatusCode)
			}
		}
		if err := w.App.Ledger.Know(apptest.Ctx, access.ByOperator, ledger.Known{Key: "x", Place: "x"}); fault.Code(err) != "witness.key" {
			t.Errorf("a key that is none: %v", err)
		}
	})
}
