package org

import (
	"context"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// Measures are what this room counts: the establishment and who is in it, the register of officials, work groups. All
// are stocks: dated rows as of the query's last day.
func Measures() []measure.Def {
	var out []measure.Def
	for _, d := range staffMeasures {
		out = append(out, d.def())
	}
	return append(out, registerMeasures()...)
}

// lister makes the rows behind a stock, all of them, in the order to show.
type lister func(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error)

// stock declares a measure whose value is nothing but its rows added up.
func stock(name string, unit measure.Unit, columns []string, list lister) measure.Def {
	return measure.Def{Name: name, Unit: unit, Kind: measure.Stock, By: measure.Place,
		Value: func(ctx context.Context, r db.Reader, q measure.Query) (measure.Value, error) {
			lines, err := list(ctx, r, q)
			return addUp(unit, lines), err
		},
		Rows: func(ctx context.Context, r db.Reader, q measure.Query, _ access.Actor, at measure.Turn) (measure.RowList, error) {
			lines, err := list(ctx, r, q)
			return measure.Cut(columns, lines, at), err
		}}
}

// addUp is the value that rows stand for. A number is the sum of what counts; a share is that over all rows; a mean is
// the sum over how many count; growth is what counts (now) against what does not (the base).
func addUp(unit measure.Unit, lines []measure.Line) measure.Value {
	var t total
	for _, l := range lines {
		t.add(l.Counts, l.N)
	}
	return t.value(unit)
}

// total is what rows add up to: what counts and how many rows that are, and the rest.
type total struct{ counts, rows, rest int64 }

func (t *total) add(counts bool, n int64) {
	if counts {
		t.counts += n
		t.rows++
	} else {
		t.rest += n
	}
}

func (t total) value(unit measure.Unit) measure.Value {
	v := measure.Value{Numerator: t.counts}
	switch unit {
	case measure.Number:
		v.Known = true
		return v
	case measure.Share:
		v.Denominator = t.counts + t.rest
	case measure.Growth:
		v.Denominator = t.rest
	default:
		v.Denominator = t.rows
	}
	v.Known = v.Denominator > 0
	return v
}

// staffMeasure is a measure over the seats of the establishment.
type staffMeasure struct {
	name  string
	unit  measure.Unit
	need  Need
	kinds []string // kinds of post; nil is all
	held  bool     // of posts that are held only
	// judge says whether a seat counts and what it adds; ok false leaves it out altogether.
	judge func(f *Facts, s Seat) (counts bool, n int64, ok bool)
	what  string // the column beside unit, post and name
	cell  func(f *Facts, s Seat) string
}

var staffMeasures = []staffMeasure{
	{name: "staff.posts", judge: all, what: "opened", cell: func(_ *Facts, s Seat) string { return string(s.Opened) }},
	{name: "staff.held", held: true, judge: all, what: "since", cell: since},
	{name: "staff.vacant.secretary", kinds: Establishment[:1], judge: vacant, what: "vacant", cell: since},
	{name: "staff.vacant.deputy", kinds: Establishment[1:2], judge: vacant, what: "vacant", cell: since},
	{name: "staff.vacant.officer", kinds: Establishment[2:], judge: vacant, what: "vacant", cell: since},
	{name: "staff.secretary.age_mean", unit: measure.Years, kinds: Establishment[:1], held: true, what: "born", cell: func(_ *Facts, s Seat) string { return s.Born },
		judge: func(f *Facts, s Seat) (bool, int64, bool) {
			m, ok := ageMonths(s.Born, f.To)
			return ok, int64(m), true
		}},
	{name: "staff.secretary.tenure_2y_share", unit: measure.Share, need: NeedService, kinds: Establishment[:1], held: true, judge: twoYears, what: "served", cell: served},
	{name: "staff.tenure_2y_share", unit: measure.Share, need: NeedService, held: true, judge: twoYears, what: "served", cell: served},
	{name: "staff.secretary.new_1y_share", unit: measure.Share, need: NeedService, kinds: Establishment[:1], held: true, judge: newcomer, what: "since", cell: since},
	{name: "staff.full_time_share.secretary", unit: measure.Share, need: NeedDuties, kinds: Establishment[:1], held: true, judge: fullTime, what: "duties", cell: duties},
	{name: "staff.full_time_share.deputy", unit: measure.Share, need: NeedDuties, kinds: Establishment[1:2], held: true, judge: fullTime, what: "duties", cell: duties},
	{name: "staff.full_time_share.officer", unit: measure.Share, need: NeedDuties, kinds: Establishment[2:], held: true, judge: fullTime, what: "duties", cell: duties},
	{name: "staff.stationed_share", unit: measure.Share, need: NeedDuties, kinds: Establishment[:2], held: true, what: "villages",
		judge: func(f *Facts, s Seat) (bool, int64, bool) { return f.duties[s.Holding].villages > 0, 1, true },
		cell:  func(f *Facts, s Seat) string { return strconv.FormatInt(f.duties[s.Holding].villages, 10) }},
}

func all(*Facts, Seat) (bool, int64, bool)        { return true, 1, true }
func vacant(_ *Facts, s Seat) (bool, int64, bool) { return true, 1, !s.Held() }

func since(_ *Facts, s Seat) string {
	if s.Held() {
		return string(s.Since)
	}
	return string(s.Vacant)
}

// twoYears counts who has two years or more in discipline work, wherever they did it.
func twoYears(_ *Facts, s Seat) (bool, int64, bool) { return s.TwoYears(), 1, true }

// TwoYears says whether the holder of a seat has two years or more in discipline work.
func (s Seat) TwoYears() bool { return s.served >= 24 }

func served(_ *Facts, s Seat) string {
	return strconv.Itoa(s.served)
}

// newcomer counts who took the post within the last year and had done no discipline work before.
func newcomer(f *Facts, s Seat) (bool, int64, bool) {
	fresh := s.before == 0 && s.began >= s.Since
	return fresh && s.Since > f.To.AddMonths(-12), 1, true
}

// fullTime counts who is full-time by appointment and has nothing else to do.
func fullTime(f *Facts, s Seat) (bool, int64, bool) { return f.FullTime(s), 1, true }

// FullTime says whether the holder of a seat is full-time in fact: by appointment, and without other duties.
func (f *Facts) FullTime(s Seat) bool { return s.FullTime && f.duties[s.Holding].others == 0 }

func duties(f *Facts, s Seat) string {
	if !s.FullTime {
		return "part" // by appointment
	}
	return strconv.FormatInt(f.duties[s.Holding].others, 10)
}

// lines are the rows of the measure among the seats that pass keep.
func (m staffMeasure) lines(f *Facts, r db.Reader, keep func(Seat) bool) []measure.Line {
	var out []measure.Line
	m.each(f, keep, func(s Seat, counts bool, n int64) {
		out = append(out, measure.Line{Cells: []string{s.UnitName, s.Kind, s.Name, m.cell(f, s)}, Link: seatLink(r, s), Counts: counts, N: n})
	})
	return out
}

// value is what those rows add up to.
func (m staffMeasure) value(f *Facts, keep func(Seat) bool) measure.Value {
	var t total
	m.each(f, keep, func(_ Seat, counts bool, n int64) { t.add(counts, n) })
	if m.unit == "" {
		return t.value(measure.Number)
	}
	return t.value(m.unit)
}

func (m staffMeasure) each(f *Facts, keep func(Seat) bool, do func(s Seat, counts bool, n int64)) {
	for _, s := range f.Seats {
		if m.kinds != nil && !contains(m.kinds, s.Kind) || m.held && !s.Held() || keep != nil && !keep(s) {
			continue
		}
		if counts, n, ok := m.judge(f, s); ok {
			do(s, counts, n)
		}
	}
}

// seatLink is the place of a seat on its unit's page.
func seatLink(r db.Reader, s Seat) string { return UnitLink(r, s.Unit) + "#p-" + s.Post }

func (m staffMeasure) def() measure.Def {
	unit := m.unit
	if unit == "" {
		unit = measure.Number
	}
	def := stock(m.name, unit, []string{"unit", "post", "name", m.what}, func(ctx context.Context, r db.Reader, q measure.Query) ([]measure.Line, error) {
		f, err := LoadFacts(ctx, r, q, m.need)
		if err != nil {
			return nil, err
		}
		return m.lines(f, r, nil), nil
	})
	def.Value = func(ctx context.Context, r db.Reader, q measure.Query) (v measure.Value, err error) {
		f, err := LoadFacts(ctx, r, q, m.need)
		if err != nil {
			return v, err
		}
		return m.value(f, nil), nil
	}
	return def
}

// Of is the facts of the seats that pass keep.
func (f *Facts) Of(keep func(Seat) bool) *Facts {
	g := *f
	g.Seats = nil
	for _, s := range f.Seats {
		if keep(s) {
			g.Seats = append(g.Seats, s)
		}
	}
	return &g
}

// Value is a staff measure of one unit among facts that were read for a unit above it; ok is false for a measure that
// is not about the establishment.
func (f *Facts) Value(name string, keep func(Seat) bool) (v measure.Value, ok bool) {
	if name == shortName {
		return addUp(measure.Number, f.short(nil, keep)), true
	}
	for _, m := range staffMeasures {
		if m.name == name {
			return m.value(f, keep), true
		}
	}
	return v, false
}
