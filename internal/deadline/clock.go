package deadline

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// The states of a clock.
const (
	StateOpen    = "open"
	StatePaused  = "paused"
	StateDone    = "done"
	StateDropped = "dropped"
)

// Clock is one obligation as stored.
type Clock struct {
	ID          id.ID
	Matter      id.Key
	Root        id.Key
	Rule        string
	Version     string
	Hash        string
	Length      int // as set at opening, with the county's own length if it has one
	Unit        rulebook.Unit
	Legal       bool
	Start       calendar.Date
	Due         calendar.Date
	Provisional bool
	State       string
	Ended       calendar.Date
	OwedBy      id.ID // the unit
	OwedRole    access.Role
	About       string // what it concerns beyond the matter: a proposal's id, a step's name
	Organ       id.ID
	County      id.Key
	FireOn      calendar.Date
	Entries     int
}

// Running says whether the obligation is still owed.
func (c Clock) Running() bool { return c.State == StateOpen || c.State == StatePaused }

// Late says whether it should have been met before the day.
func (c Clock) Late(today calendar.Date) bool { return c.State == StateOpen && c.Due < today }

var clockTable = &ledger.Table{Name: "clocks", Key: []string{"id"}, Cols: []string{"matter_id", "root_id", "rule", "version", "hash", "length", "unit", "legal",
	"start_on", "due_on", "provisional", "state", "ended_on", "owed_city", "owed_id", "owed_role", "about", "organ_city", "organ_id", "county_id", "fire_on", "entries"}}

var entryTable = &ledger.Table{Name: "clock_entries", Key: []string{"clock_id", "n"}, Cols: []string{"kind", "on_day", "at", "length", "unit", "to_on", "reason"}}

// Tables are the covered tables of this package.
func Tables() []*ledger.Table { return []*ledger.Table{clockTable, entryTable} }

func (c Clock) row() []any {
	return []any{c.ID.Key, c.Matter, c.Root, c.Rule, c.Version, c.Hash, c.Length, string(c.Unit), c.Legal, c.Start, c.Due, c.Provisional, c.State, c.Ended,
		int64(c.OwedBy.City), c.OwedBy.Key, string(c.OwedRole), c.About, int64(c.Organ.City), c.Organ.Key, c.County, c.FireOn, c.Entries}
}

// Columns is what Scan reads, for callers that join clocks themselves.
const Columns = `c.id, c.matter_id, c.root_id, c.rule, c.version, c.hash, c.length, c.unit, c.legal, c.start_on, c.due_on, c.provisional, c.state, c.ended_on,
	c.owed_city, c.owed_id, c.owed_role, c.about, c.organ_city, c.organ_id, c.county_id, c.fire_on, c.entries`

// Dest are the places Columns are read into.
func (c *Clock) Dest() []any {
	return []any{&c.ID.Key, &c.Matter, &c.Root, &c.Rule, &c.Version, &c.Hash, &c.Length, &c.Unit, &c.Legal, &c.Start, &c.Due, &c.Provisional, &c.State, &c.Ended,
		&c.OwedBy.City, &c.OwedBy.Key, &c.OwedRole, &c.About, &c.Organ.City, &c.Organ.Key, &c.County, &c.FireOn, &c.Entries}
}

func scanClock(city id.City) func(*db.Rows) (Clock, error) {
	return func(rows *db.Rows) (Clock, error) {
		c := Clock{ID: id.ID{City: city}}
		return c, rows.Scan(c.Dest()...)
	}
}

// Keeper keeps clocks by a rulebook and a calendar. The calendar is replaced when a year's notice is imported.
type Keeper struct {
	Rules *rulebook.Book
	book  atomic.Pointer[calendar.Book]
}

// NewKeeper keeps clocks by the rules and the calendar.
func NewKeeper(rules *rulebook.Book, book *calendar.Book) *Keeper {
	k := &Keeper{Rules: rules}
	k.book.Store(book)
	return k
}

// Calendar is the calendar in use.
func (k *Keeper) Calendar() *calendar.Book { return k.book.Load() }

// SetCalendar replaces the calendar; Recompute then brings the provisional clocks up to it.
func (k *Keeper) SetCalendar(b *calendar.Book) { k.book.Store(b) }

// Opening is what a new clock needs.
type Opening struct {
	Matter   id.Key
	Root     id.Key
	Rule     string
	Start    calendar.Date
	OwedBy   id.ID
	OwedRole access.Role
	About    string
	Organ    id.ID
	County   id.Key
	Length   int // the county's own length; 0: the rule's
}

// Open starts an obligation.
func (k *Keeper) Open(ctx context.Context, tx *ledger.Tx, o Opening) (Clock, error) {
	t, ok := k.Rules.Timer(o.Rule, o.Start)
	if !ok {
		return Clock{}, fmt.Errorf("deadline: no rule %s in force on %s", o.Rule, o.Start)
	}
	if o.Length != 0 {
		var err error
		if t, err = t.Adjust(o.Length); err != nil {
			return Clock{}, err
		}
	}
	c := Clock{ID: tx.NewID(), Matter: o.Matter, Root: o.Root, Rule: t.ID, Version: t.Version, Hash: t.Hash(), Length: t.Length, Unit: t.Unit, Legal: t.Legal,
		Start: o.Start, State: StateOpen, OwedBy: o.OwedBy, OwedRole: o.OwedRole, About: o.About, Organ: o.Organ, County: o.County, Entries: 1}
	e := Entry{Kind: Opened, On: o.Start, At: tx.Now(), Length: t.Length, Unit: t.Unit}
	k.settle(&c, []Entry{e}, tx.Today())
	if err := tx.Insert(ctx, clockTable, c.row()...); err != nil {
		return c, err
	}
	return c, insertEntry(ctx, tx, c, e, "")
}

func insertEntry(ctx context.Context, tx *ledger.Tx, c Clock, e Entry, to calendar.Date) error {
	return tx.Insert(ctx, entryTable, c.ID.Key, c.Entries-1, string(e.Kind), e.On, int64(e.At), e.Length, string(e.Unit), to, e.Reason)
}

// rule is how the clock counts, by the version it was opened under.
func (k *Keeper) rule(c Clock) Rule {
	t, ok := k.Rules.TimerVersion(c.Rule, c.Version)
	return Rule{Length: c.Length, Unit: c.Unit, Roll: ok && t.Roll}
}

// settle sets everything that follows from the entries.
func (k *Keeper) settle(c *Clock, es []Entry, today calendar.Date) {
	r := Compute(k.rule(*c), es, k.Calendar())
	c.Due, c.Provisional = r.Due, r.Provisional
	switch {
	case r.Ended:
	case r.Paused:
		c.State = StatePaused
	default:
		c.State = StateOpen
	}
	c.FireOn = k.nextFire(*c, today)
}

// Add appends an entry to a running clock and stores what follows from it.
func (k *Keeper) Add(ctx context.Context, tx *ledger.Tx, c Clock, e Entry) (Clock, error) {
	if !c.Running() {
		return c, fault.New(fault.Conflict, "clock.ended")
	}
	e.At = tx.Now()
	es, err := Entries(ctx, tx, c.ID.Key)
	if err != nil {
		return c, err
	}
	switch e.Kind {
	case Paused:
		if c.State == StatePaused {
			return c, fault.New(fault.Conflict, "clock.paused_already")
		}
	case Resumed:
		if c.State != StatePaused {
			return c, fault.New(fault.Conflict, "clock.not_paused")
		}
		if last := es[len(es)-1]; e.On < last.On {
			return c, fault.InvalidField("on", "day.before", string(last.On))
		}
	case Fulfilled:
		c.State, c.Ended = StateDone, e.On
	case Dropped:
		c.State, c.Ended = StateDropped, e.On
	}
	was := c.Due
	k.settle(&c, append(es, e), tx.Today())
	if e.Kind == Fulfilled || e.Kind == Dropped {
		c.Due = was // a clock that has ended keeps the day it was held to
	}
	c.Entries++
	if err := tx.Update(ctx, clockTable, c.row()...); err != nil {
		return c, err
	}
	return c, insertEntry(ctx, tx, c, e, c.Due)
}

// End closes the running clocks of a matter that rest on one of the rules (all of them if none are named).
func (k *Keeper) End(ctx context.Context, tx *ledger.Tx, matter id.Key, kind EntryKind, on calendar.Date, reason string, rules ...string) ([]Clock, error) {
	cs, err := Running(ctx, tx, matter)
	if err != nil {
		return nil, err
	}
	var out []Clock
	for _, c := range cs {
		if len(rules) > 0 && !contains(rules, c.Rule) {
			continue
		}
		// Ended clocks need no recount of their period: only the state changes.
		c.State, c.Ended, c.FireOn = StateDone, on, ""
		if kind == Dropped {
			c.State = StateDropped
		}
		c.Entries++
		if err := tx.Update(ctx, clockTable, c.row()...); err != nil {
			return nil, err
		}
		if err := insertEntry(ctx, tx, c, Entry{Kind: kind, On: on, At: tx.Now(), Reason: reason}, c.Due); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Reowe gives the running clocks of a matter that a unit owes to another unit: the matter changed hands.
func (k *Keeper) Reowe(ctx context.Context, tx *ledger.Tx, c Clock, to id.ID, role access.Role, reason string) (Clock, error) {
	if c.OwedBy == to && c.OwedRole == role {
		return c, nil
	}
	c.OwedBy, c.OwedRole = to, role
	return k.Add(ctx, tx, c, Entry{Kind: Reowed, On: tx.Today(), Reason: reason})
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// Entries reads a clock's ledger.
func Entries(ctx context.Context, r db.Reader, clock id.Key) ([]Entry, error) {
	return db.All(ctx, r, func(rows *db.Rows) (e Entry, err error) {
		return e, rows.Scan(&e.Kind, &e.On, &e.At, &e.Length, &e.Unit, &e.Reason)
	}, `SELECT kind, on_day, at, length, unit, reason FROM clock_entries WHERE city_id = $1 AND clock_id = $2 ORDER BY n`, clock)
}

// EntriesOf reads the ledgers of all clocks of a matter at once.
func EntriesOf(ctx context.Context, r db.Reader, matter id.Key) (map[id.Key][]Entry, error) {
	out := map[id.Key][]Entry{}
	rows, err := r.Query(ctx, `SELECT e.clock_id, e.kind, e.on_day, e.at, e.length, e.unit, e.reason FROM clock_entries e
		JOIN clocks c ON c.city_id = e.city_id AND c.id = e.clock_id WHERE c.city_id = $1 AND c.matter_id = $2 ORDER BY e.clock_id, e.n`, matter)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var k id.Key
		var e Entry
		if err := rows.Scan(&k, &e.Kind, &e.On, &e.At, &e.Length, &e.Unit, &e.Reason); err != nil {
			return nil, err
		}
		out[k] = append(out[k], e)
	}
	return out, rows.Err()
}

// OfMatter reads all clocks of a matter, newest first. The caller has seen the matter under a scope.
func OfMatter(ctx context.Context, r db.Reader, matter id.Key) ([]Clock, error) {
	return db.All(ctx, r, scanClock(r.City()), `SELECT `+Columns+` FROM clocks c WHERE c.city_id = $1 AND c.matter_id = $2 ORDER BY c.id DESC`, matter)
}

// Running reads the clocks of a matter that are still owed, soonest first.
func Running(ctx context.Context, r db.Reader, matter id.Key) ([]Clock, error) {
	return db.All(ctx, r, scanClock(r.City()), `SELECT `+Columns+` FROM clocks c WHERE c.city_id = $1 AND c.matter_id = $2 AND c.state IN ('open', 'paused') ORDER BY c.due_on, c.id`, matter)
}

// Get reads one clock. The caller checks its matter under a scope.
func Get(ctx context.Context, r db.Reader, key id.Key) (Clock, error) {
	c := Clock{ID: id.ID{City: r.City()}}
	err := r.Row(ctx, `SELECT `+Columns+` FROM clocks c WHERE c.city_id = $1 AND c.id = $2`, key).Scan(c.Dest()...)
	if errors.Is(err, db.ErrNoRows) {
		return c, fault.Hidden()
	}
	return c, err
}

// Explain lays a clock out day by day.
func (k *Keeper) Explain(c Clock, es []Entry) Explanation {
	return Explain(k.rule(c), es, k.Calendar())
}

// Soonest is the day the first running obligation of a matter is due, "" if there is none. Paused clocks have no day.
func Soonest(ctx context.Context, r db.Reader, matter id.Key) (calendar.Date, error) {
	var d *string
	err := r.Row(ctx, `SELECT MIN(c.due_on) FROM clocks c WHERE c.city_id = $1 AND c.matter_id = $2 AND c.state = 'open'`, matter).Scan(&d)
	if err != nil || d == nil {
		return "", err
	}
	return calendar.Date(*d), nil
}
