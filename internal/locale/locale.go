// Package locale holds every word that people read which is no rule and no data: names of states, moves and fields,
// messages, headings. Both languages stand side by side, key: [中文, English], so that neither is forgotten; a test
// proves that every code the program can show has both.
//
// Keys: kind, stage, state, move, field, choice, fault, role, post, action, fire, measure, nav, page … each followed by
// its code. {0}, {1} are filled with arguments. Chinese is as written by someone who writes official Chinese well:
// full-width punctuation, the terms of the regulations, short.
//
// Start at T. Rules carry their own names (package rulebook).
package locale

import (
	"embed"
	"io/fs"
	"sort"
	"strings"
	"sync"
)

//go:embed texts/*.yaml
var files embed.FS

// The languages.
const (
	Zh = "zh-CN"
	En = "en"
)

var load = sync.OnceValue(func() map[string][2]string {
	out := map[string][2]string{}
	names, err := fs.Glob(files, "texts/*.yaml")
	if err != nil {
		panic(err) // the pattern is constant
	}
	for _, n := range names {
		b, err := files.ReadFile(n)
		if err != nil {
			panic(err) // embedded
		}
		err = read(n, string(b), func(k string, v [2]string) {
			if _, ok := out[k]; ok {
				panic("locale: " + k + " stands twice")
			}
			out[k] = v
		})
		if err != nil {
			panic("locale: " + err.Error()) // a broken file never gets past the tests
		}
	}
	return out
})

// T is the text of a key in a language, its placeholders filled; the key itself when there is none.
func T(lang, key string, args ...string) string {
	v, ok := load()[key]
	if !ok {
		return key
	}
	s := v[0]
	if lang == En {
		s = v[1]
	}
	if lang == En {
		for i, a := range args {
			s = number(s, "{"+string(rune('0'+i))+":", a)
		}
	}
	for i, a := range args {
		s = strings.ReplaceAll(s, "{"+string(rune('0'+i))+"}", a)
	}
	return s
}

// number chooses the word that goes with a count, where a text has both: {0} {0:day:days}.
func number(s, at, count string) string {
	for {
		before, rest, ok := strings.Cut(s, at)
		if !ok {
			return s
		}
		both, after, _ := strings.Cut(rest, "}")
		one, many, _ := strings.Cut(both, ":")
		if count == "1" {
			many = one
		}
		s = before + many + after
	}
}

// Has says whether a key has a text.
func Has(key string) bool {
	_, ok := load()[key]
	return ok
}

// First is the text of the first key that has one.
func First(lang string, keys ...string) string {
	for _, k := range keys {
		if Has(k) {
			return T(lang, k)
		}
	}
	return keys[len(keys)-1]
}

// Keys lists every key, for tests.
func Keys() []string {
	var out []string
	for k := range load() {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Pick chooses the language for a request: what the person set, else what the browser asks for, else Chinese.
func Pick(set, accept string) string {
	switch set {
	case Zh, En:
		return set
	}
	for _, part := range strings.Split(accept, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag = strings.ToLower(tag)
		switch {
		case strings.HasPrefix(tag, "zh"):
			return Zh
		case strings.HasPrefix(tag, "en"):
			return En
		}
	}
	return Zh
}
