package intake

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/custody"
	"qianshao/internal/deadline"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/envelope"
)

// RuleWord is the clock of what a reporter said after the report and nobody has read yet.
const RuleWord = "letter.word"

var wordTable = &ledger.Table{Name: "words", Key: []string{"id"}, Cols: []string{"letter_id", "own", "outside", "files", "stray", "clock_id", "read_on"}}

// Word is what a reporter said after the report, as far as it is known without opening it.
type Word struct {
	ID      id.Key
	Letter  id.Key
	Outside envelope.Word // nothing sealed in it
	Files   []string      // where the contents lie
	Stray   bool
	Clock   id.Key
	Read    calendar.Date
}

func (w Word) row() ([]any, error) {
	b, err := w.Outside.Marshal()
	return []any{w.ID, w.Letter, w.Outside.Own, string(b), strings.Join(w.Files, " "), w.Stray, w.Clock, w.Read}, err
}

// what is the name of the envelope that a word lies in, among those of its letter.
func (w Word) what() string { return "word." + w.ID }

// Words reads what the reporter of a letter said after it, in the order it came in.
func Words(ctx context.Context, r db.Reader, letter id.Key) ([]Word, error) {
	return db.All(ctx, r, func(rows *db.Rows) (w Word, err error) {
		var outside, files string
		if err := rows.Scan(&w.ID, &w.Letter, &outside, &files, &w.Stray, &w.Clock, &w.Read); err != nil {
			return w, err
		}
		w.Files = strings.Fields(files)
		w.Outside, err = envelope.ParseWordOutside([]byte(outside))
		return w, err
	}, `SELECT w.id, w.letter_id, w.outside, w.files, w.stray, w.clock_id, w.read_on FROM words w WHERE w.city_id = $1 AND w.letter_id = $2 ORDER BY w.id`, letter)
}

// aWord is one of a letter's words.
func aWord(ctx context.Context, r db.Reader, letter, key id.Key) (Word, error) {
	ws, err := Words(ctx, r, letter)
	if err != nil {
		return Word{}, err
	}
	for _, w := range ws {
		if w.ID == key {
			return w, nil
		}
	}
	return Word{}, fault.Hidden()
}

// Heard says whether a tenant has a word.
func (s *Service) Heard(ctx context.Context, city id.City, w envelope.Word) (bool, error) {
	r := s.Ledger.DB.In(city)
	ls, err := letters(ctx, r, "name", w.Name)
	if err != nil || len(ls) == 0 {
		return false, err
	}
	have, err := Words(ctx, r, ls[0].ID.Key)
	return slices.ContainsFunc(have, func(x Word) bool { return x.Outside.Own == w.Own }), err
}

// TakeWord keeps what a reporter said after the report; what is here already stays as it is. It belongs to what became of
// the letter, and is owed a reading there. heard is false where the tenant has no letter of that name.
func (s *Service) TakeWord(ctx context.Context, city id.City, w envelope.Word, lost int) (letter id.ID, heard bool, err error) {
	r := s.Ledger.DB.In(city)
	ls, err := letters(ctx, r, "name", w.Name)
	if err != nil || len(ls) == 0 {
		return id.ID{}, false, err
	}
	l := ls[0]
	have, err := Words(ctx, r, l.ID.Key)
	if err != nil {
		return l.ID, false, err
	}
	if slices.ContainsFunc(have, func(x Word) bool { return x.Outside.Own == w.Own }) {
		return l.ID, true, nil
	}
	x := Word{Letter: l.ID.Key, Outside: w, Files: w.Files}
	x.Outside.Sealed = nil
	if x.Stray, err = stray(ctx, r, w.Keys, w.To, w.Above); err != nil {
		return l.ID, false, err
	}
	at := l.Tipoff
	if at == "" {
		at = l.ID.Key
	}
	_, err = s.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
		m, err := flow.Lock(ctx, tx, at)
		if err != nil {
			return ledger.Act{}, err
		}
		x.ID = tx.NewKey()
		c, err := s.Clocks.Open(ctx, tx, deadline.Opening{Matter: m.ID.Key, Root: m.Root, Rule: RuleWord, Start: tx.Today(), OwedBy: m.Organ, OwedRole: access.Intake, About: x.ID, Organ: m.Organ, County: m.Among()})
		if err != nil {
			return ledger.Act{}, err
		}
		x.Clock = c.ID.Key
		row, err := x.row()
		if err != nil {
			return ledger.Act{}, err
		}
		if err := tx.Insert(ctx, wordTable, row...); err != nil {
			return ledger.Act{}, err
		}
		if err := s.Custody.Take(ctx, tx, l.ID.Key, x.what(), w.Suite, keyNames(w.Keys), w.Sealed); err != nil {
			return ledger.Act{}, err
		}
		params := map[string]any{"kind": w.Kind, "own": w.Own, "commit": w.Commit, "day": string(w.Day)}
		if x.Stray {
			params["stray"] = true
		}
		if lost > 0 {
			params["lost"] = lost
		}
		if err := flow.Save(ctx, tx, &m); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "letter.word", Organ: m.Organ, Matter: m.ID, Params: params}, TellLater(ctx, tx, &m)
	})
	return l.ID, err == nil, err
}

// Heard is a word that somebody opened.
type Heard struct {
	Word
	Speech  envelope.Speech
	Altered bool
}

// OpenWord opens what a reporter said after the report, for a reason: an act before anything is shown. Nobody is owed the
// reading of it any more.
func (s *Service) OpenWord(ctx context.Context, who access.Actor, letter id.ID, key id.Key, reason string) (Heard, error) {
	w, err := aWord(ctx, s.Ledger.DB.In(letter.City), letter.Key, key)
	if err != nil {
		return Heard{}, err
	}
	plain, err := s.Custody.Open(ctx, who, letter, w.what(), reason)
	if err != nil {
		return Heard{}, err
	}
	h := Heard{Word: w}
	h.Speech, err = w.Outside.Read(plain)
	if errors.Is(err, envelope.ErrOutside) {
		h.Altered, err = true, nil
	}
	if err != nil || w.Read != "" {
		return h, err
	}
	return h, s.wasRead(ctx, who, letter, w)
}

// wasRead ends the clock of a word.
func (s *Service) wasRead(ctx context.Context, who access.Actor, letter id.ID, w Word) error {
	_, err := s.Ledger.Write(ctx, who, letter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		c, err := deadline.Get(ctx, tx, w.Clock)
		if err != nil {
			return ledger.Act{}, err
		}
		m, err := flow.Lock(ctx, tx, c.Matter)
		if err != nil {
			return ledger.Act{}, err
		}
		if c.Running() {
			if _, err := s.Clocks.Add(ctx, tx, c, deadline.Entry{Kind: deadline.Fulfilled, On: tx.Today(), Reason: "letter.word_read"}); err != nil {
				return ledger.Act{}, err
			}
		}
		w.Read = tx.Today()
		row, err := w.row()
		if err != nil {
			return ledger.Act{}, err
		}
		if err := tx.Update(ctx, wordTable, row...); err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "letter.word_read", Organ: m.Organ, Matter: m.ID}, flow.Save(ctx, tx, &m)
	})
	return err
}

// ReadWordContent opens the nth file that came with a word.
func (s *Service) ReadWordContent(ctx context.Context, who access.Actor, letter id.ID, key id.Key, n int) (custody.File, io.ReadCloser, error) {
	w, err := aWord(ctx, s.Ledger.DB.In(letter.City), letter.Key, key)
	if err != nil {
		return custody.File{}, nil, err
	}
	return s.Custody.ReadContent(ctx, who, letter, w.what(), func(_ db.Reader, _ flow.Matter, plain []byte) (custody.Content, error) {
		p, err := w.Outside.Read(plain)
		if err != nil && !errors.Is(err, envelope.ErrOutside) {
			return custody.Content{}, err
		}
		return content(p.Files, w.Files, n)
	})
}

// wordsTo has what was said and not read yet owed by the organ that a letter goes to.
func (s *Service) wordsTo(ctx context.Context, tx *ledger.Tx, letter id.Key, organ access.Unit) error {
	running, err := deadline.Running(ctx, tx, letter)
	if err != nil {
		return err
	}
	for _, c := range running {
		if c.Rule == RuleWord {
			if _, err := s.Clocks.Reowe(ctx, tx, c, organ.ID, access.Intake, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// Knows says whether a tenant has a letter of that name.
func (s *Service) Knows(ctx context.Context, city id.City, name string) (bool, error) {
	n, err := db.Column[int64](ctx, s.Ledger.DB.In(city), `SELECT 1 FROM letters WHERE city_id = $1 AND name = $2`, name)
	return len(n) > 0, err
}
