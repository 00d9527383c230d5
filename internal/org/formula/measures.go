package formula

import (
	"context"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// Measures are what is counted of a county's force beyond its posts: slots short of people, who is called up, who should have been
// given back, none of which may be scored; and how many townships an area group covers.
func Measures() []measure.Def {
	away := []string{"unit", "name", "to_unit", "gone", "until"}
	gone, late := stock("callup.away", away), stock("callup.overdue", away)
	gone.Reads, late.Reads = access.CallupRead, access.CallupRead
	grouped := stock(inArea, []string{"unit", "area"})
	grouped.Unit, grouped.NeverScored, grouped.Value = measure.Share, false, func(ctx context.Context, r db.Reader, q measure.Query) (v measure.Value, err error) {
		lines, err := linesOf(ctx, r, q, inArea)
		for _, l := range lines {
			if l.Counts {
				v.Numerator++
			}
		}
		v.Denominator, v.Known = int64(len(lines)), len(lines) > 0
		return v, err
	}
	return []measure.Def{stock("force.slots_short", []string{"unit", "slot", "held", "least"}), grouped, gone, late}
}

// inArea is the share of townships that an area supervision group covers.
const inArea = "force.in_area_share"

func stock(name string, columns []string) measure.Def {
	return measure.Def{Name: name, Unit: measure.Number, Kind: measure.Stock, By: measure.Place, NeverScored: true,
		Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
			lines, err := linesOf(ctx, r, q, name)
			return measure.Value{Numerator: int64(len(lines)), Known: true}, err
		},
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
			lines, err := linesOf(ctx, r, q, name)
			return measure.Cut(columns, lines, at), err
		}}
}

// linesOf are the rows behind a measure: one a slot with fewer people than it takes, one a township with the area it is in, or one
// somebody who is called up on the query's last day, by the unit they come from. For all of them one statement is asked.
func linesOf(ctx context.Context, r db.Reader, q measure.Query, name string) ([]measure.Line, error) {
	all, err := measure.Once(q, "force", func() (map[string][]measure.Line, error) { return read(ctx, r, q) })
	return all[name], err
}

func read(ctx context.Context, r db.Reader, q measure.Query) (map[string][]measure.Line, error) {
	b := db.Build(`SELECT 'force.slots_short' AS what, u.code, u.name, s.label_zh, '', '', '', u.id, s.n, s.least, (SELECT COUNT(f.id) FROM force_places f WHERE f.city_id = s.city_id AND f.slot_id = s.id
		AND f.from_on <= ? AND (f.to_on = '' OR f.to_on > ?)) FROM force_slots s JOIN units u ON u.city_id = s.city_id AND u.id = s.county_id
		WHERE s.city_id = $1 AND s.from_on <= ? AND (s.to_on = '' OR s.to_on > ?)`, q.To, q.To, q.To, q.To)
	switch { // slots are the county's
	case q.Unit.Level <= access.City:
	case q.Unit.Kind == "county":
		b.Add(` AND s.county_id = ?`, q.Unit.ID.Key)
	default:
		b.Add(` AND 1 = 0`)
	}
	b.Add(` UNION ALL SELECT 'callup.away', u.code, u.name, p.name, t.name, c.began_on, c.until_on, c.id, 0, 0, 0 FROM callups c JOIN units u ON u.city_id = c.city_id AND u.id = c.unit_id
		JOIN units t ON t.city_id = c.city_id AND t.id = c.to_id JOIN people p ON p.city_id = c.city_id AND p.id = c.person_id
		WHERE c.city_id = $1 AND c.began_on <> '' AND c.began_on <= ? AND (c.back_on = '' OR c.back_on > ?)`, q.To, q.To)
	q.Under(b, "c.county_id", "u.township_id", "u.id").Add(` UNION ALL SELECT '`+inArea+`', u.code, u.name, COALESCE((SELECT MAX(a.name) FROM area_townships t JOIN areas a ON a.city_id = t.city_id AND a.id = t.area_id
		WHERE t.city_id = $1 AND t.township_id = u.id AND a.from_on <= ? AND (a.to_on = '' OR a.to_on > ?)), ''), '', '', '', u.id, 0, 0, 0
		FROM units u WHERE u.city_id = $1 AND u.kind = 'township' AND u.opened_on <= ? AND (u.closed_on = '' OR u.closed_on > ?)`, q.To, q.To, q.To, q.To)
	text, args := q.Under(b, "u.county_id", "u.id", "u.id").Add(` ORDER BY 1, 2, 3, 9, 8`).SQL()
	type row struct {
		what, code, unit, label, to, began, until string
		key                                       id.Key
		n, least, held                            int64
	}
	rows, err := db.All(ctx, r, func(rows *db.Rows) (x row, err error) {
		return x, rows.Scan(&x.what, &x.code, &x.unit, &x.label, &x.to, &x.began, &x.until, &x.key, &x.n, &x.least, &x.held)
	}, text, args...)
	out := map[string][]measure.Line{}
	add := func(name, link string, cells ...string) {
		out[name] = append(out[name], measure.Line{Cells: slices.Clone(cells), Link: link, Counts: true, N: 1})
	}
	for _, x := range rows {
		switch {
		case x.what == "callup.away":
			add(x.what, "", x.unit, x.label, x.to, x.began, x.until)
			if x.until < string(q.To) {
				add("callup.overdue", "", x.unit, x.label, x.to, x.began, x.until)
			}
		case x.what == inArea:
			out[inArea] = append(out[inArea], measure.Line{Cells: []string{x.unit, x.label}, Link: "/areas", Counts: x.label != "", N: 1})
		case x.held < x.least:
			add(x.what, "/formula?unit="+id.ID{City: r.City(), Key: x.key}.String(), x.unit, x.label, strconv.FormatInt(x.held, 10), strconv.FormatInt(x.least, 10))
		}
	}
	return out, err
}
