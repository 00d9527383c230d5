package haves

import (
	"context"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// Known is what the system itself knows of a line, for one township.
type Known struct {
	Value measure.Value
	Unit  measure.Unit
	Known bool
	Met   bool // the least is reached, where the line has one
}

// ofPosts says whether a measure is one of the establishment, which is no secret and is read for all townships at once.
func ofPosts(name string) bool { return strings.HasPrefix(name, "staff.") }

// met says whether a value reaches a least; a share's is in percent.
func met(u measure.Unit, v measure.Value, least int64) bool {
	if u == measure.Number {
		return v.Numerator >= least
	}
	return v.Numerator*100 >= least*v.Denominator
}

// posts is what the system knows of the posts of one township.
func (s *Service) posts(ctx context.Context, r db.Reader, town access.Unit, all []Line) (map[string]Known, error) {
	by, err := s.postsOf(ctx, r, town, map[id.Key][]Line{town.County: all}, r.Now().Date())
	return by[town.ID.Key], err
}

// postsOf is that of every township under a unit on a day, by its key and the line's code; lists are the lines by county.
func (s *Service) postsOf(ctx context.Context, r db.Reader, under access.Unit, lists map[id.Key][]Line, on calendar.Date) (map[id.Key]map[string]Known, error) {
	want := map[id.Key][]Line{}
	for county, all := range lists {
		for _, l := range all {
			if l.Kind == "measure" && l.How != Dropped && ofPosts(l.Measure) {
				want[county] = append(want[county], l)
			}
		}
	}
	out := map[id.Key]map[string]Known{}
	if len(want) == 0 {
		return out, nil
	}
	f, err := org.LoadFacts(ctx, r, measure.Query{Unit: under, To: on}, org.NeedDuties)
	if err != nil {
		return nil, err
	}
	for i, j := 0, 0; i < len(f.Seats); i = j { // the seats of a township stand together
		seat := f.Seats[i]
		for j < len(f.Seats) && f.Seats[j].Unit == seat.Unit {
			j++
		}
		town := *f
		town.Seats = f.Seats[i:j]
		out[seat.Unit] = map[string]Known{}
		for _, l := range want[seat.County] {
			d, err := s.Measures.Get(l.Measure)
			if err != nil {
				continue // retired since the list was issued: nothing is known of it
			}
			v, ok := town.Value(l.Measure, func(org.Seat) bool { return true })
			if !ok {
				continue
			}
			k := Known{Value: v, Unit: d.Unit, Known: v.Known}
			k.Met = v.Known && met(d.Unit, v, l.Least)
			out[seat.Unit][l.Code] = k
		}
	}
	return out, nil
}

// delivering is what the system knows of the lines that are read from matters, of one township over the last twelve months,
// as the reader may know it: what is withheld from them elsewhere is withheld here.
func (s *Service) delivering(ctx context.Context, r db.Reader, who access.Actor, town access.Unit, all []Line) (map[string]Known, error) {
	out := map[string]Known{}
	today := r.Now().Date()
	for _, l := range all {
		if l.Kind != "measure" || l.How == Dropped || ofPosts(l.Measure) {
			continue
		}
		d, err := s.Measures.Get(l.Measure)
		if err != nil {
			continue
		}
		v, err := d.Value(ctx, r, measure.Query{Unit: town, From: today.AddMonths(-12), To: today, Who: who})
		if err != nil {
			return nil, err
		}
		out[l.Code] = Known{Value: v, Unit: d.Unit, Known: v.Known, Met: v.Known && v.Veil == nil && met(d.Unit, v, l.Least)}
	}
	return out, nil
}
