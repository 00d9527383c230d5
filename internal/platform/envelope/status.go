package envelope

import (
	"encoding/json"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/seal"
)

// Status is what the reporter is told: one whole picture, not a change to an earlier one.
type Status struct {
	Day    calendar.Date `json:"day"`            // received
	Organ  string        `json:"organ"`          // who has it, by name
	To     id.ID         `json:"to,omitzero"`    // and by its id: what the reporter says now is sealed to it
	Above  id.ID         `json:"above,omitzero"` // and to this one; zero where nobody holds a second copy
	Stage  string        `json:"stage"`          // one of the stages of the portal's texts
	Due    calendar.Date `json:"due,omitempty"`  // by when the reporter is to be told the next thing; "" when nothing is owed
	Owes   string        `json:"owes,omitempty"`
	Rises  string        `json:"rises,omitempty"` // who gets it by itself if nobody acts by then
	Events []Event       `json:"events,omitempty"`
	Proof  string        `json:"proof,omitempty"` // checkpoint.Proof of the act that took the letter in, once a checkpoint covers it
}

// Event is one thing that happened, or one thing said by either side.
type Event struct {
	Day  calendar.Date `json:"day"`
	What string        `json:"what"`           // one of the events of the portal's texts
	Text string        `json:"text,omitempty"` // what was said
}

// Parcel is a status on its way, sealed to the reporter. N counts up by one for each report: a lower one never takes the
// place of a higher.
type Parcel struct {
	Version int    `json:"v"`
	Name    string `json:"name"`
	N       int64  `json:"n"`
	Sealed  []byte `json:"sealed"`
}

// SealStatus closes the nth status of a report: its receipt opens it.
func (e Envelope) SealStatus(s Status, n int64) (Parcel, error) {
	plain, err := Plain(s)
	if err != nil {
		return Parcel{}, err
	}
	p := Parcel{Version: Version, Name: e.Name, N: n}
	p.Sealed, err = seal.Seal(plain, e.Reply)
	return p, err
}

// Open reads a status with the secrets of its receipt.
func (p Parcel) Open(s Secrets) (Status, error) {
	private, _ := s.Pair(seal.OfSealed(p.Sealed))
	plain, err := seal.Open(p.Sealed, private)
	if err != nil {
		return Status{}, err
	}
	var out Status
	if err := json.Unmarshal(plain, &out); err != nil {
		return Status{}, ErrForm
	}
	return out, nil
}

// Marshal writes a parcel as it crosses.
func (p Parcel) Marshal() ([]byte, error) { return json.Marshal(p) }

// ParseParcel reads what Marshal wrote, and nothing else.
func ParseParcel(b []byte) (Parcel, error) {
	var p Parcel
	if err := strict(b, &p); err != nil || p.Version != Version || !reHash.MatchString(p.Name) || p.N < 1 || len(p.Sealed) == 0 {
		return Parcel{}, ErrForm
	}
	return p, nil
}
