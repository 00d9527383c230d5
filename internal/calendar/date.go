package calendar

import (
	"fmt"
	"time"
)

// Date is a civil day written "YYYY-MM-DD", or "" for no day. Two valid dates
// compare as strings in the order of time. A Date made by conversion may be
// invalid: every method then gives its zero answer.
type Date string

// The days that a Date can name, as day numbers. Day 0 is 1970-01-01.
const (
	firstNumber = -719162 // 0001-01-01
	lastNumber  = 2932896 // 9999-12-31
)

// ParseDate reads a day in the one accepted form, "YYYY-MM-DD".
func ParseDate(s string) (Date, error) {
	d := Date(s)
	if !d.Valid() {
		if len(s) > 40 {
			s = s[:40] + "…"
		}
		return "", fmt.Errorf("not a day of the form YYYY-MM-DD: %q", s)
	}
	return d, nil
}

// MakeDate gives the day of that year, month and day of the month, or "" if
// there is none: 30 February is no day, not the second of March.
func MakeDate(y, m, d int) Date {
	if y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > monthLength(y, m) {
		return ""
	}
	return dateOf(dayNumber(y, m, d))
}

// Valid says whether d names a day.
func (d Date) Valid() bool {
	_, _, _, ok := d.split()
	return ok
}

// IsZero says whether d is "", no day at all.
func (d Date) IsZero() bool { return d == "" }

// AddDays gives the day n calendar days later, or earlier for negative n.
func (d Date) AddDays(n int) Date {
	a, ok := d.number()
	// Both bounds are far inside the range of int, so the sum can't overflow.
	if !ok || n > lastNumber-firstNumber || n < firstNumber-lastNumber {
		return ""
	}
	return dateOf(a + n)
}

// AddMonths gives the same-numbered day n months later, or that month's last
// day where it has no such day. It counts from d: one month after 31 January
// and one more is 28 March, two months after it is 31 March.
func (d Date) AddMonths(n int) Date {
	y, m, day, ok := d.split()
	if !ok || n > 9999*12 || n < -9999*12 {
		return ""
	}
	months := y*12 + m - 1 + n
	if months < 12 {
		return ""
	}
	y, m = months/12, months%12+1
	return MakeDate(y, m, min(day, monthLength(y, m)))
}

// Sub gives the number of days from e to d; 0 if either is invalid.
func (d Date) Sub(e Date) int {
	a, ok := d.number()
	b, ok2 := e.number()
	if !ok || !ok2 {
		return 0
	}
	return a - b
}

// Weekday gives the day of the week; Sunday if d is invalid.
func (d Date) Weekday() time.Weekday {
	n, ok := d.number()
	if !ok {
		return time.Sunday
	}
	return weekday(n)
}

// Year gives the year, 1 to 9999, or 0 if d is invalid.
func (d Date) Year() int { y, _, _, _ := d.split(); return y }

// Month gives the month, 1 to 12, or 0 if d is invalid.
func (d Date) Month() int { _, m, _, _ := d.split(); return m }

// Day gives the day of the month, or 0 if d is invalid.
func (d Date) Day() int { _, _, day, _ := d.split(); return day }

// MonthKey names the month, "2026-10"; "" if d is invalid.
func (d Date) MonthKey() string {
	if !d.Valid() {
		return ""
	}
	return string(d[:7])
}

// Before says whether d comes before e. No day comes before every day.
func (d Date) Before(e Date) bool { return d < e }

// After says whether d comes after e.
func (d Date) After(e Date) bool { return d > e }

// EndOfMonth gives the last day of d's month.
func (d Date) EndOfMonth() Date {
	y, m, _, ok := d.split()
	if !ok {
		return ""
	}
	return MakeDate(y, m, monthLength(y, m))
}

// split reads d by hand: time.Parse allocates and takes ten times as long, and
// this is the first thing that every question does. All zero unless ok.
func (d Date) split() (y, m, day int, ok bool) {
	if len(d) != 10 || d[4] != '-' || d[7] != '-' {
		return 0, 0, 0, false
	}
	for i := 0; i < 10; i++ {
		if i == 4 || i == 7 {
			continue
		}
		if d[i] < '0' || d[i] > '9' {
			return 0, 0, 0, false
		}
	}
	y = int(d[0]-'0')*1000 + int(d[1]-'0')*100 + int(d[2]-'0')*10 + int(d[3]-'0')
	m = int(d[5]-'0')*10 + int(d[6]-'0')
	day = int(d[8]-'0')*10 + int(d[9]-'0')
	if y < 1 || m < 1 || m > 12 || day < 1 || day > monthLength(y, m) {
		return 0, 0, 0, false
	}
	return y, m, day, true
}

// number gives d's day number.
func (d Date) number() (int, bool) {
	y, m, day, ok := d.split()
	if !ok {
		return 0, false
	}
	return dayNumber(y, m, day), true
}

func isLeap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// daysBefore[m] is the number of days of a common year before month m+1.
var daysBefore = [13]int{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365}

func monthLength(y, m int) int {
	if m == 2 && isLeap(y) {
		return 29
	}
	return daysBefore[m] - daysBefore[m-1]
}

func yearLength(y int) int {
	if isLeap(y) {
		return 366
	}
	return 365
}

// dayOfYear numbers the days of a year from 0.
func dayOfYear(y, m, d int) int {
	n := daysBefore[m-1] + d - 1
	if m > 2 && isLeap(y) {
		n++
	}
	return n
}

// newYear gives the day number of 1 January: 365 days a year and one more for
// each leap year gone by.
func newYear(y int) int {
	p := y - 1
	return firstNumber + p*365 + p/4 - p/100 + p/400
}

func dayNumber(y, m, d int) int { return newYear(y) + dayOfYear(y, m, d) }

// civil turns a day number into year, month and day. It counts years from
// 1 March, so that the leap day is a year's last, in eras of 400 years, all of
// which are equally long.
func civil(n int) (y, m, d int) {
	n += 719468 // days from 0000-03-01, never negative for a valid day
	era := n / 146097
	doe := n % 146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	y = era*400 + yoe
	if m > 12 {
		m -= 12
		y++
	}
	return y, m, d
}

// weekday of a day number. Day 0 was a Thursday; adding a multiple of seven
// above every negative day number keeps the remainder from being negative.
func weekday(n int) time.Weekday { return time.Weekday((n + 4 + 7*200000) % 7) }

// Days from 2000 to 2049 are cut out of one text written at start, so that
// the dates this product works with cost no allocation.
const (
	writtenFrom = 10957 // 2000-01-01
	writtenTo   = 29220 // 2050-01-01
)

var written = func() string {
	b := make([]byte, 0, (writtenTo-writtenFrom)*10)
	for n := writtenFrom; n < writtenTo; n++ {
		b = appendDate(b, n)
	}
	return string(b)
}()

// dateOf gives the day of a day number, "" outside the years 0001 to 9999.
func dateOf(n int) Date {
	if n >= writtenFrom && n < writtenTo {
		i := (n - writtenFrom) * 10
		return Date(written[i : i+10])
	}
	if n < firstNumber || n > lastNumber {
		return ""
	}
	return Date(appendDate(make([]byte, 0, 10), n))
}

func appendDate(b []byte, n int) []byte {
	y, m, d := civil(n)
	return append(b,
		byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-',
		byte('0'+d/10), byte('0'+d%10))
}
