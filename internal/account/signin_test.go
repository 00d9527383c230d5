package account_test

import (
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func appoint(tx *ledger.Tx, b *bench, who, kind, unit string) (id.Key, error) {
	post, err := org.OpenPost(ctx, tx, b.Units[unit], kind, kind, true, "2020-01-01")
	if err != nil {
		return "", err
	}
	return org.Appoint(ctx, tx, org.Appointment{Post: post, Person: b.Who[who].Person, From: calendar.Date("2023-01-01"), FullTime: true})
}

// TestFirstSignIn walks the whole way of somebody who got a new account.
func TestFirstSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		b.create("secretary")
		in, err := b.s.SignIn(ctx, " ＳＥＣＲＥＴＡＲＹ ", first, "") // as an input method left in full width types it
		b.must(err)
		if in.Stage != account.StagePassword || !in.MustChange || !in.MustEnrol || in.Due != account.DueChange || len(in.Posts) != 1 {
			t.Errorf("%+v", in)
		}
		b.dueIs(in.Token, account.DueChange)
		if n := b.count("account.sign_in"); n != 0 {
			t.Errorf("%d whole sign-ins before the second step", n)
		}
		b.must(b.s.ChangePassword(ctx, in.Token, first, second))
		b.dueIs(in.Token, account.DueEnrol)
		b.code(b.s.Second(ctx, in.Token, "123456"), "second.none")
		e, err := b.s.EnrolTOTP(ctx, in.Token)
		b.must(err)
		if !strings.HasPrefix(e.URL, "otpauth://totp/") || !strings.Contains(e.URL, e.Secret) {
			t.Error(e.URL)
		}
		_, err = b.s.ConfirmTOTP(ctx, in.Token, "000000")
		b.code(err, "second.failed")
		codes, err := b.s.ConfirmTOTP(ctx, in.Token, b.totp(e.Secret))
		b.must(err)
		if len(codes) != 10 {
			t.Errorf("%d recovery codes", len(codes))
		}
		who, ss, err := b.s.Actor(ctx, in.Token)
		b.must(err)
		if !ss.Ready() || who.Person != b.Who["secretary"].Person || who.Account != b.id["secretary"] || !who.Is(access.Head, b.Units["full"].ID) || ss.Login != "secretary" {
			t.Errorf("%+v %+v", who, ss)
		}
		if a := b.lastIs("account.sign_in"); a.Actor.Person != who.Person || a.Params["second"] != "enrolled" || a.About != "account/"+ss.Account.String() {
			t.Errorf("%+v", a)
		}
		b.verify()
	})
}

// TestSameAnswer holds an unknown login, a wrong password and a disabled account against each other: same text, same
// number of statements, one hash each.
func TestSameAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		b.enrol("secretary")
		b.enrol("officer")
		b.must(b.s.Disable(ctx, b.As("sysadmin"), b.id["officer"]))
		type seen struct {
			text       string
			statements int64
			hashes     int64
		}
		try := func(login, password string) seen {
			var st db.Stats
			before := b.s.Evaluated()
			_, err := b.s.SignIn(db.WithStats(ctx, &st), login, password, "")
			if err == nil {
				t.Fatalf("%s came in", login)
			}
			return seen{err.Error(), st.Statements.Load(), b.s.Evaluated() - before}
		}
		want := try("nobody", "some wrong password")
		if want.text != "signin.failed" || want.hashes != 1 {
			t.Errorf("%+v", want)
		}
		for _, c := range [][2]string{{"secretary", "some wrong password"}, {"officer", second}, {"nobody", "another wrong one"}, {"没有这个人", second}} {
			if got := try(c[0], c[1]); got != want {
				t.Errorf("%s: %+v, want %+v", c[0], got, want)
			}
		}
		for range 3 {
			_ = try("nobody", "x")
		}
		_, err := b.s.SignIn(ctx, "nobody", "x", "")
		b.code(err, "signin.wait") // an unknown login rests as a known one does
	})
}

// TestParallelGuesses is T31: of a hundred at once, no more are evaluated than the budget has.
func TestParallelGuesses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in, _, _ := b.enrol("secretary")
		before := b.s.Evaluated()
		got := tally(together(100, func(i int) error {
			_, err := b.s.SignIn(ctx, "secretary", "wrong password "+strconv.Itoa(i), "")
			return err
		}))
		tries := b.s.Policy.Tries
		if n := b.s.Evaluated() - before; n != int64(tries) || got["signin.failed"] != tries || got["signin.wait"] != 100-tries {
			t.Errorf("%d evaluated; %v", n, got)
		}
		if n := b.count("account.lockout"); n != 1 {
			t.Errorf("%d acts say so", n)
		}
		if a := b.lastIs("account.lockout"); a.Params["device"] != "new" || a.Actor.Kind != string(access.System) {
			t.Errorf("%+v", a)
		}
		// The right password does not get through either, from a browser unknown so far …
		_, err := b.s.SignIn(ctx, "secretary", second, "")
		b.code(err, "signin.wait")
		if f, _ := fault.As(err); len(f.Args) != 1 || f.Args[0] != "15" {
			t.Errorf("%v", f)
		}
		// … nor with a device of the attacker's making …
		_, err = b.s.SignIn(ctx, "secretary", second, strings.Repeat("A", 43))
		b.code(err, "signin.wait")
		// … but at once from one that has signed in before.
		known, err := b.s.SignIn(ctx, "secretary", second, in.Device)
		b.must(err)
		if known.Device != in.Device {
			t.Error("a known device got another name")
		}
		// After the wait one attempt, after each further failure a longer wait, up to the cap.
		for _, wait := range []int{15, 30, 60, 120} {
			b.pass(time.Duration(wait) * time.Second)
			got := tally(together(20, func(int) error {
				_, err := b.s.SignIn(ctx, "secretary", "still wrong", "")
				return err
			}))
			if got["signin.failed"] != 1 || got["signin.wait"] != 19 {
				t.Errorf("after %d s: %v", wait, got)
			}
		}
		b.pass(4 * time.Minute)
		_, err = b.s.SignIn(ctx, "secretary", second, "")
		b.must(err) // a new device only has to wait
		if n := b.count("account.lockout"); n != 1 {
			t.Errorf("%d acts for one row of failures", n)
		}
	})
}

func TestWaits(t *testing.T) {
	p := account.DefaultPolicy()
	for n, want := range map[int64]int64{1: 0, 4: 0, 5: 15, 6: 30, 7: 60, 10: 480, 11: 900, 12: 900, 5000: 900} {
		if got := p.WaitAfter(n); got != want {
			t.Errorf("after %d failures %d s, want %d", n, got, want)
		}
	}
}

// TestKnownDeviceBudget: a known device has a budget of its own, which rests as well.
func TestKnownDeviceBudget(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in := b.settle("chief")
		b.dueIs(in.Token, "")
		for range b.s.Policy.Tries {
			_, err := b.s.SignIn(ctx, "chief", "wrong", in.Device)
			b.code(err, "signin.failed")
		}
		_, err := b.s.SignIn(ctx, "chief", second, in.Device)
		b.code(err, "signin.wait")
		_, err = b.s.SignIn(ctx, "chief", second, "")
		b.must(err)
		// Failures of days ago are forgotten.
		b.pass(25 * time.Hour)
		for range b.s.Policy.Tries - 1 {
			_, err := b.s.SignIn(ctx, "chief", "wrong", in.Device)
			b.code(err, "signin.failed")
		}
		again, err := b.s.SignIn(ctx, "chief", second, in.Device)
		b.must(err)
		if a := b.lastIs("account.sign_in"); a.Params["failed_before"] != float64(b.s.Policy.Tries-1) || a.Params["device"] != "known" {
			t.Errorf("%+v", a)
		}
		// A device whose sign-in never became whole is not known: here the second step is missing.
		sec, _, _ := b.enrol("secretary")
		b.must(b.s.SignOut(ctx, sec.Token))
		half, err := b.s.SignIn(ctx, "secretary", second, "")
		b.must(err)
		for range b.s.Policy.Tries {
			_, err := b.s.SignIn(ctx, "secretary", "wrong", half.Device)
			b.code(err, "signin.failed")
		}
		_, err = b.s.SignIn(ctx, "secretary", second, "")
		b.code(err, "signin.wait") // they were counted against the budget of the unknown
		_ = again
	})
}

// TestDevicesAreFew: only so many browsers are remembered.
func TestDevicesAreFew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in := b.settle("chief")
		for range 25 {
			b.pass(time.Minute)
			_, err := b.s.SignIn(ctx, "chief", second, "")
			b.must(err)
		}
		var n int64
		b.must(b.d.Shared().Row(ctx, `SELECT count(who) FROM attempts WHERE who >= 'd/' AND who < 'd0'`).Scan(&n))
		if n != 20 {
			t.Errorf("%d devices", n)
		}
		_ = in
	})
}

// TestManyAtOnce is T32: fifty people sign in at once at the real cost, in bounded memory.
func TestManyAtOnce(t *testing.T) {
	p := account.Demonstration()
	p.Hashes = 2
	d := dbtest.SQLite(t)
	b := newBench(t, d, p)
	hash := p.Cost.Hash(second)
	people := []string{"secretary", "officer", "chief", "intake", "supervision", "principal", "reviewer", "handler", "head", "cityleader"}
	_, err := b.App.Ledger.Write(ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
		var in []account.ReadyAccount
		for _, w := range people {
			in = append(in, account.ReadyAccount{Person: b.Who[w].Person, Login: w, Hash: hash})
		}
		return ledger.Act{Action: "demo.accounts", Organ: b.Units["county"].ID}, account.CreateMany(ctx, tx, in)
	})
	b.must(err)
	runtime.GC()
	var base runtime.MemStats
	runtime.ReadMemStats(&base)
	var peak atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapInuse))
			}
		}
	}()
	began := time.Now()
	errs := together(50, func(i int) error {
		// each person's five browsers
		_, err := b.s.SignIn(ctx, people[i%len(people)], second, "")
		return err
	})
	took := time.Since(began)
	close(stop)
	<-stopped
	if got := tally(errs); got["ok"] != 50 {
		t.Errorf("%v", got)
	}
	grown := (float64(peak.Load()) - float64(base.HeapInuse)) / (1 << 20)
	t.Logf("50 sign-ins: %v, heap grew by at most %.0f MB", took, grown)
	if grown > 160 {
		t.Errorf("the heap grew by %.0f MB", grown)
	}
	before := b.s.Evaluated()
	for _, long := range []string{strings.Repeat("x", 257), strings.Repeat("长", 1<<20)} {
		_, err := b.s.SignIn(ctx, "officer", long, "")
		b.code(err, "signin.failed")
		_, err = b.s.SignIn(ctx, long, second, "")
		b.code(err, "signin.failed")
	}
	if b.s.Evaluated() != before {
		t.Error("a password too long was hashed")
	}
	b.verify()
}

// TestRehash: a password is stored at today's cost when its person next signs in.
func TestRehash(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in := b.settle("chief")
		dearer := &account.Service{Ledger: b.s.Ledger, Policy: b.s.Policy}
		dearer.Policy.Cost.Memory = 128
		_, err := dearer.SignIn(ctx, "chief", second, in.Device)
		b.must(err)
		if b.count("account.rehash") != 1 || b.one(`SELECT count(id) FROM accounts WHERE city_id = $1 AND lower(password) LIKE lower('%$m=128,%')`) != 1 {
			t.Error("the hash is the old one")
		}
		_, err = dearer.SignIn(ctx, "chief", second, in.Device)
		b.must(err)
		if b.count("account.rehash") != 1 {
			t.Error("hashed again without need")
		}
		b.dueIs(in.Token, "") // earlier sessions live on
		b.verify()
	})
}

func TestPasswordRules(t *testing.T) {
	p := account.DefaultPolicy()
	for _, ok := range []string{"一句自己记得住的话儿吧", "correct horse battery", "j7-Kd0_pqm", "officer 在柏岭乡值班"} {
		if err := p.CheckPassword(ok, "officer", "奚干"); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for in, want := range map[string]string{"": "required", "short": "password.short", "123456789": "password.short", "1234567890": "password.common", "Password123": "password.common", "ｑｗｅｒｔｙｕｉｏｐ": "password.common",
		"aaaaaaaaaaaa": "password.common", "abababababab": "password.common", "officer2024": "password.login", "OFFICER1234": "password.login", "qianshao-demo": "password.common",
		strings.Repeat("一二三四五六", 20): "password.long"} {
		err := p.CheckPassword(in, "officer", "奚干")
		if f := fault.Fields(err); len(f) != 1 || f[0].Code != want {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	b.ReportAllocs()
	c := account.DefaultPolicy().Cost
	for b.Loop() {
		c.Hash(second)
	}
}
