package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	_ "modernc.org/sqlite"

	"qianshao/internal/platform/envelope"
)

type shell struct {
	t   *testing.T
	dir string
}

func newShell(t *testing.T) shell {
	t.Setenv("QIANSHAO_LANG", "en")
	return shell{t, t.TempDir()}
}

func (s shell) path(name string) string { return filepath.Join(s.dir, name) }

// run runs a line; DIR/ stands for the shell's folder.
func (s shell) run(input, line string) (code int, out, errs string) {
	s.t.Helper()
	var o, e bytes.Buffer
	args := strings.Fields(strings.ReplaceAll(line, "DIR", s.dir))
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "_", " ")
	}
	code = run(context.Background(), args, strings.NewReader(input), &o, &e)
	return code, o.String(), e.String()
}

// ok runs a line that must succeed and returns what it wrote.
func (s shell) ok(line string) string {
	s.t.Helper()
	code, out, errs := s.run("a passphrase nobody guesses\n", line)
	if code != exitDone {
		s.t.Fatalf("%s: exit %d\n%s%s", line, code, out, errs)
	}
	return out
}

// no runs a line that must fail with a code and say something.
func (s shell) no(code int, say, line string) {
	s.t.Helper()
	got, out, errs := s.run("", line)
	if got != code || !strings.Contains(errs, say) {
		s.t.Errorf("%s: exit %d, want %d and %q\n%s%s", line, got, code, say, out, errs)
	}
}

func TestUsage(t *testing.T) {
	s := newShell(t)
	s.no(exitUsage, "Wrong usage", "frobnicate")
	s.no(exitUsage, "Wrong usage", "serve")
	s.no(exitUsage, "Wrong usage", "verify --db sqlite:DIR/a --wrong")
	for _, line := range []string{"demo", "serve --db sqlite:DIR/a"} {
		s.no(exitUsage, "there is no flag --portals\n", line+" --portals 127.0.0.1:8081")
		s.no(exitUsage, "没有 --portals 这个选项", "--lang zh-CN "+line+" --portals 127.0.0.1:8081")
	}
	s.no(exitUsage, "always sealed", "backup --db sqlite:DIR/a DIR/b")
	s.no(exitUsage, "no site address", "serve --db sqlite:DIR/a --site qianshao.example")
	s.no(exitUsage, "There is no table called", "export --db sqlite:DIR/a horses DIR/h.csv")
	s.no(exitUsage, "Say what to check", "verify")
	s.no(exitUsage, "Say what to check", "verify --receipt")
	s.no(exitUsage, "add --receipt", "verify --proof DIR/p --letter DIR/l")
	s.no(exitFailed, "There is no database file", "verify --db sqlite:DIR/absent.db")
	s.no(exitFailed, "cannot be used", "verify --db mysql://x")
	if _, err := os.Stat(s.path("absent.db")); err == nil {
		t.Error("looking for a database made one")
	}
	if out := s.ok("version"); !strings.HasPrefix(out, "qianshao ") {
		t.Error(out)
	}
	if code, out, _ := s.run("", "--help"); code != exitDone || !strings.Contains(out, "restore") {
		t.Errorf("help: %d %s", code, out)
	}
	if code, out, _ := s.run("", "--lang zh-CN --help"); code != exitDone || !strings.Contains(out, "备份") {
		t.Errorf("Chinese help: %d %s", code, out)
	}
}

const setup = "setup --db sqlite:DIR/q.db --province 某省 --province-code 990000000000 --city XX市 --city-code 990100000000"

// TestOperator is an operator's first day: set up, administrators, keys, tables in and out, verify, backup, loss, restore.
func TestOperator(t *testing.T) {
	s := newShell(t)
	s.ok(setup)
	s.no(exitFailed, "Nothing was changed", setup)
	out := s.ok("account --db sqlite:DIR/q.db --unit 990100000000 --post sysadmin --name 张三 --login zhangsan")
	if !strings.Contains(out, "One-time password") {
		t.Error(out)
	}
	s.no(exitFailed, "", "account --db sqlite:DIR/q.db --unit 990100000000 --post sysadmin --name 张三 --login zhangsan2")
	s.ok("keys make --db sqlite:DIR/q.db --unit 990000000000")
	s.ok("keys make --db sqlite:DIR/q.db --unit 990100000000")
	if out := s.ok("keys list --db sqlite:DIR/q.db"); strings.Count(out, "in use since") != 2 {
		t.Error(out)
	}
	s.ok("clock --db sqlite:DIR/q.db")
	s.no(exitFailed, "Nothing is on hold", "clock --db sqlite:DIR/q.db --release looked")
	s.ok("export --db sqlite:DIR/q.db divisions DIR/d.csv")
	s.ok("import --db sqlite:DIR/q.db --dry-run divisions DIR/d.csv")

	stop := s.serve("q.db")
	stop()
	public := strings.TrimSpace(strings.Split(s.ok("keys public --db sqlite:DIR/q.db"), "\n")[2])
	s.ok("verify --db sqlite:DIR/q.db --save DIR/kept.json")
	s.ok("verify --db sqlite:DIR/q.db --kept DIR/kept.json --public " + public)

	said := strings.Split(strings.TrimSpace(s.ok("keys directory --db sqlite:DIR/q.db --out DIR/directory")), "\n")
	given, err := os.ReadFile(filepath.Join(s.dir, "directory"))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(said[len(said)-1])
	if err != nil {
		t.Fatalf("%q: %v", said, err)
	}
	if d, err := envelope.ReadDirectory(given, verifier); err != nil || len(d.Organs) != 2 || d.Organs[0].Key.Public == "" || d.Organs[1].Key.Public == "" {
		t.Errorf("%+v, %v", d.Organs, err)
	}
	recipient := strings.Split(strings.TrimSpace(s.ok("keys recipient DIR/backup.key")), "\n")
	s.ok("backup --db sqlite:DIR/q.db --to " + recipient[len(recipient)-1] + " DIR/b")
	s.no(exitFailed, "not written over", "backup --db sqlite:DIR/q.db --to "+recipient[len(recipient)-1]+" DIR/b")
	b, err := os.ReadFile(s.path("b"))
	if err != nil || bytes.Contains(b, []byte("张三")) || bytes.Contains(b, []byte("tables")) {
		t.Error("the backup can be read", err)
	}
	s.no(exitFailed, "othing was restored", "restore --db sqlite:DIR/q2.db --identity DIR/q.db.key DIR/b")
	if out := s.ok("restore --db sqlite:DIR/q3.db --identity DIR/backup.key DIR/b"); !strings.Contains(out, "Everything agrees") {
		t.Error(out)
	}
	s.no(exitFailed, "othing was restored", "restore --db sqlite:DIR/q3.db --key DIR/other --identity DIR/backup.key DIR/b")
	s.ok("verify --db sqlite:DIR/q3.db --kept DIR/kept.json")
	stop = s.serve("q3.db") // with the key that came along
	stop()
	s.ok("migrate --db sqlite:DIR/q3.db")
	if out := s.ok("reindex --db sqlite:DIR/q3.db"); !strings.Contains(out, "made anew") {
		t.Error(out)
	}
}

// serve starts a server until the returned function is called, and looks whether it is well.
func (s shell) serve(file string, more ...string) (stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	port := free(s.t)
	var log bytes.Buffer
	done := make(chan int)
	go func() {
		done <- run(ctx, append([]string{"serve", "--db", "sqlite:" + s.path(file), "--listen", port, "--metrics", "127.0.0.1:0"}, more...), nil, io.Discard, &log)
	}()
	var state map[string]string
	for range 200 {
		if res, err := http.Get("http://" + port + "/readyz"); err == nil {
			err = json.NewDecoder(res.Body).Decode(&state)
			_ = res.Body.Close()
			if err == nil && res.StatusCode == http.StatusOK {
				break
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
	if state["database"] != "ok" || state["migrations"] != "ok" || state["key"] != "ok" {
		s.t.Errorf("ready: %v", state)
	}
	if code := run(context.Background(), []string{"serve", "--db", "sqlite:" + s.path("second.db"), "--listen", port}, nil, io.Discard, &log); code != exitFailed || !strings.Contains(log.String(), "in use by another program") {
		s.t.Errorf("a port in use: exit %d\n%s", code, log.String())
	}
	time.Sleep(300 * time.Millisecond) // for the first checkpoint
	return func() {
		cancel()
		if code := <-done; code != exitDone {
			s.t.Errorf("stopped with %d:\n%s", code, log.String())
		}
	}
}

func free(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A key file that is missing, another's or none stops the server before anything is taken in.
func TestKeyFile(t *testing.T) {
	s := newShell(t)
	s.ok(setup)
	s.serve("q.db")()
	line := "serve --db sqlite:DIR/q.db --listen " + free(t)
	if err := os.Rename(s.path("q.db.key"), s.path("away")); err != nil {
		t.Fatal(err)
	}
	s.no(exitFailed, "Put your copy back", line)
	if err := os.WriteFile(s.path("q.db.key"), []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.no(exitFailed, "is not a deployment key file", line)
	if err := os.Remove(s.path("q.db.key")); err != nil {
		t.Fatal(err)
	}
	s.ok("keys renew --db sqlite:DIR/q.db")
	s.serve("q.db")()
	s.ok("verify --db sqlite:DIR/q.db")
}

// TestVerifyNames is T54 from the command line: the first bad entry is named, and the exit code says so.
func TestVerifyNames(t *testing.T) {
	s := newShell(t)
	s.ok(setup)
	s.serve("q.db")()
	d, err := sql.Open("sqlite", s.path("q.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Exec(`UPDATE units SET name = 'YY市' WHERE kind = 'city'`); err != nil {
		t.Fatal(err)
	}
	s.no(exitFailed, "first bad entry is 0 of log 2.", "verify --db sqlite:DIR/q.db")
	if _, err := d.Exec(`UPDATE units SET name = 'XX市' WHERE kind = 'city'`); err != nil {
		t.Fatal(err)
	}
	s.ok("verify --db sqlite:DIR/q.db")
	if _, err := d.Exec(`INSERT INTO splits (city_id, name, grain, span, county_id, unit_id, dim, mark, n) VALUES (2, 'kept.clue', 'month', '2026-10', '', 'x', 'clue.dispose', '0', 1)`); err != nil {
		t.Fatal(err)
	}
	if got, out, errs := s.run("", "verify --db sqlite:DIR/q.db"); got != exitFailed || !strings.Contains(out, "month kept.clue 2026-10") {
		t.Errorf("a share that has no rows: exit %d\n%s%s", got, out, errs)
	}
	if _, err := d.Exec(`DELETE FROM splits`); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Exec(`UPDATE checkpoints SET note = replace(note, 'qianshao/', 'qianshaO/')`); err != nil {
		t.Fatal(err)
	}
	s.no(exitFailed, "bad entry", "verify --db sqlite:DIR/q.db")
	// Of a great many, how many are not listed is said of all of them, not only of those that are kept in memory.
	if _, err := d.Exec(`WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < 700)
		INSERT INTO units (city_id, id, kind, level, name, opened_on) SELECT u.city_id, 'X' || k.n, 'village', 5, 'x', '2024-01-01' FROM k JOIN units u ON u.kind = 'city'`); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Exec(`UPDATE checkpoints SET note = replace(note, 'qianshaO/', 'qianshao/')`); err != nil {
		t.Fatal(err)
	}
	if got, out, errs := s.run("", "verify --db sqlite:DIR/q.db"); got != exitFailed || !strings.Contains(out, "\n680 more are not listed.\n") {
		t.Errorf("exit %d\n%s%s", got, out, errs)
	}
}
