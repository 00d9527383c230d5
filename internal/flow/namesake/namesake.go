// Package namesake asks whether somebody of the system's own people is the person whom a matter names: they have one name,
// and no record says it (package bar keeps them from the matter meanwhile).
//
// Invariants: the organ above answers, never the person, nor anybody in their stead, nor the colleagues they work with;
// every answer gives its reason and stands in the matter's record; who named or appointed them is told nothing.
//
// Start at Service.Ask, which runs by itself, and Answer.
package namesake

import (
	"context"
	"errors"
	"fmt"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/bar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// Service is this package's use cases.
type Service struct{ Engine *flow.Engine }

// longest is how long a reason may be, in characters.
const longest = 500

var errAsked = errors.New("nothing to ask")

// Ask puts every question that is not asked yet on a desk of the organ above. It runs by itself; one that can't be asked
// keeps no other from being asked, and its error is among those returned.
func (s *Service) Ask(ctx context.Context, city id.City) (int, error) {
	asked := 0
	var failed []error
	left, err := bar.Unasked(ctx, s.Engine.Ledger.DB.In(city))
	if err != nil {
		return 0, err
	}
	for _, was := range left {
		_, err := s.Engine.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
			m, err := flow.Lock(ctx, tx, was.Matter)
			if err != nil {
				return ledger.Act{}, err
			}
			n, err := bar.Get(ctx, tx, was.Person.Key, was.Root)
			if err != nil {
				return ledger.Act{}, err
			}
			if n.Clock != "" || n.State != bar.Open || !m.Open {
				return ledger.Act{}, errAsked
			}
			seat, err := s.answering(ctx, tx, &m)
			if err != nil {
				return ledger.Act{}, err
			}
			c, err := s.Engine.Clocks.Open(ctx, tx, deadline.Opening{Matter: m.ID.Key, Root: m.Root, Rule: flow.RuleNamesake, Start: tx.Today(), OwedBy: seat.Unit.ID, OwedRole: seat.Role,
				About: n.Person.Key, Organ: m.Organ, County: m.Among()})
			if err != nil {
				return ledger.Act{}, err
			}
			n.Clock = c.ID.Key
			if err := bar.Save(ctx, tx, n); err != nil {
				return ledger.Act{}, err
			}
			return ledger.Act{Action: "namesake.ask", Organ: m.Organ, Matter: m.ID, About: "person/" + n.Person.String(), Params: map[string]any{"who": n.Name}}, flow.Save(ctx, tx, &m)
		})
		switch {
		case err == nil:
			asked++
		case !errors.Is(err, errAsked):
			failed = append(failed, fmt.Errorf("namesake of %s: %w", was.Matter, err))
		}
	}
	return asked, errors.Join(failed...)
}

// answering is where it is answered whether two are the same: with a leader of the organ above whom no bar keeps away.
func (s *Service) answering(ctx context.Context, r db.Reader, m *flow.Matter) (access.Seat, error) {
	above, err := s.Engine.Above(ctx, r, m.Organ)
	if err != nil {
		return access.Seat{}, err
	}
	at, role := above.ID, access.Deputy
	if above.ID.Zero() {
		at, role = m.Organ, access.Principal
	}
	ro, err := access.LoadRoster(ctx, r, at, id.ID{}, m.Root, r.Now().Date())
	if err != nil {
		return access.Seat{}, err
	}
	return ro.Route(ctx, role)
}

// Question is a namesake, as a reader sees it.
type Question struct {
	bar.Namesake
	Mine bool // the reader may answer it now
}

// Of reads who has the name of somebody named in a matter's family, and what was answered.
func (s *Service) Of(ctx context.Context, r db.Reader, who access.Actor, m flow.Matter) ([]Question, error) {
	ns, err := bar.Namesakes(ctx, r, m.Root)
	if err != nil {
		return nil, err
	}
	out := make([]Question, len(ns))
	for i, n := range ns {
		out[i].Namesake = n
		if n.State == bar.Open {
			if out[i].Mine, err = s.answers(ctx, r, who, &m, n); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// answers says whether the actor is one to answer: at the desk that owes it, or a leader of the organ above; never the
// person themselves, nor anybody in their stead.
func (s *Service) answers(ctx context.Context, r db.Reader, who access.Actor, m *flow.Matter, n bar.Namesake) (bool, error) {
	if who.Person == n.Person.Key {
		return false, nil
	}
	unit, roles := m.Organ, []access.Role{access.Principal}
	above, err := s.Engine.Above(ctx, r, m.Organ)
	if err != nil {
		return false, err
	}
	if !above.ID.Zero() {
		unit, roles = above.ID, []access.Role{access.Deputy, access.Principal}
	}
	if n.Clock != "" {
		c, err := deadline.Get(ctx, r, n.Clock)
		if err != nil {
			return false, err
		}
		if hat, ok := who.HatFor(c.OwedRole, c.OwedBy); ok && hat.For != n.Person.Key {
			return true, nil
		}
	}
	for _, role := range roles {
		if hat, ok := who.HatFor(role, unit); ok && hat.For != n.Person.Key {
			return true, nil
		}
	}
	return false, nil
}

// Answer says whether a namesake is the person named. The same: they are barred for good, as if they had been known
// from the beginning. Another: the bar is lifted, and the reason stands in the record.
func (s *Service) Answer(ctx context.Context, who access.Actor, matter id.ID, person id.Key, same bool, note string) error {
	_, err := s.Engine.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		seen, err := flow.Get(ctx, tx, who, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		n, err := bar.Get(ctx, tx, person, seen.Root)
		if err != nil {
			return ledger.Act{}, err
		}
		m, err := flow.Lock(ctx, tx, n.Matter) // the matter that asks: its clock is under its lock
		if err != nil {
			return ledger.Act{}, err
		}
		if n, err = bar.Get(ctx, tx, person, seen.Root); err != nil { // again, under the lock
			return ledger.Act{}, err
		}
		if n.State != bar.Open {
			return ledger.Act{}, fault.New(fault.Conflict, "namesake.answered")
		}
		if mine, err := s.answers(ctx, tx, who, &m, n); err != nil {
			return ledger.Act{}, err
		} else if !mine {
			return ledger.Act{}, fault.New(fault.Forbidden, "namesake.not_yours")
		}
		reason := note
		if err := typed.One("note", &reason, true, longest); err != nil {
			return ledger.Act{}, err
		}
		act := ledger.Act{Action: "namesake.other", Organ: m.Organ, Matter: m.ID, About: "person/" + n.Person.String(), Params: map[string]any{"who": n.Name, "note": reason}}
		if same {
			act.Action = "namesake.same"
		}
		if n.Clock != "" {
			c, err := deadline.Get(ctx, tx, n.Clock)
			if err != nil {
				return ledger.Act{}, err
			}
			if c.Running() {
				if _, err := s.Engine.Clocks.Add(ctx, tx, c, deadline.Entry{Kind: deadline.Fulfilled, On: tx.Today(), Reason: act.Action}); err != nil {
					return ledger.Act{}, err
				}
			}
		}
		// A matter that joined another family took its questions along; one answer holds for both.
		both, err := bar.Beside(ctx, tx, n)
		if err != nil {
			return ledger.Act{}, err
		}
		for _, x := range both {
			x.State, x.Note, x.Decider, x.DeciderName, x.Decided = bar.Other, reason, who.Person, who.Name, tx.Today()
			if same {
				x.State = bar.Same
				if err := bar.Set(ctx, tx, person, x.Root, bar.Named); err != nil {
					return ledger.Act{}, err
				}
			}
			if err := bar.Save(ctx, tx, x); err != nil {
				return ledger.Act{}, err
			}
		}
		if same {
			if err := s.Engine.Known(ctx, tx, &m, n.Person.Key, n.Name); err != nil {
				return ledger.Act{}, err
			}
		}
		return act, flow.Save(ctx, tx, &m)
	})
	return err
}
