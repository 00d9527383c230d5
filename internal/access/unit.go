package access

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// The levels of the tree. A lower number stands higher. An office has the level of its organ.
const (
	Nation   = 0
	Province = 1
	City     = 2
	County   = 3
	Township = 4
	Village  = 5
)

// Unit is a node of the tree as it is today; what it was called before is in unit_attrs.
type Unit struct {
	ID       id.ID
	Kind     string // province, city, county, office, township, village, station, department
	Level    int
	Code     string
	Name     string
	Short    string
	Superior id.Key
	County   id.Key // the county it lies in, itself for a county, "" above
	Township id.Key
	Organ    id.Key // the organ whose register and log it belongs to, itself for an organ
	Office   id.Key // for a township: the county office that looks after it
	Opened   calendar.Date
	Closed   calendar.Date
	Version  int64
}

// Commission is what the unit's discipline commission is called: 石桥镇纪委, 云渡县纪委监委. Units are named as places
// (石桥镇); offices and other bodies have no commission and go by their own name.
func (u Unit) Commission() string {
	switch u.Kind {
	case "province", "city", "county":
		return u.Name + "纪委监委"
	case "township":
		if strings.HasSuffix(u.Name, "街道") {
			return u.Name + "纪工委"
		}
		return u.Name + "纪委"
	}
	return u.Name
}

// OrganID is the unit's organ. Units of one tree share the tenant.
func (u Unit) OrganID() id.ID { return id.ID{City: u.ID.City, Key: u.Organ} }

// IsOrgan says whether the unit is a commission with a register and a log of its own.
func (u Unit) IsOrgan() bool { return u.Organ == u.ID.Key && u.Level <= County }

const unitCols = `u.id, u.kind, u.level, u.code, u.name, u.short, u.superior_id, u.county_id, u.township_id, u.organ_id, u.office_id, u.opened_on, u.closed_on, u.version`

func scanUnit(city id.City) func(*db.Rows) (Unit, error) {
	return func(rows *db.Rows) (Unit, error) {
		u := Unit{ID: id.ID{City: city}}
		return u, rows.Scan(u.dest()...)
	}
}

func (u *Unit) dest() []any {
	return []any{&u.ID.Key, &u.Kind, &u.Level, &u.Code, &u.Name, &u.Short, &u.Superior, &u.County, &u.Township, &u.Organ, &u.Office, &u.Opened, &u.Closed, &u.Version}
}

// GetUnit reads one unit. Units are no secret within a deployment: everybody signed in may see the tree.
func GetUnit(ctx context.Context, r db.Reader, key id.Key) (Unit, error) {
	us, err := db.All(ctx, r, scanUnit(r.City()), `SELECT `+unitCols+` FROM units u WHERE u.city_id = $1 AND u.id = $2`, key)
	if err != nil {
		return Unit{}, err
	}
	if len(us) == 0 {
		return Unit{}, fault.Hidden()
	}
	return us[0], nil
}

// UnitByCode finds an open unit by its division code.
func UnitByCode(ctx context.Context, r db.Reader, code string) (Unit, error) {
	us, err := db.All(ctx, r, scanUnit(r.City()), `SELECT `+unitCols+` FROM units u WHERE u.city_id = $1 AND u.code = $2 AND u.closed_on = '' ORDER BY u.level, u.id LIMIT 1`, code)
	if err != nil {
		return Unit{}, err
	}
	if len(us) == 0 {
		return Unit{}, fault.Hidden()
	}
	return us[0], nil
}

// Units reads several units by key, in no order.
func Units(ctx context.Context, r db.Reader, keys []string) (map[string]Unit, error) {
	keys = distinct(keys)
	out := make(map[string]Unit, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	text, args := db.Build(`SELECT `+unitCols+` FROM units u WHERE u.city_id = $1`).In(" AND ", "u.id", keys).SQL()
	us, err := db.All(ctx, r, scanUnit(r.City()), text, args...)
	for _, u := range us {
		out[u.ID.Key] = u
	}
	return out, err
}

// UnitsOfAll reads several units of several tenants, in no order.
func UnitsOfAll(ctx context.Context, r db.Reader, ids []id.ID) ([]Unit, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return unitsOf(ctx, r, db.BuildOf(ids, `SELECT u.city_id, `+unitCols+` FROM w CROSS JOIN units u WHERE u.city_id = w.city_id AND u.id = w.id`))
}

// unitsOf reads units of several tenants.
func unitsOf(ctx context.Context, r db.Reader, b *db.Builder) ([]Unit, error) {
	text, args := b.SQL()
	return db.Many(ctx, r.Shared(), 0, Unit{}, func(u *Unit) []any { return append([]any{&u.ID.City}, u.dest()...) }, text, args...)
}

// Heads lists the organs at the head of several tenants' trees, and their counties: each in the order of tenants and codes.
func Heads(ctx context.Context, r db.Reader, cities []id.City) (tops, counties []Unit, err error) {
	if tops, err = Tops(ctx, r, cities); err != nil {
		return nil, nil, err
	}
	ids := make([]id.ID, len(tops))
	for i, u := range tops {
		ids[i] = u.ID
	}
	counties, err = unitsOf(ctx, r, db.BuildOf(ids, `SELECT u.city_id, `+unitCols+` FROM w CROSS JOIN units u WHERE u.city_id = w.city_id AND u.superior_id = w.id AND u.kind = 'county' AND u.closed_on = ''
		ORDER BY u.city_id, u.code, u.name, u.id`))
	return tops, counties, err
}

// Below lists the open units directly under one, of certain kinds (all if none are named), in the order of codes.
func Below(ctx context.Context, r db.Reader, superior id.Key, kinds ...string) ([]Unit, error) {
	b := db.Build(`SELECT `+unitCols+` FROM units u WHERE u.city_id = $1 AND u.superior_id = ? AND u.closed_on = ''`, superior)
	if len(kinds) > 0 {
		b.In(" AND ", "u.kind", kinds)
	}
	text, args := b.Add(` ORDER BY u.code, u.name, u.id`).SQL()
	return db.All(ctx, r, scanUnit(r.City()), text, args...)
}

// UnitsOf lists the open units of a kind within a county, or within the whole tenant when county is "".
func UnitsOf(ctx context.Context, r db.Reader, county id.Key, kind string) ([]Unit, error) {
	b := db.Build(`SELECT ` + unitCols + ` FROM units u WHERE u.city_id = $1 AND u.closed_on = ''`)
	b.If(county != "", ` AND u.county_id = ?`, county).Add(` AND u.kind = ? ORDER BY u.code, u.name, u.id`, kind)
	text, args := b.SQL()
	return db.All(ctx, r, scanUnit(r.City()), text, args...)
}

// Open lists all open units of a tenant, from the top down.
func Open(ctx context.Context, r db.Reader) ([]Unit, error) {
	return db.All(ctx, r, scanUnit(r.City()), `SELECT `+unitCols+` FROM units u WHERE u.city_id = $1 AND u.closed_on = '' ORDER BY u.level, u.code, u.name, u.id`)
}

// Above is the organ one level up: the county for a township, the city for a county, the province for a city. The
// province lies in a tenant of its own. It returns a zero unit at the top.
func Above(ctx context.Context, r db.Reader, organ Unit) (Unit, error) {
	if organ.Superior != "" {
		return GetUnit(ctx, r, organ.Superior)
	}
	return aboveTop(ctx, r, organ)
}

// WithAbove reads an organ together with the one that Above names.
func WithAbove(ctx context.Context, r db.Reader, key id.Key) (organ, above Unit, err error) {
	us, err := db.All(ctx, r, scanUnit(r.City()), `SELECT `+unitCols+` FROM units x CROSS JOIN units u WHERE x.city_id = $1 AND x.id = $2 AND u.city_id = x.city_id AND u.id IN (x.id, x.superior_id)`, key)
	if err != nil {
		return organ, above, err
	}
	for _, u := range us {
		if u.ID.Key == key {
			organ = u
		} else {
			above = u
		}
	}
	switch {
	case organ.ID.Zero():
		return organ, above, fault.Hidden()
	case organ.Superior == "":
		above, err = aboveTop(ctx, r, organ)
	}
	return organ, above, err
}

// aboveTop is the organ above the head of a tenant's tree: the head of the tenant above.
func aboveTop(ctx context.Context, r db.Reader, organ Unit) (Unit, error) {
	var above id.City
	err := r.Shared().Row(ctx, `SELECT above_id FROM tenants WHERE city_id = $1`, int64(organ.ID.City)).Scan(&above)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return Unit{}, err
	}
	if above == 0 {
		return Unit{}, nil
	}
	return Top(ctx, r.For(above))
}

// Top is the organ at the head of a tenant's tree.
func Top(ctx context.Context, r db.Reader) (Unit, error) {
	us, err := db.All(ctx, r, scanUnit(r.City()), `SELECT `+unitCols+` FROM units u WHERE u.city_id = $1 AND u.superior_id = '' ORDER BY u.level, u.id LIMIT 1`)
	if err != nil || len(us) == 0 {
		return Unit{}, err
	}
	return us[0], nil
}

// Tops are the organs at the head of several tenants' trees.
func Tops(ctx context.Context, r db.Reader, cities []id.City) ([]Unit, error) {
	at := map[id.City]Unit{}
	us, err := db.All(ctx, r.Shared(), func(rows *db.Rows) (u Unit, err error) {
		return u, rows.Scan(append([]any{&u.ID.City}, u.dest()...)...)
	}, `SELECT u.city_id, `+unitCols+` FROM tenants n CROSS JOIN units u WHERE u.city_id = n.city_id AND u.superior_id = '' ORDER BY u.city_id, u.level DESC, u.id DESC`)
	for _, u := range us {
		at[u.ID.City] = u
	}
	var out []Unit
	for _, c := range cities {
		out = append(out, at[c])
	}
	return out, err
}

// Kin is a unit with those it lies under and the office that looks after it, by key, and the open units directly under it, in
// the order of codes.
func Kin(ctx context.Context, r db.Reader, key id.Key) (u Unit, above map[id.Key]Unit, below []Unit, err error) {
	us, err := db.All(ctx, r, scanUnit(r.City()), `SELECT `+unitCols+` FROM units x CROSS JOIN units u WHERE x.city_id = $1 AND x.id = $2 AND u.city_id = x.city_id AND u.id IN (x.id, x.superior_id, x.county_id, x.township_id, x.office_id)
		UNION ALL SELECT `+unitCols+` FROM units u WHERE u.city_id = $1 AND u.superior_id = ''
		UNION ALL SELECT `+unitCols+` FROM units u WHERE u.city_id = $1 AND u.superior_id = $2 AND u.closed_on = ''`, key)
	above = map[id.Key]Unit{}
	for _, x := range us {
		switch {
		case x.Superior == key:
			below = append(below, x)
		default:
			above[x.ID.Key] = x
		}
	}
	u, ok := above[key]
	if err == nil && !ok {
		err = fault.Hidden()
	}
	slices.SortFunc(below, func(a, b Unit) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID.Key, b.ID.Key))
	})
	return u, above, below, err
}

// Around lists the open units of a tenant that one may turn to: its head, its counties, and under the one that is named its
// townships, in the order of codes.
func Around(ctx context.Context, r db.Reader, county id.Key) ([]Unit, error) {
	b := db.Build(`SELECT ` + unitCols + ` FROM units u WHERE u.city_id = $1 AND u.superior_id = ''`)
	b.Add(` UNION ALL SELECT ` + unitCols + ` FROM units t CROSS JOIN units u WHERE t.city_id = $1 AND t.superior_id = '' AND u.city_id = t.city_id AND u.superior_id = t.id AND u.kind = 'county' AND u.closed_on = ''`)
	b.If(county != "", ` UNION ALL SELECT `+unitCols+` FROM units u WHERE u.city_id = $1 AND u.county_id = ? AND u.kind = 'township' AND u.closed_on = ''`, county)
	text, args := b.SQL()
	us, err := db.All(ctx, r, scanUnit(r.City()), text, args...)
	slices.SortFunc(us, func(a, b Unit) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID.Key, b.ID.Key))
	})
	var out []Unit
	for _, u := range us {
		if u.Superior == "" && (len(out) == 0 || u.Level < out[0].Level) {
			out = []Unit{u}
		}
	}
	for _, k := range us {
		if k.Kind != "county" || k.Superior == "" {
			continue
		}
		out = append(out, k)
		for _, t := range us {
			if t.Kind == "township" && k.ID.Key == county {
				out = append(out, t)
			}
		}
	}
	return out, err
}

func distinct(keys []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, k := range keys {
		if k != "" && !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}
