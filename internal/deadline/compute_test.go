package deadline_test

import (
	"testing"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/rulebook"
)

const (
	wd = rulebook.Workdays
	dd = rulebook.Days
	mm = rulebook.Months
)

type (
	entries = []deadline.Entry
	date    = calendar.Date
)

func opened(on date) deadline.Entry { return deadline.Entry{Kind: deadline.Opened, On: on} }
func paused(on date) deadline.Entry {
	return deadline.Entry{Kind: deadline.Paused, On: on, Reason: "illness"}
}
func resumed(on date) deadline.Entry { return deadline.Entry{Kind: deadline.Resumed, On: on} }
func extended(on date, n int, u rulebook.Unit) deadline.Entry {
	return deadline.Entry{Kind: deadline.Extended, On: on, Length: n, Unit: u}
}
func retargeted(on date, n int, u rulebook.Unit) deadline.Entry {
	return deadline.Entry{Kind: deadline.Retargeted, On: on, Length: n, Unit: u}
}
func recomputed(on date, n int, u rulebook.Unit) deadline.Entry {
	return deadline.Entry{Kind: deadline.Recomputed, On: on, Length: n, Unit: u}
}

// rolling is a rule as the rulebook writes them: what is counted in days or months rolls.
func rolling(n int, u rulebook.Unit) deadline.Rule {
	return deadline.Rule{Length: n, Unit: u, Roll: u != wd}
}

// The cases were counted by hand on a calendar of 2026 with the notice beside it. T61, T63
//
// 2026: off 02-15..02-23, 04-04..04-06, 05-01..05-05, 06-19..06-21, 09-25..09-27, 10-01..10-07 and 01-01..01-03;
// worked on weekends 01-04, 02-14, 02-28, 05-09, 09-20, 10-10. No notice for 2027 is known.
func TestCountedByHand(t *testing.T) {
	t.Parallel()
	fixed := func(n int, u rulebook.Unit) deadline.Rule { return deadline.Rule{Length: n, Unit: u} }
	for _, c := range []struct {
		name string
		rule deadline.Rule
		es   entries
		due  date
		prov bool
	}{
		// The first day.
		{"the first day is not counted", rolling(5, wd), entries{opened("2026-10-12")}, "2026-10-19", false},
		{"nor when it is off", rolling(5, wd), entries{opened("2026-10-01")}, "2026-10-13", false},
		{"calendar days", rolling(15, dd), entries{opened("2026-10-12")}, "2026-10-27", false},
		// Working days over holidays.
		{"over National Day", rolling(5, wd), entries{opened("2026-09-30")}, "2026-10-13", false},
		{"over Mid-Autumn and National Day", rolling(15, wd), entries{opened("2026-09-21")}, "2026-10-19", false},
		{"over Spring Festival", rolling(15, wd), entries{opened("2026-02-10")}, "2026-03-09", false},
		{"onto a worked Sunday", rolling(1, wd), entries{opened("2025-12-31")}, "2026-01-04", false},
		{"a holiday that ends on a weekend", rolling(1, wd), entries{opened("2026-06-18")}, "2026-06-22", false},
		{"into a year without a notice", rolling(15, wd), entries{opened("2026-12-10")}, "2026-12-31", true},
		{"up to the days that a notice may still move", rolling(5, wd), entries{opened("2026-12-17")}, "2026-12-24", false},
		{"New Year's Day 2027 by law alone", rolling(5, wd), entries{opened("2026-12-28")}, "2027-01-05", true},
		// Ends of months.
		{"31 January, onto a worked Saturday", rolling(1, mm), entries{opened("2026-01-31")}, "2026-02-28", false},
		{"31 January, onto a Sunday", rolling(1, mm), entries{opened("2027-01-31")}, "2027-03-01", true},
		{"31 January of a leap year", rolling(1, mm), entries{opened("2028-01-31")}, "2028-02-29", true},
		{"31 August", rolling(1, mm), entries{opened("2026-08-31")}, "2026-09-30", false},
		{"leap day and a year", fixed(12, mm), entries{opened("2028-02-29")}, "2029-02-28", false},
		// The last day is off.
		{"ends on a Saturday", rolling(1, mm), entries{opened("2026-09-17")}, "2026-10-19", false},
		{"ends on a Saturday and does not roll", fixed(1, mm), entries{opened("2026-09-17")}, "2026-10-17", false},
		{"ends on a holiday", rolling(1, mm), entries{opened("2026-09-02")}, "2026-10-08", false},
		{"ends on the Sunday that ends a holiday", rolling(1, mm), entries{opened("2026-08-27")}, "2026-09-28", false},
		{"ends on the Saturday that ends a holiday, the Sunday is worked", rolling(1, mm), entries{opened("2025-12-03")}, "2026-01-04", false},
		{"ends on a worked Saturday", rolling(1, mm), entries{opened("2026-09-10")}, "2026-10-10", false},
		{"days end on a worked Sunday", rolling(10, dd), entries{opened("2026-09-10")}, "2026-09-20", false},
		{"rolls into what a notice may move", rolling(1, mm), entries{opened("2026-11-28")}, "2026-12-28", true},
		{"does not roll, so no notice can move it", fixed(1, mm), entries{opened("2026-11-28")}, "2026-12-28", false},
		// Pauses.
		{"pause in the middle", rolling(5, wd), entries{opened("2026-10-12"), paused("2026-10-14"), resumed("2026-10-19")}, "2026-10-22", false},
		{"pause in the middle of a month", rolling(1, mm), entries{opened("2026-10-12"), paused("2026-10-20"), resumed("2026-10-25")}, "2026-11-17", false},
		{"pause from the start day", rolling(5, wd), entries{opened("2026-10-12"), paused("2026-10-12"), resumed("2026-10-15")}, "2026-10-21", false},
		{"pause from the start day of a month", rolling(1, mm), entries{opened("2026-10-12"), paused("2026-10-12"), resumed("2026-10-15")}, "2026-11-16", false},
		{"pause over the end", rolling(5, wd), entries{opened("2026-10-12"), paused("2026-10-19"), resumed("2026-10-26")}, "2026-10-26", false},
		{"pause over the end of a month", rolling(1, mm), entries{opened("2026-10-12"), paused("2026-11-10"), resumed("2026-11-20")}, "2026-11-23", false},
		{"pause after the end", rolling(1, mm), entries{opened("2026-10-12"), paused("2026-11-13"), resumed("2026-11-20")}, "2026-11-12", false},
		{"two pauses", rolling(5, wd), entries{opened("2026-10-12"), paused("2026-10-13"), resumed("2026-10-14"), paused("2026-10-16"), resumed("2026-10-20")}, "2026-10-22", false},
		{"the second pause lies where the first moved the end", rolling(1, mm),
			entries{opened("2026-10-12"), paused("2026-10-20"), resumed("2026-10-25"), paused("2026-11-14"), resumed("2026-11-16")}, "2026-11-19", false},
		{"pause over a holiday loses no working day", rolling(5, wd), entries{opened("2026-09-29"), paused("2026-10-01"), resumed("2026-10-08")}, "2026-10-12", false},
		{"pause over a holiday loses calendar days", rolling(1, mm), entries{opened("2026-09-10"), paused("2026-10-01"), resumed("2026-10-08")}, "2026-10-19", false},
		{"a pause that lasts", rolling(5, wd), entries{opened("2026-10-12"), paused("2026-10-14")}, "2026-10-19", false},
		{"paused and resumed on one day", rolling(5, wd), entries{opened("2026-10-12"), paused("2026-10-14"), resumed("2026-10-14")}, "2026-10-19", false},
		{"pause while the end rolls", rolling(1, mm), entries{opened("2026-09-02"), paused("2026-10-05"), resumed("2026-10-12")}, "2026-10-12", false},
		{"a long pause while the end rolls", rolling(1, mm), entries{opened("2026-09-02"), paused("2026-10-03"), resumed("2027-01-04")}, "2027-01-04", true},
		{"a pause into what a notice may move", rolling(5, wd), entries{opened("2026-12-17"), paused("2026-12-24"), resumed("2026-12-28")}, "2026-12-28", true},
		// Extensions.
		{"extension in the same unit counts from the start", rolling(1, mm), entries{opened("2026-01-31"), extended("2026-02-20", 1, mm)}, "2026-03-31", false},
		{"two extensions", rolling(3, mm), entries{opened("2026-03-31"), extended("2026-06-01", 1, mm), extended("2026-07-01", 2, mm)}, "2026-09-30", false},
		{"extension in working days after a month", rolling(1, mm), entries{opened("2026-10-12"), extended("2026-11-01", 5, wd)}, "2026-11-19", false},
		{"the period rolls at its end, not in the middle", rolling(1, mm), entries{opened("2026-09-02"), extended("2026-09-20", 5, wd)}, "2026-10-13", false},
		{"extension in months after working days rolls", rolling(5, wd), entries{opened("2026-10-14"), extended("2026-10-15", 1, mm)}, "2026-11-23", false},
		{"there and back", rolling(1, mm), entries{opened("2026-10-12"), extended("2026-10-13", 5, wd), extended("2026-10-14", 1, mm)}, "2026-12-21", false},
		{"extension while it stands", rolling(5, wd), entries{opened("2026-10-12"), paused("2026-10-14"), extended("2026-10-15", 5, wd)}, "2026-10-26", false},
		{"extension and pause", rolling(1, mm), entries{opened("2026-10-12"), extended("2026-10-13", 1, mm), paused("2026-11-20"), resumed("2026-11-23")}, "2026-12-15", false},
		// Retargets.
		{"longer", rolling(15, wd), entries{opened("2026-10-12"), retargeted("2026-10-20", 20, wd)}, "2026-11-09", false},
		{"shorter than what has gone by", rolling(15, wd), entries{opened("2026-10-12"), retargeted("2026-10-28", 5, wd)}, "2026-10-19", false},
		{"in another unit", rolling(15, wd), entries{opened("2026-10-12"), retargeted("2026-10-20", 1, mm)}, "2026-11-12", false},
		{"what was consumed stays consumed, what was lost stays lost", rolling(15, wd),
			entries{opened("2026-10-12"), paused("2026-10-14"), resumed("2026-10-19"), retargeted("2026-10-20", 5, wd)}, "2026-10-22", false},
		{"an extension goes with the old length", rolling(15, wd), entries{opened("2026-10-12"), extended("2026-10-13", 5, wd), retargeted("2026-10-20", 5, wd)}, "2026-10-19", false},
		{"and may be granted to the new one", rolling(15, wd), entries{opened("2026-10-12"), retargeted("2026-10-20", 5, wd), extended("2026-10-21", 1, wd)}, "2026-10-20", false},
		// Another version of the rule.
		{"recomputed by a holiday notice", rolling(5, wd), entries{opened("2026-10-12"), recomputed("2026-10-13", 0, "")}, "2026-10-19", false},
		{"recomputed to another length keeps what was granted", rolling(15, wd),
			entries{opened("2026-10-12"), extended("2026-10-13", 5, wd), recomputed("2026-10-14", 5, wd)}, "2026-10-26", false},
	} {
		r := deadline.Compute(c.rule, c.es, calendar.Shipped())
		if r.Due != c.due || r.Provisional != c.prov {
			t.Errorf("%s: due %s (provisional %v), want %s (%v)", c.name, r.Due, r.Provisional, c.due, c.prov)
		}
		due, prov, _ := slowDue(c.rule, c.es, calendar.Shipped())
		if due != c.due || prov != c.prov {
			t.Errorf("%s: the reference says %s (provisional %v), want %s (%v)", c.name, due, prov, c.due, c.prov)
		}
		for _, bad := range lawsOfExplain(c.rule, c.es, calendar.Shipped()) {
			t.Errorf("%s: %s", c.name, bad)
		}
	}
}

// A clock begins on the civil day of its fact, wherever on the clock face the fact stands. T62, T63
func TestMinutesOfTheDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, utc string
		due       date
	}{
		{"the first minute of Monday", "2026-10-11T16:00:00Z", "2026-10-19"},
		{"the last microsecond of Sunday", "2026-10-11T15:59:59.999999Z", "2026-10-16"},
		{"the last microsecond of Monday", "2026-10-12T15:59:59.999999Z", "2026-10-19"},
		{"the first microsecond of Tuesday", "2026-10-12T16:00:00Z", "2026-10-20"},
		{"two in the morning on the night shift", "2026-10-12T18:00:00Z", "2026-10-20"},
		{"just after midnight on 1 March after a leap day", "2028-02-29T16:00:00Z", "2028-03-08"},
		{"the last minute of the leap day", "2028-02-29T15:59:00Z", "2028-03-07"},
		{"the last minute of the year", "2025-12-31T15:59:59Z", "2026-01-08"},
		{"the first minute of the year", "2025-12-31T16:00:00Z", "2026-01-08"},
	} {
		at, err := time.Parse(time.RFC3339Nano, c.utc)
		if err != nil {
			t.Fatal(err)
		}
		r := deadline.Compute(rolling(5, wd), entries{opened(calendar.InstantOf(at).Date())}, calendar.Shipped())
		if r.Due != c.due {
			t.Errorf("%s: due %s, want %s", c.name, r.Due, c.due)
		}
	}
}

// What is said of one clock, day by day, as a page shows it.
func TestExplainedDayByDay(t *testing.T) {
	t.Parallel()
	x := deadline.Explain(rolling(5, wd), entries{opened("2026-09-29"), paused("2026-10-09"), resumed("2026-10-12")}, calendar.Shipped())
	want := []deadline.DayNote{
		{Date: "2026-09-29", Kind: "start"},
		{Date: "2026-09-30", Kind: "counted", Counted: 1},
		{Date: "2026-10-01", Kind: "holiday", Name: "国庆节"}, {Date: "2026-10-02", Kind: "holiday", Name: "国庆节"}, {Date: "2026-10-03", Kind: "holiday", Name: "国庆节"},
		{Date: "2026-10-04", Kind: "holiday", Name: "国庆节"}, {Date: "2026-10-05", Kind: "holiday", Name: "国庆节"}, {Date: "2026-10-06", Kind: "holiday", Name: "国庆节"},
		{Date: "2026-10-07", Kind: "holiday", Name: "国庆节"},
		{Date: "2026-10-08", Kind: "counted", Counted: 2},
		{Date: "2026-10-09", Kind: "paused", Name: "illness"}, {Date: "2026-10-10", Kind: "paused", Name: "illness"}, {Date: "2026-10-11", Kind: "paused", Name: "illness"},
		{Date: "2026-10-12", Kind: "counted", Counted: 3}, {Date: "2026-10-13", Kind: "counted", Counted: 4},
		{Date: "2026-10-14", Kind: "counted", Counted: 5, Due: true},
	}
	if len(x.Days) != len(want) {
		t.Fatalf("%d days, want %d: %+v", len(x.Days), len(want), x.Days)
	}
	for i, n := range x.Days {
		if n != want[i] {
			t.Errorf("day %d is %+v, want %+v", i, n, want[i])
		}
	}
	if x.Counts != 5 || x.Off["国庆节"] != 7 || x.Off["paused"] != 3 || x.Passed != 15 {
		t.Errorf("sums: %+v", x)
	}
	moved := deadline.Explain(rolling(3, wd), entries{opened("2026-10-08")}, calendar.Shipped())
	if moved.Moved != 1 || moved.Days[2].Kind != "moved" || moved.Off["weekend"] != 1 {
		t.Errorf("a worked Saturday: %+v", moved)
	}
	rolled := deadline.Explain(rolling(1, mm), entries{opened("2026-09-02")}, calendar.Shipped())
	if rolled.Result.Rolled != "2026-10-02" || rolled.Counts != 30 || rolled.Off["rolled"] != 5 || rolled.Passed != 36 || rolled.Days[36].Kind != "rolled" {
		t.Errorf("rolled: %+v", rolled)
	}
	// Of a clock that stands nobody can say when it is due; what is left can be said.
	stands := deadline.Explain(rolling(5, wd), entries{opened("2026-10-12"), paused("2026-10-15")}, calendar.Shipped())
	if stands.Counts != 2 || stands.Left != 3 || len(stands.Days) != 4 || stands.Days[3].Kind != "paused" || stands.Days[3].Due {
		t.Errorf("standing: %+v", stands)
	}
	// In another unit than the rule's since it was retargeted.
	other := deadline.Explain(rolling(1, mm), entries{opened("2026-10-12"), retargeted("2026-10-13", 5, wd)}, calendar.Shipped())
	if other.Counts != 5 || other.Off["weekend"] != 2 {
		t.Errorf("retargeted to working days: %+v", other)
	}
	long := deadline.Explain(rolling(24, mm), entries{opened("2026-10-12")}, calendar.Shipped())
	if len(long.Days) != 0 || long.Counts != 731 || long.Passed != 731 {
		t.Errorf("two years: %d days shown, %d counted, %d gone by", len(long.Days), long.Counts, long.Passed)
	}
}
