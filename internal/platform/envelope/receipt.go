package envelope

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"golang.org/x/crypto/argon2"

	"qianshao/internal/platform/seal"
)

// Receipt is sixteen digits, the last of them a check.
type Receipt string

// ErrReceipt is what can't be a receipt: a digit is wrong or missing.
var ErrReceipt = errors.New("envelope: not a receipt")

const (
	receiptLen  = 16
	tokenLen    = 16
	receiptInfo = "qianshao/receipt/1"
)

// NewToken makes the hidden token of one form: whoever sends the same form twice gets the same receipt twice.
func NewToken() string {
	var b [tokenLen]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand never fails on a supported system
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// NewReceipt derives a form's receipt from its token; ErrReceipt for what is no token.
func NewReceipt(token string) (Receipt, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != tokenLen {
		return "", ErrReceipt
	}
	k, err := hkdf.Key(sha256.New, b, nil, receiptInfo, 32)
	if err != nil {
		return "", err
	}
	// 32 bytes over 10^15: no number is likelier than another by more than 2^-200.
	n := new(big.Int).Mod(new(big.Int).SetBytes(k), new(big.Int).Exp(big.NewInt(10), big.NewInt(receiptLen-1), nil))
	digits := fmt.Sprintf("%0*d", receiptLen-1, n)
	return Receipt(digits + string(rune('0'+damm(digits)))), nil
}

// ParseReceipt reads what somebody typed: spaces and hyphens between digits are theirs, full-width digits are digits.
// The check finds every single wrong digit and every two that changed places.
func ParseReceipt(text string) (Receipt, error) {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		case r == ' ' || r == '-' || r == '　' || r == '\t' || r == '\n' || r == '\r' || r == '\u00a0':
		default:
			return "", ErrReceipt
		}
		if b.Len() > receiptLen {
			return "", ErrReceipt
		}
	}
	if b.Len() != receiptLen || damm(b.String()) != 0 {
		return "", ErrReceipt
	}
	return Receipt(b.String()), nil
}

// String groups the digits by four, to be copied by hand.
func (r Receipt) String() string {
	var parts []string
	for i := 0; i+4 <= len(r); i += 4 {
		parts = append(parts, string(r[i:i+4]))
	}
	return strings.Join(parts, " ")
}

// quasigroup is H. M. Damm's of order ten (Total anti-symmetrische Quasigruppen, Marburg 2004).
var quasigroup = [10][10]int{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2}, {7, 0, 9, 2, 1, 5, 4, 8, 6, 3}, {4, 2, 0, 6, 8, 7, 1, 3, 5, 9}, {1, 7, 5, 0, 9, 8, 3, 4, 2, 6}, {6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
	{3, 6, 7, 4, 2, 0, 9, 5, 8, 1}, {5, 8, 6, 9, 7, 2, 0, 1, 3, 4}, {8, 9, 4, 5, 3, 6, 2, 0, 1, 7}, {9, 4, 3, 8, 6, 1, 7, 2, 0, 5}, {2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

// damm is the check digit of digits, 0 over digits that end with their own.
func damm(digits string) int {
	c := 0
	for _, d := range digits {
		c = quasigroup[c][d-'0']
	}
	return c
}

// Secrets are what comes from a receipt. Each is useless for finding another, or the receipt.
type Secrets struct {
	Name  string // what the report is found by: 64 hex digits
	Salt  []byte // of the commitment: 32 bytes
	reply []byte // seed of Pair
	watch []byte // what Asked derives from
}

// The receipt holds 50 bits, so that trying them all must cost: one pass over 2 MB, about a millisecond of a core and
// not worth less on a graphics card; 10^15 of them are some 30,000 years of a core. It is paid once for a report lodged
// and once for each look, which a phone and a small server can bear at 500 a second.
const (
	stretchPasses = 1
	stretchMemory = 2 << 10 // KB
)

// Secrets derives what stands behind a receipt.
func (r Receipt) Secrets() Secrets {
	root := argon2.IDKey([]byte(r), []byte(receiptInfo), stretchPasses, stretchMemory, 1, 32)
	part := func(what string) []byte {
		k, err := hkdf.Key(sha256.New, root, nil, receiptInfo+"/"+what, 32)
		if err != nil {
			panic(err) // the length is constant and lawful
		}
		return k
	}
	return Secrets{Name: hex.EncodeToString(part("name")), Salt: part("salt"), reply: part("reply"), watch: part("watch")}
}

// Pair is the reporter's key pair of a suite: what is said to the reporter is sealed to its public half. It is of the suite
// that the report itself was sealed in.
func (s Secrets) Pair(suite string) (private, public string) {
	private, public, err := seal.FromSeed(suite, s.reply)
	if err != nil {
		panic(err) // any 32 bytes are a key
	}
	return private, public
}

// Commit ties a letter's bytes to a day without telling either: whoever has the receipt can show it, nobody else can
// guess it.
func (s Secrets) Commit(letter []byte) string {
	m := hmac.New(sha256.New, s.Salt)
	m.Write(letter)
	return hex.EncodeToString(m.Sum(nil))
}
