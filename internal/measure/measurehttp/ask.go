package measurehttp

import (
	"context"
	"errors"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/web"
)

// ask is what an address asks for: a unit, a period, and the tenants whose rows make up the answer.
type ask struct {
	unit     access.Unit
	from, to calendar.Date
	plots    []plot
}

// plot is one tenant's share of a question.
type plot struct {
	r db.Reader
	q measure.Query
}

// ask reads unit, from and to. Left out, they are the reader's own unit, the first of January and today.
func (p *Pages) ask(c *web.Ctx) (ask, error) {
	v := c.R.URL.Query()
	a := ask{from: calendar.Date(v.Get("from")), to: calendar.Date(v.Get("to"))}
	if a.to == "" {
		a.to = c.Today
	}
	if a.from == "" && a.to.Valid() {
		a.from = calendar.MakeDate(a.to.Year(), 1, 1)
	}
	var bad []fault.Field
	for _, x := range []struct {
		name string
		d    calendar.Date
	}{{"from", a.from}, {"to", a.to}} {
		switch {
		case !x.d.Valid():
			bad = append(bad, fault.Field{Name: x.name, Code: "day.invalid"})
		case x.d > c.Today:
			bad = append(bad, fault.Field{Name: x.name, Code: "day.future"})
		}
	}
	if len(bad) == 0 && a.from > a.to {
		bad = append(bad, fault.Field{Name: "to", Code: "day.before", Args: []string{string(a.from)}})
	}
	if err := fault.InvalidFields(bad); err != nil {
		return a, err
	}
	var err error
	if a.unit, err = p.unit(c, v.Get("unit"), a.to); err != nil {
		return a, err
	}
	return a, p.plough(c, &a)
}

// unit finds the unit asked for among the tenants the reader may look into.
func (p *Pages) unit(c *web.Ctx, s string, on calendar.Date) (access.Unit, error) {
	switch {
	case s == "":
		u := c.Who.Unit()
		if u.Kind == "office" { // an office has no people or matters of its own to count by place
			return access.GetUnit(c.Context(), c.Home(), u.Organ)
		}
		return u, nil
	case len(s) == 12 && strings.Trim(s, "0123456789") == "":
		for _, city := range c.Who.Cities {
			u, err := org.UnitAsOf(c.Context(), p.DB.In(city), s, on)
			if fault.KindOf(err) != fault.NotFound {
				return u, err
			}
		}
		return access.Unit{}, fault.InvalidField("unit", "choice.unknown")
	}
	x, err := id.Parse(s)
	if err != nil || !sees(c.Who, x.City) {
		return access.Unit{}, fault.InvalidField("unit", "choice.unknown")
	}
	u, err := access.GetUnit(c.Context(), p.DB.In(x.City), x.Key)
	if fault.KindOf(err) == fault.NotFound {
		return u, fault.InvalidField("unit", "choice.unknown")
	}
	return u, err
}

func sees(who access.Actor, city id.City) bool {
	for _, x := range who.Cities {
		if x == city {
			return true
		}
	}
	return false
}

// plough lays out the tenants: the unit's own, and below a province or the nation those under it.
func (p *Pages) plough(c *web.Ctx, a *ask) error {
	a.plots = []plot{{p.DB.In(a.unit.ID.City), measure.Query{Unit: a.unit, From: a.from, To: a.to, Who: c.Who, Read: &measure.Read{}}}}
	if a.unit.Level >= access.City || a.unit.ID.City != c.Who.City {
		return nil
	}
	tops, err := access.Tops(c.Context(), c.Home(), c.Who.Cities)
	if err != nil {
		return err
	}
	for _, top := range tops {
		if top.ID.City != a.unit.ID.City {
			a.plots = append(a.plots, plot{p.DB.In(top.ID.City), measure.Query{Unit: top, From: a.from, To: a.to, Who: c.Who, Read: &measure.Read{}}})
		}
	}
	return nil
}

// The numbers of a hand, which are read from matters and their clocks, and those of a place, which are read from the
// establishment, the register and what townships are asked for, share nothing.
var halves = []measure.By{measure.Hand, measure.Place}

// values are all measures, in the order of the registry; those of halves that are not asked for are empty. The halves are
// read beside each other, as the tenants are.
func (a ask) values(ctx context.Context, g *measure.Registry, halves ...measure.By) ([]measure.Value, error) {
	all := g.All()
	got, errs := make([][]measure.Value, len(halves)*len(a.plots)), make([]error, len(halves)*len(a.plots))
	var wg sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range got {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			x := a.plots[i/len(halves)]
			x.q.Read = g.Read()
			got[i] = make([]measure.Value, len(all))
			for j, d := range all {
				if d.By == halves[i%len(halves)] && errs[i] == nil {
					got[i][j], errs[i] = d.Value(ctx, x.r, x.q)
				}
			}
		})
	}
	wg.Wait()
	out := make([]measure.Value, len(all))
	for j, d := range all {
		half := slices.Index(halves, d.By)
		for i := range a.plots {
			if half < 0 {
				break
			}
			v := got[i*len(halves)+half][j]
			if i > 0 {
				v = out[j].Add(v)
			}
			out[j] = v
		}
	}
	return out, errors.Join(errs...)
}

// value adds a measure up over the tenants.
func (a ask) value(ctx context.Context, d measure.Def) (measure.Value, error) {
	var sum measure.Value
	for i, x := range a.plots {
		v, err := d.Value(ctx, x.r, x.q)
		if err != nil {
			return sum, err
		}
		if i == 0 {
			sum = v
		} else {
			sum = sum.Add(v)
		}
	}
	return sum, nil
}

// rows lists a page of the rows behind a measure, one tenant after another; after is where the page before ended. Next is
// where this one did, "" if it was the last.
func (a ask) rows(ctx context.Context, d measure.Def, who access.Actor, after string, limit int) (all measure.RowList, next string, err error) {
	from, at := 0, measure.Turn{Limit: limit}
	if city, place, ok := strings.Cut(after, "."); ok {
		from = slices.IndexFunc(a.plots, func(x plot) bool { return strconv.FormatInt(int64(x.q.Unit.ID.City), 10) == city })
		if at.After, err = measure.ParseCursor(place); err != nil {
			return all, "", err
		}
	}
	if from < 0 || after != "" && !strings.Contains(after, ".") {
		return all, "", fault.InvalidField("after", "cursor")
	}
	for i, x := range a.plots[from:] {
		mark := func(p measure.Cursor) string {
			return strconv.FormatInt(int64(x.q.Unit.ID.City), 10) + "." + p.String()
		}
		if at.Limit == 0 {
			return all, mark(measure.Cursor{}), nil
		}
		if i > 0 {
			at.After = measure.Cursor{}
		}
		l, err := d.Rows(ctx, x.r, x.q, who, at)
		if err != nil {
			return all, "", err
		}
		all.Columns, all.Veiled = l.Columns, all.Veiled || l.Veiled
		all.Rows = append(all.Rows, l.Rows...)
		if at.Limit -= len(l.Rows); l.Next != (measure.Cursor{}) {
			return all, mark(l.Next), nil
		}
	}
	return all, "", nil
}

// query is the question as part of an address.
func (a ask) query() string {
	return url.Values{"unit": {a.unit.ID.String()}, "from": {string(a.from)}, "to": {string(a.to)}}.Encode()
}
