package measure

import (
	"context"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// CountMean adds one thing to a mean: n of it, nothing as well, by tally, and the thing itself to the cells that count them.
func CountMean(ctx context.Context, tx *ledger.Tx, name string, of Cells, dim string, unit id.Key, on calendar.Date, matter id.Key, n int) error {
	if err := Count(ctx, tx, name, dim, unit, on, matter, n); err != nil {
		return err
	}
	Tell(ctx, tx, Portion{Name: of.Name, Unit: unit, On: string(on), Dim: dim, N: 1})
	return nil
}

// MeanDef declares a mean counted by CountMean, by kind: the sum comes from rollups, of how many it is from cells, and its
// rows are the tallies that have a kind.
func MeanDef(name string, of Cells, unit Unit, by By, neverScored bool, dims ...string) Def {
	return Def{Name: name, Unit: unit, Kind: Flow, By: by, NeverScored: neverScored, Dims: dims, Cells: of, tallied: true,
		Value: func(ctx context.Context, r db.Reader, q Query) (Value, error) {
			sum, err := flowValue(ctx, r, name, q)
			if err != nil {
				return sum, err
			}
			many, _, err := CellSums(ctx, r, of, q)
			each := map[string]int64{}
			for _, p := range sum.By {
				each[p.Dim] = p.N
			}
			v := Value{Numerator: sum.Numerator}
			for dim, n := range many {
				if n > 0 {
					v.Denominator, v.By = v.Denominator+n, append(v.By, Part{Dim: dim, N: each[dim], Of: n})
				}
			}
			inOrder(v.By)
			v.Known = v.Denominator > 0
			return v, err
		},
		Rows: func(ctx context.Context, r db.Reader, q Query, who access.Actor, at Turn) (RowList, error) {
			b := db.Build(`SELECT t.on_day, t.dim, t.n, ` + MatterCells + `, 1, t.on_day, t.id FROM tallies t LEFT JOIN matters m ON m.city_id = t.city_id AND m.id = t.matter_id`)
			Visible(b, who, r.City()).Add(` WHERE t.city_id = $1 AND t.dim <> ''` + Shown)
			list, err := MatterRows(ctx, r, at.Down(q.every(b, "t", name), "t.on_day", "t.id"), at)
			list.Columns = append(append([]string{}, list.Columns...), string(unit))
			for i, l := range list.Rows {
				list.Rows[i].Cells = append(l.Cells, strconv.FormatInt(l.N, 10))
			}
			return list, err
		}}
}
