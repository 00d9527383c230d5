package seal_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/platform/seal"
)

// TestNotes: a key read from its file signs what its public half opens; halves of two keys are none.
func TestNotes(t *testing.T) {
	a, err := seal.NewNotes("one-side")
	if err != nil {
		t.Fatal(err)
	}
	b, err := seal.NewNotes("one-side")
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.ParseNotes(a.File())
	if err != nil || again.Public != a.Public {
		t.Fatalf("%v", err)
	}
	signed, err := note.Sign(&note.Note{Text: "text\n"}, again)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(a.Public)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(v)); err != nil {
		t.Error(err)
	}
	first, _, _ := strings.Cut(string(a.File()), "\n")
	for _, bad := range []string{"", "x", first, first + "\n" + b.Public, a.Public + "\n" + first} {
		if _, err := seal.ParseNotes([]byte(bad)); !errors.Is(err, seal.ErrKeyFile) {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
}
