package portal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/fault"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
)

// Home is what a public side of its own keeps beside the letters, in the folder portal/ of its spool: the key that signs the
// notes (made at the first start), the key that directories must be signed with (given by a person, once), and the newest
// directory that was signed with it. None of it opens anything.
type Home struct {
	Notes seal.Notes
	spool *spool.Spool
	trust note.Verifier
	mu    sync.Mutex
	now   atomic.Pointer[envelope.Directory]
}

const (
	keyName       = "portal/key"
	trustName     = "portal/trust"
	directoryKept = "portal/directory"
	signsAs       = "qianshao-portal"
)

// OpenHome reads what is there and makes what is not. trust is the key that directories are checked with, as keys directory
// prints it; it may be left out once it was said.
func OpenHome(s *spool.Spool, trust string) (*Home, error) {
	h := &Home{spool: s}
	var err error
	if h.Notes, err = h.signing(); err != nil {
		return nil, err
	}
	if h.trust, err = h.pinned(strings.TrimSpace(trust)); err != nil {
		return nil, err
	}
	b, ok, err := s.Kept(directoryKept)
	if err != nil || !ok {
		return h, err
	}
	d, err := envelope.ReadDirectory(b, h.trust)
	if err != nil {
		return nil, fault.New(fault.Conflict, "portal.kept").Because(err)
	}
	h.now.Store(&d)
	return h, nil
}

// signing is the key that notes are signed with.
func (h *Home) signing() (seal.Notes, error) {
	b, ok, err := h.spool.Kept(keyName)
	if err != nil {
		return seal.Notes{}, err
	}
	if ok {
		n, err := seal.ParseNotes(b)
		if err != nil {
			err = fault.New(fault.Invalid, "portal.key", keyName).Because(err)
		}
		return n, err
	}
	n, err := seal.NewNotes(signsAs)
	if err == nil {
		err = h.spool.Keep(keyName, n.File())
	}
	return n, err
}

// pinned is the key that directories are checked with: the one given at first, for good.
func (h *Home) pinned(given string) (note.Verifier, error) {
	b, ok, err := h.spool.Kept(trustName)
	if err != nil {
		return nil, err
	}
	was := strings.TrimSpace(string(b))
	switch {
	case !ok && given == "":
		return nil, fault.New(fault.Invalid, "portal.untrusted")
	case ok && given != "" && given != was:
		return nil, fault.New(fault.Conflict, "portal.trust", was)
	case ok:
		given = was
	}
	v, err := note.NewVerifier(given)
	if err != nil {
		return nil, fault.New(fault.Invalid, "portal.trust_form", given)
	}
	if !ok {
		err = h.spool.Keep(trustName, []byte(given+"\n"))
	}
	return v, err
}

// Directory is the one that holds now, nil before the first.
func (h *Home) Directory() *envelope.Directory { return h.now.Load() }

// Take takes a directory into use, if it is signed by the deployment that is trusted here and newer than the one that holds.
// Whatever it refuses leaves that one as it is.
func (h *Home) Take(b []byte) (fresh bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d, err := envelope.ReadDirectory(b, h.trust)
	if err != nil {
		return false, fault.New(fault.Conflict, "portal.directory").Because(err)
	}
	if was := h.now.Load(); was != nil && d.Serial <= was.Serial {
		if d.Serial < was.Serial {
			return false, fault.New(fault.Conflict, "portal.directory_old", string(d.Made), string(was.Made))
		}
		kept, _, err := h.spool.Kept(directoryKept)
		if err == nil && !bytes.Equal(kept, b) {
			err = fault.New(fault.Conflict, "portal.directory_old", string(d.Made), string(was.Made))
		}
		return false, err
	}
	if err := h.spool.Keep(directoryKept, b); err != nil {
		return false, err
	}
	h.now.Store(&d)
	return true, nil
}

// Watched is a directory's file that is read again when it has changed.
type Watched struct {
	Path string
	size int64
	at   time.Time
}

// Look takes the file's directory into use if the file is another than at the last look. No file is no change.
func (w *Watched) Look(h *Home) (fresh bool, err error) {
	i, err := os.Stat(w.Path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("portal: %w", err)
	}
	if i.Size() == w.size && i.ModTime().Equal(w.at) {
		return false, nil
	}
	b, err := os.ReadFile(w.Path)
	if err != nil {
		return false, fmt.Errorf("portal: %w", err)
	}
	w.size, w.at = i.Size(), i.ModTime()
	return h.Take(b)
}
