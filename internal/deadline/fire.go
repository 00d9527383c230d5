package deadline

import (
	"context"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
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

// events lists what falls due on an open clock, and when, earliest first.
func (k *Keeper) events(c Clock) []event {
	if c.State != StateOpen {
		return nil
	}
	var out []event
	t, _ := k.Rules.TimerVersion(c.Rule, c.Version)
	for _, w := range t.Warn {
		// A warning that would have come before the clock began is no warning.
		if on := c.Due.AddDays(-w); on > c.Start {
			out = append(out, event{WarnKind(w), on})
		}
	}
	out = append(out, event{FireLate, c.Due.AddDays(1)})
	if c.Legal {
		out = append(out, event{FireRise, c.Due.AddDays(1)})
	}
	return out
}

// nextFire is the first day, from today on or already missed, on which something falls due. Warnings whose day has gone
// by are not made up for: by then the date itself is near.
func (k *Keeper) nextFire(c Clock, today calendar.Date) calendar.Date {
	next := calendar.Date("")
	for _, e := range k.events(c) {
		missed := e.on < today && e.kind != FireLate && e.kind != FireRise
		if !missed && (next == "" || e.on < next) {
			next = e.on
		}
	}
	return next
}

const passBatch = 100

// Effects is what a pass does beyond recording, all in the act's transaction. Lock takes the matter, under whose lock
// alone its clocks change; Rise opens the matter at the level above; After runs once for each clock that fired or
// moved, so that what is derived from it can follow.
type Effects struct {
	Lock  func(ctx context.Context, tx *ledger.Tx, matter id.Key) error
	Rise  func(ctx context.Context, tx *ledger.Tx, c Clock) error
	After func(ctx context.Context, tx *ledger.Tx, matter id.Key) error
}

// Pass lets everything happen that has fallen due by the day in one tenant, and says how many fires there were. It may
// run at any time, twice at once, and after any number of missed days.
func (k *Keeper) Pass(ctx context.Context, l *ledger.Ledger, city id.City, today calendar.Date, fx Effects) (int, error) {
	total := 0
	after := struct {
		on calendar.Date
		id id.Key
	}{}
	for {
		// A keyset walk, so that a clock that can't be handled never stops those behind it.
		cs, err := db.All(ctx, l.DB.In(city), scanClock(city), `SELECT `+Columns+` FROM clocks c WHERE c.city_id = $1 AND c.fire_on <> '' AND c.fire_on <= $2
			AND (c.fire_on, c.id) > ($3, $4) ORDER BY c.fire_on, c.id LIMIT `+strconv.Itoa(passBatch*4), today, after.on, after.id)
		if err != nil || len(cs) == 0 {
			return total, err
		}
		after.on, after.id = cs[len(cs)-1].FireOn, cs[len(cs)-1].ID.Key
		byOrgan := map[id.ID][]Clock{}
		var order []id.ID
		for _, c := range cs {
			if byOrgan[c.Organ] == nil {
				order = append(order, c.Organ)
			}
			byOrgan[c.Organ] = append(byOrgan[c.Organ], c)
		}
		for _, organ := range order {
			for list := byOrgan[organ]; len(list) > 0; {
				n := min(passBatch, len(list))
				fired, err := k.fire(ctx, l, city, organ, list[:n], today, fx)
				if err != nil {
					return total, err
				}
				total, list = total+fired, list[n:]
			}
		}
	}
}

// fire handles clocks of one organ in one act.
func (k *Keeper) fire(ctx context.Context, l *ledger.Ledger, city id.City, organ id.ID, list []Clock, today calendar.Date, fx Effects) (int, error) {
	fired := 0
	_, err := l.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
		fired = 0
		var said []string
		for _, was := range list {
			n, kinds, err := k.fireOne(ctx, tx, was, organ, today, fx)
			if err != nil {
				return ledger.Act{}, err
			}
			fired += n
			for _, kind := range kinds {
				said = append(said, was.ID.Key+" "+kind)
			}
		}
		if fired == 0 {
			return ledger.Act{}, errNothing
		}
		return ledger.Act{Action: "clock.fire", Organ: organ, Params: map[string]any{"fires": said}}, nil
	})
	if err == errNothing {
		return 0, nil
	}
	return fired, err
}

var errNothing = nothing{}

type nothing struct{}

func (nothing) Error() string { return "nothing fell due" }

func (k *Keeper) fireOne(ctx context.Context, tx *ledger.Tx, was Clock, organ id.ID, today calendar.Date, fx Effects) (int, []string, error) {
	if fx.Lock != nil {
		if err := fx.Lock(ctx, tx, was.Matter); err != nil {
			return 0, nil, err
		}
	}
	c, err := Get(ctx, tx, was.ID.Key) // again, inside the transaction: it may have been met meanwhile
	if err != nil || c.FireOn == "" || c.FireOn > today {
		return 0, nil, err
	}
	var kinds []string
	next := calendar.Date("")
	for _, e := range k.events(c) {
		switch {
		case e.on > today:
			if next == "" || e.on < next {
				next = e.on
			}
		case e.on >= c.FireOn:
			n, err := tx.Exec(ctx, `INSERT INTO fires (city_id, clock_id, kind, due_on, at, matter_id, log_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
				ON CONFLICT (city_id, clock_id, kind, due_on) DO NOTHING`, c.ID.Key, e.kind, c.Due, int64(tx.Now()), c.Matter, organ.Key)
			if err != nil {
				return 0, nil, err
			}
			if n == 0 {
				continue // it happened before; an extension that was taken back can bring the same day again
			}
			kinds = append(kinds, e.kind)
			if e.kind == FireRise && fx.Rise != nil {
				if err := fx.Rise(ctx, tx, c); err != nil {
					return 0, nil, err
				}
			}
		}
	}
	c.FireOn = next
	if err := tx.Update(ctx, clockTable, c.row()...); err != nil {
		return 0, nil, err
	}
	if len(kinds) > 0 && fx.After != nil {
		if err := fx.After(ctx, tx, c.Matter); err != nil {
			return 0, nil, err
		}
	}
	return len(kinds), kinds, nil
}

// FiresOf reads what fell due on a matter's clocks.
func FiresOf(ctx context.Context, r db.Reader, matter id.Key) ([]Fire, error) {
	return db.All(ctx, r, func(rows *db.Rows) (f Fire, err error) {
		return f, rows.Scan(&f.Clock, &f.Kind, &f.Due, &f.At, &f.Matter)
	}, `SELECT clock_id, kind, due_on, at, matter_id FROM fires WHERE city_id = $1 AND matter_id = $2 ORDER BY at`, matter)
}

// Recompute brings every running clock whose day was provisional up to the calendar in use; each that moves gets an
// entry. Rules that changed are a run of their own (D18).
func (k *Keeper) Recompute(ctx context.Context, l *ledger.Ledger, city id.City, reason string, fx Effects) (int, error) {
	moved, last := 0, ""
	for {
		cs, err := db.All(ctx, l.DB.In(city), scanClock(city), `SELECT `+Columns+` FROM clocks c WHERE c.city_id = $1 AND c.provisional = TRUE AND c.state IN ('open', 'paused')
			AND c.id > $2 ORDER BY c.id LIMIT `+strconv.Itoa(passBatch), last)
		if err != nil || len(cs) == 0 {
			return moved, err
		}
		last = cs[len(cs)-1].ID.Key
		byOrgan := map[id.ID][]Clock{}
		for _, c := range cs {
			byOrgan[c.Organ] = append(byOrgan[c.Organ], c)
		}
		for organ, list := range byOrgan {
			n := 0
			_, err := l.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
				n = 0
				for _, was := range list {
					if fx.Lock != nil {
						if err := fx.Lock(ctx, tx, was.Matter); err != nil {
							return ledger.Act{}, err
						}
					}
					c, err := Get(ctx, tx, was.ID.Key)
					if err != nil {
						return ledger.Act{}, err
					}
					if !c.Running() {
						continue
					}
					if c, err = k.Add(ctx, tx, c, Entry{Kind: Recomputed, On: tx.Today(), Reason: reason}); err != nil {
						return ledger.Act{}, err
					}
					n++
					if fx.After != nil {
						if err := fx.After(ctx, tx, c.Matter); err != nil {
							return ledger.Act{}, err
						}
					}
				}
				if n == 0 {
					return ledger.Act{}, errNothing
				}
				return ledger.Act{Action: "clock.recompute", Organ: organ, Params: map[string]any{"reason": reason, "clocks": n}}, nil
			})
			if err != nil && err != errNothing {
				return moved, err
			}
			moved += n
		}
	}
}
