package portal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/fault"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
	"qianshao/internal/portal"
)

func directoryBy(t *testing.T, n seal.Notes, serial int64, name string) []byte {
	t.Helper()
	b, err := envelope.Directory{Version: envelope.Version, Made: "2026-09-01", Serial: serial, Organs: []envelope.Organ{{ID: unitID(1), Name: name}}}.Sign(n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func notes(t *testing.T) seal.Notes {
	t.Helper()
	n, err := seal.NewNotes("qianshao-directory")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestHome: the first start must be told whom to trust; from then on a directory of another key, an older one, another of the
// same moment and a broken one are refused, and the former holds, also over a restart. The key of the notes stays.
func TestHome(t *testing.T) {
	dir := t.TempDir()
	open := func(trust string) (*portal.Home, error) {
		s, err := spool.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return portal.OpenHome(s, trust)
	}
	ours, theirs := notes(t), notes(t)
	if _, err := open(""); fault.Code(err) != "portal.untrusted" {
		t.Errorf("without anybody to trust: %v", err)
	}
	if _, err := open("x"); fault.Code(err) != "portal.trust_form" {
		t.Errorf("no key: %v", err)
	}
	h, err := open(ours.Public)
	if err != nil || h.Directory() != nil {
		t.Fatal(err)
	}
	first := directoryBy(t, ours, 5, "甲")
	if fresh, err := h.Take(first); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	if fresh, err := h.Take(first); fresh || err != nil {
		t.Errorf("the same again: %v, %v", fresh, err)
	}
	for what, x := range map[string]struct {
		b    []byte
		code string
	}{
		"another key": {directoryBy(t, theirs, 6, "乙"), "portal.directory"}, "older": {directoryBy(t, ours, 4, "乙"), "portal.directory_old"},
		"another of the same moment": {directoryBy(t, ours, 5, "乙"), "portal.directory_old"}, "cut off": {first[:len(first)-1], "portal.directory"}, "nothing": {nil, "portal.directory"},
	} {
		if fresh, err := h.Take(x.b); fresh || fault.Code(err) != x.code || h.Directory().Organs[0].Name != "甲" {
			t.Errorf("%s: %v, %v", what, fresh, err)
		}
	}
	again, err := open("")
	if err != nil || again.Directory() == nil || again.Directory().Serial != 5 || again.Notes.Public != h.Notes.Public {
		t.Fatalf("after a restart: %v", err)
	}
	if _, err := open(theirs.Public); fault.Code(err) != "portal.trust" {
		t.Errorf("somebody else is trusted: %v", err)
	}
	for _, name := range []string{"key", "trust", "directory"} {
		if i, err := os.Stat(filepath.Join(dir, "portal", name)); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, err)
		}
	}

	file := filepath.Join(dir, "directory")
	w := &portal.Watched{Path: file}
	if fresh, err := w.Look(again); fresh || err != nil {
		t.Errorf("no file: %v, %v", fresh, err)
	}
	write := func(b []byte, at time.Time) {
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	write(directoryBy(t, ours, 6, "乙"), now)
	if fresh, err := w.Look(again); !fresh || err != nil || again.Directory().Organs[0].Name != "乙" {
		t.Errorf("a newer one: %v, %v", fresh, err)
	}
	write([]byte("broken"), now.Add(time.Second))
	if _, err := w.Look(again); fault.Code(err) != "portal.directory" {
		t.Errorf("a broken one: %v", err)
	}
	if fresh, err := w.Look(again); fresh || err != nil {
		t.Errorf("said twice: %v, %v", fresh, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "portal", "key"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(""); fault.Code(err) != "portal.key" {
		t.Errorf("a broken key: %v", err)
	}
}

// TestNoticesCome: what the directory says of holidays counts for what reporters are promised, as soon as it holds.
func TestNoticesCome(t *testing.T) {
	w := newWorld(t)
	w.post(typed()).has(t, "10月15日")
	d := *w.d
	d.Holidays = "年 2026\n通知 试〔2026〕1号 2026-09-10\n放假 国庆节 10-01..10-07\n"
	w.d = &d
	w.post(typed()).has(t, "10月16日") // the Saturdays and Sundays that the shipped notice makes workdays are free
	n, err := seal.NewNotes("qianshao-directory")
	if err != nil {
		t.Fatal(err)
	}
	for text, good := range map[string]bool{d.Holidays: true, "年 x": false} {
		d.Holidays = text
		b, err := d.Sign(n)
		if err != nil {
			t.Fatal(err)
		}
		v, err := note.NewVerifier(n.Public)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := envelope.ReadDirectory(b, v); (err == nil) != good || !strings.HasPrefix(text, got.Holidays) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
