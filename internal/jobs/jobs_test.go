package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"qianshao/internal/id"
	"qianshao/internal/jobs"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

var ctx = context.Background()

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func put(t *testing.T, d *db.DB, kind, once string) {
	t.Helper()
	if err := d.Scratch(ctx, 0, func(tx *db.Tx) error { return jobs.Enqueue(ctx, tx, kind, once, 7, map[string]int{"n": 1}) }); err != nil {
		t.Fatal(err)
	}
}

func TestOnceIsOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := jobs.New(d, quiet())
		n := 0
		q.Handle("x", func(_ context.Context, city id.City, args json.RawMessage) error {
			n++
			if city != 7 || string(args) != `{"n":1}` {
				t.Errorf("%d %s", city, args)
			}
			return nil
		})
		put(t, d, "x", "a")
		put(t, d, "x", "a")
		put(t, d, "x", "b")
		for {
			did, err := q.One(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !did {
				break
			}
		}
		if n != 2 {
			t.Errorf("%d jobs ran", n)
		}
	})
}

func TestRolledBackLeavesNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		err := d.Write(ctx, 7, func(tx *db.Tx) error {
			if err := jobs.Enqueue(ctx, tx, "x", "a", 7, nil); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if did, _ := jobs.New(d, quiet()).One(ctx); did {
			t.Error("a job without its cause")
		}
	})
}

func TestFailuresWaitThenDie(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		d.SetClock(func() time.Time { return now })
		q := jobs.New(d, quiet())
		n := 0
		q.Handle("x", func(context.Context, id.City, json.RawMessage) error { n++; return errors.New("no") })
		put(t, d, "x", "a")
		for range 40 {
			if _, err := q.One(ctx); err != nil {
				t.Fatal(err)
			}
			now = now.Add(2 * time.Hour)
		}
		if n != 8 {
			t.Errorf("tried %d times", n)
		}
		states, err := db.Column[string](ctx, d.Shared(), `SELECT state FROM jobs WHERE kind = 'x'`)
		if err != nil || len(states) != 1 || states[0] != "dead" {
			t.Errorf("%v %v", states, err)
		}
	})
}

func TestManyServersOneJob(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var mu sync.Mutex
		n := 0
		for i := range 20 {
			put(t, d, "x", string(rune('a'+i)))
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				q := jobs.New(d, quiet())
				q.Handle("x", func(context.Context, id.City, json.RawMessage) error { mu.Lock(); n++; mu.Unlock(); return nil })
				for {
					if did, err := q.One(ctx); err != nil {
						t.Error(err)
						return
					} else if !did {
						return
					}
				}
			}()
		}
		wg.Wait()
		if n != 20 {
			t.Errorf("%d runs of 20 jobs", n)
		}
	})
}

func TestAbandonedIsTakenOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		d.SetClock(func() time.Time { return now })
		q := jobs.New(d, quiet())
		n := 0
		q.Handle("x", func(context.Context, id.City, json.RawMessage) error { n++; return nil })
		put(t, d, "x", "a")
		if _, err := d.Raw().Exec(`UPDATE jobs SET state = 'running', claimed_until = $1`, now.Add(time.Minute).UnixMicro()); err != nil {
			t.Fatal(err)
		}
		if did, _ := q.One(ctx); did {
			t.Error("taken while claimed")
		}
		now = now.Add(2 * time.Minute)
		if did, err := q.One(ctx); !did || err != nil || n != 1 {
			t.Errorf("%v %v %d", did, err, n)
		}
	})
}
