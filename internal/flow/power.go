package flow

import (
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// power is what the list of powers says of a move of a matter that a township handles, under the hat it handles it with;
// nothing for what it doesn't list, which is the township's own business.
func (e *Engine) power(m *Matter, move string, today calendar.Date) rulebook.Power {
	if !m.Is(FlagTownship) {
		return rulebook.Power{}
	}
	p, _ := e.Rules.Power(m.Kind+"."+move, m.Hats()[0], today)
	return p
}

// Hats are the two hats of the township that handles a matter, the one it handles it with first.
func (m *Matter) Hats() [2]string {
	if m.Is(FlagParty) {
		return [2]string{"commission", "dispatched"}
	}
	return [2]string{"dispatched", "commission"}
}

// by is who may make a move. What the list of powers keeps from the township that handles the matter, and what no
// approval would bring before the county, the county's case supervision office makes itself.
func (e *Engine) by(m *Matter, mv *Move, today calendar.Date) []By {
	if !e.CountyMakes(m, mv, today) {
		return mv.By
	}
	var out []By
	for _, b := range mv.By {
		if b == ByHandler || b == ByHead {
			b = BySupervision
		}
		if !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	return out
}

// CountyMakes says whether the county makes a move of a matter that a township handles.
func (e *Engine) CountyMakes(m *Matter, mv *Move, today calendar.Date) bool {
	return mv.Chain == "" && e.power(m, mv.Name, today).May == "county"
}

// yours says why a move is not the actor's to make, as a code for locale; "" when it is.
func (e *Engine) yours(ctx context.Context, r db.Reader, who access.Actor, m *Matter, mv *Move, today calendar.Date) (string, error) {
	ok, err := e.may(ctx, r, who, m, e.by(m, mv, today))
	switch {
	case err != nil:
		return "", err
	case ok && e.power(m, mv.Name, today).May == "never":
		return "move.never", nil
	case ok:
		return "", nil
	}
	if e.CountyMakes(m, mv, today) {
		if ok, err = e.may(ctx, r, who, m, mv.By); ok || err != nil {
			return "move.county_makes", err
		}
	}
	return "move.not_yours", nil
}
