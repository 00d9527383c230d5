package deadline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// The kinds of fire: warnings are warn7, warn3 …, by their days; late on the day after; rise, for legal clocks.
const (
	FireLate = "late"
	FireRise = "rise"
)

// WarnKind names a warning so many days before.
func WarnKind(days int) string { return "warn" + strconv.Itoa(days) }

// fireTable is covered because a row put in by hand would keep a clock from rising, and one taken out would hide that it
// had.
var fireTable = &ledger.Table{Name: "fires", Key: []string{"clock_id", "kind", "due_on"}, Cols: []string{"at", "matter_id", "log_id"}}

// Fire is something that fell due on a clock.
type Fire struct {
	Clock  id.Key
	Kind   string
	Due    calendar.Date
	At     calendar.Instant
	Matter id.Key
}

type event struct {
	kind string
	on   calendar.Date
}

// events lists what falls due on an open clock with the ledger, and when. A warning falls on a working day: one whose
// day is off comes on the last working day before it, for on the day itself nobody reads it and after it there may be
// no time left. A warning that would have come before the clock began, or before the day it speaks of was set (an
// extension, a resumption), is no warning: the one who set it knows.
func (k *Keeper) events(c Clock, es []Entry) []event {
	if c.State != StateOpen {
		return nil
	}
	var out []event
	t, _ := k.Rules.TimerVersion(c.Rule, c.Version)
	book, since := k.Calendar(), armed(es)
	for _, w := range t.Warn {
		on := c.Due.AddDays(-w)
		if !book.Working(on) {
			on, _ = book.AddWorking(on, -1)
		}
		if on > c.Start && on >= since {
			out = append(out, event{WarnKind(w), on})
		}
	}
	out = append(out, event{FireLate, c.Due.AddDays(1)})
	if c.Legal {
		out = append(out, event{FireRise, c.Due.AddDays(1)})
	}
	return out
}

// armed is the day since which a clock has been due when it is due now. What falls due rests on this and on the rows
// in fires alone, never on when a pass ran, so that a pass missed for a month loses nothing.
func armed(es []Entry) calendar.Date {
	var due, since calendar.Date
	for _, e := range es {
		if e.To != due {
			due, since = e.To, e.At.Date()
		}
	}
	return since
}

// nextFire is the first day on which something falls due that has not yet; it may lie in the past.
func (k *Keeper) nextFire(c Clock, es []Entry, done []string) calendar.Date {
	next := calendar.Date("")
	for _, e := range k.events(c, es) {
		if !slices.Contains(done, e.kind) && (next == "" || e.on < next) {
			next = e.on
		}
	}
	return next
}

// Effects is what a pass does beyond recording, all in the act's transaction. Lock takes the matter, under whose lock
// alone its clocks change (nil only where nobody else can be at work); Rise opens the matter at the level above; After
// runs once for each matter that was locked, so that what is derived from its clocks can follow.
type Effects struct {
	Lock  func(ctx context.Context, tx *ledger.Tx, matter id.Key) error
	Rise  func(ctx context.Context, tx *ledger.Tx, c Clock) error
	After func(ctx context.Context, tx *ledger.Tx, matter id.Key) error
}

// Pass lets everything happen that has fallen due by the day in one tenant, and says how many fires there were. It may
// run at any time, twice at once, and after any number of missed days. A clock that can't be handled is left as it was
// and named in the error, and stops nobody else's. While a jump of the system's time is on hold nothing fires: the
// fault is clock.held.
func (k *Keeper) Pass(ctx context.Context, l *ledger.Ledger, city id.City, today calendar.Date, fx Effects) (int, error) {
	total := 0
	var failed []error
	after := struct {
		on calendar.Date
		id id.Key
	}{}
	for {
		cs, err := db.All(ctx, l.DB.In(city), scanClock(city), `SELECT `+Columns+` FROM clocks c WHERE c.city_id = $1 AND c.fire_on <> '' AND c.fire_on <= $2
			AND (c.fire_on, c.id) > ($3, $4) ORDER BY c.fire_on, c.id LIMIT `+strconv.Itoa(passBatch*4), today, after.on, after.id)
		if err != nil || len(cs) == 0 {
			return total, errors.Join(append(failed, err)...)
		}
		after.on, after.id = cs[len(cs)-1].FireOn, cs[len(cs)-1].ID.Key
		for _, list := range k.batches(cs) {
			n, err := k.fire(ctx, l, city, list, today, fx)
			total += n
			if err == nil {
				continue
			}
			if hopeless(err) || ctx.Err() != nil {
				return total, err
			}
			// One of them fails: each by itself, so that it keeps nobody else from being warned.
			for i := range list {
				n, err := k.fire(ctx, l, city, list[i:i+1], today, fx)
				total += n
				if err != nil {
					if hopeless(err) {
						return total, err
					}
					failed = append(failed, fmt.Errorf("clock %s: %w", list[i].ID, err))
				}
			}
		}
	}
}

// hopeless says whether an error is the same for every clock: no database, or firing on hold.
func hopeless(err error) bool {
	return fault.KindOf(err) == fault.Unavailable || fault.Code(err) == codeHeld
}

// batches cuts clocks into what one act of one organ's log speaks of. Within a batch the matters stand in the order of
// their keys, the order in which everybody who locks several takes them, so that two runs wait for each other instead
// of deadlocking.
func (k *Keeper) batches(cs []Clock) [][]Clock {
	byOrgan := map[id.ID][]Clock{}
	var order []id.ID
	for _, c := range cs {
		if byOrgan[c.Organ] == nil {
			order = append(order, c.Organ)
		}
		byOrgan[c.Organ] = append(byOrgan[c.Organ], c)
	}
	var out [][]Clock
	for _, organ := range order {
		for list := range slices.Chunk(byOrgan[organ], k.batch) {
			slices.SortStableFunc(list, func(a, b Clock) int { return strings.Compare(a.Matter, b.Matter) })
			out = append(out, list)
		}
	}
	return out
}

// fire handles clocks of one organ in one act.
func (k *Keeper) fire(ctx context.Context, l *ledger.Ledger, city id.City, list []Clock, today calendar.Date, fx Effects) (int, error) {
	fired := 0
	organ := list[0].Organ
	_, err := l.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
		fired = 0
		if _, on, err := Held(ctx, tx); err != nil || on {
			return ledger.Act{}, orHeld(err)
		}
		said := []string{}
		// Not wanted any more: met, moved or fired meanwhile. One that changed registers is left to the next pass.
		wants := func(c Clock) bool { return c.Organ == organ && c.FireOn != "" && c.FireOn <= today }
		some, err := each(ctx, tx, list, fx, wants, func(c Clock) error {
			kinds, err := k.fireOne(ctx, tx, c, today, fx)
			fired += len(kinds)
			for _, kind := range kinds {
				said = append(said, c.ID.Key+" "+kind)
			}
			return err
		})
		if err != nil {
			return ledger.Act{}, err
		}
		if !some {
			return ledger.Act{}, errNothing
		}
		return ledger.Act{Action: "clock.fire", Organ: organ, Params: map[string]any{"fires": said}}, nil
	})
	if err != nil {
		fired = 0
	}
	if err == errNothing {
		err = nil
	}
	return fired, err
}

// each runs do for the clocks that are still wanted, and says whether there were any. The list stands in the order of
// matters; each clock is read anew under its matter's lock, and what is derived from the matter's clocks follows. A
// matter is locked only if one of its clocks seems wanted, because the lock alone makes the version old that somebody
// has on a page; and once it is locked its row has changed and After must put it into the act, wanted or not.
func each(ctx context.Context, tx *ledger.Tx, list []Clock, fx Effects, wants func(Clock) bool, do func(Clock) error) (some bool, err error) {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Matter == list[0].Matter {
			n++
		}
		did, err := eachOf(ctx, tx, list[:n], fx, wants, do)
		if err != nil {
			return some, err
		}
		some, list = some || did, list[n:]
	}
	return some, nil
}

// eachOf is each for the clocks of one matter.
func eachOf(ctx context.Context, tx *ledger.Tx, list []Clock, fx Effects, wants func(Clock) bool, do func(Clock) error) (some bool, err error) {
	var still []Clock
	for _, c := range list {
		if c, err = Get(ctx, tx, c.ID.Key); err != nil {
			return false, err
		}
		if wants(c) {
			still = append(still, c)
		}
	}
	if len(still) == 0 {
		return false, nil
	}
	if fx.Lock != nil {
		if err := fx.Lock(ctx, tx, still[0].Matter); err != nil {
			return false, err
		}
	}
	for _, c := range still {
		if c, err = Get(ctx, tx, c.ID.Key); err != nil {
			return some, err
		}
		if !wants(c) {
			continue
		}
		if err := do(c); err != nil {
			return some, err
		}
		some = true
	}
	if fx.After == nil {
		return some, nil
	}
	return some, fx.After(ctx, tx, still[0].Matter)
}

var errNothing = errors.New("nothing fell due")

// fireOne records what fell due on a clock by the day, and wakes it next when something else does.
func (k *Keeper) fireOne(ctx context.Context, tx *ledger.Tx, c Clock, today calendar.Date, fx Effects) ([]string, error) {
	es, err := Entries(ctx, tx, c.ID.Key)
	if err != nil {
		return nil, err
	}
	var kinds, done []string
	for _, e := range k.events(c, es) {
		if e.on > today {
			continue
		}
		done = append(done, e.kind)
		first, err := tx.InsertOnce(ctx, fireTable, c.ID.Key, e.kind, c.Due, int64(tx.Now()), c.Matter, c.Organ.Key)
		if err != nil {
			return nil, err
		}
		if !first {
			continue // it happened before: an earlier warning of the same day, or a day that was set, moved and set again
		}
		if err := count(ctx, tx, c, e.kind); err != nil {
			return nil, err
		}
		kinds = append(kinds, e.kind)
		if e.kind == FireRise && fx.Rise != nil {
			if err := fx.Rise(ctx, tx, c); err != nil {
				return nil, err
			}
		}
	}
	c.FireOn = k.nextFire(c, es, done)
	return kinds, c.store(ctx, tx)
}

// firedFor lists the kinds that have fallen due on a clock for a due day.
func firedFor(ctx context.Context, r db.Reader, clock id.Key, due calendar.Date) ([]string, error) {
	return db.Column[string](ctx, r, `SELECT kind FROM fires WHERE city_id = $1 AND clock_id = $2 AND due_on = $3`, clock, due)
}

// FiresOf reads what fell due on a matter's clocks.
func FiresOf(ctx context.Context, r db.Reader, matter id.Key) ([]Fire, error) {
	return db.All(ctx, r, func(rows *db.Rows) (f Fire, err error) {
		return f, rows.Scan(&f.Clock, &f.Kind, &f.Due, &f.At, &f.Matter)
	}, `SELECT clock_id, kind, due_on, at, matter_id FROM fires WHERE city_id = $1 AND matter_id = $2 ORDER BY at, clock_id, kind`, matter)
}

// Unfired counts the clocks of a tenant on which something fell due before the day and has not happened yet.
func Unfired(ctx context.Context, r db.Reader, before calendar.Date) (int, error) {
	var n int
	return n, r.Row(ctx, `SELECT COUNT(id) FROM clocks WHERE city_id = $1 AND fire_on <> '' AND fire_on < $2`, before).Scan(&n)
}

// Waiting is the first day on which something fell due that no pass has handled yet, up to the day; "" for none.
func Waiting(ctx context.Context, r db.Reader, until calendar.Date) (calendar.Date, error) {
	var day *calendar.Date
	if err := r.Row(ctx, `SELECT MIN(fire_on) FROM clocks WHERE city_id = $1 AND fire_on <> '' AND fire_on <= $2`, until).Scan(&day); err != nil || day == nil {
		return "", err
	}
	return *day, nil
}
