package main

import (
	"bytes"
	"io"
	"os"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/insight"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/backup"
)

type reportCmd struct {
	database
	Unit string `required:"" help:"${help_unit}"`
	From string `placeholder:"YYYY-MM-DD" help:"${help_from}"`
	To   string `placeholder:"YYYY-MM-DD" help:"${help_until}"`
	As   string `enum:"md,json,docx" default:"md" help:"${help_as}"`
	Out  string `short:"o" placeholder:"FILE" help:"${help_out}"`
}

// Run writes the report on a unit. That it left the system is an act.
func (c *reportCmd) Run(e *env) error {
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	u, err := unit(e, a, c.Unit)
	if err != nil {
		return err
	}
	who := access.ByOperator(u.ID.City)
	if who.Cities, err = app.Tenants(e.ctx, a.DB); err != nil {
		return err
	}
	rep, err := a.Insight.Report(e.ctx, who, u.ID, a.Insight.ParsePeriod(c.From, c.To))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := insight.Write(&b, c.As, rep, e.lang); err != nil {
		return err
	}
	_, err = a.Ledger.Write(e.ctx, who, u.ID.City, func(*ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "report.export", Organ: u.OrganID(), About: "unit/" + u.ID.String(),
			Params: map[string]any{"from": string(rep.Period.From), "to": string(rep.Period.To), "as": c.As, "lang": e.lang}}, nil
	})
	if err != nil {
		return err
	}
	return e.deliver(c.Out, b.Bytes())
}

// deliver writes to a file, or to the output when none is named.
func (e *env) deliver(path string, b []byte) error {
	if path == "" || path == "-" {
		_, err := e.out.Write(b)
		return err
	}
	if _, err := backup.Aside(path, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
		return err
	}
	if e.out != os.Stdout || path != "" {
		e.say("written", path)
	}
	return nil
}
