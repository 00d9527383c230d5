package seal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/platform/seal"
)

// A key file is made once, for its owner alone, and read back as the same key; nothing else is taken for one.
func TestDeploymentKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "qianshao.key")
	if _, err := seal.LoadDeployment(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	d, err := seal.NewDeployment(path)
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the key file may be read by others: %v %v", st.Mode(), err)
	}
	if _, err := seal.NewDeployment(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key was written over: %v", err)
	}
	again, err := seal.LoadDeployment(path)
	if err != nil || again.Mark() != d.Mark() || again.Public() != d.Public() || string(again.Accounts()) != string(d.Accounts()) {
		t.Errorf("read back as another key: %v", err)
	}
	for _, text := range []string{"", "a secret", "qianshao-deployment-key-1 AAAA", string(d.File())[1:]} {
		if _, err := seal.ParseDeployment([]byte(text)); !errors.Is(err, seal.ErrKeyFile) {
			t.Errorf("%q was taken for a key: %v", text, err)
		}
	}
}

// What one name signs, that name's verifier accepts and no other's does.
func TestDeploymentSigns(t *testing.T) {
	d, err := seal.NewDeployment(filepath.Join(t.TempDir(), "k"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Signer("qianshao/somewhere/2.01")
	if err != nil {
		t.Fatal(err)
	}
	msg, err := note.Sign(&note.Note{Text: "qianshao/somewhere/2.01\n1\nAAAA\n"}, s)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"qianshao/somewhere/2.01": true, "qianshao/somewhere/2.02": false} {
		vkey, err := seal.VerifierKey(name, d.Public())
		if err != nil {
			t.Fatal(err)
		}
		v, err := note.NewVerifier(vkey)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := note.Open(msg, note.VerifierList(v)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
