package calendar

import (
	"math"
	"testing"
	"time"
)

// The first and the last moment of a civil day in China, by their UTC times.
func TestInstantDate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		utc  string
		want Date
	}{
		{"2026-09-30T15:59:59.999999Z", "2026-09-30"},
		{"2026-09-30T16:00:00Z", "2026-10-01"},
		{"2026-10-01T15:59:59.999999Z", "2026-10-01"},
		{"2026-10-01T16:00:00Z", "2026-10-02"},
		{"2026-12-31T15:59:59Z", "2026-12-31"},
		{"2026-12-31T16:00:00Z", "2027-01-01"},
		{"2024-02-29T15:59:59Z", "2024-02-29"},
		{"2024-02-29T16:00:00Z", "2024-03-01"},
		{"1991-12-31T15:59:59.999999Z", "1991-12-31"},
		{"1991-12-31T16:00:00Z", "1992-01-01"},
		// Summer time: nine hours ahead.
		{"1990-07-01T14:59:59Z", "1990-07-01"},
		{"1990-07-01T15:00:00Z", "1990-07-02"},
		// Before 1901 Shanghai kept its own time, 8:05:43 ahead.
		{"1899-12-31T15:54:16Z", "1899-12-31"},
		{"1899-12-31T15:54:17Z", "1900-01-01"},
		{"9999-12-31T15:59:59Z", "9999-12-31"},
		{"9999-12-31T16:00:00Z", ""},
		{"0000-12-31T12:00:00Z", ""},
	} {
		at, err := time.Parse(time.RFC3339Nano, c.utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := InstantOf(at).Date(); got != c.want {
			t.Errorf("%s is on %q, want %q", c.utc, got, c.want)
		}
	}
	for _, i := range []Instant{math.MinInt64, math.MaxInt64} {
		if got := i.Date(); got != "" {
			t.Errorf("Instant %d is on %q", i, got)
		}
	}
}

// Each day from 1890 to 2110 begins where the zone's table says: its first
// moment is on it, the one before on the day before. The quick way since 1992
// and the zone agree.
func TestStartOf(t *testing.T) {
	t.Parallel()
	for d := Date("1890-01-01"); d < "2110-01-01"; d = d.AddDays(1) {
		s := StartOf(d)
		if got := s.Date(); got != d {
			t.Fatalf("StartOf(%s) = %s, on %s", d, s.Time(), got)
		}
		if got := (s - 1).Date(); got != d.AddDays(-1) {
			t.Fatalf("the moment before StartOf(%s) is on %s", d, got)
		}
		y, m, dd := s.Time().Date()
		if MakeDate(y, int(m), dd) != d {
			t.Fatalf("StartOf(%s) is %s in Zone", d, s.Time())
		}
	}
}

func TestInstantTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 10, 1, 9, 30, 0, 123456789, Zone)
	i := InstantOf(at)
	if got := i.Time(); !got.Equal(at.Truncate(time.Microsecond)) || got.Location() != Zone {
		t.Errorf("Time = %s", got)
	}
	if got := StartOf("2026-10-01"); got.Time().Format(time.RFC3339) != "2026-10-01T00:00:00+08:00" {
		t.Errorf("StartOf = %s", got.Time())
	}
	if Zone.String() != "Asia/Shanghai" {
		t.Errorf("Zone is %s", Zone)
	}
}
