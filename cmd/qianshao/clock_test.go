package main

import (
	"bytes"
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"qianshao/internal/app/apptest"
	"qianshao/internal/calendar"
	"qianshao/internal/clue"
	"qianshao/internal/deadline"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/rulebook"
	rules "qianshao/rulebook"
)

// book is the shipped rulebook with the text of a file changed.
func book(t *testing.T, pairs ...string) *rulebook.Book {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(rules.Files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(rules.Files, name)
		files[name] = &fstest.MapFile{Data: []byte(strings.NewReplacer(pairs...).Replace(string(b)))}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := rulebook.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// assign is the rule of five working days for handing out a clue, as it is shipped.
const assign = `- id: clue.assign
  name: {zh: 交承办部门, en: Hand the clue to an office}
  start: {zh: 收到问题线索, en: receipt of the clue}
  length: 5
  unit: workday
  legal: false
  warn: [1]
  allowed: {min: 1, max: 10}
  basis: [{reg: LOCAL}]
  sure: local
  version: "1"
  transition: keep
  note:
    zh: 规则未定期限，由本县确定。
    en: The rules set no period; the county does.
`

// TestRetime is D18 from the command line: what would change is told first, is done as acts on request and is done once;
// a program without a version that deadlines rest on says so and leaves them.
func TestRetime(t *testing.T) {
	s := newShell(t)
	s.ok(setup)
	s.no(exitUsage, "goes with --retime", "clock --db sqlite:DIR/q.db --dry-run")
	if out := s.ok("clock --db sqlite:DIR/q.db --retime"); !strings.Contains(out, "No running deadline") {
		t.Error(out)
	}
	w := apptest.New(t, dbtest.SQLite(t))
	for range 2 {
		if _, err := w.App.Clues.Enter(apptest.Ctx, w.As("supervision"), clue.Entry{Subject: org.SubjectInput{Unit: w.Units["full"].ID.Key, Name: "吴某", Post: "委员", Rank: "staff", Category: "c2", PartyMember: true},
			Source: "found", Received: "2026-10-12", Title: "反映虚报", Summary: "虚报费用。", Discipline: "integrity"}); err != nil {
			t.Fatal(err)
		}
	}
	w.On("2026-10-13")
	run := func(b *rulebook.Book, lang string, dry bool) (string, error) {
		t.Helper()
		k := deadline.NewKeeper(b, w.App.Clocks.Calendar())
		w.App.Rules, w.App.Clocks, w.App.Engine.Clocks = b, k, k
		var out bytes.Buffer
		err := retime(&env{ctx: context.Background(), out: &out, errs: &out, lang: lang}, w.App, dry)
		return out.String(), err
	}
	stand := func() (due calendar.Date, acts int) {
		t.Helper()
		r := w.App.DB.In(apptest.City)
		dues, err := db.Column[calendar.Date](apptest.Ctx, r, `SELECT DISTINCT c.due_on FROM clocks c WHERE c.city_id = $1 AND c.rule = 'clue.assign'`)
		if err != nil || len(dues) != 1 {
			t.Fatal(dues, err)
		}
		if err := r.Row(apptest.Ctx, `SELECT COUNT(a.seq) FROM acts a WHERE a.city_id = $1 AND a.action = 'clock.retime' AND a.actor_id = ''`).Scan(&acts); err != nil {
			t.Fatal(err)
		}
		return dues[0], acts
	}
	newer := book(t, assign, assign+"  to: 2026-10-13\n"+strings.NewReplacer("length: 5", "length: 8", `version: "1"`, "version: \"2\"\n  from: 2026-10-13", "keep", "switch").Replace(assign))
	before, _ := stand()
	for lang, want := range map[string]string{"en": "Hand the clue to an office (clue.assign): from version 1 to 2, 2 deadlines, 0 of them sooner and 2 later.\nA trial", "zh-CN": "第1版改用第2版，2个期限，其中提前0个、推后2个。\n只是试算"} {
		if out, err := run(newer, lang, true); err != nil || !strings.Contains(out, want) {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if due, acts := stand(); due != before || acts != 0 {
		t.Errorf("a trial left %s and %d acts", due, acts)
	}
	if out, err := run(newer, "en", false); err != nil || !strings.Contains(out, "2 deadlines now run under the new versions") {
		t.Errorf("%v\n%s", err, out)
	}
	if due, acts := stand(); due <= before || acts != 1 {
		t.Errorf("due on %s, before %s; %d acts", due, before, acts)
	}
	if out, err := run(newer, "en", false); err != nil || !strings.Contains(out, "No running deadline") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run(book(t), "en", false); err != nil || !strings.Contains(out, "the rule clue.assign 2 ") || !strings.Contains(out, "No running deadline") {
		t.Errorf("the program before: %v\n%s", err, out)
	}
	w.Verify()
}
