package reprisal

import (
	"context"
	"encoding/json"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/jobs"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
)

// Service is this room's use cases.
type Service struct {
	Ledger  *ledger.Ledger
	Engine  *flow.Engine
	Rules   *rulebook.Book
	Custody *custody.Keeper
}

// The jobs of this room: a watch asked for at a counter begins apart from the report, and whoever asked is told.
const (
	JobBegin = "watch.begin"
	JobTell  = "watch.tell"
)

// Tell names the watch that changed.
type Tell struct{ Watch id.ID }

// limitLast is the rulebook's limit of how long a watch lasts, in months.
const limitLast = "watch.last"

// Why a watch ended.
const (
	withdrawn = "withdrawn"
	lapsed    = "lapsed"
)

var watchTable = &ledger.Table{Name: "watches", Key: []string{"id"}, Cols: []string{"organ_id", "name", "reply", "from_on", "until_on", "suite", "keys", "sealed", "ended_on", "why", "version"}, Version: "version"}

var alertTable = &ledger.Table{Name: "alerts", Key: []string{"id"}, Cols: []string{"watch_id"}}

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{watchTable, alertTable} }

// Watch is what may be known of one while the key is locked.
type Watch struct {
	ID      id.ID
	Organ   id.Key // that watches
	Name    string // by which whoever asked finds it; "" for what was asked at a counter
	Reply   string
	From    calendar.Date
	Until   calendar.Date
	Ended   calendar.Date
	Why     string
	keys    string
	sealed  []byte
	version int64
}

func (w Watch) row() []any {
	return []any{w.ID.Key, w.Organ, w.Name, w.Reply, w.From, w.Until, seal.OfSealed(w.sealed), w.keys, w.sealed, w.Ended, w.Why, w.version}
}

// watches reads those that a condition holds for.
func watches(ctx context.Context, r db.Reader, where string, args ...any) ([]Watch, error) {
	return db.All(ctx, r, func(rows *db.Rows) (Watch, error) {
		w := Watch{ID: id.ID{City: r.City()}}
		return w, rows.Scan(&w.ID.Key, &w.Organ, &w.Name, &w.Reply, &w.From, &w.Until, &w.keys, &w.sealed, &w.Ended, &w.Why, &w.version)
	}, `SELECT w.id, w.organ_id, w.name, w.reply, w.from_on, w.until_on, w.keys, w.sealed, w.ended_on, w.why, w.version FROM watches w WHERE w.city_id = $1 AND `+where+` ORDER BY w.id`, args...)
}

// beginning is a watch on its way to where it is kept.
type beginning struct {
	Key    id.Key // of the watch, once made: what comes twice begins once
	Organ  id.ID
	Name   string
	Reply  string
	Day    calendar.Date
	KeyID  string
	Sealed []byte
}

// Ask has the organ above watch over whoever reported something at a counter. It is sealed here and begins elsewhere, in an act
// of its own in that organ's log: in the log and the rows of the organ that has the report there is nothing of it.
func (s *Service) Ask(ctx context.Context, tx *ledger.Tx, register access.Unit, p envelope.Plea) error {
	above, err := access.Above(ctx, tx.For(register.ID.City), register)
	if err != nil {
		return err
	}
	if above.ID.Zero() {
		return fault.InvalidField("watch", "watch.nobody")
	}
	key, ok, err := custody.Current(ctx, tx, above.ID)
	if err == nil && !ok {
		err = fault.New(fault.Conflict, "key.none", above.Name)
	}
	if err != nil {
		return err
	}
	p.Of = register.ID
	b := beginning{Key: tx.NewKey(), Organ: above.ID, Day: tx.Today(), KeyID: key.ID}
	if b.Sealed, err = closed(held{Plea: p}, key.Public); err != nil {
		return err
	}
	return jobs.Enqueue(ctx, tx.Tx, JobBegin, b.Key, above.ID.City, b)
}

// held is what lies sealed in a watch: what was asked, and what was noticed already.
type held struct {
	envelope.Plea
	Seen     []string          `json:"seen,omitempty"`     // turns, by their keys
	Register map[id.Key]string `json:"register,omitempty"` // what the register of officials says of those of that name
	Looked   bool              `json:"looked,omitempty"`
}

func closed(h held, public string) ([]byte, error) {
	b, err := envelope.Plain(h)
	if err != nil {
		return nil, err
	}
	return seal.Seal(b, public)
}

func opened(w Watch, privates []string) (h held, err error) {
	plain, err := seal.Open(w.sealed, privates...)
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(plain, &h); err != nil {
		return h, err
	}
	if h.Watch != w.Name { // what was sealed for another
		return h, envelope.ErrOutside
	}
	return h, nil
}

// Begin is the worker of JobBegin.
func (s *Service) Begin(ctx context.Context, city id.City, args json.RawMessage) error {
	var b beginning
	if err := json.Unmarshal(args, &b); err != nil || b.Key == "" { // blank: it has begun
		return err
	}
	n, err := db.Column[int64](ctx, s.Ledger.DB.In(city), `SELECT 1 FROM watches WHERE city_id = $1 AND id = $2`, b.Key)
	if err == nil && len(n) == 0 {
		err = s.begin(ctx, b)
	}
	if err != nil {
		return err
	}
	return jobs.Blank(ctx, s.Ledger.DB, JobBegin, b.Key) // so that it ends where it is kept, and nothing of it stays elsewhere
}

func (s *Service) begin(ctx context.Context, b beginning) error {
	_, err := s.Ledger.Write(ctx, access.ByProgram(b.Organ.City), b.Organ.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if b.Key == "" {
			b.Key = tx.NewKey()
		}
		day := min(b.Day, tx.Today())
		w := Watch{ID: id.ID{City: tx.City(), Key: b.Key}, Organ: b.Organ.Key, Name: b.Name, Reply: b.Reply, From: day, Until: day.AddMonths(s.Rules.Limit(limitLast, day)), keys: b.KeyID, sealed: b.Sealed, version: 1}
		if err := tx.Insert(ctx, watchTable, w.row()...); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "watch.begin", Organ: b.Organ}, s.tellLater(ctx, tx, w)
	})
	return err
}

// Hear takes in what came from the public side: to watch, or to watch no more. heard is false for the end of what has not come
// yet.
func (s *Service) Hear(ctx context.Context, word envelope.Word) (heard bool, err error) {
	r := s.Ledger.DB.In(word.To.City)
	ws, err := watches(ctx, r, `w.name = $2`, word.Name)
	if err != nil {
		return false, err
	}
	if word.Kind == envelope.Unwatch {
		if len(ws) == 0 {
			return false, nil
		}
		return true, s.end(ctx, access.ByProgram(r.City()), ws[0], withdrawn)
	}
	if len(ws) > 0 {
		return true, nil
	}
	organ, err := access.GetUnit(ctx, r, word.To.Key)
	if fault.KindOf(err) == fault.NotFound || err == nil && !organ.IsOrgan() {
		return false, envelope.ErrForm
	}
	if err != nil {
		return false, err
	}
	ks, err := custody.Keys(ctx, r, organ.ID)
	if err != nil {
		return false, err
	}
	for _, k := range ks {
		if k.ID == word.Keys[0].ID && envelope.Mark(k.Public) == word.Keys[0].Mark {
			return true, s.begin(ctx, beginning{Organ: organ.ID, Name: word.Name, Reply: word.Reply, Day: word.Day, KeyID: k.ID, Sealed: word.Sealed})
		}
	}
	return false, envelope.ErrForm // sealed to a key that is not this organ's: nobody here could read it
}

// end ends a watch: what was sealed of it, and of what it noticed, is gone; what nobody has judged yet is dropped.
func (s *Service) end(ctx context.Context, who access.Actor, w Watch, why string) error {
	if w.Ended != "" {
		return nil
	}
	_, err := s.Ledger.Write(ctx, who, w.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		now, err := watches(ctx, tx, `w.id = $2 AND w.ended_on = ''`, w.ID.Key)
		if err == nil && len(now) == 0 {
			err = fault.Stale() // somebody else has just ended it
		}
		if err != nil {
			return ledger.Act{}, err
		}
		of, err := alertsOf(ctx, tx, w.ID.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		for _, key := range of {
			m, err := flow.Get(ctx, tx, access.ByProgram(tx.City()), key)
			if err != nil {
				return ledger.Act{}, err
			}
			switch {
			case m.State == Raised && why == lapsed: // somebody is owed a judgement all the same
				continue
			case m.State == Raised:
				if m, err = flow.Lock(ctx, tx, key); err == nil {
					err = s.Engine.Make(ctx, tx, &m, "drop", flow.Values{})
				}
				if err != nil {
					return ledger.Act{}, err
				}
			}
			if err := s.Custody.Burn(ctx, tx, key); err != nil {
				return ledger.Act{}, err
			}
		}
		x := now[0]
		x.sealed, x.keys, x.Ended, x.Why = []byte{}, "", tx.Today(), why
		if err := tx.Update(ctx, watchTable, x.row()...); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "watch.end", Organ: id.ID{City: tx.City(), Key: w.Organ}, Params: map[string]any{"why": why}}, s.tellLater(ctx, tx, w)
	})
	return err
}

// Lapse ends the watches of a tenant whose time is over.
func (s *Service) Lapse(ctx context.Context, city id.City) error {
	r := s.Ledger.DB.In(city)
	ws, err := watches(ctx, r, `w.ended_on = '' AND w.until_on < $2`, r.Now().Date())
	for _, w := range ws {
		if err == nil {
			err = s.end(ctx, access.ByProgram(city), w, lapsed)
		}
	}
	return err
}

// On is how many watches of the actor's organ are in force.
func (s *Service) On(ctx context.Context, who access.Actor) (n int64, err error) {
	return n, s.Ledger.DB.In(who.City).Row(ctx, `SELECT COUNT(w.id) FROM watches w WHERE w.city_id = $1 AND w.organ_id = $2 AND w.ended_on = ''`, who.Unit().Organ).Scan(&n)
}

// EndFor ends, for somebody who turns to the organ that watches, every watch over people of that name who work there: by the
// intake office, while its key is unlocked. It says how many that were, and nothing of the others.
func (s *Service) EndFor(ctx context.Context, who access.Actor, name, unit string) (int, error) {
	organ := who.Unit().OrganID()
	if !who.Is(access.Intake, organ) {
		return 0, fault.New(fault.Forbidden, "move.not_yours")
	}
	if text.Name(name) == "" {
		return 0, fault.InvalidField("name", "required")
	}
	if text.Fold(unit) == "" {
		return 0, fault.InvalidField("unit", "required")
	}
	privates, err := s.Custody.Ring.Keys(organ.String())
	if err != nil {
		return 0, err
	}
	ws, err := watches(ctx, s.Ledger.DB.In(organ.City), `w.organ_id = $2 AND w.ended_on = ''`, organ.Key)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, w := range ws {
		h, err := opened(w, privates)
		if err != nil || text.Name(h.Name) != text.Name(name) || !alike(h.Unit, unit) {
			continue
		}
		if err := s.end(ctx, who, w, withdrawn); err != nil {
			return n, err
		}
		n++
	}
	if n == 0 {
		return 0, fault.InvalidField("name", "watch.none_of")
	}
	return n, nil
}

// alike says whether one of two names of units stands in the other.
func alike(a, b string) bool {
	a, b = text.Name(a), text.Name(b)
	return a != "" && b != "" && (strings.Contains(a, b) || strings.Contains(b, a))
}

func alertsOf(ctx context.Context, r db.Reader, watch id.Key) ([]id.Key, error) {
	return db.Column[id.Key](ctx, r, `SELECT a.id FROM alerts a WHERE a.city_id = $1 AND a.watch_id = $2 ORDER BY a.id`, watch)
}
