package haves

import (
	"context"
	"errors"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
)

// The kinds of matter of this room.
const (
	Kind       = "gap"    // what a township lacks
	KindRating = "rating" // a township's part in a round
)

// The states of a gap.
const (
	Lacking = "lacking"
	Mended  = "mended" // said to be made good; it waits for the re-check
	Closed  = "closed"
)

// The states of a township's part in a round.
const (
	RatingAsked   = "asked"
	RatingSaid    = "said"
	RatingChecked = "checked"
	RatingEnded   = "ended" // with the round, or with the township
)

// Who owes a gap, as flags: the county where neither stands.
const (
	owedTown = "owed_town"
	owedCity = "owed_city"
)

// The rules of this room's clocks.
const (
	RuleMend    = "gap.mend"
	RuleAbove   = "gap.above"
	RuleRecheck = "gap.recheck"
	RuleSay     = "rating.say" // until the round's day
	RuleCheck   = "rating.check"
)

var local = []rulebook.Basis{{Reg: "LOCAL"}}

// Tables are the lifecycles of this room's matters. None of them names anybody.
func (s *Service) Tables() []*flow.Table { return []*flow.Table{s.gaps(), s.ratings()} }

// ratings is the life of a township's part in a round. Both moves are made on its form; without one they say that all of it is as
// it was, and that all of it agrees.
func (s *Service) ratings() *flow.Table {
	yes := func(name string) []flow.Field {
		return []flow.Field{{Name: name, Kind: flow.Choice, Must: true, Codes: []string{"yes"}}}
	}
	live := []string{RatingAsked, RatingSaid}
	return &flow.Table{Kind: KindRating, Mark: "评", NoRecusal: true,
		States: []flow.State{
			{Name: RatingAsked, Stage: "asked", Rules: []flow.Use{{Rule: RuleSay, By: flow.ByHandler}}, Basis: local},
			{Name: RatingSaid, Stage: "said", Rules: []flow.Use{{Rule: RuleCheck, By: flow.ByPersonnel}}, Basis: local},
			{Name: RatingChecked, Stage: "done", End: true, Basis: local},
			{Name: RatingEnded, Stage: "done", End: true, Basis: local},
		},
		Moves: []flow.Move{
			{Name: "say", From: live, To: RatingSaid, By: []flow.By{flow.ByHandler}, Fields: yes("unchanged"), Basis: local},
			{Name: "check", From: []string{RatingSaid}, To: RatingChecked, Also: []string{RatingSaid}, By: []flow.By{flow.ByPersonnel, flow.ByDeputy, flow.ByPrincipal}, Fields: yes("agrees"), Basis: local, Key: true},
			{Name: "end", From: live, To: RatingEnded, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RuleSay, RuleCheck}, Basis: local},
		},
		Hooks: flow.Hooks{Check: map[string]func(context.Context, *flow.Op) error{"check": flow.OtherHandsThanAll("say")}, Apply: map[string]func(context.Context, *flow.Op) error{
			"say": s.applySay, "check": s.applyCheck,
			"end": func(_ context.Context, op *flow.Op) error { op.M.Outcome = RatingEnded; return nil },
		}},
	}
}

// gaps is the life of a gap. The county keeps after what the city owes, and both have a day.
func (s *Service) gaps() *flow.Table {
	return &flow.Table{Kind: Kind, Mark: "六", NoRecusal: true,
		States: []flow.State{
			{Name: Lacking, Stage: "lacking", Basis: local, Rules: []flow.Use{
				{Rule: RuleMend, By: flow.ByHandler, If: owedTown}, {Rule: RuleMend, By: flow.ByDeputy, Unless: owedTown}, {Rule: RuleAbove, By: flow.BySuperior, If: owedCity}}},
			{Name: Mended, Stage: "mended", Basis: local, Rules: []flow.Use{{Rule: RuleRecheck, By: flow.ByDeputy}}},
			{Name: Closed, Stage: "closed", End: true, Basis: local},
		},
		Moves: []flow.Move{
			{Name: "budget", From: []string{Lacking}, By: []flow.By{flow.ByDeputy, flow.BySuperior}, Basis: local,
				Fields: []flow.Field{{Name: "budget", Kind: flow.Count, Must: true}, {Name: "source", Kind: flow.Line, Must: true, Max: lineLimit}}},
			{Name: "mend", From: []string{Lacking}, To: Mended, By: []flow.By{flow.ByHandler, flow.ByDeputy, flow.BySuperior}, Basis: local,
				Fields: []flow.Field{{Name: "evidence", Kind: flow.Para, Must: true, Max: paraLimit}}},
			{Name: "recheck", From: []string{Mended}, To: Closed, Also: []string{Lacking}, By: []flow.By{flow.ByDeputy, flow.ByPrincipal}, Basis: local,
				Fields: []flow.Field{{Name: "result", Kind: flow.Choice, Must: true, Codes: []string{Met, Unmet}}, {Name: "note", Kind: flow.Para, Must: true, Max: paraLimit}}, Fresh: []string{RuleMend, RuleAbove}, Key: true},
			{Name: "found", From: []string{Lacking, Mended}, To: Closed, By: []flow.By{flow.BySystem}, Quiet: true, Basis: local},
		},
		Hooks: flow.Hooks{Check: map[string]func(context.Context, *flow.Op) error{"recheck": flow.OtherHands("mend")}, Apply: map[string]func(context.Context, *flow.Op) error{
			"budget": func(ctx context.Context, op *flow.Op) error {
				g, err := gap(ctx, op.Tx, op.M.ID.Key)
				if err != nil {
					return err
				}
				g.Budget = int64(op.In.Int("budget"))
				return op.Tx.Update(ctx, gapTable, g.row()...)
			},
			"recheck": func(_ context.Context, op *flow.Op) error {
				if op.M.Outcome = Met; op.In.Str("result") == Unmet {
					op.M.Outcome, op.To = "", Lacking
				}
				return nil
			},
			"found": func(_ context.Context, op *flow.Op) error { op.M.Outcome = Met; return nil },
		}},
	}
}

// Gap is what a township lacks, beyond what its matter says.
type Gap struct {
	ID     id.ID
	Round  id.Key
	Town   id.Key
	Code   string
	Have   string
	Owes   string
	Wanted string // the line, as it stood on the list
	Budget int64  // yuan; 0 until somebody says

	State string // of the matter, where it was read with it
	No    string
	Due   calendar.Date
}

func (g Gap) row() []any {
	return []any{g.ID.Key, g.Round, g.Town, g.Code, g.Have, g.Owes, g.Wanted, g.Budget}
}

const gapCols = `g.id, g.round_id, g.township_id, g.code, g.have, g.owes, g.wanted, g.budget`

func (g *Gap) dest() []any {
	return []any{&g.ID.Key, &g.Round, &g.Town, &g.Code, &g.Have, &g.Owes, &g.Wanted, &g.Budget}
}

func gap(ctx context.Context, r db.Reader, key id.Key) (Gap, error) {
	g := Gap{ID: id.ID{City: r.City()}}
	err := r.Row(ctx, `SELECT `+gapCols+` FROM gaps g WHERE g.city_id = $1 AND g.id = $2`, key).Scan(g.dest()...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.Hidden()
	}
	return g, err
}

// Gap reads what a matter of the kind is about. The caller has seen the matter.
func (s *Service) Gap(ctx context.Context, r db.Reader, m flow.Matter) (Gap, error) {
	return gap(ctx, r, m.ID.Key)
}

// open lists the gaps of a township, or of all of a round's county, that are not closed.
func openGaps(ctx context.Context, r db.Reader, county, town id.Key) ([]Gap, error) {
	b := db.Build(`SELECT `+gapCols+`, m.state, m.no, m.due_on FROM matters m CROSS JOIN gaps g WHERE m.city_id = $1 AND m.kind = '`+Kind+`' AND m.county_id = ? AND m.open = TRUE AND g.city_id = m.city_id AND g.id = m.id`, county)
	q, args := b.If(town != "", ` AND g.township_id = ?`, town).Add(` ORDER BY g.township_id, g.code`).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (Gap, error) {
		g := Gap{ID: id.ID{City: r.City()}}
		return g, rows.Scan(append(g.dest(), &g.State, &g.No, &g.Due)...)
	}, q, args...)
}

// settle makes a gap of a line that was found lacking, and closes the one there is where it was found to be there; it says how
// many it has made.
func (s *Service) settle(ctx context.Context, tx *ledger.Tx, x Round, town access.Unit, l Line, found string) (int, error) {
	if found == "" {
		return 0, nil
	}
	have, err := openGaps(ctx, tx, x.County, town.ID.Key)
	if err != nil {
		return 0, err
	}
	for _, g := range have {
		if g.Code != l.Code {
			continue
		}
		if found == Unmet {
			return 0, nil
		}
		m, err := flow.Lock(ctx, tx, g.ID.Key)
		if err != nil {
			return 0, err
		}
		return 0, s.Engine.Make(ctx, tx, &m, "found", flow.Values{})
	}
	if found == Met {
		return 0, nil
	}
	m := flow.Matter{Kind: Kind, Organ: id.ID{City: tx.City(), Key: x.County}, Township: town.ID.Key, Handler: town.ID, Received: tx.Today(), Title: town.Name + "：" + l.Name.Zh}
	m.Set(flow.FlagApart) // it is none of the matters that numbers speak of
	switch l.Owes {
	case "township":
		m.Set(owedTown)
	case "city":
		m.Set(owedCity)
	}
	if err := s.Engine.Create(ctx, tx, &m, nil, nil); err != nil {
		return 0, err
	}
	if m.Is(owedTown) {
		if err := s.Burden.ByRule(ctx, tx, askMend, m.ID.Key, x.County, []access.Unit{town}, m.Due); err != nil {
			return 0, err
		}
	}
	if err := text.Put(ctx, tx.Tx, m.ID.Key, flow.SearchTerms(&m), m.No, m.Title); err != nil {
		return 0, err
	}
	g := Gap{ID: m.ID, Round: x.ID.Key, Town: town.ID.Key, Code: l.Code, Have: l.Have, Owes: l.Owes, Wanted: l.Name.Zh}
	return 1, tx.Insert(ctx, gapTable, g.row()...)
}
