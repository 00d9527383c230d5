package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/courier"
	"qianshao/internal/deadline"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/host"
	"qianshao/internal/platform/obs"
	"qianshao/internal/web"
)

// metrics is what this program counts of itself. Every name stands in docs/operations.md, with what to do (a test holds
// both to each other).
func (a *App) metrics(mux *web.Mux, w *Workers, version string) *obs.Metrics {
	m := obs.NewMetrics(version)
	mux.Observe = func(r web.Route, status int, took time.Duration, statements int64) {
		m.Request(r.Method+" "+r.Path, r.API, r.Method != http.MethodGet, status, took, statements)
	}
	a.DB.Observe(m.Statement)
	for name, stats := range a.DB.Pools() {
		m.Pool(name, stats)
	}
	m.Gauge("db_bytes", "Size of the database.", func(ctx context.Context) (float64, error) {
		n, _, err := a.DB.Size(ctx)
		return float64(n), err
	})
	m.Gauge("db_wal_bytes", "Size of the embedded database's write-ahead log; 0 on PostgreSQL.", func(ctx context.Context) (float64, error) {
		_, n, err := a.DB.Size(ctx)
		return float64(n), err
	})
	for of, dir := range a.folders() {
		m.Gauge("disk_free_bytes", "Room on the disk.", func(context.Context) (float64, error) {
			d, err := host.DiskOf(dir)
			return float64(d.Free), err
		}, "of", of)
	}
	m.Gauge("jobs_lag_seconds", "How long the job that waits longest has been due.", func(ctx context.Context) (float64, error) {
		s, err := w.Queue.State(ctx)
		return s.Lag.Seconds(), err
	})
	m.Gauge("jobs_dead", "Jobs laid aside after failing too often.", func(ctx context.Context) (float64, error) {
		s, err := w.Queue.State(ctx)
		return float64(s.Dead), err
	})
	m.Counter("access_log_dropped_total", "Openings of pages that gave way before they were written, because the database took none for too long.", a.Visits.Dropped)
	if s := a.Shelf; s != nil {
		m.Gauge("backup_age_seconds", "How long ago the newest backup of this server was begun.", func(context.Context) (float64, error) {
			st, err := s.State()
			if err == nil && st.Last.IsZero() {
				err = errors.New("there is no backup yet")
			}
			return time.Since(st.Last).Seconds(), err
		})
		m.Counter("backup_failures_total", "Backups of this server that failed since its start.", s.Failures)
	}
	if s := a.Spool; s != nil {
		m.Gauge("spool_waiting", "What reporters handed in and is not taken in yet.", func(context.Context) (float64, error) {
			st, err := s.Stands()
			return float64(st.Waiting), err
		})
		m.Gauge("spool_refused", "What lies in the spool and could not be taken in.", func(context.Context) (float64, error) {
			st, err := s.Stands()
			return float64(st.Refused), err
		})
		m.Gauge("bundle_age_seconds", "How long ago the newest bundle from the public side was taken in; absent where no courier was paired.", func(context.Context) (float64, error) {
			st, ok, err := courier.Stands(s)
			if err == nil && !ok {
				err = errors.New("nobody carries")
			}
			return time.Since(st.Heard).Seconds(), err
		})
	}
	m.Gauge("clocks_unfired", "Clocks on which something fell due before today that no pass has handled: not zero for long means that the passes fail.", a.unfired)
	m.Gauge("clock_lag_seconds", "How long the clock that waits longest for a pass has been due.", a.clockLag)
	m.Gauge("clock_held", "1 while a jump of the system's time holds everything that fires.", func(ctx context.Context) (float64, error) {
		_, held, err := deadline.Held(ctx, a.DB.Shared())
		if held {
			return 1, err
		}
		return 0, err
	})
	m.Gauge("log_head_age_seconds", "How long ago the newest act of any organ was made, in whole minutes.", func(ctx context.Context) (float64, error) {
		newest, _, err := a.logAges(ctx)
		return newest.Truncate(time.Minute).Seconds(), err
	})
	m.Gauge("log_unsigned_seconds", "How long the oldest act that no checkpoint covers has waited for one.", func(ctx context.Context) (float64, error) {
		_, unsigned, err := a.logAges(ctx)
		return unsigned.Seconds(), err
	})
	return m
}

// folders are the places whose disks must not fill up, by what lies there.
func (a *App) folders() map[string]string {
	out := map[string]string{}
	if f := a.DB.Folder(); f != "" {
		out["database"] = f
	}
	if a.Custody.Files != nil {
		out["files"] = a.Custody.Files.Dir()
	}
	if a.Shelf != nil {
		out["backups"] = a.Shelf.Dir
	}
	return out
}

func (a *App) unfired(ctx context.Context) (float64, error) {
	sum := 0
	err := a.tenants(ctx, func(c id.City) error {
		n, err := deadline.Unfired(ctx, a.DB.In(c), a.DB.Today())
		sum += n
		return err
	})
	return float64(sum), err
}

func (a *App) clockLag(ctx context.Context) (float64, error) {
	lag := time.Duration(0)
	err := a.tenants(ctx, func(c id.City) error {
		day, err := deadline.Waiting(ctx, a.DB.In(c), a.DB.Today())
		if err == nil && day != "" {
			lag = max(lag, a.since(calendar.StartOf(day)))
		}
		return err
	})
	return lag.Seconds(), err
}

// logAges says how long ago the newest act was made, and the oldest one not signed yet; 0 where there is none.
func (a *App) logAges(ctx context.Context) (newest, unsigned time.Duration, err error) {
	var head calendar.Instant
	err = a.tenants(ctx, func(c id.City) error {
		n, u, err := ledger.Ages(ctx, a.DB.In(c))
		head = max(head, n)
		if u != 0 {
			unsigned = max(unsigned, a.since(u))
		}
		return err
	})
	if head != 0 {
		newest = a.since(head)
	}
	return newest, unsigned, err
}

func (a *App) since(at calendar.Instant) time.Duration {
	return max(0, time.Duration(a.DB.Now()-at)*time.Microsecond)
}

func (a *App) tenants(ctx context.Context, do func(id.City) error) error {
	cities, err := Tenants(ctx, a.DB)
	if err != nil {
		return err
	}
	for _, c := range cities {
		if err := do(c); err != nil {
			return err
		}
	}
	return nil
}
