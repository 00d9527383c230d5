package envelope_test

import (
	"errors"
	"strings"
	"testing"

	"qianshao/internal/platform/envelope"
)

// TestNote: a note is read as it was written, with a due day and without; nothing else is taken for one.
func TestNote(t *testing.T) {
	want := envelope.Note{Name: strings.Repeat("a", 64), Commit: strings.Repeat("b", 64), Day: "2026-09-18", To: county, Due: "2026-09-25"}
	for _, n := range []envelope.Note{want, {Name: want.Name, Commit: want.Commit, Day: want.Day, To: want.To}} {
		if got, err := envelope.ParseNote(n.Text()); err != nil || got != n || !envelope.IsNote(n.Text()) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	text := want.Text()
	for what, x := range map[string]string{
		"nothing": "", "another version": strings.Replace(text, "portal/1", "portal/2", 1), "no such day": strings.Replace(text, "2026-09-18", "2026-02-30", 1), "no due day": strings.Replace(text, "2026-09-25", "soon", 1),
		"a short name": strings.Replace(text, "aa", "a", 1), "a commitment that is none": strings.Replace(text, "bb", "BB", 1), "no organ": strings.Replace(text, "to 2.", "to 2", 1), "one line more": text + "x\n", "no last line end": strings.TrimSuffix(text, "\n"),
	} {
		if n, err := envelope.ParseNote(x); !errors.Is(err, envelope.ErrForm) {
			t.Errorf("%s is taken for a note: %+v, %v", what, n, err)
		}
	}
}
