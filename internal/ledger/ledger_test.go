package ledger

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

var unitsTable = &Table{Name: "units", Key: []string{"id"},
	Cols:    []string{"kind", "level", "name", "opened_on", "closed_on", "version"},
	Version: "version"}

const city = id.City(7)

type bench struct {
	t   *testing.T
	d   *db.DB
	l   *Ledger
	log id.ID
}

func newBench(t *testing.T, d *db.DB) *bench {
	return &bench{t, d, &Ledger{d}, id.ID{City: city, Key: d.Keys.New(int64(d.Now()))}}
}

func (b *bench) add(name string) id.Key {
	b.t.Helper()
	var key id.Key
	_, err := b.l.Write(context.Background(), access.ByProgram(city), city, func(tx *Tx) (Act, error) {
		key = tx.NewKey()
		return Act{Action: "unit.open", Organ: b.log, Params: map[string]any{"name": name}},
			tx.Insert(context.Background(), unitsTable, key, "village", 5, name, "2024-01-01", "", 1)
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return key
}

func (b *bench) verify() Report {
	b.t.Helper()
	r, err := Verify(context.Background(), b.d.In(city), []*Table{unitsTable}, nil, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *bench) raw(text string, args ...any) {
	b.t.Helper()
	if _, err := b.d.Raw().Exec(text, args...); err != nil {
		b.t.Fatalf("%s: %v", text, err)
	}
}

func TestWriteAndVerify(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		var keys []id.Key
		for i := range 37 {
			keys = append(keys, b.add(fmt.Sprint("村", i)))
			if r := b.verify(); len(r.Findings) > 0 {
				t.Fatalf("after %d acts: %+v", i+1, r.Findings)
			}
		}
		_, err := b.l.Write(context.Background(), access.ByProgram(city), city, func(tx *Tx) (Act, error) {
			return Act{Action: "unit.rename", Organ: b.log}, tx.Update(context.Background(), unitsTable, keys[3], "village", 5, "新村", "2024-01-01", "", 1)
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.l.Write(context.Background(), access.ByProgram(city), city, func(tx *Tx) (Act, error) {
			return Act{Action: "unit.rename", Organ: b.log}, tx.Update(context.Background(), unitsTable, keys[3], "village", 5, "旧村", "2024-01-01", "", 1)
		})
		if fault.KindOf(err) != fault.Conflict {
			t.Errorf("a stale write gave %v", err)
		}
		r := b.verify()
		if len(r.Findings) > 0 || r.Acts != 38 || r.Rows != 37 {
			t.Errorf("%+v", r)
		}
	})
}

// TestTampering is T54: whatever is changed directly in the database, the verifier names the entry.
func TestTampering(t *testing.T) {
	drills := []struct {
		name, what string
		seq        int64
		do         func(b *bench, keys []id.Key)
	}{
		{"row edited", "row_changed", 4, func(b *bench, k []id.Key) { b.raw(`UPDATE units SET name = 'x' WHERE id = '` + k[4] + `'`) }},
		{"row back-dated", "row_changed", 5, func(b *bench, k []id.Key) {
			b.raw(`UPDATE units SET opened_on = '2020-01-01' WHERE id = '` + k[5] + `'`)
		}},
		{"row deleted", "row_missing", 6, func(b *bench, k []id.Key) { b.raw(`DELETE FROM units WHERE id = '` + k[6] + `'`) }},
		{"row slipped in", "row_unknown", -1, func(b *bench, k []id.Key) {
			b.raw(`INSERT INTO units (city_id, id, kind, level, name, opened_on) VALUES (7, 'X', 'village', 5, 'x', '2024-01-01')`)
		}},
		{"entry deleted", "gap", 3, func(b *bench, k []id.Key) { b.raw(`DELETE FROM acts WHERE seq = 3`) }},
		{"last entry deleted", "size", 9, func(b *bench, k []id.Key) { b.raw(`DELETE FROM acts WHERE seq = 9`) }},
		{"entry edited", "leaf", 2, func(b *bench, k []id.Key) {
			var body []byte
			if err := b.d.Raw().QueryRow(`SELECT body FROM acts WHERE seq = 2`).Scan(&body); err != nil {
				b.t.Fatal(err)
			}
			b.raw(`UPDATE acts SET body = $1 WHERE seq = 2`, []byte(strings.Replace(string(body), "村2", "村9", 1)))
		}},
		{"entry emptied", "leaf", 7, func(b *bench, k []id.Key) { b.raw(`UPDATE acts SET salt = NULL, body = NULL WHERE seq = 7`) }},
		{"entry back-dated", "body", 8, func(b *bench, k []id.Key) { b.raw(`UPDATE acts SET at = at - 1000000 WHERE seq = 8`) }},
		{"entries reordered", "leaf", 1, func(b *bench, k []id.Key) {
			b.raw(`UPDATE acts SET seq = 100 WHERE seq = 1`)
			b.raw(`UPDATE acts SET seq = 1 WHERE seq = 2`)
			b.raw(`UPDATE acts SET seq = 2 WHERE seq = 100`)
		}},
		{"hash edited", "hash", 1, func(b *bench, k []id.Key) {
			b.raw(`UPDATE log_hashes SET hash = $1 WHERE idx = 2`, make([]byte, 32))
		}},
		{"head rewound", "size", 10, func(b *bench, k []id.Key) { b.raw(`UPDATE logs SET size = 4`) }},
		{"head deleted", "size", 10, func(b *bench, k []id.Key) { b.raw(`DELETE FROM logs`) }},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, drill := range drills {
			t.Run(drill.name, func(t *testing.T) {
				d := dbtest.SQLite(t)
				if t.Name() != "" && strings.Contains(t.Name(), "postgres") {
					d = dbtest.Postgres(t)
				}
				b := newBench(t, d)
				var keys []id.Key
				for i := range 10 {
					keys = append(keys, b.add(fmt.Sprint("村", i)))
				}
				drill.do(b, keys)
				f, ok := b.verify().First()
				if !ok || f.What != drill.what || f.Seq != drill.seq {
					t.Errorf("found %+v, want %s at %d", f, drill.what, drill.seq)
				}
			})
		}
	})
}

// Of more findings than are kept, the earliest is named, in whatever order they were met.
func TestFirstOfMany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		var keys []id.Key
		for i := range 3 {
			keys = append(keys, b.add(fmt.Sprint("村", i)))
		}
		_, err := b.l.Write(context.Background(), access.ByProgram(city), city, func(tx *Tx) (Act, error) {
			var rows [][]any
			for i := range 3 * maxFindings {
				rows = append(rows, []any{fmt.Sprintf("A%04d", i), "village", 5, "x", "2024-01-01", "", int64(1)})
			}
			return Act{Action: "unit.import", Organ: b.log}, tx.InsertMany(context.Background(), unitsTable, rows)
		})
		if err != nil {
			t.Fatal(err)
		}
		b.raw(`INSERT INTO units (city_id, id, kind, level, name, opened_on) VALUES (7, 'B', 'village', 5, 'x', '2024-01-01')`)
		b.raw(`UPDATE units SET name = 'y' WHERE id LIKE 'A%' OR id = '` + keys[1] + `'`)
		r := b.verify()
		if f, _ := r.First(); f.What != "row_changed" || f.Seq != 1 || f.Row != "units/"+keys[1] {
			t.Errorf("the first of many is %+v", f)
		}
		if n := len(r.Findings); n != maxFindings || r.Findings[n-1].Row != "units/A0198" {
			t.Errorf("%d are kept, the last of them %+v", n, r.Findings[n-1])
		}
		if r.Found != 3*maxFindings+2 {
			t.Errorf("%d were found", r.Found)
		}
		b.raw(`DELETE FROM units WHERE id LIKE 'A%'`)
		r = b.verify()
		if r.Found != 3*maxFindings+2 || len(r.Findings) != maxFindings || r.Findings[1].What != "row_missing" || r.Findings[1].Row != "units/A0000" {
			t.Errorf("of what is gone: %d found, %d kept, %+v", r.Found, len(r.Findings), r.Findings[:2])
		}
	})
}

func TestInsertOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		for i := range 2 {
			var first bool
			_, err := b.l.Write(context.Background(), access.ByProgram(city), city, func(tx *Tx) (_ Act, err error) {
				first, err = tx.InsertOnce(context.Background(), unitsTable, "ONE", "village", 5, fmt.Sprint("村", i), "2024-01-01", "", 1)
				return Act{Action: "unit.open", Organ: b.log}, err
			})
			if err != nil || first != (i == 0) {
				t.Fatalf("time %d: new %v, %v", i+1, first, err)
			}
		}
		if r := b.verify(); r.Rows != 1 || len(r.Findings) > 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestNoActNoCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		_, err := b.l.Write(context.Background(), access.ByProgram(city), city, func(tx *Tx) (Act, error) {
			return Act{}, tx.Insert(context.Background(), unitsTable, tx.NewKey(), "village", 5, "x", "2024-01-01", "", 1)
		})
		if err == nil {
			t.Error("committed without an act")
		}
		if n, _ := db.Column[int64](context.Background(), d.In(city), `SELECT COUNT(1) FROM units WHERE city_id = $1`); n[0] != 0 {
			t.Error("the row was kept")
		}
	})
}

func TestSameRequestTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		who := access.ByProgram(city)
		who.Request = access.Request{Key: "k1", Digest: "d1"}
		write := func(who access.Actor) (Receipt, error) {
			return b.l.Write(context.Background(), who, city, func(tx *Tx) (Act, error) {
				return Act{Action: "unit.open", Organ: b.log, Answer: "42"},
					tx.Insert(context.Background(), unitsTable, tx.NewKey(), "village", 5, "x", "2024-01-01", "", 1)
			})
		}
		first, err := write(who)
		if err != nil || first.Replayed {
			t.Fatal(first, err)
		}
		again, err := write(who)
		if err != nil || !again.Replayed || again.Answer != "42" {
			t.Errorf("again: %+v, %v", again, err)
		}
		who.Request.Digest = "d2"
		if _, err := write(who); fault.Code(err) != "request.key_reused" {
			t.Errorf("another body: %v", err)
		}
		if r := b.verify(); r.Acts != 1 || r.Rows != 1 || len(r.Findings) > 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestBulkIsOneAct(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		var key id.Key
		_, err := b.l.Write(context.Background(), access.ByProgram(city), city, func(tx *Tx) (Act, error) {
			var rows [][]any
			for i := range 6001 {
				key = tx.NewKey()
				rows = append(rows, []any{key, "village", 5, fmt.Sprint("村", i), "2024-01-01", "", int64(1)})
			}
			return Act{Action: "unit.import", Organ: b.log}, tx.InsertMany(context.Background(), unitsTable, rows)
		})
		if err != nil {
			t.Fatal(err)
		}
		if r := b.verify(); r.Acts != 1 || r.Rows != 6001 || len(r.Findings) > 0 {
			t.Fatalf("%+v", r)
		}
		b.raw(`UPDATE units SET name = 'x' WHERE id = '` + key + `'`)
		if f, _ := b.verify().First(); f.What != "row_changed" || f.Seq != 0 {
			t.Errorf("%+v", f)
		}
		b.raw(`DELETE FROM units WHERE id = '` + key + `'`)
		if f, _ := b.verify().First(); f.What != "row_missing" || f.Seq != 0 || f.Row != "units/"+key {
			t.Errorf("%+v", f)
		}
	})
}

// TestGrow holds the edge-only append against the library's own tree.
func TestGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 70).Draw(t, "n")
		var all []tlog.Hash
		var edge []byte
		reader := tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(idx))
			for i, x := range idx {
				out[i] = all[x]
			}
			return out, nil
		})
		for i := range n {
			leaf := tlog.RecordHash([]byte(fmt.Sprint("leaf", i)))
			want, err := tlog.StoredHashesForRecordHash(int64(i), leaf, reader)
			if err != nil {
				t.Fatal(err)
			}
			got, next, err := grow(int64(i), edge, leaf)
			if err != nil || len(got) != len(want) {
				t.Fatalf("leaf %d: %d hashes, want %d, %v", i, len(got), len(want), err)
			}
			for j := range got {
				if got[j] != want[j] {
					t.Fatalf("leaf %d: hash %d differs", i, j)
				}
			}
			all = append(all, want...)
			edge = next
			root, err := tlog.TreeHash(int64(i+1), reader)
			if err != nil || rootOf(edge) != root {
				t.Fatalf("leaf %d: root differs (%v)", i, err)
			}
		}
	})
}

// A column that came later counts where it holds something: a row of before fits its entry, and filling or emptying it is noticed.
func TestAddedColumns(t *testing.T) {
	was := &Table{Name: "units", Key: []string{"id"}, Cols: []string{"name"}}
	is := &Table{Name: "units", Key: []string{"id"}, Cols: []string{"name", "code", "size"}, Added: []string{"code", "size"}}
	old := was.digest([]any{"A", "x"})
	seen := map[string]int{}
	for i, vals := range [][]any{{"A", "x", "", 0}, {"A", "x", "1", 0}, {"A", "x", "", 1}, {"A", "x", "1", 1}, {"A", "y", "", 0}} {
		d := is.digest(vals)
		if (d == old) != (i == 0) {
			t.Errorf("%v: as before %v", vals, d == old)
		}
		if j, twice := seen[d]; twice {
			t.Errorf("rows %d and %d have one digest", j, i)
		}
		seen[d] = i
	}
	if is.digest([]any{"A", "x", nil, false}) != old {
		t.Error("no value and false are not empty")
	}
}
