package dutyhttp

import (
	"net/http"
	"net/url"

	"qianshao/internal/calendar"
	"qianshao/internal/duty"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

func (p *Pages) taskForm(c *web.Ctx) error { return p.renderTask(c, url.Values{}, nil) }

func (p *Pages) renderTask(c *web.Ctx, f url.Values, problem error) error {
	u, err := p.townFor(c, duty.Tasks)
	if err != nil {
		return err
	}
	seats, err := duty.Seats(c.Context(), c.In(u.ID), u.ID.Key, c.Today, c.Today)
	if err != nil {
		return err
	}
	if problem == nil {
		f = url.Values{"given_by": {duty.Committee(u)}, "from": {string(c.Today)}, "signs": {"no"}}
	}
	x := formOf(c, f, problem)
	x.add("name", "line", true)
	x.add("work", "select", true, func(fv *ui.FieldView) {
		for _, t := range p.Rules.Terms("duty_work", c.Today) {
			fv.Options = append(fv.Options, ui.OptionView{Code: t.Code, Name: c.T("duty.class."+t.Attrs["class"]) + c.T("punct.colon") + t.Name.In(c.Lang)})
		}
	})
	x.add("part", "choice", true, p.options(c, "duty_role"))
	x.add("department", "line", false)
	x.add("given_by", "line", true)
	x.add("paper", "line", false)
	x.add("head", "select", false, func(fv *ui.FieldView) {
		for _, s := range seats {
			fv.Options = append(fv.Options, ui.OptionView{Code: s.Holding, Name: p.person(c, s.Kind, s.Name)})
		}
	})
	x.add("signs", "choice", false, func(fv *ui.FieldView) {
		for _, code := range []string{"no", "yes"} {
			fv.Options = append(fv.Options, ui.OptionView{Code: code, Name: c.T("task.signs." + code)})
		}
	})
	x.add("from", "day", true)
	v := formView{Frame: c.Frame(c.T("task.enter")), Back: at(u), Crumb: u.Name, Title: c.T("task.enter"), Line: c.T("task.enter.line"), Action: at(u) + "/task", Key: x.Key, Fields: x.Fields, Wrong: x.Wrong, Button: c.T("task.enter.do")}
	return c.Render(x.status, formPage(v))
}

func (p *Pages) enterTask(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	u, err := p.townFor(c, duty.Tasks)
	if err != nil {
		return err
	}
	done, err := p.Duties.Enter(c.Context(), c.Who, duty.Entry{Unit: u.ID.Key, Name: f.Get("name"), Work: f.Get("work"), Part: f.Get("part"), Department: f.Get("department"), GivenBy: f.Get("given_by"), Paper: f.Get("paper"),
		Head: f.Get("head"), Signs: f.Get("signs") == "yes", From: dayOf(f, "from")})
	if sentBack(err) {
		return p.renderTask(c, f, err)
	}
	if err != nil {
		return err
	}
	if done.Refusal != nil {
		return c.Redirect("/m/" + done.HandBack.String() + "?done=" + refusals[done.Refusal.Code])
	}
	return c.Redirect(at(u) + "?done=task_entered")
}

// refusals are what is said after a task was refused, by why.
var refusals = map[string]string{"task.signs": "task_signs", "task.lead": "task_lead", "task.main": "task_main", "task.part": "task_part", "task.outside": "task_part", "task.heads": "task_heads"}

func (p *Pages) proposeForm(c *web.Ctx) error { return p.renderPropose(c, url.Values{}, nil) }

func (p *Pages) renderPropose(c *web.Ctx, f url.Values, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	t, u, err := p.Duties.Task(c.Context(), c.In(key), c.Who, key.Key)
	if err == nil && !duty.Tasks(c.Who, u) {
		err = fault.New(fault.Forbidden, "move.not_yours")
	}
	if err != nil {
		return err
	}
	if problem == nil {
		f = url.Values{"department": {t.Department}}
	}
	x := formOf(c, f, problem)
	x.add("department", "line", true)
	x.add("reason", "choice", true, p.options(c, "hand_back_reason"))
	v := formView{Frame: c.Frame(c.T("handback.propose")), Back: at(u), Crumb: u.Name, Title: c.T("handback.propose"), Line: c.T("handback.propose.line"), Action: "/tasks/" + key.String(), Key: x.Key, Fields: x.Fields, Wrong: x.Wrong, Button: c.T("handback.propose.do")}
	v.Facts = []factView{{Label: c.T("duty.field.name"), Text: t.Name}, {Label: c.T("duty.field.part"), Text: p.Rules.Name("duty_role", t.Part, c.Lang)}, {Label: c.T("duty.field.given_by"), Text: t.GivenBy}}
	return c.Render(x.status, formPage(v))
}

func (p *Pages) propose(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	if _, u, err := p.Duties.Task(c.Context(), c.In(key), c.Who, key.Key); err != nil || !duty.Tasks(c.Who, u) {
		if err == nil {
			err = fault.New(fault.Forbidden, "move.not_yours")
		}
		return err
	}
	m, err := p.Duties.Propose(c.Context(), c.Who, key.Key, f.Get("department"), f.Get("reason"))
	if sentBack(err) {
		return p.renderPropose(c, f, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/m/" + m.String() + "?done=handback_proposed")
}

// boardRows is how many hand-backs a column of the board shows; the rest is in the list of the state. Of an earlier day there is no such
// list, and pastRows are shown.
const (
	boardRows = 8
	pastRows  = 40
)

type boardView struct {
	Frame   ui.Frame
	On      calendar.Date // the day it is shown of, where that is an earlier one
	Columns []columnView
}

type columnView struct {
	Name, All string
	Crept     bool
	More      bool
	Rows      []cardView
}

type cardView struct {
	What, Href, Where, Due string
	Late                   bool
}

// columns are the states that the board shows, in their order.
var columns = []string{duty.Proposed, duty.Sent, duty.County, duty.Received, duty.Crept, duty.Verified}

// board shows the hand-backs there are by the state each stands in, soonest first in no count but by when it was entered.
func (p *Pages) board(c *web.Ctx) error {
	on, err := c.Day("on")
	if err != nil {
		return err
	}
	if on < c.Today {
		return p.boardOn(c, on)
	}
	v := boardView{Frame: c.Frame(c.T("duty.board"))}
	towns := map[id.Key]string{}
	for _, state := range columns {
		page, err := p.Duties.Engine.List(c.Context(), c.Who, flow.Filter{Kind: duty.KindHandBack, View: state, Limit: boardRows})
		if err != nil {
			return err
		}
		col := columnView{Name: c.T("state.handback." + state), All: "/handbacks?view=" + state, Crept: state == duty.Crept, More: page.Next.Key != ""}
		for _, m := range page.Matters {
			towns[m.Township] = ""
			col.Rows = append(col.Rows, card(c, m, m.Township, on))
		}
		v.Columns = append(v.Columns, col)
	}
	names, err := duty.Names(c.Context(), c.Home(), towns)
	if err != nil {
		return err
	}
	for i := range v.Columns {
		for j, r := range v.Columns[i].Rows {
			v.Columns[i].Rows[j].Where = names[r.Where]
		}
	}
	return c.Render(http.StatusOK, boardPage(v))
}

// boardOn is the board of an earlier day: where each hand-back stood, the day it was held to and what its township was called.
func (p *Pages) boardOn(c *web.Ctx, on calendar.Date) error {
	v := boardView{Frame: c.Frame(c.T("duty.board")), On: on}
	by, err := p.Duties.BoardOn(c.Context(), c.Who, on, pastRows)
	if err != nil {
		return err
	}
	for _, state := range columns {
		col := columnView{Name: c.T("state.handback." + state), Crept: state == duty.Crept, More: len(by[state]) > pastRows}
		for _, x := range by[state][:min(len(by[state]), pastRows)] {
			col.Rows = append(col.Rows, card(c, x.Matter, x.Town, on))
		}
		v.Columns = append(v.Columns, col)
	}
	return c.Render(http.StatusOK, boardPage(v))
}

func card(c *web.Ctx, m flow.Matter, where string, on calendar.Date) cardView {
	x := cardView{What: m.Title, Href: "/m/" + m.ID.String(), Where: where}
	if m.Due != "" {
		x.Due, x.Late = ui.DayIn(c.Lang, m.Due, c.Today), m.Due < on
	}
	return x
}
