package flow

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// Filter narrows a list. Zero fields do not narrow.
type Filter struct {
	Kind     string
	View     string // all, open, ended, soon, late, waiting, or the name of a state
	Source   string
	Township id.Key
	County   id.Key
	Handler  id.Key
	Risen    bool
	Outcome  string
	Parent   id.Key
	Root     id.Key
	From, To calendar.Date // by day received
	After    Cursor
	Limit    int
}

// Cursor is the last row of the page before, for the next one. Lists by day received run backwards, lists by due day
// forwards.
type Cursor struct {
	Day calendar.Date
	Key id.Key
}

// String is the cursor as part of an address.
func (c Cursor) String() string {
	if c.Key == "" {
		return ""
	}
	return string(c.Day) + "_" + c.Key
}

// ParseCursor reads what String made.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	d, k, ok := strings.Cut(s, "_")
	if !ok || !calendar.Date(d).Valid() || !id.ValidKey(k) {
		return Cursor{}, fault.InvalidField("after", "cursor")
	}
	return Cursor{calendar.Date(d), k}, nil
}

// The views every list has besides the names of states.
const (
	ViewAll     = "all"
	ViewOpen    = "open"
	ViewEnded   = "ended"
	ViewSoon    = "soon" // due within three days
	ViewLate    = "late"
	ViewWaiting = "waiting" // for an approval
)

// byDue says whether the view is ordered by the day due.
func (f Filter) byDue() bool { return f.View == ViewSoon || f.View == ViewLate }

// Page is one page of a list.
type Page struct {
	Matters []Matter
	Next    Cursor // zero when this was the last page
}

// SoonDays is how near "soon" is. It is a view, not a rule.
const SoonDays = 3

// List reads one page of what the actor may see, newest first, or soonest due first. A province's list is the merge of
// its cities' first rows.
func (e *Engine) List(ctx context.Context, who access.Actor, f Filter) (Page, error) {
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	scope := who.Scope(access.ReadOf(f.Kind))
	order := "received_on DESC, id DESC"
	if f.byDue() {
		order = "due_on, id"
	}
	var all []Matter
	var err error
	switch cities := scope.Cities(); len(cities) {
	case 0:
	case 1:
		r := e.Ledger.DB.In(cities[0])
		b := e.narrow(scope.Within(db.Build(`SELECT `+Columns+` FROM matters m WHERE m.city_id = $1`), "m"), f)
		q, args := b.Add(` ORDER BY `+order+` LIMIT ?`, f.Limit+1).SQL()
		all, err = db.Many(ctx, r, f.Limit+1, Matter{ID: id.ID{City: cities[0]}}, (*Matter).Dest, q, args...)
	default:
		q, args := e.Ledger.DB.First(db.BuildShared(`/*engine*/ `), cities, "matters m", "m", Columns, func(b *db.Builder) { e.narrow(scope.Within(b, "m"), f) }, order, f.Limit+1).SQL()
		all, err = db.Many(ctx, e.Ledger.DB.Shared(), f.Limit+1, Matter{}, (*Matter).placed, q, args...)
	}
	if err != nil {
		return Page{}, err
	}
	p := Page{Matters: all}
	if len(all) > f.Limit {
		p.Matters = all[:f.Limit]
		last := p.Matters[f.Limit-1]
		p.Next = Cursor{last.Received, last.ID.Key}
		if f.byDue() {
			p.Next.Day = last.Due
		}
	}
	return p, nil
}

// narrow adds what the filter says, the page's beginning included.
func (e *Engine) narrow(b *db.Builder, f Filter) *db.Builder {
	b.Add(` AND m.kind = ?`, f.Kind)
	today := e.Ledger.DB.Today()
	switch f.View {
	case "", ViewAll:
	case ViewOpen:
		b.Add(` AND m.open = TRUE`)
	case ViewEnded:
		b.Add(` AND m.open = FALSE`)
	case ViewLate:
		b.Add(` AND m.due_on <> '' AND m.due_on < ?`, today)
	case ViewSoon:
		b.Add(` AND m.due_on <> '' AND m.due_on >= ? AND m.due_on <= ?`, today, today.AddDays(SoonDays))
	case ViewWaiting:
		b.Add(` AND m.open = TRUE`).In(` AND `, "m.state", e.waiting(f.Kind))
	default:
		b.Add(` AND m.state = ?`, f.View)
	}
	b.If(f.Source != "", ` AND m.source = ?`, f.Source)
	b.If(f.Township != "", ` AND m.township_id = ?`, f.Township)
	b.If(f.County != "", ` AND m.county_id = ?`, f.County)
	b.If(f.Handler != "", ` AND m.handler_id = ?`, f.Handler)
	b.If(f.Outcome != "", ` AND m.outcome = ?`, f.Outcome)
	b.If(f.Parent != "", ` AND m.parent_id = ?`, f.Parent)
	b.If(f.Root != "", ` AND m.root_id = ?`, f.Root)
	b.If(f.From != "", ` AND m.received_on >= ?`, f.From)
	b.If(f.To != "", ` AND m.received_on <= ?`, f.To)
	if f.byDue() {
		return b.If(f.After.Key != "", ` AND (m.due_on, m.id) > (?, ?)`, f.After.Day, f.After.Key)
	}
	return b.If(f.After.Key != "", ` AND (m.received_on, m.id) < (?, ?)`, f.After.Day, f.After.Key)
}

func (e *Engine) waiting(kind string) []string {
	var out []string
	if t, ok := e.tables[kind]; ok {
		for _, s := range t.States {
			if s.Waits {
				out = append(out, s.Name)
			}
		}
	}
	return out
}

func scanMatter(city id.City) func(*db.Rows) (Matter, error) {
	return func(rows *db.Rows) (Matter, error) {
		m := Matter{ID: id.ID{City: city}}
		return m, rows.Scan(m.Dest()...)
	}
}

// Family reads the other matters of a matter's family that the actor may see: its tip-off, clue, case.
func (e *Engine) Family(ctx context.Context, r db.Reader, who access.Actor, m Matter) ([]Matter, error) {
	b := db.Build(`SELECT `+Columns+` FROM matters m WHERE m.city_id = $1 AND m.root_id = ? AND m.id <> ? AND (1 = 0`, m.Root, m.ID.Key)
	for _, k := range access.Reads {
		b.Add(` OR (m.kind = ?`, k.Kind)
		who.Scope(k.Perm).Where(b, "m", r.City())
		b.Add(`)`)
	}
	q, args := b.Add(`) ORDER BY m.id LIMIT 50`).SQL()
	return db.All(ctx, r, scanMatter(r.City()), q, args...)
}

// SearchTerms are the words of the search index that stand for a matter's kind and for those who may see it.
func SearchTerms(m *Matter) []string {
	out := []string{KindTerm(m.Kind)}
	for l := access.Province; l <= m.Level; l++ {
		out = append(out, strings.ToLower(access.LevelTerm(l)))
	}
	if m.County != "" {
		out = append(out, strings.ToLower(access.CountyTerm(m.County)))
	}
	if !m.Handler.Zero() {
		out = append(out, strings.ToLower(access.HandlerTerm(m.Handler.Key)))
	}
	return out
}

// KindTerm is the search index's word for a kind of matter.
func KindTerm(kind string) string { return "zzk" + kind }

// searchBatch is how many more hits are read at a time when some of those before are none of the reader's.
const searchBatch = 100

// Search finds matters of one kind by words in their text, newest first, of those the actor may see: as many as asked
// for if there are as many, after the key given.
func (e *Engine) Search(ctx context.Context, who access.Actor, kind, typed string, after id.Key, limit int) ([]Matter, error) {
	terms := text.Parse(typed)
	if len(terms) == 0 {
		return nil, nil
	}
	scope := who.Scope(access.ReadOf(kind))
	cities := scope.Cities()
	if scope.Empty() || len(cities) == 0 {
		return nil, nil
	}
	words, all := scope.Terms(cities[0]) // only those who see everything see several tenants
	if !all && len(words) == 0 {
		return nil, nil
	}
	// The index carries the scope as words; the rows are read under the scope itself, which also knows the bars: what is
	// barred must not show by what is missing from a page.
	r := e.Ledger.DB.In(cities[0])
	without, err := access.BarredMatters(ctx, r, who.Person) // nor by how long it took to look for it
	if err != nil {
		return nil, err
	}
	var out []Matter
	for q := (text.Query{Terms: terms, Scope: words, Extra: []string{KindTerm(kind)}, Without: without, Few: !scope.Wide(), Limit: limit, After: after}); ; q.Limit = searchBatch {
		hits, err := text.Find(ctx, r, e.Ledger.DB.Engine, cities, q)
		if err != nil || len(hits) == 0 {
			return out, err
		}
		ms, err := e.rows(ctx, scope, kind, hits)
		if err != nil {
			return nil, err
		}
		at := make(map[id.ID]int, len(hits))
		for i, x := range hits {
			at[x] = i
		}
		slices.SortFunc(ms, func(a, b Matter) int { return at[a.ID] - at[b.ID] })
		out = append(out, ms...)
		if len(out) >= limit || len(hits) < q.Limit {
			return out[:min(len(out), limit)], nil
		}
		q.After = hits[len(hits)-1].Key
	}
}

// rows reads those of some matters of a kind that lie in the scope, in no order: each by its own key, not the kind's one
// by one.
func (e *Engine) rows(ctx context.Context, scope access.Scope, kind string, hits []id.ID) ([]Matter, error) {
	b := db.BuildOf(hits, `SELECT m.city_id, `+Columns+` FROM w CROSS JOIN matters m WHERE m.city_id = w.city_id AND m.id = w.id AND m.kind = ?`, kind)
	sql, args := scope.Within(b, "m").SQL()
	return db.Many(ctx, e.Ledger.DB.Shared(), len(hits), Matter{}, (*Matter).placed, sql, args...)
}
