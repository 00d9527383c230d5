package backup

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Shelf is a folder of backups that a running program fills by itself. What is there is told by the names alone, so that
// nothing is forgotten when the program starts anew, and several programs may share a folder: one backup is made at a time.
type Shelf struct {
	Dir   string
	Every time.Duration
	Keep  int                                          // the oldest beyond so many are removed
	Zone  *time.Location                               // of the times in the names
	Now   func() time.Time                             // the host's clock
	Make  func(ctx context.Context, w io.Writer) error // writes one sealed backup

	mu       sync.Mutex
	failed   time.Time
	failures int64
}

// State is how a shelf stands.
type State struct {
	Last     time.Time // when the newest backup was begun; zero: there is none
	Next     time.Time // when the next one is due
	Kept     int
	Failed   time.Time // when one failed last since the program's start; zero: none did
	Failures int64
}

const (
	namePart  = "qianshao-"
	nameTime  = "20060102-150405"
	nameEnds  = ".backup"
	nameAside = ".qianshao-"
	nameLock  = ".qianshao.lock"
	// leftAfter is when a file under another name is what a program that died left behind.
	leftAfter = 24 * time.Hour
	// againAfter is how long a failure is left alone at most before the next try.
	againAfter = 10 * time.Minute
)

// at reads the instant from a backup's name.
func (s *Shelf) at(name string) (time.Time, bool) {
	text, ok := strings.CutPrefix(name, namePart)
	text, whole := strings.CutSuffix(text, nameEnds)
	t, err := time.ParseInLocation(nameTime, text, s.Zone)
	return t, ok && whole && err == nil
}

// backups lists what is there, oldest first.
func (s *Shelf) backups() ([]string, error) {
	es, err := os.ReadDir(s.Dir)
	var out []string
	for _, e := range es {
		if _, ok := s.at(e.Name()); ok && e.Type().IsRegular() {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out, err
}

// Check says whether backups can be written where they should be.
func (s *Shelf) Check() error {
	f, err := os.CreateTemp(s.Dir, nameAside+"*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// State reads how the shelf stands now.
func (s *Shelf) State() (State, error) {
	names, err := s.backups()
	s.mu.Lock()
	st := State{Kept: len(names), Failed: s.failed, Failures: s.failures}
	s.mu.Unlock()
	now := s.Now()
	st.Next = now
	for _, n := range names {
		// One from the future says that the clock was wrong, and nothing of when the next is due.
		if t, _ := s.at(n); !t.After(now) {
			st.Last, st.Next = t, t.Add(s.Every)
		}
	}
	if again := s.again(); st.Next.Before(again) {
		st.Next = again
	}
	return st, err
}

// again is before when nothing is tried after a failure; zero if none failed.
func (s *Shelf) again() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed.IsZero() {
		return s.failed
	}
	return s.failed.Add(min(s.Every, againAfter))
}

// Failures is how many backups failed since the program's start.
func (s *Shelf) Failures() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures
}

// Look makes a backup if one is due and nobody else is making one, and says whether it did.
func (s *Shelf) Look(ctx context.Context) (bool, error) {
	if s.Now().Before(s.again()) {
		return false, nil
	}
	made, err := s.look(ctx)
	if err != nil && ctx.Err() == nil {
		s.mu.Lock()
		s.failed, s.failures = s.Now(), s.failures+1
		s.mu.Unlock()
	}
	return made, err
}

func (s *Shelf) look(ctx context.Context) (bool, error) {
	st, err := s.State()
	if err != nil || s.Now().Before(st.Next) {
		return false, err
	}
	unlock, err := lock(filepath.Join(s.Dir, nameLock))
	if unlock == nil {
		return false, err
	}
	defer unlock()
	// Somebody else may have made it before the lock was ours.
	if st, err = s.State(); err != nil || s.Now().Before(st.Next) {
		return false, err
	}
	name := namePart + s.Now().In(s.Zone).Format(nameTime) + nameEnds
	if _, err := Aside(filepath.Join(s.Dir, name), func(w io.Writer) error { return s.Make(ctx, w) }); err != nil {
		return false, err
	}
	return true, s.prune(name)
}

// prune removes the oldest backups and what died while it was written, but never the one just made.
func (s *Shelf) prune(made string) error {
	names, err := s.backups()
	if err != nil {
		return err
	}
	var failed []error
	for _, n := range names[:max(0, len(names)-s.Keep)] {
		if n != made {
			failed = append(failed, os.Remove(filepath.Join(s.Dir, n)))
		}
	}
	es, err := os.ReadDir(s.Dir)
	for _, e := range es {
		st, statErr := e.Info()
		if statErr == nil && strings.HasPrefix(e.Name(), nameAside) && st.Mode().IsRegular() && s.Now().Sub(st.ModTime()) > leftAfter {
			failed = append(failed, os.Remove(filepath.Join(s.Dir, e.Name())))
		}
	}
	return errors.Join(append(failed, err)...)
}

// Aside writes a file under another name, for its owner alone, and gives it its name once it is whole and on the disk.
func Aside(path string, write func(io.Writer) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), nameAside+"*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // what went wrong is the news
		}
	}()
	if err = write(f); err != nil {
		return 0, errors.Join(err, f.Close())
	}
	st, err := f.Stat()
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	return st.Size(), os.Rename(f.Name(), path)
}
