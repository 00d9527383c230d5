package org

import (
	"context"
	"errors"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// Held is a post that somebody of the commission holds or has held.
type Held struct {
	Holding  id.Key
	Post     id.Key
	Kind     string
	Title    string
	Unit     access.Unit // id, kind, level, name, county, organ
	From     calendar.Date
	To       calendar.Date // "" while it lasts
	FullTime bool
	Acting   bool
	Reason   string // why it ended; known to staff administration alone
	LeaveTo  string
}

// Months is the whole months in the post up to a day.
func (h Held) Months(on calendar.Date) int {
	if h.To != "" && h.To < on {
		on = h.To
	}
	return monthsBetween(h.From, max(h.From, on))
}

// Work is what somebody did before the posts that are known here, or beside them. What it was, and whether it was discipline
// work.
type Work struct {
	ID         id.Key
	From       calendar.Date
	To         calendar.Date
	Discipline bool
	What       string
}

// Loan is a time somebody is or was lent to other work.
type Loan struct {
	What, By string
	From, To calendar.Date
}

// PersonFile (M4) is somebody of the commission's own people: posts over time, earlier work, skills. Nothing of homes, wealth or
// family is kept of anybody, and nothing here comes from a matter.
type PersonFile struct {
	ID      id.ID
	Name    string
	Version int64
	Skills  []string // of the list skill
	Posts   []Held   // newest first
	Works   []Work   // newest first
	Loans   []Loan
	Served  int // whole months of discipline work
	// Staff says that the reader sees to the person's appointments; only then are these filled in.
	Staff     bool
	Born      string // YYYY-MM
	OutsideNo string
	Before    int // months of discipline work that are entered as a sum
	Asked     []Waiting
}

// PersonOf reads one of the people who work, or worked, at units that the actor's organ looks after: a city's reader the whole
// tenant's, a county's and a township's the county's. Anybody else is absent.
func (s *Service) PersonOf(ctx context.Context, who access.Actor, person id.ID) (PersonFile, error) {
	return personOf(ctx, s.Ledger.DB.In(person.City), who, person)
}

func personOf(ctx context.Context, r db.Reader, who access.Actor, person id.ID) (PersonFile, error) {
	f := PersonFile{ID: person}
	if !slices.Contains(who.Cities, person.City) {
		return f, fault.Hidden()
	}
	on := r.Now().Date()
	var skills string
	err := r.Row(ctx, `SELECT p.name, p.born, p.discipline_months, p.skills, p.outside_no, p.version FROM people p WHERE p.city_id = $1 AND p.id = $2`, person.Key).
		Scan(&f.Name, &f.Born, &f.Before, &skills, &f.OutsideNo, &f.Version)
	if errors.Is(err, db.ErrNoRows) {
		return f, fault.Hidden()
	}
	if err != nil {
		return f, err
	}
	f.Skills = SkillCodes(skills)
	if f.Posts, err = postsOf(ctx, r, person.Key); err != nil {
		return f, err
	}
	if f.Asked, err = db.All(ctx, r, func(rows *db.Rows) (a Waiting, err error) { return a, rows.Scan(a.dest()...) },
		waitingSQL+` AND a.person_id = $2 AND a.state = '`+AppointOpen+`' ORDER BY a.asked_on, a.id`, person.Key); err != nil {
		return f, err
	}
	var asked []access.Unit
	if len(f.Posts) == 0 { // somebody new, who is put forward for the first time
		for _, a := range f.Asked {
			p, err := place(ctx, r, a.Post)
			if err != nil {
				return f, err
			}
			u, err := access.GetUnit(ctx, r, p.Unit.ID.Key)
			if err != nil {
				return f, err
			}
			asked = append(asked, u)
		}
	}
	if f.Staff = f.staffOf(who, asked); !f.Staff && !f.near(who) {
		return f, fault.Hidden()
	}
	if f.Works, err = db.All(ctx, r, func(rows *db.Rows) (w Work, err error) {
		return w, rows.Scan(&w.ID, &w.From, &w.To, &w.Discipline, &w.What)
	}, `SELECT c.id, c.from_on, c.to_on, c.discipline, c.what FROM careers c WHERE c.city_id = $1 AND c.person_id = $2 ORDER BY c.from_on DESC, c.id DESC`, person.Key); err != nil {
		return f, err
	}
	if f.Loans, err = db.All(ctx, r, func(rows *db.Rows) (l Loan, err error) {
		return l, rows.Scan(&l.What, &l.By, &l.From, &l.To)
	}, `SELECT d.what, d.assigned_by, d.from_on, d.to_on FROM holdings h JOIN duties d ON d.city_id = h.city_id AND d.holding_id = h.id
		WHERE h.city_id = $1 AND h.person_id = $2 AND d.kind = 'secondment' ORDER BY d.from_on DESC, d.id DESC`, person.Key); err != nil {
		return f, err
	}
	f.Served = f.career().Months(f.Before, on)
	if !f.Staff {
		f.Born, f.OutsideNo, f.Before, f.Asked = "", "", 0, nil
		for i := range f.Posts {
			f.Posts[i].Reason, f.Posts[i].LeaveTo = "", ""
		}
	}
	return f, nil
}

// heldSQL reads what a Held is scanned from, the person and their name last.
const heldSQL = `SELECT h.id, h.post_id, h.kind, o.title, h.from_on, h.to_on, h.full_time, h.acting, h.leave_reason, h.leave_to, u.id, u.kind, u.level, u.name, u.county_id, u.organ_id, x.id, x.name
	FROM holdings h JOIN posts o ON o.city_id = h.city_id AND o.id = h.post_id JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id
	JOIN people x ON x.city_id = h.city_id AND x.id = h.person_id WHERE h.city_id = $1`

func (h *Held) scan(rows *db.Rows, city id.City, person, name *string) error {
	h.Unit.ID.City = city
	u := &h.Unit
	return rows.Scan(&h.Holding, &h.Post, &h.Kind, &h.Title, &h.From, &h.To, &h.FullTime, &h.Acting, &h.Reason, &h.LeaveTo, &u.ID.Key, &u.Kind, &u.Level, &u.Name, &u.County, &u.Organ, person, name)
}

func postsOf(ctx context.Context, r db.Reader, person id.Key) ([]Held, error) {
	return db.All(ctx, r, func(rows *db.Rows) (h Held, err error) {
		var who, name string
		return h, h.scan(rows, r.City(), &who, &name)
	}, heldSQL+` AND h.person_id = $2 ORDER BY h.from_on DESC, h.id DESC`, person)
}

// HoldingFor reads one holding with whose it is; the caller may read what it is about.
func HoldingFor(ctx context.Context, r db.Reader, holding id.Key) (h Held, person id.Key, name string, err error) {
	hs, err := db.All(ctx, r, func(rows *db.Rows) (h Held, err error) { return h, h.scan(rows, r.City(), &person, &name) }, heldSQL+` AND h.id = $2`, holding)
	if err != nil {
		return h, "", "", err
	}
	if len(hs) == 0 {
		return h, "", "", fault.Hidden()
	}
	return hs[0], person, name, nil
}

// PlaceFor reads a post with whoever holds it, and AppointmentFor what was put forward; the caller may read what it is about.
func PlaceFor(ctx context.Context, r db.Reader, post id.Key) (Place, error) {
	return place(ctx, r, post)
}

// AppointmentFor reads what was put forward; see PlaceFor.
func AppointmentFor(ctx context.Context, r db.Reader, key id.Key) (Waiting, error) {
	return appointmentOf(ctx, r, key)
}

// staffOf says whether the actor sees to the appointments of somebody: at one of the units they last worked at, or are put
// forward for; the chief of that organ, who consents to them, counts as well.
func (f PersonFile) staffOf(who access.Actor, asked []access.Unit) bool {
	for _, h := range f.Posts {
		if h.To == "" || h == f.Posts[0] {
			asked = append(asked, h.Unit)
		}
	}
	return slices.ContainsFunc(asked, func(u access.Unit) bool {
		return overStaff(who, u) != "" || who.Is(access.Principal, u.OrganID())
	})
}

// near says whether somebody works, or worked, within the actor's reach.
func (f PersonFile) near(who access.Actor) bool {
	at := who.Unit()
	if at.Level <= access.City {
		return len(f.Posts) > 0
	}
	return at.ID.City == f.ID.City && slices.ContainsFunc(f.Posts, func(h Held) bool { return h.Unit.County != "" && h.Unit.County == at.County })
}

// career is the discipline work that is known by its days.
func (f PersonFile) career() *Career {
	c := &Career{}
	for _, h := range f.Posts {
		if k, ok := access.KindOf(h.Kind); ok && k.Staff {
			c.Periods = append(c.Periods, Period{h.From, h.To})
		}
	}
	for _, w := range f.Works {
		if w.Discipline {
			c.Periods = append(c.Periods, Period{w.From, w.To})
		}
	}
	return c
}

// file reads somebody whose staff administration the actor is, at the version they saw.
func file(ctx context.Context, tx *ledger.Tx, who access.Actor, person id.ID, version int64) (PersonFile, id.ID, error) {
	f, err := personOf(ctx, tx, who, person)
	if err != nil {
		return f, id.ID{}, err
	}
	organ := access.Unit{}
	for _, h := range f.Posts {
		if h.To == "" || h == f.Posts[0] {
			if overStaff(who, h.Unit) != "" {
				organ = h.Unit
				break
			}
		}
	}
	switch {
	case organ.ID.Zero():
		return f, id.ID{}, fault.New(fault.Forbidden, "move.not_yours")
	case f.Version != version:
		return f, id.ID{}, fault.Stale()
	}
	return f, organ.OrganID(), nil
}

// SkillCodes reads a list of skills, which a roster writes as its author does.
func SkillCodes(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '，' || r == '、' })
}

// SetSkills says what somebody can do, by the codes of the list skill.
func (s *Service) SetSkills(ctx context.Context, who access.Actor, person id.ID, version int64, skills []string) error {
	_, err := s.Ledger.Write(ctx, who, person.City, func(tx *ledger.Tx) (ledger.Act, error) {
		_, organ, err := file(ctx, tx, who, person, version)
		if err != nil {
			return ledger.Act{}, err
		}
		skills := slices.Clone(skills)
		slices.Sort(skills)
		skills = slices.Compact(skills)
		for _, c := range skills {
			if t, ok := s.Rules.Term("skill", c); !ok || !t.Holds(tx.Today()) {
				return ledger.Act{}, fault.InvalidField("skills", "choice.unknown")
			}
		}
		said := strings.Join(skills, " ")
		return ledger.Act{Action: "person.skills", Organ: organ, About: "person/" + person.String(), Params: map[string]any{"skills": said}},
			amend(ctx, tx, personTable, person.Key, map[string]any{"skills": said})
	})
	return err
}

// AddWork enters what somebody did before. A time in discipline work is taken off the months that were entered as a sum, for
// it was among them.
func (s *Service) AddWork(ctx context.Context, who access.Actor, person id.ID, version int64, in Work) error {
	_, err := s.Ledger.Write(ctx, who, person.City, func(tx *ledger.Tx) (ledger.Act, error) {
		f, organ, err := file(ctx, tx, who, person, version)
		if err != nil {
			return ledger.Act{}, err
		}
		in := in
		if err := f.checkWork(tx.Today(), &in, ""); err != nil {
			return ledger.Act{}, err
		}
		in.ID = tx.NewKey()
		if err := tx.Insert(ctx, careerTable, in.ID, person.Key, in.From, in.To, in.Discipline, in.What, ""); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "person.work", Organ: organ, About: "person/" + person.String(),
				Params: map[string]any{"work": in.ID, "from": string(in.From), "to": string(in.To), "discipline": in.Discipline, "what": in.What}},
			amend(ctx, tx, personTable, person.Key, map[string]any{"discipline_months": max(0, f.Before-in.months())})
	})
	return err
}

// MendWork puts right what was entered of earlier work.
func (s *Service) MendWork(ctx context.Context, who access.Actor, person id.ID, version int64, in Work) error {
	_, err := s.Ledger.Write(ctx, who, person.City, func(tx *ledger.Tx) (ledger.Act, error) {
		f, organ, err := file(ctx, tx, who, person, version)
		if err != nil {
			return ledger.Act{}, err
		}
		in := in
		i := slices.IndexFunc(f.Works, func(w Work) bool { return w.ID == in.ID })
		if i < 0 {
			return ledger.Act{}, fault.Hidden()
		}
		was := f.Works[i]
		if err := f.checkWork(tx.Today(), &in, in.ID); err != nil {
			return ledger.Act{}, err
		}
		if err := amend(ctx, tx, careerTable, in.ID, map[string]any{"from_on": in.From, "to_on": in.To, "discipline": in.Discipline, "what": in.What}); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "person.work_mend", Organ: organ, About: "person/" + person.String(),
				Params: map[string]any{"work": in.ID, "from": string(in.From), "to": string(in.To), "discipline": in.Discipline, "what": in.What}},
			amend(ctx, tx, personTable, person.Key, map[string]any{"discipline_months": max(0, f.Before+was.months()-in.months())})
	})
	return err
}

// months are those of discipline work; of others none.
func (w Work) months() int {
	if !w.Discipline {
		return 0
	}
	return monthsBetween(w.From, w.To)
}

// earliest is the first day anybody in post today can have worked: what is before it was mistyped.
const earliest = calendar.Date("1949-10-01")

// checkWork says beside each field what is wrong with earlier work; but is the entry that it replaces.
func (f PersonFile) checkWork(today calendar.Date, in *Work, but id.Key) error {
	var form typed.Form
	say := form.Say
	form.Line("what", &in.What, true, lineLimit)
	switch {
	case in.From == "":
		say("from", "required")
	case !in.From.Valid() || in.From < earliest:
		say("from", "day.invalid")
	case in.From > today:
		say("from", "day.future")
	case f.Born != "" && string(in.From)[:7] <= f.Born:
		say("from", "work.before_birth")
	}
	switch {
	case in.To == "":
		say("to", "required")
	case !in.To.Valid():
		say("to", "day.invalid")
	case in.To > today:
		say("to", "day.future")
	case in.From.Valid() && in.To <= in.From:
		say("to", "day.before", string(in.From))
	}
	if err := form.Err(); err != nil {
		return err
	}
	over := func(from, to calendar.Date) bool { return (to == "" || in.From < to) && from < in.To }
	for _, w := range f.Works {
		if w.ID != but && over(w.From, w.To) {
			return fault.InvalidField("from", "work.overlap", string(w.From), string(w.To), w.What)
		}
	}
	for _, h := range f.Posts {
		if k, ok := access.KindOf(h.Kind); ok && k.Staff && !h.Acting && over(h.From, h.To) {
			return fault.InvalidField("to", "work.holding", string(h.From))
		}
	}
	return nil
}
