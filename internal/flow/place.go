package flow

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/flow/bar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// The rules the engine itself opens clocks under.
const (
	RuleRisen    = "risen.act"
	RuleSuperior = "superior.review"
	RuleNamesake = "namesake.answer"
)

// place sets the register of a new matter and bars those of its subjects who are the system's own people.
func (e *Engine) place(ctx context.Context, tx *ledger.Tx, m *Matter, subjects []Subject) error {
	organ, err := access.GetUnit(ctx, tx.For(m.Organ.City), m.Organ.Key)
	if err != nil {
		return err
	}
	for _, s := range subjects {
		if s.Person == "" {
			if err := bar.Doubt(ctx, tx, m.Root, m.ID.Key, bar.Subject{Name: s.Name, Unit: s.Unit, Official: s.Official}); err != nil {
				return err
			}
			for _, p := range s.Said.Holders { // one of these, whoever it is
				if organ, err = e.raise(ctx, tx, organ, p); err != nil {
					return err
				}
				if err := bar.DoubtPost(ctx, tx, m.Root, m.ID.Key, p); err != nil {
					return err
				}
			}
			continue
		}
		if organ, err = e.raise(ctx, tx, organ, s.Person); err != nil {
			return err
		}
		if err := bar.Set(ctx, tx, s.Person, m.Root, bar.Named); err != nil {
			return err
		}
	}
	m.Register(organ)
	return nil
}

// Register puts a matter into an organ's register. Whoever owed something on it owes it still: its clocks follow with Rehand.
func (m *Matter) Register(organ access.Unit) {
	m.Organ, m.Level, m.County = organ.ID, organ.Level, ""
	if organ.Level == access.County {
		m.County = organ.ID.Key
	}
}

// raise is the organ whose register a matter about the person must stand in: at least one level above theirs (D22).
func (e *Engine) raise(ctx context.Context, tx *ledger.Tx, organ access.Unit, person id.Key) (access.Unit, error) {
	levels, err := db.Column[int](ctx, tx, `SELECT u.level FROM holdings h JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id
		WHERE h.city_id = $1 AND h.person_id = $2 AND (h.to_on = '' OR h.to_on > $3)`, person, tx.Today())
	if err != nil {
		return organ, err
	}
	for _, l := range levels {
		for organ.Level >= l && organ.Level > access.Province {
			above, err := access.Above(ctx, tx.For(organ.ID.City), organ)
			if err != nil {
				return organ, err
			}
			if above.ID.Zero() {
				break
			}
			organ = above
		}
	}
	return organ, nil
}

// Known writes who the person named is, so that what comes of the matter later knows it too, and hands on what only they
// could have done.
func (e *Engine) Known(ctx context.Context, tx *ledger.Tx, m *Matter, person id.Key, name string) error {
	ss, err := Subjects(ctx, tx, m.ID.Key)
	if err != nil {
		return err
	}
	for _, s := range ss {
		if s.Person == "" && text.Name(s.Name) == text.Name(name) {
			s.Person = person
			if err := tx.Update(ctx, subjectTable, s.row(m.ID.Key)...); err != nil {
				return err
			}
		}
	}
	return e.stepAside(ctx, tx, m, person, bar.Named)
}

// tellSuperior opens the superior organ's reading of a refusal or shelving. Nobody below can leave it out (D24).
func (e *Engine) tellSuperior(ctx context.Context, op *Op) error {
	unit, role, err := e.owed(ctx, op.Tx, op.M, BySuperior)
	if err != nil {
		return err
	}
	running, err := deadline.Running(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	for _, c := range running {
		if c.Rule == RuleSuperior {
			return nil
		}
	}
	_, err = e.Clocks.Open(ctx, op.Tx, deadline.Opening{Matter: op.M.ID.Key, Root: op.M.Root, Rule: RuleSuperior, Start: op.Day, OwedBy: unit, OwedRole: role,
		About: op.Move.Name, Organ: op.M.Organ, County: op.M.Among()})
	return err
}

// Effects is what a pass over the clocks does to matters.
func (e *Engine) Effects() deadline.Effects {
	return deadline.Effects{
		Lock: func(ctx context.Context, tx *ledger.Tx, key id.Key) error {
			_, err := Lock(ctx, tx, key)
			return err
		},
		Rise: e.rise,
		After: func(ctx context.Context, tx *ledger.Tx, key id.Key) error {
			m, err := peek(ctx, tx, key)
			if err != nil {
				return err
			}
			m.hold()
			return save(ctx, tx, &m)
		},
	}
}

func peek(ctx context.Context, tx *ledger.Tx, key id.Key) (Matter, error) {
	m := Matter{ID: id.ID{City: tx.City()}}
	err := tx.Row(ctx, `SELECT `+Columns+` FROM matters m WHERE m.city_id = $1 AND m.id = $2`, key).Scan(m.Dest()...)
	m.was = m.row()
	return m, err
}

// rise opens a matter one level above whoever let a legal clock run out: with a leader of the county when it lies in a
// township, with the organ one level up when it lies in the organ itself or in one of its offices. A matter that waits
// for a signature lies where that is owed. The lower duty stays open and late.
func (e *Engine) rise(ctx context.Context, tx *ledger.Tx, c deadline.Clock) error {
	m, err := peek(ctx, tx, c.Matter)
	if err != nil {
		return err
	}
	sits := c.OwedBy
	seats, err := db.All(ctx, tx, func(rows *db.Rows) (u id.ID, err error) { return u, rows.Scan(&u.City, &u.Key) }, `SELECT s.unit_city, s.unit_id FROM proposals p JOIN proposal_steps s ON s.city_id = p.city_id AND s.proposal_id = p.id AND s.n = p.step
		WHERE p.city_id = $1 AND p.matter_id = $2 AND p.state = 'open' AND p.move NOT IN ($3, $4)`, m.ID.Key, MoveExtend, MovePause)
	if err != nil {
		return err
	}
	if len(seats) > 0 {
		sits = seats[0]
	}
	at, err := access.GetUnit(ctx, tx.For(sits.City), sits.Key)
	if err != nil {
		return err
	}
	unit, role, err := e.owed(ctx, tx, &m, BySuperior)
	if err != nil {
		return err
	}
	if at.Level > m.Level {
		ro, err := e.roster(ctx, tx, &m, tx.Today())
		if err != nil {
			return err
		}
		seat, err := ro.Route(ctx, access.Deputy)
		if err != nil {
			return err
		}
		unit, role = seat.Unit.ID, seat.Role
	}
	m.Set(FlagRisen)
	if _, err := e.Clocks.Open(ctx, tx, deadline.Opening{Matter: m.ID.Key, Root: m.Root, Rule: RuleRisen, Start: tx.Today(), OwedBy: unit, OwedRole: role,
		About: c.ID.Key, Organ: m.Organ, County: m.Among()}); err != nil {
		return err
	}
	if err := save(ctx, tx, &m); err != nil {
		return err
	}
	return e.changed(ctx, tx, &m)
}

// actsFor is the name of the person an actor makes a move for: that of whoever delegated the authority, when no post of
// the actor's own would do. Every act says so.
func actsFor(who access.Actor, m *Matter, by []By) string {
	name := ""
	for _, b := range by {
		roles, at := []access.Role{b.Role()}, m.Organ
		switch b {
		case ByTeam, BySuperior, BySystem:
			return "" // a member of the team, or somebody of the organ above, is there in person
		case ByHandler:
			roles, at = append(roles, access.Head), m.Handler
		case ByHead:
			at = m.Handler
		}
		for _, r := range roles {
			hat, ok := who.HatFor(r, at)
			if ok && hat.For == "" {
				return ""
			}
			if ok && name == "" {
				name = hat.ForName
			}
		}
	}
	return name
}
