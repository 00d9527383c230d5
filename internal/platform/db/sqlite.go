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
	"slices"
	"strings"
	"time"

	sqlite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"qianshao/internal/fault"
)

// pragmas are the settings of every connection: the writer's is given them as it is opened, those of the pools have them in
// their address. A test asks each.
var pragmas = []string{"busy_timeout(15000)", "foreign_keys(1)", "wal_autocheckpoint(20000)", "temp_store(memory)", "trusted_schema(0)", "cell_size_check(1)"}

// Breath is the pause that whoever writes much in portions makes between two: another process that waits for SQLite's writer
// looks every tenth of a second.
const Breath = 110 * time.Millisecond

func (d *DB) openSQLite(ctx context.Context, path string) error {
	if path == "" || strings.ContainsAny(path, "?#") {
		return fault.New(fault.BadRequest, "db.address", "sqlite:"+path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return fault.New(fault.Unavailable, "db.disk").Because(err)
	}
	// The file holds matters of people; nobody else on the host reads it. Created here because SQLite would use the
	// umask.
	f, err := os.OpenFile(abs, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fault.New(fault.Unavailable, "db.disk").Because(err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	journal, sync, cache := "WAL", "FULL", 32000
	if d.settings.Relaxed {
		journal, sync, cache = "OFF", "OFF", 160000
	}
	settings := append(slices.Clone(pragmas), "journal_mode("+journal+")", "synchronous("+sync+")")
	address := func(more ...string) string {
		return "file:" + (&url.URL{Path: abs}).EscapedPath() + "?_pragma=" + strings.Join(append(slices.Clone(settings), more...), "&_pragma=")
	}
	writing := fmt.Sprintf("cache_size(-%d)", cache)
	if d.writer, err = newLiteWriter(abs, append(slices.Clone(settings), writing)); err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	// A folder that knows no shared memory (some network drives) leaves the journal as it was, and says nothing.
	rows, err := d.writer.conn.query("PRAGMA journal_mode", nil)
	var got string
	if err := (Row{rows, err}).Scan(&got); err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	if !strings.EqualFold(got, journal) {
		return fault.New(fault.Invalid, "db.journal", abs)
	}
	if d.w, err = sql.Open("sqlite", address(writing)+"&_txlock=immediate"); err != nil {
		return err
	}
	d.w.SetMaxOpenConns(2) // Raw for migrations, and checkpoints
	d.w.SetMaxIdleConns(2)
	if d.r, err = sql.Open("sqlite", address("cache_size(-8000)", "query_only(1)")); err != nil {
		return err
	}
	n := runtime.NumCPU() * 2
	if n < 4 {
		n = 4
	}
	d.r.SetMaxOpenConns(n)
	d.r.SetMaxIdleConns(n)
	d.Engine = SQLite
	if !d.settings.Relaxed {
		d.settling.Add(1)
		d.stop = make(chan struct{})
		go d.settle()
	}
	return d.r.PingContext(ctx)
}

// settle brings what commits have left in the write-ahead log into the file, beside the writer and not in the commit that
// happens to come along: that one would wait for several flushes. Should it fall behind, SQLite does it itself.
func (d *DB) settle() {
	defer d.settling.Done()
	t := time.NewTicker(time.Second)
	defer t.Stop()
	var done int64
	for {
		select {
		case <-d.stop:
			return
		case <-t.C:
		}
		if n := d.writer.commits.Load(); n != done {
			done = n
			_, _ = d.w.Exec("PRAGMA wal_checkpoint(PASSIVE)") // what could not be done now is done next time
		}
	}
}

func sqliteCode(err error) (int, bool) {
	var own *liteError
	if errors.As(err, &own) {
		return own.code, true
	}
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

// sqliteTrouble is the code of the fault that an error of the machine's, not the program's, is; "" if it is none.
func sqliteTrouble(code int) string {
	switch code & 0xff {
	case lib.SQLITE_FULL:
		return "db.full"
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return "db.readonly"
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN:
		return "db.disk"
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return "db.damaged"
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return "db.busy"
	}
	return ""
}
