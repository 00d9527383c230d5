// Package formula keeps a county's force formula (3+X+N): slots that the county labels itself, and the people who fill them.
//
// The words: a slot has a label of the county's own, a source that those who fill it come from, how many it takes at least and
// holds at most, and says whether they take turns; a place is one person in a slot from a day on. A slot is short by how many
// it has fewer than it takes. No meaning is claimed for 3, X or N anywhere.
//
// Invariants: places are filled by people who hold a post in the county, those of resident groups among them, nobody twice;
// no slot holds more than its most; slots and places are dated and none is taken away, so that who was where on a day stays
// known; of what somebody is named in or kept from nothing shows here.
//
// Start at Service.Fill; On is what a page shows.
package formula

import (
	"context"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/org/area"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Rules  *rulebook.Book
}

// listSource is the rulebook's list of where those who fill slots come from.
const listSource = "slot_source"

var (
	slotTable  = &ledger.Table{Name: "force_slots", Key: []string{"id"}, Cols: []string{"county_id", "n", "label_zh", "label_en", "source", "least", "most", "rotating", "from_on", "to_on", "version"}, Version: "version"}
	placeTable = &ledger.Table{Name: "force_places", Key: []string{"id"}, Cols: []string{"slot_id", "county_id", "person_id", "from_on", "to_on", "version"}, Version: "version"}
)

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{slotTable, placeTable} }

// Slot is one labelled slot, with who is in it.
type Slot struct {
	ID       id.ID
	County   id.Key
	N        int
	Zh, En   string
	Source   string
	Least    int
	Most     int
	Rotating bool
	From, To calendar.Date
	Places   []Place
	version  int64
}

// Short is by how many the slot has fewer people than it takes.
func (s Slot) Short() int { return max(s.Least-len(s.Places), 0) }

// Label is what the county calls the slot.
func (s Slot) Label(lang string) string {
	if lang == "en" && s.En != "" {
		return s.En
	}
	return s.Zh
}

// Place is somebody in a slot.
type Place struct {
	ID       id.ID
	Slot     id.Key
	Person   id.Key
	Name     string
	Kind     string // of post; "" for somebody who holds none any more
	Unit     string // where
	From, To calendar.Date
	version  int64
}

func (s Slot) row() []any {
	return []any{s.ID.Key, s.County, s.N, s.Zh, s.En, s.Source, s.Least, s.Most, s.Rotating, s.From, s.To, s.version}
}

const slotCols = `s.id, s.county_id, s.n, s.label_zh, s.label_en, s.source, s.least, s.most, s.rotating, s.from_on, s.to_on, s.version`

func scanSlot(city id.City) func(*db.Rows) (Slot, error) {
	return func(rows *db.Rows) (s Slot, err error) {
		s.ID.City = city
		return s, rows.Scan(&s.ID.Key, &s.County, &s.N, &s.Zh, &s.En, &s.Source, &s.Least, &s.Most, &s.Rotating, &s.From, &s.To, &s.version)
	}
}

// On lists a county's slots on a day in their order, each with who is in it. The caller has seen the county.
func On(ctx context.Context, r db.Reader, county id.Key, on calendar.Date) ([]Slot, error) {
	slots, err := db.All(ctx, r, scanSlot(r.City()), `SELECT `+slotCols+` FROM force_slots s WHERE s.city_id = $1 AND s.county_id = $2 AND s.from_on <= $3 AND (s.to_on = '' OR s.to_on > $3) ORDER BY s.n, s.id`, county, on)
	if err != nil {
		return nil, err
	}
	const held = `FROM holdings h JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id WHERE h.city_id = f.city_id AND h.person_id = f.person_id AND h.from_on <= $3 AND (h.to_on = '' OR h.to_on > $3) ORDER BY u.level, h.id LIMIT 1`
	places, err := db.All(ctx, r, func(rows *db.Rows) (p Place, err error) {
		p.ID.City = r.City()
		return p, rows.Scan(&p.ID.Key, &p.Slot, &p.Person, &p.Name, &p.From, &p.To, &p.version, &p.Kind, &p.Unit)
	}, `SELECT f.id, f.slot_id, f.person_id, p.name, f.from_on, f.to_on, f.version, COALESCE((SELECT h.kind `+held+`), ''), COALESCE((SELECT u.name `+held+`), '') FROM force_places f
		JOIN people p ON p.city_id = f.city_id AND p.id = f.person_id WHERE f.city_id = $1 AND f.county_id = $2 AND f.from_on <= $3 AND (f.to_on = '' OR f.to_on > $3) ORDER BY f.from_on, p.pinyin, f.id`, county, on)
	for _, p := range places {
		if i := slices.IndexFunc(slots, func(s Slot) bool { return s.ID.Key == p.Slot }); i >= 0 {
			slots[i].Places = append(slots[i].Places, p)
		}
	}
	return slots, err
}

// Someone is a person of the county who may fill a slot.
type Someone struct {
	Person id.Key
	Name   string
	Kind   string // of post
	Unit   string
	At     string // kind of unit
}

// People lists who holds a post in a county on a day, by source: what a slot's source asks for. A resident group's people are
// those of offices, as an office's are.
func People(ctx context.Context, r db.Reader, county id.Key, source string, on calendar.Date) ([]Someone, error) {
	b := db.Build(`SELECT p.id, p.name, h.kind, u.name, u.kind FROM units u CROSS JOIN holdings h JOIN people p ON p.city_id = h.city_id AND p.id = h.person_id
		WHERE u.city_id = $1 AND u.county_id = ? AND h.city_id = u.city_id AND h.unit_id = u.id AND h.from_on <= ? AND (h.to_on = '' OR h.to_on > ?) AND h.kind NOT IN ('sysadmin', 'secadmin', 'auditor')`, county, on, on)
	b.In(` AND `, "u.kind", placesOf(source))
	q, args := b.Add(` ORDER BY u.level, u.code, u.name, p.pinyin, p.id`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (x Someone, err error) {
		return x, rows.Scan(&x.Person, &x.Name, &x.Kind, &x.Unit, &x.At)
	}, q, args...)
}

// placesOf are the kinds of unit that a source's people hold their posts in.
func placesOf(source string) []string {
	switch source {
	case "own":
		return []string{"county", "office"}
	case "resident", "office":
		return []string{"office"}
	case "township":
		return []string{"township"}
	case "village":
		return []string{"village", "station"}
	}
	return []string{"county", "office", "township"}
}

// NewSlot is a slot to set up.
type NewSlot struct {
	County   id.Key
	Zh, En   string
	Source   string
	Least    int
	Most     int
	Rotating bool
	From     calendar.Date
}

// The longest that a label may be, and the most that a slot may hold.
const (
	longLabel = 24
	mostHeld  = 200
)

// arranged reads a county whose formula the actor sees to: unseen it is absent, seen it is not theirs.
func arranged(ctx context.Context, r db.Reader, who access.Actor, county id.Key) (access.Unit, error) {
	u, err := area.County(ctx, r, who, county)
	if err == nil && !area.Arranges(who, u) {
		err = fault.New(fault.Forbidden, "move.not_yours")
	}
	return u, err
}

// AddSlot sets up a slot.
func (s *Service) AddSlot(ctx context.Context, who access.Actor, in NewSlot) (id.ID, error) {
	var made id.ID
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		county, err := arranged(ctx, tx, who, in.County)
		if err != nil {
			return ledger.Act{}, err
		}
		if err := s.check(&in, tx.Today()); err != nil {
			return ledger.Act{}, err
		}
		var n int
		if err := tx.Row(ctx, `SELECT COALESCE(MAX(s.n), 0) FROM force_slots s WHERE s.city_id = $1 AND s.county_id = $2`, in.County).Scan(&n); err != nil {
			return ledger.Act{}, err
		}
		made = tx.NewID()
		x := Slot{ID: made, County: in.County, N: n + 1, Zh: in.Zh, En: in.En, Source: in.Source, Least: in.Least, Most: in.Most, Rotating: in.Rotating, From: in.From, version: 1}
		return ledger.Act{Action: "slot.add", Organ: county.ID, About: "slot/" + made.String(), Answer: made.String(),
			Params: map[string]any{"label": in.Zh, "source": in.Source, "least": in.Least, "most": in.Most, "from": string(in.From)}}, tx.Insert(ctx, slotTable, x.row()...)
	})
	if rc.Replayed {
		made, err = id.Parse(rc.Answer)
	}
	return made, err
}

// check says what is wrong with a slot, and cleans what was typed.
func (s *Service) check(in *NewSlot, today calendar.Date) error {
	var form typed.Form
	say := form.Say
	form.Line("zh", &in.Zh, true, longLabel)
	form.Line("en", &in.En, false, longLabel)
	if _, ok := s.Rules.Term(listSource, in.Source); !ok {
		if in.Source == "" {
			say("source", "required")
		} else {
			say("source", "choice.unknown")
		}
	}
	form.Count("least", in.Least, 0, mostHeld)
	form.Count("most", in.Most, max(in.Least, 1), mostHeld)
	form.Past("from", in.From, today, true)
	return form.Err()
}

// Slot reads a slot that the actor sees to, without who is in it.
func (s *Service) Slot(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (Slot, access.Unit, error) {
	ss, err := db.All(ctx, r, scanSlot(r.City()), `SELECT `+slotCols+` FROM force_slots s WHERE s.city_id = $1 AND s.id = $2`, key)
	if err == nil && len(ss) == 0 {
		err = fault.Hidden()
	}
	if err != nil {
		return Slot{}, access.Unit{}, err
	}
	county, err := arranged(ctx, r, who, ss[0].County)
	return ss[0], county, err
}

// places are those of a county that are not over on a day.
func places(ctx context.Context, tx *ledger.Tx, county id.Key, on calendar.Date) ([]Place, error) {
	return db.All(ctx, tx, func(rows *db.Rows) (p Place, err error) {
		p.ID.City = tx.City()
		return p, rows.Scan(&p.ID.Key, &p.Slot, &p.Person, &p.From, &p.To, &p.version)
	}, `SELECT f.id, f.slot_id, f.person_id, f.from_on, f.to_on, f.version FROM force_places f WHERE f.city_id = $1 AND f.county_id = $2 AND (f.to_on = '' OR f.to_on > $3) ORDER BY f.id`, county, on)
}

func (p Place) save(ctx context.Context, tx *ledger.Tx, county id.Key) error {
	return tx.Update(ctx, placeTable, p.ID.Key, p.Slot, county, p.Person, p.From, p.To, p.version)
}

// EndSlot ends a slot and everybody's place in it, from today on.
func (s *Service) EndSlot(ctx context.Context, who access.Actor, slot id.ID) error {
	_, err := s.Ledger.Write(ctx, who, slot.City, func(tx *ledger.Tx) (ledger.Act, error) {
		x, county, err := s.Slot(ctx, tx, who, slot.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if x.To != "" {
			return ledger.Act{}, fault.Stale()
		}
		today := tx.Today()
		ps, err := places(ctx, tx, x.County, today)
		if err != nil {
			return ledger.Act{}, err
		}
		for _, p := range ps {
			if p.Slot == slot.Key {
				p.To = max(today, p.From)
				if err := p.save(ctx, tx, x.County); err != nil {
					return ledger.Act{}, err
				}
			}
		}
		x.To = max(today, x.From)
		return ledger.Act{Action: "slot.end", Organ: county.ID, About: "slot/" + slot.String(), Params: map[string]any{"label": x.Zh}}, tx.Update(ctx, slotTable, x.row()...)
	})
	return err
}

// Filling is somebody put into a slot; For is the place of whoever they take over from, "" for a free one.
type Filling struct {
	Slot   id.ID
	Person id.Key
	From   calendar.Date
	For    id.Key
}

// Fill puts somebody into a slot, or has them take over from another (轮换).
func (s *Service) Fill(ctx context.Context, who access.Actor, in Filling) error {
	_, err := s.Ledger.Write(ctx, who, in.Slot.City, func(tx *ledger.Tx) (ledger.Act, error) {
		x, county, err := s.Slot(ctx, tx, who, in.Slot.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if x.To != "" {
			return ledger.Act{}, fault.Stale()
		}
		switch {
		case !in.From.Valid():
			return ledger.Act{}, fault.InvalidField("from", "day.invalid")
		case in.From > tx.Today():
			return ledger.Act{}, fault.InvalidField("from", "day.future")
		case in.From < x.From:
			return ledger.Act{}, fault.InvalidField("from", "day.before", string(x.From))
		}
		if err := org.Alone(ctx, tx, x.County); err != nil { // nobody has two places, no slot one too many
			return ledger.Act{}, err
		}
		people, err := People(ctx, tx, x.County, x.Source, tx.Today())
		if err != nil {
			return ledger.Act{}, err
		}
		if !slices.ContainsFunc(people, func(p Someone) bool { return p.Person == in.Person }) {
			code := "choice.unknown"
			if in.Person == "" {
				code = "required"
			}
			return ledger.Act{}, fault.InvalidField("person", code)
		}
		ps, err := places(ctx, tx, x.County, in.From)
		if err != nil {
			return ledger.Act{}, err
		}
		act := ledger.Act{Action: "slot.fill", Organ: county.ID, About: "slot/" + in.Slot.String(), Params: map[string]any{"label": x.Zh, "person": in.Person, "from": string(in.From)}}
		held := 0
		for _, p := range ps {
			switch {
			case in.For != "" && p.ID.Key == in.For && p.Slot == in.Slot.Key && p.To == "":
				if in.From < p.From {
					return act, fault.InvalidField("from", "day.before", string(p.From))
				}
				p.To = in.From
				if err := p.save(ctx, tx, x.County); err != nil {
					return act, err
				}
				act.Action, act.Params["after"] = "slot.rotate", p.Person
				if p.Person == in.Person {
					return act, fault.InvalidField("person", "slot.twice")
				}
			case p.Person == in.Person:
				return act, fault.InvalidField("person", "slot.twice")
			case p.Slot == in.Slot.Key:
				held++
			}
		}
		switch {
		case in.For != "" && act.Action != "slot.rotate":
			return act, fault.Stale()
		case held >= x.Most:
			return act, fault.New(fault.Conflict, "slot.full", strconv.Itoa(x.Most))
		}
		return act, tx.Insert(ctx, placeTable, tx.NewKey(), in.Slot.Key, x.County, in.Person, in.From, "", int64(1))
	})
	return err
}

// Leave ends somebody's place from a day on.
func (s *Service) Leave(ctx context.Context, who access.Actor, slot id.ID, place id.Key, on calendar.Date) error {
	_, err := s.Ledger.Write(ctx, who, slot.City, func(tx *ledger.Tx) (ledger.Act, error) {
		x, county, err := s.Slot(ctx, tx, who, slot.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		ps, err := places(ctx, tx, x.County, "")
		if err != nil {
			return ledger.Act{}, err
		}
		i := slices.IndexFunc(ps, func(p Place) bool { return p.ID.Key == place && p.Slot == slot.Key })
		switch {
		case i < 0:
			return ledger.Act{}, fault.Hidden()
		case ps[i].To != "":
			return ledger.Act{}, fault.Stale()
		case !on.Valid():
			return ledger.Act{}, fault.InvalidField("on", "day.invalid")
		case on > tx.Today():
			return ledger.Act{}, fault.InvalidField("on", "day.future")
		case on < ps[i].From:
			return ledger.Act{}, fault.InvalidField("on", "day.before", string(ps[i].From))
		}
		p := ps[i]
		p.To = on
		return ledger.Act{Action: "slot.leave", Organ: county.ID, About: "slot/" + slot.String(), Params: map[string]any{"label": x.Zh, "person": p.Person, "on": string(on)}}, p.save(ctx, tx, x.County)
	})
	return err
}
