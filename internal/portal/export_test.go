package portal

import "time"

// Before has a test told of each step on disk, before it is made; what it returns is what the step fails with.
func (s *Spool) Before(f func(what string) error) { s.step = f }

// Claims are what /protect promises.
var Claims = claims

// Quiet has bodies that stand still ended sooner, until the test ends.
func Quiet(t interface{ Cleanup(func()) }, d time.Duration) {
	was := maxQuiet
	maxQuiet = d
	t.Cleanup(func() { maxQuiet = was })
}
