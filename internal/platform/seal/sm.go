package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"filippo.io/age"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
	"golang.org/x/crypto/scrypt"
)

// The form of suite SM (docs/adr/0039): a head, one part for each recipient that holds the file's key, a digest over all of
// that under the file's key, and the contents in chunks. Everything that protects contents is SM2, SM3 or SM4; what ML-KEM
// adds lies around the key inside SM2, so that neither is weaker for the other.
const (
	smHead          = "qianshao-sm/1\n"
	smPublicPrefix  = "qianshao-sm1-"
	smPrivatePrefix = "QIANSHAO-SM1-SECRET-"

	fileKeyLen = 32
	sm2Point   = 65 // uncompressed
	sm2Sealed  = sm2Point + sm3.Size + fileKeyLen
	chunkLen   = 64 << 10
	tagLen     = 16
	mostParts  = 16
	mostPart   = 8 << 10 // bytes
)

// Kinds of parts.
const (
	partSM   = 1 // SM2 around the file's key, which is masked by ML-KEM-768
	partAge  = 2 // an age file around the file's key: a recipient that has no key of this suite yet
	partPass = 3 // the file's key comes from a passphrase
)

// ErrSealed is what can't be opened: not sealed to these keys, cut short, or changed.
var ErrSealed = errors.New("seal: not sealed to this key, or not what was sealed")

// smKDF derives n bytes for one purpose.
func smKDF(secret, salt []byte, purpose string, n int) []byte {
	k, err := hkdf.Key(sm3.New, secret, salt, "qianshao-sm/1 "+purpose, n)
	if err != nil {
		panic(err) // the lengths are constant and lawful
	}
	return k
}

// smPublic is a public key of suite SM.
type smPublic struct {
	sm2 *ecdsa.PublicKey
	kem *mlkem.EncapsulationKey768
}

// smPrivate is a private one, grown from its seed.
type smPrivate struct {
	seed []byte
	sm2  *sm2.PrivateKey
	kem  *mlkem.DecapsulationKey768
}

// smFromSeed grows a key pair from 32 bytes.
func smFromSeed(seed []byte) (smPrivate, error) {
	if len(seed) != keyLen {
		return smPrivate{}, errors.New("seal: not the seed of a key")
	}
	k := smPrivate{seed: bytes.Clone(seed)}
	d, err := sm2FromSeed(seed)
	if err != nil {
		return k, err
	}
	k.sm2 = d
	k.kem, err = mlkem.NewDecapsulationKey768(smKDF(seed, nil, "ml-kem-768", mlkem.SeedSize))
	return k, err
}

// sm2FromSeed finds the first scalar in range: all but one seed in 2^32 have it at once.
func sm2FromSeed(seed []byte) (*sm2.PrivateKey, error) {
	for i := range 8 {
		if k, err := sm2.NewPrivateKey(smKDF(seed, []byte{byte(i)}, "sm2", 32)); err == nil {
			return k, nil
		}
	}
	return nil, errors.New("seal: not the seed of a key")
}

func sm2Bytes(k *ecdsa.PublicKey) []byte {
	out := make([]byte, sm2Point)
	out[0] = 4
	k.X.FillBytes(out[1:33])
	k.Y.FillBytes(out[33:])
	return out
}

func (k smPrivate) text() string {
	sum := sm3.Sum(k.seed)
	return smPrivatePrefix + base64.RawURLEncoding.EncodeToString(append(bytes.Clone(k.seed), sum[:4]...))
}

func (k smPrivate) public() string {
	return smPublicPrefix + base64.RawURLEncoding.EncodeToString(append(sm2Bytes(&k.sm2.PublicKey), k.kem.EncapsulationKey().Bytes()...))
}

func parseSMPrivate(text string) (smPrivate, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimPrefix(text, smPrivatePrefix))
	if err != nil || len(b) != keyLen+4 {
		return smPrivate{}, errors.New("seal: not a private key")
	}
	if sum := sm3.Sum(b[:keyLen]); !bytes.Equal(sum[:4], b[keyLen:]) {
		return smPrivate{}, errors.New("seal: a private key with a mistake in it")
	}
	return smFromSeed(b[:keyLen])
}

func parseSMPublic(text string) (smPublic, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimPrefix(text, smPublicPrefix))
	if err != nil || len(b) != sm2Point+mlkem.EncapsulationKeySize768 {
		return smPublic{}, errors.New("seal: not a public key")
	}
	var k smPublic
	if k.sm2, err = sm2.NewPublicKey(b[:sm2Point]); err != nil { // on the curve
		return smPublic{}, err
	}
	k.kem, err = mlkem.NewEncapsulationKey768(b[sm2Point:])
	return k, err
}

var (
	sm2Order   = sm2.NewPlainEncrypterOpts(sm2.MarshalUncompressed, sm2.C1C3C2)
	errSMParts = errors.New("seal: too many recipients")
)

// wrap closes a file's key to a public key.
func (k smPublic) wrap(fileKey []byte) ([]byte, error) {
	shared, enclosed := k.kem.Encapsulate()
	masked := make([]byte, fileKeyLen)
	subtle.XORBytes(masked, fileKey, smKDF(shared, enclosed, "mask", fileKeyLen))
	sealed, err := sm2.Encrypt(rand.Reader, k.sm2, masked, sm2Order)
	return append(sealed, enclosed...), err
}

// unwrap opens what wrap closed. That it is the right key, the head's digest says.
func (k smPrivate) unwrap(part []byte) ([]byte, error) {
	if len(part) != sm2Sealed+mlkem.CiphertextSize768 || part[0] != 4 {
		return nil, ErrSealed
	}
	masked, err := sm2.Decrypt(k.sm2, part[:sm2Sealed])
	if err != nil {
		return nil, ErrSealed
	}
	shared, err := k.kem.Decapsulate(part[sm2Sealed:])
	if err != nil {
		return nil, ErrSealed
	}
	subtle.XORBytes(masked, masked, smKDF(shared, part[sm2Sealed:], "mask", fileKeyLen))
	return masked, nil
}

// smPart is one recipient's part of a head.
type smPart struct {
	kind byte
	body []byte
}

// smWriter writes the head and returns what seals the contents.
func smWriter(dst io.Writer, fileKey []byte, parts []smPart) (io.WriteCloser, error) {
	if len(parts) == 0 || len(parts) > mostParts {
		return nil, errSMParts
	}
	head := append([]byte(smHead), byte(len(parts)))
	for _, p := range parts {
		head = binary.BigEndian.AppendUint16(append(head, p.kind), uint16(len(p.body)))
		head = append(head, p.body...)
	}
	if _, err := dst.Write(smMAC(head, fileKey)); err != nil {
		return nil, err
	}
	gcm, err := smCipher(fileKey)
	return &chunks{dst: dst, gcm: gcm, buf: make([]byte, 0, chunkLen+tagLen)}, err
}

// smMAC is a head with its digest behind it. A file's key that was not meant fails here: GCM alone would let one text open
// under two keys.
func smMAC(head, fileKey []byte) []byte {
	m := hmac.New(sm3.New, smKDF(fileKey, nil, "head", sm3.Size))
	m.Write(head)
	return m.Sum(head)
}

func smCipher(fileKey []byte) (cipher.AEAD, error) {
	b, err := sm4.NewCipher(smKDF(fileKey, nil, "contents", sm4.BlockSize))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}

// smSeal seals to public keys of which at least one is of suite SM.
func smSeal(dst io.Writer, publics []public) (io.WriteCloser, error) {
	fileKey := make([]byte, fileKeyLen)
	if _, err := rand.Read(fileKey); err != nil {
		return nil, err
	}
	var parts []smPart
	for _, p := range publics {
		if p.sm != nil {
			body, err := p.sm.wrap(fileKey)
			if err != nil {
				return nil, err
			}
			parts = append(parts, smPart{partSM, body})
			continue
		}
		var b bytes.Buffer
		w, err := age.Encrypt(&b, p.age)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(fileKey); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		parts = append(parts, smPart{partAge, b.Bytes()})
	}
	return smWriter(dst, fileKey, parts)
}

// smPass seals under a passphrase.
func smPass(dst io.Writer, passphrase string, work int) (io.WriteCloser, error) {
	body := make([]byte, 17)
	body[0] = byte(work)
	if _, err := rand.Read(body[1:]); err != nil {
		return nil, err
	}
	fileKey, err := smStretch(passphrase, body, work)
	if err != nil {
		return nil, err
	}
	return smWriter(dst, fileKey, []smPart{{partPass, body}})
}

// smStretch is what a passphrase opens. Stretching is scrypt's: no SM standard has one that costs memory.
func smStretch(passphrase string, body []byte, most int) ([]byte, error) {
	if len(body) != 17 || body[0] < 1 || int(body[0]) > most {
		return nil, ErrSealed
	}
	k, err := scrypt.Key([]byte(passphrase), body[1:], 1<<body[0], 8, 1, fileKeyLen)
	if err != nil {
		return nil, err
	}
	return smKDF(k, nil, "passphrase", fileKeyLen), nil
}

// smOpen reads a head with whatever finds the file's key in one of its parts, and returns what opens the contents.
func smOpen(src io.Reader, find func(p smPart) []byte) (io.Reader, error) {
	head := make([]byte, len(smHead)+1, 4<<10)
	if _, err := io.ReadFull(src, head); err != nil || string(head[:len(smHead)]) != smHead {
		return nil, ErrSealed
	}
	n := int(head[len(smHead)])
	if n == 0 || n > mostParts {
		return nil, ErrSealed
	}
	var parts []smPart
	for range n {
		at := len(head)
		head = append(head, 0, 0, 0)
		if _, err := io.ReadFull(src, head[at:]); err != nil {
			return nil, ErrSealed
		}
		size := int(binary.BigEndian.Uint16(head[at+1:]))
		if size > mostPart {
			return nil, ErrSealed
		}
		head = append(head, make([]byte, size)...)
		if _, err := io.ReadFull(src, head[at+3:]); err != nil {
			return nil, ErrSealed
		}
		parts = append(parts, smPart{head[at], head[at+3:]})
	}
	sum := make([]byte, sm3.Size)
	if _, err := io.ReadFull(src, sum); err != nil {
		return nil, ErrSealed
	}
	for _, p := range parts {
		fileKey := find(p)
		if len(fileKey) != fileKeyLen {
			continue
		}
		if !hmac.Equal(smMAC(bytes.Clone(head), fileKey)[len(head):], sum) {
			return nil, ErrSealed
		}
		gcm, err := smCipher(fileKey)
		return &unchunks{src: src, gcm: gcm, in: make([]byte, chunkLen+tagLen+1), out: make([]byte, 0, chunkLen)}, err
	}
	return nil, ErrSealed
}

// smFind finds a file's key with private keys.
func smFind(privates []private) func(smPart) []byte {
	return func(p smPart) []byte {
		for _, k := range privates {
			switch {
			case p.kind == partSM && k.sm != nil:
				if fileKey, err := k.sm.unwrap(p.body); err == nil {
					return fileKey
				}
			case p.kind == partAge && k.age != nil:
				r, err := age.Decrypt(bytes.NewReader(p.body), k.age)
				if err != nil {
					continue
				}
				if fileKey, err := io.ReadAll(r); err == nil {
					return fileKey
				}
			}
		}
		return nil
	}
}

// nonce counts chunks, and marks the last: none can be left out, moved, or taken for the end.
func nonce(n uint64, last bool) []byte {
	out := make([]byte, 12)
	binary.BigEndian.PutUint64(out[3:], n)
	if last {
		out[11] = 1
	}
	return out
}

// chunks seals contents as they come.
type chunks struct {
	dst io.Writer
	gcm cipher.AEAD
	buf []byte
	n   uint64
	err error
}

var errClosed = errors.New("seal: written to after its end")

func (c *chunks) Write(b []byte) (int, error) {
	done := 0
	for len(b) > 0 && c.err == nil {
		if len(c.buf) == chunkLen { // more is to come, so this is not the last
			c.flush(false)
			continue
		}
		k := min(len(b), chunkLen-len(c.buf))
		c.buf = append(c.buf, b[:k]...)
		b, done = b[k:], done+k
	}
	return done, c.err
}

func (c *chunks) flush(last bool) {
	out := c.gcm.Seal(c.buf[:0], nonce(c.n, last), c.buf, nil)
	_, c.err = c.dst.Write(out)
	c.buf, c.n = c.buf[:0], c.n+1
}

func (c *chunks) Close() error {
	if c.err == nil {
		c.flush(true)
	}
	err := c.err
	if err == nil {
		c.err = errClosed
	}
	return err
}

// unchunks opens contents as they come: nothing of a chunk is given before all of it is known to be right.
type unchunks struct {
	src   io.Reader
	gcm   cipher.AEAD
	in    []byte // a chunk and one byte of the next
	out   []byte
	have  int
	n     uint64
	plain []byte
	last  bool
	err   error
}

func (u *unchunks) Read(b []byte) (int, error) {
	for len(u.plain) == 0 {
		if u.err == nil && u.last {
			u.err = io.EOF
		}
		if u.err != nil {
			return 0, u.err
		}
		u.err = u.next()
	}
	n := copy(b, u.plain)
	u.plain = u.plain[n:]
	return n, nil
}

func (u *unchunks) next() error {
	n, err := io.ReadFull(u.src, u.in[u.have:])
	u.have += n
	switch {
	case err == nil:
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		u.last = true
	default:
		return err
	}
	chunk := u.in[:min(u.have, chunkLen+tagLen)]
	plain, err := u.gcm.Open(u.out[:0], nonce(u.n, u.last), chunk, nil)
	if err != nil || u.last && len(plain) == 0 && u.n > 0 {
		return ErrSealed
	}
	u.plain, u.n = plain, u.n+1
	if !u.last {
		u.in[0], u.have = u.in[chunkLen+tagLen], 1
	}
	return nil
}
