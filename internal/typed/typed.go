package typed

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
)

// Oldest is the first day that anything entered here can have begun.
const Oldest = calendar.Date("1990-01-01")

// Clean trims a text that a person typed; ok is false when it holds control characters or broken encoding.
func Clean(s string, lines bool) (text string, ok bool) {
	s = strings.TrimSpace(s)
	if !utf8.ValidString(s) {
		return s, false
	}
	for _, c := range s {
		if c < 0x20 && !(lines && (c == '\n' || c == '\t')) || c == 0x7f || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
			return s, false
		}
	}
	return s, true
}

// Form gathers what is wrong with what somebody typed. The zero value is ready.
type Form struct{ bad []fault.Field }

// Say notes that a field is wrong, by the code of its sentence.
func (f *Form) Say(name, code string, args ...string) {
	f.bad = append(f.bad, fault.Field{Name: name, Code: code, Args: args})
}

// Line mends a line of at most limit characters and says whether it may stand.
func (f *Form) Line(name string, v *string, must bool, limit int) bool {
	return f.text(name, v, must, limit, false)
}

// Para mends a text of at most limit characters that may have breaks.
func (f *Form) Para(name string, v *string, must bool, limit int) bool {
	return f.text(name, v, must, limit, true)
}

func (f *Form) text(name string, v *string, must bool, limit int, lines bool) bool {
	before, ok := len(f.bad), false
	switch *v, ok = Clean(*v, lines); {
	case !ok:
		f.Say(name, "text.control")
	case *v == "" && must:
		f.Say(name, "required")
	case utf8.RuneCountInString(*v) > limit:
		f.Say(name, "text.long", strconv.Itoa(limit))
	}
	return len(f.bad) == before
}

// Day says whether something is a day; empty is one only where it need not be given.
func (f *Form) Day(name string, d calendar.Date, must bool) bool {
	switch {
	case d == "" && !must:
		return true
	case d == "":
		f.Say(name, "required")
	case !d.Valid() || d < Oldest:
		f.Say(name, "day.invalid")
	default:
		return true
	}
	return false
}

// Past is Day for what has happened: today at the latest.
func (f *Form) Past(name string, d, today calendar.Date, must bool) bool {
	if !f.Day(name, d, must) {
		return false
	}
	if d > today {
		f.Say(name, "day.future")
		return false
	}
	return true
}

// Ahead is Day for what is to come: today at the earliest.
func (f *Form) Ahead(name string, d, today calendar.Date, must bool) bool {
	if !f.Day(name, d, must) {
		return false
	}
	if d != "" && d < today {
		f.Say(name, "day.past")
		return false
	}
	return true
}

// Count says whether a number is one of those that may stand there.
func (f *Form) Count(name string, n, least, most int) bool {
	if n < least || n > most {
		f.Say(name, "count.range", strconv.Itoa(least), strconv.Itoa(most))
		return false
	}
	return true
}

// Wrong is how much was found wrong.
func (f *Form) Wrong() int { return len(f.bad) }

// Join takes over what an error says of fields; one that is about something else is returned.
func (f *Form) Join(err error) error {
	more := fault.Fields(err)
	if err != nil && len(more) == 0 {
		return err
	}
	f.bad = append(f.bad, more...)
	return nil
}

// Err is all that was found wrong, nil if nothing was.
func (f *Form) Err() error { return fault.InvalidFields(f.bad) }

// One mends a single text, for a form that has no other.
func One(name string, v *string, must bool, limit int) error {
	var f Form
	f.Para(name, v, must, limit)
	return f.Err()
}
