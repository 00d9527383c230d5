package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/db"
)

// Version is the leaf version written today. Readers of older ones are kept for ever.
const Version = checkpoint.LeafVersion

// Act is what a use case says it did.
type Act struct {
	Action string // "clue.assign"
	Organ  id.ID  // whose log it belongs to: the organ in whose register the matter stands
	Matter id.ID  // the matter; zero for acts that are about none
	About  string // what else it is about, e.g. "unit/2.01…"
	Params map[string]any
	Answer string // what the caller is answered, kept with the idempotency key
}

// Receipt says where an act stands.
type Receipt struct {
	Log      id.ID
	Seq      int64
	At       calendar.Instant
	Replayed bool   // this very request had been carried out before; Answer is its answer
	Answer   string // the act's Answer
}

// Row is a covered row: table and key, and the digest of its values.
type Row struct {
	Key    string `json:"k"`
	Digest string `json:"d"`
}

// Tx is the transaction of one act.
type Tx struct {
	*db.Tx
	Actor access.Actor
	rows  []Row
	bulk  []Row
	parts [][]byte // of rows that were written beside: see Cover
	more  []Act    // further acts of the same transaction, only for a Batch
	wrote map[*Table]bool
	sums  map[string]*sum // what is added to shared rows at the end
}

// sum is what a transaction adds to a row that others add to as well.
type sum struct {
	n   int64
	add func(n int64) error
}

// Add puts off to the end of the transaction what it adds to a row that many add to. Each row is written once, all of them
// in the order of their keys and just before the commit: nobody waits crosswise, and nobody waits long.
func (t *Tx) Add(key string, n int64, add func(n int64) error) {
	if s := t.sums[key]; s != nil {
		s.n += n
		return
	}
	if t.sums == nil {
		t.sums = map[string]*sum{}
	}
	t.sums[key] = &sum{n, add}
}

// settle writes what was put off.
func (t *Tx) settle() error {
	for _, key := range slices.Sorted(maps.Keys(t.sums)) {
		if s := t.sums[key]; s.n != 0 {
			if err := s.add(s.n); err != nil {
				return err
			}
		}
	}
	t.sums = nil
	return nil
}

// Wrote says whether the transaction has written rows of a table.
func (t *Tx) Wrote(tab *Table) bool { return t.wrote[tab] }

func (t *Tx) writes(tab *Table) {
	if t.wrote == nil {
		t.wrote = map[*Table]bool{}
	}
	t.wrote[tab] = true
}

// Ledger writes acts.
type Ledger struct{ DB *db.DB }

// Write runs fn in a transaction of the tenant and appends the act it returns to the organ's log. fn may run more than
// once, so it touches nothing but the database. An act without an action is an error: nothing is committed without
// its entry.
func (l *Ledger) Write(ctx context.Context, who access.Actor, city id.City, fn func(*Tx) (Act, error)) (Receipt, error) {
	var rc Receipt
	err := l.DB.Write(ctx, city, func(dtx *db.Tx) error {
		rc = Receipt{}
		tx := &Tx{Tx: dtx, Actor: who}
		replay, err := begin(ctx, tx, who)
		if err != nil {
			return err
		}
		if replay != nil {
			rc = *replay
			return nil
		}
		act, err := fn(tx)
		if err != nil {
			return err
		}
		if err := tx.settle(); err != nil {
			return err
		}
		rc, err = tx.append(ctx, act)
		if err != nil {
			return err
		}
		return finish(ctx, tx, who, rc)
	})
	return rc, err
}

// append puts one act at the end of its log.
func (t *Tx) append(ctx context.Context, act Act) (Receipt, error) {
	if act.Action == "" || act.Organ.Zero() {
		return Receipt{}, errors.New("ledger: a write without an act")
	}
	// A log lies in the tenant of what it speaks of: a province's organ has one in every city whose matters it took up.
	log := id.ID{City: t.City(), Key: act.Organ.Key}
	head, err := lockHead(ctx, t.Tx, log)
	if err != nil {
		return Receipt{}, err
	}
	at := max(t.Now(), head.last)
	parts := append(digestParts(t.bulk), t.parts...)
	body, err := encode(at, t.Actor, act, t.rows, parts)
	if err != nil {
		return Receipt{}, err
	}
	salt := make([]byte, 16)
	t.Chance(salt)
	leaf := tlog.RecordHash(Leaf(salt, body))
	hashes, frontier, err := grow(head.size, head.frontier, leaf)
	if err != nil {
		return Receipt{}, err
	}
	if _, err := t.Exec(ctx, `INSERT INTO acts (city_id, log_id, seq, at, action, matter_id, actor_id, salt, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		log.Key, head.size, int64(at), act.Action, act.Matter.Key, t.Actor.Person, salt, body); err != nil {
		return Receipt{}, err
	}
	if err := insertHashes(ctx, t.Tx, log, tlog.StoredHashCount(head.size), hashes); err != nil {
		return Receipt{}, err
	}
	for i, p := range parts {
		if _, err := t.Exec(ctx, `INSERT INTO act_parts (city_id, log_id, seq, n, body) VALUES ($1, $2, $3, $4, $5)`, log.Key, head.size, i, p); err != nil {
			return Receipt{}, err
		}
	}
	if _, err := t.Exec(ctx, `UPDATE logs SET size = $5, frontier = $3, last_at = $4 WHERE city_id = $1 AND log_id = $2`, log.Key, frontier, int64(at), head.size+1); err != nil {
		return Receipt{}, err
	}
	t.rows, t.bulk, t.parts = nil, nil, nil
	return Receipt{Log: log, Seq: head.size, At: at, Answer: act.Answer}, nil
}

type head struct {
	size     int64
	frontier []byte
	last     calendar.Instant
}

// lockHead takes the log for this transaction.
func lockHead(ctx context.Context, tx *db.Tx, log id.ID) (head, error) {
	var h head
	take := `SELECT size, frontier, last_at FROM logs WHERE city_id = $1 AND log_id = $2`
	if tx.Engine() == db.Postgres {
		take = `UPDATE logs SET size = size WHERE city_id = $1 AND log_id = $2 RETURNING size, frontier, last_at` // SQLite has one writer
	}
	err := tx.Row(ctx, take, log.Key).Scan(&h.size, &h.frontier, &h.last)
	if !errors.Is(err, db.ErrNoRows) {
		return h, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO logs (city_id, log_id, size, frontier, last_at) VALUES ($1, $2, 0, $3, 0) ON CONFLICT (city_id, log_id) DO NOTHING`,
		log.Key, []byte{}); err != nil {
		return h, err
	}
	return h, tx.Row(ctx, take, log.Key).Scan(&h.size, &h.frontier, &h.last)
}

func insertHashes(ctx context.Context, tx *db.Tx, log id.ID, from int64, hashes []tlog.Hash) error {
	const one = `INSERT INTO log_hashes (city_id, log_id, idx, hash) VALUES ($1, $2, $3, $4)`
	if tx.Engine() == db.SQLite { // no way to the server to save, and its driver looks repeated parameters up by name
		for i, h := range hashes {
			if _, err := tx.Exec(ctx, one, log.Key, from+int64(i), h[:]); err != nil {
				return err
			}
		}
		return nil
	}
	var b strings.Builder
	b.WriteString(one)
	args := []any{log.Key, from, hashes[0][:]}
	for i, h := range hashes[1:] {
		fmt.Fprintf(&b, ", ($1, $2, $%d, $%d)", 5+2*i, 6+2*i)
		args = append(args, from+int64(i)+1, h[:])
	}
	_, err := tx.Exec(ctx, b.String(), args...)
	return err
}

// grow adds a leaf to a tree of n leaves whose right edge is known, and returns the hashes to store and the new edge.
func grow(n int64, edge []byte, leaf tlog.Hash) ([]tlog.Hash, []byte, error) {
	const size = tlog.HashSize
	at := map[int64]tlog.Hash{}
	k := 0
	for level := 62; level >= 0; level-- {
		if n>>level&1 == 1 {
			if len(edge) < (k+1)*size {
				return nil, nil, errors.New("ledger: the log's edge is cut short")
			}
			at[tlog.StoredHashIndex(level, n>>level-1)] = tlog.Hash(edge[k*size : (k+1)*size])
			k++
		}
	}
	hashes, err := tlog.StoredHashesForRecordHash(n, leaf, tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(idx))
		for i, x := range idx {
			h, ok := at[x]
			if !ok {
				return nil, fmt.Errorf("ledger: hash %d is not on the edge", x)
			}
			out[i] = h
		}
		return out, nil
	}))
	if err != nil {
		return nil, nil, err
	}
	// A leaf completes one subtree for every trailing 1 of n; those roots leave the edge, the new one joins it.
	keep := k - (len(hashes) - 1)
	top := hashes[len(hashes)-1]
	next := append(append([]byte{}, edge[:keep*size]...), top[:]...)
	return hashes, next, nil
}

// Leaf is what is hashed into the tree: the version and the digest of salt and body.
func Leaf(salt, body []byte) []byte { return checkpoint.Leaf(Version, salt, body) }

// encode makes the body: JSON with sorted keys, no HTML escapes.
func encode(at calendar.Instant, who access.Actor, act Act, rows []Row, parts [][]byte) ([]byte, error) {
	m := map[string]any{"v": Version, "at": int64(at), "action": act.Action, "actor": actorOf(who)}
	if !act.Matter.Zero() {
		m["matter"] = act.Matter.String()
	}
	if act.About != "" {
		m["about"] = act.About
	}
	if len(act.Params) > 0 {
		m["params"] = act.Params
	}
	if len(rows) > 0 {
		m["rows"] = rows
	}
	if len(parts) > 0 {
		var ds []string
		for _, p := range parts {
			s := sha256.Sum256(p)
			ds = append(ds, fmt.Sprintf("%x", s))
		}
		m["parts"] = ds
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func actorOf(a access.Actor) map[string]any {
	if a.Automatic() {
		return map[string]any{"kind": string(a.Kind)}
	}
	m := map[string]any{"person": a.Person, "post": a.Post(), "unit": a.Unit().ID.String()}
	if a.Name != "" {
		m["name"] = a.Name
	}
	return m
}

const partRows = 5000

// digestParts writes the covered rows of a bulk import as lines, in parts of a bounded size.
func digestParts(rows []Row) [][]byte {
	var out [][]byte
	for len(rows) > 0 {
		k := min(partRows, len(rows))
		var b bytes.Buffer
		for _, r := range rows[:k] {
			b.WriteString(r.Key + " " + r.Digest + "\n")
		}
		out = append(out, b.Bytes())
		rows = rows[k:]
	}
	return out
}

// begin answers a request that was carried out before.
func begin(ctx context.Context, tx *Tx, who access.Actor) (*Receipt, error) {
	if who.Request.Key == "" {
		return nil, nil
	}
	n, err := tx.Exec(ctx, `INSERT INTO idempotency (city_id, actor, key, body_hash, answer, at) VALUES ($1, $2, $3, $4, '', $5) ON CONFLICT (city_id, actor, key) DO NOTHING`,
		who.Person, who.Request.Key, who.Request.Digest, int64(tx.Now()))
	if err != nil || n == 1 {
		return nil, err
	}
	var digest, answer string
	if err := tx.Row(ctx, `SELECT body_hash, answer FROM idempotency WHERE city_id = $1 AND actor = $2 AND key = $3`, who.Person, who.Request.Key).Scan(&digest, &answer); err != nil {
		return nil, err
	}
	if digest != who.Request.Digest {
		return nil, fault.New(fault.Conflict, "request.key_reused")
	}
	if tx.Engine() == db.Postgres {
		// The first time may have ended without an answer because no standby had it yet. A commit that wrote something
		// waits until the standby has all that was written before it; one that only read would not.
		if _, err := tx.Exec(ctx, `UPDATE idempotency SET at = at WHERE city_id = $1 AND actor = $2 AND key = $3`, who.Person, who.Request.Key); err != nil {
			return nil, err
		}
	}
	return &Receipt{Replayed: true, Answer: answer}, nil
}

func finish(ctx context.Context, tx *Tx, who access.Actor, rc Receipt) error {
	if who.Request.Key == "" {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE idempotency SET answer = $4 WHERE city_id = $1 AND actor = $2 AND key = $3`, who.Person, who.Request.Key, rc.Answer)
	return err
}

// Forget removes the answers to requests older than the age: whoever sends one again by then is a new request.
func Forget(ctx context.Context, d *db.DB, city id.City, age time.Duration) error {
	return d.Scratch(ctx, city, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM idempotency WHERE city_id = $1 AND at < $2`, int64(tx.Now())-age.Microseconds())
		return err
	})
}
