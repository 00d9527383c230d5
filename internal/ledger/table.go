package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/fault"
	"qianshao/internal/platform/db"
)

// Table is a covered business table: its key (without city_id) and its other columns. Rows are written whole, so that
// the values written are the values digested. Areas declare one per table and use it for every write.
type Table struct {
	Name    string
	Key     []string
	Cols    []string
	Version string // the column that counts versions, if the table has one; it must be among Cols
	// Added are columns that came with a later step of the schema, the last of Cols. They count in a row's digest only where they
	// hold something, so that rows of before are still as their entries left them.
	Added []string
}

// Columns lists key and other columns in the order Insert and Update take their values.
func (t *Table) Columns() []string { return append(append([]string{}, t.Key...), t.Cols...) }

// At is where a column stands among Columns.
func (t *Table) At(column string) int {
	i := slices.Index(t.Columns(), column)
	if i < 0 {
		panic("ledger: " + t.Name + " has no column " + column)
	}
	return i
}

// List is the columns as text for a SELECT, with an alias in front of each.
func (t *Table) List(alias string) string {
	cs := t.Columns()
	for i, c := range cs {
		cs[i] = alias + "." + c
	}
	return strings.Join(cs, ", ")
}

func (t *Table) insertText() string {
	cs := t.Columns()
	marks := make([]string, len(cs))
	for i := range cs {
		marks[i] = "$" + strconv.Itoa(i+2)
	}
	return "INSERT INTO " + t.Name + " (city_id, " + strings.Join(cs, ", ") + ") VALUES ($1, " + strings.Join(marks, ", ") + ")"
}

func (t *Table) updateText() string { return t.setText(^uint64(0)) }

// setText updates the columns whose bits are set.
func (t *Table) setText(mask uint64) string {
	var set []string
	for i, c := range t.Cols {
		if mask>>i&1 == 1 {
			set = append(set, c+" = $"+strconv.Itoa(len(set)+2+len(t.Key)))
		}
	}
	where := []string{"city_id = $1"}
	for i, k := range t.Key {
		where = append(where, k+" = $"+strconv.Itoa(i+2))
	}
	text := "UPDATE " + t.Name + " SET " + strings.Join(set, ", ") + " WHERE " + strings.Join(where, " AND ")
	if t.Version != "" {
		text += " AND " + t.Version + " = $" + strconv.Itoa(2+len(t.Key)+len(set))
	}
	return text
}

// onceText is insertText for a row that may be there already.
func (t *Table) onceText() string {
	return t.insertText() + " ON CONFLICT (city_id, " + strings.Join(t.Key, ", ") + ") DO NOTHING"
}

func (t *Table) selectText() string {
	return "SELECT " + strings.Join(t.Columns(), ", ") + " FROM " + t.Name + " WHERE city_id = $1"
}

func (t *Table) keyText(vals []any) string {
	parts := make([]string, len(t.Key))
	for i := range t.Key {
		parts[i] = fmt.Sprint(canonical(vals[i]))
	}
	return strings.Join(parts, "/")
}

func (t *Table) versionOf(vals []any) int64 {
	for i, c := range t.Cols {
		if c == t.Version {
			n, _ := canonical(vals[len(t.Key)+i]).(int64) // a version column holds an integer
			return n
		}
	}
	return 0
}

// raised is the row with its version one higher.
func (t *Table) raised(vals []any) []any {
	out := append([]any{}, vals...)
	for i, c := range t.Cols {
		if c == t.Version {
			out[len(t.Key)+i] = t.versionOf(vals) + 1
		}
	}
	return out
}

// digest is the short hash of a row of the table; vals are in the order of Columns.
func (t *Table) digest(vals []any) string {
	if len(t.Added) == 0 {
		return Digest(vals)
	}
	n := len(vals) - len(t.Added)
	out := slices.Clone(vals[:n])
	for i, name := range t.Added {
		if v := canonical(vals[n+i]); v != "" && v != int64(0) {
			out = append(out, name, v)
		}
	}
	return Digest(out)
}

// Digest is the short hash of a row's values, in the order of Columns.
func Digest(vals []any) string {
	h := sha256.New()
	var b []byte
	for _, v := range vals {
		b = b[:0]
		switch x := canonical(v).(type) {
		case int64:
			b = append(b, 'i')
			b = strconv.AppendInt(b, x, 10)
		case string:
			b = append(b, 's')
			b = strconv.AppendInt(b, int64(len(x)), 10)
			b = append(b, ':')
			b = append(b, x...)
		}
		b = append(b, ';')
		h.Write(b)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// canonical folds what Go writes and what either driver reads back to int64 or string.
func canonical(v any) any {
	switch x := v.(type) {
	case nil:
		return ""
	case int64:
		return x
	case int:
		return int64(x)
	case int32:
		return int64(x)
	case int16:
		return int64(x)
	case bool:
		if x {
			return int64(1)
		}
		return int64(0)
	case string:
		return x
	case []byte:
		return string(x)
	case fmt.Stringer:
		return x.String()
	}
	return reflected(v)
}

// Insert writes a new row and covers it. vals are in the order of Columns.
func (t *Tx) Insert(ctx context.Context, tab *Table, vals ...any) error {
	if _, err := t.Exec(ctx, text(tab, 'i'), plain(vals)...); err != nil {
		return err
	}
	t.cover(tab, vals)
	return nil
}

// InsertOnce is Insert for a row whose key makes something happen once. It says whether the row is new: one that was
// there is left as it is, and stays covered by the act that wrote it.
func (t *Tx) InsertOnce(ctx context.Context, tab *Table, vals ...any) (bool, error) {
	n, err := t.Exec(ctx, text(tab, 'o'), plain(vals)...)
	if err != nil || n == 0 {
		return false, err
	}
	t.cover(tab, vals)
	return true, nil
}

// Update writes a row whole and covers it. For a table with versions the row's version is raised by one: vals carry
// the version that was read, and a row changed meanwhile is a stale fault.
func (t *Tx) Update(ctx context.Context, tab *Table, vals ...any) error {
	args := append([]any{}, vals...)
	if tab.Version != "" {
		was := tab.versionOf(vals)
		vals = tab.raised(vals)
		args = append(append([]any{}, vals...), was)
	}
	if err := t.ExecOne(ctx, fault.Stale(), text(tab, 'u'), plain(args)...); err != nil {
		return err
	}
	t.cover(tab, vals)
	return nil
}

// Change is Update for a row that the caller holds and has read: only the columns that differ from what it was are
// written, so that indexes on the others stay untouched; the row is covered whole. Without was it is Update.
func (t *Tx) Change(ctx context.Context, tab *Table, was []any, vals ...any) error {
	if len(was) != len(vals) {
		return t.Update(ctx, tab, vals...)
	}
	if tab.Version != "" {
		vals = tab.raised(vals)
	}
	var mask uint64
	args := plain(vals[:len(tab.Key)])
	for i := len(tab.Key); i < len(vals); i++ {
		if canonical(was[i]) != canonical(vals[i]) {
			mask |= 1 << (i - len(tab.Key))
			args = append(args, plain(vals[i:i+1])...)
		}
	}
	if tab.Version != "" {
		args = append(args, tab.versionOf(was))
	}
	if mask != 0 {
		if err := t.ExecOne(ctx, fault.Stale(), changeText(tab, mask), args...); err != nil {
			return err
		}
	}
	t.cover(tab, vals)
	return nil
}

func plain(vals []any) []any {
	out := make([]any, len(vals))
	for i, v := range vals {
		switch v.(type) {
		case bool, []byte:
			out[i] = v
		default:
			out[i] = canonical(v)
		}
	}
	return out
}

func (t *Tx) cover(tab *Table, vals []any) {
	t.writes(tab)
	key := tab.Name + "/" + tab.keyText(vals)
	d := tab.digest(vals)
	for i := range t.rows {
		if t.rows[i].Key == key {
			t.rows[i].Digest = d // written twice in one act: the last state counts
			return
		}
	}
	t.rows = append(t.rows, Row{key, d})
}

// InsertMany writes many rows of one table and covers them as parts of the act (D6: a bulk import is one act with the
// digest of its rows).
func (t *Tx) InsertMany(ctx context.Context, tab *Table, rows [][]any) error {
	t.writes(tab)
	n := len(tab.Key) + len(tab.Cols)
	per := 30000 / n
	if t.Engine() == db.SQLite {
		per = 1000 / n
	}
	for len(rows) > 0 {
		k := min(per, len(rows))
		var args []any
		for _, vals := range rows[:k] {
			if len(vals) != n {
				return fmt.Errorf("ledger: %d values for %s, which has %d columns", len(vals), tab.Name, n)
			}
			args = append(args, plain(vals)...)
			t.bulk = append(t.bulk, Row{tab.Name + "/" + tab.keyText(vals), tab.digest(vals)})
		}
		if _, err := t.Exec(ctx, manyText(tab, k, t.Engine()), args...); err != nil {
			return err
		}
		rows = rows[k:]
	}
	return nil
}

// manyText inserts k rows. SQLite's driver looks every parameter up by name unless each stands once and in order, so
// there the tenant is written beside the rows and not in each.
func manyText(tab *Table, k int, engine db.Engine) string {
	n := len(tab.Key) + len(tab.Cols)
	var b strings.Builder
	b.WriteString("INSERT INTO " + tab.Name + " (city_id, " + strings.Join(tab.Columns(), ", ") + ") ")
	first := "$1, "
	if engine == db.SQLite {
		first = ""
		b.WriteString("SELECT $1")
		for i := range n {
			b.WriteString(", column" + strconv.Itoa(i+1))
		}
		b.WriteString(" FROM (")
	}
	b.WriteString("VALUES ")
	p := 2
	for i := 0; i < k; i++ {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + first)
		for j := 0; j < n; j++ {
			if j > 0 {
				b.WriteString(", ")
			}
			b.WriteString("$" + strconv.Itoa(p))
			p++
		}
		b.WriteString(")")
	}
	if engine == db.SQLite {
		b.WriteString(")")
	}
	return b.String()
}

// Digests are covered rows as lines of a bulk act's parts: for what fills a whole database (package bench), which has too
// many of them to hold each by itself.
type Digests struct {
	parts [][]byte
	last  int // rows in the last part
	Rows  int
}

// Add takes a row in; vals are in the order of Columns.
func (d *Digests) Add(t *Table, vals []any) {
	if d.last == 0 {
		d.parts = append(d.parts, make([]byte, 0, partRows*90))
	}
	b := d.parts[len(d.parts)-1]
	b = append(append(b, t.Name...), '/')
	for i := range t.Key {
		if i > 0 {
			b = append(b, '/')
		}
		switch x := canonical(vals[i]).(type) {
		case int64:
			b = strconv.AppendInt(b, x, 10)
		case string:
			b = append(b, x...)
		}
	}
	b = append(b, ' ')
	b = append(append(b, t.digest(vals)...), '\n')
	d.parts[len(d.parts)-1] = b
	d.Rows++
	d.last = (d.last + 1) % partRows
}

// Cover puts rows into the act that were written beside its transaction, as InsertMany does with those it writes.
func (t *Tx) Cover(d *Digests) { t.parts = append(t.parts, d.parts...) }
