package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"strings"

	"qianshao/internal/fault"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
)

// Into is where a backup goes beside the database.
type Into struct {
	Files    func(name string, r io.Reader) error // keeps a file; nil: a backup with files is refused
	Extra    func(name string, b []byte) error    // takes a small thing; nil: they are passed over
	Progress func(table string, done, total int64)
}

// maxPiece bounds one piece of a table and one small thing.
const maxPiece = 64 << 20

// broken is a stream that is no whole backup.
func broken(why string, args ...any) error {
	return fault.New(fault.Invalid, "backup.broken").Because(fmt.Errorf(why, args...))
}

// Restore fills an empty database with a backup, all of it or nothing, and brings it to this program's version.
func Restore(ctx context.Context, r io.Reader, d *db.DB, into Into) (Summary, error) {
	zip, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return Summary{}, broken("%w", err)
	}
	in := &restoring{tar: tar.NewReader(zip), zip: zip, into: into, seen: map[string]*part{}}
	m, err := in.manifest()
	if err != nil {
		return Summary{}, err
	}
	if err := migrate.To(ctx, d, m.Schema); err != nil {
		return Summary{}, err
	}
	if err := d.Load(ctx, in.load); err != nil {
		return Summary{}, err
	}
	_, err = migrate.Up(ctx, d, nil, nil)
	return in.end, err
}

type part struct {
	shape  db.Shape
	rows   int64
	digest hash.Hash
}

type restoring struct {
	tar   *tar.Reader
	zip   io.Reader
	into  Into
	mani  Manifest
	seen  map[string]*part
	files int64
	end   Summary
}

func (x *restoring) next() (*tar.Header, error) {
	h, err := x.tar.Next()
	if errors.Is(err, io.EOF) {
		return nil, broken("the stream ends before its end")
	}
	if err != nil {
		return nil, broken("%w", err)
	}
	return h, nil
}

func (x *restoring) bytes(h *tar.Header) ([]byte, error) {
	if h.Size > maxPiece {
		return nil, broken("%s is too large", h.Name)
	}
	b, err := io.ReadAll(x.tar)
	if err != nil {
		return nil, broken("%w", err)
	}
	return b, nil
}

func (x *restoring) manifest() (Manifest, error) {
	var m Manifest
	h, err := x.next()
	if err != nil {
		return m, err
	}
	b, err := x.bytes(h)
	if err != nil {
		return m, err
	}
	if h.Name != nameManifest || json.Unmarshal(b, &m) != nil || m.Format < 1 {
		return m, broken("it does not begin with a manifest")
	}
	if m.Format > Format || m.Schema > migrate.Latest() {
		return m, fault.New(fault.Conflict, "backup.newer", m.Program)
	}
	for _, t := range m.Tables {
		x.seen[t.Name] = &part{shape: t, digest: sha256.New()}
	}
	x.mani = m
	return m, nil
}

// load reads everything after the manifest into the database's one transaction; it fails unless the end says that
// everything came.
func (x *restoring) load(l *db.Loader) error {
	for {
		h, err := x.next()
		if err != nil {
			return err
		}
		switch {
		case strings.HasPrefix(h.Name, dirData):
			err = x.piece(l, h)
		case strings.HasPrefix(h.Name, dirFiles):
			err = x.file(strings.TrimPrefix(h.Name, dirFiles))
		case strings.HasPrefix(h.Name, dirExtra):
			err = x.extra(h)
		case h.Name == nameEnd:
			return x.finish(h)
		default:
			err = broken("%s has no place in a backup", h.Name)
		}
		if err != nil {
			return err
		}
	}
}

func (x *restoring) piece(l *db.Loader, h *tar.Header) error {
	name, _, _ := strings.Cut(strings.TrimPrefix(h.Name, dirData), "/")
	p, ok := x.seen[name]
	if !ok {
		return broken("table %s is not in the manifest", name)
	}
	b, err := x.bytes(h)
	if err != nil {
		return err
	}
	p.digest.Write(b)
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		vals, err := row(p.shape, line)
		if err != nil {
			return broken("%s: %w", name, err)
		}
		if err := l.Add(p.shape, vals); err != nil {
			return err
		}
		if p.rows++; x.into.Progress != nil && p.rows%ReportEvery == 0 {
			x.into.Progress(name, p.rows, 0)
		}
	}
	return nil
}

// row reads a line back into the values of its columns.
func row(t db.Shape, line []byte) ([]any, error) {
	var vals []any
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	if err := dec.Decode(&vals); err != nil {
		return nil, err
	}
	if len(vals) != len(t.Columns) {
		return nil, fmt.Errorf("a row of %d values for %d columns", len(vals), len(t.Columns))
	}
	for i, v := range vals {
		switch y := v.(type) {
		case json.Number:
			n, err := y.Int64()
			if err != nil || t.Kinds[i] != db.Ints {
				return nil, fmt.Errorf("%s can't be %s", t.Columns[i], y)
			}
			vals[i] = n
		case string:
			if t.Kinds[i] != db.Bytes {
				continue
			}
			b, err := base64.StdEncoding.DecodeString(y)
			if err != nil {
				return nil, err
			}
			vals[i] = b
		}
	}
	return vals, nil
}

func (x *restoring) file(name string) error {
	if x.into.Files == nil {
		return fault.New(fault.Conflict, "backup.files")
	}
	if !fs.ValidPath(name) {
		return broken("%q is no name of a file", name)
	}
	x.files++
	return x.into.Files(name, x.tar)
}

func (x *restoring) extra(h *tar.Header) error {
	b, err := x.bytes(h)
	if err != nil || x.into.Extra == nil {
		return err
	}
	return x.into.Extra(strings.TrimPrefix(h.Name, dirExtra), b)
}

func (x *restoring) finish(h *tar.Header) error {
	b, err := x.bytes(h)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &x.end); err != nil {
		return broken("%w", err)
	}
	x.end.Manifest = x.mani
	for name, p := range x.seen {
		if want := x.end.Tables[name]; want.Rows != p.rows || want.Digest != hexOf(p.digest) {
			return broken("table %s: %d rows came of %d, or not the same", name, p.rows, want.Rows)
		}
	}
	if x.files != x.end.Files {
		return broken("%d files came of %d", x.files, x.end.Files)
	}
	// To the very end: what unzips and what opens the seal say only there whether all of it was as it was made.
	if _, err := x.tar.Next(); !errors.Is(err, io.EOF) {
		return broken("it goes on after its end: %v", err)
	}
	if _, err := io.Copy(io.Discard, x.zip); err != nil {
		return broken("%w", err)
	}
	return nil
}
