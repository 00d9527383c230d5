package envelope

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
)

// Directory is what the public side knows of the other, all of it public: it is given out signed by the deployment.
type Directory struct {
	Version  int           `json:"v"`
	Made     calendar.Date `json:"made"`
	Serial   int64         `json:"serial,omitempty"` // counts up: a lower one never takes the place of a higher
	Organs   []Organ       `json:"organs"`
	Units    []Unit        `json:"units"`
	Ranks    []Rank        `json:"ranks"`
	Terms    []Term        `json:"terms"`
	Holidays string        `json:"holidays,omitempty"` // notices that the deployment knows beyond those that the program ships, in the form of package calendar
}

// Book is a calendar with the directory's notices on top.
func (d Directory) Book(base *calendar.Book) *calendar.Book {
	years, err := calendar.ParseYears(d.Holidays, "directory")
	if err != nil {
		return base // ReadDirectory lets none in that can't be read
	}
	for _, y := range years {
		base = base.With(y)
	}
	return base
}

// Organ is a commission that letters may be sealed to.
type Organ struct {
	ID    id.ID      `json:"id"`
	Name  string     `json:"name"`
	Place string     `json:"place"`           // the name of the unit whose commission it is: 甲县
	Short string     `json:"short,omitempty"` // its short name
	Level int        `json:"level"`           // access.Province, City, County
	Above id.ID      `json:"above,omitzero"`  // zero at the top
	Key   AddressKey `json:"key"`
}

// Unit is where somebody who is reported may work.
type Unit struct {
	ID    id.ID  `json:"id"`
	Name  string `json:"name"`
	In    id.ID  `json:"in,omitzero"` // the unit above it in the tree
	Organ id.ID  `json:"organ"`       // in whose register reports about its people belong
}

// Rank is how high somebody stands, in the words that reporters choose from, and the level that manages such people.
type Rank struct {
	Code    string            `json:"code"`
	Name    map[string]string `json:"name"`    // by language: zh-CN, en
	Managed int               `json:"managed"` // the level that manages them; -1 where that is above every organ here
}

// Term is a period that a reporter is promised, as the rulebook has it on the day the directory was made.
type Term struct {
	What    string        `json:"what"` // first_action, notice, result
	Length  int           `json:"length"`
	Unit    calendar.Unit `json:"unit"`
	Roll    bool          `json:"roll"` // an end on no working day moves to the next one
	Article string        `json:"article"`
}

// By is the last day of the period that begins on a day; provisional if a notice of holidays still to come may move it.
// It is the day that the work side's deadline has as long as nothing pauses or extends it.
func (t Term) By(day calendar.Date, book *calendar.Book) (by calendar.Date, provisional bool) {
	by, provisional = book.After(day, t.Length, t.Unit)
	for t.Roll && t.Unit != calendar.Workdays && by.Valid() {
		last := book.Day(by)
		if provisional = provisional || last.Provisional; last.Working() {
			break
		}
		by = by.AddDays(1)
	}
	return by, provisional
}

// ErrDirectory is what can't be taken for a directory of this deployment.
var ErrDirectory = errors.New("envelope: not a directory signed by this deployment")

// directoryHead is the first line of what is signed; the second is the digest of the directory behind it.
const directoryHead = "qianshao directory"

// Sign writes a directory as it is given out: a signed note (C2SP) over its digest, and the directory. It is too long for
// a note itself.
func (d Directory) Sign(s note.Signer) ([]byte, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	head, err := note.Sign(&note.Note{Text: directoryHead + "\n" + digest(b) + "\n"}, s)
	return append(append(head, '\n'), b...), err
}

func digest(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// ReadDirectory reads what Sign wrote: ErrDirectory for anything else.
func ReadDirectory(b []byte, v note.Verifier) (Directory, error) {
	at := bytes.Index(b, []byte("\n\n{"))
	if at < 0 {
		return Directory{}, ErrDirectory
	}
	n, err := note.Open(b[:at+1], note.VerifierList(v))
	if err != nil {
		return Directory{}, errors.Join(ErrDirectory, err)
	}
	body := b[at+2:]
	var d Directory
	if n.Text != directoryHead+"\n"+digest(body)+"\n" || json.Unmarshal(body, &d) != nil || d.Version != Version || len(d.Organs) == 0 {
		return Directory{}, ErrDirectory
	}
	if _, err := calendar.ParseYears(d.Holidays, "directory"); err != nil {
		return Directory{}, errors.Join(ErrDirectory, err)
	}
	return d, nil
}

// Organ finds an organ.
func (d Directory) Organ(key id.ID) (Organ, bool) {
	i := slices.IndexFunc(d.Organs, func(o Organ) bool { return o.ID == key })
	if i < 0 {
		return Organ{}, false
	}
	return d.Organs[i], true
}

// Readers are the organs that may be chosen to read a report about somebody of an organ's register: that organ and those
// above it, but for those that do not manage the rank, or that have no key to seal to. managed is 0 for a rank unknown. own
// is the organ whose own people the report is about, zero for nobody's: it does not read about them, nor does one below it,
// unless nobody stands above.
func (d Directory) Readers(register id.ID, managed int, own id.ID) (out []Organ) {
	for o, ok := d.Organ(register); ok; o, ok = d.Organ(o.Above) {
		if _, above := d.Organ(o.Above); o.ID == own && above {
			out = nil
		} else if (managed == 0 || o.Level <= managed) && o.Key.Public != "" {
			if o.ID == own {
				out = nil
			}
			out = append(out, o)
		}
	}
	return out
}

// Address is where a letter goes that an organ is to read: to it, with the second copy for the level above.
func (d Directory) Address(to Organ) Address {
	a := Address{To: to.ID, Keys: []AddressKey{to.Key}}
	if up, ok := d.Organ(to.Above); ok && up.Key.Public != "" {
		a.Above, a.Keys = up.ID, append(a.Keys, up.Key)
	}
	return a
}

// Hears is where a word goes that is said to the organs of a status: ok is false where the first of them has no key here.
func (d Directory) Hears(st Status) (a Address, ok bool) {
	to, ok := d.Organ(st.To)
	to.Above = st.Above
	return d.Address(to), ok && to.Key.Public != ""
}
