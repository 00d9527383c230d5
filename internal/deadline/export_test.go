package deadline

// SetBatch makes the acts of runs smaller, so that there are more places to be killed at.
func (k *Keeper) SetBatch(n int) { k.batch = n }
