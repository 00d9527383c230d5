package clue

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/intake"
	"qianshao/internal/platform/db"
)

// A clue that a report is behind goes to a township as the text that a second person of the intake office checked. What
// the intake office wrote for the organ itself stays with the tip-off.

// unchecked says whether a clue still says what was reported in the words of the organ's own summary.
func unchecked(m *flow.Matter) bool { return m.Parent != "" && !m.Is(flow.FlagChecked) }

// checkBelow keeps a clue from a township until there is a checked text for it.
func (s *Service) checkBelow(ctx context.Context, op *flow.Op) error {
	if !unchecked(op.M) {
		return nil
	}
	u, err := access.GetUnit(ctx, op.Tx, op.In.Str("target"))
	if err != nil || u.Kind != "township" {
		return err
	}
	_, ok, err := intake.Prepared(ctx, op.Tx, op.M.Parent)
	if err == nil && !ok {
		err = fault.InvalidField("target", "clue.below_unchecked")
	}
	return err
}

// sendDown puts the checked text in place of the organ's own, wherever those below read.
func (s *Service) sendDown(ctx context.Context, op *flow.Op) error {
	down, ok, err := intake.Prepared(ctx, op.Tx, op.M.Parent)
	if err != nil {
		return err
	}
	if !ok {
		return fault.InvalidField("target", "clue.below_unchecked")
	}
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	op.M.Title, c.Summary, c.VerifyNote = down.Title, down.Text, down.Note
	op.M.Set(flow.FlagChecked)
	if err := save(ctx, op.Tx, op.M.ID.Key, c); err != nil {
		return err
	}
	subs, err := flow.Subjects(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	unit, err := unitOf(ctx, op.Tx, subs)
	if err != nil {
		return err
	}
	return index(ctx, op.Tx, op.M, c, subs, unit)
}

// shutAskBelow keeps the question for clues that need the answer, and asks it once.
func (s *Service) shutAskBelow(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	if !unchecked(m) {
		return "clue.below_none", nil
	}
	return intake.BelowStands(ctx, r, m.Parent)
}

func (s *Service) applyAskBelow(ctx context.Context, op *flow.Op) error {
	return s.Intake.AskBelow(ctx, op.Tx, op.M.Parent)
}
