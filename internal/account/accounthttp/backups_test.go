package accounthttp

import (
	"errors"
	"strings"
	"testing"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/locale"
	"qianshao/internal/web"
)

// How the server's backups stand is a line on the administrator's page; what somebody has to see to stands out.
func TestBackupsLine(t *testing.T) {
	c := &web.Ctx{Lang: locale.Zh}
	ago := func(d time.Duration) calendar.Instant { return calendar.InstantOf(time.Now().Add(-d)) }
	for want, b := range map[string]*Backups{
		"本服务器没有设置自动备份":    nil,
		"!每1小时一次，还没有做成过":  {Every: time.Hour},
		"最近一次自动备份":        {Every: 90 * time.Minute, Last: ago(time.Hour), Kept: 3},
		"每90分钟一次，现存3份":    {Every: 90 * time.Minute, Last: ago(time.Hour), Kept: 3},
		"!每1小时一次，现存7份":    {Every: time.Hour, Last: ago(3 * time.Hour), Kept: 7},
		"!有一次没有做成":        {Every: time.Hour, Last: ago(time.Hour), Failed: ago(time.Minute)},
		"有一次没有做成，请运维人员查看": {Every: time.Hour, Last: ago(time.Minute), Failed: ago(time.Hour)},
	} {
		text, trouble := (&Pages{Backups: func() (*Backups, error) { return b, nil }}).backups(c)
		if words, loud := strings.CutPrefix(want, "!"); !strings.Contains(text, words) || trouble != loud {
			t.Errorf("%q (%v), want %q", text, trouble, want)
		}
	}
	if text, trouble := (&Pages{Backups: func() (*Backups, error) { return nil, errors.New("gone") }}).backups(c); !trouble || !strings.Contains(text, "读不出来") {
		t.Error(text)
	}
}
