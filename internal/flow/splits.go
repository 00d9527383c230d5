package flow

import (
	"context"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
)

// recast makes a write about a matter that is the cause of some shares, and brings their cells up to it.
func (e *Engine) recast(ctx context.Context, tx *ledger.Tx, m *Matter, cause string, do func() error) error {
	own, parent := measure.About{Matter: m.ID.Key}, measure.About{Matter: m.Parent}
	for _, s := range e.Splits {
		switch {
		case s.Cause == cause && s.Child:
			parent.Shares = append(parent.Shares, s)
		case s.Cause == cause, s.Tally == cause:
			own.Shares = append(own.Shares, s)
		}
	}
	return measure.Recast(ctx, tx, []measure.About{own, parent}, do)
}

// tally counts a matter once.
func (e *Engine) tally(ctx context.Context, tx *ledger.Tx, m *Matter, name, dim string, unit id.Key, on calendar.Date) error {
	return e.recast(ctx, tx, m, name, func() error { return measure.Count(ctx, tx, name, dim, unit, on, m.ID.Key, 1) })
}

// CountOn counts a matter of the past for its organ, on the day it happened.
func (e *Engine) CountOn(ctx context.Context, tx *ledger.Tx, m *Matter, name, dim string, on calendar.Date) error {
	return e.tally(ctx, tx, m, name, dim, m.Organ.Key, on)
}

// handlerAt is where the handling unit stands in a matter's row.
var handlerAt = matterTable.At("handler_id")

// keep is save, for a matter that may have changed hands.
func (e *Engine) keep(ctx context.Context, tx *ledger.Tx, m *Matter) error {
	if len(m.was) > handlerAt && m.was[handlerAt] == m.Handler.Key {
		if err := save(ctx, tx, m); err != nil {
			return err
		}
	} else if err := e.recast(ctx, tx, m, measure.CauseHandler, func() error { return save(ctx, tx, m) }); err != nil {
		return err
	}
	return e.changed(ctx, tx, m)
}

func (e *Engine) changed(ctx context.Context, tx *ledger.Tx, m *Matter) error {
	if f := e.tables[m.Kind].Hooks.Changed; f != nil {
		return f(ctx, tx, m)
	}
	return nil
}

// Open are the matters that are open, by source, of whoever handles them.
var Open = measure.Split{Stands: true, Of: "m.id", Rows: `SELECT m.city_id, '` + openName + `' || m.kind AS name, m.county_id, m.handler_id AS unit_id, '' AS on_day, m.source AS dim, '' AS mark, 1 AS n
	FROM matters m WHERE m.city_id = $1 AND m.ended_on = ''`}

const openName = "open."

// OpenCells are the cells of Open for a kind of matter.
func OpenCells(kind string) measure.Cells {
	return measure.Cells{Name: openName + kind, County: true, Stands: true}
}

// Where these stand in a matter's row.
var kindAt, endedAt, countyAt, sourceAt = matterTable.At("kind"), matterTable.At("ended_on"), matterTable.At("county_id"), matterTable.At("source")

// stands is what a matter adds to Open, from its row.
func stands(row []any) (p measure.Portion) {
	if len(row) == 0 || row[endedAt] != calendar.Date("") {
		return p
	}
	return measure.Portion{Name: openName + row[kindAt].(string), County: row[countyAt].(id.Key), Unit: row[handlerAt].(id.Key), Dim: row[sourceAt].(string), Stands: true, N: 1}
}
