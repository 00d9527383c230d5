package org

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
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
