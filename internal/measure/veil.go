package measure

import (
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// A number of matters can point at whoever reported one: one letter came in on the day that a colleague was away. Whoever may
// open every row that it could count sees it as it is. Anybody else is given it in steps: floors of whole spans that have
// passed, of each organ by itself, and sums of these floors, so that no two answers differ by less than a step; or not at
// all. Whatever else could be taken from another answer and leave a few rows over is not given: what stands on a day, a share
// or a mean, a kind, a running span, a unit below the organs.

// Steps is how what readers without the rows are given is rounded. The zero one gives nothing.
type Steps struct {
	Least  int64 // a count is rounded down to a multiple of it, and not shown below it
	Months int   // how long a span is; one begins with each year
}

// The ways in which a number is withheld.
const (
	Small   = "small"    // less than a step
	AtLeast = "at_least" // of which the steps are shown
	Running = "running"  // no span has passed yet
	Rows    = "rows"     // not of this number, or not of this unit
)

// Veil says what of a number is withheld from a reader who may not open its rows.
type Veil struct {
	Why      string
	Floor    int64 // there are at least so many
	Steps    Steps
	Many     bool          // it is of several spans or organs, each rounded by itself
	From, To calendar.Date // the spans
}

// add is what is withheld of the sum of two tenants' numbers.
func (v *Veil) add(w *Veil) *Veil {
	switch {
	case v == nil && w == nil:
		return nil
	case v == nil || w == nil || v.Why == Rows || w.Why == Rows:
		return &Veil{Why: Rows}
	case v.Why == Running:
		return v
	}
	out := *v
	out.Floor, out.Many, out.Why = v.Floor+w.Floor, true, Small
	if out.Floor > 0 {
		out.Why = AtLeast
	}
	return &out
}

// atOrgans are the kinds of matter that only organs work on.
var atOrgans = []string{"tipoff", "slip"}

// opens says whether a reader may open every row that the measure could count under a unit. Who is barred from some matters
// of the unit counts as who isn't: statistics stay for the recused, and in what somebody is named in the unit has no
// part (D22); an answer that changed with a bar would tell of it. A number that tells how things came in is not for whoever
// works on them below the organ: they don't learn that there was a report.
func (d Def) opens(who access.Actor, u access.Unit) bool {
	below, some := lower(u) && !d.Came, len(d.Of) == 0
	for _, kind := range d.Of {
		switch s := who.Scope(access.ReadOf(kind)); {
		case s.Covers(u), below && s.Handles(u.ID):
			some = true
		case !below || !slices.Contains(atOrgans, kind):
			return false
		}
	}
	return some
}

// lower says whether a unit is one that works for an organ.
func lower(u access.Unit) bool { return u.Kind == "office" || u.Level > access.County }

// veil makes a measure one that every reader is given as is theirs.
func (g *Registry) veil(d Def) Def {
	value, rows := d.Value, d.Rows
	d.Value = func(ctx context.Context, r db.Reader, q Query) (Value, error) {
		if d.opens(q.Who, q.Unit) {
			return value(ctx, r, q)
		}
		return g.floor(ctx, r, d, q)
	}
	d.Rows = func(ctx context.Context, r db.Reader, q Query, who access.Actor, at Turn) (RowList, error) {
		if d.Came && !d.opens(who, q.Unit) {
			return RowList{Columns: MatterColumns, Veiled: true}, nil
		}
		if s := who.Scope(d.Reads); d.Reads != "" && !s.Covers(q.Unit) && !s.Handles(q.Unit.ID) {
			return RowList{Veiled: true}, nil
		}
		out, err := rows(ctx, r, q, who, at)
		out.Veiled = !d.opens(who, q.Unit)
		return out, err
	}
	return d
}

// stepped says whether readers without the rows are given a number at all: how often something happened, which once the
// span is over stays as it is.
func (d Def) stepped() bool { return len(d.Of) > 0 && d.tallied && d.Unit == Number }

// spans is the part of a period that consists of whole spans which have passed.
func (s Steps) spans(from, to, today calendar.Date) (calendar.Date, calendar.Date, bool) {
	if s.Months <= 0 || 12%s.Months != 0 {
		return "", "", false
	}
	if to >= today {
		to = today.AddDays(-1)
	}
	first := s.begin(from)
	if first < from {
		first = first.AddMonths(s.Months)
	}
	last := s.begin(to.AddDays(1)).AddDays(-1)
	return first, last, first < last
}

func (s Steps) begin(d calendar.Date) calendar.Date {
	return calendar.MakeDate(d.Year(), (d.Month()-1)/s.Months*s.Months+1, 1)
}

// portionOf is what an organ counted of a flow in a month.
type portionOf struct {
	name, month string
	organ       id.Key // a county, "" for what lies above
	n           int64
}

// floor is what a reader without the rows is given.
func (g *Registry) floor(ctx context.Context, r db.Reader, d Def, q Query) (Value, error) {
	today := r.Now().Date()
	s := g.steps(today)
	if !d.stepped() || s.Least <= 0 || lower(q.Unit) {
		return Value{Veil: &Veil{Why: Rows}}, nil
	}
	from, to, ok := s.spans(q.From, q.To, today)
	if !ok {
		return Value{Veil: &Veil{Why: Running, Steps: s}}, nil
	}
	called, names := "steps of "+d.Name, []string{d.Name}
	if q.Read.Many() {
		called, names = "steps", g.steppedNames()
	}
	all, err := Once(q, called, func() ([]portionOf, error) { return portionsOf(ctx, r, q, names, from, to) })
	if err != nil {
		return Value{}, err
	}
	type cell struct {
		span  calendar.Date
		organ id.Key
	}
	cells := map[cell]int64{}
	for _, p := range all {
		if p.name == d.Name {
			cells[cell{s.begin(calendar.Date(p.month + "-01")), p.organ}] += p.n
		}
	}
	v := &Veil{Why: Small, Steps: s, From: from, To: to, Many: q.Unit.Kind != "county" || from.AddMonths(s.Months) < to}
	for _, n := range cells {
		v.Floor += max(n, 0) / s.Least * s.Least
	}
	if v.Floor > 0 {
		v.Why = AtLeast
	}
	return Value{Veil: v}, nil
}

func (g *Registry) steppedNames() (out []string) {
	for _, name := range g.order {
		if g.defs[name].stepped() {
			out = append(out, name)
		}
	}
	return out
}

func portionsOf(ctx context.Context, r db.Reader, q Query, names []string, from, to calendar.Date) ([]portionOf, error) {
	b := db.Build(`SELECT t.measure, t.month, u.county_id, SUM(t.n) FROM rollups t CROSS JOIN units u WHERE t.city_id = $1 AND u.city_id = t.city_id AND u.id = t.unit_id`).
		In(` AND `, "t.measure", names).Add(` AND t.month >= ? AND t.month <= ?`, from.MonthKey(), to.MonthKey())
	b.If(q.Unit.Kind == "county", ` AND u.county_id = ?`, q.Unit.ID.Key)
	text, args := b.Add(` GROUP BY t.measure, t.month, u.county_id`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (p portionOf, err error) { return p, rows.Scan(&p.name, &p.month, &p.organ, &p.n) }, text, args...)
}

// Least is how many there are in a step on a day.
func (g *Registry) Least(today calendar.Date) int64 { return g.steps(today).Least }

// OnPaper is a value as it stands on a paper, which goes to people who may open nothing: of a measure that tells how things
// came in, no kind and no side of a share that is less than a step, nor what would leave less than one over.
func (g *Registry) OnPaper(d Def, v Value, today calendar.Date) Value {
	if !d.Came || v.Veil != nil || !v.Known {
		return v
	}
	s := g.steps(today)
	small := func(n int64) bool { return n < s.Least }
	kept := slices.DeleteFunc(slices.Clone(v.By), func(p Part) bool { return small(p.N) })
	over := v.Numerator
	for _, p := range kept {
		over -= p.N
	}
	for len(kept) > 0 && over > 0 && small(over) {
		over, kept = over+kept[len(kept)-1].N, kept[:len(kept)-1]
	}
	if d.Unit == Share && (small(v.Numerator) || small(v.Denominator-v.Numerator)) || d.Unit != Share && small(v.Numerator) || len(v.By) > 0 && len(kept) == 0 {
		return Value{Veil: &Veil{Why: Small, Steps: s}}
	}
	v.By = kept
	return v
}
