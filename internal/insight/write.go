package insight

import (
	"io"
	"strings"

	"qianshao/internal/fault"
	"qianshao/internal/platform/docx"
)

// Formats are the forms a report can be written in.
var Formats = []string{"md", "docx", "json"}

// Write writes a report into a stream: Markdown (md), Word (docx) or JSON, in a language (zh-CN, en). An unknown format
// is a field fault.
func Write(w io.Writer, format string, rep *Report, lang string) error {
	switch format {
	case "md":
		return writeMarkdown(w, Compose(rep, lang))
	case "docx":
		return writeWord(w, Compose(rep, lang))
	case "json":
		return writeJSON(w, rep, lang)
	}
	return fault.InvalidField("as", "choice.unknown")
}

// ContentType is what a format is served as.
func ContentType(format string) string {
	switch format {
	case "md":
		return "text/markdown; charset=utf-8"
	case "docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	}
	return "application/json; charset=utf-8"
}

func text(runs []Run) string {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.Text)
	}
	return b.String()
}

func writeWord(w io.Writer, doc Document) error {
	d := docx.New(w, doc.Title, doc.Lang)
	d.Title(doc.Title)
	d.Sub(doc.Sub)
	for _, s := range doc.Sections {
		if s.Level > 0 {
			d.Heading(s.Level, s.Head)
		}
		for _, p := range s.Paras {
			d.Para(text(p))
		}
		if s.Table == nil {
			continue
		}
		if s.Table.Caption != "" {
			d.Note(s.Table.Caption)
		}
		columns := make([]docx.Column, len(s.Table.Columns))
		for i, c := range s.Table.Columns {
			columns[i] = docx.Column{Head: c.Head, Width: c.Width, Right: c.Right}
		}
		rows := make([][]string, len(s.Table.Rows))
		for i, r := range s.Table.Rows {
			for _, cell := range r {
				rows[i] = append(rows[i], cell.Text)
			}
		}
		d.Table(columns, rows)
	}
	return d.Close()
}

// Markdown has its own meaning for these at the beginning of words or lines.
var markdown = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "<", "&lt;", "|", `\|`, "#", `\#`)

func writeMarkdown(w io.Writer, doc Document) error {
	var b strings.Builder
	b.WriteString("# " + markdown.Replace(doc.Title) + "\n\n" + markdown.Replace(doc.Sub) + "\n")
	for _, s := range doc.Sections {
		if s.Level > 0 {
			b.WriteString("\n" + strings.Repeat("#", s.Level+1) + " " + markdown.Replace(s.Head) + "\n")
		}
		for _, p := range s.Paras {
			b.WriteString("\n" + markdown.Replace(text(p)) + "\n")
		}
		if t := s.Table; t != nil {
			if t.Caption != "" {
				b.WriteString("\n" + markdown.Replace(t.Caption) + "\n")
			}
			b.WriteString("\n|")
			for _, c := range t.Columns {
				b.WriteString(" " + markdown.Replace(c.Head) + " |")
			}
			b.WriteString("\n|")
			for _, c := range t.Columns {
				if c.Right {
					b.WriteString(" ---: |")
				} else {
					b.WriteString(" --- |")
				}
			}
			b.WriteString("\n")
			for _, r := range t.Rows {
				b.WriteString("|")
				for _, c := range r {
					b.WriteString(" " + markdown.Replace(c.Text) + " |")
				}
				b.WriteString("\n")
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
