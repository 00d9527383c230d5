package staffing

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// NoneMeasure is the name of the number of posts that nobody of their own township could follow into.
const NoneMeasure = "staff.bench_none"

func benchOf(term func(list, code string) (rulebook.Term, bool), kind string, on calendar.Date) (from []string, months int) {
	t, ok := term("bench", kind)
	if !ok || !t.Holds(on) {
		return nil, 0
	}
	return strings.Fields(t.Attrs["from"]), number(t.Attrs["months"])
}

// Measures are what this room counts.
func Measures(rules *rulebook.Book) []measure.Def {
	none := func(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error) {
		f, err := org.LoadFacts(ctx, r, q, org.NeedService)
		if err != nil {
			return nil, err
		}
		var out []measure.Line
		for _, s := range f.Seats {
			from, months := benchOf(rules.Term, s.Kind, f.To)
			if len(from) == 0 || slices.ContainsFunc(f.Seats, func(x org.Seat) bool {
				return x.Held() && x.Unit == s.Unit && slices.Contains(from, x.Kind) && f.Served(x) >= months
			}) {
				continue
			}
			out = append(out, measure.Line{Cells: []string{s.UnitName, s.Kind, s.Name}, Link: org.UnitLink(r, s.Unit) + "#p-" + s.Post, Counts: true, N: 1})
		}
		return out, nil
	}
	return []measure.Def{{Name: NoneMeasure, Unit: measure.Number, Kind: measure.Stock, By: measure.Place,
		Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
			lines, err := none(ctx, r, q)
			return measure.Value{Numerator: int64(len(lines)), Known: true}, err
		},
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
			lines, err := none(ctx, r, q)
			return measure.Cut([]string{"unit", "post", "name"}, lines, at), err
		}}}
}
