package courier_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/courier"
	"qianshao/internal/fault"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
)

// TestThereAndBack: letters go with their files, answers and the directory come back, and a letter leaves the public side only
// when the work side's answer is there.
func TestThereAndBack(t *testing.T) {
	g := newTestGap(t)
	name := g.lodge(strings.NewReader("photo"), strings.NewReader("film"))
	g.lodge()
	if err := g.spools[courier.Work].Keep("directory", []byte("signed")); err != nil {
		t.Fatal(err)
	}
	m := g.out(courier.Portal)
	if m.Number != 1 || m.Letters != 2 || m.Files != 2 {
		t.Errorf("%+v", m)
	}
	k := g.in(courier.Work, m.Path)
	if k.Letters != 2 || k.Known != 0 || k.Missing != nil {
		t.Errorf("%+v", k)
	}
	if k := g.in(courier.Portal, g.out(courier.Work).Path); !k.Directory || k.Gone != 0 || len(g.lies("portal/in")) != 2 {
		t.Errorf("before anything was taken: %+v", k)
	}
	if b, ok, err := g.spools[courier.Portal].Kept("directory"); !ok || err != nil || string(b) != "signed" {
		t.Errorf("%q, %v", b, err)
	}
	m = g.out(courier.Portal) // nobody has answered: everything again
	if k := g.in(courier.Work, m.Path); m.Letters != 2 || k.Letters != 0 || k.Known != 2 {
		t.Errorf("%+v, %+v", m, k)
	}
	g.take(10)
	m = g.out(courier.Work)
	if m.Answers != 2 || m.Directory {
		t.Errorf("%+v", m)
	}
	if k := g.in(courier.Portal, m.Path); k.Answers != 2 || k.Gone != 2 || k.Directory {
		t.Errorf("%+v", k)
	}
	g.arrived()
	g.say(name, strings.NewReader("receipt"))
	if m = g.out(courier.Portal); m.Words != 1 || m.Files != 1 {
		t.Errorf("%+v", m)
	}
	if k := g.in(courier.Work, m.Path); k.Words != 1 || len(g.lies("portal/more")) != 1 {
		t.Errorf("%+v", k)
	}
	g.take(10)
	g.in(courier.Portal, g.out(courier.Work).Path)
	g.arrived() // the word has gone with the acknowledgement
	g.in(courier.Work, g.out(courier.Portal).Path)
	if m := g.out(courier.Work); m.Answers != 0 || m.Letters != 0 {
		t.Errorf("what was acknowledged goes again: %+v", m)
	}
	g.answer(name)
	if m := g.out(courier.Work); m.Answers != 1 {
		t.Errorf("%+v", m)
	}
	g.in(courier.Portal, filepath.Join(g.discs, fmt.Sprintf("work-%d", g.number)))
	g.arrived()
}

// TestFoundOut: a bundle that is doubled, older, forged, of others, for others, cut off or altered is named as that, and
// changes nothing here; one that never came is named with the next, which carries what it carried.
func TestFoundOut(t *testing.T) {
	g, h := newTestGap(t), newTestGap(t)
	g.lodge(strings.NewReader(strings.Repeat("photo", 50_000)))
	h.lodge()
	first, second := g.out(courier.Portal).Path, g.out(courier.Portal).Path
	g.in(courier.Work, first)
	g.lodge()
	third, fourth := g.out(courier.Portal).Path, g.out(courier.Portal).Path
	refused := func(what, path, code string) {
		t.Helper()
		before := g.lies("work")
		if k, err := g.sides[courier.Work].In(path); fault.Code(err) != code {
			t.Errorf("%s: %v (%s), want %s; %+v", what, err, fault.Code(err), code, k)
		}
		if after := g.lies("work"); !maps.Equal(before, after) {
			t.Errorf("%s changed something: %v, then %v", what, before, after)
		}
	}
	refused("the same again", first, "courier.again")
	if k := g.in(courier.Work, third); len(k.Missing) != 2 || k.Missing[0] != 2 || k.Missing[1] != 2 || k.Letters != 1 || k.Known != 1 {
		t.Errorf("the second is missing: %+v", k)
	}
	refused("one that comes late", second, "courier.older")
	refused("the first of all, again", first, "courier.older")
	refused("of a side that nobody was paired with", h.out(courier.Portal).Path, "courier.unreadable")
	refused("our own", g.out(courier.Work).Path, "courier.unreadable")
	refused("none at all", filepath.Join(g.dirs[courier.Work], "lock"), "courier.unreadable")
	refused("nothing there", filepath.Join(g.discs, "absent"), "courier.path")

	good, err := os.ReadFile(fourth)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(g.discs, "bad")
	write := func(b []byte) string {
		if err := os.WriteFile(bad, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return bad
	}
	for _, n := range []int{0, 1, 100, 2_000, len(good) / 3, len(good) / 2, len(good) - 70_000, len(good) - 16, len(good) - 1} {
		code := "courier.damaged"
		if n <= 100 { // within the head of the sealed stream
			code = "courier.unreadable"
		}
		refused(fmt.Sprintf("cut off at %d of %d", n, len(good)), write(good[:n]), code)
	}
	for _, at := range []int{30, len(good) / 2, len(good) - 5} {
		b := bytes.Clone(good)
		b[at] ^= 1
		code := "courier.damaged"
		if at == 30 {
			code = "courier.unreadable"
		}
		refused(fmt.Sprintf("a bit of byte %d", at), write(b), code)
	}
	refused("something after the end", write(append(bytes.Clone(good), 0)), "courier.damaged")

	// Sealed to the right side by somebody who knows its public key, and signed by nobody of the other side.
	forger := newTestGap(t)
	forger.lodge()
	forger.pair(courier.Portal, g.lines[courier.Work], true)
	refused("forged", forger.out(courier.Portal).Path, "courier.forged")
	// What the other side said in truth, opened, changed, and sealed again, by somebody who has this side's key.
	plain := g.opened(t, courier.Work, fourth)
	for what, x := range map[string]struct {
		b    []byte
		code string
	}{
		"the number raised":  {bytes.Replace(plain, []byte("number 4"), []byte("number 5"), 1), "courier.forged"},
		"a letter changed":   {bytes.Replace(plain, []byte(`"day":"2026-09-18"`), []byte(`"day":"2026-09-19"`), 1), "courier.forged"},
		"a letter named":     {bytes.Replace(plain, []byte("letter/"), []byte("letter\x00"), 1), "courier.damaged"}, // tar's own sum
		"without its end":    {plain[:bytes.Index(plain, []byte("qianshao courier bundle 1 end"))-512], "courier.damaged"},
		"the end of another": {bytes.Replace(plain, g.last(t, plain), g.last(t, g.opened(t, courier.Work, third)), 1), "courier.forged"},
		"nothing":            {nil, "courier.damaged"},
	} {
		b, err := resealed(x.b, strings.Fields(g.lines[courier.Work])[3])
		if err != nil {
			t.Fatal(err)
		}
		refused(what, write(b), x.code)
	}
	g.in(courier.Work, fourth)
	g.take(10)
	g.in(courier.Portal, g.out(courier.Work).Path)
	g.arrived()
}

// opened is what stands in a bundle.
func (g *gap) opened(t *testing.T, s courier.Side, path string) []byte {
	t.Helper()
	key, ok, err := g.spools[s].Kept("courier/key")
	if err != nil || !ok {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(key)), "\n")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := seal.Reader(f, lines[3])
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// last is the note at a bundle's end.
func (g *gap) last(t *testing.T, plain []byte) []byte {
	t.Helper()
	at := bytes.Index(plain, []byte("qianshao courier bundle 1 end"))
	n := bytes.IndexByte(plain[at:], 0)
	if at < 0 || n < 0 {
		t.Fatal("no end")
	}
	return plain[at : at+n]
}

func resealed(plain []byte, public string) ([]byte, error) {
	var b bytes.Buffer
	w, err := seal.Writer(&b, public)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	return b.Bytes(), err
}

// TestSaysNothing: of names, of numbers of letters, of the sides, nothing can be read in a bundle; and an idle week looks as
// one with a few letters.
func TestSaysNothing(t *testing.T) {
	g := newTestGap(t)
	idle := g.out(courier.Portal)
	name := g.lodge(strings.NewReader("photo"))
	for range 5 {
		g.lodge()
	}
	busy := g.out(courier.Portal)
	b, err := os.ReadFile(busy.Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []string{name, name[:16], "letter", "courier", "portal", "number"} {
		if bytes.Contains(b, []byte(x)) {
			t.Errorf("%q can be read", x)
		}
	}
	i, err := os.Stat(idle.Path)
	if err != nil || i.Size() != int64(len(b)) || i.Mode().Perm() != 0o600 {
		t.Errorf("%d bytes and %d; %v", i.Size(), len(b), i.Mode())
	}
}

// TestPairing: keys are made once; a side is paired with the other, and with another one only by somebody who means it.
func TestPairing(t *testing.T) {
	dir := t.TempDir()
	s, err := spool.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	no := func(err error, code string) {
		t.Helper()
		if fault.Code(err) != code {
			t.Errorf("%v (%s), want %s", err, fault.Code(err), code)
		}
	}
	_, err = courier.Open(s)
	no(err, "courier.none")
	no(courier.Pair(s, "x", false), "courier.none")
	line, fresh, err := courier.Init(s, courier.Portal)
	if err != nil || !fresh {
		t.Fatal(err)
	}
	if again, fresh, err := courier.Init(s, courier.Portal); again != line || fresh || err != nil {
		t.Errorf("%v, %v", fresh, err)
	}
	_, _, err = courier.Init(s, courier.Work)
	no(err, "courier.side")
	_, err = courier.Open(s)
	no(err, "courier.unpaired")
	no(courier.Pair(s, line, false), "courier.same")
	other, third := newTestGap(t), newTestGap(t)
	for _, bad := range []string{"", line + " x", strings.Replace(other.lines[courier.Work], "work", "portal", 1), other.lines[courier.Work][:300]} {
		no(courier.Pair(s, bad, false), "courier.line")
	}
	for range 2 {
		if err := courier.Pair(s, "\n"+other.lines[courier.Work]+"\n", false); err != nil {
			t.Fatal(err)
		}
	}
	no(courier.Pair(s, third.lines[courier.Work], false), "courier.paired")
	if err := courier.Pair(s, third.lines[courier.Work], true); err != nil {
		t.Fatal(err)
	}
	if i, err := os.Stat(filepath.Join(dir, "courier", "key")); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("%v", err)
	}
	if a, b := courier.Mark(line), courier.Mark(other.lines[courier.Work]); a == b || len(a) != 24 {
		t.Errorf("%q, %q", a, b)
	}
	done, err := s.Alone("courier/lock")
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	c, err := courier.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Out(filepath.Join(dir, "b"))
	no(err, "courier.busy")
}

// TestFolder: a folder that both can reach: bundles have numbered names, are taken in their order, and go when they were.
func TestFolder(t *testing.T) {
	g := newTestGap(t)
	shared := filepath.Join(g.discs, "shared")
	if err := os.Mkdir(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	pass := func(s courier.Side) (numbers []int64) {
		t.Helper()
		paths, err := g.sides[s].Found(shared)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			numbers = append(numbers, g.in(s, p).Number)
		}
		return numbers
	}
	for range 11 { // past a figure more
		g.lodge()
		if _, err := g.sides[courier.Portal].Out(shared); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(shared, "p00000012.age.part"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := pass(courier.Work); len(n) != 11 || n[0] != 1 || n[10] != 11 {
		t.Errorf("%v", n)
	}
	if n := pass(courier.Work); n != nil {
		t.Errorf("again: %v", n)
	}
	g.take(100)
	if _, err := g.sides[courier.Work].Out(shared); err != nil {
		t.Fatal(err)
	}
	if n := pass(courier.Portal); len(n) != 1 {
		t.Errorf("%v", n)
	}
	g.arrived()
	if _, err := g.sides[courier.Portal].Out(shared); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(shared)
	if err != nil || len(names) != 2 || names[0].Name() != "p00000012.age" || names[1].Name() != "w00000001.age" {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := g.sides[courier.Work].Out(filepath.Join(shared, "w00000001.age")); fault.Code(err) != "courier.there" {
		t.Errorf("written over: %v", err)
	}
	if _, err := g.sides[courier.Work].Out(filepath.Join(shared, "absent", "x")); fault.Code(err) != "courier.path" {
		t.Errorf("no such folder: %v", err)
	}
}

// TestBroken: what the disk has spoilt is named and left out; the others go, and so does the letter whose file it was.
func TestBroken(t *testing.T) {
	g := newTestGap(t)
	letter, half, word := g.lodge(strings.NewReader("photo"), strings.NewReader("more")), g.lodge(), ""
	g.lodge(strings.NewReader("film"))
	word = g.say(letter)
	ref, dir := g.lodged[letter][0], g.dirs[courier.Portal]
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "files", ref[:2], ref), []byte("phot"), 0o600), os.Truncate(filepath.Join(dir, "in", half), 40), os.Truncate(filepath.Join(dir, "more", word), 40)); err != nil {
		t.Fatal(err)
	}
	g.spoilt[ref] = true
	m, err := g.sides[courier.Portal].Out(filepath.Join(g.discs, "b"))
	if want := []string{"file/" + ref, "letter/" + half, "word/" + word}; err != nil || m.Letters != 2 || m.Files != 2 || !slices.Equal(slices.Sorted(slices.Values(m.Broken)), want) {
		t.Fatalf("%+v, %v", m, err)
	}
	if k := g.in(courier.Work, m.Path); k.Letters != 2 {
		t.Errorf("%+v", k)
	}
	g.take(10)
	if g.taken[letter] != 1 {
		t.Error("a letter is held up by its file")
	}
}

// TestPutBack: a side that was put back to an earlier state, or made anew, is found out by the numbers, and everything is
// there again after a journey there and back.
func TestPutBack(t *testing.T) {
	for _, side := range []courier.Side{courier.Portal, courier.Work} {
		t.Run(string(side), func(t *testing.T) {
			g := newTestGap(t)
			g.lodge()
			g.round()
			saved := filepath.Join(g.discs, "saved")
			if err := os.CopyFS(saved, os.DirFS(g.dirs[side])); err != nil {
				t.Fatal(err)
			}
			g.lodge()
			g.round()
			g.round()
			if err := errors.Join(os.RemoveAll(g.dirs[side]), os.CopyFS(g.dirs[side], os.DirFS(saved))); err != nil {
				t.Fatal(err)
			}
			g.restart(side)
			other := courier.Work
			if side == courier.Work {
				other = courier.Portal
			}
			if side == courier.Portal {
				g.lodge()
			}
			// Whatever it makes now has a number that was used: it is refused, and says that it is not the same.
			if _, err := g.sides[other].In(g.out(side).Path); fault.Code(err) != "courier.older" && fault.Code(err) != "courier.two" {
				t.Errorf("%v", err)
			}
			if k := g.in(side, g.out(other).Path); !k.SetBack {
				t.Errorf("it is not noticed: %+v", k)
			}
			if k := g.in(other, g.out(side).Path); !k.Resend {
				t.Errorf("the other side is not asked for what was lost: %+v", k)
			}
			if side == courier.Work {
				return // what the work side lost of its own comes from its own backup
			}
			g.take(10)
			g.in(side, g.out(other).Path)
			g.arrived()
		})
	}
}
