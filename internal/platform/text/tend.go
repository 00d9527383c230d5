package text

import (
	"bytes"
	"context"
	"time"

	"qianshao/internal/platform/db"
)

// Of itself SQLite's index merges its pieces within the commits that add to it: mostly a little, now and then, when pieces
// have piled up beside a large one, all of it, while everybody waits for the writer (8.8 s beside 230,000 texts). Here
// commits merge nothing, and Tend does it beside them in steps that nobody notices. Where nothing tends it, five hundred
// pieces of one size are merged at once, while they are small: with two thousand of all sizes SQLite refuses to write.
// By eights rather than fours, each text is written again less often.
var standing = []any{"automerge", 0, "crisismerge", 500, "usermerge", 8, "deletemerge", 10}

// tendPages is how many pages a step merges: some milliseconds of the writer's time. tendRest is how many times as long as it
// took the next one waits.
const (
	tendPages = 32
	tendRest  = 5
)

// Prepare has commits merge nothing from now on. Whoever fills a database that is tended later calls it by itself.
func Prepare(ctx context.Context, d *db.DB) error {
	if d.Engine == db.Postgres {
		return nil
	}
	return d.Write(ctx, 0, merging(ctx, standing...))
}

// Tend merges what commits have left, every second until ctx ends, in short steps with long rests.
func Tend(ctx context.Context, d *db.DB, trouble func(error)) {
	if d.Engine == db.Postgres {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	prepared := false
	var seen []byte // the index's shape when there was nothing left to merge
	for {
		err := func() error {
			if !prepared {
				if err := Prepare(ctx, d); err != nil {
					return err
				}
				prepared = true
			}
			for ctx.Err() == nil {
				var shape []byte
				if err := d.Shared().Row(ctx, `/*engine*/ SELECT block FROM search_fts_data WHERE id = 10`).Scan(&shape); err != nil || bytes.Equal(shape, seen) {
					return err
				}
				began := time.Now()
				more := false
				if err := d.Write(ctx, 0, func(tx *db.Tx) (err error) {
					more, err = merge(ctx, tx, tendPages)
					return err
				}); err != nil {
					return err
				}
				if !more {
					seen = shape
					return nil
				}
				select {
				case <-ctx.Done():
				case <-time.After(tendRest * time.Since(began)):
				}
			}
			return nil
		}()
		tick.Reset(time.Second)
		if err != nil && ctx.Err() == nil {
			trouble(err)
			tick.Reset(time.Minute)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
