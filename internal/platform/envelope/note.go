package envelope

import (
	"regexp"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
)

// Note is what is signed for a reporter the moment a letter is on disk: what was received, bound to its bytes without
// telling them, on which day, for whom, and by which day somebody must act on it.
type Note struct {
	Name   string
	Commit string
	Day    calendar.Date
	To     id.ID
	Due    calendar.Date // "" where nothing is owed
}

const noteHead = "qianshao/portal/1"

// Text is what is signed.
func (n Note) Text() string {
	text := noteHead + "\nname " + n.Name + "\ncommit " + n.Commit + "\nday " + string(n.Day) + "\nto " + n.To.String() + "\n"
	if n.Due.Valid() {
		text += "due " + string(n.Due) + "\n"
	}
	return text
}

var reNote = regexp.MustCompile(`^` + noteHead + `\nname (\S+)\ncommit (\S+)\nday (\S+)\nto (\S+)\n(?:due (\S+)\n)?$`)

// ParseNote reads what Text wrote, ErrForm for anything else. Who signed it is the caller's to check.
func ParseNote(text string) (Note, error) {
	m := reNote.FindStringSubmatch(text)
	if m == nil {
		return Note{}, ErrForm
	}
	to, err := id.Parse(m[4])
	n := Note{Name: m[1], Commit: m[2], Day: calendar.Date(m[3]), To: to, Due: calendar.Date(m[5])}
	if err != nil || !reHash.MatchString(n.Name) || !reHash.MatchString(n.Commit) || !n.Day.Valid() || n.Text() != text {
		return Note{}, ErrForm
	}
	return n, nil
}

// IsNote says whether a text means to be a note.
func IsNote(text string) bool { return strings.HasPrefix(text, noteHead+"\n") }
