// Package heir gives the open matters that a unit worked on to the one that took its place when it was merged (package org).
//
// The words: the heir is the unit that took over. What a unit works on is what it handles, and what it owes on matters that
// somebody else handles.
//
// Invariants: each matter is given by an act of its own, under its lock; states, deadlines and what was signed stay as they
// are, and no day starts anew; giving twice gives once; signatures that waited for people of the merged unit are handed on by
// flow.Reroute, as whenever a post ends.
//
// Start at Succeed; package app runs it as a job of the act that merged the unit.
package heir

import (
	"context"
	"errors"

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
func Succeed(ctx context.Context, e *flow.Engine, city id.City, from, to id.Key) (int, error) {
	r := e.Ledger.DB.In(city)
	heir, err := access.GetUnit(ctx, r, to)
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
	for _, key := range keys {
		_, err := e.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
			m, err := flow.Lock(ctx, tx, key)
			if err != nil {
				return ledger.Act{}, err
			}
			changed := m.Handler == (id.ID{City: city, Key: from})
			if changed {
				if _, err := flow.HandTo(ctx, &flow.Op{Tx: tx, Engine: e, M: &m, Day: tx.Today()}, to); err != nil {
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
				if _, err := e.Clocks.Reowe(ctx, tx, c, heir.ID, c.OwedRole, ""); err != nil {
					return ledger.Act{}, err
				}
			}
			if !changed {
				return ledger.Act{}, errUnchanged
			}
			if e.Index != nil {
				if err := e.Index(ctx, tx, &m); err != nil {
					return ledger.Act{}, err
				}
			}
			return ledger.Act{Action: "matter.succeed", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"from": from, "to": heir.Name}}, flow.Save(ctx, tx, &m)
		})
		if err != nil && err != errUnchanged {
			return given, err
		}
		if err == nil {
			given++
		}
	}
	return given, nil
}
