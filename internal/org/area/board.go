package area

import (
	"context"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// Township is a township in the planner's eyes.
type Township struct {
	Unit      access.Unit
	Officials int64 // people under supervision
	Posts     int64 // of the establishment
	Held      int64
	Load      int64 // people under supervision × (posts + 1) ÷ (held + 1)
}

// Leader is somebody of the county who may lead an area.
type Leader struct {
	Person id.Key
	Name   string
	Kind   string // of post
	Unit   id.Key
	unit   string
}

// UnitName is the office that a leader works in, "" for a leader of the county itself.
func (l Leader) UnitName() string { return l.unit }

// Board is everything that plans of a county are made from.
type Board struct {
	County    access.Unit
	On        calendar.Date
	Townships []Township // in the order of division codes
	Leaders   []Leader
	Offices   []access.Unit
	Borders   [][2]int  // none: the order of the codes stands for them
	Ties      [][]int64 // of each leader, over each township
}

// leading are the kinds of post at a county whose holders may lead an area, the likeliest first.
var leading = []string{"vice", "office_head", "review_head", "principal"}

// Leaders lists who may lead an area of a county on a day.
func Leaders(ctx context.Context, r db.Reader, county access.Unit, on calendar.Date) ([]Leader, error) {
	b := db.Build(`SELECT p.id, p.name, h.kind, u.id, CASE WHEN u.kind = 'office' THEN u.name ELSE '' END FROM units u CROSS JOIN holdings h JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
		WHERE u.city_id = $1 AND u.organ_id = ? AND u.kind IN ('county', 'office') AND h.city_id = u.city_id AND h.unit_id = u.id AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?)`, county.ID.Key, on, on)
	q, args := b.In(` AND `, "h.kind", leading).Add(` ORDER BY u.name, p.pinyin, p.id`).SQL()
	out, err := db.All(ctx, r, func(rows *db.Rows) (l Leader, err error) {
		return l, rows.Scan(&l.Person, &l.Name, &l.Kind, &l.Unit, &l.unit)
	}, q, args...)
	slices.SortStableFunc(out, func(a, b Leader) int { return slices.Index(leading, a.Kind) - slices.Index(leading, b.Kind) })
	seen := map[id.Key]bool{}
	return slices.DeleteFunc(out, func(l Leader) bool {
		again := seen[l.Person]
		seen[l.Person] = true
		return again
	}), err
}

// Townships reads the townships that a county has on a day with their loads, in the order of division codes.
func Townships(ctx context.Context, r db.Reader, county access.Unit, on calendar.Date) ([]Township, error) {
	us, err := org.TownshipsOn(ctx, r, county.ID.Key, on)
	if err != nil {
		return nil, err
	}
	f, err := org.LoadFacts(ctx, r, measure.Query{Unit: county, From: on, To: on}, 0)
	if err != nil {
		return nil, err
	}
	ns, err := org.OfficialsBelow(ctx, r, measure.Query{Unit: county, From: on, To: on})
	if err != nil {
		return nil, err
	}
	out := make([]Township, len(us))
	for i, u := range us {
		t := Township{Unit: u, Officials: ns[u.ID.Key]}
		for _, s := range f.Seats {
			if s.Unit == u.ID.Key {
				t.Posts++
				if s.Held() {
					t.Held++
				}
			}
		}
		t.Load = t.Officials * (t.Posts + 1) / (t.Held + 1)
		out[i] = t
	}
	return out, nil
}

// LoadBoard reads what plans of a county are made from, for somebody who groups its townships.
func (s *Service) LoadBoard(ctx context.Context, r db.Reader, who access.Actor, county id.Key) (*Board, error) {
	c, err := arranged(ctx, r, who, county)
	if err != nil {
		return nil, err
	}
	b := &Board{County: c, On: r.Now().Date()}
	if b.Townships, err = Townships(ctx, r, c, b.On); err != nil {
		return nil, err
	}
	if b.Leaders, err = Leaders(ctx, r, c, b.On); err != nil {
		return nil, err
	}
	if b.Offices, err = access.Below(ctx, r, county, "office"); err != nil {
		return nil, err
	}
	pairs, err := Borders(ctx, r, county)
	if err != nil {
		return nil, err
	}
	at := map[id.Key]int{}
	for i, t := range b.Townships {
		at[t.Unit.ID.Key] = i
	}
	for _, p := range pairs {
		x, one := at[p[0]]
		y, other := at[p[1]]
		if one && other {
			b.Borders = append(b.Borders, [2]int{x, y})
		}
	}
	return b, b.ties(ctx, r)
}

// ties reads what is known to tie leaders to townships: that a leader worked there, and each of those in post there who worked
// in a unit where the leader did at some time. They are hints: units and days are in the roster, nothing else is looked at.
func (b *Board) ties(ctx context.Context, r db.Reader) error {
	b.Ties = make([][]int64, len(b.Leaders))
	for i := range b.Ties {
		b.Ties[i] = make([]int64, len(b.Townships))
	}
	type was struct{ person, unit, township, now id.Key }
	const who = `(SELECT h.person_id FROM holdings h JOIN units v ON v.city_id = h.city_id AND v.id = h.unit_id WHERE h.city_id = $1 AND v.county_id = $2 AND v.kind IN ('county', 'office', 'township') AND (h.to_on = '' OR h.to_on > $3))`
	const cols = `, u.id, u.township_id, `
	lines, err := db.All(ctx, r, func(rows *db.Rows) (w was, err error) { return w, rows.Scan(&w.person, &w.unit, &w.township, &w.now) },
		`SELECT DISTINCT h.person_id`+cols+`CASE WHEN h.to_on = '' OR h.to_on > $3 THEN u.township_id ELSE '' END FROM holdings h JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id
		WHERE h.city_id = $1 AND h.from_on <= $3 AND h.person_id IN `+who+`
		UNION SELECT c.person_id`+cols+`'' FROM careers c JOIN units u ON u.city_id = c.city_id AND u.id = c.unit_id WHERE c.city_id = $1 AND c.from_on <= $3 AND c.person_id IN `+who, b.County.ID.Key, b.On)
	if err != nil {
		return err
	}
	worked := map[id.Key][]was{}
	posted := map[id.Key][]id.Key{} // who is in post in a township
	for _, l := range lines {
		worked[l.person] = append(worked[l.person], l)
		if l.now != "" && !slices.Contains(posted[l.now], l.person) {
			posted[l.now] = append(posted[l.now], l.person)
		}
	}
	for i, l := range b.Leaders {
		for k, t := range b.Townships {
			key := t.Unit.ID.Key
			if slices.ContainsFunc(worked[l.Person], func(w was) bool { return w.township == key }) {
				b.Ties[i][k]++
			}
			for _, p := range posted[key] {
				if p != l.Person && slices.ContainsFunc(worked[p], func(w was) bool {
					return w.township != key && slices.ContainsFunc(worked[l.Person], func(v was) bool { return v.unit == w.unit })
				}) {
					b.Ties[i][k]++
				}
			}
		}
	}
	return nil
}

// Problem is the board as the planner takes it. The county's chief leads an area only where there are too few others; a person who
// draws the areas may name anybody.
func (b *Board) Problem(groups int) Problem {
	p := Problem{Borders: b.Borders, Leaders: b.Ties, Groups: groups}
	if n := slices.IndexFunc(b.Leaders, func(l Leader) bool { return l.Kind == "principal" }); n >= groups { // they stand last
		p.Leaders = b.Ties[:n]
	}
	for _, t := range b.Townships {
		p.Loads = append(p.Loads, t.Load)
	}
	for _, o := range b.Offices {
		other := make([]int64, len(b.Townships))
		for i, t := range b.Townships {
			if t.Unit.Office != "" && t.Unit.Office != o.ID.Key {
				other[i] = 1
			}
		}
		p.Offices = append(p.Offices, other)
	}
	return p
}

// Way is a way of weighing a plan.
type Way struct {
	Code    string // level, near, apart
	Weights Weights
}

// Ways are the ways that proposals are made, each giving the most to one thing.
var Ways = []Way{{"level", Weights{Level: 8, Near: 3, Ties: 2, Moved: 1}}, {"near", Weights{Level: 3, Near: 10, Ties: 2, Moved: 1}}, {"apart", Weights{Level: 3, Near: 3, Ties: 10, Moved: 2}}}

// Part is what one area of a plan comes to.
type Part struct {
	Townships []int
	Officials int64
	Posts     int64
	Held      int64
	Load      int64
	Share     int64 // the load against the mean of the areas, in hundredths: 100 is the mean
	Apart     int64 // how far its townships are apart on average, in tenths
	Pieces    int
	Ties      int64
	Moved     int64
}

// Figures are what a plan comes to, area by area.
func (b *Board) Figures(plan Plan, groups int) []Part {
	p := b.Problem(groups)
	s := newState(p, Weights{})
	s.set(plan)
	out := make([]Part, groups)
	for t, g := range plan.Of {
		x, m := &out[g], b.Townships[t]
		x.Townships = append(x.Townships, t)
		x.Officials, x.Posts, x.Held, x.Load = x.Officials+m.Officials, x.Posts+m.Posts, x.Held+m.Held, x.Load+m.Load
		x.Apart += s.to[t][g]
		x.Ties += s.heads[0].over(s.heads[0].of[g], t)
		x.Moved += s.heads[1].over(s.heads[1].of[g], t)
	}
	for g := range out {
		x := &out[g]
		x.Pieces = s.pieces[g]
		if s.load > 0 {
			x.Share = (100*x.Load*int64(groups) + s.load/2) / s.load
		}
		if n := int64(len(x.Townships)); n > 1 {
			x.Apart = 10 * x.Apart / (n * (n - 1))
		}
	}
	return out
}

// Borders lists which townships of a county lie next to each other, as the county entered it.
func Borders(ctx context.Context, r db.Reader, county id.Key) ([][2]id.Key, error) {
	return db.All(ctx, r, func(rows *db.Rows) (p [2]id.Key, err error) { return p, rows.Scan(&p[0], &p[1]) },
		`SELECT b.unit_id, b.other_id FROM township_borders b WHERE b.city_id = $1 AND b.county_id = $2 AND b.to_on = '' ORDER BY b.unit_id, b.other_id`, county)
}

// SetBorders says which townships of the county a township lies next to: these, and no others.
func (s *Service) SetBorders(ctx context.Context, who access.Actor, county, township id.Key, others []id.Key) error {
	_, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		c, err := arranged(ctx, tx, who, county)
		if err != nil {
			return ledger.Act{}, err
		}
		us, err := access.UnitsOf(ctx, tx, county, "township")
		if err != nil {
			return ledger.Act{}, err
		}
		known := func(key id.Key) bool {
			return slices.ContainsFunc(us, func(u access.Unit) bool { return u.ID.Key == key })
		}
		if !known(township) {
			return ledger.Act{}, fault.Hidden()
		}
		type border struct {
			unit, other id.Key
			from, to    calendar.Date
		}
		have, err := db.All(ctx, tx, func(rows *db.Rows) (b border, err error) { return b, rows.Scan(&b.unit, &b.other, &b.from, &b.to) },
			`SELECT b.unit_id, b.other_id, b.from_on, b.to_on FROM township_borders b WHERE b.city_id = $1 AND b.county_id = $2 AND (b.unit_id = $3 OR b.other_id = $3)`, county, township)
		if err != nil {
			return ledger.Act{}, err
		}
		var names []any
		for _, o := range others {
			if o == township || !known(o) {
				return ledger.Act{}, fault.InvalidField("next", "choice.unknown")
			}
			names = append(names, o)
			pair := border{min(o, township), max(o, township), tx.Today(), ""}
			i := slices.IndexFunc(have, func(b border) bool { return b.unit == pair.unit && b.other == pair.other })
			switch {
			case i < 0:
				err = tx.Insert(ctx, borderTable, pair.unit, pair.other, county, pair.from, "")
			case have[i].to != "":
				err = tx.Update(ctx, borderTable, pair.unit, pair.other, county, pair.from, "")
			}
			if err != nil {
				return ledger.Act{}, err
			}
		}
		for _, b := range have {
			if b.to == "" && !slices.Contains(others, b.unit) && !slices.Contains(others, b.other) {
				if err := tx.Update(ctx, borderTable, b.unit, b.other, county, b.from, tx.Today()); err != nil {
					return ledger.Act{}, err
				}
			}
		}
		return ledger.Act{Action: "area.borders", Organ: c.ID, About: "unit/" + id.ID{City: tx.City(), Key: township}.String(), Params: map[string]any{"next": names}}, nil
	})
	return err
}

func number(i int) string { return strconv.Itoa(i) }
