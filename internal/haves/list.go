package haves

import (
	"context"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Service is this room's use cases.
type Service struct {
	Ledger   *ledger.Ledger
	Engine   *flow.Engine
	Rules    *rulebook.Book
	Burden   *burden.Service
	Measures *measure.Registry
}

// The states of a list.
const (
	Draft    = "draft"
	Issued   = "issued"
	Replaced = "replaced" // by a newer one of the same issuer
)

// What became of a line of the list that a list was made from.
const (
	AsIs    = "as_is"
	Changed = "changed"
	Added   = "added"
	Dropped = "dropped"
)

const (
	lineLimit = 120
	paraLimit = 500
	mostLines = 80 // of a list: what is longer is no list that a township can keep to
)

var (
	listTable   = &ledger.Table{Name: "have_lists", Key: []string{"id"}, Cols: []string{"issuer_id", "level", "name", "from_city", "from_id", "state", "made_on", "issued_on", "version"}, Version: "version"}
	lineTable   = &ledger.Table{Name: "have_lines", Key: []string{"list_id", "code"}, Cols: []string{"n", "have", "zh", "en", "kind", "least", "measure", "evidence_zh", "evidence_en", "owes", "how"}}
	roundTable  = &ledger.Table{Name: "have_rounds", Key: []string{"id"}, Cols: []string{"county_id", "list_id", "name", "opened_on", "due_on", "closed_on", "version"}, Version: "version"}
	answerTable = &ledger.Table{Name: "have_answers", Key: []string{"round_id", "township_id", "code"}, Cols: []string{"have", "value", "met", "evidence", "said_on", "checked", "reason", "found", "checked_on", "version"}, Version: "version"}
	ratingTable = &ledger.Table{Name: "ratings", Key: []string{"id"}, Cols: []string{"round_id", "township_id"}}
	gapTable    = &ledger.Table{Name: "gaps", Key: []string{"id"}, Cols: []string{"round_id", "township_id", "code", "have", "owes", "wanted", "budget"}}
)

// Tables are the covered tables of this room.
func Tables() []*ledger.Table {
	return []*ledger.Table{listTable, lineTable, roundTable, answerTable, ratingTable, gapTable}
}

// List is a list of the six haves.
type List struct {
	ID      id.ID
	Issuer  id.Key
	Level   int // of the issuer
	Name    string
	From    id.ID // zero for one made from the rulebook
	State   string
	Made    calendar.Date
	Issued  calendar.Date
	Version int64
	Lines   []Line
}

func (l List) row() []any {
	return []any{l.ID.Key, l.Issuer, l.Level, l.Name, int64(l.From.City), l.From.Key, l.State, l.Made, l.Issued, l.Version}
}

const listCols = `l.id, l.issuer_id, l.level, l.name, l.from_city, l.from_id, l.state, l.made_on, l.issued_on, l.version`

func scanList(city id.City) func(*db.Rows) (List, error) {
	return func(rows *db.Rows) (List, error) {
		l := List{ID: id.ID{City: city}}
		return l, rows.Scan(&l.ID.Key, &l.Issuer, &l.Level, &l.Name, &l.From.City, &l.From.Key, &l.State, &l.Made, &l.Issued, &l.Version)
	}
}

// Line is one line of a list.
type Line struct {
	Code     string
	N        int64 // its place
	Have     string
	Name     rulebook.Text
	Kind     string
	Least    int64
	Measure  string
	Evidence rulebook.Text
	Owes     string
	How      string
}

// Asked says whether a township is asked for the line: the system knows the rest, or nobody does yet.
func (l Line) Asked() bool {
	return l.How != Dropped && (l.Kind == "yes" || l.Kind == "number" || l.Kind == "date")
}

func (l Line) row(list id.Key) []any {
	return []any{list, l.Code, l.N, l.Have, l.Name.Zh, l.Name.En, l.Kind, l.Least, l.Measure, l.Evidence.Zh, l.Evidence.En, l.Owes, l.How}
}

func lines(ctx context.Context, r db.Reader, list id.Key) ([]Line, error) {
	return db.All(ctx, r, func(rows *db.Rows) (x Line, err error) {
		return x, rows.Scan(&x.Code, &x.N, &x.Have, &x.Name.Zh, &x.Name.En, &x.Kind, &x.Least, &x.Measure, &x.Evidence.Zh, &x.Evidence.En, &x.Owes, &x.How)
	}, `SELECT x.code, x.n, x.have, x.zh, x.en, x.kind, x.least, x.measure, x.evidence_zh, x.evidence_en, x.owes, x.how FROM have_lines x WHERE x.city_id = $1 AND x.list_id = $2 ORDER BY x.n, x.code`, list)
}

// mine says whether the actor issues lists for the organ: somebody who runs the haves there.
func mine(who access.Actor) bool {
	u := who.Unit()
	return who.Can(access.HaveRun) && u.Level <= access.County && u.Kind != "office"
}

// Get reads a list with its lines: one that the actor's organ made, or an issued one of an organ above it or in its reach.
func (s *Service) Get(ctx context.Context, who access.Actor, list id.ID) (List, error) {
	if !slices.Contains(who.Cities, list.City) {
		above, err := access.Above(ctx, s.Ledger.DB.In(who.City), access.Unit{ID: id.ID{City: who.City}})
		if err != nil || above.ID.City != list.City {
			return List{}, fault.Hidden()
		}
	}
	return s.get(ctx, s.Ledger.DB.In(list.City), who, list)
}

func (s *Service) get(ctx context.Context, r db.Reader, who access.Actor, list id.ID) (List, error) {
	ls, err := db.All(ctx, r, scanList(r.City()), `SELECT `+listCols+` FROM have_lists l WHERE l.city_id = $1 AND l.id = $2`, list.Key)
	if err == nil && len(ls) == 0 {
		err = fault.Hidden()
	}
	if err != nil {
		return List{}, err
	}
	l := ls[0]
	issuer, err := access.GetUnit(ctx, r, l.Issuer)
	if err != nil {
		return l, err
	}
	own := who.Unit().OrganID() == issuer.ID
	if l.State == Draft && !(own && mine(who)) || !own && issuer.Level > access.City && !who.Scope(access.HaveRead).Covers(issuer) {
		return l, fault.Hidden()
	}
	l.Lines, err = lines(ctx, r, list.Key)
	return l, err
}

// Lists lists what the actor may look at, newest first: those of their own organ, and what organs above have issued and have
// in force. Those of the organs below are in Adoptions.
func (s *Service) Lists(ctx context.Context, who access.Actor) (own, above []List, err error) {
	u := who.Unit()
	organ := u.OrganID()
	r := s.Ledger.DB.In(u.ID.City)
	if own, err = db.All(ctx, r, scanList(r.City()), `SELECT `+listCols+` FROM have_lists l WHERE l.city_id = $1 AND l.issuer_id = $2 ORDER BY l.id DESC LIMIT 50`, organ.Key); err != nil {
		return nil, nil, err
	}
	own = slices.DeleteFunc(own, func(l List) bool { return l.State == Draft && !mine(who) })
	if u.Level > access.City {
		if above, err = db.All(ctx, r, scanList(r.City()), `SELECT `+listCols+` FROM have_lists l WHERE l.city_id = $1 AND l.level < $2 AND l.state = 'issued' ORDER BY l.level DESC, l.id DESC LIMIT 20`, access.County); err != nil {
			return nil, nil, err
		}
	}
	top, err := access.Above(ctx, r, access.Unit{ID: id.ID{City: u.ID.City}})
	if err != nil || top.ID.Zero() {
		return own, above, err
	}
	r = s.Ledger.DB.In(top.ID.City)
	more, err := db.All(ctx, r, scanList(r.City()), `SELECT `+listCols+` FROM have_lists l WHERE l.city_id = $1 AND l.state = 'issued' ORDER BY l.id DESC LIMIT 20`)
	return own, append(above, more...), err
}

// Adoption is an organ that made its list from another, and what became of the lines.
type Adoption struct {
	List    id.ID
	Unit    access.Unit
	State   string
	Issued  calendar.Date
	AsIs    int64
	Changed int64
	Added   int64
	Dropped int64
}

// Adoptions lists who made a list from this one, in the order of tenants and codes. The caller has read the list; drafts are
// not told.
func (s *Service) Adoptions(ctx context.Context, who access.Actor, list id.ID) ([]Adoption, error) {
	var out []Adoption
	for _, city := range who.Cities {
		r := s.Ledger.DB.In(city)
		as, err := db.All(ctx, r, func(rows *db.Rows) (a Adoption, err error) {
			a.List.City, a.Unit.ID.City = r.City(), r.City()
			return a, rows.Scan(&a.List.Key, &a.Unit.ID.Key, &a.Unit.Name, &a.Unit.Kind, &a.State, &a.Issued, &a.AsIs, &a.Changed, &a.Added, &a.Dropped)
		}, `SELECT l.id, u.id, u.name, u.kind, l.state, l.issued_on, SUM(CASE WHEN x.how = 'as_is' THEN 1 ELSE 0 END), SUM(CASE WHEN x.how = 'changed' THEN 1 ELSE 0 END), SUM(CASE WHEN x.how = 'added' THEN 1 ELSE 0 END), SUM(CASE WHEN x.how = 'dropped' THEN 1 ELSE 0 END)
			FROM have_lists l JOIN units u ON u.city_id = l.city_id AND u.id = l.issuer_id JOIN have_lines x ON x.city_id = l.city_id AND x.list_id = l.id
			WHERE l.city_id = $1 AND l.from_id = $2 AND l.from_city = $3 AND l.state = 'issued' GROUP BY l.id, u.id, u.name, u.kind, u.code, l.state, l.issued_on ORDER BY u.code, l.id`, list.Key, int64(list.City))
		if err != nil {
			return nil, err
		}
		out = append(out, as...)
	}
	return out, nil
}

// Make begins a list of the actor's organ from another or, if none is named, from the rulebook; as it is, it is issued at
// once.
func (s *Service) Make(ctx context.Context, who access.Actor, from id.ID, name string, asIs bool) (id.ID, error) {
	if !mine(who) {
		return id.ID{}, fault.New(fault.Forbidden, "move.not_yours")
	}
	var ls []Line
	if !from.Zero() {
		l, err := s.Get(ctx, who, from)
		if err != nil {
			return id.ID{}, err
		}
		if l.State != Issued {
			return id.ID{}, fault.New(fault.Conflict, "haves.not_issued")
		}
		ls = l.Lines
		if name == "" {
			name = l.Name
		}
	}
	if err := said("name", &name, lineLimit); err != nil {
		return id.ID{}, err
	}
	var out id.ID
	u := who.Unit()
	rc, err := s.Ledger.Write(ctx, who, u.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		l := List{ID: tx.NewID(), Issuer: u.Organ, Level: u.Level, Name: name, From: from, State: Draft, Made: tx.Today(), Version: 1}
		if err := tx.Insert(ctx, listTable, l.row()...); err != nil {
			return ledger.Act{}, err
		}
		fresh := ls
		if from.Zero() {
			for _, x := range s.Rules.HaveLines(tx.Today()) {
				fresh = append(fresh, Line{Code: x.Code, Have: x.Have, Name: x.Name, Kind: x.Kind, Least: int64(x.Least), Measure: x.Measure, Evidence: x.Evidence, Owes: x.Owes})
			}
		}
		n := int64(0)
		for _, x := range fresh {
			if x.How == Dropped {
				continue // above it is asked of nobody already
			}
			n++
			x.N, x.How = n, AsIs
			if err := tx.Insert(ctx, lineTable, x.row(l.ID.Key)...); err != nil {
				return ledger.Act{}, err
			}
		}
		out = l.ID
		act := ledger.Act{Action: "haves.draft", Organ: u.OrganID(), About: "list/" + l.ID.String(), Params: map[string]any{"name": name, "from": from.String()}, Answer: l.ID.String()}
		if asIs {
			act.Action = "haves.adopt"
			return act, issue(ctx, tx, l)
		}
		return act, nil
	})
	if err == nil && rc.Replayed {
		out, err = id.Parse(rc.Answer)
	}
	return out, err
}

// issue puts a draft in force; what its issuer had in force is replaced.
func issue(ctx context.Context, tx *ledger.Tx, l List) error {
	olds, err := db.All(ctx, tx, scanList(tx.City()), `SELECT `+listCols+` FROM have_lists l WHERE l.city_id = $1 AND l.issuer_id = $2 AND l.state = 'issued'`, l.Issuer)
	if err != nil {
		return err
	}
	for _, old := range olds {
		old.State = Replaced
		if err := tx.Update(ctx, listTable, old.row()...); err != nil {
			return err
		}
	}
	l.State, l.Issued = Issued, tx.Today()
	return tx.Update(ctx, listTable, l.row()...)
}

// draft lets do change a draft of the actor's organ, at the version the caller saw.
func (s *Service) draft(ctx context.Context, who access.Actor, list id.ID, version int64, do func(tx *ledger.Tx, l *List) (ledger.Act, error)) error {
	_, err := s.Ledger.Write(ctx, who, list.City, func(tx *ledger.Tx) (ledger.Act, error) {
		l, err := s.get(ctx, tx, who, list)
		switch {
		case err != nil:
			return ledger.Act{}, err
		case !mine(who) || who.Unit().OrganID() != (id.ID{City: list.City, Key: l.Issuer}):
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		case l.Version != version:
			return ledger.Act{}, fault.Stale()
		case l.State != Draft:
			return ledger.Act{}, fault.New(fault.Conflict, "haves.issued")
		}
		act, err := do(tx, &l)
		act.Organ, act.About = id.ID{City: list.City, Key: l.Issuer}, "list/"+list.String()
		return act, err
	})
	return err
}

// Issue puts a draft in force.
func (s *Service) Issue(ctx context.Context, who access.Actor, list id.ID, version int64) error {
	return s.draft(ctx, who, list, version, func(tx *ledger.Tx, l *List) (ledger.Act, error) {
		if !slices.ContainsFunc(l.Lines, func(x Line) bool { return x.How != Dropped }) {
			return ledger.Act{}, fault.New(fault.Conflict, "haves.empty")
		}
		return ledger.Act{Action: "haves.issue", Params: map[string]any{"name": l.Name}}, issue(ctx, tx, *l)
	})
}

// SetLine changes a line of a draft, or adds one where its code is "". A line that the system takes from a measure keeps it.
func (s *Service) SetLine(ctx context.Context, who access.Actor, list id.ID, version int64, in Line) error {
	return s.draft(ctx, who, list, version, func(tx *ledger.Tx, l *List) (ledger.Act, error) {
		i := slices.IndexFunc(l.Lines, func(x Line) bool { return x.Code == in.Code })
		switch {
		case in.Code != "" && i < 0:
			return ledger.Act{}, fault.Hidden()
		case in.Code == "" && len(l.Lines) >= mostLines:
			return ledger.Act{}, fault.New(fault.Conflict, "haves.many", strconv.Itoa(mostLines))
		case i >= 0:
			was := l.Lines[i]
			in.N, in.Have, in.Measure, in.How = was.N, was.Have, was.Measure, was.How
			if was.Kind == "measure" || was.Kind == "later" {
				in.Kind = was.Kind
			}
			if in.How == AsIs || in.How == Dropped {
				in.How = Changed
			}
		default:
			in.Measure, in.How, in.N = "", Added, int64(len(l.Lines)+1)
			if len(l.Lines) > 0 {
				in.N = l.Lines[len(l.Lines)-1].N + 1
			}
		}
		if err := in.check(); err != nil {
			return ledger.Act{}, err
		}
		put := tx.Update
		if in.Code == "" {
			in.Code, put = "own."+tx.NewKey(), tx.Insert
		}
		if err := put(ctx, lineTable, in.row(list.Key)...); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "haves.line", Params: map[string]any{"code": in.Code, "how": in.How, "name": in.Name.Zh}}, tx.Update(ctx, listTable, l.row()...)
	})
}

// DropLine has a line of a draft asked of nobody; one that was added is gone from the list's next issue all the same, and
// stays here as dropped.
func (s *Service) DropLine(ctx context.Context, who access.Actor, list id.ID, version int64, code string) error {
	return s.draft(ctx, who, list, version, func(tx *ledger.Tx, l *List) (ledger.Act, error) {
		i := slices.IndexFunc(l.Lines, func(x Line) bool { return x.Code == code })
		if i < 0 {
			return ledger.Act{}, fault.Hidden()
		}
		x := l.Lines[i]
		x.How = Dropped
		if err := tx.Update(ctx, lineTable, x.row(list.Key)...); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "haves.line", Params: map[string]any{"code": code, "how": Dropped}}, tx.Update(ctx, listTable, l.row()...)
	})
}

// mostLeast is more than any number, share or sum of yuan that a township is held to: what is larger was mistyped.
const mostLeast = 1_000_000_000

// check mends what was typed of a line and says what is wrong with it.
func (l *Line) check() error {
	var form typed.Form
	form.Line("zh", &l.Name.Zh, true, lineLimit)
	form.Line("en", &l.Name.En, false, lineLimit)
	form.Line("evidence", &l.Evidence.Zh, false, lineLimit)
	if !slices.Contains(rulebook.Haves, l.Have) {
		form.Say("have", "choice.unknown")
	}
	switch {
	case !slices.Contains(rulebook.HaveKinds, l.Kind) || l.Kind == "measure" && l.Measure == "":
		form.Say("kind", "choice.unknown")
	case l.Kind == "number" && (l.Least < 1 || l.Least > mostLeast) || l.Kind == "measure" && (l.Least < 0 || l.Least > mostLeast):
		form.Say("least", "haves.least")
	case l.Kind != "number" && l.Kind != "measure":
		l.Least = 0
	}
	switch {
	case !slices.Contains(rulebook.HaveLevels, l.Owes):
		form.Say("owes", "choice.unknown")
	case l.Owes == "township" && slices.Contains(rulebook.NeverTownship, l.Have):
		form.Say("owes", "haves.never_township")
	}
	return form.Err()
}

// said cleans a text that must be there.
func said(field string, v *string, most int) error {
	var form typed.Form
	form.Line(field, v, true, most)
	return form.Err()
}
