package badday

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"qianshao/internal/platform/dbtest"
)

var yearOf = flag.Int("clues", 0, "clues of the generated deployment that is backed up and restored (make year)")

// mayHold is the memory that a backup, a restore or a verification may need: the first passes rows on as they come, the others hold
// some sixty bytes of each.
const mayHold = 400 // MB

// TestYear is T21 at the size of a year's work: a generated county is backed up, restored into either engine and verified,
// timed, and neither way holds more than a part of it in memory. The rows and heads are held against each other by restore
// itself, and verify reads every entry.
func TestYear(t *testing.T) {
	if *yearOf == 0 {
		t.Skip("make year runs this: generating takes minutes")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	run := func(args ...string) (string, time.Duration) {
		t.Helper()
		begin := time.Now()
		cmd := exec.Command(program(t), args...)
		cmd.Env = append(os.Environ(), "QIANSHAO_LANG=en")
		out, err := cmd.CombinedOutput()
		took := time.Since(begin)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args[:2], err, out)
		}
		held := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
		t.Logf("%s: %s, %d MB held at most", args[0], took.Round(10*time.Millisecond), held)
		if slices.Contains([]string{"backup", "restore", "verify"}, args[0]) && held > mayHold {
			t.Errorf("%s held %d MB, it may hold %d", args[0], held, mayHold)
		}
		return string(out), took
	}
	must(t, os.Mkdir(at("files"), 0o700))
	run("bench", "generate", "--db", "sqlite:"+at("a.db"), "--size", "county", "--clues", strconv.Itoa(*yearOf))
	out, _ := run("keys", "recipient", at("operator"))
	to := strings.Fields(out[strings.Index(out, "age1"):])[0]
	run("backup", "--db", "sqlite:"+at("a.db"), "--key", at("key"), "--files", at("files"), "--to", to, at("b"))
	size := func(name string) int64 {
		st, err := os.Stat(at(name))
		must(t, err)
		return st.Size() >> 20
	}
	t.Logf("%d clues: the database is %d MB, the backup %d MB", *yearOf, size("a.db"), size("b"))
	for _, into := range []string{"sqlite:" + at("c.db"), dbtest.Address(t)} {
		_, took := run("restore", "--db", into, "--key", at("key2"), "--files", at("files2"), "--identity", at("operator"), at("b"))
		if took > 30*time.Minute {
			t.Errorf("restored after %s", took)
		}
		run("verify", "--db", into)
		must(t, os.RemoveAll(at("key2")))
		must(t, os.RemoveAll(at("files2")))
	}
}
