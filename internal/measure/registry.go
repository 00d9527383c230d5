package measure

import (
	"cmp"
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/platform/db"
)

// Kind says whether a number is what happened in a period or what stands on a day.
type Kind string

// The kinds.
const (
	Flow  Kind = "flow"
	Stock Kind = "stock"
)

// By says whose number it is.
type By string

// Place is where the thing arose; Hand is who did it.
const (
	Place By = "place"
	Hand  By = "hand"
)

// Unit is what the number counts or how it is to be read.
type Unit string

// The units. A share is a fraction that keeps both parts; means likewise (sum and count).
const (
	Number Unit = "number"
	Share  Unit = "share"
	Mean   Unit = "mean"
	Years  Unit = "years" // a mean of years
	Days   Unit = "days"  // a mean of days
	Growth Unit = "growth"
)

// DimRule stands among Dims for the rulebook's timers: the kinds are rules.
const DimRule = "@rule"

// DimStage stands among Dims, followed by a kind of matter, for the steps in its header.
const DimStage = "@stage."

// Query asks for a measure: of everything under a unit, for a period. To is the last day; a stock is as of To.
type Query struct {
	Unit access.Unit
	From calendar.Date
	To   calendar.Date
	Who  access.Actor // who is to be given the answer; nobody may open the rows of a matter
	Read *Read        // what several measures of one answer have in common; nil: each reads for itself
}

// Read keeps what was read for one measure of an answer for the others of it: an answer of many measures would read the
// same rows for each. It lives as long as the answer. The empty one is of a single measure, its value and its rows.
type Read struct {
	wanted
	got map[string]any
}

// Many says whether the answer is one of all measures: what serves several is read at once then.
func (x *Read) Many() bool { return x != nil && len(x.flows) > 0 }

// Read begins an answer of many measures.
func (g *Registry) Read() *Read {
	var out Read
	for _, name := range g.order {
		d := g.defs[name]
		if d.tallied {
			out.flows = append(out.flows, name)
		}
		if d.Cells.Name != "" && !slices.Contains(out.cells, d.Cells) {
			out.cells = append(out.cells, d.Cells)
		}
		if d.share != nil {
			out.shares = append(out.shares, *d.share)
		}
	}
	return &out
}

// Once reads what is called so, unless another measure of the answer did.
func Once[T any](q Query, called string, read func() (T, error)) (T, error) {
	if q.Read == nil {
		return read()
	}
	if x, ok := q.Read.got[called]; ok {
		return x.(T), nil
	}
	x, err := read()
	if err == nil {
		if q.Read.got == nil {
			q.Read.got = map[string]any{}
		}
		q.Read.got[called] = x
	}
	return x, err
}

// Value is the answer. A plain number stands in Numerator with Denominator 0. By lists the parts of a number that has
// kinds, in the order to show.
type Value struct {
	Numerator   int64
	Denominator int64
	Known       bool // false: there is nothing to compute it from, or it is withheld
	By          []Part
	Veil        *Veil // what is withheld of it, nil if nothing is
}

// Part is one kind within a number; in a mean, Of is how many there are of the kind.
type Part struct {
	Dim string
	N   int64
	Of  int64
}

// size is what kinds are put in order by.
func (p Part) size() float64 {
	if p.Of > 0 {
		return float64(p.N) / float64(p.Of)
	}
	return float64(p.N)
}

// Float is the value as one number: the quotient of a share or mean, the number itself otherwise.
func (v Value) Float(u Unit) float64 {
	switch {
	case u == Number:
		return float64(v.Numerator)
	case v.Denominator == 0:
		return 0
	case u == Growth:
		return float64(v.Numerator-v.Denominator) / float64(v.Denominator)
	case u == Years:
		return float64(v.Numerator) / float64(v.Denominator) / 12 // numerators count months
	}
	return float64(v.Numerator) / float64(v.Denominator)
}

// Def declares a measure. Names and meanings are in locale under measure.<name>.
type Def struct {
	Name        string
	Unit        Unit
	Kind        Kind
	By          By
	NeverScored bool
	Kept        bool                                                           // a share of what was done by its day: a row that does not count is late
	Of          []string                                                       // the kinds of matter that its rows are, or are about; none if they are no matters
	Reads       access.Perm                                                    // what its rows take of the unit where they are no matters, and name who asked, who went where or what was found; "" for everybody who reads measures
	Came        bool                                                           // it tells how things came in: its kinds, or which of them it counts
	Dims        []string                                                       // the rulebook's lists that the codes of its kinds are from, to be tried in order
	Value       func(ctx context.Context, r db.Reader, q Query) (Value, error) // as the query's reader is given it, once it is in a registry
	Rows        RowsFunc
	Cells       Cells  // what it is read from, if that is cells
	tallied     bool   // it is a sum of tallies
	share       *Split // it is a share of what a flow counted
}

// Registry holds every measure of the program. It is filled by package app, one call per area.
type Registry struct {
	defs  map[string]Def
	order []string
	steps func(calendar.Date) Steps
}

// NewRegistry makes an empty registry; steps is how numbers are rounded on a day for readers who may not open their rows.
func NewRegistry(steps func(calendar.Date) Steps) *Registry {
	return &Registry{defs: map[string]Def{}, steps: steps}
}

// Add declares measures. A name declared twice, a measure without its rows, or one of a hand's that does not say which
// matters they are, is a defect.
func (g *Registry) Add(defs ...Def) {
	for _, d := range defs {
		if _, ok := g.defs[d.Name]; ok || d.Value == nil || d.Rows == nil || d.Name == "" || d.By == Hand && len(d.Of) == 0 {
			panic("measure: bad definition " + d.Name)
		}
		g.defs[d.Name] = g.veil(d)
		g.order = append(g.order, d.Name)
	}
}

// Get finds a measure.
func (g *Registry) Get(name string) (Def, error) {
	d, ok := g.defs[name]
	if !ok {
		return d, fault.Hidden()
	}
	return d, nil
}

// All lists the measures in the order they were declared.
func (g *Registry) All() []Def {
	out := make([]Def, 0, len(g.defs))
	for _, name := range g.order {
		out = append(out, g.defs[name])
	}
	return out
}

// Under is the condition that a row's unit lies under the query's unit, on the row's own columns county and township.
func (q Query) Under(b *db.Builder, county, township, unit string) *db.Builder {
	switch u := q.Unit; {
	case u.Level <= access.City:
		return b
	case u.Kind == "county":
		return b.Add(" AND "+county+" = ?", u.ID.Key)
	case u.Kind == "township":
		return b.Add(" AND "+township+" = ?", u.ID.Key)
	default:
		return b.Add(" AND "+unit+" = ?", u.ID.Key)
	}
}

// OfMatters says of measures which kinds of matter their rows are.
func OfMatters(kinds []string, defs []Def) []Def {
	for i := range defs {
		defs[i].Of = kinds
	}
	return defs
}

// HowItCame says of a measure that it tells how things came in.
func HowItCame(d Def) Def {
	d.Came = true
	return d
}

// FlowDef declares a measure counted by Count: its value is a sum of rollups for whole months (and of tallies for the
// broken ones), its rows are the tallies. dims are the rulebook's lists that its kinds are from.
func FlowDef(name string, by By, neverScored bool, dims ...string) Def {
	return Def{Name: name, Unit: Number, Kind: Flow, By: by, NeverScored: neverScored, Dims: dims, tallied: true,
		Value: func(ctx context.Context, r db.Reader, q Query) (Value, error) { return flowValue(ctx, r, name, q) },
		Rows:  TallyRows(name, "t.dim", "")}
}

// Owned is the condition that a tally or rollup belongs to the query's unit. A flow is owned by an organ (county or
// above) or, by hand or place, by a unit under it.
func (q Query) Owned(b *db.Builder, column string) *db.Builder {
	switch u := q.Unit; {
	case u.Level <= access.City:
		return b
	case u.Kind == "county":
		return b.Add(` AND `+column+` IN (SELECT u.id FROM units u WHERE u.city_id = $1 AND u.county_id = ?)`, u.ID.Key)
	default:
		return b.Add(` AND `+column+` = ?`, u.ID.Key)
	}
}

func flowValue(ctx context.Context, r db.Reader, name string, q Query) (Value, error) {
	all, _, err := sums(ctx, r, q, name, wanted{flows: []string{name}})
	return ofKinds(all), err
}

// Add is the sum of two answers to the same measure: of two tenants, which hold different rows.
func (v Value) Add(w Value) Value {
	if v.Veil != nil || w.Veil != nil {
		return Value{Veil: v.Veil.add(w.Veil)}
	}
	v.Numerator, v.Denominator, v.Known = v.Numerator+w.Numerator, v.Denominator+w.Denominator, v.Known || w.Known
	sums := map[string]Part{}
	for _, p := range append(append([]Part{}, v.By...), w.By...) {
		sums[p.Dim] = Part{Dim: p.Dim, N: sums[p.Dim].N + p.N, Of: sums[p.Dim].Of + p.Of}
	}
	v.By = nil
	for _, p := range sums {
		v.By = append(v.By, p)
	}
	inOrder(v.By)
	return v
}

// parts puts the kinds of a number in the order to show: the largest first.
func parts(sums map[string]int64) []Part {
	var out []Part
	for d, n := range sums {
		if d != "" && n != 0 {
			out = append(out, Part{Dim: d, N: n})
		}
	}
	inOrder(out)
	return out
}

func inOrder(ps []Part) {
	slices.SortFunc(ps, func(a, b Part) int { return cmp.Or(cmp.Compare(b.size(), a.size()), cmp.Compare(a.Dim, b.Dim)) })
}
