package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"qianshao/internal/fault"
	"qianshao/internal/platform/text"
)

// Cost is what a password's hash costs: Argon2id with Memory in KiB.
type Cost struct {
	Memory uint32
	Passes uint32
	Lanes  uint8
}

// Hash is a password as it is stored, with its cost and its own salt. Package demo hashes its one password with it.
func (c Cost) Hash(password string) string {
	salt := chance(16)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Lanes,
		b64.EncodeToString(salt), b64.EncodeToString(c.key(password, salt)))
}

func (c Cost) key(password string, salt []byte) []byte {
	// What a Chinese input method types in full width is the same password.
	return argon2.IDKey([]byte(norm.NFKC.String(password)), salt, c.Passes, c.Memory, c.Lanes, 32)
}

var b64 = base64.RawStdEncoding

// matches says whether the password is the one that was hashed, and at what cost that was.
func matches(stored, password string) (bool, Cost) {
	c, salt, want, ok := parseHash(stored)
	if !ok {
		return false, c
	}
	return subtle.ConstantTimeCompare(c.key(password, salt), want) == 1, c
}

func parseHash(stored string) (c Cost, salt, key []byte, ok bool) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return c, nil, nil, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Lanes); err != nil {
		return c, nil, nil, false
	}
	salt, err1 := b64.DecodeString(parts[4])
	key, err2 := b64.DecodeString(parts[5])
	// A row tampered with must not take all memory.
	ok = err1 == nil && err2 == nil && len(key) == 32 && c.Memory <= 1<<18 && c.Passes >= 1 && c.Passes <= 16 && c.Lanes >= 1
	return c, salt, key, ok
}

// slot waits for a place to hash in: each takes tens of megabytes, so that the number of places bounds the memory,
// however many sign in at once. The caller gives it back.
func (s *Service) slot(ctx context.Context) (release func(), err error) {
	s.setup()
	if s.queue.Add(1) > maxQueue {
		s.queue.Add(-1)
		return nil, fault.New(fault.Unavailable, "signin.busy")
	}
	defer s.queue.Add(-1)
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// maxQueue bounds who waits for a slot; at 20 ms each that is some seconds.
const maxQueue = 512

// hash hashes a new password in a slot.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	release, err := s.slot(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	s.evaluated.Add(1)
	return s.Policy.Cost.Hash(password), nil
}

// OneTime makes a password to be handed to a person once: 80 bits, without letters that are taken for others.
func OneTime() string { return strings.ToLower(grouped(chance(10))) }

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

func grouped(b []byte) string {
	s := crockford.EncodeToString(b)
	var out []string
	for len(s) > 4 {
		out, s = append(out, s[:4]), s[4:]
	}
	return strings.Join(append(out, s), "-")
}

// chance gives unguessable bytes: always the system's, never the database's maker of keys, which the demonstration
// city seeds.
func chance(n int) []byte {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic("account: no randomness: " + err.Error()) // crypto/rand never fails on a supported system
	}
	return b
}

// checkPassword says what is wrong with a new password, as the fault beside the field.
func (p Policy) checkPassword(password, login, name string) error {
	folded := text.Fold(password)
	switch {
	case password == "":
		return fault.InvalidField("password", "required")
	case len(password) > maxPassword:
		return fault.InvalidField("password", "password.long")
	case len([]rune(password)) < p.MinPassword:
		return fault.InvalidField("password", "password.short", strconv.Itoa(p.MinPassword))
	case mostly(folded, login), mostly(folded, text.Fold(name)), mostly(folded, strings.ReplaceAll(text.Fold(text.Pinyin(name)), " ", "")):
		return fault.InvalidField("password", "password.login")
	case poor(folded):
		return fault.InvalidField("password", "password.common")
	}
	return nil
}

// mostly says whether a password is a known word with a few characters more.
func mostly(password, word string) bool {
	if word == "" {
		return false
	}
	if password == word {
		return true
	}
	return len(word) >= 4 && strings.Contains(password, word) && len(strings.Replace(password, word, "", 1)) < 6
}

// poor says whether a password is one of those everybody tries first.
func poor(folded string) bool {
	seen := map[rune]bool{}
	for _, r := range folded {
		seen[r] = true
	}
	if len(seen) < 5 || worst[folded] || strings.Contains(folded, "qianshao") {
		return true
	}
	for _, run := range []string{"01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm"} {
		if strings.Contains(run, folded) {
			return true
		}
	}
	return false
}

// worst is the head of the usual lists, as far as the other rules leave it.
var worst = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`password12 password123 password1234 password12345 password123456 password@123 passw0rd123 p@ssw0rd123 p@ssword123
		admin12345 admin123456 admin@123456 administrator administrator1 root123456 test123456 user123456 welcome123 welcome1234 changeme123 letmein123
		a123456789 a1234567890 123456789a 1234567890a aa123456789 aa12345678 abc123456789 abc1234567 abcd123456 abcd12345678 abc123abc123 asd123456789 qq123456789
		q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qaz2wsx3edc4rfv zaq12wsxcde3 qazwsxedcrfv qazwsx123456 qwerty12345 qwerty123456 qwer123456 asdf123456 zxcvbnm123 zxcv123456
		123456789q 123456789z 12345678910 123456789123 1234567891 1234512345 123123123a 1231231234 1122334455 11223344556 147258369a 1472583690 7894561230 9876543210a
		woaini1314 woaini520 woaini520520 woaini1314520 5201314520 52013145201314 1314520520 iloveyou123 iloveyou520 wang123456 zhang123456 li123456789 jiwei12345 jiwei123456 jijian123456 dangyuan123 zhongguo123 beijing2008 china123456`) {
		m[w] = true
	}
	return m
}()
