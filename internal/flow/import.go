package flow

import (
	"context"
	"fmt"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow/number"
	"qianshao/internal/ledger"
)

// Import enters a matter of the past in a transaction that the area's use case has begun: with the number, the state
// and the days it had where it was kept before. It may stand in an end state, or in the first one, whose clocks then
// run from the day it was received; the states between hold what only their moves write. Like any new matter it is
// placed in the register that its subjects allow, and bars those of them who are the system's own people. The caller
// has reserved the number (Reserve).
func (e *Engine) Import(ctx context.Context, tx *ledger.Tx, m *Matter, subjects []Subject) error {
	t, ok := e.tables[m.Kind]
	if !ok {
		return fmt.Errorf("flow: no kind %s", m.Kind)
	}
	state, ok := t.State(m.State)
	if !ok || !state.End && state.Name != t.States[0].Name {
		return fault.InvalidField("state", "sheet.state")
	}
	if m.ID.Zero() {
		m.ID = tx.NewID()
	}
	if m.Root == "" {
		m.Root = m.ID.Key
	}
	m.Open, m.Version = !state.End, 1
	if m.Opened == "" {
		m.Opened = m.Received
	}
	if err := e.place(ctx, tx, m, subjects); err != nil {
		return err
	}
	if m.No == "" {
		no, err := number.Next(ctx, tx, m.Organ, m.Kind, t.Mark, m.Received)
		if err != nil {
			return err
		}
		m.No = no
	}
	if err := tx.Insert(ctx, matterTable, m.row()...); err != nil {
		return err
	}
	if err := insertSubjects(ctx, tx, m.ID.Key, subjects); err != nil {
		return err
	}
	if m.Open {
		starts := map[string]calendar.Date{}
		for _, u := range state.Rules {
			starts[u.Rule] = m.Received
		}
		op := &Op{Tx: tx, Engine: e, M: m, Day: tx.Today(), In: Values{}}
		if err := e.startClocks(ctx, op, nil, state, starts); err != nil {
			return err
		}
	}
	if err := save(ctx, tx, m); err != nil {
		return err
	}
	return e.index(ctx, tx, m)
}

// Reserve sees to it that numbers which come in with matters of the past are never given out again.
func (e *Engine) Reserve(ctx context.Context, tx *ledger.Tx, kind string, nos []string) error {
	t, ok := e.tables[kind]
	if !ok {
		return fmt.Errorf("flow: no kind %s", kind)
	}
	return number.Reserve(ctx, tx, kind, t.Mark, nos)
}
