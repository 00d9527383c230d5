package exchange

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/sheet"
)

// outline is what has to be known of a sheet before it can be written again.
type outline struct {
	name  string
	head  int // the row of its head; 0 when it was not read
	cells []string
	old   map[int]bool // columns in which reasons were given before
	width int          // columns that hold anything else
}

// Annotate writes the table again with a column of what is wrong in each row, for people to mend and send again: every
// sheet, with the rows above its head, each row where it stood, and the reasons right of everything. A text has room for
// one sheet: the one that was read.
func (s *Service) Annotate(src io.ReaderAt, size int64, rep Report, to io.Writer, f sheet.Format, lang string) error {
	if rep.Kind == "holidays" {
		if _, rows, err := noticeText(src, size); err == nil && rows != nil {
			return annotateTable(src, size, rep, to, f, lang)
		}
		return annotateNotices(src, size, rep, to, lang)
	}
	cols := tables[rep.Kind].columns
	sheets, err := outlines(src, size, cols)
	if err != nil {
		return err
	}
	if f == sheet.CSV {
		if sheets, err = theOne(sheets); err != nil {
			return err
		}
	}
	why := reasons(rep, lang)
	in, err := open(src, size, cols)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := sheet.Begin(to, f)
	if err != nil {
		return err
	}
	var at *outline
	for {
		row, head, err := in.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if at == nil || at.name != row.Sheet {
			if at = sheets[row.Sheet]; at == nil { // no room for it in a text
				continue
			}
			if err := out.Sheet(at.layout(rep.Kind, lang)); err != nil {
				return err
			}
		}
		cells := at.clean(row.Cells, in.at)
		switch {
		case head:
			cells = at.with(cells, locale.T(lang, "sheet.reason"))
		case in.at != nil:
			cells = at.with(cells, why[spot{row.Sheet, row.N}])
		}
		if err := out.Put(row.N, cells); err != nil {
			return err
		}
	}
	return out.Close()
}

// outlines looks through the whole file first: where the reasons go is right of the longest row.
func outlines(src io.ReaderAt, size int64, cols []column) (map[string]*outline, error) {
	in, err := open(src, size, cols)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, found := map[string]*outline{}, false
	for {
		row, head, err := in.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		o := out[row.Sheet]
		if o == nil {
			o = &outline{name: row.Sheet, old: map[int]bool{}}
			out[row.Sheet] = o
		}
		if head {
			found, o.head = true, row.N
			for i, v := range row.Cells {
				o.old[i] = v != "" && (v == locale.T(locale.Zh, "sheet.reason") || v == locale.T(locale.En, "sheet.reason"))
			}
			o.cells = o.clean(row.Cells, in.at)
		}
		o.width = max(o.width, len(o.clean(row.Cells, in.at)))
	}
	if !found {
		return nil, headless(cols)
	}
	return out, nil
}

// theOne is the sheet that was read, if there is just one.
func theOne(all map[string]*outline) (map[string]*outline, error) {
	out := map[string]*outline{}
	for name, o := range all {
		if o.head > 0 {
			out[name] = o
		}
	}
	if len(out) > 1 {
		return nil, fault.New(fault.Invalid, "sheet.several")
	}
	return out, nil
}

func (o *outline) layout(kind, lang string) sheet.Layout {
	l := sheet.Layout{Name: o.name, Head: o.head}
	if l.Name == "" { // a text's
		l.Name = locale.T(lang, "sheet.kind."+kind)
	}
	if o.head > 0 {
		l.Cells = o.with(o.cells, locale.T(lang, "sheet.reason"))
	}
	return l
}

// clean is a row without reasons given before and without empty cells at its end. A day that Excel keeps as a number is
// written as a day: a cell of text shows the number, which nobody can mend.
func (o *outline) clean(cells, at []string) []string {
	out := make([]string, len(cells))
	n := 0
	for i, v := range cells {
		if at != nil && o.old[i] {
			continue
		}
		if out[i] = v; i < len(at) {
			out[i] = written(at[i], v)
		}
		if v != "" {
			n = i + 1
		}
	}
	return out[:n]
}

// with is a row with a text right of everything.
func (o *outline) with(cells []string, why string) []string {
	if why == "" {
		return cells
	}
	out := make([]string, o.width+1)
	copy(out, cells)
	out[o.width] = why
	return out
}

// dayColumns are the columns of days, and whether a month is all they hold.
var dayColumns = map[string]bool{"opened": false, "since": false, "from": false, "to": false, "day": false, "received": false, "ended": false, "disposed": false, "filed": false,
	"decided": false, "born": true}

func written(col, v string) string {
	month, known := dayColumns[col]
	if _, err := strconv.ParseFloat(v, 64); !known || err != nil {
		return v
	}
	if month {
		if m, ok := sheet.Month(v); ok {
			return m
		}
	} else if d, ok := sheet.Day(v); ok {
		return string(d)
	}
	return v
}

// spot is a row of a file.
type spot struct {
	sheet string
	row   int
}

// reasons are what is wrong, by row.
func reasons(rep Report, lang string) map[spot]string {
	why := map[spot]string{}
	for _, l := range rep.wrong {
		var ts []string
		for _, p := range l.Problems {
			ts = append(ts, p.Text(lang))
		}
		why[spot{l.Sheet, l.Row}] = strings.Join(ts, locale.T(lang, "sheet.and"))
	}
	return why
}

// annotateNotices writes a text of notices again with what is wrong as a comment at the end of the line.
func annotateNotices(src io.ReaderAt, size int64, rep Report, to io.Writer, lang string) error {
	b, err := io.ReadAll(io.NewSectionReader(src, 0, size))
	if err != nil {
		return err
	}
	why := reasons(rep, lang)
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		text := strings.TrimRight(line, "\r\n")
		if x := why[spot{"", n}]; x != "" {
			line = text + " # " + locale.T(lang, "sheet.reason") + locale.T(lang, "punct.colon") + x + line[len(text):]
		}
		if _, err := fmt.Fprint(to, line); err != nil {
			return err
		}
	}
	return nil
}
