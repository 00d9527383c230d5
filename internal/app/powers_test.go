package app_test

import (
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/clue"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestCountyMakes: what the list of powers keeps from a township waits with the county, is refused to the township with
// the reason, and is made by the county; when the clue moves to an office of the county, the office makes it itself.
func TestCountyMakes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &walk{drive(t, d), "single"}
		letter := vals{"disposal": {"inquiry"}, "inquiry_form": {"letter"}}
		m := w.found(org.SubjectInput{})
		w.make(m, "propose", letter)
		w.is(m, clue.LetterReady)
		if c := w.clock(m, "inquiry.start"); c.OwedBy != w.Units["county"].ID || c.OwedRole != access.Supervision {
			t.Errorf("the letter is owed by %s as %s", c.OwedBy, c.OwedRole)
		}
		in := vals{"on": {string(d.Today())}, "letter_no": {"函1"}, "copied_to": {"镇党委"}}
		x := w.Matter(m)
		if _, err := w.App.Engine.Do(apptest.Ctx, w.actors["lone"], m, x.Version, "send_letter", in); fault.Code(err) != "move.county_makes" || fault.KindOf(err) != fault.Forbidden {
			t.Errorf("the township sends it: %v", err)
		}
		offers, err := w.App.Engine.Offers(apptest.Ctx, w.read(m), w.actors["lone"], x, d.Today())
		w.must(err)
		for _, o := range offers {
			if o.Move.Name == "send_letter" && (o.Open || o.Mine || o.Why != "move.county_makes" || o.Power.Why.Zh == "") {
				t.Errorf("it is offered %+v", o)
			}
		}
		due := w.clock(m, "inquiry.start").Due
		w.make(m, "reassign", vals{"target": {w.Units["county.office1"].ID.Key}})
		w.is(m, clue.LetterReady)
		w.stands(m, "inquiry.start", deadline.StateOpen, due)
		if c := w.clock(m, "inquiry.start"); c.OwedBy != w.Units["county.office1"].ID {
			t.Errorf("the office's letter is owed by %s", c.OwedBy)
		}
		w.make(m, "send_letter", nil)
		w.is(m, clue.LetterSent)
		w.Verify()
	})
}

// TestPowersAreKept: whatever the list of powers says of a township's moves, the flows do. Each move of a table that it
// keeps for the county is either the county's to make or carries a signature from outside the township, for every way in
// which the move can be filled in; and a move that no township may make is open to none.
func TestPowersAreKept(t *testing.T) {
	w := &walk{drive(t, dbtest.SQLite(t)), "full"}
	seen := 0
	for _, p := range w.App.Rules.Powers() {
		kind, name, _ := strings.Cut(p.Move, ".")
		table, ok := w.App.Engine.Table(kind)
		if !ok {
			t.Fatalf("%s is of no kind", p.Move)
		}
		mv, ok := table.Move(name)
		if !ok {
			continue // what a township never does has no move to be refused
		}
		seen++
		m := flow.Matter{Kind: kind, Organ: w.Units["county"].ID, Handler: w.Units["full"].ID, Flags: flow.FlagTownship}
		if p.Hat == "commission" {
			m.Set(flow.FlagParty)
		}
		switch got := w.App.Engine.CountyMakes(&m, mv, w.App.DB.Today()); {
		case p.May == "never":
			t.Errorf("%s: no township may make it, and the flow has it", p.Move)
		case got != (p.May == "county" && mv.Chain == ""):
			t.Errorf("%s as %s: %s, and the county makes it: %v", p.Move, p.Hat, p.May, got)
		}
	}
	if seen < 10 {
		t.Errorf("%d powers are about moves", seen)
	}
}

// TestCountySigns: an approval that would end within the township carries the county's signature where the list of powers
// asks for it: the office that is sent out answers to the county, the commission decides for its own Party members.
func TestCountySigns(t *testing.T) {
	w := &walk{drive(t, dbtest.SQLite(t)), "full"}
	for party, want := range map[bool]id.ID{true: w.Units["full"].ID, false: w.Units["county"].ID} {
		k := w.decides(w.enters(org.SubjectInput{PartyMember: party}), "admin")
		w.propose(k, "decide", vals{"decision": {"exempt"}, "body": {"county_supervision"}})
		p := open(t, w.World, k)
		if last := p.Steps[len(p.Steps)-1]; last.Unit != want {
			t.Errorf("a Party member (%v): the last signature is at %s", party, last.Unit)
		}
	}
}
