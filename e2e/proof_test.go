package e2e

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"

	"github.com/chromedp/chromedp"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/blake2b"

	"qianshao/internal/locale"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/proof"
)

// given is what a reporter was given: the golden of package proof.
type given struct {
	Proof, Note, Letter, Public, Witness string
	Receipt                              envelope.Receipt
}

func reporterHas(t *testing.T) given {
	t.Helper()
	b, err := os.ReadFile("../internal/proof/testdata/given.json")
	if err != nil {
		t.Fatal(err)
	}
	var g given
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// checks opens the page from a file, with nothing to serve it.
func checks(t *testing.T) *person {
	t.Helper()
	file := filepath.Join(t.TempDir(), proof.PageName)
	if err := os.WriteFile(file, proof.Page(), 0o600); err != nil {
		t.Fatal(err)
	}
	p := sit(t, "http://127.0.0.1", "reporter", locale.Zh)
	p.title, p.url = "核对 Check", "file://"+file
	p.do(chromedp.Navigate(p.url))
	p.look()
	return p
}

// gives fills the page in and has it check; what it says comes back by code.
func (p *person) gives(fields map[string]string, letter string) (out []string) {
	p.t.Helper()
	p.press("button[type=reset]")
	p.do(chromedp.Evaluate(`document.querySelector("details").open = true`, nil))
	for name, text := range fields {
		p.do(chromedp.Evaluate(`document.getElementById(`+quote(name)+`).value = `+quote(text), nil))
	}
	if letter != "" {
		file := filepath.Join(p.t.TempDir(), "letter")
		if err := os.WriteFile(file, []byte(letter), 0o600); err != nil {
			p.t.Fatal(err)
		}
		p.do(chromedp.SetUploadFiles("#letter", []string{file}, chromedp.ByQuery), chromedp.Poll(`files.letter`, nil))
	}
	p.press("button[type=submit]")
	p.waits("li.end")
	p.do(chromedp.Evaluate(`[...document.querySelectorAll("#lines li")].map(l => l.className.split(" ")[0] + " " + l.dataset.code)`, &out))
	p.look()
	return out
}

// TestProofOnAPage: the page, opened from a file, says of a good proof what it should, and of five kinds of bad ones what is
// wrong with them.
func TestProofOnAPage(t *testing.T) {
	t.Parallel()
	g := reporterHas(t)
	p := checks(t)
	p.wide = 390
	all := map[string]string{"proof": g.Proof, "note": g.Note, "receipt": g.Receipt.String(), "publics": g.Public, "witnesses": g.Witness}
	got := strings.Join(p.gives(all, g.Letter), ", ")
	if want := "holds key.pinned, holds included, holds witness.pinned, holds received, holds due, holds note.signed, holds note.same, holds receipt.same, holds letter.same, holds good"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	p.sees("记录写明：2026-09-18收到", "The entry says: received on 2026-09-18", "最迟2026-09-25要有人处理", "原文一字未改", "以上都对得上")
	got = strings.Join(p.gives(map[string]string{"proof": strings.ReplaceAll(g.Proof, "\n", "\r\n")}, ""), ", ")
	if want := "open key.own, holds included, open witness.own, holds received, holds due, open note.none, open receipt.none, holds good.own"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	other, err := envelope.NewReceipt(envelope.NewToken())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ name, field, text, letter, fails string }{
		{"cut off", "proof", g.Proof[:400], g.Letter, "form"},
		{"another root", "proof", strings.Replace(g.Proof, "\n11\n", "\n12\n", 1), g.Letter, "signature"},
		{"another place", "proof", strings.Replace(g.Proof, "index 5", "index 4", 1), g.Letter, "absent"},
		{"another receipt", "receipt", other.String(), g.Letter, "receipt.other"},
		{"a receipt with a wrong digit", "receipt", "1234 5678 9012 3456", "", "fault.verify.receipt"},
		{"another text", "proof", g.Proof, g.Letter + " ", "letter.other"},
		{"another key", "publics", strings.Repeat("A", 43) + "=", g.Letter, "key.other"},
		{"a note with another day", "note", strings.Replace(g.Note, "day 2026-09-18", "day 2026-09-17", 1), g.Letter, "note.day"},
	} {
		fields := map[string]string{}
		for k, v := range all {
			fields[k] = v
		}
		fields[x.field] = x.text
		if got := p.gives(fields, x.letter); !slices.Contains(got, "fails "+x.fails) || got[len(got)-1] != "fails fault.verify.proof" {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}

// TestPageIsTheCommand holds what the page says against what the command says, for proofs and notes with a character
// changed anywhere, and the page's own hashes and signatures against those that the command uses.
func TestPageIsTheCommand(t *testing.T) {
	t.Parallel()
	g := reporterHas(t)
	p := checks(t)
	type ask struct {
		Proof     string   `json:"proof"`
		Note      string   `json:"note"`
		Receipt   string   `json:"receipt"`
		Publics   []string `json:"publics"`
		Witnesses []string `json:"witnesses"`
	}
	chance := rand.New(rand.NewPCG(1, 2))
	change := func(text string) string {
		r := []rune(text)
		i := chance.IntN(len(r))
		switch chance.IntN(4) {
		case 0:
			r[i] = []rune("0A=+/ \n—x9")[chance.IntN(10)]
		case 1:
			r = slices.Delete(r, i, i+1)
		case 2:
			r = slices.Insert(r, i, r[i])
		default:
			j := chance.IntN(len(r))
			r[i], r[j] = r[j], r[i]
		}
		return string(r)
	}
	asks := []ask{{g.Proof, g.Note, "", nil, nil}, {g.Proof, "", string(g.Receipt), []string{g.Public}, []string{g.Witness}}, {"", "", "", nil, nil}}
	for range 150 {
		asks = append(asks, ask{change(g.Proof), g.Note, "", nil, nil}, ask{g.Proof, change(g.Note), "", []string{g.Public}, []string{g.Witness}})
	}
	b, err := json.Marshal(asks)
	if err != nil {
		t.Fatal(err)
	}
	var said [][]proof.Line
	p.do(chromedp.Evaluate(`(`+string(b)+`).map(a => check({...a, letter: null, publics: a.publics || [], witnesses: a.witnesses || []}))`, &said))
	for i, a := range asks {
		want := proof.Check(proof.Ask{Proof: a.Proof, Note: a.Note, Receipt: envelope.Receipt(a.Receipt), Publics: a.Publics, Witnesses: a.Witnesses})
		if got := fmt.Sprint(said[i]); got != fmt.Sprint(want) {
			t.Fatalf("%d: the page says %s\nthe command says %s\nof %q\nand %q", i, got, fmt.Sprint(want), a.Proof, a.Note)
		}
	}

	for n := range 280 {
		m := make([]byte, n)
		for i := range m {
			m[i] = byte(chance.Uint32())
		}
		seed := sha256.Sum256(m)
		key := ed25519.NewKeyFromSeed(seed[:])
		pub, _ := key.Public().(ed25519.PublicKey)
		h256, h512, b512 := sha256.Sum256(m), sha512.Sum512(m), blake2b.Sum512(m)
		want := []string{hex.EncodeToString(h256[:]), hex.EncodeToString(h512[:]), hex.EncodeToString(b512[:])}
		script := `const m = bytes("` + hex.EncodeToString(m) + `"), out = [hex(sha256(m)), hex(sha512(m)), hex(blake2b(m, 64))];`
		if n%20 == 0 { // what takes a page long
			sig := ed25519.Sign(key, m)
			wrong := slices.Clone(sig)
			wrong[n%64] ^= 1
			r := fmt.Sprintf("%015d", n)
			want = append(want, "true", "false", hex.EncodeToString(argon2.IDKey([]byte(r), seed[:], 1, 2<<10, 1, 32)))
			script += fmt.Sprintf(`out.push(String(ed25519(bytes("%x"), m, bytes("%x"))), String(ed25519(bytes("%x"), m, bytes("%x"))), hex(argon2id(utf8("%s"), bytes("%x"), 2048)));`, pub, sig, pub, wrong, r, seed)
		}
		var got []string
		p.do(chromedp.Evaluate(`(() => { const bytes = s => Uint8Array.from(s.match(/../g) || [], x => parseInt(x, 16)); `+script+` return out; })()`, &got))
		if !slices.Equal(got, want) {
			t.Errorf("of %d bytes: %v, want %v", n, got, want)
		}
	}
}
