package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The text form of Years, one block a year, its notices in the order of issue:
//
//	# from a # to the end of the line is a comment
//	年 2019
//	通知 国办发明电〔2018〕15号 2018-12-04
//	放假 元旦 2018-12-30..01-01
//	上班 元旦 2018-12-29
//	通知 国办发明电〔2019〕3号 2019-03-22
//	说明 劳动节改为放假4天
//	放假 劳动节 05-01..05-04
//	上班 劳动节 04-28 05-05
//
// A day without a year is one of the block's year; one of the December before
// is written in full. 照常, which takes no name, gives days back that an earlier
// notice of the same year had changed.
const (
	wordYear   = "年"
	wordNotice = "通知"
	wordNote   = "说明"
	wordOff    = "放假"
	wordWork   = "上班"
	wordPlain  = "照常"
)

// longestSpan guards against a slip in a month; the longest so far had 10 days.
const longestSpan = 31

// ParseError says where a text of notices is wrong, and why.
type ParseError struct {
	File   string
	Line   int    // from 1
	Code   string // stable, for a message in the reader's language
	Detail string // the words it is about, from the file
}

func (e *ParseError) Error() string {
	s := fmt.Sprintf("%s:%d: %s", e.File, e.Line, parseReasons[e.Code])
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// The codes of ParseError with their English texts.
var parseReasons = map[string]string{
	"not_text":      "not UTF-8 text",
	"unknown_word":  "a line begins with one of 年 通知 说明 放假 上班 照常",
	"year_form":     "年 takes one year, from " + strconv.Itoa(MinYear) + " to " + strconv.Itoa(MaxYear),
	"year_twice":    "this year has a block already",
	"year_empty":    "this year has no notice, or its notices name no day",
	"no_year":       "a 年 line must come first",
	"no_notice":     "a 通知 line must come first",
	"notice_form":   "通知 takes the notice's number and its date, YYYY-MM-DD",
	"notice_date":   "a notice is dated in its year or the one before",
	"notice_order":  "notices stand in the order of their dates",
	"note_form":     "说明 takes a text, once for a notice",
	"days_form":     "放假 and 上班 take a name and days; 照常 takes days",
	"day_form":      "a day is MM-DD or YYYY-MM-DD, a run of days DAY..DAY",
	"day_far":       "a notice speaks of its year and of the December before",
	"span_order":    "a run of days ends before it begins",
	"span_long":     "a run of days is longer than a month",
	"day_twice":     "this notice names the day twice",
	"work_weekday":  "only a Saturday or Sunday can be a moved workday",
	"plain_nothing": "no earlier notice of this year has changed that day",
}

// ParseYears reads years in the text form. The name is for error messages; an
// error is a *ParseError. Text with no year in it gives no years and no error.
func ParseYears(text, name string) ([]Year, error) {
	p := parser{file: name}
	if !utf8.ValidString(text) {
		p.line = 1 + strings.Count(validPart(text), "\n")
		return nil, p.fail("not_text", "")
	}
	text = strings.TrimPrefix(text, "\ufeff") // some editors put it first
	for line := range strings.Lines(text) {
		p.line++
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if err := p.read(fields); err != nil {
			return nil, err
		}
	}
	if err := p.endYear(); err != nil {
		return nil, err
	}
	return p.years, nil
}

type parser struct {
	file  string
	line  int
	years []Year
	open  *Year // the block being read, nil before the first

	openLine int
	now      map[int]DayKind // what the block says so far, by day number
	named    map[int]bool    // the days that the last notice names
	fresh    int             // how many spans the block had before that notice
}

func (p *parser) fail(code, detail string) error {
	return &ParseError{File: p.file, Line: p.line, Code: code, Detail: detail}
}

func (p *parser) read(fields []string) error {
	word, args := fields[0], fields[1:]
	switch {
	case word == wordYear:
		return p.year(args)
	case !isWord(word):
		return p.fail("unknown_word", word)
	case p.open == nil:
		return p.fail("no_year", word)
	case word == wordNotice:
		return p.notice(args)
	case len(p.open.Notices) == 0:
		return p.fail("no_notice", word)
	case word == wordNote:
		return p.note(args)
	}
	return p.days(word, args)
}

func isWord(s string) bool {
	switch s {
	case wordNotice, wordNote, wordOff, wordWork, wordPlain:
		return true
	}
	return false
}

func (p *parser) year(args []string) error {
	if err := p.endYear(); err != nil {
		return err
	}
	if len(args) != 1 || len(args[0]) != 4 {
		return p.fail("year_form", strings.Join(args, " "))
	}
	y, err := strconv.Atoi(args[0])
	if err != nil || y < MinYear || y > MaxYear {
		return p.fail("year_form", args[0])
	}
	for _, other := range p.years {
		if other.Year == y {
			return p.fail("year_twice", args[0])
		}
	}
	p.open, p.openLine, p.now = &Year{Year: y}, p.line, map[int]DayKind{}
	return nil
}

// endYear closes the block being read, if any.
func (p *parser) endYear() error {
	if p.open == nil {
		return nil
	}
	if err := p.endNotice(); err != nil {
		return err
	}
	p.years = append(p.years, *p.open)
	p.open = nil
	return nil
}

// endNotice checks that the last notice says something: one without days is
// far more likely cut off than meant.
func (p *parser) endNotice() error {
	if len(p.open.Notices) == 0 || len(p.open.Days) == p.fresh {
		return &ParseError{File: p.file, Line: p.openLine, Code: "year_empty", Detail: strconv.Itoa(p.open.Year)}
	}
	return nil
}

func (p *parser) notice(args []string) error {
	y := p.open
	if len(y.Notices) > 0 {
		if err := p.endNotice(); err != nil {
			return err
		}
	}
	if len(args) != 2 {
		return p.fail("notice_form", strings.Join(args, " "))
	}
	d, err := ParseDate(args[1])
	if err != nil {
		return p.fail("notice_form", args[1])
	}
	if d.Year() != y.Year && d.Year() != y.Year-1 {
		return p.fail("notice_date", args[1])
	}
	if n := len(y.Notices); n > 0 && d < y.Notices[n-1].Date {
		return p.fail("notice_order", args[1])
	}
	y.Notices = append(y.Notices, Notice{Number: args[0], Date: d})
	p.named, p.fresh = map[int]bool{}, len(y.Days)
	return nil
}

func (p *parser) note(args []string) error {
	last := &p.open.Notices[len(p.open.Notices)-1]
	if len(args) == 0 || last.Note != "" {
		return p.fail("note_form", strings.Join(args, " "))
	}
	last.Note = strings.Join(args, " ")
	return nil
}

func (p *parser) days(word string, args []string) error {
	s := Span{Notice: len(p.open.Notices) - 1, Kind: Workday}
	switch word {
	case wordOff:
		s.Kind = Holiday
	case wordWork:
		s.Kind = MovedWorkday
	}
	if s.Kind != Workday {
		// A missing name shows as a day in its place.
		if len(args) == 0 || args[0][0] >= '0' && args[0][0] <= '9' {
			return p.fail("days_form", strings.Join(args, " "))
		}
		s.Name, args = args[0], args[1:]
	}
	if len(args) == 0 {
		return p.fail("days_form", s.Name)
	}
	for _, a := range args {
		if err := p.span(s, a); err != nil {
			return err
		}
	}
	return nil
}

// span reads one day or run of days and adds it as s.
func (p *parser) span(s Span, text string) error {
	from, to, isRun := strings.Cut(text, "..")
	s.From = p.date(from)
	s.To = s.From
	if isRun {
		s.To = p.date(to)
	}
	a, ok := s.From.number()
	b, ok2 := s.To.number()
	year := p.open.Year
	switch {
	case !ok || !ok2:
		return p.fail("day_form", text)
	case a < dayNumber(year-1, 12, 1) || b > dayNumber(year, 12, 31):
		return p.fail("day_far", text)
	case b < a:
		return p.fail("span_order", text)
	case b-a >= longestSpan:
		return p.fail("span_long", text)
	}
	for n := a; n <= b; n++ {
		switch {
		case p.named[n]:
			return p.fail("day_twice", string(dateOf(n)))
		case s.Kind == MovedWorkday && !isWeekend(n):
			return p.fail("work_weekday", string(dateOf(n)))
		case s.Kind == Workday && p.now[n] == 0:
			return p.fail("plain_nothing", string(dateOf(n)))
		}
		p.named[n], p.now[n] = true, s.Kind
	}
	p.open.Days = append(p.open.Days, s)
	return nil
}

// date reads a day with or without its year; "" if it is neither.
func (p *parser) date(s string) Date {
	if len(s) == 5 {
		s = fmt.Sprintf("%04d-%s", p.open.Year, s)
	}
	if d := Date(s); d.Valid() {
		return d
	}
	return ""
}

// validPart gives the text before the first byte that is not UTF-8.
func validPart(s string) string {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return s[:i]
			}
		}
	}
	return s
}

// String writes y in the text form that ParseYears reads.
func (y Year) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d\n", wordYear, y.Year)
	for i, n := range y.Notices {
		fmt.Fprintf(&b, "%s %s %s\n", wordNotice, n.Number, n.Date)
		if n.Note != "" {
			fmt.Fprintf(&b, "%s %s\n", wordNote, n.Note)
		}
		for _, s := range y.Days {
			if s.Notice == i {
				y.writeSpan(&b, s)
			}
		}
	}
	return b.String()
}

func (y Year) writeSpan(b *strings.Builder, s Span) {
	switch s.Kind {
	case Holiday:
		b.WriteString(wordOff + " " + s.Name)
	case MovedWorkday:
		b.WriteString(wordWork + " " + s.Name)
	default:
		b.WriteString(wordPlain)
	}
	b.WriteString(" " + y.short(s.From))
	if s.To != s.From {
		b.WriteString(".." + y.short(s.To))
	}
	b.WriteByte('\n')
}

// short leaves out the year where the block says it.
func (y Year) short(d Date) string {
	if d.Year() == y.Year {
		return string(d[5:])
	}
	return string(d)
}
