package sheet

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Format is a kind of file to write.
type Format string

// The formats.
const (
	XLSX Format = "xlsx"
	CSV  Format = "csv"
)

// Writer writes a table row by row. Nothing is complete before Close.
type Writer struct {
	to   io.Writer
	book *excelize.File
	body *excelize.StreamWriter
	bold int
	used map[string]bool // names of sheets, in lower case as Excel compares them
	text *csv.Writer
	head int // the row that stands out
	n    int // where the last row stands
	line int // of a text: the line that comes next; a cell may have several
}

// Layout says how a sheet begins.
type Layout struct {
	Name  string   // in a workbook
	Head  int      // the row of its head, which stands out and stays in sight; 0 for none
	Cells []string // what stands in the head: columns are as wide as it needs
}

// frozenRows is how far down a head may stand and still stay in sight: below it the rest would have no room.
const frozenRows = 20

// NewWriter begins a file of one sheet with its head row. name is the sheet's, in a workbook.
func NewWriter(to io.Writer, f Format, name string, head []string) (*Writer, error) {
	w, err := Begin(to, f)
	if err != nil {
		return nil, err
	}
	if err := w.Sheet(Layout{Name: name, Head: 1, Cells: head}); err != nil {
		return nil, err
	}
	return w, w.Write(head)
}

// Begin begins a file that has no sheet yet.
func Begin(to io.Writer, f Format) (*Writer, error) {
	w := &Writer{to: to, used: map[string]bool{}}
	if f == CSV {
		// The mark tells a Chinese Excel that the text is UTF-8.
		if _, err := io.WriteString(to, "\ufeff"); err != nil {
			return nil, err
		}
		w.text = csv.NewWriter(to)
		w.text.UseCRLF = true
		return w, nil
	}
	w.book = excelize.NewFile()
	var err error
	w.bold, err = w.book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, NumFmt: 49})
	return w, err
}

// Sheet begins the next sheet; a text has one only.
func (w *Writer) Sheet(l Layout) error {
	first := len(w.used) == 0
	name := w.free(l.Name)
	w.head, w.n, w.line = l.Head, 0, 1
	if w.text != nil {
		if !first {
			return errors.New("sheet: a text has one sheet")
		}
		return nil
	}
	var err error
	if first {
		err = w.book.SetSheetName("Sheet1", name)
	} else if err = w.body.Flush(); err == nil {
		_, err = w.book.NewSheet(name)
	}
	if err != nil {
		return err
	}
	if w.body, err = w.book.NewStreamWriter(name); err != nil {
		return err
	}
	for i, h := range l.Cells {
		if err := w.body.SetColWidth(i+1, i+1, min(max(float64(2*utf8.RuneCountInString(h)+4), 10), 40)); err != nil {
			return err
		}
	}
	if l.Head < 1 || l.Head > frozenRows {
		return nil
	}
	return w.body.SetPanes(&excelize.Panes{Freeze: true, YSplit: l.Head, TopLeftCell: "A" + strconv.Itoa(l.Head+1), ActivePane: "bottomLeft"})
}

// free is a name for a sheet that no sheet before has.
func (w *Writer) free(s string) string {
	name := sheetName(s)
	for n := 2; w.used[strings.ToLower(name)]; n++ {
		r := []rune(sheetName(s))
		name = string(r[:min(len(r), 27)]) + " " + strconv.Itoa(n)
	}
	w.used[strings.ToLower(name)] = true
	return name
}

// sheetName is a name Excel takes: at most 31 characters as UTF-16 counts them, none of a few, no apostrophe at an end.
func sheetName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]`, r) {
			return -1
		}
		return r
	}, s)
	r := []rune(s)
	for len(utf16.Encode(r)) > 31 {
		r = r[:len(r)-1]
	}
	s = strings.Trim(string(r), "'")
	if s == "" {
		return "1"
	}
	return s
}

// Write adds a row below the last.
func (w *Writer) Write(cells []string) error { return w.put(w.n+1, cells) }

// Put adds a row where one stood that a Reader read, so that people find it under the number they were told. Rows are
// put in their order; the rows between stay empty.
func (w *Writer) Put(n int, cells []string) error { return w.put(max(n, w.n+1), cells) }

func (w *Writer) put(n int, cells []string) error {
	if w.text != nil {
		for ; w.line < n; w.line++ {
			if err := w.text.Write(nil); err != nil {
				return err
			}
		}
		out := make([]string, len(cells))
		w.n = w.line
		w.line++
		for i, c := range cells {
			out[i] = guard(c)
			w.line += strings.Count(c, "\n")
		}
		return w.text.Write(out)
	}
	if n > excelize.TotalRows { // lines of a text, most of them empty
		n = w.n + 1
	}
	w.n = n
	row := make([]any, len(cells))
	for i, c := range cells {
		row[i] = c
		if n == w.head {
			row[i] = excelize.Cell{StyleID: w.bold, Value: c}
		}
	}
	at, err := excelize.CoordinatesToCellName(1, n)
	if err != nil {
		return err
	}
	return w.body.SetRow(at, row)
}

// Close completes the file. The Writer's target stays open.
func (w *Writer) Close() error {
	if w.text != nil {
		w.text.Flush()
		return w.text.Error()
	}
	defer w.book.Close()
	if err := w.body.Flush(); err != nil {
		return err
	}
	return w.book.Write(w.to)
}

// formula are the characters that make a spreadsheet take a text for a formula.
const formula = "=+-@\t\r'"

// guard puts an apostrophe before what would be taken for a formula.
func guard(s string) string {
	if s != "" && strings.ContainsRune(formula, rune(s[0])) {
		return "'" + s
	}
	return s
}

func unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune(formula, rune(s[1])) {
		return s[1:]
	}
	return s
}
