package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"qianshao/internal/app"
	"qianshao/internal/fault"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
)

// env is what a command works with.
type env struct {
	ctx       context.Context
	in        io.Reader
	out, errs io.Writer
	lang      string
}

// say writes one line of text to the output.
func (e *env) say(key string, args ...string) {
	fmt.Fprintln(e.out, locale.T(e.lang, "cli."+key, args...)) // a closed output is nobody's loss
}

// grammar is the command line. Its texts are those of package locale under cli.help.
type grammar struct {
	Lang string `enum:"zh-CN,en" default:"zh-CN" env:"QIANSHAO_LANG" help:"${help_lang}"`

	Demo    demoCmd    `cmd:"" help:"${help_demo}"`
	Serve   serveCmd   `cmd:"" help:"${help_serve}"`
	Portal  portalCmd  `cmd:"" help:"${help_portal}"`
	Courier courierCmd `cmd:"" help:"${help_courier}"`
	Verify  verifyCmd  `cmd:"" help:"${help_verify}"`
	Report  reportCmd  `cmd:"" help:"${help_report}"`
	Import  importCmd  `cmd:"" help:"${help_import}"`
	Export  exportCmd  `cmd:"" help:"${help_export}"`
	Witness witnessCmd `cmd:"" help:"${help_witness}"`
	Keys    keysCmd    `cmd:"" help:"${help_keys}"`
	Backup  backupCmd  `cmd:"" help:"${help_backup}"`
	Restore restoreCmd `cmd:"" help:"${help_restore}"`
	Migrate migrateCmd `cmd:"" help:"${help_migrate}"`
	Setup   setupCmd   `cmd:"" help:"${help_setup}"`
	Account accountCmd `cmd:"" help:"${help_account}"`
	Doctor  doctorCmd  `cmd:"" help:"${help_doctor}"`
	Sweep   sweepCmd   `cmd:"" help:"${help_sweep}"`
	Reindex reindexCmd `cmd:"" help:"${help_reindex}"`
	Clock   clockCmd   `cmd:"" help:"${help_clock}"`
	Bench   benchCmd   `cmd:"" help:"${help_bench}"`
	Version versionCmd `cmd:"" help:"${help_version}"`
}

// ended is how kong's help ends a run.
type ended int

func command(e *env, args []string) (code int) {
	e.lang = langOf(args)
	defer func() {
		if p := recover(); p != nil {
			c, ok := p.(ended)
			if !ok {
				panic(p)
			}
			code = int(c)
		}
	}()
	var g grammar
	parser, err := kong.New(&g, kong.Name("qianshao"), kong.Description(locale.T(e.lang, "cli.help.about")), helpTexts(e.lang), kong.Writers(e.out, e.errs),
		kong.Exit(func(c int) { panic(ended(c)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err) // the grammar is constant
	}
	cmd, err := parser.Parse(args)
	if err != nil {
		what := err.Error()
		if flag, ok := strings.CutPrefix(what, "unknown flag "); ok {
			flag, _, _ = strings.Cut(flag, ",") // a guess follows, in English
			what = locale.T(e.lang, "cli.usage.flag", flag)
		}
		fmt.Fprintln(e.errs, locale.T(e.lang, "cli.usage", what))
		return exitUsage
	}
	e.lang = g.Lang
	if err := cmd.Run(e); err != nil {
		return e.fail(err)
	}
	return exitDone
}

// langOf finds the language before anything can be said.
func langOf(args []string) string {
	lang := os.Getenv("QIANSHAO_LANG")
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--lang="); ok {
			lang = v
		} else if a == "--lang" && i+1 < len(args) {
			lang = args[i+1]
		}
	}
	return locale.Pick(lang, "")
}

func helpTexts(lang string) kong.Vars {
	vars := kong.Vars{"bundle_late": bundleLate.String()}
	for _, k := range locale.Keys() {
		if name, ok := strings.CutPrefix(k, "cli.help."); ok {
			vars["help_"+strings.ReplaceAll(name, ".", "_")] = locale.T(lang, k)
		}
	}
	return vars
}

// usageError is a line that could be read and makes no sense.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usage(key string, args ...string) error {
	return usageError{fault.New(fault.Invalid, key, args...)}
}

// fail says why, in the reader's language, and what the exit code is.
func (e *env) fail(err error) int {
	err = db.Outage(err)
	f, ok := fault.As(err)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(e.errs, locale.T(e.lang, "cli.stopped"))
	case !ok:
		fmt.Fprintln(e.errs, locale.T(e.lang, "cli.failed", err.Error()))
	default:
		fmt.Fprintln(e.errs, locale.T(e.lang, "fault."+f.Code, f.Args...))
		for _, x := range f.Fields {
			fmt.Fprintln(e.errs, "  "+x.Name+": "+locale.T(e.lang, "fault."+x.Code, x.Args...))
		}
		// The operator is the one who can do something about the cause.
		if cause := f.Unwrap(); cause != nil {
			fmt.Fprintln(e.errs, "  "+cause.Error())
		}
	}
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailed
}

// database is the flag that names the database.
type database struct {
	DB string `name:"db" required:"" placeholder:"sqlite:FILE|postgres://…" env:"QIANSHAO_DB" help:"${help_db}"`
}

// open opens a database that must be there, at this program's version.
func (f database) open(e *env) (*db.DB, error) {
	d, err := f.reach(e)
	if err != nil {
		return nil, err
	}
	if err := migrate.Check(e.ctx, d); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// reach opens a database that must be there, at whatever version. SQLite would make a file that is not there, and a
// mistyped name would then look like a deployment without anything in it.
func (f database) reach(e *env) (*db.DB, error) {
	if path, ok := f.file(); ok {
		if _, err := os.Stat(path); err != nil {
			return nil, fault.New(fault.Invalid, "db.absent", path)
		}
	}
	return db.Open(e.ctx, f.DB, db.Options{})
}

// file is the path of an embedded database.
func (f database) file() (string, bool) { return strings.CutPrefix(f.DB, "sqlite:") }

// rooms opens the database and builds the rooms over it; the caller closes it.
func (f database) rooms(e *env, o app.Options) (*app.App, error) {
	d, err := f.open(e)
	if err != nil {
		return nil, err
	}
	a, err := app.BuildWith(e.ctx, d, o)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return a, nil
}
