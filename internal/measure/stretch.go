package measure

import "qianshao/internal/calendar"

// stretch is a part of a period that is read in one go: whole months from sums by month, or days from what is kept by day.
type stretch struct {
	months   bool
	from, to string
	less     bool // the days are taken off again
}

func (s stretch) sign() string {
	if s.less {
		return "-"
	}
	return ""
}

// grain is what the cells of the stretch are called.
func (s stretch) grain() string {
	if s.months {
		return "month"
	}
	return "day"
}

// stretches cuts a period up. Of a month that it has the larger part of, the whole is read and the rest taken off: of the
// running one nearly nothing, for hardly anything bears a day to come.
func stretches(from, to, today calendar.Date) []stretch {
	var out []stretch
	less := func(from, to calendar.Date) {
		out = append(out, stretch{from: string(from), to: string(to), less: true})
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
		out = append([]stretch{{months: true, from: first, to: last}}, out...)
	}
	for _, p := range brokenMonths(from, to, first, last) {
		out = append(out, stretch{from: string(p[0]), to: string(p[1])})
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
