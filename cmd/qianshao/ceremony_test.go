package main

import (
	"strings"
	"testing"

	"qianshao/internal/custody/custodyhttp"
)

// TestCeremony: a passphrase that is lost is replaced with the organ above's, and the sheets say what to do and hold nothing
// that opens anything.
func TestCeremony(t *testing.T) {
	s := newShell(t)
	s.ok(setup)
	const db = "--db sqlite:DIR/q.db "
	sheet := s.ok("keys sheet " + db + "--unit 990100000000")
	if !strings.Contains(sheet, "none yet") || !strings.Contains(sheet, "keys make --unit 990100000000") {
		t.Error(sheet)
	}
	s.ok("keys make " + db + "--unit 990100000000") // the organ above has none yet
	rewrap := "keys rewrap " + db + "--unit 990100000000"
	both := "a passphrase nobody guesses\nanother one that nobody guesses\n"
	if code, _, errs := s.run(both, rewrap); code != exitFailed || !strings.Contains(errs, "has no key yet") {
		t.Errorf("the organ above has no key: %d %s", code, errs)
	}
	s.ok("keys make " + db + "--unit 990000000000")
	if code, _, errs := s.run(both, rewrap); code != exitFailed || !strings.Contains(errs, "no copy") {
		t.Errorf("no copy was made: %d %s", code, errs)
	}
	s.ok("keys make " + db + "--unit 990100000000")
	if code, _, errs := s.run("not the one of the organ above\nanother one that nobody guesses\n", rewrap); code != exitFailed || !strings.Contains(errs, "passphrase") {
		t.Errorf("another passphrase above: %d %s", code, errs)
	}
	code, out, errs := s.run(both, rewrap)
	if code != exitDone || !strings.Contains(out, "opens 1 of 2") || strings.Contains(out+errs, "nobody guesses") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	s.no(exitFailed, "no organ above", "keys rewrap "+db+"--unit 990000000000")
	for _, x := range custodyhttp.Ceremonies {
		for _, lang := range []string{"en", "zh-CN"} {
			sheet := s.ok("keys sheet " + db + "--unit 990100000000 --for " + x.For + " --lang " + lang)
			if strings.Contains(sheet, "sheet.key") || strings.Contains(sheet, "AGE-") || strings.Contains(sheet, "{") || strings.Count(sheet, "□") != x.Steps {
				t.Errorf("%s in %s: %s", x.For, lang, sheet)
			}
		}
	}
	if out := s.ok("verify " + db); !strings.Contains(out, "agrees") {
		t.Error(out)
	}
}
