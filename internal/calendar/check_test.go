package calendar

import (
	"slices"
	"strings"
	"testing"

	"github.com/6tail/lunar-go/HolidayUtil"
)

// decided lists the days on which the second source differs from notices.txt,
// each with the words of the notice that decide. docs/calendar.md says more.
var decided = map[Date]struct {
	second bool // what the second source says: is it worked?
	notice string
	words  string
}{
	"2013-04-07": {false, "国办发明电〔2012〕33号", "清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。"},
	"2013-10-12": {false, "国办发明电〔2012〕33号", "国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。"},
}

// Every single day, both ways, against a table by another author. T60
func TestEveryDayAgainstSecondSource(t *testing.T) {
	t.Parallel()
	b, days := Shipped(), 0
	for d := Date("2004-01-01"); d <= "2026-12-31"; d = d.AddDays(1) {
		days++
		second := !isWeekend(mustNumber(t, d))
		h := HolidayUtil.GetHoliday(string(d))
		if h != nil {
			second = h.IsWork()
		}
		ours := b.Day(d)
		if x, ok := decided[d]; ok {
			if second == ours.Working() || second != x.second {
				t.Errorf("%s is listed as a difference and is none any more: ours %v, second source %v", d, ours.Working(), second)
			}
			if n, ok := b.Basis(d); !ok || n.Number != x.notice {
				t.Errorf("%s was decided by %s, but stands on %s", d, x.notice, n.Number)
			}
			continue
		}
		if second != ours.Working() {
			t.Errorf("%s %s: ours worked = %v, second source %v", d, d.Weekday(), ours.Working(), second)
		}
		// The holiday it belongs to, where both say one. 节 is written or left
		// out at will, and two holidays in one run are named together by either.
		if h != nil && ours.Name != "" && h.GetName() != "国庆中秋" {
			name := strings.TrimSuffix(h.GetName(), "节")
			if name == "抗战胜利日" {
				name = "抗战胜利"
			}
			if !strings.Contains(ours.Name, name) {
				t.Errorf("%s: ours belongs to %s, in the second source to %s", d, ours.Name, h.GetName())
			}
		}
	}
	if days != 8401 {
		t.Errorf("compared %d days, want 8401", days)
	}
}

// extra lists the days off that a notice granted beyond the law.
var extra = map[int]struct {
	days int
	why  string
}{
	2015: {1, "3 September, 国发明电〔2015〕1号"},
	2020: {2, "the longer Spring Festival: Friday 31 January, and Saturday 1 February no longer worked, 国办发明电〔2020〕1号"},
}

// What the notices of a year give is what the law grants. This leans on no
// table of anybody's: a date left out or mistyped breaks the sum.
func TestBalance(t *testing.T) {
	t.Parallel()
	for _, y := range Shipped().years {
		given, law := y.Balance()
		if given != law+extra[y.Year].days {
			t.Errorf("%d: %d days off net of moved workdays, the law gives %d and %d were granted beyond it",
				y.Year, given, law, extra[y.Year].days)
		}
	}
}

func TestShipped(t *testing.T) {
	t.Parallel()
	b := Shipped()
	ys := b.Years()
	if len(ys) != 23 || ys[0] != 2004 || ys[22] != 2026 || !slices.IsSorted(ys) {
		t.Fatalf("shipped years are %v", ys)
	}
	seen := map[string]bool{}
	for _, year := range ys {
		for i, n := range b.Notices(year) {
			if seen[n.Number] {
				t.Errorf("%d: notice %s stands twice", year, n.Number)
			}
			seen[n.Number] = true
			// Numbers carry the year of signing; a year's first notice is of the
			// year before.
			if !strings.Contains(n.Number, "〔"+string(n.Date[:4])+"〕") {
				t.Errorf("%d: notice %s is dated %s", year, n.Number, n.Date)
			}
			if (i == 0) != (n.Date.Year() == year-1) {
				t.Errorf("%d: notice %d is dated %s", year, i, n.Date)
			}
			if i > 0 && n.Note == "" {
				t.Errorf("%d: notice %s changes the year and does not say how", year, n.Number)
			}
		}
	}
	if len(seen) != 26 {
		t.Errorf("%d notices shipped, want 26", len(seen))
	}
}

func mustNumber(t *testing.T, d Date) int {
	t.Helper()
	n, ok := d.number()
	if !ok {
		t.Fatalf("%q is no day", d)
	}
	return n
}
