package main

import (
	"qianshao/internal/app"
	"qianshao/internal/platform/blob"
)

type sweepCmd struct {
	database
	filesFolder
}

// Run leaves nothing of what was destroyed in freed room.
func (c *sweepCmd) Run(e *env) error {
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	if dir := c.filesFolder.path(c.database); folder(dir) {
		if a.Custody.Files, err = blob.Open(dir); err != nil {
			return err
		}
	}
	if err := a.Sweep(e.ctx); err != nil {
		return err
	}
	e.say("sweep.done")
	return nil
}
