package badday

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"qianshao/internal/id"
)

// mount puts a small disk of its own at a new folder, or skips the test.
func mount(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", append(args, dir)...).CombinedOutput(); err != nil {
		t.Skipf("no disk of its own can be mounted here (that needs root): %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

// small is a disk in memory of so many megabytes.
func small(t *testing.T, mb int) string {
	return mount(t, "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", mb), "none")
}

// fill writes until nothing more fits. What it returns makes room again.
func fill(t *testing.T, dir string) (room func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 4
		} else {
			must(t, err)
		}
	}
	return func() { must(t, os.Remove(path)) }
}

// until waits for something to become true while the crowd works.
func until(t *testing.T, within time.Duration, what string, is func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	for !is() {
		if time.Since(begin) > within {
			t.Fatalf("after %s still not: %s", within, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begin)
}

func (c *crowd) counts() (acknowledged, refused int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.took), c.busy
}

// registers are the writes acknowledged in each register.
func (c *crowd) registers() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.by)
}

// beyond says whether something was acknowledged in every register since then.
func (c *crowd) beyond(before map[string]int) bool {
	now := c.registers()
	for _, who := range []string{"intake", "otherintake", "cityintake"} {
		if now[who] <= before[who] {
			return false
		}
	}
	return true
}

// refusing holds what is said while nothing can be written: reads go on, writes are refused in words that name the
// trouble, on pages and to programs, with when to come again, and the program stays up.
func (l *deployment) refusing(code, words string) {
	l.t.Helper()
	for _, path := range []string{"/", "/tipoffs", "/api/v1/tipoffs", "/api/v1/desk", "/healthz", "/readyz"} {
		if a := l.get("intake", path); a.status != http.StatusOK {
			l.t.Errorf("reading %s: %d %s", path, a.status, a.body[:min(300, len(a.body))])
		}
	}
	// A write now and then still finds room in what the database has already; the clerks' own books are not touched.
	var a answer
	for range 50 {
		var err error
		a, err = l.call(ctx, "sysadmin", http.MethodPost, "/api/v1/session", "", object{"user": "auditor", "password": "qianshao-demo"})
		must(l.t, err)
		if a.status != http.StatusOK {
			break
		}
	}
	if a.status != http.StatusServiceUnavailable || a.field("code") != code || !strings.Contains(string(a.body), words) || a.header.Get("Retry-After") == "" ||
		!strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
		l.t.Errorf("a program is told %d %q %s", a.status, a.header, a.body)
	}
	var status int
	var page string
	for range 50 {
		if status, page = l.post("supervision", "/sign-in", url.Values{"user": {"auditor"}, "password": {"qianshao-demo"}}); status != http.StatusSeeOther {
			break
		}
	}
	if status != http.StatusServiceUnavailable || !strings.Contains(page, words) || !strings.Contains(page, "</html>") {
		l.t.Errorf("a person is told %d %s", status, page)
	}
}

// post sends a form as somebody's browser does.
func (l *deployment) post(who, path string, form url.Values) (int, string) {
	l.t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+l.listen+path, strings.NewReader(form.Encode()))
	must(l.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return l.send(who, req)
}

func (l *deployment) send(who string, req *http.Request) (int, string) {
	l.t.Helper()
	req.Header.Set("Accept-Language", "zh-CN")
	req.AddCookie(&http.Cookie{Name: "qs", Value: l.who[who].cookie})
	res, err := client.Do(req)
	must(l.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(l.t, err)
	return res.StatusCode, string(b)
}

// upload sends a file to a matter.
func (l *deployment) upload(who string, m id.ID, key string, content []byte) (int, string) {
	l.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	p, err := w.CreateFormFile("file", "说明.txt")
	must(l.t, err)
	_, err = p.Write(content)
	must(l.t, errors.Join(err, w.Close()))
	req, err := http.NewRequest(http.MethodPost, "http://"+l.listen+"/m/"+m.String()+"/files", &b)
	must(l.t, err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	return l.send(who, req)
}

// outlives is a disk that stops taking data under load and then takes it again: the program refuses meanwhile, goes on by
// itself, and nothing is lost, doubled or half there.
func outlives(t *testing.T, l *deployment, stop func(s *server) (again func()), code, words string) {
	s := l.start()
	c := newCrowd(l, 6)
	c.workFor(300 * time.Millisecond)
	c.while(t, func() {
		again := stop(s)
		first := until(t, 30*time.Second, "a write refused", func() bool { _, n := c.counts(); return n >= 3 })
		l.refusing(code, words)
		again()
		n, _ := c.counts()
		took := until(t, 10*time.Second, "a write taken again", func() bool { m, _ := c.counts(); return m > n+3 })
		t.Logf("writes refused after %s, taken again %s after there was room", first.Round(time.Millisecond), took.Round(time.Millisecond))
	})
	c.settle(10 * time.Second)
	if n := c.check(); n != len(c.books) {
		t.Errorf("%d tip-offs are there, %d were acknowledged", n, len(c.books))
	}
	l.verify()
	s.kill()
	s = l.start()
	c.check()
	s.stop()
	l.verify()
}

// TestDiskFull is T18 for the database: the disk it lies on is full.
func TestDiskFull(t *testing.T) {
	dir := small(t, 32)
	outlives(t, onFile(t, dir), func(*server) func() { return fill(t, dir) }, "db.full", "存储空间已满")
}

// TestShortWrites lets the program's files grow no further, so that a write is cut off in its middle and the next one
// fails. This needs no root.
func TestShortWrites(t *testing.T) {
	if _, err := exec.LookPath("prlimit"); err != nil {
		t.Skip("prlimit is not installed")
	}
	dir := t.TempDir()
	limit := func(s *server, size string) {
		if out, err := exec.Command("prlimit", "--pid", fmt.Sprint(s.cmd.Process.Pid), "--fsize="+size+":").CombinedOutput(); err != nil {
			t.Fatalf("prlimit: %v %s", err, out)
		}
	}
	outlives(t, onFile(t, dir), func(s *server) func() {
		st, err := os.Stat(filepath.Join(dir, "q.db-wal"))
		must(t, err)
		limit(s, fmt.Sprint(st.Size()+6001)) // in the middle of a page
		return func() { limit(s, "unlimited") }
	}, "db.disk", "存储设备不能读写")
}

// TestDiskTurnsReadOnly has the file system give up, as it does after an error of the disk. Nothing can bring it back
// without a restart; what was acknowledged before is there when it is mounted again.
func TestDiskTurnsReadOnly(t *testing.T) {
	image := filepath.Join(t.TempDir(), "disk")
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 64<<20))
	if out, err := exec.Command("mkfs.ext4", "-q", image).CombinedOutput(); err != nil {
		t.Skipf("no file system can be made here: %v %s", err, out)
	}
	dir := mount(t, "-o", "loop", image)
	l := onFile(t, dir)
	s := l.start()
	c := newCrowd(l, 6)
	c.workFor(500 * time.Millisecond)
	// Nobody writes at the moment itself: ext4 answers a sync with success in the instant in which it gives up. A bare loop of
	// write and fsync, without a database, loses its last one in 6 of 60 runs (Linux 6.18). What a clerk no longer waits for the server
	// still writes: so each waits for it, and the disk for all of them.
	c.settle(10 * time.Second)
	if out, err := exec.Command("sync", "-f", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if out, err := exec.Command("mount", "-o", "remount,abort", dir).CombinedOutput(); err != nil {
		t.Skipf("this file system can't be made to give up: %v %s", err, out)
	}
	c.while(t, func() {
		until(t, 20*time.Second, "a write refused", func() bool { _, n := c.counts(); return n >= 3 })
		l.refusing("db.disk", "存储设备不能读写")
	})
	s.kill()
	if out, err := l.tool("verify", "--db", l.url); err == nil || !strings.Contains(out, "disk") {
		t.Errorf("verify on a disk that can only be read: %v\n%s", err, out)
	}
	for _, args := range [][]string{{"umount", dir}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v %s", args, err, out)
		}
	}
	s = l.start()
	c.settle(10 * time.Second)
	if n := c.check(); n != len(c.books) {
		t.Errorf("%d tip-offs are there, %d were acknowledged", n, len(c.books))
	}
	s.stop()
	l.verify()
}

// TestLogFull is T18 for the log: the disk the log goes to is full, or whoever reads it has died. Work goes on.
func TestLogFull(t *testing.T) {
	works := func(t *testing.T, l *deployment) {
		c := newCrowd(l, 3)
		c.workFor(500 * time.Millisecond)
		if n, busy := c.counts(); n == 0 || busy > 0 {
			t.Errorf("%d writes acknowledged, %d refused", n, busy)
		}
		c.settle(10 * time.Second)
		c.check()
	}
	t.Run("full", func(t *testing.T) {
		dir := small(t, 1)
		fill(t, dir)
		log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		must(t, err)
		defer log.Close()
		l := onFile(t, t.TempDir())
		l.log = log
		l.start()
		works(t, l)
	})
	t.Run("nobody reads", func(t *testing.T) {
		r, w, err := os.Pipe()
		must(t, err)
		l := onFile(t, t.TempDir())
		l.log = w
		l.start()
		must(t, errors.Join(w.Close(), r.Close()))
		works(t, l)
	})
}

// TestFilesFull is T18 for the folder of files: a file is refused in words and leaves nothing, everything else goes on.
func TestFilesFull(t *testing.T) {
	l := onFile(t, t.TempDir())
	l.files = small(t, 2)
	l.start()
	c := newCrowd(l, 1)
	c.work1(t)
	m := c.books[0].id
	kept := func() (names []string) {
		must(t, filepath.Walk(l.files, func(path string, i os.FileInfo, err error) error {
			if err == nil && i.Mode().IsRegular() && i.Name() != "ballast" {
				names = append(names, path)
			}
			return err
		}))
		return names
	}
	room := fill(t, l.files)
	content := []byte(strings.Repeat("情况说明。", 20_000))
	status, page := l.upload("intake", m, "u1", content)
	if status != http.StatusServiceUnavailable || !strings.Contains(page, "存放文件的磁盘已满") || !strings.Contains(page, "</html>") {
		t.Errorf("refused with %d %s", status, page)
	}
	if left := kept(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	c.work1(t)
	room()
	for range 2 { // the second is the first sent again
		if status, page = l.upload("intake", m, "u1", content); status != http.StatusSeeOther {
			t.Fatalf("with room again: %d %s", status, page)
		}
	}
	if status, _ = l.upload("intake", m, "u1", []byte("另一份说明。")); status != http.StatusConflict {
		t.Errorf("another file under the same key: %d", status)
	}
	if got := kept(); len(got) != 1 {
		t.Errorf("kept: %v", got)
	}
	if page := string(l.get("intake", "/m/"+m.String()+"/files").body); strings.Count(page, "说明.txt") != 1 {
		t.Error("the file is not there once")
	}
	l.verify()
}

// work1 enters one tip-off.
func (c *crowd) work1(t testing.TB) {
	t.Helper()
	k := c.clerks[0]
	k.what = entry{}
	k.next(ctx)
	k.send(ctx)
	if k.now != nil || len(c.odd) > 0 {
		t.Fatalf("not entered: %v", c.odd)
	}
}
