package typed

import (
	"strings"
	"testing"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
)

func said(f *Form) string {
	var out []string
	for _, x := range fault.Fields(f.Err()) {
		out = append(out, strings.TrimSpace(x.Name+" "+x.Code+" "+strings.Join(x.Args, " ")))
	}
	return strings.Join(out, "; ")
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		in, out, line, para string
	}{
		{"", "", "x required", "x required"},
		{"  　村里 \n", "村里", "", ""},
		{"a\nb", "a\nb", "x text.control", ""},
		{"a\x00b", "a\x00b", "x text.control", "x text.control"},
		{"a\u202eb", "a\u202eb", "x text.control", "x text.control"},
		{"a\xffb", "a\xffb", "x text.control", "x text.control"},
		{"一二三四五", "一二三四五", "", ""},
		{"一二三四五六", "一二三四五六", "x text.long 5", "x text.long 5"},
	} {
		var line, para Form
		v, w := c.in, c.in
		line.Line("x", &v, true, 5)
		para.Para("x", &w, true, 5)
		if said(&line) != c.line || said(&para) != c.para || v != c.out || w != c.out {
			t.Errorf("%q: %q %q, %q and %q", c.in, said(&line), said(&para), v, w)
		}
	}
	empty := " "
	if err := One("x", &empty, false, 5); err != nil || empty != "" {
		t.Errorf("what need not stand: %v, %q", err, empty)
	}
}

func TestDays(t *testing.T) {
	for d, want := range map[calendar.Date][2]string{
		"":           {"x required", "x required"},
		"2026-02-30": {"x day.invalid", "x day.invalid"},
		"0026-02-03": {"x day.invalid", "x day.invalid"},
		"2026-10-09": {"", "x day.past"},
		"2026-10-10": {"", ""},
		"2026-10-11": {"x day.future", ""},
	} {
		var past, ahead Form
		a, b := past.Past("x", d, "2026-10-10", true), ahead.Ahead("x", d, "2026-10-10", true)
		if said(&past) != want[0] || said(&ahead) != want[1] || a != (want[0] == "") || b != (want[1] == "") {
			t.Errorf("%q: %q and %q", d, said(&past), said(&ahead))
		}
	}
	var f Form
	if !f.Past("x", "", "2026-10-10", false) || !f.Ahead("x", "", "2026-10-10", false) || f.Count("n", 0, 1, 9) || !f.Count("n", 9, 1, 9) || said(&f) != "n count.range 1 9" {
		t.Error(said(&f))
	}
}
