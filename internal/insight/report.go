package insight

import (
	"context"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Service makes reports.
type Service struct {
	DB       *db.DB
	Ledger   *ledger.Ledger
	Measures *measure.Registry
	Rules    *rulebook.Book
	Plan     *Plan
}

// Report is one report, as facts: Compose makes sentences of it.
type Report struct {
	Unit     access.Unit
	Period   Period
	Before   Period
	Cities   int // under a province
	Counties int
	Towns    int
	Figures  map[string]*Figure
	Order    []string // of the figures
	Findings []Finding
	Remedies []Remedy
	Gaps     []Gap
	Common   []CommonGap
	Leaving  []measure.Part // why the posts that are vacant became so, most frequent first
	rules    *rulebook.Book
	many     int   // townships that make a gap common
	least    int64 // of what came in some way, from how many on it is told
}

// Verdict is what came of a problem's tests.
type Verdict string

// The verdicts. Unjudged is a problem for none of whose tests anything is recorded; OfWhole one that only a city or a
// province is judged by.
const (
	Found    Verdict = "found"
	Clear    Verdict = "clear"
	Unjudged Verdict = "unjudged"
	OfWhole  Verdict = "whole"
)

// Finding is a problem with what its tests say.
type Finding struct {
	Problem
	Verdict Verdict
	Was     Verdict // over the span before
	Results []Result
}

// Result is one test of a problem. Known is false when there is nothing to judge by.
type Result struct {
	Test
	Figure *Figure
	Known  bool
	Past   bool
}

// Report computes the report of a county, a city, a province or one township, for an actor who may read reports of it.
// Anything else is as absent as an unknown unit. A period that ends in the future or before it begins is a field fault.
func (s *Service) Report(ctx context.Context, who access.Actor, unit id.ID, p Period) (*Report, error) {
	u, err := access.GetUnit(ctx, s.DB.In(unit.City), unit.Key)
	if err != nil {
		return nil, err
	}
	if !mayRead(who, u) {
		return nil, fault.Hidden()
	}
	switch {
	case !p.From.Valid():
		return nil, fault.InvalidField("from", "day.invalid")
	case !p.To.Valid():
		return nil, fault.InvalidField("to", "day.invalid")
	case p.To < p.From:
		return nil, fault.InvalidField("to", "day.before", string(p.From))
	case p.To > s.DB.Today():
		return nil, fault.InvalidField("to", "day.future")
	}
	rep := &Report{Unit: u, Period: p, Before: p.Before(), Figures: map[string]*Figure{}, Order: s.Plan.Measures(), rules: s.Rules, many: s.Plan.Common.Townships, least: s.Measures.Least(s.DB.Today())}
	whole, below, err := s.fieldOf(ctx, u, rep)
	if err != nil {
		return nil, err
	}
	now, err := s.read(ctx, who, whole, rep.Period)
	if err != nil {
		return nil, err
	}
	if err := s.figures(ctx, rep, now, below); err != nil {
		return nil, err
	}
	for _, x := range s.Plan.Problems {
		f := Finding{Problem: x}
		for _, t := range x.Tests {
			if t.OfWhole && u.Level > access.City {
				continue
			}
			fig := rep.Figures[t.Measure]
			f.Results = append(f.Results, Result{Test: t, Figure: fig, Known: fig.Now.Known, Past: fig.Now.Known && t.past(fig.Def.Unit, fig.Now)})
		}
		f.Verdict = verdict(f.Results, func(r Result) measure.Value { return r.Figure.Now })
		f.Was = verdict(f.Results, func(r Result) measure.Value { return r.Figure.Was })
		rep.Findings = append(rep.Findings, f)
	}
	rep.Remedies = s.Plan.Remedies
	for i, x := range whole {
		if err := s.gaps(ctx, rep, x, now.facts[i], nil); err != nil {
			return nil, err
		}
	}
	rep.Common = commonGaps(rep.Gaps, s.Plan.Common.Townships)
	return rep, nil
}

func verdict(rs []Result, of func(Result) measure.Value) Verdict {
	v := Unjudged
	if len(rs) == 0 {
		return OfWhole
	}
	for _, r := range rs {
		x := of(r)
		if !x.Known {
			continue
		}
		if r.past(r.Figure.Def.Unit, x) {
			return Found
		}
		v = Clear
	}
	return v
}

// mayRead says whether the actor reads reports of a unit: its own organ and what lies under it.
func mayRead(who access.Actor, u access.Unit) bool {
	if who.Automatic() {
		return true
	}
	for _, h := range who.Hats {
		may := false
		for _, r := range h.Roles {
			may = may || r.May(access.ReportRead)
		}
		if !may {
			continue
		}
		for _, c := range who.Cities {
			if c != u.ID.City {
				continue
			}
			if h.Unit.Level <= access.City || h.Unit.County == u.County && u.County != "" {
				return true
			}
		}
	}
	return false
}

// fieldOf finds where the unit's numbers are: in its own tenant, or in every city under a province; and the same for
// each unit directly below.
func (s *Service) fieldOf(ctx context.Context, u access.Unit, rep *Report) (whole, below field, err error) {
	r := s.DB.In(u.ID.City)
	switch u.Kind {
	case "province", "nation":
		cities, err := db.Column[id.City](ctx, r.Shared(), `SELECT city_id FROM tenants WHERE above_id = $1 AND kind = 'city' ORDER BY city_id`, int64(u.ID.City))
		if err != nil {
			return nil, nil, err
		}
		for _, c := range cities {
			top, err := access.Top(ctx, r.For(c))
			if err != nil {
				return nil, nil, err
			}
			whole = append(whole, plot{r.For(c), top})
			if err := count(ctx, r.For(c), "", rep); err != nil {
				return nil, nil, err
			}
		}
		rep.Cities = len(cities)
		return whole, whole, nil
	case "city":
		err = count(ctx, r, "", rep)
		if err == nil {
			below, err = plots(ctx, r, "", "county")
		}
	case "county":
		if err = count(ctx, r, u.ID.Key, rep); err == nil {
			below, err = plots(ctx, r, u.ID.Key, "township")
		}
	case "township":
		rep.Towns = 1
	default:
		err = fault.Hidden() // offices and villages have no report of their own
	}
	return field{{r, u}}, below, err
}

func plots(ctx context.Context, r db.Reader, county id.Key, kind string) (field, error) {
	us, err := access.UnitsOf(ctx, r, county, kind)
	var out field
	for _, u := range us {
		out = append(out, plot{r, u})
	}
	return out, err
}

func count(ctx context.Context, r db.Reader, county id.Key, rep *Report) error {
	towns, err := access.UnitsOf(ctx, r, county, "township")
	if err != nil {
		return err
	}
	counties, err := access.UnitsOf(ctx, r, county, "county")
	rep.Towns += len(towns)
	rep.Counties += len(counties)
	return err
}

// figures computes every measure of the plan, now and over the span before, and those under test in each unit below.
func (s *Service) figures(ctx context.Context, rep *Report, now *reading, below field) error {
	before, err := s.read(ctx, now.who, now.whole, rep.Before)
	if err != nil {
		return err
	}
	tested := map[string]bool{}
	for _, x := range s.Plan.Problems {
		for _, t := range x.Tests {
			tested[t.Measure] = true
		}
	}
	for _, name := range rep.Order {
		d, err := s.Measures.Get(name)
		if err != nil {
			return err
		}
		f := &Figure{Def: d, Link: rowsLink(name, rep.Unit, rep.Period)}
		values, err := now.values(ctx, d, now.whole)
		if err != nil {
			return err
		}
		was, err := before.values(ctx, d, now.whole)
		if err != nil {
			return err
		}
		f.Now, f.Was = s.Measures.OnPaper(d, add(values), s.DB.Today()), s.Measures.OnPaper(d, add(was), s.DB.Today())
		if tested[name] && !d.NeverScored {
			if !same(below, now.whole) {
				if values, err = now.values(ctx, d, below); err != nil {
					return err
				}
			}
			f.Parts = partsOf(below, values)
		}
		rep.Figures[name] = f
	}
	return nil
}

// Units lists the units whose report the actor may read, the actor's own organ first: those under it, down to counties.
func (s *Service) Units(ctx context.Context, who access.Actor) ([]access.Unit, error) {
	own, err := access.GetUnit(ctx, s.DB.In(who.City), who.Unit().Organ)
	if err != nil || !mayRead(who, own) {
		return nil, err
	}
	out := []access.Unit{own}
	_, below, err := s.fieldOf(ctx, own, &Report{})
	for _, x := range below {
		out = append(out, x.unit)
	}
	return out, err
}

// Resolve finds a unit by its id or its division code, as of today; "" is the actor's own organ.
func (s *Service) Resolve(ctx context.Context, who access.Actor, unit string) (id.ID, error) {
	if unit == "" {
		return id.ID{City: who.City, Key: who.Unit().Organ}, nil
	}
	if x, err := id.Parse(unit); err == nil {
		return x, nil
	}
	if strings.Trim(unit, "0123456789") != "" {
		return id.ID{}, fault.Hidden() // neither an id nor a code
	}
	for _, c := range who.Cities {
		u, err := access.UnitByCode(ctx, s.DB.In(c), unit)
		if err == nil {
			return u.ID, nil
		}
		if fault.KindOf(err) != fault.NotFound {
			return id.ID{}, err
		}
	}
	return id.ID{}, fault.Hidden()
}

// DefaultPeriod is what is reported on when nobody says otherwise: the twelve months up to today.
func (s *Service) DefaultPeriod() Period { return Year(s.DB.Today()) }

// ParsePeriod reads the two ends of a period as given; what is empty is filled from the default.
func (s *Service) ParsePeriod(from, to string) Period {
	p := Year(s.DB.Today())
	if to != "" {
		p = Year(calendar.Date(to))
		if !calendar.Date(to).Valid() {
			p = Period{To: calendar.Date(to)}
		}
	}
	if from != "" {
		p.From = calendar.Date(from)
	}
	return p
}
