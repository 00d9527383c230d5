package deadline_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/rulebook"
)

// TestMain runs a few thousand cases of each property unless told otherwise (-rapid.checks=100000), and is the program
// that is killed in crash_test.go.
func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		os.Exit(child(path))
	}
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "3000"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// The reference: one day after another, one day of the length at a time. It knows the calendar and nothing else.

// slowDue walks to the due day; numbered are the days that count, in order.
func slowDue(rule deadline.Rule, es entries, book *calendar.Book) (due date, prov bool, numbered []date) {
	stands := func(d date) bool {
		on, from := false, date("")
		for _, e := range es {
			switch {
			case (e.Kind == deadline.Paused || e.Kind == deadline.Fulfilled) && !on:
				on, from = true, e.On
			case (e.Kind == deadline.Resumed || e.Kind == deadline.Reopened) && on:
				if on = false; d >= from && d < e.On {
					return true
				}
			}
		}
		return false
	}
	d := es[0].On
	var last rulebook.Unit
	for _, l := range slowLengths(rule, es) {
		last = l.unit
		left := l.n
		if l.unit == mm {
			left = slowMonth(d, l.n).Sub(d)
		}
		for left > 0 {
			d = d.AddDays(1)
			if stands(d) {
				continue
			}
			if l.unit == wd {
				day := book.Day(d)
				prov = prov || day.Provisional
				if !day.Working() {
					continue
				}
			}
			left--
			numbered = append(numbered, d)
		}
	}
	if last != wd && (rule.Roll || rule.Unit == wd) {
		for {
			day := book.Day(d)
			if !stands(d) {
				prov = prov || day.Provisional
				if day.Working() {
					break
				}
			}
			d = d.AddDays(1)
		}
	}
	return d, prov, numbered
}

type length struct {
	n    int
	unit rulebook.Unit
}

// slowLengths are the lengths to walk, neighbours of one unit as one.
func slowLengths(rule deadline.Rule, es entries) []length {
	base, more := length{rule.Length, rule.Unit}, []length(nil)
	for _, e := range es {
		switch e.Kind {
		case deadline.Extended:
			more = append(more, length{e.Length, e.Unit})
		case deadline.Retargeted:
			base, more = length{e.Length, e.Unit}, nil
		case deadline.Recomputed:
			if e.Length > 0 {
				base = length{e.Length, e.Unit}
			}
		}
	}
	out := []length{base}
	for _, l := range more {
		if out[len(out)-1].unit == l.unit {
			out[len(out)-1].n += l.n
		} else {
			out = append(out, l)
		}
	}
	return out
}

// slowMonth goes to the last day of the n-th month on and back to the same number.
func slowMonth(d date, n int) date {
	x := d
	for range n {
		for m := x.Month(); x.Month() == m; {
			x = x.AddDays(1)
		}
	}
	for m := x.Month(); x.AddDays(1).Month() == m; {
		x = x.AddDays(1)
	}
	for x.Day() > d.Day() {
		x = x.AddDays(-1)
	}
	return x
}

// Drawing clocks.

func anyDay(t *rapid.T, name string) date {
	d := date("2025-10-01").AddDays(rapid.IntRange(0, 900).Draw(t, name))
	if rapid.IntRange(0, 3).Draw(t, name+" at an edge") == 0 {
		d = rapid.SampledFrom([]date{"2026-01-31", "2026-09-30", "2026-10-01", "2026-12-31", "2027-01-01", "2027-02-28", "2028-01-31", "2028-02-29"}).Draw(t, name+" edge")
	}
	return d
}

func anyLength(t *rapid.T, name string) (int, rulebook.Unit) {
	switch u := rapid.SampledFrom([]rulebook.Unit{wd, dd, mm}).Draw(t, name+" unit"); u {
	case wd:
		return rapid.IntRange(1, 40).Draw(t, name), u
	case dd:
		return rapid.IntRange(1, 90).Draw(t, name), u
	default:
		return rapid.IntRange(1, 7).Draw(t, name), u
	}
}

func anyClock(t *rapid.T) (deadline.Rule, entries) {
	n, u := anyLength(t, "length")
	rule := deadline.Rule{Length: n, Unit: u, Roll: u != wd && rapid.Bool().Draw(t, "roll")}
	now := anyDay(t, "start")
	es := entries{opened(now)}
	stands := false
	for range rapid.IntRange(0, 7).Draw(t, "entries") {
		now = now.AddDays(rapid.OneOf(rapid.IntRange(0, 15), rapid.IntRange(0, 120)).Draw(t, "later"))
		switch rapid.IntRange(0, 6).Draw(t, "what") {
		case 0, 1, 2:
			if stands {
				es = append(es, resumed(now))
			} else {
				es = append(es, paused(now))
			}
			stands = !stands
		case 3:
			n, u := anyLength(t, "extension")
			es = append(es, extended(now, n, u))
		case 4:
			n, u := anyLength(t, "target")
			es = append(es, retargeted(now, n, u))
		case 6: // met, and the work came back
			if stands {
				continue
			}
			es = append(es, deadline.Entry{Kind: deadline.Fulfilled, On: now})
			now = now.AddDays(rapid.IntRange(0, 40).Draw(t, "away"))
			es = append(es, deadline.Entry{Kind: deadline.Reopened, On: now})
		case 5:
			if n, u := anyLength(t, "switch"); rapid.Bool().Draw(t, "switched") {
				es = append(es, recomputed(now, n, u))
			} else {
				es = append(es, recomputed(now, 0, ""))
			}
		}
	}
	return rule, es
}

// anyBook is the shipped calendar with some years replaced or added, or one that knows little.
func anyBook(t *rapid.T) *calendar.Book {
	book := calendar.Shipped()
	if rapid.IntRange(0, 4).Draw(t, "bare") == 0 {
		book = &calendar.Book{}
	}
	for year := 2025; year <= 2030; year++ {
		if rapid.Bool().Draw(t, "notice") {
			book = book.With(anyYear(t, year))
		}
	}
	return book
}

func anyYear(t *rapid.T, year int) calendar.Year {
	y := calendar.Year{Year: year, Notices: []calendar.Notice{{Number: "a", Date: calendar.MakeDate(year-1, 11, 4)}}}
	for range rapid.IntRange(0, 9).Draw(t, "spans") {
		// A notice has never reached further back than the last week before its year.
		from := calendar.MakeDate(year-1, 12, 25).AddDays(rapid.IntRange(0, 365).Draw(t, "from"))
		s := calendar.Span{From: from, To: from.AddDays(rapid.IntRange(0, 9).Draw(t, "long")), Kind: calendar.Holiday, Name: "甲"}
		if rapid.IntRange(0, 3).Draw(t, "worked") == 0 {
			s.Kind, s.Name, s.To = calendar.MovedWorkday, "乙", s.From
		}
		y.Days = append(y.Days, s)
	}
	return y
}

// The laws.

// T61: Compute agrees with walking, Explain says the same day by day.
func TestAgreesWithReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule, es := anyClock(t)
		book := anyBook(t)
		r := deadline.Compute(rule, es, book)
		due, prov, _ := slowDue(rule, es, book)
		if r.Due != due || r.Provisional != prov {
			t.Fatalf("%+v %+v:\ndue %s (provisional %v), walking gives %s (%v)", rule, es, r.Due, r.Provisional, due, prov)
		}
		for _, bad := range lawsOfExplain(rule, es, book) {
			t.Fatalf("%+v %+v:\n%s", rule, es, bad)
		}
	})
}

// lawsOfExplain says where an explanation contradicts itself, the due day or the reference.
func lawsOfExplain(rule deadline.Rule, es entries, book *calendar.Book) (bad []string) {
	fail := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	x := deadline.Explain(rule, es, book)
	due, _, numbered := slowDue(rule, es, book)
	off := 0
	for _, n := range x.Off {
		off += n
	}
	rolled := 0
	if x.Result.Rolled != "" && !x.Result.Paused {
		rolled = 1
	}
	if len(x.Days) == 0 {
		if x.Passed <= deadline.MaxDays {
			fail("%d days and none is shown", x.Passed)
		}
		return bad
	}
	stop, open := due, x.Result.Paused
	if open {
		from := x.Result.Pauses[len(x.Result.Pauses)-1].From
		if from > due {
			open = false // it had run out before it was stopped
			if x.Result.Rolled != "" {
				rolled = 1
			}
		} else {
			stop = max(from, es[0].On)
			numbered = slices.DeleteFunc(numbered, func(d date) bool { return d >= from })
		}
	}
	if open && x.Result.Rolled != "" && stop > x.Result.Rolled {
		// Stopped while its end was rolling: nothing is left to count.
		if x.Left != 0 {
			fail("%d days left of a period that is over", x.Left)
		}
	}
	if x.Passed != x.Counts+off+rolled {
		fail("%d days gone by, but %d count, %d are off and %d rolled", x.Passed, x.Counts, off, rolled)
	}
	if last := x.Days[len(x.Days)-1]; last.Date != stop || last.Due == open && stop != es[0].On {
		fail("the last day is %+v; due %s, stands since %v", last, due, x.Result.Pauses)
	}
	var counted []date
	for i, n := range x.Days {
		if n.Date != es[0].On.AddDays(i) {
			fail("day %d is %s", i, n.Date)
		}
		if n.Counted > 0 {
			if counted = append(counted, n.Date); n.Counted != len(counted) {
				fail("%s is number %d after %d others", n.Date, n.Counted, len(counted)-1)
			}
		}
	}
	if !slices.Equal(counted, numbered) {
		fail("counts %v, walking counts %v", counted, numbered)
	}
	total := 0
	for _, p := range x.Result.Parts {
		total += p.Length
		if p.Unit == mm {
			return bad // how many days a month has is not its length
		}
	}
	if len(counted)+x.Left != total {
		fail("%d days are numbered and %d left of a length of %d", len(counted), x.Left, total)
	}
	return bad
}

// A pause never makes the end come earlier, and a longer one never earlier than a shorter.
func TestPauseNeverShortens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule, es := anyClock(t)
		book := anyBook(t)
		with := deadline.Compute(rule, es, book).Due
		for i := 0; i+1 < len(es); i++ {
			if es[i].Kind != deadline.Paused {
				continue
			}
			j := i + 1
			for j < len(es) && es[j].Kind != deadline.Resumed {
				j++
			}
			without := slices.Clone(es)
			if j < len(es) {
				without = slices.Delete(without, j, j+1)
				longer := slices.Clone(es[:j+1])
				longer[j].On = longer[j].On.AddDays(rapid.IntRange(0, 30).Draw(t, "more"))
				if a, b := deadline.Compute(rule, es[:j+1], book).Due, deadline.Compute(rule, longer, book).Due; b < a {
					t.Fatalf("%+v %+v: due %s, after a longer pause %s", rule, es[:j+1], a, b)
				}
			}
			without = slices.Delete(without, i, i+1)
			if due := deadline.Compute(rule, without, book).Due; due > with {
				t.Fatalf("%+v %+v: due %s with the pause of %s, %s without", rule, es, with, es[i].On, due)
			}
		}
	})
}

// Time that was consumed stays consumed: a pause, a resumption, an extension and a retarget change nothing about the
// days counted before them, and give neither more nor less than the length in force.
func TestConsumedIsNeverLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "length")
		u := rapid.SampledFrom([]rulebook.Unit{wd, dd}).Draw(t, "unit")
		rule := deadline.Rule{Length: n, Unit: u}
		book := anyBook(t)
		now := anyDay(t, "start")
		es := entries{opened(now)}
		before := func(es entries, d date) (out []date) {
			_, _, all := slowDue(rule, es, book)
			for _, x := range all {
				if x < d {
					out = append(out, x)
				}
			}
			return out
		}
		total, stands := n, false
		for range rapid.IntRange(1, 6).Draw(t, "entries") {
			now = now.AddDays(rapid.IntRange(0, 20).Draw(t, "later"))
			was := es
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				if stands = !stands; stands {
					es = append(slices.Clip(es), paused(now))
				} else {
					es = append(slices.Clip(es), resumed(now))
				}
			case 1:
				more := rapid.IntRange(1, 20).Draw(t, "more")
				total += more
				es = append(slices.Clip(es), extended(now, more, u))
			case 2:
				total = rapid.IntRange(1, 80).Draw(t, "target")
				es = append(slices.Clip(es), retargeted(now, total, u))
			}
			if stands {
				continue
			}
			x := deadline.Explain(rule, es, book)
			if x.Counts != total {
				t.Fatalf("%+v %+v: %d days count of a length of %d", rule, es, x.Counts, total)
			}
			if len(x.Days) == 0 || es[len(es)-1].Kind == deadline.Resumed {
				continue
			}
			old := before(was, now)
			for i, d := range old {
				if i >= total {
					break // retargeted to less than was consumed
				}
				if k := slices.IndexFunc(x.Days, func(n deadline.DayNote) bool { return n.Date == d }); k < 0 || x.Days[k].Counted != i+1 {
					t.Fatalf("%+v %+v: %s was consumed as day %d and is no more", rule, es, d, i+1)
				}
			}
		}
	})
}

// An extension never makes the end come earlier, and a longer one never earlier than a shorter.
func TestExtensionIsMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule, es := anyClock(t)
		book := anyBook(t)
		n, u := anyLength(t, "more")
		on := es[len(es)-1].On
		due := deadline.Compute(rule, es, book).Due
		shorter := deadline.Compute(rule, append(slices.Clip(es), extended(on, n, u)), book).Due
		longer := deadline.Compute(rule, append(slices.Clip(es), extended(on, n+rapid.IntRange(0, 9).Draw(t, "and more"), u)), book).Due
		if shorter < due || longer < shorter {
			t.Fatalf("%+v %+v: due %s, extended by %d %s %s, by more %s", rule, es, due, n, u, shorter, longer)
		}
	})
}

// A day that is not provisional is not moved by a notice that is still to come. N7
func TestFirmDaysStay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule, es := anyClock(t)
		book := anyBook(t)
		r := deadline.Compute(rule, es, book)
		for year := 2025; year <= 2030; year++ {
			if !book.Has(year) {
				book = book.With(anyYear(t, year))
			}
		}
		if now := deadline.Compute(rule, es, book); !r.Provisional && now.Due != r.Due {
			t.Fatalf("%+v %+v: due %s, firm, and %s after the notices", rule, es, r.Due, now.Due)
		}
	})
}
