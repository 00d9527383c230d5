package haves

import (
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// What a round, and a gap that the township itself owes, take a township (rulebook/asks.yaml).
const (
	askRate = "haves.rate"
	askMend = "haves.mend"
)

// Round is a county's look at all its townships.
type Round struct {
	ID      id.ID
	County  id.Key
	List    id.Key
	Name    string
	Opened  calendar.Date
	Due     calendar.Date
	Closed  calendar.Date
	Version int64
}

func (x Round) row() []any {
	return []any{x.ID.Key, x.County, x.List, x.Name, x.Opened, x.Due, x.Closed, x.Version}
}

const roundCols = `x.id, x.county_id, x.list_id, x.name, x.opened_on, x.due_on, x.closed_on, x.version`

func (x *Round) dest() []any {
	return []any{&x.ID.Key, &x.County, &x.List, &x.Name, &x.Opened, &x.Due, &x.Closed, &x.Version}
}

func scanRound(city id.City) func(*db.Rows) (Round, error) {
	return func(rows *db.Rows) (Round, error) {
		x := Round{ID: id.ID{City: city}}
		return x, rows.Scan(x.dest()...)
	}
}

// Answer is what a township said of a line, and what the check made of it.
type Answer struct {
	Town     id.Key
	Code     string
	Have     string
	Value    string // yes, no, a number, a day
	Met      bool   // what follows from the value
	Evidence string
	Said     calendar.Date
	Checked  string
	Reason   string
	Found    string // what the check found; "" until then
	On       calendar.Date
	Version  int64
}

// What a check says of an answer, and what it finds.
const (
	Agrees  = "agrees"
	Differs = "differs"
	NotYet  = "not_yet"
	Met     = "met"
	Unmet   = "unmet"
)

func (a Answer) row(round id.Key) []any {
	return []any{round, a.Town, a.Code, a.Have, a.Value, a.Met, a.Evidence, a.Said, a.Checked, a.Reason, a.Found, a.On, a.Version}
}

const answerCols = `a.township_id, a.code, a.have, a.value, a.met, a.evidence, a.said_on, a.checked, a.reason, a.found, a.checked_on, a.version`

func scanAnswer(rows *db.Rows) (a Answer, err error) {
	return a, rows.Scan(&a.Town, &a.Code, &a.Have, &a.Value, &a.Met, &a.Evidence, &a.Said, &a.Checked, &a.Reason, &a.Found, &a.On, &a.Version)
}

// round reads a round that the actor may see: of a county in their reach, or of the one their township lies in.
func (s *Service) round(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (Round, error) {
	xs, err := db.All(ctx, r, scanRound(r.City()), `SELECT `+roundCols+` FROM have_rounds x WHERE x.city_id = $1 AND x.id = $2`, key)
	if err == nil && (len(xs) == 0 || !reads(who, r.City(), xs[0].County)) {
		err = fault.Hidden()
	}
	if err != nil {
		return Round{}, err
	}
	return xs[0], nil
}

// Round reads a round that the actor may see.
func (s *Service) Round(ctx context.Context, r db.Reader, who access.Actor, round id.Key) (Round, error) {
	return s.round(ctx, r, who, round)
}

// covers says whether all of a county is the actor's to read.
func covers(who access.Actor, city id.City, county id.Key) bool {
	return who.Scope(access.HaveRead).Covers(access.Unit{ID: id.ID{City: city, Key: county}, Kind: "county", Level: access.County, County: county})
}

func reads(who access.Actor, city id.City, county id.Key) bool {
	u := who.Unit()
	return covers(who, city, county) || u.Kind == "township" && u.ID.City == city && u.County == county && who.Scope(access.HaveRead).Handles(u.ID)
}

// runs says whether the actor runs a county's rounds.
func runs(who access.Actor, city id.City, county id.Key) bool {
	return who.Can(access.HaveRun) && who.Unit().OrganID() == (id.ID{City: city, Key: county}) && who.Unit().Kind == "county"
}

// Usual is the last day that a round of the actor's county has if the county gives it no other, and the last that it may have.
func (s *Service) Usual(ctx context.Context, r db.Reader, who access.Actor) (due, last calendar.Date, err error) {
	today := r.Now().Date()
	t, _ := s.Rules.Timer(RuleSay, today)
	set, err := access.LoadSettings(ctx, r, who.Unit().Organ, today)
	if err != nil {
		return "", "", err
	}
	if own, err := t.Adjust(set.Int("timer." + RuleSay)); err == nil {
		t = own
	}
	return today.AddDays(t.Length), today.AddDays(t.Allowed.Max), nil
}

// Open begins a round of the actor's county on the list that it has issued, and with it every township's part in it.
func (s *Service) Open(ctx context.Context, who access.Actor, name string, due calendar.Date) (id.ID, error) {
	county := who.Unit()
	if !runs(who, county.ID.City, county.ID.Key) {
		return id.ID{}, fault.New(fault.Forbidden, "move.not_yours")
	}
	var form typed.Form
	form.Line("name", &name, true, lineLimit)
	if !due.Valid() {
		form.Say("due", "day.invalid")
	}
	if err := form.Err(); err != nil {
		return id.ID{}, err
	}
	var out id.ID
	rc, err := s.Ledger.Write(ctx, who, county.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		usual, _ := s.Rules.Timer(RuleSay, tx.Today())
		switch last := tx.Today().AddDays(usual.Allowed.Max); {
		case due <= tx.Today(): // a day that has begun is no time to say anything in
			return ledger.Act{}, fault.InvalidField("due", "day.after", string(tx.Today()))
		case due > last:
			return ledger.Act{}, fault.InvalidField("due", "haves.far", string(last))
		}
		if err := org.Alone(ctx, tx, county.ID.Key); err != nil { // one round at a time
			return ledger.Act{}, err
		}
		ls, err := db.All(ctx, tx, scanList(tx.City()), `SELECT `+listCols+` FROM have_lists l WHERE l.city_id = $1 AND l.issuer_id = $2 AND l.state = 'issued' ORDER BY l.id DESC LIMIT 1`, county.ID.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if len(ls) == 0 {
			return ledger.Act{}, fault.New(fault.Conflict, "haves.no_list")
		}
		open, err := db.Column[id.Key](ctx, tx, `SELECT x.id FROM have_rounds x WHERE x.city_id = $1 AND x.county_id = $2 AND x.closed_on = ''`, county.ID.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if len(open) > 0 {
			return ledger.Act{}, fault.New(fault.Conflict, "haves.round_open")
		}
		x := Round{ID: tx.NewID(), County: county.ID.Key, List: ls[0].ID.Key, Name: name, Opened: tx.Today(), Due: due, Version: 1}
		if err := tx.Insert(ctx, roundTable, x.row()...); err != nil {
			return ledger.Act{}, err
		}
		towns, err := access.UnitsOf(ctx, tx, county.ID.Key, "township")
		if err != nil {
			return ledger.Act{}, err
		}
		all, err := lines(ctx, tx, x.List)
		if err != nil {
			return ledger.Act{}, err
		}
		if slices.ContainsFunc(all, Line.Asked) {
			if err := s.ask(ctx, tx, x, towns); err != nil {
				return ledger.Act{}, err
			}
		}
		out = x.ID
		return ledger.Act{Action: "haves.round", Organ: county.ID, About: "round/" + out.String(), Params: map[string]any{"name": name, "due": string(due), "towns": len(towns)}, Answer: out.String()}, nil
	})
	if err == nil && rc.Replayed {
		out, err = id.Parse(rc.Answer)
	}
	return out, err
}

// Close ends a round, and with it every part of it that is still open: no township says anything more, and nothing more is checked.
func (s *Service) Close(ctx context.Context, who access.Actor, round id.ID, version int64) error {
	_, err := s.Ledger.Write(ctx, who, round.City, func(tx *ledger.Tx) (ledger.Act, error) {
		x, err := s.round(ctx, tx, who, round.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		switch {
		case !runs(who, round.City, x.County):
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		case x.Closed != "":
			return ledger.Act{}, fault.New(fault.Conflict, "haves.round_closed")
		case x.Version != version:
			return ledger.Act{}, fault.Stale()
		}
		if err := org.Alone(ctx, tx, x.County); err != nil { // nobody is asked meanwhile
			return ledger.Act{}, err
		}
		ended, err := s.endAll(ctx, tx, round.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		x.Closed = tx.Today()
		act := ledger.Act{Action: "haves.round_close", Organ: id.ID{City: round.City, Key: x.County}, About: "round/" + round.String(), Params: map[string]any{"ended": ended}}
		return act, tx.Update(ctx, roundTable, x.row()...)
	})
	return err
}
