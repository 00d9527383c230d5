package deadline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// Recompute brings every running clock up to the calendar in use. A clock that moves, or whose day is firm now, gets an
// entry; no other clock is touched, so that running it again does nothing. Rules that changed are a run of their own
// (Retime).
func (k *Keeper) Recompute(ctx context.Context, l *ledger.Ledger, city id.City, reason string, fx Effects) (int, error) {
	return k.recompute(ctx, l, city, reason, span{"0001-01-01", "9999-12-31"}, fx)
}

// span is a run of days, both included.
type span struct{ from, to calendar.Date }

func (k *Keeper) recompute(ctx context.Context, l *ledger.Ledger, city id.City, reason string, days span, fx Effects) (int, error) {
	book := k.Calendar()
	return k.run(ctx, l, run{who: access.ByProgram(city), city: city, days: days, fx: fx, action: "clock.recompute", params: map[string]any{"reason": reason},
		plan: func(c Clock, es []Entry, today calendar.Date) []step {
			r := Compute(k.rule(c), es, book)
			if r.Due == c.Due && r.Provisional == c.Provisional {
				return nil
			}
			return []step{{c, Entry{Kind: Recomputed, On: today, Reason: reason}}}
		}})
}

// step is one entry that a run adds, and the clock as it is then to be counted.
type step struct {
	clock Clock
	entry Entry
}

// run is something done to all running clocks of a tenant that need it.
type run struct {
	who    access.Actor
	city   id.City
	days   span     // only clocks that run on some of these days
	rules  []string // only clocks under these rules; all if nil
	fx     Effects
	action string
	params map[string]any
	plan   func(c Clock, es []Entry, today calendar.Date) []step // pure; no steps: the clock stays as it is
}

// run walks the running clocks in the order of their due days. Whether one needs anything is seen without a lock, and
// once more under it; those that do are written in batches, an act each.
func (k *Keeper) run(ctx context.Context, l *ledger.Ledger, r run) (int, error) {
	moved := 0
	var failed []error
	err := pages(ctx, l.DB.In(r.city), r, func(need []Clock) error {
		for _, list := range k.batches(need) {
			n, err := k.write(ctx, l, r, list)
			moved += n
			if err == nil {
				continue
			}
			if hopeless(err) || ctx.Err() != nil {
				return err
			}
			for i := range list {
				n, err := k.write(ctx, l, r, list[i:i+1])
				moved += n
				if err != nil {
					failed = append(failed, fmt.Errorf("clock %s: %w", list[i].ID, err))
				}
			}
		}
		return nil
	})
	return moved, errors.Join(append(failed, err)...)
}

// pages hands out the clocks that need a run, as seen without a lock.
func pages(ctx context.Context, in db.Reader, r run, do func(need []Clock) error) error {
	var last Clock
	for {
		b := db.Build(`SELECT `+Columns+` FROM clocks c WHERE c.city_id = $1 AND c.state IN ('open', 'paused')
			AND c.due_on >= ? AND c.start_on <= ? AND (c.due_on, c.id) > (?, ?)`, r.days.from, r.days.to, last.Due, last.ID.Key)
		if r.rules != nil {
			b.In(" AND ", "c.rule", r.rules)
		}
		text, args := b.Add(` ORDER BY c.due_on, c.id LIMIT ` + strconv.Itoa(passBatch*4)).SQL()
		cs, err := db.All(ctx, in, scanClock(r.city), text, args...)
		if err != nil || len(cs) == 0 {
			return err
		}
		last = cs[len(cs)-1]
		need, err := needing(ctx, in, cs, r.plan)
		if err != nil {
			return err
		}
		if err := do(need); err != nil {
			return err
		}
	}
}

// needing picks the clocks for which the plan has a step.
func needing(ctx context.Context, r db.Reader, cs []Clock, plan func(Clock, []Entry, calendar.Date) []step) ([]Clock, error) {
	keys := make([]string, len(cs))
	for i, c := range cs {
		keys[i] = c.ID.Key
	}
	text, args := db.Build(`SELECT e.clock_id, `+entryCols+` FROM clock_entries e WHERE e.city_id = $1`).In(" AND ", "e.clock_id", keys).Add(` ORDER BY e.clock_id, e.n`).SQL()
	es, err := entriesBy(ctx, r, text, args...)
	if err != nil {
		return nil, err
	}
	today := r.Now().Date()
	return slices.DeleteFunc(cs, func(c Clock) bool { return len(plan(c, es[c.ID.Key], today)) == 0 }), nil
}

// write carries a run out on clocks of one organ, in one act.
func (k *Keeper) write(ctx context.Context, l *ledger.Ledger, r run, list []Clock) (int, error) {
	n, organ := 0, list[0].Organ
	_, err := l.Write(ctx, r.who, r.city, func(tx *ledger.Tx) (ledger.Act, error) {
		n = 0
		var said []string
		wants := func(c Clock) bool { return c.Running() && c.Organ == organ }
		_, err := each(ctx, tx, list, r.fx, wants, func(c Clock) error {
			es, err := Entries(ctx, tx, c.ID.Key)
			if err != nil {
				return err
			}
			was := c.Due
			steps := r.plan(c, es, tx.Today())
			for _, s := range steps {
				// Of the plan's clock only how it is counted; the rest follows from the entry before.
				c.Version, c.Hash, c.Length, c.Unit, c.Legal = s.clock.Version, s.clock.Hash, s.clock.Length, s.clock.Unit, s.clock.Legal
				if c, err = k.Add(ctx, tx, c, s.entry); err != nil {
					return err
				}
			}
			if len(steps) > 0 {
				n++
				said = append(said, c.ID.Key+" "+string(was)+" "+string(c.Due))
			}
			return nil
		})
		if err != nil {
			return ledger.Act{}, err
		}
		if n == 0 {
			return ledger.Act{}, errNothing
		}
		params := maps.Clone(r.params)
		params["clocks"], params["moved"] = n, said
		return ledger.Act{Action: r.action, Organ: organ, Params: params}, nil
	})
	if err != nil {
		n = 0
	}
	if err == errNothing {
		err = nil
	}
	return n, err
}

// heads lists the organs that stand at the head of a tenant, the uppermost tenant first: what concerns the deployment
// as a whole is written in their logs.
func heads(ctx context.Context, r db.Reader) ([]access.Unit, error) {
	// A tenant whose superior tenant is not in this deployment stands uppermost.
	cities, err := db.Column[id.City](ctx, r.Shared(), `SELECT t.city_id FROM tenants t LEFT JOIN tenants a ON a.city_id = t.above_id
		ORDER BY CASE WHEN a.city_id IS NULL THEN 0 ELSE 1 END, t.city_id`)
	if err != nil {
		return nil, err
	}
	var out []access.Unit
	for _, c := range cities {
		u, err := access.Top(ctx, r.For(c))
		if err != nil {
			return nil, err
		}
		if !u.ID.Zero() {
			out = append(out, u)
		}
	}
	return out, nil
}

// mayTend says whether the actor may do what concerns every clock of the deployment: the host's operator, or the
// system administrator of a tenant's head organ, not of one county among others.
func mayTend(ctx context.Context, r db.Reader, who access.Actor) error {
	if who.Automatic() {
		return nil
	}
	top, err := access.Top(ctx, r.For(who.City))
	if err != nil {
		return err
	}
	if !who.Is(access.SysAdmin, top.ID) {
		return fault.New(fault.Forbidden, "clock.not_tender")
	}
	return nil
}
