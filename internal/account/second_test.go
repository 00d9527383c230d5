package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"qianshao/internal/account"
	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// half begins a sign-in up to the second step.
func (b *bench) half(who, device string) string {
	b.T.Helper()
	in, err := b.s.SignIn(ctx, who, second, device)
	b.must(err)
	b.dueIs(in.Token, account.DueSecond)
	return in.Token
}

func TestCodeOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in, secret, _ := b.enrol("secretary")
		used := b.totp(secret) // by the enrolment
		one := b.half("secretary", in.Device)
		b.code(b.s.Second(ctx, one, used), "second.failed")
		b.pass(30 * time.Second)
		code := b.totp(secret)
		two := b.half("secretary", in.Device)
		// The same code, in two sessions at the same time: one of them has it.
		got := tally(together(4, func(i int) error { return b.s.Second(ctx, []string{one, two}[i%2], code) }))
		if b.due(one) == b.due(two) {
			t.Errorf("%q and %q: %v", b.due(one), b.due(two), got)
		}
		b.code(b.s.Second(ctx, b.half("secretary", in.Device), code), "second.failed")
		b.pass(time.Minute)
		three := b.half("secretary", in.Device)
		b.must(b.s.Second(ctx, three, " "+b.totp(secret)[:3]+" "+b.totp(secret)[3:]))
		b.dueIs(three, "")
		b.must(b.s.Second(ctx, three, "000000")) // the form came twice
		if a := b.lastIs("account.sign_in"); a.Params["second"] != "totp" || a.Params["device"] != "known" {
			t.Errorf("%+v", a)
		}
		// Codes of the step before and after are good for clocks that differ; older ones aren't.
		b.pass(5 * time.Minute)
		late := b.totp(secret)
		b.pass(time.Minute)
		b.code(b.s.Second(ctx, b.half("secretary", in.Device), late), "second.failed")
		b.verify()
	})
}

// TestGuessedCodes: the second step has a budget too, and a known device one of its own.
func TestGuessedCodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in, secret, codes := b.enrol("secretary")
		b.pass(time.Minute)
		stolen := b.half("secretary", "")
		got := tally(together(60, func(int) error { return b.s.Second(ctx, stolen, "000000") }))
		if got["invalid"] != b.s.Policy.Tries || got["signin.wait"] != 60-b.s.Policy.Tries {
			t.Errorf("%v", got)
		}
		if a := b.lastIs("account.lockout"); a.Params["step"] != "second" {
			t.Errorf("%+v", a)
		}
		b.code(b.s.Second(ctx, stolen, b.totp(secret)), "signin.wait")
		b.code(b.s.Second(ctx, stolen, codes[3]), "signin.wait")
		own := b.half("secretary", in.Device)
		b.must(b.s.Second(ctx, own, b.totp(secret)))
		b.dueIs(own, "")
		b.dueIs(stolen, account.DueSecond)
	})
}

func TestRecoveryOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in, _, codes := b.enrol("secretary")
		one := b.half("secretary", in.Device)
		b.code(b.s.Second(ctx, one, "AAAA-AAAA-AAAA-AAAA"), "second.failed")
		typed := strings.ToLower(strings.ReplaceAll(codes[4], "-", " "))
		typed = strings.ReplaceAll(typed, "0", "o")
		b.must(b.s.Second(ctx, one, typed))
		_, ss, err := b.s.Actor(ctx, one)
		b.must(err)
		if ss.Recovery != 9 || !ss.Ready() {
			t.Errorf("%+v", ss)
		}
		if a := b.lastIs("account.sign_in"); a.Params["second"] != "recovery" {
			t.Errorf("%+v", a)
		}
		b.code(b.s.Second(ctx, b.half("secretary", in.Device), codes[4]), "second.failed")
		fresh, err := b.s.RecoveryCodes(ctx, one)
		b.must(err)
		b.lastIs("account.recovery_make")
		two := b.half("secretary", in.Device)
		b.code(b.s.Second(ctx, two, codes[5]), "second.failed")
		// One code, twenty times at once, in twenty sessions.
		tokens := make([]string, 20)
		for i := range tokens {
			tokens[i] = b.half("secretary", in.Device)
		}
		together(20, func(i int) error { return b.s.Second(ctx, tokens[i], fresh[0]) })
		n := 0
		for _, tok := range tokens {
			if b.due(tok) == "" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("one code let %d sessions in", n)
		}
		b.verify()
	})
}

// TestOwed: who owes a second factor, and that nobody gets rid of the last one.
func TestOwed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		b.dueIs(b.settle("chief").Token, "")
		b.dueIs(b.settle("secadmin").Token, account.DueEnrol)
		b.dueIs(b.settle("reviewer").Token, account.DueEnrol)
		in, _, _ := b.enrol("secretary")
		b.code(b.s.RemoveTOTP(ctx, in.Token), "second.last")
		// Village staff may have one, and then are asked for it.
		chief, err := b.s.SignIn(ctx, "chief", second, "")
		b.must(err)
		e, err := b.s.EnrolTOTP(ctx, chief.Token)
		b.must(err)
		_, err = b.s.ConfirmTOTP(ctx, chief.Token, b.totp(e.Secret))
		b.must(err)
		_ = b.half("chief", chief.Device)
		b.must(b.s.RemoveTOTP(ctx, chief.Token))
		b.lastIs("account.totp_remove")
		again, err := b.s.SignIn(ctx, "chief", second, chief.Device)
		b.must(err)
		b.dueIs(again.Token, "")
		b.pass(16 * time.Minute)
		_, err = b.s.EnrolTOTP(ctx, again.Token)
		b.code(err, "session.not_fresh")
		// The demonstration owes nothing.
		demo := &account.Service{Ledger: b.s.Ledger, Policy: account.Demonstration()}
		demo.Policy.Cost = b.s.Policy.Cost
		free, err := demo.SignIn(ctx, "secadmin", second, "")
		b.must(err)
		if free.Due != "" {
			t.Error(free.Due)
		}
		b.verify()
	})
}

// TestNoKey: without the deployment's key nobody enrols an authenticator, nothing is stored in the clear instead, and
// an enrolled one does not open under another key.
func TestNoKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in, secret, codes := b.enrol("secretary")
		officer := b.settle("officer")
		for _, key := range [][]byte{nil, []byte("short")} {
			s := &account.Service{Ledger: b.s.Ledger, Policy: b.s.Policy, Key: key}
			_, err := s.EnrolTOTP(ctx, officer.Token)
			b.code(err, "second.no_key")
		}
		other := &account.Service{Ledger: b.s.Ledger, Policy: b.s.Policy, Key: []byte(strings.Repeat("another key ", 4))}
		b.pass(time.Minute)
		tok := b.half("secretary", in.Device)
		b.code(other.Second(ctx, tok, b.totp(secret)), "second.no_key")
		b.must(other.Second(ctx, tok, codes[0])) // a recovery code needs no key
		// A secret moved to another account does not open there.
		var sealed string
		b.must(d.In(apptest.City).Row(ctx, `SELECT totp FROM accounts WHERE city_id = $1 AND id = $2`, b.id["secretary"]).Scan(&sealed))
		if _, err := d.Raw().Exec(`UPDATE accounts SET totp = $1 WHERE id = $2`, sealed, b.id["officer"]); err != nil {
			t.Fatal(err)
		}
		if err := b.s.Second(ctx, b.half("officer", officer.Device), b.totp(secret)); err == nil {
			t.Error("a secret moved to another account opened")
		}
	})
}

func TestPasskey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		rp := virtualwebauthn.RelyingParty{Name: "前哨", ID: "qianshao.example", Origin: "https://qianshao.example"}
		device, key := virtualwebauthn.NewAuthenticator(), ec2()
		in := b.settle("secretary")
		options, err := b.s.EnrolPasskey(ctx, in.Token)
		b.must(err)
		register := func(rp virtualwebauthn.RelyingParty, options []byte) []byte {
			o, err := virtualwebauthn.ParseAttestationOptions(string(options))
			b.must(err)
			return []byte(virtualwebauthn.CreateAttestationResponse(rp, device, key, *o))
		}
		_, err = b.s.ConfirmPasskey(ctx, in.Token, "  ", nil)
		b.code(err, "passkey.name")
		evil := rp
		evil.Origin = "https://qianshao.example.evil"
		_, err = b.s.ConfirmPasskey(ctx, in.Token, "办公室的钥匙", register(evil, options))
		b.code(err, "passkey.failed")
		_, err = b.s.ConfirmPasskey(ctx, in.Token, "办公室的钥匙", register(rp, options))
		b.code(err, "second.begin_again") // each challenge is answered once
		options, err = b.s.EnrolPasskey(ctx, in.Token)
		b.must(err)
		codes, err := b.s.ConfirmPasskey(ctx, in.Token, "办公室的钥匙", register(rp, options))
		b.must(err)
		if len(codes) != 10 {
			t.Errorf("%d recovery codes", len(codes))
		}
		b.dueIs(in.Token, "")
		device.AddCredential(key)
		device.Options.UserHandle = []byte(in.Account.String())

		answer := func(rp virtualwebauthn.RelyingParty, options []byte) []byte {
			o, err := virtualwebauthn.ParseAssertionOptions(string(options))
			b.must(err)
			key.Counter++
			return []byte(virtualwebauthn.CreateAssertionResponse(rp, device, key, *o))
		}
		tok := b.half("secretary", in.Device)
		ask := func(token string) []byte {
			o, err := b.s.AskPasskey(ctx, token)
			b.must(err)
			return o
		}
		b.code(b.s.SecondPasskey(ctx, tok, []byte("{}")), "second.begin_again")
		_ = ask(tok)
		b.code(b.s.SecondPasskey(ctx, tok, []byte(`{"id":"x"}`)), "passkey.failed")
		b.code(b.s.SecondPasskey(ctx, tok, answer(evil, ask(tok))), "passkey.failed")
		good := answer(rp, ask(tok))
		b.must(b.s.SecondPasskey(ctx, tok, good))
		b.dueIs(tok, "")
		if a := b.lastIs("account.sign_in"); a.Params["second"] != "passkey" {
			t.Errorf("%+v", a)
		}
		// The same answer again, in a new session: another challenge.
		two := b.half("secretary", in.Device)
		_ = ask(two)
		b.code(b.s.SecondPasskey(ctx, two, good), "passkey.failed")
		// A copy of the key, its counter behind.
		key.Counter = 0
		b.code(b.s.SecondPasskey(ctx, two, answer(rp, ask(two))), "passkey.failed")
		b.dueIs(two, account.DueSecond)
		// Somebody else's key.
		key.Counter = 50
		mine := key
		key = ec2()
		b.code(b.s.SecondPasskey(ctx, two, answer(rp, ask(two))), "passkey.failed")
		key = mine

		keys, err := b.s.Passkeys(ctx, tok)
		b.must(err)
		if len(keys) != 1 || keys[0].Name != "办公室的钥匙" {
			t.Errorf("%+v", keys)
		}
		b.code(b.s.RemovePasskey(ctx, tok, keys[0].ID), "second.last")
		b.code(b.s.RemovePasskey(ctx, tok, "01ARZ3NDEKTSV4RRFFQ69G5FAV"), "not_found")
		e, err := b.s.EnrolTOTP(ctx, tok)
		b.must(err)
		more, err := b.s.ConfirmTOTP(ctx, tok, b.totp(e.Secret))
		b.must(err)
		if more != nil {
			t.Error("the recovery codes were replaced by a second factor more")
		}
		b.must(b.s.RemovePasskey(ctx, tok, keys[0].ID))
		b.lastIs("account.passkey_remove")
		b.code(second2(b, two), "second.none")
		b.verify()
	})
}

func second2(b *bench, token string) error {
	_, err := b.s.AskPasskey(ctx, token)
	return err
}

// TestNoSite: a deployment reached by an address made of numbers has no passkeys, and says so.
func TestNoSite(t *testing.T) {
	d := dbtest.SQLite(t)
	b := newBench(t, d, cheap())
	in := b.settle("secretary")
	for _, site := range []account.Site{{}, {Host: "10.1.2.3", Origins: []string{"https://10.1.2.3"}}, {Host: "qianshao.example"}} {
		s := &account.Service{Ledger: b.s.Ledger, Policy: b.s.Policy, Site: site}
		_, err := s.EnrolPasskey(ctx, in.Token)
		b.code(err, "passkey.no_site")
	}
}

// ec2 is a key whose coordinates both take 32 bytes: the library leaves out leading zeros, which one key in 128 has, and no
// authenticator does.
func ec2() virtualwebauthn.Credential {
	for {
		if c := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(c.Key.AttestationData()) == 77 {
			return c
		}
	}
}
