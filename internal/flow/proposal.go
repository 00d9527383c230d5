package flow

import (
	"context"
	"fmt"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// Proposal is a move that waits for its approvals.
type Proposal struct {
	ID           id.ID
	Matter       id.Key
	Root         id.Key
	Move         string
	In           Values
	FromState    string
	Author       id.Key
	AuthorUnit   string
	Chain        string
	ChainVersion string
	State        string // open, approved, returned, withdrawn
	Step         int
	Made         calendar.Instant
	Ended        calendar.Instant
	Clock        id.Key
	Version      int64
	Steps        []Step

	was []any // the row as it was read to be changed
}

// Step is one signature of a proposal, and its seat.
type Step struct {
	N        int
	Role     string      // as the rulebook names it
	Seat     access.Role // who signs it: the same, or the next one up where nobody may
	Unit     id.ID       // where the signature is owed
	Moved    string      // why it is owed there: "" when that is where the rule puts it
	Decision string      // approved, returned, passed (a higher leader signed directly)
	Person   id.Key
	Holding  id.Key
	For      id.Key // who delegated it
	Note     string
	On       calendar.Date // the day of a decision taken outside
	At       calendar.Instant
}

func (s Step) said() map[string]any {
	m := map[string]any{"role": string(s.Seat), "unit": s.Unit.String()}
	if s.Moved != "" {
		m["moved"] = s.Moved
	}
	return m
}

// The moves that any matter knows besides those of its table.
const (
	MoveExtend = "extend" // a clock's extension
	MovePause  = "pause"
)

// propose stores a move as a proposal and opens the clock of its first signature.
func (e *Engine) propose(ctx context.Context, op *Op, who access.Actor) (Proposal, error) {
	ro, err := e.roster(ctx, op.Tx, op.M, op.Day)
	if err != nil {
		return Proposal{}, err
	}
	facts, err := e.factsAt(ctx, op.Tx, op.M, ro.Handler.Level)
	if err != nil {
		return Proposal{}, err
	}
	c, _, steps, err := e.chainFor(ctx, op.Tx, op.M, ro, op.Move, facts(op.In), who, op.Day)
	if err != nil {
		return Proposal{}, err
	}
	p := Proposal{ID: op.NewID(), Matter: op.M.ID.Key, Root: op.M.Root, Move: op.Move.Name, In: op.In, FromState: op.M.State, Author: who.Person,
		AuthorUnit: who.Unit().ID.Key, Chain: c.ID, ChainVersion: c.Version, State: "open", Made: op.Now(), Version: 1, Steps: steps}
	if op.Move.Via != "" {
		if err := e.shift(ctx, op, op.Move.Via, nil); err != nil {
			return p, err
		}
	}
	if err := e.openSeat(ctx, op.Tx, op.M, &p); err != nil {
		return p, err
	}
	if err := op.Insert(ctx, proposalTable, p.row()...); err != nil {
		return p, err
	}
	for _, s := range p.Steps {
		if err := op.Insert(ctx, stepTable, s.row(p.ID.Key)...); err != nil {
			return p, err
		}
	}
	return p, save(ctx, op.Tx, op.M)
}

// openSeat opens the clock of the signature that is owed now.
func (e *Engine) openSeat(ctx context.Context, tx *ledger.Tx, m *Matter, p *Proposal) error {
	s := p.Steps[p.Step]
	rule := "approve." + s.Role
	if Records(s.Role) {
		rule = "approve.record"
	}
	c, err := e.Clocks.Open(ctx, tx, deadline.Opening{Matter: m.ID.Key, Root: m.Root, Rule: rule, Start: tx.Today(), OwedBy: s.Unit, OwedRole: s.Seat,
		About: p.ID.Key, Organ: m.Organ, County: m.Among()})
	p.Clock = c.ID.Key
	return err
}

func (e *Engine) closeSeat(ctx context.Context, tx *ledger.Tx, p Proposal, kind deadline.EntryKind, reason string) error {
	c, err := deadline.Get(ctx, tx, p.Clock)
	if err != nil || !c.Running() {
		return err
	}
	_, err = e.Clocks.Add(ctx, tx, c, deadline.Entry{Kind: kind, On: tx.Today(), Reason: reason})
	return err
}

// Decision is what a leader says to a proposal.
type Decision struct {
	Approve bool
	Note    string        // required when returning, and when recording a decision taken outside (its paper)
	On      calendar.Date // the day of a decision taken outside
}

// Decide approves or returns a proposal. version is the matter's, as the caller saw it.
func (e *Engine) Decide(ctx context.Context, who access.Actor, proposal id.ID, version int64, dec Decision) (Done, error) {
	var d Done
	rc, err := e.Ledger.Write(ctx, who, proposal.City, func(tx *ledger.Tx) (ledger.Act, error) {
		matter, err := matterOf(ctx, tx, proposal.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		m, err := e.take(ctx, tx, who, matter, version)
		if err != nil {
			return ledger.Act{}, err
		}
		p, err := getProposal(ctx, tx, proposal.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if p.State != "open" {
			return ledger.Act{}, fault.New(fault.Conflict, "proposal.ended")
		}
		i, hat, err := e.signs(ctx, tx, who, m, p)
		if err != nil {
			return ledger.Act{}, err
		}
		note := dec.Note
		if err := typed.One("note", &note, false, maxPara); err != nil {
			return ledger.Act{}, err
		}
		if note == "" && !dec.Approve {
			return ledger.Act{}, fault.InvalidField("note", "return.reason")
		}
		if note == "" && Records(p.Steps[i].Role) {
			return ledger.Act{}, fault.InvalidField("note", "required")
		}
		s := &p.Steps[i]
		s.Person, s.Holding, s.For, s.Note, s.At = who.Person, hat.Holding, hat.For, note, tx.Now()
		if dec.Approve && Records(s.Role) {
			// The day of the decision is the day the body with authority took it, not the day somebody recorded it.
			if dec.On == "" {
				return ledger.Act{}, fault.InvalidField("on", "required")
			}
			if code := checkDay(dec.On, Field{Since: "received"}, &m, tx.Today()); code != "" {
				return ledger.Act{}, fault.InvalidField("on", code)
			}
			s.On = dec.On
			p.In.Set("recorded_on", string(dec.On))
		}
		act := ledger.Act{Organ: m.Organ, Matter: m.ID, Params: map[string]any{"role": s.Role, "move": p.Move}}
		if note != "" {
			act.Params["note"] = note
		}
		if hat.ForName != "" {
			act.Params["for"] = hat.ForName
		}
		if s.Moved != "" {
			act.Params["moved"] = s.Moved
		}
		if dec.Approve {
			act.Action = m.Kind + "." + p.Move + ".approve"
			err = e.approve(ctx, tx, who, &m, &p, i)
		} else {
			act.Action = m.Kind + "." + p.Move + ".return"
			err = e.giveBack(ctx, tx, &m, &p, i)
		}
		if err != nil {
			return ledger.Act{}, err
		}
		act.Params["state"] = m.State
		d.ID, d.State, d.Version = m.ID, m.State, m.Version
		if p.State == "open" {
			d.Proposal = p.ID.String()
			act.Params["seat"] = p.Steps[p.Step].said()
		}
		act.Answer = d.answer()
		return act, nil
	})
	return d.with(rc), err
}

// signs finds the step that the actor may sign: the one whose turn it is or, for a leader in their own right, the
// furthest one above it that is theirs, which passes over those between. Nobody signs before a decision taken outside
// has been recorded, nobody records one before its turn, and the chief may sign in place of those below. The author never
// signs, in whatever hat, and whoever worked on the matter does not sign its review.
func (e *Engine) signs(ctx context.Context, r db.Reader, who access.Actor, m Matter, p Proposal) (int, access.Hat, error) {
	no := func(code string) (int, access.Hat, error) { return 0, access.Hat{}, fault.New(fault.Forbidden, code) }
	if who.Person == p.Author {
		return no("approve.own")
	}
	who, err := unlent(ctx, r, who, m.Root)
	if err != nil {
		return 0, access.Hat{}, err
	}
	last := p.Step
	for !Records(p.Steps[p.Step].Role) && last+1 < len(p.Steps) && !Records(p.Steps[last+1].Role) {
		last++
	}
	found, hat := -1, access.Hat{}
	for i := last; i >= p.Step && found < 0; i-- {
		if h, ok := who.HatFor(p.Steps[i].Seat, p.Steps[i].Unit); ok && (i == p.Step || h.For == "") {
			found, hat = i, h
		}
	}
	if s := p.Steps[p.Step]; found < 0 && !Records(s.Role) && s.Seat != access.Principal {
		if h, ok := who.HatFor(access.Principal, m.Organ); ok {
			found, hat = p.Step, h
		}
	}
	if found < 0 {
		return no("approve.not_yours")
	}
	if hat.For == p.Author {
		return no("approve.own")
	}
	if p.Steps[found].Role == string(access.ReviewHead) {
		took, err := e.TookPart(ctx, r, m.Root)
		if err != nil {
			return 0, hat, err
		}
		if slices.Contains(took, who.Person) || slices.Contains(took, hat.For) {
			return no("approve.took_part")
		}
	}
	return found, hat, nil
}

func barredFrom(ctx context.Context, r db.Reader, person, root id.Key) (bool, error) {
	barred, err := access.Barred(ctx, r, root)
	return slices.Contains(barred, person), err
}

// unlent is the actor without what those lent them who have no business with the family themselves: named in it, or
// recused.
func unlent(ctx context.Context, r db.Reader, who access.Actor, root id.Key) (access.Actor, error) {
	var own []access.Hat
	for _, h := range who.Hats {
		if h.For != "" {
			if barred, err := barredFrom(ctx, r, h.For, root); err != nil {
				return who, err
			} else if barred {
				continue
			}
		}
		own = append(own, h)
	}
	who.Hats = own
	return who, nil
}

func (e *Engine) approve(ctx context.Context, tx *ledger.Tx, who access.Actor, m *Matter, p *Proposal, i int) error {
	for k := p.Step; k < i; k++ {
		p.Steps[k].Decision, p.Steps[k].At = "passed", tx.Now()
		if err := tx.Update(ctx, stepTable, p.Steps[k].row(p.ID.Key)...); err != nil {
			return err
		}
	}
	p.Steps[i].Decision = "approved"
	if err := tx.Update(ctx, stepTable, p.Steps[i].row(p.ID.Key)...); err != nil {
		return err
	}
	if err := e.closeSeat(ctx, tx, *p, deadline.Fulfilled, "approved"); err != nil {
		return err
	}
	if i+1 < len(p.Steps) {
		p.Step = i + 1
		if err := e.reseat(ctx, tx, m, p); err != nil {
			return err
		}
		if err := e.openSeat(ctx, tx, m, p); err != nil {
			return err
		}
		if err := p.save(ctx, tx); err != nil {
			return err
		}
		return save(ctx, tx, m)
	}
	p.State, p.Ended = "approved", tx.Now()
	if err := p.save(ctx, tx); err != nil {
		return err
	}
	op := &Op{Tx: tx, Engine: e, M: m, In: p.In, Author: p.Author, Day: tx.Today(), Params: map[string]any{}}
	switch p.Move {
	case MoveExtend, MovePause:
		return e.applyClock(ctx, op, p.Move)
	}
	move, ok := e.tables[m.Kind].Move(p.Move)
	if !ok {
		return fmt.Errorf("flow: proposal of unknown move %s", p.Move)
	}
	op.Move = move
	if err := e.check(ctx, op); err != nil {
		return err
	}
	return e.apply(ctx, op)
}

func (p *Proposal) save(ctx context.Context, tx *ledger.Tx) error {
	err := tx.Change(ctx, proposalTable, p.was, p.row()...)
	p.Version++
	p.was = p.row()
	return err
}

// reseat looks again where the step that is now due can be signed: posts fall vacant while papers travel.
func (e *Engine) reseat(ctx context.Context, tx *ledger.Tx, m *Matter, p *Proposal) error {
	s := &p.Steps[p.Step]
	ro, err := e.roster(ctx, tx, m, tx.Today())
	if err != nil {
		return err
	}
	seat, err := e.seat(ctx, tx, ro, m, s.Role, p.Author)
	if err != nil {
		return err
	}
	if seat.Moved == "" || seat.Unit.ID == s.Unit && seat.Role == s.Seat {
		return nil
	}
	s.Unit, s.Moved, s.Seat = seat.Unit.ID, seat.Moved, seat.Role
	return tx.Update(ctx, stepTable, s.row(p.ID.Key)...)
}

func (e *Engine) giveBack(ctx context.Context, tx *ledger.Tx, m *Matter, p *Proposal, i int) error {
	p.Steps[i].Decision = "returned"
	if err := tx.Update(ctx, stepTable, p.Steps[i].row(p.ID.Key)...); err != nil {
		return err
	}
	return e.endProposal(ctx, tx, m, p, "returned")
}

// endProposal closes a proposal that does not come to be and brings the matter back to where it was proposed.
func (e *Engine) endProposal(ctx context.Context, tx *ledger.Tx, m *Matter, p *Proposal, state string) error {
	if err := e.closeSeat(ctx, tx, *p, deadline.Fulfilled, state); err != nil {
		return err
	}
	p.State, p.Ended = state, tx.Now()
	if err := e.recast(ctx, tx, m, "@"+state, func() error { return p.save(ctx, tx) }); err != nil {
		return err
	}
	if m.State != p.FromState && p.Move != MoveExtend && p.Move != MovePause {
		op := &Op{Tx: tx, Engine: e, M: m, Day: tx.Today(), In: p.In}
		if err := e.shift(ctx, op, p.FromState, nil); err != nil {
			return err
		}
	}
	return save(ctx, tx, m)
}

// Withdraw takes one's own proposal back.
func (e *Engine) Withdraw(ctx context.Context, who access.Actor, proposal id.ID, version int64) (Done, error) {
	var d Done
	rc, err := e.Ledger.Write(ctx, who, proposal.City, func(tx *ledger.Tx) (ledger.Act, error) {
		matter, err := matterOf(ctx, tx, proposal.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		m, err := e.take(ctx, tx, who, matter, version)
		if err != nil {
			return ledger.Act{}, err
		}
		p, err := getProposal(ctx, tx, proposal.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if p.State != "open" {
			return ledger.Act{}, fault.New(fault.Conflict, "proposal.ended")
		}
		if p.Author != who.Person {
			return ledger.Act{}, fault.New(fault.Forbidden, "proposal.not_yours")
		}
		if err := e.endProposal(ctx, tx, &m, &p, "withdrawn"); err != nil {
			return ledger.Act{}, err
		}
		d.ID, d.State, d.Version = m.ID, m.State, m.Version
		return ledger.Act{Action: m.Kind + "." + p.Move + ".withdraw", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"move": p.Move}, Answer: d.answer()}, nil
	})
	return d.with(rc), err
}

// CanSign says whether the actor may sign the step of a proposal that is due, or a later one.
func (e *Engine) CanSign(ctx context.Context, r db.Reader, who access.Actor, m Matter, p Proposal) (Step, error) {
	i, _, err := e.signs(ctx, r, who, m, p)
	if err != nil {
		return Step{}, err
	}
	return p.Steps[i], nil
}
