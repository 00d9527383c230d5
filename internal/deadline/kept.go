package deadline

import (
	"context"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
)

// Kept is the share of legal clocks that ended by their day, by kind of matter and rule, on the day they were due.
// Dropped clocks are left out, and those that run are asked for themselves.
var Kept = measure.Split{Of: "c.matter_id", Rows: `SELECT c.city_id, '` + keptName + `' || x.kind AS name, c.county_id, c.owed_id AS unit_id, c.due_on AS on_day, c.rule AS dim,
	CASE WHEN c.ended_on <= c.due_on THEN '` + measure.Always + `' ELSE '' END AS mark, 1 AS n FROM clocks c JOIN matters x ON x.city_id = c.city_id AND x.id = c.matter_id
	WHERE c.city_id = $1 AND c.state = 'done' AND c.legal = TRUE`}

const keptName = "kept."

// KeptName is what the cells of Kept are called for a kind of matter.
func KeptName(kind string) string { return keptName + kind }

// portion is what a clock adds to Kept, from its row; nothing unless it is a legal one that was fulfilled.
func portion(row []any) (p measure.Portion) {
	if len(row) == 0 || row[atLegal] != true || row[atState] != StateDone {
		return p
	}
	due, ended := row[atDue].(calendar.Date), row[atEnded].(calendar.Date)
	p = measure.Portion{County: row[atCounty].(id.Key), Unit: row[atOwed].(id.Key), On: string(due), Dim: row[atRule].(string), N: 1}
	if ended <= due {
		p.Mark = measure.Always
	}
	return p
}

// Where these stand in a clock's row.
var (
	atKey                              = clockTable.At("id")
	atMatter, atRule, atLegal, atDue   = clockTable.At("matter_id"), clockTable.At("rule"), clockTable.At("legal"), clockTable.At("due_on")
	atState, atEnded, atOwed, atCounty = clockTable.At("state"), clockTable.At("ended_on"), clockTable.At("owed_id"), clockTable.At("county_id")
)

// tell brings the cells of Kept, Fired and Underway from what a clock was to what it is.
func tell(ctx context.Context, tx *ledger.Tx, was, is []any) error {
	measure.Move(ctx, tx, stands(was), stands(is))
	if err := carry(ctx, tx, was, is); err != nil {
		return err
	}
	before, after := portion(was), portion(is)
	if before == after {
		return nil
	}
	var kind string
	if err := tx.Row(ctx, `SELECT m.kind FROM matters m WHERE m.city_id = $1 AND m.id = $2`, is[atMatter]).Scan(&kind); err != nil {
		return err
	}
	before.Name, after.Name = KeptName(kind), KeptName(kind)
	measure.Move(ctx, tx, before, after)
	return nil
}

// Underway are the legal clocks that run, or with a mark are paused, by rule and the day they are due, of whoever owes them.
var (
	Underway = measure.Split{Stands: true, Of: "c.matter_id", Rows: `SELECT c.city_id, '` + underwayName + `' AS name, c.county_id, c.owed_id AS unit_id, c.due_on AS on_day, c.rule AS dim,
		CASE WHEN c.state = 'paused' THEN 'paused' ELSE '' END AS mark, 1 AS n FROM clocks c WHERE c.city_id = $1 AND c.legal = TRUE AND c.state IN ('open', 'paused')`}
	UnderwayCells = measure.Cells{Name: underwayName, County: true, Stands: true, Ahead: NearDays}
)

const underwayName = "running"

// stands is what a clock adds to Underway, from its row.
func stands(row []any) (p measure.Portion) {
	if len(row) == 0 || row[atLegal] != true || row[atState] != StateOpen && row[atState] != StatePaused {
		return p
	}
	p = measure.Portion{Name: underwayName, County: row[atCounty].(id.Key), Unit: row[atOwed].(id.Key), On: string(row[atDue].(calendar.Date)), Dim: row[atRule].(string), Stands: true, N: 1}
	if row[atState] == StatePaused {
		p.Mark = StatePaused
	}
	return p
}
