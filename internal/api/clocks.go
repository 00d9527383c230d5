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
	"qianshao/internal/typed"
	"qianshao/internal/web"
)

// clockDoing makes one of the moves that concern a clock.
type clockDoing func(e *flow.Engine, ctx context.Context, who access.Actor, matter id.ID, cm flow.ClockMove) (flow.Done, error)

func clockDoer(move string) (clockDoing, bool) {
	switch move {
	case flow.MoveExtend:
		return (*flow.Engine).Extend, true
	case flow.MovePause:
		return (*flow.Engine).Pause, true
	case flow.MoveResume:
		return (*flow.Engine).Resume, true
	case flow.MoveUrge:
		return (*flow.Engine).Urge, true
	case flow.MoveSeen:
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
		if err := w.LoadDossier(r, &flow.Dossier{Matter: m, Clocks: ks}, nil, nil); err != nil {
			return err
		}
		out := clockList{ID: m.ID, Kind: m.Kind, Version: m.Version, Items: []duty{}}
		for _, k := range ks {
			out.Items = append(out.Items, a.duty(c, w, flow.Duty{Clock: k, Matter: m}, es[k.ID.Key]))
		}
		return c.JSON(http.StatusOK, out)
	}
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
		d, err := flow.ClockFile(c.Context(), r, m, k)
		if err != nil {
			return err
		}
		x, err := a.Engine.ClockStand(c.Context(), r, c.Who, d, k)
		if err != nil {
			return err
		}
		d.Team, d.Proposals = nil, nil
		if x.Waiting != nil {
			d.Proposals = []flow.Proposal{*x.Waiting}
		}
		w := a.Pages.Words(c)
		if err := w.LoadDossier(r, d, nil, nil); err != nil {
			return err
		}
		out := clockMoveList{ID: m.ID, Kind: m.Kind, Version: m.Version, Clock: a.duty(c, w, flow.Duty{Clock: k, Matter: m}, d.Entries[k.ID.Key]), Moves: []move{}}
		if x.Waiting != nil {
			p := a.approval(c, w, m, *x.Waiting)
			out.Waiting = &p
		}
		for _, name := range flow.ClockMoves {
			y, err := a.clockOffer(c, w, r, m, x, name)
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

// clockOffer describes one move about a clock.
func (a *API) clockOffer(c *web.Ctx, w *flowhttp.Words, r db.Reader, m flow.Matter, x flow.ClockStand, name string) (move, error) {
	y := move{Move: name, Name: c.T("move.clock." + name), What: c.T("move.clock." + name + ".what"), Basis: []string{}}
	asks := name == flow.MoveExtend || name == flow.MovePause
	if asks && x.Timer.Extend != nil {
		y.Basis = w.Basis(x.Timer.Extend.Basis)
	}
	if shut := x.Shut(name); shut != nil {
		y.Code, y.Why = shut.Code, c.T("fault."+shut.Code, shut.Args...)
		return y, nil
	}
	y.Open = true
	var err error
	if y.Fields, err = a.fields(c, w, r, m, name, a.Engine.ClockFields(x, name, c.Today), map[string][]flow.Option{}); err != nil || !asks {
		return y, err
	}
	ch, k, steps, err := a.Engine.ChainNow(c.Context(), r, c.Who, m, &flow.Move{Name: name, Chain: x.Timer.Extend.Approval}, flow.Values{"nth": {x.Nth()}}, c.Today)
	if err != nil {
		return y, err
	}
	units := make([]string, len(steps))
	alone := true
	for i, s := range steps {
		units[i] = s.Unit.Key
		alone = alone && s.Unit == m.Handler
	}
	if err := w.Load(r, units, nil); err != nil {
		return y, err
	}
	y.Approval = approvalOf(c, w, ch, k, steps, alone)
	return y, nil
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
			r := c.In(x.id)
			k, err := clockOf(c, r, x.m)
			if err != nil {
				return err
			}
			d, err := flow.ClockFile(c.Context(), r, x.m, k)
			if err != nil {
				return err
			}
			stand, err := a.Engine.ClockStand(c.Context(), r, c.Who, d, k)
			if err != nil {
				return err
			}
			fields = a.Engine.ClockFields(stand, in.Move, c.Today)
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
			if clean, ok := typed.Clean(s, true); !ok {
				bad = append(bad, fault.Field{Name: inFields(f.Name), Code: "text.control"})
			} else if len([]rune(clean)) > f.Limit() {
				bad = append(bad, fault.Field{Name: inFields(f.Name), Code: "text.long", Args: []string{strconv.Itoa(f.Limit())}})
			}
		}
	}
	return fault.InvalidFields(bad)
}
