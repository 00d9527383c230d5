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
	Dropped    EntryKind = "dropped"  // no longer owed
	Reopened   EntryKind = "reopened" // owed again after it had ended: the work came back, the period goes on
)

// Entry is one line of a clock's ledger. Length and Unit are set on opened, extended and retargeted, and on recomputed
// when a new version of the rule brought another length. To is the day the clock was due once the line was written.
type Entry struct {
	Kind   EntryKind
	On     calendar.Date
	At     calendar.Instant
	Length int
	Unit   rulebook.Unit
	To     calendar.Date
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
	Pauses      []Span        // finished and running pauses, in order; an open one has no To
	Parts       []Part        // what the period is made of, in order; nearly always one
	Rolled      calendar.Date // where the period itself ended, when Due is a later day because that one is off
}

// Span is a run of days, To not included; "" while it lasts.
type Span struct {
	From, To calendar.Date
	Reason   string
}

func (s Span) holds(d calendar.Date) bool { return d >= s.From && (s.To == "" || d < s.To) }

// Part is a stretch of the period counted in one unit: the length at the opening together with its extensions in the
// same unit, then each extension in another. From is not counted, To is its last day.
type Part struct {
	Unit     rulebook.Unit
	Length   int
	From, To calendar.Date
}

// Compute is where the clock's period ends. The first entry is the opening; its day is not counted.
func Compute(rule Rule, entries []Entry, book *calendar.Book) Result {
	var r Result
	if len(entries) == 0 {
		return r
	}
	r.Pauses, r.Paused, r.Ended = pauses(entries)
	r.Parts = parts(rule, entries)
	due := entries[0].On
	for i := range r.Parts {
		p := &r.Parts[i]
		var prov bool
		p.From = due
		due, prov = add(due, p.Length, p.Unit, r.Pauses, book)
		p.To = due
		r.Provisional = r.Provisional || prov
	}
	if last := r.Parts[len(r.Parts)-1]; last.Unit != rulebook.Workdays && rolls(rule) {
		next, prov := rollOn(due, r.Pauses, book)
		r.Provisional = r.Provisional || prov
		if next != due {
			r.Rolled, due = due, next
		}
	}
	r.Due = due
	return r
}

// rolls says whether a last day that is off moves on. A rule in working days can't say (its own last day is never
// off), so what is added to it in days or months moves on, as periods do by default.
func rolls(rule Rule) bool { return rule.Roll || rule.Unit == rulebook.Workdays }

// pauses reads the days on which the clock stood, the days between an end and a reopening among them: nobody owed
// anything then. They come out in order and apart whatever was entered: a pause begins no earlier than the one before
// it ended.
func pauses(entries []Entry) (spans []Span, open, ended bool) {
	stand := func(e Entry) {
		s := Span{From: e.On, Reason: e.Reason}
		if n := len(spans); n > 0 {
			s.From = max(s.From, spans[n-1].To)
		}
		spans, open = append(spans, s), true
	}
	run := func(e Entry) {
		s := &spans[len(spans)-1]
		s.To, open = max(e.On, s.From), false
	}
	var end Entry // the last end that nothing has undone
	for _, e := range entries {
		switch e.Kind {
		case Paused:
			if !open {
				stand(e)
			}
		case Resumed:
			if open {
				run(e)
			}
		case Fulfilled, Dropped:
			end, ended = e, true
		case Reopened:
			if ended && !open {
				end.Reason = e.Reason
				stand(end)
			}
			if open {
				run(e)
			}
			ended = false
		}
	}
	return spans, open, ended
}

// parts reads how long the period is: lengths of one unit that follow each other are one length, counted at a stretch.
func parts(rule Rule, entries []Entry) []Part {
	out := []Part{{Unit: rule.Unit, Length: rule.Length}}
	for _, e := range entries {
		switch e.Kind {
		case Opened:
			if e.Length > 0 {
				out[0].Length, out[0].Unit = e.Length, e.Unit
			}
		case Recomputed:
			// The rule has another length now; what was granted on top of it stays granted.
			if e.Length > 0 {
				out[0].Length, out[0].Unit = e.Length, e.Unit
			}
		case Extended:
			out = append(out, Part{Unit: e.Unit, Length: e.Length})
		case Retargeted:
			out = []Part{{Unit: e.Unit, Length: e.Length}}
		}
	}
	n := 0
	for _, p := range out[1:] {
		if p.Unit == out[n].Unit {
			out[n].Length += p.Length
		} else {
			n++
			out[n] = p
		}
	}
	return out[:n+1]
}

// add counts n units on from a day, leaving out paused days, and says whether a notice to come may change the answer.
func add(from calendar.Date, n int, unit rulebook.Unit, spans []Span, book *calendar.Book) (calendar.Date, bool) {
	if unit != rulebook.Workdays {
		end, prov := book.After(from, n, unit)
		return shift(from, end, spans), prov
	}
	if !anyPause(spans, from) {
		return book.After(from, n, unit)
	}
	d, prov := from, false
	for n > 0 {
		d = d.AddDays(1)
		if s, ok := pausedIn(spans, d); ok {
			d = s.To.AddDays(-1) // whether a day on which the clock stands is worked changes nothing
			continue
		}
		if d == "" {
			return "", true
		}
		day := book.Day(d)
		prov = prov || day.Provisional
		if day.Working() {
			n--
		}
	}
	return d, prov
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

// pausedIn finds the finished pause that a day lies in.
func pausedIn(spans []Span, d calendar.Date) (Span, bool) {
	for _, s := range spans {
		if s.To != "" && s.holds(d) {
			return s, true
		}
	}
	return Span{}, false
}

// rollOn is the day itself if it is worked and the clock runs on it, else the next that is.
func rollOn(d calendar.Date, spans []Span, book *calendar.Book) (calendar.Date, bool) {
	prov := false
	for d != "" {
		if s, ok := pausedIn(spans, d); ok {
			d = s.To
			continue
		}
		day := book.Day(d)
		prov = prov || day.Provisional
		if day.Working() {
			return d, prov
		}
		d = d.AddDays(1)
	}
	return "", true
}
