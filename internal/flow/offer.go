package flow

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Offer is a move as it stands for one reader: open or shut and why, what it needs, who signs, what it will start.
type Offer struct {
	Move   *Move
	Open   bool
	Mine   bool     // it is the actor's to make, now or once what shuts it is gone
	Why    string   // code of the reason when it is shut
	Args   []string // for the reason's text
	Fields []Field
	Chain  rulebook.Chain
	Case   rulebook.Case
	Steps  []Step         // the seats as they would be today; empty when it needs no approval
	Alone  bool           // 本级可办: no signature above the handling unit, and nothing in the list of powers against it
	Power  rulebook.Power // what the list of powers says of a township that handles the matter
	Starts []rulebook.Timer
	Papers []rulebook.Document
}

// Offers lists the moves that lead on from where a matter stands: those open to the actor first, then those that are
// shut, with the reason. Moves that belong to other people altogether are left out, except what everybody waits for.
func (e *Engine) Offers(ctx context.Context, r db.Reader, who access.Actor, m Matter, today calendar.Date) ([]Offer, error) {
	t, ok := e.tables[m.Kind]
	if !ok {
		return nil, nil
	}
	var open, shut []Offer
	var ro *roster
	var facts func(Values) rulebook.Facts
	for i := range t.Moves {
		mv := &t.Moves[i]
		if mv.Quiet || mv.Retired || !slices.Contains(mv.From, m.State) {
			continue
		}
		why, err := e.yours(ctx, r, who, &m, mv, today)
		if err != nil {
			return nil, err
		}
		may := why == ""
		o := Offer{Move: mv, Open: may, Mine: may, Why: why, Fields: mv.Fields, Power: e.power(&m, mv.Name, today)}
		if f := t.Hooks.Shut[mv.Name]; may && f != nil {
			if o.Why, err = f(ctx, r, &m); err != nil {
				return nil, err
			}
			o.Open = o.Why == ""
		}
		if may {
			if mv.Chain != "" && ro == nil {
				if ro, err = e.roster(ctx, r, &m, today); err != nil {
					return nil, err
				}
				if facts, err = e.factsAt(ctx, r, &m, ro.Handler.Level); err != nil {
					return nil, err
				}
			}
			if err := e.describe(ctx, r, ro, facts, who, &m, &o, today); err != nil {
				return nil, err
			}
		}
		if o.Open {
			open = append(open, o)
		} else {
			shut = append(shut, o)
		}
	}
	return append(open, shut...), nil
}

// describe fills in who signs and what follows. Where the signature depends on what will be chosen, the most demanding
// case is shown.
func (e *Engine) describe(ctx context.Context, r db.Reader, ro *roster, facts func(Values) rulebook.Facts, who access.Actor, m *Matter, o *Offer, today calendar.Date) error {
	o.Alone = true
	o.Papers = e.Rules.DocumentsOf(m.Kind + "." + o.Move.Name)
	if o.Move.Chain != "" {
		variants, err := e.variants(ctx, r, who, m, o.Move, today)
		if err != nil {
			return err
		}
		for _, in := range variants {
			c, k, steps, err := e.chainFor(ctx, r, m, ro, o.Move, facts(in), who, today)
			if err != nil {
				return err
			}
			if len(steps) > len(o.Steps) {
				o.Chain, o.Case, o.Steps = c, k, steps
			}
		}
		for _, s := range o.Steps {
			if s.Unit != m.Handler {
				o.Alone = false
			}
		}
	}
	o.Alone = o.Alone && (o.Power.May == "" || o.Power.May == "alone")
	to := o.Move.leads()
	if o.Move.To == "" && o.Move.Fork == nil {
		to = append([]string{m.State}, o.Move.Also...) // it stays where it is, or goes there
	}
	for _, s := range e.tables[m.Kind].States {
		if !slices.Contains(to, s.Name) {
			continue
		}
		for _, u := range s.Rules {
			if t, ok := e.Rules.Timer(u.Rule, today); ok && u.holds(m) && !u.Keep {
				cur, _ := e.tables[m.Kind].State(m.State)
				if ran, _ := uses(cur.Rules, u.Rule, m); !ran && !hasTimer(o.Starts, t.ID) {
					o.Starts = append(o.Starts, t)
				}
			}
		}
	}
	return nil
}

func hasTimer(ts []rulebook.Timer, id string) bool {
	for _, t := range ts {
		if t.ID == id {
			return true
		}
	}
	return false
}

// variants are the inputs whose approvals may differ: one for each way to answer each choice of the move that the
// rulebook may ask about, in the order the choices stand in.
func (e *Engine) variants(ctx context.Context, r db.Reader, who access.Actor, m *Matter, mv *Move, today calendar.Date) ([]Values, error) {
	out := []Values{{}}
	for _, f := range mv.Fields {
		if f.Kind != Choice || f.Of != "" && !strings.HasSuffix(f.Of, "_sanctions") {
			continue
		}
		opts, err := e.Options(ctx, r, who, m, f, today)
		if err != nil {
			return nil, err
		}
		for _, o := range opts {
			in := Values{f.Name: {o.Code}}
			if f.When != nil && len(f.When.In) > 0 && f.When.Field[0] != '@' {
				in[f.When.Field] = f.When.In[:1]
			}
			out = append(out, in)
		}
	}
	return out, nil
}

// ChainNow is the approval that a move would take with what has been chosen so far.
func (e *Engine) ChainNow(ctx context.Context, r db.Reader, who access.Actor, m Matter, mv *Move, in Values, today calendar.Date) (rulebook.Chain, rulebook.Case, []Step, error) {
	ro, err := e.roster(ctx, r, &m, today)
	if err != nil {
		return rulebook.Chain{}, rulebook.Case{}, nil, err
	}
	facts, err := e.factsAt(ctx, r, &m, ro.Handler.Level)
	if err != nil {
		return rulebook.Chain{}, rulebook.Case{}, nil, err
	}
	return e.chainFor(ctx, r, &m, ro, mv, facts(in), who, today)
}

// addSources adds where persons and units for fields come from, as far as every kind shares them.
func (e *Engine) addSources() {
	e.sources["handlers"] = func(ctx context.Context, r db.Reader, who access.Actor, m *Matter, today calendar.Date) ([]Option, error) {
		return e.handlerPeople(ctx, r, m, today)
	}
}

// handlerPeople are those who may be put on a matter's team: the people of the handling unit, then those of the organ's
// offices, who may be lent; nobody barred from the family.
func (e *Engine) handlerPeople(ctx context.Context, r db.Reader, m *Matter, today calendar.Date) ([]Option, error) {
	ro, err := e.roster(ctx, r, m, today)
	if err != nil {
		return nil, err
	}
	var out []Option
	seen := map[string]bool{}
	for _, u := range append([]access.Unit{ro.Handler}, ro.Offices()...) {
		for _, h := range ro.Hands(access.Handler, u.ID.Key) {
			if h.For == "" && !seen[h.Person] {
				seen[h.Person] = true
				out = append(out, Option{Code: h.Person, Name: h.Name, Note: u.Name})
			}
		}
	}
	return out, nil
}

// Targets lists the units a matter may be given to: the organ's offices and, in a county, its townships; those with
// nobody to work, and those where a subject of the matter sits, are left out and named in the notes.
func (e *Engine) Targets(ctx context.Context, r db.Reader, organ access.Unit, today calendar.Date) ([]Target, error) {
	text, args := db.Build(`SELECT u.id, u.name, u.kind, u.level, (SELECT COUNT(1) FROM holdings h WHERE h.city_id = u.city_id AND h.unit_id = u.id
			AND h.kind IN ('office_head', 'investigator', 'secretary', 'deputy', 'officer') AND h.from_on <= ? AND NOT (h.to_on <> '' AND h.to_on <= ?)),
			(SELECT COUNT(1) FROM holdings h WHERE h.city_id = u.city_id AND h.unit_id = u.id
			AND h.kind IN ('office_head', 'secretary') AND h.from_on <= ? AND NOT (h.to_on <> '' AND h.to_on <= ?))
		FROM units u WHERE u.city_id = $1 AND u.organ_id = ? AND u.kind IN ('office', 'township') AND u.closed_on = '' ORDER BY u.kind, u.code, u.name`,
		today, today, today, today, organ.ID.Key).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (t Target, err error) {
		err = rows.Scan(&t.Unit, &t.Name, &t.Kind, &t.Level, &t.People, &t.Heads)
		t.Name = access.Unit{Kind: t.Kind, Name: t.Name}.Commission()
		return t, err
	}, text, args...)
}

// Target is a unit that work can be given to.
type Target struct {
	Unit   string
	Name   string
	Kind   string
	Level  int
	People int // how many there could handle
	Heads  int // whether the post of its head is filled
}
