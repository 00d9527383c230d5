package spool

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"qianshao/internal/platform/blob"
)

// Keep keeps a small file of one side's own beside the letters, in the place of the one before: whole, on disk when it
// returns, and for its owner alone. Its name is a folder of its own and a file in it, or the file alone.
func (s *Spool) Keep(name string, b []byte) error {
	dir := path.Dir(name)
	if err := s.root.MkdirAll(dir, 0o700); err != nil {
		return refused(err)
	}
	temp := path.Join(dir, tempMark+rand.Text())
	err := s.fill(temp, b, true)
	if err == nil {
		if err = s.before("rename " + name); err == nil {
			err = s.root.Rename(temp, name)
		}
	}
	if err != nil {
		_ = s.root.Remove(temp) // may not be there
		return refused(err)
	}
	return refused(s.sync(dir))
}

// Kept reads what Keep kept.
func (s *Spool) Kept(name string) (b []byte, ok bool, err error) {
	b, err = s.root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return b, err == nil, refused(err)
}

// Side is a folder of one side's own in which it works; what is in it is its own business.
func (s *Spool) Side(name string) (*os.Root, error) {
	if err := s.root.MkdirAll(name, 0o700); err != nil {
		return nil, refused(err)
	}
	r, err := s.root.OpenRoot(name)
	return r, refused(err)
}

// Alone holds a name until the returned function is called; ErrBusy when somebody else holds it.
func (s *Spool) Alone(name string) (done func(), err error) {
	if err := s.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return nil, refused(err)
	}
	f, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, refused(err)
	}
	if err := tryLock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // closing it lets it go
}

// ErrBusy is a name that somebody else holds.
var ErrBusy = errors.New("spool: somebody else holds it")

// Bring takes in a sealed file from elsewhere, on disk when it returns; blob.ErrAltered when its bytes are not those that its
// name says.
func (s *Spool) Bring(ref string, from io.Reader) error {
	w, err := s.Create()
	if err != nil {
		return err
	}
	defer w.Discard()
	if _, err := io.Copy(w, from); err != nil {
		return err
	}
	got, _, err := w.Commit()
	if err == nil && got != ref {
		err = blob.ErrAltered
	}
	return err
}
