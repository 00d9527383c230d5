package access

import (
	"context"
	"strconv"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Settings are what a county, or the city above it, decided for itself (D21): dated, the nearest unit wins.
type Settings map[string]string

// LoadSettings reads what holds for an organ on a day: the city's settings, overridden by the organ's own.
func LoadSettings(ctx context.Context, r db.Reader, organ id.Key, on calendar.Date) (Settings, error) {
	set, err := db.All(ctx, r, func(rows *db.Rows) (x Setting, err error) { return x, rows.Scan(&x.Unit, &x.Key, &x.Value) },
		`SELECT s.unit_id, s.key, s.value FROM settings s LEFT JOIN units u ON u.city_id = s.city_id AND u.id = s.unit_id
		WHERE s.city_id = $1 AND s.from_on <= $3 AND (s.unit_id = $2 OR u.superior_id = '') ORDER BY s.key, s.from_on`, organ, on)
	return Prevailing(set, organ), err
}

// Setting is what a unit, or the tenant's top, set for a key.
type Setting struct {
	Unit       id.Key
	Key, Value string
}

// Prevailing is what holds for an organ of what was set, in the order of days: its own before the top's, the latest of each.
func Prevailing(set []Setting, organ id.Key) Settings {
	out, mine := Settings{}, map[string]bool{}
	for _, x := range set {
		if x.Unit == organ {
			mine[x.Key] = true
		} else if mine[x.Key] {
			continue
		}
		out[x.Key] = x.Value
	}
	return out
}

// Int is a setting as a whole number, 0 if it is not set.
func (s Settings) Int(key string) int {
	n, _ := strconv.Atoi(s[key]) // settings are checked when they are set
	return n
}

// History is what a tenant's units set for one key over time, for pages that show several organs or days.
type History []setting

type setting struct {
	unit id.Key
	top  bool // by the tenant's top
	from calendar.Date
	n    int
}

// LoadHistory reads all that was ever set for a key.
func LoadHistory(ctx context.Context, r db.Reader, key string) (History, error) {
	return db.All(ctx, r, func(rows *db.Rows) (x setting, err error) {
		var value string
		err = rows.Scan(&x.unit, &x.top, &x.from, &value)
		x.n = Settings{key: value}.Int(key)
		return x, err
	}, `SELECT s.unit_id, COALESCE(u.superior_id, '-') = '', s.from_on, s.value FROM settings s LEFT JOIN units u ON u.city_id = s.city_id AND u.id = s.unit_id
		WHERE s.city_id = $1 AND s.key = $2 ORDER BY s.from_on`, key)
}

// Int is what held for an organ on a day, as LoadSettings has it; 0 if nobody had set it.
func (h History) Int(organ id.Key, on calendar.Date) int {
	n, own := 0, false
	for _, x := range h {
		if x.from <= on && (x.unit == organ || x.top && !own) {
			n, own = x.n, x.unit == organ
		}
	}
	return n
}
