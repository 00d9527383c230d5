// Package app is the composition root: it builds every room, introduces them to each other, mounts their pages and
// starts their workers. It holds no rules, and nobody imports it but the program and tests.
//
// Start at Build.
package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"qianshao/internal/account"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/casework"
	"qianshao/internal/clue"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/document"
	"qianshao/internal/duty"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/bar"
	"qianshao/internal/flow/count"
	"qianshao/internal/flow/namesake"
	"qianshao/internal/haves"
	"qianshao/internal/id"
	"qianshao/internal/insight"
	"qianshao/internal/intake"
	"qianshao/internal/intake/likeness"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/org/area"
	"qianshao/internal/org/callup"
	"qianshao/internal/org/formula"
	"qianshao/internal/org/roll"
	"qianshao/internal/org/staffing"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
	"qianshao/internal/reprisal"
	"qianshao/internal/rulebook"
	"qianshao/internal/supervise"
	"qianshao/internal/visit"
	rules "qianshao/rulebook"
)

// App is every room of the work side.
type App struct {
	DB        *db.DB
	Rules     *rulebook.Book
	Ledger    *ledger.Ledger
	Accounts  *account.Service
	Clocks    *deadline.Keeper
	Engine    *flow.Engine
	Namesakes *namesake.Service
	Measures  *measure.Registry
	Custody   *custody.Keeper
	Likeness  *likeness.Keeper
	Org       *org.Service
	Areas     *area.Service
	Formula   *formula.Service
	Callups   *callup.Service
	Staffing  *staffing.Service
	Roll      *roll.Service
	Supervise *supervise.Service
	Intake    *intake.Service
	Reprisal  *reprisal.Service
	Burden    *burden.Service
	Haves     *haves.Service
	Duties    *duty.Service
	Clues     *clue.Service
	Cases     *casework.Service
	Insight   *insight.Service
	Exchange  *exchange.Service
	Visits    *visit.Log
	Spool     *spool.Spool  // what comes from the public side and goes back; nil: another server has it, or nobody
	Shelf     *backup.Shelf // the server's own backups (KeepBackups); nil: it makes none
}

// keyIdle is how long an organ's unlocked key stays in memory unused.
const keyIdle = 30 * time.Minute

// Options are what a deployment decides beyond its database.
type Options struct {
	Policy account.Policy // how people sign in; zero: account.DefaultPolicy
	Site   account.Site   // what second factors are bound to
	Key    []byte         // from the deployment's key file, at least 32 bytes; nil: nobody can set up an authenticator
}

// Build makes the rooms over an open, migrated database, with the options nobody set.
func Build(ctx context.Context, d *db.DB) (*App, error) { return BuildWith(ctx, d, Options{}) }

// BuildWith makes the rooms over an open, migrated database.
func BuildWith(ctx context.Context, d *db.DB, o Options) (*App, error) {
	book, err := rulebook.Load(rules.Files)
	if err != nil {
		return nil, err
	}
	cal, err := deadline.LoadCalendar(ctx, d.Shared(), calendar.Shipped())
	if err != nil {
		return nil, err
	}
	a := &App{DB: d, Rules: book, Ledger: &ledger.Ledger{DB: d}, Clocks: deadline.NewKeeper(book, cal), Measures: measure.NewRegistry(steps(book)), Visits: visit.NewLog(d)}
	a.Accounts = &account.Service{Ledger: a.Ledger, Policy: o.Policy, Site: o.Site, Key: o.Key}
	a.Engine = flow.NewEngine(a.Ledger, a.Clocks, book)
	a.Engine.Splits = Splits()
	a.Namesakes = &namesake.Service{Engine: a.Engine}
	a.Custody = &custody.Keeper{Ledger: a.Ledger, Ring: seal.NewRing(keyIdle, time.Now), Clocks: a.Clocks, Opened: intake.TellLater, Noticed: intake.Noticed, Kin: intake.Kin, Blank: blank}
	a.Staffing = &staffing.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: book}
	a.Roll = &roll.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: book}
	a.Burden = &burden.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: book}
	a.Supervise = &supervise.Service{Ledger: a.Ledger, Rules: book, Burden: a.Burden}
	a.Org = &org.Service{Ledger: a.Ledger, Rules: book, UnitMerged: succeedSoon, Seats: a.Staffing}
	a.Areas, a.Formula = &area.Service{Ledger: a.Ledger, Rules: book}, &formula.Service{Ledger: a.Ledger, Rules: book}
	a.Callups = &callup.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: book, Burden: a.Burden}
	a.Intake = &intake.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: book, Clocks: a.Clocks, Custody: a.Custody}
	a.Likeness = &likeness.Keeper{Ledger: a.Ledger, Ring: a.Custody.Ring, Tenants: func(ctx context.Context) ([]id.City, error) { return Tenants(ctx, d) }}
	a.Clues = &clue.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: book, Clocks: a.Clocks, Intake: a.Intake}
	a.Cases = &casework.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: book, Clues: a.Clues}
	a.Reprisal = &reprisal.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: book, Custody: a.Custody}
	a.Haves = &haves.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: book, Burden: a.Burden, Measures: a.Measures}
	a.Duties = &duty.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: book, Clocks: a.Clocks, Burden: a.Burden}
	a.Intake.Pool, a.Clues.Filing, a.Intake.Watch = a.Clues, a.Cases, a.Reprisal
	a.Intake.AddSources()
	a.Cases.AddSources()
	a.Reprisal.AddSources()
	a.Callups.AddSources()
	for _, t := range slices.Concat([]*flow.Table{a.Intake.Table(), a.Intake.LetterTable(), a.Intake.SlipTable(), a.Reprisal.Table(), a.Clues.Table(), a.Cases.Table(), a.Burden.Table()}, a.Haves.Tables(),
		[]*flow.Table{a.Callups.Table(), a.Staffing.VacancyTable(), a.Staffing.RotationTable(), a.Roll.Table()}, a.Duties.Tables()) {
		if err := a.Engine.Add(t); err != nil {
			return nil, fmt.Errorf("lifecycles: %w", err)
		}
	}
	for _, ds := range [][]measure.Def{org.Measures(), staffing.Measures(book), count.Measures(), intake.Measures(), clue.Measures(), casework.Measures(), burden.Measures(), formula.Measures(), duty.Measures(book), supervise.Measures()} {
		a.Measures.Add(ds...)
	}
	a.Exchange = &exchange.Service{Ledger: a.Ledger, Rules: book, Clocks: a.Clocks, Engine: a.Engine, Org: a.Org, Intake: a.Intake, Clues: a.Clues, Cases: a.Cases, Duties: a.Duties}
	plan, err := insight.LoadPlan(rules.Files)
	if err != nil {
		return nil, err
	}
	a.Insight = &insight.Service{DB: d, Ledger: a.Ledger, Measures: a.Measures, Rules: book, Plan: plan}
	if err := a.Insight.Declare(); err != nil {
		return nil, err
	}
	return a, nil
}

// steps is how numbers are rounded for readers who may not open their rows.
func steps(book *rulebook.Book) func(calendar.Date) measure.Steps {
	return func(on calendar.Date) measure.Steps {
		return measure.Steps{Least: int64(book.Limit("figures.least", on)), Months: book.Limit("figures.span", on)}
	}
}

// blank empties what a matter holds of what reporters wrote, by its kind.
func blank(ctx context.Context, tx *ledger.Tx, m flow.Matter) ([]string, error) {
	switch m.Kind {
	case "clue":
		return nil, clue.Blank(ctx, tx, m.ID.Key)
	case "case":
		return nil, fault.New(fault.Conflict, "destroy.forever", m.No)
	case intake.KindLetter:
		if err := likeness.Forget(ctx, tx, m.ID.Key); err != nil {
			return nil, err
		}
	}
	return intake.Blank(ctx, tx, m)
}

// Splits lists every number that is kept in cells.
func Splits() []measure.Split {
	return append(append(clue.Splits(), casework.Splits()...), deadline.Kept, deadline.Fired, deadline.Underway, flow.Open, flow.Steps, org.Registered)
}

// Covered lists every table whose rows the ledger answers for.
func Covered() []*ledger.Table {
	var out []*ledger.Table
	for _, ts := range [][]*ledger.Table{deadline.Tables(), measure.Tables(), flow.Tables(), bar.Tables(), custody.Tables(), account.Tables(), org.Tables(), staffing.Tables(), roll.Tables(), intake.Tables(), reprisal.Tables(), clue.Tables(), casework.Tables(), document.Tables(), burden.Tables(), haves.Tables(), area.Tables(), formula.Tables(), callup.Tables(), duty.Tables(), supervise.Tables()} {
		out = append(out, ts...)
	}
	return out
}
