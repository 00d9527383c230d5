package flow

import (
	"context"
	"maps"
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
	seen := map[id.ID]bool{}
	add := func(ds []Duty, as func(*Duty)) {
		for _, d := range ds {
			if !seen[d.Clock.ID] {
				seen[d.Clock.ID] = true
				as(&d)
				out = append(out, d)
			}
		}
	}
	for _, k := range who.Keys() {
		ds, err := e.soonest(ctx, who.Cities, func(b *db.Builder) {
			b.Add(` AND c.owed_id = ? AND c.owed_role = ? AND c.state IN ('open', 'paused')`, k.Unit.Key, string(k.Role))
			access.Unbarred(b, "m", who.Person)
		}, limit)
		if err != nil {
			return nil, err
		}
		add(ds, func(d *Duty) { d.For = k.For })
	}
	if who.Person != "" {
		// Signatures owed by a member lent from another unit.
		// The stage is written out, not given as a parameter: the index is of these signatures alone.
		b := db.Build(`SELECT c.city_id, `+deadline.Columns+`, `+Columns+` FROM team t JOIN clocks c ON c.city_id = t.city_id AND c.matter_id = t.matter_id`+dutyJoin+`
			WHERE t.city_id = $1 AND t.person_id = ? AND t.to_on = '' AND t.stage <> '`+StageReview+`' AND t.signed_at = 0 AND c.state = 'open' AND m.state = 'signing'`, who.Person)
		text, args := access.Unbarred(b, "m", who.Person).Add(` ORDER BY c.due_on, c.id LIMIT ?`, limit).SQL()
		ds, err := e.duties(ctx, e.Ledger.DB.In(who.City), text, args...)
		if err != nil {
			return nil, err
		}
		add(ds, func(d *Duty) { d.Sign = true })
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

// soonest reads the clocks of some tenants that where leaves, with their matters, soonest first. Of several tenants it finds
// out first which those are.
func (e *Engine) soonest(ctx context.Context, cities []id.City, where func(*db.Builder), limit int) ([]Duty, error) {
	if len(cities) == 1 {
		b := db.Build(`SELECT c.city_id, ` + deadline.Columns + `, ` + Columns + ` FROM clocks c` + dutyJoin + ` WHERE c.city_id = $1`)
		where(b)
		text, args := b.Add(` ORDER BY c.due_on, c.id LIMIT ?`, limit).SQL()
		return e.duties(ctx, e.Ledger.DB.In(cities[0]), text, args...)
	}
	b := db.BuildShared(`/*engine*/ SELECT c.city_id, ` + deadline.Columns + `, ` + Columns + ` FROM (`)
	e.Ledger.DB.First(b, cities, "clocks c"+dutyJoin, "c", "c.id AS id, c.due_on AS due_on", where, "due_on, id", limit)
	text, args := b.Add(`) k CROSS JOIN clocks c` + dutyJoin + ` WHERE c.city_id = k.city_id AND c.id = k.id ORDER BY c.due_on, c.id`).SQL()
	return e.duties(ctx, e.Ledger.DB.Shared(), text, args...)
}

func (e *Engine) duties(ctx context.Context, r db.Reader, text string, args ...any) ([]Duty, error) {
	return db.All(ctx, r, func(rows *db.Rows) (Duty, error) {
		var d Duty
		err := rows.Scan(append(append([]any{&d.Clock.ID.City}, d.Clock.Dest()...), d.Matter.Dest()...)...)
		d.Matter.ID.City = d.Clock.ID.City
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
		ds, err := e.watched(ctx, g.scope, g.kinds, w)
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

// readable groups the kinds of matter that an actor may read by what of them they see: asked for one by one, a kind of which
// little is due would have every clock looked at.
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

func (e *Engine) watched(ctx context.Context, scope access.Scope, kinds []string, w Watch) ([]Duty, error) {
	return e.soonest(ctx, scope.Cities(), func(b *db.Builder) {
		b.Add(` AND c.state IN ('open', 'paused')`)
		b.If(w.Until != "", ` AND c.due_on <= ?`, w.Until)
		b.If(w.Role != "", ` AND c.owed_role = ?`, string(w.Role))
		b.If(w.Rule != "", ` AND c.rule = ?`, w.Rule)
		b.If(w.Approve, ` AND c.rule >= 'approve.' AND c.rule < 'approve/'`)
		b.If(w.Warned != "", ` AND c.legal = TRUE AND c.due_on >= ? AND EXISTS (SELECT 1 FROM fires f WHERE f.city_id = c.city_id AND f.clock_id = c.id AND f.due_on = c.due_on AND f.kind > 'warn' AND f.kind < 'warn~')`, w.Warned)
		b.If(w.After.Key != "", ` AND (c.due_on, c.id) > (?, ?)`, w.After.Day, w.After.Key)
		b.In(" AND ", "m.kind", kinds)
		scope.Within(b, "m")
		if c := scope.County(); c != "" {
			b.Add(` AND c.county_id = ?`, c) // says nothing new, but the clocks' index is on it
		}
	}, w.Limit)
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
	out, err := e.soonest(ctx, who.Cities, func(b *db.Builder) {
		b.Add(` AND c.owed_id = ? AND c.rule = ? AND c.state IN ('open', 'paused')`, organ.Key, rule).In(" AND ", "m.kind", kinds)
		access.Unbarred(b, "m", who.Person)
	}, limit)
	sortDuties(out)
	return out, err
}

// Waiting is how many legal clocks of a county's matters passed their day, and how many end within a week.
type Waiting struct{ Late, Near int64 }

// NearDays is how many days ahead the watch over the units below looks.
const NearDays = deadline.NearDays

// unread are the rules under which nothing is owed but on kinds of matter that the actor may not open.
func (e *Engine) unread(who access.Actor) []string {
	rules := map[string]bool{}
	for _, kind := range e.order {
		for _, s := range e.tables[kind].States {
			for _, u := range s.Rules {
				rules[u.Rule] = rules[u.Rule] || who.Can(access.ReadOf(kind))
			}
		}
	}
	maps.DeleteFunc(rules, func(_ string, reads bool) bool { return reads })
	return slices.Sorted(maps.Keys(rules))
}

// Below counts, county by county of the trees under some heads, what deadline.late and deadline.near count; "" of a tenant is
// what lies above its counties, and a county that is closed is counted as the others. Where there is neither, there is no entry.
// What is owed on a kind of matter that the reader may not open is left out: read every day, it would tell when one came in.
func (e *Engine) Below(ctx context.Context, who access.Actor, heads []id.ID, today calendar.Date) (map[id.ID]Waiting, error) {
	const due = `(SELECT COUNT(c.id) FROM clocks c WHERE c.city_id = k.city_id AND c.county_id = k.id AND c.legal = TRUE AND c.state IN ('open', 'paused') AND c.state <> 'paused'`
	b := db.BuildOf(heads, `SELECT k.city_id, k.id, `)
	unread := e.unread(who)
	count := func() *db.Builder {
		b.Add(due)
		if len(unread) > 0 {
			b.In(` AND NOT `, "c.rule", unread)
		}
		return b
	}
	count().Add(` AND c.due_on < ?), `, today)
	text, args := count().Add(` AND c.due_on BETWEEN ? AND ?)`, today, today.AddDays(NearDays)).Add(` FROM (SELECT w.city_id, '' AS id FROM w
		UNION ALL SELECT u.city_id, u.id FROM w CROSS JOIN units u WHERE u.city_id = w.city_id AND u.superior_id = w.id AND u.kind = 'county') k`).SQL()
	rows, err := e.Ledger.DB.Shared().Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[id.ID]Waiting{}
	for rows.Next() {
		var county id.ID
		var w Waiting
		if err := rows.Scan(&county.City, &county.Key, &w.Late, &w.Near); err != nil {
			return nil, err
		}
		if w != (Waiting{}) {
			out[county] = w
		}
	}
	return out, rows.Err()
}
