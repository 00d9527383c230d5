package org

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// Establishment is the kinds of post every township commission has (M2), in the order people say them.
var Establishment = []string{"secretary", "deputy", "officer"}

// Seat is one post of the establishment as it stands on a day: who holds it, or since when nobody does. Somebody who
// only stands in (临时主持) does not hold it.
type Seat struct {
	Post        id.Key
	Kind        string
	Title       string
	Opened      calendar.Date
	Unit        id.Key
	UnitName    string
	UnitShort   string
	UnitCode    string
	County      id.Key
	Holding     id.Key // "" when vacant
	Person      id.Key
	Name        string
	Born        string // YYYY-MM
	Since       calendar.Date
	FullTime    bool
	before      int           // months of discipline work before the first holding known here
	served      int           // months of discipline work, with these
	began       calendar.Date // the first day of it that is known here
	Vacant      calendar.Date // since when; "" when held
	LeaveReason string        // why the last holder left, for a vacant post
	LeaveTo     string
}

// Held says whether somebody is in post.
func (s Seat) Held() bool { return s.Holding != "" }

// Facts are the establishment under a unit on a day with what the staff measures need to know of it. Seats come in the
// order of townships, then of Establishment.
type Facts struct {
	To     calendar.Date
	Seats  []Seat
	duties map[id.Key]dutyCount
}

type dutyCount struct{ villages, others int64 }

// Need says what beyond the seats is to be read.
type Need int

// The parts; the seats are always read, vacancies with when and why they arose.
const (
	NeedService Need = 1 << iota // years in discipline work
	NeedDuties                   // other duties
)

// establishment is the condition on posts p and their units u: the establishment of townships that were there on the day.
// CROSS JOIN in its statements keeps the order, the few units first: by the kinds of post the whole city's are read for one
// township.
func establishment(b *db.Builder, q measure.Query) *db.Builder {
	b.In(" AND ", "p.kind", Establishment)
	b.Add(` AND p.established = TRUE AND p.opened_on <= ? AND (p.closed_on = '' OR p.closed_on > ?)`, q.To, q.To)
	b.Add(` AND u.kind = 'township' AND u.opened_on <= ? AND (u.closed_on = '' OR u.closed_on > ?)`, q.To, q.To)
	return q.Under(b, "u.county_id", "u.id", "u.id")
}

// within is the condition on units u that they lie under the query's unit. A township's are found among its county's.
func within(b *db.Builder, q measure.Query) *db.Builder {
	b.If(q.Unit.Kind == "township" && q.Unit.County != "", ` AND u.county_id = ?`, q.Unit.County)
	return q.Under(b, "u.county_id", "u.township_id", "u.id")
}

// LoadFacts reads the establishment under a unit as of the query's last day. For an answer of many measures it is read once,
// with everything.
func LoadFacts(ctx context.Context, r db.Reader, q measure.Query, need Need) (*Facts, error) {
	if q.Read.Many() {
		need = NeedService | NeedDuties
	}
	return measure.Once(q, "facts", func() (*Facts, error) { return loadFacts(ctx, r, q, need) })
}

func loadFacts(ctx context.Context, r db.Reader, q measure.Query, need Need) (*Facts, error) {
	f := &Facts{To: q.To, duties: map[id.Key]dutyCount{}}
	b := db.Build(`SELECT p.id, p.kind, p.title, p.opened_on, u.id, u.name, u.short, u.code, u.county_id, COALESCE(h.id, ''), COALESCE(h.person_id, ''),
		COALESCE(x.name, ''), COALESCE(x.born, ''), COALESCE(h.from_on, ''), COALESCE(h.full_time, FALSE), COALESCE(x.discipline_months, 0), `)
	// When its last holder left a vacant post, why and where to.
	b.Add(`COALESCE(CASE WHEN h.id IS NULL THEN (SELECT l.to_on || ' ' || l.leave_reason || ' ' || l.leave_to FROM holdings l WHERE l.city_id = p.city_id AND l.post_id = p.id
		AND l.acting = FALSE AND l.to_on <> '' AND l.to_on <= ? ORDER BY l.to_on DESC, l.id DESC LIMIT 1) END, '')`, q.To)
	if need&NeedDuties != 0 {
		b.Add(besides, q.To, q.To).Add(` AND d.kind = 'village')`).Add(besides, q.To, q.To).Add(` AND d.kind <> 'own')`)
	} else {
		b.Add(`, 0, 0`)
	}
	// Said so that SQLite sees no plain comparison: for one it would read all holdings first, to know which posts have any.
	b.Add(` FROM units u CROSS JOIN posts p LEFT JOIN holdings h ON h.city_id = p.city_id AND h.post_id = p.id AND NOT h.acting AND h.from_on || '' <= ? AND h.to_on NOT BETWEEN '0' AND ?
		LEFT JOIN people x ON x.city_id = h.city_id AND x.id = h.person_id WHERE u.city_id = $1 AND p.city_id = u.city_id AND p.unit_id = u.id`, q.To, q.To)
	text, args := establishment(b, q).Add(` ORDER BY u.code, u.name, u.id, p.opened_on, p.id, h.from_on DESC, h.id`).SQL()
	seats, err := db.All(ctx, r, func(rows *db.Rows) (s Seat, err error) {
		var left string
		var d dutyCount
		err = rows.Scan(&s.Post, &s.Kind, &s.Title, &s.Opened, &s.Unit, &s.UnitName, &s.UnitShort, &s.UnitCode, &s.County, &s.Holding, &s.Person, &s.Name, &s.Born, &s.Since, &s.FullTime, &s.before, &left, &d.villages, &d.others)
		if d != (dutyCount{}) {
			f.duties[s.Holding] = d
		}
		if !s.Held() {
			s.Vacant = s.Opened
		}
		if on, why, ok := strings.Cut(left, " "); ok {
			s.Vacant = calendar.Date(on)
			s.LeaveReason, s.LeaveTo, _ = strings.Cut(why, " ")
		}
		return s, err
	}, text, args...)
	if err != nil {
		return nil, err
	}
	for i, s := range seats {
		if i == 0 || seats[i-1].Post != s.Post { // two holdings of one post on one day: the later one counts
			f.Seats = append(f.Seats, s)
		}
	}
	slices.SortStableFunc(f.Seats, func(a, b Seat) int {
		if a.Unit != b.Unit {
			return 0 // the statement has the townships in order
		}
		return slices.Index(Establishment, a.Kind) - slices.Index(Establishment, b.Kind)
	})
	if need&NeedService == 0 {
		return f, nil
	}
	service, err := readService(ctx, r, q)
	for i := range f.Seats {
		s := &f.Seats[i]
		c := service[s.Person]
		s.served, s.began = c.Months(s.before, f.To), c.Began(f.To)
	}
	return f, err
}

// besides counts what the holder h does besides on a day.
const besides = `, (SELECT COUNT(d.id) FROM duties d WHERE d.city_id = h.city_id AND d.holding_id = h.id AND d.from_on <= ? AND d.to_on NOT BETWEEN '0' AND ?`

// staffKinds are the kinds of post whose holders are the commission's own people: time in them is discipline work.
func staffKinds() []string {
	var out []string
	for _, k := range access.PostKinds {
		if k.Staff {
			out = append(out, k.Kind)
		}
	}
	return out
}

// readService reads the periods of discipline work of everybody who holds a post of the establishment: holdings anywhere, and
// earlier work.
func readService(ctx context.Context, r db.Reader, q measure.Query) (map[id.Key]*Career, error) {
	b := db.Build(``)
	for i, table := range []string{"holdings", "careers"} {
		b.If(i > 0, ` UNION ALL `).Add(`SELECT o.person_id, o.from_on, o.to_on FROM units u CROSS JOIN holdings h CROSS JOIN `+table+` o
			WHERE u.city_id = $1 AND u.kind = 'township' AND h.city_id = u.city_id AND h.unit_id = u.id AND h.acting = FALSE AND h.from_on <= ? AND h.to_on NOT BETWEEN '0' AND ?
			AND o.city_id = h.city_id AND o.person_id = h.person_id AND o.from_on <= ?`, q.To, q.To, q.To)
		b.In(` AND `, "h.kind", Establishment).If(i > 0, ` AND o.discipline = TRUE`)
		if i == 0 {
			b.In(` AND `, "o.kind", staffKinds())
		}
		q.Under(b, "u.county_id", "u.id", "u.id")
	}
	text, args := b.SQL()
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.Key]*Career{}
	for rows.Next() {
		var person string
		var p Period
		if err := rows.Scan(&person, &p.From, &p.To); err != nil {
			return nil, err
		}
		if out[person] == nil {
			out[person] = &Career{}
		}
		out[person].Periods = append(out[person].Periods, p)
	}
	return out, rows.Err()
}
