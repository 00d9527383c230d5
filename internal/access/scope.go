package access

import (
	"reflect"
	"slices"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Scope is what an actor may see under one permission. It has no exported fields: only this package can make one that
// lets anything through; the zero Scope lets nothing through.
type Scope struct {
	person  id.Key
	home    id.City
	barred  bool
	any     bool // the program itself
	levels  int  // sees matters whose register stands at this level or below it; 0: not by level
	byLevel bool
	county  []id.Key // sees matters in these counties' registers
	handler []id.ID  // sees matters these units work on
	cities  []id.City
}

// Scope compiles what the actor may see under a permission.
func (a Actor) Scope(p Perm) Scope {
	s := Scope{person: a.Person, home: a.City, barred: a.Barred, cities: a.Cities}
	if a.Automatic() {
		s.any = true
		return s
	}
	for _, h := range a.Hats {
		for _, r := range h.Roles {
			for _, x := range append(everyone, roleRights[r]...) {
				if x.perm != p {
					continue
				}
				switch {
				case x.reach == overUnit:
					// Head and handler of one unit give it twice; said twice, the condition would lose its index.
					if !slices.Contains(s.handler, h.Unit.ID) {
						s.handler = append(s.handler, h.Unit.ID)
					}
				case h.Unit.Level >= County:
					if h.Unit.County != "" {
						s.county = append(s.county, h.Unit.County)
					}
				case !s.byLevel || h.Unit.Level < s.levels:
					s.byLevel, s.levels = true, h.Unit.Level
				}
			}
		}
	}
	s.county = distinct(s.county)
	return s
}

// Empty says whether nothing at all can be seen.
func (s Scope) Empty() bool {
	return !s.any && !s.byLevel && len(s.county) == 0 && len(s.handler) == 0
}

// Same says whether two scopes let the same matters through.
func (s Scope) Same(o Scope) bool { return reflect.DeepEqual(s, o) }

// County is the one county the scope comes down to, "" when it is wider or narrower.
func (s Scope) County() id.Key {
	if s.any || s.byLevel || len(s.handler) > 0 || len(s.county) != 1 {
		return ""
	}
	return s.county[0]
}

// Wide says whether whole registers are seen: a county's, a city's, a province's.
func (s Scope) Wide() bool { return s.any || s.byLevel || len(s.county) > 0 }

// Covers says whether every matter in the registers of a unit, and of what lies under it, is seen.
func (s Scope) Covers(u Unit) bool {
	switch city := u.ID.City; {
	case s.any:
		return true
	case s.byLevel && u.Level >= s.levels && slices.Contains(s.cities, city) && (city == s.home || s.levels < City):
		return true
	default:
		return city == s.home && u.County != "" && slices.Contains(s.county, u.County)
	}
}

// Handles says whether what a unit works on is seen.
func (s Scope) Handles(unit id.ID) bool { return slices.Contains(s.handler, unit) }

// Cities lists the tenants to ask; several only for a province and above.
func (s Scope) Cities() []id.City {
	if s.byLevel && s.levels < City {
		return s.cities
	}
	return []id.City{s.home}
}

// Where appends the condition to a statement whose matters table has the given alias. The statement is one of the
// tenant of the reader that will run it.
func (s Scope) Where(b *db.Builder, alias string, city id.City) *db.Builder {
	return s.where(b, alias, city, false)
}

// Within is Where for a statement over all the tenants that Cities lists: who sees several sees all of each but what they are
// barred from.
func (s Scope) Within(b *db.Builder, alias string) *db.Builder {
	if cities := s.Cities(); len(cities) == 1 {
		return s.where(b, alias, cities[0], false)
	}
	return s.where(b, alias, 0, false)
}

// One is Where for a single matter: whoever is on its team, lent from another unit, or owes something on it sees it too.
// Lists leave that out, because a condition on another table would cost every list its index.
func (s Scope) One(b *db.Builder, alias string, city id.City) *db.Builder {
	return s.where(b, alias, city, true)
}

func (s Scope) where(b *db.Builder, alias string, city id.City, team bool) *db.Builder {
	if s.any {
		return b
	}
	b.Add(" AND (")
	n := 0
	or := func(part string, args ...any) {
		if n > 0 {
			b.Add(" OR ")
		}
		b.Add(part, args...)
		n++
	}
	if s.byLevel && (city == s.home || s.levels < City) {
		or(alias+".level >= ?", s.levels)
	}
	if city == s.home {
		for _, c := range s.county {
			or(alias+".county_id = ?", c)
		}
	}
	for _, h := range s.handler {
		if h.City == city {
			or(alias+".handler_id = ?", h.Key)
		}
	}
	if team && len(s.handler) > 0 && city == s.home {
		or(`EXISTS (SELECT 1 FROM team z WHERE z.city_id = `+alias+`.city_id AND z.matter_id = `+alias+`.id AND z.person_id = ? AND z.to_on = '')`, s.person)
		// A township's signature may have moved to the county office that looks after it: whoever owes something on a
		// matter sees it while they owe it.
		for _, h := range s.handler {
			if h.City == city {
				or(`EXISTS (SELECT 1 FROM clocks z WHERE z.city_id = `+alias+`.city_id AND z.matter_id = `+alias+`.id AND z.owed_id = ? AND z.state IN ('open', 'paused'))`, h.Key)
			}
		}
	}
	if n == 0 {
		b.Add("1 = 0")
	}
	b.Add(")")
	if s.barred || city != s.home { // whether there are bars is only known for the home tenant
		Unbarred(b, alias, s.person)
	}
	return b
}

// Terms are the scope as words of the search index, one alternative each; nil means everything.
func (s Scope) Terms(city id.City) (words []string, all bool) {
	if s.any {
		return nil, true
	}
	if s.byLevel && (city == s.home || s.levels < City) {
		if s.levels <= Province {
			return nil, true
		}
		words = append(words, LevelTerm(s.levels))
	}
	if city == s.home {
		for _, c := range s.county {
			words = append(words, CountyTerm(c))
		}
	}
	for _, h := range s.handler {
		if h.City == city {
			words = append(words, HandlerTerm(h.Key))
		}
	}
	return words, false
}

// Level words: a matter whose register stands at a level carries the word of that level and of every level above it,
// so that "level >= 2" is one word to look for.
func LevelTerm(l int) string { return "zzl" + string(rune('0'+l)) }

// CountyTerm is the word of a county's register.
func CountyTerm(c id.Key) string { return "zzc" + c }

// HandlerTerm is the word of a handling unit.
func HandlerTerm(u id.Key) string { return "zzh" + u }
