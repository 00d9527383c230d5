package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"qianshao/internal/fault"
)

func read(b []byte) ([]Row, error) {
	r, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, row)
	}
}

func write(t rapid.TB, f Format, rows [][]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, f, "名册", rows[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestWrittenIsRead holds for any text cell, formulas and quotes among them: what is written and read is the same.
func TestWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.Custom(func(t *rapid.T) string {
			s := rapid.StringOfN(rapid.RuneFrom([]rune("=+-@'\"a1中，、,;\t|\n ")), 1, 8, -1).Draw(t, "s")
			return bare(strings.ReplaceAll(s, "\r", "")) // cells are read without spaces around them
		})
		n := rapid.IntRange(1, 4).Draw(t, "columns")
		rows := [][]string{make([]string, n)}
		for i := range rows[0] {
			rows[0][i] = "列" + string(rune('a'+i))
		}
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			r := make([]string, n)
			for i := range r {
				r[i] = cell.Draw(t, "cell")
			}
			r[0] = "x" + r[0] // an empty row is no row
			rows = append(rows, r)
		}
		for _, f := range []Format{XLSX, CSV} {
			got, err := read(write(t, f, rows))
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(rows) {
				t.Fatalf("%s: wrote %d rows, read %d", f, len(rows), len(got))
			}
			for i := range rows {
				for k, want := range rows[i] {
					have := ""
					if k < len(got[i].Cells) {
						have = got[i].Cells[k]
					}
					if have != want {
						t.Fatalf("%s: row %d cell %d: wrote %q, read %q", f, i, k, want, have)
					}
				}
			}
		}
	})
}

// TestNothingIsAFormula looks at the file itself: no cell of a text begins as a formula, no cell of a workbook is one.
func TestNothingIsAFormula(t *testing.T) {
	rows := [][]string{{"姓名"}, {"=HYPERLINK(\"http://x\")"}, {"+1"}, {"-1"}, {"@SUM(A1)"}}
	for _, line := range strings.Split(string(write(t, CSV, rows)), "\r\n")[1:] {
		if line = strings.TrimPrefix(line, `"`); line != "" && line[0] != '\'' {
			t.Errorf("a text cell reads %q", line)
		}
	}
	z, err := zip.NewReader(bytes.NewReader(write(t, XLSX, rows)), int64(len(write(t, XLSX, rows))))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("<f>")) {
			t.Errorf("%s holds a formula", f.Name)
		}
	}
}

// TestRowsStandWhereTheyStood writes a workbook of several sheets, and a text, with rows put under numbers of their own:
// each is read again under its number, also below a cell of several lines.
func TestRowsStandWhereTheyStood(t *testing.T) {
	for _, f := range []Format{XLSX, CSV} {
		names := []string{"一", "一", "'a/b' [1]'", strings.Repeat("𠮷", 40), ""}
		if f == CSV {
			names = names[:1]
		}
		var b bytes.Buffer
		w, err := Begin(&b, f)
		if err != nil {
			t.Fatal(err)
		}
		at := []int{2, 3, 6, 30, 31}
		for _, name := range names {
			if err := w.Sheet(Layout{Name: name, Head: 2, Cells: []string{"列"}}); err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			for _, n := range at[:4] {
				cell := "第" + string(rune('a'+n))
				if n == 3 {
					cell += "\n二" // of a text it takes a line more
				}
				if err := w.Put(n, []string{"", cell}); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Write([]string{"末"}); err != nil {
				t.Fatal(err)
			}
		}
		if f == CSV && w.Sheet(Layout{Name: "二"}) == nil {
			t.Error("a text took two sheets")
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		rows, err := read(b.Bytes())
		if err != nil || len(rows) != len(at)*len(names) {
			t.Fatalf("%s: %d rows, %v", f, len(rows), err)
		}
		sheets := map[string]bool{}
		for i, r := range rows {
			sheets[r.Sheet] = true
			if r.N != at[i%len(at)] {
				t.Errorf("%s: row %d of %q was put at %d", f, r.N, r.Sheet, at[i%len(at)])
			}
		}
		if len(sheets) != len(names) || f == XLSX && !sheets["一"] {
			t.Errorf("%s: the sheets are %v", f, sheets)
		}
	}
}

func TestEncodings(t *testing.T) {
	const text = "单位代码,姓名\r\n990101001000,潘𠮷书\r\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	u16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(text, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]string{"utf-8": text, "marked": "\ufeff" + text, "gb18030": gb, "utf-16": u16, "semicolons": strings.ReplaceAll(text, ",", ";")} {
		rows, err := read([]byte(b))
		if err != nil || len(rows) != 2 || rows[1].Cells[1] != "潘𠮷书" || rows[0].Cells[0] != "单位代码" || rows[1].N != 2 {
			t.Errorf("%s: %v %v", name, rows, err)
		}
	}
}

func TestHostileFiles(t *testing.T) {
	bomb := func() []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, _ := z.Create("xl/worksheets/sheet1.xml") // a buffer takes everything
		zero := make([]byte, 1<<20)
		for range 300 {
			_, _ = w.Write(zero)
		}
		_ = z.Close()
		return b.Bytes()
	}()
	var noBook bytes.Buffer
	z := zip.NewWriter(&noBook)
	_, _ = z.Create("readme.txt") // a buffer takes everything
	_ = z.Close()
	for name, c := range map[string]struct {
		b    []byte
		code string
	}{
		"bomb":         {bomb, "sheet.bomb"},
		"no workbook":  {noBook.Bytes(), "sheet.format"},
		"cut short":    {write(t, XLSX, [][]string{{"a"}, {"b"}})[:600], "sheet.format"},
		"old workbook": {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "sheet.old"},
		"a picture":    {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "sheet.format"},
		"control":      {[]byte("a,b\n\x00\x01,c\n"), "sheet.format"},
		"wide":         {[]byte(strings.Repeat("x,", 300) + "\n"), "sheet.columns"},
		"long cell":    {[]byte("a\n" + strings.Repeat("长", 40_000) + "\n"), "sheet.cell"},
	} {
		if _, err := read(c.b); fault.Code(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if _, err := Open(bytes.NewReader(nil), MaxBytes+1); fault.Code(err) != "sheet.large" {
		t.Errorf("too large: %v", err)
	}
}

func TestValues(t *testing.T) {
	for in, want := range map[string]string{"2026-09-29": "2026-09-29", "2026/9/29": "2026-09-29", "2026.9.5": "2026-09-05", "2026年9月29日": "2026-09-29", "20260929": "2026-09-29",
		"46294": "2026-09-29", "46294.5": "2026-09-29", "2026-9-29 08:30:00": "2026-09-29", "2026-02-30": "", "29/9/2026": "", "昨天": "", "12": ""} {
		if d, ok := Day(in); string(d) != want || ok != (want != "") {
			t.Errorf("day %q is %q %v, want %q", in, d, ok, want)
		}
	}
	for in, want := range map[string]string{"1985-03": "1985-03", "1985.3": "1985-03", "1985年3月": "1985-03", "198503": "1985-03", "1985-03-12": "1985-03", "31118": "1985-03", "1985": "", "1985-13": ""} {
		if m, ok := Month(in); m != want || ok != (want != "") {
			t.Errorf("month %q is %q %v, want %q", in, m, ok, want)
		}
	}
	for in, want := range map[string]int{"12": 12, "12.0": 12, "1,200": 1200, "": 0} {
		if n, ok := Number(in); n != want || !ok {
			t.Errorf("number %q is %d %v", in, n, ok)
		}
	}
	for _, in := range []string{"1.5", "-1", "x", "99999999999"} {
		if _, ok := Number(in); ok {
			t.Errorf("number %q passed", in)
		}
	}
}

// TestRowsAreBounded: what is sent in has MaxRows at most; what an operator sets up from may have more.
func TestRowsAreBounded(t *testing.T) {
	list := []byte(strings.Repeat("1\n", MaxRows+1))
	for allowed, want := range map[int]string{0: "sheet.rows", MaxRows: "sheet.rows", MaxRows + 1: ""} {
		r, err := Open(bytes.NewReader(list), int64(len(list)))
		if err != nil {
			t.Fatal(err)
		}
		r.Allow(allowed)
		n := 0
		for err == nil {
			if _, err = r.Next(); err == nil {
				n++
			}
		}
		code := ""
		if err != io.EOF {
			code = fault.Code(err)
		}
		if code != want || n != MaxRows+min(1, max(0, allowed-MaxRows)) {
			t.Errorf("with %d allowed %d rows are read, then %v", allowed, n, err)
		}
		r.Close()
	}
}

// TestManyFormulas: a workbook of over ten megabytes of formulas is read as what they last came to. None is evaluated: what none has
// come to yet is an empty cell, a formula that would fetch or never end is a text like any. Reading holds the unpacked parts and no
// more than a few times as much, whatever stands in them.
func TestManyFormulas(t *testing.T) {
	const rows = 40_000
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	part := func(name, text string) io.Writer {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	const x = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`
	part("[Content_Types].xml", x+`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`)
	part("_rels/.rels", x+`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	part("xl/_rels/workbook.xml.rels", x+`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`)
	part("xl/workbook.xml", x+`<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>`)
	w := part("xl/worksheets/sheet1.xml", x+`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	size := 0
	for i := 1; i <= rows; i++ {
		n, err := fmt.Fprintf(w, `<row r="%d"><c r="A%d"><f>SUM(A%d:A1048576)*IF(RAND()&gt;0.5,%d,HYPERLINK("http://192.0.2.1/%x"))</f><v>%d</v></c><c r="B%d" t="str"><f>CONCATENATE(A%d,WEBSERVICE("http://192.0.2.1/%x"))</f><v>甲%d</v></c><c r="C%d"><f>1+%d</f></c><c r="D%d"><v>7</v></c></row>`,
			i, i, i, i, i*7919, i, i, i, i*104729, i, i, i, i)
		if err != nil {
			t.Fatal(err)
		}
		size += n
	}
	if _, err := io.WriteString(w, `</sheetData></worksheet>`); err != nil || size < 10<<20 {
		t.Fatal(size, err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var start, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&start)
	r, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	most, n := uint64(0), 0
	for {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n++; row.N != n || len(row.Cells) != 4 || row.Cells[0] != strconv.Itoa(n) || row.Cells[1] != "甲"+strconv.Itoa(n) || row.Cells[2] != "" || row.Cells[3] != "7" {
			t.Fatalf("row %d: %+v", n, row)
		}
		if n%4000 == 1 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc-min(now.HeapAlloc, start.HeapAlloc))
		}
	}
	if n != rows || most > 2*uint64(size) {
		t.Errorf("%d rows of %d, and %d MB held for %d MB of sheet", n, rows, most>>20, size>>20)
	}
	t.Logf("%d MB of sheet, at most %d MB held", size>>20, most>>20)
}
