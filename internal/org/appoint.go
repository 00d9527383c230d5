package org

import (
	"context"
	"errors"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// Authority follows from holdings alone, so that whoever could make one alone could be anybody. Making one therefore
// takes two people: one puts somebody forward, another confirms it; one of them at least is a security administrator,
// the other that or a personnel clerk, and neither is the person appointed.

var appointmentTable = &ledger.Table{Name: "appointments", Key: []string{"id"}, Cols: []string{"post_id", "person_id", "from_on", "full_time", "acting", "paper",
	"asked_by", "asked_name", "asked_as", "asked_on", "state", "decided_by", "decided_name", "decided_on", "note", "version"}, Version: "version"}

// The states of what was put forward.
const (
	AppointOpen      = "open"
	AppointGranted   = "granted"
	AppointRefused   = "refused"
	AppointWithdrawn = "withdrawn"
)

// Proposal is somebody put forward for a post. Without Person, Name and Born are those of somebody new to the roster.
type Proposal struct {
	Post     id.Key
	Person   id.Key
	Name     string
	Born     string // YYYY-MM
	From     calendar.Date
	FullTime bool
	Acting   bool
	Paper    string // number of the decision it rests on
}

// farAhead is how many days an appointment may begin after it was put forward.
const farAhead = 366

// overStaff says as what the actor sees to appointments at a unit, "" if not at all: an organ's people its own, a
// city's those of the whole tenant. Both in their own right only, never by delegation.
func overStaff(who access.Actor, unit access.Unit) access.Role {
	if who.Automatic() {
		return who.Kind
	}
	for _, h := range who.Hats {
		for _, r := range []access.Role{access.SecAdmin, access.Personnel} {
			if h.For == "" && h.Gives(r) && h.Unit.ID.City == unit.ID.City && (h.Unit.Organ == unit.Organ || h.Unit.Level < access.County) {
				return r
			}
		}
	}
	return ""
}

// Oversees says as what the actor sees to appointments at a unit, "" if not at all.
func Oversees(who access.Actor, unit access.Unit) access.Role { return overStaff(who, unit) }

// seatOf reads a post that the actor sees to; any other is absent.
func seatOf(ctx context.Context, r db.Reader, who access.Actor, post id.Key) (Place, error) {
	p, err := place(ctx, r, post)
	if err == nil && overStaff(who, p.Unit) == "" {
		err = fault.Hidden()
	}
	return p, err
}

// Propose puts somebody forward for a free post. Another person confirms it with Decide.
func (s *Service) Propose(ctx context.Context, who access.Actor, in Proposal) (id.Key, error) {
	for _, f := range []struct {
		name  string
		value *string
	}{{"name", &in.Name}, {"paper", &in.Paper}} {
		if err := cleanLine(f.name, f.value); err != nil {
			return "", err
		}
	}
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		p, err := seatOf(ctx, tx, who, in.Post)
		if err != nil {
			return ledger.Act{}, err
		}
		switch {
		case p.Holding != "" && p.Person == in.Person:
			return ledger.Act{}, fault.InvalidField("person", "appoint.holds")
		case !in.From.Valid():
			return ledger.Act{}, fault.InvalidField("from", "day.invalid")
		case in.From < p.Opened:
			return ledger.Act{}, fault.InvalidField("from", "day.before", string(p.Opened))
		case in.From > tx.Today().AddDays(farAhead):
			return ledger.Act{}, fault.InvalidField("from", "appoint.far")
		case p.Closed != "":
			return ledger.Act{}, fault.New(fault.Conflict, "appoint.closed")
		case in.Person == who.Person:
			return ledger.Act{}, fault.New(fault.Forbidden, "appoint.self")
		}
		if in.Person == "" {
			if in.Born == "" {
				return ledger.Act{}, fault.InvalidField("born", "appoint.born")
			}
			if err := fault.InvalidFields(CheckLife(in.Born, 0, in.From, tx.Today())); err != nil {
				return ledger.Act{}, err
			}
			if in.Person, err = AddPerson(ctx, tx, NewPerson{Name: in.Name, Born: in.Born}); err != nil {
				return ledger.Act{}, err
			}
		}
		if err := apart(ctx, tx, in.Person, p.Kind, in.From); err != nil {
			return ledger.Act{}, err
		}
		if err := free(ctx, tx, in.Post, in.From); err != nil {
			return ledger.Act{}, err
		}
		a := tx.NewID()
		err = tx.Insert(ctx, appointmentTable, a.Key, in.Post, in.Person, in.From, in.FullTime, in.Acting, text.Fold(in.Paper), who.Person, who.Name, overStaff(who, p.Unit), tx.Today(),
			AppointOpen, "", "", "", "", int64(1))
		if db.Unique(err) {
			err = fault.New(fault.Conflict, "appoint.waiting")
		}
		if err == nil && s.Seats != nil && p.Covered() {
			err = s.Seats.Asked(ctx, tx, Waiting{ID: a.Key, Post: in.Post, Person: in.Person, From: in.From, Acting: in.Acting}, p)
		}
		return ledger.Act{Action: "appointment.propose", Organ: p.Unit.OrganID(), About: "appointment/" + a.String(), Answer: a.Key,
			Params: map[string]any{"post_id": in.Post, "kind": p.Kind, "person": in.Person, "on": string(in.From), "paper": in.Paper}}, err
	})
	return rc.Answer, err
}

// free refuses a post that somebody holds on the day or later.
func free(ctx context.Context, r db.Reader, post id.Key, from calendar.Date) error {
	held, err := db.Column[string](ctx, r, `SELECT id FROM holdings WHERE city_id = $1 AND post_id = $2 AND (to_on = '' OR to_on > $3)`, post, from)
	if err == nil && len(held) > 0 {
		err = fault.New(fault.Conflict, "post.held")
	}
	return err
}

// apart keeps the three administrators (三员) from each other and from the work: no person holds two of the three posts,
// nor one of them beside a post that handles matters.
func apart(ctx context.Context, r db.Reader, person id.Key, kind string, from calendar.Date) error {
	kinds, err := db.Column[string](ctx, r, `SELECT DISTINCT h.kind FROM holdings h WHERE h.city_id = $1 AND h.person_id = $2 AND (h.to_on = '' OR h.to_on > $3)`, person, from)
	if err != nil {
		return err
	}
	for _, k := range kinds {
		one, other := contains(administrators, k), contains(administrators, kind)
		switch {
		case one && other && k != kind:
			return fault.New(fault.Conflict, "appoint.two_admins")
		case one != other && (handles(k) || handles(kind)):
			return fault.New(fault.Conflict, "appoint.admin_apart")
		}
	}
	return nil
}

// handles says whether a kind of post gives any role in the work itself.
func handles(kind string) bool {
	k, _ := access.KindOf(kind)
	return len(k.Roles) > 0 && !contains(administrators, kind)
}

// Decide confirms what another person put forward, or refuses it with a reason. Whoever put it forward can only take it
// back.
func (s *Service) Decide(ctx context.Context, who access.Actor, appointment id.Key, version int64, grant bool, note string) error {
	if err := cleanLine("note", &note); err != nil {
		return err
	}
	_, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		a, err := appointmentOf(ctx, tx, appointment)
		if err != nil {
			return ledger.Act{}, err
		}
		p, err := seatOf(ctx, tx, who, a.Post)
		if err != nil {
			return ledger.Act{}, err
		}
		if a.State != AppointOpen || a.Version != version {
			return ledger.Act{}, fault.Stale()
		}
		act := ledger.Act{Organ: p.Unit.OrganID(), About: "appointment/" + id.ID{City: tx.City(), Key: a.ID}.String(),
			Params: map[string]any{"post_id": a.Post, "kind": p.Kind, "person": a.Person, "on": string(a.From)}}
		switch {
		case a.AskedBy == who.Person && grant:
			return act, fault.New(fault.Forbidden, "appoint.two_hands")
		case a.AskedBy == who.Person:
			a.State, act.Action = AppointWithdrawn, "appointment.withdraw"
		case !grant && note == "":
			return act, fault.InvalidField("note", "required")
		case !grant:
			a.State, act.Action = AppointRefused, "appointment.refuse"
		case a.Person == who.Person:
			return act, fault.New(fault.Forbidden, "appoint.self")
		case a.AskedAs != access.SecAdmin && overStaff(who, p.Unit) != access.SecAdmin:
			return act, fault.New(fault.Forbidden, "appoint.no_security")
		default:
			if s.Seats != nil && p.Covered() {
				if err := s.Seats.Lacks(ctx, tx, a, p); err != nil {
					return act, err
				}
			}
			if err := apart(ctx, tx, a.Person, p.Kind, a.From); err != nil {
				return act, err
			}
			h, err := Appoint(ctx, tx, Appointment{Post: a.Post, Person: a.Person, From: a.From, FullTime: a.FullTime, Acting: a.Acting})
			if err != nil {
				return act, err
			}
			a.State, act.Action, act.About = AppointGranted, "holding.begin", "holding/"+id.ID{City: tx.City(), Key: h}.String()
			act.Params["asked_by"] = a.AskedBy
		}
		a.DecidedBy, a.DecidedName, a.DecidedOn, a.Note = who.Person, who.Name, tx.Today(), note
		if err := tx.Update(ctx, appointmentTable, a.row()...); err != nil || s.Seats == nil || !p.Covered() {
			return act, err
		}
		if a.State == AppointGranted {
			return act, s.Seats.Changed(ctx, tx, a.Post)
		}
		return act, s.Seats.Answered(ctx, tx, a)
	})
	return err
}

// RefuseFor refuses what was put forward for a post, in the transaction of a caller who answers for it: the county commission,
// which was asked beforehand.
func RefuseFor(ctx context.Context, tx *ledger.Tx, appointment id.Key, note string) error {
	a, err := appointmentOf(ctx, tx, appointment)
	if err != nil || a.State != AppointOpen {
		return err
	}
	a.State, a.DecidedBy, a.DecidedName, a.DecidedOn, a.Note = AppointRefused, tx.Actor.Person, tx.Actor.Name, tx.Today(), note
	return tx.Update(ctx, appointmentTable, a.row()...)
}

// Waiting is what was put forward for a post, and what became of it.
type Waiting struct {
	ID          id.Key
	Post        id.Key
	Person      id.Key
	Name        string
	From        calendar.Date
	FullTime    bool
	Acting      bool
	Paper       string
	AskedBy     id.Key
	AskedName   string
	AskedAs     access.Role
	AskedOn     calendar.Date
	State       string
	DecidedBy   id.Key
	DecidedName string
	DecidedOn   calendar.Date
	Note        string
	Version     int64
}

const waitingSQL = `SELECT a.id, a.post_id, a.person_id, p.name, a.from_on, a.full_time, a.acting, a.paper, a.asked_by, a.asked_name, a.asked_as, a.asked_on, a.state,
	a.decided_by, a.decided_name, a.decided_on, a.note, a.version FROM appointments a JOIN people p ON p.city_id = a.city_id AND p.id = a.person_id WHERE a.city_id = $1`

func (a Waiting) row() []any {
	return []any{a.ID, a.Post, a.Person, a.From, a.FullTime, a.Acting, a.Paper, a.AskedBy, a.AskedName, a.AskedAs, a.AskedOn, a.State, a.DecidedBy, a.DecidedName, a.DecidedOn, a.Note, a.Version}
}

func (a *Waiting) dest() []any {
	return []any{&a.ID, &a.Post, &a.Person, &a.Name, &a.From, &a.FullTime, &a.Acting, &a.Paper, &a.AskedBy, &a.AskedName, &a.AskedAs, &a.AskedOn, &a.State,
		&a.DecidedBy, &a.DecidedName, &a.DecidedOn, &a.Note, &a.Version}
}

func appointmentOf(ctx context.Context, r db.Reader, key id.Key) (Waiting, error) {
	a := Waiting{}
	err := r.Row(ctx, waitingSQL+` AND a.id = $2`, key).Scan(a.dest()...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.Hidden()
	}
	return a, err
}
