package seal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/mod/sumdb/note"
)

// Beside Ed25519 a deployment of suite SM signs its checkpoints a second time, with SM2 over SM3 (GB/T 32918.2, with that
// standard's default for who signs). C2SP has no number for it: 0xff and a name stand where an algorithm's byte stands, so
// that a reader who does not know it passes it over.
const secondAlg = "\xffqianshao/sm2-sm3/1"

// SecondPublic is the public half of the key that signs checkpoints a second time, in base64.
func (d Deployment) SecondPublic() string {
	return base64.StdEncoding.EncodeToString(sm2Bytes(&d.second().PublicKey))
}

func (d Deployment) second() *sm2.PrivateKey {
	k, err := sm2FromSeed(d.derive("logs-sm2"))
	if err != nil {
		panic(err) // but for one deployment in 2^256
	}
	return k
}

// SecondSigner signs notes under a name.
func (d Deployment) SecondSigner(name string) (note.Signer, error) {
	v, err := SecondVerifier(name, d.SecondPublic())
	return secondSigner{v, d.second()}, err
}

// IsSecond says whether a public key is one of second signatures.
func IsSecond(public string) bool {
	_, err := SecondVerifier("x", public)
	return err == nil
}

// SecondVerifier checks second signatures by a public key under a name.
func SecondVerifier(name, public string) (note.Verifier, error) {
	b, err := base64.StdEncoding.DecodeString(public)
	if err == nil {
		_, err = sm2.NewPublicKey(b)
	}
	if err != nil {
		return nil, errors.New("seal: not a public key for second signatures: " + public)
	}
	return second{name, b}, nil
}

type second struct {
	name string
	key  []byte
}

func (s second) Name() string { return s.name }

// KeyHash is C2SP's: over name, algorithm and key.
func (s second) KeyHash() uint32 {
	h := sha256.New()
	h.Write([]byte(s.name + "\n" + secondAlg))
	h.Write(s.key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func (s second) Verify(msg, sig []byte) bool {
	k, err := sm2.NewPublicKey(s.key)
	return err == nil && sm2.VerifyASN1WithSM2(k, nil, msg, sig)
}

type secondSigner struct {
	note.Verifier
	key *sm2.PrivateKey
}

func (s secondSigner) Sign(msg []byte) ([]byte, error) {
	return s.key.Sign(rand.Reader, msg, sm2.DefaultSM2SignerOpts)
}
