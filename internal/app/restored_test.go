package app_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/intake"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// TestRestoredBefore: a database put back to a state before a letter and a word came gets both once more, with what came
// with them, and nothing twice. What has been there for a while is cleared.
func TestRestoredBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		w.Spool(t.TempDir())
		first := w.Lodge(written(w), w.Units["county"], "2026-10-09", nil)
		w.TakeIn(&first)
		key, err := seal.NewDeployment(filepath.Join(t.TempDir(), "k"))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := app.Backup(apptest.Ctx, d, &b, key, backup.Options{Program: "test"}); err != nil {
			t.Fatal(err)
		}
		second := w.Lodge(written(w), w.Units["county"], "2026-10-10", map[string]string{"一.txt": "附件一"})
		w.Say(first, envelope.More, "还有一本账。", w.Units["county"], "2026-10-10", nil)
		w.TakeIn(&second)
		if n, err := w.App.Recall(apptest.Ctx); err != nil || n != 0 {
			t.Fatalf("the database that has them recalls %d, %v", n, err)
		}

		back := dbtest.SQLite(t)
		if d.Engine == db.Postgres {
			back = dbtest.Postgres(t)
		}
		back.SetClock(d.Now().Time)
		if _, err := app.Restore(apptest.Ctx, back, bytes.NewReader(b.Bytes()), backup.Into{}); err != nil {
			t.Fatal(err)
		}
		a, err := app.Build(apptest.Ctx, back)
		if err != nil {
			t.Fatal(err)
		}
		a.Spool = w.App.Spool
		if a.Custody.Files, err = blob.Open(t.TempDir()); err != nil {
			t.Fatal(err)
		}
		if n, err := a.Recall(apptest.Ctx); err != nil || n != 2 {
			t.Fatalf("%d are asked for once more, %v", n, err)
		}
		if n, err := a.TakeIn(apptest.Ctx); err != nil || n != 2 {
			t.Fatalf("%d are taken in, %v", n, err)
		}
		for name, x := range map[string]apptest.Lodged{"the first": first, "the second": second} {
			if ok, err := a.Intake.Knows(apptest.Ctx, apptest.City, x.Envelope.Name); err != nil || !ok {
				t.Errorf("%s is not there: %v", name, err)
			}
		}
		if r, err := a.Custody.Files.Get(second.Envelope.Files[0]); err != nil {
			t.Errorf("its file is not there: %v", err)
		} else {
			r.Close()
		}
		if ws, err := intake.Words(apptest.Ctx, back.In(apptest.City), first.Letter.Key); err != nil || len(ws) != 1 {
			t.Errorf("%d words, %v", len(ws), err)
		}
		if n, err := a.Recall(apptest.Ctx); err != nil || n != 0 {
			t.Errorf("%d are asked for a third time, %v", n, err)
		}
		check(t, back)

		if names, err := a.Spool.Settled(); err != nil || len(names) != 3 {
			t.Errorf("%d lie in done, %v", len(names), err)
		}
		if err := a.Spool.Forget(time.Now().Add(-25 * time.Hour)); err != nil {
			t.Fatal(err)
		}
		if names, _ := a.Spool.Settled(); len(names) != 3 {
			t.Errorf("what has just come is cleared: %d are left", len(names))
		}
		if err := a.Spool.Forget(time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		names, _ := a.Spool.Settled()
		if _, err := a.Spool.Read(second.Envelope.Files[0]); err == nil || len(names) != 0 {
			t.Errorf("%d names and a file are left: %v", len(names), err)
		}
	})
}
