package staffing

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// Plan is what is under way about a vacant post, for those who see to it.
type Plan struct {
	Matter id.ID
	State  string
	Due    calendar.Date
	Name   string // who is put forward, "" for nobody
	Person id.Key
	From   calendar.Date
	Acting bool
}

// Board is the picture of what is vacant under a unit on a day: the establishment with who holds it, what is under way about each
// vacant post, who stands in, how it was month by month, and who left why.
type Board struct {
	Facts   *org.Facts
	Plans   map[id.Key]Plan   // by post; empty for whoever does not see to it
	StandIn map[id.Key]string // by post: the name of whoever stands in
	Months  []Month
	Left    []Left
}

// Month is how many posts of each kind nobody held on a day: the last of a month, or the day itself.
type Month struct {
	On     calendar.Date
	Vacant map[string]int // by kind of post
	Posts  int
}

// All is how many of all kinds.
func (m Month) All() (n int) {
	for _, x := range m.Vacant {
		n += x
	}
	return n
}

// Left is how many people left posts of the establishment for a reason, and their whole months in post together.
type Left struct {
	Reason string
	N      int
	Months int
}

// term is one holding of a post, or none.
type term struct {
	post, kind, person string
	opened, closed     calendar.Date
	from, to           calendar.Date // "" for a post without any
	acting             bool
	reason             string
}

// LoadBoard reads the board of everything under the query's unit, as of its last day, with so many months of its history.
func (s *Service) LoadBoard(ctx context.Context, r db.Reader, q measure.Query, months int) (b Board, err error) {
	if b.Facts, err = org.LoadFacts(ctx, r, q, org.NeedService); err != nil {
		return b, err
	}
	terms, err := history(ctx, r, q)
	if err != nil {
		return b, err
	}
	b.StandIn = map[id.Key]string{}
	for _, t := range terms {
		if t.acting && t.from <= q.To && (t.to == "" || t.to > q.To) {
			b.StandIn[t.post] = t.person
		}
	}
	b.Months = monthly(terms, q.To, months)
	b.Left = left(terms, q.To.AddMonths(-12), q.To)
	b.Plans = map[id.Key]Plan{}
	if q.Who.Can(access.PostRead) {
		b.Plans, err = s.plans(ctx, r, q)
	}
	return b, err
}

// history reads every holding that there was of the posts of the establishment under a unit.
func history(ctx context.Context, r db.Reader, q measure.Query) ([]term, error) {
	b := db.Build(`SELECT p.id, p.kind, p.opened_on, p.closed_on, u.opened_on, u.closed_on, COALESCE(h.from_on, ''), COALESCE(h.to_on, ''), COALESCE(h.acting, FALSE), COALESCE(h.leave_reason, ''), COALESCE(x.name, '')
		FROM units u CROSS JOIN posts p LEFT JOIN holdings h ON h.city_id = p.city_id AND h.post_id = p.id LEFT JOIN people x ON x.city_id = h.city_id AND x.id = h.person_id
		WHERE u.city_id = $1 AND u.kind = 'township' AND p.city_id = u.city_id AND p.unit_id = u.id AND p.established = TRUE`)
	b.In(" AND ", "p.kind", org.Establishment)
	b.If(q.Unit.Kind == "township" && q.Unit.County != "", ` AND u.county_id = ?`, q.Unit.County)
	text, args := q.Under(b, "u.county_id", "u.id", "u.id").Add(` ORDER BY p.id, h.from_on, h.id`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (t term, err error) {
		var opened, closed calendar.Date // of the township
		err = rows.Scan(&t.post, &t.kind, &t.opened, &t.closed, &opened, &closed, &t.from, &t.to, &t.acting, &t.reason, &t.person)
		t.opened = max(t.opened, opened)
		if closed != "" && (t.closed == "" || closed < t.closed) {
			t.closed = closed
		}
		return t, err
	}, text, args...)
}

// monthly counts what was vacant on the last day of each of the months before a day, and on the day. Terms come post by post.
func monthly(terms []term, on calendar.Date, months int) []Month {
	out := make([]Month, 0, months)
	first := calendar.MakeDate(on.Year(), on.Month(), 1)
	for i := months - 1; i >= 0; i-- {
		day := min(on, first.AddMonths(1-i).AddDays(-1))
		out = append(out, Month{On: day, Vacant: map[string]int{}})
	}
	for i := 0; i < len(terms); {
		j := i
		for j < len(terms) && terms[j].post == terms[i].post {
			j++
		}
		p := terms[i]
		for k := range out {
			day := out[k].On
			if p.opened > day || p.closed != "" && p.closed <= day {
				continue
			}
			out[k].Posts++
			if !slices.ContainsFunc(terms[i:j], func(t term) bool { return t.from != "" && !t.acting && t.from <= day && (t.to == "" || t.to > day) }) {
				out[k].Vacant[p.kind]++
			}
		}
		i = j
	}
	return out
}

// left counts who left after a day and up to another, by reason, the most frequent first.
func left(terms []term, after, on calendar.Date) (out []Left) {
	for _, t := range terms {
		if t.to == "" || t.acting || t.to <= after || t.to > on {
			continue
		}
		i := slices.IndexFunc(out, func(l Left) bool { return l.Reason == t.reason })
		if i < 0 {
			i, out = len(out), append(out, Left{Reason: t.reason})
		}
		out[i].N++
		out[i].Months += org.Held{From: t.from, To: t.to}.Months(on)
	}
	slices.SortStableFunc(out, func(a, b Left) int { return b.N - a.N })
	return out
}

// plans reads what is under way about the vacant posts under a unit, for somebody who sees to them: from the few that are open.
func (s *Service) plans(ctx context.Context, r db.Reader, q measure.Query) (map[id.Key]Plan, error) {
	b := db.Build(`SELECT v.post_id, m.id, m.state, m.due_on, COALESCE(x.name, ''), COALESCE(a.person_id, ''), COALESCE(a.from_on, ''), COALESCE(a.acting, FALSE)
		FROM vacancies v CROSS JOIN matters m
		LEFT JOIN appointments a ON a.city_id = v.city_id AND a.id = v.appointment_id LEFT JOIN people x ON x.city_id = a.city_id AND x.id = a.person_id
		WHERE v.city_id = $1 AND v.closed_on = '' AND m.city_id = v.city_id AND m.id = v.id`)
	q.Who.Scope(access.PostRead).Where(b, "m", r.City())
	text, args := q.Under(b, "m.county_id", "m.township_id", "m.township_id").SQL()
	out := map[id.Key]Plan{}
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var post id.Key
		p := Plan{Matter: id.ID{City: r.City()}}
		if err := rows.Scan(&post, &p.Matter.Key, &p.State, &p.Due, &p.Name, &p.Person, &p.From, &p.Acting); err != nil {
			return nil, err
		}
		out[post] = p
	}
	return out, rows.Err()
}

// Could is somebody who could follow into a post, by the rulebook; who is fit is for people to judge.
type Could struct {
	Person id.Key
	Name   string
	Kind   string // of the post they hold
	Unit   string
	Months int  // of discipline work
	Own    bool // of the same township
}

// Bench lists who among the facts could follow into a seat: those of its township first, then those of its county who have
// worked longest. For a kind of post that nobody follows into from below it is empty, and known is false.
func (s *Service) Bench(f *org.Facts, seat org.Seat) (out []Could, known bool) {
	from, months := benchOf(s.Rules.Term, seat.Kind, f.To)
	for _, x := range f.Seats {
		if !x.Held() || x.County != seat.County || x.Post == seat.Post || !slices.Contains(from, x.Kind) || f.Served(x) < months {
			continue
		}
		out = append(out, Could{Person: x.Person, Name: x.Name, Kind: x.Kind, Unit: x.UnitShort, Months: f.Served(x), Own: x.Unit == seat.Unit})
	}
	slices.SortStableFunc(out, func(a, b Could) int {
		if a.Own != b.Own {
			return map[bool]int{true: -1, false: 1}[a.Own]
		}
		return b.Months - a.Months
	})
	return out, len(from) > 0
}

// Own says whether somebody of the seat's own township is among those who could follow.
func Own(list []Could) bool { return len(list) > 0 && list[0].Own }

func number(s string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(s)) // numbers of the rulebook; a test reads them all
	return n
}

// VacancyFile is one vacancy: its post, who is put forward, what the county commission answered about them.
type VacancyFile struct {
	Vacancy
	Place    org.Place
	Asked    org.Waiting
	Consents []Consent
}

// File reads a vacancy for somebody who may read its matter.
func (s *Service) File(ctx context.Context, r db.Reader, key id.Key) (f VacancyFile, err error) {
	if f.Vacancy, err = vacancyOf(ctx, r, key); err != nil {
		return f, err
	}
	if f.Place, err = org.PlaceFor(ctx, r, f.Post); err != nil || f.Appointment == "" {
		return f, err
	}
	if f.Asked, err = org.AppointmentFor(ctx, r, f.Appointment); err != nil {
		return f, err
	}
	f.Consents, err = consentsTo(ctx, r, f.Appointment)
	return f, err
}

// RotationFile is one rotation: whose years come to an end, and where.
type RotationFile struct {
	Rotation
	Person   id.Key
	Name     string
	Held     org.Held
	Consents []Consent
}

// RotationFile reads a rotation for somebody who may read its matter.
func (s *Service) RotationFile(ctx context.Context, r db.Reader, key id.Key) (f RotationFile, err error) {
	if f.Rotation, err = rotationOf(ctx, r, key); err != nil {
		return f, err
	}
	if f.Held, f.Person, f.Name, err = org.HoldingFor(ctx, r, f.Holding); err != nil {
		return f, err
	}
	f.Consents, err = consentsTo(ctx, r, f.Holding)
	return f, err
}
