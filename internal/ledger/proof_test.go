package ledger

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

func (b *bench) take(name string) int64 {
	b.t.Helper()
	rc, err := b.l.Write(background, access.ByProgram(city), city, func(tx *Tx) (Act, error) {
		return Act{Action: "letter.take", Organ: b.log, Params: map[string]any{"name": name, "day": "2026-09-18"}},
			tx.Insert(background, unitsTable, tx.NewKey(), "village", 5, name, "2026-09-18", "", 1) // any covered row
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return rc.Seq
}

func (b *bench) prove(n Notary, seq int64) checkpoint.Proof {
	b.t.Helper()
	p, err := Prove(background, b.d, n, b.log, seq)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// countersign signs a log's newest checkpoint as a witness that is known.
func (b *bench) countersign(n Notary, w checkpoint.Signing) int64 {
	b.t.Helper()
	cs, err := Latest(background, b.d.In(city))
	if err != nil || len(cs) != 1 {
		b.t.Fatal(cs, err)
	}
	_, root, err := n.Check(b.log, cs[0].Note)
	if err != nil {
		b.t.Fatal(err)
	}
	c := checkpoint.Checkpoint{Origin: n.Origin(b.log), Size: cs[0].Size, Root: root}
	if err := b.l.Countersigned(background, n, b.log, c.Size, w.Countersign(c, time.Now())); err != nil {
		b.t.Fatal(err)
	}
	return c.Size
}

func (b *bench) witness(name string) checkpoint.Signing {
	b.t.Helper()
	w, err := checkpoint.NewSigning(name)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.l.Know(background, access.ByProgram, Known{Key: w.Public(), Place: "市纪委监委"}); err != nil {
		b.t.Fatal(err)
	}
	return w
}

// TestProve: every act that a checkpoint covers is proved, under the one that a witness signed if there is one; what a
// person did, and what no checkpoint covers, is not.
func TestProve(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := headed(t, d)
		n := b.adopt(newKey(t))
		seqs := []int64{b.take("0")}
		if _, err := Prove(background, d, n, b.log, seqs[0]); !errors.Is(err, ErrUncovered) {
			t.Errorf("before any checkpoint: %v", err)
		}
		for i := 1; i < 12; i++ {
			b.issue(n)
			seqs = append(seqs, b.take(fmt.Sprint(i)))
		}
		b.issue(n)
		for i, seq := range seqs {
			p, err := checkpoint.ParseProof(b.prove(n, seq).Text())
			if err != nil {
				t.Fatal(err)
			}
			c, err := p.Check(n.Publics...)
			if err != nil || c.Size != 14 || !strings.Contains(string(p.Body), fmt.Sprintf(`"name":"%d"`, i)) || len(p.Witnesses) > 0 {
				t.Errorf("%d: size %d, %s, %v", seq, c.Size, p.Body, err)
			}
		}
		w := b.witness("city.watch")
		b.issue(n)
		covered := b.countersign(n, w)
		late := b.take("late")
		b.issue(n)
		for seq, size := range map[int64]int64{seqs[0]: covered, seqs[11]: covered, late: covered + 1} {
			p := b.prove(n, seq)
			c, err := p.Check(n.Publics...)
			if err != nil || c.Size != size || len(p.Witnesses) == 1 != (size == covered) {
				t.Errorf("%d is proved under %d, want %d; %v; %v", seq, c.Size, size, p.Witnesses, err)
			}
			if me, err := checkpoint.ParseWitness(w.Public()); err != nil {
				t.Error(err)
			} else if _, _, err := me.Countersigned(c, p.Note); err == nil != (size == covered) {
				t.Errorf("%d: %v", seq, err)
			}
		}
		// After a new key the old checkpoints are proved by the old one.
		m, err := b.l.Adopt(background, access.ByOperator, newKey(t), true)
		if err != nil {
			t.Fatal(err)
		}
		if p := b.prove(m, late); p.Public != n.Publics[0] {
			t.Errorf("proved by %s", p.Public)
		}
		if _, err := Prove(background, d, m, b.log, 999); fault.KindOf(err) != fault.NotFound {
			t.Errorf("no such act: %v", err)
		}
		rc, err := b.l.Write(background, access.Actor{Person: d.Keys.New(0), Name: "王某"}, city, func(*Tx) (Act, error) {
			return Act{Action: "letter.take", Organ: b.log}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		b.issue(m)
		if _, err := Prove(background, d, m, b.log, rc.Seq); fault.Code(err) != "proof.person" {
			t.Errorf("who sat at it is given out: %v", err)
		}
	})
}

// TestProofOutlives: what was given out once holds whatever becomes of the database, and tells on it. Nothing that does not
// hold is given out.
func TestProofOutlives(t *testing.T) {
	drills := []struct {
		name, what string // of the finding with the proof kept beside the database
		do         func(b *bench, n Notary, seq int64)
		again      bool // the act itself is as it was, and can be proved anew
	}{
		{"the row deleted", "row_missing", func(b *bench, _ Notary, _ int64) { b.raw(`DELETE FROM units WHERE name = 'the report'`) }, true},
		{"the row back-dated", "row_changed", func(b *bench, _ Notary, _ int64) {
			b.raw(`UPDATE units SET opened_on = '2026-09-25' WHERE name = 'the report'`)
		}, true},
		{"the act deleted", "gap", func(b *bench, _ Notary, seq int64) { b.raw(`DELETE FROM acts WHERE seq = $1`, seq) }, false},
		{"the day moved", "leaf", func(b *bench, _ Notary, seq int64) {
			var body []byte
			if err := b.d.Raw().QueryRow(`SELECT body FROM acts WHERE seq = $1`, seq).Scan(&body); err != nil {
				b.t.Fatal(err)
			}
			b.raw(`UPDATE acts SET body = $1 WHERE seq = $2`, []byte(strings.Replace(string(body), "2026-09-18", "2026-09-25", 1)), seq)
		}, false},
		{"the log rebuilt without it, and signed", "checkpoint", func(b *bench, n Notary, seq int64) {
			b.rebuild(seq)
			b.raw(`DELETE FROM checkpoints`)
			b.take("others")
			b.take("come")
			b.issue(n)
		}, false},
		{"the log gone", "gap", func(b *bench, _ Notary, _ int64) {
			for _, table := range []string{"acts", "logs", "log_hashes", "checkpoints"} {
				b.raw(`DELETE FROM ` + table)
			}
		}, false},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, x := range drills {
			t.Run(x.name, func(t *testing.T) {
				b := headed(t, fresh(t, d))
				n := b.adopt(newKey(t))
				w := b.witness("city.watch")
				seq := b.take("the report")
				b.take("another")
				b.issue(n)
				b.countersign(n, w)
				given := b.prove(n, seq).Text()
				x.do(b, n, seq)
				p, err := checkpoint.ParseProof(given)
				if err != nil {
					t.Fatal(err)
				}
				c, err := p.Check(n.Publics...)
				if err != nil {
					t.Errorf("what was given out holds no longer: %v", err)
				}
				if me, err := checkpoint.ParseWitness(w.Public()); err != nil {
					t.Error(err)
				} else if _, _, err := me.Countersigned(c, p.Note); err != nil {
					t.Errorf("the witness's word holds no longer: %v", err)
				}
				found := map[string]bool{}
				for _, f := range b.findings(n, map[id.ID][]string{b.log: {p.Note}}) {
					found[f.What] = true
				}
				if !found[x.what] {
					t.Errorf("the proof kept beside the database finds %v, want %s", found, x.what)
				}
				again, err := Prove(background, b.d, n, b.log, seq)
				if got := err == nil && string(again.Body) == string(p.Body); got != x.again {
					t.Errorf("proved anew: %v, want %v: %v", got, x.again, err)
				}
			})
		}
	})
}
