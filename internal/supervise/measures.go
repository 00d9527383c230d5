package supervise

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// window is how far back a check still covers, in months.
const window = 12

// Covered is the measure of coverage.
const Covered = "officials.covered_share"

// Measures are what this room counts: whom no check has reached. There is none of how many checks were made.
func Measures() []measure.Def {
	return []measure.Def{{Name: Covered, Unit: measure.Share, Kind: measure.Stock, By: measure.Place, Reads: access.CheckRead, Value: covered, Rows: rows}}
}

func covered(ctx context.Context, r db.Reader, q measure.Query) (v measure.Value, err error) {
	all, err := org.CountOfficials(ctx, r, q)
	if err != nil || all.Numerator == 0 {
		return v, err
	}
	v.Known, v.Denominator = true, all.Numerator
	text, args := reached(r, q, `''`).SQL()
	err = r.Row(ctx, text, args...).Scan(new(string), &v.Numerator, new(string))
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return v, err
}

// reached selects how many officials checks reached within the window, and when the last of these was, by a key made of the unit u. It
// begins with what was looked at, which is less than who is on the register. A commission's checks do not reach its own people in the
// unit where they serve.
func reached(r db.Reader, q measure.Query, key string) *db.Builder {
	past := org.Past(r, q)
	b := db.Build(`SELECT y.key, SUM(y.n), MAX(y.last) FROM (SELECT x.key, x.last, `)
	if past {
		org.OfficialsAt(b.Add(`(SELECT COUNT(z.category) FROM (`), `o.category`, `x.unit_id`, q.To, ` AND o.category = x.category AND (x.other = 1 OR o.person_id = '')`).Add(`) z)`)
	} else {
		b.Add(`(SELECT COUNT(o.category) FROM officials o WHERE o.city_id = $1 AND o.unit_id = x.unit_id AND o.category = x.category
			AND o.from_on <= ? AND (o.to_on = '' OR o.to_on > ?) AND (x.other = 1 OR o.person_id = ''))`, q.To, q.To)
	}
	b.Add(` AS n FROM (SELECT `)
	if key == town && past {
		b.Add(org.TownThen, q.To)
	} else {
		b.Add(key)
	}
	b.Add(` AS key, k.unit_id, k.category, MAX(k.on_day) AS last, MAX(CASE WHEN k.by_unit <> k.unit_id THEN 1 ELSE 0 END) AS other
		FROM check_reach k JOIN units u ON u.city_id = k.city_id AND u.id = k.unit_id WHERE k.city_id = $1 AND k.on_day > ? AND k.on_day <= ?`, q.To.AddMonths(-window), q.To)
	return under(b, r, q).Add(` GROUP BY ` + groupOf(key, past) + `k.unit_id, k.category) x) y WHERE y.n > 0 GROUP BY y.key`)
}

// town is the township that a unit u lies in, as a key.
const town = `CASE WHEN u.township_id = '' THEN u.id ELSE u.township_id END`

// groupOf leaves out a key that is the same for all, and names one that has a parameter by its place.
func groupOf(key string, past bool) string {
	switch {
	case key == `''`:
		return ""
	case key == town && past:
		return "1, "
	}
	return key + ", "
}

// under is the condition on units u that they lie under the query's unit or are it, on its last day.
func under(b *db.Builder, r db.Reader, q measure.Query) *db.Builder {
	switch u := q.Unit; {
	case org.Past(r, q):
		return org.UnderThen(b, q)
	case u.Kind == "township":
		return b.Add(` AND (u.township_id = ? OR u.id = ?)`, u.ID.Key, u.ID.Key)
	}
	return q.Under(b, "u.county_id", "", "u.id")
}

// rows are the units by kind of official: how many, and when a check last reached them. A page goes on within a unit where the one
// before ended: at.After.N rows of it were shown.
func rows(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
	out := measure.RowList{Columns: []string{"unit", "category", "n", "day"}}
	b := db.Build(`SELECT g.id, g.name, g.category, g.n, COALESCE((SELECT MAX(k.on_day) FROM check_reach k WHERE k.city_id = $1 AND k.unit_id = g.id AND k.category = g.category AND k.on_day > ? AND k.on_day <= ?
		AND (g.own = 0 OR k.by_unit <> k.unit_id)), '') FROM (`, q.To.AddMonths(-window), q.To)
	if org.Past(r, q) {
		units, err := unitsThen(ctx, r, q, at)
		if err != nil || len(units) == 0 {
			return out, err
		}
		b.Add(`SELECT z.code, z.id, z.name, z.category, z.own, COUNT(z.category) AS n FROM (`)
		org.OfficialsThen(b, `u.code, u.id, u.name, o.category, `+own+` AS own`, q.To, func(b *db.Builder) *db.Builder { return b.In(` AND `, "u.id", units) })
		b.Add(`) z GROUP BY z.code, z.id, z.name, z.category, z.own`)
	} else {
		b.Add(`SELECT v.code, v.id, v.name, o.category, ` + own + ` AS own, COUNT(o.category) AS n FROM (SELECT u.city_id, u.code, u.id, u.name`)
		unitsFrom(b, r, q, at).Add(` AND EXISTS (SELECT 1 FROM officials o WHERE o.city_id = u.city_id AND o.unit_id = u.id AND o.from_on <= ? AND (o.to_on = '' OR o.to_on > ?)) ORDER BY u.code, u.id LIMIT ?) v`, q.To, q.To, at.Limit+1)
		b.Add(` JOIN officials o ON o.city_id = v.city_id AND o.unit_id = v.id WHERE o.city_id = $1 AND o.from_on <= ? AND (o.to_on = '' OR o.to_on > ?) GROUP BY v.code, v.id, v.name, o.category, `+own, q.To, q.To)
	}
	text, args := b.Add(`) g ORDER BY g.code, g.id, g.category, g.own`).SQL()
	type line struct {
		measure.Line
		unit id.Key
	}
	all, err := db.All(ctx, r, func(rows *db.Rows) (l line, err error) {
		c := make([]string, 4)
		err = rows.Scan(&l.unit, &c[0], &c[1], &l.N, &c[3])
		c[2] = strconv.FormatInt(l.N, 10)
		l.Line = measure.Line{Cells: c, Counts: c[3] != "", Link: "/checks/" + id.ID{City: r.City(), Key: l.unit}.String(), N: l.N}
		return l, err
	}, text, args...)
	if err != nil {
		return out, err
	}
	if org.Past(r, q) {
		var keys []id.Key
		for _, l := range all {
			keys = append(keys, l.unit)
		}
		names, err := org.NamesThen(ctx, r, slices.Compact(keys), q.To)
		if err != nil {
			return out, err
		}
		for _, l := range all {
			l.Cells[0] = cmp.Or(names[l.unit], l.Cells[0])
		}
	}
	shown := min(at.After.N, len(all))
	all = all[shown:]
	for i, l := range all {
		if i == at.Limit {
			n, last := 0, all[i-1].unit
			for j := i - 1; j >= 0 && all[j].unit == last; j-- {
				n++
			}
			if n == i && last == at.After.Key { // still within the first
				n += shown
			}
			out.Next = measure.Cursor{By: "0", Key: last, N: n}
			break
		}
		out.Rows = append(out.Rows, l.Line)
	}
	return out, err
}

// own says of officials o whether they are the commission's own people.
const own = `CASE WHEN o.person_id = '' THEN 0 ELSE 1 END`

// unitsFrom adds the units u under the query's, those after the page before.
func unitsFrom(b *db.Builder, r db.Reader, q measure.Query, at measure.Turn) *db.Builder {
	b.Add(` FROM units u WHERE u.city_id = $1`)
	if after := at.After.Key; after != "" {
		b.Add(` AND u.code >= (SELECT l.code FROM units l WHERE l.city_id = $1 AND l.id = ?) AND (u.code, u.id) >= ((SELECT l.code FROM units l WHERE l.city_id = $1 AND l.id = ?), ?)`, after, after, after)
	}
	return under(b, r, q)
}

// unitsThen are those that had officials on an earlier day.
func unitsThen(ctx context.Context, r db.Reader, q measure.Query, at measure.Turn) ([]id.Key, error) {
	b := unitsFrom(db.Build(`SELECT u.id`), r, q, at)
	text, args := org.OfficialsAt(b.Add(` AND EXISTS (`), `1`, `u.id`, q.To, ``).Add(`) ORDER BY u.code, u.id LIMIT ?`, at.Limit+1).SQL()
	return db.Column[id.Key](ctx, r, text, args...)
}

// Part is a unit among those right under another, with the officials of all that lies under it.
type Part struct {
	Unit      access.Unit
	Officials int64
	Reached   int64
	Last      calendar.Date // the last check in a year that reached any of them
}

// Parts are the counties of a city, the townships of a county, the villages of a township, each with whom checks have reached; the unit
// itself among them where it has officials of its own.
func (s *Service) Parts(ctx context.Context, r db.Reader, u access.Unit, on calendar.Date) ([]Part, error) {
	q, key := measure.Query{Unit: u, From: on, To: on}, `u.id`
	switch {
	case u.Level <= access.City:
		key = `u.county_id`
	case u.Kind == "county":
		key = town
	}
	counts, err := org.OfficialsBelow(ctx, r, q)
	if err != nil || len(counts) == 0 {
		return nil, err
	}
	text, args := reached(r, q, key).SQL()
	got, err := db.All(ctx, r, func(rows *db.Rows) (p Part, err error) { return p, rows.Scan(&p.Unit.ID.Key, &p.Reached, &p.Last) }, text, args...)
	if err != nil {
		return nil, err
	}
	units, err := access.Units(ctx, r, slices.Collect(maps.Keys(counts)))
	if err != nil {
		return nil, err
	}
	var names map[id.Key]string
	if on < r.Now().Date() {
		if names, err = org.NamesThen(ctx, r, slices.Collect(maps.Keys(counts)), on); err != nil {
			return nil, err
		}
	}
	var out []Part
	for k, n := range counts {
		p := Part{Unit: units[k], Officials: n}
		p.Unit.Name = cmp.Or(names[k], p.Unit.Name)
		for _, x := range got {
			if x.Unit.ID.Key == k {
				p.Reached, p.Last = x.Reached, x.Last
			}
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Part) int {
		return cmp.Or(cmp.Compare(a.Unit.Level, b.Unit.Level), cmp.Compare(a.Unit.Code, b.Unit.Code), cmp.Compare(a.Unit.ID.Key, b.Unit.ID.Key))
	})
	return out, nil
}

// Kinds are the kinds of official that a unit has in its register, each with how many.
func Kinds(ctx context.Context, r db.Reader, u access.Unit) ([]measure.Part, error) {
	return db.All(ctx, r, func(rows *db.Rows) (p measure.Part, err error) { return p, rows.Scan(&p.Dim, &p.N) },
		`SELECT o.category, COUNT(o.id) FROM officials o WHERE o.city_id = $1 AND o.unit_id = $2 AND o.to_on = '' GROUP BY o.category ORDER BY o.category`, u.ID.Key)
}
