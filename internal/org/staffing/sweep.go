package staffing

import (
	"context"
	"errors"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// limitAhead is the rulebook's limit of how long before its day a rotation comes up, in months.
const limitAhead = "rotate.ahead"

// Sweep opens and closes by itself what no use case of a person did: posts that a roster left vacant or filled, days that have
// come, years that are up. It may run twice, and at any time.
func (s *Service) Sweep(ctx context.Context, city id.City) error {
	r := s.Ledger.DB.In(city)
	if _, on, err := deadline.Held(ctx, r); err != nil || on { // years may have been jumped over
		return err
	}
	today := r.Now().Date()
	posts, err := unlike(ctx, r, today)
	if err != nil {
		return err
	}
	var failed []error
	for _, p := range posts {
		_, err := s.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "vacancy.sweep", Organ: id.ID{City: city, Key: p.organ}, About: "post/" + id.ID{City: city, Key: p.key}.String()}, s.Changed(ctx, tx, p.key)
		})
		failed = append(failed, err)
	}
	due, err := s.longest(ctx, r, today)
	if err != nil {
		return errors.Join(append(failed, err)...)
	}
	for _, h := range due {
		_, err := s.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
			m, err := s.rotate(ctx, tx, h)
			return ledger.Act{Action: "rotation.open", Organ: m.Organ, Matter: m.ID}, err
		})
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

type post struct{ key, organ id.Key }

// unlike lists the posts of the establishment whose vacancy, open or not, is not what their holders say, and those whose holder
// has left with a rotation open.
func unlike(ctx context.Context, r db.Reader, today calendar.Date) ([]post, error) {
	b := db.Build(`SELECT p.id, u.organ_id FROM units u CROSS JOIN posts p LEFT JOIN vacancies v ON v.city_id = p.city_id AND v.post_id = p.id AND v.closed_on = ''
		WHERE u.city_id = $1 AND u.kind = 'township' AND p.city_id = u.city_id AND p.unit_id = u.id AND p.established = TRUE`)
	b.In(" AND ", "p.kind", org.Establishment)
	const stays = `EXISTS (SELECT 1 FROM holdings h WHERE h.city_id = p.city_id AND h.post_id = p.id AND h.acting = FALSE AND h.to_on = '')`
	const held = `EXISTS (SELECT 1 FROM holdings h WHERE h.city_id = p.city_id AND h.post_id = p.id AND h.acting = FALSE AND (h.to_on = '' OR h.to_on > ?))`
	b.Add(` AND (v.id IS NULL AND p.closed_on = '' AND u.closed_on = '' AND NOT `+held, today)
	b.Add(` OR v.id IS NOT NULL AND (p.closed_on <> '' AND p.closed_on <= ? OR u.closed_on <> '' OR `+stays, today)
	b.Add(`) OR EXISTS (SELECT 1 FROM holdings h JOIN rotations z ON z.city_id = h.city_id AND z.holding_id = h.id AND z.closed_on = '' WHERE h.city_id = p.city_id AND h.post_id = p.id AND h.to_on <> '' AND h.to_on <= ?))`, today)
	text, args := b.Add(` ORDER BY u.code, p.id`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (p post, err error) { return p, rows.Scan(&p.key, &p.organ) }, text, args...)
}

// long is somebody whose years in a post come to an end.
type long struct {
	holding, kind, name string
	unit                id.Key
	from                calendar.Date
}

// longest lists who has been in a post of the establishment for so long that a rotation is to be seen to, and has none open; nor
// was it said that they are kept on for now.
func (s *Service) longest(ctx context.Context, r db.Reader, today calendar.Date) ([]long, error) {
	t, ok := s.Rules.Timer(RuleRotate, today)
	if !ok {
		return nil, nil
	}
	ahead, shortest := s.Rules.Limit(limitAhead, today), t.Length
	if t.Allowed.Min > 0 {
		shortest = t.Allowed.Min
	}
	b := db.Build(`SELECT h.id, h.kind, x.name, u.id, u.organ_id, h.from_on FROM units u CROSS JOIN holdings h JOIN posts p ON p.city_id = h.city_id AND p.id = h.post_id AND p.established = TRUE
		JOIN people x ON x.city_id = h.city_id AND x.id = h.person_id
		WHERE u.city_id = $1 AND u.kind = 'township' AND h.city_id = u.city_id AND h.unit_id = u.id AND h.to_on = '' AND h.acting = FALSE AND h.from_on <= ?`, today.AddMonths(ahead-shortest))
	b.In(" AND ", "h.kind", org.Establishment)
	b.Add(` AND NOT EXISTS (SELECT 1 FROM rotations z WHERE z.city_id = h.city_id AND z.holding_id = h.id AND (z.closed_on = '' OR z.until_on > ?))`, today)
	text, args := b.Add(` ORDER BY u.code, h.id`).SQL()
	type row struct {
		long
		organ id.Key
	}
	all, err := db.All(ctx, r, func(rows *db.Rows) (x row, err error) {
		return x, rows.Scan(&x.holding, &x.kind, &x.name, &x.unit, &x.organ, &x.from)
	}, text, args...)
	lengths := map[id.Key]int{}
	var out []long
	for _, x := range all {
		n, known := lengths[x.organ]
		if !known {
			set, err := access.LoadSettings(ctx, r, x.organ, today)
			if err != nil {
				return nil, err
			}
			if n = set.Int("timer." + RuleRotate); n == 0 {
				n = t.Length
			}
			lengths[x.organ] = n
		}
		if x.from.AddMonths(n-ahead) <= today {
			out = append(out, x.long)
		}
	}
	return out, err
}

// rotate has the county see to it that somebody moves on.
func (s *Service) rotate(ctx context.Context, tx *ledger.Tx, h long) (flow.Matter, error) {
	u, err := access.GetUnit(ctx, tx, h.unit)
	if err != nil {
		return flow.Matter{}, err
	}
	m := flow.Matter{Kind: KindRotation, Organ: u.OrganID(), Township: u.ID.Key, Received: tx.Today(), Title: s.titleOf(u, h.kind, h.name, "任职年限")}
	if err := s.begin(ctx, tx, &m, RuleRotate, h.from); err != nil {
		return m, err
	}
	return m, tx.Insert(ctx, rotationTable, m.ID.Key, h.holding, "", "")
}
