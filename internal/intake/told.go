package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/locale"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/envelope"
)

// LetterOf is the letter whose reporter is told when a matter changes: the matter itself, or what it was entered from.
func (s *Service) LetterOf(ctx context.Context, matter id.ID) (Letter, bool, error) {
	r := s.Ledger.DB.In(matter.City)
	ls, err := letters(ctx, r, "id", matter.Key)
	if err != nil || len(ls) > 0 {
		return append(ls, Letter{})[0], len(ls) > 0, err
	}
	return OfTipoff(ctx, r, matter.Key)
}

// Told is what a letter's reporter is told now: everything, each time.
func (s *Service) Told(ctx context.Context, l Letter) (envelope.Status, error) {
	return s.status(ctx, s.Ledger.DB.In(l.ID.City), l)
}

// status lays out a letter's way, and what is owed next.
func (s *Service) status(ctx context.Context, r db.Reader, l Letter) (envelope.Status, error) {
	program := access.ByProgram(r.City())
	m, err := flow.Get(ctx, r, program, l.ID.Key)
	if err != nil {
		return envelope.Status{}, err
	}
	cs, err := deadline.OfMatter(ctx, r, m.ID.Key)
	if err != nil {
		return envelope.Status{}, err
	}
	st := envelope.Status{Day: l.Outside.Day, Stage: "received"}
	tell := func(day calendar.Date, what, text string) {
		if day != "" {
			st.Events = append(st.Events, envelope.Event{Day: day, What: what, Text: text})
		}
	}
	tell(l.Outside.Day, "received", "")
	for _, c := range cs { // in the night, before anybody opens it on the same day
		if c.Rule == flow.RuleRisen {
			tell(c.Start, "risen", "")
		}
	}
	words, err := Words(ctx, r, l.ID.Key)
	if err != nil {
		return st, err
	}
	for _, w := range words {
		what := "said"
		if w.Outside.Kind == envelope.Objection {
			what = "objected"
		}
		tell(w.Outside.Day, what, "")
	}
	opened, err := db.Column[calendar.Instant](ctx, r, `SELECT MIN(a.at) FROM acts a WHERE a.city_id = $1 AND a.matter_id = $2 AND a.action = 'envelope.open' HAVING COUNT(a.at) > 0`, m.ID.Key)
	if err != nil {
		return st, err
	}
	if len(opened) > 0 {
		st.Stage = "opened"
		tell(opened[0].Date(), "opened", "")
	}
	organ, err := access.GetUnit(ctx, r.For(m.Organ.City), m.Organ.Key)
	if err != nil {
		return st, err
	}
	if m.Organ != l.Outside.To {
		for _, c := range cs {
			if c.Rule == "tipoff.first_action" && c.Organ == m.Organ {
				st.Stage = "opened"
				tell(c.Start, "moved", organ.Commission())
				break
			}
		}
	}
	if m.State == LetterAside {
		st.Stage = "declined"
		tell(m.Ended, "aside", "")
	}
	if l.Tipoff != "" {
		t, err := flow.Get(ctx, r, program, l.Tipoff)
		if err != nil {
			return st, err
		}
		more, err := deadline.OfMatter(ctx, r, t.ID.Key)
		if err != nil {
			return st, err
		}
		if organ, err = access.GetUnit(ctx, r.For(t.Organ.City), t.Organ.Key); err != nil {
			return st, err
		}
		if err := s.tipoffTold(ctx, r, t, more, &st, tell); err != nil {
			return st, err
		}
		for _, c := range more {
			if c.Rule == flow.RuleRisen {
				tell(c.Start, "risen", "")
			}
		}
		m, cs = t, append(cs, more...)
	}
	for _, c := range cs {
		if c.Rule == flow.RuleRisen && c.Running() && (m.State == LetterSealed || m.State == Received || m.State == BelowCheck) {
			st.Stage = "risen"
		}
	}
	st.Organ, st.To = organ.Commission(), organ.ID
	above, err := access.Above(ctx, r.For(organ.ID.City), organ)
	if err != nil {
		return st, err
	}
	st.Above = above.ID
	st.Due, st.Owes = owed(m, cs)
	if st.Owes == "first_action" && !above.ID.Zero() {
		st.Rises = above.Commission()
	}
	slices.SortStableFunc(st.Events, func(a, b envelope.Event) int { return cmp.Compare(a.Day, b.Day) })
	return st, nil
}

// tipoffTold adds what became of the tip-off that a letter was entered as.
func (s *Service) tipoffTold(ctx context.Context, r db.Reader, m flow.Matter, cs []deadline.Clock, st *envelope.Status, tell func(calendar.Date, string, string)) error {
	t, err := Get(ctx, r, m.ID.Key)
	if err != nil {
		return err
	}
	acted := calendar.Date("")
	for _, c := range cs {
		if c.Rule == "tipoff.first_action" && !c.Running() && c.State == deadline.StateDone {
			acted = max(acted, c.Ended)
		}
	}
	switch m.State {
	case Received, BelowCheck, DeclineReview:
		st.Stage = "opened"
	case Declined:
		st.Stage = "declined"
		tell(m.Ended, "declined", s.Rules.Name("decline_ground", t.Ground, locale.Zh))
	case PassedOn:
		st.Stage = "forwarded"
		tell(m.Ended, "forwarded", t.Target)
	case InHand, Merged:
		st.Stage = "accepted"
		tell(acted, "accepted", "")
	default:
		st.Stage = "closed"
		tell(acted, "accepted", "")
		ended := m.Ended
		for _, c := range cs {
			if c.Rule == "tipoff.result" {
				ended = c.Start
				break
			}
		}
		tell(ended, "closed", "")
	}
	said, err := saidTo(ctx, r, m.ID.Key)
	if err != nil {
		return err
	}
	for _, x := range said {
		tell(x.Day, x.What, x.Text)
	}
	tell(t.Noticed, "noticed", "")
	tell(t.Told, "result", "")
	return nil
}

// saidTo is what the office said to the reporter of a tip-off, from the acts that said it.
func saidTo(ctx context.Context, r db.Reader, tipoff id.Key) ([]envelope.Event, error) {
	return db.All(ctx, r, func(rows *db.Rows) (envelope.Event, error) {
		var at calendar.Instant
		var body []byte
		var act struct {
			Params struct {
				Words string `json:"words"`
			} `json:"params"`
		}
		err := rows.Scan(&at, &body)
		if err == nil {
			err = json.Unmarshal(body, &act)
		}
		return envelope.Event{Day: at.Date(), What: "told", Text: act.Params.Words}, err
	}, `SELECT a.at, a.body FROM acts a WHERE a.city_id = $1 AND a.matter_id = $2 AND a.action = 'tipoff.say' ORDER BY a.at, a.seq`, tipoff)
}

// owed is what the reporter is owed next, and by which day.
func owed(m flow.Matter, cs []deadline.Clock) (due calendar.Date, what string) {
	for _, c := range cs {
		if !c.Running() || c.Matter != m.ID.Key || due != "" && c.Due >= due {
			continue
		}
		for _, p := range Promises {
			if p.Rule == c.Rule {
				due, what = c.Due, p.What
			}
		}
	}
	return due, what
}

// Promises are the days that a reporter is told of, by the names that the public side knows them under.
var Promises = []struct{ What, Rule string }{{"first_action", "tipoff.first_action"}, {"notice", "tipoff.notice"}, {"result", "tipoff.result"}}
