package app

import (
	"context"
	"time"
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

// Last is when each organ's turn was.
type Last = last

// CompareTurns is what the server does every second for the organs whose keys are unlocked.
func (a *App) CompareTurns(ctx context.Context, l Last, now time.Time) error {
	return a.compareTurns(ctx, l, now)
}
