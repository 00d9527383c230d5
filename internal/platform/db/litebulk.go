package db

import (
	"context"
	"fmt"
	"strings"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// liteBulk is a connection to SQLite of its own, past database/sql and the driver, for Filler alone: of the time that a row
// takes through those, two thirds go into handing over its values one by one, each copied, under a lock. Here SQLite reads
// them where they lie. It may: this SQLite is Go itself, and a value that is in use is not moved. It is used by one
// goroutine, and a database in which anything fails is thrown away.
type liteBulk struct {
	tls *libc.TLS
	db  uintptr
	st  map[string]uintptr
	out uintptr // where SQLite leaves an address
}

// empty is where an empty text lies: one without an address would be NULL.
var empty = new([8]byte)

func openLiteBulk(path string) (*liteBulk, error) {
	b := &liteBulk{tls: libc.NewTLS(), st: map[string]uintptr{}}
	name := append([]byte(path), 0)
	rc := lib.Xsqlite3_open_v2(b.tls, uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&b.out)), lib.SQLITE_OPEN_READWRITE|lib.SQLITE_OPEN_NOMUTEX, 0)
	b.db = b.out
	if rc != lib.SQLITE_OK {
		err := b.failed("opening", rc)
		b.close()
		return nil, err
	}
	// Rows come in order: a page is left for good once it is full, and a cache for more than those that are being filled
	// would be memory to be taken and given back.
	for _, text := range []string{"PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-16000", "PRAGMA temp_store=memory", "BEGIN IMMEDIATE"} {
		if err := b.exec(text, nil); err != nil {
			b.close()
			return nil, err
		}
	}
	return b, nil
}

func (b *liteBulk) failed(what string, rc int32) error {
	return fmt.Errorf("%s: %s (%d)", what, libc.GoString(lib.Xsqlite3_errmsg(b.tls, b.db)), rc)
}

// exec runs a statement; args are text, integers and truth values, and stay as they are until it returns.
func (b *liteBulk) exec(text string, args []any) error {
	st, ok := b.st[text]
	if !ok {
		sql := append([]byte(text), 0)
		if rc := lib.Xsqlite3_prepare_v2(b.tls, b.db, uintptr(unsafe.Pointer(&sql[0])), -1, uintptr(unsafe.Pointer(&b.out)), 0); rc != lib.SQLITE_OK {
			return b.failed("preparing", rc)
		}
		st = b.out
		b.st[text] = st
	}
	for i, v := range args {
		var rc int32
		n := int32(i + 1)
		switch x := v.(type) {
		case int64:
			rc = lib.Xsqlite3_bind_int64(b.tls, st, n, x)
		case bool:
			rc = lib.Xsqlite3_bind_int64(b.tls, st, n, int64(btoi(x)))
		case string:
			at := unsafe.StringData(x)
			if x == "" {
				at = &empty[0]
			}
			rc = lib.Xsqlite3_bind_text(b.tls, st, n, uintptr(unsafe.Pointer(at)), int32(len(x)), lib.SQLITE_STATIC)
		case nil:
			rc = lib.Xsqlite3_bind_null(b.tls, st, n)
		default:
			return fmt.Errorf("db: a %T can't be filled in", v)
		}
		if rc != lib.SQLITE_OK {
			return b.failed("binding", rc)
		}
	}
	rc := lib.Xsqlite3_step(b.tls, st)
	for rc == lib.SQLITE_ROW {
		rc = lib.Xsqlite3_step(b.tls, st)
	}
	if rc != lib.SQLITE_DONE {
		return b.failed("writing", rc)
	}
	if rc := lib.Xsqlite3_reset(b.tls, st); rc != lib.SQLITE_OK {
		return b.failed("writing", rc)
	}
	return nil
}

func (b *liteBulk) close() {
	for _, st := range b.st {
		lib.Xsqlite3_finalize(b.tls, st)
	}
	lib.Xsqlite3_close_v2(b.tls, b.db)
	b.tls.Close()
}

// fillLite is Fill on SQLite: nobody else writes until it is done.
func (d *DB) fillLite(ctx context.Context, f *Filler, fn func(*Filler) error) error {
	select {
	case <-d.writer.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { d.writer.turn <- struct{}{} }()
	b, err := openLiteBulk(strings.TrimPrefix(d.url, "sqlite:"))
	if err != nil {
		return err
	}
	defer b.close()
	f.lite = b
	if err = fn(f); err == nil {
		err = f.Flush()
	}
	if err != nil {
		return err // what was written is not taken back: there is no journal to take it back from
	}
	return b.exec("COMMIT", nil)
}
