package haves

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/id"
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
	xs, err := db.All(ctx, r, scanRound(r.City()), `SELECT `+roundCols+` FROM have_rounds x WHERE x.city_id = $1 AND x.county_id = $2 ORDER BY x.opened_on DESC, x.id DESC LIMIT 1`, county)
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

// Board reads a round with all its townships, for somebody who sees all of the county.
func (s *Service) Board(ctx context.Context, r db.Reader, who access.Actor, round id.Key) (Board, error) {
	var b Board
	var err error
	if b.Round, err = s.round(ctx, r, who, round); err != nil {
		return b, err
	}
	if !covers(who, r.City(), b.Round.County) {
		return b, fault.Hidden()
	}
	b.Runs = runs(who, r.City(), b.Round.County)
	b.All = map[string]Standing{}
	if b.List.Lines, err = lines(ctx, r, b.Round.List); err != nil {
		return b, err
	}
	towns, err := access.UnitsOf(ctx, r, b.Round.County, "township")
	if err != nil {
		return b, err
	}
	as, err := db.All(ctx, r, scanAnswer, `SELECT `+answerCols+` FROM have_answers a WHERE a.city_id = $1 AND a.round_id = $2`, round)
	if err != nil {
		return b, err
	}
	by := map[id.Key][]Answer{}
	for _, a := range as {
		by[a.Town] = append(by[a.Town], a)
	}
	county := access.Unit{ID: id.ID{City: r.City(), Key: b.Round.County}, Kind: "county", Level: access.County}
	posts, err := s.postsOf(ctx, r, county, b.List.Lines)
	if err != nil {
		return b, err
	}
	gaps, err := openGaps(ctx, r, b.Round.County, "")
	if err != nil {
		return b, err
	}
	open := map[id.Key]int{}
	for _, g := range gaps {
		open[g.Town]++
	}
	for _, u := range towns {
		x := BoardLine{Unit: u, By: standing(by[u.ID.Key], posts[u.ID.Key], b.List.Lines), Said: len(by[u.ID.Key]) > 0, Checked: len(by[u.ID.Key]) > 0, Gaps: open[u.ID.Key]}
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

// standing adds up by have what was said or, once it was checked, found, with what the system knows of the posts.
func standing(as []Answer, posts map[string]Known, all []Line) map[string]Standing {
	out := map[string]Standing{}
	add := func(have string, met bool) {
		x := out[have]
		x.Of++
		if met {
			x.Met++
		}
		out[have] = x
	}
	for _, a := range as {
		add(a.Have, a.Found == Met || a.Found == "" && a.Met)
	}
	for _, l := range all {
		if k, ok := posts[l.Code]; ok && k.Known && l.Least > 0 {
			add(l.Have, k.Met)
		}
	}
	return out
}

// Counties is how the counties of a tenant stand, each in its latest round: what was asked and, where it was checked, found. The
// posts are not among it; they stand on the page of the force.
func (s *Service) Counties(ctx context.Context, r db.Reader, who access.Actor) ([]BoardLine, map[string]Standing, error) {
	us, err := access.UnitsOf(ctx, r, "", "county")
	if err != nil {
		return nil, nil, err
	}
	var out []BoardLine
	at, all := map[id.Key]int{}, map[string]Standing{}
	for _, u := range us {
		if covers(who, r.City(), u.ID.Key) {
			at[u.ID.Key] = len(out)
			out = append(out, BoardLine{Unit: u, By: map[string]Standing{}})
		}
	}
	rows, err := r.Query(ctx, `SELECT x.county_id, x.id, COALESCE(a.have, ''), COALESCE(SUM(CASE WHEN a.found = 'met' OR a.found = '' AND a.met = TRUE THEN 1 ELSE 0 END), 0), COUNT(a.code)
		FROM have_rounds x LEFT JOIN have_answers a ON a.city_id = x.city_id AND a.round_id = x.id WHERE x.city_id = $1
		AND NOT EXISTS (SELECT 1 FROM have_rounds y WHERE y.city_id = x.city_id AND y.county_id = x.county_id AND (y.opened_on > x.opened_on OR y.opened_on = x.opened_on AND y.id > x.id))
		GROUP BY x.county_id, x.id, COALESCE(a.have, '')`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var county, round id.Key
		var have string
		var st Standing
		if err := rows.Scan(&county, &round, &have, &st.Met, &st.Of); err != nil {
			return nil, nil, err
		}
		i, ok := at[county]
		if !ok {
			continue
		}
		out[i].Round = id.ID{City: r.City(), Key: round}
		if have == "" {
			continue
		}
		out[i].By[have] = st
		all[have] = Standing{all[have].Met + st.Met, all[have].Of + st.Of}
	}
	return out, all, rows.Err()
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
	Rates   bool // the actor may say how the township stands
	Checks  bool // the actor checks it
}

// Town reads a township in a round, for those who work there and for those who see all of the county.
func (s *Service) Town(ctx context.Context, r db.Reader, who access.Actor, round, town id.Key) (TownView, error) {
	var v TownView
	var err error
	if v.Round, err = s.round(ctx, r, who, round); err != nil {
		return v, err
	}
	if v.Town, err = access.GetUnit(ctx, r, town); err != nil {
		return v, err
	}
	own := who.Unit().ID == v.Town.ID
	if v.Town.Kind != "township" || v.Town.County != v.Round.County || !own && !covers(who, r.City(), v.Round.County) {
		return v, fault.Hidden()
	}
	if v.Lines, err = lines(ctx, r, v.Round.List); err != nil {
		return v, err
	}
	as, err := db.All(ctx, r, func(rows *db.Rows) (x roundAnswer, err error) {
		return x, rows.Scan(&x.round, &x.Town, &x.Code, &x.Have, &x.Value, &x.Met, &x.Evidence, &x.Said, &x.Checked, &x.Reason, &x.Found, &x.On, &x.Version)
	}, `SELECT a.round_id, `+answerCols+` FROM have_answers a WHERE a.city_id = $1 AND a.township_id = $2 AND a.round_id <= $3 ORDER BY a.round_id DESC, a.code LIMIT 160`, town, round) // two rounds of the longest list
	if err != nil {
		return v, err
	}
	v.Answers, v.Before = map[string]Answer{}, map[string]Answer{}
	for _, a := range as {
		if a.round == round {
			v.Answers[a.Code] = a.Answer
		} else if _, ok := v.Before[a.Code]; !ok {
			v.Before[a.Code] = a.Answer
		}
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
	v.Rates = own && v.Round.Closed == ""
	v.Checks = runs(who, r.City(), v.Round.County) && v.Round.Closed == ""
	return v, err
}

// roundAnswer is an answer with the round it was given in. Rounds' keys run with their time.
type roundAnswer struct {
	Answer
	round id.Key
}
