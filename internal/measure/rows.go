package measure

import (
	"context"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// RowsFunc lists a page of the rows behind a number.
type RowsFunc func(ctx context.Context, r db.Reader, q Query, who access.Actor, at Turn) (RowList, error)

// Turn is the page of rows that is asked for: at most Limit of them, after the row After.
type Turn struct {
	After Cursor
	Limit int
}

// Cursor is where a row stands in its list, "" before the first: by what the list is ordered by and the row's key. In a
// list that is put together in memory it is how many rows stand before the next one.
type Cursor struct {
	By  string
	Key id.Key
	N   int
}

// String is the place as part of an address.
func (p Cursor) String() string {
	switch {
	case p.Key != "":
		return p.By + "_" + p.Key
	case p.N > 0:
		return strconv.Itoa(p.N)
	}
	return ""
}

// ParseCursor reads what String made.
func ParseCursor(s string) (Cursor, error) {
	by, key, ok := strings.Cut(s, "_")
	n, err := strconv.Atoi(by)
	switch {
	case s == "":
		return Cursor{}, nil
	case !ok && err == nil && n > 0:
		return Cursor{N: n}, nil
	case ok && (err == nil || calendar.Date(by).Valid()) && id.ValidKey(key):
		return Cursor{By: by, Key: key}, nil
	}
	return Cursor{}, fault.InvalidField("after", "cursor")
}

// RowList is the rows behind a number: column codes (for locale) and cells. Link gives each row's page, "" for none.
type RowList struct {
	Columns []string
	Rows    []Line
	Next    Cursor // of the last row, if there are further ones
	Veiled  bool   // the number may count rows that this reader may not open: they are not listed
}

// Line is one row behind a number. Counts says whether it is in the numerator; in a share the others make up the rest.
type Line struct {
	Cells  []string
	Link   string
	Counts bool
	N      int64
}

// Cut is the page of rows that are all there already.
func Cut(columns []string, lines []Line, at Turn) RowList {
	out := RowList{Columns: columns, Rows: lines[min(at.After.N, len(lines)):]}
	if len(out.Rows) > at.Limit {
		out.Rows, out.Next = out.Rows[:at.Limit], Cursor{N: at.After.N + at.Limit}
	}
	return out
}

// Down goes on after the turn's place in a list that runs backwards by day and key, and Up in one that runs forwards.
func (t Turn) Down(b *db.Builder, day, key string) *db.Builder {
	return b.If(t.After.Key != "", ` AND (`+day+`, `+key+`) < (?, ?)`, t.After.By, t.After.Key).
		Add(` ORDER BY `+day+` DESC, `+key+` DESC LIMIT ?`, t.Limit+1)
}

// Up is Down in the other direction.
func (t Turn) Up(b *db.Builder, day, key string) *db.Builder {
	return b.If(t.After.Key != "", ` AND (`+day+`, `+key+`) > (?, ?)`, t.After.By, t.After.Key).
		Add(` ORDER BY `+day+`, `+key+` LIMIT ?`, t.Limit+1)
}

// MatterColumns are the columns of rows that are matters.
var MatterColumns = []string{"day", "matter", "title", "kind"}

// Visible is the condition on matters m that the reader may see them.
func Visible(b *db.Builder, who access.Actor, city id.City) *db.Builder {
	return visible(b, "m", who, city)
}

// Seen is the condition that the reader may see the matter of a key.
func Seen(b *db.Builder, key string, who access.Actor, city id.City) *db.Builder {
	return visible(b.Add(` AND EXISTS (SELECT 1 FROM matters v WHERE v.city_id = $1 AND v.id = `+key), "v", who, city).Add(`)`)
}

func visible(b *db.Builder, m string, who access.Actor, city id.City) *db.Builder {
	b.Add(` AND (1 = 0`)
	for _, k := range access.Reads {
		b.Add(` OR (`+m+`.kind = ? `, k.Kind)
		who.Scope(k.Perm).Where(b, m, city)
		b.Add(`)`)
	}
	return b.Add(`)`)
}

// Shown is the condition that a row's matter m, which Visible joined, is there: a row that the reader may not see would say
// by its day and its kind what it is about. In other words than IS NOT NULL, or it would be the planner's to begin with the matters.
const Shown = ` AND COALESCE(m.id, '') <> ''`

// matterRow is a row that is a matter, as read.
type matterRow struct {
	on             calendar.Date
	dim            string
	n              int64
	key, no, title string
	counts         int64
	at             Cursor
}

// MatterRows reads a page of rows that are matters: day, kind, number, the matter as Visible leaves it (id, number, title),
// 1 if it counts, and the row's place. Rows that the reader may not see are left out by Shown.
func MatterRows(ctx context.Context, r db.Reader, b *db.Builder, at Turn) (RowList, error) {
	text, args := b.SQL()
	rows, err := db.All(ctx, r, func(rows *db.Rows) (m matterRow, err error) {
		return m, rows.Scan(&m.on, &m.dim, &m.n, &m.key, &m.no, &m.title, &m.counts, &m.at.By, &m.at.Key)
	}, text, args...)
	out := RowList{Columns: MatterColumns}
	if len(rows) > at.Limit {
		rows = rows[:at.Limit]
		out.Next = rows[at.Limit-1].at
	}
	for _, x := range rows {
		out.Rows = append(out.Rows, Line{Cells: []string{string(x.on), x.no, x.title, x.dim}, Counts: x.counts == 1, N: x.n, Link: "/m/" + id.ID{City: r.City(), Key: x.key}.String()})
	}
	return out, err
}

// MatterCells is what MatterRows reads of a row's matter.
const MatterCells = `COALESCE(m.id, ''), COALESCE(m.no, ''), COALESCE(m.title, '')`

// TallyRows lists the tallies of a flow, the newest first: kind is the expression of a row's kind, over the tally t and
// what else from joins to it.
func TallyRows(name, kind, from string) RowsFunc {
	return func(ctx context.Context, r db.Reader, q Query, who access.Actor, at Turn) (RowList, error) {
		b := db.Build(`SELECT t.on_day, ` + kind + `, t.n, ` + MatterCells + `, 1, t.on_day, t.id FROM tallies t` + from + `
			LEFT JOIN matters m ON m.city_id = t.city_id AND m.id = t.matter_id`)
		Visible(b, who, r.City()).Add(` WHERE t.city_id = $1` + Shown)
		return MatterRows(ctx, r, at.Down(q.tallied(b, "t", name), "t.on_day", "t.id"), at)
	}
}

// tallied is the condition on tallies that a flow counted them for the query's unit and period. A unit with others under it
// walks the city's tallies in the order of days: that it is not to look the units up first is hidden from the planner.
func (q Query) tallied(b *db.Builder, t, name string) *db.Builder {
	return q.every(b.Add(` AND `+t+`.n <> 0`), t, name)
}

// every is tallied for a flow in which nothing counts as well.
func (q Query) every(b *db.Builder, t, name string) *db.Builder {
	b.Add(` AND `+t+`.measure = ? AND `+t+`.on_day >= ? AND `+t+`.on_day <= ?`, name, q.From, q.To)
	if q.Unit.Kind == "county" {
		return q.Owned(b, t+".unit_id || ''")
	}
	return q.Owned(b, t+".unit_id")
}
