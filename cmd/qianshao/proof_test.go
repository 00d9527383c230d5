package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/proof"
)

// TestProof: what a reporter was given is checked without a database, the receipt comes from the input and never from the
// line, and what does not agree ends with 1.
func TestProof(t *testing.T) {
	s := newShell(t)
	b, err := os.ReadFile("../../internal/proof/testdata/given.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct{ Proof, Note, Letter, Public, Witness, Receipt string }
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"proof": g.Proof, "note": g.Note, "letter": g.Letter, "moved": strings.Replace(g.Note, "day 2026-09-18", "day 2026-09-17", 1), "torn": g.Proof[:300]} {
		if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(input, line string, code int, says ...string) {
		t.Helper()
		got, out, errs := s.run(input, line)
		if got != code {
			t.Errorf("%s: exit %d, want %d\n%s%s", line, got, code, out, errs)
		}
		for _, x := range says {
			if !strings.Contains(out+errs, x) {
				t.Errorf("%s does not say %q:\n%s%s", line, x, out, errs)
			}
		}
	}
	all := "verify --proof DIR/proof --note DIR/note --letter DIR/letter --receipt --key " + g.Public + " --witness " + g.Witness
	run(g.Receipt+"\n", all, exitDone, "✓ Signed with the key you named", "✓ The witness you named, city.watch, signed on 2026-09-18 17:30", "✓ The entry says: received on 2026-09-18", "by 2026-09-25", "✓ The receipt fits", "✓ Your words are unchanged", "Everything agrees.")
	run("", "verify --proof DIR/proof", exitDone, "? Signed with this key: "+g.Public, "? A witness, city.watch", "as far as you have settled")
	run("", "--lang zh-CN verify --proof DIR/proof", exitDone, "记录写明：2026-09-18收到")
	run("", "verify --proof DIR/proof --note DIR/moved", exitFailed, "✗ The note was changed", "✗ The days of receipt differ: the note says 2026-09-17, the entry says 2026-09-18", "Keep this proof")
	run("0000 0000 0000 0000", "verify --proof DIR/proof --receipt", exitFailed, "✗ The receipt does not fit")
	run("1234", "verify --proof DIR/proof --receipt", exitFailed, "not a receipt")
	run("", "verify --proof DIR/torn", exitFailed, "✗ This is not a whole proof")
	run("", "verify --proof DIR/proof --public "+strings.Repeat("A", 43)+"=", exitFailed, "not one that you named")
	run("", "verify --proof DIR/absent", exitFailed, "cannot be read")
	run("", "verify --page DIR/check.html", exitDone, "check.html")
	if page, err := os.ReadFile(s.path("check.html")); err != nil || string(page) != string(proof.Page()) {
		t.Errorf("%d bytes, %v", len(page), err)
	}
	run("", "verify --page DIR/check.html", exitFailed)
}

// TestProofBesideTheDatabase: whoever is shown a reporter's proof holds the whole database against it.
func TestProofBesideTheDatabase(t *testing.T) {
	s := newShell(t)
	s.ok(setup)
	s.serve("q.db")()
	d, err := db.Open(t.Context(), "sqlite:"+s.path("q.db"), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	n, err := ledger.LoadNotary(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	var log id.ID
	all, err := ledger.All(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		if p, err := ledger.Prove(t.Context(), d, n, x, 0); err == nil {
			if log = x; os.WriteFile(s.path("proof"), []byte(p.Text()), 0o600) != nil {
				t.Fatal("the proof can't be written")
			}
		}
	}
	s.ok("verify --db sqlite:DIR/q.db --kept DIR/proof")
	for _, table := range []string{"acts", "logs", "log_hashes", "checkpoints"} {
		if _, err := d.Raw().Exec(`DELETE FROM `+table+` WHERE city_id = $1 AND log_id = $2`, int64(log.City), log.Key); err != nil {
			t.Fatal(err)
		}
	}
	if got, out, _ := s.run("", "verify --db sqlite:DIR/q.db --kept DIR/proof"); got != exitFailed || !strings.Contains(out, "the whole log is gone") {
		t.Errorf("exit %d\n%s", got, out)
	}
	if err := os.WriteFile(s.path("torn"), []byte("qianshao/proof/1\nx"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.no(exitFailed, "cannot be read", "verify --db sqlite:DIR/q.db --kept DIR/torn")
}
