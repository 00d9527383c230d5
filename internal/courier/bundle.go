package courier

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/fault"
	"qianshao/internal/platform/seal"
)

// A bundle is a tar archive sealed (age) to the side it goes to. Its first entry, head, is a signed note that says whose it
// is, for whom, its number, the bundle before it, and how far the other side's have come; its last, end, is a signed note
// over the head and over the names, lengths and contents of all that stands between: letters and words, each followed by its
// files, or answers and the directory. Zeros follow, so that its length says little. Whatever is not signed by end is not there.
const (
	bundleHead = "qianshao courier bundle 1"
	bundleEnd  = "qianshao courier bundle 1 end"
	entryHead  = "head"
	entryEnd   = "end"
	letterDir  = "letter"
	wordDir    = "word"
	fileDir    = "file"
	answerDir  = "answer"
	entryGuide = "directory"

	maxNote  = 8 << 10
	maxSmall = 8 << 20  // a letter, a word or an answer
	maxGuide = 64 << 20 // a directory
	least    = 64 << 10 // bytes of a bundle: one without anything looks like one with a little
)

// head is what a bundle says of itself.
type head struct {
	from   Side
	to     string // digest of the line of the side it is for
	n      int64
	before string  // digest of the bundle before it, "-" for the first
	got    reached // the newest bundle of the other side that was taken in
	again  bool    // the other side is asked to send everything again
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (h head) text() string {
	again := "no"
	if h.again {
		again = "yes"
	}
	return fmt.Sprintf("%s\nfrom %s\nto %s\nnumber %d\nbefore %s\ngot %d %s\nagain %s\n", bundleHead, h.from, h.to, h.n, orDash(h.before), h.got.N, orDash(h.got.Digest), again)
}

var reHead = regexp.MustCompile(`^` + bundleHead + `\nfrom (portal|work)\nto ([0-9a-f]{64})\nnumber ([0-9]{1,18})\nbefore (-|[0-9a-f]{64})\ngot ([0-9]{1,18}) (-|[0-9a-f]{64})\nagain (yes|no)\n$`)

func parseHead(text string) (h head, ok bool) {
	m := reHead.FindStringSubmatch(text)
	if m == nil {
		return h, false
	}
	n, _ := strconv.ParseInt(m[3], 10, 64)   // at most 18 figures
	got, _ := strconv.ParseInt(m[5], 10, 64) // as well
	h = head{Side(m[1]), m[2], n, strings.TrimPrefix(m[4], "-"), reached{got, strings.TrimPrefix(m[6], "-")}, m[7] == "yes"}
	return h, n > 0
}

// sums is the running digest over what a bundle holds, and how much that is.
type sums struct {
	h     hash.Hash
	items int64
}

func newSums() *sums { return &sums{h: sha256.New()} }

// begin counts an item in; its content follows into h.
func (s *sums) begin(name string, size int64) {
	s.items++
	fmt.Fprintf(s.h, "%s\n%d\n", name, size) // a hash takes everything
}

// endText is what is signed at last; its digest is the bundle's.
func (s *sums) endText(head string) string {
	return fmt.Sprintf("%s\nhead %s\nitems %d\ndigest %s\n", bundleEnd, digest([]byte(head)), s.items, hex.EncodeToString(s.h.Sum(nil)))
}

// writer makes a bundle.
type writer struct {
	sealed io.WriteCloser
	tar    *tar.Writer
	n      counted
	head   string
	by     note.Signer
	sums   *sums
}

type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func newWriter(to io.Writer, public string, h head, by note.Signer) (*writer, error) {
	sealed, err := seal.Writer(to, public)
	if err != nil {
		return nil, err
	}
	w := &writer{sealed: sealed, n: counted{w: sealed}, head: h.text(), by: by, sums: newSums()}
	w.tar = tar.NewWriter(&w.n)
	return w, w.signed(entryHead, w.head)
}

func (w *writer) signed(name, text string) error {
	b, err := note.Sign(&note.Note{Text: text}, w.by)
	if err != nil {
		return err
	}
	return w.entry(name, int64(len(b)), bytes.NewReader(b))
}

// put adds an item.
func (w *writer) put(name string, size int64, content io.Reader) error {
	w.sums.begin(name, size)
	return w.entry(name, size, io.TeeReader(content, w.sums.h))
}

func (w *writer) entry(name string, size int64, content io.Reader) error {
	if err := w.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: size}); err != nil {
		return err
	}
	_, err := io.CopyN(w.tar, content, size)
	return err
}

// end signs what was put, fills the bundle up, and returns its digest.
func (w *writer) end() (string, error) {
	text := w.sums.endText(w.head)
	if err := w.signed(entryEnd, text); err != nil {
		return "", err
	}
	if err := w.tar.Close(); err != nil {
		return "", err
	}
	if _, err := io.CopyN(&w.n, zeros{}, max(least, seal.Padded(w.n.n))-w.n.n); err != nil {
		return "", err
	}
	return digest([]byte(text)), w.sealed.Close()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// item is one thing in a bundle.
type item struct {
	dir, name string // name is "" for the directory
	size      int64
	content   io.Reader
}

var reItem = regexp.MustCompile(`^(letter|word|file|answer)/([0-9a-f]{64}(?:-[0-9a-f]{64})?)$`)

// walk reads a bundle that was opened: its head is handed on as soon as it is known to be the other side's, then each item
// in turn. What it returns is the bundle's digest, once the whole of it was found to be signed by the other side; before
// that nothing that was handed on is anybody's word.
func walk(plain io.Reader, from note.Verifier, began func(head) error, each func(item) error) (string, error) {
	t := tar.NewReader(plain)
	text, err := signedEntry(t, entryHead, from)
	if err != nil {
		return "", err
	}
	h, ok := parseHead(text)
	if !ok {
		return "", fault.New(fault.Conflict, "courier.form")
	}
	if err := began(h); err != nil {
		return "", err
	}
	s := newSums()
	for {
		entry, err := t.Next()
		if err != nil {
			return "", damaged(err)
		}
		if entry.Name == entryEnd {
			return finish(t, entry, s.endText(text), from, plain)
		}
		x := item{dir: entry.Name, size: entry.Size}
		if m := reItem.FindStringSubmatch(entry.Name); m != nil {
			x.dir, x.name = m[1], m[2]
		} else if entry.Name != entryGuide {
			return "", fault.New(fault.Conflict, "courier.form")
		}
		if entry.Typeflag != tar.TypeReg {
			return "", fault.New(fault.Conflict, "courier.form")
		}
		s.begin(entry.Name, entry.Size)
		x.content = io.TeeReader(&breaks{t}, s.h)
		if err := each(x); err != nil {
			return "", err
		}
		if _, err := io.Copy(s.h, &breaks{t}); err != nil { // what was not looked at counts as well
			return "", err
		}
	}
}

// finish checks the last note, and that nothing comes after it.
func finish(t *tar.Reader, entry *tar.Header, want string, from note.Verifier, plain io.Reader) (string, error) {
	text, err := openNote(t, entry, from)
	if err != nil {
		return "", err
	}
	if text != want {
		return "", fault.New(fault.Conflict, "courier.forged")
	}
	if _, err := t.Next(); err != io.EOF {
		return "", damaged(err)
	}
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return "", damaged(err)
	}
	return digest([]byte(text)), nil
}

func signedEntry(t *tar.Reader, name string, from note.Verifier) (string, error) {
	entry, err := t.Next()
	if err != nil {
		return "", damaged(err)
	}
	if entry.Name != name {
		return "", fault.New(fault.Conflict, "courier.form")
	}
	return openNote(t, entry, from)
}

func openNote(t *tar.Reader, entry *tar.Header, from note.Verifier) (string, error) {
	if entry.Size > maxNote {
		return "", fault.New(fault.Conflict, "courier.form")
	}
	b, err := io.ReadAll(t)
	if err != nil {
		return "", damaged(err)
	}
	n, err := note.Open(b, note.VerifierList(from))
	if err != nil {
		return "", fault.New(fault.Conflict, "courier.forged").Because(err)
	}
	return n.Text, nil
}

// breaks is a reader whose failures are those of a bundle that is damaged.
type breaks struct{ r io.Reader }

func (b *breaks) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		err = damaged(err)
	}
	return n, err
}

// damaged is a bundle that can't be read to its end: cut off, or changed on the way. A disk here that takes no more is not that.
func damaged(err error) error {
	var here *stageError
	if errors.As(err, &here) {
		return fault.New(fault.Unavailable, "courier.disk").Because(here.error)
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	return fault.New(fault.Conflict, "courier.damaged").Because(err)
}

// stageError is a failure of the disk on this side.
type stageError struct{ error }

func (e *stageError) Unwrap() error { return e.error }
