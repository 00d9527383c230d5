package calendar

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParseYears(t *testing.T) {
	t.Parallel()
	ys, err := ParseYears("\ufeff# comment\r\n\r\n"+strings.ReplaceAll(next, "\n", "\r\n"), "f")
	if err != nil {
		t.Fatal(err)
	}
	want := []Year{{
		Year: 2027,
		Notices: []Notice{
			{Number: "国办发明电〔2026〕9号", Date: "2026-11-10"},
			{Number: "国办发明电〔2027〕2号", Date: "2027-04-01"},
		},
		Days: []Span{
			{From: "2026-12-31", To: "2027-01-02", Kind: Holiday, Name: "元旦"},
			{From: "2026-12-27", To: "2026-12-27", Kind: MovedWorkday, Name: "元旦"},
			{From: "2027-10-01", To: "2027-10-07", Kind: Holiday, Name: "国庆节"},
			{From: "2027-10-06", To: "2027-10-07", Kind: Workday, Notice: 1},
		},
	}}
	if !reflect.DeepEqual(ys, want) {
		t.Errorf("got %+v", ys)
	}
	for _, s := range []string{"", "\n\n", "# nothing\n", "  \t　\n"} {
		if ys, err := ParseYears(s, "f"); len(ys) != 0 || err != nil {
			t.Errorf("%q gives %v, %v", s, ys, err)
		}
	}
	// The last line may lack its end.
	if _, err := ParseYears(strings.TrimSuffix(next, "\n"), "f"); err != nil {
		t.Error(err)
	}
}

// Each way to be wrong, with the line it is on.
func TestParseErrors(t *testing.T) {
	t.Parallel()
	const head = "年 2027\n通知 号 2026-11-10\n"
	seen := map[string]bool{}
	for _, c := range []struct {
		text string
		code string
		line int
	}{
		{"年 2027\n\xc4\xea 2028\n", "not_text", 2}, // saved as GBK
		{"year 2027\n", "unknown_word", 1},
		{head + "放假 元旦 01-01\n休息 元旦 01-02\n", "unknown_word", 4},
		{"年\n", "year_form", 1}, {"年 2027 2028\n", "year_form", 1}, {"年 27\n", "year_form", 1},
		{"年 1949\n", "year_form", 1}, {"年 2150\n", "year_form", 1}, {"年 二零二七\n", "year_form", 1}, {"年 2o27\n", "year_form", 1},
		{head + "放假 元旦 01-01\n年 2027\n", "year_twice", 4},
		{"# x\n年 2027\n", "year_empty", 2}, {head, "year_empty", 1}, {head + "年 2028\n", "year_empty", 1},
		{head + "放假 元旦 01-01\n通知 号 2027-01-10\n", "year_empty", 1},
		{head + "通知 号 2027-01-10\n放假 元旦 01-01\n", "year_empty", 1},
		{"通知 号 2026-11-10\n", "no_year", 1}, {"放假 元旦 01-01\n", "no_year", 1},
		{"年 2027\n放假 元旦 01-01\n", "no_notice", 2}, {"年 2027\n说明 x\n", "no_notice", 2},
		{"年 2027\n通知 2026-11-10\n", "notice_form", 2}, {"年 2027\n通知 号 2026-11-31\n", "notice_form", 2},
		{"年 2027\n通知 国办 发 2026-11-10\n", "notice_form", 2},
		{"年 2027\n通知 号 2025-11-10\n", "notice_date", 2}, {"年 2027\n通知 号 2028-01-10\n", "notice_date", 2},
		{head + "放假 元旦 01-01\n通知 号 2026-11-09\n", "notice_order", 4},
		{head + "说明\n", "note_form", 3}, {head + "说明 a\n说明 b\n", "note_form", 4},
		{head + "放假\n", "days_form", 3}, {head + "放假 元旦\n", "days_form", 3}, {head + "放假 01-01\n", "days_form", 3},
		{head + "上班 01-03\n", "days_form", 3}, {head + "照常\n", "days_form", 3},
		{head + "放假 元旦 1-1\n", "day_form", 3}, {head + "放假 元旦 02-29\n", "day_form", 3},
		{head + "放假 元旦 01-01..\n", "day_form", 3}, {head + "放假 元旦 ..01-03\n", "day_form", 3},
		{head + "放假 元旦 01-01至01-03\n", "day_form", 3}, {head + "放假 元旦 01-01-01-03\n", "day_form", 3},
		{head + "放假 元旦 2026-11-30\n", "day_far", 3}, {head + "放假 元旦 2028-01-01\n", "day_far", 3},
		{head + "放假 元旦 01-03..01-01\n", "span_order", 3},
		{head + "放假 国庆节 09-01..10-07\n", "span_long", 3},
		{head + "放假 元旦 01-01\n放假 春节 01-01\n", "day_twice", 4}, {head + "放假 元旦 01-01..01-03\n上班 元旦 01-03\n", "day_twice", 4},
		{head + "上班 元旦 01-04\n", "work_weekday", 3},
		{head + "照常 01-04\n", "plain_nothing", 3},
	} {
		ys, err := ParseYears(c.text, "f.txt")
		var pe *ParseError
		if !errors.As(err, &pe) || ys != nil {
			t.Errorf("%q: %v, %v", c.text, ys, err)
			continue
		}
		if pe.Code != c.code || pe.Line != c.line {
			t.Errorf("%q: %s at line %d, want %s at line %d", c.text, pe.Code, pe.Line, c.code, c.line)
		}
		seen[pe.Code] = true
	}
	for code := range parseReasons {
		if !seen[code] {
			t.Errorf("no case for %s", code)
		}
	}
	_, err := ParseYears(head+"放假 元旦 01-01\n上班 元旦 01-04\n", "2027.txt")
	const want = "2027.txt:4: only a Saturday or Sunday can be a moved workday: 2027-01-04"
	if err == nil || err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	if got := (&ParseError{File: "f", Line: 1, Code: "not_text"}).Error(); got != "f:1: not UTF-8 text" {
		t.Errorf("error is %q", got)
	}
}

// What is written is read back the same.
func TestYearString(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, y := range Shipped().years {
		all.WriteString(y.String())
	}
	ys, err := ParseYears(all.String(), "written")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(ys, Shipped().years) {
		t.Error("the shipped years changed on the way through their text")
	}
}

func FuzzParseYears(f *testing.F) {
	f.Add(next)
	f.Add(shippedText[:2000])
	f.Add("年 2027\n通知 号 2026-11-10\n放假 元旦 01-01..01-03 2026-12-31\n")
	f.Fuzz(func(t *testing.T, text string) {
		ys, err := ParseYears(text, "f")
		if err != nil {
			var pe *ParseError
			if !errors.As(err, &pe) || parseReasons[pe.Code] == "" ||
				pe.Line < 1 || pe.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("%#v", err)
			}
			return
		}
		b := &Book{}
		for _, y := range ys {
			again, err := ParseYears(y.String(), "again")
			if err != nil || len(again) != 1 || !reflect.DeepEqual(again[0], y) {
				t.Fatalf("%q reads back as %v, %v", y, again, err)
			}
			b = b.With(y)
		}
		for _, y := range ys {
			for n := dayNumber(y.Year-1, 12, 1); n <= dayNumber(y.Year, 12, 31); n++ {
				d := b.Day(dateOf(n))
				if d.Kind == MovedWorkday && !isWeekend(n) {
					t.Fatalf("%s is a moved workday", d.Date)
				}
				if (d.Kind == Holiday || d.Kind == MovedWorkday) != (d.Name != "") {
					t.Fatalf("%+v", d)
				}
			}
		}
	})
}
