package backup

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var zone = time.FixedZone("", 8*3600)

// shelf is one whose clock the test moves.
func shelf(t *testing.T) (*Shelf, *time.Time) {
	now := time.Date(2026, 10, 12, 9, 0, 0, 0, zone)
	return &Shelf{Dir: t.TempDir(), Every: time.Hour, Keep: 3, Zone: zone, Now: func() time.Time { return now },
		Make: func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, "sealed"); return err }}, &now
}

func (s *Shelf) must(t *testing.T, want bool) {
	t.Helper()
	if made, err := s.Look(context.Background()); made != want || err != nil {
		t.Errorf("made %v, %v", made, err)
	}
}

func files(t *testing.T, s *Shelf) string {
	t.Helper()
	es, err := os.ReadDir(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range es {
		if e.Name() != nameLock {
			out = append(out, e.Name())
		}
	}
	return strings.Join(out, " ")
}

// When the next one is due follows from the files alone, whatever program looks; old ones are removed.
func TestShelf(t *testing.T) {
	s, now := shelf(t)
	s.must(t, true)
	s.must(t, false)
	*now = now.Add(59 * time.Minute)
	again := &Shelf{Dir: s.Dir, Every: s.Every, Keep: s.Keep, Zone: zone, Now: s.Now, Make: s.Make} // the program started anew
	again.must(t, false)
	for range 4 {
		*now = now.Add(time.Hour)
		again.must(t, true)
	}
	if got := files(t, s); got != "qianshao-20261012-115900.backup qianshao-20261012-125900.backup qianshao-20261012-135900.backup" {
		t.Error(got)
	}
	st, err := s.State()
	if err != nil || !st.Last.Equal(*now) || !st.Next.Equal(now.Add(time.Hour)) || st.Kept != 3 || st.Failures != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	// The clock was far ahead and is right again: backups go on.
	*now = now.AddDate(0, 0, -30)
	s.must(t, true)
	s.must(t, false)
	if got := files(t, s); !strings.Contains(got, "qianshao-20260912-135900.backup") {
		t.Error(got)
	}
}

// One that fails leaves nothing behind, is counted, and is tried again before long; what is no backup stays.
func TestShelfFails(t *testing.T) {
	s, now := shelf(t)
	other := filepath.Join(s.Dir, "qianshao-mine.backup")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(s.Dir, nameAside+"died")
	if err := errors.Join(os.WriteFile(left, nil, 0o600), os.Chtimes(left, now.AddDate(0, 0, -2), now.AddDate(0, 0, -2))); err != nil {
		t.Fatal(err)
	}
	good, broken := s.Make, errors.New("disk full")
	s.Make = func(_ context.Context, w io.Writer) error { _, _ = io.WriteString(w, "half"); return broken }
	if made, err := s.Look(context.Background()); made || !errors.Is(err, broken) {
		t.Errorf("made %v, %v", made, err)
	}
	s.must(t, false) // not at once
	if st, err := s.State(); err != nil || st.Failures != 1 || !st.Failed.Equal(*now) || !st.Last.IsZero() {
		t.Errorf("%+v, %v", st, err)
	}
	if got := files(t, s); got != nameAside+"died qianshao-mine.backup" {
		t.Error(got)
	}
	*now, s.Make = now.Add(againAfter), good
	s.must(t, true)
	if got := files(t, s); got != "qianshao-20261012-091000.backup qianshao-mine.backup" {
		t.Error(got)
	}
	// A stop is no failure.
	gone, cancel := context.WithCancel(context.Background())
	*now = now.Add(time.Hour)
	s.Make = func(ctx context.Context, _ io.Writer) error { cancel(); return ctx.Err() }
	if _, err := s.Look(gone); err == nil {
		t.Error("made without an end")
	}
	if st, _ := s.State(); st.Failures != 1 {
		t.Errorf("%+v", st)
	}
	if err := (&Shelf{Dir: filepath.Join(s.Dir, "absent")}).Check(); err == nil {
		t.Error("a folder that is not there will do")
	}
}

// While one program makes a backup no other begins one.
func TestShelfShared(t *testing.T) {
	s, _ := shelf(t)
	other := &Shelf{Dir: s.Dir, Every: s.Every, Keep: s.Keep, Zone: zone, Now: s.Now, Make: func(context.Context, io.Writer) error { t.Error("two at once"); return nil }}
	good := s.Make
	s.Make = func(ctx context.Context, w io.Writer) error {
		other.must(t, false)
		return good(ctx, w)
	}
	s.must(t, true)
	other.must(t, false)
}
