package rulebook

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"text/template"
)

// Every kind of entry has its method here: what makes one of them usable.

func (l *loader) regulations() {
	each(l, "regulations", func(r Regulation) {
		l.named("regulation", "key", r.Key)
		l.once("regulation " + r.Key)
		l.text(r.Key, r.Name)
		l.text(r.Key+", short,", r.Short)
		l.sure(r.Key, r.Sure)
		l.days(r.Key, r.Issued, r.From)
		l.note(r.Key, r.Note)
		l.b.regs[r.Key] = r
		l.b.regOrder = append(l.b.regOrder, r.Key)
	})
}

func (l *loader) allTerms() {
	type list struct {
		List   string           `yaml:"list"`
		Name   Text             `yaml:"name"`
		Closed bool             `yaml:"closed"`
		Terms  []Term           `yaml:"terms"`
		Force  `yaml:",inline"` // for every term that states none of its own
	}
	each(l, "terms", func(x list) {
		l.named("list", "list", x.List)
		l.once("list " + x.List)
		l.text("list "+x.List, x.Name)
		if !x.Closed {
			l.fail("list %s must say closed: true; there are no open lists", x.List)
		}
		if len(x.Terms) == 0 {
			l.fail("list %s is empty", x.List)
		}
		have := map[string][]Force{}
		at := l.rows("terms")
		for i, t := range x.Terms {
			at(i)
			t.Force = t.or(x.Force)
			what := x.List + "." + t.Code
			l.named("list "+x.List, "code", t.Code)
			l.text(what, t.Name)
			if t.Help != (Text{}) {
				l.text(what+", help,", t.Help)
			}
			l.force(what, t.Force)
			l.overlap(what, have[t.Code], t.Force)
			have[t.Code] = append(have[t.Code], t.Force)
			x.Terms[i] = t
		}
		l.b.terms[x.List] = x.Terms
		l.b.lists = append(l.b.lists, List{x.List, x.Name})
	})
}

func (l *loader) ranks() {
	each(l, "ranks", func(r Rank) {
		l.named("rank", "code", r.Code)
		l.once("rank " + r.Code)
		l.once(fmt.Sprintf("rank order %d", r.Order))
		l.text("rank "+r.Code, r.Name)
		l.force("rank "+r.Code, r.Force)
		switch r.Managed {
		case "township", "county", "city", "province", "nation":
		default:
			l.fail("rank %s: managed must name a level, not %q", r.Code, r.Managed)
		}
		l.b.ranks[r.Code] = r
		l.b.rankOrder = append(l.b.rankOrder, r.Code)
	})
	sort.SliceStable(l.b.rankOrder, func(i, j int) bool {
		return l.b.ranks[l.b.rankOrder[i]].Order < l.b.ranks[l.b.rankOrder[j]].Order
	})
}

// when refuses a condition that no matter could ever meet, because nobody knows the fact or the value.
func (l *loader) when(what string, when, facts map[string][]string) {
	for _, fact := range sorted(when) {
		if len(when[fact]) == 0 {
			l.fail("%s: %s lists no value", what, fact)
		}
		for _, v := range when[fact] {
			ok := false
			switch known, listed := facts[fact]; {
			case fact == "rank":
				_, ok = l.b.ranks[v]
			case fact == "choice":
				ok = l.chosen(v)
			case !listed:
				l.fail("%s: no matter has the fact %q; known: %s", what, fact, strings.Join(sorted(facts), ", "))
				return
			case known == nil:
				_, ok = l.b.Term(listOf[fact], v)
			default:
				ok = slices.Contains(known, v)
			}
			if !ok {
				l.fail("%s: %s can't be %q", what, fact, v)
			}
		}
	}
}

// chosen says whether anything in the closed lists, or a sanction, has the code.
func (l *loader) chosen(code string) bool {
	if _, ok := l.b.sanctions[code]; ok {
		return true
	}
	for list := range l.b.terms {
		if _, ok := l.b.Term(list, code); ok {
			return true
		}
	}
	return false
}

func (l *loader) chains() {
	each(l, "approvals", func(c Chain) {
		what := "approval " + c.ID
		l.named("approval", "id", c.ID)
		l.text(what, c.Name)
		l.force(what, c.Force)
		if len(c.Cases) == 0 || len(c.Cases[len(c.Cases)-1].When) != 0 {
			l.fail("%s: the last case must be without a condition, so that every matter finds one", what)
		}
		at := l.rows("cases")
		for i, k := range c.Cases {
			at(i)
			row := fmt.Sprintf("%s: case %d", what, i+1)
			if len(k.Steps) == 0 {
				l.fail("%s names no step", row)
			}
			if len(k.When) == 0 && i < len(c.Cases)-1 {
				l.fail("%s has no condition, so that the cases below it never count", row)
			}
			l.text(row+", why,", k.Why)
			for _, s := range k.Steps {
				if !steps[s] {
					l.fail("%s: nobody is called %q; known: %s", row, s, strings.Join(sorted(steps), ", "))
				}
			}
			l.when(row, k.When, factValues)
			if k.Basis == nil && k.Sure == "" {
				k.Basis, k.Sure = c.Basis, c.Sure
			}
			l.sure(row, k.Sure)
			l.basis(row, k.Basis)
			c.Cases[i] = k
		}
		var have []Force
		for _, o := range l.b.chains[c.ID] {
			have = append(have, o.Force)
		}
		l.overlap(what, have, c.Force)
		l.b.chains[c.ID] = append(l.b.chains[c.ID], c)
	})
}

func (l *loader) timers() {
	each(l, "timers", func(t Timer) {
		what := "timer " + t.ID
		l.named("timer", "id", t.ID)
		l.text(what, t.Name)
		l.text(what+", start,", t.Start)
		l.force(what, t.Force)
		l.length(what, t)
		if t.Legal && t.Sure == SureLocal {
			l.fail("%s: a local rule can't be legal", what)
		}
		if e := t.Extend; e != nil {
			l.extension(what+", extension", *e)
		}
		for _, p := range t.Pause {
			if _, ok := l.b.Term("pause_reason", p); !ok {
				l.fail("%s: pause reason %q is not in the list pause_reason", what, p)
			}
		}
		var have []Force
		for _, o := range l.b.timers[t.ID] {
			have = append(have, o.Force)
		}
		l.overlap(what, have, t.Force)
		same := t
		same.To = "" // that a version has a successor does not make it another
		t.hash = hashOf(same)
		if len(l.b.timers[t.ID]) == 0 {
			l.b.timerOrder = append(l.b.timerOrder, t.ID)
		}
		l.b.timers[t.ID] = append(l.b.timers[t.ID], t)
	})
}

// length checks what the timer counts, when it warns and what a county may set instead.
func (l *loader) length(what string, t Timer) {
	if t.Length <= 0 {
		l.fail("%s: length must be a whole number above 0", what)
	}
	l.unit(what, t.Unit)
	if t.Unit == Workdays && t.Roll {
		l.fail("%s: working days never end on a day off; roll makes no sense", what)
	}
	if a := t.Allowed; a != (Bounds{}) && (a.Min <= 0 || a.Max < a.Min || t.Length < a.Min || t.Length > a.Max) {
		l.fail("%s: allowed %d to %d does not hold its own length %d", what, a.Min, a.Max, t.Length)
	}
	days := t.Length
	if t.Unit == Months {
		days *= 28
	}
	for _, w := range t.Warn {
		if w < 0 || w > days {
			l.fail("%s: can't warn %d days before the end of %d %ss", what, w, t.Length, t.Unit)
		}
	}
}

func (l *loader) unit(what string, u Unit) {
	switch u {
	case Workdays, Days, Months:
	default:
		l.fail("%s: unit must be workday, day or month, not %q", what, u)
	}
}

func (l *loader) extension(what string, e Extension) {
	l.unit(what, e.Unit)
	l.sure(what, e.Sure)
	l.basis(what, e.Basis)
	if e.Length < 0 || e.Times < 0 || e.Fixed < 0 {
		l.fail("%s: length, fixed and times must be whole numbers, 0 or more", what)
	}
	if _, ok := l.b.chains[e.Approval]; !ok {
		l.fail("%s: approved by %q, which approvals.yaml lacks", what, e.Approval)
	}
}

func (l *loader) powers() {
	each(l, "powers", func(p Power) {
		what := "power " + p.Hat + " " + p.Move
		l.named("power", "move", p.Move)
		l.text(what, p.Name)
		l.text(what+", why,", p.Why)
		l.force(what, p.Force)
		if p.Hat != "commission" && p.Hat != "dispatched" {
			l.fail("%s: hat must be commission or dispatched", what)
		}
		if p.May != "alone" && p.May != "county" && p.May != "never" {
			l.fail("%s: may must be alone, county or never", what)
		}
		var have []Force
		for _, o := range l.b.powers[p.Move] {
			if o.Hat == p.Hat {
				have = append(have, o.Force)
			}
		}
		l.overlap(what, have, p.Force)
		l.b.powers[p.Move] = append(l.b.powers[p.Move], p)
		l.b.powerOrder = append(l.b.powerOrder, p)
	})
}

func (l *loader) sanctions() {
	each(l, "sanctions", func(s Sanction) {
		what := "sanction " + s.Code
		l.named("sanction", "code", s.Code)
		l.once(what)
		l.text(what, s.Name)
		l.force(what, s.Force)
		if s.Track != "party" && s.Track != "admin" && s.Track != "organisation" {
			l.fail("%s: track must be party, admin or organisation", what)
		}
		for _, m := range s.Months {
			if m <= 0 {
				l.fail("%s: %d months is no period", what, m)
			}
		}
		if len(s.Bodies) == 0 {
			l.fail("%s: no body may decide it", what)
		}
		at := l.rows("bodies")
		for i, b := range s.Bodies {
			at(i)
			if _, ok := l.b.Term("deciding_body", b.Body); !ok {
				l.fail("%s: body %q is not in the list deciding_body", what, b.Body)
			}
			l.when(what+", "+b.Body, b.When, factValues)
			l.basis(what, b.Basis)
			if b.Sure == "" {
				b.Sure = s.Sure
			}
			l.sure(what+", "+b.Body, b.Sure)
			s.Bodies[i] = b
		}
		if p := s.Post; p != nil {
			l.sure(what+", post", p.Sure)
			l.basis(what+", post", p.Basis)
			if len(p.Basis) == 0 {
				l.fail("%s: post names no article", what)
			}
		}
		l.b.sanctions[s.Code] = s
		l.b.sanctionOrder = append(l.b.sanctionOrder, s.Code)
	})
}

func (l *loader) documents() {
	each(l, "documents", func(d Document) {
		what := "document " + d.Code
		l.named("document", "code", d.Code)
		l.once(what)
		l.text(what, d.Name)
		l.force(what, d.Force)
		switch d.Kind {
		case "letter", "form", "record", "decision", "report":
		default:
			l.fail("%s: kind must be letter, form, record, decision or report, not %q", what, d.Kind)
		}
		l.when(what, d.When, paperValues)
		if _, err := template.New(d.Code).Parse(d.Body); err != nil {
			l.fail("%s: %v", what, err)
		}
		l.b.documents[d.Code] = d
		l.b.documentOrder = append(l.b.documentOrder, d.Code)
	})
}
