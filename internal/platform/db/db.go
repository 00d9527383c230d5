package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
)

// Engine is the kind of database behind a DB.
type Engine int

// The two engines.
const (
	SQLite Engine = iota
	Postgres
)

func (e Engine) String() string {
	if e == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// Options are what Open needs beyond the address.
type Options struct {
	Clock func() time.Time // nil: the system's
	Lint  bool             // check every new statement text (tests)
	Keys  *id.Maker        // nil: random
	// Relaxed is for building a database that nobody else has open, and that is thrown away when anything goes wrong: SQLite
	// may lose the last commits on a power cut, and a statement may take as long as it takes on PostgreSQL. It is opened anew
	// without it before anybody works in it.
	Relaxed bool
}

// DB is an open database.
type DB struct {
	Engine Engine
	Keys   *id.Maker

	url      string
	w, r     *sql.DB
	clock    atomic.Pointer[func() time.Time]
	lint     bool
	rst      stmts
	writer   *liteWriter // SQLite's one writing connection
	watch    *watch      // PostgreSQL's unanswered statements
	stop     chan struct{}
	settling sync.WaitGroup
	settings Options
	observe  func(kind string, took time.Duration)
	group    *groupRun // the one transaction that everything runs in while Grouped; nil otherwise
}

// groupRun is the transaction of a group, whether what runs in it now has written anything, and what waits for its end.
type groupRun struct {
	runner
	wrote bool
	late  map[string]late
}

type late struct {
	city id.City
	do   func(*Tx) error
}

// Late puts something that is derived from what was written off to the end of the group, where it is done once for each key,
// as it was last said, in the order of the keys. False, when there is no group: it is to be done now.
func (t *Tx) Late(key string, do func(*Tx) error) bool {
	if t.d.group == nil {
		return false
	}
	t.d.group.late[key] = late{t.city, do}
	return true
}

func (g *groupRun) end(d *DB) error {
	for _, key := range slices.Sorted(maps.Keys(g.late)) {
		l := g.late[key]
		if err := l.do(&Tx{d: d, run: g, city: l.city, now: d.Now()}); err != nil {
			return err
		}
	}
	return nil
}

func (g *groupRun) exec(ctx context.Context, text string, args []any) (int64, error) {
	g.wrote = true
	return g.runner.exec(ctx, text, args)
}

func (g *groupRun) query(ctx context.Context, text string, args []any) (*Rows, error) {
	g.wrote = g.wrote || !strings.HasPrefix(text, "SELECT")
	return g.runner.query(ctx, text, args)
}

// Grouped runs fn with everything it reads and writes in one transaction, committed at its end. Only the builder of the
// demonstration uses it, on a database that is Relaxed, that nobody else has open, and that is thrown away when anything
// goes wrong: nothing in it can be taken back. What is refused before it has written is refused as ever; what is refused
// later ends the building.
func (d *DB) Grouped(ctx context.Context, fn func() error) error {
	if !d.settings.Relaxed || d.group != nil {
		return errors.New("db: grouping is for building a database alone")
	}
	run, err := d.begin(ctx)
	if err != nil {
		return err
	}
	d.group = &groupRun{runner: run, late: map[string]late{}}
	defer func() { d.group = nil }()
	if err := fn(); err != nil {
		run.rollback()
		return err
	}
	if err := d.group.end(d); err != nil {
		run.rollback()
		return err
	}
	return run.commit(ctx)
}

// Open opens sqlite:FILE or postgres://… and checks that it can be used; it does not migrate.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	d := &DB{url: url, lint: o.Lint, Keys: o.Keys, settings: o}
	if d.Keys == nil {
		d.Keys = id.Random()
	}
	now := o.Clock
	if now == nil {
		now = time.Now
	}
	d.SetClock(now)
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		err = d.openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"))
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		err = d.openPostgres(ctx, url)
	default:
		return nil, fault.New(fault.BadRequest, "db.address", redact(url))
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// SetClock replaces the source of time; the demonstration city is built in its own past.
func (d *DB) SetClock(now func() time.Time) { d.clock.Store(&now) }

// Now is the present instant of this database's clock.
func (d *DB) Now() calendar.Instant { return calendar.InstantOf((*d.clock.Load())()) }

// Today is the present civil day.
func (d *DB) Today() calendar.Date { return d.Now().Date() }

// URL is the address without its password, for people.
func (d *DB) URL() string { return redact(d.url) }

// Ping says whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.r.PingContext(ctx) }

// Close ends all connections.
func (d *DB) Close() error {
	if d.stop != nil {
		close(d.stop)
		d.settling.Wait()
		d.stop = nil
	}
	if d.writer != nil {
		d.writer.close()
	}
	d.rst.close()
	return errors.Join(d.r.Close(), d.w.Close())
}

// Pools are the connection pools by name, for metrics.
func (d *DB) Pools() map[string]func() sql.DBStats {
	return map[string]func() sql.DBStats{"write": d.w.Stats, "read": d.r.Stats}
}

// Observe has every statement told with its time: read (outside a transaction), write (inside one), commit. It is set before
// the database is used by several at once.
func (d *DB) Observe(fn func(kind string, took time.Duration)) { d.observe = fn }

// timed is called as a statement begins, and what it returns as it has ended.
func (d *DB) timed(kind string) func() {
	if d.observe == nil {
		return func() {}
	}
	start := time.Now()
	return func() { d.observe(kind, time.Since(start)) }
}

// Raw is the writing pool for package migrate and the tests of this package's users' schema; nobody else.
func (d *DB) Raw() *sql.DB { return d.w }

func redact(url string) string {
	at := strings.LastIndex(url, "@")
	scheme := strings.Index(url, "://")
	if at < 0 || scheme < 0 || at < scheme {
		return url
	}
	user, _, _ := strings.Cut(url[scheme+3:at], ":")
	return url[:scheme+3] + user + url[at:]
}

// stmts keeps prepared statements by text. The number of texts is bounded because statements are built from a closed
// set of parts; the bound here is a safety net, past which texts are prepared each time.
type stmts struct {
	mu sync.RWMutex
	m  map[string]*sql.Stmt
}

const maxStatements = 4000

func (s *stmts) get(ctx context.Context, pool *sql.DB, text string) (*sql.Stmt, error) {
	s.mu.RLock()
	st := s.m[text]
	s.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if st = s.m[text]; st != nil {
		return st, nil
	}
	if len(s.m) >= maxStatements {
		return nil, nil
	}
	st, err := pool.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if s.m == nil {
		s.m = map[string]*sql.Stmt{}
	}
	s.m[text] = st
	return st, nil
}

func (s *stmts) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.m {
		_ = st.Close() // the pool is closed right after; nothing to do about a failure here
	}
	s.m = nil
}

type statsKey struct{}

// Stats counts the statements of one request.
type Stats struct {
	Statements atomic.Int64
	Seen       func(text string, args []any) // when set, called with each statement and its values; measuring and tests only
}

// WithStats makes every statement run under the returned context count into s.
func WithStats(ctx context.Context, s *Stats) context.Context {
	return context.WithValue(ctx, statsKey{}, s)
}

func count(ctx context.Context, text string, args []any) {
	if s, ok := ctx.Value(statsKey{}).(*Stats); ok {
		s.Statements.Add(1)
		if s.Seen != nil {
			s.Seen(text, args)
		}
	}
}

func (d *DB) check(text string) error {
	if !d.lint {
		return nil
	}
	if err := Lint(text); err != nil {
		return fmt.Errorf("statement refused: %w\n%s", err, text)
	}
	return nil
}
