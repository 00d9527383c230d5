package checkpoint_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/platform/checkpoint"
)

// signed is a log of n acts, and what its owner signs it with.
type signedLog struct {
	tree
	key ed25519.PrivateKey
}

func body(i int) []byte { return fmt.Appendf(nil, `{"action":"x","n":%d,"name":"甲县"}`, i) }

var salt = []byte("sixteen bytes ..")

func signed(tb testing.TB, n int) *signedLog {
	tb.Helper()
	l := &signedLog{key: ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", 32)))}
	for i := range n {
		hs, err := tlog.StoredHashes(int64(i), checkpoint.Leaf(1, salt, body(i)), &l.tree)
		if err != nil {
			tb.Fatal(err)
		}
		l.tree = append(l.tree, hs...)
	}
	return l
}

func (l *signedLog) public() string {
	pub, _ := l.key.Public().(ed25519.PublicKey)
	return base64.StdEncoding.EncodeToString(pub)
}

func (l *signedLog) proof(tb testing.TB, i, size int, ws ...checkpoint.Signing) checkpoint.Proof {
	tb.Helper()
	pub, _ := l.key.Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(origin, pub)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := note.NewSigner("PRIVATE+KEY+" + origin + "+" + strings.Split(vkey, "+")[1] + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, l.key.Seed()...)))
	if err != nil {
		tb.Fatal(err)
	}
	c := l.at(tb, int64(size))
	p := checkpoint.Proof{Version: 1, Salt: salt, Body: body(i), Index: int64(i), Public: l.public()}
	if p.Note, err = c.Sign(s); err != nil {
		tb.Fatal(err)
	}
	for _, w := range ws {
		p.Note += w.Countersign(c, time.Date(2026, 9, 18, 9, 0, 0, 0, time.UTC))
		p.Witnesses = append(p.Witnesses, w.Public())
	}
	if p.Path, err = tlog.ProveRecord(int64(size), int64(i), &l.tree); err != nil {
		tb.Fatal(err)
	}
	return p
}

// TestProof: every act of logs of every size is proved, through the written form; no other act, place, log or key passes.
func TestProof(t *testing.T) {
	l := signed(t, 40)
	other := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for size := 1; size <= 40; size++ {
		for i := range size {
			p, err := checkpoint.ParseProof(l.proof(t, i, size).Text())
			if err != nil {
				t.Fatalf("%d of %d: %v", i, size, err)
			}
			if c, err := p.Check(other, l.public()); err != nil || c != l.at(t, int64(size)) {
				t.Fatalf("%d of %d: %v", i, size, err)
			}
			for what, change := range map[string]func(p *checkpoint.Proof){
				"another body": func(p *checkpoint.Proof) { p.Body = body(i + 1) }, "another salt": func(p *checkpoint.Proof) { p.Salt = []byte("x") },
				"another place": func(p *checkpoint.Proof) { p.Index++ }, "outside": func(p *checkpoint.Proof) { p.Index = int64(size) },
				"a longer path": func(p *checkpoint.Proof) { p.Path = append(slices.Clone(p.Path), tlog.Hash{}) },
				"another leaf":  func(p *checkpoint.Proof) { p.Version = 2 },
			} {
				x := p
				change(&x)
				if _, err := x.Check(l.public()); !errors.Is(err, checkpoint.ErrAbsent) {
					t.Fatalf("%d of %d with %s: %v", i, size, what, err)
				}
			}
			if _, err := p.Check(other); !errors.Is(err, checkpoint.ErrSignature) {
				t.Fatalf("by another key: %v", err)
			}
		}
	}
}

// TestProofForm: what mail and editors do to a text does no harm; anything else is refused.
func TestProofForm(t *testing.T) {
	w, err := checkpoint.NewSigning("city.watch")
	if err != nil {
		t.Fatal(err)
	}
	l := signed(t, 21)
	want := l.proof(t, 7, 21, w)
	text := want.Text()
	for line := range strings.Lines(text) {
		if n := len([]rune(line)); n > 73 {
			t.Errorf("a line of %d: %s", n, line)
		}
	}
	for what, x := range map[string]string{
		"as it is": text, "line ends of Windows": strings.ReplaceAll(text, "\n", "\r\n"), "blanks at the ends": strings.ReplaceAll(text, "\n", "  \n"),
		"empty lines around": "\n\n" + text + "\n\n", "no last line end": strings.TrimSuffix(text, "\n"), "a byte order mark": "\ufeff" + text,
	} {
		p, err := checkpoint.ParseProof(x)
		if err != nil || !checkpoint.IsProof(x) {
			t.Errorf("%s: %v", what, err)
			continue
		}
		c, err := p.Check(p.Public)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		me, err := checkpoint.ParseWitness(p.Witnesses[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := me.Countersigned(c, p.Note); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	lines := strings.SplitAfter(text, "\n")
	for what, x := range map[string]string{
		"nothing": "", "another version of the form": strings.Replace(text, "proof/1", "proof/2", 1), "a leaf of another version": strings.Replace(text, "version 1", "version 2", 1),
		"a line out": strings.Join(slices.Delete(slices.Clone(lines), 2, 3), ""), "lines that changed places": strings.Join(append([]string{lines[0], lines[2], lines[1]}, lines[3:]...), ""),
		"a line twice": strings.Join(append([]string{lines[0], lines[1]}, lines[1:]...), ""), "unfolded": strings.ReplaceAll(text, "\n ", ""), "a number with a nought": strings.Replace(text, "index 7", "index 07", 1),
		"a negative number": strings.Replace(text, "index 7", "index -7", 1), "no note": text[:strings.Index(text, "\n\n")], "a part that is none": strings.Replace(text, "index", "indices", 1),
		"too long": text + strings.Repeat("\n", 300<<10),
	} {
		if _, err := checkpoint.ParseProof(x); !errors.Is(err, checkpoint.ErrProof) {
			t.Errorf("%s is taken for a proof: %v", what, err)
		}
	}
}

func FuzzParseProof(f *testing.F) {
	w, err := checkpoint.NewSigning("w")
	if err != nil {
		f.Fatal(err)
	}
	l := signed(f, 9)
	f.Add(l.proof(f, 3, 9, w).Text())
	f.Add(l.proof(f, 0, 1).Text())
	f.Fuzz(func(t *testing.T, text string) {
		p, err := checkpoint.ParseProof(text)
		if err != nil {
			return
		}
		again, err := checkpoint.ParseProof(p.Text())
		if err != nil || again.Text() != p.Text() {
			t.Errorf("%q is read as %+v, and that as %+v, %v", text, p, again, err)
		}
		_, _ = p.Check(p.Public) // whatever it says, it ends
	})
}
