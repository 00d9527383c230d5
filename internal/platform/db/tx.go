package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
)

// ErrNoRows is what Row.Scan returns when nothing matched.
var ErrNoRows = sql.ErrNoRows

// Rows is a result to walk through.
type Rows struct{ cursor }

type cursor interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// standard are rows of database/sql.
func standard(rows *sql.Rows, err error) (*Rows, error) {
	if err != nil {
		return nil, err
	}
	return &Rows{rows}, nil
}

// Reader answers queries within one tenant. Every statement gets the tenant as $1, before args.
type Reader interface {
	City() id.City
	Now() calendar.Instant
	Query(ctx context.Context, text string, args ...any) (*Rows, error)
	Row(ctx context.Context, text string, args ...any) Row
	// Shared gives the same handle without a tenant, for the tables that have none.
	Shared() Reader
	// For gives the same handle bound to another tenant: for the few reads that climb out of one.
	For(city id.City) Reader
}

// Row is the one row a query was asked for.
type Row struct {
	rows *Rows
	err  error
}

// Scan reads the row, or ErrNoRows.
func (r Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}

// In is a reader for the tenant, outside any transaction.
func (d *DB) In(city id.City) Reader { return reader{d, city} }

// Shared reads the tables that have no tenant.
func (d *DB) Shared() Reader { return reader{d, 0} }

type reader struct {
	d    *DB
	city id.City
}

func (r reader) City() id.City         { return r.city }
func (r reader) Now() calendar.Instant { return r.d.Now() }
func (r reader) Shared() Reader        { return reader{r.d, 0} }
func (r reader) For(c id.City) Reader  { return reader{r.d, c} }

func (r reader) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	args = bind(r.city, args)
	count(ctx, text, args)
	if err := r.d.check(text); err != nil {
		return nil, err
	}
	defer r.d.timed("read")()
	if r.d.group != nil {
		return r.d.group.query(context.WithoutCancel(ctx), text, args)
	}
	if r.d.Engine == SQLite {
		st, err := r.d.rst.get(ctx, r.d.r, text)
		if err != nil {
			return nil, outage(err)
		}
		if st != nil {
			rows, err := standard(st.QueryContext(ctx, args...))
			return rows, outage(err)
		}
	}
	if r.d.Engine == SQLite {
		rows, err := standard(r.d.r.QueryContext(ctx, text, args...))
		return rows, outage(err)
	}
	rows, err := r.d.pgRead(ctx, text, args)
	return rows, outage(err)
}

func (r reader) Row(ctx context.Context, text string, args ...any) Row {
	rows, err := r.Query(ctx, text, args...)
	return Row{rows, err}
}

func bind(city id.City, args []any) []any {
	if city == 0 {
		return args
	}
	out := make([]any, 0, len(args)+1)
	return append(append(out, int64(city)), args...)
}

// Tx is a transaction within one tenant.
type Tx struct {
	d    *DB
	run  runner
	city id.City
	now  calendar.Instant
	// scratch limits a Scratch transaction to its tables; nil in a business transaction.
	scratch bool
	after   *[]func()
}

// City is the tenant the transaction is bound to; 0 for a shared handle.
func (t *Tx) City() id.City { return t.city }

// Now is the transaction's one instant.
func (t *Tx) Now() calendar.Instant { return t.now }

// Today is the civil day of Now.
func (t *Tx) Today() calendar.Date { return t.now.Date() }

// NewID makes an id of the transaction's tenant.
func (t *Tx) NewID() id.ID { return id.ID{City: t.city, Key: t.d.Keys.New(int64(t.now))} }

// NewKey makes the key part alone.
func (t *Tx) NewKey() id.Key { return t.d.Keys.New(int64(t.now)) }

// Chance fills b with random bytes.
func (t *Tx) Chance(b []byte) { t.d.Keys.Bytes(b) }

// Engine is the kind of database.
func (t *Tx) Engine() Engine { return t.d.Engine }

// Shared is the same transaction for the tables without a tenant.
func (t *Tx) Shared() Reader { return t.SharedTx() }

// For reads another tenant inside the same transaction.
func (t *Tx) For(city id.City) Reader {
	s := *t
	s.city = city
	return &s
}

// SharedTx is Shared for writing.
func (t *Tx) SharedTx() *Tx {
	s := *t
	s.city = 0
	return &s
}

// AfterCommit runs f once the transaction is on disk; for waking workers, never for work that must not be lost.
func (t *Tx) AfterCommit(f func()) { *t.after = append(*t.after, f) }

// Query runs a query inside the transaction.
func (t *Tx) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	args = bind(t.city, args)
	count(ctx, text, args)
	if err := t.d.check(text); err != nil {
		return nil, err
	}
	defer t.d.timed("write")()
	return t.run.query(context.WithoutCancel(ctx), text, args)
}

// Row runs a query for one row inside the transaction.
func (t *Tx) Row(ctx context.Context, text string, args ...any) Row {
	rows, err := t.Query(ctx, text, args...)
	return Row{rows, err}
}

// Exec runs a statement and says how many rows it touched.
func (t *Tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	args = bind(t.city, args)
	count(ctx, text, args)
	if err := t.d.check(text); err != nil {
		return 0, err
	}
	if t.scratch {
		if err := scratchOnly(text); err != nil {
			return 0, err
		}
	}
	defer t.d.timed("write")()
	return t.run.exec(context.WithoutCancel(ctx), text, args)
}

// ExecOne runs a statement that must touch exactly one row; none is the given fault (a stale version, say).
func (t *Tx) ExecOne(ctx context.Context, none error, text string, args ...any) error {
	n, err := t.Exec(ctx, text, args...)
	switch {
	case err != nil:
		return err
	case n == 0:
		return none
	case n > 1:
		return errors.New("db: a statement for one row touched several: " + text)
	}
	return nil
}

// A business transaction that takes longer than this is given up; it bounds what a hung disk or lock can hold.
const longest = 60 * time.Second

const tries = 6

// Write runs fn in a transaction bound to the tenant and commits it. fn may run again after a deadlock, a
// serialization failure or a connection lost before commit, so it touches nothing but the database.
func (d *DB) Write(ctx context.Context, city id.City, fn func(*Tx) error) error {
	return d.transact(ctx, city, false, fn)
}

// Scratch is Write for what is no fact: sessions, drafts, read marks, job claims, idempotency rows. It refuses any
// table outside the closed list in lint.go.
func (d *DB) Scratch(ctx context.Context, city id.City, fn func(*Tx) error) error {
	return d.transact(ctx, city, true, fn)
}

func (d *DB) transact(ctx context.Context, city id.City, scratch bool, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// The work goes on when the caller has gone: a cancelled commit may or may not have happened, and nobody could
	// tell which.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
	defer cancel()
	var err error
	for i := 0; i < tries; i++ {
		if err = d.once(ctx, city, scratch, fn); err == nil || !again(err) {
			return outage(err)
		}
		pause := time.Duration(1<<i) * 5 * time.Millisecond
		time.Sleep(pause/2 + rand.N(pause)) // not all at once again
	}
	return outage(err)
}

func (d *DB) once(ctx context.Context, city id.City, scratch bool, fn func(*Tx) error) (err error) {
	var after []func()
	if d.group != nil {
		d.group.wrote = false
		if err := fn(&Tx{d: d, run: d.group, city: city, now: d.Now(), scratch: scratch, after: &after}); err != nil {
			if d.group.wrote {
				return fmt.Errorf("db: refused after it had written, which a group can't take back: %v", err) // no fault any more
			}
			return err
		}
		for _, f := range after {
			f()
		}
		return nil
	}
	run, err := d.begin(ctx)
	if err != nil {
		return err
	}
	t := &Tx{d: d, run: run, city: city, now: d.Now(), scratch: scratch, after: &after}
	done := false
	defer func() {
		if !done {
			run.rollback()
		}
	}()
	if err = fn(t); err != nil {
		return err
	}
	done = true
	ended := d.timed("commit")
	err = run.commit(ctx)
	ended()
	if err != nil {
		return commitError{err}
	}
	for _, f := range after {
		f()
	}
	return nil
}

// runner is an open transaction of one engine.
type runner interface {
	query(ctx context.Context, text string, args []any) (*Rows, error)
	exec(ctx context.Context, text string, args []any) (int64, error) // how many rows it touched
	commit(ctx context.Context) error
	rollback()
}

func (d *DB) begin(ctx context.Context) (runner, error) {
	if d.Engine == SQLite {
		return d.writer.begin(ctx)
	}
	return pgBegin(ctx, d)
}

// commitError marks a failure while committing: unless the database says that it rolled back, nobody knows whether
// the work was stored, so it is not tried again here; the caller's idempotency key makes its own retry safe.
type commitError struct{ error }

func (c commitError) Unwrap() error { return c.error }

// InDoubt says whether an error leaves open if the transaction was stored. Sent again under the same idempotency key, the
// request finds out.
func InDoubt(err error) bool { return errors.As(err, new(commitError)) }

// Outage turns a database that is not there, or that its disk keeps from working, into the fault people see. Everything
// begun here says so by itself; rows break off as they are read, which whoever answers a request gives in here.
func Outage(err error) error { return outage(err) }

func outage(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	if code := trouble(err); code != "" {
		return fault.New(fault.Unavailable, code).Because(err)
	}
	return err
}

// All runs a query and collects what scan makes of each row.
func All[T any](ctx context.Context, r Reader, scan func(*Rows) (T, error), text string, args ...any) ([]T, error) {
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// Many is All for rows of many columns, at most so many of them: the places they are read into are made once, and so is the
// list. Each row begins as fresh is.
func Many[T any](ctx context.Context, r Reader, most int, fresh T, dest func(*T) []any, text string, args ...any) ([]T, error) {
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	v := fresh
	places, out := dest(&v), make([]T, 0, most)
	for rows.Next() {
		v = fresh
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// Column collects the only column of a query.
func Column[T any](ctx context.Context, r Reader, text string, args ...any) ([]T, error) {
	return All(ctx, r, func(rows *Rows) (v T, err error) { return v, rows.Scan(&v) }, text, args...)
}
