package main

import (
	"database/sql"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"qianshao/internal/account"
	"qianshao/internal/calendar"
	"qianshao/internal/platform/dbtest"
)

// has runs the doctor and looks for a line of a grade with a text.
func (s shell) has(code int, line string, want ...string) string {
	s.t.Helper()
	got, out, errs := s.run("", line)
	if got != code {
		s.t.Errorf("%s: exit %d, want %d\n%s%s", line, got, code, out, errs)
	}
	for _, w := range want {
		g, text, _ := strings.Cut(w, " ")
		found := false
		for _, l := range strings.Split(out, "\n") {
			found = found || strings.HasPrefix(l, g+" ") && strings.Contains(l, text)
		}
		if !found {
			s.t.Errorf("%s: no line %q in\n%s", line, w, out)
		}
	}
	return out
}

// TestDoctor is T68: what is wrong with the host or the deployment is said with what to do, one thing after another, and
// a deployment as it should be is well.
func TestDoctor(t *testing.T) {
	s := newShell(t)
	if err := os.Chmod(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	line := "doctor --db sqlite:DIR/q.db"
	s.has(exitFailed, line, "fail There is no database file", "fail There is no deployment key")
	s.ok(setup)
	s.has(exitFailed, line, "fail There is no deployment key", "warn 2 of 2 organs have no key", "ok The database is at version")
	s.ok("keys make --db sqlite:DIR/q.db --unit 990000000000")
	s.ok("keys make --db sqlite:DIR/q.db --unit 990100000000")
	s.serve("q.db")()
	s.has(exitDone, line, "ok All 2 organs have a key", "ok Readable by its owner alone", "ok The deployment key", "ok SQLite writes durably", "ok No password or key of the demonstration", "warn The server makes no backups", "ok Recent acts")
	s.has(exitFailed, line+" --strict", "warn The server makes no backups")

	backups := s.path("backups")
	if err := os.Mkdir(backups, 0o755); err != nil {
		t.Fatal(err)
	}
	line += " --backup-dir DIR/backups"
	s.has(exitFailed, line, "fail There is no backup in", "fail Others can read "+backups+": chmod 0700")
	if err := os.Chmod(backups, 0o700); err != nil {
		t.Fatal(err)
	}
	made := func(ago time.Duration) {
		name := "qianshao-" + time.Now().Add(-ago).In(calendar.Zone).Format("20060102-150405") + ".backup"
		if err := os.WriteFile(s.path("backups/"+name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made(3 * time.Hour)
	s.has(exitFailed, line, "fail The newest backup is 3h0m0s old")
	made(20 * time.Minute)
	s.has(exitDone, line, "ok The newest backup is 20m0s old; 2 are kept")
	if runtime.GOOS == "linux" {
		s.has(exitDone, line, "warn The backups "+backups+" are on the same disk")
	}
	s.ok("keys recipient DIR/backups/b.key")
	s.has(exitFailed, line, "fail "+backups+"/b.key holds the private half")
	if err := os.Remove(s.path("backups/b.key")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"q.db", "q.db.key"} {
		if err := os.Chmod(s.path(name), 0o644); err != nil {
			t.Fatal(err)
		}
		s.has(exitFailed, line, "fail Others can read "+s.path(name)+": chmod 0600")
		if err := os.Chmod(s.path(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.has(exitFailed, line+" --key DIR/backups/q.key", "fail There is no deployment key")
	b, err := os.ReadFile(s.path("q.db.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("backups/q.key"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	s.has(exitFailed, line+" --key DIR/backups/q.key", "fail The deployment key "+backups+"/q.key lies in the folder of the backups")
	s.ok("setup --db sqlite:DIR/other.db --province P --province-code 980000000000 --city C --city-code 980100000000")
	s.serve("other.db")()
	s.has(exitFailed, line+" --key DIR/other.db.key", "fail The deployment key "+s.path("other.db.key")+" is not this database's")
	zh := s.has(exitDone, "--lang zh-CN "+line, "ok 2个机关都有密钥")
	if strings.Contains(zh, "cli.doctor") {
		t.Errorf("a text is missing:\n%s", zh)
	}
}

// TestNobodyWorksInTheDemonstration is T69: a database that the password everybody knows opens is not served, unless it is
// meant.
func TestNobodyWorksInTheDemonstration(t *testing.T) {
	s := newShell(t)
	s.ok(setup)
	s.ok("account --db sqlite:DIR/q.db --unit 990100000000 --post sysadmin --name 张三 --login sysadmin")
	s.serve("q.db")() // the name alone is no secret
	d, err := sql.Open("sqlite", s.path("q.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Exec(`UPDATE accounts SET password = ?`, account.Demonstration().Cost.Hash(account.DemoPassword)); err != nil {
		t.Fatal(err)
	}
	s.no(exitFailed, "demonstration's account sysadmin", "serve --db sqlite:DIR/q.db --listen "+free(t)+" --metrics 127.0.0.1:0")
	s.has(exitFailed, "doctor --db sqlite:DIR/q.db", "fail The account sysadmin has the demonstration's password")
	s.serve("q.db", "--demo-data")()
	if _, err := d.Exec(`UPDATE accounts SET disabled = TRUE`); err != nil {
		t.Fatal(err)
	}
	s.serve("q.db")()
}

// The settings of PostgreSQL that would lose what was saved are named.
func TestDoctorOnPostgres(t *testing.T) {
	s := newShell(t)
	d := dbtest.Postgres(t)
	url := os.Getenv("QIANSHAO_TEST_PG")
	var name string
	if err := d.Raw().QueryRow(`SELECT current_database()`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	url = strings.Replace(url, "/postgres?", "/"+name+"?", 1)
	const line = "doctor --key DIR/k --files DIR/f"
	t.Setenv("QIANSHAO_DB", url+"&options=-csynchronous_commit%3Doff")
	s.has(exitFailed, line, "fail PostgreSQL has synchronous_commit = off", "ok PostgreSQL 1", "warn PostgreSQL archives no write-ahead log")
	t.Setenv("QIANSHAO_DB", url+"&options=-csynchronous_commit%3Don")
	out := s.has(exitFailed, line, "ok PostgreSQL 1", "fail There is no deployment key")
	if strings.Contains(out, "synchronous_commit") || strings.Contains(out, "without TLS") {
		t.Error(out)
	}
	s.has(exitFailed, "doctor --db postgres://nobody@127.0.0.1:1/none --key DIR/k", "fail The database cannot be reached")
}
