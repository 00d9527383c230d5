package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/sheet"
)

// Portion is how many rows one act writes at most. On the engine with one writer others wait for that long.
const Portion = 500

var portionRows = Portion // tests cut smaller ones

var (
	errWrong   = errors.New("exchange: rows are wrong")
	errNothing = errors.New("exchange: nothing changes")
	errGrown   = errors.New("exchange: more rows than one act takes")
)

// importing is one import under way.
type importing struct {
	s    *Service
	who  access.Actor
	kind string
	table
	file contents
	opt  Options
	lang string
	tell Progress

	// The tenant's units as they were read for the portion before, with those it opened, and as of when; nil: not known.
	units   *unitIndex
	unitsAt ledger.Mark
}

// planned is what some rows would do, as of a moment.
type planned struct {
	rows  []record
	rep   Report
	work  []record
	apply func(context.Context, *ledger.Tx) error
	units *unitIndex
	at    ledger.Mark
	day   calendar.Date
}

// Import reads a table and does what its rows say, or with DryRun tells what they would do. Every row is checked before
// the first is written. What has more rows than one act takes is written in portions, each an act of its own: between
// them others get their turn, and what ends the import then (the machine, or a row that has become wrong meanwhile) leaves
// whole portions behind, which the same file imported again knows.
func (s *Service) Import(ctx context.Context, who access.Actor, kind string, src io.ReaderAt, size int64, opt Options) (Report, error) {
	if kind == "holidays" {
		return s.importHolidays(ctx, who, src, size, opt)
	}
	t, ok := tables[kind]
	if !ok {
		return Report{}, fault.InvalidField("kind", "choice.unknown")
	}
	if !s.MayImport(who, kind) {
		return Report{}, fault.New(fault.Forbidden, "page.not_yours")
	}
	i := &importing{s: s, who: who, kind: kind, table: t, opt: opt, lang: locale.Pick(opt.Lang, ""), tell: opt.Progress}
	if i.tell == nil {
		i.tell = func(string, int, int) {}
	}
	var err error
	if i.file, err = read(src, size, t.columns, i.tell); err != nil {
		return Report{}, err
	}
	d := s.Ledger.DB
	if i.opt.On == "" { // one day for all portions, should midnight come between them
		i.opt.On = d.Today()
	}
	if i.opt.Record == "" {
		i.opt.Record = d.Keys.New(int64(d.Now()))
	}
	whole, err := i.plan(ctx, d.In(who.City), i.file.rows)
	if err != nil || opt.DryRun || !whole.rep.Clean() {
		return whole.rep, err
	}
	return i.write(ctx, whole)
}

// plan holds rows against what is there.
func (i *importing) plan(ctx context.Context, r db.Reader, rows []record) (planned, error) {
	out := planned{rows: rows, rep: Report{Kind: i.kind, Rows: len(rows), Counts: map[string]int{}, Heads: i.file.heads}, day: r.Now().Date()}
	p := &pass{who: i.who, r: r, on: i.opt.On, today: out.day, rows: rows, have: i.file.have, rep: &out.rep, lang: i.lang}
	if !p.on.Valid() || p.on > p.today {
		return out, fault.InvalidField("on", "day.future")
	}
	var err error
	if out.at, err = ledger.Now(ctx, r); err != nil {
		return out, err
	}
	if p.units, err = i.places(ctx, r); err != nil {
		return out, err
	}
	out.units = p.units
	if len(rows) > portionRows {
		i.tell("check", 0, len(rows)) // a portion's own check is a part of its writing
	}
	out.apply, err = i.table.plan(i.s, ctx, p)
	out.work = p.work
	return out, err
}

// places are the units there are: those read for the portion before, as long as nobody has touched them since.
func (i *importing) places(ctx context.Context, r db.Reader) (*unitIndex, error) {
	if i.units != nil {
		acts, err := ledger.Since(ctx, r, i.unitsAt)
		if err != nil {
			return nil, err
		}
		if !touched(i.kind, acts) {
			return i.units, nil
		}
		i.units = nil
	}
	return loadUnits(ctx, r, i.who)
}

// portions cuts the rows that do something. Places come after those they lie in, officials of a unit together. A roster is never cut: it says who holds
// all posts of a township, and half of it would say that the others have left.
func (i *importing) portions(whole planned) [][]record {
	if len(whole.work) <= portionRows || i.kind == "people" {
		return [][]record{whole.rows}
	}
	rows := whole.work
	switch i.kind {
	case "divisions":
		slices.SortStableFunc(rows, func(a, b record) int { return depth(a.get("code")) - depth(b.get("code")) })
	case "duties": // what ends makes room for what begins, and ends before it
		last := func(r record) calendar.Date {
			d, _ := sheet.Day(text.Fold(r.get("duty_last")))
			return cmp.Or(d, "9999-12-31")
		}
		slices.SortStableFunc(rows, func(a, b record) int { return cmp.Compare(last(a), last(b)) })
	case "officials": // so that a portion is held against the register of its few units, and of no others
		slices.SortStableFunc(rows, func(a, b record) int { return strings.Compare(a.get("unit"), b.get("unit")) })
	}
	return slices.Collect(slices.Chunk(rows, portionRows))
}

// write writes what has been checked, portion by portion.
func (i *importing) write(ctx context.Context, whole planned) (Report, error) {
	rep := whole.rep
	parts := i.portions(whole)
	if len(parts) > 1 {
		whole.apply = nil // each is planned anew
	}
	for k, rows := range parts {
		part := whole
		if k > 0 && i.s.Ledger.DB.Engine == db.SQLite {
			time.Sleep(db.Breath)
		}
		if len(parts) > 1 {
			var err error
			if part, err = i.plan(ctx, i.s.Ledger.DB.In(i.who.City), rows); err != nil {
				return rep, err
			}
		}
		err := i.portion(ctx, &part, k+1, len(parts))
		switch {
		case err == errWrong && rep.Written == 0 && len(parts) == 1:
			return part.rep, nil
		case err == errWrong: // something came between the check and this portion
			now, err := i.plan(ctx, i.s.Ledger.DB.In(i.who.City), whole.rows)
			now.rep.Written = rep.Written
			return now.rep, err
		case err == errGrown: // others undid meanwhile what had made its rows few
			now, err := i.plan(ctx, i.s.Ledger.DB.In(i.who.City), whole.rows)
			if err != nil || !now.rep.Clean() {
				return now.rep, err
			}
			return i.write(ctx, now)
		case err == errNothing: // somebody else wrote the same meanwhile
		case err != nil:
			return rep, err
		default:
			if len(parts) == 1 {
				rep = part.rep
			}
			rep.Written += part.rep.Counts[New] + part.rep.Counts[Change]
		}
		i.tell("write", rep.Written, whole.rep.Counts[New]+whole.rep.Counts[Change])
	}
	rep.Done = true
	return rep, nil
}

// portion writes some rows as one act. They were held against what is there before it begins, so that nobody waits for
// that. What was found holds as long as no act came in between that could have touched what was read; otherwise it is
// found again, and others wait.
func (i *importing) portion(ctx context.Context, part *planned, k, n int) error {
	if !part.rep.Clean() {
		return errWrong
	}
	if !part.rep.Changes() {
		return errNothing
	}
	who := i.who
	if n > 1 && who.Request.Key != "" { // the request is one, its portions are written each once
		who.Request.Key = fmt.Sprintf("%s/%s/%d", who.Request.Key, part.rows[0].in.sheet, part.rows[0].n)
	}
	apply := part.apply
	rc, err := i.s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		rows := part.rows
		if k == 1 {
			rows = i.file.rows // later portions find their numbers as free as they are now
		}
		if err := i.s.reserve(ctx, tx, i.kind, rows); err != nil {
			return ledger.Act{}, err
		}
		acts, err := ledger.Since(ctx, tx, part.at)
		if err != nil {
			return ledger.Act{}, err
		}
		do := apply
		apply = nil // what has been tried once has left its marks in it
		if do == nil {
			i.units = nil // as well
		}
		if do == nil || touched(i.kind, acts) || tx.Today() != part.day {
			if *part, err = i.plan(ctx, tx, part.rows); err != nil {
				return ledger.Act{}, err
			}
			do = part.apply
			if n == 1 && len(part.work) > portionRows && i.kind != "people" {
				return ledger.Act{}, errGrown
			}
		}
		if !part.rep.Clean() {
			return ledger.Act{}, errWrong
		}
		if !part.rep.Changes() {
			return ledger.Act{}, errNothing
		}
		organ := who.Unit().OrganID()
		if organ.Zero() {
			top, err := access.Top(ctx, tx)
			if err != nil {
				return ledger.Act{}, err
			}
			organ = top.ID
		}
		c := part.rep.Counts
		params := map[string]any{"kind": i.kind, "on": string(i.opt.On), "import": i.opt.Record, "rows": part.rep.Rows, "new": c[New], "change": c[Change], "end": c[End]}
		if n > 1 {
			params["part"], params["parts"] = k, n
		}
		return ledger.Act{Action: "rows.import", Organ: organ, About: "import/" + i.kind, Params: params}, do(ctx, tx)
	})
	i.units = nil
	if err == nil && !part.units.stale { // what came before this act has been looked at
		i.units, i.unitsAt = part.units, part.at
		i.unitsAt[rc.Log.Key] = max(i.unitsAt[rc.Log.Key], rc.Seq+1)
	}
	return err
}

// Written says how many rows the acts of an import have written that a person began at some time.
func (s *Service) Written(ctx context.Context, who access.Actor, record id.Key, since calendar.Instant) (int, error) {
	acts, err := ledger.Of(ctx, s.Ledger.DB.In(who.City), who.Person, "rows.import", since)
	n := 0
	for _, e := range acts {
		if e.Params["import"] != record {
			continue
		}
		for _, what := range []string{New, Change} {
			k, _ := e.Params[what].(float64)
			n += int(k)
		}
	}
	return n, err
}
