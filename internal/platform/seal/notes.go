package seal

import (
	"crypto/rand"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Notes is a key of one side's own that signs notes under a name, where there is no deployment's key to sign with.
type Notes struct {
	note.Signer
	Public string // C2SP verifier key
	file   string
}

// NewNotes makes a key under a name.
func NewNotes(name string) (Notes, error) {
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return Notes{}, err
	}
	return ParseNotes([]byte(private + "\n" + public + "\n"))
}

// File is the key as its file holds it.
func (n Notes) File() []byte { return []byte(n.file) }

// ParseNotes reads what File gave; ErrKeyFile for anything else.
func ParseNotes(b []byte) (Notes, error) {
	private, public, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	s, err := note.NewSigner(private)
	if err != nil {
		return Notes{}, ErrKeyFile
	}
	v, err := note.NewVerifier(public)
	if err != nil || v.Name() != s.Name() || v.KeyHash() != s.KeyHash() {
		return Notes{}, ErrKeyFile
	}
	return Notes{s, public, private + "\n" + public + "\n"}, nil
}
