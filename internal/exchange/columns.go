package exchange

import (
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/platform/text"
	"qianshao/internal/sheet"
	"qianshao/internal/typed"
)

// column is a column of a kind. Its names in both languages are in locale; also are other names people use.
type column struct {
	code string
	must bool // the file must have it
	also []string
}

func head(cols []column, lang string) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = ColumnName(lang, c.code)
	}
	return out
}

// record is one row with its cells, in the order of its sheet's columns. A file has a hundred thousand of them.
type record struct {
	in    *columns
	n     int
	cells []string
}

// columns are the columns that were recognised in a sheet: their codes, and where each stands in a row.
type columns struct {
	sheet string
	codes []string
	at    []int
}

func (r record) get(col string) string {
	if i := slices.Index(r.in.codes, col); i >= 0 {
		return r.cells[i]
	}
	return ""
}

// set puts something else into a cell of a column that the sheet has.
func (r record) set(col, v string) { r.cells[slices.Index(r.in.codes, col)] = v }

// headRows is how far down a sheet its head row is looked for: titles and notes may stand above it.
const headRows = 12

// reader reads a file row by row and knows what each row is.
type reader struct {
	*sheet.Reader
	cols  []column
	name  string
	begun bool
	above int
	at    []string // the column of each cell of the sheet at hand; nil before its head row
}

func open(src io.ReaderAt, size int64, cols []column) (*reader, error) {
	in, err := sheet.Open(src, size)
	return &reader{Reader: in, cols: cols}, err
}

// next is the next row, or io.EOF. head says that it is the head row of its sheet: at is set from there on. Sheets that
// have none are read past: at stays nil.
func (r *reader) next() (row sheet.Row, head bool, err error) {
	if row, err = r.Next(); err != nil {
		return row, false, err
	}
	if !r.begun || row.Sheet != r.name {
		r.begun, r.name, r.above, r.at = true, row.Sheet, 0, nil
	}
	if r.at == nil {
		if r.above++; r.above <= headRows {
			r.at = matchHead(row.Cells, r.cols)
		}
		return row, r.at != nil, nil
	}
	return row, false, nil
}

// headless is the fault of a file in which no head row was found: it names the columns one must have.
func headless(cols []column) error {
	var must []string
	for _, c := range cols {
		if c.must {
			must = append(must, ColumnName(locale.Zh, c.code))
		}
	}
	return fault.New(fault.Invalid, "sheet.head", strings.Join(must, "、"))
}

// contents are what a file holds: its rows, and how the head rows of its sheets were understood.
type contents struct {
	rows  []record
	have  map[string]bool // columns the file has
	heads []Head
}

// read reads every sheet that has a head row. A file without any is the fault sheet.head, which names the columns that
// are missing.
func read(src io.ReaderAt, size int64, cols []column, tell Progress) (contents, error) {
	out := contents{have: map[string]bool{}}
	in, err := open(src, size, cols)
	if err != nil {
		return out, err
	}
	defer in.Close()
	var known *columns
	for {
		row, head, err := in.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return out, err
		}
		if n := len(out.heads); n == 0 || out.heads[n-1].Sheet != row.Sheet {
			out.heads = append(out.heads, Head{Sheet: row.Sheet})
		}
		if head {
			h := &out.heads[len(out.heads)-1]
			h.Row, known = row.N, &columns{sheet: row.Sheet}
			for i, c := range in.at {
				if c != "" {
					out.have[c] = true
					known.codes, known.at = append(known.codes, c), append(known.at, i)
				}
				if row.Cells[i] != "" {
					h.Columns = append(h.Columns, Taken{shown(row.Cells[i]), c})
				}
			}
			continue
		}
		if in.at == nil {
			continue
		}
		rec, some := record{known, row.N, make([]string, len(known.at))}, false
		for i, at := range known.at {
			if at < len(row.Cells) && row.Cells[at] != "" {
				rec.cells[i], some = row.Cells[at], true
			}
		}
		if some {
			if out.rows = append(out.rows, rec); len(out.rows)%1000 == 0 {
				tell("read", len(out.rows), 0)
			}
		}
	}
	if len(out.have) == 0 {
		return out, headless(cols)
	}
	return out, nil
}

// matchHead says which column each cell of a head row is, "" for one that is not known; nil when the row is no head
// row: it lacks a column that must be there.
func matchHead(cells []string, cols []column) []string {
	at := make([]string, len(cells))
	have := map[string]bool{}
	for i, v := range cells {
		v = strings.ReplaceAll(text.Name(v), "*", "")
		if k := strings.Index(v, "("); k > 0 {
			v = v[:k]
		}
		for _, c := range cols {
			if have[c.code] {
				continue
			}
			names := append([]string{c.code, ColumnName(locale.Zh, c.code), ColumnName(locale.En, c.code)}, c.also...)
			if v != "" && slices.ContainsFunc(names, func(n string) bool { return text.Name(n) == v }) {
				at[i], have[c.code] = c.code, true
				break
			}
		}
	}
	for _, c := range cols {
		if c.must && !have[c.code] {
			return nil
		}
	}
	return at
}

// form reads the cells of one row and gathers what is wrong with them.
type form struct {
	p    *pass
	rec  record
	bad  []Problem
	name string
}

func (f *form) say(col, code string, args ...string) {
	for i, a := range args {
		args[i] = shown(a)
	}
	f.bad = append(f.bad, Problem{col, code, args})
}

// shown is what a file says as a message may repeat it: without characters that would turn the message around, and
// not at any length.
func shown(s string) string {
	const most = 120
	var out []rune
	for _, r := range s {
		if _, ok := typed.Clean(string(r), false); ok {
			out = append(out, r)
		}
	}
	if len(out) > most {
		out = append(out[:most], '…')
	}
	return string(out)
}

// text is a cell of one line, of at most so many characters; para one that may have several lines. Both take what a
// form takes: an import is no way around it.
func (f *form) text(col string, must bool, limit int) string {
	return f.typed(col, f.rec.get(col), must, limit, false)
}

func (f *form) para(col string, must bool, limit int) string {
	return f.typed(col, f.rec.get(col), must, limit, true)
}

func (f *form) typed(col, v string, must bool, limit int, lines bool) string {
	v, ok := typed.Clean(v, lines)
	switch {
	case v == "" && must:
		f.say(col, "required")
	case len([]rune(v)) > limit:
		f.say(col, "text.long", itoa(limit))
	case !ok || strings.ContainsRune(v, '\ufffd'): // what could not be read where the file was made
		f.say(col, "text.control")
	case rounded.MatchString(v):
		f.say(col, "sheet.rounded", v)
	}
	return v
}

// rounded is what a spreadsheet leaves of a number of more than fifteen digits that was not kept as text.
var rounded = regexp.MustCompile(`^[1-9](\.[0-9]+)?[Ee]\+?[0-9]{2}$`)

// texts is a cell that names several things, each once.
func (f *form) texts(col string, limit int) []string {
	var out []string
	for _, v := range sheet.List(f.rec.get(col)) {
		if v = f.typed(col, v, false, limit, false); v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func (f *form) day(col string, must bool) calendar.Date {
	d := f.date(col, must)
	if d > f.p.today {
		f.say(col, "day.future")
	}
	return d
}

// date is a day that may lie ahead.
func (f *form) date(col string, must bool) calendar.Date {
	d, ok := sheet.Day(text.Fold(f.rec.get(col)))
	switch {
	case !ok, d != "" && d < "1949-10-01":
		f.say(col, "day.invalid")
	case d == "" && must:
		f.say(col, "required")
	}
	return d
}

func (f *form) month(col string) string {
	m, ok := sheet.Month(text.Fold(f.rec.get(col)))
	if !ok {
		f.say(col, "sheet.month")
	}
	return m
}

func (f *form) number(col string) int {
	n, ok := sheet.Number(text.Fold(f.rec.get(col)))
	if !ok {
		f.say(col, "sheet.number")
	}
	return n
}

func (f *form) yes(col string) bool {
	y, ok := sheet.Yes(text.Fold(f.rec.get(col)))
	if !ok {
		f.say(col, "sheet.yes_no")
	}
	return y
}

func (f *form) unit(col string, must bool, kinds ...string) access.Unit {
	v := f.rec.get(col)
	if v == "" {
		if must {
			f.say(col, "required")
		}
		return access.Unit{}
	}
	u, code, said := f.p.units.find(v)
	if code != "" {
		f.say(col, code, said...)
	} else if len(kinds) > 0 && !slices.Contains(kinds, u.Kind) {
		f.say(col, "sheet.unit_kind", u.Name)
	}
	return u
}

// choice is a cell that must name one of several things, by code or by name in either language.
func (f *form) choice(col string, must bool, options map[string]string) string {
	v := f.rec.get(col)
	if v == "" {
		if must {
			f.say(col, "required")
		}
		return ""
	}
	if code, ok := options[text.Name(v)]; ok && legible(v) {
		return code
	}
	f.say(col, "sheet.choice", v)
	return ""
}

// done adds the row's line to the report and says whether the row is right.
func (f *form) done(what, name string, changes []Changed) bool {
	l := Line{Sheet: f.rec.in.sheet, Row: f.rec.n, What: what, Name: shown(name), Changes: changes, Problems: f.bad}
	if len(f.bad) > 0 {
		l.What, l.Changes = Wrong, nil
	}
	f.p.rep.add(l)
	if l.What == New || l.What == Change {
		f.p.work = append(f.p.work, f.rec)
	}
	return len(f.bad) == 0
}

// legible says whether a cell holds nothing that turns text around.
func legible(v string) bool {
	_, ok := typed.Clean(v, true)
	return ok
}

// goesBy adds the names that a choice goes by.
func goesBy(choices map[string]string, code string, names ...string) {
	for _, n := range names {
		choices[text.Name(n)] = code
	}
}

// terms are the choices of a list of the rulebook.
func (s *Service) terms(list string, on calendar.Date) map[string]string {
	out := map[string]string{}
	for _, t := range s.Rules.Terms(list, on) {
		goesBy(out, t.Code, t.Code, t.Name.Zh, t.Name.En)
	}
	return out
}

func (s *Service) ranks() map[string]string {
	out := map[string]string{}
	for _, r := range s.Rules.Ranks() {
		goesBy(out, r.Code, r.Code, r.Name.Zh, r.Name.En)
	}
	return out
}

// differ lists what changes between two values of some columns.
func differ(list *[]Changed, col, from, to string) bool {
	if from == to {
		return false
	}
	*list = append(*list, Changed{col, from, to})
	return true
}

// itoa is a number of a message.
func itoa(n int) string { return strconv.Itoa(n) }
