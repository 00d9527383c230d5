package badday

import (
	"database/sql"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"qianshao/internal/platform/dbtest"
)

// pgServer is a PostgreSQL server of the test's own, which brings every commit to disk and can be killed.
type pgServer struct {
	t    testing.TB
	port string
	dir  string
}

// newPG starts a server, or skips where none is installed.
func newPG(t testing.TB) *pgServer {
	t.Helper()
	if os.Getenv("QIANSHAO_TEST_PG") == "" {
		dbtest.Address(t) // skips, or fails in the gate, in the words of everybody else
	}
	_, port, err := net.SplitHostPort(free(t))
	must(t, err)
	p := &pgServer{t: t, port: port, dir: filepath.Join(os.TempDir(), "badday-pg-"+port)}
	p.start()
	t.Cleanup(func() {
		_, _ = p.script("stop") // it may be down
		_ = os.RemoveAll(p.dir)
	})
	_, err = p.sql("CREATE DATABASE qs TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
	must(t, err)
	return p
}

func (p *pgServer) script(args ...string) (string, error) {
	cmd := exec.Command("../../scripts/pg", args...)
	cmd.Env = append(os.Environ(), "QIANSHAO_PG_PORT="+p.port, "QIANSHAO_PG_DIR="+p.dir)
	// The server that it starts keeps what it was given to write to: a pipe would never be read to its end.
	out, err := os.CreateTemp(p.t.TempDir(), "pg")
	if err != nil {
		return "", err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	b, _ := os.ReadFile(out.Name()) // only to be shown
	return string(b), err
}

func (p *pgServer) start() {
	p.t.Helper()
	var out string
	var err error
	for range 50 { // its predecessor's children have to notice first that they are alone
		if out, err = p.script("start", "durable"); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.t.Fatalf("scripts/pg start: %v\n%s", err, out)
}

// url is the database's address by some way to the server.
func (p *pgServer) url(hosts string) string {
	return "postgres://postgres@" + hosts + "/qs?sslmode=disable"
}

func (p *pgServer) host() string { return "127.0.0.1:" + p.port }

// sql runs a statement as the database's administrator.
func (p *pgServer) sql(text string, args ...any) (int64, error) {
	name := "qs"
	if strings.HasPrefix(text, "CREATE DATABASE") {
		name = "postgres"
	}
	d, err := sql.Open("pgx", "postgres://postgres@"+p.host()+"/"+name+"?sslmode=disable")
	if err != nil {
		return 0, err
	}
	defer d.Close()
	res, err := d.Exec(text, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// kill ends the server at once, as a power cut does: its processes have no chance to say or store anything.
func (p *pgServer) kill() {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, "data", "postmaster.pid"))
	must(p.t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(b), "\n", 2)[0])
	must(p.t, err)
	must(p.t, syscall.Kill(pid, syscall.SIGKILL))
	must(p.t, os.Remove(filepath.Join(p.dir, "data", "postmaster.pid"))) // or the dead one is taken for one that runs until somebody buries it
}
