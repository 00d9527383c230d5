// Package spool is the folder between the public side and the work side: sealed letters wait in it to be taken in, and
// sealed answers wait for whoever has the receipt. Both sides work on one such folder, or each has its own and a courier
// carries what lies in them.
//
// The words: in/ holds envelopes by the name of their report, files/ what came with them by the hash of its sealed bytes,
// out/ what reporters are told, by the name of their report, more/ what they say after that, by the name of the report and
// one of its own; done/ what a database has taken in, for as long as that may be put back to an earlier state.
//
// What always holds: everything in it is sealed, and its files' times say no more than the day; a crash between any two steps leaves each file whole or not there; what
// was acknowledged is on disk; an answer never takes the place of a later one.
//
// Start at Spool.
package spool

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"qianshao/internal/fault"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/envelope"
)

// Spool is a folder: in/ holds envelopes that wait to be taken, more/ the words that do, files/ what came with either, out/
// what reporters are told; all but files/ by the name of the report. Everything in it is sealed. One process opens it; a
// courier joins it.
//
// A report is known when its name stands in in/, or in out/ after in/ was emptied: in/ is therefore on disk before
// anything is written to out/. What is told first follows from the envelope and is not waited for on disk: while that is
// here, it is written again when it is found lost. Whoever empties in/ therefore brings out/ to disk before, and takes each
// name once: a form that is sent again after the portal was killed between the two may put its name there again.
type Spool struct {
	root    *os.Root
	files   *blob.Store
	in, out folder
	more    folder
	done    folder
	placing sync.Mutex
	lock    *os.File // held while a name is given: a process that has joined gives names too
	// Step is told of each step on disk before it is made, and what it returns is what the step fails with: for tests.
	Step func(what string) error
}

const (
	tempMark   = "new-"
	nameLen    = 64
	refusedDir = "refused"
)

// Open opens a folder as a spool; it is made if it is not there. What an interrupted write left is removed.
func Open(dir string) (*Spool, error) {
	s, err := Join(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range []*folder{&s.in, &s.more, &s.out} {
		left, err := fs.Glob(s.root.FS(), f.name+"/"+tempMark+"*")
		if err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		for _, l := range left {
			if err := s.root.Remove(l); err != nil {
				return nil, fmt.Errorf("spool: %w", err)
			}
		}
	}
	return s, s.sync(".")
}

// Join opens a folder that another process may have open: what that one is writing is left alone. Should that one be
// started meanwhile and remove what is being written here, the write fails and can be made again.
func Join(dir string) (*Spool, error) {
	files, err := blob.Open(filepath.Join(dir, "files"))
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	s := &Spool{root: root, files: files, in: folder{name: "in"}, out: folder{name: "out"}, more: folder{name: "more"}, done: folder{name: "done"}}
	for _, f := range []*folder{&s.in, &s.out, &s.more} { // done/ when there is something for it: whoever only looks makes nothing
		if err := root.MkdirAll(f.name, 0o700); err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
	}
	if s.lock, err = root.OpenFile("lock", os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return s, nil
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

// Note is PutStatus without waiting for the disk: for what can be told again.
func (s *Spool) Note(p envelope.Parcel) error { return s.tell(p, false) }

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
	if !f.lawful(name) {
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

// lawful says whether a name is one that may stand in a folder.
func (f *folder) lawful(name string) bool {
	report, own, word := strings.Cut(name, "-")
	switch {
	case f.name == "more" && !word, word && f.name != "more" && f.name != "done":
		return false
	case word:
		return lawful(report) && lawful(own)
	}
	return lawful(name)
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
		_ = s.root.Remove(temp) // may not be there; Open removes what stays
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
	if err == nil {
		err = blob.Blur(s.root, temp)
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
	if err := lock(s.lock); err != nil {
		return err
	}
	defer unlock(s.lock)
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
	if s.Step == nil {
		return nil
	}
	return s.Step(what)
}

// Create begins a sealed file.
func (s *Spool) Create() (*File, error) {
	if err := s.before("create file"); err != nil {
		return nil, refused(err)
	}
	w, err := s.files.Create()
	return &File{w, s}, refused(err)
}

// File is a sealed file on its way to disk.
type File struct {
	*blob.Writer
	s *Spool
}

func (f *File) Write(b []byte) (int, error) {
	n, err := f.Writer.Write(b)
	return n, refused(err)
}

// Commit brings the file to disk and returns the name it lies under.
func (f *File) Commit() (ref string, size int64, err error) {
	if err := f.s.before("commit file"); err != nil {
		return "", 0, refused(err)
	}
	ref, size, err = f.Writer.Commit()
	return ref, size, refused(err)
}

// Read opens a sealed file; blob.ErrAltered when it is not there or not what was kept.
func (s *Spool) Read(ref string) (io.ReadCloser, error) { return s.files.Get(ref) }

// Drop removes files that nobody came to need.
func (s *Spool) Drop(refs ...string) {
	for _, r := range refs {
		_ = s.files.Drop(r) // sealed, and in nobody's way, if it stays
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

// Waiting lists the names of the envelopes in in/, in their own order, at most some of them.
func (s *Spool) Waiting(most int) ([]string, error) { return s.list(&s.in, "", most) }

// Told lists the names of those who are told something, in their own order.
func (s *Spool) Told() ([]string, error) { return s.list(&s.out, "", math.MaxInt) }

// list lists the names in a folder that begin with a prefix.
func (s *Spool) list(f *folder, prefix string, most int) (names []string, err error) {
	d, err := s.root.Open(f.name)
	if errors.Is(err, fs.ErrNotExist) && f == &s.done {
		return nil, nil
	}
	if err != nil {
		return nil, refused(err)
	}
	defer d.Close()
	for len(names) < most {
		some, err := d.Readdirnames(1024)
		for _, n := range some {
			if strings.HasPrefix(n, prefix) && f.lawful(n) {
				names = append(names, n)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, refused(err)
		}
	}
	slices.Sort(names)
	return names[:min(len(names), most)], nil
}

// Taken takes an envelope out of in/, with its files: it is kept elsewhere now. What its reporter is told is on disk
// before it goes.
func (s *Spool) Taken(e envelope.Envelope) error { return s.taken(&s.in, e.Name, e.Files) }

func (s *Spool) taken(f *folder, name string, files []string) error {
	err := s.leave(f, name, s.root.Remove)
	if err == nil {
		s.Drop(files...)
	}
	return err
}

// leave takes a name out of a folder once what its reporter is told is on disk.
func (s *Spool) leave(f *folder, name string, how func(at string) error) error {
	if err := s.out.flush(func() error { return s.sync(s.out.name) }); err != nil {
		return refused(err)
	}
	if err := s.before("remove " + f.name + "/" + name); err != nil {
		return refused(err)
	}
	if err := how(f.name + "/" + name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return refused(err)
	}
	return nil
}

// Refuse lays aside what can't be taken: it stays in refused/ until somebody has looked.
func (s *Spool) Refuse(name string) error { return s.lay(&s.in, name) }

// RefuseWord is Refuse for a word.
func (s *Spool) RefuseWord(name string) error { return s.lay(&s.more, name) }

func (s *Spool) lay(f *folder, name string) error {
	if err := s.root.MkdirAll(refusedDir, 0o700); err != nil {
		return refused(err)
	}
	return refused(s.root.Rename(f.name+"/"+name, refusedDir+"/"+name))
}
