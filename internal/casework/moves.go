package casework

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
)

// checkTeam keeps the lead among the team, and everybody barred from the family out of it.
func (s *Service) checkTeam(ctx context.Context, op *flow.Op) error {
	team := op.In.List("team")
	if !slices.Contains(team, op.In.Str("lead")) {
		return fault.InvalidField("lead", "team.lead_outside")
	}
	barred, err := access.Barred(ctx, op.Tx, op.M.Root)
	if err != nil {
		return err
	}
	for _, p := range team {
		if slices.Contains(barred, p) {
			return fault.InvalidField("team", "team.barred")
		}
	}
	return nil
}

func (s *Service) applyFiling(ctx context.Context, op *flow.Op) error {
	if err := change(ctx, op, func(c *Case) { c.Filed, c.Track = op.Day, op.In.Str("track") }); err != nil {
		return err
	}
	return s.applyTeam(ctx, op)
}

// applyTeam puts the team together anew. Whoever joins one that had all signed signs as well.
func (s *Service) applyTeam(ctx context.Context, op *flow.Op) error {
	if op.M.State == Signed {
		op.To = Signing
	}
	return flow.SetTeam(ctx, op.Tx, op.M, flow.StageInvestigate, op.In.Str("lead"), op.In.List("team"))
}

func (s *Service) applyDropFiling(ctx context.Context, op *flow.Op) error {
	return change(ctx, op, func(c *Case) { c.Decision, c.Untrue, c.ClearAnswer = "not_filed", true, op.In.Str("clear_answer") })
}

func (s *Service) applyReport(ctx context.Context, op *flow.Op) error {
	return flow.Unsign(ctx, op.Tx, op.M, flow.StageInvestigate)
}

func (s *Service) applyUnsign(ctx context.Context, op *flow.Op) error {
	return flow.Unsign(ctx, op.Tx, op.M, flow.StageInvestigate)
}

// applySign takes one investigator's signature; the last one completes the report.
func (s *Service) applySign(ctx context.Context, op *flow.Op) error {
	all, err := flow.Sign(ctx, op.Tx, op.M, flow.StageInvestigate, op.Actor.Person)
	if all {
		op.To = Signed
	}
	return err
}

// checkPanel keeps everybody who took part, or is barred, off the review (查审分离).
func (s *Service) checkPanel(ctx context.Context, op *flow.Op) error {
	if err := s.checkAuthor(ctx, op); err != nil {
		return err
	}
	panel := op.In.List("panel")
	if !slices.Contains(panel, op.In.Str("lead")) {
		return fault.InvalidField("lead", "team.lead_outside")
	}
	took, err := s.Engine.TookPart(ctx, op.Tx, op.M.Root)
	if err != nil {
		return err
	}
	for _, p := range panel {
		if slices.Contains(took, p) {
			return fault.InvalidField("panel", "review.took_part")
		}
	}
	return nil
}

func (s *Service) applyPanel(ctx context.Context, op *flow.Op) error {
	return flow.SetTeam(ctx, op.Tx, op.M, flow.StageReview, op.In.Str("lead"), op.In.List("panel"))
}

// checkDecision holds a decision against the matrix of sanctions and bodies, each sanction against its own body. Where a
// Party committee decides, the day of the decision is the day it did.
func (s *Service) checkDecision(ctx context.Context, op *flow.Op) error {
	if err := s.checkAuthor(ctx, op); err != nil {
		return err
	}
	if op.In.Str("decision") != "sanction" {
		if a := op.In.Str("clear_answer"); (a == "not_needed" || a == "declined") && op.In.Str("clear_reason") == "" {
			return fault.InvalidField("clear_reason", "required")
		}
	}
	facts, err := s.Engine.Facts(ctx, op.Tx, op.M, op.In)
	if err != nil {
		return err
	}
	switch op.In.Str("decision") {
	case "sanction":
	case "exempt":
		return s.checkExempt(ctx, op, facts)
	default:
		return nil
	}
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	if on := op.In.Str("recorded_on"); on != "" && strings.HasSuffix(op.In.Str("party_body"), "_party_committee") {
		op.In.Set("decided_on", on)
	}
	chosen := 0
	var bad []fault.Field
	for _, track := range []string{"party", "admin"} {
		f, body := track+"_sanction", track+"_body"
		code := op.In.Str(f)
		if code == "" {
			continue
		}
		if c.Track != "both" && c.Track != track {
			bad = append(bad, fault.Field{Name: f, Code: "sanction.other_track"})
			continue
		}
		chosen++
		x, ok := s.Rules.Sanction(code)
		if !ok {
			return fault.InvalidField(f, "choice.unknown")
		}
		if f == "party_sanction" && !op.M.Is(flow.FlagParty) {
			bad = append(bad, fault.Field{Name: f, Code: "sanction.no_member"})
			continue
		}
		bodies := x.Decides(facts)
		switch {
		case len(bodies) == 0:
			bad = append(bad, fault.Field{Name: f, Code: "sanction.not_for_rank"})
		case !slices.Contains(bodies, op.In.Str(body)):
			bad = append(bad, fault.Field{Name: body, Code: "sanction.wrong_body"})
		}
	}
	if chosen == 0 && len(bad) == 0 {
		bad = append(bad, fault.Field{Name: "party_sanction", Code: "required"})
	}
	return fault.InvalidFields(bad)
}

// checkExempt holds an exemption against who could have given the lightest sanction: it takes the same road.
func (s *Service) checkExempt(ctx context.Context, op *flow.Op, facts rulebook.Facts) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	seen := map[string]bool{} // of a track the rulebook names the lightest first
	for _, x := range s.Rules.Sanctions(op.Day) {
		if (c.Track == "both" || c.Track == x.Track) && !seen[x.Track] && slices.Contains(x.Decides(facts), op.In.Str("body")) {
			return nil
		}
		seen[x.Track] = true
	}
	return fault.InvalidField("body", "sanction.wrong_body")
}

func (s *Service) applyDecision(ctx context.Context, op *flow.Op) error {
	var sanctions []string
	until := op.In.Day("decided_on")
	for _, f := range []string{"party_sanction", "admin_sanction"} {
		code := op.In.Str(f)
		x, ok := s.Rules.Sanction(code)
		if code == "" || !ok {
			continue
		}
		sanctions = append(sanctions, code)
		op.M.Set(flow.FlagPunished)
		if x.Post != nil {
			op.M.Set(flow.FlagPost)
		}
		if end := op.In.Day("decided_on").AddMonths(months(x, op.In)); end > until {
			until = end
		}
	}
	if len(sanctions) > 0 && op.In.Str("party_sanction") == "" {
		op.M.Set(flow.FlagOffice)
	}
	d := op.In.Str("decision")
	op.M.Outcome = d
	return change(ctx, op, func(c *Case) {
		c.Decision, c.Sanctions, c.Body, c.Decided, c.Form = d, strings.Join(sanctions, " "), bodiesOf(op.In), op.In.Day("decided_on"), op.In.Str("form")
		c.Untrue, c.ClearAnswer = d == "dismiss", op.In.Str("clear_answer") // 不予处分 may follow a proven breach
		c.EffectUntil = ""
		if len(sanctions) > 0 && until > c.Decided {
			c.EffectUntil = until
		}
	})
}

// bodiesOf are the bodies that decided, separated by blanks.
func bodiesOf(in flow.Values) string {
	var out []string
	for _, f := range []string{"body", "party_body", "admin_body"} {
		if b := in.Str(f); b != "" {
			out = append(out, b)
		}
	}
	return strings.Join(out, " ")
}

// applyReassign gives a case to another unit where it stands: what was approved and done stands, somebody else goes on.
func (s *Service) applyReassign(ctx context.Context, op *flow.Op) error {
	if _, err := flow.HandTo(ctx, op, op.In.Str("target")); err != nil {
		return err
	}
	if err := s.Engine.Rehand(ctx, op); err != nil {
		return err
	}
	return text.Rescope(ctx, op.Tx.Tx, op.M.ID.Key, flow.SearchTerms(op.M))
}

// shutFew keeps the review's own moves until its panel is as many as the rules ask for.
func (s *Service) shutFew(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	team, err := flow.Team(ctx, r, m.ID.Key)
	n := 0
	for _, t := range team {
		if t.Stage == flow.StageReview && t.To == "" {
			n++
		}
	}
	if err == nil && n < s.Rules.Limit("team.review", r.Now().Date()) {
		return "review.few", nil
	}
	return "", err
}

// shutAnnounce keeps the announcement for decisions that punish.
func (s *Service) shutAnnounce(_ context.Context, _ db.Reader, m *flow.Matter) (string, error) {
	if !m.Is(flow.FlagPunished) {
		return "case.not_punished", nil
	}
	return "", nil
}

// shutClose keeps a punished case open until the sanction has been announced and carried out.
func (s *Service) shutClose(_ context.Context, _ db.Reader, m *flow.Matter) (string, error) {
	if m.State == Delivered && m.Is(flow.FlagPunished) {
		return "case.execution_first", nil
	}
	return "", nil
}

// checkExecution refuses to report as carried out what is not.
func (s *Service) checkExecution(_ context.Context, op *flow.Op) error {
	var bad []fault.Field
	if op.In.Str("archived") == "no" {
		bad = append(bad, fault.Field{Name: "archived", Code: "case.archive_first"})
	}
	if op.In.Str("property") == "open" {
		bad = append(bad, fault.Field{Name: "property", Code: "case.property_open"})
	}
	return fault.InvalidFields(bad)
}

// months is how long a sanction works: the chosen period where there is a choice, else its own.
func months(x rulebook.Sanction, in flow.Values) int {
	n, _ := strconv.Atoi(in.Str("probation")) // validated; "" for other kinds
	if len(x.Months) > 1 && slices.Contains(x.Months, n) {
		return n
	}
	if len(x.Months) > 0 {
		return x.Months[0]
	}
	return 0
}

// shutPost keeps the change of post and pay for sanctions that bring one.
func (s *Service) shutPost(_ context.Context, _ db.Reader, m *flow.Matter) (string, error) {
	if !m.Is(flow.FlagPost) {
		return "case.no_post_change", nil
	}
	return "", nil
}

// shutReport keeps the report of enforcement until the change of post and pay is done.
func (s *Service) shutReport(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	if !m.Is(flow.FlagPost) {
		return "", nil
	}
	open, err := db.Column[string](ctx, r, `SELECT c.id FROM clocks c WHERE c.city_id = $1 AND c.matter_id = $2 AND c.rule = 'case.execute_post' AND c.state IN ('open', 'paused')`, m.ID.Key)
	if err == nil && len(open) > 0 {
		return "case.post_first", nil
	}
	return "", err
}

func (s *Service) applyDeliver(ctx context.Context, op *flow.Op) error {
	return change(ctx, op, func(c *Case) { c.Delivered = op.In.Day("on") })
}

func (s *Service) applyAnnounce(ctx context.Context, op *flow.Op) error {
	return change(ctx, op, func(c *Case) { c.Announced = op.In.Day("on") })
}

func (s *Service) applyExecuted(ctx context.Context, op *flow.Op) error {
	return change(ctx, op, func(c *Case) { c.Executed = op.In.Day("on") })
}

// applyClose ends the case and lets what it came from know.
func (s *Service) applyClose(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	if op.M.Outcome == "" {
		op.M.Outcome = c.Decision
	}
	return s.Clues.CaseEnded(ctx, op.Tx, c.Clue, op.M.Outcome)
}
