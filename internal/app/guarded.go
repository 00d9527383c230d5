package app

import (
	"context"
	"errors"
	"slices"

	"qianshao/internal/id"
	"qianshao/internal/platform/envelope"
)

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
