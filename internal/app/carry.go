package app

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/backup"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
)

// extraKey is the deployment's key file within a backup: without it a restored deployment would know no authenticator
// any more. Whoever can open the backup has everything else too.
const extraKey = "deployment.key"

// Backup writes the whole deployment as it stands, in the clear: the caller seals it. That it was made is an act, which
// the backup holds already. A zero key leaves the key file out.
func Backup(ctx context.Context, d *db.DB, w io.Writer, key seal.Deployment, o backup.Options) (backup.Summary, error) {
	return backUp(ctx, d, access.ByOperator, w, key, o)
}

func backUp(ctx context.Context, d *db.DB, by func(id.City) access.Actor, w io.Writer, key seal.Deployment, o backup.Options) (backup.Summary, error) {
	if err := hostAct(ctx, d, by, "backup.make", nil); err != nil {
		return backup.Summary{}, err
	}
	o.Notes = heads
	if !key.Zero() {
		o.Extra = map[string][]byte{extraKey: key.File()}
	}
	return backup.Write(ctx, d, w, o)
}

// heads reads the size and root of every log, by its id.
func heads(ctx context.Context, s *db.Snap) (map[string]string, error) {
	out := map[string]string{}
	cities, err := tenants(ctx, s.In(0))
	if err != nil {
		return nil, err
	}
	for _, c := range cities {
		hs, err := ledger.Heads(ctx, s.In(c))
		if err != nil {
			return nil, err
		}
		for log, h := range hs {
			out[fmt.Sprintf("%d.%s", c, log)] = h
		}
	}
	return out, nil
}

// Restored is what came of a restore.
type Restored struct {
	backup.Summary
	Key seal.Deployment // zero when the backup was made without it
}

// Restore fills an empty database from a backup in the clear, makes the search index anew and holds the logs' heads
// against those that the backup names. Afterwards it is an act in the restored log.
func Restore(ctx context.Context, d *db.DB, r io.Reader, into backup.Into) (Restored, error) {
	var out Restored
	into.Extra = func(name string, b []byte) (err error) {
		if name == extraKey {
			out.Key, err = seal.ParseDeployment(b)
		}
		return err
	}
	var err error
	if out.Summary, err = backup.Restore(ctx, r, d, into); err != nil {
		return out, err
	}
	if err := Reindex(ctx, d, nil); err != nil {
		return out, err
	}
	var now map[string]string
	if err := d.Snapshot(ctx, func(s *db.Snap) (err error) { now, err = heads(ctx, s); return err }); err != nil {
		return out, err
	}
	for _, log := range slices.Sorted(maps.Keys(out.Notes)) {
		if now[log] != out.Notes[log] {
			return out, fault.New(fault.Conflict, "backup.heads", log)
		}
	}
	return out, hostAct(ctx, d, access.ByOperator, "backup.restore", map[string]any{"made": out.Manifest.At})
}

// Reindex makes what the search index holds anew, in every tenant. done, unless nil, is told how many texts are done.
func Reindex(ctx context.Context, d *db.DB, done func(texts int64)) error {
	cities, err := Tenants(ctx, d)
	if err != nil {
		return err
	}
	var all int64
	for _, c := range cities {
		err := flow.Reindex(ctx, d, c, func(n int) {
			if all += int64(n); done != nil {
				done(all)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// hostAct puts down what the host's operator, or the program by itself, did to the whole deployment, in the log at its
// head. A deployment without any organ has no log yet, and nothing that anybody could miss.
func hostAct(ctx context.Context, d *db.DB, by func(id.City) access.Actor, action string, params map[string]any) error {
	top, err := ledger.Top(ctx, d)
	if err != nil || top.ID.Zero() {
		return err
	}
	l := &ledger.Ledger{DB: d}
	_, err = l.Write(ctx, by(top.ID.City), top.ID.City, func(*ledger.Tx) (ledger.Act, error) {
		return ledger.Act{Action: action, Organ: top.ID, Params: params}, nil
	})
	return err
}
