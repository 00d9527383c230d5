package orghttp

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

const stationsPath = grantsPath + "/stations"

type stationsView struct {
	Frame   ui.Frame
	Key     string
	Wrong   string
	Town    ui.FieldView // which township, which post: asked for by the form above
	Kind    ui.FieldView
	Fields  []ui.FieldView
	Rows    []stationRow
	Help    string
	Chosen  bool
	Waiting int // put forward by others: the reader may confirm them
	Names   string
	All     []ui.FieldView // with something wrong, for the summary
}

// takes says whether anybody can be put forward at all: where every village has its one chief there is nothing to fill in.
func (v stationsView) takes() bool {
	return slices.ContainsFunc(v.Rows, func(r stationRow) bool { return r.Takes })
}

type stationRow struct {
	Village string
	Held    []stationHolder
	Name    ui.FieldView
	Born    ui.FieldView
	Takes   bool
}

type stationHolder struct{ Href, Text string }

func (p *Pages) stations(c *web.Ctx) error {
	q := c.R.URL.Query()
	return p.stationsForm(c, http.StatusOK, url.Values{"township": q["township"], "kind": q["kind"], "from": {string(c.Today)}}, nil)
}

// stationsForm lists a township's villages, each with who holds the post and a line to fill where nobody does.
func (p *Pages) stationsForm(c *web.Ctx, status int, f url.Values, problem error) error {
	v := stationsView{Frame: c.Frame(c.T("stations.title")), Key: web.NewKey()}
	towns, err := p.Org.StationTowns(c.Context(), c.Who)
	if err != nil {
		return err
	}
	texts := web.Texts(c.Lang, problem)
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	v.Town, v.Kind = grantField(c, "township", "select", true, texts), grantField(c, "kind", "select", true, texts)
	for _, t := range towns {
		v.Town.Options = append(v.Town.Options, ui.OptionView{Code: t.ID.Key, Name: t.Name})
	}
	for _, k := range org.StationKinds {
		v.Kind.Options = append(v.Kind.Options, ui.OptionView{Code: k, Name: c.T("post." + k)})
	}
	v.Town.Value, v.Kind.Value = f.Get("township"), f.Get("kind")
	if v.Kind.Value == "" {
		v.Kind.Value = org.StationKinds[0]
	}
	if !id.ValidKey(v.Town.Value) {
		return c.Render(status, stationsPage(v))
	}
	list, err := p.Org.Stations(c.Context(), c.Who, v.Town.Value, v.Kind.Value)
	if err != nil {
		return err
	}
	v.Chosen, v.Help = true, c.T("stations.help."+v.Kind.Value)
	from, paper := grantField(c, "from", "day", true, texts), grantField(c, "paper", "line", false, texts)
	from.Value, paper.Value, paper.Max = f.Get("from"), f.Get("paper"), "60"
	all := grantField(c, "all", "choice", false, texts)
	all.Options = []ui.OptionView{{Code: "yes", Name: c.T("stations.all.yes")}, {Code: "no", Name: c.T("stations.all.no")}}
	if all.Value = f.Get("all"); all.Value == "" {
		all.Value = "no"
	}
	all.Error = texts["names"]
	v.Fields = []ui.FieldView{from, paper, all}
	v.All = append(v.All, v.Fields...)
	for _, st := range list {
		key := st.Village.ID.Key
		r := stationRow{Village: st.Village.Name, Takes: st.Takes(v.Kind.Value)}
		for _, x := range st.Posts {
			h := stationHolder{Href: grantsPath + "/" + x.Post, Text: x.Name}
			switch {
			case x.Asked != "":
				h.Text = c.T("stations.asked", x.Asked)
			case x.Name == "":
				h.Text = c.T("stations.free")
			}
			r.Held = append(r.Held, h)
		}
		r.Name = ui.FieldView{Lang: c.Lang, ID: "f-name-" + key, Name: "name-" + key, Kind: "line", Label: c.T("stations.name", st.Village.Name), Value: f.Get("name-" + key), Error: texts["name-"+key], Max: "30"}
		r.Born = ui.FieldView{Lang: c.Lang, ID: "f-born-" + key, Name: "born-" + key, Kind: "line", Label: c.T("stations.born", st.Village.Name), Value: f.Get("born-" + key), Error: texts["born-"+key], Max: "7"}
		if r.Name.Error+r.Born.Error != "" {
			v.All = append(v.All, r.Name, r.Born)
		}
		v.Rows = append(v.Rows, r)
	}
	ws, err := p.Org.WaitingStations(c.Context(), c.Who, v.Town.Value, v.Kind.Value)
	if err != nil {
		return err
	}
	v.Waiting = len(ws)
	for i, w := range ws {
		if i > 0 {
			v.Names += c.T("list.comma_in")
		}
		v.Names += w.Name
	}
	return c.Render(status, stationsPage(v))
}

func (p *Pages) setStations(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	back := stationsPath + "?" + url.Values{"township": {f.Get("township")}, "kind": {f.Get("kind")}}.Encode()
	if !id.ValidKey(f.Get("township")) {
		return p.stationsForm(c, http.StatusUnprocessableEntity, f, fault.InvalidField("township", "required"))
	}
	if f.Get("do") == "confirm" {
		_, err := p.Org.ConfirmStations(c.Context(), c.Who, f.Get("township"), f.Get("kind"))
		if sentBack(err) {
			return p.stationsForm(c, web.Status(err), f, err)
		}
		if err != nil {
			return err
		}
		return c.Redirect(back + "&done=stations_confirmed")
	}
	in := org.Stationed{Township: f.Get("township"), Kind: f.Get("kind"), From: calendar.Date(f.Get("from")), Paper: f.Get("paper"), All: f.Get("all") == "yes", Names: map[id.Key]org.Newcomer{}}
	for name := range f {
		if key, ok := strings.CutPrefix(name, "name-"); ok && f.Get(name)+f.Get("born-"+key) != "" {
			in.Names[key] = org.Newcomer{Name: f.Get(name), Born: f.Get("born-" + key)}
		}
	}
	if _, _, err := p.Org.SetStations(c.Context(), c.Who, in); err != nil {
		if sentBack(err) {
			return p.stationsForm(c, web.Status(err), f, err)
		}
		return err
	}
	return c.Redirect(back + "&done=stations_asked")
}
