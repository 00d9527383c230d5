package exchange

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// unitIndex finds units by what stands in a cell.
type unitIndex struct {
	all    map[id.Key]access.Unit
	byCode map[string]access.Unit
	byName map[string][]access.Unit
	county id.Key // the county that rows must lie in; "" when the actor stands above
	stale  bool   // a unit has been given another name
	merged map[string][]mergedUnit
}

func (x *unitIndex) add(u access.Unit) {
	x.all[u.ID.Key] = u
	if u.Code != "" {
		x.byCode[text.Name(u.Code)] = u
	}
	x.byName[text.Name(u.Name)] = append(x.byName[text.Name(u.Name)], u)
}

func loadUnits(ctx context.Context, r db.Reader, who access.Actor) (*unitIndex, error) {
	keys, err := db.Column[string](ctx, r, `SELECT u.id FROM units u WHERE u.city_id = $1 AND u.closed_on = ''`)
	if err != nil {
		return nil, err
	}
	x := &unitIndex{all: map[id.Key]access.Unit{}, byCode: map[string]access.Unit{}, byName: map[string][]access.Unit{}}
	if u := who.Unit(); !who.Automatic() && u.Level >= access.County {
		x.county = u.County
	}
	for len(keys) > 0 {
		k := min(len(keys), 500)
		us, err := access.Units(ctx, r, keys[:k])
		if err != nil {
			return nil, err
		}
		for _, u := range us {
			x.add(u)
		}
		keys = keys[k:]
	}
	x.merged, err = loadMerged(ctx, r)
	return x, err
}

// allowed says whether the actor may import rows of the unit.
func (x *unitIndex) allowed(u access.Unit) bool { return x.county == "" || u.County == x.county }

// find finds a unit by code or, if there is only one of the name where the actor may write, by name. Else it says why there is
// none, and what the reason names.
func (x *unitIndex) find(typed string) (access.Unit, string, []string) {
	said := []string{typed}
	if !legible(typed) {
		return access.Unit{}, "sheet.unit_unknown", said
	}
	v := text.Name(typed)
	if u, ok := x.byCode[v]; ok {
		if !x.allowed(u) {
			return u, "unit.elsewhere", said
		}
		return u, "", nil
	}
	var found []access.Unit
	for _, u := range x.byName[v] {
		if x.allowed(u) {
			found = append(found, u)
		}
	}
	switch len(found) {
	case 0:
		for _, m := range x.merged[v] {
			if x.allowed(m.unit) {
				return access.Unit{}, "sheet.unit_merged", []string{m.unit.Name, m.on, m.into, cmp.Or(m.code, m.into)}
			}
		}
		return access.Unit{}, "sheet.unit_unknown", said
	case 1:
		return found[0], "", nil
	}
	return access.Unit{}, "sheet.unit_twice", said
}

// sorted lists the units of some kinds that the actor may write, in the order of codes.
func (x *unitIndex) sorted(kinds ...string) []access.Unit {
	var out []access.Unit
	for _, u := range x.all {
		if slices.Contains(kinds, u.Kind) && x.allowed(u) {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b access.Unit) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), strings.Compare(a.Name, b.Name), strings.Compare(a.ID.Key, b.ID.Key))
	})
	return out
}

// label is how a unit is written in a table so that it is found again: by its code, else by its name.
func (x *unitIndex) label(u access.Unit) string {
	if u.Code != "" {
		return u.Code
	}
	return u.Name
}
