package calendar

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The reference: the standard library's dates, and one day after another.

func slow(d Date) time.Time {
	at, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		panic(err)
	}
	return at
}

func fast(at time.Time) Date {
	if at.Year() < 1 || at.Year() > 9999 {
		return ""
	}
	return Date(at.Format(time.DateOnly))
}

func anyDate(from, to int) *rapid.Generator[Date] {
	return rapid.Custom(func(t *rapid.T) Date {
		at := time.Date(rapid.IntRange(from, to).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC)
		at = at.AddDate(0, 0, rapid.IntRange(0, 365).Draw(t, "day"))
		return fast(time.Date(min(at.Year(), to), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC))
	})
}

func TestDateProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate(1, 9998).Draw(t, "d")
		n := rapid.IntRange(-800000, 800000).Draw(t, "n")
		if got, want := d.AddDays(n), fast(slow(d).AddDate(0, 0, n)); got != want {
			t.Fatalf("%s.AddDays(%d) = %q, want %q", d, n, got, want)
		}
		if e := d.AddDays(n); e != "" && e.Sub(d) != n {
			t.Fatalf("%s.Sub(%s) = %d, want %d", e, d, e.Sub(d), n)
		}
		months := rapid.IntRange(-2000, 2000).Draw(t, "months")
		if got, want := d.AddMonths(months), slowAddMonths(d, months); got != want {
			t.Fatalf("%s.AddMonths(%d) = %q, want %q", d, months, got, want)
		}
		at := slow(d)
		if got := MakeDate(at.Year(), int(at.Month()), at.Day()); got != d {
			t.Fatalf("MakeDate gives %s for %s", got, d)
		}
		if e := d.AddDays(1); (e > d) != (e.Sub(d) > 0) {
			t.Fatalf("%s and %s compare otherwise than they lie", d, e)
		}
	})
}

// slowAddMonths goes to the first of the month, over the months, and then day
// by day to the same number or the month's last.
func slowAddMonths(d Date, n int) Date {
	at := slow(d)
	first := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, n, 0)
	to := first
	for to.Day() < at.Day() && to.AddDate(0, 0, 1).Month() == first.Month() {
		to = to.AddDate(0, 0, 1)
	}
	return fast(to)
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-10-01", "2023-02-29", "0000-01-01", "", "2026-1-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		at, slowErr := time.Parse(time.DateOnly, s)
		valid := slowErr == nil && at.Year() >= 1
		if (err == nil) != valid || Date(s).Valid() != valid {
			t.Fatalf("ParseDate(%q) = %q, %v; time.Parse says %v", s, d, err, slowErr)
		}
		if valid && d.AddDays(0) != d {
			t.Fatalf("%q is not its own writing", s)
		}
	})
}

// Moments drawn at random fall on the day that time.Time says.
func TestInstantProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := Instant(rapid.Int64Range(-62e15, 253e15).Draw(t, "i"))
		y, m, d := time.UnixMicro(int64(i)).In(Zone).Date()
		if got := i.Date(); got != MakeDate(y, int(m), d) {
			t.Fatalf("Instant %d is on %s, want %04d-%02d-%02d", i, got, y, m, d)
		}
		if e := i.Date(); e != "" && (StartOf(e) > i || e < "9999-12-31" && StartOf(e.AddDays(1)) <= i) {
			t.Fatalf("Instant %d is not within %s", i, e)
		}
	})
}

// slowBook answers from the years as they are, one day at a time.
type slowBook struct{ years []Year }

func (b slowBook) day(d Date) Day {
	at := slow(d)
	free := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
	day := Day{Date: d, Kind: Workday}
	if free {
		day.Kind = Weekend
	}
	plain := day.Kind
	has := func(year int) bool {
		return slices.ContainsFunc(b.years, func(y Year) bool { return y.Year == year })
	}
	if !has(d.Year()) {
		md := string(d[5:])
		may := []string{"05-01"}
		switch {
		case d.Year() >= 2025:
			may = []string{"05-01", "05-02"}
		case d.Year() < 2008:
			may = []string{"05-01", "05-02", "05-03"}
		}
		switch {
		case md == "01-01":
			day.Kind, day.Name = Holiday, "元旦"
		case slices.Contains(may, md):
			day.Kind, day.Name = Holiday, "劳动节"
		case md == "10-01" || md == "10-02" || md == "10-03":
			day.Kind, day.Name = Holiday, "国庆节"
		}
		day.Provisional = true
	} else if !has(d.Year()+1) && d[5:] >= "12-25" {
		day.Provisional = true
	}
	for _, year := range []int{d.Year(), d.Year() + 1} {
		for _, y := range b.years {
			for _, s := range y.Days {
				if y.Year == year && d >= s.From && d <= s.To {
					day.Kind, day.Name = s.Kind, s.Name
					if s.Kind == Workday {
						day.Kind = plain
					}
				}
			}
		}
	}
	return day
}

func (b slowBook) add(d Date, n int) (Date, bool) {
	step, provisional := 1, false
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d = fast(slow(d).AddDate(0, 0, step))
		day := b.day(d)
		provisional = provisional || day.Provisional
		if day.Working() {
			n--
		}
	}
	return d, provisional
}

// anyBook draws some of the shipped years, some made up, in any order.
func anyBook(t *rapid.T) (*Book, slowBook) {
	b, s := &Book{}, slowBook{}
	for _, y := range Shipped().years[14:] { // 2018 on
		if rapid.IntRange(0, 4).Draw(t, "keep") > 0 {
			s.years = append(s.years, y)
		}
	}
	for year := 2027; year <= 2030; year++ {
		if rapid.Bool().Draw(t, "make") {
			s.years = append(s.years, anyYear(t, year))
		}
	}
	for _, y := range rapid.Permutation(s.years).Draw(t, "order") {
		b = b.With(y)
	}
	return b, s
}

func anyYear(t *rapid.T, year int) Year {
	y := Year{Year: year, Notices: []Notice{{Number: "a"}, {Number: "b"}}}
	first := MakeDate(year-1, 12, 20)
	for range rapid.IntRange(0, 12).Draw(t, "spans") {
		from := first.AddDays(rapid.IntRange(0, 370).Draw(t, "from"))
		to := min(from.AddDays(rapid.IntRange(0, 9).Draw(t, "length")), MakeDate(year, 12, 31))
		s := Span{From: from, To: to, Kind: Holiday, Name: "甲"}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			s.Kind, s.Name = MovedWorkday, "乙"
		case 1:
			s.Kind, s.Name = Workday, ""
		}
		if from <= to {
			y.Days = append(y.Days, s)
		}
	}
	return y
}

// The tables agree with the slow reading of the same years. T61 rests on this.
func TestBookProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, s := anyBook(t)
		for range 5 {
			d := anyDate(2017, 2032).Draw(t, "d")
			if rapid.Bool().Draw(t, "at an edge") {
				edge := rapid.SampledFrom([]string{"-12-31", "-01-01", "-12-24", "-12-25"}).Draw(t, "edge")
				d = d[:4] + Date(edge)
			}
			if got, want := b.Day(d), s.day(d); got != want {
				t.Fatalf("Day(%s) = %+v, want %+v", d, got, want)
			}
			if b.Working(d) != s.day(d).Working() {
				t.Fatalf("Working(%s) = %v", d, b.Working(d))
			}
			n := rapid.OneOf(rapid.IntRange(-3, 3), rapid.IntRange(-70, 300)).Draw(t, "n")
			got, provisional := b.AddWorking(d, n)
			want, wantProvisional := s.add(d, n)
			if got != want || provisional != wantProvisional {
				t.Fatalf("AddWorking(%s, %d) = %s, %v, want %s, %v", d, n, got, provisional, want, wantProvisional)
			}
			// Counting undoes adding, forwards and backwards.
			if c := b.CountWorking(d, got); n > 0 && c != n {
				t.Fatalf("CountWorking(%s, %s) = %d, want %d", d, got, c, n)
			}
			if c := b.CountWorking(got, d); n < 0 && c != -n && c != -n-1 {
				t.Fatalf("CountWorking(%s, %s) = %d after going back %d", got, d, c, -n)
			}
			e := d.AddDays(rapid.IntRange(-700, 700).Draw(t, "days")) // counted one by one below
			if b.CountWorking(d, e) != -b.CountWorking(e, d) {
				t.Fatalf("CountWorking(%s, %s) is not the other way's negative", d, e)
			}
			count := 0
			for x := d; x < e; {
				x = fast(slow(x).AddDate(0, 0, 1))
				if s.day(x).Working() {
					count++
				}
			}
			if d <= e && b.CountWorking(d, e) != count {
				t.Fatalf("CountWorking(%s, %s) = %d, want %d", d, e, b.CountWorking(d, e), count)
			}
			if next := b.NextWorking(d); !b.Working(next) || next < d || b.CountWorking(d, next) > 1 {
				t.Fatalf("NextWorking(%s) = %s", d, next)
			}
		}
	})
}
