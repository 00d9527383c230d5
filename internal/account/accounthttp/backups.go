package accounthttp

import (
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Backups is how the backups stand that the server makes by itself.
type Backups struct {
	Every  time.Duration
	Last   calendar.Instant // when the newest was begun; 0: there is none
	Failed calendar.Instant // when one failed last since the server's start; 0: none did
	Kept   int
}

// backups says in a line how the server's own backups stand, and whether somebody has to see to them: none yet, the last
// one failed, or one was left out.
func (p *Pages) backups(c *web.Ctx) (line string, trouble bool) {
	var b *Backups
	var err error
	if p.Backups != nil {
		b, err = p.Backups()
	}
	switch {
	case err != nil:
		return c.T("backups.lost"), true // the worker says in the log why; the accounts are to be seen all the same
	case b == nil:
		return c.T("backups.off"), false
	}
	moment := func(i calendar.Instant) string { return ui.LongDay(c.Lang, i.Date()) + " " + ui.Clock(i) }
	every := c.T("backups.minutes", itoa(int(b.Every.Minutes())))
	if b.Every%time.Hour == 0 {
		every = c.T("backups.hours", itoa(int(b.Every.Hours())))
	}
	late := calendar.InstantOf(time.Now().Add(-2 * b.Every))
	line, trouble = c.T("backups.none", every), b.Last < late || b.Failed > b.Last
	if b.Last > 0 {
		line = c.T("backups.last", moment(b.Last), every, itoa(b.Kept))
	}
	if b.Failed > 0 {
		line += c.T("backups.failed", moment(b.Failed))
	}
	return line, trouble
}
