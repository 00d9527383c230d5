package account

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// What every authenticator program supports.
const (
	totpDigits = 6
	totpPeriod = 30
)

// Enrolment is what an authenticator is set up with: as an address for a QR code, and to type.
type Enrolment struct {
	URL    string
	Secret string
}

// EnrolTOTP begins to set up an authenticator, or goes on with what this session began: a page loaded again shows the
// secret that the telephone has read already. Nothing changes until ConfirmTOTP proves that it works.
func (s *Service) EnrolTOTP(ctx context.Context, token string) (Enrolment, error) {
	l, r, err := s.own(ctx, token, true)
	if err != nil {
		return Enrolment{}, err
	}
	begun, err := s.begunTOTP(ctx, r, l)
	if err != nil {
		return Enrolment{}, err
	}
	k, err := totp.Generate(totp.GenerateOpts{Issuer: s.siteName(), AccountName: l.login, Secret: begun, SecretSize: 20, Period: totpPeriod, Digits: otp.DigitsSix})
	if err != nil {
		return Enrolment{}, err
	}
	if begun != nil {
		return Enrolment{URL: k.URL(), Secret: k.Secret()}, nil
	}
	sealed, err := s.sealSecret(l.ID, k.Secret())
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{URL: k.URL(), Secret: k.Secret()}, s.keep(ctx, r.City(), pendingTOTP+l.hash, sealed)
}

const pendingTOTP = "totp/"

// begunTOTP is the secret this session has begun to set up, as bytes; nil if there is none.
func (s *Service) begunTOTP(ctx context.Context, r db.Reader, l live) ([]byte, error) {
	var sealed string
	err := r.Row(ctx, `SELECT body FROM passkey_challenges WHERE city_id = $1 AND id = $2 AND until_at > $3`, pendingTOTP+l.hash, int64(r.Now())).Scan(&sealed)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	secret, err := s.openSecret(l.ID, sealed)
	if err != nil {
		return nil, err
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
}

// keep remembers what was begun until its answer comes.
func (s *Service) keep(ctx context.Context, city id.City, key, body string) error {
	return s.Ledger.DB.Scratch(ctx, city, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO passkey_challenges (city_id, id, body, until_at) VALUES ($1, $2, $3, $4) ON CONFLICT (city_id, id) DO UPDATE SET body = $3, until_at = $4`,
			key, body, int64(tx.Now())+micros(s.Policy.SecondWithin))
		return err
	})
}

// ConfirmTOTP ends setting up an authenticator with a code it shows. With the first second factor come ten recovery
// codes, shown this once; a session that owed one is whole then.
func (s *Service) ConfirmTOTP(ctx context.Context, token, code string) (codes []string, err error) {
	l, r, err := s.own(ctx, token, true)
	if err != nil {
		return nil, err
	}
	code = normalCode(code)
	var fresh []string
	err = s.enrol(ctx, l, r, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		var sealed string
		err := tx.Row(ctx, `SELECT body FROM passkey_challenges WHERE city_id = $1 AND id = $2 AND until_at > $3`, pendingTOTP+l.hash, int64(tx.Now())).Scan(&sealed)
		if errors.Is(err, db.ErrNoRows) {
			return ledger.Act{}, fault.New(fault.Conflict, "second.begin_again")
		}
		if err != nil {
			return ledger.Act{}, err
		}
		secret, err := s.openSecret(a.ID, sealed)
		if err != nil {
			return ledger.Act{}, err
		}
		step, ok := stepOf(secret, code, tx.Now(), 0)
		if !ok {
			return ledger.Act{}, wrongCode()
		}
		if _, err := tx.Exec(ctx, `DELETE FROM passkey_challenges WHERE city_id = $1 AND id = $2`, pendingTOTP+l.hash); err != nil {
			return ledger.Act{}, err
		}
		act := ledger.Act{Action: "account.totp_add", About: about(a.ID), Params: map[string]any{"replaces": a.totp != ""}}
		fresh = firstCodes(a)
		a.totp, a.totpLast = sealed, step
		return act, nil
	})
	return fresh, err
}

// enrol adds a second factor in an act of its own and then, if the session owed one, makes it whole.
func (s *Service) enrol(ctx context.Context, l live, r db.Reader, add func(*ledger.Tx, *row) (ledger.Act, error)) error {
	if err := s.self(ctx, l, r, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		act, err := add(tx, a)
		a.clearedBy = ""
		return act, err
	}); err != nil || l.stage == StageFull {
		return err
	}
	return s.complete(ctx, l, 0, "enrolled", budget{who: "s/" + l.ID.String()}, nil)
}

// self writes a change of a person's own account: the row is read anew, changed by do, saved, and the act put into the
// log of the person's organ.
func (s *Service) self(ctx context.Context, l live, r db.Reader, do func(*ledger.Tx, *row) (ledger.Act, error)) error {
	who, err := actor(ctx, r, l.row, l.holding)
	if err != nil {
		return err
	}
	_, err = s.Ledger.Write(ctx, who, l.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		now, err := find(ctx, tx, l.token)
		if err != nil {
			return ledger.Act{}, err
		}
		act, err := do(tx, &now.row)
		if err != nil {
			return act, err
		}
		if act.Organ, err = organOf(ctx, tx, now.person); err != nil {
			return act, err
		}
		return act, now.save(ctx, tx)
	})
	return err
}

// own finds a session that may change its own account: a person's, whole or owing nothing but what it is about to do.
// What opens new ways in (fresh) wants a sign-in not long ago, so that a browser left open is not enough.
func (s *Service) own(ctx context.Context, token string, fresh bool) (live, db.Reader, error) {
	l, r, err := s.find(ctx, token)
	switch {
	case err != nil:
		return l, r, err
	case l.stage == StageProgram, l.stage == StagePassword && l.hasSecond():
		return l, r, s.notFull(l)
	case fresh && l.stage == StageFull && int64(r.Now()) > l.created+micros(s.Policy.Fresh):
		return l, r, fault.New(fault.Forbidden, "session.not_fresh")
	}
	return l, r, nil
}

// useTOTP accepts a code once: the step of the last one used is remembered, and only later ones count.
func (s *Service) useTOTP(tx *ledger.Tx, a *row, code string) error {
	if a.totp == "" {
		return wrongCode()
	}
	secret, err := s.openSecret(a.ID, a.totp)
	if err != nil {
		return err
	}
	step, ok := stepOf(secret, code, tx.Now(), a.totpLast)
	if !ok {
		return wrongCode()
	}
	a.totpLast = step
	return nil
}

// stepOf finds the step of a code: this one, or one to either side for clocks that differ; later than last.
func stepOf(secret, code string, now calendar.Instant, last int64) (int64, bool) {
	if len(code) != totpDigits {
		return 0, false
	}
	at := int64(now) / 1_000_000 / totpPeriod
	for _, step := range []int64{at, at - 1, at + 1} {
		ok, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && ok && step > last {
			return step, true
		}
	}
	return 0, false
}

// RecoveryCodes makes ten new recovery codes, each good once; earlier ones end.
func (s *Service) RecoveryCodes(ctx context.Context, token string) ([]string, error) {
	l, r, err := s.own(ctx, token, true)
	if err != nil {
		return nil, err
	}
	var codes []string
	err = s.self(ctx, l, r, func(_ *ledger.Tx, a *row) (ledger.Act, error) {
		if !a.hasSecond() {
			return ledger.Act{}, fault.New(fault.Conflict, "second.none")
		}
		codes = newCodes(a)
		return ledger.Act{Action: "account.recovery_make", About: about(a.ID)}, nil
	})
	return codes, err
}

const recoveryCodes = 10

func newCodes(a *row) []string {
	var codes, kept []string
	for range recoveryCodes {
		c := grouped(chance(10)) // 80 bits, so that a plain digest is as good as a slow one
		codes, kept = append(codes, c), append(kept, codeDigest(a.ID, normalCode(c)))
	}
	a.recovery = strings.Join(kept, " ")
	return codes
}

func firstCodes(a *row) []string {
	if a.hasSecond() {
		return nil
	}
	return newCodes(a)
}

func codeDigest(account id.ID, code string) string {
	h := sha256.Sum256([]byte(account.String() + " " + code))
	return url64.EncodeToString(h[:16])
}

func useRecovery(a *row, code string) error {
	have := a.codes()
	i := slices.Index(have, codeDigest(a.ID, code))
	if i < 0 {
		return wrongCode()
	}
	a.recovery = strings.Join(slices.Delete(have, i, i+1), " ")
	return nil
}

// RemoveTOTP takes the person's authenticator away, if another second factor stays or none is owed.
func (s *Service) RemoveTOTP(ctx context.Context, token string) error {
	l, r, err := s.own(ctx, token, true)
	if err != nil {
		return err
	}
	return s.self(ctx, l, r, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		if a.totp == "" {
			return ledger.Act{}, fault.Hidden()
		}
		a.totp, a.totpLast = "", 0
		return ledger.Act{Action: "account.totp_remove", About: about(a.ID)}, s.mayLack(ctx, tx, a)
	})
}

// mayLack refuses to leave somebody without the second factor they owe. The recovery codes go with the last one.
func (s *Service) mayLack(ctx context.Context, tx *ledger.Tx, a *row) error {
	if a.hasSecond() {
		return nil
	}
	posts, err := postsOf(ctx, tx, a.person, tx.Today())
	if err != nil {
		return err
	}
	if s.Policy.owesSecond(posts) {
		return fault.New(fault.Conflict, "second.last")
	}
	a.recovery = ""
	return nil
}

func (s *Service) siteName() string {
	if s.Site.Name == "" {
		return "前哨"
	}
	return s.Site.Name
}

// aead is the cipher for authenticators' secrets and the name of its key.
func (s *Service) aead() (cipher.AEAD, string, error) {
	if len(s.Key) < 32 {
		return nil, "", fault.New(fault.Unavailable, "second.no_key")
	}
	k, err := hkdf.Key(sha256.New, s.Key, nil, "qianshao account totp 1", 36)
	if err != nil {
		return nil, "", err
	}
	block, err := aes.NewCipher(k[:32])
	if err != nil {
		return nil, "", err
	}
	g, err := cipher.NewGCM(block)
	return g, hex.EncodeToString(k[32:]), err
}

// sealSecret closes a secret for one account: put beside another, it does not open.
func (s *Service) sealSecret(account id.ID, secret string) (string, error) {
	g, name, err := s.aead()
	if err != nil {
		return "", err
	}
	nonce := chance(g.NonceSize())
	return "1." + name + "." + url64.EncodeToString(g.Seal(nonce, nonce, []byte(secret), []byte(account.String()))), nil
}

func (s *Service) openSecret(account id.ID, sealed string) (string, error) {
	g, name, err := s.aead()
	if err != nil {
		return "", err
	}
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != "1" || parts[1] != name {
		return "", fault.New(fault.Unavailable, "second.no_key") // sealed under another key
	}
	b, err := url64.DecodeString(parts[2])
	if err != nil || len(b) < g.NonceSize() {
		return "", errors.New("account: an authenticator's secret can't be read")
	}
	plain, err := g.Open(nil, b[:g.NonceSize()], b[g.NonceSize():], []byte(account.String()))
	if err != nil {
		return "", errors.New("account: an authenticator's secret is not this account's")
	}
	return string(plain), nil
}

// SetLang keeps the language a person reads in.
func (s *Service) SetLang(ctx context.Context, token, lang string) error {
	l, r, err := s.find(ctx, token)
	if err != nil {
		return err
	}
	if lang != "zh-CN" && lang != "en" {
		return fault.InvalidField("lang", "choice.unknown")
	}
	if l.stage != StageFull {
		return s.notFull(l)
	}
	if l.lang == lang {
		return nil
	}
	return s.self(ctx, l, r, func(_ *ledger.Tx, a *row) (ledger.Act, error) {
		a.lang = lang
		return ledger.Act{Action: "account.lang", About: about(a.ID), Params: map[string]any{"lang": lang}}, nil
	})
}
