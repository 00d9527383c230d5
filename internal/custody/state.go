package custody

import (
	"context"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
)

// State is how an organ's key stands: what its custodians are shown. No private half is in it, wrapped or not.
type State struct {
	Organ    access.Unit
	Has      bool
	Unlocked bool
	Idle     time.Duration // unused for so long, it locks itself
	Made     calendar.Date // of the key new things are sealed to
	Suite    string
	File     bool        // it opens with a key file and the passphrase
	Earlier  int         // keys retired, kept for what was sealed to them
	Holders  []string    // who may unlock it
	Above    access.Unit // the organ whose key opens the same things; zero at the top
	AboveHas bool
	Uses     []Use
	Waiting  []Waiting // letters to be opened with it
	Alerts   int       // of the watch over reporters, to be looked at
	Left     []string  // who knows the passphrase and is no custodian any more
}

// Use is one thing done with the key.
type Use struct {
	At     calendar.Instant
	Action string // key.make, key.unlock, key.lock
	Name   string
}

// usesShown is how many uses the custodians' page lists.
const usesShown = 12

// Look reads how the key of the actor's organ stands.
func (k *Keeper) Look(ctx context.Context, who access.Actor) (State, error) {
	r := k.Ledger.DB.In(who.City)
	organ, above, err := access.WithAbove(ctx, r, who.Unit().Organ)
	if err != nil {
		return State{}, err
	}
	s := State{Organ: organ, Above: above, Unlocked: k.Ring.Unlocked(organ.ID.String()), Idle: k.Ring.Idle}
	ks, err := Keys(ctx, r, organ.ID)
	if err != nil {
		return s, err
	}
	if c, ok := current(ks); ok {
		s.Has, s.Made, s.Suite, s.Earlier = true, calendar.Date(c.Made), c.Suite, len(ks)-1
		s.File = seal.NeedsFile(c.Wrapped)
	}
	if !s.Above.ID.Zero() {
		up, err := Keys(ctx, r, s.Above.ID)
		if err != nil {
			return s, err
		}
		_, s.AboveHas = current(up)
	}
	ro, err := access.LoadRoster(ctx, r, organ.ID, id.ID{}, "", r.Now().Date())
	if err != nil {
		return s, err
	}
	var people []string
	for _, h := range ro.Hands(access.Intake, organ.ID.Key) {
		s.Holders, people = append(s.Holders, h.Name), append(people, h.Person)
	}
	if s.Uses, err = uses(ctx, r, people); err != nil {
		return s, err
	}
	if err := r.Row(ctx, `SELECT COUNT(m.id) FROM matters m WHERE m.city_id = $1 AND m.kind = '`+Alert+`' AND m.organ_id = $2 AND m.open = TRUE`, organ.ID.Key).Scan(&s.Alerts); err != nil {
		return s, err
	}
	if s.Waiting, err = waiting(ctx, r, who, organ.ID.Key); err != nil || !s.Has {
		return s, err
	}
	s.Left, err = left(ctx, r, organ.ID.Key, people)
	return s, err
}

// uses reads what the custodians of today did with the key; those of before stand in the log.
func uses(ctx context.Context, r db.Reader, people []string) ([]Use, error) {
	// Written out, not given as parameters: the index is of these acts alone.
	b := db.Build(`SELECT a.at, a.action, p.name FROM acts a JOIN people p ON p.city_id = a.city_id AND p.id = a.actor_id WHERE a.city_id = $1 AND a.action IN ('key.make', 'key.unlock', 'key.lock')`)
	b.In(` AND `, "a.actor_id", people)
	text, args := b.Add(` ORDER BY a.at DESC LIMIT ?`, usesShown).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (u Use, err error) {
		return u, rows.Scan(&u.At, &u.Action, &u.Name)
	}, text, args...)
}

// rewrap closes the organ's earlier keys under a new secret as well, so that one opens everything. It
// needs them unlocked; the private half is matched to its row by the public one.
func rewrap(ks []Key, privates []string, s seal.Secret) error {
	for i := range ks {
		for _, p := range privates {
			public, err := seal.Public(p)
			if err != nil {
				return err
			}
			if public != ks[i].Public {
				continue
			}
			if ks[i].Wrapped, err = seal.Wrap(p, s); err != nil {
				return err
			}
		}
	}
	return nil
}
