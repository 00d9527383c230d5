package areahttp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/org/area"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// areasView is a county's areas on a day.
type areasView struct {
	Frame   ui.Frame
	Choose  chooser
	Line    string
	Lead    string
	Legend  []tileView
	Areas   []areaView
	Loose   []tileView // townships of no area
	Total   areaView
	Plan    string // address of the planner; "" for who only reads
	Borders string
	Note    string
}

// areaView is one area: who leads it, its townships as tiles, what it comes to.
type areaView struct {
	Name, Lead, Leader, Note              string
	Tiles                                 []tileView
	Townships, Officials, Held, Load, Per string
}

// tileView is a township; Class says how much it has to carry against the others of the county.
type tileView struct{ Name, Mark, Say, Href, Class string }

// heavy are the classes of load, by how many hundredths of the county's mean they begin at.
var heavy = []struct {
	from  int64
	class string
}{{133, "l4"}, {100, "l3"}, {75, "l2"}, {0, "l1"}}

func classOf(load, mean int64) string {
	for _, h := range heavy {
		if 100*load >= h.from*mean {
			return h.class
		}
	}
	return "l1"
}

func (p *Pages) areas(c *web.Ctx) error {
	x, err := choose(c, "/areas")
	if err != nil {
		return err
	}
	r := c.In(x.county.ID)
	as, err := area.Areas(c.Context(), r, x.county.ID.Key, x.on)
	if err != nil {
		return err
	}
	ts, err := area.Townships(c.Context(), r, x.county, x.on)
	if err != nil {
		return err
	}
	v := areasView{Frame: c.Frame(c.T("area.title")), Choose: x, Line: c.T("area.line", x.county.Name, ui.LongDay(c.Lang, x.on))}
	mean := meanOf(ts)
	for i := len(heavy) - 1; i >= 0; i-- {
		v.Legend = append(v.Legend, tileView{Name: c.T("area.load." + heavy[i].class), Class: heavy[i].class})
	}
	left := map[id.Key]bool{}
	for _, t := range ts {
		left[t.Unit.ID.Key] = true
	}
	for _, a := range as {
		var of []area.Township
		for _, t := range ts {
			if slices.Contains(a.Townships, t.Unit.ID.Key) {
				of = append(of, t)
				delete(left, t.Unit.ID.Key)
			}
		}
		v.Areas = append(v.Areas, newArea(c, a, of, mean, len(as), total(ts)))
	}
	for _, t := range ts {
		if left[t.Unit.ID.Key] {
			v.Loose = append(v.Loose, tile(c, t, mean))
		}
	}
	if x.on < c.Today {
		for _, a := range v.Areas {
			dated(a.Tiles, x.on)
		}
		dated(v.Loose, x.on)
	}
	v.Total = newArea(c, area.Area{Name: c.T("area.whole")}, ts, mean, 0, total(ts))
	if len(as) > 0 {
		v.Lead = c.T("area.since", itoa(len(as)), ui.LongDay(c.Lang, as[0].From))
		if as[0].Paper != "" {
			v.Lead += c.T("punct.open") + as[0].Paper + c.T("punct.close")
		}
	}
	if area.Arranges(c.Who, x.county) && c.Who.Can(access.AreaWrite) {
		q := "?" + url.Values{"unit": {x.Unit}}.Encode()
		v.Plan, v.Borders = "/areas/plan"+q, "/areas/borders"+q
	}
	return c.Render(http.StatusOK, areasPage(v))
}

// newArea lays out an area with its townships; of is among how many areas the county's load is shared.
func newArea(c *web.Ctx, a area.Area, ts []area.Township, mean int64, of int, whole int64) areaView {
	v := areaView{Name: a.Name}
	if a.LeaderName != "" {
		v.Lead, v.Leader = c.T("area.led", a.LeaderName), a.LeaderName
	}
	if a.OfficeName != "" {
		v.Lead, v.Leader = v.Lead+c.T("list.comma_in")+a.OfficeName, v.Leader+c.T("list.comma_in")+a.OfficeName
	}
	var officials, posts, held, load int64
	for _, t := range ts {
		v.Tiles = append(v.Tiles, tile(c, t, mean))
		officials, posts, held, load = officials+t.Officials, posts+t.Posts, held+t.Held, load+t.Load
	}
	v.Townships, v.Officials, v.Held, v.Load = itoa(len(ts)), num(officials), num(held)+"/"+num(posts), num(load)
	if of > 0 && whole > 0 {
		v.Per = strconv.FormatInt((100*load*int64(of)+whole/2)/whole, 10) + "%"
	}
	v.Note = c.T("area.note", v.Townships, v.Officials, v.Held)
	return v
}

// dated has tiles lead to their townships as of an earlier day.
func dated(tiles []tileView, on calendar.Date) {
	for i := range tiles {
		tiles[i].Href += "?on=" + string(on)
	}
}

func tile(c *web.Ctx, t area.Township, mean int64) tileView {
	return tileView{Name: t.Unit.Short, Mark: num(t.Load), Href: "/units/" + t.Unit.ID.String(), Class: classOf(t.Load, mean),
		Say: c.T("area.tile", t.Unit.Name, num(t.Officials), num(t.Held), num(t.Posts), num(t.Load))}
}

func total(ts []area.Township) (n int64) {
	for _, t := range ts {
		n += t.Load
	}
	return n
}

func meanOf(ts []area.Township) int64 { return max(total(ts)/max(int64(len(ts)), 1), 1) }

// bordersView is the form that says which townships lie next to one.
type bordersView struct {
	Frame  ui.Frame
	Back   string
	Unit   string
	At     string
	Title  string
	Towns  []ui.Segment // each leads to its own form
	Field  ui.FieldView
	Key    string
	Silent string // what the planner goes by as long as nothing is entered
}

func (p *Pages) borders(c *web.Ctx) error {
	x, err := choose(c, "/areas/borders")
	if err != nil {
		return err
	}
	if !area.Arranges(c.Who, x.county) {
		return notYours()
	}
	r := c.In(x.county.ID)
	us, err := access.UnitsOf(c.Context(), r, x.county.ID.Key, "township")
	if err != nil {
		return err
	}
	pairs, err := area.Borders(c.Context(), r, x.county.ID.Key)
	if err != nil {
		return err
	}
	next := map[id.Key][]string{}
	for _, b := range pairs {
		next[b[0]], next[b[1]] = append(next[b[0]], b[1]), append(next[b[1]], b[0])
	}
	v := bordersView{Frame: c.Frame(c.T("area.borders")), Unit: x.Unit, Key: web.NewKey(), Back: "/areas/plan?" + url.Values{"unit": {x.Unit}}.Encode()}
	if len(pairs) == 0 {
		v.Silent = c.T("area.by_code")
	}
	at := c.R.URL.Query().Get("at")
	if i := slices.IndexFunc(us, func(u access.Unit) bool { return u.ID.Key == at }); i < 0 {
		at = ""
		for _, u := range us { // the first that nothing is known of
			if at == "" && len(next[u.ID.Key]) == 0 {
				at = u.ID.Key
			}
		}
		if at == "" && len(us) > 0 {
			at = us[0].ID.Key
		}
	}
	v.At = at
	v.Field = ui.FieldView{Lang: c.Lang, ID: "f-next", Name: "next", Kind: "choices", Label: c.T("area.next"), Help: c.T("area.next.help"), Values: next[at]}
	for _, u := range us {
		v.Towns = append(v.Towns, ui.Segment{Text: u.Name + " " + itoa(len(next[u.ID.Key])), Href: "/areas/borders?" + url.Values{"unit": {x.Unit}, "at": {u.ID.Key}}.Encode(), Dim: u.ID.Key == at})
		if u.ID.Key == at {
			v.Title = u.Name
			continue
		}
		v.Field.Options = append(v.Field.Options, ui.OptionView{Code: u.ID.Key, Name: u.Name})
	}
	return c.Render(http.StatusOK, bordersPage(v))
}

func (p *Pages) setBorders(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	county, err := ofForm(f)
	if err != nil {
		return err
	}
	if err := p.Areas.SetBorders(c.Context(), c.Who, county.Key, f.Get("at"), f["next"]); err != nil {
		return err
	}
	return c.Redirect("/areas/borders?" + url.Values{"unit": {county.String()}, "done": {"area_borders"}}.Encode())
}
