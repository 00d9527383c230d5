package flow

import (
	"context"
	"errors"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// waiting is an open proposal and the seat its next signature is owed at.
type waiting struct {
	key, matter, root, author id.Key
	seat                      access.Role
	unit, organ, handler      id.ID
}

// deserted lists the open proposals whose next signature nobody at its desk may give today. It reads each desk once; what
// it finds is looked at again under its matter's lock.
func deserted(ctx context.Context, r db.Reader) ([]waiting, error) {
	ws, err := db.All(ctx, r, func(rows *db.Rows) (w waiting, err error) {
		return w, rows.Scan(&w.key, &w.matter, &w.root, &w.author, &w.seat, &w.unit.City, &w.unit.Key, &w.organ.City, &w.organ.Key, &w.handler.City, &w.handler.Key)
	}, `SELECT p.id, p.matter_id, m.root_id, p.author_id, s.seat, s.unit_city, s.unit_id, m.organ_city, m.organ_id, m.handler_city, m.handler_id FROM proposals p
		JOIN proposal_steps s ON s.city_id = p.city_id AND s.proposal_id = p.id AND s.n = p.step
		JOIN matters m ON m.city_id = p.city_id AND m.id = p.matter_id
		JOIN clocks c ON c.city_id = p.city_id AND c.id = p.clock_id AND c.state = 'open' WHERE p.city_id = $1 AND p.state = 'open' ORDER BY p.id`)
	if err != nil || len(ws) == 0 {
		return nil, err
	}
	type bar struct{ person, root id.Key }
	bs, err := db.All(ctx, r, func(rows *db.Rows) (b bar, err error) { return b, rows.Scan(&b.person, &b.root) }, `SELECT b.person_id, b.root_id FROM bars b
		WHERE b.city_id = $1 AND b.root_id IN (SELECT p.root_id FROM proposals p WHERE p.city_id = $1 AND p.state = 'open')
		UNION ALL SELECT n.person_id, n.root_id FROM namesakes n WHERE n.city_id = $1 AND n.state = 'open'`)
	if err != nil {
		return nil, err
	}
	barred := map[bar]bool{}
	for _, b := range bs {
		barred[b] = true
	}
	desks := map[[2]id.ID]*access.Roster{}
	var out []waiting
	for _, w := range ws {
		at := w.organ
		if w.unit.City != w.organ.City {
			at = w.unit
		}
		desk := desks[[2]id.ID{at, w.handler}]
		if desk == nil {
			if desk, err = access.LoadRoster(ctx, r, at, w.handler, "", r.Now().Date()); err != nil {
				return nil, err
			}
			desks[[2]id.ID{at, w.handler}] = desk
		}
		some := false
		for _, h := range desk.Hands(w.seat, w.unit.Key, w.author) {
			some = some || !barred[bar{h.Person, w.root}] && !barred[bar{h.For, w.root}]
		}
		if !some {
			out = append(out, w)
		}
	}
	return out, nil
}

// Reroute looks at every waiting signature and hands those that nobody at their desk can give any more to the next one
// up: posts fall vacant and people are recused while papers travel (D23). It runs by night and whenever a post ends.
func (e *Engine) Reroute(ctx context.Context, city id.City) (int, error) {
	moved := 0
	left, err := deserted(ctx, e.Ledger.DB.In(city))
	if err != nil {
		return 0, err
	}
	for _, was := range left {
		changed := false
		_, err := e.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
			changed = false
			m, err := Lock(ctx, tx, was.matter)
			if err != nil {
				return ledger.Act{}, err
			}
			p, err := getProposal(ctx, tx, was.key)
			if err != nil {
				return ledger.Act{}, err
			}
			if p.State != "open" {
				return ledger.Act{}, errUnchanged
			}
			before := p.Steps[p.Step]
			ro, err := access.LoadRoster(ctx, tx, before.Unit, m.Handler, m.Root, tx.Today())
			if err != nil {
				return ledger.Act{}, err
			}
			if before.Unit.City == m.Organ.City {
				if ro, err = access.LoadRoster(ctx, tx, m.Organ, m.Handler, m.Root, tx.Today()); err != nil {
					return ledger.Act{}, err
				}
			}
			hands := ro.Hands(before.Seat, before.Unit.Key, p.Author)
			if len(hands) > 0 {
				return ledger.Act{}, errUnchanged
			}
			if err := e.reseat(ctx, tx, &m, &p); err != nil {
				return ledger.Act{}, err
			}
			now := p.Steps[p.Step]
			if now.Unit == before.Unit && now.Seat == before.Seat {
				return ledger.Act{}, errUnchanged
			}
			c, err := deadline.Get(ctx, tx, p.Clock)
			if err != nil {
				return ledger.Act{}, err
			}
			if _, err := e.Clocks.Reowe(ctx, tx, c, now.Unit, now.Seat, now.Moved); err != nil {
				return ledger.Act{}, err
			}
			changed = true
			return ledger.Act{Action: "proposal.reroute", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"move": p.Move, "seat": now.said()}}, save(ctx, tx, &m)
		})
		if err != nil && err != errUnchanged {
			return moved, err
		}
		if changed {
			moved++
		}
	}
	return moved, nil
}

var errUnchanged = errors.New("nothing to change")
