package areahttp

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/org/area"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

func notYours() error { return fault.New(fault.Forbidden, "move.not_yours") }

// now is the way of a draft that begins with the plan in force.
const now = "now"

// usual is how many townships an area has where nobody says otherwise: what counties that publish theirs mostly have.
const usual = 4

// planView is the planner: three proposals beside each other.
type planView struct {
	Frame   ui.Frame
	Unit    string
	Back    string
	Borders string
	Notes   []string
	Groups  string
	Most    string
	Now     string // adjusts the plan in force; "" where there is none
	Ways    []wayView
	Empty   bool
}

// wayView is one proposal with its figures.
type wayView struct {
	Code, Name, What, Href string
	Same                   string // which way before it has the same areas
	Sums                   []sumView
	Areas                  []areaView
}

// sumView is a figure of a plan and what it says.
type sumView struct{ Name, N, Was, Say string }

// draft is a plan on its way to be adopted.
type draft struct {
	board  *area.Board
	way    string
	groups int
	base   area.Plan
	plan   area.Plan
	names  []string
	offs   []string // offices as they were chosen, "" for none
	heads  []string
	seen   id.Key
	from   string
	paper  string
	as     []area.Area // in force
}

func (p *Pages) plan(c *web.Ctx) error {
	x, err := choose(c, "/areas/plan")
	if err != nil {
		return err
	}
	q := c.R.URL.Query()
	if q.Get("way") != "" {
		d, err := p.begin(c, x.county.ID, q.Get("way"), q.Get("groups"))
		if err != nil {
			return err
		}
		return p.edit(c, d, nil)
	}
	r := c.In(x.county.ID)
	b, err := p.Areas.LoadBoard(c.Context(), r, c.Who, x.county.ID.Key)
	if err != nil {
		return err
	}
	as, err := area.Areas(c.Context(), r, x.county.ID.Key, c.Today)
	if err != nil {
		return err
	}
	unit := url.Values{"unit": {x.Unit}}.Encode()
	n := len(b.Townships)
	v := planView{Frame: c.Frame(c.T("area.plan")), Unit: x.Unit, Back: "/areas?" + unit, Borders: "/areas/borders?" + unit, Most: itoa(n), Empty: n == 0 || len(b.Leaders) == 0}
	v.Frame.Wide = true
	groups := min(len(as), n) // fewer townships than areas, where some were merged
	if groups == 0 {
		groups = max(1, (n+usual-1)/usual)
	}
	if size := q.Get("size"); size != "" && q.Get("groups") == "" {
		k, err := strconv.Atoi(size)
		if err != nil || k < 1 || k > max(n, 1) {
			return fault.InvalidField("size", "count.range", "1", itoa(n))
		}
		groups = max(1, (n+k-1)/k)
	} else if g := q.Get("groups"); g != "" {
		if groups, err = strconv.Atoi(g); err != nil || groups < 1 || groups > max(n, 1) {
			return fault.InvalidField("groups", "count.range", "1", itoa(n))
		}
	}
	v.Groups = itoa(groups)
	v.Notes = notes(c, b)
	if len(as) > 0 {
		v.Now = "/areas/plan?" + url.Values{"unit": {x.Unit}, "way": {now}, "groups": {itoa(min(len(as), max(n, 1)))}}.Encode()
	}
	if v.Empty {
		return c.Render(http.StatusOK, planPage(v))
	}
	problem := b.Problem(groups)
	var plans []area.Plan
	for _, w := range area.Ways {
		plan := area.Solve(problem, w.Weights)
		one := p.way(c, b, w.Code, plan, groups, x.Unit)
		if i := slices.IndexFunc(plans, func(q area.Plan) bool { return slices.Equal(q.Of, plan.Of) }); i >= 0 {
			one.Same = c.T("area.way.same", v.Ways[i].Name)
		}
		plans, v.Ways = append(plans, plan), append(v.Ways, one)
	}
	return c.Render(http.StatusOK, planPage(v))
}

// notes say what the proposals go by, and what was not entered.
func notes(c *web.Ctx, b *area.Board) []string {
	out := []string{c.T("area.goes_by")}
	if len(b.Borders) == 0 {
		return append(out, c.T("area.by_code"))
	}
	known := map[int]bool{}
	for _, x := range b.Borders {
		known[x[0]], known[x[1]] = true, true
	}
	if n := len(b.Townships) - len(known); n > 0 {
		out = append(out, c.T("area.unbordered", itoa(n)))
	}
	return out
}

func (p *Pages) way(c *web.Ctx, b *area.Board, code string, plan area.Plan, groups int, unit string) wayView {
	w := wayView{Code: code, Name: c.T("area.way." + code), What: c.T("area.way." + code + ".what"), Sums: sums(c, b, plan, plan, groups),
		Href: "/areas/plan?" + url.Values{"unit": {unit}, "way": {code}, "groups": {itoa(groups)}}.Encode()}
	mean := meanOf(b.Townships)
	for g, part := range b.Figures(plan, groups) {
		a := area.Area{Name: c.T("area.nth", itoa(g+1)), LeaderName: leaderName(b, plan.Leader[g]), OfficeName: officeName(b, plan.Office[g])}
		var ts []area.Township
		for _, t := range part.Townships {
			ts = append(ts, b.Townships[t])
		}
		w.Areas = append(w.Areas, newArea(c, a, ts, mean, groups, total(b.Townships)))
	}
	return w
}

func leaderName(b *area.Board, i int) string {
	if i < 0 || i >= len(b.Leaders) {
		return ""
	}
	return b.Leaders[i].Name
}

func officeName(b *area.Board, i int) string {
	if i < 0 || i >= len(b.Offices) {
		return ""
	}
	return b.Offices[i].Name
}

// sums are the figures of a plan, each beside what it was before somebody changed it.
func sums(c *web.Ctx, b *area.Board, plan, was area.Plan, groups int) []sumView {
	type whole struct{ high, low, apart, pieces, ties, moved int64 }
	of := func(plan area.Plan) whole {
		var w whole
		w.low = -1
		n := int64(0)
		for _, x := range b.Figures(plan, groups) {
			if len(x.Townships) == 0 {
				continue
			}
			w.high = max(w.high, x.Share)
			if w.low < 0 || x.Share < w.low {
				w.low = x.Share
			}
			n++
			w.apart, w.pieces, w.ties, w.moved = w.apart+x.Apart, w.pieces+int64(max(x.Pieces-1, 0)), w.ties+x.Ties, w.moved+x.Moved
		}
		w.apart /= max(n, 1)
		return w
	}
	a, z := of(plan), of(was)
	line := func(key, n, before string) sumView {
		s := sumView{Name: c.T("area.sum." + key), N: n, Say: c.T("area.sum." + key + ".say")}
		if before != n {
			s.Was = c.T("area.was", before)
		}
		return s
	}
	percent := func(n int64) string { return strconv.FormatInt(n, 10) + "%" }
	tenth := func(n int64) string { return strconv.FormatFloat(float64(n)/10, 'f', 1, 64) }
	return []sumView{line("level", percent(a.low)+"–"+percent(a.high), percent(z.low)+"–"+percent(z.high)), line("near", tenth(a.apart), tenth(z.apart)),
		line("pieces", num(a.pieces), num(z.pieces)), line("ties", num(a.ties), num(z.ties)), line("moved", num(a.moved), num(z.moved))}
}

// begin makes the draft that a way of proposing, or the plan in force, begins with.
func (p *Pages) begin(c *web.Ctx, county id.ID, way, groups string) (*draft, error) {
	r := c.In(county)
	b, err := p.Areas.LoadBoard(c.Context(), r, c.Who, county.Key)
	if err != nil {
		return nil, err
	}
	n := len(b.Townships)
	d := &draft{board: b, way: way, from: string(c.Today)}
	if d.groups, err = strconv.Atoi(groups); err != nil || d.groups < 1 || d.groups > max(n, 1) {
		return nil, fault.InvalidField("groups", "count.range", "1", itoa(n))
	}
	if d.seen, err = area.Newest(c.Context(), r, county.Key); err != nil {
		return nil, err
	}
	if d.as, err = area.Areas(c.Context(), r, county.Key, c.Today); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(area.Ways, func(w area.Way) bool { return w.Code == way })
	switch {
	case n == 0 || len(b.Leaders) == 0:
		return nil, fault.New(fault.Conflict, "area.nothing")
	case way == now && len(d.as) > 0:
		d.groups = len(d.as)
		d.base = d.inForce()
	case i >= 0:
		d.base = area.Solve(b.Problem(d.groups), area.Ways[i].Weights)
	default:
		return nil, fault.InvalidField("way", "choice.unknown")
	}
	d.plan = d.base.Moved(0, d.base.Of[0])
	for g := range d.groups {
		name := c.T("area.nth", itoa(g+1))
		if way == now {
			name = d.as[g].Name
		}
		d.names = append(d.names, name)
	}
	d.chosen()
	return d, nil
}

// inForce is the plan in force as the planner takes it; a township of no area is put to the first.
func (d *draft) inForce() area.Plan {
	b := d.board
	plan := area.Plan{Of: make([]int, len(b.Townships)), Leader: make([]int, d.groups), Office: make([]int, d.groups)}
	for g, a := range d.as {
		plan.Leader[g] = slices.IndexFunc(b.Leaders, func(l area.Leader) bool { return l.Person == a.Leader })
		plan.Office[g] = slices.IndexFunc(b.Offices, func(u access.Unit) bool { return u.ID.Key == a.Office })
		for t, x := range b.Townships {
			if slices.Contains(a.Townships, x.Unit.ID.Key) {
				plan.Of[t] = g
			}
		}
	}
	return plan
}

// chosen writes down who leads, as the form says it.
func (d *draft) chosen() {
	d.heads, d.offs = make([]string, d.groups), make([]string, d.groups)
	for g := range d.groups {
		if i := d.plan.Leader[g]; i >= 0 {
			d.heads[g] = d.board.Leaders[i].Person
		}
		if i := d.plan.Office[g]; i >= 0 {
			d.offs[g] = d.board.Offices[i].ID.Key
		}
	}
}

// take puts what was typed into a draft.
func (d *draft) take(f url.Values) {
	b := d.board
	for t, x := range b.Townships {
		if g, err := strconv.Atoi(f.Get("t_" + x.Unit.ID.Key)); err == nil && g >= 0 && g < d.groups {
			d.plan.Of[t] = g
		}
	}
	for g := range d.groups {
		n := "_" + itoa(g)
		d.names[g], d.heads[g], d.offs[g] = f.Get("name"+n), f.Get("leader"+n), f.Get("office"+n)
		d.plan.Leader[g] = slices.IndexFunc(b.Leaders, func(l area.Leader) bool { return l.Person == d.heads[g] })
		d.plan.Office[g] = slices.IndexFunc(b.Offices, func(u access.Unit) bool { return u.ID.Key == d.offs[g] })
	}
	d.from, d.paper, d.seen = f.Get("from"), f.Get("paper"), f.Get("seen")
}

// editView is a draft: townships to be moved, who leads, what it comes to.
type editView struct {
	Frame  ui.Frame
	Back   string
	Title  string
	Wrong  string
	All    []ui.FieldView
	Hidden [][2]string
	Key    string
	Sums   []sumView
	Areas  []editArea
	Towns  []editTown
	From   ui.FieldView
	Paper  ui.FieldView
	Moved  string
}

// editArea is one area of a draft, with its figures before and after.
type editArea struct {
	Name, Leader, Office      ui.FieldView
	Townships, Held, Share    string
	WasShare, Pieces, Ties    string
	Officials, Load, Apart, N string
}

// editTown is a township and the area it is in.
type editTown struct {
	Name, Field, Officials, Held, Load, Class string
	Options                                   []ui.OptionView
	At                                        string
	Was                                       string // the area it was in, if it is in another now
}

func (p *Pages) edit(c *web.Ctx, d *draft, problem error) error {
	b := d.board
	texts := web.Texts(c.Lang, problem)
	unit := b.County.ID.String()
	v := editView{Frame: c.Frame(c.T("area.edit")), Back: "/areas/plan?" + url.Values{"unit": {unit}, "groups": {itoa(d.groups)}}.Encode(), Title: c.T("area.way." + d.way), Key: web.NewKey(), Sums: sums(c, b, d.plan, d.base, d.groups)}
	v.Frame.Wide = true
	v.Hidden = [][2]string{{"unit", unit}, {"groups", itoa(d.groups)}, {"way", d.way}, {"seen", d.seen}}
	field := func(name, kind, label, value string) ui.FieldView {
		return ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Kind: kind, Label: label, Value: value, Error: texts[name], Must: true}
	}
	var leaders, offices, areas []ui.OptionView
	for _, l := range b.Leaders {
		note := l.UnitName()
		if note == "" {
			note = c.T("post." + l.Kind)
		}
		leaders = append(leaders, ui.OptionView{Code: l.Person, Name: l.Name, Note: note})
	}
	for _, o := range b.Offices {
		offices = append(offices, ui.OptionView{Code: o.ID.Key, Name: o.Name})
	}
	parts, was := b.Figures(d.plan, d.groups), b.Figures(d.base, d.groups)
	for g, x := range parts {
		n := "_" + itoa(g)
		a := editArea{Name: field("name"+n, "line", c.T("area.name"), d.names[g]), Leader: field("leader"+n, "select", c.T("area.leader"), d.heads[g]), Office: field("office"+n, "select", c.T("area.office"), d.offs[g]),
			N: itoa(g + 1), Townships: itoa(len(x.Townships)), Officials: num(x.Officials), Held: num(x.Held) + "/" + num(x.Posts), Load: num(x.Load), Share: strconv.FormatInt(x.Share, 10) + "%",
			Apart: strconv.FormatFloat(float64(x.Apart)/10, 'f', 1, 64), Pieces: itoa(x.Pieces), Ties: num(x.Ties)}
		if was[g].Share != x.Share {
			a.WasShare = c.T("area.was", strconv.FormatInt(was[g].Share, 10)+"%")
		}
		a.Name.Max, a.Leader.Options, a.Office.Options, a.Office.Must = "20", leaders, offices, false
		v.Areas = append(v.Areas, a)
		v.All = append(v.All, a.Name, a.Leader, a.Office)
		name := d.names[g]
		if name == "" {
			name = c.T("area.nth", itoa(g+1))
		}
		areas = append(areas, ui.OptionView{Code: itoa(g), Name: name})
	}
	mean := meanOf(b.Townships)
	moved := 0
	for t, x := range b.Townships {
		e := editTown{Name: x.Unit.Name, Field: "t_" + x.Unit.ID.Key, Officials: num(x.Officials), Held: num(x.Held) + "/" + num(x.Posts), Load: num(x.Load), Class: classOf(x.Load, mean), Options: areas, At: itoa(d.plan.Of[t])}
		if from := d.base.Of[t]; from != d.plan.Of[t] {
			e.Was = areas[from].Name
			moved++
		}
		v.Towns = append(v.Towns, e)
	}
	if moved > 0 {
		v.Moved = c.T("area.moved", itoa(moved))
	}
	v.From, v.Paper = field("from", "day", c.T("area.from"), d.from), field("paper", "line", c.T("area.paper"), d.paper)
	v.From.Min, v.Paper.Max, v.Paper.Must = string(c.Today), "60", false
	v.All = append(v.All, v.From, v.Paper)
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, editPage(v))
}

// planned looks at a draft again, or adopts it.
func (p *Pages) planned(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	county, err := ofForm(f)
	if err != nil {
		return err
	}
	d, err := p.begin(c, county, f.Get("way"), f.Get("groups"))
	if err != nil {
		return err
	}
	d.take(f)
	if f.Get("do") != "adopt" {
		return p.edit(c, d, nil)
	}
	in := area.Draft{County: county.Key, From: calendar.Date(d.from), Paper: d.paper, Seen: d.seen, Areas: make([]area.DraftArea, d.groups)}
	for g := range in.Areas {
		in.Areas[g] = area.DraftArea{Name: d.names[g], Leader: d.heads[g], Office: d.offs[g]}
	}
	for t, x := range d.board.Townships {
		a := &in.Areas[d.plan.Of[t]]
		a.Townships = append(a.Townships, x.Unit.ID.Key)
	}
	if err := p.Areas.Adopt(c.Context(), c.Who, in); err != nil {
		if again(err) {
			return p.edit(c, d, err)
		}
		return err
	}
	return c.Redirect("/areas?" + url.Values{"unit": {county.String()}, "to": {d.from}, "done": {"area_adopted"}}.Encode())
}
