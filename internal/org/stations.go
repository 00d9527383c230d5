package org

import (
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// A county has some hundred villages, each with its liaison station: posts are opened and people put forward for a township's
// villages at once. That they hold them takes a second person, as anywhere.

// StationKinds are the posts of a village's liaison station.
var StationKinds = []string{"station_chief", "correspondent"}

// Station is a village with its posts of one kind.
type Station struct {
	Village access.Unit
	Posts   []Place
}

// Free is the first post of the station that nobody holds and nobody was put forward for.
func (s Station) Free() (Place, bool) {
	for _, p := range s.Posts {
		if p.Holding == "" && p.Asked == "" {
			return p, true
		}
	}
	return Place{}, false
}

// Takes says whether somebody may be put forward there: of chiefs there is one, of correspondents as many as are wanted.
func (s Station) Takes(kind string) bool {
	_, free := s.Free()
	return free || len(s.Posts) == 0 || kind == "correspondent"
}

// StationTowns lists the townships whose villages' appointments the actor sees to.
func (s *Service) StationTowns(ctx context.Context, who access.Actor) ([]access.Unit, error) {
	b := db.Build(`SELECT u.id FROM units u WHERE u.city_id = $1 AND u.kind = 'township' AND u.closed_on = ''`)
	if err := withinStaff(b, who); err != nil {
		return nil, err
	}
	r := s.Ledger.DB.In(who.City)
	q, args := b.Add(` ORDER BY u.code, u.name, u.id`).SQL()
	keys, err := db.Column[string](ctx, r, q, args...)
	if err != nil {
		return nil, err
	}
	by, err := access.Units(ctx, r, keys)
	out := make([]access.Unit, 0, len(keys))
	for _, k := range keys {
		out = append(out, by[k])
	}
	return out, err
}

// Stations lists a township's villages, each with its posts of a kind.
func (s *Service) Stations(ctx context.Context, who access.Actor, township id.Key, kind string) ([]Station, error) {
	return stations(ctx, s.Ledger.DB.In(who.City), who, township, kind)
}

func stations(ctx context.Context, r db.Reader, who access.Actor, township id.Key, kind string) ([]Station, error) {
	town, err := access.GetUnit(ctx, r, township)
	if err == nil && (town.Kind != "township" || overStaff(who, town) == "") {
		err = fault.Hidden()
	}
	if err != nil {
		return nil, err
	}
	villages, err := access.Below(ctx, r, township, "village")
	if err != nil {
		return nil, err
	}
	q, args := db.Build(placeSQL, r.Now().Date()).Add(` AND u.superior_id = ? AND u.kind = 'village' AND o.kind = ? AND o.closed_on = '' ORDER BY o.opened_on, o.id, h.from_on`, township, kind).SQL()
	ps, err := db.All(ctx, r, scanPlace(r.City()), q, args...)
	if err != nil {
		return nil, err
	}
	out := make([]Station, len(villages))
	for i, v := range villages {
		out[i].Village = v
		for _, p := range ps {
			if n := len(out[i].Posts); p.Unit.ID == v.ID && (n == 0 || out[i].Posts[n-1].Post != p.Post) { // of two holdings the earlier
				out[i].Posts = append(out[i].Posts, p)
			}
		}
	}
	return out, nil
}

// Stationed is what is filled in for a township's villages.
type Stationed struct {
	Township id.Key
	Kind     string
	From     calendar.Date
	Paper    string
	All      bool // villages without a name get their post too
	Names    map[id.Key]Newcomer
}

// Newcomer is somebody new to the roster.
type Newcomer struct{ Name, Born string }

// SetStations opens the posts that are missing and puts forward whoever was named, all or nothing, in one act. It says how many
// posts were opened and how many people put forward.
func (s *Service) SetStations(ctx context.Context, who access.Actor, in Stationed) (opened, asked int, err error) {
	if err := cleanLine("paper", &in.Paper); err != nil {
		return 0, 0, err
	}
	_, err = s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		opened, asked = 0, 0
		if !slices.Contains(StationKinds, in.Kind) {
			return ledger.Act{}, fault.InvalidField("kind", "choice.unknown")
		}
		town, err := access.GetUnit(ctx, tx, in.Township)
		if err == nil && tx.Engine() == db.Postgres { // one after the other; SQLite has one writer
			err = tx.Row(ctx, `/*engine*/ SELECT u.id FROM units u WHERE u.city_id = $1 AND u.id = $2 FOR UPDATE`, town.Organ).Scan(&town.Organ)
		}
		if err != nil {
			return ledger.Act{}, err
		}
		list, err := stations(ctx, tx, who, in.Township, in.Kind)
		if err != nil {
			return ledger.Act{}, err
		}
		if err := checkStations(ctx, tx, &in, list); err != nil {
			return ledger.Act{}, err
		}
		for _, st := range list {
			n := in.Names[st.Village.ID.Key]
			free, ok := st.Free()
			if n.Name == "" && (!in.All || len(st.Posts) > 0) {
				continue
			}
			post := free.Post
			if !ok {
				if post, err = OpenPost(ctx, tx, st.Village, in.Kind, "", false, min(in.From, tx.Today())); err != nil {
					return ledger.Act{}, err
				}
				opened++
			}
			if n.Name == "" {
				continue
			}
			person, err := AddPerson(ctx, tx, NewPerson{Name: n.Name, Born: n.Born})
			if err != nil {
				return ledger.Act{}, err
			}
			if err := tx.Insert(ctx, appointmentTable, tx.NewKey(), post, person, in.From, false, false, text.Fold(in.Paper), who.Person, who.Name, overStaff(who, town), tx.Today(),
				AppointOpen, "", "", "", "", int64(1)); err != nil {
				return ledger.Act{}, err
			}
			asked++
		}
		if opened+asked == 0 {
			return ledger.Act{}, fault.InvalidField("names", "station.nothing")
		}
		return ledger.Act{Action: "appointment.stations", Organ: town.OrganID(), About: "unit/" + town.ID.String(),
			Params: map[string]any{"unit": town.ID.Key, "kind": in.Kind, "on": string(in.From), "opened": opened, "asked": asked, "paper": in.Paper}}, nil
	})
	return opened, asked, err
}

// checkStations says beside each village what is wrong with who was named there. A station's chief is never the village's own
// chief (M37).
func checkStations(ctx context.Context, tx *ledger.Tx, in *Stationed, list []Station) error {
	var bad []fault.Field
	switch {
	case !in.From.Valid():
		bad = append(bad, fault.Field{Name: "from", Code: "day.invalid"})
	case in.From > tx.Today().AddDays(farAhead):
		bad = append(bad, fault.Field{Name: "from", Code: "appoint.far"})
	}
	for _, st := range list {
		key := st.Village.ID.Key
		n, ok := in.Names[key]
		if !ok {
			continue
		}
		if n.Name == "" && n.Born == "" {
			continue
		}
		say := func(field, code string) {
			bad = append(bad, fault.Field{Name: field + "-" + key, Code: code})
		}
		free, has := st.Free()
		switch name, ok := cleanName(n.Name); {
		case !ok:
			say("name", "name.invalid")
		case !st.Takes(in.Kind):
			say("name", "post.held")
		case has && in.From.Valid() && in.From < free.Opened:
			bad = append(bad, fault.Field{Name: "from", Code: "day.before", Args: []string{string(free.Opened)}})
		case !calendar.Date(n.Born + "-01").Valid():
			say("born", "appoint.born")
		default:
			for _, f := range CheckLife(n.Born, 0, in.From, tx.Today()) {
				bad = append(bad, fault.Field{Name: f.Name + "-" + key, Code: f.Code, Args: f.Args})
			}
			os, err := Officials(ctx, tx, key, "", 500)
			if err != nil {
				return err
			}
			if in.Kind == "station_chief" && slices.ContainsFunc(os, func(o Official) bool { return o.Chief && text.Name(o.Name) == text.Name(name) }) {
				say("name", "station.village_chief")
			}
			in.Names[key] = Newcomer{name, n.Born}
		}
	}
	return fault.InvalidFields(bad)
}

// WaitingStations lists who was put forward for a township's stations and waits for the actor: not by themselves.
func (s *Service) WaitingStations(ctx context.Context, who access.Actor, township id.Key, kind string) ([]Waiting, error) {
	r := s.Ledger.DB.In(who.City)
	return db.All(ctx, r, func(rows *db.Rows) (a Waiting, err error) { return a, rows.Scan(a.dest()...) },
		waitingSQL+` AND a.state = 'open' AND a.asked_by <> $4 AND a.post_id IN (SELECT o.id FROM posts o JOIN units u ON u.city_id = o.city_id AND u.id = o.unit_id
			WHERE o.city_id = $1 AND u.superior_id = $2 AND u.kind = 'village' AND o.kind = $3) ORDER BY a.id`, township, kind, who.Person)
}

// ConfirmStations confirms all of them, each as Decide does and in an act of its own. It says how many.
func (s *Service) ConfirmStations(ctx context.Context, who access.Actor, township id.Key, kind string) (int, error) {
	ws, err := s.WaitingStations(ctx, who, township, kind)
	if err != nil {
		return 0, err
	}
	for i, w := range ws {
		one := who
		if one.Request.Key != "" {
			one.Request.Key += "/" + w.ID
		}
		if err := s.Decide(ctx, one, w.ID, w.Version, true, ""); err != nil {
			return i, err
		}
	}
	return len(ws), nil
}
