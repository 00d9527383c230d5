package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"qianshao/internal/fault"
)

func (d *DB) openPostgres(ctx context.Context, address string) error {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return fault.New(fault.BadRequest, "db.address", redact(address)).Because(err)
	}
	cfg.StatementCacheCapacity = 1024
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "qianshao"
	}
	cfg.RuntimeParams["timezone"] = "UTC"
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectWithin
	}
	pgDial(cfg)
	asking := cfg.Copy()
	asking.ConnectTimeout = askFor
	d.watch = &watch{cfg: asking, waiting: map[*unanswered]bool{}}
	d.w, d.r, d.Engine = pgPool(cfg, d.watch, pgWriters), pgPool(cfg, d.watch, pgReaders), Postgres
	var collate string
	if err := d.r.QueryRowContext(ctx, `SELECT datcollate FROM pg_database WHERE datname = current_database()`).Scan(&collate); err != nil {
		_ = errors.Join(d.r.Close(), d.w.Close()) // the failure to connect is the news
		return fault.New(fault.Unavailable, "db.unavailable").Because(err)
	}
	switch strings.ToLower(strings.ReplaceAll(collate, "-", "")) {
	case "c", "posix", "c.utf8":
		return nil
	}
	_ = errors.Join(d.r.Close(), d.w.Close())
	return fault.New(fault.Invalid, "db.collation", collate)
}

func pgCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Unique says whether the statement failed because a row with that key is there already.
func Unique(err error) bool {
	if c, ok := sqliteCode(err); ok {
		return sqliteUnique(c)
	}
	return pgCode(err) == "23505"
}

// again says whether the whole transaction may simply be tried once more.
func again(err error) bool {
	if c, ok := sqliteCode(err); ok {
		return sqliteAgain(c)
	}
	switch pgCode(err) {
	case "40001", "40P01":
		return true
	}
	if pgconn.SafeToRetry(err) { // nothing of it was sent
		return true
	}
	if _, decided := fault.As(err); decided || InDoubt(err) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	// A connection that broke before anything was sent for commit has stored nothing; one that broke during it may have.
	return gone(err)
}

// gone says whether the database can't be reached at all.
func gone(err error) bool {
	code := pgCode(err)
	if strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P") || strings.HasPrefix(code, "53") || code == "25006" || code == "25P03" {
		return true
	}
	var ce *pgconn.ConnectError
	var ne *net.OpError
	return errors.As(err, &ce) || errors.As(err, &ne) || errors.Is(err, context.DeadlineExceeded) || pgconn.SafeToRetry(err) || errors.Is(err, sql.ErrTxDone) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}

// trouble is the code of the fault that an error of the machine's or the server's, not the program's, is; "" if it is
// none.
func trouble(err error) string {
	if c, ok := sqliteCode(err); ok {
		return sqliteTrouble(c)
	}
	switch pgCode(err) {
	case "53100":
		return "db.full"
	case "58030":
		return "db.disk"
	case "XX001", "XX002":
		return "db.damaged"
	case "40001", "40P01", "55P03", "57014":
		return "db.busy"
	}
	if gone(err) {
		return "db.unavailable"
	}
	return ""
}
