package deadline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
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

	was []any // the row as it was read, nil when it was read with something else
}

// Running says whether the obligation is still owed.
func (c Clock) Running() bool { return c.State == StateOpen || c.State == StatePaused }

// Late says whether it should have been met before the day.
func (c Clock) Late(today calendar.Date) bool { return c.State == StateOpen && c.Due < today }

var clockTable = &ledger.Table{Name: "clocks", Key: []string{"id"}, Cols: []string{"matter_id", "root_id", "rule", "version", "hash", "length", "unit", "legal",
	"start_on", "due_on", "provisional", "state", "ended_on", "owed_city", "owed_id", "owed_role", "about", "organ_city", "organ_id", "county_id", "fire_on", "entries"}}

var entryTable = &ledger.Table{Name: "clock_entries", Key: []string{"clock_id", "n"}, Cols: []string{"kind", "on_day", "at", "length", "unit", "to_on", "reason"}}

// Tables are the covered tables of this package.
func Tables() []*ledger.Table { return []*ledger.Table{clockTable, entryTable, fireTable} }

func (c Clock) row() []any {
	return []any{c.ID.Key, c.Matter, c.Root, c.Rule, c.Version, c.Hash, c.Length, string(c.Unit), c.Legal, c.Start, c.Due, c.Provisional, c.State, c.Ended,
		int64(c.OwedBy.City), c.OwedBy.Key, string(c.OwedRole), c.About, int64(c.Organ.City), c.Organ.Key, c.County, c.FireOn, c.Entries}
}

// store writes what changed of a clock since it was read under its matter's lock, and counts it when it has ended.
func (c *Clock) store(ctx context.Context, tx *ledger.Tx) error {
	if c.was == nil {
		was, err := Get(ctx, tx, c.ID.Key)
		if err != nil {
			return err
		}
		c.was = was.was
	}
	row := c.row()
	if err := tx.Change(ctx, clockTable, c.was, row...); err != nil {
		return err
	}
	if err := tell(ctx, tx, c.was, row); err != nil {
		return err
	}
	c.was = row
	return nil
}

// organAt is where the three columns of the organ begin in a row.
const organAt = 18

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
		err := rows.Scan(c.Dest()...)
		c.was = c.row()
		return c, err
	}
}

// Keeper keeps clocks by a rulebook and a calendar. The calendar is replaced when a year's notice is imported.
type Keeper struct {
	Rules  *rulebook.Book
	book   atomic.Pointer[calendar.Book]
	notice atomic.Int64 // the instant of the last import that the calendar holds
	batch  int          // how many clocks one act of a run speaks of
}

// passBatch bounds how many matters one transaction of a run holds locked, and so how long anybody waits for one.
const passBatch = 100

// NewKeeper keeps clocks by the rules and the calendar.
func NewKeeper(rules *rulebook.Book, book *calendar.Book) *Keeper {
	k := &Keeper{Rules: rules, batch: passBatch}
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
	Length   int // given by the caller; 0: what the organ set for itself, or the rule's
}

// Open starts an obligation.
func (k *Keeper) Open(ctx context.Context, tx *ledger.Tx, o Opening) (Clock, error) {
	if !o.Start.Valid() {
		return Clock{}, fmt.Errorf("deadline: a clock under %s can't start on %q", o.Rule, o.Start)
	}
	t, ok := k.Rules.Timer(o.Rule, o.Start)
	if !ok {
		return Clock{}, fmt.Errorf("deadline: no rule %s in force on %s", o.Rule, o.Start)
	}
	if o.Length == 0 && t.Allowed != (rulebook.Bounds{}) {
		set, err := access.LoadSettings(ctx, tx.For(o.Organ.City), o.Organ.Key, o.Start)
		if err != nil {
			return Clock{}, err
		}
		o.Length = set.Int("timer." + o.Rule)
	}
	if o.Length != 0 {
		var err error
		if t, err = t.Adjust(o.Length); err != nil {
			return Clock{}, err
		}
	}
	c := Clock{ID: tx.NewID(), Matter: o.Matter, Root: o.Root, Rule: t.ID, Version: t.Version, Hash: t.Hash(), Length: t.Length, Unit: t.Unit, Legal: t.Legal,
		Start: o.Start, State: StateOpen, OwedBy: o.OwedBy, OwedRole: o.OwedRole, About: o.About, Organ: o.Organ, County: o.County, Entries: 1}
	es := []Entry{{Kind: Opened, On: o.Start, At: tx.Now(), Length: t.Length, Unit: t.Unit}}
	if err := k.settle(&c, es, nil); err != nil {
		return c, err
	}
	if c.Due == "" {
		return c, fmt.Errorf("deadline: %s from %s has no end", o.Rule, o.Start)
	}
	row := c.row()
	if err := tx.Insert(ctx, clockTable, row...); err != nil {
		return c, err
	}
	measure.Move(ctx, tx, stands(nil), stands(row))
	return c, insertEntry(ctx, tx, c, es[0])
}

func insertEntry(ctx context.Context, tx *ledger.Tx, c Clock, e Entry) error {
	return tx.Insert(ctx, entryTable, c.ID.Key, c.Entries-1, string(e.Kind), e.On, int64(e.At), e.Length, string(e.Unit), e.To, e.Reason)
}

// rule is how the clock counts, by the version it was opened under.
func (k *Keeper) rule(c Clock) Rule {
	t, ok := k.Rules.TimerVersion(c.Rule, c.Version)
	return Rule{Length: c.Length, Unit: c.Unit, Roll: ok && t.Roll}
}

// settle sets everything that follows from the entries, the last of them among it: fired are the kinds that have fallen
// due before for the day that comes out.
func (k *Keeper) settle(c *Clock, es []Entry, fired func(due calendar.Date) ([]string, error)) error {
	r := Compute(k.rule(*c), es, k.Calendar())
	last := &es[len(es)-1]
	if !r.Ended { // a clock that has ended keeps the day it was held to
		c.Due, c.Provisional = r.Due, r.Provisional
		c.State = StateOpen
		if r.Paused {
			c.State = StatePaused
		}
	}
	last.To, c.FireOn = c.Due, ""
	if c.State != StateOpen {
		return nil
	}
	var done []string
	if fired != nil {
		var err error
		if done, err = fired(c.Due); err != nil {
			return err
		}
	}
	c.FireOn = k.nextFire(*c, es, done)
	return nil
}

// Add appends an entry to a running clock and stores what follows from it. The caller has read the clock under its
// matter's lock.
func (k *Keeper) Add(ctx context.Context, tx *ledger.Tx, c Clock, e Entry) (Clock, error) {
	if !c.Running() {
		return c, fault.New(fault.Conflict, "clock.ended")
	}
	es, err := Entries(ctx, tx, c.ID.Key)
	if err != nil {
		return c, err
	}
	if err := fits(c, es, e); err != nil {
		return c, err
	}
	switch e.Kind {
	case Fulfilled:
		c.State, c.Ended = StateDone, e.On
	case Dropped:
		c.State, c.Ended = StateDropped, e.On
	}
	return k.append(ctx, tx, c, es, e)
}

// append writes an entry after those that are there and stores what follows from it.
func (k *Keeper) append(ctx context.Context, tx *ledger.Tx, c Clock, es []Entry, e Entry) (Clock, error) {
	e.At = tx.Now()
	es = append(es, e)
	if err := k.settle(&c, es, func(due calendar.Date) ([]string, error) { return firedFor(ctx, tx, c.ID.Key, due) }); err != nil {
		return c, err
	}
	if c.Due == "" {
		return c, fmt.Errorf("deadline: clock %s has no end after %s", c.ID, e.Kind)
	}
	c.Entries++
	if err := c.store(ctx, tx); err != nil {
		return c, err
	}
	return c, insertEntry(ctx, tx, c, es[len(es)-1])
}

// fits says what is wrong with an entry after those that are there.
func fits(c Clock, es []Entry, e Entry) error {
	if len(es) == 0 || !e.On.Valid() {
		return fmt.Errorf("deadline: clock %s: entry %s on %q after %d entries", c.ID, e.Kind, e.On, len(es))
	}
	spans, _, _ := pauses(es)
	switch e.Kind {
	case Opened, Reopened:
		return fmt.Errorf("deadline: clock %s is open already", c.ID)
	case Paused:
		if c.State == StatePaused {
			return fault.New(fault.Conflict, "clock.paused_already")
		}
		if n := len(spans); n > 0 && e.On < spans[n-1].To {
			return fault.InvalidField("on", "day.before", string(spans[n-1].To))
		}
	case Resumed:
		if c.State != StatePaused {
			return fault.New(fault.Conflict, "clock.not_paused")
		}
		if from := spans[len(spans)-1].From; e.On < from {
			return fault.InvalidField("on", "day.before", string(from))
		}
	case Extended, Retargeted:
		if e.Length <= 0 || e.Unit != rulebook.Workdays && e.Unit != rulebook.Days && e.Unit != rulebook.Months {
			return fmt.Errorf("deadline: clock %s can't be %s by %d %q", c.ID, e.Kind, e.Length, e.Unit)
		}
	}
	return nil
}

// End closes the running clocks of a matter that rest on one of the rules (all of them if none are named).
func (k *Keeper) End(ctx context.Context, tx *ledger.Tx, matter id.Key, kind EntryKind, on calendar.Date, reason string, rules ...string) ([]Clock, error) {
	cs, err := Running(ctx, tx, matter)
	if err != nil {
		return nil, err
	}
	var out []Clock
	for _, c := range cs {
		if len(rules) > 0 && !slices.Contains(rules, c.Rule) {
			continue
		}
		// Ended clocks need no recount of their period: only the state changes.
		c.State, c.Ended, c.FireOn = StateDone, on, ""
		if kind == Dropped {
			c.State = StateDropped
		}
		c.Entries++
		if err := c.store(ctx, tx); err != nil {
			return nil, err
		}
		if err := insertEntry(ctx, tx, c, Entry{Kind: kind, On: on, At: tx.Now(), To: c.Due, Reason: reason}); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Reopen goes on with a clock that has ended: the work has come back to the one who owed it, and what was consumed of
// the period stays consumed. The days between count as a pause.
func (k *Keeper) Reopen(ctx context.Context, tx *ledger.Tx, c Clock, unit id.ID, role access.Role, reason string) (Clock, error) {
	if c.Running() {
		return c, fmt.Errorf("deadline: clock %s still runs", c.ID)
	}
	es, err := Entries(ctx, tx, c.ID.Key)
	if err != nil {
		return c, err
	}
	c.State, c.Ended, c.OwedBy, c.OwedRole = StateOpen, "", unit, role
	return k.append(ctx, tx, c, es, Entry{Kind: Reopened, On: max(tx.Today(), es[len(es)-1].On), Reason: reason})
}

// Reowe gives the running clocks of a matter that a unit owes to another unit: the matter changed hands. c may carry
// the organ and county that the matter has moved to.
func (k *Keeper) Reowe(ctx context.Context, tx *ledger.Tx, c Clock, to id.ID, role access.Role, reason string) (Clock, error) {
	if c.OwedBy == to && c.OwedRole == role {
		was, err := c, error(nil)
		if c.was == nil {
			if was, err = Get(ctx, tx, c.ID.Key); err != nil {
				return c, err
			}
		}
		if slices.Equal(was.was[organAt:organAt+3], []any{int64(c.Organ.City), c.Organ.Key, c.County}) {
			return c, nil
		}
	}
	c.OwedBy, c.OwedRole = to, role
	return k.Add(ctx, tx, c, Entry{Kind: Reowed, On: tx.Today(), Reason: reason})
}

const entryCols = `e.kind, e.on_day, e.at, e.length, e.unit, e.to_on, e.reason`

func (e *Entry) dest() []any {
	return []any{&e.Kind, &e.On, &e.At, &e.Length, &e.Unit, &e.To, &e.Reason}
}

// Entries reads a clock's ledger.
func Entries(ctx context.Context, r db.Reader, clock id.Key) ([]Entry, error) {
	return db.All(ctx, r, func(rows *db.Rows) (e Entry, err error) { return e, rows.Scan(e.dest()...) },
		`SELECT `+entryCols+` FROM clock_entries e WHERE e.city_id = $1 AND e.clock_id = $2 ORDER BY e.n`, clock)
}

// EntriesOf reads the ledgers of all clocks of a matter at once.
func EntriesOf(ctx context.Context, r db.Reader, matter id.Key) (map[id.Key][]Entry, error) {
	return entriesBy(ctx, r, `SELECT e.clock_id, `+entryCols+` FROM clock_entries e
		JOIN clocks c ON c.city_id = e.city_id AND c.id = e.clock_id WHERE c.city_id = $1 AND c.matter_id = $2 ORDER BY e.clock_id, e.n`, matter)
}

// EntriesOfClocks reads the ledgers of several clocks at once.
func EntriesOfClocks(ctx context.Context, r db.Reader, clocks []id.Key) (map[id.Key][]Entry, error) {
	if len(clocks) == 0 {
		return nil, nil
	}
	text, args := db.Build(`SELECT e.clock_id, `+entryCols+` FROM clock_entries e WHERE e.city_id = $1`).In(" AND ", "e.clock_id", clocks).Add(` ORDER BY e.clock_id, e.n`).SQL()
	return entriesBy(ctx, r, text, args...)
}

func entriesBy(ctx context.Context, r db.Reader, text string, args ...any) (map[id.Key][]Entry, error) {
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.Key][]Entry{}
	for rows.Next() {
		var k id.Key
		var e Entry
		if err := rows.Scan(append([]any{&k}, e.dest()...)...); err != nil {
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

// Last is the newest clock of a matter under a rule, running or ended.
func Last(ctx context.Context, r db.Reader, matter id.Key, rule string) (Clock, bool, error) {
	c := Clock{ID: id.ID{City: r.City()}}
	err := r.Row(ctx, `SELECT `+Columns+` FROM clocks c WHERE c.city_id = $1 AND c.matter_id = $2 AND c.rule = $3 ORDER BY c.id DESC LIMIT 1`, matter, rule).Scan(c.Dest()...)
	c.was = c.row()
	if errors.Is(err, db.ErrNoRows) {
		return c, false, nil
	}
	return c, err == nil, err
}

// Get reads one clock. The caller checks its matter under a scope.
func Get(ctx context.Context, r db.Reader, key id.Key) (Clock, error) {
	c := Clock{ID: id.ID{City: r.City()}}
	err := r.Row(ctx, `SELECT `+Columns+` FROM clocks c WHERE c.city_id = $1 AND c.id = $2`, key).Scan(c.Dest()...)
	c.was = c.row()
	if errors.Is(err, db.ErrNoRows) {
		return c, fault.Hidden()
	}
	return c, err
}

// ByKey reads several clocks. The caller has seen their matters.
func ByKey(ctx context.Context, r db.Reader, keys []string) (map[id.Key]Clock, error) {
	out := map[id.Key]Clock{}
	if len(keys) == 0 {
		return out, nil
	}
	text, args := db.Build(`SELECT `+Columns+` FROM clocks c WHERE c.city_id = $1`).In(" AND ", "c.id", keys).SQL()
	cs, err := db.All(ctx, r, scanClock(r.City()), text, args...)
	for _, c := range cs {
		out[c.ID.Key] = c
	}
	return out, err
}

// Explain lays a clock out day by day.
func (k *Keeper) Explain(c Clock, es []Entry) Explanation {
	return Explain(k.rule(c), es, k.Calendar())
}

// Soonest is the day the first running obligation of a matter is due, "" if there is none. Paused clocks have no day. It is
// what it was for as long as the transaction has written no clock.
func Soonest(ctx context.Context, tx *ledger.Tx, matter id.Key, was calendar.Date) (calendar.Date, error) {
	if !tx.Wrote(clockTable) {
		return was, nil
	}
	var d *string
	err := tx.Row(ctx, `SELECT MIN(c.due_on) FROM clocks c WHERE c.city_id = $1 AND c.matter_id = $2 AND c.state = 'open'`, matter).Scan(&d)
	if err != nil || d == nil {
		return "", err
	}
	return calendar.Date(*d), nil
}
