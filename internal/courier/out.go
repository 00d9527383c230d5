package courier

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"qianshao/internal/fault"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/envelope"
)

// Made is what came of making a bundle.
type Made struct {
	Path      string
	Number    int64
	Letters   int
	Words     int // that reporters said after their reports
	Files     int
	Answers   int
	Directory bool
	Broken    []string // what lies here and can't be read: as a bundle would name it; it was left out, the rest goes
	Waiting   int64    // bundles made before this one that the other side has not acknowledged
}

// Out makes the next bundle, under a path or in a folder, with everything that the other side has not acknowledged.
func (c *Courier) Out(target string) (m Made, err error) {
	done, err := alone(c.spool)
	if err != nil {
		return m, err
	}
	defer done()
	st, err := loadState(c.spool)
	if err != nil {
		return m, err
	}
	m.Number, m.Path, m.Waiting = st.Sent.N+1, target, st.Sent.N-st.Acked
	i, err := os.Stat(target)
	shared := err == nil && i.IsDir()
	if shared {
		m.Path = filepath.Join(target, fileName(c.own.side, m.Number))
		_, err = os.Stat(m.Path)
	}
	if err == nil {
		return m, fault.New(fault.Conflict, "courier.there", m.Path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return m, fault.New(fault.Invalid, "courier.path", m.Path).Because(err)
	}
	temp := m.Path + ".part"
	h := head{from: c.own.side, to: digest([]byte(c.peer.line)), n: m.Number, before: st.Sent.Digest, got: st.Received, again: st.Again > 0 && m.Number >= st.Again}
	if st.Sent.Digest, err = c.make(temp, h, &m); err != nil {
		return m, errors.Join(err, remove(temp))
	}
	// The number is used up before anybody can carry the bundle: no two bundles ever have the same.
	st.Sent.N = m.Number
	if err := st.save(c.spool); err != nil {
		return m, errors.Join(err, remove(temp))
	}
	if err := c.step("rename " + m.Path); err != nil {
		return m, err
	}
	if err := os.Rename(temp, m.Path); err != nil {
		return m, elsewhere(m.Path, err)
	}
	if err := flush(filepath.Dir(m.Path)); err != nil {
		return m, elsewhere(m.Path, err)
	}
	if shared {
		return m, c.tidy(target, st)
	}
	return m, nil
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// elsewhere is a disc or a folder that does not take a bundle.
func elsewhere(path string, err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Unavailable, "courier.path", path).Because(err)
}

// flush brings a folder's names to disk, where the folder can do that.
func flush(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // some discs' file systems can't; the file itself is on disk
	return d.Close()
}

// fileName is a bundle's name in a folder that both can reach; it says whose it is, and which.
func fileName(s Side, n int64) string { return fmt.Sprintf("%c%08d.age", s[0], n) }

var reFile = regexp.MustCompile(`^([pw])([0-9]{8,18})\.age$`)

// bundleNumber reads what fileName wrote; 0 for what is not a side's.
func bundleNumber(s Side, name string) int64 {
	m := reFile.FindStringSubmatch(name)
	if m == nil || m[1] != string(s[0]) {
		return 0
	}
	n, _ := strconv.ParseInt(m[2], 10, 64) // at most 18 figures
	return n
}

// tidy removes from a folder those of our bundles that the other side has taken in, and what an interrupted run left of one.
func (c *Courier) tidy(dir string, st state) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return elsewhere(dir, err)
	}
	for _, e := range entries {
		n, half := bundleNumber(c.own.side, e.Name()), int64(0)
		if whole, ok := strings.CutSuffix(e.Name(), ".part"); ok {
			half = bundleNumber(c.own.side, whole)
		}
		if n > 0 && n <= st.Acked || half > 0 && half <= st.Sent.N {
			if err := c.step("remove " + e.Name()); err != nil {
				return err
			}
			if err := remove(filepath.Join(dir, e.Name())); err != nil {
				return elsewhere(dir, err)
			}
		}
	}
	return nil
}

// make writes a bundle to disk and returns its digest.
func (c *Courier) make(path string, h head, m *Made) (sum string, err error) {
	if err := c.step("create " + path); err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", elsewhere(path, err)
	}
	defer func() { err = errors.Join(err, elsewhere(path, ignoreClosed(f.Close()))) }()
	w, err := newWriter(&there{f, path}, c.peer.public, h, c.own.notes)
	if err != nil {
		return "", err
	}
	if c.own.side == Portal {
		err = c.letters(w, m)
	} else {
		err = c.answers(w, m)
	}
	if err != nil {
		return "", err
	}
	if err := c.step("end " + path); err != nil {
		return "", err
	}
	if sum, err = w.end(); err != nil {
		return "", err
	}
	if err := f.Sync(); err != nil {
		return "", elsewhere(path, err)
	}
	return sum, nil
}

// there is a file on somebody's disc: what fails is said to be the disc's.
type there struct {
	f    *os.File
	path string
}

func (t *there) Write(b []byte) (int, error) {
	n, err := t.f.Write(b)
	return n, elsewhere(t.path, err)
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// letters puts every report into a bundle that is not known to be taken, and every word that waits.
func (c *Courier) letters(w *writer, m *Made) error {
	names, err := c.spool.Waiting(math.MaxInt)
	if err != nil {
		return err
	}
	for _, name := range names {
		e, ok, err := c.spool.Envelope(name)
		if errors.Is(err, envelope.ErrForm) {
			m.Broken = append(m.Broken, letterDir+"/"+name)
			continue
		}
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if p, ok, err := c.spool.Status(name); err == nil && ok && p.N >= firstOfWork {
			// An earlier run was cut off between the answer and this.
			if err := c.spool.Taken(e); err != nil {
				return err
			}
			continue
		}
		b, err := e.Marshal()
		if err == nil {
			err = c.sealed(w, letterDir+"/"+name, b, e.Files, m)
		}
		if err != nil {
			return err
		}
		m.Letters++
	}
	return c.words(w, m)
}

// firstOfWork is the number of the work side's first answer about a report: the public side's own is 1.
const firstOfWork = 2

// words puts what reporters said after their reports into a bundle, and writes down which. No answer tells of a word by
// itself: it has arrived when the bundle has.
func (c *Courier) words(w *writer, m *Made) error {
	names, err := c.spool.Words(math.MaxInt)
	if err != nil {
		return err
	}
	var sent told
	for _, name := range names {
		x, ok, err := c.spool.Word(name)
		if errors.Is(err, envelope.ErrForm) {
			m.Broken = append(m.Broken, wordDir+"/"+name)
			continue
		}
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		b, err := x.Marshal()
		if err == nil {
			err = c.sealed(w, wordDir+"/"+name, b, x.Files, m)
		}
		if err != nil {
			return err
		}
		sent.words = append(sent.words, name)
	}
	m.Words = len(sent.words)
	return c.spool.Keep(sentName(m.Number), sent.bytes())
}

// sealed puts a letter or a word into a bundle, with its files behind it. A file that the disk has spoilt is left out and
// named: what was written is not held up by it.
func (c *Courier) sealed(w *writer, name string, b []byte, refs []string, m *Made) error {
	if err := c.step(name); err != nil {
		return err
	}
	if err := w.put(name, int64(len(b)), bytes.NewReader(b)); err != nil {
		return err
	}
	for _, ref := range refs {
		f, err := c.spool.Read(ref)
		if errors.Is(err, blob.ErrAltered) {
			m.Broken = append(m.Broken, fileDir+"/"+ref)
			continue
		}
		if err != nil {
			return err
		}
		size, err := sizeOf(f)
		if err == nil {
			err = w.put(fileDir+"/"+ref, size, f)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		m.Files++
	}
	return nil
}

func sizeOf(r io.Reader) (int64, error) {
	s, ok := r.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return 0, errors.New("courier: a file without a length")
	}
	i, err := s.Stat()
	if err != nil {
		return 0, err
	}
	return i.Size(), nil
}

// answers puts everything into a bundle that the public side does not have, and writes down what that is.
func (c *Courier) answers(w *writer, m *Made) error {
	was, err := loadTold(c.spool)
	if err != nil {
		return err
	}
	names, err := c.spool.Told()
	if err != nil {
		return err
	}
	now := told{answers: map[string]int64{}}
	for _, name := range names {
		p, ok, err := c.spool.Status(name)
		if errors.Is(err, envelope.ErrForm) {
			m.Broken = append(m.Broken, name)
			continue
		}
		if err != nil {
			return err
		}
		if !ok || p.N <= was.answers[name] {
			continue
		}
		b, err := p.Marshal()
		if err != nil {
			return err
		}
		if err := w.put(answerDir+"/"+name, int64(len(b)), bytes.NewReader(b)); err != nil {
			return err
		}
		now.answers[name] = p.N
	}
	m.Answers = len(now.answers)
	guide, ok, err := c.spool.Kept(DirectoryName)
	if err != nil {
		return err
	}
	if d := digest(guide); ok && d != was.directory {
		if err := w.put(entryGuide, int64(len(guide)), bytes.NewReader(guide)); err != nil {
			return err
		}
		now.directory, m.Directory = d, true
	}
	return c.spool.Keep(sentName(m.Number), now.bytes())
}

// DirectoryName is where in a spool the signed directory lies.
const DirectoryName = "directory"
