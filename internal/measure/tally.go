package measure

import (
	"context"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

var tallyTable = &ledger.Table{Name: "tallies", Key: []string{"measure", "unit_id", "on_day", "id"}, Cols: []string{"dim", "matter_id", "n"}}

// Tables are the covered tables of this package. Rollups are sums of tallies, so they need no cover: Check holds them
// against the rows.
func Tables() []*ledger.Table { return []*ledger.Table{tallyTable} }

// Count adds n to a flow measure of a unit on a day, about a matter; dim is the kind within the measure (a channel, a
// disposal), "" if it has none.
func Count(ctx context.Context, tx *ledger.Tx, name, dim string, unit id.Key, on calendar.Date, matter id.Key, n int) error {
	if err := tx.Insert(ctx, tallyTable, name, unit, on, tx.NewKey(), dim, matter, n); err != nil {
		return err
	}
	tx.Add(strings.Join([]string{"rollups", name, on.MonthKey(), dim, unit}, "\n"), int64(n), func(n int64) error {
		_, err := tx.Exec(ctx, `INSERT INTO rollups (city_id, unit_id, month, measure, dim, n) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (city_id, measure, month, dim, unit_id) DO UPDATE SET n = rollups.n + $6`, unit, on.MonthKey(), name, dim, n)
		return err
	})
	return nil
}

// Sums adds up the rollups of a measure over the units and whole months from-to, by kind.
func Sums(ctx context.Context, r db.Reader, name string, units []id.Key, from, to string) (map[string]int64, error) {
	out := map[string]int64{}
	b := db.Build(`SELECT dim, SUM(n) FROM rollups WHERE city_id = $1 AND measure = ? AND month >= ? AND month <= ?`, name, from, to)
	if units != nil {
		b.In(" AND ", "unit_id", units)
	}
	text, args := b.Add(` GROUP BY dim`).SQL()
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d string
		var n int64
		if err := rows.Scan(&d, &n); err != nil {
			return nil, err
		}
		out[d] = n
	}
	return out, rows.Err()
}

// Check holds every rollup of a tenant against the tallies behind it and lists the cells that differ.
func Check(ctx context.Context, r db.Reader) ([]string, error) {
	return db.Column[string](ctx, r, `SELECT x.k FROM (
		SELECT unit_id || ' ' || substr(on_day, 1, 7) || ' ' || measure || ' ' || dim AS k, SUM(n) AS n FROM tallies WHERE city_id = $1
		GROUP BY unit_id, substr(on_day, 1, 7), measure, dim
		UNION ALL
		SELECT unit_id || ' ' || month || ' ' || measure || ' ' || dim, -n FROM rollups WHERE city_id = $1) x
		GROUP BY x.k HAVING SUM(x.n) <> 0 ORDER BY x.k`)
}

// ByUnit adds up a measure by unit and month, over the months from-to, of some units.
func ByUnit(ctx context.Context, r db.Reader, name string, units []id.Key, from, to string) (map[id.Key]map[string]int64, error) {
	out := map[id.Key]map[string]int64{}
	if len(units) == 0 {
		return out, nil
	}
	text, args := db.Build(`SELECT t.unit_id, t.month, SUM(t.n) FROM rollups t WHERE t.city_id = $1 AND t.measure = ? AND t.month >= ? AND t.month <= ?`, name, from, to).
		In(" AND ", "t.unit_id", units).Add(` GROUP BY t.unit_id, t.month`).SQL()
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var unit id.Key
		var month string
		var n int64
		if err := rows.Scan(&unit, &month, &n); err != nil {
			return nil, err
		}
		if out[unit] == nil {
			out[unit] = map[string]int64{}
		}
		out[unit][month] = n
	}
	return out, rows.Err()
}
