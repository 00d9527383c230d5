package bench

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// TestGrowth: runs of one database are one size, those of the next stand beside them, and the chart is a drawing that a
// browser reads.
func TestGrowth(t *testing.T) {
	run := func(matters int64, part string, p50 float64) Result {
		return Result{Engine: "SQLite", Matters: matters, Figures: []Figure{
			{Part: part, What: "a", Who: "county", N: 9, P50: p50 / 2, P95: p50}, {Part: part, What: "b", Who: "county", N: 9, P50: p50, P95: 2 * p50},
			{Part: part, What: "c <", Who: "county", N: 9, P50: 3 * p50, P95: 4 * p50}}}
	}
	gs := Compare([]Result{run(230_100, "Lists", 3), run(23_000, "Lists", 2), run(230_000, "Pages", 5), {Engine: "PostgreSQL", Matters: 5}})
	if len(gs) != 2 || len(gs[0].Sizes) != 2 || gs[0].Sizes[1] != 230_000 {
		t.Fatalf("%+v", gs)
	}
	var b strings.Builder
	gs[0].Markdown(&b)
	for _, want := range []string{"| 23,000 | 230,000 |", "| Lists | county | 2 / 8 | 3 / 12 | 1.50 × |", "| Pages | county | | 5 / 20 | |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	b.Reset()
	gs[0].SVG(&b)
	d := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(b.String(), `stroke-width="2"`); got != 1 {
		t.Errorf("%d lines are drawn; only the lists were measured twice\n%s", got, b.String())
	}
}
