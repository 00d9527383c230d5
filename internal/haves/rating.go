package haves

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Rating is a township's part in a round, as its matter stands.
type Rating struct {
	ID      id.ID
	Town    id.Key
	State   string
	Open    bool
	Due     calendar.Date
	Version int64
	Files   int
}

// Rates says whether the actor says how a township stands: whoever works in its commission.
func Rates(who access.Actor, town id.ID) bool {
	return who.Is(access.Handler, town) || who.Is(access.Head, town)
}

// Checks says whether the actor checks what townships of a county say.
func Checks(who access.Actor, county id.ID) bool {
	return who.Is(access.Personnel, county) || who.Is(access.Deputy, county) || who.Is(access.Principal, county)
}

// ratings reads the parts of a round: all of them, or a township's.
func ratings(ctx context.Context, r db.Reader, round, town id.Key) ([]Rating, error) {
	b := db.Build(`SELECT t.id, t.township_id, m.state, m.open, m.due_on, m.version, (SELECT COUNT(f.id) FROM files f WHERE f.city_id = m.city_id AND f.matter_id = m.id)
		FROM ratings t JOIN matters m ON m.city_id = t.city_id AND m.id = t.id WHERE t.city_id = $1 AND t.round_id = ?`, round)
	q, args := b.If(town != "", ` AND t.township_id = ?`, town).Add(` ORDER BY t.id`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (Rating, error) {
		x := Rating{ID: id.ID{City: r.City()}}
		return x, rows.Scan(&x.ID.Key, &x.Town, &x.State, &x.Open, &x.Due, &x.Version, &x.Files)
	}, q, args...)
}

// RatingOf is a township's part in a round; ok is false where it was not asked.
func (s *Service) RatingOf(ctx context.Context, r db.Reader, round, town id.Key) (x Rating, ok bool, err error) {
	xs, err := ratings(ctx, r, round, town)
	if err != nil || len(xs) == 0 {
		return x, false, err
	}
	return xs[0], true, nil
}

// PartIn is the round and the township that a matter of the kind is about. The caller has seen the matter.
func (s *Service) PartIn(ctx context.Context, r db.Reader, rating id.Key) (x Round, town id.Key, err error) {
	x.ID.City = r.City()
	err = r.Row(ctx, `SELECT `+roundCols+`, t.township_id FROM ratings t JOIN have_rounds x ON x.city_id = t.city_id AND x.id = t.round_id WHERE t.city_id = $1 AND t.id = $2`, rating).Scan(append(x.dest(), &town)...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.Hidden()
	}
	return x, town, err
}

// Stands is how much of what a township was asked in a round it has.
func (s *Service) Stands(ctx context.Context, r db.Reader, round, town id.Key) (x Standing, err error) {
	return x, r.Row(ctx, `SELECT COUNT(a.code), COALESCE(SUM(CASE WHEN a.found = 'met' OR a.found = '' AND a.met = TRUE THEN 1 ELSE 0 END), 0) FROM have_answers a WHERE a.city_id = $1 AND a.round_id = $2 AND a.township_id = $3`, round, town).Scan(&x.Of, &x.Met)
}

// ask makes townships' parts of a round, due on the round's day, and puts the minutes on their account. Of a round that was open before
// parts were matters some have said already.
func (s *Service) ask(ctx context.Context, tx *ledger.Tx, x Round, towns []access.Unit) error {
	said, err := db.Column[id.Key](ctx, tx, `SELECT DISTINCT a.township_id FROM have_answers a WHERE a.city_id = $1 AND a.round_id = $2`, x.ID.Key)
	if err != nil {
		return err
	}
	asked, err := s.Burden.ByRuleOf(ctx, tx, askRate, x.ID.Key, x.County)
	if err != nil {
		return err
	}
	var fresh []access.Unit
	for _, u := range towns {
		m := flow.Matter{Kind: KindRating, Organ: id.ID{City: tx.City(), Key: x.County}, Township: u.ID.Key, Handler: u.ID, Received: x.Opened, Title: u.Name + "：" + x.Name}
		m.Set(flow.FlagApart) // it is none of the matters that numbers speak of
		if slices.Contains(said, u.ID.Key) {
			m.State = RatingSaid
		}
		if err := s.Engine.Create(ctx, tx, &m, nil, map[string]calendar.Date{RuleSay: x.Opened}); err != nil {
			return err
		}
		if m.State != RatingSaid {
			if err := s.due(ctx, tx, &m, x); err != nil {
				return err
			}
		}
		if err := tx.Insert(ctx, ratingTable, m.ID.Key, x.ID.Key, u.ID.Key); err != nil {
			return err
		}
		if !slices.Contains(asked, u.ID.Key) {
			fresh = append(fresh, u)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	once := x.ID.Key
	if len(asked) > 0 { // they came to the county later
		once += "/" + fresh[0].ID.Key
	}
	return s.Burden.ByRule(ctx, tx, askRate, once, x.County, fresh, x.Due)
}

// due sets the clock of a part to the day that the county gave the round.
func (s *Service) due(ctx context.Context, tx *ledger.Tx, m *flow.Matter, x Round) error {
	c, _, err := deadline.Last(ctx, tx, m.ID.Key, RuleSay)
	if err != nil {
		return err
	}
	if _, err := s.Engine.Clocks.Add(ctx, tx, c, deadline.Entry{Kind: deadline.Retargeted, On: tx.Today(), Length: x.Due.Sub(x.Opened), Unit: rulebook.Days}); err != nil {
		return err
	}
	return flow.Save(ctx, tx, m)
}

// take locks a part that somebody who may is about to move, at the version they saw.
func take(ctx context.Context, tx *ledger.Tx, who access.Actor, rating id.ID, version int64, may func(flow.Matter) bool) (flow.Matter, error) {
	m, err := flow.Get(ctx, tx, who, rating.Key)
	switch {
	case err != nil:
		return m, err
	case m.Kind != KindRating:
		return m, fault.Hidden()
	case !may(m):
		return m, fault.New(fault.Forbidden, "move.not_yours")
	}
	m, err = flow.Lock(ctx, tx, rating.Key)
	switch {
	case err == nil && !m.Open:
		err = fault.New(fault.Conflict, "move.not_now")
	case err == nil && version != m.Version-1:
		err = fault.Stale()
	}
	return m, err
}

// Rate takes down how a township stands, by somebody who works there: the move "say" of its part. Lines that have been checked stay as
// they are: what has been made good since is said on the gap.
func (s *Service) Rate(ctx context.Context, who access.Actor, rating id.ID, version int64, in map[string]Said) error {
	if in == nil {
		in = map[string]Said{}
	}
	_, err := s.Ledger.Write(ctx, who, rating.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, err := take(ctx, tx, who, rating, version, func(m flow.Matter) bool { return Rates(who, m.Handler) })
		if err != nil {
			return ledger.Act{}, err
		}
		params, err := s.rate(ctx, tx, m, in)
		if err != nil {
			return ledger.Act{}, err
		}
		err = s.Engine.MakeAs(ctx, tx, &m, "say", flow.Values{})
		params["state"] = m.State
		return ledger.Act{Action: KindRating + ".say", Organ: m.Organ, Matter: m.ID, Params: params}, err
	})
	return err
}

// applySay: without its form a township says what it said before.
func (s *Service) applySay(ctx context.Context, op *flow.Op) error {
	if op.In.Str("unchanged") == "" {
		return nil
	}
	params, err := s.rate(ctx, op.Tx, *op.M, nil)
	op.Params["lines"], op.Params["met"] = params["lines"], params["met"]
	return err
}

// none is the value of a day that has not come, and of what is not there.
const none = "no"

// Said is what a township fills in for a line.
type Said struct{ Value, Evidence string }

// rate writes what a township says; nil is what it said last, in this round or the one before.
func (s *Service) rate(ctx context.Context, tx *ledger.Tx, m flow.Matter, in map[string]Said) (map[string]any, error) {
	x, town, all, err := s.part(ctx, tx, m)
	if err != nil {
		return nil, err
	}
	have, before, err := answers(ctx, tx, x.ID.Key, town.ID.Key)
	if err != nil {
		return nil, err
	}
	var form typed.Form
	wrote, met := 0, 0
	for _, l := range all {
		old, was := have[l.Code]
		if !l.Asked() || was && old.Found != "" {
			continue
		}
		say, given := in[l.Code]
		if in == nil {
			last, ok := old, was
			if !was {
				last, ok = before[l.Code]
			}
			if !ok {
				return nil, fault.New(fault.Conflict, "haves.never_said")
			}
			say, given = Said{last.Value, last.Evidence}, true
		}
		if given && l.Kind == "date" && say.Value == "" {
			say.Value = none // a day that is left empty: there is nothing yet
		}
		a, ok := l.answer(say, tx.Today(), &form)
		if !ok || form.Wrong() > 0 {
			continue
		}
		a.Town, a.Said, a.Version = town.ID.Key, tx.Today(), 1
		put := tx.Insert
		if was {
			a.Version, put = old.Version, tx.Update
			if old.Value == a.Value && old.Evidence == a.Evidence {
				continue
			}
		}
		if err := put(ctx, answerTable, a.row(x.ID.Key)...); err != nil {
			return nil, err
		}
		wrote++
		if a.Met {
			met++
		}
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	if wrote == 0 {
		return nil, fault.New(fault.Conflict, "haves.nothing_new")
	}
	return map[string]any{"lines": wrote, "met": met}, nil
}

// part reads the round of a township's part, the township while it is one of the round's county, and the list.
func (s *Service) part(ctx context.Context, r db.Reader, m flow.Matter) (x Round, town access.Unit, all []Line, err error) {
	x, key, err := s.PartIn(ctx, r, m.ID.Key)
	if err != nil {
		return x, town, nil, err
	}
	if town, err = access.GetUnit(ctx, r, key); err != nil {
		return x, town, nil, err
	}
	if town.County != x.County || town.Closed != "" {
		return x, town, nil, fault.New(fault.Conflict, "move.not_now")
	}
	all, err = lines(ctx, r, x.List)
	return x, town, all, err
}

// answer makes what was filled in for a line into an answer; what is wrong with it stands beside the line's field.
func (l Line) answer(in Said, today calendar.Date, form *typed.Form) (Answer, bool) {
	a := Answer{Code: l.Code, Have: l.Have, Value: in.Value, Evidence: in.Evidence}
	field, before := "v-"+l.Code, form.Wrong()
	form.Line("e-"+l.Code, &a.Evidence, false, lineLimit)
	form.Line(field, &a.Value, true, lineLimit)
	if form.Wrong() > before {
		return a, false
	}
	switch l.Kind {
	case "yes":
		if a.Value != "yes" && a.Value != none {
			form.Say(field, "choice.unknown")
		}
		a.Met = a.Value == "yes"
	case "number":
		n, err := strconv.ParseInt(a.Value, 10, 64)
		if err != nil || n < 0 {
			form.Say(field, "haves.number")
		}
		a.Value, a.Met = strconv.FormatInt(n, 10), n >= l.Least
	case "date":
		switch on := calendar.Date(a.Value); {
		case a.Value == none:
		case !on.Valid():
			form.Say(field, "day.invalid")
		case on > today:
			form.Say(field, "day.future")
		}
		a.Met = a.Value != none
	}
	return a, form.Wrong() == before
}

// roundAnswer is an answer with the round it was given in. Rounds' keys run with their time.
type roundAnswer struct {
	Answer
	round id.Key
}

// answers are what a township said in a round, by line, and in the one before.
func answers(ctx context.Context, r db.Reader, round, town id.Key) (have, before map[string]Answer, err error) {
	as, err := db.All(ctx, r, func(rows *db.Rows) (x roundAnswer, err error) {
		return x, rows.Scan(&x.round, &x.Town, &x.Code, &x.Have, &x.Value, &x.Met, &x.Evidence, &x.Said, &x.Checked, &x.Reason, &x.Found, &x.On, &x.Version)
	}, `SELECT a.round_id, `+answerCols+` FROM have_answers a WHERE a.city_id = $1 AND a.township_id = $2 AND a.round_id <= $3 ORDER BY a.round_id DESC, a.code LIMIT `+strconv.Itoa(2*mostLines), town, round)
	have, before = map[string]Answer{}, map[string]Answer{}
	for _, a := range as {
		if a.round == round {
			have[a.Code] = a.Answer
		} else if _, ok := before[a.Code]; !ok {
			before[a.Code] = a.Answer
		}
	}
	return have, before, err
}

// Judged is what the check says of a line.
type Judged struct{ Verdict, Reason string }

// Check is the county's check of a township: the move "check" of its part. Each line agrees with what was said, differs for a reason, or
// is not done yet; the part is checked once none is left. What is found lacking becomes a gap, unless there is one open already; what
// is found to be there closes it. What the system knows itself of posts is judged at the same time.
func (s *Service) Check(ctx context.Context, who access.Actor, rating id.ID, version int64, in map[string]Judged) error {
	if in == nil {
		in = map[string]Judged{}
	}
	_, err := s.Ledger.Write(ctx, who, rating.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, err := take(ctx, tx, who, rating, version, func(m flow.Matter) bool { return Checks(who, m.Organ) })
		if err != nil {
			return ledger.Act{}, err
		}
		params, err := s.check(ctx, tx, m, in)
		if err != nil {
			return ledger.Act{}, err
		}
		err = s.Engine.MakeAs(ctx, tx, &m, "check", flow.Values{})
		params["state"] = m.State
		return ledger.Act{Action: KindRating + ".check", Organ: m.Organ, Matter: m.ID, Params: params}, err
	})
	return err
}

// applyCheck: without its form everything agrees. What is not done yet keeps the part where it is.
func (s *Service) applyCheck(ctx context.Context, op *flow.Op) error {
	if op.In.Str("agrees") != "" {
		params, err := s.check(ctx, op.Tx, *op.M, nil)
		if err != nil {
			return err
		}
		for k, v := range params {
			op.Params[k] = v
		}
	}
	left, err := db.Column[string](ctx, op, `SELECT a.code FROM ratings t JOIN have_answers a ON a.city_id = t.city_id AND a.round_id = t.round_id AND a.township_id = t.township_id WHERE t.city_id = $1 AND t.id = $2 AND a.found = '' LIMIT 1`, op.M.ID.Key)
	if op.M.Outcome = RatingChecked; len(left) > 0 {
		op.M.Outcome, op.To = "", RatingSaid
	}
	return err
}

// check writes what the county says of the lines that are not checked yet; nil agrees with all of them.
func (s *Service) check(ctx context.Context, tx *ledger.Tx, m flow.Matter, in map[string]Judged) (map[string]any, error) {
	x, town, all, err := s.part(ctx, tx, m)
	if err != nil {
		return nil, err
	}
	have, _, err := answers(ctx, tx, x.ID.Key, town.ID.Key)
	if err != nil {
		return nil, err
	}
	if len(have) == 0 {
		return nil, fault.New(fault.Conflict, "haves.not_said")
	}
	var form typed.Form
	var done []Answer
	for _, l := range all {
		a, ok := have[l.Code]
		j, said := in[l.Code]
		if in == nil {
			j, said = Judged{Verdict: Agrees}, true
		}
		if !ok || a.Found != "" || !said {
			continue
		}
		a.Checked, a.On = j.Verdict, tx.Today()
		form.Para("r-"+l.Code, &j.Reason, j.Verdict == Differs, paraLimit)
		a.Reason = j.Reason
		switch j.Verdict {
		case Agrees:
			a.Found = found(a.Met)
		case Differs:
			a.Found = found(!a.Met)
		case NotYet:
		default:
			form.Say("c-"+l.Code, "choice.unknown")
		}
		done = append(done, a)
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	if len(done) == 0 {
		return nil, fault.New(fault.Conflict, "haves.checked")
	}
	gaps, differs := 0, 0
	byCode := map[string]Line{}
	for _, l := range all {
		byCode[l.Code] = l
	}
	for _, a := range done {
		if err := tx.Update(ctx, answerTable, a.row(x.ID.Key)...); err != nil {
			return nil, err
		}
		if a.Checked == Differs {
			differs++
		}
		n, err := s.settle(ctx, tx, x, town, byCode[a.Code], a.Found)
		if err != nil {
			return nil, err
		}
		gaps += n
	}
	posts, err := s.posts(ctx, tx, town, all)
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		if p, ok := posts[l.Code]; ok && p.Known && l.Least > 0 {
			n, err := s.settle(ctx, tx, x, town, l, found(p.Met))
			if err != nil {
				return nil, err
			}
			gaps += n
		}
	}
	return map[string]any{"lines": len(done), "differs": differs, "gaps": gaps}, nil
}

func found(met bool) string {
	if met {
		return Met
	}
	return Unmet
}
