package staffing

import (
	"context"
	"errors"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Engine *flow.Engine
	Rules  *rulebook.Book
}

var (
	vacancyTable  = &ledger.Table{Name: "vacancies", Key: []string{"id"}, Cols: []string{"post_id", "since_on", "appointment_id", "closed_on"}}
	rotationTable = &ledger.Table{Name: "rotations", Key: []string{"id"}, Cols: []string{"holding_id", "until_on", "closed_on"}}
)

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{vacancyTable, rotationTable, consentTable} }

// Vacancy is a post that the county owes to fill; Appointment is who is put forward, "" for nobody.
type Vacancy struct {
	ID          id.Key
	Post        id.Key
	Since       calendar.Date
	Appointment id.Key
	Closed      calendar.Date
}

func (v Vacancy) save(ctx context.Context, tx *ledger.Tx) error {
	return tx.Update(ctx, vacancyTable, v.ID, v.Post, v.Since, v.Appointment, v.Closed)
}

const vacancyCols = `v.id, v.post_id, v.since_on, v.appointment_id, v.closed_on`

func (v *Vacancy) dest() []any {
	return []any{&v.ID, &v.Post, &v.Since, &v.Appointment, &v.Closed}
}

func vacancyOf(ctx context.Context, r db.Reader, key id.Key) (v Vacancy, err error) {
	return v, r.Row(ctx, `SELECT `+vacancyCols+` FROM vacancies v WHERE v.city_id = $1 AND v.id = $2`, key).Scan(v.dest()...)
}

// openOf is the open vacancy of a post; ok is false when there is none.
func openOf(ctx context.Context, r db.Reader, post id.Key) (v Vacancy, ok bool, err error) {
	err = r.Row(ctx, `SELECT `+vacancyCols+` FROM vacancies v WHERE v.city_id = $1 AND v.post_id = $2 AND v.closed_on = ''`, post).Scan(v.dest()...)
	if errors.Is(err, db.ErrNoRows) {
		return v, false, nil
	}
	return v, err == nil, err
}

// OpenMatter is the open vacancy of a post; false when there is none.
func OpenMatter(ctx context.Context, r db.Reader, post id.Key) (id.Key, bool, error) {
	v, ok, err := openOf(ctx, r, post)
	return v.ID, ok, err
}

// Rotation is somebody whose years in a post come to an end; Until is up to when they are kept on, "" when nothing was said.
type Rotation struct {
	ID      id.Key
	Holding id.Key
	Until   calendar.Date
	Closed  calendar.Date
}

func (r Rotation) save(ctx context.Context, tx *ledger.Tx) error {
	return tx.Update(ctx, rotationTable, r.ID, r.Holding, r.Until, r.Closed)
}

func rotationOf(ctx context.Context, r db.Reader, key id.Key) (x Rotation, err error) {
	return x, r.Row(ctx, `SELECT v.id, v.holding_id, v.until_on, v.closed_on FROM rotations v WHERE v.city_id = $1 AND v.id = $2`, key).Scan(&x.ID, &x.Holding, &x.Until, &x.Closed)
}

// seat is a post of a township's establishment as it stands on a day: who holds it, by standing in or not.
type seat struct {
	post, kind string
	unit       access.Unit
	closed     bool
	held       bool          // by somebody who does not only stand in, now or from a day to come
	stays      bool          // and of whom it is not known that they leave
	since      calendar.Date // the day the last such one left, or the post's first
}

func seatOf(ctx context.Context, r db.Reader, post id.Key) (s seat, covered bool, err error) {
	var unit, opened, closedOn string
	var established bool
	today := r.Now().Date()
	err = r.Row(ctx, `SELECT p.id, p.kind, p.unit_id, p.established, p.opened_on, p.closed_on FROM posts p WHERE p.city_id = $1 AND p.id = $2`, post).Scan(&s.post, &s.kind, &unit, &established, &opened, &closedOn)
	if err != nil {
		return s, false, err
	}
	if s.unit, err = access.GetUnit(ctx, r, unit); err != nil {
		return s, false, err
	}
	covered = org.Place{Kind: s.kind, Counts: established, Unit: s.unit}.Covered()
	s.closed, s.since = closedOn != "" && calendar.Date(closedOn) <= today, calendar.Date(opened)
	type span struct{ from, to calendar.Date }
	spans, err := db.All(ctx, r, func(rows *db.Rows) (x span, err error) { return x, rows.Scan(&x.from, &x.to) },
		`SELECT h.from_on, h.to_on FROM holdings h WHERE h.city_id = $1 AND h.post_id = $2 AND h.acting = FALSE`, post)
	for _, x := range spans {
		s.held = s.held || x.to == "" || x.to > today
		s.stays = s.stays || x.to == ""
		s.since = max(s.since, x.to)
	}
	return s, covered, err
}

// Changed opens the vacancy of a post that nobody holds any more, and closes that of one that somebody does, in the
// transaction of whatever changed it.
func (s *Service) Changed(ctx context.Context, tx *ledger.Tx, post id.Key) error {
	x, covered, err := seatOf(ctx, tx, post)
	if err != nil || !covered {
		return err
	}
	if err := s.moveOn(ctx, tx, post); err != nil {
		return err
	}
	v, open, err := openOf(ctx, tx, post)
	switch {
	case err != nil:
		return err
	case open && (x.stays || x.closed || x.unit.Closed != ""): // of one who is about to leave, somebody may have been put forward to follow
		return s.close(ctx, tx, v, map[bool]string{true: "fill", false: "lapse"}[x.stays])
	case open && v.Appointment != "":
		a, err := org.AppointmentFor(ctx, tx, v.Appointment)
		if err != nil || a.State != org.AppointGranted { // still put forward
			return err
		}
		v.Appointment = "" // somebody stands in now; nobody is put forward to hold it
		if err := v.save(ctx, tx); err != nil {
			return err
		}
		return s.make(ctx, tx, v.ID, "stand_in")
	case !open && !x.held && !x.closed && x.unit.Closed == "":
		_, err = s.open(ctx, tx, x)
	}
	return err
}

// open has the county owe to fill a post.
func (s *Service) open(ctx context.Context, tx *ledger.Tx, x seat) (Vacancy, error) {
	v := Vacancy{Post: x.post, Since: x.since}
	m := flow.Matter{Kind: KindVacancy, Organ: x.unit.OrganID(), Township: x.unit.ID.Key, Received: min(x.since, tx.Today()), Title: s.titleOf(x.unit, x.kind, "", "空缺")}
	if err := s.begin(ctx, tx, &m, RuleFill, x.since); err != nil {
		return v, err
	}
	v.ID = m.ID.Key
	return v, tx.Insert(ctx, vacancyTable, v.ID, v.Post, v.Since, "", "")
}

// begin opens a matter of this room; its first clock counts from a day that may lie long before.
func (s *Service) begin(ctx context.Context, tx *ledger.Tx, m *flow.Matter, rule string, from calendar.Date) error {
	return s.Engine.Create(ctx, tx, m, nil, map[string]calendar.Date{rule: from})
}

func (s *Service) close(ctx context.Context, tx *ledger.Tx, v Vacancy, move string) error {
	v.Closed = tx.Today()
	if err := v.save(ctx, tx); err != nil {
		return err
	}
	return s.make(ctx, tx, v.ID, move)
}

func (s *Service) make(ctx context.Context, tx *ledger.Tx, matter id.Key, move string) error {
	m, err := flow.Lock(ctx, tx, matter)
	if err != nil {
		return err
	}
	return s.Engine.Make(ctx, tx, &m, move, flow.Values{})
}

// Asked has the county commission asked for its consent to whoever was put forward.
func (s *Service) Asked(ctx context.Context, tx *ledger.Tx, a org.Waiting, p org.Place) error {
	v, open, err := openOf(ctx, tx, p.Post)
	if err != nil {
		return err
	}
	if !open { // whoever holds it is about to leave
		x, _, err := seatOf(ctx, tx, p.Post)
		if err != nil {
			return err
		}
		if v, err = s.open(ctx, tx, x); err != nil {
			return err
		}
	}
	v.Appointment = a.ID
	if err := v.save(ctx, tx); err != nil {
		return err
	}
	return s.make(ctx, tx, v.ID, "put_forward")
}

// Answered takes back what was put forward: it was refused, or whoever did took it back.
func (s *Service) Answered(ctx context.Context, tx *ledger.Tx, a org.Waiting) error {
	v, open, err := openOf(ctx, tx, a.Post)
	if err != nil || !open || v.Appointment != a.ID {
		return err
	}
	v.Appointment = ""
	if err := v.save(ctx, tx); err != nil {
		return err
	}
	return s.make(ctx, tx, v.ID, "withdraw")
}

// Lacks refuses to confirm an appointment that the county commission has not agreed to.
func (s *Service) Lacks(ctx context.Context, tx *ledger.Tx, a org.Waiting, _ org.Place) error {
	c, ok, err := ConsentTo(ctx, tx, a.ID)
	if err == nil && (!ok || !c.Given) {
		err = fault.New(fault.Conflict, "appoint.no_consent")
	}
	return err
}

// Moved keeps the paper under which the county commission agreed that somebody is moved; "" says that none was named.
func (s *Service) Moved(ctx context.Context, tx *ledger.Tx, holding id.Key, paper string) error {
	return consent(ctx, tx, moves, holding, paper != "", paper, "")
}

// Consent is what the county commission answered.
type Consent struct {
	Given bool
	Paper string
	Note  string
	By    string // name
	On    calendar.Date
}

// ConsentTo is the last answer about an appointment, or about moving the holder of a holding.
func ConsentTo(ctx context.Context, r db.Reader, about id.Key) (Consent, bool, error) {
	cs, err := consentsTo(ctx, r, about)
	if err != nil || len(cs) == 0 {
		return Consent{}, false, err
	}
	return cs[0], true, nil
}

// consentsTo are the answers, newest first.
func consentsTo(ctx context.Context, r db.Reader, about id.Key) ([]Consent, error) {
	return db.All(ctx, r, func(rows *db.Rows) (c Consent, err error) {
		return c, rows.Scan(&c.Given, &c.Paper, &c.Note, &c.By, &c.On)
	},
		`SELECT c.given, c.paper, c.note, c.by_name, c.on_day FROM consents c WHERE c.city_id = $1 AND c.about_id = $2 ORDER BY c.on_day DESC, c.id DESC`, about)
}

// moveOn closes the rotations of a post's holders who have left it.
func (s *Service) moveOn(ctx context.Context, tx *ledger.Tx, post id.Key) error {
	keys, err := db.Column[id.Key](ctx, tx, `SELECT v.id FROM holdings h JOIN rotations v ON v.city_id = h.city_id AND v.holding_id = h.id AND v.closed_on = ''
		WHERE h.city_id = $1 AND h.post_id = $2 AND h.to_on <> '' ORDER BY v.id`, post)
	for _, k := range keys {
		if err == nil {
			err = s.endRotation(ctx, tx, k)
		}
	}
	return err
}

func (s *Service) endRotation(ctx context.Context, tx *ledger.Tx, key id.Key) error {
	r, err := rotationOf(ctx, tx, key)
	if err != nil {
		return err
	}
	r.Closed = tx.Today()
	if err := r.save(ctx, tx); err != nil {
		return err
	}
	return s.make(ctx, tx, key, "moved")
}
