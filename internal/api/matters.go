package api

import (
	"net/http"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/flow/record"
	"qianshao/internal/id"
	"qianshao/internal/web"
)

// How many rows one answer holds: of lists by default and at most, of a desk at most.
const (
	listRows = 50
	maxList  = 200
	maxDesk  = 500
)

// views are the lists' views besides the names of states.
var views = []string{flow.ViewOpen, flow.ViewAll, flow.ViewEnded, flow.ViewSoon, flow.ViewLate, flow.ViewWaiting}

// listParams are the filters of a kind's list.
func (a *API) listParams(kind string) []param {
	seen := append([]string{}, views...)
	if t, ok := a.Engine.Table(kind); ok {
		for _, s := range t.States {
			seen = append(seen, s.Name)
		}
	}
	return []param{{"view", oneOf(seen)}, {"source", text()}, {"township", text()}, {"county", text()}, {"handler", text()}, {"outcome", text()},
		{"from", dayText()}, {"to", dayText()}, {"after", text()}, {"limit", whole(1, maxList)}}
}

// filter reads the filters of a list. An unknown value is refused, it never reaches a statement.
func (a *API) filter(c *web.Ctx, kind string) (flow.Filter, error) {
	q := c.R.URL.Query()
	f := flow.Filter{Kind: kind, View: q.Get("view"), Source: q.Get("source"), Outcome: q.Get("outcome")}
	if f.View == "" {
		f.View = flow.ViewOpen
	}
	t, _ := a.Engine.Table(kind)
	if _, ok := t.State(f.View); !ok && !contains(views, f.View) {
		return f, fault.InvalidField("view", "filter.unknown")
	}
	if f.Source != "" {
		_, known := a.Rules.Term("clue_source", f.Source)
		if !known || !c.Who.Can(access.ClueAssign) && !c.Who.Can(access.SuperiorRead) {
			// Below the organ a filter by source would tell what the rows leave out.
			return f, fault.InvalidField("source", "filter.unknown")
		}
	}
	var err error
	for _, x := range []struct {
		name string
		key  *id.Key
	}{{"township", &f.Township}, {"county", &f.County}, {"handler", &f.Handler}} {
		if *x.key, err = a.unitKey(c, x.name, q.Get(x.name)); err != nil {
			return f, err
		}
	}
	days, err := dates(c, "from", "to")
	if err != nil {
		return f, err
	}
	f.From, f.To = days[0], days[1]
	if f.Limit, err = number(c, "limit", listRows, maxList); err != nil {
		return f, err
	}
	f.After, err = flow.ParseCursor(q.Get("after"))
	return f, err
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// list answers one page of a kind's matters.
func (a *API) list(kind string) web.Handler {
	return func(c *web.Ctx) error {
		f, err := a.filter(c, kind)
		if err != nil {
			return err
		}
		page, err := a.Engine.List(c.Context(), c.Who, f)
		if err != nil {
			return err
		}
		w := a.Pages.Words(c)
		if err := a.name(w, page.Matters); err != nil {
			return err
		}
		out := matterList{Items: []matterRow{}, Next: page.Next.String()}
		for _, m := range page.Matters {
			out.Items = append(out.Items, a.row(c, w, m))
		}
		return c.JSON(http.StatusOK, out)
	}
}

// name reads the units that rows speak of, in one query a tenant.
func (a *API) name(w *flowhttp.Words, ms []flow.Matter) error {
	byCity := map[id.City][]string{}
	for _, m := range ms {
		byCity[m.ID.City] = append(byCity[m.ID.City], m.Handler.Key, m.Township, m.Organ.Key)
	}
	for city, units := range byCity {
		if err := w.Load(a.DB.In(city), units, nil); err != nil {
			return err
		}
	}
	return nil
}

func (a *API) row(c *web.Ctx, w *flowhttp.Words, m flow.Matter) matterRow {
	r := matterRow{ID: m.ID, Kind: m.Kind, No: m.No, Title: m.Title, State: m.State, StateName: c.T("state." + m.Kind + "." + m.State), Open: m.Open, Version: m.Version,
		Subject: m.Subject, SubjectPost: m.SubjectPost, Rank: m.Rank, Source: w.Source(m), Outcome: m.Outcome, Organ: unitRef{m.Organ, w.Unit(m.Organ.Key)},
		Received: m.Received, Opened: m.Opened, Due: m.Due, Ended: m.Ended, Marks: w.Marks(m), Moves: pathOf(m.Kind) + "/" + m.ID.String() + "/moves"}
	if !m.Handler.Zero() {
		r.Handler = &unitRef{m.Handler, w.Unit(m.Handler.Key)}
	}
	if m.Township != "" {
		r.Township = &unitRef{id.ID{City: m.ID.City, Key: m.Township}, w.Place(m.Township)}
	}
	return r
}

// one answers a matter with everything its page shows.
func (a *API) one(kind string) web.Handler {
	return func(c *web.Ctx) error {
		key, err := c.ID("id")
		if err != nil {
			return err
		}
		r := c.In(key)
		d, err := a.Engine.Open(c.Context(), r, c.Who, key.Key)
		if err != nil {
			return err
		}
		if d.Matter.Kind != kind {
			return fault.Hidden()
		}
		t, _ := a.Engine.Table(kind)
		events, older, err := record.Page(c.Context(), r, t, d.Matter, c.R.URL.Query().Get("before"))
		if err != nil {
			return err
		}
		w := a.Pages.Words(c)
		if err := w.LoadDossier(r, d, nil, events); err != nil {
			return err
		}
		detail, err := w.Detail(d.Matter)
		if err != nil {
			return err
		}
		out := a.dossier(c, w, d, detail)
		out.Older = older
		for i, l := range w.Log(d, events) {
			e := event{At: moment(events[i].At), Title: l.Title, Says: []string{}, By: l.By, Act: events[i].Seq}
			for _, s := range l.Body {
				e.Says = append(e.Says, s.Text)
			}
			out.History = append(out.History, e)
		}
		return c.JSON(http.StatusOK, out)
	}
}

func (a *API) dossier(c *web.Ctx, w *flowhttp.Words, d *flow.Dossier, detail flowhttp.Detail) matterOne {
	out := matterOne{Matter: a.row(c, w, d.Matter), Summary: detail.Summary, Facts: factsOf(detail.Facts), Subjects: []person{}, Clocks: []duty{}, Team: []member{},
		Files: []file{}, Papers: []paper{}, Family: []relative{}, History: []event{}}
	for _, s := range d.Subjects {
		out.Subjects = append(out.Subjects, person{s.Name, s.Post, w.Place(s.Unit), s.UnitText, s.Rank, s.Category, s.PartyMember, s.Chief})
	}
	for _, k := range d.Clocks {
		out.Clocks = append(out.Clocks, a.duty(c, w, flow.Duty{Clock: k, Matter: d.Matter}, d.Entries[k.ID.Key]))
	}
	if p, ok := d.Waiting(); ok {
		x := a.approval(c, w, d.Matter, p)
		for _, k := range d.Clocks {
			if k.ID.Key == p.Clock {
				x.Due = k.Due
			}
		}
		out.Waiting = &x
	}
	for _, t := range d.Team {
		out.Team = append(out.Team, member{t.Stage, t.Name, t.Lead, t.From, t.To, t.Signed != 0})
	}
	for _, f := range d.Files {
		out.Files = append(out.Files, file{f.Key, f.Name, f.Size, f.Added})
	}
	for _, p := range d.Papers {
		out.Papers = append(out.Papers, paper{p.Key, p.Code, p.No, p.Title, p.Made})
	}
	for _, m := range d.Family {
		out.Family = append(out.Family, relative{m.ID, m.Kind, m.No, m.State, c.T("state." + m.Kind + "." + m.State)})
	}
	return out
}

func factsOf(fs []flowhttp.Fact) []fact {
	out := []fact{}
	for _, f := range fs {
		x := fact{Label: f.Label}
		for _, s := range f.Text {
			x.Text += s.Text
		}
		out = append(out, x)
	}
	return out
}
