package account

// Evaluated counts the passwords that were hashed.
func (s *Service) Evaluated() int64 { return s.evaluated.Load() }

// NormalCode is what a code is read as.
var NormalCode = normalCode

// CheckPassword are the rules for a new password.
func (p Policy) CheckPassword(password, login, name string) error {
	return p.checkPassword(password, login, name)
}

// WaitAfter is how long a budget rests after its n-th failure.
func (p Policy) WaitAfter(n int64) int64 { return p.wait(n).Milliseconds() / 1000 }
