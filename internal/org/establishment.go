package org

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// PostAt is a post of a unit as it stands on a day, with whoever holds it or stands in.
type PostAt struct {
	Post        id.Key
	Kind        string
	Title       string
	Established bool
	Opened      calendar.Date
	Holding     id.Key // "" when nobody is there
	Person      id.Key
	Name        string
	Born        string // YYYY-MM
	Since       calendar.Date
	FullTime    bool
	Acting      bool
}

// PostsAt lists the posts of a unit on a day in the order people say them; a post two people hold comes twice.
func PostsAt(ctx context.Context, r db.Reader, unit id.Key, on calendar.Date) ([]PostAt, error) {
	out, err := db.All(ctx, r, func(rows *db.Rows) (p PostAt, err error) {
		return p, rows.Scan(&p.Post, &p.Kind, &p.Title, &p.Established, &p.Opened, &p.Holding, &p.Person, &p.Name, &p.Born, &p.Since, &p.FullTime, &p.Acting)
	}, `SELECT p.id, p.kind, p.title, p.established, p.opened_on, COALESCE(h.id, ''), COALESCE(h.person_id, ''), COALESCE(x.name, ''), COALESCE(x.born, ''), COALESCE(h.from_on, ''),
		COALESCE(h.full_time, FALSE), COALESCE(h.acting, FALSE) FROM posts p
		LEFT JOIN holdings h ON h.city_id = p.city_id AND h.post_id = p.id AND h.from_on <= $3 AND (h.to_on = '' OR h.to_on > $3)
		LEFT JOIN people x ON x.city_id = h.city_id AND x.id = h.person_id
		WHERE p.city_id = $1 AND p.unit_id = $2 AND p.opened_on <= $3 AND (p.closed_on = '' OR p.closed_on > $3) ORDER BY p.opened_on, p.id, h.from_on, h.id`, unit, on)
	slices.SortStableFunc(out, func(a, b PostAt) int { return postOrder(a.Kind) - postOrder(b.Kind) })
	return out, err
}

// Duty is something the holder of a post is made to do besides.
type Duty struct {
	Holding    id.Key
	Kind       string
	What       string
	AssignedBy string
	Paper      string
	Village    string // its name, for a stationed village
	From       calendar.Date
}

// Group is a work group of a unit and who heads it; Head "" is nobody of the commission.
type Group struct {
	Name, SetUpBy, Responsible, Role, Head, HeadPost string
	From                                             calendar.Date
}

// Name is what a unit was called from a day on.
type Name struct {
	From       calendar.Date
	Code, Name string
	Superior   id.Key
}

// UnitDay is what a unit was on a day beside its posts.
type UnitDay struct {
	Names  []Name // what it was called and coded, newest first, the present name included
	Size   *Size  // the last count of its cadres up to the day; nil when there is none
	Duties []Duty // what the holders of its posts do besides
	Groups []Group
}

// UnitAt reads it, all at once.
func UnitAt(ctx context.Context, r db.Reader, unit id.Key, on calendar.Date) (out UnitDay, err error) {
	type line struct {
		what string
		c    [6]string
		from calendar.Date
	}
	all, err := db.All(ctx, r, func(rows *db.Rows) (x line, err error) {
		var order [4]string
		return x, rows.Scan(&x.what, &x.c[0], &x.c[1], &x.c[2], &x.c[3], &x.c[4], &x.c[5], &x.from, &order[0], &order[1], &order[2], &order[3])
	}, `SELECT 'duty' AS kind, d.holding_id AS c0, d.kind AS c1, d.what AS c2, d.assigned_by AS c3, d.paper AS c4, COALESCE(v.name, '') AS c5, d.from_on, d.holding_id AS o0, d.kind AS o1, COALESCE(v.code, '') AS o2, d.id AS o3 FROM duties d
		LEFT JOIN units v ON v.city_id = d.city_id AND v.id = d.village_id
		WHERE d.city_id = $1 AND d.unit_id = $2 AND d.from_on <= $3 AND (d.to_on = '' OR d.to_on > $3)
		UNION ALL SELECT 'group', g.name, g.set_up_by, g.responsible, g.role, COALESCE(x.name, ''), COALESCE(h.kind, ''), g.from_on, g.name, g.id, '', '' FROM workgroups g
		LEFT JOIN holdings h ON h.city_id = g.city_id AND h.id = g.head_holding AND h.from_on <= $3 AND (h.to_on = '' OR h.to_on > $3)
		LEFT JOIN people x ON x.city_id = h.city_id AND x.id = h.person_id
		WHERE g.city_id = $1 AND g.unit_id = $2 AND g.from_on <= $3 AND (g.to_on = '' OR g.to_on > $3)
		UNION ALL SELECT 'name', a.code, a.name, a.superior_id, '', '', '', a.from_on, '', '', '', '' FROM unit_attrs a WHERE a.city_id = $1 AND a.unit_id = $2
		UNION ALL SELECT 'size', CAST(s.authorised AS TEXT), CAST(s.actual AS TEXT), '', '', '', '', s.on_day, '', '', '', '' FROM organ_sizes s WHERE s.city_id = $1 AND s.unit_id = $2
		AND s.on_day = (SELECT MAX(z.on_day) FROM organ_sizes z WHERE z.city_id = s.city_id AND z.unit_id = s.unit_id AND z.on_day <= $3) ORDER BY o0, o1, o2, o3`, unit, on)
	for _, x := range all {
		switch c := x.c; x.what {
		case "duty":
			out.Duties = append(out.Duties, Duty{Holding: c[0], Kind: c[1], What: c[2], AssignedBy: c[3], Paper: c[4], Village: c[5], From: x.from})
		case "group":
			out.Groups = append(out.Groups, Group{Name: c[0], SetUpBy: c[1], Responsible: c[2], Role: c[3], Head: c[4], HeadPost: c[5], From: x.from})
		case "name":
			out.Names = append(out.Names, Name{From: x.from, Code: c[0], Name: c[1], Superior: c[2]})
		default:
			out.Size = &Size{Unit: unit, On: x.from}
			out.Size.Authorised, _ = strconv.Atoi(c[0])
			out.Size.Actual, _ = strconv.Atoi(c[1])
		}
	}
	slices.SortFunc(out.Names, func(a, b Name) int { return strings.Compare(string(b.From), string(a.From)) })
	return out, err
}

// Served is the whole months of discipline work of whoever holds the seat.
func (f *Facts) Served(s Seat) int { return s.served }

// Newcomer says whether the holder of a seat came within a year and had done no discipline work before.
func (f *Facts) Newcomer(s Seat) bool { ok, _, _ := newcomer(f, s); return s.Held() && ok }

// Others is how many other duties the holder of a seat has, stationed villages among them.
func (f *Facts) Others(s Seat) int64 { return f.duties[s.Holding].others }

// Villages is how many stationed villages the holder of a seat has.
func (f *Facts) Villages(s Seat) int64 { return f.duties[s.Holding].villages }

// AgeOn is the age in whole years on a day of somebody born in a month, YYYY-MM; ok is false when it is not known.
func AgeOn(born string, on calendar.Date) (years int, ok bool) {
	m, ok := ageMonths(born, on)
	return m / 12, ok
}

// postOrder is where a kind of post stands among the others.
func postOrder(kind string) int {
	return slices.IndexFunc(access.PostKinds, func(k access.PostKind) bool { return k.Kind == kind })
}
