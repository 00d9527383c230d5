package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/db"
)

// Known is a witness whose countersignatures are taken.
type Known struct {
	Key   string // its public key, as C2SP writes it
	Place string // whose machine it is, as pages say it
}

const settingWitnesses = "witnesses"

// Witnesses lists the witnesses that countersignatures are taken from.
func Witnesses(ctx context.Context, d *db.DB) ([]Known, error) {
	var out []Known
	var text string
	err := d.Shared().Row(ctx, `SELECT value FROM settings_deployment WHERE key = $1`, settingWitnesses).Scan(&text)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &out)
	}
	return out, err
}

// Know takes a witness's key from now on, or with an empty place no longer; both are acts in the log at the head of the
// deployment. witness.key for what is no key, witness.unknown for one that was not known.
func (l *Ledger) Know(ctx context.Context, who func(id.City) access.Actor, w Known) error {
	if _, err := checkpoint.ParseWitness(w.Key); err != nil {
		return fault.New(fault.Invalid, "witness.key", w.Key)
	}
	ws, err := Witnesses(ctx, l.DB)
	if err != nil {
		return err
	}
	top, err := Top(ctx, l.DB)
	if err != nil {
		return err
	}
	if top.ID.Zero() {
		return fault.New(fault.Conflict, "witness.empty")
	}
	action := "deployment.witness"
	i := slices.IndexFunc(ws, func(k Known) bool { return k.Key == w.Key })
	switch {
	case w.Place == "" && i < 0:
		return fault.New(fault.NotFound, "witness.unknown")
	case w.Place == "":
		ws, action = slices.Delete(ws, i, i+1), "deployment.witness_ended"
	case i < 0:
		ws = append(ws, w)
	default:
		ws[i] = w
	}
	b, err := json.Marshal(ws)
	if err != nil {
		return err
	}
	_, err = l.Write(ctx, who(top.ID.City), top.ID.City, func(tx *Tx) (Act, error) {
		_, err := tx.SharedTx().Exec(ctx, `INSERT INTO settings_deployment (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2`, settingWitnesses, string(b))
		return Act{Action: action, Organ: top.ID, Params: map[string]any{"witness": w.Key, "place": w.Place}}, err
	})
	return err
}

// Checkpointed is the newest checkpoint of one log with every countersignature over it; fault.Hidden when the log has
// none yet.
func Checkpointed(ctx context.Context, r db.Reader, log id.Key) (string, error) {
	var size int64
	var note string
	err := r.Row(ctx, `SELECT c.size, c.note FROM checkpoints c WHERE c.city_id = $1 AND c.log_id = $2 ORDER BY c.size DESC LIMIT 1`, log).Scan(&size, &note)
	if errors.Is(err, db.ErrNoRows) {
		return "", fault.Hidden()
	}
	if err != nil {
		return "", err
	}
	lines, err := db.Column[string](ctx, r, `SELECT w.line FROM countersignatures w WHERE w.city_id = $1 AND w.log_id = $2 AND w.size = $3 ORDER BY w.witness`, log, size)
	for _, line := range lines {
		note += line
	}
	return note, err
}

// Growth proves that a log of to entries begins with its first from: checkpoint.CheckGrowth reads it. Both are sizes
// of the log's past; growth.range for any other.
func Growth(ctx context.Context, r db.Reader, log id.ID, from, to int64) (string, error) {
	size, _, err := Head(ctx, r, log)
	if errors.Is(err, db.ErrNoRows) {
		return "", fault.Hidden()
	}
	if err != nil {
		return "", err
	}
	if from < 1 || from > to || to > size {
		return "", fault.New(fault.Invalid, "growth.range")
	}
	if from == to {
		return "", nil
	}
	p, err := tlog.ProveTree(to, from, hashReader(ctx, r, log))
	return checkpoint.FormatGrowth(p), err
}

// Countersigned stores what a known witness signed under a checkpoint of this database. An older one than is there
// changes nothing. witness.unknown for any other key; witness.checkpoint when there is no such checkpoint.
func (l *Ledger) Countersigned(ctx context.Context, n Notary, log id.ID, size int64, lines string) error {
	r := l.DB.In(log.City)
	var text string
	err := r.Row(ctx, `SELECT c.note FROM checkpoints c WHERE c.city_id = $1 AND c.log_id = $2 AND c.size = $3`, log.Key, size).Scan(&text)
	if errors.Is(err, db.ErrNoRows) {
		return fault.New(fault.NotFound, "witness.checkpoint")
	}
	if err != nil {
		return err
	}
	_, root, err := n.Check(log, text)
	if err != nil {
		return err
	}
	ws, err := Witnesses(ctx, l.DB)
	if err != nil {
		return err
	}
	for _, k := range ws {
		w, err := checkpoint.ParseWitness(k.Key)
		if err != nil {
			return err
		}
		at, line, err := w.Countersigned(checkpoint.Checkpoint{Origin: n.Origin(log), Size: size, Root: root}, lines)
		if err != nil {
			continue
		}
		return l.DB.Write(ctx, log.City, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO countersignatures (city_id, log_id, witness, size, at, line) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (city_id, log_id, witness) DO UPDATE SET size = excluded.size, at = excluded.at, line = excluded.line WHERE countersignatures.size < excluded.size OR countersignatures.size = excluded.size AND countersignatures.at < excluded.at`,
				log.Key, w.Name, size, int64(calendar.InstantOf(at)), line)
			return err
		})
	}
	return fault.New(fault.Forbidden, "witness.unknown")
}

// Seen is up to when a witness has signed a log.
type Seen struct {
	Log   id.Key
	Place string
	Key   string
	Size  int64
	At    time.Time
	Line  string
}

// Witnessed lists for a tenant's logs what their known witnesses have signed last, as the rows say: Verify holds the
// signatures against the entries.
func Witnessed(ctx context.Context, r db.Reader, known []Known) ([]Seen, error) {
	places := map[string]Known{}
	for _, k := range known {
		w, err := checkpoint.ParseWitness(k.Key)
		if err != nil {
			return nil, err
		}
		places[w.Name] = k
	}
	all, err := db.All(ctx, r, func(rows *db.Rows) (Seen, error) {
		var s Seen
		var at calendar.Instant
		err := rows.Scan(&s.Log, &s.Key, &s.Size, &at, &s.Line)
		s.At = at.Time()
		return s, err
	}, `SELECT w.log_id, w.witness, w.size, w.at, w.line FROM countersignatures w WHERE w.city_id = $1 ORDER BY w.log_id, w.at DESC`)
	if err != nil {
		return nil, err
	}
	var out []Seen
	for _, s := range all {
		if k, ok := places[s.Key]; ok {
			s.Place, s.Key = k.Place, k.Key
			out = append(out, s)
		}
	}
	return out, nil
}

// All lists every log of the deployment.
func All(ctx context.Context, d *db.DB) ([]id.ID, error) {
	cities, err := db.Column[id.City](ctx, d.Shared(), `SELECT t.city_id FROM tenants t ORDER BY t.city_id`)
	if err != nil {
		return nil, err
	}
	var out []id.ID
	for _, c := range cities {
		keys, err := db.Column[id.Key](ctx, d.In(c), `SELECT l.log_id FROM logs l WHERE l.city_id = $1 AND l.size > 0 ORDER BY l.log_id`)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			out = append(out, id.ID{City: c, Key: k})
		}
	}
	return out, nil
}

// CheckWitnessed lists what witnesses have signed of a tenant's logs, each held against the checkpoint it is over: what
// does not agree comes back as a finding instead. Verify holds those checkpoints against the entries.
func CheckWitnessed(ctx context.Context, r db.Reader, n Notary, known []Known) ([]Seen, []Finding, error) {
	seen, err := Witnessed(ctx, r, known)
	if err != nil {
		return nil, nil, err
	}
	var good []Seen
	var bad []Finding
	for _, s := range seen {
		log := id.ID{City: r.City(), Key: s.Log}
		w, err := checkpoint.ParseWitness(s.Key)
		if err != nil {
			return nil, nil, err
		}
		var text string
		err = r.Row(ctx, `SELECT c.note FROM checkpoints c WHERE c.city_id = $1 AND c.log_id = $2 AND c.size = $3`, s.Log, s.Size).Scan(&text)
		if err != nil && !errors.Is(err, db.ErrNoRows) {
			return nil, nil, err
		}
		_, root, err := n.Check(log, text)
		if err == nil {
			_, _, err = w.Countersigned(checkpoint.Checkpoint{Origin: n.Origin(log), Size: s.Size, Root: root}, s.Line)
		}
		if err != nil {
			bad = append(bad, Finding{Log: log, Seq: s.Size - 1, What: "countersignature", Note: err.Error()})
			continue
		}
		good = append(good, s)
	}
	return good, bad, nil
}
