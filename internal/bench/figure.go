package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"
)

// Figure is what was measured of one thing. Times are milliseconds, as they were seen by the client.
type Figure struct {
	Part    string  `json:"part"`
	What    string  `json:"what"`
	Who     string  `json:"who,omitempty"`
	N       int     `json:"n"`
	Least   float64 `json:"least"` // what it takes when nothing else runs, on a machine that is never quiet
	P50     float64 `json:"p50"`
	P95     float64 `json:"p95"`
	P99     float64 `json:"p99"`
	Max     float64 `json:"max"`
	Mean    float64 `json:"mean"`
	Queries int64   `json:"queries,omitempty"` // statements of one request, the most
	Bare    float64 `json:"bare,omitempty"`    // p95 of the list's statement alone, rows read and thrown away; of a move: of one bare row written
	Asked   float64 `json:"asked,omitempty"`
	Fits    bool    `json:"fits"`
	Note    string  `json:"note,omitempty"`
	Load    string  `json:"load"` // of the machine, when it was done
}

// Result is one run.
type Result struct {
	Engine  string    `json:"engine"`
	Command string    `json:"command"`
	At      time.Time `json:"at"`
	Matters int64     `json:"matters"`
	Figures []Figure  `json:"figures"`
}

// bareMargin is how far above its bare statement a list may lie, in milliseconds.
const bareMargin = 3

// figure sums up times.
func figure(part, what, who string, took []time.Duration) Figure {
	f := Figure{Part: part, What: what, Who: who, N: len(took), Load: load(), Fits: true}
	if len(took) == 0 {
		return f
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return ms(took[min(len(took)-1, int(math.Ceil(share*float64(len(took))))-1)])
	}
	var sum time.Duration
	for _, d := range took {
		sum += d
	}
	f.Least, f.P50, f.P95, f.P99, f.Max, f.Mean = ms(took[0]), at(0.5), at(0.95), at(0.99), ms(took[len(took)-1]), ms(sum)/float64(len(took))
	return f
}

func (f Figure) asked(p95 float64) Figure {
	f.Asked, f.Fits = p95, f.P95 <= p95
	return f
}

// Line is the figure in one line, for whoever watches a run.
func (f Figure) Line(path string) string {
	mark := ""
	if !f.Fits {
		mark = " over"
	}
	return strings.TrimSpace(fmt.Sprintf("%9.2f ms%-5s %3d  %-13s %s  %s", f.P95, mark, f.Queries, f.Who, path, f.Note))
}

func ms(d time.Duration) float64 { return math.Round(float64(d)/1e3) / 1e3 }

// load is how busy the machine is with everything that runs on it.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	one, _, _ := strings.Cut(string(b), " ")
	return one
}

// Markdown writes the figures as tables, a part at a time.
func (r Result) Markdown(w io.Writer) {
	fmt.Fprintf(w, "%s, %d matters, %s, `%s`\n", r.Engine, r.Matters, r.At.Format("2006-01-02 15:04"), r.Command)
	part := ""
	for _, f := range r.Figures {
		if f.Part != part {
			part = f.Part
			fmt.Fprintf(w, "\n### %s\n\n| What | Who | n | least | p50 | p95 | p99 | max | statements | bare p95 | asked | | load |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n", part)
		}
		mark := ""
		if !f.Fits {
			mark = "over"
		}
		if f.Note != "" {
			mark = strings.TrimSpace(mark + " " + f.Note)
		}
		fmt.Fprintf(w, "| %s | %s | %d | %.2f | %.2f | %.2f | %.2f | %.2f | %s | %s | %s | %s | %s |\n", strings.ReplaceAll(f.What, "|", "\\|"), f.Who, f.N, f.Least, f.P50, f.P95, f.P99, f.Max,
			number(float64(f.Queries)), number(f.Bare), number(f.Asked), mark, f.Load)
	}
}

func number(x float64) string {
	if x == 0 {
		return ""
	}
	return fmt.Sprintf("%.4g", x)
}

// Save writes the figures as JSON.
func (r Result) Save(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
