package rulebook

import (
	"io/fs"

	"qianshao/internal/calendar"
)

// Ask is something that this system itself asks of townships, with what it takes them.
type Ask struct {
	ID       string `yaml:"id" json:"id"`
	Name     Text   `yaml:"name" json:"name"`
	Minutes  int    `yaml:"minutes" json:"minutes"`   // of one township
	Measured bool   `yaml:"measured" json:"measured"` // false: the minutes are an estimate
	Days     int    `yaml:"days" json:"days"`         // by when, from the day it is asked
	Every    string `yaml:"every" json:"every"`       // EveryMonth, or "" for what comes only when there is an occasion
	Use      Text   `yaml:"use" json:"use"`           // what it is used for
	Force    `yaml:",inline" json:"force"`
}

// EveryMonth is how often something is asked that comes by itself.
const EveryMonth = "month"

// Ask is the entry in force on a day.
func (b *Book) Ask(id string, on calendar.Date) (Ask, bool) {
	for _, x := range b.asks {
		if x.ID == id && x.Holds(on) {
			return x, true
		}
	}
	return Ask{}, false
}

// Asks lists all versions of all entries in the file's order.
func (b *Book) Asks() []Ask { return b.asks }

func (l *loader) asks() {
	if _, err := fs.Stat(l.files, "asks.yaml"); err != nil {
		return // a rulebook that asks nothing of anybody
	}
	each(l, "asks", func(x Ask) {
		what := "ask " + x.ID
		l.named("ask", "id", x.ID)
		l.text(what, x.Name)
		l.text(what+", use", x.Use)
		l.force(what, x.Force)
		if x.Minutes <= 0 || x.Days <= 0 {
			l.fail("%s: minutes and days are missing", what)
		}
		if x.Every != "" && x.Every != EveryMonth {
			l.fail("%s: every is month, or is left out", what)
		}
		var have []Force
		for _, o := range l.b.asks {
			if o.ID == x.ID {
				have = append(have, o.Force)
			}
		}
		l.overlap(what, have, x.Force)
		l.b.asks = append(l.b.asks, x)
	})
}
