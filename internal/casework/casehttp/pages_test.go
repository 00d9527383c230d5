package casehttp

import (
	"slices"
	"testing"

	"qianshao/internal/locale"
	"qianshao/internal/rulebook"
	rules "qianshao/rulebook"
)

// Where two bodies decided, both are named, in words.
func TestBodies(t *testing.T) {
	book, err := rulebook.Load(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	for codes, want := range map[string][]string{"county_commission county_supervision": {"县纪委", "县监委"}, "county_commission": {"县纪委"}, "": nil} {
		if got := bodies(book, codes, locale.Zh); !slices.Equal(got, want) {
			t.Errorf("%q reads %q, want %q", codes, got, want)
		}
	}
}
