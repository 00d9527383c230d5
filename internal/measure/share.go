package measure

import (
	"context"
	"sort"

	"qianshao/internal/access"
	"qianshao/internal/platform/db"
)

// ShareOf is a share of the matters x that a flow measure counted: those for which mark, an expression, is a day that has
// come. cause is what changes the mark later, beside the count itself.
func ShareOf(name, tally, mark, cause string, child bool) Split {
	return Split{Name: name, Tally: tally, Cause: cause, Child: child, Of: "t.matter_id", Mark: mark,
		Rows: `SELECT t.city_id, '` + name + `' AS name, '' AS county_id, t.unit_id, t.on_day, '' AS dim, ` + mark + ` AS mark, t.n FROM tallies t
		JOIN matters x ON x.city_id = t.city_id AND x.id = t.matter_id WHERE t.city_id = $1 AND t.measure = '` + tally + `' AND t.n <> 0`}
}

// Holds is a mark that is there from the beginning where the condition holds, and never elsewhere.
func Holds(condition string) string {
	return `CASE WHEN ` + condition + ` THEN '` + Always + `' ELSE '' END`
}

// ShareDef declares a share of the matters that a flow measure counted in the period. A matter counts once, however often
// it was counted.
func ShareDef(s Split, by By, neverScored bool) Def {
	from := func(b *db.Builder, q Query) *db.Builder {
		b.Add(` AND t.measure = ? AND t.on_day >= ? AND t.on_day <= ? AND t.n <> 0`, s.Tally, q.From, q.To)
		return q.Owned(b, "t.unit_id")
	}
	mark := func(b *db.Builder, q Query) *db.Builder {
		return b.Add(`CASE WHEN `+s.Mark+` BETWEEN '`+Always+`' AND ?`, q.To)
	}
	return Def{Name: s.Name, Unit: Share, Kind: Flow, By: by, NeverScored: neverScored,
		Value: func(ctx context.Context, r db.Reader, q Query) (Value, error) {
			all, counting, err := SplitSums(ctx, r, s.Name, nil, q, func(b *db.Builder) { q.Owned(b, "s.unit_id") })
			if err != nil {
				return Value{}, err
			}
			b := mark(mark(db.Build(`SELECT COUNT(DISTINCT t.matter_id) - COUNT(t.id), COUNT(DISTINCT `), q).Add(` THEN t.matter_id END) - COUNT(`), q).Add(` THEN t.id END) FROM recounts y
				JOIN tallies t ON t.city_id = y.city_id AND t.matter_id = y.matter_id JOIN matters x ON x.city_id = t.city_id AND x.id = t.matter_id
				WHERE y.city_id = $1 AND y.name = ?`, s.Name)
			again, err := share(ctx, r, from(b, q))
			v := Value{Numerator: counting[""] + again.Numerator, Denominator: all[""] + again.Denominator}
			v.Known = v.Denominator > 0
			return v, err
		},
		Rows: func(ctx context.Context, r db.Reader, q Query, who access.Actor, at Turn) (RowList, error) {
			b := mark(db.Build(`SELECT t.on_day, '', 1, `+MatterCells+`, `), q).Add(` THEN 1 ELSE 0 END, t.on_day, t.id FROM tallies t
				JOIN matters x ON x.city_id = t.city_id AND x.id = t.matter_id LEFT JOIN matters m ON m.city_id = x.city_id AND m.id = x.id`)
			Visible(b, who, r.City()).Add(` WHERE t.city_id = $1`)
			// A matter that was counted several times stands where it was counted last.
			q.tallied(b, "t", s.Tally).Add(` AND NOT EXISTS (SELECT 1 FROM tallies l WHERE l.city_id = t.city_id AND l.matter_id = t.matter_id AND (l.on_day, l.id) > (t.on_day, t.id)`)
			return MatterRows(ctx, r, at.Down(q.tallied(b, "l", s.Tally).Add(`)`), "t.on_day", "t.id"), at)
		}}
}

// ByDim reads a number by its kinds, the largest first.
func ByDim(ctx context.Context, r db.Reader, b *db.Builder) (Value, error) {
	v := Value{Known: true}
	text, args := b.SQL()
	ps, err := db.All(ctx, r, func(rows *db.Rows) (p Part, err error) { return p, rows.Scan(&p.Dim, &p.N) }, text, args...)
	for _, p := range ps {
		v.Numerator += p.N
	}
	sort.Slice(ps, func(i, j int) bool { return ps[i].N > ps[j].N || ps[i].N == ps[j].N && ps[i].Dim < ps[j].Dim })
	v.By = ps
	return v, err
}

func share(ctx context.Context, r db.Reader, b *db.Builder) (Value, error) {
	var v Value
	text, args := b.SQL()
	err := r.Row(ctx, text, args...).Scan(&v.Denominator, &v.Numerator)
	v.Known = v.Denominator > 0
	return v, err
}
