package calendar

import (
	"time"
	// The zone's table is in the binary: a bare host may have none.
	_ "time/tzdata"
)

// Zone is the civil zone of every day in this product.
var Zone = loadZone()

// loadZone can't fail with the table built in. If it did, +08:00 is still right
// for every instant since 1991, so no page need fall for it.
func loadZone() *time.Location {
	z, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return time.FixedZone("Asia/Shanghai", 8*60*60)
	}
	return z
}

// Instant is a moment in microseconds since 1970-01-01T00:00:00Z.
type Instant int64

const (
	second   Instant = 1e6
	oneDay   Instant = 24 * 60 * 60 * second
	zoneLead Instant = 8 * 60 * 60 * second

	// The last summer time ended in September 1991. From here on the zone is
	// +08:00 and a day is found by division; a test holds this against Zone.
	fixedSince       Instant = 694195200 * second // 1992-01-01 in Zone
	fixedSinceNumber         = 8035               // the day number of that day
)

// InstantOf gives the moment of t, cut to the microsecond.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time gives the moment as a time in Zone.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).In(Zone) }

// Date gives the civil day in Zone on which the moment falls; "" for a moment
// outside the years 0001 to 9999.
func (i Instant) Date() Date {
	if i >= fixedSince {
		// Divide before adding the lead: the sum could overflow, the parts can't.
		n := int(i / oneDay)
		if i%oneDay >= oneDay-zoneLead {
			n++
		}
		return dateOf(n)
	}
	y, m, d := i.Time().Date()
	return MakeDate(y, int(m), d)
}

// StartOf gives the first moment of day d in Zone; 0 if d is invalid.
func StartOf(d Date) Instant {
	n, ok := d.number()
	if !ok {
		return 0
	}
	if n >= fixedSinceNumber {
		return Instant(n)*oneDay - zoneLead
	}
	y, m, dd := civil(n)
	t := time.Date(y, time.Month(m), dd, 0, 0, 0, 0, Zone)
	// Some summer times of the 1940s began at midnight, so that a day began at
	// one o'clock. Of such a midnight time.Date promises only to be right in one
	// of the two zones: it may lie in the day before.
	if InstantOf(t).Date() < d {
		_, t = t.ZoneBounds()
	}
	return InstantOf(t)
}
