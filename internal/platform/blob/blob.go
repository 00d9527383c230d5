// Package blob keeps sealed contents in a directory, each under the hash of its own bytes.
//
// What comes in is already sealed (package seal): nothing readable ever touches the disk, not even for a moment. A
// content is written to a temporary name, brought to disk, and then linked to its final one, so that a crash leaves
// either the whole of it or nothing; the same bytes twice are one file. Names are made here from the hash and never
// from what a person typed, and whatever is found under one is held against it before a byte of it is given. No link
// inside the directory leads out of it.
//
// Start at Store.Create.
package blob

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"syscall"
	"time"

	"qianshao/internal/fault"
)

// Store is a directory of contents.
type Store struct{ root *os.Root }

// Open makes a store of a directory, which is made if it is not there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &Store{root}, nil
}

// Dir is the directory.
func (s *Store) Dir() string { return s.root.Name() }

// Writer takes one content. Commit keeps it; Discard, which may always be deferred, forgets what was not kept.
type Writer struct {
	s    *Store
	f    *os.File
	temp string
	h    hash.Hash
	n    int64
	kept bool
}

// Create begins a content.
func (s *Store) Create() (*Writer, error) {
	temp := "new-" + rand.Text()
	f, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, refused(err)
	}
	return &Writer{s: s, f: f, temp: temp, h: sha256.New()}, nil
}

func (w *Writer) Write(b []byte) (int, error) {
	n, err := w.f.Write(b)
	w.h.Write(b[:n]) // hash.Hash never fails
	w.n += int64(n)
	return n, refused(err)
}

// refused is a disk that does not take what is to be kept, as people are told.
func refused(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fault.New(fault.Unavailable, "file.full").Because(err)
	}
	return fault.New(fault.Unavailable, "file.disk").Because(err)
}

// Commit brings the content to disk and returns its name and size in bytes.
func (w *Writer) Commit() (name string, size int64, err error) {
	name = hex.EncodeToString(w.h.Sum(nil))
	if err := errors.Join(Blur(w.s.root, w.temp), w.f.Sync(), w.f.Close()); err != nil {
		return "", 0, refused(err)
	}
	final := place(name)
	if err := w.s.root.MkdirAll(path.Dir(final), 0o700); err != nil {
		return "", 0, refused(err)
	}
	if err := w.s.root.Rename(w.temp, final); err != nil {
		return "", 0, refused(err)
	}
	w.kept = true
	// The name has to be on disk too, or a power cut takes the whole file.
	if err := errors.Join(w.s.flush(path.Dir(final)), w.s.flush(".")); err != nil {
		return "", 0, errors.Join(refused(err), w.s.root.Remove(final))
	}
	return name, w.n, nil
}

// Blur leaves no more than the day in a file's times: when somebody handed something in tells who it was. When its entry in
// the file system was changed is kept by the system alone, on that disk, and goes into no copy.
func Blur(root *os.Root, name string) error {
	day := time.Now().Truncate(24 * time.Hour)
	return root.Chtimes(name, day, day)
}

// flush brings a folder's names to disk.
func (s *Store) flush(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Drop removes a content that nobody came to need after all.
func (s *Store) Drop(name string) error { return s.root.Remove(place(name)) }

// Discard forgets a content that was not kept.
func (w *Writer) Discard() {
	if !w.kept {
		_ = w.f.Close()             // may be closed already
		_ = w.s.root.Remove(w.temp) // a file left behind is sealed and swept away by hand
	}
}

// ErrName is what Get gives for a name that Commit can't have returned.
var ErrName = errors.New("blob: no such name")

// ErrAltered is what Get gives for a content that is not the one kept under the name, or is not there any more.
var ErrAltered = errors.New("blob: the content is not what was kept")

// Get opens a content. All of it is read once to hold it against its name: its seal says that somebody sealed it, not
// that it is the one that was kept here.
func (s *Store) Get(name string) (io.ReadCloser, error) {
	if b, err := hex.DecodeString(name); err != nil || len(b) != sha256.Size || hex.EncodeToString(b) != name {
		return nil, ErrName
	}
	f, err := s.root.Open(place(name))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	h := sha256.New()
	if _, err = io.Copy(h, f); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil && hex.EncodeToString(h.Sum(nil)) != name {
		err = ErrAltered
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("blob %s: %w", name, err), f.Close())
	}
	return f, nil
}

func place(name string) string { return path.Join(name[:2], name) }
