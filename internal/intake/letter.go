package intake

import (
	"context"
	"errors"
	"io"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/jobs"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/rulebook"
)

// KindLetter is a letter that came sealed from the public side, until it is entered.
const KindLetter = custody.Letter

// The states of a letter.
const (
	LetterSealed  = "sealed"
	LetterEntered = "entered"
	LetterAside   = "aside"
)

// JobTell brings what a reporter is told up to date; its argument is a Tell.
const JobTell = "letter.tell"

// Tell names the matter that changed: a letter, or the tip-off that one was entered as.
type Tell struct{ Matter id.ID }

var letterTable = &ledger.Table{Name: "letters", Key: []string{"id"}, Cols: []string{"name", "outside", "files", "stray", "tipoff_id"}}

// LetterTable is the life of a letter. Its days count from the day it was handed in, whoever opens it when; they are among
// nobody's numbers: that one went up without being entered here would tell a leader whom it is about.
func (s *Service) LetterTable() *flow.Table {
	const first = "tipoff.first_action"
	return &flow.Table{Kind: KindLetter, Mark: "网", NoRecusal: true, SeenBy: "envelope.open",
		States: []flow.State{
			{Name: LetterSealed, Stage: "sealed", Rules: []flow.Use{{Rule: first, By: flow.ByIntake}, noticeDue}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: LetterEntered, Stage: "entered", End: true},
			{Name: LetterAside, Stage: "entered", End: true, Basis: []rulebook.Basis{jk("13")}},
		},
		Moves: []flow.Move{
			// What is owed goes on with the tip-off, from the same day: it is not met by writing it down.
			{Name: "enter", From: []string{LetterSealed}, To: LetterEntered, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{first, "tipoff.notice"}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: "enter_above", From: []string{LetterSealed, LetterAside}, To: LetterEntered, By: []flow.By{flow.BySystem}, Quiet: true, Drops: []string{"tipoff.notice"}, Ends: []string{flow.RuleSuperior}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: "pass_up", From: []string{LetterSealed}, By: []flow.By{flow.BySystem}, Quiet: true, Restart: []string{first}, Basis: []rulebook.Basis{jk("14–18")}},
			{Name: "lay_aside", From: []string{LetterSealed}, To: LetterAside, By: []flow.By{flow.ByIntake},
				Fields: []flow.Field{{Name: "ground", Kind: flow.Choice, Must: true, Codes: []string{"no_report", "unreadable"}}, {Name: "reason", Kind: flow.Para, Must: true, Max: 1000}},
				Basis:  []rulebook.Basis{jk("13")}, Key: true, Refusal: []string{"*"}},
			{Name: "reconsider", From: []string{LetterAside}, To: LetterSealed, By: []flow.By{flow.BySuperior},
				Fields: []flow.Field{{Name: "reason", Kind: flow.Para, Must: true, Max: 1000}}, Ends: []string{flow.RuleSuperior}, Fresh: []string{first},
				Basis: []rulebook.Basis{{Reg: "JCF", Art: "17"}}, Key: true},
		},
		Hooks: flow.Hooks{
			Shut: map[string]func(context.Context, db.Reader, *flow.Matter) (string, error){"lay_aside": s.shutAside},
			Apply: map[string]func(context.Context, *flow.Op) error{
				"lay_aside":   func(_ context.Context, op *flow.Op) error { op.M.Outcome = custody.Aside; return nil },
				"reconsider":  func(_ context.Context, op *flow.Op) error { op.M.Outcome = ""; return nil },
				"enter_above": func(_ context.Context, op *flow.Op) error { op.M.Outcome = ""; return nil },
				"pass_up":     func(ctx context.Context, op *flow.Op) error { return s.Engine.Rehand(ctx, op) },
			},
			Changed: TellLater,
		},
	}
}

// shutAside keeps a letter from being laid aside by somebody who has not read it.
func (s *Service) shutAside(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	n, err := db.Column[int64](ctx, r, `SELECT 1 FROM acts a WHERE a.city_id = $1 AND a.matter_id = $2 AND a.action = 'envelope.open' LIMIT 1`, m.ID.Key)
	if err != nil || len(n) > 0 {
		return "", err
	}
	return "letter.unread", nil
}

// TellLater has the reporter told what became of a matter once the change is there.
func TellLater(ctx context.Context, tx *ledger.Tx, m *flow.Matter) error {
	if m.Kind != KindLetter && !m.Is(flow.FlagLetter) {
		return nil
	}
	return jobs.Enqueue(ctx, tx.Tx, JobTell, "", tx.City(), Tell{m.ID}) // one that runs now may have read what was before
}

// Letter is what is known of a letter without opening it.
type Letter struct {
	ID      id.ID
	Outside envelope.Envelope // nothing sealed in it
	Files   []string          // where the contents lie
	Stray   bool              // sealed to a key that is not the one of the organ it names
	Tipoff  id.Key            // what it was entered as
}

func (l Letter) row() ([]any, error) {
	b, err := l.Outside.Marshal()
	return []any{l.ID.Key, l.Outside.Name, string(b), strings.Join(l.Files, " "), l.Stray, l.Tipoff}, err
}

// letters reads letters by one of their columns.
func letters(ctx context.Context, r db.Reader, where string, value string) ([]Letter, error) {
	return db.All(ctx, r, func(rows *db.Rows) (Letter, error) {
		l := Letter{ID: id.ID{City: r.City()}}
		var outside, files string
		if err := rows.Scan(&l.ID.Key, &outside, &files, &l.Stray, &l.Tipoff); err != nil {
			return l, err
		}
		var err error
		l.Outside, err = envelope.ParseOutside([]byte(outside))
		l.Files = strings.Fields(files)
		return l, err
	}, `SELECT l.id, l.outside, l.files, l.stray, l.tipoff_id FROM letters l WHERE l.city_id = $1 AND l.`+where+` = $2`, value)
}

// GetLetter reads a letter's own part. The caller has seen the matter.
func GetLetter(ctx context.Context, r db.Reader, key id.Key) (Letter, error) {
	ls, err := letters(ctx, r, "id", key)
	if err == nil && len(ls) == 0 {
		err = fault.Hidden()
	}
	if err != nil {
		return Letter{}, err
	}
	return ls[0], nil
}

// OfTipoff is the letter that a tip-off was entered from; false where it came in another way.
func OfTipoff(ctx context.Context, r db.Reader, tipoff id.Key) (Letter, bool, error) {
	ls, err := letters(ctx, r, "tipoff_id", tipoff)
	if err != nil || len(ls) == 0 {
		return Letter{}, false, err
	}
	return ls[0], true, nil
}

// ErrStranger is an envelope for an organ that this deployment does not have.
var ErrStranger = errors.New("intake: an envelope for an organ that is not here")

// TakeIn registers an envelope as it was sealed; one that is here already stays as it is. What came with it lies in the
// store by now, but for the given number of contents that were lost on the way.
func (s *Service) TakeIn(ctx context.Context, e envelope.Envelope, lost int) (id.ID, error) {
	r := s.Ledger.DB.In(e.To.City)
	if ls, err := letters(ctx, r, "name", e.Name); err != nil || len(ls) > 0 {
		if len(ls) > 0 {
			return ls[0].ID, err
		}
		return id.ID{}, err
	}
	organ, err := access.GetUnit(ctx, r, e.To.Key)
	if fault.KindOf(err) == fault.NotFound || err == nil && !organ.IsOrgan() {
		return id.ID{}, ErrStranger
	}
	if err != nil {
		return id.ID{}, err
	}
	l := Letter{Outside: e, Files: e.Files}
	l.Outside.Sealed = nil
	if l.Stray, err = stray(ctx, r, e.Keys, e.To, e.Above); err != nil {
		return id.ID{}, err
	}
	_, err = s.Ledger.Write(ctx, access.ByProgram(e.To.City), e.To.City, func(tx *ledger.Tx) (ledger.Act, error) {
		day := min(e.Day, tx.Today()) // a portal whose clock is ahead gives nobody more time
		m := flow.Matter{Kind: KindLetter, Organ: organ.ID, Received: day, Title: "网络来信"}
		m.Set(flow.FlagApart)
		if e.Named {
			m.Set(flow.FlagNamed)
		}
		if err := s.Engine.Create(ctx, tx, &m, nil, map[string]calendar.Date{"tipoff.first_action": day, "tipoff.notice": day}); err != nil {
			return ledger.Act{}, err
		}
		l.ID = m.ID
		row, err := l.row()
		if err != nil {
			return ledger.Act{}, err
		}
		if err := tx.Insert(ctx, letterTable, row...); err != nil {
			return ledger.Act{}, err
		}
		if err := s.Custody.Take(ctx, tx, m.ID.Key, custody.Letter, e.Suite, keyNames(e.Keys), e.Sealed); err != nil {
			return ledger.Act{}, err
		}
		params := map[string]any{"name": e.Name, "commit": e.Commit, "day": string(e.Day), "due": string(m.Due), "to": e.To.String(), "named": e.Named}
		if l.Stray {
			params["stray"] = true
		}
		if lost > 0 {
			params["lost"] = lost
		}
		return ledger.Act{Action: "letter.take", Organ: m.Organ, Matter: m.ID, Params: params}, nil
	})
	return l.ID, err
}

func keyNames(keys []envelope.Key) string {
	var names []string
	for _, k := range keys {
		names = append(names, k.ID)
	}
	return strings.Join(names, " ")
}

// stray says whether something is sealed to a key that is not one of the organ's it names: the public side was given
// somebody else's.
func stray(ctx context.Context, r db.Reader, sealed []envelope.Key, organs ...id.ID) (bool, error) {
	for i, organ := range organs {
		if i >= len(sealed) {
			break
		}
		ks, err := custody.Keys(ctx, r.For(organ.City), organ)
		if err != nil {
			return false, err
		}
		known := false
		for _, k := range ks {
			known = known || k.ID == sealed[i].ID && envelope.Mark(k.Public) == sealed[i].Mark
		}
		if !known {
			return true, nil
		}
	}
	return false, nil
}

// Opened is a letter that somebody opened.
type Opened struct {
	Letter
	Matter  flow.Matter
	Text    envelope.Letter
	Altered bool // what stands outside is not what it was sealed with
}

// OpenLetter opens a letter for a reason: an act before anything is shown.
func (s *Service) OpenLetter(ctx context.Context, who access.Actor, letter id.ID, reason string) (Opened, error) {
	plain, err := s.Custody.Open(ctx, who, letter, custody.Letter, reason)
	if err != nil {
		return Opened{}, err
	}
	r := s.Ledger.DB.In(letter.City)
	m, err := flow.Get(ctx, r, who, letter.Key)
	if err != nil {
		return Opened{}, err
	}
	return s.read(ctx, r, m, plain)
}

func (s *Service) read(ctx context.Context, r db.Reader, m flow.Matter, plain []byte) (Opened, error) {
	l, err := GetLetter(ctx, r, m.ID.Key)
	if err != nil {
		return Opened{}, err
	}
	o := Opened{Letter: l, Matter: m}
	o.Text, err = l.Outside.Read(plain)
	if errors.Is(err, envelope.ErrOutside) {
		o.Altered, err = true, nil
	}
	if m.State != LetterSealed { // who wrote it is sealed apart by now, and opened apart
		o.Text.Name, o.Text.Contact = "", ""
	}
	return o, err
}

// ReadContent opens the nth file that came with a letter, for whoever may open the letter.
func (s *Service) ReadContent(ctx context.Context, who access.Actor, letter id.ID, n int) (custody.File, io.ReadCloser, error) {
	return s.Custody.ReadContent(ctx, who, letter, custody.Letter, func(r db.Reader, m flow.Matter, plain []byte) (custody.Content, error) {
		o, err := s.read(ctx, r, m, plain)
		if err != nil {
			return custody.Content{}, err
		}
		return content(o.Text.Files, o.Files, n)
	})
}

// content is the nth of the files that came with something, and where its sealed bytes lie.
func content(files []envelope.File, stored []string, n int) (custody.Content, error) {
	if n < 0 || n >= len(files) || n >= len(stored) {
		return custody.Content{}, fault.Hidden()
	}
	return custody.Content{Stored: stored[n], Name: files[n].Name, Size: files[n].Size, Digest: files[n].Hash}, nil
}
