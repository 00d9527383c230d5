package org

import (
	"context"
	"fmt"
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

// A unit that is merged, moved or renamed takes what it works on with it, and with that who sees it. So it takes two people,
// as an appointment does, and the paper that ordered it; what was before the day stays as it was.

var reorganisationTable = &ledger.Table{Name: "reorganisations", Key: []string{"id"}, Cols: []string{"kind", "unit_id", "into_id", "name", "on_day", "paper",
	"asked_by", "asked_name", "asked_on", "state", "decided_by", "decided_name", "decided_on", "note", "version", "code", "parts", "base"}, Version: "version", Added: []string{"code", "parts", "base"}}

// What can become of a unit.
const (
	UnitMerge  = "merge"  // closed, and another of its kind takes over
	UnitMove   = "move"   // a village comes to another township of the county
	UnitRename = "rename" // called otherwise from a day on
	UnitSplit  = "split"  // a new one of its kind stands beside it, with some of its villages
)

// Merged is why somebody left a post of a unit that was merged: a code of the list leaving_reason.
const Merged = "merged"

// Reorganisation is what was put forward for a unit, and what became of it.
type Reorganisation struct {
	ID          id.Key
	Kind        string
	Unit        id.Key
	Into        id.Key // the unit that takes over, the new superior, or the new unit once it is there
	Name        string // the new name, or the new unit's
	On          calendar.Date
	Paper       string // number of the decision it rests on
	AskedBy     id.Key
	AskedName   string
	AskedOn     calendar.Date
	State       string // open, granted, refused, withdrawn
	DecidedBy   id.Key
	DecidedName string
	DecidedOn   calendar.Date
	Note        string
	Version     int64
	Code        string   // the new unit's division code
	Parts       []id.Key // the villages that come under the new unit
	Base        int      // how much of the base for growth went along
}

// partList is how villages stand in one column.
type partList []id.Key

func (l *partList) Scan(v any) error {
	s, ok := v.(string)
	if b, is := v.([]byte); is {
		s, ok = string(b), true
	}
	if !ok {
		return fmt.Errorf("a list of villages can't be %T", v)
	}
	*l = strings.Fields(s)
	return nil
}

func (x *Reorganisation) row() []any {
	return []any{x.ID, x.Kind, x.Unit, x.Into, x.Name, x.On, x.Paper, x.AskedBy, x.AskedName, x.AskedOn, x.State, x.DecidedBy, x.DecidedName, x.DecidedOn, x.Note, x.Version, x.Code, strings.Join(x.Parts, " "), x.Base}
}

func (x *Reorganisation) dest() []any {
	return []any{&x.ID, &x.Kind, &x.Unit, &x.Into, &x.Name, &x.On, &x.Paper, &x.AskedBy, &x.AskedName, &x.AskedOn, &x.State, &x.DecidedBy, &x.DecidedName, &x.DecidedOn, &x.Note, &x.Version, &x.Code, (*partList)(&x.Parts), &x.Base}
}

const reorganisationCols = `x.id, x.kind, x.unit_id, x.into_id, x.name, x.on_day, x.paper, x.asked_by, x.asked_name, x.asked_on, x.state, x.decided_by, x.decided_name, x.decided_on, x.note, x.version, x.code, x.parts, x.base`

// Reorganisations lists what was put forward for a unit or made it another's heir, newest first.
func (s *Service) Reorganisations(ctx context.Context, r db.Reader, unit id.Key) ([]Reorganisation, error) {
	return db.All(ctx, r, func(rows *db.Rows) (x Reorganisation, err error) { return x, rows.Scan(x.dest()...) },
		`SELECT `+reorganisationCols+` FROM reorganisations x WHERE x.city_id = $1 AND x.unit_id = $2
		UNION SELECT `+reorganisationCols+` FROM reorganisations x WHERE x.city_id = $1 AND x.into_id = $2 ORDER BY 1 DESC LIMIT 50`, unit)
}

// WaitingChanges are the changes of units that wait to be confirmed by whoever sees to them.
func (s *Service) WaitingChanges(ctx context.Context, who access.Actor) ([]Reorganisation, error) {
	b := db.Build(`SELECT ` + reorganisationCols + ` FROM reorganisations x JOIN units u ON u.city_id = x.city_id AND u.id = x.unit_id WHERE x.city_id = $1 AND x.state = 'open'`)
	if err := withinStaff(b, who); err != nil {
		return nil, err
	}
	text, args := b.Add(` ORDER BY x.on_day, x.id LIMIT 20`).SQL()
	return db.All(ctx, s.Ledger.DB.In(who.City), func(rows *db.Rows) (x Reorganisation, err error) { return x, rows.Scan(x.dest()...) }, text, args...)
}

// Merge is a unit that was closed and the one that took its place.
type Merge struct{ From, Into id.Key }

// Merges lists the units that were merged, the first first.
func Merges(ctx context.Context, r db.Reader) ([]Merge, error) {
	return db.All(ctx, r, func(rows *db.Rows) (m Merge, err error) { return m, rows.Scan(&m.From, &m.Into) },
		`SELECT x.unit_id, x.into_id FROM reorganisations x WHERE x.city_id = $1 AND x.state = '`+AppointGranted+`' AND x.kind = '`+UnitMerge+`' ORDER BY x.on_day, x.id`)
}

// MayReorganise says whether the actor sees to what becomes of a unit.
func MayReorganise(who access.Actor, u access.Unit) bool { return overStaff(who, u) != "" }

// CanBecome lists what can become of a unit. A commission with a register of its own is not merged here: its registers
// stay until their material is destroyed (the key's sheet for a merged organ).
func CanBecome(u access.Unit) []string {
	switch {
	case u.Closed != "":
		return nil
	case u.IsOrgan():
		return []string{UnitRename}
	case u.Kind == "village":
		return []string{UnitMerge, UnitMove, UnitSplit, UnitRename}
	case u.Kind == "township":
		return []string{UnitMerge, UnitSplit, UnitRename}
	case u.Kind == "office":
		return []string{UnitMerge, UnitRename}
	}
	return nil
}

// Heirs lists the units that may take over from one, or that it may come under.
func Heirs(ctx context.Context, r db.Reader, u access.Unit, kind string) ([]access.Unit, error) {
	var us []access.Unit
	var err error
	switch {
	case kind == UnitMove:
		us, err = access.UnitsOf(ctx, r, u.County, "township")
		us = slices.DeleteFunc(us, func(x access.Unit) bool { return x.ID.Key == u.Superior })
	case kind == UnitMerge:
		us, err = access.Below(ctx, r, u.Superior, u.Kind)
		us = slices.DeleteFunc(us, func(x access.Unit) bool { return x.ID == u.ID })
	}
	return us, err
}

// Reorganise puts forward what shall become of a unit. Another person confirms it with DecideReorganisation, on the day or later.
func (s *Service) Reorganise(ctx context.Context, who access.Actor, in Reorganisation) (id.Key, error) {
	for _, f := range []struct {
		name  string
		value *string
	}{{"name", &in.Name}, {"paper", &in.Paper}, {"code", &in.Code}} {
		if err := cleanLine(f.name, f.value); err != nil {
			return "", err
		}
	}
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		u, err := access.GetUnit(ctx, tx, in.Unit)
		if err != nil {
			return ledger.Act{}, err
		}
		if !MayReorganise(who, u) {
			return ledger.Act{}, fault.Hidden()
		}
		if _, err := s.checkReorganisation(ctx, tx, u, in); err != nil {
			return ledger.Act{}, err
		}
		x := Reorganisation{ID: tx.NewKey(), Kind: in.Kind, Unit: in.Unit, On: in.On, Paper: in.Paper, AskedBy: who.Person, AskedName: who.Name, AskedOn: tx.Today(), State: AppointOpen, Version: 1}
		switch in.Kind {
		case UnitRename:
			x.Name = in.Name
		case UnitSplit:
			x.Name, x.Code, x.Parts = in.Name, in.Code, in.Parts
		default:
			x.Into = in.Into
		}
		err = tx.Insert(ctx, reorganisationTable, x.row()...)
		if db.Unique(err) {
			err = fault.New(fault.Conflict, "reorganise.waiting")
		}
		return ledger.Act{Action: "unit.propose", Organ: u.OrganID(), About: "unit/" + u.ID.String(), Answer: x.ID, Params: x.said()}, err
	})
	return rc.Answer, err
}

// checkReorganisation says what is wrong with a change of a unit, beside each field, and reads the one that takes over.
func (s *Service) checkReorganisation(ctx context.Context, r db.Reader, u access.Unit, in Reorganisation) (into access.Unit, err error) {
	switch {
	case u.Closed != "":
		return into, fault.New(fault.Conflict, "reorganise.closed")
	case !slices.Contains(CanBecome(u), in.Kind):
		return into, fault.InvalidField("kind", "choice.unknown")
	}
	var form typed.Form
	if in.Paper == "" {
		form.Say("paper", "required")
	}
	dated := form.Day("on", in.On, true)
	if dated {
		last, err := laterThan(ctx, r, []id.Key{u.ID.Key}, in.On)
		if err != nil {
			return into, err
		}
		last = max(last, u.Opened)
		switch {
		case in.On > r.Now().Date().AddDays(farAhead):
			form.Say("on", "appoint.far")
			dated = false
		case in.On <= last: // what was before the last change is history
			form.Say("on", "day.after", string(last))
			dated = false
		}
	}
	switch in.Kind {
	case UnitSplit:
		err = checkSplit(ctx, r, u, in, dated)
	case UnitRename:
		switch name, ok := cleanName(in.Name); {
		case !ok:
			form.Say("name", "name.invalid")
		case name == u.Name:
			form.Say("name", "reorganise.same_name")
		}
	default:
		into, err = heirOf(ctx, r, u, in, dated)
	}
	if err := form.Join(err); err != nil {
		return into, err
	}
	return into, form.Err()
}

// heirOf reads the unit that takes over, or that one comes under; dated says that the day is one.
func heirOf(ctx context.Context, r db.Reader, u access.Unit, in Reorganisation, dated bool) (into access.Unit, err error) {
	heirs, err := Heirs(ctx, r, u, in.Kind)
	if err != nil {
		return into, err
	}
	i := slices.IndexFunc(heirs, func(x access.Unit) bool { return x.ID.Key == in.Into })
	if i < 0 {
		return into, fault.InvalidField("into", "choice.unknown")
	}
	into = heirs[i]
	if !dated {
		return into, nil
	}
	if into.Opened > in.On {
		return into, fault.InvalidField("on", "day.before", string(into.Opened))
	}
	if in.Kind == UnitMerge {
		began, err := db.Column[string](ctx, r, `SELECT h.from_on FROM holdings h WHERE h.city_id = $1 AND h.unit_id = $2 AND h.to_on = '' AND h.from_on > $3 LIMIT 1`, u.ID.Key, in.On)
		if err != nil {
			return into, err
		}
		if len(began) > 0 {
			return into, fault.InvalidField("on", "day.before", began[0])
		}
	}
	return into, nil
}

// DecideReorganisation confirms what another person put forward, or refuses it with a reason. Whoever put it forward can
// only take it back.
func (s *Service) DecideReorganisation(ctx context.Context, who access.Actor, key id.Key, version int64, grant bool, note string) error {
	if err := cleanLine("note", &note); err != nil {
		return err
	}
	_, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		var x Reorganisation
		err := tx.Row(ctx, `SELECT `+reorganisationCols+` FROM reorganisations x WHERE x.city_id = $1 AND x.id = $2`, key).Scan(x.dest()...)
		if err == db.ErrNoRows {
			return ledger.Act{}, fault.Hidden()
		}
		if err != nil {
			return ledger.Act{}, err
		}
		u, err := access.GetUnit(ctx, tx, x.Unit)
		if err != nil {
			return ledger.Act{}, err
		}
		if !MayReorganise(who, u) {
			return ledger.Act{}, fault.Hidden()
		}
		if x.State != AppointOpen || x.Version != version {
			return ledger.Act{}, fault.Stale()
		}
		act := ledger.Act{Organ: u.OrganID(), About: "unit/" + u.ID.String()}
		switch {
		case x.AskedBy == who.Person && grant:
			return act, fault.New(fault.Forbidden, "appoint.two_hands")
		case x.AskedBy == who.Person:
			x.State, act.Action = AppointWithdrawn, "unit.withdraw"
		case !grant && note == "":
			return act, fault.InvalidField("note", "required")
		case !grant:
			x.State, act.Action = AppointRefused, "unit.refuse"
		case x.On > tx.Today():
			return act, fault.New(fault.Conflict, "reorganise.early", string(x.On))
		default:
			into, err := s.checkReorganisation(ctx, tx, u, x)
			if err != nil {
				return act, err
			}
			if err := s.reorganise(ctx, tx, u, into, &x); err != nil {
				return act, err
			}
			x.State, act.Action = AppointGranted, "unit."+x.Kind
		}
		x.DecidedBy, x.DecidedName, x.DecidedOn, x.Note = who.Person, who.Name, tx.Today(), note
		act.Params = x.said()
		act.Params["asked_by"] = x.AskedBy
		return act, tx.Update(ctx, reorganisationTable, x.row()...)
	})
	return err
}

// said is what an act tells of the change.
func (x *Reorganisation) said() map[string]any {
	out := map[string]any{"kind": x.Kind, "into": x.Into, "name": x.Name, "on": string(x.On), "paper": x.Paper}
	if x.Kind == UnitSplit {
		out["code"], out["parts"] = x.Code, x.Parts
	}
	return out
}

func (s *Service) reorganise(ctx context.Context, tx *ledger.Tx, u, into access.Unit, x *Reorganisation) (err error) {
	switch x.Kind {
	case UnitSplit:
		x.Into, err = splitUnit(ctx, tx, u, *x)
		return err
	case UnitRename:
		name, _ := cleanName(x.Name)
		return RenameUnit(ctx, tx, u, name, x.On)
	case UnitMove:
		return moveUnit(ctx, tx, u, into, x.On)
	}
	x.Base, err = s.mergeUnit(ctx, tx, u, into, x.On)
	return err
}

// moveUnit brings a unit under another superior of the same organ, with the register of its officials.
func moveUnit(ctx context.Context, tx *ledger.Tx, u, superior access.Unit, on calendar.Date) error {
	if err := amend(ctx, tx, unitTable, u.ID.Key, map[string]any{"superior_id": superior.ID.Key, "township_id": superior.Township}); err != nil {
		return err
	}
	if err := attribute(ctx, tx, u, on, u.Name, superior.ID.Key); err != nil {
		return err
	}
	return rehouse(ctx, tx, u.ID.Key, u.ID.Key, superior.Township, on)
}

// mergeUnit closes a unit whose place another takes: its posts end, what lies under it and its officials come to the other,
// and its base is counted there, so that growth is held against what both had: it says how much. What it works on follows (package flow).
func (s *Service) mergeUnit(ctx context.Context, tx *ledger.Tx, u, into access.Unit, on calendar.Date) (base int, err error) {
	for _, x := range []access.Unit{u, into} { // neither is merged elsewhere meanwhile
		if err := amend(ctx, tx, unitTable, x.ID.Key, nil); err != nil {
			return 0, err
		}
		now, err := access.GetUnit(ctx, tx, x.ID.Key)
		if err != nil {
			return 0, err
		}
		if now.Closed != "" {
			return 0, fault.Stale()
		}
	}
	held, err := db.Column[string](ctx, tx, `SELECT h.id FROM holdings h WHERE h.city_id = $1 AND h.unit_id = $2 AND h.to_on = ''`, u.ID.Key)
	if err != nil {
		return 0, err
	}
	leaving, err := db.Column[string](ctx, tx, `SELECT h.id FROM holdings h WHERE h.city_id = $1 AND h.unit_id = $2 AND h.to_on > $3`, u.ID.Key, on)
	if err != nil {
		return 0, err
	}
	for _, h := range leaving { // of whom it was known that they leave later
		if err := amend(ctx, tx, holdingTable, h, map[string]any{"to_on": on}); err != nil {
			return 0, err
		}
	}
	for _, h := range held {
		if err := s.Leave(ctx, tx, h, on, Merged, into.Name); err != nil {
			return 0, err
		}
	}
	for _, end := range []struct {
		table *ledger.Table
		col   string
		text  string
	}{
		{postTable, "closed_on", `SELECT p.id FROM posts p WHERE p.city_id = $1 AND p.unit_id = $2 AND p.closed_on = ''`},
		{groupTable, "to_on", `SELECT g.id FROM workgroups g WHERE g.city_id = $1 AND g.unit_id = $2 AND g.to_on = ''`},
		{dutyTable, "to_on", `SELECT d.id FROM duties d WHERE d.city_id = $1 AND d.unit_id = $2 AND d.to_on = ''`},
	} {
		keys, err := db.Column[string](ctx, tx, end.text, u.ID.Key)
		if err != nil {
			return 0, err
		}
		for _, k := range keys {
			if err := amend(ctx, tx, end.table, k, map[string]any{end.col: on}); err != nil {
				return 0, err
			}
		}
	}
	below, err := access.Below(ctx, tx, u.ID.Key)
	if err != nil {
		return 0, err
	}
	for _, b := range below {
		if err := moveUnit(ctx, tx, b, into, on); err != nil {
			return 0, err
		}
	}
	if err := rehouse(ctx, tx, u.ID.Key, into.ID.Key, into.Township, on); err != nil {
		return 0, err
	}
	after, err := db.Column[string](ctx, tx, `SELECT t.id FROM units t WHERE t.city_id = $1 AND t.office_id = $2`, u.ID.Key)
	if err != nil {
		return 0, err
	}
	for _, t := range after { // the townships that a merged office looked after
		if err := amend(ctx, tx, unitTable, t, map[string]any{"office_id": into.ID.Key}); err != nil {
			return 0, err
		}
	}
	if base, err = mergeBase(ctx, tx, u, into); err != nil {
		return 0, err
	}
	if err := amend(ctx, tx, unitTable, u.ID.Key, map[string]any{"closed_on": on}); err != nil {
		return 0, err
	}
	if s.UnitMerged == nil {
		return base, nil
	}
	return base, s.UnitMerged(ctx, tx)
}

func mergeBase(ctx context.Context, tx *ledger.Tx, u, into access.Unit) (int, error) {
	bases, err := db.All(ctx, tx, func(rows *db.Rows) (b Base, err error) { return b, rows.Scan(&b.Unit, &b.On, &b.N, &b.Basis) },
		`SELECT s.unit_id, s.on_day, s.n, s.basis FROM official_bases s WHERE s.city_id = $1 AND s.unit_id IN ($2, $3)`, u.ID.Key, into.ID.Key)
	if err != nil {
		return 0, err
	}
	i, j := slices.IndexFunc(bases, func(b Base) bool { return b.Unit == u.ID.Key }), slices.IndexFunc(bases, func(b Base) bool { return b.Unit == into.ID.Key })
	if i < 0 {
		return 0, nil
	}
	from := bases[i]
	if j < 0 {
		if err := SetBases(ctx, tx, []Base{{Unit: into.ID.Key, On: from.On, N: from.N, Basis: from.Basis}}); err != nil {
			return 0, err
		}
	} else if err := AmendBase(ctx, tx, Base{Unit: into.ID.Key, On: bases[j].On, N: bases[j].N + from.N, Basis: bases[j].Basis}); err != nil {
		return 0, err
	}
	went := from.N
	from.N = 0
	return went, AmendBase(ctx, tx, from)
}
