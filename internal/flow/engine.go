package flow

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow/bar"
	"qianshao/internal/flow/number"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Hooks are what an area adds to its table. Any may be nil.
type Hooks struct {
	// Facts reads what the rulebook may ask beyond rank, level and source, and tells it for anything that may be filled in.
	Facts func(ctx context.Context, r db.Reader, m *Matter) (func(in Values) rulebook.Facts, error)
	// Shut says, without writing, why a move is not open now (a code for locale), "" if it is.
	Shut map[string]func(ctx context.Context, r db.Reader, m *Matter) (string, error)
	// Check says what is wrong with a move beyond its fields; it runs when it is proposed and again when it is made.
	Check map[string]func(ctx context.Context, op *Op) error
	// Apply is the move's effect beyond state, clocks and counts.
	Apply map[string]func(ctx context.Context, op *Op) error
	// Attr reads an attribute of the matter for a tally's kind ("@channel").
	Attr func(ctx context.Context, r db.Reader, m *Matter, name string) (string, error)
	// Changed is told of a matter that a move, or its rising, has changed; it runs in the transaction.
	Changed func(ctx context.Context, tx *ledger.Tx, m *Matter) error
}

// Op is one move being made.
type Op struct {
	*ledger.Tx
	Engine *Engine
	M      *Matter
	Move   *Move
	In     Values
	Author id.Key // who made or proposed it; the approver is Tx.Actor
	Day    calendar.Date
	To     string // where it leads; Apply may set it for a move that stays until something is complete
	Params map[string]any
}

// Engine carries every kind of matter along its table.
type Engine struct {
	Ledger *ledger.Ledger
	Clocks *deadline.Keeper
	Rules  *rulebook.Book
	// Index brings the search index up to a matter that was opened or changed hands; it runs in the transaction.
	Index   func(ctx context.Context, tx *ledger.Tx, m *Matter) error
	Splits  []measure.Split // what is kept in cells about matters
	tables  map[string]*Table
	order   []string
	sources map[string]Source
}

// NewEngine makes an engine without tables.
func NewEngine(l *ledger.Ledger, k *deadline.Keeper, rules *rulebook.Book) *Engine {
	e := &Engine{Ledger: l, Clocks: k, Rules: rules, tables: map[string]*Table{}, sources: map[string]Source{}}
	e.addSources()
	return e
}

// Add takes a table; package app calls it once per kind. A table that does not hold together is refused.
func (e *Engine) Add(t *Table) error {
	if bad := t.Check(e.Rules); len(bad) > 0 {
		return fmt.Errorf("flow: %s", bad[0])
	}
	today := e.Ledger.DB.Today()
	for i := range t.Moves {
		for j, f := range t.Moves[i].Fields {
			if f.Least != "" {
				t.Moves[i].Fields[j].Min = e.Rules.Limit(f.Least, today)
			}
		}
	}
	e.tables[t.Kind] = t
	e.order = append(e.order, t.Kind)
	return nil
}

// AddSource names a source of persons or units for fields.
func (e *Engine) AddSource(name string, s Source) { e.sources[name] = s }

// Table finds the lifecycle of a kind.
func (e *Engine) Table(kind string) (*Table, bool) {
	t, ok := e.tables[kind]
	return t, ok
}

// Kinds lists the kinds of matter in the order they were added.
func (e *Engine) Kinds() []string { return e.order }

// Done is the result of a move or a decision.
type Done struct {
	ID       id.ID            `json:"id"`
	State    string           `json:"state"`
	Version  int64            `json:"version"`
	Proposal string           `json:"proposal,omitempty"` // set when it now waits for approval
	Log      string           `json:"log"`
	Seq      int64            `json:"act"`
	At       calendar.Instant `json:"at"`
}

// Create opens a matter in a transaction that the area's use case has begun: it numbers it, names its subjects, bars
// those of them who are the system's own people, places the register, and starts the clocks of its first state.
func (e *Engine) Create(ctx context.Context, tx *ledger.Tx, m *Matter, subjects []Subject, starts map[string]calendar.Date) error {
	t, ok := e.tables[m.Kind]
	if !ok {
		return fmt.Errorf("flow: no kind %s", m.Kind)
	}
	if m.ID.Zero() {
		m.ID = tx.NewID()
	}
	if m.Root == "" {
		m.Root = m.ID.Key
	}
	m.Open, m.Version, m.Opened = true, 1, tx.Today()
	if m.State == "" {
		m.State = t.States[0].Name
	}
	if err := e.place(ctx, tx, m, subjects); err != nil {
		return err
	}
	if m.No == "" {
		no, err := number.Next(ctx, tx, m.Organ, m.Kind, t.Mark, tx.Today())
		if err != nil {
			return err
		}
		m.No = no
	}
	if err := tx.Insert(ctx, matterTable, m.row()...); err != nil {
		return err
	}
	if err := insertSubjects(ctx, tx, m.ID.Key, subjects); err != nil {
		return err
	}
	state, _ := t.State(m.State)
	op := &Op{Tx: tx, Engine: e, M: m, Day: tx.Today(), In: Values{}}
	if err := e.startClocks(ctx, op, nil, state, starts); err != nil {
		return err
	}
	if err := save(ctx, tx, m); err != nil {
		return err
	}
	return e.index(ctx, tx, m)
}

func (e *Engine) index(ctx context.Context, tx *ledger.Tx, m *Matter) error {
	if e.Index == nil {
		return nil
	}
	return e.Index(ctx, tx, m)
}

// Do makes a move, or proposes it when it needs approval. version is the one the caller saw.
func (e *Engine) Do(ctx context.Context, who access.Actor, matter id.ID, version int64, name string, in Values) (Done, error) {
	var d Done
	rc, err := e.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, err := e.take(ctx, tx, who, matter.Key, version)
		if err != nil {
			return ledger.Act{}, err
		}
		t := e.tables[m.Kind]
		move, ok := t.Move(name)
		if !ok || move.Quiet && !who.Automatic() {
			return ledger.Act{}, fault.New(fault.Invalid, "move.unknown")
		}
		op := &Op{Tx: tx, Engine: e, M: &m, Move: move, Author: who.Person, Day: tx.Today(), Params: map[string]any{}}
		if err := e.open(ctx, op, who); err != nil {
			return ledger.Act{}, err
		}
		if op.In, err = e.validate(ctx, tx, who, &m, move.Fields, in, op.Day); err != nil {
			return ledger.Act{}, err
		}
		if err := e.check(ctx, op); err != nil {
			return ledger.Act{}, err
		}
		act := ledger.Act{Action: m.Kind + "." + name, Organ: m.Organ, Matter: m.ID, Params: op.Params}
		for k, v := range op.In {
			if f, _ := move.field(k); !f.Apart {
				op.Params[k] = one(v)
			}
		}
		if name := actsFor(who, &m, e.by(&m, move, op.Day)); name != "" {
			op.Params["for"] = name
		}
		if move.Chain != "" {
			p, err := e.propose(ctx, op, who)
			if err != nil {
				return ledger.Act{}, err
			}
			d.Proposal = p.ID.String()
			act.Action += ".propose"
			op.Params["seat"] = p.Steps[p.Step].said()
		} else if err := e.apply(ctx, op); err != nil {
			return ledger.Act{}, err
		}
		op.Params["state"] = m.State
		d.ID, d.State, d.Version = m.ID, m.State, m.Version
		act.Answer = d.answer()
		return act, nil
	})
	return d.with(rc), err
}

// take reads a matter under the actor's scope, locks it, and refuses a version that is not the one the caller saw.
func (e *Engine) take(ctx context.Context, tx *ledger.Tx, who access.Actor, key id.Key, version int64) (Matter, error) {
	m, err := Get(ctx, tx, who, key)
	if err != nil {
		return Matter{}, err
	}
	if tx.Engine() == db.SQLite {
		m.hold() // what its one writer reads, it holds
	} else if m, err = Lock(ctx, tx, key); err != nil {
		return m, err
	}
	if version != m.Version-1 && !who.Automatic() {
		return m, fault.Stale()
	}
	return m, nil
}

func one(v []string) any {
	if len(v) == 1 {
		return v[0]
	}
	return v
}

func (d Done) answer() string {
	return d.ID.String() + " " + d.State + " " + strconv.FormatInt(d.Version, 10) + " " + d.Proposal
}

// with fills in where the act stands; for a repeated request, everything from the first answer.
func (d Done) with(rc ledger.Receipt) Done {
	if rc.Replayed {
		var key string
		_, _ = fmt.Sscan(rc.Answer, &key, &d.State, &d.Version, &d.Proposal) // a proposal may be missing
		d.ID, _ = id.Parse(key)                                              // written by answer
		return d
	}
	d.Log, d.Seq, d.At = rc.Log.String(), rc.Seq, rc.At
	return d
}

// open says whether the move may be made now by this actor: state, relation, reasons of the area.
func (e *Engine) open(ctx context.Context, op *Op, who access.Actor) error {
	if !slices.Contains(op.Move.From, op.M.State) || op.Move.Retired {
		return fault.New(fault.Conflict, "move.not_now")
	}
	why, err := e.yours(ctx, op.Tx, who, op.M, op.Move, op.Day)
	if err != nil {
		return err
	}
	if why != "" {
		return fault.New(fault.Forbidden, why)
	}
	if f := e.tables[op.M.Kind].Hooks.Shut[op.Move.Name]; f != nil {
		code, err := f(ctx, op.Tx, op.M)
		if err != nil {
			return err
		}
		if code != "" {
			return fault.New(fault.Conflict, code)
		}
	}
	return nil
}

func (e *Engine) check(ctx context.Context, op *Op) error {
	if f := e.tables[op.M.Kind].Hooks.Check[op.Move.Name]; f != nil {
		return f(ctx, op)
	}
	return nil
}

// superiors are the roles in which an organ looks after what stands in the registers below it.
var superiors = []access.Role{access.Observer, access.Intake, access.Supervision, access.Deputy, access.Principal}

// may says whether the actor stands in one of the relations to the matter.
func (e *Engine) may(ctx context.Context, r db.Reader, who access.Actor, m *Matter, by []By) (bool, error) {
	if who.Automatic() {
		return true, nil
	}
	who, err := unlent(ctx, r, who, m.Root)
	if err != nil {
		return false, err
	}
	for _, b := range by {
		switch b {
		case BySystem:
		case ByHandler:
			if who.Is(access.Handler, m.Handler) || who.Is(access.Head, m.Handler) {
				return true, nil
			}
		case ByHead:
			if who.Is(access.Head, m.Handler) {
				return true, nil
			}
		case ByTeam:
			ok, err := onTeam(ctx, r, m.ID.Key, who.Person)
			if ok || err != nil {
				return ok, err
			}
		case BySuperior:
			if !slices.ContainsFunc(who.Keys(), func(k access.DeskKey) bool { return k.Unit != m.Organ && slices.Contains(superiors, k.Role) }) {
				continue // most readers belong to the register itself: what is above it need not be asked
			}
			above, err := e.Above(ctx, r, m.Organ)
			if err != nil {
				return false, err
			}
			for _, role := range superiors {
				if !above.ID.Zero() && who.Is(role, above.ID) {
					return true, nil
				}
			}
		default:
			if who.Is(b.Role(), m.Organ) {
				return true, nil
			}
		}
	}
	return false, nil
}

// HandTo gives the matter of a move to another unit; its clocks follow with Rehand or with the state it comes to.
func HandTo(ctx context.Context, op *Op, unit id.Key) (access.Unit, error) {
	u, err := access.GetUnit(ctx, op.Tx, unit)
	if err != nil {
		return u, err
	}
	op.M.Handler = u.ID
	op.M.Unset(FlagTownship)
	if u.Kind == "township" {
		op.M.Set(FlagTownship)
	}
	return u, nil
}

// onTeam says whether somebody works on a matter's verification or investigation now. A review panel is no such team.
func onTeam(ctx context.Context, r db.Reader, matter, person id.Key) (bool, error) {
	n, err := db.Column[int64](ctx, r, `SELECT 1 FROM team WHERE city_id = $1 AND matter_id = $2 AND person_id = $3 AND to_on = '' AND stage <> $4`, matter, person, StageReview)
	return len(n) > 0, err
}

// Above is the organ one level up from a register.
func (e *Engine) Above(ctx context.Context, r db.Reader, organ id.ID) (access.Unit, error) {
	_, above, err := access.WithAbove(ctx, r.For(organ.City), organ.Key)
	return above, err
}

// apply makes the move: the area's effect, the new state with its clocks, the counts.
func (e *Engine) apply(ctx context.Context, op *Op) error {
	t, m := e.tables[op.M.Kind], op.M
	op.To = op.Move.To
	if op.Move.Fork != nil {
		op.To = op.Move.Fork.To[op.In.Str(op.Move.Fork.Field)]
	}
	if f := t.Hooks.Apply[op.Move.Name]; f != nil {
		if err := f(ctx, op); err != nil {
			return err
		}
	}
	starts := map[string]calendar.Date{}
	for rule, field := range op.Move.Starts {
		if d := op.In.Day(field); d != "" {
			starts[rule] = d
		}
	}
	for _, c := range op.Move.Counts {
		if err := e.count(ctx, op, c); err != nil {
			return err
		}
	}
	if err := e.endRules(ctx, op, op.Move.Ends, deadline.Fulfilled); err != nil {
		return err
	}
	if op.To != "" && op.To != m.State {
		if err := e.shift(ctx, op, op.To, starts); err != nil {
			return err
		}
	}
	if len(op.Move.Restart) > 0 {
		if err := e.restart(ctx, op, starts); err != nil {
			return err
		}
	}
	if refuses(op) {
		if err := e.tellSuperior(ctx, op); err != nil {
			return err
		}
	}
	return e.keep(ctx, op.Tx, m)
}

func refuses(op *Op) bool {
	if slices.Contains(op.Move.Refusal, "*") || op.Move.Fork != nil && op.M.Is(FlagMember) {
		return true // JD 22: whatever is decided about one of the same-level committee's own is told above
	}
	return op.Move.Fork != nil && slices.Contains(op.Move.Refusal, op.In.Str(op.Move.Fork.Field))
}

func (e *Engine) count(ctx context.Context, op *Op, c Tally) error {
	dim := c.Dim
	if dim != "" {
		if dim[0] == '@' {
			var err error
			if dim, err = e.attr(ctx, op.Tx, op.M, dim[1:]); err != nil {
				return err
			}
		} else {
			dim = op.In.Str(dim)
		}
	}
	unit := op.M.Organ.Key
	switch c.At {
	case "handler":
		if op.M.Handler.Key != "" {
			unit = op.M.Handler.Key
		}
	case "place":
		// A matter whose register stands above the county leaves no number below (D22).
		if op.M.Township != "" && op.M.Level >= access.County {
			unit = op.M.Township
		}
	}
	return e.tally(ctx, op.Tx, op.M, c.Measure, dim, unit, op.Day)
}

// Count adds to a flow measure for a matter outside a move: at its creation.
func (e *Engine) Count(ctx context.Context, tx *ledger.Tx, m *Matter, name, dim, at string) error {
	op := &Op{Tx: tx, Engine: e, M: m, Day: tx.Today(), In: Values{"dim": {dim}}}
	return e.count(ctx, op, Tally{Measure: name, Dim: "dim", At: at})
}

// Make makes a quiet move of a matter that the caller holds locked, as part of the caller's act: what happens to one
// matter because something happened to another.
func (e *Engine) Make(ctx context.Context, tx *ledger.Tx, m *Matter, name string, in Values) error {
	mv, ok := e.tables[m.Kind].Move(name)
	if !ok || !mv.Quiet {
		return fmt.Errorf("flow: %s has no quiet move %s", m.Kind, name)
	}
	if !slices.Contains(mv.From, m.State) {
		return fault.New(fault.Conflict, "move.not_now")
	}
	return e.apply(ctx, &Op{Tx: tx, Engine: e, M: m, Move: mv, In: in, Author: tx.Actor.Person, Day: tx.Today(), Params: map[string]any{}})
}

// JoinFamily makes a matter part of another's family; the bars of both hold for all of it.
func (e *Engine) JoinFamily(ctx context.Context, tx *ledger.Tx, m *Matter, root id.Key) error {
	if m.Root == root {
		return nil
	}
	if err := bar.Join(ctx, tx, m.Root, root); err != nil {
		return err
	}
	m.Root = root
	return nil
}

// MakeAs makes a move that is offered to people, on behalf of another move in the same act: accepting a tip-off with
// 转办 is accepting it and assigning its clue.
func (e *Engine) MakeAs(ctx context.Context, tx *ledger.Tx, m *Matter, name string, in Values) error {
	mv, ok := e.tables[m.Kind].Move(name)
	if !ok || mv.Chain != "" || !slices.Contains(mv.From, m.State) {
		return fault.New(fault.Conflict, "move.not_now")
	}
	op := &Op{Tx: tx, Engine: e, M: m, Move: mv, In: in, Author: tx.Actor.Person, Day: tx.Today(), Params: map[string]any{}}
	if err := e.check(ctx, op); err != nil {
		return err
	}
	return e.apply(ctx, op)
}
