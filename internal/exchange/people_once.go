package exchange

import (
	"qianshao/internal/calendar"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/text"
)

// Nobody holds two posts of the establishment at once, and nobody is older than people get: a roster that says so is mended
// before anything of it is written.

// alike says whether two rows speak of one person: by their numbers where both have one, else by name and month of birth. Within a
// township the name alone will do.
func (w *wanted) alike(x *wanted) bool {
	a, b := w.person, x.person
	switch {
	case text.Name(a.Name) != text.Name(b.Name):
		return false
	case a.OutsideNo != "" && b.OutsideNo != "":
		return a.OutsideNo == b.OutsideNo
	case a.Born != "" && b.Born != "":
		return a.Born == b.Born
	}
	return w.unit.ID == x.unit.ID
}

// onceEach refuses rows that name somebody again who stands in a row before.
func onceEach(rows []*wanted, lang string) {
	byName := map[string][]*wanted{}
	for _, w := range rows {
		if w.person.Name == "" || w.unit.ID.Zero() || w.kind == "" {
			continue
		}
		key := text.Name(w.person.Name)
		for _, x := range byName[key] {
			if !w.alike(x) {
				continue
			}
			if w.unit.ID == x.unit.ID && w.kind == x.kind {
				w.f.say("name", "sheet.twice")
			} else {
				w.f.say("name", "sheet.person_twice", w.person.Name, itoa(x.f.rec.n), x.unit.Name, locale.T(lang, "post."+x.kind))
			}
			break
		}
		byName[key] = append(byName[key], w)
	}
}

// known is the post of the establishment that somebody of the row's name holds who was born in the same month; where both have a
// number, by that alone. nil: they are new, or hold none.
func (r *roster) known(w *wanted) *seat {
	for _, s := range r.people[text.Name(w.person.Name)] {
		if w.person.OutsideNo != "" && s.no != "" {
			if w.person.OutsideNo == s.no {
				return s
			}
			continue
		}
		if w.person.Born != "" && w.person.Born == s.born {
			return s
		}
	}
	return nil
}

// moves finds who takes another post by this roster. They must leave the one they hold by the same roster, before they come.
func (r *roster) moves(rows []*wanted) {
	r.moved = map[*seat]calendar.Date{}
	named, kept := map[string]bool{}, map[*seat]bool{}
	for _, w := range rows {
		named[w.unit.ID.Key] = true
		if w.seat != nil && w.person.Name != "" && w.seat.holding != "" && w.same(w.seat) {
			kept[w.seat] = true
		}
	}
	for _, w := range rows {
		if len(w.f.bad) > 0 || w.person.Name == "" || w.seat != nil && kept[w.seat] {
			continue
		}
		s := r.known(w)
		if s == nil {
			continue
		}
		from := opened(w, r.p.on)
		switch {
		case kept[s] || !named[s.unit]:
			w.f.say("name", "sheet.person_holds", w.person.Name, s.since, r.p.units.all[s.unit].Name, locale.T(r.p.lang, "post."+s.kind))
		case string(from) <= s.since:
			w.f.say("since", "sheet.before_own", s.since, r.p.units.all[s.unit].Name, locale.T(r.p.lang, "post."+s.kind))
		default:
			r.moved[s] = from
		}
	}
}

// until is the day on which whoever holds a seat leaves it: no later than the day on which they are somewhere else.
func (r *roster) until(s *seat, on calendar.Date) calendar.Date {
	if from, ok := r.moved[s]; ok && from < on {
		return from
	}
	return on
}

// lives says what of somebody's years can't be, as the row has them beside what is known.
func (r *roster) lives(w *wanted) {
	if len(w.f.bad) > 0 || w.person.Name == "" {
		return
	}
	born, months, from := w.person.Born, w.person.DisciplineMonths, opened(w, r.p.on)
	if s := w.seat; s != nil && s.holding != "" && w.same(s) {
		if born == "" {
			born = s.born
		}
		if w.f.rec.get("discipline_months") == "" {
			months = s.months
		}
		if w.since == "" {
			from = calendar.Date(s.since)
		}
	}
	for _, f := range org.CheckLife(born, months, from, r.p.today) {
		w.f.say(f.Name, f.Code, f.Args...)
	}
}
