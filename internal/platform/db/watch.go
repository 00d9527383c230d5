package db

import (
	"context"
	"database/sql"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// When the server is asked what became of a statement that has not been answered, and how often.
const (
	askAfter = 3 * time.Second
	askEvery = time.Second
	askFor   = 2 * time.Second // how long the question may take
)

// watch looks after statements that are long unanswered. A connection can fall silent without being cut (a switch that has
// lost its way takes what is sent, and nothing comes back), and only the server can say whether it is still at work on the
// statement or waits for a client that waits for it. It is asked over a connection of its own: whoever's server process
// is idle or gone, twice in a row, has a dead connection and is told at once, not when the time of its statement is over.
// A statement that the server works at, or a commit that waits for a standby, is left alone. What takes seconds to be sent (a
// restore) is not watched.
type watch struct {
	cfg *pgx.ConnConfig

	// fell is when a connection was last found silent, in nanoseconds: whatever has not been used since then has likely
	// fallen silent with it.
	fell atomic.Int64

	mu      sync.Mutex
	waiting map[*unanswered]bool
	running bool
}

// silent notes that a connection was found silent.
func (w *watch) silent() { w.fell.Store(time.Now().UnixNano()) }

// doubtful says whether a connection that is said to have been idle for so long was opened and last used before another
// one was found silent.
func (w *watch) doubtful(c *pgx.Conn, idle time.Duration) bool {
	used := time.Now().Add(-idle)
	// One that was never used since it was opened is said to have been idle for ever.
	if born, _ := c.PgConn().CustomData()[bornAt].(time.Time); used.Before(born) {
		used = born
	}
	return used.UnixNano() < w.fell.Load()
}

// unanswered is a statement under way on a connection.
type unanswered struct {
	pid   uint32
	wire  net.Conn
	since time.Time
	idle  int // how often in a row its server process was idle, or not there
}

// ownProcess marks a connection whose process number is the server's own: what a pooler in between says is its own.
const ownProcess = "qianshao.own"

// bornAt marks a connection with when it was opened.
const bornAt = "qianshao.born"

func markOwn(ctx context.Context, c *pgx.Conn) error {
	c.PgConn().CustomData()[bornAt] = time.Now()
	var pid uint32
	if err := c.QueryRow(ctx, `SELECT pg_backend_pid()`, pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
		return err
	}
	c.PgConn().CustomData()[ownProcess] = pid == c.PgConn().PID()
	return nil
}

// over says that a statement begins on a connection. What it returns is called when it has ended.
func (w *watch) over(c *sql.Conn) func() {
	var u *unanswered
	_ = c.Raw(func(driver any) error { // a connection that is closed by now has nothing to be watched
		p := driver.(*stdlib.Conn).Conn().PgConn()
		if own, _ := p.CustomData()[ownProcess].(bool); own {
			u = &unanswered{pid: p.PID(), wire: p.Conn(), since: time.Now()}
		}
		return nil
	})
	if u == nil {
		return func() {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting[u] = true
	if !w.running {
		w.running = true
		go w.run()
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.waiting, u)
	}
}

// run asks for as long as anything is unanswered.
func (w *watch) run() {
	var line *pgx.Conn
	defer func() { hangUp(line) }()
	for {
		time.Sleep(askEvery)
		old := w.old()
		if old == nil {
			return
		}
		if len(old) == 0 {
			continue
		}
		states, err := w.ask(&line)
		if err != nil {
			hangUp(line)
			line = nil
			continue // it is not there at all; those who wait find out as ever
		}
		w.judge(old, states)
	}
}

// old are the statements that have waited long enough to be asked about; nil ends the watch: nothing is under way.
func (w *watch) old() []*unanswered {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.running = false
		return nil
	}
	return slices.DeleteFunc(append([]*unanswered{}, slices.Collect(maps.Keys(w.waiting))...), func(u *unanswered) bool { return time.Since(u.since) < askAfter })
}

// ask reads what the server's processes are doing.
func (w *watch) ask(line **pgx.Conn) (map[uint32]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	var err error
	if *line == nil {
		if *line, err = pgx.ConnectConfig(ctx, w.cfg); err != nil {
			return nil, err
		}
	}
	rows, err := (*line).Query(ctx, `SELECT pid, COALESCE(state, '') FROM pg_stat_activity WHERE datname = current_database()`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	out := map[uint32]string{}
	var pid uint32
	var state string
	_, err = pgx.ForEachRow(rows, []any{&pid, &state}, func() error {
		out[pid] = state
		return nil
	})
	return out, err
}

// judge cuts the connections of those that nobody works for.
func (w *watch) judge(old []*unanswered, states map[uint32]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range old {
		if !w.waiting[u] {
			continue // answered meanwhile
		}
		state, there := states[u.pid]
		if there && !strings.HasPrefix(state, "idle") {
			u.idle = 0
			continue
		}
		if u.idle++; u.idle > 1 {
			w.silent()
			_ = u.wire.Close() // whoever reads from it is told
		}
	}
}

// hangUp ends a connection without waiting for the other end.
func hangUp(c *pgx.Conn) {
	if c != nil {
		_ = c.PgConn().Conn().Close()
		_ = c.Close(context.Background())
	}
}
