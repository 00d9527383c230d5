package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/spool"
)

// TestGap is a report that goes to the work side on a disc, and its answer that comes back on another: the public side has no
// database, the work side no wire to it, and the directory crosses the same way. The letters are taken in by hand here.
func TestGap(t *testing.T) {
	s := newShell(t)
	quick(t)
	s.ok(setup)
	s.ok("keys make --db sqlite:DIR/q.db --unit 990100000000")
	if err := os.Mkdir(s.path("work"), 0o700); err != nil {
		t.Fatal(err)
	}
	trust := lastLine(s.ok("keys directory --db sqlite:DIR/q.db --out DIR/work/directory"))

	s.no(exitFailed, "courier init makes them", "courier out --spool DIR/work DIR/x")
	for _, side := range []string{"work", "portal"} {
		said := s.ok("courier init --spool DIR/" + side + " --side " + side)
		if err := os.WriteFile(s.path(side+".line"), []byte(said), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.no(exitFailed, "courier pair keeps its line", "courier out --spool DIR/work DIR/x")
	s.no(exitFailed, "Both sides are work", "courier pair --spool DIR/work DIR/work.line")
	s.ok("courier pair --spool DIR/work DIR/portal.line")
	s.ok("courier pair --spool DIR/portal DIR/work.line")

	if out := s.ok("courier out --spool DIR/work DIR/w1"); !strings.Contains(out, "The newest directory is in it") {
		t.Error(out)
	}
	if out := s.ok("courier in --spool DIR/portal DIR/w1"); !strings.Contains(out, "A newer directory came") {
		t.Error(out)
	}
	s.no(exitFailed, "was taken in before", "courier in --spool DIR/portal DIR/w1")
	port := free(t)
	said, stop := s.starts("portal --listen " + port + " --spool DIR/portal --trust " + trust)
	defer stop()
	said.waits(t, "Notes that go with receipts")
	r := lodge(t, port, "XX市", "city")
	if out := s.ok("courier out --spool DIR/portal DIR/p1"); !strings.Contains(out, "1 letter,") {
		t.Error(out)
	}
	if err := os.Rename(s.path("p1"), s.path("lost")); err != nil {
		t.Fatal(err)
	}
	if out := s.ok("courier out --spool DIR/portal DIR/p2"); !strings.Contains(out, "1 bundle before it is not acknowledged") {
		t.Error(out)
	}
	if out := s.ok("courier in --spool DIR/work DIR/p2"); !strings.Contains(out, "1 new letter") || !strings.Contains(out, "bundle 1 never came") {
		t.Error(out)
	}
	s.no(exitFailed, "is older than number 2", "courier in --spool DIR/work DIR/lost")

	// The work side takes it in and answers.
	w, err := spool.Join(s.path("work"))
	if err != nil {
		t.Fatal(err)
	}
	e, ok, err := w.Envelope(r.Secrets().Name)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	p, err := e.SealStatus(envelope.Status{Day: e.Day, Organ: "XX市纪委监委", Stage: "accepted", Events: []envelope.Event{{Day: e.Day, What: "said", Text: "请补充材料"}}}, 2)
	if err == nil {
		err = w.PutStatus(p)
	}
	if err == nil {
		err = w.Taken(e)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.path("shared"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.ok("courier out --spool DIR/work DIR/shared")
	if out := s.ok("courier in --spool DIR/portal DIR/shared"); !strings.Contains(out, "1 new answer") || !strings.Contains(out, "1 letter that the work side has is no longer kept here") {
		t.Error(out)
	}
	if out := s.ok("courier in --spool DIR/portal DIR/shared"); !strings.Contains(out, "Nothing new") {
		t.Error(out)
	}
	page := fetched(t)(http.PostForm("http://"+port+"/look", url.Values{"receipt": {string(r)}}))
	if !strings.Contains(page, "请补充材料") {
		t.Errorf("the reporter is told %s", page)
	}
	if left, err := filepath.Glob(s.path("portal/in/*")); err != nil || len(left) > 0 {
		t.Errorf("%q, %v", left, err)
	}

	// A newer directory crosses, and the public side that runs takes it.
	s.ok("keys make --db sqlite:DIR/q.db --unit 990000000000")
	s.ok("keys directory --db sqlite:DIR/q.db --out DIR/work/directory")
	s.ok("courier out --spool DIR/portal DIR/shared")
	s.ok("courier in --spool DIR/work DIR/shared")
	s.ok("courier out --spool DIR/work DIR/shared")
	s.ok("courier in --spool DIR/portal DIR/shared")
	for i := 0; strings.Count(said.String(), "is in use: 2 organs") < 2; i++ {
		if i == 400 {
			t.Fatalf("the newer directory is not in use:\n%s", said.String())
		}
		time.Sleep(25 * time.Millisecond)
	}
	if names, err := os.ReadDir(s.path("shared")); err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
	b, err := os.ReadFile(s.path("shared/w00000003.age"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("half"), b[:len(b)-100], 0o600); err != nil {
		t.Fatal(err)
	}
	s.no(exitFailed, "cut off, or was changed on the way", "courier in --spool DIR/portal DIR/half")
}

// TestCourierState: each side says when nothing comes any more, when something lies there that nobody takes in, and when
// something was put there that is no letter.
func TestCourierState(t *testing.T) {
	s := newShell(t)
	quick(t)
	s.ok(setup)
	s.no(exitFailed, "courier pair keeps its line", "courier state --spool DIR/work")
	for _, side := range []string{"work", "portal"} {
		said := s.ok("courier init --spool DIR/" + side + " --side " + side)
		if err := os.WriteFile(s.path(side+".line"), []byte(said), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.ok("courier pair --spool DIR/work DIR/portal.line")
	s.ok("courier pair --spool DIR/portal DIR/work.line")
	s.ok("courier out --spool DIR/portal DIR/p1")
	s.ok("courier in --spool DIR/work DIR/p1")
	s.ok("courier out --spool DIR/work DIR/w1")
	s.ok("courier in --spool DIR/portal DIR/w1")
	if out := s.ok("courier state --spool DIR/portal"); !strings.Contains(out, "the work side's bundle 1 came last") || !strings.Contains(out, "1 made here, 1 arrived there") {
		t.Error(out)
	}
	if out := s.ok("courier state --spool DIR/work"); !strings.Contains(out, "the public side's bundle 1 came last") {
		t.Error(out)
	}
	s.no(exitFailed, "No bundle from the other side since", "courier state --spool DIR/work --late 1ns")
	doctor := func(says string) {
		t.Helper()
		if _, out, _ := s.run("", "doctor --db sqlite:DIR/q.db --spool DIR/work"); !strings.Contains(out, says) {
			t.Errorf("%q is not among\n%s", says, out)
		}
	}
	doctor("ok    The newest bundle from the public side came")
	doctor("is taken in")

	// A letter that no server takes in.
	name := strings.Repeat("ab", 32)
	for _, side := range []string{"work", "portal"} {
		path := s.path(side + "/in/" + name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-2*untaken)); err != nil {
			t.Fatal(err)
		}
	}
	if out := s.ok("courier state --spool DIR/portal"); !strings.Contains(out, "1 letter or word to be carried away") {
		t.Error(out)
	}
	s.no(exitFailed, "1 letter or word not taken in", "courier state --spool DIR/work")
	doctor("fail  1 letter or word in")
	if err := os.MkdirAll(s.path("work/refused"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.path("work/in/"+name), s.path("work/refused/"+name)); err != nil {
		t.Fatal(err)
	}
	s.no(exitFailed, "1 in refused/", "courier state --spool DIR/work")
	doctor("fail  1 in refused/")
}
