package account

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// newWebAuthn is the library set up for the site, nil where a browser would refuse passkeys anyway: without a domain.
func newWebAuthn(site Site) *webauthn.WebAuthn {
	if _, err := netip.ParseAddr(site.Host); err == nil || site.Host == "" || len(site.Origins) == 0 {
		return nil
	}
	name := site.Name
	if name == "" {
		name = "前哨"
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: site.Host, RPDisplayName: name, RPOrigins: site.Origins, AttestationPreference: protocol.PreferNoAttestation,
		// The password is the first factor; the key itself is the second, whether or not it asks for a finger or a PIN.
		AuthenticatorSelection: protocol.AuthenticatorSelection{UserVerification: protocol.VerificationPreferred, ResidentKey: protocol.ResidentKeyRequirementDiscouraged},
	})
	if err != nil {
		return nil // a host that is no domain
	}
	return w
}

// TakesPasskeys says whether this deployment has a domain that passkeys can be bound to.
func (s *Service) TakesPasskeys() bool {
	s.setup()
	return s.passkeys != nil
}

// Passkey is one of a person's passkeys.
type Passkey struct {
	ID    id.Key
	Name  string
	Added string
}

// maxPasskeys is how many a person may have.
const maxPasskeys = 10

// maxAnswer bounds what a browser answers: some hundred bytes, with an attestation some thousand.
const maxAnswer = 64 << 10

type keyUser struct {
	row
	creds []webauthn.Credential
	ids   []id.Key
	names []string
}

func (u *keyUser) WebAuthnID() []byte                         { return []byte(u.ID.String()) }
func (u *keyUser) WebAuthnName() string                       { return u.login }
func (u *keyUser) WebAuthnDisplayName() string                { return u.name }
func (u *keyUser) WebAuthnCredentials() []webauthn.Credential { return u.creds }

func (s *Service) keyUser(ctx context.Context, r db.Reader, a row) (*keyUser, error) {
	u := &keyUser{row: a}
	rows, err := r.Query(ctx, `SELECT k.id, k.name, k.credential FROM passkeys k WHERE k.city_id = $1 AND k.account_id = $2 AND k.removed_on = '' ORDER BY k.id`, a.ID.Key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key, name, body string
		if err := rows.Scan(&key, &name, &body); err != nil {
			return nil, err
		}
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return nil, errors.New("account: a passkey can't be read")
		}
		u.creds, u.ids, u.names = append(u.creds, c), append(u.ids, key), append(u.names, name)
	}
	return u, rows.Err()
}

// Passkeys lists a session's own passkeys.
func (s *Service) Passkeys(ctx context.Context, token string) ([]Passkey, error) {
	l, r, err := s.own(ctx, token, false)
	if err != nil {
		return nil, err
	}
	return db.All(ctx, r, func(rows *db.Rows) (k Passkey, err error) {
		return k, rows.Scan(&k.ID, &k.Name, &k.Added)
	}, `SELECT k.id, k.name, k.added_on FROM passkeys k WHERE k.city_id = $1 AND k.account_id = $2 AND k.removed_on = '' ORDER BY k.id`, l.ID.Key)
}

const (
	pendingKey    = "passkey/"
	pendingAnswer = "answer/"
)

// EnrolPasskey begins to add a passkey: the options to hand to navigator.credentials.create, as JSON.
func (s *Service) EnrolPasskey(ctx context.Context, token string) ([]byte, error) {
	l, r, err := s.own(ctx, token, true)
	if err != nil {
		return nil, err
	}
	if s.passkeys == nil {
		return nil, fault.New(fault.Conflict, "passkey.no_site")
	}
	u, err := s.keyUser(ctx, r, l.row)
	if err != nil {
		return nil, err
	}
	if len(u.creds) >= maxPasskeys {
		return nil, fault.New(fault.Conflict, "passkey.many")
	}
	options, pending, err := s.passkeys.BeginRegistration(u, webauthn.WithExclusions(webauthn.Credentials(u.creds).CredentialDescriptors()))
	if err != nil {
		return nil, err
	}
	return s.ask(ctx, r, pendingKey+l.hash, options, pending)
}

// ask stores what the answer is held against and gives the options as JSON.
func (s *Service) ask(ctx context.Context, r db.Reader, key string, options any, pending *webauthn.SessionData) ([]byte, error) {
	body, err := json.Marshal(pending)
	if err != nil {
		return nil, err
	}
	if err := s.keep(ctx, r.City(), key, string(body)); err != nil {
		return nil, err
	}
	return json.Marshal(options)
}

// answered takes a challenge away: each is answered once, rightly or not.
func (s *Service) answered(ctx context.Context, r db.Reader, key string) (webauthn.SessionData, error) {
	var body string
	err := s.Ledger.DB.Scratch(ctx, r.City(), func(tx *db.Tx) error {
		return tx.Row(ctx, `DELETE FROM passkey_challenges WHERE city_id = $1 AND id = $2 AND until_at > $3 RETURNING body`, key, int64(tx.Now())).Scan(&body)
	})
	var pending webauthn.SessionData
	if errors.Is(err, db.ErrNoRows) {
		return pending, fault.New(fault.Conflict, "second.begin_again")
	}
	if err != nil {
		return pending, err
	}
	return pending, json.Unmarshal([]byte(body), &pending)
}

func badPasskey(err error) error {
	return fault.New(fault.Invalid, "passkey.failed").Because(err)
}

// ConfirmPasskey ends adding a passkey with the browser's answer. Recovery codes come as with ConfirmTOTP.
func (s *Service) ConfirmPasskey(ctx context.Context, token, name string, answer []byte) (codes []string, err error) {
	l, r, err := s.own(ctx, token, true)
	if err != nil {
		return nil, err
	}
	name = strings.TrimSpace(text.Fold(name))
	if name == "" || len([]rune(name)) > 30 {
		return nil, fault.InvalidField("name", "passkey.name")
	}
	if s.passkeys == nil {
		return nil, fault.New(fault.Conflict, "passkey.no_site")
	}
	pending, err := s.answered(ctx, r, pendingKey+l.hash)
	if err != nil {
		return nil, err
	}
	if len(answer) > maxAnswer {
		return nil, badPasskey(nil)
	}
	u, err := s.keyUser(ctx, r, l.row)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, badPasskey(err)
	}
	cred, err := s.passkeys.CreateCredential(u, pending, parsed)
	if err != nil {
		return nil, badPasskey(err)
	}
	body, err := json.Marshal(cred)
	if err != nil {
		return nil, err
	}
	var fresh []string
	err = s.enrol(ctx, l, r, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		fresh = firstCodes(a)
		a.passkeys++
		return ledger.Act{Action: "account.passkey_add", About: about(a.ID), Params: map[string]any{"name": name}},
			tx.Insert(ctx, passkeyTable, tx.NewKey(), a.ID.Key, name, string(body), tx.Today(), "")
	})
	return fresh, err
}

// AskPasskey begins the second step with a passkey: the options to hand to navigator.credentials.get, as JSON.
func (s *Service) AskPasskey(ctx context.Context, token string) ([]byte, error) {
	l, r, err := s.find(ctx, token)
	if err != nil {
		return nil, err
	}
	u, err := s.keyUser(ctx, r, l.row)
	if err != nil {
		return nil, err
	}
	switch {
	case l.stage != StagePassword:
		return nil, fault.New(fault.Conflict, "second.begin_again")
	case s.passkeys == nil:
		return nil, fault.New(fault.Conflict, "passkey.no_site")
	case len(u.creds) == 0:
		return nil, fault.New(fault.Conflict, "second.none")
	}
	options, pending, err := s.passkeys.BeginLogin(u)
	if err != nil {
		return nil, err
	}
	return s.ask(ctx, r, pendingAnswer+l.hash, options, pending)
}

// SecondPasskey takes the second step of a sign-in with a passkey's answer.
func (s *Service) SecondPasskey(ctx context.Context, token string, answer []byte) error {
	l, r, err := s.find(ctx, token)
	if err != nil {
		return err
	}
	if l.stage == StageFull {
		return nil
	}
	if l.stage == StageProgram || s.passkeys == nil {
		return s.notFull(l)
	}
	b, err := s.stepBudget(ctx, "s", l.ID, l.device)
	if err != nil {
		return err
	}
	n, err := s.spend(ctx, b)
	if err != nil {
		return err
	}
	pending, err := s.answered(ctx, r, pendingAnswer+l.hash)
	if err != nil {
		return err
	}
	if len(answer) > maxAnswer {
		return badPasskey(nil)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return badPasskey(err)
	}
	err = s.complete(ctx, l, n-1, "passkey", b, func(tx *ledger.Tx, a *row) error {
		u, err := s.keyUser(ctx, tx, *a)
		if err != nil {
			return err
		}
		cred, err := s.passkeys.ValidateLogin(u, pending, parsed)
		if err != nil {
			return badPasskey(err)
		}
		if cred.Authenticator.CloneWarning {
			return badPasskey(errors.New("the passkey's counter ran backwards: there may be a copy of it"))
		}
		return u.used(ctx, tx, cred)
	})
	if fault.Code(err) == "passkey.failed" {
		if e := s.missed(ctx, l.row, b, n, "second"); e != nil {
			return e
		}
	}
	return err
}

// used stores a passkey's counter and flags.
func (u *keyUser) used(ctx context.Context, tx *ledger.Tx, cred *webauthn.Credential) error {
	for i, c := range u.creds {
		if string(c.ID) != string(cred.ID) {
			continue
		}
		body, err := json.Marshal(cred)
		if err != nil {
			return err
		}
		var added string
		if err := tx.Row(ctx, `SELECT added_on FROM passkeys WHERE city_id = $1 AND id = $2`, u.ids[i]).Scan(&added); err != nil {
			return err
		}
		return tx.Update(ctx, passkeyTable, u.ids[i], u.ID.Key, u.names[i], string(body), added, "")
	}
	return badPasskey(nil)
}

// RemovePasskey takes one of the person's passkeys away, if another second factor stays or none is owed.
func (s *Service) RemovePasskey(ctx context.Context, token string, key id.Key) error {
	l, r, err := s.own(ctx, token, true)
	if err != nil {
		return err
	}
	return s.self(ctx, l, r, func(tx *ledger.Tx, a *row) (ledger.Act, error) {
		name, err := dropPasskey(ctx, tx, a, key)
		if err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "account.passkey_remove", About: about(a.ID), Params: map[string]any{"name": name}}, s.mayLack(ctx, tx, a)
	})
}

func dropPasskey(ctx context.Context, tx *ledger.Tx, a *row, key id.Key) (name string, err error) {
	var body, added string
	err = tx.Row(ctx, `SELECT name, credential, added_on FROM passkeys WHERE city_id = $1 AND id = $2 AND account_id = $3 AND removed_on = ''`, key, a.ID.Key).Scan(&name, &body, &added)
	if errors.Is(err, db.ErrNoRows) {
		return "", fault.Hidden()
	}
	if err != nil {
		return "", err
	}
	a.passkeys--
	return name, tx.Update(ctx, passkeyTable, key, a.ID.Key, name, body, added, tx.Today())
}
