package dutyhttp

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/duty"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

type inspectView struct {
	Frame   ui.Frame
	Back    string
	Crumb   string
	Self    string
	Key     string
	Wrong   string
	Fields  []ui.FieldView
	Duties  []foundRow
	Tasks   []foundRow
	Unfiled []ui.FieldView
	All     []ui.FieldView
}

type foundRow struct {
	What, Says  string
	Found, Note ui.FieldView
}

// unfiledRows is how many lines a form has for what is in no filing.
const unfiledRows = 2

func (p *Pages) inspectForm(c *web.Ctx) error { return p.renderInspect(c, url.Values{}, nil) }

// renderInspect is the form of a day on the spot: what is filed stands there, and what was found is put beside it.
func (p *Pages) renderInspect(c *web.Ctx, f url.Values, problem error) error {
	u, err := p.townFor(c, duty.Inspects)
	if err != nil {
		return err
	}
	r := c.In(u.ID)
	ds, err := duty.Duties(c.Context(), r, u.ID.Key, c.Today, c.Today)
	if err != nil {
		return err
	}
	gone, err := duty.HandedBack(c.Context(), r, u.ID.Key)
	if err != nil {
		return err
	}
	if problem == nil {
		f = url.Values{"on": {string(c.Today)}, "undisclosed": {"yes"}}
	}
	x := formOf(c, f, problem)
	x.add("on", "day", true)
	x.add("undisclosed", "choice", true, func(fv *ui.FieldView) {
		fv.Label = c.T("inspection.undisclosed")
		for _, code := range []string{"yes", "no"} {
			fv.Options = append(fv.Options, ui.OptionView{Code: code, Name: c.T("inspection.undisclosed." + code)})
		}
	})
	x.add("inspectors", "line", true)
	x.add("looked", "line", true, func(fv *ui.FieldView) { fv.Max = "120" })
	v := inspectView{Frame: c.Frame(c.T("inspection.enter")), Back: at(u), Crumb: u.Name, Self: at(u) + "/inspect", Key: x.Key, Wrong: x.Wrong, Fields: x.Fields}
	row := func(key, of, what, says string) foundRow {
		fr := foundRow{What: what, Says: says}
		fr.Found = ui.FieldView{Lang: c.Lang, ID: "f-found-" + key, Name: "found-" + key, Kind: "select", Label: c.T("inspection.found", what), Value: f.Get("found-" + key), Error: x.texts["found-"+key], Must: true}
		if fr.Found.Value == "" {
			fr.Found.Value = "unseen"
		}
		for _, t := range p.Rules.Terms("inspection_found", c.Today) {
			if has(t.Attrs["of"], of) {
				fr.Found.Options = append(fr.Found.Options, ui.OptionView{Code: t.Code, Name: t.Name.In(c.Lang)})
			}
		}
		fr.Note = ui.FieldView{Lang: c.Lang, ID: "f-note-" + key, Name: "note-" + key, Kind: "line", Label: c.T("inspection.note", what), Value: f.Get("note-" + key), Error: x.texts["note-"+key], Max: "120"}
		v.All = append(v.All, fr.Found, fr.Note)
		return fr
	}
	v.All = append(v.All, v.Fields...)
	for _, d := range ds {
		w := p.dutyView(c, u.ID.City, d, c.Today)
		v.Duties = append(v.Duties, row(d.ID, "duty", w.What, strings.TrimSpace(c.T("post."+d.PostKind)+c.T("list.comma")+w.Kind+" "+w.Hours)))
	}
	for _, h := range gone {
		v.Tasks = append(v.Tasks, row(h.Matter, "handback", h.What, c.T("inspection.received", h.Department, ui.DayIn(c.Lang, h.Received, c.Today))))
	}
	for i := range unfiledRows {
		name := "unfiled-" + strconv.Itoa(i+1)
		fv := ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Kind: "line", Label: c.T("inspection.unfiled", strconv.Itoa(i+1)), Value: f.Get(name), Max: "120"}
		if i == 0 {
			fv.Error = x.texts["note-"]
		}
		v.Unfiled = append(v.Unfiled, fv)
	}
	v.All = append(v.All, v.Unfiled...)
	return c.Render(x.status, inspectPage(v))
}

func has(list, code string) bool {
	for _, x := range strings.Fields(list) {
		if x == code {
			return true
		}
	}
	return false
}

func (p *Pages) inspect(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	u, err := p.townFor(c, duty.Inspects)
	if err != nil {
		return err
	}
	if x := f.Get("undisclosed"); x != "yes" && x != "no" {
		return p.renderInspect(c, f, fault.InvalidField("undisclosed", "required"))
	}
	r := c.In(u.ID)
	in := duty.Inspection{Unit: u.ID.Key, On: dayOf(f, "on"), Undisclosed: f.Get("undisclosed") == "yes", Inspectors: f.Get("inspectors"), Looked: f.Get("looked")}
	ds, err := duty.Duties(c.Context(), r, u.ID.Key, c.Today, c.Today)
	if err != nil {
		return err
	}
	gone, err := duty.HandedBack(c.Context(), r, u.ID.Key)
	if err != nil {
		return err
	}
	for _, d := range ds {
		if x := f.Get("found-" + d.ID); x != "" {
			in.Findings = append(in.Findings, duty.Finding{Duty: d.ID, Found: x, Note: f.Get("note-" + d.ID)})
		}
	}
	for _, h := range gone {
		if x := f.Get("found-" + h.Matter); x != "" {
			in.Findings = append(in.Findings, duty.Finding{HandBack: h.Matter, Found: x, Note: f.Get("note-" + h.Matter)})
		}
	}
	for i := range unfiledRows {
		if x := strings.TrimSpace(f.Get("unfiled-" + strconv.Itoa(i+1))); x != "" {
			in.Findings = append(in.Findings, duty.Finding{Found: "unfiled", Note: x})
		}
	}
	key, err := p.Duties.Inspect(c.Context(), c.Who, in)
	if sentBack(err) {
		return p.renderInspect(c, f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/inspections/" + id.ID{City: u.ID.City, Key: key}.String() + "?done=inspected")
}

type inspectionView struct {
	Frame ui.Frame
	Town  string
	Back  string
	Title string
	Facts []factView
	Rows  []inspectionRow
}

type inspectionRow struct {
	What, Filed, Found, Note string
	Differs                  bool
	Href                     string // the matter that came of it
	State                    string
}

// inspection puts what was found beside what is filed.
func (p *Pages) inspection(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	r := c.In(key)
	x, u, err := p.Duties.GetInspection(c.Context(), r, c.Who, key.Key)
	if err != nil {
		return err
	}
	v := inspectionView{Frame: c.Frame(c.T("inspection.of", u.Name)), Town: u.Name, Back: at(u), Title: c.T("inspection.of", u.Name)}
	way := "no"
	if x.Undisclosed {
		way = "yes"
	}
	v.Facts = []factView{{Label: c.T("duty.field.on"), Text: ui.LongDay(c.Lang, x.On)}, {Label: c.T("inspection.undisclosed"), Text: c.T("inspection.undisclosed." + way)},
		{Label: c.T("duty.field.inspectors"), Text: x.Inspectors}, {Label: c.T("duty.field.looked"), Text: x.Looked}}
	facts, err := duty.Beside(c.Context(), r, x)
	if err != nil {
		return err
	}
	for i, f := range x.Findings {
		t, _ := p.Rules.Term("inspection_found", f.Found)
		row := inspectionRow{What: facts[i].What, Found: t.Name.In(c.Lang), Note: f.Note, Differs: t.Attrs["differs"] == "yes", Filed: c.T("inspection.not_filed")}
		switch {
		case f.Duty != "":
			row.Filed = strings.TrimSpace(c.T("post."+facts[i].PostKind) + c.T("list.comma") + c.T("duty.hours", strconv.FormatInt(facts[i].Hours, 10)))
		case f.HandBack != "":
			row.Filed, row.Href = c.T("inspection.received", facts[i].Department, ui.DayIn(c.Lang, facts[i].Received, c.Today)), "/m/"+id.ID{City: key.City, Key: f.HandBack}.String()
		}
		if f.Deviation != "" {
			row.Href, row.State = "/m/"+id.ID{City: key.City, Key: f.Deviation}.String(), c.T("state.deviation."+facts[i].State)
		}
		v.Rows = append(v.Rows, row)
	}
	return c.Render(http.StatusOK, inspectionPage(v))
}

// listRows is how many inspections a page lists.
const listRows = 50

type inspectionsView struct {
	Frame       ui.Frame
	Rows        []inspectionLine
	Next, First string
}

type inspectionLine struct {
	Day, Town, Href, Way, Who, Looked, Differs string
}

func (p *Pages) inspections(c *web.Ctx) error {
	v := inspectionsView{Frame: c.Frame(c.T("inspection.list"))}
	after := c.R.URL.Query().Get("after")
	list, next, err := p.Duties.Inspections(c.Context(), c.Home(), c.Who, after, listRows)
	if err != nil {
		return err
	}
	for _, x := range list {
		l := inspectionLine{Day: ui.DayIn(c.Lang, x.On, c.Today), Town: x.Town, Href: "/inspections/" + id.ID{City: c.Who.City, Key: x.ID}.String(), Way: c.T("inspection.undisclosed.no"), Who: x.Inspectors, Looked: x.Looked}
		if x.Undisclosed {
			l.Way = c.T("inspection.undisclosed.yes")
		}
		if x.Differs > 0 {
			l.Differs = c.T("inspection.differs", strconv.Itoa(x.Differs))
		}
		v.Rows = append(v.Rows, l)
	}
	if next != "" {
		v.Next = "/inspections?after=" + url.QueryEscape(next)
	}
	if after != "" {
		v.First = "/inspections"
	}
	return c.Render(http.StatusOK, inspectionsPage(v))
}
