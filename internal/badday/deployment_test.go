package badday

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app/apptest"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
)

var ctx = context.Background()

var (
	buildOnce sync.Once
	built     string
	buildErr  error
)

// TestMain removes the program that the tests built.
func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(filepath.Dir(built)) // a temporary folder that stays behind harms nobody
	}
	os.Exit(code)
}

// program is the path of the program, built once.
func program(t testing.TB) string {
	t.Helper()
	buildOnce.Do(func() {
		dir, err := os.MkdirTemp("", "badday")
		if err != nil {
			buildErr = err
			return
		}
		built = filepath.Join(dir, "qianshao")
		out, err := exec.Command("go", "build", "-o", built, "qianshao/cmd/qianshao").CombinedOutput()
		if err != nil {
			buildErr = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	return built
}

// signedIn is what somebody acts with over HTTP: the token of a program of theirs, and a browser's session.
type signedIn struct{ bearer, cookie string }

// deployment is a small city, and what it takes to serve it.
type deployment struct {
	t      testing.TB
	dir    string
	url    string // the database's address
	listen string
	who    map[string]signedIn
	units  map[string]id.ID
	kept   bool // verify has saved what it found

	files string   // where files are kept, in dir if it is not said
	log   *os.File // where the program writes to, if it is not kept to be shown
}

// newDeployment builds the city in an empty database, with sessions for some of its people.
func newDeployment(t testing.TB, dir, url string) *deployment {
	t.Helper()
	l := &deployment{t: t, dir: dir, url: url, listen: free(t), who: map[string]signedIn{}, units: map[string]id.ID{}}
	d, err := db.Open(ctx, url, db.Options{})
	must(t, err)
	defer d.Close()
	_, err = migrate.Up(ctx, d, nil, nil)
	must(t, err)
	w := apptest.New(t, d)
	d.SetClock(time.Now)
	for k, u := range w.Units {
		l.units[k] = u.ID
	}
	a := w.App.Accounts
	a.Policy = account.Demonstration()
	a.Policy.Absolute, a.Policy.Idle = 72*time.Hour, 72*time.Hour
	a.Policy.Cost = account.Cost{Memory: 64, Passes: 1, Lanes: 1}
	hash := a.Policy.Cost.Hash(account.DemoPassword)
	people := []string{"intake", "otherintake", "cityintake", "supervision", "principal", "cityleader", "sysadmin", "secadmin", "auditor"}
	for _, name := range people {
		p := w.Who[name]
		_, err := w.App.Ledger.Write(ctx, access.ByOperator(p.City), p.City, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "account.create", Organ: w.Units["city"].ID}, account.CreateMany(ctx, tx, []account.ReadyAccount{{Person: p.Person, Login: name, Hash: hash}})
		})
		must(t, err)
		in, err := a.SignIn(ctx, name, account.DemoPassword, "")
		must(t, err)
		bearer, err := a.Program(ctx, in.Token, "load", 72*time.Hour)
		must(t, err)
		l.who[name] = signedIn{bearer, in.Token}
	}
	return l
}

// onFile is a deployment on SQLite in a folder.
func onFile(t testing.TB, dir string) *deployment {
	t.Helper()
	return newDeployment(t, dir, "sqlite:"+filepath.Join(dir, "q.db"))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// said is what a process writes, kept to be shown when something went wrong.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// end is the last of what was said that is no request's line.
func (s *said) end() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, l := range strings.Split(s.b.String(), "\n") {
		if !strings.Contains(l, "msg=request") && !strings.Contains(l, `"msg":"request"`) {
			out = append(out, l)
		}
	}
	return strings.Join(out[max(0, len(out)-30):], "\n")
}

// server is the program, serving.
type server struct {
	l    *deployment
	cmd  *exec.Cmd
	log  *said
	took time.Duration // from its start until it said that it is ready
	gone chan struct{}
}

// readyWithin is how long a start may take, recovery of the database included.
const readyWithin = 5 * time.Second

// start runs the program and waits until it is ready. more are further words of its command line; wrap, if any, is put
// before it.
func (l *deployment) start(more ...string) *server {
	l.t.Helper()
	s := l.run(nil, more...)
	s.ready(readyWithin)
	return s
}

// run starts the program without waiting. It lives no longer than the test.
func (l *deployment) run(wrap []string, more ...string) *server {
	l.t.Helper()
	args := append(append([]string{}, wrap...), program(l.t), "serve", "--demo-data", "--db", l.url, "--listen", l.listen, "--metrics", "127.0.0.1:0", "--key", filepath.Join(l.dir, "key"), "--files", cmp.Or(l.files, filepath.Join(l.dir, "files")))
	s := &server{l: l, log: &said{}, gone: make(chan struct{})}
	s.cmd = exec.Command(args[0], append(args[1:], more...)...)
	s.cmd.Env = append(os.Environ(), "QIANSHAO_LANG=en")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if l.log != nil {
		s.cmd.Stdout, s.cmd.Stderr = l.log, l.log
	}
	must(l.t, s.cmd.Start())
	go func() {
		_ = s.cmd.Wait() // how it ended is asked of ProcessState
		close(s.gone)
	}()
	l.t.Cleanup(s.kill)
	return s
}

// ready waits until readyz says so.
func (s *server) ready(within time.Duration) {
	s.l.t.Helper()
	begin := time.Now()
	last := ""
	for time.Since(begin) < within {
		select {
		case <-s.gone:
			s.l.t.Fatalf("the program ended while it started:\n%s", s.log.end())
		default:
		}
		res, err := http.Get("http://" + s.l.listen + "/readyz")
		if err == nil {
			last = res.Status
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				s.took = time.Since(begin)
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.l.t.Fatalf("not ready after %s: %s\n%s", within, last, s.log.end())
}

// kill ends the program as a power cut does, as far as the program can tell.
func (s *server) kill() {
	_ = s.cmd.Process.Signal(syscall.SIGKILL) // it may have gone already
	<-s.gone
}

// stop asks the program to end and waits for it.
func (s *server) stop() {
	s.l.t.Helper()
	must(s.l.t, s.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-s.gone:
	case <-time.After(20 * time.Second):
		s.l.t.Fatalf("asked to stop, it did not:\n%s", s.log.end())
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.l.t.Errorf("stopped with %d:\n%s", code, s.log.end())
	}
}

// tool runs another command of the program on the deployment's database and returns what it said.
func (l *deployment) tool(args ...string) (string, error) {
	cmd := exec.Command(program(l.t), args...)
	cmd.Env = append(os.Environ(), "QIANSHAO_LANG=en", "QIANSHAO_DB="+l.url)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// verify holds the database against its logs, and the logs against what the last verify of this deployment found.
func (l *deployment) verify() {
	l.t.Helper()
	path := filepath.Join(l.dir, "kept.json")
	args := []string{"verify", "--db", l.url}
	if l.kept {
		args = append(args, "--kept", path)
	}
	next := path + ".new"
	_ = os.Remove(next) // none the first time
	out, err := l.tool(append(args, "--save", next)...)
	if err != nil {
		l.t.Fatalf("verify: %v\n%s", err, out)
	}
	must(l.t, os.Rename(next, path))
	l.kept = true
}
