package portal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"qianshao/internal/fault"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/envelope"
)

// Spool is a folder: in/ holds envelopes that wait to be taken, files/ what came with them, out/ what reporters are told;
// the first and the last by the name of the report. Everything in it is sealed. One process writes it at a time.
//
// A report is known when its name stands in in/, or in out/ after in/ was emptied: in/ is therefore on disk before
// anything is written to out/. What is told first follows from the envelope and is not waited for on disk: while that is
// here, it is written again when it is found lost. Whoever empties in/ therefore brings out/ to disk before, and takes each
// name once: a form that is sent again after the portal was killed between the two may put its name there again.
type Spool struct {
	root    *os.Root
	files   *blob.Store
	in, out folder
	placing sync.Mutex
	step    func(what string) error // what a test lets fail; nil otherwise
}

const (
	tempMark = "new-"
	nameLen  = 64
)

// OpenSpool opens a folder as a spool; it is made if it is not there. What an interrupted write left is removed.
func OpenSpool(dir string) (*Spool, error) {
	files, err := blob.Open(filepath.Join(dir, "files"))
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	s := &Spool{root: root, files: files, in: folder{name: "in"}, out: folder{name: "out"}}
	for _, f := range []*folder{&s.in, &s.out} {
		if err := root.MkdirAll(f.name, 0o700); err != nil {
			return nil, fmt.Errorf("portal: %w", err)
		}
		left, err := fs.Glob(root.FS(), f.name+"/"+tempMark+"*")
		if err != nil {
			return nil, fmt.Errorf("portal: %w", err)
		}
		for _, l := range left {
			if err := root.Remove(l); err != nil {
				return nil, fmt.Errorf("portal: %w", err)
			}
		}
	}
	return s, s.sync(".")
}

// Put keeps an envelope, on disk when it returns. A report that is known already stays as it is: fresh says that it was not.
func (s *Spool) Put(e envelope.Envelope) (fresh bool, err error) {
	b, err := e.Marshal()
	if err != nil {
		return false, err
	}
	if _, err := envelope.Parse(b); err != nil {
		return false, err
	}
	err = s.write(&s.in, e.Name, b, true, func() (bool, error) {
		in, err := s.has(&s.in, e.Name)
		if err != nil || in {
			return false, err
		}
		out, err := s.has(&s.out, e.Name)
		fresh = err == nil && !out
		return fresh, err
	})
	return fresh && err == nil, err
}

// PutStatus keeps what a reporter is told, on disk when it returns, unless something as new is there.
func (s *Spool) PutStatus(p envelope.Parcel) error { return s.tell(p, true) }

func (s *Spool) tell(p envelope.Parcel, lasting bool) error {
	b, err := p.Marshal()
	if err != nil {
		return err
	}
	if _, err := envelope.ParseParcel(b); err != nil {
		return err
	}
	return s.write(&s.out, p.Name, b, lasting, func() (bool, error) {
		was, ok, err := s.Status(p.Name)
		if errors.Is(err, envelope.ErrForm) { // the power went before it was on disk
			ok, err = false, nil
		}
		return err == nil && (!ok || was.N < p.N), err
	})
}

// Envelope is the one that waits under a name.
func (s *Spool) Envelope(name string) (e envelope.Envelope, ok bool, err error) {
	b, ok, err := s.read(&s.in, name)
	if ok {
		e, err = envelope.Parse(b)
	}
	return e, ok && err == nil, err
}

// Status is what the reporter of a name is told.
func (s *Spool) Status(name string) (p envelope.Parcel, ok bool, err error) {
	b, ok, err := s.read(&s.out, name)
	if ok {
		p, err = envelope.ParseParcel(b)
	}
	return p, ok && err == nil, err
}

func (s *Spool) read(f *folder, name string) ([]byte, bool, error) {
	if !lawful(name) {
		return nil, false, nil
	}
	b, err := s.root.ReadFile(f.name + "/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return b, err == nil, refused(err)
}

func (s *Spool) has(f *folder, name string) (bool, error) {
	_, err := s.root.Stat(f.name + "/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// lawful says whether a name is one of those that receipts give.
func lawful(name string) bool {
	b, err := hex.DecodeString(name)
	return err == nil && len(name) == nameLen && hex.EncodeToString(b) == name
}

// write brings bytes to disk under a temporary name, gives them their own if wanted says so, and brings that to disk too.
// Where they are not wanted, what is there instead is on disk when it returns. What is not lasting is not waited for.
func (s *Spool) write(f *folder, name string, b []byte, lasting bool, wanted func() (bool, error)) error {
	temp := f.name + "/" + tempMark + rand.Text()
	err := s.fill(temp, b, lasting)
	if err == nil {
		err = s.place(temp, f.name+"/"+name, wanted)
	}
	if err != nil {
		_ = s.root.Remove(temp) // may not be there; OpenSpool removes what stays
		return refused(err)
	}
	if !lasting {
		return nil
	}
	return refused(f.flush(func() error { return s.sync(f.name) }))
}

func (s *Spool) fill(temp string, b []byte, lasting bool) error {
	if err := s.before("create " + temp); err != nil {
		return err
	}
	w, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = s.before("write " + temp); err == nil {
		_, err = w.Write(b)
	}
	if err == nil && lasting {
		if err = s.before("sync " + temp); err == nil {
			err = w.Sync()
		}
	}
	return errors.Join(err, w.Close())
}

func (s *Spool) place(temp, final string, wanted func() (bool, error)) error {
	s.placing.Lock()
	defer s.placing.Unlock()
	yes, err := wanted()
	if err != nil {
		return err
	}
	if !yes {
		return s.root.Remove(temp)
	}
	if err := s.before("rename " + final); err != nil {
		return err
	}
	return s.root.Rename(temp, final)
}

// sync brings a folder's names to disk.
func (s *Spool) sync(dir string) error {
	if err := s.before("sync " + dir); err != nil {
		return err
	}
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *Spool) before(what string) error {
	if s.step == nil {
		return nil
	}
	return s.step(what)
}

// drop removes files that nobody came to need.
func (s *Spool) drop(files []envelope.File) {
	for _, f := range files {
		_ = s.files.Drop(f.Ref) // sealed, and in nobody's way, if it stays
	}
}

// refused is a disk that does not take or give what is asked of it, as people are told.
func refused(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Unavailable, "portal.disk").Because(err)
}

// folder lets writers that come while its names are being brought to disk share the next time that is done.
type folder struct {
	name    string
	mu      sync.Mutex
	waiting *round
	running sync.Mutex
}

type round struct {
	done chan struct{}
	err  error
}

// flush returns when a sync that began after it was called has ended.
func (f *folder) flush(sync func() error) error {
	f.mu.Lock()
	r, first := f.waiting, f.waiting == nil
	if first {
		r = &round{done: make(chan struct{})}
		f.waiting = r
	}
	f.mu.Unlock()
	if first {
		f.running.Lock()
		f.mu.Lock()
		f.waiting = nil // whoever comes from here on may have renamed too late for this one
		f.mu.Unlock()
		r.err = sync()
		f.running.Unlock()
		close(r.done)
	}
	<-r.done
	return r.err
}

// plain is a file's name without what a path or a terminal would make of it.
func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "�"))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if r := []rune(name); len(r) > 120 {
		name = string(r[len(r)-120:]) // the ending says what it is
	}
	return name
}
