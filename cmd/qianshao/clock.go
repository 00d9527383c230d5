package main

import (
	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/ledger"
)

type clockCmd struct {
	database
	Release string `placeholder:"NOTE" help:"${help_release}"`
}

// Run says whether a jump of the system's time holds what fires, and with a note releases it.
func (c *clockCmd) Run(e *env) error {
	d, err := c.open(e)
	if err != nil {
		return err
	}
	defer d.Close()
	h, held, err := deadline.Held(e.ctx, d.Shared())
	if err != nil {
		return err
	}
	if held {
		e.say("clock.held", moment(h.From), moment(h.To))
	} else {
		e.say("clock.well", moment(d.Now()))
	}
	if c.Release == "" {
		return nil
	}
	top, err := ledger.Top(e.ctx, d)
	if err != nil {
		return err
	}
	a, err := app.Build(e.ctx, d)
	if err != nil {
		return err
	}
	if err := deadline.NewWatch(a.Ledger).Release(e.ctx, access.ByOperator(top.ID.City), c.Release); err != nil {
		return err
	}
	e.say("clock.released")
	return nil
}

func moment(i calendar.Instant) string { return i.Time().Format("2006-01-02 15:04:05") }
