package org

import (
	"context"
	"errors"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// Place is a post as whoever sees to appointments sees it: where it is, who holds it today or will, what was put forward.
type Place struct {
	Post    id.Key
	Kind    string
	Title   string
	Opened  calendar.Date
	Closed  calendar.Date
	Vacant  calendar.Date // since when nobody holds it
	Counts  bool          // in the establishment
	Unit    access.Unit   // id, kind, level, code, name, organ
	Holding id.Key        // "" when nobody does
	Person  id.Key
	Name    string
	Since   calendar.Date
	Acting  bool
	Asked   string // who was put forward and waits; "" for nobody
}

// Covered says whether it is a post of a township's establishment: the county commission agrees before somebody is appointed to
// it or moved from it.
func (p Place) Covered() bool {
	return p.Counts && p.Unit.Kind == "township" && contains(Establishment, p.Kind)
}

const placeSQL = `SELECT o.id, o.kind, o.title, o.opened_on, o.closed_on, o.vacant_since, o.established, u.id, u.kind, u.level, u.code, u.name, u.organ_id,
	COALESCE(h.id, ''), COALESCE(h.person_id, ''), COALESCE(p.name, ''), COALESCE(h.from_on, ''), COALESCE(h.acting, FALSE), COALESCE(q.name, '')
	FROM posts o JOIN units u ON u.city_id = o.city_id AND u.id = o.unit_id
	LEFT JOIN holdings h ON h.city_id = o.city_id AND h.post_id = o.id AND (h.to_on = '' OR h.to_on > ?)
	LEFT JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
	LEFT JOIN appointments a ON a.city_id = o.city_id AND a.post_id = o.id AND a.state = 'open'
	LEFT JOIN people q ON q.city_id = a.city_id AND q.id = a.person_id
	WHERE o.city_id = $1`

func scanPlace(city id.City) func(*db.Rows) (Place, error) {
	return func(rows *db.Rows) (Place, error) {
		p := Place{Unit: access.Unit{ID: id.ID{City: city}}}
		u := &p.Unit
		return p, rows.Scan(&p.Post, &p.Kind, &p.Title, &p.Opened, &p.Closed, &p.Vacant, &p.Counts, &u.ID.Key, &u.Kind, &u.Level, &u.Code, &u.Name, &u.Organ,
			&p.Holding, &p.Person, &p.Name, &p.Since, &p.Acting, &p.Asked)
	}
}

func place(ctx context.Context, r db.Reader, post id.Key) (Place, error) {
	q, args := db.Build(placeSQL, r.Now().Date()).Add(` AND o.id = ? ORDER BY h.from_on`, post).SQL()
	ps, err := db.All(ctx, r, scanPlace(r.City()), q, args...)
	if err != nil {
		return Place{}, err
	}
	if len(ps) == 0 {
		return Place{}, fault.Hidden()
	}
	return ps[0], nil
}

// PlaceQuery narrows a list of posts; all may be empty.
type PlaceQuery struct {
	Part  string // of the unit's or the holder's name or pinyin
	Kind  string
	Only  string // "vacant", "asked"
	After id.Key // the last post of the page before
	Limit int
}

// Places lists the posts that the actor sees to, from the top of the tree down.
func (s *Service) Places(ctx context.Context, who access.Actor, q PlaceQuery) ([]Place, error) {
	r := s.Ledger.DB.In(who.City)
	b := db.Build(placeSQL+` AND o.closed_on = ''`, r.Now().Date())
	if err := withinStaff(b, who); err != nil {
		return nil, err
	}
	if part := typedPart(text.Fold(q.Part)); part != "" {
		like := "%" + part + "%"
		b.Add(` AND (lower(u.name) LIKE ? OR lower(u.initials) LIKE ? OR lower(p.name) LIKE ? OR lower(p.pinyin) LIKE ?)`, like, like, like, like)
	}
	b.If(q.Kind != "", ` AND o.kind = ?`, q.Kind).If(q.Only == "vacant", ` AND h.id IS NULL`).If(q.Only == "asked", ` AND a.id IS NOT NULL`)
	if q.After != "" {
		last, err := place(ctx, r, q.After)
		if err != nil {
			return nil, err
		}
		b.Add(` AND (u.level, u.code, u.id, o.id) > (?, ?, ?, ?)`, last.Unit.Level, last.Unit.Code, last.Unit.ID.Key, last.Post)
	}
	text, args := b.Add(` ORDER BY u.level, u.code, u.id, o.id, h.from_on LIMIT ?`, q.Limit).SQL()
	return db.All(ctx, r, scanPlace(r.City()), text, args...)
}

// withinStaff narrows units u to those whose appointments the actor sees to.
func withinStaff(b *db.Builder, who access.Actor) error {
	if who.Automatic() {
		return nil
	}
	var organs []string
	for _, h := range who.Hats {
		if h.For != "" || !h.Gives(access.SecAdmin) && !h.Gives(access.Personnel) {
			continue
		}
		if h.Unit.Level < access.County {
			return nil
		}
		organs = append(organs, h.Unit.Organ)
	}
	if len(organs) == 0 {
		return fault.New(fault.Forbidden, "page.not_yours")
	}
	b.In(" AND ", "u.organ_id", organs)
	return nil
}

// Tenure is one holding of a post, for its history.
type Tenure struct {
	Holding id.ID
	Person  id.Key
	Name    string
	From    calendar.Date
	To      calendar.Date // "" while it lasts
	Acting  bool
	Reason  string // why it ended
	LeaveTo string
}

// PlaceFile is a post with its holders, newest first, and what was put forward for it.
type PlaceFile struct {
	Place
	Tenures []Tenure
	Asked   []Waiting
}

const fileRows = 20

// PlaceOf reads one post that the actor sees to.
func (s *Service) PlaceOf(ctx context.Context, who access.Actor, post id.Key) (PlaceFile, error) {
	r := s.Ledger.DB.In(who.City)
	p, err := seatOf(ctx, r, who, post)
	if err != nil {
		return PlaceFile{}, err
	}
	f := PlaceFile{Place: p}
	f.Tenures, err = db.All(ctx, r, func(rows *db.Rows) (Tenure, error) {
		t := Tenure{Holding: id.ID{City: r.City()}}
		return t, rows.Scan(&t.Holding.Key, &t.Person, &t.Name, &t.From, &t.To, &t.Acting, &t.Reason, &t.LeaveTo)
	}, `SELECT h.id, h.person_id, p.name, h.from_on, h.to_on, h.acting, h.leave_reason, h.leave_to FROM holdings h JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
		WHERE h.city_id = $1 AND h.post_id = $2 ORDER BY h.from_on DESC, h.id DESC LIMIT $3`, post, fileRows)
	if err != nil {
		return f, err
	}
	f.Asked, err = db.All(ctx, r, func(rows *db.Rows) (a Waiting, err error) {
		return a, rows.Scan(a.dest()...)
	}, waitingSQL+` AND a.post_id = $2 ORDER BY a.asked_on DESC, a.id DESC LIMIT $3`, post, fileRows)
	return f, err
}

// Someone is a person of the roster with the post they hold today.
type Someone struct {
	Person id.Key
	Name   string
	Born   string
	Post   string // kind; "" for none
	Unit   string
}

// FindPeople lists people of the roster whose name or pinyin contains what was typed.
func (s *Service) FindPeople(ctx context.Context, who access.Actor, part string, limit int) ([]Someone, error) {
	if err := withinStaff(db.Build(``), who); err != nil {
		return nil, err
	}
	part = typedPart(text.Fold(part))
	if part == "" {
		return nil, nil
	}
	r := s.Ledger.DB.In(who.City)
	const held = `FROM holdings h JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id WHERE h.city_id = p.city_id AND h.person_id = p.id AND h.from_on <= $4 AND (h.to_on = '' OR h.to_on > $4) ORDER BY u.level, h.id LIMIT 1`
	return db.All(ctx, r, func(rows *db.Rows) (x Someone, err error) {
		return x, rows.Scan(&x.Person, &x.Name, &x.Born, &x.Post, &x.Unit)
	}, `SELECT p.id, p.name, p.born, COALESCE((SELECT h.kind `+held+`), ''), COALESCE((SELECT u.name `+held+`), '') FROM people p
		WHERE p.city_id = $1 AND (lower(p.name) LIKE $2 OR lower(p.pinyin) LIKE $2) ORDER BY p.pinyin, p.id LIMIT $3`, "%"+part+"%", limit, r.Now().Date())
}

// Person reads somebody of the roster.
func (s *Service) Person(ctx context.Context, city id.City, person id.Key) (Someone, error) {
	x := Someone{}
	err := s.Ledger.DB.In(city).Row(ctx, `SELECT p.id, p.name, p.born FROM people p WHERE p.city_id = $1 AND p.id = $2`, person).Scan(&x.Person, &x.Name, &x.Born)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.Hidden()
	}
	return x, err
}

// ClosePost closes a post from a day on, in the transaction of a caller whose act says so.
func ClosePost(ctx context.Context, tx *ledger.Tx, post id.Key, on calendar.Date) error {
	return amend(ctx, tx, postTable, post, map[string]any{"closed_on": on})
}
