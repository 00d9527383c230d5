package seal

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Deployment is the one secret that belongs to the installation and to no organ: it protects authenticators' secrets
// and signs the checkpoints of the logs. It opens nothing that a reporter wrote.
type Deployment struct{ secret []byte }

const (
	keyPrefix = "qianshao-deployment-key-1 "
	keyLen    = 32
)

// ErrKeyFile is a key file that is there and can't be used.
var ErrKeyFile = errors.New("seal: the key file is not one that this program made")

// NewDeployment makes a secret and writes it to a file that only its owner may read. A file that is there already is
// an error (fs.ErrExist): a key is never written over.
func NewDeployment(path string) (Deployment, error) {
	d := Deployment{make([]byte, keyLen)}
	if _, err := rand.Read(d.secret); err != nil {
		return Deployment{}, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return Deployment{}, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return Deployment{}, err
	}
	_, err = f.Write(d.File())
	// On the disk before anything is protected by it.
	return d, errors.Join(err, f.Sync(), f.Close())
}

// LoadDeployment reads the secret from its file; fs.ErrNotExist when there is none, ErrKeyFile when it is none.
func LoadDeployment(path string) (Deployment, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Deployment{}, err
	}
	return ParseDeployment(b)
}

// ParseDeployment reads what File gave.
func ParseDeployment(b []byte) (Deployment, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(string(b)), keyPrefix)
	secret, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(secret) != keyLen {
		return Deployment{}, ErrKeyFile
	}
	return Deployment{secret}, nil
}

// File is the secret as its file holds it.
func (d Deployment) File() []byte {
	return []byte(keyPrefix + base64.StdEncoding.EncodeToString(d.secret) + "\n")
}

// Zero says whether there is no secret.
func (d Deployment) Zero() bool { return len(d.secret) == 0 }

// derive makes a key for one purpose, so that no two uses ever share one.
func (d Deployment) derive(purpose string) []byte {
	k, err := hkdf.Key(sha256.New, d.secret, nil, "qianshao/"+purpose, keyLen)
	if err != nil {
		panic(err) // the length is constant and lawful
	}
	return k
}

// Accounts is the key that authenticators' secrets lie under: 32 bytes.
func (d Deployment) Accounts() []byte { return d.derive("accounts") }

// Mark tells one deployment key from another and says nothing about either.
func (d Deployment) Mark() string { return hex.EncodeToString(d.derive("mark")[:8]) }

func (d Deployment) signing() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(d.derive("logs")) }

// Public is the public half of the key that signs checkpoints, in base64.
func (d Deployment) Public() string {
	pub, _ := d.signing().Public().(ed25519.PublicKey) // an Ed25519 key has an Ed25519 public half
	return base64.StdEncoding.EncodeToString(pub)
}

// Signer signs notes under a name: for checkpoints, the log's origin.
func (d Deployment) Signer(name string) (note.Signer, error) {
	vkey, err := VerifierKey(name, d.Public())
	if err != nil {
		return nil, err
	}
	hash := strings.Split(strings.TrimPrefix(vkey, name+"+"), "+")[0]
	const ed25519Notes = 1 // C2SP signed-note: the algorithm's byte in front of the key
	return note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte{ed25519Notes}, d.signing().Seed()...))))
}

// VerifierKey is the C2SP verifier key of a public key under a name.
func VerifierKey(name, public string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(public)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return "", errors.New("seal: not a public key for checkpoints: " + public)
	}
	return note.NewEd25519VerifierKey(name, b)
}
