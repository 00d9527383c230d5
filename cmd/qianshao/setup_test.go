package main

import (
	"os"
	"strings"
	"testing"
)

// TestSetupFromList: an official list sets up every province and city in it with all that lies in them; one that is wrong
// sets up nothing, and one that was cut off goes on.
func TestSetupFromList(t *testing.T) {
	s := newShell(t)
	list := func(name string, rows ...string) string {
		t.Helper()
		if err := os.WriteFile(s.path(name), []byte("统计用区划代码,名称\n"+strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return "setup --db sqlite:DIR/n.db --divisions DIR/" + name
	}
	whole := []string{"990101001201,上塘村", "990101001202,下塘村", "990000000000,某省", "990101000000,云渡县", "990100000000,XX市", "990101001000,石桥镇", "990200000000,YY市", "990201000000,白河县", "980000000000,另一省", "980100000000,市辖区"}
	for why, rows := range map[string][]string{
		"is not on the list": {"990000000000,某省", "990101000000,云渡县"},
		"is no division":     {"990000000000,某省", "9901,XX市"},
		"stands twice":       {"990000000000,某省", "990000000000,某省"},
		"No head row":        nil,
	} {
		line := list("bad.csv", rows...)
		if rows == nil {
			if err := os.WriteFile(s.path("bad.csv"), []byte("甲,乙\n1,2\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s.no(exitFailed, why, line)
	}
	s.no(exitUsage, "--divisions", "setup --db sqlite:DIR/n.db --city XX市")
	s.ok(list("first.csv", whole[2], whole[4], whole[3], whole[5], whole[0], whole[1]))
	if out := s.ok(list("whole.csv", whole...)); !strings.Contains(out, "Set up 3 provinces and cities of a list of 10") {
		t.Error(out)
	}
	if out := s.ok(list("whole.csv", whole...)); !strings.Contains(out, "Set up 0 ") {
		t.Error(out)
	}
	if out := s.ok("export divisions - --db sqlite:DIR/n.db --city 990100000000"); strings.Count(out, "\n") < 5 || !strings.Contains(out, "990101001202") || strings.Contains(out, "990201000000") {
		t.Error(out)
	}
	if out := s.ok("verify --db sqlite:DIR/n.db"); !strings.Contains(out, "agrees") {
		t.Error(out)
	}
}
