package db

import (
	"database/sql"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
)

func liteAlone(t *testing.T) *DB {
	t.Helper()
	d, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "q.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	for _, text := range []string{
		`CREATE TABLE kept (k BIGINT PRIMARY KEY, n BIGINT, s TEXT, b BLOB, f DOUBLE PRECISION, yes BOOLEAN)`,
		`CREATE TABLE held (k BIGINT PRIMARY KEY REFERENCES kept (k))`,
	} {
		if _, err := d.Raw().Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// TestWriterReadsAsTheDriverDoes: what is read within a transaction, past the driver, is what it hands over for the same
// statement: the same values in places of every kind, or an error where it has one.
func TestWriterReadsAsTheDriverDoes(t *testing.T) {
	t.Parallel()
	ctx, d := t.Context(), liteAlone(t)
	type word string
	type small int8
	some := "指针"
	rows := [][]any{
		{1, int64(7), "七", []byte{0, 1, 2}, 1.5, true},
		{2, nil, nil, nil, nil, nil},
		{3, small(-3), word(""), []byte{}, 0.0, false},
		{4, 300, "12", []byte("text"), 2.0, true},
		{5, calendar.Instant(1 << 40), calendar.Date("2026-11-28"), []byte(nil), 0.25, true},
		{6, (*int64)(nil), &some, []byte(strings.Repeat("大", 20000)), 3.0, false},
		{7, 1, strings.Repeat("长", 20000), []byte{9}, 0.0, true},
	}
	err := d.Write(ctx, 0, func(tx *Tx) error {
		for _, r := range rows {
			if n, err := tx.Exec(ctx, `INSERT INTO kept (k, n, s, b, f, yes) VALUES ($1, $2, $3, $4, $5, $6)`, r...); err != nil || n != 1 {
				t.Errorf("row %v: %d written: %v", r[0], n, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	places := []func() any{
		func() any { return new(string) }, func() any { return new(word) }, func() any { return new(calendar.Date) }, func() any { return new(int) },
		func() any { return new(int64) }, func() any { return new(small) }, func() any { return new(calendar.Instant) }, func() any { return new(bool) },
		func() any { return new(float64) }, func() any { return new([]byte) }, func() any { return new(any) }, func() any { return new(*string) },
		func() any { return new(*int64) }, func() any { return new(sql.NullString) }, func() any { return new(sql.NullInt64) },
	}
	err = d.Write(ctx, 0, func(tx *Tx) error {
		for _, col := range []string{"n", "s", "b", "f", "yes", "n + 0.5", "MAX(n, 1)", "COALESCE(s, '')"} {
			for k := 1; k <= len(rows); k++ {
				for _, place := range places {
					text := `SELECT ` + col + ` FROM kept WHERE k = $1`
					want, got := place(), place()
					wantErr, gotErr := d.Shared().Row(ctx, text, k).Scan(want), tx.Row(ctx, text, k).Scan(got)
					if (wantErr == nil) != (gotErr == nil) || wantErr == nil && !reflect.DeepEqual(want, got) {
						t.Errorf("%s of row %d into a %T: %.60v, %v; the driver has %.60v, %v", col, k, got, reflect.ValueOf(got).Elem(), gotErr, reflect.ValueOf(want).Elem(), wantErr)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWriterStatements: a statement may be run while its own rows are read, parameters go by their numbers, what is wrong
// says so, and a transaction ends whatever was left open in it.
func TestWriterStatements(t *testing.T) {
	t.Parallel()
	ctx, d := t.Context(), liteAlone(t)
	var left *Rows
	gone := errors.New("taken back")
	write := func(fn func(*Tx)) error {
		return d.Write(ctx, 0, func(tx *Tx) error { fn(tx); return gone })
	}
	put := func(tx *Tx, k int) error {
		_, err := tx.Exec(ctx, `INSERT INTO kept (k, n, s, yes) VALUES ($2, $2, $1, TRUE)`, "s", k)
		return err
	}
	if err := write(func(tx *Tx) {
		for k := range 3 {
			if err := put(tx, k); err != nil {
				t.Error(err)
			}
		}
		if err := put(tx, 1); !Unique(err) {
			t.Errorf("a key for the second time: %v", err)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO held (k) VALUES ($1)`, 9); err == nil || Unique(err) {
			t.Errorf("what refers to nothing: %v", err)
		}
		const list = `SELECT k FROM kept WHERE k >= $1 ORDER BY k`
		var seen []int
		for _, from := range []int{0, 1} {
			outer, err := tx.Query(ctx, list, from)
			if err != nil {
				t.Fatal(err)
			}
			for outer.Next() {
				var k, inner int
				if err := outer.Scan(&k); err != nil {
					t.Fatal(err)
				}
				if err := tx.Row(ctx, list, k).Scan(&inner); err != nil || inner != k {
					t.Errorf("%d while %d is read: %v", inner, k, err)
				}
				seen = append(seen, k)
			}
			if err := errors.Join(outer.Err(), outer.Close(), outer.Close()); err != nil {
				t.Error(err)
			}
		}
		if want := []int{0, 1, 2, 1, 2}; !reflect.DeepEqual(seen, want) {
			t.Errorf("read %v, want %v", seen, want)
		}
		if err := tx.Row(ctx, list, 99).Scan(new(int)); !errors.Is(err, ErrNoRows) {
			t.Errorf("no row: %v", err)
		}
		if err := tx.Row(ctx, list, 0).Scan(new(int), new(int)); err == nil {
			t.Error("two places for one column")
		}
		for _, text := range []string{`SELECT k FROM kept WHERE k = $2`, `SELECT 1; SELECT 2`, ``, `SELECT nothing FROM kept`, `SELECT k FROM kept WHERE s = $name`} {
			if _, err := tx.Query(ctx, text, 1); err == nil {
				t.Errorf("%q was run", text)
			}
		}
		n, err := tx.Exec(ctx, `UPDATE kept SET n = n + 1 WHERE k > $1`, 0)
		if err != nil || n != 2 {
			t.Errorf("%d rows changed, want 2: %v", n, err)
		}
		if left, err = tx.Query(ctx, list, 0); err != nil || !left.Next() {
			t.Fatal(err)
		}
	}); !errors.Is(err, gone) {
		t.Fatal(err)
	}
	if left.Next() || left.Scan(new(int)) == nil || left.Close() != nil {
		t.Error("rows outlive their transaction")
	}
	if n, err := Column[int](ctx, d.Shared(), `SELECT COUNT(*) FROM kept`); err != nil || n[0] != 0 {
		t.Errorf("%v rows are there, all were taken back: %v", n, err)
	}
	if err := d.Write(ctx, id.City(0), func(tx *Tx) error { return put(tx, 1) }); err != nil {
		t.Error(err)
	}
	if n := len(d.writer.conn.open); n != 0 {
		t.Errorf("%d results are held open", n)
	}
}
