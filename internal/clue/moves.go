package clue

import (
	"context"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/intake"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
	"qianshao/internal/rulebook"
)

// facts adds the choice to what the rulebook may ask.
func (s *Service) facts(context.Context, db.Reader, *flow.Matter) (func(flow.Values) rulebook.Facts, error) {
	return func(in flow.Values) rulebook.Facts {
		choice := in.Str("disposal")
		if choice == "" {
			choice = in.Str("outcome")
		}
		return rulebook.Facts{"choice": choice, "track": in.Str("track"), "secretary": in.Str("party_secretary")}
	}, nil
}

func (s *Service) attr(ctx context.Context, r db.Reader, m *flow.Matter, name string) (string, error) {
	c, err := Get(ctx, r, m.ID.Key)
	switch name {
	case "close_kind":
		return c.CloseKind, err
	case "clear_answer":
		return c.ClearAnswer, err
	case "disposal":
		return c.Disposal, err
	}
	return "", err
}

// inquire sets how an inquiry is to be made: a letter is sent, a talk is held.
func (c *Clue) inquire(op *flow.Op) {
	c.InquiryForm = op.In.Str("inquiry_form")
	if c.InquiryForm == "letter" {
		op.To = LetterReady
	}
}

// hand gives a clue to a unit. A township commission first signs for it (JK 14–18: accept or pass on within the days the
// rule gives); an office of the organ itself is in the same house.
func (s *Service) hand(ctx context.Context, op *flow.Op) error {
	u, err := flow.HandTo(ctx, op, op.In.Str("target"))
	if err != nil {
		return err
	}
	switch {
	case op.M.State != Pool && op.M.State != Arrived && op.M.State != Opinion:
		op.To = op.M.State // what was approved and done stands; somebody else goes on with it
	case u.Kind == "township":
		op.To = Arrived
	default:
		op.To = Opinion
	}
	if op.M.State == op.To {
		if err := s.Engine.Rehand(ctx, op); err != nil {
			return err
		}
	}
	if u.Kind == "township" && unchecked(op.M) {
		return s.sendDown(ctx, op)
	}
	return text.Rescope(ctx, op.Tx.Tx, op.M.ID.Key, flow.SearchTerms(op.M))
}

func (s *Service) applyReassign(ctx context.Context, op *flow.Op) error { return s.hand(ctx, op) }

func (s *Service) applyHandOut(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	if op.In.Str("back") == "yes" {
		op.M.Set(flow.FlagAssigned)
		c.Assigned = true
	}
	if n := op.In.Str("verify_note"); n != "" {
		c.VerifyNote = n // of a report the intake office's, checked with its text
	}
	if err := save(ctx, op.Tx, op.M.ID.Key, c); err != nil {
		return err
	}
	return s.hand(ctx, op)
}

// shutToIntake keeps the way back to the intake office for clues that a report is behind.
func (s *Service) shutToIntake(_ context.Context, _ db.Reader, m *flow.Matter) (string, error) {
	if m.Parent == "" {
		return "clue.no_tipoff", nil
	}
	return "", nil
}

// shutPassOn leaves it to the intake office to pass on what a report is behind: its reporter has to be told.
func (s *Service) shutPassOn(_ context.Context, _ db.Reader, m *flow.Matter) (string, error) {
	if m.Parent != "" {
		return "clue.to_intake_first", nil
	}
	return "", nil
}

// shutAssigned leaves it to the intake office to note an assignment that came with a report.
func (s *Service) shutAssigned(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	if m.Parent != "" {
		return "clue.intake_notes", nil
	}
	return intake.ShutAssigned(ctx, r, m)
}

func (s *Service) applyToIntake(ctx context.Context, op *flow.Op) error {
	op.M.Outcome = "returned"
	return s.Intake.BackFromClue(ctx, op.Tx, op.M.Parent)
}

func (s *Service) applyPassOn(_ context.Context, op *flow.Op) error {
	op.M.Outcome = "passed_on"
	return nil
}

// checkHandOut is what a clue must have before it is handed out.
func (s *Service) checkHandOut(ctx context.Context, op *flow.Op) error {
	if err := s.checkBack(ctx, op); err != nil {
		return err
	}
	return s.checkBelow(ctx, op)
}

// checkBack keeps the report asked for when the tip-off was assigned, whoever the clue is given to now.
func (s *Service) checkBack(ctx context.Context, op *flow.Op) error {
	if op.In.Str("back") == "yes" {
		return nil
	}
	asked, err := s.Intake.Asked(ctx, op.Tx, op.M.ID.Key)
	if err == nil && asked {
		err = fault.InvalidField("back", "clue.back_owed")
	}
	return err
}

// applyGiveBack takes the clue from the unit, and with it the report that unit owed.
func (s *Service) applyGiveBack(ctx context.Context, op *flow.Op) error {
	op.M.Handler = id.ID{}
	op.M.Unset(flow.FlagAssigned)
	op.M.Unset(flow.FlagTownship)
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	c.Assigned = false
	if err := save(ctx, op.Tx, op.M.ID.Key, c); err != nil {
		return err
	}
	return text.Rescope(ctx, op.Tx.Tx, op.M.ID.Key, flow.SearchTerms(op.M))
}

func (s *Service) applyDisposal(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	c.Disposal, c.Disposed = op.In.Str("disposal"), op.Day
	switch c.Disposal {
	case "inquiry":
		c.inquire(op)
	case "close":
		c.CloseKind, c.CloseGround = "direct", op.In.Str("close_ground")
	}
	return save(ctx, op.Tx, op.M.ID.Key, c)
}

// checkResult refuses to file what the team found to be untrue, and to close as untrue what it did not; it asks what every
// untrue closing must answer.
func (s *Service) checkResult(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	switch o := op.In.Str("outcome"); {
	case o == "file" && c.Untrue:
		return fault.InvalidField("outcome", "clue.untrue_file")
	case o == "close" && !c.Untrue:
		return fault.InvalidField("outcome", "clue.true_close")
	}
	return s.checkClearing(ctx, op)
}

// checkEnough keeps a report from being written or signed by fewer people than the law asks for.
func (s *Service) checkEnough(ctx context.Context, op *flow.Op) error {
	return s.Engine.Enough(ctx, op, flow.StageVerify)
}

// shutNoAnswer keeps a letter open until the days to answer it are over.
func (s *Service) shutNoAnswer(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	c, ok, err := deadline.Last(ctx, r, m.ID.Key, "inquiry.answer")
	if err != nil || !ok || c.Late(r.Now().Date()) {
		return "", err
	}
	return "clue.answer_not_due", nil
}

// shutReport keeps the report for clues on which one is owed.
func (s *Service) shutReport(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	c, ok, err := deadline.Last(ctx, r, m.ID.Key, "tipoff.assigned")
	if err != nil || ok && c.Running() {
		return "", err
	}
	return "clue.no_report_owed", nil
}

// checkClearing asks why nobody needs clearing, or that the person declined, in words.
func (s *Service) checkClearing(_ context.Context, op *flow.Op) error {
	if a := op.In.Str("clear_answer"); (a == "not_needed" || a == "declined") && op.In.Str("clear_reason") == "" {
		return fault.InvalidField("clear_reason", "required")
	}
	return nil
}

func (s *Service) applyOutcome(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	c.Result = op.In.Str("outcome")
	switch c.Result {
	case "accept", "false_report":
		c.CloseKind, c.Untrue, c.ClearAnswer = "accepted", true, op.In.Str("clear_answer")
		if c.Result == "false_report" {
			c.CloseKind = c.Result
		}
	case "first_form":
		c.CloseKind = "measure"
	case "again":
		c.inquire(op)
	}
	return save(ctx, op.Tx, op.M.ID.Key, c)
}

// checkTeam keeps the lead among the team and everybody named or recused out of it.
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

func (s *Service) applyTeam(ctx context.Context, op *flow.Op) error {
	return flow.SetTeam(ctx, op.Tx, op.M, flow.StageVerify, op.In.Str("lead"), op.In.List("team"))
}

func (s *Service) applyReport(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	c.Untrue = op.In.Str("finding") == "untrue"
	if err := save(ctx, op.Tx, op.M.ID.Key, c); err != nil {
		return err
	}
	return flow.Unsign(ctx, op.Tx, op.M, flow.StageVerify)
}

// applySign takes one member's signature; the last one completes the report.
func (s *Service) applySign(ctx context.Context, op *flow.Op) error {
	all, err := flow.Sign(ctx, op.Tx, op.M, flow.StageVerify, op.Actor.Person)
	if all {
		op.To = Verified
	}
	return err
}

func (s *Service) applyAmend(ctx context.Context, op *flow.Op) error {
	return flow.Unsign(ctx, op.Tx, op.M, flow.StageVerify)
}

func (s *Service) applyResult(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	c.Result = op.In.Str("outcome")
	switch c.Result {
	case "close":
		c.CloseKind, c.ClearAnswer = "disproved", op.In.Str("clear_answer")
	case "remind":
		c.CloseKind = "measure"
	case "hand_party":
		op.M.Outcome = "handed"
	case "file":
		op.M.Outcome = "filed"
		if _, err := s.Filing.FromClue(ctx, op.Tx, op.M, c, op.In.Str("track")); err != nil {
			return err
		}
	}
	if err := save(ctx, op.Tx, op.M.ID.Key, c); err != nil {
		return err
	}
	if c.Result == "hand_party" {
		return s.Intake.Finished(ctx, op.Tx, op.M.ID.Key, op.M.Outcome)
	}
	return nil
}

// checkSettle refuses to close before everybody who is owed something was told.
func (s *Service) checkSettle(_ context.Context, op *flow.Op) error {
	if op.In.Str("party_org_told") == "no" {
		return fault.InvalidField("party_org_told", "clue.party_org_first")
	}
	return nil
}

func (s *Service) applySettle(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	op.M.Outcome = c.CloseKind
	return s.Intake.Finished(ctx, op.Tx, op.M.ID.Key, c.CloseKind)
}

// applyReopen brings a clue back to its disposal; what an earlier disposal said stays in the log.
func (s *Service) applyReopen(ctx context.Context, op *flow.Op) error {
	c, err := Get(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	if op.M.Handler.Zero() {
		op.To = Pool
	}
	c.Disposal, c.Disposed, c.CloseKind, c.CloseGround, c.Result, c.Untrue, c.ClearAnswer, c.InquiryForm = "", "", "", "", "", false, "", ""
	op.M.Outcome = ""
	if err := save(ctx, op.Tx, op.M.ID.Key, c); err != nil {
		return err
	}
	return s.Intake.Reopened(ctx, op.Tx, op.M.ID.Key)
}

// CaseEnded is told that the case a clue became is closed: those who reported are owed the result.
func (s *Service) CaseEnded(ctx context.Context, tx *ledger.Tx, clue id.Key, outcome string) error {
	if clue == "" {
		return nil
	}
	m, err := flow.Lock(ctx, tx, clue)
	if err != nil {
		return err
	}
	m.Outcome = outcome
	if err := s.Engine.Make(ctx, tx, &m, "case_ended", flow.Values{}); err != nil {
		return err
	}
	return s.Intake.Finished(ctx, tx, clue, outcome)
}
