package flowhttp

import (
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/web"
)

// Urged is a deadline as the paper that urges it says it, in Chinese: what is owed, by whom, by when and why that day.
type Urged struct {
	Name    string
	OwedBy  string
	Due     calendar.Date
	Reasons []string
}

// Urged reads a deadline of a matter that the reader may see.
func (p *Pages) Urged(c *web.Ctx, matter id.ID, clock id.Key) (Urged, error) {
	r := c.In(matter)
	m, err := flow.Get(c.Context(), r, c.Who, matter.Key)
	if err != nil {
		return Urged{}, err
	}
	k, err := deadline.Get(c.Context(), r, clock)
	if err != nil {
		return Urged{}, err
	}
	if k.Matter != m.ID.Key {
		return Urged{}, fault.Hidden()
	}
	es, err := deadline.Entries(c.Context(), r, clock)
	if err != nil {
		return Urged{}, err
	}
	l := p.look(c)
	if err := l.load(c.Context(), r, []string{k.OwedBy.Key}, nil); err != nil {
		return Urged{}, err
	}
	why := p.whyOf(locale.Zh, c.Today, k, es)
	return Urged{Name: p.clockName(locale.Zh, k), OwedBy: l.unit(k.OwedBy.Key), Due: k.Due, Reasons: []string{why.Text, why.Basis}}, nil
}
