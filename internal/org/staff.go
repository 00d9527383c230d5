package org

import (
	"context"
	"slices"

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
	Vacant      calendar.Date // since when; "" when held
	LeaveReason string        // why the last holder left, for a vacant post
	LeaveTo     string
}

// Held says whether somebody is in post.
func (s Seat) Held() bool { return s.Holding != "" }

// Facts are the establishment under a unit on a day with what the staff measures need to know of it. Seats come in the
// order of townships, then of Establishment.
type Facts struct {
	To      calendar.Date
	Seats   []Seat
	service map[id.Key]*Career
	duties  map[id.Key]dutyCount
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
	f := &Facts{To: q.To}
	b := db.Build(`SELECT p.id, p.kind, p.title, p.opened_on, u.id, u.name, u.short, u.code, u.county_id, COALESCE(h.id, ''), COALESCE(h.person_id, ''),
		COALESCE(x.name, ''), COALESCE(x.born, ''), COALESCE(h.from_on, ''), COALESCE(h.full_time, FALSE), COALESCE(x.discipline_months, 0)
		FROM units u CROSS JOIN posts p LEFT JOIN holdings h ON h.city_id = p.city_id AND h.post_id = p.id AND h.acting = FALSE AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?)
		LEFT JOIN people x ON x.city_id = h.city_id AND x.id = h.person_id
		WHERE u.city_id = $1 AND p.city_id = u.city_id AND p.unit_id = u.id`, q.To, q.To)
	text, args := establishment(b, q).Add(` ORDER BY u.code, u.name, u.id, p.opened_on, p.id, h.from_on DESC, h.id`).SQL()
	seats, err := db.All(ctx, r, func(rows *db.Rows) (s Seat, err error) {
		return s, rows.Scan(&s.Post, &s.Kind, &s.Title, &s.Opened, &s.Unit, &s.UnitName, &s.UnitShort, &s.UnitCode, &s.County, &s.Holding, &s.Person, &s.Name, &s.Born, &s.Since, &s.FullTime, &s.before)
	}, text, args...)
	if err != nil {
		return nil, err
	}
	var vacant []string
	for i, s := range seats {
		if i > 0 && seats[i-1].Post == s.Post {
			continue // two holdings of one post on one day: the later one counts
		}
		if !s.Held() {
			s.Vacant, vacant = s.Opened, append(vacant, s.Post)
		}
		f.Seats = append(f.Seats, s)
	}
	slices.SortStableFunc(f.Seats, func(a, b Seat) int {
		if a.Unit != b.Unit {
			return 0 // the statement has the townships in order
		}
		return slices.Index(Establishment, a.Kind) - slices.Index(Establishment, b.Kind)
	})
	if err := f.readVacancies(ctx, r, q, vacant); err != nil {
		return nil, err
	}
	if need&NeedService != 0 {
		if f.service, err = readService(ctx, r, q); err != nil {
			return nil, err
		}
	}
	if need&NeedDuties != 0 {
		if f.duties, err = readDuties(ctx, r, q); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// readVacancies says of each vacant post when its last holder left it, and why.
func (f *Facts) readVacancies(ctx context.Context, r db.Reader, q measure.Query, vacant []string) error {
	type end struct{ post, on, why, to string }
	last := map[string]end{}
	for posts := range slices.Chunk(vacant, 512) { // one statement for a city; only while nobody is appointed are there more
		b := db.Build(`SELECT h.post_id, h.to_on, h.leave_reason, h.leave_to FROM holdings h WHERE h.city_id = $1`)
		text, args := b.In(` AND `, "h.post_id", posts).Add(` AND h.acting = FALSE AND h.to_on <> '' AND h.to_on <= ? ORDER BY h.to_on, h.id`, q.To).SQL()
		ends, err := db.All(ctx, r, func(rows *db.Rows) (e end, err error) {
			return e, rows.Scan(&e.post, &e.on, &e.why, &e.to)
		}, text, args...)
		if err != nil {
			return err
		}
		for _, e := range ends {
			last[e.post] = e
		}
	}
	for i := range f.Seats {
		s := &f.Seats[i]
		if e, ok := last[s.Post]; ok && !s.Held() {
			s.Vacant, s.LeaveReason, s.LeaveTo = calendar.Date(e.on), e.why, e.to
		}
	}
	return nil
}

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

// readService reads the periods of discipline work of everybody in post: holdings anywhere, and earlier work.
func readService(ctx context.Context, r db.Reader, q measure.Query) (map[id.Key]*Career, error) {
	b := db.Build(`SELECT o.person_id, o.from_on, o.to_on FROM units u CROSS JOIN posts p CROSS JOIN holdings h CROSS JOIN holdings o
		WHERE u.city_id = $1 AND p.city_id = u.city_id AND p.unit_id = u.id AND h.city_id = p.city_id AND h.post_id = p.id AND o.city_id = h.city_id AND o.person_id = h.person_id AND h.acting = FALSE AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?) AND o.from_on <= ?`, q.To, q.To, q.To)
	establishment(b.In(" AND ", "o.kind", staffKinds()), q)
	b.Add(` UNION ALL SELECT c.person_id, c.from_on, c.to_on FROM units u CROSS JOIN posts p CROSS JOIN holdings h CROSS JOIN careers c
		WHERE u.city_id = $1 AND p.city_id = u.city_id AND p.unit_id = u.id AND h.city_id = p.city_id AND h.post_id = p.id AND c.city_id = h.city_id AND c.person_id = h.person_id AND c.discipline = TRUE AND h.acting = FALSE AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?) AND c.from_on <= ?`, q.To, q.To, q.To)
	text, args := establishment(b, q).SQL()
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

// readDuties counts what the holders do besides: stationed villages, and everything that is not the post's own work.
func readDuties(ctx context.Context, r db.Reader, q measure.Query) (map[id.Key]dutyCount, error) {
	b := db.Build(`SELECT d.holding_id, SUM(CASE WHEN d.kind = 'village' THEN 1 ELSE 0 END), SUM(CASE WHEN d.kind <> 'own' THEN 1 ELSE 0 END)
		FROM units u CROSS JOIN duties d WHERE u.city_id = $1 AND d.city_id = u.city_id AND d.unit_id = u.id AND d.from_on <= ? AND (d.to_on = '' OR d.to_on > ?)`, q.To, q.To)
	text, args := within(b, q).Add(` GROUP BY d.holding_id`).SQL()
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.Key]dutyCount{}
	for rows.Next() {
		var h string
		var n dutyCount
		if err := rows.Scan(&h, &n.villages, &n.others); err != nil {
			return nil, err
		}
		out[h] = n
	}
	return out, rows.Err()
}
