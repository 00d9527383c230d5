// Package migrate brings a database's schema up to this program's.
//
// The steps are numbered files in steps/, one text for both engines; where the engines must differ there is a pair
// NNNN_name.sqlite.sql and NNNN_name.postgres.sql. One marker is rewritten: /*rowidless*/ after a table's closing
// bracket becomes WITHOUT ROWID on SQLite, which keeps small keyed tables in one tree instead of two.
//
// Invariants: steps go forward only and are never edited once released; going back is restoring the backup that an
// upgrade makes first (the caller's doing). A database newer than the program is refused, never touched.
package migrate

import (
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"qianshao/internal/fault"
	"qianshao/internal/platform/db"
)

//go:embed steps/*.sql
var steps embed.FS

// Up applies what is missing and says how many steps that were. before runs once, if there is anything to do and the
// database holds something already: the place to make a backup.
func Up(ctx context.Context, d *db.DB, before func(from, to int64) error, progress func(step string, took time.Duration)) (int, error) {
	p, err := provider(d)
	if err != nil {
		return 0, err
	}
	have, want, err := versions(ctx, p)
	if err != nil {
		return 0, err
	}
	if have > want {
		return 0, fault.New(fault.Conflict, "db.newer", strconv.FormatInt(have, 10), strconv.FormatInt(want, 10))
	}
	if have == want {
		if ready, err := primed(ctx, d); err != nil || ready {
			return 0, err
		}
		return 0, Prime(ctx, d)
	}
	if have > 0 && before != nil {
		if err := before(have, want); err != nil {
			return 0, fmt.Errorf("before the upgrade: %w", err)
		}
	}
	done, err := p.Up(ctx)
	for _, r := range done {
		if progress != nil {
			progress(r.Source.Path, r.Duration)
		}
	}
	if err == nil {
		err = Prime(ctx, d)
	}
	return len(done), err
}

// To brings an empty database to an earlier version, or this one: for a backup that was made at it.
func To(ctx context.Context, d *db.DB, version int64) error {
	p, err := provider(d)
	if err != nil {
		return err
	}
	have, _, err := versions(ctx, p)
	if err != nil || have == version {
		return err
	}
	if have > version {
		return fault.New(fault.Conflict, "db.newer", strconv.FormatInt(have, 10), strconv.FormatInt(version, 10))
	}
	_, err = p.UpTo(ctx, version)
	return err
}

// Check says whether the database is at exactly this program's version.
func Check(ctx context.Context, d *db.DB) error {
	p, err := provider(d)
	if err != nil {
		return err
	}
	have, want, err := versions(ctx, p)
	switch {
	case err != nil:
		return err
	case have > want:
		return fault.New(fault.Conflict, "db.newer", strconv.FormatInt(have, 10), strconv.FormatInt(want, 10))
	case have < want:
		return fault.New(fault.Conflict, "db.older", strconv.FormatInt(have, 10), strconv.FormatInt(want, 10))
	}
	return nil
}

// Version is the version the database is at, 0 when there is nothing in it.
func Version(ctx context.Context, d *db.DB) (int64, error) {
	p, err := provider(d)
	if err != nil {
		return 0, err
	}
	return p.GetDBVersion(ctx)
}

// Latest is this program's version.
func Latest() int64 {
	names := Names(db.SQLite)
	n, _ := strconv.ParseInt(names[len(names)-1][:4], 10, 64) // file names are checked by a test
	return n
}

func versions(ctx context.Context, p *goose.Provider) (have, want int64, err error) {
	src := p.ListSources()
	want = src[len(src)-1].Version
	have, err = p.GetDBVersion(ctx)
	return have, want, err
}

func provider(d *db.DB) (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	if d.Engine == db.Postgres {
		dialect = goose.DialectPostgres
	}
	return goose.NewProvider(dialect, d.Raw(), Files(d.Engine), goose.WithVerbose(false))
}

// Names lists the steps that apply to an engine, in order.
func Names(e db.Engine) []string {
	all, err := steps.ReadDir("steps")
	if err != nil {
		panic(err) // embedded
	}
	var out []string
	for _, f := range all {
		n := f.Name()
		other := ".postgres.sql"
		if e == db.Postgres {
			other = ".sqlite.sql"
		}
		if !strings.HasSuffix(n, other) {
			out = append(out, n)
		}
	}
	sort.Strings(out)
	return out
}

// Text is a step as the engine gets it.
func Text(e db.Engine, name string) (string, error) {
	b, err := steps.ReadFile("steps/" + name)
	if err != nil {
		return "", err
	}
	s := string(b)
	if e == db.SQLite {
		s = strings.ReplaceAll(s, ") /*rowidless*/;", ") WITHOUT ROWID;")
	}
	return "-- +goose Up\n" + s, nil
}

// Files is the engine's list of steps as a file system, each named NNNN_name.sql.
func Files(e db.Engine) fs.FS { return files{e} }

type files struct{ e db.Engine }

func (f files) Open(name string) (fs.File, error) {
	if name == "." {
		return &dir{e: f.e}, nil
	}
	for _, n := range Names(f.e) {
		if plain(n) == name {
			s, err := Text(f.e, n)
			return &file{info{name, int64(len(s))}, strings.NewReader(s)}, err
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func plain(n string) string {
	n = strings.TrimSuffix(strings.TrimSuffix(n, ".sqlite.sql"), ".postgres.sql")
	return strings.TrimSuffix(n, ".sql") + ".sql"
}

type info struct {
	name string
	size int64
}

func (i info) Name() string               { return i.name }
func (i info) Size() int64                { return i.size }
func (i info) Mode() fs.FileMode          { return 0o444 }
func (i info) ModTime() time.Time         { return time.Time{} }
func (i info) IsDir() bool                { return i.name == "." }
func (i info) Sys() any                   { return nil }
func (i info) Type() fs.FileMode          { return i.Mode().Type() }
func (i info) Info() (fs.FileInfo, error) { return i, nil }

type file struct {
	info
	*strings.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }
func (f *file) Size() int64                { return f.info.size }

type dir struct {
	e    db.Engine
	done bool
}

func (d *dir) Stat() (fs.FileInfo, error) { return dirInfo{}, nil }
func (d *dir) Read([]byte) (int, error)   { return 0, io.EOF }
func (d *dir) Close() error               { return nil }
func (d *dir) ReadDir(int) ([]fs.DirEntry, error) {
	if d.done {
		return nil, io.EOF
	}
	d.done = true
	var out []fs.DirEntry
	for _, n := range Names(d.e) {
		s, err := Text(d.e, n)
		if err != nil {
			return nil, err
		}
		out = append(out, info{plain(n), int64(len(s))})
	}
	return out, nil
}

type dirInfo struct{ info }

func (dirInfo) Name() string      { return "." }
func (dirInfo) IsDir() bool       { return true }
func (dirInfo) Mode() fs.FileMode { return fs.ModeDir | 0o555 }
