package exchange

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/sheet"
)

// Notices as a table: a row a run of days, with the notice that names it. The words of a row are those of the text form.
var noticeColumns = []string{"holiday_year", "notice_no", "notice_on", "notice_note", "holiday_word", "holiday_name", "holiday_from", "holiday_to"}

// Where the cells of a row stand.
const (
	inYear = iota
	inNo
	inOn
	inNote
	inWord
	inName
	inFrom
	inTo
)

func noticeHead(lang string) []string {
	var out []string
	for _, c := range noticeColumns {
		out = append(out, locale.T(lang, "sheet.col."+c))
	}
	return out
}

// noticeText is the text form of notices that came as a table or as that text, and of each of its lines the row it came
// from; none where it was text.
func noticeText(src io.ReaderAt, size int64) (string, []sheet.Row, error) {
	in, err := sheet.Open(src, size)
	if err != nil {
		return "", nil, err
	}
	defer in.Close()
	first, err := in.Next()
	at, ok := headOf(first)
	if err != nil && err != io.EOF || !ok && first.Sheet != "" {
		return "", nil, fault.New(fault.Invalid, "sheet.no_notices")
	}
	if !ok {
		b, err := io.ReadAll(io.NewSectionReader(src, 0, size))
		return string(b), nil, err
	}
	var text strings.Builder
	var from []sheet.Row
	year, notice := "", ""
	for {
		row, err := in.Next()
		if err == io.EOF {
			return text.String(), from, nil
		}
		if err != nil {
			return "", nil, err
		}
		v := cellsAt(row, at)
		if strings.Join(v, "") == "" {
			continue
		}
		say := func(words ...string) {
			text.WriteString(strings.Join(strings.Fields(strings.Join(words, " ")), " ") + "\n")
			from = append(from, row)
		}
		if v[inYear] != year {
			year, notice = v[inYear], ""
			say("年", year)
		}
		if n := v[inNo] + " " + dayOf(v[inOn]); n != notice {
			notice = n
			say("通知", n)
			if v[inNote] != "" {
				say("说明", v[inNote])
			}
		}
		days := dayOf(v[inFrom])
		if to := dayOf(v[inTo]); to != "" && to != days {
			days += ".." + to
		}
		say(v[inWord], v[inName], days)
	}
}

// dayOf is a day as the text form has it, or what stands there, for it to say what is wrong.
func dayOf(s string) string {
	if d, ok := sheet.Day(s); ok {
		return string(d)
	}
	return s
}

// headOf finds the columns of a table of notices by their names in either language.
func headOf(row sheet.Row) ([]int, bool) {
	at := make([]int, len(noticeColumns))
	for i, c := range noticeColumns {
		at[i] = slices.IndexFunc(row.Cells, func(cell string) bool {
			cell = strings.TrimSpace(strings.TrimPrefix(cell, "\ufeff"))
			return cell == locale.T(locale.Zh, "sheet.col."+c) || cell == locale.T(locale.En, "sheet.col."+c)
		})
		if at[i] < 0 && i != inNote && i != inTo {
			return nil, false
		}
	}
	return at, true
}

func cellsAt(row sheet.Row, at []int) []string {
	out := make([]string, len(at))
	for i, n := range at {
		if n >= 0 && n < len(row.Cells) {
			out[i] = strings.TrimSpace(row.Cells[n])
		}
	}
	return out
}

// writeNotices writes years as a table.
func writeNotices(to io.Writer, f sheet.Format, years []calendar.Year, lang string) (int, error) {
	w, err := sheet.NewWriter(to, f, locale.T(lang, "sheet.kind.holidays"), noticeHead(lang))
	if err != nil {
		return 0, err
	}
	n := 0
	for _, y := range years {
		for _, s := range y.Days {
			word := map[calendar.DayKind]string{calendar.Holiday: "放假", calendar.MovedWorkday: "上班"}[s.Kind]
			if word == "" {
				word = "照常"
			}
			of := y.Notices[s.Notice]
			if err := w.Write([]string{strconv.Itoa(y.Year), of.Number, string(of.Date), of.Note, word, s.Name, string(s.From), string(s.To)}); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, w.Close()
}

// annotateTable writes a table of notices again with what is wrong beside the row.
func annotateTable(src io.ReaderAt, size int64, rep Report, to io.Writer, f sheet.Format, lang string) error {
	in, err := sheet.Open(src, size)
	if err != nil {
		return err
	}
	defer in.Close()
	why := reasons(rep, lang)
	var out *sheet.Writer
	for {
		row, err := in.Next()
		switch {
		case err == io.EOF && out != nil:
			return out.Close()
		case err != nil:
			return err
		case out == nil:
			if out, err = sheet.NewWriter(to, f, locale.T(lang, "sheet.kind.holidays"), append(row.Cells, locale.T(lang, "sheet.reason"))); err != nil {
				return err
			}
			continue
		}
		if x := why[spot{row.Sheet, row.N}]; x != "" {
			row.Cells = append(row.Cells, x)
		}
		if err := out.Put(row.N, row.Cells); err != nil {
			return err
		}
	}
}
