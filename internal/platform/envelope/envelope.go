package envelope

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/seal"
)

// Letter is what a reporter wrote. It exists in the clear on their own screen, in the memory of the public side until it
// is sealed, and on the screen of whoever opens it.
type Letter struct {
	Unit    string `json:"unit"`             // in the reporter's words, or the name of the unit chosen
	UnitID  id.ID  `json:"unit_id,omitzero"` // zero unless one was chosen
	Post    string `json:"post"`
	Rank    string `json:"rank,omitempty"`    // Rank.Code of the directory, where one was chosen
	Subject string `json:"subject,omitempty"` // the name, where known
	When    string `json:"when,omitempty"`    // in the reporter's words
	Text    string `json:"text"`
	Only    string `json:"only,omitempty"` // what here only the reporter knows: never passed on
	Named   bool   `json:"named"`
	Name    string `json:"name,omitempty"`
	Contact string `json:"contact,omitempty"` // how to be reached, and when it is safe
	Files   []File `json:"files,omitempty"`
	Outside string `json:"outside"` // Envelope.outside of the envelope it lies in
	Salt    []byte `json:"salt"`    // of the commitment: whoever opens the letter holds it against that, and learns nothing else of the receipt
}

// File is something that came with a letter. Its contents lie beside the envelope, sealed to the same keys.
type File struct {
	Ref  string `json:"ref"` // SHA-256 of the sealed contents, hex: the name they lie under
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
	Hash string `json:"hash"` // SHA-256 of the contents, hex
}

// Key is one organ's key that an envelope is sealed to. Mark is SHA-256 of its public half, hex: a public side that was
// given somebody else's key under an organ's name is found out when the first envelope is taken in.
type Key struct {
	ID   string `json:"id"`
	Mark string `json:"mark"`
}

// Mark is the mark of a public key.
func Mark(public string) string { return digest([]byte(public)) }

// Envelope is a sealed letter with what may be known of it while every key is locked.
type Envelope struct {
	Version int           `json:"v"`
	Name    string        `json:"name"`           // Secrets.Name
	To      id.ID         `json:"to"`             // the organ that reads it
	Above   id.ID         `json:"above,omitzero"` // the one its second copy waits for; zero at the top
	Day     calendar.Date `json:"day"`            // received
	Named   bool          `json:"named"`
	Commit  string        `json:"commit"` // Secrets.Commit over the letter's bytes
	Reply   string        `json:"reply"`  // public half of Secrets.Pair: what is said to the reporter is sealed to it
	Files   []string      `json:"files,omitempty"`
	Suite   string        `json:"suite"`
	Keys    []Key         `json:"keys"`
	Sealed  []byte        `json:"sealed"`
}

// Version is the form written today; every earlier one stays readable.
const Version = 1

var (
	// ErrForm is what can't be taken for an envelope.
	ErrForm = errors.New("envelope: not in the form of one")
	// ErrOutside is an envelope whose outside was changed after it was sealed: it names another day, organ or key; or a letter that
	// is not the one that the commitment outside is over.
	ErrOutside = errors.New("envelope: what stands outside is not what it was sealed with")
	// ErrCommit is a letter that is not the one that was committed to.
	ErrCommit = errors.New("envelope: the letter is not the one that was handed in")
)

// Address is where a letter goes: the organ that reads it and the level above, each with its public key.
type Address struct {
	To, Above id.ID
	Keys      []AddressKey // of To, then of Above if there is one
}

// marked are an address's keys as they stand outside, and those that are sealed to.
func (a Address) marked() (marks []Key, publics []string) {
	for _, k := range a.Keys {
		marks, publics = append(marks, Key{k.ID, Mark(k.Public)}), append(publics, k.Public)
	}
	return marks, publics
}

// AddressKey is an organ's key as the public side knows it.
type AddressKey struct {
	ID     string `json:"id"`
	Public string `json:"public"`
}

// Seal closes a letter received on a day, to be found and answered by its receipt.
func Seal(l Letter, s Secrets, to Address, day calendar.Date) (Envelope, error) {
	if len(to.Keys) == 0 {
		return Envelope{}, fmt.Errorf("envelope: no key to seal to")
	}
	e := Envelope{Version: Version, Name: s.Name, To: to.To, Above: to.Above, Day: day, Named: l.Named}
	var publics []string
	e.Keys, publics = to.marked()
	e.Suite = seal.Of(publics...)
	_, e.Reply = s.Pair(e.Suite)
	for _, f := range l.Files {
		e.Files = append(e.Files, f.Ref)
	}
	l.Outside, l.Salt = e.outside(), s.Salt
	plain, err := Plain(l)
	if err != nil {
		return Envelope{}, err
	}
	e.Commit = s.Commit(plain)
	e.Sealed, err = seal.Seal(plain, publics...)
	return e, err
}

// leastPlain is how many bytes are sealed at least, so that all short letters, and all that is told, look alike; longer
// ones are padded as seal.Padded says.
const leastPlain = 4 << 10

// Plain is what something reads that is going to be sealed: JSON, of a length that says little.
func Plain(what any) ([]byte, error) {
	b, err := json.Marshal(what)
	if n := leastPlain - 8 - len(b); n > 0 { // its length goes with it
		b = append(b, bytes.Repeat([]byte(" "), n)...)
	}
	return b, err
}

// outside is the digest of all that can be read without a key, but for the commitment, which is over the letter that
// holds this.
func (e Envelope) outside() string {
	e.Commit, e.Sealed = "", nil
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings, numbers and lists of them
	}
	return digest(b)
}

// Open reads the letter with an organ's unlocked keys, and the bytes that the commitment is over. ErrOutside comes with
// the letter: what was written is there to be read, only not as what the envelope says it is.
func (e Envelope) Open(privates ...string) (Letter, []byte, error) {
	plain, err := seal.Open(e.Sealed, privates...)
	if err != nil {
		return Letter{}, nil, err
	}
	l, err := e.Read(plain)
	if errors.Is(err, ErrForm) {
		return Letter{}, nil, err
	}
	return l, plain, err
}

// Read is Open for a letter that somebody else has unsealed.
func (e Envelope) Read(plain []byte) (Letter, error) {
	var l Letter
	if err := json.Unmarshal(plain, &l); err != nil {
		return Letter{}, ErrForm
	}
	if l.Outside != e.outside() || (Secrets{Salt: l.Salt}).Commit(plain) != e.Commit {
		return l, ErrOutside
	}
	return l, nil
}

// Check says whether a letter's bytes are those that an envelope was handed in with: ErrCommit if not.
func (e Envelope) Check(s Secrets, letter []byte) error {
	if s.Commit(letter) != e.Commit {
		return ErrCommit
	}
	return nil
}

// Marshal writes an envelope as it crosses.
func (e Envelope) Marshal() ([]byte, error) { return json.Marshal(e) }

var reHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// MaxFiles is how many files may come with a letter.
const MaxFiles = 50

const maxRaw = 8 << 20

// Parse reads what Marshal wrote, and nothing else: unknown fields, other versions and impossible values are ErrForm.
func Parse(b []byte) (Envelope, error) {
	e, err := ParseOutside(b)
	if err == nil && len(e.Sealed) == 0 {
		err = ErrForm
	}
	if err != nil {
		return Envelope{}, err
	}
	return e, nil
}

// ParseOutside is Parse for an envelope that may have been parted from what is sealed in it.
func ParseOutside(b []byte) (Envelope, error) {
	var e Envelope
	if err := strict(b, &e); err != nil {
		return Envelope{}, err
	}
	if e.Version != Version || !reHash.MatchString(e.Name) || !reHash.MatchString(e.Commit) || e.To.Zero() || !e.Day.Valid() || e.Suite == "" || e.Reply == "" ||
		!marks(e.Keys) || !refs(e.Files) {
		return Envelope{}, ErrForm
	}
	return e, nil
}

// strict reads a document into a form that has all of its fields.
func strict(b []byte, form any) error {
	if len(b) > maxRaw {
		return ErrForm
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(form); err != nil || d.More() {
		return ErrForm
	}
	return nil
}

// marks says whether keys are those of an organ, and perhaps of the one above.
func marks(keys []Key) bool {
	return len(keys) > 0 && len(keys) <= 2 && !slices.ContainsFunc(keys, func(k Key) bool { return k.ID == "" || !reHash.MatchString(k.Mark) })
}

// refs says whether these are names that files lie under.
func refs(files []string) bool {
	return len(files) <= MaxFiles && !slices.ContainsFunc(files, func(f string) bool { return !reHash.MatchString(f) })
}
