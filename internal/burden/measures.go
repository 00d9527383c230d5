package burden

import (
	"context"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// What this room counts. None of it is ever scored.
const (
	MeasureMinutes = "burden.minutes"
	MeasureAsks    = "burden.asks"
	measureUnused  = "burden.unused_share"
)

// columns are those of asks as the rows of a number.
var columns = []string{"day", "unit", "ask", "asker", "basis", "minutes"}

// Measures are what this room counts: minutes and asks by the month in which they are asked, and which of those that fell due
// nobody has used.
func Measures() []measure.Def {
	minutes := measure.FlowDef(MeasureMinutes, measure.Place, true)
	minutes.Reads, minutes.Rows = access.BurdenRead, rows(func(x int64) int64 { return x })
	asks := measure.FlowDef(MeasureAsks, measure.Place, true)
	asks.Reads, asks.Rows = access.BurdenRead, rows(func(int64) int64 { return 1 })
	return []measure.Def{minutes, asks, {Name: measureUnused, Unit: measure.Share, Kind: measure.Flow, By: measure.Place, NeverScored: true, Value: unused, Reads: access.BurdenRead, Rows: unusedRows}}
}

// rows lists what was asked in the query's period, a row for every township.
func rows(n func(minutes int64) int64) measure.RowsFunc {
	return func(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
		b := db.Build(`SELECT a.asked_on, a.id, u.name, u.id, a.what, a.by_name, a.basis, a.minutes, a.rule FROM asks a CROSS JOIN ask_towns t CROSS JOIN units u
			WHERE a.city_id = $1 AND t.city_id = a.city_id AND t.ask_id = a.id AND u.city_id = t.city_id AND u.id = t.township_id AND a.state = 'standing' AND a.asked_on >= ? AND a.asked_on <= ?`, q.From, q.To)
		q.Under(b, "u.county_id", "u.id", "u.id")
		b.If(at.After.N > 0, ` ORDER BY a.asked_on DESC, a.id DESC, u.code, u.id LIMIT ? OFFSET ?`, at.Limit+1, at.After.N).
			If(at.After.N == 0, ` ORDER BY a.asked_on DESC, a.id DESC, u.code, u.id LIMIT ?`, at.Limit+1)
		return list(ctx, r, b, at, func(minutes int64, _ bool) (int64, bool) { return n(minutes), true }, false)
	}
}

// list reads rows that are asks; at is counted, as one ask is a row of every township.
func list(ctx context.Context, r db.Reader, b *db.Builder, at measure.Turn, judge func(minutes int64, used bool) (int64, bool), hasUsed bool) (measure.RowList, error) {
	out := measure.RowList{Columns: columns}
	text, args := b.SQL()
	lines, err := db.All(ctx, r, func(rows *db.Rows) (measure.Line, error) {
		var day, key, town, townKey, what, by, basis, rule string
		var minutes, used int64
		dest := []any{&day, &key, &town, &townKey, &what, &by, &basis, &minutes, &rule}
		if hasUsed {
			dest = append(dest, &used)
		}
		err := rows.Scan(dest...)
		n, counts := judge(minutes, used == 1)
		return measure.Line{Cells: []string{day, town, what, by, basis, strconv.FormatInt(minutes, 10)}, Link: "/burden/asks/" + id.ID{City: r.City(), Key: key}.String(), N: n, Counts: counts}, err
	}, text, args...)
	out.Rows = lines
	if len(lines) > at.Limit {
		out.Rows, out.Next = lines[:at.Limit], measure.Cursor{N: at.After.N + at.Limit}
	}
	return out, err
}

// due is the condition on asks that they fell due in the query's period and before today, and concern the query's unit.
func due(b *db.Builder, r db.Reader, q measure.Query) *db.Builder {
	b.Add(` AND a.state = 'standing' AND a.due_on >= ? AND a.due_on <= ? AND a.due_on < ?`, q.From, q.To, r.Now().Date())
	switch u := q.Unit; {
	case u.Level <= access.City:
		return b
	case u.Kind == "county":
		return b.Add(` AND a.county_id = ?`, u.ID.Key)
	default:
		return b.Add(` AND EXISTS (SELECT 1 FROM ask_towns t WHERE t.city_id = a.city_id AND t.ask_id = a.id AND t.township_id = ?)`, u.ID.Key)
	}
}

// unused is the share of the asks that fell due which nobody has used until now.
func unused(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
	var v measure.Value
	text, args := due(db.Build(`SELECT COUNT(a.id), COALESCE(SUM(CASE WHEN a.used_on = '' THEN 1 ELSE 0 END), 0) FROM asks a WHERE a.city_id = $1`), r, q).SQL()
	err := r.Row(ctx, text, args...).Scan(&v.Denominator, &v.Numerator)
	v.Known = v.Denominator > 0
	return v, err
}

func unusedRows(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
	b := due(db.Build(`SELECT a.due_on, a.id, '', '', a.what, a.by_name, a.basis, a.minutes, a.rule, CASE WHEN a.used_on = '' THEN 0 ELSE 1 END FROM asks a WHERE a.city_id = $1`), r, q)
	b.If(at.After.N > 0, ` ORDER BY a.due_on DESC, a.id DESC LIMIT ? OFFSET ?`, at.Limit+1, at.After.N).If(at.After.N == 0, ` ORDER BY a.due_on DESC, a.id DESC LIMIT ?`, at.Limit+1)
	return list(ctx, r, b, at, func(_ int64, used bool) (int64, bool) { return 1, !used }, true)
}
