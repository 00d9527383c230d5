package dutyhttp

import (
	"net/url"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/duty"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// formView is a form of this room with what stands around it.
type formView struct {
	Frame  ui.Frame
	Back   string
	Crumb  string
	Title  string
	Line   string
	Action string
	Key    string
	Fields []ui.FieldView
	More   []ui.FieldView
	Button string
	Wrong  string
	Hidden [][2]string
	Facts  []factView
	Note   string
}

type factView struct {
	Label string
	Text  string
}

func (v *formView) all() []ui.FieldView {
	return append(append([]ui.FieldView{}, v.Fields...), v.More...)
}

func (p *Pages) fileForm(c *web.Ctx) error { return p.renderFile(c, c.R.URL.Query(), nil) }

func (p *Pages) renderFile(c *web.Ctx, f url.Values, problem error) error {
	u, err := p.townFor(c, duty.Files)
	if err != nil {
		return err
	}
	seats, err := duty.Seats(c.Context(), c.In(u.ID), u.ID.Key, c.Today, c.Today)
	if err != nil {
		return err
	}
	villages, err := access.Below(c.Context(), c.In(u.ID), u.ID.Key, "village")
	if err != nil {
		return err
	}
	if f.Get("assigned_by") == "" && problem == nil { // the committee is the township's own in all but a few
		f = copyOf(f)
		f.Set("assigned_by", duty.Committee(u))
	}
	x := formOf(c, f, problem)
	x.add("holding", "choice", true, func(fv *ui.FieldView) {
		for _, s := range seats {
			fv.Options = append(fv.Options, ui.OptionView{Code: s.Holding, Name: p.person(c, s.Kind, s.Name)})
		}
	})
	x.add("kind", "select", true, p.options(c, "duty_kind"))
	x.add("village", "select", false, func(fv *ui.FieldView) {
		fv.When, fv.Hint = "kind=village", c.T("duty.village.hint")
		for _, t := range villages {
			fv.Options = append(fv.Options, ui.OptionView{Code: t.ID.Key, Name: t.Name})
		}
	})
	x.add("what", "line", false)
	x.add("part", "choice", true, p.options(c, "duty_role"))
	x.add("assigned_by", "line", true)
	x.add("paper", "line", true)
	x.add("paper_on", "day", true)
	x.add("hours", "count", true, func(fv *ui.FieldView) {
		fv.Min, fv.Max = "0", strconv.Itoa(p.Rules.Limit("duty.month_hours", c.Today))
	})
	x.add("from", "day", true, func(fv *ui.FieldView) { fv.Max = "" })
	x.add("to", "day", false, func(fv *ui.FieldView) { fv.Max = "" })
	v := formView{Frame: c.Frame(c.T("duty.file")), Back: at(u), Crumb: u.Name, Title: c.T("duty.file"), Line: c.T("duty.file.line"), Action: at(u) + "/new", Key: x.Key, Wrong: x.Wrong, Button: c.T("duty.file.do"),
		Fields: x.Fields[:len(x.Fields)-1], More: x.Fields[len(x.Fields)-1:], Hidden: [][2]string{{"deviation", f.Get("deviation")}}}
	return c.Render(x.status, formPage(v))
}

func copyOf(f url.Values) url.Values {
	out := url.Values{}
	for k, v := range f {
		out[k] = v
	}
	return out
}

func (p *Pages) file(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	u, err := p.townFor(c, duty.Files)
	if err != nil {
		return err
	}
	in := duty.Filing{Unit: u.ID.Key, Holding: f.Get("holding"), Kind: f.Get("kind"), What: f.Get("what"), Part: f.Get("part"), AssignedBy: f.Get("assigned_by"), Paper: f.Get("paper"), PaperOn: dayOf(f, "paper_on"),
		Hours: count(f, "hours"), From: dayOf(f, "from"), To: dayOf(f, "to"), Deviation: f.Get("deviation")}
	if in.Kind == "village" {
		in.Village = f.Get("village")
	}
	done, err := p.Duties.File(c.Context(), c.Who, in)
	if sentBack(err) {
		return p.renderFile(c, f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/filed-duties/" + id.ID{City: u.ID.City, Key: done.Duty}.String() + "?done=duty_" + done.Judge.Verdict)
}

func (p *Pages) order(c *web.Ctx) error {
	u, err := p.townFor(c, duty.Files)
	if err != nil {
		return err
	}
	m, err := p.Duties.Order(c.Context(), c.Who, u.ID.Key)
	if err != nil {
		return err
	}
	return c.Redirect("/m/" + m.String() + "?done=order_found")
}

type oneView struct {
	Frame    ui.Frame
	Town     string
	Back     string
	Self     string
	Key      string
	Title    string
	Facts    []factView
	Verdict  verdict
	Wrong    string
	Decide   []ui.FieldView
	Complete []ui.FieldView
	End      []ui.FieldView
	All      []ui.FieldView
	Version  string
}

func (p *Pages) one(c *web.Ctx) error { return p.renderOne(c, url.Values{}, nil) }

// renderOne is a duty: what is filed, what it is judged and why, and what the county may do about it.
func (p *Pages) renderOne(c *web.Ctx, f url.Values, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	d, u, err := p.Duties.Duty(c.Context(), c.In(key), c.Who, key.Key)
	if err != nil {
		return err
	}
	x := p.dutyView(c, key.City, d, c.Today)
	v := oneView{Frame: c.Frame(x.What), Town: u.Name, Back: at(u), Self: "/filed-duties/" + key.String(), Key: web.NewKey(), Title: x.What, Verdict: x.Verdict, Version: strconv.FormatInt(d.Version, 10)}
	add := func(label, text string) {
		if text != "" {
			v.Facts = append(v.Facts, factView{Label: c.T("duty.field." + label), Text: text})
		}
	}
	add("holding", p.person(c, d.PostKind, d.Name))
	add("kind", x.Kind)
	if d.Filed {
		add("part", p.Rules.Name("duty_role", d.Part, c.Lang))
	}
	add("assigned_by", d.AssignedBy)
	add("paper", d.Paper)
	if d.PaperOn != "" {
		add("paper_on", ui.LongDay(c.Lang, d.PaperOn))
	}
	add("hours", x.Hours)
	add("from", ui.LongDay(c.Lang, d.From))
	ended := d.To != "" && d.To <= c.Today
	if d.To != "" {
		add("to", ui.LongDay(c.Lang, d.To.AddDays(-1)))
	}
	fo := formOf(c, f, problem)
	v.Wrong = fo.Wrong
	files, decides := duty.Files(c.Who, u), d.Filed && x.Verdict.Code == duty.Look && d.Decides(c.Who, u)
	if ended {
		return c.Render(fo.status, onePage(v))
	}
	if files && !d.Filed {
		fo.add("part", "choice", true, p.options(c, "duty_role"))
		fo.add("paper_on", "day", true)
		fo.add("hours", "count", true, func(fv *ui.FieldView) {
			fv.Min, fv.Max = "0", strconv.Itoa(p.Rules.Limit("duty.month_hours", c.Today))
		})
		v.Complete = fo.Fields
	}
	if decides {
		fo.add("verdict", "choice", true, func(fv *ui.FieldView) {
			for _, code := range []string{duty.Allowed, duty.Leave} {
				fv.Options = append(fv.Options, ui.OptionView{Code: code, Name: p.Rules.Name("duty_verdict", code, c.Lang)})
			}
		})
		fo.add("why", "line", true, func(fv *ui.FieldView) { fv.Max = "120" })
		v.Decide = fo.Fields
	}
	if files {
		n := len(fo.Fields)
		fo.add("on", "day", true)
		v.End = fo.Fields[n:]
	}
	v.All = fo.Fields
	return c.Render(fo.status, onePage(v))
}

func (p *Pages) oneDo(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	if d, u, err := p.Duties.Duty(c.Context(), c.In(key), c.Who, key.Key); err != nil {
		return err
	} else if !duty.Files(c.Who, u) && !d.Decides(c.Who, u) {
		return fault.New(fault.Forbidden, "move.not_yours")
	}
	done := "duty_ended"
	switch f.Get("do") {
	case "complete":
		_, err = p.Duties.Complete(c.Context(), c.Who, key.Key, f.Get("part"), dayOf(f, "paper_on"), count(f, "hours"))
		done = "duty_filed"
	case "decide":
		version, bad := strconv.ParseInt(f.Get("version"), 10, 64)
		if bad != nil {
			version = -1 // as old as can be
		}
		_, err = p.Duties.Decide(c.Context(), c.Who, key.Key, version, f.Get("verdict"), f.Get("why"))
		done = "duty_decided"
	default:
		err = p.Duties.End(c.Context(), c.Who, key.Key, dayOf(f, "on"))
	}
	if sentBack(err) {
		return p.renderOne(c, f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/filed-duties/" + key.String() + "?done=" + done)
}

type monthView struct {
	Frame  ui.Frame
	Back   string
	Crumb  string
	Title  string
	Self   string
	Key    string
	Ver    string
	Rows   []monthRow
	Open   bool // may be confirmed by the reader
	State  string
	Wrong  string
	All    []ui.FieldView
	Change bool // something was typed: the table is open
}

type monthRow struct {
	Post, What, By string
	Says           string
	Hours, Ended   ui.FieldView
}

func (p *Pages) month(c *web.Ctx) error { return p.renderMonth(c, url.Values{}, nil) }

// renderMonth is the form of a month: it opens as last month was, and one button confirms it.
func (p *Pages) renderMonth(c *web.Ctx, f url.Values, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	m, err := p.Duties.OpenMonth(c.Context(), c.In(key), c.Who, key.Key)
	if err != nil {
		return err
	}
	x := formOf(c, f, problem)
	v := monthView{Frame: c.Frame(m.Matter.Title), Back: at(m.Town), Crumb: m.Town.Name, Title: m.Matter.Title, Self: "/confirmations/" + key.String(), Key: x.Key, Ver: strconv.FormatInt(m.Matter.Version, 10),
		State: c.T("state.confirmation." + m.Matter.State), Wrong: x.Wrong, Change: problem != nil}
	v.Open = m.Matter.State != duty.Confirmed && m.Worked(c.Who)
	for _, r := range m.Rows {
		row := monthRow{Post: p.person(c, r.PostKind, r.Name), What: r.What, By: r.AssignedBy}
		if r.Village != "" {
			row.What = r.Village
		}
		hours, ended := "hours-"+r.ID, "ended-"+r.ID
		row.Says = c.T("duty.hours.unknown")
		if r.Known {
			row.Says = c.T("duty.hours", strconv.FormatInt(r.Hours, 10))
		}
		row.Hours = ui.FieldView{Lang: c.Lang, ID: "f-" + hours, Name: hours, Kind: "count", Label: c.T("duty.hours.of", row.What), Value: f.Get(hours), Error: x.texts[hours], Min: "0", Max: strconv.Itoa(p.Rules.Limit("duty.month_hours", c.Today))}
		row.Ended = ui.FieldView{Lang: c.Lang, ID: "f-" + ended, Name: ended, Kind: "day", Label: c.T("duty.ended.of", row.What), Value: f.Get(ended), Error: x.texts[ended], Min: string(r.From), Max: string(c.Today)}
		v.All = append(v.All, row.Hours, row.Ended)
		v.Rows = append(v.Rows, row)
	}
	return c.Render(x.status, monthPage(v))
}

func (p *Pages) confirm(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	version, bad := strconv.ParseInt(f.Get("version"), 10, 64)
	if bad != nil {
		version = -1 // as old as can be
	}
	var changes []duty.Change
	if f.Get("do") == "change" {
		m, err := p.Duties.OpenMonth(c.Context(), c.In(key), c.Who, key.Key)
		if err != nil {
			return err
		}
		for _, r := range m.Rows {
			ch := duty.Change{Duty: r.ID, Hours: -1, Ended: dayOf(f, "ended-"+r.ID)}
			if f.Get("hours-"+r.ID) != "" {
				ch.Hours = count(f, "hours-"+r.ID)
			}
			if ch.Hours != -1 || ch.Ended != "" {
				changes = append(changes, ch)
			}
		}
	}
	err = p.Duties.Confirm(c.Context(), c.Who, key, version, changes)
	if sentBack(err) {
		return p.renderMonth(c, f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/confirmations/" + key.String() + "?done=month_confirmed")
}
