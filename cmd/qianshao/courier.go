package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/courier"
	"qianshao/internal/fault"
	"qianshao/internal/platform/spool"
)

type courierCmd struct {
	Init  courierInitCmd  `cmd:"" help:"${help_courier_init}"`
	Pair  courierPairCmd  `cmd:"" help:"${help_courier_pair}"`
	Out   courierOutCmd   `cmd:"" help:"${help_courier_out}"`
	In    courierInCmd    `cmd:"" help:"${help_courier_in}"`
	State courierStateCmd `cmd:"" help:"${help_courier_state}"`
}

// spoolFolder is the flag that names this side's folder.
type spoolFolder struct {
	Spool string `required:"" placeholder:"DIR" env:"QIANSHAO_SPOOL" help:"${help_courier_spool}"`
}

// join joins the folder, which the public side or the server may have open.
func (f spoolFolder) join() (*spool.Spool, error) {
	s, err := spool.Join(f.Spool)
	if err != nil {
		return nil, fault.New(fault.Invalid, "courier.path", f.Spool).Because(err)
	}
	return s, nil
}

func (f spoolFolder) courier() (*courier.Courier, error) {
	s, err := f.join()
	if err != nil {
		return nil, err
	}
	return courier.Open(s)
}

type courierInitCmd struct {
	spoolFolder
	Side string `required:"" enum:"portal,work" help:"${help_courier_side}"`
}

// Run makes this side's keys and prints what the other side is to be told.
func (c *courierInitCmd) Run(e *env) error {
	s, err := c.join()
	if err != nil {
		return err
	}
	line, fresh, err := courier.Init(s, courier.Side(c.Side))
	if err != nil {
		return err
	}
	if fresh {
		e.say("courier.made", c.Spool)
	}
	e.say("courier.line", courier.Mark(line))
	fmt.Fprintln(e.out, line)
	return nil
}

type courierPairCmd struct {
	spoolFolder
	File string `arg:"" help:"${help_courier_line}"`
	Anew bool   `help:"${help_courier_anew}"`
}

// Run keeps the other side's line.
func (c *courierPairCmd) Run(e *env) error {
	s, err := c.join()
	if err != nil {
		return err
	}
	from := e.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fault.New(fault.Invalid, "courier.path", c.File).Because(err)
		}
		defer f.Close()
		from = f
	}
	const most = 64 << 10
	b, err := io.ReadAll(io.LimitReader(from, most))
	if err != nil {
		return err
	}
	line := strings.TrimSpace(string(b))
	if said := strings.Split(line, "\n"); len(said) > 1 { // all that init prints
		line = said[len(said)-1]
	}
	if err := courier.Pair(s, line, c.Anew); err != nil {
		return err
	}
	e.say("courier.paired", courier.Mark(line))
	return nil
}

type courierOutCmd struct {
	spoolFolder
	Target string `arg:"" name:"file" help:"${help_courier_target}"`
}

// Run makes the next bundle.
func (c *courierOutCmd) Run(e *env) error {
	k, err := c.courier()
	if err != nil {
		return err
	}
	m, err := k.Out(c.Target)
	if err != nil {
		return err
	}
	number := strconv.FormatInt(m.Number, 10)
	if k.Side() == courier.Portal {
		e.say("courier.letters", number, m.Path, strconv.Itoa(m.Letters), strconv.Itoa(m.Words), strconv.Itoa(m.Files))
	} else {
		e.say("courier.answers", number, m.Path, strconv.Itoa(m.Answers))
		if m.Directory {
			e.say("courier.guide")
		}
	}
	if m.Waiting > 0 {
		e.say("courier.waiting", strconv.FormatInt(m.Waiting, 10))
	}
	if len(m.Broken) > 0 {
		return fault.New(fault.Conflict, "courier.broken", strings.Join(m.Broken, " "))
	}
	return nil
}

type courierInCmd struct {
	spoolFolder
	Source string `arg:"" name:"file" help:"${help_courier_source}"`
}

// Run takes a bundle in, or all that wait in a folder. One that is refused holds up no other.
func (c *courierInCmd) Run(e *env) error {
	k, err := c.courier()
	if err != nil {
		return err
	}
	paths := []string{c.Source}
	if i, err := os.Stat(c.Source); err == nil && i.IsDir() {
		if paths, err = k.Found(c.Source); err != nil {
			return err
		}
		if len(paths) == 0 {
			e.say("courier.nothing", c.Source)
		}
	}
	refused := 0
	for _, p := range paths {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		t, err := k.In(p)
		if err != nil && len(paths) == 1 {
			return err
		}
		if err != nil {
			refused++
			fmt.Fprintln(e.errs, p)
			e.fail(err)
			continue
		}
		c.tell(e, k.Side(), t)
	}
	if refused > 0 {
		return fault.New(fault.Conflict, "courier.refused", strconv.Itoa(refused))
	}
	return nil
}

// tell says what came of a bundle.
func (c *courierInCmd) tell(e *env, side courier.Side, t courier.Took) {
	number := strconv.FormatInt(t.Number, 10)
	if side == courier.Work {
		e.say("courier.took_letters", number, strconv.Itoa(t.Letters), strconv.Itoa(t.Words), strconv.Itoa(t.Known))
	} else {
		e.say("courier.took_answers", number, strconv.Itoa(t.Answers), strconv.Itoa(t.Known), strconv.Itoa(t.Gone))
	}
	if t.Directory {
		e.say("courier.took_guide")
	}
	switch {
	case t.Missing == nil:
	case t.Missing[0] == t.Missing[1]:
		e.say("courier.missing_one", strconv.FormatInt(t.Missing[0], 10))
	default:
		e.say("courier.missing", strconv.FormatInt(t.Missing[0], 10), strconv.FormatInt(t.Missing[1], 10))
	}
	if t.SetBack {
		e.say("courier.set_back")
	}
	if t.Resend {
		e.say("courier.resend")
	}
}

type courierStateCmd struct {
	spoolFolder
	Late time.Duration `default:"${bundle_late}" help:"${help_courier_late}"`
}

// Run says how far both directions have come and what waits, and fails where somebody should look: a timer can run it.
func (c *courierStateCmd) Run(e *env) error {
	s, err := c.join()
	if err != nil {
		return err
	}
	x, paired, err := courier.Stands(s)
	if err != nil {
		return err
	}
	if !paired {
		return fault.New(fault.Conflict, "courier.unpaired")
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	day := func(at time.Time) string { return at.In(calendar.Zone).Format("2006-01-02 15:04") }
	date := func(at time.Time) string { return at.In(calendar.Zone).Format(time.DateOnly) }
	e.say("courier.state."+string(x.Side), number(x.Received), day(x.Heard), number(x.Sent), number(x.Acked))
	if x.Waiting > 0 {
		e.say("courier.state.waits_"+string(x.Side), strconv.Itoa(x.Waiting), date(x.Since))
	}
	switch {
	case x.Refused > 0:
		return fault.New(fault.Conflict, "courier.state_refused", strconv.Itoa(x.Refused))
	case time.Since(x.Heard) > c.Late:
		return fault.New(fault.Conflict, "courier.state_late", day(x.Heard))
	case x.Side == courier.Work && x.Waiting > 0 && time.Since(x.Since) > untaken:
		return fault.New(fault.Conflict, "courier.state_untaken", strconv.Itoa(x.Waiting), date(x.Since))
	}
	return nil
}

// untaken is how long what came may wait before somebody should look why no server takes it in. It is looked for every two
// seconds, but a file's time says the day alone.
const untaken = 36 * time.Hour

// bundleLate is how long without a bundle is too long where nothing else is said: longer than a weekend.
const bundleLate = 72 * time.Hour
