// Package documenthttp shows the papers of a matter: which there are, drafting one, its official layout for the printer;
// and the empty sample of each for the rules' pages.
//
// Start at Pages.Routes; layout.go turns a paper's lines into its layout.
package documenthttp

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/document"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Papers *document.Service
	Engine *flow.Engine
	Rules  *rulebook.Book
	// Clock reads the deadline that a paper urges, with the reasons for its day.
	Clock func(c *web.Ctx, matter id.ID, clock id.Key) (*document.Clock, error)
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/m/{id}/papers", Perm: access.Signed, Do: p.list},
		{Method: http.MethodGet, Path: "/m/{id}/papers/new/{code}", Perm: access.MatterMove, Do: p.draftForm},
		{Method: http.MethodPost, Path: "/m/{id}/papers/new/{code}", Perm: access.MatterMove, Do: p.draftDo},
		{Method: http.MethodGet, Path: "/m/{id}/papers/{paper}", Perm: access.Signed, Do: p.paper},
		{Method: http.MethodPost, Path: "/m/{id}/papers/{paper}", Perm: access.Signed, Do: p.print},
		{Method: http.MethodGet, Path: "/rules/papers/{code}", Perm: access.RuleRead, Do: p.sample},
	}
}

type listView struct {
	Frame   ui.Frame
	No      string
	Back    string
	Issued  []line
	Draft   []line
	Outside []line
}

type line struct {
	Name string
	Note string
	Href string
	Act  string
}

func (p *Pages) list(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	d, err := p.Engine.Open(c.Context(), c.In(key), c.Who, key.Key)
	if err != nil {
		return err
	}
	back := "/m/" + key.String()
	v := listView{Frame: c.Frame(c.T("paper.title")), No: d.Matter.No, Back: back}
	made := map[string]bool{}
	for _, q := range d.Papers {
		made[q.Code] = true
		v.Issued = append(v.Issued, line{Name: q.Title, Note: q.No + " " + ui.DayIn(c.Lang, q.Made, c.Today), Href: back + "/papers/" + q.Key})
	}
	offers, err := p.Papers.Offers(c.Context(), c.In(d.Matter.ID), d)
	if err != nil {
		return err
	}
	for _, o := range offers {
		move := c.T("move." + d.Matter.Kind + "." + o.Move)
		x := line{Name: o.Doc.Name.In(c.Lang), Note: c.T("paper.of_move", move)}
		if !o.Draft {
			v.Outside = append(v.Outside, x)
			continue
		}
		if o.Done {
			x.Note += c.T("list.comma_in") + c.T("paper.of_made")
		}
		if c.Who.Can(access.MatterMove) {
			x.Href, x.Act = back+"/papers/new/"+o.Doc.Code, c.T("paper.draft")
			if made[o.Doc.Code] {
				x.Act = c.T("paper.again")
			}
		}
		v.Draft = append(v.Draft, x)
	}
	return c.Render(http.StatusOK, listPage(v))
}

type draftView struct {
	Frame    ui.Frame
	No       string
	Back     string
	Title    string
	Note     string // about the number
	Reporter bool   // it goes to a reporter, whose name must not stand in it
	Correct  string
	Blanks   string // what stands empty
	Fields   []ui.FieldView
	Wrong    string
	Action   string
	Key      string
	Hidden   map[string]string
	Paper    paperView
}

// draft reads what the request is about: the matter, the document, the deadline it urges, the paper it corrects.
func (p *Pages) draft(c *web.Ctx, f url.Values) (id.ID, document.Paper, *document.Clock, error) {
	key, err := c.ID("id")
	if err != nil {
		return key, document.Paper{}, nil, err
	}
	var clock *document.Clock
	if k := f.Get("clock"); k != "" {
		if !id.ValidKey(k) {
			return key, document.Paper{}, nil, fault.Hidden()
		}
		if clock, err = p.Clock(c, key, k); err != nil {
			return key, document.Paper{}, nil, err
		}
	}
	d, err := p.Papers.Draft(c.Context(), c.In(key), c.Who, key.Key, c.R.PathValue("code"), clock)
	return key, d, clock, err
}

func (p *Pages) draftForm(c *web.Ctx) error {
	q := c.R.URL.Query()
	key, d, _, err := p.draft(c, q)
	if err != nil {
		return err
	}
	if k := q.Get("correct"); k != "" {
		if !id.ValidKey(k) {
			return fault.Hidden()
		}
		old, _, err := p.Papers.Get(c.Context(), c.In(key), c.Who, key.Key, k)
		if err != nil {
			return err
		}
		d.Title, d.Addressee, d.Copies, d.Body, d.Replaces = old.Title, old.Addressee, old.Copies, old.Body, k
	}
	return p.renderDraft(c, key, d, q.Get("clock"), nil)
}

// renderDraft shows the form with the paper's layout below it.
func (p *Pages) renderDraft(c *web.Ctx, key id.ID, d document.Paper, clock string, problem error) error {
	m, err := flow.Get(c.Context(), c.In(key), c.Who, key.Key)
	if err != nil {
		return err
	}
	doc, _ := p.Rules.Document(d.Code)
	back := "/m/" + key.String()
	v := draftView{Frame: c.Frame(doc.Name.In(c.Lang)), No: m.No, Back: back + "/papers", Title: doc.Name.In(c.Lang), Action: back + "/papers/new/" + d.Code, Key: web.NewKey(),
		Reporter: m.Kind == "tipoff", Hidden: map[string]string{"clock": clock, "correct": d.Replaces}}
	switch {
	case d.No != "":
		v.Note = c.T("paper.no.typed", d.No)
	case d.Kind == "form" || d.Kind == "record":
		v.Note = c.T("paper.no.none")
	default:
		v.Note = c.T("paper.no.next")
	}
	if d.Replaces != "" {
		old, _, err := p.Papers.Get(c.Context(), c.In(key), c.Who, key.Key, d.Replaces)
		if err != nil {
			return err
		}
		v.Correct = c.T("paper.correcting", old.Title+" "+old.No)
	}
	texts := web.Texts(c.Lang, problem)
	field := func(name, kind, value string, must bool, max, rows int) ui.FieldView {
		return ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Kind: kind, Label: c.T("paper.f." + name), Value: value, Must: must, Max: strconv.Itoa(max), Rows: rows, Error: texts[name]}
	}
	title, body := field("title", "line", d.Title, true, 100, 0), field("body", "para", d.Body, true, 20000, 18)
	v.Fields = []ui.FieldView{title, body}
	if d.Kind != "form" && d.Kind != "record" {
		v.Fields = []ui.FieldView{title, field("addressee", "line", d.Addressee, d.Kind == "letter", 200, 0), body, field("copies", "line", d.Copies, false, 200, 0)}
	}
	v.Paper = layout(c, d)
	if blanks := d.Blanks(); len(blanks) > 0 {
		v.Blanks = c.T("paper.blanks", strings.Join(blanks, c.T("list.comma")))
	}
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	status := http.StatusOK
	if problem != nil {
		status = web.Status(problem)
	}
	return c.Render(status, draftPage(v))
}

func (p *Pages) draftDo(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	key, d, clock, err := p.draft(c, f)
	if err != nil {
		return err
	}
	in := document.Issuing{Code: d.Code, Title: f.Get("title"), Addressee: f.Get("addressee"), Copies: f.Get("copies"), Body: f.Get("body"), Replaces: f.Get("correct"), Clock: clock}
	d.Title, d.Addressee, d.Copies, d.Body, d.Replaces = in.Title, in.Addressee, in.Copies, in.Body, in.Replaces
	if in.Replaces != "" && !id.ValidKey(in.Replaces) {
		return fault.Hidden()
	}
	if f.Get("do") == "preview" {
		return p.renderDraft(c, key, d, f.Get("clock"), nil)
	}
	made, err := p.Papers.Issue(c.Context(), c.Who, key, in)
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.renderDraft(c, key, d, f.Get("clock"), err)
		}
		return err
	}
	return c.Redirect("/m/" + key.String() + "/papers/" + made.Key + "?done=issued")
}

type issuedView struct {
	Frame    ui.Frame
	No       string
	Back     string
	By       string
	Paper    paperView
	Correct  string
	Replaces string
	Replaced string
	Print    string // where printing it is put down; "" for what may be printed as it stands
	Key      string
	Now      bool // it was put down: the printer's window opens by itself
	Sure     string
	Note     string
}

func (p *Pages) paper(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	k := c.R.PathValue("paper")
	if !id.ValidKey(k) {
		return fault.Hidden()
	}
	d, m, err := p.Papers.Get(c.Context(), c.In(key), c.Who, key.Key, k)
	if err != nil {
		return err
	}
	v := p.issued(c, d, m)
	v.Print = "/m/" + key.String() + "/papers/" + k
	return c.Render(http.StatusOK, issuedPage(v))
}

// print puts down that a paper is printed and shows it ready for the printer. The page before does not print: what comes
// out of a printer is on record.
func (p *Pages) print(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	k := c.R.PathValue("paper")
	if !id.ValidKey(k) {
		return fault.Hidden()
	}
	d, m, err := p.Papers.Print(c.Context(), c.Who, key, k)
	if err != nil {
		return err
	}
	v := p.issued(c, d, m)
	v.Now = true
	return c.Render(http.StatusOK, issuedPage(v))
}

func (p *Pages) issued(c *web.Ctx, d document.Paper, m flow.Matter) issuedView {
	base := "/m/" + m.ID.String() + "/papers"
	v := issuedView{Frame: c.Frame(d.Title), No: m.No, Back: base, By: c.T("paper.by", ui.DayIn(c.Lang, d.Made, c.Today), d.MadeBy), Paper: layout(c, d), Key: web.NewKey()}
	if d.Replaced != "" {
		v.Replaced = base + "/" + d.Replaced
	} else if c.Who.Can(access.MatterMove) {
		v.Correct = base + "/new/" + d.Code + "?correct=" + d.ID.Key
	}
	if d.Replaces != "" {
		v.Replaces = base + "/" + d.Replaces
	}
	return v
}

// sample shows a document's text with its gaps open.
func (p *Pages) sample(c *web.Ctx) error {
	organ, err := access.GetUnit(c.Context(), c.Home(), c.Who.Unit().Organ)
	if err != nil {
		return err
	}
	d, err := p.Papers.Sample(c.R.PathValue("code"), organ, c.Today)
	if err != nil {
		return err
	}
	doc, _ := p.Rules.Document(d.Code)
	v := issuedView{Frame: c.Frame(doc.Name.In(c.Lang)), No: c.T("rules.papers"), Back: "/rules/papers#" + d.Code, By: c.T("paper.sample.note"), Paper: layout(c, d), Sure: string(doc.Sure), Note: doc.Note.In(c.Lang)}
	return c.Render(http.StatusOK, issuedPage(v))
}

// wordsZh is a text that stands in a paper, which is Chinese whatever the page is.
func wordsZh(key string, args ...string) string { return locale.T(locale.Zh, key, args...) }
