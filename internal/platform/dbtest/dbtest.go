// Package dbtest gives tests a fresh, migrated database: on SQLite always, on PostgreSQL too when the environment
// names a server (QIANSHAO_TEST_PG, the address of a database the tests may create others beside).
//
// Start at Each. Nothing here is imported by the program.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
)

// Each runs the test once an engine, each time on an empty migrated database with the statement linter on.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t))
	})
}

var (
	once     sync.Once
	template []byte
	errOnce  error
)

// SQLite is a fresh database file; the migrated empty file is made once a process and copied.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	once.Do(func() { template, errOnce = sqliteTemplate() })
	if errOnce != nil {
		t.Fatal(errOnce)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, template, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, "sqlite:"+path)
}

func sqliteTemplate() ([]byte, error) {
	dir, err := os.MkdirTemp("", "qianshao-template")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "t.db")
	d, err := db.Open(context.Background(), "sqlite:"+path, db.Options{})
	if err != nil {
		return nil, err
	}
	if _, err := migrate.Up(context.Background(), d, nil, nil); err != nil {
		return nil, err
	}
	if _, err := d.Raw().Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return nil, err
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func open(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), address, db.Options{Lint: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return d
}

var (
	pgOnce sync.Once
	pgErr  error
	pgCopy string // how a database is copied: file by file takes 0.1 s, through the log, which is what 15 and later do unasked, 0.8
	pgN    atomic.Int64
)

// Postgres is a fresh database on the server of QIANSHAO_TEST_PG; without one the test is skipped, unless
// QIANSHAO_TEST_PG_REQUIRED is set, as it is in the gate.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return open(t, Address(t))
}

// Address is the address of a fresh, migrated database on that server, for a program that opens it itself.
func Address(t testing.TB) string {
	t.Helper()
	server := os.Getenv("QIANSHAO_TEST_PG")
	if server == "" {
		if os.Getenv("QIANSHAO_TEST_PG_REQUIRED") != "" {
			t.Fatal("QIANSHAO_TEST_PG is not set")
		}
		t.Skip("no PostgreSQL: set QIANSHAO_TEST_PG, or run make test")
	}
	name := fmt.Sprintf("qs_test_%d", os.Getpid())
	pgOnce.Do(func() { pgErr = pgTemplate(server, name) })
	if pgErr != nil {
		t.Fatal(pgErr)
	}
	mine := fmt.Sprintf("%s_%d", name, pgN.Add(1))
	if err := admin(server, fmt.Sprintf(`CREATE DATABASE %s TEMPLATE %s%s`, mine, name, pgCopy)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin(server, fmt.Sprintf(`DROP DATABASE IF EXISTS %s WITH (FORCE)`, mine)); err != nil {
			t.Logf("dropping %s: %v", mine, err)
		}
	})
	return withName(server, mine)
}

// Empty is the address of a fresh database on that server without any tables.
func Empty(t testing.TB) string {
	t.Helper()
	server := os.Getenv("QIANSHAO_TEST_PG")
	if server == "" {
		if os.Getenv("QIANSHAO_TEST_PG_REQUIRED") != "" {
			t.Fatal("QIANSHAO_TEST_PG is not set")
		}
		t.Skip("no PostgreSQL: set QIANSHAO_TEST_PG, or run make test")
	}
	name := fmt.Sprintf("qs_test_%d_empty_%d", os.Getpid(), pgN.Add(1))
	if err := admin(server, fmt.Sprintf(`CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`, name)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin(server, fmt.Sprintf(`DROP DATABASE IF EXISTS %s WITH (FORCE)`, name)); err != nil {
			t.Logf("dropping %s: %v", name, err)
		}
	})
	return withName(server, name)
}

func pgTemplate(server, name string) error {
	if err := admin(server, fmt.Sprintf(`DROP DATABASE IF EXISTS %s WITH (FORCE)`, name)); err != nil {
		return err
	}
	if err := admin(server, fmt.Sprintf(`CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`, name)); err != nil {
		return err
	}
	d, err := db.Open(context.Background(), withName(server, name), db.Options{})
	if err != nil {
		return err
	}
	_, err = migrate.Up(context.Background(), d, nil, nil)
	var version int
	if err == nil {
		err = d.Raw().QueryRow(`SELECT current_setting('server_version_num')::int`).Scan(&version)
	}
	if version >= 150000 {
		pgCopy = " STRATEGY FILE_COPY"
	}
	if e := d.Close(); err == nil {
		err = e
	}
	return err
}

func withName(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}

var adminMu sync.Mutex // CREATE DATABASE … TEMPLATE wants the template to itself

func admin(server, statement string) error {
	adminMu.Lock()
	defer adminMu.Unlock()
	var err error
	for i := 0; i < 20; i++ {
		var c *sql.DB
		if c, err = sql.Open("pgx", server); err != nil {
			return err
		}
		_, err = c.Exec(statement)
		_ = c.Close() // one statement, one connection
		if err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%s: %w", statement, err)
}
