package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/id"
	"qianshao/internal/platform/envelope"
)

// guardEvery is how often the server looks whether an organ's key has been unlocked, and compareEvery how often what is watched
// over is compared while it stays so.
const (
	guardEvery   = 10 * time.Second
	compareEvery = time.Hour
)

// guard compares what reporters asked to be watched over with what has happened, for the organs whose keys are unlocked in this
// process, until the context ends.
func (w *Workers) guard(ctx context.Context) {
	tick := time.NewTicker(guardEvery)
	defer tick.Stop()
	done := map[id.ID]time.Time{}
	for {
		if err := w.app.compareDue(ctx, done, time.Now()); err != nil && ctx.Err() == nil {
			w.trouble(ctx, "watching over reporters", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// compareDue compares for each organ that was unlocked since, or that is unlocked and was last compared long ago.
func (a *App) compareDue(ctx context.Context, done map[id.ID]time.Time, now time.Time) error {
	if !a.Custody.Ring.Any() {
		clear(done)
		return nil
	}
	cities, err := Tenants(ctx, a.DB)
	if err != nil {
		return err
	}
	tops, err := access.Tops(ctx, a.DB.Shared(), cities) // a county has no organ below it
	if err != nil {
		return err
	}
	var failed []error
	for _, u := range tops {
		if !a.Custody.Ring.Unlocked(u.ID.String()) {
			delete(done, u.ID)
			continue
		}
		if last, ok := done[u.ID]; ok && now.Sub(last) < compareEvery {
			continue
		}
		if _, err := a.Reprisal.Compare(ctx, u); err != nil {
			failed = append(failed, err)
			continue
		}
		done[u.ID] = now
	}
	return errors.Join(failed...)
}

// guarded takes in what a reporter asked of an organ above, or asks no more.
func (a *App) guarded(ctx context.Context, cities []id.City, w envelope.Word) (bool, error) {
	if !slices.Contains(cities, w.To.City) {
		return false, envelope.ErrForm
	}
	heard, err := a.Reprisal.Hear(ctx, w)
	if err != nil || !heard {
		return false, err
	}
	watch, err := a.Reprisal.ByName(ctx, w.To.City, w.Name)
	if err != nil {
		return false, err
	}
	return true, errors.Join(a.tellWatch(ctx, watch), a.Spool.Heard(w))
}

// tellWatch lays what whoever asked to be watched over is told now into the spool, under the name of what was asked.
func (a *App) tellWatch(ctx context.Context, watch id.ID) error {
	st, to, ok, err := a.Reprisal.Told(ctx, watch)
	if err != nil || !ok {
		return err
	}
	was, _, err := a.Spool.Status(to.Name)
	if err != nil && !errors.Is(err, envelope.ErrForm) {
		return err
	}
	p, err := to.SealStatus(st, max(was.N+1, 2, int64(a.DB.Now())))
	if err != nil {
		return err
	}
	return a.Spool.PutStatus(p)
}
