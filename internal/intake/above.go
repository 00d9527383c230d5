package intake

import (
	"context"

	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/platform/db"
)

// What an organ above assigns to be reported back (JK 21) is noted on whatever it came in as, and answered there. Both
// kinds of matter that come in share these moves: note_assigned and answer_above.

// RuleAnswer is the clock of the answer that an organ above is owed.
const RuleAnswer = "tipoff.answer_above"

// AssignedFields are what note_assigned asks for.
func AssignedFields() []flow.Field {
	return []flow.Field{{Name: "assigned_by", Kind: flow.Choice, Must: true, List: "assigning_organ"}, {Name: "paper_no", Kind: flow.Line, Must: true},
		{Name: "on", Kind: flow.Day, Must: true, Since: "received"}, {Name: "gist", Kind: flow.Para, Max: 1000}}
}

// AnswerFields are what answer_above asks for.
func AnswerFields() []flow.Field {
	return []flow.Field{{Name: "on", Kind: flow.Day, Must: true, Since: "received"}, {Name: "paper_no", Kind: flow.Line, Must: true}, {Name: "gist", Kind: flow.Para, Must: true, Max: 2000}}
}

// ShutAssigned notes an assignment once.
func ShutAssigned(_ context.Context, _ db.Reader, m *flow.Matter) (string, error) {
	if m.Is(flow.FlagAnswer) {
		return "matter.assigned_already", nil
	}
	return "", nil
}

// ShutAnswer keeps the answer for those to whom one is owed.
func ShutAnswer(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	if !m.Is(flow.FlagAnswer) {
		return "matter.no_answer_owed", nil
	}
	c, ok, err := deadline.Last(ctx, r, m.ID.Key, RuleAnswer)
	if err != nil || ok && c.Running() {
		return "", err
	}
	return "matter.no_answer_owed", nil
}

// ApplyAssigned marks the matter; the clock of the answer begins with the move.
func ApplyAssigned(_ context.Context, op *flow.Op) error {
	op.M.Set(flow.FlagAbove)
	op.M.Set(flow.FlagAnswer)
	return nil
}
