// Package record reads what happened to a matter: its acts, and what fell due on its clocks, as one list, newest first.
//
// The words: an event is one line of it. An act tells who did what and what was said; a fire is a warning, a lateness or a
// rise that the clock made by itself. The list is read a page at a time, and the mark of a page's last event is where the
// next one goes on: however much is written about a matter, nothing of it goes out of reach.
//
// What happened is read from the log and from the clocks' fires, and from nowhere else; whoever reads has seen the matter.
//
// Start at Page. Latest is what was last said at each step, for what is drafted from it.
package record

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Rows is how many events a page has.
const Rows = 200

// Event is one line of what happened to a matter.
type Event struct {
	At     calendar.Instant
	Log    id.ID
	Seq    int64
	Action string
	Params map[string]any
	Actor  Actor
	Fire   *deadline.Fire // set for what fell due
	Key    bool           // decisive
}

// Actor is who acted, as the act tells.
type Actor struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Post string `json:"post"`
	Unit string `json:"unit"`
}

// mark is where an event stands in the list. What fell due comes below the acts of the same instant.
type mark struct {
	at          calendar.Instant
	seq         int64
	clock, kind string
}

func (e Event) mark() string {
	if e.Fire == nil {
		return strconv.FormatInt(int64(e.At), 10) + "_" + strconv.FormatInt(e.Seq, 10)
	}
	return strconv.FormatInt(int64(e.At), 10) + "_0_" + e.Fire.Clock + "_" + e.Fire.Kind
}

func parse(s string) (m mark, err error) {
	bad := fault.InvalidField("before", "cursor")
	parts := strings.SplitN(s, "_", 4)
	if len(parts) != 2 && (len(parts) != 4 || !id.ValidKey(parts[2])) {
		return m, bad
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return m, bad
	}
	if m.seq, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
		return m, bad
	}
	m.at = calendar.Instant(at)
	if len(parts) == 4 {
		m.clock, m.kind = parts[2], parts[3]
	}
	return m, nil
}

// Page reads the newest events of a matter that are older than a mark, or the newest of all, and the mark to go on from,
// "" when there is nothing older.
func Page(ctx context.Context, r db.Reader, t *flow.Table, m flow.Matter, before string) (events []Event, older string, err error) {
	b := db.Build(`SELECT at, log_id, seq, action, body, clock_id, kind, due_on FROM (
		SELECT a.at, a.log_id, a.seq, a.action, a.body, '' AS clock_id, '' AS kind, '' AS due_on FROM acts a WHERE a.city_id = $1 AND a.matter_id = ?`, m.ID.Key)
	var from mark
	if before != "" {
		if from, err = parse(before); err != nil {
			return nil, "", err
		}
		b.Add(` AND a.at <= ? AND (a.at < ? OR a.seq < ?)`, from.at, from.at, from.seq)
	}
	b.Add(` ORDER BY a.at DESC, a.seq DESC LIMIT `+strconv.Itoa(Rows+1)+`) told
		UNION ALL SELECT at, log_id, seq, action, body, clock_id, kind, due_on FROM (
		SELECT f.at, f.log_id, 0 AS seq, '' AS action, CAST(NULL AS BYTEA) AS body, f.clock_id, f.kind, f.due_on FROM fires f WHERE f.city_id = $1 AND f.matter_id = ?`, m.ID.Key)
	if before != "" {
		b.Add(` AND f.at <= ? AND (f.at < ?`, from.at, from.at)
		if from.clock == "" {
			b.Add(` OR 1 = 1)`)
		} else {
			b.Add(` OR (f.clock_id, f.kind) < (?, ?))`, from.clock, from.kind)
		}
	}
	text, args := b.Add(` ORDER BY f.at DESC, f.clock_id DESC, f.kind DESC LIMIT ` + strconv.Itoa(Rows+1) + `) fell
		ORDER BY 1 DESC, 3 DESC, 6 DESC, 7 DESC LIMIT ` + strconv.Itoa(Rows+1)).SQL()
	if events, err = db.All(ctx, r, scan(r, t, m), text, args...); err != nil {
		return nil, "", err
	}
	if len(events) > Rows {
		events = events[:Rows]
		older = events[Rows-1].mark()
	}
	return events, older, nil
}

// Latest reads the last act of each kind about a matter, newest first: whatever is drafted from what was said at a step
// finds it, however long ago it was.
func Latest(ctx context.Context, r db.Reader, t *flow.Table, m flow.Matter) ([]Event, error) {
	return db.All(ctx, r, scan(r, t, m), `SELECT a.at, a.log_id, a.seq, a.action, a.body, '', '', '' FROM (
		SELECT x.log_id, x.seq, ROW_NUMBER() OVER (PARTITION BY x.action ORDER BY x.at DESC, x.seq DESC) AS n FROM acts x WHERE x.city_id = $1 AND x.matter_id = $2) last
		JOIN acts a ON a.city_id = $1 AND a.log_id = last.log_id AND a.seq = last.seq WHERE last.n = 1 ORDER BY a.at DESC, a.seq DESC`, m.ID.Key)
}

func scan(r db.Reader, t *flow.Table, m flow.Matter) func(*db.Rows) (Event, error) {
	return func(rows *db.Rows) (Event, error) {
		e := Event{Log: id.ID{City: r.City()}}
		var body []byte
		var clock, kind, due string
		if err := rows.Scan(&e.At, &e.Log.Key, &e.Seq, &e.Action, &body, &clock, &kind, &due); err != nil {
			return e, err
		}
		if clock != "" {
			e.Fire = &deadline.Fire{Clock: clock, Kind: kind, Due: calendar.Date(due), At: e.At, Matter: m.ID.Key}
			e.Actor.Kind = "system"
			return e, nil
		}
		var b struct {
			Params map[string]any `json:"params"`
			Actor  Actor          `json:"actor"`
		}
		if len(body) > 0 {
			if err := json.Unmarshal(body, &b); err != nil {
				return e, err
			}
		}
		e.Params, e.Actor = b.Params, b.Actor
		e.Key = decisive(t, m.Kind, e.Action)
		return e, nil
	}
}

func decisive(t *flow.Table, kind, action string) bool {
	for i := range t.Moves {
		if t.Moves[i].Key && (action == kind+"."+t.Moves[i].Name && t.Moves[i].Chain == "" || action == kind+"."+t.Moves[i].Name+".approve") {
			return true
		}
	}
	return false
}
