package checkpoint_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/platform/checkpoint"
)

const origin = "qianshao/x/1.LOG"

// tree is a log's stored hashes.
type tree []tlog.Hash

func (t *tree) ReadHashes(idx []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range idx {
		out = append(out, (*t)[i])
	}
	return out, nil
}

func grown(tb testing.TB, n int, salt string) *tree {
	tb.Helper()
	t := &tree{}
	for i := range n {
		hs, err := tlog.StoredHashes(int64(i), fmt.Appendf(nil, "%s%d", salt, i), t)
		if err != nil {
			tb.Fatal(err)
		}
		*t = append(*t, hs...)
	}
	return t
}

func (t *tree) at(tb testing.TB, size int64) checkpoint.Checkpoint {
	tb.Helper()
	root, err := tlog.TreeHash(size, t)
	if err != nil {
		tb.Fatal(err)
	}
	return checkpoint.Checkpoint{Origin: origin, Size: size, Root: root}
}

func (t *tree) growth(tb testing.TB, from, to int64) string {
	tb.Helper()
	p, err := tlog.ProveTree(to, from, t)
	if err != nil {
		tb.Fatal(err)
	}
	return checkpoint.FormatGrowth(p)
}

// A note is read under its own key and origin only, and not when a byte of it was changed.
func TestOpen(t *testing.T) {
	skey, vkey, err := note.GenerateKey(nil, origin)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := note.GenerateKey(nil, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	c := grown(t, 9, "").at(t, 9)
	text, err := c.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := checkpoint.Open(text, origin, other, vkey); err != nil || got != c {
		t.Fatalf("%+v %v", got, err)
	}
	for name, bad := range map[string]string{"another size": strings.Replace(text, "\n9\n", "\n8\n", 1), "no signature": c.Text() + "\n", "": ""} {
		if _, err := checkpoint.Open(bad, origin, vkey); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := checkpoint.Open(text, origin, other); !errors.Is(err, checkpoint.ErrSignature) {
		t.Errorf("another key: %v", err)
	}
	if _, err := checkpoint.Open(text, origin+"X", vkey); !errors.Is(err, checkpoint.ErrOrigin) {
		t.Errorf("another origin: %v", err)
	}
}

// Every size grows into every later one; no proof passes for another log, another size, or a proof that was cut.
func TestGrowth(t *testing.T) {
	a, b := grown(t, 40, "a"), grown(t, 40, "b")
	for to := int64(1); to <= 40; to++ {
		for from := int64(1); from <= to; from++ {
			proof := ""
			if from < to {
				proof = a.growth(t, from, to)
			}
			if err := checkpoint.CheckGrowth(a.at(t, from), a.at(t, to), proof); err != nil {
				t.Fatalf("%d to %d: %v", from, to, err)
			}
			if err := checkpoint.CheckGrowth(b.at(t, from), a.at(t, to), proof); !errors.Is(err, checkpoint.ErrGrowth) {
				t.Fatalf("%d of another log to %d: %v", from, to, err)
			}
			if from < to {
				if err := checkpoint.CheckGrowth(a.at(t, to), a.at(t, from), proof); !errors.Is(err, checkpoint.ErrGrowth) {
					t.Fatalf("%d shrank to %d: %v", to, from, err)
				}
				if err := checkpoint.CheckGrowth(a.at(t, from), a.at(t, to), strings.TrimSuffix(proof, "\n")[:len(proof)-45]); err == nil {
					t.Fatalf("%d to %d: a cut proof was taken", from, to)
				}
			}
		}
	}
	if err := checkpoint.CheckGrowth(checkpoint.Checkpoint{Origin: origin}, a.at(t, 7), ""); err != nil {
		t.Errorf("a log that is new: %v", err)
	}
}

// A countersignature holds for its checkpoint, time and witness; the line stands in a note without hurting it, and the
// form is the one that others read: the signed bytes are C2SP's.
func TestCountersign(t *testing.T) {
	skey, vkey, err := note.GenerateKey(nil, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	tr := grown(t, 9, "")
	c := tr.at(t, 9)
	text, err := c.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	k, err := checkpoint.NewSigning("jian.zheng-1")
	if err != nil {
		t.Fatal(err)
	}
	if k, err = checkpoint.ParseSigning(k.File()); err != nil {
		t.Fatal(err)
	}
	w, err := checkpoint.ParseWitness(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 28, 9, 30, 0, 0, time.UTC)
	text += k.Countersign(c, at)
	if got, err := checkpoint.Open(text, origin, vkey); err != nil || got != c {
		t.Fatalf("the note with the line: %v", err)
	}
	if got, line, err := w.Countersigned(c, text); err != nil || !got.Equal(at) || line != k.Countersign(c, at) {
		t.Fatalf("%v %q %v", got, line, err)
	}
	msg, err := note.Open([]byte(text), note.VerifierList(reader{w, k}))
	if err != nil || len(msg.Sigs) != 1 {
		t.Errorf("a reader of notes finds %v %v", msg, err)
	}
	if _, _, err := w.Countersigned(tr.at(t, 8), text); !errors.Is(err, checkpoint.ErrSignature) {
		t.Errorf("over another checkpoint: %v", err)
	}
	forged, err := checkpoint.NewSigning("jian.zheng-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Countersigned(c, forged.Countersign(c, at)); !errors.Is(err, checkpoint.ErrSignature) {
		t.Errorf("by another key under that name: %v", err)
	}
	for _, bad := range []string{"", "a+b", "jian+00000000+AAAA", vkey, k.Public() + "A", "x" + k.Public()} {
		if _, err := checkpoint.ParseWitness(bad); !errors.Is(err, checkpoint.ErrKey) {
			t.Errorf("%q was taken for a key", bad)
		}
	}
	for _, name := range []string{"", "a b", "a\nb", "见证", strings.Repeat("a", 129)} {
		if _, err := checkpoint.NewSigning(name); err == nil {
			t.Errorf("%q was taken for a name", name)
		}
	}
}

// reader checks a countersignature as C2SP says it, with nothing but the standard library.
type reader struct {
	w checkpoint.Witness
	k checkpoint.Signing
}

func (r reader) Name() string { return r.w.Name }

func (r reader) KeyHash() uint32 {
	var h uint32
	_, err := fmt.Sscanf(strings.Split(r.k.Public(), "+")[1], "%08x", &h)
	if err != nil {
		panic(err)
	}
	return h
}

func (r reader) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := int64(0)
	for _, b := range sig[:8] {
		at = at<<8 | int64(b)
	}
	key, err := base64.StdEncoding.DecodeString(strings.SplitN(r.k.Public(), "+", 3)[2])
	if err != nil {
		panic(err)
	}
	return ed25519.Verify(key[1:], fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, msg), sig[8:])
}

func FuzzParse(f *testing.F) {
	f.Add("a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := checkpoint.Parse(text)
		if err != nil {
			return
		}
		if again, err := checkpoint.Parse(c.Text()); err != nil || again != c {
			t.Errorf("%q is read as %+v, and that as %+v, %v", text, c, again, err)
		}
	})
}
