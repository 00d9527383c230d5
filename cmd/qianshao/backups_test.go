package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServerBacksUp is T21's recovery point: a server that was told so backs itself up at once and then every hour, by its
// files and not by its starts; what it made restores and verifies.
func TestServerBacksUp(t *testing.T) {
	s := newShell(t)
	s.ok(setup)
	recipient := strings.Split(strings.TrimSpace(s.ok("keys recipient DIR/backup.key")), "\n")
	to := recipient[len(recipient)-1]
	line := "serve --db sqlite:DIR/q.db --listen 127.0.0.1:0 --backup-dir DIR"
	s.no(exitUsage, "--backup-to", line)
	s.no(exitUsage, "at least a minute", line+" --backup-to "+to+" --backup-every 5s")
	s.no(exitFailed, "not the public half", line+" --backup-to age1wrong")
	s.no(exitFailed, "nothing was started", line+"/absent --backup-to "+to)
	made := func() []string {
		names, err := filepath.Glob(s.path("qianshao-*.backup"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	serve := func(until func(metrics string) bool) {
		t.Helper()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var log bytes.Buffer
		metrics, done := free(t), make(chan int)
		t.Setenv("QIANSHAO_BACKUP_TO", to)
		go func() {
			done <- run(ctx, strings.Fields(strings.ReplaceAll(line, "DIR", s.dir)+" --metrics "+metrics), nil, io.Discard, &log)
		}()
		well := false
		for range 200 {
			if well = until(get("http://" + metrics + "/metrics")); well {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		cancel()
		if code := <-done; code != exitDone || !well {
			t.Errorf("exit %d, well %v:\n%s", code, well, log.String())
		}
	}
	serve(func(m string) bool {
		return strings.Contains(m, "\nqianshao_backup_age_seconds ") && strings.Contains(m, "\nqianshao_backup_failures_total 0\n") && strings.Contains(m, "\nqianshao_access_log_dropped_total 0\n")
	})
	first := made()
	serve(func(m string) bool { return strings.Contains(m, "\nqianshao_backup_age_seconds ") })
	if now := made(); len(first) != 1 || len(now) != 1 || now[0] != first[0] {
		t.Errorf("%v, after another start %v", first, now)
	}
	if out := s.ok("restore --db sqlite:DIR/q2.db --identity DIR/backup.key " + first[0]); !strings.Contains(out, "Everything agrees") {
		t.Error(out)
	}
}

// get is what an address answers, "" while it does not.
func get(url string) string {
	res, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return ""
	}
	return string(b)
}
