// Package heir gives the open matters that a unit worked on to the one that took its place when it was merged (package org), and
// what a county's personnel owe to its chief while nobody sees to personnel there, and back (Personnel).
//
// The words: the heir is the unit that took over. What a unit works on is what it handles, and what it owes on matters that
// somebody else handles.
//
// Invariants: each matter is given by an act of its own, under its lock; states, deadlines and what was signed stay as they
// are, and no day starts anew; a matter about somebody of the heir, or one that nobody there may work on, is not given to it but
// back to case supervision; giving twice gives once; signatures that waited for people of the merged unit are handed on by
// flow.Reroute, as whenever a post ends.
//
// Start at Succeed; package app runs it for every merge there was, right after one and every hour: what is handed to a unit
// while it is merged, or comes to an heir that is merged itself, is found the next time.
package heir

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

var errUnchanged = errors.New("nothing to give")

// Succeed gives the open matters that a unit worked on to the one that took its place when it was merged, with what is owed
// on them, an act for each. It may run twice, and says how many it gave.
func Succeed(ctx context.Context, e *flow.Engine, city id.City, from, into id.Key) (int, error) {
	r := e.Ledger.DB.In(city)
	heir, err := access.GetUnit(ctx, r, into)
	if err != nil {
		return 0, err
	}
	// What it worked on, and what it owed on matters that somebody else works on.
	keys, err := db.Column[string](ctx, r, `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.handler_id = $2 AND m.handler_city = $1 AND m.open = TRUE
		UNION SELECT c.matter_id FROM clocks c WHERE c.city_id = $1 AND c.owed_city = $1 AND c.owed_id = $2 AND c.state IN ('open', 'paused') ORDER BY 1`, from)
	if err != nil {
		return 0, err
	}
	given := 0
	var failed []error // of one matter; the others have their turn
	for _, key := range keys {
		_, err := e.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
			m, err := flow.Lock(ctx, tx, key)
			if err != nil {
				return ledger.Act{}, err
			}
			fit, err := mayTake(ctx, tx, m, heir)
			if err != nil {
				return ledger.Act{}, err
			}
			to, role, why := heir.ID, access.Role(""), ""
			if !fit { // what nobody there may do comes back to case supervision, which hands it out anew
				to, role, why = m.Organ, access.Supervision, "recused"
			}
			changed := fit && m.Handler == (id.ID{City: city, Key: from})
			if changed {
				if _, err := flow.HandTo(ctx, &flow.Op{Tx: tx, Engine: e, M: &m, Day: tx.Today()}, heir.ID.Key); err != nil {
					return ledger.Act{}, err
				}
			}
			running, err := deadline.Running(ctx, tx, m.ID.Key)
			if err != nil {
				return ledger.Act{}, err
			}
			for _, c := range running {
				if c.OwedBy != (id.ID{City: city, Key: from}) {
					continue
				}
				changed = true
				if _, err := e.Clocks.Reowe(ctx, tx, c, to, cmp.Or(role, c.OwedRole), why); err != nil {
					return ledger.Act{}, err
				}
			}
			if !changed {
				return ledger.Act{}, errUnchanged
			}
			if err := e.HandOn(ctx, tx, &m); err != nil {
				return ledger.Act{}, err
			}
			if e.Index != nil {
				if err := e.Index(ctx, tx, &m); err != nil {
					return ledger.Act{}, err
				}
			}
			return ledger.Act{Action: "matter.succeed", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"from": from, "to": heir.Name}}, flow.Save(ctx, tx, &m)
		})
		switch err {
		case nil:
			given++
		case errUnchanged:
		default:
			failed = append(failed, err)
		}
	}
	return given, errors.Join(failed...)
}

// mayTake says whether somebody of the heir may work on a matter, and nobody of it is who the matter speaks of.
func mayTake(ctx context.Context, tx *ledger.Tx, m flow.Matter, heir access.Unit) (bool, error) {
	if heir.Kind == "village" {
		return true, nil // works on nothing
	}
	named, err := db.Column[id.Key](ctx, tx, `SELECT b.person_id FROM bars b JOIN holdings h ON h.city_id = b.city_id AND h.person_id = b.person_id
		WHERE b.city_id = $1 AND b.root_id = $2 AND b.why = 'named' AND h.unit_id = $3 AND h.from_on <= $4 AND (h.to_on = '' OR h.to_on > $4)`, m.Root, heir.ID.Key, tx.Today())
	if err != nil || len(named) > 0 {
		return false, err
	}
	ro, err := access.LoadRoster(ctx, tx, m.Organ, heir.ID, m.Root, tx.Today())
	if err != nil {
		return false, err
	}
	return len(ro.Hands(access.Handler, heir.ID.Key))+len(ro.Hands(access.Head, heir.ID.Key)) > 0, nil
}

// Personnel has every county's chief owe what is owed by whoever sees to its people while nobody does, and them again once
// somebody is there. It may run twice, and says how many days changed hands.
func Personnel(ctx context.Context, e *flow.Engine, city id.City) (int, error) {
	var rules []string
	for _, kind := range e.Kinds() {
		t, _ := e.Table(kind)
		for _, s := range t.States {
			for _, u := range s.Rules {
				if u.By == flow.ByPersonnel && !slices.Contains(rules, u.Rule) {
					rules = append(rules, u.Rule)
				}
			}
		}
	}
	r := e.Ledger.DB.In(city)
	counties, err := db.Column[id.Key](ctx, r, `SELECT u.id FROM units u WHERE u.city_id = $1 AND u.kind IN ('city', 'county') AND u.closed_on = '' ORDER BY u.code`)
	if err != nil {
		return 0, err
	}
	given := 0
	var failed []error // of one matter; the others have their turn
	for _, organ := range counties {
		some, err := access.Staffed(ctx, r, organ, access.Personnel)
		if err != nil {
			return given, err
		}
		from, to := access.Principal, access.Personnel
		if !some {
			from, to = to, from
		}
		b := db.Build(`SELECT c.id, c.matter_id FROM clocks c WHERE c.city_id = $1 AND c.owed_city = $1 AND c.owed_id = ? AND c.owed_role = ? AND c.state IN ('open', 'paused')`, organ, from)
		text, args := b.In(` AND `, "c.rule", rules).Add(` ORDER BY c.due_on, c.id`).SQL()
		cs, err := db.All(ctx, r, func(rows *db.Rows) (x [2]id.Key, err error) { return x, rows.Scan(&x[0], &x[1]) }, text, args...)
		if err != nil {
			return given, err
		}
		for _, x := range cs {
			_, err := e.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
				m, err := flow.Lock(ctx, tx, x[1])
				if err != nil {
					return ledger.Act{}, err
				}
				if err := e.Rehand(ctx, &flow.Op{Tx: tx, Engine: e, M: &m, Day: tx.Today()}); err != nil {
					return ledger.Act{}, err
				}
				if c, err := deadline.Get(ctx, tx, x[0]); err != nil || c.OwedRole == from {
					return ledger.Act{}, cmp.Or(err, errUnchanged)
				}
				return ledger.Act{Action: "matter.restaff", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"role": to}}, flow.Save(ctx, tx, &m)
			})
			switch err {
			case nil:
				given++
			case errUnchanged:
			default:
				failed = append(failed, err)
			}
		}
	}
	return given, errors.Join(failed...)
}
