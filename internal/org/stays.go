package org

import (
	"context"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// Where officials stood on an earlier day: at the unit of their stay that had not ended by then, else at their own; and that unit lay
// under what it lay under then. Who is asked for today's is answered by their rows alone.

var stayTable = &ledger.Table{Name: "official_stays", Key: []string{"official_id", "to_on"}, Cols: []string{"unit_id"}}

// rehouse takes the officials registered at one unit to another from a day on, or with theirs to another township.
func rehouse(ctx context.Context, tx *ledger.Tx, from, to, township id.Key, on calendar.Date) error {
	type entry struct {
		key    id.Key
		came   calendar.Date
		stayed bool // what is known of that day says where already
	}
	es, err := db.All(ctx, tx, func(rows *db.Rows) (e entry, err error) { return e, rows.Scan(&e.key, &e.came, &e.stayed) },
		`SELECT o.id, o.from_on, EXISTS (SELECT 1 FROM official_stays s WHERE s.city_id = o.city_id AND s.official_id = o.id AND s.to_on >= $3) FROM officials o WHERE o.city_id = $1 AND o.unit_id = $2 AND CASE WHEN o.to_on = '' OR o.to_on > $3 THEN 1 ELSE 0 END = 1`, from, on)
	if err != nil {
		return err
	}
	for _, e := range es {
		if err := amend(ctx, tx, officialTable, e.key, map[string]any{"unit_id": to, "township_id": township}); err != nil {
			return err
		}
		if from == to || e.came >= on || e.stayed {
			continue
		}
		if err := tx.Insert(ctx, stayTable, e.key, on, from); err != nil {
			return err
		}
	}
	return nil
}

// Who stood at a unit on a day stands there still (here), or did until later (there). Each has one parameter, the day.
const (
	here  = ` AND NOT EXISTS (SELECT 1 FROM official_stays n WHERE n.city_id = o.city_id AND n.official_id = o.id AND n.to_on > ?)`
	there = ` AND s.to_on = (SELECT MIN(n.to_on) FROM official_stays n WHERE n.city_id = s.city_id AND n.official_id = s.official_id AND n.to_on > ?)`
	// listedOn is the condition on officials o that they were in the register on a day, said so that their units lead to them.
	listedOn = ` AND o.from_on <= ? AND CASE WHEN o.to_on = '' OR o.to_on > ? THEN 1 ELSE 0 END = 1`
)

// OfficialsAt adds a statement over the officials o who were in a unit's register on an earlier day; unit is its key in the statement
// around it, ending adds conditions.
func OfficialsAt(b *db.Builder, cols, unit string, on calendar.Date, ending string) *db.Builder {
	b.Add(`SELECT `+cols+` FROM officials o WHERE o.city_id = $1 AND o.unit_id = `+unit+here+listedOn+ending, on, on, on)
	return b.Add(` UNION ALL SELECT `+cols+` FROM official_stays s CROSS JOIN officials o WHERE s.city_id = $1 AND s.unit_id = `+unit+` AND o.city_id = s.city_id AND o.id = s.official_id`+there+listedOn+ending, on, on, on)
}

// OfficialsThen adds a statement over units u and the officials o who were in their registers on an earlier day; of adds conditions
// on the units.
func OfficialsThen(b *db.Builder, cols string, on calendar.Date, of func(b *db.Builder) *db.Builder) *db.Builder {
	of(b.Add(`SELECT `+cols+` FROM units u CROSS JOIN officials o WHERE u.city_id = $1 AND o.city_id = u.city_id AND o.unit_id = u.id`+here+listedOn, on, on, on))
	return of(b.Add(` UNION ALL SELECT `+cols+` FROM units u CROSS JOIN official_stays s CROSS JOIN officials o WHERE u.city_id = $1 AND s.city_id = u.city_id AND s.unit_id = u.id
		AND o.city_id = s.city_id AND o.id = s.official_id`+there+listedOn, on, on, on))
}

// UnderThen is the condition on units u that they lay under the query's unit on its last day, or are it.
func UnderThen(b *db.Builder, q measure.Query) *db.Builder {
	if q.Unit.Kind != "township" {
		return q.Under(b, "u.county_id", "", "u.id") // nothing is moved out of its county
	}
	return b.Add(` AND u.id IN (SELECT v.unit_id FROM unit_attrs v WHERE v.city_id = $1 AND v.superior_id = ? AND v.from_on <= ?
		AND NOT EXISTS (SELECT 1 FROM unit_attrs n WHERE n.city_id = v.city_id AND n.unit_id = v.unit_id AND n.from_on > v.from_on AND n.from_on <= ?) UNION ALL SELECT ?)`, q.Unit.ID.Key, q.To, q.To, q.Unit.ID.Key)
}

func under(q measure.Query) func(*db.Builder) *db.Builder {
	return func(b *db.Builder) *db.Builder { return UnderThen(b, q) }
}

// Past says whether a query asks for a day before today.
func Past(r db.Reader, q measure.Query) bool { return q.To < r.Now().Date() }

// TownThen is the township that a unit lay in on a day, itself for one that lay in none; the day is its one parameter.
const TownThen = `COALESCE((SELECT CASE WHEN u.kind = 'township' OR t.township_id = '' THEN u.id ELSE t.township_id END FROM unit_attrs a JOIN units t ON t.city_id = a.city_id AND t.id = a.superior_id
	WHERE a.city_id = u.city_id AND a.unit_id = u.id AND a.from_on <= ? ORDER BY a.from_on DESC LIMIT 1), u.id)`

// baseThen is a base s as it was on an earlier day: what units merged since brought to it, or took away, is taken back. The day is
// its parameter, twice.
const baseThen = `s.n + COALESCE((SELECT SUM(x.base) FROM reorganisations x WHERE x.city_id = s.city_id AND x.unit_id = s.unit_id AND x.on_day > ?), 0)
	- COALESCE((SELECT SUM(x.base) FROM reorganisations x WHERE x.city_id = s.city_id AND x.into_id = s.unit_id AND x.on_day > ?), 0)`

// countThen is CountOfficials of a township or a unit on an earlier day.
func countThen(ctx context.Context, r db.Reader, q measure.Query) (n int64, err error) {
	text, args := OfficialsThen(db.Build(`SELECT COUNT(y.from_on) FROM (`), `o.from_on`, q.To, under(q)).Add(`) y`).SQL()
	return n, r.Row(ctx, text, args...).Scan(&n)
}

// countsThen is how many officials there were on an earlier day by unit, each with the township it lay in then.
func countsThen(ctx context.Context, r db.Reader, q measure.Query) ([]base, error) {
	b := db.Build(`SELECT u.id, u.county_id, `+TownThen+`, y.n FROM (SELECT z.city_id, z.id, COUNT(z.id) AS n FROM (`, q.To)
	OfficialsThen(b, `u.city_id, u.id`, q.To, under(q))
	text, args := b.Add(`) z GROUP BY z.city_id, z.id) y CROSS JOIN units u WHERE u.city_id = $1 AND u.city_id = y.city_id AND u.id = y.id`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (x base, err error) {
		return x, rows.Scan(&x.unit, &x.county, &x.township, &x.n)
	}, text, args...)
}

// listThen is listOfficials on an earlier day, under the names of then. Each way to them is read in order, as far as the page goes.
func listThen(ctx context.Context, r db.Reader, q measure.Query, at measure.Turn) ([]measure.Line, error) {
	after := at.After.Key
	page := func(b *db.Builder) *db.Builder {
		b.If(after != "", ` AND u.code >= l.code AND (u.code, u.id, o.pinyin, o.id) > (l.code, l.id, l.pinyin, l.official)`)
		return UnderThen(b, q).Add(` ORDER BY u.code, u.id, o.pinyin, o.id LIMIT ?`, at.Limit+1)
	}
	last := func(b *db.Builder) *db.Builder { // of the page before, at the unit of then
		return b.If(after != "", `(SELECT v.code, v.id, l.pinyin, l.id AS official FROM officials l JOIN units v ON v.city_id = l.city_id AND v.id = COALESCE((SELECT s.unit_id FROM official_stays s
			WHERE s.city_id = l.city_id AND s.official_id = l.id AND s.to_on > ? ORDER BY s.to_on LIMIT 1), l.unit_id) WHERE l.city_id = $1 AND l.id = ?) l CROSS JOIN `, q.To, after)
	}
	b := db.Build(`SELECT y.unit, a.name, y.name, y.post, y.category, y.from_on, y.id FROM (SELECT x.unit, x.code, x.pinyin, x.name, x.post, x.category, x.from_on, x.id FROM (SELECT ` + listedCols + ` FROM `)
	page(last(b).Add(`units u CROSS JOIN officials o WHERE u.city_id = $1 AND o.city_id = u.city_id AND o.unit_id = u.id`+here+listedOn, q.To, q.To, q.To))
	b.Add(`) x UNION ALL SELECT x.unit, x.code, x.pinyin, x.name, x.post, x.category, x.from_on, x.id FROM (SELECT ` + listedCols + ` FROM `)
	page(last(b).Add(`units u CROSS JOIN official_stays s CROSS JOIN officials o WHERE u.city_id = $1 AND s.city_id = u.city_id AND s.unit_id = u.id
		AND o.city_id = s.city_id AND o.id = s.official_id`+there+listedOn, q.To, q.To, q.To))
	text, args := b.Add(`) x) y JOIN unit_attrs a ON a.city_id = $1 AND a.unit_id = y.unit AND a.from_on = (SELECT MAX(n.from_on) FROM unit_attrs n WHERE n.city_id = a.city_id AND n.unit_id = a.unit_id AND n.from_on <= ?)
		ORDER BY y.code, y.unit, y.pinyin, y.id LIMIT ?`, q.To, at.Limit+1).SQL()
	return db.All(ctx, r, scanListed(r), text, args...)
}

const listedCols = `u.id AS unit, u.code, o.pinyin, o.name, o.post, o.category, o.from_on, o.id`

// belowThen is OfficialsBelow of a county or a township on an earlier day.
func belowThen(ctx context.Context, r db.Reader, q measure.Query) (map[id.Key]int64, error) {
	ns, err := countsThen(ctx, r, q)
	out := map[id.Key]int64{}
	for _, x := range ns {
		if q.Unit.Kind == "county" && x.township != "" {
			x.unit = x.township
		}
		out[x.unit] += x.n
	}
	return out, err
}
