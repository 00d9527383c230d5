package duty

import (
	"context"
	"errors"
	"fmt"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// What goes on by itself: months that are to be confirmed, hand-backs and orders whose day has passed, and the end of what was asked
// because of a duty that is no more.

// Tend does what is due in a tenant. It may run at any time, and twice. While a jump of the system's time is on hold nothing happens.
func (s *Service) Tend(ctx context.Context, city id.City) error {
	r := s.Ledger.DB.In(city)
	if _, on, err := deadline.Held(ctx, r); err != nil || on {
		return err
	}
	return errors.Join(s.openMonths(ctx, city), s.late(ctx, city, KindHandBack, Sent, RuleReceive, "rise"), s.late(ctx, city, KindOrder, Ordered, RuleCorrect, "overdue"))
}

// perAct bounds how many matters one act opens.
const perAct = 200

// openMonths asks each township of a county that has begun to file for last month, once; the month before is missed if nobody
// confirmed it.
func (s *Service) openMonths(ctx context.Context, city id.City) error {
	r := s.Ledger.DB.In(city)
	month := before(r.Now().Date())
	towns, err := s.toConfirm(ctx, r, month)
	if err != nil {
		return err
	}
	byOrgan := map[id.ID][]access.Unit{}
	var order []id.ID
	for _, t := range towns {
		if byOrgan[t.OrganID()] == nil {
			order = append(order, t.OrganID())
		}
		byOrgan[t.OrganID()] = append(byOrgan[t.OrganID()], t)
	}
	var failed []error // of one county; the others have their turn
	for _, organ := range order {
		if _, err := s.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
			return ledger.Act{Action: "confirmation.open", Organ: organ, Params: map[string]any{"month": month, "units": len(byOrgan[organ])}}, s.OpenMonths(ctx, tx, byOrgan[organ], month)
		}); err != nil {
			failed = append(failed, fmt.Errorf("opening %s: %w", month, err))
		}
	}
	return errors.Join(failed...)
}

// toConfirm are townships that have not been asked for a month yet: those with anybody in post then, of counties that have begun
// to file.
func (s *Service) toConfirm(ctx context.Context, r db.Reader, month string) ([]access.Unit, error) {
	last := firstOf(month).EndOfMonth()
	keys, err := db.Column[id.Key](ctx, r, `SELECT u.id FROM units u WHERE u.city_id = $1 AND u.kind = 'township' AND u.closed_on = ''
		AND u.county_id IN (SELECT c.county_id FROM duty_filings f JOIN duties d ON d.city_id = f.city_id AND d.id = f.id JOIN units c ON c.city_id = d.city_id AND c.id = d.unit_id WHERE f.city_id = $1 AND f.filed_on <= $3)
		AND NOT EXISTS (SELECT 1 FROM confirmations m WHERE m.city_id = $1 AND m.unit_id = u.id AND m.month = $2)
		AND EXISTS (SELECT 1 FROM holdings h WHERE h.city_id = $1 AND h.unit_id = u.id AND h.from_on <= $3 AND (h.to_on = '' OR h.to_on > $3)) ORDER BY u.code, u.id LIMIT `+itoa(perAct), month, last)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	units, err := access.Units(ctx, r, keys)
	out := make([]access.Unit, 0, len(keys))
	for _, k := range keys {
		out = append(out, units[k])
	}
	return out, err
}

// OpenMonths asks townships of one county for a month, in the transaction of an act that says so.
func (s *Service) OpenMonths(ctx context.Context, tx *ledger.Tx, towns []access.Unit, month string) error {
	for _, t := range towns {
		old, err := db.Column[id.Key](ctx, tx, `SELECT m.id FROM confirmations c JOIN matters m ON m.city_id = c.city_id AND m.id = c.id WHERE c.city_id = $1 AND c.unit_id = $2 AND m.state = 'open' ORDER BY m.id`, t.ID.Key)
		if err != nil {
			return err
		}
		for _, k := range old {
			if err := s.make(ctx, tx, k, "miss"); err != nil {
				return err
			}
		}
		first := firstOf(month)
		m := matter(tx, KindConfirmation, t, fmt.Sprintf("%s%d年%d月职责备案确认", t.Name, first.Year(), first.Month()), true)
		if err := s.open(ctx, tx, &m); err != nil {
			return err
		}
		if err := tx.Insert(ctx, confirmTable, m.ID.Key, t.ID.Key, month); err != nil {
			return err
		}
		if err := s.Burden.ByRule(ctx, tx, askConfirm, m.ID.Key, t.County, []access.Unit{t}, m.Due); err != nil {
			return err
		}
	}
	return nil
}

// make makes a quiet move of a matter.
func (s *Service) make(ctx context.Context, tx *ledger.Tx, key id.Key, move string) error {
	m, err := flow.Lock(ctx, tx, key)
	if err != nil {
		return err
	}
	return s.Engine.Make(ctx, tx, &m, move, flow.Values{})
}

// late makes a quiet move of every matter of a kind that stands in a state past the day of its clock.
func (s *Service) late(ctx context.Context, city id.City, kind, state, rule, move string) error {
	r := s.Ledger.DB.In(city)
	keys, err := db.Column[id.Key](ctx, r, `SELECT m.id FROM matters m CROSS JOIN clocks c WHERE m.city_id = $1 AND m.kind = $2 AND m.state = $3
		AND c.city_id = m.city_id AND c.matter_id = m.id AND c.rule = $4 AND c.state = 'open' AND c.due_on < $5 ORDER BY m.id LIMIT `+itoa(perAct), kind, state, rule, r.Now().Date())
	if err != nil {
		return err
	}
	var failed []error
	for _, k := range keys {
		_, err := s.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
			m, err := flow.Lock(ctx, tx, k)
			if err != nil || m.State != state {
				return ledger.Act{}, errors.Join(err, errMoved)
			}
			act := ledger.Act{Action: kind + "." + move, Organ: m.Organ, Matter: m.ID}
			err = s.Engine.Make(ctx, tx, &m, move, flow.Values{})
			act.Params = map[string]any{"state": m.State}
			return act, err
		})
		if err != nil && !errors.Is(err, errMoved) {
			failed = append(failed, fmt.Errorf("%s %s: %w", kind, k, err))
		}
	}
	return errors.Join(failed...)
}

var errMoved = errors.New("somebody was quicker")

// settle ends whatever was asked because of a duty that is no more, or is allowed now: deviations about it, and orders of which no
// duty is left.
func (s *Service) settle(ctx context.Context, tx *ledger.Tx, duty id.Key) error {
	return s.settleBut(ctx, tx, duty, "")
}

// askedOf lists the open deviations and orders in which a duty stands.
func askedOf(ctx context.Context, r db.Reader, duty id.Key) ([]id.Key, error) {
	return db.Column[id.Key](ctx, r, `SELECT v.id FROM deviations v JOIN matters m ON m.city_id = v.city_id AND m.id = v.id WHERE v.city_id = $1 AND v.duty_id = $2 AND m.open = TRUE
		UNION SELECT x.order_id FROM order_duties x JOIN matters m ON m.city_id = x.city_id AND m.id = x.order_id WHERE x.city_id = $1 AND x.duty_id = $2 AND m.open = TRUE ORDER BY 1`, duty)
}

// asked says whether something that the county asked because of a duty is open.
func (s *Service) asked(ctx context.Context, r db.Reader, duty id.Key) (bool, error) {
	keys, err := askedOf(ctx, r, duty)
	return len(keys) > 0, err
}

func (s *Service) settleBut(ctx context.Context, tx *ledger.Tx, duty, but id.Key) error {
	keys, err := askedOf(ctx, tx, duty)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k == but {
			continue
		}
		m, err := flow.Whole(ctx, tx, k)
		if err != nil {
			return err
		}
		if m.Kind == KindOrder {
			left, err := s.left(ctx, tx, k)
			if err != nil {
				return err
			}
			if left {
				continue
			}
		}
		if err := s.make(ctx, tx, k, "settle"); err != nil {
			return err
		}
	}
	return nil
}

// left says whether an order has a duty yet that has not ended and is not allowed.
func (s *Service) left(ctx context.Context, r db.Reader, order id.Key) (bool, error) {
	o, err := GetOrder(ctx, r, order)
	today := r.Now().Date()
	for _, d := range o.Duties {
		if (d.To == "" || d.To > today.AddDays(1)) && d.Judged(s.Rules, today).Verdict != Allowed {
			return true, err
		}
	}
	return false, err
}

// endIn ends a duty through a move of its order, which ends by that move.
func (s *Service) endIn(ctx context.Context, tx *ledger.Tx, d Duty, on calendar.Date, order id.Key) error {
	if err := org.EndDuty(ctx, tx, d.ID, until(on)); err != nil {
		return err
	}
	return s.settleBut(ctx, tx, d.ID, order)
}

// settleDeviation ends what was found unfiled in a township, now that it is filed.
func (s *Service) settleDeviation(ctx context.Context, tx *ledger.Tx, key, unit id.Key) error {
	v, err := GetDeviation(ctx, tx, key)
	if err != nil || v.Unit != unit || v.Duty != "" {
		return orHidden(err)
	}
	return s.make(ctx, tx, key, "settle")
}
