package blob

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func keep(t *testing.T, s *Store, content string) string {
	t.Helper()
	w, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	name, n, err := w.Commit()
	if err != nil || n != int64(len(content)) {
		t.Fatalf("%d bytes kept, %v", n, err)
	}
	return name
}

// TestNothingElseUnderAName: what was kept comes back whole; anything else under its name does not come at all.
func TestNothingElseUnderAName(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	name := keep(t, s, "一份封好的材料")
	get := func() (string, error) {
		r, err := s.Get(name)
		if err != nil {
			return "", err
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		return string(b), err
	}
	if b, err := get(); b != "一份封好的材料" || err != nil {
		t.Fatalf("%q %v", b, err)
	}
	file := filepath.Join(dir, name[:2], name)
	for what, do := range map[string]func() error{
		"another": func() error { return os.WriteFile(file, []byte("另一份封好的材料"), 0o600) },
		"longer":  func() error { return os.WriteFile(file, []byte("一份封好的材料。"), 0o600) },
		"shorter": func() error { return os.Truncate(file, 3) },
		"gone":    func() error { return os.Remove(file) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if b, err := get(); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: %q %v", what, b, err)
		}
		if keep(t, s, "一份封好的材料") != name {
			t.Fatal("another name")
		}
	}
	for _, name := range []string{"", "..", "../" + name, name[:63], strings.ToUpper(name)} {
		if _, err := s.Get(name); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestNoLinkLeadsOut: a link inside the store, of a content or of the folder it lies in, leads nowhere outside it,
// neither for what is read nor for what is kept.
func TestNoLinkLeadsOut(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	name := keep(t, s, "一份封好的材料")
	folder := filepath.Join(dir, name[:2])
	elsewhere := filepath.Join(out, name)
	for _, err := range []error{os.Rename(filepath.Join(folder, name), elsewhere), os.Symlink(elsewhere, filepath.Join(folder, name))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Get(name); err == nil {
		t.Error("read through a link to a file outside")
	}
	for _, err := range []error{os.RemoveAll(folder), os.Symlink(out, folder)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Get(name); err == nil {
		t.Error("read through a link to a folder outside")
	}
	w, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "一份封好的材料"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(elsewhere); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Commit(); err == nil {
		t.Error("kept through a link to a folder outside")
	}
	w.Discard()
	left, err := filepath.Glob(filepath.Join(out, "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("outside: %v %v", left, err)
	}
	if left, err = filepath.Glob(filepath.Join(dir, "new-*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
