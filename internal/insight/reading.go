package insight

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"qianshao/internal/access"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
)

// reading is one span of a report, with the establishment of each tenant's unit read once for all the measures that are
// about it.
type reading struct {
	s      *Service
	who    access.Actor
	period Period
	whole  field
	facts  []*org.Facts // of each of whole

	mu    sync.Mutex
	reads map[id.ID]*measure.Read // what the measures of a place have in common
}

func (s *Service) read(ctx context.Context, who access.Actor, whole field, p Period) (*reading, error) {
	r := &reading{s: s, who: who, period: p, whole: whole, facts: make([]*org.Facts, len(whole))}
	return r, whole.each(func(i int, x plot) (err error) {
		r.facts[i], err = org.LoadFacts(ctx, x.r, r.query(x), org.NeedService|org.NeedDuties)
		return err
	})
}

// each does something for every plot, as many at a time as there are processors: tenants share nothing.
func (f field) each(do func(i int, x plot) error) error {
	errs := make([]error, len(f))
	var wg sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, x := range f {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			errs[i] = do(i, x)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (r *reading) query(x plot) measure.Query {
	return measure.Query{Unit: x.unit, From: r.period.From, To: r.period.To, Who: r.who}
}

// shared is query for one of many measures, which are asked one after the other.
func (r *reading) shared(x plot) measure.Query {
	r.mu.Lock()
	defer r.mu.Unlock()
	read := r.reads[x.unit.ID]
	if read == nil {
		if r.reads == nil {
			r.reads = map[id.ID]*measure.Read{}
		}
		read = r.s.Measures.Read()
		r.reads[x.unit.ID] = read
	}
	q := r.query(x)
	q.Read = read
	return q
}

// values are a measure in each plot, which is one of whole or lies under the one that there is.
func (r *reading) values(ctx context.Context, d measure.Def, at field) ([]measure.Value, error) {
	out := make([]measure.Value, len(at))
	return out, at.each(func(i int, x plot) error {
		v, ok, err := r.known(ctx, d, i, x)
		if err == nil && !ok {
			v, err = d.Value(ctx, x.r, r.shared(x))
		}
		out[i] = v
		return err
	})
}

// known is a measure that follows from what was read of the establishment; ok is false for any other.
func (r *reading) known(ctx context.Context, d measure.Def, i int, x plot) (v measure.Value, ok bool, err error) {
	var f *org.Facts
	if len(r.whole) == 1 && r.whole[0].unit.ID != x.unit.ID {
		f = r.facts[0].Of(func(s org.Seat) bool { return s.County == x.unit.ID.Key || s.Unit == x.unit.ID.Key })
	} else {
		f = r.facts[i]
	}
	switch d.Name {
	case gapCommon:
		n, err := r.s.commonOf(ctx, r.period, x, f, nil)
		return measure.Value{Numerator: int64(len(n)), Known: true}, true, err
	case gapVacant:
		return meanOf(vacantSeats(x.r, r.query(x), f)), true, nil
	}
	v, ok = f.Value(d.Name, nil)
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
