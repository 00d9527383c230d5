package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// Derived are the secrets that an organ's private key gives for what the program compares with it. Whoever has the public
// key, or another organ's, has none of them.
type Derived struct {
	mac  []byte
	aead cipher.AEAD
	mark string
}

// Derive makes the secrets of a private key for one purpose.
func Derive(private, purpose string) Derived {
	part := func(what string) []byte {
		k, err := hkdf.Key(sha256.New, []byte(private), nil, "qianshao/"+purpose+"/"+what, 32)
		if err != nil {
			panic(err) // the length is constant and lawful
		}
		return k
	}
	block, err := aes.NewCipher(part("seal"))
	if err != nil {
		panic(err) // so is the key's
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return Derived{mac: part("mac"), aead: aead, mark: hex.EncodeToString(part("mark")[:8])}
}

// Mark tells one key's secrets from another's, and says nothing about either.
func (d Derived) Mark() string { return d.mark }

// Sum is a keyed fingerprint of a text.
func (d Derived) Sum(text string) uint64 {
	h := hmac.New(sha256.New, d.mac)
	h.Write([]byte(text)) // hash.Hash never fails
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// Seal closes bytes under the secrets, for the place that they are kept at: two that are the same look different.
func (d Derived) Seal(plain []byte, place string) ([]byte, error) {
	nonce := make([]byte, d.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return d.aead.Seal(nonce, nonce, plain, []byte(place)), nil
}

// Open opens what Seal closed for the same place.
func (d Derived) Open(sealed []byte, place string) ([]byte, error) {
	n := d.aead.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("seal: cut short")
	}
	return d.aead.Open(nil, sealed[:n], sealed[n:], []byte(place))
}
