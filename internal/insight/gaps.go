package insight

import (
	"cmp"
	"context"
	"path"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
)

// Gap is what one township is short of, as of the report's day.
type Gap struct {
	Unit     access.Unit
	County   access.Unit
	Vacant   []Vacancy
	PartTime []string // kinds of post whose holders have other work
	Fresh    []string // kinds of post whose holders have less than two years of discipline work
	Under    bool     // the township organ has fewer cadres than authorised
}

// Vacancy is a post nobody holds, since a day.
type Vacancy struct {
	Post  string // kind of post
	Since calendar.Date
}

// The kinds of gap a township can have; each is owed by one level (locale report.gap.<kind> and .owner).
const (
	GapVacant = "vacant"
	GapPart   = "part_time"
	GapFresh  = "fresh"
	GapUnder  = "under"
)

// Kinds lists the gaps there are, as kind, or kind and post: vacant.secretary.
func (g Gap) Kinds() []string {
	var out []string
	for _, v := range g.Vacant {
		out = append(out, GapVacant+"."+v.Post)
	}
	for _, p := range g.PartTime {
		out = append(out, GapPart+"."+p)
	}
	for _, p := range g.Fresh {
		out = append(out, GapFresh+"."+p)
	}
	if g.Under {
		out = append(out, GapUnder)
	}
	return out
}

// CommonGap is one gap that several townships of a county have: the county owes one measure for all of them.
type CommonGap struct {
	County access.Unit
	Kind   string
	Towns  int
}

// gaps tells who is short of what under one tenant's unit, whose establishment has been read, townships in the order of
// codes, and why posts are vacant. read is what other numbers of the same answer have read, if there are any.
func (s *Service) gaps(ctx context.Context, rep *Report, x plot, f *org.Facts, read *measure.Read) error {
	q := measure.Query{Unit: x.unit, From: rep.Period.From, To: rep.Period.To, Read: read}
	under, err := s.underStrength(ctx, x, q)
	if err != nil {
		return err
	}
	counties := map[id.Key]access.Unit{x.unit.ID.Key: x.unit}
	if x.unit.Kind != "county" {
		keys := []string{}
		for _, seat := range f.Seats {
			keys = append(keys, seat.County)
		}
		if counties, err = access.Units(ctx, x.r, keys); err != nil {
			return err
		}
	}
	leaving := map[string]int64{}
	var town *Gap
	for _, seat := range f.Seats {
		if town == nil || town.Unit.ID.Key != seat.Unit {
			u := access.Unit{ID: id.ID{City: x.r.City(), Key: seat.Unit}, Kind: "township", Level: access.Township, Code: seat.UnitCode, Name: seat.UnitName, Short: seat.UnitShort, County: seat.County}
			rep.Gaps = append(rep.Gaps, Gap{Unit: u, County: counties[seat.County], Under: under[u.ID.String()]})
			town = &rep.Gaps[len(rep.Gaps)-1]
		}
		if !seat.Held() {
			town.Vacant = append(town.Vacant, Vacancy{seat.Kind, seat.Vacant})
			if seat.LeaveReason != "" {
				leaving[seat.LeaveReason]++
			}
			continue
		}
		if !f.FullTime(seat) {
			town.PartTime = append(town.PartTime, seat.Kind)
		}
		if !seat.TwoYears() {
			town.Fresh = append(town.Fresh, seat.Kind)
		}
	}
	for why, n := range leaving {
		i := slices.IndexFunc(rep.Leaving, func(p measure.Part) bool { return p.Dim == why })
		if i < 0 {
			rep.Leaving = append(rep.Leaving, measure.Part{Dim: why, N: n})
		} else {
			rep.Leaving[i].N += n
		}
	}
	slices.SortFunc(rep.Leaving, func(a, b measure.Part) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Dim, b.Dim))
	})
	return nil
}

// underStrength is the townships whose organ has fewer cadres than authorised, by their id.
func (s *Service) underStrength(ctx context.Context, x plot, q measure.Query) (map[string]bool, error) {
	d, err := s.Measures.Get("staff.organ_under")
	if err != nil {
		return nil, err
	}
	rows, err := d.Rows(ctx, x.r, q, access.ByProgram(x.r.City()), measure.Turn{Limit: allTownships})
	out := map[string]bool{}
	for _, l := range rows.Rows {
		if l.Counts {
			out[path.Base(l.Link)] = true // a row is a township, and its link the township's page
		}
	}
	return out, err
}

// allTownships bounds how many rows are read of one tenant; no prefecture has nearly as many townships.
const allTownships = 10000

// commonGaps are the gaps that at least n townships of one county share, counties in the order of codes, the widest
// first within one.
func commonGaps(gaps []Gap, n int) []CommonGap {
	var out []CommonGap
	for _, g := range gaps {
		for _, k := range g.Kinds() {
			i := slices.IndexFunc(out, func(c CommonGap) bool { return c.County.ID == g.County.ID && c.Kind == k })
			if i < 0 {
				out = append(out, CommonGap{County: g.County, Kind: k, Towns: 1})
			} else {
				out[i].Towns++
			}
		}
	}
	out = slices.DeleteFunc(out, func(c CommonGap) bool { return c.Towns < n })
	slices.SortStableFunc(out, func(a, b CommonGap) int {
		return cmp.Or(cmp.Compare(a.County.Code, b.County.Code), cmp.Compare(b.Towns, a.Towns), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}

// Short lists the townships that lack somebody in post.
func (rep *Report) Short() []Gap {
	return slices.DeleteFunc(slices.Clone(rep.Gaps), func(g Gap) bool { return len(g.Vacant) == 0 })
}
