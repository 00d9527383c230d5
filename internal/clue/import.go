package clue

import (
	"context"

	"qianshao/internal/flow"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/text"
)

// Import enters a clue of the past in the transaction of the import's act, and counts it on the days it had.
func (s *Service) Import(ctx context.Context, tx *ledger.Tx, m *flow.Matter, c Clue, subs []flow.Subject, unitName string) error {
	m.Kind = Kind
	if err := s.Engine.Import(ctx, tx, m, subs); err != nil {
		return err
	}
	if err := tx.Insert(ctx, clueTable, c.row(m.ID.Key)...); err != nil {
		return err
	}
	if err := s.Engine.CountOn(ctx, tx, m, "clue.opened", m.Source, m.Received); err != nil {
		return err
	}
	if c.Disposal != "" && c.Disposed != "" {
		if err := s.Engine.CountOn(ctx, tx, m, "clue.disposed", c.Disposal, c.Disposed); err != nil {
			return err
		}
	}
	if m.State == Closed {
		if err := s.Engine.CountOn(ctx, tx, m, "clue.closed", c.CloseKind, m.Ended); err != nil {
			return err
		}
	}
	parts := []string{m.No, m.Title, c.Summary, unitName}
	for _, x := range subs {
		parts = append(parts, x.Name, x.Post)
	}
	return text.Put(ctx, tx.Tx, m.ID.Key, flow.SearchTerms(m), parts...)
}
