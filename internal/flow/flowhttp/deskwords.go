package flowhttp

import (
	"qianshao/internal/flow"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

func isApproval(rule string) bool { return len(rule) > 8 && rule[:8] == "approve." }

func (p *Pages) waitLine(c *web.Ctx, l *look, d flow.Duty) ui.Segments {
	m := d.Matter
	word, _ := ui.Near(c.Lang, d.Clock.Due, c.Today)
	return ui.Segments{{Text: shortNo(m.No), Href: "/m/" + m.ID.String()}, {Text: c.T("state." + m.Kind + "." + m.State)}, {Text: l.unit(m.Handler.Key) + " " + word, Dim: true}}
}

func (p *Pages) risenLine(c *web.Ctx, l *look, d flow.Duty) ui.Segments {
	m := d.Matter
	return ui.Segments{{Text: shortNo(m.No), Href: "/m/" + m.ID.String()}, {Text: m.Title}, {Text: c.T("desk.risen.since", ui.DayIn(c.Lang, d.Clock.Start, c.Today), l.unit(m.Handler.Key)), Dim: true}}
}

// shortNo is the running number alone: 0352号.
func shortNo(no string) string {
	r := []rune(no)
	for i := len(r) - 1; i >= 0; i-- {
		if r[i] == '〕' {
			return string(r[i+1:])
		}
	}
	return no
}
