package custody

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

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

// What a report brought is kept as long as the rulebook says (keep.…), counted from the end of the last matter that came of
// it. After that it may be destroyed, and never by itself: a clerk of the intake office asks with a reason, the leader in
// charge or the principal consents, and with the consent it is gone from store, rows and search. What stays: that there was
// a report, its number, days and outcome, the acts, and the papers that were issued.

// The states of a destruction.
const (
	DestroyAsked     = "asked"
	DestroyRefused   = "refused"
	DestroyWithdrawn = "withdrawn"
	DestroyDone      = "done"
)

// RuleConsent is the clock of the leader's answer.
const RuleConsent = "destroy.consent"

// Destroyed stands where a title or a name of a file stood.
const Destroyed = "（材料已销毁）"

var destructionTable = &ledger.Table{Name: "destructions", Key: []string{"id"}, Cols: []string{"matter_id", "asker_id", "asker_name", "reason", "asked_at", "state",
	"decider_id", "decider_name", "decided_at", "note", "contents", "version"}, Version: "version"}

// Destruction is a request to destroy what a report brought, and what became of it.
type Destruction struct {
	ID          id.ID
	Matter      id.Key
	Asker       id.Key
	AskerName   string
	Reason      string
	Asked       calendar.Instant
	State       string
	Decider     id.Key
	DeciderName string
	Decided     calendar.Instant
	Note        string
	Contents    []string
	Version     int64
}

func (d Destruction) row() []any {
	return []any{d.ID.Key, d.Matter, d.Asker, d.AskerName, d.Reason, int64(d.Asked), d.State, d.Decider, d.DeciderName, int64(d.Decided), d.Note, strings.Join(d.Contents, " "), d.Version}
}

// Destructions reads what was asked for about a matter, newest first. The caller has seen the matter.
func Destructions(ctx context.Context, r db.Reader, matter id.Key) ([]Destruction, error) {
	return db.All(ctx, r, func(rows *db.Rows) (Destruction, error) {
		d := Destruction{ID: id.ID{City: r.City()}, Matter: matter}
		var contents string
		err := rows.Scan(&d.ID.Key, &d.Asker, &d.AskerName, &d.Reason, &d.Asked, &d.State, &d.Decider, &d.DeciderName, &d.Decided, &d.Note, &contents, &d.Version)
		d.Contents = strings.Fields(contents)
		return d, err
	}, `SELECT d.id, d.asker_id, d.asker_name, d.reason, d.asked_at, d.state, d.decider_id, d.decider_name, d.decided_at, d.note, d.contents, d.version
		FROM destructions d WHERE d.city_id = $1 AND d.matter_id = $2 ORDER BY d.asked_at DESC, d.id DESC`, matter)
}

// Asked is the request that waits for an answer, if one does.
func Asked(ds []Destruction) (Destruction, bool) {
	for _, d := range ds {
		if d.State == DestroyAsked {
			return d, true
		}
	}
	return Destruction{}, false
}

// Kept is how long what a report brought must be kept.
type Kept struct {
	Family  []flow.Matter // every matter that came of it, and the letters that it came from
	Open    string        // the number of one that has not ended
	Forever string        // the number of one that is kept for good
	Until   calendar.Date // the last day, where neither is
}

// Over says whether it may be destroyed on a day.
func (k Kept) Over(today calendar.Date) bool {
	return k.Open == "" && k.Forever == "" && len(k.Family) > 0 && k.Until < today
}

// keeps are the rulebook's limits by kinds of matters.
var keeps = map[string]string{"tipoff": "keep.tipoff", "slip": "keep.tipoff", Letter: "keep.tipoff", "clue": "keep.clue", "case": "keep.case"}

// Keeps says how long what belongs to a report must be kept: until the longest of its limits is over.
func (k *Keeper) Keeps(ctx context.Context, r db.Reader, m flow.Matter) (Kept, error) {
	var out Kept
	keys, err := k.Kin(ctx, r, m)
	if err != nil {
		return out, err
	}
	for _, key := range keys {
		x, err := flow.Whole(ctx, r, key)
		if err != nil {
			return out, err
		}
		out.Family = append(out.Family, x)
		if x.Open {
			out.Open = x.No
			continue
		}
		until, ok := k.Clocks.Rules.Kept(keeps[x.Kind], x.Ended, r.Now().Date())
		if !ok {
			out.Forever = x.No
		}
		out.Until = max(out.Until, until)
	}
	return out, nil
}

// AskDestruction asks for a leader's consent to destroying what a report brought.
func (k *Keeper) AskDestruction(ctx context.Context, who access.Actor, matter id.ID, reason string) error {
	reason, err := cleanReason(reason)
	if err != nil {
		return err
	}
	return k.destruction(ctx, who, matter, func(tx *ledger.Tx, m *flow.Matter, ds []Destruction) (ledger.Act, error) {
		if !who.Is(access.Intake, m.Organ) || m.Kind != "tipoff" {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		if err := k.mayDestroy(ctx, tx, *m, ds); err != nil {
			return ledger.Act{}, err
		}
		if _, ok := Asked(ds); ok {
			return ledger.Act{}, fault.New(fault.Conflict, "destroy.asked")
		}
		ro, err := access.LoadRoster(ctx, tx, m.Organ, id.ID{}, m.Root, tx.Today())
		if err != nil {
			return ledger.Act{}, err
		}
		role := access.Deputy
		if len(ro.Hands(role, m.Organ.Key, who.Person)) == 0 {
			role = access.Principal
		}
		d := Destruction{ID: tx.NewID(), Matter: m.ID.Key, Asker: who.Person, AskerName: who.Name, Reason: reason, Asked: tx.Now(), State: DestroyAsked, Version: 1}
		if err := tx.Insert(ctx, destructionTable, d.row()...); err != nil {
			return ledger.Act{}, err
		}
		if _, err := k.Clocks.Open(ctx, tx, deadline.Opening{Matter: m.ID.Key, Root: m.Root, Rule: RuleConsent, Start: tx.Today(), OwedBy: m.Organ, OwedRole: role, About: d.ID.Key, Organ: m.Organ, County: m.Among()}); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "destroy.ask", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"reason": reason}}, flow.Save(ctx, tx, m)
	})
}

func (k *Keeper) mayDestroy(ctx context.Context, r db.Reader, m flow.Matter, ds []Destruction) error {
	if slices.ContainsFunc(ds, func(d Destruction) bool { return d.State == DestroyDone }) {
		return fault.New(fault.Conflict, "destroy.done")
	}
	if err := deadline.Sure(ctx, r); err != nil { // nobody moves the clock to the day after
		return err
	}
	kept, err := k.Keeps(ctx, r, m)
	switch {
	case err != nil:
		return err
	case kept.Open != "":
		return fault.New(fault.Conflict, "destroy.open", kept.Open)
	case kept.Forever != "":
		return fault.New(fault.Conflict, "destroy.forever", kept.Forever)
	case !kept.Over(r.Now().Date()):
		return fault.New(fault.Conflict, "destroy.early", string(kept.Until))
	}
	return nil
}

// DecideDestruction refuses with a reason, or consents: what belongs to the report is destroyed with the consent, in one act.
func (k *Keeper) DecideDestruction(ctx context.Context, who access.Actor, matter id.ID, version int64, grant bool, note string) error {
	if err := typed.One("note", &note, !grant, longReason); err != nil {
		return err
	}
	var gone []string
	err := k.destruction(ctx, who, matter, func(tx *ledger.Tx, m *flow.Matter, ds []Destruction) (ledger.Act, error) {
		if !Leads(who, m.Organ, "") {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		d, ok := Asked(ds)
		if !ok || d.Version != version {
			return ledger.Act{}, fault.Stale()
		}
		if !Leads(who, m.Organ, d.Asker) {
			return ledger.Act{}, fault.New(fault.Forbidden, "consent.two_hands")
		}
		d.State, d.Decider, d.DeciderName, d.Decided, d.Note = DestroyRefused, who.Person, who.Name, tx.Now(), note
		act := ledger.Act{Action: "destroy.refuse", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"asker": d.AskerName, "asker_id": d.Asker, "reason": d.Reason, "note": note}}
		if grant {
			if err := k.mayDestroy(ctx, tx, *m, ds); err != nil {
				return ledger.Act{}, err
			}
			d.State, act.Action = DestroyDone, "destroy.done"
		}
		if err := k.answered(ctx, tx, m, deadline.Fulfilled, act.Action); err != nil {
			return ledger.Act{}, err
		}
		if grant {
			var err error
			if d.Contents, err = k.destroy(ctx, tx, *m, act.Params); err != nil {
				return ledger.Act{}, err
			}
			gone = d.Contents
		}
		return act, tx.Update(ctx, destructionTable, d.row()...)
	})
	if err == nil {
		err = k.drop(gone)
	}
	return err
}

// Leads says whether the actor is the leader in charge of an organ or its principal, and neither a person nor in that
// person's stead.
func Leads(who access.Actor, organ id.ID, not id.Key) bool {
	if who.Person == "" || who.Person == not {
		return false
	}
	for _, role := range []access.Role{access.Deputy, access.Principal} {
		if hat, ok := who.HatFor(role, organ); ok && (not == "" || hat.For != not) {
			return true
		}
	}
	return false
}

// WithdrawDestruction takes back what the actor asked for.
func (k *Keeper) WithdrawDestruction(ctx context.Context, who access.Actor, matter id.ID, version int64) error {
	return k.destruction(ctx, who, matter, func(tx *ledger.Tx, m *flow.Matter, ds []Destruction) (ledger.Act, error) {
		d, ok := Asked(ds)
		if !ok || d.Version != version {
			return ledger.Act{}, fault.Stale()
		}
		if who.Person != d.Asker {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		d.State = DestroyWithdrawn
		if err := k.answered(ctx, tx, m, deadline.Dropped, "destroy.withdraw"); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "destroy.withdraw", Organ: m.Organ, Matter: m.ID}, tx.Update(ctx, destructionTable, d.row()...)
	})
}

// answered ends the clock of the leader's answer.
func (k *Keeper) answered(ctx context.Context, tx *ledger.Tx, m *flow.Matter, how deadline.EntryKind, action string) error {
	if _, err := k.Clocks.End(ctx, tx, m.ID.Key, how, tx.Today(), action, RuleConsent); err != nil {
		return err
	}
	return flow.Save(ctx, tx, m)
}

// destruction is one act about destroying what a matter holds.
func (k *Keeper) destruction(ctx context.Context, who access.Actor, matter id.ID, do func(*ledger.Tx, *flow.Matter, []Destruction) (ledger.Act, error)) error {
	_, err := k.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if _, err := flow.Get(ctx, tx, who, matter.Key); err != nil {
			return ledger.Act{}, err
		}
		m, err := flow.Lock(ctx, tx, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		ds, err := Destructions(ctx, tx, m.ID.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		return do(tx, &m, ds)
	})
	return err
}

// destroy empties everything that belongs to a report, and returns the names of the contents to be dropped. Rows stay, so
// that the log goes on answering for each: as emptied by this act.
func (k *Keeper) destroy(ctx context.Context, tx *ledger.Tx, m flow.Matter, params map[string]any) (contents []string, err error) {
	keys, err := k.Kin(ctx, tx, m)
	if err != nil {
		return nil, err
	}
	slices.Sort(keys)
	envelopes := 0
	var nos []string
	for _, key := range keys {
		x, err := flow.Lock(ctx, tx, key)
		if err != nil {
			return nil, err
		}
		n, err := emptyEnvelopes(ctx, tx, key)
		if err != nil {
			return nil, err
		}
		stored, err := emptyFiles(ctx, tx, x)
		if err != nil {
			return nil, err
		}
		more, err := k.Blank(ctx, tx, x)
		if err != nil {
			return nil, err
		}
		if err := flow.Blank(ctx, tx, &x, Destroyed); err != nil {
			return nil, err
		}
		envelopes, nos, contents = envelopes+n, append(nos, x.No), append(append(contents, stored...), more...)
	}
	slices.Sort(contents)
	contents = slices.Compact(contents)
	params["matters"], params["envelopes"], params["contents"] = nos, envelopes, contents
	return contents, nil
}

func emptyEnvelopes(ctx context.Context, tx *ledger.Tx, matter id.Key) (int, error) {
	type envelope struct {
		id, what, suite, keys string
		at                    int64
	}
	es, err := db.All(ctx, tx, func(rows *db.Rows) (e envelope, err error) {
		return e, rows.Scan(&e.id, &e.what, &e.suite, &e.keys, &e.at)
	}, `SELECT id, what, suite, keys, at FROM envelopes WHERE city_id = $1 AND matter_id = $2`, matter)
	if err != nil {
		return 0, err
	}
	for _, e := range es {
		if err := tx.Update(ctx, envelopeTable, e.id, matter, e.what, e.suite, e.keys, []byte{}, e.at); err != nil {
			return 0, err
		}
	}
	return len(es), nil
}

func emptyFiles(ctx context.Context, tx *ledger.Tx, m flow.Matter) (stored []string, err error) {
	type file struct {
		id, ref, stored, suite, keys, on, by string
		size, sealed                         int64
	}
	fs, err := db.All(ctx, tx, func(rows *db.Rows) (f file, err error) {
		return f, rows.Scan(&f.id, &f.ref, &f.size, &f.sealed, &f.stored, &f.suite, &f.keys, &f.on, &f.by)
	}, `SELECT f.id, f.ref, f.size, f.sealed, f.stored, f.suite, f.keys, f.added_on, f.added_by FROM files f WHERE f.city_id = $1 AND f.matter_id = $2`, m.ID.Key)
	if err != nil {
		return nil, err
	}
	for _, f := range fs {
		if f.stored != "" {
			stored = append(stored, f.stored)
		}
		if err := tx.Update(ctx, fileTable, f.id, m.ID.Key, m.Root, Destroyed, f.ref, f.size, f.sealed, "", "", f.suite, f.keys, f.on, f.by); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

// drop removes contents from the store; what is not there is gone already.
func (k *Keeper) drop(contents []string) error {
	if k.Files == nil {
		return nil
	}
	var failed []error
	for _, name := range contents {
		if err := k.Files.Drop(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Sweep removes the contents of everything that was destroyed in a tenant, should any be there: the machine stopped between
// the act and the disk, or a folder of attachments was put back from before.
func (k *Keeper) Sweep(ctx context.Context, city id.City) error {
	all, err := db.Column[string](ctx, k.Ledger.DB.In(city), `SELECT d.contents FROM destructions d WHERE d.city_id = $1 AND d.state = 'done' AND d.contents <> ''`)
	if err != nil {
		return err
	}
	var failed []error
	for _, contents := range all {
		failed = append(failed, k.drop(strings.Fields(contents)))
	}
	return errors.Join(failed...)
}
