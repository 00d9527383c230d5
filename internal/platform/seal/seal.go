// Package seal holds the cryptography of what reporters write and of files: sealing to organs' keys, and the keys.
//
// The words: a suite is how things are sealed (Age, SM); a key is of one. Public keys are ordinary data; a private key is
// stored wrapped under its custodian's Secret (a passphrase, perhaps a file) and lives in the clear only in a Ring, in
// memory, until it is locked, idle or the process ends. What is sealed is padded first, so that its length says little.
// Whoever seals and opens never names a suite: it is that of the keys.
//
// Invariants: sealing needs public keys only, so it works while everything is locked; nothing sealed is ever written in
// the clear, and there is no fall-back to plain text: an organ without a key makes sealing fail.
//
// Start at Seal and Ring.
package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"sync"
	"time"

	"filippo.io/age"

	"qianshao/internal/fault"
)

// The passphrase's cost: 2^15 blocks take 32 MB and about a tenth of a second on a small machine. Unlocking is rare and
// one at a time, so that this bounds the memory as well.
const workFactor = 15

// recipients are public keys as they were read: reading a hybrid key costs as much as sealing to it. There are few organs'
// keys, but each reporter's answers are sealed to a key of their own: those are forgotten again.
var recipients = struct {
	sync.Mutex
	known map[string]public
}{known: map[string]public{}}

const mostRecipients = 1024

func recipient(text string) (public, error) {
	recipients.Lock()
	r, ok := recipients.known[text]
	recipients.Unlock()
	if ok {
		return r, nil
	}
	made, err := parsePublic(text)
	if err != nil {
		return public{}, err
	}
	recipients.Lock()
	defer recipients.Unlock()
	if len(recipients.known) >= mostRecipients {
		clear(recipients.known)
	}
	recipients.known[text] = made
	return made, nil
}

// Seal closes a text to one or more public keys.
func Seal(plain []byte, publics ...string) ([]byte, error) {
	var out bytes.Buffer
	w, err := Writer(&out, publics...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(pad(plain)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Writer seals a stream (a file) to public keys; the caller pads.
func Writer(dst io.Writer, publics ...string) (io.WriteCloser, error) {
	if len(publics) == 0 {
		return nil, fault.New(fault.Conflict, "key.none")
	}
	var rs []age.Recipient
	ks := make([]public, len(publics))
	for i, p := range publics {
		k, err := recipient(p)
		if err != nil {
			return nil, fmt.Errorf("seal: a public key can't be read: %w", err)
		}
		ks[i], rs = k, append(rs, k.age)
	}
	if Of(publics...) == SM {
		return smSeal(dst, ks)
	}
	return age.Encrypt(dst, rs...)
}

// Reader opens a sealed stream with private keys.
func Reader(src io.Reader, privates ...string) (io.Reader, error) {
	if len(privates) == 0 {
		return nil, fault.New(fault.Conflict, "key.locked")
	}
	ks := make([]private, len(privates))
	var ids []age.Identity
	for i, p := range privates {
		k, err := parsePrivate(p)
		if err != nil {
			return nil, errors.New("seal: a private key can't be read")
		}
		if ks[i] = k; k.age != nil {
			ids = append(ids, k.age)
		}
	}
	src, suite, err := begins(src)
	switch {
	case err != nil:
		return nil, err
	case suite == SM:
		return smOpen(src, smFind(ks))
	case len(ids) == 0:
		return nil, ErrSealed
	}
	return age.Decrypt(src, ids...)
}

// begins reads as much of a stream as tells its suite.
func begins(src io.Reader) (io.Reader, string, error) {
	head := make([]byte, len(smHead))
	n, err := io.ReadFull(src, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, "", err
	}
	return io.MultiReader(bytes.NewReader(head[:n]), src), OfSealed(head[:n]), nil
}

// Open opens what Seal closed.
func Open(sealed []byte, privates ...string) ([]byte, error) {
	r, err := Reader(bytes.NewReader(sealed), privates...)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return unpad(b)
}

// Padded is the length a content of n bytes is padded to: at least 256, and never with more than 5 significant bits,
// which costs at most 6 % and leaves few lengths to tell apart.
func Padded(n int64) int64 {
	n += 8
	if n <= 256 {
		return 256
	}
	shift := bits.Len64(uint64(n)) - 5
	mask := int64(1)<<shift - 1
	return (n + mask) &^ mask
}

func pad(b []byte) []byte {
	out := make([]byte, Padded(int64(len(b))))
	binary.BigEndian.PutUint64(out, uint64(len(b)))
	copy(out[8:], b)
	return out
}

func unpad(b []byte) ([]byte, error) {
	if len(b) < 8 || binary.BigEndian.Uint64(b) > uint64(len(b)-8) {
		return nil, errors.New("seal: what was opened is not what was sealed")
	}
	return b[8 : 8+binary.BigEndian.Uint64(b)], nil
}

// Ring holds unlocked private keys in memory, by organ. It forgets an organ's keys when they were not used for Idle.
type Ring struct {
	Idle time.Duration
	now  func() time.Time
	mu   sync.Mutex
	keys map[string]*held
}

type held struct {
	privates []string
	used     time.Time
}

// NewRing makes an empty ring.
func NewRing(idle time.Duration, now func() time.Time) *Ring {
	return &Ring{Idle: idle, now: now, keys: map[string]*held{}}
}

// Unlock puts an organ's private keys on the ring.
func (r *Ring) Unlock(organ string, privates ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys[organ] = &held{privates, r.now()}
}

// Lock takes an organ's keys off.
func (r *Ring) Lock(organ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.keys, organ)
}

// Keys are an organ's unlocked keys, or a fault saying that they are locked.
func (r *Ring) Keys(organ string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.keys[organ]
	if h == nil {
		return nil, fault.New(fault.Conflict, "key.locked")
	}
	now := r.now()
	if r.Idle > 0 && now.Sub(h.used) > r.Idle {
		delete(r.keys, organ)
		return nil, fault.New(fault.Conflict, "key.locked")
	}
	h.used = now
	return h.privates, nil
}

// Unlocked says whether an organ's keys are on the ring.
func (r *Ring) Unlocked(organ string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.keys[organ]
	return h != nil && (r.Idle <= 0 || r.now().Sub(h.used) <= r.Idle)
}

// Held are an organ's keys if they are on the ring, for what goes on by itself while they are: that is no use of them, and
// keeps them there no longer.
func (r *Ring) Held(organ string) (privates []string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.keys[organ]
	if h == nil || r.Idle > 0 && r.now().Sub(h.used) > r.Idle {
		return nil, false
	}
	return h.privates, true
}

// Organs are those whose keys are unlocked.
func (r *Ring) Organs() []string {
	r.mu.Lock()
	var all []string
	for k := range r.keys {
		all = append(all, k)
	}
	r.mu.Unlock()
	slices.Sort(all)
	return slices.DeleteFunc(all, func(k string) bool { return !r.Unlocked(k) })
}
