package casework

import (
	"context"

	"qianshao/internal/flow"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
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
		if err := measure.Count(ctx, tx, "case.filed", c.Track, m.Organ.Key, c.Filed, m.ID.Key, 1); err != nil {
			return err
		}
	}
	if c.Decided != "" {
		if err := measure.Count(ctx, tx, "case.decided", c.Decision, m.Organ.Key, c.Decided, m.ID.Key, 1); err != nil {
			return err
		}
		if c.Form != "" {
			if err := measure.Count(ctx, tx, "case.forms", c.Form, m.Organ.Key, c.Decided, m.ID.Key, 1); err != nil {
				return err
			}
		}
	}
	if m.State == Closed {
		if err := measure.Count(ctx, tx, "case.closed", c.Decision, m.Organ.Key, m.Ended, m.ID.Key, 1); err != nil {
			return err
		}
	}
	parts := []string{m.No, m.Title, c.Summary, unitName}
	for _, x := range subs {
		parts = append(parts, x.Name, x.Post)
	}
	return text.Put(ctx, tx.Tx, m.ID.Key, flow.SearchTerms(m), parts...)
}
