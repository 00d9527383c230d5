package exchangehttp

import "testing"

// TestSumNamesWhatWasShown: the same bytes taken as another kind, or as of another day, do other things, and are not confirmed by a
// page that showed the first.
func TestSumNamesWhatWasShown(t *testing.T) {
	seen := map[string]pending{}
	for _, x := range []pending{{Kind: "people", On: "2026-10-12"}, {Kind: "officials", On: "2026-10-12"}, {Kind: "people", On: "2026-10-11"}} {
		x.hold([]byte("unit,name\n"))
		if was, ok := seen[x.Sum]; ok {
			t.Errorf("%s of %s is confirmed as %s of %s", x.Kind, x.On, was.Kind, was.On)
		}
		seen[x.Sum] = x
	}
}
