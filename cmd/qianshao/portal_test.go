package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"qianshao/internal/platform/envelope"
)

// speech is what a command that goes on running has said until now.
type speech struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *speech) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *speech) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// waits until something was said.
func (s *speech) waits(t *testing.T, for_ string) {
	t.Helper()
	for range 400 {
		if strings.Contains(s.String(), for_) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("%q was not said:\n%s", for_, s.String())
}

// starts runs a line that goes on running, until the returned function is called.
func (s shell) starts(line string) (said *speech, stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	said = &speech{}
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, strings.Fields(strings.ReplaceAll(line, "DIR", s.dir)), strings.NewReader(""), said, said)
	}()
	return said, sync.OnceFunc(func() {
		cancel()
		if code := <-done; code != exitDone {
			s.t.Errorf("%s: stopped with %d\n%s", line, code, said.String())
		}
	})
}

// lastLine is the last line of what was said.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

var (
	reToken = regexp.MustCompile(`name="token" value="([^"]+)"`)
	reGroup = regexp.MustCompile(`<span>(\d{4})</span>\s*<span>(\d{4})</span>\s*<span>(\d{4})</span>\s*<span>(\d{4})</span>`)
)

// lodge hands a report in at a portal, as a person does, and returns its receipt.
func lodge(t *testing.T, at, unit, level string) envelope.Receipt {
	t.Helper()
	page := fetched(t)(http.Get("http://" + at + "/"))
	m := reToken.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no form:\n%s", page)
	}
	page = fetched(t)(http.PostForm("http://"+at+"/", url.Values{"token": {m[1]}, "unit": {unit}, "level": {level}, "post": {"站长"}, "text": {"管护费发放表上的签字不是本人签的"}, "named": {"no"}}))
	g := reGroup.FindStringSubmatch(page)
	if g == nil {
		t.Fatalf("no receipt:\n%s", page)
	}
	r, err := envelope.ParseReceipt(strings.Join(g[1:], ""))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func fetched(t *testing.T) func(*http.Response, error) string {
	return func(a *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		b, err := io.ReadAll(a.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

// quick has the portal look at its directory more often than it does.
func quick(t *testing.T) {
	was := lookEvery
	lookEvery = 20 * time.Millisecond
	t.Cleanup(func() { lookEvery = was })
}

// TestPortal: the public side by itself, from the signed directory alone; a newer directory comes into use while it runs, a
// broken one does not.
func TestPortal(t *testing.T) {
	s := newShell(t)
	quick(t)
	s.ok(setup)
	s.ok("keys make --db sqlite:DIR/q.db --unit 990100000000")
	trust := lastLine(s.ok("keys directory --db sqlite:DIR/q.db --out DIR/d1"))
	port := free(t)
	line := "portal --listen " + port + " --spool DIR/spool --keys DIR/given"
	s.no(exitUsage, "Wrong usage", "portal --listen "+port)
	s.no(exitUsage, "give both --cert and --cert-key", line+" --cert x")
	s.no(exitFailed, "needs --trust", line)
	s.no(exitFailed, "There is no directory to use", line+" --trust "+trust)
	given := func(from string) {
		b, err := os.ReadFile(s.path(from))
		if err == nil {
			err = os.WriteFile(s.path("given"), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	given("d1")
	said, stop := s.starts(line)
	said.waits(t, "Notes that go with receipts are checked with qianshao-portal+")
	s.no(exitFailed, "Another public side has the folder", "portal --listen "+free(t)+" --spool DIR/spool --keys DIR/given")
	s.no(exitFailed, "in use by another program", "portal --listen "+port+" --spool DIR/spool2 --keys DIR/given --trust "+trust)
	lodge(t, port, "XX市", "city")
	if names, err := os.ReadDir(s.path("spool/in")); err != nil || len(names) != 1 {
		t.Errorf("%d reports, %v", len(names), err)
	}
	s.ok("keys make --db sqlite:DIR/q.db --unit 990000000000")
	s.ok("keys directory --db sqlite:DIR/q.db --out DIR/d2")
	if err := os.WriteFile(s.path("given"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	said.waits(t, "the former one holds")
	lodge(t, port, "XX市", "city")
	given("d2")
	for range 400 {
		if strings.Count(said.String(), "is in use: 2 organs") == 2 {
			break
		}
		time.Sleep(25 * time.Millisecond)
	}
	r := lodge(t, port, "XX市", "province") // it has a key now
	b, err := os.ReadFile(filepath.Join(s.dir, "spool", "in", r.Secrets().Name))
	if err != nil {
		t.Fatal(err)
	}
	if e, err := envelope.Parse(b); err != nil || len(e.Keys) != 1 {
		t.Errorf("%+v, %v", e.Keys, err)
	}
	given("d1") // an old one that somebody kept
	said.waits(t, "is no newer than the one in use")
	stop()
	s.no(exitFailed, "Directories are checked here with another key", line+" --trust x+y")
	said, stop = s.starts(line)
	said.waits(t, "Notes that go with")
	stop()
}
