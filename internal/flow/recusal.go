package flow

import (
	"context"
	"errors"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow/bar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// RuleRecusal is the clock of a decision on recusal.
const RuleRecusal = "recusal.decide"

// How a recusal came up, and how it stands.
const (
	RaisedSelf    = "self"
	RaisedAsked   = "asked"
	RaisedOrdered = "ordered"

	RecusalOpen    = "declared"
	RecusalGranted = "granted"
	RecusalRefused = "refused"
)

// Askers are who may ask that somebody else step aside; a name is never kept.
var Askers = []string{"subject", "reporter", "other"}

var recusalTable = &ledger.Table{Name: "recusals", Key: []string{"id"}, Cols: []string{"matter_id", "root_id", "person_city", "person_id", "person_name", "ground", "raised", "asker",
	"declarant_id", "declarant_name", "relation", "state", "declared_on", "moved", "decider_id", "decider_name", "holding_id", "for_person", "decided_on", "note", "clock_id", "version"}, Version: "version"}

// Recusal is somebody's stepping aside from a family of matters: declared, asked for or ordered, and how it was decided.
type Recusal struct {
	ID            id.ID
	Matter        id.Key
	Root          id.Key
	Person        id.ID
	Name          string
	Ground        string // code of the list recusal_ground
	Raised        string
	Asker         string // who asked, when somebody did; "" for readers whom it is no concern of
	Declarant     id.Key
	DeclarantName string
	Relation      string // likewise
	State         string
	Declared      calendar.Date
	Moved         string // why it is decided elsewhere than by the organ's chief
	Decider       id.Key
	DeciderName   string
	Holding       id.Key
	For           id.Key
	Decided       calendar.Date
	Note          string
	Clock         id.Key
	Version       int64
	Mine          bool // the reader may decide it now
}

func (x Recusal) row() []any {
	return []any{x.ID.Key, x.Matter, x.Root, int64(x.Person.City), x.Person.Key, x.Name, x.Ground, x.Raised, x.Asker, x.Declarant, x.DeclarantName, x.Relation, x.State, x.Declared, x.Moved,
		x.Decider, x.DeciderName, x.Holding, x.For, x.Decided, x.Note, x.Clock, x.Version}
}

func scanRecusal(city id.City) func(*db.Rows) (Recusal, error) {
	return func(rows *db.Rows) (Recusal, error) {
		x := Recusal{ID: id.ID{City: city}}
		return x, rows.Scan(&x.ID.Key, &x.Matter, &x.Root, &x.Person.City, &x.Person.Key, &x.Name, &x.Ground, &x.Raised, &x.Asker, &x.Declarant, &x.DeclarantName, &x.Relation, &x.State, &x.Declared,
			&x.Moved, &x.Decider, &x.DeciderName, &x.Holding, &x.For, &x.Decided, &x.Note, &x.Clock, &x.Version)
	}
}

const recusalCols = `x.id, x.matter_id, x.root_id, x.person_city, x.person_id, x.person_name, x.ground, x.raised, x.asker, x.declarant_id, x.declarant_name, x.relation, x.state, x.declared_on,
	x.moved, x.decider_id, x.decider_name, x.holding_id, x.for_person, x.decided_on, x.note, x.clock_id, x.version`

// Recusals reads who stepped aside from a matter's family, newest first. What the tie is and who asked is left out for
// everybody but the declarant and whoever decides.
func (e *Engine) Recusals(ctx context.Context, r db.Reader, who access.Actor, m Matter) ([]Recusal, error) {
	xs, err := db.All(ctx, r, scanRecusal(r.City()), `SELECT `+recusalCols+` FROM recusals x WHERE x.city_id = $1 AND x.root_id = $2 ORDER BY x.id DESC`, m.Root)
	if err != nil {
		return nil, err
	}
	for i := range xs {
		x := &xs[i]
		if x.State == RecusalOpen {
			if _, err := e.decides(ctx, r, who, m, *x); err == nil {
				x.Mine = true
			} else if fault.KindOf(err) != fault.Forbidden {
				return nil, err
			}
		}
		if !x.Mine && who.Person != x.Declarant && who.Person != x.Decider {
			x.Relation, x.Asker = "", ""
		}
	}
	return xs, nil
}

// Involved lists whoever works on a matter or may sign for it today: those who can be asked to step aside.
func (e *Engine) Involved(ctx context.Context, r db.Reader, m Matter, today calendar.Date) ([]Option, error) {
	ro, err := e.roster(ctx, r, &m, today)
	if err != nil {
		return nil, err
	}
	team, err := FamilyTeam(ctx, r, m.Root)
	if err != nil {
		return nil, err
	}
	var out []Option
	add := func(person id.Key, name, note string) {
		if !ro.Barred(person) && !slices.ContainsFunc(out, func(o Option) bool { return o.Code == person }) {
			out = append(out, Option{Code: person, Name: name, Note: note})
		}
	}
	for _, t := range team {
		if t.To == "" {
			add(t.Person, t.Name, "")
		}
	}
	desks := []struct {
		role access.Role
		at   access.Unit
	}{{access.Head, ro.Handler}, {access.Handler, ro.Handler}, {access.Supervision, ro.Organ}, {access.ReviewHead, ro.Organ}, {access.Review, ro.Organ}, {access.Deputy, ro.Organ}, {access.Principal, ro.Organ}, {access.Intake, ro.Organ}}
	for _, d := range desks {
		for _, h := range ro.Hands(d.role, d.at.ID.Key) {
			if h.For == "" {
				u, _ := ro.Unit(h.Unit)
				add(h.Person, h.Name, u.Commission())
			}
		}
	}
	return out, nil
}

// NewRecusal is what is filled in to have somebody step aside.
type NewRecusal struct {
	Person   id.Key // "" for oneself
	Ground   string
	Asker    string // who asked, when it is about somebody else
	Relation string
	Order    bool // the chief orders it at once
	Note     string
}

// Recuse declares that the actor should step aside, records that somebody asked it of another, or, for the chief,
// orders it. Until it is decided nothing changes for the person.
func (e *Engine) Recuse(ctx context.Context, who access.Actor, matter id.ID, in NewRecusal) (Recusal, error) {
	var x Recusal
	rc, err := e.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if _, err := Get(ctx, tx, who, matter.Key); err != nil {
			return ledger.Act{}, err
		}
		m, err := Lock(ctx, tx, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if !m.Open {
			return ledger.Act{}, fault.New(fault.Conflict, "recusal.ended")
		}
		if e.tables[m.Kind].NoRecusal {
			return ledger.Act{}, fault.New(fault.Conflict, "recusal.not_here")
		}
		x = Recusal{ID: tx.NewID(), Matter: m.ID.Key, Root: m.Root, Declarant: who.Person, DeclarantName: who.Name, State: RecusalOpen, Declared: tx.Today(), Version: 1}
		if err := e.fillRecusal(ctx, tx, who, m, in, &x); err != nil {
			return ledger.Act{}, err
		}
		act := ledger.Act{Organ: m.Organ, Matter: m.ID, About: "recusal/" + x.ID.String(), Params: map[string]any{"who": x.Name, "recusal_ground": x.Ground}}
		if in.Order {
			err = e.orderRecusal(ctx, tx, who, &m, &x)
		} else {
			err = e.askRecusal(ctx, tx, &m, &x)
		}
		if err != nil {
			return ledger.Act{}, err
		}
		if err := tx.Insert(ctx, recusalTable, x.row()...); err != nil {
			return ledger.Act{}, err
		}
		act.Action, act.Answer = "recusal."+x.Raised, x.ID.String()
		return act, save(ctx, tx, &m)
	})
	return e.replayed(ctx, rc, x, err)
}

// replayed is the recusal that a repeated request was answered with the first time.
func (e *Engine) replayed(ctx context.Context, rc ledger.Receipt, x Recusal, err error) (Recusal, error) {
	if err != nil || !rc.Replayed {
		return x, err
	}
	key, err := id.Parse(rc.Answer)
	if err != nil {
		return x, err
	}
	return getRecusal(ctx, e.Ledger.DB.In(key.City), key.Key)
}

func (e *Engine) fillRecusal(ctx context.Context, tx *ledger.Tx, who access.Actor, m Matter, in NewRecusal, x *Recusal) error {
	var form typed.Form
	if t, ok := e.Rules.Term("recusal_ground", in.Ground); !ok || !t.Holds(tx.Today()) {
		code := "choice.unknown"
		if in.Ground == "" {
			code = "required"
		}
		form.Say("ground", code)
	}
	x.Ground, x.Raised = in.Ground, RaisedAsked
	x.Relation, x.Note = in.Relation, in.Note
	form.Para("relation", &x.Relation, false, recusalText)
	form.Para("note", &x.Note, false, recusalText)
	switch {
	case in.Person == "" || in.Person == who.Person:
		x.Person, x.Name, x.Raised = who.PersonID(), who.Name, RaisedSelf
	case !who.Can(access.MatterMove):
		return fault.New(fault.Forbidden, "recusal.not_yours")
	default:
		people, err := e.Involved(ctx, tx, m, tx.Today())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(people, func(o Option) bool { return o.Code == in.Person })
		if i < 0 {
			form.Say("person", "choice.unknown")
		} else {
			x.Person, x.Name = id.ID{City: m.Organ.City, Key: in.Person}, people[i].Name
		}
		if x.Asker = in.Asker; !in.Order && !slices.Contains(Askers, in.Asker) {
			form.Say("asker", "required")
		}
	}
	if err := form.Err(); err != nil {
		return err
	}
	open, err := db.Column[string](ctx, tx, `SELECT x.id FROM recusals x WHERE x.city_id = $1 AND x.root_id = $2 AND x.person_id = $3 AND x.state = 'declared'`, m.Root, x.Person.Key)
	if err == nil && len(open) > 0 {
		return fault.New(fault.Conflict, "recusal.asked")
	}
	return err
}

// recusalText is how long the tie or the reason may be, in characters.
const recusalText = 500

// askRecusal opens the decision's clock at the desk of the organ's chief, or one level up when it is about the chief.
func (e *Engine) askRecusal(ctx context.Context, tx *ledger.Tx, m *Matter, x *Recusal) error {
	ro, err := e.roster(ctx, tx, m, tx.Today())
	if err != nil {
		return err
	}
	seat, err := ro.Route(ctx, access.Principal, x.Person.Key)
	if err != nil {
		return err
	}
	x.Moved = seat.Moved
	c, err := e.Clocks.Open(ctx, tx, deadline.Opening{Matter: m.ID.Key, Root: m.Root, Rule: RuleRecusal, Start: tx.Today(), OwedBy: seat.Unit.ID, OwedRole: seat.Role, About: x.ID.Key, Organ: m.Organ, County: m.Among()})
	x.Clock = c.ID.Key
	return err
}

func (e *Engine) orderRecusal(ctx context.Context, tx *ledger.Tx, who access.Actor, m *Matter, x *Recusal) error {
	hat, ok := who.HatFor(access.Principal, m.Organ)
	if !ok || x.Raised == RaisedSelf || hat.For == x.Person.Key {
		return fault.New(fault.Forbidden, "recusal.not_yours")
	}
	x.Raised, x.State, x.Asker = RaisedOrdered, RecusalGranted, ""
	x.Decider, x.DeciderName, x.Holding, x.For, x.Decided = who.Person, who.Name, hat.Holding, hat.For, tx.Today()
	return e.stepAside(ctx, tx, m, x.Person.Key, bar.Recused)
}

// decides is the hat in which the actor may decide a recusal: the desk that owes it, or the organ's chief; never the
// person it is about, nor anybody in that person's stead.
func (e *Engine) decides(ctx context.Context, r db.Reader, who access.Actor, m Matter, x Recusal) (access.Hat, error) {
	no := fault.New(fault.Forbidden, "recusal.not_yours")
	if who.Person == x.Person.Key {
		return access.Hat{}, no
	}
	c, err := deadline.Get(ctx, r, x.Clock)
	if err != nil {
		return access.Hat{}, err
	}
	hat, ok := who.HatFor(c.OwedRole, c.OwedBy)
	if !ok {
		hat, ok = who.HatFor(access.Principal, m.Organ)
	}
	if !ok || hat.For == x.Person.Key {
		return hat, no
	}
	return hat, nil
}

// RecusalOf is the matter that a recusal is about, for addresses that name both.
func RecusalOf(ctx context.Context, r db.Reader, recusal id.Key) (id.Key, error) {
	x, err := getRecusal(ctx, r, recusal)
	return x.Matter, err
}

// DecideRecusal grants or refuses. Granted, the person is barred from the family at once: rows, search, files and desk
// refuse on their next request, they leave its teams, and what only they could do goes to another desk.
func (e *Engine) DecideRecusal(ctx context.Context, who access.Actor, recusal id.ID, grant bool, note string) (Recusal, error) {
	var x Recusal
	rc, err := e.Ledger.Write(ctx, who, recusal.City, func(tx *ledger.Tx) (ledger.Act, error) {
		var err error
		if x, err = getRecusal(ctx, tx, recusal.Key); err != nil {
			return ledger.Act{}, err
		}
		if _, err := Get(ctx, tx, who, x.Matter); err != nil {
			return ledger.Act{}, err
		}
		m, err := Lock(ctx, tx, x.Matter)
		if err != nil {
			return ledger.Act{}, err
		}
		if x, err = getRecusal(ctx, tx, recusal.Key); err != nil { // again, under the lock
			return ledger.Act{}, err
		}
		if x.State != RecusalOpen {
			return ledger.Act{}, fault.New(fault.Conflict, "recusal.decided")
		}
		hat, err := e.decides(ctx, tx, who, m, x)
		if err != nil {
			return ledger.Act{}, err
		}
		text := note
		if err := typed.One("note", &text, !grant, recusalText); err != nil {
			return ledger.Act{}, err
		}
		x.State, x.Note, x.Decider, x.DeciderName, x.Holding, x.For, x.Decided = RecusalRefused, text, who.Person, who.Name, hat.Holding, hat.For, tx.Today()
		act := ledger.Act{Action: "recusal.refuse", Answer: x.ID.String(), Organ: m.Organ, Matter: m.ID, About: "recusal/" + x.ID.String(), Params: map[string]any{"who": x.Name, "recusal_ground": x.Ground}}
		if text != "" {
			act.Params["note"] = text
		}
		if hat.ForName != "" {
			act.Params["for"] = hat.ForName
		}
		c, err := deadline.Get(ctx, tx, x.Clock)
		if err != nil {
			return ledger.Act{}, err
		}
		if c.Running() {
			if _, err := e.Clocks.Add(ctx, tx, c, deadline.Entry{Kind: deadline.Fulfilled, On: tx.Today(), Reason: act.Action}); err != nil {
				return ledger.Act{}, err
			}
		}
		if grant {
			x.State, act.Action = RecusalGranted, "recusal.grant"
			if err := e.stepAside(ctx, tx, &m, x.Person.Key, bar.Recused); err != nil {
				return ledger.Act{}, err
			}
		}
		if err := tx.Update(ctx, recusalTable, x.row()...); err != nil {
			return ledger.Act{}, err
		}
		return act, save(ctx, tx, &m)
	})
	return e.replayed(ctx, rc, x, err)
}

func getRecusal(ctx context.Context, r db.Reader, key id.Key) (Recusal, error) {
	xs, err := db.All(ctx, r, scanRecusal(r.City()), `SELECT `+recusalCols+` FROM recusals x WHERE x.city_id = $1 AND x.id = $2`, key)
	if err != nil {
		return Recusal{}, err
	}
	if len(xs) == 0 {
		return Recusal{}, fault.Hidden()
	}
	return xs[0], nil
}

// stepAside bars a person from a family, takes them off its teams, and hands on what nobody at its desk can do now.
func (e *Engine) stepAside(ctx context.Context, tx *ledger.Tx, m *Matter, person id.Key, why string) error {
	if err := bar.Set(ctx, tx, person, m.Root, why); err != nil {
		return err
	}
	keys, err := db.Column[string](ctx, tx, `SELECT m.id FROM matters m WHERE m.city_id = $1 AND m.root_id = $2 AND m.open = TRUE ORDER BY m.id`, m.Root)
	if err != nil {
		return err
	}
	for _, k := range keys {
		x := m
		if k != m.ID.Key {
			other, err := Lock(ctx, tx, k)
			if err != nil {
				return err
			}
			x = &other
		}
		if err := leaveTeams(ctx, tx, x, person); err != nil {
			return err
		}
		if err := e.HandOn(ctx, tx, x); err != nil {
			return err
		}
		if x != m {
			if err := save(ctx, tx, x); err != nil {
				return err
			}
		}
	}
	return nil
}

func leaveTeams(ctx context.Context, tx *ledger.Tx, m *Matter, person id.Key) error {
	team, err := Team(ctx, tx, m.ID.Key)
	if err != nil {
		return err
	}
	for _, t := range team {
		if t.Person == person && t.To == "" {
			if err := tx.Update(ctx, teamTable, m.ID.Key, t.Stage, t.Person, m.Root, t.Lead, t.From, tx.Today(), int64(t.Signed)); err != nil {
				return err
			}
		}
	}
	return nil
}

// HandOn looks at every running clock of a matter: a signature that nobody at its desk can give climbs one rung; work
// that nobody in the handling unit can do comes back to case supervision, which hands it out anew.
func (e *Engine) HandOn(ctx context.Context, tx *ledger.Tx, m *Matter) error {
	running, err := deadline.Running(ctx, tx, m.ID.Key)
	if err != nil {
		return err
	}
	ro, err := e.roster(ctx, tx, m, tx.Today())
	if err != nil {
		return err
	}
	for _, c := range running {
		if _, known := ro.Unit(c.OwedBy.Key); !known || len(ro.Hands(c.OwedRole, c.OwedBy.Key)) > 0 {
			continue // a desk of the organ above, or somebody is left who can
		}
		unit, role, moved := m.Organ, access.Supervision, "recused"
		p, err := getProposal(ctx, tx, c.About)
		switch {
		case err == nil && p.Clock == c.ID.Key && p.State == "open":
			if err := e.reseat(ctx, tx, m, &p); err != nil {
				return err
			}
			s := p.Steps[p.Step]
			unit, role, moved = s.Unit, s.Seat, s.Moved
		case err != nil && !errors.Is(err, fault.Hidden()):
			return err
		case c.OwedRole != access.Handler && c.OwedRole != access.Head:
			seat, err := ro.Route(ctx, c.OwedRole)
			if err != nil {
				return err
			}
			unit, role, moved = seat.Unit.ID, seat.Role, seat.Moved
		}
		if _, err := e.Clocks.Reowe(ctx, tx, c, unit, role, moved); err != nil {
			return err
		}
	}
	return nil
}
