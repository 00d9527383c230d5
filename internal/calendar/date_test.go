package calendar

import (
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"0001-01-01", "9999-12-31", "2000-02-29", "2024-02-29", "2023-02-28",
		"1900-02-28", "2026-12-31", "1970-01-01",
	} {
		d, err := ParseDate(s)
		if err != nil || string(d) != s || !d.Valid() {
			t.Errorf("ParseDate(%q) = %q, %v", s, d, err)
		}
	}
	for _, s := range []string{
		"", "2026", "2026-1-1", "2026-01-1", "26-01-01", "2026/01/01", "20260101",
		"2026-00-10", "2026-13-10", "2026-01-00", "2026-01-32", "2026-04-31",
		"2023-02-29", "1900-02-29", "2100-02-29", "0000-01-01", "2026-01-01 ",
		" 2026-01-01", "2026-01-01T", "+026-01-01", "-026-01-01", "２０２６-01-01",
		"2026-0a-01", "2026-01-0\x00", "2026年1月1日", "9999999999",
	} {
		if d, err := ParseDate(s); err == nil || d != "" {
			t.Errorf("ParseDate(%q) = %q, %v, want an error", s, d, err)
		}
	}
}

// A Date that is no day answers every question with its zero, and never panics.
func TestInvalidDate(t *testing.T) {
	t.Parallel()
	good, b := Date("2026-10-01"), Shipped()
	for _, d := range []Date{"", "2026-02-30", "nonsense", "0000-01-01", "2026-10-011", "\xff\xfe"} {
		if d.Valid() || d.AddDays(1) != "" || d.AddMonths(1) != "" || d.EndOfMonth() != "" ||
			d.MonthKey() != "" || d.Year() != 0 || d.Month() != 0 || d.Day() != 0 ||
			d.Sub(good) != 0 || good.Sub(d) != 0 || d.Weekday() != time.Sunday || StartOf(d) != 0 {
			t.Errorf("%q: a method of Date takes it for a day", d)
		}
		got, provisional := b.AddWorking(d, 1)
		if b.Day(d) != (Day{}) || b.Working(d) || b.NextWorking(d) != "" || got != "" || provisional ||
			b.CountWorking(d, good) != 0 || b.CountWorking(good, d) != 0 || b.Missing(d) != nil {
			t.Errorf("%q: a method of Book takes it for a day", d)
		}
		if n, ok := b.Basis(d); ok {
			t.Errorf("%q: Basis = %v", d, n)
		}
	}
	if !Date("").IsZero() || good.IsZero() {
		t.Error("IsZero")
	}
}

func TestMakeDate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		y, m, d int
		want    Date
	}{
		{2026, 10, 1, "2026-10-01"}, {1, 1, 1, "0001-01-01"}, {9999, 12, 31, "9999-12-31"},
		{2024, 2, 29, "2024-02-29"}, {2000, 2, 29, "2000-02-29"}, {1999, 12, 31, "1999-12-31"},
		{2049, 12, 31, "2049-12-31"}, {2050, 1, 1, "2050-01-01"},
		{2023, 2, 29, ""}, {2100, 2, 29, ""}, {2026, 4, 31, ""}, {2026, 0, 1, ""}, {2026, 13, 1, ""},
		{2026, 1, 0, ""}, {2026, 1, -1, ""}, {0, 1, 1, ""}, {10000, 1, 1, ""}, {-1, 1, 1, ""},
	} {
		if got := MakeDate(c.y, c.m, c.d); got != c.want {
			t.Errorf("MakeDate(%d, %d, %d) = %q, want %q", c.y, c.m, c.d, got, c.want)
		}
	}
}

func TestAddDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d    Date
		n    int
		want Date
	}{
		{"2024-02-28", 1, "2024-02-29"}, {"2024-02-28", 2, "2024-03-01"}, {"2023-02-28", 1, "2023-03-01"},
		{"2026-12-31", 1, "2027-01-01"}, {"2026-01-01", -1, "2025-12-31"}, {"2026-03-01", -1, "2026-02-28"},
		{"2000-01-01", -1, "1999-12-31"}, {"1970-01-01", -1, "1969-12-31"}, {"2026-10-01", 0, "2026-10-01"},
		{"9999-12-31", 1, ""}, {"0001-01-01", -1, ""}, {"0001-01-01", 3652058, "9999-12-31"},
		{"9999-12-31", -3652058, "0001-01-01"}, {"0001-01-01", 3652059, ""},
		{"2026-10-01", int(^uint(0) >> 1), ""}, {"2026-10-01", -int(^uint(0)>>1) - 1, ""},
	} {
		if got := c.d.AddDays(c.n); got != c.want {
			t.Errorf("%s.AddDays(%d) = %q, want %q", c.d, c.n, got, c.want)
		}
	}
}

func TestAddMonths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d    Date
		n    int
		want Date
	}{
		{"2026-01-31", 1, "2026-02-28"}, {"2024-01-31", 1, "2024-02-29"}, {"2026-01-31", 2, "2026-03-31"},
		{"2026-03-31", 1, "2026-04-30"}, {"2026-08-31", 6, "2027-02-28"}, {"2026-10-15", 3, "2027-01-15"},
		{"2026-12-31", 1, "2027-01-31"}, {"2026-12-31", 12, "2027-12-31"}, {"2024-02-29", 12, "2025-02-28"},
		{"2024-02-29", 48, "2028-02-29"}, {"2026-03-31", -1, "2026-02-28"}, {"2026-01-15", -1, "2025-12-15"},
		{"2026-05-05", 0, "2026-05-05"}, {"2026-01-31", -13, "2024-12-31"},
		{"9999-12-01", 1, ""}, {"0001-01-31", -1, ""}, {"0001-01-31", 119987, "9999-12-31"},
		{"2026-10-01", int(^uint(0) >> 1), ""}, {"2026-10-01", -int(^uint(0)>>1) - 1, ""},
	} {
		if got := c.d.AddMonths(c.n); got != c.want {
			t.Errorf("%s.AddMonths(%d) = %q, want %q", c.d, c.n, got, c.want)
		}
	}
}

func TestDateParts(t *testing.T) {
	t.Parallel()
	d := Date("2026-09-20")
	if d.Year() != 2026 || d.Month() != 9 || d.Day() != 20 || d.MonthKey() != "2026-09" ||
		d.Weekday() != time.Sunday || d.EndOfMonth() != "2026-09-30" {
		t.Errorf("parts of %s are wrong", d)
	}
	if got := Date("2024-02-10").EndOfMonth(); got != "2024-02-29" {
		t.Errorf("EndOfMonth in a leap year = %s", got)
	}
	if got := Date("2026-10-01").Sub("2026-09-16"); got != 15 {
		t.Errorf("Sub = %d, want 15", got)
	}
	if got := Date("2026-01-01").Sub("2026-12-31"); got != -364 {
		t.Errorf("Sub = %d, want -364", got)
	}
	if !d.Before("2026-10-01") || d.Before(d) || !d.After("2026-09-19") || d.After(d) || !Date("").Before(d) {
		t.Error("Before and After")
	}
}

// Every day of the first 2400 years, six rounds of the calendar, against the
// standard library.
func TestEveryDay(t *testing.T) {
	t.Parallel()
	n := firstNumber
	for at := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() <= 2400; at = at.AddDate(0, 0, 1) {
		d := dateOf(n)
		y, m, day := at.Date()
		gotY, gotM, gotDay, ok := d.split()
		if !ok || gotY != y || gotM != int(m) || gotDay != day {
			t.Fatalf("day %d is %q, want %s", n, d, at.Format(time.DateOnly))
		}
		if got, _ := d.number(); got != n {
			t.Fatalf("%s has number %d, want %d", d, got, n)
		}
		if d.Weekday() != at.Weekday() {
			t.Fatalf("%s is a %s, want %s", d, d.Weekday(), at.Weekday())
		}
		if got := dayOfYear(gotY, gotM, gotDay); got != at.YearDay()-1 {
			t.Fatalf("%s is day %d of its year, want %d", d, got, at.YearDay()-1)
		}
		n++
	}
	if got := dayNumber(9999, 12, 31); got != lastNumber || dateOf(got) != "9999-12-31" {
		t.Errorf("the last day has number %d, want %d", got, lastNumber)
	}
}
