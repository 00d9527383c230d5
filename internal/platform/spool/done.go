package spool

import (
	"errors"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"qianshao/internal/platform/envelope"
)

// What a database has taken in stays in done/ for a while, sealed as it came. Should that database be put back to an
// earlier state, it has forgotten what its reporters hold a receipt for: then that goes where it came from, to be taken in
// once more.

// Settle takes an envelope out of in/ as Taken does, and keeps it in done/ with its files.
func (s *Spool) Settle(e envelope.Envelope) error { return s.settle(&s.in, e.Name) }

// SettleWord is Settle for a word.
func (s *Spool) SettleWord(w envelope.Word) error { return s.settle(&s.more, w.ID()) }

func (s *Spool) settle(f *folder, name string) error {
	if err := s.root.MkdirAll(s.done.name, 0o700); err != nil {
		return refused(err)
	}
	return s.leave(f, name, func(at string) error { return s.root.Rename(at, s.done.name+"/"+name) })
}

// Settled lists the names in done/, reports and words, in their own order.
func (s *Spool) Settled() ([]string, error) { return s.list(&s.done, "", math.MaxInt) }

// SettledReport is the envelope kept under a name, SettledWord the word; each says of the other that it is not there.
func (s *Spool) SettledReport(name string) (e envelope.Envelope, ok bool, err error) {
	if isWord(name) {
		return e, false, nil
	}
	b, ok, err := s.read(&s.done, name)
	if ok {
		e, err = envelope.Parse(b)
	}
	return e, ok && err == nil, err
}

// SettledWord is the word kept under a name.
func (s *Spool) SettledWord(name string) (w envelope.Word, ok bool, err error) {
	if !isWord(name) {
		return w, false, nil
	}
	b, ok, err := s.read(&s.done, name)
	if ok {
		w, err = envelope.ParseWord(b)
	}
	return w, ok && err == nil, err
}

// Recall puts what is kept under a name back where it waits to be taken in.
func (s *Spool) Recall(name string) error {
	to := &s.in
	if isWord(name) {
		to = &s.more
	}
	if err := s.before("rename " + to.name + "/" + name); err != nil {
		return refused(err)
	}
	return refused(s.root.Rename(s.done.name+"/"+name, to.name+"/"+name))
}

// Forget removes what came here before an instant and was taken in, with its files.
func (s *Spool) Forget(before time.Time) error {
	names, err := s.Settled()
	if err != nil {
		return err
	}
	for _, name := range names {
		i, err := s.root.Stat(s.done.name + "/" + name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !i.ModTime().Before(before) {
			continue
		}
		if err != nil {
			return refused(err)
		}
		var files []string
		if e, ok, err := s.SettledReport(name); err == nil && ok {
			files = e.Files
		} else if w, ok, err := s.SettledWord(name); err == nil && ok {
			files = w.Files
		}
		if err := s.root.Remove(s.done.name + "/" + name); err != nil {
			return refused(err)
		}
		s.Drop(files...)
	}
	return nil
}

func isWord(name string) bool { return strings.Contains(name, "-") }

// Standing is how much lies here that somebody must do something about.
type Standing struct {
	Waiting int       // reports and words that are to be taken in, or carried away
	Since   time.Time // the day on which the oldest of them came
	Refused int       // what could not be taken in
}

// Stands looks.
func (s *Spool) Stands() (st Standing, err error) {
	for _, f := range []*folder{&s.in, &s.more} {
		names, err := s.list(f, "", math.MaxInt)
		if err != nil {
			return st, err
		}
		for _, n := range names {
			i, err := s.root.Stat(f.name + "/" + n)
			if errors.Is(err, fs.ErrNotExist) { // taken meanwhile
				continue
			}
			if err != nil {
				return st, refused(err)
			}
			st.Waiting++
			if st.Since.IsZero() || i.ModTime().Before(st.Since) {
				st.Since = i.ModTime()
			}
		}
	}
	d, err := s.root.Open(refusedDir)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return st, refused(err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	st.Refused = len(slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, ".") }))
	return st, refused(err)
}
