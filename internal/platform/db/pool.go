package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"qianshao/internal/fault"
)

// How patient this program is with a PostgreSQL server. People wait behind all of these, so they are short; what waits
// longer is refused with db.unavailable or db.busy, and is sent again.
const (
	connectWithin = 5 * time.Second  // a new connection, for each address of the server
	pingWithin    = 2 * time.Second  // an idle connection, before it is used again
	turnWithin    = 5 * time.Second  // for a free connection of a pool
	lockWithin    = 10 * time.Second // for a row or table that somebody else holds
	firstWithin   = 20 * time.Second // for the first row of a person's query, and for each statement of a transaction
	idleInTx      = 8 * time.Second  // the server ends a transaction whose client says nothing, and frees what it held
	deadAfter     = 8 * time.Second  // a connection on which nothing comes back
)

// The connections of the two pools. Reads have their own: while commits wait, for a standby that is away, pages go on.
const (
	pgWriters = 20
	pgReaders = 20
)

// pgDial opens connections that notice when nobody is at the other end.
func pgDial(cfg *pgx.ConnConfig) {
	dialer := &net.Dialer{Timeout: cfg.ConnectTimeout, Control: impatient, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 3 * time.Second, Interval: 2 * time.Second, Count: 3}}
	cfg.DialFunc = dialer.DialContext
}

func pgPool(cfg *pgx.ConnConfig, w *watch, most int) *sql.DB {
	set := ""
	for name, value := range map[string]int64{
		"lock_timeout": lockWithin.Milliseconds(), "idle_in_transaction_session_timeout": idleInTx.Milliseconds(),
		"max_parallel_workers_per_gather": 0, // a page waits longer for helpers to start than they save, and one report would take every core
	} {
		if _, said := cfg.RuntimeParams[name]; !said { // in the address; not as start-up parameters, which poolers in between refuse
			set += fmt.Sprintf("SET %s = %d; ", name, value)
		}
	}
	pool := stdlib.OpenDB(*cfg,
		stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
			if _, err := c.Exec(ctx, set); err != nil {
				return err
			}
			return markOwn(ctx, c)
		}),
		// A connection that was idle is asked first, and not for long: it may have been cut off without a word.
		stdlib.OptionShouldPing(func(ctx context.Context, p stdlib.ShouldPingParams) bool {
			if w.doubtful(p.Conn, p.IdleDuration) { // not asked: a dead one costs its whole time, a new one some milliseconds
				_ = p.Conn.PgConn().Conn().Close() // being asked now it says so
				return true
			}
			if p.IdleDuration < time.Second {
				return false
			}
			short, cancel := context.WithTimeout(ctx, pingWithin)
			defer cancel()
			err := p.Conn.Ping(short)
			if err != nil && short.Err() != nil && ctx.Err() == nil {
				w.silent()
			}
			return err != nil // closed by now; being asked again it says so
		}))
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	pool.SetConnMaxLifetime(30 * time.Minute)
	return pool
}

// turn is a connection of a pool, or db.busy when none becomes free in time.
func turn(ctx context.Context, pool *sql.DB) (*sql.Conn, error) {
	short, cancel := context.WithTimeout(ctx, turnWithin)
	defer cancel()
	c, err := pool.Conn(short)
	if err != nil && ctx.Err() == nil && short.Err() != nil {
		code := "db.unavailable"
		if s := pool.Stats(); s.InUse >= s.MaxOpenConnections {
			code = "db.busy"
		}
		return nil, fault.New(fault.Unavailable, code).Because(err)
	}
	return c, err
}

// giveBack returns a connection once its rows have been read to the end, without waiting for that.
func giveBack(c *sql.Conn) { go func() { _ = c.Close() }() } // it goes back to the pool whatever it says

// first runs a query under the limit on how long its first row may take. The rows themselves are read under ctx alone.
func first(ctx context.Context, run func(context.Context) (*Rows, error)) (*Rows, error) {
	ctx, cancel := context.WithCancel(ctx) // ends with the request or transaction that it belongs to
	limit := time.AfterFunc(firstWithin, cancel)
	rows, err := run(ctx)
	if !limit.Stop() && err != nil {
		err = fault.New(fault.Unavailable, "db.unavailable").Because(err)
	}
	if err != nil {
		cancel()
	}
	return rows, err
}

// pgRun is a transaction on a connection of its own.
type pgRun struct {
	conn  *sql.Conn
	tx    *sql.Tx
	watch *watch
	// patient statements may take their time: nobody waits behind a restore, or a database that is built.
	patient bool
	bad     bool // the connection leads to a server that takes no writes any more
}

func pgBegin(ctx context.Context, d *DB) (runner, error) {
	c, err := turn(ctx, d.w)
	if err != nil {
		return nil, err
	}
	answered := d.watch.over(c)
	tx, err := c.BeginTx(ctx, nil)
	answered()
	if err != nil {
		_ = c.Close() // the failure to begin is the news
		return nil, err
	}
	return &pgRun{conn: c, tx: tx, watch: d.watch, patient: d.settings.Relaxed}, nil
}

func (p *pgRun) query(ctx context.Context, text string, args []any) (*Rows, error) {
	defer p.watch.over(p.conn)()
	rows, err := first(ctx, func(ctx context.Context) (*Rows, error) { return standard(p.tx.QueryContext(ctx, text, args...)) })
	return rows, p.noted(err)
}

func (p *pgRun) exec(ctx context.Context, text string, args []any) (int64, error) {
	if p.patient {
		return p.touched(p.tx.ExecContext(ctx, text, args...))
	}
	ctx, cancel := context.WithTimeout(ctx, firstWithin)
	defer cancel()
	defer p.watch.over(p.conn)()
	return p.touched(p.tx.ExecContext(ctx, text, args...))
}

func (p *pgRun) touched(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, p.noted(err)
	}
	return res.RowsAffected()
}

func (p *pgRun) noted(err error) error {
	p.bad = p.bad || pgCode(err) == "25006"
	return err
}

func (p *pgRun) commit(context.Context) error {
	answered := p.watch.over(p.conn)
	err := p.noted(p.tx.Commit())
	answered()
	p.end()
	return err
}

func (p *pgRun) rollback() {
	_ = p.tx.Rollback() // the first error, or the panic, is what matters
	p.end()
}

// end gives the connection back, or throws it away.
func (p *pgRun) end() {
	if p.bad {
		_ = p.conn.Raw(func(any) error { return driver.ErrBadConn }) // that is what it is for
	}
	_ = p.conn.Close() // thrown away, or back in its pool
}

// pgRead runs a query outside any transaction. A person's is held to the limit, and begun once more when the connection
// it was given turns out to be dead; what the program does by itself, such as verify, may take its time.
func (d *DB) pgRead(ctx context.Context, text string, args []any) (*Rows, error) {
	var err error
	for range 2 {
		var c *sql.Conn
		if c, err = turn(ctx, d.r); err != nil {
			return nil, err
		}
		run := func(ctx context.Context) (*Rows, error) { return standard(c.QueryContext(ctx, text, args...)) }
		var rows *Rows
		answered := d.watch.over(c)
		if _, person := ctx.Value(statsKey{}).(*Stats); person {
			rows, err = first(ctx, run)
		} else {
			rows, err = run(ctx)
		}
		answered()
		giveBack(c)
		if _, decided := fault.As(err); err == nil || decided || ctx.Err() != nil || !gone(err) {
			return rows, err
		}
	}
	return nil, err
}
