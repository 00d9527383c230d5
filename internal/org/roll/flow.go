package roll

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
)

// Kind is the kind of matter that a filing is.
const Kind = "filing"

// The states of a filing.
const (
	Filed     = "filed"
	Confirmed = "confirmed"
	Returned  = "returned"
)

// What a filing says.
const (
	Add   = "add"   // somebody came under supervision
	Post  = "post"  // an official's post, rank or kind is another
	Leave = "leave" // an official is under supervision no more
)

// RuleConfirm is the clock of a filing that nobody has answered.
const RuleConfirm = "register.confirm"

// flagOwn marks a filing by the only one who sees to personnel in a county: its chief answers it.
const flagOwn = "own"

var basis = []rulebook.Basis{{Reg: "JCF", Art: "15"}}

// Table is the life of a filing.
func (s *Service) Table() *flow.Table {
	by := []flow.By{flow.ByPersonnel, flow.ByPrincipal}
	return &flow.Table{Kind: Kind, Mark: "册", NoRecusal: true,
		States: []flow.State{
			{Name: Filed, Stage: "filed", Rules: []flow.Use{{Rule: RuleConfirm, By: flow.ByPersonnel, Unless: flagOwn}, {Rule: RuleConfirm, By: flow.ByPrincipal, If: flagOwn}}, Basis: basis},
			{Name: Confirmed, Stage: "answered", End: true, Basis: basis},
			{Name: Returned, Stage: "answered", End: true, Basis: basis},
		},
		Moves: []flow.Move{
			{Name: "confirm", From: []string{Filed}, To: Confirmed, By: by, Basis: basis, Key: true},
			{Name: "return", From: []string{Filed}, To: Returned, By: by, Fields: []flow.Field{{Name: "reason", Kind: flow.Line, Must: true}}, Basis: basis},
		},
		Hooks: flow.Hooks{
			Check: map[string]func(context.Context, *flow.Op) error{"confirm": s.twoHands},
			Apply: map[string]func(context.Context, *flow.Op) error{"confirm": s.confirm, "return": s.giveBack},
		},
	}
}

// twoHands keeps whoever filed a change from confirming it.
func (s *Service) twoHands(ctx context.Context, op *flow.Op) error {
	f, err := filingOf(ctx, op.Tx, op.M.ID.Key)
	if err != nil || op.Actor.Automatic() {
		return err
	}
	if f.By == op.Actor.Person {
		return fault.New(fault.Forbidden, "filing.two_hands")
	}
	if f.Official == "" {
		return nil
	}
	o, err := org.GetOfficial(ctx, op.Tx, f.Official)
	if err == nil && o.Person != "" && o.Person == op.Actor.Person { // nobody answers for their own entry
		err = fault.New(fault.Forbidden, "filing.own")
	}
	return err
}

// confirm changes the register as the filing says.
func (s *Service) confirm(ctx context.Context, op *flow.Op) error {
	f, err := filingOf(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	if f.What == Add {
		u, err := access.GetUnit(ctx, op.Tx, f.Unit)
		if err != nil {
			return err
		}
		if u.Closed != "" { // it was merged meanwhile: filed again where it went
			return fault.New(fault.Conflict, "reorganise.closed")
		}
		if err := once(ctx, op.Tx, f); fault.KindOf(err) == fault.Invalid {
			return fault.New(fault.Conflict, "filing.twice")
		} else if err != nil {
			return err
		}
		keys, err := org.AddOfficials(ctx, op.Tx, []org.NewOfficial{{Unit: u, Name: f.Name, Post: f.Post, Rank: f.Rank, Category: f.Category, PartyMember: f.Party, From: f.On}})
		if err != nil {
			return err
		}
		f.Official = keys[0]
	} else {
		o, err := org.GetOfficial(ctx, op.Tx, f.Official)
		if err != nil {
			return err
		}
		if o.To != "" {
			return fault.New(fault.Conflict, "filing.gone")
		}
		set := map[string]any{"to_on": f.On}
		if f.What == Post {
			set = map[string]any{"post": f.Post, "rank": f.Rank, "category": f.Category, "party_member": f.Party}
		}
		if err := org.AmendOfficial(ctx, op.Tx, f.Official, set); err != nil {
			return err
		}
	}
	op.M.Outcome, f.Closed = Confirmed, op.Day
	return f.save(ctx, op.Tx)
}

func (s *Service) giveBack(ctx context.Context, op *flow.Op) error {
	f, err := filingOf(ctx, op.Tx, op.M.ID.Key)
	if err != nil {
		return err
	}
	op.M.Outcome, f.Closed = Returned, op.Day
	return f.save(ctx, op.Tx)
}

var filingTable = &ledger.Table{Name: "filings", Key: []string{"id"}, Cols: []string{"what", "unit_id", "official_id", "name", "post", "rank", "category", "party_member", "on_day", "by_id", "by_name", "closed_on"}}

// Tables are the covered tables of this room.
func Tables() []*ledger.Table { return []*ledger.Table{filingTable} }

// Filing is a change that a unit filed; of one who leaves, what the register says of them.
type Filing struct {
	ID       id.Key
	What     string
	Unit     id.Key
	Official id.Key // "" for somebody to be added, until they are
	Name     string
	Post     string
	Rank     string
	Category string
	Party    bool
	On       calendar.Date
	By       id.Key
	ByName   string
	Closed   calendar.Date
}

func (f Filing) row() []any {
	return []any{f.ID, f.What, f.Unit, f.Official, f.Name, f.Post, f.Rank, f.Category, f.Party, f.On, f.By, f.ByName, f.Closed}
}

func (f Filing) save(ctx context.Context, tx *ledger.Tx) error {
	return tx.Update(ctx, filingTable, f.row()...)
}

const filingSQL = `SELECT f.id, f.what, f.unit_id, f.official_id, f.name, f.post, f.rank, f.category, f.party_member, f.on_day, f.by_id, f.by_name, f.closed_on FROM filings f WHERE f.city_id = $1`

func scanFiling(rows *db.Rows) (f Filing, err error) {
	return f, rows.Scan(&f.ID, &f.What, &f.Unit, &f.Official, &f.Name, &f.Post, &f.Rank, &f.Category, &f.Party, &f.On, &f.By, &f.ByName, &f.Closed)
}

func filingOf(ctx context.Context, r db.Reader, key id.Key) (Filing, error) {
	fs, err := db.All(ctx, r, scanFiling, filingSQL+` AND f.id = $2`, key)
	if err != nil {
		return Filing{}, err
	}
	if len(fs) == 0 {
		return Filing{}, fault.Hidden()
	}
	return fs[0], nil
}

// Of reads a filing for somebody who may read its matter.
func Of(ctx context.Context, r db.Reader, key id.Key) (Filing, error) { return filingOf(ctx, r, key) }
