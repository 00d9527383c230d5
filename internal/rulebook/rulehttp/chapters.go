package rulehttp

import (
	"reflect"
	"strconv"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/rulebook"
	"qianshao/internal/web/ui"
)

// writer turns the rulebook into entries in one language, as the rules stand on a day.
type writer struct {
	p      *Pages
	lang   string
	today  calendar.Date
	ours   map[string][]org.TimerSetting
	maySet bool
}

func (w *writer) t(key string, args ...string) string { return locale.T(w.lang, key, args...) }

// write makes the groups of a chapter.
func (w *writer) write(chapter string) []group {
	switch chapter {
	case "timers":
		return w.timers()
	case "approvals":
		return w.approvals()
	case "lists":
		return w.lists()
	case "sanctions":
		return w.sanctions()
	case "powers":
		return w.powers()
	case "papers":
		return w.papers()
	}
	return w.laws()
}

// stated fills in what every entry carries: article, certainty, version, days of force, doubts.
func (w *writer) stated(e entry, f rulebook.Force) entry {
	e.Basis = w.basis(f.Basis, f.Sure)
	e.Force = w.force(f)
	e.Note = f.Note.In(w.lang)
	return e
}

func (w *writer) basis(bs []rulebook.Basis, sure rulebook.Sure) []ui.BasisView {
	var out []ui.BasisView
	for i, b := range bs {
		text := w.p.Article(w.lang, b)
		if n := b.Note.In(w.lang); n != "" {
			text += w.t("punct.open") + strings.TrimRight(n, "。.") + w.t("punct.close")
		}
		v := ui.BasisView{Text: text, Href: "/rules#" + b.Reg}
		if i == len(bs)-1 && !(sure == rulebook.SureLocal && b.Reg == localReg) {
			v.Sure = string(sure)
		}
		out = append(out, v)
	}
	if len(bs) == 0 && sure != "" {
		out = append(out, ui.BasisView{Sure: string(sure)})
	}
	return out
}

// localReg is the key under which rules stand that are this deployment's own; their mark would say the same again.
const localReg = "LOCAL"

// force is the version and from when to when it holds. A version that is no day of issue says nothing to a reader.
func (w *writer) force(f rulebook.Force) string {
	var parts []string
	if d := calendar.Date(f.Version); d.Valid() && f.From == "" {
		parts = append(parts, w.t("rules.version", ui.LongDay(w.lang, d)))
	}
	if f.From != "" {
		parts = append(parts, w.t("rules.force", ui.LongDay(w.lang, f.From)))
	}
	if f.To != "" {
		parts = append(parts, w.t("rules.until", ui.LongDay(w.lang, f.To.AddDays(-1))))
	}
	return strings.Join(parts, w.t("list.comma_in"))
}

// into puts entries into groups in a given order; what no prefix claims comes last.
func (w *writer) into(order []string, of func(id string) string) func(id string, e entry) []group {
	gs := make([]group, len(order))
	for i, o := range order {
		gs[i] = group{ID: o, Name: w.t("rules.group." + o)}
	}
	return func(id string, e entry) []group {
		name := of(id)
		for i := range gs {
			if gs[i].ID == name && e.Name != "" {
				gs[i].Entries = append(gs[i].Entries, e)
			}
		}
		return filled(gs)
	}
}

func filled(gs []group) []group {
	var out []group
	for _, g := range gs {
		if len(g.Entries) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// stage is which part of the work a rule's code belongs to.
func stage(code string) string {
	head, _, _ := strings.Cut(code, ".")
	switch head {
	case "tipoff", "slip", "case", "appeal":
		return head
	case "petition":
		return "tipoff"
	case "clue", "inquiry", "verify":
		return "clue"
	case "property":
		return "case"
	case "complaint":
		return "appeal"
	case "duty", "handback", "order", "deviation", "post", "register", "callup", "burden", "gap":
		return "force"
	case "ext":
		switch code {
		case "ext.verify":
			return "clue"
		case "ext.assigned", "ext.petition":
			return "tipoff"
		}
		return "case"
	}
	return "office"
}

func (w *writer) length(n int, u rulebook.Unit) string {
	return locale.T(w.lang, "length."+string(u), strconv.Itoa(n))
}

func (w *writer) timers() []group {
	var gs []group
	add := w.into([]string{"tipoff", "clue", "case", "appeal", "force", "office"}, stage)
	former := map[string][]rulebook.Timer{}
	all := w.p.Rules.Timers()
	for _, t := range all {
		if !t.Holds(w.today) {
			former[t.ID] = append(former[t.ID], t)
		}
	}
	for _, t := range all {
		if t.Holds(w.today) {
			gs = add(t.ID, w.timer(t, former[t.ID]))
		}
	}
	return append(gs, w.limits())
}

// limits are the numbers that are no deadline.
func (w *writer) limits() group {
	g := group{ID: "limits", Name: w.t("rules.group.limits")}
	for _, x := range w.p.Rules.Limits() {
		if !x.Holds(w.today) {
			continue
		}
		value := w.t("rules.people", strconv.Itoa(x.Value))
		switch x.Unit {
		case "person":
		case rulebook.Permanent:
			value = w.t("rules.permanent")
		default:
			value = w.length(x.Value, rulebook.Unit(x.Unit))
		}
		g.Entries = append(g.Entries, w.stated(entry{ID: x.ID, Name: x.Name.In(w.lang), Lead: value}, x.Force))
	}
	return g
}

func (w *writer) timer(t rulebook.Timer, old []rulebook.Timer) entry {
	e := w.stated(entry{ID: t.ID, Name: t.Name.In(w.lang), Lead: w.t("rules.lead", t.Start.In(w.lang), w.length(t.Length, t.Unit))}, t.Force)
	switch {
	case t.Legal:
		e.Tag = w.t("rules.legal")
	case t.Allowed != (rulebook.Bounds{}):
		e.Tag = w.t("rules.local")
	}
	if t.First {
		e.Lines = append(e.Lines, w.t("rules.first"))
	}
	if t.Roll {
		e.Lines = append(e.Lines, w.t("rules.roll"))
	}
	if x := t.Extend; x != nil {
		times := w.t("rules.times.any")
		if x.Times > 0 {
			times = w.t("rules.times", strconv.Itoa(x.Times))
		}
		if x.Fixed > 0 {
			e.Lines = append(e.Lines, w.t("rules.extend.first", times, strconv.Itoa(x.Fixed), w.length(x.Length, x.Unit), w.chainName(x.Approval)))
		} else if x.Length > 0 {
			e.Lines = append(e.Lines, w.t("rules.extend", times, w.length(x.Length, x.Unit), w.chainName(x.Approval)))
		} else {
			e.Lines = append(e.Lines, w.t("rules.extend.open", times, w.chainName(x.Approval)))
		}
	}
	if len(t.Pause) > 0 {
		var words []string
		for _, code := range t.Pause {
			words = append(words, w.p.Rules.Name("pause_reason", code, w.lang))
		}
		e.Lines = append(e.Lines, w.t("rules.pause", strings.Join(words, w.t("list.comma"))))
	}
	if len(t.Warn) > 0 {
		var days []string
		for _, d := range t.Warn {
			days = append(days, strconv.Itoa(d))
		}
		e.Lines = append(e.Lines, w.t("rules.warn", strings.Join(days, w.t("list.comma"))))
	}
	if t.Allowed != (rulebook.Bounds{}) {
		e.Lines = append(e.Lines, w.t("rules.allowed", strconv.Itoa(t.Allowed.Min), w.length(t.Allowed.Max, t.Unit)))
		for _, s := range w.ours[t.ID] {
			if s.From <= w.today {
				e.Ours = w.t("rules.ours", ui.DayIn(w.lang, s.From, w.today), w.length(s.Length, t.Unit))
				break
			}
		}
		if w.maySet {
			e.Act = &ui.Segment{Text: w.t("rules.set"), Href: "/rules/timers/" + t.ID + "/set"}
		}
	}
	for _, o := range old {
		e.Former = append(e.Former, former{w.t("rules.lead", o.Start.In(w.lang), w.length(o.Length, o.Unit)), w.force(o.Force)})
	}
	return e
}

func (w *writer) chainName(id string) string {
	for _, c := range w.p.Rules.Chains() {
		if c.ID == id {
			return c.Name.In(w.lang)
		}
	}
	return id
}

func (w *writer) approvals() []group {
	var gs []group
	add := w.into([]string{"tipoff", "clue", "case", "appeal", "force", "office"}, stage)
	for _, c := range w.p.Rules.Chains() {
		if !c.Holds(w.today) {
			continue
		}
		e := w.stated(entry{ID: c.ID, Name: c.Name.In(w.lang)}, c.Force)
		for _, k := range c.Cases {
			var steps []string
			for _, s := range k.Steps {
				steps = append(steps, locale.First(w.lang, "rules.step."+s, "role."+s))
			}
			v := caseView{When: w.when(c.ID, k.When), Then: strings.Join(steps, " → "), Why: k.Why.In(w.lang)}
			if v.When == "" && len(c.Cases) > 1 {
				v.When = w.t("rules.otherwise")
			}
			if !reflect.DeepEqual(k.Basis, c.Basis) {
				v.Basis = w.basis(k.Basis, k.Sure)
			}
			e.Cases = append(e.Cases, v)
		}
		if len(e.Cases) == 1 && e.Cases[0].When == "" {
			e.Lead, e.Lines, e.Cases = e.Cases[0].Then, []string{e.Cases[0].Why}, nil
		}
		gs = add(c.ID, e)
	}
	return gs
}

// choices names the list that the choice of an approval comes from.
var choices = map[string]string{"clue.disposal": "disposal", "inquiry.outcome": "inquiry_outcome", "verify.result": "verification_outcome", "case.decide": "decision", "case.return": "return_kind"}

// when writes a condition as people say it, its facts in a fixed order.
func (w *writer) when(chain string, cond map[string][]string) string {
	var parts []string
	for _, key := range []string{"level", "rank", "category", "chief", "member", "source", "assigned", "track", "choice", "body", "nth"} {
		if vals := cond[key]; len(vals) > 0 {
			parts = append(parts, w.facts(chain, key, vals))
		}
	}
	return strings.Join(parts, w.t("list.comma_in"))
}

func (w *writer) facts(chain, key string, vals []string) string {
	if key == "rank" && len(vals) > 2 {
		// Bands of rank follow each other: the first and the last say it.
		return w.rank(vals[0]) + "—" + w.rank(vals[len(vals)-1])
	}
	var words []string
	for _, v := range vals {
		switch key {
		case "rank":
			words = append(words, w.rank(v))
		case "source":
			words = append(words, w.p.Rules.Name("clue_source", v, w.lang))
		case "track":
			words = append(words, w.p.Rules.Name("track", v, w.lang))
		case "category":
			words = append(words, w.p.Rules.Name("official_category", v, w.lang))
		case "body":
			words = append(words, w.t("rules.fact.body", w.p.Rules.Name("deciding_body", v, w.lang)))
		case "choice":
			if s, ok := w.p.Rules.Sanction(v); ok {
				words = append(words, s.Name.In(w.lang))
			} else {
				words = append(words, w.p.Rules.Name(choices[chain], v, w.lang))
			}
		default:
			words = append(words, w.t("rules.fact."+key+"."+v))
		}
	}
	return strings.Join(words, w.t("list.comma"))
}

func (w *writer) rank(code string) string {
	if r, ok := w.p.Rules.Rank(code); ok {
		return r.Name.In(w.lang)
	}
	return code
}

func (w *writer) lists() []group {
	var gs []group
	for _, l := range w.p.Rules.Lists() {
		g := group{ID: l.Code, Name: l.Name.In(w.lang)}
		for _, t := range w.p.Rules.Terms(l.Code, w.today) {
			g.Entries = append(g.Entries, w.stated(entry{ID: l.Code + "." + t.Code, Name: t.Name.In(w.lang), Lead: t.Help.In(w.lang)}, t.Force))
		}
		gs = append(gs, common(g))
	}
	return filled(gs)
}

// common says once, on a group's first entry, the doubt that all its entries share.
func common(g group) group {
	for i := 1; i < len(g.Entries); i++ {
		if g.Entries[i].Note == g.Entries[0].Note {
			g.Entries[i].Note = ""
		}
	}
	return g
}

func (w *writer) sanctions() []group {
	var gs []group
	var track string
	add := w.into([]string{"party", "admin", "organisation"}, func(string) string { return track })
	for _, s := range w.p.Rules.Sanctions(w.today) {
		track = s.Track
		e := w.stated(entry{ID: s.Code, Name: s.Name.In(w.lang)}, s.Force)
		if track != "organisation" {
			e.Tag = w.t("rules.light")
			if s.Heavy {
				e.Tag = w.t("rules.heavy")
			}
		}
		var months []string
		for _, m := range s.Months {
			months = append(months, w.length(m, rulebook.Months))
		}
		e.Lead = w.t("rules.months.none")
		if len(months) > 0 {
			e.Lead = w.t("rules.months", strings.Join(months, w.t("rules.months.or")))
		}
		for _, b := range s.Bodies {
			when := w.when("", b.When)
			if when == "" {
				when = w.t("rules.anyone")
			}
			e.Cases = append(e.Cases, caseView{When: when, Then: w.p.Rules.Name("deciding_body", b.Body, w.lang), Basis: w.basis(b.Basis, b.Sure)})
		}
		if s.Post != nil {
			e.Cases = append(e.Cases, caseView{When: w.t("rules.post"), Then: w.t("rules.post.must"), Basis: w.basis(s.Post.Basis, s.Post.Sure)})
		}
		gs = add(s.Code, e)
	}
	return gs
}

func (w *writer) powers() []group {
	var gs []group
	ranks := group{ID: "ranks", Name: w.t("rules.ranks")}
	for _, r := range w.p.Rules.Ranks() {
		ranks.Entries = append(ranks.Entries, w.stated(entry{ID: "rank." + r.Code, Name: r.Name.In(w.lang), Lead: w.t("rules.managed." + r.Managed)}, r.Force))
	}
	for _, hat := range []string{"commission", "dispatched"} {
		g := group{ID: hat, Name: w.t("rules.hat." + hat)}
		for _, p := range w.p.Rules.Powers() {
			if p.Hat == hat && p.Holds(w.today) {
				g.Entries = append(g.Entries, w.stated(entry{ID: hat + "." + p.Move, Name: p.Name.In(w.lang), Tag: w.t("rules.may." + p.May), Lead: p.Why.In(w.lang)}, p.Force))
			}
		}
		gs = append(gs, g)
	}
	return append(filled(gs), common(ranks))
}

func (w *writer) papers() []group {
	var gs []group
	at := ""
	add := w.into([]string{"tipoff", "slip", "clue", "case", "force", "any"}, func(string) string { return at })
	for _, d := range w.p.Rules.Documents() {
		at = "any"
		var moves []string
		for _, m := range d.Moves {
			moves = append(moves, w.t("move."+m))
		}
		if len(d.Moves) > 0 {
			at = stage(d.Moves[0])
		}
		lead := strings.Join(moves, w.t("list.comma"))
		if only := w.fits(d); only != "" {
			lead = w.t("rules.paper.only", lead, only)
		}
		e := w.stated(entry{ID: d.Code, Name: d.Name.In(w.lang), Tag: w.t("rules.paper.kind." + d.Kind), Lead: lead}, d.Force)
		if d.Body != "" {
			e.Act = &ui.Segment{Text: w.t("rules.paper.sample"), Href: "/rules/papers/" + d.Code}
		}
		gs = add(d.Code, e)
	}
	return gs
}

// fits writes for which choices a paper is.
func (w *writer) fits(d rulebook.Document) string {
	var parts []string
	for _, key := range []string{"decision", "close_kind", "clear_answer", "track"} {
		var words []string
		for _, v := range d.When[key] {
			words = append(words, w.p.Rules.Name(key, v, w.lang))
		}
		if len(words) > 0 {
			parts = append(parts, strings.Join(words, w.t("list.comma")))
		}
	}
	return strings.Join(parts, w.t("list.comma_in"))
}

// laws lists the legal texts with what rests on each, so that somebody who knows the law finds the rule.
func (w *writer) laws() []group {
	rests := map[string][]ui.Segment{}
	note := func(bs []rulebook.Basis, s ui.Segment) {
		seen := map[string]bool{}
		for _, b := range bs {
			if !seen[b.Reg] {
				seen[b.Reg] = true
				rests[b.Reg] = append(rests[b.Reg], s)
			}
		}
	}
	for _, t := range w.p.Rules.Timers() {
		if t.Holds(w.today) {
			note(t.Basis, ui.Segment{Text: t.Name.In(w.lang) + w.t("punct.colon") + w.length(t.Length, t.Unit), Href: "/rules/timers#" + t.ID})
		}
	}
	for _, c := range w.p.Rules.Chains() {
		if c.Holds(w.today) {
			note(c.Basis, ui.Segment{Text: w.t("rules.approvals") + w.t("punct.colon") + c.Name.In(w.lang), Href: "/rules/approvals#" + c.ID})
		}
	}
	for _, s := range w.p.Rules.Sanctions(w.today) {
		note(s.Basis, ui.Segment{Text: w.t("rules.sanctions") + w.t("punct.colon") + s.Name.In(w.lang), Href: "/rules/sanctions#" + s.Code})
	}
	g := group{ID: "all", Name: w.t("rules.laws")}
	for _, r := range w.p.Rules.Regulations() {
		e := entry{ID: r.Key, Name: r.Name.In(w.lang), Note: r.Note.In(w.lang), Rests: rests[r.Key], Basis: []ui.BasisView{{Sure: string(r.Sure)}}}
		var parts []string
		if r.Issued != "" {
			parts = append(parts, w.t("rules.issued", ui.LongDay(w.lang, r.Issued)))
		}
		if r.From != "" {
			parts = append(parts, w.t("rules.force", ui.LongDay(w.lang, r.From)))
		}
		e.Force = strings.Join(parts, w.t("list.comma_in"))
		g.Entries = append(g.Entries, e)
	}
	return []group{g}
}
