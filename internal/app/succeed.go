package app

import (
	"context"
	"encoding/json"

	"qianshao/internal/flow/heir"
	"qianshao/internal/id"
	"qianshao/internal/jobs"
	"qianshao/internal/ledger"
)

// heirs are a unit that was merged and the one that took its place.
type heirs struct {
	From id.Key `json:"from"`
	To   id.Key `json:"to"`
}

// succeedLater has what a merged unit works on given to the one that took its place, soon after.
func succeedLater(ctx context.Context, tx *ledger.Tx, from, to id.ID) error {
	return jobs.Enqueue(ctx, tx.Tx, jobSucceed, from.String(), from.City, heirs{from.Key, to.Key})
}

func (w *Workers) succeed(ctx context.Context, city id.City, args json.RawMessage) error {
	var h heirs
	if err := json.Unmarshal(args, &h); err != nil {
		return err
	}
	_, err := heir.Succeed(ctx, w.app.Engine, city, h.From, h.To)
	return err
}
