package duty

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

// Order is an order to the committee that assigned duties, to end them.
type Order struct {
	Unit      id.Key
	Committee string
	Duties    []Duty
}

// GetOrder reads what an order says. The caller has seen its matter.
func GetOrder(ctx context.Context, r db.Reader, key id.Key) (o Order, err error) {
	if err = one(r.Row(ctx, `SELECT o.unit_id, o.committee FROM orders o WHERE o.city_id = $1 AND o.id = $2`, key).Scan(&o.Unit, &o.Committee)); err != nil {
		return o, err
	}
	o.Duties, err = db.All(ctx, r, scanDuty, `SELECT `+dutyCols+` FROM order_duties x JOIN duties d ON d.city_id = x.city_id AND d.id = x.duty_id`+dutyJoins+`
		WHERE x.city_id = $1 AND x.order_id = $2 ORDER BY d.kind, d.id`, key)
	return o, err
}

// order puts duties that are to be left into an order to the committee that assigned them: into the one that has not been issued yet
// if there is one, else into a new one. A duty that stands in an open order is left there.
func (s *Service) order(ctx context.Context, tx *ledger.Tx, town access.Unit, committee string, duties []id.Key) (out id.ID, err error) {
	if committee == "" {
		committee = Committee(town)
	}
	if err := org.Alone(ctx, tx, town.ID.Key); err != nil { // one order that is not issued yet
		return out, err
	}
	var fresh []id.Key
	for _, d := range duties {
		in, err := db.Column[id.Key](ctx, tx, `SELECT m.id FROM order_duties x JOIN matters m ON m.city_id = x.city_id AND m.id = x.order_id WHERE x.city_id = $1 AND x.duty_id = $2 AND m.open = TRUE`, d)
		if err != nil {
			return out, err
		}
		if len(in) > 0 {
			out = id.ID{City: tx.City(), Key: in[0]}
			continue
		}
		fresh = append(fresh, d)
	}
	if len(fresh) == 0 {
		return out, nil
	}
	waiting, err := db.Column[id.Key](ctx, tx, `SELECT m.id FROM orders o JOIN matters m ON m.city_id = o.city_id AND m.id = o.id WHERE o.city_id = $1 AND o.unit_id = $2 AND o.committee = $3 AND m.state = 'found'`, town.ID.Key, committee)
	if err != nil {
		return out, err
	}
	if len(waiting) > 0 {
		out = id.ID{City: tx.City(), Key: waiting[0]}
	} else {
		m := matter(tx, KindOrder, town, "责令"+committee+"纠正分工", false)
		if err := s.open(ctx, tx, &m); err != nil {
			return out, err
		}
		out = m.ID
		if err := tx.Insert(ctx, orderTable, m.ID.Key, town.ID.Key, committee); err != nil {
			return out, err
		}
	}
	for _, d := range fresh {
		if err := tx.Insert(ctx, orderDutyTable, out.Key, d); err != nil {
			return out, err
		}
	}
	return out, nil
}

// Order asks the committee of a township to end duties that are to be left and came in with a table: the county's step, for it is no
// use to order what nobody has read.
func (s *Service) Order(ctx context.Context, who access.Actor, unit id.Key) (out id.ID, err error) {
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		town, err := s.Town(ctx, tx, who, unit)
		if err != nil {
			return ledger.Act{}, err
		}
		if !Files(who, town) {
			return ledger.Act{}, notYours()
		}
		all, err := Duties(ctx, tx, unit, tx.Today(), tx.Today())
		if err != nil {
			return ledger.Act{}, err
		}
		named, err := UnderOrder(ctx, tx, unit)
		if err != nil {
			return ledger.Act{}, err
		}
		var leave []id.Key
		for _, d := range all {
			if !named[d.ID] && d.Judged(s.Rules, tx.Today()).Verdict == Leave {
				leave = append(leave, d.ID)
			}
		}
		if len(leave) == 0 {
			return ledger.Act{}, fault.New(fault.Conflict, "order.nothing")
		}
		// The township's own committee is whom it goes to, whatever a table calls it.
		out, err = s.order(ctx, tx, town, Committee(town), leave)
		return ledger.Act{Action: "order.find", Organ: town.OrganID(), Matter: out, Answer: out.String(), Params: map[string]any{"duties": len(leave), "state": Found}}, err
	})
	if rc.Replayed {
		out, err = id.Parse(rc.Answer)
	}
	return out, err
}

// corrected ends the duties of an order that have not ended yet, on the day the committee put it right.
func (s *Service) corrected(ctx context.Context, op *flow.Op) error {
	op.M.Outcome = Corrected
	o, err := GetOrder(ctx, op, op.M.ID.Key)
	if err != nil {
		return err
	}
	for _, d := range o.Duties {
		if d.To != "" && d.To <= op.Day {
			continue
		}
		if err := s.endIn(ctx, op.Tx, d, max(op.In.Day("on"), d.From), op.M.ID.Key); err != nil {
			return err
		}
	}
	return nil
}
