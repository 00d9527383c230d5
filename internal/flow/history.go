package flow

import (
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/id"
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
