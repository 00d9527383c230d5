package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/backup"
	"qianshao/internal/sheet"
)

// table names a kind of table, its file and the tenant it is about.
type table struct {
	database
	City string `placeholder:"CODE" help:"${help_tenant}"`
	Kind string `arg:"" help:"${help_kind}"`
	File string `arg:"" help:"${help_file}"`
}

func (t table) check() error {
	if !exchange.Known(t.Kind) {
		return usage("exchange.kind", t.Kind, strings.Join(exchange.Kinds, ", "))
	}
	return nil
}

// format is the form a file's name asks for.
func format(path string) sheet.Format {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		return sheet.CSV
	case ".txt":
		return exchange.Text // of holidays
	}
	return sheet.XLSX
}

// who is the operator in the tenant named, or in the only city there is.
func (t table) who(e *env, a *app.App) (access.Actor, error) {
	if t.City != "" {
		u, err := unit(e, a, t.City)
		return access.ByOperator(u.ID.City), err
	}
	cities, err := app.Tenants(e.ctx, a.DB)
	if err != nil {
		return access.Actor{}, err
	}
	var found []id.City
	for _, c := range cities {
		top, err := access.Top(e.ctx, a.DB.In(c))
		if err != nil {
			return access.Actor{}, err
		}
		if top.Kind == "city" {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return access.Actor{}, usage("exchange.city")
	}
	return access.ByOperator(found[0]), nil
}

type importCmd struct {
	table
	On     string `placeholder:"YYYY-MM-DD" help:"${help_on}"`
	DryRun bool   `help:"${help_dry_run}"`
	Errors string `placeholder:"FILE" help:"${help_errors}"`
}

// Run imports a table, or says what it would do.
func (c *importCmd) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	who, err := c.who(e, a)
	if err != nil {
		return err
	}
	p := e.progress()
	defer p.end()
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // a large table's rows are held until the last is written: a small heap is worth more here than a quick one
	rep, err := a.Exchange.Import(e.ctx, who, c.Kind, f, st.Size(), exchange.Options{DryRun: c.DryRun, On: calendar.Date(c.On), Lang: e.lang,
		Progress: func(stage string, rows, of int) { p.at("sheet."+stage, int64(rows), int64(of)) }})
	if err != nil {
		return err
	}
	p.end()
	e.tell(rep)
	if rep.Clean() {
		if c.DryRun {
			e.say("import.dry")
		}
		return nil
	}
	if c.Errors != "" {
		_, err := backup.Aside(c.Errors, func(w io.Writer) error { return a.Exchange.Annotate(f, st.Size(), rep, w, format(c.Errors), e.lang) })
		if err != nil {
			return err
		}
		e.say("written", c.Errors)
	}
	return fault.New(fault.Invalid, "import.wrong", strconv.Itoa(rep.Counts[exchange.Wrong]))
}

// tell lists what the rows do, and what is wrong with those that are.
func (e *env) tell(rep exchange.Report) {
	and := locale.T(e.lang, "punct.and")
	for _, h := range rep.Heads {
		e.say("import.columns", cmp.Or(h.Sheet, locale.T(e.lang, "sheet.kind."+rep.Kind)), cmp.Or(strings.Join(h.Known(e.lang), and), "-"), cmp.Or(strings.Join(h.Left(), and), "-"))
	}
	var parts []string
	for _, k := range []string{exchange.New, exchange.Change, exchange.End, exchange.Same, exchange.Wrong} {
		if n := rep.Counts[k]; n > 0 {
			parts = append(parts, locale.T(e.lang, "cli.import."+k, strconv.Itoa(n)))
		}
	}
	e.say("import.sum", strconv.Itoa(rep.Rows), strings.Join(parts, locale.T(e.lang, "cli.import.and")))
	for _, l := range rep.Lines {
		if l.What != exchange.Wrong {
			continue
		}
		var why []string
		for _, p := range l.Problems {
			why = append(why, p.Text(e.lang))
		}
		e.say("import.line", l.Sheet, strconv.Itoa(l.Row), l.Name, strings.Join(slices.Compact(why), "; "))
	}
}

type exportCmd struct{ table }

// Run writes a table.
func (c *exportCmd) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	who, err := c.who(e, a)
	if err != nil {
		return err
	}
	if c.File == "-" {
		var b bytes.Buffer
		if _, err := a.Exchange.Export(e.ctx, who, c.Kind, &b, sheet.CSV, e.lang); err != nil {
			return err
		}
		_, err := io.Copy(e.out, &b)
		return err
	}
	n := 0
	_, err = backup.Aside(c.File, func(w io.Writer) (err error) {
		n, err = a.Exchange.Export(e.ctx, who, c.Kind, w, format(c.File), e.lang)
		return err
	})
	if err != nil {
		return err
	}
	e.say("export.done", fmt.Sprint(n), c.File)
	return nil
}
