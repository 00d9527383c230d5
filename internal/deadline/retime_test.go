package deadline_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/rulebook"
	rules "qianshao/rulebook"
)

// later is a version added to a timer: what it sets instead of the version before.
type later struct {
	rule, from, transition, unit string
	length                       int
	local                        bool
}

// withVersions is the shipped rulebook with later versions of some timers, each beginning when the one before ends.
func withVersions(t *testing.T, more ...later) *rulebook.Book {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(rules.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		b, err := fs.ReadFile(rules.Files, n)
		if err != nil {
			t.Fatal(err)
		}
		files[n] = &fstest.MapFile{Data: b}
	}
	for _, m := range more {
		found := false
		for n, f := range files {
			text := string(f.Data)
			i := strings.LastIndex(text, "- id: "+m.rule+"\n")
			if i < 0 || !strings.HasPrefix(n, "timers") {
				continue
			}
			found = true
			block, rest, _ := strings.Cut(text[i:], "\n- id: ")
			if rest != "" {
				rest = "\n- id: " + rest
			}
			set := func(block, key, value string) string {
				block = regexp.MustCompile(`(?m)^  `+key+`: .*\n?`).ReplaceAllString(block, "")
				if value == "" {
					return block
				}
				return strings.TrimRight(block, "\n") + "\n  " + key + ": " + value + "\n"
			}
			next := set(set(set(block, "length", fmt.Sprint(m.length)), "version", m.from), "from", m.from)
			next = set(set(next, "transition", m.transition), "to", "")
			if m.unit != "" {
				next = set(set(next, "unit", m.unit), "roll", map[string]string{"workday": "", "day": "true", "month": "true"}[m.unit])
			}
			if m.local {
				next = set(next, "legal", "false")
			}
			f.Data = []byte(text[:i] + set(block, "to", m.from) + "\n" + next + rest)
		}
		if !found {
			t.Fatalf("no timer %s", m.rule)
		}
	}
	book, err := rulebook.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// A clock keeps the version it began with until a recorded run says otherwise, and then as the version's transition
// says; what has fallen due stays a fact. D18
func TestRetime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.Hire("citysysadmin", "贝系", "sysadmin", "city")
		open := func(rule string) deadline.Clock {
			return w.clock(w.matter("county"), rule, "2026-10-12", "full", access.Head)
		}
		switched := open(notice)               // 15 working days: 2 November
		granted := open(notice)                // and five more granted: 9 November
		alone := open(notice)                  // a length of its own
		stands := open(notice)                 // paused
		met := open(notice)                    // over
		lighter := open("inquiry.report")      // a month: 12 November
		heavier := open("clue.opinion")        // a month: 12 November
		kept := open("verify.work")            // two months: 14 December
		chained := open("inquiry.answer")      // 15 working days; two versions on the way
		yet := open("tipoff.accept_forwarded") // its version is not in force yet
		own := w.matter("county")              // the county's own length
		var county deadline.Clock
		w.write(func(tx *ledger.Tx) (err error) {
			m, err := flow.Lock(ctx, tx, own.Key)
			if err != nil {
				return err
			}
			if county, err = w.k.Open(ctx, tx, deadline.Opening{Matter: own.Key, Root: own.Key, Rule: "clue.assign", Start: "2026-10-12", OwedBy: m.Organ, OwedRole: access.Supervision,
				Organ: m.Organ, County: m.County, Length: 3}); err != nil {
				return err
			}
			return flow.Save(ctx, tx, &m)
		})
		w.On("2026-10-27")
		granted = w.mustAdd(granted, extended("", 5, wd))
		alone = w.mustAdd(alone, retargeted("", 18, wd))
		stands = w.mustAdd(stands, paused(""))
		met = w.mustAdd(met, deadline.Entry{Kind: deadline.Fulfilled})
		w.pass()
		if w.fired(switched) != "warn7 11-02" {
			t.Fatalf("fell due: %s", w.fired(switched))
		}
		book := withVersions(t,
			later{rule: notice, from: "2026-10-28", transition: "switch", length: 20, local: true},
			later{rule: "inquiry.report", from: "2026-10-28", transition: "lighter", length: 45, unit: "day"},
			later{rule: "clue.opinion", from: "2026-10-28", transition: "lighter", length: 15, unit: "day"},
			later{rule: "verify.work", from: "2026-10-28", transition: "keep", length: 3},
			later{rule: "inquiry.answer", from: "2026-10-20", transition: "switch", length: 10},
			later{rule: "inquiry.answer", from: "2026-10-27", transition: "lighter", length: 25},
			later{rule: "clue.assign", from: "2026-10-28", transition: "switch", length: 8},
			later{rule: "tipoff.accept_forwarded", from: "2027-01-01", transition: "switch", length: 9},
		)
		k := deadline.NewKeeper(book, w.k.Calendar())
		w.k, w.App.Engine.Clocks = k, k
		w.On("2026-10-28")
		fx := w.App.Engine.Effects()
		// Nothing has happened by the new rulebook alone.
		all := []deadline.Clock{switched, granted, alone, stands, met, lighter, heavier, kept, chained, yet, county}
		if n, err := k.Recompute(ctx, w.App.Ledger, apptest.City, "", fx); n != 0 || err != nil {
			t.Errorf("recomputed: %d, %v", n, err)
		}
		w.pass()
		for i, c := range all {
			if now := w.get(c); now.Due != c.Due || now.Version != c.Version || now.Entries != c.Entries {
				t.Errorf("clock %d changed by itself: %+v", i, now)
			}
			all[i] = w.get(c)
		}
		if _, err := k.Retime(ctx, w.App.Ledger, w.As("principal"), apptest.City, fx); fault.Code(err) != "clock.not_tender" {
			t.Errorf("a principal: %v", err)
		}
		// What it would do is told before, and nothing done.
		told := map[string]deadline.Retiming{}
		would, err := k.Retimes(ctx, w.App.DB.In(apptest.City))
		if err != nil || len(would) != 7 || w.acts(apptest.City, "clock.retime") != 0 {
			t.Errorf("%d clocks told, %v", len(would), err)
		}
		for _, x := range would {
			told[x.Clock.ID.Key] = x
		}
		n, err := k.Retime(ctx, w.App.Ledger, w.As("citysysadmin"), apptest.City, fx)
		if err != nil || n != 7 {
			t.Errorf("%d clocks, %v", n, err)
		}
		for _, x := range []struct {
			name         string
			c            deadline.Clock
			due          date
			version      string
			added, count int
		}{
			{"switched", switched, "2026-11-09", "2026-10-28", 1, 20},
			{"what was granted stays granted", granted, "2026-11-16", "2026-10-28", 1, 20},
			{"a length of its own stays", alone, "2026-11-05", "2026-10-28", 1, 20},
			{"one that stands", stands, "2026-11-09", "2026-10-28", 1, 20},
			{"lighter, and later", lighter, "2026-11-26", "2026-10-28", 1, 45},
			{"two versions on the way", chained, "2026-11-16", "2026-10-27", 2, 25},
			{"the county's own length", county, "2026-10-15", "2026-10-28", 1, 3},
			{"lighter, but earlier", heavier, "2026-11-12", heavier.Version, 0, 1},
			{"kept", kept, kept.Due, kept.Version, 0, 2},
			{"not in force yet", yet, yet.Due, yet.Version, 0, 5},
			{"over", met, met.Due, met.Version, 0, 15},
		} {
			now := w.get(x.c)
			if now.Due != x.due || now.Version != x.version || now.Entries != x.c.Entries+x.added || now.Length != x.count {
				t.Errorf("%s: %+v", x.name, now)
			}
			if y, is := told[x.c.ID.Key]; is != (x.added > 0) || is && (y.Due != now.Due || y.Version != now.Version || y.Clock.Due != x.c.Due) {
				t.Errorf("%s: it was told %+v", x.name, y)
			}
			if tm, _ := book.TimerVersion(now.Rule, now.Version); x.added > 0 && (now.Hash != tm.Hash() || now.Legal != tm.Legal) {
				t.Errorf("%s: %+v is not of its version", x.name, now)
			}
			if es := w.entriesOf(now); x.added > 0 && (es[len(es)-1].Kind != deadline.Recomputed || es[len(es)-1].To != x.due || es[len(es)-1].Reason != now.Rule+" "+x.version) {
				t.Errorf("%s: %+v", x.name, es[len(es)-1])
			}
		}
		if s := w.get(stands); s.State != deadline.StatePaused || s.FireOn != "" {
			t.Errorf("one that stands runs: %+v", s)
		}
		if n, err := k.Retime(ctx, w.App.Ledger, access.ByOperator(apptest.City), apptest.City, fx); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
		if got := w.acts(apptest.City, "clock.retime"); got != 1 {
			t.Errorf("%d acts", got)
		}
		for day := date("2026-10-28"); day < "2026-11-12"; day = day.AddDays(1) {
			w.On(day)
			w.pass()
		}
		// The warning that came stays; the new day has its own; no longer legal, it does not rise.
		if got := w.fired(switched); got != "late 11-09, warn1 11-09, warn3 11-09, warn7 11-02, warn7 11-09" {
			t.Errorf("fell due: %s", got)
		}
		w.exactlyOnce()
	})
}

// A rulebook that lost a version, or changed one, is found out before it counts anything wrongly.
func TestStrangers(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.clock(w.matter("county"), "verify.work", "2026-10-12", "full", access.Head)
	if got, err := w.k.Strangers(ctx, w.reader()); len(got) != 0 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	text, err := fs.ReadFile(rules.Files, "timers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	names, err := fs.Glob(rules.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		b, err := fs.ReadFile(rules.Files, n)
		if err != nil {
			t.Fatal(err)
		}
		files[n] = &fstest.MapFile{Data: b}
	}
	files["timers.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(text), "en: Complete verification", "en: Finish verification", 1))}
	book, err := rulebook.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := deadline.NewKeeper(book, w.k.Calendar()).Strangers(ctx, w.reader()); len(got) != 1 || !strings.HasPrefix(got[0], "verify.work 1994 ") || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}
