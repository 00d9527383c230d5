package portal

import "time"

// Claims are what /protect promises.
var Claims = claims

// Works is one try at a proof.
var Works = works

// Quiet has bodies that stand still ended sooner, until the test ends.
func Quiet(t interface{ Cleanup(func()) }, d time.Duration) {
	was := maxQuiet
	maxQuiet = d
	t.Cleanup(func() { maxQuiet = was })
}
