package db

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"

	"qianshao/internal/calendar"
)

// liteConn is a connection to SQLite past database/sql and the driver: those take more time for a short statement than SQLite
// itself, with locks, the columns' names read anew, and each value handed over on its own. Whoever has it is alone with it: it
// belongs to the writer, which has one turn, or to a Filler.
type liteConn struct {
	tls    *libc.TLS
	db     uintptr
	answer uintptr // two addresses wide: where SQLite leaves what it made
	st     map[string]*liteStmt
	open   []*liteRows
	vals   []liteValue
}

// liteStmt is a prepared statement. The texts and bytes it was given lie in its own room until it has ended.
type liteStmt struct {
	at    uintptr
	takes []int // which value each of its parameters takes
	cols  int
	room  uintptr
	size  int
	busy  bool
	kept  bool // prepared for good
}

// roomy is how much room a statement that is kept may hold on to.
const roomy = 16 << 10

// liteError is what SQLite said.
type liteError struct {
	code int
	msg  string
}

func (e *liteError) Error() string { return e.msg }

func openLite(path string, settings ...string) (*liteConn, error) {
	c := &liteConn{tls: libc.NewTLS(), st: map[string]*liteStmt{}}
	c.answer = libc.Xmalloc(c.tls, types.Size_t(2*unsafe.Sizeof(c.db)))
	name, err := libc.CString(path)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	rc := lib.Xsqlite3_open_v2(c.tls, name, c.answer, lib.SQLITE_OPEN_READWRITE|lib.SQLITE_OPEN_NOMUTEX, 0)
	if c.db = libc.AtomicLoadPUintptr(c.answer); rc == lib.SQLITE_OK {
		rc = lib.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	}
	if rc != lib.SQLITE_OK {
		err = c.failed(rc)
	}
	for _, s := range settings {
		if err == nil {
			_, err = c.exec("PRAGMA "+s, nil)
		}
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *liteConn) failed(rc int32) error {
	return &liteError{int(rc), fmt.Sprintf("%s: %s (%d)", libc.GoString(lib.Xsqlite3_errstr(c.tls, rc)), libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db)), rc)}
}

// exec runs a statement to its end and says how many rows it touched.
func (c *liteConn) exec(text string, args []any) (int64, error) {
	st, err := c.begun(text, args)
	if err != nil {
		return 0, err
	}
	rc := lib.Xsqlite3_step(c.tls, st.at)
	for rc == lib.SQLITE_ROW {
		rc = lib.Xsqlite3_step(c.tls, st.at)
	}
	if rc != lib.SQLITE_DONE {
		err = c.failed(rc)
	}
	n := lib.Xsqlite3_changes(c.tls, c.db)
	c.ended(st)
	return int64(n), err
}

// query runs a statement up to its first row.
func (c *liteConn) query(text string, args []any) (*Rows, error) {
	st, err := c.begun(text, args)
	if err != nil {
		return nil, err
	}
	r := &liteRows{c: c, st: st, rc: lib.Xsqlite3_step(c.tls, st.at)}
	if r.rc != lib.SQLITE_ROW && r.rc != lib.SQLITE_DONE {
		err = c.failed(r.rc)
		c.ended(st)
		return nil, err
	}
	c.open = append(c.open, r)
	return &Rows{r}, nil
}

// begun is a statement that has its values.
func (c *liteConn) begun(text string, args []any) (*liteStmt, error) {
	st := c.st[text]
	if st == nil || st.busy {
		var err error
		if st, err = c.prepare(text); err != nil {
			return nil, err
		}
	}
	st.busy = true
	if err := c.bind(st, args); err != nil {
		c.ended(st)
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	return st, nil
}

// ended makes a statement ready for the next time. What went wrong in it was said by its last step.
func (c *liteConn) ended(st *liteStmt) {
	st.busy = false
	lib.Xsqlite3_reset(c.tls, st.at)
	if st.size > roomy || !st.kept {
		lib.Xsqlite3_clear_bindings(c.tls, st.at)
		libc.Xfree(c.tls, st.room)
		st.room, st.size = 0, 0
	}
	if !st.kept {
		lib.Xsqlite3_finalize(c.tls, st.at)
	}
}

func (c *liteConn) prepare(text string) (*liteStmt, error) {
	sql, err := libc.CString(text)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, sql)
	tail := c.answer + unsafe.Sizeof(c.db)
	if rc := lib.Xsqlite3_prepare_v2(c.tls, c.db, sql, -1, c.answer, tail); rc != lib.SQLITE_OK {
		return nil, c.failed(rc)
	}
	st := &liteStmt{at: libc.AtomicLoadPUintptr(c.answer)}
	if rest := text[libc.AtomicLoadPUintptr(tail)-sql:]; st.at == 0 || strings.TrimSpace(rest) != "" {
		lib.Xsqlite3_finalize(c.tls, st.at)
		return nil, errors.New("db: not one statement: " + text)
	}
	st.cols = int(lib.Xsqlite3_column_count(c.tls, st.at))
	for i := range lib.Xsqlite3_bind_parameter_count(c.tls, st.at) {
		n := int(i) + 1
		if name := libc.GoString(lib.Xsqlite3_bind_parameter_name(c.tls, st.at, i+1)); name != "" {
			if n, err = strconv.Atoi(name[1:]); err != nil || n < 1 {
				lib.Xsqlite3_finalize(c.tls, st.at)
				return nil, fmt.Errorf("db: %s is no parameter: %s", name, text)
			}
		}
		st.takes = append(st.takes, n-1)
	}
	if c.st[text] == nil && len(c.st) < maxStatements {
		c.st[text], st.kept = st, true
	}
	return st, nil
}

// liteValue is a value as SQLite knows it: a number, its bits, or where a text or bytes lie.
type liteValue struct {
	kind int32
	n    int64
	text string
}

func liteOf(v any) (liteValue, error) {
	switch x := v.(type) {
	case nil:
		return liteValue{kind: lib.SQLITE_NULL}, nil
	case string:
		return liteValue{kind: lib.SQLITE_TEXT, text: x}, nil
	case calendar.Date:
		return liteValue{kind: lib.SQLITE_TEXT, text: string(x)}, nil
	case int64:
		return liteValue{kind: lib.SQLITE_INTEGER, n: x}, nil
	case int:
		return liteValue{kind: lib.SQLITE_INTEGER, n: int64(x)}, nil
	case calendar.Instant:
		return liteValue{kind: lib.SQLITE_INTEGER, n: int64(x)}, nil
	case bool:
		return liteValue{kind: lib.SQLITE_INTEGER, n: int64(btoi(x))}, nil
	case float64:
		return liteValue{kind: lib.SQLITE_FLOAT, n: int64(math.Float64bits(x))}, nil
	case []byte:
		if x == nil {
			return liteOf(nil)
		}
		return liteValue{kind: lib.SQLITE_BLOB, text: unsafe.String(unsafe.SliceData(x), len(x))}, nil
	case time.Time:
		return liteValue{}, errors.New("db: an instant is written as a number")
	}
	x, err := driver.DefaultParameterConverter.ConvertValue(v) // named strings and numbers
	if err != nil {
		return liteValue{}, err
	}
	return liteOf(x)
}

func (c *liteConn) bind(st *liteStmt, args []any) error {
	size := 1 // something without an address would be NULL
	c.vals = c.vals[:0]
	for _, a := range args {
		v, err := liteOf(a)
		if err != nil {
			return err
		}
		size += len(v.text)
		c.vals = append(c.vals, v)
	}
	if size > st.size {
		libc.Xfree(c.tls, st.room)
		st.size = max(size, 256)
		if st.room = libc.Xmalloc(c.tls, types.Size_t(st.size)); st.room == 0 {
			st.size = 0
			return errors.New("db: no memory for the values")
		}
	}
	room := st.room
	for i := range c.vals {
		v := &c.vals[i]
		if v.kind == lib.SQLITE_TEXT || v.kind == lib.SQLITE_BLOB {
			v.n = int64(room - st.room)
			copy(libc.GoBytes(room, len(v.text)), v.text)
			room += uintptr(len(v.text))
		}
	}
	for i, k := range st.takes {
		if k >= len(c.vals) {
			return fmt.Errorf("db: no value for $%d", k+1)
		}
		v, n, rc := &c.vals[k], int32(i+1), int32(0)
		switch v.kind {
		case lib.SQLITE_NULL:
			rc = lib.Xsqlite3_bind_null(c.tls, st.at, n)
		case lib.SQLITE_INTEGER:
			rc = lib.Xsqlite3_bind_int64(c.tls, st.at, n, v.n)
		case lib.SQLITE_FLOAT:
			rc = lib.Xsqlite3_bind_double(c.tls, st.at, n, math.Float64frombits(uint64(v.n)))
		case lib.SQLITE_TEXT:
			rc = lib.Xsqlite3_bind_text(c.tls, st.at, n, st.room+uintptr(v.n), int32(len(v.text)), lib.SQLITE_STATIC)
		case lib.SQLITE_BLOB:
			rc = lib.Xsqlite3_bind_blob(c.tls, st.at, n, st.room+uintptr(v.n), int32(len(v.text)), lib.SQLITE_STATIC)
		}
		if rc != lib.SQLITE_OK {
			return c.failed(rc)
		}
	}
	return nil
}

// shut ends whatever rows are still being read: a transaction that ends takes them with it.
func (c *liteConn) shut() {
	for _, r := range slices.Clone(c.open) {
		_ = r.Close() // has no error to tell
	}
}

func (c *liteConn) close() {
	c.shut()
	for _, st := range c.st {
		lib.Xsqlite3_finalize(c.tls, st.at)
		libc.Xfree(c.tls, st.room)
	}
	lib.Xsqlite3_close_v2(c.tls, c.db)
	libc.Xfree(c.tls, c.answer)
	c.tls.Close()
}
