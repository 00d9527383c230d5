package callup

import (
	"context"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Kind is the kind of matter that a call-up is.
const Kind = "callup"

// The states of a call-up.
const (
	Wanted    = "wanted"    // somebody is asked for, the county has not chosen yet
	Asked     = "asked"     // the releasing unit is asked
	Refused   = "refused"   // and said no
	Serving   = "serving"   // the person is with the using unit
	Returned  = "returned"  // and back
	Cancelled = "cancelled" // nobody is needed any more
)

// The clocks of a call-up.
const (
	RulePick    = "callup.pick"
	RuleConsent = "callup.consent"
	RuleReturn  = "callup.return"
)

// flagHeadless: nobody at the releasing unit or its county office can answer for it.
const flagHeadless = "headless"

// stage is that of the people of a call-up: who asked, and who was called up.
const stage = "callup"

// People is the source of whom a call-up may choose.
const People = "callup_people"

var custom = []rulebook.Basis{{Reg: "PRACTICE"}}

// fromLastDay: the return is owed from the last day on.
var fromLastDay = map[string]string{RuleReturn: "until"}

// Table is the life of a call-up.
func (s *Service) Table() *flow.Table {
	pick := []flow.Use{{Rule: RulePick, By: flow.BySupervision}}
	reason := flow.Field{Name: "reason", Kind: flow.Para, Must: true, Max: 500}
	until := flow.Field{Name: "until", Kind: flow.Day, Must: true, Future: true}
	return &flow.Table{Kind: Kind, Mark: "调", NoRecusal: true,
		States: []flow.State{
			{Name: Wanted, Stage: "wanted", Rules: pick, Basis: custom},
			{Name: Asked, Stage: "asked", Rules: []flow.Use{{Rule: RuleConsent, By: flow.ByHead, Unless: flagHeadless}, {Rule: RuleConsent, By: flow.ByDeputy, If: flagHeadless}}, Basis: custom},
			{Name: Refused, Stage: "asked", Rules: pick, Basis: custom},
			{Name: Serving, Stage: "serving", Rules: []flow.Use{{Rule: RuleReturn, By: flow.BySupervision}}, Basis: custom},
			{Name: Returned, Stage: "ended", End: true, Basis: custom},
			{Name: Cancelled, Stage: "ended", End: true, Basis: custom},
		},
		Moves: []flow.Move{
			{Name: "pick", From: []string{Wanted, Refused}, To: Asked, By: []flow.By{flow.BySupervision, flow.ByDeputy}, Fields: []flow.Field{{Name: "lead", Kind: flow.Person, Must: true, Of: People}}, Fresh: []string{RuleConsent}, Basis: custom},
			{Name: "consent", From: []string{Asked}, To: Serving, Starts: fromLastDay, By: []flow.By{flow.ByHead}, Fields: []flow.Field{until, {Name: "note", Kind: flow.Line}}, Basis: custom, Key: true},
			{Name: "answer", From: []string{Asked}, To: Serving, Starts: fromLastDay, By: []flow.By{flow.ByDeputy, flow.ByPrincipal}, Fields: []flow.Field{until, {Name: "note", Kind: flow.Line}}, Basis: custom, Key: true},
			{Name: "refuse", From: []string{Asked}, To: Refused, By: []flow.By{flow.ByHead}, Fields: []flow.Field{reason}, Fresh: []string{RulePick}, Basis: custom},
			{Name: "order", From: []string{Asked, Refused}, To: Serving, Starts: fromLastDay, By: []flow.By{flow.ByDeputy, flow.ByPrincipal}, Fields: []flow.Field{reason, until}, Drops: []string{RuleConsent}, Basis: custom, Key: true},
			{Name: "take_back", From: []string{Asked}, To: Wanted, By: []flow.By{flow.BySupervision, flow.ByDeputy}, Fields: []flow.Field{reason}, Drops: []string{RuleConsent}, Fresh: []string{RulePick}, Basis: custom},
			{Name: "extend", From: []string{Serving}, Starts: fromLastDay, By: []flow.By{flow.ByHead, flow.ByDeputy, flow.ByPrincipal}, Fields: []flow.Field{until, reason}, Restart: []string{RuleReturn}, Basis: custom},
			{Name: "give_back", From: []string{Serving}, To: Returned, By: []flow.By{flow.BySupervision, flow.ByHead}, Fields: []flow.Field{{Name: "on", Kind: flow.Day, Must: true, Since: "received"}, {Name: "hours", Kind: flow.Count, Max: 5000}}, Basis: custom},
			{Name: "cancel", From: []string{Wanted, Refused}, To: Cancelled, By: []flow.By{flow.BySupervision, flow.ByDeputy, flow.ByHead}, Fields: []flow.Field{reason}, Drops: []string{RulePick}, Basis: custom},
		},
		Hooks: flow.Hooks{
			Shut:  map[string]func(context.Context, db.Reader, *flow.Matter) (string, error){"consent": shutHeadless, "refuse": shutHeadless, "answer": shutAnswer, "order": shutOrder},
			Check: map[string]func(context.Context, *flow.Op) error{"consent": checkNotOver, "answer": checkNotOver, "order": checkNotOver, "extend": checkLonger, "give_back": checkBack},
			Apply: map[string]func(context.Context, *flow.Op) error{
				"pick": s.applyPick, "consent": applyServe, "answer": applyServe, "order": applyOrder, "refuse": applyFree, "extend": applyLonger, "take_back": applyFree, "give_back": applyBack,
				"cancel": func(_ context.Context, op *flow.Op) error { op.M.Outcome = Cancelled; return nil },
			},
		},
	}
}

// AddSources adds whom a call-up may choose.
func (s *Service) AddSources() {
	s.Engine.AddSource(People, func(ctx context.Context, r db.Reader, _ access.Actor, m *flow.Matter, today calendar.Date) ([]flow.Option, error) {
		c, err := Get(ctx, r, m.ID.Key)
		if err != nil {
			return nil, err
		}
		cs, err := s.Candidates(ctx, r, c, today)
		out := make([]flow.Option, len(cs))
		for i, x := range cs {
			out[i] = flow.Option{Code: x.Person, Name: x.Name, Note: x.Unit.Commission(), Why: x.why()}
		}
		return out, err
	})
}

// shutHeadless: where nobody heads the releasing unit, somebody of the county answers for it.
func shutHeadless(_ context.Context, _ db.Reader, m *flow.Matter) (string, error) {
	if m.Is(flagHeadless) {
		return "callup.headless", nil
	}
	return "", nil
}

// shutAnswer: nobody answers in place of a head that there is.
func shutAnswer(_ context.Context, _ db.Reader, m *flow.Matter) (string, error) {
	if !m.Is(flagHeadless) {
		return "callup.headed", nil
	}
	return "", nil
}

// shutOrder: the county does not pass a releasing unit over before it has answered or let its day pass.
func shutOrder(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	if m.State == Refused {
		return "", nil
	}
	c, ok, err := deadline.Last(ctx, r, m.ID.Key, RuleConsent)
	if err != nil || ok && c.Due < r.Now().Date() {
		return "", err
	}
	return "callup.not_yet", nil
}

// checkNotOver: nobody goes to a task whose last day is past, nor for longer than was asked.
func checkNotOver(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	switch until := op.In.Day("until"); {
	case err != nil:
		return err
	case c.Until < op.Day:
		return fault.New(fault.Conflict, "callup.over")
	case until < c.From || until > c.Until:
		return fault.InvalidField("until", "callup.until", string(c.From), string(c.Until))
	}
	// Whom a unit refused may have been asked for elsewhere since.
	busy, err := db.Column[id.Key](ctx, op, `SELECT c.id FROM callups c JOIN matters m ON m.city_id = c.city_id AND m.id = c.id WHERE c.city_id = $1 AND c.person_id = $2 AND c.id <> $3 AND m.state IN ('`+Asked+`', '`+Serving+`')`, c.Person, op.M.ID.Key)
	if err == nil && len(busy) > 0 {
		err = fault.New(fault.Conflict, "callup.elsewhere")
	}
	return err
}

// checkLonger: it becomes longer, and no longer than a call-up may be.
func checkLonger(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	switch until := op.In.Day("until"); {
	case err != nil:
		return err
	case op.ActsAs(c.Person):
		return fault.New(fault.Forbidden, "callup.oneself")
	case until <= c.Until:
		return fault.InvalidField("until", "day.after", string(c.Until))
	case until > c.From.AddDays(longest):
		return fault.InvalidField("until", "callup.long")
	}
	return nil
}

func applyLonger(ctx context.Context, op *flow.Op) error {
	return change(ctx, op, func(c *Callup) error { c.Until = op.In.Day("until"); return nil })
}

// checkBack: nobody is back before they have gone.
func checkBack(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err == nil && op.In.Day("on") < c.Began && c.Began <= op.Day {
		err = fault.InvalidField("on", "day.before", string(c.Began))
	}
	return err
}

// applyPick asks the releasing unit: its head, or whoever stands in for one, but never the person themselves.
func (s *Service) applyPick(ctx context.Context, op *flow.Op) error {
	return change(ctx, op, func(c *Callup) error {
		if err := org.Alone(ctx, op.Tx, c.County); err != nil { // nobody is chosen twice at once
			return err
		}
		cs, err := s.Candidates(ctx, op.Tx, *c, op.Day)
		if err != nil {
			return err
		}
		for _, x := range cs {
			if x.Person != op.In.Str("lead") {
				continue
			}
			c.Person, c.Unit = x.Person, x.Unit.ID.Key
			ro, err := access.LoadRoster(ctx, op.Tx, op.M.Organ, x.Unit.ID, op.M.Root, op.Day)
			if err != nil {
				return err
			}
			seat, err := ro.Route(ctx, access.Head, x.Person)
			if err != nil {
				return err
			}
			op.M.Handler = x.Unit.ID
			op.M.Unset(flagHeadless)
			if seat.Role == access.Head && len(ro.Hands(access.Head, seat.Unit.ID.Key, x.Person)) > 0 {
				op.M.Handler = seat.Unit.ID
			} else {
				op.M.Set(flagHeadless)
			}
			if seat.Moved != "" {
				op.Params["moved"] = seat.Moved
			}
			if x.Unit.Kind == "township" && op.M.Handler == x.Unit.ID && !op.M.Is(flagHeadless) { // of one without a head somebody of the county answers
				if err := s.askConsent(ctx, op, x.Unit.ID.Key); err != nil {
					return err
				}
			}
			op.M.Title = c.title + "（" + x.Name + "）"
			return flow.SetTeam(ctx, op.Tx, op.M, stage, x.Person, []id.Key{c.Asker, x.Person})
		}
		return fault.InvalidField("lead", "choice.unknown")
	})
}

// askConsent puts the question on the account of the township that is to answer it: once for every time that it is asked.
func (s *Service) askConsent(ctx context.Context, op *flow.Op, unit id.Key) error {
	town, err := access.GetUnit(ctx, op, unit)
	if err != nil {
		return err
	}
	return s.Burden.ByOrgan(ctx, op.Tx, op.M.Organ.Key, askConsent, op.M.ID.Key+"/"+strconv.FormatInt(op.M.Version, 10), town, "")
}

// applyServe lets the person go, until the day that was said.
func applyServe(ctx context.Context, op *flow.Op) error {
	return change(ctx, op, func(c *Callup) error {
		c.Began = max(op.Day, c.From)
		op.M.Handler = id.ID{City: op.M.ID.City, Key: c.Unit}
		c.Until = op.In.Day("until")
		return nil
	})
}

func applyOrder(ctx context.Context, op *flow.Op) error {
	if err := change(ctx, op, func(c *Callup) error { c.Ordered = true; return nil }); err != nil {
		return err
	}
	return applyServe(ctx, op)
}

// applyFree gives the request back to whoever asked. Whom the releasing unit refused may still be ordered.
func applyFree(ctx context.Context, op *flow.Op) error {
	return change(ctx, op, func(c *Callup) error {
		if op.Move.Name == "take_back" {
			c.Person, c.Unit, op.M.Title = "", "", c.title
		}
		op.M.Handler = id.ID{City: op.M.ID.City, Key: c.To}
		op.M.Unset(flagHeadless)
		return nil
	})
}

func applyBack(ctx context.Context, op *flow.Op) error {
	op.M.Outcome = Returned
	return change(ctx, op, func(c *Callup) error {
		c.Back, c.Spent = op.In.Day("on"), op.In.Int("hours")
		return flow.SetTeam(ctx, op.Tx, op.M, stage, "", []id.Key{c.Asker})
	})
}

// change reads a call-up's own part, changes it and saves it.
func change(ctx context.Context, op *flow.Op, do func(*Callup) error) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	if err := do(&c); err != nil {
		return err
	}
	return op.Update(ctx, callupTable, c.row()...)
}
