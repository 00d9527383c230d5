package haves

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Standing is how many lines there are and how many of them are met.
type Standing struct{ Met, Of int }

// Weakest is the have of which the smallest share is met, "" where nothing is known or everything is met.
func Weakest(by map[string]Standing) string {
	weak, at := "", Standing{1, 1}
	for _, h := range rulebook.Haves {
		if x := by[h]; x.Of > 0 && x.Met*at.Of < at.Met*x.Of {
			weak, at = h, x
		}
	}
	return weak
}

// BoardLine is a township in a round, or a county in its latest one.
type BoardLine struct {
	Unit    access.Unit
	Round   id.ID // of a county: its latest; zero for none
	By      map[string]Standing
	Said    bool // the township has said how it stands
	Checked bool // and all of it was checked
	Gaps    int  // open
	Part    Rating
}

// Board is a round over its townships.
type Board struct {
	Round Round
	List  List
	Towns []BoardLine
	All   map[string]Standing
	Runs  bool // the actor runs the round
	Told  bool // the actor sees all townships
}

// Latest is the newest round of a county, ok false where there is none.
func (s *Service) Latest(ctx context.Context, r db.Reader, county id.Key) (x Round, ok bool, err error) {
	return s.LatestOn(ctx, r, county, r.Now().Date())
}

// LatestOn is the newest round that there was on a day.
func (s *Service) LatestOn(ctx context.Context, r db.Reader, county id.Key, on calendar.Date) (x Round, ok bool, err error) {
	xs, err := db.All(ctx, r, scanRound(r.City()), `SELECT `+roundCols+` FROM have_rounds x WHERE x.city_id = $1 AND x.county_id = $2 AND x.opened_on <= $3 ORDER BY x.opened_on DESC, x.id DESC LIMIT 1`, county, on)
	if err != nil || len(xs) == 0 {
		return x, false, err
	}
	return xs[0], true, nil
}

// Rounds lists a county's rounds, newest first.
func (s *Service) Rounds(ctx context.Context, r db.Reader, who access.Actor, county id.Key) ([]Round, error) {
	if !reads(who, r.City(), county) {
		return nil, fault.Hidden()
	}
	return db.All(ctx, r, scanRound(r.City()), `SELECT `+roundCols+` FROM have_rounds x WHERE x.city_id = $1 AND x.county_id = $2 ORDER BY x.opened_on DESC, x.id DESC LIMIT 20`, county)
}

// Part is a township's part in its county's latest round: of what it was asked, how much it has, and what it lacks.
type Part struct {
	Round Round
	Said  Standing
	Gaps  int // open
}

// PartOf reads a township's part in its county's latest round; ok is false where there is none, or it is not the actor's to read.
func (s *Service) PartOf(ctx context.Context, r db.Reader, who access.Actor, town access.Unit) (x Part, ok bool, err error) {
	if !covers(who, r.City(), town.County) && who.Unit().ID != town.ID || !reads(who, r.City(), town.County) {
		return x, false, nil
	}
	x.Round.ID.City = r.City()
	b := db.Build(`SELECT `+roundCols+`, (SELECT COUNT(a.code) FROM have_answers a WHERE a.city_id = x.city_id AND a.round_id = x.id AND a.township_id = ? AND (a.found = 'met' OR a.found = '' AND a.met = TRUE)),
		(SELECT COUNT(a.code) FROM have_answers a WHERE a.city_id = x.city_id AND a.round_id = x.id AND a.township_id = ?),
		(SELECT COUNT(g.id) FROM matters m CROSS JOIN gaps g WHERE m.city_id = x.city_id AND m.kind = '`+Kind+`' AND m.county_id = x.county_id AND m.open = TRUE AND g.city_id = m.city_id AND g.id = m.id AND g.township_id = ?)
		FROM have_rounds x WHERE x.city_id = $1 AND x.county_id = ? ORDER BY x.opened_on DESC, x.id DESC LIMIT 1`, town.ID.Key, town.ID.Key, town.ID.Key, town.County)
	q, args := b.SQL()
	xs, err := db.All(ctx, r, func(rows *db.Rows) (Part, error) {
		y := x
		return y, rows.Scan(append(y.Round.dest(), &y.Said.Met, &y.Said.Of, &y.Gaps)...)
	}, q, args...)
	if err != nil || len(xs) == 0 {
		return x, false, err
	}
	return xs[0], true, nil
}

// Board reads a round with all its townships, for somebody who sees all of the county.
func (s *Service) Board(ctx context.Context, r db.Reader, who access.Actor, round id.Key) (Board, error) {
	return s.BoardOn(ctx, r, who, round, r.Now().Date())
}

// BoardOn is Board as of a day: the townships of then, what had been said and checked by its end, and the gaps that were open. A line that
// was said anew since is one that was not said. Before the round began it has no townships.
func (s *Service) BoardOn(ctx context.Context, r db.Reader, who access.Actor, round id.Key, on calendar.Date) (Board, error) {
	var b Board
	var err error
	if b.Round, err = s.round(ctx, r, who, round); err != nil {
		return b, err
	}
	if !covers(who, r.City(), b.Round.County) {
		return b, fault.Hidden()
	}
	past := on < r.Now().Date()
	if b.Round.Closed > on {
		b.Round.Closed = ""
	}
	b.Runs = !past && runs(who, r.City(), b.Round.County)
	b.All = map[string]Standing{}
	if b.List.Lines, err = lines(ctx, r, b.Round.List); err != nil {
		return b, err
	}
	if b.Round.Opened > on {
		return b, nil
	}
	towns, err := org.TownshipsOn(ctx, r, b.Round.County, on)
	if err != nil {
		return b, err
	}
	as, err := db.All(ctx, r, scanAnswer, `SELECT `+answerCols+` FROM have_answers a WHERE a.city_id = $1 AND a.round_id = $2 AND a.said_on <= $3`, round, on)
	if err != nil {
		return b, err
	}
	by := map[id.Key][]Answer{}
	for _, a := range as {
		if a.On > on {
			a.Found = ""
		}
		by[a.Town] = append(by[a.Town], a)
	}
	county := access.Unit{ID: id.ID{City: r.City(), Key: b.Round.County}, Kind: "county", Level: access.County}
	posts, err := s.postsOf(ctx, r, county, map[id.Key][]Line{b.Round.County: b.List.Lines}, on)
	if err != nil {
		return b, err
	}
	gaps, err := db.Column[id.Key](ctx, r, `SELECT g.township_id FROM matters m CROSS JOIN gaps g WHERE m.city_id = $1 AND m.kind = '`+Kind+`' AND m.county_id = $2 AND m.opened_on <= $3 AND (m.ended_on = '' OR m.ended_on > $3)
		AND g.city_id = m.city_id AND g.id = m.id`, b.Round.County, on)
	if err != nil {
		return b, err
	}
	open := map[id.Key]int{}
	for _, town := range gaps {
		open[town]++
	}
	parts := map[id.Key]Rating{}
	if !past { // of an earlier day the answers tell
		rs, err := ratings(ctx, r, round, "")
		if err != nil {
			return b, err
		}
		for _, x := range rs {
			parts[x.Town] = x
		}
	}
	for _, u := range towns {
		x := BoardLine{Unit: u, By: standing(by[u.ID.Key], posts[u.ID.Key], b.List.Lines), Said: len(by[u.ID.Key]) > 0, Checked: len(by[u.ID.Key]) > 0, Gaps: open[u.ID.Key], Part: parts[u.ID.Key]}
		for _, a := range by[u.ID.Key] {
			x.Checked = x.Checked && a.Found != ""
		}
		for h, st := range x.By {
			all := b.All[h]
			b.All[h] = Standing{all.Met + st.Met, all.Of + st.Of}
		}
		b.Towns = append(b.Towns, x)
	}
	return b, nil
}

// add counts a line of a have.
func add(to map[string]Standing, have string, met bool) {
	x := to[have]
	x.Of++
	if met {
		x.Met++
	}
	to[have] = x
}

// addPosts counts what the system knows of the posts of a township.
func addPosts(to map[string]Standing, posts map[string]Known, all []Line) {
	for _, l := range all {
		if k, ok := posts[l.Code]; ok && k.Known && l.Least > 0 {
			add(to, l.Have, k.Met)
		}
	}
}

// standing adds up by have what was said or, once it was checked, found, with what the system knows of the posts.
func standing(as []Answer, posts map[string]Known, all []Line) map[string]Standing {
	out := map[string]Standing{}
	for _, a := range as {
		add(out, a.Have, a.Found == Met || a.Found == "" && a.Met)
	}
	addPosts(out, posts, all)
	return out
}

// Counties is how the counties of a tenant stand, each in its latest round, as the county's own board adds it up over the townships
// there are today.
func (s *Service) Counties(ctx context.Context, r db.Reader, who access.Actor) ([]BoardLine, map[string]Standing, error) {
	return s.CountiesOn(ctx, r, who, r.Now().Date())
}

// CountiesOn is Counties as of a day, as BoardOn has it.
func (s *Service) CountiesOn(ctx context.Context, r db.Reader, who access.Actor, on calendar.Date) ([]BoardLine, map[string]Standing, error) {
	us, err := access.UnitsOf(ctx, r, "", "county")
	if err != nil {
		return nil, nil, err
	}
	var out []BoardLine
	at := map[id.Key]int{}
	for _, u := range us {
		if covers(who, r.City(), u.ID.Key) {
			at[u.ID.Key] = len(out)
			out = append(out, BoardLine{Unit: u, By: map[string]Standing{}})
		}
	}
	type sum struct {
		county, round id.Key
		have          string
		Standing
	}
	sums, err := db.All(ctx, r, func(rows *db.Rows) (x sum, err error) {
		return x, rows.Scan(&x.county, &x.round, &x.have, &x.Met, &x.Of)
	}, `SELECT x.county_id, x.id, COALESCE(a.have, ''), COALESCE(SUM(CASE WHEN t.id IS NOT NULL AND (CASE WHEN a.checked_on <= $2 THEN a.found ELSE '' END = 'met' OR CASE WHEN a.checked_on <= $2 THEN a.found ELSE '' END = '' AND a.met = TRUE) THEN 1 ELSE 0 END), 0), COUNT(t.id)
		FROM have_rounds x LEFT JOIN have_answers a ON a.city_id = x.city_id AND a.round_id = x.id AND a.said_on <= $2
		LEFT JOIN units t ON t.city_id = a.city_id AND t.id = a.township_id AND t.county_id = x.county_id AND t.opened_on <= $2 AND (t.closed_on = '' OR t.closed_on > $2)
		WHERE x.city_id = $1 AND x.opened_on <= $2 AND NOT EXISTS (SELECT 1 FROM have_rounds y WHERE y.city_id = x.city_id AND y.county_id = x.county_id AND y.opened_on <= $2 AND (y.opened_on > x.opened_on OR y.opened_on = x.opened_on AND y.id > x.id))
		GROUP BY x.county_id, x.id, COALESCE(a.have, '')`, on)
	if err != nil {
		return nil, nil, err
	}
	for _, x := range sums {
		i, ok := at[x.county]
		if !ok {
			continue
		}
		out[i].Round = id.ID{City: r.City(), Key: x.round}
		if x.Of > 0 {
			out[i].By[x.have] = x.Standing
		}
	}
	if err := s.countPosts(ctx, r, out, at, on); err != nil {
		return nil, nil, err
	}
	all := map[string]Standing{}
	for _, x := range out {
		for h, st := range x.By {
			all[h] = Standing{all[h].Met + st.Met, all[h].Of + st.Of}
		}
	}
	return out, all, nil
}

// countPosts adds to counties what the system knows of their townships' posts on a day, by the list of each one's latest round.
func (s *Service) countPosts(ctx context.Context, r db.Reader, to []BoardLine, at map[id.Key]int, on calendar.Date) error {
	type listed struct {
		county id.Key
		Line
	}
	var rounds []id.Key
	for _, x := range to {
		if !x.Round.Zero() {
			rounds = append(rounds, x.Round.Key)
		}
	}
	if len(rounds) == 0 {
		return nil
	}
	q, args := db.Build(`SELECT o.county_id, l.code, l.have, l.kind, l.least, l.measure, l.how FROM have_rounds o JOIN have_lines l ON l.city_id = o.city_id AND l.list_id = o.list_id WHERE o.city_id = $1 AND l.kind = 'measure'`).In(` AND `, "o.id", rounds).Add(` ORDER BY o.id, l.n, l.code`).SQL()
	ls, err := db.All(ctx, r, func(rows *db.Rows) (x listed, err error) {
		return x, rows.Scan(&x.county, &x.Code, &x.Have, &x.Kind, &x.Least, &x.Measure, &x.How)
	}, q, args...)
	if err != nil {
		return err
	}
	lists := map[id.Key][]Line{}
	for _, l := range ls {
		lists[l.county] = append(lists[l.county], l.Line)
	}
	posts, err := s.postsOf(ctx, r, access.Unit{ID: id.ID{City: r.City()}, Kind: "city", Level: access.City}, lists, on)
	if err != nil {
		return err
	}
	towns, err := db.All(ctx, r, func(rows *db.Rows) (x [2]id.Key, err error) { return x, rows.Scan(&x[0], &x[1]) },
		`SELECT u.id, u.county_id FROM units u WHERE u.city_id = $1 AND u.kind = 'township' AND u.opened_on <= $2 AND (u.closed_on = '' OR u.closed_on > $2)`, on)
	if err != nil {
		return err
	}
	for _, u := range towns {
		if i, ok := at[u[1]]; ok && len(lists[u[1]]) > 0 {
			addPosts(to[i].By, posts[u[0]], lists[u[1]])
		}
	}
	return nil
}

// TownView is a township in a round: line by line what was said, what the check found, what the system knows, and its gaps.
type TownView struct {
	Round   Round
	Town    access.Unit
	Lines   []Line
	Answers map[string]Answer
	Before  map[string]Answer // of the round before, offered again
	Known   map[string]Known
	Gaps    []Gap
	Part    Rating
	Asked   bool        // there is one
	Files   []flow.File // that were added to it
	Rates   bool        // the actor may say how the township stands
	Checks  bool        // the actor checks it
}

// Town reads a township in a round, for those who work there and for those who see all of the county.
func (s *Service) Town(ctx context.Context, r db.Reader, who access.Actor, round, town id.Key) (TownView, error) {
	return s.town(ctx, r, who, town, db.Build(`SELECT `+partCols+` FROM have_rounds x LEFT JOIN ratings t ON t.city_id = x.city_id AND t.round_id = x.id AND t.township_id = ?`, town).
		Add(partJoin+` WHERE x.city_id = $1 AND x.id = ? ORDER BY f.id`, round))
}

// TownOf is Town by the matter of the township's part.
func (s *Service) TownOf(ctx context.Context, r db.Reader, who access.Actor, rating id.Key) (TownView, error) {
	return s.town(ctx, r, who, "", db.Build(`SELECT `+partCols+` FROM ratings t JOIN have_rounds x ON x.city_id = t.city_id AND x.id = t.round_id`+partJoin+` WHERE t.city_id = $1 AND t.id = ? ORDER BY f.id`, rating))
}

// What a township's part in a round is read from, a line for every file there is.
const (
	partCols = roundCols + `, COALESCE(t.id, ''), COALESCE(t.township_id, ''), COALESCE(m.state, ''), COALESCE(m.open, FALSE), COALESCE(m.due_on, ''), COALESCE(m.version, 0), COALESCE(f.id, ''), COALESCE(f.name, '')`
	partJoin = ` LEFT JOIN matters m ON m.city_id = t.city_id AND m.id = t.id LEFT JOIN files f ON f.city_id = m.city_id AND f.matter_id = m.id`
)

func (s *Service) town(ctx context.Context, r db.Reader, who access.Actor, town id.Key, part *db.Builder) (TownView, error) {
	var v TownView
	q, args := part.SQL()
	xs, err := db.All(ctx, r, func(rows *db.Rows) (x TownView, err error) {
		x.Round.ID.City, x.Part.ID.City = r.City(), r.City()
		x.Files = make([]flow.File, 1)
		return x, rows.Scan(append(x.Round.dest(), &x.Part.ID.Key, &x.Part.Town, &x.Part.State, &x.Part.Open, &x.Part.Due, &x.Part.Version, &x.Files[0].Key, &x.Files[0].Name)...)
	}, q, args...)
	if err != nil {
		return v, err
	}
	for i, x := range xs {
		if i == 0 {
			v.Round, v.Part, v.Asked = x.Round, x.Part, x.Part.Town != ""
		}
		if x.Files[0].Key != "" {
			v.Files = append(v.Files, x.Files[0])
		}
	}
	if town == "" {
		town = v.Part.Town
	}
	own := who.Unit().ID == (id.ID{City: r.City(), Key: town})
	if len(xs) == 0 || !reads(who, r.City(), v.Round.County) || !own && !covers(who, r.City(), v.Round.County) {
		return v, fault.Hidden()
	}
	if v.Town = who.Unit(); !own {
		if v.Town, err = access.GetUnit(ctx, r, town); err != nil {
			return v, err
		}
	}
	if v.Town.Kind != "township" || v.Town.County != v.Round.County {
		return v, fault.Hidden()
	}
	if v.Lines, err = lines(ctx, r, v.Round.List); err != nil {
		return v, err
	}
	if v.Answers, v.Before, err = answers(ctx, r, v.Round.ID.Key, town); err != nil {
		return v, err
	}
	if v.Known, err = s.posts(ctx, r, v.Town, v.Lines); err != nil {
		return v, err
	}
	more, err := s.delivering(ctx, r, who, v.Town, v.Lines)
	if err != nil {
		return v, err
	}
	if v.Known == nil {
		v.Known = map[string]Known{}
	}
	for code, k := range more {
		v.Known[code] = k
	}
	v.Gaps, err = openGaps(ctx, r, v.Round.County, town)
	if err != nil {
		return v, err
	}
	v.Rates = v.Part.Open && Rates(who, v.Town.ID)
	v.Checks = v.Part.State == RatingSaid && Checks(who, id.ID{City: r.City(), Key: v.Round.County})
	return v, nil
}
