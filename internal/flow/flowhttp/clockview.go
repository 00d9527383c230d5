package flowhttp

import (
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strconv"

	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/locale"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// shortDays is the longest period shown as boxes; a longer one becomes a calendar on its own page.
const shortDays = 24

// why says why a clock's day is that day: the sentence, the days one by one, the article and how sure it is.
func (p *Pages) whyOf(lang string, today calendar.Date, c deadline.Clock, es []deadline.Entry) ui.WhyView {
	t, _ := p.Rules.TimerVersion(c.Rule, c.Version)
	x := p.Engine.Clocks.Explain(c, es)
	v := ui.WhyView{Lang: lang, Sure: string(t.Sure), Version: t.Version, Note: t.Note.In(lang)}
	length := lengthText(lang, c.Length, c.Unit)
	for _, e := range es {
		if e.Kind == deadline.Retargeted {
			length = lengthText(lang, e.Length, e.Unit)
		}
	}
	v.Text = locale.T(lang, "why.sentence", ui.DayIn(lang, x.Start, today), t.Start.In(lang), length, ui.DayIn(lang, c.Due, today)+weekdayIn(lang, c.Due))
	v.Text += p.extras(lang, today, c, es, x)
	v.Basis = locale.T(lang, "why.basis") + p.basisText(lang, t)
	if x.Passed <= shortDays && len(x.Days) > 1 {
		v.Days = boxes(lang, x)
	}
	return v
}

func weekdayIn(lang string, d calendar.Date) string {
	if lang == locale.En {
		return " (" + ui.Weekday(lang, d) + ")"
	}
	return "（" + ui.Weekday(lang, d) + "）"
}

func lengthText(lang string, n int, u rulebook.Unit) string {
	return locale.T(lang, "length."+string(u), strconv.Itoa(n))
}

// extras are what else moved the day: days left out, moved working days, pauses, extensions, rolling, provisional.
func (p *Pages) extras(lang string, today calendar.Date, c deadline.Clock, es []deadline.Entry, x deadline.Explanation) string {
	s := ""
	if off := offText(lang, x.Off); off != "" {
		s += locale.T(lang, "why.skipped", off)
	}
	if x.Moved > 0 {
		s += locale.T(lang, "why.moved", strconv.Itoa(x.Moved))
	}
	if x.Result.Rolled != "" {
		s += locale.T(lang, "why.rolled", ui.DayIn(lang, x.Result.Rolled, today))
	}
	for _, e := range es {
		switch e.Kind {
		case deadline.Extended:
			s += locale.T(lang, "why.extended", ui.DayIn(lang, e.On, today), lengthText(lang, e.Length, e.Unit))
		case deadline.Paused:
			s += locale.T(lang, "why.paused", ui.DayIn(lang, e.On, today), p.Rules.Name("pause_reason", e.Reason, lang))
		case deadline.Resumed:
			s += locale.T(lang, "why.resumed", ui.DayIn(lang, e.On, today))
		case deadline.Recomputed:
			s += locale.T(lang, "why.recomputed", ui.DayIn(lang, e.On, today))
		}
	}
	if c.Provisional {
		s += locale.T(lang, "why.provisional")
	}
	return s
}

func offText(lang string, off map[string]int) string {
	var names []string
	for n := range off {
		names = append(names, n)
	}
	sort.Strings(names)
	s := ""
	for _, n := range names {
		word := n
		switch n {
		case "weekend", "paused", "rolled":
			word = locale.T(lang, "why.off."+n)
		}
		if s != "" {
			s += locale.T(lang, "list.comma")
		}
		s += locale.T(lang, "why.offdays", word, strconv.Itoa(off[n]))
	}
	return s
}

func (p *Pages) basisText(lang string, t rulebook.Timer) string {
	s := ""
	for i, b := range t.Basis {
		if i > 0 {
			s += locale.T(lang, "list.comma")
		}
		s += p.article(lang, b)
	}
	return s
}

// boxes fold a short period into boxes: one a counted day, one for a run of days that do not count.
func boxes(lang string, x deadline.Explanation) []ui.DayBox {
	var out []ui.DayBox
	days := x.Days[1:]
	for i := 0; i < len(days); {
		d := days[i]
		if d.Counted > 0 {
			b := ui.DayBox{Label: ui.ShortDay(d.Date), Mark: strconv.Itoa(d.Counted), Due: d.Due}
			if d.Kind == "moved" {
				b.Small = locale.T(lang, "why.worked")
			}
			out = append(out, b)
			i++
			continue
		}
		j := i
		for j+1 < len(days) && days[j+1].Counted == 0 && days[j+1].Kind == d.Kind && days[j+1].Name == d.Name {
			j++
		}
		b := ui.DayBox{Label: ui.ShortDay(d.Date), Mark: offWord(lang, d), Off: !days[j].Due, Due: days[j].Due}
		if j > i {
			b.Label, b.Span = ui.ShortDay(d.Date)+"–"+ui.ShortDay(days[j].Date), true
		}
		out = append(out, b)
		i = j + 1
	}
	return out
}

func offWord(lang string, d deadline.DayNote) string {
	switch d.Kind {
	case "holiday":
		if lang == locale.En {
			return "off"
		}
		return d.Name
	case "weekend":
		return ui.Weekday(lang, d.Date)
	case "rolled":
		if d.Due {
			return locale.T(lang, "why.due")
		}
		return locale.T(lang, "why.off.rolled")
	}
	return locale.T(lang, "why.off."+d.Kind)
}

// calendarOf lays a period out as weeks, counted days numbered, the others struck out with the reason.
func (p *Pages) calendarOf(lang string, today calendar.Date, c deadline.Clock, es []deadline.Entry) ui.WhyView {
	v := p.whyOf(lang, today, c, es)
	x := p.Engine.Clocks.Explain(c, es)
	v.Sums = []ui.Sum{{N: strconv.Itoa(x.Passed), Word: locale.T(lang, "why.sum.passed", strconv.Itoa(x.Passed))}, {N: strconv.Itoa(x.Counts), Word: locale.T(lang, "why.sum.counted", strconv.Itoa(x.Counts))}}
	total := 0
	for _, n := range x.Off {
		total += n
	}
	if total > 0 {
		v.Sums = append(v.Sums, ui.Sum{N: strconv.Itoa(total), Word: locale.T(lang, "why.sum.off", offText(lang, x.Off))})
	}
	if x.Moved > 0 {
		v.Sums = append(v.Sums, ui.Sum{N: strconv.Itoa(x.Moved), Word: locale.T(lang, "why.sum.moved", strconv.Itoa(x.Moved))})
	}
	if len(x.Days) == 0 {
		return v
	}
	first := x.Days[0].Date
	lead := (int(first.Weekday()) + 6) % 7 // Monday first
	var cells []ui.CalCell
	for range lead {
		cells = append(cells, ui.CalCell{Class: "non"})
	}
	for _, d := range x.Days {
		cells = append(cells, dayCell(lang, d))
	}
	for len(cells)%7 > 0 {
		cells = append(cells, ui.CalCell{Class: "non"})
	}
	for w := range slices.Chunk(cells, 7) {
		v.Weeks = append(v.Weeks, ui.CalWeek{Days: w})
	}
	return v
}

func dayCell(lang string, d deadline.DayNote) ui.CalCell {
	cell := ui.CalCell{Day: ui.ShortDay(d.Date), Prov: d.Prov}
	switch {
	case d.Kind == "start":
		cell.Class, cell.Word = "start", locale.T(lang, "why.start")
	case d.Due:
		cell.Class, cell.Word = "due", locale.T(lang, "why.due")
		if d.Prov {
			cell.Word += locale.T(lang, "punct.open") + locale.T(lang, "why.prov") + locale.T(lang, "punct.close")
		}
	case d.Kind == "moved":
		cell.Class, cell.Word = "ban", locale.T(lang, "why.worked")
	case d.Counted == 0:
		cell.Class, cell.Word, cell.Plain = "off", offWord(lang, d), d.Kind == "weekend"
	default:
		cell.Plain = true
	}
	if d.Counted > 0 {
		cell.N = strconv.Itoa(d.Counted)
	}
	return cell
}

// longWeeks is how many weeks a calendar may have before its plain ones are folded.
const longWeeks = 9

// folded folds runs of weeks with nothing out of the ordinary in them into a line each: what moved the day stays in view.
func folded(lang string, v ui.WhyView, unfold string) ui.WhyView {
	if len(v.Weeks) <= longWeeks {
		return v
	}
	plain := func(w ui.CalWeek) bool {
		return !slices.ContainsFunc(w.Days, func(c ui.CalCell) bool { return !c.Plain })
	}
	var out []ui.CalWeek
	for i := 0; i < len(v.Weeks); {
		j := i
		for j < len(v.Weeks) && plain(v.Weeks[j]) {
			j++
		}
		if j-i < 2 {
			out = append(out, v.Weeks[i])
			i++
			continue
		}
		out = append(out, ui.CalWeek{Fold: foldText(lang, v.Weeks[i:j])})
		i = j
	}
	v.Weeks, v.Unfold = out, unfold
	return v
}

func foldText(lang string, run []ui.CalWeek) string {
	var first, last, prov string
	for _, w := range run {
		for _, c := range w.Days {
			if c.N != "" {
				if first == "" {
					first = c.N
				}
				last = c.N
			}
			if c.Prov {
				prov = locale.T(lang, "punct.open") + locale.T(lang, "why.prov") + locale.T(lang, "punct.close")
			}
		}
	}
	from, to := run[0].Days[0].Day, run[len(run)-1].Days[6].Day
	return locale.T(lang, "why.fold", from, to, strconv.Itoa(len(run)), first, last) + prov
}

// dueText is the due day of a clock in a header: 10月13日到期，还有1天.
func dueText(lang string, today calendar.Date, c deadline.Clock) (string, bool) {
	day := ui.DayIn(lang, c.Due, today)
	if c.State == deadline.StatePaused {
		return locale.T(lang, "due.paused"), false
	}
	n := c.Due.Sub(today)
	switch {
	case n < 0:
		return locale.T(lang, "due.header.late", day, strconv.Itoa(-n)), true
	case n == 0:
		return locale.T(lang, "due.header.today", day), true
	}
	return locale.T(lang, "due.header.left", day, strconv.Itoa(n)), n <= 1
}

// clockName is what a clock's obligation is called.
func (p *Pages) clockName(lang string, c deadline.Clock) string {
	if t, ok := p.Rules.TimerVersion(c.Rule, c.Version); ok {
		return t.Name.In(lang)
	}
	return fmt.Sprint(c.Rule)
}

// why answers "why this day" for one clock: as a fragment for a fold, or as a page of its own with the calendar.
func (p *Pages) why(c *web.Ctx) error {
	key, err := c.ID("clock")
	if err != nil {
		return err
	}
	r := c.In(key)
	k, err := deadline.Get(c.Context(), r, key.Key)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	m, err := flow.Get(c.Context(), r, c.Who, k.Matter) // of no matter too: one that may not be seen takes no longer
	if err != nil {
		return err
	}
	es, err := deadline.Entries(c.Context(), r, key.Key)
	if err != nil {
		return err
	}
	if c.R.Header.Get("HX-Request") != "" {
		return c.Render(http.StatusOK, ui.WhyBody(p.whyOf(c.Lang, c.Today, k, es)))
	}
	v := whyView{Frame: c.Frame(c.T("why.title")), Name: p.clockName(c.Lang, k), No: m.No, Href: "/m/" + m.ID.String(), Title: m.Title, Why: p.calendarOf(c.Lang, c.Today, k, es),
		Heading: c.T("why.heading", ui.DayIn(c.Lang, k.Due, c.Today))}
	if c.R.URL.Query().Get("all") == "" {
		v.Why = folded(c.Lang, v.Why, "/why/"+key.String()+"?all=1")
	}
	for _, e := range es {
		v.Entries = append(v.Entries, ui.LogView{Day: ui.DayIn(c.Lang, e.On, c.Today), Small: ui.Weekday(c.Lang, e.On), Title: c.T("entry." + string(e.Kind)), By: p.entryNote(c, e), Key: e.Kind == deadline.Opened})
	}
	return c.Render(http.StatusOK, whyPage(v))
}

func (p *Pages) entryNote(c *web.Ctx, e deadline.Entry) string {
	s := ""
	if e.Length > 0 {
		s = lengthText(c.Lang, e.Length, e.Unit)
	}
	switch e.Kind {
	case deadline.Paused:
		s = p.Rules.Name("pause_reason", e.Reason, c.Lang)
	case deadline.Extended, deadline.Resumed:
		if e.Reason != "" {
			s += " " + e.Reason
		}
	}
	return s
}

type whyView struct {
	Frame   ui.Frame
	Name    string
	No      string
	Href    string
	Title   string
	Heading string
	Why     ui.WhyView
	Entries []ui.LogView
}
