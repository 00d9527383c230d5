package migrate

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"qianshao/internal/platform/db"
)

// Prime tells SQLite what the tables will look like before there is anything in them: that a city's rows are many, and
// that what stands further on in a key picks few of them. Without it the planner takes city_id, which every key begins
// with, for as good a choice as any other column, and walks whole tables. Real figures replace these when the
// housekeeping runs PRAGMA optimize (https://www.sqlite.org/lang_analyze.html, "manual modification").
func Prime(ctx context.Context, d *db.DB) error {
	if d.Engine != db.SQLite {
		return nil
	}
	c, err := d.Raw().Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	ixs, err := indexes(ctx, c)
	if err != nil {
		return err
	}
	if err := analyze(ctx, c); err != nil {
		return err
	}
	for _, x := range ixs {
		if _, err := c.ExecContext(ctx, `DELETE FROM sqlite_stat1 WHERE tbl = ? AND idx = ?`, x.table, x.name); err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)`, x.table, x.name, x.stat()); err != nil {
			return err
		}
	}
	// A change of the schema makes every connection read the figures.
	for _, text := range []string{`ANALYZE sqlite_schema`, `CREATE TABLE primed (x INTEGER)`, `DROP TABLE primed`} {
		if _, err := c.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// analyze takes rough figures only. Full ones come with samples of values, and wherever there are samples SQLite plans a
// statement anew each time it is run with other values: that took a sixth of all time of a list's page.
func analyze(ctx context.Context, c *sql.Conn) error {
	_, err := c.ExecContext(ctx, `PRAGMA analysis_limit=400; ANALYZE; DELETE FROM sqlite_stat4`)
	return err
}

// Measure brings a filled SQLite database's figures up to what is in it now, for what builds a whole one.
func Measure(ctx context.Context, d *db.DB) error {
	if d.Engine != db.SQLite {
		return nil
	}
	c, err := d.Raw().Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	// Every index is walked once from end to end: there is nothing to keep.
	if _, err := c.ExecContext(ctx, `PRAGMA cache_size=-8000`); err != nil {
		return err
	}
	return analyze(ctx, c)
}

type index struct {
	table, name string
	columns     int
	unique      bool
	partial     bool
}

// stat is how many rows there are and how many share each further column's value.
func (x index) stat() string {
	rows := 1_000_000
	if x.partial {
		rows = 20_000
	}
	out := []string{fmt.Sprint(rows), fmt.Sprint(rows)} // one city
	share := 100
	for i := 1; i < x.columns; i++ {
		if x.unique && i == x.columns-1 {
			share = 1
		}
		out = append(out, fmt.Sprint(share))
		share = max(1, share/5)
	}
	return strings.Join(out, " ")
}

// indexes lists the indexes that begin with the tenant, under the names that ANALYZE gives them.
func indexes(ctx context.Context, c *sql.Conn) ([]index, error) {
	rows, err := c.QueryContext(ctx, `SELECT t.name, i.name, i."unique", i.partial, i.origin = 'pk' AND t.wr, (SELECT COUNT(*) FROM pragma_index_info(i.name)),
		(SELECT name FROM pragma_index_info(i.name) WHERE seqno = 0) FROM pragma_table_list AS t JOIN pragma_index_list(t.name) AS i WHERE t.schema = 'main' AND t.type = 'table'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []index
	for rows.Next() {
		var x index
		var own bool
		var first sql.NullString
		if err := rows.Scan(&x.table, &x.name, &x.unique, &x.partial, &own, &x.columns, &first); err != nil {
			return nil, err
		}
		if first.String != "city_id" {
			continue
		}
		if own {
			x.name = x.table // the key of a table without row ids goes by the table's name
		}
		out = append(out, x)
	}
	return out, rows.Err()
}
