package flow

import (
	"context"
	"slices"
	"sort"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Duty is one obligation on somebody's desk: the clock, and the matter it belongs to.
type Duty struct {
	Clock  deadline.Clock
	Matter Matter
	For    string // who delegated it
	Waits  bool   // the matter waits for somebody else's signature meanwhile
	Sign   bool   // it is a team member's signature
}

// Desk reads what an actor owes, soonest first.
func (e *Engine) Desk(ctx context.Context, who access.Actor, limit int) ([]Duty, error) {
	var out []Duty
	for _, city := range who.Cities {
		ds, err := e.deskCity(ctx, e.Ledger.DB.In(city), who, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, ds...)
	}
	sortDuties(out)
	if len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

func sortDuties(ds []Duty) {
	sort.SliceStable(ds, func(i, j int) bool {
		a, b := ds[i].Clock, ds[j].Clock
		if (a.State == deadline.StatePaused) != (b.State == deadline.StatePaused) {
			return b.State == deadline.StatePaused
		}
		return a.Due < b.Due || a.Due == b.Due && a.ID.Key < b.ID.Key
	})
}

const dutyJoin = ` JOIN matters m ON m.city_id = c.city_id AND m.id = c.matter_id`

func (e *Engine) deskCity(ctx context.Context, r db.Reader, who access.Actor, limit int) ([]Duty, error) {
	var out []Duty
	seen := map[string]bool{}
	for _, k := range who.Keys() {
		b := db.Build(`SELECT `+deadline.Columns+`, `+Columns+` FROM clocks c`+dutyJoin+`
			WHERE c.city_id = $1 AND c.owed_id = ? AND c.owed_role = ? AND c.state IN ('open', 'paused')`, k.Unit.Key, string(k.Role))
		b.Add(` AND NOT EXISTS (SELECT 1 FROM bars x WHERE x.city_id = c.city_id AND x.person_id = ? AND x.root_id = m.root_id)`, who.Person)
		text, args := b.Add(` ORDER BY c.due_on, c.id LIMIT ?`, limit).SQL()
		ds, err := e.duties(ctx, r, text, args...)
		if err != nil {
			return nil, err
		}
		for _, d := range ds {
			if !seen[d.Clock.ID.Key] {
				seen[d.Clock.ID.Key] = true
				d.For = k.For
				out = append(out, d)
			}
		}
	}
	if who.City != r.City() || who.Person == "" {
		return out, nil
	}
	// Signatures owed by a member lent from another unit.
	text, args := db.Build(`SELECT `+deadline.Columns+`, `+Columns+` FROM team t JOIN clocks c ON c.city_id = t.city_id AND c.matter_id = t.matter_id`+dutyJoin+`
		WHERE t.city_id = $1 AND t.person_id = ? AND t.to_on = '' AND t.stage <> ? AND t.signed_at = 0 AND c.state = 'open' AND m.state = 'signing'
		AND NOT EXISTS (SELECT 1 FROM bars x WHERE x.city_id = c.city_id AND x.person_id = t.person_id AND x.root_id = m.root_id) ORDER BY c.due_on, c.id LIMIT ?`, who.Person, StageReview, limit).SQL()
	ds, err := e.duties(ctx, r, text, args...)
	for _, d := range ds {
		if !seen[d.Clock.ID.Key] {
			seen[d.Clock.ID.Key] = true
			d.Sign = true
			out = append(out, d)
		}
	}
	return out, err
}

func (e *Engine) duties(ctx context.Context, r db.Reader, text string, args ...any) ([]Duty, error) {
	return db.All(ctx, r, func(rows *db.Rows) (Duty, error) {
		d := Duty{Clock: deadline.Clock{ID: id.ID{City: r.City()}}, Matter: Matter{ID: id.ID{City: r.City()}}}
		err := rows.Scan(append(d.Clock.Dest(), d.Matter.Dest()...)...)
		if err == nil && d.Clock.OwedRole == access.Handler {
			if s, ok := e.tables[d.Matter.Kind].State(d.Matter.State); ok {
				d.Waits = s.Waits
			}
		}
		return d, err
	}, text, args...)
}

// Watch is which obligations of others a leader looks at.
type Watch struct {
	Until   calendar.Date // due up to this day
	Role    access.Role   // owed in this role only; "" for all
	Rule    string        // under this rule only
	Limit   int
	After   Cursor
	Approve bool          // only signatures
	Warned  calendar.Date // only legal clocks that were warned of and aren't past this day: what a leader is warned of (D24)
}

// Watched reads what others owe in matters the actor may see, each kind in its own scope, soonest first: what is late,
// what comes next, and with whom.
func (e *Engine) Watched(ctx context.Context, who access.Actor, w Watch) ([]Duty, error) {
	var out []Duty
	for _, g := range e.readable(who) {
		ds, err := e.watched(ctx, who, g.scope, g.kinds, w)
		if err != nil {
			return nil, err
		}
		out = append(out, ds...)
	}
	sortDuties(out)
	if len(out) > w.Limit {
		out = out[:w.Limit]
	}
	return out, nil
}

type readable struct {
	scope access.Scope
	kinds []string
}

// readable groups the kinds of matter that an actor may read by what of them that is.
func (e *Engine) readable(who access.Actor) []readable {
	var out []readable
	for _, k := range e.order {
		p := access.ReadOf(k)
		if !who.Can(p) {
			continue
		}
		s := who.Scope(p)
		i := slices.IndexFunc(out, func(x readable) bool { return x.scope.Same(s) })
		if i < 0 {
			i, out = len(out), append(out, readable{scope: s})
		}
		out[i].kinds = append(out[i].kinds, k)
	}
	return out
}

func (e *Engine) watched(ctx context.Context, who access.Actor, scope access.Scope, kinds []string, w Watch) ([]Duty, error) {
	var out []Duty
	for _, city := range scope.Cities() {
		r := e.Ledger.DB.In(city)
		b := db.Build(`SELECT ` + deadline.Columns + `, ` + Columns + ` FROM clocks c` + dutyJoin + ` WHERE c.city_id = $1 AND c.state IN ('open', 'paused')`)
		b.If(w.Until != "", ` AND c.due_on <= ?`, w.Until)
		b.If(w.Role != "", ` AND c.owed_role = ?`, string(w.Role))
		b.If(w.Rule != "", ` AND c.rule = ?`, w.Rule)
		b.If(w.Approve, ` AND c.rule >= 'approve.' AND c.rule < 'approve/'`)
		b.If(w.Warned != "", ` AND c.legal = TRUE AND c.due_on >= ? AND EXISTS (SELECT 1 FROM fires f WHERE f.city_id = c.city_id AND f.clock_id = c.id AND f.due_on = c.due_on AND f.kind > 'warn' AND f.kind < 'warn~')`, w.Warned)
		b.If(w.After.Key != "", ` AND (c.due_on, c.id) > (?, ?)`, w.After.Day, w.After.Key)
		b.In(" AND ", "m.kind", kinds)
		scope.Where(b, "m", city)
		if c := scope.County(); c != "" {
			b.Add(` AND c.county_id = ?`, c) // says nothing new, but the clocks' index is on it
		}
		text, args := b.Add(` ORDER BY c.due_on, c.id LIMIT ?`, w.Limit).SQL()
		ds, err := e.duties(ctx, r, text, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, ds...)
	}
	return out, nil
}

// OwedUp reads what stands in a superior organ's list under a rule: what rose to it, or what was refused or shelved
// below. Everybody there who may see the list sees it, whoever of them it is owed by.
func (e *Engine) OwedUp(ctx context.Context, who access.Actor, rule string, limit int) ([]Duty, error) {
	organ := who.Unit().OrganID()
	var kinds []string
	for _, k := range e.order {
		if who.Can(access.ReadOf(k)) {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 0 {
		return nil, nil
	}
	var out []Duty
	for _, city := range who.Cities {
		b := db.Build(`SELECT `+deadline.Columns+`, `+Columns+` FROM clocks c`+dutyJoin+` WHERE c.city_id = $1 AND c.owed_id = ? AND c.rule = ? AND c.state IN ('open', 'paused')`, organ.Key, rule).In(" AND ", "m.kind", kinds)
		b.Add(` AND NOT EXISTS (SELECT 1 FROM bars x WHERE x.city_id = c.city_id AND x.person_id = ? AND x.root_id = m.root_id)`, who.Person)
		text, args := b.Add(` ORDER BY c.due_on, c.id LIMIT ?`, limit).SQL()
		ds, err := e.duties(ctx, e.Ledger.DB.In(city), text, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, ds...)
	}
	sortDuties(out)
	return out, nil
}

// Waiting is how many legal clocks of a county's matters passed their day, and how many end within a week.
type Waiting struct{ Late, Near int64 }

// NearDays is how many days ahead the watch over the units below looks.
const NearDays = deadline.NearDays

// Below counts, county by county ("" is what lies above counties), what deadline.late and deadline.near count; where
// there is neither, there is no entry. They are grouped by an expression, so that what is due is found by its day and not
// county by county.
func (e *Engine) Below(ctx context.Context, r db.Reader, today calendar.Date) (map[id.Key]Waiting, error) {
	rows, err := r.Query(ctx, `SELECT c.county_id || '', SUM(CASE WHEN c.due_on < $2 THEN 1 ELSE 0 END), SUM(CASE WHEN c.due_on < $2 THEN 0 ELSE 1 END)
		FROM clocks c WHERE c.city_id = $1 AND c.legal = TRUE AND c.state IN ('open', 'paused') AND c.state = 'open' AND c.due_on <= $3 GROUP BY c.county_id || ''`, today, today.AddDays(NearDays))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.Key]Waiting{}
	for rows.Next() {
		var county id.Key
		var w Waiting
		if err := rows.Scan(&county, &w.Late, &w.Near); err != nil {
			return nil, err
		}
		out[county] = w
	}
	return out, rows.Err()
}
