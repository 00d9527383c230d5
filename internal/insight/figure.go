package insight

import (
	"net/url"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// Period is a span of days, both included.
type Period struct{ From, To calendar.Date }

// Before is the span of the same length that ended the day before: whole months before whole months.
func (p Period) Before() Period {
	end := p.From.AddDays(-1)
	if next := p.To.AddDays(1); p.From.Day() == next.Day() {
		return Period{p.From.AddMonths(-months(p.From, next)), end}
	}
	return Period{end.AddDays(-p.To.Sub(p.From)), end}
}

func months(from, to calendar.Date) int {
	return (to.Year()-from.Year())*12 + to.Month() - from.Month()
}

// Year is the twelve months that end on a day.
func Year(to calendar.Date) Period { return Period{to.AddDays(1).AddMonths(-12), to} }

// Figure is one measure of the report's unit: what it is now, what it was over the span before, and in each unit below.
type Figure struct {
	Def   measure.Def
	Now   measure.Value
	Was   measure.Value
	Link  string // the rows behind it
	Parts []Part // units directly below, of measures that tests ask about; none for what is never scored
}

// Part is a figure of one unit below.
type Part struct {
	Unit  access.Unit
	Value measure.Value
}

// Rest is what of a share is not in its numerator.
func rest(v measure.Value) int64 { return v.Denominator - v.Numerator }

// past says whether a value lies past a test's threshold. Everything is compared in whole numbers: what is shown
// rounded is judged exact.
func (t Test) past(u measure.Unit, v measure.Value) bool {
	left, right := v.Numerator, int64(1)
	switch u {
	case measure.Share:
		left, right = v.Numerator*100, v.Denominator
	case measure.Growth:
		left, right = rest(v)*-100, v.Denominator
	case measure.Mean, measure.Days:
		right = v.Denominator
	case measure.Years:
		right = v.Denominator * 12 // the numerator counts months
	}
	if t.Over != nil {
		return left > *t.Over*right
	}
	return left < *t.Under*right
}

// field is where the numbers come from: one tenant's readers and unit, or several for a province.
type field []plot

type plot struct {
	r    db.Reader
	unit access.Unit
}

// add sums a measure up over a field.
func add(vs []measure.Value) (sum measure.Value) {
	for i, v := range vs {
		if i == 0 {
			sum = v
		} else if v.Known || v.Veil != nil || sum.Veil != nil {
			sum = sum.Add(v)
		}
	}
	return sum
}

// rowsLink is the page that lists the rows behind a measure.
func rowsLink(name string, u access.Unit, p Period) string {
	return "/measures/" + name + "?" + url.Values{"unit": {u.ID.String()}, "from": {string(p.From)}, "to": {string(p.To)}}.Encode()
}
