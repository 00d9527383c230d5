package exchange

import "testing"

// InPortionsOf has imports cut into portions of so many rows for a test.
func InPortionsOf(t testing.TB, n int) {
	portionRows = n
	t.Cleanup(func() { portionRows = Portion })
}
