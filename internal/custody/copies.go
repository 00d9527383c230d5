package custody

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
)

// A passphrase that is lost would take with it everything that was ever sealed to the organ. So the private half of its key
// is kept once more, sealed to the organ above, whose custodian can hand it out again under a new passphrase: an act in both
// logs (D15). What the copy is good for is that alone; what the organ above may read is decided elsewhere (D13).

var copyTable = &ledger.Table{Name: "key_copies", Key: []string{"organ_id", "key_id"}, Cols: []string{"to_key", "suite", "sealed", "made_on"}}

// keyCopy is an organ's private key, sealed to the organ above.
type keyCopy struct {
	key    id.Key // of the organ
	to     id.Key // the key above that it is sealed to
	sealed []byte
}

func copies(ctx context.Context, r db.Reader, organ id.ID) (map[id.Key]keyCopy, error) {
	cs, err := db.All(ctx, r.For(organ.City), func(rows *db.Rows) (c keyCopy, err error) {
		return c, rows.Scan(&c.key, &c.to, &c.sealed)
	}, `SELECT key_id, to_key, sealed FROM key_copies WHERE city_id = $1 AND organ_id = $2`, organ.Key)
	out := map[id.Key]keyCopy{}
	for _, c := range cs {
		out[c.key] = c
	}
	return out, err
}

// copyUp seals whichever of an organ's keys are known in the clear to the newest key of the organ above, in the transaction
// of the act that made or unlocked them. An organ without one above, or whose organ above has no key yet, keeps none.
func (k *Keeper) copyUp(ctx context.Context, tx *ledger.Tx, organ access.Unit, ks []Key, privates []string) (int, error) {
	above, err := access.Above(ctx, tx.For(organ.ID.City), organ)
	if err != nil || above.ID.Zero() {
		return 0, err
	}
	to, ok, err := Current(ctx, tx, above.ID)
	if err != nil || !ok {
		return 0, err
	}
	have, err := copies(ctx, tx, organ.ID)
	if err != nil {
		return 0, err
	}
	made := 0
	for _, key := range ks {
		was, there := have[key.ID]
		if was.to == to.ID {
			continue
		}
		for _, p := range privates {
			if public, err := seal.Public(p); err != nil || public != key.Public {
				continue
			}
			sealed, err := seal.Seal([]byte(p), to.Public)
			if err != nil {
				return made, err
			}
			write := tx.Insert
			if there {
				write = tx.Update
			}
			if err := write(ctx, copyTable, organ.ID.Key, key.ID, to.ID, seal.Of(to.Public), sealed, tx.Today()); err != nil {
				return made, err
			}
			made++
		}
	}
	return made, nil
}

// Rewrap gives an organ whose passphrase is lost another one. The organ above does it, with its own key unlocked; the
// organ's custodian, who is there, chooses the passphrase. It says how many keys that opens, of how many.
func (k *Keeper) Rewrap(ctx context.Context, who access.Actor, organ access.Unit, s seal.Secret) (opened, all int, err error) {
	if len([]rune(s.Passphrase)) < shortest {
		return 0, 0, short()
	}
	r := k.Ledger.DB.In(organ.ID.City)
	above, err := access.Above(ctx, r, organ)
	if err != nil {
		return 0, 0, err
	}
	switch {
	case above.ID.Zero():
		return 0, 0, fault.New(fault.Conflict, "key.no_above")
	case !who.Automatic() && !who.Is(access.Intake, above.ID):
		return 0, 0, fault.New(fault.Forbidden, "move.not_yours")
	}
	privates, err := k.Ring.Keys(above.ID.String())
	if err != nil {
		return 0, 0, err
	}
	ks, err := Keys(ctx, r, organ.ID)
	if err != nil {
		return 0, 0, err
	}
	cs, err := copies(ctx, r, organ.ID)
	if err != nil {
		return 0, 0, err
	}
	var again []Key
	for i, key := range ks {
		c, there := cs[key.ID]
		if !there {
			if i == 0 {
				return 0, 0, fault.New(fault.Conflict, "key.no_copy", organ.Commission())
			}
			continue
		}
		private, err := seal.Open(c.sealed, privates...)
		if err != nil {
			return 0, 0, fault.New(fault.Conflict, "key.copy_unopened", above.Commission()).Because(err)
		}
		if public, err := seal.Public(string(private)); err != nil || public != key.Public {
			return 0, 0, fault.New(fault.Conflict, "key.no_copy", organ.Commission())
		}
		if key.Wrapped, err = seal.Wrap(string(private), s); err != nil {
			return 0, 0, err
		}
		again = append(again, key)
	}
	if len(again) == 0 {
		return 0, 0, fault.New(fault.Conflict, "key.none", organ.Name)
	}
	params := map[string]any{"keys": len(again), "organ": organ.ID.String()}
	// First that it is handed out, then that it is taken: no key changes hands unsaid above.
	if _, err = k.Ledger.Write(ctx, who, above.ID.City, func(*ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: "key.hand_out", Organ: above.ID, About: "unit/" + organ.ID.String(), Params: params}, nil
	}); err != nil {
		return 0, 0, err
	}
	_, err = k.Ledger.Write(ctx, who, organ.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		for _, key := range again {
			if err := tx.Update(ctx, keyTable, organ.ID.Key, key.ID, key.Suite, key.Public, key.Wrapped, key.Made, key.Retired); err != nil {
				return ledger.Act{}, err
			}
		}
		return ledger.Act{Action: "key.rewrap", Organ: organ.ID, About: "unit/" + above.ID.String(), Params: map[string]any{"keys": len(again), "above": above.Commission()}}, nil
	})
	if err == nil {
		k.Ring.Lock(organ.ID.String())
	}
	return len(again), len(ks), err
}
