package org

import (
	"slices"

	"qianshao/internal/calendar"
)

// Period is a time in discipline work, from a day up to, not including, another; To "" is until now.
type Period struct{ From, To calendar.Date }

// Career is somebody's discipline work as far as it is known here.
type Career struct{ Periods []Period }

// Months is the whole months served by a day, before included: periods that overlap count once, and what several
// periods leave over of a month is added up, thirty days to the month.
func (c *Career) Months(before int, on calendar.Date) int {
	months, days := before, 0
	if c == nil {
		return months
	}
	for _, p := range c.merged(on) {
		n := monthsBetween(p.From, p.To)
		months += n
		days += p.To.Sub(p.From.AddMonths(n))
	}
	return months + days/30
}

// Began is the first day of discipline work known here, "" if there is none.
func (c *Career) Began(on calendar.Date) calendar.Date {
	if c == nil {
		return ""
	}
	if m := c.merged(on); len(m) > 0 {
		return m[0].From
	}
	return ""
}

// merged is the periods up to a day, in order, without overlaps.
func (c *Career) merged(on calendar.Date) []Period {
	ps := make([]Period, 0, len(c.Periods))
	for _, p := range c.Periods {
		if p.To == "" || p.To > on {
			p.To = on
		}
		if p.From.Valid() && p.From <= p.To {
			ps = append(ps, p)
		}
	}
	slices.SortFunc(ps, func(a, b Period) int {
		if a.From != b.From {
			return a.From.Sub(b.From)
		}
		return a.To.Sub(b.To)
	})
	out := ps[:0]
	for _, p := range ps {
		if n := len(out); n > 0 && p.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, p.To)
			continue
		}
		out = append(out, p)
	}
	return out
}

// monthsBetween is the whole months from a day to a later one.
func monthsBetween(from, to calendar.Date) int {
	n := (to.Year()-from.Year())*12 + to.Month() - from.Month()
	if n > 0 && from.AddMonths(n) > to {
		n--
	}
	return max(n, 0)
}

// ageMonths is the age on a day of somebody born in a month, YYYY-MM; ok is false when the month is not known.
func ageMonths(born string, on calendar.Date) (int, bool) {
	d := calendar.Date(born + "-01")
	if !d.Valid() || d > on {
		return 0, false
	}
	return (on.Year()-d.Year())*12 + on.Month() - d.Month(), true
}
