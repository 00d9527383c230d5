package intake

import (
	"context"
	"encoding/json"
	"errors"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// What was reported stays with the organ. Below goes a text that a clerk wrote for it and a second person held against the
// original (the approval tipoff.below), with a note on how to verify: the clue of a report holds nothing else of it.

// RulePrepare is the clock of a text that case supervision asked for, to hand a clue to a township.
const RulePrepare = "below.prepare"

// Down is what goes below of a report.
type Down struct {
	Title string
	Text  string // "" where none was checked
	Note  string // how to verify without showing that there was a report
}

// downFields are what the text for below is written in, and what was left out of it. No log carries them.
func downFields() []flow.Field {
	return []flow.Field{{Name: "below_title", Kind: flow.Line, Must: true, Max: 80, Apart: true}, {Name: "below_text", Kind: flow.Para, Must: true, Max: 2000, Apart: true},
		{Name: "left_out", Kind: flow.Choices, Must: true, List: "below_left_out", Apart: true}, {Name: "left_why", Kind: flow.Para, Max: 500, Apart: true},
		{Name: "verify_note", Kind: flow.Para, Must: true, Max: 1000}}
}

func downOf(in flow.Values) Down {
	return Down{Title: in.Str("below_title"), Text: in.Str("below_text"), Note: in.Str("verify_note")}
}

// Prepared is the text that was checked for a tip-off whose clue lies in the pool; false where none was.
func Prepared(ctx context.Context, r db.Reader, tipoff id.Key) (Down, bool, error) {
	ps, err := flow.Approved(ctx, r, []string{tipoff})
	p, ok := ps[[2]string{tipoff, "prepare_below"}]
	return downOf(p.In), ok, err
}

// BelowStands is why nobody needs to ask for a tip-off's text for below: it is there, or was asked for; "" if they may.
func BelowStands(ctx context.Context, r db.Reader, tipoff id.Key) (string, error) {
	n, err := db.Column[string](ctx, r, `SELECT m.flags FROM matters m WHERE m.city_id = $1 AND m.id = $2
		UNION ALL SELECT 'ready' FROM proposals p WHERE p.city_id = $1 AND p.matter_id = $2 AND p.state = 'approved' AND p.move = 'prepare_below'`, tipoff)
	switch {
	case err != nil:
		return "", err
	case len(n) > 1:
		return "clue.below_ready", nil
	case len(n) == 1 && (flow.Matter{Flags: n[0]}).Is(flow.FlagBelow):
		return "clue.below_asked", nil
	}
	return "", nil
}

// shutPrepare keeps the text for clues that may yet go below, and one at a time.
func (s *Service) shutPrepare(ctx context.Context, r db.Reader, m *flow.Matter) (string, error) {
	n, err := db.Column[string](ctx, r, `SELECT c.flags FROM tipoffs t JOIN matters c ON c.city_id = t.city_id AND c.id = t.clue_id WHERE t.city_id = $1 AND t.id = $2
		UNION ALL SELECT '`+flow.FlagAsked+`' FROM proposals p WHERE p.city_id = $1 AND p.matter_id = $2 AND p.state = 'open' AND p.move = 'prepare_below'`, m.ID.Key)
	if err != nil {
		return "", err
	}
	if len(n) > 1 {
		return "tipoff.below_waits", nil
	}
	if len(n) == 0 || (flow.Matter{Flags: n[0]}).Is(flow.FlagChecked) {
		return "tipoff.below_gone", nil
	}
	return "", nil
}

func applyPrepared(_ context.Context, op *flow.Op) error {
	op.M.Unset(flow.FlagBelow)
	return nil
}

func applyAskedBelow(_ context.Context, op *flow.Op) error {
	op.M.Set(flow.FlagBelow)
	return nil
}

// AskBelow has the intake office owe the text for below of a tip-off whose clue a township is to get.
func (s *Service) AskBelow(ctx context.Context, tx *ledger.Tx, tipoff id.Key) error {
	m, err := flow.Lock(ctx, tx, tipoff)
	if err != nil {
		return err
	}
	return s.Engine.Make(ctx, tx, &m, "asked_below", flow.Values{})
}

// Beside is what a checker holds the text for below against.
type Beside struct {
	Original string
	Only     string // what only the reporter knows, in their words
	// Reporter is who reported. It is compared and never shown; zero once it takes two persons to open it, and for an
	// anonymous report.
	Reporter Reporter
}

// OpenBeside opens what a reporter wrote, for a reason, to hold a text against it: an act before anything is shown.
func (s *Service) OpenBeside(ctx context.Context, who access.Actor, tipoff id.ID, reason string) (Beside, error) {
	var b Beside
	l, web, err := OfTipoff(ctx, s.Ledger.DB.In(tipoff.City), tipoff.Key)
	if err != nil {
		return b, err
	}
	if web {
		o, err := s.OpenLetter(ctx, who, l.ID, reason)
		if err != nil {
			return b, err
		}
		b = Beside{Original: o.Text.Text, Only: o.Text.Only}
	} else {
		plain, err := s.Custody.Open(ctx, who, tipoff, custody.Original, reason)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return b, err
		}
		b.Original = string(plain)
	}
	b.Reporter, err = s.compared(ctx, who, tipoff)
	return b, err
}

// compared reads who reported for the program to look for, as long as one person may open it alone: else a text full of
// guesses would tell one person what it takes two to open.
func (s *Service) compared(ctx context.Context, who access.Actor, tipoff id.ID) (r Reporter, err error) {
	_, err = s.Ledger.Write(ctx, who, tipoff.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, err := flow.Get(ctx, tx, who, tipoff.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		two, err := s.Custody.TakesTwo(ctx, tx, m, custody.Identity)
		if err != nil {
			return ledger.Act{}, err
		}
		if two || !m.Is(flow.FlagNamed) {
			return ledger.Act{}, errNothing
		}
		plain, err := s.Custody.Reveal(ctx, tx, who, m, custody.Identity)
		if err != nil {
			return ledger.Act{}, err
		}
		return ledger.Act{Action: "identity.compare", Organ: m.Organ, Matter: m.ID}, json.Unmarshal(plain, &r)
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return r, err
}

var errNothing = errors.New("intake: nothing to compare")
