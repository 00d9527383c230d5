package app

import (
	"context"
	"errors"

	"qianshao/internal/flow/heir"
	"qianshao/internal/id"
	"qianshao/internal/jobs"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
)

// succeedSoon has what a merged unit works on given to its heir soon after.
func succeedSoon(ctx context.Context, tx *ledger.Tx) error {
	return jobs.Enqueue(ctx, tx.Tx, jobSucceed, "merge", 0, nil)
}

// succeed gives whatever still lies with a merged unit to its heir, in the order in which they were merged: also what was
// handed there while the merge was under way, and what came to an heir that was itself merged by then. What a round asks of the
// merged unit is asked of nobody any more, and is no part of it.
func (a *App) succeed(ctx context.Context, city id.City) error {
	failed := []error{a.Haves.Tend(ctx, city)}
	ms, err := org.Merges(ctx, a.DB.In(city))
	failed = append(failed, err)
	for _, m := range ms {
		_, err := heir.Succeed(ctx, a.Engine, city, m.From, m.Into)
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
