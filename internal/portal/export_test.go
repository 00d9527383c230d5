package portal

// Before has a test told of each step on disk, before it is made; what it returns is what the step fails with.
func (s *Spool) Before(f func(what string) error) { s.step = f }

// Claims are what /protect promises.
var Claims = claims

// MaxStretching is how many receipts are stretched at once.
const MaxStretching = maxStretching
