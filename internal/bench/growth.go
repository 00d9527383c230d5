package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// Growth is how the cost of each thing grows with the rows, on one engine: runs over databases of several sizes beside one
// another.
type Growth struct {
	Engine string
	Sizes  []int64 // matters
	Lines  []GrowthLine
}

// GrowthLine is one part for one kind of user. A part has many lines (every list under every filter), and which those are
// depends on the database: the middle one of their middles tells how the part grows, the largest p95 how bad it gets.
type GrowthLine struct {
	Part, Who string
	P50, P95  []float64 // by size; 0 where it was not measured
}

// ReadResults reads what runs have saved.
func ReadResults(paths []string) (out []Result, err error) {
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		var r Result
		if err := json.Unmarshal(b, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// Compare puts runs beside one another by engine and size. Runs over one database, whose size its entries change a
// little, are one size.
func Compare(runs []Result) (out []Growth) {
	slices.SortStableFunc(runs, func(a, b Result) int { return cmp.Compare(a.Matters, b.Matters) })
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		g := Growth{Engine: engine}
		type group struct{ part, who string }
		var order []group
		all := map[group][][]Figure{}
		for _, r := range runs {
			if !strings.EqualFold(r.Engine, engine) {
				continue
			}
			if n := len(g.Sizes); n == 0 || r.Matters > 2*g.Sizes[n-1] {
				g.Sizes = append(g.Sizes, r.Matters)
			}
			at := len(g.Sizes) - 1
			for _, f := range r.Figures {
				if f.N == 0 {
					continue
				}
				k := group{f.Part, f.Who}
				if f.N == 1 { // what is done once is a thing of its own
					k.part += ": " + f.What
				}
				if all[k] == nil {
					order = append(order, k)
				}
				for len(all[k]) <= at {
					all[k] = append(all[k], nil)
				}
				all[k][at] = append(all[k][at], f)
			}
		}
		for _, k := range order {
			l := GrowthLine{Part: k.part, Who: k.who, P50: make([]float64, len(g.Sizes)), P95: make([]float64, len(g.Sizes))}
			for i, fs := range all[k] {
				if len(fs) == 0 {
					continue
				}
				slices.SortFunc(fs, func(a, b Figure) int { return cmp.Compare(a.P50, b.P50) })
				l.P50[i] = fs[len(fs)/2].P50
				for _, f := range fs {
					l.P95[i] = max(l.P95[i], f.P95)
				}
			}
			g.Lines = append(g.Lines, l)
		}
		if len(g.Sizes) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// times is by what the line's middle has grown from the smallest size it was measured at to the largest; 0 for one size.
func (l GrowthLine) times() float64 {
	first, last, n := 0.0, 0.0, 0
	for _, v := range l.P50 {
		if v > 0 {
			if n == 0 {
				first = v
			}
			last, n = v, n+1
		}
	}
	if n < 2 {
		return 0
	}
	return last / first
}

// Markdown writes the table.
func (g Growth) Markdown(w io.Writer) {
	fmt.Fprintf(w, "%s: p50 in the middle of all lines / largest p95, ms\n\n| What | Who |", g.Engine)
	for _, n := range g.Sizes {
		fmt.Fprintf(w, " %s |", thousands(n))
	}
	fmt.Fprintf(w, " grows by |\n|---|---|%s---|\n", strings.Repeat("---|", len(g.Sizes)))
	for _, l := range g.Lines {
		fmt.Fprintf(w, "| %s | %s |", strings.ReplaceAll(l.Part, "|", "\\|"), l.Who)
		for i, v := range l.P50 {
			if v == 0 {
				fmt.Fprint(w, " |")
				continue
			}
			fmt.Fprintf(w, " %.3g / %.3g |", v, l.P95[i])
		}
		if t := l.times(); t > 0 {
			fmt.Fprintf(w, " %.2f ×", t)
		}
		fmt.Fprintln(w, " |")
	}
}

// thousands writes a number as people read it.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// The chart: rows to the right, time upwards, both by powers of ten, so that what grows with the rows rises like the
// dotted line and what does not lies flat.
const (
	chartWide, chartHigh             = 900.0, 520.0
	chartLeft, chartRight, chartFoot = 60.0, 330.0, 40.0
	chartTop                         = 20.0
)

var chartColours = []string{"#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#0a7ea4", "#bf3989", "#57606a", "#e16f24", "#3d8b40", "#5b5bd6", "#a04100"}

// SVG draws the lines that were measured at two sizes or more.
func (g Growth) SVG(w io.Writer) {
	var lines []GrowthLine
	low, high := math.Inf(1), math.Inf(-1)
	for _, l := range g.Lines {
		if l.times() == 0 {
			continue
		}
		lines = append(lines, l)
		for _, v := range l.P50 {
			if v > 0 {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	tall := math.Max(chartHigh, chartTop+chartFoot+16*float64(len(lines)))
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="11"><rect width="100%%" height="100%%" fill="#fff"/>`+"\n", chartWide, tall)
	defer fmt.Fprintln(w, "</svg>")
	if len(lines) == 0 {
		return
	}
	low, high = math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	left, right := math.Log10(float64(g.Sizes[0])), math.Log10(float64(g.Sizes[len(g.Sizes)-1]))
	x := func(n float64) float64 {
		return chartLeft + (math.Log10(n)-left)/math.Max(right-left, 1e-9)*(chartWide-chartLeft-chartRight)
	}
	y := func(ms float64) float64 {
		return chartHigh - chartFoot - (math.Log10(ms)-low)/math.Max(high-low, 1)*(chartHigh-chartTop-chartFoot)
	}
	for p := low; p <= high; p++ {
		v := math.Pow(10, p)
		fmt.Fprintf(w, `<path d="M%.1f %.1fH%.1f" stroke="#d0d7de"/><text x="%.1f" y="%.1f" text-anchor="end">%g ms</text>`+"\n", chartLeft, y(v), chartWide-chartRight, chartLeft-6, y(v)+4, v)
	}
	for _, n := range g.Sizes {
		fmt.Fprintf(w, `<path d="M%.1f %.1fV%.1f" stroke="#d0d7de"/><text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", x(float64(n)), chartTop, chartHigh-chartFoot, x(float64(n)), chartHigh-chartFoot+16, thousands(n))
	}
	// What grows as the rows do.
	first, last := float64(g.Sizes[0]), float64(g.Sizes[len(g.Sizes)-1])
	from := math.Pow(10, low)
	fmt.Fprintf(w, `<path d="M%.1f %.1fL%.1f %.1f" stroke="#8c959f" stroke-dasharray="3 4"/>`+"\n", x(first), y(from), x(last), math.Max(chartTop, y(from*last/first)))
	for i, l := range lines {
		colour := chartColours[i%len(chartColours)]
		var d strings.Builder
		step := "M"
		for k, v := range l.P50 {
			if v > 0 {
				fmt.Fprintf(&d, "%s%.1f %.1f", step, x(float64(g.Sizes[k])), y(v))
				step = "L"
			}
		}
		at := chartTop + 10 + 16*float64(i)
		fmt.Fprintf(w, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/><path d="M%.1f %.1fh18" stroke="%s" stroke-width="3"/><text x="%.1f" y="%.1f">%s, %.2f ×</text>`+"\n",
			d.String(), colour, chartWide-chartRight+14, at-4, colour, chartWide-chartRight+38, at, html.EscapeString(strings.TrimSuffix(l.Part+", "+l.Who, ", ")), l.times())
	}
}
