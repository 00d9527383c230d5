package rulebook_test

import (
	"strings"
	"testing"

	"qianshao/internal/rulebook"
)

func TestPowers(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	for _, c := range []struct{ move, commission, dispatched string }{
		{"tipoff.accept", "alone", "alone"},
		{"clue.propose", "county", "county"},
		{"clue.hold_talk", "alone", "alone"},
		{"clue.send_letter", "county", "county"},
		{"clue.submit_plan", "alone", "county"},
		{"clue.find_false_report", "never", "never"},
		{"case.submit_filing", "county", "county"},
		{"case.submit_review", "county", "county"},
		{"case.decide", "alone", "county"},
		{"case.expel", "county", "never"},
		{"case.detain", "never", "never"},
		{"case.freeze", "never", "never"},
		{"case.restrict", "never", "never"},
		{"case.investigate_crime", "never", "never"},
		{"handback.send", "county", "county"},
	} {
		one, ok1 := b.Power(c.move, "commission", day)
		two, ok2 := b.Power(c.move, "dispatched", day)
		if !ok1 || !ok2 || one.May != c.commission || two.May != c.dispatched {
			t.Errorf("%s: commission %q, dispatched %q; want %q, %q", c.move, one.May, two.May, c.commission, c.dispatched)
		}
	}
	if n := len(b.Powers()); n != 30 {
		t.Errorf("%d powers; check the new one here", n)
	}
	if _, ok := b.Power("clue.read", "commission", day); ok {
		t.Error("an unlisted move has a power")
	}
}

func TestRegulations(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	for _, key := range strings.Fields("JD JK JCF TL ZW CF PZ GZ XF ZD CQ AJ94 LOCAL") {
		if _, ok := b.Regulation(key); !ok {
			t.Errorf("regulation %s is missing", key)
		}
	}
	for _, r := range b.Regulations() {
		if r.Sure == rulebook.SureUnverified && r.Note.Zh == "" {
			t.Errorf("%s is unverified and does not say what to check", r.Key)
		}
	}
}
