package org

import (
	"cmp"
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
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

// AsOf is a unit as it was on a day, by what it was called before: its name, code, and what it lay under. Before its first
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

// UnitThen is AsOf for whoever has not read what the unit was called.
func UnitThen(ctx context.Context, r db.Reader, u access.Unit, on calendar.Date) (access.Unit, error) {
	names, err := db.All(ctx, r, func(rows *db.Rows) (n Name, err error) {
		return n, rows.Scan(&n.From, &n.Code, &n.Name, &n.Superior)
	}, `SELECT a.from_on, a.code, a.name, a.superior_id FROM unit_attrs a WHERE a.city_id = $1 AND a.unit_id = $2 ORDER BY a.from_on DESC`, u.ID.Key)
	return AsOf(u, names, on), err
}

// then are the columns of a unit as it was on a day, from its attributes of that day: nobody's row says what it was called before.
const then = `u.id, u.kind, u.level, a.code, a.name, a.superior_id, u.opened_on, u.closed_on`

func scanThen(r db.Reader) func(*db.Rows) (access.Unit, error) {
	return func(rows *db.Rows) (u access.Unit, err error) {
		u.ID.City = r.City()
		return u, rows.Scan(&u.ID.Key, &u.Kind, &u.Level, &u.Code, &u.Name, &u.Superior, &u.Opened, &u.Closed)
	}
}

// KinThen is a unit as it was on a day with what lay under it then, in the order of codes. One that was not there that day is hidden.
func KinThen(ctx context.Context, r db.Reader, key id.Key, on calendar.Date) (u access.Unit, below []access.Unit, err error) {
	us, err := db.All(ctx, r, scanThen(r), `SELECT `+then+` FROM unit_attrs a JOIN units u ON u.city_id = a.city_id AND u.id = a.unit_id
		WHERE a.city_id = $1 AND a.unit_id = $2 AND u.opened_on <= $3 AND (u.closed_on = '' OR u.closed_on > $3)
		AND a.from_on = (SELECT MAX(n.from_on) FROM unit_attrs n WHERE n.city_id = a.city_id AND n.unit_id = a.unit_id AND n.from_on <= $3)
		UNION ALL SELECT `+then+` FROM unit_attrs a JOIN units u ON u.city_id = a.city_id AND u.id = a.unit_id
		WHERE a.city_id = $1 AND a.superior_id = $2 AND a.from_on <= $3 AND u.opened_on <= $3 AND (u.closed_on = '' OR u.closed_on > $3)
		AND NOT EXISTS (SELECT 1 FROM unit_attrs n WHERE n.city_id = a.city_id AND n.unit_id = a.unit_id AND n.from_on > a.from_on AND n.from_on <= $3)`, key, on)
	for _, x := range us {
		if x.ID.Key == key {
			u = x
		} else {
			below = append(below, x)
		}
	}
	if err == nil && u.ID.Zero() {
		err = fault.Hidden()
	}
	slices.SortFunc(below, func(a, b access.Unit) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID.Key, b.ID.Key))
	})
	return u, below, err
}

// SearchUnitsThen is SearchUnits among the units of a day, by the names and codes of that day. Initials are those of today.
func SearchUnitsThen(ctx context.Context, r db.Reader, typed string, on calendar.Date, limit int) ([]Found, error) {
	b := db.Build(`SELECT u.id, u.kind, a.code, a.name, COALESCE(s.name, ''), CASE WHEN u.kind = 'village' THEN COALESCE(k.name, '') ELSE '' END FROM units u
		JOIN unit_attrs a ON a.city_id = u.city_id AND a.unit_id = u.id AND a.from_on = (SELECT MAX(n.from_on) FROM unit_attrs n WHERE n.city_id = u.city_id AND n.unit_id = u.id AND n.from_on <= ?)
		LEFT JOIN unit_attrs s ON s.city_id = a.city_id AND s.unit_id = a.superior_id AND s.from_on = (SELECT MAX(n.from_on) FROM unit_attrs n WHERE n.city_id = a.city_id AND n.unit_id = a.superior_id AND n.from_on <= ?)
		LEFT JOIN unit_attrs k ON k.city_id = s.city_id AND k.unit_id = s.superior_id AND k.from_on = (SELECT MAX(n.from_on) FROM unit_attrs n WHERE n.city_id = s.city_id AND n.unit_id = s.superior_id AND n.from_on <= ?)
		WHERE u.city_id = $1 AND u.opened_on <= ? AND (u.closed_on = '' OR u.closed_on > ?)`, on, on, on, on, on)
	part := typedPart(text.Name(typed))
	if part == "" {
		return nil, nil
	}
	q, args := b.Add(` AND (lower(a.name) LIKE ? OR a.code LIKE ? OR u.initials LIKE ?) ORDER BY u.level, a.code, u.id LIMIT ?`, "%"+part+"%", part+"%", part+"%", limit).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (f Found, err error) {
		f.ID.City = r.City()
		return f, rows.Scan(&f.ID.Key, &f.Kind, &f.Code, &f.Name, &f.Superior, &f.County)
	}, q, args...)
}

// NamesThen are the names that units had on a day, by key; one that was not yet there has none.
func NamesThen(ctx context.Context, r db.Reader, keys []id.Key, on calendar.Date) (map[id.Key]string, error) {
	out := map[id.Key]string{}
	if len(keys) == 0 {
		return out, nil
	}
	text, args := db.Build(`SELECT a.unit_id, a.name FROM unit_attrs a WHERE a.city_id = $1 AND a.from_on = (SELECT MAX(n.from_on) FROM unit_attrs n WHERE n.city_id = a.city_id AND n.unit_id = a.unit_id AND n.from_on <= ?)`, on).
		In(` AND `, "a.unit_id", keys).SQL()
	_, err := db.All(ctx, r, func(rows *db.Rows) (struct{}, error) {
		var key, name string
		err := rows.Scan(&key, &name)
		out[key] = name
		return struct{}{}, err
	}, text, args...)
	return out, err
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

// TownshipsOn lists the townships that a county has on a day, under the names and codes of that day, in the order of codes.
func TownshipsOn(ctx context.Context, r db.Reader, county id.Key, on calendar.Date) ([]access.Unit, error) {
	if on >= r.Now().Date() {
		return access.UnitsOf(ctx, r, county, "township")
	}
	us, err := Below(ctx, r, county, on)
	us = slices.DeleteFunc(us, func(u access.Unit) bool { return u.Kind != "township" })
	for i := range us {
		us[i].Short, us[i].Superior, us[i].County, us[i].Township = us[i].Name, county, county, us[i].ID.Key
	}
	return us, err
}
