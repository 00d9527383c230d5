package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"io"
	"strings"
	"sync"

	"filippo.io/age"
	"filippo.io/age/armor"

	"qianshao/internal/fault"
)

// Secret is what a private key is wrapped under: a passphrase, and perhaps the contents of a file that its custodian keeps
// on a medium of its own. With a file, neither opens anything without the other.
type Secret struct {
	Passphrase string
	File       []byte
}

// withFile stands in front of a wrapping that a file belongs to, so that whoever unlocks can be asked for it.
const withFile = "with-file: 1\n"

// NeedsFile says whether a private key was wrapped under a file as well.
func NeedsFile(wrapped string) bool { return strings.HasPrefix(wrapped, withFile) }

// LeastFile and MostFile bound a file's length. A short one could be guessed; one of MostFile is read into memory without a thought.
const (
	LeastFile = 32
	MostFile  = 64 << 10
)

// NewFile makes the contents of a key file: one line of text, so that it can be printed as well.
func NewFile() []byte { return []byte("qianshao-key-file-1 " + hex.EncodeToString(random(32)) + "\n") }

func random(n int) []byte {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err) // crypto/rand never fails on a supported system
	}
	return b
}

// text is what is stretched. The file goes in as a key, so that the passphrase's length says nothing and nothing of either
// stands in it.
func (s Secret) text() string {
	if s.File == nil {
		return s.Passphrase
	}
	sum := sha256.Sum256(s.File)
	m := hmac.New(sha256.New, sum[:])
	m.Write([]byte("qianshao/second/1\n" + s.Passphrase))
	return hex.EncodeToString(m.Sum(nil))
}

const pemType = "QIANSHAO SM KEY"

// Wrap closes a private key under a secret, in the key's own suite.
func Wrap(private string, s Secret) (string, error) {
	mark := ""
	if s.File != nil {
		if len(s.File) < LeastFile || len(s.File) > MostFile {
			return "", fault.InvalidField("file", "key.file_size")
		}
		mark = withFile
	}
	var raw bytes.Buffer
	var w io.WriteCloser
	var err error
	sm := strings.HasPrefix(private, smPrivatePrefix)
	if sm {
		w, err = smPass(&raw, s.text(), workFactor)
	} else {
		w, err = agePass(&raw, s.text(), workFactor)
	}
	if err != nil {
		return "", err
	}
	if _, err := io.WriteString(w, private); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	if sm {
		return mark + string(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: raw.Bytes()})), nil
	}
	var b strings.Builder
	a := armor.NewWriter(&b)
	if _, err := a.Write(raw.Bytes()); err != nil {
		return "", err
	}
	err = a.Close()
	return mark + b.String(), err
}

func agePass(dst io.Writer, passphrase string, work int) (io.WriteCloser, error) {
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(work)
	return age.Encrypt(dst, r)
}

var unwrapping sync.Mutex // one at a time: each takes tens of megabytes

// The dearest stretching that is gone through with: whoever can write a wrapping must not stop the machine.
const (
	dearestKey  = 20
	dearestPass = 22
)

// Unwrap opens a private key; a wrong secret is a fault.
func Unwrap(wrapped string, s Secret) (string, error) {
	wrong := fault.InvalidField("passphrase", "key.passphrase")
	text, need := strings.CutPrefix(wrapped, withFile)
	switch {
	case len(s.Passphrase) > 1024 || s.Passphrase == "":
		return "", wrong
	case need && s.File == nil:
		return "", fault.InvalidField("file", "key.needs_file")
	case len(s.File) > MostFile:
		return "", fault.InvalidField("file", "key.file_size")
	case need:
		wrong = fault.InvalidField("passphrase", "key.passphrase_file")
	default:
		s.File = nil // one was chosen that this key does not need
	}
	unwrapping.Lock()
	defer unwrapping.Unlock()
	var r io.Reader
	var err error
	if b, _ := pem.Decode([]byte(text)); b != nil && b.Type == pemType {
		r, err = smPassReader(bytes.NewReader(b.Bytes), s.text(), dearestKey)
	} else {
		r, err = agePassReader(armor.NewReader(strings.NewReader(text)), s.text(), dearestKey)
	}
	if err != nil {
		return "", wrong
	}
	b, err := io.ReadAll(r)
	return string(b), err
}

func smPassReader(src io.Reader, passphrase string, most int) (io.Reader, error) {
	return smOpen(src, func(p smPart) []byte {
		if p.kind != partPass {
			return nil
		}
		k, err := smStretch(passphrase, p.body, most)
		if err != nil {
			return nil
		}
		return k
	})
}

func agePassReader(src io.Reader, passphrase string, most int) (io.Reader, error) {
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, err
	}
	id.SetMaxWorkFactor(most)
	return age.Decrypt(src, id)
}

// PassWriter seals a stream under a passphrase, in age's form whatever the deployment's suite.
func PassWriter(dst io.Writer, passphrase string) (io.WriteCloser, error) {
	return agePass(dst, passphrase, workFactor+1) // once a backup: dearer than an organ's key, which a person waits for
}

// PassReader opens what PassWriter sealed; a wrong passphrase is a fault.
func PassReader(src io.Reader, passphrase string) (io.Reader, error) {
	r, err := agePassReader(src, passphrase, dearestPass)
	if err != nil {
		return nil, fault.InvalidField("passphrase", "key.passphrase").Because(err)
	}
	return r, nil
}
