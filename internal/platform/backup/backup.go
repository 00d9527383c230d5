// Package backup carries a whole deployment to a stream and back into an empty database, of the same engine or the
// other.
//
// The form is a gzipped tar that the caller seals (ADR 0020): manifest.json (format, schema, tables), data/<table>/NNNNNN.jsonl
// (rows in the order of the key, one JSON array a row, bytes in base64), files/<name> (what lies outside the database,
// as it lies there), extra/<name> (small things the caller adds), and last end.json: per table the count and the SHA-256
// of its lines, and notes (the heads of the logs). The same content gives the same lines on both engines.
//
// Invariants: what is written is one moment's picture; a stream without end.json, or whose counts or digests differ, is
// not restored at all; nothing is restored over anything.
//
// Start at Write and Restore.
package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
)

// Format is the version of the form; readers of older ones are kept.
const Format = 1

const (
	nameManifest = "manifest.json"
	nameEnd      = "end.json"
	dirData      = "data/"
	dirFiles     = "files/"
	dirExtra     = "extra/"
)

// Manifest says what follows.
type Manifest struct {
	Format  int        `json:"format"`
	Program string     `json:"program"`
	Schema  int64      `json:"schema"`
	Engine  string     `json:"engine"`
	At      string     `json:"at"`
	Tables  []db.Shape `json:"tables"`
}

// Sum is what a table came to.
type Sum struct {
	Rows   int64  `json:"rows"`
	Digest string `json:"sha256"`
}

// Summary says what was written or restored.
type Summary struct {
	Manifest Manifest          `json:"-"`
	Tables   map[string]Sum    `json:"tables"`
	Files    int64             `json:"files"`
	Notes    map[string]string `json:"notes"`
}

// Rows is how many rows there are in all.
func (s Summary) Rows() int64 {
	var n int64
	for _, t := range s.Tables {
		n += t.Rows
	}
	return n
}

// Options are what Write needs beyond the database.
type Options struct {
	Program  string                                                           // the program's version
	Files    fs.FS                                                            // what lies outside the database; nil: nothing
	Extra    map[string][]byte                                                // small things by name
	Notes    func(ctx context.Context, s *db.Snap) (map[string]string, error) // read in the same moment
	Progress func(table string, done, total int64)
}

const chunkBytes = 1 << 20

// ReportEvery is after how many rows of a table Progress is called.
const ReportEvery = 2000

// Write writes the deployment as it stands now.
func Write(ctx context.Context, d *db.DB, w io.Writer, o Options) (Summary, error) {
	sum := Summary{Tables: map[string]Sum{}}
	schema, err := migrate.Version(ctx, d)
	if err != nil {
		return sum, err
	}
	zip := gzip.NewWriter(w)
	out := tarOut{tar.NewWriter(zip), time.UnixMicro(int64(d.Now())).UTC().Truncate(time.Second)}
	err = d.Snapshot(ctx, func(s *db.Snap) error {
		shapes, err := s.Shapes(ctx)
		if err != nil {
			return err
		}
		sum.Manifest = Manifest{Format, o.Program, schema, d.Engine.String(), out.at.Format(time.RFC3339), shapes}
		if err := out.json(nameManifest, sum.Manifest); err != nil {
			return err
		}
		for _, t := range shapes {
			if sum.Tables[t.Name], err = out.table(ctx, s, t, o.Progress); err != nil {
				return err
			}
		}
		if o.Notes != nil {
			sum.Notes, err = o.Notes(ctx, s)
		}
		return err
	})
	if err != nil {
		return sum, err
	}
	if o.Files != nil {
		if sum.Files, err = out.files(o.Files); err != nil {
			return sum, err
		}
	}
	for name, b := range o.Extra {
		if err := out.entry(dirExtra+name, b); err != nil {
			return sum, err
		}
	}
	if err := out.json(nameEnd, sum); err != nil {
		return sum, err
	}
	if err := out.Close(); err != nil {
		return sum, err
	}
	return sum, zip.Close()
}

type tarOut struct {
	*tar.Writer
	at time.Time
}

func (o tarOut) entry(name string, b []byte) error {
	if err := o.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(b)), ModTime: o.at}); err != nil {
		return err
	}
	_, err := o.Write(b)
	return err
}

func (o tarOut) json(name string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return o.entry(name, b)
}

// table writes a table's rows in pieces of a bounded size: a piece is all that is ever held in memory.
func (o tarOut) table(ctx context.Context, s *db.Snap, t db.Shape, progress func(string, int64, int64)) (Sum, error) {
	var sum Sum
	total, err := s.Count(ctx, t)
	if err != nil {
		return sum, err
	}
	digest := sha256.New()
	var piece bytes.Buffer
	n := 0
	flush := func() error {
		if piece.Len() == 0 {
			return nil
		}
		n++
		digest.Write(piece.Bytes())
		err := o.entry(fmt.Sprintf("%s%s/%06d.jsonl", dirData, t.Name, n), piece.Bytes())
		piece.Reset()
		return err
	}
	lines := json.NewEncoder(&piece)
	lines.SetEscapeHTML(false)
	err = s.Each(ctx, t, func(vals []any) error {
		if err := lines.Encode(vals); err != nil {
			return err
		}
		if sum.Rows++; progress != nil && sum.Rows%ReportEvery == 0 {
			progress(t.Name, sum.Rows, total)
		}
		if piece.Len() >= chunkBytes {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	sum.Digest = hexOf(digest)
	return sum, err
}

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// files writes what lies outside the database. Files are written once and never changed, so that those of the
// snapshot's rows are all there; ones that came later do no harm.
func (o tarOut) files(files fs.FS) (int64, error) {
	var names []string
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		// What a store is still writing has a temporary name, and no row speaks of it.
		if err == nil && e.Type().IsRegular() && !strings.HasPrefix(e.Name(), "new-") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	slices.Sort(names)
	for _, name := range names {
		if err := o.file(files, name); err != nil {
			return 0, err
		}
	}
	return int64(len(names)), nil
}

func (o tarOut) file(files fs.FS, name string) error {
	f, err := files.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if err := o.WriteHeader(&tar.Header{Name: dirFiles + name, Mode: 0o600, Size: st.Size(), ModTime: o.at}); err != nil {
		return err
	}
	_, err = io.Copy(o, f)
	return err
}
