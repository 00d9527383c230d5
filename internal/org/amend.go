package org

import (
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// Amendments: what is known of a unit, a person, a holding or an official was mended, in the transaction of an act that
// says so. They take column names of the tables above with their new values.

// amend writes some columns of a row anew and keeps the others.
func amend(ctx context.Context, tx *ledger.Tx, t *ledger.Table, key id.Key, set map[string]any) error {
	cols := t.Columns()
	vals, dest := make([]any, len(cols)), make([]any, len(cols))
	for i := range vals {
		dest[i] = &vals[i]
	}
	err := tx.Row(ctx, `SELECT `+t.List("x")+` FROM `+t.Name+` x WHERE x.city_id = $1 AND x.id = $2`, key).Scan(dest...)
	if err == db.ErrNoRows {
		return fault.Hidden()
	}
	if err != nil {
		return err
	}
	for name, v := range set {
		vals[slices.Index(cols, name)] = v
	}
	return tx.Update(ctx, t, vals...)
}

// RenameUnit gives a unit another name from a day on; what it was called before stays known.
func RenameUnit(ctx context.Context, tx *ledger.Tx, u access.Unit, name string, from calendar.Date) error {
	short := u.Short
	if short == u.Name {
		short = name
	}
	if err := amend(ctx, tx, unitTable, u.ID.Key, map[string]any{"name": name, "short": short, "pinyin": text.Pinyin(name), "initials": text.Initials(name)}); err != nil {
		return err
	}
	return attribute(ctx, tx, u, from, name, u.Superior)
}

// attribute writes what a unit is called and what it lies under from a day on.
func attribute(ctx context.Context, tx *ledger.Tx, u access.Unit, from calendar.Date, name string, superior id.Key) error {
	n, err := db.Column[string](ctx, tx, `SELECT a.from_on FROM unit_attrs a WHERE a.city_id = $1 AND a.unit_id = $2 AND a.from_on = $3`, u.ID.Key, from)
	if err != nil {
		return err
	}
	if len(n) > 0 {
		return tx.Update(ctx, unitAttrTable, u.ID.Key, from, u.Code, name, superior)
	}
	return tx.Insert(ctx, unitAttrTable, u.ID.Key, from, u.Code, name, superior)
}

// AmendPerson mends what is known of a person: born, discipline_months, outside_no.
func AmendPerson(ctx context.Context, tx *ledger.Tx, person id.Key, set map[string]any) error {
	return amend(ctx, tx, personTable, person, set)
}

// AmendHolding mends a holding: from_on, full_time.
func AmendHolding(ctx context.Context, tx *ledger.Tx, holding id.Key, set map[string]any) error {
	return amend(ctx, tx, holdingTable, holding, set)
}

// AmendOfficial mends an entry of the register, its unit apart; to_on takes somebody off it.
func AmendOfficial(ctx context.Context, tx *ledger.Tx, official id.Key, set map[string]any) error {
	if name, ok := set["name"].(string); ok {
		set["pinyin"] = text.Pinyin(name)
	}
	return measure.Recast(ctx, tx, []measure.About{{Matter: official, Shares: []measure.Split{Registered}}}, func() error { return amend(ctx, tx, officialTable, official, set) })
}

// AmendDuty mends what is known of a duty: assigned_by, paper, from_on, to_on.
func AmendDuty(ctx context.Context, tx *ledger.Tx, duty id.Key, set map[string]any) error {
	return amend(ctx, tx, dutyTable, duty, set)
}

// EndDuty ends something a holder did besides.
func EndDuty(ctx context.Context, tx *ledger.Tx, duty id.Key, on calendar.Date) error {
	return amend(ctx, tx, dutyTable, duty, map[string]any{"to_on": on})
}

// HeadGroup says who heads a work group; "" is nobody of the commission.
func HeadGroup(ctx context.Context, tx *ledger.Tx, group, holding id.Key) error {
	return amend(ctx, tx, groupTable, group, map[string]any{"head_holding": holding})
}

// EndGroup ends the commission's part in a work group or task.
func EndGroup(ctx context.Context, tx *ledger.Tx, group id.Key, on calendar.Date) error {
	return amend(ctx, tx, groupTable, group, map[string]any{"to_on": on})
}

// AmendSize replaces the count of an organ's cadres on a day that was counted before.
func AmendSize(ctx context.Context, tx *ledger.Tx, s Size) error {
	return tx.Update(ctx, sizeTable, s.Unit, s.On, s.Authorised, s.Actual)
}

// AmendBase replaces a unit's base.
func AmendBase(ctx context.Context, tx *ledger.Tx, b Base) error {
	return tx.Update(ctx, baseTable, b.Unit, b.On, b.N, b.Basis)
}
