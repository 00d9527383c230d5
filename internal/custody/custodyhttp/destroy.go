package custodyhttp

import (
	"net/http"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// DestroyRoutes are the addresses of destroying what a report brought.
func (p *Pages) DestroyRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/m/{id}/destroy", Perm: access.TipoffRead, Do: p.destroyPage},
		{Method: http.MethodPost, Path: "/m/{id}/destroy", Perm: access.TipoffRead, Do: p.destroyDo},
	}
}

type destroyView struct {
	Frame   ui.Frame
	No      string
	Title   string
	Back    string
	Action  string
	Key     string
	State   string
	Wrong   string
	Ask     bool // the reader may ask for it now
	Decide  bool // or answer
	Take    bool // or take back
	Version string
	Field   ui.FieldView
	Past    []string
}

func (p *Pages) destroyPage(c *web.Ctx) error { return p.renderDestroy(c, nil) }

// material reads the matter of an address: a tip-off, for whoever may have a part in destroying what it brought.
func (p *Pages) material(c *web.Ctx) (flow.Matter, error) {
	key, err := c.ID("id")
	if err != nil {
		return flow.Matter{}, err
	}
	m, err := flow.Get(c.Context(), c.In(key), c.Who, key.Key)
	if err == nil && (m.Kind != "tipoff" || !c.Who.Is(access.Intake, m.Organ) && !custody.Leads(c.Who, m.Organ, "")) {
		err = fault.New(fault.Forbidden, "move.not_yours")
	}
	return m, err
}

func (p *Pages) renderDestroy(c *web.Ctx, problem error) error {
	m, err := p.material(c)
	if err != nil {
		return err
	}
	r, base := c.In(m.ID), "/m/"+m.ID.String()
	ds, err := custody.Destructions(c.Context(), r, m.ID.Key)
	if err != nil {
		return err
	}
	kept, err := p.Custody.Keeps(c.Context(), r, m)
	if err != nil {
		return err
	}
	v := destroyView{Frame: c.Frame(c.T("destroy.title")), No: m.No, Title: m.Title, Back: base, Action: base + "/destroy", Key: web.NewKey()}
	asked, waits := custody.Asked(ds)
	switch {
	case slices.ContainsFunc(ds, func(d custody.Destruction) bool { return d.State == custody.DestroyDone }):
		v.State = c.T("fault.destroy.done")
	case kept.Open != "":
		v.State = c.T("destroy.open", kept.Open)
	case kept.Forever != "":
		v.State = c.T("destroy.forever", kept.Forever)
	case !kept.Over(c.Today):
		v.State = c.T("destroy.until", ui.LongDay(c.Lang, kept.Until))
	default:
		v.State = c.T("destroy.over", ui.LongDay(c.Lang, kept.Until), strconv.Itoa(len(kept.Family)))
		v.Ask = !waits && c.Who.Is(access.Intake, m.Organ)
		v.Decide = waits && custody.Leads(c.Who, m.Organ, asked.Asker)
	}
	if waits {
		v.Version = strconv.FormatInt(asked.Version, 10)
		v.Take = asked.Asker == c.Who.Person
	}
	name, help, must := "reason", "", true
	if v.Decide {
		name, help, must = "note", c.T("destroy.note.help"), false
	}
	v.Field = ui.FieldView{Lang: c.Lang, ID: "f-" + name, Name: name, Label: c.T("destroy." + name), Help: help, Kind: "line", Must: must, Max: "120", Error: web.Texts(c.Lang, problem)[name]}
	for _, d := range ds {
		line := c.T("destroy.said", ui.DayIn(c.Lang, d.Asked.Date(), c.Today), d.AskerName, d.Reason) + c.T("list.comma_in") + c.T("destroy.state."+d.State, d.DeciderName, d.Note)
		v.Past = append(v.Past, line)
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, destroyPage(v))
}

func (p *Pages) destroyDo(c *web.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	m, err := p.material(c)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(f.Get("version"), 10, 64) // none is stale
	done := "destroy_answered"
	switch f.Get("do") {
	case "ask":
		done, err = "destroy_asked", p.Custody.AskDestruction(c.Context(), c.Who, m.ID, f.Get("reason"))
	case "grant":
		done, err = "destroy_done", p.Custody.DecideDestruction(c.Context(), c.Who, m.ID, version, true, f.Get("note"))
	case "refuse":
		err = p.Custody.DecideDestruction(c.Context(), c.Who, m.ID, version, false, f.Get("note"))
	case "withdraw":
		err = p.Custody.WithdrawDestruction(c.Context(), c.Who, m.ID, version)
	default:
		return fault.New(fault.BadRequest, "request.malformed")
	}
	if err != nil {
		switch fault.KindOf(err) {
		case fault.Invalid, fault.Conflict:
			return p.renderDestroy(c, err)
		}
		return err
	}
	return c.Redirect("/m/" + m.ID.String() + "/destroy?done=" + done)
}
