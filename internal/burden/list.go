package burden

import (
	"cmp"
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
)

// Rows is how many asks a list shows at once.
const Rows = 50

// Account is what is asked of one township.
type Account struct {
	Town   access.Unit
	Cap    int64
	Months []Month // the last twelve, oldest first; the last is the month asked for
	Asks   []Ask   // of that month, newest first
}

// Month is what was asked of a township, or in a county's townships, in a month.
type Month struct {
	Key     string // YYYY-MM
	Minutes int64
	Asks    int64
	Cap     int64
}

// months are the keys of the months up to one, oldest first.
func months(last string, count int) []string {
	d := calendar.Date(last + "-01")
	out := make([]string, count)
	for i := range out {
		out[i] = d.AddMonths(i - count + 1).MonthKey()
	}
	return out
}

// Account reads a township's account of a month; of one that is not the actor's to read there is none.
func (s *Service) Account(ctx context.Context, r db.Reader, who access.Actor, town id.Key, month string) (Account, error) {
	var a Account
	var err error
	if a.Town, err = access.GetUnit(ctx, r, town); err != nil {
		return a, err
	}
	scope := who.Scope(access.BurdenRead)
	if a.Town.Kind != "township" || !scope.Covers(a.Town) && !scope.Handles(a.Town.ID) {
		return a, fault.Hidden()
	}
	first := calendar.Date(month + "-01")
	if !first.Valid() {
		return a, fault.Hidden()
	}
	caps, err := s.caps(ctx, r)
	if err != nil {
		return a, err
	}
	keys := months(month, 12)
	minutes, err := measure.ByUnit(ctx, r, MeasureMinutes, []id.Key{town}, keys[0], month)
	if err != nil {
		return a, err
	}
	asks, err := measure.ByUnit(ctx, r, MeasureAsks, []id.Key{town}, keys[0], month)
	if err != nil {
		return a, err
	}
	for _, k := range keys {
		a.Months = append(a.Months, Month{k, minutes[town][k], asks[town][k], caps(a.Town.County, k)})
	}
	a.Cap = caps(a.Town.County, month)
	a.Asks, err = s.ofMonth(ctx, r, town, first)
	return a, err
}

// ofMonth lists what was asked of a township in a month, newest first.
func (s *Service) ofMonth(ctx context.Context, r db.Reader, town id.Key, first calendar.Date) ([]Ask, error) {
	return db.All(ctx, r, scanAsk(r.City()), `SELECT `+askCols+` FROM ask_towns t JOIN asks a ON a.city_id = t.city_id AND a.id = t.ask_id WHERE t.city_id = $1 AND t.township_id = $2
		AND a.state = 'standing' AND a.asked_on >= $3 AND a.asked_on <= $4 ORDER BY a.asked_on DESC, a.id DESC LIMIT 200`, town, first, first.EndOfMonth())
}

// Line is a township, or a county, in an overview: its minutes month by month, and against what cap.
type Line struct {
	Unit   access.Unit
	Cap    int64   // of the last month
	Caps   []int64 // by month
	Sums   []int64 // by month, oldest first; of a county, the most that was asked of one of its townships
	Over   []int   // of a county: how many of its townships are past the cap, by month
	Towns  int
	Months []string
}

// Overview lists what was asked in the months up to one: the townships of a county, or the counties of a tenant where county is
// "". It leaves out what is not the actor's to read.
func (s *Service) Overview(ctx context.Context, r db.Reader, who access.Actor, county id.Key, month string, count int) ([]Line, error) {
	towns, err := access.UnitsOf(ctx, r, county, "township")
	if err != nil {
		return nil, err
	}
	scope := who.Scope(access.BurdenRead)
	var keys []id.Key
	for _, u := range towns {
		if scope.Covers(u) {
			keys = append(keys, u.ID.Key)
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	ms := months(month, count)
	sums, err := measure.ByUnit(ctx, r, MeasureMinutes, keys, ms[0], month)
	if err != nil {
		return nil, err
	}
	caps, err := s.caps(ctx, r)
	if err != nil {
		return nil, err
	}
	line := func(u access.Unit, county id.Key) Line {
		l := Line{Unit: u, Cap: caps(county, month), Months: ms}
		for _, m := range ms {
			l.Caps = append(l.Caps, caps(county, m))
		}
		return l
	}
	var out []Line
	at := map[id.Key]int{}
	for _, u := range towns {
		if !scope.Covers(u) {
			continue
		}
		if county != "" {
			l := line(u, u.County)
			l.Towns = 1
			for _, m := range ms {
				l.Sums = append(l.Sums, sums[u.ID.Key][m])
			}
			out = append(out, l)
			continue
		}
		i, ok := at[u.County]
		if !ok {
			i = len(out)
			at[u.County] = i
			l := line(access.Unit{ID: id.ID{City: r.City(), Key: u.County}}, u.County)
			l.Sums, l.Over = make([]int64, count), make([]int, count)
			out = append(out, l)
		}
		out[i].Towns++
		for j, m := range ms {
			x := sums[u.ID.Key][m]
			out[i].Sums[j] = max(out[i].Sums[j], x)
			if x > out[i].Caps[j] {
				out[i].Over[j]++
			}
		}
	}
	if county == "" {
		us, err := access.UnitsOf(ctx, r, "", "county")
		if err != nil {
			return nil, err
		}
		for _, u := range us {
			if i, ok := at[u.ID.Key]; ok {
				out[i].Unit = u
			}
		}
	}
	return out, nil
}

// caps is what may be asked of a township of each county in a month, by what held at its end or holds today.
func (s *Service) caps(ctx context.Context, r db.Reader) (func(county id.Key, month string) int64, error) {
	set, err := access.LoadHistory(ctx, r, capKey)
	today := r.Now().Date()
	return func(county id.Key, month string) int64 {
		on := min(calendar.Date(month+"-01").EndOfMonth(), today)
		return int64(cmp.Or(set.Int(county, on), s.Rules.Limit(capKey, on)))
	}, err
}

// The views of the list of asks.
const (
	ViewMine   = "mine"   // what the actor's organ asks
	ViewHeld   = "held"   // what waits for a chief
	ViewUnused = "unused" // listed for ending
	ViewEnded  = "ended"
	ViewAll    = "all"
)

// Views are the views there are.
var Views = []string{ViewMine, ViewHeld, ViewUnused, ViewEnded, ViewAll}

// List lists asks that the actor may see, newest first, after the row that the turn names.
func (s *Service) List(ctx context.Context, r db.Reader, who access.Actor, view string, at measure.Turn) (out []Ask, next measure.Cursor, err error) {
	b := db.Build(`SELECT ` + askCols + ` FROM asks a WHERE a.city_id = $1`)
	organ := who.Unit().OrganID()
	scope := who.Scope(access.BurdenRead)
	switch c := scope.County(); {
	case c != "":
		b.Add(` AND a.county_id = ?`, c)
	case !scope.Wide():
		return nil, next, nil
	}
	switch view {
	case ViewHeld:
		b.Add(` AND a.state = 'held'`)
	case ViewUnused:
		b.Add(` AND a.state = 'standing' AND a.used_on = '' AND a.ended_on = '' AND a.due_on < ?`, s.unusedBefore(r.Now().Date()))
	case ViewEnded:
		b.Add(` AND a.ended_on <> ''`)
	case ViewAll:
	default:
		b.Add(` AND a.by_id = ? AND a.by_city = ?`, organ.Key, int64(organ.City))
	}
	q, args := at.Down(b, "a.asked_on", "a.id").SQL()
	if out, err = db.All(ctx, r, scanAsk(r.City()), q, args...); len(out) > at.Limit {
		out = out[:at.Limit]
		next = measure.Cursor{By: string(out[at.Limit-1].Asked), Key: out[at.Limit-1].ID.Key}
	}
	return out, next, err
}

// Note is what stands on the first page of somebody: of a township, its own month; of whoever asks, what their organ has asked
// in the month, and the township with the least left.
type Note struct {
	Town      access.Unit // of a township: itself; otherwise the one that most is asked of
	Sum, Cap  int64       // of that township
	Asks      int64       // that the organ has made this month
	Minutes   int64       // that they come to, over all townships
	HeldForMe bool        // something waits for the actor's decision
}

// OfTown reads what is asked of a township in the month that runs, and the cap; ok is false where its account is not the actor's to
// read.
func (s *Service) OfTown(ctx context.Context, r db.Reader, who access.Actor, town access.Unit) (n Note, ok bool, err error) {
	if scope := who.Scope(access.BurdenRead); !scope.Covers(town) && !scope.Handles(town.ID) {
		return n, false, nil
	}
	today := r.Now().Date()
	type line struct {
		access.Setting
		n int64
	}
	all, err := db.All(ctx, r, func(rows *db.Rows) (x line, err error) {
		var from string
		return x, rows.Scan(&x.Unit, &x.Key, &x.Value, &from, &x.n)
	}, `SELECT '' AS unit_id, '' AS key, '' AS value, '' AS from_on, COALESCE(SUM(t.n), 0) AS n FROM rollups t WHERE t.city_id = $1 AND t.unit_id = $2 AND t.measure = $3 AND t.month = $4
		UNION ALL SELECT s.unit_id, s.key, s.value, s.from_on, 0 FROM settings s LEFT JOIN units u ON u.city_id = s.city_id AND u.id = s.unit_id
		WHERE s.city_id = $1 AND s.key = $5 AND s.from_on <= $6 AND (s.unit_id = $7 OR u.superior_id = '') ORDER BY from_on`, town.ID.Key, MeasureMinutes, today.MonthKey(), capKey, today, town.County)
	if err != nil {
		return n, false, err
	}
	var set []access.Setting
	for _, x := range all {
		n.Sum += x.n
		set = append(set, x.Setting)
	}
	n.Town, n.Cap = town, s.capOf(access.Prevailing(set, town.County), today)
	return n, true, nil
}

// NoteFor reads what stands on somebody's first page; ok is false where nothing does.
func (s *Service) NoteFor(ctx context.Context, who access.Actor) (n Note, ok bool, err error) {
	u := who.Unit()
	r := s.Ledger.DB.In(u.ID.City)
	month := r.Now().Date().MonthKey()
	if u.Kind == "township" {
		return s.OfTown(ctx, r, who, u)
	}
	if !who.Can(access.BurdenAsk) || u.Level < access.City {
		return n, false, nil
	}
	organ := u.OrganID()
	var held int64
	if err := r.Row(ctx, `SELECT COUNT(a.id), COALESCE(SUM(a.minutes * a.towns), 0), (SELECT COUNT(h.id) FROM asks h WHERE h.city_id = $1 AND h.county_id = $2 AND h.state = 'held' AND h.made_by <> $5)
		FROM asks a WHERE a.city_id = $1 AND a.by_id = $2 AND a.by_city = $3 AND a.asked_on >= $4 AND a.state = 'standing'`, organ.Key, int64(organ.City), month+"-01", who.Person).Scan(&n.Asks, &n.Minutes, &held); err != nil {
		return n, false, err
	}
	n.HeldForMe = held > 0 && who.Is(access.Principal, organ)
	us, err := db.All(ctx, r, func(rows *db.Rows) (access.Unit, error) {
		u := access.Unit{ID: id.ID{City: r.City()}, Kind: "township", Level: access.Township}
		return u, rows.Scan(&u.ID.Key, &u.Name, &u.County, &n.Sum)
	}, mostAsked, MeasureMinutes, month, u.County)
	if err != nil || len(us) == 0 {
		return n, err == nil, err
	}
	n.Town = us[0]
	n.Cap, err = s.Cap(ctx, r, n.Town.County, r.Now().Date())
	return n, err == nil, err
}

// mostAsked is the township, of a county or of the tenant, that most was asked of in a month.
const mostAsked = `SELECT u.id, u.name, u.county_id, t.n FROM rollups t JOIN units u ON u.city_id = t.city_id AND u.id = t.unit_id
	WHERE t.city_id = $1 AND t.measure = $2 AND t.month = $3 AND u.closed_on = '' AND ($4 = '' OR u.county_id = $4) ORDER BY t.n DESC, u.code, u.id LIMIT 1`
