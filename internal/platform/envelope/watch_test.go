package envelope_test

import (
	"testing"

	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// TestPleaIsNotTried: whoever has opened the letter, and with it the salt of its commitment, can't find out by guessing what a plea says
// whether it is its reporter who is watched over.
func TestPleaIsNotTried(t *testing.T) {
	here, up := pair(t), pair(t)
	s, token := receipt(t).Secrets(), envelope.NewToken()
	e, err := envelope.Seal(letter, s, envelope.Address{To: county, Above: city, Keys: []envelope.AddressKey{{ID: "k1", Public: here.public}, {ID: "k2", Public: up.public}}}, "2026-09-18")
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := e.Open(here.private)
	if err != nil {
		t.Fatal(err)
	}
	known := envelope.Secrets{Salt: l.Salt}
	above := envelope.Organ{ID: city, Key: envelope.AddressKey{ID: "k2", Public: up.public}}
	w, err := s.Plead(s.Asked(1), envelope.Plea{Name: l.Name, Contact: l.Contact, Unit: "石桥镇", Of: county, Day: "2026-09-18"}, token, above, "2026-09-18")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := seal.Open(w.Sealed, up.private)
	if err != nil {
		t.Fatal(err)
	}
	ended, err := s.Withdraw(s.Asked(1), token, city, "2026-09-20")
	if err != nil {
		t.Fatal(err)
	}
	own, err := known.Word(token)
	if err != nil {
		t.Fatal(err)
	}
	if known.Commit(plain) == w.Commit || own == w.Own || own == ended.Own {
		t.Error("the letter's salt tells whose plea it is")
	}
	again, err := s.Plead(s.Asked(1), envelope.Plea{Name: l.Name}, token, above, "2026-09-18")
	if err != nil || again.ID() != w.ID() {
		t.Errorf("one form, two pleas: %v", err)
	}
}
