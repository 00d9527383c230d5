package app

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
	"qianshao/internal/portal"
)

// directoryEvery is how often the public side of this process is told what changed among organs, keys and units.
const directoryEvery = time.Minute

// signsNotes is the name under which the deployment's key signs the notes that go with receipts.
const signsNotes = "qianshao-portal"

// OpenSpool has this server take letters in from a spool, and lay what reporters are told into it. A courier may work on
// the same one, and a public side of its own; with one in this process, it is the only one. done gives it back.
func (a *App) OpenSpool(dir string, public bool) (done func(), err error) {
	if a.Spool, err = spool.Join(dir); err != nil {
		return nil, fault.New(fault.Invalid, "portal.spool", dir).Because(err)
	}
	name := "work/lock"
	if public {
		name = "portal/lock"
	}
	done, err = a.Spool.Alone(name)
	if errors.Is(err, spool.ErrBusy) {
		return nil, fault.New(fault.Conflict, "portal.two", dir)
	}
	if err == nil && public {
		a.Spool, err = spool.Open(dir)
	}
	return done, err
}

// public is the public side in this process, for one network: it knows what the signed directory would tell it, and the
// spool, and nothing else of the work side.
func (a *App) public(ctx context.Context, key seal.Deployment, log *slog.Logger) (*portal.Portal, func(context.Context), error) {
	signer, err := key.Signer(signsNotes)
	if err != nil {
		return nil, nil, err
	}
	var now atomic.Pointer[envelope.Directory]
	look := func(ctx context.Context) error {
		d, err := a.Directory(ctx, a.DB.Today())
		if err == nil {
			now.Store(&d)
		}
		return err
	}
	if err := look(ctx); err != nil {
		return nil, nil, err
	}
	var broken atomic.Int64
	p := &portal.Portal{Directory: now.Load, Spool: a.Spool, Calendar: calendar.Shipped(), Now: func() time.Time { return a.DB.Now().Time() }, Signer: signer, Broken: func() { broken.Add(1) }}
	return p, func(ctx context.Context) {
		tick := time.NewTicker(directoryEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := look(ctx); err != nil && ctx.Err() == nil {
				log.LogAttrs(ctx, slog.LevelError, "reading the directory for the public side", slog.String("error", err.Error()))
			}
			if broken.Swap(0) > 0 { // nothing of the requests, and not when they came
				log.LogAttrs(ctx, slog.LevelError, "requests of the public side broke")
			}
		}
	}, nil
}

// open serves the public side until the context ends or it fails, which stops the rest; end waits for it.
func (a *App) open(ctx context.Context, stop func(), s Serving) (address string, end func() error, err error) {
	if s.Portal == "" {
		return "", func() error { return nil }, nil
	}
	p, watch, err := a.public(ctx, s.Key, s.Log)
	if err != nil {
		return "", nil, err
	}
	up, ended := make(chan string, 1), make(chan error, 1)
	go watch(ctx)
	go func() {
		ended <- p.Serve(ctx, s.Portal, func(at string) { up <- at })
		stop()
	}()
	select {
	case address = <-up:
		return address, func() error { return <-ended }, nil
	case err := <-ended:
		return "", nil, err
	}
}
