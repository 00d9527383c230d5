package envelope_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"qianshao/internal/id"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// TestWord: either organ's key opens what was said, nobody else's does; nothing of it can be read outside; whatever is
// changed outside is found out when it is opened; the same form is one word, under every receipt another.
func TestWord(t *testing.T) {
	here, up, other := pair(t), pair(t), pair(t)
	r := receipt(t)
	s, token := r.Secrets(), envelope.NewToken()
	to := envelope.Address{To: county, Above: city, Keys: []envelope.AddressKey{{ID: "k1", Public: here.public}, {ID: "k2", Public: up.public}}}
	speech := envelope.Speech{Text: "原件在会计手里", Files: []envelope.File{{Ref: strings.Repeat("d", 64), Name: "账本.jpg", Size: 3, Hash: strings.Repeat("e", 64)}}}
	w, err := envelope.SealWord(envelope.Objection, speech, s, token, to, "2026-09-25")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := w.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{speech.Text, "账本", token, string(r), speech.Files[0].Hash} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("%q can be read from outside", secret)
		}
	}
	got, err := envelope.ParseWord(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []keys{here, up} {
		p, plain, err := got.Open(k.private)
		if err != nil || p.Text != speech.Text || len(p.Files) != 1 || p.Files[0] != speech.Files[0] {
			t.Fatalf("%+v, %v", p, err)
		}
		if got.Check(s, plain) != nil || !errors.Is(got.Check(s, append(plain, ' ')), envelope.ErrCommit) || !errors.Is(got.Check(receipt(t).Secrets(), plain), envelope.ErrCommit) {
			t.Error("the commitment is not to what was said with this receipt")
		}
	}
	if _, _, err := got.Open(other.private); err == nil {
		t.Error("a third organ's key opens it")
	}
	for what, change := range map[string]func(w *envelope.Word){
		"day": func(w *envelope.Word) { w.Day = "2026-09-26" }, "organ": func(w *envelope.Word) { w.To = city }, "level above": func(w *envelope.Word) { w.Above = id.ID{} }, "kind": func(w *envelope.Word) { w.Kind = envelope.More },
		"report": func(w *envelope.Word) { w.Name = strings.Repeat("a", 64) }, "own name": func(w *envelope.Word) { w.Own = strings.Repeat("a", 64) }, "keys": func(w *envelope.Word) { w.Keys = w.Keys[:1] }, "files": func(w *envelope.Word) { w.Files = nil },
	} {
		x := got
		change(&x)
		if _, _, err := x.Open(here.private); !errors.Is(err, envelope.ErrOutside) {
			t.Errorf("with another %s it opens as if nothing were: %v", what, err)
		}
	}

	p, _, err := got.Open(here.private)
	if err != nil {
		t.Fatal(err)
	}
	p.Text = "没有原件"
	plain, err := envelope.Plain(p)
	if err != nil {
		t.Fatal(err)
	}
	swapped := got
	if swapped.Sealed, err = seal.Seal(plain, here.public, up.public); err != nil {
		t.Fatal(err)
	}
	if _, _, err := swapped.Open(here.private); !errors.Is(err, envelope.ErrOutside) {
		t.Errorf("other words in their place open as if nothing were: %v", err)
	}

	again, err := envelope.SealWord(envelope.More, envelope.Speech{Text: "别的"}, s, token, to, "2026-09-26")
	if err != nil || again.ID() != w.ID() {
		t.Errorf("one form, two words: %v", err)
	}
	second, _ := envelope.SealWord(envelope.More, speech, s, envelope.NewToken(), to, "2026-09-26")
	elsewhere, _ := envelope.SealWord(envelope.More, speech, receipt(t).Secrets(), token, to, "2026-09-26")
	if second.Own == w.Own || elsewhere.Own == w.Own || second.Name != w.Name {
		t.Error("two forms, one word")
	}
	if _, err := envelope.SealWord(envelope.More, speech, s, "x", to, "2026-09-26"); !errors.Is(err, envelope.ErrReceipt) {
		t.Errorf("a word without a token: %v", err)
	}
	if _, err := envelope.SealWord(envelope.More, speech, s, token, envelope.Address{To: county}, "2026-09-26"); err == nil {
		t.Error("a word that nobody can open")
	}
	// Few lengths can be told apart.
	lengths := map[int]bool{}
	for n := range 100 {
		x, err := envelope.SealWord(envelope.More, envelope.Speech{Text: strings.Repeat("x", n)}, s, token, to, "2026-09-26")
		if err != nil {
			t.Fatal(err)
		}
		lengths[len(x.Sealed)] = true
	}
	if len(lengths) > 2 {
		t.Errorf("%d lengths of a hundred", len(lengths))
	}
}

// TestHears: a word goes to the organs of the latest status, and to nobody where the first has no key.
func TestHears(t *testing.T) {
	d := envelope.Directory{Organs: []envelope.Organ{{ID: city, Key: envelope.AddressKey{ID: "c", Public: "age1c"}}, {ID: county, Above: city, Key: envelope.AddressKey{ID: "k", Public: "age1k"}}}}
	for _, x := range []struct {
		st   envelope.Status
		keys string
	}{{envelope.Status{To: county, Above: city}, "kc"}, {envelope.Status{To: county}, "k"}, {envelope.Status{To: city}, "c"}, {envelope.Status{}, ""}, {envelope.Status{To: id.ID{City: 9, Key: county.Key}, Above: city}, ""}} {
		a, ok := d.Hears(x.st)
		var got string
		for _, k := range a.Keys {
			got += k.ID
		}
		if ok != (x.keys != "") || ok && (got != x.keys || a.To != x.st.To || a.Above != x.st.Above) {
			t.Errorf("%+v: %+v, %v", x.st, a, ok)
		}
	}
}

// FuzzParseWord: whatever is no word is refused, and what is taken is written as it was read.
func FuzzParseWord(f *testing.F) {
	good := `{"v":1,"name":"` + strings.Repeat("a", 64) + `","own":"` + strings.Repeat("b", 64) + `","kind":"more","to":"2.01HBF766M0X4QKDYVC32GCDE1K","day":"2026-09-18","commit":"` + strings.Repeat("c", 64) + `","suite":"x","keys":[{"id":"k","mark":"` + strings.Repeat("d", 64) + `"}],"sealed":"AA=="}`
	if _, err := envelope.ParseWord([]byte(good)); err != nil {
		f.Fatal(err)
	}
	for _, bad := range []string{`{"v":1}`, strings.Replace(good, "more", "less", 1), strings.Replace(good, `"v":1`, `"v":2`, 1), strings.Replace(good, `"v":1`, `"v":1,"x":1`, 1), good + "{}", strings.Replace(good, "bbbb", "BBBB", 1), strings.Replace(good, "2026-09-18", "2026-9-18", 1)} {
		if _, err := envelope.ParseWord([]byte(bad)); !errors.Is(err, envelope.ErrForm) {
			f.Errorf("%s is taken", bad)
		}
		f.Add([]byte(bad))
	}
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := envelope.ParseWord(b)
		if err != nil {
			if !errors.Is(err, envelope.ErrForm) {
				t.Fatal(err)
			}
			return
		}
		again, err := w.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		x, err := envelope.ParseWord(again)
		if err != nil {
			t.Fatalf("%s, %v", again, err)
		}
		if third, _ := json.Marshal(x); string(third) != string(again) {
			t.Fatalf("%s, then %s", again, third)
		}
	})
}
