package haves

import (
	"context"
	"errors"
	"fmt"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// perAct bounds how many parts one act makes.
const perAct = 200

var errNobody = errors.New("nobody is left to ask")

// Tend brings the parts of open rounds up to the townships that there are: one that came to the county is asked, one that is no more
// or lies elsewhere now is asked no longer. It may run at any time, and twice. While a jump of the system's time is on hold nothing happens.
func (s *Service) Tend(ctx context.Context, city id.City) error {
	r := s.Ledger.DB.In(city)
	if _, on, err := deadline.Held(ctx, r); err != nil || on {
		return err
	}
	return errors.Join(s.askRest(ctx, city), s.endGone(ctx, city))
}

// askRest asks the townships that have no part yet in the open round of their county.
func (s *Service) askRest(ctx context.Context, city id.City) error {
	r := s.Ledger.DB.In(city)
	rounds, err := db.All(ctx, r, scanRound(city), `SELECT `+roundCols+` FROM have_rounds x WHERE x.city_id = $1 AND x.closed_on = '' ORDER BY x.id`)
	failed := []error{err} // of one county; the others have their turn
	for _, x := range rounds {
		towns, err := unasked(ctx, r, x)
		if err != nil || len(towns) == 0 {
			failed = append(failed, err)
			continue
		}
		_, err = s.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
			if err := org.Alone(ctx, tx, x.County); err != nil {
				return ledger.Act{}, err
			}
			towns, err := unasked(ctx, tx, x)
			if err == nil && len(towns) == 0 {
				err = errNobody
			}
			if err != nil {
				return ledger.Act{}, err
			}
			return ledger.Act{Action: "rating.open", Organ: id.ID{City: city, Key: x.County}, About: "round/" + x.ID.String(), Params: map[string]any{"towns": len(towns)}}, s.ask(ctx, tx, x, towns)
		})
		if err != nil && !errors.Is(err, errNobody) {
			failed = append(failed, fmt.Errorf("round %s: %w", x.ID.Key, err))
		}
	}
	return errors.Join(failed...)
}

// unasked are the townships of a round's county that have no part in it yet: none where the list asks nothing, nobody whose words
// are checked already (in a round that was open before parts were matters), and nobody who came after its day, or is known of only then.
func unasked(ctx context.Context, r db.Reader, x Round) ([]access.Unit, error) {
	keys, err := db.Column[id.Key](ctx, r, `SELECT u.id FROM have_rounds x JOIN units u ON u.city_id = x.city_id AND u.county_id = x.county_id AND u.kind = 'township' AND u.closed_on = '' AND u.opened_on <= x.due_on
		WHERE x.city_id = $1 AND x.id = $2 AND (u.opened_on <= x.opened_on OR x.due_on >= $3) AND x.closed_on = '' AND NOT EXISTS (SELECT 1 FROM ratings t WHERE t.city_id = x.city_id AND t.round_id = x.id AND t.township_id = u.id)
		AND EXISTS (SELECT 1 FROM have_lines l WHERE l.city_id = x.city_id AND l.list_id = x.list_id AND l.how <> 'dropped' AND l.kind IN ('yes', 'number', 'date'))
		AND (NOT EXISTS (SELECT 1 FROM have_answers a WHERE a.city_id = x.city_id AND a.round_id = x.id AND a.township_id = u.id)
			OR EXISTS (SELECT 1 FROM have_answers a WHERE a.city_id = x.city_id AND a.round_id = x.id AND a.township_id = u.id AND a.found = '')) ORDER BY u.code, u.id LIMIT `+fmt.Sprint(perAct), x.ID.Key, r.Now().Date())
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	us, err := access.Units(ctx, r, keys)
	out := make([]access.Unit, 0, len(keys))
	for _, k := range keys {
		out = append(out, us[k])
	}
	return out, err
}

// endGone ends the parts of townships that are no more, or lie in another county now.
func (s *Service) endGone(ctx context.Context, city id.City) error {
	keys, err := db.Column[id.Key](ctx, s.Ledger.DB.In(city), `SELECT m.id FROM matters m CROSS JOIN ratings t JOIN have_rounds x ON x.city_id = t.city_id AND x.id = t.round_id JOIN units u ON u.city_id = t.city_id AND u.id = t.township_id
		WHERE m.city_id = $1 AND m.kind = '`+KindRating+`' AND m.open = TRUE AND t.city_id = m.city_id AND t.id = m.id AND (u.closed_on <> '' OR u.county_id <> x.county_id) ORDER BY m.id`)
	failed := []error{err}
	for _, k := range keys {
		_, err := s.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
			m, err := s.end(ctx, tx, k)
			return ledger.Act{Action: KindRating + ".end", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"state": m.State}}, err
		})
		if err != nil && !errors.Is(err, errNobody) {
			failed = append(failed, fmt.Errorf("part %s: %w", k, err))
		}
	}
	return errors.Join(failed...)
}

// endAll ends the parts of a round that are still open, and says how many there were.
func (s *Service) endAll(ctx context.Context, tx *ledger.Tx, round id.Key) (int, error) {
	xs, err := ratings(ctx, tx, round, "")
	n := 0
	for _, x := range xs {
		if err != nil || !x.Open {
			continue
		}
		if _, err = s.end(ctx, tx, x.ID.Key); err == nil {
			n++
		} else if errors.Is(err, errNobody) {
			err = nil
		}
	}
	return n, err
}

// end ends a part that is still open.
func (s *Service) end(ctx context.Context, tx *ledger.Tx, key id.Key) (flow.Matter, error) {
	m, err := flow.Lock(ctx, tx, key)
	if err == nil && !m.Open {
		err = errNobody // somebody was quicker
	}
	if err != nil {
		return m, err
	}
	err = s.Engine.Make(ctx, tx, &m, "end", flow.Values{})
	return m, err
}
