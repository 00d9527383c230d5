package flow

import (
	"context"
	"maps"

	"qianshao/internal/access"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// levelName says at what level a handling unit stands, for the rulebook: township, county, city.
func levelName(l int) string {
	switch l {
	case access.Township, access.Village:
		return "township"
	case access.County:
		return "county"
	case access.City:
		return "city"
	}
	return "province"
}

// Facts are what the rulebook may ask about a matter, given what was filled in.
func (e *Engine) Facts(ctx context.Context, r db.Reader, m *Matter, in Values) (rulebook.Facts, error) {
	level := m.Level
	if !m.Handler.Zero() {
		u, err := access.GetUnit(ctx, r.For(m.Handler.City), m.Handler.Key)
		if err != nil {
			return nil, err
		}
		level = u.Level
	}
	facts, err := e.factsAt(ctx, r, m, level)
	if err != nil {
		return nil, err
	}
	return facts(in), nil
}

// factsAt reads what the facts rest on, once, and returns what tells them for anything that may be filled in.
func (e *Engine) factsAt(ctx context.Context, r db.Reader, m *Matter, level int) (func(in Values) rulebook.Facts, error) {
	more := func(Values) rulebook.Facts { return nil }
	if h := e.tables[m.Kind].Hooks.Facts; h != nil {
		var err error
		if more, err = h(ctx, r, m); err != nil {
			return nil, err
		}
	}
	return func(in Values) rulebook.Facts {
		f := rulebook.Facts{"rank": m.Rank, "source": m.Source, "assigned": yesNo(m.Is(FlagAbove)), "chief": yesNo(m.Is(FlagChief)), "member": yesNo(m.Is(FlagMember)), "level": levelName(level), "nth": in.Str("nth")}
		maps.Copy(f, more(in))
		return f
	}, nil
}

// SubjectStage is what the person concerned is called by the state of the matter.
func SubjectStage(m Matter) string {
	if m.Kind == "case" {
		switch m.State {
		case "decided", "delivered", "executing", "executed", "close_review", "closed":
			if m.Outcome == "sanction" {
				return "sanctioned"
			}
		}
		return "investigated"
	}
	if m.Kind == "clue" {
		switch m.State {
		case "verify_plan", "plan_review", "verifying", "signing", "verified", "result_review":
			return "verified"
		}
	}
	return "reported"
}
