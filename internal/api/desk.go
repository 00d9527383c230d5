package api

import (
	"net/http"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/web"
)

// desk answers what the caller owes, soonest first.
func (a *API) desk(c *web.Ctx) error {
	limit, err := number(c, "limit", 100, maxDesk)
	if err != nil {
		return err
	}
	ds, err := a.Engine.Desk(c.Context(), c.Who, limit)
	if err != nil {
		return err
	}
	w := a.Pages.Words(c)
	units, clocks := map[id.City][]string{}, map[id.City][]id.Key{}
	for _, d := range ds {
		city := d.Matter.ID.City
		units[city] = append(units[city], d.Clock.OwedBy.Key)
		clocks[city] = append(clocks[city], d.Clock.ID.Key)
	}
	entries := map[id.ID][]deadline.Entry{}
	for city, keys := range clocks {
		if err := w.Load(a.DB.In(city), units[city], nil); err != nil {
			return err
		}
		es, err := deadline.EntriesOfClocks(c.Context(), a.DB.In(city), keys)
		if err != nil {
			return err
		}
		for k, e := range es {
			entries[id.ID{City: city, Key: k}] = e
		}
	}
	out := []duty{}
	for _, d := range ds {
		x := a.duty(c, w, d, entries[d.Clock.ID])
		s := subjectOf(d.Matter)
		x.Subject = &s
		out = append(out, x)
	}
	return c.JSON(http.StatusOK, out)
}

func subjectOf(m flow.Matter) subject {
	return subject{m.ID, m.Kind, m.No, m.Title, m.State, m.Version}
}

func (a *API) duty(c *web.Ctx, w *flowhttp.Words, d flow.Duty, es []deadline.Entry) duty {
	k := d.Clock
	name, why, basis := w.Clock(k, es)
	x := duty{ID: k.ID, What: name, Rule: k.Rule, Basis: basis, Opened: k.Start, Due: k.Due, Why: why, State: k.State, Late: k.Late(c.Today), Legal: k.Legal,
		OwedBy: w.Seat(k.OwedBy.Key, k.OwedRole), For: d.For, Waits: d.Waits, Ended: k.Ended}
	if d.Matter.Kind != "" {
		x.Moves = pathOf(d.Matter.Kind) + "/" + d.Matter.ID.String() + "/clocks/" + k.ID.String() + "/moves"
	}
	about := id.ID{City: k.ID.City, Key: k.About}
	switch {
	case signature(k):
		x.Approval = about.String()
	case k.Rule == flow.RuleRecusal:
		x.Recusal = about.String()
	}
	return x
}

// signature says whether an obligation is a signature: its clock is about a proposal.
func signature(k deadline.Clock) bool { return strings.HasPrefix(k.Rule, "approve.") }

// approvals answers what waits for the caller's signature, and for the chief of an organ what waits for others there,
// because a chief may sign directly.
func (a *API) approvals(c *web.Ctx) error {
	ds, err := a.Engine.Desk(c.Context(), c.Who, maxDesk)
	if err != nil {
		return err
	}
	if organ := c.Who.Unit().OrganID(); c.Who.Is(access.Principal, organ) {
		others, err := a.Engine.Watched(c.Context(), c.Who, flow.Watch{Approve: true, Limit: maxList})
		if err != nil {
			return err
		}
		for _, d := range others {
			if d.Clock.Organ == organ {
				ds = append(ds, d)
			}
		}
	}
	seen := map[id.ID]bool{}
	byCity := map[id.City][]string{}
	var due []flow.Duty
	for _, d := range ds {
		p := id.ID{City: d.Matter.ID.City, Key: d.Clock.About}
		if signature(d.Clock) && !seen[p] {
			seen[p] = true
			byCity[p.City] = append(byCity[p.City], p.Key)
			due = append(due, d)
		}
	}
	w := a.Pages.Words(c)
	proposals := map[id.ID]flow.Proposal{}
	for city, keys := range byCity {
		ps, err := flow.ProposalsByKey(c.Context(), a.DB.In(city), keys)
		if err != nil {
			return err
		}
		d := &flow.Dossier{Proposals: ps}
		if err := w.LoadDossier(a.DB.In(city), d, nil, nil); err != nil {
			return err
		}
		for _, p := range ps {
			proposals[p.ID] = p
		}
	}
	out := approvalList{Items: []approval{}}
	for _, d := range due {
		if p, ok := proposals[id.ID{City: d.Matter.ID.City, Key: d.Clock.About}]; ok {
			x := a.approval(c, w, d.Matter, p)
			x.Due = d.Clock.Due
			out.Items = append(out.Items, x)
		}
	}
	return c.JSON(http.StatusOK, out)
}

func (a *API) approval(c *web.Ctx, w *flowhttp.Words, m flow.Matter, p flow.Proposal) approval {
	x := approval{ID: p.ID, Move: p.Move, Name: w.Move(m.Kind, p.Move), Asked: w.Asked(m, p), Subject: subjectOf(m), Author: strings.TrimSpace(w.Unit(p.AuthorUnit) + " " + w.Person(p.Author)),
		Made: moment(p.Made), Fields: p.In, Says: factsOf(w.Says(m.Kind, p.Move, p.In)), Record: flow.Records(p.Steps[p.Step].Role),
		Own: p.Author == c.Who.Person && p.State == "open"}
	if s, err := a.Engine.CanSign(c.Context(), a.DB.In(m.ID.City), c.Who, m, p); err == nil {
		x.Yours, x.Record = true, flow.Records(s.Role)
	}
	for i, s := range p.Steps {
		x.Steps = append(x.Steps, step{Role: s.Role, Seat: w.Seat(s.Unit.Key, s.Seat), Moved: movedText(c, s), Due: i == p.Step && p.State == "open", Decision: s.Decision, Person: w.Person(s.Person),
			Note: s.Note, On: s.On, At: moment(s.At)})
	}
	return x
}

// movedText is why a signature is owed elsewhere than the rule puts it, "" when it is not.
func movedText(c *web.Ctx, s flow.Step) string {
	if s.Moved == "" {
		return ""
	}
	return c.T("moved." + s.Moved)
}

// The decisions on a proposal.
const (
	decideApprove  = "approve"
	decideReturn   = "return"
	decideWithdraw = "withdraw"
)

// decide signs a proposal, gives it back, or takes one's own back.
func (a *API) decide(c *web.Ctx) error {
	var in decisionIn
	if err := body(c, &in); err != nil {
		return err
	}
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	var d flow.Done
	switch in.Decision {
	case decideApprove, decideReturn:
		d, err = a.Engine.Decide(c.Context(), c.Who, key, in.Version, flow.Decision{Approve: in.Decision == decideApprove, Note: in.Note, On: calendar.Date(in.On)})
	case decideWithdraw:
		if err := only("note", in.Note, "on", string(in.On)); err != nil {
			return err
		}
		d, err = a.Engine.Withdraw(c.Context(), c.Who, key, in.Version)
	default:
		err = fault.InvalidField("decision", "choice.unknown")
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, doneOf(d))
}

func doneOf(d flow.Done) done {
	return done{ID: d.ID, State: d.State, Version: d.Version, Approval: d.Proposal}
}
