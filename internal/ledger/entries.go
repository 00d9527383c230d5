package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Entry is an act as the auditor sees it: who, when, what kind of act and about what, never what was said in a matter.
type Entry struct {
	Seq    int64
	At     calendar.Instant
	Action string
	Matter id.ID  // zero for acts that are about none
	About  string // for acts about no matter: "account/2.01J…"
	Person id.Key // "" for the program and the host's command line
	Kind   string // access.System or access.Operator when no person acted
	Name   string
	Post   string
	Unit   string         // id
	Params map[string]any // only of acts that are about no matter
	Gone   bool           // the body is not there; nothing in the program removes one, and Verify names the entry
}

// Query narrows a log. All but Log may be empty.
type Query struct {
	Log    id.Key        // the organ whose log it is
	Before int64         // entries with a smaller number than this; 0: from the end
	Name   string        // of who acted, whole
	Family string        // the first word of the action: "account"; "matter" for all that is about one
	On     calendar.Date // the civil day
	Hand   bool          // only the host's command line
	Limit  int
}

// Logs says whose logs an auditor reads: a county's auditor the county's, a city's or province's every one of the
// tenant. The auditor's own comes first.
func Logs(ctx context.Context, r db.Reader, who access.Actor) ([]access.Unit, error) {
	own, wide := map[id.Key]bool{}, false
	var keys []string
	for _, h := range who.Hats {
		if h.For == "" && h.Gives(access.Auditor) && h.Unit.ID.City == r.City() {
			keys, wide = append(keys, h.Unit.Organ), wide || h.Unit.Level < access.County
			own[h.Unit.Organ] = true
		}
	}
	if len(keys) == 0 {
		return nil, fault.New(fault.Forbidden, "page.not_yours")
	}
	b := db.Build(`SELECT u.id, u.name, u.kind FROM units u WHERE u.city_id = $1 AND u.organ_id = u.id`)
	if !wide {
		b.In(" AND ", "u.id", keys)
	}
	q, args := b.Add(` ORDER BY u.level, u.code, u.id`).SQL()
	all, err := db.All(ctx, r, func(rows *db.Rows) (access.Unit, error) {
		u := access.Unit{ID: id.ID{City: r.City()}}
		return u, rows.Scan(&u.ID.Key, &u.Name, &u.Kind)
	}, q, args...)
	var out, rest []access.Unit
	for _, u := range all {
		if own[u.ID.Key] {
			out = append(out, u)
		} else {
			rest = append(rest, u)
		}
	}
	return append(out, rest...), err
}

// Entries lists a log, newest first. The caller has asked Logs whether the reader may; acts of matters that bar the
// reader are left out all the same, as everywhere.
func Entries(ctx context.Context, r db.Reader, who access.Actor, q Query) ([]Entry, error) {
	if !q.Hand {
		return entries(ctx, r, who, q)
	}
	// The command line and the program have no person alike; which it was stands in the body alone.
	var out []Entry
	for len(out) < q.Limit {
		page, err := entries(ctx, r, who, q)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if e.Kind == string(access.Operator) && len(out) < q.Limit {
				out = append(out, e)
			}
		}
		if len(page) < q.Limit {
			break
		}
		q.Before = page[len(page)-1].Seq
	}
	return out, nil
}

func entries(ctx context.Context, r db.Reader, who access.Actor, q Query) ([]Entry, error) {
	b := db.Build(`SELECT a.seq, a.at, a.action, a.matter_id, a.actor_id, a.body FROM acts a WHERE a.city_id = $1 AND a.log_id = ?`, q.Log)
	b.If(q.Before > 0, ` AND a.seq < ?`, q.Before)
	switch {
	case q.Family == "matter":
		b.Add(` AND a.matter_id <> ''`)
	case q.Family != "":
		b.Add(` AND a.matter_id = '' AND a.action >= ? AND a.action < ?`, q.Family+".", q.Family+"/") // "/" follows "."
	}
	if q.On.Valid() {
		b.Add(` AND a.at >= ? AND a.at < ?`, int64(calendar.StartOf(q.On)), int64(calendar.StartOf(q.On.AddDays(1))))
	}
	if q.Name != "" {
		b.Add(` AND a.actor_id IN (SELECT p.id FROM people p WHERE p.city_id = $1 AND p.name = ?)`, q.Name)
	}
	if q.Hand {
		b.Add(` AND a.actor_id = ''`)
	}
	if who.Barred {
		b.Add(` AND NOT EXISTS (SELECT 1 FROM matters m JOIN bars x ON x.city_id = m.city_id AND x.root_id = m.root_id WHERE m.city_id = a.city_id AND m.id = a.matter_id AND x.person_id = ?)
			AND NOT EXISTS (SELECT 1 FROM matters m JOIN namesakes n ON n.city_id = m.city_id AND n.root_id = m.root_id WHERE m.city_id = a.city_id AND m.id = a.matter_id AND n.person_id = ? AND n.state = 'open')`, who.Person, who.Person)
	}
	text, args := b.Add(` ORDER BY a.seq DESC LIMIT ?`, q.Limit).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (Entry, error) {
		e, body := Entry{}, []byte(nil)
		if err := rows.Scan(&e.Seq, &e.At, &e.Action, &e.Matter.Key, &e.Person, &body); err != nil {
			return e, err
		}
		if e.Matter.Key != "" {
			e.Matter.City = r.City()
		}
		if len(body) == 0 {
			e.Gone = true
			return e, nil
		}
		return e, e.read(body)
	}, text, args...)
}

// read takes from a body what an auditor may see of it.
func (e *Entry) read(body []byte) error {
	var b struct {
		About  string         `json:"about"`
		Params map[string]any `json:"params"`
		Actor  struct{ Kind, Name, Post, Unit string }
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return errors.Join(errors.New("ledger: an entry can't be read"), err)
	}
	e.Kind, e.Name, e.Post, e.Unit = b.Actor.Kind, b.Actor.Name, b.Actor.Post, b.Actor.Unit
	if e.Matter.Zero() {
		e.About, e.Params = b.About, b.Params
	}
	return nil
}

// Consulted writes down that the auditor looked at a log: once a day and log, so that reading is on record without the
// log growing by being read.
func (l *Ledger) Consulted(ctx context.Context, who access.Actor, log id.ID) error {
	r := l.DB.In(log.City)
	var seen int64
	err := r.Row(ctx, `SELECT a.seq FROM acts a WHERE a.city_id = $1 AND a.actor_id = $2 AND a.at >= $3 AND a.action = 'audit.read' AND a.log_id = $4 LIMIT 1`,
		who.Person, int64(calendar.StartOf(r.Now().Date())), log.Key).Scan(&seen)
	if !errors.Is(err, db.ErrNoRows) {
		return err
	}
	who.Request = access.Request{}
	_, err = l.Write(ctx, who, log.City, func(*Tx) (Act, error) {
		return Act{Action: "audit.read", Organ: log}, nil
	})
	return err
}

// Family is the first word of an action.
func Family(action string) string {
	f, _, _ := strings.Cut(action, ".")
	return f
}

// Of lists what a person did of one kind since a moment, oldest first: whoever did it may know how far it came.
func Of(ctx context.Context, r db.Reader, person id.Key, action string, since calendar.Instant) ([]Entry, error) {
	return db.All(ctx, r, func(rows *db.Rows) (e Entry, err error) {
		var body []byte
		if err := rows.Scan(&e.Seq, &e.At, &e.Action, &body); err != nil || len(body) == 0 {
			return e, err
		}
		return e, e.read(body)
	}, `SELECT a.seq, a.at, a.action, a.body FROM acts a WHERE a.city_id = $1 AND a.actor_id = $2 AND a.at >= $3 AND a.action = $4 ORDER BY a.at, a.log_id, a.seq`, person, int64(since), action)
}
