package portal

import "time"

// Claims are what /protect promises.
var Claims = claims

// Works is one try at a proof.
var Works = works

// HeldFor has pages held for another time, MaxHeld in another room, until the test ends.
func HeldFor(t interface{ Cleanup(func()) }, d time.Duration) { change(t, &heldFor, d) }

// MaxHeld is beside HeldFor.
func MaxHeld(t interface{ Cleanup(func()) }, n int) { change(t, &maxHeld, n) }

// HeldLeast is beside HeldFor.
func HeldLeast(t interface{ Cleanup(func()) }, d time.Duration) { change(t, &heldLeast, d) }

func change[T any](t interface{ Cleanup(func()) }, at *T, to T) {
	was := *at
	*at = to
	t.Cleanup(func() { *at = was })
}

// Quiet has bodies that stand still ended sooner, until the test ends.
func Quiet(t interface{ Cleanup(func()) }, d time.Duration) { change(t, &maxQuiet, d) }
