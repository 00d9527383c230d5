package envelope_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/id"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

var (
	county = id.ID{City: 2, Key: "01HBF766M0X4QKDYVC32GCDE1K"}
	city   = id.ID{City: 2, Key: "01HBF766M0EPJ37ZFDQE6P1BJX"}
)

type keys struct{ private, public string }

func pair(t *testing.T) (k keys) {
	t.Helper()
	var err error
	if k.private, k.public, err = seal.NewKey(seal.Age); err != nil {
		t.Fatal(err)
	}
	return k
}

func receipt(t *testing.T) envelope.Receipt {
	t.Helper()
	r, err := envelope.NewReceipt(envelope.NewToken())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var letter = envelope.Letter{Unit: "石桥镇农业综合服务中心", Post: "主任", Subject: "周某", Text: "虚报管护费", Only: "签字的那天只有我在", Named: true, Name: "王某", Contact: "傍晚打电话"}

// TestEnvelope: either organ's key opens the letter, nobody else's does; nothing of it can be read outside; whatever is
// changed outside is found out when it is opened.
func TestEnvelope(t *testing.T) {
	here, up, other := pair(t), pair(t), pair(t)
	s := receipt(t).Secrets()
	to := envelope.Address{To: county, Above: city, Keys: []envelope.AddressKey{{ID: "k1", Public: here.public}, {ID: "k2", Public: up.public}}}
	e, err := envelope.Seal(letter, s, to, "2026-09-18")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{letter.Unit, letter.Post, letter.Subject, letter.Text, letter.Only, letter.Name, letter.Contact} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("%q can be read from outside", secret)
		}
	}
	got, err := envelope.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []keys{here, up} {
		l, plain, err := got.Open(k.private)
		if err != nil || l.Text != letter.Text || l.Only != letter.Only || l.Contact != letter.Contact {
			t.Fatalf("%+v, %v", l, err)
		}
		if err := got.Check(s, plain); err != nil {
			t.Error(err)
		}
		if err := got.Check(s, append(plain, ' ')); !errors.Is(err, envelope.ErrCommit) {
			t.Errorf("a letter longer by a space is taken for it: %v", err)
		}
		if err := got.Check(receipt(t).Secrets(), plain); !errors.Is(err, envelope.ErrCommit) {
			t.Errorf("another receipt proves it: %v", err)
		}
	}
	if _, _, err := got.Open(other.private); err == nil {
		t.Error("a third organ's key opens it")
	}
	for what, change := range map[string]func(e *envelope.Envelope){
		"day": func(e *envelope.Envelope) { e.Day = "2026-09-25" }, "organ": func(e *envelope.Envelope) { e.To = city }, "level above": func(e *envelope.Envelope) { e.Above = id.ID{} },
		"named": func(e *envelope.Envelope) { e.Named = false }, "reply key": func(e *envelope.Envelope) { e.Reply = other.public }, "name": func(e *envelope.Envelope) { e.Name = strings.Repeat("a", 64) },
		"keys": func(e *envelope.Envelope) { e.Keys = e.Keys[:1] }, "files": func(e *envelope.Envelope) { e.Files = []string{strings.Repeat("b", 64)} },
	} {
		x := got
		change(&x)
		if _, _, err := x.Open(here.private); !errors.Is(err, envelope.ErrOutside) {
			t.Errorf("with another %s it opens as if nothing were: %v", what, err)
		}
	}
	// Another text under the same outside, by somebody who has the organs' public keys, and even the salt.
	l, _, err := got.Open(here.private)
	if err != nil {
		t.Fatal(err)
	}
	for _, salt := range [][]byte{nil, []byte("another"), l.Salt} {
		x, put := got, l
		put.Text, put.Salt = "没有这回事", salt
		plain, err := envelope.Plain(put)
		if err != nil {
			t.Fatal(err)
		}
		if x.Sealed, err = seal.Seal(plain, here.public, up.public); err != nil {
			t.Fatal(err)
		}
		if o, _, err := x.Open(here.private); !errors.Is(err, envelope.ErrOutside) || o.Text != put.Text {
			t.Errorf("another text in its place opens as if nothing were: %v", err)
		}
	}
	if got.Keys[0].Mark != envelope.Mark(here.public) || got.Keys[1].Mark != envelope.Mark(up.public) {
		t.Error("the keys' marks are not of the keys")
	}
}

// TestSameForm: a form sent twice is one report.
func TestSameForm(t *testing.T) {
	token := envelope.NewToken()
	a, err := envelope.NewReceipt(token)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := envelope.NewReceipt(token)
	if a != b || a.Secrets().Name != b.Secrets().Name || !samePair(a.Secrets(), b.Secrets()) {
		t.Error("one form, two receipts")
	}
	if c := receipt(t); a == c || a.Secrets().Name == c.Secrets().Name {
		t.Error("two forms, one receipt")
	}
	for _, bad := range []string{"", "x", token + "A", strings.ToLower(token) + "=", token[1:]} {
		if _, err := envelope.NewReceipt(bad); !errors.Is(err, envelope.ErrReceipt) {
			t.Errorf("%q is taken for a token", bad)
		}
	}
}

// TestReceiptTyped: what people type is read, and every single wrong digit and every two neighbours that changed places
// are found.
func TestReceiptTyped(t *testing.T) {
	for range 50 {
		r := receipt(t)
		if len(r) != 16 {
			t.Fatalf("%q has %d digits", string(r), len(r))
		}
		wide := strings.Map(func(c rune) rune {
			if c >= '0' && c <= '9' {
				return c - '0' + '０'
			}
			return c
		}, r.String())
		for _, typed := range []string{string(r), r.String(), " " + strings.ReplaceAll(r.String(), " ", "-") + "\n", wide} {
			if got, err := envelope.ParseReceipt(typed); err != nil || got != r {
				t.Errorf("%q is read as %q, %v", typed, got, err)
			}
		}
		for i := range r {
			for d := byte('0'); d <= '9'; d++ {
				if x := []byte(r); d != x[i] {
					x[i] = d
					if _, err := envelope.ParseReceipt(string(x)); !errors.Is(err, envelope.ErrReceipt) {
						t.Fatalf("%s for %s is not found", x, r)
					}
				}
			}
			if i > 0 && r[i] != r[i-1] {
				x := []byte(r)
				x[i], x[i-1] = x[i-1], x[i]
				if _, err := envelope.ParseReceipt(string(x)); !errors.Is(err, envelope.ErrReceipt) {
					t.Fatalf("%s for %s is not found", x, r)
				}
			}
		}
	}
	for _, bad := range []string{"", "1234", "12345678901234567", "一二三四五六七八九十一二三四五六", "0000 0000 0000 000x"} {
		if _, err := envelope.ParseReceipt(bad); !errors.Is(err, envelope.ErrReceipt) {
			t.Errorf("%q is taken for a receipt", bad)
		}
	}
}

// TestStatus: the receipt opens what is said to the reporter, another does not, and no organ can read it.
func TestStatus(t *testing.T) {
	here := pair(t)
	s := receipt(t).Secrets()
	e, err := envelope.Seal(letter, s, envelope.Address{To: county, Keys: []envelope.AddressKey{{ID: "k1", Public: here.public}}}, "2026-09-18")
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.SealStatus(envelope.Status{Day: e.Day, Organ: "甲县纪委监委", Stage: "waiting", Due: "2026-10-15", Events: []envelope.Event{{Day: "2026-09-24", What: "asked", Text: "发放表上的签字，您见过原件吗？"}}}, 3)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "甲县") || strings.Contains(string(raw), "2026") {
		t.Error("a status can be read on its way")
	}
	if p, err = envelope.ParseParcel(raw); err != nil || p.N != 3 || p.Name != s.Name {
		t.Fatalf("%+v, %v", p, err)
	}
	if got, err := p.Open(s); err != nil || got.Due != "2026-10-15" || got.Events[0].Text == "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := p.Open(receipt(t).Secrets()); err == nil {
		t.Error("another receipt opens it")
	}
	if _, err := seal.Open(p.Sealed, here.private); err == nil {
		t.Error("the organ opens it")
	}
}

// TestOtherSuite: a letter to an organ of suite SM is of it, and so is what its reporter is told: the receipt opens it.
func TestOtherSuite(t *testing.T) {
	private, public, err := seal.NewKey(seal.SM)
	if err != nil {
		t.Fatal(err)
	}
	above := pair(t) // which has not changed over
	s := receipt(t).Secrets()
	e, err := envelope.Seal(letter, s, envelope.Address{To: county, Above: city, Keys: []envelope.AddressKey{{ID: "k1", Public: public}, {ID: "k2", Public: above.public}}}, "2026-09-18")
	if err != nil {
		t.Fatal(err)
	}
	if e.Suite != seal.SM || seal.OfSealed(e.Sealed) != seal.SM || seal.Of(e.Reply) != seal.SM {
		t.Errorf("%s, %s, reply %s", e.Suite, seal.OfSealed(e.Sealed), seal.Of(e.Reply))
	}
	for _, k := range []string{private, above.private} {
		if got, _, err := e.Open(k); err != nil || got.Text != letter.Text {
			t.Errorf("%v", err)
		}
	}
	e.Suite = seal.Age
	if _, _, err := e.Open(private); !errors.Is(err, envelope.ErrOutside) {
		t.Errorf("said to be of another suite: %v", err)
	}
	p, err := e.SealStatus(envelope.Status{Day: e.Day, Stage: "waiting"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Open(s); err != nil || got.Stage != "waiting" || seal.OfSealed(p.Sealed) != seal.SM {
		t.Errorf("%+v %v", got, err)
	}
}

// TestDirectory: it is read as it was signed; one byte of it, or another signer, is refused. Readers are the register's
// organ and those above it that manage the rank and have a key.
func TestDirectory(t *testing.T) {
	province := id.ID{City: 1, Key: "01HBF766M0EPJ37ZFDQE6P1BJZ"}
	d := envelope.Directory{Version: envelope.Version, Made: "2026-09-18", Organs: []envelope.Organ{
		{ID: province, Name: "某省纪委监委", Level: 1, Key: envelope.AddressKey{ID: "p", Public: "age1p"}},
		{ID: city, Name: "XX市纪委监委", Level: 2, Above: province, Key: envelope.AddressKey{ID: "c", Public: "age1c"}},
		{ID: county, Name: "甲县纪委监委", Level: 3, Above: city, Key: envelope.AddressKey{ID: "k", Public: "age1k"}},
	}}
	for range 40_000 { // longer than a note may be
		d.Units = append(d.Units, envelope.Unit{ID: county, Name: "石桥镇", Organ: county})
	}
	signer, verifier := signs(t)
	b, err := d.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	got, err := envelope.ReadDirectory(b, verifier)
	if err != nil || len(got.Units) != len(d.Units) {
		t.Fatalf("%d units, %v", len(got.Units), err)
	}
	swapped := []byte(strings.Replace(string(b), "age1k", "age1x", 1))
	_, stranger := signs(t)
	for what, err := range map[string]error{"a key swapped": read(swapped, verifier), "another signer": read(b, stranger), "cut off": read(b[:len(b)-1], verifier), "no signature": read(b[strings.Index(string(b), "{"):], verifier), "nothing": read(nil, verifier)} {
		if !errors.Is(err, envelope.ErrDirectory) {
			t.Errorf("%s is taken: %v", what, err)
		}
	}
	names := func(managed int) (out []string) {
		for _, o := range got.Readers(county, managed, id.ID{}) {
			out = append(out, o.Key.ID)
		}
		return out
	}
	for managed, want := range map[int]string{0: "k c p", 3: "k c p", 2: "c p", 1: "p"} {
		if s := strings.Join(names(managed), " "); s != want {
			t.Errorf("people whom level %d manages may be read about by %s, want %s", managed, s, want)
		}
	}
	for own, want := range map[id.ID]string{county: "c p", city: "p", province: "p"} {
		var out []string
		for _, o := range got.Readers(county, 0, own) {
			out = append(out, o.Key.ID)
		}
		if s := strings.Join(out, " "); s != want {
			t.Errorf("the people of %s may be read about by %s, want %s", own, s, want)
		}
	}
	a := got.Address(got.Organs[2])
	if a.To != county || a.Above != city || len(a.Keys) != 2 {
		t.Errorf("%+v", a)
	}
	if a = got.Address(got.Organs[0]); !a.Above.Zero() || len(a.Keys) != 1 {
		t.Errorf("above the top: %+v", a)
	}
}

func read(b []byte, v note.Verifier) error {
	_, err := envelope.ReadDirectory(b, v)
	return err
}

func signs(t *testing.T) (note.Signer, note.Verifier) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(nil, "directory")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

// FuzzParse: whatever is not an envelope is refused, and what is taken is written as it was read.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"v":1}`))
	f.Add([]byte(`{"v":1,"name":"` + strings.Repeat("a", 64) + `","to":"2.01HBF766M0X4QKDYVC32GCDE1K","day":"2026-09-18","named":false,"commit":"` + strings.Repeat("b", 64) + `","reply":"age1","suite":"x","keys":[{"id":"k","mark":"` + strings.Repeat("c", 64) + `"}],"sealed":"AA=="}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := envelope.Parse(b)
		if err != nil {
			if !errors.Is(err, envelope.ErrForm) {
				t.Fatal(err)
			}
			return
		}
		again, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if x, err := envelope.Parse(again); err != nil || !same(x, e) {
			t.Fatalf("%s, %v", again, err)
		}
	})
}

func same(a, b envelope.Envelope) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func samePair(a, b envelope.Secrets) bool {
	x, _ := a.Pair(seal.Age)
	y, _ := b.Pair(seal.Age)
	return x == y
}
