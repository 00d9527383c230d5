package account_test

import (
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func TestCreate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		admin := b.As("sysadmin")
		try := func(who, login, password string) error {
			_, err := b.s.Create(ctx, admin, account.NewAccount{Person: b.Who[who].Person, Login: login, Password: password})
			return err
		}
		for _, login := range []string{"", "a", "-ab", "有 空格", "潘书", "a/b"} {
			b.code(try("secretary", login, first), "login.invalid")
		}
		b.code(try("secretary", "panshu", "panshu12"), "password.short")
		b.code(try("secretary", "secretary", ""), "required")
		b.must(try("secretary", "ＰanShu", first))
		if a := b.lastIs("account.create"); a.Params["login"] != "panshu" || a.Actor.Person != b.Who["sysadmin"].Person {
			t.Errorf("%+v", a)
		}
		b.code(try("officer", "panshu", first), "login.taken")
		b.code(try("secretary", "panshu2", first), "account.exists")
		b.code(try("sysadmin", "myself", first), "account.own")
		b.code(try("othersecretary", "mashu", first), "not_found") // another county's
		b.code(try("cityleader", "anshi", first), "not_found")
		for _, who := range []string{"secadmin", "auditor", "principal", "secretary", "intake"} { // T42
			_, err := b.s.Create(ctx, b.As(who), account.NewAccount{Person: b.Who["officer"].Person, Login: "officer", Password: first})
			b.code(err, "account.not_admin")
		}
		// The host's command line makes the first administrators; the program by itself none.
		_, err := b.s.Create(ctx, access.ByOperator(apptest.City), account.NewAccount{Person: b.Who["sysadmin"].Person, Login: "admin.county", Password: first})
		b.must(err)
		_, err = b.s.Create(ctx, access.ByProgram(apptest.City), account.NewAccount{Person: b.Who["officer"].Person, Login: "officer", Password: first})
		b.code(err, "account.not_admin")
		b.verify()
	})
}

// TestSeparation is T42: nobody holds two of the three administrators' posts.
func TestSeparation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in, _, _ := b.enrol("secadmin")
		b.secondPost("secadmin", "auditor", "county")
		_, _, err := b.s.Actor(ctx, in.Token)
		b.code(err, "account.two_admins")
		_, err = b.s.SignIn(ctx, "secadmin", second, in.Device)
		b.code(err, "account.two_admins")
		b.secondPost("auditor", "sysadmin", "county")
		_, err = b.s.Create(ctx, b.As("sysadmin"), account.NewAccount{Person: b.Who["auditor"].Person, Login: "auditor", Password: first})
		b.code(err, "account.two_admins")
		// Two posts of the same administrator are one.
		b.secondPost("sysadmin", "sysadmin", "other")
		_, err = b.s.Create(ctx, access.ByOperator(apptest.City), account.NewAccount{Person: b.Who["sysadmin"].Person, Login: "sysadmin", Password: first})
		b.must(err)
	})
}

// TestAdministratorsActs: every act of account administration, by every kind of post: open to the system administrator
// alone, within their own organ.
func TestAdministratorsActs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		b.enrol("officer")
		key := b.id["officer"]
		b.Hire("othersys", "廉系", "sysadmin", "other")
		b.Hire("citysys", "花系", "sysadmin", "city")
		for name, do := range map[string]func(access.Actor) error{
			"reset":      func(a access.Actor) error { _, err := b.s.Reset(ctx, a, key); return err },
			"disable":    func(a access.Actor) error { return b.s.Disable(ctx, a, key) },
			"enable":     func(a access.Actor) error { return b.s.Enable(ctx, a, key) },
			"clear":      func(a access.Actor) error { return b.s.ClearSecond(ctx, a, key) },
			"list":       func(a access.Actor) error { _, err := b.s.List(ctx, a, "", "", 10); return err },
			"open":       func(a access.Actor) error { _, err := b.s.Open(ctx, a, key); return err },
			"candidates": func(a access.Actor) error { _, err := b.s.Candidates(ctx, a, "", 10); return err },
		} {
			for who := range b.Who {
				switch who {
				case "sysadmin", "citysys":
					continue
				case "othersys":
					if err := do(b.As(who)); name != "list" && name != "candidates" {
						b.code(err, "not_found")
					}
					continue
				}
				if err := do(b.As(who)); fault.Code(err) != "account.not_admin" {
					t.Errorf("%s by %s: %v", name, who, err)
				}
			}
		}
		if _, err := b.s.Reset(ctx, b.As("citysys"), key); err != nil { // the city's administers its counties'
			t.Error(err)
		}
		b.code(b.s.Disable(ctx, b.As("sysadmin"), "01ARZ3NDEKTSV4RRFFQ69G5FAV"), "not_found")
		// Looking into an account is an act each time; a list of them is not, and neither is what was refused.
		if n := b.count("account.read"); n != 0 {
			t.Errorf("%d openings that were refused", n)
		}
		for range 2 {
			x, err := b.s.Open(ctx, b.As("sysadmin"), key)
			b.must(err)
			if a := b.lastIs("account.read"); x.Login != "officer" || a.Params["login"] != "officer" || a.Actor.Person != b.Who["sysadmin"].Person {
				t.Errorf("%+v, %+v", x, a)
			}
		}
		_, err := b.s.List(ctx, b.As("sysadmin"), "", "", 10)
		b.must(err)
		if n := b.count("account.read"); n != 2 {
			t.Errorf("%d openings", n)
		}
		b.verify()
	})
}

// TestOneTimePassword: what an administrator gives out is good once, for three days, and opens nothing but its change.
func TestOneTimePassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		_, secret, codes := b.enrol("officer")
		admin := b.As("sysadmin")
		admin.Request = access.Request{Key: "k1", Digest: "d"}
		one, err := b.s.Reset(ctx, admin, b.id["officer"])
		b.must(err)
		_, err = b.s.Reset(ctx, admin, b.id["officer"]) // the form sent twice changes nothing and shows nothing
		b.code(err, "account.shown_once")
		if b.count("account.reset") != 1 {
			t.Error("reset twice")
		}
		in, err := b.s.SignIn(ctx, "officer", one, "")
		b.must(err)
		b.dueIs(in.Token, account.DueSecond) // whoever holds the password alone gets no further
		b.code(b.s.ChangePassword(ctx, in.Token, one, "管理员想设的口令 1"), "session.second")
		_, err = b.s.EnrolTOTP(ctx, in.Token)
		b.code(err, "session.second")
		// Nor can the same administrator take the second factor away.
		b.code(b.s.ClearSecond(ctx, b.As("sysadmin"), b.id["officer"]), "account.two_hands")
		b.pass(time.Minute)
		b.must(b.s.Second(ctx, in.Token, b.totp(secret)))
		b.dueIs(in.Token, account.DueChange)
		_, err = b.s.Program(ctx, in.Token, "绕过", time.Hour)
		b.code(err, "session.second")
		b.must(b.s.ChangePassword(ctx, in.Token, one, "本人新设的口令 2026"))
		b.dueIs(in.Token, "")
		_, err = b.s.SignIn(ctx, "officer", one, "")
		b.code(err, "signin.failed")

		one, err = b.s.Reset(ctx, b.As("sysadmin"), b.id["officer"])
		b.must(err)
		b.pass(73 * time.Hour)
		_, err = b.s.SignIn(ctx, "officer", one, "")
		b.code(err, "signin.one_time_over")

		// The other way round, and with another administrator's help.
		b.Hire("citysys", "花系", "sysadmin", "city")
		one, err = b.s.Reset(ctx, b.As("citysys"), b.id["officer"])
		b.must(err)
		b.must(b.s.ClearSecond(ctx, b.As("sysadmin"), b.id["officer"]))
		b.lastIs("account.clear_second")
		_, err = b.s.Reset(ctx, b.As("sysadmin"), b.id["officer"])
		b.code(err, "account.two_hands")
		in, err = b.s.SignIn(ctx, "officer", one, "")
		b.must(err)
		b.must(b.s.ChangePassword(ctx, in.Token, one, "再设一次的口令 3077"))
		b.dueIs(in.Token, account.DueEnrol)
		e, err := b.s.EnrolTOTP(ctx, in.Token)
		b.must(err)
		fresh, err := b.s.ConfirmTOTP(ctx, in.Token, b.totp(e.Secret))
		b.must(err)
		b.dueIs(in.Token, "")
		if len(fresh) != 10 || fresh[0] == codes[0] {
			t.Error("old recovery codes")
		}
		_, err = b.s.Reset(ctx, b.As("sysadmin"), b.id["officer"])
		b.must(err) // all that is over
		b.verify()
	})
}

func TestLists(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		b.enrol("secretary")
		b.create("officer")
		b.Hire("othersys", "廉系", "sysadmin", "other")
		b.Hire("citysys", "花系", "sysadmin", "city")
		list := func(who, part string) []account.Account {
			out, err := b.s.List(ctx, b.As(who), part, "", 50)
			b.must(err)
			return out
		}
		all := list("sysadmin", "")
		if len(all) != 2 || all[0].Login != "officer" || !all[0].MustChange || all[0].TOTP || all[1].Name != "潘书" || !all[1].TOTP || all[1].Post != "secretary" || all[1].Unit != b.Units["full"].Commission() {
			t.Errorf("%+v", all)
		}
		if n := len(list("sysadmin", "潘")); n != 1 {
			t.Errorf("%d by name", n)
		}
		if n := len(list("sysadmin", "%")); n != 2 {
			t.Errorf("%d by a pattern", n)
		}
		if n := len(list("othersys", "")); n != 0 {
			t.Errorf("%d in another county", n)
		}
		if n := len(list("citysys", "SECR")); n != 1 {
			t.Errorf("%d for the city", n)
		}
		mine, err := b.s.Candidates(ctx, b.As("sysadmin"), "", 100)
		b.must(err)
		everyone, err := b.s.Candidates(ctx, b.As("citysys"), "", 100)
		b.must(err)
		if len(mine) == 0 || len(everyone) <= len(mine) {
			t.Errorf("%d and %d candidates", len(mine), len(everyone))
		}
		for _, c := range mine {
			if c.Person == b.Who["secretary"].Person || c.Person == b.Who["othersecretary"].Person || c.Unit == "" {
				t.Errorf("%+v", c)
			}
		}
		// Who has left stays with the county they left.
		b.leave("officer")
		if n := len(list("sysadmin", "officer")); n != 1 {
			t.Errorf("%d after leaving", n)
		}
		b.must(b.s.Disable(ctx, b.As("sysadmin"), b.id["officer"]))
	})
}

func TestCreateMany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, account.Demonstration())
		hash := cheap().Cost.Hash("demo password")
		make := func(in ...account.ReadyAccount) error {
			_, err := b.App.Ledger.Write(ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
				return ledger.Act{Action: "demo.accounts", Organ: b.Units["city"].ID}, account.CreateMany(ctx, tx, in)
			})
			return err
		}
		who := func(w string) id.Key { return b.Who[w].Person }
		b.must(make(account.ReadyAccount{Person: who("secretary"), Login: "township", Hash: hash}, account.ReadyAccount{Person: who("officer"), Login: "officer", Hash: hash, Lang: "en"}))
		b.code(make(account.ReadyAccount{Person: who("head"), Login: "officer", Hash: hash}), "login.taken")
		b.code(make(account.ReadyAccount{Person: who("head"), Login: "head", Hash: "demo password"}), "login.invalid")
		b.pass(400 * 24 * time.Hour)
		in, err := b.s.SignIn(ctx, "township", "demo password", "")
		b.must(err)
		b.dueIs(in.Token, "")
		b.verify()
	})
}
