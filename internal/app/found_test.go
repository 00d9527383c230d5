package app_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/app/apptest"
	"qianshao/internal/exchange"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

var nation = flag.Bool("nation", false, "set up a list as large as the nation's in TestFoundNation (two minutes), a hundredth of it otherwise")

// TestFoundNation sets up from a list as large as the official one: 31 provinces, 343 cities, 2,844 counties, 41,352
// townships, 620,573 villages; names and codes are made up. Opening any unit then takes its time and no more.
func TestFoundNation(t *testing.T) {
	provinces, cities, counties, townships, villages := 31, 343, 2_844, 41_352, 620_573
	if !*nation {
		t.Parallel()
		provinces, cities, counties, townships, villages = 2, 4, 28, 413, 6_205
	}
	path := filepath.Join(t.TempDir(), "list.csv")
	total := writeNation(t, path, provinces, cities, counties, townships, villages)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		st, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		list, err := exchange.Divisions(f, st.Size(), func(string, int) {})
		if err != nil || len(list) != total {
			t.Fatalf("%d of %d, %v", len(list), total, err)
		}
		read := time.Since(at)
		n, err := app.Found(apptest.Ctx, d, list, func(int) {})
		if err != nil || n != provinces+cities {
			t.Fatalf("%d tenants, %v", n, err)
		}
		t.Logf("%d units read in %v, set up in %v", total, read.Round(time.Millisecond), time.Since(at).Round(time.Millisecond))
		all, err := app.Tenants(apptest.Ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		last := d.In(all[len(all)-1])
		top, err := access.Top(apptest.Ctx, last)
		if err != nil || top.Kind != "city" {
			t.Fatalf("%+v %v", top, err)
		}
		at = time.Now()
		opened := 0
		for u := top; ; opened++ {
			_, _, below, err := access.Kin(apptest.Ctx, last, u.ID.Key)
			if err != nil {
				t.Fatal(err)
			}
			if len(below) == 0 {
				break
			}
			u = below[len(below)-1]
		}
		if opened != 3 {
			t.Errorf("the city has %d levels below it, want 3", opened)
		}
		t.Logf("a unit opened in %v", (time.Since(at) / time.Duration(opened+1)).Round(time.Microsecond))
	})
}

// writeNation writes a list with so many of each, spread evenly, and says how many rows it has.
func writeNation(t *testing.T, path string, provinces, cities, counties, townships, villages int) int {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "统计用区划代码,名称")
	total := 0
	row := func(code, name string) { fmt.Fprintf(w, "%s,%s\n", code, name); total++ }
	share := func(of, among, i int) int { return of*(i+1)/among - of*i/among }
	c, k, n := 0, 0, 0
	for p := range provinces {
		pc := fmt.Sprintf("%02d", 50+p)
		row(pc+"0000000000", fmt.Sprintf("第%d省", p+1))
		for i := range share(cities, provinces, p) {
			cc := fmt.Sprintf("%s%02d", pc, i+1)
			row(cc+"00000000", fmt.Sprintf("第%d市", c+1))
			for j := range share(counties, cities, c) {
				kc := fmt.Sprintf("%s%02d", cc, j+1)
				row(kc+"000000", fmt.Sprintf("第%d县", k+1))
				for m := range share(townships, counties, k) {
					tc := fmt.Sprintf("%s%03d", kc, m+1)
					row(tc+"000", fmt.Sprintf("青石桥第%d镇", n+1))
					for v := range share(villages, townships, n) {
						row(fmt.Sprintf("%s%03d", tc, v+201), fmt.Sprintf("柳湾第%d村", v+1))
					}
					n++
				}
				k++
			}
			c++
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return total
}
