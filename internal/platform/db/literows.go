package db

import (
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"

	"qianshao/internal/calendar"
)

// liteRows are the rows of a liteConn's statement.
type liteRows struct {
	c     *liteConn
	st    *liteStmt // nil once they are closed
	rc    int32     // what the last step said
	begun bool
	err   error
}

// Next goes to the next row, and closes after the last.
func (r *liteRows) Next() bool {
	if r.st == nil {
		return false
	}
	if r.begun {
		r.rc = lib.Xsqlite3_step(r.c.tls, r.st.at)
	}
	r.begun = true
	if r.rc == lib.SQLITE_ROW {
		return true
	}
	if r.rc != lib.SQLITE_DONE {
		r.err = r.c.failed(r.rc)
	}
	_ = r.Close() // has no error to tell
	return false
}

// Err is what went wrong on the way.
func (r *liteRows) Err() error { return r.err }

// Close may be called again.
func (r *liteRows) Close() error {
	if r.st != nil {
		r.c.ended(r.st)
		r.st = nil
		r.c.open = slices.DeleteFunc(r.c.open, func(o *liteRows) bool { return o == r })
	}
	return nil
}

// Scan reads the row.
func (r *liteRows) Scan(dest ...any) error {
	if r.st == nil || !r.begun {
		return errors.New("db: no row to read")
	}
	if len(dest) != r.st.cols {
		return fmt.Errorf("db: %d places for %d columns", len(dest), r.st.cols)
	}
	for i, d := range dest {
		if err := r.column(int32(i), d); err != nil {
			return fmt.Errorf("db: column %d: %w", i, err)
		}
	}
	return nil
}

// column reads what nearly every column is; assign knows the rest.
func (r *liteRows) column(i int32, dest any) error {
	tls, st := r.c.tls, r.st.at
	kind := lib.Xsqlite3_column_type(tls, st, i)
	switch kind {
	case lib.SQLITE_INTEGER:
		n := lib.Xsqlite3_column_int64(tls, st, i)
		switch d := dest.(type) {
		case *int64:
			*d = n
		case *int:
			*d = int(n)
		case *calendar.Instant:
			*d = calendar.Instant(n)
		default:
			return assign(dest, n)
		}
		return nil
	case lib.SQLITE_FLOAT:
		return assign(dest, lib.Xsqlite3_column_double(tls, st, i))
	case lib.SQLITE_NULL:
		return assign(dest, nil)
	}
	at := lib.Xsqlite3_column_blob(tls, st, i) // a text as well; asked for as one it would be copied to end in a zero
	var raw []byte
	if n := lib.Xsqlite3_column_bytes(tls, st, i); n > 0 {
		raw = libc.GoBytes(at, int(n))
	}
	if kind == lib.SQLITE_BLOB {
		raw = slices.Clone(raw)
		if d, ok := dest.(*[]byte); ok {
			*d = raw
			return nil
		}
		return assign(dest, raw)
	}
	switch d := dest.(type) {
	case *string:
		*d = string(raw)
	case *calendar.Date:
		*d = calendar.Date(raw)
	default:
		return assign(dest, string(raw))
	}
	return nil
}

// assign puts a value into a place of any kind; what fits, fits in database/sql.
func assign(dest, v any) error {
	switch d := dest.(type) {
	case sql.Scanner:
		return d.Scan(v)
	case *any:
		*d = v
		return nil
	}
	p := reflect.ValueOf(dest)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("a %T is no place for a value", dest)
	}
	e := p.Elem()
	switch e.Kind() {
	case reflect.Pointer:
		if v == nil {
			e.SetZero()
			return nil
		}
		e.Set(reflect.New(e.Type().Elem()))
		return assign(e.Interface(), v)
	case reflect.String:
		switch v.(type) {
		case int64, float64:
			if _, plain := dest.(*string); !plain {
				return fmt.Errorf("a %T where a %T belongs", v, dest)
			}
		}
		return into(v, e.SetString)
	case reflect.Bool:
		return into(v, e.SetBool)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if n, ok := v.(int64); ok && e.OverflowInt(n) {
			return fmt.Errorf("%d is too much for a %T", n, dest)
		}
		return into(v, e.SetInt)
	case reflect.Float64:
		return into(v, e.SetFloat)
	case reflect.Slice:
		if e.Type().Elem().Kind() == reflect.Uint8 {
			if v == nil {
				e.SetZero()
				return nil
			}
			return into(v, e.SetBytes)
		}
	}
	return fmt.Errorf("a %T is no place for a value", dest)
}

// into converts a value by the rules of database/sql.
func into[T any](v any, set func(T)) error {
	var n sql.Null[T]
	if err := n.Scan(v); err != nil {
		return err
	}
	if !n.Valid {
		return fmt.Errorf("NULL where %T belongs", n.V)
	}
	set(n.V)
	return nil
}
