// Package blob keeps sealed contents in a directory, each under the hash of its own bytes.
//
// What comes in is already sealed (package seal): nothing readable ever touches the disk, not even for a moment. A
// content is written to a temporary name, brought to disk, and then linked to its final one, so that a crash leaves
// either the whole of it or nothing; the same bytes twice are one file. Names are made here from the hash and never
// from what a person typed.
//
// Start at Store.Create.
package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// Store is a directory of contents.
type Store struct{ dir string }

// Open makes a store of a directory, which is made if it is not there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &Store{dir}, nil
}

// Writer takes one content. Commit keeps it; Discard, which may always be deferred, forgets what was not kept.
type Writer struct {
	s    *Store
	f    *os.File
	h    hash.Hash
	n    int64
	kept bool
}

// Create begins a content.
func (s *Store) Create() (*Writer, error) {
	f, err := os.CreateTemp(s.dir, "new-*")
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &Writer{s: s, f: f, h: sha256.New()}, nil
}

func (w *Writer) Write(b []byte) (int, error) {
	n, err := w.f.Write(b)
	w.h.Write(b[:n]) // hash.Hash never fails
	w.n += int64(n)
	return n, err
}

// Commit brings the content to disk and returns its name and size in bytes.
func (w *Writer) Commit() (name string, size int64, err error) {
	name = hex.EncodeToString(w.h.Sum(nil))
	if err := errors.Join(w.f.Sync(), w.f.Close()); err != nil {
		return "", 0, fmt.Errorf("blob: %w", err)
	}
	path := w.s.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", 0, fmt.Errorf("blob: %w", err)
	}
	if err := os.Rename(w.f.Name(), path); err != nil {
		return "", 0, fmt.Errorf("blob: %w", err)
	}
	w.kept = true
	return name, w.n, nil
}

// Discard forgets a content that was not kept.
func (w *Writer) Discard() {
	if !w.kept {
		_ = w.f.Close()           // may be closed already
		_ = os.Remove(w.f.Name()) // a file left behind is sealed and swept away by hand
	}
}

// ErrName is what Open gives for a name that Commit can't have returned.
var ErrName = errors.New("blob: no such name")

// Get opens a content.
func (s *Store) Get(name string) (io.ReadCloser, error) {
	if b, err := hex.DecodeString(name); err != nil || len(b) != sha256.Size || hex.EncodeToString(b) != name {
		return nil, ErrName
	}
	return os.Open(s.path(name))
}

func (s *Store) path(name string) string { return filepath.Join(s.dir, name[:2], name) }
