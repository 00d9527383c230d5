package account_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func TestIdleAndAbsoluteEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in := b.settle("chief")
		for range 3 {
			b.pass(29 * time.Minute)
			b.dueIs(in.Token, "")
		}
		b.pass(31 * time.Minute)
		b.dueIs(in.Token, "ended")

		in, err := b.s.SignIn(ctx, "chief", second, in.Device)
		b.must(err)
		for range 35 { // 11 h 40 min of work
			b.pass(20 * time.Minute)
			b.dueIs(in.Token, "")
		}
		b.pass(20 * time.Minute)
		b.dueIs(in.Token, "ended")

		// A session that owes its second step does not last.
		sec, _, _ := b.enrol("secretary")
		half, err := b.s.SignIn(ctx, "secretary", second, sec.Device)
		b.must(err)
		b.pass(9 * time.Minute)
		b.dueIs(half.Token, account.DueSecond)
		b.pass(2 * time.Minute)
		b.dueIs(half.Token, "ended")
		b.dueIs(sec.Token, "")

		b.pass(24 * time.Hour)
		b.must(b.s.Tidy(ctx, apptest.City))
		if n := b.one(`SELECT count(token) FROM sessions WHERE city_id = $1`); n != 0 {
			t.Errorf("%d sessions that ended are still there", n)
		}
	})
}

// TestSeenOnceAMinute: being in use is noted, but no page is a write of its own.
func TestSeenOnceAMinute(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in := b.settle("chief")
		b.pass(2 * time.Minute)
		seen := func() int64 { return b.one(`SELECT max(seen_at) FROM sessions WHERE city_id = $1`) }
		b.dueIs(in.Token, "")
		noted := seen()
		if noted != int64(d.Now()) {
			t.Error("not noted")
		}
		b.pass(59 * time.Second)
		b.dueIs(in.Token, "")
		if seen() != noted {
			t.Error("noted again within the minute")
		}
		b.pass(2 * time.Second)
		b.dueIs(in.Token, "")
		if seen() == noted {
			t.Error("not noted after a minute")
		}
		var st db.Stats
		_, _, err := b.s.Actor(db.WithStats(ctx, &st), in.Token)
		b.must(err)
		t.Logf("%d statements a request", st.Statements.Load())
		if st.Statements.Load() > 4 {
			t.Errorf("%d statements to know who asks", st.Statements.Load())
		}
	})
}

// TestRevokedPost is T43: who leaves a post is out on the next request.
func TestRevokedPost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in, _, _ := b.enrol("secretary")
		prog, err := b.s.Program(ctx, in.Token, "台账同步", time.Hour)
		b.must(err)
		b.dueIs(in.Token, "")
		b.dueIs(prog, "")
		b.leave("secretary")
		_, _, err = b.s.Actor(ctx, in.Token)
		b.code(err, "session.post_ended")
		_, _, err = b.s.Actor(ctx, prog)
		b.code(err, "session.post_ended")
		_, err = b.s.SignIn(ctx, "secretary", second, in.Device)
		b.code(err, "signin.no_post")
	})
}

// TestPosts: somebody with several posts acts in one at a time, and in none before choosing.
func TestPosts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in, _, _ := b.enrol("secretary")
		other := b.secondPost("secretary", "investigator", "county.office1")
		b.dueIs(in.Token, "") // goes on in the post it began in
		in, secret, _ := b.enrol("officer")
		handler := b.secondPost("officer", "investigator", "county.office2")
		b.pass(time.Minute)
		two, err := b.s.SignIn(ctx, "officer", second, in.Device)
		b.must(err)
		if len(two.Posts) != 2 || two.Posts[0].Holding != handler {
			t.Errorf("%+v", two.Posts) // the higher unit first
		}
		b.code(b.s.ChoosePost(ctx, two.Token, handler), "session.second")
		b.must(b.s.Second(ctx, two.Token, b.totp(secret)))
		b.dueIs(two.Token, account.DuePost)
		if a := b.lastIs("account.sign_in"); a.Actor.Person != b.Who["officer"].Person {
			t.Errorf("%+v", a)
		}
		b.code(b.s.ChoosePost(ctx, two.Token, other), "choice.unknown") // somebody else's
		b.must(b.s.ChoosePost(ctx, two.Token, handler))
		who, _, err := b.s.Actor(ctx, two.Token)
		b.must(err)
		if who.Unit().ID != b.Units["county.office2"].ID || len(who.Hats) != 1 {
			t.Errorf("%+v", who.Hats)
		}
		b.must(b.s.ChoosePost(ctx, two.Token, b.Who["officer"].Holding))
		who, _, err = b.s.Actor(ctx, two.Token)
		b.must(err)
		if who.Unit().ID != b.Units["full"].ID {
			t.Errorf("%+v", who.Hats)
		}
		b.leave("officer") // the chosen one; the other is not slipped in unasked
		b.dueIs(two.Token, account.DuePost)
		b.verify()
	})
}

// TestOthersDie is T44: a changed password, a reset, a disabled account end every other session at once.
func TestOthersDie(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in := b.settle("chief")
		prog, err := b.s.Program(ctx, in.Token, "报表", time.Hour)
		b.must(err)
		two, err := b.s.SignIn(ctx, "chief", second, "")
		b.must(err)
		b.code(b.s.ChangePassword(ctx, in.Token, "not the old one", "又一个新口令 5566"), "password.old")
		b.code(b.s.ChangePassword(ctx, in.Token, second, second), "password.same")
		b.code(b.s.ChangePassword(ctx, in.Token, second, "chief12345"), "password.login")
		b.dueIs(two.Token, "")
		b.must(b.s.ChangePassword(ctx, in.Token, second, "又一个新口令 5566"))
		b.lastIs("account.password")
		b.dueIs(in.Token, "")
		b.dueIs(two.Token, "ended")
		b.dueIs(prog, "ended")
		_, err = b.s.SignIn(ctx, "chief", second, in.Device)
		b.code(err, "signin.failed")

		b.must(b.s.Disable(ctx, b.As("sysadmin"), b.id["chief"]))
		b.lastIs("account.disable")
		b.dueIs(in.Token, "ended")
		_, err = b.s.SignIn(ctx, "chief", "又一个新口令 5566", in.Device)
		b.code(err, "signin.failed")
		b.code(b.s.Disable(ctx, b.As("sysadmin"), b.id["chief"]), "stale")
		b.must(b.s.Enable(ctx, b.As("sysadmin"), b.id["chief"]))
		b.lastIs("account.enable")
		b.dueIs(in.Token, "ended") // opening the account again brings no session back
		in, err = b.s.SignIn(ctx, "chief", "又一个新口令 5566", "")
		b.must(err)

		one, err := b.s.Reset(ctx, b.As("sysadmin"), b.id["chief"])
		b.must(err)
		b.lastIs("account.reset")
		b.dueIs(in.Token, "ended")
		in, err = b.s.SignIn(ctx, "chief", one, "")
		b.must(err)
		b.dueIs(in.Token, account.DueChange)
		b.verify()
	})
}

// TestBornDead: a sign-in under way while the password changes gives a session that never lives.
func TestBornDead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in := b.settle("chief")
		// The session of an earlier epoch, as such a sign-in leaves it behind.
		b.must(d.Scratch(ctx, apptest.City, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE sessions SET epoch = epoch - 1 WHERE city_id = $1`)
			return err
		}))
		b.dueIs(in.Token, "ended")
	})
}

// TestAgedPassword: a password of ninety days must be changed before anything else.
func TestAgedPassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		b.settle("chief")
		b.pass(91 * 24 * time.Hour)
		in, err := b.s.SignIn(ctx, "chief", second, "")
		b.must(err)
		if !in.MustChange {
			t.Error("not told")
		}
		b.dueIs(in.Token, account.DueChange)
		b.must(b.s.ChangePassword(ctx, in.Token, second, "春天换的新口令 88"))
		b.dueIs(in.Token, "")
	})
}

func TestSignOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in := b.settle("chief")
		two, err := b.s.SignIn(ctx, "chief", second, "")
		b.must(err)
		three, err := b.s.SignIn(ctx, "chief", second, "")
		b.must(err)
		b.must(b.s.SignOut(ctx, two.Token))
		b.must(b.s.SignOut(ctx, two.Token))
		b.must(b.s.SignOut(ctx, "nonsense"))
		b.dueIs(two.Token, "ended")
		b.dueIs(three.Token, "")
		b.must(b.s.SignOutAll(ctx, in.Account))
		b.dueIs(in.Token, "ended")
		b.dueIs(three.Token, "ended")
	})
}

// TestPrograms: a program's token acts in its owner's post and can't change anything about the account.
func TestPrograms(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in, _, _ := b.enrol("supervision")
		_, err := b.s.Program(ctx, in.Token, " ", time.Hour)
		b.code(err, "program.name")
		for _, ttl := range []time.Duration{0, -time.Hour, 400 * 24 * time.Hour} {
			_, err := b.s.Program(ctx, in.Token, "同步", ttl)
			b.code(err, "program.ttl")
		}
		prog, err := b.s.Program(ctx, in.Token, "月报 同步", 30*24*time.Hour)
		b.must(err)
		if a := b.lastIs("account.program_make"); a.Params["name"] != "月报 同步" || a.Params["until"] != "2026-11-11" {
			t.Errorf("%+v", a)
		}
		who, ss, err := b.s.Actor(ctx, prog)
		b.must(err)
		if !who.Can(access.ClueRead) || ss.Stage != account.StageProgram {
			t.Errorf("%+v", ss)
		}
		_, err = b.s.Program(ctx, prog, "自己的下一个", time.Hour)
		b.code(err, "session.program")
		b.code(b.s.ChangePassword(ctx, prog, second, "不该能改的口令 12"), "session.program")
		_, err = b.s.EnrolTOTP(ctx, prog)
		b.code(err, "session.program")
		b.code(b.s.Second(ctx, prog, "123456"), "session.program")
		b.code(b.s.ChoosePost(ctx, prog, b.Who["supervision"].Holding), "session.program")
		b.must(b.s.SignOut(ctx, prog)) // no way to end it unrecorded
		b.dueIs(prog, "")
		list, err := b.s.Programs(ctx, in.Token)
		b.must(err)
		if len(list) != 1 || list[0].Name != "月报 同步" || strings.Contains(prog, list[0].ID) {
			t.Errorf("%+v", list)
		}
		other := b.settle("chief")
		b.code(b.s.RevokeProgram(ctx, other.Token, list[0].ID), "not_found")
		b.must(b.s.RevokeProgram(ctx, in.Token, list[0].ID))
		b.lastIs("account.program_revoke")
		b.dueIs(prog, "ended")
		prog, err = b.s.Program(ctx, in.Token, "短的", 48*time.Hour)
		b.must(err)
		b.pass(47 * time.Hour) // it knows no idleness
		b.dueIs(prog, "")
		b.pass(2 * time.Hour)
		b.dueIs(prog, "ended")
		// Somebody else's browser left open makes no lasting way in.
		in, err = b.s.SignIn(ctx, "chief", second, other.Device)
		b.must(err)
		b.pass(16 * time.Minute)
		_, err = b.s.Program(ctx, in.Token, "晚了", time.Hour)
		b.code(err, "session.not_fresh")
		b.verify()
	})
}

var reToken = regexp.MustCompile(`^2\.[A-Za-z0-9_-]{43}$`)

// TestTokens is T49 for sessions: unguessable, none alike, and only what we made is looked up.
func TestTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		first := b.settle("chief")
		seen := map[string]bool{first.Token: true}
		for range 50 {
			in, err := b.s.SignIn(ctx, "chief", second, first.Device)
			b.must(err)
			if !reToken.MatchString(in.Token) || seen[in.Token] {
				t.Fatal(in.Token)
			}
			seen[in.Token] = true
		}
		body := strings.TrimPrefix(first.Token, "2.")
		stored, err := db.Column[string](ctx, d.In(apptest.City), `SELECT token FROM sessions WHERE city_id = $1`)
		b.must(err)
		bad := append(stored, "", ".", "2.", body, "3."+body, "-2."+body, "02x."+body, "2."+body[:42], "2."+body+"A", "99999999999999999999."+body, "2."+strings.ToLower(body))
		for i := range stored {
			bad = append(bad, "2."+stored[i])
		}
		for _, s := range bad {
			if s != first.Token {
				b.dueIs(s, "ended")
			}
		}
		// A session of one city is none of another.
		b.dueIs(strings.Replace(first.Token, "2.", "1.", 1), "ended")
	})
}

// TestNothingReadable is T50 for accounts: neither the database nor its log holds anything that lets anybody in.
func TestNothingReadable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in, secret, codes := b.enrol("secretary")
		b.must(b.s.SignOut(ctx, in.Token))
		b.pass(time.Minute)
		in2, err := b.s.SignIn(ctx, "secretary", second, in.Device)
		b.must(err)
		b.must(b.s.Second(ctx, in2.Token, codes[0]))
		prog, err := b.s.Program(ctx, in2.Token, "同步", time.Hour)
		b.must(err)
		_, err = b.s.SignIn(ctx, "typed-password-as-login", "planted-wrong-password", "")
		b.code(err, "signin.failed")
		e, err := b.s.EnrolTOTP(ctx, in2.Token) // not confirmed: still waiting in a table
		b.must(err)
		b.create("officer")
		one, err := b.s.Reset(ctx, b.As("sysadmin"), b.id["officer"])
		b.must(err)
		secrets := []string{first, second, one, in.Token[2:], in2.Token[2:], prog[2:], in.Device, in2.Device, secret, e.Secret, codes[0], codes[9], account.NormalCode(codes[1]),
			"planted-wrong-password", "typed-password-as-login"}
		dump := dump(t, d)
		if !strings.Contains(dump, "secretary") || len(dump) < 20_000 {
			t.Fatal("the dump holds nothing")
		}
		for _, s := range secrets {
			if strings.Contains(dump, s) || strings.Contains(dump, hex.EncodeToString([]byte(s))) {
				t.Errorf("%q is in the database", s)
			}
		}
		for _, a := range b.acts() {
			for _, s := range append(secrets, "argon2", "$m=") {
				if strings.Contains(a, s) {
					t.Errorf("%q is in an act: %s", s, a)
				}
			}
		}
	})
}

// dump is everything a database holds: the files of SQLite, every row of PostgreSQL.
func dump(t *testing.T, d *db.DB) string {
	t.Helper()
	var out strings.Builder
	if d.Engine == db.SQLite {
		files, err := filepath.Glob(strings.TrimPrefix(d.URL(), "sqlite:") + "*")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			x, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(x)
		}
		return out.String()
	}
	names := []string{}
	rows, err := d.Raw().Query(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		var text string
		if err := d.Raw().QueryRow(`SELECT COALESCE(string_agg(x::text, E'\n'), '') FROM ` + n + ` x`).Scan(&text); err != nil {
			t.Fatal(err)
		}
		out.WriteString(text)
	}
	return out.String()
}

func TestLang(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, cheap())
		in := b.settle("chief")
		b.code(b.s.SetLang(ctx, in.Token, "fr"), "choice.unknown")
		b.must(b.s.SetLang(ctx, in.Token, "en"))
		b.must(b.s.SetLang(ctx, in.Token, "en"))
		if n := b.count("account.lang"); n != 1 {
			t.Errorf("%d acts", n)
		}
		_, ss, err := b.s.Actor(ctx, in.Token)
		b.must(err)
		again, err := b.s.SignIn(ctx, "chief", second, in.Device)
		b.must(err)
		if ss.Lang != "en" || again.Lang != "en" {
			t.Errorf("%s %s", ss.Lang, again.Lang)
		}
		b.verify()
	})
}
