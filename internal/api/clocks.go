package api

import (
	"context"
	"net/http"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
)

// clockDoing makes one of the moves that concern a clock.
type clockDoing func(e *flow.Engine, ctx context.Context, who access.Actor, matter id.ID, cm flow.ClockMove) (flow.Done, error)

// The moves that concern a clock besides flow.MoveExtend and flow.MovePause.
const (
	moveResume = "resume"
	moveUrge   = "urge"
	moveSeen   = "seen"
)

// clockMoves are the moves that concern a clock, the same for every kind of matter.
var clockMoves = []string{flow.MoveExtend, flow.MovePause, moveResume, moveUrge, moveSeen}

func clockDoer(move string) (clockDoing, bool) {
	switch move {
	case flow.MoveExtend:
		return (*flow.Engine).Extend, true
	case flow.MovePause:
		return (*flow.Engine).Pause, true
	case moveResume:
		return (*flow.Engine).Resume, true
	case moveUrge:
		return (*flow.Engine).Urge, true
	case moveSeen:
		return (*flow.Engine).Seen, true
	}
	return nil, false
}

// clocks answers a matter's deadlines, ended ones included.
func (a *API) clocks(kind string) web.Handler {
	return func(c *web.Ctx) error {
		m, err := seen(c, kind)
		if err != nil {
			return err
		}
		r := c.In(m.ID)
		ks, err := deadline.OfMatter(c.Context(), r, m.ID.Key)
		if err != nil {
			return err
		}
		es, err := deadline.EntriesOf(c.Context(), r, m.ID.Key)
		if err != nil {
			return err
		}
		w := a.Pages.Words(c)
		if err := w.LoadDossier(r, &flow.Dossier{Matter: m, Clocks: ks}, nil); err != nil {
			return err
		}
		out := clockList{ID: m.ID, Kind: m.Kind, Version: m.Version, Items: []duty{}}
		for _, k := range ks {
			out.Items = append(out.Items, a.duty(c, w, flow.Duty{Clock: k, Matter: m}, es[k.ID.Key]))
		}
		return c.JSON(http.StatusOK, out)
	}
}

// clockAt is a clock with what decides which of its moves are open to the caller.
type clockAt struct {
	deadline.Clock
	m       flow.Matter
	entries []deadline.Entry
	timer   rulebook.Timer
	owes    bool           // the caller is one of those who owe it
	reads   bool           // the caller is of the organ that reads it
	waiting *flow.Proposal // what was asked for it and is not decided
}

// clockMoves answers what may be done about a deadline, as it stands for the caller.
func (a *API) clockMoves(kind string) web.Handler {
	return func(c *web.Ctx) error {
		m, err := seen(c, kind)
		if err != nil {
			return err
		}
		r := c.In(m.ID)
		k, err := clockOf(c, r, m)
		if err != nil {
			return err
		}
		x, err := a.clockAt(c, r, m, k)
		if err != nil {
			return err
		}
		w := a.Pages.Words(c)
		d := &flow.Dossier{Matter: m, Clocks: []deadline.Clock{k}}
		if x.waiting != nil {
			d.Proposals = []flow.Proposal{*x.waiting}
		}
		if err := w.LoadDossier(r, d, nil); err != nil {
			return err
		}
		out := clockMoveList{ID: m.ID, Kind: m.Kind, Version: m.Version, Clock: a.duty(c, w, flow.Duty{Clock: k, Matter: m}, x.entries), Moves: []move{}}
		if x.waiting != nil {
			p := a.approval(c, w, m, *x.waiting)
			out.Waiting = &p
		}
		for _, name := range clockMoves {
			y, err := a.clockOffer(c, w, r, x, name)
			if err != nil {
				return err
			}
			out.Moves = append(out.Moves, y)
		}
		return c.JSON(http.StatusOK, out)
	}
}

// clockOf is the clock of the address, if it is one of the matter's.
func clockOf(c *web.Ctx, r db.Reader, m flow.Matter) (deadline.Clock, error) {
	key, err := c.ID("clock")
	if err != nil {
		return deadline.Clock{}, err
	}
	k, err := deadline.Get(c.Context(), r, key.Key)
	if err == nil && (key.City != m.ID.City || k.Matter != m.ID.Key) {
		err = fault.Hidden()
	}
	return k, err
}

func (a *API) clockAt(c *web.Ctx, r db.Reader, m flow.Matter, k deadline.Clock) (clockAt, error) {
	x := clockAt{Clock: k, m: m, owes: c.Who.Is(k.OwedRole, k.OwedBy) || k.OwedRole == access.Handler && c.Who.Is(access.Head, k.OwedBy)}
	x.reads = c.Who.Is(k.OwedRole, k.OwedBy)
	x.timer, _ = a.Rules.TimerVersion(k.Rule, k.Version)
	var err error
	if x.entries, err = deadline.Entries(c.Context(), r, k.ID.Key); err != nil {
		return x, err
	}
	team, err := flow.Team(c.Context(), r, m.ID.Key)
	if err != nil {
		return x, err
	}
	for _, t := range team {
		x.owes = x.owes || t.Person == c.Who.Person && t.To == ""
	}
	ps, err := flow.Proposals(c.Context(), r, m.ID.Key)
	if err != nil {
		return x, err
	}
	for i, p := range ps {
		if p.State == "open" && (p.Move == flow.MoveExtend || p.Move == flow.MovePause) && p.In.Str("clock") == k.ID.Key {
			x.waiting = &ps[i]
		}
	}
	if !x.risen() || x.reads {
		return x, nil
	}
	organ, err := access.GetUnit(c.Context(), r.For(m.Organ.City), m.Organ.Key)
	if err != nil {
		return x, err
	}
	above, err := access.Above(c.Context(), r.For(m.Organ.City), organ)
	for _, role := range []access.Role{access.Observer, access.Intake, access.Supervision, access.Deputy, access.Principal} {
		x.reads = x.reads || !above.ID.Zero() && c.Who.Is(role, above.ID)
	}
	return x, err
}

// risen says whether it is the organ above that owes it: what rose to it, or what it reads of decisions below.
func (x clockAt) risen() bool { return x.Rule == flow.RuleSuperior || x.Rule == flow.RuleRisen }

// extended is how often it has been lengthened.
func (x clockAt) extended() int {
	n := 0
	for _, e := range x.entries {
		if e.Kind == deadline.Extended {
			n++
		}
	}
	return n
}

// shut is why a move about the clock is not open to the caller, "" when it is: what the use case would say.
func (x clockAt) shut(who access.Actor, move string) (code string, args []string) {
	if !x.Running() {
		return "clock.ended", nil
	}
	switch move {
	case moveUrge:
		if x.owes || !who.Can(access.Urge) && !who.Can(access.SuperiorRead) {
			return "move.not_yours", nil
		}
		return "", nil
	case moveSeen:
		if !x.risen() {
			return "move.not_now", nil
		}
		if !x.reads {
			return "move.not_yours", nil
		}
		return "", nil
	}
	if !x.owes {
		return "move.not_yours", nil
	}
	extend, extended := x.timer.Extend, x.extended()
	switch {
	case move == moveResume && x.State != deadline.StatePaused:
		return "clock.not_paused", nil
	case move == moveResume:
	case extend == nil || move == flow.MovePause && len(x.timer.Pause) == 0:
		return "clock.not_" + move, nil
	case move == flow.MovePause && x.State == deadline.StatePaused:
		return "clock.paused_already", nil
	case x.waiting != nil:
		return "clock.asked_already", nil
	case move == flow.MoveExtend && extend.Times > 0 && extended >= extend.Times:
		return "clock.extended_enough", []string{strconv.Itoa(extend.Times)}
	}
	return "", nil
}

// clockOffer describes one move about a clock.
func (a *API) clockOffer(c *web.Ctx, w *flowhttp.Words, r db.Reader, x clockAt, name string) (move, error) {
	y := move{Move: name, Name: c.T("move.clock." + name), What: c.T("move.clock." + name + ".what"), Basis: []string{}}
	asks := name == flow.MoveExtend || name == flow.MovePause
	if asks && x.timer.Extend != nil {
		y.Basis = w.Basis(x.timer.Extend.Basis)
	}
	code, args := x.shut(c.Who, name)
	if code != "" {
		y.Code, y.Why = code, c.T("fault."+code, args...)
		return y, nil
	}
	y.Open = true
	fields := a.Engine.ClockFields(x.Clock, name)
	for i := range fields {
		f := &fields[i]
		if f.Name == "ground" {
			for _, t := range a.Rules.Terms(f.List, c.Today) {
				if !contains(x.timer.Pause, t.Code) {
					f.Not = append(f.Not, t.Code)
				}
			}
		}
		f.Must = clockMust(name, x.Rule, *f)
	}
	var err error
	if y.Fields, err = a.fields(c, w, r, x.m, name, fields, map[string][]flow.Option{}); err != nil || !asks {
		return y, err
	}
	ch, k, steps, err := a.Engine.ChainNow(c.Context(), r, c.Who, x.m, &flow.Move{Name: name, Chain: x.timer.Extend.Approval}, flow.Values{"nth": {nth(x.extended() + 1)}}, c.Today)
	if err != nil {
		return y, err
	}
	units := make([]string, len(steps))
	alone := true
	for i, s := range steps {
		units[i] = s.Unit.Key
		alone = alone && s.Unit == x.m.Handler
	}
	if err := w.Load(r, units, nil); err != nil {
		return y, err
	}
	y.Approval = approvalOf(c, w, ch, k, steps, alone)
	return y, nil
}

// nth is how approvals count extensions.
func nth(n int) string {
	if n > 2 {
		return "more"
	}
	return strconv.Itoa(n)
}

// clockMust says whether a field of a clock move has to be filled in: a reason is one's own affair, save for a request
// and for what was done about something that rose.
func clockMust(move, rule string, f flow.Field) bool {
	switch move {
	case moveResume, moveUrge:
		return false
	case moveSeen:
		return rule == flow.RuleRisen
	}
	return f.Must
}

// clockShape are all the fields that a clock move may have, whatever the clock.
func clockShape(move string) []flow.Field {
	reason := flow.Field{Name: "reason", Kind: flow.Para, Max: 500, Must: move == flow.MoveExtend || move == flow.MovePause}
	switch move {
	case flow.MoveExtend:
		return []flow.Field{{Name: "length", Kind: flow.Count, Min: 1}, reason}
	case flow.MovePause:
		return []flow.Field{{Name: "ground", Kind: flow.Choice, Must: true, List: "pause_reason"}, reason}
	}
	return []flow.Field{reason}
}

// clockMove makes a move about a deadline, or asks for it where somebody else grants it.
func (a *API) clockMove(kind string) web.Handler {
	return func(c *web.Ctx) error {
		var in clockMoveIn
		if err := body(c, &in); err != nil {
			return err
		}
		x, err := sought(c, kind)
		if err != nil {
			return err
		}
		clock, err := c.ID("clock")
		if err != nil || clock.City != x.id.City {
			return fault.Hidden()
		}
		fields := clockShape(in.Move)
		if x.hidden == nil {
			k, err := clockOf(c, c.In(x.id), x.m)
			if err != nil {
				return err
			}
			fields = a.Engine.ClockFields(k, in.Move)
		}
		do, ok := clockDoer(in.Move)
		if !ok {
			return x.or(fault.InvalidField("move", "move.unknown"))
		}
		vals, err := taken(fields, in.Fields)
		if err == nil {
			err = fits(fields, vals)
		}
		if err != nil {
			return x.or(err)
		}
		d, err := do(a.Engine, c.Context(), c.Who, x.id, flow.ClockMove{Clock: clock.Key, Version: in.Version, Length: vals.Int("length"), Reason: vals.Str("reason"), Ground: vals.Str("ground")})
		if err != nil {
			return under(err, inFields)
		}
		return c.JSON(http.StatusOK, doneOf(d))
	}
}

// fits checks what a clock move's use case takes as it is: that a number is one, and that a text is one people can read.
func fits(fields []flow.Field, vals flow.Values) error {
	var bad []fault.Field
	for _, f := range fields {
		s := vals.Str(f.Name)
		switch f.Kind {
		case flow.Count:
			n, err := strconv.Atoi(s)
			if s != "" && (err != nil || n < f.Min || f.Max > 0 && n > f.Max) {
				bad = append(bad, fault.Field{Name: inFields(f.Name), Code: "count.range", Args: []string{strconv.Itoa(f.Min), strconv.Itoa(f.Max)}})
			}
		case flow.Para:
			if clean, ok := flow.Clean(s, true); !ok {
				bad = append(bad, fault.Field{Name: inFields(f.Name), Code: "text.control"})
			} else if len([]rune(clean)) > f.Limit() {
				bad = append(bad, fault.Field{Name: inFields(f.Name), Code: "text.long", Args: []string{strconv.Itoa(f.Limit())}})
			}
		}
	}
	return fault.InvalidFields(bad)
}
