package db

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
)

// TestLivePragmas asks every connection that both pools can have at once what it runs under: what was asked for when it
// was opened need not be what it got.
func TestLivePragmas(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "q.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	all := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "15000", "trusted_schema": "0", "cell_size_check": "1", "wal_autocheckpoint": "20000"}
	ask := func(where, only string, pragma func(string) interface{ Scan(...any) error }) {
		t.Helper()
		for name, want := range all {
			var got string
			if err := pragma("PRAGMA " + name).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s is %s, want %s: %v", where, name, got, want, err)
			}
		}
		var got string
		if err := pragma("PRAGMA query_only").Scan(&got); err != nil || got != only {
			t.Errorf("%s: query_only is %s, want %s: %v", where, got, only, err)
		}
	}
	ask("the writer", "0", func(text string) interface{ Scan(...any) error } {
		rows, err := d.writer.conn.query(text, nil)
		return Row{rows, err}
	})
	for name, p := range map[string]*sql.DB{"write": d.w, "read": d.r} {
		n, only := p.Stats().MaxOpenConnections-p.Stats().InUse, "0"
		if name == "read" {
			only = "1"
		}
		for i := range n {
			c, err := p.Conn(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			ask(fmt.Sprintf("%s %d", name, i), only, func(text string) interface{ Scan(...any) error } { return c.QueryRowContext(ctx, text) })
		}
	}
}
