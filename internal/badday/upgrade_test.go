package badday

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/migrate"
)

// TestUpgrade is T22: a city that has lived, in the schema of each earlier step that held whole cities, is brought up by
// `qianshao migrate`. It makes a backup first, says how long each step took, changes no row, and verifies; going back is
// restoring that backup. Steps are never edited once they are there, so that a schema made from them is the one of then.
func TestUpgrade(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program a dozen times")
	}
	src := onFile(t, t.TempDir())
	s := src.start()
	c := newCrowd(src, 3)
	for range 4 {
		for _, k := range c.clerks {
			k.turn(ctx)
		}
	}
	c.settle(readyWithin)
	s.stop()
	src.verify()
	key := filepath.Join(src.dir, "key")
	if out, err := src.tool("keys", "recipient", filepath.Join(src.dir, "operator")); err != nil {
		t.Fatal(out)
	}
	out, err := src.tool("keys", "recipient", filepath.Join(src.dir, "operator2"))
	must(t, err)
	to := regexp.MustCompile(`age1\S+`).FindString(out)
	identity := filepath.Join(src.dir, "operator2")

	for engine, address := range map[string]func(t *testing.T, name string) string{
		"sqlite": func(t *testing.T, name string) string { return "sqlite:" + filepath.Join(t.TempDir(), name) },
		"postgres": func(t *testing.T, _ string) string {
			return dbtest.Empty(t)
		},
	} {
		for _, from := range []int64{3, 4} {
			t.Run(engine+" from step "+string(rune('0'+from)), func(t *testing.T) {
				l := &deployment{t: t, dir: t.TempDir(), url: address(t, "old.db"), listen: free(t), who: src.who, units: src.units}
				was := earlier(t, src.url, l.url, from)
				b, err := os.ReadFile(key)
				must(t, err)
				must(t, os.WriteFile(filepath.Join(l.dir, "key"), b, 0o600))
				if s := l.run(nil); true { // nobody serves from an earlier schema, or changes it by the way
					<-s.gone
					if s.cmd.ProcessState.ExitCode() == 0 || !strings.Contains(s.log.end(), "upgrade it first with qianshao migrate") {
						t.Errorf("served as it was: %s", s.log.end())
					}
				}
				kept := filepath.Join(l.dir, "before.backup")
				out, err := l.tool("migrate", "--db", l.url, "--key", filepath.Join(l.dir, "key"), "--files", filepath.Join(l.dir, "files"), "--to", to, "--out", kept)
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if n := len(regexp.MustCompile(`\d{4}_\w+\.sql: [\d.]+m?s`).FindAllString(out, -1)); n != int(migrate.Latest()-from) {
					t.Errorf("%d of %d steps said how long they took:\n%s", n, migrate.Latest()-from, out)
				}
				now := rows(t, l.url)
				was["acts"], was["log_hashes"] = now["acts"], now["log_hashes"] // the backup is an act
				for name, n := range was {
					if now[name] != n {
						t.Errorf("%s has %d rows, had %d", name, now[name], n)
					}
				}
				l.verify()
				s := l.start()
				if a := l.get("intake", "/search?q=管护费"); a.status != http.StatusOK || !strings.Contains(string(a.body), "反映虚报管护费") {
					t.Errorf("the search finds nothing: %d", a.status)
				}
				c := newCrowd(l, 1)
				c.clerks[0].name = "later"
				c.work1(t)
				s.stop()
				l.verify()

				back := &deployment{t: t, dir: t.TempDir(), url: address(t, "back.db")}
				if out, err := back.tool("restore", "--db", back.url, "--key", filepath.Join(back.dir, "key"), "--files", filepath.Join(back.dir, "files"), "--identity", identity, kept); err != nil {
					t.Fatalf("restoring what the upgrade kept: %v\n%s", err, out)
				}
				before := rows(t, back.url)
				for _, name := range []string{"matters", "tipoffs", "clues", "clocks", "units", "posts", "texts", "accounts"} {
					if before[name] != was[name] {
						t.Errorf("gone back, %s has %d rows, had %d", name, before[name], was[name])
					}
				}
			})
		}
	}
}

// earlier makes a database at an earlier step and puts into it what another holds, as far as the step has places for it.
func earlier(t *testing.T, from, to string, step int64) map[string]int64 {
	t.Helper()
	src, err := db.Open(ctx, from, db.Options{})
	must(t, err)
	defer src.Close()
	dst, err := db.Open(ctx, to, db.Options{})
	must(t, err)
	defer dst.Close()
	must(t, migrate.To(ctx, dst, step))
	places := map[string]db.Shape{}
	must(t, dst.Snapshot(ctx, func(s *db.Snap) error {
		shapes, err := s.Shapes(ctx)
		for _, x := range shapes {
			places[x.Name] = x
		}
		return err
	}))
	must(t, dst.Load(ctx, func(l *db.Loader) error {
		return src.Snapshot(ctx, func(s *db.Snap) error {
			shapes, err := s.Shapes(ctx)
			if err != nil {
				return err
			}
			for _, x := range shapes {
				if !slices.Equal(places[x.Name].Columns, x.Columns) {
					continue // the access log had other columns, and is no fact
				}
				if err := s.Each(ctx, x, func(vals []any) error { return l.Add(x, vals) }); err != nil {
					return err
				}
			}
			return nil
		})
	}))
	if step >= searchStep { // what is searched is made anew, never carried
		for _, city := range []id.City{apptest.Province, apptest.City} {
			must(t, flow.Reindex(ctx, dst, city, nil))
		}
	}
	return rows(t, to)
}

// searchStep is the step that brought the index of texts.
const searchStep = 4

// rows counts the rows of every table.
func rows(t *testing.T, url string) map[string]int64 {
	t.Helper()
	d, err := db.Open(ctx, url, db.Options{})
	must(t, err)
	defer d.Close()
	out := map[string]int64{}
	must(t, d.Snapshot(ctx, func(s *db.Snap) error {
		shapes, err := s.Shapes(ctx)
		for _, x := range shapes {
			if out[x.Name], err = s.Count(ctx, x); err != nil {
				return err
			}
		}
		return err
	}))
	return maps.Clone(out)
}
