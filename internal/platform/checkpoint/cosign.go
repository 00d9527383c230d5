package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Countersignatures are those of C2SP tlog-cosignature v1: Ed25519 over the time and the checkpoint's body. Their
// algorithm's byte keeps them from being taken for a log's own.
const (
	cosignAlg = 0x04
	keyHash   = 4
	stampSize = 8
)

// ErrKey is what can't be taken for a witness's key.
var ErrKey = errors.New("checkpoint: not a witness's key")

// Signing is a witness's private key and the name it signs under.
type Signing struct {
	Name string
	key  ed25519.PrivateKey
}

const signingPrefix = "qianshao-witness-key-1 "

// NewSigning makes a key under a name: letters, figures and full stops as in a host's name, for it stands in every line.
func NewSigning(name string) (Signing, error) {
	if !nameOK(name) {
		return Signing{}, ErrKey
	}
	_, k, err := ed25519.GenerateKey(rand.Reader)
	return Signing{name, k}, err
}

func nameOK(name string) bool {
	return name != "" && len(name) <= 128 && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '/'
	}) < 0
}

// File is the key as its file holds it.
func (s Signing) File() []byte {
	return []byte(signingPrefix + s.Name + " " + base64.StdEncoding.EncodeToString(s.key.Seed()) + "\n")
}

// ParseSigning reads what File gave; ErrKey for anything else.
func ParseSigning(b []byte) (Signing, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(string(b)), signingPrefix)
	name, seed64, two := strings.Cut(text, " ")
	seed, err := base64.StdEncoding.DecodeString(seed64)
	if !ok || !two || err != nil || len(seed) != ed25519.SeedSize || !nameOK(name) {
		return Signing{}, ErrKey
	}
	return Signing{name, ed25519.NewKeyFromSeed(seed)}, nil
}

// Public is the key that others check the witness by: name+hash+base64.
func (s Signing) Public() string {
	pub, _ := s.key.Public().(ed25519.PublicKey) // an Ed25519 key has an Ed25519 public half
	alg := append([]byte{cosignAlg}, pub...)
	return s.Name + "+" + hex.EncodeToString(hashOf(s.Name, alg)) + "+" + base64.StdEncoding.EncodeToString(alg)
}

func hashOf(name string, alg []byte) []byte {
	h := sha256.Sum256(append([]byte(name+"\n"), alg...))
	return h[:keyHash]
}

// Countersign signs a checkpoint's body and returns the line that goes under its note.
func (s Signing) Countersign(c Checkpoint, at time.Time) string {
	pub, _ := s.key.Public().(ed25519.PublicKey)
	sig := hashOf(s.Name, append([]byte{cosignAlg}, pub...))
	sig = binary.BigEndian.AppendUint64(sig, uint64(at.Unix()))
	sig = append(sig, ed25519.Sign(s.key, countersigned(c, uint64(at.Unix())))...)
	return "— " + s.Name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
}

func countersigned(c Checkpoint, at uint64) []byte {
	return []byte("cosignature/v1\ntime " + strconv.FormatUint(at, 10) + "\n" + c.Text())
}

// Witness is a public key that countersignatures are checked by.
type Witness struct {
	Name string
	hash []byte
	pub  ed25519.PublicKey
}

// ParseWitness reads what Public gave; ErrKey for anything else.
func ParseWitness(text string) (Witness, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || !nameOK(parts[0]) {
		return Witness{}, ErrKey
	}
	alg, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(alg) != 1+ed25519.PublicKeySize || alg[0] != cosignAlg || hex.EncodeToString(hashOf(parts[0], alg)) != parts[1] {
		return Witness{}, ErrKey
	}
	return Witness{parts[0], hashOf(parts[0], alg), ed25519.PublicKey(alg[1:])}, nil
}

// Countersigned finds this witness's signature among lines (a whole signed note, or the lines alone) and says when it
// was made, and which line it is; ErrSignature when there is none, or it is not over this checkpoint.
func (w Witness) Countersigned(c Checkpoint, lines string) (at time.Time, line string, err error) {
	for line := range strings.Lines(lines) {
		rest, ok := strings.CutPrefix(line, "— "+w.Name+" ")
		if !ok {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(rest, "\n"))
		if err != nil || len(b) != keyHash+stampSize+ed25519.SignatureSize || !bytes.Equal(b[:keyHash], w.hash) {
			continue
		}
		sec := binary.BigEndian.Uint64(b[keyHash:])
		if sec < 1<<40 && ed25519.Verify(w.pub, countersigned(c, sec), b[keyHash+stampSize:]) {
			return time.Unix(int64(sec), 0).UTC(), line, nil
		}
	}
	return time.Time{}, "", fmt.Errorf("%w: %s has not countersigned it", ErrSignature, w.Name)
}
