package org

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// What may have happened to somebody's work.
const (
	TurnLeft    = "left"    // a post ended; Note is why
	TurnBegan   = "began"   // a post began
	TurnDuty    = "duty"    // something was assigned besides; Note is its kind
	TurnAsked   = "asked"   // another was put forward for the post
	TurnStruck  = "struck"  // off the register of officials
	TurnChanged = "changed" // the register says another post, unit or rank than it did; Note is what it said
)

// Turn is something that happened to the work of somebody of a name, as it is known here.
type Turn struct {
	Key      string        `json:"key"` // the row, and what happened: the same for the same turn
	What     string        `json:"what"`
	Day      calendar.Date `json:"day"`
	Name     string        `json:"name"`
	Post     string        `json:"post"` // its title; of the register, its words
	Unit     id.Key        `json:"unit"`
	UnitName string        `json:"unit_name"`
	County   id.Key        `json:"county"`
	Township id.Key        `json:"township"`
	Note     string        `json:"note,omitempty"`
}

const (
	turnUnit   = `u.id, u.name, u.county_id, u.township_id`
	turnPerson = `people p JOIN holdings h ON h.city_id = p.city_id AND h.person_id = p.id JOIN posts o ON o.city_id = h.city_id AND o.id = h.post_id JOIN units u ON u.city_id = h.city_id AND u.id = h.unit_id`
)

// Turns are what happened from a day on to the work of those who have a name: who of them is meant is for people to say.
// What the register says of them is held against what it said before, by the rows' keys; now is what it says.
func Turns(ctx context.Context, r db.Reader, name string, from calendar.Date, before map[id.Key]string) (turns []Turn, now map[id.Key]string, err error) {
	turns, err = db.All(ctx, r, func(rows *db.Rows) (t Turn, err error) {
		err = rows.Scan(&t.Key, &t.What, &t.Day, &t.Name, &t.Post, &t.Note, &t.Unit, &t.UnitName, &t.County, &t.Township)
		t.Key = t.What + "/" + t.Key
		return t, err
	}, `SELECT h.id, '`+TurnLeft+`', h.to_on, p.name, o.title, h.leave_reason, `+turnUnit+` FROM `+turnPerson+` WHERE p.city_id = $1 AND p.name = $2 AND h.to_on >= $3
		UNION ALL SELECT h.id, '`+TurnBegan+`', h.from_on, p.name, o.title, '', `+turnUnit+` FROM `+turnPerson+` WHERE p.city_id = $1 AND p.name = $2 AND h.from_on >= $3
		UNION ALL SELECT d.id, '`+TurnDuty+`', d.from_on, p.name, o.title, d.kind, `+turnUnit+` FROM `+turnPerson+` JOIN duties d ON d.city_id = h.city_id AND d.holding_id = h.id
			WHERE p.city_id = $1 AND p.name = $2 AND d.from_on >= $3
		UNION ALL SELECT a.id, '`+TurnAsked+`', a.asked_on, p.name, o.title, '', `+turnUnit+` FROM `+turnPerson+` JOIN appointments a ON a.city_id = h.city_id AND a.post_id = h.post_id
			WHERE p.city_id = $1 AND p.name = $2 AND a.asked_on >= $3 AND a.person_id <> p.id AND a.state IN ('`+AppointOpen+`', '`+AppointGranted+`') AND (h.to_on = '' OR h.to_on >= $3)`, name, from)
	if err != nil {
		return nil, nil, err
	}
	type row struct {
		Turn
		key  id.Key
		to   calendar.Date
		says string
	}
	listed, err := db.All(ctx, r, func(rows *db.Rows) (x row, err error) {
		var rank string
		err = rows.Scan(&x.key, &x.to, &x.Name, &x.Post, &rank, &x.Unit, &x.UnitName, &x.County, &x.Township)
		x.says = strings.TrimSpace(x.UnitName + x.Post + " " + rank)
		return x, err
	}, `SELECT f.id, f.to_on, f.name, f.post, f.rank, `+turnUnit+` FROM officials f JOIN units u ON u.city_id = f.city_id AND u.id = f.unit_id WHERE f.city_id = $1 AND f.name = $2`, name)
	if err != nil {
		return nil, nil, err
	}
	now = map[id.Key]string{}
	for _, x := range listed {
		now[x.key] = x.says
		if x.to >= from {
			x.What, x.Day, x.Key = TurnStruck, x.to, TurnStruck+"/"+x.key
			turns = append(turns, x.Turn)
		}
		if was, known := before[x.key]; known && was != x.says {
			x.What, x.Day, x.Key, x.Note = TurnChanged, r.Now().Date(), TurnChanged+"/"+x.key+"/"+x.says, was
			turns = append(turns, x.Turn)
		}
	}
	slices.SortStableFunc(turns, func(a, b Turn) int { return strings.Compare(string(a.Day), string(b.Day)) })
	return turns, now, nil
}
