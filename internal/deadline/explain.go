package deadline

import (
	"qianshao/internal/calendar"
	"qianshao/internal/rulebook"
)

// DayNote is one day of an explanation.
type DayNote struct {
	Date    calendar.Date
	Counted int    // the how-manieth day of the period; 0 when it does not count
	Kind    string // start, counted, moved (a weekend day worked, and counted), weekend, holiday, paused, rolled
	Name    string // the holiday's name, or the pause's reason
	Due     bool
	Prov    bool
}

// Explanation is why the day is the day. From the day after the start to the last one every day stands in exactly one
// of Counts, Off and, for the due day that a day off moved on to, neither: Passed = Counts + the sum of Off (+ 1).
type Explanation struct {
	Start  calendar.Date
	Result Result
	Days   []DayNote // from the start to the due day, or to the day the clock stopped; empty when there are more than MaxDays
	Passed int       // days gone by from start to the last one
	Counts int       // days that count
	Left   int       // of a clock that stands: the days still to count once it runs again
	Off    map[string]int
	Moved  int // weekend days worked
}

// MaxDays is the longest period shown day by day.
const MaxDays = 400

// The keys of Explanation.Off besides the names of holidays.
const (
	offPaused  = "paused"
	offWeekend = "weekend"
	offHoliday = "holiday" // one without a name
	offRolled  = "rolled"
)

// Explain lays the period out day by day. Every day of a stretch in days or months counts unless paused; of one in
// working days only the working ones. Of a clock that stands, the days after it stopped are not decided and not shown.
func Explain(rule Rule, entries []Entry, book *calendar.Book) Explanation {
	r := Compute(rule, entries, book)
	x := Explanation{Result: r, Off: map[string]int{}}
	if len(entries) == 0 || r.Due == "" {
		return x
	}
	x.Start = entries[0].On
	stop := r.Due
	if r.Paused {
		stop = min(stop, max(x.Start, r.Pauses[len(r.Pauses)-1].From))
	}
	x.Passed = stop.Sub(x.Start)
	short := x.Passed <= MaxDays
	if short {
		x.Days = append(x.Days, DayNote{Date: x.Start, Kind: "start"})
	}
	part := 0
	for d := x.Start.AddDays(1); d <= r.Due; d = d.AddDays(1) {
		for part < len(r.Parts) && d > r.Parts[part].To {
			part++
		}
		n := DayNote{Date: d, Due: d == r.Due}
		off := dayOf(&n, r, part, book)
		// The day on which the clock stopped does not count, and none after it does yet.
		standing := r.Paused && d >= r.Pauses[len(r.Pauses)-1].From
		if standing {
			if off == "" && n.Kind != "rolled" {
				x.Left++
			}
			if d > stop {
				continue
			}
			off, n = offPaused, DayNote{Date: d, Kind: "paused", Name: reasonOf(r.Pauses, d)}
		}
		switch {
		case off != "":
			x.Off[off]++
		case n.Kind != "rolled":
			x.Counts++
			n.Counted = x.Counts
			if n.Kind == "moved" {
				x.Moved++
			}
		}
		if short {
			x.Days = append(x.Days, n)
		}
	}
	return x
}

// dayOf says what a day is within a part of the period, and under which heading it is left out, "" if it is not.
func dayOf(n *DayNote, r Result, part int, book *calendar.Book) (off string) {
	if s, ok := pausedIn(r.Pauses, n.Date); ok {
		n.Kind, n.Name = "paused", s.Reason
		return offPaused
	}
	day := book.Day(n.Date)
	n.Name, n.Prov, n.Kind = day.Name, day.Provisional, "counted"
	switch {
	case part == len(r.Parts): // beyond the period's own end
		n.Kind = "rolled"
		if !day.Working() {
			return offRolled
		}
	case r.Parts[part].Unit != rulebook.Workdays:
	case day.Kind == calendar.Holiday && day.Name != "":
		n.Kind = "holiday"
		return day.Name
	case day.Kind == calendar.Holiday:
		n.Kind = "holiday"
		return offHoliday
	case !day.Working():
		n.Kind = "weekend"
		return offWeekend
	case day.Kind == calendar.MovedWorkday:
		n.Kind = "moved"
	}
	return ""
}

func reasonOf(spans []Span, d calendar.Date) string {
	for _, s := range spans {
		if s.holds(d) {
			return s.Reason
		}
	}
	return ""
}
