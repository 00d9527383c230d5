package flowhttp

import (
	"net/url"

	"qianshao/internal/access"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// belowView is what a city's or province's desk says of the units below: how many legal days passed there unmet or come
// near, each number open to its rows.
type belowView struct {
	Rows  []belowRow
	Rest  bool // some unit has neither and is not listed
	Risen int  // matters that stand one level up here
}

type belowRow struct {
	Name               string
	Late, Near         int64
	LateHref, NearHref string
	Whole              bool // a city, whose counties follow
}

// below reads it for those who watch over other organs; nil for everybody else.
func (p *Pages) below(c *web.Ctx) (*belowView, error) {
	if c.Who.Unit().Level > access.City || !c.Who.Can(access.SuperiorRead) || !c.Who.Can(access.MeasureRead) {
		return nil, nil
	}
	tops, counties, err := access.Heads(c.Context(), p.DB.Shared(), c.Who.Cities)
	if err != nil {
		return nil, err
	}
	var heads []id.ID
	for _, top := range tops {
		heads = append(heads, top.ID)
	}
	counts, err := p.Engine.Below(c.Context(), c.Who, heads, c.Today)
	if err != nil {
		return nil, err
	}
	v := &belowView{}
	for _, top := range tops {
		if top.ID.City != c.Who.City {
			row := p.belowRow(c, top)
			row.Whole = true
			for at, n := range counts {
				if at.City == top.ID.City {
					row.Late, row.Near = row.Late+n.Late, row.Near+n.Near
				}
			}
			v.Rows = append(v.Rows, row)
		}
		for _, u := range counties {
			if u.ID.City != top.ID.City {
				continue
			}
			n, ok := counts[u.ID]
			if !ok {
				v.Rest = true
				continue
			}
			row := p.belowRow(c, u)
			row.Late, row.Near = n.Late, n.Near
			v.Rows = append(v.Rows, row)
		}
	}
	return v, nil
}

func (p *Pages) belowRow(c *web.Ctx, u access.Unit) belowRow {
	at := func(name string) string {
		return "/measures/" + name + "?" + url.Values{"unit": {u.ID.String()}}.Encode()
	}
	return belowRow{Name: u.Name, LateHref: at("deadline.late"), NearHref: at("deadline.near")}
}

// emptyDesk says why nothing stands on a desk, and what would fill it or what its post does instead.
func (p *Pages) emptyDesk(c *web.Ctx, v *deskView) {
	v.Line = ""
	reads := false
	for _, kind := range p.order {
		reads = reads || c.Who.Can(access.ReadOf(kind))
	}
	switch {
	case v.Below != nil:
		v.Nothing = [2]string{c.T("desk.empty.above"), c.T("desk.empty.above.more")}
	case reads:
		v.Nothing = [2]string{c.T("desk.empty"), c.T("desk.empty.more")}
	default:
		for _, n := range v.Frame.Nav {
			if n.Href != "/" {
				v.Ways = append(v.Ways, ui.Segment{Text: n.Name, Href: n.Href})
			}
		}
		v.Nothing = [2]string{c.T("desk.empty.apart"), c.T("desk.empty.apart.more")}
		if len(v.Ways) == 0 {
			v.Nothing[1] = ""
			if c.Who.Unit().Kind == "village" {
				v.Nothing[1] = c.T("desk.empty.station")
			}
		}
	}
}
