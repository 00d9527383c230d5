package access

import (
	"cmp"
	"context"
	"slices"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Hat is one authority an actor has: the roles of a holding at its unit, the actor's own or delegated to them.
type Hat struct {
	Holding id.Key
	Kind    string // kind of post
	Roles   []Role
	Unit    Unit
	For     id.Key // the person who delegated it; "" for one's own
	ForName string
}

// Gives says whether the hat gives the role.
func (h Hat) Gives(r Role) bool {
	for _, x := range h.Roles {
		if x == r {
			return true
		}
	}
	return false
}

// Actor is who does something: a person in a post, or the program itself. It is read anew for every request.
type Actor struct {
	City    id.City
	Account id.Key
	Person  id.Key
	Name    string
	Kind    Role // System or Operator for the program and the host's command line; "" for a person
	Hats    []Hat
	Barred  bool      // there are bars against this person
	Cities  []id.City // tenants the actor's organ stands above, its own included
	Request Request
}

// Request is what makes a repeated write harmless: the key the caller chose and a digest of what was sent.
type Request struct{ Key, Digest string }

// ByProgram is the program acting by itself in a tenant: clocks that run out, jobs.
func ByProgram(city id.City) Actor { return Actor{City: city, Kind: System, Cities: []id.City{city}} }

// ByOperator is the host's command line.
func ByOperator(city id.City) Actor {
	return Actor{City: city, Kind: Operator, Cities: []id.City{city}}
}

// PersonID is the acting person.
func (a Actor) PersonID() id.ID { return id.ID{City: a.City, Key: a.Person} }

// Unit is the unit of the actor's own post.
func (a Actor) Unit() Unit {
	for _, h := range a.Hats {
		if h.For == "" {
			return h.Unit
		}
	}
	return Unit{}
}

// Post is the kind of the actor's own post.
func (a Actor) Post() string {
	for _, h := range a.Hats {
		if h.For == "" {
			return h.Kind
		}
	}
	return ""
}

// Automatic says whether no person acts.
func (a Actor) Automatic() bool { return a.Kind != "" }

// Can says whether any hat gives the permission at all.
func (a Actor) Can(p Perm) bool {
	if a.Automatic() {
		return true
	}
	for _, x := range everyone {
		if x.perm == p && len(a.Hats) > 0 {
			return true // a post that gives no role (a village's correspondent) signs in all the same
		}
	}
	for _, h := range a.Hats {
		for _, r := range h.Roles {
			if r.May(p) {
				return true
			}
		}
	}
	return false
}

// Is says whether the actor has the role at a unit, in their own right or delegated.
func (a Actor) Is(r Role, at id.ID) bool {
	_, ok := a.HatFor(r, at)
	return ok
}

// HatFor is the hat that gives the role at a unit, one's own before a delegated one. A role of an organ counts at the
// organ whatever office the post stands in; a head or handler counts at the very unit.
func (a Actor) HatFor(r Role, at id.ID) (Hat, bool) {
	var found Hat
	ok := false
	for _, h := range a.Hats {
		if !h.Gives(r) {
			continue
		}
		u := h.Unit
		if u.ID == at || (r != Head && r != Handler && u.OrganID() == at) {
			if h.For == "" {
				return h, true
			}
			found, ok = h, true
		}
	}
	return found, ok
}

// Keys are the desks the actor works at: every unit and role obligations may be owed by.
func (a Actor) Keys() []DeskKey {
	var out []DeskKey
	for _, h := range a.Hats {
		for _, r := range h.Roles {
			at := h.Unit.OrganID()
			if r == Head || r == Handler {
				at = h.Unit.ID
			}
			out = append(out, DeskKey{at, r, h.ForName})
		}
	}
	return out
}

// DeskKey is a unit and a role there; For names who delegated it.
type DeskKey struct {
	Unit id.ID
	Role Role
	For  string
}

// Held is a post that a person has today, or one that somebody delegated to them.
type Held struct {
	Hat
	Title  string
	Acting bool
	From   calendar.Date
	name   string // of the person
	barred bool   // there are bars against the person
}

// Holdings reads every post a person has today, the highest unit first, and what others delegated to them after those.
func Holdings(ctx context.Context, r db.Reader, person id.Key, today calendar.Date) ([]Held, error) {
	out, err := db.All(ctx, r, func(rows *db.Rows) (h Held, err error) {
		h.Unit = Unit{ID: id.ID{City: r.City()}}
		u, barred := &h.Unit, 0
		err = rows.Scan(&h.name, &h.Holding, &h.Kind, &h.For, &h.ForName, &h.Title, &h.Acting, &h.From, &barred, &u.ID.Key, &u.Kind, &u.Level, &u.Code, &u.Name, &u.Short, &u.Superior,
			&u.County, &u.Township, &u.Organ, &u.Office, &u.Opened, &u.Closed, &u.Version)
		if k, ok := KindOf(h.Kind); ok {
			h.Roles = k.Roles
		}
		h.barred = barred == 1
		return h, err
	}, `SELECT p.name, h.id, h.kind, '' AS for_id, '' AS for_name, o.title, h.acting, h.from_on, CASE WHEN EXISTS (SELECT 1 FROM bars b WHERE b.city_id = $1 AND b.person_id = $2) OR EXISTS (SELECT 1 FROM namesakes n WHERE n.city_id = $1 AND n.person_id = $2 AND n.state = 'open') THEN 1 ELSE 0 END AS barred, `+unitCols+`
		FROM holdings h
		JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
		JOIN posts o ON o.city_id = h.city_id AND o.id = h.post_id
		JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id
		WHERE h.city_id = $1 AND h.person_id = $2 AND h.from_on <= $3 AND (h.to_on = '' OR h.to_on > $3)
		UNION ALL
		SELECT '', h.id, h.kind, p.id, p.name, '', h.acting, h.from_on, 0, `+unitCols+`
		FROM delegations d
		JOIN holdings h ON h.city_id = d.city_id AND h.id = d.from_holding
		JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
		JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id
		WHERE d.city_id = $1 AND d.to_person = $2 AND d.from_on <= $3 AND d.to_on >= $3 AND d.revoked_on = ''
		AND h.from_on <= $3 AND (h.to_on = '' OR h.to_on > $3)`, person, today)
	slices.SortStableFunc(out, func(a, b Held) int {
		if a.For != "" || b.For != "" {
			return cmp.Compare(a.For, b.For)
		}
		return cmp.Or(cmp.Compare(a.Unit.Level, b.Unit.Level), cmp.Compare(a.From, b.From), cmp.Compare(a.Holding, b.Holding))
	})
	return out, err
}

// Load reads what a person may do today in the given holding, with what others delegated to them. A holding that has
// ended, or another person's, gives Unauthenticated.
func Load(ctx context.Context, r db.Reader, person, holding id.Key, today calendar.Date) (Actor, error) {
	held, err := Holdings(ctx, r, person, today)
	if err != nil {
		return Actor{}, err
	}
	return As(ctx, r, person, held, holding)
}

// As is Load with the person's posts already read.
func As(ctx context.Context, r db.Reader, person id.Key, held []Held, holding id.Key) (Actor, error) {
	a := Actor{City: r.City(), Person: person}
	own := false
	for _, h := range held {
		if h.For == "" {
			if h.Holding != holding {
				continue
			}
			a.Name, a.Barred, own = h.name, h.barred, true
		}
		a.Hats = append(a.Hats, h.Hat)
	}
	if !own {
		return Actor{}, fault.New(fault.Unauthenticated, "session.post_ended")
	}
	var err error
	a.Cities, err = citiesBelow(ctx, r, a.Unit())
	return a, err
}

// citiesBelow lists the tenants an organ may look into: its own, and for a province or the nation those under it.
func citiesBelow(ctx context.Context, r db.Reader, u Unit) ([]id.City, error) {
	own := []id.City{r.City()}
	if u.Level >= City {
		return own, nil
	}
	below, err := db.Column[id.City](ctx, r.Shared(), `SELECT city_id FROM tenants WHERE above_id = $1 ORDER BY city_id`, int64(r.City()))
	return append(own, below...), err
}
