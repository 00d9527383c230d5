// Package haveshttp shows the six haves: the lists and who adopted them, a county's round as a board and a form for each
// township, the city's view over its counties, and what each township lacks. Boards are asked as of an earlier day (?on=) and then only
// read; a township's own part is shown as it stands.
//
// Invariants: what is not the reader's to see reads as not there; whatever was typed is kept when a form comes back; what the
// system knows of confidential matters is shown as the reader may know it.
package haveshttp

import (
	"net/http"
	"net/url"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/haves"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org/orghttp"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Pages is everything this room shows.
type Pages struct {
	Haves *haves.Service
	Rules *rulebook.Book
	DB    *db.DB
}

// Routes are this room's addresses.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/haves", Perm: access.HaveRead, Do: p.home},
		{Method: http.MethodGet, Path: "/haves/lists", Perm: access.HaveRead, Do: func(c *web.Ctx) error { return p.lists(c, nil, nil) }},
		{Method: http.MethodPost, Path: "/haves/lists", Perm: access.HaveRun, Do: p.makeList},
		{Method: http.MethodGet, Path: "/haves/lists/{id}", Perm: access.HaveRead, Do: func(c *web.Ctx) error { return p.list(c, nil, nil) }},
		{Method: http.MethodPost, Path: "/haves/lists/{id}", Perm: access.HaveRun, Do: p.changeList},
		{Method: http.MethodPost, Path: "/haves/rounds", Perm: access.HaveRun, Do: p.openRound},
		{Method: http.MethodGet, Path: "/haves/rounds/{id}", Perm: access.HaveRead, Do: p.round},
		{Method: http.MethodPost, Path: "/haves/rounds/{id}", Perm: access.HaveRun, Do: p.close},
		{Method: http.MethodGet, Path: "/ratings/{id}", Perm: access.HaveRead, Do: func(c *web.Ctx) error { return p.rating(c, http.StatusOK, nil, nil) }},
		{Method: http.MethodPost, Path: "/ratings/{id}", Perm: access.MatterMove, Do: p.change},
	}
}

// Kinds are the lists and details of this room's matters.
func (p *Pages) Kinds() []flowhttp.Kind {
	return []flowhttp.Kind{
		{Name: haves.Kind, Path: "/gaps", Views: []string{haves.Lacking, flow.ViewLate, haves.Mended, haves.Closed}, Detail: p.detail},
		{Name: haves.KindRating, Path: "/ratings", Views: []string{haves.RatingAsked, flow.ViewLate, haves.RatingSaid, haves.RatingChecked}, Detail: p.ratingDetail, At: map[string]string{"say": "/ratings/", "check": "/ratings/"}},
	}
}

// ratingDetail is how far a township's part in a round has come.
func (p *Pages) ratingDetail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	x, town, err := p.Haves.PartIn(c.Context(), c.In(m.ID), m.ID.Key)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	said, err := p.Haves.Stands(c.Context(), c.In(m.ID), x.ID.Key, town)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	d := flowhttp.Detail{Facts: []flowhttp.Fact{{Label: c.T("haves.round"), Text: ui.Segments{{Text: x.Name, Href: roundHref(x.ID, "")}}}}}
	if !(m.Open && haves.Rates(c.Who, m.Handler)) && !(m.State == haves.RatingSaid && haves.Checks(c.Who, m.Organ)) { // whose turn it is gets there by the move
		d.Do = &ui.Segment{Text: c.T("haves.rating.open"), Href: "/ratings/" + m.ID.String()}
	}
	if said.Of > 0 {
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T("haves.rating.said"), Text: ui.Segments{{Text: c.T("haves.unit.said", strconv.Itoa(said.Met), strconv.Itoa(said.Of))}}})
	}
	return d, nil
}

// detail is what a township lacks and who owes it.
func (p *Pages) detail(c *web.Ctx, m flow.Matter) (flowhttp.Detail, error) {
	g, err := p.Haves.Gap(c.Context(), c.In(m.ID), m)
	if err != nil {
		return flowhttp.Detail{}, err
	}
	d := flowhttp.Detail{Summary: g.Wanted, Facts: []flowhttp.Fact{
		{Label: c.T("haves.col.have"), Text: ui.Segments{{Text: c.T("have." + g.Have)}}},
		{Label: c.T("haves.col.owes"), Text: ui.Segments{{Text: c.T("haves.owes." + g.Owes)}}},
		{Label: c.T("haves.round"), Text: ui.Segments{{Text: c.T("haves.round.open"), Href: roundHref(id.ID{City: m.ID.City, Key: g.Round}, g.Town)}}},
	}}
	if g.Budget > 0 {
		d.Facts = append(d.Facts, flowhttp.Fact{Label: c.T("haves.budget"), Text: ui.Segments{{Text: c.T("haves.yuan", ui.Thousands(g.Budget))}}})
	}
	return d, nil
}

// OfUnit is what stands of this room on the page of a township.
func (p *Pages) OfUnit(c *web.Ctx, u access.Unit) (*orghttp.Fact, error) {
	x, ok, err := p.Haves.PartOf(c.Context(), c.In(u.ID), c.Who, u)
	if err != nil || !ok {
		return nil, err
	}
	text := c.T("haves.unit.not_said")
	if x.Said.Of > 0 {
		text = c.T("haves.unit.said", strconv.Itoa(x.Said.Met), strconv.Itoa(x.Said.Of))
	}
	out := &orghttp.Fact{Label: c.T("haves.title"), Text: ui.Segments{{Text: text, Href: roundHref(x.Round.ID, u.ID.Key)}}}
	if x.Gaps > 0 {
		out.Text = append(out.Text, ui.Segment{Text: c.T("haves.unit.gaps", strconv.Itoa(x.Gaps)), Dim: true})
	}
	return out, nil
}

func roundHref(round id.ID, town id.Key) string {
	to := "/haves/rounds/" + round.String()
	if town != "" {
		to += "?town=" + town
	}
	return to
}

// sentBack are the faults that a form is shown again with.
func sentBack(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict:
		return true
	}
	return false
}

// home is a township's latest round, a county's board, and the counties for those above.
func (p *Pages) home(c *web.Ctx) error {
	u := c.Who.Unit()
	switch {
	case u.Level <= access.City:
		return p.counties(c)
	case u.County == "" || u.Kind == "office":
		return c.Render(http.StatusOK, boardPage(boardView{Frame: c.Frame(c.T("haves.title"))}))
	}
	on, err := c.Day("on")
	if err != nil {
		return err
	}
	x, ok, err := p.Haves.LatestOn(c.Context(), c.Home(), u.County, on)
	if err != nil {
		return err
	}
	switch {
	case !ok:
		return p.noRound(c, http.StatusOK, nil, nil)
	case u.Kind == "township":
		return p.townIn(c, x.ID, u.ID.Key)
	}
	return p.board(c, http.StatusOK, x.ID, nil, nil)
}

type boardView struct {
	Frame    ui.Frame
	Title    string
	Line     string
	Counties bool
	Haves    []string
	Rows     []boardRow
	Total    []cellView
	Weakest  string
	Rounds   []ui.Segment
	Close    string // address that ends the round
	Version  string
	Open     *openForm // the form for a new round
	Tops     []ui.OptionView
	City     string
	Wrong    string
	Lists    bool
	Key      string
	Self     string        // asked as of another day; "" where there is nothing to ask
	On       calendar.Date // the day it is shown of, where that is an earlier one; nothing is done there then
}

type openForm struct {
	Fields []ui.FieldView
	Key    string
}

type boardRow struct {
	Name, Href, Said, Gaps string
	Due                    *ui.DueView // of what is open
	Files                  *ui.Segment
	Cells                  []cellView
}

// cellView is how many lines of a have are met.
type cellView struct {
	Text string
	Lack bool
}

func (p *Pages) cells(by map[string]haves.Standing) []cellView {
	var out []cellView
	for _, h := range rulebook.Haves {
		x := by[h]
		v := cellView{Text: strconv.Itoa(x.Met) + "/" + strconv.Itoa(x.Of), Lack: x.Met < x.Of}
		if x.Of == 0 {
			v.Text = "—"
		}
		out = append(out, v)
	}
	return out
}

func (p *Pages) heads(c *web.Ctx) []string {
	var out []string
	for _, h := range rulebook.Haves {
		out = append(out, c.T("have."+h))
	}
	return out
}

func (p *Pages) weakest(c *web.Ctx, by map[string]haves.Standing) string {
	h := haves.Weakest(by)
	if h == "" {
		return ""
	}
	return c.T("haves.weakest", c.T("have."+h), strconv.Itoa(by[h].Met), strconv.Itoa(by[h].Of))
}

// counties is the city's view: how each county stands in its latest round.
func (p *Pages) counties(c *web.Ctx) error {
	r := c.Home()
	v := boardView{Frame: c.Frame(c.T("haves.title")), Title: c.T("haves.title"), Line: c.T("haves.counties.line"), Counties: true, Haves: p.heads(c), Lists: true, Self: "/haves"}
	on, err := v.asOf(c)
	if err != nil {
		return err
	}
	if c.Who.Unit().Level < access.City {
		var below []id.City
		for _, x := range c.Who.Cities {
			if x != c.Who.City {
				below = append(below, x)
			}
		}
		tops, err := access.Tops(c.Context(), c.Home(), below)
		if err != nil {
			return err
		}
		for i, t := range tops {
			v.Tops = append(v.Tops, ui.OptionView{Code: t.ID.String(), Name: t.Name})
			if i == 0 || t.ID.String() == c.R.URL.Query().Get("city") {
				v.City, r = t.ID.String(), p.DB.In(t.ID.City)
			}
		}
	}
	rows, all, err := p.Haves.CountiesOn(c.Context(), r, c.Who, on)
	if err != nil {
		return err
	}
	for _, x := range rows {
		row := boardRow{Name: x.Unit.Name, Cells: p.cells(x.By)}
		if !x.Round.Zero() {
			row.Href = v.dated(roundHref(x.Round, ""))
		}
		if w := haves.Weakest(x.By); w != "" {
			row.Said = c.T("have." + w)
		}
		v.Rows = append(v.Rows, row)
	}
	v.Total, v.Weakest = p.cells(all), p.weakest(c, all)
	return c.Render(http.StatusOK, boardPage(v))
}

// asOf reads the day that a board is asked for.
func (v *boardView) asOf(c *web.Ctx) (calendar.Date, error) {
	on, err := c.Day("on")
	if on < c.Today {
		v.On = on
	}
	return on, err
}

// dated is the address of another board, on the day of this one.
func (v *boardView) dated(href string) string {
	if v.On == "" {
		return href
	}
	return href + "?on=" + string(v.On)
}

// noRound is the page of a county that has had no round.
func (p *Pages) noRound(c *web.Ctx, status int, f url.Values, problem error) error {
	v := boardView{Frame: c.Frame(c.T("haves.title")), Title: c.T("haves.title"), Line: c.T("haves.line"), Lists: true}
	if _, err := v.asOf(c); err != nil {
		return err
	}
	if v.On != "" {
		v.Self = "/haves"
	} else if err := p.newRound(c, &v, f, problem); err != nil {
		return err
	}
	return c.Render(status, boardPage(v))
}

// newRound is the form for a round, for those who run them.
func (p *Pages) newRound(c *web.Ctx, v *boardView, f url.Values, problem error) error {
	if !c.Who.Can(access.HaveRun) || c.Who.Unit().Kind != "county" {
		return nil
	}
	usual, last, err := p.Haves.Usual(c.Context(), c.Home(), c.Who)
	if err != nil {
		return err
	}
	texts := web.Texts(c.Lang, problem)
	name := f.Get("name")
	if f == nil {
		name = c.T("haves.round.usual", strconv.Itoa(c.Today.Year()))
	}
	due := f.Get("due")
	if f == nil {
		due = string(usual)
	}
	v.Open = &openForm{Key: web.NewKey(), Fields: []ui.FieldView{
		{Lang: c.Lang, ID: "f-name", Name: "name", Kind: "line", Must: true, Max: "120", Label: c.T("haves.round.name"), Value: name, Error: texts["name"]},
		{Lang: c.Lang, ID: "f-due", Name: "due", Kind: "day", Must: true, Label: c.T("haves.round.due"), Value: due, Error: texts["due"], Min: string(c.Today.AddDays(1)), Max: string(last)},
	}}
	if problem != nil {
		v.Wrong = web.ProblemOf(c.Lang, problem).Title
	}
	return nil
}

// board is a county's round over its townships.
func (p *Pages) board(c *web.Ctx, status int, round id.ID, f url.Values, problem error) error {
	r := c.In(round)
	v := boardView{Self: roundHref(round, "")}
	on, err := v.asOf(c)
	if err != nil {
		return err
	}
	if c.R.URL.Path == "/haves" { // whichever round there was
		v.Self = "/haves"
	}
	b, err := p.Haves.BoardOn(c.Context(), r, c.Who, round.Key, on)
	if err != nil {
		return err
	}
	v = boardView{Self: v.Self, On: v.On, Frame: c.Frame(b.Round.Name), Title: b.Round.Name, Haves: p.heads(c), Lists: true, Key: web.NewKey(), Version: strconv.FormatInt(b.Round.Version, 10), Weakest: p.weakest(c, b.All), Total: p.cells(b.All)}
	v.Line = c.T("haves.board.line", ui.DayIn(c.Lang, b.Round.Opened, c.Today), ui.DayIn(c.Lang, b.Round.Due, c.Today))
	if b.Round.Closed != "" {
		v.Line = c.T("haves.board.closed", ui.DayIn(c.Lang, b.Round.Opened, c.Today), ui.DayIn(c.Lang, b.Round.Closed, c.Today))
	}
	if b.Round.Opened > on {
		v.Line = c.T("haves.board.not_then", ui.DayIn(c.Lang, b.Round.Opened, c.Today))
	}
	for _, x := range b.Towns {
		row := boardRow{Name: x.Unit.Name, Href: roundHref(round, x.Unit.ID.Key), Cells: p.cells(x.By), Said: c.T("haves.said.no")}
		switch {
		case x.Checked:
			row.Said = c.T("haves.said.checked")
		case x.Said:
			row.Said = c.T("haves.said.yes")
		}
		if x.Part.Open {
			due := ui.DueOf(c.Lang, x.Part.Due, c.Today, false, "")
			row.Due = &due
		}
		if x.Part.Files > 0 {
			row.Files = &ui.Segment{Text: c.T("haves.files.count", strconv.Itoa(x.Part.Files)), Href: "/m/" + x.Part.ID.String() + "/files"}
		}
		if x.Gaps > 0 {
			row.Gaps = strconv.Itoa(x.Gaps)
		}
		v.Rows = append(v.Rows, row)
	}
	rounds, err := p.Haves.Rounds(c.Context(), r, c.Who, b.Round.County)
	if err != nil {
		return err
	}
	running := false
	for _, x := range rounds {
		if x.Opened > on {
			continue
		}
		running = running || x.Closed == ""
		if x.ID != round {
			v.Rounds = append(v.Rounds, ui.Segment{Text: x.Name, Href: v.dated(roundHref(x.ID, ""))})
		}
	}
	if b.Runs && b.Round.Closed == "" {
		v.Close = roundHref(round, "")
	}
	if b.Runs && !running {
		if err := p.newRound(c, &v, f, problem); err != nil {
			return err
		}
	}
	return c.Render(status, boardPage(v))
}

func (p *Pages) openRound(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	round, err := p.Haves.Open(c.Context(), c.Who, f.Get("name"), day(f.Get("due")))
	if sentBack(err) {
		x, ok, err2 := p.Haves.Latest(c.Context(), c.Home(), c.Who.Unit().County)
		if err2 != nil {
			return err2
		}
		if ok && fault.KindOf(err) == fault.Invalid {
			return p.board(c, web.Status(err), x.ID, f, err)
		}
		if ok {
			return err
		}
		return p.noRound(c, web.Status(err), f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(roundHref(round, "") + "?done=haves_round")
}

// number is what a measure says, as people write it; what is withheld from the reader is said so.
func (p *Pages) number(c *web.Ctx, k haves.Known) string {
	switch {
	case k.Value.Veil != nil:
		return c.T("haves.withheld")
	case !k.Known:
		return c.T("measure.unknown")
	case k.Unit == measure.Number:
		return ui.Thousands(k.Value.Numerator)
	}
	return ui.Fraction(k.Value.Numerator, k.Value.Denominator)
}
