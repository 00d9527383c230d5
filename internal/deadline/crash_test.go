package deadline_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// The child process: this test binary, with the database's file and the day in its environment.
const (
	childFile = "QIANSHAO_DEADLINE_CHILD"
	childDay  = "QIANSHAO_DEADLINE_DAY"
)

// child runs one pass of the day and says when it begins and when it is done.
func child(path string) int {
	fail := func(err error) int {
		fmt.Println(err)
		return 1
	}
	d, err := db.Open(ctx, "sqlite:"+path, db.Options{})
	if err != nil {
		return fail(err)
	}
	today := date(os.Getenv(childDay))
	d.SetClock(func() time.Time { return calendar.StartOf(today).Time() })
	a, err := app.Build(ctx, d)
	if err != nil {
		return fail(err)
	}
	a.Clocks.SetBatch(3)
	fmt.Println("ready")
	if _, err := a.Clocks.Pass(ctx, a.Ledger, apptest.City, today, a.Engine.Effects()); err != nil {
		return fail(err)
	}
	fmt.Println("done")
	return 0
}

// runChild starts a pass and, unless kill is negative, kills it that long after it began. It says whether the pass had
// come to its end.
func runChild(t *testing.T, path string, day date, kill time.Duration) (done bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+path, childDay+"="+string(day))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the child did not begin: %q", lines.Text())
	}
	if kill >= 0 {
		time.Sleep(kill)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	for lines.Scan() {
		if done = lines.Text() == "done"; !done {
			t.Fatalf("the child: %s", lines.Text())
		}
	}
	if err := cmd.Wait(); err != nil && kill < 0 {
		t.Fatal(err)
	}
	return done
}

// T20: a pass is killed twenty times at random moments. Each warning, lateness and rise has happened once, and the
// ledger verifies.
func TestKilledAtRandom(t *testing.T) {
	if testing.Short() {
		t.Skip("starts twenty processes")
	}
	w := newWorld(t, dbtest.SQLite(t))
	var cs []deadline.Clock
	for i := range 40 {
		m := w.matter([]string{"county", "other", "city"}[i%3])
		for j := range 8 {
			start := date("2026-09-21").AddDays(i/2 + j)
			cs = append(cs, w.clock(m, []string{notice, "clue.opinion", "tipoff.accept_forwarded", "verify.work"}[j%4], start, "full", access.Head))
		}
	}
	path := filepath.Join(t.TempDir(), "killed.db")
	if _, err := w.App.DB.Raw().Exec(`VACUUM INTO '` + path + `'`); err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	killed := 0
	for round := range 20 {
		day := date("2026-10-13").AddDays(round * 2)
		if !runChild(t, path, day, time.Duration(chance.IntN(80))*time.Millisecond) {
			killed++
		}
		if round%5 == 4 {
			verifyFile(t, path, nil)
		}
	}
	t.Logf("%d passes of 20 were killed before their end", killed)
	if killed == 0 {
		t.Error("no pass was killed")
	}
	runChild(t, path, "2027-01-31", -1)
	verifyFile(t, path, cs)
}

// verifyFile holds the database against itself, and the clocks against everything that has fallen due on them by now.
func verifyFile(t *testing.T, path string, cs []deadline.Clock) {
	t.Helper()
	d, err := db.Open(ctx, "sqlite:"+path, db.Options{Lint: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, bad := range contradictions(t, d, apptest.City) {
		t.Error(bad)
	}
	for _, c := range cs {
		kinds, err := db.Column[string](ctx, d.In(apptest.City), `SELECT kind FROM fires WHERE city_id = $1 AND clock_id = $2 ORDER BY kind`, c.ID.Key)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Join(kinds, " "), strings.Join(owing(c), " "); got != want {
			t.Errorf("%s under %s, %s to %s: %s fell due, want %s", c.ID, c.Rule, c.Start, c.Due, got, want)
		}
	}
}

// owing is what falls due on a clock opened on 2026-10-12 that nobody meets.
func owing(c deadline.Clock) []string {
	kinds := []string{"late"}
	warns := map[string][]int{notice: {7, 3, 1}, "clue.opinion": {7, 3, 1}, "tipoff.accept_forwarded": {3, 1}, "verify.work": {7, 3, 1}}[c.Rule]
	for _, n := range warns {
		on := c.Due.AddDays(-n)
		for !calendar.Shipped().Working(on) {
			on = on.AddDays(-1)
		}
		if on > c.Start && on >= "2026-10-12" {
			kinds = append(kinds, deadline.WarnKind(n))
		}
	}
	if c.Rule != "verify.work" { // the county's own rule
		kinds = append(kinds, "rise")
	}
	sort.Strings(kinds)
	return kinds
}
