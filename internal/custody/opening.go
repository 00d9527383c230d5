package custody

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// Once the acceptance notice has been given, nobody needs to know alone who reported. From then on it takes two: one asks
// with a reason, another consents, and the first may open it once, within a day. The other is a second clerk of the intake
// office or the deputy in charge; where there is neither, the intake office of the organ above (D23).

// RuleSecond is the clock of a second person's answer.
const RuleSecond = "identity.confirm"

// The states of an opening.
const (
	OpeningAsked     = "asked"
	OpeningGranted   = "granted"
	OpeningRefused   = "refused"
	OpeningWithdrawn = "withdrawn"
	OpeningUsed      = "used"
)

// limitOpening is the rulebook's limit of how long a consent holds, in hours.
const limitOpening = "identity.opening"

const hour = calendar.Instant(60 * 60 * 1e6)

var openingTable = &ledger.Table{Name: "openings", Key: []string{"id"}, Cols: []string{"matter_id", "asker_id", "asker_name", "reason", "asked_at", "moved", "state",
	"decider_id", "decider_name", "decided_at", "note", "used_at", "clock_id", "version"}, Version: "version"}

// Opening is the consent of a second person to opening who reported: asked for, given or not, used or not.
type Opening struct {
	ID          id.ID
	Matter      id.Key
	Asker       id.Key
	AskerName   string
	Reason      string
	Asked       calendar.Instant
	Moved       string // why the organ above is asked
	State       string
	Decider     id.Key
	DeciderName string
	Decided     calendar.Instant
	Note        string
	Used        calendar.Instant
	Clock       id.Key
	Version     int64
	until       calendar.Instant
	Mine        bool // the reader may consent to it now, or refuse
}

// Until is when a consent lapses.
func (o Opening) Until() calendar.Instant { return o.until }

// Holds says whether the asker may open now.
func (o Opening) Holds(now calendar.Instant) bool {
	return o.State == OpeningGranted && now < o.Until()
}

func (o Opening) row() []any {
	return []any{o.ID.Key, o.Matter, o.Asker, o.AskerName, o.Reason, int64(o.Asked), o.Moved, o.State, o.Decider, o.DeciderName, int64(o.Decided), o.Note, int64(o.Used), o.Clock, o.Version}
}

func (k *Keeper) openings(ctx context.Context, r db.Reader, matter id.Key) ([]Opening, error) {
	return db.All(ctx, r, func(rows *db.Rows) (Opening, error) {
		o := Opening{ID: id.ID{City: r.City()}, Matter: matter}
		err := rows.Scan(&o.ID.Key, &o.Asker, &o.AskerName, &o.Reason, &o.Asked, &o.Moved, &o.State, &o.Decider, &o.DeciderName, &o.Decided, &o.Note, &o.Used, &o.Clock, &o.Version)
		o.until = o.Decided + calendar.Instant(k.Clocks.Rules.Limit(limitOpening, o.Decided.Date()))*hour
		return o, err
	}, `SELECT o.id, o.asker_id, o.asker_name, o.reason, o.asked_at, o.moved, o.state, o.decider_id, o.decider_name, o.decided_at, o.note, o.used_at, o.clock_id, o.version
		FROM openings o WHERE o.city_id = $1 AND o.matter_id = $2 ORDER BY o.asked_at DESC, o.id DESC`, matter)
}

// Openings reads who asked to open who reported, newest first. The caller has seen the matter.
func (k *Keeper) Openings(ctx context.Context, r db.Reader, who access.Actor, m flow.Matter) ([]Opening, error) {
	os, err := k.openings(ctx, r, m.ID.Key)
	for i := range os {
		if err == nil && os[i].State == OpeningAsked {
			os[i].Mine, err = k.confirms(ctx, r, who, m, os[i])
		}
	}
	return os, err
}

// TakesTwo says whether opening an envelope of a matter takes a second person's consent now.
func (k *Keeper) TakesTwo(ctx context.Context, r db.Reader, m flow.Matter, what string) (bool, error) {
	if what != Identity || k.Noticed == nil {
		return false, nil
	}
	return k.Noticed(ctx, r, m)
}

// cleanReason checks the reason for opening an envelope.
func cleanReason(reason string) (string, error) {
	err := typed.One("reason", &reason, true, longReason)
	return reason, err
}

// AskOpening asks for a second person's consent to opening who reported.
func (k *Keeper) AskOpening(ctx context.Context, who access.Actor, matter id.ID, reason string) error {
	reason, err := cleanReason(reason)
	if err != nil {
		return err
	}
	_, err = k.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if _, err := flow.Get(ctx, tx, who, matter.Key); err != nil {
			return ledger.Act{}, err
		}
		m, err := flow.Lock(ctx, tx, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if at, err := Opener(ctx, tx, who, m); err != nil || at.Zero() {
			return ledger.Act{}, orNotYours(err)
		}
		if err := k.mayAsk(ctx, tx, who, m); err != nil {
			return ledger.Act{}, err
		}
		ro, err := access.LoadRoster(ctx, tx, m.Organ, id.ID{}, m.Root, tx.Today())
		if err != nil {
			return ledger.Act{}, err
		}
		seat, err := ro.Second(ctx, who.Person)
		if err != nil {
			return ledger.Act{}, err
		}
		o := Opening{ID: tx.NewID(), Matter: m.ID.Key, Asker: who.Person, AskerName: who.Name, Reason: reason, Asked: tx.Now(), Moved: seat.Moved, State: OpeningAsked, Version: 1}
		c, err := k.Clocks.Open(ctx, tx, deadline.Opening{Matter: m.ID.Key, Root: m.Root, Rule: RuleSecond, Start: tx.Today(), OwedBy: seat.Unit.ID, OwedRole: seat.Role, About: o.ID.Key, Organ: m.Organ, County: m.Among()})
		if err != nil {
			return ledger.Act{}, err
		}
		o.Clock = c.ID.Key
		if err := tx.Insert(ctx, openingTable, o.row()...); err != nil {
			return ledger.Act{}, err
		}
		return o.act(m, "identity.ask", "reason", reason, "moved", o.Moved), flow.Save(ctx, tx, &m)
	})
	return err
}

func orNotYours(err error) error {
	if err == nil {
		err = fault.New(fault.Forbidden, "move.not_yours")
	}
	return err
}

// act is something done about an opening; what is empty is left out.
func (o Opening) act(m flow.Matter, action string, pairs ...string) ledger.Act {
	params := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			params[pairs[i]] = pairs[i+1]
		}
	}
	return ledger.Act{Action: action, Organ: m.Organ, Matter: m.ID, About: "opening/" + o.ID.String(), Params: params}
}

// mayAsk refuses where nothing is sealed, one person is enough, or somebody waits already.
func (k *Keeper) mayAsk(ctx context.Context, r db.Reader, who access.Actor, m flow.Matter) error {
	has, err := Has(ctx, r, m.ID.Key)
	if err != nil {
		return err
	}
	if !has[Identity] {
		return fault.Hidden()
	}
	two, err := k.TakesTwo(ctx, r, m, Identity)
	if err != nil {
		return err
	}
	if !two {
		return fault.New(fault.Conflict, "consent.alone")
	}
	os, err := k.openings(ctx, r, m.ID.Key)
	if err != nil {
		return err
	}
	for _, o := range os {
		switch {
		case o.State == OpeningAsked:
			return fault.New(fault.Conflict, "consent.asked", o.AskerName)
		case o.Asker == who.Person && o.Holds(r.Now()):
			return fault.New(fault.Conflict, "consent.granted")
		}
	}
	return nil
}

// confirms says whether the actor may be the second person: at the desk that was asked, a clerk of the intake office or the
// deputy in charge; never the asker, nor anybody in the asker's stead.
func (k *Keeper) confirms(ctx context.Context, r db.Reader, who access.Actor, m flow.Matter, o Opening) (bool, error) {
	if who.Person == "" || who.Person == o.Asker {
		return false, nil
	}
	c, err := deadline.Get(ctx, r, o.Clock)
	if err != nil {
		return false, err
	}
	for _, d := range []struct {
		role access.Role
		at   id.ID
	}{{c.OwedRole, c.OwedBy}, {access.Intake, m.Organ}, {access.Deputy, m.Organ}} {
		if hat, ok := who.HatFor(d.role, d.at); ok && hat.For != o.Asker {
			return true, nil
		}
	}
	return false, nil
}

// DecideOpening consents to an opening, or refuses with a reason.
func (k *Keeper) DecideOpening(ctx context.Context, who access.Actor, matter id.ID, opening id.Key, version int64, grant bool, note string) error {
	if err := typed.One("note", &note, !grant, longReason); err != nil {
		return err
	}
	return k.answer(ctx, who, matter, opening, version, func(tx *ledger.Tx, m flow.Matter, o *Opening) (ledger.Act, error) {
		if who.Person == o.Asker {
			return ledger.Act{}, fault.New(fault.Forbidden, "consent.two_hands")
		}
		if mine, err := k.confirms(ctx, tx, who, m, *o); err != nil || !mine {
			return ledger.Act{}, orNotYours(err)
		}
		o.State, o.Note, o.Decider, o.DeciderName, o.Decided = OpeningRefused, note, who.Person, who.Name, tx.Now()
		action := "identity.refuse"
		if grant {
			o.State, action = OpeningGranted, "identity.grant"
		}
		return o.act(m, action, "asker", o.AskerName, "note", note), nil
	})
}

// WithdrawOpening takes back what the actor asked for.
func (k *Keeper) WithdrawOpening(ctx context.Context, who access.Actor, matter id.ID, opening id.Key, version int64) error {
	return k.answer(ctx, who, matter, opening, version, func(_ *ledger.Tx, m flow.Matter, o *Opening) (ledger.Act, error) {
		if who.Person != o.Asker {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		o.State = OpeningWithdrawn
		return o.act(m, "identity.withdraw"), nil
	})
}

// answer ends what an opening waits for.
func (k *Keeper) answer(ctx context.Context, who access.Actor, matter id.ID, opening id.Key, version int64, how func(*ledger.Tx, flow.Matter, *Opening) (ledger.Act, error)) error {
	_, err := k.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if _, err := flow.Get(ctx, tx, who, matter.Key); err != nil {
			return ledger.Act{}, err
		}
		m, err := flow.Lock(ctx, tx, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		os, err := k.openings(ctx, tx, m.ID.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		var o *Opening
		for i := range os {
			if os[i].ID.Key == opening {
				o = &os[i]
			}
		}
		if o == nil || o.State != OpeningAsked || o.Version != version {
			return ledger.Act{}, fault.Stale()
		}
		act, err := how(tx, m, o)
		if err != nil {
			return ledger.Act{}, err
		}
		c, err := deadline.Get(ctx, tx, o.Clock)
		if err != nil {
			return ledger.Act{}, err
		}
		if c.Running() {
			kind := deadline.Fulfilled
			if o.State == OpeningWithdrawn {
				kind = deadline.Dropped
			}
			if _, err := k.Clocks.Add(ctx, tx, c, deadline.Entry{Kind: kind, On: tx.Today(), Reason: act.Action}); err != nil {
				return ledger.Act{}, err
			}
		}
		if err := tx.Update(ctx, openingTable, o.row()...); err != nil {
			return ledger.Act{}, err
		}
		return act, flow.Save(ctx, tx, &m)
	})
	return err
}

// spend uses up the consent that the actor was given, within the act of opening.
func (k *Keeper) spend(ctx context.Context, tx *ledger.Tx, who access.Actor, m flow.Matter) (Opening, error) {
	os, err := k.openings(ctx, tx, m.ID.Key)
	if err != nil {
		return Opening{}, err
	}
	for _, o := range os {
		if o.Asker == who.Person && o.Holds(tx.Now()) {
			o.State, o.Used = OpeningUsed, tx.Now()
			return o, tx.Update(ctx, openingTable, o.row()...)
		}
	}
	return Opening{}, fault.New(fault.Conflict, "consent.needed")
}
