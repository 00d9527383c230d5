package bench

import (
	"context"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/demo"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// tables are what a family has rows in, by the column that leads to its matter.
var tables = []struct{ name, by string }{
	{"matters", "id"}, {"tipoffs", "id"}, {"slips", "id"}, {"clues", "id"}, {"cases", "id"}, {"subjects", "matter_id"}, {"team", "matter_id"}, {"tallies", "matter_id"},
	{"clocks", "matter_id"}, {"clock_entries", "clock_id"}, {"fires", "matter_id"}, {"proposals", "matter_id"}, {"proposal_steps", "proposal_id"}, {"papers", "matter_id"},
}

// form is a table as it is cloned: the columns of its covered table, the tenant in front.
type form struct {
	*ledger.Table
	cols []string
}

func forms() []form {
	var out []form
	for _, t := range tables {
		i := slices.IndexFunc(app.Covered(), func(c *ledger.Table) bool { return c.Name == t.name })
		c := app.Covered()[i]
		out = append(out, form{c, append([]string{"city_id"}, c.Columns()...)})
	}
	return out
}

// slot is something of a family that is another one in every clone.
type slot struct {
	what   byte   // 'k' a new key, 'u' a unit, 'p' a person, 'h' a holding, 'o' an official
	old    id.Key // in the model
	micros int64  // of a new key
	kind   string // of a person's or holding's post; of an official's
	unit   id.Key // where they are in the model
	person id.Key // whose a holding is
}

// piece is a part of a text: words that stay, or a slot's key or name.
type piece struct {
	text string
	slot int
	as   byte // 't' text, 'k' key, 'n' name, 's' short name, 'c' the city's number, '#' the clone's number
}

// cell is a column's value: it stays, or is made of pieces, or is moved in time.
type cell struct {
	as     byte // '=' stays, 'k' a slot's key, 'x' pieces, 'd' a day (slot is its number), 'i' an instant, 'c' the city, '+' words to search for may follow
	v      any
	slot   int
	pieces []piece
}

type line struct {
	form  int
	cells []cell
	lean  bool // left out of clones that are not whole
}

type textOf struct {
	slot            int // the matter
	plain           []piece
	terms           []string
	county, handler int // slots, -1 for none
}

// family is a root matter of the model with what belongs to it, ready to be cloned.
type family struct {
	vec         [4]int // tip-offs, clues, cases, slips
	clocks      int    // open duties
	slots       []slot
	lines       []line
	by          [][]int32 // lines by form
	texts       []textOf
	first, last calendar.Date
	open        bool
}

// record is a row by its columns.
type record map[string]any

type reader struct {
	ctx    context.Context
	r      db.Reader
	units  map[id.Key]*unit
	people map[id.Key]slot // by person and by holding
	offs   map[id.Key]slot
	fixed  map[id.Key]bool // units, people and posts of the province, which stay who they are
}

func (m *reader) rows(f form) ([]record, error) {
	text := `SELECT ` + f.List("t") + ` FROM ` + f.Name + ` t WHERE t.city_id = $1`
	rows, err := m.r.Query(m.ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	cols := f.Columns()
	var out []record
	for rows.Next() {
		vals, ptrs := make([]any, len(cols)), make([]any, len(cols))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			return nil, err
		}
		rec := record{}
		for i, c := range cols {
			if b, ok := vals[i].([]byte); ok {
				vals[i] = string(b)
			}
			rec[c] = vals[i]
		}
		out = append(out, rec)
	}
	return out, rows.Err()
}

// readFamilies reads every family of the model that can stand anywhere else: none whose people are barred or recused,
// whose report was sealed away with files, or that left the city.
func (m *reader) readFamilies(fs []form) ([]family, error) {
	barred, err := db.Column[string](m.ctx, m.r, `SELECT b.root_id FROM bars b WHERE b.city_id = $1 UNION SELECT n.root_id FROM namesakes n WHERE n.city_id = $1 UNION SELECT r.root_id FROM recusals r WHERE r.city_id = $1 UNION SELECT f.root_id FROM files f WHERE f.city_id = $1`)
	if err != nil {
		return nil, err
	}
	skip := map[string]bool{}
	for _, k := range barred {
		skip[k] = true
	}
	root, parent := map[string]string{}, map[string]string{} // matter → root; clock, proposal → matter
	by := map[string][]line0{}
	for i, f := range fs {
		recs, err := m.rows(f)
		if err != nil {
			return nil, err
		}
		for _, r := range recs {
			of := r[tables[i].by].(string)
			switch f.Name {
			case "matters":
				root[of] = r["root_id"].(string)
			case "clocks", "proposals":
				parent[r["id"].(string)] = of
			}
			if p, ok := parent[of]; ok {
				of = p
			}
			if k, ok := root[of]; ok && !skip[k] {
				by[k] = append(by[k], line0{i, r})
			}
		}
	}
	plain := map[string]string{}
	rows, err := m.r.Query(m.ctx, `SELECT matter_id, plain FROM texts WHERE city_id = $1`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var k, p string
		if err := rows.Scan(&k, &p); err != nil {
			return nil, err
		}
		plain[k] = p
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(by))
	for k := range by {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var out []family
	for _, k := range keys {
		f, ok := m.family(fs, by[k], plain)
		if ok {
			out = append(out, f)
		}
	}
	return out, nil
}

type line0 struct {
	form int
	rec  record
}

var (
	reKey = regexp.MustCompile(`(?:\b(\d+)\.)?([0-7][0-9A-HJKMNP-TV-Z]{25})`)
	reDay = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	reNo  = regexp.MustCompile(`(\d+)号`)
)

// moments are columns that hold instants; cityOf columns that hold a tenant.
var (
	moments = []string{"at", "made_at", "ended_at", "signed_at"}
	cityOf  = []string{"organ_city", "handler_city", "owed_city", "unit_city", "person_city", "to_city"}
)

// builder makes one family.
type builder struct {
	*reader
	f     family
	at    map[id.Key]int // slots by key
	names []piece        // what is another name in every clone, the longest first
}

func (m *reader) family(fs []form, lines []line0, plain map[string]string) (family, bool) {
	b := builder{reader: m, at: map[id.Key]int{}}
	b.f.first, b.f.last = "9999-12-31", ""
	for _, l := range lines { // slots first, for names may stand before keys
		for _, v := range l.rec {
			if s, ok := v.(string); ok {
				for _, k := range reKey.FindAllStringSubmatch(s, -1) {
					if !b.fixed[k[2]] && (k[1] == "" || k[1] == strconv.Itoa(int(demo.City))) {
						b.slot(k[2])
					}
				}
				if reDay.MatchString(s) && s > string(b.f.last) && s <= string(m.r.Now().Date()) {
					b.f.last = calendar.Date(s)
				}
			}
		}
	}
	for i, s := range b.f.slots {
		switch s.what {
		case 'u':
			u := m.units[s.old]
			b.names = append(b.names, piece{u.Name, i, 'n'})
			if u.Kind == "county" && u.Short != u.Name {
				b.names = append(b.names, piece{u.Short, i, 's'})
			}
		case 'o':
			b.names = append(b.names, piece{m.offs[s.old].kind, i, 'n'})
		}
	}
	sort.SliceStable(b.names, func(i, j int) bool { return len(b.names[i].text) > len(b.names[j].text) })
	number := map[string]string{}
	for _, l := range lines {
		name := fs[l.form].Name
		out := line{form: l.form, cells: []cell{{as: 'c'}}}
		for _, c := range fs[l.form].Columns() {
			out.cells = append(out.cells, b.cell(name, c, l.rec[c]))
		}
		switch name {
		case "matters":
			k := slices.Index([]string{"tipoff", "clue", "case", "slip"}, l.rec["kind"].(string))
			if k < 0 || l.rec["organ_city"] != int64(demo.City) || l.rec["handler_city"] != int64(demo.City) && l.rec["handler_city"] != int64(0) {
				return b.f, false
			}
			b.f.vec[k]++
			b.f.open = b.f.open || truth(l.rec["open"])
			b.f.first = min(b.f.first, calendar.Date(l.rec["received_on"].(string)))
			number[l.rec["id"].(string)] = l.rec["no"].(string)
			if err := b.text(l.rec, plain); err != nil {
				return b.f, false
			}
		case "clocks":
			if s := l.rec["state"]; s == "open" || s == "paused" {
				b.f.open = true
				b.f.clocks++
			} else {
				out.lean = !truth(l.rec["legal"])
			}
		case "proposals":
			out.lean = l.rec["state"] != "open"
			b.f.open = b.f.open || l.rec["state"] == "open"
		}
		b.f.lines = append(b.f.lines, out)
	}
	b.followLean(fs)
	b.f.by = make([][]int32, len(fs))
	for i, l := range b.f.lines {
		b.f.by[l.form] = append(b.f.by[l.form], int32(i))
	}
	return b.f, true
}

// followLean leaves out with a duty its entries and what fired, with a proposal its signatures.
func (b *builder) followLean(fs []form) {
	out := map[int]bool{}
	for _, l := range b.f.lines {
		if n := fs[l.form].Name; l.lean && (n == "clocks" || n == "proposals") {
			out[l.cells[1].slot] = true
		}
	}
	for i, l := range b.f.lines {
		switch fs[l.form].Name {
		case "clock_entries", "proposal_steps", "fires":
			b.f.lines[i].lean = out[l.cells[1].slot]
		}
	}
}

func truth(v any) bool { return v == true || v == int64(1) }

// slot is the place of a key among what changes.
func (b *builder) slot(k id.Key) int {
	if i, ok := b.at[k]; ok {
		return i
	}
	s := slot{what: 'k', old: k, micros: id.Micros(k)}
	if u, ok := b.units[k]; ok {
		s = slot{what: 'u', old: k, kind: u.Kind}
	} else if p, ok := b.people[k]; ok {
		s = p
	} else if o, ok := b.offs[k]; ok {
		s = slot{what: 'o', old: k, kind: o.kind, unit: o.unit}
	}
	b.at[k] = len(b.f.slots)
	b.f.slots = append(b.f.slots, s)
	return b.at[k]
}

func (b *builder) cell(table, col string, v any) cell {
	switch x := v.(type) {
	case int64:
		switch {
		case slices.Contains(cityOf, col) && x == int64(demo.City):
			return cell{as: 'c'}
		case slices.Contains(moments, col) && x > 0:
			return cell{as: 'i', v: x}
		}
	case string:
		switch {
		case id.ValidKey(x) && b.fixed[x]:
		case id.ValidKey(x):
			return cell{as: 'k', slot: b.slot(x)}
		case reDay.MatchString(x):
			if n := calendar.Date(x).Sub(firstDay); n > farDays && n < manyDays-farDays {
				return cell{as: 'd', slot: n}
			}
		}
		ps := b.pieces(x)
		if col == "no" && table == "matters" {
			ps = numbered(ps)
		}
		if col == "summary" {
			return cell{as: '+', pieces: ps}
		}
		if len(ps) > 1 || len(ps) == 1 && ps[0].as != 't' {
			return cell{as: 'x', pieces: ps}
		}
	}
	return cell{as: '=', v: v}
}

// pieces cuts a text at what changes: keys, with or without their tenant, and names of units and of officials.
func (b *builder) pieces(s string) []piece {
	var out []piece
	for s != "" {
		at, end, found := len(s), len(s), []piece(nil)
		if m := reKey.FindStringSubmatchIndex(s); m != nil {
			at, end = m[0], m[1]
			switch tenant, key := s[max(m[2], 0):max(m[3], 0)], s[m[4]:m[5]]; {
			case b.fixed[key] || tenant != "" && tenant != strconv.Itoa(int(demo.City)):
				found = stays(s[at:end])
			case tenant == "":
				found = []piece{{slot: b.slot(key), as: 'k'}}
			default:
				found = []piece{{as: 'c'}, {text: ".", as: 't'}, {slot: b.slot(key), as: 'k'}}
			}
		}
		for _, n := range b.names {
			if i := strings.Index(s, n.text); i >= 0 && i < at {
				at, end, found = i, i+len(n.text), []piece{{slot: n.slot, as: n.as}}
			}
		}
		out = append(append(out, stays(s[:at])...), found...)
		s = s[end:]
	}
	return out
}

func stays(s string) []piece {
	if s == "" {
		return nil
	}
	return []piece{{text: s, as: 't'}}
}

// numbered puts the clone's number where the model's stands.
func numbered(ps []piece) []piece {
	var out []piece
	done := false
	for _, p := range ps {
		m := reNo.FindStringSubmatchIndex(p.text)
		if done || p.as != 't' || m == nil {
			out = append(out, p)
			continue
		}
		done = true
		out = append(append(out, stays(p.text[:m[2]])...), piece{as: '#'})
		out = append(out, stays(p.text[m[3]:])...)
	}
	return out
}

// text is what is searched of a matter.
func (b *builder) text(rec record, plain map[string]string) error {
	key := rec["id"].(string)
	p, ok := plain[key]
	if !ok {
		return nil // a slip has none
	}
	t := textOf{slot: b.slot(key), plain: numbered(b.pieces(p)), county: -1, handler: -1, terms: flow.SearchTerms(&flow.Matter{Kind: rec["kind"].(string), Level: int(rec["level"].(int64))})}
	if c := rec["county_id"].(string); c != "" {
		t.county = b.slot(c)
	}
	if h := rec["handler_id"].(string); h != "" {
		t.handler = b.slot(h)
	}
	b.f.texts = append(b.f.texts, t)
	return nil
}
