package courier

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"qianshao/internal/fault"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// Took is what came of taking a bundle in.
type Took struct {
	Number    int64
	Missing   []int64 // the first and the last number that never came, if any: what they carried came with this one
	Letters   int     // new here
	Words     int     // new here
	Answers   int     // new here
	Known     int     // were here already
	Gone      int     // letters that the work side has, and that are not here any more
	Directory bool    // a new one
	SetBack   bool    // the other side knows bundles of this side that nobody here remembers
	Resend    bool    // the other side asks for everything again
}

// Found lists the other side's bundles in a folder that have not been taken in, in their order.
func (c *Courier) Found(dir string) ([]string, error) {
	st, err := loadState(c.spool)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fault.New(fault.Invalid, "courier.path", dir).Because(err)
	}
	var names []string
	for _, e := range entries {
		if bundleNumber(c.peer.side, e.Name()) > st.Received.N {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return int(bundleNumber(c.peer.side, a) - bundleNumber(c.peer.side, b))
	})
	for i, n := range names {
		names[i] = filepath.Join(dir, n)
	}
	return names, nil
}

const staged = "staged" // within courier/

// In takes a bundle in. Whatever is not right with it is said, and nothing here was changed by it. Interrupted, it is to be
// done again with the same bundle or a later one.
func (c *Courier) In(path string) (t Took, err error) {
	done, err := alone(c.spool)
	if err != nil {
		return t, err
	}
	defer done()
	st, err := loadState(c.spool)
	if err != nil {
		return t, err
	}
	root, err := c.spool.Side("courier")
	if err != nil {
		return t, err
	}
	defer root.Close()
	if err := c.step("create " + staged); err != nil {
		return t, err
	}
	stage, err := root.OpenFile(staged, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return t, fault.New(fault.Unavailable, "courier.disk").Because(err)
	}
	defer func() { err = errors.Join(err, stage.Close(), root.Remove(staged)) }()
	h, sum, err := c.check(path, stage, st)
	if err != nil {
		return t, err
	}
	t.Number, t.Resend = h.n, h.again
	if h.n > st.Received.N+1 {
		t.Missing = []int64{st.Received.N + 1, h.n - 1}
	}
	if _, err := stage.Seek(0, io.SeekStart); err != nil {
		return t, err
	}
	if err := c.place(bufio.NewReaderSize(stage, 256<<10), &t); err != nil {
		return t, err
	}
	if t.SetBack, err = c.acknowledged(&st, h); err != nil {
		return t, err
	}
	st.Received, st.Heard = reached{h.n, sum}, time.Now().Unix()
	if err := st.save(c.spool); err != nil {
		return t, err
	}
	return t, c.forget(st.Acked)
}

// check reads a bundle to its end, keeping what it reads, and says whether it is the other side's, whole, for this side, and
// newer than what was taken in.
func (c *Courier) check(path string, stage io.Writer, st state) (h head, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, "", fault.New(fault.Invalid, "courier.path", path).Because(err)
	}
	defer f.Close()
	plain, err := seal.Reader(bufio.NewReaderSize(f, 256<<10), c.own.private)
	if err != nil {
		return h, "", fault.New(fault.Conflict, "courier.unreadable").Because(err)
	}
	keep := bufio.NewWriterSize(&stages{stage}, 256<<10)
	begun := func(got head) error {
		h = got
		switch {
		case h.from != c.peer.side || h.to != digest([]byte(c.own.line)):
			return fault.New(fault.Conflict, "courier.others")
		case h.n < st.Received.N:
			return fault.New(fault.Conflict, "courier.older", strconv.FormatInt(h.n, 10), strconv.FormatInt(st.Received.N, 10))
		case h.n == st.Received.N+1 && h.before != st.Received.Digest && (st.Received.N > 0 || h.before != ""):
			return fault.New(fault.Conflict, "courier.forked", strconv.FormatInt(h.n, 10))
		}
		return nil
	}
	var files []string // that may follow
	each := func(x item) error { return c.lawful(x, &files) }
	if sum, err = walk(io.TeeReader(plain, keep), c.peer.verifier, begun, each); err != nil {
		return h, "", err
	}
	if h.n == st.Received.N {
		if sum == st.Received.Digest {
			return h, "", fault.New(fault.Conflict, "courier.again", strconv.FormatInt(h.n, 10))
		}
		return h, "", fault.New(fault.Conflict, "courier.two", strconv.FormatInt(h.n, 10))
	}
	if err := keep.Flush(); err != nil {
		return h, "", damaged(err)
	}
	return h, sum, nil
}

type stages struct{ w io.Writer }

func (s *stages) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if err != nil {
		err = &stageError{err}
	}
	return n, err
}

// lawful says whether an item may stand where it does: what the other side has no business to send is in no form of a
// bundle. files are those of the letter or word before it that have not come.
func (c *Courier) lawful(x item, files *[]string) error {
	bad := fault.New(fault.Conflict, "courier.form")
	if fromPortal := x.dir == letterDir || x.dir == wordDir || x.dir == fileDir; fromPortal != (c.peer.side == Portal) {
		return bad
	}
	switch x.dir {
	case letterDir, wordDir:
		l, err := c.letter(x)
		if err != nil {
			return err
		}
		*files = l.files
	case fileDir:
		i := slices.Index(*files, x.name)
		if i < 0 {
			return bad
		}
		*files = (*files)[i+1:]
		h := sha256.New()
		if _, err := io.Copy(h, x.content); err != nil {
			return err
		}
		if hex.EncodeToString(h.Sum(nil)) != x.name {
			return bad
		}
	case answerDir:
		b, err := small(x, maxSmall)
		if err != nil {
			return err
		}
		p, err := envelope.ParseParcel(b)
		if err != nil || p.Name != x.name {
			return bad
		}
	default:
		if x.size > maxGuide {
			return bad
		}
	}
	return nil
}

// letter is a letter or a word that came, with what there is to do with it.
type letter struct {
	files []string
	known func() (bool, error) // whether it is here or was
	put   func() (bool, error) // whether it was new
	count *int
}

// letter reads one.
func (c *Courier) letter(x item) (letter, error) {
	bad := fault.New(fault.Conflict, "courier.form")
	b, err := small(x, maxSmall)
	if err != nil {
		return letter{}, err
	}
	if x.dir == wordDir {
		w, err := envelope.ParseWord(b)
		if err != nil || w.ID() != x.name {
			return letter{}, bad
		}
		return letter{files: w.Files, put: func() (bool, error) { return c.spool.PutWord(w) }, known: func() (bool, error) {
			_, ok, err := c.spool.Word(w.ID())
			return ok, err
		}}, nil
	}
	e, err := envelope.Parse(b)
	if err != nil || e.Name != x.name {
		return letter{}, bad
	}
	return letter{files: e.Files, put: func() (bool, error) { return c.spool.Put(e) }, known: func() (bool, error) {
		if _, ok, err := c.spool.Envelope(e.Name); ok || err != nil {
			return ok, err
		}
		_, ok, err := c.spool.Status(e.Name)
		return ok, err
	}}, nil
}

func small(x item, most int64) ([]byte, error) {
	if x.size > most {
		return nil, fault.New(fault.Conflict, "courier.form")
	}
	return io.ReadAll(x.content)
}

// place puts what a bundle holds where it belongs. The bundle was checked; each thing goes to disk by itself, and is left as
// it is where it lies already.
func (c *Courier) place(plain io.Reader, t *Took) error {
	var l *letter // being placed; nil while nothing is
	put := func() error {
		if l == nil {
			return nil
		}
		fresh, err := l.put()
		if fresh {
			*l.count++
		} else {
			t.Known++
		}
		l = nil
		return err
	}
	_, err := walk(plain, c.peer.verifier, func(head) error { return nil }, func(x item) error {
		switch x.dir {
		case fileDir:
			if l == nil {
				return nil // of a letter that is here
			}
			return c.spool.Bring(x.name, x.content)
		case letterDir, wordDir:
			if err := put(); err != nil {
				return err
			}
			got, err := c.letter(x)
			if err != nil {
				return err
			}
			if got.count = &t.Letters; x.dir == wordDir {
				got.count = &t.Words
			}
			here, err := got.known()
			if here {
				t.Known++
			} else {
				l = &got
			}
			return err
		case answerDir:
			return c.answer(x, t)
		}
		b, err := small(x, maxGuide)
		if err != nil {
			return err
		}
		if was, ok, err := c.spool.Kept(DirectoryName); err != nil || ok && string(was) == string(b) {
			return err
		}
		t.Directory = true
		return c.spool.Keep(DirectoryName, b)
	})
	if err == nil {
		err = put()
	}
	if err != nil {
		return fmt.Errorf("courier: placing: %w", err)
	}
	return nil
}

// answer keeps what a reporter is told, and lets the letter go that the work side has.
func (c *Courier) answer(x item, t *Took) error {
	b, err := small(x, maxSmall)
	if err != nil {
		return err
	}
	p, err := envelope.ParseParcel(b)
	if err != nil {
		return err
	}
	was, ok, err := c.spool.Status(p.Name)
	if err != nil && !errors.Is(err, envelope.ErrForm) {
		return err
	}
	if ok && was.N >= p.N {
		t.Known++
	} else {
		t.Answers++
	}
	if err := c.spool.PutStatus(p); err != nil {
		return err
	}
	if p.N < firstOfWork {
		return nil
	}
	e, ok, err := c.spool.Envelope(p.Name)
	if err != nil || !ok {
		return err
	}
	t.Gone++
	return c.spool.Taken(e)
}
