package flow

import (
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// OtherHands is a Check of a move that nobody makes who made the matter's last move of a name, nor somebody in that one's stead:
// a step that is to be looked at by a second person.
func OtherHands(move string) func(context.Context, *Op) error { return otherHands(move, ` LIMIT 1`) }

// OtherHandsThanAll is OtherHands where each move of the name added to what is looked at.
func OtherHandsThanAll(move string) func(context.Context, *Op) error { return otherHands(move, ``) }

func otherHands(move, limit string) func(context.Context, *Op) error {
	return func(ctx context.Context, op *Op) error {
		by, err := db.Column[id.Key](ctx, op, `SELECT a.actor_id FROM acts a WHERE a.city_id = $1 AND a.matter_id = $2 AND a.action = $3 ORDER BY a.at DESC, a.seq DESC`+limit, op.M.ID.Key, op.M.Kind+"."+move)
		if err == nil && slices.ContainsFunc(by, op.ActsAs) {
			err = fault.New(fault.Forbidden, "move.other_hands")
		}
		return err
	}
}

// ActsAs says whether whoever makes the move is a person, or may make it in that one's stead alone.
func (op *Op) ActsAs(person id.Key) bool {
	if op.Actor.Automatic() {
		return false
	}
	for _, b := range op.Move.By {
		for _, at := range []id.ID{op.M.Organ, op.M.Handler} {
			if hat, ok := op.Actor.HatFor(b.Role(), at); ok && hat.For == "" {
				return op.Actor.Person == person
			}
		}
	}
	return op.Actor.Person == person || slices.ContainsFunc(op.Actor.Hats, func(h access.Hat) bool { return h.For == person })
}
