package custody

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Waiting is a letter that waits to be opened with an organ's key.
type Waiting struct {
	ID       id.ID
	No       string
	Received calendar.Date
	Due      calendar.Date // past this day it rises to the organ above; of one that has risen, when it is to be acted on
	Risen    bool          // from below: the second copy is this organ's to open
}

// waitingShown is how many letters the custodians' page lists.
const waitingShown = 30

// waiting reads the letters that the actor's organ has to open, soonest first: one statement.
func waiting(ctx context.Context, r db.Reader, who access.Actor, organ id.Key) ([]Waiting, error) {
	b := db.Build(`SELECT m.id, m.no, m.received_on, c.due_on, c.rule FROM clocks c JOIN matters m ON m.city_id = c.city_id AND m.id = c.matter_id
		WHERE c.city_id = $1 AND c.owed_id = ? AND c.rule IN ('tipoff.first_action', '`+flow.RuleRisen+`') AND c.state IN ('open', 'paused') AND m.kind = '`+Letter+`'`, organ)
	text, args := access.Unbarred(b, "m", who.Person).Add(` ORDER BY c.due_on, c.id LIMIT ?`, waitingShown).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (Waiting, error) {
		w, rule := Waiting{ID: id.ID{City: r.City()}}, ""
		err := rows.Scan(&w.ID.Key, &w.No, &w.Received, &w.Due, &rule)
		w.Risen = rule == flow.RuleRisen
		return w, err
	}, text, args...)
}

// left reads who has known the passphrase since it was last set and is not among the custodians any more.
func left(ctx context.Context, r db.Reader, organ id.Key, holders []string) ([]string, error) {
	// Written out and the same twice, not given as parameters: the index is of these acts alone.
	b := db.Build(`SELECT DISTINCT p.name FROM acts a JOIN people p ON p.city_id = a.city_id AND p.id = a.actor_id
		WHERE a.city_id = $1 AND a.log_id = ? AND a.action IN ('key.make', 'key.unlock', 'key.rewrap') AND a.at >= (
			SELECT MAX(k.at) FROM acts k WHERE k.city_id = $1 AND k.log_id = ? AND k.action IN ('key.make', 'key.unlock', 'key.rewrap') AND k.action <> 'key.unlock')`, organ, organ)
	text, args := b.In(` AND NOT (`, "a.actor_id", holders).Add(`) ORDER BY p.name`).SQL()
	return db.Column[string](ctx, r, text, args...)
}
