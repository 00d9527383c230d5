package locale

import (
	"io/fs"
	"testing"

	"github.com/goccy/go-yaml"
)

// Every file is YAML, and says to a reader of all of YAML what it says to ours.
func TestFilesAreYAML(t *testing.T) {
	names, err := fs.Glob(files, "texts/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		b, err := files.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{}
		if err := yaml.Unmarshal(b, &want); err != nil {
			t.Errorf("%s: %v", n, err)
			continue
		}
		got := 0
		err = read(n, string(b), func(k string, v [2]string) {
			got++
			if w := want[k]; len(w) != 2 || w[0] != v[0] || w[1] != v[1] {
				t.Errorf("%s: %s reads as %q, YAML says %q", n, k, v, w)
			}
		})
		if err != nil || got != len(want) {
			t.Errorf("%s: %d of %d texts, %v", n, got, len(want), err)
		}
	}
}

func TestEntry(t *testing.T) {
	for line, want := range map[string][2]string{
		`a.b: [中文, English]`:                 {"中文", "English"},
		`a: ["一,二", "say \"no\", he\nsaid"]`: {"一,二", "say \"no\", he\nsaid"},
		`a: [ 一 , two ]`:                     {"一", "two"},
		`a: ["{0}个", it's {0}]`:              {},
		`a: [一]`:                             {},
		`a: [一, two, three]`:                 {},
		`a: [一, see: this]`:                  {},
		`a: [一, "open]`:                      {},
		`a: 一`:                               {},
		`  a: [一, two]`:                      {},
		`a: ['一', two]`:                      {},
	} {
		if _, v, err := entry(line); v != want && want[0] != "" || (err == nil) != (want[0] != "") {
			t.Errorf("%s gives %q, %v", line, v, err)
		}
	}
}
