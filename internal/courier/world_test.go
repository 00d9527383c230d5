package courier_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"qianshao/internal/courier"
	"qianshao/internal/id"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/spool"
)

// tester is a test, or one of the runs of a property.
type tester interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

// gap is two sides, each with its folder, and discs between them.
type gap struct {
	t            tester
	dirs         map[courier.Side]string
	spools       map[courier.Side]*spool.Spool
	sides        map[courier.Side]*courier.Courier
	lines        map[courier.Side]string
	discs        string
	lodged       map[string][]string // letter → its files
	said         map[string]bool     // words
	spoilt       map[string]bool     // files that the public side's disk has spoilt
	taken        map[string]int      // letters and words, by the work side, how often
	told         map[string]int64    // the newest answer that the work side wrote
	made, number int
}

func newGap(t tester, dir string) *gap {
	t.Helper()
	g := &gap{t: t, dirs: map[courier.Side]string{}, spools: map[courier.Side]*spool.Spool{}, sides: map[courier.Side]*courier.Courier{}, lines: map[courier.Side]string{},
		discs: filepath.Join(dir, "discs"), lodged: map[string][]string{}, said: map[string]bool{}, spoilt: map[string]bool{}, taken: map[string]int{}, told: map[string]int64{}}
	if err := os.MkdirAll(g.discs, 0o700); err != nil {
		t.Fatalf("%v", err)
	}
	for _, s := range []courier.Side{courier.Portal, courier.Work} {
		g.dirs[s] = filepath.Join(dir, string(s))
		var err error
		if g.spools[s], err = spool.Open(g.dirs[s]); err == nil {
			g.lines[s], _, err = courier.Init(g.spools[s], s)
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
	}
	g.pair(courier.Portal, g.lines[courier.Work], false)
	g.pair(courier.Work, g.lines[courier.Portal], false)
	return g
}

func (g *gap) pair(s courier.Side, line string, anew bool) {
	g.t.Helper()
	err := courier.Pair(g.spools[s], line, anew)
	if err == nil {
		g.sides[s], err = courier.Open(g.spools[s])
	}
	if err != nil {
		g.t.Fatalf("%v", err)
	}
}

// restart is a side's programs started again, as after a crash.
func (g *gap) restart(s courier.Side) {
	g.t.Helper()
	var err error
	if g.spools[s], err = spool.Open(g.dirs[s]); err == nil {
		g.sides[s], err = courier.Open(g.spools[s])
	}
	if err != nil {
		g.t.Fatalf("%v", err)
	}
}

func hashOf(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// lodge puts a letter with files into the public side's folder, in the form that the portal gives it.
func (g *gap) lodge(files ...io.Reader) string {
	g.t.Helper()
	g.made++
	e := envelope.Envelope{Version: envelope.Version, Name: hashOf(fmt.Sprint("letter ", g.made)), To: id.ID{City: 2, Key: "01HBF766M0X4QKDYVC32GC0003"}, Day: "2026-09-18",
		Commit: hashOf("commit"), Reply: "age1", Suite: "age-pq-1", Keys: []envelope.Key{{ID: "k", Mark: hashOf("k")}}, Sealed: []byte(fmt.Sprint("sealed ", g.made))}
	s := g.spools[courier.Portal]
	e.Files = g.files(files)
	if fresh, err := s.Put(e); !fresh || err != nil {
		g.t.Fatalf("%v, %v", fresh, err)
	}
	if err := s.Note(envelope.Parcel{Version: envelope.Version, Name: e.Name, N: 1, Sealed: []byte("received")}); err != nil {
		g.t.Fatalf("%v", err)
	}
	g.lodged[e.Name] = e.Files
	return e.Name
}

func (g *gap) files(contents []io.Reader) (refs []string) {
	g.t.Helper()
	for _, f := range contents {
		w, err := g.spools[courier.Portal].Create()
		if err == nil {
			_, err = io.Copy(w, f)
		}
		if err != nil {
			g.t.Fatalf("%v", err)
		}
		ref, _, err := w.Commit()
		if err != nil {
			g.t.Fatalf("%v", err)
		}
		refs = append(refs, ref)
	}
	return refs
}

// say is a reporter who says more.
func (g *gap) say(name string, files ...io.Reader) string {
	g.t.Helper()
	g.made++
	w := envelope.Word{Version: envelope.Version, Name: name, Own: hashOf(fmt.Sprint("word ", g.made)), Kind: envelope.More, To: id.ID{City: 2, Key: "01HBF766M0X4QKDYVC32GC0003"}, Day: "2026-09-25",
		Commit: hashOf("commit"), Files: g.files(files), Suite: "age-pq-1", Keys: []envelope.Key{{ID: "k", Mark: hashOf("k")}}, Sealed: []byte(fmt.Sprint("sealed ", g.made))}
	if fresh, err := g.spools[courier.Portal].PutWord(w); !fresh || err != nil {
		g.t.Fatalf("%v, %v", fresh, err)
	}
	g.said[w.ID()] = true
	return w.ID()
}

// whole checks that files are there, and what they should be.
func (g *gap) whole(refs []string) {
	g.t.Helper()
	for _, ref := range refs {
		f, err := g.spools[courier.Work].Read(ref) // holds it against its hash
		if (err != nil) != g.spoilt[ref] {
			g.t.Fatalf("a letter without its file: %v", err)
		}
		if err == nil {
			_ = f.Close()
		}
	}
}

// take is the work side's turn: it takes letters in, each whole, and answers each; words too, each of them once.
func (g *gap) take(most int) {
	g.t.Helper()
	s := g.spools[courier.Work]
	names, err := s.Waiting(most)
	if err != nil {
		g.t.Fatalf("%v", err)
	}
	for _, name := range names {
		e, ok, err := s.Envelope(name)
		if err != nil || !ok {
			g.t.Fatalf("%v, %v", ok, err)
		}
		g.whole(e.Files)
		if g.taken[name]++; g.taken[name] > 1 {
			g.t.Errorf("%s is taken twice", name)
		}
		g.answer(name)
		if err := s.Taken(e); err != nil {
			g.t.Fatalf("%v", err)
		}
	}
	if names, err = s.Words(most); err != nil {
		g.t.Fatalf("%v", err)
	}
	for _, name := range names {
		w, ok, err := s.Word(name)
		if err != nil || !ok {
			g.t.Fatalf("%v, %v", ok, err)
		}
		g.whole(w.Files)
		g.taken[name] = 1 // one that comes again is known
		if err := s.Heard(w); err != nil {
			g.t.Fatalf("%v", err)
		}
	}
}

// answer tells a reporter something new.
func (g *gap) answer(name string) {
	g.t.Helper()
	n := max(g.told[name]+1, 2)
	if err := g.spools[courier.Work].PutStatus(envelope.Parcel{Version: envelope.Version, Name: name, N: n, Sealed: []byte(fmt.Sprint("answer ", n))}); err != nil {
		g.t.Fatalf("%v", err)
	}
	g.told[name] = n
}

// out makes a bundle on a disc of its own.
func (g *gap) out(s courier.Side) courier.Made {
	g.t.Helper()
	g.number++
	m, err := g.sides[s].Out(filepath.Join(g.discs, fmt.Sprintf("%s-%d", s, g.number)))
	if err != nil || len(m.Broken) > 0 {
		g.t.Fatalf("%v, %q", err, m.Broken)
	}
	return m
}

func (g *gap) in(s courier.Side, path string) courier.Took {
	g.t.Helper()
	k, err := g.sides[s].In(path)
	if err != nil {
		g.t.Fatalf("%s: %v", path, err)
	}
	return k
}

// round is a journey there and back on which nothing happens, with the work side at work in between.
func (g *gap) round() {
	g.t.Helper()
	g.in(courier.Work, g.out(courier.Portal).Path)
	g.take(1000)
	g.in(courier.Portal, g.out(courier.Work).Path)
}

// arrived checks that every letter was taken once with its files, that its reporter can read the newest answer, and that
// nothing is left at the public side that the work side has.
func (g *gap) arrived() {
	g.t.Helper()
	for name := range g.lodged {
		if g.taken[name] != 1 {
			g.t.Errorf("%s was taken %d times", name, g.taken[name])
		}
		if p, ok, err := g.spools[courier.Portal].Status(name); !ok || err != nil || p.N != g.told[name] || string(p.Sealed) != fmt.Sprint("answer ", p.N) {
			g.t.Errorf("%s is told %d %q, and the work side said %d: %v", name, p.N, p.Sealed, g.told[name], err)
		}
	}
	for name := range g.said {
		if g.taken[name] != 1 {
			g.t.Errorf("the word %s did not arrive", name)
		}
	}
	for _, what := range []string{"portal/in", "portal/more", "portal/files", "work/in", "work/more", "work/files"} {
		if files := g.lies(what); len(files) > 0 {
			g.t.Errorf("%s holds %q", what, files)
		}
	}
}

// lies lists the files of a folder of a side, each with what it holds; what only says that somebody is at work is none.
func (g *gap) lies(dir string) map[string]string {
	g.t.Helper()
	out := map[string]string{}
	root := filepath.Join(filepath.Dir(g.discs), dir)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "lock" {
			return err
		}
		b, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, root)] = hashOf(string(b))
		return err
	})
	if err != nil {
		g.t.Fatalf("%v", err)
	}
	return out
}

func newTestGap(t *testing.T) *gap {
	t.Helper()
	return newGap(t, folder(t))
}

// folder is one in memory, where there is such a thing: what comes to disk when is seen by the steps, and the rest waits for
// no disk some ten thousand times.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "qianshao-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
