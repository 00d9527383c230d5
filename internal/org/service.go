package org

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow/bar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Rules  *rulebook.Book
	// UnitMerged is told in the transaction that a unit was closed and another took its place: what it works on must follow (Merges).
	UnitMerged func(ctx context.Context, tx *ledger.Tx) error
	// Seats is told what becomes of posts; nil: nobody asks.
	Seats Seats
}

// Seats is told, in the transaction, what becomes of posts, and says what an appointment still lacks.
type Seats interface {
	Asked(ctx context.Context, tx *ledger.Tx, a Waiting, p Place) error           // somebody was put forward
	Answered(ctx context.Context, tx *ledger.Tx, a Waiting) error                 // refused or taken back
	Lacks(ctx context.Context, tx *ledger.Tx, a Waiting, p Place) error           // a fault while it can't be confirmed yet
	Changed(ctx context.Context, tx *ledger.Tx, post id.Key) error                // somebody came or left
	Moved(ctx context.Context, tx *ledger.Tx, holding id.Key, paper string) error // with whose consent somebody was moved
}

var (
	unitTable = &ledger.Table{Name: "units", Key: []string{"id"}, Cols: []string{"kind", "level", "code", "name", "short", "pinyin", "initials", "superior_id", "county_id",
		"township_id", "organ_id", "office_id", "opened_on", "closed_on", "version"}, Version: "version"}
	unitAttrTable = &ledger.Table{Name: "unit_attrs", Key: []string{"unit_id", "from_on"}, Cols: []string{"code", "name", "superior_id"}}
	personTable   = &ledger.Table{Name: "people", Key: []string{"id"}, Cols: []string{"name", "pinyin", "born", "discipline_months", "skills", "outside_no", "version"}, Version: "version"}
	postTable     = &ledger.Table{Name: "posts", Key: []string{"id"}, Cols: []string{"unit_id", "kind", "title", "established", "opened_on", "closed_on", "vacant_since"}}
	holdingTable  = &ledger.Table{Name: "holdings", Key: []string{"id"}, Cols: []string{"post_id", "unit_id", "kind", "person_id", "from_on", "to_on", "full_time", "acting",
		"leave_reason", "leave_to", "version"}, Version: "version"}
	careerTable   = &ledger.Table{Name: "careers", Key: []string{"id"}, Cols: []string{"person_id", "from_on", "to_on", "discipline", "what", "unit_id"}}
	officialTable = &ledger.Table{Name: "officials", Key: []string{"id"}, Cols: []string{"unit_id", "county_id", "township_id", "name", "pinyin", "post", "rank", "category",
		"party_member", "chief", "person_id", "from_on", "to_on", "outside_no", "version"}, Version: "version"}
	baseTable    = &ledger.Table{Name: "official_bases", Key: []string{"unit_id"}, Cols: []string{"on_day", "n", "basis"}}
	sizeTable    = &ledger.Table{Name: "organ_sizes", Key: []string{"unit_id", "on_day"}, Cols: []string{"authorised", "actual"}}
	dutyTable    = &ledger.Table{Name: "duties", Key: []string{"id"}, Cols: []string{"unit_id", "holding_id", "kind", "what", "assigned_by", "paper", "hours", "village_id", "from_on", "to_on"}}
	groupTable   = &ledger.Table{Name: "workgroups", Key: []string{"id"}, Cols: []string{"unit_id", "name", "set_up_by", "responsible", "head_holding", "role", "from_on", "to_on"}}
	settingTable = &ledger.Table{Name: "settings", Key: []string{"unit_id", "key", "from_on"}, Cols: []string{"value"}}
	delegTable   = &ledger.Table{Name: "delegations", Key: []string{"id"}, Cols: []string{"from_person", "from_holding", "unit_id", "to_person", "from_on", "to_on", "reason", "made_on",
		"revoked_on", "version"}, Version: "version"}
)

// Tables are the covered tables of this room.
func Tables() []*ledger.Table {
	return []*ledger.Table{unitTable, unitAttrTable, personTable, postTable, holdingTable, careerTable, officialTable, stayTable, baseTable, sizeTable, dutyTable, groupTable, settingTable, delegTable, appointmentTable, reorganisationTable}
}

func unitRow(u access.Unit) []any {
	return []any{u.ID.Key, u.Kind, u.Level, u.Code, u.Name, u.Short, text.Pinyin(u.Name), text.Initials(u.Name), u.Superior, u.County, u.Township, u.Organ, u.Office, u.Opened, u.Closed, u.Version}
}

// NewUnit is a unit to open.
type NewUnit struct {
	Kind     string
	Code     string
	Name     string
	Short    string
	Superior access.Unit // zero at the top of a tenant
	Office   id.Key
	Opened   calendar.Date
}

var levels = map[string]int{"nation": access.Nation, "province": access.Province, "city": access.City, "county": access.County, "township": access.Township, "village": access.Village}

// shape fills in what follows from a unit's kind and superior.
func shape(key id.ID, in NewUnit) access.Unit {
	up := in.Superior
	u := access.Unit{ID: key, Kind: in.Kind, Code: in.Code, Name: in.Name, Short: in.Short, Superior: up.ID.Key, Office: in.Office, Opened: in.Opened, Version: 1,
		County: up.County, Township: up.Township, Organ: up.Organ}
	l, ok := levels[in.Kind]
	if !ok {
		l = up.Level // offices, departments, stations stand at the level of what they belong to
	}
	u.Level = l
	switch in.Kind {
	case "nation", "province", "city":
		u.Organ = key.Key
	case "county":
		u.Organ, u.County = key.Key, key.Key
	case "township":
		u.Township = key.Key
	}
	if u.Short == "" {
		u.Short = u.Name
	}
	return u
}

// OpenUnits opens units in the transaction of a caller that says so in its act; many are one bulk.
func OpenUnits(ctx context.Context, tx *ledger.Tx, in []NewUnit) ([]access.Unit, error) {
	out := make([]access.Unit, len(in))
	rows, attrs := make([][]any, len(in)), make([][]any, len(in))
	for i, n := range in {
		u := shape(tx.NewID(), n)
		out[i], rows[i] = u, unitRow(u)
		attrs[i] = []any{u.ID.Key, u.Opened, u.Code, u.Name, u.Superior}
	}
	if len(in) == 1 {
		if err := tx.Insert(ctx, unitTable, rows[0]...); err != nil {
			return nil, err
		}
		return out, tx.Insert(ctx, unitAttrTable, attrs[0]...)
	}
	if err := tx.InsertMany(ctx, unitTable, rows); err != nil {
		return nil, err
	}
	return out, tx.InsertMany(ctx, unitAttrTable, attrs)
}

// NewPerson is somebody who works, or worked, in discipline inspection. Born is YYYY-MM; DisciplineMonths is what they
// had before the first holding known here.
type NewPerson struct {
	Name             string
	Born             string
	DisciplineMonths int
	Skills           string
	OutsideNo        string
}

func personRow(key id.Key, p NewPerson, version int64) []any {
	return []any{key, p.Name, text.Pinyin(p.Name), p.Born, p.DisciplineMonths, p.Skills, p.OutsideNo, version}
}

// AddPerson writes a person in the caller's transaction.
func AddPerson(ctx context.Context, tx *ledger.Tx, p NewPerson) (id.Key, error) {
	name, ok := cleanName(p.Name)
	if !ok {
		return "", fault.InvalidField("name", "name.invalid")
	}
	p.Name = name
	if err := fault.InvalidFields(CheckLife(p.Born, p.DisciplineMonths, "", tx.Today())); err != nil {
		return "", err
	}
	key := tx.NewKey()
	return key, tx.Insert(ctx, personTable, personRow(key, p, 1)...)
}

// Appointment puts a person into a post.
type Appointment struct {
	Post     id.Key
	Person   id.Key
	From     calendar.Date
	FullTime bool
	Acting   bool
}

// Appoint writes a holding in the caller's transaction; the post must be free from that day on, and nobody holds two of townships'
// establishment at once.
func Appoint(ctx context.Context, tx *ledger.Tx, a Appointment) (id.Key, error) {
	var p struct {
		unit, at, kind, title, opened, closed, vacant string
		established                                   bool
	}
	err := tx.Row(ctx, `SELECT p.unit_id, u.kind, p.kind, p.title, p.established, p.opened_on, p.closed_on, p.vacant_since FROM posts p JOIN units u ON u.city_id = p.city_id AND u.id = p.unit_id
		WHERE p.city_id = $1 AND p.id = $2`, a.Post).Scan(&p.unit, &p.at, &p.kind, &p.title, &p.established, &p.opened, &p.closed, &p.vacant)
	if err == db.ErrNoRows {
		return "", fault.Hidden()
	}
	if err != nil {
		return "", err
	}
	if p.closed != "" {
		return "", fault.New(fault.Conflict, "appoint.closed")
	}
	held, err := db.Column[string](ctx, tx, `SELECT id FROM holdings WHERE city_id = $1 AND post_id = $2 AND (to_on = '' OR to_on > $3)`, a.Post, a.From)
	if err != nil {
		return "", err
	}
	if len(held) > 0 {
		return "", fault.New(fault.Conflict, "post.held")
	}
	if !a.Acting && p.established && p.at == "township" && contains(Establishment, p.kind) {
		if err := once(ctx, tx, a.Person, a.From); err != nil {
			return "", err
		}
	}
	key := tx.NewKey()
	if err := tx.Insert(ctx, holdingTable, key, a.Post, p.unit, p.kind, a.Person, a.From, "", a.FullTime, a.Acting, "", "", int64(1)); err != nil {
		return "", err
	}
	if err := tx.Update(ctx, postTable, a.Post, p.unit, p.kind, p.title, p.established, p.opened, p.closed, ""); err != nil {
		return "", err
	}
	return key, bar.Appointed(ctx, tx, a.Person, p.unit)
}

// OpenPost sets up a post at a unit.
func OpenPost(ctx context.Context, tx *ledger.Tx, unit access.Unit, kind, title string, established bool, on calendar.Date) (id.Key, error) {
	k, ok := access.KindOf(kind)
	if !ok || !contains(k.At, unit.Kind) {
		return "", fault.InvalidField("kind", "post.kind")
	}
	key := tx.NewKey()
	return key, tx.Insert(ctx, postTable, key, unit.ID.Key, kind, title, established, on, "", on)
}

// Leave ends a holding from a day on, with its reason of the closed list.
func (s *Service) Leave(ctx context.Context, tx *ledger.Tx, holding id.Key, on calendar.Date, reason, to string) error {
	if _, ok := s.Rules.Term("leaving_reason", reason); !ok {
		return fault.InvalidField("leave_reason", "choice.unknown")
	}
	var h struct {
		post, unit, kind, person, from, to string
		full, acting                       bool
		version                            int64
	}
	err := tx.Row(ctx, `SELECT post_id, unit_id, kind, person_id, from_on, to_on, full_time, acting, version FROM holdings WHERE city_id = $1 AND id = $2`, holding).
		Scan(&h.post, &h.unit, &h.kind, &h.person, &h.from, &h.to, &h.full, &h.acting, &h.version)
	if err == db.ErrNoRows {
		return fault.Hidden()
	}
	if err != nil {
		return err
	}
	switch {
	case h.to != "":
		return fault.New(fault.Conflict, "holding.ended")
	case string(on) < h.from:
		return fault.InvalidField("on", "day.before", h.from)
	}
	if err := tx.Update(ctx, holdingTable, holding, h.post, h.unit, h.kind, h.person, h.from, on, h.full, h.acting, reason, to, h.version); err != nil {
		return err
	}
	var p struct {
		title, opened, closed string
		established           bool
	}
	if err := tx.Row(ctx, `SELECT title, established, opened_on, closed_on FROM posts WHERE city_id = $1 AND id = $2`, h.post).Scan(&p.title, &p.established, &p.opened, &p.closed); err != nil {
		return err
	}
	return tx.Update(ctx, postTable, h.post, h.unit, h.kind, p.title, p.established, p.opened, p.closed, on)
}

// Leaving is somebody's end in a post; Paper is the number under which the county commission agreed beforehand, where the reason
// is a move and the post one of a township's establishment.
type Leaving struct {
	On     calendar.Date
	Reason string
	To     string
	Paper  string
}

// LeavePost is Leave as a use case of whoever sees to appointments. It takes one person only: what takes authority away
// must never wait.
func (s *Service) LeavePost(ctx context.Context, who access.Actor, holding id.ID, in Leaving) error {
	for _, f := range []struct {
		name  string
		value *string
	}{{"to", &in.To}, {"leave_paper", &in.Paper}} {
		if err := cleanLine(f.name, f.value); err != nil {
			return err
		}
	}
	_, err := s.Ledger.Write(ctx, who, holding.City, func(tx *ledger.Tx) (ledger.Act, error) {
		var post id.Key
		if err := tx.Row(ctx, `SELECT post_id FROM holdings WHERE city_id = $1 AND id = $2`, holding.Key).Scan(&post); err == db.ErrNoRows {
			return ledger.Act{}, fault.Hidden()
		} else if err != nil {
			return ledger.Act{}, err
		}
		p, err := seatOf(ctx, tx, who, post)
		if err != nil {
			return ledger.Act{}, err
		}
		moved := p.Covered() && s.moves(in.Reason)
		// Whoever sees to security never waits for a paper; that there is none stays to be seen.
		if moved && in.Paper == "" && overStaff(who, p.Unit) == access.Personnel {
			return ledger.Act{}, fault.InvalidField("leave_paper", "leave.paper")
		}
		act := ledger.Act{Action: "holding.end", Organ: p.Unit.OrganID(), About: "holding/" + holding.String(), Params: map[string]any{"on": string(in.On), "leave_reason": in.Reason, "to": in.To}}
		if in.Paper != "" {
			act.Params["paper"] = in.Paper
		}
		if err := s.Leave(ctx, tx, holding.Key, in.On, in.Reason, in.To); err != nil || s.Seats == nil {
			return act, err
		}
		if moved {
			if err := s.Seats.Moved(ctx, tx, holding.Key, in.Paper); err != nil {
				return act, err
			}
		}
		return act, s.Seats.Changed(ctx, tx, post)
	})
	return err
}

// moves says whether somebody who leaves for a reason is moved, by the rulebook.
func (s *Service) moves(reason string) bool {
	t, _ := s.Rules.Term("leaving_reason", reason)
	return t.Attrs["consent"] == "yes"
}

// lineLimit is how many characters one line about an appointment may have.
const lineLimit = 120

// cleanLine trims a line that somebody typed, or says what is wrong with it.
func cleanLine(name string, v *string) error {
	var form typed.Form
	form.Line(name, v, false, lineLimit)
	return form.Err()
}

func cleanName(s string) (string, bool) {
	out := text.Fold(s)
	n := len([]rune(out))
	return trimmed(s), n > 0 && n <= 30
}

func trimmed(s string) string {
	r := []rune(s)
	for len(r) > 0 && (r[0] == ' ' || r[0] == '　') {
		r = r[1:]
	}
	for len(r) > 0 && (r[len(r)-1] == ' ' || r[len(r)-1] == '　') {
		r = r[:len(r)-1]
	}
	return string(r)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
