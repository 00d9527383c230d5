package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"testing"
	"testing/fstest"

	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/seal"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// lived is a city in which something has happened, with a key and checkpoints.
func lived(t *testing.T, d *db.DB) (*apptest.World, seal.Deployment) {
	w := apptest.New(t, d)
	e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), entry(w))
	if err != nil {
		t.Fatal(err)
	}
	w.Do("intake", e.ID, "accept", nil)
	key, err := seal.NewDeployment(filepath.Join(t.TempDir(), "k"))
	if err != nil {
		t.Fatal(err)
	}
	w.App.NewWorkers(quiet(), key).RunDue(apptest.Ctx)
	return w, key
}

func check(t *testing.T, d *db.DB) (checkpoints int64) {
	t.Helper()
	n, err := ledger.LoadNotary(apptest.Ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	cities, err := app.Tenants(apptest.Ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cities {
		r, err := ledger.Verify(apptest.Ctx, d.In(c), app.Covered(), n.Check, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Findings {
			t.Errorf("verify: %+v", f)
		}
		checkpoints += r.Checkpoints
	}
	return checkpoints
}

// TestBackupRoundTrip is T21, from either engine into either: what is restored has the same rows, the same logs and the
// same key, verifies with its checkpoints, finds what is searched, and goes on.
func TestBackupRoundTrip(t *testing.T) {
	engines := map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres}
	for from, open := range engines {
		for to, empty := range engines {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				src := open(t)
				w, key := lived(t, src)
				var b bytes.Buffer
				files := fstest.MapFS{"2/ab/cdef": {Data: bytes.Repeat([]byte("sealed"), 9000)}}
				sum, err := app.Backup(apptest.Ctx, src, &b, key, backup.Options{Program: "test", Files: files})
				if err != nil {
					t.Fatal(err)
				}
				dst := empty(t)
				dst.SetClock(src.Now().Time)
				got := map[string]int{}
				back, err := app.Restore(apptest.Ctx, dst, bytes.NewReader(b.Bytes()), backup.Into{Files: func(name string, r io.Reader) error {
					n, err := io.Copy(io.Discard, r)
					got[name] = int(n)
					return err
				}})
				if err != nil {
					t.Fatal(err)
				}
				if !maps.Equal(sum.Tables, back.Tables) || !maps.Equal(got, map[string]int{"2/ab/cdef": 54000}) || back.Key.Mark() != key.Mark() {
					t.Errorf("restored %d rows, files %v", back.Rows(), got)
				}
				if n := check(t, dst); n == 0 {
					t.Error("no checkpoint was carried over")
				}
				var again bytes.Buffer
				sum2, err := backup.Write(apptest.Ctx, dst, &again, backup.Options{})
				if err != nil {
					t.Fatal(err)
				}
				for _, name := range []string{"matters", "units", "envelopes", "texts", "accounts", "clocks", "settings_deployment"} {
					if sum2.Tables[name] != sum.Tables[name] {
						t.Errorf("%s: %+v, was %+v", name, sum2.Tables[name], sum.Tables[name])
					}
				}
				a, err := app.Build(apptest.Ctx, dst)
				if err != nil {
					t.Fatal(err)
				}
				if ms, err := a.Engine.Search(apptest.Ctx, w.As("intake"), "tipoff", "管护费", "", 10); err != nil || len(ms) != 1 {
					t.Errorf("the search finds %d: %v", len(ms), err)
				}
			})
		}
	}
}

// A backup that is cut short or changed, and a database that holds anything, are refused, and nothing is done.
func TestRestoreRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, key := lived(t, d)
		var b bytes.Buffer
		if _, err := app.Backup(apptest.Ctx, d, &b, key, backup.Options{}); err != nil {
			t.Fatal(err)
		}
		if _, err := app.Restore(apptest.Ctx, d, bytes.NewReader(b.Bytes()), backup.Into{}); fault.Code(err) != "db.not_empty" {
			t.Errorf("over a database in use: %v", err)
		}
		dst := dbtest.SQLite(t)
		for _, n := range []int{0, 10, 200, b.Len() / 2, b.Len() - 9} {
			if _, err := app.Restore(apptest.Ctx, dst, bytes.NewReader(b.Bytes()[:n]), backup.Into{}); fault.Code(err) != "backup.broken" {
				t.Errorf("cut at %d of %d: %v", n, b.Len(), err)
			}
		}
		if cs, err := app.Tenants(apptest.Ctx, dst); err != nil || len(cs) > 0 {
			t.Errorf("something stayed of what was refused: %v %v", cs, err)
		}
		full := errors.New("the disk is full")
		if _, err := app.Backup(context.Background(), d, failing{full}, key, backup.Options{}); !errors.Is(err, full) {
			t.Errorf("a full disk: %v", err)
		}
	})
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// The workers' jobs run, leave the logs sound, and run again without doing anything twice.
func TestWorkers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, key := lived(t, d)
		w.On("2026-12-01")
		k := w.App.NewWorkers(quiet(), key)
		fires := func() string {
			n, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT clock_id || kind || due_on FROM fires WHERE city_id = $1 ORDER BY clock_id, kind, due_on`)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(n)
		}
		k.RunDue(apptest.Ctx)
		first := fires()
		if first == "[]" {
			t.Error("nothing fell due in seven weeks")
		}
		w.Now = w.Now.Add(61 * 60 * 1e9)
		k.RunDue(apptest.Ctx)
		if fires() != first {
			t.Error("something fell due twice")
		}
		s, err := k.Queue.State(apptest.Ctx)
		if err != nil || s.Dead > 0 || s.Lag > 0 {
			t.Errorf("the queue stands at %+v, %v", s, err)
		}
		if check(t, d) == 0 {
			t.Error("no checkpoint was issued")
		}
	})
}
