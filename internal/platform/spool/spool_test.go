package spool_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/spool"
)

func two(t *testing.T) (dir string, owner, courier *spool.Spool) {
	t.Helper()
	dir = t.TempDir()
	owner, err := spool.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if courier, err = spool.Join(dir); err != nil {
		t.Fatal(err)
	}
	return dir, owner, courier
}

// TestJoined: whoever joins a folder removes nothing that its owner is writing, and of two that tell a reporter something at
// once the later word stands, whoever was first.
func TestJoined(t *testing.T) {
	dir, owner, courier := two(t)
	writing := filepath.Join(dir, "in", "new-HALF")
	if err := os.WriteFile(writing, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := spool.Join(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(writing); err != nil {
		t.Error("what the owner is writing is gone")
	}
	if _, err := spool.Open(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(writing); err == nil {
		t.Error("what an owner left half written is still there when it starts again")
	}
	for i := range 200 {
		name := fmt.Sprintf("%064x", i)
		var wait sync.WaitGroup
		for n, s := range map[int64]*spool.Spool{1: owner, 2: courier} {
			wait.Go(func() {
				if err := s.Note(envelope.Parcel{Version: envelope.Version, Name: name, N: n, Sealed: []byte("x")}); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if p, ok, err := owner.Status(name); !ok || err != nil || p.N != 2 {
			t.Fatalf("%d: told %d, %v", i, p.N, err)
		}
	}
	if names, err := owner.Told(); len(names) != 200 || err != nil {
		t.Errorf("%d are told something, %v", len(names), err)
	}
}

// TestBeside: a small file of a side's own is the one before or the new one, wherever it is cut off; one holds a name at a time.
func TestBeside(t *testing.T) {
	dir, s, other := two(t)
	if _, ok, err := s.Kept("side/state"); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	if err := s.Keep("side/state", []byte("one")); err != nil {
		t.Fatal(err)
	}
	dead := errors.New("gone")
	for n := 0; ; n++ {
		steps := 0
		s.Step = func(string) error {
			if steps++; steps > n {
				return dead
			}
			return nil
		}
		err := s.Keep("side/state", []byte("two"))
		b, ok, _ := other.Kept("side/state")
		if !ok || string(b) != "one" && string(b) != "two" || err == nil && string(b) != "two" {
			t.Errorf("cut off at step %d: %q, %v", n, b, err)
		}
		if err == nil {
			if n < 4 {
				t.Errorf("%d steps", n)
			}
			break
		}
	}
	s.Step = nil
	if i, err := os.Stat(filepath.Join(dir, "side", "state")); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", i.Mode(), err)
	}
	if err := s.Keep("../elsewhere", nil); err == nil {
		t.Error("a name leads out of the folder")
	}
	done, err := s.Alone("side/lock")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Alone("side/lock"); !errors.Is(err, spool.ErrBusy) {
		t.Errorf("held twice: %v", err)
	}
	done()
	if done, err = other.Alone("side/lock"); err != nil {
		t.Errorf("held by nobody: %v", err)
	} else {
		done()
	}
}

// TestBring: a sealed file comes in under its hash, and nothing else does under that.
func TestBring(t *testing.T) {
	_, s, _ := two(t)
	content := bytes.Repeat([]byte("sealed"), 1000)
	sum := sha256.Sum256(content)
	ref := hex.EncodeToString(sum[:])
	if err := s.Bring(ref, strings.NewReader("another")); !errors.Is(err, blob.ErrAltered) {
		t.Errorf("another: %v", err)
	}
	if _, err := s.Read(ref); err == nil {
		t.Error("it lies under the name")
	}
	if err := s.Bring(ref, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	r, err := s.Read(ref)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
}
