package callup

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// lendable are the kinds of post whose holders are called up. The county's leaders lead.
var lendable = []string{"office_head", "investigator", "review_head", "reviewer", "intake_clerk", "supervision_clerk", "personnel_clerk", "secretary", "deputy", "officer"}

// Candidate is somebody who could go, and why they stand where they do.
type Candidate struct {
	Person id.Key
	Name   string
	Kind   string      // of post
	Unit   access.Unit // the releasing unit: id, kind, name
	Has    []string    // of the skills asked for
	Lacks  []string
	Days   int  // called up within the span
	Alone  bool // nobody else is in post there
	pinyin string
}

// why is what a candidate's place rests on, in codes and figures: skills, skills lacking, days, alone.
func (c Candidate) why() []string {
	alone := ""
	if c.Alone {
		alone = "alone"
	}
	return []string{strings.Join(c.Has, " "), strings.Join(c.Lacks, " "), strconv.Itoa(c.Days), alone}
}

// Candidates lists who could go: those with every skill first, those whose unit would be left empty behind the others, then the
// least loaded. Who is not free is not among them.
func (s *Service) Candidates(ctx context.Context, r db.Reader, c Callup, today calendar.Date) ([]Candidate, error) {
	b := db.Build(`SELECT p.id, p.name, p.pinyin, p.skills, h.kind, u.id, u.kind, u.name FROM units u CROSS JOIN holdings h JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
		WHERE u.city_id = $1 AND u.county_id = ? AND u.kind IN ('county', 'office', 'township') AND h.city_id = u.city_id AND h.unit_id = u.id AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?)`, c.County, today, today)
	q, args := b.In(` AND `, "h.kind", lendable).Add(` ORDER BY u.level DESC, u.code, h.id`).SQL()
	var skills []string
	all, err := db.All(ctx, r, func(rows *db.Rows) (x Candidate, err error) {
		var said string
		x.Unit.ID.City = r.City()
		err = rows.Scan(&x.Person, &x.Name, &x.pinyin, &said, &x.Kind, &x.Unit.ID.Key, &x.Unit.Kind, &x.Unit.Name)
		skills = append(skills, said)
		return x, err
	}, q, args...)
	if err != nil {
		return nil, err
	}
	days, gone, err := s.loads(ctx, r, c.County, today)
	if err != nil {
		return nil, err
	}
	// Whoever is kept from what the task serves is not among them. What else somebody is named in shows nowhere (D22): a name
	// that is missing for that would tell of it.
	kept := map[id.Key]bool{}
	if c.ForRoot != "" {
		barred, err := access.Barred(ctx, r, c.ForRoot)
		if err != nil {
			return nil, err
		}
		for _, k := range barred {
			kept[k] = true
		}
	}
	here := map[id.Key]int{} // in post in a unit and not called up
	for _, x := range all {
		if !gone[x.Person] {
			here[x.Unit.ID.Key]++
		}
	}
	seen := map[id.Key]bool{c.Asker: true}
	var out []Candidate
	for i, x := range all {
		if seen[x.Person] || gone[x.Person] || kept[x.Person] || x.Unit.ID.Key == c.To {
			continue
		}
		seen[x.Person] = true
		have := org.SkillCodes(skills[i])
		for _, k := range c.Skills {
			if slices.Contains(have, k) {
				x.Has = append(x.Has, k)
			} else {
				x.Lacks = append(x.Lacks, k)
			}
		}
		x.Days, x.Alone = days[x.Person], here[x.Unit.ID.Key] <= 1
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(len(a.Lacks), len(b.Lacks)), cmp.Compare(truth(a.Alone), truth(b.Alone)), cmp.Compare(a.Days, b.Days), cmp.Compare(a.pinyin, b.pinyin), cmp.Compare(a.Person, b.Person))
	})
	return out, nil
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// loads is how many days everybody of a county was called up within the span, and who is now, or is asked for.
func (s *Service) loads(ctx context.Context, r db.Reader, county id.Key, today calendar.Date) (days map[id.Key]int, gone map[id.Key]bool, err error) {
	since := today.AddMonths(-s.Rules.Limit(limitSpan, today))
	type spell struct {
		person      id.Key
		began, back calendar.Date
		state       string
	}
	ls, err := db.All(ctx, r, func(rows *db.Rows) (l spell, err error) { return l, rows.Scan(&l.person, &l.began, &l.back, &l.state) },
		`SELECT c.person_id, c.began_on, c.back_on, m.state FROM callups c JOIN matters m ON m.city_id = c.city_id AND m.id = c.id
		WHERE c.city_id = $1 AND c.county_id = $2 AND c.person_id <> '' AND (c.back_on = '' OR c.back_on >= $3)`, county, since)
	days, gone = map[id.Key]int{}, map[id.Key]bool{}
	for _, l := range ls {
		if l.state == Asked || l.state == Serving {
			gone[l.person] = true
		}
		if !l.began.Valid() || l.state != Serving && l.state != Returned {
			continue
		}
		to := today
		if l.back.Valid() {
			to = min(l.back, today)
		}
		if n := to.Sub(max(l.began, since)) + 1; n > 0 {
			days[l.person] += n
		}
	}
	return days, gone, err
}

// Away is who of a county is called up now.
func (s *Service) Away(ctx context.Context, r db.Reader, county id.Key, today calendar.Date) (map[id.Key]bool, error) {
	on, err := db.Column[id.Key](ctx, r, `SELECT c.person_id FROM callups c JOIN matters m ON m.city_id = c.city_id AND m.id = c.id WHERE c.city_id = $1 AND c.county_id = $2 AND m.state = '`+Serving+`' AND c.began_on <= $3`, county, today)
	away := map[id.Key]bool{}
	for _, p := range on {
		away[p] = true
	}
	return away, err
}
