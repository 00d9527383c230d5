package deadline

import (
	"context"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
)

// Fires are the fires that one number counts: the kinds from First to Last, in cells of that name.
type Fires struct{ Name, First, Last string }

// Warned are the warnings, Risen what rose to the level above.
var (
	Warned = Fires{"fired.warned", "warn", "warn~"}
	Risen  = Fires{"fired.risen", FireRise, FireRise}
)

// Fired is how many warnings there were and how much rose, by rule, on the day it happened, for whoever owes the clock.
var Fired = measure.Split{Of: "f.matter_id", Rows: `SELECT f.city_id, CASE WHEN f.kind = '` + FireRise + `' THEN '` + Risen.Name + `' ELSE '` + Warned.Name + `' END AS name,
	c.county_id, c.owed_id AS unit_id, ` + sqlDay("f.at") + ` AS on_day, c.rule AS dim, '' AS mark, 1 AS n FROM fires f JOIN clocks c ON c.city_id = f.city_id AND c.id = f.clock_id
	WHERE f.city_id = $1 AND f.kind <> '` + FireLate + `'`}

// sqlDay is the day of an instant, as calendar.Instant.Date has it, in SQL that every engine has: by counting days from a
// first of March four years at a time, which is right from 1992, after the last summer time, to 2099.
func sqlDay(at string) string {
	days := `((` + at + ` / 1000000 + 28800) / 86400 + 671)`
	years := `((4 * ` + days + ` + 3) / 1461)`
	day := `(` + days + ` - 1461 * ` + years + ` / 4)`
	month := `((5 * ` + day + ` + 2) / 153)`
	months := `(12 * ` + years + ` + ` + month + ` + 2)`
	n := `CAST((1968 + ` + months + ` / 12) * 10000 + (` + months + ` % 12 + 1) * 100 + ` + day + ` - (153 * ` + month + ` + 2) / 5 + 1 AS TEXT)`
	return strings.Join([]string{`substr(` + n + `, 1, 4)`, `substr(` + n + `, 5, 2)`, `substr(` + n + `, 7, 2)`}, ` || '-' || `)
}

// counted is what a fire adds to the cells of a clock's row, nothing if no number counts it.
func counted(clock []any, kind string, at calendar.Instant, n int64) (measure.Portion, bool) {
	name := Warned.Name
	if kind == FireRise {
		name = Risen.Name
	}
	return measure.Portion{Name: name, County: clock[atCounty].(id.Key), Unit: clock[atOwed].(id.Key), On: string(at.Date()), Dim: clock[atRule].(string), N: n}, kind != FireLate
}

// count adds a fire that has just been recorded to the cells.
func count(ctx context.Context, tx *ledger.Tx, c Clock, kind string) error {
	p, ok := counted(c.row(), kind, tx.Now(), 1)
	if !ok {
		return nil
	}
	measure.Tell(ctx, tx, p)
	return nil
}

// carry moves the fires of a clock that another unit owes from now on to that unit's cells.
func carry(ctx context.Context, tx *ledger.Tx, was, is []any) error {
	if len(was) == 0 || was[atOwed] == is[atOwed] && was[atCounty] == is[atCounty] && was[atRule] == is[atRule] {
		return nil
	}
	fs, err := FiresOf(ctx, tx, is[atMatter].(id.Key))
	if err != nil {
		return err
	}
	for _, f := range fs {
		if f.Clock != is[atKey] {
			continue
		}
		before, ok := counted(was, f.Kind, f.At, -1)
		after, _ := counted(is, f.Kind, f.At, 1)
		if !ok {
			continue
		}
		measure.Tell(ctx, tx, before)
		measure.Tell(ctx, tx, after)
	}
	return nil
}
