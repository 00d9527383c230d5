package envelope

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/seal"
)

// Kinds of words that are for the organ above alone: to watch over whoever reported, and to do so no more.
const (
	Watch   = "watch"
	Unwatch = "unwatch"
)

// Plea is what somebody says who wants to be watched over. Nothing in it leads to the report.
type Plea struct {
	Watch   string        `json:"watch,omitempty"` // Asked.Name of the word it lies in
	Name    string        `json:"name"`
	Contact string        `json:"contact,omitempty"`
	Unit    string        `json:"unit"`             // where they work, in their words
	UnitID  id.ID         `json:"unit_id,omitzero"` // zero unless it was found
	Post    string        `json:"post"`
	Fear    string        `json:"fear,omitempty"` // from whom they fear what
	Of      id.ID         `json:"of"`             // the organ that has the report
	Day     calendar.Date `json:"day"`            // of the report: what came before is none of its doing
}

// Asked is what comes from a receipt for the nth time that its holder asks to be watched over. It leads to the report by no
// way, nor to another time. Name is the digest of Stop: whoever shows Stop ends it.
type Asked struct {
	Name string
	Stop string
	seed []byte
}

// Asked derives the nth, from 1 on.
func (s Secrets) Asked(n int) Asked {
	part := func(what string) []byte {
		k, err := hkdf.Key(sha256.New, s.watch, nil, "qianshao/watch/1/"+what+"/"+strconv.Itoa(n), 32)
		if err != nil {
			panic(err) // the length is constant and lawful
		}
		return k
	}
	stop := hex.EncodeToString(part("stop"))
	return Asked{Name: digest([]byte(stop)), Stop: stop, seed: part("reply")}
}

// Reply is what opens what is said of it, and gives the key that it is sealed to.
func (a Asked) Reply() Secrets { return Secrets{reply: a.seed} }

// apart are the secrets of what is asked and ended here. Whoever has opened the letter knows the salt of its commitment, and could
// try with it who it is that is watched over: a plea is short, and the letter says the name.
func (s Secrets) apart() Secrets {
	salt, err := hkdf.Key(sha256.New, s.watch, nil, "qianshao/watch/1/salt", 32)
	if err != nil {
		panic(err) // the length is constant and lawful
	}
	return Secrets{Salt: salt}
}

// Plead closes what somebody asks with a form, to the organ that is to watch.
func (s Secrets) Plead(a Asked, p Plea, token string, to Organ, day calendar.Date) (Word, error) {
	if to.Key.Public == "" {
		return Word{}, errors.New("envelope: no key to seal to")
	}
	own, err := s.apart().Word(token)
	if err != nil {
		return Word{}, err
	}
	suite := seal.Of(to.Key.Public)
	_, reply := a.Reply().Pair(suite)
	w := Word{Version: Version, Name: a.Name, Own: own, Kind: Watch, To: to.ID, Day: day, Suite: suite, Reply: reply, Keys: []Key{{to.Key.ID, Mark(to.Key.Public)}}}
	p.Watch = a.Name
	plain, err := Plain(p)
	if err != nil {
		return Word{}, err
	}
	w.Commit = s.apart().Commit(plain)
	w.Sealed, err = seal.Seal(plain, to.Key.Public)
	return w, err
}

// Withdraw is the word that ends what was asked: it shows what nobody else can know, and needs no key to be believed.
func (s Secrets) Withdraw(a Asked, token string, to id.ID, day calendar.Date) (Word, error) {
	own, err := s.apart().Word(token)
	return Word{Version: Version, Name: a.Name, Own: own, Kind: Unwatch, To: to, Day: day, Commit: digest([]byte(own)), Suite: seal.Age, Stop: a.Stop}, err
}

// watches says whether a word about watching is whole.
func (w Word) watches() bool {
	if w.Kind == Unwatch {
		return len(w.Keys) == 0 && len(w.Sealed) == 0 && w.Reply == "" && digest([]byte(w.Stop)) == w.Name
	}
	return len(w.Keys) == 1 && marks(w.Keys) && w.Reply != "" && w.Stop == ""
}
