package rulebook_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"qianshao/internal/fault"
	"qianshao/internal/rulebook"
)

var update = flag.Bool("update", false, "append new rule versions to testdata/versions.golden")

// A version that was ever listed stays as it is: running matters keep its hash (D18). -update only ever appends.
func TestVersionsAreImmutable(t *testing.T) {
	file := filepath.Join("testdata", "versions.golden")
	raw, err := os.ReadFile(file)
	if err != nil && !(*update && os.IsNotExist(err)) {
		t.Fatal(err)
	}
	b := shipped(t)
	listed := map[string]bool{}
	for _, l := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		f := strings.Fields(l)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) != 3 {
			t.Fatalf("%s: %q is not “id version hash”", file, l)
		}
		listed[f[0]+" "+f[1]] = true
		switch tm, ok := b.TimerVersion(f[0], f[1]); {
		case !ok:
			t.Errorf("%s, version %s has gone; running matters still count by it", f[0], f[1])
		case tm.Hash() != f[2]:
			t.Errorf("%s, version %s was edited (%s, listed as %s); make a new version instead", f[0], f[1], tm.Hash(), f[2])
		}
	}
	var added strings.Builder
	for _, tm := range b.Timers() {
		if !listed[tm.ID+" "+tm.Version] {
			fmt.Fprintln(&added, tm.ID, tm.Version, tm.Hash())
		}
	}
	switch {
	case added.Len() == 0:
	case !*update:
		t.Errorf("new versions; list them with -update:\n%s", added.String())
	case !t.Failed():
		if len(raw) == 0 {
			raw = []byte("# Every version of every timer that was ever in force: id, version, hash. Lines are only ever added.\n")
		}
		if err := os.WriteFile(file, append(raw, added.String()...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A county may set what the entry leaves open, and nothing else.
func TestAdjustKeepsTheBounds(t *testing.T) {
	t.Parallel()
	timers := shipped(t).Timers()
	rapid.Check(t, func(t *rapid.T) {
		tm := rapid.SampledFrom(timers).Draw(t, "timer")
		if rapid.Bool().Draw(t, "other bounds") {
			tm.Allowed.Min = rapid.IntRange(1, 30).Draw(t, "min")
			tm.Allowed.Max = rapid.IntRange(tm.Allowed.Min, 60).Draw(t, "max")
		}
		want := rapid.OneOf(rapid.IntRange(-2, 70), rapid.Int(), rapid.Just(tm.Allowed.Min), rapid.Just(tm.Allowed.Max)).Draw(t, "length")
		open := tm.Allowed != rulebook.Bounds{} && tm.Allowed.Min <= want && want <= tm.Allowed.Max
		got, err := tm.Adjust(want)
		switch {
		case open || want == tm.Length:
			if err != nil || got.Length != want {
				t.Fatalf("%s: %d is allowed (%+v), got %d, %v", tm.ID, want, tm.Allowed, got.Length, err)
			}
		case fault.KindOf(err) != fault.Invalid || fault.Code(err) != "rule.override" || got.Length != tm.Length:
			t.Fatalf("%s: %d is not allowed (%+v), got %d, %v", tm.ID, want, tm.Allowed, got.Length, err)
		}
		if got.Hash() != tm.Hash() || got.ID != tm.ID || got.Unit != tm.Unit {
			t.Fatalf("%s: more than the length changed", tm.ID)
		}
	})
}

// Nothing that decides a day, and nothing a reader sees, may change without the hash.
func TestHashCoversTheEntry(t *testing.T) {
	t.Parallel()
	hash := func(old, now string) string {
		b, err := rulebook.Load(with("timers.yaml", old, now))
		if err != nil {
			t.Fatalf("%s: %v", now, err)
		}
		tm, _ := b.Timer("work", "2020-06-01")
		return tm.Hash()
	}
	same := hash("", "")
	if again := hash("", ""); again != same {
		t.Errorf("the same entry hashes to %s and %s", same, again)
	}
	for _, c := range [][2]string{
		{"length: 2", "length: 3"}, {"    unit: month", "    unit: day"}, {"roll: true", "roll: false"},
		{"roll: true", "roll: true\n  first: true"}, {"legal: true", "legal: false"}, {"warn: [7, 1]", "warn: [1]"},
		{"    times: 1", "    times: 2"}, {"pause: [illness]", "pause: []"}, {"max: 3", "max: 4"}, {`art: "3"`, `art: "4"`},
		{"sure: text\n  version", "sure: secondary\n  version"}, {"from: 2020-01-01", "from: 2020-01-02"},
		{"transition: keep", "transition: switch"}, {"en: Work", "en: Labour"}, {"zh: 收到", "zh: 接到"},
	} {
		if hash(c[0], c[1]) == same {
			t.Errorf("%q for %q does not change the hash", c[1], c[0])
		}
	}
}
