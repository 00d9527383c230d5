package db

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// File is the path of an embedded database, "" on PostgreSQL.
func (d *DB) File() string {
	if d.Engine == Postgres {
		return ""
	}
	return strings.TrimPrefix(d.url, "sqlite:")
}

// Folder is where an embedded database lies, "" on PostgreSQL.
func (d *DB) Folder() string {
	if f := d.File(); f != "" {
		return filepath.Dir(f)
	}
	return ""
}

// Size is how many bytes the database takes, and how many of them stand in SQLite's write-ahead log.
func (d *DB) Size(ctx context.Context) (bytes, wal int64, err error) {
	if d.Engine == Postgres {
		return bytes, 0, d.r.QueryRowContext(ctx, `SELECT pg_database_size(current_database())`).Scan(&bytes)
	}
	st, err := os.Stat(d.File())
	if err != nil {
		return 0, 0, err
	}
	if log, err := os.Stat(d.File() + "-wal"); err == nil {
		wal = log.Size()
	}
	return st.Size() + wal, wal, nil
}

// Settings are the settings of the running database that decide whether what was acknowledged is kept, by name: those of
// PostgreSQL as it names them, or SQLite's pragmas on the writing connection.
func (d *DB) Settings(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	if d.Engine == SQLite {
		for _, name := range []string{"journal_mode", "synchronous", "foreign_keys"} {
			var v string
			if err := d.w.QueryRowContext(ctx, "PRAGMA "+name).Scan(&v); err != nil {
				return nil, err
			}
			out[name] = v
		}
		return out, nil
	}
	rows, err := d.r.QueryContext(ctx, `SELECT name, setting FROM pg_settings WHERE name IN ('server_version_num', 'fsync', 'full_page_writes', 'synchronous_commit',
		'data_checksums', 'max_connections', 'archive_mode', 'server_encoding') UNION ALL SELECT 'tls', CASE WHEN ssl THEN 'on' ELSE 'off' END FROM pg_stat_ssl WHERE pid = pg_backend_pid()
		UNION ALL SELECT 'away', CASE WHEN inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr() THEN 'off' ELSE 'on' END`)
	if err != nil {
		return nil, outage(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, v string
		if err := rows.Scan(&name, &v); err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, rows.Err()
}
