// Package seal holds the cryptography of what reporters write and of files: sealing to organs' keys, and the keys.
//
// The words: a key is an age identity with post-quantum hybrid recipients (ML-KEM-768 with X25519), "suite" age-pq-1.
// Public keys are ordinary data; a private key is stored wrapped under its custodian's passphrase and lives in the
// clear only in a Ring, in memory, until it is locked, idle or the process ends. What is sealed is padded first, so
// that its length says little.
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
	"strings"
	"sync"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"qianshao/internal/fault"
)

// Suite names how things are sealed today; it is stored with every sealed object and key.
const Suite = "age-pq-1"

// The passphrase's cost: 2^15 blocks take 32 MB and about a tenth of a second on a small machine. Unlocking is rare and
// one at a time, so that this bounds the memory as well.
const workFactor = 15

// NewKey makes a key pair.
func NewKey() (private, public string, err error) {
	k, err := age.GenerateHybridIdentity()
	if err != nil {
		return "", "", err
	}
	return k.String(), k.Recipient().String(), nil
}

// Wrap closes a private key under a passphrase.
func Wrap(private, passphrase string) (string, error) {
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return "", err
	}
	r.SetWorkFactor(workFactor)
	var b strings.Builder
	a := armor.NewWriter(&b)
	w, err := age.Encrypt(a, r)
	if err != nil {
		return "", err
	}
	if _, err := io.WriteString(w, private); err != nil {
		return "", err
	}
	if err := errors.Join(w.Close(), a.Close()); err != nil {
		return "", err
	}
	return b.String(), nil
}

var unwrapping sync.Mutex // one at a time: each takes tens of megabytes

// Unwrap opens a private key; a wrong passphrase is a fault.
func Unwrap(wrapped, passphrase string) (string, error) {
	if len(passphrase) > 1024 {
		return "", fault.InvalidField("passphrase", "key.passphrase")
	}
	unwrapping.Lock()
	defer unwrapping.Unlock()
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return "", fault.InvalidField("passphrase", "key.passphrase")
	}
	id.SetMaxWorkFactor(20)
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(wrapped)), id)
	if err != nil {
		return "", fault.InvalidField("passphrase", "key.passphrase")
	}
	b, err := io.ReadAll(r)
	return string(b), err
}

// recipients are public keys as they were read: reading a hybrid key costs as much as sealing to it. There are few organs'
// keys, but each reporter's answers are sealed to a key of their own: those are forgotten again.
var recipients = struct {
	sync.Mutex
	known map[string]age.Recipient
}{known: map[string]age.Recipient{}}

const mostRecipients = 1024

func recipient(public string) (age.Recipient, error) {
	recipients.Lock()
	r, ok := recipients.known[public]
	recipients.Unlock()
	if ok {
		return r, nil
	}
	made, err := age.ParseHybridRecipient(public)
	if err != nil {
		return nil, err
	}
	recipients.Lock()
	defer recipients.Unlock()
	if len(recipients.known) >= mostRecipients {
		clear(recipients.known)
	}
	recipients.known[public] = made
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
	rs := make([]age.Recipient, len(publics))
	for i, p := range publics {
		r, err := recipient(p)
		if err != nil {
			return nil, fmt.Errorf("seal: a public key can't be read: %w", err)
		}
		rs[i] = r
	}
	return age.Encrypt(dst, rs...)
}

// Reader opens a sealed stream with private keys.
func Reader(src io.Reader, privates ...string) (io.Reader, error) {
	var ids []age.Identity
	for _, p := range privates {
		id, err := age.ParseHybridIdentity(p)
		if err != nil {
			return nil, errors.New("seal: a private key can't be read")
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, fault.New(fault.Conflict, "key.locked")
	}
	return age.Decrypt(src, ids...)
}

// PassWriter seals a stream under a passphrase.
func PassWriter(dst io.Writer, passphrase string) (io.WriteCloser, error) {
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(workFactor + 1) // once a backup: dearer than an organ's key, which a person waits for
	return age.Encrypt(dst, r)
}

// PassReader opens what PassWriter sealed; a wrong passphrase is a fault.
func PassReader(src io.Reader, passphrase string) (io.Reader, error) {
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fault.InvalidField("passphrase", "key.passphrase")
	}
	id.SetMaxWorkFactor(22)
	r, err := age.Decrypt(src, id)
	if err != nil {
		return nil, fault.InvalidField("passphrase", "key.passphrase").Because(err)
	}
	return r, nil
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
