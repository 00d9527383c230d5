package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"qianshao/internal/fault"
)

// The bounds of a file. They are there to refuse an attack, and lie well above what anybody keeps by hand.
const (
	MaxBytes    = 64 << 20  // of the file as it comes
	maxUnpacked = 128 << 20 // of a workbook's parts together: it is read in memory, for what is in it must not touch the disk in clear
	maxRatio    = 200       // unpacked to packed
	maxParts    = 2000
	MaxRows     = 500_000
	maxColumns  = 200
	maxCell     = 32_767 // characters, as in Excel itself
)

// Row is one row that is not empty: where it stands, counted from 1, and its cells as text, without spaces around them.
type Row struct {
	Sheet string // "" for a text file
	N     int
	Cells []string
}

// Reader reads a file row by row. Close it.
type Reader struct {
	book   *excelize.File
	sheets []string
	rows   *excelize.Rows
	sheet  string
	text   *csv.Reader
	n      int
	total  int
	most   int
}

// Allow lets a file have more rows than MaxRows: for what an operator sets a deployment up from, not for what is sent in.
func (r *Reader) Allow(rows int) { r.most = rows }

// Open recognises a file. What is neither a workbook nor a text is the fault sheet.format, an old or locked workbook
// sheet.old, too large a one sheet.large.
func Open(src io.ReaderAt, size int64) (*Reader, error) {
	if size > MaxBytes {
		return nil, fault.New(fault.TooLarge, "sheet.large", strconv.Itoa(MaxBytes>>20))
	}
	head := make([]byte, 8)
	n, err := src.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return openBook(src, size)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, fault.New(fault.Invalid, "sheet.old")
	}
	return openText(io.NewSectionReader(src, 0, size))
}

func openBook(src io.ReaderAt, size int64) (*Reader, error) {
	z, err := zip.NewReader(src, size)
	if err != nil {
		return nil, fault.New(fault.Invalid, "sheet.format").Because(err)
	}
	var unpacked uint64
	for _, f := range z.File {
		unpacked += f.UncompressedSize64 // the zip package reads no more of a part than it declares
		if unpacked > maxUnpacked || f.UncompressedSize64 > 1<<20 && f.UncompressedSize64 > maxRatio*max(f.CompressedSize64, 1) {
			return nil, fault.New(fault.TooLarge, "sheet.bomb")
		}
	}
	if len(z.File) > maxParts {
		return nil, fault.New(fault.TooLarge, "sheet.bomb")
	}
	book, err := excelize.OpenReader(io.NewSectionReader(src, 0, size), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return nil, fault.New(fault.Invalid, "sheet.format").Because(err)
	}
	return &Reader{book: book, sheets: book.GetSheetList()}, nil
}

func openText(src io.ReadSeeker) (*Reader, error) {
	in, err := decoded(src)
	if err != nil {
		return nil, err
	}
	b := bufio.NewReaderSize(in, 64<<10)
	r := csv.NewReader(b)
	line, _ := b.Peek(4 << 10) // shorter files give what there is
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	for _, d := range []string{"\t", ";"} {
		if bytes.Count(line, []byte(d)) > bytes.Count(line, []byte{','}) {
			r.Comma = rune(d[0])
		}
	}
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	return &Reader{text: r}, nil
}

// decoded is the text as UTF-8. Without a mark it is UTF-8 if all of it is, else GB 18030 if all of it is.
func decoded(src io.ReadSeeker) (io.Reader, error) {
	mark := make([]byte, 3)
	n, err := io.ReadFull(src, mark)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	mark = mark[:n]
	from := int64(0)
	var t transform.Transformer
	switch {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		from = 3
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		t = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
	default:
		ok, err := allValid(src)
		if err != nil {
			return nil, err
		}
		if !ok {
			t = simplifiedchinese.GB18030.NewDecoder()
		}
	}
	check := func() (io.Reader, error) {
		if _, err := src.Seek(from, io.SeekStart); err != nil {
			return nil, err
		}
		if t == nil {
			return src, nil
		}
		t.Reset()
		return transform.NewReader(src, t), nil
	}
	in, err := check()
	if err != nil {
		return nil, err
	}
	if err := plain(in); err != nil {
		return nil, err
	}
	return check()
}

// allValid says whether the whole source is UTF-8.
func allValid(src io.ReadSeeker) (bool, error) {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	b := bufio.NewReader(src)
	for {
		r, n, err := b.ReadRune()
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if r == utf8.RuneError && n == 1 {
			return false, nil
		}
	}
}

// plain refuses what is no text: characters that could not be read, or control characters no table has.
func plain(in io.Reader) error {
	b := bufio.NewReader(in)
	for {
		r, _, err := b.ReadRune()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fault.New(fault.Invalid, "sheet.format").Because(err)
		}
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return fault.New(fault.Invalid, "sheet.format")
		}
	}
}

// Next is the next row that is not empty, io.EOF after the last.
func (r *Reader) Next() (Row, error) {
	for {
		row, err := r.next()
		if err != nil {
			return row, err
		}
		some := false
		for i, c := range row.Cells {
			if utf8.RuneCountInString(c) > maxCell {
				return row, fault.New(fault.TooLarge, "sheet.cell", strconv.Itoa(row.N))
			}
			row.Cells[i] = bare(c)
			some = some || row.Cells[i] != ""
		}
		if len(row.Cells) > maxColumns {
			return row, fault.New(fault.TooLarge, "sheet.columns", strconv.Itoa(row.N), strconv.Itoa(maxColumns))
		}
		if !some {
			continue
		}
		if r.total++; r.total > max(r.most, MaxRows) {
			return row, fault.New(fault.TooLarge, "sheet.rows", strconv.Itoa(max(r.most, MaxRows)))
		}
		return row, nil
	}
}

func (r *Reader) next() (Row, error) {
	if r.text != nil {
		cells, err := r.text.Read()
		if err != nil && err != io.EOF {
			return Row{}, fault.New(fault.Invalid, "sheet.format").Because(err)
		}
		if err == io.EOF {
			return Row{}, err
		}
		r.n, _ = r.text.FieldPos(0)
		out := make([]string, len(cells))
		for i, c := range cells {
			out[i] = unguard(c)
		}
		return Row{N: r.n, Cells: out}, nil
	}
	for {
		if r.rows == nil {
			if len(r.sheets) == 0 {
				return Row{}, io.EOF
			}
			var err error
			r.sheet, r.sheets, r.n = r.sheets[0], r.sheets[1:], 0
			if r.rows, err = r.book.Rows(r.sheet); err != nil {
				return Row{}, fault.New(fault.Invalid, "sheet.format").Because(err)
			}
		}
		if r.rows.Next() {
			r.n++
			cells, err := r.rows.Columns()
			if err != nil {
				return Row{}, fault.New(fault.Invalid, "sheet.format").Because(err)
			}
			return Row{Sheet: r.sheet, N: r.n, Cells: cells}, nil
		}
		if err := r.rows.Error(); err != nil {
			return Row{}, fault.New(fault.Invalid, "sheet.format").Because(err)
		}
		if err := r.rows.Close(); err != nil {
			return Row{}, err
		}
		r.rows = nil
	}
}

// Close lets go of what a workbook holds on disk.
func (r *Reader) Close() error {
	if r.book == nil {
		return nil
	}
	return r.book.Close()
}

// bare is a cell without the spaces, also the wide ones, around it.
func bare(s string) string {
	return strings.Trim(s, " \t\r\n\u00a0\u3000\ufeff")
}
