package calendar

import (
	_ "embed"
	"math/bits"
	"slices"
	"sync"
	"time"
)

// Book answers for every day what it is, from the notices of a set of years.
// It never changes, so it may be shared freely.
type Book struct {
	years []Year // sorted by year, one each
	// One table a year from first on, without gaps; nil where the book has
	// nothing to say and the year's shape will do.
	first  int
	tables []*table
}

// table is one civil year, ready to be asked.
type table struct {
	work  [6]uint64 // bit i: day i of the year is worked
	total int       // how many are
	// From this day of the year on, a notice to come may change the answer; 366
	// if none may. Always a tail of the year, which keeps the test one compare.
	provisional int
	kinds       [366]DayKind
	names       [366]uint16 // index into labels
	labels      []string    // the first is ""
}

//go:embed notices.txt
var shippedText string

var shipped = sync.OnceValue(func() *Book {
	ys, err := ParseYears(shippedText, "notices.txt")
	if err != nil {
		panic("calendar: the built-in notices do not parse: " + err.Error()) // a test reads them
	}
	return (&Book{years: ys}).tabled() // the file has them in order, which a test sees to
})

// Shipped gives the book of the years built in.
func Shipped() *Book { return shipped() }

// With gives a book that also knows y, in place of what b knew of that year.
// A year outside MinYear to MaxYear changes nothing.
func (b *Book) With(y Year) *Book {
	if y.Year < MinYear || y.Year > MaxYear {
		return b
	}
	y = y.clone() // the caller's slices stay the caller's
	n := &Book{years: slices.Clone(b.years)}
	if i, ok := b.find(y.Year); ok {
		n.years[i] = y
	} else {
		n.years = slices.Insert(n.years, i, y)
	}
	return n.tabled()
}

// Has says whether the book holds a notice for that year.
func (b *Book) Has(year int) bool { _, ok := b.find(year); return ok }

// Years lists the years that the book holds notices for, in order.
func (b *Book) Years() []int {
	ys := make([]int, len(b.years))
	for i, y := range b.years {
		ys[i] = y.Year
	}
	return ys
}

// Notices lists the notices for that year in the order of issue.
func (b *Book) Notices(year int) []Notice {
	if i, ok := b.find(year); ok {
		return slices.Clone(b.years[i].Notices)
	}
	return nil
}

// Basis gives the notice that makes d what it is, if one names it. It may be
// the next year's: 2018-12-31 was off by the notice for 2019.
func (b *Book) Basis(d Date) (Notice, bool) {
	n, ok := d.number()
	if !ok {
		return Notice{}, false
	}
	y := d.Year()
	for year := y + 1; year >= y; year-- {
		i, ok := b.find(year)
		if !ok {
			continue
		}
		spans := b.years[i].Days
		for j := len(spans) - 1; j >= 0; j-- {
			for m := range spans[j].numbers(year) {
				if k := spans[j].Notice; m == n && k >= 0 && k < len(b.years[i].Notices) {
					return b.years[i].Notices[k], true
				}
			}
		}
	}
	return Notice{}, false
}

// noticeMonth is when the coming year's notice is looked for. Of the notices
// for 2004 to 2026 two were signed in October, the others between 4 November
// and 18 December.
const noticeMonth = 11

// Missing lists the years whose notice somebody should be told is missing on
// the day d: d's own year and, from November on, the next. nil if none is.
func (b *Book) Missing(d Date) []int {
	y, m, _, ok := d.split()
	if !ok {
		return nil
	}
	var missing []int
	if !b.Has(y) {
		missing = append(missing, y)
	}
	if m >= noticeMonth && !b.Has(y+1) {
		missing = append(missing, y+1)
	}
	return missing
}

// Day says what d is; the zero Day if d is invalid.
func (b *Book) Day(d Date) Day {
	y, m, dd, ok := d.split()
	if !ok {
		return Day{}
	}
	t, i := b.table(y), dayOfYear(y, m, dd)
	return Day{Date: d, Kind: t.kinds[i], Name: t.labels[t.names[i]], Provisional: i >= t.provisional}
}

// Working says whether d is worked.
func (b *Book) Working(d Date) bool {
	y, m, dd, ok := d.split()
	if !ok {
		return false
	}
	i := dayOfYear(y, m, dd)
	return b.table(y).work[i>>6]>>(i&63)&1 == 1
}

// NextWorking gives d if it is worked, else the next day that is.
func (b *Book) NextWorking(d Date) Date {
	if b.Working(d) {
		return d
	}
	next, _ := b.AddWorking(d, 1)
	return next
}

// AddWorking gives the n-th working day after d, d itself not counted; for
// negative n the n-th before d; d for 0. provisional says that a notice still
// to come may change the answer. "" if d is invalid or the answer is outside
// the years 0001 to 9999.
func (b *Book) AddWorking(d Date, n int) (_ Date, provisional bool) {
	y, m, dd, ok := d.split()
	if !ok || n > lastNumber-firstNumber || n < firstNumber-lastNumber {
		return "", false
	}
	if n == 0 {
		return d, false
	}
	if n < 0 {
		return b.subWorking(d, -n)
	}
	t, from := b.table(y), dayOfYear(y, m, dd)+1
	// The answer is the want-th working day of year y, counted from its start.
	// The days passed over begin at from. What is provisional in a year is its
	// tail, so a run of its days is provisional if the last of them is.
	want := t.upto(from-1) + n
	for want > t.total {
		if last := yearLength(y) - 1; from <= last && last >= t.provisional {
			provisional = true
		}
		want -= t.total
		if y++; y > 9999 {
			return "", false
		}
		t, from = b.table(y), 0
	}
	i := t.nth(want)
	return dateOf(newYear(y) + i), provisional || i >= t.provisional
}

func (b *Book) subWorking(d Date, n int) (_ Date, provisional bool) {
	y, m, dd, _ := d.split()
	t, end := b.table(y), dayOfYear(y, m, dd)
	before := 0 // working days of year y before d
	if end > 0 {
		before = t.upto(end - 1)
	}
	want := before - n + 1
	// The days passed over are those before day end of the year.
	for want < 1 {
		provisional = provisional || end-1 >= t.provisional
		if y--; y < 1 {
			return "", false
		}
		t, end = b.table(y), yearLength(y)
		want += t.total
	}
	return dateOf(newYear(y) + t.nth(want)), provisional || end-1 >= t.provisional
}

// CountWorking counts the working days after the first day up to and including
// the second. The other way round it is the same number, negative. 0 if either
// is invalid.
func (b *Book) CountWorking(after, upto Date) int {
	ya, ma, da, ok := after.split()
	yu, mu, du, ok2 := upto.split()
	if !ok || !ok2 {
		return 0
	}
	n := b.table(yu).upto(dayOfYear(yu, mu, du)) - b.table(ya).upto(dayOfYear(ya, ma, da))
	for y := ya; y < yu; y++ {
		n += b.table(y).total
	}
	for y := yu; y < ya; y++ {
		n -= b.table(y).total
	}
	return n
}

// upto counts the working days of the year up to and including day i.
func (t *table) upto(i int) int {
	w := i >> 6
	n := bits.OnesCount64(t.work[w] << (63 - i&63))
	for j := 0; j < w; j++ {
		n += bits.OnesCount64(t.work[j])
	}
	return n
}

// nth finds the day of the year that is its n-th working day, from 1 to total.
func (t *table) nth(n int) int {
	for j, w := range t.work {
		c := bits.OnesCount64(w)
		if n > c {
			n -= c
			continue
		}
		for ; n > 1; n-- {
			w &= w - 1 // drop the lowest day
		}
		return j<<6 + bits.TrailingZeros64(w)
	}
	return 0 // not reached: n is at most total
}

func (b *Book) find(year int) (int, bool) {
	return slices.BinarySearchFunc(b.years, year, func(y Year, year int) int { return y.Year - year })
}

func (b *Book) table(year int) *table {
	if i := year - b.first; i >= 0 && i < len(b.tables) && b.tables[i] != nil {
		return b.tables[i]
	}
	return shapes[shapeOf(year)]
}

// lastWeek is the day of December from which a year's days hang on the next
// year's notice: the New Year's holiday may reach back, and a weekend before it
// be worked. None has so far named a day before the 29th.
const lastWeek = 25

// tabled makes the tables of a book whose years are set.
func (b *Book) tabled() *Book {
	if len(b.years) == 0 {
		return b
	}
	b.first = b.years[0].Year - 1
	b.tables = make([]*table, b.years[len(b.years)-1].Year-b.first+1)
	for _, y := range b.years {
		// The year before is made too: the notice may name days of its December.
		for _, year := range []int{y.Year - 1, y.Year} {
			if b.tables[year-b.first] == nil {
				b.tables[year-b.first] = b.makeTable(year)
			}
		}
	}
	return b
}

func (b *Book) makeTable(year int) *table {
	var t *table
	own, ok := b.find(year)
	if ok {
		t = plainYear(newYear(year), yearLength(year))
		if !b.Has(year + 1) {
			t.provisional = dayOfYear(year, 12, lastWeek)
		}
		t.apply(b.years[own], year)
	} else {
		c := *shapes[shapeOf(year)]
		c.labels = slices.Clone(c.labels)
		t = &c
	}
	if next, ok := b.find(year + 1); ok {
		t.apply(b.years[next], year)
	}
	return t
}

// apply lets y's notices speak on the days of the civil year that t is.
func (t *table) apply(y Year, year int) {
	start := newYear(year)
	for _, s := range y.Days {
		for n := range s.numbers(y.Year) {
			i := n - start
			if i < 0 || i >= yearLength(year) {
				continue
			}
			if s.Kind == Holiday || s.Kind == MovedWorkday {
				t.set(i, s.Kind, s.Name)
			} else {
				t.set(i, plainKind(n), "")
			}
		}
	}
}

func (t *table) set(i int, k DayKind, name string) {
	t.kinds[i], t.names[i] = k, t.label(name)
	was := t.work[i>>6] >> (i & 63) & 1
	if (Day{Kind: k}).Working() {
		t.work[i>>6] |= 1 << (i & 63)
		t.total += int(1 - was)
	} else {
		t.work[i>>6] &^= 1 << (i & 63)
		t.total -= int(was)
	}
}

func (t *table) label(name string) uint16 {
	i := slices.Index(t.labels, name)
	if i < 0 {
		i = len(t.labels)
		t.labels = append(t.labels, name)
	}
	return uint16(i) // a year has at most 366 names
}

func plainKind(n int) DayKind {
	if isWeekend(n) {
		return Weekend
	}
	return Workday
}

// plainYear is a year with weekends and nothing else, starting on day n.
func plainYear(n, length int) *table {
	t := &table{provisional: 366, labels: []string{""}}
	for i := range length {
		t.set(i, plainKind(n+i), "")
	}
	return t
}

// A year without a notice looks like one of 14 for each version of the law, by
// its first weekday and whether it is a leap year. They are made once.
var shapes = func() (s []*table) {
	for _, l := range laws {
		for _, leap := range []bool{false, true} {
			for w := time.Sunday; w <= time.Saturday; w++ {
				year := yearLike(leap, w)
				t := plainYear(newYear(year), yearLength(year))
				for _, f := range l.fixed {
					t.set(dayOfYear(year, f.month, f.day), Holiday, f.name)
				}
				t.provisional = 0
				s = append(s, t)
			}
		}
	}
	return s
}()

func shapeOf(year int) int {
	i := lawIndex(year) * 14
	if isLeap(year) {
		i += 7
	}
	return i + int(weekday(newYear(year)))
}

// yearLike finds a year with that first weekday; 28 years in a row have all.
func yearLike(leap bool, first time.Weekday) int {
	year := 2000
	for isLeap(year) != leap || weekday(newYear(year)) != first {
		year++
	}
	return year
}
