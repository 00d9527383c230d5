package intake

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/flow"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// StandAt says who may keep anything about somebody in an organ's register: a clerk's or an import's.
func (s *Service) StandAt(ctx context.Context, r db.Reader, organ access.Unit, sub flow.Subject) (Standing, error) {
	return s.stand(ctx, r, organ, sub)
}

// Import enters a report of the past in the transaction of the import's act. Nothing of the reporter comes with it: what
// was kept of them elsewhere stays sealed there.
func (s *Service) Import(ctx context.Context, tx *ledger.Tx, m *flow.Matter, t Tipoff, subs []flow.Subject, unitName string) error {
	m.Kind = Kind
	if err := s.Engine.Import(ctx, tx, m, subs); err != nil {
		return err
	}
	t.Entered = m.Opened
	if err := tx.Insert(ctx, tipoffTable, t.row(m.ID.Key)...); err != nil {
		return err
	}
	if err := measure.Count(ctx, tx, "tipoff.received", t.Channel, m.Organ.Key, m.Received, m.ID.Key, 1); err != nil {
		return err
	}
	if m.State == Declined {
		if err := measure.Count(ctx, tx, "tipoff.declined", t.Ground, m.Organ.Key, m.Ended, m.ID.Key, 1); err != nil {
			return err
		}
	}
	parts := []string{m.No, m.Title, t.Summary, unitName}
	for _, x := range subs {
		parts = append(parts, x.Name, x.Post)
	}
	return text.Put(ctx, tx.Tx, m.ID.Key, flow.SearchTerms(m), parts...)
}

// SourceOf is the source of the clue that a tip-off through this channel, passed on by that kind of organ, becomes.
func SourceOf(channel, from string) string {
	switch {
	case channel == "found":
		return "found"
	case channel == "transfer" && from == "inspection_office":
		return "inspection" // signed for higher than what others hand over
	case channel == "transfer":
		return "transfer"
	}
	return "tipoff"
}
