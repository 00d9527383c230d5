package app_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/proof"
)

// TestReportersProof is N1 from the lodging to the check: a letter is taken in by an act, a checkpoint covers it, a witness
// on another machine signs that, and the proof reaches the reporter in a status that only the receipt opens. What the
// office does to its database afterwards changes nothing about it, and is found with it. T54, T55, T56
func TestReportersProof(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, key := lived(t, d)
		county := w.Units["county"].ID
		out := watching(t, w.Serve().URL)
		if err := w.App.Ledger.Know(apptest.Ctx, access.ByOperator, ledger.Known{Key: out.Key.Public(), Place: "市纪委监委"}); err != nil {
			t.Fatal(err)
		}

		receipt, err := envelope.NewReceipt(envelope.NewToken())
		if err != nil {
			t.Fatal(err)
		}
		private, public, err := seal.NewKey(seal.Age)
		if err != nil {
			t.Fatal(err)
		}
		secrets := receipt.Secrets()
		e, err := envelope.Seal(envelope.Letter{Unit: "石桥镇", Text: "虚报管护费"}, secrets, envelope.Address{To: county, Keys: []envelope.AddressKey{{ID: "k", Public: public}}}, "2026-09-18")
		if err != nil {
			t.Fatal(err)
		}
		take := func(day string) ledger.Receipt {
			rc, err := w.App.Ledger.Write(apptest.Ctx, access.ByProgram(county.City), county.City, func(*ledger.Tx) (ledger.Act, error) {
				return ledger.Act{Action: proof.Action, Organ: county, Params: map[string]any{"name": e.Name, "commit": e.Commit, "day": day, "due": "2026-09-25", "to": e.To.String()}}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return rc
		}
		n, err := ledger.LoadNotary(apptest.Ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		rc := take("2026-09-18")
		if _, err := ledger.Prove(apptest.Ctx, d, n, rc.Log, rc.Seq); !errors.Is(err, ledger.ErrUncovered) {
			t.Errorf("proved before it was signed: %v", err)
		}
		w.App.NewWorkers(quiet(), key).RunDue(apptest.Ctx)
		if n, err = w.App.Ledger.Adopt(apptest.Ctx, access.ByProgram, key, false); err != nil {
			t.Fatal(err)
		}
		if _, err := w.App.Ledger.Issue(apptest.Ctx, n, county.City); err != nil {
			t.Fatal(err)
		}
		if r := watch(t, out); len(r.Errors)+len(r.Refused) > 0 {
			t.Fatalf("%+v", r)
		}
		p, err := ledger.Prove(apptest.Ctx, d, n, rc.Log, rc.Seq)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := e.SealStatus(envelope.Status{Day: e.Day, Organ: "甲县纪委监委", Stage: "received", Proof: p.Text()}, 2)
		if err != nil {
			t.Fatal(err)
		}

		// What the reporter holds from here on, and checks with nothing else.
		st, err := sealed.Open(secrets)
		if err != nil {
			t.Fatal(err)
		}
		_, letter, err := e.Open(private)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := key.Signer("portal")
		if err != nil {
			t.Fatal(err)
		}
		holds := func(text string, open int) []proof.Line {
			t.Helper()
			ls := proof.Check(proof.Ask{Proof: text, Note: noteOf(t, e, signer), Receipt: receipt, Letter: letter, Publics: []string{key.Public()}, Witnesses: []string{out.Key.Public()}})
			seen := 0
			for _, l := range ls {
				if l.State != proof.Holds {
					seen++
				}
			}
			if seen != open {
				t.Errorf("%+v", ls)
			}
			return ls
		}
		holds(st.Proof, 0)

		kept := map[id.ID][]string{rc.Log: {p.Note}}
		finds := func(kept map[id.ID][]string) string {
			rep, err := ledger.VerifyAgainst(apptest.Ctx, d.In(county.City), app.Covered(), n.Check, kept, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range rep.Findings {
				if f.Log == rc.Log {
					return f.What
				}
			}
			return ""
		}
		if what := finds(kept); what != "" {
			t.Fatalf("before anything was done: %s", what)
		}
		raw := func(text string, args ...any) {
			t.Helper()
			if _, err := d.Raw().ExecContext(apptest.Ctx, text, args...); err != nil {
				t.Fatal(err)
			}
		}
		raw(`UPDATE acts SET matter_id = 'x' WHERE log_id = $1 AND seq = $2`, rc.Log.Key, rc.Seq)
		if what := finds(nil); what != "body" {
			t.Errorf("an act put under another matter: %q", what)
		}
		raw(`DELETE FROM acts WHERE log_id = $1 AND seq = $2`, rc.Log.Key, rc.Seq)
		if what := finds(nil); what == "" {
			t.Error("the act is gone, and nobody finds it")
		}
		holds(st.Proof, 0) // a proof checked after the office deleted the row
		if _, err := ledger.Prove(apptest.Ctx, d, n, rc.Log, rc.Seq); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a proof of what is gone: %v", err)
		}

		// The whole log goes, and one with a later day takes its place, signed with the right key.
		for _, table := range []string{"acts", "logs", "log_hashes", "checkpoints", "countersignatures"} {
			raw(`DELETE FROM `+table+` WHERE log_id = $1`, rc.Log.Key)
		}
		again := take("2026-09-28")
		for range rc.Seq + 3 {
			take("2026-09-28")
		}
		if _, err := w.App.Ledger.Issue(apptest.Ctx, n, county.City); err != nil {
			t.Fatal(err)
		}
		if what := finds(nil); what == "checkpoint" {
			t.Error("a log made anew by who holds the key is not sound in itself: the drill drills nothing")
		}
		if what := finds(kept); what != "checkpoint" {
			t.Errorf("the log made anew, with the reporter's proof beside it: %q", what)
		}
		if r := watch(t, out); len(r.Refused) != 1 || r.Refused[0].Log != rc.Log.String() {
			t.Errorf("the witness: %+v", r)
		}
		x, err := ledger.Prove(apptest.Ctx, d, n, again.Log, again.Seq)
		if err != nil {
			t.Fatal(err)
		}
		var fails []string
		for _, l := range holds(x.Text(), 2) {
			if l.State == proof.Fails {
				fails = append(fails, l.Code)
			}
		}
		if got := strings.Join(fails, " "); got != "witness.missing note.day" {
			t.Errorf("the other log's proof fails by %s", got)
		}
	})
}

// noteOf is what was signed when the letter was handed in.
func noteOf(t *testing.T, e envelope.Envelope, s note.Signer) string {
	t.Helper()
	b, err := note.Sign(&note.Note{Text: envelope.Note{Name: e.Name, Commit: e.Commit, Day: e.Day, To: e.To, Due: "2026-09-25"}.Text()}, s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
