package measure

import "qianshao/internal/calendar"

// The spans of time that sums are kept for; now is of what stands.
const (
	day   = "day"
	month = "month"
	year  = "year"
	now   = "now"
)

// stretch is a part of a period that is read in one go: whole years or months, or days.
type stretch struct {
	grain    string
	from, to string
	less     bool // what it comes to is taken off again
}

func (s stretch) sign() string {
	if s.less {
		return "-"
	}
	return ""
}

// stretches cuts a period up. Of a month that it has the larger part of, the whole is read and the rest taken off: of the
// running one nearly nothing, for hardly anything bears a day to come.
func stretches(from, to, today calendar.Date) []stretch {
	var out []stretch
	less := func(from, to calendar.Date) {
		out = append(out, stretch{grain: day, from: string(from), to: string(to), less: true})
	}
	if end := to.EndOfMonth(); to < end && (to >= today || to.Day() > 15) {
		less(to.AddDays(1), end)
		to = end
	}
	if begin := calendar.MakeDate(from.Year(), from.Month(), 1); from > begin && from.Day() <= 15 {
		less(begin, from.AddDays(-1))
		from = begin
	}
	first, last := wholeMonths(from, to)
	if first <= last {
		out = append([]stretch{{grain: month, from: first, to: last}}, out...)
	}
	for _, p := range brokenMonths(from, to, first, last) {
		out = append(out, stretch{grain: day, from: string(p[0]), to: string(p[1])})
	}
	return out
}

// wholeMonths is the first and last month that lie in the period entirely; first > last when none does.
func wholeMonths(from, to calendar.Date) (first, last string) {
	f, t := from, to
	if f.Day() != 1 {
		f = calendar.MakeDate(f.Year(), f.Month(), 1).AddMonths(1)
	}
	if t != t.EndOfMonth() {
		t = calendar.MakeDate(t.Year(), t.Month(), 1).AddDays(-1)
	}
	return f.MonthKey(), t.MonthKey()
}

func brokenMonths(from, to calendar.Date, first, last string) [][2]calendar.Date {
	if first > last {
		return [][2]calendar.Date{{from, to}}
	}
	var out [][2]calendar.Date
	if from.MonthKey() < first {
		out = append(out, [2]calendar.Date{from, from.EndOfMonth()})
	}
	if to.MonthKey() > last {
		out = append(out, [2]calendar.Date{calendar.MakeDate(to.Year(), to.Month(), 1), to})
	}
	return out
}

// inYears puts whole years for the months of a period, cut up in the same way.
func inYears(period []stretch, today calendar.Date) (out []stretch) {
	for _, s := range period {
		if s.grain == month {
			out = append(out, years(s, today)...)
		} else {
			out = append(out, s)
		}
	}
	return out
}

func years(months stretch, today calendar.Date) []stretch {
	var out []stretch
	from, to := months.from, months.to
	less := func(from, to string) { out = append(out, stretch{grain: month, from: from, to: to, less: true}) }
	if to[5:] < "12" && (to >= today.MonthKey() || to[5:] > "06") {
		less(nextMonth(to, 1), to[:5]+"12")
		to = to[:5] + "12"
	}
	if from[5:] > "01" && from[5:] <= "06" {
		less(from[:5]+"01", nextMonth(from, -1))
		from = from[:5] + "01"
	}
	first, last := from, to
	if first[5:] > "01" {
		first = nextMonth(first[:5]+"12", 1)
	}
	if last[5:] < "12" {
		last = nextMonth(last[:5]+"01", -1)
	}
	if first > last {
		return []stretch{months}
	}
	out = append(out, stretch{grain: year, from: first[:4], to: last[:4]})
	if from < first {
		out = append(out, stretch{grain: month, from: from, to: nextMonth(first, -1)})
	}
	if to > last {
		out = append(out, stretch{grain: month, from: nextMonth(last, 1), to: to})
	}
	return out
}

// nextMonth is the month that many after one, as YYYY-MM.
func nextMonth(m string, n int) string { return calendar.Date(m + "-01").AddMonths(n).MonthKey() }
