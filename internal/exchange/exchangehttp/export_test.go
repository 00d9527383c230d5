package exchangehttp

import "testing"

// Impatient has nobody wait for an import in a test.
func Impatient(t testing.TB) {
	was := patience
	patience = 0
	t.Cleanup(func() { patience = was })
}
