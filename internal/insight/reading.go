package insight

import (
	"context"

	"qianshao/internal/measure"
	"qianshao/internal/org"
)

// reading is one span of a report, with the establishment of each tenant's unit read once for all the measures that are
// about it.
type reading struct {
	s      *Service
	period Period
	whole  field
	facts  []*org.Facts // of each of whole
}

func (s *Service) read(ctx context.Context, whole field, p Period) (*reading, error) {
	r := &reading{s: s, period: p, whole: whole}
	for _, x := range whole {
		f, err := org.LoadFacts(ctx, x.r, r.query(x), org.NeedService|org.NeedDuties)
		if err != nil {
			return nil, err
		}
		r.facts = append(r.facts, f)
	}
	return r, nil
}

func (r *reading) query(x plot) measure.Query {
	return measure.Query{Unit: x.unit, From: r.period.From, To: r.period.To}
}

// values are a measure in each plot, which is one of whole or lies under the one that there is.
func (r *reading) values(ctx context.Context, d measure.Def, at field) ([]measure.Value, error) {
	var out []measure.Value
	for i, x := range at {
		v, ok, err := r.known(ctx, d, i, x)
		if err == nil && !ok {
			v, err = d.Value(ctx, x.r, r.query(x))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// known is a measure that follows from what was read of the establishment; ok is false for any other.
func (r *reading) known(ctx context.Context, d measure.Def, i int, x plot) (v measure.Value, ok bool, err error) {
	if len(r.whole) == 1 && r.whole[0].unit.ID != x.unit.ID {
		keep := func(s org.Seat) bool { return s.County == x.unit.ID.Key || s.Unit == x.unit.ID.Key }
		v, ok = r.facts[0].Value(d.Name, keep)
		return v, ok, nil
	}
	switch d.Name {
	case gapCommon:
		n, err := r.s.commonOf(ctx, r.period, x, r.facts[i])
		return measure.Value{Numerator: int64(len(n)), Known: true}, true, err
	case gapVacant:
		v = meanOf(vacantSeats(x.r, r.query(x), r.facts[i]))
		return v, true, nil
	}
	v, ok = r.facts[i].Value(d.Name, nil)
	return v, ok, nil
}

// same says whether two fields are the same plots: the cities under a province are its parts as well.
func same(a, b field) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].unit.ID != b[i].unit.ID {
			return false
		}
	}
	return true
}

func partsOf(at field, vs []measure.Value) (out []Part) {
	for i, x := range at {
		out = append(out, Part{x.unit, add(vs[i : i+1])})
	}
	return out
}
