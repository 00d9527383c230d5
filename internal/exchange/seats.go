package exchange

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// seat is a post of the establishment with whoever holds it on the day.
type seat struct {
	post, kind, unit                       string
	holding, person, name, born, since, no string
	months                                 int
	fullTime                               bool
	duties                                 []beside
	groups                                 []group
	opened                                 calendar.Date
	left                                   string // the last day anybody held it to
}

type beside struct{ id, kind, what, village string }
type group struct{ id, name string }

// loadSeats reads the establishment of the tenant with who holds it on a day, in the order of townships.
func loadSeats(ctx context.Context, r db.Reader, on calendar.Date) ([]*seat, error) {
	b := db.Build(`SELECT p.id, p.kind, p.unit_id, p.opened_on, COALESCE(h.id, ''), COALESCE(h.person_id, ''), COALESCE(x.name, ''), COALESCE(x.born, ''), COALESCE(h.from_on, ''),
		COALESCE(x.outside_no, ''), COALESCE(x.discipline_months, 0), COALESCE(h.full_time, FALSE),
		COALESCE((SELECT MAX(g.to_on) FROM holdings g WHERE g.city_id = p.city_id AND g.post_id = p.id), '') FROM posts p JOIN units u ON u.city_id = p.city_id AND u.id = p.unit_id
		LEFT JOIN holdings h ON h.city_id = p.city_id AND h.post_id = p.id AND h.acting = FALSE AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?)
		LEFT JOIN people x ON x.city_id = h.city_id AND x.id = h.person_id
		WHERE p.city_id = $1 AND u.kind = 'township' AND p.established = TRUE AND p.closed_on = ''`, on, on)
	text, args := b.In(" AND ", "p.kind", org.Establishment).Add(` ORDER BY u.code, u.id, p.opened_on, p.id, h.from_on`).SQL()
	seats, err := db.All(ctx, r, func(rows *db.Rows) (*seat, error) {
		s := &seat{}
		return s, rows.Scan(&s.post, &s.kind, &s.unit, &s.opened, &s.holding, &s.person, &s.name, &s.born, &s.since, &s.no, &s.months, &s.fullTime, &s.left)
	}, text, args...)
	if err != nil {
		return nil, err
	}
	by := map[id.Key]*seat{}
	for _, s := range seats {
		if s.holding != "" {
			by[s.holding] = s
		}
	}
	ds, err := db.All(ctx, r, func(rows *db.Rows) (d struct {
		beside
		holding string
	}, err error) {
		return d, rows.Scan(&d.id, &d.kind, &d.what, &d.village, &d.holding)
	}, `SELECT d.id, d.kind, COALESCE(v.name, d.what), d.village_id, d.holding_id FROM duties d LEFT JOIN units v ON v.city_id = d.city_id AND v.id = d.village_id
		WHERE d.city_id = $1 AND d.from_on <= $2 AND (d.to_on = '' OR d.to_on > $2) ORDER BY v.code, d.what, d.id`, on)
	if err != nil {
		return nil, err
	}
	for _, d := range ds {
		if s := by[d.holding]; s != nil {
			s.duties = append(s.duties, d.beside)
		}
	}
	gs, err := db.All(ctx, r, func(rows *db.Rows) (g struct {
		group
		holding string
	}, err error) {
		return g, rows.Scan(&g.id, &g.name, &g.holding)
	}, `SELECT g.id, g.name, g.head_holding FROM workgroups g WHERE g.city_id = $1 AND g.head_holding <> '' AND g.from_on <= $2 AND (g.to_on = '' OR g.to_on > $2) ORDER BY g.name, g.id`, on)
	for _, g := range gs {
		if s := by[g.holding]; s != nil {
			s.groups = append(s.groups, g.group)
		}
	}
	slices.SortStableFunc(seats, func(a, b *seat) int {
		if a.unit != b.unit {
			return 0 // the statement has the townships in order
		}
		return slices.Index(org.Establishment, a.kind) - slices.Index(org.Establishment, b.kind)
	})
	return seats, err
}

func (s *Service) exportPeople(ctx context.Context, r db.Reader, who access.Actor, lang string, row func([]string) error) error {
	x, err := loadUnits(ctx, r, who)
	if err != nil {
		return err
	}
	seats, err := loadSeats(ctx, r, r.Now().Date())
	if err != nil {
		return err
	}
	for _, st := range seats {
		u, ok := x.all[st.unit]
		if !ok || !x.allowed(u) {
			continue
		}
		cells := []string{x.label(u), locale.T(lang, "post."+st.kind), st.name, st.born, st.since, "", "", "", "", "", "", "", st.no}
		if st.holding != "" {
			var villages, groups, duties []string
			for _, d := range st.duties {
				if d.kind == "village" {
					villages = append(villages, d.what)
				} else {
					duties = append(duties, d.what)
				}
			}
			for _, g := range st.groups {
				groups = append(groups, g.name)
			}
			cells[5], cells[6] = yesNo(st.fullTime), strconv.Itoa(st.months)
			cells[7], cells[8], cells[9] = strings.Join(villages, "、"), strings.Join(groups, "、"), strings.Join(duties, "、")
		}
		if err := row(cells); err != nil {
			return err
		}
	}
	return nil
}
