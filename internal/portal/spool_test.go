package portal_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/spool"
)

// whole checks that a report that was acknowledged can be opened, with its files, and asked for with its receipt.
func (w *world) whole(t *testing.T, r envelope.Receipt, text string, files int) {
	t.Helper()
	e, l := w.letter(t, r, countyA)
	if l.Text != text || len(e.Files) != files {
		t.Errorf("%d files, %q", len(e.Files), l.Text)
	}
	for _, f := range e.Files {
		b, err := os.ReadFile(filepath.Join(w.dir, "files", f[:2], f))
		if err != nil || hash(b) != f {
			t.Errorf("a file is not what was sealed: %v", err)
		}
	}
	if a := w.look(string(r)); a.Code != http.StatusOK {
		t.Errorf("its receipt is answered with %d", a.Code)
	}
}

// TestKilled: the portal is killed before each thing it does on disk, and opened again; and the disk fails there, and works
// again. What was acknowledged is whole; what was not is whole or left at most sealed files; the same form sent again is
// taken, once, under the same receipt.
func TestKilled(t *testing.T) {
	dead := errors.New("the disk is gone")
	for _, kill := range []bool{true, false} {
		acknowledged := false
		for n := 0; !acknowledged; n++ {
			w := newWorld(t)
			f := typed()
			steps := 0
			w.Spool.Step = func(string) error {
				if steps++; steps <= n {
					return nil
				}
				if kill {
					panic(dead)
				}
				return dead
			}
			a := w.post(f, file{"a.jpg", []byte("eins")}, file{"b.jpg", []byte("zwei")})
			if steps <= n {
				acknowledged = true
				if n < 12 {
					t.Errorf("only %d steps were seen", n)
				}
			} else if a.Code == http.StatusOK || reReceipt.MatchString(a.body) {
				t.Errorf("step %d failed and the report is acknowledged", n+1)
			} else if !kill && a.Code != http.StatusServiceUnavailable {
				t.Errorf("step %d failed with %d", n+1, a.Code)
			}
			if kill {
				w.open(t)
			} else {
				w.Spool.Step = nil
				if steps > n {
					a.has(t, "请过一会儿再交", "您写的都还在", f["only"])
				}
			}
			r, err := envelope.NewReceipt(f["token"])
			if err != nil {
				t.Fatal(err)
			}
			for _, dir := range []string{"in", "out"} {
				if names := w.in(t, dir); len(names) > 1 || len(names) == 1 && names[0] != r.Secrets().Name {
					t.Errorf("killed at step %d, %s holds %q", n+1, dir, names)
				}
			}
			if len(w.in(t, "in")) == 1 {
				if e, l := w.letter(t, r, countyA); l.Text != f["text"] || len(e.Files) != 2 {
					t.Errorf("step %d: half a report", n+1)
				}
			} else if len(w.in(t, "out")) > 0 {
				t.Errorf("step %d: an answer without a report", n+1)
			}
			w.nowhere(t, f["text"], f["only"])
			if got := w.post(f, file{"a.jpg", []byte("eins")}, file{"b.jpg", []byte("zwei")}).receipt(t); got != r {
				t.Errorf("step %d: sent again it has another receipt", n+1)
			}
			w.whole(t, r, f["text"], 2)
		}
	}
}

// TestOrder: a report is on disk, contents and then name, before its answer is begun and before it is acknowledged.
func TestOrder(t *testing.T) {
	w := newWorld(t)
	var steps []string
	w.Spool.Step = func(what string) error {
		if i := strings.Index(what, "/"); i > 0 {
			what = what[:i]
		} else {
			what += "/"
		}
		steps = append(steps, what)
		return nil
	}
	w.post(typed()).receipt(t)
	if want := []string{"create in", "write in", "sync in", "rename in", "sync in/", "create out", "write out", "rename out"}; !slices.Equal(steps, want) {
		t.Errorf("%q", steps)
	}
}

// TestPowerCut: what was told first may be lost with the power, or half of it: it is told again as long as the envelope is
// here, and a form sent again gets its receipt.
func TestPowerCut(t *testing.T) {
	w := newWorld(t)
	f := typed()
	r := w.post(f).receipt(t)
	first := w.look(string(r))
	out, in := filepath.Join(w.dir, "out", r.Secrets().Name), filepath.Join(w.dir, "in", r.Secrets().Name)
	for what, lose := range map[string]func() error{"gone": func() error { return os.Remove(out) }, "empty": func() error { return os.Truncate(out, 0) }, "half": func() error { return os.Truncate(out, 500) }} {
		for _, again := range []bool{true, false} {
			if err := lose(); err != nil {
				t.Fatal(err)
			}
			if again && w.post(f).receipt(t) != r {
				t.Errorf("%s: another receipt", what)
			}
			if a := w.look(string(r)); a.Code != http.StatusOK || !sameBut(a.body, first.body) {
				t.Errorf("%s: %d %s", what, a.Code, a.body)
			}
			if p, ok, err := w.Spool.Status(r.Secrets().Name); !ok || err != nil || p.N != 1 {
				t.Errorf("%s: it is not written again: %v", what, err)
			}
		}
	}
	if err := errors.Join(os.Remove(in), os.Truncate(out, 0)); err != nil {
		t.Fatal(err)
	}
	if a := w.look(string(r)); a.Code != http.StatusInternalServerError {
		t.Errorf("nothing is left to tell it from, and it is answered with %d", a.Code)
	}
}

var reToken = regexp.MustCompile(`name="token" value="[^"]*"`)

// sameBut says whether two pages are one but for the tokens of their forms.
func sameBut(a, b string) bool {
	return reToken.ReplaceAllString(a, "") == reToken.ReplaceAllString(b, "") && reToken.MatchString(a)
}

// TestSharedSync: many writers at once have the folder brought to disk together, and each after its own name was written.
func TestSharedSync(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	named := map[string]bool{} // renamed, and not known to be on disk
	var folders atomic.Int64
	var receipts []envelope.Receipt
	w.Spool.Step = func(what string) error {
		mu.Lock()
		defer mu.Unlock()
		if name, ok := strings.CutPrefix(what, "rename in/"); ok {
			named[name] = true
		}
		if what == "sync in" {
			folders.Add(1)
			clear(named)
		}
		return nil
	}
	var wait sync.WaitGroup
	const writers = 64
	for range writers {
		wait.Go(func() {
			r := w.post(typed()).receipt(t)
			mu.Lock()
			defer mu.Unlock()
			if named[r.Secrets().Name] {
				t.Error("acknowledged before its name was on disk")
			}
			receipts = append(receipts, r)
		})
	}
	wait.Wait()
	if n := folders.Load(); n > writers {
		t.Errorf("%d times for %d reports", n, writers)
	}
	if len(receipts) != writers || len(w.in(t, "in")) != writers {
		t.Errorf("%d, %d", len(receipts), len(w.in(t, "in")))
	}
}

// TestSpoolTakesOnlyItsOwn: what is no envelope, and a name that leads elsewhere, are not kept and not found.
func TestSpoolTakesOnlyItsOwn(t *testing.T) {
	w := newWorld(t)
	e, _ := w.letter(t, w.post(typed()).receipt(t), countyA)
	for _, name := range []string{"", "x", "../in/" + e.Name, strings.ToUpper(e.Name), strings.Repeat("a", 63) + "/"} {
		x := e
		x.Name = name
		if _, err := w.Spool.Put(x); err == nil {
			t.Errorf("an envelope named %q is kept", name)
		}
		if err := w.Spool.PutStatus(envelope.Parcel{Version: envelope.Version, Name: name, N: 1, Sealed: []byte("x")}); err == nil {
			t.Errorf("a status named %q is kept", name)
		}
		if _, ok, _ := w.Spool.Envelope(name); ok {
			t.Errorf("%q is found", name)
		}
	}
	if fresh, err := w.Spool.Put(e); fresh || err != nil {
		t.Errorf("the same again: %t, %v", fresh, err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "in", "new-LEFT"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	if n := w.in(t, "in"); !slices.Equal(n, []string{e.Name}) {
		t.Errorf("%q", n)
	}
	if _, err := spool.Open("/dev/null/x"); err == nil {
		t.Error("a spool that can't be made is opened")
	}
}
