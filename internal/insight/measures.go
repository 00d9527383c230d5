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

// This room's measures.
const (
	gapVacant = "gap.vacant_months"
	gapCommon = "gap.common"
)

// Declare adds this room's own measures to the registry: how long posts have been vacant, and the gaps that several
// townships of one county share. Then it holds the plan against the measures there are.
func (s *Service) Declare() error {
	s.Measures.Add(
		measure.Def{Name: gapVacant, Unit: measure.Mean, Kind: measure.Stock, By: measure.Place,
			Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
				lines, err := vacancies(ctx, r, q)
				return meanOf(lines), err
			},
			Rows: func(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
				lines, err := vacancies(ctx, r, q)
				return measure.Cut([]string{"unit", "post", "vacant", "months"}, lines, at), err
			}},
		measure.Def{Name: gapCommon, Unit: measure.Number, Kind: measure.Stock, By: measure.Place,
			Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
				lines, err := s.commonLines(ctx, r, q)
				return measure.Value{Numerator: int64(len(lines)), Known: true}, err
			},
			Rows: func(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
				lines, err := s.commonLines(ctx, r, q)
				return measure.Cut([]string{"unit", "what", "post", "towns"}, lines, at), err
			}},
	)
	return s.Plan.Check(s.Measures)
}

// vacancies is one row a vacant post of the establishment, with the whole months it has been vacant.
func vacancies(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error) {
	f, err := org.LoadFacts(ctx, r, q, 0)
	if err != nil {
		return nil, err
	}
	return vacantSeats(r, q, f), nil
}

func vacantSeats(r db.Reader, q measure.Query, f *org.Facts) (out []measure.Line) {
	for _, s := range f.Seats {
		if !s.Held() {
			n := wholeMonths(s.Vacant, q.To)
			out = append(out, measure.Line{Cells: []string{s.UnitName, s.Kind, string(s.Vacant), strconv.Itoa(n)}, Link: unitLink(r.City(), s.Unit), Counts: true, N: int64(n)})
		}
	}
	return out
}

// meanOf is the mean that lines stand for.
func meanOf(lines []measure.Line) measure.Value {
	v := measure.Value{Denominator: int64(len(lines)), Known: len(lines) > 0}
	for _, l := range lines {
		v.Numerator += l.N
	}
	return v
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
	if q.Unit.Kind == "township" {
		return nil, nil // one alone has nothing in common
	}
	f, err := org.LoadFacts(ctx, r, q, org.NeedService|org.NeedDuties)
	if err != nil {
		return nil, err
	}
	common, err := s.commonOf(ctx, Period{q.From, q.To}, plot{r, q.Unit}, f, q.Read)
	var out []measure.Line
	for _, c := range common {
		kind, post, _ := strings.Cut(c.Kind, ".")
		out = append(out, measure.Line{Cells: []string{c.County.Name, kind, post, strconv.Itoa(c.Towns)}, Link: unitLink(c.County.ID.City, c.County.ID.Key), Counts: true, N: 1})
	}
	return out, err
}

// commonOf are the gaps that several townships of a county share, of one plot whose establishment has been read.
func (s *Service) commonOf(ctx context.Context, p Period, x plot, f *org.Facts, read *measure.Read) ([]CommonGap, error) {
	rep := &Report{Period: p}
	if err := s.gaps(ctx, rep, x, f, read); err != nil {
		return nil, err
	}
	return commonGaps(rep.Gaps, s.Plan.Common.Townships), nil
}

func unitLink(city id.City, unit id.Key) string {
	return "/units/" + id.ID{City: city, Key: unit}.String()
}
