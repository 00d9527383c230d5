// Package id makes and parses the identifiers of everything that is stored.
//
// An ID is a tenant and a key. The tenant (City) is the permanent number of the prefecture-level city in whose rows
// the thing lies for ever (province and nation have one of their own); the key is a ULID: 48 bits of milliseconds, so
// that keys made later sort later, and 80 bits of chance, so that nobody guesses the next one. Outside the program an
// ID is one opaque string, "<tenant>.<ulid>"; inside SQL it is two columns, city_id first.
//
// Keys are made by the program, never by the database. Maker holds the source of chance: crypto/rand, or a fixed
// seed for the demonstration city, which must come out the same every time.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
)

// City is a tenant number. Zero is no tenant.
type City int64

// Key is the part of an ID that is unique within its tenant: 26 characters of Crockford base 32.
type Key = string

// ID names one stored thing. The zero ID names nothing.
type ID struct {
	City City
	Key  Key
}

// ErrMalformed is what Parse returns for anything that Maker could not have made.
var ErrMalformed = errors.New("malformed id")

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// KeyLen is the length of a key.
const KeyLen = 26

func (i ID) String() string {
	if i.Zero() {
		return ""
	}
	return strconv.FormatInt(int64(i.City), 10) + "." + i.Key
}

// Zero says whether the ID names nothing.
func (i ID) Zero() bool { return i.Key == "" }

// MarshalText writes the ID as its string.
func (i ID) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads the string that String made; the empty string is the zero ID.
func (i *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = ID{}
		return nil
	}
	v, err := Parse(string(b))
	if err == nil {
		*i = v
	}
	return err
}

// Parse reads the string form. It accepts only what String makes: no leading zeros, upper case, full length.
func Parse(s string) (ID, error) {
	t, k, ok := strings.Cut(s, ".")
	if !ok || len(t) == 0 || len(t) > 18 || t[0] == '0' || !ValidKey(k) {
		return ID{}, ErrMalformed
	}
	n, err := strconv.ParseInt(t, 10, 64)
	if err != nil || n <= 0 || t[0] == '+' || t[0] == '-' {
		return ID{}, ErrMalformed
	}
	return ID{City(n), k}, nil
}

// ValidKey says whether k has the form of a key.
func ValidKey(k string) bool {
	if len(k) != KeyLen || k[0] > '7' {
		return false
	}
	for i := 0; i < KeyLen; i++ {
		if strings.IndexByte(alphabet, k[i]) < 0 {
			return false
		}
	}
	return true
}

// Maker makes keys. It is safe for concurrent use.
type Maker struct {
	mu     sync.Mutex
	chance io.Reader
}

// Random makes keys nobody can foretell.
func Random() *Maker { return &Maker{chance: rand.Reader} }

// From makes keys from the given source of chance; only the demonstration city and tests use it.
func From(chance io.Reader) *Maker { return &Maker{chance: chance} }

// New makes a key for the instant, given in microseconds since 1970.
func (m *Maker) New(micros int64) Key {
	var b [16]byte
	ms := uint64(0)
	if micros > 0 {
		ms = uint64(micros) / 1000
	}
	binary.BigEndian.PutUint64(b[:8], ms<<16)
	m.mu.Lock()
	_, err := io.ReadFull(m.chance, b[6:])
	m.mu.Unlock()
	if err != nil {
		panic("id: no randomness: " + err.Error()) // crypto/rand never fails on a supported system
	}
	return encode(b)
}

// Bytes fills a slice from the same source of chance (salts, tokens).
func (m *Maker) Bytes(b []byte) {
	m.mu.Lock()
	_, err := io.ReadFull(m.chance, b)
	m.mu.Unlock()
	if err != nil {
		panic("id: no randomness: " + err.Error())
	}
}

// Micros is the instant a key was made, in microseconds, to the millisecond.
func Micros(k Key) int64 {
	if !ValidKey(k) {
		return 0
	}
	var ms int64
	for i := 0; i < 10; i++ {
		ms = ms<<5 | int64(strings.IndexByte(alphabet, k[i]))
	}
	return ms * 1000
}

func encode(b [16]byte) string {
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var out [KeyLen]byte
	for i := KeyLen - 1; i >= 0; i-- {
		out[i] = alphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}
