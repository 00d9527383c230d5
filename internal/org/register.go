package org

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

const shortName = "staff.townships_short"

// registerMeasures are the measures that are not one seat a row.
func registerMeasures() []measure.Def {
	return []measure.Def{
		stock(shortName, measure.Number, []string{"unit", "posts", "since"}, func(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error) {
			f, err := LoadFacts(ctx, r, q, 0)
			if err != nil {
				return nil, err
			}
			return f.short(r, nil), nil
		}),
		{Name: "officials.count", Unit: measure.Number, Kind: measure.Stock, By: measure.Place, Value: CountOfficials, Rows: listOfficials},
		stock("officials.growth", measure.Growth, []string{"unit", "what", "day", "n"}, growth),
		stock("staff.organ_size", measure.Mean, []string{"unit", "authorised", "actual", "day"}, func(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error) {
			return sizes(ctx, r, q, func(_, actual int64) (bool, int64) { return true, actual })
		}),
		stock("staff.organ_under", measure.Number, []string{"unit", "authorised", "actual", "day"}, func(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error) {
			return sizes(ctx, r, q, func(authorised, actual int64) (bool, int64) { return actual < authorised, 1 })
		}),
		groupDef("duty.groups", measure.Number, ""),
		groupDef("duty.groups_headed_share", measure.Share, "secretary"),
	}
}

// UnitLink is the address of a unit's page, "" without a reader.
func UnitLink(r db.Reader, unit id.Key) string {
	if r == nil {
		return ""
	}
	return "/units/" + id.ID{City: r.City(), Key: unit}.String()
}

// short is one row a township that lacks anybody: which posts, and since when the longest.
func (f *Facts) short(r db.Reader, keep func(Seat) bool) []measure.Line {
	var out []measure.Line
	last := id.Key("")
	for _, s := range f.Seats {
		if s.Held() || keep != nil && !keep(s) {
			continue
		}
		if s.Unit != last {
			last = s.Unit
			out = append(out, measure.Line{Cells: []string{s.UnitName, s.Kind, string(s.Vacant)}, Link: UnitLink(r, s.Unit), Counts: true, N: 1})
			continue
		}
		c := out[len(out)-1].Cells
		if !contains(strings.Fields(c[1]), s.Kind) {
			c[1] += " " + s.Kind
		}
		c[2] = min(c[2], string(s.Vacant))
	}
	return out
}

// onRegister is the condition on officials o that they were in the register on the day.
func onRegister(b *db.Builder, q measure.Query) *db.Builder {
	b.Add(` AND o.from_on <= ? AND (o.to_on = '' OR o.to_on > ?)`, q.To, q.To)
	return q.Under(b, "o.county_id", "o.township_id", "o.unit_id")
}

// Registered is the register of officials by the day somebody came into it, the day they left as the mark.
var Registered = measure.Split{Of: "o.id", Rows: `SELECT o.city_id, '` + officialsName + `' AS name, o.county_id, '' AS unit_id, o.from_on AS on_day, '' AS dim, o.to_on AS mark, 1 AS n FROM officials o WHERE o.city_id = $1`}

const officialsName = "officials"

// CountOfficials is how many officials are in the register under the query's unit on its last day.
func CountOfficials(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
	v := measure.Value{Known: true}
	if q.Unit.Kind == "county" || q.Unit.Level <= access.City {
		ns, err := byCounty(ctx, r, q)
		for _, x := range ns {
			v.Numerator += x.n
		}
		return v, err
	}
	return measure.Once(q, officialsName+" here", func() (measure.Value, error) {
		if Past(r, q) {
			var err error
			v.Numerator, err = countThen(ctx, r, q)
			return v, err
		}
		text, args := onRegister(db.Build(`SELECT COUNT(o.from_on) FROM officials o WHERE o.city_id = $1`), q).SQL()
		return v, r.Row(ctx, text, args...).Scan(&v.Numerator)
	})
}

// listOfficials reads the register in the order of units, and within one of names.
func listOfficials(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
	out := measure.RowList{Columns: []string{"unit", "name", "post_text", "category", "since"}}
	lines, err := listed(ctx, r, q, at)
	if len(lines) > at.Limit {
		lines = lines[:at.Limit]
		out.Next = measure.Cursor{By: "0", Key: lines[at.Limit-1].Cells[5]}
	}
	for i := range lines {
		lines[i].Cells = lines[i].Cells[:5]
	}
	out.Rows = lines
	return out, err
}

// listed reads a page of it and one more, each with the official's key in the last cell.
func listed(ctx context.Context, r db.Reader, q measure.Query, at measure.Turn) ([]measure.Line, error) {
	if Past(r, q) {
		return listThen(ctx, r, q, at)
	}
	b := db.Build(`SELECT u.id, u.name, o.name, o.post, o.category, o.from_on, o.id FROM units u JOIN officials o ON o.city_id = u.city_id AND o.unit_id = u.id`)
	if at.After.Key != "" {
		b.Add(` JOIN officials l ON l.city_id = o.city_id AND l.id = ? JOIN units v ON v.city_id = l.city_id AND v.id = l.unit_id`, at.After.Key)
	}
	b.Add(` WHERE u.city_id = $1`).If(at.After.Key != "", ` AND u.code >= v.code AND (u.code, u.id, o.pinyin, o.id) > (v.code, v.id, l.pinyin, l.id)`)
	text, args := onRegister(b, q).Add(` ORDER BY u.code, u.id, o.pinyin, o.id LIMIT ?`, at.Limit+1).SQL()
	return db.All(ctx, r, scanListed(r), text, args...)
}

func scanListed(r db.Reader) func(*db.Rows) (measure.Line, error) {
	return func(rows *db.Rows) (measure.Line, error) {
		var unit string
		c := make([]string, 6)
		err := rows.Scan(&unit, &c[0], &c[1], &c[2], &c[3], &c[4], &c[5])
		return measure.Line{Cells: c, Link: UnitLink(r, unit), Counts: true, N: 1}, err
	}
}

type base struct {
	unit, name, kind, superior, county, township, code string
	level                                              int
	on                                                 calendar.Date
	n                                                  int64
}

// covers says whether the other base's unit lies within this one's, so that its officials are counted here already.
func (b base) covers(o base) bool {
	switch {
	case b.unit == o.unit:
		return false
	case b.level <= access.City && (b.kind == "city" || b.kind == "province"):
		return true
	case b.kind == "county":
		return o.county == b.unit
	case b.kind == "township":
		return o.township == b.unit
	}
	return false
}

// growth holds the register now against the dated base before the reform. Where a unit and one above it both have a
// base, the wider one stands. Without any base under the unit nothing is known.
func growth(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error) {
	bases, err := known(ctx, r, q)
	if err != nil || len(bases) == 0 {
		return nil, err
	}
	var top []base
	for _, x := range bases { // wider ones come first
		covered := false
		for _, t := range top {
			covered = covered || t.covers(x)
		}
		if !covered {
			top = append(top, x)
		}
	}
	now, err := counts(ctx, r, q, top)
	if err != nil {
		return nil, err
	}
	var out []measure.Line
	for _, x := range top {
		n := int64(0)
		for _, c := range now {
			if c.unit == x.unit || x.covers(c) {
				n += c.n
			}
		}
		link := UnitLink(r, x.unit)
		out = append(out, measure.Line{Cells: []string{x.name, "register", string(q.To), strconv.FormatInt(n, 10)}, Link: link, Counts: true, N: n},
			measure.Line{Cells: []string{x.name, "base", string(x.on), strconv.FormatInt(x.n, 10)}, Link: link, N: x.n})
	}
	return out, nil
}

// counts is how many officials there are in the register: by county where every base is a county's or wider, which an
// index answers alone; else by unit.
func counts(ctx context.Context, r db.Reader, q measure.Query, bases []base) ([]base, error) {
	wide := true
	for _, x := range bases {
		wide = wide && (x.kind == "county" || x.level <= access.City)
	}
	if wide {
		return byCounty(ctx, r, q)
	}
	if Past(r, q) {
		return countsThen(ctx, r, q)
	}
	b := db.Build(`SELECT o.unit_id, o.county_id, o.township_id, COUNT(o.id) FROM officials o WHERE o.city_id = $1`)
	text, args := onRegister(b, q).Add(` GROUP BY o.unit_id, o.county_id, o.township_id`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (x base, err error) {
		return x, rows.Scan(&x.unit, &x.county, &x.township, &x.n)
	}, text, args...)
}

// byCounty is how many officials there are in the register by county.
func byCounty(ctx context.Context, r db.Reader, q measure.Query) ([]base, error) {
	all, err := register(ctx, r, q)
	return slices.DeleteFunc(slices.Clone(all), func(x base) bool { return x.on != "" }), err
}

// OfficialsBelow is how many officials are in the register by the units right under the query's: counties of a city, townships of a
// county, units of a township. A unit's own stand under itself.
func OfficialsBelow(ctx context.Context, r db.Reader, q measure.Query) (map[id.Key]int64, error) {
	out := map[id.Key]int64{}
	if q.Unit.Level <= access.City {
		ns, err := byCounty(ctx, r, q)
		for _, x := range ns {
			out[x.county] += x.n
		}
		return out, err
	}
	if Past(r, q) {
		return belowThen(ctx, r, q)
	}
	key := `o.unit_id`
	if q.Unit.Kind == "county" {
		key = `CASE WHEN o.township_id = '' THEN o.unit_id ELSE o.township_id END`
	}
	text, args := onRegister(db.Build(`SELECT `+key+`, COUNT(o.id) FROM officials o WHERE o.city_id = $1`), q).Add(` GROUP BY ` + key).SQL()
	_, err := db.All(ctx, r, func(rows *db.Rows) (struct{}, error) {
		var k id.Key
		var n int64
		err := rows.Scan(&k, &n)
		out[k] = n
		return struct{}{}, err
	}, text, args...)
	return out, err
}

// known are the bases under the query's unit, wider ones first.
func known(ctx context.Context, r db.Reader, q measure.Query) ([]base, error) {
	all, err := register(ctx, r, q)
	return slices.DeleteFunc(slices.Clone(all), func(x base) bool { return x.on == "" }), err
}

// register reads both: the bases, each with its day, and the register now by county, from its cells: of those who came in the
// years before and in the days of this one, who has not left by the day.
func register(ctx context.Context, r db.Reader, q measure.Query) ([]base, error) {
	return measure.Once(q, officialsName, func() ([]base, error) {
		b := db.Build(`SELECT u.id, u.name, u.kind, u.superior_id, u.county_id, `)
		past := Past(r, q)
		if past {
			b.Add(TownThen+`, u.level, u.code, s.on_day, `+baseThen, q.To, q.To, q.To)
		} else {
			b.Add(`u.township_id, u.level, u.code, s.on_day, s.n`)
		}
		b.Add(` FROM official_bases s JOIN units u ON u.city_id = s.city_id AND u.id = s.unit_id WHERE s.city_id = $1 AND s.on_day <= ?`, q.To)
		if past {
			UnderThen(b, q)
		} else {
			within(b, q)
		}
		if q.Unit.Kind == "county" || q.Unit.Level <= access.City {
			for _, span := range [][3]string{{"year", "0", string(q.To.AddMonths(-12))[:4]}, {"day", string(q.To)[:4], string(q.To)}} {
				b.Add(` UNION ALL SELECT z.county_id, '', '', '', z.county_id, '', 0, '', '', SUM(z.n) FROM splits z WHERE z.city_id = $1 AND z.name = ? AND z.grain = ? AND z.span >= ? AND z.span <= ? AND (z.mark = '' OR z.mark > ?)`,
					officialsName, span[0], span[1], span[2], q.To)
				q.Under(b, "z.county_id", "z.county_id", "z.county_id").Add(` GROUP BY z.county_id`)
			}
		}
		text, args := b.SQL()
		all, err := db.All(ctx, r, func(rows *db.Rows) (x base, err error) {
			return x, rows.Scan(&x.unit, &x.name, &x.kind, &x.superior, &x.county, &x.township, &x.level, &x.code, &x.on, &x.n)
		}, text, args...)
		// Of a base that is all an heir's gain nothing was there before.
		all = slices.DeleteFunc(all, func(x base) bool { return past && x.on != "" && x.n == 0 })
		slices.SortFunc(all, func(a, b base) int {
			return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.code, b.code), cmp.Compare(a.unit, b.unit), cmp.Compare(a.on, b.on))
		})
		return all, err
	})
}

// size is the cadres of one township organ.
type size struct {
	unit, name, on     string
	authorised, actual int64
}

// sizes reads the cadres of each township organ, authorised and actual, by the last count up to the day.
func sizes(ctx context.Context, r db.Reader, q measure.Query, judge func(authorised, actual int64) (bool, int64)) ([]measure.Line, error) {
	all, err := measure.Once(q, "sizes", func() ([]size, error) {
		b := db.Build(`SELECT u.id, u.name, s.authorised, s.actual, s.on_day FROM organ_sizes s JOIN units u ON u.city_id = s.city_id AND u.id = s.unit_id
			WHERE s.city_id = $1 AND u.kind = 'township' AND u.opened_on <= ? AND (u.closed_on = '' OR u.closed_on > ?)
			AND s.on_day = (SELECT MAX(z.on_day) FROM organ_sizes z WHERE z.city_id = s.city_id AND z.unit_id = s.unit_id AND z.on_day <= ?)`, q.To, q.To, q.To)
		text, args := within(b, q).Add(` ORDER BY u.code, u.id`).SQL()
		return db.All(ctx, r, func(rows *db.Rows) (x size, err error) {
			return x, rows.Scan(&x.unit, &x.name, &x.authorised, &x.actual, &x.on)
		}, text, args...)
	})
	var out []measure.Line
	for _, x := range all {
		l := measure.Line{Cells: []string{x.name, strconv.FormatInt(x.authorised, 10), strconv.FormatInt(x.actual, 10), x.on}, Link: UnitLink(r, x.unit)}
		l.Counts, l.N = judge(x.authorised, x.actual)
		out = append(out, l)
	}
	return out, err
}

var groupColumns = []string{"unit", "group", "role", "head", "head_post", "since"}

// groupDef declares a measure of the work groups there are on a day; only says which count: all, or those that a holder of
// the post heads. A holding that has ended heads nothing.
func groupDef(name string, unit measure.Unit, only string) measure.Def {
	def := stock(name, unit, groupColumns, func(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error) {
		return groups(ctx, r, q, func(head string) bool { return only == "" || head == only })
	})
	def.Value = func(ctx context.Context, r db.Reader, q measure.Query) (v measure.Value, err error) {
		heads, err := measure.Once(q, "heads", func() ([]measure.Part, error) {
			b := db.Build(`SELECT y.kind, COUNT(y.kind) FROM (SELECT COALESCE(h.kind, '') AS kind FROM `)
			whole := q.Unit.Level <= access.City
			b.If(!whole, `units u CROSS JOIN `).Add(`workgroups g LEFT JOIN holdings h ON h.city_id = g.city_id AND h.id = g.head_holding AND h.from_on <= ? AND h.to_on NOT BETWEEN '0' AND ?
				WHERE g.city_id = $1 AND g.from_on <= ? AND g.to_on NOT BETWEEN '0' AND ?`, q.To, q.To, q.To, q.To)
			if !whole {
				within(b.Add(` AND u.city_id = g.city_id AND u.id = g.unit_id`), q)
			}
			text, args := b.Add(`) y GROUP BY y.kind`).SQL()
			return db.All(ctx, r, func(rows *db.Rows) (p measure.Part, err error) { return p, rows.Scan(&p.Dim, &p.N) }, text, args...)
		})
		for _, x := range heads {
			if only == "" || x.Dim == only {
				v.Numerator += x.N
			}
			v.Denominator += x.N
		}
		if v.Known = unit == measure.Number || v.Denominator > 0; unit == measure.Number {
			v.Denominator = 0
		}
		return v, err
	}
	return def
}

// groups reads the work groups there are on the day and who heads each.
func groups(ctx context.Context, r db.Reader, q measure.Query, counts func(headKind string) bool) ([]measure.Line, error) {
	b := db.Build(`SELECT u.id, u.name, g.name, g.role, COALESCE(x.name, ''), COALESCE(h.kind, ''), g.from_on FROM workgroups g
		JOIN units u ON u.city_id = g.city_id AND u.id = g.unit_id
		LEFT JOIN holdings h ON h.city_id = g.city_id AND h.id = g.head_holding AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?)
		LEFT JOIN people x ON x.city_id = h.city_id AND x.id = h.person_id
		WHERE g.city_id = $1 AND g.from_on <= ? AND (g.to_on = '' OR g.to_on > ?)`, q.To, q.To, q.To, q.To)
	text, args := within(b, q).Add(` ORDER BY u.code, u.id, g.name, g.id`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (measure.Line, error) {
		var unit string
		c := make([]string, 6)
		err := rows.Scan(&unit, &c[0], &c[1], &c[2], &c[3], &c[4], &c[5])
		return measure.Line{Cells: c, Link: UnitLink(r, unit), Counts: counts(c[4]), N: 1}, err
	}, text, args...)
}
