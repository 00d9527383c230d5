package rulebook_test

import (
	"fmt"
	"strings"
	"testing"

	"qianshao/internal/calendar"
	"qianshao/internal/rulebook"
)

// TestHoursAndKeeping: what the regulations count in hours is no clock of days, and how long files are kept is unverified.
func TestHoursAndKeeping(t *testing.T) {
	t.Parallel()
	b := shipped(t)
	got := map[string]string{}
	for _, x := range b.Limits() {
		got[x.ID] = fmt.Sprint(x.Value, " ", x.Unit, " ", x.Sure)
		if x.Unit == "hour" && !strings.Contains(x.Note.Zh, "不作计时提醒") {
			t.Errorf("%s does not say that no clock keeps it", x.ID)
		}
	}
	for id, want := range map[string]string{"accident.report": "24 hour text", "measure.tell_family": "24 hour text",
		"keep.case": "0 permanent unverified", "keep.clue": "30 year unverified", "keep.tipoff": "30 year unverified"} {
		if got[id] != want {
			t.Errorf("%s is %q, want %q", id, got[id], want)
		}
	}
}

// TestTenMinutes: whatever this system asks of a township every month comes to less than ten minutes, on the day of every version.
func TestTenMinutes(t *testing.T) {
	b := shipped(t)
	days := []calendar.Date{"2026-10-12"}
	for _, x := range b.Asks() {
		if x.From != "" {
			days = append(days, x.From)
		}
	}
	for _, on := range days {
		sum, n := 0, 0
		for _, x := range b.Asks() {
			if x.Every == rulebook.EveryMonth && x.Holds(on) {
				sum, n = sum+x.Minutes, n+1
			}
		}
		if n == 0 || sum >= 10 {
			t.Errorf("on %s: %d minutes a month of %d rules", on, sum, n)
		}
	}
	for _, id := range []string{"haves.rate", "haves.mend", "duty.confirm", "duty.explain", "duty.inspect", "check.host", "callup.consent"} {
		if x, ok := b.Ask(id, "2026-10-12"); !ok || x.Minutes <= 0 || x.Use.Zh == "" || x.Measured {
			t.Errorf("%s: %+v", id, x)
		}
	}
}
