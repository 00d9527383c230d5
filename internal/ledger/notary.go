package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
)

// Notary issues checkpoints: signed notes in the C2SP form (origin, size, root) that say what a log held. Whoever has
// kept one can tell afterwards whether the log still begins with what it held then.
type Notary struct {
	Name    string   // the deployment's, part of every origin
	Publics []string // every key it ever signed with, the newest last
	Mark    string   // of the key file in use
	Suite   string   `json:",omitempty"` // what new keys are made of; "" where nothing was chosen
	Seconds []string `json:",omitempty"` // keys of its second signatures, the newest last
	key     seal.Deployment
}

const settingNotary = "deployment"

// LoadNotary reads what the database knows of the deployment's key: enough to check signatures, not to sign. Name is
// "" when no key was ever used with it.
func LoadNotary(ctx context.Context, d *db.DB) (Notary, error) {
	var n Notary
	var text string
	err := d.Shared().Row(ctx, `SELECT value FROM settings_deployment WHERE key = $1`, settingNotary).Scan(&text)
	if errors.Is(err, db.ErrNoRows) {
		return n, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &n)
	}
	return n, err
}

// Adopt takes the deployment's key into use and returns who signs with it. The first key of a database is recorded as
// an act in the log at the head of the deployment; another one than the recorded is refused (key.file_other), because
// authenticators would stop working and checkpoints would change hands unseen, unless renew says that it is meant.
// While the database holds no organ yet nothing is recorded, and Name is "".
func (l *Ledger) Adopt(ctx context.Context, who func(id.City) access.Actor, key seal.Deployment, renew bool) (Notary, error) {
	n, err := LoadNotary(ctx, l.DB)
	if err != nil {
		return n, err
	}
	n.key = key
	if n.Mark == key.Mark() {
		return n, nil
	}
	if n.Mark != "" && !renew {
		return n, fault.New(fault.Conflict, "key.file_other")
	}
	err = l.record(ctx, who, &n, "deployment.key")
	return n, err
}

// Suite is what a deployment's new keys are made of; seal.Age where nothing was chosen.
func Suite(ctx context.Context, d *db.DB) (string, error) {
	n, err := LoadNotary(ctx, d)
	if n.Suite == "" {
		n.Suite = seal.Age
	}
	return n.Suite, err
}

// Choose says what the keys are made of that organs make from now on; what is sealed follows the keys. With seal.SM its
// checkpoints are signed a second time. An act in the log at the head of the deployment.
func (l *Ledger) Choose(ctx context.Context, who func(id.City) access.Actor, key seal.Deployment, suite string) error {
	if !slices.Contains(seal.Suites(), suite) {
		return fault.New(fault.Invalid, "key.suite", suite)
	}
	n, err := l.Adopt(ctx, who, key, false)
	if err != nil {
		return err
	}
	if n.Name == "" {
		return fault.New(fault.Conflict, "key.empty")
	}
	n.Suite = suite
	return l.record(ctx, who, &n, "deployment.suite")
}

// record writes what is known of the deployment's key, as an act.
func (l *Ledger) record(ctx context.Context, who func(id.City) access.Actor, n *Notary, action string) error {
	top, err := Top(ctx, l.DB)
	if err != nil || top.ID.Zero() {
		return err
	}
	_, err = l.Write(ctx, who(top.ID.City), top.ID.City, func(tx *Tx) (Act, error) {
		if n.Name == "" {
			n.Name = strings.ToLower(tx.NewKey())
		}
		n.Mark = n.key.Mark()
		params := map[string]any{"deployment": n.Name, "public": n.key.Public(), "mark": n.Mark}
		if !slices.Contains(n.Publics, n.key.Public()) {
			n.Publics = append(n.Publics, n.key.Public())
		}
		if n.Suite != "" {
			params["suite"] = n.Suite
		}
		if n.Suite == seal.SM {
			params["second"] = n.key.SecondPublic()
			if !slices.Contains(n.Seconds, n.key.SecondPublic()) {
				n.Seconds = append(n.Seconds, n.key.SecondPublic())
			}
		}
		b, err := json.Marshal(n)
		if err != nil {
			return Act{}, err
		}
		_, err = tx.SharedTx().Exec(ctx, `INSERT INTO settings_deployment (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2`, settingNotary, string(b))
		return Act{Action: action, Organ: top.ID, Params: params}, err
	})
	return err
}

// Top is the organ at the head of the deployment: of a tenant whose superior tenant is not in it.
func Top(ctx context.Context, d *db.DB) (access.Unit, error) {
	cities, err := db.Column[id.City](ctx, d.Shared(), `SELECT t.city_id FROM tenants t LEFT JOIN tenants a ON a.city_id = t.above_id
		WHERE a.city_id IS NULL ORDER BY t.city_id`)
	if err != nil {
		return access.Unit{}, err
	}
	for _, c := range cities {
		u, err := access.Top(ctx, d.In(c))
		if err != nil || !u.ID.Zero() {
			return u, err
		}
	}
	return access.Unit{}, nil
}

// Origin is the first line of a log's checkpoints, and the name they are signed under.
func (n Notary) Origin(log id.ID) string { return "qianshao/" + n.Name + "/" + log.String() }

// Check reads a checkpoint of a log and says over how many entries, with what root, it was signed by a key of this
// deployment.
func (n Notary) Check(log id.ID, text string) (int64, tlog.Hash, error) {
	keys, err := n.Keys(log)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	c, err := checkpoint.Open(text, n.Origin(log), keys...)
	if err == nil {
		_, err = n.Seconded(log, text)
	}
	return c.Size, c.Root, err
}

// Seconded says whether a checkpoint of a log carries the deployment's second signature as well; one that is false is an
// error.
func (n Notary) Seconded(log id.ID, text string) (bool, error) {
	var by []note.Verifier
	for _, p := range n.Seconds {
		v, err := seal.SecondVerifier(n.Origin(log), p)
		if err != nil {
			return false, err
		}
		by = append(by, v)
	}
	return checkpoint.Seconded(text, by...)
}

// Keys are what a log's checkpoints are checked by, as C2SP writes them.
func (n Notary) Keys(log id.ID) ([]string, error) {
	var out []string
	for _, p := range n.Publics {
		k, err := seal.VerifierKey(n.Origin(log), p)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// Checkpoint is one that was issued.
type Checkpoint struct {
	Log  id.ID
	Size int64
	Note string
}

// Latest lists the newest checkpoint of every log of a tenant.
func Latest(ctx context.Context, r db.Reader) ([]Checkpoint, error) {
	return db.All(ctx, r, func(rows *db.Rows) (Checkpoint, error) {
		c := Checkpoint{Log: id.ID{City: r.City()}}
		return c, rows.Scan(&c.Log.Key, &c.Size, &c.Note)
	}, `SELECT c.log_id, c.size, c.note FROM checkpoints c WHERE c.city_id = $1
		AND c.size = (SELECT MAX(x.size) FROM checkpoints x WHERE x.city_id = c.city_id AND x.log_id = c.log_id) ORDER BY c.log_id`)
}

// Ages says when a tenant's newest act was made, and when the oldest that no checkpoint covers yet; zero for none.
func Ages(ctx context.Context, r db.Reader) (newest, unsigned calendar.Instant, err error) {
	rows, err := r.Query(ctx, `SELECT l.last_at, l.size, COALESCE((SELECT c.size FROM checkpoints c WHERE c.city_id = l.city_id AND c.log_id = l.log_id
		ORDER BY c.size DESC LIMIT 1), 0), l.log_id FROM logs l WHERE l.city_id = $1 AND l.size > 0`)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	behind := map[id.Key]int64{}
	for rows.Next() {
		var last calendar.Instant
		var size, signed int64
		var log id.Key
		if err := rows.Scan(&last, &size, &signed, &log); err != nil {
			return 0, 0, err
		}
		newest = max(newest, last)
		if signed < size {
			behind[log] = signed
		}
	}
	if err := rows.Err(); err != nil {
		return 0, 0, err
	}
	for log, seq := range behind {
		var at calendar.Instant
		if err := r.Row(ctx, `SELECT at FROM acts WHERE city_id = $1 AND log_id = $2 AND seq = $3`, log, seq).Scan(&at); err != nil {
			return 0, 0, err
		}
		if unsigned == 0 || at < unsigned {
			unsigned = at
		}
	}
	return newest, unsigned, nil
}

// Issue signs a checkpoint for every log of a tenant that has grown since its last one, and says how many. A log that
// does not begin with what its last checkpoint said is not signed: the error names it, and the other logs are done all
// the same.
func (l *Ledger) Issue(ctx context.Context, n Notary, city id.City) (int, error) {
	r := l.DB.In(city)
	last := map[id.Key]Checkpoint{}
	cs, err := Latest(ctx, r)
	if err != nil {
		return 0, err
	}
	for _, c := range cs {
		last[c.Log.Key] = c
	}
	logs, err := db.Column[string](ctx, r, `SELECT log_id FROM logs WHERE city_id = $1 ORDER BY log_id`)
	if err != nil {
		return 0, err
	}
	done := 0
	var failed []error
	for _, k := range logs {
		ok, err := l.issue(ctx, n, id.ID{City: city, Key: k}, last[k])
		if err != nil {
			failed = append(failed, fmt.Errorf("log %d.%s: %w", city, k, err))
		}
		if ok {
			done++
		}
	}
	return done, errors.Join(failed...)
}

func (l *Ledger) issue(ctx context.Context, n Notary, log id.ID, last Checkpoint) (bool, error) {
	r := l.DB.In(log.City)
	size, root, err := Head(ctx, r, log)
	if err != nil || size == last.Size && last.Note != "" || size == 0 {
		return false, err
	}
	if last.Note != "" {
		oldSize, oldRoot, err := n.Check(log, last.Note)
		if err == nil && oldSize != last.Size {
			err = fmt.Errorf("its last checkpoint is over %d entries and stands where one over %d belongs", oldSize, last.Size)
		}
		if err != nil {
			return false, err
		}
		if err := extends(ctx, r, log, oldSize, oldRoot, size, root); err != nil {
			return false, err
		}
	}
	signers, err := n.signers(log)
	if err != nil {
		return false, err
	}
	msg, err := checkpoint.Checkpoint{Origin: n.Origin(log), Size: size, Root: root}.Sign(signers...)
	if err != nil {
		return false, err
	}
	// No act is owed for a checkpoint: it says what the log says, and an act would make the log grow again.
	err = l.DB.Write(ctx, log.City, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO checkpoints (city_id, log_id, size, at, note) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (city_id, log_id, size) DO NOTHING`,
			log.Key, size, int64(tx.Now()), msg)
		return err
	})
	return err == nil, err
}

func (n Notary) signers(log id.ID) ([]note.Signer, error) {
	s, err := n.key.Signer(n.Origin(log))
	if err != nil || n.Suite != seal.SM {
		return []note.Signer{s}, err
	}
	second, err := n.key.SecondSigner(n.Origin(log))
	return []note.Signer{s, second}, err
}

// extends says whether the log of today begins with the one that a checkpoint signed.
func extends(ctx context.Context, r db.Reader, log id.ID, oldSize int64, oldRoot tlog.Hash, size int64, root tlog.Hash) error {
	if oldSize > size {
		return fmt.Errorf("it holds %d entries, %d were signed", size, oldSize)
	}
	proof, err := tlog.ProveTree(size, oldSize, hashReader(ctx, r, log))
	if err == nil {
		err = tlog.CheckTree(proof, size, root, oldSize, oldRoot)
	}
	if err != nil {
		return fmt.Errorf("it does not begin with the %d entries that were signed: %w", oldSize, err)
	}
	return nil
}

// hashReader reads a log's stored hashes.
func hashReader(ctx context.Context, r db.Reader, log id.ID) tlog.HashReader {
	return tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
		b := db.Build(`SELECT idx, hash FROM log_hashes WHERE city_id = $1 AND log_id = ? AND idx IN (?`, log.Key, idx[0])
		for _, i := range idx[1:] {
			b.Add(`, ?`, i)
		}
		text, args := b.Add(`)`).SQL()
		rows, err := r.Query(ctx, text, args...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		at := map[int64]tlog.Hash{}
		for rows.Next() {
			var i int64
			var h []byte
			if err := rows.Scan(&i, &h); err != nil {
				return nil, err
			}
			if len(h) == tlog.HashSize {
				at[i] = tlog.Hash(h)
			}
		}
		out := make([]tlog.Hash, len(idx))
		for k, i := range idx {
			h, ok := at[i]
			if !ok {
				return nil, fmt.Errorf("hash %d is not there", i)
			}
			out[k] = h
		}
		return out, rows.Err()
	})
}
