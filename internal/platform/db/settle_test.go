package db_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
)

// TestCommitsSettle: what was committed comes into the file beside the writer, without any commit having to do it.
func TestCommitsSettle(t *testing.T) {
	t.Parallel()
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "q.db")
	d, err := db.Open(ctx, "sqlite:"+path, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := migrate.Up(ctx, d, func(int64, int64) error { return nil }, func(string, time.Duration) {}); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		s, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return s.Size()
	}
	before := size()
	for range 40 {
		if err := d.Write(ctx, 1, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO texts (city_id, matter_id, plain) VALUES ($1, $2, $3)`, tx.NewKey(), strings.Repeat("长", 20_000))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(10 * time.Second); size() <= before; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing came into the file")
		}
	}
}
