package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	sqlite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"qianshao/internal/fault"
)

// Settings stand in the address, so that every connection of both pools has them; a test asks five connections.
const pragmas = "_pragma=busy_timeout(15000)&_pragma=foreign_keys(1)" +
	"&_pragma=temp_store(memory)&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"

func (d *DB) openSQLite(ctx context.Context, path string) error {
	if path == "" || strings.ContainsAny(path, "?#") {
		return fault.New(fault.BadRequest, "db.address", "sqlite:"+path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return fmt.Errorf("making the database folder: %w", err)
	}
	// The file holds matters of people; nobody else on the host reads it. Created here because SQLite would use the
	// umask.
	f, err := os.OpenFile(abs, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening the database file: %w", err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	journal, sync, cache := "WAL", "FULL", 32000
	if d.settings.Relaxed {
		journal, sync, cache = "OFF", "OFF", 400000
	}
	base := "file:" + (&url.URL{Path: abs}).EscapedPath() + "?" + pragmas + "&_pragma=journal_mode(" + journal + ")&_pragma=synchronous(" + sync + ")"
	if d.w, err = sql.Open("sqlite", fmt.Sprintf("%s&_pragma=cache_size(-%d)&_txlock=immediate", base, cache)); err != nil {
		return err
	}
	d.w.SetMaxOpenConns(2) // the writer, and Raw for migrations
	d.w.SetMaxIdleConns(2)
	if d.writer, err = newLiteWriter(ctx, d.w); err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	if d.r, err = sql.Open("sqlite", base+"&_pragma=cache_size(-8000)&_pragma=query_only(1)"); err != nil {
		return err
	}
	n := runtime.NumCPU() * 2
	if n < 4 {
		n = 4
	}
	d.r.SetMaxOpenConns(n)
	d.r.SetMaxIdleConns(n)
	d.Engine = SQLite
	return d.r.PingContext(ctx)
}

func sqliteCode(err error) (int, bool) {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code(), true
	}
	return 0, false
}

func sqliteUnique(code int) bool {
	return code == lib.SQLITE_CONSTRAINT_UNIQUE || code == lib.SQLITE_CONSTRAINT_PRIMARYKEY
}

func sqliteAgain(code int) bool {
	return code&0xff == lib.SQLITE_BUSY || code&0xff == lib.SQLITE_LOCKED
}

func sqliteFull(code int) bool {
	p := code & 0xff
	return p == lib.SQLITE_FULL || p == lib.SQLITE_READONLY || p == lib.SQLITE_IOERR
}
