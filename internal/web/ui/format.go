package ui

import (
	"fmt"
	"strconv"

	"qianshao/internal/calendar"
	"qianshao/internal/locale"
)

var zhDays = [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}
var enDays = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
var enMonths = [...]string{"", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// Weekday is the day of the week, short.
func Weekday(lang string, d calendar.Date) string {
	if !d.Valid() {
		return ""
	}
	if lang == locale.En {
		return enDays[d.Weekday()]
	}
	return zhDays[d.Weekday()]
}

// DayIn is a day as people write it: without the year when it is this year's.
func DayIn(lang string, d, today calendar.Date) string {
	if !d.Valid() {
		return ""
	}
	if d.Year() != today.Year() {
		return LongDay(lang, d)
	}
	if lang == locale.En {
		return strconv.Itoa(d.Day()) + " " + enMonths[d.Month()]
	}
	return fmt.Sprintf("%d月%d日", d.Month(), d.Day())
}

// LongDay is a day with its year.
func LongDay(lang string, d calendar.Date) string {
	if !d.Valid() {
		return ""
	}
	if lang == locale.En {
		return fmt.Sprintf("%d %s %d", d.Day(), enMonths[d.Month()], d.Year())
	}
	return fmt.Sprintf("%d年%d月%d日", d.Year(), d.Month(), d.Day())
}

// ShortDay is month and day as figures: 10/12.
func ShortDay(d calendar.Date) string { return fmt.Sprintf("%d/%d", d.Month(), d.Day()) }

// Clock is the time of day of an instant.
func Clock(i calendar.Instant) string { return i.Time().Format("15:04") }

// Near is a due day in words: today, tomorrow, the weekday, or the date; and the date beside it where the word alone
// does not say it.
func Near(lang string, d, today calendar.Date) (word, beside string) {
	n := d.Sub(today)
	day := DayIn(lang, d, today)
	switch {
	case n < 0:
		return day, locale.T(lang, "due.late", strconv.Itoa(-n))
	case n == 0:
		return locale.T(lang, "due.today"), day + " " + Weekday(lang, d)
	case n == 1:
		return locale.T(lang, "due.tomorrow"), day + " " + Weekday(lang, d)
	case n == 2 && lang != locale.En:
		return "后天", day + " " + Weekday(lang, d)
	case n < 7:
		return Weekday(lang, d), day
	}
	return day, Weekday(lang, d)
}

var zhDigits = [...]string{"〇", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"}

// zhNumber writes 1 to 31 in Han digits, for the head of the desk.
func zhNumber(n int) string {
	switch {
	case n <= 10:
		return zhDigits[n]
	case n < 20:
		return "十" + zhDigits[n-10]
	case n%10 == 0:
		return zhDigits[n/10] + "十"
	}
	return zhDigits[n/10] + "十" + zhDigits[n%10]
}

// Heading is today as a heading: 十月十二日，星期一.
func Heading(lang string, d calendar.Date) string {
	if lang == locale.En {
		return d.Weekday().String() + ", " + strconv.Itoa(d.Day()) + " " + enMonths[d.Month()]
	}
	return zhNumber(d.Month()) + "月" + zhNumber(d.Day()) + "日，星期" + [...]string{"日", "一", "二", "三", "四", "五", "六"}[d.Weekday()]
}

// Thousands writes a number with thin gaps: 18 204.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	neg := ""
	if n < 0 {
		neg, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return neg + s
}

// Fraction writes a share: small counts as 2/3, others as a percentage.
func Fraction(n, d int64) string {
	if d == 0 {
		return "—"
	}
	if d <= 200 {
		return Thousands(n) + "/" + Thousands(d)
	}
	return strconv.FormatFloat(float64(n)*100/float64(d), 'f', 1, 64) + "%"
}

// ClampText cuts a long text for a list.
func ClampText(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// Percent writes a share between 0 and 1 for likeness, where whole percents are enough.
func Percent(x float64) string { return strconv.Itoa(int(x*100+.5)) + "%" }

// Bytes is a size people understand.
func Bytes(n int64) string {
	switch {
	case n >= 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
	case n >= 1<<10:
		return strconv.FormatInt((n+1023)>>10, 10) + " KB"
	}
	return strconv.FormatInt(n, 10) + " B"
}
