package rulebook_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"qianshao/internal/calendar"
	"qianshao/internal/rulebook"
)

// small is a whole rulebook, as short as one can be.
var small = map[string]string{
	"regulations.yaml": `
- key: R
  name: {zh: 规定, en: Rules}
  short: {zh: 规定, en: Rules}
  issued: 2020-01-01
  from: 2020-02-01
  sure: text
`,
	"terms.yaml": `
- list: clue_source
  name: {zh: 来源, en: Source}
  closed: true
  basis: [{reg: R, art: "1"}]
  sure: text
  version: "1"
  terms:
    - {code: found, name: {zh: 发现, en: Found}}
    - {code: told, name: {zh: 举报, en: Told}, sure: unverified, version: "2", note: {zh: 待查, en: to check}}
- list: pause_reason
  name: {zh: 中止, en: Pause}
  closed: true
  sure: local
  version: "1"
  terms:
    - {code: illness, name: {zh: 患病, en: Illness}}
`,
	"terms-case.yaml": `
- list: deciding_body
  name: {zh: 机关, en: Body}
  closed: true
  sure: local
  version: "1"
  terms:
    - {code: commission, name: {zh: 纪委, en: Commission}}
- list: track
  name: {zh: 类别, en: Track}
  closed: true
  sure: local
  version: "1"
  terms:
    - {code: party, name: {zh: 党纪, en: Party}}
`,
	"ranks.yaml": `
- {code: high, order: 2, name: {zh: 高, en: High}, managed: county, sure: local, version: "1"}
- {code: low, order: 1, name: {zh: 低, en: Low}, managed: township, sure: local, version: "1"}
`,
	"sanctions.yaml": `
- code: warning
  track: party
  name: {zh: 警告, en: Warning}
  heavy: false
  months: [12]
  bodies:
    - {body: commission, when: {rank: [low]}, basis: [{reg: R}]}
  sure: local
  version: "1"
`,
	"approvals.yaml": `
- id: ext
  name: {zh: 延长, en: Extend}
  cases:
    - when: {rank: [high], source: [found], choice: [warning], level: [county], nth: ["1"]}
      steps: [head, principal]
      why: {zh: 因为, en: because}
      basis: [{reg: R, art: "2"}]
      sure: text
    - steps: [deputy]
      why: {zh: 因为, en: because}
  sure: local
  version: "1"
`,
	"timers.yaml": `
- id: work
  name: {zh: 办理, en: Work}
  start: {zh: 收到, en: receipt}
  length: 2
  unit: month
  roll: true
  legal: true
  warn: [7, 1]
  extend:
    length: 1
    unit: month
    times: 1
    approval: ext
    sure: text
  pause: [illness]
  allowed: {min: 1, max: 3}
  basis: [{reg: R, art: "3"}]
  sure: text
  version: "2020"
  from: 2020-01-01
  to: 2024-01-01
  transition: keep
- id: work
  name: {zh: 办理, en: Work}
  start: {zh: 收到, en: receipt}
  length: 15
  unit: workday
  legal: true
  basis: [{reg: R, art: "3"}]
  sure: text
  version: "2024"
  from: 2024-01-01
  transition: lighter
`,
	"limits.yaml": `
- id: team.verify
  name: {zh: 核查组人数, en: People of a team}
  value: 2
  unit: person
  sure: local
  version: "1"
`,
	"powers.yaml": `
- move: clue.propose
  hat: commission
  may: county
  name: {zh: 处置, en: Disposal}
  why: {zh: 因为, en: because}
  sure: local
  version: "1"
`,
	"documents.yaml": `
- code: slip
  name: {zh: 单, en: Slip}
  kind: form
  moves: [clue.propose]
  sure: local
  version: "1"
  body: |-
    单
    {{.MatterNo}}
`,
}

func with(file, old, now string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range small {
		if name == file {
			text = strings.Replace(text, old, now, 1)
		}
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestSmallRulebook(t *testing.T) {
	t.Parallel()
	b, err := rulebook.Load(with("", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	// A term takes from its list what it does not say itself.
	if x, _ := b.Term("clue_source", "found"); x.Sure != rulebook.SureText || x.Version != "1" || len(x.Basis) != 1 {
		t.Errorf("found: %+v", x)
	}
	if x, _ := b.Term("clue_source", "told"); x.Sure != rulebook.SureUnverified || x.Version != "2" || len(x.Basis) != 1 {
		t.Errorf("told: %+v", x)
	}
	if _, ok := b.Term("deciding_body", "commission"); !ok {
		t.Error("terms-case.yaml was not read")
	}
	// A row of an approval takes basis and certainty from the approval.
	_, k, _ := b.Chain("ext", day, rulebook.Facts{"rank": "high", "source": "found", "choice": "warning", "level": "county", "nth": "1"})
	if k.Sure != rulebook.SureText || len(k.Steps) != 2 {
		t.Errorf("first row: %+v", k)
	}
	if _, k, _ = b.Chain("ext", day, nil); k.Sure != rulebook.SureLocal {
		t.Errorf("last row: %+v", k)
	}
	// Each day has the version that held on it.
	for on, want := range map[string]string{"2019-12-31": "", "2020-01-01": "2020", "2023-12-31": "2020", "2024-01-01": "2024", "2099-01-01": "2024"} {
		if tm, ok := b.Timer("work", calendar.Date(on)); tm.Version != want || ok != (want != "") {
			t.Errorf("on %s version %q holds, want %q", on, tm.Version, want)
		}
	}
	old, _ := b.TimerVersion("work", "2020")
	now, _ := b.TimerVersion("work", "2024")
	if old.Hash() == "" || old.Hash() == now.Hash() {
		t.Errorf("hashes %q and %q", old.Hash(), now.Hash())
	}
	if r := b.Ranks(); r[0].Code != "low" {
		t.Errorf("ranks begin with %s", r[0].Code)
	}
}

func TestWrongFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, old, now string
		at             string // what stands on the line that the message names; "2:" before it means for the second time
		why            string
	}{
		// The file itself.
		{"timers.yaml", "  length: 2", "  lenght: 2", "lenght", `unknown field "lenght"`},
		{"timers.yaml", "art: \"3\"}", "art: \"3\", page: 7}", "page: 7", `unknown field "page"`},
		{"timers.yaml", "    times: 1", "    time: 1", "    time: 1", `unknown field "time"`},
		{"terms.yaml", "{code: told,", "{code: told, colour: red,", "colour", `unknown field "colour"`},
		{"timers.yaml", "  length: 2\n", "  length: 2\n  length: 3\n", "length: 3", "already defined"},
		{"timers.yaml", "length: 2", "length: two", "two", "cannot unmarshal"},
		{"timers.yaml", "length: 2", "length: 2.5", "2.5", "whole numbers"},
		{"timers.yaml", "length: 2", "length: 010", "010", "whole numbers"},
		{"timers.yaml", "length: 2", "length: -2", "-2", "whole numbers"},
		{"timers.yaml", "length: 2", "length: .inf", ".inf", "whole numbers"},
		{"timers.yaml", "to: 2024-01-01", "to:", "  to:", "a value is missing"},
		{"timers.yaml", "to: 2024-01-01", "to: ~", "to: ~", "a value is missing"},
		{"timers.yaml", "length: 2", "length: !!int 2", "!!int", "not used here"},
		{"timers.yaml", "length: 2", "length: &two 2", "&two", "not used here"},
		{"terms.yaml", "version: \"1\"", "version: *one", "*one", "not used here"},
		{"terms.yaml", "name: {zh: 来源, en: Source}", "<<: {zh: 来源}", "<<", "not used here"},
		{"approvals.yaml", "steps: [deputy]", "steps: !x", "!x", "not used here"},
		{"timers.yaml", "roll: true", "roll: yes", "roll: yes", "cannot unmarshal"},
		{"timers.yaml", "  unit: month\n", "  unit: month\n bad\n", " bad", "not allowed"},
		{"powers.yaml", small["powers.yaml"], "move: clue.propose\n", "move", "list of entries"},
		{"ranks.yaml", "- {code: low", "- just a word\n- {code: low", "just a word", "mapping is expected"},
		{"timers.yaml", "warn: [7, 1]", "warn: 7", "warn: 7", "sequence is expected"},

		// What every entry must say.
		{"regulations.yaml", ", en: Rules}", "}", "- key: R", "both languages"},
		{"regulations.yaml", "issued: 2020-01-01", "issued: 2020-02-30", "- key: R", `"2020-02-30" is no day`},
		{"regulations.yaml", "sure: text", "sure: certain", "- key: R", "sure must be"},
		{"regulations.yaml", "key: R", "key: \"\"", "- key", "key is missing"},
		{"timers.yaml", "name: {zh: 办理, en: Work}", "name: {zh: 办理}", "- id: work", "both languages"},
		{"timers.yaml", "start: {zh: 收到, en: receipt}", "start: {en: receipt}", "- id: work", "start, needs a text in both languages"},
		{"timers.yaml", "  sure: text\n  version: \"2020\"", "  sure: perhaps\n  version: \"2020\"", "- id: work", `not "perhaps"`},
		{"timers.yaml", "  version: \"2020\"\n", "", "- id: work", "version is missing"},
		{"timers.yaml", "from: 2020-01-01", "from: 2020-1-1", "- id: work", `"2020-1-1" is no day`},
		{"timers.yaml", "to: 2024-01-01", "to: 2019-01-01", "- id: work", "before it begins"},
		{"timers.yaml", "transition: keep", "transition: drop", "- id: work", "transition must be"},
		{"timers.yaml", "transition: keep", "transition: keep\n  note: {zh: 注}", "- id: work", "note, needs a text in both languages"},
		{"timers.yaml", "  basis: [{reg: R, art: \"3\"}]\n", "", "- id: work", "basis is missing"},
		{"timers.yaml", "reg: R, art: \"3\"", "reg: Q, art: \"3\"", "- id: work", `"Q" is not in regulations.yaml`},
		{"timers.yaml", "art: \"3\"}", "art: \"3\", note: {en: only}}", "- id: work", "basis, note, needs"},

		// Timers.
		{"timers.yaml", "- id: work", "- id: \"\"", "- id: \"\"", "id is missing"},
		{"timers.yaml", "length: 2", "length: 0", "- id: work", "above 0"},
		{"timers.yaml", "  unit: month\n  roll", "  unit: year\n  roll", "- id: work", `not "year"`},
		{"timers.yaml", "  unit: workday", "  unit: workday\n  roll: true", "2:- id: work", "roll makes no sense"},
		{"timers.yaml", "  sure: text\n  version: \"2020\"", "  sure: local\n  version: \"2020\"", "- id: work", "a local rule can't be legal"},
		{"timers.yaml", "min: 1, max: 3", "min: 3, max: 5", "- id: work", "does not hold its own length 2"},
		{"timers.yaml", "min: 1, max: 3", "min: 0, max: 3", "- id: work", "does not hold its own length 2"},
		{"timers.yaml", "min: 1, max: 3", "min: 1", "- id: work", "does not hold its own length 2"},
		{"timers.yaml", "warn: [7, 1]", "warn: [90]", "- id: work", "can't warn 90 days"},
		{"timers.yaml", "pause: [illness]", "pause: [rain]", "- id: work", `"rain" is not in the list pause_reason`},
		{"timers.yaml", "approval: ext", "approval: boss", "- id: work", `approved by "boss"`},
		{"timers.yaml", "    unit: month", "    unit: moon", "- id: work", `extension: unit must be`},
		{"timers.yaml", "    sure: text", "    sure: so", "- id: work", `extension: sure must be`},
		{"timers.yaml", "from: 2024-01-01", "from: 2023-12-31", "2:- id: work", "hold on the same days"},
		{"timers.yaml", "  to: 2024-01-01\n", "", "2:- id: work", "hold on the same days"},
		{"timers.yaml", `"2024"`, `"2020"`, "2:- id: work", "version 2020 stands twice"},

		// Closed lists and ranks.
		{"terms.yaml", "closed: true", "closed: false", "- list: clue_source", "no open lists"},
		{"terms.yaml", "  terms:\n    - {code: illness, name: {zh: 患病, en: Illness}}\n", "  terms: []\n", "- list: pause_reason", "is empty"},
		{"terms.yaml", "list: pause_reason", "list: clue_source", "2:- list: clue_source", "stands already at terms.yaml:2"},
		{"terms.yaml", "{code: told, name: {zh: 举报, en: Told}", "{code: told, name: {zh: 举报}", "code: told", "clue_source.told needs a text in both languages"},
		{"terms.yaml", "{code: told", "{code: \"\"", "举报", "code is missing"},
		{"terms.yaml", "sure: unverified", "sure: hardly", "code: told", "clue_source.told: sure must be"},
		{"terms.yaml", "{code: told", "{code: found", "举报", "hold on the same days"},
		{"terms-case.yaml", "list: track", "list: pause_reason", "- list: pause_reason", "stands already at terms.yaml:"},
		{"ranks.yaml", "managed: township", "managed: village", "code: low", `not "village"`},
		{"ranks.yaml", "order: 1", "order: 2", "code: low", "rank order 2 stands already at ranks.yaml:2"},
		{"ranks.yaml", "code: low", "code: high", "2:code: high", "rank high stands already"},

		// Approvals.
		{"approvals.yaml", "    - steps: [deputy]", "    - when: {rank: [low]}\n      steps: [deputy]", "- id: ext", "last case must be without a condition"},
		{"approvals.yaml", "when: {rank: [high], source: [found], choice: [warning], level: [county], nth: [\"1\"]}", "when: {}", "when: {}", "has no condition"},
		{"approvals.yaml", "steps: [deputy]", "steps: [boss]", "boss", `nobody is called "boss"; known: county_deputy,`},
		{"approvals.yaml", "steps: [deputy]", "steps: []", "steps: []", "names no step"},
		{"approvals.yaml", "why: {zh: 因为, en: because}\n      basis", "why: {zh: 因为}\n      basis", "when:", "case 1, why, needs a text in both languages"},
		{"approvals.yaml", "rank: [high]", "rank: [tall]", "tall", `rank can't be "tall"`},
		{"approvals.yaml", "rank: [high]", "rank: []", "rank: []", "rank lists no value"},
		{"approvals.yaml", "source: [found]", "source: [dreamt]", "dreamt", `source can't be "dreamt"`},
		{"approvals.yaml", "choice: [warning]", "choice: [praise]", "praise", `choice can't be "praise"`},
		{"approvals.yaml", "level: [county]", "level: [moon]", "moon", `level can't be "moon"`},
		{"approvals.yaml", "nth: [\"1\"]", "nth: [\"1 2\"]", "1 2", `nth can't be "1 2"`},
		{"approvals.yaml", "level: [county]", "height: [county]", "height", `no matter has the fact "height"`},
		{"approvals.yaml", "      sure: text\n", "", "when:", "sure must be"},
		{"approvals.yaml", "reg: R", "reg: Q", "when:", `"Q" is not in regulations.yaml`},

		// Powers, sanctions, documents.
		{"limits.yaml", "value: 2", "value: 0", "- id", "limits nothing"},
		{"limits.yaml", "unit: person", "unit: dog", "- id", "person, minute, hour, workday, day, month, year, matter, permanent"},
		{"limits.yaml", "unit: person", "unit: permanent", "- id", "kept for good"},
		{"limits.yaml", "en: People of a team", "en: ''", "- id", "both languages"},
		{"powers.yaml", "hat: commission", "hat: bowler", "- move", "hat must be"},
		{"powers.yaml", "may: county", "may: perhaps", "- move", "may must be"},
		{"powers.yaml", "why: {zh: 因为, en: because}", "why: {zh: 因为}", "- move", "both languages"},
		{"sanctions.yaml", "track: party", "track: race", "- code", "track must be"},
		{"sanctions.yaml", "body: commission", "body: court", "court", `"court" is not in the list deciding_body`},
		{"sanctions.yaml", "rank: [low]", "rank: [tall]", "tall", `rank can't be "tall"`},
		{"sanctions.yaml", "months: [12]", "months: [0]", "- code", "0 months is no period"},
		{"sanctions.yaml", "\n    - {body: commission, when: {rank: [low]}, basis: [{reg: R}]}", " []", "- code", "no body may decide it"},
		{"documents.yaml", "kind: form", "kind: poem", "- code", `not "poem"`},
		{"documents.yaml", "{{.MatterNo}}", "{{.MatterNo}", "- code", "document slip: template"},
	} {
		name := fmt.Sprintf("%s %s", c.file, c.now)
		files := with(c.file, c.old, c.now)
		text := string(files[c.file].Data)
		if text == small[c.file] {
			t.Errorf("%s: nothing was changed", name)
			continue
		}
		line := lineOf(text, c.at)
		if line == 0 {
			t.Errorf("%s: %q does not stand there", name, c.at)
			continue
		}
		_, err := rulebook.Load(files)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if place := fmt.Sprintf("rulebook %s:%d: ", c.file, line); !strings.HasPrefix(err.Error(), place) || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s:\n got %v\nwant %s… %s", name, err, place, c.why)
		}
	}
}

// lineOf is the line on which the words stand for the first time, or for the n-th after "n:"; 0 if nowhere.
func lineOf(text, words string) int {
	n := 1
	if before, after, ok := strings.Cut(words, ":"); ok && len(before) == 1 && before >= "1" && before <= "9" {
		n, words = int(before[0]-'0'), after
	}
	for i, l := range strings.Split(text, "\n") {
		if strings.Contains(l, words) {
			if n--; n == 0 {
				return i + 1
			}
		}
	}
	return 0
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	for file := range maps.Keys(small) {
		if file == "terms-case.yaml" {
			continue
		}
		files := with("", "", "")
		delete(files, file)
		_, err := rulebook.Load(files)
		switch {
		case err == nil:
			t.Errorf("nothing is amiss without %s", file)
		case file != "terms.yaml" && !strings.Contains(err.Error(), file):
			t.Errorf("without %s: %v", file, err)
		}
	}
}

// However a file is broken, the answer is an error, not a crash.
func FuzzLoad(f *testing.F) {
	for file, text := range small {
		f.Add(file, text)
		f.Add(file, text[:len(text)/2])
	}
	for _, s := range []string{"-", "- -", "- {", "a: b", "- *a", "- &a {<<: *a}", "- !!binary x", "- ? a", "- !x", "- a: !x", "- [a]: b", "---\n...\n---\n- ~", "\x00", "- \"\\x\"", "%TAG ! x"} {
		f.Add("timers.yaml", s)
	}
	f.Fuzz(func(t *testing.T, file, text string) {
		if _, ok := small[file]; !ok || len(text) > 4096 {
			t.Skip()
		}
		files := with("", "", "")
		files[file] = &fstest.MapFile{Data: []byte(text)}
		b, err := rulebook.Load(files)
		if (b == nil) == (err == nil) {
			t.Fatalf("book %v, error %v", b, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "rulebook ") {
			t.Fatalf("no place named: %v", err)
		}
	})
}
