package insight

import (
	"math"
	"strconv"

	"qianshao/internal/calendar"
	"qianshao/internal/locale"
	"qianshao/internal/measure"
)

// smallest is the denominator up to which a share is told as a fraction: of few things a percentage says more than is
// known.
const smallest = 200

// show is a value as it stands in a sentence or a cell.
func show(u measure.Unit, v measure.Value) string {
	switch x := v.Veil; {
	case x != nil && x.Why == measure.Small && !x.Many:
		return "<" + number(x.Steps.Least)
	case x != nil && x.Why == measure.AtLeast:
		return "≥" + number(x.Floor)
	case !v.Known:
		return "—"
	case u == measure.Share && v.Denominator <= smallest:
		return number(v.Numerator) + "/" + number(v.Denominator)
	case u == measure.Share, u == measure.Growth:
		return decimal(v.Float(u)*100) + "%"
	case u == measure.Years, u == measure.Mean, u == measure.Days:
		return decimal(v.Float(u))
	}
	return number(v.Numerator)
}

// number writes a whole number; from five digits on in groups of three, as GB/T 15835 has it.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	if n > -10000 && n < 10000 {
		return s
	}
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// decimal writes one place, none when it is nought.
func decimal(x float64) string {
	x = math.Round(x*10) / 10
	if x == math.Trunc(x) {
		return number(int64(x))
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

// delta is now less then, in the unit the change is told in: tenths of a percentage point for shares and growth, tenths
// for means, plain for counts.
func delta(u measure.Unit, now, was measure.Value) int64 {
	tenths := func(v measure.Value, by float64) int64 { return int64(math.Round(v.Float(u) * by)) }
	switch u {
	case measure.Share, measure.Growth:
		return tenths(now, 1000) - tenths(was, 1000)
	case measure.Years, measure.Mean, measure.Days:
		return tenths(now, 10) - tenths(was, 10)
	}
	return now.Numerator - was.Numerator
}

// change says how a figure moved: 增加3, 下降2.1个百分点, 持平.
func change(lang string, f *Figure) string {
	if !f.Now.Known || !f.Was.Known {
		return locale.T(lang, "report.change.unknown")
	}
	u, d := f.Def.Unit, delta(f.Def.Unit, f.Now, f.Was)
	if d == 0 {
		return locale.T(lang, "report.change.same")
	}
	key := "report.change.up"
	if d < 0 {
		key, d = "report.change.down", -d
	}
	switch u {
	case measure.Share, measure.Growth:
		return locale.T(lang, key+".points", decimal(float64(d)/10))
	case measure.Years, measure.Mean, measure.Days:
		return locale.T(lang, key, decimal(float64(d)/10))
	}
	return locale.T(lang, key, number(d))
}

// limit is a test's threshold in words: 超过30%, 低于35%.
func limit(lang string, u measure.Unit, t Test) string {
	key, n := "report.over", t.Over
	if n == nil {
		key, n = "report.under", t.Under
	}
	if *n == 0 && t.Over != nil {
		return locale.T(lang, "report.over.zero")
	}
	s := number(*n)
	if u == measure.Share || u == measure.Growth {
		s += "%"
	}
	return locale.T(lang, key, s)
}

var enMonths = [...]string{"", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

// day is a day as a paper writes it: 2026年10月12日.
func day(lang string, d calendar.Date) string {
	if lang == locale.En {
		return strconv.Itoa(d.Day()) + " " + enMonths[d.Month()] + " " + strconv.Itoa(d.Year())
	}
	return strconv.Itoa(d.Year()) + "年" + strconv.Itoa(d.Month()) + "月" + strconv.Itoa(d.Day()) + "日"
}

// span is a period as a paper writes it.
func span(lang string, p Period) string {
	return locale.T(lang, "report.span", day(lang, p.From), day(lang, p.To))
}

var zhOrdinals = [...]string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"}

// ordinal numbers headings: 一 in Chinese, 1 in English.
func ordinal(lang string, n int) string {
	if lang == locale.En || n >= len(zhOrdinals) {
		return strconv.Itoa(n)
	}
	return zhOrdinals[n]
}

// list joins what is named after one another.
func list(lang string, items []string) string {
	out := ""
	for i, s := range items {
		if i > 0 {
			out += locale.T(lang, "list.comma")
		}
		out += s
	}
	return out
}
