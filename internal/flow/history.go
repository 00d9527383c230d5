package flow

import (
	"context"
	"encoding/json"
	"sort"

	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Event is one line of what happened to a matter: an act, or something that fell due on one of its clocks.
type Event struct {
	At     calendar.Instant
	Log    id.ID
	Seq    int64
	Action string
	Params map[string]any
	Actor  EventActor
	Fire   *deadline.Fire // set for what fell due
	Key    bool           // decisive
}

// EventActor is who acted, as the act tells.
type EventActor struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Post string `json:"post"`
	Unit string `json:"unit"`
}

// History reads what happened to a matter, newest first. The caller has seen the matter.
func (e *Engine) History(ctx context.Context, r db.Reader, m Matter, limit int) ([]Event, error) {
	t := e.tables[m.Kind]
	evs, err := db.All(ctx, r, func(rows *db.Rows) (Event, error) {
		ev := Event{Log: id.ID{City: r.City()}}
		var body []byte
		if err := rows.Scan(&ev.Log.Key, &ev.Seq, &ev.At, &ev.Action, &body); err != nil {
			return ev, err
		}
		var b struct {
			Params map[string]any `json:"params"`
			Actor  EventActor     `json:"actor"`
		}
		if body != nil {
			if err := json.Unmarshal(body, &b); err != nil {
				return ev, err
			}
		}
		ev.Params, ev.Actor = b.Params, b.Actor
		if t != nil {
			for _, mv := range t.Moves {
				if mv.Key && (ev.Action == m.Kind+"."+mv.Name || ev.Action == m.Kind+"."+mv.Name+".approve") {
					ev.Key = true
				}
			}
		}
		return ev, nil
	}, `SELECT a.log_id, a.seq, a.at, a.action, a.body FROM acts a WHERE a.city_id = $1 AND a.matter_id = $2 ORDER BY a.at DESC, a.seq DESC LIMIT $3`, m.ID.Key, limit)
	if err != nil {
		return nil, err
	}
	fires, err := deadline.FiresOf(ctx, r, m.ID.Key)
	if err != nil {
		return nil, err
	}
	for i := range fires {
		evs = append(evs, Event{At: fires[i].At, Fire: &fires[i], Actor: EventActor{Kind: "system"}})
	}
	sort.SliceStable(evs, func(i, j int) bool { return evs[i].At > evs[j].At })
	return evs, nil
}
