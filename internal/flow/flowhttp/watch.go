package flowhttp

import (
	"maps"
	"net/http"
	"net/url"

	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// watch is what is due in the organ, what is late, and with whom: for leaders and case supervision.
func (p *Pages) watch(c *web.Ctx) error {
	cur, err := flow.ParseCursor(c.R.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	ds, err := p.Engine.Watched(c.Context(), c.Who, flow.Watch{Until: c.Today.AddDays(7), Limit: listRows + 1, After: cur})
	if err != nil {
		return err
	}
	v := watchView{Frame: c.Frame(c.T("nav.watch"))}
	if len(ds) > listRows {
		last := ds[listRows-1].Clock
		v.Next = "/watch?after=" + url.QueryEscape(flow.Cursor{Day: last.Due, Key: last.ID.Key}.String())
		ds = ds[:listRows]
	}
	if cur.Key != "" {
		v.First = "/watch"
	}
	l := p.look(c)
	if err := p.loadDuties(c, l, ds); err != nil {
		return err
	}
	for _, d := range ds {
		k := d.Clock
		w := watchRow{Due: ui.DueOf(c.Lang, k.Due, c.Today, k.State == deadline.StatePaused, ""), What: p.clockName(c.Lang, k), No: d.Matter.No, Href: "/m/" + d.Matter.ID.String(), Title: d.Matter.Title,
			Who: l.seat(k.OwedBy.Key, k.OwedRole), Legal: k.Legal, Late: k.Late(c.Today), Why: "/why/" + k.ID.String()}
		if flow.MayUrge(c.Who, &d.Matter, k) {
			w.Urge = "/m/" + d.Matter.ID.String() + "/clock/" + k.ID.Key + "/urge"
		}
		v.Rows = append(v.Rows, w)
	}
	return c.Render(http.StatusOK, watchPage(v))
}

type watchView struct {
	Frame       ui.Frame
	Rows        []watchRow
	Next, First string
}

type watchRow struct {
	Due                                   ui.DueView
	What, No, Href, Title, Who, Urge, Why string
	Legal, Late                           bool
}

// superior is what stands in the superior organ's list by itself: refusals and shelvings below, and what rose; each in
// three lines: which matter, what was left undone or decided and why, since when and until when.
func (p *Pages) superior(c *web.Ctx) error {
	v := superiorView{Frame: c.Frame(c.T("nav.superior"))}
	l := p.look(c)
	for _, rule := range []string{flow.RuleRisen, flow.RuleSuperior} {
		ds, err := p.Engine.OwedUp(c.Context(), c.Who, rule, listRows)
		if err != nil {
			return err
		}
		late, decided, err := p.behind(c, l, rule, ds)
		if err != nil {
			return err
		}
		for _, d := range ds {
			m := d.Matter
			r := superiorRow{No: m.No, Href: "/m/" + m.ID.String(), Title: m.Title, Organ: l.unit(m.Organ.Key), Kind: c.T("kind." + m.Kind), State: c.T("state." + m.Kind + "." + m.State),
				Due: ui.DueOf(c.Lang, d.Clock.Due, c.Today, false, ""), Since: ui.DayIn(c.Lang, d.Clock.Start, c.Today)}
			if c.Who.Is(d.Clock.OwedRole, d.Clock.OwedBy) {
				r.Seen = "/m/" + m.ID.String() + "/clock/" + d.Clock.ID.Key + "/seen"
			}
			if rule == flow.RuleRisen {
				if !m.Handler.Zero() {
					r.Organ = l.unit(m.Handler.Key)
				}
				if k, ok := late[d.Clock.About]; ok {
					r.What = c.T("superior.late", p.clockName(c.Lang, k), ui.DayIn(c.Lang, k.Due, c.Today), l.seat(k.OwedBy.Key, k.OwedRole))
				}
				v.Risen = append(v.Risen, r)
				continue
			}
			r.What = p.moveName(c.Lang, m.Kind, d.Clock.About)
			if x, ok := decided[[2]string{m.ID.Key, d.Clock.About}]; ok {
				if ask := p.asked(c, m, x); ask != "" {
					r.What = ask
				}
				if why := ui.ClampText(x.In.Str("reason"), 120); why != "" {
					r.What += c.T("punct.colon") + why
				}
			}
			v.Refused = append(v.Refused, r)
		}
	}
	return c.Render(http.StatusOK, superiorPage(v))
}

// behind reads what the rows of the superior's list are about: the clocks that ran out below, or what was decided there.
func (p *Pages) behind(c *web.Ctx, l *look, rule string, ds []flow.Duty) (map[id.Key]deadline.Clock, map[[2]string]flow.Proposal, error) {
	late, decided := map[id.Key]deadline.Clock{}, map[[2]string]flow.Proposal{}
	matters, clocks := map[id.City][]string{}, map[id.City][]string{}
	for _, d := range ds {
		city := d.Matter.ID.City
		matters[city], clocks[city] = append(matters[city], d.Matter.ID.Key), append(clocks[city], d.Clock.About)
	}
	for city := range matters {
		if rule == flow.RuleRisen {
			ks, err := deadline.ByKey(c.Context(), p.DB.In(city), clocks[city])
			if err != nil {
				return nil, nil, err
			}
			for key, k := range ks {
				late[key] = k
				ds = append(ds, flow.Duty{Clock: k, Matter: flow.Matter{ID: id.ID{City: city}}})
			}
			continue
		}
		xs, err := flow.Approved(c.Context(), p.DB.In(city), matters[city])
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(decided, xs)
	}
	return late, decided, p.loadDuties(c, l, ds)
}

type superiorView struct {
	Frame   ui.Frame
	Risen   []superiorRow
	Refused []superiorRow
}

type superiorRow struct {
	No, Href, Title, Organ, Kind, State, What, Since, Seen string
	Due                                                    ui.DueView
}
