package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/id"
)

// While an organ's key is unlocked the program compares by itself, with the key that is in memory: which unopened letters are
// alike, and what has happened to those who asked to be watched over. It begins within a second, and keeps no key unlocked.
const (
	lettersEvery = 30 * time.Second
	turnsEvery   = 10 * time.Minute
)

// last is when each organ's turn was, by its id.
type last map[string]time.Time

// due are the organs whose turn it is now; one whose key was locked meanwhile begins anew.
func (l last) due(open []string, every time.Duration, now time.Time) (organs []id.ID) {
	for organ := range l {
		if !slices.Contains(open, organ) {
			delete(l, organ)
		}
	}
	for _, organ := range open {
		if at, ok := l[organ]; ok && now.Sub(at) < every {
			continue
		}
		l[organ] = now
		if o, err := id.Parse(organ); err == nil { // they were put on the ring by their ids
			organs = append(organs, o)
		}
	}
	return organs
}

func (w *Workers) whileUnlocked(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	letters, turns := last{}, last{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		w.app.Likeness.Tend()
		if err := w.app.compareLetters(ctx, letters, time.Now()); err != nil && ctx.Err() == nil {
			w.trouble(ctx, "comparing letters", err)
		}
		if err := w.app.compareTurns(ctx, turns, time.Now()); err != nil && ctx.Err() == nil {
			w.trouble(ctx, "watching over reporters", err)
		}
	}
}

func (a *App) compareLetters(ctx context.Context, l last, now time.Time) (err error) {
	for _, organ := range l.due(a.Custody.Ring.Organs(), lettersEvery, now) {
		_, e := a.Likeness.Update(ctx, organ)
		err = errors.Join(err, e)
	}
	return err
}

func (a *App) compareTurns(ctx context.Context, l last, now time.Time) (err error) {
	for _, organ := range l.due(a.Custody.Ring.Organs(), turnsEvery, now) {
		u, e := access.GetUnit(ctx, a.DB.In(organ.City), organ.Key)
		if e == nil {
			_, e = a.Reprisal.Compare(ctx, u)
		}
		err = errors.Join(err, e)
	}
	return err
}
