package orghttp

import (
	"net/http"
	"net/url"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/text"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// treeView is the tree of units, opened down to one of them, and what a search found.
type treeView struct {
	Frame ui.Frame
	Query string
	Found []foundView
	Asked bool
	More  bool // more were found than are shown
	Nodes []treeNode

	On      calendar.Date // the day it is shown of, where that is an earlier one
	NotThen string        // what it should be opened at was not there on that day
	Today   string
}

type foundView struct {
	Unit ui.Segment
	Kind string
	In   string // where it lies
	Code string
}

// treeNode is a unit in the tree. Only those on the way to the one asked for are opened: a page never shows more than their
// own units, however large the tree is.
type treeNode struct {
	ID, Name, Kind, Href string
	Open                 string // where the tree stands with it opened, or closed; "" for what has nothing under it
	Opened               bool
	Current              bool
	Below                []treeNode
}

// foundUnits is how many a search shows.
const foundUnits = 40

func (p *Pages) tree(c *web.Ctx) error {
	q := c.R.URL.Query()
	at := c.Who.Unit().ID
	if s := q.Get("open"); s != "" {
		x, err := id.Parse(s)
		if err != nil || !inCities(c.Who, x.City) {
			return fault.Hidden()
		}
		at = x
	}
	on, err := c.Day("on")
	if err != nil {
		return err
	}
	v := treeView{Frame: c.Frame(c.T("tree.title")), Query: q.Get("q"), Today: "/units"}
	if on < c.Today {
		v.On = on
	}
	if v.Asked = text.Name(v.Query) != ""; v.Asked {
		if err := p.findUnits(c, &v); err != nil {
			return err
		}
	}
	tops, err := access.Tops(c.Context(), c.Home(), c.Who.Cities)
	if err != nil {
		return err
	}
	t := twig{p, c, at, v.On}
	way, err := t.way()
	if fault.KindOf(err) == fault.NotFound && v.On != "" {
		v.NotThen = c.T("unit.not_then", ui.LongDay(c.Lang, v.On))
		if i := slices.IndexFunc(tops, func(u access.Unit) bool { return u.ID.City == at.City }); i >= 0 {
			t.at = tops[i].ID
			way, err = t.way()
		}
		if fault.KindOf(err) == fault.NotFound { // nothing of it was there
			return c.Render(http.StatusOK, treePage(v))
		}
	}
	if err != nil {
		return err
	}
	for _, top := range tops {
		n := t.node(top)
		if top.ID == way[0].unit.ID {
			n = t.opened(way)
		}
		v.Nodes = append(v.Nodes, n)
	}
	return c.Render(http.StatusOK, treePage(v))
}

// step is a unit on the way from the top to the one asked for, with what lies under it.
type step struct {
	unit  access.Unit
	below []access.Unit
}

// twig is the tree on its way down to a unit, today or on an earlier day.
type twig struct {
	p  *Pages
	c  *web.Ctx
	at id.ID
	on calendar.Date // "" for today
}

// way reads the units from the top of a tenant down to one of them.
func (t twig) way() ([]step, error) {
	var out []step
	for key := t.at.Key; key != ""; {
		var x step
		var err error
		if t.on == "" {
			x.unit, _, x.below, err = access.Kin(t.c.Context(), t.c.In(t.at), key)
		} else {
			x.unit, x.below, err = org.KinThen(t.c.Context(), t.c.In(t.at), key, t.on)
		}
		if err != nil {
			return nil, err
		}
		out = append([]step{x}, out...)
		key = x.unit.Superior
	}
	return out, nil
}

// open is where the tree stands with a unit opened.
func (t twig) open(u id.ID) string {
	q := url.Values{"open": {u.String()}}
	if t.on != "" {
		q.Set("on", string(t.on))
	}
	return "/units?" + q.Encode() + "#u-" + u.Key
}

func (t twig) node(u access.Unit) treeNode {
	n := treeNode{ID: "u-" + u.ID.Key, Name: u.Name, Kind: t.c.T("unitkind." + u.Kind), Href: unitOn(u.ID, t.on), Current: u.ID == t.at}
	if u.Kind != "village" && u.Kind != "office" {
		n.Open = t.open(u.ID)
	}
	return n
}

func (t twig) opened(way []step) treeNode {
	n := t.node(way[0].unit)
	n.Opened = true
	if up := way[0].unit.Superior; up != "" {
		n.Open = t.open(id.ID{City: t.at.City, Key: up})
	}
	for _, u := range way[0].below {
		if len(way) > 1 && u.ID == way[1].unit.ID {
			n.Below = append(n.Below, t.opened(way[1:]))
		} else {
			n.Below = append(n.Below, t.node(u))
		}
	}
	return n
}

// unitOn is a unit's page, as of an earlier day where there is one.
func unitOn(u id.ID, on calendar.Date) string {
	if on == "" {
		return "/units/" + u.String()
	}
	return "/units/" + u.String() + "?on=" + string(on)
}

// findUnits finds units by any part of their name, their code or the first letters of the pinyin, in all tenants the reader may
// look into.
func (p *Pages) findUnits(c *web.Ctx, v *treeView) error {
	for _, city := range c.Who.Cities {
		var us []org.Found
		var err error
		if r := p.Org.Ledger.DB.In(city); v.On == "" {
			us, err = org.SearchUnits(c.Context(), r, v.Query, foundUnits+1)
		} else {
			us, err = org.SearchUnitsThen(c.Context(), r, v.Query, v.On, foundUnits+1)
		}
		if err != nil {
			return err
		}
		for _, u := range us {
			if len(v.Found) == foundUnits {
				v.More = true
				return nil
			}
			f := foundView{Unit: ui.Segment{Text: u.Name, Href: unitOn(u.ID, v.On)}, Kind: c.T("unitkind." + u.Kind), Code: u.Code, In: u.Superior}
			if u.County != "" && u.County != u.Superior {
				f.In = u.County + c.T("tree.within") + f.In
			}
			v.Found = append(v.Found, f)
		}
	}
	return nil
}
