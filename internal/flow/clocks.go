package flow

import (
	"context"
	"fmt"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// restart ends the clocks of the rules as met and begins them anew.
func (e *Engine) restart(ctx context.Context, op *Op, starts map[string]calendar.Date) error {
	if err := e.endRules(ctx, op, op.Move.Restart, deadline.Fulfilled); err != nil {
		return err
	}
	s, _ := e.tables[op.M.Kind].State(op.M.State)
	again := State{Name: s.Name}
	for _, u := range s.Rules {
		if slices.Contains(op.Move.Restart, u.Rule) {
			again.Rules = append(again.Rules, u)
		}
	}
	return e.startClocks(ctx, op, nil, again, starts)
}

// shift changes the state: clocks of the old one that the new one lacks end, those of the new one start.
func (e *Engine) shift(ctx context.Context, op *Op, to string, starts map[string]calendar.Date) error {
	t, m := e.tables[op.M.Kind], op.M
	from, _ := t.State(m.State)
	next, ok := t.State(to)
	if !ok {
		return fmt.Errorf("flow: %s.%s leads to %q", m.Kind, op.Move.Name, to)
	}
	var met, dropped []string
	for _, u := range from.Rules {
		if kept(next.Rules, u.Rule, m) {
			continue
		}
		if op.Move != nil && slices.Contains(op.Move.Drops, u.Rule) {
			dropped = append(dropped, u.Rule)
		} else {
			met = append(met, u.Rule)
		}
	}
	if err := e.endRules(ctx, op, met, deadline.Fulfilled); err != nil {
		return err
	}
	if err := e.endRules(ctx, op, dropped, deadline.Dropped); err != nil {
		return err
	}
	if err := e.step(ctx, op, from, next); err != nil {
		return err
	}
	m.State = to
	m.Open = !next.End
	m.Ended = ""
	if next.End {
		m.Ended = op.Day
	}
	return e.startClocks(ctx, op, from.Rules, next, starts)
}

// uses says whether a rule's clock runs in a state, and whether the state only keeps it.
func uses(us []Use, rule string, m *Matter) (ran, kept bool) {
	for _, u := range us {
		if u.Rule == rule && u.holds(m) {
			return true, u.Keep
		}
	}
	return false, false
}

// kept says whether a rule's clock runs on in a state.
func kept(us []Use, rule string, m *Matter) bool {
	for _, u := range us {
		if u.Rule == rule && u.holds(m) {
			return true
		}
	}
	return false
}

// endRules ends the running clocks of the rules, and with each what rose from it and any extension asked for it.
func (e *Engine) endRules(ctx context.Context, op *Op, rules []string, kind deadline.EntryKind) error {
	if len(rules) == 0 {
		return nil
	}
	reason := ""
	if op.Move != nil {
		reason = op.M.Kind + "." + op.Move.Name
	}
	ended, err := e.Clocks.End(ctx, op.Tx, op.M.ID.Key, kind, op.Day, reason, rules...)
	if err != nil {
		return err
	}
	if err := e.lapse(ctx, op, ended); err != nil {
		return err
	}
	return e.closeRisen(ctx, op, ended, reason, nil)
}

// lapse ends what was asked for on clocks that have ended: there is nothing left to lengthen or stop.
func (e *Engine) lapse(ctx context.Context, op *Op, ended []deadline.Clock) error {
	if len(ended) == 0 || !op.M.Is(FlagAsked) {
		return nil
	}
	ps, err := Proposals(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	left := false
	for _, p := range ps {
		if p.State != "open" || p.Move != MoveExtend && p.Move != MovePause {
			continue
		}
		if !slices.ContainsFunc(ended, func(c deadline.Clock) bool { return c.ID.Key == p.In.Str("clock") }) {
			left = true
			continue
		}
		if err := e.endProposal(ctx, op.Tx, op.M, &p, "withdrawn"); err != nil {
			return err
		}
	}
	if !left {
		op.M.Unset(FlagAsked)
	}
	return nil
}

// closeRisen ends what rose from clocks: all of it, or what the given test says.
func (e *Engine) closeRisen(ctx context.Context, op *Op, ended []deadline.Clock, reason string, which func(risen deadline.Clock) bool) error {
	if len(ended) == 0 || !op.M.Is(FlagRisen) {
		return nil
	}
	running, err := deadline.Running(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	for _, c := range running {
		for _, x := range ended {
			if c.Rule == RuleRisen && c.About == x.ID.Key && (which == nil || which(c)) {
				if _, err := e.Clocks.Add(ctx, op.Tx, c, deadline.Entry{Kind: deadline.Fulfilled, On: op.Day, Reason: reason}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// startClocks opens what runs in a state and did not run in the one before (a duty met there is not owed again), and
// hands over what somebody else owes now.
func (e *Engine) startClocks(ctx context.Context, op *Op, before []Use, s State, starts map[string]calendar.Date) error {
	m := op.M
	var running []deadline.Clock
	var settings access.Settings
	if len(before) > 0 {
		var err error
		if running, err = deadline.Running(ctx, op.Tx, m.ID.Key); err != nil {
			return err
		}
	}
	for _, u := range s.Rules {
		if !u.holds(m) {
			continue
		}
		by := u.By
		if mv, ok := e.tables[m.Kind].Move(u.For); ok {
			by = e.by(m, mv, op.Day)[0]
		}
		unit, role, err := e.owed(ctx, op.Tx, m, by)
		if err != nil {
			return err
		}
		ran, kept := uses(before, u.Rule, m)
		if ran || u.Keep {
			on := false
			for _, c := range running {
				if c.Rule != u.Rule {
					continue
				}
				on = true
				if _, err := e.Clocks.Reowe(ctx, op.Tx, c, unit, role, ""); err != nil {
					return err
				}
			}
			// A state that only keeps a clock never began it: where none has run yet, it begins here.
			if on || u.Keep || !kept {
				continue
			}
			if op.Move == nil || !slices.Contains(op.Move.Fresh, u.Rule) {
				if _, met, err := deadline.Last(ctx, op.Tx, m.ID.Key, u.Rule); err != nil || met {
					if err != nil {
						return err
					}
					continue
				}
			}
		}
		start := starts[u.Rule]
		if start == "" && m.Version > 1 && (op.Move == nil || !slices.Contains(op.Move.Fresh, u.Rule) && !slices.Contains(op.Move.Restart, u.Rule)) {
			again, err := e.resumeClock(ctx, op, u.Rule, unit, role)
			if err != nil || again {
				if err != nil {
					return err
				}
				continue
			}
		}
		if start == "" {
			start = op.Day
		}
		if settings == nil {
			if settings, err = access.LoadSettings(ctx, op.Tx, m.Organ.Key, op.Day); err != nil {
				return err
			}
		}
		if _, err := e.Clocks.Open(ctx, op.Tx, deadline.Opening{Matter: m.ID.Key, Root: m.Root, Rule: u.Rule, Start: start, OwedBy: unit, OwedRole: role,
			Organ: m.Organ, County: m.Among(), Length: settings.Int("timer." + u.Rule)}); err != nil {
			return err
		}
	}
	return nil
}

// resumeClock goes on with a clock that ran before: work that comes back was never given a second period.
func (e *Engine) resumeClock(ctx context.Context, op *Op, rule string, unit id.ID, role access.Role) (bool, error) {
	last, ok, err := deadline.Last(ctx, op.Tx, op.M.ID.Key, rule)
	if err != nil || !ok || last.Running() {
		return ok && last.Running(), err
	}
	_, err = e.Clocks.Reopen(ctx, op.Tx, last, unit, role, "")
	return true, err
}

// owed is the unit and role that a relation comes to for a matter.
func (e *Engine) owed(ctx context.Context, r db.Reader, m *Matter, by By) (id.ID, access.Role, error) {
	switch by {
	case ByHandler, ByTeam, ByHead:
		if m.Handler.Zero() {
			return m.Organ, access.Supervision, nil
		}
		return m.Handler, by.Role(), nil
	case BySuperior:
		above, err := e.Above(ctx, r, m.Organ)
		if above.ID.Zero() {
			return m.Organ, access.Principal, err
		}
		if !access.Observer.May(access.ReadOf(m.Kind)) {
			return above.ID, access.Intake, err // reports are between the intake offices
		}
		return above.ID, access.Observer, err
	case ByPersonnel: // the chief sees to it where nobody does
		if some, err := access.Staffed(ctx, r, m.Organ.Key, access.Personnel); err != nil || !some {
			return m.Organ, access.Principal, err
		}
	}
	return m.Organ, by.Role(), nil
}

// Rehand gives the running clocks of a matter to the unit that handles it now, when its state stays.
func (e *Engine) Rehand(ctx context.Context, op *Op) error {
	s, _ := e.tables[op.M.Kind].State(op.M.State)
	return e.startClocks(ctx, op, s.Rules, s, nil)
}
