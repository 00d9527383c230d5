package app

import (
	"context"
	"time"

	"qianshao/internal/id"
)

// RunDue does every job whose time has come, once.
func (w *Workers) RunDue(ctx context.Context) {
	for {
		did, err := w.Queue.Due(ctx)
		if err != nil {
			panic(err)
		}
		if !did {
			return
		}
	}
}

// CompareDue is what the server does every few seconds for the organs whose keys are unlocked.
func (a *App) CompareDue(ctx context.Context, done map[id.ID]time.Time, now time.Time) error {
	return a.compareDue(ctx, done, now)
}
