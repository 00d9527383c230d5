package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/reprisal"
)

// takeEvery is how often the spool is looked into.
const takeEvery = 2 * time.Second

// settledFor is how long what was taken in can still be asked for again. A backup older than that is not the newest one.
const settledFor = 14 * 24 * time.Hour

// mostTaken is how many envelopes are taken in before the next look.
const mostTaken = 500

// takeIn takes in what lies in the spool, until the context ends.
func (w *Workers) takeIn(ctx context.Context) {
	tick, hourly := time.NewTicker(takeEvery), time.NewTicker(time.Hour)
	defer tick.Stop()
	defer hourly.Stop()
	if _, err := w.app.Recall(ctx); err != nil && ctx.Err() == nil {
		w.trouble(ctx, "looking through what was taken in", err)
	}
	w.forget(ctx)
	for {
		if _, err := w.app.TakeIn(ctx); err != nil && ctx.Err() == nil {
			w.trouble(ctx, "taking letters in", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-hourly.C:
			w.forget(ctx)
		case <-tick.C:
		}
	}
}

func (w *Workers) forget(ctx context.Context) {
	if err := w.app.Spool.Forget(time.Now().Add(-settledFor)); err != nil && ctx.Err() == nil {
		w.trouble(ctx, "clearing what was taken in", err)
	}
}

// Recall puts back what was taken in and the database does not know: it was put back to an earlier state since then, and
// somebody holds a receipt for what it has forgotten. It returns how many there were.
func (a *App) Recall(ctx context.Context) (int, error) {
	names, err := a.Spool.Settled()
	if err != nil {
		return 0, err
	}
	cities, err := Tenants(ctx, a.DB)
	if err != nil {
		return 0, err
	}
	recalled := 0
	for _, name := range names {
		known, err := a.settled(ctx, cities, name)
		if err == nil && !known {
			err = a.Spool.Recall(name)
			recalled++
		}
		if err != nil {
			return recalled, err
		}
	}
	return recalled, nil
}

// settled says whether the database knows a report or a word by its name; of what can't be read, that it does.
func (a *App) settled(ctx context.Context, cities []id.City, name string) (bool, error) {
	e, ok, err := a.Spool.SettledReport(name)
	if err != nil && !errors.Is(err, envelope.ErrForm) {
		return false, err
	}
	if ok {
		return a.Intake.Knows(ctx, e.To.City, e.Name)
	}
	w, ok, err := a.Spool.SettledWord(name)
	if err != nil && !errors.Is(err, envelope.ErrForm) {
		return false, err
	}
	for _, city := range cities {
		if !ok {
			return true, nil
		}
		if known, err := a.Intake.Heard(ctx, city, w); err != nil || known {
			return known, err
		}
	}
	return !ok, nil
}

// TakeIn takes in what lies in the spool now: each envelope once, with its files, and what its reporter is told of it
// before it leaves the spool. It returns how many there were; one that can't be taken keeps no other from its turn.
func (a *App) TakeIn(ctx context.Context) (int, error) {
	names, err := a.Spool.Waiting(mostTaken)
	if err != nil {
		return 0, err
	}
	taken := 0
	var failed []error
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return taken, err
		}
		switch err := a.take(ctx, name); {
		case errors.Is(err, envelope.ErrForm), errors.Is(err, intake.ErrStranger):
			failed = append(failed, err, a.refuse(name))
		case err != nil:
			failed = append(failed, err)
		default:
			taken++
		}
	}
	n, err := a.hear(ctx)
	return taken + n, errors.Join(append(failed, err)...)
}

// hear takes in what reporters said after their reports: each word once, to the letter that it is about.
func (a *App) hear(ctx context.Context) (int, error) {
	names, err := a.Spool.Words(mostTaken)
	if err != nil || len(names) == 0 {
		return 0, err
	}
	cities, err := Tenants(ctx, a.DB)
	if err != nil {
		return 0, err
	}
	heard := 0
	var failed []error
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return heard, err
		}
		switch ok, err := a.word(ctx, cities, name); {
		case errors.Is(err, envelope.ErrForm):
			failed = append(failed, err, a.Spool.RefuseWord(name))
		case err != nil:
			failed = append(failed, err)
		case ok:
			heard++
		}
	}
	return heard, errors.Join(failed...)
}

// word takes one in. One about a report that has not come yet waits for it.
func (a *App) word(ctx context.Context, cities []id.City, name string) (bool, error) {
	w, ok, err := a.Spool.Word(name)
	if err != nil || !ok {
		return false, err
	}
	if w.ID() != name {
		return false, envelope.ErrForm
	}
	if w.Kind == envelope.Watch || w.Kind == envelope.Unwatch {
		return a.guarded(ctx, cities, w)
	}
	for _, city := range cities {
		known, err := a.Intake.Knows(ctx, city, w.Name)
		if err != nil {
			return false, err
		}
		if !known { // before anything is copied: it may be looked at many times
			continue
		}
		lost, err := a.fetch(w.Files)
		if err != nil {
			return false, err
		}
		letter, heard, err := a.Intake.TakeWord(ctx, city, w, lost)
		if err != nil {
			return false, err
		}
		if heard {
			return true, errors.Join(a.tell(ctx, letter), a.Spool.SettleWord(w))
		}
	}
	return false, nil
}

// refuse lays aside what can't be taken in. Its reporter, if it has one, is told no more than that something goes on: a
// public side of its own would send it again for ever until something is told.
func (a *App) refuse(name string) error {
	if e, ok, err := a.Spool.Envelope(name); err == nil && ok && e.Name == name {
		if p, err := e.SealStatus(envelope.Status{Day: e.Day, Stage: "other"}, 2); err == nil {
			err = a.Spool.PutStatus(p)
			if err != nil {
				return err
			}
		}
	}
	return a.Spool.Refuse(name)
}

func (a *App) take(ctx context.Context, name string) error {
	e, ok, err := a.Spool.Envelope(name)
	if err != nil || !ok {
		return err
	}
	if e.Name != name {
		return envelope.ErrForm
	}
	lost, err := a.fetch(e.Files)
	if err != nil {
		return err
	}
	letter, err := a.Intake.TakeIn(ctx, e, lost)
	if err != nil {
		return err
	}
	if err := a.tell(ctx, letter); err != nil {
		return err
	}
	return a.Spool.Settle(e)
}

// fetch copies sealed contents from the spool into the store. One that is not there, or not what was sealed, is lost: the
// letter is taken in all the same, and says so when it is opened.
func (a *App) fetch(refs []string) (lost int, err error) {
	for _, ref := range refs {
		r, err := a.Spool.Read(ref)
		if errors.Is(err, blob.ErrAltered) {
			lost++
			continue
		}
		if err != nil {
			return lost, err
		}
		if err := errors.Join(a.keep(r), r.Close()); err != nil {
			return lost, err
		}
	}
	return lost, nil
}

func (a *App) keep(r io.Reader) error {
	w, err := a.Custody.Files.Create()
	if err != nil {
		return err
	}
	defer w.Discard()
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	_, _, err = w.Commit()
	return err
}

// tell lays what a matter's reporter is told now into the spool, if there is one who is told there.
func (a *App) tell(ctx context.Context, matter id.ID) error {
	l, ok, err := a.Intake.LetterOf(ctx, matter)
	if err != nil || !ok {
		return err
	}
	was, _, err := a.Spool.Status(l.Outside.Name)
	if err != nil && !errors.Is(err, envelope.ErrForm) {
		return err
	}
	// Counted on before what is told is read: whoever reads later, elsewhere, counts no lower. The portal's own is the first.
	n := max(was.N+1, 2, int64(a.DB.Now()))
	st, err := a.Intake.Told(ctx, l)
	if err != nil {
		return err
	}
	if st.Proof, err = a.proofOf(ctx, l); err != nil {
		return err
	}
	p, err := l.Outside.SealStatus(st, n)
	if err != nil {
		return err
	}
	return a.Spool.PutStatus(p)
}

// proofOf is the proof that a letter was taken in, "" until a checkpoint covers the act that did.
func (a *App) proofOf(ctx context.Context, l intake.Letter) (string, error) {
	n, err := ledger.LoadNotary(ctx, a.DB)
	if err != nil || n.Name == "" {
		return "", err
	}
	acts, err := db.All(ctx, a.DB.In(l.ID.City), func(rows *db.Rows) (at actAt, err error) { return at, rows.Scan(&at.log, &at.seq) },
		`SELECT a.log_id, a.seq FROM acts a WHERE a.city_id = $1 AND a.matter_id = $2 AND a.action = 'letter.take'`, l.ID.Key)
	if err != nil || len(acts) == 0 {
		return "", err
	}
	p, err := ledger.Prove(ctx, a.DB, n, id.ID{City: l.ID.City, Key: acts[0].log}, acts[0].seq)
	if errors.Is(err, ledger.ErrUncovered) {
		return "", nil
	}
	return p.Text(), err
}

type actAt struct {
	log id.Key
	seq int64
}

// proved tells the reporters of the letters that a new checkpoint covers: the proof is theirs from here on.
func (a *App) proved(ctx context.Context, city id.City, was []ledger.Checkpoint) error {
	r := a.DB.In(city)
	now, err := ledger.Latest(ctx, r)
	if err != nil {
		return err
	}
	before := map[id.ID]int64{}
	for _, c := range was {
		before[c.Log] = c.Size
	}
	for _, c := range now {
		if c.Size == before[c.Log] {
			continue
		}
		taken, err := db.Column[id.Key](ctx, r, `SELECT a.matter_id FROM acts a WHERE a.city_id = $1 AND a.log_id = $2 AND a.seq >= $3 AND a.seq < $4 AND a.action = 'letter.take'`, c.Log.Key, before[c.Log], c.Size)
		if err != nil {
			return err
		}
		for _, k := range taken {
			if err := a.tell(ctx, id.ID{City: city, Key: k}); err != nil {
				return err
			}
		}
	}
	return nil
}

// letters has the workers take letters in, and tell their reporters.
func (w *Workers) letters() {
	w.Queue.Handle(intake.JobTell, func(ctx context.Context, _ id.City, args json.RawMessage) error {
		var t intake.Tell
		if err := json.Unmarshal(args, &t); err != nil {
			return err
		}
		return w.app.tell(ctx, t.Matter)
	})
	w.Queue.Handle(reprisal.JobTell, func(ctx context.Context, _ id.City, args json.RawMessage) error {
		var t reprisal.Tell
		if err := json.Unmarshal(args, &t); err != nil {
			return err
		}
		return w.app.tellWatch(ctx, t.Watch)
	})
}
