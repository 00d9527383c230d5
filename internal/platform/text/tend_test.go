package text

import (
	"context"
	"fmt"
	"testing"
	"time"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestTended: commits leave the index in pieces and merge none, however many; what tends it leaves few, and finds the same.
func TestTended(t *testing.T) {
	const texts = 300 // fewer than are merged by themselves
	d := dbtest.SQLite(t)
	if err := Prepare(background, d); err != nil {
		t.Fatal(err)
	}
	keys := id.Random()
	for i := range texts {
		key := keys.New(int64(i))
		if err := d.Write(background, 2, func(tx *db.Tx) error {
			return Put(background, tx, key, []string{"s2"}, fmt.Sprintf("虚报管护费第%d笔", i))
		}); err != nil {
			t.Fatal(err)
		}
	}
	pieces := func() (n int) {
		t.Helper()
		if err := d.Shared().Row(background, `/*engine*/ SELECT COUNT(DISTINCT i.segid) FROM search_fts_idx i`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	found := func() (n int) {
		t.Helper()
		if err := d.Shared().Row(background, `/*engine*/ SELECT COUNT(f.rowid) FROM search_fts f WHERE f.search_fts MATCH '"虚报"'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := pieces(); n != texts {
		t.Errorf("%d pieces of %d commits", n, texts)
	}
	if n := found(); n != texts {
		t.Errorf("%d of %d texts are found", n, texts)
	}
	ctx, stop := context.WithCancel(background)
	done := make(chan struct{})
	go func() {
		defer close(done)
		Tend(ctx, d, func(err error) { t.Error(err) })
	}()
	for until := time.Now().Add(20 * time.Second); pieces() > 20 && time.Now().Before(until); {
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	<-done
	if n := pieces(); n > 20 {
		t.Errorf("%d pieces are left", n)
	}
	if n := found(); n != texts {
		t.Errorf("%d of %d texts are found once it is tended", n, texts)
	}
}
