package visit

// SetMost bounds what may wait.
func SetMost(l *Log, n int) { l.most = n }
