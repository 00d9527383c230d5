package reprisal

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/flow"
	"qianshao/internal/intake"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Kind is the kind of matter that something noticed is.
const Kind = custody.Alert

// The states of an alert.
const (
	Raised    = "raised"
	Unrelated = "unrelated" // it has nothing to do with the report
	TakenUp   = "taken_up"  // it is dealt with as a report of its own
	Dropped   = "dropped"   // whoever asked to be watched over does not any more
)

// RuleLook is the clock of an alert that nobody has judged.
const RuleLook = "alert.look"

var protects = []rulebook.Basis{{Reg: "JK", Art: "47"}, {Reg: "JCF", Art: "73"}}

// Table is the life of an alert. What is said with its moves names nobody: it stands in the log.
func (s *Service) Table() *flow.Table {
	return &flow.Table{Kind: Kind, Mark: "护", NoRecusal: true,
		States: []flow.State{
			{Name: Raised, Stage: "raised", Rules: []flow.Use{{Rule: RuleLook, By: flow.ByIntake}}, Basis: protects},
			{Name: Unrelated, Stage: "judged", End: true, Basis: protects},
			{Name: TakenUp, Stage: "judged", End: true, Basis: []rulebook.Basis{{Reg: "ZW", Art: "32"}}},
			{Name: Dropped, Stage: "judged", End: true},
		},
		Moves: []flow.Move{
			{Name: "set_aside", From: []string{Raised}, To: Unrelated, By: []flow.By{flow.ByIntake},
				Fields: []flow.Field{{Name: "ground", Kind: flow.Choice, Must: true, Codes: []string{"namesake", "earlier", "ordinary", "own_wish", "lawful"}}},
				Basis:  protects, Key: true, Refusal: []string{"*"}},
			{Name: "take_up", From: []string{Raised}, To: TakenUp, By: []flow.By{flow.ByIntake},
				Fields: []flow.Field{{Name: "agreed", Kind: flow.Choice, Must: true, Codes: []string{"call", "visit", "letter"}}, {Name: "on", Kind: flow.Day, Must: true, Since: "received"},
					{Name: "tipoff", Kind: flow.Choice, Must: true, Of: "alert_tipoffs"}},
				Basis: []rulebook.Basis{{Reg: "ZW", Art: "32"}, {Reg: "JCF", Art: "73"}}, Key: true},
			{Name: "drop", From: []string{Raised}, To: Dropped, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{RuleLook}, Basis: protects},
			{Name: "reconsider", From: []string{Unrelated}, To: Raised, By: []flow.By{flow.BySuperior},
				Fields: []flow.Field{{Name: "reason", Kind: flow.Para, Must: true, Max: 500}}, Ends: []string{flow.RuleSuperior}, Fresh: []string{RuleLook}, Basis: []rulebook.Basis{{Reg: "JCF", Art: "17"}}, Key: true},
		},
		Hooks: flow.Hooks{
			Shut: map[string]func(context.Context, db.Reader, *flow.Matter) (string, error){"set_aside": shutUnread, "take_up": shutUnread},
			Apply: map[string]func(context.Context, *flow.Op) error{
				"set_aside":  func(_ context.Context, op *flow.Op) error { op.M.Outcome = Unrelated; return nil },
				"take_up":    func(_ context.Context, op *flow.Op) error { op.M.Outcome = TakenUp; return nil },
				"drop":       func(_ context.Context, op *flow.Op) error { op.M.Outcome = Dropped; return nil },
				"reconsider": func(_ context.Context, op *flow.Op) error { op.M.Outcome = ""; return nil },
			},
			Changed: s.tellOf,
		},
	}
}

// shutUnread keeps an alert from being judged by somebody who has not read it.
func shutUnread(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	n, err := db.Column[int64](ctx, r, `SELECT 1 FROM acts a WHERE a.city_id = $1 AND a.matter_id = $2 AND a.action = 'envelope.open' LIMIT 1`, m.ID.Key)
	if err != nil || len(n) > 0 {
		return "", err
	}
	return "alert.unread", nil
}

// AddSources adds what an alert may be taken up as.
func (s *Service) AddSources() { s.Engine.AddSource("alert_tipoffs", tipoffs) }

// mostTipoffs is how many reports are offered.
const mostTipoffs = 50

// tipoffs are the reports that the organ itself has received since, newest first.
func tipoffs(ctx context.Context, r db.Reader, who access.Actor, m *flow.Matter, _ calendar.Date) ([]flow.Option, error) {
	b := db.Build(`SELECT m.id, m.no, m.title FROM matters m WHERE m.city_id = $1 AND m.kind = '`+intake.Kind+`' AND m.received_on >= ? AND m.organ_city = ? AND m.organ_id = ?`, m.Received, int64(m.Organ.City), m.Organ.Key)
	q, args := who.Scope(access.TipoffRead).Where(b, "m", r.City()).Add(` ORDER BY m.received_on DESC, m.id DESC LIMIT ?`, mostTipoffs).SQL()
	return db.All(ctx, r, func(rows *db.Rows) (o flow.Option, err error) {
		var title string
		err = rows.Scan(&o.Code, &o.Name, &title)
		o.Name += " " + title
		return o, err
	}, q, args...)
}
