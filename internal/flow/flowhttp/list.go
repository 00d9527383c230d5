package flowhttp

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// listView is a list of matters: views as tabs, filters, rows, and for those who hand work out a bar to do it with.
type listView struct {
	Frame   ui.Frame
	Kind    string
	Path    string
	Title   string
	New     string
	NewKey  string
	Views   []ui.ViewLink
	Filters []ui.FieldView
	View    string
	Rows    []rowView
	Empty   [2]string
	Next    string
	First   string
	Bulk    bool
	Moves   []bulkMove
	Targets []ui.OptionView
	Left    string // units that can't be chosen, and why
	Named   bool
	Export  string
	Key     string
	Active  bool // some filter is set
}

type bulkMove struct {
	Name, Label, Key string
	Primary          bool
	Target           bool
}

type rowView struct {
	ID, Version, No, Href string
	Title                 string
	Marks                 []markView
	Post, Township        string
	Source, State         string
	Handler               string
	Due                   ui.DueView
	Received              string
	County                string
}

type markView struct{ Icon, Text string }

const listRows = 50

// about says whether matters of a kind are about somebody's conduct.
func about(kind string) bool { return kind == "tipoff" || sourced(kind) }

// sourced says whether matters of a kind come from several sources. A tip-off has its channel.
func sourced(kind string) bool { return kind == "clue" || kind == "case" || kind == "slip" }

// inner says whether a kind of matter is about the commission's own posts and registers: it comes from nowhere, and nobody handles it.
func inner(kind string) bool { return kind == "vacancy" || kind == "rotation" || kind == "filing" }

// posted says whether a post is said of matters of a kind.
func posted(kind string) bool { return about(kind) || inner(kind) }

// handled says whether matters of a kind are in the hands of one of several units.
func handled(kind string) bool { return sourced(kind) || kind == "callup" }

// bare says whether all that a kind of matter says is sealed.
func bare(kind string) bool { return kind == custody.Letter || kind == custody.Alert }

func (p *Pages) list(c *web.Ctx, k Kind) error {
	q := c.R.URL.Query()
	f, err := p.filter(c, k, q)
	if err != nil {
		return err
	}
	page, err := p.Engine.List(c.Context(), c.Who, f)
	if err != nil {
		return err
	}
	v := listView{Frame: c.Frame(c.T("nav." + k.Name + "s")), Kind: k.Name, Path: k.Path, Title: p.listTitle(c, k.Name), View: f.View, Key: web.NewKey()}
	if k.New != "" && c.Who.Can(k.NewFor) {
		v.New, v.NewKey = k.New, "list.new."+k.Name
	}
	for _, name := range append([]string{flow.ViewOpen}, append(k.Views, flow.ViewAll)...) {
		v.Views = append(v.Views, ui.ViewLink{Name: p.viewName(c, k.Name, name), Href: k.Path + "?view=" + name, Current: name == f.View, Late: name == flow.ViewLate})
	}
	l := p.look(c)
	if err := p.filters(c, &v, k, f, l); err != nil { // first: the rows name the same units
		return err
	}
	if err := p.places(c, l, page.Matters); err != nil {
		return err
	}
	v.Rows = p.rows(c, l, page.Matters)
	if page.Next.Key != "" {
		next := cloneQuery(q)
		next.Set("after", page.Next.String())
		v.Next = k.Path + "?" + next.Encode()
	}
	if q.Get("after") != "" {
		first := cloneQuery(q)
		first.Del("after")
		v.First = k.Path + "?" + first.Encode()
	}
	v.Empty = p.emptyText(c, k, f)
	if k.Bulk {
		if err := p.bulkBar(c, &v, k); err != nil {
			return err
		}
	}
	return c.Render(http.StatusOK, listPage(v))
}

// listTitle is what a list is called: the pool is the organ's, a handling unit has its own clues only.
func (p *Pages) listTitle(c *web.Ctx, kind string) string {
	if kind == "clue" && !c.Who.Can(access.ClueAssign) && !c.Who.Can(access.SuperiorRead) {
		return c.T("list.clue.own")
	}
	return c.T("list." + kind)
}

func cloneQuery(q url.Values) url.Values {
	out := url.Values{}
	for n, v := range q {
		if n != "done" {
			out[n] = v
		}
	}
	return out
}

// bySource says who may sort by where a matter came from.
func bySource(c *web.Ctx) bool {
	return c.Who.Can(access.ClueAssign) || c.Who.Can(access.SuperiorRead)
}

// filter reads the list's filters from the address. Everything is checked against what there is to choose: an unknown
// value is refused, it never reaches a statement.
func (p *Pages) filter(c *web.Ctx, k Kind, q url.Values) (flow.Filter, error) {
	f := flow.Filter{Kind: k.Name, View: q.Get("view"), Source: q.Get("source"), Township: q.Get("township"), Handler: q.Get("handler"), County: q.Get("county"), Outcome: q.Get("outcome"),
		From: calendar.Date(q.Get("from")), To: calendar.Date(q.Get("to")), Limit: listRows}
	if f.View == "" {
		f.View = flow.ViewOpen
	}
	bad := func(name string) (flow.Filter, error) { return f, fault.InvalidField(name, "filter.unknown") }
	t, _ := p.Engine.Table(k.Name)
	switch f.View {
	case flow.ViewAll, flow.ViewOpen, flow.ViewEnded, flow.ViewSoon, flow.ViewLate, flow.ViewWaiting:
	default:
		if _, ok := t.State(f.View); !ok {
			return bad("view")
		}
	}
	if f.Source != "" {
		// Below the organ a filter by source would tell what the rows leave out.
		if _, ok := p.Rules.Term("clue_source", f.Source); !ok || !bySource(c) {
			return bad("source")
		}
	}
	for name, v := range map[string]string{"township": f.Township, "handler": f.Handler, "county": f.County} {
		if v != "" && !id.ValidKey(v) {
			return bad(name)
		}
	}
	for name, d := range map[string]calendar.Date{"from": f.From, "to": f.To} {
		if d != "" && !d.Valid() {
			return bad(name)
		}
	}
	var err error
	f.After, err = flow.ParseCursor(q.Get("after"))
	return f, err
}

func (p *Pages) viewName(c *web.Ctx, kind, view string) string {
	switch view {
	case flow.ViewAll, flow.ViewOpen, flow.ViewEnded, flow.ViewSoon, flow.ViewLate, flow.ViewWaiting:
		return c.T("view." + view)
	}
	return c.T("state." + kind + "." + view)
}

func (p *Pages) rows(c *web.Ctx, l *look, ms []flow.Matter) []rowView {
	out := make([]rowView, len(ms))
	for i, m := range ms {
		out[i] = p.row(c, l, m)
	}
	return out
}

// places reads the units that rows of a list name.
func (p *Pages) places(c *web.Ctx, l *look, ms []flow.Matter) error {
	var units []id.ID
	for _, m := range ms {
		units = append(units, m.Handler, id.ID{City: m.ID.City, Key: m.Township})
		if c.Who.Unit().Level < access.County {
			units = append(units, m.Organ)
		}
	}
	return l.loadUnits(c.Context(), p.DB.Shared(), units)
}

func (p *Pages) row(c *web.Ctx, l *look, m flow.Matter) rowView {
	r := rowView{ID: m.ID.String(), Version: itoa(int(m.Version)), No: shortNo(m.No), Href: "/m/" + m.ID.String(), Title: m.Title, Post: m.SubjectPost, State: c.T("state." + m.Kind + "." + m.State),
		Source: p.source(c, m), Received: ui.DayIn(c.Lang, m.Received, c.Today), Due: ui.DueOf(c.Lang, m.Due, c.Today, false, c.T("due.none"))}
	if !m.Open {
		r.Due = ui.DueView{None: c.T("due.ended", ui.DayIn(c.Lang, m.Ended, c.Today))}
	}
	if u, ok := l.units[m.Township]; ok {
		r.Township = u.Name
	}
	r.Handler = l.unit(m.Handler.Key)
	if c.Who.Unit().Level < access.County {
		r.County = l.unit(m.Organ.Key)
	}
	if m.Is(flow.FlagNamed) && organLevel(c.Who, m) {
		r.Marks = append(r.Marks, markView{"named", c.T("mark.named")})
	}
	if m.Is(flow.FlagRepeat) {
		r.Marks = append(r.Marks, markView{"rep", c.T("mark.repeat")})
	}
	if m.Is(flow.FlagRisen) && m.Open {
		r.Marks = append(r.Marks, markView{"up", c.T("mark.risen")})
	}
	if m.Is(flow.FlagAbove) {
		r.Marks = append(r.Marks, markView{"up", c.T("mark.above")})
	}
	if m.Is(flow.FlagAssigned) {
		r.Marks = append(r.Marks, markView{"done", c.T("mark.assigned")})
	}
	return r
}

func (p *Pages) filters(c *web.Ctx, v *listView, k Kind, f flow.Filter, l *look) error {
	sel := func(name, value string, opts []ui.OptionView) {
		if value != "" {
			v.Active = true
		}
		v.Filters = append(v.Filters, ui.FieldView{Lang: c.Lang, Name: name, ID: "q-" + name, Label: c.T("filter." + name), Value: value, Options: opts})
	}
	if bare(k.Name) {
		return nil
	}
	if k.Name != "slip" && about(k.Name) && bySource(c) {
		var opts []ui.OptionView
		for _, t := range p.Rules.Terms("clue_source", c.Today) {
			opts = append(opts, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
		}
		sel("source", f.Source, opts)
	}
	u := c.Who.Unit()
	switch {
	case u.Level == access.County && u.Kind == "county":
		us, err := access.Below(c.Context(), c.Home(), u.Organ, "office", "township")
		if err != nil {
			return err
		}
		slices.SortStableFunc(us, func(a, b access.Unit) int { return strings.Compare(a.Kind, b.Kind) }) // offices first
		towns, handlers := make([]ui.OptionView, 0, len(us)), make([]ui.OptionView, 0, len(us))
		for _, t := range us {
			l.units[t.ID.Key] = t
			if t.Kind == "township" {
				towns = append(towns, ui.OptionView{Code: t.ID.Key, Name: t.Name})
			}
			handlers = append(handlers, ui.OptionView{Code: t.ID.Key, Name: t.Commission()})
		}
		if k.Name != "callup" {
			sel("township", f.Township, towns)
		}
		if k.Name == "clue" || k.Name == "case" {
			sel("handler", f.Handler, handlers)
		}
	case u.Level == access.City:
		cs, err := access.Below(c.Context(), c.Home(), u.Organ, "county")
		if err != nil {
			return err
		}
		var opts []ui.OptionView
		for _, t := range cs {
			opts = append(opts, ui.OptionView{Code: t.ID.Key, Name: t.Name})
		}
		sel("county", f.County, opts)
	}
	return nil
}

func (p *Pages) emptyText(c *web.Ctx, k Kind, f flow.Filter) [2]string {
	if f.Source+f.Township+f.Handler+f.County != "" || f.After.Key != "" {
		return [2]string{c.T("empty.filtered"), c.T("empty.filtered.more")}
	}
	switch f.View {
	case flow.ViewLate:
		return [2]string{c.T("empty.late"), ""}
	case flow.ViewSoon:
		return [2]string{c.T("empty.soon"), ""}
	case flow.ViewWaiting:
		return [2]string{c.T("empty.waiting"), ""}
	}
	return [2]string{c.T("empty." + k.Name), c.T("empty." + k.Name + ".more")}
}

// bulkBar offers the moves that may be made for many rows at once, and the units work can be given to.
func (p *Pages) bulkBar(c *web.Ctx, v *listView, k Kind) error {
	if !c.Who.Can(access.ClueAssign) || k.Name != "clue" {
		return nil
	}
	organ := c.Who.Unit()
	targets, err := p.Engine.Targets(c.Context(), c.Home(), organ, c.Today)
	if err != nil {
		return err
	}
	var left []string
	for _, t := range targets {
		o := ui.OptionView{Code: t.Unit, Name: t.Name}
		switch {
		case t.People == 0:
			left = append(left, c.T("bulk.nobody", t.Name))
			continue
		case t.Kind == "township" && t.Heads == 0:
			o.Name += c.T("bulk.headless")
		}
		v.Targets = append(v.Targets, o)
	}
	v.Left = strings.Join(left, c.T("list.comma"))
	v.Bulk = true
	v.Moves = []bulkMove{{Name: "no", Label: c.T("bulk.forward"), Key: "z", Primary: true, Target: true}, {Name: "yes", Label: c.T("bulk.assign"), Key: "b", Target: true}}
	return nil
}

// bulk makes one move for many matters. Each is a transaction of its own: what could be done is done, and what could
// not is told.
func (p *Pages) bulk(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	kind, name := c.R.PathValue("kind"), c.R.PathValue("move")
	t, ok := p.Engine.Table(kind)
	if !ok {
		return fault.Hidden()
	}
	mv, ok := t.Move(name)
	if !ok || !mv.Many {
		return fault.Hidden()
	}
	rows := f["row"]
	if len(rows) == 0 {
		return fault.InvalidField("row", "bulk.none")
	}
	if len(rows) > 200 {
		return fault.InvalidField("row", "bulk.many", "200")
	}
	in := flow.Values{}
	for _, fd := range mv.Fields {
		in[fd.Name] = f[fd.Name]
	}
	key := c.Who.Request
	done, failed := 0, []bulkFailure{}
	for i, row := range rows {
		rid, ver, _ := strings.Cut(row, "@")
		x, err := id.Parse(rid)
		if err != nil {
			return fault.Hidden()
		}
		who := c.Who
		if key.Key != "" {
			who.Request.Key = key.Key + "." + itoa(i)
		}
		if _, err := p.Engine.Do(c.Context(), who, x, versionOf(url.Values{"_version": {ver}}), name, in); err != nil {
			if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable {
				return err
			}
			pr := web.ProblemOf(c.Lang, err)
			text := pr.Title
			for _, fe := range pr.Fields {
				text = p.label(c.Lang, kind, name, fe.Name) + c.T("punct.colon") + fe.Detail
			}
			failed = append(failed, bulkFailure{rid, text})
			continue
		}
		done++
	}
	back := p.kinds[kind].Path
	if len(failed) == 0 {
		return c.Redirect(back + "?view=" + url.QueryEscape(f.Get("view")) + "&done=bulk")
	}
	return p.bulkFailed(c, kind, back, done, failed)
}

type bulkFailure struct{ ID, Text string }

type bulkView struct {
	Frame ui.Frame
	Back  string
	Done  string
	Rows  []rowView
}

func (p *Pages) bulkFailed(c *web.Ctx, kind, back string, done int, failed []bulkFailure) error {
	v := bulkView{Frame: c.Frame(c.T("bulk.failed")), Back: back, Done: c.T("bulk.result", itoa(done), itoa(len(failed)))}
	for _, f := range failed {
		x, err := id.Parse(f.ID)
		if err != nil {
			continue
		}
		r := rowView{Title: f.Text, Href: "/m/" + f.ID}
		if m, err := flow.Get(c.Context(), c.In(x), c.Who, x.Key); err == nil {
			r.No, r.Post = m.No, m.Title
		}
		v.Rows = append(v.Rows, r)
	}
	return c.Render(http.StatusConflict, bulkPage(v))
}
