package staffing

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// The kinds of matter of this room.
const (
	KindVacancy  = "vacancy"
	KindRotation = "rotation"
)

// The states of a vacancy.
const (
	Vacant = "vacant"
	Asked  = "asked"  // somebody is put forward, and the county commission's consent is waited for
	Agreed = "agreed" // it has agreed; a second person has yet to confirm
	Filled = "filled"
	Lapsed = "lapsed" // the post is no more
)

// The states of a rotation.
const (
	Near     = "near"     // the years come to an end
	Planned  = "planned"  // where to is planned, and consent is waited for
	Approved = "approved" // it was agreed
	Moved    = "moved"
	Kept     = "kept" // the county commission keeps the person on
)

// The rules of this room's clocks.
const (
	RuleFill    = "post.fill"
	RuleConsent = "post.consent"
	RuleRotate  = "post.rotate"
)

var (
	practice = []rulebook.Basis{{Reg: "PRACTICE"}}
	local    = []rulebook.Basis{{Reg: "LOCAL"}}
	leaders  = []flow.By{flow.ByPrincipal, flow.ByDeputy}
)

// owed is a clock of whoever sees to personnel; keep says that it has begun already.
func owed(rule string, keep bool) []flow.Use {
	return []flow.Use{{Rule: rule, By: flow.ByPersonnel, Keep: keep}}
}

func consented(rule string) []flow.Use {
	return append(owed(rule, true), flow.Use{Rule: RuleConsent, By: flow.ByPrincipal, For: "consent"})
}

// VacancyTable is the life of a vacancy. Who is put forward, and who confirms it, is done where posts are filled.
func (s *Service) VacancyTable() *flow.Table {
	return &flow.Table{Kind: KindVacancy, Mark: "缺", NoRecusal: true,
		States: []flow.State{
			{Name: Vacant, Stage: "vacant", Rules: owed(RuleFill, false), Basis: local},
			{Name: Asked, Stage: "asked", Rules: consented(RuleFill), Basis: practice},
			{Name: Agreed, Stage: "agreed", Rules: owed(RuleFill, true), NoClock: "waits_confirm", Basis: practice},
			{Name: Filled, Stage: "filled", End: true, Basis: local},
			{Name: Lapsed, Stage: "filled", End: true, Basis: local},
		},
		Moves: []flow.Move{
			{Name: "consent", From: []string{Asked}, To: Agreed, By: leaders, Fields: []flow.Field{{Name: "paper", Kind: flow.Line, Must: true, Max: 60}}, Basis: practice, Key: true},
			{Name: "decline", From: []string{Asked}, To: Vacant, By: leaders, Fields: []flow.Field{{Name: "reason", Kind: flow.Line, Must: true}}, Drops: []string{RuleConsent}, Basis: practice, Key: true},
			{Name: "put_forward", From: []string{Vacant}, To: Asked, By: []flow.By{flow.BySystem}, Quiet: true, Fresh: []string{RuleConsent}, Basis: local},
			{Name: "withdraw", From: []string{Asked, Agreed}, To: Vacant, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RuleConsent}, Basis: local},
			{Name: "stand_in", From: []string{Agreed}, To: Vacant, By: []flow.By{flow.BySystem}, Quiet: true, Basis: local},
			{Name: "fill", From: []string{Vacant, Asked, Agreed}, To: Filled, By: []flow.By{flow.BySystem}, Quiet: true, Basis: local},
			{Name: "lapse", From: []string{Vacant, Asked, Agreed}, To: Lapsed, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RuleFill, RuleConsent}, Basis: local},
		},
		Hooks: flow.Hooks{
			Apply: map[string]func(context.Context, *flow.Op) error{
				"consent": func(ctx context.Context, op *flow.Op) error { return s.answer(ctx, op, true) },
				"decline": func(ctx context.Context, op *flow.Op) error { return s.answer(ctx, op, false) },
				"fill":    func(_ context.Context, op *flow.Op) error { op.M.Outcome = Filled; return nil },
				"lapse":   func(_ context.Context, op *flow.Op) error { op.M.Outcome = Lapsed; return nil },
			},
			Check: map[string]func(context.Context, *flow.Op) error{"consent": s.notAlone, "decline": s.notOneself},
		},
	}
}

// RotationTable is the life of a rotation.
func (s *Service) RotationTable() *flow.Table {
	return &flow.Table{Kind: KindRotation, Mark: "交", NoRecusal: true,
		States: []flow.State{
			{Name: Near, Stage: "near", Rules: owed(RuleRotate, false), Basis: practice},
			{Name: Planned, Stage: "planned", Rules: consented(RuleRotate), Basis: practice},
			{Name: Approved, Stage: "approved", Rules: owed(RuleRotate, true), NoClock: "waits_move", Basis: practice},
			{Name: Moved, Stage: "moved", End: true, Basis: practice},
			{Name: Kept, Stage: "moved", End: true, Basis: practice},
		},
		Moves: []flow.Move{
			{Name: "plan", From: []string{Near}, To: Planned, By: []flow.By{flow.ByPersonnel, flow.ByPrincipal},
				Fields: []flow.Field{{Name: "to", Kind: flow.Line, Must: true, Max: 60}, {Name: "on", Kind: flow.Day, Must: true, Future: true}}, Fresh: []string{RuleConsent}, Basis: practice},
			{Name: "consent", From: []string{Planned}, To: Approved, By: leaders, Fields: []flow.Field{{Name: "paper", Kind: flow.Line, Must: true, Max: 60}}, Basis: practice, Key: true},
			{Name: "decline", From: []string{Planned}, To: Near, By: leaders, Fields: []flow.Field{{Name: "reason", Kind: flow.Line, Must: true}}, Drops: []string{RuleConsent}, Basis: practice, Key: true},
			{Name: "keep", From: []string{Near, Planned}, To: Kept, By: leaders,
				Fields: []flow.Field{{Name: "until", Kind: flow.Day, Must: true, Future: true}, {Name: "reason", Kind: flow.Line, Must: true}}, Drops: []string{RuleRotate, RuleConsent}, Basis: practice, Key: true},
			{Name: "moved", From: []string{Near, Planned, Approved}, To: Moved, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RuleConsent}, Basis: practice},
		},
		Hooks: flow.Hooks{
			Apply: map[string]func(context.Context, *flow.Op) error{
				"consent": func(ctx context.Context, op *flow.Op) error { return s.answerMove(ctx, op, true) },
				"decline": func(ctx context.Context, op *flow.Op) error { return s.answerMove(ctx, op, false) },
				"keep":    s.keep,
				"moved":   func(_ context.Context, op *flow.Op) error { op.M.Outcome = Moved; return nil },
			},
			Check: map[string]func(context.Context, *flow.Op) error{"keep": s.notOneself, "decline": s.notOneself, "consent": s.notAlone},
		},
	}
}

// notOneself keeps a leader from answering for themselves, should they be the person it is about.
func (s *Service) notOneself(ctx context.Context, op *flow.Op) error {
	person, err := about(ctx, op.Tx, op.M)
	if err == nil && person != "" && person == op.Actor.Person {
		err = fault.New(fault.Forbidden, "appoint.self")
	}
	return err
}

// notAlone keeps whoever put somebody forward, or planned a move, from agreeing to it for the county commission, and whoever it
// is about.
func (s *Service) notAlone(ctx context.Context, op *flow.Op) error {
	if err := s.notOneself(ctx, op); err != nil {
		return err
	}
	if op.M.Kind == KindRotation {
		return flow.OtherHands("plan")(ctx, op)
	}
	by, err := db.Column[id.Key](ctx, op, `SELECT a.asked_by FROM vacancies v JOIN appointments a ON a.city_id = v.city_id AND a.id = v.appointment_id WHERE v.city_id = $1 AND v.id = $2`, op.M.ID.Key)
	if err == nil && len(by) > 0 && op.ActsAs(by[0]) {
		err = fault.New(fault.Forbidden, "appoint.two_hands")
	}
	return err
}

// about is whom a matter of this room is about at present.
func about(ctx context.Context, r db.Reader, m *flow.Matter) (id.Key, error) {
	text := `SELECT a.person_id FROM vacancies v JOIN appointments a ON a.city_id = v.city_id AND a.id = v.appointment_id WHERE v.city_id = $1 AND v.id = $2`
	if m.Kind == KindRotation {
		text = `SELECT h.person_id FROM rotations v JOIN holdings h ON h.city_id = v.city_id AND h.id = v.holding_id WHERE v.city_id = $1 AND v.id = $2`
	}
	ps, err := db.Column[id.Key](ctx, r, text, m.ID.Key)
	if err != nil || len(ps) == 0 {
		return "", err
	}
	return ps[0], nil
}

// answer is what the county commission says to whom is put forward; where it says no, nobody is put forward any more.
func (s *Service) answer(ctx context.Context, op *flow.Op, given bool) error {
	v, err := vacancyOf(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	if err := consent(ctx, op.Tx, appoints, v.Appointment, given, op.In.Str("paper"), op.In.Str("reason")); err != nil || given {
		return err
	}
	if err := org.RefuseFor(ctx, op.Tx, v.Appointment, op.In.Str("reason")); err != nil {
		return err
	}
	v.Appointment = ""
	return v.save(ctx, op.Tx)
}

func (s *Service) answerMove(ctx context.Context, op *flow.Op, given bool) error {
	r, err := rotationOf(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	return consent(ctx, op.Tx, moves, r.Holding, given, op.In.Str("paper"), op.In.Str("reason"))
}

func (s *Service) keep(ctx context.Context, op *flow.Op) error {
	r, err := rotationOf(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	op.M.Outcome = Kept
	r.Until, r.Closed = op.In.Day("until"), op.Day
	return r.save(ctx, op.Tx)
}

// titleOf is what a vacancy or rotation is called: the township's commission and the post, with whoever it is about.
func (s *Service) titleOf(unit access.Unit, kind, name, suffix string) string {
	return unit.Commission() + s.Rules.Name("establishment", kind, "zh-CN") + name + suffix
}

// What a consent is to.
const (
	appoints = "appoint"
	moves    = "move"
)

var consentTable = &ledger.Table{Name: "consents", Key: []string{"id"}, Cols: []string{"what", "about_id", "given", "paper", "note", "by_id", "by_name", "on_day"}}

func consent(ctx context.Context, tx *ledger.Tx, what string, about id.Key, given bool, paper, note string) error {
	return tx.Insert(ctx, consentTable, tx.NewKey(), what, about, given, paper, note, tx.Actor.Person, tx.Actor.Name, tx.Today())
}
