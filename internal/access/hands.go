package access

import (
	"context"
	"slices"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Hand is a person who could lawfully sign in a role, in their own right or by delegation.
type Hand struct {
	Person  id.Key
	Name    string
	Holding id.Key
	For     id.Key // set when the hand acts for the holder of the post
}

// Hands lists who could act in a role at a unit today in a family of matters, leaving out the excluded persons (the
// author of what is to be signed, the investigators of what is to be reviewed) and everybody barred from the family.
// An organ's roles are looked for at the organ and its offices; a head's or handler's at the very unit.
func Hands(ctx context.Context, r db.Reader, role Role, at Unit, root id.Key, without []id.Key, today calendar.Date) ([]Hand, error) {
	if at.ID.City != r.City() {
		return handsElsewhere(ctx, r, role, at, root, without, today)
	}
	kinds := kindsGiving(role)
	b := db.Build(`SELECT p.id, p.name, h.id, '' AS for_id FROM holdings h
		JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id`)
	handsWhere(b, role, at, kinds, today)
	notBarred(b, "h.person_id", root, without)
	b.Add(` UNION ALL SELECT p.id, p.name, h.id, h.person_id FROM delegations d
		JOIN holdings h ON h.city_id = d.city_id AND h.id = d.from_holding
		JOIN people p ON p.city_id = d.city_id AND p.id = d.to_person`)
	handsWhere(b, role, at, kinds, today)
	b.Add(` AND d.city_id = $1 AND d.from_on <= ? AND d.to_on >= ? AND d.revoked_on = ''`, today, today)
	notBarred(b, "d.to_person", root, without)
	notBarred(b, "h.person_id", root, without) // nobody signs their own paper through somebody else's hand
	b.Add(` ORDER BY 4, 2, 1`)
	text, args := b.SQL()
	return db.All(ctx, r, func(rows *db.Rows) (h Hand, err error) {
		return h, rows.Scan(&h.Person, &h.Name, &h.Holding, &h.For)
	}, text, args...)
}

// handsElsewhere asks the unit's own tenant for the hands and the matter's tenant for the bars.
func handsElsewhere(ctx context.Context, r db.Reader, role Role, at Unit, root id.Key, without []id.Key, today calendar.Date) ([]Hand, error) {
	all, err := Hands(ctx, r.For(at.ID.City), role, at, "", without, today)
	if err != nil || root == "" {
		return all, err
	}
	barred, err := db.Column[string](ctx, r, `SELECT x.person_id FROM bars x WHERE x.city_id = $1 AND x.root_id = $2`, root)
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, h := range all {
		if !slices.Contains(barred, h.Person) {
			out = append(out, h)
		}
	}
	return out, nil
}

func handsWhere(b *db.Builder, role Role, at Unit, kinds []string, today calendar.Date) {
	b.Add(` WHERE h.city_id = $1`)
	if role == Head || role == Handler {
		b.Add(` AND h.unit_id = ?`, at.ID.Key)
	} else {
		b.Add(` AND h.unit_id IN (SELECT u.id FROM units u WHERE u.city_id = $1 AND u.organ_id = ? AND u.kind <> 'township')`, at.Organ)
	}
	b.In(` AND `, "h.kind", kinds)
	b.Add(` AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?)`, today, today)
}

func notBarred(b *db.Builder, column string, root id.Key, without []id.Key) {
	if root != "" {
		b.Add(` AND NOT EXISTS (SELECT 1 FROM bars x WHERE x.city_id = $1 AND x.person_id = `+column+` AND x.root_id = ?)`, root)
	}
	for _, w := range without {
		b.Add(` AND `+column+` <> ?`, w)
	}
}

// Seat is where a step is to be signed: a role at a unit, and why it stands there when it is not where the rule says.
type Seat struct {
	Role  Role
	Unit  Unit
	Moved string // code of the reason: no_head, no_deputy, no_principal …; "" when nothing moved
}

// Route finds the seat for a step (D23): the role at the unit if somebody there may lawfully act, else the next one up
// the ladder at once. handler is the unit that works on the matter, organ the one in whose register it stands.
func Route(ctx context.Context, r db.Reader, role Role, handler, organ Unit, root id.Key, without []id.Key, today calendar.Date) (Seat, error) {
	type rung struct {
		role Role
		at   Unit
	}
	ladder := []rung{}
	switch role {
	case Head:
		ladder = append(ladder, rung{Head, handler})
		if handler.Office != "" {
			office, err := GetUnit(ctx, r, handler.Office)
			if err != nil {
				return Seat{}, err
			}
			ladder = append(ladder, rung{Head, office})
		}
		ladder = append(ladder, rung{Deputy, organ}, rung{Principal, organ})
	case Deputy:
		ladder = append(ladder, rung{Deputy, organ}, rung{Principal, organ})
	case ReviewHead:
		ladder = append(ladder, rung{ReviewHead, organ}, rung{Deputy, organ}, rung{Principal, organ})
	default:
		ladder = append(ladder, rung{role, organ})
	}
	for i, k := range ladder {
		hands, err := Hands(ctx, r, k.role, k.at, root, without, today)
		if err != nil {
			return Seat{}, err
		}
		if len(hands) > 0 {
			s := Seat{Role: k.role, Unit: k.at}
			if i > 0 {
				s.Moved = "no_" + string(role)
			}
			return s, nil
		}
	}
	above, err := Above(ctx, r, organ)
	if err != nil || above.ID.Zero() {
		// Nobody anywhere: the step stays where the rule puts it, and its clock shows it open and late.
		return Seat{Role: role, Unit: ladder[0].at}, err
	}
	return Seat{Role: Deputy, Unit: above, Moved: "no_" + string(role)}, nil
}
