package access

import (
	"cmp"
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
	Kind    string
	Unit    id.Key
	For     id.Key // set when the hand acts for the holder of the post
}

// Roster is who works, today, in an organ, in its offices and in the unit that handles a matter, and who of them is
// barred from the matter's family. It is read at once; who may sign what is then asked of it without the database.
type Roster struct {
	Organ   Unit
	Handler Unit // the organ itself when nobody handles the matter yet
	Office  Unit // the county office that looks after a handling township
	units   map[id.Key]Unit
	hands   []Hand
	barred  map[id.Key]bool
	r       db.Reader
}

// LoadRoster reads the roster of an organ and a handling unit for one family of matters ("" for none).
func LoadRoster(ctx context.Context, r db.Reader, organ, handler id.ID, root id.Key, today calendar.Date) (*Roster, error) {
	o := &Roster{units: map[id.Key]Unit{}, barred: map[id.Key]bool{}, r: r.For(organ.City)}
	us, err := db.All(ctx, o.r, scanUnit(organ.City), `SELECT `+unitCols+` FROM units u WHERE u.city_id = $1 AND u.id IN ($2, $3)
		UNION ALL SELECT `+unitCols+` FROM units u WHERE u.city_id = $1 AND u.organ_id = $2 AND u.kind = 'office'`, organ.Key, handler.Key)
	if err != nil {
		return nil, err
	}
	for _, u := range us {
		o.units[u.ID.Key] = u
	}
	o.Organ = o.units[organ.Key]
	o.Handler = o.Organ
	if h, ok := o.units[handler.Key]; ok {
		o.Handler = h
		o.Office = o.units[h.Office]
	}
	keys := make([]string, 0, len(us))
	for k := range o.units {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	// Said as OR, SQLite may look a unit's holdings up twice.
	b := db.Build(`SELECT p.id, p.name, h.id, h.kind, h.unit_id, '' AS for_id FROM holdings h JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id WHERE h.city_id = $1`)
	b.In(` AND `, "h.unit_id", keys).Add(` AND h.from_on <= ? AND NOT (h.to_on <> '' AND h.to_on <= ?)`, today, today)
	b.Add(` UNION ALL SELECT p.id, p.name, h.id, h.kind, h.unit_id, h.person_id FROM delegations d
		JOIN holdings h ON h.city_id = d.city_id AND h.id = d.from_holding
		JOIN people p ON p.city_id = d.city_id AND p.id = d.to_person WHERE d.city_id = $1 AND d.from_on <= ? AND d.to_on >= ? AND d.revoked_on = ''`, today, today)
	b.In(` AND `, "h.unit_id", keys).Add(` AND h.from_on <= ? AND NOT (h.to_on <> '' AND h.to_on <= ?)`, today, today)
	here := organ.City == r.City()
	if root != "" && here {
		b.Add(` UNION ALL SELECT x.person_id, '', '', '', '', '~barred' FROM bars x WHERE x.city_id = $1 AND x.root_id = ?
			UNION ALL SELECT n.person_id, '', '', '', '', '~barred' FROM namesakes n WHERE n.city_id = $1 AND n.root_id = ? AND n.state = 'open'`, root, root)
	}
	text, args := b.SQL()
	all, err := db.All(ctx, o.r, func(rows *db.Rows) (h Hand, err error) {
		return h, rows.Scan(&h.Person, &h.Name, &h.Holding, &h.Kind, &h.Unit, &h.For)
	}, text, args...)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		if h.For == "~barred" {
			o.barred[h.Person] = true
		} else {
			o.hands = append(o.hands, h)
		}
	}
	slices.SortFunc(o.hands, func(a, b Hand) int { // who acts in their own right first
		return cmp.Or(cmp.Compare(a.For, b.For), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Person, b.Person), cmp.Compare(a.Holding, b.Holding))
	})
	if root != "" && !here { // the organ lies in a tenant above: the bars lie with the matter
		barred, err := Barred(ctx, r, root)
		if err != nil {
			return nil, err
		}
		for _, p := range barred {
			o.barred[p] = true
		}
	}
	return o, nil
}

// Unit is one of the roster's units.
func (o *Roster) Unit(key id.Key) (Unit, bool) {
	u, ok := o.units[key]
	return u, ok
}

// Offices lists the organ's offices in the order of names.
func (o *Roster) Offices() []Unit {
	var out []Unit
	for _, u := range o.units {
		if u.Kind == "office" {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b Unit) int {
		if a.Code+a.Name < b.Code+b.Name {
			return -1
		}
		return 1
	})
	return out
}

// Barred says whether a person is named in the family or recused from it.
func (o *Roster) Barred(person id.Key) bool { return o.barred[person] }

// Hands lists who could act in a role at a unit, leaving out the given persons (the author of what is to be signed, the
// investigators of what is to be reviewed), everybody barred, and every hand that would act for one of those: nobody
// signs their own paper through somebody else. An organ's roles are looked for at the organ and its offices, a head's or
// handler's at the very unit.
func (o *Roster) Hands(role Role, at id.Key, without ...id.Key) []Hand {
	var out []Hand
	for _, h := range o.hands {
		k, ok := KindOf(h.Kind)
		if !ok || !slices.Contains(k.Roles, role) {
			continue
		}
		u := o.units[h.Unit]
		if role == Head || role == Handler {
			if h.Unit != at {
				continue
			}
		} else if u.Organ != at || u.Kind == "township" {
			continue
		}
		if o.barred[h.Person] || slices.Contains(without, h.Person) || h.For != "" && (o.barred[h.For] || slices.Contains(without, h.For)) {
			continue
		}
		out = append(out, h)
	}
	return out
}

// Seat is where a step is to be signed: a role at a unit, and why it stands there when it is not where the rule says.
type Seat struct {
	Role  Role
	Unit  Unit
	Moved string // code of the reason: no_head, no_deputy, no_principal …; "" when nothing moved
}

// Route finds the seat for a step (D23): the role where the rule puts it if somebody there may lawfully act, else the
// next one up the ladder at once.
func (o *Roster) Route(ctx context.Context, role Role, without ...id.Key) (Seat, error) {
	type rung struct {
		role Role
		at   Unit
	}
	ladder := []rung{{role, o.Organ}}
	switch role {
	case Head:
		ladder = []rung{{Head, o.Handler}}
		if !o.Office.ID.Zero() {
			ladder = append(ladder, rung{Head, o.Office})
		}
		ladder = append(ladder, rung{Deputy, o.Organ}, rung{Principal, o.Organ})
	case Deputy, ReviewHead:
		if role == ReviewHead {
			ladder = append(ladder, rung{Deputy, o.Organ})
		}
		ladder = append(ladder, rung{Principal, o.Organ})
	}
	for i, k := range ladder {
		if len(o.Hands(k.role, k.at.ID.Key, without...)) > 0 {
			s := Seat{Role: k.role, Unit: k.at}
			if i > 0 {
				s.Moved = "no_" + string(role)
			}
			return s, nil
		}
	}
	above, err := Above(ctx, o.r, o.Organ)
	if err != nil || above.ID.Zero() {
		// Nobody anywhere: the step stays where the rule puts it, and its clock shows it open and late.
		return Seat{Role: role, Unit: ladder[0].at}, err
	}
	return Seat{Role: Deputy, Unit: above, Moved: "no_" + string(role)}, nil
}

// Second finds where a second person of the intake office looks at what a first one wrote or asked for: another clerk of
// it, else the leader in charge, else the intake office of the organ above.
func (o *Roster) Second(ctx context.Context, first id.Key) (Seat, error) {
	for _, role := range []Role{Intake, Deputy} {
		if len(o.Hands(role, o.Organ.ID.Key, first)) > 0 {
			return Seat{Role: role, Unit: o.Organ}, nil
		}
	}
	above, err := Above(ctx, o.r, o.Organ)
	if err != nil || above.ID.Zero() {
		return Seat{Role: Deputy, Unit: o.Organ}, err // nobody anywhere: it stands there, open and late
	}
	return Seat{Role: Intake, Unit: above, Moved: "no_second"}, nil
}

// Staffed says whether somebody holds a post of a unit today that gives a role; apart are left out.
func Staffed(ctx context.Context, r db.Reader, unit id.Key, role Role, apart ...id.Key) (bool, error) {
	b := db.Build(`SELECT 1 FROM holdings h WHERE h.city_id = $1 AND h.unit_id = ? AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?)`, unit, r.Now().Date(), r.Now().Date())
	b.In(` AND `, "h.kind", kindsGiving(role))
	for _, p := range apart {
		b.Add(` AND h.person_id <> ?`, p)
	}
	text, args := b.Add(` LIMIT 1`).SQL()
	there, err := db.Column[int64](ctx, r, text, args...)
	return len(there) > 0, err
}
