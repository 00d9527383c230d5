package flow

import (
	"context"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// The moves that concern a clock rather than a state are the same for every kind of matter, so no table lists them.

// ClockMove is a request to lengthen, stop, resume or urge one clock of a matter.
type ClockMove struct {
	Clock   id.Key
	Version int64 // the matter's, as the caller saw it
	Length  int   // how much longer; only where the rule leaves the length open
	Reason  string
	Ground  string // for a pause: a code of the list pause_reason
}

// Extend asks for more time on a clock. It is a proposal: whoever the rule names grants or refuses it.
func (e *Engine) Extend(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove) (Done, error) {
	return e.clockProposal(ctx, who, matter, cm, MoveExtend)
}

// Pause asks to stop a clock for a reason the rule allows.
func (e *Engine) Pause(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove) (Done, error) {
	return e.clockProposal(ctx, who, matter, cm, MovePause)
}

func (e *Engine) clockProposal(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove, move string) (Done, error) {
	var d Done
	rc, err := e.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, x, err := e.takeClock(ctx, tx, who, matter.Key, cm, move)
		if err != nil {
			return ledger.Act{}, err
		}
		in := Values{"reason": {cm.Reason}, "ground": {cm.Ground}}
		if cm.Length > 0 {
			in.Set("length", strconv.Itoa(cm.Length))
		}
		vals, err := e.validate(ctx, tx, who, &m, e.ClockFields(x, move, tx.Today()), in, tx.Today())
		if err != nil {
			return ledger.Act{}, err
		}
		vals.Set("clock", x.ID.Key)
		vals.Set("rule", x.Rule)
		vals.Set("nth", x.Nth())
		if move == MoveExtend {
			length := x.Longer()
			if length == 0 {
				length = vals.Int("length")
			}
			vals.Set("length", strconv.Itoa(length))
			vals.Set("unit", string(x.Timer.Extend.Unit))
		}
		op := &Op{Tx: tx, Engine: e, M: &m, Author: who.Person, Day: tx.Today(), In: vals, Params: map[string]any{},
			Move: &Move{Name: move, Chain: x.Timer.Extend.Approval}}
		m.Set(FlagAsked)
		p, err := e.propose(ctx, op, who)
		if err != nil {
			return ledger.Act{}, err
		}
		d = Done{ID: m.ID, State: m.State, Version: m.Version, Proposal: p.ID.String()}
		for k, v := range vals {
			if k != "nth" {
				op.Params[k] = one(v)
			}
		}
		op.Params["seat"] = p.Steps[0].said()
		return ledger.Act{Action: m.Kind + "." + move + ".propose", Organ: m.Organ, Matter: m.ID, Params: op.Params, Answer: d.answer()}, nil
	})
	return d.with(rc), err
}

// takeClock locks the matter and reads how its clock stands; a move that is not open to the actor is refused here.
func (e *Engine) takeClock(ctx context.Context, tx *ledger.Tx, who access.Actor, matter id.Key, cm ClockMove, move string) (Matter, ClockStand, error) {
	m, err := e.take(ctx, tx, who, matter, cm.Version)
	if err != nil {
		return m, ClockStand{}, err
	}
	c, err := deadline.Get(ctx, tx, cm.Clock)
	if err != nil {
		return m, ClockStand{}, err
	}
	if c.Matter != m.ID.Key {
		return m, ClockStand{}, fault.Hidden()
	}
	d, err := ClockFile(ctx, tx, m, c)
	if err != nil {
		return m, ClockStand{}, err
	}
	x, err := e.ClockStand(ctx, tx, who, d, c)
	if err != nil {
		return m, x, err
	}
	if shut := x.Shut(move); shut != nil {
		return m, x, shut
	}
	return m, x, nil
}

// applyClock carries out an approved extension or pause.
func (e *Engine) applyClock(ctx context.Context, op *Op, move string) error {
	c, err := deadline.Get(ctx, op.Tx, op.In.Str("clock"))
	if err != nil {
		return err
	}
	if !c.Running() {
		return fault.New(fault.Conflict, "clock.ended")
	}
	entry := deadline.Entry{Kind: deadline.Extended, On: op.Day, Length: op.In.Int("length"), Unit: rulebook.Unit(op.In.Str("unit")), Reason: op.In.Str("reason")}
	if move == MovePause {
		entry = deadline.Entry{Kind: deadline.Paused, On: op.Day, Reason: op.In.Str("ground")}
	}
	if _, err := e.Clocks.Add(ctx, op.Tx, c, entry); err != nil {
		return err
	}
	return save(ctx, op.Tx, op.M)
}

// longRemark is how many characters a remark beside a clock may have.
const longRemark = 500

// Resume lets a stopped clock run again. It needs no approval: it favours nobody.
func (e *Engine) Resume(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove) (Done, error) {
	return e.clockAct(ctx, who, matter, cm, MoveResume, func(tx *ledger.Tx, m *Matter, c deadline.Clock, note string) (map[string]any, error) {
		_, err := e.Clocks.Add(ctx, tx, c, deadline.Entry{Kind: deadline.Resumed, On: tx.Today(), Reason: note})
		return map[string]any{"rule": c.Rule, "reason": note}, err
	})
}

// Urge records that whoever owes a clock was urged. The slip (催办单) is printed from the act. The organ a late
// clock rose to has thereby acted on it; somebody else's urging leaves it in the superior's list.
func (e *Engine) Urge(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove) (Done, error) {
	return e.clockAct(ctx, who, matter, cm, MoveUrge, func(tx *ledger.Tx, m *Matter, c deadline.Clock, note string) (map[string]any, error) {
		op := &Op{Tx: tx, Engine: e, M: m, Day: tx.Today()}
		if err := e.closeRisen(ctx, op, []deadline.Clock{c}, "urge", func(risen deadline.Clock) bool { return who.Unit().OrganID() == risen.OwedBy }); err != nil {
			return nil, err
		}
		p := map[string]any{"rule": c.Rule, "clock": c.ID.Key, "due": string(c.Due), "owed": c.OwedBy.String()}
		if note != "" {
			p["note"] = note
		}
		return p, nil
	})
}

// Seen records that the superior organ read a refusal or shelving, or what it did about what rose to it: there, having
// read it is not enough.
func (e *Engine) Seen(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove) (Done, error) {
	return e.clockAct(ctx, who, matter, cm, MoveSeen, func(tx *ledger.Tx, m *Matter, c deadline.Clock, note string) (map[string]any, error) {
		if by := e.tables[m.Kind].SeenBy; by != "" {
			read, err := db.Column[int64](ctx, tx, `SELECT 1 FROM acts a WHERE a.city_id = $1 AND a.matter_id = $2 AND a.action = $3 AND a.actor_id = $4 LIMIT 1`, m.ID.Key, by, who.Person)
			if err != nil {
				return nil, err
			}
			if len(read) == 0 {
				return nil, fault.New(fault.Conflict, "clock.unread")
			}
		}
		_, err := e.Clocks.Add(ctx, tx, c, deadline.Entry{Kind: deadline.Fulfilled, On: tx.Today(), Reason: note})
		return map[string]any{"rule": c.Rule, "about": c.About, "note": note}, err
	})
}

func (e *Engine) clockAct(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove, move string, do func(*ledger.Tx, *Matter, deadline.Clock, string) (map[string]any, error)) (Done, error) {
	var d Done
	rc, err := e.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, x, err := e.takeClock(ctx, tx, who, matter.Key, cm, move)
		if err != nil {
			return ledger.Act{}, err
		}
		in, err := e.validate(ctx, tx, who, &m, e.ClockFields(x, move, tx.Today()), Values{"reason": {cm.Reason}}, tx.Today())
		if err != nil {
			return ledger.Act{}, err
		}
		params, err := do(tx, &m, x.Clock, in.Str("reason"))
		if err != nil {
			return ledger.Act{}, err
		}
		if err := save(ctx, tx, &m); err != nil {
			return ledger.Act{}, err
		}
		d = Done{ID: m.ID, State: m.State, Version: m.Version}
		return ledger.Act{Action: "clock." + move, Organ: m.Organ, Matter: m.ID, Params: params, Answer: d.answer()}, nil
	})
	return d.with(rc), err
}
