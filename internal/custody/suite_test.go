package custody_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"qianshao/internal/access"
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

func enter(t *testing.T, w *apptest.World, text string) id.ID {
	t.Helper()
	e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), intake.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "主任", Rank: "staff", Category: "c2", PartyMember: true},
		Channel: "letter", Received: "2026-10-12", Named: true, Reporter: intake.Reporter{Name: "赵六", Contact: "139"}, Original: text, Title: "反映虚报管护费", Summary: "来信反映虚报。", Discipline: "integrity"})
	if err != nil {
		t.Fatal(err)
	}
	return e.ID
}

// A deployment that changes over: new keys, and what is sealed to them, are of the suite it chose; what was sealed before
// stays readable; the organ above, which has not changed over yet, opens its copies; and the way back is the same way.
func TestChangesSuite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		k, county, city := w.App.Custody, w.Units["county"], w.Units["city"]
		file, err := seal.NewDeployment(filepath.Join(t.TempDir(), "k"))
		if err != nil {
			t.Fatal(err)
		}
		choose := func(suite string) {
			t.Helper()
			if err := w.App.Ledger.Choose(apptest.Ctx, access.ByOperator, file, suite); err != nil {
				t.Fatal(err)
			}
		}
		replace := func(who string, organ access.Unit, from, to string) {
			t.Helper()
			if err := k.Unlock(apptest.Ctx, w.As(who), organ, seal.Secret{Passphrase: from}); err != nil {
				t.Fatal(err)
			}
			if err := k.MakeKey(apptest.Ctx, w.As(who), organ, seal.Secret{Passphrase: to}); err != nil {
				t.Fatal(err)
			}
			if err := k.Unlock(apptest.Ctx, w.As(who), organ, seal.Secret{Passphrase: to}); err != nil {
				t.Fatal(err)
			}
		}
		sealedAs := func(matter id.ID) string {
			t.Helper()
			var suite string
			var sealed []byte
			if err := d.In(matter.City).Row(apptest.Ctx, `SELECT suite, sealed FROM envelopes WHERE city_id = $1 AND matter_id = $2 AND what = 'original'`, matter.Key).Scan(&suite, &sealed); err != nil {
				t.Fatal(err)
			}
			if seal.OfSealed(sealed) != suite {
				t.Errorf("recorded as %s, is %s", suite, seal.OfSealed(sealed))
			}
			return suite
		}
		opens := func(matter id.ID, want string) {
			t.Helper()
			if b, err := k.Open(apptest.Ctx, w.As("intake"), matter, custody.Original, "核对原文"); err != nil || string(b) != want {
				t.Errorf("%q %v", b, err)
			}
		}
		if err := w.App.Ledger.Choose(apptest.Ctx, access.ByOperator, file, "rot13"); fault.Code(err) != "key.suite" {
			t.Errorf("a suite nobody has: %v", err)
		}

		before := enter(t, w, "改用之前")
		choose(seal.SM)
		replace("intake", county, first, second)
		between := enter(t, w, "下级先改")
		if sealedAs(before) != seal.Age || sealedAs(between) != seal.SM {
			t.Errorf("%s, then %s", sealedAs(before), sealedAs(between))
		}
		var both []byte
		if err := d.In(apptest.City).Row(apptest.Ctx, `SELECT sealed FROM envelopes WHERE city_id = $1 AND matter_id = $2 AND what = 'original'`, between.Key).Scan(&both); err != nil {
			t.Fatal(err)
		}
		w.Unlock("city")
		above, err := k.Ring.Keys(city.ID.String())
		if err != nil {
			t.Fatal(err)
		}
		if b, err := seal.Open(both, above...); err != nil || string(b) != "下级先改" {
			t.Errorf("the organ above, with its key of before: %q %v", b, err)
		}
		k.Ring.Lock(city.ID.String())
		replace("cityintake", city, first, second)
		if err := k.Unlock(apptest.Ctx, w.As("intake"), county, seal.Secret{Passphrase: second}); err != nil { // copies anew
			t.Fatal(err)
		}
		after := enter(t, w, "都改了")
		if sealedAs(after) != seal.SM {
			t.Error(sealedAs(after))
		}
		copied, err := db.Column[string](apptest.Ctx, d.In(apptest.City), `SELECT suite FROM key_copies WHERE city_id = $1 AND organ_id = $2`, county.ID.Key)
		if err != nil || len(copied) != 2 || copied[0] != seal.SM || copied[1] != seal.SM {
			t.Errorf("copies for the organ above: %q %v", copied, err)
		}
		if n, all, err := k.Rewrap(apptest.Ctx, w.As("cityintake"), county, seal.Secret{Passphrase: first}); n != 2 || all != 2 || err != nil {
			t.Errorf("%d of %d, %v", n, all, err)
		}
		choose(seal.Age)
		replace("intake", county, first, second)
		back := enter(t, w, "改回去")
		opens(before, "改用之前")
		opens(between, "下级先改")
		opens(after, "都改了")
		opens(back, "改回去")
		w.Verify()
	})
}

// A key with a file opens with the passphrase and the file, says what is missing, and keeps nothing of the file.
func TestKeyFile(t *testing.T) {
	d := dbtest.SQLite(t)
	w := apptest.New(t, d)
	srv := w.Serve()
	post := func(path string, fields map[string]string) (int, string) {
		t.Helper()
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for name, value := range fields {
			write := m.WriteField
			if strings.HasPrefix(name, "key_file") {
				write = func(name, value string) error {
					p, err := m.CreateFormFile(name, "key.txt")
					if err == nil {
						_, err = p.Write([]byte(value))
					}
					return err
				}
			}
			if err := write(name, value); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(http.MethodPost, srv.URL+path, &b)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", m.FormDataContentType())
		req.Header.Set("Accept-Language", "zh-CN")
		req.AddCookie(&http.Cookie{Name: "qs", Value: "intake"})
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		page, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(page)
	}
	code, key := w.Get(srv, "intake", "/keys/file")
	if code != http.StatusOK || len(key) < seal.LeastFile {
		t.Fatalf("a new file: %d %q", code, key)
	}
	if _, again := w.Get(srv, "intake", "/keys/file"); again == key {
		t.Error("the same file twice")
	}
	is := func(what string, code int, body string, want int, says string) {
		t.Helper()
		if code != want || !strings.Contains(body, says) || strings.Contains(body, strings.TrimSpace(key)) {
			t.Errorf("%s: %d, and not %q", what, code, says)
		}
	}
	code, body := post("/keys/unlock", map[string]string{"passphrase": first})
	is("without one", code, body, 303, "")
	code, body = post("/keys/new", map[string]string{"passphrase_new": second, "passphrase_twice": second, "key_file_new": "短"})
	is("a short one", code, body, 422, "不小于32字节")
	code, body = post("/keys/new", map[string]string{"passphrase_new": second, "passphrase_twice": second, "key_file_new": strings.Repeat("x", seal.MostFile+1)})
	is("a long one", code, body, 422, "不小于32字节")
	code, body = post("/keys/new", map[string]string{"passphrase_new": second, "passphrase_twice": second, "key_file_new": key})
	is("with one", code, body, 303, "")
	code, body = w.Get(srv, "intake", "/keys")
	is("the page", code, body, 200, "口令和密钥文件")
	if !strings.Contains(body, `name="key_file"`) {
		t.Error("nothing to choose the file with")
	}
	code, body = post("/keys/unlock", map[string]string{"passphrase": second})
	is("the passphrase alone", code, body, 422, "这把密钥要同时用密钥文件")
	code, body = post("/keys/unlock", map[string]string{"passphrase": second, "key_file": string(seal.NewFile())})
	is("another file", code, body, 422, "口令或者密钥文件不对")
	code, body = post("/keys/unlock", map[string]string{"passphrase": first, "key_file": key})
	is("another passphrase", code, body, 422, "口令或者密钥文件不对")
	code, body = post("/keys/unlock", map[string]string{"passphrase": second, "key_file": key})
	is("both", code, body, 303, "")
	if !w.App.Custody.Ring.Unlocked(w.Units["county"].ID.String()) {
		t.Error("not unlocked")
	}
	for _, rows := range []string{`SELECT body FROM acts WHERE city_id = $1`, `SELECT CAST(wrapped AS BLOB) FROM organ_keys WHERE city_id = $1`} {
		kept, err := db.Column[[]byte](apptest.Ctx, d.In(apptest.City), rows)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range kept {
			if bytes.Contains(b, []byte(strings.TrimSpace(key))) || bytes.Contains(b, []byte(second)) {
				t.Errorf("kept: %s", b)
			}
		}
	}
	w.Verify()
}
