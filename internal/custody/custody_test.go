package custody_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/seal"
)

const (
	first  = apptest.Passphrase
	second = "换成另一句也足够长的口令"
)

// A key that is replaced, and its passphrase with it, still opens what was sealed before: one passphrase opens all.
func TestReplacedKeyOpensWhatWasSealedBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		k, organ := w.App.Custody, w.Units["county"]
		e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), intake.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "主任", Rank: "staff", Category: "c2", PartyMember: true},
			Channel: "letter", Received: "2026-10-12", Named: true, Reporter: intake.Reporter{Name: "赵六", Contact: "139"}, Original: "来信原文", Title: "反映虚报管护费", Summary: "来信反映虚报。", Discipline: "integrity"})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.MakeKey(apptest.Ctx, w.As("intake"), organ, seal.Secret{Passphrase: second}); fault.Code(err) != "key.unlock_first" {
			t.Errorf("replaced while locked: %v", err)
		}
		if err := k.Unlock(apptest.Ctx, w.As("intake"), organ, seal.Secret{Passphrase: "不是这一句口令,换一句"}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a wrong passphrase: %v", err)
		}
		for _, who := range []string{"principal", "sysadmin", "otherintake"} {
			if err := k.Unlock(apptest.Ctx, w.As(who), organ, seal.Secret{Passphrase: first}); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s unlocks: %v", who, err)
			}
			if err := k.MakeKey(apptest.Ctx, w.As(who), organ, seal.Secret{Passphrase: second}); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s makes a key: %v", who, err)
			}
		}
		if err := k.Unlock(apptest.Ctx, w.As("intake"), organ, seal.Secret{Passphrase: first}); err != nil {
			t.Fatal(err)
		}
		if err := k.MakeKey(apptest.Ctx, w.As("intake"), organ, seal.Secret{Passphrase: second}); err != nil {
			t.Fatal(err)
		}
		if k.Ring.Unlocked(organ.ID.String()) {
			t.Error("a new key leaves the old one unlocked")
		}
		if err := k.Unlock(apptest.Ctx, w.As("intake"), organ, seal.Secret{Passphrase: first}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("the former passphrase: %v", err)
		}
		if err := k.Unlock(apptest.Ctx, w.As("intake"), organ, seal.Secret{Passphrase: second}); err != nil {
			t.Fatal(err)
		}
		b, err := k.Open(apptest.Ctx, w.As("intake"), e.ID, custody.Original, "核对原文")
		if err != nil || string(b) != "来信原文" {
			t.Errorf("what was sealed before: %q %v", b, err)
		}
		s, err := k.Look(apptest.Ctx, w.As("intake"))
		if err != nil || !s.Unlocked || s.Earlier != 1 || !s.AboveHas || len(s.Holders) != 1 || s.Uses[0].Action != "key.unlock" {
			t.Errorf("%+v %v", s, err)
		}
		w.Verify()
	})
}

// Whoever knows the passphrase in use and leaves is named until it is replaced.
func TestCustodianLeaves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		k, organ := w.App.Custody, w.Units["county"]
		w.Hire("intake2", "柳信", "intake_clerk", "county")
		w.Hire("intake3", "项信", "intake_clerk", "county") // never unlocks it
		for _, who := range []string{"intake2", "intake"} {
			if err := k.Unlock(apptest.Ctx, w.As(who), organ, seal.Secret{Passphrase: first}); err != nil {
				t.Fatal(err)
			}
		}
		left := func(want string) {
			t.Helper()
			s, err := k.Look(apptest.Ctx, w.As("intake"))
			if err != nil || strings.Join(s.Left, " ") != want {
				t.Errorf("who left: %q %v, want %q", s.Left, err, want)
			}
		}
		left("")
		w.Now = w.Now.AddDate(0, 0, 1)
		for _, who := range []string{"intake2", "intake3"} {
			if err := w.App.Org.LeavePost(apptest.Ctx, w.As("secadmin"), id.ID{City: apptest.City, Key: w.Who[who].Holding}, org.Leaving{On: w.App.DB.Today(), Reason: "transferred"}); err != nil {
				t.Fatal(err)
			}
		}
		left("柳信")
		if err := k.MakeKey(apptest.Ctx, w.As("intake"), organ, seal.Secret{Passphrase: second}); err != nil {
			t.Fatal(err)
		}
		left("")
		w.Verify()
	})
}

// The page unlocks and locks; it keeps no digest of a passphrase, and shows none again.
func TestKeysPage(t *testing.T) {
	d := dbtest.SQLite(t)
	w := apptest.New(t, d)
	srv := w.Serve()
	post := func(who, path string, f url.Values) (int, string) {
		req, err := http.NewRequest(http.MethodPost, srv.URL+path, strings.NewReader(f.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.AddCookie(&http.Cookie{Name: "qs", Value: who})
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	if code, body := w.Get(srv, "intake", "/keys"); code != 200 || !strings.Contains(body, "已锁定") || !strings.Contains(body, "XX市纪委监委") || strings.Contains(body, `name="_key"`) {
		t.Errorf("locked: %d", code)
	}
	if code, _ := post("intake", "/keys/unlock", url.Values{"passphrase": {"错的口令错的口令错的口令"}}); code != 422 {
		t.Errorf("a wrong passphrase: %d", code)
	}
	if code, _ := post("intake", "/keys/unlock", url.Values{"passphrase": {first}}); code != 303 {
		t.Errorf("unlock: %d", code)
	}
	if code, body := w.Get(srv, "intake", "/keys"); code != 200 || !strings.Contains(body, "已解锁") || strings.Contains(body, first) {
		t.Errorf("unlocked: %d", code)
	}
	if code, _ := post("intake", "/keys/new", url.Values{"passphrase_new": {second}, "passphrase_twice": {second + "x"}}); code != 422 {
		t.Errorf("two that differ: %d", code)
	}
	if code, _ := post("intake", "/keys/lock", nil); code != 303 || w.App.Custody.Ring.Unlocked(w.Units["county"].ID.String()) {
		t.Errorf("lock: %d", code)
	}
	for who, want := range map[string]int{"principal": 403, "sysadmin": 403, "handler": 403} {
		if code, _ := w.Get(srv, who, "/keys"); code != want {
			t.Errorf("%s: %d", who, code)
		}
	}
	n, err := db.Column[int64](apptest.Ctx, d.In(apptest.City), `SELECT COUNT(1) FROM idempotency WHERE city_id = $1`)
	if err != nil || n[0] != 0 {
		t.Errorf("%v digests of what was posted are kept %v", n, err)
	}
}
