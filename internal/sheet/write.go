package sheet

import (
	"encoding/csv"
	"io"
	"strings"
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
	text *csv.Writer
	n    int
}

// NewWriter begins a file with its head row. name is the sheet's, in a workbook; columns are as wide as the head needs.
func NewWriter(to io.Writer, f Format, name string, head []string) (*Writer, error) {
	w := &Writer{to: to}
	if f == CSV {
		// The mark tells a Chinese Excel that the text is UTF-8.
		if _, err := io.WriteString(to, "\ufeff"); err != nil {
			return nil, err
		}
		w.text = csv.NewWriter(to)
		w.text.UseCRLF = true
		return w, w.Write(head)
	}
	w.book = excelize.NewFile()
	if err := w.book.SetSheetName("Sheet1", sheetName(name)); err != nil {
		return nil, err
	}
	var err error
	if w.body, err = w.book.NewStreamWriter(sheetName(name)); err != nil {
		return nil, err
	}
	for i, h := range head {
		if err := w.body.SetColWidth(i+1, i+1, min(max(float64(2*utf8.RuneCountInString(h)+4), 10), 40)); err != nil {
			return nil, err
		}
	}
	if err := w.body.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	bold, err := w.book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, NumFmt: 49})
	if err != nil {
		return nil, err
	}
	cells := make([]any, len(head))
	for i, h := range head {
		cells[i] = excelize.Cell{StyleID: bold, Value: h}
	}
	w.n = 1
	return w, w.body.SetRow("A1", cells)
}

// sheetName is a name Excel takes: at most 31 characters, none of a few.
func sheetName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 31 {
		s = string(r[:31])
	}
	if s == "" {
		return "1"
	}
	return s
}

// Write adds a row.
func (w *Writer) Write(cells []string) error {
	w.n++
	if w.text != nil {
		out := make([]string, len(cells))
		for i, c := range cells {
			out[i] = guard(c)
		}
		return w.text.Write(out)
	}
	row := make([]any, len(cells))
	for i, c := range cells {
		row[i] = c
	}
	at, err := excelize.CoordinatesToCellName(1, w.n)
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
