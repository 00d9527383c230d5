package deadline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// Watch looks after the system's own time (D5). A jump of it is an act in the log of every tenant's head organ and
// holds firing; intake and moves go on. The hold ends when somebody releases it, when the jump is taken back, or, after
// a jump backward, when the clock has reached again what it had shown before.
//
// How it knows: while the program runs, the wall clock and the monotonic clock must have moved by the same amount since
// the last look. Across a restart only the last instant seen by any process is known (settings_deployment, clock.seen),
// so that time which runs backward is found out, and time that went on is taken for downtime, however long.
//
// What it can't see: a jump forward made while the program was not running; several small steps, each within Tolerance
// between two looks; a clock that was wrong from the beginning. What it takes for a jump though it may be none: a
// host that was suspended, where the monotonic clock stands still. Where several hosts share a database, each watches
// its own clock; one whose clock is behind what another has seen is found out when it starts.
type Watch struct {
	Ledger    *ledger.Ledger
	Mono      func() time.Duration // time gone by since any fixed moment; nobody sets it
	Tolerance time.Duration

	mu   sync.Mutex // one look at a time
	last *glance    // the look before; nil after a start
}

// glance is both clocks at one moment.
type glance struct {
	wall calendar.Instant
	mono time.Duration
}

// maxDrift is how far the two clocks may part between two looks: above what time synchronisation corrects in running
// order, far below a day.
const maxDrift = 10 * time.Minute

// NewWatch watches the clock of the ledger's database handle.
func NewWatch(l *ledger.Ledger) *Watch {
	start := time.Now()
	return &Watch{Ledger: l, Mono: func() time.Duration { return time.Since(start) }, Tolerance: maxDrift}
}

// Hold is why nothing fires.
type Hold struct {
	From calendar.Instant // what the time should have been
	To   calendar.Instant // what the clock said
	Over bool             // ended; the row stays until every log has its acts, and to tell a jump seen twice
	Say  []saying         // what the logs are still owed
}

// saying is an act that some logs still lack; each is struck off in the transaction that writes it.
type saying struct {
	Action   string
	From, To calendar.Instant
	Why      string
	Note     string
	By       string
	Cities   []id.City
}

// The reasons for which a hold ends, or, for taken_back, does not begin.
const (
	whyReleased  = "released"
	whyCaughtUp  = "caught_up"
	whyTakenBack = "taken_back"
)

const (
	keySeen  = "clock.seen"
	keyHold  = "clock.hold"
	codeHeld = "clock.held"
)

// Held says whether firing is on hold, and why.
func Held(ctx context.Context, r db.Reader) (Hold, bool, error) {
	var h Hold
	var text string
	err := r.Shared().Row(ctx, `SELECT value FROM settings_deployment WHERE key = $1`, keyHold).Scan(&text)
	if errors.Is(err, db.ErrNoRows) {
		return h, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &h)
	}
	return h, err == nil && !h.Over, err
}

// Sure is a fault where today can't be relied on: a jump holds everything that fires, or the clock has moved since the last look
// by more than anybody waits between two.
func Sure(ctx context.Context, r db.Reader) error {
	_, held, err := Held(ctx, r)
	if err != nil || held {
		return orHeld(err)
	}
	seen, err := lastSeen(ctx, r)
	if err == nil && seen != 0 && time.Duration(r.Now()-seen)*time.Microsecond > maxDrift {
		return orHeld(nil)
	}
	return err
}

func orHeld(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "clock.held")
}

// Pass is the keeper's pass, on the day that the watch has just made sure of.
func (w *Watch) Pass(ctx context.Context, k *Keeper, city id.City, fx Effects) (int, error) {
	today, held, err := w.look(ctx)
	if err != nil || held {
		return 0, orHeld(err)
	}
	return k.Pass(ctx, w.Ledger, city, today.Date(), fx)
}

// Look compares the clocks and records what it finds; it says whether firing is on hold now. It is called every minute
// or so, so that a jump is found near when it happened.
func (w *Watch) Look(ctx context.Context) (bool, error) {
	_, held, err := w.look(ctx)
	return held, err
}

func (w *Watch) look(ctx context.Context) (calendar.Instant, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := glance{w.Ledger.DB.Now(), w.Mono()}
	shared := w.Ledger.DB.Shared()
	tops, err := heads(ctx, shared)
	if err != nil {
		return now.wall, false, err
	}
	seen, err := lastSeen(ctx, shared)
	if err != nil {
		return now.wall, false, err
	}
	h, held, err := Held(ctx, shared)
	if err != nil {
		return now.wall, false, err
	}
	if v := w.judge(seen, h, held, now); v.what != nothing && len(tops) > 0 {
		if err := w.record(ctx, tops, v, seen, now); err != nil {
			return now.wall, held, err
		}
	}
	if err := w.say(ctx, tops); err != nil {
		return now.wall, held, err
	}
	// Only now: a jump that could not be recorded is found again by the next look.
	w.last = &now
	if err := w.note(ctx, now.wall); err != nil {
		return now.wall, held, err
	}
	_, held, err = Held(ctx, shared)
	return now.wall, held, err
}

// What a look can find.
const (
	nothing = iota
	jumped
	takenBack // a jump that undoes the one on hold
	caughtUp
)

type verdict struct {
	what     int
	from, to calendar.Instant // what the clock should show, and what it shows
	truth    calendar.Instant // what the time is, as far as anybody knows: from, less the jump on hold
}

// judge holds what is seen against what was.
func (w *Watch) judge(seen calendar.Instant, h Hold, held bool, now glance) verdict {
	tol := micros(w.Tolerance)
	v := verdict{to: now.wall}
	off := false
	if w.last != nil {
		v.from = w.last.wall + micros(now.mono-w.last.mono)
		off = now.wall > v.from+tol || now.wall < v.from-tol
	} else {
		v.from = seen
		off = now.wall < seen-tol
	}
	v.truth = v.from
	if held {
		v.truth = h.From + (v.from - h.To)
	}
	switch {
	case off && held && now.wall >= v.truth-tol && (w.last == nil || now.wall <= v.truth+tol):
		v.what = takenBack
	case off:
		v.what = jumped
	case held && h.To < h.From && now.wall >= h.From:
		v.what = caughtUp
	}
	return v
}

func micros(d time.Duration) calendar.Instant { return calendar.Instant(d.Microseconds()) }

// record changes the hold as a look found, with the first act about it.
func (w *Watch) record(ctx context.Context, tops []access.Unit, v verdict, seen calendar.Instant, now glance) error {
	return w.change(ctx, access.ByProgram(tops[0].ID.City), tops, now.wall, func(h *Hold, held bool) (saying, error) {
		switch v.what {
		case caughtUp:
			if !held {
				return saying{}, errNothing
			}
			h.Over = true
			return saying{Action: "clock.release", From: h.From, To: h.To, Why: whyCaughtUp}, nil
		case takenBack:
			if !held {
				return saying{}, errNothing
			}
			h.Over = true
			return saying{Action: "clock.jump", From: v.from, To: v.to, Why: whyTakenBack}, nil
		}
		if w.known(*h, v, now) {
			return saying{}, errNothing
		}
		h.From, h.To, h.Over = v.truth, v.to, false
		return saying{Action: "clock.jump", From: v.from, To: v.to}, nil
	})
}

// known says whether the hold is this very jump, recorded by another process on this host since the last look.
func (w *Watch) known(h Hold, v verdict, now glance) bool {
	if w.last == nil || h.To == 0 {
		return false
	}
	slack := micros(time.Minute)
	size := (v.to - v.from) - (h.To - h.From)
	age := now.wall - h.To
	return size > -slack && size < slack && age > -slack && age <= micros(now.mono-w.last.mono)+slack
}

// change alters the hold in the transaction of the first act that speaks of it; the other logs are owed the same act.
// wall becomes the last instant seen: what was seen before the change counts no more.
func (w *Watch) change(ctx context.Context, who access.Actor, tops []access.Unit, wall calendar.Instant, alter func(h *Hold, held bool) (saying, error)) error {
	_, err := w.Ledger.Write(ctx, who, tops[0].ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		h, held, err := lockHold(ctx, tx)
		if err != nil {
			return ledger.Act{}, err
		}
		s, err := alter(&h, held)
		if err != nil {
			return ledger.Act{}, err
		}
		for _, t := range tops[1:] {
			s.Cities = append(s.Cities, t.ID.City)
		}
		if len(s.Cities) > 0 {
			h.Say = append(h.Say, s)
		}
		if err := setting(ctx, tx, keySeen, stamp(wall)); err != nil {
			return ledger.Act{}, err
		}
		return s.act(tops[0]), saveHold(ctx, tx, h)
	})
	if err == errNothing {
		err = nil
	}
	return err
}

// say writes what the logs are still owed: after a change, and after a crash in the middle of one.
func (w *Watch) say(ctx context.Context, tops []access.Unit) error {
	h, _, err := Held(ctx, w.Ledger.DB.Shared())
	if err != nil {
		return err
	}
	for _, s := range h.Say {
		for _, city := range s.Cities {
			i := slices.IndexFunc(tops, func(u access.Unit) bool { return u.ID.City == city })
			if i < 0 {
				continue
			}
			_, err := w.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
				h, _, err := lockHold(ctx, tx)
				if err != nil {
					return ledger.Act{}, err
				}
				if !h.strike(s, city) {
					return ledger.Act{}, errNothing // another process has just said it
				}
				return s.act(tops[i]), saveHold(ctx, tx, h)
			})
			if err != nil && err != errNothing {
				return err
			}
		}
	}
	return nil
}

// strike takes a log off what is owed and says whether it stood there.
func (h *Hold) strike(s saying, city id.City) bool {
	for i := range h.Say {
		x := &h.Say[i]
		if x.Action != s.Action || x.From != s.From || x.To != s.To {
			continue
		}
		j := slices.Index(x.Cities, city)
		if j < 0 {
			continue
		}
		if x.Cities = slices.Delete(x.Cities, j, j+1); len(x.Cities) == 0 {
			h.Say = slices.Delete(h.Say, i, i+1)
		}
		return true
	}
	return false
}

func (s saying) act(top access.Unit) ledger.Act {
	p := map[string]any{"from": int64(s.From), "to": int64(s.To)}
	for k, v := range map[string]string{"why": s.Why, "note": s.Note, "by": s.By} {
		if v != "" {
			p[k] = v
		}
	}
	return ledger.Act{Action: s.Action, Organ: top.ID, Params: p}
}

// Release ends a hold: somebody has looked at the clock and answers for it. note says what was found.
func (w *Watch) Release(ctx context.Context, who access.Actor, note string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	shared := w.Ledger.DB.Shared()
	if err := mayTend(ctx, shared, who); err != nil {
		return err
	}
	if note == "" {
		return fault.InvalidField("note", "required")
	}
	tops, err := heads(ctx, shared)
	if err != nil {
		return err
	}
	if len(tops) == 0 {
		return fault.New(fault.Conflict, "clock.not_held")
	}
	err = w.change(ctx, who, tops, w.Ledger.DB.Now(), func(h *Hold, held bool) (saying, error) {
		if !held {
			return saying{}, fault.New(fault.Conflict, "clock.not_held")
		}
		h.Over = true
		s := saying{Action: "clock.release", From: h.From, To: h.To, Why: whyReleased, Note: note}
		if who.Person != "" {
			s.By = who.PersonID().String()
		}
		return s, nil
	})
	if err != nil {
		return err
	}
	return w.say(ctx, tops)
}

// lockHold reads the hold and keeps other processes from changing it until the transaction ends.
func lockHold(ctx context.Context, tx *ledger.Tx) (Hold, bool, error) {
	var h Hold
	var text string
	err := tx.SharedTx().Row(ctx, `INSERT INTO settings_deployment (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = settings_deployment.value RETURNING value`, keyHold, `{"Over":true}`).Scan(&text)
	if err == nil {
		err = json.Unmarshal([]byte(text), &h)
	}
	return h, err == nil && !h.Over, err
}

func saveHold(ctx context.Context, tx *ledger.Tx, h Hold) error {
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return setting(ctx, tx, keyHold, string(b))
}

func setting(ctx context.Context, tx *ledger.Tx, key, value string) error {
	_, err := tx.SharedTx().Exec(ctx, `INSERT INTO settings_deployment (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2`, key, value)
	return err
}

// stamp writes an instant so that later ones sort later.
func stamp(i calendar.Instant) string { return fmt.Sprintf("%019d", int64(i)) }

func lastSeen(ctx context.Context, r db.Reader) (calendar.Instant, error) {
	var text string
	err := r.Shared().Row(ctx, `SELECT value FROM settings_deployment WHERE key = $1`, keySeen).Scan(&text)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return calendar.Instant(n), err
}

// note remembers the instant for the next start. It is a mark and no fact, so no act is owed for it and it goes past the
// ledger; it is the only write of this package that does.
func (w *Watch) note(ctx context.Context, wall calendar.Instant) error {
	return w.Ledger.DB.Write(ctx, 0, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO settings_deployment (key, value) VALUES ($1, $2)
			ON CONFLICT (key) DO UPDATE SET value = CASE WHEN settings_deployment.value < $2 THEN $2 ELSE settings_deployment.value END`, keySeen, stamp(wall))
		return err
	})
}
