package sheet

import (
	"regexp"
	"strconv"
	"strings"

	"qianshao/internal/calendar"
)

var (
	reDay   = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?$`)
	reMonth = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?$`)
)

// Excel counts days from here; 1 January 1900 is 1, and a 29 February 1900 that never was is counted too.
const excelZero = calendar.Date("1899-12-30")

// Day understands a day as people and Excel write it: 2026-09-29, 2026/9/29, 2026.9.29, 2026年9月29日, 20260929, or
// Excel's number of days. ok is false for anything else, "" for an empty cell with ok true.
func Day(s string) (calendar.Date, bool) {
	if s == "" {
		return "", true
	}
	if m := reDay.FindStringSubmatch(s); m != nil {
		return made(m[1], m[2], m[3])
	}
	if len(s) == 8 && strings.Trim(s, "0123456789") == "" {
		return made(s[:4], s[4:6], s[6:])
	}
	whole, _, _ := strings.Cut(s, ".") // a time of day beside it does not matter
	if n, err := strconv.Atoi(whole); err == nil && n > 10_000 && n < 100_000 {
		return excelZero.AddDays(n), true
	}
	return "", false
}

func made(y, m, d string) (calendar.Date, bool) {
	text := y + "-" + two(m) + "-" + two(d)
	out, err := calendar.ParseDate(text)
	return out, err == nil
}

func two(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// Month understands a month, or the month of a day: 1985-03, 1985.3, 1985年3月, 198503. It gives YYYY-MM.
func Month(s string) (string, bool) {
	if s == "" {
		return "", true
	}
	text := ""
	if m := reMonth.FindStringSubmatch(s); m != nil {
		text = m[1] + "-" + two(m[2])
	} else if len(s) == 6 && strings.Trim(s, "0123456789") == "" {
		text = s[:4] + "-" + s[4:]
	} else if d, ok := Day(s); ok {
		text = string(d[:7])
	}
	if !calendar.Date(text + "-01").Valid() {
		return "", false
	}
	return text, true
}

// Number understands a whole number, 0 or more, also as Excel writes one: 12, 12.0, 1,200.
func Number(s string) (int, bool) {
	if s == "" {
		return 0, true
	}
	whole, frac, _ := strings.Cut(strings.NewReplacer(",", "", "，", "").Replace(s), ".")
	n, err := strconv.Atoi(whole)
	return n, err == nil && n >= 0 && n < 1_000_000_000 && strings.Trim(frac, "0") == ""
}

// Yes understands yes and no in both languages; ok is false for anything else. An empty cell is no.
func Yes(s string) (yes, ok bool) {
	switch strings.ToLower(s) {
	case "是", "有", "√", "✓", "yes", "y", "true", "1", "对":
		return true, true
	case "", "否", "无", "×", "no", "n", "false", "0", "不是":
		return false, true
	}
	return false, false
}

// List divides a cell that names several things: 上塘村、下塘村.
func List(s string) []string {
	var out []string
	for _, x := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("、，,；;\n", r) }) {
		if x = bare(x); x != "" {
			out = append(out, x)
		}
	}
	return out
}
