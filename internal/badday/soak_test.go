package badday

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var soak = flag.Duration("soak", 0, "how long the program is kept at work (make soak)")

// cached is what SQLite's connections may keep of the file, and beside it is what the program may hold of its own, in MB: the
// caches fill for as long as new pages are walked, and give back only what they take for something else.
const cached, beside = 128, 90

// TestSoak is T15: mixed work for hours. Memory does not grow past what its caches explain, and the last sixth is as quick as
// the first. The first tenth, and five minutes at least, are left out of the memory's slope. What is shorter says nothing of it.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("make soak runs this")
	}
	l := onFile(t, t.TempDir())
	s := l.start()
	c := newCrowd(l, 6)
	every := min(time.Minute, *soak/60)
	type sample struct {
		at   time.Duration
		rss  float64 // MB
		p95  time.Duration
		reqs int
	}
	var all []sample
	path := filepath.Join(os.TempDir(), "qianshao-soak.tsv")
	out, err := os.Create(path)
	must(t, err)
	defer out.Close()
	fmt.Fprintln(out, "seconds\trss_mb\twrites_and_reads\tp95_ms")
	begin := time.Now()
	c.while(t, func() {
		for time.Since(begin) < *soak {
			time.Sleep(every)
			c.mu.Lock()
			took := append(c.took, c.reads...)
			c.took, c.reads = nil, nil
			c.mu.Unlock()
			x := sample{time.Since(begin), rss(t, s), quantile(took, .95), len(took)}
			all = append(all, x)
			fmt.Fprintf(out, "%.0f\t%.1f\t%d\t%.1f\n", x.at.Seconds(), x.rss, x.reqs, float64(x.p95.Microseconds())/1000)
		}
	})
	c.settle(10 * time.Second)
	c.check()
	s.stop()
	l.verify()
	// Least squares over what is left.
	rest := all
	for len(rest) > 0 && rest[0].at < max(*soak/10, 5*time.Minute) {
		rest = rest[1:]
	}
	var n, sx, sy, sxx, sxy float64
	for _, x := range rest {
		h := x.at.Hours()
		n, sx, sy, sxx, sxy = n+1, sx+h, sy+x.rss, sxx+h*h, sxy+h*x.rss
	}
	slope, grown := 0.0, 0.0
	if len(rest) > 5 {
		slope = (n*sxy - sx*sy) / (n*sxx - sx*sx)
		grown = slope * (rest[len(rest)-1].at - rest[0].at).Hours()
	} else {
		t.Log("too short to say anything of memory")
	}
	sixth := max(1, len(all)/6)
	mid := func(xs []sample) time.Duration {
		var ds []time.Duration
		for _, x := range xs {
			ds = append(ds, x.p95)
		}
		return quantile(ds, .5)
	}
	first, last := mid(all[:sixth]), mid(all[len(all)-sixth:])
	t.Logf("%s: memory %.1f MB at first, %.1f MB at last, slope %.2f MB an hour; p95 %s in the first sixth, %s in the last; samples in %s", *soak, all[0].rss, all[len(all)-1].rss, slope, first, last, path)
	if last := all[len(all)-1].rss; grown > max(20, 0.1*last) && last > cached+beside {
		t.Errorf("memory grew by %.1f MB", grown)
	}
	if float64(last) > 1.2*float64(first)+float64(5*time.Millisecond) {
		t.Errorf("p95 went from %s to %s", first, last)
	}
}

// rss is the memory the program holds, in MB.
func rss(t *testing.T, s *server) float64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Skip("memory is read from /proc")
	}
	_, after, _ := strings.Cut(string(b), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
	must(t, err)
	return kb / 1024
}
