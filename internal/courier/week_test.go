package courier_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"qianshao/internal/courier"
	"qianshao/internal/fault"
)

// weeks plays turns at random: letters come in, the work side takes some and says more about others, bundles are made, lost,
// carried twice, late, cut off or changed, and either side's courier is killed half way; a bundle that is not right changes
// nothing. Then the disc is carried properly a few times.
func weeks(g *gap, turns int, choose func(n int) int) {
	sides := []courier.Side{courier.Portal, courier.Work}
	discs := map[courier.Side][]string{} // by whom they were made
	killed := errors.New("killed")
	// kill has a side's disk fail from a step on, and the side started again.
	kill := func(s courier.Side, do func() error) {
		left := choose(12)
		g.spools[s].Step = func(string) error {
			if left--; left < 0 {
				return killed
			}
			return nil
		}
		if err := do(); err != nil && !errors.Is(err, killed) && fault.Code(err) == "" {
			g.t.Errorf("killed, and it says %v", err)
		}
		g.restart(s)
	}
	for range turns {
		side := sides[choose(2)]
		other := sides[0]
		if side == other {
			other = sides[1]
		}
		switch choose(8) {
		case 0:
			var files []io.Reader
			for i := range choose(3) {
				files = append(files, strings.NewReader(fmt.Sprint("file ", g.made, i)))
			}
			if choose(3) > 0 || len(g.lodged) == 0 {
				g.lodge(files...)
			} else {
				names := slices.Sorted(maps.Keys(g.lodged)) // the same sequence each time
				g.say(names[choose(len(names))], files...)
			}
		case 1:
			g.take(choose(4) + 1)
		case 2:
			if names := slices.Sorted(maps.Keys(g.told)); len(names) > 0 {
				g.answer(names[choose(len(names))])
			}
		case 3, 4:
			discs[side] = append(discs[side], g.out(side).Path)
		case 5:
			kill(side, func() error {
				g.number++
				m, err := g.sides[side].Out(filepath.Join(g.discs, fmt.Sprint(side, "-", g.number)))
				if err == nil {
					discs[side] = append(discs[side], m.Path)
				}
				return err
			})
		case 6, 7:
			if len(discs[other]) == 0 {
				continue
			}
			path := discs[other][choose(len(discs[other]))]
			switch choose(4) {
			case 0, 1:
				if _, err := g.sides[side].In(path); err != nil {
					if c := fault.Code(err); c != "courier.again" && c != "courier.older" {
						g.t.Errorf("%s: %v", path, err)
					}
				}
			case 2:
				kill(side, func() error { _, err := g.sides[side].In(path); return err })
			default:
				b, err := os.ReadFile(path)
				if err != nil {
					g.t.Fatalf("%v", err)
				}
				if at := choose(len(b)); choose(2) == 0 {
					b = b[:at]
				} else {
					b[at] ^= 1 << choose(8)
				}
				bad := filepath.Join(g.discs, "bad")
				if err := os.WriteFile(bad, b, 0o600); err != nil {
					g.t.Fatalf("%v", err)
				}
				before := g.lies(string(side))
				if k, err := g.sides[side].In(bad); fault.Code(err) == "" {
					g.t.Errorf("a bundle that is not as it was made is taken: %+v, %v", k, err)
				}
				if after := g.lies(string(side)); !maps.Equal(before, after) {
					g.t.Errorf("a bundle that is not as it was made has changed something: %v, then %v", before, after)
				}
			}
		}
	}
	for range 3 {
		g.round()
	}
	g.arrived()
}

// TestWeeks is T24: whatever happens to the bundles, everything arrives once.
func TestWeeks(t *testing.T) {
	turns := 600
	if testing.Short() {
		turns = 150
	}
	for _, seed := range []uint64{1, 2} {
		r := rand.New(rand.NewPCG(seed, 24))
		g := newTestGap(t)
		weeks(g, turns, r.IntN)
		t.Logf("seed %d: %d letters, %d words, %d bundles", seed, len(g.lodged), len(g.said), g.number)
		if len(g.lodged) < turns/20 || g.number < turns/8 {
			t.Error("too little happened")
		}
	}
}

// TestAnyWeeks is the same for whatever sequence: a failing one is made as short as it can be.
func TestAnyWeeks(t *testing.T) {
	was := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", "12"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = flag.Set("rapid.checks", was) }()
	base, n := folder(t), 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		g := newGap(r, filepath.Join(base, fmt.Sprint(n)))
		weeks(g, rapid.IntRange(0, 40).Draw(r, "turns"), func(n int) int { return rapid.IntRange(0, n-1).Draw(r, "choice") })
	})
}

// TestKilled: killed before each thing that either courier does on disk, it can be run again, and everything arrives once.
func TestKilled(t *testing.T) {
	killed := errors.New("killed")
	for _, what := range []string{"portal out", "work in", "work out", "portal in"} {
		for n := 0; ; n++ {
			g := newTestGap(t)
			g.lodge(strings.NewReader("photo"), strings.NewReader("film"))
			g.say(g.lodge(), strings.NewReader("more"))
			if err := g.spools[courier.Work].Keep("directory", []byte("signed")); err != nil {
				t.Fatal(err)
			}
			steps := 0
			turn := func(name string, s courier.Side, do func() error) {
				t.Helper()
				if name == what {
					g.spools[s].Step = func(string) error {
						if steps++; steps > n {
							return killed
						}
						return nil
					}
				}
				err := do()
				g.spools[s].Step = nil
				if name == what && steps > n {
					if err == nil {
						t.Errorf("%s: killed at step %d, and it says that it is done", what, n+1)
					}
					g.restart(s)
					err = do()
				}
				if err != nil && fault.Code(err) != "courier.again" {
					t.Fatalf("%s, killed at step %d and run again: %v", name, n+1, err)
				}
			}
			var path string
			out := func(s courier.Side) func() error {
				return func() error {
					g.number++
					m, err := g.sides[s].Out(filepath.Join(g.discs, fmt.Sprint(s, "-", g.number)))
					path = m.Path
					return err
				}
			}
			in := func(s courier.Side) func() error {
				return func() error { _, err := g.sides[s].In(path); return err }
			}
			turn("portal out", courier.Portal, out(courier.Portal))
			turn("work in", courier.Work, in(courier.Work))
			g.take(10)
			turn("work out", courier.Work, out(courier.Work))
			turn("portal in", courier.Portal, in(courier.Portal))
			g.arrived()
			if b, ok, err := g.spools[courier.Portal].Kept("directory"); !ok || err != nil || string(b) != "signed" {
				t.Errorf("%s, killed at step %d: the directory is %q, %v", what, n+1, b, err)
			}
			if steps <= n {
				if n < 8 {
					t.Errorf("%s: only %d steps were seen", what, n)
				}
				t.Logf("%s: %d steps", what, n)
				break
			}
		}
	}
}

// TestLargeFile: 100 MB cross in little memory.
func TestLargeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 400 MB")
	}
	g := newGap(t, t.TempDir())
	const size = 100 << 20
	g.lodge(io.LimitReader(rand.NewChaCha8([32]byte{1}), size))
	var at runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&at)
	base, peak, done := at.HeapInuse+at.StackInuse, atomic.Uint64{}, make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak.Store(max(peak.Load(), now.HeapInuse+now.StackInuse))
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	start := time.Now()
	m := g.out(courier.Portal)
	made := time.Since(start)
	start = time.Now()
	g.in(courier.Work, m.Path)
	took := time.Since(start)
	close(done)
	<-watched
	over := int64(peak.Load()) - int64(base)
	t.Logf("out %s, in %s, %d KB of memory over the base", made, took, over>>10)
	if over > 32<<20 {
		t.Errorf("it took %d MB of memory", over>>20)
	}
	g.take(1)
	g.in(courier.Portal, g.out(courier.Work).Path)
	g.arrived()
}
