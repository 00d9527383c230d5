package supervise

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/burden"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Rules  *rulebook.Book
	Burden *burden.Service // what a check from above takes a township stands on its account
}

// askHost is the rule under which a check from above stands on a township's account (rulebook/asks.yaml).
const askHost = "check.host"

var (
	checkTable = &ledger.Table{Name: "checks", Key: []string{"id"}, Cols: []string{"unit_id", "on_day", "kind", "field", "looked", "checkers", "result", "by_unit", "made_on"}}
	reachTable = &ledger.Table{Name: "check_reach", Key: []string{"check_id", "category"}, Cols: []string{"unit_id", "on_day", "by_unit"}}
)

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{checkTable, reachTable} }

// Check is a day in a unit. Kind, Field and Result are of the lists supervision_kind, check_field and check_result; Reached are of the
// list official_category.
type Check struct {
	ID       id.Key
	Unit     id.Key
	On       calendar.Date
	Kind     string
	Field    string
	Looked   string // at what, in a line
	Checkers string // who went
	Result   string
	By       id.Key // the commission, organ or office
	Reached  []string
}

// Sees says whether an actor sees the checks of a unit: a township's own and its villages', a county those of its county, a city and a
// province those of their tenants.
func Sees(who access.Actor, u access.Unit) bool {
	at := who.Unit()
	switch {
	case !who.Automatic() && !who.Can(access.CheckRead), !slices.Contains(who.Cities, u.ID.City):
		return false
	case who.Automatic(), at.Level <= access.City:
		return true
	case at.Kind == "township":
		return at.ID == u.ID || u.Township == at.ID.Key
	}
	return u.County != "" && u.County == at.County
}

// Enters says whether an actor enters checks of a unit: whoever sees them and works in its city.
func Enters(who access.Actor, u access.Unit) bool {
	return (who.Automatic() || who.Can(access.CheckEnter)) && who.City == u.ID.City && Sees(who, u) && Checkable(u)
}

// Checkable says whether a unit is one that has officials of its own to look at.
func Checkable(u access.Unit) bool {
	return u.Closed == "" && u.County != "" && u.Kind != "office"
}

// Unit reads a unit whose checks the actor sees; any other is absent.
func (s *Service) Unit(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (access.Unit, error) {
	u, err := access.GetUnit(ctx, r, key)
	if err == nil && !Sees(who, u) {
		err = fault.Hidden()
	}
	return u, err
}

// Enter enters a check.
func (s *Service) Enter(ctx context.Context, who access.Actor, in Check) (id.Key, error) {
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		u, err := s.Unit(ctx, tx, who, in.Unit)
		if err != nil {
			return ledger.Act{}, err
		}
		if !Enters(who, u) {
			return ledger.Act{}, fault.New(fault.Forbidden, "move.not_yours")
		}
		if err := org.Alone(ctx, tx, u.County); err != nil { // the same check is not entered twice at once
			return ledger.Act{}, err
		}
		at := who.Unit()
		in.ID, in.By = tx.NewKey(), at.ID.Key
		if err := s.checked(ctx, tx, &in); err != nil {
			return ledger.Act{}, err
		}
		commission := in.By
		if at.Kind == "office" {
			commission = at.Organ
		}
		if err := tx.Insert(ctx, checkTable, in.ID, in.Unit, in.On, in.Kind, in.Field, in.Looked, in.Checkers, in.Result, in.By, tx.Today()); err != nil {
			return ledger.Act{}, err
		}
		for _, c := range in.Reached {
			if err := tx.Insert(ctx, reachTable, in.ID, c, in.Unit, in.On, commission); err != nil {
				return ledger.Act{}, err
			}
		}
		if err := s.cost(ctx, tx, u, commission, in.ID); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "check.enter", Organ: u.OrganID(), About: "check/" + id.ID{City: tx.City(), Key: in.ID}.String(), Answer: in.ID,
			Params: map[string]any{"unit": in.Unit, "on": string(in.On), "kind": in.Kind, "field": in.Field, "result": in.Result}}, nil
	})
	return rc.Answer, err
}

// cost puts a check from above on the account of the township that it was in, or in a village of which it was. A township's own
// check is asked of it by nobody.
func (s *Service) cost(ctx context.Context, tx *ledger.Tx, u access.Unit, commission, check id.Key) (err error) {
	switch {
	case u.Kind == "township":
	case u.Township == "":
		return nil
	default:
		if u, err = access.GetUnit(ctx, tx, u.Township); err != nil {
			return err
		}
	}
	if commission == u.ID.Key {
		return nil
	}
	return s.Burden.ByOrgan(ctx, tx, commission, askHost, check, u, tx.Today())
}

// Add puts checks as they are into the books, each with its own By, and says under which keys. They were made before this system kept
// an account, and stand on none.
func Add(ctx context.Context, tx *ledger.Tx, in []Check) ([]id.Key, error) {
	var keys []id.Key
	var rows, reached [][]any
	for _, k := range in {
		key := tx.NewKey()
		keys, rows = append(keys, key), append(rows, []any{key, k.Unit, k.On, k.Kind, k.Field, k.Looked, k.Checkers, k.Result, k.By, tx.Today()})
		for _, c := range k.Reached {
			reached = append(reached, []any{key, c, k.Unit, k.On, k.By})
		}
	}
	if err := tx.InsertMany(ctx, checkTable, rows); err != nil {
		return nil, err
	}
	return keys, tx.InsertMany(ctx, reachTable, reached)
}

// The longest a line of a check may be, in characters.
const (
	maxLooked   = 120
	maxCheckers = 60
)

// checked mends a check and says beside each field what is wrong with it.
func (s *Service) checked(ctx context.Context, tx *ledger.Tx, in *Check) error {
	var form typed.Form
	form.Past("on", in.On, tx.Today(), true)
	for _, f := range []struct{ name, list, code string }{{"kind", "supervision_kind", in.Kind}, {"field", "check_field", in.Field}, {"result", "check_result", in.Result}} {
		if t, ok := s.Rules.Term(f.list, f.code); f.code == "" {
			form.Say(f.name, "required")
		} else if !ok || !t.Holds(tx.Today()) {
			form.Say(f.name, "choice.unknown")
		}
	}
	form.Line("looked", &in.Looked, true, maxLooked)
	form.Line("checkers", &in.Checkers, true, maxCheckers)
	slices.Sort(in.Reached)
	in.Reached = slices.Compact(in.Reached)
	if len(in.Reached) == 0 {
		form.Say("reached", "required")
	}
	for _, c := range in.Reached {
		if _, ok := s.Rules.Term("official_category", c); !ok {
			form.Say("reached", "choice.unknown")
		}
	}
	if form.Wrong() > 0 {
		return form.Err()
	}
	same, err := db.Column[string](ctx, tx, `SELECT k.id FROM checks k WHERE k.city_id = $1 AND k.unit_id = $2 AND k.on_day = $3 AND k.field = $4 AND k.checkers = $5 AND k.looked = $6 AND k.by_unit = $7`, in.Unit, in.On, in.Field, in.Checkers, in.Looked, in.By)
	if err == nil && len(same) > 0 {
		err = fault.InvalidField("on", "check.same")
	}
	return err
}

// Listed is a check in a list.
type Listed struct {
	Check
	UnitName string
	ByName   string // of the commission or office
	by       access.Unit
}

// Checks lists the checks of a unit and of what lies under it up to a day, the latest first; next goes on after the last one.
func (s *Service) Checks(ctx context.Context, r db.Reader, who access.Actor, u access.Unit, on calendar.Date, after string, limit int) (out []Listed, next string, err error) {
	if !Sees(who, u) {
		return nil, "", fault.Hidden()
	}
	b := db.Build(`SELECT k.id, k.unit_id, k.on_day, k.kind, k.field, k.looked, k.checkers, k.result, k.by_unit, u.name, y.name, y.kind FROM checks k JOIN units u ON u.city_id = k.city_id AND u.id = k.unit_id
		JOIN units y ON y.city_id = k.city_id AND y.id = k.by_unit WHERE k.city_id = $1 AND k.on_day <= ?`, on)
	if after != "" {
		day, key, ok := strings.Cut(after, "_")
		if !ok || !calendar.Date(day).Valid() || !id.ValidKey(key) {
			return nil, "", fault.InvalidField("after", "cursor")
		}
		b.Add(` AND (k.on_day, k.id) < (?, ?)`, day, key)
	}
	switch {
	case u.Level <= access.City:
	case u.Kind == "county":
		b.Add(` AND u.county_id = ?`, u.ID.Key)
	case u.Kind == "township": // a township has some thirty units
		b.Add(` AND k.unit_id IN (SELECT v.id FROM units v WHERE v.city_id = $1 AND (v.township_id = ? OR v.id = ?))`, u.ID.Key, u.ID.Key)
	default:
		b.Add(` AND k.unit_id = ?`, u.ID.Key)
	}
	text, args := b.Add(` ORDER BY k.on_day DESC, k.id DESC LIMIT ?`, limit+1).SQL()
	out, err = db.All(ctx, r, func(rows *db.Rows) (l Listed, err error) {
		err = rows.Scan(&l.ID, &l.Unit, &l.On, &l.Kind, &l.Field, &l.Looked, &l.Checkers, &l.Result, &l.By, &l.UnitName, &l.by.Name, &l.by.Kind)
		l.ByName = l.by.Commission()
		return l, err
	}, text, args...)
	if err != nil {
		return nil, "", err
	}
	if len(out) > limit {
		out = out[:limit]
		next = string(out[limit-1].On) + "_" + out[limit-1].ID
	}
	if on < r.Now().Date() {
		err = named(ctx, r, out, on)
	}
	return out, next, err
}

// named gives the units of a list the names that they had on an earlier day.
func named(ctx context.Context, r db.Reader, list []Listed, on calendar.Date) error {
	var keys []id.Key
	for _, l := range list {
		keys = append(keys, l.Unit, l.By)
	}
	slices.Sort(keys)
	names, err := org.NamesThen(ctx, r, slices.Compact(keys), on)
	for i, l := range list {
		l.UnitName, l.by.Name = cmp.Or(names[l.Unit], l.UnitName), cmp.Or(names[l.By], l.by.Name)
		list[i].UnitName, list[i].ByName = l.UnitName, l.by.Commission()
	}
	return err
}
