package burden

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Kind is the kind of matter that an unlisted ask is.
const Kind = "unlisted"

// The states of an unlisted ask.
const (
	Raised  = "raised"
	Entered = "entered" // it is on the account now
	Stopped = "stopped" // whoever asked was told to stop
	None    = "none"    // nobody asks it
)

// RuleAnswer is the clock of an unlisted ask that the county has not answered.
const RuleAnswer = "burden.answer"

var local = []rulebook.Basis{{Reg: "LOCAL"}}

// Table is the life of an unlisted ask.
func (s *Service) Table() *flow.Table {
	return &flow.Table{Kind: Kind, Mark: "负", NoRecusal: true,
		States: []flow.State{
			{Name: Raised, Stage: "raised", Rules: []flow.Use{{Rule: RuleAnswer, By: flow.ByDeputy}}, Basis: local},
			{Name: Entered, Stage: "answered", End: true, Basis: local},
			{Name: Stopped, Stage: "answered", End: true, Basis: local},
			{Name: None, Stage: "answered", End: true, Basis: local},
		},
		Moves: []flow.Move{
			{Name: "enter", From: []string{Raised}, To: Entered, By: []flow.By{flow.ByDeputy, flow.BySupervision}, Basis: local,
				Fields: []flow.Field{{Name: "basis", Kind: flow.Line, Must: true, Max: lineLimit}, {Name: "minutes", Kind: flow.Count, Must: true}}},
			{Name: "stop", From: []string{Raised}, To: Stopped, By: []flow.By{flow.ByDeputy, flow.BySupervision}, Basis: local,
				Fields: []flow.Field{{Name: "told", Kind: flow.Para, Must: true, Max: paraLimit}}, Key: true},
			{Name: "deny", From: []string{Raised}, To: None, By: []flow.By{flow.ByDeputy, flow.BySupervision}, Basis: local,
				Fields: []flow.Field{{Name: "reason", Kind: flow.Para, Must: true, Max: paraLimit}}, Refusal: []string{"*"}},
			{Name: "reconsider", From: []string{None}, To: Raised, By: []flow.By{flow.BySuperior}, Basis: local,
				Fields: []flow.Field{{Name: "reason", Kind: flow.Para, Must: true, Max: paraLimit}}, Ends: []string{flow.RuleSuperior}, Fresh: []string{RuleAnswer}, Key: true},
		},
		Hooks: flow.Hooks{
			Check: map[string]func(context.Context, *flow.Op) error{"enter": func(_ context.Context, op *flow.Op) error {
				if x := op.In.Int("minutes"); x < 1 || x > mostMin {
					return fault.InvalidField("minutes", "burden.minutes", n(mostMin))
				}
				return nil
			}},
			Apply: map[string]func(context.Context, *flow.Op) error{
				"enter":      s.enterUnlisted,
				"stop":       func(_ context.Context, op *flow.Op) error { op.M.Outcome = Stopped; return nil },
				"deny":       func(_ context.Context, op *flow.Op) error { op.M.Outcome = None; return nil },
				"reconsider": func(_ context.Context, op *flow.Op) error { op.M.Outcome = ""; return nil },
			},
		},
	}
}

// Unlisted is what a township was asked and is not on its account.
type Unlisted struct {
	Asker   string // who asked, as the township says it
	What    string
	Minutes int64
	On      calendar.Date
	Ask     id.Key // what it stands on the account as; "" until it does
}

func getUnlisted(ctx context.Context, r db.Reader, key id.Key) (Unlisted, error) {
	us, err := db.All(ctx, r, func(rows *db.Rows) (u Unlisted, err error) {
		return u, rows.Scan(&u.Asker, &u.What, &u.Minutes, &u.On, &u.Ask)
	}, `SELECT x.asker, x.what, x.minutes, x.asked_on, x.ask_id FROM unlisted x WHERE x.city_id = $1 AND x.id = $2`, key)
	if err == nil && len(us) == 0 {
		err = fault.Hidden()
	}
	if err != nil {
		return Unlisted{}, err
	}
	return us[0], nil
}

// Unlisted reads what a matter of the kind says. The caller has seen the matter.
func (s *Service) Unlisted(ctx context.Context, r db.Reader, m flow.Matter) (Unlisted, error) {
	return getUnlisted(ctx, r, m.ID.Key)
}

// enterUnlisted puts an unlisted ask on the account of its township, on the day on which it is entered and whatever the cap:
// it has been asked already.
func (s *Service) enterUnlisted(ctx context.Context, op *flow.Op) error {
	u, err := getUnlisted(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	town, err := access.GetUnit(ctx, op.Tx, op.M.Township)
	if err != nil {
		return err
	}
	if town.Closed != "" { // merged since: on the account of whoever took its place
		if town, err = access.GetUnit(ctx, op.Tx, op.M.Handler.Key); err != nil {
			return err
		}
	}
	a := Ask{ID: op.Tx.NewID(), County: op.M.Organ.Key, ByName: u.Asker, What: u.What, Basis: op.In.Str("basis"), Minutes: int64(op.In.Int("minutes")), Asked: op.Day, Due: op.Day, State: Standing, madeBy: op.Tx.Actor.Person}
	if err := insert(ctx, op.Tx, a, []access.Unit{town}); err != nil {
		return err
	}
	op.M.Outcome = Entered
	return op.Tx.Update(ctx, unlistedTable, op.M.ID.Key, u.Asker, u.What, u.Minutes, u.On, a.ID.Key)
}

// Report says of an ask that it is not on the township's account, by somebody who works there.
func (s *Service) Report(ctx context.Context, who access.Actor, in Unlisted) (id.ID, error) {
	var out id.ID
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		town := who.Unit()
		if town.Kind != "township" || !who.Scope(access.BurdenRead).Handles(town.ID) {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		var form typed.Form
		form.Line("asker", &in.Asker, true, lineLimit)
		form.Line("what", &in.What, true, lineLimit)
		if in.Minutes < 1 || in.Minutes > mostMin {
			form.Say("minutes", "burden.minutes", n(mostMin))
		}
		form.Past("on", in.On, tx.Today(), true)
		if err := form.Err(); err != nil {
			return ledger.Act{}, err
		}
		m := flow.Matter{Kind: Kind, Organ: town.OrganID(), Township: town.ID.Key, Handler: town.ID, Received: tx.Today(), Title: in.What}
		m.Set(flow.FlagApart) // it is none of the matters that numbers speak of
		if err := s.Engine.Create(ctx, tx, &m, nil, nil); err != nil {
			return ledger.Act{}, err
		}
		out = m.ID
		if err := text.Put(ctx, tx.Tx, m.ID.Key, flow.SearchTerms(&m), m.No, in.What, in.Asker); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "unlisted.report", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"asker": in.Asker, "what": in.What, "minutes": in.Minutes}, Answer: out.String()},
			tx.Insert(ctx, unlistedTable, m.ID.Key, in.Asker, in.What, in.Minutes, in.On, "")
	})
	if err == nil && rc.Replayed {
		out, err = id.Parse(rc.Answer)
	}
	return out, err
}
