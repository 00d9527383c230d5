package api

import (
	"net/http"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/web"
)

// The moves by which somebody comes to step aside from a matter.
const (
	moveDeclare = "declare" // of oneself
	moveAsk     = "ask"     // that somebody else does
	moveOrder   = "order"   // the organ's chief, at once
)

var recusalMoves = []string{moveDeclare, moveAsk, moveOrder}

// The decisions on a recusal.
const (
	decideGrant  = "grant"
	decideRefuse = "refuse"
)

// recusals answers who stepped aside from a matter's family, and what the caller may do about it.
func (a *API) recusals(kind string) web.Handler {
	return func(c *web.Ctx) error {
		m, err := seen(c, kind)
		if err != nil {
			return err
		}
		xs, err := a.Engine.Recusals(c.Context(), c.In(m.ID), c.Who, m)
		if err != nil {
			return err
		}
		out := recusalList{ID: m.ID, Kind: m.Kind, Moves: []move{}, Items: []recusal{}}
		for _, x := range xs {
			out.Items = append(out.Items, a.recusal(c, x))
		}
		for _, name := range recusalMoves {
			y := move{Move: name, Name: c.T("api.recusal." + name), What: c.T("api.recusal." + name + ".what"), Basis: []string{}}
			if y.Code = recusalShut(c.Who, m, xs, name); y.Code != "" {
				y.Why = c.T("fault." + y.Code)
			} else if y.Fields, err = a.recusalFields(c, m, name); err != nil {
				return err
			}
			y.Open = y.Code == ""
			out.Moves = append(out.Moves, y)
		}
		return c.JSON(http.StatusOK, out)
	}
}

// recusalShut is why a move is not open to the caller, "" when it is: what the use case would say.
func recusalShut(who access.Actor, m flow.Matter, xs []flow.Recusal, name string) string {
	switch {
	case !m.Open:
		return "recusal.ended"
	case name == moveDeclare:
		if slices.ContainsFunc(xs, func(x flow.Recusal) bool { return x.State == flow.RecusalOpen && x.Person == who.PersonID() }) {
			return "recusal.asked"
		}
	case !who.Can(access.MatterMove), name == moveOrder && !who.Is(access.Principal, m.Organ):
		return "recusal.not_yours"
	}
	return ""
}

func (a *API) recusalFields(c *web.Ctx, m flow.Matter, name string) ([]field, error) {
	asked := func(name string, kind flow.FieldKind, must bool) field {
		f := field{Name: name, Kind: string(kind), Must: must, Label: c.T("recusal." + name)}
		if kind == flow.Para {
			f.Max = 500
		}
		return f
	}
	person, ground, asker, relation, note := asked("person", flow.Person, true), asked("ground", flow.Choice, true), asked("asker", flow.Choice, true), asked("relation", flow.Para, false), asked("note", flow.Para, false)
	for _, t := range a.Rules.Terms("recusal_ground", c.Today) {
		ground.Choices = append(ground.Choices, choice{Code: t.Code, Name: t.Name.In(c.Lang)})
	}
	relation.Help, asker.Help = c.T("recusal.relation.help"), c.T("recusal.asker.help")
	if name == moveDeclare {
		return []field{ground, relation}, nil
	}
	people, err := a.Engine.Involved(c.Context(), c.In(m.ID), m, c.Today)
	if err != nil {
		return nil, err
	}
	for _, o := range people {
		if o.Code != c.Who.Person {
			person.Choices = append(person.Choices, choice{o.Code, o.Name, o.Note})
		}
	}
	if name == moveOrder {
		return []field{person, ground, relation, note}, nil
	}
	for _, code := range flow.Askers {
		asker.Choices = append(asker.Choices, choice{Code: code, Name: c.T("recusal.asker." + code)})
	}
	return []field{person, ground, asker, relation}, nil
}

func (a *API) recusal(c *web.Ctx, x flow.Recusal) recusal {
	y := recusal{ID: x.ID, Person: x.Name, Ground: x.Ground, GroundName: a.Rules.Name("recusal_ground", x.Ground, c.Lang), Raised: x.Raised, Asker: x.Asker, Relation: x.Relation, State: x.State,
		Declared: x.Declared, Decided: x.Decided, Decider: x.DeciderName, Note: x.Note, Yours: x.Mine}
	if x.Raised == flow.RaisedAsked {
		y.Declarant = x.DeclarantName
	}
	if x.Moved != "" && x.Decided == "" {
		y.Moved = c.T("moved." + x.Moved)
	}
	return y
}

// recuse declares, asks for or orders a recusal. Its answer holds what the request alone decides, because a recusal may
// by then have taken the matter out of the caller's sight, and the same request has the same answer.
func (a *API) recuse(kind string) web.Handler {
	return func(c *web.Ctx) error {
		var in recusalIn
		if err := body(c, &in); err != nil {
			return err
		}
		x, err := sought(c, kind)
		if err != nil {
			return err
		}
		if err := checkRecusal(c.Who, in); err != nil {
			return x.or(err)
		}
		n := flow.NewRecusal{Person: in.Person, Ground: in.Ground, Asker: in.Asker, Relation: in.Relation, Note: in.Note, Order: in.Move == moveOrder}
		if _, err := a.Engine.Recuse(c.Context(), c.Who, x.id, n); err != nil {
			return err
		}
		out := settled{ID: x.id, State: flow.RecusalOpen}
		if n.Order {
			out.State = flow.RecusalGranted
		}
		return c.JSON(http.StatusOK, out)
	}
}

// checkRecusal checks that what is filled in is what the move asks for.
func checkRecusal(who access.Actor, in recusalIn) error {
	switch in.Move {
	case moveDeclare:
		return only("person", in.Person, "asker", in.Asker, "note", in.Note)
	case moveAsk, moveOrder:
		switch in.Person {
		case "":
			return fault.InvalidField("person", "required")
		case who.Person:
			return fault.InvalidField("person", "choice.unknown") // of oneself it is declared
		}
		if in.Move == moveOrder {
			return only("asker", in.Asker)
		}
		return only("note", in.Note)
	}
	return fault.InvalidField("move", "move.unknown")
}

// decideRecusal grants or refuses a recusal.
func (a *API) decideRecusal(kind string) web.Handler {
	return func(c *web.Ctx) error {
		var in recusalDecisionIn
		if err := body(c, &in); err != nil {
			return err
		}
		x, err := sought(c, kind)
		if err != nil {
			return err
		}
		key, err := c.ID("recusal")
		if err != nil || key.City != x.id.City {
			return fault.Hidden()
		}
		if x.hidden == nil {
			xs, err := a.Engine.Recusals(c.Context(), c.In(x.id), c.Who, x.m)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(xs, func(y flow.Recusal) bool { return y.ID == key }) {
				return fault.Hidden()
			}
		}
		if in.Decision != decideGrant && in.Decision != decideRefuse {
			return x.or(fault.InvalidField("decision", "choice.unknown"))
		}
		if _, err := a.Engine.DecideRecusal(c.Context(), c.Who, key, in.Decision == decideGrant, in.Note); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, settled{ID: key, State: map[string]string{decideGrant: flow.RecusalGranted, decideRefuse: flow.RecusalRefused}[in.Decision]})
	}
}
