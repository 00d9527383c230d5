package ledger

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/db"
)

// ErrUncovered is an act that no checkpoint covers yet: the next one will, within ten minutes.
var ErrUncovered = errors.New("ledger: no checkpoint covers the act yet")

// Prove makes the proof that an act stands in its log, for somebody outside: under the newest checkpoint that covers it
// and that a known witness has countersigned, or while there is none, under the newest. ErrUncovered before the first;
// fault.Hidden for an act that is not there; proof.person for one that a person made: whom the office has sat at it is not
// for those who are given proofs.
func Prove(ctx context.Context, d *db.DB, n Notary, log id.ID, seq int64) (checkpoint.Proof, error) {
	r := d.In(log.City)
	p := checkpoint.Proof{Version: Version, Index: seq}
	var person id.Key
	err := r.Row(ctx, `SELECT salt, body, actor_id FROM acts WHERE city_id = $1 AND log_id = $2 AND seq = $3`, log.Key, seq).Scan(&p.Salt, &p.Body, &person)
	if errors.Is(err, db.ErrNoRows) || err == nil && len(p.Body) == 0 {
		return p, fault.Hidden()
	}
	if err != nil {
		return p, err
	}
	if person != "" {
		return p, fault.New(fault.Invalid, "proof.person")
	}
	known, err := Witnesses(ctx, d)
	if err != nil {
		return p, err
	}
	c, err := covering(ctx, r, n, known, log, seq, &p)
	if err != nil {
		return p, err
	}
	if p.Path, err = tlog.ProveRecord(c.Size, seq, hashReader(ctx, r, log)); err != nil {
		return p, err
	}
	// What is given out is checked first: a database that was tampered with gives no proof that does not hold.
	_, err = p.Check(p.Public)
	return p, err
}

// covering chooses the checkpoint and writes it, whose key signed it and who countersigned it, into the proof.
func covering(ctx context.Context, r db.Reader, n Notary, known []Known, log id.ID, seq int64, p *checkpoint.Proof) (checkpoint.Checkpoint, error) {
	seen, err := Witnessed(ctx, r, known)
	if err != nil {
		return checkpoint.Checkpoint{}, err
	}
	var size int64
	for _, s := range seen {
		if s.Log == log.Key && s.Size > seq {
			size = max(size, s.Size)
		}
	}
	if size == 0 {
		err := r.Row(ctx, `SELECT c.size FROM checkpoints c WHERE c.city_id = $1 AND c.log_id = $2 AND c.size > $3 ORDER BY c.size DESC LIMIT 1`, log.Key, seq).Scan(&size)
		if errors.Is(err, db.ErrNoRows) {
			err = ErrUncovered
		}
		if err != nil {
			return checkpoint.Checkpoint{}, err
		}
	}
	if err := r.Row(ctx, `SELECT c.note FROM checkpoints c WHERE c.city_id = $1 AND c.log_id = $2 AND c.size = $3`, log.Key, size).Scan(&p.Note); err != nil {
		return checkpoint.Checkpoint{}, err
	}
	c, public, err := n.signer(log, p.Note)
	if err != nil {
		return c, err
	}
	p.Public = public
	for _, s := range seen {
		w, err := checkpoint.ParseWitness(s.Key)
		if err != nil {
			return c, err
		}
		// A line that does not hold is left out here, and Verify names it.
		if _, line, err := w.Countersigned(c, s.Line); err == nil && s.Log == log.Key && !slices.Contains(p.Witnesses, s.Key) {
			p.Witnesses, p.Note = append(p.Witnesses, s.Key), p.Note+line
		}
	}
	return c, nil
}

// signer says which of the deployment's keys signed a checkpoint of a log.
func (n Notary) signer(log id.ID, text string) (checkpoint.Checkpoint, string, error) {
	for _, public := range n.Publics {
		one := Notary{Name: n.Name, Publics: []string{public}}
		if size, root, err := one.Check(log, text); err == nil {
			return checkpoint.Checkpoint{Origin: n.Origin(log), Size: size, Root: root}, public, nil
		}
	}
	return checkpoint.Checkpoint{}, "", checkpoint.ErrSignature
}
