package intake

import (
	"context"
	"slices"
	"sort"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// AddSources adds where this room's fields take their units and tip-offs from.
func (s *Service) AddSources() {
	s.Engine.AddSource("below", s.below)
	s.Engine.AddSource("repeats", s.repeatOptions)
}

// below lists the units a tip-off may be handed to: those with somebody to work on it, and where no subject sits.
func (s *Service) below(ctx context.Context, r db.Reader, who access.Actor, m *flow.Matter, today calendar.Date) ([]flow.Option, error) {
	organ, err := access.GetUnit(ctx, r.For(m.Organ.City), m.Organ.Key)
	if err != nil {
		return nil, err
	}
	targets, err := s.Engine.Targets(ctx, r, organ, today)
	if err != nil {
		return nil, err
	}
	taken, err := subjectUnits(ctx, r, m.Root, today)
	if err != nil {
		return nil, err
	}
	var out []flow.Option
	for _, t := range targets {
		if t.People > 0 && !taken[t.Unit] {
			out = append(out, flow.Option{Code: t.Unit, Name: t.Name, Note: t.Kind})
		}
	}
	return out, nil
}

// subjectUnits are the units at which somebody named in the family holds a post today.
func subjectUnits(ctx context.Context, r db.Reader, root id.Key, today calendar.Date) (map[string]bool, error) {
	keys, err := db.Column[string](ctx, r, `SELECT h.unit_id FROM bars b JOIN holdings h ON h.city_id = b.city_id AND h.person_id = b.person_id
		WHERE b.city_id = $1 AND b.root_id = $2 AND b.why = 'named' AND h.from_on <= $3 AND (h.to_on = '' OR h.to_on > $3)`, root, today)
	out := map[string]bool{}
	for _, k := range keys {
		out[k] = true
	}
	return out, err
}

func (s *Service) attr(ctx context.Context, r db.Reader, m *flow.Matter, name string) (string, error) {
	t, err := Get(ctx, r, m.ID.Key)
	if name == "channel" {
		return t.Channel, err
	}
	return "", err
}

// shutNotify keeps the acceptance notice for those it is owed to, once.
func (s *Service) shutNotify(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	if !m.Is(flow.FlagNamed) {
		return "tipoff.anonymous", nil
	}
	t, err := Get(ctx, r, m.ID.Key)
	if err != nil {
		return "", err
	}
	if t.Noticed != "" {
		return "tipoff.noticed_already", nil
	}
	return "", nil
}

// Noticed says whether the acceptance notice of a tip-off has been given.
func Noticed(ctx context.Context, r db.Reader, m flow.Matter) (bool, error) {
	if m.Kind != Kind {
		return false, nil
	}
	t, err := Get(ctx, r, m.ID.Key)
	return t.Noticed != "", err
}

func (s *Service) applyAccept(ctx context.Context, op *flow.Op) error {
	return s.toPool(ctx, op, id.ID{}, false, Down{Note: op.In.Str("verify_note")})
}

func (s *Service) applyForward(ctx context.Context, op *flow.Op) error {
	return s.toPool(ctx, op, id.ID{City: op.City(), Key: op.In.Str("target")}, false, downOf(op.In))
}

func (s *Service) applyAssign(ctx context.Context, op *flow.Op) error {
	return s.toPool(ctx, op, id.ID{City: op.City(), Key: op.In.Str("target")}, true, downOf(op.In))
}

func (s *Service) toPool(ctx context.Context, op *flow.Op, target id.ID, assigned bool, down Down) error {
	t, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	clue, err := s.Pool.FromTipoff(ctx, op.Tx, op.M, t, target, assigned, down)
	if err != nil {
		return err
	}
	t.Clue, t.Assigned, t.Target = clue.Key, assigned, target.Key
	if err := saveTipoff(ctx, op.Tx, op.M.ID.Key, t); err != nil {
		return err
	}
	return s.follow(ctx, op, clue.Key)
}

// repeats are the tip-offs that joined this one.
func repeats(ctx context.Context, r db.Reader, main id.Key) ([]string, error) {
	return db.Column[string](ctx, r, `SELECT t.id FROM tipoffs t WHERE t.city_id = $1 AND t.main_id = $2 ORDER BY t.id`, main)
}

// follow takes the tip-offs that joined one along to its new clue, when it is taken up a second time; what their
// reporters were told when it ended before is not the last word.
func (s *Service) follow(ctx context.Context, op *flow.Op, clue id.Key) error {
	keys, err := repeats(ctx, op.Tx, op.M.ID.Key)
	if err != nil || len(keys) == 0 {
		return err
	}
	for _, k := range keys {
		t, err := Get(ctx, op.Tx, k)
		if err != nil {
			return err
		}
		t.Clue = clue
		if err := saveTipoff(ctx, op.Tx, k, t); err != nil {
			return err
		}
	}
	return s.Reopened(ctx, op.Tx, clue)
}

// BackFromClue is told that case supervision gave a clue back (JK 14–18): its tip-off is looked at anew, with the days of
// a first look.
func (s *Service) BackFromClue(ctx context.Context, tx *ledger.Tx, tipoff id.Key) error {
	m, err := flow.Lock(ctx, tx, tipoff)
	if err != nil {
		return err
	}
	return s.Engine.Make(ctx, tx, &m, "come_back", flow.Values{})
}

// applyComeBack takes back what was counted as accepted.
func (s *Service) applyComeBack(ctx context.Context, op *flow.Op) error {
	t, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	if err := measure.Count(ctx, op.Tx, "tipoff.accepted", t.Channel, op.M.Organ.Key, op.Day, op.M.ID.Key, -1); err != nil {
		return err
	}
	t.Clue, t.Assigned, t.Target = "", false, ""
	return saveTipoff(ctx, op.Tx, op.M.ID.Key, t)
}

// endRepeats ends with a tip-off that is not taken up those that joined it: their reporters are owed an answer too.
func (s *Service) endRepeats(ctx context.Context, op *flow.Op) error {
	keys, err := repeats(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := s.finish(ctx, op.Tx, k, op.M.Outcome); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) applyPassOn(ctx context.Context, op *flow.Op) error {
	t, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	op.M.Outcome = "passed_on"
	t.Ground, t.Target = op.In.Str("forward_reason"), op.In.Str("organ_name")
	if err := saveTipoff(ctx, op.Tx, op.M.ID.Key, t); err != nil {
		return err
	}
	return s.endRepeats(ctx, op)
}

func (s *Service) applyDecline(ctx context.Context, op *flow.Op) error {
	t, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	op.M.Outcome = "declined"
	t.Ground = op.In.Str("ground")
	if err := saveTipoff(ctx, op.Tx, op.M.ID.Key, t); err != nil {
		return err
	}
	return s.endRepeats(ctx, op)
}

func (s *Service) applyReconsider(ctx context.Context, op *flow.Op) error {
	op.M.Outcome = ""
	t, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	t.Ground = ""
	return saveTipoff(ctx, op.Tx, op.M.ID.Key, t)
}

func (s *Service) applyNotify(ctx context.Context, op *flow.Op) error {
	t, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	t.Noticed = op.In.Day("on")
	return saveTipoff(ctx, op.Tx, op.M.ID.Key, t)
}

func (s *Service) applyTold(ctx context.Context, op *flow.Op) error {
	t, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	t.Told = op.In.Day("on")
	return saveTipoff(ctx, op.Tx, op.M.ID.Key, t)
}

func (s *Service) applySend(ctx context.Context, op *flow.Op) error {
	var sl Slip
	sl, err := GetSlip(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	op.M.Outcome = "sent"
	// A number below would show the chief, who sees every other slip, that one is about them (D22): it counts for the organ
	// above, and where that lies in another tenant for nobody.
	unit := op.M.Organ
	if sl.Reason == ownChief {
		unit = sl.To
	}
	if unit.City == op.City() {
		if err := measure.Count(ctx, op.Tx, "tipoff.slips", "", unit.Key, op.Day, op.M.ID.Key, 1); err != nil {
			return err
		}
	}
	return op.Update(ctx, slipTable, op.M.ID.Key, sl.Channel, sl.Reason, int64(sl.To.City), sl.To.Key, sl.Entered, sl.LateReason, op.In.Day("on"))
}

// applyMerge joins a repeat to the tip-off it repeats: one family, one clue, and to every reporter their own due.
func (s *Service) applyMerge(ctx context.Context, op *flow.Op) error {
	main, err := flow.Lock(ctx, op.Tx, op.In.Str("main")) // one of repeatOptions, which must not end meanwhile
	if err != nil {
		return err
	}
	if !takesRepeats(main) {
		return fault.InvalidField("main", "tipoff.main_ended")
	}
	mt, err := Get(ctx, op.Tx, main.ID.Key)
	if err != nil {
		return err
	}
	t, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	t.Main, t.Clue = main.ID.Key, mt.Clue
	op.M.Set(flow.FlagRepeat)
	if err := s.Engine.JoinFamily(ctx, op.Tx, op.M, main.Root); err != nil {
		return err
	}
	if err := saveTipoff(ctx, op.Tx, op.M.ID.Key, t); err != nil {
		return err
	}
	return s.along(ctx, op, main.ID.Key, main.Root, mt.Clue)
}

// along takes with a tip-off that joins another those that had joined it, before it came back or was looked at anew:
// their reporters are owed the same answer as its own.
func (s *Service) along(ctx context.Context, op *flow.Op, main, root, clue id.Key) error {
	keys, err := repeats(ctx, op.Tx, op.M.ID.Key)
	if err != nil || len(keys) == 0 {
		return err
	}
	for _, k := range keys {
		t, err := Get(ctx, op.Tx, k)
		if err != nil {
			return err
		}
		t.Main, t.Clue = main, clue
		if err := saveTipoff(ctx, op.Tx, k, t); err != nil {
			return err
		}
		m, err := flow.Lock(ctx, op.Tx, k)
		if err != nil {
			return err
		}
		if err := s.Engine.JoinFamily(ctx, op.Tx, &m, root); err != nil {
			return err
		}
		if err := flow.Save(ctx, op.Tx, &m); err != nil {
			return err
		}
	}
	return s.Reopened(ctx, op.Tx, clue)
}

// Finished is told that what became of a tip-off has ended. Every reporter behind it is owed an answer from that day.
func (s *Service) Finished(ctx context.Context, tx *ledger.Tx, clue id.Key, outcome string) error {
	done := map[string]bool{}
	for {
		keys, err := db.Column[string](ctx, tx, `SELECT t.id FROM tipoffs t WHERE t.city_id = $1 AND t.clue_id = $2 ORDER BY t.id`, clue)
		if err != nil {
			return err
		}
		keys = slices.DeleteFunc(keys, func(k string) bool { return done[k] })
		if len(keys) == 0 {
			return nil
		}
		for _, k := range keys {
			if err := s.finish(ctx, tx, k, outcome); err != nil {
				return err
			}
			done[k] = true
		}
		// While those were waited for, somebody may have merged another into them.
	}
}

// finish ends one tip-off's wait for its clue.
func (s *Service) finish(ctx context.Context, tx *ledger.Tx, tipoff id.Key, outcome string) error {
	m, err := flow.Lock(ctx, tx, tipoff)
	if err != nil || m.State != InHand && m.State != Merged {
		return err
	}
	m.Outcome = outcome
	move := "finish_anonymous"
	if m.Is(flow.FlagNamed) {
		move = "finish"
	}
	return s.Engine.Make(ctx, tx, &m, move, flow.Values{})
}

// Reopened is told that a finished clue is taken up again: its reporters are owed an answer once it ends anew.
func (s *Service) Reopened(ctx context.Context, tx *ledger.Tx, clue id.Key) error {
	keys, err := db.Column[string](ctx, tx, `SELECT t.id FROM tipoffs t JOIN matters m ON m.city_id = t.city_id AND m.id = t.id
		WHERE t.city_id = $1 AND t.clue_id = $2 AND m.state IN ('result_due', 'closed') ORDER BY t.id`, clue)
	if err != nil {
		return err
	}
	for _, k := range keys {
		m, err := flow.Lock(ctx, tx, k)
		if err != nil {
			return err
		}
		m.Outcome = ""
		if err := s.Engine.Make(ctx, tx, &m, "again", flow.Values{}); err != nil {
			return err
		}
	}
	return nil
}

// Asked says whether a report back was asked for on a clue when one of its tip-offs was assigned (交办).
func (s *Service) Asked(ctx context.Context, r db.Reader, clue id.Key) (bool, error) {
	// Asked in one condition, SQLite would read all of the city's tip-offs: its rough figures take one clue for as many rows.
	n, err := db.Column[int64](ctx, r, `SELECT 1 FROM tipoffs t WHERE t.city_id = $1 AND t.assigned = TRUE
		AND t.id IN (SELECT x.id FROM tipoffs x WHERE x.city_id = $1 AND x.clue_id = $2) LIMIT 1`, clue)
	return len(n) > 0, err
}

// Repeat is a tip-off that may be the same as one that is being entered.
type Repeat struct {
	Matter flow.Matter
	Alike  float64
	Same   bool // about the same official
	Named  bool // about somebody of the same name, at another unit of the township
}

// Repeats lists likely repeats beside a form: tip-offs about the same person or in alike words, most alike first. A
// village's cadre is reported as the township's by the next letter, so all units of a township are looked through.
func (s *Service) Repeats(ctx context.Context, r db.Reader, who access.Actor, unit, official id.Key, name, words string, without id.Key, limit int) ([]Repeat, error) {
	if unit == "" {
		return nil, nil
	}
	u, err := access.GetUnit(ctx, r, unit)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil // the form says so beside the unit
	}
	if err != nil {
		return nil, err
	}
	near := []string{unit}
	if u.Township != "" {
		if near, err = db.Column[string](ctx, r, `SELECT u.id FROM units u WHERE u.city_id = $1 AND (u.id = $2 OR u.superior_id = $2)`, u.Township); err != nil {
			return nil, err
		}
	}
	scope := who.Scope(access.TipoffRead)
	b := db.Build(`SELECT ` + flow.Columns + `, s.official_id, s.unit_id, s.name, COALESCE(x.plain, '') FROM subjects s JOIN matters m ON m.city_id = s.city_id AND m.id = s.matter_id
		LEFT JOIN texts x ON x.city_id = m.city_id AND x.matter_id = m.id WHERE s.city_id = $1 AND m.kind = 'tipoff'`)
	if official != "" {
		b.In(` AND (`, "s.unit_id", near).Add(` OR s.official_id = ?)`, official) // whoever moved took their past along
	} else {
		b.In(` AND `, "s.unit_id", near)
	}
	b.If(without != "", ` AND m.id <> ?`, without)
	q, args := scope.Where(b, "m", r.City()).Add(` ORDER BY m.received_on DESC LIMIT 200`).SQL()
	all, err := db.All(ctx, r, func(rows *db.Rows) (Repeat, error) {
		rep := Repeat{Matter: flow.Matter{ID: id.ID{City: r.City()}}}
		var o, at, n, plain string
		if err := rows.Scan(append(rep.Matter.Dest(), &o, &at, &n, &plain)...); err != nil {
			return rep, err
		}
		named := name != "" && n == name
		rep.Same = official != "" && o == official || named && at == unit
		rep.Named = named && !rep.Same
		rep.Alike = text.Alike(words, plain)
		return rep, nil
	}, q, args...)
	if err != nil {
		return nil, err
	}
	return bestRepeats(all, words, limit), nil
}

// Enough alike to be shown: a fifth of the pairs, or the same person at all.
const alikeEnough = 0.2

func bestRepeats(all []Repeat, words string, limit int) []Repeat {
	var out []Repeat
	for _, r := range all {
		if r.Same || r.Named || words != "" && r.Alike >= alikeEnough {
			out = append(out, r)
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Same != out[j].Same {
			return out[i].Same
		}
		if out[i].Named != out[j].Named {
			return out[i].Named
		}
		return out[i].Alike > out[j].Alike
	})
	if len(out) > limit {
		out = out[:limit]
	}
	return out
}

// takesRepeats says whether others may be merged into a tip-off. What is finished takes nothing new in: that is a report
// of its own.
func takesRepeats(m flow.Matter) bool { return m.State == InHand }

// repeatOptions are the tip-offs a received one may be merged into: those that are being dealt with.
func (s *Service) repeatOptions(ctx context.Context, r db.Reader, who access.Actor, m *flow.Matter, _ calendar.Date) ([]flow.Option, error) {
	subs, err := flow.Subjects(ctx, r, m.ID.Key)
	if err != nil || len(subs) == 0 {
		return nil, err
	}
	t, err := Get(ctx, r, m.ID.Key)
	if err != nil {
		return nil, err
	}
	reps, err := s.Repeats(ctx, r, who, subs[0].Unit, subs[0].Official, subs[0].Name, m.Title+t.Summary, m.ID.Key, 20)
	var out []flow.Option
	for _, x := range reps {
		if takesRepeats(x.Matter) {
			out = append(out, flow.Option{Code: x.Matter.ID.Key, Name: x.Matter.No + " " + x.Matter.Title})
		}
	}
	return out, err
}

// shutSay keeps words to the reporter for those who can read them.
func shutSay(_ context.Context, _ db.Reader, m *flow.Matter) (string, error) {
	if !m.Is(flow.FlagLetter) {
		return "tipoff.no_words", nil
	}
	return "", nil
}
