package flow

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// StepDays is the measure of how many days the matters of a kind were at each step of their header.
func StepDays(kind string) string { return kind + ".step_days" }

// StepCells are what counts the steps.
func StepCells(kind string) measure.Cells { return measure.Cells{Name: "steps." + kind} }

// Steps is how many steps were left, of every kind of matter.
var Steps = measure.Split{Of: "t.matter_id", Rows: `SELECT t.city_id, 'steps.' || x.kind AS name, '' AS county_id, t.unit_id, t.on_day, t.dim, '' AS mark, 1 AS n FROM tallies t
	JOIN matters x ON x.city_id = t.city_id AND x.id = t.matter_id WHERE t.city_id = $1 AND t.measure = x.kind || '.step_days' AND t.dim <> ''`}

// step counts, for a matter that comes from one state to another, the days it was at the step that it leaves: since it left
// the one before, or since it was opened for the first. How long it was closed is no work: a matter that is taken up again
// begins anew, and so does one of which it isn't known how long it has been where it is.
func (e *Engine) step(ctx context.Context, op *Op, from, to State) error {
	t, m := e.tables[op.M.Kind], op.M
	if !t.Timed || from.Stage == to.Stage && from.End == to.End {
		return nil
	}
	since, err := db.Column[calendar.Date](ctx, op.Tx, `SELECT COALESCE(MAX(t.on_day), '') FROM tallies t WHERE t.city_id = $1 AND t.matter_id = $2 AND t.measure = $3`, m.ID.Key, StepDays(m.Kind))
	if err != nil {
		return err
	}
	began := since[0]
	if began == "" && from.Stage == t.States[0].Stage {
		began = m.Opened
	}
	// It is the number of whoever had the matter. One whose register stands above the county leaves none below (D22).
	unit := m.Organ.Key
	if len(m.was) > handlerAt && m.Level >= access.County {
		if had, ok := m.was[handlerAt].(string); ok && had != "" {
			unit = had
		}
	}
	if from.End || began == "" {
		return measure.Count(ctx, op.Tx, StepDays(m.Kind), "", unit, op.Day, m.ID.Key, 0)
	}
	return measure.CountMean(ctx, op.Tx, StepDays(m.Kind), StepCells(m.Kind), from.Stage, unit, op.Day, m.ID.Key, max(op.Day.Sub(began), 0))
}
