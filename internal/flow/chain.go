package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// seatRole is the role that signs a step. A decision taken outside is recorded by case supervision.
func seatRole(step string) access.Role {
	switch step {
	case "head":
		return access.Head
	case "deputy":
		return access.Deputy
	case "principal":
		return access.Principal
	case "review_head":
		return access.ReviewHead
	case Second:
		return access.Intake
	}
	if strings.HasPrefix(step, "record_") {
		return access.Supervision
	}
	return access.Role(step)
}

// Second is the step of a second person of the intake office, who checks what a first one wrote.
const Second = "second"

// Records says whether a step records a decision taken outside this system.
func Records(step string) bool { return strings.HasPrefix(step, "record_") }

// roster is who may sign for a matter today; who worked on it is read when a review is to be signed, and once.
type roster struct {
	*access.Roster
	took  []id.Key
	known bool
}

func (e *Engine) roster(ctx context.Context, r db.Reader, m *Matter, today calendar.Date) (*roster, error) {
	ro, err := access.LoadRoster(ctx, r, m.Organ, m.Handler, m.Root, today)
	return &roster{Roster: ro}, err
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// chainFor is the approval that a move needs by the facts, with the seats it would take today. What the list of powers
// keeps from a township carries a signature of the county's, whatever the approval asks for.
func (e *Engine) chainFor(ctx context.Context, r db.Reader, m *Matter, ro *roster, mv *Move, facts rulebook.Facts, author access.Actor, today calendar.Date) (rulebook.Chain, rulebook.Case, []Step, error) {
	c, k, ok := e.Rules.Chain(mv.Chain, today, facts)
	if !ok {
		return c, k, nil, fmt.Errorf("flow: no approval %s in force on %s", mv.Chain, today)
	}
	roles := k.Steps
	if e.power(m, mv.Name, today).May == "county" && !slices.ContainsFunc(roles, func(role string) bool { return role != string(access.Head) }) {
		roles = append(slices.Clone(roles), string(access.Deputy))
	}
	var steps []Step
	for i, role := range roles {
		// The head's own proposal carries the head's consent; the signatures above it remain. Somebody who only stands in
		// for the head has no consent of theirs to carry.
		if h, ok := author.HatFor(access.Head, ro.Handler.ID); ok && h.For == "" && role == "head" && i < len(roles)-1 {
			continue
		}
		seat, err := e.seat(ctx, r, ro, m, role, author.Person)
		if err != nil {
			return c, k, nil, err
		}
		s := Step{N: len(steps), Role: role, Seat: seat.Role, Unit: seat.Unit.ID, Moved: seat.Moved}
		if n := len(steps); n > 0 && steps[n-1].Unit == s.Unit && steps[n-1].Seat == s.Seat && (s.Moved != "" || steps[n-1].Moved != "") && !Records(role) && !Records(steps[n-1].Role) {
			// Two steps came to one desk: one signature, under the higher name, and it says why.
			if s.Moved == "" {
				s.Moved = steps[n-1].Moved
			}
			s.N, steps[n-1] = n-1, s
			continue
		}
		steps = append(steps, s)
	}
	if len(steps) == 0 {
		return c, k, nil, fmt.Errorf("flow: approval %s has no step for this matter", mv.Chain)
	}
	return c, k, steps, nil
}

// seat finds where a step can be signed today: never by the author, and a review never by whoever worked on the matter.
func (e *Engine) seat(ctx context.Context, r db.Reader, ro *roster, m *Matter, role string, author id.Key) (access.Seat, error) {
	if role == Second {
		return ro.Second(ctx, author)
	}
	without := []id.Key{author}
	if role == string(access.ReviewHead) {
		if !ro.known {
			var err error
			if ro.took, err = e.TookPart(ctx, r, m.Root); err != nil {
				return access.Seat{}, err
			}
			ro.known = true
		}
		without = append(without, ro.took...)
	}
	seat := seatRole(role)
	if Records(role) && !seat.May(access.ReadOf(m.Kind)) {
		seat = access.Deputy // case supervision sees no reports, and the intake office asked
	}
	return ro.Route(ctx, seat, without...)
}
