package envelope

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/seal"
)

// Kinds of words that a reporter sends after the report.
const (
	More      = "more"      // something to add
	Objection = "objection" // the answer is wrong
)

// Speech is what a reporter says after the report, in the clear where a letter is.
type Speech struct {
	Text    string `json:"text"`
	Files   []File `json:"files,omitempty"`
	Outside string `json:"outside"` // Word.outside of the word it lies in
	Salt    []byte `json:"salt"`    // of the commitment, as in a letter
}

// Word is a sealed speech with what may be known of it while every key is locked. It goes to the organs that read the
// report when it was said.
type Word struct {
	Version int           `json:"v"`
	Name    string        `json:"name"` // of the report: Secrets.Name
	Own     string        `json:"own"`  // Secrets.Word of its form: the same form sent twice is one word
	Kind    string        `json:"kind"`
	To      id.ID         `json:"to"`
	Above   id.ID         `json:"above,omitzero"`
	Day     calendar.Date `json:"day"`
	Commit  string        `json:"commit"` // Secrets.Commit over the speech's bytes
	Files   []string      `json:"files,omitempty"`
	Suite   string        `json:"suite"`
	Keys    []Key         `json:"keys"`
	Reply   string        `json:"reply,omitempty"` // of a Watch: the key that what is said of it is sealed to
	Stop    string        `json:"stop,omitempty"`  // of an Unwatch: Asked.Stop
	Sealed  []byte        `json:"sealed"`
}

// wordInfo parts a word's own name from everything else that is derived from a receipt.
const wordInfo = "qianshao/word/1\n"

// Word is the own name of what is said with a form of a token: ErrReceipt for what is no token. Without the receipt nobody
// finds the token, or that two words are of one form.
func (s Secrets) Word(token string) (string, error) {
	if _, err := NewReceipt(token); err != nil {
		return "", err
	}
	m := hmac.New(sha256.New, s.Salt)
	m.Write([]byte(wordInfo + token))
	return hex.EncodeToString(m.Sum(nil)), nil
}

// SealWord closes what was said on a day with a form.
func SealWord(kind string, p Speech, s Secrets, token string, to Address, day calendar.Date) (Word, error) {
	if len(to.Keys) == 0 {
		return Word{}, errors.New("envelope: no key to seal to")
	}
	own, err := s.Word(token)
	if err != nil {
		return Word{}, err
	}
	w := Word{Version: Version, Name: s.Name, Own: own, Kind: kind, To: to.To, Above: to.Above, Day: day}
	var publics []string
	w.Keys, publics = to.marked()
	w.Suite = seal.Of(publics...)
	for _, f := range p.Files {
		w.Files = append(w.Files, f.Ref)
	}
	p.Outside, p.Salt = w.outside(), s.Salt
	plain, err := Plain(p)
	if err != nil {
		return Word{}, err
	}
	w.Commit = s.Commit(plain)
	w.Sealed, err = seal.Seal(plain, publics...)
	return w, err
}

// ID is what a word is known by.
func (w Word) ID() string { return w.Name + "-" + w.Own }

func (w Word) outside() string {
	w.Commit, w.Sealed = "", nil
	b, err := json.Marshal(w)
	if err != nil {
		panic(err) // strings, numbers and lists of them
	}
	return digest(b)
}

// Open reads what was said with an organ's unlocked keys, and the bytes that the commitment is over. ErrOutside comes with
// the speech, as it does with a letter.
func (w Word) Open(privates ...string) (Speech, []byte, error) {
	plain, err := seal.Open(w.Sealed, privates...)
	if err != nil {
		return Speech{}, nil, err
	}
	p, err := w.Read(plain)
	if errors.Is(err, ErrForm) {
		return Speech{}, nil, err
	}
	return p, plain, err
}

// Read is Open for a speech that somebody else has unsealed.
func (w Word) Read(plain []byte) (Speech, error) {
	var p Speech
	if err := json.Unmarshal(plain, &p); err != nil {
		return Speech{}, ErrForm
	}
	if p.Outside != w.outside() || (Secrets{Salt: p.Salt}).Commit(plain) != w.Commit {
		return p, ErrOutside
	}
	return p, nil
}

// Check says whether a speech's bytes are those that a word was handed in with: ErrCommit if not.
func (w Word) Check(s Secrets, speech []byte) error {
	if s.Commit(speech) != w.Commit {
		return ErrCommit
	}
	return nil
}

// Marshal writes a word as it crosses.
func (w Word) Marshal() ([]byte, error) { return json.Marshal(w) }

// ParseWord reads what Marshal wrote, and nothing else.
func ParseWord(b []byte) (Word, error) {
	w, err := ParseWordOutside(b)
	if err == nil && len(w.Sealed) == 0 && w.Kind != Unwatch {
		err = fmt.Errorf("%w: a word", ErrForm)
	}
	if err != nil {
		return Word{}, err
	}
	return w, nil
}

// ParseWordOutside is ParseWord for a word that may have been parted from what is sealed in it.
func ParseWordOutside(b []byte) (Word, error) {
	var w Word
	if err := strict(b, &w); err != nil {
		return Word{}, err
	}
	whole := false
	switch w.Kind {
	case More, Objection:
		whole = marks(w.Keys) && w.Reply == "" && w.Stop == ""
	case Watch, Unwatch:
		whole = w.watches() && len(w.Files) == 0 && w.Above.Zero()
	}
	if !whole || w.Version != Version || !reHash.MatchString(w.Name) || !reHash.MatchString(w.Own) || w.To.Zero() || !w.Day.Valid() || !reHash.MatchString(w.Commit) || !refs(w.Files) || w.Suite == "" {
		return Word{}, fmt.Errorf("%w: a word", ErrForm)
	}
	return w, nil
}
