package api

import (
	"net/http"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/org"
	"qianshao/internal/web"
)

// How a delegation stands.
const (
	delegationNow     = "now"
	delegationAhead   = "ahead"
	delegationOver    = "over"
	delegationRevoked = "revoked"
)

// delegations answers what the caller gave and was given, and what is needed to give more.
func (a *API) delegations(c *web.Ctx) error {
	limit, err := number(c, "limit", 30, maxList)
	if err != nil {
		return err
	}
	ds, err := org.Delegations(c.Context(), c.Home(), c.Who, limit)
	if err != nil {
		return err
	}
	give := move{Move: "delegate", Name: c.T("delegate.make"), What: c.T("delegate.line"), Basis: []string{}, Open: org.Leads(c.Who)}
	if !give.Open {
		give.Code, give.Why = "delegate.nothing", c.T("fault.delegate.nothing")
	} else if give.Fields, err = delegationFields(c); err != nil {
		return err
	}
	out := delegationList{Moves: []move{give}, Items: []delegation{}}
	chief := c.Who.Is(access.Principal, c.Who.Unit().OrganID())
	for _, d := range ds {
		x := delegation{ID: d.ID, From: d.FromName, To: d.ToName, Post: c.T("post." + d.Post), Unit: d.UnitName, Begins: d.Begins, Ends: d.Ends, Reason: d.Reason, Made: d.Made, Revoked: d.Revoked,
			State: delegationState(d, c.Today)}
		x.Yours = (x.State == delegationNow || x.State == delegationAhead) && (c.Who.Person == d.From || chief)
		out.Items = append(out.Items, x)
	}
	return c.JSON(http.StatusOK, out)
}

func delegationState(d org.Delegation, today calendar.Date) string {
	switch {
	case d.Revoked != "":
		return delegationRevoked
	case d.Holds(today):
		return delegationNow
	case d.Ahead(today):
		return delegationAhead
	}
	return delegationOver
}

func delegationFields(c *web.Ctx) ([]field, error) {
	asked := func(name string, kind flow.FieldKind) field {
		return field{Name: name, Kind: string(kind), Must: true, Label: c.T("delegate." + name)}
	}
	to, begins, ends, reason := asked("to", flow.Person), asked("begins", flow.Day), asked("ends", flow.Day), asked("reason", flow.Line)
	to.Help, reason.Help = c.T("delegate.to.help"), c.T("delegate.reason.help")
	begins.Future, ends.Future, reason.Must, reason.Max = true, true, false, 60
	cs, err := org.Delegates(c.Context(), c.Home(), c.Who, c.Today)
	for _, x := range cs {
		if !x.Waits { // a paper of theirs waits for this very signature
			to.Choices = append(to.Choices, choice{x.Person, x.Name, x.Unit.Commission() + " " + c.T("post."+x.Post)})
		}
	}
	return []field{to, begins, ends, reason}, err
}

// delegate hands the caller's own authority on for some days.
func (a *API) delegate(c *web.Ctx) error {
	var in delegationIn
	if err := body(c, &in); err != nil {
		return err
	}
	made, err := a.Org.Delegate(c.Context(), c.Who, org.NewDelegation{To: in.To, Begins: in.Begins, Ends: in.Ends, Reason: in.Reason})
	if err != nil {
		return err
	}
	// A repeated request is answered as the first was, whatever became of the delegation since.
	return c.JSON(http.StatusOK, settled{ID: made, State: "made"})
}

// endDelegation takes the authority back.
func (a *API) endDelegation(c *web.Ctx) error {
	if err := body(c, &nothingIn{}); err != nil {
		return err
	}
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	if err := a.Org.EndDelegation(c.Context(), c.Who, key); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, settled{ID: key, State: delegationRevoked})
}
