package ledger

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/seal"
)

var background = context.Background()

func newKey(t *testing.T) seal.Deployment {
	t.Helper()
	k, err := seal.NewDeployment(filepath.Join(t.TempDir(), "qianshao.key"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// headed gives the bench a tenant with an organ at its head, which a deployment's key needs.
func headed(t *testing.T, d *db.DB) *bench {
	b := newBench(t, d)
	b.raw(`INSERT INTO tenants (city_id, kind, name) VALUES (7, 'city', 'XX市')`)
	_, err := b.l.Write(background, access.ByProgram(city), city, func(tx *Tx) (Act, error) {
		return Act{Action: "unit.open", Organ: b.log}, tx.Insert(background, unitsTable, b.log.Key, "city", 2, "XX市", "2020-01-01", "", 1)
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) adopt(key seal.Deployment) Notary {
	b.t.Helper()
	n, err := b.l.Adopt(background, access.ByProgram, key, false)
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) issue(n Notary) int {
	b.t.Helper()
	k, err := b.l.Issue(background, n, city)
	if err != nil {
		b.t.Fatal(err)
	}
	return k
}

func (b *bench) findings(n Notary, kept map[id.ID][]string) []Finding {
	b.t.Helper()
	r, err := VerifyAgainst(background, b.d.In(city), []*Table{unitsTable}, n.Check, kept, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return r.Findings
}

// A database keeps to its deployment's key: another one is refused unless it is meant, and then both are known.
func TestAdopt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		empty := &Ledger{d}
		first, other := newKey(t), newKey(t)
		if n, err := empty.Adopt(background, access.ByProgram, first, false); err != nil || n.Name != "" {
			t.Errorf("without an organ: %+v %v", n, err)
		}
		b := headed(t, d)
		n := b.adopt(first)
		if n.Name == "" || len(n.Publics) != 1 {
			t.Errorf("adopted as %+v", n)
		}
		if again := b.adopt(first); again.Name != n.Name {
			t.Errorf("the deployment's name changed from %s to %s", n.Name, again.Name)
		}
		if _, err := b.l.Adopt(background, access.ByProgram, other, false); fault.Code(err) != "key.file_other" {
			t.Errorf("another key: %v", err)
		}
		b.issue(n)
		m, err := b.l.Adopt(background, access.ByOperator, other, true)
		if err != nil || len(m.Publics) != 2 || m.Name != n.Name {
			t.Fatalf("renewed as %+v %v", m, err)
		}
		if k := b.issue(m); k != 1 {
			t.Errorf("%d checkpoints after the renewal", k)
		}
		if fs := b.findings(m, nil); len(fs) > 0 {
			t.Errorf("%+v", fs)
		}
	})
}

// A checkpoint is issued when the log has grown and only then, it is in C2SP form, and no other log's passes for it.
func TestIssue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := headed(t, d)
		n := b.adopt(newKey(t))
		for i := range 40 {
			b.add("村")
			if i%3 != 0 {
				continue
			}
			if k := b.issue(n); k != 1 {
				t.Fatalf("%d checkpoints for a log that grew", k)
			}
			if k := b.issue(n); k != 0 {
				t.Fatalf("%d checkpoints for a log that did not grow", k)
			}
		}
		cs, err := Latest(background, d.In(city))
		if err != nil || len(cs) != 1 || cs[0].Size != 42 {
			t.Fatalf("%+v %v", cs, err)
		}
		if lines := strings.Split(cs[0].Note, "\n"); lines[0] != n.Origin(b.log) || lines[1] != "42" || lines[3] != "" || !strings.HasPrefix(lines[4], "— "+n.Origin(b.log)+" ") {
			t.Errorf("not in C2SP form:\n%s", cs[0].Note)
		}
		if _, _, err := n.Check(id.ID{City: city, Key: d.Keys.New(0)}, cs[0].Note); err == nil {
			t.Error("a checkpoint passed for that of another log")
		}
		if fs := b.findings(n, nil); len(fs) > 0 {
			t.Errorf("%+v", fs)
		}
	})
}

// rebuild replaces a log by one that is sound in itself, as somebody who owns the database could (T55).
func (b *bench) rebuild(cut int64) {
	b.t.Helper()
	type act struct{ salt, body []byte }
	acts, err := db.All(background, b.d.In(city), func(rows *db.Rows) (a act, err error) { return a, rows.Scan(&a.salt, &a.body) },
		`SELECT salt, body FROM acts WHERE city_id = $1 AND log_id = $2 AND seq < $3 ORDER BY seq`, b.log.Key, cut)
	if err != nil {
		b.t.Fatal(err)
	}
	b.raw(`DELETE FROM log_hashes`)
	b.raw(`DELETE FROM acts WHERE seq >= ` + string(rune('0'+cut)))
	var edge []byte
	for i, a := range acts {
		hashes, next, err := grow(int64(i), edge, tlog.RecordHash(Leaf(a.salt, a.body)))
		if err != nil {
			b.t.Fatal(err)
		}
		for j, h := range hashes {
			b.raw(`INSERT INTO log_hashes (city_id, log_id, idx, hash) VALUES (7, '`+b.log.Key+`', $1, $2)`, tlog.StoredHashCount(int64(i))+int64(j), h[:])
		}
		edge = next
	}
	b.raw(`UPDATE logs SET size = $1, frontier = $2`, len(acts), edge)
}

// TestCheckpointsHold is T54 and T55 with checkpoints: a log rebuilt to be sound in itself is found out, by those in
// the database and, when they were removed too, by one that somebody kept; and nothing further is signed on it.
func TestCheckpointsHold(t *testing.T) {
	drills := []struct {
		name string
		seq  int64 // the entry that is named
		do   func(b *bench, forger Notary)
	}{
		{"log cut short and rebuilt", 5, func(b *bench, _ Notary) { b.rebuild(5) }},
		{"entry rewritten and rebuilt", 5, func(b *bench, _ Notary) {
			b.raw(`UPDATE acts SET body = $1 WHERE seq = 3`, []byte(`{"action":"unit.open","at":1,"v":1}`))
			b.rebuild(9)
		}},
		{"checkpoint forged with another key", 8, func(b *bench, forger Notary) {
			b.raw(`DELETE FROM checkpoints`)
			b.issue(forger)
		}},
		{"checkpoint of another size put in", 7, func(b *bench, _ Notary) { b.raw(`UPDATE checkpoints SET size = 8 WHERE size = 9`) }},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, dr := range drills {
			t.Run(dr.name, func(t *testing.T) {
				b := headed(t, fresh(t, d))
				n := b.adopt(newKey(t))
				for i := range 7 {
					b.add("村")
					if i == 3 {
						b.issue(n)
					}
				}
				b.issue(n)
				kept, err := Latest(background, b.d.In(city))
				if err != nil || len(kept) != 1 {
					t.Fatal(kept, err)
				}
				forger := Notary{Name: n.Name, Publics: n.Publics, key: newKey(t)}
				dr.do(b, forger)
				named := func(fs []Finding) (Finding, bool) {
					for _, f := range fs {
						if f.What == "checkpoint" {
							return f, true
						}
					}
					return Finding{}, false
				}
				if f, ok := named(b.findings(n, nil)); !ok || f.Seq != dr.seq {
					t.Errorf("found %+v, want entry %d", f, dr.seq)
				}
				b.add("村")
				if k, err := b.l.Issue(background, n, city); err == nil {
					t.Errorf("%d further checkpoints were signed", k)
				}
				b.raw(`DELETE FROM checkpoints`)
				if dr.seq == 5 {
					if _, ok := named(b.findings(n, map[id.ID][]string{b.log: {kept[0].Note}})); !ok {
						t.Error("the checkpoint that was kept found nothing")
					}
				}
			})
		}
	})
}

// fresh is another empty database of the same engine.
func fresh(t *testing.T, d *db.DB) *db.DB {
	if d.Engine == db.Postgres {
		return dbtest.Postgres(t)
	}
	return dbtest.SQLite(t)
}

// A deployment of the other suite signs its checkpoints a second time. Those of before stay good, a second signature that is
// false is found, and the first alone decides what is a checkpoint.
func TestSecondSignature(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := headed(t, d)
		key := newKey(t)
		n := b.adopt(key)
		b.issue(n)
		if err := b.l.Choose(background, access.ByOperator, newKey(t), seal.SM); fault.Code(err) != "key.file_other" {
			t.Errorf("another key file: %v", err)
		}
		if err := b.l.Choose(background, access.ByOperator, key, seal.SM); err != nil {
			t.Fatal(err)
		}
		n = b.adopt(key)
		if n.Suite != seal.SM || len(n.Seconds) != 1 || n.Seconds[0] != key.SecondPublic() {
			t.Fatalf("%+v", n)
		}
		if b.issue(n) != 1 {
			t.Fatal("the act made no log grow")
		}
		if bad := b.findings(n, nil); len(bad) > 0 {
			t.Errorf("%+v", bad)
		}
		cs, err := Latest(background, d.In(city))
		if err != nil || len(cs) != 1 {
			t.Fatal(err)
		}
		note := cs[0].Note
		if ok, err := n.Seconded(b.log, note); !ok || err != nil {
			t.Errorf("%v %v in\n%s", ok, err, note)
		}
		old, err := db.Column[string](background, d.In(city), `SELECT note FROM checkpoints WHERE city_id = $1 ORDER BY size LIMIT 1`)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := n.Seconded(b.log, old[0]); ok || err != nil {
			t.Errorf("one of before: %v %v", ok, err)
		}
		if _, _, err := n.Check(b.log, old[0]); err != nil {
			t.Error(err)
		}
		// A reader who knows the first key alone.
		first := n
		first.Seconds = nil
		if _, _, err := first.Check(b.log, note); err != nil {
			t.Errorf("%v", err)
		}
		// The second alone is no checkpoint.
		lines := strings.SplitAfter(note, "\n")
		if len(lines) != 7 { // three of text, an empty one, two signatures, nothing
			t.Fatalf("%q", lines)
		}
		if _, _, err := n.Check(b.log, strings.Join(append(lines[:4:4], lines[5]), "")); err == nil {
			t.Error("without the first signature")
		}
		// One that is false, as its last letters say.
		end := strings.LastIndex(note, " ") + 20
		bad := note[:end] + map[bool]string{true: "B", false: "A"}[note[end] == 'A'] + note[end+1:]
		if _, _, err := n.Check(b.log, bad); err == nil {
			t.Error("a false second signature was passed over")
		}
		b.raw(`UPDATE checkpoints SET note = '` + bad + `' WHERE city_id = 7 AND size = 2`)
		if found := b.findings(n, nil); len(found) != 1 || found[0].What != "checkpoint" {
			t.Errorf("%+v", found)
		}
	})
}
