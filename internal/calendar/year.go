package calendar

import (
	"slices"
	"time"
)

// DayKind says what a day is. The zero kind is that of no day.
type DayKind uint8

const (
	Workday      DayKind = iota + 1
	MovedWorkday         // a Saturday or Sunday worked by notice, 调休上班
	Weekend              // a Saturday or Sunday that no notice names
	Holiday              // off by notice, or by the law's own fixed date
)

// String gives the kind's stable code.
func (k DayKind) String() string {
	switch k {
	case Workday:
		return "workday"
	case MovedWorkday:
		return "moved_workday"
	case Weekend:
		return "weekend"
	case Holiday:
		return "holiday"
	}
	return ""
}

// Day is what a Book knows of a day.
type Day struct {
	Date Date
	Kind DayKind
	// Name of the holiday that the day is part of, or, for a moved workday, was
	// given up for: 国庆节. "" for other days.
	Name string
	// A notice still to come may change this.
	Provisional bool
}

// Working says whether people are at work that day.
func (d Day) Working() bool { return d.Kind == Workday || d.Kind == MovedWorkday }

// Year is what the State Council's notices say of one year's holidays.
type Year struct {
	Year    int
	Notices []Notice // in the order of issue
	Days    []Span   // in the order of the notices; a later notice wins
}

// Notice names the paper.
type Notice struct {
	Number string // 国办发明电〔2025〕7号
	Date   Date   // the day it was signed
	Note   string // what it changes, or what is not certain about it
}

// Span is a run of days that a notice speaks of.
type Span struct {
	From, To Date // both included; the same for one day
	// Holiday or MovedWorkday. Workday takes back what an earlier notice of the
	// year said: the days are again what the day of the week makes them.
	Kind   DayKind
	Name   string
	Notice int // index into Year.Notices
}

// MinYear and MaxYear bound the years that a Book can hold notices for.
const (
	MinYear = 1950
	MaxYear = 2149
)

// Balance compares what the notices give with what the law grants. given is
// the number of days off from Monday to Friday less the number of moved
// workdays; law the number of holidays in the year for everybody. A holiday on
// a weekend is made up for, and a moved workday pays for a day off, so the two
// are equal unless a notice grants extra days. A slip of one date in a year
// typed by hand nearly always shows here: an import should say so.
func (y Year) Balance() (given, law int) {
	for n, k := range y.kinds() {
		weekend := isWeekend(n)
		switch {
		case k == Holiday && !weekend:
			given++
		case k == MovedWorkday && weekend:
			given--
		}
	}
	return given, lawOf(y.Year).days
}

// kinds gives each day that the notices name with the kind that holds.
func (y Year) kinds() map[int]DayKind {
	m := map[int]DayKind{}
	for _, s := range y.Days {
		for n := range s.numbers(y.Year) {
			m[n] = s.Kind
		}
	}
	return m
}

// numbers runs over the day numbers of s that a notice for that year may speak
// of. A Year made by ParseYears has no others; one made by hand is cut to fit.
func (s Span) numbers(year int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		from, ok := s.From.number()
		to, ok2 := s.To.number()
		if !ok || !ok2 {
			return
		}
		from = max(from, dayNumber(year-1, 12, 1))
		to = min(to, dayNumber(year, 12, 31))
		for n := from; n <= to; n++ {
			if !yield(n) {
				return
			}
		}
	}
}

func (y Year) clone() Year {
	y.Notices = slices.Clone(y.Notices)
	y.Days = slices.Clone(y.Days)
	return y
}

func isWeekend(n int) bool {
	w := weekday(n)
	return w == time.Saturday || w == time.Sunday
}

// law is a version of the holidays for everybody, 全国年节及纪念日放假办法.
type law struct {
	from  int // the first year it governed
	days  int // how many days it gives, lunar festivals included
	fixed []fixedDay
}

// fixedDay is a holiday whose date the law itself says.
type fixedDay struct {
	month, day int
	name       string
}

const (
	newYearsDay = "元旦"
	labourDay   = "劳动节"
	nationalDay = "国庆节"
)

var laws = []law{
	// Before Order 270 of 1999. Nothing here works that far back; the entry
	// keeps the answer total.
	{from: 0, days: 7, fixed: []fixedDay{{1, 1, newYearsDay}, {5, 1, labourDay},
		{10, 1, nationalDay}, {10, 2, nationalDay}}},
	// Order 270, 18 September 1999.
	{from: 2000, days: 10, fixed: []fixedDay{{1, 1, newYearsDay},
		{5, 1, labourDay}, {5, 2, labourDay}, {5, 3, labourDay},
		{10, 1, nationalDay}, {10, 2, nationalDay}, {10, 3, nationalDay}}},
	// Order 513, in force on 1 January 2008; Order 644 of 2013 moved a day
	// within the Spring Festival and changed neither the count nor these.
	{from: 2008, days: 11, fixed: []fixedDay{{1, 1, newYearsDay}, {5, 1, labourDay},
		{10, 1, nationalDay}, {10, 2, nationalDay}, {10, 3, nationalDay}}},
	// Order 795, in force on 1 January 2025.
	{from: 2025, days: 13, fixed: []fixedDay{{1, 1, newYearsDay},
		{5, 1, labourDay}, {5, 2, labourDay},
		{10, 1, nationalDay}, {10, 2, nationalDay}, {10, 3, nationalDay}}},
}

func lawIndex(year int) int {
	i := len(laws) - 1
	for i > 0 && year < laws[i].from {
		i--
	}
	return i
}

func lawOf(year int) law { return laws[lawIndex(year)] }
