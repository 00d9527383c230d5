package orghttp

import (
	"net/http"

	"qianshao/internal/access"
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
	v := treeView{Frame: c.Frame(c.T("tree.title")), Query: q.Get("q")}
	if v.Asked = text.Name(v.Query) != ""; v.Asked {
		if err := p.findUnits(c, &v); err != nil {
			return err
		}
	}
	tops, err := access.Tops(c.Context(), c.Home(), c.Who.Cities)
	if err != nil {
		return err
	}
	way, err := p.way(c, at)
	if err != nil {
		return err
	}
	for _, top := range tops {
		n := p.node(c, top, at)
		if top.ID == way[0].unit.ID {
			n = p.opened(c, way, at)
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

// way reads the units from the top of a tenant down to one of them.
func (p *Pages) way(c *web.Ctx, at id.ID) ([]step, error) {
	var out []step
	for key := at.Key; key != ""; {
		u, _, below, err := access.Kin(c.Context(), c.In(at), key)
		if err != nil {
			return nil, err
		}
		out = append([]step{{u, below}}, out...)
		key = u.Superior
	}
	return out, nil
}

func (p *Pages) node(c *web.Ctx, u access.Unit, at id.ID) treeNode {
	n := treeNode{ID: "u-" + u.ID.Key, Name: u.Name, Kind: c.T("unitkind." + u.Kind), Href: "/units/" + u.ID.String(), Current: u.ID == at}
	if u.Kind != "village" && u.Kind != "office" {
		n.Open = "/units?open=" + u.ID.String() + "#" + n.ID
	}
	return n
}

func (p *Pages) opened(c *web.Ctx, way []step, at id.ID) treeNode {
	n := p.node(c, way[0].unit, at)
	n.Opened = true
	if up := way[0].unit.Superior; up != "" {
		n.Open = "/units?open=" + id.ID{City: at.City, Key: up}.String() + "#u-" + up
	}
	for _, u := range way[0].below {
		if len(way) > 1 && u.ID == way[1].unit.ID {
			n.Below = append(n.Below, p.opened(c, way[1:], at))
		} else {
			n.Below = append(n.Below, p.node(c, u, at))
		}
	}
	return n
}

// findUnits finds units by any part of their name, their code or the first letters of the pinyin, in all tenants the reader may
// look into.
func (p *Pages) findUnits(c *web.Ctx, v *treeView) error {
	for _, city := range c.Who.Cities {
		us, err := org.SearchUnits(c.Context(), p.Org.Ledger.DB.In(city), v.Query, foundUnits+1)
		if err != nil {
			return err
		}
		for _, u := range us {
			if len(v.Found) == foundUnits {
				v.More = true
				return nil
			}
			f := foundView{Unit: ui.Segment{Text: u.Name, Href: "/units/" + u.ID.String()}, Kind: c.T("unitkind." + u.Kind), Code: u.Code, In: u.Superior}
			if u.County != "" && u.County != u.Superior {
				f.In = u.County + c.T("tree.within") + f.In
			}
			v.Found = append(v.Found, f)
		}
	}
	return nil
}
