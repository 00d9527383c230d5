package db

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/stdlib"
)

// Filler writes rows straight to tables, many at a time: for a database that is generated (package bench) and is thrown
// away when anything goes wrong. Who says that the rows are right is the caller, with an act that holds their digests.
// It is used by one goroutine. On SQLite it is one transaction; on PostgreSQL rows are copied in over several connections,
// each lot for itself.
type Filler struct {
	d      *DB
	ctx    context.Context
	lite   *liteConn // SQLite
	tables map[string]*lot

	full chan lot // PostgreSQL: what is ready to be sent
	wg   sync.WaitGroup
	mu   sync.Mutex
	err  error
}

// lot is what waits to be written to one table.
type lot struct {
	table string
	cols  []string
	rows  int
	args  []any
	text  string        // SQLite's statement for a whole lot
	copy  *bytes.Buffer // PostgreSQL's lines
}

// Lot is how many rows go to SQLite in one statement: beyond, building it costs more than it saves.
const Lot = 40

const (
	copyLot  = 4 << 20 // bytes
	copiers  = 2       // connections
	copyNull = `\N`
)

// Fill runs fn with a Filler. SQLite must be Relaxed: nobody else has it open.
func (d *DB) Fill(ctx context.Context, fn func(*Filler) error) error {
	f := &Filler{d: d, ctx: ctx, tables: map[string]*lot{}}
	if d.Engine == SQLite {
		if !d.settings.Relaxed {
			return errors.New("db: filling is for building a database alone")
		}
		return d.fillLite(ctx, f, fn)
	}
	f.full = make(chan lot, copiers)
	for range copiers {
		f.wg.Go(f.copier)
	}
	err := fn(f)
	if err == nil {
		err = f.Flush()
	}
	close(f.full)
	f.wg.Wait()
	return errors.Join(err, f.failed())
}

// Pragma sets something on SQLite's writing connection, outside of any transaction.
func (d *DB) Pragma(ctx context.Context, what string) error {
	return d.writer.alone("PRAGMA " + what)
}

func (f *Filler) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// Add adds a row of a table; cols are the same each time.
func (f *Filler) Add(table string, cols []string, vals []any) error {
	l := f.lot(table, cols)
	if len(vals) != len(l.cols) {
		return fmt.Errorf("db: %d values for the %d columns of %s", len(vals), len(l.cols), table)
	}
	l.rows++
	if f.lite == nil {
		copyLine(l.copy, vals)
		if l.copy.Len() < copyLot {
			return nil
		}
	} else if l.args = append(l.args, vals...); l.rows < Lot {
		return nil
	}
	return f.flush(l)
}

// AddMany adds n rows, at most a Lot, whose values follow one another; vals are the caller's again afterwards. What Add has
// gathered of the table stays behind them.
func (f *Filler) AddMany(table string, cols []string, n int, vals []any) error {
	l := f.lot(table, cols)
	if len(vals) != n*len(l.cols) || n > Lot {
		return fmt.Errorf("db: %d values for %d rows of the %d columns of %s", len(vals), n, len(l.cols), table)
	}
	if f.lite == nil {
		for ; len(vals) > 0; vals = vals[len(l.cols):] {
			copyLine(l.copy, vals[:len(l.cols)])
		}
		if l.rows += n; l.copy.Len() < copyLot {
			return nil
		}
		return f.flush(l)
	}
	return f.insert(l, n, vals)
}

func (f *Filler) lot(table string, cols []string) *lot {
	l := f.tables[table]
	if l == nil {
		l = &lot{table: table, cols: cols}
		if f.lite != nil {
			l.text = insertText(table, cols, Lot)
		} else {
			l.copy = &bytes.Buffer{}
		}
		f.tables[table] = l
	}
	return l
}

// Exec runs a statement of SQLite's own at once, for what can't go in with others: a statement of several rows makes the
// text index write what it has gathered, each time.
func (f *Filler) Exec(text string, args ...any) error {
	_, err := f.lite.exec(text, args)
	return err
}

// Flush writes what waits.
func (f *Filler) Flush() error {
	for _, l := range f.tables {
		if err := f.flush(l); err != nil {
			return err
		}
	}
	return nil
}

func (f *Filler) flush(l *lot) error {
	if l.rows == 0 {
		return f.ctx.Err()
	}
	if f.lite == nil {
		f.full <- *l
		l.copy, l.rows = &bytes.Buffer{}, 0
		return errors.Join(f.ctx.Err(), f.failed())
	}
	err := f.insert(l, l.rows, l.args)
	l.args, l.rows = l.args[:0], 0
	return err
}

func (f *Filler) insert(l *lot, n int, args []any) error {
	text := l.text
	if n < Lot {
		text = insertText(l.table, l.cols, n)
	}
	if _, err := f.lite.exec(text, args); err != nil {
		return fmt.Errorf("filling %s: %w", l.table, err)
	}
	return f.ctx.Err()
}

func insertText(table string, cols []string, rows int) string {
	one := "(?" + strings.Repeat(", ?", len(cols)-1) + ")"
	return "INSERT INTO " + table + " (" + strings.Join(cols, ", ") + ") VALUES " + one + strings.Repeat(", "+one, rows-1)
}

// copier sends lots over a connection of its own.
func (f *Filler) copier() {
	err := func() error {
		c, err := f.d.w.Conn(f.ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.ExecContext(f.ctx, "SET synchronous_commit = off"); err != nil {
			return err
		}
		for l := range f.full {
			if err := copyIn(f.ctx, c, l); err != nil {
				return fmt.Errorf("filling %s: %w", l.table, err)
			}
		}
		_, err = c.ExecContext(f.ctx, "RESET synchronous_commit")
		return err
	}()
	f.mu.Lock()
	f.err = errors.Join(f.err, err)
	f.mu.Unlock()
	for range f.full { // the filler is told by its next lot
	}
}

func copyIn(ctx context.Context, c *sql.Conn, l lot) error {
	return c.Raw(func(dc any) error {
		pg := dc.(*stdlib.Conn).Conn().PgConn() // the pool is pgx's
		_, err := pg.CopyFrom(ctx, l.copy, "COPY "+l.table+" ("+strings.Join(l.cols, ", ")+") FROM STDIN")
		return err
	})
}

var copyEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func copyLine(b *bytes.Buffer, vals []any) {
	var small [24]byte
	for i, v := range vals {
		if i > 0 {
			b.WriteByte('\t')
		}
		switch x := v.(type) {
		case int64:
			b.Write(strconv.AppendInt(small[:0], x, 10))
		case string:
			if strings.ContainsAny(x, "\\\t\n\r") {
				x = copyEscapes.Replace(x)
			}
			b.WriteString(x)
		case bool:
			b.WriteByte("ft"[btoi(x)])
		case []byte:
			b.WriteString(`\\x` + hex.EncodeToString(x))
		default:
			b.WriteString(copyNull)
		}
	}
	b.WriteByte('\n')
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Bare takes the indexes off tables that are about to be filled (and, on PostgreSQL, what the rows are checked for), but for
// those to be kept, and returns what puts them back.
func (d *DB) Bare(ctx context.Context, tables []string, keep ...string) (dress func(context.Context, func(done, total int)) error, err error) {
	list := `SELECT 'DROP INDEX ' || name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = $1`
	if d.Engine == Postgres {
		list = `SELECT 'ALTER TABLE ' || $1 || ' DROP CONSTRAINT ' || conname, 'ALTER TABLE ' || $1 || ' ADD CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid)
			FROM pg_constraint WHERE conrelid = CAST($1 AS regclass) AND contype = 'f'
			UNION ALL SELECT 'DROP INDEX ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = CAST($1 AS regclass)
			AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)`
	}
	var make []string
	for _, t := range tables {
		rows, err := d.w.QueryContext(ctx, list, t)
		if err != nil {
			return nil, err
		}
		var drop []string
		for rows.Next() {
			var off, on string
			if err := errors.Join(rows.Scan(&off, &on)); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			if slices.Contains(keep, off[strings.LastIndexByte(off, ' ')+1:]) {
				continue
			}
			drop, make = append(drop, off), append(make, on)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
		for _, text := range drop {
			if err := d.bareExec(ctx, text); err != nil {
				return nil, err
			}
		}
	}
	return func(ctx context.Context, progress func(done, total int)) error { return d.dress(ctx, make, progress) }, nil
}

// dress makes indexes, on PostgreSQL two at a time.
func (d *DB) dress(ctx context.Context, texts []string, progress func(done, total int)) error {
	n := 1
	if d.Engine == Postgres {
		n = copiers
	}
	next, errs := make(chan string), make(chan error, n)
	for range n {
		go func() {
			var failed error
			for text := range next {
				if failed == nil {
					failed = d.bareExec(ctx, text)
				}
			}
			errs <- failed
		}()
	}
	// What checks rows against others needs those tables at rest: it comes last, and after all indexes.
	var late []string
	done := 0
	for _, text := range texts {
		if strings.HasPrefix(text, "ALTER") {
			late = append(late, text)
			continue
		}
		progress(done, len(texts))
		done++
		next <- text
	}
	close(next)
	var err error
	for range n {
		err = errors.Join(err, <-errs)
	}
	for _, text := range late {
		if err == nil {
			progress(done, len(texts))
			done++
			err = d.bareExec(ctx, text)
		}
	}
	return err
}

// Renew makes one of PostgreSQL's indexes anew while it goes on being used.
func (d *DB) Renew(ctx context.Context, index string) error {
	return outage(d.bareExec(ctx, "REINDEX INDEX CONCURRENTLY "+index))
}

func (d *DB) bareExec(ctx context.Context, text string) error {
	if d.Engine == SQLite {
		return d.writer.alone(text)
	}
	c, err := d.w.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "SET maintenance_work_mem = '1GB'"); err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, text)
	if _, e := c.ExecContext(ctx, "RESET maintenance_work_mem"); err == nil {
		err = e
	}
	return err
}
