package custody

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
	"qianshao/internal/typed"
)

// MaxFile is the largest file that is kept, in bytes.
const MaxFile = 100 << 20

const maxName = 120 // characters of a file's name

var fileTable = &ledger.Table{Name: "files", Key: []string{"id"}, Cols: []string{"matter_id", "root_id", "name", "ref", "size", "sealed", "stored", "plain", "suite", "keys", "added_on", "added_by"}}

// File is what is known of a file without opening it.
type File struct {
	ID     id.ID
	Matter id.Key
	Name   string
	Size   int64
	Added  calendar.Date
	Type   string // by its name, which was held against its content when it came in
	stored string
}

// types are the kinds of file that are taken, by ending, with what the first bytes must look like. What a browser would
// run (HTML, SVG, scripts) is not among them, whatever it calls itself.
var types = map[string]struct{ mime, sniff string }{
	".pdf": {"application/pdf", "application/pdf"}, ".jpg": {"image/jpeg", "image/jpeg"}, ".jpeg": {"image/jpeg", "image/jpeg"}, ".png": {"image/png", "image/png"},
	".docx": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip"},
	".xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/zip"},
	".ofd":  {"application/ofd", "application/zip"}, ".zip": {"application/zip", "application/zip"},
	".doc": {"application/msword", "ole"}, ".xls": {"application/vnd.ms-excel", "ole"}, ".wps": {"application/vnd.ms-works", "ole"},
	".txt": {"text/plain; charset=utf-8", "text/plain"}, ".csv": {"text/csv; charset=utf-8", "text/plain"},
	".mp3": {"audio/mpeg", "audio/mpeg"}, ".wav": {"audio/wav", "audio/wave"}, ".mp4": {"video/mp4", "video/mp4"},
}

// ole begins every file of the older office programs.
var ole = []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}

// Add seals a file to the organ and the level above while it is read, and keeps it with a matter that the actor works
// on. Nothing readable touches the disk; what fails half way leaves nothing.
func (k *Keeper) Add(ctx context.Context, who access.Actor, matter id.ID, name string, content io.Reader) (id.ID, error) {
	if k.Files == nil {
		return id.ID{}, fault.New(fault.Unavailable, "file.nowhere")
	}
	name, err := cleanFile(name)
	if err != nil {
		return id.ID{}, err
	}
	r := k.Ledger.DB.In(matter.City)
	m, err := addable(ctx, r, who, matter.Key)
	if err != nil {
		return id.ID{}, err
	}
	organ, err := access.GetUnit(ctx, r.For(m.Organ.City), m.Organ.Key)
	if err != nil {
		return id.ID{}, err
	}
	publics, keys, err := k.recipients(ctx, r, organ)
	if err != nil {
		return id.ID{}, err
	}
	w, err := k.Files.Create()
	if err != nil {
		return id.ID{}, err
	}
	defer w.Discard()
	plain, size, err := sealTo(w, content, name, publics)
	if err != nil {
		return id.ID{}, err
	}
	stored, sealed, err := w.Commit()
	if err != nil {
		return id.ID{}, err
	}
	var made id.ID
	if who.Request.Key != "" {
		who.Request.Digest += plain // the content is the request: another one under the same key is no repetition
	}
	rc, err := k.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, err := addable(ctx, tx, who, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		made = tx.NewID()
		return ledger.Act{Action: "file.add", Organ: m.Organ, Matter: m.ID, About: "file/" + made.String(), Params: map[string]any{"file": name}, Answer: made.String()},
			tx.Insert(ctx, fileTable, made.Key, m.ID.Key, m.Root, name, "", size, sealed, stored, plain, seal.Of(publics...), keys, tx.Today(), who.Person)
	})
	if err != nil && !db.InDoubt(err) || rc.Replayed {
		_ = k.Files.Drop(stored) // sealed, and in nobody's way, if it stays
	}
	if err == nil && rc.Replayed {
		made, err = id.Parse(rc.Answer)
	}
	return made, err
}

// addable reads a matter that the actor may add files to: open, seen, and theirs or their organ's to work on.
func addable(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (flow.Matter, error) {
	m, err := flow.Get(ctx, r, who, key)
	if err != nil {
		return m, err
	}
	u := who.Unit()
	switch {
	case !who.Can(access.MatterMove) || u.ID != m.Handler && u.OrganID() != m.Organ:
		return m, fault.New(fault.Forbidden, "file.not_yours")
	case !m.Open || m.Kind == "slip" || m.Kind == Letter || m.Kind == Alert:
		return m, fault.New(fault.Conflict, "file.ended")
	}
	return m, nil
}

func cleanFile(name string) (string, error) {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name, ok := typed.Clean(name, false)
	switch {
	case !ok || name == "" || name == "." || name == "/":
		return "", fault.InvalidField("file", "file.name")
	case utf8.RuneCountInString(name) > maxName:
		return "", fault.InvalidField("file", "file.name")
	}
	if _, ok := types[strings.ToLower(path.Ext(name))]; !ok {
		return "", fault.InvalidField("file", "file.type")
	}
	return name, nil
}

// sealTo seals a content, padded, and returns its digest and true size. The padding stands behind it, because its
// length is known only at its end; the custody record holds where it ends.
func sealTo(dst io.Writer, content io.Reader, name string, publics []string) (digest string, size int64, err error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		if errors.Is(err, io.EOF) {
			return "", 0, fault.InvalidField("file", "file.empty")
		}
		return "", 0, err
	}
	head = head[:n]
	if !looksLike(name, head) {
		return "", 0, fault.InvalidField("file", "file.content")
	}
	w, err := seal.Writer(dst, publics...)
	if err != nil {
		return "", 0, err
	}
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(w, h), io.LimitReader(io.MultiReader(bytes.NewReader(head), content), MaxFile+1))
	if err != nil {
		return "", 0, err
	}
	if size > MaxFile {
		return "", 0, fault.New(fault.TooLarge, "request.too_large")
	}
	if _, err := io.CopyN(w, zeros{}, seal.Padded(size)-size); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, w.Close()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// looksLike says whether a content begins as files of its ending do.
func looksLike(name string, head []byte) bool {
	want := types[strings.ToLower(path.Ext(name))].sniff
	got := http.DetectContentType(head)
	switch want {
	case "ole":
		return bytes.HasPrefix(head, ole)
	case "text/plain":
		return strings.HasPrefix(got, "text/plain")
	case "audio/mpeg":
		return got == want || len(head) > 1 && head[0] == 0xff && head[1]&0xe0 == 0xe0 // without a tag in front
	}
	return got == want
}

// Read opens a matter's file for somebody who may see the matter: an act before anything is shown. The content is to be
// read to its end and closed. What is not what was kept is refused: the store holds the sealed bytes against their name
// before any is opened, and the last of the plain ones are given only when all of them match the custody record.
func (k *Keeper) Read(ctx context.Context, who access.Actor, matter id.Key, file id.ID) (File, io.ReadCloser, error) {
	f := File{ID: file}
	var privates []string
	var digest string
	_, err := k.Ledger.Write(ctx, who, file.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, err := flow.Get(ctx, tx, who, matter) // before the file, so that time does not tell of one that may not be seen
		if err != nil {
			return ledger.Act{}, err
		}
		err = tx.Row(ctx, `SELECT f.matter_id, f.name, f.size, f.added_on, f.stored, f.plain FROM files f WHERE f.city_id = $1 AND f.id = $2 AND f.matter_id = $3`, file.Key, matter).Scan(&f.Matter, &f.Name, &f.Size, &f.Added, &f.stored, &digest)
		if errors.Is(err, db.ErrNoRows) {
			return ledger.Act{}, fault.Hidden()
		}
		if err != nil {
			return ledger.Act{}, err
		}
		if f.stored == "" {
			return ledger.Act{}, fault.New(fault.Conflict, "destroy.gone")
		}
		if k.Files == nil {
			return ledger.Act{}, fault.New(fault.Unavailable, "file.nowhere")
		}
		if privates, err = k.Ring.Keys(m.Organ.String()); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "file.read", Organ: m.Organ, Matter: m.ID, About: "file/" + file.String(), Params: map[string]any{"file": f.Name}}, nil
	})
	if err != nil {
		return f, nil, err
	}
	return k.read(f, digest, privates)
}

// altered says that a content is not the one that was kept.
func altered(err error) error { return fault.New(fault.Internal, "file.altered").Because(err) }

// heldBack is how much of a content's end is given only when all of it is known to be right.
const heldBack = 64 << 10

// opened reads the plain content and closes the sealed one. A content that differs from its digest ends in an error and
// without its last bytes, so that nobody takes it for the whole.
type opened struct {
	io.Closer
	plain  *bufio.Reader
	left   int64
	sum    hash.Hash
	digest string
	whole  bool
}

func (o *opened) Read(b []byte) (int, error) {
	if o.left > heldBack {
		n, err := o.plain.Read(b[:min(int64(len(b)), o.left-heldBack)])
		o.sum.Write(b[:n]) // hash.Hash never fails
		if o.left -= int64(n); errors.Is(err, io.EOF) {
			err = altered(io.ErrUnexpectedEOF)
		}
		return n, err
	}
	if !o.whole {
		end, err := o.plain.Peek(int(o.left))
		if err != nil {
			return 0, altered(err)
		}
		o.sum.Write(end)
		if hex.EncodeToString(o.sum.Sum(nil)) != o.digest {
			return 0, altered(errors.New("custody: not the digest of the custody record"))
		}
		o.whole = true
	}
	return o.plain.Read(b)
}
