package custody_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/seal"
)

func withFiles(t *testing.T, w *apptest.World) (dir string, m id.ID) {
	t.Helper()
	dir = t.TempDir()
	s, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.App.Custody.Files = s
	d, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "李某", Post: "村党组织书记", Rank: "village", Category: "c5", PartyMember: true},
		Source: "found", FromKind: "audit", Received: "2026-10-12", Title: "反映集体资产出租未公开", Summary: "监督检查发现。", Discipline: "work"})
	if err != nil {
		t.Fatal(err)
	}
	w.Do("supervision", d.ID, "hand_out", flow.Values{"target": {w.Units["county.office1"].ID.Key}, "back": {"no"}})
	return dir, d.ID
}

const secret = "%PDF-1.7\n租金台账：张三三千元\n"

// A file is sealed before it touches the disk, comes back whole, only for who may see the matter and while the key is
// unlocked, and every reading is an act.
func TestFileIsSealedAndComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		dir, m := withFiles(t, w)
		k := w.App.Custody
		f, err := k.Add(apptest.Ctx, w.As("handler"), m, "租金台账.pdf", strings.NewReader(secret))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		err = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() {
				return err
			}
			n++
			b, err := os.ReadFile(path)
			if bytes.Contains(b, []byte("张三")) || bytes.Contains(b, []byte("%PDF")) || strings.Contains(path, "台账") || !bytes.HasPrefix(b, []byte("age-encryption.org")) {
				t.Errorf("%s is readable", path)
			}
			return err
		})
		if err != nil || n != 1 {
			t.Errorf("%d files on disk %v", n, err)
		}
		if _, _, err := k.Read(apptest.Ctx, w.As("handler"), m.Key, f); fault.Code(err) != "key.locked" {
			t.Errorf("read while locked: %v", err)
		}
		if err := k.Unlock(apptest.Ctx, w.As("intake"), w.Units["county"], seal.Secret{Passphrase: first}); err != nil {
			t.Fatal(err)
		}
		file, r, err := k.Read(apptest.Ctx, w.As("handler"), m.Key, f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || string(b) != secret || file.Name != "租金台账.pdf" || file.Type != "application/pdf" || r.Close() != nil {
			t.Errorf("%q %+v %v", b, file, err)
		}
		for _, who := range []string{"othersupervision", "secretary", "sysadmin"} {
			if _, _, err := k.Read(apptest.Ctx, w.As(who), m.Key, f); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s reads: %v", who, err)
			}
			if _, err := k.Add(apptest.Ctx, w.As(who), m, "a.pdf", strings.NewReader(secret)); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s adds: %v", who, err)
			}
		}
		if _, err := w.App.Engine.Recuse(apptest.Ctx, w.As("principal"), m, flow.NewRecusal{Person: w.Who["handler"].Person, Ground: "kin", Order: true}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := k.Read(apptest.Ctx, w.As("handler"), m.Key, f); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the recused reads by a kept link: %v", err)
		}
		acts, err := db.Column[string](apptest.Ctx, d.In(m.City), `SELECT a.action FROM acts a WHERE a.city_id = $1 AND a.matter_id = $2 AND a.action IN ('file.add', 'file.read') ORDER BY a.seq`, m.Key)
		if err != nil || strings.Join(acts, " ") != "file.add file.read" {
			t.Errorf("%v %v", acts, err)
		}
		w.Verify()
	})
}

// What a browser would run, what is not what it says, and names that lead elsewhere are refused, and nothing stays.
func TestFilesRefused(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	dir, m := withFiles(t, w)
	for _, x := range []struct{ name, content, code string }{
		{"a.html", "<html>", "file.type"}, {"a.svg", "<svg>", "file.type"}, {"a.exe", "MZ", "file.type"}, {"a", "x", "file.type"}, {"", "x", "file.name"}, {"..", "x", "file.type"},
		{"a.jpg", "<html><script>alert(1)</script>", "file.content"}, {"a.pdf", "PK\x03\x04", "file.content"}, {"a.pdf", "", "file.empty"}, {"a\u202efdp.pdf", secret, "file.name"}, {strings.Repeat("长", 130) + ".pdf", secret, "file.name"},
		{"a.txt", "<!DOCTYPE html><script>", "file.content"},
	} {
		_, err := w.App.Custody.Add(apptest.Ctx, w.As("handler"), m, x.name, strings.NewReader(x.content))
		if fs := fault.Fields(err); len(fs) != 1 || fs[0].Code != x.code {
			t.Errorf("%q: %v", x.name, err)
		}
	}
	if _, err := w.App.Custody.Add(apptest.Ctx, w.As("handler"), m, `C:\..\..\etc\passwd.pdf`, strings.NewReader(secret)); err != nil {
		t.Errorf("a path is only its last part: %v", err)
	}
	if got, err := custodyFiles(dir); err != nil || got != 1 {
		t.Errorf("%d left on disk %v", got, err)
	}
	if _, err := w.App.Custody.Add(apptest.Ctx, w.As("handler"), m, "a.txt", io.MultiReader(strings.NewReader("文"), io.LimitReader(endless{}, custody.MaxFile+10))); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("too large: %v", err)
	}
	if got, err := custodyFiles(dir); err != nil || got != 1 {
		t.Errorf("%d left on disk after a large one %v", got, err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

func custodyFiles(dir string) (n int, err error) {
	return n, filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			n++
		}
		return err
	})
}

func TestFilesPage(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	_, m := withFiles(t, w)
	srv := w.Serve()
	send := func(name, content string) (int, string) {
		var b bytes.Buffer
		mw := multipart.NewWriter(&b)
		part, err := mw.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(part, content)
		mw.Close()
		req, _ := http.NewRequest(http.MethodPost, srv.URL+"/m/"+m.String()+"/files", &b)
		req.Header.Set("Content-Type", mw.FormDataContentType())
		req.AddCookie(&http.Cookie{Name: "qs", Value: "handler"})
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	if code, body := send("x.html", "<script>"); code != 422 || !strings.Contains(body, "不收这类文件") {
		t.Errorf("a page sent as a file: %d", code)
	}
	if code, _ := send("台账.pdf", secret); code != 303 {
		t.Fatalf("upload: %d", code)
	}
	if err := w.App.Custody.Unlock(apptest.Ctx, w.As("intake"), w.Units["county"], seal.Secret{Passphrase: first}); err != nil {
		t.Fatal(err)
	}
	_, body := w.Get(srv, "handler", "/m/"+m.String()+"/files")
	i := strings.Index(body, "/files/")
	if i < 0 {
		t.Fatal("no link to the file")
	}
	path := "/m/" + m.String() + body[i:i+len("/files/")+26]
	req, _ := http.NewRequest(http.MethodGet, srv.URL+path, nil)
	req.AddCookie(&http.Cookie{Name: "qs", Value: "handler"})
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, _ := io.ReadAll(res.Body)
	if string(got) != secret || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment;") || res.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%q %v", got, res.Header)
	}
	if code, _ := w.Get(srv, "othersupervision", path); code != 404 {
		t.Errorf("another county: %d", code)
	}
}

// TestAlteredFileIsNotServed: a content on disk that is not the one that was kept is refused before anything of it is
// shown, whoever sealed it; one that differs from the custody record comes to no normal end.
func TestAlteredFileIsNotServed(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	dir, m := withFiles(t, w)
	k := w.App.Custody
	long := secret + strings.Repeat("一月三千元，", 20_000) // longer than is held back
	stored := func(f id.ID) (ref, path string) {
		t.Helper()
		refs, err := db.Column[string](apptest.Ctx, w.App.DB.In(f.City), `SELECT f.stored FROM files f WHERE f.city_id = $1 AND f.id = $2`, f.Key)
		if err != nil {
			t.Fatal(err)
		}
		return refs[0], filepath.Join(dir, refs[0][:2], refs[0])
	}
	var files []id.ID
	for _, content := range []string{long, strings.Replace(long, "三千", "五千", 1), secret, strings.Replace(secret, "三千", "五千", 1)} {
		f, err := k.Add(apptest.Ctx, w.As("handler"), m, "台账.pdf", strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if err := k.Unlock(apptest.Ctx, w.As("intake"), w.Units["county"], seal.Secret{Passphrase: first}); err != nil {
		t.Fatal(err)
	}
	srv := w.Serve()
	get := func(f id.ID) (int, string, error) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, srv.URL+"/m/"+m.String()+"/files/"+f.Key, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(&http.Cookie{Name: "qs", Value: "handler"})
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return 0, "", err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		return res.StatusCode, string(b), err
	}
	if code, body, err := get(files[0]); code != http.StatusOK || body != long || err != nil {
		t.Fatalf("as it was: %d, %d bytes, %v", code, len(body), err)
	}

	_, path := stored(files[0])
	_, others := stored(files[1])
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	another, err := os.ReadFile(others) // sealed to the same keys, by this very program
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for what, b := range map[string][]byte{"a bit": flipped, "the end": append(bytes.Clone(whole), 0), "cut": whole[:len(whole)-1], "another sealed file": another} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := k.Read(apptest.Ctx, w.As("handler"), m.Key, files[0]); fault.Code(err) != "file.altered" {
			t.Errorf("%s: %v", what, err)
		}
		if code, body, err := get(files[0]); code != http.StatusInternalServerError || !strings.Contains(body, "从备份中恢复") || strings.Contains(body, "三千") || err != nil {
			t.Errorf("%s: %d %.80q %v", what, code, body, err)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, body, err := get(files[0]); code != http.StatusOK || body != long || err != nil {
		t.Errorf("put back: %d %v", code, err)
	}

	// The store holds both and neither is altered, but one row was made to name the other's content.
	for i, want := range map[int]int{0: http.StatusOK, 2: http.StatusInternalServerError} {
		ref, _ := stored(files[i+1])
		if _, err := w.App.DB.Raw().Exec(`UPDATE files SET stored = $1 WHERE id = $2`, ref, files[i].Key); err != nil {
			t.Fatal(err)
		}
		code, body, err := get(files[i])
		if code != want || (want == http.StatusOK) != (err != nil) || len(body) >= len(long) || want != http.StatusOK && strings.Contains(body, "五千") {
			t.Errorf("another's content: %d, %d bytes, %v", code, len(body), err)
		}
	}
}
