package badday

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app/apptest"
	"qianshao/internal/flow"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

var (
	rowsOf = flag.Int("rows", 4000, "rows of the bulk import that runs beside the crowd")
	owned  = flag.Int("owned", 5000, "matters of the unit that is renamed, and of the index that is made anew, beside the crowd")
)

// TestLongJobs runs what takes long beside a crowd at work, on the engine that has one writer: a bulk import and a backup.
// Nobody waits for them for over a second, and what the machine being busy costs besides.
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
	beside := func(what string, do func() (string, error)) time.Duration { return c.beside(t, what, do) }
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
	if allowed := time.Second + 2*calm; imported > allowed {
		t.Errorf("beside the import somebody waited %s; %s are allowed, of them %s for the machine being busy", imported, allowed, 2*calm)
	}
	if backedUp > 500*time.Millisecond+2*calm {
		t.Errorf("beside the backup somebody waited %s", backedUp)
	}
	c.check()
	s.stop()
	l.verify()
}

// beside lets everybody work while something is done, and says how long the one waited who waited longest.
func (c *crowd) beside(t *testing.T, what string, do func() (string, error)) time.Duration {
	t.Helper()
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
	t.Logf("%s took %s: of %d writes the slowest took %s, of %d reads %s", what, took.Round(time.Millisecond), len(c.took), quantile(c.took, 1).Round(time.Millisecond), len(c.reads), quantile(c.reads, 1).Round(time.Millisecond))
	return max(quantile(c.took, 1), c.gap)
}

// TestManyOwned is T10, and T9 for those who work meanwhile: a township that owns many matters is renamed, and their search
// index is made anew. The matters are copies of one, put into the tables, so nothing is verified here.
func TestManyOwned(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a city with matters")
	}
	t.Run("sqlite", func(t *testing.T) { manyOwned(t, onFile(t, t.TempDir())) })
	t.Run("postgres", func(t *testing.T) { manyOwned(t, newDeployment(t, t.TempDir(), dbtest.Address(t))) })
}

func manyOwned(t *testing.T, l *deployment) {
	s := l.start()
	c := newCrowd(l, 4)
	calm := c.beside(t, "nothing", func() (string, error) { time.Sleep(3 * time.Second); return "", nil })
	d, err := db.Open(ctx, l.url, db.Options{})
	must(t, err)
	defer d.Close()
	r := d.In(apptest.City)
	var code, one string
	must(t, r.Row(ctx, `SELECT code FROM units WHERE city_id = $1 AND id = $2`, l.units["full"].Key).Scan(&code))
	must(t, r.Row(ctx, `SELECT id FROM matters WHERE city_id = $1 AND kind = 'clue' AND township_id = $2 ORDER BY id LIMIT 1`, l.units["full"].Key).Scan(&one))
	for _, x := range []struct{ table, key, alike string }{
		{"matters", "id, root_id", "kind, no, state, open, version, level, organ_city, organ_id, county_id, township_id, handler_city, handler_id, second_id, title, source, mode, rank, subject, subject_post, received_on, opened_on, ended_on, outcome, due_on, flags"},
		{"texts", "matter_id", "plain"},
	} {
		id, of := `'01M' || CAST(k.n AS TEXT) || '0000000000000000'`, strings.Split(x.key, ", ")
		ids := id + strings.Repeat(", "+id, len(of)-1)
		_, err := d.Raw().Exec(`WITH RECURSIVE k(n) AS (SELECT 1000000 UNION ALL SELECT n + 1 FROM k WHERE n < 999999 + CAST($1 AS INTEGER)) INSERT INTO `+x.table+` (city_id, `+x.key+`, `+x.alike+`) SELECT city_id, `+ids+`, `+x.alike+
			` FROM `+x.table+`, k WHERE city_id = $2 AND `+of[0]+` = $3`, *owned, int64(apptest.City), one)
		must(t, err)
	}
	sheet := filepath.Join(l.dir, "renamed.csv")
	must(t, os.WriteFile(sheet, []byte("代码,单位名称\n"+code+",石桥街道\n"), 0o600))
	renamed := c.beside(t, fmt.Sprintf("a unit with %d matters renamed", *owned), func() (string, error) { return l.tool("import", "--db", l.url, "divisions", sheet) })
	var name string
	must(t, r.Row(ctx, `SELECT name FROM units WHERE city_id = $1 AND id = $2`, l.units["full"].Key).Scan(&name))
	if name != "石桥街道" {
		t.Errorf("it is called %s", name)
	}
	indexed := c.beside(t, fmt.Sprintf("the index of %d matters made anew", *owned), func() (string, error) { return "", flow.Reindex(ctx, d, apptest.City, nil) })
	for what, waited := range map[string]time.Duration{"renamed": renamed, "indexed": indexed} {
		if allowed := time.Second + 2*calm; waited > allowed {
			t.Errorf("%s: somebody waited %s; %s are allowed, of them %s for the machine being busy", what, waited, allowed, 2*calm)
		}
	}
	s.stop()
}
