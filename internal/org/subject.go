package org

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// SubjectInput is who a matter is about, as a person fills it in: an official of the register, or somebody who is not
// (yet) in it, described by unit, post and rank. A name may be missing.
type SubjectInput struct {
	Unit        id.Key
	UnitText    string // the body within the unit: 农业综合服务中心
	Official    id.Key
	Name        string
	Post        string
	Rank        string
	Category    string
	PartyMember bool
	Chief       bool // chief of the unit's Party committee
	Member      bool // sits on the Party committee, commission or supervision commission of the organ's own level
}

// Resolve finds the subject in the register and among the system's own people, and says what is missing.
func Resolve(ctx context.Context, r db.Reader, rules *rulebook.Book, in SubjectInput) (flow.Subject, error) {
	var form typed.Form
	s := flow.Subject{Unit: in.Unit, UnitText: in.UnitText, Name: in.Name, Post: in.Post, Rank: in.Rank, Category: in.Category, PartyMember: in.PartyMember, Chief: in.Chief}
	if in.Unit == "" {
		form.Say("unit", "required")
	} else if !id.ValidKey(in.Unit) {
		form.Say("unit", "choice.unknown")
	} else if _, err := access.GetUnit(ctx, r, in.Unit); fault.KindOf(err) == fault.NotFound {
		form.Say("unit", "choice.unknown")
	} else if err != nil {
		return s, err
	}
	if in.Official != "" && form.Wrong() == 0 {
		o, err := GetOfficial(ctx, r, in.Official)
		if err != nil || o.Unit != in.Unit {
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return s, err
			}
			form.Say("official", "choice.unknown")
		} else {
			s.Official, s.Person, s.Name, s.Post, s.Rank, s.Category, s.PartyMember = o.ID.Key, o.Person, o.Name, o.Post, o.Rank, o.Category, o.PartyMember
			s.Chief = o.Chief || in.Chief
		}
	}
	form.Line("subject_name", &s.Name, false, 30)
	form.Line("post", &s.Post, true, 60)
	form.Line("unit_text", &s.UnitText, false, 60)
	if _, ok := rules.Rank(s.Rank); !ok {
		code := "choice.unknown"
		if s.Rank == "" {
			code = "required"
		}
		form.Say("rank", code)
	}
	switch {
	case s.Rank == "none":
		// Without office somebody can be the subject of a Party matter only.
		s.Category = ""
		if !s.PartyMember {
			form.Say("party_member", "subject.party_only")
		}
	default:
		if s.Category == "" {
			s.Category = categoryOf(s.Rank)
		}
		if _, ok := rules.Term("official_category", s.Category); !ok {
			form.Say("category", "choice.unknown")
		}
	}
	if err := form.Err(); err != nil {
		return s, err
	}
	unit, err := access.GetUnit(ctx, r, in.Unit)
	if err != nil {
		return s, err
	}
	if s.Said, err = saidPost(ctx, r, unit, s.UnitText, s.Post); err != nil {
		return s, err
	}
	switch {
	case s.Name != "" || s.Person != "" || s.Official != "":
		s.Said.Holders = nil
	case len(s.Said.Holders) == 1:
		s.Person, s.Said.Holders = s.Said.Holders[0], nil
	}
	if s.Person == "" && s.Name != "" {
		p, err := ownPerson(ctx, r, in.Unit, s.Name)
		if err != nil {
			return s, err
		}
		s.Person = p
	}
	return s, nil
}

// categoryOf is the statutory kind somebody most likely is, by rank, for a clerk who did not say: village cadres manage
// in self-governing bodies, the others are taken for civil servants until the register says otherwise.
func categoryOf(rank string) string {
	if rank == "village" {
		return "c5"
	}
	return "c1"
}

// ownPerson finds one of the system's own people by name at a unit or in what belongs to it, or who is appointed there from a
// day to come. A match by name alone is
// enough to keep somebody's eyes off a matter: the error to fear is the other one.
func ownPerson(ctx context.Context, r db.Reader, unit id.Key, name string) (id.Key, error) {
	ps, err := db.All(ctx, r, func(rows *db.Rows) (p [2]string, err error) { return p, rows.Scan(&p[0], &p[1]) },
		// CROSS JOIN keeps the order: from the few units to their posts, never from everybody's posts.
		`SELECT p.id, p.name FROM units u CROSS JOIN holdings h CROSS JOIN people p WHERE u.city_id = $1 AND (u.id = $2 OR u.superior_id = $2 OR u.organ_id = $2 AND u.kind = 'office')
			AND h.city_id = u.city_id AND h.unit_id = u.id AND (h.to_on = '' OR h.to_on > $3) AND p.city_id = h.city_id AND p.id = h.person_id`,
		unit, r.Now().Date())
	found := ""
	for _, p := range ps {
		// However it was typed; of several, always the same one.
		if text.Name(p[1]) == text.Name(name) && (found == "" || p[0] < found) {
			found = p[0]
		}
	}
	return found, err
}

// Official is a person under supervision.
type Official struct {
	ID          id.ID
	Unit        id.Key
	County      id.Key
	Township    id.Key
	Name        string
	Post        string
	Rank        string
	Category    string
	PartyMember bool
	Chief       bool
	Person      id.Key
	From, To    string
	OutsideNo   string
	Version     int64
}

const officialCols = `o.id, o.unit_id, o.county_id, o.township_id, o.name, o.post, o.rank, o.category, o.party_member, o.chief, o.person_id, o.from_on, o.to_on, o.outside_no, o.version`

func scanOfficial(city id.City) func(*db.Rows) (Official, error) {
	return func(rows *db.Rows) (Official, error) {
		o := Official{ID: id.ID{City: city}}
		return o, rows.Scan(&o.ID.Key, &o.Unit, &o.County, &o.Township, &o.Name, &o.Post, &o.Rank, &o.Category, &o.PartyMember, &o.Chief, &o.Person, &o.From, &o.To, &o.OutsideNo, &o.Version)
	}
}

// GetOfficial reads one official.
func GetOfficial(ctx context.Context, r db.Reader, key id.Key) (Official, error) {
	os, err := db.All(ctx, r, scanOfficial(r.City()), `SELECT `+officialCols+` FROM officials o WHERE o.city_id = $1 AND o.id = $2`, key)
	if err != nil {
		return Official{}, err
	}
	if len(os) == 0 {
		return Official{}, fault.Hidden()
	}
	return os[0], nil
}

// Officials lists who is in the register of a unit (and, for a township or county, of nothing below it), by name; part
// narrows to names or posts that contain it, however either was typed. A register has some hundred people at most.
func Officials(ctx context.Context, r db.Reader, unit id.Key, part string, limit int) ([]Official, error) {
	all, err := db.All(ctx, r, scanOfficial(r.City()), `SELECT `+officialCols+` FROM officials o WHERE o.city_id = $1 AND o.unit_id = $2 AND o.to_on = '' ORDER BY o.chief DESC, o.pinyin, o.id`, unit)
	if part = text.Name(part); part != "" {
		all = slices.DeleteFunc(all, func(o Official) bool {
			return !strings.Contains(text.Name(o.Name), part) && !strings.Contains(text.Name(o.Post), part) && !strings.HasPrefix(text.Name(text.Pinyin(o.Name)), part)
		})
	}
	return all[:min(limit, len(all))], err
}

// FindUnits finds open units by any part of the name, by code, or by the initials of the pinyin: what a clerk types.
// county narrows to one county; "" is the whole tenant.
func FindUnits(ctx context.Context, r db.Reader, county id.Key, typed string, kinds []string, limit int) ([]access.Unit, error) {
	keys, err := findUnits(ctx, r, county, typed, kinds, limit, `SELECT u.id FROM units u WHERE u.city_id = $1 AND u.closed_on = ''`, func(rows *db.Rows) (k id.Key, err error) { return k, rows.Scan(&k) })
	if err != nil {
		return nil, err
	}
	m, err := access.Units(ctx, r, keys)
	out := make([]access.Unit, 0, len(keys))
	for _, k := range keys {
		out = append(out, m[k])
	}
	return out, err
}

// Found is a unit that was found, with the names of what it lies in.
type Found struct {
	ID               id.ID
	Kind, Code, Name string
	Superior, County string // "" of a county for itself, and for what lies in none
}

// SearchUnits is FindUnits over a whole tenant, in one statement.
func SearchUnits(ctx context.Context, r db.Reader, typed string, limit int) ([]Found, error) {
	return findUnits(ctx, r, "", typed, nil, limit, `SELECT u.id, u.kind, u.code, u.name, COALESCE(s.name, ''), CASE WHEN k.id = u.id THEN '' ELSE COALESCE(k.name, '') END FROM units u
		LEFT JOIN units s ON s.city_id = u.city_id AND s.id = u.superior_id LEFT JOIN units k ON k.city_id = u.city_id AND k.id = u.county_id
		WHERE u.city_id = $1 AND u.closed_on = ''`,
		func(rows *db.Rows) (f Found, err error) {
			f.ID.City = r.City()
			return f, rows.Scan(&f.ID.Key, &f.Kind, &f.Code, &f.Name, &f.Superior, &f.County)
		})
}

func findUnits[T any](ctx context.Context, r db.Reader, county id.Key, typed string, kinds []string, limit int, from string, scan func(*db.Rows) (T, error)) ([]T, error) {
	b := db.Build(from)
	b.If(county != "", ` AND (u.county_id = ? OR u.id = ?)`, county, county)
	if len(kinds) > 0 {
		b.In(" AND ", "u.kind", kinds)
	}
	if part := text.Name(typed); part != "" {
		escaped := typedPart(part)
		if escaped == "" { // signs alone name nothing
			return nil, nil
		}
		b.Add(` AND (lower(u.name) LIKE ? OR u.code LIKE ? OR u.initials LIKE ?)`, "%"+escaped+"%", escaped+"%", escaped+"%")
	}
	q, args := b.Add(` ORDER BY u.level, u.code, u.id LIMIT ?`, limit).SQL()
	return db.All(ctx, r, scan, q, args...)
}

// mostTyped is how much of what was typed is looked for: no name is longer, and an engine refuses a pattern of any length.
const mostTyped = 60

// typedPart leaves nothing in a typed text that LIKE would take for a pattern.
func typedPart(s string) string {
	r := []rune(strings.NewReplacer("%", "", "_", "", `\`, "").Replace(s))
	return string(r[:min(len(r), mostTyped)])
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}
