package intake

import (
	"context"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// entering is a letter that is being entered, in the transaction that does it.
type entering struct {
	letter Opened
	plain  []byte
	first  calendar.Date // from which day the first action on what it becomes is owed
	above  bool          // the organ above enters what the one below let run out, or laid aside
	made   []string      // contents sealed anew, that go again if the transaction fails
	left   []string      // contents that nobody needs once it does not
}

func (e *entering) is() bool { return !e.letter.ID.Zero() }

// enterFrom opens the letter that an entry is made from, and takes from it what the clerk does not say: how and when it
// came, and who wrote it.
func (s *Service) enterFrom(ctx context.Context, tx *ledger.Tx, who access.Actor, in *Entry) (entering, error) {
	if in.Letter.Zero() {
		return entering{}, nil
	}
	if _, err := flow.Get(ctx, tx, who, in.Letter.Key); err != nil {
		return entering{}, err
	}
	m, err := flow.Lock(ctx, tx, in.Letter.Key)
	if err != nil {
		return entering{}, err
	}
	if m.Kind != KindLetter {
		return entering{}, fault.Hidden()
	}
	from := entering{first: m.Received, above: !who.Is(access.Intake, m.Organ)}
	if m.State == LetterEntered || m.State == LetterAside && !from.above {
		return entering{}, fault.New(fault.Conflict, "move.not_now")
	}
	state := m.State
	m.State = LetterSealed // for read: who wrote it is needed here
	if from.plain, err = s.Custody.Reveal(ctx, tx, who, m, custody.Letter); err != nil {
		return entering{}, err
	}
	if from.letter, err = s.read(ctx, tx, m, from.plain); err != nil {
		return entering{}, err
	}
	from.letter.Matter.State = state
	if from.above { // its own days run from the day it could open it
		if from.first, err = s.released(ctx, tx, m); err != nil {
			return entering{}, err
		}
	}
	text := from.letter.Text
	in.Channel, in.Received, in.LateReason, in.FromKind, in.FromNo, in.Original = "web", m.Received, "", "", "", ""
	in.Named, in.Reporter = text.Named, Reporter{}
	if text.Named {
		in.Reporter = Reporter{Name: text.Name, Contact: text.Contact}
	}
	return from, nil
}

// released is the day on which the second copy of a letter could be opened.
func (s *Service) released(ctx context.Context, tx *ledger.Tx, m flow.Matter) (calendar.Date, error) {
	cs, err := deadline.OfMatter(ctx, tx, m.ID.Key)
	day := tx.Today()
	for _, c := range cs {
		if c.Rule == flow.RuleRisen || c.Rule == flow.RuleSuperior {
			day = min(day, c.Start)
		}
	}
	return day, err
}

// entered ends a letter that became a tip-off: its files are the tip-off's, under names that say nothing of who sent them.
// Where the tip-off stands in a higher register than the letter, because it names one of the organ's own people, the letter
// goes there with it.
func (s *Service) entered(ctx context.Context, tx *ledger.Tx, who access.Actor, from *entering, t flow.Matter, register access.Unit) error {
	m := &from.letter.Matter
	move := "enter"
	if from.above {
		move = "enter_above"
	}
	if m.Organ != register.ID {
		if !from.above || t.Organ != who.Unit().OrganID() {
			if err := s.reseal(ctx, tx, who, from, register); err != nil {
				return err
			}
		}
		m.Register(register)
		if err := s.wordsTo(ctx, tx, m.ID.Key, register); err != nil {
			return err
		}
	}
	for i := range min(len(from.letter.Text.Files), len(from.letter.Files)) {
		c, err := content(from.letter.Text.Files, from.letter.Files, i)
		if err != nil {
			return err
		}
		if err := s.Custody.Attach(ctx, tx, m.ID.Key, t, "举报材料"+strconv.Itoa(i+1), c); err != nil {
			return err
		}
	}
	from.letter.Tipoff = t.ID.Key
	if err := s.saveLetter(ctx, tx, from.letter.Letter); err != nil {
		return err
	}
	return s.Engine.Make(ctx, tx, m, move, flow.Values{})
}

// passUp hands a letter about somebody whom a higher level manages to that level's organ: sealed to it, out of sight here.
// What is left is the slip that says so.
func (s *Service) passUp(ctx context.Context, tx *ledger.Tx, who access.Actor, from *entering, to access.Unit) error {
	if to.ID.Zero() || from.above && from.letter.Matter.State != LetterSealed {
		return fault.New(fault.Conflict, "move.not_now")
	}
	if err := s.reseal(ctx, tx, who, from, to); err != nil {
		return err
	}
	if err := s.saveLetter(ctx, tx, from.letter.Letter); err != nil {
		return err
	}
	from.letter.Matter.Register(to)
	if err := s.wordsTo(ctx, tx, from.letter.ID.Key, to); err != nil {
		return err
	}
	return s.Engine.Make(ctx, tx, &from.letter.Matter, "pass_up", flow.Values{})
}

// reseal seals a letter and its files to another organ and the one above that.
func (s *Service) reseal(ctx context.Context, tx *ledger.Tx, who access.Actor, from *entering, to access.Unit) error {
	l := &from.letter
	if err := s.Custody.Reseal(ctx, tx, l.ID.Key, custody.Letter, from.plain, to); err != nil {
		return err
	}
	files := make([]string, len(l.Files))
	for i, stored := range l.Files {
		made, err := s.Custody.ResealFile(ctx, tx, who, l.Matter, stored, to)
		if err != nil {
			return err
		}
		if files[i] = made; made != stored {
			from.made, from.left = append(from.made, made), append(from.left, stored)
		}
	}
	l.Files = files
	return nil
}

// leave removes the sealed contents that nobody needs: those made for nothing, or those that others took the place of.
func (s *Service) leave(from entering, err error) {
	gone := from.left
	if err != nil {
		gone = from.made
	}
	if err != nil && db.InDoubt(err) || s.Custody.Files == nil {
		return
	}
	for _, stored := range gone {
		_ = s.Custody.Files.Drop(stored) // sealed, and in nobody's way, if it stays
	}
}

func (s *Service) saveLetter(ctx context.Context, tx *ledger.Tx, l Letter) error {
	row, err := l.row()
	if err != nil {
		return err
	}
	return tx.Update(ctx, letterTable, row...)
}
