package rulebook

import (
	"slices"
	"strings"

	"qianshao/internal/calendar"
)

// Permanent is the unit of what is kept for good.
const Permanent = "permanent"

var limitUnits = []string{"person", "minute", "hour", "workday", "day", "month", "year", "matter", Permanent}

// Limit is a number that is no deadline: how many people a team takes at least, from when on a late entry must be
// explained, how long something is
// kept, and lengths of the regulations that are counted in hours, which no clock of days can keep.
type Limit struct {
	ID    string `yaml:"id" json:"id"`
	Name  Text   `yaml:"name" json:"name"`
	Value int    `yaml:"value" json:"value"`
	Unit  string `yaml:"unit" json:"unit"` // one of limitUnits
	Force `yaml:",inline" json:"force"`
}

// Limit is the number in force on a day; 0, which limits nothing, for one that is not.
func (b *Book) Limit(id string, on calendar.Date) int {
	for _, x := range b.limits {
		if x.ID == id && x.Holds(on) {
			return x.Value
		}
	}
	return 0
}

// Kept is the last day that what ended on a day must be kept, by a limit that counts years; false where it is kept for good, or
// no such limit is in force.
func (b *Book) Kept(id string, ended, on calendar.Date) (calendar.Date, bool) {
	for _, x := range b.limits {
		if x.ID == id && x.Holds(on) && x.Unit == "year" && ended.Valid() {
			return ended.AddMonths(12 * x.Value), true
		}
	}
	return "", false
}

// Limits lists all versions of all limits in the file's order.
func (b *Book) Limits() []Limit { return b.limits }

func (l *loader) limits() {
	each(l, "limits", func(x Limit) {
		what := "limit " + x.ID
		l.named("limit", "id", x.ID)
		l.text(what, x.Name)
		l.force(what, x.Force)
		switch {
		case !slices.Contains(limitUnits, x.Unit):
			l.fail("%s: unit must be %s", what, strings.Join(limitUnits, ", "))
		case x.Unit == Permanent && x.Value != 0:
			l.fail("%s: what is kept for good has no value", what)
		case x.Unit != Permanent && x.Value <= 0:
			l.fail("%s: %d limits nothing", what, x.Value)
		}
		var have []Force
		for _, o := range l.b.limits {
			if o.ID == x.ID {
				have = append(have, o.Force)
			}
		}
		l.overlap(what, have, x.Force)
		l.b.limits = append(l.b.limits, x)
	})
}
