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
	of := Cells{Name: s.Name}
	return Def{Name: s.Name, Unit: Share, Kind: Flow, By: by, NeverScored: neverScored, Cells: of, share: &s,
		Value: func(ctx context.Context, r db.Reader, q Query) (Value, error) {
			all, counting, err := sums(ctx, r, q, s.Name, wanted{cells: []Cells{of}, shares: []Split{s}})
			return Value{Numerator: counting[""], Denominator: all[""], Known: all[""] > 0}, err
		},
		Rows: func(ctx context.Context, r db.Reader, q Query, who access.Actor, at Turn) (RowList, error) {
			b := s.marked(db.Build(`SELECT t.on_day, '', 1, `+MatterCells+`, `), q).Add(` THEN 1 ELSE 0 END, t.on_day, t.id FROM tallies t
				JOIN matters x ON x.city_id = t.city_id AND x.id = t.matter_id LEFT JOIN matters m ON m.city_id = x.city_id AND m.id = x.id`)
			Visible(b, who, r.City()).Add(` WHERE t.city_id = $1` + Shown)
			// A matter that was counted several times stands where it was counted last.
			q.tallied(b, "t", s.Tally).Add(` AND NOT EXISTS (SELECT 1 FROM tallies l WHERE l.city_id = t.city_id AND l.matter_id = t.matter_id AND (l.on_day, l.id) > (t.on_day, t.id)`)
			return MatterRows(ctx, r, at.Down(q.tallied(b, "l", s.Tally).Add(`)`), "t.on_day", "t.id"), at)
		}}
}

// ByKind is a number by its kinds, the largest first.
func ByKind(sums map[string]int64) Value {
	v := Value{Known: true}
	for d, n := range sums {
		if n != 0 {
			v.Numerator, v.By = v.Numerator+n, append(v.By, Part{Dim: d, N: n})
		}
	}
	sort.Slice(v.By, func(i, j int) bool {
		return v.By[i].N > v.By[j].N || v.By[i].N == v.By[j].N && v.By[i].Dim < v.By[j].Dim
	})
	return v
}

// marked begins a CASE for what counts by the query's last day.
func (s Split) marked(b *db.Builder, q Query) *db.Builder {
	return b.Add(`CASE WHEN `+s.Mark+` BETWEEN '`+Always+`' AND ?`, q.To)
}

// KindPart is one kind within a number of a kind of matter.
type KindPart struct {
	Kind string
	Part
}
