package ledger

import (
	"flag"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/migrate"
)

var leaves = flag.Int("leaves", 0, "how many entries the log of TestMillion has; 0 leaves it out")

// TestMillion measures a log of many entries, each with the row that it covers: verified within 60 s, and each answer that
// a witness or a reporter waits for within a fraction of one. go test ./internal/ledger -run Million -leaves 1000000 -v
func TestMillion(t *testing.T) {
	if *leaves == 0 {
		t.Skip("-leaves 1000000 builds a log and measures it")
	}
	address := "sqlite:" + filepath.Join(t.TempDir(), "million.db")
	t.Run("sqlite", func(t *testing.T) { million(t, address) })
	t.Run("postgres", func(t *testing.T) { million(t, dbtest.Address(t)) })
}

func million(t *testing.T, address string) {
	open := func(o db.Options) *db.DB {
		d, err := db.Open(background, address, o)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := open(db.Options{Relaxed: true})
	if d.Engine == db.SQLite {
		if _, err := migrate.Up(background, d, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	took := func(what string, limit time.Duration, do func()) {
		begun, before := time.Now(), worked(t)
		do()
		x := time.Since(begun)
		// What others do on the machine shows in the one and not in the other; a database server's work is in neither.
		t.Logf("%s: %v, of it %v of this program's work", what, x.Round(time.Microsecond), (worked(t) - before).Round(time.Microsecond))
		if limit > 0 && x > limit {
			t.Errorf("%s took %v, at most %v", what, x, limit)
		}
	}
	b := newBench(t, d)
	n := Notary{Name: "million", key: newKey(t)}
	n.Publics = []string{n.key.Public()}
	took("built", 0, func() { b.fill(*leaves) })
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(db.Options{})
	defer d.Close()
	b.d, b.l = d, &Ledger{d}
	took("signed", 0, func() { b.issue(n) })
	took("verified", time.Minute, func() {
		rep, err := Verify(background, d.In(city), []*Table{unitsTable}, n.Check, nil)
		if err != nil || len(rep.Findings) > 0 || rep.Acts != int64(*leaves) || rep.Rows != rep.Acts || rep.Checkpoints != 1 {
			t.Errorf("%+v %v", rep, err)
		}
	})
	size, root, err := Head(background, d.In(city), b.log)
	if err != nil {
		t.Fatal(err)
	}
	took("caught up with from the first entry on", 10*time.Second, func() {
		text, err := Growth(background, d.In(city), b.log, 1, size)
		if err != nil {
			t.Fatal(err)
		}
		first, err := tlog.TreeHash(1, hashReader(background, d.In(city), b.log))
		if err != nil {
			t.Fatal(err)
		}
		if err := checkpoint.CheckGrowth(checkpoint.Checkpoint{Origin: "x", Size: 1, Root: first}, checkpoint.Checkpoint{Origin: "x", Size: size, Root: root}, text); err != nil {
			t.Error(err)
		}
	})
	took("100 acts proved", 10*time.Second, func() {
		for i := range int64(100) {
			if _, err := Prove(background, d, n, b.log, i*size/100); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// worked is how long the processors have worked for this program.
func worked(t *testing.T) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// fill writes a log straight to the tables, as Write would have written it.
func (b *bench) fill(n int) {
	b.t.Helper()
	err := b.d.Fill(background, func(f *db.Filler) error {
		var edge []byte
		salt := make([]byte, 16)
		for i := range int64(n) {
			key := fmt.Sprintf("%026d", i)
			vals := []any{key, "village", int64(5), "村", "2024-01-01", "", int64(1)}
			body, err := encode(calendar.Instant(i), access.ByProgram(city), Act{Action: "unit.open", Organ: b.log, Params: map[string]any{"name": "村"}}, []Row{{"units/" + key, Digest(vals)}}, nil)
			if err != nil {
				return err
			}
			hashes, next, err := grow(i, edge, tlog.RecordHash(Leaf(salt, body)))
			if err != nil {
				return err
			}
			edge = next
			if err := f.Add("acts", []string{"city_id", "log_id", "seq", "at", "action", "matter_id", "actor_id", "salt", "body"}, []any{int64(city), b.log.Key, i, i, "unit.open", "", "", append([]byte(nil), salt...), body}); err != nil {
				return err
			}
			for j, h := range hashes {
				if err := f.Add("log_hashes", []string{"city_id", "log_id", "idx", "hash"}, []any{int64(city), b.log.Key, tlog.StoredHashCount(i) + int64(j), h[:]}); err != nil {
					return err
				}
			}
			if err := f.Add("units", []string{"city_id", "id", "kind", "level", "name", "opened_on", "closed_on", "version"}, append([]any{int64(city)}, vals...)); err != nil {
				return err
			}
		}
		return f.Add("logs", []string{"city_id", "log_id", "size", "frontier", "last_at"}, []any{int64(city), b.log.Key, int64(n), edge, int64(n)})
	})
	if err != nil {
		b.t.Fatal(err)
	}
}
