package casework

import (
	"context"

	"qianshao/internal/flow"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/text"
)

// Import enters a case of the past in the transaction of the import's act, and counts it on the days it had.
func (s *Service) Import(ctx context.Context, tx *ledger.Tx, m *flow.Matter, c Case, subs []flow.Subject, unitName string) error {
	m.Kind = Kind
	if err := s.Engine.Import(ctx, tx, m, subs); err != nil {
		return err
	}
	if err := tx.Insert(ctx, caseTable, c.row(m.ID.Key)...); err != nil {
		return err
	}
	if c.Filed != "" {
		if err := s.Engine.CountOn(ctx, tx, m, "case.filed", c.Track, c.Filed); err != nil {
			return err
		}
	}
	if c.Decided != "" {
		if err := s.Engine.CountOn(ctx, tx, m, "case.decided", c.Decision, c.Decided); err != nil {
			return err
		}
		if c.Form != "" {
			if err := s.Engine.CountOn(ctx, tx, m, "case.forms", c.Form, c.Decided); err != nil {
				return err
			}
		}
	}
	if m.State == Closed {
		if err := s.Engine.CountOn(ctx, tx, m, "case.closed", c.Decision, m.Ended); err != nil {
			return err
		}
	}
	parts := []string{m.No, m.Title, c.Summary, unitName}
	for _, x := range subs {
		parts = append(parts, x.Name, x.Post)
	}
	return text.Put(ctx, tx.Tx, m.ID.Key, flow.SearchTerms(m), parts...)
}
