package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow/heir"
	"qianshao/internal/id"
	"qianshao/internal/jobs"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/text"
	"qianshao/internal/reprisal"
)

// The jobs that the program makes by itself. Every one may run twice, and at any time.
const (
	jobPass       = "deadline.pass"
	jobReroute    = "flow.reroute"
	jobSucceed    = "flow.succeed"
	jobRestaff    = "flow.restaff"
	jobNamesakes  = "flow.namesakes"
	jobCheckpoint = "ledger.checkpoint"
	jobLapse      = "watch.lapse"
	jobStaffing   = "staffing.sweep"
	jobDuty       = "duty.tend"
	jobHaves      = "haves.tend"
	jobTidy       = "tidy"
)

// doneJobs and oldKeys are how long a job that is done, and the answer to a request made twice, are remembered.
const (
	doneJobs = 7 * 24 * time.Hour
	oldKeys  = 7 * 24 * time.Hour
)

// Workers is what goes on without anybody asking: clocks that run out, signatures handed on, checkpoints, tidying, and
// an eye on the system's time.
type Workers struct {
	Queue *jobs.Queue
	Watch *deadline.Watch
	app   *App
	key   seal.Deployment
	log   *slog.Logger
}

// NewWorkers makes them; key signs the logs' checkpoints.
func (a *App) NewWorkers(log *slog.Logger, key seal.Deployment) *Workers {
	w := &Workers{Queue: jobs.New(a.DB, log), Watch: deadline.NewWatch(a.Ledger), app: a, key: key, log: log}
	for _, j := range []struct {
		kind  string
		every time.Duration
		do    func(context.Context) error
	}{
		{jobPass, time.Hour, w.pass},
		{jobReroute, time.Hour, w.each(func(ctx context.Context, c id.City) error { _, err := a.Engine.Reroute(ctx, c); return err })},
		{jobSucceed, time.Hour, w.each(a.succeed)},
		{jobRestaff, time.Hour, w.each(func(ctx context.Context, c id.City) error { _, err := heir.Personnel(ctx, a.Engine, c); return err })},
		{jobNamesakes, time.Hour, w.each(func(ctx context.Context, c id.City) error { _, err := a.Namesakes.Ask(ctx, c); return err })},
		{jobCheckpoint, 10 * time.Minute, w.checkpoint},
		{jobLapse, time.Hour, w.each(a.Reprisal.Lapse)},
		{jobStaffing, time.Hour, w.each(a.Staffing.Sweep)},
		{jobDuty, time.Hour, w.each(a.Duties.Tend)},
		{jobHaves, time.Hour, w.each(a.Haves.Tend)},
		{jobTidy, time.Hour, w.tidy},
	} {
		w.Queue.Handle(j.kind, func(ctx context.Context, _ id.City, _ json.RawMessage) error { return j.do(ctx) })
		w.Queue.Every(j.every, j.kind)
	}
	w.Queue.Handle(reprisal.JobBegin, a.Reprisal.Begin)
	if a.Spool != nil {
		w.letters()
	}
	return w
}

// Run works until the context ends, and returns when everything under way has stopped. It begins with a look at the
// clocks: while the program did not run, days went by.
func (w *Workers) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { w.watch(ctx) })
	wg.Go(func() { text.Tend(ctx, w.app.DB, func(err error) { w.trouble(ctx, "merging the search index", err) }) })
	if w.app.Shelf != nil {
		wg.Go(func() { w.backUp(ctx) })
	}
	if w.app.Spool != nil {
		wg.Go(func() { w.takeIn(ctx) })
	}
	wg.Go(func() { w.whileUnlocked(ctx) })
	wg.Go(func() { w.app.Visits.Run(ctx, func(err error) { w.trouble(ctx, "writing the access log", err) }) })
	for _, kind := range []string{jobPass, jobCheckpoint} {
		if err := w.Queue.Once(ctx, kind, "start"); err != nil && ctx.Err() == nil {
			w.trouble(ctx, "planning jobs", err)
		}
	}
	wg.Go(func() { w.Queue.Run(ctx) })
	wg.Wait()
}

func (w *Workers) trouble(ctx context.Context, what string, err error) {
	w.log.LogAttrs(ctx, slog.LevelError, what, slog.String("error", err.Error()))
}

// watch looks at the system's time every minute.
func (w *Workers) watch(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	was := false
	for {
		held, err := w.Watch.Look(ctx)
		if err != nil && ctx.Err() == nil {
			w.trouble(ctx, "looking at the system's time", err)
		}
		if held && !was {
			w.log.LogAttrs(ctx, slog.LevelWarn, "the system's time has jumped: nothing fires until somebody has looked")
		}
		was = held
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// each runs do for every tenant; one tenant's trouble keeps no other from its turn.
func (w *Workers) each(do func(context.Context, id.City) error) func(context.Context) error {
	return w.abreast(1, do)
}

// abreast is each for several tenants at a time.
func (w *Workers) abreast(n int, do func(context.Context, id.City) error) func(context.Context) error {
	return func(ctx context.Context) error {
		cities, err := Tenants(ctx, w.app.DB)
		if err != nil {
			return err
		}
		failed := make([]error, len(cities))
		turns := make(chan struct{}, n)
		defects := make(chan any, len(cities))
		var wg sync.WaitGroup
		for i, c := range cities {
			turns <- struct{}{}
			wg.Go(func() {
				defer func() {
					if p := recover(); p != nil {
						defects <- p
					}
					<-turns
				}()
				if err := do(ctx, c); err != nil {
					failed[i] = fmt.Errorf("tenant %d: %w", c, err)
				}
			})
		}
		wg.Wait()
		select {
		case p := <-defects:
			panic(p) // of the job, which is where defects are caught
		default:
			return errors.Join(failed...)
		}
	}
}

// passes is how many tenants' clocks fall due at a time. The program waits for the database's answers half of that time, which
// a second tenant uses; SQLite has one writer.
func (w *Workers) passes() int {
	if w.app.DB.Engine == db.Postgres {
		return 2
	}
	return 1
}

// pass lets fall due what has fallen due. While firing is on hold there is nothing to do, and that is no failure.
func (w *Workers) pass(ctx context.Context) error {
	news, err := w.app.Clocks.Refresh(ctx, w.app.DB.Shared())
	if err != nil {
		return err
	}
	fx := w.app.Engine.Effects()
	if news {
		recompute := w.each(func(ctx context.Context, c id.City) error {
			_, err := w.app.Clocks.Recompute(ctx, w.app.Ledger, c, "holidays", fx)
			return err
		})
		if err := recompute(ctx); err != nil {
			return err
		}
	}
	return w.abreast(w.passes(), func(ctx context.Context, c id.City) error {
		_, err := w.Watch.Pass(ctx, w.app.Clocks, c, fx)
		if fault.Code(err) == "clock.held" {
			return nil
		}
		return err
	})(ctx)
}

// checkpoint signs every log that has grown.
func (w *Workers) checkpoint(ctx context.Context) error {
	n, err := w.app.Ledger.Adopt(ctx, access.ByProgram, w.key, false)
	if err != nil || n.Name == "" {
		return err
	}
	return w.each(func(ctx context.Context, c id.City) error {
		was, err := ledger.Latest(ctx, w.app.DB.In(c))
		if err != nil {
			return err
		}
		if _, err := w.app.Ledger.Issue(ctx, n, c); err != nil || w.app.Spool == nil {
			return err
		}
		return w.app.proved(ctx, c, was)
	})(ctx)
}

// tidy removes what is no fact and has run out.
func (w *Workers) tidy(ctx context.Context) error {
	err := w.each(func(ctx context.Context, c id.City) error {
		return errors.Join(w.app.Accounts.Tidy(ctx, c), ledger.Forget(ctx, w.app.DB, c, oldKeys), w.app.forgetVisits(ctx, c), w.app.Custody.Sweep(ctx, c))
	})(ctx)
	return errors.Join(err, w.Queue.Tidy(ctx, doneJobs))
}
