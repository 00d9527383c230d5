package bench

import (
	"context"
	"fmt"
	"math/rand/v2"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/demo"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// unit is a unit as clones need it.
type unit struct {
	access.Unit
	n     int // among those of its kind under its superior
	staff map[string][]held
	offs  []slot // people under supervision: old is the key, kind the name, unit the post
}

type held struct{ person, holding id.Key }

// place is a city.
type place struct {
	city     id.City
	boxed    any // the city as a value of rows
	top      *unit
	offices  []*unit
	counties []*county
	all      map[id.Key]*unit
}

type county struct {
	*unit
	offices   []*unit
	townships []*township
}

type township struct {
	*unit
	villages []*unit
}

// readPlace reads a city's units, who works there and who is under supervision.
func readPlace(ctx context.Context, r db.Reader) (*place, error) {
	p := &place{city: r.City(), boxed: int64(r.City()), all: map[id.Key]*unit{}}
	counties, towns := map[id.Key]*county{}, map[id.Key]*township{}
	for _, kind := range []string{"city", "county", "office", "township", "village"} {
		us, err := access.UnitsOf(ctx, r, "", kind)
		if err != nil {
			return nil, err
		}
		for _, x := range us {
			u := &unit{Unit: x, staff: map[string][]held{}}
			p.all[x.ID.Key] = u
			switch kind {
			case "city":
				p.top = u
			case "county":
				c := &county{unit: u}
				u.n = len(p.counties)
				counties[x.ID.Key], p.counties = c, append(p.counties, c)
			case "office":
				list := &p.offices
				if c := counties[x.Superior]; c != nil {
					list = &c.offices
				}
				u.n = len(*list)
				*list = append(*list, u)
			case "township":
				c, t := counties[x.County], &township{unit: u}
				u.n = len(c.townships)
				towns[x.ID.Key], c.townships = t, append(c.townships, t)
			case "village":
				t := towns[x.Township]
				u.n = len(t.villages)
				t.villages = append(t.villages, u)
			}
		}
	}
	rows, err := r.Query(ctx, `SELECT h.unit_id, h.kind, h.person_id, h.id FROM holdings h WHERE h.city_id = $1 AND h.to_on = '' ORDER BY h.id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var in, kind string
		var h held
		if err := rows.Scan(&in, &kind, &h.person, &h.holding); err != nil {
			return nil, err
		}
		p.all[in].staff[kind] = append(p.all[in].staff[kind], h)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	offs, err := r.Query(ctx, `SELECT o.unit_id, o.id, o.name, o.post FROM officials o WHERE o.city_id = $1 AND o.to_on = '' ORDER BY o.id`)
	if err != nil {
		return nil, err
	}
	defer offs.Close()
	for offs.Next() {
		var in string
		s := slot{what: 'o'}
		if err := offs.Scan(&in, &s.old, &s.kind, &s.unit); err != nil {
			return nil, err
		}
		p.all[in].offs = append(p.all[in].offs, s)
	}
	return p, offs.Err()
}

// pattern is what one unit of each kind in the model holds, for others to be made alike.
type pattern struct {
	seats     map[string][]org.NewSeat // by kind; a city's and a county's offices share theirs
	officials map[string][]org.NewOfficial
	people    []org.NewPerson
	counties  []string
	townships []string
	villages  []string
}

func readPattern(ctx context.Context, r db.Reader, m *place) (pattern, error) {
	c := m.counties[0]
	t := c.townships[0]
	for _, x := range c.townships {
		if len(x.staff) >= len(org.Establishment) && len(t.staff) < len(org.Establishment) {
			t = x
		}
	}
	p := pattern{seats: map[string][]org.NewSeat{}, officials: map[string][]org.NewOfficial{}}
	for _, u := range []*unit{m.top, c.unit, c.offices[0], t.unit, t.villages[0]} {
		seats, err := db.All(ctx, r, func(rows *db.Rows) (s org.NewSeat, err error) {
			s.FullTime = true
			return s, rows.Scan(&s.Kind, &s.Title, &s.Established)
		}, `SELECT p.kind, p.title, p.established FROM posts p WHERE p.city_id = $1 AND p.unit_id = $2 AND p.closed_on = '' ORDER BY p.id`, u.ID.Key)
		if err != nil {
			return p, err
		}
		p.seats[u.Kind] = seats
		seen := map[string]bool{}
		_, err = db.All(ctx, r, func(rows *db.Rows) (o org.NewOfficial, err error) {
			if err = rows.Scan(&o.Post, &o.Rank, &o.Category, &o.PartyMember, &o.Chief); err == nil && !seen[o.Post] {
				seen[o.Post] = true
				p.officials[u.Kind] = append(p.officials[u.Kind], o)
			}
			return o, err
		}, `SELECT o.post, o.rank, o.category, o.party_member, o.chief FROM officials o WHERE o.city_id = $1 AND o.unit_id = $2 AND o.to_on = '' ORDER BY o.id`, u.ID.Key)
		if err != nil {
			return p, err
		}
	}
	var err error
	p.people, err = db.All(ctx, r, func(rows *db.Rows) (n org.NewPerson, err error) {
		return n, rows.Scan(&n.Name, &n.Born, &n.DisciplineMonths)
	}, `SELECT p.name, p.born, p.discipline_months FROM people p WHERE p.city_id = $1 ORDER BY p.id`)
	names := func(kind string) []string {
		out, e := db.Column[string](ctx, r, `SELECT DISTINCT u.name FROM units u WHERE u.city_id = $1 AND u.kind = $2 ORDER BY u.name`, kind)
		if err == nil {
			err = e
		}
		return out
	}
	p.counties, p.townships, p.villages = names("county"), names("township"), names("village")
	return p, err
}

// maker makes further cities like the model, through the same use cases that set a real one up.
type maker struct {
	ctx    context.Context
	app    *app.App
	r      *rand.Rand
	like   pattern
	since  calendar.Date
	hash   string
	logins []string
}

func (m *maker) act(city id.City, action string, organ id.ID, n int, do func(tx *ledger.Tx) (id.ID, error)) error {
	_, err := m.app.Ledger.Write(m.ctx, access.ByOperator(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
		made, err := do(tx)
		if organ.Zero() {
			organ = made
		}
		return ledger.Act{Action: action, Organ: organ, Params: map[string]any{"rows": n}}, err
	})
	return err
}

func (m *maker) open(city id.City, organ id.ID, in ...org.NewUnit) (out []access.Unit, err error) {
	err = m.act(city, "unit.open", organ, len(in), func(tx *ledger.Tx) (id.ID, error) {
		out, err = org.OpenUnits(m.ctx, tx, in)
		return out[0].OrganID(), err
	})
	return out, err
}

// tenant opens a province or a city.
func (m *maker) tenant(t app.Tenant) (access.Unit, error) {
	if err := app.AddTenant(m.ctx, m.app.DB, t); err != nil {
		return access.Unit{}, err
	}
	us, err := m.open(t.City, id.ID{}, org.NewUnit{Kind: t.Kind, Code: t.Code, Name: t.Name, Short: t.Name, Opened: "2012-01-01"})
	if err != nil {
		return access.Unit{}, err
	}
	return us[0], nil
}

// city makes a city of so many counties, townships and villages, with everybody in their posts, the register, and a
// sign-in for some of each level.
func (m *maker) city(n id.City, above id.City, counties, townships, villages int) error {
	const opened = calendar.Date("2012-01-01")
	code := func(c, t, v int) string { return fmt.Sprintf("99%02d%02d%03d%03d", int(n)%100, c, t, v) }
	top, err := m.tenant(app.Tenant{City: n, Kind: "city", Name: fmt.Sprintf("XX市（%d）", n), Above: above, Code: code(0, 0, 0)})
	if err != nil {
		return err
	}
	organ := top.OrganID()
	offices := func(up access.Unit) (in []org.NewUnit) {
		for _, name := range []string{"第一纪检监察室", "第二纪检监察室", "第三纪检监察室"} {
			in = append(in, org.NewUnit{Kind: "office", Name: name, Superior: up, Opened: opened})
		}
		return in
	}
	own, err := m.open(n, organ, offices(top)...)
	if err != nil {
		return err
	}
	all := append([]access.Unit{top}, own...)
	var in []org.NewUnit
	for i := range counties {
		in = append(in, org.NewUnit{Kind: "county", Code: code(i+1, 0, 0), Name: m.like.counties[i%len(m.like.counties)], Superior: top, Opened: opened})
	}
	cs, err := m.open(n, organ, in...)
	if err != nil {
		return err
	}
	all = append(all, cs...)
	left := townships
	for i, c := range cs {
		os, err := m.open(n, c.OrganID(), offices(c)...)
		if err != nil {
			return err
		}
		all, in = append(all, os...), nil
		mine := left / (len(cs) - i)
		left -= mine
		for k, name := range m.some(m.like.townships, mine) {
			in = append(in, org.NewUnit{Kind: "township", Code: code(i+1, k+1, 0), Name: name, Superior: c, Office: os[k%2].ID.Key, Opened: opened})
		}
		ts, err := m.open(n, c.OrganID(), in...)
		if err != nil {
			return err
		}
		all, in = append(all, ts...), nil
		for k, t := range ts {
			here := villages * (townships - left - mine + k + 1) / townships
			here -= villages * (townships - left - mine + k) / townships
			for v, name := range m.some(m.like.villages, here) {
				in = append(in, org.NewUnit{Kind: "village", Code: code(i+1, k+1, 201+v), Name: name, Superior: t, Opened: opened})
			}
		}
		vs, err := m.open(n, c.OrganID(), in...)
		if err != nil {
			return err
		}
		all = append(all, vs...)
	}
	return m.fill(n, organ, all)
}

// some are n different names.
func (m *maker) some(names []string, n int) []string {
	out := make([]string, n)
	for i, j := range m.r.Perm(max(n, len(names)))[:n] {
		out[i] = names[j%len(names)]
	}
	return out
}

// fill puts people into the posts and the register.
func (m *maker) fill(n id.City, organ id.ID, units []access.Unit) error {
	var seats []org.NewSeat
	var offs []org.NewOfficial
	who := func() *org.NewPerson { p := m.like.people[m.r.IntN(len(m.like.people))]; return &p }
	for _, u := range units {
		for _, s := range m.like.seats[u.Kind] {
			s.Unit, s.Opened, s.Holder, s.From = u, "2012-01-01", who(), m.since.AddDays(-m.r.IntN(900))
			seats = append(seats, s)
		}
		for _, o := range m.like.officials[u.Kind] {
			o.Unit, o.Name, o.From = u, who().Name, m.since.AddDays(-m.r.IntN(900))
			offs = append(offs, o)
		}
	}
	var seated []org.Seated
	err := m.act(n, "roster.import", organ, len(seats), func(tx *ledger.Tx) (_ id.ID, err error) {
		seated, err = org.OpenSeats(m.ctx, tx, seats)
		return organ, err
	})
	if err != nil {
		return err
	}
	err = m.act(n, "register.import", organ, len(offs), func(tx *ledger.Tx) (id.ID, error) {
		_, err := org.AddOfficials(m.ctx, tx, offs)
		return organ, err
	})
	if err != nil {
		return err
	}
	// One of each of these in every county, and a township of each, may sign in.
	count := map[string]int{}
	var in []account.ReadyAccount
	for i, s := range seats {
		where := string(s.Unit.ID.Key)
		if s.Unit.Kind == "township" {
			where = s.Unit.County
		}
		name, ok := signIns[s.Kind]
		if !ok || count[s.Kind+where] > 0 || s.Unit.Kind == "office" {
			continue
		}
		count[s.Kind+where]++
		login := fmt.Sprintf("%s-%d-%d", name, n, count[s.Kind])
		if count[s.Kind]++; s.Unit.Kind == "city" {
			login = fmt.Sprintf("city%s-%d", name, n)
		}
		in = append(in, account.ReadyAccount{Person: seated[i].Person, Login: login, Hash: m.hash})
		m.logins = append(m.logins, login)
	}
	return m.act(n, "account.create", organ, len(in), func(tx *ledger.Tx) (id.ID, error) { return organ, account.CreateMany(m.ctx, tx, in) })
}

// signIns are the kinds of post that get sign-ins in generated cities, by what they begin with. The model city has those
// of the demonstration.
var signIns = map[string]string{"secretary": "township", "supervision_clerk": "supervision", "intake_clerk": "intake", "principal": "leader", "observer": "office"}

// reader is ready to read families of the model.
func newReader(ctx context.Context, d *db.DB, p *place) (*reader, error) {
	r := &reader{ctx: ctx, r: d.In(demo.City), units: p.all, people: map[id.Key]slot{}, offs: map[id.Key]slot{}, fixed: map[id.Key]bool{}}
	for _, q := range []string{`SELECT u.id FROM units u WHERE u.city_id = $1`, `SELECT p.id FROM people p WHERE p.city_id = $1`, `SELECT h.id FROM holdings h WHERE h.city_id = $1`} {
		keys, err := db.Column[string](ctx, d.In(demo.Province), q)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			r.fixed[k] = true
		}
	}
	rows, err := r.r.Query(ctx, `SELECT h.person_id, h.id, h.kind, h.unit_id FROM holdings h WHERE h.city_id = $1`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var person, holding string
		var s slot
		if err := rows.Scan(&person, &holding, &s.kind, &s.unit); err != nil {
			return nil, err
		}
		s.what, s.old, s.person = 'p', person, person
		r.people[person] = s
		s.what, s.old = 'h', holding
		r.people[holding] = s
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	offs, err := r.r.Query(ctx, `SELECT o.id, o.name, o.unit_id FROM officials o WHERE o.city_id = $1`)
	if err != nil {
		return nil, err
	}
	defer offs.Close()
	for offs.Next() {
		s := slot{what: 'o'}
		if err := offs.Scan(&s.old, &s.kind, &s.unit); err != nil {
			return nil, err
		}
		r.offs[s.old] = s
	}
	return r, offs.Err()
}
