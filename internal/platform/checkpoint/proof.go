package checkpoint

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows whoever holds it that one act stands in a log: the act as it is stored, its place, the way from there to the
// root, and a checkpoint with that root. Whose keys signed it stands in it as well, so that it can be read by itself; that
// they are the right ones, only somebody else can say.
type Proof struct {
	Version   int // of the leaf
	Salt      []byte
	Body      []byte
	Index     int64 // of the act in its log, from 0
	Path      tlog.RecordProof
	Public    string   // the deployment's public key, base64
	Witnesses []string // public keys of those who countersigned, as C2SP writes them
	Note      string   // the signed checkpoint
}

// LeafVersion is the leaf that is written today.
const LeafVersion = 1

// Leaf is what is hashed into a tree for an act: the version, and the digest of salt and body.
func Leaf(version int, salt, body []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(body)
	return h.Sum([]byte{byte(version)})
}

// Errors of proofs.
var (
	ErrProof  = errors.New("checkpoint: not in the form of a proof")
	ErrAbsent = errors.New("checkpoint: the act does not stand in that log")
)

const (
	proofHead    = "qianshao/proof/1"
	maxProof     = 256 << 10
	maxPath      = 63 // of a tree of 2^63 entries
	maxWitnesses = 16
	foldAt       = 72 // characters: what mail breaks no further, and a sheet of paper holds
)

// IsProof says whether a text means to be a proof.
func IsProof(text string) bool { return strings.HasPrefix(tidy(text), proofHead+"\n") }

// Text is the written form: a line for each part, an empty line, the signed checkpoint. A line that would be too long for
// mail goes on in the next, after one space.
func (p Proof) Text() string {
	var b strings.Builder
	line := func(what, value string) { b.WriteString(what + " " + value + "\n") }
	b.WriteString(proofHead + "\n")
	line("version", strconv.Itoa(p.Version))
	line("salt", base64.StdEncoding.EncodeToString(p.Salt))
	line("body", base64.StdEncoding.EncodeToString(p.Body))
	line("index", strconv.FormatInt(p.Index, 10))
	for _, h := range p.Path {
		line("path", h.String())
	}
	line("public", p.Public)
	for _, w := range p.Witnesses {
		line("witness", w)
	}
	b.WriteString("\n" + p.Note)
	return fold(b.String())
}

// fold breaks long lines; unfold undoes it. No line of ours begins with a space.
func fold(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		for r := []rune(strings.TrimSuffix(line, "\n")); ; {
			n := min(len(r), foldAt)
			b.WriteString(string(r[:n]) + "\n")
			if r = r[n:]; len(r) == 0 {
				break
			}
			r = slices.Insert(r, 0, ' ')
		}
	}
	return b.String()
}

func unfold(text string) string { return strings.ReplaceAll(text, "\n ", "") }

// tidy undoes what mail and editors do to a text: other line ends, blanks at the end of lines, empty lines around it.
func tidy(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		b.WriteString(strings.TrimRight(line, " \t\r\n") + "\n")
	}
	return strings.Trim(b.String(), "\n") + "\n"
}

// ParseProof reads what Text wrote, as mail and editors leave it; ErrProof for anything else.
func ParseProof(text string) (Proof, error) {
	if len(text) > maxProof {
		return Proof{}, ErrProof
	}
	text = tidy(text)
	head, signed, ok := strings.Cut(unfold(text), "\n\n")
	rest, mine := strings.CutPrefix(head, proofHead+"\n")
	if !ok || !mine {
		return Proof{}, ErrProof
	}
	p := Proof{Note: signed}
	for line := range strings.SplitSeq(rest, "\n") {
		what, value, _ := strings.Cut(line, " ")
		if err := p.read(what, value); err != nil {
			return Proof{}, ErrProof
		}
	}
	// Order, number and every character of the parts: a proof is written in one way.
	if p.Version != LeafVersion || len(p.Path) > maxPath || len(p.Witnesses) > maxWitnesses || p.Text() != text {
		return Proof{}, ErrProof
	}
	return p, nil
}

func (p *Proof) read(what, value string) (err error) {
	switch what {
	case "version":
		p.Version, err = strconv.Atoi(value)
	case "salt":
		p.Salt, err = base64.StdEncoding.DecodeString(value)
	case "body":
		p.Body, err = base64.StdEncoding.DecodeString(value)
	case "index":
		if p.Index, err = strconv.ParseInt(value, 10, 64); p.Index < 0 {
			err = ErrProof
		}
	case "path":
		var h tlog.Hash
		h, err = tlog.ParseHash(value)
		p.Path = append(p.Path, h)
	case "public":
		_, err = publicKey(value)
		p.Public = value
	case "witness":
		_, err = ParseWitness(value)
		p.Witnesses = append(p.Witnesses, value)
	default:
		err = ErrProof
	}
	return err
}

func publicKey(text string) (ed25519.PublicKey, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return nil, ErrProof
	}
	return b, nil
}

// Check says that one of these public keys (base64) signed the checkpoint, and that the act stands in the log of which it
// speaks: ErrSignature or ErrAbsent if not.
func (p Proof) Check(publics ...string) (Checkpoint, error) {
	origin := Origin(p.Note)
	var keys []string
	for _, x := range publics {
		b, err := publicKey(x)
		if err != nil {
			return Checkpoint{}, fmt.Errorf("checkpoint: not a public key: %s", x)
		}
		k, err := note.NewEd25519VerifierKey(origin, b)
		if err != nil {
			return Checkpoint{}, ErrProof
		}
		keys = append(keys, k)
	}
	c, err := Open(p.Note, origin, keys...)
	if err != nil {
		return c, err
	}
	if p.Index >= c.Size || tlog.CheckRecord(p.Path, c.Size, c.Root, p.Index, tlog.RecordHash(Leaf(p.Version, p.Salt, p.Body))) != nil {
		return c, ErrAbsent
	}
	return c, nil
}
