package haves

import (
	"context"
	"slices"
	"strconv"

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

// Open begins a round of the actor's county on the list that it has issued. The minutes go on every township's burden account.
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
		if due < tx.Today() {
			return ledger.Act{}, fault.InvalidField("due", "day.past")
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
		if len(towns) > 0 && slices.ContainsFunc(all, Line.Asked) {
			if err := s.Burden.ByRule(ctx, tx, askRate, x.ID.Key, county.ID.Key, towns, due); err != nil {
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

// Close ends a round: no township says anything more in it, and nothing more is checked.
func (s *Service) Close(ctx context.Context, who access.Actor, round id.ID, version int64) error {
	_, err := s.Ledger.Write(ctx, who, round.City, func(tx *ledger.Tx) (ledger.Act, error) {
		x, err := s.running(ctx, tx, who, round)
		if err != nil {
			return ledger.Act{}, err
		}
		if !runs(who, round.City, x.County) {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		if x.Version != version {
			return ledger.Act{}, fault.Stale()
		}
		x.Closed = tx.Today()
		return ledger.Act{Action: "haves.round_close", Organ: id.ID{City: round.City, Key: x.County}, About: "round/" + round.String()}, tx.Update(ctx, roundTable, x.row()...)
	})
	return err
}

func (s *Service) running(ctx context.Context, tx *ledger.Tx, who access.Actor, round id.ID) (Round, error) {
	x, err := s.round(ctx, tx, who, round.Key)
	if err == nil && x.Closed != "" {
		err = fault.New(fault.Conflict, "haves.round_closed")
	}
	return x, err
}

// none is the value of a day that has not come, and of what is not there.
const none = "no"

// Said is what a township fills in for a line.
type Said struct{ Value, Evidence string }

// Rate takes down how a township stands, by somebody who works there. Lines that have been checked stay as they are: what
// has been made good since is said on the gap.
func (s *Service) Rate(ctx context.Context, who access.Actor, round id.ID, in map[string]Said) error {
	town := who.Unit()
	_, err := s.Ledger.Write(ctx, who, round.City, func(tx *ledger.Tx) (ledger.Act, error) {
		x, err := s.running(ctx, tx, who, round)
		if err != nil {
			return ledger.Act{}, err
		}
		if town.Kind != "township" || town.County != x.County {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		all, err := lines(ctx, tx, x.List)
		if err != nil {
			return ledger.Act{}, err
		}
		have, err := s.answers(ctx, tx, round.Key, town.ID.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		var form typed.Form
		wrote, met := 0, 0
		for _, l := range all {
			old, was := have[l.Code]
			if !l.Asked() || was && old.Found != "" {
				continue
			}
			x, given := in[l.Code]
			if given && l.Kind == "date" && x.Value == "" {
				x.Value = none // a day that is left empty: there is nothing yet
			}
			a, ok := l.answer(x, tx.Today(), &form)
			if !ok || form.Wrong() > 0 {
				continue
			}
			a.Town, a.Said, a.Version = town.ID.Key, tx.Today(), 1
			put := tx.Insert
			if was {
				a.Version, put = old.Version, tx.Update
				if old.Value == a.Value && old.Evidence == a.Evidence {
					continue
				}
			}
			if err := put(ctx, answerTable, a.row(round.Key)...); err != nil {
				return ledger.Act{}, err
			}
			wrote++
			if a.Met {
				met++
			}
		}
		if err := form.Err(); err != nil {
			return ledger.Act{}, err
		}
		if wrote == 0 {
			return ledger.Act{}, fault.New(fault.Conflict, "haves.nothing_new")
		}
		return ledger.Act{Action: "haves.rate", Organ: id.ID{City: round.City, Key: x.County}, About: "round/" + round.String(), Params: map[string]any{"unit": town.ID.Key, "lines": wrote, "met": met}}, nil
	})
	return err
}

// answer makes what was filled in for a line into an answer; what is wrong with it stands beside the line's field.
func (l Line) answer(in Said, today calendar.Date, form *typed.Form) (Answer, bool) {
	a := Answer{Code: l.Code, Have: l.Have, Value: in.Value, Evidence: in.Evidence}
	field, before := "v-"+l.Code, form.Wrong()
	form.Line("e-"+l.Code, &a.Evidence, false, lineLimit)
	form.Line(field, &a.Value, true, lineLimit)
	if form.Wrong() > before {
		return a, false
	}
	switch l.Kind {
	case "yes":
		if a.Value != "yes" && a.Value != none {
			form.Say(field, "choice.unknown")
		}
		a.Met = a.Value == "yes"
	case "number":
		n, err := strconv.ParseInt(a.Value, 10, 64)
		if err != nil || n < 0 {
			form.Say(field, "haves.number")
		}
		a.Value, a.Met = strconv.FormatInt(n, 10), n >= l.Least
	case "date":
		switch on := calendar.Date(a.Value); {
		case a.Value == none:
		case !on.Valid():
			form.Say(field, "day.invalid")
		case on > today:
			form.Say(field, "day.future")
		}
		a.Met = a.Value != none
	}
	return a, form.Wrong() == before
}

func (s *Service) answers(ctx context.Context, r db.Reader, round, town id.Key) (map[string]Answer, error) {
	as, err := db.All(ctx, r, scanAnswer, `SELECT `+answerCols+` FROM have_answers a WHERE a.city_id = $1 AND a.round_id = $2 AND a.township_id = $3`, round, town)
	out := map[string]Answer{}
	for _, a := range as {
		out[a.Code] = a
	}
	return out, err
}

// Judged is what the check says of a line.
type Judged struct{ Verdict, Reason string }

// Check is the county's check of a township: each line agrees with what was said, differs for a reason, or is not done yet.
// What is found lacking becomes a gap, unless there is one open already; what is found to be there closes it. What the system
// knows itself of posts is judged at the same time.
func (s *Service) Check(ctx context.Context, who access.Actor, round id.ID, town id.Key, in map[string]Judged) error {
	_, err := s.Ledger.Write(ctx, who, round.City, func(tx *ledger.Tx) (ledger.Act, error) {
		x, err := s.running(ctx, tx, who, round)
		if err != nil {
			return ledger.Act{}, err
		}
		if !runs(who, round.City, x.County) {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		u, err := access.GetUnit(ctx, tx, town)
		if err != nil {
			return ledger.Act{}, err
		}
		if u.Kind != "township" || u.County != x.County {
			return ledger.Act{}, fault.Hidden()
		}
		all, err := lines(ctx, tx, x.List)
		if err != nil {
			return ledger.Act{}, err
		}
		have, err := s.answers(ctx, tx, round.Key, town)
		if err != nil {
			return ledger.Act{}, err
		}
		if len(have) == 0 {
			return ledger.Act{}, fault.New(fault.Conflict, "haves.not_said")
		}
		var form typed.Form
		var done []Answer
		for _, l := range all {
			a, ok := have[l.Code]
			j, said := in[l.Code]
			if !ok || a.Found != "" || !said {
				continue
			}
			a.Checked, a.On = j.Verdict, tx.Today()
			form.Para("r-"+l.Code, &j.Reason, j.Verdict == Differs, paraLimit)
			a.Reason = j.Reason
			switch j.Verdict {
			case Agrees:
				a.Found = found(a.Met)
			case Differs:
				a.Found = found(!a.Met)
			case NotYet:
			default:
				form.Say("c-"+l.Code, "choice.unknown")
			}
			done = append(done, a)
		}
		if err := form.Err(); err != nil {
			return ledger.Act{}, err
		}
		if len(done) == 0 {
			return ledger.Act{}, fault.New(fault.Conflict, "haves.checked")
		}
		act := ledger.Act{Action: "haves.check", Organ: id.ID{City: round.City, Key: x.County}, About: "round/" + round.String(), Params: map[string]any{"unit": town}}
		gaps, differs := 0, 0
		byCode := map[string]Line{}
		for _, l := range all {
			byCode[l.Code] = l
		}
		for _, a := range done {
			if err := tx.Update(ctx, answerTable, a.row(round.Key)...); err != nil {
				return act, err
			}
			if a.Checked == Differs {
				differs++
			}
			n, err := s.settle(ctx, tx, x, u, byCode[a.Code], a.Found)
			if err != nil {
				return act, err
			}
			gaps += n
		}
		posts, err := s.posts(ctx, tx, u, all)
		if err != nil {
			return act, err
		}
		for _, l := range all {
			if p, ok := posts[l.Code]; ok && p.Known && l.Least > 0 {
				n, err := s.settle(ctx, tx, x, u, l, found(p.Met))
				if err != nil {
					return act, err
				}
				gaps += n
			}
		}
		act.Params["lines"], act.Params["differs"], act.Params["gaps"] = len(done), differs, gaps
		return act, nil
	})
	return err
}

func found(met bool) string {
	if met {
		return Met
	}
	return Unmet
}
