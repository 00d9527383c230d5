package ui

import "strconv"

// BarsView is a number month by month as columns. Whoever can't see it has the table that stands below it on the page.
type BarsView struct {
	Label string // what it shows, in a sentence
	Bars  []BarView
	Line  int64  // a height that is not to be passed, 0 for none
	Note  string // what the line is
}

// BarView is one column.
type BarView struct {
	Label string // under it
	N     int64
	Over  bool // it passes the line
}

// The chart's measures in its own units.
const (
	barStep   = 40
	barWidth  = 22
	chartTop  = 22
	chartHigh = 110
	chartFoot = 20
)

func (v BarsView) width() int { return len(v.Bars) * barStep }

func (v BarsView) box() string {
	return "0 0 " + strconv.Itoa(v.width()) + " " + strconv.Itoa(chartTop+chartHigh+chartFoot)
}

// most is what the full height stands for.
func (v BarsView) most() int64 {
	most := max(v.Line, 1)
	for _, b := range v.Bars {
		most = max(most, b.N)
	}
	return most
}

func (v BarsView) high(n int64) int { return int(n * chartHigh / v.most()) }

func (v BarsView) y(n int64) string { return strconv.Itoa(chartTop + chartHigh - v.high(n)) }

func (v BarsView) above(n int64) string { return strconv.Itoa(chartTop + chartHigh - v.high(n) - 5) }

func barX(i int) string { return strconv.Itoa(i*barStep + (barStep-barWidth)/2) }

func barMid(i int) string { return strconv.Itoa(i*barStep + barStep/2) }
