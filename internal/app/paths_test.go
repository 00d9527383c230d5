package app_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/seal"
)

// lying are names that lead, or seem to lead, somewhere else. Each is what stands between the quotes of a form's part.
var lying = []string{
	"../../etc/passwd.pdf", "....//....//etc/passwd.pdf", `..\\..\\windows\\win.pdf`, "%2e%2e%2f%2e%2e%2fpasswd.pdf", "..%c0%af..%c0%afpasswd.pdf", "/etc/passwd.pdf", "//host/share/x.pdf", `C:\\Users\\x.pdf`, "file:///etc/passwd.pdf",
	"a\x00.pdf", "a.pdf\x00.exe", "..", ".", "", " ", ".pdf", "x.pdf/", "x.pdf/.", "x.pdf/..", "./x.pdf", "~/x.pdf", "$HOME/x.pdf", "`id`.pdf", "|x.pdf", "new-1.pdf", "CON.pdf", "a\nb.pdf", "a\r\nX-Y: z.pdf", "x.pdf;y", "x.PDF", "x.pdf ", "x.pdf.", "台 账'a=b.pdf",
	strings.Repeat("a", 255) + ".pdf", strings.Repeat("a", 6000) + ".pdf", strings.Repeat("../", 2000) + "x.pdf", "\u202efdp.exe", "x\u2066.pdf", "\xff\xfe.pdf", "x.pdf\" ; filename=\"../../y.pdf", "长" + strings.Repeat("名", 200) + ".pdf",
}

var reAttached = regexp.MustCompile(`^attachment; filename\*=UTF-8''[!-~]+$`)

var reStored = regexp.MustCompile(`^[0-9a-f]{2}/[0-9a-f]{64}$`)

// inStore says what lies under a folder, and complains of whatever does not lie in the store within it as the store
// itself lays things out.
func inStore(t *testing.T, around, store string) (n int) {
	t.Helper()
	err := filepath.WalkDir(around, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		n++
		if rel, err := filepath.Rel(store, path); err != nil || !reStored.MatchString(filepath.ToSlash(rel)) || !e.Type().IsRegular() {
			t.Errorf("%s lies about", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// emptyStore gives the city a folder of files of its own, within another that nothing but it should be in.
func (w *furnished) emptyStore() (around, dir string) {
	w.t.Helper()
	around = w.t.TempDir()
	dir = filepath.Join(around, "store")
	store, err := blob.Open(dir)
	w.must(err)
	w.App.Custody.Files = store
	return around, dir
}

// TestLyingNames is T35 for uploads: a file is kept under the hash of its own bytes whatever it calls itself; what it
// calls itself is the last part of its name, or it is refused.
func TestLyingNames(t *testing.T) {
	t.Parallel()
	w := furnish(t, dbtest.SQLite(t))
	walk := w.walker()
	around, dir := w.emptyStore()
	m := w.things["office"]["clue"]
	page := "/m/" + m.String() + "/files"
	for i, name := range lying {
		content := fmt.Sprintf("%s%d", pdf, i)
		body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n" + content + "\r\n--x--\r\n"
		before := inStore(t, around, dir)
		a := walk.send("handler", page, "multipart/form-data; boundary=x", strings.NewReader(body), -1)
		after := inStore(t, around, dir)
		switch {
		case a.code == http.StatusSeeOther && after == before+1:
		case (a.code == http.StatusUnprocessableEntity || a.code == http.StatusBadRequest) && after == before:
		default:
			t.Errorf("%.60q: %d, %d files more", name, a.code, after-before)
		}
	}
	d, err := w.App.Engine.Open(apptest.Ctx, w.App.DB.In(m.City), w.As("handler"), m.Key)
	w.must(err)
	if len(d.Files) < 5 {
		t.Errorf("only %d were kept", len(d.Files))
	}
	for _, f := range d.Files {
		if strings.ContainsAny(f.Name, "/\\\x00\r\n\u202e\u2066") || f.Name == ".." || len([]rune(f.Name)) > 120 {
			t.Errorf("kept as %q", f.Name)
		}
		a := walk.get("handler", page+"/"+f.Key)
		if a.code == http.StatusConflict || a.code == http.StatusNotFound || a.code >= 500 {
			continue // of the store before
		}
		if got := a.head.Get("Content-Disposition"); !reAttached.MatchString(got) {
			t.Errorf("%q goes out as %q", f.Name, got)
		}
	}
	for _, path := range []string{"/assets/../go.mod", "/assets/%2e%2e/%2e%2e/go.mod", "/assets/....//....//go.mod", "/assets/..%2f..%2fgo.mod", "/assets/..%5c..%5cgo.mod", "/assets//etc/passwd", "/assets/%00", "/assets/" + strings.Repeat("a/", 20000)} {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.URL.Path, req.URL.RawPath, req.RequestURI = path, "", path
		if a := walk.serve("handler", req); a.code == http.StatusOK || a.code >= 500 || strings.Contains(a.body, "module qianshao") {
			t.Errorf("%.60s: %d", path, a.code)
		}
	}
}

// TestPlantedLinks: whoever plants a link in the folder of files makes the program neither read what it leads to nor
// carry it away in a backup.
func TestPlantedLinks(t *testing.T) {
	t.Parallel()
	w := furnish(t, dbtest.SQLite(t))
	walk := w.walker()
	around, dir := w.emptyStore()
	outside := filepath.Join(around, "shadow")
	w.must(os.WriteFile(outside, []byte("root:secret of the host"), 0o600))
	m := w.things["office"]["clue"]
	f, err := w.App.Custody.Add(apptest.Ctx, w.As("handler"), m, "台账.pdf", strings.NewReader(pdf))
	w.must(err)
	var name string
	w.must(w.App.DB.In(m.City).Row(apptest.Ctx, `SELECT f.stored FROM files f WHERE f.city_id = $1 AND f.id = $2`, f.Key).Scan(&name))
	path := filepath.Join(dir, name[:2], name)
	if a := walk.get("handler", "/m/"+m.String()+"/files/"+f.Key); a.code != http.StatusOK || a.body != pdf {
		t.Fatalf("the file itself: %d %q", a.code, a.body)
	}
	w.must(errors.Join(os.Remove(path), os.Symlink(outside, path), os.Symlink(around, filepath.Join(dir, "zz")), os.Symlink(outside, filepath.Join(dir, "link"))))
	if a := walk.get("handler", "/m/"+m.String()+"/files/"+f.Key); a.code == http.StatusOK || strings.Contains(a.body, "secret of the host") {
		t.Errorf("through a link: %d %q", a.code, a.body)
	}
	var b bytes.Buffer
	sum, err := app.Backup(apptest.Ctx, w.App.DB, &b, seal.Deployment{}, backup.Options{Files: os.DirFS(dir)})
	if err != nil || sum.Files != 0 {
		t.Errorf("the backup takes %d files along: %v", sum.Files, err)
	}
	for _, e := range unpacked(t, b.Bytes()) {
		if bytes.Contains(e.body, []byte("secret of the host")) {
			t.Errorf("%s of the backup holds what a link leads to", e.head.Name)
		}
	}
}

// packed is one entry of a backup.
type packed struct {
	head *tar.Header
	body []byte
}

func unpacked(t *testing.T, b []byte) (out []packed) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, packed{h, body})
	}
}

func packUp(t *testing.T, list []packed) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range list {
		e.head.Size = int64(len(e.body))
		err := w.WriteHeader(e.head)
		if err == nil {
			_, err = w.Write(e.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return &b
}

// TestForgedBackups is T35 for restore: names in a backup that lead out of the folder of files are refused with all of it,
// links are no files, and the database stays as empty as it was.
func TestForgedBackups(t *testing.T) {
	t.Parallel()
	src, _ := lived(t, dbtest.SQLite(t))
	var b bytes.Buffer
	if _, err := app.Backup(apptest.Ctx, src.App.DB, &b, seal.Deployment{}, backup.Options{}); err != nil {
		t.Fatal(err)
	}
	whole := unpacked(t, b.Bytes())
	for _, c := range []struct {
		name string
		kind byte
		link string
	}{
		{"files/../../evil", tar.TypeReg, ""}, {"files/..", tar.TypeReg, ""}, {"files/a/../../../evil", tar.TypeReg, ""}, {"files//etc/evil", tar.TypeReg, ""}, {"files/./evil", tar.TypeReg, ""}, {"files/", tar.TypeDir, ""}, {"files/a//evil", tar.TypeReg, ""},
		{"files/evil/", tar.TypeDir, ""}, {"../evil", tar.TypeReg, ""}, {"/etc/evil", tar.TypeReg, ""}, {"data/../evil", tar.TypeReg, ""}, {"data/nothing/000000.jsonl", tar.TypeReg, ""}, {"evil", tar.TypeReg, ""},
		{"files/link", tar.TypeSymlink, "/etc/passwd"}, {"files/link", tar.TypeLink, "/etc/passwd"}, {"files/pipe", tar.TypeFifo, ""}, {"files/" + strings.Repeat("a/", 3000) + "evil", tar.TypeReg, ""},
	} {
		around := t.TempDir()
		dir := filepath.Join(around, "in", "here", "files")
		var end backup.Summary
		if err := json.Unmarshal(whole[len(whole)-1].body, &end); err != nil {
			t.Fatal(err)
		}
		end.Files++ // so that it is the name and nothing else that is wrong
		last, err := json.Marshal(end)
		if err != nil {
			t.Fatal(err)
		}
		evil := packed{&tar.Header{Name: c.name, Typeflag: c.kind, Linkname: c.link, Mode: 0o644}, nil}
		if c.kind == tar.TypeReg {
			evil.body = []byte("evil")
		}
		forged := packUp(t, append(append([]packed{}, whole[:len(whole)-1]...), evil, packed{whole[len(whole)-1].head, last}))
		d := dbtest.SQLite(t)
		_, err = app.Restore(apptest.Ctx, d, forged, backup.Into{Files: func(name string, r io.Reader) error {
			path := filepath.Join(dir, filepath.FromSlash(name)) // as the command does
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			_, err = io.Copy(f, r)
			return errors.Join(err, f.Close())
		}})
		if _, known := fault.As(err); err == nil && c.kind == tar.TypeReg || err != nil && !known && c.kind == tar.TypeReg && len(c.name) < 300 {
			t.Errorf("%q: %v", c.name, err)
		}
		walkErr := filepath.WalkDir(around, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && (!strings.HasPrefix(path, dir+string(filepath.Separator)) || !e.Type().IsRegular()) {
				t.Errorf("%q lies at %s", c.name, path)
			}
			return err
		})
		if walkErr != nil {
			t.Error(walkErr)
		}
		if err == nil {
			continue
		}
		for table, s := range everything(t, d) {
			if s.Rows > 0 {
				t.Errorf("%q: refused, and %s has %d rows", c.name, table, s.Rows)
			}
		}
	}
}
