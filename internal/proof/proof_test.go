package proof_test

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/proof"
)

var update = flag.Bool("update", false, "write the goldens anew")

// office is one deployment with one log; everything about it is the same each time.
type office struct {
	t      testing.TB
	key    seal.Deployment
	watch  checkpoint.Signing
	hashes []tlog.Hash
	bodies [][]byte
}

const (
	origin  = "qianshao/01hbf766m0epj37zfdqe6p1bjx/2.01HBF766M0X4QKDYVC32GCDE1K"
	written = `{"text":"虚报管护费","outside":"x"}`
)

var (
	organ = id.ID{City: 2, Key: "01HBF766M0X4QKDYVC32GCDE1K"}
	salt  = []byte("sixteen bytes ..")
)

func newOffice(t testing.TB, seed string) *office {
	t.Helper()
	o := &office{t: t}
	secret := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(seed, 32)))
	var err error
	if o.key, err = seal.ParseDeployment([]byte("qianshao-deployment-key-1 " + secret)); err != nil {
		t.Fatal(err)
	}
	if o.watch, err = checkpoint.ParseSigning([]byte("qianshao-witness-key-1 city.watch " + secret)); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) ReadHashes(idx []int64) (out []tlog.Hash, err error) {
	for _, i := range idx {
		out = append(out, o.hashes[i])
	}
	return out, nil
}

func (o *office) add(body []byte) int {
	o.t.Helper()
	i := len(o.bodies)
	hs, err := tlog.StoredHashes(int64(i), checkpoint.Leaf(1, salt, body), o)
	if err != nil {
		o.t.Fatal(err)
	}
	o.hashes, o.bodies = append(o.hashes, hs...), append(o.bodies, body)
	return i
}

// take is the act that takes a letter in.
func take(n envelope.Note) []byte {
	b, err := json.Marshal(map[string]any{"v": 1, "at": time.Date(2026, 9, 18, 3, 0, 0, 0, time.UTC).UnixMicro(), "action": proof.Action, "actor": map[string]any{"kind": "system"},
		"params": map[string]any{"name": n.Name, "commit": n.Commit, "day": n.Day, "due": n.Due, "to": n.To}})
	if err != nil {
		panic(err)
	}
	return b
}

func (o *office) checkpoint() (checkpoint.Checkpoint, string) {
	o.t.Helper()
	size := int64(len(o.bodies))
	root, err := tlog.TreeHash(size, o)
	if err != nil {
		o.t.Fatal(err)
	}
	c := checkpoint.Checkpoint{Origin: origin, Size: size, Root: root}
	s, err := o.key.Signer(origin)
	if err != nil {
		o.t.Fatal(err)
	}
	text, err := c.Sign(s)
	if err != nil {
		o.t.Fatal(err)
	}
	return c, text
}

func (o *office) prove(i int, witnessed bool) string {
	o.t.Helper()
	c, text := o.checkpoint()
	p := checkpoint.Proof{Version: 1, Salt: salt, Body: o.bodies[i], Index: int64(i), Public: o.key.Public(), Note: text}
	if witnessed {
		p.Witnesses, p.Note = []string{o.watch.Public()}, p.Note+o.watch.Countersign(c, time.Date(2026, 9, 18, 9, 30, 0, 0, time.UTC))
	}
	var err error
	if p.Path, err = tlog.ProveRecord(c.Size, int64(i), o); err != nil {
		o.t.Fatal(err)
	}
	return p.Text()
}

func (o *office) sign(n envelope.Note) string {
	o.t.Helper()
	s, err := o.key.Signer("portal")
	if err != nil {
		o.t.Fatal(err)
	}
	b, err := note.Sign(&note.Note{Text: n.Text()}, s)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(b)
}

func receipt(t testing.TB, token string) envelope.Receipt {
	t.Helper()
	r, err := envelope.NewReceipt(base64.RawURLEncoding.EncodeToString([]byte(token)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Given is what a reporter holds and trusts: the file of the golden.
type Given struct {
	Proof, Note, Letter, Public, Witness string
	Receipt                              envelope.Receipt
}

// reported is an office that took a letter in, and what its reporter was given.
func reported(t testing.TB) (*office, envelope.Note, Given) {
	t.Helper()
	o := newOffice(t, "s")
	g := Given{Letter: written, Public: o.key.Public(), Witness: o.watch.Public(), Receipt: receipt(t, "sixteen bytes 01")}
	s := g.Receipt.Secrets()
	n := envelope.Note{Name: s.Name, Commit: s.Commit([]byte(written)), Day: "2026-09-18", To: organ, Due: "2026-09-25"}
	for range 5 {
		o.add([]byte(`{"action":"other"}`))
	}
	i := o.add(take(n))
	for range 5 {
		o.add([]byte(`{"action":"other"}`))
	}
	g.Proof, g.Note = o.prove(i, true), o.sign(n)
	return o, n, g
}

func (g Given) ask() proof.Ask {
	return proof.Ask{Proof: g.Proof, Note: g.Note, Receipt: g.Receipt, Letter: []byte(g.Letter), Publics: []string{g.Public}, Witnesses: []string{g.Witness}}
}

func codes(ls []proof.Line, s proof.State) (out []string) {
	for _, l := range ls {
		if l.State == s {
			out = append(out, l.Code)
		}
	}
	return out
}

// TestGolden: a proof that was given out is read for ever.
func TestGolden(t *testing.T) {
	_, _, g := reported(t)
	b, err := json.MarshalIndent(g, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"proof.txt": g.Proof, "given.json": string(b) + "\n"} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(kept) != text {
			t.Errorf("%s is written otherwise than it was:\n%s", name, text)
		}
	}
	kept, err := os.ReadFile("testdata/proof.txt")
	if err != nil {
		t.Fatal(err)
	}
	g.Proof = string(kept)
	if ls := proof.Check(g.ask()); !proof.Good(ls) || len(codes(ls, proof.Open)) > 0 {
		t.Errorf("%+v", ls)
	}
}

// TestCheck: what agrees is said to hold, what only the reader can settle is said to be open, and each thing that somebody
// could have changed is found by name. N1, T54, T55, T56
func TestCheck(t *testing.T) {
	all := "key.pinned included witness.pinned received due note.signed note.same receipt.same letter.same"
	for _, x := range []struct {
		name               string
		change             func(t *testing.T, o *office, n envelope.Note, g *Given, a *proof.Ask)
		holds, open, fails string
	}{
		{"everything given", func(*testing.T, *office, envelope.Note, *Given, *proof.Ask) {}, all, "", ""},
		{"nothing but the proof", func(_ *testing.T, _ *office, _ envelope.Note, g *Given, a *proof.Ask) { *a = proof.Ask{Proof: g.Proof} }, "included received due", "key.own witness.own note.none receipt.none", ""},
		{"a proof that no witness signed", func(_ *testing.T, o *office, _ envelope.Note, _ *Given, a *proof.Ask) {
			*a = proof.Ask{Proof: o.prove(5, false)}
		}, "included received due", "key.own witness.none note.none receipt.none", ""},
		{"a letter cut off", func(_ *testing.T, _ *office, _ envelope.Note, g *Given, a *proof.Ask) {
			a.Proof = g.Proof[:len(g.Proof)/2]
		}, "", "", "form"},
		{"a key that is none", func(_ *testing.T, _ *office, _ envelope.Note, _ *Given, a *proof.Ask) { a.Publics = []string{"x"} }, "", "", "key.form"},
		{"another deployment", func(t *testing.T, _ *office, _ envelope.Note, _ *Given, a *proof.Ask) {
			a.Publics = []string{newOffice(t, "x").key.Public()}
		}, "", "", "key.other"},
		{"a root that was changed", func(_ *testing.T, _ *office, _ envelope.Note, _ *Given, a *proof.Ask) {
			a.Proof = strings.Replace(a.Proof, "\n11\n", "\n12\n", 1)
		}, "", "", "signature"},
		{"the day moved in the proof", func(t *testing.T, _ *office, n envelope.Note, _ *Given, a *proof.Ask) {
			p, err := checkpoint.ParseProof(a.Proof)
			if err != nil {
				t.Fatal(err)
			}
			n.Day = "2026-09-25"
			p.Body = take(n)
			a.Proof = p.Text()
		}, "", "", "absent"},
		{"an act of another kind", func(_ *testing.T, o *office, _ envelope.Note, _ *Given, a *proof.Ask) {
			*a = proof.Ask{Proof: o.prove(0, true)}
		}, "included", "key.own witness.own", "act"},
		{"a log with another day in it, by the same office", func(t *testing.T, _ *office, n envelope.Note, _ *Given, a *proof.Ask) {
			n.Day, n.Due = "2026-09-25", "2026-10-09"
			o := newOffice(t, "s")
			a.Proof, a.Witnesses = o.prove(o.add(take(n)), false), nil
		}, "key.pinned included received due note.signed receipt.same letter.same", "witness.none", "note.day note.due"},
		{"a log with another text in it, by the same office", func(t *testing.T, _ *office, n envelope.Note, _ *Given, a *proof.Ask) {
			n.Commit = strings.Repeat("a", 64)
			o := newOffice(t, "s")
			a.Proof, a.Witnesses = o.prove(o.add(take(n)), false), nil
		}, "key.pinned included received due note.signed receipt.same", "witness.none", "note.text letter.other"},
		{"a log shown to this reader alone", func(t *testing.T, _ *office, n envelope.Note, _ *Given, a *proof.Ask) {
			o := newOffice(t, "s")
			a.Proof = o.prove(o.add(take(n)), false)
		}, "key.pinned included received due note.signed note.same receipt.same letter.same", "", "witness.missing"},
		{"another witness than was named", func(t *testing.T, _ *office, _ envelope.Note, _ *Given, a *proof.Ask) {
			a.Witnesses = []string{newOffice(t, "x").watch.Public(), "x"}
		}, "key.pinned included received due note.signed note.same receipt.same letter.same", "witness.own", "witness.missing witness.key"},
		{"a countersignature over something else", func(t *testing.T, o *office, _ envelope.Note, _ *Given, a *proof.Ask) {
			c, _ := o.checkpoint()
			c.Size++
			p, err := checkpoint.ParseProof(o.prove(5, false))
			if err != nil {
				t.Fatal(err)
			}
			p.Witnesses, p.Note = []string{o.watch.Public()}, p.Note+o.watch.Countersign(c, time.Unix(0, 0))
			*a = proof.Ask{Proof: p.Text()}
		}, "included received due", "key.own note.none receipt.none", "witness.bad"},
		{"a note that was changed", func(_ *testing.T, _ *office, _ envelope.Note, _ *Given, a *proof.Ask) {
			a.Note = strings.Replace(a.Note, "day 2026-09-18", "day 2026-09-17", 1)
		}, "key.pinned included witness.pinned received due receipt.same letter.same", "", "note.changed note.day"},
		{"a note by somebody else", func(t *testing.T, _ *office, n envelope.Note, _ *Given, a *proof.Ask) {
			a.Note = newOffice(t, "x").sign(n)
		}, "key.pinned included witness.pinned received due note.same receipt.same letter.same", "note.stranger", ""},
		{"a note without a signature", func(_ *testing.T, _ *office, n envelope.Note, _ *Given, a *proof.Ask) { a.Note = n.Text() }, "key.pinned included witness.pinned received due receipt.same letter.same", "", "note.form"},
		{"a note that is none", func(_ *testing.T, _ *office, _ envelope.Note, _ *Given, a *proof.Ask) { a.Note = "x" }, "key.pinned included witness.pinned received due receipt.same letter.same", "", "note.form"},
		{"a note by a key of its own, named", func(t *testing.T, _ *office, n envelope.Note, g *Given, a *proof.Ask) {
			x := newOffice(t, "x")
			k, err := seal.VerifierKey("portal", x.key.Public())
			if err != nil {
				t.Fatal(err)
			}
			a.Note, a.Publics = x.sign(n), []string{g.Public, k}
		}, all, "", ""},
		{"somebody else's note", func(_ *testing.T, o *office, n envelope.Note, _ *Given, a *proof.Ask) {
			n.Name = strings.Repeat("b", 64)
			a.Note = o.sign(n)
		}, "key.pinned included witness.pinned received due note.signed receipt.same letter.same", "", "note.other"},
		{"a note for another office, without a due day", func(_ *testing.T, o *office, n envelope.Note, _ *Given, a *proof.Ask) {
			n.To.City, n.Due = 3, ""
			a.Note = o.sign(n)
		}, "key.pinned included witness.pinned received due note.signed receipt.same letter.same", "", "note.due note.organ"},
		{"another receipt", func(t *testing.T, _ *office, _ envelope.Note, _ *Given, a *proof.Ask) {
			a.Receipt = receipt(t, "sixteen bytes 02")
		}, "key.pinned included witness.pinned received due note.signed note.same", "", "receipt.other"},
		{"another text", func(_ *testing.T, _ *office, _ envelope.Note, _ *Given, a *proof.Ask) {
			a.Letter = []byte(written + " ")
		}, "key.pinned included witness.pinned received due note.signed note.same receipt.same", "", "letter.other"},
		{"no day owed", func(t *testing.T, _ *office, n envelope.Note, _ *Given, a *proof.Ask) {
			n.Due = ""
			o := newOffice(t, "s")
			*a = proof.Ask{Proof: o.prove(o.add(take(n)), true)}
		}, "included received", "key.own witness.own due.none note.none receipt.none", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			o, n, g := reported(t)
			a := g.ask()
			x.change(t, o, n, &g, &a)
			ls := proof.Check(a)
			for s, want := range map[proof.State]string{proof.Holds: x.holds, proof.Open: x.open, proof.Fails: x.fails} {
				if got := strings.Join(codes(ls, s), " "); got != want {
					t.Errorf("%s: %s, want %s", s, got, want)
				}
			}
			if proof.Good(ls) != (x.fails == "") {
				t.Errorf("good is %v", proof.Good(ls))
			}
			for _, l := range ls {
				said[l.Code] = true
				for _, lang := range []string{locale.Zh, locale.En} {
					if text := locale.T(lang, "proof."+l.Code, l.Args...); strings.Contains(text, "{") || strings.HasPrefix(text, "proof.") {
						t.Errorf("%s is said as %q", l.Code, text)
					}
				}
			}
		})
	}
	for _, k := range locale.Keys() {
		code, ok := strings.CutPrefix(k, "proof.")
		if ok && !said[code] && !slices.Contains([]string{"good", "good.own"}, code) && !strings.HasPrefix(code, "page.") {
			t.Errorf("nothing says %q", code)
		}
	}
}

var said = map[string]bool{}

// TestOddBodies: an act is read by the letter, as every reader of JSON reads it, or not at all.
func TestOddBodies(t *testing.T) {
	_, n, _ := reported(t)
	good := string(take(n))
	for what, x := range map[string]string{
		"another action": strings.Replace(good, "letter.take", "letter.open", 1), "no day": strings.Replace(good, `"day"`, `"Day"`, 1), "a day that is a number": strings.Replace(good, `"2026-09-18"`, "20260918", 1),
		"no such day": strings.Replace(good, "2026-09-18", "2026-02-31", 1), "no params": `{"action":"letter.take","at":1}`, "no JSON": "x", "a list": "[]", "no instant": strings.Replace(good, `"at"`, `"At"`, 1), "a name that is none": strings.Replace(good, n.Name, "x", 1),
	} {
		o := newOffice(t, "s")
		if got := codes(proof.Check(proof.Ask{Proof: o.prove(o.add([]byte(x)), false)}), proof.Fails); len(got) != 1 || got[0] != "act" {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// BenchmarkCheck is one proof, alone and with everything given: at most 5 ms. The receipt's stretching is most of it.
func BenchmarkCheck(b *testing.B) {
	_, _, g := reported(b)
	for name, a := range map[string]proof.Ask{"alone": {Proof: g.Proof}, "with all": g.ask()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if !proof.Good(proof.Check(a)) {
					b.Fatal("it does not hold")
				}
			}
		})
	}
}

// TestPage: the page is one file that asks for nothing else, holds every text, and is called nothing.
func TestPage(t *testing.T) {
	page := string(proof.Page())
	if n := len(page); n > 60<<10 {
		t.Errorf("the page is %d bytes", n)
	}
	for _, x := range []string{"src=", "href=", "http:", "https:", "//cdn", "import ", "fetch(", "localStorage", "cookie", "proof.page.", "举报"} {
		if strings.Contains(page, x) {
			t.Errorf("the page holds %q", x)
		}
	}
	for _, x := range []string{"default-src 'none'", "<title>核对 Check</title>", `"key.own":[`, "以上都对得上", "Everything agrees"} {
		if !strings.Contains(page, x) {
			t.Errorf("the page lacks %q", x)
		}
	}
}
