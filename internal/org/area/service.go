package area

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
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Rules  *rulebook.Book
}

var (
	areaTable     = &ledger.Table{Name: "areas", Key: []string{"id"}, Cols: []string{"county_id", "n", "name", "leader_id", "office_id", "paper", "from_on", "to_on", "version"}, Version: "version"}
	townshipTable = &ledger.Table{Name: "area_townships", Key: []string{"area_id", "township_id"}}
	borderTable   = &ledger.Table{Name: "township_borders", Key: []string{"unit_id", "other_id"}, Cols: []string{"county_id", "from_on", "to_on"}}
)

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{areaTable, townshipTable, borderTable} }

// Area is one area of a plan.
type Area struct {
	ID         id.ID
	N          int
	Name       string
	Leader     id.Key
	LeaderName string
	Office     id.Key // "" for none
	OfficeName string
	Paper      string
	From       calendar.Date
	To         calendar.Date // "" while it lasts
	Townships  []id.Key
	version    int64
}

func (a Area) row(county id.Key) []any {
	return []any{a.ID.Key, county, a.N, a.Name, a.Leader, a.Office, a.Paper, a.From, a.To, a.version}
}

// County reads a county whose areas the actor may see: their own, or one of a city they look after. Any other is absent.
func County(ctx context.Context, r db.Reader, who access.Actor, county id.Key) (access.Unit, error) {
	u, err := access.GetUnit(ctx, r, county)
	if err == nil && (u.Kind != "county" || !who.Automatic() && who.Unit().County != county && (who.Unit().Level > access.City || !slices.Contains(who.Cities, u.ID.City))) {
		err = fault.Hidden()
	}
	return u, err
}

// Arranges says whether the actor groups the townships of a county: its chief, leaders in charge and personnel department.
func Arranges(who access.Actor, county access.Unit) bool {
	if who.Automatic() {
		return true
	}
	for _, role := range []access.Role{access.Personnel, access.Deputy, access.Principal} {
		if who.Is(role, county.ID) {
			return true
		}
	}
	return false
}

// arranged reads a county that the actor groups: unseen it is absent, seen it is not theirs.
func arranged(ctx context.Context, r db.Reader, who access.Actor, county id.Key) (access.Unit, error) {
	u, err := County(ctx, r, who, county)
	if err == nil && !Arranges(who, u) {
		err = fault.New(fault.Forbidden, "move.not_yours")
	}
	return u, err
}

const areaSQL = `SELECT a.id, a.n, a.name, a.leader_id, COALESCE(p.name, ''), a.office_id, COALESCE(o.name, ''), a.paper, a.from_on, a.to_on, a.version, t.township_id FROM areas a
	JOIN area_townships t ON t.city_id = a.city_id AND t.area_id = a.id
	LEFT JOIN people p ON p.city_id = a.city_id AND p.id = a.leader_id
	LEFT JOIN units o ON o.city_id = a.city_id AND o.id = a.office_id WHERE a.city_id = $1 AND a.county_id = ?`

// Areas lists the areas of a county on a day, in their order, each with its townships.
func Areas(ctx context.Context, r db.Reader, county id.Key, on calendar.Date) ([]Area, error) {
	return areas(ctx, r, db.Build(areaSQL, county).Add(` AND a.from_on <= ? AND (a.to_on = '' OR a.to_on > ?)`, on, on))
}

// areas reads those that a condition leaves.
func areas(ctx context.Context, r db.Reader, b *db.Builder) ([]Area, error) {
	q, args := b.Add(` ORDER BY a.from_on, a.n, a.id, t.township_id`).SQL()
	lines, err := db.All(ctx, r, func(rows *db.Rows) (a Area, err error) {
		a.ID.City = r.City()
		a.Townships = make([]id.Key, 1)
		return a, rows.Scan(&a.ID.Key, &a.N, &a.Name, &a.Leader, &a.LeaderName, &a.Office, &a.OfficeName, &a.Paper, &a.From, &a.To, &a.version, &a.Townships[0])
	}, q, args...)
	var out []Area
	for _, l := range lines {
		if n := len(out); n > 0 && out[n-1].ID == l.ID {
			out[n-1].Townships = append(out[n-1].Townships, l.Townships[0])
			continue
		}
		out = append(out, l)
	}
	return out, err
}

// Newest is the mark of the plan that was adopted last, which a draft carries so that nobody overwrites another's plan; "" for
// none.
func Newest(ctx context.Context, r db.Reader, county id.Key) (id.Key, error) {
	keys, err := db.Column[id.Key](ctx, r, `SELECT a.id FROM areas a WHERE a.city_id = $1 AND a.county_id = $2 ORDER BY a.id DESC LIMIT 1`, county)
	if err != nil || len(keys) == 0 {
		return "", err
	}
	return keys[0], nil
}

// Draft is a plan to be adopted.
type Draft struct {
	County id.Key
	From   calendar.Date
	Paper  string // number of the decision it rests on
	Seen   id.Key // the newest plan there was when the draft was begun
	Areas  []DraftArea
}

// DraftArea is one area of a draft.
type DraftArea struct {
	Name      string
	Leader    id.Key
	Office    id.Key
	Townships []id.Key
}

// The longest that a name of an area and the number of a paper may be, and how many days ahead a plan may begin.
const (
	longName  = 20
	longPaper = 60
	farAhead  = 366
)

// Adopt makes a draft the county's plan from a day on, and ends the one before.
func (s *Service) Adopt(ctx context.Context, who access.Actor, d Draft) error {
	_, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		county, err := arranged(ctx, tx, who, d.County)
		if err != nil {
			return ledger.Act{}, err
		}
		if err := check(ctx, tx, &d, county); err != nil {
			return ledger.Act{}, err
		}
		before, err := areas(ctx, tx, db.Build(areaSQL, d.County).Add(` AND (a.to_on = '' OR a.to_on > ?)`, d.From))
		if err != nil {
			return ledger.Act{}, err
		}
		for _, a := range before {
			a.To = max(d.From, a.From) // one that was never in force ends as it begins
			if err := tx.Update(ctx, areaTable, a.row(d.County)...); err != nil {
				return ledger.Act{}, err
			}
		}
		var said []any
		for i, x := range d.Areas {
			a := Area{ID: tx.NewID(), N: i + 1, Name: x.Name, Leader: x.Leader, Office: x.Office, Paper: d.Paper, From: d.From, version: 1}
			if err := tx.Insert(ctx, areaTable, a.row(d.County)...); err != nil {
				return ledger.Act{}, err
			}
			for _, t := range x.Townships {
				if err := tx.Insert(ctx, townshipTable, a.ID.Key, t); err != nil {
					return ledger.Act{}, err
				}
			}
			said = append(said, map[string]any{"name": x.Name, "leader": x.Leader, "office": x.Office, "townships": len(x.Townships)})
		}
		return ledger.Act{Action: "area.adopt", Organ: county.ID, About: "unit/" + county.ID.String(), Params: map[string]any{"from": string(d.From), "paper": d.Paper, "areas": said}}, nil
	})
	return err
}

// check says what is wrong with a draft, and cleans what was typed.
func check(ctx context.Context, tx *ledger.Tx, d *Draft, county access.Unit) error {
	if err := org.Alone(ctx, tx, d.County); err != nil { // one plan after the other
		return err
	}
	if newest, err := Newest(ctx, tx, d.County); err != nil || newest != d.Seen {
		if err == nil {
			err = fault.Stale()
		}
		return err
	}
	var form typed.Form
	if today := tx.Today(); form.Ahead("from", d.From, today, true) && d.From > today.AddDays(farAhead) {
		form.Say("from", "appoint.far")
	}
	form.Line("paper", &d.Paper, false, longPaper)
	heads, err := Leaders(ctx, tx, county, tx.Today())
	if err != nil {
		return err
	}
	offices, err := access.Below(ctx, tx, d.County, "office")
	if err != nil {
		return err
	}
	townships, err := access.UnitsOf(ctx, tx, d.County, "township")
	if err != nil {
		return err
	}
	left := map[id.Key]bool{}
	for _, t := range townships {
		left[t.ID.Key] = true
	}
	names := map[string]bool{}
	for i := range d.Areas {
		a, n := &d.Areas[i], "_"+number(i)
		if form.Line("name"+n, &a.Name, true, longName) && names[a.Name] {
			form.Say("name"+n, "area.twice")
		}
		names[a.Name] = true
		if !slices.ContainsFunc(heads, func(h Leader) bool { return h.Person == a.Leader }) {
			form.Say("leader"+n, orRequired(a.Leader))
		}
		if a.Office != "" && !slices.ContainsFunc(offices, func(u access.Unit) bool { return u.ID.Key == a.Office }) {
			form.Say("office"+n, "choice.unknown")
		}
		if len(a.Townships) == 0 {
			form.Say("name"+n, "area.empty")
		}
		for _, t := range a.Townships {
			if !left[t] {
				return fault.New(fault.Conflict, "area.townships") // one that has closed, or one put twice
			}
			delete(left, t)
		}
	}
	if len(left) > 0 {
		return fault.New(fault.Conflict, "area.townships")
	}
	return form.Err()
}

func orRequired(v string) string {
	if v == "" {
		return "required"
	}
	return "choice.unknown"
}
