package db_test

import (
	"context"
	"testing"
	"time"

	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestSlowIsLeftAlone: what the server is at work on is waited for, although others would have been given up by then.
// That what is silent is given up is a test of package badday.
func TestSlowIsLeftAlone(t *testing.T) {
	t.Parallel()
	d, err := db.Open(context.Background(), dbtest.Address(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	runs, begin := 0, time.Now()
	if err := d.Scratch(context.Background(), 0, func(tx *db.Tx) error {
		runs++
		rows, err := tx.Query(context.Background(), `/*engine*/ SELECT pg_sleep(7)`)
		if err != nil {
			return err
		}
		return rows.Close()
	}); err != nil || runs != 1 {
		t.Errorf("a slow statement: %v, in %d runs", err, runs)
	}
	if took := time.Since(begin); took < 7*time.Second {
		t.Errorf("it slept %s", took)
	}
}

// TestConnectionsAreKept: statements one after the other, at once and after a rest, go over the same connection. On a busy
// machine one that answers too late after its rest is given up, as it is meant to be: so not every time, but once of three.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	d, err := db.Open(context.Background(), dbtest.Address(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	n := 0
	for range 3 {
		if n = connections(t, d); n <= 2 {
			return
		}
	}
	t.Errorf("12 statements went over %d connections", n)
}

// connections is how many connections a dozen statements go over.
func connections(t *testing.T, d *db.DB) int {
	t.Helper()
	seen := map[int64]bool{}
	for i := range 12 {
		var pid int64
		if err := d.Shared().Row(context.Background(), `/*engine*/ SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			t.Fatal(err)
		}
		seen[pid] = true
		if i%4 == 3 {
			time.Sleep(1200 * time.Millisecond) // idle for so long that it is asked first
		}
	}
	return len(seen)
}
