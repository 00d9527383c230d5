package casework

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/clue"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
)

// Service is this room's use cases.
type Service struct {
	Ledger *ledger.Ledger
	Engine *flow.Engine
	Rules  *rulebook.Book
	Clues  *clue.Service
}

// Case is what a case holds beyond the matter.
type Case struct {
	Clue        id.Key
	Track       string
	Discipline  string
	Summary     string
	Filed       calendar.Date
	ReviewUnit  id.Key
	Decision    string
	Sanctions   string // codes, separated by blanks
	Body        string
	Decided     calendar.Date
	Delivered   calendar.Date
	Announced   calendar.Date
	Executed    calendar.Date
	EffectUntil calendar.Date
	Form        string
	Untrue      bool
	ClearAnswer string
	OutsideNo   string
}

var caseTable = &ledger.Table{Name: "cases", Key: []string{"id"}, Cols: []string{"clue_id", "track", "discipline", "summary", "filed_on", "review_unit", "decision", "sanctions", "body",
	"decided_on", "delivered_on", "announced_on", "executed_on", "effect_until", "form", "untrue", "clear_answer", "outside_no"}}

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{caseTable} }

func (c Case) row(key id.Key) []any {
	return []any{key, c.Clue, c.Track, c.Discipline, c.Summary, c.Filed, c.ReviewUnit, c.Decision, c.Sanctions, c.Body, c.Decided, c.Delivered, c.Announced, c.Executed, c.EffectUntil,
		c.Form, c.Untrue, c.ClearAnswer, c.OutsideNo}
}

// Get reads a case's own part. The caller has seen the matter.
func Get(ctx context.Context, r db.Reader, key id.Key) (Case, error) {
	var c Case
	return c, r.Row(ctx, `SELECT clue_id, track, discipline, summary, filed_on, review_unit, decision, sanctions, body, decided_on, delivered_on, announced_on, executed_on,
		effect_until, form, untrue, clear_answer, outside_no FROM cases WHERE city_id = $1 AND id = $2`, key).
		Scan(&c.Clue, &c.Track, &c.Discipline, &c.Summary, &c.Filed, &c.ReviewUnit, &c.Decision, &c.Sanctions, &c.Body, &c.Decided, &c.Delivered, &c.Announced, &c.Executed,
			&c.EffectUntil, &c.Form, &c.Untrue, &c.ClearAnswer, &c.OutsideNo)
}

func save(ctx context.Context, tx *ledger.Tx, key id.Key, c Case) error {
	return tx.Update(ctx, caseTable, c.row(key)...)
}

// change reads the case, lets f change it, and stores it.
func change(ctx context.Context, op *flow.Op, f func(c *Case)) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	f(&c)
	return save(ctx, op.Tx, op.M.ID.Key, c)
}

// AddSources adds where this room's fields take their people and sanctions from.
func (s *Service) AddSources() {
	s.Engine.AddSource("reviewers", s.reviewers)
	s.Engine.AddSource("party_sanctions", s.sanctions("party"))
	s.Engine.AddSource("admin_sanctions", s.sanctions("admin"))
}

// reviewers are the people of the review office who took no part in any matter of the family.
func (s *Service) reviewers(ctx context.Context, r db.Reader, _ access.Actor, m *flow.Matter, today calendar.Date) ([]flow.Option, error) {
	ro, err := access.LoadRoster(ctx, r, m.Organ, m.Handler, m.Root, today)
	if err != nil {
		return nil, err
	}
	took, err := s.Engine.TookPart(ctx, r, m.Root)
	if err != nil {
		return nil, err
	}
	var out []flow.Option
	for _, h := range ro.Hands(access.Review, m.Organ.Key, took...) {
		if h.For == "" {
			out = append(out, flow.Option{Code: h.Person, Name: h.Name})
		}
	}
	return out, err
}

func (s *Service) sanctions(track string) flow.Source {
	return func(_ context.Context, _ db.Reader, _ access.Actor, _ *flow.Matter, today calendar.Date) ([]flow.Option, error) {
		var out []flow.Option
		for _, x := range s.Rules.Sanctions(today) {
			if x.Track == track {
				out = append(out, flow.Option{Code: x.Code, Name: x.Name.Zh, Note: x.Name.En})
			}
		}
		return out, nil
	}
}

// FromClue opens the case that an approved verification asks for; its handler goes on with it.
func (s *Service) FromClue(ctx context.Context, tx *ledger.Tx, m *flow.Matter, c clue.Clue, track string) (id.ID, error) {
	subs, err := flow.Subjects(ctx, tx, m.ID.Key)
	if err != nil {
		return id.ID{}, err
	}
	k := flow.Matter{Kind: Kind, Organ: m.Organ, Received: tx.Today(), Title: m.Title, Source: m.Source, Rank: m.Rank, Subject: m.Subject, SubjectPost: m.SubjectPost,
		Township: m.Township, Parent: m.ID.Key, Root: m.Root, Handler: m.Handler}
	for _, f := range []string{flow.FlagChief, flow.FlagMember, flow.FlagParty, flow.FlagTownship} {
		if m.Is(f) {
			k.Set(f)
		}
	}
	if err := s.Engine.Create(ctx, tx, &k, subs, nil); err != nil {
		return id.ID{}, err
	}
	row := Case{Clue: m.ID.Key, Track: track, Discipline: c.Discipline, Summary: c.Summary}
	if err := tx.Insert(ctx, caseTable, row.row(k.ID.Key)...); err != nil {
		return id.ID{}, err
	}
	// The people who verified stay the team until the filing names the one that investigates.
	team, err := flow.Team(ctx, tx, m.ID.Key)
	if err != nil {
		return id.ID{}, err
	}
	var people []id.Key
	lead := ""
	for _, t := range team {
		if t.Stage == flow.StageVerify && t.To == "" {
			people = append(people, t.Person)
			if t.Lead {
				lead = t.Person
			}
		}
	}
	if err := flow.SetTeam(ctx, tx, &k, flow.StageInvestigate, lead, people); err != nil {
		return id.ID{}, err
	}
	parts := []string{k.No, k.Title, c.Summary}
	for _, sub := range subs {
		parts = append(parts, sub.Name, sub.Post)
	}
	return k.ID, text.Put(ctx, tx.Tx, k.ID.Key, flow.SearchTerms(&k), parts...)
}

// facts adds the choice, the track and the kind of official to what the rulebook may ask. The choice of a decision that
// punishes is its sanction: of two, the Party's if that one is heavy, for more bodies sign it, else the administrative
// one. An administrative sanction is never a township's to decide, so a matter with one is the county's.
func (s *Service) facts(ctx context.Context, r db.Reader, m *flow.Matter) (func(flow.Values) rulebook.Facts, error) {
	var c Case
	var category string
	if err := r.Row(ctx, `SELECT x.track, x.body, COALESCE((SELECT s.category FROM subjects s WHERE s.city_id = x.city_id AND s.matter_id = x.id ORDER BY s.n LIMIT 1), '') FROM cases x WHERE x.city_id = $1 AND x.id = $2`,
		m.ID.Key).Scan(&c.Track, &c.Body, &category); err != nil {
		return nil, err
	}
	return func(in flow.Values) rulebook.Facts {
		facts := rulebook.Facts{"choice": s.chosen(in), "track": c.Track}
		if t := in.Str("track"); t != "" {
			facts["track"] = t
		}
		body := in.Str("party_body")
		if body == "" {
			body, _, _ = strings.Cut(c.Body, " ")
		}
		facts["body"] = body
		if category != "" {
			facts["category"] = category
		}
		if in.Str("admin_sanction") != "" {
			facts["level"] = "county"
			if m.Level < access.County {
				facts["level"] = "city"
			}
		}
		return facts
	}, nil
}

// chosen is what was decided, as the rulebook's approvals name it.
func (s *Service) chosen(in flow.Values) string {
	party, admin := in.Str("party_sanction"), in.Str("admin_sanction")
	if x, _ := s.Rules.Sanction(party); party != "" && (admin == "" || x.Heavy) {
		return party
	}
	if admin != "" {
		return admin
	}
	if d := in.Str("decision"); d != "" && d != "sanction" {
		return d
	}
	return in.Str("return_kind")
}

func (s *Service) attr(ctx context.Context, r db.Reader, m *flow.Matter, name string) (string, error) {
	c, err := Get(ctx, r, m.ID.Key)
	if err != nil {
		return "", err
	}
	switch name {
	case "decision":
		return c.Decision, nil
	case "clear_answer":
		return c.ClearAnswer, nil
	case "track":
		return c.Track, nil
	case "untrue":
		if c.Untrue {
			return "yes", nil
		}
		return "no", nil
	}
	return "", nil
}

// checkRights refuses to begin before the person was told what they may do.
func (s *Service) checkRights(_ context.Context, op *flow.Op) error {
	if op.In.Str("rights_told") != "yes" {
		return fault.InvalidField("rights_told", "case.rights_first")
	}
	return nil
}

// checkPart keeps the review's moves to the review's own people, of whom there must still be as many as it takes: the
// team field of a case also lists investigators.
func (s *Service) checkPart(ctx context.Context, op *flow.Op) error {
	if err := s.Engine.Enough(ctx, op, flow.StageReview); err != nil {
		return err
	}
	team, err := flow.Team(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	for _, t := range team {
		if t.Stage == flow.StageReview && t.To == "" && t.Person == op.Author {
			return nil
		}
	}
	return fault.New(fault.Forbidden, "move.not_yours")
}

// checkAuthor keeps whoever worked on the matter from deciding about its review in a second post.
func (s *Service) checkAuthor(ctx context.Context, op *flow.Op) error {
	took, err := s.Engine.TookPart(ctx, op.Tx, op.M.Root)
	if err == nil && slices.Contains(took, op.Author) {
		err = fault.New(fault.Forbidden, "review.you_took_part")
	}
	return err
}

// checkTeamEnough keeps a report from being written or signed by fewer people than the law asks for.
func (s *Service) checkTeamEnough(ctx context.Context, op *flow.Op) error {
	return s.Engine.Enough(ctx, op, flow.StageInvestigate)
}
