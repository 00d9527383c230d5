package deadline

import (
	"qianshao/internal/calendar"
	"qianshao/internal/rulebook"
)

// EntryKind is what happened to a clock.
type EntryKind string

// The kinds of entry.
const (
	Opened     EntryKind = "opened"
	Paused     EntryKind = "paused"
	Resumed    EntryKind = "resumed"
	Extended   EntryKind = "extended"
	Retargeted EntryKind = "retargeted" // another length altogether; what was consumed stays consumed
	Recomputed EntryKind = "recomputed" // a holiday notice landed, or the rule changed under a switch
	Reowed     EntryKind = "reowed"     // somebody else owes it now
	Fulfilled  EntryKind = "fulfilled"
	Dropped    EntryKind = "dropped" // no longer owed
)

// Entry is one line of a clock's ledger. Length and Unit are set on opened, extended and retargeted.
type Entry struct {
	Kind   EntryKind
	On     calendar.Date
	At     calendar.Instant
	Length int
	Unit   rulebook.Unit
	Reason string
}

// Rule is how a clock counts.
type Rule struct {
	Length int
	Unit   rulebook.Unit
	Roll   bool
}

// Result is what the entries come to.
type Result struct {
	Due         calendar.Date
	Provisional bool
	Paused      bool // stopped: Due is where it stood when the pause began
	Ended       bool
	Pauses      []Span // finished and running pauses; an open one has no To
	Rolled      calendar.Date
}

// Span is a run of days, To not included; "" while it lasts.
type Span struct {
	From, To calendar.Date
	Reason   string
}

func (s Span) holds(d calendar.Date) bool { return d >= s.From && (s.To == "" || d < s.To) }

// Compute is where the clock's period ends. The first entry is the opening; its day is not counted.
func Compute(rule Rule, entries []Entry, book *calendar.Book) Result {
	var r Result
	if len(entries) == 0 {
		return r
	}
	start := entries[0].On
	spans := []Span{}
	lengths := []Entry{{Length: rule.Length, Unit: rule.Unit}}
	for _, e := range entries {
		switch e.Kind {
		case Opened:
			if e.Length > 0 {
				lengths[0] = e
			}
		case Paused:
			if !r.Paused {
				spans = append(spans, Span{From: e.On, Reason: e.Reason})
				r.Paused = true
			}
		case Resumed:
			if r.Paused {
				spans[len(spans)-1].To = max(e.On, spans[len(spans)-1].From)
				r.Paused = false
			}
		case Extended:
			lengths = append(lengths, e)
		case Retargeted:
			lengths = []Entry{e}
		case Fulfilled, Dropped:
			r.Ended = true
		}
	}
	r.Pauses = spans
	due := start
	// Lengths of one unit add up to one period; an extension in another unit is counted on from there.
	for i := 0; i < len(lengths); {
		unit, n := lengths[i].Unit, 0
		for ; i < len(lengths) && lengths[i].Unit == unit; i++ {
			n += lengths[i].Length
		}
		var prov bool
		due, prov = add(due, n, unit, spans, book)
		r.Provisional = r.Provisional || prov
	}
	if rule.Roll && lengths[len(lengths)-1].Unit != rulebook.Workdays {
		r.Provisional = r.Provisional || book.Day(due).Provisional
		if next := rollOn(due, spans, book); next != due {
			r.Rolled, due = due, next
			r.Provisional = r.Provisional || book.Day(due).Provisional
		}
	}
	r.Due = due
	return r
}

// add counts n units on from a day, leaving out paused days.
func add(from calendar.Date, n int, unit rulebook.Unit, spans []Span, book *calendar.Book) (calendar.Date, bool) {
	switch unit {
	case rulebook.Workdays:
		if !anyPause(spans, from) {
			return book.AddWorking(from, n)
		}
		d, prov := from, false
		for n > 0 {
			d = d.AddDays(1)
			if d == "" {
				return from, true
			}
			day := book.Day(d)
			prov = prov || day.Provisional
			if day.Working() && !paused(spans, d) {
				n--
			}
		}
		return d, prov
	case rulebook.Months:
		return shift(from, from.AddMonths(n), spans), false
	default:
		return shift(from, from.AddDays(n), spans), false
	}
}

// shift moves an end by the days of every finished pause that lies between start and end, wherever the earlier ones
// moved it. A running pause moves nothing yet: the clock stands.
func shift(from, end calendar.Date, spans []Span) calendar.Date {
	for _, s := range spans {
		if s.To == "" || s.From > end {
			continue
		}
		if lost := s.To.Sub(max(s.From, from.AddDays(1))); lost > 0 {
			end = end.AddDays(lost)
		}
	}
	return end
}

func anyPause(spans []Span, from calendar.Date) bool {
	for _, s := range spans {
		if s.To != "" && s.To > from {
			return true
		}
	}
	return false
}

func paused(spans []Span, d calendar.Date) bool {
	for _, s := range spans {
		if s.To != "" && s.holds(d) {
			return true
		}
	}
	return false
}

func rollOn(d calendar.Date, spans []Span, book *calendar.Book) calendar.Date {
	for range 60 {
		if book.Working(d) && !paused(spans, d) {
			return d
		}
		d = d.AddDays(1)
	}
	return d
}

// DayNote is one day of an explanation.
type DayNote struct {
	Date    calendar.Date
	Counted int    // the how-manieth day of the period; 0 when it does not count
	Kind    string // start, counted, weekend, holiday, moved, paused, rolled, due
	Name    string // the holiday's name, or the pause's reason
	Due     bool
	Prov    bool
}

// Explanation is why the day is the day.
type Explanation struct {
	Start  calendar.Date
	Result Result
	Days   []DayNote // from the start to the due day; empty when the period is longer than MaxDays
	Passed int       // days gone by from start to due
	Counts int       // days that count
	Off    map[string]int
	Moved  int // weekend days worked
}

// MaxDays is the longest period shown day by day.
const MaxDays = 400

// Explain lays the period out day by day. Every day of a calendar-day or month period counts unless paused; of a
// working-day period only the working ones.
func Explain(rule Rule, entries []Entry, book *calendar.Book) Explanation {
	r := Compute(rule, entries, book)
	x := Explanation{Result: r, Off: map[string]int{}}
	if len(entries) == 0 || r.Due == "" {
		return x
	}
	x.Start = entries[0].On
	x.Passed = r.Due.Sub(x.Start)
	if x.Passed > MaxDays || x.Passed < 0 {
		return x
	}
	x.Days = append(x.Days, DayNote{Date: x.Start, Kind: "start"})
	end := r.Due
	counted := r.Due
	if r.Rolled != "" {
		counted = r.Rolled
	}
	for d := x.Start.AddDays(1); d <= end; d = d.AddDays(1) {
		day := book.Day(d)
		n := DayNote{Date: d, Name: day.Name, Prov: day.Provisional, Due: d == end}
		switch {
		case paused(r.Pauses, d):
			n.Kind, n.Name = "paused", reasonOf(r.Pauses, d)
			x.Off["paused"]++
		case rule.Unit != rulebook.Workdays && d > counted:
			n.Kind = "rolled"
			if !day.Working() {
				x.Off["rolled"]++
			}
		case rule.Unit == rulebook.Workdays && !day.Working():
			n.Kind = "weekend"
			if day.Kind == calendar.Holiday {
				n.Kind = "holiday"
				x.Off[day.Name]++
			} else {
				x.Off["weekend"]++
			}
		default:
			x.Counts++
			n.Counted, n.Kind = x.Counts, "counted"
			if day.Kind == calendar.MovedWorkday && rule.Unit == rulebook.Workdays {
				n.Kind = "moved"
				x.Moved++
			}
		}
		x.Days = append(x.Days, n)
	}
	return x
}

func reasonOf(spans []Span, d calendar.Date) string {
	for _, s := range spans {
		if s.holds(d) {
			return s.Reason
		}
	}
	return ""
}
