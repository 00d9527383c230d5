package migrate

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"qianshao/internal/platform/db"
)

// Prime tells SQLite what the tables look like in a city that has worked for years: that its rows are many, and that what
// stands further on in a key picks few of them. Without it the planner takes city_id, which every key begins with, for as
// good a choice as any other column, and walks whole tables. These figures hold for good, so that a statement is answered in
// one way everywhere, in a test as over a million rows; taken from the rows, a figure per column makes one city look as wide
// as one clue (https://www.sqlite.org/lang_analyze.html, "manual modification"). Whatever makes indexes anew calls it again:
// an index that goes takes its figures along.
func Prime(ctx context.Context, d *db.DB) error {
	if d.Engine != db.SQLite {
		return nil
	}
	c, err := d.Raw().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = c.Rollback() }() // after a commit it does nothing
	ixs, err := indexes(ctx, c)
	if err != nil {
		return err
	}
	// The first makes the tables that the figures stand in. Wherever there are samples of values (sqlite_stat4), SQLite plans
	// a statement anew each time it is run with other values: a sixth of all time of a list's page.
	for _, text := range []string{`ANALYZE sqlite_schema`, `DELETE FROM sqlite_stat1`, `DELETE FROM sqlite_stat4`} {
		if _, err := c.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	for _, x := range ixs {
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
	return c.Commit()
}

// primed says whether a database has its figures: one that was brought to this version step by step, for a backup that
// was made at it, or whose upgrade ended before them, has none.
func primed(ctx context.Context, d *db.DB) (bool, error) {
	if d.Engine != db.SQLite {
		return true, nil
	}
	var n int
	err := d.Raw().QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'`).Scan(&n)
	return n > 0, err
}

type index struct {
	table, name string
	columns     int
	unique      bool
	partial     bool
	city        bool // its first column is the tenant
}

// stat is how many rows there are and how many share the values of its first column, its first two, and so on.
func (x index) stat() string {
	rows, share := 1_000_000, 100
	if x.partial {
		rows = 20_000
	}
	out := []string{fmt.Sprint(rows)}
	from := 0
	if x.city && x.columns > 1 { // one city
		out, from = append(out, fmt.Sprint(rows)), 1
	}
	if x.city && x.unique && x.columns == 1 { // a row for each tenant
		out = []string{"20"}
	}
	for i := from; i < x.columns; i++ {
		if x.unique && i == x.columns-1 {
			share = 1
		}
		out = append(out, fmt.Sprint(share))
		share = max(1, share/5)
	}
	return strings.Join(out, " ")
}

// indexes lists all indexes under the names that ANALYZE gives them.
func indexes(ctx context.Context, c *sql.Tx) ([]index, error) {
	rows, err := c.QueryContext(ctx, `SELECT t.name, i.name, i."unique", i.partial, i.origin = 'pk' AND t.wr, (SELECT COUNT(*) FROM pragma_index_info(i.name)),
		COALESCE((SELECT name FROM pragma_index_info(i.name) WHERE seqno = 0), '') = 'city_id' FROM pragma_table_list AS t JOIN pragma_index_list(t.name) AS i WHERE t.schema = 'main' AND t.type = 'table'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []index
	for rows.Next() {
		var x index
		var own bool
		if err := rows.Scan(&x.table, &x.name, &x.unique, &x.partial, &own, &x.columns, &x.city); err != nil {
			return nil, err
		}
		if own {
			x.name = x.table // the key of a table without row ids goes by the table's name
		}
		out = append(out, x)
	}
	return out, rows.Err()
}
