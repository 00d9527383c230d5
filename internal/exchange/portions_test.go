package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/exchange"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// villages is a table of so many, the villages before the townships and the county that they lie in.
func villages(n int) string {
	var b, after strings.Builder
	b.WriteString("代码,单位名称,设立日期\n")
	for i := range n {
		if i%4 == 0 {
			fmt.Fprintf(&after, "990177%03d000,镇%d,2020-01-01\n", 100+i/4, i/4)
		}
		fmt.Fprintf(&b, "990177%03d%03d,村%d,2020-01-01\n", 100+i/4, 200+i%4, i)
	}
	return b.String() + after.String() + "990177000000,新县,2020-01-01\n"
}

func clues(n int) string {
	var b strings.Builder
	b.WriteString(clueHead)
	for i := range n {
		b.WriteString(common(fmt.Sprintf("往%d", i), "2025-03-01", "石桥镇", "吴某") + "pool,,found,,,,\n")
	}
	return b.String()
}

// TestPortions imports more rows than one act takes: each portion is an act, what lies in something comes after it, and
// the same file imported again changes nothing.
func TestPortions(t *testing.T) {
	exchange.InPortionsOf(t, 4)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		who := access.ByOperator(apptest.City)
		for _, x := range []struct {
			kind, text string
			rows, acts int
		}{{"divisions", villages(10), 14, 4}, {"clues", clues(9), 9, 3}} {
			before := acts(t, w)
			right(t, w, who, x.kind, x.text, map[string]int{exchange.New: x.rows})
			if n := acts(t, w) - before; n != x.acts {
				t.Errorf("%s: %d rows made %d acts, want %d", x.kind, x.rows, n, x.acts)
			}
			right(t, w, who, x.kind, x.text, map[string]int{exchange.Same: x.rows})
			if n := acts(t, w) - before; n != x.acts {
				t.Errorf("%s: the second import made acts", x.kind)
			}
		}
		w.Verify()
	})
}

// TestCutOff ends an import between two portions, by its caller's end and by a unit that closes meanwhile: whole portions
// are there, how many rows is known, and the same file goes on from there.
func TestCutOff(t *testing.T) {
	exchange.InPortionsOf(t, 4)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		who := w.As("supervision")
		file, begun, before := clues(10), d.Now(), acts(t, w)
		bring := func(ctx context.Context, meanwhile func()) (exchange.Report, error) {
			return w.App.Exchange.Import(ctx, who, "clues", strings.NewReader(file), int64(len(file)), exchange.Options{Record: "one", Progress: func(stage string, _, _ int) {
				if stage == "write" && meanwhile != nil {
					meanwhile()
					meanwhile = nil
				}
			}})
		}
		written := func(want, acted int) {
			t.Helper()
			n, err := w.App.Exchange.Written(apptest.Ctx, who, "one", begun)
			var there int
			if e := d.In(apptest.City).Row(apptest.Ctx, `SELECT COUNT(m.id) FROM matters m WHERE m.city_id = $1 AND m.kind = 'clue' AND m.no >= '往' AND m.no < '征'`).Scan(&there); e != nil {
				t.Fatal(e)
			}
			if err != nil || n != want || there != want || acts(t, w)-before != acted {
				t.Errorf("%v: said to be written %d, there %d, in %d acts; want %d in %d", err, n, there, acts(t, w)-before, want, acted)
			}
		}
		ctx, cancel := context.WithCancel(apptest.Ctx)
		rep, err := bring(ctx, cancel)
		if !errors.Is(err, context.Canceled) || rep.Done || rep.Written != 4 {
			t.Fatalf("cut off: %v, done %v, %d rows", err, rep.Done, rep.Written)
		}
		written(4, 1)
		// A township is called otherwise from then on: what is left speaks of one that is not known.
		rename := func(name string) {
			t.Helper()
			r := d.In(apptest.City)
			u, err := access.GetUnit(apptest.Ctx, r, w.Units["full"].ID.Key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.App.Ledger.Write(apptest.Ctx, access.ByOperator(apptest.City), apptest.City, func(tx *ledger.Tx) (ledger.Act, error) {
				return ledger.Act{Action: "unit.rename", Organ: w.Units["county"].ID}, org.RenameUnit(apptest.Ctx, tx, u, name, tx.Today())
			}); err != nil {
				t.Fatal(err)
			}
		}
		before++
		rep, err = bring(apptest.Ctx, func() { rename("石桥街道") })
		if err != nil || rep.Done || rep.Written != 4 || rep.Counts[exchange.Wrong] != 2 {
			t.Fatalf("a row became wrong: %v %+v", err, rep)
		}
		written(8, 2)
		before++
		rename("石桥镇")
		rep, err = bring(apptest.Ctx, nil)
		if err != nil || !rep.Done || rep.Written != 2 || rep.Counts[exchange.Same] != 8 {
			t.Fatalf("the rest: %v %+v", err, rep)
		}
		written(10, 3)
		w.Verify()
	})
}
