package badday

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var rowsOf = flag.Int("rows", 4000, "rows of the bulk import that runs beside the crowd; a second's wait is allowed for every 4000")

// TestLongJobs runs what takes long beside a crowd at work, on the engine that has one writer: a bulk import, which is
// one act, and a backup. Nobody may wait for them longer than the scale allows.
func TestLongJobs(t *testing.T) {
	if testing.Short() {
		t.Skip("imports thousands of rows")
	}
	l := onFile(t, t.TempDir())
	s := l.start()
	var b strings.Builder
	b.WriteString("代码,单位名称,设立日期\n")
	for i := range *rowsOf {
		town, village := i/400, i%400
		if village == 0 {
			fmt.Fprintf(&b, "990101%03d000,镇%d,2020-01-01\n", 100+town, town)
		}
		fmt.Fprintf(&b, "990101%03d%03d,村%d,2020-01-01\n", 100+town, 200+village, i)
	}
	sheet := filepath.Join(l.dir, "divisions.csv")
	must(t, os.WriteFile(sheet, []byte(b.String()), 0o600))
	c := newCrowd(l, 4)
	beside := func(what string, do func() (string, error)) (waited time.Duration) {
		c.mu.Lock()
		c.took, c.reads = nil, nil
		c.mu.Unlock()
		begin := time.Now()
		c.while(t, func() {
			if out, err := do(); err != nil {
				t.Errorf("%s: %v\n%s", what, err, out)
			}
		})
		took := time.Since(begin)
		c.settle(10 * time.Second)
		c.mu.Lock()
		defer c.mu.Unlock()
		waited = max(quantile(c.took, 1), c.gap)
		t.Logf("%s took %s: of %d writes the slowest took %s, of %d reads %s", what, took.Round(time.Millisecond), len(c.took), quantile(c.took, 1).Round(time.Millisecond), len(c.reads), quantile(c.reads, 1).Round(time.Millisecond))
		return waited
	}
	calm := beside("nothing", func() (string, error) { time.Sleep(3 * time.Second); return "", nil })
	imported := beside(fmt.Sprintf("an import of %d rows", *rowsOf), func() (string, error) { return l.tool("import", "--db", l.url, "divisions", sheet) })
	backup := filepath.Join(l.dir, "b")
	id := filepath.Join(l.dir, "operator")
	out, err := l.tool("keys", "recipient", id)
	must(t, err)
	to := out[strings.Index(out, "age1"):]
	to = strings.Fields(to)[0]
	backedUp := beside("a backup", func() (string, error) {
		return l.tool("backup", "--db", l.url, "--key", filepath.Join(l.dir, "key"), "--files", filepath.Join(l.dir, "files"), "--to", to, backup)
	})
	allowed := time.Second*time.Duration(*rowsOf)/4000 + 2*calm
	if imported > allowed {
		t.Errorf("beside the import somebody waited %s; %s are allowed for so many rows, of them %s for the machine being busy", imported, allowed, 2*calm)
	}
	if backedUp > 500*time.Millisecond+2*calm {
		t.Errorf("beside the backup somebody waited %s", backedUp)
	}
	c.check()
	s.stop()
	l.verify()
}
