package flowhttp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/flow/record"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

func day(s string) calendar.Date { return calendar.Date(s) }

// log turns events into the lines of what happened, newest first.
func (p *Pages) log(c *web.Ctx, l *look, d *flow.Dossier, events []record.Event) []ui.LogView {
	rules := map[id.Key]deadline.Clock{}
	for _, k := range d.Clocks {
		rules[k.ID.Key] = k
	}
	for _, m := range d.Family {
		l.others[m.ID.Key] = m.No
	}
	var out []ui.LogView
	for _, e := range events {
		v := ui.LogView{Day: ui.DayIn(c.Lang, e.At.Date(), c.Today), Small: ui.Weekday(c.Lang, e.At.Date()) + " " + ui.Clock(e.At), Key: e.Key}
		if e.Fire != nil {
			p.fireLine(c, l, rules[e.Fire.Clock], e, &v)
		} else {
			p.actLine(c, l, d.Matter, e, &v)
		}
		out = append(out, v)
	}
	return out
}

func (p *Pages) fireLine(c *web.Ctx, l *look, k deadline.Clock, e record.Event, v *ui.LogView) {
	name := p.clockName(c.Lang, k)
	switch kind := e.Fire.Kind; {
	case strings.HasPrefix(kind, "warn"):
		v.Title = c.T("fire.warn", strings.TrimPrefix(kind, "warn"))
	default:
		v.Title = c.T("fire." + kind)
	}
	v.Body = []ui.Segment{{Text: name + c.T("list.comma_in") + c.T("due.on", ui.DayIn(c.Lang, e.Fire.Due, c.Today)) + c.T("list.comma_in") + l.seat(k.OwedBy.Key, k.OwedRole)}}
	v.By = c.T("actor.system")
}

// actLine is an act as a line: what was done, what was said, by whom, and the entry's number in the log.
func (p *Pages) actLine(c *web.Ctx, l *look, m flow.Matter, e record.Event, v *ui.LogView) {
	v.Title = p.actTitle(c, m.Kind, e)
	v.By = p.actor(c, l, e) + c.T("punct.em") + c.T("log.entry", ui.Thousands(e.Seq))
	move := moveOf(e.Action)
	order := map[string]int{}
	fields := p.fieldsOf(m.Kind, move)
	for i, f := range fields {
		order[f.Name] = i + 1
	}
	var names []string
	for n := range e.Params {
		if order[n] > 0 || alwaysTold[n] {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(order[a], order[b]), cmp.Compare(a, b)) })
	for _, n := range names {
		switch n {
		case "moved":
			if s, ok := e.Params[n].(string); ok {
				v.Body = append(v.Body, ui.Segment{Text: c.T("moved." + s), Dim: true})
			}
			continue
		case "for":
			v.Body = append(v.Body, ui.Segment{Text: c.T("log.for", str(e.Params[n])), Dim: true})
			continue
		}
		f := flow.Field{Name: n, Kind: flow.Para}
		switch i := order[n]; {
		case i > 0:
			f = fields[i-1]
		case n == "recusal_ground":
			f.List = n
		}
		var words []string
		for _, x := range list(e.Params[n]) {
			if n == "rule" {
				if t, ok := p.Rules.Timer(x, e.At.Date()); ok {
					x = t.Name.In(c.Lang)
				}
			}
			if doc, ok := p.Rules.Document(x); ok && n == "paper" {
				x = doc.Name.In(c.Lang)
			}
			words = append(words, p.value(c, l, f, x))
		}
		v.Body = append(v.Body, ui.Segment{Text: p.label(c.Lang, m.Kind, move, n) + c.T("punct.colon") + strings.Join(words, c.T("list.comma"))})
	}
	if seat, ok := e.Params["seat"].(map[string]any); ok && !strings.HasSuffix(e.Action, ".return") {
		if u, err := id.Parse(str(seat["unit"])); err == nil {
			text := c.T("log.next", l.seat(u.Key, access.Role(str(seat["role"]))))
			if mv := str(seat["moved"]); mv != "" {
				text += c.T("punct.open") + c.T("moved."+mv) + c.T("punct.close")
			}
			v.Body = append(v.Body, ui.Segment{Text: text, Dim: true})
		}
	}
}

// alwaysTold are what acts say beyond the fields of a move.
var alwaysTold = map[string]bool{"note": true, "for": true, "moved": true, "who": true, "recusal_ground": true, "paper": true, "paper_no": true, "file": true, "asker": true, "second": true}

func moveOf(action string) string {
	parts := strings.Split(action, ".")
	if len(parts) < 2 {
		return action
	}
	return parts[1]
}

func (p *Pages) actTitle(c *web.Ctx, kind string, e record.Event) string {
	parts := strings.Split(e.Action, ".")
	if len(parts) == 3 {
		return c.T("act."+parts[2], p.moveName(c.Lang, kind, parts[1]))
	}
	if t, ok := p.Engine.Table(kind); ok && len(parts) == 2 && parts[0] == kind {
		if _, ok := t.Move(parts[1]); ok {
			return p.moveName(c.Lang, kind, parts[1])
		}
	}
	return c.T("action." + e.Action)
}

func (p *Pages) actor(c *web.Ctx, l *look, e record.Event) string {
	if e.Actor.Kind != "" {
		return c.T("actor." + e.Actor.Kind)
	}
	s := e.Actor.Name
	if u, err := id.Parse(e.Actor.Unit); err == nil && l.unit(u.Key) != "" {
		s = l.unit(u.Key) + " " + c.T("post."+e.Actor.Post) + " " + s
	}
	return s
}

func str(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}

func list(v any) []string {
	if l, ok := v.([]any); ok {
		var out []string
		for _, x := range l {
			out = append(out, str(x))
		}
		return out
	}
	if s := str(v); s != "" {
		return []string{s}
	}
	return nil
}
