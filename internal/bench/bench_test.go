package bench

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"qianshao/internal/app"
	"qianshao/internal/calendar"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

const testClues = 400

func made(t *testing.T, address string) Made {
	t.Helper()
	m, err := Generate(context.Background(), Options{DB: address, Size: "county", Clues: testClues, Volume: 0.04, Seed: 1, Today: calendar.InstantOf(time.Now()).Date(), Progress: func(string, int64, int64) {}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestGenerated holds a generated database, on both engines, to what is said of it: as many matters as were asked for,
// every row as an act says it is, every sum that of its rows; and no page of it reads a large table whole.
func TestGenerated(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "b.db")
		m := made(t, "sqlite:"+path)
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		holds(t, "sqlite:"+path, m)
		primed(t, "sqlite:"+path)
		r, stop, err := start(context.Background(), RunOptions{DB: "sqlite:" + path, Requests: 1})
		if err != nil {
			t.Fatal(err)
		}
		bad, err := r.plans()
		for what, where := range bad {
			t.Errorf("%s\n\t%s", what, where[0])
		}
		if e := stop(); err != nil || e != nil {
			t.Fatal(err, e)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		address := dbtest.Empty(t)
		holds(t, address, made(t, address))
	})
}

// primed says that SQLite plans over what was generated as it does over any other database.
func primed(t *testing.T, address string) {
	t.Helper()
	d, err := db.Open(context.Background(), address, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var samples, without int
	if err := d.Raw().QueryRow(`SELECT (SELECT COUNT(*) FROM sqlite_stat4), COUNT(*) FROM pragma_table_list AS t JOIN pragma_index_list(t.name) AS i
		WHERE t.schema = 'main' AND t.type = 'table' AND NOT EXISTS (SELECT 1 FROM sqlite_stat1 s WHERE s.tbl = t.name AND s.idx = CASE WHEN i.origin = 'pk' AND t.wr THEN t.name ELSE i.name END)`).Scan(&samples, &without); err != nil || samples > 0 || without > 0 {
		t.Errorf("%v; %d samples: every statement is planned anew each time; %d indexes without figures", err, samples, without)
	}
}

func holds(t *testing.T, address string, m Made) {
	t.Helper()
	if m.Clues < testClues || m.Clues > testClues+10 || m.Tipoffs < testClues*7/10 || m.Cases < testClues/2 {
		t.Errorf("asked for %d clues: %+v", testClues, m)
	}
	d, err := db.Open(context.Background(), address, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	cities, err := app.Tenants(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for _, c := range cities {
		rep, err := ledger.Verify(context.Background(), d.In(c), app.Covered(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range rep.Findings[:min(3, len(rep.Findings))] {
			t.Errorf("verify: %+v", f)
		}
		rows += rep.Rows
		sums, err := measure.Check(context.Background(), d.In(c))
		if err != nil || len(sums) > 0 {
			t.Errorf("sums: %v %v", err, sums[:min(3, len(sums))])
		}
		if bad, err := measure.CheckSplits(context.Background(), d.In(c), app.Splits()); err != nil || len(bad) > 0 {
			t.Errorf("splits: %v %v", err, bad[:min(3, len(bad))])
		}
	}
	if rows < m.Rows {
		t.Errorf("%d rows are covered of %d that were written", rows, m.Rows)
	}
}

// TestPlansAreRead: a statement that reads a large table whole is found.
func TestPlansAreRead(t *testing.T) {
	d := dbtest.SQLite(t)
	r := &runner{ctx: context.Background(), app: &app.App{DB: d}}
	bad, err := r.wide(`SELECT m.id FROM matters m WHERE m.title = ?1`, []any{"x"})
	if err != nil || len(bad) != 1 || !strings.HasPrefix(bad[0], "matters: SCAN") {
		t.Errorf("%q %v", bad, err)
	}
}
