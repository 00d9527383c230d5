package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/intake"
	"qianshao/internal/org"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// What a report brought is destroyed by two persons after the rulebook's time and not before; then nothing of it is in the
// rows, the search or the folder of attachments, and after a sweep nothing is in the database's file either. The acts stay,
// say who did it and why, and everything verifies.
func TestDestroyed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		dir := t.TempDir()
		s, err := blob.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		k := w.App.Custody
		k.Files = s
		enter := func(name, title, summary string) flow.Matter {
			t.Helper()
			e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), intake.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: name, Post: "水利站出纳", Rank: "staff", Category: "c2", PartyMember: true},
				Channel: "letter", Received: "2026-10-12", Named: true, Reporter: intake.Reporter{Name: "赵六", Contact: "139"}, Original: "来信原文一字不差", Title: title, Summary: summary, Discipline: "integrity"})
			if err != nil {
				t.Fatal(err)
			}
			return w.Matter(e.ID)
		}
		other := enter("钱某某", "反映另外的事情", "与此无关的另一封信。")
		m := enter("吴鹭鹚", "反映鹭鹚渡口管护费", "来信反映虚报鸬鹚渡护栏。")
		file, err := k.Add(apptest.Ctx, w.As("intake"), m.ID, "收条.pdf", strings.NewReader("%PDF-1.7\n收条\n"))
		if err != nil {
			t.Fatal(err)
		}
		// The name of a file stands in the acts about it, and stays there.
		secrets := []string{"吴鹭鹚", "鹭鹚渡口", "鸬鹚渡护栏"}
		sealed, err := db.Column[[]byte](apptest.Ctx, d.In(m.ID.City), `SELECT sealed FROM envelopes WHERE city_id = $1 AND matter_id = $2`, m.ID.Key)
		if err != nil || len(sealed) != 2 {
			t.Fatalf("%d envelopes, %v", len(sealed), err)
		}
		for _, b := range sealed {
			secrets = append(secrets, string(b[len(b)-120:]))
		}
		found := func(q string) int {
			t.Helper()
			hits, err := w.App.Engine.Search(apptest.Ctx, w.As("intake"), "tipoff", q, "", 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(hits)
		}
		if found("鸬鹚渡") != 1 {
			t.Fatal("not found while it is there")
		}

		// Not while it is open, not before its time, not by one, not by whom it is no business of.
		ask := func() error { return k.AskDestruction(apptest.Ctx, w.As("intake"), m.ID, "保管期满") }
		if err := ask(); fault.Code(err) != "destroy.open" {
			t.Errorf("while it is open: %v", err)
		}
		w.Do("intake", m.ID, "pass_on", flow.Values{"forward_reason": {"other_organ"}, "organ_name": {"某局"}, "paper_no": {"1号"}})
		if err := ask(); fault.Code(err) != "destroy.early" {
			t.Errorf("before its time: %v", err)
		}
		look := func() { // as a server does at its start
			t.Helper()
			if held, err := deadline.NewWatch(w.App.Ledger).Look(apptest.Ctx); held || err != nil {
				t.Fatal(held, err)
			}
		}
		look()
		w.Now = w.Now.AddDate(30, 0, 0)
		if err := ask(); fault.Code(err) != "clock.held" {
			t.Errorf("by moving the clock: %v", err)
		}
		look()
		if err := ask(); fault.Code(err) != "destroy.early" {
			t.Errorf("on its last day: %v", err)
		}
		w.Now = w.Now.AddDate(0, 0, 1)
		look()
		if err := k.AskDestruction(apptest.Ctx, w.As("principal"), m.ID, "保管期满"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("the principal asks: %v", err)
		}
		if err := ask(); err != nil {
			t.Fatal(err)
		}
		if err := ask(); fault.Code(err) != "destroy.asked" {
			t.Errorf("twice: %v", err)
		}
		owed := func() (out []string) {
			t.Helper()
			for _, who := range []string{"deputy", "principal", "intake"} {
				ds, err := w.App.Engine.Desk(apptest.Ctx, w.As(who), 50)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range ds {
					if d.Clock.Rule == custody.RuleConsent && d.Matter.ID == m.ID {
						out = append(out, who)
					}
				}
			}
			return out
		}
		if got := owed(); !slices.Equal(got, []string{"deputy"}) {
			t.Errorf("the request stands on the desks of %v", got)
		}
		for who, want := range map[string]fault.Kind{"intake": fault.Forbidden, "handler": fault.NotFound, "otherprincipal": fault.NotFound} {
			if err := k.DecideDestruction(apptest.Ctx, w.As(who), m.ID, 1, true, ""); fault.KindOf(err) != want {
				t.Errorf("%s consents: %v", who, err)
			}
		}
		if custody.Leads(w.As("principal"), m.Organ, w.Who["principal"].Person) {
			t.Error("the asker consents")
		}
		if err := k.DecideDestruction(apptest.Ctx, w.As("principal"), m.ID, 1, false, "再留一年"); err != nil {
			t.Fatal(err)
		}
		if found("鸬鹚渡") != 1 {
			t.Error("refused, and gone")
		}
		if got := owed(); len(got) > 0 {
			t.Errorf("answered, and still on the desks of %v", got)
		}
		if err := ask(); err != nil {
			t.Fatal(err)
		}
		if err := k.DecideDestruction(apptest.Ctx, w.As("principal"), m.ID, 1, true, ""); err != nil {
			t.Fatal(err)
		}

		if found("鸬鹚渡") != 0 || found("吴鹭鹚") != 0 || found("另外的事情") != 1 {
			t.Error("the search still finds it, or lost another")
		}
		w.Unlock("county")
		if _, err := k.Open(apptest.Ctx, w.As("intake"), m.ID, custody.Original, "核对原文"); fault.Code(err) != "destroy.gone" {
			t.Errorf("the original: %v", err)
		}
		if _, _, err := k.Read(apptest.Ctx, w.As("intake"), m.ID.Key, file); fault.Code(err) != "destroy.gone" {
			t.Errorf("the file: %v", err)
		}
		if b, err := k.Open(apptest.Ctx, w.As("intake"), other.ID, custody.Original, "核对原文"); err != nil || string(b) != "来信原文一字不差" {
			t.Errorf("another's original: %q %v", b, err)
		}
		if n := contents(t, dir); n != 0 {
			t.Errorf("%d contents on disk", n)
		}
		acts, err := db.Column[[]byte](apptest.Ctx, d.In(m.ID.City), `SELECT body FROM acts WHERE city_id = $1 AND matter_id = $2 AND action = 'destroy.done'`, m.ID.Key)
		if err != nil || len(acts) != 1 || !bytes.Contains(acts[0], []byte("保管期满")) || !bytes.Contains(acts[0], []byte(w.Who["intake"].Person)) || !bytes.Contains(acts[0], []byte(m.No)) {
			t.Errorf("%s %v", acts, err)
		}
		w.Verify()

		if err := w.App.Sweep(apptest.Ctx); err != nil {
			t.Fatal(err)
		}
		w.Verify()
		if found("另外的事情") != 1 {
			t.Error("a sweep loses what is there")
		}
		for _, row := range rows(t, d) {
			for _, secret := range secrets {
				if bytes.Contains(row, []byte(secret)) {
					t.Errorf("%.60q is still there: %.200q", secret, row)
				}
			}
		}
		if d.Engine != db.SQLite {
			return
		}
		// The index holds pairs of characters.
		for _, path := range []string{d.File(), d.File() + "-wal"} {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range append(secrets, "鸬鹚", "鹭鹚", "护栏") {
				if bytes.Contains(b, []byte(secret)) {
					t.Errorf("%.60q stands in %s", secret, filepath.Base(path))
				}
			}
			if filepath.Ext(path) == ".db" && !bytes.Contains(b, []byte("反映另外的事情")) {
				t.Error("nothing is found in the file at all")
			}
		}
	})
}

// A folder of attachments that was put back from before is rid again of what was destroyed.
func TestDestroyedAgain(t *testing.T) {
	d := dbtest.SQLite(t)
	w := apptest.New(t, d)
	dir := t.TempDir()
	s, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.App.Custody.Files = s
	e, err := w.App.Intake.Enter(apptest.Ctx, w.As("intake"), intake.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "出纳", Rank: "staff", Category: "c2", PartyMember: true},
		Channel: "letter", Received: "2026-10-12", Title: "反映管护费", Summary: "来信反映。", Original: "原文", Discipline: "integrity"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.App.Custody.Add(apptest.Ctx, w.As("intake"), e.ID, "收条.pdf", strings.NewReader("%PDF-1.7\n收条\n")); err != nil {
		t.Fatal(err)
	}
	before := t.TempDir()
	if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	w.Do("intake", e.ID, "pass_on", flow.Values{"forward_reason": {"other_organ"}, "organ_name": {"某局"}, "paper_no": {"1号"}})
	w.Now = w.Now.AddDate(30, 0, 1)
	if err := w.App.Custody.AskDestruction(apptest.Ctx, w.As("intake"), e.ID, "保管期满"); err != nil {
		t.Fatal(err)
	}
	if err := w.App.Custody.DecideDestruction(apptest.Ctx, w.As("deputy"), e.ID, 1, true, ""); err != nil {
		t.Fatal(err)
	}
	if w.App.Custody.Files, err = blob.Open(before); err != nil {
		t.Fatal(err)
	}
	if n := contents(t, before); n != 1 {
		t.Fatalf("%d put back", n)
	}
	if err := w.App.Custody.Sweep(apptest.Ctx, e.ID.City); err != nil {
		t.Fatal(err)
	}
	if n := contents(t, before); n != 0 {
		t.Errorf("%d are still there", n)
	}
}

func contents(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// rows are all values of all business rows of the city, and the acts.
func rows(t *testing.T, d *db.DB) [][]byte {
	t.Helper()
	var out [][]byte
	for _, text := range []string{
		`SELECT body FROM acts WHERE city_id = $1`, `SELECT sealed FROM envelopes WHERE city_id = $1`, `SELECT name FROM files WHERE city_id = $1`, `SELECT plain FROM texts WHERE city_id = $1`,
		`SELECT title || subject || subject_post FROM matters WHERE city_id = $1`, `SELECT name || unit_text || post FROM subjects WHERE city_id = $1`, `SELECT summary FROM tipoffs WHERE city_id = $1`,
	} {
		rs, err := d.In(apptest.City).Query(apptest.Ctx, text)
		if err != nil {
			t.Fatal(err)
		}
		for rs.Next() {
			var v any
			if err := rs.Scan(&v); err != nil {
				t.Fatal(err)
			}
			switch v := v.(type) {
			case []byte:
				out = append(out, bytes.Clone(v))
			case string:
				out = append(out, []byte(v))
			}
		}
		if err := rs.Err(); err != nil {
			t.Fatal(err)
		}
		rs.Close()
	}
	return out
}
