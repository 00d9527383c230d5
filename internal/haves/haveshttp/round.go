package haveshttp

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/haves"
	"qianshao/internal/id"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

func day(s string) calendar.Date { return calendar.Date(s) }

type townView struct {
	Frame   ui.Frame
	Key     string
	Name    string
	Title   string
	Up      string
	Line    string
	Wrong   string
	All     []ui.FieldView
	Part    *partView
	Groups  []groupView
	Gaps    []gapView
	Rates   bool // the form is the township's
	Checks  bool // the form is the county's
	Offered bool // what was said in the round before stands in the form
}

// partView is the matter that a township's part in a round is.
type partView struct {
	Action  string
	Version string
	Matter  string
	State   string
	Due     *ui.DueView // while it is open
	Files   []ui.Segment
	Add     bool // the reader may add files
}

type groupView struct {
	Name  string
	Lines []lineView
}

// lineView is a line of a round for one township.
type lineView struct {
	Name     string
	Wants    string
	Owes     string
	State    string
	Lack     bool
	Evidence string
	Note     string
	Value    *ui.FieldView
	Proof    *ui.FieldView
	Verdict  *ui.FieldView
	Reason   *ui.FieldView
}

type gapView struct {
	Name, Href, State, Owes string
	Due                     ui.DueView
}

// round is a round as a board or, with a township named, that township in it. A township's own people see nothing but their own.
func (p *Pages) round(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	if town := c.R.URL.Query().Get("town"); town != "" {
		if !id.ValidKey(town) {
			return fault.Hidden()
		}
		return p.townIn(c, key, town)
	}
	if u := c.Who.Unit(); u.Kind == "township" {
		return p.townIn(c, key, u.ID.Key)
	}
	return p.board(c, http.StatusOK, key, nil, nil)
}

func (p *Pages) townIn(c *web.Ctx, round id.ID, town id.Key) error {
	x, err := p.Haves.Town(c.Context(), c.In(round), c.Who, round.Key, town)
	if err != nil {
		return err
	}
	return p.town(c, http.StatusOK, x, nil, nil)
}

func (p *Pages) town(c *web.Ctx, status int, x haves.TownView, f url.Values, problem error) error {
	v := townView{Frame: c.Frame(x.Round.Name), Key: web.NewKey(), Name: x.Town.Name, Title: x.Round.Name, Part: p.part(c, x)}
	if c.Who.Unit().ID != x.Town.ID {
		v.Up = roundHref(x.Round.ID, "")
	}
	if x.Rates {
		v.Line = c.T("haves.town.line")
	}
	texts := web.Texts(c.Lang, problem)
	at := map[string]int{}
	for _, h := range rulebook.Haves {
		at[h] = len(v.Groups)
		v.Groups = append(v.Groups, groupView{Name: c.T("have." + h)})
	}
	for _, l := range x.Lines {
		if l.How == haves.Dropped {
			continue
		}
		g := &v.Groups[at[l.Have]]
		g.Lines = append(g.Lines, p.line(c, &v, x, l, f, texts))
	}
	for _, g := range x.Gaps {
		v.Gaps = append(v.Gaps, gapView{Name: g.Wanted, Href: "/m/" + g.ID.String(), State: c.T("state.gap." + g.State), Owes: c.T("haves.owes." + g.Owes), Due: ui.DueOf(c.Lang, g.Due, c.Today, false, "")})
	}
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	return c.Render(status, townPage(v))
}

// part is the matter of a township's part, nil where it has none.
func (p *Pages) part(c *web.Ctx, x haves.TownView) *partView {
	if !x.Asked {
		return nil
	}
	m := "/m/" + x.Part.ID.String()
	v := &partView{Action: "/ratings/" + x.Part.ID.String(), Version: strconv.FormatInt(x.Part.Version, 10), Matter: m, State: c.T("state.rating." + x.Part.State), Add: x.Rates || x.Checks}
	if x.Part.Open {
		due := ui.DueOf(c.Lang, x.Part.Due, c.Today, false, "")
		v.Due = &due
	}
	for _, f := range x.Files {
		v.Files = append(v.Files, ui.Segment{Text: f.Name, Href: m + "/files/" + f.Key})
	}
	return v
}

// line is one line with what was said and found, and the fields that the reader may fill in.
func (p *Pages) line(c *web.Ctx, v *townView, x haves.TownView, l haves.Line, f url.Values, texts map[string]string) lineView {
	out := lineView{Name: l.Name.In(c.Lang), Owes: c.T("haves.owes." + l.Owes), Wants: wants(c, l)}
	a, answered := x.Answers[l.Code]
	switch {
	case l.Kind == "later":
		out.State = c.T("haves.later")
	case l.Kind == "measure":
		k := x.Known[l.Code]
		out.State, out.Lack = p.number(c, k), k.Known && l.Least > 0 && !k.Met
	case answered:
		out.State, out.Evidence = p.said(c, l, a)
		out.Lack = a.Found == haves.Unmet || a.Found == "" && !a.Met
		if a.Checked == haves.Differs {
			out.Note = c.T("haves.differs.because", a.Reason)
		}
	default:
		out.State = c.T("haves.said.no")
	}
	if !l.Asked() {
		return out
	}
	field := func(name, kind, label, was string) *ui.FieldView {
		y := &ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Kind: kind, Label: label, Value: was, Error: texts[name], Max: "120"}
		if f.Has(name) {
			y.Value = f.Get(name)
		}
		return y
	}
	switch {
	case x.Rates && a.Found == "":
		was, offered := a, false
		if !answered {
			was, offered = x.Before[l.Code]
		}
		v.Rates, v.Offered = true, v.Offered || offered
		out.Value, out.Proof = p.valueField(c, l, field, was), field("e-"+l.Code, "line", c.T("haves.evidence"), was.Evidence)
		out.Proof.Help = l.Evidence.In(c.Lang)
		v.All = append(v.All, *out.Value, *out.Proof)
	case x.Checks && answered && a.Found == "":
		v.Checks = true
		out.Verdict = field("c-"+l.Code, "choice", c.T("haves.verdict"), haves.Agrees)
		out.Verdict.Must = true
		if a.Checked != "" && !f.Has("c-"+l.Code) {
			out.Verdict.Value = a.Checked
		}
		for _, code := range []string{haves.Agrees, haves.Differs, haves.NotYet} {
			out.Verdict.Options = append(out.Verdict.Options, ui.OptionView{Code: code, Name: c.T("haves.check." + code)})
		}
		out.Reason = field("r-"+l.Code, "line", c.T("haves.reason"), a.Reason)
		out.Reason.Max, out.Reason.When = "500", "c-"+l.Code+"="+haves.Differs
		v.All = append(v.All, *out.Verdict, *out.Reason)
	}
	return out
}

// valueField is how a township says how it stands on a line.
func (p *Pages) valueField(c *web.Ctx, l haves.Line, field func(name, kind, label, was string) *ui.FieldView, was haves.Answer) *ui.FieldView {
	name := "v-" + l.Code
	switch l.Kind {
	case "number":
		y := field(name, "count", c.T("haves.value.number"), was.Value)
		y.Must, y.Min, y.Max = true, "0", ""
		return y
	case "date":
		if was.Value == "no" {
			was.Value = ""
		}
		y := field(name, "day", c.T("haves.value.date"), was.Value)
		y.Max, y.Help = string(c.Today), c.T("haves.value.date.help")
		return y
	}
	y := field(name, "choice", c.T("haves.value"), was.Value)
	y.Must = true
	y.Options = []ui.OptionView{{Code: "yes", Name: c.T("haves.value.yes")}, {Code: "no", Name: c.T("haves.value.no")}}
	return y
}

// wants is what a line asks for.
func wants(c *web.Ctx, l haves.Line) string {
	switch {
	case l.Kind == "number":
		return c.T("haves.wants.number", ui.Thousands(l.Least))
	case l.Kind == "measure" && l.Least > 0 && l.Measure == "staff.held":
		return c.T("haves.wants.number", ui.Thousands(l.Least))
	case l.Kind == "measure" && l.Least > 0:
		return c.T("haves.wants.percent", strconv.FormatInt(l.Least, 10))
	}
	return c.T("haves.wants." + l.Kind)
}

// said is what a township said and what the check found, in words.
func (p *Pages) said(c *web.Ctx, l haves.Line, a haves.Answer) (string, string) {
	value := a.Value
	switch {
	case l.Kind == "yes":
		value = c.T("haves.value." + a.Value)
	case l.Kind == "date" && a.Value == "no":
		value = c.T("haves.value.none")
	case l.Kind == "date":
		value = ui.DayIn(c.Lang, day(a.Value), c.Today)
	}
	switch {
	case a.Found != "":
		return c.T("haves.found."+a.Found, value), a.Evidence
	case a.Checked == haves.NotYet:
		return c.T("haves.found.not_yet", value), a.Evidence
	}
	return c.T("haves.found.none", value), a.Evidence
}

// rating is the page of a township in a round, by the matter of its part: the form of whose turn it is.
func (p *Pages) rating(c *web.Ctx, status int, f url.Values, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	x, err := p.Haves.TownOf(c.Context(), c.In(key), c.Who, key.Key)
	if err != nil {
		return err
	}
	return p.town(c, status, x, f, problem)
}

func (p *Pages) change(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	if _, err := flow.Get(c.Context(), c.In(key), c.Who, key.Key); err != nil {
		return err
	}
	do := f.Get("do")
	switch do {
	case "rate":
		in := map[string]haves.Said{}
		for name := range f {
			if code, ok := strings.CutPrefix(name, "v-"); ok {
				in[code] = haves.Said{Value: f.Get(name), Evidence: f.Get("e-" + code)}
			}
		}
		err = p.Haves.Rate(c.Context(), c.Who, key, version(f), in)
	case "check":
		in := map[string]haves.Judged{}
		for name := range f {
			if code, ok := strings.CutPrefix(name, "c-"); ok {
				in[code] = haves.Judged{Verdict: f.Get(name), Reason: f.Get("r-" + code)}
			}
		}
		err = p.Haves.Check(c.Context(), c.Who, key, version(f), in)
	default:
		return fault.New(fault.BadRequest, "request.malformed")
	}
	if sentBack(err) {
		return p.rating(c, web.Status(err), f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/ratings/" + key.String() + "?done=haves_" + do)
}

// version is the one that a form was made of; what is no number is no version there was.
func version(f url.Values) int64 {
	n, _ := strconv.ParseInt(f.Get("version"), 10, 64)
	return n
}

func (p *Pages) close(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	if err := p.Haves.Close(c.Context(), c.Who, key, version(f)); err != nil {
		return err
	}
	return c.Redirect(roundHref(key, "") + "?done=haves_close")
}

type listsView struct {
	Frame ui.Frame
	Own   []listRow
	Above []listRow
	Makes bool
	Key   string
	Name  ui.FieldView
	Wrong string
}

type listRow struct {
	ID, Name, Href, State, Day, By string
	Adopt                          bool
}

func (p *Pages) listRow(c *web.Ctx, l haves.List, by string) listRow {
	r := listRow{ID: l.ID.String(), Name: l.Name, Href: "/haves/lists/" + l.ID.String(), State: c.T("haves.state." + l.State), By: by, Day: ui.DayIn(c.Lang, l.Made, c.Today)}
	if l.Issued != "" {
		r.Day = ui.DayIn(c.Lang, l.Issued, c.Today)
	}
	return r
}

func (p *Pages) lists(c *web.Ctx, f url.Values, problem error) error {
	own, above, err := p.Haves.Lists(c.Context(), c.Who)
	if err != nil {
		return err
	}
	u := c.Who.Unit()
	v := listsView{Frame: c.Frame(c.T("haves.lists")), Makes: c.Who.Can(access.HaveRun) && u.Level <= access.County && u.Kind != "office", Key: web.NewKey()}
	for _, l := range own {
		v.Own = append(v.Own, p.listRow(c, l, ""))
	}
	for _, l := range above {
		r := p.listRow(c, l, c.T("haves.level."+strconv.Itoa(l.Level)))
		r.Adopt = v.Makes
		v.Above = append(v.Above, r)
	}
	v.Name = ui.FieldView{Lang: c.Lang, ID: "f-name", Name: "name", Kind: "line", Must: true, Max: "120", Label: c.T("haves.list.name"), Value: f.Get("name"), Error: web.Texts(c.Lang, problem)["name"]}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, listsPage(v))
}

func (p *Pages) makeList(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	var from id.ID
	if f.Get("from") != "" {
		if from, err = id.Parse(f.Get("from")); err != nil {
			return fault.Hidden()
		}
	}
	list, err := p.Haves.Make(c.Context(), c.Who, from, f.Get("name"), f.Get("do") == "adopt")
	if sentBack(err) {
		return p.lists(c, f, err)
	}
	if err != nil {
		return err
	}
	done := "haves_draft"
	if f.Get("do") == "adopt" {
		done = "haves_adopt"
	}
	return c.Redirect("/haves/lists/" + list.String() + "?done=" + done)
}
