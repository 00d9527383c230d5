package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/ledger"
)

type clockCmd struct {
	database
	Release string `placeholder:"NOTE" help:"${help_release}"`
	Retime  bool   `help:"${help_retime}"`
	DryRun  bool   `help:"${help_dry_run}"`
}

// Run says whether a jump of the system's time holds what fires, and with a note releases it; or it puts running
// deadlines under the versions of rules that have come into force.
func (c *clockCmd) Run(e *env) error {
	if c.DryRun && !c.Retime {
		return usage("clock.dry_run")
	}
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
	if c.Release == "" && !c.Retime {
		return nil
	}
	a, err := app.Build(e.ctx, d)
	if err != nil {
		return err
	}
	if c.Release != "" {
		top, err := ledger.Top(e.ctx, d)
		if err != nil {
			return err
		}
		if err := deadline.NewWatch(a.Ledger).Release(e.ctx, access.ByOperator(top.ID.City), c.Release); err != nil {
			return err
		}
		e.say("clock.released")
	}
	if c.Retime {
		return retime(e, a, c.DryRun)
	}
	return nil
}

func moment(i calendar.Instant) string { return i.Time().Format("2006-01-02 15:04:05") }

// change is what a run does to the clocks of one rule and version.
type change struct {
	rule, from, to string
	n              int // in all
	sooner, later  int // of which the day moves
}

// retime tells, rule by rule, what the versions in force make of running deadlines, and without dry carries it out.
func retime(e *env, a *app.App, dry bool) error {
	if err := strangers(e, a); err != nil {
		return err
	}
	cities, err := app.Tenants(e.ctx, a.DB)
	if err != nil {
		return err
	}
	var list []change
	for _, city := range cities {
		rs, err := a.Clocks.Retimes(e.ctx, a.DB.In(city))
		if err != nil {
			return err
		}
		for _, r := range rs {
			list = add(list, r)
		}
	}
	slices.SortFunc(list, func(a, b change) int {
		return cmp.Or(strings.Compare(a.rule, b.rule), strings.Compare(a.from, b.from), strings.Compare(a.to, b.to))
	})
	for _, x := range list {
		t, _ := a.Rules.TimerVersion(x.rule, x.to)
		e.say("clock.retime", t.Name.In(e.lang), x.rule, x.from, x.to, strconv.Itoa(x.n), strconv.Itoa(x.sooner), strconv.Itoa(x.later))
	}
	switch {
	case len(list) == 0:
		e.say("clock.retime.none")
		return nil
	case dry:
		e.say("clock.retime.dry")
		return nil
	}
	n := 0
	for _, city := range cities {
		done, err := a.Clocks.Retime(e.ctx, a.Ledger, access.ByOperator(city), city, a.Engine.Effects())
		if n += done; err != nil {
			e.say("clock.retime.done", strconv.Itoa(n)) // each batch is written and on record; the rest can be run again
			return err
		}
	}
	e.say("clock.retime.done", strconv.Itoa(n))
	return nil
}

// add counts a clock among those of its rule and versions.
func add(list []change, r deadline.Retiming) []change {
	i := slices.IndexFunc(list, func(x change) bool { return x.rule == r.Clock.Rule && x.from == r.Clock.Version && x.to == r.Version })
	if i < 0 {
		i, list = len(list), append(list, change{rule: r.Clock.Rule, from: r.Clock.Version, to: r.Version})
	}
	x := &list[i]
	x.n++
	if r.Due < r.Clock.Due {
		x.sooner++
	}
	if r.Due > r.Clock.Due {
		x.later++
	}
	return list
}

// strangers names the versions of rules that running deadlines rest on and this program does not hold as they were. Such
// deadlines stay as they are.
func strangers(e *env, a *app.App) error {
	cities, err := app.Tenants(e.ctx, a.DB)
	if err != nil {
		return err
	}
	var all []string
	for _, city := range cities {
		some, err := a.Clocks.Strangers(e.ctx, a.DB.In(city))
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for _, s := range all {
		e.say("clock.stranger", s)
	}
	return nil
}
