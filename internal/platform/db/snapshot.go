package db

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
)

// Kind is what a column holds, the same on both engines.
type Kind string

// The kinds. A value of a row is int64, string, []byte, bool, or nil.
const (
	Ints  Kind = "int"
	Texts Kind = "text"
	Bytes Kind = "bytes"
	Bools Kind = "bool"
)

// Shape is a table as it can be carried from one database to another, of either engine: without what an engine derives
// for itself (the words of the text index).
type Shape struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Kinds   []Kind   `json:"kinds"`
	Key     []string `json:"key"`
}

// Snap is the whole database as it stood at one moment.
type Snap struct {
	d  *DB
	tx *sql.Tx
}

// Snapshot runs fn on the database as it stands now; what is written meanwhile is not seen, and nobody is kept from
// writing.
func (d *DB) Snapshot(ctx context.Context, fn func(*Snap) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if d.Engine == Postgres {
		o.Isolation = sql.LevelRepeatableRead
	}
	tx, err := d.r.BeginTx(ctx, o)
	if err != nil {
		return outage(err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	if err := d.longWinded(ctx, tx); err != nil {
		return outage(err)
	}
	return fn(&Snap{d, tx})
}

// longWinded lets a transaction lie idle while what it read goes elsewhere, or what it writes comes from there.
func (d *DB) longWinded(ctx context.Context, tx *sql.Tx) error {
	if d.Engine == SQLite {
		return nil
	}
	_, err := tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`)
	return err
}

// In reads a tenant within the snapshot.
func (s *Snap) In(city id.City) Reader { return snapReader{s, city} }

type snapReader struct {
	s    *Snap
	city id.City
}

func (r snapReader) City() id.City         { return r.city }
func (r snapReader) Now() calendar.Instant { return r.s.d.Now() }
func (r snapReader) Shared() Reader        { return snapReader{r.s, 0} }
func (r snapReader) For(c id.City) Reader  { return snapReader{r.s, c} }

func (r snapReader) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	if err := r.s.d.check(text); err != nil {
		return nil, err
	}
	rows, err := standard(r.s.tx.QueryContext(ctx, text, bind(r.city, args)...))
	return rows, outage(err)
}

func (r snapReader) Row(ctx context.Context, text string, args ...any) Row {
	rows, err := r.Query(ctx, text, args...)
	return Row{rows, err}
}

// Shapes lists every table that holds anything of its own, each after those it refers to.
func (s *Snap) Shapes(ctx context.Context) ([]Shape, error) {
	if s.d.Engine == Postgres {
		return shapes(ctx, s.tx, pgTables, pgColumns, pgRefs)
	}
	return shapes(ctx, s.tx, liteTables, liteColumns, liteRefs)
}

// Count is how many rows a table has.
func (s *Snap) Count(ctx context.Context, t Shape) (int64, error) {
	var n int64
	err := s.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+t.Name).Scan(&n)
	return n, err
}

// Each reads the rows of a table in the order of its key. The values are fn's only until it returns.
func (s *Snap) Each(ctx context.Context, t Shape, fn func([]any) error) error {
	rows, err := s.tx.QueryContext(ctx, `SELECT `+strings.Join(t.Columns, ", ")+` FROM `+t.Name+` ORDER BY `+strings.Join(t.Key, ", "))
	if err != nil {
		return err
	}
	defer rows.Close()
	vals, ptrs := make([]any, len(t.Columns)), make([]any, len(t.Columns))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	for rows.Next() {
		if err := rows.Scan(ptrs...); err != nil {
			return err
		}
		for i, k := range t.Kinds {
			if vals[i], err = asKind(k, vals[i]); err != nil {
				return fmt.Errorf("%s.%s: %w", t.Name, t.Columns[i], err)
			}
		}
		if err := fn(vals); err != nil {
			return err
		}
	}
	return rows.Err()
}

// asKind folds what either driver reads.
func asKind(k Kind, v any) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case int64:
		if k == Bools {
			return x != 0, nil
		}
		if k == Ints {
			return x, nil
		}
	case bool:
		if k == Bools {
			return x, nil
		}
	case string:
		if k == Texts {
			return x, nil
		}
		if k == Bytes {
			return []byte(x), nil
		}
	case []byte:
		if k == Texts {
			return string(x), nil
		}
		if k == Bytes {
			return x, nil
		}
	}
	return nil, fmt.Errorf("a %T where %s belongs", v, k)
}

type (
	lister  func(ctx context.Context, q querier) ([]string, error)
	columns func(ctx context.Context, q querier, t string) (Shape, error)
	querier interface {
		QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	}
)

// shapes reads the catalog and puts each table after those it refers to.
func shapes(ctx context.Context, q querier, tables lister, cols columns, refs columnsOf) ([]Shape, error) {
	names, err := tables(ctx, q)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "goose_db_version" || strings.HasPrefix(n, "search_") })
	var out []Shape
	placed := map[string]bool{}
	for len(names) > 0 {
		before := len(names)
		var wait []string
		for _, n := range names {
			rs, err := refs(ctx, q, n)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(rs, func(r string) bool { return !placed[r] && r != n }) {
				wait = append(wait, n)
				continue
			}
			t, err := cols(ctx, q, n)
			if err != nil {
				return nil, err
			}
			out, placed[n] = append(out, t), true
		}
		if names = wait; len(names) == before {
			return nil, fmt.Errorf("db: the tables %v refer to each other in a circle", names)
		}
	}
	return out, nil
}

type columnsOf func(ctx context.Context, q querier, t string) ([]string, error)

func listed(ctx context.Context, q querier, text string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

var kindOf = map[string]Kind{"bigint": Ints, "smallint": Ints, "text": Texts, "bytea": Bytes, "boolean": Bools}

// shape collects a table's columns from rows of name, type and place in the key (0: none).
func shape(ctx context.Context, q querier, t, text string, args ...any) (Shape, error) {
	s := Shape{Name: t}
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	key := map[int]string{}
	for rows.Next() {
		var name, typ string
		var pk int
		if err := rows.Scan(&name, &typ, &pk); err != nil {
			return s, err
		}
		if strings.EqualFold(typ, "tsvector") {
			continue // made anew from the text
		}
		k, ok := kindOf[strings.ToLower(typ)]
		if !ok {
			return s, fmt.Errorf("db: %s.%s has type %s, which can't be carried over", t, name, typ)
		}
		s.Columns, s.Kinds = append(s.Columns, name), append(s.Kinds, k)
		if pk > 0 {
			key[pk] = name
		}
	}
	for i := 1; i <= len(key); i++ {
		s.Key = append(s.Key, key[i])
	}
	if len(s.Key) == 0 {
		return s, fmt.Errorf("db: table %s has no key", t)
	}
	return s, rows.Err()
}

func liteTables(ctx context.Context, q querier) ([]string, error) {
	return listed(ctx, q, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
}

func liteColumns(ctx context.Context, q querier, t string) (Shape, error) {
	return shape(ctx, q, t, `SELECT name, type, pk FROM pragma_table_info($1) ORDER BY name`, t)
}

func liteRefs(ctx context.Context, q querier, t string) ([]string, error) {
	return listed(ctx, q, `SELECT DISTINCT "table" FROM pragma_foreign_key_list($1)`, t)
}

func pgTables(ctx context.Context, q querier) ([]string, error) {
	return listed(ctx, q, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename`)
}

func pgColumns(ctx context.Context, q querier, t string) (Shape, error) {
	return shape(ctx, q, t, `SELECT c.column_name, c.data_type, COALESCE((SELECT k.ordinal_position FROM information_schema.key_column_usage k
		JOIN information_schema.table_constraints p ON p.constraint_name = k.constraint_name AND p.table_name = k.table_name AND p.table_schema = k.table_schema AND p.constraint_type = 'PRIMARY KEY'
		WHERE k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name), 0)
		FROM information_schema.columns c WHERE c.table_schema = current_schema() AND c.table_name = $1 ORDER BY c.column_name`, t)
}

func pgRefs(ctx context.Context, q querier, t string) ([]string, error) {
	return listed(ctx, q, `SELECT DISTINCT f.relname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
		WHERE c.contype = 'f' AND r.relname = $1 AND r.relnamespace = current_schema()::regnamespace`, t)
}

// Loader fills an empty database in one transaction.
type Loader struct {
	d    *DB
	run  runner
	ctx  context.Context
	args []any
	now  Shape
	rows int
	size int // of the texts and bytes among args
}

// loadAtMost bounds what one statement carries: some tables have rows of half a megabyte.
const loadAtMost = 1 << 20

var reName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Load fills a database that is migrated and holds nothing: everything fn adds, or nothing. One that holds anything is
// refused (db.not_empty).
func (d *DB) Load(ctx context.Context, fn func(*Loader) error) error {
	err := d.Snapshot(ctx, func(s *Snap) error {
		ts, err := s.Shapes(ctx)
		if err != nil {
			return err
		}
		for _, t := range ts {
			if n, err := s.Count(ctx, t); err != nil || n > 0 {
				if err == nil {
					err = fault.New(fault.Conflict, "db.not_empty", t.Name)
				}
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	run, err := d.begin(ctx)
	if err != nil {
		return outage(err)
	}
	l := &Loader{d: d, run: run, ctx: ctx}
	if p, ok := run.(*pgRun); ok {
		p.patient = true
		err = d.longWinded(ctx, p.tx)
	}
	if err == nil {
		err = fn(l)
	}
	if err == nil {
		err = l.flush()
	}
	if err == nil && d.Engine == Postgres { // nobody asks a database well that doesn't know yet what is in it
		_, err = run.exec(ctx, `ANALYZE`, nil)
	}
	if err != nil {
		run.rollback()
		return outage(err)
	}
	return outage(run.commit(ctx))
}

// Add adds one row of a table. Tables come in the order of Shapes.
func (l *Loader) Add(t Shape, vals []any) error {
	if t.Name != l.now.Name {
		if err := l.flush(); err != nil {
			return err
		}
		// The names come from a file: nothing but names goes into a statement.
		for _, n := range append([]string{t.Name}, t.Columns...) {
			if !reName.MatchString(n) {
				return fmt.Errorf("db: %q is no name of a table or column", n)
			}
		}
		if len(t.Columns) == 0 || len(vals) != len(t.Columns) {
			return fmt.Errorf("db: %d values for the %d columns of %s", len(vals), len(t.Columns), t.Name)
		}
		l.now = t
	}
	l.args = append(l.args, vals...)
	for _, v := range vals {
		switch x := v.(type) {
		case string:
			l.size += len(x)
		case []byte:
			l.size += len(x)
		}
	}
	if l.rows++; l.rows == l.batch() || l.size > loadAtMost {
		return l.flush()
	}
	return nil
}

// batch is how many rows go into one statement.
func (l *Loader) batch() int {
	if l.d.Engine == SQLite {
		return 50
	}
	return min(1000, 60000/len(l.now.Columns))
}

func (l *Loader) flush() error {
	if l.rows == 0 {
		return nil
	}
	n := len(l.now.Columns)
	var b strings.Builder
	b.WriteString("INSERT INTO " + l.now.Name + " (" + strings.Join(l.now.Columns, ", ") + ") VALUES ")
	for i := range l.rows {
		for j := range n {
			switch {
			case j > 0:
				b.WriteString(", ")
			case i > 0:
				b.WriteString("), (")
			default:
				b.WriteString("(")
			}
			b.WriteString("$" + strconv.Itoa(i*n+j+1))
		}
	}
	b.WriteString(")")
	_, err := l.run.exec(l.ctx, b.String(), l.args)
	if err != nil {
		err = fmt.Errorf("filling %s: %w", l.now.Name, err)
	}
	clear(l.args)
	l.args, l.rows, l.size = l.args[:0], 0, 0
	return err
}
