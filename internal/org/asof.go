package org

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// UnitAsOf finds the unit that had a division code on a day. A code that was given up and reused names whoever had it
// then; a code nobody had that day is not found.
func UnitAsOf(ctx context.Context, r db.Reader, code string, on calendar.Date) (access.Unit, error) {
	if code == "" {
		return access.Unit{}, fault.Hidden()
	}
	keys, err := db.Column[string](ctx, r, `SELECT a.unit_id FROM unit_attrs a JOIN units u ON u.city_id = a.city_id AND u.id = a.unit_id
		WHERE a.city_id = $1 AND a.code = $2 AND a.from_on <= $3 AND (u.closed_on = '' OR u.closed_on > $3)
		AND NOT EXISTS (SELECT 1 FROM unit_attrs n WHERE n.city_id = a.city_id AND n.unit_id = a.unit_id AND n.from_on > a.from_on AND n.from_on <= $3)
		ORDER BY u.level, u.id LIMIT 1`, code, on)
	if err != nil {
		return access.Unit{}, err
	}
	if len(keys) == 0 {
		return access.Unit{}, fault.Hidden()
	}
	return access.GetUnit(ctx, r, keys[0])
}

// AsOf is a unit as it was on a day, by what it was called before (Past): its name, code, and what it lay under. Before its first
// day it is as it began.
func AsOf(u access.Unit, names []Name, on calendar.Date) access.Unit {
	for i, n := range names {
		if n.From <= on || i == len(names)-1 {
			u.Name, u.Superior, u.Code = n.Name, n.Superior, n.Code
			break
		}
	}
	return u
}

// Below lists what lay under a unit on a day, under the names and codes of that day, in the order of codes.
func Below(ctx context.Context, r db.Reader, unit id.Key, on calendar.Date) ([]access.Unit, error) {
	return db.All(ctx, r, func(rows *db.Rows) (u access.Unit, err error) {
		u.ID.City = r.City()
		return u, rows.Scan(&u.ID.Key, &u.Kind, &u.Level, &u.Code, &u.Name)
	}, `SELECT u.id, u.kind, u.level, a.code, a.name FROM unit_attrs a JOIN units u ON u.city_id = a.city_id AND u.id = a.unit_id
		WHERE a.city_id = $1 AND a.superior_id = $2 AND a.from_on <= $3 AND u.opened_on <= $3 AND (u.closed_on = '' OR u.closed_on > $3)
		AND NOT EXISTS (SELECT 1 FROM unit_attrs n WHERE n.city_id = a.city_id AND n.unit_id = a.unit_id AND n.from_on > a.from_on AND n.from_on <= $3) ORDER BY a.code, a.name, u.id`, unit, on)
}
