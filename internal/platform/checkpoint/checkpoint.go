package checkpoint

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint says what a log held.
type Checkpoint struct {
	Origin string // qianshao/<deployment>/<log>
	Size   int64  // entries
	Root   tlog.Hash
}

// Errors of what can't be taken for a checkpoint, or for a proof.
var (
	ErrForm      = errors.New("checkpoint: not in the form of one")
	ErrSignature = errors.New("checkpoint: not signed by a key that is known here")
	ErrOrigin    = errors.New("checkpoint: of another log")
	ErrGrowth    = errors.New("checkpoint: the log does not begin with what it held before")
)

// Text is the body that is signed.
func (c Checkpoint) Text() string { return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root) }

// Parse reads a body.
func Parse(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return Checkpoint{}, ErrForm
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, ErrForm
	}
	b, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(b) != tlog.HashSize {
		return Checkpoint{}, ErrForm
	}
	return Checkpoint{lines[0], size, tlog.Hash(b)}, nil
}

// Sign makes the signed note; the first signature is Ed25519.
func (c Checkpoint) Sign(by ...note.Signer) (string, error) {
	msg, err := note.Sign(&note.Note{Text: c.Text()}, by...)
	return string(msg), err
}

// Open reads a signed note: of this origin, and signed by one of the log's keys (C2SP verifier keys). What else stands
// under it, countersignatures say: see Countersigned.
func Open(signed, origin string, keys ...string) (Checkpoint, error) {
	var vs []note.Verifier
	for _, k := range keys {
		v, err := note.NewVerifier(k)
		if err != nil {
			return Checkpoint{}, err
		}
		vs = append(vs, v)
	}
	msg, err := note.Open([]byte(signed), note.VerifierList(vs...))
	if err != nil {
		return Checkpoint{}, ErrSignature
	}
	c, err := Parse(msg.Text)
	if err == nil && c.Origin != origin {
		err = ErrOrigin
	}
	return c, err
}

// Seconded says whether a note that Open has read carries one of these signatures as well: ErrSignature where it carries
// one that is false.
func Seconded(signed string, by ...note.Verifier) (bool, error) {
	_, err := note.Open([]byte(signed), note.VerifierList(by...))
	var missing *note.UnverifiedNoteError
	switch {
	case errors.As(err, &missing):
		return false, nil
	case err != nil:
		return false, ErrSignature
	}
	return true, nil
}

// Origin is the first line of a note that nobody has checked yet, "" when there is none.
func Origin(signed string) string {
	line, _, ok := strings.Cut(signed, "\n")
	if !ok {
		return ""
	}
	return line
}

// FormatGrowth writes a proof, a hash a line.
func FormatGrowth(p tlog.TreeProof) string {
	var b strings.Builder
	for _, h := range p {
		b.WriteString(h.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// maxGrowth is how many hashes a proof can have: two for each level of a tree of 2^63 entries.
const maxGrowth = 126

// CheckGrowth says whether the log that now is begins with the one that was; ErrGrowth when it does not, or the proof
// proves nothing.
func CheckGrowth(was, now Checkpoint, proof string) error {
	if was.Origin != now.Origin {
		return ErrOrigin
	}
	if was.Size > now.Size {
		return fmt.Errorf("%w: it held %d entries and holds %d", ErrGrowth, was.Size, now.Size)
	}
	if was.Size == now.Size || was.Size == 0 {
		if was.Size == now.Size && was.Root != now.Root {
			return fmt.Errorf("%w: two different logs of %d entries", ErrGrowth, now.Size)
		}
		return nil
	}
	var p tlog.TreeProof
	for line := range strings.Lines(proof) {
		h, err := tlog.ParseHash(strings.TrimSuffix(line, "\n"))
		if err != nil || len(p) == maxGrowth {
			return fmt.Errorf("%w: the proof can't be read", ErrGrowth)
		}
		p = append(p, h)
	}
	if err := tlog.CheckTree(p, now.Size, now.Root, was.Size, was.Root); err != nil {
		return fmt.Errorf("%w: %d entries, %d now", ErrGrowth, was.Size, now.Size)
	}
	return nil
}
