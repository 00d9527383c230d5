package insight

import (
	"context"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// Declare adds this room's own measures to the registry: how long posts have been vacant, and the gaps that several
// townships of one county share. Then it holds the plan against the measures there are.
func (s *Service) Declare() error {
	s.Measures.Add(
		measure.Def{Name: "gap.vacant_months", Unit: measure.Mean, Kind: measure.Stock, By: measure.Place,
			Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
				lines, err := vacancies(ctx, r, q)
				v := measure.Value{Denominator: int64(len(lines)), Known: len(lines) > 0}
				for _, l := range lines {
					v.Numerator += l.N
				}
				return v, err
			},
			Rows: func(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, limit int) (measure.RowList, error) {
				lines, err := vacancies(ctx, r, q)
				return cut([]string{"unit", "post", "vacant", "months"}, lines, limit), err
			}},
		measure.Def{Name: "gap.common", Unit: measure.Number, Kind: measure.Stock, By: measure.Place,
			Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
				lines, err := s.commonLines(ctx, r, q)
				return measure.Value{Numerator: int64(len(lines)), Known: true}, err
			},
			Rows: func(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, limit int) (measure.RowList, error) {
				lines, err := s.commonLines(ctx, r, q)
				return cut([]string{"unit", "what", "post", "towns"}, lines, limit), err
			}},
	)
	return s.Plan.Check(s.Measures)
}

func cut(columns []string, lines []measure.Line, limit int) measure.RowList {
	out := measure.RowList{Columns: columns, Rows: lines}
	if len(lines) > limit {
		out.Rows, out.More = lines[:limit], true
	}
	return out
}

// vacancies is one row a vacant post of the establishment, with the whole months it has been vacant.
func vacancies(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error) {
	f, err := org.LoadFacts(ctx, r, q, 0)
	if err != nil {
		return nil, err
	}
	var out []measure.Line
	for _, s := range f.Seats {
		if !s.Held() {
			n := wholeMonths(s.Vacant, q.To)
			out = append(out, measure.Line{Cells: []string{s.UnitName, s.Kind, string(s.Vacant), strconv.Itoa(n)}, Link: unitLink(r.City(), s.Unit), Counts: true, N: int64(n)})
		}
	}
	return out, nil
}

// wholeMonths is how many months have gone by entirely from one day to another.
func wholeMonths(from, to calendar.Date) int {
	n := months(from, to)
	if from.AddMonths(n) > to {
		n--
	}
	return n
}

// commonLines is one row a gap that several townships of a county share.
func (s *Service) commonLines(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error) {
	rep := &Report{Period: Period{q.From, q.To}}
	if err := s.gaps(ctx, rep, plot{r, q.Unit}); err != nil {
		return nil, err
	}
	var out []measure.Line
	for _, c := range commonGaps(rep.Gaps, s.Plan.Common.Townships) {
		kind, post, _ := strings.Cut(c.Kind, ".")
		out = append(out, measure.Line{Cells: []string{c.County.Name, kind, post, strconv.Itoa(c.Towns)}, Link: unitLink(c.County.ID.City, c.County.ID.Key), Counts: true, N: 1})
	}
	return out, nil
}

func unitLink(city id.City, unit id.Key) string {
	return "/units/" + id.ID{City: city, Key: unit}.String()
}
