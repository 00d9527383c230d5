// Package custody keeps what is sealed: reporters' names and originals, and the keys of the organs they are sealed to.
//
// The words: an envelope is one sealed thing about a matter (identity, original); it is sealed to two keys, that of the
// organ that received it and that of the level above (D13). A custodian unlocks the organ's key with a passphrase; it
// then lies on a ring in memory until it is locked, idle, or the program ends (D15). Opening an envelope is an act with
// a reason (D12); who reported is opened by two persons once the acceptance notice was given (an Opening).
//
// Invariants: sealing needs no unlocked key; without an organ's public key nothing that would have to be sealed is
// taken; what comes out of an envelope goes to the one who asked and is stored nowhere.
//
// Start at Keeper.Seal and Keeper.Open.
package custody

import (
	"context"
	"errors"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
)

// What an envelope can hold.
const (
	Identity = "identity" // who reported, and how to reach them
	Original = "original" // what they wrote or said, word for word
	Letter   = "letter"   // what they handed in on the public side, sealed there
	Alert    = "alert"    // what the watch over them has noticed: to the organ that watches, and to no other
)

// Keeper seals and opens.
type Keeper struct {
	Ledger *ledger.Ledger
	Ring   *seal.Ring
	Clocks *deadline.Keeper
	Files  *blob.Store // where sealed contents lie; nil: none are taken
	// Noticed says whether a matter's reporter was told that it is accepted: from then on nobody opens who they are alone.
	Noticed func(ctx context.Context, r db.Reader, m flow.Matter) (bool, error)
	// Opened is told of a matter of which something was opened, in the transaction that did it.
	Opened func(ctx context.Context, tx *ledger.Tx, m *flow.Matter) error
	// Kin lists what came of the same report as a matter: its family, and the letters that it came from.
	Kin func(ctx context.Context, r db.Reader, m flow.Matter) ([]id.Key, error)
	// Blank empties what a kind of matter holds beside the common row of what reporters wrote, and returns the names of the
	// sealed contents that it held.
	Blank func(ctx context.Context, tx *ledger.Tx, m flow.Matter) ([]string, error)
	// Make makes a key pair of a suite and wraps the private half; nil: anew each time. Tests give the same pairs again,
	// because a passphrase is slow on purpose.
	Make func(suite string, s seal.Secret) (private, public, wrapped string, err error)
}

// NewPair is a key pair nobody has had before, its private half wrapped under the secret.
func NewPair(suite string, s seal.Secret) (private, public, wrapped string, err error) {
	if private, public, err = seal.NewKey(suite); err != nil {
		return "", "", "", err
	}
	wrapped, err = seal.Wrap(private, s)
	return private, public, wrapped, err
}

// shortest is how short a passphrase may be, in characters.
const shortest = 12

func short() error { return fault.InvalidField("passphrase", "key.short", strconv.Itoa(shortest)) }

var keyTable = &ledger.Table{Name: "organ_keys", Key: []string{"organ_id", "id"}, Cols: []string{"suite", "public", "wrapped", "made_on", "retired_on"}}

var envelopeTable = &ledger.Table{Name: "envelopes", Key: []string{"id"}, Cols: []string{"matter_id", "what", "suite", "keys", "sealed", "at"}}

// Tables are the covered tables of this package.
func Tables() []*ledger.Table {
	return []*ledger.Table{keyTable, envelopeTable, fileTable, openingTable, copyTable, destructionTable}
}

// Key is one key pair of an organ, the private half wrapped.
type Key struct {
	Organ   id.ID
	ID      id.Key
	Suite   string
	Public  string
	Wrapped string
	Made    string
	Retired string
}

// Keys reads an organ's keys, newest first.
func Keys(ctx context.Context, r db.Reader, organ id.ID) ([]Key, error) {
	return db.All(ctx, r.For(organ.City), func(rows *db.Rows) (Key, error) {
		k := Key{Organ: organ}
		return k, rows.Scan(&k.ID, &k.Suite, &k.Public, &k.Wrapped, &k.Made, &k.Retired)
	}, `SELECT id, suite, public, wrapped, made_on, retired_on FROM organ_keys WHERE city_id = $1 AND organ_id = $2 ORDER BY id DESC`, organ.Key)
}

// current is the key new things are sealed to.
func current(ks []Key) (Key, bool) {
	for _, k := range ks {
		if k.Retired == "" {
			return k, true
		}
	}
	return Key{}, false
}

// Current reads the key that new things are sealed to for an organ; false where it has none.
func Current(ctx context.Context, r db.Reader, organ id.ID) (Key, bool, error) {
	ks, err := Keys(ctx, r, organ)
	k, ok := current(ks)
	return k, ok, err
}

// Seal closes a text about a matter to the organ and to the level above, in the transaction that makes the matter.
func (k *Keeper) Seal(ctx context.Context, tx *ledger.Tx, matter id.Key, what string, plain []byte, organ access.Unit) error {
	publics, names, err := k.recipients(ctx, tx, organ)
	if err != nil {
		return err
	}
	sealed, err := seal.Seal(plain, publics...)
	if err != nil {
		return err
	}
	return tx.Insert(ctx, envelopeTable, tx.NewKey(), matter, what, seal.Of(publics...), names, sealed, int64(tx.Now()))
}

func (k *Keeper) recipients(ctx context.Context, r db.Reader, organ access.Unit) (publics []string, names string, err error) {
	units := []access.Unit{organ}
	above, err := access.Above(ctx, r.For(organ.ID.City), organ)
	if err != nil {
		return nil, "", err
	}
	if !above.ID.Zero() {
		units = append(units, above)
	}
	for _, u := range units {
		key, ok, err := Current(ctx, r, u.ID)
		if err != nil {
			return nil, "", err
		}
		if !ok {
			return nil, "", fault.New(fault.Conflict, "key.none", u.Name)
		}
		publics = append(publics, key.Public)
		if names != "" {
			names += " "
		}
		names += key.ID
	}
	return publics, names, nil
}

// Has says which envelopes a matter has, without opening any.
func Has(ctx context.Context, r db.Reader, matter id.Key) (map[string]bool, error) {
	whats, err := db.Column[string](ctx, r, `SELECT what FROM envelopes WHERE city_id = $1 AND matter_id = $2`, matter)
	out := map[string]bool{}
	for _, w := range whats {
		out[w] = true
	}
	return out, err
}

// longReason is how many characters the reason for opening an envelope may have.
const longReason = 120

// Open opens an envelope of a matter for a reason. The reading is an act before anything is shown. Where it takes two
// persons, the reason is the one that the other consented to.
func (k *Keeper) Open(ctx context.Context, who access.Actor, matter id.ID, what, reason string) ([]byte, error) {
	if !who.Can(access.ReporterOpen) {
		return nil, fault.New(fault.Forbidden, "move.not_yours")
	}
	reason, wrong := cleanReason(reason)
	var plain []byte
	_, err := k.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, err := flow.Get(ctx, tx, who, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		params := map[string]any{"what": what, "reason": reason}
		two, err := k.TakesTwo(ctx, tx, m, what)
		switch {
		case err != nil:
			return ledger.Act{}, err
		case two:
			o, err := k.spend(ctx, tx, who, m)
			if err != nil {
				return ledger.Act{}, err
			}
			params["reason"], params["second"], params["second_id"] = o.Reason, o.DeciderName, o.Decider
		case wrong != nil:
			return ledger.Act{}, wrong
		}
		if plain, err = k.Reveal(ctx, tx, who, m, what); err != nil {
			return ledger.Act{}, err
		}
		if k.Opened != nil {
			err = k.Opened(ctx, tx, &m)
		}
		return ledger.Act{Action: "envelope.open", Organ: m.Organ, Matter: m.ID, Params: params}, err
	})
	if err != nil {
		return nil, err
	}
	return plain, nil
}

// Reveal opens an envelope of a matter within an act of the caller's that says so.
func (k *Keeper) Reveal(ctx context.Context, tx *ledger.Tx, who access.Actor, m flow.Matter, what string) ([]byte, error) {
	privates, err := k.keysFor(ctx, tx, who, m)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	err = tx.Row(ctx, `SELECT sealed FROM envelopes WHERE city_id = $1 AND matter_id = $2 AND what = $3 ORDER BY id DESC LIMIT 1`, m.ID.Key, what).Scan(&sealed)
	if errors.Is(err, db.ErrNoRows) || err == nil && len(sealed) == 0 && m.Kind == Alert { // whoever asked to be watched over took it back
		return nil, fault.Hidden()
	}
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 {
		return nil, fault.New(fault.Conflict, "destroy.gone")
	}
	plain, err := seal.Open(sealed, privates...)
	if err != nil {
		return nil, fault.New(fault.Conflict, "envelope.unopened").Because(err)
	}
	return plain, nil
}

// keysFor are the unlocked keys that the actor may open what is sealed about a matter with: those of the organ whose
// register it is in, and for a letter that the organ let run out or laid aside those of the organ above, whose copy that
// releases (D13).
func (k *Keeper) keysFor(ctx context.Context, r db.Reader, who access.Actor, m flow.Matter) ([]string, error) {
	at, err := Opener(ctx, r, who, m)
	if err != nil {
		return nil, err
	}
	if at.Zero() {
		return nil, fault.New(fault.Forbidden, "move.not_yours")
	}
	return k.Ring.Keys(at.String())
}

// Opener is the organ as whose custodian the actor may open what is sealed about a matter; zero for none.
func Opener(ctx context.Context, r db.Reader, who access.Actor, m flow.Matter) (id.ID, error) {
	if !who.Can(access.ReporterOpen) {
		return id.ID{}, nil
	}
	if who.Is(access.Intake, m.Organ) {
		return m.Organ, nil
	}
	if m.Kind != Letter || !(m.Is(flow.FlagRisen) && m.Open || m.Outcome == Aside) {
		return id.ID{}, nil
	}
	_, above, err := access.WithAbove(ctx, r.For(m.Organ.City), m.Organ.Key)
	if err != nil || above.ID.Zero() || !who.Is(access.Intake, above.ID) {
		return id.ID{}, err
	}
	return above.ID, nil
}

// Aside is the outcome of a letter that was laid aside unentered.
const Aside = "aside"

// MakeKey makes an organ's key, of the suite that the deployment chose, and wraps it under the custodian's secret. An
// earlier key is retired, not removed: what was sealed to it stays readable, whatever its suite.
func (k *Keeper) MakeKey(ctx context.Context, who access.Actor, organ access.Unit, s seal.Secret) error {
	if !who.Automatic() && !who.Is(access.Intake, organ.ID) {
		return fault.New(fault.Forbidden, "move.not_yours")
	}
	if len([]rune(s.Passphrase)) < shortest {
		return short()
	}
	suite, err := ledger.Suite(ctx, k.Ledger.DB)
	if err != nil {
		return err
	}
	fresh := k.Make
	if fresh == nil {
		fresh = NewPair
	}
	private, public, wrapped, err := fresh(suite, s)
	if err != nil {
		return err
	}
	// What was sealed to an earlier key must stay readable, so a person replaces a key only while it is unlocked; the
	// host's command line, which can't unlock, leaves the earlier wrappings as they are.
	before, err := Keys(ctx, k.Ledger.DB.In(organ.ID.City), organ.ID)
	if err != nil {
		return err
	}
	privates := []string{private}
	if len(before) > 0 && !who.Automatic() {
		held, err := k.Ring.Keys(organ.ID.String())
		if err != nil {
			return fault.New(fault.Conflict, "key.unlock_first")
		}
		privates = append(privates, held...)
		if err := rewrap(before, held, s); err != nil {
			return err
		}
	}
	_, err = k.Ledger.Write(ctx, who, organ.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		for _, o := range before {
			if o.Retired == "" {
				o.Retired = string(tx.Today())
			}
			if err := tx.Update(ctx, keyTable, organ.ID.Key, o.ID, o.Suite, o.Public, o.Wrapped, o.Made, o.Retired); err != nil {
				return ledger.Act{}, err
			}
		}
		key := tx.NewKey()
		if err := tx.Insert(ctx, keyTable, organ.ID.Key, key, suite, public, wrapped, tx.Today(), ""); err != nil {
			return ledger.Act{}, err
		}
		made := map[string]any{"suite": suite, "public": public}
		if s.File != nil {
			made["file"] = true
		}
		_, err := k.copyUp(ctx, tx, organ, append([]Key{{ID: key, Public: public}}, before...), privates)
		return ledger.Act{Action: "key.make", Organ: organ.ID, About: "key/" + key, Params: made}, err
	})
	if err == nil && k.Ring.Unlocked(organ.ID.String()) {
		k.Ring.Lock(organ.ID.String())
	}
	return err
}

// Unlock puts the organ's keys on the ring: those that the secret opens, the newest among them.
func (k *Keeper) Unlock(ctx context.Context, who access.Actor, organ access.Unit, s seal.Secret) error {
	if !who.Automatic() && !who.Is(access.Intake, organ.ID) {
		return fault.New(fault.Forbidden, "move.not_yours")
	}
	ks, err := Keys(ctx, k.Ledger.DB.In(organ.ID.City), organ.ID)
	if err != nil {
		return err
	}
	if len(ks) == 0 {
		return fault.New(fault.Conflict, "key.none", organ.Name)
	}
	var privates []string
	for i, key := range ks {
		p, err := seal.Unwrap(key.Wrapped, s)
		if err == nil {
			privates = append(privates, p)
		} else if i == 0 {
			return err
		}
	}
	_, err = k.Ledger.Write(ctx, who, organ.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		// Of a key from before the organ above had one, or has had its present one, the copy is made now.
		params := map[string]any{"keys": len(privates)}
		copied, err := k.copyUp(ctx, tx, organ, ks, privates)
		if copied > 0 {
			params["copied"] = copied
		}
		return ledger.Act{Action: "key.unlock", Organ: organ.ID, Params: params}, err
	})
	if err != nil {
		return err
	}
	k.Ring.Unlock(organ.ID.String(), privates...)
	return nil
}

// Lock takes the organ's keys off the ring.
func (k *Keeper) Lock(ctx context.Context, who access.Actor, organ access.Unit) error {
	if !who.Automatic() && !who.Is(access.Intake, organ.ID) {
		return fault.New(fault.Forbidden, "move.not_yours")
	}
	k.Ring.Lock(organ.ID.String())
	_, err := k.Ledger.Write(ctx, who, organ.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "key.lock", Organ: organ.ID}, nil
	})
	return err
}
