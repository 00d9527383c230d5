// Package jobs runs what is not a person's doing: follow-up work written in a use case's own transaction, and what is
// done on a schedule.
//
// The words: a job is a row with a kind and arguments; Enqueue writes it in the caller's transaction, so that it exists
// exactly when its cause does (an outbox). A schedule makes a job at set times; its "once" key makes several servers
// make one. A worker does a kind of job; it may run twice (a server died half way), so workers are idempotent.
//
// Invariants: a server claims only what it has a worker for (one of several may have the spool); a job is claimed for a time
// and taken over when its claimer has gone; a job that keeps failing is laid
// aside as dead with its last trouble, never dropped; what a job says about people is an id, never content.
//
// Start at Queue; Run is the loop that package app starts.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Worker does one kind of job.
type Worker func(ctx context.Context, city id.City, args json.RawMessage) error

// Schedule makes a job of a kind whenever Every has gone by, on the clock's own marks (every hour on the hour).
type Schedule struct {
	Kind  string
	Every time.Duration
}

// Queue is the job table and those who work on it.
type Queue struct {
	DB        *db.DB
	Log       *slog.Logger
	workers   map[string]Worker
	schedules []Schedule
	wake      chan struct{}
}

// New makes a queue without workers.
func New(d *db.DB, log *slog.Logger) *Queue {
	return &Queue{DB: d, Log: log, workers: map[string]Worker{}, wake: make(chan struct{}, 1)}
}

// Handle names the worker of a kind.
func (q *Queue) Handle(kind string, w Worker) { q.workers[kind] = w }

// Every adds a schedule.
func (q *Queue) Every(d time.Duration, kind string) {
	q.schedules = append(q.schedules, Schedule{kind, d})
}

const maxAttempts = 8

// claimFor is how long a job may take before another server takes it over.
const claimFor = 10 * time.Minute

// Enqueue writes a job in the caller's transaction. once makes a second job of the same kind and key, while the first
// waits or runs, the same job.
func Enqueue(ctx context.Context, tx *db.Tx, kind, once string, city id.City, args any) error {
	b, err := json.Marshal(args)
	if err != nil {
		return err
	}
	key := tx.NewKey()
	if once == "" {
		once = key
	}
	_, err = tx.SharedTx().Exec(ctx, `INSERT INTO jobs (id, kind, tenant, args, once, state, run_at) VALUES ($1, $2, $3, $4, $5, 'waiting', $6)
		ON CONFLICT (kind, once) WHERE state IN ('waiting', 'running') DO NOTHING`, key, kind, int64(city), string(b), once, int64(tx.Now()))
	return err
}

// Blank takes out of a job that is done, or almost, what it was told: what must not stay anywhere once it has been taken on.
func Blank(ctx context.Context, d *db.DB, kind, once string) error {
	return d.Scratch(ctx, 0, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE jobs SET args = '{}' WHERE kind = $1 AND once = $2`, kind, once)
		return err
	})
}

// Run works until the context ends. A failing job is tried again later and later; one that failed too often is laid
// aside.
func (q *Queue) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		for {
			did, err := q.Due(ctx)
			if err != nil && ctx.Err() == nil {
				q.Log.LogAttrs(ctx, slog.LevelError, "taking a job", slog.String("error", err.Error()))
			}
			if !did || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-q.wake:
		}
	}
}

// Due makes the jobs whose mark has been passed and does one job. It says whether there was one.
func (q *Queue) Due(ctx context.Context) (bool, error) {
	if err := q.plan(ctx); err != nil {
		return false, fmt.Errorf("planning: %w", err)
	}
	return q.One(ctx)
}

// Wake makes Run look at once instead of at the next second.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// plan makes the scheduled jobs whose mark has been passed. The key names the mark, and what is done stays for a while,
// so one mark makes one job however many servers look.
func (q *Queue) plan(ctx context.Context) error {
	now := q.DB.Now()
	for _, s := range q.schedules {
		mark := int64(now) / s.Every.Microseconds() * s.Every.Microseconds()
		once := fmt.Sprintf("mark-%d", mark)
		var one int
		err := q.DB.Shared().Row(ctx, `SELECT 1 FROM jobs WHERE kind = $1 AND once = $2`, s.Kind, once).Scan(&one)
		if err == nil {
			continue
		}
		if !errors.Is(err, db.ErrNoRows) {
			return err
		}
		if err := q.DB.Scratch(ctx, 0, func(tx *db.Tx) error { return Enqueue(ctx, tx, s.Kind, once, 0, nil) }); err != nil {
			return err
		}
	}
	return nil
}

type job struct {
	id, kind string
	city     id.City
	args     string
	attempts int
}

// One claims a job and does it. It says whether there was one.
func (q *Queue) One(ctx context.Context) (bool, error) {
	var j job
	err := q.DB.Scratch(ctx, 0, func(tx *db.Tx) error {
		now := int64(tx.Now())
		until := now + claimFor.Microseconds()
		b := db.BuildShared(`/*engine*/ UPDATE jobs SET state = 'running', claimed_until = ?, attempts = attempts + 1 WHERE id = (SELECT id FROM jobs
			WHERE (state = 'waiting' AND run_at <= ? OR state = 'running' AND claimed_until < ?)`, until, now, now)
		b.In(` AND `, "kind", slices.Sorted(maps.Keys(q.workers))).Add(` ORDER BY run_at, id LIMIT 1`)
		if tx.Engine() == db.Postgres {
			b.Add(` FOR UPDATE SKIP LOCKED`)
		}
		text, args := b.Add(`) RETURNING id, kind, tenant, args, attempts`).SQL()
		return tx.Row(ctx, text, args...).Scan(&j.id, &j.kind, &j.city, &j.args, &j.attempts)
	})
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	start := time.Now()
	err = q.do(ctx, j)
	if ctx.Err() != nil {
		return true, nil // the claim runs out and somebody else does it
	}
	if err != nil {
		q.Log.LogAttrs(ctx, slog.LevelError, "job failed", slog.String("kind", j.kind), slog.Int("attempt", j.attempts), slog.String("error", err.Error()))
	} else {
		q.Log.LogAttrs(ctx, slog.LevelDebug, "job done", slog.String("kind", j.kind), slog.Duration("took", time.Since(start)))
	}
	return true, q.finish(ctx, j, err)
}

func (q *Queue) do(ctx context.Context, j job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return q.workers[j.kind](ctx, j.city, json.RawMessage(j.args))
}

func (q *Queue) finish(ctx context.Context, j job, trouble error) error {
	return q.DB.Scratch(ctx, 0, func(tx *db.Tx) error {
		if trouble == nil {
			_, err := tx.Exec(ctx, `UPDATE jobs SET state = 'done', trouble = '' WHERE id = $1`, j.id)
			return err
		}
		text := trouble.Error()
		if len(text) > 500 {
			text = text[:500]
		}
		if j.attempts >= maxAttempts {
			_, err := tx.Exec(ctx, `UPDATE jobs SET state = 'dead', trouble = $2 WHERE id = $1`, j.id, text)
			return err
		}
		later := int64(tx.Now()) + (time.Second << min(j.attempts*2, 12)).Microseconds()
		_, err := tx.Exec(ctx, `UPDATE jobs SET state = 'waiting', run_at = $2, trouble = $3 WHERE id = $1`, j.id, later, text)
		return err
	})
}

// State is how the queue stands: how long the job that waits longest has been due, and how many were laid aside.
type State struct {
	Lag  time.Duration
	Dead int
}

// State reads how the queue stands now.
func (q *Queue) State(ctx context.Context) (State, error) {
	var s State
	var due *int64
	err := q.DB.Shared().Row(ctx, `SELECT MIN(run_at) FROM jobs WHERE state = 'waiting'`).Scan(&due)
	if err != nil {
		return s, err
	}
	if now := int64(q.DB.Now()); due != nil && *due < now {
		s.Lag = time.Duration(now-*due) * time.Microsecond
	}
	return s, q.DB.Shared().Row(ctx, `SELECT COUNT(id) FROM jobs WHERE state = 'dead'`).Scan(&s.Dead)
}

// Once makes a job now unless one of its kind and key waits or runs already.
func (q *Queue) Once(ctx context.Context, kind, key string) error {
	err := q.DB.Scratch(ctx, 0, func(tx *db.Tx) error { return Enqueue(ctx, tx, kind, key, 0, nil) })
	q.Wake()
	return err
}

// Tidy removes jobs done longer ago than the age; dead ones stay until somebody has looked.
func (q *Queue) Tidy(ctx context.Context, age time.Duration) error {
	return q.DB.Scratch(ctx, 0, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM jobs WHERE state = 'done' AND run_at < $1`, int64(tx.Now())-age.Microseconds())
		return err
	})
}
