// Package docx writes Word files (OOXML) as official papers look: A4 with the margins of GB/T 9704, a centred title,
// headings in Hei and Kai, text in Fang Song at 16 points on 28-point lines with the first line indented by two
// characters, tables whose head repeats, and page numbers — 1 — at the foot.
//
// The words: a Writer streams one document from top to bottom into an io.Writer; nothing is kept in memory but the
// compressor's window. Fonts are named, not embedded; each names another that a machine without it has instead
// (方正小标宋简体 → 宋体, 仿宋_GB2312 → 仿宋, 楷体_GB2312 → 楷体), and East Asian and Latin fonts are both set, because
// Word takes the wrong one for Chinese otherwise.
//
// Invariants: the same calls give the same bytes (no clock, no random part); text is data: what XML forbids is left
// out, everything else is escaped.
//
// Start at New; package insight writes its report with it.
package docx

import (
	"archive/zip"
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Writer writes one document. The first error stays and comes back from Close.
type Writer struct {
	zip *zip.Writer
	out *bufio.Writer
	err error
}

// New begins a document of a title, for the language tag (zh-CN, en).
func New(w io.Writer, title, lang string) *Writer {
	d := &Writer{zip: zip.NewWriter(w)}
	for _, p := range [][2]string{
		{"[Content_Types].xml", contentTypes}, {"_rels/.rels", packageRels}, {"docProps/core.xml", core(title, lang)}, {"word/_rels/document.xml.rels", documentRels},
		{"word/fontTable.xml", fontTable}, {"word/styles.xml", styles}, {"word/footer1.xml", footer},
	} {
		if d.part(p[0]); d.err == nil {
			d.put(p[1])
			d.flush()
		}
	}
	if d.part("word/document.xml"); d.err == nil {
		d.put(documentHead)
	}
	return d
}

// part begins a file of the package. Without a time its bytes depend on its content alone.
func (d *Writer) part(name string) {
	if d.err != nil {
		return
	}
	w, err := d.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	d.out, d.err = bufio.NewWriter(w), err
}

func (d *Writer) put(s string) {
	if d.err == nil {
		_, d.err = d.out.WriteString(s)
	}
}

func (d *Writer) flush() {
	if d.err == nil {
		d.err = d.out.Flush()
	}
}

// Title is the heading of the whole document.
func (d *Writer) Title(text string) { d.styled("Title", text) }

// Sub is the line under the title: who, and as of when.
func (d *Writer) Sub(text string) { d.styled("Subtitle", text) }

// Heading is a heading of level 1 (一、) to 3; deeper ones are written as level 3.
func (d *Writer) Heading(level int, text string) {
	d.styled("Heading"+strconv.Itoa(min(max(level, 1), 3)), text)
}

// Para is a paragraph of running text.
func (d *Writer) Para(text string) { d.styled("", text) }

// Note is a small paragraph without indent: a caption, a source.
func (d *Writer) Note(text string) { d.styled("Note", text) }

func (d *Writer) styled(style, text string) {
	d.put(`<w:p>`)
	if style != "" {
		d.put(`<w:pPr><w:pStyle w:val="` + style + `"/></w:pPr>`)
	}
	d.run(text)
	d.put(`</w:p>`)
}

func (d *Writer) run(text string) {
	d.put(`<w:r><w:rPr><w:rFonts w:hint="eastAsia"/></w:rPr><w:t xml:space="preserve">` + escape(text) + `</w:t></w:r>`)
}

// Column is one column of a table: its head, its share of the width and whether it holds numbers, which stand right.
type Column struct {
	Head  string
	Width int
	Right bool
}

// textWidth is the width of the type area in twentieths of a point: A4 (210 mm) less 28 and 26 mm.
const textWidth = 8844

// Table writes a table with a head that repeats on every page. A row shorter than the columns is filled up with empty
// cells; what is longer is left out.
func (d *Writer) Table(columns []Column, rows [][]string) {
	total := 0
	for _, c := range columns {
		total += c.Width
	}
	if total == 0 {
		return
	}
	d.put(`<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/><w:tblW w:w="` + strconv.Itoa(textWidth) + `" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`)
	for _, c := range columns {
		d.put(`<w:gridCol w:w="` + strconv.Itoa(textWidth*c.Width/total) + `"/>`)
	}
	d.put(`</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>`)
	for _, c := range columns {
		d.cell("TableHead", c.Head, c.Right)
	}
	d.put(`</w:tr>`)
	for _, r := range rows {
		d.put(`<w:tr><w:trPr><w:cantSplit/></w:trPr>`)
		for i, c := range columns {
			text := ""
			if i < len(r) {
				text = r[i]
			}
			d.cell("TableText", text, c.Right)
		}
		d.put(`</w:tr>`)
	}
	d.put(`</w:tbl><w:p><w:pPr><w:pStyle w:val="Note"/></w:pPr></w:p>`) // two tables in a row would grow together
}

func (d *Writer) cell(style, text string, right bool) {
	d.put(`<w:tc><w:p><w:pPr><w:pStyle w:val="` + style + `"/>`)
	if right {
		d.put(`<w:jc w:val="right"/>`)
	}
	d.put(`</w:pPr>`)
	d.run(text)
	d.put(`</w:p></w:tc>`)
}

// Close ends the document. The io.Writer it goes to stays open.
func (d *Writer) Close() error {
	d.put(documentFoot)
	d.flush()
	if d.err != nil {
		return d.err
	}
	return d.zip.Close()
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\t", " ", "\n", " ", "\r", " ")

// escape makes text safe inside XML: control characters, which XML 1.0 can't hold at all, and broken UTF-8 go.
func escape(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < 0x20 || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, escaper.Replace(s))
}
