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

// ClockFields are the fields of a clock move, for pages and the API.
func (e *Engine) ClockFields(c deadline.Clock, move string) []Field {
	t, _ := e.Rules.TimerVersion(c.Rule, c.Version)
	reason := Field{Name: "reason", Kind: Para, Must: true, Max: 500}
	switch move {
	case MoveExtend:
		if t.Extend != nil && t.Extend.Length == 0 {
			return []Field{{Name: "length", Kind: Count, Must: true, Min: 1, Max: e.Rules.Limit("clock.extend", c.Start)}, reason}
		}
		return []Field{reason}
	case MovePause:
		return []Field{{Name: "ground", Kind: Choice, Must: true, List: "pause_reason"}, reason}
	}
	return []Field{reason}
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
		m, c, err := e.takeClock(ctx, tx, who, matter.Key, cm)
		if err != nil {
			return ledger.Act{}, err
		}
		if ok, err := e.owes(ctx, tx, who, &m, c); err != nil || !ok {
			return ledger.Act{}, orForbidden(err)
		}
		t, _ := e.Rules.TimerVersion(c.Rule, c.Version)
		if t.Extend == nil || move == MovePause && len(t.Pause) == 0 {
			return ledger.Act{}, fault.New(fault.Conflict, "clock.not_"+move)
		}
		in := Values{"reason": {cm.Reason}, "ground": {cm.Ground}}
		if cm.Length > 0 {
			in.Set("length", strconv.Itoa(cm.Length))
		}
		vals, err := e.validate(ctx, tx, who, &m, e.ClockFields(c, move), in, tx.Today())
		if err != nil {
			return ledger.Act{}, err
		}
		if move == MovePause && c.State == deadline.StatePaused {
			return ledger.Act{}, fault.New(fault.Conflict, "clock.paused_already")
		}
		if move == MovePause && !has(t.Pause, vals.Str("ground")) {
			return ledger.Act{}, fault.InvalidField("ground", "choice.unknown")
		}
		open, err := Proposals(ctx, tx, m.ID.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		for _, p := range open {
			if p.State == "open" && (p.Move == MoveExtend || p.Move == MovePause) && p.In.Str("clock") == c.ID.Key {
				return ledger.Act{}, fault.New(fault.Conflict, "clock.asked_already")
			}
		}
		es, err := deadline.Entries(ctx, tx, c.ID.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		done := extensions(es)
		if move == MoveExtend && t.Extend.Times > 0 && done >= t.Extend.Times {
			return ledger.Act{}, fault.New(fault.Conflict, "clock.extended_enough", strconv.Itoa(t.Extend.Times))
		}
		vals.Set("clock", c.ID.Key)
		vals.Set("rule", c.Rule)
		vals.Set("nth", nth(done+1))
		if move == MoveExtend {
			length := t.Extend.Length
			if length == 0 {
				length = vals.Int("length")
			}
			vals.Set("length", strconv.Itoa(length))
			vals.Set("unit", string(t.Extend.Unit))
		}
		op := &Op{Tx: tx, Engine: e, M: &m, Author: who.Person, Day: tx.Today(), In: vals, Params: map[string]any{},
			Move: &Move{Name: move, Chain: t.Extend.Approval}}
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

func nth(n int) string {
	if n > 2 {
		return "more"
	}
	return strconv.Itoa(n)
}

func extensions(es []deadline.Entry) int {
	n := 0
	for _, e := range es {
		if e.Kind == deadline.Extended {
			n++
		}
	}
	return n
}

func orForbidden(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Forbidden, "move.not_yours")
}

func (e *Engine) takeClock(ctx context.Context, tx *ledger.Tx, who access.Actor, matter id.Key, cm ClockMove) (Matter, deadline.Clock, error) {
	m, err := e.take(ctx, tx, who, matter, cm.Version)
	if err != nil {
		return m, deadline.Clock{}, err
	}
	c, err := deadline.Get(ctx, tx, cm.Clock)
	if err != nil {
		return m, c, err
	}
	if c.Matter != m.ID.Key {
		return m, c, fault.Hidden()
	}
	if !c.Running() {
		return m, c, fault.New(fault.Conflict, "clock.ended")
	}
	return m, c, nil
}

// owes says whether the actor is one of those who owe a clock.
func (e *Engine) owes(ctx context.Context, r db.Reader, who access.Actor, m *Matter, c deadline.Clock) (bool, error) {
	if who.Is(c.OwedRole, c.OwedBy) || c.OwedRole == access.Handler && who.Is(access.Head, c.OwedBy) {
		return true, nil
	}
	return onTeam(ctx, r, m.ID.Key, who.Person)
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

// remark is what somebody wrote beside an act on a clock.
func remark(s string) (string, error) {
	text, ok := Clean(s, true)
	if !ok {
		return "", fault.InvalidField("reason", "text.control")
	}
	if len([]rune(text)) > longRemark {
		return "", fault.InvalidField("reason", "text.long", strconv.Itoa(longRemark))
	}
	return text, nil
}

// Resume lets a stopped clock run again. It needs no approval: it favours nobody.
func (e *Engine) Resume(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove) (Done, error) {
	return e.clockAct(ctx, who, matter, cm, "resume", func(tx *ledger.Tx, m *Matter, c deadline.Clock) (map[string]any, error) {
		if ok, err := e.owes(ctx, tx, who, m, c); err != nil || !ok {
			return nil, orForbidden(err)
		}
		note, err := remark(cm.Reason)
		if err != nil {
			return nil, err
		}
		_, err = e.Clocks.Add(ctx, tx, c, deadline.Entry{Kind: deadline.Resumed, On: tx.Today(), Reason: note})
		return map[string]any{"rule": c.Rule, "reason": note}, err
	})
}

// Urge records that whoever owes a clock was urged. The slip (催办单) is printed from the act. The organ a late
// clock rose to has thereby acted on it; somebody else's urging leaves it in the superior's list.
func (e *Engine) Urge(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove) (Done, error) {
	return e.clockAct(ctx, who, matter, cm, "urge", func(tx *ledger.Tx, m *Matter, c deadline.Clock) (map[string]any, error) {
		if !who.Can(access.Urge) && !who.Can(access.SuperiorRead) {
			return nil, fault.New(fault.Forbidden, "move.not_yours")
		}
		note, err := remark(cm.Reason)
		if err != nil {
			return nil, err
		}
		if own, err := e.owes(ctx, tx, who, m, c); err != nil || own {
			return nil, orForbidden(err) // nobody urges themselves
		}
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

// Seen records that the superior organ read a refusal or shelving, or what rose to it.
func (e *Engine) Seen(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove) (Done, error) {
	return e.clockAct(ctx, who, matter, cm, "seen", func(tx *ledger.Tx, m *Matter, c deadline.Clock) (map[string]any, error) {
		if c.Rule != RuleSuperior && c.Rule != RuleRisen {
			return nil, fault.New(fault.Conflict, "move.not_now")
		}
		if ok, err := e.may(ctx, tx, who, m, []By{BySuperior}); err != nil || !ok && !who.Is(c.OwedRole, c.OwedBy) {
			return nil, orForbidden(err)
		}
		note, err := remark(cm.Reason)
		if err != nil {
			return nil, err
		}
		if note == "" && c.Rule == RuleRisen {
			return nil, fault.InvalidField("reason", "required") // what was done about it; having read it is not enough
		}
		_, err = e.Clocks.Add(ctx, tx, c, deadline.Entry{Kind: deadline.Fulfilled, On: tx.Today(), Reason: note})
		return map[string]any{"rule": c.Rule, "about": c.About, "note": note}, err
	})
}

func (e *Engine) clockAct(ctx context.Context, who access.Actor, matter id.ID, cm ClockMove, action string, do func(*ledger.Tx, *Matter, deadline.Clock) (map[string]any, error)) (Done, error) {
	var d Done
	rc, err := e.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, c, err := e.takeClock(ctx, tx, who, matter.Key, cm)
		if err != nil {
			return ledger.Act{}, err
		}
		params, err := do(tx, &m, c)
		if err != nil {
			return ledger.Act{}, err
		}
		if err := save(ctx, tx, &m); err != nil {
			return ledger.Act{}, err
		}
		d = Done{ID: m.ID, State: m.State, Version: m.Version}
		return ledger.Act{Action: "clock." + action, Organ: m.Organ, Matter: m.ID, Params: params, Answer: d.answer()}, nil
	})
	return d.with(rc), err
}
