package app

import "context"

// RunDue does every job whose time has come, once.
func (w *Workers) RunDue(ctx context.Context) {
	for {
		did, err := w.Queue.Due(ctx)
		if err != nil {
			panic(err)
		}
		if !did {
			return
		}
	}
}
