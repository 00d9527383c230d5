package reprisal

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/jobs"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

// Alert is what was noticed, and about whom. It lies sealed in an envelope of its matter.
type Alert struct {
	envelope.Plea
	Turns []Noticed `json:"turns"`
}

// Noticed is one turn; Same says that it happened where whoever asked works, and not only to somebody of that name.
type Noticed struct {
	org.Turn
	Same bool `json:"same"`
}

// Compare holds the watches of an organ against what has happened, if its key is unlocked here; how many alerts came of it.
func (s *Service) Compare(ctx context.Context, organ access.Unit) (int, error) {
	privates, ok := s.Custody.Ring.Held(organ.ID.String())
	if !ok {
		return 0, nil
	}
	r := s.Ledger.DB.In(organ.ID.City)
	ws, err := watches(ctx, r, `w.organ_id = $2 AND w.ended_on = '' AND w.until_on >= $3`, organ.ID.Key, r.Now().Date())
	if err != nil || len(ws) == 0 {
		return 0, err
	}
	key, ok, err := custody.Current(ctx, r, organ.ID)
	if err != nil || !ok {
		return 0, err
	}
	raised := 0
	for _, w := range ws {
		h, err := opened(w, privates)
		if err != nil {
			continue // damaged, or sealed to a key that this passphrase does not open
		}
		noticed, changed, err := s.look(ctx, &h)
		if err == nil && changed {
			err = s.keep(ctx, organ, w, h, noticed, key)
		}
		if fault.Code(err) == "stale" { // it has just been ended
			continue
		}
		if err != nil {
			return raised, err
		}
		if len(noticed) > 0 {
			raised++
		}
	}
	return raised, nil
}

// look finds what is new about somebody who is watched over. changed says that there is something to be remembered.
func (s *Service) look(ctx context.Context, h *held) (noticed []Noticed, changed bool, err error) {
	r := s.Ledger.DB.In(h.Of.City)
	of, err := access.GetUnit(ctx, r, h.Of.Key)
	if err != nil {
		return nil, false, err
	}
	works := access.Unit{}
	if h.UnitID.City == h.Of.City {
		if works, err = access.GetUnit(ctx, r, h.UnitID.Key); err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, false, err
		}
	}
	turns, register, err := org.Turns(ctx, r, strings.Join(strings.Fields(h.Name), ""), h.Day, h.Register)
	if err != nil {
		return nil, false, err
	}
	county := works.County
	if works.ID.Zero() {
		county = of.County
	}
	for _, t := range turns {
		if slices.Contains(h.Seen, t.Key) || county != "" && t.County != "" && t.County != county {
			continue
		}
		h.Seen = append(h.Seen, t.Key)
		n := Noticed{Turn: t}
		n.Same = t.Unit == works.ID.Key && t.Unit != "" || works.Township != "" && t.Township == works.Township || alike(t.UnitName, h.Unit)
		noticed = append(noticed, n)
	}
	changed = len(noticed) > 0 || !h.Looked || len(register) != len(h.Register)
	for k, says := range register {
		changed = changed || h.Register[k] != says
	}
	h.Looked, h.Register = true, register
	return noticed, changed, nil
}

// keep remembers what was seen, and raises an alert of what was noticed.
func (s *Service) keep(ctx context.Context, organ access.Unit, w Watch, h held, noticed []Noticed, key custody.Key) error {
	sealed, err := closed(h, key.Public)
	if err != nil {
		return err
	}
	_, err = s.Ledger.Write(ctx, access.ByProgram(w.ID.City), w.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		x := w
		x.sealed, x.keys = sealed, key.ID
		if err := tx.Update(ctx, watchTable, x.row()...); err != nil {
			return ledger.Act{}, err
		}
		act := ledger.Act{Action: "watch.look", Organ: organ.ID}
		if len(noticed) == 0 {
			return act, nil
		}
		m := flow.Matter{Kind: Kind, Organ: organ.ID, Received: tx.Today(), Title: "打击报复提醒"}
		m.Set(flow.FlagApart)
		if err := s.Engine.Create(ctx, tx, &m, nil, nil); err != nil {
			return act, err
		}
		b, err := envelope.Plain(Alert{h.Plea, noticed})
		if err != nil {
			return act, err
		}
		closed, err := seal.Seal(b, key.Public)
		if err != nil {
			return act, err
		}
		if err := s.Custody.Take(ctx, tx, m.ID.Key, custody.Alert, seal.Of(key.Public), key.ID, closed); err != nil {
			return act, err
		}
		act.Action, act.Matter = "watch.alert", m.ID
		if err := tx.Insert(ctx, alertTable, m.ID.Key, w.ID.Key); err != nil {
			return act, err
		}
		return act, s.tellLater(ctx, tx, w)
	})
	return err
}

// Open opens an alert for a reason: an act before anything is shown.
func (s *Service) Open(ctx context.Context, who access.Actor, alert id.ID, reason string) (Alert, error) {
	plain, err := s.Custody.Open(ctx, who, alert, custody.Alert, reason)
	if err != nil {
		return Alert{}, err
	}
	var a Alert
	return a, json.Unmarshal(plain, &a)
}

// tellLater has whoever asked told what became of it, where they are told at all.
func (s *Service) tellLater(ctx context.Context, tx *ledger.Tx, w Watch) error {
	if w.Name == "" {
		return nil
	}
	return jobs.Enqueue(ctx, tx.Tx, JobTell, "", tx.City(), Tell{w.ID})
}

// tellOf is tellLater for an alert that a move has changed. Once a watch is over, what was judged keeps nothing.
func (s *Service) tellOf(ctx context.Context, tx *ledger.Tx, m *flow.Matter) error {
	ws, err := watches(ctx, tx, `w.id IN (SELECT a.watch_id FROM alerts a WHERE a.city_id = $1 AND a.id = $2)`, m.ID.Key)
	if err != nil || len(ws) == 0 {
		return err
	}
	if ws[0].Ended != "" && !m.Open {
		if err := s.Custody.Burn(ctx, tx, m.ID.Key); err != nil {
			return err
		}
	}
	return s.tellLater(ctx, tx, ws[0])
}

// Told is what whoever asked is told now, and where; false for a watch that was asked for at a counter.
func (s *Service) Told(ctx context.Context, watch id.ID) (st envelope.Status, to envelope.Envelope, ok bool, err error) {
	r := s.Ledger.DB.In(watch.City)
	ws, err := watches(ctx, r, `w.id = $2`, watch.Key)
	if err != nil || len(ws) == 0 || ws[0].Name == "" {
		return st, to, false, err
	}
	w := ws[0]
	organ, err := access.GetUnit(ctx, r, w.Organ)
	if err != nil {
		return st, to, false, err
	}
	st = envelope.Status{Day: w.From, Organ: organ.Commission(), To: organ.ID, Stage: "watch", Due: w.Until}
	tell := func(day calendar.Date, what string) {
		if day != "" {
			st.Events = append(st.Events, envelope.Event{Day: day, What: "watch." + what})
		}
	}
	tell(w.From, "on")
	ms, err := db.All(ctx, r, func(rows *db.Rows) (m flow.Matter, err error) { return m, rows.Scan(m.Dest()...) },
		`SELECT `+flow.Columns+` FROM alerts a JOIN matters m ON m.city_id = a.city_id AND m.id = a.id WHERE a.city_id = $1 AND a.watch_id = $2 ORDER BY m.id`, w.ID.Key)
	if err != nil {
		return st, to, false, err
	}
	for _, m := range ms {
		tell(m.Received, "noticed")
		if m.State == Unrelated || m.State == TakenUp {
			tell(m.Ended, m.State)
		}
	}
	if w.Ended != "" {
		st.Stage, st.Due = "watch_over", ""
		tell(w.Ended, w.Why)
	}
	slices.SortStableFunc(st.Events, func(a, b envelope.Event) int { return strings.Compare(string(a.Day), string(b.Day)) })
	return st, envelope.Envelope{Name: w.Name, Reply: w.Reply}, true, nil
}

// ByName is the watch that a word from the public side is about; zero where there is none.
func (s *Service) ByName(ctx context.Context, city id.City, name string) (id.ID, error) {
	ws, err := watches(ctx, s.Ledger.DB.In(city), `w.name = $2`, name)
	if err != nil || len(ws) == 0 {
		return id.ID{}, err
	}
	return ws[0].ID, nil
}
