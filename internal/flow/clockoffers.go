package flow

import (
	"context"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// The moves that concern a clock besides MoveExtend and MovePause.
const (
	MoveResume = "resume"
	MoveUrge   = "urge"
	MoveSeen   = "seen"
)

// ClockMoves are the moves that concern a clock, the same for every kind of matter.
var ClockMoves = []string{MoveExtend, MovePause, MoveResume, MoveUrge, MoveSeen}

// ClockStand is a clock of a matter as it stands for one reader: which of its moves are open to them, and what decides it.
type ClockStand struct {
	deadline.Clock
	Timer    rulebook.Timer
	Waiting  *Proposal // what was asked for it and is not decided
	Extended int       // how often it has been lengthened
	m        *Matter
	who      access.Actor
	owes     bool // the reader is one of those who owe it
	reads    bool // the reader is of the organ that it rose to
}

// ClockStand reads how a clock of the dossier stands for the reader. Pages, the API and the use cases all ask here, so
// what is offered is what goes through.
func (e *Engine) ClockStand(ctx context.Context, r db.Reader, who access.Actor, d *Dossier, c deadline.Clock) (ClockStand, error) {
	x := ClockStand{Clock: c, m: &d.Matter, who: who, owes: owesByPost(who, c)}
	x.Timer, _ = e.Rules.TimerVersion(c.Rule, c.Version)
	for _, t := range d.Team {
		x.owes = x.owes || t.Person == who.Person && t.To == "" && t.Stage != StageReview
	}
	for i, p := range d.Proposals {
		if p.State == "open" && (p.Move == MoveExtend || p.Move == MovePause) && p.In.Str("clock") == c.ID.Key {
			x.Waiting = &d.Proposals[i]
		}
	}
	for _, y := range d.Entries[c.ID.Key] {
		if y.Kind == deadline.Extended {
			x.Extended++
		}
	}
	x.reads = who.Is(c.OwedRole, c.OwedBy)
	if !x.risen() || x.reads {
		return x, nil
	}
	var err error
	x.reads, err = e.may(ctx, r, who, x.m, []By{BySuperior})
	return x, err
}

// Longer is how much longer the next extension makes the clock; 0: as approved.
func (x ClockStand) Longer() int { return x.Timer.Extend.Of(x.Extended + 1) }

// ClockSigners are the signatures that asking for more time on a clock, or for a pause, would take now, and why those.
// The move is open to the reader.
func (e *Engine) ClockSigners(ctx context.Context, r db.Reader, x *ClockStand, move string, today calendar.Date) (rulebook.Case, []Step, error) {
	in := Values{"clock": {x.ID.Key}, "rule": {x.Rule}, "nth": {x.Nth()}}
	_, kase, steps, err := e.ChainNow(ctx, r, x.who, *x.m, &Move{Name: move, Chain: x.Timer.Extend.Approval}, in, today)
	return kase, steps, err
}

// ClockFile is as much of a matter's dossier as says how one of its clocks stands. The caller has seen the matter.
func ClockFile(ctx context.Context, r db.Reader, m Matter, c deadline.Clock) (*Dossier, error) {
	d := &Dossier{Matter: m, Clocks: []deadline.Clock{c}}
	es, err := deadline.Entries(ctx, r, c.ID.Key)
	if err != nil {
		return nil, err
	}
	d.Entries = map[id.Key][]deadline.Entry{c.ID.Key: es}
	if d.Team, err = Team(ctx, r, m.ID.Key); err != nil {
		return nil, err
	}
	d.Proposals, err = Proposals(ctx, r, m.ID.Key)
	return d, err
}

// owesByPost says whether somebody owes a clock by the post they hold; who is on the team besides owes it too.
func owesByPost(who access.Actor, c deadline.Clock) bool {
	return who.Is(c.OwedRole, c.OwedBy) || c.OwedRole == access.Handler && who.Is(access.Head, c.OwedBy)
}

// MayUrge says, as far as a row of a list can tell, whether a clock is somebody's to urge.
func MayUrge(who access.Actor, m *Matter, c deadline.Clock) bool {
	x := ClockStand{Clock: c, m: m, who: who, owes: owesByPost(who, c)}
	return x.Shut(MoveUrge) == nil
}

// risen says whether it is the organ above that owes it: what rose to it, or what it reads of decisions below.
func (x *ClockStand) risen() bool { return x.Rule == RuleSuperior || x.Rule == RuleRisen }

// Shut is why a move about the clock is not open to the reader, nil when it is.
func (x *ClockStand) Shut(move string) *fault.Error {
	if !x.Running() {
		return fault.New(fault.Conflict, "clock.ended")
	}
	switch move {
	case MoveUrge:
		switch {
		case x.owes || !x.who.Can(access.Urge) && !x.who.Can(access.SuperiorRead): // nobody urges themselves
			return fault.New(fault.Forbidden, "move.not_yours")
		case x.risen() && !x.who.Automatic() && x.who.Unit().Level >= x.m.Level: // nor the organ above them
			return fault.New(fault.Forbidden, "move.not_yours")
		}
		return nil
	case MoveSeen:
		switch {
		case !x.risen():
			return fault.New(fault.Conflict, "move.not_now")
		case !x.reads:
			return fault.New(fault.Forbidden, "move.not_yours")
		}
		return nil
	}
	extend := x.Timer.Extend
	switch {
	case !x.owes:
		return fault.New(fault.Forbidden, "move.not_yours")
	case move == MoveResume && x.State != deadline.StatePaused:
		return fault.New(fault.Conflict, "clock.not_paused")
	case move == MoveResume:
	case extend == nil || move == MovePause && len(x.Timer.Pause) == 0:
		return fault.New(fault.Conflict, "clock.not_"+move)
	case move == MovePause && x.State == deadline.StatePaused:
		return fault.New(fault.Conflict, "clock.paused_already")
	case x.Waiting != nil:
		return fault.New(fault.Conflict, "clock.asked_already")
	case move == MoveExtend && extend.Times > 0 && x.Extended >= extend.Times:
		return fault.New(fault.Conflict, "clock.extended_enough", strconv.Itoa(extend.Times))
	}
	return nil
}

// Nth is how approvals count extensions.
func (x *ClockStand) Nth() string {
	if n := x.Extended + 1; n <= 2 {
		return strconv.Itoa(n)
	}
	return "more"
}

// ClockFields are the fields of a clock move. A reason is one's own affair, save for a request and for what was done
// about something that rose.
func (e *Engine) ClockFields(x ClockStand, move string, today calendar.Date) []Field {
	t := x.Timer
	asks := move == MoveExtend || move == MovePause
	out := []Field{{Name: "reason", Kind: Para, Must: asks || move == MoveSeen && x.Rule == RuleRisen, Max: longRemark}}
	switch {
	case move == MoveExtend && t.Extend != nil && x.Longer() == 0:
		out = append([]Field{{Name: "length", Kind: Count, Must: true, Min: 1, Max: e.Rules.Limit("clock.extend", x.Start)}}, out...)
	case move == MovePause:
		f := Field{Name: "ground", Kind: Choice, Must: true, List: "pause_reason"}
		for _, r := range e.Rules.Terms(f.List, today) {
			if !slices.Contains(t.Pause, r.Code) {
				f.Not = append(f.Not, r.Code)
			}
		}
		out = append([]Field{f}, out...)
	}
	return out
}
