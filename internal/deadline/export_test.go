package deadline

// SetBatch makes the acts of runs smaller, so that there are more places to be killed at.
func (k *Keeper) SetBatch(n int) { k.batch = n }

// Plain is a clock without what it was read as.
func Plain(c Clock) Clock {
	c.was = nil
	return c
}
