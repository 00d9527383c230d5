package db_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"qianshao/internal/fault"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestStorms: many transactions take the same rows in opposite orders (40P01), or under an isolation that refuses all but
// one of those that meet (40001). They are run again; what is given up says so and has stored nothing; what was done was
// done once.
func TestStorms(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]string{"40P01": "deadlock_timeout=20ms", "40001": "default_transaction_isolation=serializable"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t)
			ctx := context.Background()
			d, err := db.Open(ctx, address+map[bool]string{true: "&", false: "?"}[strings.Contains(address, "?")]+with, db.Options{Lint: true})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			for _, log := range []string{"a", "b"} {
				if err := d.Write(ctx, 1, func(tx *db.Tx) error {
					_, err := tx.Exec(ctx, `INSERT INTO logs (city_id, log_id, size, frontier, last_at) VALUES ($1, $2, 0, $3, 0)`, log, []byte{})
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			var done, runs, refused atomic.Int64
			var wg sync.WaitGroup
			end := time.Now().Add(2 * time.Second)
			for i := range 8 {
				order := []string{"a", "b"}
				if i%2 == 1 {
					order = []string{"b", "a"}
				}
				wg.Go(func() {
					for time.Now().Before(end) {
						err := d.Write(ctx, 1, func(tx *db.Tx) error {
							runs.Add(1)
							for _, log := range order {
								if _, err := tx.Exec(ctx, `UPDATE logs SET size = size + 1 WHERE city_id = $1 AND log_id = $2`, log); err != nil {
									return err
								}
							}
							return nil
						})
						switch {
						case err == nil:
							done.Add(1)
						case fault.KindOf(err) == fault.Unavailable && fault.Code(err) == "db.busy":
							refused.Add(1)
						default:
							t.Errorf("given up with %v", err)
						}
					}
				})
			}
			wg.Wait()
			sizes, err := db.Column[int64](ctx, d.In(1), `SELECT size FROM logs WHERE city_id = $1 ORDER BY log_id`)
			if err != nil || len(sizes) != 2 || sizes[0] != done.Load() || sizes[1] != done.Load() {
				t.Errorf("%d were done, the rows say %v: %v", done.Load(), sizes, err)
			}
			if runs.Load() == done.Load() {
				t.Error("nothing had to be run again")
			}
			t.Logf("%d done in %d runs, %d given up", done.Load(), runs.Load(), refused.Load())
		})
	}
}
