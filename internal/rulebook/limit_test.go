package rulebook_test

import (
	"fmt"
	"strings"
	"testing"
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
